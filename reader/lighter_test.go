package reader_test

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

const (
	scatteredFrames = 20
	scatteredBlocks = 25 // of a frame
)

// scattered is an archive of a file that goes through the frames in order, but for a
// block or two of each frame that it has in each of those parts that come later: so lie
// a tree's files that resemble earlier ones. common stands in front of each part.
func scattered(t *testing.T, id codec.ID, common bool) (archive, want []byte) {
	t.Helper()
	root := testkit.Dir("")
	var parts [scatteredFrames][]byte
	for i := range parts {
		parts[i] = mixed(uint64(i), scatteredBlocks*wovenChunk)
		root.Children = append(root.Children, testkit.File(fmt.Sprintf("a%02d", i), string(parts[i])))
	}
	block := func(frame, i int) []byte { return parts[frame][i*wovenChunk : (i+1)*wovenChunk] }
	for i := range parts {
		if common {
			want = append(want, block(0, 0)...)
		}
		later := scatteredFrames - 1 - i
		want = append(want, parts[i][:(scatteredBlocks-later)*wovenChunk]...)
		for earlier := range i {
			want = append(want, block(earlier, scatteredBlocks-(scatteredFrames-i))...)
		}
	}
	root.Children = append(root.Children, testkit.File("scattered", string(want)))
	return testkit.MustBuild(t, &testkit.Archive{
		Options:  testkit.Options{Codec: id, Chunk: wovenChunk, BlocksPerFrame: scatteredBlocks},
		Segments: []testkit.Segment{{Versions: []testkit.Version{{Root: root}}}},
	}), want
}

// dataSource counts the bytes that are read of frames of data.
type dataSource struct {
	reader.Source
	frames []format.IndexFrame
	bytes  atomic.Int64
}

func (s *dataSource) ReadAt(p []byte, off int64) (int, error) {
	for i := range s.frames {
		if f := &s.frames[i]; off == f.Offset+int64(f.HeadSize) {
			s.bytes.Add(int64(len(p)))
		}
	}
	return s.Source.ReadAt(p, off)
}

// openCounted opens an archive of which reads are counted, and gives what its data
// frames take.
func openCounted(t *testing.T, archive []byte, opts reader.Options) (a *reader.Archive, src *dataSource, stored int64) {
	t.Helper()
	src = &dataSource{Source: reader.Bytes(archive)}
	for f, err := range openBytes(t, archive, reader.Options{}).Frames() {
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind == format.FrameData {
			src.frames = append(src.frames, f)
			stored += int64(f.Stored)
		}
	}
	a, err := reader.Open(src, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, src, stored
}

// Who reads a file of which all frames have something until its end, with room for
// some of them, has few decoded often; also when it is read once more, and with a block
// that is read again and again.
func TestScatteredOnce(t *testing.T) {
	const room = 8 * scatteredBlocks * wovenChunk // for 8 of 20 frames
	for _, id := range []codec.ID{codec.Zstd, codec.LongZstd} {
		for _, common := range []bool{false, true} {
			archive, want := scattered(t, id, common)
			for _, ahead := range []int{-1, 2} {
				t.Run(fmt.Sprint(id, common, ahead), func(t *testing.T) {
					a, src, stored := openCounted(t, archive, reader.Options{CacheBytes: room, ReadAhead: ahead})
					for time := range 3 {
						src.bytes.Store(0)
						f := content(t, a, "scattered")
						got, failed := readSlices(f, 50_000)
						if len(failed) > 0 || !bytes.Equal(got, want) {
							t.Fatal(failed)
						}
						// What is decoded ahead depends on how far others have come.
						most := stored * 3
						if time > 0 {
							most = stored * 5
						}
						if ahead > 0 {
							most = stored * 7
						}
						if n := src.bytes.Load(); n > most {
							t.Errorf("time %d: %d bytes of frames are read, of %d", time, n, stored)
						}
					}
				})
			}
		}
	}
}

// Who goes round through files that are a frame each, with room for most of them, finds
// some there; and if there is room for few, hardly one is decoded twice in a round.
func TestLighterRound(t *testing.T) {
	archive, _ := scattered(t, codec.Zstd, false)
	for _, c := range []struct{ room, most float64 }{{17, 0.85}, {8, 1.1}} {
		a, src, stored := openCounted(t, archive, reader.Options{CacheBytes: int64(c.room * scatteredBlocks * wovenChunk), ReadAhead: -1})
		const rounds = 30
		for range rounds {
			for i := range scatteredFrames {
				if _, err := content(t, a, fmt.Sprintf("a%02d", i)).WriteTo(io.Discard); err != nil {
					t.Fatal(err)
				}
			}
		}
		if n := float64(src.bytes.Load()) / float64(stored) / rounds; n > c.most {
			t.Errorf("with room for %v of %d frames, %.2f times as much as there is is read in a round", c.room, scatteredFrames, n)
		}
	}
}

// readTogether reads a file from several places at once, with room for so many bytes of
// frames.
func readTogether(t *testing.T, archive []byte, name string, want []byte, rooms []int64) {
	t.Helper()
	for _, room := range rooms {
		a := openBytes(t, archive, reader.Options{CacheBytes: room, ReadAhead: 2})
		var all sync.WaitGroup
		for g := range 6 {
			all.Go(func() {
				f := content(t, a, name)
				from := int64(len(want)) * int64(g) / 6
				got, err := io.ReadAll(io.NewSectionReader(f, from, f.Size()-from))
				if err != nil || !bytes.Equal(got, want[from:]) {
					t.Errorf("room %d, from %d: %v", room, from, err)
				}
			})
		}
		all.Wait()
	}
}

// TestScatteredTogether reads from several places at once, with hardly any room.
func TestScatteredTogether(t *testing.T) {
	archive, want := scattered(t, codec.LongZstd, true)
	readTogether(t, archive, "scattered", want, []int64{1, 900_000, 2_500_000})
}

// Of a frame of which only a part is kept, damage is found as in a whole one.
func TestScatteredDamage(t *testing.T) {
	archive, want := scattered(t, codec.Zstd, false)
	_, src, _ := openCounted(t, archive, reader.Options{})
	for _, k := range []int{0, 3, 11} {
		bad := bytes.Clone(archive)
		row := &src.frames[k]
		for i := range int64(8) {
			bad[row.Offset+int64(row.HeadSize)+int64(row.Stored)*2/3+i] ^= 0x55
		}
		for _, ahead := range []int{-1, 2} {
			a := openBytes(t, bad, reader.Options{CacheBytes: 6 * scatteredBlocks * wovenChunk, ReadAhead: ahead})
			for range 2 {
				got, failed := readSlices(content(t, a, "scattered"), wovenChunk)
				differ := 0
				for at := 0; at < len(want); at += wovenChunk {
					if !bytes.Equal(got[at:at+wovenChunk], want[at:at+wovenChunk]) {
						differ++
					}
				}
				if len(failed) == 0 || len(failed) > scatteredBlocks || differ != len(failed) {
					t.Errorf("frame %d: %d parts failed, %d differ", k, len(failed), differ)
				}
			}
		}
	}
}
