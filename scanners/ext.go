package scanners

import (
	"encoding/binary"
	"math/bits"
)

// extScanner knows images of the file systems ext2, ext3 and ext4.
//
// Joints are around the data of files and directories, as far as the inode that
// says where it lies comes before it, which is how these file systems are laid
// out. So a file is cut in an image as it is in a tree, but for what interrupts
// it there.
var extScanner = &Scanner{
	Name: "ext", Title: "file systems ext2, ext3 and ext4: the data of each file",
	Exts: []string{"ext2", "ext3", "ext4"},
	sniff: func(head []byte) bool {
		if len(head) < extSuperAt+extSuperLen || mbrTable(head) {
			return false
		}
		_, ok := readExt(head[extSuperAt:])
		return ok
	},
	scan: func(s *Source) { scanExtAt(s, 0, maxVolume) },
}

const (
	extSuperAt  = 1024 // from the start of the file system
	extSuperLen = 512  // as much of the superblock as is looked at

	// extMinFile is the size from which a file is worth joints. Smaller ones
	// stay together with what is around them.
	extMinFile = 512

	// extTable is the part of a table of inodes that is cut by itself: most stay
	// as they are while some files change.
	extTable = 4 << 10

	// maxExtTasks bounds what is known to be worth reading: 4 MiB of memory.
	maxExtTasks = 1 << 17
)

const (
	extIncompatJournalDev = 0x8
	extIncompatMetaBG     = 0x10
	extIncompat64Bit      = 0x80
	extROSparseSuper      = 0x1
	extROBigAlloc         = 0x200
	extROSums             = 0x10 | 0x400 // group descriptors say which inodes were never used
	extCompatSparseSuper2 = 0x200

	extInodeExtents = 0x80000
	extInodeInline  = 0x10000000
)

// ext is a file system, as its superblock has it, and what is to be read of it.
type ext struct {
	base, end int64 // where it lies

	block, inodeSize, descSize int64
	blocks, firstBlock         int64
	groupBlocks, groupInodes   int64
	groups                     int64
	firstMeta                  int64 // from this block of descriptors on each lies with its groups
	firstInode                 int64 // inodes before this one are the file system's own
	sums                       bool
	allSupers                  bool // every group begins with a superblock

	tasks []extTask // a heap: the nearest first
}

// readExt reads a superblock, and reports whether it is one that can be.
func readExt(b []byte) (x ext, ok bool) {
	le16 := func(at int) int64 { return int64(binary.LittleEndian.Uint16(b[at:])) }
	le32 := func(at int) int64 { return int64(binary.LittleEndian.Uint32(b[at:])) }
	revision := le32(0x4c)
	if le16(0x38) != 0xef53 || le32(0x18) > 6 || revision > 1 {
		return x, false
	}
	x = ext{
		block: 1024 << le32(0x18), inodeSize: 128, descSize: 32,
		blocks: le32(0x4), firstBlock: le32(0x14), groupBlocks: le32(0x20), groupInodes: le32(0x28),
		firstInode: 11, allSupers: true,
	}
	var incompat, ro int64
	if revision > 0 {
		x.firstInode, x.inodeSize = le32(0x54), le16(0x58)
		incompat, ro = le32(0x60), le32(0x64)
		x.sums = ro&extROSums != 0
		x.allSupers = ro&extROSparseSuper == 0 && le32(0x5c)&extCompatSparseSuper2 == 0
	}
	if incompat&extIncompat64Bit != 0 {
		x.blocks |= le32(0x150) << 32
		x.descSize = max(le16(0xfe), 32)
	}
	if incompat&extIncompatJournalDev != 0 || ro&extROBigAlloc == 0 && x.groupBlocks > 8*x.block ||
		x.firstBlock > 1 || x.blocks <= x.firstBlock || x.blocks > maxVolume/x.block ||
		x.groupBlocks < 8 || x.groupInodes < 1 || x.groupInodes > 8*x.block ||
		bits.OnesCount64(uint64(x.inodeSize)) != 1 || x.inodeSize < 128 || x.inodeSize > x.block ||
		bits.OnesCount64(uint64(x.descSize)) != 1 || x.descSize > x.block {
		return x, false
	}
	x.groups = (x.blocks - x.firstBlock + x.groupBlocks - 1) / x.groupBlocks
	x.firstMeta = (x.groups*x.descSize + x.block - 1) / x.block
	if incompat&extIncompatMetaBG != 0 {
		x.firstMeta = min(x.firstMeta, le32(0x104))
	}
	return x, true
}

