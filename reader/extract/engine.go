package extract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/dirtree"
	"github.com/vtdarchive/vtd/internal/fsmeta"
)

const (
	// openDirs is how many directories are kept open beyond those in use, where
	// the process may have so many files open: blocks come in an order that
	// jumps between directories.
	openDirs = 4096
	// queued is how many jobs wait for a worker. Each frame among them holds
	// its memory.
	queued = 4
	// maxWorkers is where more writers stop helping.
	maxWorkers = 8
	// mostWorkers bounds what can be asked for.
	mostWorkers = 64
)

// engine restores one archive.
type engine struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	opts   Options
	root   *os.Root
	rootf  *os.File
	cache  *dirtree.Cache

	dirs  dirs
	attrs attrsTable
	files []file // rows are added only while no worker uses them
	refs  []ref  // sorted while frames come
	links []*link

	wrecks []wreck // damaged files; with mu
	save   func()  // restores what is left of them; nil for a stream

	corrected bool // a second tree has come: files may be opened again

	workers []*worker
	running sync.WaitGroup // workers
	pending sync.WaitGroup // jobs

	entries, bytes atomic.Int64

	mu     sync.Mutex // of what follows, and of callbacks
	res    Result
	stayed map[place]bool // existing files that were kept
}

// worker restores what lies in its share of the directories.
type worker struct {
	*engine
	id    int
	jobs  chan job
	open  []uint32 // files that are open
	clock uint64

	lastDir int32 // the directory whose handle is held, or -1
	handle  dirtree.Handle

	inputs inputs
}

// job is a piece of work; every worker gets each and does its share.
type job struct {
	blocks *blocks       // a frame
	lo, hi int           // the references to its blocks
	nodes  []*node       // what can be made at once
	each   func(*worker) // anything else
	done   *atomic.Int32 // counts the workers that are through
	free   func()        // is called by the last
}

// blocks are blocks that follow one another.
type blocks struct {
	first uint64
	data  [][]byte         // nil: absent
	errs  map[uint64]error // those that are lost
	lost  error            // all are
}

func newEngine(ctx context.Context, target string, o Options) (*engine, error) {
	root, err := os.OpenRoot(target)
	if err != nil {
		return nil, err
	}
	f, err := root.Open(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	e := &engine{opts: o, root: root, rootf: f}
	e.ctx, e.cancel = context.WithCancelCause(ctx)
	e.attrs = attrsTable{
		index: make(map[attrsKey]*attrs), owners: new(fsmeta.Owners), opts: &e.opts,
		umask: umask(), uid: uint32(os.Geteuid()), gid: uint32(os.Getegid()),
	}
	_, err = fsmeta.FGetXattr(int(f.Fd()), fsmeta.XattrACLDefault)
	e.dirs.add(dir{parent: dirtree.Root, state: dirExisted, inherits: err == nil})
	e.cache = dirtree.New(int(f.Fd()), e.dirs.parent, dirsToKeep())
	n := min(o.Workers, mostWorkers)
	if n <= 0 {
		n = min(max(2, runtime.GOMAXPROCS(0)), maxWorkers)
	}
	for i := range n {
		w := &worker{engine: e, id: i, jobs: make(chan job, queued), lastDir: -1}
		e.workers = append(e.workers, w)
		e.running.Add(1)
		go w.run()
	}
	return e, nil
}

// dirsToKeep is openDirs, or a quarter of what the process may open.
func dirsToKeep() int {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return openDirs / 16
	}
	return int(min(l.Cur/4, openDirs))
}

// umask reads the mask of the process without changing it, which would show
// in other goroutines.
func umask() uint32 {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "Umask:"); ok {
			if n, err := strconv.ParseUint(strings.TrimSpace(v), 8, 32); err == nil {
				return uint32(n)
			}
		}
	}
	return 0o022
}

// post gives a job to every worker.
func (e *engine) post(j job) {
	j.done = new(atomic.Int32)
	e.pending.Add(len(e.workers))
	for _, w := range e.workers {
		w.jobs <- j
	}
}

// mine reports whether the entries of a directory are the worker's.
func (w *worker) mine(dir int32) bool { return int(dir)%len(w.workers) == w.id }

func (w *worker) run() {
	defer w.running.Done()
	for j := range w.jobs {
		w.do(j)
		if j.done.Add(1) == int32(len(w.workers)) && j.free != nil {
			j.free()
		}
		w.pending.Done()
	}
}

func (w *worker) do(j job) {
	switch {
	case w.ctx.Err() != nil:
		// Ended: only clean-up is left, which is not a worker's.
	case j.each != nil:
		j.each(w)
	case j.blocks != nil:
		w.frame(j.blocks, j.lo, j.hi)
	default:
		for _, n := range j.nodes {
			if w.mine(n.dir) && w.ctx.Err() == nil {
				w.makeNode(n)
			}
		}
	}
	w.release()
	w.progress()
}

