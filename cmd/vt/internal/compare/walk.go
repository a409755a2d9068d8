package compare

import (
	"context"
	"errors"
	"iter"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/fsmeta"
	"github.com/vtdarchive/vtd/reader"
)

type inode struct{ dev, ino uint64 }

// walker goes through both trees.
type walker struct {
	ctx    context.Context
	a      *reader.Archive
	o      *Options
	q      *queue
	owners fsmeta.Owners

	// Which inode stands for a group of hard links, and the other way round.
	inodes map[uint64]inode
	ids    map[inode]uint64
}

// differ queues a difference that stands alone.
func (w *walker) differ(path, what, archive, found string) {
	w.q.put(Difference{path, what, archive, found})
}

// root compares the roots and all below. It closes the descriptor.
func (w *walker) root(fd int, e *format.Entry) error {
	if e.Kind != format.KindImplied {
		info, err := fsmeta.FStat(fd)
		if err != nil {
			w.differ("", Failed, "", bare(err).Error())
		} else {
			w.q.put(w.metadata("", e, &info, func() ([]fsmeta.Xattr, error) { return fsmeta.FXattrs(fd) })...)
		}
	}
	return w.dir(fd, "", e)
}

// dir compares what two directories hold. It closes the descriptor.
func (w *walker) dir(fd int, path string, e *format.Entry) error {
	defer unix.Close(fd)
	names, err := fsmeta.ReadDirNames(fd)
	if err != nil {
		w.differ(path, Failed, "", bare(err).Error())
		return nil
	}
	slices.Sort(names)
	next, stop := iter.Pull2(w.a.ReadDir(e))
	defer stop()
	for {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		x, err, more := next()
		if err != nil {
			return err
		}
		for len(names) > 0 && (!more || names[0] < x.Name) {
			if e.Kind != format.KindImplied {
				w.differ(join(path, names[0]), Added, "", "")
			}
			names = names[1:]
		}
		if !more {
			return nil
		}
		full := join(path, x.Name)
		if len(names) == 0 || names[0] != x.Name {
			w.differ(full, Missing, "", "")
			continue
		}
		names = names[1:]
		if err := w.entry(fd, full, x); err != nil {
			return err
		}
	}
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// bare drops the path from an error that is shown behind one.
func bare(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
