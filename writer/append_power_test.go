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
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// shows gives the content id of what an archive shows and how many snapshots it
// has, after a full check with a tail that may be torn.
func shows(t testing.TB, what string, b []byte) (content format.Hash, snapshots uint64) {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer a.Close()
	s, err := a.Snapshot()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if _, err := testkit.Check(b[:a.Trailer().Offset+format.TrailerSize]); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return s.Content, a.Trailer().Snapshots
}

// appendingCase gives an archive of a tree, and options to append what became of it,
// the same each time.
func appendingCase(t *testing.T) (old []byte, o AppendOptions) {
	contents := map[string]string{"literal": "l"}
	for i := range 8 {
		contents[fmt.Sprintf("d%d/f%d", i%2, i)] = noise(uint64(i), 20_000)
	}
	dir := files(t, contents)
	first := small(dir)
	first.Threads = 1
	old, _ = createWhole(t, first)
	for i := range 4 {
		put(t, filepath.Join(dir, fmt.Sprintf("d1/f%d", 2*i+1)), noise(uint64(100+i), 30_000))
	}
	o = of(dir)
	o.Threads, o.Time = 1, &format.Time{Sec: 4_000_000_000}
	o.Replica = func(State) format.ReplicaID { return format.ReplicaID{1} }
	return old, o
}

// An archive is what it was or has the new snapshot, wherever an append stops;
// and one that failed is as it was, octet for octet.
func TestAppendOnFailingDisk(t *testing.T) {
	const path = "/dir/a.vtd"
	first, o := appendingCase(t)
	run := func(d *simdisk.Disk) error {
		_, err := appendOn(context.Background(), d, path, o)
		return err
	}
	second := func(data []byte) []byte {
		d := simdisk.New()
		d.Put(path, data)
		must(t, run(d))
		return d.Get(path)
	}(first)
	for _, c := range []struct {
		name string
		old  []byte
	}{
		{"one segment", first},
		{"two segments", second},
		{"a torn tail", append(bytes.Clone(second), testkit.Noise(7, 70_000)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			was, n := shows(t, "before", c.old)
			fresh := func() *simdisk.Disk {
				d := simdisk.New()
				d.Put(path, c.old)
				return d
			}
			d := fresh()
			must(t, run(d))
			want := d.Get(path)
			is, _ := shows(t, "after", want)
			ops := simdisk.EachStop(t, fresh, func(d *simdisk.Disk) bool { return run(d) == nil },
				func(t testing.TB, what string, acknowledged bool, d *simdisk.Disk) {
					content, snapshots := shows(t, what, d.Get(path))
					switch {
					case snapshots == n+1 && content == is:
					case snapshots == n && content == was && !acknowledged:
					default:
						t.Errorf("%s: %d snapshots, content id %v", what, snapshots, content)
					}
					// What was torn does not hinder the next append.
					if strings.Contains(what, "some left (0)") {
						discarding(t, what, acknowledged, func(discard bool) error {
							o := o
							o.DiscardTail = discard
							_, err := appendOn(context.Background(), d, path, o)
							return err
						})
						if content, after := shows(t, what, d.Get(path)); after != snapshots+1 || content != is {
							t.Errorf("%s, and appended to again: %d snapshots", what, after)
						}
					}
				})
			if ops < 6 {
				t.Errorf("%d operations alone", ops)
			}
			old := c.old
			if c.name == "a torn tail" {
				old = second
			}
			simdisk.EachFault(t, fresh, run, func(t testing.TB, what string, err error, d *simdisk.Disk) {
				noLeftovers(t, what, d, path)
				got := d.Get(path)
				if err != nil && strings.Contains(what, "from there on") { // nor could the header be made what it was
					got = withFlagsOf(t, got, old)
				}
				switch {
				case err == nil && !bytes.Equal(got, want):
					t.Errorf("%s: success, but the archive is another", what)
				case err != nil && !bytes.Equal(got, old) && !bytes.Equal(got, c.old):
					t.Errorf("%s: the archive is not what it was", what)
				case err != nil:
					clearError(t, what, err, path)
				}
			})
		})
	}
}

