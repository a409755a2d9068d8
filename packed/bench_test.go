package packed

import (
	"bytes"
	"strings"
	"testing"
)

// BenchmarkWalk measures what Walk does besides visits, each of which knows the
// length of its stream.
func BenchmarkWalk(b *testing.B) {
	content := prose(1, 20<<10)
	empty := []byte(plain + "\x03\x00" + strings.Repeat("\x00", gzipTrailer))
	small, large := object(6, 100, "\x81\x05", prose(2, 100)), object(3, 20<<10, "", content)
	for name, data := range map[string][]byte{
		"members":       bytes.Repeat(member(plain, content), 1000),
		"empty members": bytes.Repeat(empty, 100_000),
		"objects":       pack(1000, bytes.Repeat(large, 1000)),
		"small objects": pack(100_001, large, bytes.Repeat(small, 100_000)),
		"chunks":        chunked(zlibbed(prose(3, 20<<20)), 8<<10),
		"text":          prose(4, 1<<20),
	} {
		lengths := make(map[int64]int64)
		for _, s := range walk(b, "", data) {
			lengths[s.Offset] = s.length
		}
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				err := Walk(bytes.NewReader(data), int64(len(data)), "", nil, func(s *Stream) (int64, error) {
					n, ok := lengths[s.Offset]
					if !ok {
						return 0, ErrSkip
					}
					return n, nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
