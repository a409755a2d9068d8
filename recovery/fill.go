package recovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/scanners"
)

// filler fills what is missing from other archives and from files.
type filler struct {
	*recovery
	sources  []reader.Source
	archives []*reader.Archive
	others   []*stream // of other archives that are damaged themselves
	wanted   map[format.Hash][]uint64
}

// plainFiles are files by their size, for contents that are known by hash.
type plainFiles struct {
	bySize map[uint64][]string
	sums   map[string]format.Hash
}

func (f *filler) close() {
	for _, a := range f.archives {
		_ = a.Close()
	}
	for _, s := range f.sources {
		_ = s.Close()
	}
}

// open looks at what there is to fill from. Another copy of the same archive,
// whatever is left of it, counts as a part of this one.
func (f *filler) open() error {
	f.plain = &plainFiles{bySize: map[uint64][]string{}, sums: map[string]format.Hash{}}
	for _, path := range f.opts.From {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = f.plain.walk(f.ctx, path, &f.rep.Warnings)
		} else if isArchive(path) {
			err = f.archive(path)
		} else {
			f.plain.bySize[uint64(info.Size())] = append(f.plain.bySize[uint64(info.Size())], path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isArchive tells whether a file has any structure of an archive near its
// beginning.
func isArchive(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	b := make([]byte, window)
	n, _ := io.ReadFull(f, b)
	for _, m := range magics {
		if bytes.Contains(b[:n], []byte(m)) {
			return true
		}
	}
	return false
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

// archive opens another archive. One that is sound, and not a copy of this
// one, is asked by hash; of any other all is read.
func (f *filler) archive(path string) error {
	src, err := reader.PlainFile(path)
	if err != nil {
		return err
	}
	if a, err := reader.Open(src, reader.Options{Name: path}); err == nil && (!f.s.known || a.Header().ID != f.s.id) {
		if a.HashID() != f.id {
			f.rep.Warnings = append(f.rep.Warnings, fmt.Sprintf("%s: its hash function is %v, and this archive's %v: nothing can be found in it", path, a.HashID(), f.id))
			return a.Close()
		}
		f.archives = append(f.archives, a)
		return nil
	}
	f.sources = append(f.sources, src)
	f.opts.phase("scanning", src.Size())
	m, err := scan(f.ctx, src, path, f.opts.progress)
	if err != nil {
		return err
	}
	for _, s := range m.streams() {
		switch {
		case len(s.frames) == 0:
		case f.s.known && s.known && s.id == f.s.id:
			f.s.merge(s)
		default:
			f.others = append(f.others, s)
		}
	}
	return nil
}

// fill looks for the blocks that are missing and whose hashes are known.
func (f *filler) fill() error {
	if len(f.opts.From) == 0 {
		return nil
	}
	f.want()
	before := len(f.same)
	for _, a := range f.archives {
		if err := f.fromArchive(a); err != nil {
			return err
		}
	}
	for _, s := range f.others {
		if err := f.fromFrames(s); err != nil {
			return err
		}
	}
	if err := f.fromFiles(); err != nil {
		return err
	}
	f.rep.Filled = int64(len(f.same) - before)
	return nil
}

// want makes the table of blocks that are missing.
func (f *filler) want() {
	f.wanted = map[format.Hash][]uint64{}
	for i := range f.s.indexes {
		x := &f.s.indexes[i]
		covered := min(x.Blocks, uint64(max(0, x.end-x.off-format.IndexHeadSize))/format.HashSize)
		for num := x.First; num < x.First+covered; num++ {
			g, k := f.s.find(num)
			if g != nil && g.head.Kind == format.FrameMetadata && (g.sound || f.meta[num] != nil) {
				continue
			}
			if g != nil && g.sound && g.flags[k]&flagBad == 0 {
				continue
			}
			if _, _, ok := f.data(num); ok {
				continue
			}
			if h, _, ok := f.s.said(num); ok && h != (format.Hash{}) {
				f.wanted[h] = append(f.wanted[h], num)
			}
		}
	}
}

// got keeps a block that was wanted.
func (f *filler) got(h format.Hash, b []byte) error {
	for _, num := range f.wanted[h] {
		f.keep(num, h, b)
	}
	delete(f.wanted, h)
	return errors.Join(f.failed, f.ctx.Err())
}

func (f *filler) fromArchive(a *reader.Archive) error {
	for h := range f.wanted {
		for num, err := range a.Find(h) {
			if err != nil {
				break
			}
			if row, err := a.FrameOf(num); err != nil || row.Kind != format.FrameData {
				continue
			}
			b, err := a.Block(num)
			if err != nil {
				continue // damaged there, too
			}
			if err := f.got(h, b); err != nil {
				return err
			}
			break
		}
		if err := f.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) fromFrames(s *stream) error {
	for _, g := range s.frames {
		if !g.sound || g.hash != f.id || g.head.Kind != format.FrameData {
			continue
		}
		for i, n := range g.head.Lengths {
			if n == 0 || f.wanted[g.hashes[i]] == nil {
				continue
			}
			b, err := f.block(g, i)
			if err != nil {
				return err
			}
			if err := f.got(g.hashes[i], b); err != nil {
				return err
			}
		}
	}
	return nil
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
