package fusearchive

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// State is a state of an archive as States shows it.
type State struct {
	ID      format.Hash // of its snapshot record
	Archive *reader.Archive
	Tree    *reader.Tree
}

// States is a file system of several states of a tree, each a directory below
// the root that is called after its time in UTC; beside them are symbolic links,
// one called latest and one for each label that can be a name. States that are
// added while it is mounted appear.
type States struct {
	readOnly
	o    Options
	list func() ([]State, error)

	mu     sync.Mutex
	asked  time.Time
	states []*stateDir // the oldest first
	byID   map[format.Hash]*stateDir
	names  map[string]*stateDir
	links  map[string]*stateDir
	linkID map[string]uint64 // by name and target
	target map[uint64]string // of links, by id
}

type stateDir struct {
	name string
	time format.Time
	fs   *FS
}

const (
	// idBits are those of a node's id that count within a state. The others say
	// which state it is of, from 1; 0 is the root, and the links beside the states.
	idBits = 40
	// fresh is how long the kernel, and we, go by what was found of the states.
	fresh = time.Second
	// maxStates bounds how many there are.
	maxStates = 1 << 20
)

// NewStates makes the file system of states. list gives those that there are,
// the newest first; it is called now and, at most once a second, whenever
// somebody looks for what there is. What it has given before it gives again.
func NewStates(list func() ([]State, error), o Options) (*States, error) {
	s := &States{
		readOnly: newReadOnly(), o: o, list: list, byID: map[format.Hash]*stateDir{},
		names: map[string]*stateDir{}, linkID: map[string]uint64{}, target: map[uint64]string{},
	}
	if err := s.refresh(); err != nil {
		return nil, err
	}
	return s, nil
}

// String names the file system in messages of go-fuse.
func (s *States) String() string { return "vt" }

// refresh takes up states that are new. The mutex is held, or nobody else there.
func (s *States) refresh() error {
	if !s.asked.IsZero() && time.Since(s.asked) < fresh {
		return nil
	}
	all, err := s.list()
	if err != nil {
		return err
	}
	for _, x := range slices.Backward(all) {
		if s.byID[x.ID] != nil || len(s.states) == maxStates {
			continue
		}
		fs, err := New(x.Archive, x.Tree, s.o)
		if err != nil {
			return err
		}
		at := x.Tree.Snapshot().Time
		d := &stateDir{name: time.Unix(at.Sec, 0).UTC().Format(time.RFC3339), time: at, fs: fs}
		for _, more := range []string{"", "-" + x.ID.String()[:12], "-" + x.ID.String()} {
			if s.names[d.name+more] == nil {
				d.name += more
				break
			}
		}
		s.states = append(s.states, d)
		seed := binary.LittleEndian.Uint64(x.ID[:])
		fs.nodes.init(fs.root.Ref.Num, uint64(len(s.states))<<idBits|fuse.FUSE_ROOT_ID, mix(seed, linkSeed)&^(1<<63)|1<<62, seed|1)
		fs.base = strings.Trim(d.name+"/"+fs.base, "/")
		s.byID[x.ID], s.names[d.name] = d, d
	}
	s.asked = time.Now()
	s.links = map[string]*stateDir{}
	for _, x := range slices.Backward(all) { // the newest of a label counts
		label := x.Tree.Snapshot().Label
		if d := s.byID[x.ID]; d != nil && format.ValidName(label) && s.names[label] == nil {
			s.links[label] = d
		}
	}
	if len(all) > 0 && s.byID[all[0].ID] != nil {
		s.links["latest"] = s.byID[all[0].ID]
	}
	return nil
}

// current locks the states, as they are now.
func (s *States) current() {
	s.mu.Lock()
	if err := s.refresh(); err != nil && s.o.OnFault != nil {
		s.asked = time.Now() // what was known remains
		s.o.OnFault(err)
	}
}

// of gives the file system that a node is of: nil for the root and what lies
// beside the states.
func (s *States) of(id uint64) *FS {
	if id>>idBits == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := id>>idBits - 1; i < uint64(len(s.states)) {
		return s.states[i].fs
	}
	return nil
}

