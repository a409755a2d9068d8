package legacy

import (
	"context"
	"errors"
	"strings"
)

// Root is a directory to which nothing in the store refers.
type Root struct {
	Content Ref
	Offset  int64 // of its record
}

// Roots finds the directories of a store to which no other refers. What a record
// is, it does not say: a directory is what reads as one to its end, with
// sensible names.
func (s *Store) Roots(ctx context.Context) ([]Root, error) {
	var found []int // records that are directories
	referred := make(map[int]bool)
	kind := BLAKE3
	for i := range s.records {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := s.data(i)
		if errors.Is(err, ErrDamaged) {
			continue // Index notes it
		}
		if err != nil {
			return nil, err
		}
		if !isDirectory(b) {
			continue
		}
		found = append(found, i)
		for d := range Dirents(b) {
			for _, r := range []*Ref{d.Content, d.Prev} {
				if r == nil || r.Kind != RefHash && r.Kind != RefIndirect {
					continue
				}
				kind = r.Hash.Kind
				if err := s.Index(ctx, kind); err != nil {
					return nil, err
				}
				if at, ok := s.index[kind][r.Hash.value]; ok {
					referred[int(at)] = true
				}
			}
		}
	}
	if err := s.Index(ctx, kind); err != nil {
		return nil, err
	}
	var roots []Root
	h := kind.new()
	for _, i := range found {
		h.Reset()
		n, err := s.copyTo(h, s.records[i])
		if err != nil {
			return nil, err
		}
		r := Root{Offset: s.records[i].offset(), Content: Ref{Span: uint64(n), Hash: Hash{Kind: kind}}}
		h.Sum(r.Content.Hash.value[:0])
		// Of a block that was stored twice the index has the first.
		if s.index[kind][r.Content.Hash.value] == int32(i) && !referred[i] {
			roots = append(roots, r)
		}
	}
	return roots, nil
}

// isDirectory reports whether a block reads as a directory that is not empty.
func isDirectory(b []byte) bool {
	if len(b) < 3 || b[0] >= byte(kinds) {
		return false
	}
	for d, err := range Dirents(b) {
		if err != nil || CheckName(d.Name) != nil || strings.ContainsFunc(d.Name, func(c rune) bool { return c < ' ' }) {
			return false
		}
	}
	return true
}
