package format

import (
	"cmp"
	"math"
	"slices"

	"pgregory.net/rapid"
)

// Generators of valid values, in the full width of their fields.

var (
	genNum = rapid.Custom(func(t *rapid.T) uint64 {
		return rapid.Uint64Max(1<<rapid.IntRange(0, 50).Draw(t, "bits")).Draw(t, "num")
	})
	genHash = rapid.Custom(func(t *rapid.T) (h Hash) {
		copy(h[:], rapid.SliceOfN(rapid.Byte(), HashSize, HashSize).Draw(t, "hash"))
		return h
	})
	genName = rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "name"))
	}).Filter(ValidName)
	genTime = rapid.Custom(func(t *rapid.T) Time {
		sec := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-10, 10), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})).Draw(t, "sec")
		return Time{sec, rapid.OneOf(rapid.Just(uint32(0)), rapid.Uint32Max(999_999_999)).Draw(t, "nsec")}
	})
	genOwner = rapid.Custom(func(t *rapid.T) Owner {
		return Owner{rapid.Uint32().Draw(t, "uid"), rapid.Uint32().Draw(t, "gid"), rapid.StringN(0, 8, 20).Draw(t, "user"), rapid.StringN(0, 8, 20).Draw(t, "group")}
	})
	genXattrs = rapid.Custom(func(t *rapid.T) []Xattr {
		xs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Xattr {
			return Xattr{genName.Draw(t, "name"), rapid.StringN(0, 20, 40).Draw(t, "value")}
		}), 0, 3).Draw(t, "xattrs")
		slices.SortFunc(xs, func(a, b Xattr) int { return cmp.Compare(a.Name, b.Name) })
		xs = slices.CompactFunc(xs, func(a, b Xattr) bool { return a.Name == b.Name })
		return xs[:len(xs):len(xs)]
	})
	genExtra = rapid.Custom(func(t *rapid.T) []Column {
		if !rapid.Bool().Draw(t, "unknown column") {
			return nil
		}
		return []Column{{rapid.Uint64Min(ColOriginal+1).Draw(t, "id"), rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "data")}}
	})
)

func genRef(kinds ...RefKind) *rapid.Generator[Ref] {
	return rapid.Custom(func(t *rapid.T) Ref {
		r := Ref{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		switch r.Kind {
		case RefLiteral:
			r.Literal = rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "literal")
			r.Span = uint64(len(r.Literal))
			return r
		case RefRun:
			r.Span, r.Octet = rapid.Uint64Range(1, 1<<50).Draw(t, "span"), rapid.Byte().Draw(t, "octet")
			return r
		case RefBlock:
			r.Span = rapid.Uint64Range(1, MaxDataBlock).Draw(t, "span")
		default:
			r.Span = rapid.Uint64Range(1, 1<<50).Draw(t, "span")
		}
		r.Num, r.Hash = genNum.Draw(t, "num"), genHash.Draw(t, "hash")
		return r
	})
}

// genEntry makes an entry of any kind; dirOnly is for the root of a snapshot.
func genEntry(name string, dirOnly bool) *rapid.Generator[Entry] {
	return rapid.Custom(func(t *rapid.T) Entry {
		e := Entry{Name: name, Kind: KindDir}
		if !dirOnly {
			e.Kind = Kind(rapid.IntRange(int(KindFile), int(KindImplied)).Draw(t, "kind"))
		}
		if e.Kind != KindImplied {
			e.Perm = rapid.Uint16Max(0o7777).Draw(t, "perm")
			e.Owner = rapid.OneOf(rapid.Just(Owner{}), genOwner).Draw(t, "owner")
			e.Mtime = rapid.OneOf(rapid.Just(Time{Sec: 9}), genTime).Draw(t, "mtime")
			e.Btime = rapid.OneOf(rapid.Just(Time{}), genTime).Draw(t, "btime")
			e.Xattrs = rapid.OneOf(rapid.Just[[]Xattr](nil), genXattrs).Draw(t, "xattrs")
		}
		switch {
		case e.Kind.IsDir():
			e.Size, e.Count = rapid.Uint64Max(MaxSpan).Draw(t, "size"), rapid.Uint64Max(MaxSpan).Draw(t, "count")
			e.Ref = Ref{Num: genNum.Draw(t, "num"), Hash: genHash.Draw(t, "hash")}
		case e.Kind == KindFile:
			e.Ref = rapid.OneOf(rapid.Just(Ref{}), genRef(RefLiteral, RefRun, RefBlock, RefIndirect, RefRecipe)).Draw(t, "ref")
			if e.Size = e.Ref.Span; e.HasContentHash() {
				e.Content = genHash.Draw(t, "content")
			}
		case e.Kind == KindSymlink:
			e.Target = rapid.StringN(1, 20, 40).Filter(func(s string) bool { return !slices.Contains([]byte(s), 0) }).Draw(t, "target")
		case e.Kind.IsDevice():
			e.Major, e.Minor = rapid.Uint32().Draw(t, "major"), rapid.Uint32().Draw(t, "minor")
		}
		if !e.Kind.IsDir() && rapid.Bool().Draw(t, "linked") {
			e.LinkID, e.LinkCount = rapid.Uint64Min(1).Draw(t, "link"), rapid.Uint64Min(2).Draw(t, "names")
		}
		return e
	})
}

