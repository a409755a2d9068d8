package testkit

import (
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// verify checks everything that is said twice, and the snapshots before.
func (c *checker) verify() error {
	for _, p := range c.parts {
		t := p.trailer
		if c.header.Hash.Sum(c.file[t.Index:t.Offset]) != t.IndexHash {
			return damaged("index", t.Index, "it does not have the hash that its trailer names")
		}
	}
	if err := c.table(); err != nil {
		return err
	}
	if err := c.layout(); err != nil {
		return err
	}
	for i, row := range c.rows {
		f, err := c.frame(i)
		if err != nil {
			return err
		}
		if f.head.RawLen == 0 && (f.head.Stored != 0 || f.head.Codec != codec.Stored) {
			return damaged("frame", row.Offset, "it has no blocks but stored bytes")
		}
		at := row.Offset + int64(row.HeadSize)
		if c.header.Hash.Sum(c.file[at:at+int64(row.Stored)]) != f.head.Hash {
			return damaged("frame", row.Offset, "the stored bytes do not have the hash that its head names")
		}
		for k, n := range f.head.Lengths {
			if n == 0 {
				continue
			}
			if err := c.blockOf(row.First+uint64(k), f.head.Kind); err != nil {
				return err
			}
		}
	}
	if err := c.twice(); err != nil {
		return err
	}
	if err := c.snapshotTree(c.snap, c.root); err != nil {
		return err
	}
	if c.top.Span != c.snap.Root.Size {
		return damaged("top block", format.NoOffset, "its span is %d, the tree's %d", c.top.Span, c.snap.Root.Size)
	}
	if err := c.original(c.snap, &c.out); err != nil {
		return err
	}
	return c.history(c.snap, map[uint64]bool{})
}

// twice finds a block that is stored twice. Metadata that names an absent block
// comes again with another number in it, so that nothing is said of metadata
// where there are absent blocks.
func (c *checker) twice() error {
	type kindHash struct {
		kind format.FrameKind
		hash format.Hash
	}
	seen := map[kindHash]uint64{}
	absent := false
	again := error(nil) // of metadata
	for i, row := range c.rows {
		f, err := c.frame(i)
		if err != nil {
			return err
		}
		for k, n := range f.head.Lengths {
			num := row.First + uint64(k)
			if n == 0 && f.head.Kind == format.FrameMetadata {
				return damaged("block", row.Offset, "metadata block %d is empty", num)
			}
			if n == 0 {
				absent = true
				continue
			}
			own, err := c.ownOfVersion(num, f.head.Kind)
			if err != nil {
				return err
			}
			hash, err := c.hashOf(num)
			if err != nil {
				return err
			}
			key := kindHash{f.head.Kind, hash}
			if first, ok := seen[key]; ok && !own {
				again = damaged("index", row.Offset, "block %d has the hash of block %d", num, first)
				if f.head.Kind == format.FrameData {
					return again
				}
			}
			seen[key] = num
		}
	}
	if absent {
		return nil
	}
	return again
}

// ownOfVersion tells whether a block is a top block or a snapshot record, of
// which every tree version has its own.
func (c *checker) ownOfVersion(num uint64, kind format.FrameKind) (bool, error) {
	if kind != format.FrameMetadata {
		return false, nil
	}
	b, err := c.block(num, kind)
	if err != nil {
		return false, err
	}
	t := format.BlockType(b[0])
	return t == format.BlockTop || t == format.BlockSnapshot, nil
}

// blockOf checks a block against its hash, whether or not a tree refers to it.
func (c *checker) blockOf(num uint64, kind format.FrameKind) error {
	b, err := c.block(num, kind) // of data, the hash has been checked
	if err != nil || kind == format.FrameData {
		return err
	}
	switch format.BlockType(b[0]) {
	case format.BlockTop:
		if _, err = format.ParseTop(b, num); err == nil {
			err = c.named(num, b)
		}
	case format.BlockSnapshot:
		_, err = c.snapshot(num)
	case format.BlockDirLeaf:
		_, err = parse(c, num, format.ParseDirLeaf, (*format.DirLeaf).Refs, (*format.DirLeaf).AppendTo)
	case format.BlockDirInner:
		_, err = parse(c, num, format.ParseDirInner, (*format.DirInner).Refs, (*format.DirInner).AppendTo)
	case format.BlockIndirect:
		_, err = parse(c, num, format.ParseIndirect, (*format.Indirect).Named, (*format.Indirect).AppendTo)
	case format.BlockRecipe:
		_, err = parse(c, num, format.ParseRecipe, (*format.Recipe).Named, (*format.Recipe).AppendTo)
	default:
		err = damaged("block", format.NoOffset, "block %d is metadata of unknown type %d", num, b[0])
	}
	return err
}

// layout checks that frames, indexes and trailers lie one after another.
func (c *checker) layout() error {
	var segments []*format.Trailer // newest first
	for t := c.trailer; ; {
		segments = append(segments, t)
		if t.Prev == 0 {
			break
		}
		prev, err := c.trailerAt(t.Prev)
		if err != nil {
			return err
		}
		t = prev
	}
	at, row := c.size, 0
	var blocks, snapshots uint64 // of the segments before
	for i, t := range slices.Backward(segments) {
		if err := c.counted(t, blocks, &snapshots); err != nil {
			return err
		}
		blocks = t.Blocks
		if h, err := c.hashOf(t.Top); err != nil || h != t.TopHash {
			return damaged("trailer", t.Offset, "the hash of the top block is not the index's")
		}
		if c.header.Hash.Sum(c.file[t.Index:t.Offset]) != t.IndexHash { // of one that was merged, too
			return damaged("index", t.Index, "it does not have the hash that its trailer names")
		}
		begin := at
		if i == len(segments)-1 {
			begin = 0
		}
		if t.Segment != begin {
			return damaged("trailer", t.Offset, "its segment begins at %d, not %d", begin, t.Segment)
		}
		if t.IsParity() {
			if i == len(segments)-1 {
				return damaged("trailer", t.Offset, "there is nothing to protect")
			}
			if err := c.parity(t, segments[i+1]); err != nil {
				return err
			}
			at = t.Index
		}
		for ; row < len(c.rows) && c.rows[row].Offset < t.Offset; row++ {
			if r := c.rows[row]; r.Offset != at {
				return damaged("index", r.off, "%d bytes before the frame at %d belong to nothing", r.Offset-at, r.Offset)
			}
			at += int64(c.rows[row].HeadSize) + int64(c.rows[row].Stored)
		}
		if t.Index != at {
			return damaged("trailer", t.Offset, "%d bytes before the index belong to nothing", t.Index-at)
		}
		at = t.Offset + format.TrailerSize
	}
	return c.appended(segments)
}

// counted checks that a trailer adds one snapshot to those before, unless it is
// one of parity, and that its top block is one of its segment, with a frame for
// itself and the snapshot record.
func (c *checker) counted(t *format.Trailer, before uint64, snapshots *uint64) error {
	if !t.IsParity() {
		*snapshots++
		if t.Top < before {
			return damaged("trailer", t.Offset, "its top block is of a segment before")
		}
	}
	if t.Snapshots != *snapshots {
		return damaged("trailer", t.Offset, "it counts %d snapshots of %d", t.Snapshots, *snapshots)
	}
	for _, r := range c.rows {
		if r.First <= t.Top && t.Top < r.First+uint64(r.Count) && (r.First != t.Top || r.Count != 2) {
			return damaged("frame", r.Offset, "top block and snapshot record do not have it to themselves")
		}
	}
	return nil
}

// appended checks what the header says about the segments, newest first.
func (c *checker) appended(segments []*format.Trailer) error {
	for _, t := range segments {
		if c.header.Flags&format.FlagAsCreated != 0 && t.Prev != 0 && !t.IsParity() {
			return damaged("header", 16, "it says that nothing was appended")
		}
	}
	return nil
}

// history checks the snapshots before one.
func (c *checker) history(s *format.Snapshot, seen map[uint64]bool) error {
	for _, p := range s.Parents {
		old, err := c.snapshot(p.Num)
		if err != nil {
			return err
		}
		if s.Time.Compare(old.Time) < 0 {
			return damaged("snapshot record", format.NoOffset, "older than its parent in block %d", p.Num)
		}
		if seen[p.Num] {
			continue
		}
		seen[p.Num] = true
		root, err := c.dir(".", old.Root.Ref.Num, 0, &[]Entry{})
		if err != nil {
			return err
		}
		if err := c.files(root, nil); err != nil {
			return err
		}
		if err := c.snapshotTree(old, root); err != nil {
			return err
		}
		if err := c.original(old, &Contents{}); err != nil {
			return err
		}
		if err := c.history(old, seen); err != nil {
			return err
		}
	}
	return nil
}

// snapshotTree checks totals, recorded content hashes and the content id.
func (c *checker) snapshotTree(s *format.Snapshot, root *dirTree) error {
	links := map[uint64]*linkSeen{}
	size, count, sum, err := c.totals(root, links)
	if err != nil {
		return err
	}
	for id, l := range links {
		if l.names != l.entry.LinkCount {
			return damaged("directory", format.NoOffset, "hard-link group %d has %d names, not %d", id, l.names, l.entry.LinkCount)
		}
	}
	if size != s.Root.Size || count != s.Root.Count {
		return damaged("snapshot record", format.NoOffset, "the root's totals are wrong")
	}
	if got := sum.contentID(c.header.Hash, &s.Root); got != s.Content {
		return damaged("snapshot record", format.NoOffset, "the content id is %v, the tree gives %v", s.Content, got)
	}
	return nil
}

// linkSeen is a hard-link group as met.
type linkSeen struct {
	entry *format.Entry
	names uint64
}

// sameFile reports whether two names of a hard-link group say the same.
func sameFile(a, b *format.Entry, id format.HashID) bool {
	return a.Mode() == b.Mode() && a.Owner == b.Owner && a.Mtime == b.Mtime && a.Btime == b.Btime && a.Size == b.Size &&
		a.Target == b.Target && a.Major == b.Major && a.Minor == b.Minor && a.LinkCount == b.LinkCount &&
		slices.Equal(a.Xattrs, b.Xattrs) && (a.Kind != format.KindFile || a.ContentHash(id) == b.ContentHash(id))
}

func (c *checker) totals(d *dirTree, links map[uint64]*linkSeen) (size, count uint64, sum dirSum, err error) {
	content := format.NewContentDir(c.header.Hash)
	for i := range d.entries {
		e := &d.entries[i]
		var h format.Hash
		switch {
		case e.Kind.IsDir():
			s, n, below, err := c.totals(d.dirs[i], links)
			if err != nil {
				return 0, 0, sum, err
			}
			if s != e.Size || n != e.Count {
				return 0, 0, sum, damaged("directory", format.NoOffset, "the totals of %q are wrong", e.Name)
			}
			count += n
			h = below.entries
			if len(d.entries) == 1 {
				sum.only, sum.below = e, &below
			}
		case e.Kind == format.KindFile:
			h = e.ContentHash(c.header.Hash)
			if e.HasContentHash() && e.Ref.Hash != e.Content { // as files left it
				return 0, 0, sum, damaged("directory", format.NoOffset, "the content of %q does not have its hash", e.Name)
			}
		}
		if e.LinkID != 0 {
			if l := links[e.LinkID]; l == nil {
				links[e.LinkID] = &linkSeen{e, 1}
			} else if l.names++; !sameFile(l.entry, e, c.header.Hash) {
				return 0, 0, sum, damaged("directory", format.NoOffset, "the names of hard-link group %d differ", e.LinkID)
			}
		}
		size += e.Size
		count++
		content.Add(e, h)
	}
	sum.entries = content.Sum()
	return size, count, sum, nil
}
