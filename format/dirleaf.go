package format

import (
	"bytes"
	"iter"
)

// DirLeaf is a directory, or a part of a large one: entries in ascending
// order of the bytes of their names.
type DirLeaf struct {
	Entries []Entry
	Extra   []Column // ignorable columns of unknown meaning
}

// AppendTo writes the leaf in a form; self is its block number, used by the
// stored form only.
func (d *DirLeaf) AppendTo(b []byte, form Form, self uint64) []byte {
	b = append(b, byte(BlockDirLeaf))
	b = appendUvarint(b, uint64(len(d.Entries)))
	w := columnWriter{b: b, extra: d.Extra}
	w.add(ColNames, func(b []byte) []byte {
		for i := range d.Entries {
			b = append(append(b, d.Entries[i].Name...), 0)
		}
		return b
	})
	w.entries(d.Entries, form, self)
	return w.finish()
}

// ParseDirLeaf reads a leaf and checks it: order and validity of names,
// limits, and that the bytes are the one encoding of what they say.
func ParseDirLeaf(b []byte, form Form, self uint64) (*DirLeaf, error) {
	const where = "directory"
	c := cursor{b: b}
	if t := c.u8(); BlockType(t) != BlockDirLeaf {
		return nil, damagedBlock(where, self, "block type is %d, not %d", t, BlockDirLeaf)
	}
	// Every entry has a name of at least two bytes with its NUL.
	n := c.count(min(MaxLeafEntries, uint64(len(b)/2)))
	var r columnReader
	r.parse(&c, ColRecipes)
	d := &DirLeaf{Extra: r.extra}
	if c.bad == "" {
		d.Entries = make([]Entry, n)
	}
	r.col(&c, ColNames, func(c *cursor) {
		c.share()
		for i := range d.Entries {
			d.Entries[i].Name = c.cstr(MaxName)
		}
	})
	r.entries(&c, d.Entries, form, self)
	if c.bad != "" {
		return nil, c.err(where, self)
	}
	for i := range d.Entries {
		if !ValidName(d.Entries[i].Name) {
			return nil, damagedBlock(where, self, "the name %q is not allowed", d.Entries[i].Name)
		}
		if i > 0 && d.Entries[i-1].Name >= d.Entries[i].Name {
			return nil, damagedBlock(where, self, "the names %q and %q are out of order", d.Entries[i-1].Name, d.Entries[i].Name)
		}
	}
	if !bytes.Equal(d.AppendTo(make([]byte, 0, len(b)), form, self), b) {
		return nil, damagedBlock(where, self, "not in its one canonical encoding")
	}
	return d, nil
}

// Refs gives every reference to a block, for resolving.
func (d *DirLeaf) Refs() []*Ref { return entryRefs(d.Entries) }

func entryRefs(entries []Entry) []*Ref {
	var out []*Ref
	for i := range entries {
		if e := &entries[i]; e.Kind.IsDir() || e.Kind == KindFile && e.Ref.named() {
			out = append(out, &e.Ref)
		}
	}
	return out
}

// fileRefs gives the references of files, in order.
func fileRefs(entries []Entry) []*Ref {
	n := 0
	for i := range entries {
		if entries[i].Kind == KindFile {
			n++
		}
	}
	out := make([]*Ref, 0, n)
	for i := range entries {
		if entries[i].Kind == KindFile {
			out = append(out, &entries[i].Ref)
		}
	}
	return out
}

// dirRefs gives the references of directories, in order.
func dirRefs(entries []Entry) iter.Seq[*Ref] {
	return func(yield func(*Ref) bool) {
		for i := range entries {
			if entries[i].Kind.IsDir() && !yield(&entries[i].Ref) {
				return
			}
		}
	}
}

