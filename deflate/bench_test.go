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
