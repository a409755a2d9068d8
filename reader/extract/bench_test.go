package extract

import (
	"fmt"
	"os"
	"testing"

	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// source is a tree of small files like those of a program, in text that
// compresses about as such do.
func source(files int) *testkit.Node {
	words := testkit.Noise(1, 1<<16)
	root := testkit.Dir("")
	for i := 0; i < files; {
		d := testkit.Dir(fmt.Sprintf("dir%05d", i))
		for k := 0; k < 14 && i < files; k++ {
			size := 500 + (i*7919)%11_500
			b := make([]byte, 0, size+64)
			for n := uint(i) * 131; len(b) < size; n = n*1664525 + 1013904223 {
				at := n >> 8 % (1 << 15)
				b = append(b, words[at:at+12+n>>4%20]...)
				b = append(b, " = 0;\n"...)
			}
			d.Children = append(d.Children, testkit.File(fmt.Sprintf("file%06d.c", i), string(b[:size])))
			i++
		}
		root.Children = append(root.Children, d)
	}
	return root
}

// BenchmarkSmallFiles restores 16,000 files of 6 KB into memory.
func BenchmarkSmallFiles(b *testing.B) {
	a := testkit.One(source(16_000))
	a.Options = testkit.Options{Codec: codec.Zstd, BlocksPerFrame: 2000, Chunk: 1 << 16, Level: 3}
	archive := testkit.MustBuild(b, a)
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			var bytes int64
			for b.Loop() {
				b.StopTimer()
				dir, err := os.MkdirTemp("/dev/shm", "extract")
				must(b, err)
				b.StartTimer()
				bytes = p.restore(b, archive, dir, Defaults()).Bytes
				b.StopTimer()
				must(b, os.RemoveAll(dir))
				b.StartTimer()
			}
			b.SetBytes(bytes)
			b.ReportMetric(16_000*float64(b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
}

// BenchmarkLargeFile restores one file of 64 MB into memory.
func BenchmarkLargeFile(b *testing.B) {
	a := testkit.One(testkit.Dir("", testkit.File("large", string(testkit.Noise(1, 64<<20)))))
	a.Options = testkit.Options{BlocksPerFrame: 256, Chunk: 1 << 16}
	archive := testkit.MustBuild(b, a)
	for _, p := range paths {
		b.Run(p.name, func(b *testing.B) {
			b.SetBytes(64 << 20)
			for b.Loop() {
				dir, err := os.MkdirTemp("/dev/shm", "extract")
				must(b, err)
				p.restore(b, archive, dir, Defaults())
				must(b, os.RemoveAll(dir))
			}
		})
	}
}
