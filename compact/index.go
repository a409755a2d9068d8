package compact

import (
	"github.com/vtdarchive/vtd/format"
)

const mib = 1 << 20

// manyParts is how many indexes may stand on one another before one takes in
// others: each that does holds hashes a second time, and each that does not is
// one more for readers to look at.
const manyParts = 8

// finish writes the index and the trailer of a segment. Where there are many
// before it, it takes in, as an append does, those that are not at least twice as
// large as what comes after them.
func (o *output) finish(begin int64, i int) error {
	v := o.kept[i]
	if i > 0 {
		o.olds = v.meta
	}
	now := part{first: v.first, tops: []topOf{{0, v.topSum, v.hash}}, olds: o.olds, rows: o.rows}
	at := len(o.parts)
	for n := now.blocks(); len(o.parts) >= manyParts && at > 0 && o.parts[at-1].blocks() < 2*n; at-- {
		n += o.parts[at-1].blocks()
	}
	if at < len(o.parts) {
		whole := o.parts[at]
		for _, p := range append(o.parts[at+1:], now) {
			for _, t := range p.tops {
				t.at += len(whole.olds)
				whole.tops = append(whole.tops, t)
			}
			whole.olds, whole.rows = append(whole.olds, p.olds...), append(whole.rows, p.rows...)
		}
		now = whole
	}
	t := format.Trailer{
		ID: o.header.ID, Segment: begin, Index: o.off, Blocks: o.next, Top: v.first, TopHash: v.topSum, Snapshots: uint64(i + 1),
	}
	if o.last != nil {
		t.Prev = o.last.Offset
	}
	if at > 0 {
		t.Base = o.parts[at-1].trailer
	}
	x := format.NewIndexWriter(o, o.to, format.IndexHead{First: now.first, Blocks: now.blocks(), Frames: uint64(len(now.rows))})
	tops := now.tops
	for k := 0; k <= len(now.olds); k++ {
		for len(tops) > 0 && tops[0].at == k {
			x.Hash(tops[0].top)
			x.Hash(tops[0].snap)
			tops = tops[1:]
		}
		if k == len(now.olds) {
			break
		}
		sum, err := o.sum(now.olds[k])
		if err != nil {
			return err
		}
		x.Hash(sum)
	}
	for _, row := range now.rows {
		x.Frame(row)
	}
	if err := x.Finish(&t); err != nil {
		return err
	}
	now.trailer = t.Offset
	o.parts = append(o.parts[:at], now)
	o.last = &t
	return o.put(t.AppendTo(nil))
}
