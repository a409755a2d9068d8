package legacy

// Ref names content.
type Ref struct {
	Span   uint64 // octets of content; of an indirect one NoSpan where it is not said
	Kind   RefKind
	Hash   Hash   // of kinds RefHash and RefIndirect
	Octet  byte   // of kind RefRun
	Bytes  []byte // of kind RefLiteral
	Offset uint64 // of kind RefPart: where in Of it begins
	Of     *Ref
}

// RefKind is what a Ref names content by.
type RefKind uint8

// Kinds of references.
const (
	RefHash     RefKind = iota // a block
	RefRun                     // one octet, Span times
	RefLiteral                 // the octets themselves
	RefPart                    // a part of another reference
	RefIndirect                // a block that holds references
)

// NoSpan in a Ref of kind RefIndirect: as much as there is.
const NoSpan = 1<<64 - 1

const (
	refIndirect  = 1
	refTyped     = 2
	refTypeFlags = 4
)

// maxParts bounds parts of parts, which the old program does not write.
const maxParts = 4

// ref reads a reference, behind its length.
func (c *cursor) ref(depth int) (r Ref) {
	body := c.data(MaxData, "a reference")
	s := c.sub(body)
	defer c.join(s)
	flags := s.flags(refIndirect|refTyped|refTypeFlags, "flags of a reference")
	r.Span = s.uvarint()
	kind := uint64(RefHash)
	if flags&refTyped != 0 {
		kind = s.uvarint()
	}
	if flags&refTypeFlags != 0 && s.uvarint() != 0 {
		s.fail("flags of a reference's type that are not known")
	}
	switch {
	case r.Span > MaxSpan:
		s.fail("a span above its limit")
	case flags&refIndirect != 0 && kind != uint64(RefHash):
		s.fail("an indirect reference other than by hash")
	case kind > uint64(RefPart):
		s.fail("a type of reference that is not known")
	}
	r.Kind = RefKind(kind)
	if flags&refIndirect != 0 {
		r.Kind = RefIndirect
	}
	switch r.Kind {
	case RefHash, RefIndirect:
		r.Hash = s.hash()
	case RefRun:
		if b := s.take(1); b != nil {
			r.Octet = b[0]
		}
	case RefLiteral:
		r.Bytes = s.take(r.Span)
	case RefPart:
		r.Offset = s.uvarint()
		if depth == maxParts {
			s.fail("parts of parts beyond their limit")
			return r
		}
		of := s.ref(depth + 1)
		r.Of = &of
		if s.bad == "" && (of.Span == NoSpan || r.Offset > of.Span || r.Span > of.Span-r.Offset) {
			s.fail("a part that is not within its whole")
		}
	}
	if s.bad == "" && len(s.b) > 0 {
		s.fail("something behind a reference")
	}
	return r
}
