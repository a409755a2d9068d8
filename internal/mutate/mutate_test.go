package mutate

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

const limit = 256 << 10

// valid gives the vectors that are valid archives.
func valid(t testing.TB) (out []testkit.Vector) {
	t.Helper()
	vectors, err := testkit.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Expect == "ok" {
			out = append(out, v)
		}
	}
	if len(out) < 20 {
		t.Fatalf("%d valid vectors", len(out))
	}
	return out
}

// slowUnderRace skips what computes much, in one goroutine.
func slowUnderRace(t testing.TB) {
	t.Helper()
	if raceEnabled {
		t.Skip("SKIPPED under the race detector: it computes too much, and starts nothing")
	}
}

// TestSeal: sealing what is sealed changes nothing. A torn tail is not sealed.
func TestSeal(t *testing.T) {
	for _, v := range valid(t) {
		for level := range SealLevels {
			if got := Sealed(v.Bytes, level); v.Tail == 0 && !bytes.Equal(got, v.Bytes) {
				t.Errorf("%s: level %d changes a valid archive", v.Name, level)
			}
		}
	}
}

// TestPut: what is taken apart and put together again is what it was, also
// when its totals have been computed anew.
func TestPut(t *testing.T) {
	for _, v := range valid(t) {
		m := take(v.Bytes)
		if m == nil {
			if v.Tail == 0 {
				t.Errorf("%s: cannot be taken apart", v.Name)
			}
			continue
		}
		if !bytes.Equal(m.bytes(), v.Bytes) {
			t.Errorf("%s: not the same bytes", v.Name)
		}
		m.settle()
		if _, err := testkit.Check(m.bytes()); err != nil && v.Tail == 0 {
			t.Errorf("%s: settled, it is damaged: %v", v.Name, err)
		}
	}
}

// TestMoved: an archive whose blocks have other numbers is as good as before.
func TestMoved(t *testing.T) {
	for _, v := range valid(t) {
		m := take(v.Bytes)
		if m == nil || len(nodes[*format.DirLeaf](m)) == 0 {
			continue
		}
		m.dropParity()
		m.add(&format.DirLeaf{Entries: []format.Entry{literal("which nothing names", v.Name)}})
		b := m.bytes()
		if bytes.Equal(b, v.Bytes) {
			t.Fatalf("%s: nothing was added", v.Name)
		}
		got, err := testkit.Check(b)
		if v.Tail > 0 {
			continue
		}
		if err != nil || got.Root != v.Root || got.Content != v.Content {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

// TestChanges holds every change against doing nothing: it changes archives,
// the same script makes the same archive, and lies get past the hashes.
func TestChanges(t *testing.T) {
	slowUnderRace(t)
	all := valid(t)
	rng := rand.New(rand.NewPCG(5, 6))
	for op := range Changes() {
		changed, opened := 0, 0
		isLie := op >= Changes()-len(lies)
		for i := 0; i < 100 && (changed < 2 || isLie && opened == 0); i++ {
			script := []byte{byte(op)}
			for range 12 {
				script = append(script, byte(rng.Uint32()))
			}
			if Name(op) == "seal CRCs" || Name(op) == "seal the tree" { // what was changed before
				script = append([]byte{byte(rng.IntN(2)), script[1], script[2], script[3]}, script...)
			}
			b := all[rng.IntN(len(all))].Bytes
			got, names := Archive(b, &Script{bytes.Clone(script)}, limit)
			if again, _ := Archive(b, &Script{bytes.Clone(script)}, limit); !bytes.Equal(got, again) {
				t.Fatalf("%v: another archive from the same script", names)
			}
			if bytes.Equal(got, b) {
				continue
			}
			changed++
			if !isLie {
				continue
			}
			only := lies[op-(Changes()-len(lies))].change(bytes.Clone(b), &Script{script[1:]})
			if a, err := reader.Open(reader.Bytes(only), reader.Options{}); err == nil {
				if _, err := a.Tree(); err == nil {
					opened++
				}
				_ = a.Close()
			}
		}
		if changed < 2 {
			t.Errorf("%s: changes %d archives", Name(op), changed)
		}
		if isLie && opened == 0 {
			t.Errorf("%s: no archive can be opened any more", Name(op))
		}
	}
}

// TestLies: each lie is found by verification, when it is one.
func TestLies(t *testing.T) {
	slowUnderRace(t)
	all := valid(t)
	rng := rand.New(rand.NewPCG(7, 8))
	harmless := map[string]bool{ // by what the tree then says, nothing is wrong
		"names that differ in case or composition": true, "a symbolic link in the place of a directory": true, "metadata of an entry": true,
		"an entry of another kind": true, "frames in another order": true, "a run without end": true,
		"a name that no file may have": true, "a directory in itself": true, "a directory doubled many times": true,
		"directories without end": true, "lists of contents without end": true, "a flood of attributes": true,
	}
	for _, l := range lies {
		found, clean := 0, 0
		for i := 0; i < 100 && found+clean < 3 || found == 0 && i < 40; i++ {
			script := make([]byte, 16)
			for j := range script {
				script[j] = byte(rng.Uint32())
			}
			b := all[rng.IntN(len(all))].Bytes
			got := l.change(bytes.Clone(b), &Script{script})
			if bytes.Equal(got, b) || len(got) > limit {
				continue
			}
			a, err := reader.Open(reader.Bytes(got), reader.Options{})
			if err != nil {
				found++
				continue
			}
			rep, err := a.Verify(context.Background(), reader.VerifyOptions{NoContents: true})
			if err != nil {
				t.Fatal(err)
			}
			if rep.OK() {
				clean++
			} else {
				found++
			}
			_ = a.Close()
		}
		t.Logf("%s: %d found, %d clean", l.name, found, clean)
		if found == 0 && !harmless[l.name] {
			t.Errorf("%s: never found", l.name)
		}
	}
}

func TestNumbered(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(3) {
		for n := range uint64(100) {
			a, b := Numbered(seed, n), Numbered(seed, n)
			if !bytes.Equal(a.Bytes, b.Bytes) {
				t.Fatal("another script of the same numbers")
			}
			seen[string(a.Bytes)] = true
		}
	}
	if len(seen) != 300 {
		t.Errorf("%d scripts of 300 numbers", len(seen))
	}
	for _, n := range []int{1, 2, 65536, 65537, 1 << 30} {
		for i := range uint64(50) {
			if x := Numbered(9, i).Number(n); x < 0 || x >= n {
				t.Errorf("%d is not below %d", x, n)
			}
		}
	}
}

// FuzzArchive changes anything by any script.
func FuzzArchive(f *testing.F) {
	slowUnderRace(f)
	vectors, err := testkit.Vectors()
	if err != nil {
		f.Fatal(err)
	}
	for i, v := range vectors {
		if len(v.Bytes) < limit {
			f.Add(v.Bytes, append([]byte{byte(i % Changes())}, Numbered(2, uint64(i)).Bytes...))
		}
	}
	f.Fuzz(func(t *testing.T, b, script []byte) {
		if len(b) > limit {
			t.Skip("too long")
		}
		before := bytes.Clone(b)
		got, _ := Archive(b, &Script{script}, limit)
		if len(got) > limit || !bytes.Equal(b, before) {
			t.Errorf("%d bytes, input changed: %v", len(got), !bytes.Equal(b, before))
		}
	})
}
