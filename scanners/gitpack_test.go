package scanners

import (
	"bytes"
	"compress/zlib"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// gitObjectOf is an object of a pack, as Git writes it.
func gitObjectOf(kind byte, content []byte) []byte {
	size := len(content)
	head := []byte{kind<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		head[len(head)-1] |= 0x80
		head = append(head, byte(size&0x7f))
	}
	b := bytes.NewBuffer(head)
	z := zlib.NewWriter(b)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

// words is text of about n octets.
func words(seed uint64, n int) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for b.Len() < n {
		for range 1 + rng.IntN(9) {
			b.WriteByte(byte('a' + rng.IntN(26)))
		}
		b.WriteByte(' ')
	}
	return []byte(b.String())
}

func gitPack(objects ...[]byte) []byte {
	return slices.Concat(append([][]byte{[]byte("PACK\x00\x00\x00\x02\x00\x00\x00\x09")}, objects...)...)
}

func TestGitPackJoints(t *testing.T) {
	commit, tree := gitObjectOf(1, words(1, 200)), gitObjectOf(2, words(2, 900))
	blob, huge := gitObjectOf(3, words(3, 5000)), gitObjectOf(3, words(4, 400000))
	delta := append([]byte{0xf5, 0x7f}, noise(5, 3000)...)
	pack := gitPack(commit, blob, tree, huge, delta, blob)
	at := []int64{12 + int64(len(commit))}
	at = append(at, at[0]+int64(len(blob)+len(tree)))
	at = append(at, at[1]+int64(len(huge)+len(delta)))
	if got := jointsOf(t, gitPackScanner, pack); !slices.Equal(got, at) {
		// A header of four octets may be taken for its last three.
		at[1]++
		if !slices.Equal(got, at) {
			t.Errorf("%v, want %v", got, at)
		}
	}
	for _, b := range [][]byte{pack[:18], []byte("PACKAGE of what is no pack of Git"), append([]byte("PACK\x00\x00\x00\x04"), pack[8:]...)} {
		if sc := Choose(b, "", nil); sc == gitPackScanner {
			t.Errorf("%q is chosen", b[:12])
		}
	}
}

// Wherever in a window an object begins, its joint is the same.
func TestGitPackWindows(t *testing.T) {
	first, blob := gitObjectOf(1, words(1, 200)), gitObjectOf(3, words(3, 5000))
	for n := MaxPeek - 400; n < MaxPeek+20; n++ {
		pack := gitPack(first, make([]byte, n), blob, noise(9, 2*MaxPeek))
		at := int64(12 + len(first) + n)
		if got := jointsOf(t, gitPackScanner, pack); len(got) == 0 || got[0] != at {
			t.Fatalf("behind %d octets: %v, want %d", n, got, at)
		}
	}
}

// A new pack has new objects first, and the rest in much the same order.
func TestGitPackShares(t *testing.T) {
	var older, newer [][]byte
	for i := range 400 {
		o := gitObjectOf(3, words(uint64(i), 500+i*60))
		older = append(older, o)
		if i%10 == 3 {
			o = gitObjectOf(3, words(uint64(i+1000), 500+i*60))
		}
		newer = append(newer, o)
	}
	a, b := gitPack(older...), gitPack(append([][]byte{gitObjectOf(1, words(2000, 300))}, newer...)...)
	with, without := newBytes(t, gitPackScanner, a, b), newBytes(t, nil, a, b)
	if with > int64(len(b))/6 || with*4 > without {
		t.Errorf("%d new octets of %d, %d without the scanner", with, len(b), without)
	}
}
