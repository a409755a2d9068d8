package compact

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/disk/simdisk"
)

// The archive is the old one or the new one, wherever the world stops; one that
// could not be written leaves the old one, and nothing beside it.
func TestOnFailingDisk(t *testing.T) {
	slowUnderRace(t)
	const path = "/dir/a.vtd"
	old := read(t, line(t, 3, func(int, string) {}))
	for _, kind := range []string{"unnamed", "hidden"} {
		t.Run(kind, func(t *testing.T) {
			fresh := func() *simdisk.Disk {
				d := simdisk.New()
				d.NoUnnamed = kind == "hidden"
				d.Put(path, old)
				return d
			}
			run := func(d *simdisk.Disk) error {
				_, err := compactOn(context.Background(), d, path, Options{MinLive: 0.8, Forget: forgetting(1), Threads: 1})
				return err
			}
			d := fresh()
			must(t, run(d))
			want := d.Get(path)
			if trees, _ := states(t, "undisturbed", want); len(trees) != 2 {
				t.Fatalf("%d states", len(trees))
			}
			ops := simdisk.EachStop(t, fresh, func(d *simdisk.Disk) bool { return run(d) == nil },
				func(t testing.TB, what string, acknowledged bool, d *simdisk.Disk) {
					got := d.Get(path)
					if !bytes.Equal(got, want) && (acknowledged || !bytes.Equal(got, old)) {
						t.Errorf("%s: %d octets that are neither the old archive nor the new", what, len(got))
					}
				})
			if ops < 4 {
				t.Errorf("%d operations alone", ops)
			}
			simdisk.EachFault(t, fresh, run, func(t testing.TB, what string, err error, d *simdisk.Disk) {
				if names := d.Names(); len(names) != 1 || names[0] != path {
					t.Errorf("%s: there are %q", what, names)
				}
				got := d.Get(path)
				switch {
				case err == nil && !bytes.Equal(got, want):
					t.Errorf("%s: success without an archive", what)
				case err == nil:
				case !errors.Is(err, unix.EIO) && !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), path):
					t.Errorf("%s: the error says %v", what, err)
				case !bytes.Equal(got, old) && !strings.Contains(what, "syncdir"):
					t.Errorf("%s: the old archive is gone", what)
				}
			})
		})
	}
}