// scanExtAt reads the file system that begins at base and has at most size
// octets, if there is one.
func scanExtAt(s *Source, base, size int64) {
	if s.Offset() > base {
		return
	}
	s.SkipTo(base)
	b := s.Peek(extSuperAt + extSuperLen)
	if len(b) < extSuperAt+extSuperLen {
		return
	}
	x, ok := readExt(b[extSuperAt:])
	if !ok {
		return
	}
	x.base, x.end = base, base+min(size, x.blocks*x.block)
	perBlock := x.block / x.descSize
	x.push(extTask{extDescriptors, x.base + (x.firstBlock+1)*x.block, min(x.groups, x.firstMeta*perBlock), 0})
	for g := x.firstMeta * perBlock; g < x.groups && len(x.tasks) < maxExtTasks; g += perBlock {
		at := x.firstBlock + g*x.groupBlocks
		if g == 0 || x.allSupers {
			at++
		}
		x.push(extTask{extDescriptors, x.base + at*x.block, min(x.groups-g, perBlock), g})
	}
	for {
		t, ok := x.pop()
		switch {
		case !ok:
			return
		case t.at < s.Offset():
			continue // it lies in what has been read, or before it
		}
		s.SkipTo(t.at)
		switch t.kind {
		case extDescriptors:
			x.readDescriptors(s, t)
		case extInodes:
			x.readInodes(s, t)
		case extExtents:
			if b := s.Peek(int(x.block)); int64(len(b)) == x.block {
				x.readExtents(s, b, t.n)
				s.Skip(x.block)
			}
		default:
			if b := s.Peek(int(x.block)); int64(len(b)) == x.block {
				x.readPointers(s, b, t)
				s.Skip(x.block)
			}
		}
	}
}

func (x *ext) readDescriptors(s *Source, t extTask) {
	for g := range t.n {
		b := s.Peek(int(x.descSize))
		if int64(len(b)) < x.descSize {
			return
		}
		table := int64(binary.LittleEndian.Uint32(b[0x8:]))
		flags := binary.LittleEndian.Uint16(b[0x12:])
		free, unused := int64(binary.LittleEndian.Uint16(b[0xe:])), int64(binary.LittleEndian.Uint16(b[0x1c:]))
		if x.descSize >= 64 {
			table |= int64(binary.LittleEndian.Uint32(b[0x28:])) << 32
			free |= int64(binary.LittleEndian.Uint16(b[0x2e:])) << 16
			unused |= int64(binary.LittleEndian.Uint16(b[0x32:])) << 16
		}
		n := x.groupInodes
		if x.sums {
			n -= min(n, unused)
		}
		if x.sums && flags&1 != 0 || free >= x.groupInodes {
			n = 0
		}
		at := x.at(table)
		if t.first+g == 0 {
			own := min(n, x.firstInode-1)
			at, n = at+own*x.inodeSize, n-own
		}
		if n > 0 && x.holds(table) {
			x.push(extTask{extInodes, at, n, 0})
		}
		s.Skip(x.descSize)
	}
}

func (x *ext) readInodes(s *Source, t extTask) {
	for left := t.n * x.inodeSize; left > 0; {
		b := s.Peek(int(min(left, MaxPeek)))
		n := int64(len(b)) &^ (x.inodeSize - 1)
		if n == 0 {
			return
		}
		for at := s.Offset(); len(b) >= int(x.inodeSize); at += x.inodeSize {
			if (at-x.base)%extTable == 0 {
				s.JointAt(at)
			}
			x.readInode(s, b)
			b = b[x.inodeSize:]
		}
		s.Skip(n)
		left -= n
	}
}

func (x *ext) readInode(s *Source, b []byte) {
	const regular, directory = 0x8000, 0x4000
	kind := binary.LittleEndian.Uint16(b) & 0xf000
	if kind != regular && kind != directory || binary.LittleEndian.Uint16(b[0x1a:]) == 0 {
		return
	}
	size := int64(binary.LittleEndian.Uint32(b[0x4:]))
	if kind == regular {
		size |= int64(binary.LittleEndian.Uint32(b[0x6c:])) << 32
	}
	flags := binary.LittleEndian.Uint32(b[0x20:])
	if size < extMinFile || size > maxVolume || flags&extInodeInline != 0 {
		return
	}
	where := b[0x28:0x64]
	if flags&extInodeExtents != 0 {
		x.readExtents(s, where, size)
		return
	}
	x.readPointers(s, where[:48], extTask{extPointers, 0, size, 0})
	first, each := int64(12), int64(1)
	for level := range uint8(3) {
		each *= x.block / 4
		x.pushBlock(extPointers+1+level, where[48+4*level:], size, first)
		first += each
	}
}

