package extract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// What is expected of an attack.
type outcome int

const (
	restored outcome = iota // all of it, and it does no harm
	named                   // what cannot be restored is named, the rest is restored
	refused                 // as damage
)

// attack is a known attack on programs that extract archives.
type attack struct {
	name    string
	like    string // of which others had it
	tree    func() *testkit.Archive
	prepare func(t testing.TB, target, outside string) // what is there before
	options func(*Options)
	asRoot  outcome
	asUser  outcome
	check   func(t testing.TB, target string, root bool)
}

// leafOf makes an archive of a tree in which the entries of a directory lie.
func leafOf(root *testkit.Node, change func(d *format.DirLeaf)) *testkit.Archive {
	a := testkit.One(root)
	a.Hooks.Leaf = func(path string, d *format.DirLeaf) {
		if path == "." {
			change(d)
		}
	}
	return a
}

func named1(name string) func() *testkit.Archive {
	return func() *testkit.Archive {
		return leafOf(testkit.Dir("", testkit.File("n", string(testkit.Noise(1, 900)))), func(d *format.DirLeaf) { d.Entries[0].Name = name })
	}
}

func plainTree(children ...*testkit.Node) func() *testkit.Archive {
	return func() *testkit.Archive { return testkit.One(testkit.Dir("", children...)) }
}

func someFile(name string) *testkit.Node { return testkit.File(name, string(testkit.Noise(7, 900))) }

func xattrs(n *testkit.Node, pairs ...string) *testkit.Node {
	for i := 0; i < len(pairs); i += 2 {
		n.Xattrs = append(n.Xattrs, format.Xattr{Name: pairs[i], Value: pairs[i+1]})
	}
	return n
}

func owned(n *testkit.Node, uid, gid uint32) *testkit.Node {
	n.Owner = format.Owner{UID: uid, GID: gid}
	return n
}

func plant(name, to string) func(t testing.TB, target, outside string) {
	return func(t testing.TB, target, outside string) {
		must(t, os.Symlink(filepath.Join(outside, to), filepath.Join(target, name)))
	}
}

func isKind(name string, mode fs.FileMode) func(t testing.TB, target string, root bool) {
	return func(t testing.TB, target string, root bool) {
		t.Helper()
		if st, err := os.Lstat(filepath.Join(target, name)); err != nil || st.Mode().Type() != mode {
			t.Errorf("%s: %v %v", name, st, err)
		}
	}
}

func modeIs(name string, root, user uint32) func(t testing.TB, target string, root bool) {
	return func(t testing.TB, target string, isRoot bool) {
		t.Helper()
		want := user
		if isRoot {
			want = root
		}
		var st unix.Stat_t
		must(t, unix.Lstat(filepath.Join(target, name), &st))
		if st.Mode&0o7777 != want {
			t.Errorf("%s: mode %o, want %o", name, st.Mode&0o7777, want)
		}
	}
}

// huge is a file that is one run, of more than there is.
func huge(octet byte, span uint64) func() *testkit.Archive {
	return func() *testkit.Archive {
		root := testkit.Dir("", testkit.Run("huge", octet, 5000), testkit.File("small", "small"))
		return leafOf(root, func(d *format.DirLeaf) { d.Entries[0].Size, d.Entries[0].Ref.Span = span, span })
	}
}

const strangerID = 4321 // of asUser

