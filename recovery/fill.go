package recovery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// filler fills what is missing from other archives and from files.
type filler struct {
	*recovery
	sources  []reader.Source
	archives []*reader.Archive
	others   []*stream // of other archives that are damaged themselves
	nodes    []nodeSource
	damaged  []*streamNodes // of these
	wanted   map[format.Hash][]uint64
}

func (f *filler) close() {
	for _, s := range f.damaged {
		s.spool.close()
	}
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
	if err := f.fillNodes(); err != nil {
		return err
	}
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
	f.rep.Filled = f.filled + int64(len(f.same)-before)
	return nil
}

// fillNodes looks for metadata blocks. What one archive has may name what only
// another one has.
func (f *filler) fillNodes() error {
	for _, a := range f.archives {
		f.nodes = append(f.nodes, archiveNodes{a})
	}
	for _, s := range f.others {
		n, err := f.nodesOf(s)
		f.damaged, f.nodes = append(f.damaged, n), append(f.nodes, n)
		if err != nil {
			return err
		}
	}
	if len(f.nodes) == 0 {
		return nil
	}
	f.wantRoots()
	f.knowMeta()
	for more := true; more; {
		more = false
		for _, from := range f.nodes {
			some, err := f.fromNodes(from)
			if err != nil {
				return err
			}
			more = more || some
		}
	}
	// What was made out before lacked what is there now.
	clear(f.sums)
	f.recovery.nodes = newCache[uint64, *node](nodeCache)
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
		if b, ok := (archiveNodes{a}).content(h); ok {
			if err := f.got(h, b); err != nil {
				return err
			}
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
