package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/reader"
)

// archive makes an archive of a few files in small frames.
func archive(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	text := make([]byte, 300_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range text {
		text[i] = "abcdefgh"[r.IntN(8)]
	}
	for name, content := range map[string][]byte{"large": text, "middle": text[:30_000], "small": text[:10], "other": text[1000:90_000]} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("small", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.vtd")
	if status, _, stderr := run(strings.NewReader(""), "ar", "create", "-q", "--frame-size", "64K", "--chunk-size", "16K", "-C", dir, path, "."); status != 0 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verbs runs everything that reads an archive, from a file and from a pipe,
// and checks that each exit status is one of those given, and that every
// failure names the archive or an entry.
func verbs(t *testing.T, what string, b []byte, statuses ...int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.vtd")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	for _, args := range [][]string{
		{"info", path}, {"list", path}, {"cat", path, "small", "large"}, {"verify", path}, {"verify", "--fast", path}, {"extract", path, "-C", out},
		{"list", "-"}, {"verify", "-"}, {"extract", "-", "-C", out},
	} {
		var stdin io.Reader = strings.NewReader("")
		if args[1] == "-" {
			stdin = bytes.NewReader(b)
		}
		status, _, stderr := run(stdin, append([]string{"ar"}, args...)...)
		if !slices.Contains(statuses, status) {
			t.Errorf("%s: vt ar %s: exit status %d\n%s", what, args[0], status, stderr)
		}
		if status != 0 && !strings.Contains(stderr, path) && !strings.Contains(stderr, "standard input") {
			t.Errorf("%s: vt ar %s: the archive is not named\n%s", what, args[0], stderr)
		}
	}
}

// TestCut cuts an archive short in many places.
func TestCut(t *testing.T) {
	b := archive(t)
	verbs(t, "whole", b, 0)
	for n := 0; n < len(b); n += 1 + n/8 {
		want := []int{3}
		if n < 64 {
			want = []int{3, 4} // so much of the header that it may be anything
		}
		verbs(t, "cut", b[:n], want...)
	}
	verbs(t, "cut by an octet", b[:len(b)-1], 3)
}

// TestCutNamesWhatIsLost holds what verify says of archives cut short against
// what is restored of them: the same files are hurt that do not come back, and
// of those that are said to be lost in part nothing is said twice.
func TestCutNamesWhatIsLost(t *testing.T) {
	b := archive(t)
	files := []string{"large", "middle", "other", "small"}
	some := false
	for n := 200; n < len(b); n += len(b) / 50 {
		path := filepath.Join(t.TempDir(), "b.vtd")
		if err := os.WriteFile(path, b[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		status, out, stderr := run(strings.NewReader(""), "ar", "verify", "--json", path)
		var rep struct {
			Findings []reader.Finding
		}
		if err := json.Unmarshal([]byte(out), &rep); err != nil || status != 3 || len(rep.Findings) != 1 {
			t.Fatalf("cut at %d: exit status %d, %v\n%s%s", n, status, err, out, stderr)
		}
		lost := map[string]int64{}
		for _, h := range rep.Findings[0].Hurts {
			if h.Length >= 0 && lost[h.Path] > h.Offset {
				t.Errorf("cut at %d: %s is lost from %d on, and from %d", n, h.Path, h.Offset, lost[h.Path])
			}
			lost[h.Path] = h.Offset + max(h.Length, 1)
		}
		into := t.TempDir()
		run(bytes.NewReader(b[:n]), "ar", "extract", "-", "-C", into)
		for _, name := range files {
			_, err := os.Lstat(filepath.Join(into, name))
			if _, named := lost[name]; named == (err == nil) && lost[""] == 0 {
				t.Errorf("cut at %d: %s: restored: %v, named as lost: %v", n, name, err == nil, named)
			}
		}
		some = some || len(lost) > 0 && len(lost) < len(files)
	}
	if !some {
		t.Error("no cut has left some files whole and others not")
	}
}

// TestFlipped changes single octets anywhere. What does not read that part, or
// can do without, need not notice.
func TestFlipped(t *testing.T) {
	b := archive(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		at := r.IntN(len(b))
		bad := slices.Clone(b)
		bad[at] ^= byte(1 + r.IntN(255))
		verbs(t, "flipped", bad, 0, 3, 4)
	}
	for at := 0; at < 64; at += 3 {
		bad := slices.Clone(b)
		bad[at] ^= 0x11
		verbs(t, "header flipped", bad, 3, 4)
	}
}