// attacks are known, and what comes of them. fuzz/README.md has the table.
var attacks = []attack{
	{name: "absolute name", like: "CVE-2021-32804", tree: named1("/etc/x"), asRoot: refused, asUser: refused},
	{name: "name with dots", like: "CVE-2016-6321, CVE-2021-40153", tree: named1("../outside/file"), asRoot: refused, asUser: refused},
	{name: "dot-dot", like: "CVE-2018-1002200", tree: named1(".."), asRoot: refused, asUser: refused},
	{name: "dot", like: "the target itself replaced", tree: named1("."), asRoot: refused, asUser: refused},
	{name: "NUL in a name", like: "path truncation", tree: named1("a\x00b"), asRoot: refused, asUser: refused},
	{name: "backslashes in a name", like: "CVE-2021-37701, CVE-2022-30333", tree: named1(`C:\..\..\x`), check: isKind(`C:\..\..\x`, 0)},
	{
		name: "symbolic link, then a file of its name", like: "CVE-2018-12015, CVE-2021-41072", asRoot: refused, asUser: refused,
		tree: func() *testkit.Archive {
			root := testkit.Dir("", testkit.Symlink("x", "../outside/file"), testkit.File("y", "overwritten"))
			return leafOf(root, func(d *format.DirLeaf) { d.Entries[1].Name = "x" })
		},
	},
	{
		name: "symbolic link, then a directory of its name", like: "CVE-2021-32803, CVE-2025-11001", asRoot: refused, asUser: refused,
		tree: func() *testkit.Archive {
			root := testkit.Dir("", testkit.Symlink("x", "../outside"), testkit.Dir("y", someFile("file")))
			return leafOf(root, func(d *format.DirLeaf) { d.Entries[1].Name = "x" })
		},
	},
	{
		name: "symbolic link and directory meet by stripping", like: "CVE-2015-1197, CVE-2023-7207", asRoot: named, asUser: named,
		tree: plainTree(testkit.Dir("a", testkit.Symlink("x", "../outside")), testkit.Dir("b", testkit.Dir("x", someFile("file")))),
		options: func(o *Options) {
			o.Strip = 1
		},
	},
	{
		name: "symbolic links whose names are alike", like: "CVE-2021-21300, CVE-2024-32002, CVE-2021-37701, CVE-2021-37712", check: isKind("A", fs.ModeDir),
		tree: plainTree(testkit.Dir("A", someFile("file")), testkit.Symlink("a", "../outside"), testkit.Dir("caf\u00e9", someFile("file")), testkit.Symlink("cafe\u0301", "../outside")),
	},
	{
		name: "hard link to a symbolic link", like: "CVE-2026-26960", check: isKind("two", fs.ModeSymlink),
		tree: plainTree(testkit.Symlink("one", "../outside/file").Link(1, 2), testkit.Symlink("two", "../outside/file").Link(1, 2), testkit.File("three", "x")),
	},
	{
		name: "hard link between files that differ", like: "CVE-2016-5418", tree: func() *testkit.Archive {
			return testkit.One(testkit.Dir("", testkit.File("a", "first").Link(9, 2), testkit.File("b", "second").Link(9, 2)))
		},
		check: func(t testing.TB, target string, _ bool) {
			if b, err := os.ReadFile(filepath.Join(target, "b")); err != nil || string(b) != "first" {
				t.Errorf("%q, %v", b, err)
			}
		},
	},
	{name: "symbolic link in the place of a file", like: "CVE-2018-12015", tree: plainTree(someFile("f")), prepare: plant("f", "file"), check: isKind("f", 0)},
	{name: "symbolic link in the place of a directory", like: "CVE-2022-1664, CVE-2024-12087", tree: plainTree(testkit.Dir("d", someFile("file"))), prepare: plant("d", ""), check: isKind("d", fs.ModeDir)},
	{
		name: "symbolic link in the place of an implied directory", like: "CVE-2024-12087", prepare: plant("d", ""), check: isKind("d", fs.ModeDir),
		tree: func() *testkit.Archive {
			return testkit.One(testkit.Implied("", testkit.Implied("d", someFile("file"))))
		},
	},
	{
		name: "hard link in the place of a file", like: "CVE-2018-20834", tree: plainTree(testkit.File("f", "overwritten").Mode(0o777)), check: isKind("f", 0),
		prepare: func(t testing.TB, target, outside string) {
			must(t, os.Link(filepath.Join(outside, "file"), filepath.Join(target, "f")))
		},
	},
	{
		name: "fifo in the place of a file", like: "hangs on open", tree: plainTree(someFile("f"), testkit.File("l", "x")), check: isKind("f", 0),
		prepare: func(t testing.TB, target, _ string) {
			must(t, unix.Mkfifo(filepath.Join(target, "f"), 0o666))
			must(t, unix.Mkfifo(filepath.Join(target, "l"), 0o666))
		},
	},
	{
		name: "attributes of a symbolic link's target", like: "CVE-2021-31566, CVE-2021-23177, CVE-2024-12718", check: isKind("l", fs.ModeSymlink),
		tree: plainTree(testkit.Symlink("l", "../outside/file").Mode(0o777).At(1, 1)),
	},
	{
		name: "set-ID programs", like: "privileges left in place", tree: plainTree(owned(someFile("suid").Mode(0o6755), strangerID, strangerID+1), owned(testkit.File("small", "x").Mode(0o4711), strangerID, strangerID+1)),
		check: modeIs("suid", 0o6755, 0o755),
	},
	{
		name: "set-ID programs, not wanted by root", like: "privileges left in place", tree: plainTree(someFile("suid").Mode(0o6755)),
		options: func(o *Options) { o.SetID = false }, check: modeIs("suid", 0o755, 0o755),
	},
	{
		name: "file capabilities", like: "privileges left in place", asUser: named,
		tree: plainTree(xattrs(someFile("f"), "security.capability", "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")),
	},
	{name: "security and trusted attributes", like: "labels forged", tree: plainTree(xattrs(someFile("f"), "trusted.x", "y")), asUser: named},
	{name: "attributes of no name space", like: "labels forged", tree: plainTree(xattrs(someFile("f"), "x", "y")), asRoot: named, asUser: named},
	{
		name: "device nodes", like: "a disk readable by all", tree: plainTree(testkit.Device("mem", format.KindChar, 1, 1).Mode(0o666), testkit.File("f", "x")), asUser: named,
		check: func(t testing.TB, target string, root bool) {
			if _, err := os.Lstat(filepath.Join(target, "mem")); (err == nil) != root {
				t.Error(err)
			}
		},
	},
	{
		name: "device nodes, not wanted by root", like: "a disk readable by all", tree: plainTree(testkit.Device("mem", format.KindBlockDev, 8, 0).Mode(0o666), testkit.File("f", "x")),
		options: func(o *Options) { o.Devices = false }, asRoot: named, asUser: named,
	},
	{
		name: "owners", like: "files given to others", tree: plainTree(owned(someFile("f"), 12, 34)),
		check: func(t testing.TB, target string, root bool) {
			var st unix.Stat_t
			must(t, unix.Lstat(filepath.Join(target, "f"), &st))
			if root != (st.Uid == 12) {
				t.Errorf("of user %d", st.Uid)
			}
		},
	},
	{
		name: "control characters in names", like: "terminal escapes", tree: plainTree(testkit.File("\x1b]0;title\a", "x"), testkit.File("a\nb", "x"), testkit.File("\u202egpj", "x")),
		check: isKind("\x1b]0;title\a", 0),
	},
	{name: "a name that is too long here", like: "buffer overflows", tree: plainTree(testkit.File(strings.Repeat("n", 300), "x"), testkit.File("f", "x")), asRoot: named, asUser: named, check: isKind("f", 0)},
	{
		name: "a path that is too long", like: "CVE-2025-4517", tree: func() *testkit.Archive {
			n := testkit.File("end", "x")
			for range 24 {
				n = testkit.Dir(strings.Repeat("d", 250), n)
			}
			return testkit.One(testkit.Dir("", n))
		},
	},
	{name: "a hole without end", like: "quota", tree: huge(0, 1<<62-1), asRoot: named, asUser: named, check: isKind("small", 0)},
	{
		name: "a run without end", like: "zip bombs", tree: huge('x', 1<<50), options: func(o *Options) { o.MaxBytes = 1 << 20 }, asRoot: refused, asUser: refused,
	},
	{
		name: "directories without end", like: "CVE-2019-13232, quines", options: func(o *Options) { o.MaxEntries = 500 }, asRoot: refused, asUser: refused,
		tree: func() *testkit.Archive {
			n := testkit.Dir("d", testkit.File("f", "x"))
			for range 12 {
				a, b := *n, *n
				a.Name, b.Name = "a", "b"
				n = testkit.Dir("d", &a, &b)
			}
			return testkit.One(testkit.Dir("", n))
		},
	},
	{
		name: "a directory in itself", like: "quines", asRoot: refused, asUser: refused, tree: func() *testkit.Archive {
			a := testkit.One(testkit.Dir("", testkit.Dir("a", testkit.File("f", "x"))))
			a.Hooks.Block = func(b *testkit.Block) {
				if d, err := format.ParseDirLeaf(b.Bytes, format.Stored, b.Num); b.Path == "." && err == nil {
					d.Entries[0].Ref.Num = b.Num
					b.Bytes = d.AppendTo(nil, format.Stored, b.Num)
				}
			}
			return a
		},
	},
	{
		name: "directories open to others for a while", like: "races with permissions", tree: plainTree(testkit.Dir("d", someFile("secret").Mode(0o600)).Mode(0o777)),
		options: func(o *Options) {
			o.Restored = func(path string, kind format.Kind) {
				if kind == format.KindFile { // below the working directory of the test, or its target
					openTooEarly(o, path)
				}
			}
		},
		check: modeIs("d", 0o777, 0o777),
	},
}