// entries writes all columns but the names.
func (w *columnWriter) entries(es []Entry, form Form, self uint64) {
	w.add(ColModes, func(b []byte) []byte {
		return appendPalette(b, len(es), func(i int) uint32 { return es[i].Mode() },
			func(b []byte, v uint32) []byte { return appendUvarint(b, uint64(v)) })
	})
	w.add(ColOwners, func(b []byte) []byte {
		return appendPalette(b, len(es), func(i int) Owner { return es[i].Owner }, appendOwner)
	})
	w.add(ColMtimes, func(b []byte) []byte {
		return appendTimes(b, len(es), func(i int) Time { return es[i].Mtime })
	})
	files := fileRefs(es)
	w.add(ColSizes, func(b []byte) []byte {
		for _, r := range files {
			b = appendUvarint(b, r.Span)
		}
		return b
	})
	w.add(ColTotals, func(b []byte) []byte {
		for i := range es {
			if es[i].Kind.IsDir() {
				b = appendUvarint(appendUvarint(b, es[i].Size), es[i].Count)
			}
		}
		return b
	})
	w.add(ColDirRefs, func(b []byte) []byte { return appendNames(b, form, self, dirRefs(es)) })
	w.contentKinds(ColFileKinds, files)
	w.contentNames(form, self, files)
	w.add(ColContents, func(b []byte) []byte {
		for i := range es {
			if es[i].HasContentHash() {
				b = append(b, es[i].Content[:]...)
			}
		}
		return b
	})
	w.add(ColTargets, func(b []byte) []byte {
		for i := range es {
			if es[i].Kind == KindSymlink {
				b = append(append(b, es[i].Target...), 0)
			}
		}
		return b
	})
	w.add(ColDevices, func(b []byte) []byte {
		for i := range es {
			if es[i].Kind.IsDevice() {
				b = appendUvarint(appendUvarint(b, uint64(es[i].Major)), uint64(es[i].Minor))
			}
		}
		return b
	})
	w.add(ColLinks, func(b []byte) []byte { return appendLinks(b, es) })
	if anyEntry(es, func(e *Entry) bool { return len(e.Xattrs) > 0 }) {
		w.add(ColXattrs, func(b []byte) []byte {
			var buf []byte
			return appendPalette(b, len(es), func(i int) string {
				buf = appendXattrs(buf[:0], es[i].Xattrs)
				return string(buf)
			}, func(b []byte, v string) []byte { return append(b, v...) })
		})
	}
	if anyEntry(es, func(e *Entry) bool { return e.Btime != Time{} }) {
		w.add(ColBtimes, func(b []byte) []byte {
			return appendTimes(b, len(es), func(i int) Time { return es[i].Btime })
		})
	}
	w.recipeNames(form, self, files)
}

func (r *columnReader) entries(c *cursor, es []Entry, form Form, self uint64) {
	r.col(c, ColModes, func(c *cursor) {
		readPalette(c, len(es), (*cursor).uvarint, func(i int, v uint64) {
			es[i].Kind, es[i].Perm = Kind(v>>12), uint16(v&07777)
			if k := v >> 12; k < uint64(KindFile) || k > uint64(KindImplied) {
				c.fail("an entry of unknown kind")
			}
		})
	})
	r.col(c, ColOwners, func(c *cursor) {
		readPalette(c, len(es), readOwner, func(i int, v Owner) { es[i].Owner = v })
	})
	r.col(c, ColMtimes, func(c *cursor) { readTimes(c, len(es), func(i int, t Time) { es[i].Mtime = t }) })
	if c.bad != "" {
		return
	}
	files := fileRefs(es)
	r.col(c, ColSizes, func(c *cursor) {
		for _, x := range files {
			x.Span = c.bounded(MaxSpan, "a size above its limit")
		}
	})
	r.col(c, ColTotals, func(c *cursor) {
		for i := range es {
			if es[i].Kind.IsDir() {
				es[i].Size = c.bounded(MaxSpan, "a size above its limit")
				es[i].Count = c.bounded(MaxSpan, "a count above its limit")
			}
		}
	})
	r.col(c, ColDirRefs, func(c *cursor) { readNames(c, form, self, dirRefs(es)) })
	r.contentRefs(c, ColFileKinds, form, self, files)
	r.col(c, ColContents, func(c *cursor) {
		for i := range es {
			if es[i].HasContentHash() {
				es[i].Content = c.hash()
			}
		}
	})
	r.col(c, ColTargets, func(c *cursor) {
		c.share()
		for i := range es {
			if es[i].Kind == KindSymlink {
				if es[i].Target = c.cstr(MaxTarget); es[i].Target == "" {
					c.fail("an empty symlink target")
				}
			}
		}
	})
	r.col(c, ColDevices, func(c *cursor) {
		for i := range es {
			if es[i].Kind.IsDevice() {
				es[i].Major = uint32(c.bounded(1<<32-1, "a device number above 32 bits"))
				es[i].Minor = uint32(c.bounded(1<<32-1, "a device number above 32 bits"))
			}
		}
	})
	if r.known[ColLinks] != nil {
		r.col(c, ColLinks, func(c *cursor) { readLinks(c, es) })
	}
	if r.known[ColXattrs] != nil {
		r.col(c, ColXattrs, func(c *cursor) {
			readPalette(c, len(es), readXattrs, func(i int, v []Xattr) { es[i].Xattrs = v })
		})
	}
	if r.known[ColBtimes] != nil {
		r.col(c, ColBtimes, func(c *cursor) { readTimes(c, len(es), func(i int, t Time) { es[i].Btime = t }) })
	}
	for i := range es {
		switch e := &es[i]; {
		case e.Kind == KindFile:
			e.Size = e.Ref.Span
		case e.Kind == KindImplied && (e.Perm != 0 || e.Owner != Owner{} || e.Mtime != Time{} || e.Btime != Time{} || len(e.Xattrs) > 0):
			c.fail("an implied directory with metadata")
		}
	}
}

