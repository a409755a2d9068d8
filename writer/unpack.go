package writer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/packed"
	"github.com/vtdarchive/vtd/scanners"
)

// What is inflated of files, for recipes: the streams in it are found, their
// contents cut as files of their names would be, and the blocks entered into the
// table. Whether recipes are made of them is decided when all files are read.

const (
	// maxInflated is the content of a stream above which it stays as it is.
	maxInflated = math.MaxUint32
	// inMemory is the content that is held in memory while it is cut and what is
	// packed in it is looked for; a larger one is in a temporary file meanwhile.
	inMemory = 4 << 20
	// innerFree and innerRatio bound what is inflated of streams in the contents of
	// others, for a file: so much, and so many times its size. Streams that occur
	// many times in one another would go on without end.
	innerFree, innerRatio = 64 << 20, 64
)

// unpacker inflates the streams of one content after the other. The contents of
// streams may hold streams: inner inflates these.
type unpacker struct {
	r     *fileReader
	depth int // of recipes that its streams could be
	inner *unpacker

	name     string
	size     int64
	buf      []byte   // the content, unless it is large
	large    bool     // it has gone through the splitter instead
	file     *os.File // and is here if something could be packed in it
	splitter *scanners.Splitter
	scanner  string // that cuts the content
	pieces   []piece
}

func newUnpacker(r *fileReader, depth int) *unpacker {
	return &unpacker{r: r, depth: depth}
}

// unpack finds the streams of a file that has just been read.
func (r *fileReader) unpack(ctx context.Context, j *fileJob, fd int, content io.ReaderAt, size int64) (err error) {
	if r.unpacker == nil || size < packed.MinStream {
		return nil
	}
	head := make([]byte, min(size, scanners.SniffLen))
	if n, _ := content.ReadAt(head, 0); !scanners.CanPack(head[:n], j.name, j.mediaType(fd)) {
		return nil
	}
	r.found.key = r.contentKey(j.name, j.mediaType(fd)())
	if found, ok := r.s.streams.recall(r.found.key); ok {
		r.found = found
		return nil
	}
	r.innerLeft = innerFree + innerRatio*size
	r.found.streams, err = r.unpacker.walk(ctx, content, size, j.name, j.mediaType(fd))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case r.spoolErr != nil:
		return r.spoolErr
	case err != nil:
		r.found = found{} // it can be stored as it is, or has changed
	}
	return nil
}

// contentKey tells the content of the file that has just been read, and what else
// has a bearing on which streams are found in it.
func (r *fileReader) contentKey(name, mediaType string) format.Hash {
	b := fmt.Appendf(nil, "%q %q", path.Base(name), mediaType)
	for _, p := range r.pieces {
		b = append(binary.AppendUvarint(binary.AppendUvarint(b, p.span), uint64(p.id)), p.octet, byte(p.kind))
	}
	return r.s.o.Hash.Sum(b)
}

// walk inflates the streams of a content.
func (u *unpacker) walk(ctx context.Context, content io.ReaderAt, size int64, name string, mediaType func() string) ([]packedAt, error) {
	var out []packedAt
	err := packed.Walk(content, size, name, mediaType, func(p *packed.Stream) (int64, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		survey, s, err := u.stream(ctx, content, p)
		switch {
		case errors.Is(err, deflate.ErrLimit):
			u.r.found.refused[reasonLimit]++
		case errors.Is(err, deflate.ErrInvalid):
			u.r.found.refused[reasonInvalid]++
		}
		if err != nil {
			return 0, err
		}
		if s != nil {
			out = append(out, packedAt{p.Offset, s})
		}
		return survey.Size, nil
	})
	return out, err
}