// The promise of the header that nothing was appended goes from the disk before
// anything is, also when an append before was stopped while it withdrew it.
func TestAppendAfterFailedOne(t *testing.T) {
	const path = "/dir/a.vtd"
	first, o := appendingCase(t)
	run := func(d *simdisk.Disk) error {
		_, err := appendOn(context.Background(), d, path, o)
		return err
	}
	fresh := func() *simdisk.Disk {
		d := simdisk.New()
		d.Put(path, first)
		d.Fault = func(op simdisk.Op) error {
			if op.Kind == "sync" {
				return unix.ENOSPC
			}
			return nil
		}
		if run(d) == nil {
			t.Fatal("no sync that fails is noticed")
		}
		d.Fault = nil
		return d
	}
	simdisk.EachStop(t, fresh, func(d *simdisk.Disk) bool { return run(d) == nil }, func(t testing.TB, what string, acknowledged bool, d *simdisk.Disk) {
		discarding(t, what, acknowledged, func(discard bool) error {
			o := o
			o.DiscardTail = discard
			_, err := appendOn(context.Background(), d, path, o)
			return err
		})
	})
}

// discarding runs a writer after another one stopped. It may refuse to cut off what
// that left only if nothing was acknowledged, and then does so when told to.
func discarding(t testing.TB, what string, acknowledged bool, run func(discard bool) error) {
	t.Helper()
	err := run(false)
	var tail *reader.TailError
	if errors.As(err, &tail) && !acknowledged {
		err = run(true)
	}
	if err != nil {
		t.Errorf("%s: a second time: %v", what, err)
	}
}

// withFlagsOf gives an archive the fixed part of the header of another, if they
// differ in nothing but the promise that nothing was appended.
func withFlagsOf(t testing.TB, b, other []byte) []byte {
	t.Helper()
	h, err := format.ParseHeader(b)
	must(t, err)
	like, err := format.ParseHeader(other)
	must(t, err)
	h.Flags |= like.Flags & format.FlagAsCreated
	head, err := h.AppendTo(nil)
	must(t, err)
	return append(head, b[len(head):]...)
}

// A second writer is told that the archive is in use, and what has taken the
// place of the archive is not written to.
func TestAppendInUse(t *testing.T) {
	dir := files(t, map[string]string{"a": "a"})
	path := archiveOf(t, small(dir))
	f, err := disk.OS.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	must(t, f.Lock())
	if _, err := Append(context.Background(), path, of(dir)); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("while another one writes: %v", err)
	}
	must(t, f.Close())

	o := of(dir)
	o.Replica = func(State) format.ReplicaID { // it is open and locked now
		if _, err := Append(context.Background(), path, of(dir)); !errors.Is(err, ErrInUse) {
			t.Errorf("while this one writes: %v", err)
		}
		must(t, os.Rename(path, path+".old"))
		must(t, os.WriteFile(path, []byte("another"), 0o644))
		return format.ReplicaID{}
	}
	before, err := os.ReadFile(path)
	must(t, err)
	if _, err := Append(context.Background(), path, o); !errors.Is(err, errTaken) {
		t.Errorf("after another file took its place: %v", err)
	}
	if b, err := os.ReadFile(path + ".old"); err != nil || !bytes.Equal(b, before) {
		t.Errorf("the archive is not what it was: %v", err)
	}
}

// Who reads an archive goes on reading what it was, also one with a torn tail
// that another one cuts off.
func TestAppendBesideReader(t *testing.T) {
	for _, tail := range []int{0, 10_000} {
		t.Run(fmt.Sprint(tail), func(t *testing.T) { besideReader(t, tail) })
	}
}

func besideReader(t *testing.T, tail int) {
	dir := files(t, map[string]string{"f": noise(1, 50_000), "g": noise(2, 50_000)})
	path := archiveOf(t, small(dir))
	put(t, filepath.Join(dir, "g"), noise(4, 51_000))
	grow(t, path, of(dir))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = file.Write(testkit.Noise(1, tail))
	must(t, errors.Join(err, file.Close()))
	a, err := reader.OpenFile(path, reader.Options{NoMap: true})
	must(t, err)
	defer a.Close()
	if tail > 0 { // what an append does first
		must(t, os.Truncate(path, a.Size()-a.TornTail()))
	} else {
		put(t, filepath.Join(dir, "f"), noise(3, 50_000))
		grow(t, path, of(dir))
	}
	e, err := a.Lookup("f")
	must(t, err)
	f, err := a.ContentOf(e, "f")
	must(t, err)
	for num := range a.Blocks() {
		_, err := a.Hash(num)
		must(t, err)
	}
	b := make([]byte, 50_000)
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != noise(1, 50_000) {
		t.Errorf("the old state reads otherwise: %v", err)
	}
}
