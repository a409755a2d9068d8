package reader

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vtdarchive/vtd/format"
)

// TailError says that a torn tail has what stands at the end of an append that
// finished, or recovery data: whoever cuts it off may destroy what was stored.
type TailError struct {
	Offset, Size int64  // of the tail
	Holds        string // what was found in it
	At           int64  // where
}

func (e *TailError) Error() string {
	return fmt.Sprintf("the last %d bytes, from offset %d, are not cut off: they hold %s at offset %d, so the end of the file is damaged, or an append stopped just before its end; vt ar recover shows and saves what is in them, vt ar repair mends them where there is recovery data, --discard-tail cuts them off",
		e.Size, e.Offset, e.Holds, e.At)
}

const (
	magicPrefix   = 4 // bytes that all structures but the header begin with
	maxParityHead = format.ParityHeadFixedSize + format.MaxParityShards*format.CellHashSize + 4
)

// CheckTail goes through the torn tail and returns a *TailError unless it is
// plainly what an append left that did not finish. Writers ask before they cut it
// off: one flipped bit in the last trailer makes a snapshot a torn tail.
func (a *Archive) CheckTail(ctx context.Context) error {
	if a.torn == 0 {
		return nil
	}
	begin := a.size - a.torn
	b := make([]byte, min(a.torn, scanChunk+maxParityHead))
	for at := a.nextData(begin); at < a.size; at = a.nextData(at + scanChunk) {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := b[:min(int64(len(b)), a.size-at)]
		if err := a.read(b, at, "torn tail"); err != nil {
			return a.named(err)
		}
		for i := 0; ; i++ {
			k := bytes.Index(b[i:], []byte(format.MagicTrailer[:magicPrefix]))
			if k < 0 || i+k >= scanChunk {
				break
			}
			i += k
			if holds := a.endOfAppend(b[i:], at+int64(i)); holds != "" {
				return a.named(&TailError{Offset: begin, Size: a.torn, Holds: holds, At: at + int64(i)})
			}
		}
	}
	return nil
}

// endOfAppend names what begins with some bytes if it is what only stands near the
// end of an append, or recovery data of this archive. Archives that lie among
// archived files are passed over where that is certain.
func (a *Archive) endOfAppend(b []byte, off int64) string {
	switch {
	case bytes.HasPrefix(b, []byte(format.MagicTrailer)):
		if len(b) >= format.TrailerSize && !bytes.Equal(b[16:32], a.header.ID[:]) {
			if _, err := format.ParseTrailer(b, int64(binary.LittleEndian.Uint64(b[32:]))); err == nil {
				return ""
			}
		}
		return "a trailer"
	case bytes.HasPrefix(b, []byte(format.MagicIndex)):
		// An index of what was appended reaches to the end of the blocks that there are.
		if x, err := format.ParseIndexHead(b, off); err == nil && x.First+x.Blocks >= a.trailer.Blocks {
			return "an index"
		}
	case bytes.HasPrefix(b, []byte(format.MagicParity)):
		if h, err := format.ParseParityHead(b, off); err == nil && h.Archive == a.header.ID || errors.Is(err, format.ErrUnsupported) {
			return "recovery data"
		}
	}
	return ""
}
