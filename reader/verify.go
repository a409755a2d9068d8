package reader

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"github.com/vtdarchive/vtd/format"
)

// VerifyOptions say how much Verify does.
type VerifyOptions struct {
	// Fast checks the hash of each frame's stored bytes and decodes nothing.
	Fast bool
	// NoContents leaves out that files of several blocks are held, as a whole,
	// against the hash of their whole content, in each snapshot. The blocks are
	// checked one by one anyway, which finds every damage; this finds a
	// writer's mistake, at the price of hashing such files twice.
	NoContents bool
	// Progress, if not nil, is told now and then how many bytes of how many
	// have been checked. Calls do not overlap.
	Progress func(done, total int64)
	// Workers is how many frames are checked at a time: 0 means one for each
	// processor. Memory stays below 720 MiB whatever it is, with the caches
	// that Options have by default.
	Workers int
}

// verifier holds the state of one Verify.
type verifier struct {
	a      *Archive
	ctx    context.Context
	opts   VerifyOptions
	limits passLimits
	findings
	rep Report

	// state has what is known of each block; four bytes where the index has
	// 32, so that the file bounds it.
	state []uint32

	pass  *contentPass // nil without contents
	early *earlyTrees  // nil if the trees are not checked beside the frames
	found func() ([]hashRow, error)

	// Findings about blocks, to tell later what they hurt.
	byBlock map[uint64]*Finding
	byRange []badRange // ascending, not overlapping

	progress sync.Mutex
	done     int64
	total    int64
}

// badRange is a frame none of whose blocks can be read.
type badRange struct {
	first, end uint64
	finding    *Finding
}

// What state holds of a block.
const (
	stLength = 1<<26 - 1 // its length; 0 is absent
	stKnown  = 1 << 31   // its frame's head has been read
	stBad    = 1 << 30   // it cannot be read, or does not have its hash
)

// Verify checks the whole archive and reports all that it finds, not just the
// first. The error is not nil when it could not go on: ctx ended or the
// archive was closed; what was found until then is in the report all the same.
//
// It checks the chain of trailers, the hashes of indexes, that frames lie
// where and as the index says, one after another, the hash of every frame's
// stored bytes, every block against its hash, that none is stored twice,
// metadata in its canonical form, and the tree of every snapshot that the
// newest leads to: references, order of names, totals, hard-link groups and
// content id. Blocks that are absent, and that only a superseded tree refers
// to, are no damage.
func (a *Archive) Verify(ctx context.Context, opts VerifyOptions) (*Report, error) {
	return a.verify(ctx, opts, usualLimits)
}

func (a *Archive) verify(ctx context.Context, opts VerifyOptions, limits passLimits) (*Report, error) {
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	v := &verifier{a: a, ctx: ctx, opts: opts, limits: limits, byBlock: map[uint64]*Finding{}}
	v.rep = Report{Size: a.size, Fast: opts.Fast, Warnings: append([]string{}, a.Warnings()...)}
	err := v.run()
	if err == nil && a.closed.Load() {
		err = fs.ErrClosed
	}
	v.rep.Findings, v.rep.More = v.sorted(), v.more
	return &v.rep, a.named(err)
}

// VerifyFile opens an archive and verifies it. Damage that does not let it be
// opened is a finding like any other; what is not an archive, or of a version
// or with a feature that this program lacks, is an error.
func VerifyFile(ctx context.Context, path string, opts Options, vopts VerifyOptions) (*Report, error) {
	a, err := OpenFile(path, opts)
	if errors.Is(err, format.ErrDamaged) {
		var f findings
		n := f.add(err, 0)
		rep := &Report{Fast: vopts.Fast, Warnings: []string{}, Findings: []Finding{*n}}
		if info, err := os.Stat(path); err == nil {
			rep.Size = info.Size()
		}
		return rep, nil
	}
	if err != nil {
		return nil, err
	}
	rep, err := a.Verify(ctx, vopts)
	return rep, errors.Join(err, a.Close())
}

func (v *verifier) run() error {
	v.total = v.a.size
	rows, err := v.layout()
	if err != nil {
		return err
	}
	v.state = make([]uint32, v.a.Blocks())
	v.opts.NoContents = v.opts.NoContents || v.opts.Fast
	if !v.opts.NoContents {
		v.pass = newContentPass(v, v.limits)
	}
	if !v.opts.Fast {
		v.early = newEarlyTrees(v)
	}
	v.found = sync.OnceValues(v.a.sortHashes)
	if err := v.frames(rows); err != nil {
		return err
	}
	if !v.opts.Fast {
		v.twice()
	}
	// Trees tell what the findings hurt.
	if v.opts.Fast && v.empty() {
		return nil
	}
	if !v.early.take(v) {
		if err := v.trees(); err != nil {
			return err
		}
	}
	v.step(v.total - v.done)
	return nil
}

// step tells progress.
func (v *verifier) step(n int64) {
	v.progress.Lock()
	defer v.progress.Unlock()
	v.done = min(v.done+n, v.total)
	if v.opts.Progress != nil {
		v.opts.Progress(v.done, v.total)
	}
}

// note records an error, unless it only says that ctx or the archive has come
// to its end.
func (v *verifier) note(err error, length int64) *Finding {
	if v.ctx.Err() != nil || v.a.closed.Load() {
		return nil
	}
	return v.add(err, length)
}

func (v *verifier) absent(num uint64) bool { return v.state[num]&^stBad == stKnown }

// findingOf gives the finding about a block that is bad.
func (v *verifier) findingOf(num uint64) *Finding {
	v.mu.Lock()
	n := v.byBlock[num]
	v.mu.Unlock()
	if n != nil {
		return n
	}
	for lo, hi := 0, len(v.byRange); lo < hi; {
		mid := (lo + hi) / 2
		switch r := &v.byRange[mid]; {
		case num < r.first:
			hi = mid
		case num >= r.end:
			lo = mid + 1
		default:
			return r.finding
		}
	}
	return nil
}

// blame notes an error about a block and remembers the block by it.
func (v *verifier) blame(num uint64, err error, length int64) *Finding {
	n := v.note(err, length)
	if n != nil {
		v.mu.Lock()
		v.byBlock[num] = n
		v.mu.Unlock()
	}
	return n
}

// absentError is the finding about an absent block that a live tree needs.
func (v *verifier) absentError(num uint64) error {
	off := format.NoOffset
	if row, err := v.a.searchRow(num); err == nil {
		off = row.Offset
	}
	return blockDamage("block", off, num, "it is absent: its content changed while the archive was made, and no later tree replaces what refers to it")
}
