package cli

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/cmd/vt/internal/blockmap"
	"github.com/vtdarchive/vtd/reader"
)

// TestBlocksAddUp: the bytes of a histogram are those of its parts, also where
// some of them are damaged and not counted.
func TestBlocksAddUp(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for name, b := range map[string][]byte{
		"noise": noise, "again": noise, "zeros": make([]byte, 100_000), "short": []byte("short"), "empty": nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(t.TempDir(), "a.vtd")
	run := func(args ...string) (string, int) {
		var out, errs bytes.Buffer
		status := Run(t.Context(), args, strings.NewReader(""), &out, &errs, os.Getenv)
		return out.String(), status
	}
	if _, status := run("ar", "create", "-q", archive, dir); status != exitDone {
		t.Fatal(status)
	}
	histogram := func(want int) int64 {
		out, status := run("ar", "blocks", "--hist", "--json", archive)
		var h blockmap.Histogram
		if err := json.Unmarshal([]byte(out), &h); err != nil || status != want {
			t.Fatal(status, err)
		}
		addsUp(t, &h)
		return h.Bytes
	}
	if n := histogram(exitDone); n != 700_005 {
		t.Errorf("%d bytes", n)
	}
	b, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-100_000] ^= 1
	if err := os.WriteFile(archive, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := histogram(exitDamaged); n >= 700_005 {
		t.Errorf("%d bytes of a damaged archive", n)
	}
}

func addsUp(t *testing.T, h *blockmap.Histogram) {
	t.Helper()
	sum := h.Shared + h.RunBytes + h.LitBytes + h.RecBytes
	for _, c := range h.Sizes {
		sum += c.Bytes
	}
	if sum != h.Bytes {
		t.Errorf("%d bytes in parts of %d", h.Bytes, sum)
	}
}

// TestBlocksOfRecipes: below a recipe stand the pieces of what it is made from,
// whole, and what is printed is JSON also where they are damaged.
func TestBlocksOfRecipes(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	var text bytes.Buffer
	for range 20_000 {
		fmt.Fprintln(&text, random.IntN(1e6))
	}
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		z, _ := gzip.NewWriterLevel(&out, 6)
		if _, err := z.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	once := pack(text.Bytes())
	for name, b := range map[string][]byte{"1.gz": once, "2.gz.gz": pack(once), "3.gz": once} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive := filepath.Join(t.TempDir(), "a.vtd")
	run := func(args ...string) (string, int) {
		var out bytes.Buffer
		status := Run(t.Context(), args, strings.NewReader(""), &out, io.Discard, os.Getenv)
		return out.String(), status
	}
	if _, status := run("ar", "create", "-q", "--recipes=always", archive, dir); status != exitDone {
		t.Fatal(status)
	}
	type cut struct {
		Size   uint64
		Pieces []struct {
			Offset, Length uint64
			Model          string
			Again          bool
			Input          json.RawMessage
		}
	}
	inputs, again := 0, 0
	var check func(b []byte, whole bool)
	check = func(b []byte, whole bool) {
		var x cut
		if err := json.Unmarshal(b, &x); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
		at := uint64(0)
		for _, p := range x.Pieces {
			if p.Offset != at {
				t.Errorf("a piece at %d, not %d", p.Offset, at)
			}
			at += p.Length
			if p.Model != "" && p.Again {
				again++
			}
			if len(p.Input) > 0 {
				inputs++
				check(p.Input, whole)
			}
		}
		if whole && at != x.Size {
			t.Errorf("pieces of %d bytes of %d", at, x.Size)
		}
	}
	lines := func(want int) {
		out, status := run("ar", "blocks", "--json", archive)
		if status != want {
			t.Fatal(status)
		}
		for line := range strings.Lines(out) {
			check([]byte(line), want == exitDone)
		}
	}
	lines(exitDone)
	if inputs < 1 || again < 1 {
		t.Errorf("%d inputs, and %d recipes that were met before", inputs, again)
	}
	var h blockmap.Histogram
	if out, _ := run("ar", "blocks", "--hist", "--json", archive); json.Unmarshal([]byte(out), &h) != nil || h.Recipes < 2 || h.RecFrom <= h.RecBytes {
		t.Errorf("%s", out)
	}
	addsUp(t, &h)
	b, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(archive, b, 0o600); err != nil {
		t.Fatal(err)
	}
	lines(exitDamaged)
}

// TestBlocksJSONMemory: pieces, of which there may be very many, are not kept.
func TestBlocksJSONMemory(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "a.vtd")
	if status := Run(t.Context(), []string{"ar", "create", "-q", archive, "blocks_test.go"}, strings.NewReader(""), io.Discard, io.Discard, os.Getenv); status != exitDone {
		t.Fatal(status)
	}
	a, err := reader.OpenFile(archive, reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	x, err := a.Lookup("blocks_test.go")
	if err != nil {
		t.Fatal(err)
	}
	f, err := a.ContentOf(x, "blocks_test.go")
	if err != nil {
		t.Fatal(err)
	}
	before := live()
	err = blockObjects{io.Discard}.show("x", f, "none", func(do func(blockmap.Piece) error) error {
		for range 200_000 {
			if err := do(blockmap.Piece{Reason: "end"}); err != nil {
				return err
			}
		}
		if after := live(); after > before+4<<20 {
			t.Errorf("%d octets of memory for 200,000 pieces", after-before)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
