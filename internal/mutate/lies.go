package mutate

import (
	"strings"

	"github.com/vtdarchive/vtd/format"
)

// lie changes what an archive says. It gives false where the archive has
// nothing to lie about.
type lie struct {
	name string
	tell func(m *model, s *Script) bool
}

// lies are all that are told. Scripts name them by number: what is new goes to
// the end.
var lies = []lie{
	{"a name that no file may have", badName},
	{"a name twice", doubleName},
	{"names that differ in case or composition", alikeNames},
	{"a directory in itself", dirCycle},
	{"a directory doubled many times", dirDoubling},
	{"directories without end", deepDirs},
	{"an entry of another kind", otherKind},
	{"a symbolic link in the place of a directory", linkThenFile},
	{"hard links tangled", linkTangle},
	{"a flood of attributes", xattrFlood},
	{"metadata of an entry", oddMetadata},
	{"totals that do not add up", wrongTotals},
	{"a large directory out of order", innerLie},
	{"a span that does not add up", wrongSpan},
	{"a list of contents in itself", indirectCycle},
	{"a wrong level", wrongLevel},
	{"lists of contents without end", indirectTower},
	{"a reference to another block", otherBlock},
	{"a run without end", runBomb},
	{"zeros in zstd", zstdBomb},
	{"a recipe that promises too much", recipeLie},
	{"a recipe in itself", recipeCycle},
	{"a snapshot record", snapshotLie},
	{"frames that overlap", overlap},
	{"an index that leads elsewhere", rowLie},
	{"a block that is absent", absentBlock},
	{"frames in another order", frameOrder},
}

// change tells a lie and puts the archive together. The last byte it takes of
// the script says whether totals are settled, and parity stays.
func (l lie) change(b []byte, s *Script) []byte {
	m := take(b)
	if m == nil || !l.tell(m, s) {
		return b
	}
	last := s.Byte()
	if last&1 == 0 {
		m.dropParity()
	}
	if last&6 != 0 {
		m.settle()
	}
	return m.bytes()
}

// chosen gives one of some blocks.
func chosen(s *Script, xs []*block) *block {
	if len(xs) == 0 {
		return nil
	}
	return xs[s.Number(len(xs))]
}

// leaf gives a directory leaf that has entries.
func (m *model) leaf(s *Script) (*block, *format.DirLeaf) {
	all := nodes[*format.DirLeaf](m)
	for range all {
		x := chosen(s, all)
		if d := x.node.(*format.DirLeaf); len(d.Entries) > 0 {
			return x, d
		}
	}
	return nil, nil
}

// entry gives an entry that is as wanted.
func (m *model) entry(s *Script, is func(*format.Entry) bool) (*block, *format.Entry) {
	type at struct {
		x *block
		e *format.Entry
	}
	var all []at
	for _, x := range nodes[*format.DirLeaf](m) {
		d := x.node.(*format.DirLeaf)
		for i := range d.Entries {
			if is(&d.Entries[i]) {
				all = append(all, at{x, &d.Entries[i]})
			}
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	c := all[s.Number(len(all))]
	c.x.changed()
	return c.x, c.e
}

func isFile(e *format.Entry) bool { return e.Kind == format.KindFile }
func isDir(e *format.Entry) bool  { return e.Kind.IsDir() }
func isAny(*format.Entry) bool    { return true }

// plain is metadata that any entry may have.
func plain(name string, kind format.Kind) format.Entry {
	return format.Entry{Name: name, Kind: kind, Perm: 0o755, Mtime: format.Time{Sec: 1_600_000_000}}
}

// literal makes a file of a few bytes.
func literal(name, content string) format.Entry {
	e := plain(name, format.KindFile)
	e.Size, e.Ref = uint64(len(content)), format.Ref{Kind: format.RefLiteral, Span: uint64(len(content)), Literal: []byte(content)}
	return e
}

// insertEntry puts an entry where its name belongs.
func insertEntry(d *format.DirLeaf, e format.Entry) {
	at := 0
	for at < len(d.Entries) && d.Entries[at].Name < e.Name {
		at++
	}
	d.Entries = append(d.Entries[:at:at], append([]format.Entry{e}, d.Entries[at:]...)...)
}

// after gives a name that comes right behind another.
func after(name string) string { return name + "\x01" }

// long gives a string of n bytes.
func long(n int) string { return strings.Repeat("x", n) }
