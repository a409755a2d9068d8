package reader_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/spec"
)

// vector is an archive of spec/vectors with its description.
type vector struct {
	name      string
	archive   []byte
	Expect    string `json:"expect"`
	Structure string `json:"structure"`
	Scope     string `json:"scope"`
	Tail      int64  `json:"ignored_tail"`
	testkit.Contents
}

// vectors gives all vectors; having none is a failure.
func vectors(t testing.TB) (out []vector) {
	t.Helper()
	paths, err := fs.Glob(spec.FS, "vectors/*.vtd")
	if err != nil || len(paths) < 100 {
		t.Fatalf("only %d vectors in the specification: %v", len(paths), err)
	}
	for _, p := range paths {
		v := vector{name: strings.TrimSuffix(path.Base(p), ".vtd")}
		if v.archive, err = fs.ReadFile(spec.FS, p); err != nil {
			t.Fatal(err)
		}
		b, err := fs.ReadFile(spec.FS, strings.TrimSuffix(p, ".vtd")+".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(p, err)
		}
		out = append(out, v)
	}
	return out
}

// TestVectors takes every vector through every source, step by step: open, the
// whole tree, all data, verification.
func TestVectors(t *testing.T) {
	for i, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			if testing.Short() && i%5 != 0 {
				t.Skip("-short: every fifth vector is read")
			}
			for source, open := range openings(t, v.archive) {
				scope, err := firstFault(t, v, open)
				switch {
				case v.Expect == "ok" && err != nil:
					t.Errorf("%s: %s: %v", source, scope, err)
				case v.Expect == "ok":
				case err == nil:
					t.Errorf("%s: nothing is wrong; want %s in the %s on %s", source, v.Expect, v.Structure, v.Scope)
				case scopes[scope] > scopes[v.Scope]:
					t.Errorf("%s: noticed on %s only, not on %s: %v", source, scope, v.Scope, err)
				case className(err) != v.Expect:
					t.Errorf("%s: %s, want %s: %v", source, className(err), v.Expect, err)
				case scope == v.Scope && structure(err) != v.Structure:
					t.Errorf("%s: in the %s, want in the %s: %v", source, structure(err), v.Structure, err)
				}
			}
		})
	}
}

var scopes = map[string]int{"open": 0, "tree": 1, "data": 2, "verify": 3}

func className(err error) string {
	switch {
	case classCount(err) != 1:
		return "no class"
	case errors.Is(err, format.ErrNotArchive):
		return "not-archive"
	case errors.Is(err, format.ErrUnsupported):
		return "unsupported"
	}
	return "damaged"
}

func structure(err error) string {
	var fe *format.Error
	if errors.As(err, &fe) {
		return fe.Structure
	}
	return ""
}