// readExtents reads a node of an extent tree: that in an inode, or a block.
func (x *ext) readExtents(s *Source, b []byte, size int64) {
	n, depth := int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint16(b[6:])
	if binary.LittleEndian.Uint16(b) != 0xf30a || n > (len(b)-12)/12 {
		return
	}
	p := extPiece{size: size}
	for e := b[12 : 12+12*n]; len(e) > 0; e = e[12:] {
		if depth > 0 {
			leaf := int64(binary.LittleEndian.Uint32(e[4:])) | int64(binary.LittleEndian.Uint16(e[8:]))<<32
			if x.holds(leaf) {
				x.push(extTask{extExtents, x.at(leaf), size, 0})
			}
			continue
		}
		const most = 1 << 15 // a longer one was allocated but not written
		length := int64(binary.LittleEndian.Uint16(e[4:]))
		start := int64(binary.LittleEndian.Uint16(e[6:]))<<32 | int64(binary.LittleEndian.Uint32(e[8:]))
		if length <= most {
			x.add(s, &p, int64(binary.LittleEndian.Uint32(e)), start, length)
		}
	}
	x.mark(s, p)
}

// readPointers reads the numbers of the blocks that follow a first one in a
// file, or of blocks full of such numbers.
func (x *ext) readPointers(s *Source, b []byte, t extTask) {
	if t.kind > extPointers+1 {
		each := int64(1)
		for range t.kind - extPointers - 1 {
			each *= x.block / 4
		}
		for i := int64(0); len(b) > 0; i, b = i+1, b[4:] {
			x.pushBlock(t.kind-1, b, t.n, t.first+i*each)
		}
		return
	}
	p := extPiece{size: t.n}
	for i := int64(0); len(b) > 0; i, b = i+1, b[4:] {
		x.add(s, &p, t.first+i, int64(binary.LittleEndian.Uint32(b)), 1)
	}
	x.mark(s, p)
}

// extPiece is a part of a file of some size that lies together: n blocks,
// from the one of number start on, which is number first of the file.
type extPiece struct{ first, start, n, size int64 }

// add joins blocks to a piece, or marks it and begins another with them.
func (x *ext) add(s *Source, p *extPiece, first, start, n int64) {
	if p.n > 0 && first == p.first+p.n && start == p.start+p.n {
		p.n += n
		return
	}
	x.mark(s, *p)
	p.first, p.start, p.n = first, start, n
}

// mark sets the joints of a piece: where it begins and ends, and where the data
// of the file ends in it. A joint so close to the end of the last block that
// another there would not count is left out, since the next file is likely to
// begin there.
func (x *ext) mark(s *Source, p extPiece) {
	if p.n == 0 || !x.holds(p.start) || p.n > x.blocks-p.start || p.first > p.size/x.block {
		return
	}
	at := x.at(p.start)
	data := min(p.size-p.first*x.block, p.n*x.block)
	if data <= 0 {
		return
	}
	used := (data + x.block - 1) / x.block * x.block
	s.JointAt(at)
	if used-data >= extMinFile {
		s.JointAt(at + data)
	}
	s.JointAt(at + used)
}

// holds reports whether a block lies in the file system. Number 0 is no block.
func (x *ext) holds(block int64) bool {
	return block > 0 && block < x.blocks && x.at(block) <= x.end-x.block
}

func (x *ext) at(block int64) int64 { return x.base + min(block, x.blocks)*x.block }

// extTask is something to read: n descriptors, the first of them that of the
// group of number first; n inodes; or a block that says where parts of a file of
// n octets are, with extPointers+k from its block of number first on.
type extTask struct {
	kind         uint8
	at, n, first int64
}

const (
	extDescriptors = iota
	extInodes
	extExtents
	extPointers // numbers of blocks; with 1 to 3 more, of blocks of numbers, so deep
)

// pushBlock notes that a block of numbers is to be read, if its own number is
// one.
func (x *ext) pushBlock(kind uint8, number []byte, size, first int64) {
	if block := int64(binary.LittleEndian.Uint32(number)); x.holds(block) && first <= size/x.block {
		x.push(extTask{kind, x.at(block), size, first})
	}
}

func (x *ext) push(t extTask) {
	if t.n <= 0 || len(x.tasks) >= maxExtTasks {
		return
	}
	i := len(x.tasks)
	x.tasks = append(x.tasks, t)
	for i > 0 && x.tasks[(i-1)/2].at > t.at {
		x.tasks[i] = x.tasks[(i-1)/2]
		i = (i - 1) / 2
	}
	x.tasks[i] = t
}

func (x *ext) pop() (top extTask, ok bool) {
	if len(x.tasks) == 0 {
		return top, false
	}
	n := len(x.tasks) - 1
	top, t := x.tasks[0], x.tasks[n]
	x.tasks = x.tasks[:n]
	for i := 0; n > 0; {
		low := 2*i + 1
		if low+1 < n && x.tasks[low+1].at < x.tasks[low].at {
			low++
		}
		if low >= n || t.at <= x.tasks[low].at {
			x.tasks[i] = t
			break
		}
		x.tasks[i] = x.tasks[low]
		i = low
	}
	return top, true
}
