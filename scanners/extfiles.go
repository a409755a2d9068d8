package scanners

import "encoding/binary"

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
			x.readInode(s, b, uint32(t.first))
			b = b[x.inodeSize:]
			t.first++
		}
		s.Skip(n)
		left -= n
	}
}

func (x *ext) readInode(s *Source, b []byte, number uint32) {
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
	where, file := b[0x28:0x64], extFile{number, kind == directory}
	if flags&extInodeExtents != 0 {
		x.readExtents(s, where, size, file)
		return
	}
	x.readPointers(s, where[:48], extTask{kind: extPointers, n: size, file: file})
	first, each := int64(12), int64(1)
	for level := range uint8(3) {
		each *= x.block / 4
		x.pushBlock(extPointers+1+level, where[48+4*level:], size, first, file)
		first += each
	}
}

// readExtents reads a node of an extent tree: that in an inode, or a block.
func (x *ext) readExtents(s *Source, b []byte, size int64, file extFile) {
	n, depth := int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint16(b[6:])
	if binary.LittleEndian.Uint16(b) != 0xf30a || n > (len(b)-12)/12 {
		return
	}
	p := extPiece{size: size, file: file}
	for e := b[12 : 12+12*n]; len(e) > 0; e = e[12:] {
		if depth > 0 {
			leaf := int64(binary.LittleEndian.Uint32(e[4:])) | int64(binary.LittleEndian.Uint16(e[8:]))<<32
			if x.holds(leaf) {
				x.push(extTask{kind: extExtents, at: x.at(leaf), n: size, file: file})
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
			x.pushBlock(t.kind-1, b, t.n, t.first+i*each, t.file)
		}
		return
	}
	p := extPiece{size: t.n, file: t.file}
	for i := int64(0); len(b) > 0; i, b = i+1, b[4:] {
		x.add(s, &p, t.first+i, int64(binary.LittleEndian.Uint32(b)), 1)
	}
	x.mark(s, p)
}

// extPiece is a part of a file of some size that lies together: n blocks,
// from the one of number start on, which is number first of the file.
type extPiece struct {
	first, start, n, size int64
	file                  extFile
}

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
	switch {
	case p.file.directory:
		x.push(extTask{kind: extNames, at: at, n: data})
	case data == p.size:
		x.push(extTask{kind: extContent, at: at, n: data, file: p.file})
	}
}

// readNames reads a part of a directory: what the names in it say of the content
// of files. The inner nodes of hashed directories look like blocks with entries
// that are not in use.
func (x *ext) readNames(s *Source, n int64) {
	for ; n >= x.block; n -= x.block {
		b := s.Peek(int(x.block))
		if int64(len(b)) < x.block {
			return
		}
		for len(b) >= 8 {
			inode, length, name := binary.LittleEndian.Uint32(b), int(binary.LittleEndian.Uint16(b[4:])), int(b[6])
			if length < 8+name || length > len(b) {
				break
			}
			if sc := scannerOfName(string(b[8 : 8+name])); inode != 0 && sc != nil && len(x.names) < maxExtNames {
				x.names[inode] = sc
			}
			b = b[length:]
		}
		s.Skip(x.block)
	}
}
