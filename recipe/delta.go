package recipe

import (
	"encoding/binary"

	"github.com/vtdarchive/vtd/format"
)

// Copy is what a delta takes from its input: Length octets from From on, behind
// Literals octets of its own.
type Copy struct {
	Literals, From, Length int
}

// Delta holds the parameters of a recipe for content that resembles its input.
type Delta struct {
	Copies   []Copy // at least one
	Literals []byte // all that are not copied, in order
	Sum      uint32 // CRC-32C of what is made
}

// Encode gives the parameters as a recipe holds them.
func (d *Delta) Encode() []byte {
	b := binary.AppendUvarint(nil, uint64(len(d.Copies)))
	for _, c := range d.Copies {
		b = binary.AppendUvarint(b, uint64(c.Literals))
	}
	for _, c := range d.Copies {
		b = binary.AppendUvarint(b, uint64(c.Length))
	}
	at := 0
	for _, c := range d.Copies {
		b = binary.AppendVarint(b, int64(c.From-at))
		at = c.From + c.Length
	}
	b = append(b, d.Literals...)
	return binary.LittleEndian.AppendUint32(b, d.Sum)
}

// delta is a parsed one. Its columns stay as they are: copies are many, and as
// numbers they would take ten times as much.
type delta struct {
	copies            int
	runs, lengths, at []byte
	literals          []byte
	sum               uint32
	input             int64
}

// parseDelta reads parameters for an input of some length, and checks that they
// make so much.
func parseDelta(x *format.Recipe) (*delta, error) {
	if x.Length > format.MaxDelta || x.Input.Span > format.MaxDelta {
		return nil, damaged("a delta of %d bytes from %d is above %d", x.Length, x.Input.Span, format.MaxDelta)
	}
	if len(x.Params) < 4 {
		return nil, damaged("its parameters are cut short")
	}
	tail := len(x.Params) - 4
	p := params{b: x.Params[:tail:tail]}
	d := &delta{copies: p.count(uint64(tail) / 3), sum: binary.LittleEndian.Uint32(x.Params[tail:]), input: int64(x.Input.Span)}
	if p.bad == "" && d.copies == 0 {
		p.fail("a delta that copies nothing")
	}
	runs, made := uint64(0), uint64(0)
	column := func(each func(v uint64)) []byte {
		all := p.b
		for range d.copies {
			v := p.uvarint()
			if p.bad == "" && v > 2*format.MaxDelta {
				p.fail("a number above its limit")
			}
			each(v)
			if p.bad != "" {
				return nil
			}
		}
		return all[:len(all)-len(p.b)]
	}
	d.runs = column(func(v uint64) { runs += v })
	d.lengths = column(func(v uint64) {
		if made += v; v == 0 {
			p.fail("an empty copy")
		}
	})
	end, left := int64(0), params{b: d.lengths}
	d.at = column(func(v uint64) {
		from := end + signed(v)
		n := int64(left.uvarint())
		if end = from + n; p.bad == "" && (from < 0 || end > d.input) {
			p.fail("a copy that leaves the input")
		}
	})
	d.literals = p.b
	switch {
	case p.bad != "":
		return nil, damaged("%s", p.bad)
	case runs > uint64(len(d.literals)):
		return nil, damaged("%d literals before copies, there are %d", runs, len(d.literals))
	case made+uint64(len(d.literals)) != x.Length:
		return nil, damaged("a delta of %d octets, it says %d", made+uint64(len(d.literals)), x.Length)
	}
	return d, nil
}

// signed is what an uvarint stands for that is a signed number.
func signed(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// make appends what the delta makes of its input. Parsing has checked that all
// that is copied is there.
func (d *delta) make(dst, input []byte) ([]byte, error) {
	runs, lengths, at, literals := params{b: d.runs}, params{b: d.lengths}, params{b: d.at}, d.literals
	start, end := len(dst), int64(0)
	for range d.copies {
		n := runs.uvarint()
		dst = append(dst, literals[:n]...)
		literals = literals[n:]
		from := end + signed(at.uvarint())
		end = from + int64(lengths.uvarint())
		dst = append(dst, input[from:end]...)
	}
	dst = append(dst, literals...)
	if Sum(dst[start:]) != d.sum {
		return dst[:start], damaged("what it makes does not match its check sum")
	}
	return dst, nil
}
