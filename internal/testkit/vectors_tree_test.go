package testkit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

// leafLie changes a directory leaf before it is encoded.
func leafLie(path string, f func(d *format.DirLeaf)) Hooks {
	return Hooks{Leaf: func(p string, d *format.DirLeaf) {
		if p == path {
			f(d)
		}
	}}
}

// coded changes the bytes of both forms of a block.
func coded(path string, typ format.BlockType, f func(b []byte) []byte) Hooks {
	return Hooks{Encoded: func(p string, t format.BlockType, _ format.Form, b []byte) []byte {
		if p == path && t == typ {
			return f(b)
		}
		return b
	}}
}

// stored changes the stored form only, so that the block is not what its hash
// says; for what has no canonical form, such as a cycle.
func stored(path string, typ format.BlockType, f func(b *Block)) Hooks {
	return Hooks{Block: func(b *Block) {
		if b.Path == path && b.Type == typ {
			f(b)
		}
	}}
}

func withRoot(root *Node) func(c *vectorCase) {
	return func(c *vectorCase) { c.archive.Segments[0].Versions[0].Root = root }
}

func with(o Options) func(c *vectorCase) { return func(c *vectorCase) { c.archive.Options = o } }

// column gives where the data of a column begins and ends. The head of a block
// is as long as that of a directory leaf, type and count, unless head says.
func column(b []byte, head int, id byte) (at, end int) {
	for at = head; at < len(b); at = end {
		if b[at+1] >= 0x80 {
			panic("a column of 128 bytes or more is beyond this helper")
		}
		end = at + 2 + int(b[at+1])
		if b[at] == id {
			return at + 2, end
		}
	}
	panic("no such column")
}

// resized replaces the data of a column.
func resized(b []byte, head int, id byte, data ...byte) []byte {
	at, end := column(b, head, id)
	return slices.Concat(b[:at-1], []byte{byte(len(data))}, data, b[end:])
}

