package blockmap

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/scanners"
)

// Reasons for the end of a piece besides those of scanners.Cut.
const (
	// Literal: the whole file stands in its directory.
	Literal = "literal"
	// Other: neither the recorded parameters nor the scanner of today would
	// have cut there.
	Other = "other"
)

// Reasons are those for which blocks end, in the order in which they are shown.
var Reasons = []string{
	scanners.CutJoint.String(), scanners.CutHint.String(), scanners.CutHash.String(), scanners.CutMax.String(),
	scanners.CutRun.String(), scanners.CutEnd.String(), Other,
}

// Piece is a part of a file.
type Piece struct {
	reader.Piece
	Reason string // why it ends where it does
	Again  bool   // the block was met before: in this file or in one mapped earlier
}

// ErrNoChunker: the archive does not say how its content was cut.
var ErrNoChunker = errors.New("the archive does not record how its content was cut")

// Mapper maps the files of one archive. It remembers which blocks it has met,
// in one bit for each.
type Mapper struct {
	a      *reader.Archive
	choose scanners.Choice
	met    []uint64
	split  *scanners.Splitter
	span   func(scanners.Span) error
}

// recordedChoice is what a header says of scanners.
var recordedChoice = map[uint8]scanners.Choice{
	format.ChunkerGear: scanners.None, format.ChunkerScanners: scanners.Auto, format.ChunkerJoints: scanners.Joints,
}

// NewMapper begins with an archive. choose says with which scanner its files
// were cut; Auto stands for what the archive records of that.
func NewMapper(a *reader.Archive, choose scanners.Choice) (*Mapper, error) {
	c := a.Header().Chunker
	if c == nil {
		return nil, ErrNoChunker
	}
	p := scanners.Params{Min: int(c.Min), Target: int(c.Target), Max: int(c.Max), RunMin: int(c.RunMin)}
	recorded, known := recordedChoice[c.Algorithm]
	if p.Validate() != nil || !known {
		return nil, ErrNoChunker
	}
	if choose == scanners.Auto {
		choose = recorded
	}
	m := &Mapper{a: a, choose: choose, met: make([]uint64, (a.Blocks()+63)/64)}
	m.split = scanners.NewSplitter(p, func(s scanners.Span, _ []byte) error { return m.span(s) })
	return m, nil
}

// Scanner chooses the scanner for a file.
func (m *Mapper) Scanner(f *reader.File) (*scanners.Scanner, error) {
	head := make([]byte, scanners.SniffLen)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return m.choose.Scanner(head[:n], f.Entry().Name, func() string {
		for _, x := range f.Entry().Xattrs {
			if x.Name == scanners.MediaTypeXattr {
				return x.Value
			}
		}
		return ""
	}), nil
}

// Map gives the pieces of a file to do, in order, and reads all of it.
func (m *Mapper) Map(ctx context.Context, f *reader.File, sc *scanners.Scanner, do func(Piece) error) error {
	next, stop := iter.Pull2(f.Pieces(0))
	defer stop()
	var failed error
	give := func(p reader.Piece, reason string) {
		if failed == nil {
			failed = do(Piece{p, reason, m.again(&p.Ref)})
		}
	}
	var ahead *reader.Piece
	peek := func() *reader.Piece {
		if ahead == nil && failed == nil {
			p, err, ok := next()
			if failed = err; ok && err == nil {
				ahead = &p
			}
		}
		return ahead
	}
	m.span = func(s scanners.Span) error {
		end := s.Offset + s.Length
		for p := peek(); p != nil && p.Offset+int64(p.Ref.Span) <= end; p = peek() {
			reason := Other
			switch {
			case p.Ref.Kind == format.RefLiteral:
				reason = Literal
			case p.Offset == s.Offset && p.Offset+int64(p.Ref.Span) == end:
				reason = s.Cut.String()
			}
			ahead = nil
			give(*p, reason)
		}
		return failed
	}
	m.split.Reset(sc)
	defer m.split.Reset(nil)
	f.Seek(0, io.SeekStart)
	if _, err := f.WriteTo(&input{ctx, m.split}); err != nil {
		return err
	}
	if err := m.split.Close(); err != nil {
		return err
	}
	for p := peek(); p != nil; p = peek() {
		ahead = nil
		give(*p, Other)
	}
	return failed
}

// again reports whether a block was met before, and that it is met now.
func (m *Mapper) again(r *format.Ref) bool {
	if r.Kind != format.RefBlock || r.Num/64 >= uint64(len(m.met)) {
		return false
	}
	word, bit := &m.met[r.Num/64], uint64(1)<<(r.Num%64)
	was := *word&bit != 0
	*word |= bit
	return was
}

// input hands content on to a splitter, zeros as holes.
type input struct {
	ctx   context.Context
	split *scanners.Splitter
}

func (in *input) Write(p []byte) (int, error) {
	if err := in.ctx.Err(); err != nil {
		return 0, err
	}
	return in.split.Write(p)
}

// WriteRun takes a run without its octets; see [reader.File.WriteTo]. An error
// shows with the next Write, or when the splitter is closed.
func (in *input) WriteRun(octet byte, n uint64) {
	if octet == 0 {
		_ = in.split.Hole(int64(n))
		return
	}
	chunk := make([]byte, min(n, 64<<10))
	for i := range chunk {
		chunk[i] = octet
	}
	for ; n > 0 && in.ctx.Err() == nil; n -= uint64(len(chunk)) {
		chunk = chunk[:min(n, uint64(len(chunk)))]
		if _, err := in.split.Write(chunk); err != nil {
			return
		}
	}
}
