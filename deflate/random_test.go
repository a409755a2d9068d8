package deflate

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"testing"
)

// A maker makes streams that are valid and have whatever a stream can have.
type maker struct {
	*rand.Rand
	b       builder
	content []byte
}

// stream makes a stream of some blocks.
func (m *maker) stream(blocks int) []byte {
	m.b = builder{}
	m.b.most = 1 << 40
	m.content = m.content[:0]
	for i := range blocks {
		m.block(i == blocks-1)
	}
	m.b.out.align(byte(m.IntN(256)))
	return m.b.out.buf
}

func (m *maker) block(final bool) {
	b := &m.b
	first := uint32(0)
	if final {
		first = 1
	}
	kind := m.IntN(3)
	tokens := 0
	if m.IntN(3) > 0 {
		tokens = m.IntN(400)
	}
	b.out.put(first|uint32(kind)<<1, 3)
	if kind == typeStored {
		data := make([]byte, tokens)
		for i := range data {
			data[i] = byte(m.IntN(4))
		}
		pad := byte(0)
		if m.IntN(8) == 0 {
			pad = byte(m.IntN(256))
		}
		b.out.align(pad)
		b.out.put(uint32(len(data)), 16)
		b.out.put(uint32(^uint16(len(data))), 16)
		b.out.align(0)
		b.out.bytes(data)
		m.content = append(m.content, data...)
		return
	}
	b.block, b.counts = b.block[:0], counts{}
	for range tokens {
		t := m.token()
		b.block = append(b.block, t)
		b.counts.add(t)
	}
	if kind == typeStatic {
		b.setCodes(staticLit[:], staticDist[:])
		b.writeTokens(nil, 0)
		return
	}
	var h header
	if m.IntN(2) == 0 {
		new(treeBuilder).plan(&b.counts, &h)
	} else {
		new(mergeBuilder).plan(&b.counts, &h)
	}
	b.setCodes(h.lit[:h.nlit], h.dist[:h.ndist])
	h.write(&b.out)
	b.writeTokens(nil, 0)
}

// token makes a token at the end of the content, and adds what it stands for.
func (m *maker) token() token {
	if n := len(m.content); n > 0 && m.IntN(2) == 0 {
		length, dist := minMatch+m.IntN(12), 1+m.IntN(min(n, 32768))
		if m.IntN(20) == 0 {
			length = maxMatch - m.IntN(2)
		}
		for range length {
			m.content = append(m.content, m.content[len(m.content)-dist])
		}
		t := match(length, dist)
		if length == maxMatch && m.IntN(2) == 0 {
			t |= longWay
		}
		return t
	}
	m.content = append(m.content, byte(m.IntN(4)))
	return literal(m.content[len(m.content)-1])
}

func everyModel() []Model {
	var out []Model
	for level := 1; level <= 9; level += 2 {
		narrow := Model{Zlib, ModelVersion, uint8(level), 9, 1, Strategy(level % 5)}
		rsyncable := GzipModel(level)
		rsyncable.Strategy = Rsyncable
		out = append(out, ZlibModel(level), narrow, GzipModel(level), rsyncable, ChromiumModel(level), PigzModel(level), GoModel(level), GoModel(min(level+1, 8)), KlauspostModel(level))
	}
	for level := 2; level <= 8; level += 2 {
		old := KlauspostModel(level)
		old.Version = 1
		out = append(out, KlauspostModel(level), old)
	}
	for _, m := range []Model{ZlibModel(1), GzipModel(3), ChromiumModel(2), GoModel(2), {Zlib, 2, 3, 9, 1, Fixed}} {
		m.Version = 2
		out = append(out, m)
	}
	return out
}

// TestRandom predicts and rebuilds streams of random blocks in small parts, by any model.
func TestRandom(t *testing.T) {
	t.Parallel()
	m := maker{Rand: rand.New(rand.NewPCG(1, 2))}
	models := everyModel()
	for i := range 40 {
		stream := m.stream(1 + m.IntN(40))
		content := bytes.Clone(m.content)
		if want, err := io.ReadAll(flate.NewReader(bytes.NewReader(stream))); err != nil || !bytes.Equal(want, content) {
			t.Fatal("the test makes no valid streams: ", err)
		}
		for _, model := range []Model{models[i%len(models)], models[m.IntN(len(models))]} {
			inParts(t, stream, content, model, int64(100+m.IntN(6000)), Limits{})
		}
	}
}