// openTooEarly makes an issue of a directory that others may write to before it
// is complete.
func openTooEarly(o *Options, path string) {
	dir := filepath.Join(watched, filepath.Dir(path))
	if st, err := os.Lstat(dir); err != nil || st.Mode().Perm()&0o022 != 0 {
		o.Issue(Issue{Path: path, Err: errors.New("its directory is open to others by now")})
	}
}

// watched is the target of an attack that looks at it while it is extracted.
var watched = "."

// TestStrangers extracts the archives of strangers on both paths, as root where
// the test is, and as an ordinary user.
func TestStrangers(t *testing.T) {
	for i := range attacks {
		a := &attacks[i]
		t.Run(a.name, func(t *testing.T) {
			if testing.Short() && i%4 != 0 {
				t.Skip("-short: every fourth attack")
			}
			archive := testkit.MustBuild(t, a.tree())
			both(t, func(t *testing.T, p path) {
				if os.Geteuid() != 0 {
					t.Log("SKIPPED as root: the test is not run by root")
				} else {
					target, check := a.place(t)
					watched = target
					a.judge(t, a.asRoot, a.run(t, p, archive, target), target, true)
					check()
				}
				target, check := a.place(t)
				a.judge(t, a.asUser, a.runAsUser(t, p, archive, target), target, false)
				check()
			})
		})
	}
}

