package codec

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// source returns about n bytes of Go source files in path order.
func source(tb testing.TB, n int) []byte {
	tb.Helper()
	all := sourceOnce()
	if len(all) < n {
		tb.Skipf("%d bytes of Go source here, %d needed", len(all), n)
	}
	return all[:n:n]
}

const sourceMax = 16 << 20

var sourceOnce = sync.OnceValue(func() []byte {
	var all []byte
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil
	}
	src := filepath.Join(strings.TrimSpace(string(root)), "src")
	_ = filepath.WalkDir(src, func(path string, d os.DirEntry, err error) error {
		if err != nil || len(all) >= sourceMax {
			return filepath.SkipAll
		}
		if d.Type().IsRegular() && strings.HasSuffix(path, ".go") {
			if data, err := os.ReadFile(path); err == nil {
				all = append(all, data...)
			}
		}
		return nil
	})
	return all
})

// noise returns n random bytes.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	var key [32]byte
	key[0] = byte(seed)
	_, _ = rand.NewChaCha8(key).Read(b)
	return b
}

func mustEncoder(tb testing.TB, p Params) *Encoder {
	tb.Helper()
	e, err := NewEncoder(p)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// mixture draws bytes as they come in frames: runs, text, noise and repeats of
// what came before, near and far, overlapping or not.
func mixture(t *rapid.T) []byte {
	var out []byte
	words := []string{"func ", "return ", "err != nil {\n", "\t", "frame", "the quick brown fox ", "0123456789abcdef"}
	for range rapid.IntRange(0, 12).Draw(t, "parts") {
		n := rapid.IntRange(1, 20000).Draw(t, "length")
		seed := rapid.Uint64().Draw(t, "seed")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			out = append(out, bytes.Repeat([]byte{byte(seed)}, n)...)
		case 1:
			r := rand.New(rand.NewPCG(seed, 1))
			for range n / 8 {
				out = append(out, words[r.IntN(len(words))]...)
			}
		case 2:
			out = append(out, noise(seed, n)...)
		case 3:
			if len(out) > 0 {
				back := 1 + int(seed%uint64(len(out)))
				for range n {
					out = append(out, out[len(out)-back])
				}
			}
		}
	}
	return out
}

// frames returns one small frame of each codec.
func frames(tb testing.TB) map[ID]frame {
	tb.Helper()
	text := []byte(strings.Repeat("if err != nil {\n\treturn err\n}\n", 20))
	r := rand.New(rand.NewPCG(1, 2))
	var words []byte
	for range 2000 {
		words = append(words, text[r.IntN(len(text)-40):][:3+r.IntN(30)]...)
	}
	long := bytes.Join([][]byte{words[:9000], words[:4000], noise(3, 10), words[2000:9000], make([]byte, 3)}, nil)
	m := map[ID]frame{}
	for _, raw := range [][]byte{noise(4, 300), text, long} {
		id, stored := mustEncoder(tb, Params{Level: 3, Long: true}).Encode(nil, raw)
		m[id] = frame{id, stored, raw}
	}
	for _, id := range []ID{Stored, Zstd, LongZstd} {
		if _, ok := m[id]; !ok {
			tb.Fatalf("no sample frame of codec %v", id)
		}
	}
	return m
}

type frame struct {
	id     ID
	stored []byte
	raw    []byte
}

// fillAll decodes a frame through a Partial, n bytes at a time.
func fillAll(id ID, stored []byte, rawLen, step int) ([]byte, error) {
	p, err := NewPartial(id, stored, rawLen)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for n := 0; n < rawLen; n += step {
		if _, err := p.Fill(n); err != nil {
			return nil, err
		}
	}
	return p.Fill(rawLen)
}
