package deflate_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	kflate "github.com/klauspost/compress/flate"

	"github.com/vtdarchive/vtd/deflate"
)

// numbers, text and noise make the same as in testdata/make.py.
func numbers(seed uint64) func() int {
	return func() int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed >> 33)
	}
}

func text(size int, seed uint64) []byte {
	r := numbers(seed)
	var words [2000][]byte
	for i := range words {
		for range 2 + r()%8 {
			words[i] = append(words[i], byte(97+r()%26))
		}
	}
	var out []byte
	for len(out) < size {
		k := r() % 2000
		k = k * (r() % 2000) / 2000
		out = append(out, words[k]...)
		if r()%9 == 0 {
			out = append(out, '\n')
		} else {
			out = append(out, ' ')
		}
	}
	return out[:size]
}

func noise(size int, seed uint64) []byte {
	r := numbers(seed)
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(r())
	}
	return out
}

func contents() map[string][]byte {
	var runs []byte
	r := numbers(8)
	for range 500 {
		c := r()
		runs = append(runs, bytes.Repeat([]byte{byte(c)}, c%700)...)
	}
	return map[string][]byte{
		"empty":  {},
		"short":  text(200, 1),
		"page":   text(5000, 2),
		"text":   text(150000, 3),
		"window": text(65500, 4),
		"binary": bytes.Join([][]byte{noise(70000, 5), text(40000, 6), make([]byte, 50000),
			bytes.Repeat(noise(3000, 7), 9), text(40000, 6)}, nil),
		"runs": runs,
	}
}

// TestEncoders rebuilds, from nothing but content and model, what real encoders
// made.
func TestEncoders(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/streams.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := contents()
	all["long"] = long()
	lines, wrong := 0, map[string]int{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		var name, params, sum string
		var size int
		if _, err := fmt.Sscan(s.Text(), &name, &params, &size, &sum); err != nil {
			t.Fatal(s.Text(), err)
		}
		lines++
		if testing.Short() && lines%10 != 0 && name != "long" {
			continue
		}
		var m deflate.Model
		raw, _ := hex.DecodeString(params)
		if err := m.UnmarshalBinary(raw); err != nil {
			t.Fatal(s.Text(), err)
		}
		out, err := rebuilt(single(m, all[name], size, nil), all[name], deflate.Limits{})
		if err != nil {
			t.Errorf("%s %s: %v", name, m, err)
			continue
		}
		if h := sha256.Sum256(out); hex.EncodeToString(h[:]) != sum {
			t.Errorf("%s %s: not the stream of the encoder, %d octets instead of %d", name, m, len(out), size)
			wrong[m.String()]++
		}
	}
	if lines < 1000 {
		t.Errorf("only %d streams", lines)
	}
	t.Logf("%d streams", lines)
}

// goStream is what compress/flate makes, written in pieces, flushed or not.
func goStream(t testing.TB, content []byte, level, piece int, flush bool) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for rest := content; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		w.Write(rest[:min(piece, len(rest))])
		if flush {
			w.Flush()
		}
	}
	w.Close()
	return b.Bytes()
}

// goHuffman is the model of Go's Huffman-only mode.
var goHuffman = deflate.Model{Family: deflate.Go, Version: deflate.ModelVersion, Level: 1, Window: 15, Strategy: deflate.HuffmanOnly}

func TestGo(t *testing.T) {
	t.Parallel()
	for name, content := range contents() {
		for level := -2; level <= 9; level++ {
			m := deflate.GoModel(level)
			switch level {
			case flate.HuffmanOnly:
				m = goHuffman
			case flate.DefaultCompression:
				m = deflate.GoModel(6)
			case flate.NoCompression:
				continue
			}
			for _, piece := range []int{1 << 30, 10001, 333} {
				r := roundTrip(t, goStream(t, content, level, piece, false), m)
				if n := correctionsOf(r); n > 0 {
					t.Errorf("%s, level %d in pieces of %d: corrections of %d octets", name, level, piece, n)
				}
			}
		}
	}
}

// klauspostStream is what klauspost/compress makes, written in pieces and flushed.
func klauspostStream(t testing.TB, content []byte, level, piece int) []byte {
	var b bytes.Buffer
	w, err := kflate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for rest := content; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		w.Write(rest[:min(piece, len(rest))])
		w.Flush()
	}
	w.Close()
	return b.Bytes()
}

// TestKlauspost has streams of flushed pieces, of which only the places have to be
// corrected.
func TestKlauspost(t *testing.T) {
	t.Parallel()
	for name, content := range contents() {
		for level := -2; level <= 9; level++ {
			m := deflate.KlauspostModel(level)
			switch level {
			case -2:
				m = klauspostHuffman
			case -1, 0:
				continue
			}
			for _, piece := range []int{70001, 10001, 400} {
				stream := klauspostStream(t, content, level, piece)
				r := roundTrip(t, stream, m)
				flushes := (len(content) + piece - 1) / piece
				if n := correctionsOf(r); n > 3+3*flushes {
					t.Errorf("%s, level %d in pieces of %d: corrections of %d octets for %d flushes", name, level, piece, n, flushes)
				}
			}
		}
	}
}

