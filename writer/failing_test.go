package writer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// failTree makes enough blocks for many frames.
func failTree(t testing.TB) string {
	contents := map[string]string{"empty": "", "literal": "l"}
	for i := range 60 {
		contents[fmt.Sprintf("d%d/f%d", i%5, i)] = noise(uint64(i), 20_000)
	}
	return files(t, contents)
}

// noMoreThan waits until no more goroutines run than before.
func noMoreThan(t testing.TB, before int) {
	t.Helper()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
}

// openFiles counts this process's descriptors.
func openFiles(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(names)
}

// within ends a test that hangs with the stacks of all goroutines.
func within(t testing.TB, d time.Duration, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(d):
		b := make([]byte, 1<<18)
		t.Fatalf("hangs:\n%s", b[:runtime.Stack(b, true)])
	}
}

func TestWriteFails(t *testing.T) {
	dir := failTree(t)
	o := small(dir)
	o.Threads = 3
	whole, _ := createWhole(t, o)
	goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
	steps := []int64{0, 1, 63, 64, 100, int64(len(whole)) - 1, int64(len(whole)) - 192, int64(len(whole)) - 193}
	for n := int64(200); n < int64(len(whole)); n += int64(len(whole)) / 40 {
		steps = append(steps, n)
	}
	for _, n := range steps {
		within(t, time.Minute, func() {
			w := &failAfter{n: n}
			if _, err := Create(context.Background(), w, o); !errors.Is(err, errFull) {
				t.Errorf("after %d bytes: %v", n, err)
			}
			if w.size != n {
				t.Errorf("%d bytes were written, %d could have been", w.size, n)
			}
		})
	}
	noMoreThan(t, goroutines)
	if n := openFiles(t); n > descriptors {
		t.Errorf("%d descriptors are open, %d before", n, descriptors)
	}
}

func TestWriteFailsInTheCorrectedTree(t *testing.T) {
	dir := changingTree(t)
	path := filepath.Join(dir, "d/changing")
	run := func(w io.Writer) error {
		put(t, path, noise(1, 4000)+text(3, 40_000))
		_, err := Create(context.Background(), w, readTwice(t, dir, func() { put(t, path, text(9, 40_000)) }))
		return err
	}
	goroutines := runtime.NumGoroutine()
	var whole bytes.Buffer
	must(t, run(&whole))
	for n := 0; n < whole.Len(); n += whole.Len() / 20 {
		if err := run(&failAfter{n: int64(n)}); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	noMoreThan(t, goroutines)
}

// cancelAfter cancels at the n-th event of any kind.
type cancelAfter struct {
	n      int
	cancel context.CancelFunc
}

func (c *cancelAfter) Write(b []byte) (int, error) {
	if c.n--; c.n <= 0 {
		c.cancel()
	}
	return len(b), nil
}

func TestCancel(t *testing.T) {
	dir := failTree(t)
	goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
	for k := range 40 {
		ctx, cancel := context.WithCancel(context.Background())
		o := small(dir)
		o.Threads = 1 + k%3
		if k%2 == 0 {
			o.KeepBytes = -1
		}
		w := &cancelAfter{n: 1 << 30, cancel: cancel}
		switch {
		case k == 0:
			cancel()
		case k < 20:
			n := 0
			o.OnEntry = func(string, bool) {
				if n++; n == k*3 {
					cancel()
				}
			}
		default:
			w.n = k - 19
		}
		within(t, time.Minute, func() {
			if _, err := Create(ctx, w, o); !errors.Is(err, context.Canceled) {
				t.Errorf("%d: %v", k, err)
			}
		})
		cancel()
	}
	for _, run := range []func(context.Context, Options) (*Report, error){HashTree, List} {
		ctx, cancel := context.WithCancel(context.Background())
		o := small(dir)
		o.OnEntry = func(string, bool) { cancel() }
		if _, err := run(ctx, o); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		cancel()
	}
	noMoreThan(t, goroutines)
	if n := openFiles(t); n > descriptors {
		t.Errorf("%d descriptors are open, %d before", n, descriptors)
	}
}

// TestCancelAtAnyTime cancels by the clock, with files that take a while.
func TestCancelAtAnyTime(t *testing.T) {
	dir := files(t, map[string]string{"big": noise(1, 30<<20), "zeros": string(make([]byte, 20<<20))})
	for ms := 0; ms < 60; ms += 7 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(ms)*time.Millisecond)
		o := small(dir)
		o.Level, o.Chunks = 19, smallChunks
		begin := time.Now()
		_, err := Create(ctx, io.Discard, o)
		if took := time.Since(begin) - time.Duration(ms)*time.Millisecond; took > 5*time.Second {
			t.Errorf("%d ms: it took %v to end", ms, took)
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
	}
}

