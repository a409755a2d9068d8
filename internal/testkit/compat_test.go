package testkit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
)

const compatDir = "../../spec/compat"

// TestCompat: the archives of earlier versions are what they were, and hold
// what they held. With -update what is in a new one is described; nothing that
// is described already changes.
func TestCompat(t *testing.T) {
	sums, err := os.ReadFile(filepath.Join(compatDir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(compatDir, "*.vtd"))
	if err != nil || len(paths) < 4 || strings.Count(string(sums), "\n") != len(paths) {
		t.Fatalf("%d archives, %d sums: %v", len(paths), strings.Count(string(sums), "\n"), err)
	}
	versions := map[string]bool{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		if line := hex.EncodeToString(sum[:]) + "  " + filepath.Base(path) + "\n"; !strings.Contains(string(sums), line) {
			t.Errorf("%s is not what it was", path)
		}
		h, err := format.ParseHeader(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		versions[fmt.Sprintf("%d.%d", h.Major, h.Minor)] = true
		contents, err := Check(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		name := strings.TrimSuffix(filepath.Base(path), ".vtd")
		described := filepath.Join(compatDir, name+".json")
		if _, err := os.Stat(described); os.IsNotExist(err) && *update {
			v := Vector{Name: name, Comment: "an archive of version " + fmt.Sprintf("%d.%d", h.Major, h.Minor), Expect: "ok", Contents: contents}
			text, err := json.MarshalIndent(&v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(described, append(text, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(described)
		if err != nil {
			t.Fatal(err)
		}
		var want Vector
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want.Contents, contents) {
			t.Errorf("%s holds something else than %s says", path, described)
		}
	}
	if now := fmt.Sprintf("%d.%d", format.VersionMajor, format.VersionMinor); !versions[now] {
		t.Errorf("no archive is of version %s", now)
	}
}
