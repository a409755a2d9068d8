package scanners

import (
	"encoding/binary"
	"slices"
)

// diskScanner knows images of whole disks: their partition tables, MBR with
// logical partitions and GPT, and what extScanner knows within a partition.
//
// Joints are where a partition begins and where it ends, so that it is cut like
// the image of a file system alone.
var diskScanner = &Scanner{
	Name: "disk", Title: "disk images: partitions, and the files of ext2, ext3 and ext4 in them",
	Exts: []string{"img", "raw", "dd"}, MIME: []string{"application/x-raw-disk-image"},
	sniff: mbrTable,
	scan:  scanDisk,
	packs: true,
}

const (
	sector = 512
	// maxVolumes bounds the partitions of a disk.
	maxVolumes = 1024
	// maxVolume bounds the offsets in a disk, in octets, far below where one
	// overflows.
	maxVolume = 1 << 56
)

// Types of MBR partitions that hold a table and not data.
const (
	mbrExtended      = 0x05
	mbrExtendedLBA   = 0x0f
	mbrExtendedLinux = 0x85
	mbrProtective    = 0xee // all of the disk belongs to a GPT
)

// volume is a part of a disk, in octets; table says that it begins with a table
// of one logical partition.
type volume struct {
	start, size int64
	table       bool
}

// mbrTable reports whether a first sector holds a partition table. A boot
// sector with code at its place has no plausible one, nor has that of an ISO
// 9660 image that is a disk as well, where a partition begins in the table.
func mbrTable(b []byte) bool {
	if len(b) < sector || b[510] != 0x55 || b[511] != 0xaa {
		return false
	}
	type extent struct{ start, end int64 }
	var used []extent
	for e := b[446:510]; len(e) > 0; e = e[16:] {
		start, size := mbrExtent(e)
		switch kind := e[4]; {
		case e[0]&0x7f != 0:
			return false
		case kind == 0:
			if start != 0 || size != 0 {
				return false
			}
		case start == 0 || size == 0:
			return false
		case kind != mbrProtective:
			for _, u := range used {
				if start < u.end && u.start < start+size {
					return false
				}
			}
			used = append(used, extent{start, start + size})
		default:
			used = append(used, extent{0, 0})
		}
	}
	return len(used) > 0
}

// mbrExtent reads where a partition begins, and its size, in sectors.
func mbrExtent(e []byte) (start, size int64) {
	return int64(binary.LittleEndian.Uint32(e[8:])), int64(binary.LittleEndian.Uint32(e[12:]))
}

func scanDisk(s *Source) {
	b := s.Peek(sector)
	if !mbrTable(b) {
		scanExtAt(s, 0, maxVolume)
		return
	}
	var todo volumes
	extended := int64(0)
	protective := false
	for e := b[446:510]; len(e) > 0; e = e[16:] {
		start, size := mbrExtent(e)
		switch e[4] {
		case 0:
		case mbrProtective:
			protective = true
		case mbrExtended, mbrExtendedLBA, mbrExtendedLinux:
			extended = start * sector
			todo.add(volume{extended, size * sector, true})
		default:
			todo.add(volume{start * sector, size * sector, false})
		}
	}
	if protective {
		todo.addGPT(s)
	}
	for {
		v, ok := todo.next(s.Offset())
		if !ok {
			return
		}
		if v.table {
			todo.addLogical(s, v.start, extended)
			continue
		}
		s.JointAt(v.start)
		s.JointAt(v.start + v.size)
		scanExtAt(s, v.start, v.size)
	}
}

// volumes are those parts of a disk that are still to be looked at.
type volumes struct {
	of    []volume
	added int
}

func (t *volumes) add(v volume) {
	if v.start < 0 || v.size <= 0 || v.start > maxVolume || v.size > maxVolume || t.added == maxVolumes {
		return
	}
	t.added++
	t.of = append(t.of, v)
}

// next takes out the nearest part that does not begin before an offset.
func (t *volumes) next(from int64) (volume, bool) {
	slices.SortFunc(t.of, func(a, b volume) int { return int(min(max(a.start-b.start, -1), 1)) })
	for len(t.of) > 0 {
		v := t.of[0]
		t.of = t.of[1:]
		if v.start >= from {
			return v, true
		}
	}
	return volume{}, false
}

// addLogical reads the table at the start of an extended partition, or of the
// rest of one: a logical partition, counted from the table, and where the next
// table is, counted from the start of the extended partition.
func (t *volumes) addLogical(s *Source, at, extended int64) {
	s.SkipTo(at)
	b := s.Peek(sector)
	if len(b) < sector || b[510] != 0x55 || b[511] != 0xaa {
		return
	}
	for e := b[446:478]; len(e) > 0; e = e[16:] {
		start, size := mbrExtent(e)
		switch e[4] {
		case 0:
		case mbrExtended, mbrExtendedLBA, mbrExtendedLinux:
			t.add(volume{extended + start*sector, size * sector, true})
		default:
			t.add(volume{at + start*sector, size * sector, false})
		}
	}
	s.Skip(sector)
}

// addGPT reads a GPT, whose header is the second sector, of 512 or of 4096
// octets.
func (t *volumes) addGPT(s *Source) {
	unit := int64(sector)
	b := s.Peek(8 * sector * 2)
	if len(b) < 2*sector || string(b[sector:sector+8]) != "EFI PART" {
		unit = 8 * sector
		if len(b) < 8*sector+92 || string(b[unit:unit+8]) != "EFI PART" {
			return
		}
	}
	h := b[unit:]
	entries := binary.LittleEndian.Uint64(h[72:])
	count, size := binary.LittleEndian.Uint32(h[80:]), binary.LittleEndian.Uint32(h[84:])
	if entries < 2 || entries > 1<<20 || size < 128 || size > sector*8 {
		return
	}
	s.SkipTo(int64(entries) * unit)
	for range min(count, maxVolumes) {
		e := s.Peek(int(size))
		if len(e) < 128 {
			return
		}
		first, last := binary.LittleEndian.Uint64(e[32:]), binary.LittleEndian.Uint64(e[40:])
		if e[0]|e[1]|e[2]|e[3] != 0 && first <= last && last < maxVolume/4096 {
			t.add(volume{int64(first) * unit, int64(last-first+1) * unit, false})
		}
		s.Skip(int64(size))
	}
}
