package writer

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/scanners"
)

// smallChunks make trees of blocks out of little data.
var smallChunks = scanners.Params{Min: 64, Target: 128, Max: 256, RunMin: 512}

// small gives options whose archives have many small blocks and frames.
func small(path string) Options {
	p, err := Presets("fast")
	if err != nil {
		panic(err)
	}
	p.Chunks, p.DataFrame, p.MetaFrame = smallChunks, 64<<10, 64<<10
	return Options{Inputs: []Input{{Dir: path, Path: "."}}, Params: p}
}

// create makes an archive that must succeed, and gives its bytes.
func create(t testing.TB, o Options) ([]byte, *Report) {
	t.Helper()
	var b bytes.Buffer
	rep, err := Create(context.Background(), &b, o)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Stored != int64(b.Len()) {
		t.Errorf("Stored is %d, %d bytes were written", rep.Stored, b.Len())
	}
	return b.Bytes(), rep
}

// createWhole is create where nothing may go wrong with the inputs.
func createWhole(t testing.TB, o Options) ([]byte, *Report) {
	t.Helper()
	b, rep := create(t, o)
	for _, i := range rep.Issues {
		t.Errorf("issue: %v", i)
	}
	return b, rep
}

// check reads an archive with the strict reader of testkit.
func check(t testing.TB, b []byte, rep *Report) *testkit.Contents {
	t.Helper()
	c, err := testkit.Check(b)
	if err != nil {
		t.Fatal(err)
	}
	if rep != nil {
		if c.Content != rep.ContentID.String() || c.Root != rep.RootHash.String() {
			t.Errorf("the report has content id %v and root %v, the archive %v and %v", rep.ContentID, rep.RootHash, c.Content, c.Root)
		}
		if n := uint64(len(c.Entries) - 1); rep.Entries != n || rep.Bytes != c.Entries[0].Size {
			t.Errorf("the report has %d entries of %d bytes, the archive %d of %d", rep.Entries, rep.Bytes, n, c.Entries[0].Size)
		}
		if n := rep.Dirs + rep.Files + rep.Others; n != int64(len(c.Entries)) {
			t.Errorf("the report counts %d entries by kind, with the root, of %d", n, len(c.Entries))
		}
	}
	return c
}

// paths gives the paths of an archive's entries without the root.
func paths(c *testkit.Contents) []string {
	out := []string{}
	for _, e := range c.Entries[1:] {
		out = append(out, entryPath(e))
	}
	return out
}

func entryPath(e testkit.Entry) string {
	if e.PathHex == "" {
		return e.Path
	}
	b, _ := hex.DecodeString(e.PathHex)
	return string(b)
}

func find(t testing.TB, c *testkit.Contents, path string) testkit.Entry {
	t.Helper()
	for _, e := range c.Entries {
		if entryPath(e) == path {
			return e
		}
	}
	t.Fatalf("no entry %q", path)
	return testkit.Entry{}
}

func has(c *testkit.Contents, path string) bool {
	return slices.ContainsFunc(c.Entries, func(e testkit.Entry) bool { return entryPath(e) == path })
}

// must ends a test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes a file, making the directories above it.
func put(t testing.TB, path, data string) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(data), 0o644))
	return path
}

// files makes files under a new directory: path → content. A path that ends in
// a slash is a directory.
func files(t testing.TB, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, data := range contents {
		if strings.HasSuffix(path, "/") {
			must(t, os.MkdirAll(filepath.Join(dir, path), 0o755))
		} else {
			put(t, filepath.Join(dir, path), data)
		}
	}
	return dir
}

func noise(seed uint64, n int) string { return string(testkit.Noise(seed, n)) }

// text is compressible content of about n bytes without long repetitions.
func text(seed uint64, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d of %d says %x\n", i, seed, testkit.Noise(seed+uint64(i), 4))
	}
	return b.String()[:n]
}

// perhaps skips a test that needs a right or a file system that is not there.
func perhaps(t testing.TB, err error) {
	t.Helper()
	for _, e := range []error{unix.EPERM, unix.EACCES, unix.ENOTSUP, unix.ENOSPC, unix.E2BIG, unix.ENODEV} {
		if errors.Is(err, e) {
			t.Skip(err)
		}
	}
	must(t, err)
}

// failAfter is a writer that takes n bytes.
type failAfter struct {
	n    int64
	size int64
}

var errFull = errors.New("no room left")

func (f *failAfter) Write(b []byte) (int, error) {
	if f.size+int64(len(b)) > f.n {
		k := int(f.n - f.size)
		f.size = f.n
		return k, errFull
	}
	f.size += int64(len(b))
	return len(b), nil
}

var _ io.Writer = (*failAfter)(nil)

// issueOf finds the issue with a path.
func issueOf(rep *Report, path string) *Issue {
	for i := range rep.Issues {
		if rep.Issues[i].Path == path {
			return &rep.Issues[i]
		}
	}
	return nil
}

func mtime(t testing.TB, path string, sec, nsec int64) {
	t.Helper()
	ts := []unix.Timespec{{Sec: sec, Nsec: nsec}, {Sec: sec, Nsec: nsec}}
	must(t, unix.UtimesNanoAt(unix.AT_FDCWD, path, ts, unix.AT_SYMLINK_NOFOLLOW))
}

func removeAll(t testing.TB, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// memoryDir is a directory for trees of many entries, where there is a file
// system in memory.
func memoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "vtd-writer-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// slowUnderRace skips a test that follows encoders for long, which the race detector
// makes ten times as long. Its goroutines are those of tests that run in any case.
func slowUnderRace(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: it computes too much; TestContainers and others run")
	}
}
