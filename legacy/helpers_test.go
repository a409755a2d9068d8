package legacy

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// number writes a number as the old program did.
func number(v uint64) []byte {
	b := []byte{byte(v & 0x7f)}
	for v >>= 7; v > 0; v >>= 7 {
		b = append([]byte{byte(v&0x7f | 0x80)}, b...)
	}
	return b
}

func sized(b ...[]byte) []byte {
	all := slices.Concat(b...)
	return append(number(uint64(len(all))), all...)
}

// file writes a data file.
type file struct{ b []byte }

// add adds a block and gives its hash.
func (f *file) add(kind HashKind, data []byte) Hash {
	h := Hash{Kind: kind}
	sum := kind.new()
	sum.Write(data)
	sum.Sum(h.value[:0])
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(data)
	w.Close()
	flags, stored := byte(0), data
	if len(data) >= 16 && z.Len()*10 < len(data)*9 {
		flags, stored = 1, z.Bytes()
	}
	f.b = slices.Concat(f.b, []byte{flags}, sized(stored))
	return h
}

func (f *file) store(t testing.TB) *Store {
	t.Helper()
	s, err := Open(context.Background(), bytes.NewReader(f.b), int64(len(f.b)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refOf writes a reference to a block; indirect makes it one to a block of
// references.
func refOf(h Hash, span uint64, indirect byte) []byte {
	return sized([]byte{indirect}, number(span), []byte{byte(h.Kind)}, h.value[:h.Kind.size()])
}

func runOf(octet byte, span uint64) []byte {
	return sized([]byte{2}, number(span), []byte{1, octet})
}

func literalOf(s string) []byte {
	return sized([]byte{2}, number(uint64(len(s))), []byte{2}, []byte(s))
}

func partOf(whole []byte, off, span uint64) []byte {
	return sized([]byte{2}, number(span), []byte{3}, number(off), whole)
}

func parseRef(t testing.TB, b []byte) Ref {
	t.Helper()
	c := cursor{b: b}
	r := c.ref(0)
	if err := c.err("reference"); err != nil {
		t.Fatal(err)
	}
	if len(c.b) > 0 {
		t.Fatalf("%d octets are left", len(c.b))
	}
	return r
}

// parseDir gives the entries of a directory before the place where it is
// damaged.
func parseDir(b []byte) (entries []Dirent, err error) {
	for d, err := range Dirents(b) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, d)
	}
	return entries, nil
}
