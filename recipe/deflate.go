package recipe

import (
	"encoding/binary"
	"io"
	"slices"

	"github.com/vtdarchive/vtd/deflate"
)

// Limits on breaks: a PNG of 512 MiB in the pieces that most programs write
// has 65,536.
const (
	MaxBreaks = 1 << 17
	MaxBreak  = 64
)

// Break is what interrupts a stream: the octets that stand in front of octet
// At of the stream and do not belong to it.
type Break struct {
	At     int64
	Octets []byte
}

// Deflate holds the parameters of a recipe for a DEFLATE stream.
type Deflate struct {
	Breaks []Break // in ascending order
	Stream *deflate.Recipe
	Sums   []uint32 // CRC-32C of what each part makes
}

// SetSums sets Sums from what the recipe is to make, and gives its length.
func (d *Deflate) SetSums(made io.ReaderAt) (length int64, err error) {
	r := newRecipe(d)
	d.Sums = make([]uint32, r.Parts())
	var b []byte
	for i := range d.Sums {
		p := r.Part(i)
		b = slices.Grow(b[:0], int(p.Length))[:p.Length]
		if n, err := made.ReadAt(b, p.Offset); n < len(b) {
			return 0, err
		}
		d.Sums[i] = Sum(b)
	}
	return r.size, nil
}

// Steps of searching that making a part may take: for each octet of its content,
// and for each that it makes. At level 9 the parts of source, JSON, logs, DNA and
// executables that search most take 340, 10, 20, 140 and 260, and up to 1,800.
const (
	maxContentSteps = 512
	maxMadeSteps    = 8192
)

// PartLimits bounds the work on part i of a stream. Writers keep to it as readers do.
func PartLimits(l *deflate.Layout, i int) deflate.Limits {
	from, to := l.Content(i)
	first, end := l.Octets(i)
	effort := maxMadeSteps * (end - first) / max(to-from, 1)
	return deflate.Limits{Effort: max(min(effort, maxContentSteps), 1)}
}

// Encode gives the parameters as a recipe holds them.
func (d *Deflate) Encode() ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(len(d.Breaks)))
	at := int64(0)
	for _, x := range d.Breaks {
		b = binary.AppendUvarint(b, uint64(x.At-at))
		b = binary.AppendUvarint(b, uint64(len(x.Octets)))
		b = append(b, x.Octets...)
		at = x.At
	}
	stream, err := d.Stream.AppendBinary(nil)
	if err != nil {
		return nil, err
	}
	b = binary.AppendUvarint(b, uint64(len(stream)))
	b = append(b, stream...)
	for _, sum := range d.Sums {
		b = binary.LittleEndian.AppendUint32(b, sum)
	}
	return b, nil
}

// parseDeflate reads parameters for an input of some length.
func parseDeflate(b []byte, input int64) (*Deflate, error) {
	p := params{b: b}
	d := new(Deflate)
	n := p.count(MaxBreaks)
	d.Breaks = make([]Break, 0, min(n, len(p.b)/3))
	at := int64(0)
	for range n {
		step, octets := p.uvarint(), p.string(MaxBreak)
		if p.bad == "" && (step == 0 || step > maxStream || len(octets) == 0) {
			p.fail("a break that is empty or out of place")
		}
		if p.bad != "" {
			return nil, damaged("%s", p.bad)
		}
		at += int64(step)
		d.Breaks = append(d.Breaks, Break{at, octets})
	}
	stream := p.string(uint64(len(p.b)))
	if p.bad != "" {
		return nil, damaged("%s", p.bad)
	}
	var err error
	if d.Stream, err = deflate.ParseRecipe(stream, input); err != nil {
		return nil, ofClass(err)
	}
	if at >= d.Stream.Size {
		return nil, damaged("a break behind the end of the stream")
	}
	if len(p.b) != 4*len(d.Stream.Parts) {
		return nil, damaged("%d octets of check sums for %d parts", len(p.b), len(d.Stream.Parts))
	}
	for ; len(p.b) > 0; p.b = p.b[4:] {
		d.Sums = append(d.Sums, binary.LittleEndian.Uint32(p.b))
	}
	return d, nil
}

// maxStream bounds the octets of a stream, far below where sums overflow.
const maxStream = 1 << 48

// params is a cursor: after the first failure every read gives nothing.
type params struct {
	b   []byte
	bad string
}

func (p *params) fail(msg string) {
	if p.bad == "" {
		p.bad = msg
	}
	p.b = nil
}

func (p *params) uvarint() uint64 {
	v, n := binary.Uvarint(p.b)
	if n <= 0 || n > 1 && p.b[n-1] == 0 {
		p.fail("a number cut short, too large or over-long")
		return 0
	}
	p.b = p.b[n:]
	return v
}

func (p *params) count(limit uint64) int {
	n := p.uvarint()
	if n > limit {
		p.fail("a count above its limit")
		return 0
	}
	return int(n)
}

func (p *params) string(limit uint64) []byte {
	n := p.uvarint()
	if n > limit || n > uint64(len(p.b)) {
		p.fail("a string above its limit, or cut short")
		return nil
	}
	s := p.b[:n:n]
	p.b = p.b[n:]
	return s
}
