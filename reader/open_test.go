package reader_test

import (
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

func TestReadWhatWasWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it reads every file in every way")
	}
	for name, change := range map[string]func(*testkit.Archive){
		"stored":  func(a *testkit.Archive) { a.Options.Codec = codec.Stored },
		"zstd":    func(a *testkit.Archive) { a.Options.Codec = codec.Zstd },
		"long":    func(a *testkit.Archive) { a.Options.Codec, a.Options.BlocksPerFrame = codec.LongZstd, 50 },
		"sha256":  func(a *testkit.Archive) { a.Options.Hash = format.HashSHA256 },
		"onepass": func(a *testkit.Archive) { a.Options.OnePass = true },
		"oneleaf": func(a *testkit.Archive) { a.Options.DirLeaf, a.Options.FanOut = 0, 0 },
		"base": func(a *testkit.Archive) {
			old := testkit.Segment{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("old", "old"))}}}
			a.Segments = append([]testkit.Segment{old, old}, a.Segments...)
		},
		"merged": func(a *testkit.Archive) {
			old := testkit.Segment{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("old", "old"))}}}
			a.Segments[0].Merge = true
			a.Segments = append([]testkit.Segment{old, old}, a.Segments...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := testkit.MustBuild(t, zooArchive(change))
			for source, open := range openings(t, b) {
				for _, opts := range []reader.Options{{}, {CacheBytes: 1, NodeCacheBytes: 1, ReadAhead: 2}} {
					t.Run(source, func(t *testing.T) {
						a, err := open(opts)
						if err != nil {
							t.Fatal(err)
						}
						expect(t, a, zoo())
						if err := a.Close(); err != nil {
							t.Error(err)
						}
					})
				}
			}
		})
	}
}