// firstFault gives the step of the first error, and the error. What can be
// read is held against the description.
func firstFault(t *testing.T, v vector, open func(reader.Options) (*reader.Archive, error)) (string, error) {
	a, err := open(reader.Options{})
	if err != nil {
		return "open", err
	}
	defer a.Close()
	if a.TornTail() != v.Tail {
		t.Errorf("torn tail of %d bytes, want %d", a.TornTail(), v.Tail)
	}
	entries, err := listTree(a)
	if err != nil {
		return "tree", err
	}
	if entries, err = listData(a, entries); err != nil {
		return "data", err
	}
	rep, err := a.Verify(context.Background(), reader.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !rep.OK() {
		return "verify", findingError(v, rep.Findings)
	}
	if v.Expect != "ok" {
		return "", nil
	}
	tree, err := a.Tree()
	if err != nil {
		t.Fatal(err)
	}
	info, err := a.Info()
	if err != nil {
		t.Fatal(err)
	}
	got := testkit.Contents{
		Hash: info.Hash, Top: a.Trailer().TopHash.String(), Root: info.Root.String(), Content: info.Content.String(),
		Blocks: info.Blocks, Snapshots: info.Snapshots, Label: tree.Snapshot().Label, Entries: entries,
	}
	dir, file, err := tree.Original()
	if err != nil {
		t.Fatal(err)
	}
	if file != nil {
		list := []testkit.Entry{describe(".", dir), describe(file.Name, file)}
		if _, err := listDataOf(a, list, func(fn reader.WalkFunc) error { return tree.WalkFrom("", dir, fn) }); err != nil {
			t.Fatal(err)
		}
		got.Original = &list[1]
	}
	if !reflect.DeepEqual(got, v.Contents) {
		x, _ := json.Marshal(got)
		y, _ := json.Marshal(v.Contents)
		t.Errorf("got  %s\nwant %s", x, y)
	}
	checkFS(t, a, entries)
	return "", nil
}

// findingError makes an error of a finding, of the one that is expected if it
// is among them.
func findingError(v vector, found []reader.Finding) error {
	pick := found[0]
	for _, f := range found {
		if f.Structure == v.Structure && f.Class == v.Expect {
			pick = f
		}
	}
	class := map[string]error{"damaged": format.ErrDamaged, "unsupported": format.ErrUnsupported}[pick.Class]
	return &format.Error{Class: class, Structure: pick.Structure, Offset: pick.Offset, Block: pick.Block, Msg: pick.Message}
}

func listTree(a *reader.Archive) (all []testkit.Entry, err error) {
	err = a.Walk(func(path string, e *format.Entry, err error) error {
		if err == nil {
			all = append(all, describe(path, e))
		}
		return err
	})
	return all, err
}

func describe(path string, e *format.Entry) testkit.Entry {
	if path == "" {
		path = "."
	}
	out := testkit.Entry{
		Kind: e.Kind.String(), Size: e.Size, Count: e.Count,
		Major: e.Major, Minor: e.Minor, LinkID: e.LinkID, LinkCount: e.LinkCount,
	}
	out.Path, out.PathHex = textOrHex(path)
	out.Target, out.TargetHex = textOrHex(e.Target)
	if e.Kind == format.KindImplied {
		return out
	}
	out.Perm = fmt.Sprintf("%04o", e.Perm)
	out.UID, out.GID, out.User, out.Group = e.Owner.UID, e.Owner.GID, e.Owner.User, e.Owner.Group
	out.Mtime = &testkit.Time{Sec: e.Mtime.Sec, Nsec: e.Mtime.Nsec}
	if e.Btime != (format.Time{}) {
		out.Btime = &testkit.Time{Sec: e.Btime.Sec, Nsec: e.Btime.Nsec}
	}
	if e.Kind == format.KindFile {
		out.Ref = [...]string{"literal", "block", "run", "indirect", "recipe"}[e.Ref.Kind]
	}
	for _, x := range e.Xattrs {
		out.Xattrs = append(out.Xattrs, testkit.Xattr{Name: x.Name, ValueHex: hex.EncodeToString([]byte(x.Value))})
	}
	return out
}

func textOrHex(s string) (text, digits string) {
	if utf8.ValidString(s) {
		return s, ""
	}
	return "", hex.EncodeToString([]byte(s))
}

// largestRead bounds what is read of one file: some have runs without end.
const largestRead = 64 << 20

// listData reads every file and fills in its hash.
func listData(a *reader.Archive, all []testkit.Entry) ([]testkit.Entry, error) {
	return listDataOf(a, all, a.Walk)
}

func listDataOf(a *reader.Archive, all []testkit.Entry, walk func(reader.WalkFunc) error) ([]testkit.Entry, error) {
	i := 0
	err := walk(func(path string, e *format.Entry, err error) error {
		x := &all[i]
		i++
		if err != nil || e.Kind != format.KindFile {
			return err
		}
		f, err := a.ContentOf(e, path)
		if err != nil {
			return err
		}
		for _, err := range f.Extents(0) {
			if err != nil {
				return err
			}
		}
		if e.Size > largestRead {
			return nil
		}
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		x.SHA256 = hex.EncodeToString(h.Sum(nil))
		return nil
	})
	return all, err
}

// checkFS takes the tree through fs.FS. What TestFS opens must lead somewhere,
// so archives with links are left out of it.
func checkFS(t *testing.T, a *reader.Archive, all []testkit.Entry) {
	var names []string
	for _, e := range all {
		if e.Kind == "symlink" || strings.Contains(e.Path, "\\") || e.Size > 1<<20 && e.Kind == "file" {
			return
		}
		if e.Path != "." && fs.ValidPath(e.Path) && e.PathHex == "" {
			names = append(names, e.Path)
		}
	}
	if len(names) > 500 {
		return
	}
	if err := fstest.TestFS(a.FS(), names...); err != nil {
		t.Error(err)
	}
}