// stream inflates one stream. It is nil if no recipe could be of use for it.
func (u *unpacker) stream(ctx context.Context, content io.ReaderAt, p *packed.Stream) (*deflate.Stream, *packedStream, error) {
	limits := unpackLimits
	if u.depth > 1 {
		if u.r.innerLeft <= 0 {
			return nil, nil, deflate.ErrLimit
		}
		limits.MaxContent = min(limits.MaxContent, u.r.innerLeft)
	}
	u.begin(p.Name)
	defer u.end()
	in := p.Reader(content)
	survey, err := deflate.Survey(io.NewSectionReader(in, 0, math.MaxInt64), u, limits)
	if err != nil {
		return nil, nil, err
	}
	if survey.Size < packed.MinStream || survey.ContentSize == 0 {
		return survey, nil, nil
	}
	length := p.End(survey.Size) - p.Offset
	if survey.ContentSize > format.MaxRecipeFree+format.MaxRecipeRatio*length {
		u.r.found.refused[reasonLimit]++
		return survey, nil, nil
	}
	own, err := u.cut()
	if err != nil {
		return nil, nil, err
	}
	s := &packedStream{
		length: length, survey: survey, hints: p.Hints, kind: p.Kind, name: p.Name, pieces: slices.Clone(u.pieces),
	}
	for _, b := range p.Breaks {
		if b.At < survey.Size {
			s.breaks = append(s.breaks, b)
		}
	}
	if own != nil && u.depth < format.MaxRecipeDepth {
		if u.inner == nil {
			u.inner = newUnpacker(u.r, u.depth+1)
		}
		if s.inner, err = u.inner.walk(ctx, own, survey.ContentSize, u.name, nil); err != nil {
			return nil, nil, err
		}
	}
	if s.sum, err = s.hashAt(u.r.s.o.Hash, content, p.Offset); err != nil {
		return nil, nil, err
	}
	return survey, u.r.s.streams.enter(s, u.r.s.o.Hash, u.scanner), nil
}

func (u *unpacker) begin(name string) {
	u.name, u.size, u.buf, u.pieces, u.large = name, 0, u.buf[:0], u.pieces[:0], false
}

func (u *unpacker) end() {
	if u.depth > 1 {
		u.r.innerLeft -= u.size + packed.MinStream
	}
	if u.file != nil {
		u.file.Close()
		u.file = nil
	}
}

// Write takes content as it is inflated.
func (u *unpacker) Write(p []byte) (int, error) {
	u.size += int64(len(p))
	if u.large {
		return len(p), u.pass(p)
	}
	if u.buf = append(u.buf, p...); len(u.buf) <= inMemory {
		return len(p), nil
	}
	return len(p), u.grow()
}

// grow goes over to content that memory does not hold.
func (u *unpacker) grow() (err error) {
	sc := u.choose()
	if u.splitter == nil {
		u.splitter = scanners.NewSplitter(u.r.s.o.Chunks, u.add)
	}
	u.splitter.Reset(sc)
	// Scanners that know no joints know nothing packed.
	if scanners.Joints.Scanner(u.buf, u.name, nil) != nil && u.depth < format.MaxRecipeDepth {
		if u.file, err = temporary(u.r.s.o.TempDir); err != nil {
			u.r.spoolErr = err
			return err
		}
	}
	head := u.buf
	u.buf, u.large = nil, true
	return u.pass(head)
}

func (u *unpacker) pass(p []byte) error {
	if u.file != nil {
		if _, err := u.file.Write(p); err != nil {
			u.r.spoolErr = spoolError(err)
			return u.r.spoolErr
		}
	}
	_, err := u.splitter.Write(p)
	return err
}

func (u *unpacker) choose() *scanners.Scanner {
	sc := u.r.s.o.Scanner.Scanner(u.buf[:min(len(u.buf), scanners.SniffLen)], u.name, nil)
	u.scanner = ""
	if sc != nil {
		u.scanner = sc.Name
	}
	return sc
}

// cut ends the content, and gives it if something could be packed in it.
func (u *unpacker) cut() (content io.ReaderAt, err error) {
	if u.large {
		err := u.splitter.Close()
		u.splitter.Reset(nil)
		if u.file == nil {
			return nil, err
		}
		return u.file, err
	}
	for sp := range scanners.Split(u.r.s.o.Chunks, u.choose(), u.buf) {
		var data []byte
		if !sp.Run {
			data = u.buf[sp.Offset : sp.Offset+sp.Length]
		}
		if err := u.add(sp, data); err != nil {
			return nil, err
		}
	}
	return bytes.NewReader(u.buf), nil
}

// add enters a span of the content into the table of blocks.
func (u *unpacker) add(sp scanners.Span, data []byte) error {
	if sp.Run {
		u.pieces = append(u.pieces, piece{span: uint64(sp.Length), octet: sp.Octet, kind: pieceRun})
		return nil
	}
	u.pieces = append(u.pieces, piece{span: uint64(sp.Length), id: u.r.enter(data, noFile, 0)})
	return u.r.spoolErr
}
