package crosscheck

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader/stream"
	"github.com/vtdarchive/vtd/recipe"
)

// Streamed is an archive as reader/stream sees it.
type Streamed struct {
	View
	Spool bool              // it has to be read by random access
	Trees []*stream.Tree    // in the order in which they came
	Walks [][]Entry         // what is in them
	data  map[uint64][]byte // blocks
	total int               // bytes in data
}

// streamOptions keep little, so that reading has to wait for its consumer.
var streamOptions = stream.Options{Workers: 2, Memory: 1 << 20}

// ReadStream reads an archive from front to back.
func ReadStream(r Reporter, b []byte, lim Limits) *Streamed {
	s := &Streamed{View: View{limits: lim}, data: map[uint64][]byte{}}
	in, err := stream.NewReader(context.Background(), bytes.NewReader(b), streamOptions)
	s.say(r, "stream", err)
	if err != nil {
		return s
	}
	defer in.Close()
	s.Opened = true
	if s.Spool = in.NeedsSpool(); s.Spool {
		if _, err := in.Next(); !errors.Is(err, stream.ErrNeedsSpool) {
			r.Fault(Stream, "an archive that needs spooling is read all the same: %v", err)
		}
		s.Bad = true
		return s
	}
	for {
		ev, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			s.say(r, "next", err)
			break
		}
		switch {
		case ev.Tree != nil:
			s.Trees = append(s.Trees, ev.Tree)
		case ev.Damage != nil:
			s.say(r, "damage", ev.Damage.Err)
		default:
			s.keep(ev.Frame)
			ev.Frame.Release()
		}
	}
	if len(s.Trees) == 0 {
		if !s.Bad {
			r.Fault(Stream, "without a fault it has no tree")
		}
		return s
	}
	// Every tree must be safe to walk, also one that turns out to be wrong. The
	// last one is what the archive shows.
	bad := s.Bad
	for _, tree := range s.Trees {
		s.Entries, s.size, s.Bad = nil, 0, bad
		s.Top = *tree.Top
		s.walk(r, tree)
		s.Walks = append(s.Walks, s.Entries)
	}
	s.Clean = !s.Bad && s.Fits()
	return s
}

// keep takes the blocks of a frame, up to a bound.
func (s *Streamed) keep(f *stream.Frame) {
	at := uint32(0)
	for i, n := range f.Head.Lengths {
		if uint64(s.total)+uint64(n) > s.limits.Total {
			s.Cut = true
			return
		}
		if n > 0 {
			s.data[f.Head.First+uint64(i)] = bytes.Clone(f.Raw[at : at+n])
			s.total += int(n)
			at += n
		}
	}
}

// walk lists a tree of the stream.
func (s *Streamed) walk(r Reporter, tree *stream.Tree) {
	root := tree.Root()
	s.Entries = append(s.Entries, Entry{Kind: root.Kind, Meta: metaOf(root), Size: root.Size})
	w := streamWalk{r: r, s: s, tree: tree}
	if err := stream.Walk(tree, root, &w); err != nil && err != errEnough {
		r.Fault(Stream, "walk: %v", err)
	}
}

type streamWalk struct {
	r    Reporter
	s    *Streamed
	tree *stream.Tree
	at   []string
}

var errEnough = errors.New("enough")

func (w *streamWalk) Visit(depth int, e *format.Entry) error {
	if len(w.s.Entries) >= w.s.limits.Entries {
		w.s.Cut = true
		return errEnough
	}
	w.at = append(w.at[:depth], e.Name)
	out := Entry{Path: strings.Join(w.at, "/"), Kind: e.Kind, Meta: metaOf(e), Size: e.Size}
	if e.Kind == format.KindFile {
		out.Sum, out.Read = w.content(e)
	}
	w.s.Entries = append(w.s.Entries, out)
	return nil
}

func (w *streamWalk) Broken(depth int, e *format.Entry, err error) error {
	w.s.say(w.r, e.Name, err)
	return nil
}

// content puts a file together from the blocks that came.
func (w *streamWalk) content(e *format.Entry) (sum format.Hash, ok bool) {
	want := w.s.room(e.Size)
	b, err := w.bytes(&e.Ref, want, 0, e.Name)
	if err != nil {
		if err != errMissing {
			w.s.say(w.r, e.Name, err)
		}
		return sum, false
	}
	if uint64(len(b)) != want {
		return sum, false
	}
	return format.HashBLAKE3.Sum(b), true
}

var errMissing = errors.New("a block did not come")

// bytes gives the first octets of a content below so many recipes.
func (w *streamWalk) bytes(of *format.Ref, want uint64, depth int, name string) ([]byte, error) {
	b := make([]byte, 0, want)
	err := stream.Parts(w.tree, of, func(off uint64, r *format.Ref) error {
		if off != uint64(len(b)) {
			w.r.Fault(Stream, "%q: a part at %d where %d is due", name, off, len(b))
		}
		left := want - uint64(len(b))
		switch r.Kind {
		case format.RefLiteral:
			b = append(b, r.Literal[:min(left, r.Span)]...)
		case format.RefRun:
			b = append(b, bytes.Repeat([]byte{r.Octet}, int(min(left, r.Span)))...)
		case format.RefBlock:
			data, there := w.s.data[r.Num]
			if !there || uint64(len(data)) != r.Span {
				return errMissing
			}
			b = append(b, data[:min(left, r.Span)]...)
		case format.RefRecipe:
			made, err := w.made(r, depth, name)
			if err != nil {
				return err
			}
			b = append(b, made[:min(left, r.Span)]...)
		}
		if uint64(len(b)) == want {
			return errEnough
		}
		return nil
	})
	if err == errEnough {
		err = nil
	}
	return b, err
}

// made gives what a recipe makes.
func (w *streamWalk) made(r *format.Ref, depth int, name string) ([]byte, error) {
	x, err := stream.Recipe(w.tree, r)
	if err != nil {
		return nil, err
	}
	made, err := recipe.Parse(x)
	if err != nil {
		return nil, err
	}
	if depth == format.MaxRecipeDepth {
		return nil, format.Damaged("recipe", format.NoOffset, "too deep")
	}
	if max(x.Input.Span, x.Length) > w.s.limits.Total {
		w.s.Long = true
		return nil, errMissing
	}
	input, err := w.bytes(&x.Input, x.Input.Span, depth+1, name)
	if err != nil {
		return nil, err
	}
	var b []byte
	for i := range made.Parts() {
		p := made.Part(i)
		if p.To > int64(len(input)) {
			return nil, errMissing
		}
		if b, err = made.Make(b, i, input[p.From:p.To]); err != nil {
			return nil, err
		}
	}
	return b, nil
}
