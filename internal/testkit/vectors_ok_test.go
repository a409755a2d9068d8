package testkit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

func ok(name, comment string, root *Node, change ...func(a *Archive)) vectorCase {
	a := One(root)
	for _, f := range change {
		f(a)
	}
	return vectorCase{name: name, comment: comment, archive: a}
}

func opts(o Options) func(a *Archive) { return func(a *Archive) { a.Options = o } }

// okContent: every way in which content is held.
func okContent() []vectorCase {
	mixed := File("mixed", "")
	mixed.Pieces = [][]byte{Noise(1, 100), make([]byte, 5000), Noise(2, 300), []byte(strings.Repeat("\xff", 99)), Noise(1, 100)}
	text := strings.Repeat("A sentence that comes again and again. ", 40)
	return []vectorCase{
		ok("dir-empty", "an empty root directory", Dir("")),
		ok("file-empty", "a file of no bytes is a literal of length 0", Dir("", File("empty", ""))),
		ok("file-literal", "a short file stands in its directory", Dir("", File("hello", "Hello, world!\n"))),
		ok("file-literal-longest", "a literal of 256 bytes, the limit", Dir("", File("literal", string(Noise(1, 256)))), opts(Options{LiteralMax: 256})),
		ok("file-block", "a file of one data block", Dir("", File("block", string(Noise(1, 1000))))),
		ok("file-block-of-one-byte", "a data block may have any length from 1", Dir("", File("a", "x").With(func(n *Node) { n.Shape = ShapeBlock }))),
		ok("file-run", "a file of one byte value, repeated", Dir("", Run("zeros", 0, 10_000_000), Run("ones", 0xff, 1))),
		ok("file-indirect", "a file of three data blocks", Dir("", File("three", string(Noise(3, 2500))))),
		ok("file-indirect-levels", "a file below indirect blocks of three levels", Dir("", File("deep", string(Noise(4, 2000)))), opts(Options{Chunk: 100, FanOut: 3})),
		ok("file-indirect-mixed", "blocks and runs in one file, one block twice", Dir("", mixed)),
		ok("file-indirect-literal", "literals among the references of an indirect block", Dir("", File("tail", string(Noise(5, 1030)))), func(a *Archive) {
			a.Hooks.Indirect = func(_ string, x *format.Indirect) {
				last := &x.Refs[len(x.Refs)-1]
				*last = format.Ref{Kind: format.RefLiteral, Span: last.Span, Literal: Noise(5, 1030)[1024:]}
			}
		}),
		ok("files-shared", "equal contents are one block, equal directories one node", Dir("",
			Dir("a", File("x", string(Noise(1, 300))), Dir("s", File("y", string(Noise(2, 3000))))),
			Dir("b", File("x", string(Noise(1, 300))), Dir("s", File("y", string(Noise(2, 3000))))), File("z", string(Noise(1, 300))))),
		ok("zstd", "metadata and data frames of codec zstd", Dir("", File("text", text), File("noise", string(Noise(1, 600))), Dir("d", File("t", text[:600]))), opts(Options{Codec: codec.Zstd})),
		ok("zstd-long", "a data frame of codec long-zstd", Dir("",
			File("a", string(Noise(1, 6000))), File("b", string(Noise(1, 6000))+"."), File("c", string(Noise(1, 5999)))),
			opts(Options{Codec: codec.LongZstd, Chunk: 1 << 16, BlocksPerFrame: 16})),
		ok("frames-of-one-block", "every block but top and snapshot record in a frame by itself", Dir("", File("three", string(Noise(3, 2500))), Dir("d")), opts(Options{BlocksPerFrame: 1})),
		ok("hash-sha256", "SHA-256 instead of BLAKE3", Dir("", File("literal", "l"), File("block", string(Noise(1, 1000))), File("three", string(Noise(3, 2500))), Run("run", 1, 100)),
			opts(Options{Hash: format.HashSHA256})),
	}
}

