package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/cmd/vt/internal/cli"
)

// vt runs a command line and gives standard output.
func vt(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := cli.Run(context.Background(), args, strings.NewReader(""), &out, &errs, os.Getenv); code != want {
		t.Fatalf("vt %q: exit status %d, want %d: %s", args, code, want, errs.String())
	}
	return out.String()
}

func do(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDiffRsync holds vt ar diff against what rsync would do: between two
// archives, two states of one, and an archive and a directory.
func TestDiffRsync(t *testing.T) {
	if _, err := exec.LookPath("rsync"); err != nil {
		t.Skip("SKIPPED, NOT TESTED: rsync is not there")
	}
	r := rand.New(rand.NewPCG(4, 2))
	for round := range 8 {
		dir := t.TempDir()
		old, new := filepath.Join(dir, "old", "t"), filepath.Join(dir, "new", "t")
		grow(t, r, old)
		do(t, os.MkdirAll(filepath.Dir(new), 0o755))
		if out, err := exec.Command("cp", "-a", old, new).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		alter(t, r, new)
		out, err := exec.Command("rsync", "-aHAXnO", "--delete", "--itemize-changes", "--checksum", new+"/", old+"/").Output()
		do(t, err)
		want := itemized(string(out))

		a, b := filepath.Join(dir, "a.vtd"), filepath.Join(dir, "b.vtd")
		vt(t, 0, "ar", "create", "-q", "-C", filepath.Dir(old), a, "t")
		vt(t, 0, "ar", "create", "-q", "-C", filepath.Dir(new), b, "t")
		compare := func(how string, args ...string) {
			t.Helper()
			status := 0
			if len(want) > 0 {
				status = 1
			}
			got := lettered(vt(t, status, append([]string{"ar", "diff", "--no-renames"}, args...)...))
			if !maps.Equal(got, want) {
				t.Errorf("round %d, %s: vt says\n%v\nrsync says\n%v", round, how, got, want)
			}
		}
		compare("two archives", a, b)
		compare("a directory", a, filepath.Dir(new), "--checksum")
		vt(t, 0, "ar", "append", "-q", "-C", filepath.Dir(new), a, "t")
		compare("two states", a)
	}
}

// grow makes a tree of files, directories and links.
func grow(t *testing.T, r *rand.Rand, dir string) {
	do(t, os.MkdirAll(dir, 0o755))
	for i := range 60 {
		sub := filepath.Join(dir, fmt.Sprint("d", r.IntN(4)), fmt.Sprint("e", r.IntN(3)))
		do(t, os.MkdirAll(sub, 0o755))
		path := filepath.Join(sub, fmt.Sprint("f", i))
		if r.IntN(8) == 0 {
			do(t, os.Symlink(fmt.Sprint("to", i), path))
			continue
		}
		do(t, os.WriteFile(path, bytes.Repeat([]byte{byte(i)}, r.IntN(3000)), 0o644), os.Chtimes(path, time.Time{}, time.Unix(int64(1e9+i), int64(i))))
	}
}

// alter changes some of it, and the times of what it changes.
func alter(t *testing.T, r *rand.Rand, dir string) {
	var files []string
	do(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	for i, path := range files {
		switch r.IntN(20) {
		case 0:
			do(t, os.Remove(path))
		case 1:
			do(t, os.Remove(path), os.Mkdir(path, 0o755), os.WriteFile(filepath.Join(path, "in"), nil, 0o644))
		case 2:
			do(t, os.Remove(path), os.Symlink("elsewhere", path))
		case 3:
			do(t, os.WriteFile(filepath.Join(filepath.Dir(path), fmt.Sprint("new", i)), []byte("new"), 0o600))
		case 4:
			if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
				do(t, os.WriteFile(path, []byte(fmt.Sprint("other", i)), 0o644))
			}
		case 5:
			if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
				do(t, os.Chmod(path, 0o755))
			}
		}
	}
	if r.IntN(2) == 0 {
		do(t, os.RemoveAll(filepath.Join(dir, "d0")))
	}
}

// itemized reads what rsync prints: by path, A for what is new or of another
// type, D for what is gone, C for what is changed. Of times of directories it
// says nothing (-O): it does not look at their nanoseconds.
func itemized(out string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(out) {
		what, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		path = strings.TrimSpace(path)
		if i := strings.Index(path, " -> "); i >= 0 && what[1] == 'L' {
			path = path[:i]
		}
		path = strings.TrimSuffix(path, "/")
		switch {
		case !ok:
		case what == "*deleting":
			m[path] = "D"
		case strings.HasSuffix(what, "++++"):
			m[path] = "A"
		default:
			m[path] = "C"
		}
	}
	return m
}

func lettered(out string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(out) {
		letter, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if strings.HasSuffix(path, "/ (mtime)") {
			continue
		}
		path, _, _ = strings.Cut(path, " (")
		path = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSuffix(path, "/"), "t/"), "/")
		if path == "t" {
			path = "."
		}
		switch letter {
		case "M", "m":
			letter = "C"
		case "T":
			letter = "A"
		}
		m[path] = letter
	}
	return m
}
