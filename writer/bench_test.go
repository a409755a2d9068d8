package writer

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/scanners"
)

// benchTree is VTD_BENCH_DIR, or a tree of versions of files.
func benchTree(b *testing.B) string {
	if dir := os.Getenv("VTD_BENCH_DIR"); dir != "" {
		return dir
	}
	contents := map[string]string{}
	for v := range 4 {
		for i := range 800 {
			contents[fmt.Sprintf("v%d/d%d/f%d", v, i%40, i)] = fmt.Sprint("version ", v, "\n") + text(uint64(i), 2000+20*i)
		}
	}
	return files(b, contents)
}

func BenchmarkCreate(b *testing.B) {
	dir := benchTree(b)
	for _, preset := range []string{"fast", "default"} {
		b.Run(preset, func(b *testing.B) {
			p, err := Presets(preset)
			must(b, err)
			b.ReportAllocs()
			for b.Loop() {
				rep, err := Create(context.Background(), io.Discard, Options{Inputs: []Input{{Path: dir}}, Params: p})
				must(b, err)
				b.SetBytes(int64(rep.Bytes))
				b.ReportMetric(float64(rep.Stored), "stored-B")
				b.ReportMetric(float64(rep.MetaStored+rep.IndexBytes), "meta-B")
			}
		})
	}
}

// BenchmarkRead is phase 1 of Create: walk, read, chunk, hash, sketch.
func BenchmarkRead(b *testing.B) {
	o := Options{Inputs: []Input{{Path: benchTree(b)}}}
	must(b, o.setDefaults())
	b.ReportAllocs()
	for b.Loop() {
		table := newBlockTable(o.KeepBytes)
		s := &scan{o: &o, t: newTree(), table: table}
		must(b, s.run(context.Background(), false))
		size := int64(0)
		s.t.walk(func(_ uint32, n *node) { size += int64(n.size) })
		b.SetBytes(size)
		s.close()
		table.arena.free()
	}
}

func BenchmarkHashTree(b *testing.B) {
	o := Options{Inputs: []Input{{Path: benchTree(b)}}}
	b.ReportAllocs()
	for b.Loop() {
		rep, err := HashTree(context.Background(), o)
		must(b, err)
		b.SetBytes(int64(rep.Bytes))
	}
}

// BenchmarkOrder puts a million blocks of as many files in order.
func BenchmarkOrder(b *testing.B) {
	const n = 1 << 20
	table := newBlockTable(0)
	t := flatTree(manyNames(n))
	for i := range uint32(n) {
		var h format.Hash
		copy(h[:], testkit.Noise(uint64(i), 8))
		id, _, _ := table.add(h, 1000, i, 0)
		var sk scanners.Sketch
		for k := range sk {
			sk[k] = (i%5000*16 + i/5000%7*uint32(k)) * 0x9E3779B1
		}
		table.setSketch(id, sk, true)
		c := t.node(i + 1)
		c.how, c.content = contentBlock, id
	}
	b.ReportAllocs()
	for b.Loop() {
		ids := orderBlocks(t, table, format.OrderFamilies)
		for _, id := range ids {
			table.at(id).num = 0
		}
	}
}

// BenchmarkDirectories builds and writes the nodes of a directory of 100,000
// entries, and of 10,000 directories of ten.
func BenchmarkDirectories(b *testing.B) {
	run := func(b *testing.B, t *tree) {
		table := newBlockTable(0)
		b.ReportAllocs()
		for b.Loop() {
			m := newMetaTree(t, table, format.HashBLAKE3)
			m.build()
			var buf []byte
			for _, id := range m.number(2) {
				buf = m.stored(buf[:0], id)
			}
		}
	}
	b.Run("large", func(b *testing.B) { run(b, flatTree(manyNames(100_000))) })
	b.Run("small", func(b *testing.B) {
		t := flatTree(manyNames(10_000))
		for i := uint32(1); i <= 10_000; i++ {
			d := t.node(i)
			d.kind, d.first, d.count = format.KindDir, uint32(t.nodes.len()), 10
			for k := range 10 {
				t.nodes.add(node{name: fmt.Sprintf("file-%d-%d", i, k), parent: i, kind: format.KindFile, sec: int64(i)})
			}
		}
		run(b, t)
	})
}

func BenchmarkContentID(b *testing.B) {
	t := flatTree(manyNames(100_000))
	b.ReportAllocs()
	for b.Loop() {
		contentID(t, newBlockTable(0), format.HashBLAKE3)
	}
}
