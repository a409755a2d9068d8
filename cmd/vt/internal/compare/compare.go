// Package compare holds a tree of an archive against a directory: kinds,
// metadata, and contents by their hashes, for which the archive's data need
// not be read.
//
//	compare.go  Tree and what a Difference is
//	walk.go     both trees side by side, in order of name
//	entry.go    one entry against one file
//	queue.go    contents hashed in parallel, differences given in order
package compare

import (
	"context"
	"io/fs"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/reader"
)

// What differs.
const (
	Missing = "missing" // the directory lacks it
	Added   = "added"   // the archive lacks it; what is below is not named
	Type    = "type"
	Size    = "size"
	Content = "content"
	Mode    = "mode"
	Owner   = "owner"
	Group   = "group"
	Mtime   = "mtime"
	Xattrs  = "xattrs"
	Target  = "target"
	Device  = "device"
	Links   = "links" // other names are the same file
	Failed  = "error" // it could not be looked at
)

// Difference is one thing that an entry and a file do not have in common.
type Difference struct {
	Path    string // "" for the root
	What    string
	Archive string // what the archive has
	Found   string // what the directory has; for Failed, why not
}

// Options of Tree.
type Options struct {
	NumericOwner bool            // hold ids against each other, not what names stand for here
	Ignore       map[string]bool // what is not looked at, such as Owner
	Threads      int             // that hash contents; 0: one for each processor
	Quick        bool            // files of the same size and time have the same content
	// Differ hears of each difference, in the order of the tree.
	Differ func(Difference)
	// Progress hears of bytes and files hashed, from any goroutine.
	Progress func(bytes, files int64)
}

// Tree compares a tree with the directory of that path. Directories that an
// archive has only for what is below them stand for nothing more: what else
// the directory has there is not looked at. The error is about the archive,
// the directory itself, or the end of the context.
func Tree(ctx context.Context, a *reader.Archive, t *reader.Tree, dir string, o Options) error {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &walker{
		ctx: ctx, a: a, o: &o, q: newQueue(ctx, &o),
		inodes: map[uint64]inode{}, ids: map[inode]uint64{},
	}
	err = w.root(fd, t.Root())
	if err != nil {
		cancel() // nobody needs what is still being hashed
	}
	w.q.finish()
	return err
}
