package fuzz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/reader"
)

// region is a structure of a whole archive and where it lies.
type region struct {
	from, to int
	what     string // as errors and findings name it
	last     bool   // a trailer that is the last one
}

// regions takes an archive apart. Nothing of a sound one is outside of them.
func regions(t testing.TB, b []byte) []region {
	t.Helper()
	n, err := format.HeaderSize(b)
	must(t, err)
	out := []region{{from: 0, to: n, what: "header"}}
	for at := n; at < len(b); {
		var r region
		switch rest := b[at:]; string(rest[:min(8, len(rest))]) {
		case format.MagicFrame:
			head, err := format.ParseFrameHead(rest, int64(at))
			must(t, err)
			out = append(out, region{from: at, to: at + int(head.Size), what: "frame head"})
			at += int(head.Size)
			r = region{from: at, to: at + int(head.Stored), what: "frame"}
		case format.MagicIndex:
			x, err := format.ParseIndexHead(rest, int64(at))
			must(t, err)
			r = region{from: at, to: at + int(x.Size()), what: "index"}
		case format.MagicTrailer:
			r = region{from: at, to: at + format.TrailerSize, what: "trailer"}
		case format.MagicParity:
			head, cell, err := format.ParityHeadSize(rest, int64(at))
			must(t, err)
			r = region{from: at, to: at + head + cell, what: "parity frame"}
		default:
			r = region{from: at, to: len(b), what: "tail"}
		}
		out = append(out, r)
		at = r.to
	}
	for i := len(out) - 1; i >= 0; i-- {
		if out[i].what == "trailer" {
			out[i].last = true
			break
		}
	}
	return out
}

// noticed is what a reader with random access says of a damaged archive.
type noticed struct {
	err      *format.Error // it cannot be opened
	rep      *reader.Report
	warnings int
}

func notice(t testing.TB, b []byte) noticed {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{ReadAhead: -1})
	if err != nil {
		var n noticed
		if !errors.As(err, &n.err) {
			t.Fatal(err)
		}
		return n
	}
	defer a.Close()
	rep, err := a.Verify(context.Background(), reader.VerifyOptions{Workers: 1})
	must(t, err)
	return noticed{rep: rep, warnings: len(rep.Warnings)}
}

// any tells whether anything was noticed at all.
func (n *noticed) any() bool { return n.err != nil || !n.rep.OK() || n.warnings > 0 }

// names tells whether what was noticed is said to be in a region. A damaged
// frame is named by where it begins, and where it is not found, by what should
// be there.
func (n *noticed) names(r, frame region) bool {
	in := func(structure string, off, length int64) bool {
		switch {
		case structure == r.what && off >= int64(r.from) && off <= int64(r.to):
			return true
		case off >= 0 && off < int64(r.to) && off+max(length, 1) > int64(r.from):
			return true
		}
		return frame.to > 0 && off == int64(frame.from)
	}
	if n.err != nil {
		// What the index and the trailer say of the top block is held against each
		// other: the one that is whole is named.
		return in(n.err.Structure, n.err.Offset, 0) || r.last && n.err.Structure == "trailer" ||
			r.what == "index" && strings.Contains(n.err.Msg, "hash of the top block")
	}
	for _, f := range n.rep.Findings {
		if in(f.Structure, f.Offset, f.Length) {
			return true
		}
	}
	return r.last && n.warnings > 0
}

// sampled gives some of the numbers below n. VTD_TEST_EVERY says how many, or
// "all" for every one.
func sampled(r *rand.Rand, n, some int) []int {
	if testing.Short() {
		some = (some + 3) / 4
	}
	every := os.Getenv("VTD_TEST_EVERY")
	fmt.Sscan(every, &some)
	if every == "all" || n <= some {
		out := make([]int, n)
		for i := range out {
			out[i] = i
		}
		return out
	}
	out := make([]int, some)
	for i := range out {
		out[i] = r.IntN(n)
	}
	return out
}

// whole are archives to damage in every way there is: each valid vector, and
// what the writer makes.
func whole(t *testing.T) []original {
	var out []original
	for _, o := range originals(t) {
		const most = 20 << 10
		a, err := reader.Open(reader.Bytes(o.bytes), reader.Options{ReadAhead: -1})
		must(t, err)
		if len(o.bytes) <= most && a.TornTail() == 0 {
			out = append(out, o)
		}
		must(t, a.Close())
	}
	if len(out) < 30 {
		t.Fatalf("%d archives", len(out))
	}
	return out
}

