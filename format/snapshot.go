package format

import (
	"bytes"
	"slices"
)

// Top is the first block of a tree version. Both of its forms are the same;
// the snapshot record is the block after it.
type Top struct {
	Snapshot Hash // of the snapshot record
	Root     Hash // of the root directory's node
	Content  Hash // content id
	Span     uint64
	Extra    []Column
}

// AppendTo writes the block.
func (t *Top) AppendTo(b []byte) []byte {
	w := columnWriter{b: append(b, byte(BlockTop)), extra: t.Extra}
	w.put(ColSnapshot, t.Snapshot[:])
	w.put(ColRootHash, t.Root[:])
	w.put(ColContent, t.Content[:])
	w.add(ColSpan, func(b []byte) []byte { return appendUvarint(b, t.Span) })
	return w.finish()
}

// ParseTop reads and checks a top block.
func ParseTop(b []byte, self uint64) (*Top, error) {
	const where = "top block"
	c := cursor{b: b}
	if t := c.u8(); BlockType(t) != BlockTop {
		return nil, damagedBlock(where, self, "block type is %d, not %d", t, BlockTop)
	}
	var r columnReader
	r.parse(&c, ColSpan)
	t := &Top{Extra: r.extra}
	r.col(&c, ColSnapshot, func(c *cursor) { t.Snapshot = c.hash() })
	r.col(&c, ColRootHash, func(c *cursor) { t.Root = c.hash() })
	r.col(&c, ColContent, func(c *cursor) { t.Content = c.hash() })
	r.col(&c, ColSpan, func(c *cursor) { t.Span = c.bounded(MaxSpan, "a span above its limit") })
	if c.bad == "" && !bytes.Equal(t.AppendTo(nil), b) {
		c.fail("not in its one canonical encoding")
	}
	if c.bad != "" {
		return nil, c.err(where, self)
	}
	return t, nil
}

// ReplicaID names a writer of an archive's history.
type ReplicaID [16]byte

// VectorRow is one row of a version vector: how many snapshots of a replica
// are behind this one.
type VectorRow struct {
	Replica ReplicaID
	Count   uint64
}

// Snapshot is the record of one state of the tree.
type Snapshot struct {
	Root    Entry // nameless; its Ref names the root directory's node
	Content Hash  // content id
	Time    Time
	Label   string
	Message string
	Parents []Ref // earlier snapshot records
	Replica ReplicaID
	Vector  []VectorRow // sorted by replica
	Tool    string
	// Original names the node of a directory in which the file is that the tree was
	// made from; zero where there is none. Unlike other names of blocks it is a hash
	// in both forms.
	Original Hash
	Extra    []Column

	RootExtra []Column // ignorable columns of Root of unknown meaning
}

// AppendTo writes the record in a form.
func (s *Snapshot) AppendTo(b []byte, form Form, self uint64) []byte {
	w := columnWriter{b: append(b, byte(BlockSnapshot)), extra: s.Extra}
	w.add(ColRoot, func(b []byte) []byte {
		root := columnWriter{b: b, extra: s.RootExtra}
		root.entries([]Entry{s.Root}, form, self)
		return root.finish()
	})
	w.put(ColContent, s.Content[:])
	w.add(ColTime, func(b []byte) []byte { return appendUvarint(appendSvarint(b, s.Time.Sec), uint64(s.Time.Nsec)) })
	w.put(ColLabel, []byte(s.Label))
	w.put(ColMessage, []byte(s.Message))
	w.add(ColParents, func(b []byte) []byte {
		if len(s.Parents) == 0 {
			return b
		}
		return appendNames(appendUvarint(b, uint64(len(s.Parents))), form, self, slices.Values(pointers(s.Parents)))
	})
	if s.Replica != (ReplicaID{}) {
		w.put(ColReplica, s.Replica[:])
	}
	w.add(ColVector, func(b []byte) []byte {
		for _, v := range s.Vector {
			b = appendUvarint(append(b, v.Replica[:]...), v.Count)
		}
		return b
	})
	w.put(ColTool, []byte(s.Tool))
	if s.Original != (Hash{}) {
		w.put(ColOriginal, s.Original[:])
	}
	return w.finish()
}

// Refs gives the references to blocks, for resolving.
func (s *Snapshot) Refs() []*Ref { return append(pointers(s.Parents), &s.Root.Ref) }

// ParseSnapshot reads and checks a snapshot record.
func ParseSnapshot(b []byte, form Form, self uint64) (*Snapshot, error) {
	const where = "snapshot record"
	c := cursor{b: b}
	if t := c.u8(); BlockType(t) != BlockSnapshot {
		return nil, damagedBlock(where, self, "block type is %d, not %d", t, BlockSnapshot)
	}
	var r columnReader
	r.parse(&c, ColTool)
	s := &Snapshot{Extra: r.extra}
	r.col(&c, ColRoot, func(c *cursor) {
		var root columnReader
		root.parse(c, ColBtimes)
		es := make([]Entry, 1)
		root.entries(c, es, form, self)
		s.Root, s.RootExtra = es[0], root.extra
		if c.bad == "" && !s.Root.Kind.IsDir() {
			c.fail("the root is not a directory")
		}
	})
	r.col(&c, ColContent, func(c *cursor) { s.Content = c.hash() })
	r.col(&c, ColTime, func(c *cursor) {
		s.Time = Time{c.svarint(), uint32(c.bounded(999_999_999, "nanoseconds of a second or more"))}
	})
	text := func(id int) (v string) {
		r.col(&c, id, func(c *cursor) {
			if len(c.b) > MaxText {
				c.fail("a text above its limit")
			}
			v = string(c.take(uint64(len(c.b))))
		})
		return v
	}
	s.Label, s.Message = text(ColLabel), text(ColMessage)
	if r.known[ColParents] != nil {
		r.col(&c, ColParents, func(c *cursor) {
			s.Parents = make([]Ref, c.count(MaxParents))
			readNames(c, form, self, slices.Values(pointers(s.Parents)))
		})
	}
	if r.known[ColReplica] != nil {
		r.col(&c, ColReplica, func(c *cursor) { copy(s.Replica[:], c.take(uint64(len(s.Replica)))) })
	}
	r.col(&c, ColVector, func(c *cursor) {
		for len(c.b) > 0 && c.bad == "" {
			var v VectorRow
			copy(v.Replica[:], c.take(uint64(len(v.Replica))))
			v.Count = c.uvarint()
			if n := len(s.Vector); n >= MaxVector || n > 0 && bytes.Compare(s.Vector[n-1].Replica[:], v.Replica[:]) >= 0 {
				c.fail("a version vector out of order or above its limit")
			}
			s.Vector = append(s.Vector, v)
		}
	})
	s.Tool = text(ColTool)
	if len(s.Extra) > 0 && s.Extra[0].ID == ColOriginal {
		sub := cursor{b: s.Extra[0].Data}
		if s.Original = sub.hash(); s.Original == (Hash{}) {
			sub.fail("an original without a name")
		}
		sub.done()
		if sub.bad != "" {
			c.fail(sub.bad)
		}
		s.Extra = append([]Column(nil), s.Extra[1:]...)
	}
	if c.bad == "" && !bytes.Equal(s.AppendTo(nil, form, self), b) {
		c.fail("not in its one canonical encoding")
	}
	if c.bad != "" {
		return nil, c.err(where, self)
	}
	return s, nil
}