// link gives the id of a symbolic link. What it leads to is a part of it, since
// the kernel keeps that.
func (s *States) link(name, target string) uint64 {
	key := name + "\x00" + target
	id, ok := s.linkID[key]
	if !ok {
		id = fuse.FUSE_ROOT_ID + 1 + uint64(len(s.linkID))
		s.linkID[key], s.target[id] = id, target
	}
	return id
}

// Lookup finds a state, or a name in one.
func (s *States) Lookup(c cancel, header *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if f := s.of(header.NodeId); f != nil {
		return f.Lookup(c, header, name, out)
	}
	if header.NodeId != fuse.FUSE_ROOT_ID {
		return fuse.ENOTDIR
	}
	s.current()
	defer s.mu.Unlock()
	out.SetEntryTimeout(fresh)
	switch d, to := s.names[name], s.links[name]; {
	case d != nil:
		d.fs.tellRoot(out)
	case to != nil:
		out.NodeId = s.link(name, to.name)
		s.linkAttr(out.NodeId, to, &out.Attr)
		out.SetAttrTimeout(forever)
	}
	return fuse.OK
}

// tellRoot makes the root of a state known to the kernel.
func (f *FS) tellRoot(out *fuse.EntryOut) {
	n := f.nodes.root
	out.NodeId = n.id
	out.SetEntryTimeout(forever)
	out.SetAttrTimeout(forever)
	f.attr(n, f.root, &out.Attr)
}

func (s *States) linkAttr(id uint64, to *stateDir, out *fuse.Attr) {
	*out = fuse.Attr{Ino: id, Mode: unix.S_IFLNK | 0o777, Nlink: 1, Size: uint64(len(to.name)), Blksize: 4096, Owner: s.owner()}
	setTimes(out, to.time)
}

func (s *States) rootAttr(out *fuse.Attr) {
	*out = fuse.Attr{Ino: fuse.FUSE_ROOT_ID, Mode: unix.S_IFDIR | impliedPerm, Nlink: uint32(2 + len(s.states)), Blksize: 4096, Owner: s.owner()}
	var newest format.Time
	for _, d := range s.states {
		if d.time.Compare(newest) > 0 {
			newest = d.time
		}
	}
	setTimes(out, newest)
}

func (s *States) owner() fuse.Owner {
	o := fuse.Owner{Uid: s.o.ImpliedUID, Gid: s.o.ImpliedGID}
	if s.o.UID != nil {
		o.Uid = *s.o.UID
	}
	if s.o.GID != nil {
		o.Gid = *s.o.GID
	}
	return o
}

func setTimes(out *fuse.Attr, t format.Time) {
	out.Mtime, out.Mtimensec = uint64(t.Sec), t.Nsec
	out.Ctime, out.Ctimensec = out.Mtime, out.Mtimensec
	out.Atime, out.Atimensec = out.Mtime, out.Mtimensec
}

// GetAttr describes a node.
func (s *States) GetAttr(c cancel, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	if f := s.of(in.NodeId); f != nil {
		return f.GetAttr(c, in, out)
	}
	timeout, status := s.attr(in.NodeId, &out.Attr)
	out.SetTimeout(timeout)
	return status
}

// attr describes what is not in a state, and how long that holds.
func (s *States) attr(id uint64, out *fuse.Attr) (time.Duration, fuse.Status) {
	s.current()
	defer s.mu.Unlock()
	if id == fuse.FUSE_ROOT_ID {
		s.rootAttr(out)
		return fresh, fuse.OK
	}
	d := s.names[s.target[id]]
	if d == nil {
		return 0, fuse.Status(estale)
	}
	s.linkAttr(id, d, out)
	return forever, fuse.OK
}

// OpenDir lets the kernel keep what it has read of directories, but not of the
// root. Where a single state is shown, it need not ask even that.
func (s *States) OpenDir(_ cancel, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if in.NodeId != fuse.FUSE_ROOT_ID {
		out.OpenFlags |= fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_CACHE_DIR
	}
	return fuse.OK
}

