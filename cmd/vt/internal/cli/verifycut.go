package cli

import (
	"errors"
	"io"
	"math"
	"sort"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/stream"
	"github.com/vtdarchive/vtd/recipe"
	"github.com/vtdarchive/vtd/recovery"
)

// remains reads an archive that cannot be opened, mostly since its end is
// missing, from front to back, and tells what is lost of it. Its tree comes
// first, so that the paths of what comes after are known, though without index
// and trailer nothing proves them. Of an archive in another order, or without its
// header, it tells what recovery could not save.
func (r *verification) remains(e *Env, src reader.Source) error {
	r.Size = src.Size()
	s, err := stream.NewReader(e.ctx, io.NewSectionReader(src, 0, src.Size()), stream.Options{Workers: int(r.c.Threads)})
	if err != nil || s.NeedsSpool() {
		return r.recoverable(e, src)
	}
	defer s.Close()
	e.bar.Phase("checking", r.Size, 0)
	l := lostBlocks{r: r}
	tree, err := l.read(e, s)
	if err != nil {
		return err
	}
	if tree == nil {
		r.Findings[0].Hurt(reader.Harm{Snapshot: 1, Length: -1})
		return nil
	}
	r.Snapshots = 1
	r.Warnings = append(r.Warnings, "what is lost is told by the tree at the front, which nothing proves: index and trailer cannot be read")
	v := &lossVisitor{e: e, lost: &l, tree: tree}
	return stream.Walk(tree, tree.Root(), v)
}

// recoverable tells what is lost of an archive that can neither be opened nor
// read from the front, by recovering it to nowhere.
func (r *verification) recoverable(e *Env, src reader.Source) error {
	o := recovery.Options{Progress: func(n int64) { e.bar.Add(n, 0) }}
	o.Phase = func(name string, bytes int64) {
		if name == "scanning" {
			e.bar.Phase("checking", bytes, 0)
		}
	}
	rep, err := recovery.Recover(e.ctx, src, "", io.Discard, o)
	if err != nil {
		r.Findings[0].Hurt(reader.Harm{Snapshot: 1, Length: -1})
		return e.ctx.Err() // that nothing can be saved is not more than what is known by now
	}
	for _, d := range rep.Damage {
		if d.Length > 0 {
			r.Findings = append(r.Findings, reader.Finding{Class: "damaged", Structure: d.Structure, Offset: d.Offset, Length: d.Length, Block: -1, Message: d.Message, Hurts: []reader.Harm{}})
		}
	}
	r.Frames, r.Blocks, r.Snapshots = uint64(rep.Frames), uint64(rep.Blocks), uint64(len(rep.Snapshots))
	first := &r.Findings[0]
	for _, l := range rep.Losses {
		h := reader.Harm{Path: l.Path, Length: -1}
		if l.Snapshot < len(rep.Snapshots) {
			h.Snapshot, h.Label = rep.Snapshots[l.Snapshot].Was, rep.Snapshots[l.Snapshot].Label
		}
		if len(l.Missing) == 0 {
			first.Hurt(h)
		}
		for _, m := range l.Missing {
			h.Offset, h.Length = m.From, m.Len()
			first.Hurt(h)
		}
	}
	first.MoreHurts += uint64(rep.More)
	if rep.Whole() {
		r.Warnings = append(r.Warnings, "vt ar recover makes an archive of it in which nothing is missing")
	} else {
		r.Warnings = append(r.Warnings, "vt ar recover makes an archive of it in which no more is missing than what is named here")
	}
	return nil
}

// lostBlocks are the blocks that an archive without its end no longer has.
type lostBlocks struct {
	r      *verification
	ranges []lostRange // ascending
	next   uint64      // the block after the last one that came
}

type lostRange struct {
	first, end uint64
	finding    int
}

