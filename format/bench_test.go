package format

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// benchLeaf is a directory of 512 entries as source trees have them: mostly
// files of one block, some directories and links, two owners.
func benchLeaf() *DirLeaf {
	d := &DirLeaf{}
	for i := range 512 {
		e := Entry{
			Name: fmt.Sprintf("some-file-%04d.c", i), Kind: KindFile, Perm: 0o644, Size: uint64(1000 + i*37%9000),
			Owner: Owner{UID: 1000, GID: 1000, User: "user", Group: "group"}, Mtime: Time{1_600_000_000 + int64(i*7919%100_000), uint32(i * 1234567 % 1e9)},
		}
		e.Ref = Ref{Kind: RefBlock, Span: e.Size, Num: uint64(10_000 + i), Hash: testHash(byte(i))}
		switch {
		case i%16 == 3:
			e.Kind, e.Perm, e.Count, e.Ref = KindDir, 0o755, 9, Ref{Num: uint64(i / 16), Hash: testHash(byte(i))}
		case i%32 == 5:
			e.Kind, e.Perm, e.Target, e.Size, e.Ref = KindSymlink, 0o777, "../elsewhere", 0, Ref{}
		case i%8 == 1:
			e.Ref = Ref{Kind: RefLiteral, Span: 20, Literal: []byte("twenty bytes of text")}
			e.Size = 20
		}
		d.Entries = append(d.Entries, e)
	}
	return d
}

func BenchmarkDirLeafEncode(b *testing.B) {
	d := benchLeaf()
	for name, form := range map[string]Form{"stored": Stored, "canonical": Canonical} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf = d.AppendTo(buf[:0], form, 500)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkDirLeafDecode(b *testing.B) {
	d := benchLeaf()
	for name, form := range map[string]Form{"stored": Stored, "canonical": Canonical} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			buf := d.AppendTo(nil, form, 500)
			b.SetBytes(int64(len(buf)))
			for b.Loop() {
				if _, err := ParseDirLeaf(buf, form, 500); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDirLeafLookUp is what one step of a path costs a reader that keeps
// nothing: parse, resolve, hash, search.
func BenchmarkDirLeafLookUp(b *testing.B) {
	b.ReportAllocs()
	d := benchLeaf()
	stored := d.AppendTo(nil, Stored, 500)
	hashes := map[uint64]Hash{}
	for _, r := range d.Refs() {
		hashes[r.Num] = r.Hash
	}
	want := HashBLAKE3.Sum(d.AppendTo(nil, Canonical, 500))
	for b.Loop() {
		leaf := must(ParseDirLeaf(stored, Stored, 500))
		_ = ResolveRefs(leaf.Refs(), func(num uint64) (Hash, error) { return hashes[num], nil })
		if HashBLAKE3.Sum(leaf.AppendTo(nil, Canonical, 500)) != want {
			b.Fatal("another hash")
		}
		_, found := slices.BinarySearchFunc(leaf.Entries, "some-file-0300.c", func(e Entry, name string) int { return strings.Compare(e.Name, name) })
		if !found {
			b.Fatal("not found")
		}
	}
}

func BenchmarkIndirectDecode(b *testing.B) {
	b.ReportAllocs()
	x := &Indirect{Level: 1}
	for i := range 512 {
		x.Refs = append(x.Refs, Ref{Kind: RefBlock, Span: uint64(60_000 + i*7919%9000), Num: uint64(10_000 + i)})
	}
	buf := x.AppendTo(nil, Stored, 500)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		if _, err := ParseIndirect(buf, Stored, 500); err != nil {
			b.Fatal(err)
		}
	}
}
