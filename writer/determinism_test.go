package writer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/scanners"
)

// variedTree has something of everything that could come out in another order:
// duplicates, families, links, attributes, many directories.
func variedTree(t testing.TB) string {
	contents := map[string]string{}
	for v := range 4 {
		for i := range 60 {
			body := text(uint64(i), 3000+100*i)
			contents[fmt.Sprintf("v%d/d%d/f%d", v, i%7, i)] = fmt.Sprint("version ", v*i%5, "\n") + body
			contents[fmt.Sprintf("v%d/same/%d", v, i)] = body[:2000]
		}
		contents[fmt.Sprintf("v%d/big", v)] = noise(1, 400_000+v) + noise(uint64(v), 50_000)
		contents[fmt.Sprintf("v%d/none/", v)] = ""
		contents[fmt.Sprintf("v%d/zeros", v)] = string(make([]byte, 70_000*v))
	}
	dir := files(t, contents)
	for i := range 20 {
		must(t, os.Link(filepath.Join(dir, fmt.Sprintf("v%d/d%d/f%d", i%4, i%7, i)), filepath.Join(dir, fmt.Sprintf("v%d/link%d", (i+1)%4, i))))
		must(t, os.Symlink(fmt.Sprint("target", i), filepath.Join(dir, fmt.Sprintf("v%d/symlink%d", i%4, i))))
		unix.Setxattr(filepath.Join(dir, fmt.Sprintf("v%d/d%d/f%d", i%4, i%7, i)), "user.n", []byte{byte(i % 5)}, 0)
	}
	return dir
}

func TestSameBytes(t *testing.T) {
	shorter := 0
	if raceEnabled {
		shorter = 2
	}
	dir := variedTree(t)
	for _, hash := range []format.HashID{format.HashBLAKE3, format.HashSHA256} {
		for _, order := range []uint8{format.OrderPath, format.OrderFamilies} {
			o := small(dir)
			o.Hash, o.Order = hash, order
			o.Threads = 1
			want, rep := createWhole(t, o)
			same(t, want, rep, dir)
			for _, threads := range []int{1, 2, 7}[shorter:] {
				for _, keep := range []int64{-1, 1 << 20, 0} {
					o.Threads, o.KeepBytes = threads, keep
					got, again := createWhole(t, o)
					if !bytes.Equal(got, want) {
						t.Errorf("%v, order %d, %d threads, %d kept: other bytes", hash, order, threads, keep)
					}
					again.Elapsed, rep.Elapsed = 0, 0
					if fmt.Sprint(again) != fmt.Sprint(rep) {
						t.Errorf("another report:\n%v\n%v", again, rep)
					}
				}
			}
		}
	}
}

// TestSameContentID: how a tree is stored is no part of what it is.
func TestSameContentID(t *testing.T) {
	dir := variedTree(t)
	for _, hash := range []format.HashID{format.HashBLAKE3, format.HashSHA256} {
		var want format.Hash
		roots := map[format.Hash]bool{}
		for _, preset := range []string{"fast", "default"} {
			for _, chunks := range []scanners.Params{scanners.DefaultParams, smallChunks, {Min: 1 << 10, Target: 4 << 10, Max: 16 << 10, RunMin: 1 << 10}} {
				for _, literal := range []int{0, 40, format.MaxLiteral} {
					p, err := Presets(preset)
					must(t, err)
					p.Hash, p.Chunks, p.LiteralMax, p.Order, p.DataFrame = hash, chunks, literal, uint8(literal%2), 1<<20
					o := Options{Inputs: []Input{{Dir: dir, Path: "."}}, Params: p, Label: preset}
					_, rep := createWhole(t, o)
					if want == (format.Hash{}) {
						want = rep.ContentID
						hashed, err := HashTree(context.Background(), o)
						must(t, err)
						if hashed.ContentID != want || hashed.Bytes != rep.Bytes || hashed.Entries != rep.Entries {
							t.Errorf("HashTree: %v, %d entries, %d bytes", hashed.ContentID, hashed.Entries, hashed.Bytes)
						}
					}
					if rep.ContentID != want {
						t.Errorf("%v: content id %v, not %v", p, rep.ContentID, want)
					}
					roots[rep.RootHash] = true
				}
			}
		}
		if len(roots) < 3 {
			t.Errorf("only %d roots: the parameters did nothing", len(roots))
		}
	}
}

