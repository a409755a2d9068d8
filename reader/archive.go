package reader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/vtdarchive/vtd/format"
)

// Options say how an archive is opened. The zero value is the default.
type Options struct {
	// Name stands before every error message; OpenFile sets it to the path.
	Name string
	// NoMap makes OpenFile read with pread instead of mapping the file.
	NoMap bool
	// CacheBytes bounds the memory of decoded frames, in bytes: 0 means
	// 128 MiB. One frame is always kept, whatever its size. What recipes make
	// may take a fourth of it in addition, and so do frames in use and those that
	// are being decoded.
	CacheBytes int64
	// NodeCacheBytes bounds the memory of parsed metadata, in bytes: 0 means
	// 64 MiB.
	NodeCacheBytes int64
	// ReadAhead is how many frames may be decoded, or parts of files checked,
	// ahead of sequential readers at a time: 0 means one less than the processors
	// there are, negative none.
	ReadAhead int
	// WholeTree says that the newest tree is going to be walked. A
	// [PlannedSource] is told of it.
	WholeTree bool
}

const (
	defaultCache     = 128 << 20
	defaultNodeCache = 64 << 20
	indexCache       = 4 << 20 // pages of the index held

	// asideShare is how much cache there is for each frame that is decoded past it at a
	// time: it takes memory, too.
	asideShare = 64 << 20
)

func (o Options) withDefaults() Options {
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCache
	}
	if o.NodeCacheBytes == 0 {
		o.NodeCacheBytes = defaultNodeCache
	}
	if o.ReadAhead == 0 {
		o.ReadAhead = runtime.GOMAXPROCS(0) - 1
	}
	return o
}

// Archive is an open archive. Its methods are safe for concurrent use. What
// they return is shared and must not be modified.
type Archive struct {
	src  Source
	size int64
	opts Options

	header     *format.Header
	headerSize int64
	trailer    *format.Trailer
	torn       int64       // bytes after the trailer
	tornParity bool        // they begin as recovery data
	parts      []indexPart // ascending by number of block

	pages    *cache[int64, []byte]
	frames   *cache[uint64, *frame]
	spents   spents
	excerpts excerpts
	aside    chan struct{} // has room for as many frames as are decoded past the cache at a time
	scratch  sync.Pool     // of *[]byte, for them
	nodes    *cache[uint64, *node]
	made     *cache[partKey, []byte] // parts of what recipes make
	ahead    readAhead
	closed   atomic.Bool

	tree   func() (*Tree, error) // the newest
	shown  atomic.Pointer[Tree]  // in its place
	byHash func() ([]hashRow, error)
}

// OpenFile opens an archive on disk, mapped into memory unless Options say
// otherwise. Errors about its content are of a class of package format.
func OpenFile(path string, opts Options) (*Archive, error) {
	open := MappedFile
	if opts.NoMap {
		open = PlainFile
	}
	src, err := open(path)
	if err != nil {
		return nil, err
	}
	if opts.Name == "" {
		opts.Name = path
	}
	a, err := Open(src, opts)
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	return a, nil
}

// Open opens an archive. It reads the header, the trailers that lead to the
// parts of the index, and their heads: a few hundred bytes, however large the
// archive. Close closes the source; when Open fails, the source stays open.
func Open(src Source, opts Options) (*Archive, error) {
	opts = opts.withDefaults()
	a := &Archive{src: src, size: src.Size(), opts: opts}
	a.pages = newCache[int64, []byte](indexCache, nil)
	a.frames = newCache[uint64](opts.CacheBytes, (*frame).close)
	a.aside = make(chan struct{}, max(1, min(int64(runtime.GOMAXPROCS(0)), opts.CacheBytes/asideShare)))
	a.frames.chance = rand.New(rand.NewPCG(0, 0))
	a.frames.spare, a.frames.lighten = (*frame).spare, (*frame).lighter
	a.frames.dropping = a.excerpts.keep
	a.nodes = newCache[uint64, *node](opts.NodeCacheBytes, nil)
	a.made = newCache[partKey, []byte](opts.CacheBytes/madeShare, nil)
	a.ahead.slots = max(opts.ReadAhead, 0)
	a.tree = onceOK(a.newestTree)
	a.byHash = onceOK(a.sortHashes)
	if err := a.open(); err != nil {
		return nil, a.named(err)
	}
	return a, nil
}

