package testkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
)

var update = flag.Bool("update", false, "write spec/vectors anew")

const vectorDir = "../../spec/vectors"

// vectorCase describes a vector. The archive is built, and then changed by
// damage if there is any.
type vectorCase struct {
	name, comment string
	expect        string // empty: ok
	scope         Scope
	archive       *Archive
	damage        func(b *Built) []byte
	bytes         func() []byte // instead of archive
	repaired      string        // the vector that its parity makes of it
}

func (c *vectorCase) build(t *testing.T) []byte {
	t.Helper()
	if c.bytes != nil {
		return c.bytes()
	}
	b := MustMake(t, c.archive)
	if c.damage != nil {
		return c.damage(b)
	}
	return b.Bytes
}

func allVectors() []vectorCase {
	var out []vectorCase
	for _, cases := range [][]vectorCase{
		okContent(), okRecipes(), okMetadata(), okFiles(), badHeaders(), badTrailers(), badFrames(), badIndexes(), badNodes(), badContent(), badRecipes(), badVersions(), okParity(), badParity(),
	} {
		out = append(out, cases...)
	}
	return out
}

// TestVectors builds every vector, lets Check say what it is, and compares
// both with what is committed.
func TestVectors(t *testing.T) {
	names := map[string]bool{}
	for _, c := range allVectors() {
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			b := c.build(t)
			v := Vector{Name: c.name, Comment: c.comment, Expect: c.expect, Scope: c.scope, Repaired: c.repaired, Bytes: b}
			contents, err := Check(b)
			if c.expect == "" {
				v.Expect, v.Contents = "ok", contents
			}
			if err := v.Matches(err); err != nil {
				t.Fatal(err)
			}
			if err != nil {
				var e *format.Error
				var f *Fault
				if !errors.As(err, &e) || !errors.As(err, &f) || c.scope.Before(f.Scope) {
					t.Fatalf("noticed too late: %v", err)
				}
				v.Structure = e.Structure
			}
			text, err := json.MarshalIndent(&v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			compare(t, c.name+".json", append(text, '\n'))
			compare(t, c.name+".vtd", b)
		})
	}
	if len(names) < 60 {
		t.Errorf("only %d vectors", len(names))
	}
	paths, err := filepath.Glob(filepath.Join(vectorDir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		if name == "README" || names[name] {
			continue
		}
		if *update {
			os.Remove(path)
		} else {
			t.Errorf("%s: no case of this test makes it", path)
		}
	}
}

// compare compares a file of the vectors. What a compressor wrote may change
// with it; those archives are compared by what Check finds in them.
func compare(t *testing.T, name string, b []byte) {
	t.Helper()
	path := filepath.Join(vectorDir, name)
	if *update {
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(b, want) {
		return
	}
	if strings.Contains(name, "zstd") && strings.HasSuffix(name, ".vtd") {
		was, wasErr := Check(want)
		is, isErr := Check(b)
		if reflect.DeepEqual(was, is) && (wasErr == nil) == (isErr == nil) {
			return
		}
	}
	t.Errorf("%s is out of date; if the format changed on purpose, run with -update", path)
}

// TestCommittedVectors checks the vectors as they are embedded.
func TestCommittedVectors(t *testing.T) {
	vectors, err := Vectors()
	if err != nil {
		t.Fatal(err)
	}
	if len(vectors) != len(allVectors()) {
		t.Errorf("%d vectors are embedded, there are %d", len(vectors), len(allVectors()))
	}
	for _, v := range vectors {
		contents, err := Check(v.Bytes)
		if err := v.Matches(err); err != nil {
			t.Error(err)
		}
		if v.Contents != nil && !reflect.DeepEqual(contents, v.Contents) {
			t.Errorf("%s: holds\n%+v\nand should hold\n%+v", v.Name, contents, v.Contents)
		}
	}
}