func genNames(t *rapid.T, least int) []string {
	names := rapid.SliceOfNDistinct(genName, least, 8, rapid.ID[string]).Draw(t, "names")
	slices.Sort(names)
	return names
}

var (
	genLeaf = rapid.Custom(func(t *rapid.T) metaBlock {
		d := &DirLeaf{Entries: []Entry{}, Extra: genExtra.Draw(t, "extra")}
		for _, name := range genNames(t, 0) {
			d.Entries = append(d.Entries, genEntry(name, false).Draw(t, "entry"))
		}
		return d
	})
	genInner = rapid.Custom(func(t *rapid.T) metaBlock {
		d := &DirInner{Level: rapid.IntRange(1, MaxNodeLevel).Draw(t, "level"), Extra: genExtra.Draw(t, "extra")}
		for _, name := range genNames(t, 2) {
			d.Children = append(d.Children, DirChild{
				name, rapid.Uint64Range(1, MaxSpan).Draw(t, "count"),
				Ref{Num: genNum.Draw(t, "num"), Hash: genHash.Draw(t, "hash")},
			})
		}
		return d
	})
	genIndirect = rapid.Custom(func(t *rapid.T) metaBlock {
		x := &Indirect{Level: rapid.IntRange(1, MaxNodeLevel).Draw(t, "level"), Extra: genExtra.Draw(t, "extra")}
		kinds := []RefKind{RefIndirect}
		if x.Level == 1 {
			kinds = []RefKind{RefLiteral, RefRun, RefBlock, RefRecipe}
		}
		x.Refs = rapid.SliceOfN(genRef(kinds...), 2, 8).Draw(t, "refs")
		return x
	})
	genRecipe = rapid.Custom(func(t *rapid.T) metaBlock {
		x := &Recipe{
			Transform: Transform(rapid.Uint64().Draw(t, "transform")), Params: rapid.SliceOf(rapid.Byte()).Draw(t, "parameters"),
			Length: rapid.Uint64Range(1, MaxSpan).Draw(t, "length"), Extra: genExtra.Draw(t, "extra"),
			Input: rapid.OneOf(rapid.Just(Ref{}), genRef(RefLiteral, RefRun, RefBlock, RefIndirect, RefRecipe)).Draw(t, "input"),
		}
		if least := x.Input.Span / MaxRecipeRatio; x.Length < least {
			x.Length = least
		}
		return x
	})
	genSnapshot = rapid.Custom(func(t *rapid.T) metaBlock {
		text := rapid.StringN(0, 10, 40)
		s := &Snapshot{
			Root: genEntry("", true).Draw(t, "root"), Content: genHash.Draw(t, "content"), Time: genTime.Draw(t, "time"),
			Label: text.Draw(t, "label"), Message: text.Draw(t, "message"), Tool: text.Draw(t, "tool"),
			Extra: genExtra.Draw(t, "extra"), RootExtra: genExtra.Draw(t, "extra of the root"),
		}
		if rapid.Bool().Draw(t, "parents") {
			s.Parents = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Ref {
				return Ref{Num: genNum.Draw(t, "num"), Hash: genHash.Draw(t, "hash")}
			}), 1, 3).Draw(t, "parents")
		}
		if rapid.Bool().Draw(t, "original") {
			s.Original = genHash.Draw(t, "hash of the original")
		}
		for i := range rapid.ByteMax(3).Draw(t, "replicas") {
			s.Replica[0] = i + 1
			s.Vector = append(s.Vector, VectorRow{s.Replica, rapid.Uint64().Draw(t, "count")})
		}
		return s
	})
)