// unharmed checks that nothing wrong is read of a damaged archive.
func (o *original) unharmed(t *testing.T, b []byte) {
	t.Helper()
	r := crosscheck.Test{Failer: t}
	v, stream := crosscheck.ReadBytes(r, b, crosscheck.Small), crosscheck.ReadStream(r, b, crosscheck.Small)
	o.Check(r, v, stream)
	if v.Opened && o.Tree(v.Top.Root) == nil && len(v.Entries) > 0 && !v.Bad {
		t.Errorf("%s: a tree with a root that the archive does not have", o.seed.name)
	}
}

// TestEveryBit flips bits. Each is noticed, named by its structure and place,
// and never gives wrong bytes. There is no bit that does not matter.
func TestEveryBit(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, o := range whole(t) {
		t.Run(o.seed.name, func(t *testing.T) {
			all := regions(t, o.bytes)
			for _, bit := range sampled(rng, 8*len(o.bytes), 6) {
				b := bytes.Clone(o.bytes)
				b[bit/8] ^= 1 << (bit % 8)
				o.changed(t, b, all, bit/8, bit/8+1, fmt.Sprintf("bit %d of byte %d", bit%8, bit/8))
			}
		})
	}
}

// changed checks an archive in which bytes were changed in place.
func (o *original) changed(t *testing.T, b []byte, all []region, from, to int, what string) {
	t.Helper()
	if bytes.Equal(b, o.bytes) {
		return
	}
	n := notice(t, b)
	if !n.any() {
		t.Errorf("%s: %s: nothing is noticed", o.seed.name, what)
	}
	named := false
	var in []string
	for i, r := range all {
		if r.from >= to || r.to <= from || bytes.Equal(b[r.from:r.to], o.bytes[r.from:r.to]) {
			continue
		}
		in = append(in, r.what)
		var frame region
		if r.what == "frame" {
			frame = all[i-1]
		}
		named = named || n.names(r, frame)
	}
	if !named {
		said := fmt.Sprint(n.err)
		if n.err == nil {
			said = fmt.Sprintf("%+v %v", n.rep.Findings, n.rep.Warnings)
		}
		t.Errorf("%s: %s, of %v: not named: %.300s", o.seed.name, what, in, said)
	}
	o.unharmed(t, b)
}

// TestEveryPage zeroes pages, of several sizes.
func TestEveryPage(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, o := range whole(t) {
		t.Run(o.seed.name, func(t *testing.T) {
			all := regions(t, o.bytes)
			for _, size := range []int{64, 512, 4096} {
				for _, page := range sampled(rng, (len(o.bytes)+size-1)/size, 2) {
					b := bytes.Clone(o.bytes)
					from, to := page*size, min(len(b), (page+1)*size)
					clear(b[from:to])
					o.changed(t, b, all, from, to, fmt.Sprintf("page %d of %d bytes", page, size))
				}
			}
		})
	}
}

// TestEveryCut cuts archives at every length. Only where a segment ends is what
// is left an archive of its own: that of the time before the append.
func TestEveryCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, o := range whole(t) {
		t.Run(o.seed.name, func(t *testing.T) {
			ends := map[int]bool{}
			for _, r := range regions(t, o.bytes) {
				ends[r.to] = ends[r.to] || r.what == "trailer"
			}
			for _, n := range sampled(rng, len(o.bytes), 6) {
				seen := notice(t, o.bytes[:n])
				if !seen.any() && !ends[n] {
					t.Errorf("cut to %d bytes: nothing is noticed", n)
				}
				if n > 8 && seen.err != nil && !errors.Is(seen.err, format.ErrDamaged) {
					t.Errorf("cut to %d bytes: %v", n, seen.err)
				}
				o.unharmed(t, o.bytes[:n:n])
			}
		})
	}
}

// TestEverySwap puts frames in the place of others.
func TestEverySwap(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for _, o := range whole(t) {
		t.Run(o.seed.name, func(t *testing.T) {
			all := regions(t, o.bytes)
			var frames [][2]int
			for i := range all {
				if all[i].what == "frame" {
					frames = append(frames, [2]int{all[i-1].from, all[i].to})
				}
			}
			for _, k := range sampled(rng, len(frames)*len(frames), 6) {
				x, y := frames[k/len(frames)], frames[k%len(frames)]
				if x[0] >= y[0] {
					continue
				}
				b := bytes.Join([][]byte{o.bytes[:x[0]], o.bytes[y[0]:y[1]], o.bytes[x[1]:y[0]], o.bytes[x[0]:x[1]], o.bytes[y[1]:]}, nil)
				if n := notice(t, b); !n.any() {
					t.Errorf("the frames at %d and %d swapped: nothing is noticed", x[0], y[0])
				}
				o.unharmed(t, b)
			}
		})
	}
}
