package writer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/internal/families"
)

// Versions of a large file that have no block in common lie side by side, unit
// by unit: in frames of twice a unit, each finds the other.
func TestLargeFilesLieUnitByUnit(t *testing.T) {
	dir := t.TempDir()
	old := []byte(noise(1, 6*families.UnitSize))
	now := append([]byte("longer by this"), old...)
	for at := 5000; at < len(now); at += 8 << 10 {
		now[at] ^= 0x55 // in every block
	}
	for name, b := range map[string][]byte{"a": old, "b": now} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Presets("default")
	if err != nil {
		t.Fatal(err)
	}
	p.DataFrame = 4 * families.UnitSize
	_, rep := createWhole(t, Options{Inputs: []Input{{Dir: dir, Path: "."}}, Params: p})
	if rep.DupBytes*10 > int64(len(old)) {
		t.Fatalf("%d octets are in blocks that both have", rep.DupBytes)
	}
	if rep.Stored*10 > int64(len(old))*15 {
		t.Errorf("two versions of %d octets take %d", len(old), rep.Stored)
	}
}
