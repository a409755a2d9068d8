package reader_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

const (
	wovenChunk  = 16_000
	wovenFrames = 6 // with 25 blocks each
)

// woven is an archive of a file that takes its blocks from all frames by turns, and
// the content of the file.
func woven(t *testing.T, id codec.ID) (archive, want []byte) {
	t.Helper()
	root := testkit.Dir("")
	var parts [wovenFrames][]byte
	for i := range parts {
		parts[i] = mixed(uint64(i), 25*wovenChunk)
		root.Children = append(root.Children, testkit.File(fmt.Sprint("a", i), string(parts[i])))
	}
	for at := 0; at < len(parts[0]); at += wovenChunk {
		for i := range parts {
			want = append(want, parts[i][at:at+wovenChunk]...)
		}
	}
	root.Children = append(root.Children, testkit.File("woven", string(want)))
	return testkit.MustBuild(t, &testkit.Archive{
		Options:  testkit.Options{Codec: id, Chunk: wovenChunk, BlocksPerFrame: 25, FanOut: 7},
		Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: root}}}},
	}), want
}

// readSlices reads a file from front to back in parts, some of them again or out of
// order as those who read ahead do. What fails it tells of, and goes on behind it.
func readSlices(f *reader.File, part int) (got []byte, failed []error) {
	got = make([]byte, f.Size())
	n := (len(got) + part - 1) / part
	for i := range n {
		if i%4 == 1 && i+1 < n { // 0 2 1 3
			i++
		} else if i%4 == 2 {
			i--
		}
		off := i * part
		slices, err := f.Parts(make([]byte, part), int64(off), 10_000)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		for _, b := range slices {
			off += copy(got[off:], b)
		}
	}
	return got, failed
}

func TestWoven(t *testing.T) {
	for _, id := range []codec.ID{codec.Stored, codec.Zstd, codec.LongZstd} {
		archive, want := woven(t, id)
		for _, opts := range []reader.Options{
			{}, {ReadAhead: 3}, {ReadAhead: -1}, {CacheBytes: 1 << 20, ReadAhead: 2}, {CacheBytes: 1, NodeCacheBytes: 1, ReadAhead: 2},
		} {
			t.Run(fmt.Sprint(id, opts.CacheBytes, opts.ReadAhead), func(t *testing.T) {
				a := openBytes(t, archive, opts)
				f := content(t, a, "woven")
				for range 2 { // once more from the start
					if got, failed := readSlices(f, 50_000); len(failed) > 0 || !bytes.Equal(got, want) {
						t.Fatal("slices:", failed)
					}
				}
				var buf bytes.Buffer
				if _, err := f.WriteTo(&buf); err != nil || !bytes.Equal(buf.Bytes(), want) {
					t.Error("whole:", err)
				}
				if got, err := io.ReadAll(io.NewSectionReader(content(t, a, "woven"), 0, f.Size())); err != nil || !bytes.Equal(got, want) {
					t.Error("in small parts:", err)
				}
			})
		}
	}
}

// TestWovenDamage reads the same with damage in one of the frames: what is in the
// others is read, and nothing wrong is given out.
func TestWovenDamage(t *testing.T) {
	for _, id := range []codec.ID{codec.Stored, codec.Zstd} {
		archive, want := woven(t, id)
		a := openBytes(t, archive, reader.Options{})
		f := content(t, a, "woven")
		var hit format.IndexFrame
		for p, err := range f.Pieces(2 * wovenChunk) {
			if err == nil {
				hit, err = a.FrameOf(p.Ref.Num)
			}
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		for _, where := range []int64{0, int64(hit.Stored) / 2, int64(hit.Stored) - 20} {
			bad := bytes.Clone(archive)
			for i := range int64(8) {
				bad[hit.Offset+int64(hit.HeadSize)+where+i] ^= 0x55
			}
			for _, ahead := range []int{-1, 2} {
				f := content(t, openBytes(t, bad, reader.Options{ReadAhead: ahead}), "woven")
				got, failed := readSlices(f, wovenChunk)
				if len(failed) == 0 || len(failed) > 25 {
					t.Errorf("%v at %d: %d parts failed", id, where, len(failed))
				}
				for _, err := range failed {
					if !errors.Is(err, format.ErrDamaged) {
						t.Error(err)
					}
				}
				lost := 0
				for at := 0; at < len(want); at += wovenChunk {
					if !bytes.Equal(got[at:at+wovenChunk], want[at:at+wovenChunk]) {
						lost++
					}
				}
				if lost != len(failed) {
					t.Errorf("%v at %d: %d parts failed, %d differ", id, where, len(failed), lost)
				}
			}
		}
	}
}

// TestWovenRows reads where two rows of the index begin with the same block, and one says
// that it has few.
func TestWovenRows(t *testing.T) {
	const chunk, blocks, frames = 1000, 200, 4
	want := mixed(3, frames*blocks*chunk)
	for k := range frames + 1 {
		archive := testkit.MustBuild(t, &testkit.Archive{
			Options: testkit.Options{Codec: codec.Zstd, Chunk: chunk, BlocksPerFrame: blocks},
			Hooks: testkit.Hooks{IndexRow: func(i int, r *format.IndexFrame) {
				switch {
				case r.Kind != format.FrameData:
				case i == k:
					r.Count = 10
				case i == k+1:
					r.First -= blocks
					r.Count += blocks
				}
			}},
			Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("f", string(want)))}}}},
		})
		for _, opts := range []reader.Options{{ReadAhead: -1}, {ReadAhead: 2}, {ReadAhead: 2, CacheBytes: 300_000}} {
			f := content(t, openBytes(t, archive, opts), "f")
			for range 2 {
				p := make([]byte, 20_000)
				for off := int64(0); off < f.Size(); off += int64(len(p)) {
					n, err := f.ReadAt(p, off)
					if err != nil && !errors.Is(err, format.ErrDamaged) || !bytes.Equal(p[:n], want[off:off+int64(n)]) {
						t.Fatalf("row %d, at %d: %d bytes, %v", k, off, n, err)
					}
				}
			}
		}
	}
}

// TestLongHole reads up to a hole of many times what could be looked at, and closes the
// archive.
func TestLongHole(t *testing.T) {
	const before, span = 260_000, 1 << 60
	x := testkit.One(testkit.Dir("", testkit.File("f", string(testkit.Noise(1, 300_000)))))
	x.Options.Chunk, x.Options.FanOut = 10_000, 1000
	size := uint64(0)
	x.Hooks.Indirect = func(_ string, d *format.Indirect) {
		size = 0
		d.Refs[before/x.Options.Chunk+1] = format.Ref{Kind: format.RefRun, Span: span}
		for _, r := range d.Refs {
			size += r.Span
		}
	}
	x.Hooks.Leaf = func(_ string, d *format.DirLeaf) { d.Entries[0].Size, d.Entries[0].Ref.Span = size, size }
	archive := testkit.MustBuild(t, x)
	for _, ahead := range []int{-1, 2} {
		a, err := reader.Open(reader.Bytes(archive), reader.Options{ReadAhead: ahead})
		if err != nil {
			t.Fatal(err)
		}
		f := content(t, a, "f")
		p := make([]byte, before/2)
		for off := int64(0); off < before; off += before / 2 {
			if _, err := f.ReadAt(p, off); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}
