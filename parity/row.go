package parity

import (
	"fmt"
	"slices"

	"github.com/klauspost/reedsolomon"

	"github.com/vtdarchive/vtd/format"
)

// row is the memory in which a row of cells is read, made and checked: what all
// cells of a row and the heads of the frames take, at most 17 MiB.
type row struct {
	set    *format.ParitySet
	num    uint32
	code   reedsolomon.Encoder
	cells  [][]byte // of data, then of parity
	frames [][]byte // with the parity cells
	parts  [][]byte // of cells, for the encoder
	table  []format.CellHash
	known  bool // the table is that of a frame
	loc    []place
}

// place is where a cell was found: a number of a shift, or nowhere.
type place int8

const (
	nowhere place = -1
	helped  place = -2 // nowhere, but another set makes it
)

func newRow(s *format.ParitySet) (*row, error) {
	code, err := reedsolomon.New(s.Data, s.Parity, reedsolomon.WithCauchyMatrix(),
		reedsolomon.WithMaxGoroutines(1), reedsolomon.WithInversionCache(false))
	if err != nil {
		return nil, err
	}
	n := s.Data + s.Parity
	x := &row{
		set: s, code: code, cells: make([][]byte, n), parts: make([][]byte, n),
		table: make([]format.CellHash, s.Data), loc: make([]place, n),
	}
	cell := int64(s.Cell)
	b := make([]byte, int64(s.Data)*cell+int64(s.Parity)*s.FrameSize())
	for i := range s.Data {
		x.cells[i], b = b[:cell:cell], b[cell:]
	}
	for i := range s.Parity {
		f := b[:s.FrameSize():s.FrameSize()]
		x.frames = append(x.frames, f)
		x.cells[s.Data+i], b = f[s.HeadSize():], b[len(f):]
	}
	return x, nil
}

func (x *row) hash(i int) (h format.CellHash) {
	sum := x.set.HashID.Sum(x.cells[i])
	copy(h[:], sum[:])
	return h
}

// readCell reads a data cell from a shifted place. What lies behind the range is
// zeros, and always there.
func (x *row) readCell(v *view, i int, shift int64) bool {
	off, n := x.set.CellAt(i, x.num), x.set.CellLen(i, x.num)
	b := x.cells[i]
	clear(b[n:])
	if n == 0 {
		return true
	}
	if !v.read(b[:n], off+shift) {
		return false
	}
	format.HideUnprotected(b[:n], off)
	return true
}

// readFrame reads and checks a parity frame.
func (x *row) readFrame(v *view, p int, shift int64) bool {
	off := x.set.FrameAt(p, x.num)
	if !v.read(x.frames[p], off+shift) {
		return false
	}
	h, err := format.ParseParityHead(x.frames[p], off)
	if err != nil || h.ParitySet != *x.set || h.Shard != p || h.Row != x.num || h.FrameHash(x.cells[x.set.Data+p]) != h.Hash {
		return false
	}
	if !x.known {
		x.known = true
		copy(x.table, h.Cells)
	}
	return slices.Equal(x.table, h.Cells) // two frames that are whole and contradict each other are of a liar
}

// read finds the cells of a row, each in the first place where it is whole. In a
// row without any frame nothing is known of its data cells: those that can be
// read are taken as they are.
func (x *row) read(v *view, num uint32, shifts []int64) {
	x.num, x.known = num, false
	find := func(i int, here func(shift int64) bool) {
		x.loc[i] = nowhere
		for k, shift := range shifts {
			if here(shift) {
				x.loc[i] = place(k)
				return
			}
		}
	}
	for p := range x.set.Parity {
		find(x.set.Data+p, func(shift int64) bool { return x.readFrame(v, p, shift) })
	}
	for i := range x.set.Data {
		find(i, func(shift int64) bool {
			return x.readCell(v, i, shift) && (!x.known || x.hash(i) == x.table[i])
		})
	}
}

// slice is how much of each cell is coded at a time, so that it stays in the
// cache of the processor.
const slice = 16 << 10

// encode makes the table and the parity cells of the data cells.
func (x *row) encode() error {
	for i := range x.set.Data {
		x.table[i] = x.hash(i)
	}
	for at := 0; at < int(x.set.Cell); at += slice {
		for i, c := range x.cells {
			x.parts[i] = c[at:min(at+slice, len(c))]
		}
		if err := x.code.Encode(x.parts); err != nil {
			return err
		}
	}
	return nil
}

// rebuild makes the cells that are nowhere, and checks them. The frames of
// those made are complete.
func (x *row) rebuild() error {
	good := 0
	for _, at := range x.loc {
		if at != nowhere {
			good++
		}
	}
	switch {
	case good == len(x.loc):
		return nil
	case slices.Contains(x.loc[:x.set.Data], nowhere) && !x.known:
		return fmt.Errorf("no parity of row %d is left", x.num)
	case good < x.set.Data:
		return fmt.Errorf("of row %d, %d cells of %d are left, and %d are needed", x.num, good, len(x.loc), x.set.Data)
	}
	if !x.known {
		for i := range x.set.Data {
			x.table[i] = x.hash(i)
		}
	}
	for i, c := range x.cells {
		x.parts[i] = c
		if x.loc[i] == nowhere {
			x.parts[i] = c[:0] // for the encoder to fill
		}
	}
	if err := x.code.Reconstruct(x.parts); err != nil {
		return err
	}
	for i := range x.set.Data {
		if x.loc[i] == nowhere && x.hash(i) != x.table[i] {
			return fmt.Errorf("the parity of row %d makes something else of data cell %d than was there", x.num, i)
		}
	}
	for p := range x.set.Parity {
		if x.loc[x.set.Data+p] == nowhere {
			x.seal(p)
		}
	}
	return nil
}

// seal puts the head before a parity cell.
func (x *row) seal(p int) {
	h := format.ParityHead{ParitySet: *x.set, Shard: p, Row: x.num, Cells: x.table}
	h.Hash = h.FrameHash(x.cells[x.set.Data+p])
	h.AppendTo(x.frames[p][:0])
}