// okMetadata: every property of entries and directories.
func okMetadata() []vectorCase {
	many := Dir("")
	for i := range 40 {
		many.Children = append(many.Children, File(fmt.Sprintf("file-%03d", i*7%40), fmt.Sprint(i)))
	}
	owner := func(uid, gid uint32, user, group string) func(*Node) {
		return func(n *Node) { n.Owner = format.Owner{UID: uid, GID: gid, User: user, Group: group} }
	}
	xattrs := func(xs ...format.Xattr) func(*Node) { return func(n *Node) { n.Xattrs = xs } }
	btime := func(sec int64, nsec uint32) func(*Node) {
		return func(n *Node) { n.Btime = format.Time{Sec: sec, Nsec: nsec} }
	}
	var names []*Node
	for _, name := range []string{
		" ", "...", "-rf", "a", "A", "a\nb", "a\\b", "\x01", "\xff\xfe", "é", "e\u0301", "ż", "日本", "\u202egpj.exe", "con", "name.", strings.Repeat("n", 255), strings.Repeat("m", 1023),
	} {
		names = append(names, File(name, name[:min(9, len(name))]))
	}
	return []vectorCase{
		ok("kinds", "an entry of every kind", Dir("",
			File("file", "f"), Dir("dir"), Symlink("symlink", "file"), Special("fifo", format.KindFifo), Special("socket", format.KindSocket),
			Device("char", format.KindChar, 5, 1), Device("block", format.KindBlockDev, 259, 4_000_000_000), Special("whiteout", format.KindWhiteout), Implied("implied", File("x", "x")))),
		ok("symlinks", "targets of symlinks are any bytes but NUL", Dir("",
			Symlink("dangling", "nowhere/at/all"), Symlink("absolute", "/etc/passwd"), Symlink("out", "../../../etc"), Symlink("bytes", "\xff\x01\n"), Symlink("self", "self"), Symlink("long", strings.Repeat("t", 4095)))),
		ok("implied-root", "two files archived from one directory, of which nothing else is known", Implied("", File("a", "1"), File("b", "2"))),
		ok("implied-chain", "a directory archived by a path of three elements; the content id begins at it", Implied("", Implied("one", Implied("two", Dir("three", File("a", "1")))))),
		ok("implied-below", "an implied directory beside others", Dir("", Implied("i", Dir("d", File("x", "y"))), Dir("j"))),
		ok("dirs-deep", "forty directories below one another", Deep(40)),
		ok("dir-inner", "a directory of 40 entries below an inner node", many, opts(Options{DirLeaf: 7})),
		ok("dir-inner-levels", "a directory below inner nodes of several levels", many, opts(Options{DirLeaf: 3, DirFan: 2})),
		ok("names", "odd names: not UTF-8, control characters, alike but for Unicode normalisation or case, very long", Dir("", names...)),
		ok("modes", "permissions of twelve bits", Dir("", File("000", "").Mode(0), File("setuid", "").Mode(0o4755), Dir("sticky").Mode(0o1777), Dir("setgid").Mode(0o2775), File("all", "").Mode(0o7777))),
		ok("owners", "several owners, large ids, no names", Dir("",
			File("a", "").With(owner(0, 0, "root", "root")), File("b", "").With(owner(math.MaxUint32, math.MaxUint32-1, "", "")), File("c", "").With(owner(0, 0, "root", "")),
			File("d", "").With(owner(0, 0, "root", "root")), File("e", "").With(owner(1000, 100, "ü", strings.Repeat("g", 255))))),
		ok("times-seconds", "different times without nanoseconds", Dir("", File("a", "").At(0, 0), File("b", "").At(-1, 0), File("c", "").At(4_000_000_000, 0), File("d", "").At(1, 0))),
		ok("times-nanoseconds", "times with nanoseconds, before and after 1970", Dir("", File("a", "").At(0, 1), File("b", "").At(-1, 999_999_999), File("c", "").At(-1, 0), File("d", "").At(1_600_000_000, 123_456_789))),
		ok("times-extreme", "the first and the last time there are", Dir("", File("a", "").At(math.MinInt64, 0), File("b", "").At(math.MaxInt64, 999_999_999), File("c", "").At(math.MinInt64, 1), File("d", "").At(0, 0))),
		ok("times-birth", "times of birth, some not known", Dir("", File("a", "").With(btime(1_500_000_000, 5)), File("b", ""), Dir("c").With(btime(-7, 0))).With(btime(1, 0))),
		ok("hard-links", "two groups of hard links, one across directories", Dir("",
			File("a", "same").Link(1, 3), Dir("d", File("b", "same").Link(1, 3), Special("f", format.KindFifo).Link(2, 2)), File("e", "same").Link(1, 3), Special("z", format.KindFifo).Link(2, 2))),
		ok("xattrs", "extended attributes, with values of any bytes", Dir("",
			File("a", "").With(xattrs(format.Xattr{Name: "security.capability", Value: "\x01\x00\x00\x02"}, format.Xattr{Name: "user.empty"}, format.Xattr{Name: "user.note", Value: "text"})),
			File("b", ""), Symlink("c", "a").With(xattrs(format.Xattr{Name: "trusted.x", Value: strings.Repeat("\x00\xff", 50)})),
			Dir("d").With(xattrs(format.Xattr{Name: "system.posix_acl_default", Value: "\x02\x00\x00\x00"}))).With(xattrs(format.Xattr{Name: "user.root", Value: "r"}))),
	}
}

