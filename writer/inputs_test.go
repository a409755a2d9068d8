package writer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/filter"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// inputTree is a directory to name inputs in.
func inputTree(t testing.TB) string {
	dir := files(t, map[string]string{
		"d/f": "1", "d/sub/g": "2", "a/b/c/f": "3", "a/b/c/e/x": "4", "a/z": "5", "top": "6", "other/d/h": "7",
		"other/top": "8", "other/new": "9",
	})
	must(t, os.Symlink("d", filepath.Join(dir, "link")))
	must(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	must(t, os.Symlink("a/b/c", filepath.Join(dir, "into")))
	return dir
}

// taken gives the paths in an archive of some inputs without implied
// directories.
func taken(t *testing.T, o Options) []string {
	t.Helper()
	b, rep := createWhole(t, o)
	var out []string
	for _, e := range check(t, b, rep).Entries[1:] {
		if e.Kind != "implied" {
			out = append(out, entryPath(e))
		}
	}
	return out
}

func inputs(dir string, paths ...string) Options {
	o := small(dir)
	o.Inputs = nil
	for _, p := range paths {
		o.Inputs = append(o.Inputs, Input{Dir: dir, Path: p})
	}
	return o
}

// TestInputsAsTar compares member names with those that tar makes.
func TestInputsAsTar(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip(err)
	}
	dir := inputTree(t)
	for _, args := range [][]string{
		{"."}, {"d"}, {"d/"}, {"d//"}, {"./d"}, {"d/."}, {"d/./"}, {"d//f"}, {"d", "d/f"}, {"d", "d"}, {"d/f", "d"},
		{"d/../a/b"}, {"d/sub/../f"}, {"a/b/c/.."}, {"d/.."}, {"link"}, {"link/"}, {"link/."}, {"link/f"}, {"dangling"}, {"dangling/"},
		{"into/../c"}, {"into/.."}, {dir + "/d/f"}, {dir + "/d"}, {dir}, {"../" + filepath.Base(dir) + "/d"}, {"d", "a/b"}, {"a/b/c", "a"},
		{"a/b/c/f", "a/b/c/e"}, {"top", "d", "link", "dangling"}, {"./d/../d/f"}, {"d/sub/../../top"},
	} {
		cmd := exec.Command("tar", append([]string{"-cf", "-", "--"}, args...)...)
		cmd.Dir = dir
		archive, err := cmd.Output()
		must(t, err)
		list := exec.Command("tar", "-tf", "-")
		list.Stdin = bytes.NewReader(archive)
		names, err := list.Output()
		must(t, err)
		want := []string{}
		for _, n := range strings.Split(strings.TrimSpace(string(names)), "\n") {
			// tar gives names as typed: without their dots they are ours.
			if n = path.Clean(strings.TrimPrefix(n, "/")); n != "." {
				want = append(want, n)
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)
		got := taken(t, inputs(dir, args...))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", args, got, want)
		}
	}
}

func TestMemberName(t *testing.T) {
	for path, want := range map[string][2]string{
		"a": {"a", ""}, "/a/b": {"a/b", "/"}, "//a": {"a", "/"}, "../a": {"a", "../"}, "a/../b": {"b", "a/../"}, "..": {"", ".."},
		"../": {"", "../"}, ".": {"", ""}, "/": {"", "/"}, "./a//b/.": {"a/b", ""}, "/../a": {"a", "/../"}, "a..b/..c": {"a..b/..c", ""},
		"../../x/..": {"", "../../x/.."}, "...": {"...", ""},
	} {
		member, removed := MemberName(path)
		if got := [2]string{strings.Join(member, "/"), removed}; got != want {
			t.Errorf("%q: %q, not %q", path, got, want)
		}
	}
}

func TestNoticeOfWhatIsRemoved(t *testing.T) {
	dir := inputTree(t)
	o := inputs(dir, "d/../top", dir+"/d", dir+"/a", "d/../a/z")
	var notices []string
	o.OnNotice = func(s string) { notices = append(notices, s) }
	createWhole(t, Options{Inputs: o.Inputs[:3], OnNotice: o.OnNotice})
	want := []string{`removing leading "d/../" from member names`, `removing leading "/" from member names`}
	if !slices.Equal(notices, want) {
		t.Errorf("%q", notices)
	}
}