// TestContentIDTells: each property of an entry that counts changes the id.
func TestContentIDTells(t *testing.T) {
	dir := files(t, map[string]string{"f": text(1, 1000), "d/g": "x", "e/": ""})
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.Symlink("one", in("s")))
	for _, name := range []string{"f", "d/g", "d", "e", "s", "."} {
		mtime(t, in(name), 100, 0)
	}
	seen := map[format.Hash]string{}
	look := func(what string) {
		t.Helper()
		_, rep := createWhole(t, small(dir))
		if before, ok := seen[rep.ContentID]; ok {
			t.Errorf("%s: the same as %s", what, before)
		}
		seen[rep.ContentID] = what
	}
	look("first")
	must(t, os.Chmod(in("f"), 0o600))
	look("mode")
	mtime(t, in("d"), 100, 1)
	look("mtime of a directory")
	mtime(t, dir, 101, 0)
	look("mtime of the root")
	must(t, os.Link(in("f"), in("h")))
	mtime(t, dir, 101, 0)
	look("a link")
	put(t, in("d/g"), "y")
	mtime(t, in("d/g"), 100, 0)
	look("content")
	must(t, os.Remove(in("s")))
	must(t, os.Symlink("two", in("s")))
	mtime(t, in("s"), 100, 0)
	mtime(t, dir, 101, 0)
	look("target")
	if unix.Setxattr(in("e"), "user.a", []byte("1"), 0) == nil {
		look("attribute")
	}
}

// TestTime: without a time of its own a snapshot has the newest one of its
// tree.
func TestTime(t *testing.T) {
	dir := files(t, map[string]string{"a": "1", "b": "2"})
	mtime(t, filepath.Join(dir, "a"), 5_000_000_000, 6)
	mtime(t, filepath.Join(dir, "b"), -5, 0)
	mtime(t, dir, 3, 0)
	_, rep := createWhole(t, small(dir))
	o := small(dir)
	o.Time = &format.Time{Sec: 5_000_000_000, Nsec: 6}
	_, again := createWhole(t, o)
	o.Time = &format.Time{Sec: 1}
	_, other := createWhole(t, o)
	if rep.ArchiveID != again.ArchiveID || rep.ArchiveID == other.ArchiveID || rep.ContentID != other.ContentID {
		t.Errorf("%v %v %v", rep.ArchiveID, again.ArchiveID, other.ArchiveID)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for name, change := range map[string]func(*Options){
		"hash": func(o *Options) { o.Hash = 99 }, "small frames": func(o *Options) { o.DataFrame = 1000 },
		"large frames": func(o *Options) { o.DataFrame = 65 << 20 }, "metadata frames": func(o *Options) { o.MetaFrame = 65 << 20 },
		"literals": func(o *Options) { o.LiteralMax = 257 }, "level": func(o *Options) { o.Level = 23 },
		"chunks": func(o *Options) { o.Chunks.Target = 1000 }, "order": func(o *Options) { o.Order = 7 },
		"label":   func(o *Options) { o.Label = string(make([]byte, format.MaxText+1)) },
		"message": func(o *Options) { o.Message = string(make([]byte, format.MaxText+1)) },
	} {
		o := small(dir)
		change(&o)
		var b bytes.Buffer
		if _, err := Create(context.Background(), &b, o); err == nil || b.Len() > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Presets("middling"); err == nil {
		t.Error("an unknown preset")
	}
}
