package packed

import (
	"io"
	"sort"

	"github.com/vtdarchive/vtd/deflate"
)

// Kind is what kind of container a stream stands in.
type Kind uint8

// The kinds of containers.
const (
	Gzip Kind = 1 + iota // a member of a gzip file
	Zip                  // a member of a zip archive
	Zlib                 // a zlib stream, as in PDF documents and loose objects of Git
	PNG                  // the coded picture of a PNG
	Git                  // an object in a pack of Git
)

// String gives the kind's name.
func (k Kind) String() string {
	switch k {
	case Gzip:
		return "gzip"
	case Zip:
		return "zip"
	case Zlib:
		return "zlib"
	case PNG:
		return "png"
	case Git:
		return "git"
	}
	return "unknown"
}

// Stream is what may be a DEFLATE stream within content.
type Stream struct {
	Offset int64   // where its first octet is
	Breaks []Break // what interrupts it, in order
	Limit  int64   // it cannot reach behind this offset of the content
	Kind   Kind

	// Name is what its content would be called as a file: x.tar for x.tar.gz and
	// for x.tgz, the name of a zip entry, or, where the name of the content says
	// nothing, that in the gzip header; empty if there is none.
	Name string
	// Size is how long its content is, if the container says so before it, and
	// otherwise -1. It need not be true.
	Size  int64
	Hints deflate.Hints
}

// Break is something between two pieces of a stream, as the check sum of one
// chunk of PNG and the head of the next.
type Break struct {
	At    int64 // after so many octets of the stream; never 0
	Bytes []byte
}

// Reader gives the octets of the stream without its breaks, from 0 on, out of the
// content it was found in. It goes on behind the stream up to Limit.
func (s *Stream) Reader(content io.ReaderAt) io.ReaderAt {
	if len(s.Breaks) == 0 {
		return io.NewSectionReader(content, s.Offset, s.Limit-s.Offset)
	}
	r := &pieces{content, s, make([]int64, len(s.Breaks)+1)}
	for i := range s.Breaks {
		r.before[i+1] = r.before[i] + int64(len(s.Breaks[i].Bytes))
	}
	return r
}

// End gives the offset in the content behind the first length octets of the
// stream. Of its Breaks, those at less than length lie before it.
func (s *Stream) End(length int64) int64 {
	end := s.Offset + length
	for i := range s.Breaks {
		if s.Breaks[i].At >= length {
			break
		}
		end += int64(len(s.Breaks[i].Bytes))
	}
	return end
}

// reach is how many octets the stream has at most.
func (s *Stream) reach() int64 {
	n := s.Limit - s.Offset
	for i := range s.Breaks {
		n -= int64(len(s.Breaks[i].Bytes))
	}
	return n
}

// pieces reads a stream with breaks.
type pieces struct {
	content io.ReaderAt
	of      *Stream
	before  []int64 // the octets in breaks before each piece
}

func (r *pieces) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errNegative
	}
	breaks := r.of.Breaks
	next := sort.Search(len(breaks), func(i int) bool { return breaks[i].At > off })
	at := r.of.Offset + off + r.before[next] // in the content
	for n < len(p) {
		end := r.of.Limit
		if next < len(breaks) {
			end = at + breaks[next].At - off
		}
		if at >= end {
			return n, io.EOF
		}
		piece := p[n:]
		piece = piece[:min(int64(len(piece)), end-at)]
		k, err := r.content.ReadAt(piece, at)
		n, at, off = n+k, at+int64(k), off+int64(k)
		if k < len(piece) {
			if err == nil {
				err = io.ErrNoProgress
			}
			return n, err
		}
		if next < len(breaks) && off == breaks[next].At {
			next++
			at = r.of.Offset + off + r.before[next]
		}
	}
	return n, nil
}
