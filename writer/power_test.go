package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
)

// eachDisk runs a test on disks with and without files that have no name.
func eachDisk(t *testing.T, path string, data []byte, test func(t *testing.T, fresh func() *simdisk.Disk)) {
	for _, kind := range []string{"unnamed", "hidden"} {
		t.Run(kind, func(t *testing.T) {
			test(t, func() *simdisk.Disk {
				d := simdisk.New()
				d.NoUnnamed = kind == "hidden"
				d.Put(path, data)
				return d
			})
		})
	}
}

// noLeftovers checks that a directory holds an archive and nothing else.
func noLeftovers(t testing.TB, what string, d *simdisk.Disk, path string) {
	t.Helper()
	if names := d.Names(); len(names) != 1 || names[0] != path {
		t.Errorf("%s: there are %q", what, names)
	}
}

// clearError checks that an error says what happened to which archive.
func clearError(t testing.TB, what string, err error, path string) {
	t.Helper()
	if !errors.Is(err, unix.EIO) && !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), path) {
		t.Errorf("%s: the error says %v", what, err)
	}
}

func TestCreateOnFailingDisk(t *testing.T) {
	const path = "/dir/a.vtd"
	contents := map[string]string{"literal": "l"}
	for i := range 8 {
		contents[fmt.Sprintf("d%d/f%d", i%2, i)] = noise(uint64(i), 20_000)
	}
	o := small(files(t, contents))
	o.Threads = 1
	want, _ := createWhole(t, o)
	old := bytes.Repeat([]byte("old archive "), 100)
	run := func(d *simdisk.Disk) error {
		out, err := disk.Create(d, path)
		if err != nil {
			return err
		}
		defer out.Discard()
		if _, err := Create(context.Background(), out, o); err != nil {
			return err
		}
		return out.Commit()
	}
	eachDisk(t, path, old, func(t *testing.T, fresh func() *simdisk.Disk) {
		n := simdisk.EachStop(t, fresh, func(d *simdisk.Disk) bool { return run(d) == nil },
			func(t testing.TB, what string, acknowledged bool, d *simdisk.Disk) {
				got := d.Get(path)
				if !bytes.Equal(got, want) && (acknowledged || !bytes.Equal(got, old)) {
					t.Errorf("%s: %d octets that are neither the old archive nor the new", what, len(got))
				}
			})
		if n < 12 {
			t.Errorf("%d operations alone", n)
		}
		simdisk.EachFault(t, fresh, run, func(t testing.TB, what string, err error, d *simdisk.Disk) {
			got := d.Get(path)
			noLeftovers(t, what, d, path)
			switch {
			case err == nil && !bytes.Equal(got, want):
				t.Errorf("%s: success without an archive", what)
			case err == nil:
			case strings.Contains(what, "syncdir"): // it has its name, and may lose it
				clearError(t, what, err, path)
			default:
				clearError(t, what, err, path)
				if !bytes.Equal(got, old) {
					t.Errorf("%s: the old archive is gone", what)
				}
			}
		})
	})
}
