package deflate

import "encoding/binary"

// A Recipe is what makes a stream of its content: the model, the parts, and the
// corrections of each part.
type Recipe struct {
	Layout
	Model       Model
	Corrections [][]byte // as long as Parts
}

// Window gives the range of the content that rebuilding part i needs.
func (r *Recipe) Window(i int) (from, to int64) { return r.Layout.Window(i, r.Model) }

// badRecipe is an error about part i.
func (r *Recipe) bad(i int, msg string) error {
	var at int64
	if i < len(r.Parts) {
		at = r.Parts[i].From
	}
	return damagedCorrections(at, msg)
}

// validate checks everything but what the corrections mean.
func (r *Recipe) validate() error {
	if err := r.Model.Validate(); err != nil {
		return err
	}
	n := len(r.Parts)
	switch {
	case n == 0 || n != len(r.Corrections):
		return r.bad(0, "number of parts")
	case r.Size < 0 || r.Size > 1<<60 || r.ContentSize < 0:
		return r.bad(0, "size")
	case r.Parts[0] != Part{}:
		return r.bad(0, "the first part is not at the start")
	}
	for i, p := range r.Parts {
		from, to := r.Content(i)
		end := r.Size * 8
		if i+1 < n {
			end = r.Parts[i+1].Bit
		}
		switch {
		case p.Carry>>(p.Bit%8) != 0:
			return r.bad(i, "bits before the part")
		case to < from || to-from > MaxPart || to == from && n > 1:
			return r.bad(i, "content of the part")
		case end-p.Bit < leastBits || end-p.Bit > MaxPartStream*8:
			return r.bad(i, "bits of the part")
		case i > 0 && to-r.Parts[i-1].From <= PairContent:
			return r.bad(i, "parts that could be one")
		}
	}
	return nil
}

// leastBits is what a block takes at least: an empty static one.
const leastBits = 3 + 7

// AppendBinary appends the recipe as it is recorded: see the package comment.
// ContentSize is not in it.
func (r *Recipe) AppendBinary(b []byte) ([]byte, error) {
	if err := r.validate(); err != nil {
		return nil, err
	}
	b, _ = r.Model.AppendBinary(b)
	b = binary.AppendUvarint(b, uint64(r.Size))
	b = binary.AppendUvarint(b, uint64(len(r.Parts)-1))
	for i, next := range r.Parts[1:] {
		p := r.Parts[i]
		b = binary.AppendUvarint(b, uint64(next.From-p.From))
		b = binary.AppendUvarint(b, uint64(next.Bit-p.Bit))
		if next.Bit%8 != 0 {
			b = append(b, next.Carry)
		}
		b = binary.AppendUvarint(b, uint64(len(r.Corrections[i])))
	}
	for _, c := range r.Corrections {
		b = append(b, c...)
	}
	return b, nil
}

// ParseRecipe reads what AppendBinary wrote, for a content of a size. The
// Corrections are slices of b. Every recipe has one form: what is read comes out the
// same when it is written. Errors are ErrModel and ErrCorrections.
func ParseRecipe(b []byte, contentSize int64) (*Recipe, error) {
	r := &Recipe{}
	if len(b) < modelSize {
		return nil, r.bad(0, "recipe cut short")
	}
	if err := r.Model.UnmarshalBinary(b[:modelSize]); err != nil {
		return nil, err
	}
	s := scanner{b: b[modelSize:]}
	size, more := s.uvarint(), s.uvarint()
	if s.bad || more > uint64(len(s.b))/3 || size > 1<<60 || contentSize < 0 {
		return nil, r.bad(0, "size or number of parts")
	}
	r.Size, r.ContentSize = int64(size), contentSize
	r.Parts = make([]Part, more+1)
	r.Corrections = make([][]byte, more+1)
	lengths := make([]uint64, more)
	for i := range lengths {
		content, bits := s.uvarint(), s.uvarint()
		if content > MaxPart || bits > MaxPartStream*8 {
			return nil, r.bad(i, "content or bits of the part")
		}
		next := &r.Parts[i+1]
		next.From, next.Bit = r.Parts[i].From+int64(content), r.Parts[i].Bit+int64(bits)
		if next.Bit%8 != 0 {
			next.Carry = s.octet()
		}
		lengths[i] = s.uvarint()
	}
	for i, n := range lengths {
		r.Corrections[i] = s.bytes(n)
	}
	if s.bad {
		return nil, r.bad(0, "recipe cut short")
	}
	r.Corrections[more] = s.b
	if err := r.validate(); err != nil {
		return nil, err
	}
	return r, nil
}
