package parity

import (
	"bytes"
	"context"
	"testing"
)

// discard takes what is written.
type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

const benchBytes = 64 << 20

func benchArchive(b *testing.B) []byte { return archive(b, benchBytes, 1) }

// BenchmarkWrite makes parity of bytes in memory, with two workers.
func BenchmarkWrite(b *testing.B) {
	data := benchArchive(b)
	for _, share := range []Share{100, 500, 1000, 3000} {
		b.Run(share.String(), func(b *testing.B) {
			s, err := New(bytes.NewReader(data), 0, int64(len(data)), share)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Write(context.Background(), bytes.NewReader(data), discard{}, s, Options{Workers: 2}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLook looks at a file that is whole; BenchmarkRepair at one that has
// lost all that it may, and makes the copy.
func BenchmarkLook(b *testing.B) {
	data, _ := protect(b, benchArchive(b), 0, 500)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		y, err := Look(context.Background(), bytes.NewReader(data), int64(len(data)), Options{Workers: 2})
		if err != nil || !y.Report().Whole() {
			b.Fatal(err)
		}
	}
}

func BenchmarkRepair(b *testing.B) {
	data, s := protect(b, benchArchive(b), 0, 500)
	damaged := losses[0].do(data, len(data)/3, int(s.Reach()))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		y, err := Look(context.Background(), bytes.NewReader(damaged), int64(len(damaged)), Options{Workers: 2})
		if err != nil {
			b.Fatal(err)
		}
		m := &memory{make([]byte, len(data))}
		if err := y.Copy(context.Background(), m, Options{Workers: 2}); err != nil || !bytes.Equal(m.b, data) {
			b.Fatal(err)
		}
	}
}