func badNodes() []vectorCase {
	named := func(name, comment, to string) vectorCase {
		return bad(name, comment, ScopeTree, leafLie("d", func(d *format.DirLeaf) { d.Entries[0].Name = to }))
	}
	two := withRoot(Dir("", Dir("d", File("a", "1"), File("b", "2"))))
	entry := func(name, comment string, n *Node, f func(e *format.Entry)) vectorCase {
		return bad(name, comment, ScopeTree, leafLie("d", func(d *format.DirLeaf) { f(&d.Entries[0]) }), withRoot(Dir("", Dir("d", n))))
	}
	big := Dir("")
	for _, name := range strings.Split("abcdefghi", "") {
		big.Children = append(big.Children, File(name, name))
	}
	inner := func(level int, f func(d *format.DirInner)) Hooks {
		return Hooks{Inner: func(_ string, d *format.DirInner) {
			if d.Level == level {
				f(d)
			}
		}}
	}
	cut := func(c *vectorCase) { withRoot(big)(c); with(Options{DirLeaf: 2, DirFan: 3})(c) }
	return []vectorCase{
		named("name-empty", "an entry without a name", ""),
		named("name-dot", "an entry called .", "."),
		named("name-dot-dot", "an entry called ..", ".."),
		named("name-slash", "a name with a slash", "x/../../etc/passwd"),
		named("name-absolute", "a name that begins with a slash", "/etc"),
		named("name-nul", "a name with a NUL", "a\x00b"),
		named("name-limit", "a name of 1024 bytes", strings.Repeat("n", 1024)),
		bad("names-order", "names out of order", ScopeTree, leafLie("d", func(d *format.DirLeaf) { d.Entries[0].Name, d.Entries[1].Name = "b", "a" }), two),
		bad("names-twice", "a name twice", ScopeTree, leafLie("d", func(d *format.DirLeaf) { d.Entries[1].Name = "a" }), two),
		bad("names-twice-in-two-leaves", "a name in two leaves of a directory", ScopeTree, Hooks{Leaf: func(_ string, d *format.DirLeaf) {
			if d.Entries[0].Name == "c" {
				d.Entries[0].Name = "b"
			}
		}}, cut),
		entry("kind-unknown", "an entry of an unassigned kind", Special("x", format.KindFifo), func(e *format.Entry) { e.Kind = 14 }),
		entry("target-empty", "a symlink without a target", Symlink("x", "y"), func(e *format.Entry) { e.Target = "" }),
		entry("target-nul", "a symlink whose target has a NUL", Symlink("x", "y"), func(e *format.Entry) { e.Target = "a\x00b" }),
		entry("implied-metadata", "an implied directory with a time", Implied("x"), func(e *format.Entry) { e.Mtime.Sec = 5 }),
		entry("time-nanoseconds", "a time with a second of nanoseconds", File("x", ""), func(e *format.Entry) { e.Mtime.Nsec = 1_000_000_000 }),
		entry("xattrs-order", "attributes out of order", File("x", ""), func(e *format.Entry) { e.Xattrs = []format.Xattr{{Name: "user.b"}, {Name: "user.a"}} }),
		entry("xattr-without-name", "an attribute without a name", File("x", ""), func(e *format.Entry) { e.Xattrs = []format.Xattr{{Value: "v"}} }),
		entry("xattr-value-limit", "an attribute of 65,537 bytes", File("x", ""), func(e *format.Entry) { e.Xattrs = []format.Xattr{{Name: "user.a", Value: strings.Repeat("v", 65_537)}} }),
		entry("link-of-one", "a hard-link group of one name", File("x", ""), func(e *format.Entry) { e.LinkID, e.LinkCount = 1, 1 }),
		entry("link-to-directory", "a hard link to a directory", Dir("x"), func(e *format.Entry) { e.LinkID, e.LinkCount = 1, 2 }),
		entry("literal-limit", "a literal of 257 bytes", File("x", "y"), func(e *format.Entry) {
			e.Size, e.Ref.Span, e.Ref.Literal = 257, 257, make([]byte, 257)
		}),
		entry("size-limit", "a size above the limit", Run("x", 0, 100), func(e *format.Entry) { e.Ref.Span = format.MaxSpan + 1 }),
		bad("leaf-overlong", "a count of entries in more bytes than it needs", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			return slices.Concat(b[:1], []byte{b[1] | 0x80, 0}, b[2:])
		})),
		bad("leaf-type", "a block of an unassigned type", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte { b[0] = 66; return b })),
		bad("leaf-cut", "a directory that ends early", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte { return b[:len(b)-1] })),
		bad("leaf-trailing", "a directory with a byte left over", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte { return append(b, 0) })),
		bad("leaf-count", "a count of entries above the number of names", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte { b[1]++; return b })),
		bad("leaf-count-limit", "a count of entries above the limit", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			return slices.Concat(b[:1], []byte{0x81, 0x80, 0x04}, b[2:])
		})),
		bad("columns-order", "two columns in the wrong order", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			_, one := column(b, 2, format.ColNames)
			_, two := column(b, 2, format.ColModes)
			return slices.Concat(b[:2], b[one:two], b[2:one], b[two:])
		})),
		bad("column-twice", "a column twice", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			_, one := column(b, 2, format.ColNames)
			return slices.Concat(b[:one], b[2:one], b[one:])
		})),
		bad("column-empty", "a column without bytes", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte { return append(b, 130, 1, 0) })),
		bad("column-unknown", "a column of unknown meaning that may not be ignored", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte { return append(b, 99, 2, 'h', 'i') })),
		bad("column-missing", "a leaf without its times", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			at, end := column(b, 2, format.ColMtimes)
			return slices.Concat(b[:at-2], b[end:])
		})),
		bad("column-long", "a column longer than its rows", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			at, end := column(b, 2, format.ColSizes)
			return resized(b, 2, format.ColSizes, append(bytes.Clone(b[at:end]), 1)...)
		})),
		bad("column-length", "a column that passes the end of its block", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte { b[3] = 0x7f; return b })),
		bad("palette-order", "palette values not in the order in which they occur", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			return resized(b, 2, format.ColModes, 2, 0xa4, 0x23, 0x80, 0x20, 1, 0)
		}), withRoot(Dir("", Dir("d", File("a", "").Mode(0), File("b", ""))))),
		bad("palette-unused", "a palette value that no row has", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			return resized(b, 2, format.ColModes, 2, 0xa4, 0x23, 0x80, 0x20, 0, 0)
		}), two),
		bad("palette-index", "a row beyond its palette", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			return resized(b, 2, format.ColModes, 2, 0xa4, 0x23, 0x80, 0x20, 0, 2)
		}), two),
		bad("times-coding", "equal times not coded as equal", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			return resized(b, 2, format.ColMtimes, 1, 0, 0)
		}), withRoot(Dir("", Dir("d", File("a", "1").At(0, 0), File("b", "2").At(0, 0))))),
		bad("times-coding-unknown", "an unassigned coding of times", ScopeTree, coded("d", format.BlockDirLeaf, func(b []byte) []byte {
			at, _ := column(b, 2, format.ColMtimes)
			b[at] = 3
			return b
		})),
		bad("inner-level", "an inner node of level 2 over leaves", ScopeTree, inner(1, func(d *format.DirInner) { d.Level = 2 }), withRoot(big), with(Options{DirLeaf: 4})),
		bad("inner-level-zero", "an inner node of level 0", ScopeTree, inner(1, func(d *format.DirInner) { d.Level = 0 }), withRoot(big), with(Options{DirLeaf: 4})),
		bad("inner-level-limit", "an inner node of level 13", ScopeTree, inner(1, func(d *format.DirInner) { d.Level = 13 }), withRoot(big), with(Options{DirLeaf: 4})),
		bad("inner-level-jump", "an inner node of level 3 over one of level 1", ScopeTree, inner(2, func(d *format.DirInner) { d.Level = 3 }), cut),
		bad("inner-one-child", "an inner node with one child", ScopeTree, Hooks{Inner: func(_ string, d *format.DirInner) { d.Children = d.Children[:1] }}, withRoot(big), with(Options{DirLeaf: 4}), onlyFirst),
		bad("inner-names-order", "first names out of order", ScopeTree, inner(2, func(d *format.DirInner) { d.Children[1].First = "A" }), cut),
		bad("inner-first-name", "a first name that is not that of the child", ScopeVerify, inner(1, func(d *format.DirInner) { d.Children[1].First += "x" }), withRoot(big), with(Options{DirLeaf: 4})),
		bad("inner-count", "a count that is not that of the child", ScopeVerify, inner(1, func(d *format.DirInner) { d.Children[0].Count++ }), withRoot(big), with(Options{DirLeaf: 4})),
		bad("inner-count-zero", "a child counted as empty", ScopeTree, inner(1, func(d *format.DirInner) { d.Children[0].Count = 0 }), withRoot(big), with(Options{DirLeaf: 4})),
		bad("inner-leaf-empty", "an empty leaf below an inner node", ScopeTree, Hooks{Leaf: func(_ string, d *format.DirLeaf) {
			if len(d.Entries) > 0 && d.Entries[0].Name == "e" {
				d.Entries = nil
			}
		}}, withRoot(big), with(Options{DirLeaf: 4})),
		bad("dir-is-data", "a directory that is a data block", ScopeTree, redirect(".", "d", 5)),
		bad("dir-is-indirect", "a directory that is an indirect block", ScopeTree, redirect(".", "d", 4)),
		bad("dir-is-snapshot", "a directory that is the snapshot record", ScopeTree, stored(".", format.BlockDirLeaf, func(b *Block) { renumber(b, "d", 1) })),
		bad("dir-beyond", "a directory whose number no block has", ScopeTree, stored(".", format.BlockDirLeaf, func(b *Block) { renumber(b, "d", 1000) })),
		bad("dir-far-beyond", "a directory whose number is 2^63", ScopeTree, stored(".", format.BlockDirLeaf, func(b *Block) { renumber(b, "d", 1<<63) })),
		bad("dir-cycle-self", "a directory that contains itself", ScopeTree, stored(".", format.BlockDirLeaf, func(b *Block) { renumber(b, "d", b.Num) })),
		bad("dir-cycle", "a directory that contains its parent", ScopeTree, stored("d", format.BlockDirLeaf, func(b *Block) { renumber(b, "c", b.Num-1) }), withRoot(Dir("", Dir("d", Dir("c", File("x", "y")))))),
	}
}

