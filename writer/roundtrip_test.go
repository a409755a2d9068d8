package writer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// both runs a round trip with small and with usual parameters.
func both(t *testing.T, dir string) *testkit.Contents {
	t.Helper()
	b, rep := createWhole(t, small(dir))
	same(t, b, rep, dir)
	b, rep = createWhole(t, Options{Inputs: []Input{{Dir: dir, Path: "."}}})
	return same(t, b, rep, dir)
}

func TestKinds(t *testing.T) {
	dir := files(t, map[string]string{
		"empty": "", "one": "1", "literal": strings.Repeat("l", 40), "block": text(1, 41), "d/e/f": "deep", "none/": "",
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.Symlink("nowhere/at/all", in("dangling")))
	must(t, os.Symlink("d/e", in("link")))
	must(t, os.Symlink(strings.Repeat("x/", 2000)+"end", in("long")))
	must(t, os.Symlink("\xff\xfe\n", in("odd")))
	must(t, unix.Mkfifo(in("fifo"), 0o640))
	must(t, unix.Mknod(in("socket"), unix.S_IFSOCK|0o600, 0))
	for mode, name := range map[uint32]string{0o4755: "setuid", 0o2755: "setgid", 0o6777: "both", 0o000: "nothing"} {
		put(t, in(name), name)
		must(t, unix.Chmod(in(name), mode))
	}
	must(t, unix.Chmod(in("none"), 0o1777))
	mtime(t, in("link"), -1, 999_999_999)
	if os.Geteuid() == 0 {
		must(t, unix.Mknod(in("char"), unix.S_IFCHR|0o666, int(unix.Mkdev(4095, 1<<20-1))))
		must(t, unix.Mknod(in("disk"), unix.S_IFBLK|0o660, int(unix.Mkdev(8, 16))))
		must(t, unix.Lchown(in("fifo"), 70_000, 4_294_967_294))
		must(t, unix.Lchown(in("dangling"), 4_294_967_294, 65_536))
	}
	c := both(t, dir)
	if e := find(t, c, "literal"); e.Ref != "literal" {
		t.Error(e.Ref)
	}
	if e := find(t, c, "block"); e.Ref != "block" {
		t.Error(e.Ref)
	}
}

func TestTimes(t *testing.T) {
	dir := t.TempDir()
	for _, sec := range []int64{-1, -2_000_000_000, 0, 1, 4_294_967_296, 5_000_000_000, 15_032_385_535} {
		for _, nsec := range []int64{0, 1, 999_999_999} {
			path := put(t, filepath.Join(dir, fmt.Sprintf("%d.%d", sec, nsec)), "x")
			mtime(t, path, sec, nsec)
		}
	}
	must(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	mtime(t, filepath.Join(dir, "d"), -86_400, 5)
	mtime(t, dir, 6_000_000_000, 7)
	both(t, dir)
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{
		strings.Repeat("n", 255), "new\nline", "\xff\xfe", "\x01", " ", "-", "...", "ä", "a\\b", strings.Repeat("\xf0", 255), "*?[", "~",
	} {
		put(t, filepath.Join(dir, name), fmt.Sprint("content ", i))
		put(t, filepath.Join(dir, "d"+name[1:], name), fmt.Sprint("content ", i))
	}
	both(t, dir)
}

func TestContents(t *testing.T) {
	dir := files(t, map[string]string{
		"empty": "", "one": "x", "literal": strings.Repeat("y", 39), "noise": noise(1, 3_000_000), "text": text(2, 2_000_000),
		"zeros": strings.Repeat("\x00", 1_500_000), "ones": strings.Repeat("\xff", 9000), "mib": noise(3, 1<<20),
		"mib+1": noise(3, 1<<20+1), "mib-1": noise(3, 1<<20-1), "64k": noise(4, 64<<10), "64k+1": noise(4, 64<<10+1),
		"copy/noise": noise(1, 3_000_000), "shifted": "shift" + noise(1, 3_000_000),
		"runs": noise(5, 1000) + strings.Repeat("a", 10_000) + noise(6, 20) + strings.Repeat("b", 20_000) + "end",
		"run":  strings.Repeat("r", 600),
	})
	c := both(t, dir)
	for path, ref := range map[string]string{"zeros": "run", "noise": "indirect", "one": "literal", "run": "block", "runs": "indirect"} {
		if e := find(t, c, path); e.Ref != ref {
			t.Errorf("%s is held as %s, not %s", path, e.Ref, ref)
		}
	}
}

// TestSparse makes holes of every position; the stored spans do not depend on
// whether a file has holes or zeros.
func TestSparse(t *testing.T) {
	dir, full := t.TempDir(), t.TempDir()
	for name, data := range map[string][][2]int64{ // offset, length
		"all": {}, "end": {{0, 100_000}}, "front": {{2_000_000, 100_000}}, "middle": {{0, 4096}, {1 << 20, 5000}, {2 << 20, 1}},
		"many": {{8192, 1}, {32768, 1}, {65536, 1}, {1 << 17, 4096}, {1 << 18, 4096}},
	} {
		for _, where := range []string{dir, full} {
			f, err := os.Create(filepath.Join(where, name))
			must(t, err)
			for i, x := range data {
				_, err := f.WriteAt(testkit.Noise(uint64(i), int(x[1])), x[0])
				must(t, err)
			}
			must(t, f.Truncate(3<<20))
			if where == full {
				b := make([]byte, 3<<20)
				_, err := f.ReadAt(b, 0)
				must(t, err)
				_, err = f.WriteAt(b, 0)
				must(t, err)
			}
			must(t, f.Close())
			mtime(t, filepath.Join(where, name), 1, 0)
		}
	}
	mtime(t, dir, 2, 0)
	mtime(t, full, 2, 0)
	both(t, dir)
	_, a := createWhole(t, small(dir))
	_, b := createWhole(t, small(full))
	if a.RootHash != b.RootHash {
		t.Error("a hole and the same zeros are stored differently")
	}
}

func TestGigabyteOfNothing(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "hole"))
	must(t, err)
	must(t, f.Truncate(1<<30))
	must(t, f.Close())
	b, rep := createWhole(t, small(dir))
	if e := readAll(t, b)[1]; e.Size != 1<<30 {
		t.Error(e)
	}
	if len(b) > 2000 || rep.NewBlocks != 0 {
		t.Errorf("%d bytes, %d blocks", len(b), rep.NewBlocks)
	}
}

