package scanners

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write ../spec/chunks.json anew")

const goldenPath = "../spec/chunks.json"

// golden is the form of ../spec/chunks.json, which the specification cites.
type golden struct {
	Comment    []string     `json:"comment"`
	GearSHA256 string       `json:"gear_sha256"`
	Cases      []goldenCase `json:"cases"`
}

type goldenCase struct {
	Name    string       `json:"name"`
	Min     int          `json:"min"`
	Target  int          `json:"target"`
	Max     int          `json:"max"`
	RunMin  int          `json:"run_min"`
	Strict  string       `json:"strict"`
	Lenient string       `json:"lenient"`
	Input   []goldenPart `json:"input"`
	SHA256  string       `json:"sha256"`
	Spans   []goldenSpan `json:"spans"`
}

type goldenPart struct {
	Random string `json:"random,omitempty"`
	Repeat string `json:"repeat,omitempty"`
	Length int    `json:"length"`
}

type goldenSpan struct {
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Octet  *uint8 `json:"octet,omitempty"`
}

var goldenComment = []string{
	"Golden cut points for the chunker. All numbers are decimal and in octets, strict and lenient are hexadecimal.",
	"gear_sha256 is the SHA-256 of the 256 numbers of the table G, each as 8 octets little-endian, in order.",
	"The input of a case is the concatenation of its parts, and sha256 the SHA-256 of that.",
	"A part with random = S is the first length octets of SHA-256(S ‖ 0), SHA-256(S ‖ 1), SHA-256(S ‖ 2), … one after another; S is its ASCII octets, the counter 8 octets little-endian.",
	"A part with repeat = X is the first length octets of X X X …; X is in hexadecimal.",
	"A span with an octet is a run of it; a span without is a chunk.",
}

func (p goldenPart) bytes(t *testing.T) []byte {
	b := make([]byte, 0, p.Length+sha256.Size)
	if p.Repeat != "" {
		x, err := hex.DecodeString(p.Repeat)
		if err != nil {
			t.Fatal(err)
		}
		return append(b, bytes.Repeat(x, p.Length/len(x)+1)...)[:p.Length]
	}
	for k := uint64(0); len(b) < p.Length; k++ {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(p.Random), k))
		b = append(b, sum[:]...)
	}
	return b[:p.Length]
}

// goldenInputs are the cases without what is computed from them.
func goldenInputs() []goldenCase {
	small := Params{Min: 64, Target: 256, Max: 1024, RunMin: 512}
	odd := Params{Min: 777, Target: 4096, Max: 10007, RunMin: 1001}
	fixed := Params{Min: 1024, Target: 1024, Max: 1024, RunMin: 512}
	large := Params{Min: 256 << 10, Target: 1 << 20, Max: 4 << 20, RunMin: 64 << 10}
	random := func(seed string, n int) goldenPart { return goldenPart{Random: seed, Length: n} }
	repeat := func(x string, n int) goldenPart { return goldenPart{Repeat: x, Length: n} }
	entry := func(name string, p Params, parts ...goldenPart) goldenCase {
		return goldenCase{Name: name, Min: p.Min, Target: p.Target, Max: p.Max, RunMin: p.RunMin, Input: append([]goldenPart{}, parts...)}
	}
	return []goldenCase{
		entry("empty", DefaultParams),
		entry("one octet", DefaultParams, random("a", 1)),
		entry("as long as the minimum", DefaultParams, random("a", 16384)),
		entry("random, default parameters", DefaultParams, random("a", 2<<20)),
		entry("the same after an insertion", DefaultParams, repeat("2b", 1), random("a", 2<<20)),
		entry("no cut before the maximum", DefaultParams, repeat("0001020304050607", 600000)),
		entry("run one octet too short", DefaultParams, random("b", 20000), repeat("00", 8191), random("c", 20000)),
		entry("run just long enough", DefaultParams, random("b", 20000), repeat("00", 8192), random("c", 20000)),
		entry("runs of different octets, end to end", DefaultParams, repeat("00", 100000), repeat("ff", 9000), random("d", 10), repeat("00", 8192)),
		entry("runs within chunks", DefaultParams, random("e", 300000), repeat("00", 5000), random("f", 100000), repeat("20", 50000), random("g", 70000)),
		entry("random, small parameters", small, random("h", 12000)),
		entry("runs, small parameters", small, random("i", 700), repeat("00", 512), random("j", 63), repeat("01", 511), random("k", 900), repeat("ff", 5000)),
		entry("random, odd parameters", odd, random("l", 60000), repeat("00", 1001), random("m", 1)),
		entry("fixed size", fixed, random("n", 5000)),
		entry("random, large parameters", large, random("o", 8<<20)),
	}
}

func goldenSpans(spans []Span) []goldenSpan {
	out := []goldenSpan{}
	for _, s := range spans {
		g := goldenSpan{Offset: s.Offset, Length: s.Length}
		if s.Run {
			g.Octet = &s.Octet
		}
		out = append(out, g)
	}
	return out
}

func gearSum() string {
	h := sha256.New()
	for _, g := range gear {
		binary.Write(h, binary.LittleEndian, g)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestGolden(t *testing.T) {
	want := golden{Comment: goldenComment, GearSHA256: gearSum(), Cases: goldenInputs()}
	for i := range want.Cases {
		c := &want.Cases[i]
		p := Params{c.Min, c.Target, c.Max, c.RunMin}
		strict, lenient := p.masks()
		c.Strict = hex.EncodeToString(binary.BigEndian.AppendUint64(nil, strict))
		c.Lenient = hex.EncodeToString(binary.BigEndian.AppendUint64(nil, lenient))
		data := []byte{}
		for _, part := range c.Input {
			data = append(data, part.bytes(t)...)
		}
		sum := sha256.Sum256(data)
		c.SHA256 = hex.EncodeToString(sum[:])
		spans := slices.Collect(Split(p, nil, data))
		checkSpans(t, p, data, spans)
		if ref := reference(p, data); !slices.Equal(spans, ref) {
			t.Errorf("%s: Split yields\n%v, the rule says\n%v", c.Name, spans, ref)
		}
		c.Spans = goldenSpans(spans)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(want); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(goldenPath, text.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(goldenPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, text.Bytes()) {
		t.Errorf("the cut points are not those of %s: the format has changed", goldenPath)
	}
}

func TestGearTable(t *testing.T) {
	for i, g := range gear {
		sum := sha256.Sum256(append([]byte("vtd gear table v1"), byte(i)))
		if want := binary.LittleEndian.Uint64(sum[:]); g != want {
			t.Errorf("gear[%d] is %#016x, want %#016x", i, g, want)
		}
	}
}
