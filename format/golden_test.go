package format

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden dumps of testdata anew")

// TestGolden compares the bytes of every structure with an annotated dump, and
// reads the bytes of the dump back. A difference is a change of the format:
// see TestNumbers.
func TestGolden(t *testing.T) {
	for _, s := range []struct {
		name  string
		bytes []byte
		dump  func(*dumper)
		parse func(b []byte) (any, error)
		want  any
	}{
		{"header", must(sampleHeader().AppendTo(nil)), dumpHeader,
			func(b []byte) (any, error) { return ParseHeader(b) }, sampleHeader()},
		{"framehead", sampleFrameHead().AppendTo(nil), dumpFrameHead,
			func(b []byte) (any, error) { return ParseFrameHead(b, 0) },
			func() any { f := sampleFrameHead(); f.AppendTo(nil); return f }()},
		{"index", sampleIndex(), dumpIndex,
			func(b []byte) (any, error) { return ParseIndexHead(b, 0) }, IndexHead{300, 5, 1}},
		{"trailer", sampleTrailer().AppendTo(nil), dumpTrailer,
			func(b []byte) (any, error) { return ParseTrailer(b, 10_000) }, sampleTrailer()},
		{"parityhead", sampleParityHead().AppendTo(nil), dumpParityHead,
			func(b []byte) (any, error) { return ParseParityHead(b, 0) }, sampleParityHead()},
		{"top", sampleTop().AppendTo(nil), dumpBlock(Stored),
			func(b []byte) (any, error) { return ParseTop(b, 0) }, sampleTop()},
	} {
		t.Run(s.name, func(t *testing.T) {
			golden(t, s.name, s.bytes, s.dump)
			if got, err := s.parse(s.bytes); err != nil || !reflect.DeepEqual(got, s.want) {
				t.Errorf("parsed: %+v, %v", got, err)
			}
		})
	}
	for _, form := range []Form{Canonical, Stored} {
		for _, s := range sampleBlocks() {
			name := s.name + map[Form]string{Canonical: "-canonical", Stored: "-stored"}[form]
			t.Run(name, func(t *testing.T) {
				b := s.AppendTo(nil, form, sampleSelf)
				golden(t, name, b, dumpBlock(form))
				got, err := s.parse(b, form, sampleSelf)
				if err != nil {
					t.Fatal(err)
				}
				if want := s.inForm(form); !reflect.DeepEqual(got, want) {
					t.Errorf("parsed:\n%+v\nwant:\n%+v", got, want)
				}
			})
		}
	}
}

func golden(t *testing.T, name string, b []byte, dump func(*dumper)) {
	t.Helper()
	d := &dumper{b: b}
	dump(d)
	if len(d.b) > 0 {
		t.Errorf("%d bytes have no comment", len(d.b))
	}
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, d.out.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(d.out.Bytes(), want) {
		t.Errorf("differs from %s:\n%s", path, d.out.Bytes())
	}
	if !bytes.Equal(undump(t, want), b) {
		t.Errorf("the bytes of %s are others", path)
	}
}

// undump gives the bytes of a dump: what stands between offset and comment.
func undump(t *testing.T, text []byte) (out []byte) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		_, line, _ = strings.Cut(line, ":")
		line, _, _ = strings.Cut(line, "#")
		b, err := hex.DecodeString(strings.Join(strings.Fields(line), ""))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

// sampleBlock is a metadata block of two forms, whatever its type.
type sampleBlock struct {
	name string
	metaBlock
	parse func(b []byte, form Form, self uint64) (metaBlock, error)
}

// metaBlock is what all metadata blocks of two forms can do.
type metaBlock interface {
	AppendTo(b []byte, form Form, self uint64) []byte
}

func parserOf[T metaBlock](f func([]byte, Form, uint64) (T, error)) func([]byte, Form, uint64) (metaBlock, error) {
	return func(b []byte, form Form, self uint64) (metaBlock, error) {
		v, err := f(b, form, self)
		if err != nil {
			return nil, err
		}
		return v, nil
	}
}

func sampleBlocks() []sampleBlock {
	return []sampleBlock{
		{"snapshot", sampleSnapshot(), parserOf(ParseSnapshot)},
		{"dirleaf", sampleLeaf(), parserOf(ParseDirLeaf)},
		{"dirinner", sampleInner(), parserOf(ParseDirInner)},
		{"indirect", sampleIndirect(), parserOf(ParseIndirect)},
		{"indirect2", sampleIndirect2(), parserOf(ParseIndirect)},
		{"recipe", sampleRecipe(), parserOf(ParseRecipe)},
	}
}

// inForm clears what a form does not hold: numbers or hashes.
func (s sampleBlock) inForm(form Form) metaBlock {
	var refs []*Ref
	switch v := s.metaBlock.(type) {
	case *Snapshot:
		refs = v.Refs()
	case *DirLeaf:
		refs = v.Refs()
	case *DirInner:
		refs = v.Refs()
	case *Indirect:
		refs = v.Named()
	case *Recipe:
		refs = v.Named()
	}
	for _, r := range refs {
		if form == Canonical {
			r.Num = 0
		} else {
			r.Hash = Hash{}
		}
	}
	return s.metaBlock
}