// TestSmallParts does the same for what models make, of content longer than what
// parts see of it.
func TestSmallParts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	content := make([]byte, 0, 400_000)
	for len(content) < 390_000 {
		if n := len(content); n > 0 && r.IntN(3) > 0 {
			at := r.IntN(min(n, 40_000)) + n - min(n, 40_000)
			content = append(content, content[at:min(at+r.IntN(100), n)]...)
		}
		content = append(content, byte(r.IntN(64)))
	}
	for _, m := range everyModel() {
		stream, err := Encode(content, m, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		n := inParts(t, stream, content, m, 20_000, Limits{})
		worst := len(stream) / 20
		switch {
		case m.Level > 3 && m.Family != Klauspost || m.Level == 7 || m.Level == 8 || m.far():
			worst = 0
		case m == GoModel(1) || m == KlauspostModel(1):
			worst = len(stream) / 5 // what is not in its state costs more, in content like this
		}
		if n > worst {
			t.Errorf("%s: corrections of %d octets for a stream of %d", m, n, len(stream))
		}
	}
}

// inParts predicts and rebuilds a stream in parts of a size, and gives the length of
// the corrections.
func inParts(t *testing.T, stream, content []byte, m Model, size int64, limits Limits) (corrections int) {
	t.Helper()
	var got bytes.Buffer
	s, err := survey(bytes.NewReader(stream), &got, limits, size)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), content) {
		t.Fatal("other content")
	}
	r := &Recipe{Layout: s.Layout, Model: m, Corrections: make([][]byte, len(s.Parts))}
	var out []byte
	for i := range s.Parts {
		corr, err := PredictPart(bytes.NewReader(stream), bytes.NewReader(content), s, i, m, limits)
		if err == nil {
			r.Corrections[i] = corr
			from, to := r.Window(i)
			out, err = RebuildPart(out, content[from:to], r, i, limits)
		}
		if err != nil {
			t.Fatalf("%s, part %d of %d: %v", m, i, len(s.Parts), err)
		}
		corrections += len(corr)
	}
	if !bytes.Equal(out, stream[:s.Size]) {
		t.Fatalf("%s: another stream from %d parts", m, len(s.Parts))
	}
	return corrections
}

// TestUsedTables rebuilds with tables that hold what others left in them.
func TestUsedTables(t *testing.T) {
	content := make([]byte, 60_000)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range content {
		content[i] = byte(r.IntN(3)) + byte(i>>12)
	}
	for _, m := range everyModel() {
		want, err := Encode(content, m, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		// The next to take tables gets these, mostly.
		zlib, golang, fast := matcherTables.Get().(*hashTables), goFlateTables.Get().(*goTables), goFastTables.Get().(*goFastTable)
		kp, chains := kpPool.Get().(*kpTables), kpChainsPool.Get().(*kpChains)
		for i := range kp.short {
			kp.short[i] = int32(r.IntN(2 * len(content)))
		}
		for i := range kp.long {
			kp.long[i] = kpPair{int32(r.IntN(2 * len(content))), int32(r.IntN(2 * len(content)))}
		}
		for _, table := range [][]uint32{zlib.head[:], golang.head[:], fast[:], chains.head[:]} {
			for i := range table {
				table[i] = uint32(r.IntN(len(content)))
			}
		}
		for _, table := range [][]uint16{zlib.prev[:], golang.prev[:], chains.prev[:]} {
			for i := range table {
				table[i] = uint16(r.IntN(1 << 16))
			}
		}
		matcherTables.Put(zlib)
		goFlateTables.Put(golang)
		goFastTables.Put(fast)
		kpPool.Put(kp)
		kpChainsPool.Put(chains)
		if got, err := Encode(content, m, Limits{}); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: another stream, %v", m, err)
		}
	}
}