// later adds a column that only a later version can read.
func later(extra []format.Column) []format.Column {
	return append(extra, format.Column{ID: 200, Data: []byte("from a later version")})
}

// okFiles: whole files, of one version and of several.
func okFiles() []vectorCase {
	first := Version{Root: Dir("", File("a", "one"), File("big", string(Noise(1, 3000)))), Snapshot: format.Snapshot{Label: "first"}}
	second := Version{Root: Dir("", File("a", "two"), File("big", string(Noise(1, 3000))), Dir("new", File("b", string(Noise(2, 200))))), After: []int{0}, Snapshot: format.Snapshot{Label: "second"}}
	third := Version{Root: Dir("", File("big", string(Noise(1, 2000))+string(Noise(3, 1000)))), After: []int{1}, Snapshot: format.Snapshot{Label: "third"}}
	segments := func(merge bool, vs ...Version) *Archive {
		a := &Archive{}
		for _, v := range vs {
			a.Segments = append(a.Segments, Segment{Versions: []Version{v}})
		}
		a.Segments[len(vs)-1].Merge = merge
		return a
	}
	torn := func(data string) *Node {
		return Dir("", File("kept", string(Noise(4, 3000))), Dir("d", File("torn", data).With(func(n *Node) { n.Absent = true })))
	}
	corrected := func(root *Node) *Archive {
		return &Archive{Segments: []Segment{{Versions: []Version{{Root: torn(string(Noise(5, 6000)))}, {Root: root}}}}}
	}
	tree := func() *Node { return Dir("", File("a", "one"), File("b", string(Noise(6, 300)))) }
	header := func(f func(h *format.Header)) func(a *Archive) { return func(a *Archive) { a.Hooks.Header = f } }
	return []vectorCase{
		ok("one-pass", "data frames first; the trailer alone names the top block", Dir("", File("a", string(Noise(1, 3000))), Dir("d", File("b", string(Noise(2, 100))))), opts(Options{OnePass: true, BlocksPerFrame: 2})),
		{name: "segments-two", comment: "a second segment whose index covers its own blocks", archive: segments(false, first, second)},
		{name: "segments-two-merged", comment: "a second segment whose index covers all blocks", archive: segments(true, first, second)},
		{name: "segments-three", comment: "a chain of three indexes", archive: segments(false, first, second, third)},
		{name: "segments-three-merged", comment: "a third segment whose index covers all blocks", archive: segments(true, first, second, third)},
		{name: "corrected", comment: "a file changed while it was archived: its blocks are absent, and a second tree version has its later content",
			archive: corrected(Dir("", File("kept", string(Noise(4, 3000))), Dir("d", File("torn", string(Noise(7, 5000))))))},
		{name: "corrected-without", comment: "the corrected tree version lacks the file; nothing new is stored but metadata",
			archive: corrected(Dir("", File("kept", string(Noise(4, 3000))), Dir("d")))},
		{name: "corrected-again", comment: "content that was absent is stored under a new number: two blocks with one hash",
			archive: corrected(Dir("", File("kept", string(Noise(4, 3000))), File("again", string(Noise(5, 1024))), Dir("d")))},
		{name: "tail-garbage", comment: "bytes after the trailer that are no part of the archive", archive: One(tree()),
			damage: func(b *Built) []byte { return append(b.Bytes, Noise(9, 500)...) }},
		{name: "tail-torn-segment", comment: "a second segment that ends in its frames: the first one counts", archive: segments(false, first, second),
			damage: func(b *Built) []byte { return b.Bytes[:b.Segments[1].Index-50] }},
		{name: "tail-torn-trailer", comment: "a second segment that ends in its trailer: the first one counts", archive: segments(false, first, second),
			damage: func(b *Built) []byte { return b.Bytes[:b.Segments[1].End-1] }},
		{name: "tail-bad-trailer", comment: "a last trailer with a wrong CRC: the one before counts", archive: segments(false, first, second),
			damage: func(b *Built) []byte { return flip(b.Bytes, b.Segments[1].Trailer+100) }},
		ok("header-without-extension", "a header of 64 bytes", tree(), header(func(h *format.Header) { h.Chunker, h.Layout, h.Preset = nil, nil, "" })),
		ok("header-all-records", "every known extension record", tree(), header(func(h *format.Header) {
			h.Layout = &format.Layout{DataFrame: 1 << 20, MetaFrame: 1 << 18, Level: 3, Long: true, Order: format.OrderFamilies}
		})),
		ok("header-unknown-record", "extension records of unknown types are skipped", tree(), header(func(h *format.Header) {
			h.Unknown = []format.ExtRecord{{Type: 5, Data: []byte("later")}, {Type: 40_000, Data: []byte("private")}}
		})),
		ok("header-longer-record", "a chunker record with more fields than are known", tree(), header(func(h *format.Header) {
			h.Chunker = nil
			h.Unknown = []format.ExtRecord{{Type: format.ExtChunker, Data: append([]byte{1, 0, 1, 0, 0, 0, 4, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 32, 0, 0, 0}, "later"...)}}
		})),
		ok("header-minor-newer", "a newer minor version is read", tree(), header(func(h *format.Header) { h.Minor = 7 })),
		ok("header-ignorable-feature", "ignorable features need not be known", tree(), header(func(h *format.Header) { h.Ignorable = 1<<63 | 1 })),
		ok("header-read-only-feature", "an archive that may be read, but not appended to, by who does not know the feature", tree(), header(func(h *format.Header) { h.ReadOnly = 1 << 9 })),
		ok("unknown-columns", "ignorable columns of unknown meaning in every metadata block", Dir("", File("three", string(Noise(3, 2500))), Dir("d", File("a", "1"), File("b", "2"), File("c", "3"))),
			opts(Options{DirLeaf: 2}), func(a *Archive) {
				a.Hooks = Hooks{
					Leaf: func(_ string, d *format.DirLeaf) { d.Extra = later(d.Extra) }, Inner: func(_ string, d *format.DirInner) { d.Extra = later(d.Extra) },
					Indirect: func(_ string, x *format.Indirect) { x.Extra = later(x.Extra) }, Top: func(t *format.Top) { t.Extra = later(t.Extra) },
					Snapshot: func(s *format.Snapshot) { s.Extra, s.RootExtra = later(s.Extra), later(s.RootExtra) },
				}
			}),
		ok("snapshot-fields", "label, message, replica and version vector", tree(), func(a *Archive) {
			a.Segments[0].Versions[0].Snapshot = format.Snapshot{
				Time: format.Time{Sec: 1_700_000_000, Nsec: 5}, Label: "daily", Message: "two lines\nof text", Tool: "another program 3.1",
				Replica: format.ReplicaID{1, 2, 3}, Vector: []format.VectorRow{{Replica: format.ReplicaID{0, 9}, Count: 300}, {Replica: format.ReplicaID{1, 2, 3}, Count: 1}},
			}
		}),
		{name: "original", comment: "the file that the tree was made from, which shares blocks with those in the tree, and is not in it", archive: &Archive{Segments: []Segment{{Versions: []Version{{
			Root: Dir("", File("a", string(Noise(11, 2048))), File("b", string(Noise(12, 1024)))),
			Original: bare(File("made.tar", "header of a"+string(Noise(11, 2048))+"header of b"+string(Noise(12, 1024)))).With(func(n *Node) {
				n.Pieces = [][]byte{[]byte("header of a"), Noise(11, 1024), Noise(11, 2048)[1024:], []byte("header of b"), Noise(12, 1024), make([]byte, 1024)}
			}),
		}}}}}},
		{name: "original-literal", comment: "an original of one entry without a block, of the first of two snapshots", archive: func() *Archive {
			was := first
			was.Original = bare(File("empty.zip", "PK\x05\x06"+strings.Repeat("\x00", 18)))
			return segments(false, was, second)
		}()},
		{name: "snapshot-two-parents", comment: "a snapshot that follows two others", archive: func() *Archive {
			merge := third
			merge.After = []int{0, 1}
			side := second
			side.After = nil
			return segments(false, first, side, merge)
		}()},
	}
}

// bare takes from a file all but its name and content.
func bare(n *Node) *Node {
	n.Perm, n.Owner, n.Mtime = 0, format.Owner{}, format.Time{}
	return n
}

func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 0x40
	return b
}
