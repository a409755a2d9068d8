package parity

import (
	"bytes"
	"context"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

func sets(t testing.TB, b []byte) []format.ParitySet {
	t.Helper()
	all, err := Sets(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestVectors repairs the vectors of the specification that say what they were.
func TestVectors(t *testing.T) {
	vectors, err := testkit.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]byte{}
	for _, v := range vectors {
		byName[v.Name] = v.Bytes
	}
	seen := 0
	for _, v := range vectors {
		switch {
		case v.Repaired != "":
			seen++
			rep := mustRepair(t, v.Name, v.Bytes, byName[v.Repaired])
			if (len(rep.Shifted) > 0) != (v.Name == "parity-inserted") {
				t.Errorf("%s: shifted: %+v", v.Name, rep.Shifted)
			}
		case v.Expect == "ok" && len(sets(t, v.Bytes)) > 0:
			mustRepair(t, v.Name, v.Bytes, v.Bytes)
		}
	}
	if seen < 6 {
		t.Errorf("only %d vectors to repair", seen)
	}
}

func vectorBytes(t testing.TB, name string) []byte {
	t.Helper()
	vectors, err := testkit.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Name == name {
			return v.Bytes
		}
	}
	t.Fatal("no vector ", name)
	return nil
}
