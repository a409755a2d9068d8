package extract

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

const helperVar = "EXTRACT_TEST_HELPER"

// helperReport is what a helper process did.
type helperReport struct {
	Err    string
	Issues []string
	Damage bool // or a limit
	Result Result
}

// TestHelper is the other process of TestOrdinaryUser: it restores the archive
// on its input below its working directory.
func TestHelper(t *testing.T) {
	way := os.Getenv(helperVar)
	if way == "" || os.Getenv(attackVar) != "" {
		return
	}
	var archive bytes.Buffer
	if _, err := archive.ReadFrom(os.Stdin); err != nil {
		t.Fatal(err)
	}
	var rep helperReport
	o := Defaults()
	o.Issue = func(i Issue) { rep.Issues = append(rep.Issues, i.String()) }
	for _, p := range paths {
		if p.name == way {
			res, err := p.run(t, archive.Bytes(), ".", o)
			if err != nil {
				rep.Err = err.Error()
			}
			rep.Result = *res
		}
	}
	must(t, json.NewEncoder(os.Stdout).Encode(rep))
}

// asUser restores an archive as an ordinary user.
func asUser(t *testing.T, way string, archive []byte, dir string) helperReport {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	// Where the test program lies need not be open to everybody.
	copied := filepath.Join(t.TempDir(), "extract.test")
	b, err := os.ReadFile(exe)
	must(t, err)
	must(t, os.WriteFile(copied, b, 0o755))
	for at := filepath.Dir(copied); strings.HasPrefix(at, os.TempDir()+"/"); at = filepath.Dir(at) {
		must(t, os.Chmod(at, 0o755))
	}
	cmd := exec.Command(copied, "-test.run=^TestHelper(Attack)?$")
	cmd.Env = append(os.Environ(), helperVar+"="+way)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(archive)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4321, Gid: 4322, NoSetGroups: false}}
	}
	if err := cmd.Run(); err != nil {
		t.Fatalf("helper: %v\n%s%s", err, out.Bytes(), errs.Bytes())
	}
	var rep helperReport
	if err := json.NewDecoder(&out).Decode(&rep); err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestOrdinaryUser(t *testing.T) {
	archive := testkit.MustBuild(t, testkit.One(rich()))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		must(t, os.Chmod(dir, 0o777))
		for at := filepath.Dir(dir); strings.HasPrefix(at, os.TempDir()+"/"); at = filepath.Dir(at) {
			must(t, os.Chmod(at, 0o755))
		}
		inner := filepath.Join(dir, "t")
		must(t, os.Mkdir(inner, 0o777))
		if os.Geteuid() == 0 {
			must(t, os.Chown(inner, 4321, 4322))
		}
		rep := asUser(t, p.name, archive, inner)
		if rep.Err != "" || rep.Result.Damaged != 0 || rep.Result.Files != 12 || rep.Result.Links != 3 {
			t.Errorf("%+v", rep)
		}
		var about []string
		for _, i := range rep.Issues {
			name, _, _ := strings.Cut(i, ":")
			about = append(about, name)
		}
		slices.Sort(about)
		if want := []string{"a/with xattrs", "capable", "loop", "null"}; !slices.Equal(about, want) {
			t.Errorf("issues %q, want about %q", rep.Issues, want)
		}
		for name, want := range map[string]uint32{"literal": unix.S_IFREG | 0o755, "block": unix.S_IFREG | 0o400, "a/b": unix.S_IFDIR | 0o555} {
			var st unix.Stat_t
			must(t, unix.Lstat(filepath.Join(inner, name), &st))
			if st.Mode != want || os.Geteuid() == 0 && st.Uid != 4321 {
				t.Errorf("%s: mode %o of %d, want %o", name, st.Mode, st.Uid, want)
			}
		}
	})
}

// TestFullDisk restores into a file system that is too small.
func TestFullDisk(t *testing.T) {
	asRoot(t)
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("SKIPPED: cannot mount a tmpfs: ", err)
	}
	t.Cleanup(func() { must(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	root := testkit.Dir("", testkit.File("a", string(testkit.Noise(1, 100_000))), testkit.File("b", string(testkit.Noise(2, 900_000))))
	archive := testkit.MustBuild(t, testkit.One(root))
	both(t, func(t *testing.T, p path) {
		_, err := p.run(t, archive, dir, Defaults())
		if err == nil || !strings.Contains(err.Error(), "b: ") || !strings.Contains(err.Error(), unix.ENOSPC.Error()) {
			t.Errorf("%v", err)
		}
		files, err := os.ReadDir(dir)
		must(t, err)
		for _, f := range files {
			if st, _ := f.Info(); f.Name() != "a" || st.Size() != 100_000 {
				t.Errorf("%s stayed", f.Name())
			}
		}
		must(t, os.RemoveAll(filepath.Join(dir, "a")))
	})
}

func TestDefaultACL(t *testing.T) {
	acl := "\x02\x00\x00\x00\x01\x00\x07\x00\xff\xff\xff\xff\x02\x00\x07\x00\xd2\x04\x00\x00" +
		"\x04\x00\x07\x00\xff\xff\xff\xff\x10\x00\x07\x00\xff\xff\xff\xff\x20\x00\x07\x00\xff\xff\xff\xff"
	root := testkit.Dir("", testkit.File("f", string(testkit.Noise(1, 900))).Mode(0o640), testkit.Dir("d", testkit.File("g", "x")).Mode(0o750))
	archive := testkit.MustBuild(t, testkit.One(root))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		if err := unix.Setxattr(dir, "system.posix_acl_default", []byte(acl), 0); err != nil {
			t.Skip("SKIPPED: no ACLs here: ", err)
		}
		p.restore(t, archive, dir, Defaults())
		for name, want := range map[string]uint32{"f": unix.S_IFREG | 0o640, "d": unix.S_IFDIR | 0o750, "d/g": unix.S_IFREG | 0o644} {
			var st unix.Stat_t
			must(t, unix.Lstat(filepath.Join(dir, name), &st))
			if x := xattrsOf(t, filepath.Join(dir, name)); st.Mode != want || x != "" {
				t.Errorf("%s: mode %o, want %o; %s", name, st.Mode, want, x)
			}
		}
	})
}

func TestOwnersByName(t *testing.T) {
	asRoot(t)
	root := testkit.Dir("", testkit.File("f", "x").With(func(n *testkit.Node) {
		n.Owner = format.Owner{UID: 12345, GID: 12345, User: "root", Group: "no such group anywhere"}
	}))
	archive := testkit.MustBuild(t, testkit.One(root))
	both(t, func(t *testing.T, p path) {
		dir := t.TempDir()
		p.restore(t, archive, dir, Defaults())
		var st unix.Stat_t
		must(t, unix.Lstat(filepath.Join(dir, "f"), &st))
		if st.Uid != 0 || st.Gid != 12345 {
			t.Errorf("%d:%d", st.Uid, st.Gid)
		}
	})
}
