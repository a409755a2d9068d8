package testkit

import (
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/recipe"
)

// dirTree is a directory as read.
type dirTree struct {
	path    string
	entries []format.Entry
	dirs    map[int]*dirTree // by index of entry
	listed  map[int]int      // entry of out.Entries, for files
}

func (c *checker) tree() error {
	num := c.trailer.Top
	b, err := c.block(num, format.FrameMetadata)
	if err != nil {
		return err
	}
	if c.top, err = format.ParseTop(b, num); err != nil {
		return err
	}
	if err := c.named(num, b); err != nil {
		return err
	}
	if c.snap, err = c.snapshot(num + 1); err != nil {
		return err
	}
	switch {
	case c.hashes[num+1] != c.top.Snapshot:
		return damaged("top block", format.NoOffset, "the block after it is not the snapshot record that it names")
	case c.snap.Root.Ref.Hash != c.top.Root:
		return damaged("top block", format.NoOffset, "the snapshot record has another root")
	case c.snap.Content != c.top.Content:
		return damaged("top block", format.NoOffset, "the snapshot record has another content id")
	}
	c.out.Top, c.out.Root, c.out.Content = c.trailer.TopHash.String(), c.top.Root.String(), c.top.Content.String()
	c.out.Label = c.snap.Label
	c.out.Entries = append(c.out.Entries, entryOf(".", &c.snap.Root))
	c.root, err = c.dir(".", c.snap.Root.Ref.Num, 0, &c.out.Entries)
	return err
}

func (c *checker) snapshot(num uint64) (*format.Snapshot, error) {
	return parse(c, num, format.ParseSnapshot, (*format.Snapshot).Refs, (*format.Snapshot).AppendTo)
}

// dir reads a directory with all that is below it. list takes its entries.
func (c *checker) dir(path string, num uint64, depth int, list *[]Entry) (*dirTree, error) {
	if c.dirs++; c.dirs > maxCheckedDirs {
		return nil, ErrTooMany
	}
	if depth > format.MaxDepth {
		return nil, damaged("directory", format.NoOffset, "more than %d directories below one another", format.MaxDepth)
	}
	d := &dirTree{path: path, dirs: map[int]*dirTree{}, listed: map[int]int{}}
	if err := c.node(d, num, -1); err != nil {
		return nil, err
	}
	for i := range d.entries {
		e := &d.entries[i]
		at := e.Name
		if path != "." {
			at = path + "/" + e.Name
		}
		d.listed[i] = len(*list)
		*list = append(*list, entryOf(at, e))
		if e.Kind.IsDir() {
			sub, err := c.dir(at, e.Ref.Num, depth+1, list)
			if err != nil {
				return nil, err
			}
			d.dirs[i] = sub
		}
	}
	return d, nil
}

// node reads a node of a directory and appends its entries. level is what the
// node above says it is: 0 a leaf, -1 when there is none above.
func (c *checker) node(d *dirTree, num uint64, level int) error {
	b, err := c.block(num, format.FrameMetadata)
	if err != nil {
		return err
	}
	if format.BlockType(b[0]) != format.BlockDirInner {
		leaf, err := parse(c, num, format.ParseDirLeaf, (*format.DirLeaf).Refs, (*format.DirLeaf).AppendTo)
		switch {
		case err != nil:
			return err
		case level > 0:
			return damaged("directory", format.NoOffset, "block %d is a leaf, not a node of level %d", num, level)
		case level == 0 && len(leaf.Entries) == 0:
			return damaged("directory", format.NoOffset, "block %d is an empty leaf below an inner node", num)
		}
		if k := len(d.entries); k > 0 && d.entries[k-1].Name >= leaf.Entries[0].Name {
			return damaged("directory", format.NoOffset, "names out of order from leaf to leaf")
		}
		d.entries = append(d.entries, leaf.Entries...)
		return nil
	}
	inner, err := parse(c, num, format.ParseDirInner, (*format.DirInner).Refs, (*format.DirInner).AppendTo)
	if err != nil {
		return err
	}
	if level >= 0 && inner.Level != level {
		return damaged("directory inner node", format.NoOffset, "block %d has level %d, not %d", num, inner.Level, level)
	}
	for _, child := range inner.Children {
		before := len(d.entries)
		if err := c.node(d, child.Ref.Num, inner.Level-1); err != nil {
			return err
		}
		if d.entries[before].Name != child.First || uint64(len(d.entries)-before) != child.Count {
			return damaged("directory inner node", format.NoOffset, "block %d: first name or count of a child is wrong", num)
		}
	}
	return nil
}