func anyEntry(es []Entry, is func(*Entry) bool) bool {
	for i := range es {
		if is(&es[i]) {
			return true
		}
	}
	return false
}

func appendOwner(b []byte, o Owner) []byte {
	b = appendUvarint(appendUvarint(b, uint64(o.UID)), uint64(o.GID))
	return appendString(appendString(b, o.User), o.Group)
}

func readOwner(c *cursor) Owner {
	return Owner{
		UID: uint32(c.bounded(1<<32-1, "an owner above 32 bits")), GID: uint32(c.bounded(1<<32-1, "a group above 32 bits")),
		User: c.str(MaxOwnerName), Group: c.str(MaxOwnerName),
	}
}

func appendXattrs(b []byte, xs []Xattr) []byte {
	b = appendUvarint(b, uint64(len(xs)))
	for _, x := range xs {
		b = appendString(appendString(b, x.Name), x.Value)
	}
	return b
}

func readXattrs(c *cursor) []Xattr {
	n := c.count(uint64(len(c.b) / 2))
	total := 0
	var xs []Xattr
	for i := range n {
		x := Xattr{c.str(MaxXattrName), c.str(MaxXattrValue)}
		total += len(x.Name) + len(x.Value)
		switch {
		case c.bad != "":
			return nil
		case x.Name == "" || bytes.IndexByte([]byte(x.Name), 0) >= 0:
			c.fail("an attribute name that is not allowed")
		case i > 0 && xs[i-1].Name >= x.Name:
			c.fail("attributes out of order")
		case total > MaxXattrTotal:
			c.fail("attributes above their limit")
		}
		xs = append(xs, x)
	}
	return xs
}

// appendLinks writes a row for each entry of a hard-link group: the distance
// from the row before, the group relative to the one before, the count.
func appendLinks(b []byte, es []Entry) []byte {
	n, last, group := 0, -1, uint64(0)
	for i := range es {
		if es[i].LinkID != 0 {
			n++
		}
	}
	if n == 0 {
		return b
	}
	b = appendUvarint(b, uint64(n))
	for i := range es {
		if es[i].LinkID != 0 {
			b = appendUvarint(b, uint64(i-last-1))
			b = appendDelta(b, es[i].LinkID, group)
			b = appendUvarint(b, es[i].LinkCount)
			last, group = i, es[i].LinkID
		}
	}
	return b
}

func readLinks(c *cursor, es []Entry) {
	last, group := -1, uint64(0)
	for range c.count(uint64(len(es))) {
		i := c.uvarint()
		group = c.delta(group)
		count := c.uvarint()
		switch {
		case c.bad != "":
		case i >= uint64(len(es)-last-1):
			c.fail("a hard link beyond the last entry")
		case es[last+1+int(i)].Kind.IsDir():
			c.fail("a hard link to a directory")
		case group == 0 || count < 2:
			c.fail("a hard-link group of less than two names")
		}
		if c.bad != "" {
			return
		}
		last += 1 + int(i)
		es[last].LinkID, es[last].LinkCount = group, count
	}
}