// ReadDir lists a directory.
func (s *States) ReadDir(c cancel, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	if f := s.of(in.NodeId); f != nil {
		return f.ReadDir(c, in, out)
	}
	return s.readRoot(in, out.AddDirEntry)
}

// ReadDirPlus lists a directory and makes its entries known.
func (s *States) ReadDirPlus(c cancel, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	if f := s.of(in.NodeId); f != nil {
		return f.ReadDirPlus(c, in, out)
	}
	// That the kernel is told no node, it understands: it looks the name up.
	return s.readRoot(in, func(d fuse.DirEntry) bool { return out.AddDirLookupEntry(d) != nil })
}

func (s *States) readRoot(in *fuse.ReadIn, add func(fuse.DirEntry) bool) fuse.Status {
	if in.NodeId != fuse.FUSE_ROOT_ID {
		return fuse.ENOTDIR
	}
	s.current()
	defer s.mu.Unlock()
	all := []fuse.DirEntry{{Name: ".", Mode: unix.S_IFDIR, Ino: fuse.FUSE_ROOT_ID}, {Name: "..", Mode: unix.S_IFDIR, Ino: fuse.FUSE_ROOT_ID}}
	for _, d := range s.states {
		all = append(all, fuse.DirEntry{Name: d.name, Mode: unix.S_IFDIR, Ino: d.fs.nodes.root.ino})
	}
	links := len(all)
	for name, d := range s.links {
		all = append(all, fuse.DirEntry{Name: name, Mode: unix.S_IFLNK, Ino: s.link(name, d.name)})
	}
	slices.SortFunc(all[links:], func(a, b fuse.DirEntry) int { return cmp.Compare(a.Name, b.Name) })
	for i := in.Offset; i < uint64(len(all)); i++ {
		all[i].Off = i + 1
		if !add(all[i]) {
			break
		}
	}
	return fuse.OK
}

// Readlink gives where a symbolic link leads to.
func (s *States) Readlink(c cancel, header *fuse.InHeader) ([]byte, fuse.Status) {
	if f := s.of(header.NodeId); f != nil {
		return f.Readlink(c, header)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	target, ok := s.target[header.NodeId]
	if !ok {
		return nil, fuse.EINVAL
	}
	return []byte(target), fuse.OK
}

// StatFs tells of the archive as the newest state has it.
func (s *States) StatFs(c cancel, header *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	s.current()
	var f *FS
	if n := len(s.states); n > 0 {
		f = s.states[n-1].fs
	}
	s.mu.Unlock()
	if f == nil {
		return fuse.OK
	}
	return f.StatFs(c, header, out)
}

// What follows is answered by the state that it is about.

func (s *States) Forget(id, lookups uint64) {
	if f := s.of(id); f != nil {
		f.Forget(id, lookups)
	}
}

func (s *States) Statx(c cancel, in *fuse.StatxIn, out *fuse.StatxOut) fuse.Status {
	if f := s.of(in.NodeId); f != nil {
		return f.Statx(c, in, out)
	}
	var a fuse.Attr
	timeout, status := s.attr(in.NodeId, &a)
	out.SetTimeout(timeout)
	statx(&a, format.Time{}, &out.Statx)
	return status
}

func (s *States) Open(c cancel, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status { return fuse.ENOSYS }

func (s *States) Flush(cancel, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

func (s *States) Read(c cancel, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	if f := s.of(in.NodeId); f != nil {
		return f.Read(c, in, buf)
	}
	return nil, fuse.EINVAL
}

func (s *States) Lseek(c cancel, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	if f := s.of(in.NodeId); f != nil {
		return f.Lseek(c, in, out)
	}
	return fuse.EINVAL
}

func (s *States) GetXAttr(c cancel, header *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	if f := s.of(header.NodeId); f != nil {
		return f.GetXAttr(c, header, name, dest)
	}
	return 0, fuse.ENOATTR
}

func (s *States) ListXAttr(c cancel, header *fuse.InHeader, dest []byte) (uint32, fuse.Status) {
	if f := s.of(header.NodeId); f != nil {
		return f.ListXAttr(c, header, dest)
	}
	return 0, fuse.OK
}

var _ fuse.RawFileSystem = (*States)(nil)
