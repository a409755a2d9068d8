package recovery

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/scanners"
)

// plainFiles are files by their size, for contents that are known by hash.
type plainFiles struct {
	bySize map[uint64][]string
	sums   map[string]format.Hash
}

func (p *plainFiles) walk(ctx context.Context, dir string, warnings *[]string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			*warnings = append(*warnings, err.Error())
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			*warnings = append(*warnings, err.Error())
			return nil
		}
		p.bySize[uint64(info.Size())] = append(p.bySize[uint64(info.Size())], path)
		return nil
	})
}

// fromFiles cuts files as the damaged archive's were, and looks for blocks that
// are missing.
func (f *filler) fromFiles() error {
	if len(f.wanted) == 0 || len(f.plain.bySize) == 0 {
		return nil
	}
	p, choice := f.chunks()
	if p.Validate() != nil {
		return nil
	}
	total := int64(0)
	for size, paths := range f.plain.bySize {
		total += int64(size) * int64(len(paths))
	}
	f.opts.phase("filling", total)
	s := scanners.NewSplitter(p, func(sp scanners.Span, data []byte) error {
		if len(data) == 0 {
			return nil
		}
		if h := f.id.Sum(data); f.wanted[h] != nil {
			return f.got(h, data)
		}
		return nil
	})
	defer s.Reset(nil)
	for _, paths := range f.plain.bySize {
		for _, path := range paths {
			if err := f.fromFile(s, path, choice); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *filler) fromFile(s *scanners.Splitter, path string, choice scanners.Choice) error {
	in, err := os.Open(path)
	if err != nil {
		f.rep.Warnings = append(f.rep.Warnings, err.Error())
		return nil
	}
	defer in.Close()
	head := make([]byte, scanners.SniffLen)
	n, _ := io.ReadFull(in, head)
	s.Reset(choice.Scanner(head[:n], filepath.Base(path), nil))
	_, err = s.ReadFrom(io.MultiReader(bytes.NewReader(head[:n]), progressReader{f.ctx, in, f.opts.progress}))
	if err == nil {
		err = s.Close()
	}
	if fatal := errors.Join(f.failed, f.ctx.Err()); fatal != nil {
		return fatal
	}
	if err != nil {
		f.rep.Warnings = append(f.rep.Warnings, err.Error())
	}
	return nil
}

// chunks gives how the damaged archive's content was cut, or how archives mostly
// are where that is lost.
func (r *recovery) chunks() (scanners.Params, scanners.Choice) {
	c := (*format.Chunker)(nil)
	if r.s.header != nil {
		c = r.s.header.Chunker
	}
	if c == nil {
		return scanners.DefaultParams, scanners.Auto
	}
	p := scanners.Params{Min: int(c.Min), Target: int(c.Target), Max: int(c.Max), RunMin: int(c.RunMin)}
	switch c.Algorithm {
	case format.ChunkerGear:
		return p, scanners.None
	case format.ChunkerJoints:
		return p, scanners.Joints
	}
	return p, scanners.Auto
}

// fillFile makes a file whole of a plain one that has the hash of its content.
func (r *recovery) fillFile(e *format.Entry) *remains {
	if r.plain == nil {
		return nil
	}
	for _, path := range r.plain.bySize[e.Size] {
		h, ok := r.plain.sums[path]
		if !ok {
			h = r.sumFile(path)
			r.plain.sums[path] = h
		}
		if h != e.Content {
			continue
		}
		in, err := os.Open(path)
		if err != nil {
			continue
		}
		out, err := r.rest(&e.Ref, func(off uint64, gap piece) ([]byte, error) {
			b := make([]byte, min(gap.gap, fillBlock))
			_, err := in.ReadAt(b, int64(off))
			return b, err
		})
		_ = in.Close()
		if err == nil && out.content == e.Content {
			r.rep.Filled++
			return out
		}
	}
	return nil
}

// fillGuess makes a file whole of blocks of damaged frames that no index
// proves, where the hash of its content does.
func (r *recovery) fillGuess(e *format.Entry) *remains {
	if len(r.guesses) == 0 {
		return nil
	}
	out, err := r.rest(&e.Ref, func(_ uint64, gap piece) ([]byte, error) {
		if gap.block != nil {
			if x, ok := r.guesses[gap.block.Num]; ok && uint64(x.n) == gap.block.Span {
				return r.spool.read(x.at, x.n)
			}
		}
		return nil, errNoGuess
	})
	if err != nil || out.content != e.Content {
		return nil
	}
	return out
}

var errNoGuess = errors.New("a part of it is not even guessed at")

func (r *recovery) sumFile(path string) (sum format.Hash) {
	in, err := os.Open(path)
	if err != nil {
		return sum
	}
	defer in.Close()
	h := r.id.NewContent()
	if _, err := io.Copy(h, progressReader{r.ctx, in, func(int64) {}}); err != nil {
		return sum
	}
	return h.Sum()
}

// progressReader tells of what is read, and ends with its context.
type progressReader struct {
	ctx  context.Context
	r    io.Reader
	tell func(int64)
}

func (p progressReader) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	p.tell(int64(n))
	return n, err
}