// read goes through the whole stream and gives the last tree in it, or nil.
func (l *lostBlocks) read(e *Env, s *stream.Reader) (tree *stream.Tree, err error) {
	before := int64(0)
	for {
		ev, err := s.Next()
		at := s.Offset()
		e.bar.Add(at-before, 0)
		before = at
		switch {
		case err == io.EOF, archiveFault(err) != nil:
			l.lose(l.next, math.MaxUint64, 0) // all that would come behind the end
			return tree, nil
		case err != nil:
			return nil, err
		case ev.Tree != nil:
			tree = ev.Tree
			l.next = max(l.next, tree.Number+2)
		case ev.Damage != nil && ev.Damage.First < ev.Damage.End:
			l.r.addFinding(ev.Damage.Err)
			l.lose(ev.Damage.First, ev.Damage.End, len(l.r.Findings)-1)
			l.next = max(l.next, ev.Damage.End)
		case ev.Frame != nil:
			l.frame(ev.Frame)
		}
	}
}

// frame counts what came. An absent block counts as lost by the cut: what
// would stand in for it comes in a later tree.
func (l *lostBlocks) frame(f *stream.Frame) {
	l.r.Frames++
	for i, n := range f.Head.Lengths {
		if n == 0 {
			l.lose(f.Head.First+uint64(i), f.Head.First+uint64(i)+1, 0)
		}
	}
	l.r.Blocks += uint64(len(f.Head.Lengths))
	l.next = max(l.next, f.Head.End())
	f.Release()
}

func (l *lostBlocks) lose(first, end uint64, finding int) {
	l.ranges = append(l.ranges, lostRange{first, end, finding})
}

// of gives the finding to blame for a block, or nil if the block came.
func (l *lostBlocks) of(num uint64) *reader.Finding {
	i := sort.Search(len(l.ranges), func(i int) bool { return num < l.ranges[i].end })
	if i == len(l.ranges) || num < l.ranges[i].first {
		return nil
	}
	return &l.r.Findings[l.ranges[i].finding]
}

// blame gives the finding to blame for metadata that cannot be read.
func (l *lostBlocks) blame(err error) *reader.Finding {
	var fe *format.Error
	if errors.As(err, &fe) && fe.Block >= 0 {
		if n := l.of(uint64(fe.Block)); n != nil {
			return n
		}
	}
	return &l.r.Findings[0]
}

// lossVisitor tells each finding which bytes of which files it hurts.
type lossVisitor struct {
	e    *Env
	lost *lostBlocks
	tree *stream.Tree
	path treePath
}

func (v *lossVisitor) Visit(depth int, x *format.Entry) error {
	path := v.path.enter(depth, x.Name)
	v.lost.r.Entries++
	if x.Kind == format.KindFile {
		err := v.content(&x.Ref, 0, func(num uint64, off, length int64) {
			v.lost.of(num).Hurt(v.harm(path, off, length))
		})
		if err != nil {
			v.lost.blame(err).Hurt(v.harm(path, 0, -1))
		}
	}
	return v.e.ctx.Err()
}

// content tells of each data block that a content below so many recipes needs,
// and of which of its bytes.
func (v *lossVisitor) content(of *format.Ref, depth int, needs func(num uint64, off, length int64)) error {
	return stream.Parts(v.tree, of, func(off uint64, ref *format.Ref) error {
		switch ref.Kind {
		case format.RefBlock:
			needs(ref.Num, int64(off), int64(ref.Span))
		case format.RefRecipe:
			x, err := stream.Recipe(v.tree, ref)
			if err != nil {
				return err
			}
			made, err := recipe.Parse(x)
			if err != nil || depth == format.MaxRecipeDepth {
				return err // no finding of a cut
			}
			told := int64(0) // parts up to there: many blocks are in one
			return v.content(&x.Input, depth+1, func(num uint64, from, length int64) {
				if v.lost.of(num) == nil {
					return
				}
				for p := range made.MadeFrom(from, from+length) {
					if p.Offset >= told {
						needs(num, int64(off)+p.Offset, p.Length)
						told = p.Offset + p.Length
					}
				}
			})
		}
		return v.e.ctx.Err()
	})
}

// Broken implements stream.Visitor.
func (v *lossVisitor) Broken(depth int, _ *format.Entry, err error) error {
	if archiveFault(err) == nil {
		return err
	}
	v.lost.blame(err).Hurt(v.harm(v.path.at(depth), 0, -1))
	return nil
}

func (v *lossVisitor) harm(path string, off, length int64) reader.Harm {
	return reader.Harm{Snapshot: v.tree.Number + 1, Label: v.tree.Snapshot.Label, Path: path, Offset: off, Length: length}
}
