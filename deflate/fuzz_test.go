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
var fuzzLimits = deflate.Limits{MaxContent: 1 << 18, Effort: 64}

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
	for _, m := range []deflate.Model{deflate.ZlibModel(1), deflate.ZlibModel(9), deflate.GzipModel(6), deflate.ChromiumModel(3), deflate.PigzModel(6), deflate.GoModel(3), deflate.KlauspostModel(4)} {
		b, err := deflate.Encode(short, m, deflate.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b, append(b[:len(b):len(b)], "behind"...))
	}
	return out
}

// fuzzModel makes a model of a number.
func fuzzModel(n uint32) deflate.Model {
	m := deflate.Model{Family: deflate.Family(1 + n%6), Version: 1, Level: uint8(1 + n>>3%9), Window: 15, Memory: 8, Strategy: deflate.Strategy(n >> 8 % 5)}
	switch m.Family {
	case deflate.Zlib, deflate.Chromium:
		m.Window = uint8(15 - n>>12%7)
		m.Memory = uint8(9 - n>>16%9)
	case deflate.Gzip:
		m.Memory = 9
		m.Strategy = deflate.Strategy(n >> 8 % 2 * 16)
	case deflate.Go:
		m.Memory, m.Strategy = 0, 0
		if m.Level == 1 {
			m.Strategy = deflate.Strategy(n >> 8 % 2 * 2)
		}
	case deflate.Klauspost:
		m.Memory, m.Strategy, m.Version = 0, 0, uint8(1+n>>16%2)
		if m.Level == 1 {
			m.Strategy = deflate.Strategy(n >> 8 % 2 * 2)
		}
	default:
		m.Strategy = 0
	}
	return m
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		s, content, err := surveyed(stream, fuzzLimits)
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
		if goErr == nil && !bytes.Equal(want, content) {
			t.Fatal("other content")
		}
		if s.Size > int64(len(stream)) || s.ContentSize != int64(len(content)) {
			t.Fatalf("size %d of %d, content %d of %d", s.Size, len(stream), s.ContentSize, len(content))
		}
	})
}

// FuzzRebuild predicts any stream by any model, in small parts too, and rebuilds it; then
// it changes the corrections, and the recipe.
func FuzzRebuild(f *testing.F) {
	for i, s := range seeds(f) {
		f.Add(s, uint32(i*0x3579b), []byte{1})
		f.Add(s, uint32(i), []byte{0, 5, 0xff})
		f.Add(s, uint32(i|1<<20), []byte{0, 5, 0xff, 3})
	}
	f.Fuzz(func(t *testing.T, stream []byte, model uint32, change []byte) {
		m := fuzzModel(model)
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		s, err := deflate.SurveyIn(bytes.NewReader(stream), &buf, fuzzLimits, 1<<(10+model>>20%11))
		if err != nil {
			return
		}
		content := buf.Bytes()
		r, err := predicted(stream, content, s, m, fuzzLimits)
		if err != nil {
			if errors.Is(err, deflate.ErrEffort) {
				return
			}
			t.Fatal(m, err)
		}
		out, err := rebuilt(r, content, fuzzLimits)
		if err != nil {
			t.Fatalf("%s, %+v: %v", m, r, err)
		}
		if !bytes.Equal(out, stream[:s.Size]) {
			t.Fatalf("%s, %+v: %x from %x", m, r, out, stream[:s.Size])
		}
		b, err := r.AppendBinary(nil)
		if err == nil {
			for i := 0; i+2 < len(change); i += 3 {
				b[(int(change[i])<<8|int(change[i+1]))%len(b)] = change[i+2]
			}
			parseDamaged(t, content, b)
		} else if len(r.Parts) == 1 {
			t.Fatal(m, err)
		}
		damaged := &r.Corrections[len(change)%len(r.Corrections)]
		if len(change)%3 == 1 || len(*damaged) == 0 {
			*damaged = change
		} else {
			*damaged = bytes.Clone(*damaged)
			for i := 0; i+2 < len(change); i += 3 {
				(*damaged)[(int(change[i])<<8|int(change[i+1]))%len(*damaged)] = change[i+2]
			}
		}
		rebuildDamaged(t, content, r)
	})
}

// parseDamaged wants an error of the right class, or a recipe that comes back the same.
func parseDamaged(t *testing.T, content, recipe []byte) {
	r, err := deflate.ParseRecipe(recipe, int64(len(content)))
	if err != nil {
		if !errors.Is(err, deflate.ErrCorrections) && !errors.Is(err, deflate.ErrModel) {
			t.Fatalf("recipe %x: error of another class: %v", recipe, err)
		}
		return
	}
	if again, err := r.AppendBinary(nil); err != nil || !bytes.Equal(again, recipe) {
		t.Fatalf("recipe %x comes back as %x: %v", recipe, again, err)
	}
	rebuildDamaged(t, content, r)
}

// rebuildDamaged wants an error of the right class, or a stream with the content.
func rebuildDamaged(t *testing.T, content []byte, r *deflate.Recipe) {
	out, err := rebuilt(r, content, fuzzLimits)
	if err != nil {
		if !errors.Is(err, deflate.ErrCorrections) && !errors.Is(err, deflate.ErrEffort) && !errors.Is(err, deflate.ErrLimit) {
			t.Fatalf("%+v: error of another class: %v", r, err)
		}
		return
	}
	if s, got, err := surveyed(out, fuzzLimits); err != nil || s.Size != r.Size || !bytes.Equal(got, content) {
		t.Fatalf("%+v: the stream does not have the content: %v", r, err)
	}
}
