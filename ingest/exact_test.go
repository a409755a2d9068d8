package ingest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/vtdarchive/vtd/export"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/ingest"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/writer"
)

// original gives what export --exact writes, and what it is called.
func (r *result) original(t testing.TB) (name string, b []byte) {
	t.Helper()
	tree, err := r.a.Tree()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e, err := export.Exact(t.Context(), r.a, tree, &out, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e.Name, out.Bytes()
}

// TestExact: what a tree was made from comes back octet for octet, from a file
// and from a stream, whatever it is; and the tree is the one that it is without.
func TestExact(t *testing.T) {
	tarred, _ := exported(t, export.Tar)
	zipped, _ := exported(t, export.Zip)
	var gz, zs bytes.Buffer
	zw, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{gzip.NewWriter(&gz), zw} {
		w.Write(tarred)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	torn := slices.Clone(tarred[:len(tarred)/2+77])
	for _, c := range []struct {
		name, called string
		in, want     []byte
	}{
		{"a.tar", "a.tar", tarred, tarred},
		{"a.tar.gz", "a.tar.gz", gz.Bytes(), gz.Bytes()},
		{"a.tar.zst", "a.tar", zs.Bytes(), tarred},
		{"a.tzst", "a.tar", zs.Bytes(), tarred},
		{"-", "-.tar", zs.Bytes(), tarred},
		{"a.zip", "a.zip", zipped, zipped},
		{"cut.tar", "cut.tar", torn, torn},
		{"cut.tar.zst", "cut.tar.zst", zs.Bytes()[:zs.Len()/2], zs.Bytes()[:zs.Len()/2]},
		{"short.tar", "short.tar", make([]byte, 1024), make([]byte, 1024)},
		{"behind.tar", "behind.tar", append(slices.Clone(tarred), "garbage"...), append(slices.Clone(tarred), "garbage"...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, c.in, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			plain := read(t, bytes.NewReader(c.in), ingest.Options{Salvage: true})
			var ids []format.Hash
			for _, in := range []io.Reader{f, bytes.NewReader(c.in)} {
				r := read(t, in, ingest.Options{Exact: c.name, Salvage: true, TempDir: t.TempDir()})
				if r.err != nil || !slices.Equal(r.issues, plain.issues) {
					t.Fatal(r.err, r.issues)
				}
				name, got := r.original(t)
				if name != c.called || !bytes.Equal(got, c.want) {
					t.Errorf("%q of %d bytes, want %q of %d", name, len(got), c.called, len(c.want))
				}
				a, err := r.a.Snapshot()
				b, err2 := plain.a.Snapshot()
				if err != nil || err2 != nil || a.Content != b.Content || a.Root.Ref.Hash != b.Root.Ref.Hash || a.Root.Count != b.Root.Count {
					t.Errorf("another tree than without: %+v, %+v; %v", a.Root, b.Root, err)
				}
				ids = append(ids, a.Original)
				if extra, all := r.a.Size()-plain.a.Size(), int64(len(c.in)); c.name == "a.tar" && extra > all/20 {
					t.Errorf("it takes %d of %d bytes more", extra, all)
				}
			}
			if ids[0] != ids[1] {
				t.Error("a stream gives something else than a file")
			}
		})
	}
}

// TestOneOriginal: there is none but one, with a name.
func TestOneOriginal(t *testing.T) {
	for name, ms := range map[string][]writer.Member{
		"two":     {{Original: true, Path: "a", Size: -1}, {Original: true, Path: "b", Size: -1}},
		"no name": {{Original: true, Path: "a/b", Size: -1}},
		"short":   {{Original: true, Path: "a", Size: 5, Content: bytes.NewReader(testkit.Noise(1, 4))}},
	} {
		_, err := writer.Build(t.Context(), io.Discard, options(t), func(add func(*writer.Member) error) error {
			for i := range ms {
				if err := add(&ms[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
