package legacy

import (
	"context"
	"errors"
	"slices"
)

// Root is a directory to which nothing in the store refers.
type Root struct {
	Content Ref
	Offset  int64    // of its record
	Names   []string // of its entries
}

// Roots finds the directories of a store to which no other refers. What a record
// is, it does not say: a directory is what reads as one to its end, with
// sensible names.
func (s *Store) Roots(ctx context.Context) ([]Root, error) {
	var found []Root
	var records []int
	var refs []Ref
	for i, rec := range s.records {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := s.data(i)
		if errors.Is(err, ErrDamaged) {
			continue
		}
		if err != nil {
			return nil, err
		}
		names, below := directory(b)
		if len(names) == 0 {
			continue
		}
		found = append(found, Root{Offset: rec.offset(), Names: names, Content: Ref{Span: uint64(len(b)), Hash: Hash{Kind: BLAKE3}}})
		records = append(records, i)
		refs = append(refs, below...)
	}
	referred := make(map[int]bool)
	kind := BLAKE3
	for _, r := range refs {
		if r.Kind != RefHash && r.Kind != RefIndirect {
			continue
		}
		kind = r.Hash.Kind
		if err := s.Index(ctx, kind); err != nil {
			return nil, err
		}
		if i, ok := s.index[kind][r.Hash.value]; ok {
			referred[int(i)] = true
		}
	}
	var roots []Root
	known := make(map[Hash]bool)
	for n, r := range found {
		if referred[records[n]] {
			continue
		}
		sum := kind.new()
		if err := s.copyTo(sum, s.records[records[n]]); err != nil {
			return nil, err
		}
		r.Content.Hash.Kind = kind
		sum.Sum(r.Content.Hash.value[:0])
		if i, ok := s.index[kind][r.Content.Hash.value]; ok && referred[int(i)] || known[r.Content.Hash] {
			continue // a block that was stored twice
		}
		known[r.Content.Hash] = true
		roots = append(roots, r)
	}
	return roots, nil
}

// directory gives the names and references of a block that reads as a
// directory.
func directory(b []byte) (names []string, refs []Ref) {
	if len(b) < 3 || b[0] >= byte(kinds) {
		return nil, nil
	}
	entries, err := ParseDir(b)
	if err != nil {
		return nil, nil
	}
	for _, d := range entries {
		if CheckName(d.Name) != nil || slices.ContainsFunc([]byte(d.Name), func(c byte) bool { return c < ' ' }) {
			return nil, nil
		}
		names = append(names, d.Name)
		for _, r := range []*Ref{d.Content, d.Prev} {
			if r != nil {
				refs = append(refs, *r)
			}
		}
	}
	return names, refs
}
