package parity

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/vtdarchive/vtd/internal/disk/simdisk"
)

// TestFixPower: a repair in place can stop anywhere, and be done again.
func TestFixPower(t *testing.T) {
	const path = "/dir/a.vtd"
	want, s := protect(t, archive(t, 3000, 1), 0, 2000)
	damaged := losses[1].do(want, int(s.End()-s.Reach()/2), int(s.Reach()))
	run := func(d *simdisk.Disk) error {
		f, err := d.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		y, err := Look(context.Background(), f, int64(len(damaged)), one)
		if err != nil {
			return err
		}
		if err := y.Fix(context.Background(), f, one); err != nil {
			return err
		}
		return f.Sync()
	}
	fresh := func() *simdisk.Disk {
		d := simdisk.New()
		d.Put(path, damaged)
		return d
	}
	n := simdisk.EachStop(t, fresh, func(d *simdisk.Disk) bool { return run(d) == nil }, func(t testing.TB, what string, acknowledged bool, d *simdisk.Disk) {
		if acknowledged && !bytes.Equal(d.Get(path), want) {
			t.Errorf("%s: it is not what it was", what)
		}
		if err := run(d); err != nil || !bytes.Equal(d.Get(path), want) {
			t.Errorf("%s: a second time: %v, %s", what, err, difference(d.Get(path), want))
		}
	})
	if n < 5 {
		t.Errorf("%d operations alone", n)
	}
}
