package deflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
)

// fuzzLimits keep what a fuzzer can ask for small.
var fuzzLimits = deflate.Limits{MaxContent: 1 << 20, Effort: 256}

// seeds are streams with all that streams can have.
func seeds(t testing.TB) [][]byte {
	page, short := text(5000, 2), text(200, 1)
	out := [][]byte{
		goStream(t, nil, 6, 1, false),
		goStream(t, page, 6, 700, true),
		goStream(t, page, 1, 1<<20, false),
		goStream(t, page, -2, 1<<20, false),
		goStream(t, noise(300, 1), 0, 100, true),
		goStream(t, bytes.Repeat([]byte{7}, 3000), 9, 1<<20, false),
		{0x03, 0x00},                                     // empty, static
		{0x01, 0x00, 0x00, 0xff, 0xff},                   // empty, stored
		{0xf9, 0x00, 0x00, 0xff, 0xff},                   // padding of ones
		{0x4b, 0x04, 0xf2, 0x7f, 0x00},                   // truncated or odd
		{0x63, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x5c}, // cut short
		{0x06}, {0x07}, {0xff, 0xff}, // reserved type
	}
	for _, m := range []deflate.Model{deflate.ZlibModel(1), deflate.ZlibModel(9), deflate.GzipModel(6), deflate.ChromiumModel(3), deflate.PigzModel(6), deflate.GoModel(3)} {
		var b bytes.Buffer
		if err := deflate.Rebuild(&b, short, m, nil, deflate.Limits{}); err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Bytes(), append(b.Bytes(), "behind"...))
	}
	return out
}

// fuzzModel makes a model of a number.
func fuzzModel(n uint32) deflate.Model {
	m := deflate.Model{Family: deflate.Family(1 + n%5), Version: 1, Level: uint8(2 + n>>3%8), Window: 15, Memory: 8, Strategy: deflate.Strategy(n >> 8 % 5)}
	switch m.Family {
	case deflate.Zlib, deflate.Chromium:
		m.Window = uint8(15 - n>>12%7)
		m.Memory = uint8(9 - n>>16%9)
	case deflate.Gzip:
		m.Memory = 9
		m.Strategy = deflate.Strategy(n >> 8 % 2 * 16)
	case deflate.Go:
		m.Memory, m.Strategy = 0, 0
	default:
		m.Strategy = 0
	}
	if m.Family != deflate.Go {
		m.Level--
	}
	return m
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		s, err := deflate.InflateBytes(stream, fuzzLimits)
		// Go refuses some codes that are incomplete; otherwise both agree.
		want, goErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(stream)), fuzzLimits.MaxContent+1))
		if err != nil {
			if !errors.Is(err, deflate.ErrInvalid) && !errors.Is(err, deflate.ErrLimit) {
				t.Fatalf("error of no class: %v", err)
			}
			if goErr == nil && errors.Is(err, deflate.ErrInvalid) && len(want) <= int(fuzzLimits.MaxContent) {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if goErr == nil && !bytes.Equal(want, s.Content) {
			t.Fatal("other content")
		}
		if s.Size > int64(len(stream)) || len(s.Blocks) == 0 || !s.Blocks[len(s.Blocks)-1].Final {
			t.Fatalf("size %d of %d, %d blocks", s.Size, len(stream), len(s.Blocks))
		}
	})
}

// FuzzRebuild predicts any stream by any model and rebuilds it; then it changes
// the corrections.
func FuzzRebuild(f *testing.F) {
	for i, s := range seeds(f) {
		f.Add(s, uint32(i*0x3579b), []byte{1})
		f.Add(s, uint32(i), []byte{0, 5, 0xff})
	}
	f.Fuzz(func(t *testing.T, stream []byte, model uint32, change []byte) {
		m := fuzzModel(model)
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		s, err := deflate.InflateBytes(stream, fuzzLimits)
		if err != nil {
			return
		}
		corr, err := deflate.Predict(bytes.NewReader(stream), s, m, fuzzLimits)
		if err != nil {
			if errors.Is(err, deflate.ErrEffort) {
				return
			}
			t.Fatal(m, err)
		}
		var out bytes.Buffer
		if err := deflate.Rebuild(&out, s.Content, m, corr, fuzzLimits); err != nil {
			t.Fatalf("%s, corrections %x: %v", m, corr, err)
		}
		if !bytes.Equal(out.Bytes(), stream[:s.Size]) {
			t.Fatalf("%s, corrections %x: %x from %x", m, corr, out.Bytes(), stream[:s.Size])
		}
		damaged := bytes.Clone(corr)
		for i := 0; i+2 < len(change) && len(damaged) > 0; i += 3 {
			damaged[(int(change[i])<<8|int(change[i+1]))%len(damaged)] = change[i+2]
		}
		if len(change)%3 == 1 {
			damaged = change
		}
		rebuildDamaged(t, s.Content, m, damaged)
	})
}

// rebuildDamaged wants an error of the right class, or a stream with the
// content.
func rebuildDamaged(t *testing.T, content []byte, m deflate.Model, corr []byte) {
	var out bytes.Buffer
	if err := deflate.Rebuild(&out, content, m, corr, fuzzLimits); err != nil {
		if !errors.Is(err, deflate.ErrCorrections) && !errors.Is(err, deflate.ErrEffort) && !errors.Is(err, deflate.ErrLimit) {
			t.Fatalf("%s, corrections %x: error of another class: %v", m, corr, err)
		}
		return
	}
	if s, err := deflate.InflateBytes(out.Bytes(), fuzzLimits); err != nil || !bytes.Equal(s.Content, content) {
		t.Fatalf("%s, corrections %x: the stream does not have the content: %v", m, corr, err)
	}
}
