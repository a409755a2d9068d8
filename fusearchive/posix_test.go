package fusearchive

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
	"golang.org/x/sys/unix"
)

// TestPosix runs the suite of go-fuse. What of it only reads runs on the mount
// itself. The rest writes, and so runs on an overlay above the mount, as
// containers have it: what it opens, replaces and lists lies in the archive.
func TestPosix(t *testing.T) {
	src := t.TempDir()
	for _, name := range []string{"file", "file.bin", "file.txt", "file0", "file1", "test", "target", "OpenSymlinkRace"} {
		write(t, filepath.Join(src, "there", name), []byte("content in the archive"))
		must(t, os.Chmod(filepath.Join(src, "there", name), 0o755))
	}
	must(t, os.Mkdir(filepath.Join(src, "empty"), 0o755))
	dir, _ := mounted(t, archiveOf(t, src), noFaults(t))
	for name, test := range posixtest.All {
		t.Run(name, func(t *testing.T) {
			switch name {
			case "ReadDirConsistency":
				test(t, filepath.Join(dir, "there"))
			case "FcntlFlockLocksFile":
				t.Skip("wants a process to be kept out by its own locks, which the kernel's do not do")
			case "ReadDirBasic", "Tmpfile", "Link", "AppendWrite", "LinkUnlinkRename": // expect nothing to be there
				test(t, overlaid(t, filepath.Join(dir, "empty")))
			default:
				test(t, overlaid(t, filepath.Join(dir, "there")))
			}
		})
	}
}

// overlaid mounts an overlay that takes changes in memory.
func overlaid(t *testing.T, lower string) string {
	t.Helper()
	memory, dir := t.TempDir(), t.TempDir()
	must(t, unix.Mount("none", memory, "tmpfs", 0, ""))
	t.Cleanup(func() { must(t, unix.Unmount(memory, unix.MNT_DETACH)) })
	upper, work := filepath.Join(memory, "upper"), filepath.Join(memory, "work")
	must(t, os.Mkdir(upper, 0o755))
	must(t, os.Mkdir(work, 0o755))
	err := unix.Mount("none", dir, "overlay", 0, "lowerdir="+lower+",upperdir="+upper+",workdir="+work)
	if err == unix.ENODEV {
		t.Skip("NOTHING IS TESTED HERE: the kernel has no overlays")
	}
	must(t, err)
	t.Cleanup(func() { must(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	return dir
}