// onlyFirst makes the lie of one child well-formed: no link to the others is
// left.
func onlyFirst(c *vectorCase) {
	c.archive.Hooks.Encoded = func(_ string, t format.BlockType, form format.Form, b []byte) []byte {
		if t != format.BlockDirInner {
			return b
		}
		ref := format.Ref{Hash: format.Hash{1}, Num: 3}
		return (&format.DirInner{Level: 1, Children: []format.DirChild{{First: "a", Count: 4, Ref: ref}}}).AppendTo(nil, form, 2)
	}
	c.archive.Hooks.Inner = nil
}

// redirect makes an entry of the victim name another block, by hash and by
// number, so that all hashes are right and only the kind of block is wrong.
func redirect(path, name string, num uint64) Hooks {
	plain, err := One(victim()).Make()
	if err != nil {
		panic(err)
	}
	h := leafLie(path, func(d *format.DirLeaf) {
		for i := range d.Entries {
			if d.Entries[i].Name == name {
				d.Entries[i].Ref.Hash = plain.Blocks[num].Hash
			}
		}
	})
	h.Block = stored(path, format.BlockDirLeaf, func(b *Block) { renumber(b, name, num) }).Block
	return h
}

// renumber makes an entry of a stored leaf name another block.
func renumber(b *Block, name string, num uint64) {
	d, err := format.ParseDirLeaf(b.Bytes, format.Stored, b.Num)
	if err != nil {
		panic(err)
	}
	for i := range d.Entries {
		if d.Entries[i].Name == name {
			d.Entries[i].Ref.Num = num
		}
	}
	b.Bytes = d.AppendTo(nil, format.Stored, b.Num)
}

