package format

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

var blockKinds = []struct {
	name  string
	gen   *rapid.Generator[metaBlock]
	parse func(b []byte, form Form, self uint64) (metaBlock, error)
}{
	{"DirLeaf", genLeaf, parserOf(ParseDirLeaf)},
	{"DirInner", genInner, parserOf(ParseDirInner)},
	{"Indirect", genIndirect, parserOf(ParseIndirect)},
	{"Recipe", genRecipe, parserOf(ParseRecipe)},
	{"Snapshot", genSnapshot, parserOf(ParseSnapshot)},
}

// TestBlockIdentity parses what was written and finds the same, in both forms.
func TestBlockIdentity(t *testing.T) {
	for _, k := range blockKinds {
		t.Run(k.name, rapid.MakeCheck(func(t *rapid.T) {
			v := k.gen.Draw(t, "block")
			self := genNum.Draw(t, "self")
			stored, canonical := v.AppendTo([]byte("x"), Stored, self)[1:], v.AppendTo(nil, Canonical, self)
			for form, b := range map[Form][]byte{Stored: stored, Canonical: canonical} {
				got, err := k.parse(b, form, self)
				if err != nil {
					t.Fatalf("form %d: %v", form, err)
				}
				if want := (sampleBlock{metaBlock: clone(v)}).inForm(form); !reflect.DeepEqual(normal(got), normal(want)) {
					t.Fatalf("form %d: got\n%+v\nwant\n%+v", form, got, want)
				}
			}
		}))
	}
}

// TestBlockOneEncoding changes, inserts and removes bytes: what still parses
// is written back as exactly those bytes.
func TestBlockOneEncoding(t *testing.T) {
	for _, k := range blockKinds {
		t.Run(k.name, rapid.MakeCheck(func(t *rapid.T) {
			form := rapid.SampledFrom([]Form{Canonical, Stored}).Draw(t, "form")
			b := k.gen.Draw(t, "block").AppendTo(nil, form, 50)
			at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			v := rapid.Byte().Draw(t, "octet")
			switch rapid.IntRange(0, 9).Draw(t, "change") {
			case 0:
				b = append(b[:at], b[at+1:]...)
			case 1:
				b = append(b[:at], append([]byte{v}, b[at:]...)...)
			case 2:
				b = b[:at]
			default:
				b[at] = v
			}
			got, err := k.parse(b, form, 50)
			if err == nil && !bytes.Equal(got.AppendTo(nil, form, 50), b) {
				t.Fatalf("%x is also %x", b, got.AppendTo(nil, form, 50))
			}
		}))
	}
}

// TestEveryByteOfSamples does the same with every octet of the sample blocks,
// and with every bit of the structures with a CRC, where nothing may parse.
func TestEveryByteOfSamples(t *testing.T) {
	for _, form := range []Form{Canonical, Stored} {
		for _, s := range sampleBlocks() {
			b := s.AppendTo(nil, form, sampleSelf)
			for at, old := range b {
				for _, v := range []byte{0, 1, 2, 0x7f, 0x80, 0xff, old + 1, old - 1, old ^ 1, old ^ 4, old ^ 0x20, old ^ 0x80} {
					b[at] = v
					if got, err := s.parse(b, form, sampleSelf); err == nil && !bytes.Equal(got.AppendTo(nil, form, sampleSelf), b) {
						t.Errorf("%s, form %d, octet %d from %#x to %#x: not canonical, but accepted", s.name, form, at, old, v)
					}
				}
				b[at] = old
			}
		}
	}
	for name, s := range map[string]struct {
		b     []byte
		parse func(b []byte) error
	}{
		"header":     {must(sampleHeader().AppendTo(nil)), func(b []byte) error { _, err := ParseHeader(b); return err }},
		"frame head": {sampleFrameHead().AppendTo(nil), func(b []byte) error { _, err := ParseFrameHead(b, 0); return err }},
		"index":      {IndexHead{1, 2, 1}.AppendTo(nil), func(b []byte) error { _, err := ParseIndexHead(b, 0); return err }},
		"trailer":    {sampleTrailer().AppendTo(nil), func(b []byte) error { _, err := ParseTrailer(b, 10_000); return err }},
	} {
		if err := s.parse(s.b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for at := range s.b {
			for bit := range 8 {
				s.b[at] ^= 1 << bit
				if s.parse(s.b) == nil {
					t.Errorf("%s: octet %d, bit %d: nothing noticed", name, at, bit)
				}
				s.b[at] ^= 1 << bit
			}
			if s.parse(s.b[:at]) == nil {
				t.Errorf("%s: parsed from %d octets", name, at)
			}
		}
	}
}

func TestUvarint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Uint64(), genNum).Draw(t, "v")
		c := cursor{b: appendUvarint(nil, v)}
		if got := c.uvarint(); got != v || c.bad != "" || len(c.b) != 0 {
			t.Fatalf("%d became %d, %q", v, got, c.bad)
		}
		c = cursor{b: appendSvarint(nil, int64(v))}
		if got := c.svarint(); got != int64(v) || c.bad != "" {
			t.Fatalf("%d became %d, %q", int64(v), got, c.bad)
		}
		prev := rapid.Uint64().Draw(t, "prev")
		c = cursor{b: appendDelta(nil, v, prev)}
		if got := c.delta(prev); got != v {
			t.Fatalf("%d after %d became %d", v, prev, got)
		}
	})
	for _, b := range [][]byte{
		{}, {0x80}, {0x80, 0}, {0xff, 0x80, 0}, bytes.Repeat([]byte{0xff}, 10), append(bytes.Repeat([]byte{0x80}, 9), 2),
		append(bytes.Repeat([]byte{0x80}, 10), 1),
	} {
		if c := (cursor{b: b}); c.uvarint() != 0 || c.bad == "" {
			t.Errorf("% x was read as a number", b)
		}
	}
}

