package parity

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// consistent makes the CRC and the hash of every parity frame fit, for lies
// that are well-formed.
func consistent(b []byte) []byte {
	b = bytes.Clone(b)
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte(format.MagicParity))
		if i < 0 {
			return b
		}
		at += i
		n, cell, err := format.ParityHeadSize(b[at:], int64(at))
		if err != nil || at+n+cell > len(b) {
			continue
		}
		seal := func() {
			binary.LittleEndian.PutUint32(b[at+n-4:], crc32.Checksum(b[at:at+n-4], castagnoli))
		}
		seal()
		if h, err := format.ParseParityHead(b[at:], int64(at)); err == nil {
			sum := h.FrameHash(b[at+n : at+n+cell])
			copy(b[at+96:], sum[:])
			seal()
		}
	}
}

// FuzzRepair: whatever a file says of itself, repairing it ends, and the result
// is whole or there is an error.
func FuzzRepair(f *testing.F) {
	vectors, err := testkit.Vectors()
	if err != nil {
		f.Fatal(err)
	}
	seeds := 0
	for _, v := range vectors {
		if len(sets(f, v.Bytes)) > 0 {
			f.Add(v.Bytes, false)
			f.Add(v.Bytes, true)
			seeds++
		}
	}
	if seeds < 20 {
		f.Fatalf("only %d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, b []byte, seal bool) {
		if len(b) > 1<<17 {
			t.Skip("too long")
		}
		if seal {
			b = consistent(b)
		}
		got, rep, err := repair(b)
		if err != nil {
			if !errors.Is(err, format.ErrDamaged) {
				t.Fatalf("%v: not of class damaged", err)
			}
			return
		}
		if rep.Lost != 0 && len(rep.Sets) == 1 { // several may do better than was thought
			t.Fatalf("no error, but %d bytes were reported as lost", rep.Lost)
		}
		y, err := Look(context.Background(), bytes.NewReader(got), int64(len(got)), one)
		if err != nil {
			t.Fatal(err)
		}
		if r := y.Report(); len(rep.Sets) > 0 && !r.Whole() {
			t.Fatalf("repaired to %+v,\nfrom %+v", r, rep)
		}
		if rep.Whole() && !bytes.Equal(got, b) {
			t.Fatalf("nothing is wrong, yet %s", difference(got, b))
		}
	})
}