// contents reads every file.
func (c *checker) contents() error { return c.files(c.root, c.out.Entries) }

// files reads the files at and below a directory; list, if there is one,
// takes the hashes of their content.
func (c *checker) files(d *dirTree, list []Entry) error {
	for i := range d.entries {
		if sub := d.dirs[i]; sub != nil {
			if err := c.files(sub, list); err != nil {
				return err
			}
		}
		if d.entries[i].Kind != format.KindFile {
			continue
		}
		b, err := c.content(nil, &d.entries[i].Ref, 0)
		if err != nil {
			return err
		}
		if list != nil {
			list[d.listed[i]].SHA256 = sha256Hex(b)
		}
		// A block's hash is its content's; the others record one, checked by
		// verify.
		if e := &d.entries[i]; e.HasContentHash() {
			e.Ref.Hash = c.header.Hash.SumContent(b)
		}
	}
	return nil
}

// maxContent bounds what Check expands: a run may claim 2^62 bytes.
const maxContent = 64 << 20

// content appends what a reference stands for. level is that of the indirect
// block around it, 0 for none.
func (c *checker) content(b []byte, r *format.Ref, level int) ([]byte, error) {
	if r.Span > maxContent {
		return nil, damaged("indirect block", format.NoOffset, "a span of %d is more than this checker expands", r.Span)
	}
	switch r.Kind {
	case format.RefLiteral:
		return append(b, r.Literal...), nil
	case format.RefRun:
		for range r.Span {
			b = append(b, r.Octet)
		}
		return b, nil
	case format.RefBlock:
		data, err := c.block(r.Num, format.FrameData)
		if err == nil && uint64(len(data)) != r.Span {
			err = damaged("block", format.NoOffset, "block %d has %d bytes, its reference %d", r.Num, len(data), r.Span)
		}
		return append(b, data...), err
	}
	if r.Kind == format.RefRecipe {
		return c.recipe(b, r)
	}
	x, err := parse(c, r.Num, format.ParseIndirect, (*format.Indirect).Named, (*format.Indirect).AppendTo)
	if err != nil {
		return nil, err
	}
	if level > 0 && x.Level != level-1 {
		return nil, damaged("indirect block", format.NoOffset, "block %d has level %d below %d", r.Num, x.Level, level)
	}
	start := uint64(len(b))
	for i := range x.Refs {
		if b, err = c.content(b, &x.Refs[i], x.Level); err != nil {
			return nil, err
		}
	}
	if got := uint64(len(b)) - start; got != r.Span {
		return nil, damaged("indirect block", format.NoOffset, "block %d spans %d bytes, its reference %d", r.Num, got, r.Span)
	}
	return b, nil
}

// recipe appends what a recipe makes.
func (c *checker) recipe(b []byte, r *format.Ref) ([]byte, error) {
	x, err := parse(c, r.Num, format.ParseRecipe, (*format.Recipe).Named, (*format.Recipe).AppendTo)
	if err != nil {
		return nil, err
	}
	if x.Length != r.Span {
		return nil, damaged("recipe", format.NoOffset, "block %d makes %d bytes, its reference spans %d", r.Num, x.Length, r.Span)
	}
	if c.recipes++; c.recipes > format.MaxRecipeDepth {
		return nil, damaged("recipe", format.NoOffset, "recipes deeper than %d", format.MaxRecipeDepth)
	}
	defer func() { c.recipes-- }()
	made, err := recipe.Parse(x)
	if err != nil {
		return nil, err
	}
	input, err := c.content(nil, &x.Input, 0)
	if err != nil {
		return nil, err
	}
	for i := range made.Parts() {
		p := made.Part(i)
		if b, err = made.Make(b, i, input[p.From:p.To]); err != nil {
			return nil, err
		}
	}
	return b, nil
}
