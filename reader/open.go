package reader

import (
	"bytes"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

const (
	// headerGuess is read at once: nearly every header fits.
	headerGuess = 1 << 10
	// scanChunk is the memory of a backward search for a trailer.
	scanChunk = 1 << 20
	// maxHole is how much of a hole that search passes at a time; the window
	// grows to it, and shrinks again where the hole begins.
	maxHole = 1 << 40
	// maxParts bounds the chain of base trailers. Indexes are merged so that
	// each is about twice the one after it: 2^55 blocks make 56 parts.
	maxParts = 128
)

// open reads the structures that say where everything is.
func (a *Archive) open() error {
	if err := a.readHeader(); err != nil {
		return err
	}
	if err := a.findTrailer(); err != nil {
		return err
	}
	if err := a.readParts(); err != nil {
		return err
	}
	a.planWalk()
	hash, err := a.hashOf(a.trailer.Top)
	if err == nil && hash != a.trailer.TopHash {
		err = format.Damaged("trailer", a.trailer.Offset+96, "it says that the hash of the top block is %v; the index says %v", a.trailer.TopHash, hash)
	}
	return err
}

func (a *Archive) readHeader() error {
	b := make([]byte, min(headerGuess, a.size))
	if err := a.read(b, 0, "header"); err != nil {
		return err
	}
	n, err := format.HeaderSize(b)
	if err != nil {
		return err
	}
	if n > len(b) && a.fits(0, int64(n)) {
		b = make([]byte, n)
		if err := a.read(b, 0, "header"); err != nil {
			return err
		}
	}
	if a.header, err = format.ParseHeader(b); err != nil {
		return err
	}
	a.headerSize = int64(n)
	return nil
}

// findTrailer takes the trailer at the end of the file or, if there is none,
// the last valid one before it.
func (a *Archive) findTrailer() error {
	at := a.size - format.TrailerSize
	if at >= a.headerSize {
		t, err := a.trailerAt(at)
		if err == nil {
			a.trailer = t
			return nil
		}
		if classOf(err) == nil { // the bytes could not be read at all
			return err
		}
	}
	t, err := a.searchTrailer(a.size)
	if err != nil {
		return err
	}
	if t == nil {
		return format.Damaged("trailer", a.size,
			"the file ends before its trailer: it was cut short or never finished; `vt ar extract - < FILE` restores what is there, `vt ar recover` makes an archive of it")
	}
	a.trailer = t
	a.torn = a.size - t.Offset - format.TrailerSize
	if a.torn >= int64(len(format.MagicParity)) {
		b := make([]byte, len(format.MagicParity))
		if err := a.read(b, a.size-a.torn, "parity frame"); err != nil {
			return err
		}
		a.tornParity = string(b) == format.MagicParity
	}
	return nil
}

// trailerAt reads a trailer and checks that it is this archive's.
func (a *Archive) trailerAt(off int64) (*format.Trailer, error) {
	b := make([]byte, format.TrailerSize)
	if err := a.read(b, off, "trailer"); err != nil {
		return nil, err
	}
	return a.parseTrailer(b, off)
}

func (a *Archive) parseTrailer(b []byte, off int64) (*format.Trailer, error) {
	t, err := format.ParseTrailer(b, off)
	if err != nil {
		return nil, err
	}
	if t.ID != a.header.ID {
		return nil, format.Damaged("trailer", off+16, "it belongs to another archive")
	}
	if t.Index < a.headerSize {
		return nil, format.Damaged("trailer", off+48, "its index begins at %d, inside the header", t.Index)
	}
	return t, nil
}

// searchTrailer finds the last valid trailer that ends at or before end, or
// nil. What an append leaves behind may be as large as what it appended, so
// there is no limit to how far back it goes: it goes fast instead, at the speed
// of reading, and over holes at no cost.
func (a *Archive) searchTrailer(end int64) (*format.Trailer, error) {
	var buf []byte
	window := int64(scanChunk)
	for last := end - format.TrailerSize; last >= a.headerSize; { // where a trailer may begin
		start := max(last+1-window, a.headerSize)
		if a.nextData(start) > last {
			last = start - 1
			window = min(2*window, maxHole)
			continue
		}
		if window > scanChunk { // some of it is no hole: look closer
			window /= 2
			continue
		}
		if buf == nil {
			buf = make([]byte, last+format.TrailerSize-start)
		}
		b := buf[:last+format.TrailerSize-start]
		if err := a.read(b, start, "trailer"); err != nil {
			return nil, err
		}
		if t := a.lastTrailer(b, start); t != nil {
			return t, nil
		}
		last = start - 1
	}
	return nil, nil
}

// lastTrailer finds the last valid trailer in bytes that lie at an offset. To
// look for the magic forwards is many times as fast as backwards, for which
// package bytes has no vector instructions.
func (a *Archive) lastTrailer(b []byte, off int64) *format.Trailer {
	var found []int
	for i := 0; ; {
		k := bytes.Index(b[i:], []byte(format.MagicTrailer))
		if k < 0 || i+k > len(b)-format.TrailerSize {
			break
		}
		found = append(found, i+k)
		i += k + 1
	}
	for _, i := range slices.Backward(found) {
		if t, err := a.parseTrailer(b[i:], off+int64(i)); err == nil {
			return t
		}
	}
	return nil
}

// nextData gives an offset from off on before which there is nothing but a
// hole: off itself where the source does not tell.
func (a *Archive) nextData(off int64) int64 {
	s, ok := a.src.(SparseSource)
	if !ok {
		return off
	}
	return max(s.NextData(off), off)
}

// readParts follows the base trailers to the parts of the index.
func (a *Archive) readParts() error {
	t := a.trailer
	for range maxParts {
		a.planIndex(t)
		part, err := a.partOf(t)
		if err != nil {
			return err
		}
		if part.Blocks > 0 {
			a.parts = append([]indexPart{part}, a.parts...)
		}
		switch {
		case (part.First == 0) != (t.Base == 0):
			return format.Damaged("index", t.Index+16, "it begins with block %d; the base trailer, for those before, is at %d", part.First, t.Base)
		case t.Base == 0:
			return nil
		}
		base, err := a.trailerAt(t.Base)
		if err != nil {
			return err
		}
		if base.Blocks != part.First || base.Offset+format.TrailerSize > t.Index {
			return format.Damaged("trailer", t.Offset+72, "its base trailer at %d ends at block %d; the index begins with %d",
				base.Offset, base.Blocks, part.First)
		}
		t = base
	}
	return format.Damaged("trailer", t.Offset+72, "the index has more than %d parts", maxParts)
}

// partOf reads the head of the index before a trailer.
func (a *Archive) partOf(t *format.Trailer) (indexPart, error) {
	b := make([]byte, format.IndexHeadSize)
	if err := a.read(b, t.Index, "index"); err != nil {
		return indexPart{}, err
	}
	head, err := format.ParseIndexHead(b, t.Index)
	if err != nil {
		return indexPart{}, err
	}
	if head.Size() != uint64(t.IndexLen) || head.First+head.Blocks != t.Blocks {
		return indexPart{}, format.Damaged("index", t.Index, "it has %d blocks from %d; the trailer says %d bytes and %d blocks",
			head.Blocks, head.First, t.IndexLen, t.Blocks)
	}
	return indexPart{IndexHead: head, at: t.Index, trailer: t}, nil
}