// FuzzUvarint: whatever is read is written back as the same bytes.
func FuzzUvarint(f *testing.F) {
	f.Add([]byte{0}, []byte{0})
	f.Add(binary.AppendUvarint(nil, 1<<63), []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x3f})
	f.Fuzz(func(t *testing.T, b, long []byte) {
		c := cursor{b: b}
		if v := c.uvarint(); c.bad == "" && !bytes.Equal(appendUvarint(nil, v), b[:len(b)-len(c.b)]) {
			t.Errorf("% x was read as %d", b, v)
		}
		c = cursor{b: long}
		if v := c.int96(); c.bad == "" {
			if _, ok := v.time(); ok && !bytes.Equal(appendInt96(nil, v), long[:len(long)-len(c.b)]) {
				t.Errorf("% x was read as %x", long, v)
			}
		}
	})
}

func TestInt96(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genTime.Draw(t, "a"), genTime.Draw(t, "b")
		if got, ok := nanos(a).time(); !ok || got != a {
			t.Fatalf("%v became %v, %v", a, got, ok)
		}
		diff := nanos(b).sub(nanos(a))
		c := cursor{b: appendInt96(nil, diff)}
		if got := c.int96(); c.bad != "" || len(c.b) != 0 || got != diff {
			t.Fatalf("%x became %x, %q", diff, got, c.bad)
		}
		if got, ok := nanos(a).add(diff).time(); !ok || got != b {
			t.Fatalf("%v and the way from %v to it make %v", b, a, got)
		}
	})
}

func TestTimeOutOfRange(t *testing.T) {
	one := int96{0, 1}
	last, first := nanos(Time{1<<63 - 1, 999_999_999}), nanos(Time{Sec: -1 << 63})
	for _, v := range []int96{last.add(one), first.sub(one), {1 << 62, 0}, {1 << 63, 0}} {
		if got, ok := v.time(); ok {
			t.Errorf("%x became %v", v, got)
		}
	}
}

// clone copies a block as deep as inForm changes it.
func clone(v metaBlock) metaBlock {
	switch v := v.(type) {
	case *DirLeaf:
		c := *v
		c.Entries = append([]Entry{}, v.Entries...)
		return &c
	case *DirInner:
		c := *v
		c.Children = append([]DirChild{}, v.Children...)
		return &c
	case *Indirect:
		c := *v
		c.Refs = append([]Ref{}, v.Refs...)
		return &c
	case *Recipe:
		c := *v
		return &c
	case *Snapshot:
		c := *v
		c.Parents = append([]Ref(nil), v.Parents...)
		return &c
	}
	panic("an unknown type of block")
}

// normal makes empty and absent slices the same.
func normal(v metaBlock) metaBlock {
	switch v := v.(type) {
	case *DirLeaf:
		for i := range v.Entries {
			normalEntry(&v.Entries[i])
		}
	case *Recipe:
		if len(v.Params) == 0 {
			v.Params = nil
		}
	case *Snapshot:
		normalEntry(&v.Root)
	}
	return v
}

func normalEntry(e *Entry) {
	if len(e.Xattrs) == 0 {
		e.Xattrs = nil
	}
	if len(e.Ref.Literal) == 0 {
		e.Ref.Literal = nil
	}
}
