package simdisk

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/disk"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes a file in two writes of some sectors each.
func put(t testing.TB, d *Disk, path string, c byte) disk.File {
	t.Helper()
	f, err := d.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	must(t, err)
	for range 2 {
		_, err = f.Write(bytes.Repeat([]byte{c}, 3*sector))
		must(t, err)
	}
	return f
}

func TestWhatIsLeft(t *testing.T) {
	d := New()
	f := put(t, d, "/a", 'a')
	if d := d.After(Nothing, 0); len(d.Names()) != 0 {
		t.Errorf("names that were not synced: %q", d.Names())
	}
	must(t, d.SyncDir("/"))
	if d := d.After(Nothing, 0); len(d.Get("/a")) != 0 || len(d.Names()) != 1 {
		t.Errorf("a file that was not synced has %d octets", len(d.Get("/a")))
	}
	must(t, f.Sync())
	must(t, f.Truncate(sector))
	_, err := f.WriteAt([]byte("b"), 2*sector)
	must(t, err)
	if d := d.After(Nothing, 0); !bytes.Equal(d.Get("/a"), bytes.Repeat([]byte("a"), 6*sector)) {
		t.Error("what was synced is not left")
	}
	if want := append(bytes.Repeat([]byte("a"), sector), make([]byte, sector)...); !bytes.Equal(d.After(All, 0).Get("/a"), append(want, 'b')) {
		t.Error("what was written is not left")
	}

	// With enough seeds, everything that may be found is.
	seen := map[string]bool{}
	for seed := range uint64(200) {
		b := d.After(Some, seed).Get("/a")
		seen[string(b)] = true
	}
	if len(seen) != 5 { // truncated or not, with b or not, or with zeros in its place
		t.Errorf("%d states are found", len(seen))
	}
}

func TestRenameMayBeHalfDone(t *testing.T) {
	d := New()
	d.Put("/a", []byte("old"))
	d.Put("/b", []byte("new"))
	must(t, d.Rename("/b", "/a"))
	seen := map[string]bool{}
	for seed := range uint64(50) {
		d := d.After(Some, seed)
		state := string(d.Get("/a")) + " " + string(d.Get("/b"))
		seen[state] = true
	}
	for _, want := range []string{"old new", "new ", "new new"} {
		if !seen[want] {
			t.Errorf("%q is never found", want)
		}
	}
	if len(seen) != 3 {
		t.Errorf("found: %v", seen)
	}
}

func TestSyncThatFailsForgets(t *testing.T) {
	d := New()
	f := put(t, d, "/a", 'a')
	must(t, d.SyncDir("/"))
	d.Fault = func(op Op) error {
		if op.Kind == "sync" && op.N == 4 {
			return unix.EIO
		}
		return nil
	}
	if err := f.Sync(); !errors.Is(err, unix.EIO) {
		t.Fatal(err)
	}
	if n := len(d.After(All, 0).Get("/a")); n != 0 {
		t.Errorf("%d octets are left", n)
	}
}

func TestLock(t *testing.T) {
	d := New()
	f := put(t, d, "/a", 'a')
	g, err := d.OpenFile("/a", os.O_RDWR, 0)
	must(t, err)
	must(t, f.Lock())
	if err := g.Lock(); !errors.Is(err, disk.ErrInUse) {
		t.Fatal(err)
	}
	must(t, f.Close())
	must(t, g.Lock())
	if _, err := f.Write(nil); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

// A program that forgets a sync is found out, by one state or another.
func TestForgottenSyncIsFound(t *testing.T) {
	for _, forget := range []string{"", "sync", "syncdir"} {
		lost := 0
		fresh := func() *Disk { d := New(); d.Put("/a", []byte("old")); return d }
		run := func(d *Disk) bool {
			f, err := d.OpenFile("/b", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if err == nil {
				_, err = f.Write([]byte("new"))
			}
			if err == nil && forget != "sync" {
				err = f.Sync()
			}
			if err == nil {
				err = d.Rename("/b", "/a")
			}
			if err == nil && forget != "syncdir" {
				err = d.SyncDir("/")
			}
			return err == nil
		}
		n := EachStop(t, fresh, run, func(_ testing.TB, _ string, acknowledged bool, left *Disk) {
			got := string(left.Get("/a"))
			if acknowledged && got != "new" || got != "new" && got != "old" {
				lost++
			}
		})
		if (lost > 0) != (forget != "") {
			t.Errorf("without %q, %d states are wrong", forget, lost)
		}
		if want := 5; forget == "" && n != want {
			t.Errorf("%d operations, want %d", n, want)
		}
	}
}

func TestEachFault(t *testing.T) {
	var what []string
	run := func(d *Disk) error {
		f, err := disk.Create(d, "/a")
		if err != nil {
			return err
		}
		return f.Commit()
	}
	n := EachFault(t, New, run, func(_ testing.TB, w string, err error, d *Disk) {
		if err != nil {
			what = append(what, w)
		}
	})
	// create, sync, link, rename, syncdir: where no file without a name can be
	// made, one with a name can; and a directory takes no room to sync.
	if n != 5 || len(what) != 3+3*3-1 || !slices.ContainsFunc(what, func(s string) bool { return strings.HasPrefix(s, "ENOSPC from there on at operation 2, link /.a.") }) {
		t.Errorf("%d operations, %q", n, what)
	}
}
