package fuzz

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/internal/mutate"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader/extract"
	"github.com/vtdarchive/vtd/writer"
)

// FuzzRoundTrip makes a tree and a choice of parameters from the input, and
// archives and restores it in every way.
func FuzzRoundTrip(f *testing.F) {
	for _, b := range scripts(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 8<<10 {
			t.Skip("too long")
		}
		guard(t)
		base := scratch(t)
		source := filepath.Join(base, "source")
		must(t, os.Mkdir(source, 0o755))
		s := &mutate.Script{Bytes: b}
		o := chosen(t, s, source)
		grow(t, s, source)
		roundTrip(t, base, source, o)
	})
}

// scripts are seeds for trees. Scripts of noise are trees of everything;
// archives of the specification are as good as any bytes.
func scripts(t testing.TB) (out [][]byte) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 30 {
		b := make([]byte, 30*i)
		for k := range b {
			b[k] = byte(rng.Uint32())
		}
		out = append(out, b)
	}
	for i, s := range validSeeds(t) {
		if i%7 == 0 {
			out = append(out, s.bytes[:min(len(s.bytes), 400)])
		}
	}
	return out
}

// TestGrow: the trees of the seeds have everything that trees can have.
func TestGrow(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range scripts(t) {
		dir := scratch(t)
		s := &mutate.Script{Bytes: b}
		chosen(t, s, dir)
		grow(t, s, dir)
		for path, x := range list(t, dir, lister{}) {
			mode, _ := strconv.ParseUint(x[:strings.IndexByte(x, ' ')], 8, 32)
			seen[fmt.Sprintf("kind %o", mode&unix.S_IFMT)] = true
			seen["set-ID"] = seen["set-ID"] || mode&unix.S_ISUID != 0
			seen["link"] = seen["link"] || strings.Contains(x, " one of ")
			seen["xattr"] = seen["xattr"] || strings.Contains(x, `"user.`)
			seen["bytes"] = seen["bytes"] || !utf8.ValidString(path)
			seen["long"] = seen["long"] || len(filepath.Base(path)) == 255
			seen["deep"] = seen["deep"] || depth(path) > 2
		}
	}
	want := []string{"kind 10000", "kind 40000", "kind 100000", "kind 120000", "kind 140000", "link", "bytes", "long", "deep"}
	if os.Geteuid() == 0 {
		want = append(want, "kind 20000", "kind 60000", "set-ID")
	}
	for _, x := range want {
		if !seen[x] {
			t.Errorf("no tree has this: %s", x)
		}
	}
	t.Log("extended attributes: ", seen["xattr"])
}

// chosen makes options as a script says.
func chosen(t *testing.T, s *mutate.Script, source string) writer.Options {
	preset := []string{"fast", "default", "small"}[s.Below(3)]
	o, err := options(source, preset)
	must(t, err)
	size := 64 << s.Below(5)
	o.Chunks.Min, o.Chunks.Target, o.Chunks.Max = size, size<<s.Below(3), size<<(2+s.Below(3))
	o.Chunks.RunMin = 512 << s.Below(3)
	o.DataFrame = 64 << 10 << s.Below(3)
	o.MetaFrame = 64 << 10 << s.Below(3)
	o.LiteralMax = s.Below(format.MaxLiteral)
	o.Hash = []format.HashID{format.HashBLAKE3, format.HashSHA256}[s.Below(2)]
	o.Order = []uint8{format.OrderFamilies, format.OrderPath}[s.Below(2)]
	o.Long = s.Below(2) == 0
	o.Level = []int{1, 1, 1, 1, 1, 3, 7, 19}[s.Below(8)] // tables of higher levels take most of the time
	o.Threads = 1 + s.Below(3)
	o.KeepBytes = []int64{0, -1, 1, 3000}[s.Below(4)]
	return o
}

func roundTrip(t *testing.T, base, source string, o writer.Options) {
	ctx := context.Background()
	archive, rep := created(t, o)

	// It holds what the tree holds.
	hashed, err := writer.HashTree(ctx, o)
	must(t, err)
	if hashed.ContentID != rep.ContentID {
		t.Errorf("the tree has content id %v, the archive %v", hashed.ContentID, rep.ContentID)
	}
	contents, err := testkit.Check(archive)
	must(t, err)
	if contents.Content != rep.ContentID.String() || contents.Root != rep.RootHash.String() {
		t.Errorf("the archive has content id %v, the report %v", contents.Content, rep.ContentID)
	}
	v, s := crosscheck.ReadBytes(crosscheck.Test{Failer: t}, archive, crosscheck.Small), crosscheck.ReadStream(crosscheck.Test{Failer: t}, archive, crosscheck.Small)
	if !v.Clean || !s.Clean {
		t.Errorf("a new archive is not clean:\n%s\nas a stream:\n%s", v.Text.Bytes(), s.Text.Bytes())
	}
	agree(t, archive, v, s)

	// It gives it back.
	before := list(t, source, lister{})
	for way := range ways {
		target := filepath.Join(base, ways[way].name)
		must(t, os.Mkdir(target, 0o700))
		r := restore(t, way, archive, target, extract.Defaults())
		must(t, r.err)
		for _, i := range r.issues {
			t.Errorf("%s: %v", ways[way].name, i)
		}
		if d := differ(before, list(t, target, lister{})); d != "" {
			t.Errorf("%s gives back another tree:\n%s", ways[way].name, d)
		}
		again := o
		again.Inputs = []writer.Input{{Dir: target, Path: "."}}
		got, err := writer.HashTree(ctx, again)
		must(t, err)
		if got.ContentID != rep.ContentID {
			t.Errorf("%s: the restored tree has content id %v, not %v", ways[way].name, got.ContentID, rep.ContentID)
		}
	}

	// Neither threads nor memory nor chance reach the bytes, and no parameter
	// but the hash function reaches the content id.
	o.Threads, o.KeepBytes = 4-o.Threads, 2000
	if again, _ := created(t, o); !bytes.Equal(again, archive) {
		t.Error("the same tree and options give other bytes")
	}
	other, err := options(source, "fast")
	must(t, err)
	other.Hash = o.Hash
	if got, err := writer.HashTree(ctx, other); err != nil || got.ContentID != rep.ContentID {
		t.Errorf("with other parameters the content id is another: %v", err)
	}
}

// created makes an archive of a tree that nobody changes.
func created(t *testing.T, o writer.Options) ([]byte, *writer.Report) {
	t.Helper()
	var b bytes.Buffer
	rep, err := writer.Create(context.Background(), &b, o)
	must(t, err)
	for _, i := range rep.Issues {
		t.Errorf("issue: %v", i)
	}
	if rep.Stored != int64(b.Len()) || rep.Corrected {
		t.Errorf("%d bytes written, %+v", b.Len(), rep)
	}
	return b.Bytes(), rep
}
