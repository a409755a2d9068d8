package scanners

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// tiny are parameters with which a few KiB show all there is to see.
var tiny = Params{Min: 64, Target: 256, Max: 1024, RunMin: 512}

func paramsGen() *rapid.Generator[Params] {
	return rapid.Custom(func(t *rapid.T) Params {
		target := 1 << rapid.IntRange(6, 10).Draw(t, "log target")
		return Params{
			Min:    rapid.IntRange(64, target).Draw(t, "min"),
			Target: target,
			Max:    rapid.IntRange(target, 4*target).Draw(t, "max"),
			RunMin: rapid.IntRange(512, 1200).Draw(t, "run min"),
		}
	})
}

// contentGen draws content of random, repetitive and uniform parts.
func contentGen() *rapid.Generator[[]byte] {
	part := rapid.Custom(func(t *rapid.T) []byte {
		n := rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(400, 5000)).Draw(t, "length")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return bytes.Repeat([]byte{rapid.SampledFrom([]byte{0, 0, 1, 255}).Draw(t, "octet")}, n)
		case 1:
			return bytes.Repeat([]byte("abcdefg\n"), n/8)
		default:
			return noise(rapid.Uint64().Draw(t, "seed"), n)
		}
	})
	return rapid.Custom(func(t *rapid.T) []byte {
		return bytes.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), nil)
	})
}

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	rand.NewChaCha8(key).Read(b)
	return b
}

// checkSpans reports whether the spans are whole, within their bounds, and what
// they say they are.
func checkSpans(t interface {
	Helper()
	Fatalf(string, ...any)
}, p Params, data []byte, spans []Span) {
	t.Helper()
	var at int64
	for i, s := range spans {
		if s.Offset != at || s.Length < 1 || s.Offset+s.Length > int64(len(data)) {
			t.Fatalf("span %d is %+v, want it to begin at %d of %d", i, s, at, len(data))
		}
		at += s.Length
		if s.Run {
			if s.Length < int64(p.RunMin) {
				t.Fatalf("span %d: run of %d octets", i, s.Length)
			}
			if leading(data[s.Offset:], s.Octet) != int(s.Length) {
				t.Fatalf("span %d: %+v is not a longest run", i, s)
			}
			continue
		}
		if s.Length > int64(p.Max) {
			t.Fatalf("span %d: chunk of %d octets", i, s.Length)
		}
		last := i == len(spans)-1 || spans[i+1].Run
		if s.Length < int64(p.Min) && !last {
			t.Fatalf("span %d: chunk of %d octets before another", i, s.Length)
		}
	}
	if at != int64(len(data)) {
		t.Fatalf("spans cover %d octets of %d", at, len(data))
	}
}

func TestSplitIsTheRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, data := paramsGen().Draw(t, "params"), contentGen().Draw(t, "content")
		spans := slices.Collect(Split(p, nil, data))
		checkSpans(t, p, data, spans)
		if want := reference(p, data); !slices.Equal(spans, want) {
			t.Fatalf("Split yields\n%v, the rule says\n%v", spans, want)
		}
	})
}

// TestInsertionResynchronises inserts a few octets near the front of large
// content: all but a few of its chunks must stay what they were.
func TestInsertionResynchronises(t *testing.T) {
	data := noise(4, 6<<20)
	known := map[string]bool{}
	for s := range Split(DefaultParams, nil, data) {
		known[string(data[s.Offset:s.Offset+s.Length])] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, 200000).Draw(t, "at")
		n := rapid.IntRange(1, 1000).Draw(t, "length")
		changed := slices.Concat(data[:at], noise(5, n), data[at:])
		fresh := 0
		for s := range Split(DefaultParams, nil, changed) {
			if !known[string(changed[s.Offset:s.Offset+s.Length])] {
				fresh++
			}
		}
		if fresh > 12 {
			t.Fatalf("%d octets inserted at %d: %d new chunks, of %d", n, at, fresh, len(known))
		}
	})
}

func TestAverageLength(t *testing.T) {
	data := noise(6, 32<<20)
	n := len(slices.Collect(Split(DefaultParams, nil, data)))
	if mean := len(data) / n; mean < 66<<10 || mean > 80<<10 {
		t.Errorf("chunks have %d octets on average", mean)
	}
}

func TestSplitDoesNotAllocate(t *testing.T) {
	data := slices.Concat(noise(7, 1<<20), make([]byte, 100000))
	var total int64
	if n := testing.AllocsPerRun(5, func() {
		for s := range Split(DefaultParams, nil, data) {
			total += s.Length
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSplitStops(t *testing.T) {
	for s := range Split(tiny, nil, noise(8, 10000)) {
		if s.Offset > 0 {
			t.Fatal("went on")
		}
		break
	}
}