// TestStrangersTable holds the table in fuzz/README.md against the attacks.
func TestStrangersTable(t *testing.T) {
	text, err := os.ReadFile("../../fuzz/README.md")
	must(t, err)
	_, table, _ := strings.Cut(string(text), "| attack | like | as root | as a user |\n|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	says := map[outcome]string{restored: "restored, harmless", named: "named, the rest restored", refused: "refused"}
	if len(rows) != len(attacks) {
		t.Errorf("%d rows for %d attacks", len(rows), len(attacks))
	}
	for i := range min(len(rows), len(attacks)) {
		a := &attacks[i]
		if want := fmt.Sprintf("| %s | %s | %s | %s |", a.name, a.like, says[a.asRoot], says[a.asUser]); rows[i] != want {
			t.Errorf("row %d is\n%s\nand not\n%s", i+1, rows[i], want)
		}
	}
}

// place makes a target, and what must not change beside it.
func (a *attack) place(t *testing.T) (target string, check func()) {
	target, outside, check := guarded(t)
	for _, dir := range []string{filepath.Dir(target), target, outside} {
		must(t, os.Chmod(dir, 0o777)) // so that only the program itself stays in the target
	}
	must(t, os.Chmod(filepath.Join(outside, "file"), 0o666))
	before := listing(t, outside)
	if a.prepare != nil {
		a.prepare(t, target, outside)
	}
	if os.Geteuid() == 0 {
		must(t, os.Chown(target, strangerID, strangerID+1))
	}
	for at := filepath.Dir(filepath.Dir(target)); strings.HasPrefix(at, os.TempDir()+"/"); at = filepath.Dir(at) {
		must(t, os.Chmod(at, 0o755))
	}
	_ = check // the permissions have changed since
	return target, func() {
		t.Helper()
		if after := listing(t, outside); after != before {
			t.Errorf("outside the target:\n%s\nbefore:\n%s", after, before)
		}
		entries, err := os.ReadDir(filepath.Dir(target))
		if err != nil || len(entries) != 2 {
			t.Errorf("beside the target: %v %v", entries, err)
		}
	}
}

// run extracts in this process.
func (a *attack) run(t *testing.T, p path, archive []byte, target string) (rep helperReport) {
	o := Defaults()
	o.NumericOwner = true
	o.Issue = func(i Issue) { rep.add(i) }
	if a.options != nil {
		a.options(&o)
	}
	res, err := p.run(t, archive, target, o)
	rep.end(res, err)
	return rep
}

func (r *helperReport) add(i Issue) {
	r.Issues = append(r.Issues, i.String())
	r.Damage = r.Damage || i.Damage()
}

func (r *helperReport) end(res *Result, err error) {
	if err != nil {
		r.Err = err.Error()
		r.Damage = r.Damage || errors.Is(err, format.ErrDamaged) || errors.Is(err, ErrLimit)
	}
	if res != nil {
		r.Result = *res
		r.Result.Damage = nil // errors are no JSON
	}
}

// judge holds what came of an attack against what should.
func (a *attack) judge(t *testing.T, want outcome, rep helperReport, target string, root bool) {
	t.Helper()
	switch {
	case want == restored && (rep.Err != "" || len(rep.Issues) > 0),
		want == named && (rep.Err != "" || len(rep.Issues) == 0 || rep.Damage),
		want == refused && !rep.Damage:
		t.Errorf("as root %v: error %q, issues %q", root, rep.Err, rep.Issues)
	}
	if a.check != nil {
		a.check(t, target, root)
	}
	left, err := filepath.Glob(filepath.Join(target, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q %v", left, err)
	}
}

const attackVar = "EXTRACT_TEST_ATTACK"

// runAsUser extracts in another process, of an ordinary user.
func (a *attack) runAsUser(t *testing.T, p path, archive []byte, target string) helperReport {
	t.Setenv(attackVar, a.name)
	return asUser(t, p.name, archive, target)
}

// TestHelperAttack is that process.
func TestHelperAttack(t *testing.T) {
	name := os.Getenv(attackVar)
	if name == "" {
		return
	}
	var archive bytes.Buffer
	_, err := archive.ReadFrom(os.Stdin)
	must(t, err)
	for i := range attacks {
		for _, p := range paths {
			if attacks[i].name == name && p.name == os.Getenv(helperVar) {
				must(t, json.NewEncoder(os.Stdout).Encode(attacks[i].run(t, p, archive.Bytes(), ".")))
			}
		}
	}
}

// TestTable: the manual says of each attack what comes of it.
func TestTable(t *testing.T) {
	manual, err := os.ReadFile("../../fuzz/README.md")
	must(t, err)
	words := []string{"restored, harmless", "named, the rest restored", "refused"}
	for _, a := range attacks {
		row := "| " + a.name + " | " + a.like + " | " + words[a.asRoot] + " | " + words[a.asUser] + " |"
		if !bytes.Contains(manual, []byte(row+"\n")) {
			t.Errorf("fuzz/README.md lacks this row:\n%s", row)
		}
	}
}
