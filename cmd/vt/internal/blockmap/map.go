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
	// Literal: the bytes stand in metadata.
	Literal = "literal"
	// Recipe: it is what a recipe makes, or one begins behind it.
	Recipe = "recipe"
	// Other: neither the recorded parameters nor the scanner of today would
	// have cut there.
	Other = "other"
)

// Reasons are those for which blocks end, in the order in which they are shown.
var Reasons = []string{
	scanners.CutJoint.String(), scanners.CutHint.String(), scanners.CutHash.String(), scanners.CutMax.String(),
	scanners.CutRun.String(), Recipe, scanners.CutEnd.String(), Other,
}

// Piece is a part of a file.
type Piece struct {
	reader.Piece
	Reason string // why it ends where it does
	Again  bool   // the block or recipe was met before: in this file or in one mapped earlier

	Recipe *format.Recipe // of one that makes the piece; otherwise nil
	Model  string         // of the recipe
	input  func() (*Input, error)
}

// Input is what a recipe makes bytes from.
type Input struct {
	Scanner string
	Pieces  func(do func(Piece) error) error
}

// Input maps what the recipe of a piece makes it from.
func (p *Piece) Input() (*Input, error) { return p.input() }

// ErrNoChunker: the archive does not say how its content was cut.
var ErrNoChunker = errors.New("the archive does not record how its content was cut")

// Mapper maps the files of one archive. It remembers which blocks it has met,
// in one bit for each.
type Mapper struct {
	a      *reader.Archive
	choose scanners.Choice
	params scanners.Params
	met    []uint64
	split  *scanners.Splitter
	span   func(scanners.Span) error
	inner  *Mapper // of inputs of recipes, while this one is in a file
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
	return newMapper(a, choose, p, make([]uint64, (a.Blocks()+63)/64)), nil
}

func newMapper(a *reader.Archive, choose scanners.Choice, p scanners.Params, met []uint64) *Mapper {
	m := &Mapper{a: a, choose: choose, params: p, met: met}
	m.split = scanners.NewSplitter(p, func(s scanners.Span, _ []byte) error { return m.span(s) })
	return m
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
		x := Piece{Piece: p, Reason: reason, Again: m.again(&p.Ref)}
		if failed == nil && p.Ref.Kind == format.RefRecipe {
			x.Recipe, x.Model, failed = f.RecipeModel(&p.Ref)
			x.input = func() (*Input, error) { return m.input(ctx, f, x.Recipe) }
		}
		if failed == nil {
			failed = do(x)
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
	made := int64(-1) // where a recipe ends
	m.span = func(s scanners.Span) error {
		for x := peek(); x != nil && x.Offset+int64(x.Ref.Span) <= s.Offset+s.Length; x = peek() {
			p := *x
			ahead = nil
			end := p.Offset + int64(p.Ref.Span)
			reason := Other
			switch behind := peek(); {
			case p.Ref.Kind == format.RefLiteral:
				reason = Literal
			case p.Ref.Kind == format.RefRecipe:
				reason, made = Recipe, end
			case end == s.Offset+s.Length && (p.Offset == s.Offset || p.Offset == made):
				reason = s.Cut.String()
			case behind != nil && behind.Ref.Kind == format.RefRecipe:
				reason = Recipe
			}
			give(p, reason)
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

// input maps the input of a recipe in a file.
func (m *Mapper) input(ctx context.Context, f *reader.File, x *format.Recipe) (*Input, error) {
	if m.inner == nil {
		m.inner = newMapper(m.a, m.choose, m.params, m.met)
	}
	in, err := f.Input(x)
	if err != nil {
		return nil, err
	}
	sc, err := m.inner.Scanner(in)
	if err != nil {
		return nil, err
	}
	return &Input{sc.String(), func(do func(Piece) error) error { return m.inner.Map(ctx, in, sc, do) }}, nil
}

// again reports whether a block or recipe was met before, and that it is met now.
func (m *Mapper) again(r *format.Ref) bool {
	if r.Kind != format.RefBlock && r.Kind != format.RefRecipe || r.Num/64 >= uint64(len(m.met)) {
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
