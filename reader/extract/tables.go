package extract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// rootDir is the number of the target itself.
const rootDir = 0

// dirState is what has become of a directory.
type dirState uint8

const (
	dirPlanned dirState = iota
	dirMade
	dirExisted
	dirFailed
)

// dir is a directory of the target.
type dir struct {
	name     string
	mtime    fsmeta.Time
	attrs    *attrs // nil: it gets no metadata
	parent   int32
	state    dirState
	inherits bool // what is made in it gets ACLs from its default
}

// dirs is the table of directories. Rows are added by the planner while
// workers look parents up.
type dirs struct {
	mu   sync.RWMutex
	rows []dir
}

// parent is the look-up that package dirtree wants.
func (t *dirs) parent(id int) (int, string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	d := &t.rows[id]
	return int(d.parent), d.name
}

func (t *dirs) add(d dir) int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, d)
	return int32(len(t.rows) - 1)
}

// at gives a copy of a row.
func (t *dirs) at(id int32) dir {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.rows[id]
}

func (t *dirs) set(id int32, change func(*dir)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.rows[id])
}

// path is the path below the target of a name in a directory.
func (t *dirs) path(id int32, name string) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var parts []string
	if name != "" {
		parts = append(parts, name)
	}
	for ; id > rootDir; id = t.rows[id].parent {
		parts = append(parts, t.rows[id].name)
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}

// fileState is what has become of a regular file.
type fileState uint8

const (
	filePlanned fileState = iota
	fileMade              // it exists, under its own or a temporary name
	fileDone
	fileFailed
	fileKept // another one exists and stays
	fileGone // a corrected tree has another in its place, or none
)

// file is a regular file that waits for blocks, or the input of a recipe that
// makes a part of one, see made.go. It belongs to the worker of its directory.
type file struct {
	name  string
	mtime fsmeta.Time
	size  uint64
	attrs *attrs
	rare  *rareFile
	dir   int32
	left  uint32 // references and recipes not yet written
	fd    int    // -1 when not open
	state fileState
	tail  bool // it ends in a hole: its size has to be set
	ours  bool // what exists under its name was restored by this extraction
}

// rareFile is what few files have.
type rareFile struct {
	temp     string      // the name it has until it is complete
	dev, ino uint64      // what to find when it is opened again
	extras   []extra     // parts that are in no block
	leader   *linkFile   // it has hard links
	used     uint64      // when it was last written, for choosing which to close
	making   *making     // it is no file, but the input of a recipe
	ref      *format.Ref // its content, for what is left of it if it is damaged
}

func (f *file) more() *rareFile {
	if f.rare == nil {
		f.rare = new(rareFile)
	}
	return f.rare
}

// onDisk is the name the file has at the moment.
func (f *file) onDisk() string {
	if f.rare != nil && f.rare.temp != "" {
		return f.rare.temp
	}
	return f.name
}

// extra is a part of a file that is a literal, or a run of an octet other
// than zero.
type extra struct {
	off, span uint64
	octet     byte
	literal   []byte
}

// ref is one use of a block.
type ref struct {
	num  uint64
	off  uint64
	file uint32
	span uint32
}

// maxRefs bounds the uses of blocks in one extraction: 1.5 GB of table, for 4
// TiB at the usual block size. References to references can name without end
// what takes no room in an archive.
const maxRefs = 1 << 26

// sortRefs puts references in the order of blocks; among those of one block
// files keep their order.
func sortRefs(refs []ref) {
	order := func(a, b ref) int {
		return cmp.Or(cmp.Compare(a.num, b.num), cmp.Compare(a.file, b.file), cmp.Compare(a.off, b.off))
	}
	if !slices.IsSortedFunc(refs, order) {
		slices.SortFunc(refs, order)
	}
}

// refsOf finds the references to blocks first to end.
func refsOf(refs []ref, first, end uint64) (lo, hi int) {
	at := func(num uint64) int {
		i, _ := slices.BinarySearchFunc(refs, num, func(r ref, num uint64) int { return cmp.Compare(r.num, num) })
		return i
	}
	return at(first), at(end)
}

// attrs are the metadata that many entries share.
type attrs struct {
	meta fsmeta.Meta // without time
	perm uint32      // to make an object with
}

// attrsKey tells equal attributes.
type attrsKey struct {
	mode   uint32
	owner  format.Owner
	xattrs string
}

// attrsTable holds each set of attributes once. It is the planner's alone.
type attrsTable struct {
	index  map[attrsKey]*attrs
	last   attrsKey
	latest *attrs
	owners *fsmeta.Owners
	opts   *Options
	umask  uint32
	uid    uint32
	gid    uint32
}

func (t *attrsTable) of(e *format.Entry) *attrs {
	k := attrsKey{mode: e.Mode(), owner: e.Owner}
	if len(e.Xattrs) > 0 {
		var b strings.Builder
		for _, x := range e.Xattrs {
			fmt.Fprintf(&b, "%d %d %s%s", len(x.Name), len(x.Value), x.Name, x.Value)
		}
		k.xattrs = b.String()
	}
	if t.latest != nil && k == t.last {
		return t.latest
	}
	a, ok := t.index[k]
	if !ok {
		a = t.make(e)
		t.index[k] = a
	}
	t.last, t.latest = k, a
	return a
}

var kindBits = map[format.Kind]uint32{
	format.KindFile: unix.S_IFREG, format.KindDir: unix.S_IFDIR, format.KindImplied: unix.S_IFDIR,
	format.KindSymlink: unix.S_IFLNK, format.KindFifo: unix.S_IFIFO, format.KindSocket: unix.S_IFSOCK,
	format.KindChar: unix.S_IFCHR, format.KindBlockDev: unix.S_IFBLK, format.KindWhiteout: unix.S_IFCHR,
}

func (t *attrsTable) make(e *format.Entry) *attrs {
	a := &attrs{}
	m := &a.meta
	m.Uid, m.Gid = t.owner(e.Owner)
	perm := uint32(e.Perm)
	if !t.opts.Perms {
		perm &= 0o777 &^ t.umask
	}
	if !t.opts.Owners && e.Kind != format.KindDir {
		// A set-ID bit means the recorded owner, who this will not be.
		if m.Uid != t.uid {
			perm &^= unix.S_ISUID
		}
		if m.Gid != t.gid {
			perm &^= unix.S_ISGID
		}
	}
	if !t.opts.SetID && !e.Kind.IsDir() {
		perm &^= unix.S_ISUID | unix.S_ISGID
	}
	m.Mode = kindBits[e.Kind] | perm
	for _, x := range e.Xattrs {
		if x.Name == "security.capability" && t.uid == 0 && !t.opts.SetID {
			continue // for anybody else it cannot be restored, and is named
		}
		m.Xattrs = append(m.Xattrs, fsmeta.Xattr{Name: x.Name, Value: []byte(x.Value)})
	}
	a.perm = fsmeta.InitialMode(m)
	return a
}

// owner finds the numbers to give: by name where it is known here, as tar
// does.
func (t *attrsTable) owner(o format.Owner) (uid, gid uint32) {
	uid, gid = o.UID, o.GID
	if t.opts.NumericOwner {
		return uid, gid
	}
	if o.User != "" {
		if n, ok := t.owners.UserID(o.User); ok {
			uid = n
		}
	}
	if o.Group != "" {
		if n, ok := t.owners.GroupID(o.Group); ok {
			gid = n
		}
	}
	return uid, gid
}

func timeOf(t format.Time) fsmeta.Time { return fsmeta.Time{Sec: t.Sec, Nsec: int32(t.Nsec)} }
