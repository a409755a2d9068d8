package recovery

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
)

// Numbers of what the damaged archive does not have. Those of its own blocks
// are below format.MaxSpan, and in practice far below these.
const (
	madeData uint64 = 1 << 62
	madeMeta uint64 = 1 << 63
)

// extra is a data block that is in no frame to be copied: it was saved out of a
// damaged one, came from elsewhere, or was made. It waits in a temporary file.
type extra struct {
	hash format.Hash
	at   int64
	n    uint32
	num  uint64 // in what is written
	used bool
}

// spool is a temporary file without a name.
type spool struct {
	dir string
	f   *os.File
	end int64
}

func (s *spool) add(b []byte) (at int64, err error) {
	if s.f == nil {
		if s.f, err = disk.Temporary(s.dir); err != nil {
			return 0, fmt.Errorf("a temporary file: %w", err)
		}
	}
	at = s.end
	n, err := s.f.WriteAt(b, at)
	s.end += int64(n)
	if err != nil {
		err = fmt.Errorf("a temporary file: %w", err)
	}
	return at, err
}

func (s *spool) read(at int64, n uint32) ([]byte, error) {
	b := make([]byte, n)
	_, err := s.f.ReadAt(b, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b, err
}

func (s *spool) close() {
	if s.f != nil {
		_ = s.f.Close() // it has no name, and nothing in it is wanted any more
	}
}

// prefixRow finds blocks by the first half of their hash.
type prefixRow struct{ prefix, num uint64 }

func prefixOf(h *format.Hash) uint64 { return binary.BigEndian.Uint64(h[:]) }

// sortHashes makes the table that finds data blocks by hash. Of two frames with
// a block of one hash, which no sound archive has, one has to do without.
func (r *recovery) sortHashes() {
	for _, f := range r.s.frames {
		if f.head.Kind != format.FrameData || !f.sound {
			continue
		}
		for i, n := range f.head.Lengths {
			if n > 0 && f.flags[i]&flagBad == 0 {
				r.prefixes = append(r.prefixes, prefixRow{prefixOf(&f.hashes[i]), f.head.First + uint64(i)})
			}
		}
	}
	slices.SortFunc(r.prefixes, func(a, b prefixRow) int { return cmp.Or(cmp.Compare(a.prefix, b.prefix), cmp.Compare(a.num, b.num)) })
	for i := 1; i < len(r.prefixes); i++ {
		a, b := r.prefixes[i-1], r.prefixes[i]
		if a.prefix != b.prefix {
			continue
		}
		ha, _, _ := r.data(a.num)
		hb, _, _ := r.data(b.num)
		if ha == hb {
			f, _ := r.s.find(b.num)
			f.alter = true
			r.same[b.num] = a.num
			r.prefixes[i].num = a.num
		}
	}
}

// byHash finds a data block that is there.
func (r *recovery) byHash(h *format.Hash) (num uint64, ok bool) {
	if k, ok := r.extraOf[*h]; ok {
		return madeData + uint64(k), true
	}
	p := prefixOf(h)
	i, _ := slices.BinarySearchFunc(r.prefixes, p, func(x prefixRow, p uint64) int { return cmp.Compare(x.prefix, p) })
	for ; i < len(r.prefixes) && r.prefixes[i].prefix == p; i++ {
		if got, _, ok := r.data(r.prefixes[i].num); ok && got == *h {
			return r.prefixes[i].num, true
		}
	}
	return 0, false
}

// add keeps a data block unless there is one like it, and gives its number.
func (r *recovery) add(h format.Hash, b []byte) (uint64, error) {
	if num, ok := r.byHash(&h); ok {
		return num, nil
	}
	at, err := r.spool.add(b)
	if err != nil {
		return 0, err
	}
	k := len(r.extras)
	r.extras = append(r.extras, extra{hash: h, at: at, n: uint32(len(b))})
	r.extraOf[h] = k
	return madeData + uint64(k), nil
}

// keep keeps a block of the damaged archive that its frame does not give. A
// failure is met again by whoever wants the block.
func (r *recovery) keep(num uint64, h format.Hash, b []byte) {
	made, err := r.add(h, b)
	if err != nil {
		r.failed = errors.Join(r.failed, err)
		return
	}
	r.same[num] = made
}

// real gives the number under which a data block is kept.
func (r *recovery) real(num uint64) uint64 {
	if as, ok := r.same[num]; ok {
		return as
	}
	return num
}

// data tells of a data block that is there.
func (r *recovery) data(num uint64) (h format.Hash, n uint32, ok bool) {
	if num = r.real(num); num >= madeData {
		if k := num - madeData; k < uint64(len(r.extras)) {
			return r.extras[k].hash, r.extras[k].n, true
		}
		return h, 0, false
	}
	f, i := r.s.find(num)
	if f == nil || !f.sound || f.head.Kind != format.FrameData || f.flags[i]&flagBad != 0 || f.head.Lengths[i] == 0 {
		return h, 0, false
	}
	return f.hashes[i], f.head.Lengths[i], true
}

// dataBytes gives a data block.
func (r *recovery) dataBytes(num uint64) ([]byte, error) {
	num = r.real(num)
	if num >= madeData {
		x := &r.extras[num-madeData]
		return r.spool.read(x.at, x.n)
	}
	f, i := r.s.find(num)
	return r.block(f, i)
}
