package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/mutate"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// Bounds of a tree that is made.
const (
	maxMade      = 60        // entries
	maxMadeDepth = 12        // directories below one another
	maxMadeBytes = 256 << 10 // content
)

// grower makes a directory tree as a script says.
type grower struct {
	*mutate.Script
	t      testing.TB
	root   string
	dirs   []string // paths below root, the root itself first
	files  []string // what can have another name
	all    []string // everything, in the order made
	chunks [][]byte // contents to repeat
	bytes  int
	xattrs bool // the file system takes them
	mighty bool // the process may make devices and give files away
}

// grow makes a tree below an empty directory.
func grow(t testing.TB, s *mutate.Script, root string) {
	t.Helper()
	g := &grower{Script: s, t: t, root: root, dirs: []string{""}, mighty: os.Geteuid() == 0}
	g.xattrs = unix.Lsetxattr(root, "user.probe", nil, 0) == nil && unix.Lremovexattr(root, "user.probe") == nil
	// The last third says what is recorded of the entries.
	rest := s.Bytes[len(s.Bytes)/3*2:]
	s.Bytes = s.Bytes[:len(s.Bytes)/3*2]
	for len(g.all) < maxMade && !g.Done() {
		g.add()
	}
	s.Bytes = rest
	g.dress()
}

// add makes one entry. One whose name is taken, or that the system does not
// take, is left out.
func (g *grower) add() {
	dir := g.dirs[g.Below(len(g.dirs))]
	name := filepath.Join(dir, g.name()) // joined, names keep their bytes: none has a slash or is dots
	at := filepath.Join(g.root, name)
	var err error
	switch kind := g.Below(16); {
	case kind < 3:
		if depth(name) > maxMadeDepth {
			return
		}
		if err = os.Mkdir(at, 0o755); err == nil {
			g.dirs = append(g.dirs, name)
		}
	case kind == 3:
		err = os.Symlink(g.target(), at)
	case kind == 4 && len(g.files) > 0:
		from := filepath.Join(g.root, g.files[g.Below(len(g.files))])
		err = unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, at, 0)
	case kind == 5:
		err = unix.Mknod(at, []uint32{unix.S_IFIFO, unix.S_IFSOCK}[g.Below(2)]|0o600, 0)
	case kind == 6 && g.mighty:
		mode := []uint32{unix.S_IFCHR, unix.S_IFBLK}[g.Below(2)] | 0o600
		err = unix.Mknod(at, mode, int(unix.Mkdev(uint32(g.Number(4096)), uint32(g.Number(1<<16)))))
	case kind == 7:
		err = g.sparse(at)
	default:
		err = create(at, g.content())
	}
	if err != nil {
		return
	}
	if info, err := os.Lstat(at); err == nil && !info.IsDir() {
		g.files = append(g.files, name)
	}
	g.all = append(g.all, name)
}

// create writes a file whose name is not taken: behind it may be a fifo that
// nobody reads, a link that leads out of the tree, or a device.
func create(at string, b []byte) error {
	f, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

func depth(path string) int { return bytes.Count([]byte(path), []byte("/")) }

// name makes a name of 1 to 255 bytes, of which many programs dislike some.
func (g *grower) name() string {
	kinds := [][]byte{[]byte("abc"), []byte("\n\t \x01"), []byte("\xff\xfe\xc3"), []byte("äß"), []byte("-*?[]\\~."), []byte("ab\x80")}
	letters := kinds[g.Below(len(kinds))]
	n := 1 + g.Below(4)
	switch g.Below(16) {
	case 0:
		n = 255
	case 1:
		n = 100
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[i%len(letters)]
	}
	if n > 4 { // long ones are told apart by their ends
		b[n-1] = 'a' + byte(g.Below(26))
	} else {
		for i := range b {
			b[i] = letters[g.Below(len(letters))]
		}
	}
	if s := string(b); s != "." && s != ".." {
		return s
	}
	return "..."
}

func (g *grower) target() string {
	all := []string{"a", "../a", "/", ".", "nowhere/at/all", "\xff\n", "x/../../y"}
	if n := g.Below(len(all) + 1); n < len(all) {
		return all[n]
	}
	return string(bytes.Repeat([]byte("long/"), 1+g.Below(256)))
}

// content puts a file together: noise, text, runs, and what earlier files had.
func (g *grower) content() []byte {
	var b []byte
	for range g.Below(6) {
		var piece []byte
		size := 1 + g.Below(64)
		if g.Below(2) == 1 {
			size *= 1 + g.Below(200)
		}
		seed := uint64(g.Below(8))
		switch kind := g.Below(6); {
		case kind == 0:
			piece = bytes.Repeat([]byte{byte(g.Below(3))}, size)
		case kind == 1:
			for i := 0; len(piece) < size; i++ {
				piece = fmt.Appendf(piece, "line %d of %d\n", i, seed)
			}
		case kind == 2 && len(g.chunks) > 0:
			piece = g.chunks[g.Below(len(g.chunks))]
			piece = piece[g.Number(len(piece)):]
		default:
			piece = testkit.Noise(seed, size)
		}
		b = append(b, piece...)
	}
	b = b[:min(len(b), maxMadeBytes-g.bytes)]
	g.bytes += len(b)
	if len(b) > 0 {
		g.chunks = append(g.chunks, b)
	}
	return b
}

// sparse makes a file with holes.
func (g *grower) sparse(at string) error {
	f, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	for range g.Below(4) {
		if _, err := f.WriteAt(testkit.Noise(uint64(g.Below(4)), 1+g.Below(256)), int64(g.Number(1<<20))); err != nil {
			return err
		}
	}
	if err := f.Truncate(int64(g.Number(1 << 20))); err != nil {
		return err
	}
	return f.Close()
}

// dress gives metadata to everything, the latest first, so that directories
// keep the times they get.
func (g *grower) dress() {
	names := append([]string{""}, g.all...)
	for _, name := range slices.Backward(names) {
		at := filepath.Join(g.root, name)
		info, err := os.Lstat(at)
		must(g.t, err)
		link := info.Mode()&os.ModeSymlink != 0
		if g.mighty && g.Below(4) == 1 {
			must(g.t, unix.Lchown(at, g.Below(4)*70_000, g.Below(4)*1000))
		}
		if g.xattrs && (info.Mode().IsRegular() || info.IsDir()) {
			for range g.Below(3) {
				value := testkit.Noise(uint64(g.Below(3)), g.Below(100))
				// A full file system, or one of small inodes, refuses: no matter.
				_ = unix.Lsetxattr(at, fmt.Sprintf("user.%d", g.Below(3)), value, 0)
			}
		}
		if !link && g.Below(2) == 1 {
			mode := uint32(g.Number(0o10000))
			if !g.mighty { // to be read, and searched, by its owner
				mode = mode&0o777 | 0o700
			}
			must(g.t, unix.Chmod(at, mode))
		}
		must(g.t, unix.UtimesNanoAt(unix.AT_FDCWD, at, []unix.Timespec{{}, g.time()}, unix.AT_SYMLINK_NOFOLLOW))
	}
}

// time gives one that file systems keep, from 1901 to 2446.
func (g *grower) time() unix.Timespec {
	secs := []int64{0, 1, -1, math.MinInt32, math.MaxInt32, math.MaxUint32, 1_600_000_000, 15_032_385_535}
	nsecs := []int64{0, 1, 999_999_999, 500_000_000}
	return unix.Timespec{Sec: secs[g.Below(len(secs))] / (1 + int64(g.Below(2))), Nsec: nsecs[g.Below(len(nsecs))]}
}
