package testkit

import (
	"fmt"

	"github.com/vtdarchive/vtd/format"
)

// Parity describes a parity segment.
type Parity struct {
	From         int // the segment that the protected range begins with
	Data, Parity int // shards: 4 and 2 where zero
	Rows         int // 3
}

// parity writes a parity segment of all that is there so far.
func (e *emitter) parity(p Parity, segment int, before *format.Trailer) (*format.Trailer, error) {
	o := p
	if o.Data == 0 {
		o.Data, o.Parity = 4, 2
	}
	if o.Rows == 0 {
		o.Rows = 3
	}
	begin := 0
	if o.From > 0 {
		begin = e.out.Segments[o.From].Begin
	}
	file := e.out.Bytes
	set := format.ParitySet{
		Archive: e.ID, Begin: int64(begin), Length: int64(len(file) - begin), Data: o.Data, Parity: o.Parity, Rows: uint32(o.Rows),
		HashID: e.Hash, Code: format.ParityCauchy,
	}
	set.Cell = uint32((len(file)-begin-1)/(o.Data*o.Rows) + 1)
	if set.Cell < uint32(o.Data) || set.Length <= int64(o.Data-1)*set.ShardSize() {
		return nil, fmt.Errorf("%d bytes do not fill %d shards", set.Length, o.Data)
	}
	if begin == 0 {
		set.Flags = e.flags(segment)
	}
	head := format.ParityHead{ParitySet: set, Cells: make([]format.CellHash, set.Data)}
	id := e.Hash.Sum(append(append([]byte("vtd parity\n"), head.AppendTo(nil)[:format.ParityHeadFixedSize]...), before.AppendTo(nil)...))
	copy(set.ID[:], id[:])

	shards := make([][]byte, set.Data)
	for i := range shards {
		shards[i] = make([]byte, set.ShardSize())
		copy(shards[i], file[min(begin+i*len(shards[i]), len(file)):])
	}
	if begin == 0 {
		for _, u := range [][2]int{{16, 24}, {60, 64}} { // of the header; in one shard or in two
			for at := u[0]; at < u[1]; at++ {
				shards[at/len(shards[0])][at%len(shards[0])] = 0
			}
		}
	}
	coded := ParityOf(shards, set.Parity)
	cell := int(set.Cell)
	for p := range set.Parity {
		for r := range o.Rows {
			h := format.ParityHead{ParitySet: set, Shard: p, Row: uint32(r), Cells: make([]format.CellHash, set.Data)}
			for i, s := range shards {
				sum := e.Hash.Sum(s[r*cell : (r+1)*cell])
				copy(h.Cells[i][:], sum[:])
			}
			b := append([]byte{}, coded[p][r*cell:(r+1)*cell]...)
			if e.hooks.Parity != nil {
				e.hooks.Parity(&h, b)
			}
			h.Hash = h.FrameHash(b)
			hb := h.AppendTo(nil)
			if e.hooks.ParityBytes != nil {
				hb = e.hooks.ParityBytes(&h, hb)
				seal(hb)
			}
			e.out.Bytes = append(append(e.out.Bytes, hb...), b...)
		}
	}
	tail := set.Tail(before)
	return format.ParseTrailer(tail[format.IndexHeadSize:], set.IndexAt()+format.IndexHeadSize)
}

// ParityOf computes parity shards as the definition says, element by element.
func ParityOf(data [][]byte, parity int) [][]byte {
	out := make([][]byte, parity)
	for p := range out {
		out[p] = make([]byte, len(data[0]))
		for i, d := range data {
			a := inverse(byte(len(data)+p) ^ byte(i))
			var by [256]byte
			for x := range by {
				by[x] = times(a, byte(x))
			}
			for at, x := range d {
				out[p][at] ^= by[x]
			}
		}
	}
	return out
}

// times multiplies in the field of 2^8 elements with the polynomial 11D.
func times(a, b byte) byte {
	product := 0
	for bit := range 8 {
		if b>>bit&1 == 1 {
			product ^= int(a) << bit
		}
	}
	for bit := 14; bit >= 8; bit-- {
		if product>>bit&1 == 1 {
			product ^= 0x11d << (bit - 8)
		}
	}
	return byte(product)
}

func inverse(a byte) byte {
	for b := range 256 {
		if times(a, byte(b)) == 1 {
			return byte(b)
		}
	}
	panic("zero has no inverse")
}
