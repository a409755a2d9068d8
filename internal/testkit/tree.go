package testkit

import (
	"bytes"
	"fmt"

	"github.com/vtdarchive/vtd/format"
)

// Node is one entry to put into an archive. The fields of the Entry that
// describe content (Size, Count, Ref, Content) are worked out from Data and
// Children and need not be set.
type Node struct {
	format.Entry
	Data     []byte  // file: its content
	Children []*Node // directory: its entries; they are sorted by name
	Shape    Shape   // file: how its content is referred to
	Pieces   [][]byte
	Streams  []Stream // file: ranges that recipes make, in order
	Absent   bool     // file: its data blocks are promised but not written
}

// Shape forces the form of a file's content reference.
type Shape uint8

// The shapes of content.
const (
	ShapeAuto     Shape = iota // as the options say
	ShapeLiteral               // a literal
	ShapeRun                   // a run: Data is one octet, repeated
	ShapeBlock                 // one block
	ShapeIndirect              // an indirect tree over Pieces, or over chunks
)

// epoch is the time that nodes have unless they say otherwise.
var epoch = format.Time{Sec: 1_600_000_000}

func node(kind format.Kind, name string, perm uint16) *Node {
	return &Node{Entry: format.Entry{
		Name: name, Kind: kind, Perm: perm, Mtime: epoch,
		Owner: format.Owner{UID: 1000, GID: 100, User: "user", Group: "users"},
	}}
}

// Dir makes a directory.
func Dir(name string, children ...*Node) *Node {
	n := node(format.KindDir, name, 0o755)
	n.Children = children
	return n
}

// Implied makes a directory without metadata of its own.
func Implied(name string, children ...*Node) *Node {
	return &Node{Entry: format.Entry{Name: name, Kind: format.KindImplied}, Children: children}
}

// File makes a regular file.
func File(name, data string) *Node {
	n := node(format.KindFile, name, 0o644)
	n.Data = []byte(data)
	return n
}

// Run makes a file of one octet repeated n times, held as one run.
func Run(name string, octet byte, n int) *Node {
	f := File(name, "")
	f.Data, f.Shape = bytes.Repeat([]byte{octet}, n), ShapeRun
	return f
}

// Symlink makes a symbolic link.
func Symlink(name, target string) *Node {
	n := node(format.KindSymlink, name, 0o777)
	n.Target = target
	return n
}

// Special makes a fifo, socket or whiteout.
func Special(name string, kind format.Kind) *Node { return node(kind, name, 0o600) }

// Device makes a character or block device.
func Device(name string, kind format.Kind, major, minor uint32) *Node {
	n := node(kind, name, 0o660)
	n.Major, n.Minor = major, minor
	return n
}

// With changes a node in place and returns it, for use inside a literal tree.
func (n *Node) With(change func(*Node)) *Node {
	change(n)
	return n
}

// Link makes the node one of count names of hard-link group id.
func (n *Node) Link(id, count uint64) *Node {
	n.LinkID, n.LinkCount = id, count
	return n
}

// At gives the node a modification time.
func (n *Node) At(sec int64, nsec uint32) *Node {
	n.Mtime = format.Time{Sec: sec, Nsec: nsec}
	return n
}

// Mode gives the node permissions.
func (n *Node) Mode(perm uint16) *Node {
	n.Perm = perm
	return n
}

// Noise gives n bytes that look random, the same for the same seed.
func Noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	x := seed*0x9E3779B97F4A7C15 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 32)
	}
	return b
}

// Numbered makes n small files, each with a content of its own.
func Numbered(n int) []*Node {
	out := make([]*Node, n)
	for i := range out {
		out[i] = File(fmt.Sprintf("n%05d", i), fmt.Sprint("content of the file with the number ", i))
	}
	return out
}

// Deep makes a root with depth directories below one another.
func Deep(depth int) *Node {
	n := Dir("")
	for range depth {
		n.Name = "d"
		n = Dir("", n)
	}
	return n
}
