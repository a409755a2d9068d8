package reader_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

const (
	versionsFrames = 12
	versionsBlocks = 25 // of a frame
	versionsCount  = 12
	versionsOne    = 8 // blocks that a version has of each frame
)

// versions is an archive of a file in which several versions follow one another. Each
// goes through the frames in order and has a third of the blocks of each, most of them
// those of the version before, and between them some from other frames.
func versions(t *testing.T, id codec.ID) (archive, want []byte) {
	t.Helper()
	root := testkit.Dir("")
	var parts [versionsFrames][]byte
	for i := range parts {
		parts[i] = mixed(uint64(i), versionsBlocks*wovenChunk)
		root.Children = append(root.Children, testkit.File(fmt.Sprintf("a%02d", i), string(parts[i])))
	}
	for v := range versionsCount {
		for i := range parts {
			for b := v; b < v+versionsOne; b++ {
				from := i
				if b%2 == 0 {
					from = (i + 2 + b) % versionsFrames
				}
				want = append(want, parts[from][b*wovenChunk:(b+1)*wovenChunk]...)
			}
		}
	}
	root.Children = append(root.Children, testkit.File("versions", string(want)))
	return testkit.MustBuild(t, &testkit.Archive{
		Options:  testkit.Options{Codec: id, Chunk: wovenChunk, BlocksPerFrame: versionsBlocks},
		Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: root}}}},
	}), want
}

// Who reads several versions with room for a part of their frames has each decoded a few
// times for each version, rather than for each block that lies elsewhere.
func TestVersionsFew(t *testing.T) {
	for _, id := range []codec.ID{codec.Zstd, codec.LongZstd} {
		archive, want := versions(t, id)
		for _, c := range []struct {
			room int // in frames
			most float64
		}{{9, 1.8}, {6, 2}, {4, 3}} {
			for _, ahead := range []int{-1, 2} {
				a, src, stored := openCounted(t, archive, reader.Options{CacheBytes: int64(c.room * versionsBlocks * wovenChunk), ReadAhead: ahead})
				f := content(t, a, "versions")
				for range 2 {
					got, failed := readSlices(f, 50_000)
					if len(failed) > 0 || !bytes.Equal(got, want) {
						t.Fatal(failed)
					}
				}
				most := c.most
				if ahead > 0 { // then it depends on how far others have come
					most *= 1.7
				}
				if n := float64(src.bytes.Load()) / float64(stored) / 2 / versionsCount; n > most {
					t.Errorf("%v, room for %d of %d frames, ahead %d: %.2f times as much as there is is read for a version", id, c.room, versionsFrames, ahead, n)
				}
			}
		}
	}
}

// TestVersionsTogether reads them from several places at once, with hardly any room.
func TestVersionsTogether(t *testing.T) {
	archive, want := versions(t, codec.LongZstd)
	rooms := []int64{900_000, 1, 2_500_000}
	if testing.Short() {
		rooms = rooms[:1]
	}
	readTogether(t, archive, "versions", want, rooms)
}

// Of a frame of which there is an excerpt, damage is found as in a whole one.
func TestVersionsDamage(t *testing.T) {
	archive, want := versions(t, codec.Zstd)
	_, src, _ := openCounted(t, archive, reader.Options{})
	row := &src.frames[5]
	archive[row.Offset+int64(row.HeadSize)+int64(row.Stored)*2/3] ^= 0x55
	for _, ahead := range []int{-1, 2} {
		a := openBytes(t, archive, reader.Options{CacheBytes: 4 * versionsBlocks * wovenChunk, ReadAhead: ahead})
		got, failed := readSlices(content(t, a, "versions"), wovenChunk)
		differ := 0
		for at := 0; at < len(want); at += wovenChunk {
			if !bytes.Equal(got[at:at+wovenChunk], want[at:at+wovenChunk]) {
				differ++
			}
		}
		if len(failed) == 0 || len(failed) > versionsBlocks*versionsCount || differ != len(failed) {
			t.Errorf("ahead %d: %d parts failed, %d differ", ahead, len(failed), differ)
		}
	}
}
