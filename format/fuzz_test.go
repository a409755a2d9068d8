package format

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// seeds adds the bytes of the golden dumps that match, and fails when there
// are none: a target without seeds finds nothing.
func seeds(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds match %s: %v", pattern, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(undump(&testing.T{}, text))
	}
}

// fuzzBlock: what parses in either form is written back as the same bytes.
func fuzzBlock(f *testing.F, pattern string, parse func(b []byte, form Form, self uint64) (metaBlock, error)) {
	seeds(f, pattern)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, form := range []Form{Canonical, Stored} {
			v, err := parse(b, form, sampleSelf)
			if err == nil && !bytes.Equal(v.AppendTo(nil, form, sampleSelf), b) {
				t.Errorf("form %d: %x is not the one encoding", form, b)
			}
			if err != nil && v != nil {
				t.Errorf("form %d: a value with the error %v", form, err)
			}
		}
	})
}

func FuzzParseDirLeaf(f *testing.F)  { fuzzBlock(f, "dirleaf-*.txt", parserOf(ParseDirLeaf)) }
func FuzzParseDirInner(f *testing.F) { fuzzBlock(f, "dirinner-*.txt", parserOf(ParseDirInner)) }
func FuzzParseIndirect(f *testing.F) { fuzzBlock(f, "indirect*.txt", parserOf(ParseIndirect)) }
func FuzzParseRecipe(f *testing.F)   { fuzzBlock(f, "recipe-*.txt", parserOf(ParseRecipe)) }
func FuzzParseSnapshot(f *testing.F) { fuzzBlock(f, "snapshot-*.txt", parserOf(ParseSnapshot)) }

func FuzzParseTop(f *testing.F) {
	seeds(f, "top.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := ParseTop(b, 0); err == nil && !bytes.Equal(v.AppendTo(nil), b) {
			t.Errorf("%x is not the one encoding", b)
		}
	})
}

// The structures with a CRC are parsed with it made to fit, or the fuzzer
// would never pass it.

func reseal(b []byte, n int) []byte {
	if len(b) < n || n < 4 {
		return b
	}
	return append(sealed(bytes.Clone(b[:n]), func([]byte) {}), b[n:]...)
}

func FuzzParseHeader(f *testing.F) {
	seeds(f, "header.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		b = reseal(b, HeaderFixedSize)
		if n, err := HeaderSize(b); err == nil && n > HeaderFixedSize {
			b = reseal(b, n)
		}
		h, err := ParseHeader(b)
		if err != nil {
			return
		}
		again, err := h.AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		// Records may be longer in a later version: the text may differ, what
		// it says may not.
		h2, err := ParseHeader(again)
		if err != nil || h2.ID != h.ID || h2.Flags != h.Flags || h2.Preset != h.Preset || len(h2.Unknown) != len(h.Unknown) {
			t.Errorf("%+v became %+v, %v", h, h2, err)
		}
	})
}

func FuzzParseFrameHead(f *testing.F) {
	seeds(f, "framehead.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := FrameHeadSize(b, 0)
		if err != nil {
			return
		}
		b = reseal(b, n)
		h, err := ParseFrameHead(b, 0)
		if err != nil {
			return
		}
		again := *h
		if got := again.AppendTo(nil); !bytes.Equal(got, b[:n]) || again.RawLen != h.RawLen || again.Size != h.Size {
			t.Errorf("%x is not the one encoding", b[:n])
		}
	})
}

func FuzzParseIndex(f *testing.F) {
	seeds(f, "index.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		b = reseal(b, IndexHeadSize)
		x, err := ParseIndexHead(b, 0)
		if err == nil && !bytes.Equal(x.AppendTo(nil), b[:IndexHeadSize]) {
			t.Errorf("%x is not the one encoding", b[:IndexHeadSize])
		}
		if err == nil && (x.Size() < IndexHeadSize || x.FramesAt() > x.Size()) {
			t.Errorf("%+v has %d bytes", x, x.Size())
		}
		row := b[max(0, len(b)-IndexFrameSize):]
		if r, err := ParseIndexFrame(row, 0); err == nil && !bytes.Equal(r.AppendTo(nil), row) {
			t.Errorf("%x is not the one encoding", row)
		}
	})
}

func FuzzParseTrailer(f *testing.F) {
	seeds(f, "trailer.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		b = reseal(b, TrailerSize)
		if len(b) < TrailerSize {
			return
		}
		off := int64(le.Uint64(b[32:]))
		if tr, err := ParseTrailer(b, off); err == nil && !bytes.Equal(tr.AppendTo(nil), b[:TrailerSize]) {
			t.Errorf("%x is not the one encoding", b[:TrailerSize])
		}
	})
}

func FuzzParseParityHead(f *testing.F) {
	seeds(f, "parityhead.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		n, _, err := ParityHeadSize(b, 0)
		if err != nil {
			return
		}
		b = reseal(b, n)
		h, err := ParseParityHead(b, 0)
		if err != nil {
			return
		}
		if got := h.AppendTo(nil); !bytes.Equal(got, b[:n]) {
			t.Errorf("%x is not the one encoding", b[:n])
		}
		at, end := h.FrameAt(h.Shard, h.Row), h.SegmentEnd()
		if at < h.End() || at+h.FrameSize() > h.IndexAt() || end < h.IndexAt() || h.Reach() < 0 || h.Reach() > end-h.Begin {
			t.Errorf("%+v: frame at %d, end at %d, reach %d", h.ParitySet, at, end, h.Reach())
		}
	})
}
