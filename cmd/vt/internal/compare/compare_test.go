package compare_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/cmd/vt/internal/compare"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/writer"
)

// archive makes an archive of a directory.
func archive(t *testing.T, dir string) *reader.Archive {
	t.Helper()
	var b bytes.Buffer
	if _, err := writer.Create(context.Background(), &b, writer.Options{Inputs: []writer.Input{{Dir: dir, Path: "."}}}); err != nil {
		t.Fatal(err)
	}
	a, err := reader.Open(reader.Bytes(b.Bytes()), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// diff gives the differences, one a line.
func diff(t *testing.T, a *reader.Archive, dir string, o compare.Options) string {
	t.Helper()
	tree, err := a.Tree()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	o.Differ = func(d compare.Difference) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s", d.Path, d.What)))
	}
	if err := compare.Tree(context.Background(), a, tree, dir, o); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// tree makes a directory whose times are all the same, with many files.
func tree(t *testing.T) string {
	dir := t.TempDir()
	for i := range 200 {
		sub := filepath.Join(dir, fmt.Sprint(i%7))
		must(t, os.MkdirAll(sub, 0o755), os.WriteFile(filepath.Join(sub, fmt.Sprint("f", i)), bytes.Repeat([]byte{byte(i)}, i*100), 0o644))
	}
	settle(t, dir)
	return dir
}

var day = time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)

func settle(t *testing.T, dir string) {
	must(t, filepath.Walk(dir, func(path string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Chtimes(path, day, day))
	}))
}

func TestEqual(t *testing.T) {
	dir := tree(t)
	if got := diff(t, archive(t, dir), dir, compare.Options{}); got != "" {
		t.Errorf("a directory differs from its archive:\n%s", got)
	}
}

// Holes are compared without being read.
func TestSparse(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "holes")
	put := func(b string, at int64) {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
		must(t, err)
		_, err = f.WriteAt([]byte(b), at)
		must(t, err, f.Close())
		settle(t, dir)
	}
	must(t, os.WriteFile(name, nil, 0o644), os.Truncate(name, 1<<40))
	put("data", 1<<39)
	put("more", 1<<30+5)
	a := archive(t, dir)
	if got := diff(t, a, dir, compare.Options{}); got != "" {
		t.Errorf("a sparse file differs from its archive:\n%s", got)
	}
	put("datA", 1<<39)
	if got := diff(t, a, dir, compare.Options{}); !strings.HasPrefix(got, "holes content") {
		t.Errorf("a changed sparse file: %q", got)
	}
}

// Differences come in the order of the tree, whichever file is hashed first.
func TestOrder(t *testing.T) {
	dir := tree(t)
	a := archive(t, dir)
	var want []string
	for i := range 200 {
		path := filepath.Join(dir, fmt.Sprint(i%7), fmt.Sprint("f", i))
		if i > 0 {
			want = append(want, fmt.Sprintf("%d/f%d content", i%7, i))
			must(t, os.WriteFile(path, bytes.Repeat([]byte{byte(i + 1)}, i*100), 0o644))
		}
	}
	settle(t, dir)
	slices.Sort(want)
	for _, threads := range []int{1, 8} {
		if got := diff(t, a, dir, compare.Options{Threads: threads}); got != strings.Join(want, "\n") {
			t.Errorf("%d threads:\n%s", threads, got)
		}
	}
	if got := diff(t, a, dir, compare.Options{Ignore: map[string]bool{compare.Content: true}}); got != "" {
		t.Errorf("content is not ignored:\n%s", got)
	}
}

func TestMetadata(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	must(t, os.WriteFile(file, nil, 0o644), os.Symlink("file", link), unix.Mkfifo(filepath.Join(dir, "pipe"), 0o644))
	settle(t, dir)
	a := archive(t, dir)
	xattrs := unix.Setxattr(file, "user.note", []byte("x"), 0) == nil
	must(t, os.Chmod(file, 0o600), os.Chmod(dir, 0o700), os.Remove(link), os.Symlink("pipe", link))
	must(t, os.Chtimes(file, day, day.Add(1)), os.Chtimes(dir, day, day))
	must(t, unix.Lutimes(link, []unix.Timeval{unix.NsecToTimeval(day.UnixNano()), unix.NsecToTimeval(day.UnixNano())}))
	want := "mode\nfile mode\nfile mtime\n"
	if xattrs {
		want += "file xattrs\n"
	}
	want += "link mtime\nlink target"
	if got := diff(t, a, dir, compare.Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	ignore := map[string]bool{compare.Mode: true, compare.Mtime: true, compare.Xattrs: true}
	if got := diff(t, a, dir, compare.Options{Ignore: ignore}); got != "link target" {
		t.Errorf("got\n%s", got)
	}
}

func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT TESTED: needs root")
	}
	dir := tree(t)
	a := archive(t, dir)
	must(t, os.Lchown(filepath.Join(dir, "0", "f0"), 12345, 54321))
	if got := diff(t, a, dir, compare.Options{}); got != "0/f0 owner\n0/f0 group" {
		t.Errorf("got\n%s", got)
	}
}

// What takes the place of a directory or a file, and what is missing.
func TestKinds(t *testing.T) {
	dir := tree(t)
	a := archive(t, dir)
	must(t, os.RemoveAll(filepath.Join(dir, "1")), os.WriteFile(filepath.Join(dir, "1"), nil, 0o644))
	must(t, os.RemoveAll(filepath.Join(dir, "2")), os.Symlink("3", filepath.Join(dir, "2")))
	must(t, os.RemoveAll(filepath.Join(dir, "6")), os.WriteFile(filepath.Join(dir, "0", "a"), nil, 0o644))
	settle := os.Chtimes(dir, day, day)
	must(t, settle, os.Chtimes(filepath.Join(dir, "0"), day, day))
	want := "0/a added\n1 type\n2 type\n6 missing"
	if got := diff(t, a, dir, compare.Options{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEnds(t *testing.T) {
	dir := tree(t)
	a := archive(t, dir)
	root, err := a.Tree()
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o := compare.Options{Differ: func(compare.Difference) {}}
	if err := compare.Tree(ctx, a, root, dir, o); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if err := compare.Tree(context.Background(), a, root, filepath.Join(dir, "nowhere"), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
}
