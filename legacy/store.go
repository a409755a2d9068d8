package legacy

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
)

// Store is a data file. It is not safe for concurrent use.
type Store struct {
	r       io.ReaderAt
	size    int64
	limit   int64 // MaxData, but for tests
	records []record
	index   [hashKinds]map[digest]int32
	bad     []*Error
	inflate io.ReadCloser
	buffer  [32 << 10]byte
	ahead   []byte // while heads are read: what the buffer holds
	heads   int64  // and its offset
}

// record is where a record's data lies: 16 octets for each, and about 50 more
// once they were hashed.
type record struct {
	data   int64 // offset of its data
	length uint32
	flags  uint8
	head   uint8 // octets before its data
}

const flagCompressed = 1

// Open looks at the heads of all records of a file. Records from one on that
// cannot be told from each other are missing, and among what Bad gives.
func Open(ctx context.Context, r io.ReaderAt, size int64) (*Store, error) {
	return open(ctx, r, size, MaxRecords)
}

func open(ctx context.Context, r io.ReaderAt, size int64, most int) (*Store, error) {
	s := &Store{r: r, size: size, limit: MaxData}
	empty := false
	for off, n := int64(0), 0; off < size; n++ {
		if n&0xfff == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rec, err := s.head(off)
		if err == nil && len(s.records) == most {
			err = damaged("record", off, "%d records are before it; what follows is not read", most)
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				return nil, err
			}
			if off == 0 {
				e.Class = ErrNotLegacy
				return nil, e
			}
			s.bad = append(s.bad, e)
			break
		}
		off = rec.data + int64(rec.length)
		if rec.length == 0 && rec.flags == 0 {
			if empty {
				continue // a file of zeros has very many
			}
			empty = true
		}
		s.records = append(s.records, rec)
	}
	if len(s.records) == 0 {
		return nil, &Error{Class: ErrNotLegacy, Where: "file", Msg: "it is empty"}
	}
	return s, nil
}

// head reads flags and length of the record at an offset.
func (s *Store) head(off int64) (rec record, err error) {
	const most = 2 * maxVarint
	if at := off - s.heads; at < 0 || at > int64(len(s.ahead)-most) && s.heads+int64(len(s.ahead)) < s.size {
		n, err := s.r.ReadAt(s.buffer[:min(int64(len(s.buffer)), s.size-off)], off)
		if err != nil && err != io.EOF {
			return rec, err
		}
		s.heads, s.ahead = off, s.buffer[:n]
	}
	c := cursor{b: s.ahead[off-s.heads:]}
	flags := c.flags(flagCompressed, "flags")
	length := c.uvarint()
	rec = record{data: off + int64(c.off), length: uint32(min(length, MaxData)), flags: uint8(flags), head: uint8(c.off)}
	switch rest := s.size - rec.data; {
	case c.bad != "":
		return rec, damaged("record", off, "%s; what follows cannot be read", c.bad)
	case length > uint64(rest):
		return rec, damaged("record", off, "the file ends inside it, %d octets too soon", length-uint64(rest))
	case length > MaxData:
		return rec, damaged("record", off, "%d octets are above the limit of %d; what follows is not read", length, MaxData)
	}
	return rec, nil
}

// Records is how many records there are; all without data count as one.
func (s *Store) Records() int { return len(s.records) }

// Bad gives what was found to be wrong with records up to now, the first
// MaxBad of it.
func (s *Store) Bad() []*Error { return s.bad }

// offset is where a record begins.
func (r record) offset() int64 { return r.data - int64(r.head) }

// open gives the data of a record, inflated. It is valid until the next call.
func (s *Store) open(rec record) (io.Reader, error) {
	stored := io.NewSectionReader(s.r, rec.data, int64(rec.length))
	if rec.flags&flagCompressed == 0 {
		return stored, nil
	}
	var err error
	if s.inflate == nil {
		s.inflate, err = zlib.NewReader(stored)
	} else {
		err = s.inflate.(zlib.Resetter).Reset(stored, nil)
	}
	return s.inflate, err
}

// copyTo writes the data of a record, and gives how much it is.
func (s *Store) copyTo(w io.Writer, rec record) (n int64, err error) {
	r, err := s.open(rec)
	if err == nil {
		n, err = io.CopyBuffer(w, io.LimitReader(r, s.limit+1), s.buffer[:])
	}
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &corrupt), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrDictionary),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return n, damaged("record", rec.offset(), "%v", err)
	case err != nil:
		return n, err
	case n > s.limit:
		return n, damaged("record", rec.offset(), "it inflates to more than the limit of %d octets", s.limit)
	}
	return n, nil
}

// Index hashes every record with a function, unless that was done.
func (s *Store) Index(ctx context.Context, k HashKind) error {
	if s.index[k] != nil {
		return nil
	}
	index := make(map[digest]int32, min(len(s.records), 1<<16)) // they may all be the same
	h := k.new()
	known := make(map[int64]bool)
	for _, e := range s.bad {
		known[e.Offset] = true
	}
	for i, rec := range s.records {
		if err := ctx.Err(); err != nil {
			return err
		}
		h.Reset()
		if _, err := s.copyTo(h, rec); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				return err
			}
			if !known[e.Offset] && len(s.bad) < MaxBad {
				if s.bad = append(s.bad, e); len(s.bad) == MaxBad {
					e.Msg += "; further damage is not reported"
				}
			}
			continue
		}
		var d digest
		h.Sum(d[:0])
		if _, ok := index[d]; !ok {
			index[d] = int32(i)
		}
	}
	s.index[k] = index
	return nil
}

// Get gives the block of a hash, which it checks.
func (s *Store) Get(ctx context.Context, h Hash) ([]byte, error) {
	if err := s.Index(ctx, h.Kind); err != nil {
		return nil, err
	}
	i, ok := s.index[h.Kind][h.value]
	if !ok {
		return nil, fmt.Errorf("block %v is not in the store%w", h, class{ErrDamaged})
	}
	b, err := s.data(int(i))
	if err != nil {
		return nil, err
	}
	sum := h.Kind.new()
	sum.Write(b)
	var d digest
	if sum.Sum(d[:0]); d != h.value {
		return nil, damaged("record", s.records[i].offset(), "it no longer has the hash %v", h)
	}
	return b, nil
}

// data gives the data of a record by its number.
func (s *Store) data(i int) ([]byte, error) {
	rec := s.records[i]
	guess := int(rec.length)
	if rec.flags&flagCompressed != 0 {
		guess = min(4*guess, 1<<20)
	}
	b := bytes.NewBuffer(make([]byte, 0, guess+bytes.MinRead))
	_, err := s.copyTo(b, rec)
	return b.Bytes(), err
}

// class is an error that has a class and no text.
type class struct{ error }

func (class) Error() string   { return "" }
func (c class) Unwrap() error { return c.error }
