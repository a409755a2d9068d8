package deflate_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
)

func benchContent() []byte { return append(text(1<<20, 1), text(1<<20, 2)...) }

func BenchmarkSurvey(b *testing.B) {
	stream := goStream(b, benchContent(), 6, 1<<30, false)
	b.SetBytes(2 << 20)
	for b.Loop() {
		if _, err := deflate.Survey(bytes.NewReader(stream), io.Discard, deflate.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchModels() []deflate.Model {
	return []deflate.Model{deflate.ZlibModel(1), deflate.ZlibModel(6), deflate.ZlibModel(9), deflate.GzipModel(6), deflate.ChromiumModel(6), deflate.GoModel(6)}
}

func BenchmarkParts(b *testing.B) {
	content := benchContent()
	for _, m := range benchModels() {
		stream, err := deflate.Encode(content, m, deflate.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		s, _, err := surveyed(stream, deflate.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		r, err := predicted(stream, content, s, m, deflate.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		b.Run("predict/"+m.String(), func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, err := predicted(stream, content, s, m, deflate.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("rebuild/"+m.String(), func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, err := rebuilt(r, content, deflate.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFind looks for models of an entry as zip files have it, of something that
// has none, and of a long stream.
func BenchmarkFind(b *testing.B) {
	page := text(5000, 2)[:2000]
	encode := func(m deflate.Model, content []byte) []byte {
		stream, err := deflate.Encode(content, m, deflate.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		return stream
	}
	for _, c := range []struct {
		name   string
		stream []byte
	}{
		{"tiny zlib-6", encode(deflate.ZlibModel(6), page)},
		{"tiny zlib-9", encode(deflate.ZlibModel(9), page)},
		{"tiny go-9", encode(deflate.GoModel(9), page)},
		{"tiny none", deflate.RandomStream(4)},
		{"page none", deflate.RandomStream(200)},
		{"long zlib-9", encode(deflate.ZlibModel(9), long())},
		{"long gzip-1", encode(deflate.GzipModel(1), long())},
		{"long none", deflate.RandomStream(5000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			s, content, err := surveyed(c.stream, deflate.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				deflate.Find(bytes.NewReader(c.stream), bytes.NewReader(content), s, deflate.Hints{}, deflate.Limits{})
			}
		})
	}
}
