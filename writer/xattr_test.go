package writer

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/internal/testkit"
)

func setXattr(t *testing.T, path, name, value string) {
	t.Helper()
	perhaps(t, unix.Lsetxattr(path, name, []byte(value), 0))
}

func TestXattrs(t *testing.T) {
	dir := memoryDir(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"file", "empty", "literal"} {
		put(t, in(name), strings.Repeat("x", 100*len(name)-400))
	}
	must(t, os.MkdirAll(in("dir/sub"), 0o755))
	for _, name := range []string{"file", "empty", "literal", "dir", "dir/sub", "."} {
		setXattr(t, in(name), "user.text", "value")
		setXattr(t, in(name), "user.empty", "")
		setXattr(t, in(name), "user.binary", "\x00\xff\x00")
		setXattr(t, in(name), "user."+strings.Repeat("n", 250), name)
	}
	both(t, dir)
}

func TestLargeXattrs(t *testing.T) {
	dir := memoryDir(t)
	for i := range 6 {
		path := put(t, filepath.Join(dir, fmt.Sprint(i)), "x")
		setXattr(t, path, "user.large", noise(uint64(i), 60_000))
		setXattr(t, path, "user.largest", noise(uint64(i), 64<<10-64))
	}
	both(t, dir)
}

// acl is the raw form of a POSIX ACL with one user and one group more than the
// permissions have.
func acl(perm uint16) string {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{
		{0x01, perm >> 6 & 7, 0xffffffff}, {0x02, 6, 70_000}, {0x04, perm >> 3 & 7, 0xffffffff}, {0x08, 4, 70_001},
		{0x10, 7, 0xffffffff}, {0x20, perm & 7, 0xffffffff},
	} {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return string(b)
}

func TestACLsAndCapabilities(t *testing.T) {
	dir := files(t, map[string]string{"file": text(1, 1000), "dir/x": "x", "tool": "#!"})
	in := func(name string) string { return filepath.Join(dir, name) }
	setXattr(t, in("file"), "system.posix_acl_access", acl(0o640))
	setXattr(t, in("dir"), "system.posix_acl_access", acl(0o750))
	setXattr(t, in("dir"), "system.posix_acl_default", acl(0o700))
	capability := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	capability = append(capability, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	setXattr(t, in("tool"), "security.capability", string(capability))
	c := both(t, dir)
	if n := len(find(t, c, "dir").Xattrs); n != 2 {
		t.Errorf("%d attributes of the directory", n)
	}
}

// TestXattrsOfSpecialFiles needs the trusted namespace: user attributes are of
// files and directories only.
func TestXattrsOfSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.Symlink("nowhere", in("link")))
	must(t, unix.Mkfifo(in("fifo"), 0o600))
	must(t, unix.Mknod(in("socket"), unix.S_IFSOCK|0o600, 0))
	perhaps(t, unix.Mknod(in("null"), unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))))
	for _, name := range []string{"link", "fifo", "socket", "null"} {
		setXattr(t, in(name), "trusted.kind", name)
	}
	must(t, os.Link(in("fifo"), in("again")))
	both(t, dir)
}

func TestXattrsAboveTheirLimit(t *testing.T) {
	s := &scan{o: &Options{}, t: newTree()}
	huge := make([]fsmeta.Xattr, 0, 80)
	for i := range 80 {
		huge = append(huge, fsmeta.Xattr{Name: fmt.Sprintf("user.%02d", i), Value: testkit.Noise(1, 60_000)})
	}
	huge = append(huge, fsmeta.Xattr{Name: "user.z", Value: []byte("small")})
	var n node
	s.xattrs(&n, "path", func() ([]fsmeta.Xattr, error) { return huge, nil })
	got := s.t.xattrs[n.xattrs]
	total := 0
	for _, x := range got {
		total += len(x.Name) + len(x.Value)
	}
	if total > format.MaxXattrTotal || len(got)+len(s.issues) != len(huge) || got[len(got)-1].Name != "user.z" {
		t.Errorf("%d attributes of %d bytes, %d issues", len(got), total, len(s.issues))
	}
}
