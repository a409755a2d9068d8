package mutate

import (
	"fmt"
	"math"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

var badNames = []string{
	"..", ".", "", "a/b", "../x", "/etc/x", "/", "x/", "x/../../y", "a\x00b", long(format.MaxName), long(format.MaxName + 1), long(5000),
	"\x1b]0;title\a", "\r\n", "\xff\xfe", "CON", "a:b", "-rf", " ", "~",
}

func badName(m *model, s *Script) bool {
	x, d := m.leaf(s)
	if x == nil {
		return false
	}
	i := s.Number(len(d.Entries))
	e := d.Entries[i]
	e.Name = badNames[s.Below(len(badNames))]
	if s.Below(2) == 0 { // in its place, so that order is no fault
		d.Entries = append(d.Entries[:i:i], d.Entries[i+1:]...)
		insertEntry(d, e)
	} else {
		d.Entries[i] = e
	}
	x.changed()
	return true
}

func doubleName(m *model, s *Script) bool {
	x, d := m.leaf(s)
	if x == nil {
		return false
	}
	i := s.Number(len(d.Entries))
	e := d.Entries[i]
	switch s.Below(3) {
	case 0:
		e = literal(e.Name, "another")
	case 1:
		e.Kind, e.Target, e.Ref, e.Size = format.KindSymlink, "/", format.Ref{}, 0
	}
	d.Entries = append(d.Entries[:i+1:i+1], append([]format.Entry{e}, d.Entries[i+1:]...)...)
	x.changed()
	return true
}

// alikeNames adds names that some file systems take for those that are there.
func alikeNames(m *model, s *Script) bool {
	x, d := m.leaf(s)
	if x == nil {
		return false
	}
	name := d.Entries[s.Number(len(d.Entries))].Name
	for _, alike := range []string{strings.ToUpper(name), strings.ToLower(name), name + ".", name + " ", "caf\u00e9", "cafe\u0301"} {
		there := false
		for i := range d.Entries {
			there = there || d.Entries[i].Name == alike
		}
		if len(alike) <= format.MaxName && !there {
			insertEntry(d, literal(alike, alike))
		}
	}
	x.changed()
	return true
}

// dirCycle lets a directory hold one that holds it, or any other.
func dirCycle(m *model, s *Script) bool {
	x, e := m.entry(s, isDir)
	if x == nil {
		return false
	}
	switch to := nodes[*format.DirLeaf](m); s.Below(3) {
	case 0:
		e.Ref.Num = x.num
	case 1:
		e.Ref.Num = chosen(s, to).num
	default:
		if root := nodes[*format.Snapshot](m); len(root) > 0 {
			e.Ref.Num = chosen(s, root).node.(*format.Snapshot).Root.Ref.Num
		}
	}
	return true
}

// dirDoubling lets each of some directories hold the next one several times:
// a few blocks, and more entries than any number can count.
func dirDoubling(m *model, s *Script) bool {
	x, d := m.leaf(s)
	if x == nil {
		return false
	}
	width, height := 2+s.Below(30), 1+s.Below(80)
	bottom := &format.DirLeaf{Entries: []format.Entry{literal("f", "x")}}
	if s.Below(2) == 1 { // each of them says that it is one of two names
		bottom.Entries[0].LinkID, bottom.Entries[0].LinkCount = 1, 2
	}
	below := m.add(bottom)
	for range height {
		next := &format.DirLeaf{}
		for k := range width {
			e := plain(fmt.Sprintf("d%02d", k), format.KindDir)
			e.Ref.Num = below.num
			next.Entries = append(next.Entries, e)
		}
		below = m.add(next)
	}
	e := plain(after(d.Entries[len(d.Entries)-1].Name), format.KindDir)
	e.Ref.Num = below.num
	insertEntry(d, e)
	x.changed()
	return true
}

// deepDirs puts directories below one another.
func deepDirs(m *model, s *Script) bool {
	x, d := m.leaf(s)
	if x == nil {
		return false
	}
	depths := []int{10, 100, 1000, format.MaxDepth - 2, format.MaxDepth, format.MaxDepth + 100}
	names := []string{"d", "d", "directory", long(255)}
	name := names[s.Below(len(names))]
	below := m.add(&format.DirLeaf{Entries: []format.Entry{literal("f", "x")}})
	for range depths[s.Below(len(depths))] {
		e := plain(name, format.KindDir)
		e.Ref.Num = below.num
		below = m.add(&format.DirLeaf{Entries: []format.Entry{e}})
	}
	e := plain(after(d.Entries[len(d.Entries)-1].Name), format.KindDir)
	e.Ref.Num = below.num
	insertEntry(d, e)
	x.changed()
	return true
}

func otherKind(m *model, s *Script) bool {
	_, e := m.entry(s, isAny)
	if e == nil {
		return false
	}
	e.Kind = format.Kind(1 + s.Below(10))
	switch {
	case e.Kind == format.KindSymlink:
		targets := []string{"/", "..", "../../../../etc/passwd", ".", "x", e.Name, long(format.MaxTarget), "/proc/self/fd/3"}
		e.Target, e.Ref, e.Size = targets[s.Below(len(targets))], format.Ref{}, 0
	case e.Kind.IsDevice():
		e.Major, e.Minor = uint32(s.Byte()), uint32(s.Byte())
	case e.Kind == format.KindImplied:
		*e = format.Entry{Name: e.Name, Kind: e.Kind, Ref: e.Ref}
	}
	return true
}

// linkThenFile gives a directory a neighbour of nearly its name that is a link
// out of the tree, or makes it that link.
func linkThenFile(m *model, s *Script) bool {
	x, e := m.entry(s, isDir)
	if x == nil {
		return false
	}
	link := plain(e.Name, format.KindSymlink)
	link.Target = []string{"/tmp", "..", "/", "../.."}[s.Below(4)]
	if s.Below(2) == 0 {
		link.Name = after(e.Name)
		insertEntry(x.node.(*format.DirLeaf), link)
		return true
	}
	*e = link
	return true
}

// linkTangle says of entries that they are names of one file.
func linkTangle(m *model, s *Script) bool {
	ids := []uint64{1, 2, math.MaxUint64, 1 << 40}
	id, count := ids[s.Below(len(ids))], 2+uint64(s.Below(3))
	for range 2 + s.Below(4) {
		_, e := m.entry(s, isAny)
		if e == nil {
			return false
		}
		e.LinkID, e.LinkCount = id, count
		if s.Below(4) == 0 {
			e.LinkCount = []uint64{0, 1, 2, math.MaxUint64}[s.Below(4)]
		}
	}
	return true
}

func xattrFlood(m *model, s *Script) bool {
	_, e := m.entry(s, isAny)
	if e == nil {
		return false
	}
	prefixes := []string{"user.", "security.", "trusted.", "system.posix_acl_access", "security.capability", ""}
	prefix := prefixes[s.Below(len(prefixes))]
	counts := []int{1, 10, 64, 1000, 5000}
	sizes := []int{0, 1, 1000, format.MaxXattrValue, format.MaxXattrValue + 1}
	size := sizes[s.Below(len(sizes))]
	value := long(size)
	for i := range counts[s.Below(len(counts))] {
		if i*size > format.MaxXattrTotal+format.MaxXattrValue {
			break
		}
		e.Xattrs = append(e.Xattrs, format.Xattr{Name: fmt.Sprintf("%s%04d", prefix, i), Value: value})
	}
	return true
}

func oddMetadata(m *model, s *Script) bool {
	_, e := m.entry(s, isAny)
	if e == nil {
		return false
	}
	switch s.Below(6) {
	case 0:
		e.Perm = 0o7777
	case 1:
		e.Perm = 0
	case 2:
		e.Mtime = format.Time{Sec: []int64{math.MinInt64, math.MaxInt64, -1, 1 << 40}[s.Below(4)], Nsec: 999_999_999}
	case 3:
		e.Owner = format.Owner{UID: math.MaxUint32, GID: math.MaxUint32, User: "root", Group: "../../etc"}
	case 4:
		e.Owner.User, e.Owner.Group = long(format.MaxOwnerName), "\x1b[2J"
	default:
		e.Btime = format.Time{Sec: math.MaxInt64}
	}
	return true
}

// wrongTotals changes what an entry says of its size, or of what is below it.
func wrongTotals(m *model, s *Script) bool {
	_, e := m.entry(s, isAny)
	if e == nil {
		return false
	}
	values := []uint64{0, 1, e.Size + 1, e.Size - 1, format.MaxSpan, math.MaxUint64, 1 << 40}
	e.Size = values[s.Below(len(values))]
	if e.Kind.IsDir() {
		e.Count = values[s.Below(len(values))]
	}
	if e.Kind == format.KindFile && s.Below(2) == 0 {
		e.Ref.Span = e.Size
	}
	return true
}

// innerLie changes the order, the names or the counts of the node of a large
// directory.
func innerLie(m *model, s *Script) bool {
	x := chosen(s, nodes[*format.DirInner](m))
	if x == nil {
		return false
	}
	d := x.node.(*format.DirInner)
	c := &d.Children[s.Number(len(d.Children))]
	o := &d.Children[s.Number(len(d.Children))]
	switch s.Below(6) {
	case 0:
		*c, *o = *o, *c
	case 1:
		c.Ref.Num = o.Ref.Num
	case 2:
		c.First = badNames[s.Below(len(badNames))]
	case 3:
		c.Count = []uint64{0, 1, 1e9, math.MaxUint64, format.MaxSpan}[s.Below(5)]
	case 4:
		c.Ref.Num = x.num
	default:
		d.Level = s.Below(14)
	}
	x.changed()
	return true
}
