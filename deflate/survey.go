package deflate

import "io"

// A Stream is what Survey finds.
type Stream struct {
	Layout
	Traits Traits
}

// Survey inflates the stream at the start of r, which may go on behind it, writes
// its content, and divides it into parts of up to PartContent. Size says where the stream ended; Survey
// may have read further. The memory it takes has a bound, whatever the stream.
// Errors are ErrInvalid and ErrLimit, or come from r and content.
func Survey(r io.Reader, content io.Writer, limits Limits) (*Stream, error) {
	return survey(r, content, limits, PartContent)
}

// survey makes parts of at most so much content, unless they are single blocks.
func survey(r io.Reader, content io.Writer, limits Limits, most int64) (*Stream, error) {
	p := newParser(r, 0, 0, limits)
	defer p.free()
	p.out = newInflater(content)
	defer p.out.free()
	s := &Stream{Layout: Layout{Parts: []Part{{}}}}
	for {
		b, err := p.nextBlock()
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		for {
			tokens, err := p.nextTokens()
			if err != nil {
				return nil, err
			}
			if len(tokens) == 0 {
				break
			}
			s.Traits.see(tokens)
		}
		s.Traits.seeBlock(b)
		if part := s.Parts[len(s.Parts)-1]; b.End-part.From > most && b.Start > part.From && !b.empty() {
			s.Parts = append(s.Parts, Part{b.Start, b.FirstBit, b.Carry})
			p.beginPart(b.FirstBit, 1)
		}
	}
	if err := p.out.flush(); err != nil {
		return nil, err
	}
	s.Size, s.ContentSize = p.size(), p.pos
	return s, nil
}
