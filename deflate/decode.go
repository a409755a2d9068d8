package deflate

// A decoder turns bits into symbols: a table looked up by the next bits, with
// a second one for long codes. An entry has the number of bits of the code in
// its low four bits and the symbol above. In an entry of the first table that
// leads to a second one, bit 31 is set, the low four bits have the number of
// bits the second is looked up by, and those above where it begins. An entry of
// zero belongs to no code.
type decoder struct {
	table []uint32
	first uint
}

const toSecond = 1 << 31

// build makes the decoder for lengths of codes. Codes that are incomplete are
// taken, those that are over-subscribed refused.
func (d *decoder) build(lengths []uint8, first uint) bool {
	var count [16]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	left, longest := 1, 0
	for n := 1; n <= 15; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return false
		}
		if count[n] > 0 {
			longest = n
		}
	}
	first = min(first, uint(max(longest, 1)))
	d.first = first
	size := 1 << first
	var out [numLitAll]uint16
	codes(lengths, out[:])
	if cap(d.table) < size {
		d.table = make([]uint32, size, size+1024)
	}
	d.table = d.table[:size]
	clear(d.table)
	mask := uint32(size - 1)
	if uint(longest) > first {
		// The deepest code below each entry decides the size of its second table.
		for i, n := range lengths {
			if uint(n) > first {
				e := &d.table[uint32(out[i])&mask]
				*e = max(*e, uint32(n)-uint32(first))
			}
		}
		for i := range size {
			if n := d.table[i]; n != 0 {
				at := len(d.table)
				d.table = append(d.table, make([]uint32, 1<<n)...)
				d.table[i] = toSecond | uint32(at)<<4 | n
			}
		}
	}
	for i, n := range lengths {
		if n == 0 {
			continue
		}
		entry := uint32(i)<<4 | uint32(n)
		if uint(n) <= first {
			for at := uint32(out[i]); at <= mask; at += 1 << n {
				d.table[at] = entry
			}
			continue
		}
		e := d.table[uint32(out[i])&mask]
		at := e &^ toSecond >> 4
		for j := uint32(out[i]) >> first; j < 1<<(e&15); j += 1 << (uint(n) - first) {
			d.table[at+j] = entry
		}
	}
	return true
}

// symbol looks up the next bits. Zero bits mean that there is no such code.
func (d *decoder) symbol(acc uint64) (sym, n uint32) {
	e := d.table[acc&(1<<(d.first&15)-1)]
	if e&toSecond != 0 {
		e = d.second(e, acc)
	}
	return e >> 4, e & 15
}

// second looks up the bits behind the first table.
func (d *decoder) second(e uint32, acc uint64) uint32 {
	return d.table[uint64(e&^toSecond>>4)+acc>>(d.first&15)&(1<<(e&15)-1)]
}
