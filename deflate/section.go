package deflate

import (
	"io"
	"sync"
)

// A section is what a part of a stream says, or the start of one.
type section struct {
	blocks  []sectionBlock
	tokens  []token
	headers []byte
	tail    uint8
}

// A sectionBlock is a block in a section. Its tokens and its header go from where
// those of the block before it end.
type sectionBlock struct {
	kind, pad  uint8
	final      bool
	empty      bool
	end        int32 // octets of the part's content up to its end
	tokens     int32 // of the section up to its end
	header     int32 // octets of headers up to its end
	headerBits int32
	lastBit    int64
}

var sections = sync.Pool{New: func() any { return new(section) }}

// readSection parses part i of a stream, up to a length of its content and some
// tokens more. The last block may have no end then.
func readSection(stream io.ReaderAt, l *Layout, i int, length int64, limits Limits) (*section, error) {
	first := l.Parts[i]
	from, to := l.Octets(i)
	if i+1 < len(l.Parts) && l.Parts[i+1].Bit%8 != 0 {
		to++
	}
	p := newParser(io.NewSectionReader(stream, from, to-from), first.Bit, first.From, limits)
	defer p.free()
	s := sections.Get().(*section)
	s.blocks, s.tokens, s.headers, s.tail = s.blocks[:0], s.tokens[:0], s.headers[:0], 0
	err := s.read(p, l, i, length)
	if err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

// free gives the section back, unless it is of unusual size.
func (s *section) free() {
	if cap(s.tokens) <= 4*PartContent {
		sections.Put(s)
	}
}

func (s *section) read(p *parser, l *Layout, i int, length int64) error {
	from, to := l.Content(i)
	for {
		b, err := p.nextBlock()
		if err == io.EOF {
			s.tail = p.tail
			if i+1 < len(l.Parts) || p.pos != to || p.size() != l.Size {
				return p.fail(ErrInvalid, "not the stream that was surveyed")
			}
			return nil
		} else if err != nil {
			return err
		}
		s.headers = append(s.headers, b.Header...)
		for p.pos-from < length {
			batch, err := p.nextTokens()
			if err != nil {
				return err
			}
			if len(batch) == 0 {
				break
			}
			s.tokens = append(s.tokens, batch...)
		}
		if p.pos > to {
			return p.fail(ErrInvalid, "not the stream that was surveyed")
		}
		s.blocks = append(s.blocks, sectionBlock{
			kind: b.Type, pad: b.Pad, final: b.Final, empty: p.pos == b.Start,
			end: int32(p.pos - from), tokens: int32(len(s.tokens)),
			header: int32(len(s.headers)), headerBits: int32(b.HeaderBits), lastBit: b.LastBit,
		})
		if i+1 < len(l.Parts) && p.bits.position() >= l.Parts[i+1].Bit {
			if p.bits.position() != l.Parts[i+1].Bit || p.pos != to {
				return p.fail(ErrInvalid, "not the stream that was surveyed")
			}
			return nil
		}
		if p.pos-from >= length {
			return nil
		}
	}
}

// tokensOf gives the tokens of block i.
func (s *section) tokensOf(i int) []token {
	first := int32(0)
	if i > 0 {
		first = s.blocks[i-1].tokens
	}
	return s.tokens[first:s.blocks[i].tokens]
}

// headerOf gives the header of block i.
func (s *section) headerOf(i int) []byte {
	first := int32(0)
	if i > 0 {
		first = s.blocks[i-1].header
	}
	return s.headers[first:s.blocks[i].header]
}
