package reader

import (
	"bytes"

	"github.com/vtdarchive/vtd/format"
)

const (
	// headerGuess is read at once: nearly every header fits.
	headerGuess = 1 << 10
	// scanChunk is the memory of a backward search for a trailer.
	scanChunk = 1 << 20
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
			"the file ends before its trailer: it was cut short or never finished; `vt ar extract - < FILE` restores what is there")
	}
	a.trailer = t
	a.torn = a.size - t.Offset - format.TrailerSize
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
// nil. It goes backwards in chunks that overlap by less than a trailer.
func (a *Archive) searchTrailer(end int64) (*format.Trailer, error) {
	buf := make([]byte, min(scanChunk+format.TrailerSize, max(end-a.headerSize, 0)))
	for end-a.headerSize >= format.TrailerSize {
		n := min(int64(len(buf)), end-a.headerSize)
		start := end - n
		b := buf[:n]
		if err := a.read(b, start, "trailer"); err != nil {
			return nil, err
		}
		for limit := len(b) - format.TrailerSize + len(format.MagicTrailer); ; {
			i := bytes.LastIndex(b[:limit], []byte(format.MagicTrailer))
			if i < 0 {
				break
			}
			if t, err := a.parseTrailer(b[i:], start+int64(i)); err == nil {
				return t, nil
			}
			limit = i + len(format.MagicTrailer) - 1
		}
		end = start + format.TrailerSize - 1
		if start == a.headerSize {
			break
		}
	}
	return nil, nil
}

// readParts follows the base trailers to the parts of the index.
func (a *Archive) readParts() error {
	t := a.trailer
	for range maxParts {
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
