package codec

import "encoding/binary"

// minCopy is the shortest copy a list can hold; lengths are coded less minCopy.
const minCopy = 64

// maxVarint is the longest varint of a LongZstd frame: 28 bits hold every
// length below MaxRaw and, folded, every difference of two distances.
const maxVarint = 4

// uvarint reads one canonical varint and returns it with its size, or a size
// of 0 when it is cut short, longer than maxVarint or longer than need be.
func uvarint(b []byte) (uint32, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint32(b[0]), 1
	}
	var v uint32
	for i := range min(len(b), maxVarint) {
		c := b[i]
		v |= uint32(c&0x7F) << (7 * i)
		if c < 0x80 {
			if c == 0 {
				return 0, 0
			}
			return v, i + 1
		}
	}
	return 0, 0
}

func appendVarint(b []byte, v uint32) []byte {
	return binary.AppendUvarint(b, uint64(v))
}

// fold maps differences to unsigned numbers, small ones to small ones.
func fold(d int32) uint32   { return uint32(d<<1) ^ uint32(d>>31) }
func unfold(v uint32) int32 { return int32(v>>1) ^ -int32(v&1) }

// appendList appends the three columns of a copy list to dst and returns the
// sizes of the first two.
func appendList(dst []byte, copies []longCopy) (list []byte, runs, lengths int) {
	at := len(dst)
	for _, c := range copies {
		dst = appendVarint(dst, c.literals)
	}
	runs, at = len(dst)-at, len(dst)
	for _, c := range copies {
		dst = appendVarint(dst, c.length-minCopy)
	}
	lengths = len(dst) - at
	last := int32(0)
	for _, c := range copies {
		dst = appendVarint(dst, fold(int32(c.distance)-last))
		last = int32(c.distance)
	}
	return dst, runs, lengths
}

// longHead is the start of the stored bytes of a LongZstd frame.
type longHead struct {
	copies   int // number of copies
	literals int // raw bytes of literals
	columns  [3]int
	list     []byte // stored list
	lits     []byte // stored literals
}

// append appends the numbers of the head.
func (h *longHead) append(dst []byte) []byte {
	for _, v := range [...]int{h.copies, h.literals, h.columns[0], h.columns[1], h.columns[2], len(h.list)} {
		dst = appendVarint(dst, uint32(v))
	}
	return dst
}

// parseLong reads the head of a LongZstd frame and checks all that can be
// checked without decoding its sections.
func parseLong(stored []byte, rawLen int) (h longHead, err error) {
	var listStored int
	rest := stored
	for _, field := range [...]*int{&h.copies, &h.literals, &h.columns[0], &h.columns[1], &h.columns[2], &listStored} {
		v, n := uvarint(rest)
		if n == 0 {
			return h, corrupt("bad number in the head of a long-zstd frame")
		}
		*field, rest = int(v), rest[n:]
	}
	if h.literals < 1 || h.literals > rawLen {
		return h, corrupt("%d literals in %d bytes", h.literals, rawLen)
	}
	if h.copies < 1 || h.copies > (rawLen-h.literals)/minCopy {
		return h, corrupt("%d copies in %d bytes with %d literals", h.copies, rawLen, h.literals)
	}
	for _, c := range h.columns {
		if c < h.copies || c > h.copies*maxVarint {
			return h, corrupt("column of %d bytes for %d copies", c, h.copies)
		}
	}
	if listStored > len(rest) {
		return h, corrupt("copy list of %d bytes cut short", listStored)
	}
	h.list, h.lits = rest[:listStored], rest[listStored:]
	return h, nil
}

// listLen returns the raw length of the copy list.
func (h *longHead) listLen() int { return h.columns[0] + h.columns[1] + h.columns[2] }

// listReader yields the copies of a list, each checked against the output so
// far, so that whoever carries them out need not check anything.
type listReader struct {
	runs, lengths, distances []byte
	left                     int   // copies to come
	out                      int   // raw bytes before the next copy's literals
	literals                 int   // literals not yet used up
	copied                   int   // bytes that copies have yet to make
	last                     int32 // previous distance
}

func newListReader(h *longHead, list []byte, rawLen int) listReader {
	a, b := h.columns[0], h.columns[0]+h.columns[1]
	return listReader{
		runs: list[:a], lengths: list[a:b], distances: list[b:],
		left: h.copies, literals: h.literals, copied: rawLen - h.literals,
	}
}

// next returns the next copy; it must not be called when none is left.
func (r *listReader) next() (longCopy, error) {
	run, a := uvarint(r.runs)
	length, b := uvarint(r.lengths)
	folded, c := uvarint(r.distances)
	if a == 0 || b == 0 || c == 0 {
		return longCopy{}, corrupt("bad number in a copy list")
	}
	r.runs, r.lengths, r.distances = r.runs[a:], r.lengths[b:], r.distances[c:]
	length += minCopy
	distance := r.last + unfold(folded)
	r.last = distance
	if int(run) > r.literals {
		return longCopy{}, corrupt("copy list uses more literals than there are")
	}
	r.literals -= int(run)
	if int(length) > r.copied {
		return longCopy{}, corrupt("copies go past the end of the frame")
	}
	r.copied -= int(length)
	r.out += int(run)
	if distance < 1 || int(distance) > r.out {
		return longCopy{}, corrupt("copy from %d bytes back at %d", distance, r.out)
	}
	r.out += int(length)
	r.left--
	if r.left == 0 {
		if len(r.runs)+len(r.lengths)+len(r.distances) > 0 {
			return longCopy{}, corrupt("bytes after the last copy of a list")
		}
		if r.copied > 0 {
			return longCopy{}, corrupt("copies and literals are %d bytes short", r.copied)
		}
	}
	return longCopy{run, length, uint32(distance)}, nil
}

// repeat carries out one copy: length bytes from distance back, to out[at:].
// When distance is less than length the copy reads what it has just written.
func repeat(out []byte, at, length, distance int) {
	from := at - distance
	for length > at-from {
		// Each turn doubles the period that lies ready to be copied.
		n := copy(out[at:], out[from:at])
		at += n
		length -= n
	}
	copy(out[at:at+length], out[from:])
}
