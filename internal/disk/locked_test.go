package disk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/internal/disk"
)

// TestLocked: who has not locked a file can tell that another has.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if disk.Locked(path) || disk.Locked(path+".not") {
		t.Error("locked by nobody")
	}
	f, err := disk.OS.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Lock(); err != nil {
		t.Fatal(err)
	}
	if !disk.Locked(path) {
		t.Error("the lock is not seen")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if disk.Locked(path) {
		t.Error("a lock that is gone is seen")
	}
}
