package codec

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// A LongZstd frame written by hand from the specification, with both sections
// stored: 73 literals, cut 70, 1, 2 by two copies.
var (
	goldenLiterals = strings.Repeat("0123456789", 7) + "Xyz"
	goldenHead     = []byte{
		2,       // copies
		73,      // literals
		2, 2, 4, // bytes of the three columns
		8, // stored bytes of the list
	}
	goldenList = []byte{
		70, 1, // literals before each copy
		0, 2, // lengths 64 and 66
		0x8C, 0x01, // distance 70: +70 folded is 140
		0x89, 0x01, // distance 1: −69 folded is 137
	}
	goldenRaw = goldenLiterals[:70] + goldenLiterals[:64] + "X" + strings.Repeat("X", 66) + "yz"
)

func golden() []byte {
	return bytes.Join([][]byte{goldenHead, goldenList, []byte(goldenLiterals)}, nil)
}

func TestGolden(t *testing.T) {
	got, err := Decode(nil, LongZstd, golden(), len(goldenRaw))
	if err != nil || string(got) != goldenRaw {
		t.Fatalf("got %q, error %v", got, err)
	}
	list, runs, lengths := appendList(nil, []longCopy{{70, 64, 70}, {1, 66, 1}})
	if !bytes.Equal(list, goldenList) || runs != 2 || lengths != 2 {
		t.Errorf("list is % x, columns of %d, %d", list, runs, lengths)
	}
}

// Every rule a decoder has to enforce, broken one at a time.
func TestLongRejects(t *testing.T) {
	raw := len(goldenRaw)
	lits := []byte(goldenLiterals)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	head := func(i int, v ...byte) []byte {
		return join(goldenHead[:i], v, goldenHead[i+1:])
	}
	list := func(i int, v byte) []byte {
		l := bytes.Clone(goldenList)
		l[i] = v
		return join(goldenHead, l, lits)
	}
	zlist := newPure(3).Compress(nil, goldenList)
	zlits := newPure(3).Compress(nil, lits)
	for name, c := range map[string]struct {
		stored []byte
		raw    int
	}{
		"empty":                       {nil, raw},
		"head cut short":              {goldenHead[:5], raw},
		"over-long varint in head":    {join(head(0, 0x82, 0x00), goldenList, lits), raw},
		"five-byte varint in head":    {join(head(0, 0x82, 0x80, 0x80, 0x80, 0x01), goldenList, lits), raw},
		"unended varint in head":      {[]byte{2, 0xC9, 0x80}, raw},
		"no copies":                   {join([]byte{0, 73, 0, 0, 0, 0}, lits), 73},
		"more copies than fit":        {join(head(0, 3), goldenList, lits), raw},
		"no literals":                 {join(head(1, 0), goldenList), raw},
		"more literals than bytes":    {join(head(1, 0xFF, 0x01), goldenList, lits), raw},
		"column below one per copy":   {join(head(2, 1), goldenList, lits), raw},
		"column above four per copy":  {join(head(4, 9), goldenList, lits), raw},
		"list cut short":              {join(goldenHead, goldenList[:7]), raw},
		"list longer than raw":        {join(head(5, 9), goldenList, []byte{0}, lits), raw},
		"list shorter, not zstd":      {join(head(5, 7), goldenList[:7], lits), raw},
		"list compressed to more":     {join(head(5, byte(len(zlist))), zlist, lits), raw},
		"literals longer than raw":    {join(golden(), []byte{0}), raw},
		"literals short, not zstd":    {golden()[:len(golden())-1], raw},
		"bytes after zstd literals":   {join(goldenHead, goldenList, zlits, []byte{0}), raw},
		"raw length too large":        {golden(), raw + 1},
		"raw length too small":        {golden(), raw - 1},
		"raw length beyond the limit": {golden(), MaxRaw + 1},
		"raw length negative":         {golden(), -1},
		"run beyond the literals":     {list(1, 4), raw},
		"column boundary in a varint": {list(0, 0xC6), raw},
		"over-long varint in list":    {list(7, 0x00), raw},
		"column not used up":          {list(6, 0x09), raw},
		"length too large":            {list(3, 3), raw},
		"length too small":            {list(3, 1), raw},
		"distance before the start":   {list(4, 0x8E), raw},
		"distance zero":               {list(6, 0x8B), raw},
		"distance negative":           {list(6, 0x8D), raw},
	} {
		if got, err := Decode(nil, LongZstd, c.stored, c.raw); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %d bytes, error %v", name, len(got), err)
		}
		if got, err := fillAll(LongZstd, c.stored, c.raw, 16); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: Partial got %d bytes, error %v", name, len(got), err)
		}
	}
}