func badContent() []vectorCase {
	indirect := func(f func(x *format.Indirect)) Hooks {
		return Hooks{Indirect: func(_ string, x *format.Indirect) { f(x) }}
	}
	root := func(f func(e *format.Entry)) Hooks {
		return leafLie(".", func(d *format.DirLeaf) {
			for i := range d.Entries {
				f(&d.Entries[i])
			}
		})
	}
	one := func(name string, f func(e *format.Entry)) Hooks {
		return root(func(e *format.Entry) {
			if e.Name == name {
				f(e)
			}
		})
	}
	block := func(path string, f func(b *Block)) Hooks { return stored(path, 0, f) }
	levels := func(c *vectorCase) {
		withRoot(Dir("", File("e", string(Noise(3, 800)))))(c)
		with(Options{Chunk: 100, FanOut: 2})(c)
	}
	atLevel := func(level int, f func(x *format.Indirect)) Hooks {
		return indirect(func(x *format.Indirect) {
			if x.Level == level {
				f(x)
			}
		})
	}
	return []vectorCase{
		bad("block-hash", "a data block with other bytes; frame and index fit the bytes that were meant", ScopeData, block("b", func(b *Block) { b.Bytes = flip(b.Bytes, 10) })),
		bad("block-absent", "a data block of length 0 that the tree names", ScopeData, Hooks{}, withRoot(Dir("", File("b", string(Noise(1, 200))).With(func(n *Node) { n.Absent = true }), File("c", string(Noise(2, 200)))))),
		bad("block-twice", "two data blocks with one hash, both of them there", ScopeVerify, Hooks{}, func(c *vectorCase) {
			// The second version stores again what the first was to lack, and has.
			promised := Dir("", File("a", string(Noise(1, 200))).With(func(n *Node) { n.Absent = true }))
			c.archive.Segments = []Segment{{Versions: []Version{{Root: promised}, {Root: Dir("", File("b", string(Noise(1, 200))))}}}}
			var written *Block
			c.archive.Hooks.Block = func(b *Block) {
				if b.Absent {
					written, b.Absent = b, false
				}
			}
			c.archive.Hooks.Frame = func(_ int, h *format.FrameHead, stored []byte) []byte {
				if h.Kind == format.FrameData && written != nil {
					written.Absent, written = true, nil
				}
				return stored
			}
		}),
		bad("block-span", "a reference that spans one byte more than its block", ScopeData, one("b", func(e *format.Entry) { e.Ref.Span++ })),
		bad("block-span-limit", "a reference to one block of 16 MiB and a byte", ScopeTree, one("b", func(e *format.Entry) { e.Ref.Span = format.MaxDataBlock + 1 })),
		bad("block-span-zero", "a reference to a block that spans nothing", ScopeTree, one("b", func(e *format.Entry) { e.Ref.Span = 0 })),
		bad("block-is-metadata", "a reference to data that is a metadata block", ScopeData, redirect("d", "c", 4)),
		bad("block-beyond", "a reference to data whose number no block has", ScopeTree, stored("d", format.BlockDirLeaf, func(b *Block) { renumber(b, "c", 1000) })),
		bad("block-other", "a reference to data that is another block", ScopeTree, stored("d", format.BlockDirLeaf, func(b *Block) { renumber(b, "c", 7) })),
		bad("ref-kind", "a reference of a kind that version 1.0 lacks", ScopeTree, one("r", func(e *format.Entry) { e.Ref.Kind = format.RefRecipe + 1 }), unsupported),
		bad("ref-kind-in-indirect", "a reference of such a kind in an indirect block", ScopeData, indirect(func(x *format.Indirect) { x.Refs[1].Kind = format.RefRecipe + 1 }), unsupported),
		bad("indirect-span", "an indirect block whose spans do not sum to that of the file", ScopeData, one("e", func(e *format.Entry) { e.Ref.Span++ })),
		bad("indirect-span-of-block", "a span in an indirect block other than its block's length", ScopeData, indirect(func(x *format.Indirect) { x.Refs[0].Span--; x.Refs[1].Span++ })),
		bad("indirect-span-zero", "a reference in an indirect block that spans nothing", ScopeData, indirect(func(x *format.Indirect) { x.Refs[1].Span = 0 })),
		bad("indirect-span-limit", "spans that sum above the limit", ScopeData, indirect(func(x *format.Indirect) {
			x.Refs[1] = format.Ref{Kind: format.RefRun, Span: format.MaxSpan}
		})),
		bad("indirect-level", "an indirect block of level 2 over data", ScopeData, indirect(func(x *format.Indirect) { x.Level = 2 })),
		bad("indirect-level-limit", "an indirect block of level 13", ScopeData, atLevel(2, func(x *format.Indirect) { x.Level = 13 }), levels),
		bad("indirect-level-jump", "an indirect block of level 4 over one of level 2", ScopeData, atLevel(3, func(x *format.Indirect) { x.Level = 4 }), levels),
		bad("indirect-kinds", "a data block listed at level 2", ScopeData, atLevel(2, func(x *format.Indirect) { x.Refs[0].Kind = format.RefBlock }), levels),
		bad("indirect-one", "an indirect block of one reference", ScopeData, coded("e", format.BlockIndirect, func(b []byte) []byte { return b }), func(c *vectorCase) {
			c.archive.Hooks.Encoded = func(_ string, t format.BlockType, form format.Form, b []byte) []byte {
				if t != format.BlockIndirect {
					return b
				}
				x := format.Indirect{Level: 1, Refs: []format.Ref{{Kind: format.RefRun, Span: 3000}}}
				return x.AppendTo(nil, form, 0)
			}
		}),
		bad("indirect-columns", "a column of directories in an indirect block", ScopeData, coded("e", format.BlockIndirect, func(b []byte) []byte {
			at, _ := column(b, 3, format.ColSpans)
			end := at + int(b[at-1])
			return slices.Concat(b[:end], []byte{format.ColTotals, 1, 0}, b[end:])
		})),
		bad("indirect-is-directory", "an indirect block that is a directory", ScopeData, redirect(".", "e", 3)),
		bad("content-hash-run", "a run with another hash of its content", ScopeVerify, one("r", func(e *format.Entry) { e.Content[3] ^= 1 })),
		bad("content-hash-indirect", "a file of several blocks with another hash of its content", ScopeVerify, one("e", func(e *format.Entry) { e.Content[3] ^= 1 })),
		bad("links-count", "a hard-link group with fewer names than it says", ScopeVerify, Hooks{}, withRoot(Dir("", File("a", "x").Link(1, 3), File("b", "x").Link(1, 3)))),
		bad("links-differ", "two names of one file with different permissions", ScopeVerify, Hooks{}, withRoot(Dir("", File("a", "x").Link(1, 2), File("b", "x").Link(1, 2).Mode(0)))),
		bad("totals-size", "a directory with a wrong total of bytes", ScopeVerify, one("d", func(e *format.Entry) { e.Size++ })),
		bad("totals-count", "a directory with a wrong count of entries", ScopeVerify, one("d", func(e *format.Entry) { e.Count++ })),
	}
}

