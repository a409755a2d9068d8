package recovery

import (
	"cmp"
	"errors"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// prove finds which indexes have the hash that a trailer says, and those whose
// heads are gone while their trailers say where they are.
func (s *stream) prove(id format.HashID) {
	for _, t := range s.trailers {
		at := t.off - t.IndexLen
		if at < 0 {
			continue
		}
		if t.img.sum(id, at, t.IndexLen) != t.IndexHash {
			if x, ok := s.headOf(t); ok && !slices.ContainsFunc(s.indexes, func(o foundIndex) bool { return o.img == t.img && o.off == at }) {
				s.indexes = append(s.indexes, foundIndex{img: t.img, off: at, end: t.off, IndexHead: x})
			}
			continue
		}
		s.indexes = slices.DeleteFunc(s.indexes, func(o foundIndex) bool { return o.img == t.img && o.off == at })
		x, err := format.ParseIndexHead(t.img.bytes(at, format.IndexHeadSize), at)
		if err == nil && x.Size() == uint64(t.IndexLen) {
			s.indexes = append(s.indexes, foundIndex{img: t.img, off: at, end: t.off, IndexHead: x, proven: true})
		}
	}
	// What is proven counts first, then what was written last.
	slices.SortStableFunc(s.indexes, func(a, b foundIndex) int {
		if a.proven != b.proven {
			return boolInt(b.proven) - boolInt(a.proven)
		}
		return cmp.Compare(b.off, a.off)
	})
}

// headOf makes the head of an index out of its trailer.
func (s *stream) headOf(t foundTrailer) (x format.IndexHead, ok bool) {
	if t.Base != 0 {
		i := slices.IndexFunc(s.trailers, func(o foundTrailer) bool { return o.Offset == t.Base })
		if i < 0 {
			return x, false
		}
		x.First = s.trailers[i].Blocks
	}
	if x.First > t.Blocks {
		return x, false
	}
	x.Blocks = t.Blocks - x.First
	rows := t.IndexLen - int64(x.FramesAt())
	x.Frames = uint64(rows) / format.IndexFrameSize
	return x, rows >= 0 && x.Size() == uint64(t.IndexLen)
}

// sum is the hash of a part of a file.
func (m *image) sum(id format.HashID, at, n int64) format.Hash {
	h := id.New()
	buf := make([]byte, min(n, window))
	for ; n > 0; n -= int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), n)]
		if m.read(buf, at) != nil {
			return format.Hash{}
		}
		h.Write(buf)
		at += int64(len(buf))
	}
	return h.Sum()
}

func (m *image) bytes(at int64, n int) []byte {
	b := make([]byte, n)
	if at < 0 || m.read(b, at) != nil {
		return nil
	}
	return b
}

// said gives the hash of a block as an index has it. Where it is not proven,
// it may be anything: then it serves to look for a block, not to reject one.
func (s *stream) said(num uint64) (h format.Hash, proven, ok bool) {
	for i := range s.indexes {
		x := &s.indexes[i]
		if num-x.First >= x.Blocks {
			continue
		}
		at := x.off + format.IndexHeadSize + int64(num-x.First)*format.HashSize
		if at+format.HashSize > x.end {
			continue
		}
		if x.img.hashAt(at, &h) {
			return h, x.proven, true
		}
	}
	return h, false, false
}

// indexPages is the memory for indexes of an image.
const indexPages = 16 << 20

// hashAt reads a hash. Neighbours are mostly wanted together.
func (m *image) hashAt(at int64, h *format.Hash) bool {
	if m.pages == nil {
		m.pages = newCache[int64, []byte](indexPages)
	}
	for n := 0; n < format.HashSize; {
		key := (at + int64(n)) / sector
		page, err := m.pages.get(key, func() ([]byte, int64, error) {
			b := make([]byte, min(sector, m.size-key*sector))
			return b, sector + 128, m.read(b, key*sector)
		})
		from := at + int64(n) - key*sector
		if err != nil || from >= int64(len(page)) {
			return false
		}
		n += copy(h[n:], page[from:])
	}
	return true
}