// TestInputsFromElsewhere: an input may join a directory that another one
// brings, as long as nothing of its name is there.
func TestInputsFromElsewhere(t *testing.T) {
	dir := inputTree(t)
	for _, c := range []struct {
		in   []Input
		want string // of paths without implied ones; an error, when it begins with "!"
	}{
		{[]Input{{dir + "/d", "."}, {dir, "top"}}, "f sub sub/g top"},
		{[]Input{{dir + "/d", "."}, {dir, "a/b/c/e"}}, "a/b/c/e a/b/c/e/x f sub sub/g"},
		{[]Input{{dir, "d"}, {dir + "/other", "d/h"}}, "d d/f d/h d/sub d/sub/g"},
		{[]Input{{dir, "d"}, {dir + "/other", "d"}}, `!two different inputs would both be stored as "d"`},
		{[]Input{{dir, "top"}, {dir + "/other", "top"}}, `!two different inputs would both be stored as "top"`},
		{[]Input{{dir, "."}, {dir + "/other", "top"}}, `!two different inputs would both be stored as "top"`},
		{[]Input{{dir, "top"}, {dir + "/other", "d/h"}}, "d/h top"},
		{[]Input{{dir, "."}, {dir, "link/f"}}, `!"link/f" cannot be stored below`},
		{[]Input{{dir, "d"}, {dir, "top"}, {dir + "/other", "new"}, {dir, "d/sub/g"}}, "d d/f d/sub d/sub/g new top"},
	} {
		o := inputs(dir)
		o.Inputs = c.in
		var b bytes.Buffer
		rep, err := Create(context.Background(), &b, o)
		if msg, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), msg) {
				t.Errorf("%v: %v", c.in, err)
			}
			continue
		}
		must(t, err)
		var got []string
		for _, e := range check(t, b.Bytes(), rep).Entries[1:] {
			if e.Kind != "implied" {
				got = append(got, e.Path)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: %q", c.in, got)
		}
		o.KeepBytes = -1
		again, _ := createWhole(t, o)
		if !bytes.Equal(again, b.Bytes()) {
			t.Errorf("%v: not the same when read again", c.in)
		}
	}
}

func TestInputsThatCannotBeRead(t *testing.T) {
	dir := inputTree(t)
	b, rep := create(t, inputs(dir, "top", "missing", "", "top/below", "dangling/x"))
	if got := paths(check(t, b, rep)); !slices.Equal(got, []string{"top"}) {
		t.Errorf("%q", got)
	}
	for path, err := range map[string]error{"missing": unix.ENOENT, "": unix.ENOENT, "top/below": unix.ENOTDIR, "dangling/x": unix.ENOENT} {
		i := issueOf(rep, path)
		if path == "" {
			i = issueOf(rep, ".") // there is nothing better to call it
		}
		if i == nil || i.Err != err || i.Stored {
			t.Errorf("%q: %v", path, i)
		}
	}
	var buf bytes.Buffer
	if _, err := Create(context.Background(), &buf, inputs(dir, "missing")); err == nil || buf.Len() > 0 {
		t.Errorf("%v, %d bytes", err, buf.Len())
	}
	if _, err := Create(context.Background(), &buf, Options{}); err == nil {
		t.Error("no inputs and no error")
	}
}

// TestContentIDOfInputs: a directory has one content id from wherever it is
// named.
func TestContentIDOfInputs(t *testing.T) {
	dir := inputTree(t)
	ids := map[string][]string{}
	for _, o := range []Options{
		inputs(dir, "."), inputs(filepath.Dir(dir), filepath.Base(dir)), inputs("", dir), inputs(dir, "d/.."), inputs("", dir+"/"),
		inputs("", dir+"/."), inputs(dir+"/a", ".."),
	} {
		_, rep := createWhole(t, o)
		hashed, err := HashTree(context.Background(), o)
		must(t, err)
		if hashed.ContentID != rep.ContentID || hashed.Entries > rep.Entries {
			t.Errorf("%v: HashTree gives %v, Create %v", o.Inputs, hashed.ContentID, rep.ContentID)
		}
		ids[rep.ContentID.String()] = append(ids[rep.ContentID.String()], fmt.Sprint(o.Inputs))
	}
	if len(ids) != 1 {
		t.Errorf("%q", ids)
	}
}

// TestFilter: the first rule that matches decides, for the names of inputs,
// too.
func TestFilter(t *testing.T) {
	dir := inputTree(t)
	for _, c := range []struct{ rules, inputs, want string }{
		{"- f", ".", "a a/b a/b/c a/b/c/e a/b/c/e/x a/z d d/sub d/sub/g dangling into link other other/d other/d/h other/new other/top top"},
		{"- /d/", "d a/z", "a/z"},
		{"- d/", "d a/z link", "a/z link"},
		{"+ */|+ f|- *", ".", "a a/b a/b/c a/b/c/e a/b/c/f d d/f d/sub other other/d"},
		{"- c", "a/b/c top", "top"},
		{"- a", "a/b/c/f", "a/b/c/f"}, // as rsync -R has it: rules are for names that are walked to
		{"- top", "top d/f", "d/f"},
		{"- e/***", "a/b", "a/b a/b/c a/b/c/f"},
	} {
		o := inputs(dir, strings.Fields(c.inputs)...)
		var rules filter.Rules
		for _, r := range strings.Split(c.rules, "|") {
			must(t, rules.Exclude(r))
		}
		o.Filter = &rules
		if got := strings.Join(taken(t, o), " "); got != c.want {
			t.Errorf("%s of %s:\n got %s\nwant %s", c.rules, c.inputs, got, c.want)
		}
	}
}

