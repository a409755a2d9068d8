package codec

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// large returns one frame of each codec that a Partial decodes as a stream.
func large(tb testing.TB) []frame {
	tb.Helper()
	text := source(tb, 1<<20)
	var out []frame
	for _, c := range []struct {
		raw  []byte
		long bool
	}{
		{noise(1, 1<<20), true},
		{text, false},
		{bytes.Join([][]byte{text[:600<<10], text[100<<10 : 500<<10], bytes.Repeat([]byte("-"), 5000), text[300<<10:]}, nil), true},
		{bytes.Join([][]byte{noise(1, 600<<10), noise(1, 600<<10), {1, 2}}, nil), true}, // literals stored
	} {
		id, stored := mustEncoder(tb, Params{Level: 3, Long: c.long}).Encode(nil, c.raw)
		out = append(out, frame{id, stored, c.raw})
	}
	return out
}

func TestPartial(t *testing.T) {
	for _, f := range large(t) {
		rapid.Check(t, func(t *rapid.T) {
			p, err := NewPartial(f.id, f.stored, len(f.raw))
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			most := rapid.SampledFrom([]int{1, 1000, len(f.raw) / 3, len(f.raw)}).Draw(t, "most")
			var handed [][]byte
			for range rapid.IntRange(1, 8).Draw(t, "fills") {
				n := rapid.IntRange(0, most).Draw(t, "n")
				got, err := p.Fill(n)
				if err != nil {
					t.Fatal(err)
				}
				if len(got) < n {
					t.Fatalf("%d bytes instead of %d", len(got), n)
				}
				handed = append(handed, got)
			}
			for _, got := range handed {
				if !bytes.Equal(got, f.raw[:len(got)]) {
					t.Fatal("differs")
				}
			}
		})
	}
}

// Asked for little, a Partial decodes little.
func TestPartialLazy(t *testing.T) {
	for _, f := range large(t) {
		p, err := NewPartial(f.id, f.stored, len(f.raw))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Fill(10)
		if err != nil || len(got) > len(f.raw)/2 {
			t.Errorf("%v: %d bytes, error %v", f.id, len(got), err)
		}
		p.Close()
		p.Close()
		if again, err := p.Fill(10); err != nil || !bytes.Equal(got, again) {
			t.Errorf("%v: what was decoded is gone: %v", f.id, err)
		}
		if _, err := p.Fill(len(f.raw)); err == nil || errors.Is(err, ErrCorrupt) {
			t.Errorf("%v: filled after Close, error %v", f.id, err)
		}
	}
}

func TestPartialRange(t *testing.T) {
	p, err := NewPartial(Stored, []byte("abc"), 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 4} {
		if _, err := p.Fill(n); err == nil || errors.Is(err, ErrCorrupt) {
			t.Errorf("Fill(%d): error %v", n, err)
		}
	}
	if got, err := p.Fill(2); err != nil || !bytes.HasPrefix(got, []byte("ab")) {
		t.Errorf("%q, error %v", got, err)
	}
}

// Damage in a large frame: an error, once seen, stays; what came before it is
// there, too.
func TestPartialDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, f := range large(t) {
		for range 60 {
			damaged := bytes.Clone(f.stored)
			damaged[r.IntN(len(damaged))] ^= 1 << r.IntN(8)
			compare(t, f.id, damaged, len(f.raw))
		}
		p, err := NewPartial(f.id, f.stored[:len(f.stored)-1], len(f.raw))
		if err != nil {
			continue
		}
		got, first := p.Fill(len(f.raw))
		_, second := p.Fill(len(f.raw))
		if !errors.Is(first, ErrCorrupt) || first != second {
			t.Errorf("%v: errors %v, %v", f.id, first, second)
		}
		if again, err := p.Fill(len(got)); len(got) > 0 && err != nil || len(again) != len(got) {
			t.Errorf("%v: the %d bytes before the damage are gone: %v", f.id, len(got), err)
		}
	}
}

// TestPartialBeforeDamage: damage near the end of a frame leaves the rest of it
// to be read, however much is asked for first.
func TestPartialBeforeDamage(t *testing.T) {
	failures := 0
	for _, f := range large(t) {
		for at := len(f.stored) - 4000; at < len(f.stored); at += 100 {
			damaged := bytes.Clone(f.stored)
			clear(damaged[at : at+20])
			p, err := NewPartial(f.id, damaged, len(f.raw))
			if err != nil {
				continue
			}
			got, err := p.Fill(len(f.raw))
			if err == nil {
				continue
			}
			failures++
			if len(got) < len(f.raw)/4 || !bytes.HasPrefix(got, f.raw[:len(f.raw)/4]) {
				t.Errorf("%v damaged at %d of %d: %d bytes of %d are given", f.id, at, len(f.stored), len(got), len(f.raw))
			}
		}
	}
	if failures < 20 {
		t.Errorf("only %d frames are damaged", failures)
	}
}
