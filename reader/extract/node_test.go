package extract

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What fails under a temporary name is told under the entry's.
func TestPlaceNamesTheEntry(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "dev"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for what, errno := range map[string]unix.Errno{
		"mknod dev: operation not permitted":    unix.EPERM, // of creating
		"rename dev: no such file or directory": 0,          // of renaming: nothing was made
	} {
		e := &engine{}
		err := e.place(int(d.Fd()), "dev", true, func(name string) error {
			if name == "dev" {
				return &fs.PathError{Op: "mknod", Path: name, Err: unix.EEXIST}
			}
			if errno != 0 {
				return &fs.PathError{Op: "mknod", Path: name, Err: errno}
			}
			return nil
		})
		if err == nil || !strings.HasPrefix(err.Error(), what) {
			t.Errorf("%v, want %s", err, what)
		}
	}
}
