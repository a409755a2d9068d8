package fuzz

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/reader/extract"
	"github.com/vtdarchive/vtd/reader/stream"
)

// restored is what an extraction came to.
type restored struct {
	res    *extract.Result
	err    error // that ended it, or that it could not begin
	issues []extract.Issue
}

// whole reports whether the archive was read to its end without damage.
// Entries that this system does not take may be missing all the same.
func (r *restored) whole() bool {
	return r.err == nil && (r.res.Err() == nil || errors.Is(r.res.Err(), extract.ErrPartial))
}

// ways are the two paths on which an archive is extracted.
var ways = []struct {
	name string
	run  func(b []byte, target string, o extract.Options) (*extract.Result, error)
}{
	{"stream", func(b []byte, target string, o extract.Options) (*extract.Result, error) {
		r, err := stream.NewReader(context.Background(), bytes.NewReader(b), stream.Options{Workers: 2, Memory: 1 << 20})
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return extract.Stream(context.Background(), r, target, o)
	}},
	{"archive", func(b []byte, target string, o extract.Options) (*extract.Result, error) {
		a, err := reader.Open(reader.Bytes(b), reader.Options{Name: "archive", CacheBytes: 8 << 20, NodeCacheBytes: 4 << 20})
		if err != nil {
			return nil, err
		}
		defer a.Close()
		tree, err := a.Tree()
		if err != nil {
			return nil, err
		}
		return extract.Archive(context.Background(), a, tree, target, o)
	}},
}

// restore extracts an archive, and holds its errors and its report against
// what they promise.
func restore(t *testing.T, way int, b []byte, target string, o extract.Options) *restored {
	t.Helper()
	r := new(restored)
	o.Issue = func(i extract.Issue) { r.issues = append(r.issues, i) }
	r.res, r.err = ways[way].run(b, target, o)
	name := ways[way].name
	if r.err != nil {
		if !errors.Is(r.err, stream.ErrNeedsSpool) && !errors.Is(r.err, extract.ErrTooMany) {
			crosscheck.Classed(crosscheck.Test{Failer: t}, name, r.err)
		}
		return r
	}
	if int(r.res.Issues) != len(r.issues) {
		t.Errorf("%s: %d issues told, %d counted", name, len(r.issues), r.res.Issues)
	}
	damaged := 0
	for _, i := range r.issues {
		if i.Damage() {
			crosscheck.Classed(crosscheck.Test{Failer: t}, name, i.Err)
			damaged++
		}
	}
	if damaged != int(r.res.Damaged) {
		t.Errorf("%s: %d issues about damage told, %d counted", name, damaged, r.res.Damaged)
	}
	switch err := r.res.Err(); {
	case err == nil && len(r.issues) > 0:
		t.Errorf("%s: issues and no error: %v", name, r.issues)
	case err != nil && len(r.issues) == 0:
		t.Errorf("%s: %v without an issue", name, err)
	case err != nil && !errors.Is(err, extract.ErrPartial):
		crosscheck.Classed(crosscheck.Test{Failer: t}, name, err)
	}
	return r
}