// errNoDir: the directory could not be made, which has been reported.
var errNoDir = errors.New("its directory could not be made")

// dirFD gives the descriptor of a directory, valid until the next call or
// release.
func (w *worker) dirFD(id int32) (int, error) {
	if id == w.lastDir {
		return w.handle.FD(), nil
	}
	w.release()
	if w.dirs.at(id).state == dirFailed {
		return -1, errNoDir
	}
	h, err := w.cache.Get(int(id))
	if err != nil {
		return -1, err
	}
	w.lastDir, w.handle = id, h
	return h.FD(), nil
}

func (w *worker) release() {
	if w.lastDir >= 0 {
		w.handle.Release()
		w.lastDir = -1
	}
}

// blocksLost fails the files that need blocks first to end.
func (e *engine) blocksLost(first, end uint64, err error) {
	lo, hi := refsOf(e.refs, first, end)
	if lo < hi {
		e.post(job{blocks: &blocks{first: first, lost: err}, lo: lo, hi: hi})
	}
}

// drain waits until all jobs are done.
func (e *engine) drain() { e.pending.Wait() }

// issue reports something that could not be restored.
func (e *engine) issue(i Issue) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.res.Issues++
	if i.Damage() {
		e.res.Damaged++
		if len(e.res.Damage) < maxDamage {
			e.res.Damage = append(e.res.Damage, i)
		}
	}
	if e.opts.Issue != nil {
		e.opts.Issue(i)
	}
}

// problem is issue, but for errors that would meet every entry to come: they
// end the extraction; and for those that have been reported.
func (e *engine) problem(dir int32, name, attr string, err error) {
	if err == errNoDir {
		return
	}
	path := e.dirs.path(dir, name)
	for _, errno := range []unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EIO, unix.EMFILE, unix.ENFILE} {
		if errors.Is(err, errno) {
			e.cancel(fmt.Errorf("%s: %w", path, err))
			return
		}
	}
	e.issue(Issue{path, attr, err})
}

// attrIssues reports attributes that could not be set.
func (e *engine) attrIssues(dir int32, name string, errs []*fsmeta.AttrError) {
	for _, a := range errs {
		attr := string(a.Attr)
		if a.Name != "" {
			attr += " " + a.Name
		}
		e.issue(Issue{e.dirs.path(dir, name), attr, a.Err})
	}
}

// what selects the metadata to apply to something new in a directory.
func (e *engine) what(inherits bool) fsmeta.What {
	// Without Perms the mode has the umask taken off already, and still has to
	// be set where something was made open to nobody else.
	w := fsmeta.SetMode
	if e.opts.Owners {
		w |= fsmeta.SetOwner
	}
	if e.opts.Times {
		w |= fsmeta.SetTime
	}
	if e.opts.Xattrs {
		w |= fsmeta.SetXattrs
		if inherits {
			w |= fsmeta.PruneXattrs
		}
	}
	return w
}

// kept counts an existing file that stays.
func (e *engine) kept(dir int32, name string) {
	e.mu.Lock()
	e.res.Kept++
	if e.stayed == nil {
		e.stayed = make(map[place]bool)
	}
	e.stayed[place{dir, name}] = true
	e.mu.Unlock()
	if e.opts.Existing == Keep {
		e.issue(Issue{e.dirs.path(dir, name), "", ErrExists})
	}
}

// restored counts an entry that is complete.
func (e *engine) restored(dir int32, name string, kind format.Kind, size uint64) {
	e.entries.Add(1)
	e.bytes.Add(int64(size))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.res.count(kind, size, 1)
	if e.opts.Restored != nil {
		e.opts.Restored(e.dirs.path(dir, name), kind)
	}
}

func (e *engine) progress() {
	if e.opts.Progress == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opts.Progress(Progress{e.entries.Load(), e.bytes.Load()})
}

// finish removes incomplete files, makes links, sets the metadata of
// directories, and closes everything. incomplete is why blocks did not come,
// nil when the archive came to its end.
func (e *engine) finish(incomplete error) (*Result, error) {
	e.drain()
	e.post(job{each: func(w *worker) { w.abandon(incomplete) }})
	e.drain()
	if e.ctx.Err() == nil {
		if e.save != nil {
			e.save()
		}
		e.makeLinks()
		e.finishDirs()
	}
	for _, w := range e.workers {
		close(w.jobs)
	}
	e.running.Wait()
	err := context.Cause(e.ctx)
	if err != nil {
		e.removeIncomplete()
	}
	e.cancel(nil)
	for _, w := range e.workers {
		w.inputs.close()
	}
	e.cache.Close()
	e.rootf.Close()
	e.root.Close()
	e.progress()
	return &e.res, err
}