// Close ends read-ahead, drops what is cached and closes the source. Reads
// after it fail with fs.ErrClosed.
func (a *Archive) Close() error {
	if a.closed.Swap(true) {
		return a.named(fs.ErrClosed)
	}
	a.ahead.wait()
	a.frames.clear()
	a.nodes.clear()
	a.made.clear()
	a.pages.clear()
	return a.named(a.src.Close())
}

// Header is what the archive begins with.
func (a *Archive) Header() *format.Header { return a.header }

// Trailer is the newest valid trailer.
func (a *Archive) Trailer() *format.Trailer { return a.trailer }

// HashID is the archive's hash function.
func (a *Archive) HashID() format.HashID { return a.header.Hash }

// Size is the length of the source in bytes, with any torn tail.
func (a *Archive) Size() int64 { return a.size }

// Blocks is the count of blocks, which are numbered from 0.
func (a *Archive) Blocks() uint64 { return a.trailer.Blocks }

// TornTail is how many bytes follow the newest valid trailer: what an append
// that did not finish has left, or one did whose end is damaged. They are ignored.
func (a *Archive) TornTail() int64 { return a.torn }

// Warnings tells, in sentences, what is unusual about an archive that opens
// all the same.
func (a *Archive) Warnings() []string {
	var w []string
	if a.tornParity {
		w = append(w, fmt.Sprintf("the last %d bytes, from offset %d, are left over from recovery data that was cut off or never finished; they are ignored, and vt ar repair makes it whole if enough is there",
			a.torn, a.size-a.torn))
	} else if a.torn > 0 && a.header.Flags&format.FlagAsCreated != 0 {
		w = append(w, fmt.Sprintf("the last %d bytes, from offset %d, follow the end of the archive and are no part of it; they are ignored",
			a.torn, a.size-a.torn))
	} else if a.torn > 0 {
		w = append(w, fmt.Sprintf("the last %d bytes, from offset %d, are left over from an append that did not finish, or the end of the file is damaged; they are ignored",
			a.torn, a.size-a.torn))
	}
	return w
}

// named puts the archive's name before an error.
func (a *Archive) named(err error) error {
	if err == nil || a.opts.Name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", a.opts.Name, err)
}

// read fills b from an offset. An end of file inside is damage to structure.
func (a *Archive) read(b []byte, off int64, structure string) error {
	if a.closed.Load() {
		return fs.ErrClosed
	}
	n, err := a.src.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return damagedBy(err, structure, off)
	case err == nil:
		err = io.ErrNoProgress
	}
	return fmt.Errorf("%s: reading %d bytes at offset %d: %w", structure, len(b), off, err)
}

// damagedBy says that the file ends too early, and why when that is known.
func damagedBy(err error, structure string, off int64) error {
	if errors.Is(err, errFault) {
		return format.Damaged(structure, off, "%v", err)
	}
	return format.Damaged(structure, off, "the file ends inside it")
}

// fits tells whether n bytes at off lie inside the file, before memory is
// taken for them.
func (a *Archive) fits(off, n int64) bool {
	return off >= 0 && n >= 0 && off <= a.size && n <= a.size-off
}

// onceOK makes a value once and keeps it; a failure is tried again.
func onceOK[T any](make func() (T, error)) func() (T, error) {
	var mu sync.Mutex
	var val T
	var done bool
	return func() (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if done {
			return val, nil
		}
		v, err := make()
		if err == nil {
			val, done = v, true
		}
		return v, err
	}
}
