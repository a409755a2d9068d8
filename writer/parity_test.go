package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// plainArchive is a small archive that nothing was appended to.
func plainArchive(t testing.TB) []byte {
	return testkit.MustBuild(t, testkit.One(testkit.Dir("", testkit.File("a", string(testkit.Noise(1, 3000))))))
}

func parityOptions() ParityOptions { return ParityOptions{Share: 2000, Threads: 1} }

// checkSound opens an archive, and tells whether it has parity.
func checkSound(t testing.TB, what string, b []byte) (sets int) {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return 0
	}
	rep, err := a.Verify(context.Background(), reader.VerifyOptions{})
	if err != nil || !rep.OK() {
		t.Errorf("%s: %v, %+v", what, err, rep.Findings)
	}
	all, err := a.Parity()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return len(all)
}

func TestAddParity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.vtd")
	old := plainArchive(t)
	if err := os.WriteFile(path, old, 0o666); err != nil {
		t.Fatal(err)
	}
	add := func(o ParityOptions) *ParityReport {
		t.Helper()
		rep, err := AddParity(context.Background(), path, o)
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	rep := add(parityOptions())
	b, _ := os.ReadFile(path)
	if !bytes.HasPrefix(b, old) || rep.Size != int64(len(b)) || rep.Set.SegmentEnd() != rep.Size || checkSound(t, "with parity", b) != 1 {
		t.Errorf("%d bytes, %+v", len(b), rep)
	}
	if rep = add(parityOptions()); rep.Set != nil || rep.Size != int64(len(b)) {
		t.Errorf("again: %+v", rep)
	}
	// More than is there protects all, not only what is behind.
	o := parityOptions()
	o.Share = 3000
	if rep = add(o); rep.Set == nil || rep.Set.Begin != 0 {
		t.Errorf("more: %+v", rep)
	}
	end := rep.Size
	grow(t, path, of(files(t, map[string]string{"new": "content"})))
	if rep = add(o); rep.Set == nil || rep.Set.Begin != end {
		t.Errorf("what was appended: %+v", rep)
	}
	o.All = true
	if rep = add(o); rep.Set == nil || rep.Set.Begin != 0 {
		t.Errorf("all: %+v", rep)
	}
	b, _ = os.ReadFile(path)
	if n := checkSound(t, "at last", b); n != 4 {
		t.Errorf("%d sets", n)
	}
}

// TestAddParityOften: chains of trailers do not grow with it.
func TestAddParityOften(t *testing.T) {
	slowUnderRace(t)
	path := filepath.Join(t.TempDir(), "a.vtd")
	if err := os.WriteFile(path, plainArchive(t), 0o666); err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		if _, err := AddParity(context.Background(), path, ParityOptions{Share: 1, All: true, Threads: 1, Unchecked: true}); err != nil {
			t.Fatal(i, err)
		}
	}
	b, _ := os.ReadFile(path)
	if n := checkSound(t, "at last", b); n != 150 {
		t.Errorf("%d sets", n)
	}
	grow(t, path, of(files(t, map[string]string{"new": "content"})))
}

// TestAddParityDamaged: damage is not sealed in.
func TestAddParityDamaged(t *testing.T) {
	old := plainArchive(t)
	a, err := reader.Open(reader.Bytes(old), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for row := range a.Frames() {
		for _, at := range []int64{row.Offset + 20, row.Offset + int64(row.HeadSize), a.Trailer().Index + format.IndexHeadSize} {
			b := bytes.Clone(old)
			b[at] ^= 1
			path := filepath.Join(t.TempDir(), "a.vtd")
			if err := os.WriteFile(path, b, 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := AddParity(context.Background(), path, parityOptions()); !errors.Is(err, format.ErrDamaged) || !strings.Contains(err.Error(), path) {
				t.Errorf("damage at %d: %v", at, err)
			}
			if now, _ := os.ReadFile(path); !bytes.Equal(now, b) {
				t.Errorf("damage at %d: the archive was changed", at)
			}
		}
	}
}

// TestAddParityPower: after each operation it is the old archive, with or without
// something behind it that the next writer takes away, or the new one.
func TestAddParityPower(t *testing.T) {
	const path = "/dir/a.vtd"
	old := plainArchive(t)
	run := func(d *simdisk.Disk) error {
		_, err := addParityOn(context.Background(), d, path, parityOptions())
		return err
	}
	fresh := func() *simdisk.Disk {
		d := simdisk.New()
		d.Put(path, old)
		return d
	}
	d := fresh()
	if err := run(d); err != nil {
		t.Fatal(err)
	}
	want := d.Get(path)
	again := func(t testing.TB, what string, acknowledged bool, d *simdisk.Disk) {
		t.Helper()
		discarding(t, what, acknowledged, func(discard bool) error {
			o := parityOptions()
			o.DiscardTail = discard
			_, err := addParityOn(context.Background(), d, path, o)
			return err
		})
		if !bytes.Equal(d.Get(path), want) {
			t.Errorf("%s: a second time gives something else", what)
		}
	}
	n := simdisk.EachStop(t, fresh, func(d *simdisk.Disk) bool { return run(d) == nil }, func(t testing.TB, what string, acknowledged bool, d *simdisk.Disk) {
		b := d.Get(path)
		if !bytes.HasPrefix(b, old) {
			t.Fatalf("%s: the archive was changed", what)
		}
		switch sets := checkSound(t, what, b); {
		case sets == 1 && !bytes.Equal(b, want):
			t.Errorf("%s: it has parity, and is not what it should be", what)
		case sets == 0 && acknowledged:
			t.Errorf("%s: parity that was acknowledged is gone", what)
		}
		again(t, what, acknowledged, d)
	})
	if n < 8 {
		t.Errorf("%d operations alone", n)
	}
	simdisk.EachFault(t, fresh, run, func(t testing.TB, what string, err error, d *simdisk.Disk) {
		b := d.Get(path)
		if err == nil {
			if !bytes.Equal(b, want) {
				t.Errorf("%s: success, and not what it should be", what)
			}
			return
		}
		if !errors.Is(err, unix.EIO) && !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: the error says %v", what, err)
		}
		// A failure to sync may be told behind the writing of it all.
		if !bytes.HasPrefix(b, old) || len(b) > len(old) && !strings.Contains(fmt.Sprint(err), "could not be removed") {
			t.Errorf("%s: %d bytes are left behind the archive: %v", what, len(b)-len(old), err)
		}
		again(t, what, false, d)
	})
}