// asNobody runs this test again as a user without rights, and reports whether
// the caller is that run.
func asNobody(t *testing.T, dir string) (child bool) {
	if os.Getenv("VTD_TEST_DIR") != "" {
		return true
	}
	if os.Geteuid() != 0 {
		return true
	}
	exe, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	bin := filepath.Join(dir, "..", "test-binary")
	must(t, os.WriteFile(bin, exe, 0o755))
	for d := filepath.Dir(dir); d != "/"; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		must(t, err)
		if info.Mode()&0o005 != 0o005 {
			must(t, os.Chmod(d, info.Mode()|0o055))
		}
	}
	cmd := exec.Command(bin, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = []string{"VTD_TEST_DIR=" + dir, "TMPDIR=/tmp"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// TestUnreadable: what may not be read is named; the rest is stored.
func TestUnreadable(t *testing.T) {
	dir := os.Getenv("VTD_TEST_DIR")
	if dir == "" {
		dir = files(t, map[string]string{
			"a": "readable", "file": "not readable", "linked": "not readable", "closed/x": "x", "listed/y": "y", "blind/z": "z", "last": "readable",
		})
		must(t, os.Link(filepath.Join(dir, "linked"), filepath.Join(dir, "linked too")))
		for name, mode := range map[string]os.FileMode{"file": 0o200, "linked": 0, "closed": 0, "listed": 0o744, "blind": 0o711} {
			must(t, os.Chmod(filepath.Join(dir, name), mode))
		}
		if os.Geteuid() != 0 {
			must(t, os.Chmod(filepath.Join(dir, "listed"), 0o400))
			must(t, os.Chmod(filepath.Join(dir, "blind"), 0o100))
		}
		t.Cleanup(func() {
			for _, name := range []string{"closed", "listed", "blind"} {
				os.Chmod(filepath.Join(dir, name), 0o700)
			}
		})
	}
	if !asNobody(t, dir) {
		return
	}
	b, rep := create(t, small(dir))
	c := check(t, b, rep)
	if got := strings.Join(paths(c), ","); got != "a,blind,closed,last,listed" {
		t.Error(got)
	}
	for path, stored := range map[string]bool{"file": false, "linked": false, "linked too": false, "closed": true, "blind": true, "listed/y": false} {
		i := issueOf(rep, path)
		if i == nil || !errors.Is(i.Err, unix.EACCES) && i.Err != errLinkLost || i.Stored != stored {
			t.Errorf("%s: %v", path, i)
		}
	}
	if len(rep.Issues) != 6 {
		t.Errorf("%v", rep.Issues)
	}
	hashed, err := HashTree(context.Background(), small(dir))
	must(t, err)
	if hashed.ContentID != rep.ContentID || len(hashed.Issues) != len(rep.Issues) {
		t.Errorf("HashTree: %v, %v", hashed.ContentID, hashed.Issues)
	}
	// A directory through which one may only pass can still hold an input.
	b, rep = createWhole(t, inputs(dir, "blind/z"))
	if got := strings.Join(paths(check(t, b, rep)), ","); got != "blind,blind/z" {
		t.Error(got)
	}
}

// TestVanishing removes what is below while the walk goes on.
func TestVanishing(t *testing.T) {
	dir := failTree(t)
	o := small(dir)
	o.Threads = 2
	n := 0
	o.OnEntry = func(path string, isDir bool) {
		if n++; path == "d1" {
			removeAll(t, filepath.Join(dir, "d1"))
			removeAll(t, filepath.Join(dir, "d2"))
			removeAll(t, filepath.Join(dir, "d4/f4"))
		}
	}
	b, rep := create(t, o)
	c := check(t, b, rep)
	if i := issueOf(rep, "d1"); i == nil || !i.Stored || !errors.Is(i.Err, unix.ENOENT) {
		t.Errorf("%v", rep.Issues)
	}
	if !has(c, "d1") || !has(c, "d3/f3") || has(c, "d1/f1") || has(c, "d4/f4") {
		t.Errorf("%q", paths(c))
	}
}

// TestFilesThatLie: files of /proc have a size of 0 and content all the same.
func TestFilesThatLie(t *testing.T) {
	b, rep := create(t, inputs("/proc/self", "status", "comm"))
	c := check(t, b, rep)
	for _, path := range []string{"status", "comm"} {
		i := issueOf(rep, path)
		if i == nil || i.Stored || has(c, path) {
			t.Errorf("%s: %v", path, rep.Issues)
		}
	}
}