// TestAnyModel predicts streams by models that did not make them.
func TestAnyModel(t *testing.T) {
	t.Parallel()
	models := []deflate.Model{deflate.ZlibModel(1), deflate.ZlibModel(6), deflate.GzipModel(6), deflate.ChromiumModel(4), deflate.GoModel(2), deflate.GoModel(9), deflate.PigzModel(3), deflate.KlauspostModel(5)}
	for _, m := range models[:4] {
		m.Strategy, m.Window, m.Memory = deflate.RLE, 9, 1
		if m.Family == deflate.Gzip {
			m.Strategy, m.Window, m.Memory = deflate.Rsyncable, 15, 9
		}
		models = append(models, m)
	}
	for _, content := range contents() {
		for level := -2; level <= 9; level++ {
			if level > 1 && level != 6 {
				continue
			}
			for _, flush := range []bool{false, true} {
				stream := goStream(t, content, level, 10001, flush)
				for _, m := range models {
					roundTrip(t, stream, m)
				}
			}
		}
	}
}

// TestFlush has nothing to correct but the places.
func TestFlush(t *testing.T) {
	content := text(100000, 9)
	for level := 1; level <= 9; level++ {
		r := roundTrip(t, goStream(t, content, level, 1000, true), deflate.GoModel(level))
		if n, want := correctionsOf(r), 2+2*100; n != want {
			t.Errorf("level %d: corrections of %d octets, not %d", level, n, want)
		}
	}
	for piece, want := range map[int]int{10: 3 + 1000, 16: 3 + 625, 17: 3 + 589, 120: 3 + 834, 300: 2 + 2*334, 40000: 2 + 3*3, 66000: 2 + 2*3} {
		content := content
		if piece < 100 { // or there would be too many blocks
			content = content[:10000]
		}
		r := roundTrip(t, goStream(t, content, flate.BestSpeed, piece, true), deflate.GoModel(1))
		if n := correctionsOf(r); n != want {
			t.Errorf("level 1 in pieces of %d: corrections of %d octets, not %d", piece, n, want)
		}
	}
}

func TestFind(t *testing.T) {
	all := contents()
	for _, c := range []struct {
		content string
		m       deflate.Model
	}{
		{"text", deflate.ZlibModel(9)}, {"text", deflate.GzipModel(6)}, {"page", deflate.GoModel(5)},
		{"text", deflate.PigzModel(2)}, {"text", deflate.KlauspostModel(5)}, {"binary", deflate.KlauspostModel(9)}, {"page", deflate.KlauspostModel(1)},
		{"text", deflate.ChromiumModel(7)}, {"empty", deflate.ZlibModel(6)},
		{"binary", deflate.Model{Family: deflate.Zlib, Version: 1, Level: 3, Window: 13, Memory: 9}},
		{"text", deflate.Model{Family: deflate.Zlib, Version: 1, Level: 6, Window: 15, Memory: 8, Strategy: deflate.Filtered}},
		{"text", deflate.Model{Family: deflate.Zlib, Version: 1, Level: 6, Window: 15, Memory: 8, Strategy: deflate.HuffmanOnly}},
		{"runs", deflate.Model{Family: deflate.Zlib, Version: 1, Level: 6, Window: 15, Memory: 8, Strategy: deflate.RLE}},
		{"text", deflate.Model{Family: deflate.Gzip, Version: 1, Level: 9, Window: 15, Memory: 9, Strategy: deflate.Rsyncable}},
	} {
		stream, err := deflate.Encode(all[c.content], c.m, deflate.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := found(stream)
		if err != nil || correctionsOf(r) > 0 {
			t.Errorf("%s by %s: found %+v, %v", c.content, c.m, r, err)
		}
	}
	stream := goStream(t, all["text"], -2, 1<<30, false)
	if r, err := found(stream); err == nil && correctionsOf(r) > len(stream)/3 {
		t.Errorf("%s with corrections of %d octets for a stream of %d", r.Model, correctionsOf(r), len(stream))
	}
}

// found looks for the model of a stream, and predicts it.
func found(stream []byte) (*deflate.Recipe, error) {
	s, content, err := surveyed(stream, deflate.Limits{})
	if err != nil {
		return nil, err
	}
	m, err := deflate.Find(bytes.NewReader(stream), bytes.NewReader(content), s, deflate.Hints{}, deflate.Limits{})
	if err != nil {
		return nil, err
	}
	return predicted(stream, content, s, m, deflate.Limits{})
}
