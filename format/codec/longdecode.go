package codec

import "sync"

// lists holds buffers for decoded copy lists.
var lists = sync.Pool{New: func() any { return new([]byte) }}

// decodeList decodes the copy list of h into a buffer of at least its length.
func decodeList(h *longHead, buf []byte) ([]byte, error) {
	n := h.listLen()
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	return buf, inflateSection(buf, h.list)
}

// decodeLong decodes a LongZstd frame into dst, which has its raw length.
//
// The literals are decoded to the end of dst and moved forward from there as
// copies open up gaps between them: what is written never overtakes what is
// still to be read, because the bytes copies have yet to make lie in between.
func decodeLong(dst, stored []byte) error {
	h, err := parseLong(stored, len(dst))
	if err != nil {
		return err
	}
	buf := lists.Get().(*[]byte)
	defer lists.Put(buf)
	if *buf, err = decodeList(&h, *buf); err != nil {
		return err
	}
	src := len(dst) - h.literals
	if err := inflateSection(dst[src:], h.lits); err != nil {
		return err
	}
	r := newListReader(&h, *buf, len(dst))
	at := 0
	for r.left > 0 {
		c, err := r.next()
		if err != nil {
			return err
		}
		n := int(c.literals)
		copy(dst[at:at+n], dst[src:])
		at, src = at+n, src+n
		repeat(dst, at, int(c.length), int(c.distance))
		at += int(c.length)
	}
	// The reader has made sure that at == src: the last literals are in place.
	return nil
}