func badVersions() []vectorCase {
	snap := func(f func(s *format.Snapshot)) Hooks { return Hooks{Snapshot: f} }
	top := func(f func(t *format.Top)) Hooks { return Hooks{Top: f} }
	return []vectorCase{
		bad("top-snapshot-hash", "a top block that names another snapshot record", ScopeTree, top(func(t *format.Top) { t.Snapshot[1] ^= 1 })),
		bad("top-root-hash", "a top block with another root than its snapshot record", ScopeTree, top(func(t *format.Top) { t.Root[1] ^= 1 })),
		bad("top-content-id", "a top block with another content id than its snapshot record", ScopeTree, top(func(t *format.Top) { t.Content[1] ^= 1 })),
		bad("top-span", "a top block with another span than its tree", ScopeVerify, top(func(t *format.Top) { t.Span++ })),
		bad("top-column-unknown", "a column of unknown meaning in the top block", ScopeTree, coded(".", format.BlockTop, func(b []byte) []byte { return append(b, 50, 1, 1) })),
		bad("top-cut", "a top block without its last column", ScopeTree, coded(".", format.BlockTop, func(b []byte) []byte {
			at, _ := column(b, 1, format.ColSpan)
			return b[:at-2]
		})),
		bad("snapshot-content-id", "a content id that the tree does not have, in top block and snapshot record", ScopeVerify, snap(func(s *format.Snapshot) { s.Content[1] ^= 1 })),
		bad("snapshot-root-size", "a root with a wrong total of bytes, in top block and snapshot record", ScopeVerify, snap(func(s *format.Snapshot) { s.Root.Size++ })),
		bad("snapshot-root-kind", "a root that is a file", ScopeTree, snap(func(s *format.Snapshot) { s.Root.Kind = format.KindFile })),
		bad("snapshot-vector-order", "a version vector out of order", ScopeTree, snap(func(s *format.Snapshot) {
			s.Vector = []format.VectorRow{{Replica: format.ReplicaID{2}, Count: 1}, {Replica: format.ReplicaID{1}, Count: 1}}
		})),
		bad("snapshot-parents-limit", "a snapshot with 65 parents", ScopeTree, snap(func(s *format.Snapshot) { s.Parents = make([]format.Ref, 65) })),
		bad("snapshot-label-limit", "a label of 65,537 bytes", ScopeTree, snap(func(s *format.Snapshot) { s.Label = strings.Repeat("l", 65_537) })),
		bad("snapshot-time", "a time with a second of nanoseconds", ScopeTree, snap(func(s *format.Snapshot) { s.Time.Nsec = 1_000_000_000 })),
		bad("snapshot-older", "a snapshot with a time before that of its parent", ScopeVerify, Hooks{}, twoSegments, func(c *vectorCase) {
			for i, sec := range []int64{1_700_000_000, 1_699_999_999} {
				c.archive.Segments[i].Versions[0].Snapshot.Time = format.Time{Sec: sec}
			}
		}),
		bad("snapshot-is-directory", "a directory after the top block instead of the snapshot record", ScopeTree, coded(".", format.BlockSnapshot, func([]byte) []byte {
			return (&format.DirLeaf{}).AppendTo(nil, format.Canonical, 0)
		})),
		bad("original-missing", "an original that is not in the archive", ScopeVerify, snap(func(s *format.Snapshot) { s.Original = s.Content })),
		bad("original-of-many", "the leaf of the original is one with several entries", ScopeVerify, snap(func(s *format.Snapshot) { s.Original = s.Root.Ref.Hash })),
		bad("original-zeros", "an original whose hash is all zeros", ScopeTree, snap(func(s *format.Snapshot) { s.Extra = []format.Column{{ID: format.ColOriginal, Data: make([]byte, 32)}} })),
		bad("original-short", "an original with 31 bytes of a hash", ScopeTree, snap(func(s *format.Snapshot) { s.Extra = []format.Column{{ID: format.ColOriginal, Data: Noise(1, 31)}} })),
		bad("parent-damaged", "the tree of an earlier snapshot has a damaged block; the newest does not need it", ScopeVerify, Hooks{Block: func(b *Block) {
			if b.Kind == format.FrameData && b.Path == "old" {
				b.Bytes = flip(b.Bytes, 1)
			}
		}}, func(c *vectorCase) {
			c.archive.Segments = []Segment{{Versions: []Version{{Root: Dir("", File("old", string(Noise(1, 100))))}}}, {Versions: []Version{{Root: Dir("", File("new", "n")), After: []int{0}}}}}
		}),
	}
}
