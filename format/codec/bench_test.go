package codec

import (
	"bytes"
	"fmt"
	"testing"
)

// versions returns Go source in which most of each stretch of 256 KiB comes
// again with small changes, as versions of the same files lie side by side.
func versions(tb testing.TB) []byte {
	text := source(tb, 4<<20)
	var out []byte
	for at := 0; at < len(text); at += 256 << 10 {
		v := bytes.Clone(text[at : at+256<<10])
		for n := range 4 {
			out = append(out, v...)
			for i := n * 1000; i < len(v); i += 5000 {
				v[i]++
			}
		}
	}
	return out
}

func inputs(b *testing.B) map[string][]byte {
	return map[string][]byte{
		"source":   source(b, sourceMax),
		"versions": versions(b),
		"noise":    noise(1, 16<<20),
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, raw := range inputs(b) {
		for _, level := range []int{1, 3, 7, 12} {
			for _, long := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/level=%d/long=%v", name, level, long), func(b *testing.B) {
					e := mustEncoder(b, Params{Level: level, Long: long})
					_, dst := e.Encode(nil, raw)
					b.SetBytes(int64(len(raw)))
					b.ReportAllocs()
					b.ReportMetric(float64(len(dst)), "stored-bytes")
					for b.Loop() {
						_, dst = e.Encode(dst[:0], raw)
					}
				})
			}
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for name, raw := range inputs(b) {
		b.Run(name, func(b *testing.B) {
			var f finder
			f.find(raw)
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				f.find(raw)
			}
		})
	}
}

func BenchmarkCompressible(b *testing.B) {
	raw := noise(1, 16<<20)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if compressible(raw) {
			b.Fatal("noise counts as compressible")
		}
	}
}

// encoded runs a benchmark on stored frames.
func encoded(b *testing.B, run func(b *testing.B, id ID, stored []byte, rawLen int)) {
	for name, raw := range inputs(b) {
		for _, long := range []bool{false, true} {
			id, stored := mustEncoder(b, Params{Level: 7, Long: long}).Encode(nil, raw)
			b.Run(fmt.Sprintf("%s/%v", name, id), func(b *testing.B) { run(b, id, stored, len(raw)) })
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	encoded(b, func(b *testing.B, id ID, stored []byte, rawLen int) {
		dst := make([]byte, rawLen)
		b.SetBytes(int64(rawLen))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(dst, id, stored, rawLen); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPartial decodes the first tenth; MB/s are of that tenth.
func BenchmarkPartial(b *testing.B) {
	encoded(b, func(b *testing.B, id ID, stored []byte, rawLen int) {
		b.SetBytes(int64(rawLen / 10))
		b.ReportAllocs()
		for b.Loop() {
			p, err := NewPartial(id, stored, rawLen)
			if err == nil {
				_, err = p.Fill(rawLen / 10)
				p.Close()
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
