package deflate

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func TestCorrections(t *testing.T) {
	c := corrections{tail: 3, headers: []byte{0, asStatic}}
	c.flushes.list = []int{0, 0, 70000}
	c.ends.list = []int{5}
	c.skips.list = []int{100, 300}
	c.bare.list = []int{100000}
	c.tokenGap = 200
	c.addToken(match(258, 32768))
	c.addToken(match(258, 1) | longWay)
	c.addToken(literal('x'))
	b := c.encode(0)
	want := []byte{
		0x7f,
		3, 0, 0, 0xf0, 0xa2, 4, // flushes
		1, 5, // ends
		2, 100, 200, 1, // skips
		1, 0xa0, 0x8d, 6, // bare
		3,       // tail
		2, 0, 1, // headers
		200, 1, 0x80, 2, 0xff, 0xff, 1, // 258 at 32768
		0, 0x81, 2, 0, // 258 in the other way
		0, 0, // a literal
	}
	if !bytes.Equal(b, want) {
		t.Errorf("encoded as %x, not %x", b, want)
	}
	var back corrections
	if err := back.decode(b, 0, 100000); err != nil {
		t.Fatal(err)
	}
	for i, p := range [][2]positions{{c.flushes, back.flushes}, {c.ends, back.ends}, {c.skips, back.skips}, {c.bare, back.bare}} {
		if !slices.Equal(p[0].list, p[1].list) {
			t.Errorf("positions %d: %v", i, p)
		}
	}
	if back.tail != 3 || !bytes.Equal(back.headers, c.headers) || !bytes.Equal(back.tokens, c.tokens) {
		t.Errorf("decoded as %+v", back)
	}
	if b := (&corrections{}).encode(0); len(b) != 0 {
		t.Errorf("nothing is encoded as %x", b)
	}
	for _, bad := range [][]byte{
		{0}, {0x80}, {1}, {1, 0}, {1, 9}, {1, 1, 0x80, 0}, {2, 1, 0xa1, 0x8d, 6}, {16, 0}, {16}, {32, 0}, {32, 2, 0}, {64}, {2, 1, 1, 1},
	} {
		if err := new(corrections).decode(bad, 0, 100000); !errors.Is(err, ErrCorrections) {
			t.Errorf("%x: %v", bad, err)
		}
	}
	// A position behind the content, tails that do not fit, records left over.
	for _, bad := range [][]byte{{2, 1, 3}, {16, 0xff}, {16, 1}, {64, 5, 0}, {32, 2, 9, 0}, {4, 1, 2}, {64, 0, 1, 7}, {64, 0, 0xff}} {
		r := &Recipe{Layout{4, 2, []Part{{}}}, ZlibModel(6), [][]byte{bad}}
		if _, err := RebuildPart(nil, []byte("ab"), r, 0, Limits{}); !errors.Is(err, ErrCorrections) && bad[0] != 16 {
			t.Errorf("rebuilt by %x: %v", bad, err)
		}
	}
}

// TestLengths holds the code for lengths and distances against RFC 1951.
func TestTables(t *testing.T) {
	for n := minMatch; n <= maxMatch; n++ {
		sym, extra, x := match(n, 1).lengthSymbol()
		if int(lenBase[sym-257])+int(extra) != n || extra >= 1<<x {
			t.Errorf("length %d is symbol %d with %d in %d bits", n, sym, extra, x)
		}
	}
	for d := 1; d <= 32768; d++ {
		s := distCode(d)
		if extra := d - int(distBase[s]); extra < 0 || extra >= 1<<distExtra[s] {
			t.Errorf("distance %d is symbol %d", d, s)
		}
	}
	if sym, _, _ := match(258, 1).lengthSymbol(); sym != 285 {
		t.Errorf("length 258 is symbol %d", sym)
	}
	if sym, extra, _ := (match(258, 1) | longWay).lengthSymbol(); sym != 284 || extra != 31 {
		t.Errorf("length 258 in the other way is symbol %d with %d", sym, extra)
	}
}

// TestTrees builds codes for frequencies that need limiting: they are complete.
func TestTrees(t *testing.T) {
	for n := 1; n <= numLit; n++ {
		freq := make([]uint32, n)
		a, b := uint32(1), uint32(1)
		for i := range freq {
			freq[i] = a
			if a, b = b, a+b; b > 1<<24 {
				a, b = 1, 1
			}
		}
		for _, limit := range []uint8{7, 15} {
			if n > 1<<limit {
				continue
			}
			var z treeBuilder
			var g mergeBuilder
			zl, gl := make([]uint8, max(n, 2)), make([]uint8, n)
			z.build(append(freq, make([]uint32, max(n, 2)-n)...), limit, zl)
			g.build(freq, int(limit), gl)
			for i, lengths := range [][]uint8{zl, gl} {
				sum := 0
				for _, l := range lengths {
					if l > limit {
						t.Fatalf("%d symbols: length %d", n, l)
					} else if l > 0 {
						sum += 1 << (15 - l)
					}
				}
				if sum != 1<<15 && !(i == 1 && n == 1) {
					t.Errorf("builder %d: %d symbols, limit %d: the code is not complete", i, n, limit)
				}
			}
		}
	}
}
