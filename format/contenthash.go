package format

import "slices"

// The hash of a file's whole content must not depend on how the content is
// cut, and must not cost a terabyte of hashing for a terabyte of hole. So runs
// that no data block can hold are hashed as what they are. See "Hash of whole
// content" in the specification.

// LongRun is the length above which a run of one octet is hashed as a run: no
// data block can hold one.
const LongRun = MaxDataBlock

const longRunsTag = "vtd long runs 1\n"

// ContentHasher computes the hash of a file's whole content from octets and
// runs, in any pieces.
type ContentHasher struct {
	id      HashID
	plain   Hasher // of the stretch since the last long run, less the pending run
	n       uint64 // octets in plain
	octet   byte   // of the pending run
	pending uint64 // equal octets at the end of what was added
	records []byte // empty as long as there was no long run
	buf     []byte
}

// NewContent begins a content.
func (id HashID) NewContent() *ContentHasher { return &ContentHasher{id: id, plain: id.New()} }

// SumContent hashes a content that is in memory.
func (id HashID) SumContent(b []byte) Hash {
	if len(b) <= LongRun {
		return id.Sum(b)
	}
	h := id.NewContent()
	h.Write(b)
	return h.Sum()
}

// Reset begins a new content.
func (h *ContentHasher) Reset() {
	h.plain.Reset()
	h.n, h.pending, h.records = 0, 0, h.records[:0]
}

// Write adds octets; it never fails.
func (h *ContentHasher) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 {
		// A piece of this size has no long run inside, only at its ends.
		piece := b[:min(len(b), LongRun)]
		b = b[len(piece):]
		if h.pending > 0 {
			k := leading(piece, h.octet)
			h.pending += uint64(k)
			if piece = piece[k:]; len(piece) == 0 {
				continue
			}
			h.settle()
		}
		last := piece[len(piece)-1]
		k := trailing(piece, last)
		h.plain.Write(piece[:len(piece)-k])
		h.n += uint64(len(piece) - k)
		h.octet, h.pending = last, uint64(k)
	}
	return total, nil
}

// WriteRun adds n equal octets, at a cost that does not grow with n beyond
// LongRun.
func (h *ContentHasher) WriteRun(octet byte, n uint64) {
	if n == 0 {
		return
	}
	if h.pending > 0 && h.octet != octet {
		h.settle()
	}
	h.octet = octet
	h.pending += n
}

// settle decides on the pending run, now that it has ended.
func (h *ContentHasher) settle() {
	if h.pending > LongRun {
		h.stretch()
		h.records = append(h.records, 1, h.octet)
		h.records = appendUvarint(h.records, h.pending)
	} else {
		h.repeat(h.pending)
	}
	h.pending = 0
}

// repeat adds the pending octet n times. Most often that is once, for the last
// octet of a piece: no more of the buffer is filled than is needed.
func (h *ContentHasher) repeat(n uint64) {
	h.n += n
	for n > 0 {
		k := int(min(n, 64<<10))
		if len(h.buf) < k || h.buf[0] != h.octet {
			h.buf = slices.Grow(h.buf[:0], k)[:k]
			for i := range h.buf {
				h.buf[i] = h.octet
			}
		}
		h.plain.Write(h.buf[:k])
		n -= uint64(k)
	}
}

// stretch ends a stretch without long runs.
func (h *ContentHasher) stretch() {
	if h.n > 0 {
		h.records = appendUvarint(append(h.records, 0), h.n)
		sum := h.plain.Sum()
		h.records = append(h.records, sum[:]...)
	}
	h.plain.Reset()
	h.n = 0
}

// Sum ends the content and gives its hash; only Reset may follow.
func (h *ContentHasher) Sum() Hash {
	h.settle()
	if len(h.records) == 0 {
		return h.plain.Sum()
	}
	h.stretch()
	return h.id.Sum(append([]byte(longRunsTag), h.records...))
}

func leading(b []byte, octet byte) int {
	for i, v := range b {
		if v != octet {
			return i
		}
	}
	return len(b)
}

func trailing(b []byte, octet byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != octet {
			return len(b) - 1 - i
		}
	}
	return len(b)
}
