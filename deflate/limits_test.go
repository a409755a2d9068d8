package deflate_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/vtdarchive/vtd/deflate"
)

func TestLimits(t *testing.T) {
	zeros := goStream(t, make([]byte, 4<<20), 9, 1<<20, false)
	flushes := goStream(t, make([]byte, 10000), 6, 1, true)
	for _, c := range []struct {
		name   string
		stream []byte
		limits deflate.Limits
		want   error
	}{
		{"content", zeros, deflate.Limits{MaxContent: 4<<20 - 1}, deflate.ErrLimit},
		{"content enough", zeros, deflate.Limits{MaxContent: 4 << 20}, nil},
		{"ratio", zeros, deflate.Limits{MaxRatio: 500}, deflate.ErrLimit},
		{"ratio enough", zeros, deflate.Limits{}, nil},
		{"blocks", flushes, deflate.Limits{MaxBlocks: 100}, deflate.ErrLimit},
		{"blocks enough", flushes, deflate.Limits{MaxBlocks: 30000}, nil},
		{"cut short", zeros[:1000], deflate.Limits{}, deflate.ErrInvalid},
		{"nothing", nil, deflate.Limits{}, deflate.ErrInvalid},
	} {
		if _, _, err := surveyed(c.stream, c.limits); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", c.name, err, c.want)
		}
	}
}

// hostile is content with long chains of matches that all fall short.
func hostile(size int) []byte {
	var out []byte
	r := numbers(11)
	for len(out) < size {
		out = append(out, "aaaaaaaa"...)
		out = append(out, byte(r()), byte(r()))
	}
	return out[:size]
}

func TestEffort(t *testing.T) {
	t.Parallel()
	content := hostile(1 << 18)
	m := deflate.ZlibModel(9)
	limits := deflate.Limits{Effort: 50}
	if _, err := deflate.Encode(content, m, limits); !errors.Is(err, deflate.ErrEffort) {
		t.Errorf("rebuilt with little effort: %v", err)
	}
	stream := goStream(t, content, 6, 1<<20, false)
	s, _, err := surveyed(stream, limits)
	if err != nil {
		t.Fatal(err)
	}
	r, err := predicted(stream, content, s, m, deflate.Limits{Effort: 1000})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for effort := int64(1); effort < 400; effort = effort*2 + 1 {
		limits := deflate.Limits{Effort: effort}
		_, predictErr := predicted(stream, content, s, m, limits)
		_, rebuildErr := rebuilt(r, content, limits)
		if errors.Is(predictErr, deflate.ErrEffort) != errors.Is(rebuildErr, deflate.ErrEffort) {
			t.Errorf("effort %d: predicting gives %v, rebuilding %v", effort, predictErr, rebuildErr)
		}
		if predictErr != nil {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no effort is too little")
	}
}

// TestSearch has Find end after its first trial.
func TestSearch(t *testing.T) {
	content := text(100_000, 3)
	stream, err := deflate.Encode(content, deflate.ChromiumModel(2), deflate.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := surveyed(stream, deflate.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		search int64
		want   bool
	}{{1, false}, {0, true}} {
		m, err := deflate.Find(bytes.NewReader(stream), bytes.NewReader(content), s, deflate.Hints{}, deflate.Limits{Search: c.search})
		if found := m == deflate.ChromiumModel(2); found != c.want || err != nil && !errors.Is(err, deflate.ErrNoModel) {
			t.Errorf("%d steps: %s, %v", c.search, m, err)
		}
	}
}

// TestPartLimits has blocks and parts beyond their limits.
func TestPartLimits(t *testing.T) {
	for _, c := range []struct {
		matches int
		want    error
	}{{65027, nil}, {65028, deflate.ErrLimit}} {
		var b bits
		b.put(3, 3)         // final, static
		b.code(0x30+'a', 8) // literal
		for range c.matches {
			b.code(0xc0+285-280, 8)
			b.code(0, 5)
		}
		b.code(0, 7)
		if _, _, err := surveyed(b.bytes(), deflate.Limits{}); !errors.Is(err, c.want) {
			t.Errorf("a block of %d octets: %v, not %v", 1+258*c.matches, err, c.want)
		}
	}
	if testing.Short() {
		return
	}
	limits := deflate.Limits{MaxBlocks: 1 << 30}
	if _, err := deflate.Survey(endless{}, io.Discard, limits); !errors.Is(err, deflate.ErrLimit) {
		t.Errorf("endless blocks without content: %v", err)
	}
}

// endless is a stream of empty stored blocks.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	n := len(p) / 5 * 5
	for i := 0; i < n; i += 5 {
		copy(p[i:], "\x00\x00\x00\xff\xff")
	}
	return n, nil
}

// TestManyBlocks has corrections that would make a million blocks of nothing.
func TestManyBlocks(t *testing.T) {
	corr := append([]byte{2, 0xc0, 0x84, 0x3d}, make([]byte, 1_000_000)...)
	if _, err := rebuilt(single(deflate.ZlibModel(6), nil, 10<<20, corr), nil, deflate.Limits{}); !errors.Is(err, deflate.ErrLimit) && !errors.Is(err, deflate.ErrEffort) {
		t.Error(err)
	}
}

// TestReaders passes the errors of readers and writers on.
func TestReaders(t *testing.T) {
	content := text(5000, 2)
	stream := goStream(t, content, 6, 1<<20, false)
	var got bytes.Buffer
	s, err := deflate.Survey(iotest.OneByteReader(bytes.NewReader(stream)), &got, deflate.Limits{})
	if err != nil || !bytes.Equal(got.Bytes(), content) || s.Size != int64(len(stream)) {
		t.Errorf("octet by octet: %v", err)
	}
	broken := errors.New("broken")
	for _, n := range []int{0, 1, 5, 100, len(stream) - 1} {
		r := io.MultiReader(bytes.NewReader(stream[:n]), iotest.ErrReader(broken))
		if _, err := deflate.Survey(r, io.Discard, deflate.Limits{}); !errors.Is(err, broken) {
			t.Errorf("broken after %d: %v", n, err)
		}
	}
	r, w := io.Pipe()
	r.CloseWithError(broken)
	if err := func() error {
		_, err := deflate.Survey(bytes.NewReader(stream), w, deflate.Limits{})
		return err
	}(); !errors.Is(err, broken) {
		t.Errorf("broken writer: %v", err)
	}
}

// TestUnusual has what no encoder makes: it is kept by corrections.
func TestUnusual(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream []byte
	}{
		{"padding", []byte{0xf9, 0x00, 0x00, 0xff, 0xff}},
		{"tail", []byte{0x03, 0xfc}},
		{"empty static, then stored", []byte{0x02, 0x00, 0x00, 0x00, 0xff, 0xff, 0x03, 0x00}},
	} {
		if r := roundTrip(t, c.stream, deflate.ZlibModel(6)); correctionsOf(r) == 0 {
			t.Errorf("%s: nothing to correct", c.name)
		}
	}
	// 258 as symbol 284 with 31: a literal, length 258 at distance 1, the end.
	var b bits
	b.put(3, 3)             // final, static
	b.code(0x30+'a', 8)     // literal
	b.code(0xc0+284-280, 8) // length
	b.put(31, 5)
	b.code(0, 5) // distance
	b.code(0, 7) // end
	for n := 0; n < 5; n++ {
		roundTrip(t, append(b.bytes(), make([]byte, n)...), deflate.GzipModel(1+n))
	}
}

