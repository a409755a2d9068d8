package deflate

import (
	"io"
	"math"
	"math/rand/v2"
)

// Encode gives the stream that a model stands for, as a single part.
func Encode(content []byte, m Model, limits Limits) ([]byte, error) {
	b, err := newBuilder(nil, view{content: content, end: len(content), last: true}, m, limits)
	if err != nil {
		return nil, err
	}
	defer b.free()
	b.most = math.MaxInt64
	if err := b.run(nil); err != nil {
		return nil, err
	}
	b.out.align(0)
	return b.out.buf, nil
}

// EncodeByChains is Encode by a search that looks at every candidate.
func EncodeByChains(content []byte, m Model, limits Limits) ([]byte, error) {
	b, err := newBuilder(nil, view{content: content, end: len(content), last: true}, m, limits)
	if err != nil {
		return nil, err
	}
	defer b.free()
	b.pred.(*matcher).chains = nil
	b.most = math.MaxInt64
	if err := b.run(nil); err != nil {
		return nil, err
	}
	b.out.align(0)
	return b.out.buf, nil
}

// SurveyIn is Survey with parts of another size. ParseRecipe refuses them if they are
// small.
func SurveyIn(r io.Reader, content io.Writer, limits Limits, size int64) (*Stream, error) {
	return survey(r, content, limits, size)
}

// RandomStream gives a stream that no encoder made.
func RandomStream(blocks int) []byte {
	m := maker{Rand: rand.New(rand.NewPCG(7, 8))}
	return m.stream(blocks)
}
