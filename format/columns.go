package format

import (
	"encoding/binary"
	"iter"
	"slices"
)

// Form is one of the two encodings of a metadata block.
type Form uint8

const (
	// Canonical names blocks by hash; a block's own hash is taken over it.
	Canonical Form = iota
	// Stored names blocks by number; it is what frames hold.
	Stored
)

// Column is one column of a metadata block, as bytes.
type Column struct {
	ID   uint64
	Data []byte
}

// columnWriter collects columns in ascending order of id, leaving out empty
// ones.
type columnWriter struct {
	b     []byte
	extra []Column
}

// add appends a column in place: it leaves a byte for the length and makes
// more room only when the content turns out to be long.
func (w *columnWriter) add(id uint64, fill func(b []byte) []byte) {
	start := len(w.b)
	w.b = append(appendUvarint(w.b, id), 0)
	at := len(w.b)
	w.b = fill(w.b)
	n := len(w.b) - at
	if n == 0 {
		w.b = w.b[:start]
		return
	}
	var length [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(length[:], uint64(n))
	if k > 1 {
		w.b = append(w.b, length[1:k]...)
		copy(w.b[at+k-1:], w.b[at:at+n])
	}
	copy(w.b[at-1:], length[:k])
}

func (w *columnWriter) put(id uint64, data []byte) {
	if len(data) == 0 {
		return
	}
	w.b = appendUvarint(w.b, id)
	w.b = appendUvarint(w.b, uint64(len(data)))
	w.b = append(w.b, data...)
}

func (w *columnWriter) finish() []byte {
	for _, c := range w.extra {
		w.put(c.ID, c.Data)
	}
	return w.b
}

// columnReader gives the known columns of a block and keeps the ignorable
// ones it does not know.
type columnReader struct {
	known [32][]byte
	extra []Column
}

func (r *columnReader) parse(c *cursor, highest uint64) {
	last := uint64(0)
	for len(c.b) > 0 && c.bad == "" {
		id := c.uvarint()
		data := c.take(c.uvarint())
		switch {
		case c.bad != "":
		case id <= last:
			c.fail("columns out of order")
		case len(data) == 0:
			c.fail("an empty column")
		case id <= highest:
			r.known[id] = data
		case id >= ColumnIgnorable:
			r.extra = append(r.extra, Column{id, slices.Clone(data)})
		default:
			c.fail("a column of unknown meaning that may not be ignored")
		}
		last = id
	}
}

// col runs read over a column and takes over its failure; the column must be
// used up.
func (r *columnReader) col(c *cursor, id int, read func(c *cursor)) {
	if c.bad != "" {
		return
	}
	sub := cursor{b: r.known[id]}
	read(&sub)
	sub.done()
	if sub.bad != "" {
		c.lack = c.lack || sub.lack && c.bad == ""
		c.fail(sub.bad)
	}
}

// A palette writes the distinct values of a column in the order in which they
// first appear, then, if there is more than one, the index of each.
func appendPalette[T comparable](b []byte, n int, at func(i int) T, put func([]byte, T) []byte) []byte {
	if n == 0 {
		return b
	}
	var (
		order []T // the distinct values
		index = make([]uint32, n)
		find  map[T]uint32 // made when there are too many to look through
	)
	for i := range index {
		v := at(i)
		if i > 0 && order[index[i-1]] == v {
			index[i] = index[i-1]
			continue
		}
		k, ok := uint32(0), false
		if find != nil {
			k, ok = find[v]
		} else if p := slices.Index(order, v); p >= 0 {
			k, ok = uint32(p), true
		}
		if !ok {
			k = uint32(len(order))
			order = append(order, v)
			if len(order) == maxLinear {
				find = make(map[T]uint32, 2*maxLinear)
				for p, o := range order {
					find[o] = uint32(p)
				}
			} else if find != nil {
				find[v] = k
			}
		}
		index[i] = k
	}
	b = appendUvarint(b, uint64(len(order)))
	for _, v := range order {
		b = put(b, v)
	}
	if len(order) > 1 {
		for _, k := range index {
			b = appendUvarint(b, uint64(k))
		}
	}
	return b
}

// maxLinear is how many values of a palette are looked through one by one.
const maxLinear = 8

// readPalette calls set for each of n rows.
func readPalette[T any](c *cursor, n int, get func(*cursor) T, set func(i int, v T)) {
	if n == 0 {
		return
	}
	t := c.count(uint64(n))
	vals := make([]T, 0, min(t, 64))
	for range t {
		vals = append(vals, get(c))
		if c.bad != "" {
			return
		}
	}
	if t == 0 {
		c.fail("an empty palette")
		return
	}
	for i := range n {
		k := uint64(0)
		if t > 1 {
			if k = c.uvarint(); k >= t {
				c.fail("an index beyond its palette")
			}
			if c.bad != "" {
				return
			}
		}
		set(i, vals[k])
	}
}

// Times: 0 and one time when all are equal; 1 and differences in seconds when
// no nanoseconds occur; 2 and differences in nanoseconds otherwise.
const (
	timesEqual   = 0
	timesSeconds = 1
	timesNanos   = 2
)

func appendTimes(b []byte, n int, at func(i int) Time) []byte {
	if n == 0 {
		return b
	}
	first, equal, whole := at(0), true, true
	for i := range n {
		t := at(i)
		equal = equal && t == first
		whole = whole && t.Nsec == 0
	}
	switch {
	case equal:
		b = append(b, timesEqual)
		return appendUvarint(appendSvarint(b, first.Sec), uint64(first.Nsec))
	case whole:
		b = append(b, timesSeconds)
		prev := int64(0)
		for i := range n {
			s := at(i).Sec
			b = appendSvarint(b, s-prev)
			prev = s
		}
	default:
		b = append(b, timesNanos)
		var prev int96
		for i := range n {
			t := nanos(at(i))
			b = appendInt96(b, t.sub(prev))
			prev = t
		}
	}
	return b
}

func readTimes(c *cursor, n int, set func(i int, t Time)) {
	if n == 0 {
		return
	}
	switch c.u8() {
	case timesEqual:
		t := Time{Sec: c.svarint(), Nsec: uint32(c.bounded(999_999_999, "nanoseconds of a second or more"))}
		for i := range n {
			set(i, t)
		}
	case timesSeconds:
		prev := int64(0)
		for i := range n {
			prev += c.svarint()
			set(i, Time{Sec: prev})
		}
	case timesNanos:
		var prev int96
		for i := range n {
			prev = prev.add(c.int96())
			t, ok := prev.time()
			if !ok {
				c.fail("a time beyond 64 bits of seconds")
			}
			if c.bad != "" {
				return
			}
			set(i, t)
		}
	default:
		c.fail("an unknown coding of times")
	}
}

// appendNames writes the names of blocks: hashes in canonical form, differences
// of numbers in stored form. The first difference is from base.
func appendNames(b []byte, form Form, base uint64, refs iter.Seq[*Ref]) []byte {
	for r := range refs {
		if form == Canonical {
			b = append(b, r.Hash[:]...)
		} else {
			b = appendDelta(b, r.Num, base)
			base = r.Num
		}
	}
	return b
}

func readNames(c *cursor, form Form, base uint64, refs iter.Seq[*Ref]) {
	for r := range refs {
		if form == Canonical {
			r.Hash = c.hash()
		} else {
			base = c.delta(base)
			r.Num = base
		}
	}
}
