package deflate_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
)

func benchContent() []byte { return append(text(1<<20, 1), text(1<<20, 2)...) }

func BenchmarkInflate(b *testing.B) {
	stream := goStream(b, benchContent(), 6, 1<<30, false)
	b.SetBytes(2 << 20)
	for b.Loop() {
		if _, err := deflate.InflateBytes(stream, deflate.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchModels() []deflate.Model {
	return []deflate.Model{deflate.ZlibModel(1), deflate.ZlibModel(6), deflate.ZlibModel(9), deflate.GzipModel(6), deflate.ChromiumModel(6), deflate.GoModel(6)}
}

func BenchmarkRebuild(b *testing.B) {
	content := benchContent()
	for _, m := range benchModels() {
		b.Run(m.String(), func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if err := deflate.Rebuild(io.Discard, content, m, nil, deflate.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPredict(b *testing.B) {
	content := benchContent()
	for _, m := range benchModels() {
		b.Run(m.String(), func(b *testing.B) {
			var out bytes.Buffer
			if err := deflate.Rebuild(&out, content, m, nil, deflate.Limits{}); err != nil {
				b.Fatal(err)
			}
			s, err := deflate.InflateBytes(out.Bytes(), deflate.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, err := deflate.Predict(bytes.NewReader(out.Bytes()), s, m, deflate.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
