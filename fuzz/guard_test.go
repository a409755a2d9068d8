package fuzz

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// Bounds of one execution. They are far above what an input of maxInput bytes
// may ask for, so that a busy machine trips neither: what trips them is work
// or memory that a few lying bytes asked for.
const (
	maxInput = 160 << 10 // longer inputs only make executions slow
	maxTime  = 60 * time.Second
	maxHeap  = 1 << 30 // of objects, with those not collected yet
)

// guard ends the process when the execution takes more time or memory than it
// may: a hang cannot be reported in another way, and the fuzzing engine keeps
// the input of a process that dies.
func guard(t *testing.T) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-stopped })
	go func() {
		defer close(stopped)
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for begin := time.Now(); ; {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			metrics.Read(heap)
			if n := heap[0].Value.Uint64(); n > maxHeap {
				die("%d bytes of memory in use", n)
			}
			if d := time.Since(begin); d > maxTime {
				die("still running after %v", d)
			}
		}
	}()
}

// die ends the process. The engine drops what its workers print, so the stacks
// go to a file as well.
func die(msg string, args ...any) {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	text := fmt.Sprintf("%s\n%s\n", fmt.Sprintf(msg, args...), stacks)
	fmt.Fprint(os.Stderr, text)
	if f, err := os.CreateTemp("", "vtd-fuzz-stacks-*.txt"); err == nil {
		_, _ = f.WriteString(text)
		_ = f.Close()
	}
	panic("fuzz: " + fmt.Sprintf(msg, args...))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scratch gives a directory that goes with the test, in memory where there is
// a file system in memory: targets make and remove thousands of files.
func scratch(t testing.TB) string {
	t.Helper()
	for _, in := range []string{"/dev/shm", ""} {
		if dir, err := os.MkdirTemp(in, "vtd-fuzz-"); err == nil {
			t.Cleanup(func() { remove(t, dir) })
			return dir
		}
	}
	return t.TempDir()
}

// remove removes a directory with everything below it. What is closed to its
// owner is opened first.
func remove(t testing.TB, dir string) {
	if os.RemoveAll(dir) == nil {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}
