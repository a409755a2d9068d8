package format

import (
	"bytes"
	"errors"
	"testing"
)

// An index is the same written piece by piece, copied from others, and whole.
func TestIndexWriter(t *testing.T) {
	const blocks, frames = 40_000, 3 // more than one buffer of hashes
	x := IndexHead{First: 7, Blocks: blocks, Frames: frames}
	want := x.AppendTo(nil)
	hashes := make([]Hash, blocks)
	for i := range hashes {
		hashes[i] = HashSHA256.Sum([]byte{byte(i), byte(i >> 8)})
		want = append(want, hashes[i][:]...)
	}
	rows := make([]IndexFrame, frames)
	for i := range rows {
		rows[i] = IndexFrame{Offset: int64(100 * i), Count: uint32(i + 1), Kind: FrameData}
		want = rows[i].AppendTo(want)
	}
	for _, copied := range []int{0, 1, 25_000, blocks} {
		for _, id := range []HashID{HashBLAKE3, HashSHA256} {
			var b bytes.Buffer
			w := NewIndexWriter(&b, id, x)
			if n, err := w.Write(want[IndexHeadSize:][:copied*HashSize]); n != copied*HashSize || err != nil {
				t.Fatal(n, err)
			}
			for _, h := range hashes[copied:] {
				w.Hash(h)
			}
			for _, row := range rows {
				w.Frame(row)
			}
			tr := Trailer{Index: 1000}
			if err := w.Finish(&tr); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("%v, %d hashes copied: another index", id, copied)
			}
			if tr.IndexLen != int64(len(want)) || tr.Offset != 1000+tr.IndexLen || tr.IndexHash != id.Sum(want) {
				t.Errorf("%v, %d hashes copied: the trailer says %+v", id, copied, tr)
			}
		}
	}
}

func TestIndexWriterFails(t *testing.T) {
	w := NewIndexWriter(new(bytes.Buffer), HashBLAKE3, IndexHead{Blocks: 2, Frames: 1})
	w.Hash(Hash{})
	w.Frame(IndexFrame{})
	if err := w.Finish(new(Trailer)); err == nil {
		t.Error("an index that lacks a hash")
	}
	full := errors.New("full")
	w = NewIndexWriter(writerFunc(func([]byte) (int, error) { return 0, full }), HashBLAKE3, IndexHead{Blocks: 1, Frames: 1})
	w.Hash(Hash{})
	if _, err := w.Write(nil); !errors.Is(err, full) {
		t.Errorf("Write: %v", err)
	}
	w.Frame(IndexFrame{})
	if err := w.Finish(new(Trailer)); !errors.Is(err, full) {
		t.Errorf("Finish: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
