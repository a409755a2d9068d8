package scanners

import (
	"encoding/binary"
	"math/bits"
)

// extScanner knows images of the file systems ext2, ext3 and ext4.
//
// Joints are around the data of files and directories, as far as the inode that
// says where it lies comes before it, which is how these file systems are laid
// out. A file in one piece is left to its scanner, too, chosen by its content or
// else by the name it has in a directory that comes before it. So a file is cut in
// an image as it is in a tree, but for what interrupts it there.
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
	scan:  func(s *Source) { scanExtAt(s, 0, maxVolume) },
	packs: true,
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

	// maxExtTasks bounds what is known to be worth reading: 5 MiB of memory.
	maxExtTasks = 1 << 17
	// maxExtNames bounds the files whose names are known to matter: 4 MiB.
	maxExtNames = 1 << 17
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

	tasks []extTask           // a heap: the nearest first
	names map[uint32]*Scanner // by inode, what the names of files say of them
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
	x.base, x.end, x.names = base, base+min(size, x.blocks*x.block), make(map[uint32]*Scanner)
	perBlock := x.block / x.descSize
	x.push(extTask{kind: extDescriptors, at: x.base + (x.firstBlock+1)*x.block, n: min(x.groups, x.firstMeta*perBlock)})
	for g := x.firstMeta * perBlock; g < x.groups && len(x.tasks) < maxExtTasks; g += perBlock {
		at := x.firstBlock + g*x.groupBlocks
		if g == 0 || x.allSupers {
			at++
		}
		x.push(extTask{kind: extDescriptors, at: x.base + at*x.block, n: min(x.groups-g, perBlock), first: g})
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
		case extNames:
			x.readNames(s, t.n)
		case extContent:
			s.member(t.n, "", x.names[t.file.inode])
		case extExtents:
			if b := s.Peek(int(x.block)); int64(len(b)) == x.block {
				x.readExtents(s, b, t.n, t.file)
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
		at, number := x.at(table), (t.first+g)*x.groupInodes+1
		if t.first+g == 0 {
			own := min(n, max(x.firstInode-1, 0))
			at, number, n = at+own*x.inodeSize, number+own, n-own
		}
		if x.holds(table) {
			x.push(extTask{kind: extInodes, at: at, n: n, first: number})
		}
		s.Skip(x.descSize)
	}
}

// holds reports whether a block lies in the file system. Number 0 is no block.
func (x *ext) holds(block int64) bool {
	return block > 0 && block < x.blocks && x.at(block) <= x.end-x.block
}

func (x *ext) at(block int64) int64 { return x.base + min(block, x.blocks)*x.block }