// judge holds what frames have against proven hashes, and makes out which
// blocks of damaged frames are whole all the same.
func (r *recovery) judge() error {
	for _, f := range r.s.frames {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if !f.sound {
			r.salvage(f)
			continue
		}
		if f.head.Kind != format.FrameData {
			continue // metadata is judged when it is read
		}
		for i, n := range f.head.Lengths {
			h, proven, ok := r.s.said(f.head.First + uint64(i))
			if n > 0 && ok && proven && h != f.hashes[i] {
				f.flags[i] |= flagBad
				f.alter = true
			}
		}
	}
	return nil
}

// salvage decodes a damaged frame as far as that goes and keeps the blocks that
// have a hash which an index says.
func (r *recovery) salvage(f *frame) {
	f.alter = true
	if f.head.Kind == format.FrameData {
		f.hashes = make([]format.Hash, len(f.head.Lengths))
	}
	raw := r.decodeSome(f)
	at := 0
	for i, n := range f.head.Lengths {
		num := f.head.First + uint64(i)
		if n == 0 {
			continue
		}
		from := at
		if at += int(n); at > len(raw) {
			f.flags[i] |= flagBad
			continue
		}
		b := raw[from:at]
		h, _, ok := r.s.said(num)
		switch {
		case !ok:
			f.flags[i] |= flagBad
			if f.head.Kind == format.FrameData {
				r.guess(num, b)
			}
		case f.head.Kind == format.FrameData:
			if r.id.Sum(b) != h {
				f.flags[i] |= flagBad
				continue
			}
			f.hashes[i] = h
			r.keep(num, h, b)
		case !r.provesNode(num, b, h):
			f.flags[i] |= flagBad
		default:
			r.meta[num] = append([]byte(nil), b...)
		}
	}
}

// guessRatio bounds what is guessed at, and waits in a temporary file, by the
// size of the damaged one: a few bytes may claim to be much.
const guessRatio = 16

// guess keeps a block of a damaged frame that nothing proves: the hash of a
// file that it is in may.
func (r *recovery) guess(num uint64, b []byte) {
	if r.guessed += int64(len(b)); r.guessed > guessRatio*r.rep.Size {
		return
	}
	at, err := r.spool.add(b)
	if err != nil {
		r.failed = errors.Join(r.failed, err)
		return
	}
	r.guesses[num] = extra{at: at, n: uint32(len(b))}
}

// decodeSome gives the first raw bytes of a damaged frame, which need not be
// right.
func (r *recovery) decodeSome(f *frame) []byte {
	stored := f.img.bytes(f.off+int64(f.head.Size), int(min(int64(f.head.Stored), f.img.size-f.off-int64(f.head.Size))))
	if f.head.Codec == codec.Stored {
		return stored[:min(len(stored), int(f.head.RawLen))]
	}
	return prefix(f.head.Codec, mend(f.head.Codec, stored, int(f.head.RawLen)), int(f.head.RawLen))
}

// prefix decodes a frame as far as that goes.
func prefix(id codec.ID, stored []byte, rawLen int) (raw []byte) {
	part, err := codec.NewPartial(id, stored, rawLen)
	if err != nil {
		return nil
	}
	defer part.Close()
	for n := 0; n < rawLen && err == nil; n = max(n, len(raw)) {
		n = min(n+64<<10, rawLen)
		raw, err = part.Fill(n)
	}
	return raw
}

// provesNode tells whether a metadata block has a hash, with the hashes of
// what it names from the index.
func (r *recovery) provesNode(num uint64, b []byte, want format.Hash) bool {
	n, err := parseNode(b, num)
	if err != nil {
		return false
	}
	for _, x := range n.refs() {
		h, _, ok := r.s.said(x.Num)
		if !ok {
			return false
		}
		x.Hash = h
	}
	return r.id.Sum(n.canonical(num)) == want
}
