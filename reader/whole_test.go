package reader_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// Frames read whole give the blocks that the cache gives.
func TestReadFrame(t *testing.T) {
	root := testkit.Dir("")
	for i := range 4 {
		root.Children = append(root.Children, testkit.File(fmt.Sprint("f", i), string(mixed(uint64(i), 700_000))))
	}
	for _, id := range []codec.ID{codec.Stored, codec.Zstd, codec.LongZstd} {
		a := openBytes(t, testkit.MustBuild(t, &testkit.Archive{
			Options:  testkit.Options{Codec: id, Chunk: 40_000, BlocksPerFrame: 25},
			Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: root}}}},
		}), reader.Options{})
		bufs := reader.NewBuffers(1 << 20)
		for row, err := range a.Frames() {
			if err != nil {
				t.Fatal(err)
			}
			end := row.First + uint64(row.Count)
			if row.Kind != format.FrameData {
				if _, err := a.ReadFrame(row, row.First, end, bufs); err == nil {
					t.Error("a metadata frame was read as data")
				}
				continue
			}
			for _, part := range [][2]uint64{{row.First, end}, {row.First, row.First + 1}, {end - 1, end}, {(row.First + end) / 2, end + 5}} {
				f, err := a.ReadFrame(row, part[0], part[1], bufs)
				if err != nil {
					t.Fatal(err)
				}
				for num := part[0]; num < min(part[1], end); num++ {
					got, err := f.Block(num)
					want, werr := a.Block(num)
					if (err == nil) != (werr == nil) || !bytes.Equal(got, want) {
						t.Errorf("block %d: %d bytes, %v; the cache says %d bytes, %v", num, len(got), err, len(want), werr)
					}
				}
				for _, num := range []uint64{part[0] - 1, end} {
					if _, err := f.Block(num); err == nil {
						t.Errorf("block %d of frame %d to %d was given", num, part[0], part[1])
					}
				}
				f.Release()
			}
		}
	}
}