// TestIndirectLevels stores a file of so many blocks that its references need
// several levels.
func TestIndirectLevels(t *testing.T) {
	dir := files(t, map[string]string{"big": noise(1, 3_000_000), "same": noise(1, 3_000_000), "other": noise(1, 1_000_000) + noise(2, 100_000)})
	b, rep := createWhole(t, small(dir))
	same(t, b, rep, dir)
	if rep.NewBlocks < 10_000 || rep.DupBlocks < rep.NewBlocks {
		t.Errorf("%d new and %d duplicate blocks", rep.NewBlocks, rep.DupBlocks)
	}
}

func TestHardLinks(t *testing.T) {
	dir := files(t, map[string]string{"a/first": text(1, 5000), "b/": "", "z": "short", "alone": "not linked here", "m/x": ""})
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, l := range [][2]string{{"a/first", "b/second"}, {"a/first", "a/third"}, {"z", "a/z"}, {"m/x", "empty"}} {
		must(t, os.Link(in(l[0]), in(l[1])))
	}
	must(t, os.Symlink("t", in("s1")))
	must(t, unix.Linkat(unix.AT_FDCWD, in("s1"), unix.AT_FDCWD, in("b/s2"), 0))
	must(t, unix.Mkfifo(in("f1"), 0o600))
	must(t, os.Link(in("f1"), in("b/f2")))
	both(t, dir)

	// A name outside of the tree does not count.
	must(t, os.Link(in("alone"), filepath.Join(t.TempDir(), "outside")))
	both(t, dir)

	// Nor do names left out.
	o := small(dir)
	o.Filter = filterFunc(func(path string, _ bool) bool { return path != "a" && path != "b/s2" })
	b, rep := createWhole(t, o)
	c := check(t, b, rep)
	for path, count := range map[string]uint64{"b/second": 0, "z": 0, "s1": 0, "f1": 2, "b/f2": 2, "empty": 2, "m/x": 2} {
		if e := find(t, c, path); e.LinkCount != count || (e.LinkID != 0) != (count != 0) {
			t.Errorf("%s: link %d of %d, not of %d", path, e.LinkID, e.LinkCount, count)
		}
	}
}

type filterFunc func(path string, isDir bool) bool

func (f filterFunc) Match(path string, isDir bool) bool { return f(path, isDir) }

// TestDeep stores paths that no system call takes whole.
func TestDeep(t *testing.T) {
	depth := 3000
	if raceEnabled {
		depth = 1500 // still above what a path may have
	}
	dir := memoryDir(t)
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	for i := range depth {
		name := fmt.Sprintf("d%d", i%7)
		must(t, unix.Mkdirat(fd, name, 0o755))
		if i%100 == 0 {
			must(t, unix.Symlinkat("x", fd, "link"))
			f, err := unix.Openat(fd, "z", unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o644)
			must(t, err)
			_, err = unix.Write(f, []byte(text(uint64(i), 400)))
			must(t, err)
			unix.Close(f)
			must(t, unix.Mkdirat(fd, "e", 0o755)) // to come back to
		}
		next, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	unix.Close(fd)
	o := small(dir)
	o.KeepBytes = -1 // so that files are opened again
	b, rep := createWhole(t, o)
	same(t, b, rep, dir)
}

// TestTooDeep: what lies deeper than the format allows is an issue.
func TestTooDeep(t *testing.T) {
	dir := memoryDir(t)
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	for range format.MaxDepth + 3 {
		must(t, unix.Mkdirat(fd, "d", 0o755))
		next, err := unix.Openat(fd, "d", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	unix.Close(fd)
	b, rep := create(t, small(dir))
	if len(rep.Issues) != 1 || !rep.Issues[0].Stored || rep.Entries != format.MaxDepth {
		t.Errorf("%d issues, %d entries", len(rep.Issues), rep.Entries)
	}
	check(t, b, rep)
}

func TestIdenticalSubtrees(t *testing.T) {
	dir := t.TempDir()
	for _, top := range []string{"a", "b", "c/d"} {
		for i := range 20 {
			path := put(t, filepath.Join(dir, top, "sub", fmt.Sprint(i)), text(uint64(i), 1000))
			mtime(t, path, 5, 0)
		}
		mtime(t, filepath.Join(dir, top, "sub"), 6, 0)
		mtime(t, filepath.Join(dir, top), 7, 0)
	}
	b, rep := createWhole(t, Options{Inputs: []Input{{Dir: dir, Path: "."}}})
	same(t, b, rep, dir)
	// Top, snapshot, the root, c; one block for what the three have in common
	// and one for what is in it.
	if rep.MetaBlocks != 6 || rep.NewBlocks != 20 || rep.DupBlocks != 40 {
		t.Errorf("%d metadata blocks, %d new and %d duplicate data blocks", rep.MetaBlocks, rep.NewBlocks, rep.DupBlocks)
	}
}
