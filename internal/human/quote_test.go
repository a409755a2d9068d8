package human_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/internal/human"
)

func TestQuote(t *testing.T) {
	tests := []struct{ name, want string }{
		{"", ""},
		{"plain name.txt", "plain name.txt"},
		{"é 日本 👨\u200d👩 \u3000", "é 日本 👨\u200d👩 \u3000"},
		{`a\b`, `a\\b`},
		{"\a\b\t\n\v\f\r", `\a\b\t\n\v\f\r`},
		{"\x1b[31mred\x1b[0m", `\033[31mred\033[0m`},
		{"\x1b]0;title\x07", `\033]0;title\a`},
		{"a\x00b\x7f", `a\000b\177`},
		{"\xff\xfe", `\377\376`},
		{"caf\xe9", `caf\351`},
		{"\u009b2J", `\302\2332J`},             // CSI in one character
		{"\x9b2J", `\2332J`},                   // CSI in one byte
		{"gpj\u202eexe", `gpj\342\200\256exe`}, // right-to-left override
		{"a\u2028b", `a\342\200\250b`},
		{"\ufeffx", `\357\273\277x`},
		{"\xed\xa0\x80", `\355\240\200`}, // a surrogate is not UTF-8
		{"\ufffd", "\ufffd"},
		{"é\n", `é\n`},
	}
	for _, tt := range tests {
		if got := human.Quote(tt.name); got != tt.want {
			t.Errorf("Quote(%q) = %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestQuoteAgainstLs compares every byte with what GNU ls prints. It escapes
// the space as well; for the name of a member, tar does not.
func TestQuoteAgainstLs(t *testing.T) {
	ls, err := exec.LookPath("ls")
	if err != nil {
		t.Skip("SKIPPED: NO LS IN PATH")
	}
	dir := t.TempDir()
	for c := 1; c < 256; c++ {
		name := "x" + string([]byte{byte(c)}) + "x"
		if c == '/' || c == ' ' {
			continue
		}
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(ls, "--quoting-style=escape", dir)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, err := cmd.Output()
		if err != nil {
			t.Skip("SKIPPED: NOT GNU LS:", err)
		}
		if got, want := human.Quote(name), strings.TrimSuffix(string(out), "\n"); got != want {
			t.Errorf("Quote(%q) = %s, ls says %s", name, got, want)
		}
		if err := os.Remove(dir + "/" + name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJSONName(t *testing.T) {
	tests := []struct{ name, want string }{
		{"", `{"name":""}`},
		{"é\n", `{"name":"é\n"}`},
		{"\ufffd", `{"name":"` + "\ufffd" + `"}`},
		{"caf\xe9", `{"name":"caf` + "\ufffd" + `","name_bytes":"Y2Fm6Q=="}`},
		{"\xff\xffa", `{"name":"` + "\ufffd\ufffd" + `a","name_bytes":"//9h"}`},
	}
	for _, tt := range tests {
		var entry struct {
			Name  string `json:"name"`
			Bytes []byte `json:"name_bytes,omitempty"`
		}
		entry.Name, entry.Bytes = human.JSONName(tt.name)
		got, err := json.Marshal(entry)
		if err != nil || string(got) != tt.want {
			t.Errorf("%q is %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a\\\x1b\xff\u202e\u200dé")
	f.Fuzz(func(t *testing.T, name string) {
		q := human.Quote(name)
		if !utf8.ValidString(q) || strings.ContainsFunc(q, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("Quote(%q) = %q", name, q)
		}
		// What stands for a Go string literal's escapes is the same here.
		if back, err := strconv.Unquote(`"` + strings.ReplaceAll(q, `"`, `\"`) + `"`); err != nil || back != name {
			t.Errorf("Quote(%q) = %q is read back as %q, %v", name, q, back, err)
		}
		s, raw := human.JSONName(name)
		if !utf8.ValidString(s) || raw == nil && s != name || raw != nil && string(raw) != name {
			t.Errorf("JSONName(%q) = %q, %q", name, s, raw)
		}
	})
}
