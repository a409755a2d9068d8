package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSplitState: where an argument of diff names a state.
func TestSplitState(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a", "a@b", "x.vtd"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("d@e", 0o700); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs("x.vtd")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arg, path, at string
		named         bool
	}{
		{"a", "a", "", false},
		{"a@b", "a@b", "", false}, // there is such a file
		{"a@c", "a", "c", true},
		{"a@", "a", "", true},
		{"a@b@c", "a", "b@c", true},
		{"x.vtd@a/b", "x.vtd", "a/b", true},
		{abs + "@rel/1.0@x", abs, "rel/1.0@x", true},
		{"none@c", "none@c", "", false},
		{"d@e", "d@e", "", false},
		{"-@c", "-", "c", true},
		{"@c", "@c", "", false},
		{"https://h/x.vtd", "https://h/x.vtd", "", false},
		{"https://h/x.vtd@l", "https://h/x.vtd", "l", true},
		{"https://h/x.vtd@a/b", "https://h/x.vtd", "a/b", true},
		{"https://h/x.vtd@a/b.vtd@c/d", "https://h/x.vtd", "a/b.vtd@c/d", true},
		{"https://u:p@h/x.vtd@a/b", "https://u:p@h/x.vtd", "a/b", true},
		{"https://u:p@h/x.vtd", "https://u:p@h/x.vtd", "", false},
		{"https://u.vtd@h/x.vtd", "https://u.vtd@h/x.vtd", "", false},
		{"https://u:p@h", "https://u:p@h", "", false},
		{"https://h/@user/x.vtd@a/b", "https://h/@user/x.vtd", "a/b", true},
		{"https://h/@user/x.vtd", "https://h/@user/x.vtd", "", false},
		{"https://h/backup@yesterday", "https://h/backup", "yesterday", true},
		{"https://h/backup@a/b", "https://h/backup@a/b", "", false}, // whose path it is, nobody knows
		{"https://h/d%40e/x@l", "https://h/d%40e/x", "l", true},
		{"https://h/x.vtd@", "https://h/x.vtd", "", true},
	} {
		if path, at, named := splitState(c.arg); path != c.path || at != c.at || named != c.named {
			t.Errorf("%s: %q, %q, %v; want %q, %q, %v", c.arg, path, at, named, c.path, c.at, c.named)
		}
	}
}
