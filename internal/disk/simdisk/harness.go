package simdisk

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// Run does on a disk what is to be tested. acknowledged tells that it reported
// success.
type Run func(d *Disk) (acknowledged bool)

// EachStop stops the world after each operation of a run in turn, and has
// everything looked at that may be left. fresh makes the disk that a run begins
// on. It tells how many operations there are.
func EachStop(t testing.TB, fresh func() *Disk, run Run, look func(t testing.TB, what string, acknowledged bool, left *Disk)) int {
	t.Helper()
	ops := 0
	for at := 0; ; at++ {
		d := fresh()
		var last Op
		d.Fault = func(op Op) error {
			if last = op; op.N == at {
				return ErrStop
			}
			return nil
		}
		acknowledged := run(d)
		what := fmt.Sprintf("stopped after operation %d, %s %s", at, last.Kind, last.Path)
		if d.Ops() <= at {
			if !acknowledged {
				t.Fatal("fails undisturbed")
			}
			what = "power failure after the end"
		}
		look(t, what+", nothing unsynced left", acknowledged, d.After(Nothing, 0))
		look(t, what+", all left", acknowledged, d.After(All, 0))
		for seed := range uint64(4) {
			look(t, fmt.Sprintf("%s, some left (%d)", what, seed), acknowledged, d.After(Some, uint64(at)<<8+seed))
		}
		if t.Failed() {
			t.FailNow()
		}
		if d.Ops() <= at {
			return ops
		}
		ops++
	}
}

// EachFault has each operation of a run fail in turn: with EIO, with ENOSPC,
// and with ENOSPC from there on wherever room is taken.
func EachFault(t testing.TB, fresh func() *Disk, run func(d *Disk) error, look func(t testing.TB, what string, err error, d *Disk)) int {
	t.Helper()
	ops := 0
	for at := 0; ; at++ {
		done := false
		for _, kind := range []string{"EIO", "ENOSPC", "ENOSPC from there on"} {
			d := fresh()
			var hit Op
			d.Fault = func(op Op) error {
				switch {
				case op.N == at && kind == "EIO":
					hit = op
					return unix.EIO
				case (op.N == at || op.N > at && kind == "ENOSPC from there on") && op.TakesRoom():
					if op.N == at {
						hit = op
					}
					return unix.ENOSPC
				}
				return nil
			}
			err := run(d)
			n := d.Ops()
			d.Fault = nil
			look(t, fmt.Sprintf("%s at operation %d, %s %s", kind, at, hit.Kind, hit.Path), err, d)
			if t.Failed() {
				t.FailNow()
			}
			done = done || n <= at
		}
		if done {
			return ops
		}
		ops++
	}
}
