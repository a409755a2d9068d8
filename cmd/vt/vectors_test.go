package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/cmd/vt/internal/cli"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// run runs a command in this process.
func run(stdin io.Reader, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = cli.Run(context.Background(), args, stdin, &out, &errs, func(string) string { return "" })
	return status, out.String(), errs.String()
}

// TestVectors runs every vector of the specification, and the archives of
// earlier versions, through every verb, from a file and from a pipe. What must be noticed has its exit status and a
// message; what is in order is listed as the vector says.
func TestVectors(t *testing.T) {
	vectors, err := testkit.Vectors()
	if err != nil {
		t.Fatal(err)
	}
	compat, err := testkit.Compat()
	if err != nil {
		t.Fatal(err)
	}
	vectors = append(vectors, compat...)
	for i := range vectors {
		v := &vectors[i]
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			testVector(t, v)
		})
	}
}

func testVector(t *testing.T, v *testkit.Vector) {
	path := filepath.Join(t.TempDir(), "v.vtd")
	if err := os.WriteFile(path, v.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	class := map[string]int{"ok": 0, "damaged": 3, "not-archive": 4, "unsupported": 4}[v.Expect]
	torn := v.Contents != nil && v.Tail > 0
	// Each command goes as far as a scope; what lies beyond it need not be
	// noticed, but may. A stream is always read to its end.
	for _, c := range []struct {
		scope testkit.Scope
		pipe  bool
		args  []string
	}{
		{testkit.ScopeOpen, false, []string{"ar", "info", path}},
		{testkit.ScopeTree, false, []string{"ar", "list", path}},
		{testkit.ScopeData, false, []string{"ar", "extract", path, "-C", t.TempDir()}},
		{testkit.ScopeVerify, false, []string{"ar", "verify", path}},
		{testkit.ScopeTree, true, []string{"ar", "list", "-l", "-"}},
		{testkit.ScopeData, true, []string{"ar", "extract", "-", "-C", t.TempDir()}},
		{testkit.ScopeVerify, true, []string{"ar", "verify", "-"}},
	} {
		var stdin io.Reader = strings.NewReader("")
		if c.pipe {
			stdin = bytes.NewReader(v.Bytes)
		}
		got, _, stderr := run(stdin, c.args...)
		must := !c.scope.Before(v.Scope)
		ok := got == class || got == 0 && !must
		if c.args[1] == "extract" && class == 0 {
			ok = got <= 1 // not everything can be restored by everyone
		}
		if class == 0 && v.Tail > 0 && c.args[1] == "verify" {
			ok = got == 1
		}
		if torn && c.pipe && c.scope != testkit.ScopeVerify {
			ok = ok || got == 3 // where the header promises a complete archive, nothing may follow it
		}
		if !ok {
			t.Errorf("vt %s: exit status %d, want %d\n%s", strings.Join(c.args, " "), got, class, stderr)
		}
		for line := range strings.Lines(stderr) {
			if !strings.HasPrefix(line, "vt: ") {
				t.Errorf("vt %s: not a message: %s", strings.Join(c.args, " "), line)
			}
		}
		if got > 1 && stderr == "" {
			t.Errorf("vt %s: exit status %d without a message", strings.Join(c.args, " "), got)
		}
	}
	if v.Contents != nil {
		testVectorList(t, v, path)
	}
}

// testVectorList holds a listing against the entries of a vector.
func testVectorList(t *testing.T, v *testkit.Vector, path string) {
	type entry struct {
		Path      string `json:"path"`
		PathBytes []byte `json:"path_bytes"`
		Type      string `json:"type"`
		Mode      string `json:"mode"`
		Size      uint64 `json:"size"`
		MtimeSec  int64  `json:"mtime_sec"`
		Target    string `json:"target"`
		LinkID    uint64 `json:"link_id"`
	}
	for _, archive := range []string{path, "-"} {
		status, stdout, stderr := run(bytes.NewReader(v.Bytes), "ar", "list", "--json", archive)
		if status != 0 && (v.Tail == 0 || archive != "-") {
			t.Fatalf("vt ar list %s: exit status %d\n%s", archive, status, stderr)
		}
		d := json.NewDecoder(strings.NewReader(stdout))
		for _, want := range v.Entries {
			if want.Kind == "implied" {
				continue
			}
			var got entry
			if err := d.Decode(&got); err != nil {
				t.Fatalf("%s instead of %s", err, want.Path)
			}
			if got.PathBytes != nil {
				want.Path, got.Path = want.PathHex, hex.EncodeToString(got.PathBytes)
			}
			if got.Path != want.Path || got.Type != want.Kind || got.Mode != want.Perm || got.Size != want.Size ||
				got.MtimeSec != want.Mtime.Sec || want.TargetHex == "" && got.Target != want.Target || got.LinkID != want.LinkID {
				t.Errorf("vt ar list %s: %+v, want %+v", archive, got, want)
			}
		}
		if d.More() {
			t.Errorf("there are more entries than the vector's %d", len(v.Entries))
		}
	}
}
