package fusearchive

import (
	"bytes"
	"io/fs"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/spec"
)

// TestVectors takes every vector of the specification through the messages of
// the kernel: what package reader reads comes out the same, recipes among it,
// and what it refuses is an input/output error.
func TestVectors(t *testing.T) {
	paths, err := fs.Glob(spec.FS, "vectors/*.vtd")
	if err != nil || len(paths) < 100 {
		t.Fatalf("only %d vectors in the specification: %v", len(paths), err)
	}
	files, failures := 0, 0
	for _, path := range paths {
		b, err := fs.ReadFile(spec.FS, path)
		must(t, err)
		a, err := reader.Open(reader.Bytes(b), reader.Options{})
		if err != nil {
			continue
		}
		tree, err := a.Tree()
		if err != nil {
			continue
		}
		faults := 0
		f, err := New(a, tree, Options{OnFault: func(error) { faults++ }})
		must(t, err)
		k := newKernel(f)
		failed := 0
		err = tree.Walk(func(name string, e *format.Entry, err error) error {
			out, lookErr := k.look(name)
			switch {
			case lookErr != nil && lookErr != unix.EIO:
				t.Errorf("%s: %q: %v", path, name, lookErr)
			case lookErr != nil:
				failed++
			case err != nil:
				if _, _, err := k.list(out.NodeId, 4096); err != unix.EIO {
					t.Errorf("%s: %q: the directory is read: %v", path, name, err)
				}
				failed++
			case e.Kind == format.KindFile:
				files++
				failed += sameFile(t, k, path+": "+name, out.NodeId, e)
			}
			return nil
		})
		must(t, err)
		if (failed > 0) != (faults > 0) {
			t.Errorf("%s: %d failures, told of %d", path, failed, faults)
		}
		failures += failed
		must(t, a.Close())
	}
	if files < 100 || failures < 5 {
		t.Errorf("only %d files and %d failures were seen", files, failures)
	}
}

// sameFile holds a file against what package reader reads of it, and counts
// failures.
func sameFile(t *testing.T, k *kernel, name string, id uint64, e *format.Entry) int {
	t.Helper()
	if e.Size > 64<<20 {
		return 0
	}
	f, err := k.a.Content(e)
	must(t, err)
	want := make([]byte, e.Size)
	_, wantErr := f.ReadAt(want, 0)
	got, err := k.read(id, e.Size, 64<<10)
	if e.Size == 0 || wantErr == nil {
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes of %d: %v", name, len(got), len(want), err)
		}
		return 0
	}
	if err != unix.EIO {
		t.Errorf("%s: %v, where the reader says %v", name, err, wantErr)
	}
	return 1
}
