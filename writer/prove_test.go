package writer

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// bitWriter writes DEFLATE.
type bitWriter struct {
	b    []byte
	free int // bits of the last octet
}

func (w *bitWriter) bits(v uint32, n int) {
	for ; n > 0; n-- {
		if w.free == 0 {
			w.b, w.free = append(w.b, 0), 8
		}
		w.b[len(w.b)-1] |= byte(v&1) << (8 - w.free)
		w.free--
		v >>= 1
	}
}

// code writes a code, of which the highest bit comes first.
func (w *bitWriter) code(v uint32, n int) {
	for n--; n >= 0; n-- {
		w.bits(v>>n&1, 1)
	}
}

// whimsical packs like no program does: whether it takes a match is chance.
func whimsical(data string, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	w := bitWriter{}
	w.bits(1|1<<1, 3) // final, static codes
	last := map[string]int{}
	for at := 0; at < len(data); {
		from, ok := 0, false
		if at+3 <= len(data) {
			from, ok = last[data[at:at+3]]
			last[data[at:at+3]] = at
		}
		if !ok || at-from > 256 || r.IntN(3) == 0 {
			if c := uint32(data[at]); c < 144 {
				w.code(0x30+c, 8)
			} else {
				w.code(0x190+c-144, 9)
			}
			at++
			continue
		}
		w.code(1, 7) // length 3
		d, extra := at-from-1, 0
		base := 0
		for code := 0; ; code++ {
			if extra = max(code/2-1, 0); d < base+1<<extra {
				w.code(uint32(code), 5)
				w.bits(uint32(d-base), extra)
				break
			}
			base += 1 << extra
		}
		at += 3
	}
	w.code(0, 7)
	return w.b
}

// zipOf is a zip file of streams that are there.
func zipOf(t testing.TB, contents []string, pack func(i int) []byte) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, data := range contents {
		h := &zip.FileHeader{Name: fmt.Sprint("m", i), Method: zip.Deflate, UncompressedSize64: uint64(len(data))}
		s := pack(i)
		h.CompressedSize64 = uint64(len(s))
		w, err := z.CreateRaw(h)
		must(t, err)
		_, err = w.Write(s)
		must(t, err)
	}
	must(t, z.Close())
	return b.String()
}

// TestHopeless: where the first streams are like nothing that is known, others are
// hardly searched for, but found if they are the usual ones.
func TestHopeless(t *testing.T) {
	slowUnderRace(t)
	const n, size = 40, 2000
	var contents []string
	for i := range n {
		contents = append(contents, text(uint64(i), size))
	}
	for name, c := range map[string]struct {
		whimsical func(i int) bool
		scant     int
		least     int // recipes of models that are found
	}{
		"known":   {func(int) bool { return false }, 0, n},
		"unknown": {func(int) bool { return true }, n - pilots, 0},
		"some":    {func(i int) bool { return i < pilots }, n - pilots, n - pilots},
		"later":   {func(i int) bool { return i > pilots }, 0, pilots},
		"few":     {func(i int) bool { return i < pilots/2 }, 0, n - pilots/2},
	} {
		t.Run(name, func(t *testing.T) {
			pack := func(i int) []byte {
				if c.whimsical(i) {
					return whimsical(contents[i], uint64(i))
				}
				s := gz(t, contents[i], 6)
				return []byte(s[10 : len(s)-8])
			}
			dir := files(t, map[string]string{"a.zip": zipOf(t, contents, pack)})
			o := withRecipes(dir, RecipesAlways)
			scant, exact := proveAll(t, o)
			if scant != c.scant || exact < c.least {
				t.Errorf("%d streams hardly searched for, not %d; %d exact, not %d", scant, c.scant, exact, c.least)
			}
		})
	}
}

// proveAll makes recipes of all streams. It tells for how many little was searched,
// and how many need no corrections.
func proveAll(t *testing.T, o Options) (scant, exact int) {
	t.Helper()
	must(t, o.setDefaults())
	c := &creation{o: &o, tree: newTree(), table: newBlockTable(o.KeepBytes)}
	defer c.table.arena.free()
	sp := &spool{dir: o.TempDir}
	defer sp.close()
	c.scan = &scan{o: &o, t: c.tree, table: c.table, spool: sp, streams: newStreamTable()}
	defer c.scan.close()
	ctx := context.Background()
	must(t, c.scan.run(ctx, false))
	c.source = &blockSource{o: &o, table: c.table, dirs: c.scan.dirs, spool: sp}
	x := newChooser(c)
	for _, s := range x.streams {
		s.use = true
	}
	must(t, c.prove(ctx, x.streams))
	for _, s := range x.streams {
		if s.search > 0 {
			scant++
			if s.search > 256<<10+64*s.survey.ContentSize {
				t.Errorf("%d steps for %d octets", s.search, s.survey.ContentSize)
			}
		}
		if s.use && len(s.params) < 40 {
			exact++
		}
	}
	return scant, exact
}