func TestExcludeCaches(t *testing.T) {
	tag := cacheSignature + "\n# a comment"
	dir := files(t, map[string]string{
		"c/CACHEDIR.TAG": tag, "c/junk": "x", "c/d/more": "y", "n/CACHEDIR.TAG": "Signature: of something else", "n/kept": "z",
		"s/CACHEDIR.TAG": cacheSignature[:10], "s/kept": "z",
	})
	o := small(dir)
	o.ExcludeCaches = true
	if got := strings.Join(taken(t, o), " "); got != "c c/CACHEDIR.TAG n n/CACHEDIR.TAG n/kept s s/CACHEDIR.TAG s/kept" {
		t.Error(got)
	}
}

func TestOneFileSystem(t *testing.T) {
	dir := files(t, map[string]string{"a/x": "1", "m/": "", "z": "2"})
	mount := filepath.Join(dir, "m")
	perhaps(t, unix.Mount("none", mount, "tmpfs", 0, "size=1m"))
	defer unix.Unmount(mount, unix.MNT_DETACH)
	put(t, filepath.Join(mount, "inside"), "3")
	o := small(dir)
	if got := strings.Join(taken(t, o), " "); got != "a a/x m m/inside z" {
		t.Error(got)
	}
	o.OneFileSystem = true
	if got := strings.Join(taken(t, o), " "); got != "a a/x m z" {
		t.Error(got)
	}
	o.Inputs = append(o.Inputs[:0], Input{dir, "a"}, Input{dir, "m"})
	if got := strings.Join(taken(t, o), " "); got != "a a/x m m/inside" {
		t.Error(got)
	}
}

func TestSkip(t *testing.T) {
	dir := inputTree(t)
	var st unix.Stat_t
	must(t, unix.Stat(filepath.Join(dir, "d/f"), &st))
	for _, in := range []string{".", "d/f"} {
		o := inputs(dir, in, "top")
		o.Skip = func(dev, ino uint64) bool { return dev == st.Dev && ino == st.Ino }
		notices := 0
		o.OnNotice = func(s string) {
			if strings.HasPrefix(s, "d/f ") {
				notices++
			}
		}
		if got := taken(t, o); slices.Contains(got, "d/f") || notices != 1 {
			t.Errorf("%q, %d notices", got, notices)
		}
	}
}

// TestList: the dry run names what Create takes, in the order of the archive.
func TestList(t *testing.T) {
	dir := inputTree(t)
	put(t, filepath.Join(dir, "d-x"), "comes after d and before d/f, as bytes go")
	for _, in := range [][]string{{"."}, {"d", "a/b", "top"}, {dir}, {"a/b/c", "link"}} {
		o := inputs(dir, in...)
		o.Filter = filterFunc(func(p string, _ bool) bool { return path.Base(p) != "g" })
		want := taken(t, o)
		for _, run := range []func(context.Context, Options) (*Report, error){List, HashTree, func(ctx context.Context, o Options) (*Report, error) {
			return Create(ctx, &bytes.Buffer{}, o)
		}} {
			var got []string
			o.OnEntry = func(path string, _ bool) { got = append(got, path) }
			_, err := run(context.Background(), o)
			must(t, err)
			if !slices.Equal(got, want) {
				t.Errorf("%q:\n got %q\nwant %q", in, got, want)
			}
		}
	}
}

func TestBirthTimes(t *testing.T) {
	dir := inputTree(t)
	o := inputs(dir, ".")
	o.Btime = true
	b, rep := createWhole(t, o)
	c := check(t, b, rep)
	var stx unix.Statx_t
	must(t, unix.Statx(unix.AT_FDCWD, filepath.Join(dir, "d/f"), unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BTIME, &stx))
	if stx.Mask&unix.STATX_BTIME == 0 {
		t.Skip("no times of birth here")
	}
	want := testkit.Time{Sec: stx.Btime.Sec, Nsec: stx.Btime.Nsec}
	if e := find(t, c, "d/f"); e.Btime == nil || *e.Btime != want {
		t.Errorf("%v, not %v", e.Btime, want)
	}
	if e := find(t, c, "d"); e.Btime == nil {
		t.Error("the directory has none")
	}
	// What a copy cannot have is no part of the content.
	_, without := createWhole(t, inputs(dir, "."))
	if without.ContentID != rep.ContentID {
		t.Error("the content id depends on times of birth")
	}
}
