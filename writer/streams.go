package writer

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/packed"
)

// unpackLimits bound what a stream is inflated to, so that a recipe may have it
// as its input.
var unpackLimits = deflate.Limits{MaxContent: maxInflated, MaxRatio: format.MaxRecipeRatio}

// packedAt is a stream in a content.
type packedAt struct {
	off int64
	s   *packedStream
}

// packedStream is a DEFLATE stream, wherever it occurs.
type packedStream struct {
	sum    format.Hash // of its octets and breaks
	key    format.Hash // of all that follows from its octets and where it lies
	length int64       // of octets and breaks
	breaks []packed.Break
	kind   packed.Kind
	hints  deflate.Hints
	name   string // of its content
	survey *deflate.Stream
	pieces []piece    // of its content
	inner  []packedAt // in its content

	weight        // in worth.go
	proof         // in prove.go
	at     place  // where it can be read
	reason reason // why it stays as it is
}

// place is where the octets of a stream are to be had: in a file, or in the
// content of another stream.
type place struct {
	file   uint32
	parent *packedStream
	off    int64
}

// reason is why a stream stays as it is.
type reason uint8

const (
	reasonNone    reason = iota
	reasonInvalid        // it is none, or damaged
	reasonLimit          // its content is too large, or too large for it
	reasonGain           // a recipe would not save enough
	reasonModel          // no model predicts it
	reasonEffort         // the model would be too slow
	reasonChanged        // it is no longer there
	reasonProof          // what the recipe makes is something else
	reasons
)

// found is what was found in a file.
type found struct {
	key     format.Hash // of its content; zero if nothing was looked for
	streams []packedAt
	refused [reasons]int64 // how many streams are stored as they are, and why
}

// streamTable has each stream once.
type streamTable struct {
	mu      sync.Mutex
	byKey   map[format.Hash]*packedStream
	byFile  map[format.Hash]found
	refused [reasons]int64
}

func newStreamTable() *streamTable {
	return &streamTable{byKey: map[format.Hash]*packedStream{}, byFile: map[format.Hash]found{}}
}

// recall gives what was found in a file with the same content.
func (t *streamTable) recall(key format.Hash) (found, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, ok := t.byFile[key]
	return f, ok
}

// remember takes note of what was found in a file that has held still.
func (t *streamTable) remember(f found) {
	if f.key == (format.Hash{}) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byFile[f.key] = f
	for why, n := range f.refused {
		t.refused[why] += n
	}
}

// enter gives the stream that s is, or s if it is the first. The content may be
// cut in several ways; hints depend on the container, and what is looked for
// inside on how deep it lies.
func (t *streamTable) enter(s *packedStream, id format.HashID, scanner string) *packedStream {
	b := append([]byte(nil), s.sum[:]...)
	b = fmt.Appendf(b, "%v %v %q %d", s.kind, s.hints, scanner, len(s.breaks))
	for _, x := range s.breaks {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(x.At)), uint64(len(x.Bytes)))
	}
	for _, x := range s.inner {
		b = append(binary.AppendUvarint(b, uint64(x.off)), x.s.key[:]...)
	}
	s.key = id.Sum(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	if have := t.byKey[s.key]; have != nil {
		return have
	}
	t.byKey[s.key] = s
	return s
}

// hashAt hashes the stream with its breaks as it lies in content.
func (s *packedStream) hashAt(id format.HashID, content io.ReaderAt, off int64) (format.Hash, error) {
	h := id.New()
	n, err := io.Copy(writerOnly{h}, io.NewSectionReader(content, off, s.length))
	if err == nil && n != s.length {
		err = io.ErrUnexpectedEOF
	}
	return h.Sum(), err
}

type writerOnly struct{ io.Writer }

// reader gives the octets of the stream without its breaks, out of the content
// that it lies in.
func (s *packedStream) reader(content io.ReaderAt) io.ReaderAt {
	p := packed.Stream{Offset: s.at.off, Limit: s.at.off + s.length, Breaks: s.breaks}
	return p.Reader(content)
}