// bits assembles a stream.
type bits []byte

func (b *bits) put(v, n int) {
	for i := range n {
		*b = append(*b, byte(v>>i&1))
	}
}

func (b *bits) code(v, n int) {
	for i := n - 1; i >= 0; i-- {
		*b = append(*b, byte(v>>i&1))
	}
}

func (b *bits) bytes() []byte {
	out := make([]byte, (len(*b)+7)/8)
	for i, v := range *b {
		out[i/8] |= v << (i % 8)
	}
	return out
}

func TestModels(t *testing.T) {
	for _, m := range []deflate.Model{{}, {Family: 9, Version: 1, Level: 6}, {Family: deflate.Zlib, Version: 2, Level: 6, Window: 15, Memory: 8},
		{Family: deflate.Zlib, Version: 1, Level: 6, Window: 8, Memory: 8}, {Family: deflate.Go, Version: 1, Level: 2, Window: 15, Strategy: deflate.HuffmanOnly},
		{Family: deflate.Gzip, Version: 1, Level: 6, Window: 15, Memory: 8}, {Family: deflate.Klauspost, Version: 3, Level: 6, Window: 15}} {
		if err := m.Validate(); !errors.Is(err, deflate.ErrModel) {
			t.Errorf("%+v: %v", m, err)
		}
		if _, err := rebuilt(single(m, nil, 2, nil), nil, deflate.Limits{}); !errors.Is(err, deflate.ErrModel) {
			t.Errorf("%+v rebuilt: %v", m, err)
		}
	}
	for _, m := range []deflate.Model{deflate.ZlibModel(6), deflate.GzipModel(9), deflate.GoModel(4), deflate.ChromiumModel(1), deflate.PigzModel(9), deflate.KlauspostModel(5)} {
		b, _ := m.AppendBinary(nil)
		var back deflate.Model
		if err := back.UnmarshalBinary(b); err != nil || back != m {
			t.Errorf("%s comes back as %s: %v", m, back, err)
		}
	}
}
