package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"
)

// Damage anywhere gives an error or, as there are no checksums at this level,
// bytes of the right number, the same from Decode and from a Partial.
func TestDamage(t *testing.T) {
	for _, f := range frames(t) {
		damaged := bytes.Clone(f.stored)
		for i := range damaged {
			for _, x := range []byte{0x01, 0x80, 0xFF} {
				damaged[i] ^= x
				compare(t, f.id, damaged, len(f.raw))
				damaged[i] ^= x
			}
		}
		for n := range f.stored {
			if _, err := Decode(nil, f.id, f.stored[:n], len(f.raw)); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%v cut to %d of %d bytes: error %v", f.id, n, len(f.stored), err)
			}
		}
		for _, raw := range []int{0, 1, len(f.raw) - 1, len(f.raw) + 1, MaxRaw, MaxRaw + 1, -1} {
			if _, err := Decode(nil, f.id, f.stored, raw); !errors.Is(err, ErrCorrupt) {
				t.Fatalf("%v of %d bytes decoded to %d: error %v", f.id, len(f.raw), raw, err)
			}
		}
		if _, err := Decode(nil, f.id, append(bytes.Clone(f.stored), 0), len(f.raw)); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("%v with a byte more: error %v", f.id, err)
		}
	}
}

// compare checks that Decode and a Partial agree, and that Decode keeps within
// the storage it was given.
func compare(tb testing.TB, id ID, stored []byte, rawLen int) {
	tb.Helper()
	room := make([]byte, max(0, min(rawLen, MaxRaw))+32)
	for i := range room {
		room[i] = 0xA5
	}
	want, err := Decode(room[:0:len(room)-32], id, stored, rawLen)
	for _, c := range room[len(room)-32:] {
		if c != 0xA5 {
			tb.Fatal("Decode wrote past the end of its storage")
		}
	}
	if err == nil && len(want) != rawLen {
		tb.Fatalf("%d bytes instead of %d", len(want), rawLen)
	}
	got, perr := fillAll(id, stored, rawLen, max(1, rawLen/5))
	if (err == nil) != (perr == nil) {
		tb.Fatalf("Decode says %v, Partial %v", err, perr)
	}
	if err == nil && !bytes.Equal(got, want) {
		tb.Fatal("Decode and Partial differ")
	}
}

func TestUnknown(t *testing.T) {
	for _, id := range []ID{3, 127, Private, 255} {
		if _, err := Decode(nil, id, []byte{1}, 1); !errors.Is(err, ErrUnknown) || errors.Is(err, ErrCorrupt) {
			t.Errorf("%v: error %v", id, err)
		}
		if _, err := NewPartial(id, []byte{1}, 1); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v: error %v from NewPartial", id, err)
		}
	}
	if s := Stored.String() + Zstd.String() + LongZstd.String() + ID(9).String() + ID(200).String(); s != "storedzstdlong-zstdcodec-9private-200" {
		t.Error(s)
	}
}

// zstdHead returns the head of a single-segment frame with an 8-byte size.
func zstdHead(size uint64) []byte {
	b := binary.LittleEndian.AppendUint32(nil, zstdMagic)
	return binary.LittleEndian.AppendUint64(append(b, 0xE0), size)
}

// zstdBlock returns a block header.
func zstdBlock(last bool, kind, size int) []byte {
	v := size<<3 | kind<<1
	if last {
		v |= 1
	}
	return []byte{byte(v), byte(v >> 8), byte(v >> 16)}
}

// rle returns a frame that claims size bytes and holds n blocks of 128 KiB.
func rle(size uint64, n int) []byte {
	b := zstdHead(size)
	for i := range n {
		b = append(append(b, zstdBlock(i == n-1, blockRLE, zstdMaxBlock)...), 'x')
	}
	return b
}

func TestZstdRejects(t *testing.T) {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	plain := newPure(3).Compress(nil, bytes.Repeat([]byte("frame "), 1000))
	const n = 6000
	change := func(at int, v byte) []byte {
		b := bytes.Clone(plain)
		b[at] = v
		return b
	}
	one := append(zstdBlock(true, blockRaw, 1), 'x')
	for name, c := range map[string]struct {
		stored []byte
		raw    int
	}{
		"magic":               {change(0, 0), n},
		"dictionary":          {change(4, plain[4]|1), n},
		"checksum":            {change(4, plain[4]|4), n},
		"reserved bit":        {change(4, plain[4]|8), n},
		"unused bit":          {change(4, plain[4]|16), n},
		"two frames":          {join(plain, plain), 2 * n},
		"skippable frame":     {join([]byte{0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0}, plain), n},
		"skippable frame end": {join(plain, []byte{0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0}), n},
		"no content size":     {join([]byte{0x28, 0xB5, 0x2F, 0xFD, 0, 0x50}, one), 1},
		"window of 3.75 TiB":  {join([]byte{0x28, 0xB5, 0x2F, 0xFD, 0x40, 0xFF, 0, 0}, one), 256},
		"block of 2 MiB":      {join(zstdHead(1<<20), zstdBlock(true, blockRLE, 1<<20), []byte{0}), 1 << 20},
		"reserved block":      {join(zstdHead(1), zstdBlock(true, 3, 1), []byte{0}), 1},
		"block cut short":     {join(zstdHead(5), zstdBlock(true, blockRaw, 5), []byte("xxxx")), 5},
		"no last block":       {join(zstdHead(1), zstdBlock(false, blockRaw, 1), []byte("x")), 1},
		"header cut short":    {zstdHead(1)[:11], 1},
		"more than declared":  {rle(zstdMaxBlock, 2), zstdMaxBlock},
		"much more":           {rle(5, 500), 5},
		"less than declared":  {rle(MaxRaw, 2), MaxRaw},
	} {
		if got, err := Decode(nil, Zstd, c.stored, c.raw); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %d bytes, error %v", name, len(got), err)
		}
		if got, err := fillAll(Zstd, c.stored, c.raw, max(1, c.raw/3)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: Partial got %d bytes, error %v", name, len(got), err)
		}
	}
	if got, err := Decode(nil, Zstd, rle(MaxRaw, MaxRaw/zstdMaxBlock), MaxRaw); err != nil || len(got) != MaxRaw {
		t.Errorf("a frame of the largest size: %d bytes, error %v", len(got), err)
	}
}

// Frames that claim much and hold little cost no memory.
func TestBombMemory(t *testing.T) {
	list := rle(MaxRaw/minCopy*3, 2)
	long := longHead{copies: MaxRaw/minCopy - 1, literals: minCopy, list: list}
	long.columns = [3]int{long.copies, long.copies, long.copies}
	bombs := map[ID][]byte{
		Zstd:     rle(MaxRaw, 1),
		LongZstd: append(append(long.append(nil), list...), make([]byte, minCopy)...),
	}
	for id, stored := range bombs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := NewPartial(id, stored, MaxRaw)
		if err == nil {
			_, err = p.Fill(1)
			p.Close()
		}
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v: error %v", id, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
			t.Errorf("%v: %d bytes of input made a Partial allocate %d", id, len(stored), n)
		}
	}
}
