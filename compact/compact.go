package compact

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/reader"
)

// Compact puts an archive that has what the states which remain need in the
// place of one. It either succeeds, or the archive is as it was. Who reads the
// old one goes on reading it. An archive that another one writes to is
// disk.ErrInUse; one that is damaged is refused, as far as that is noticed.
func Compact(ctx context.Context, path string, o Options) (*Report, error) {
	return compactOn(ctx, disk.OS, path, o)
}

func compactOn(ctx context.Context, fsys disk.FS, path string, o Options) (rep *Report, err error) {
	src, err := openSource(fsys, path)
	if err != nil {
		return nil, err
	}
	defer src.File.Close() // nothing was written to it
	a, err := reader.Open(src, reader.Options{Name: path})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	j := &job{ctx: ctx, o: &o, src: src, a: a, id: a.HashID(), path: path, rep: &Report{Before: src.size, TornTail: a.TornTail(), OldArchive: a.Header().ID}}
	defer j.close()
	if err := j.prepare(); err != nil {
		return nil, j.named(err)
	}
	if o.OnlyIfForgotten && len(j.rep.Dropped) == 0 {
		j.rep.After, j.rep.Archive = j.rep.Before, j.rep.OldArchive
		for i := range j.rep.Kept {
			j.rep.Kept[i].ID = j.rep.Kept[i].Was
		}
		return j.rep, nil
	}
	if o.DryRun {
		j.estimate()
		return j.rep, nil
	}
	if !o.DiscardTail {
		if err := a.CheckTail(ctx); err != nil {
			return nil, err
		}
	}
	out, err := disk.Create(fsys, path)
	if err != nil {
		return nil, err
	}
	if err := j.run(out); err != nil {
		return nil, errors.Join(j.named(err), out.Discard())
	}
	if err := src.still(fsys, path); err != nil {
		return nil, errors.Join(err, out.Discard())
	}
	if err := out.Commit(); err != nil {
		return nil, err
	}
	if info, err := src.Stat(); err == nil {
		j.rep.OldFile = fileID(info)
	}
	if info, err := fsys.Stat(path); err == nil {
		j.rep.File = fileID(info)
	}
	return j.rep, nil
}

// job is the work on one archive.
type job struct {
	ctx  context.Context
	o    *Options
	src  *source
	a    *reader.Archive
	id   format.HashID
	to   format.HashID // of the new archive
	path string
	rep  *Report

	fresh  bool // everything is packed anew
	layout format.Layout
	preset string

	kept []*version // the oldest first
	// By the number of a block as it was: of a metadata block 0 for one that is not
	// in use, and something else until it has its new number; of a data block one
	// more than its place in live, or 0.
	nums  []uint64
	live  []block
	sums  []format.Hash          // of these under another hash function
	same  map[format.Hash]uint64 // metadata blocks, where some may be there twice
	alias map[uint64]uint64      // those that are, to the first

	frames                 []frame // that have blocks in use
	copyBytes, packBytes   int64
	oldMeta, oldMetaBlocks int64
	spool                  *os.File
	names                  *transcript // under another hash function, or nil
}

func (j *job) close() {
	if j.spool != nil {
		j.spool.Close()
	}
}

// first gives the block that stands for all metadata blocks of its hash.
func (j *job) first(num uint64) uint64 {
	if as, ok := j.alias[num]; ok {
		return as
	}
	return num
}

var errTooMany = errors.New("more than 4294967295 data blocks are in use")

func damagedBlock(num uint64, msg string, args ...any) error {
	return &format.Error{Class: format.ErrDamaged, Structure: "block", Offset: format.NoOffset, Block: int64(num), Msg: fmt.Sprintf(msg, args...)}
}

// named words an error: with the archive it is about, and what to do about
// damage.
func (j *job) named(err error) error {
	if errors.Is(err, format.ErrDamaged) {
		return fmt.Errorf("%s: %w; it was left as it is: vt ar verify tells all that is wrong, vt ar repair and recover save what can be saved", j.path, err)
	}
	return err
}

// prepare decides what stays and where.
func (j *job) prepare() error {
	h := j.a.Header()
	if h.ReadOnly != 0 {
		return fmt.Errorf("%s: %w", j.path, format.Unsupported("header", 32, "it has features %#x that this program lacks, and without which it may be read but not changed", h.ReadOnly))
	}
	if err := j.settle(h); err != nil {
		return err
	}
	sets, err := j.a.Parity()
	if err != nil {
		return err
	}
	j.rep.ParitySets = len(sets)
	if err := checkIndex(j.src, j.a); err != nil {
		return err
	}
	if err := j.choose(); err != nil {
		return err
	}
	absent, err := j.a.Absent()
	if err != nil {
		return err
	}
	if len(absent) > 0 {
		j.same, j.alias = map[format.Hash]uint64{}, map[uint64]uint64{}
	}
	j.nums = make([]uint64, j.a.Blocks())
	j.o.phase("finding what is in use", 0)
	for _, v := range j.kept {
		if err := j.mark(v); err != nil {
			return err
		}
	}
	return j.plan()
}

// settle takes what frames are to be like from the options or the header.
func (j *job) settle(h *format.Header) error {
	j.layout = format.Layout{DataFrame: 32 * mib, MetaFrame: mib, Level: 3, Order: format.OrderFamilies}
	if h.Layout != nil {
		j.layout = *h.Layout
	}
	j.preset = h.Preset
	if j.to = j.id; j.o.Hash != 0 {
		j.to = j.o.Hash
	}
	if l := j.o.Layout; l != nil {
		j.layout, j.preset = *l, j.o.Preset
	}
	j.fresh = j.o.Layout != nil || j.o.MinLive >= 1 || j.to != j.id
	if l := j.layout; l.DataFrame > format.MaxFrameRaw || l.MetaFrame > format.MaxFrameRaw || l.Level > 22 {
		return fmt.Errorf("%s: its header asks for frames of %d and %d bytes at level %d, which this program does not make; give a preset: vt ar repack --preset", j.path, l.DataFrame, l.MetaFrame, l.Level)
	}
	return nil
}

// choose finds the states that remain, and their parents among each other.
func (j *job) choose() error {
	states, err := history.Log(j.a)
	if err != nil {
		return err
	}
	gone := make([]bool, len(states))
	if j.o.Forget != nil {
		if gone, err = j.o.Forget(j.a, states); err != nil {
			return err
		}
	}
	byBlock := map[uint64]int{} // of all states
	place := make([]int, len(states))
	for i := range slices.Backward(states) {
		s := states[i]
		byBlock[s.SnapshotBlock()] = i
		x := Snapshot{Was: s.ID, Time: s.Snapshot().Time, Label: s.Snapshot().Label, Root: s.Root().Ref.Hash}
		if gone[i] {
			j.rep.Dropped = append(j.rep.Dropped, x)
			continue
		}
		place[i] = len(j.kept)
		j.kept = append(j.kept, &version{State: s})
		j.rep.Kept = append(j.rep.Kept, x)
	}
	if len(j.kept) == 0 {
		return ErrNothingLeft
	}
	reached := make([]bool, len(j.kept))
	reached[len(reached)-1] = true
	for i, v := range slices.Backward(j.kept) {
		// The nearest ancestors that remain, in the order of their lines.
		seen := map[uint64]bool{}
		stack := numbers(v.Snapshot().Parents)
		for len(stack) > 0 {
			num := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			k, ok := byBlock[num]
			if seen[num] || !ok {
				continue
			}
			seen[num] = true
			if gone[k] {
				stack = append(stack, numbers(states[k].Snapshot().Parents)...)
				continue
			}
			if place[k] >= i {
				return damagedBlock(v.SnapshotBlock(), "its parent, block %d, was added after it", num)
			}
			v.after = append(v.after, place[k])
			reached[place[k]] = reached[place[k]] || reached[i]
		}
		if len(v.after) > format.MaxParents {
			return fmt.Errorf("%s: snapshot %v would have %d parents, of %d at most; keep some of those between", j.path, v.ID, len(v.after), format.MaxParents)
		}
	}
	for i, ok := range reached {
		if !ok {
			return fmt.Errorf("%s: snapshot %v: %w, with the newest one forgotten; forget it as well, or keep one that follows both", j.path, j.kept[i].ID, ErrLost)
		}
	}
	return nil
}

// numbers gives the blocks of records, the first one last.
func numbers(parents []format.Ref) (nums []uint64) {
	for _, p := range slices.Backward(parents) {
		nums = append(nums, p.Num)
	}
	return nums
}

// run writes the new archive.
func (j *job) run(w io.Writer) error {
	if err := j.unpack(); err != nil {
		return err
	}
	if j.to != j.id {
		if err := j.transcribe(); err != nil {
			return err
		}
	}
	copied, packed, err := j.order()
	if err != nil {
		return err
	}
	j.number(copied, packed)
	o := &output{job: j, w: bufio.NewWriterSize(w, mib)}
	if err := o.write(copied, packed); err != nil {
		return err
	}
	j.rep.After, j.rep.Archive = o.off, o.header.ID
	for i, v := range j.kept {
		j.rep.Kept[i].ID = v.hash
		if j.names != nil {
			j.rep.Kept[i].Root = j.names.of(&v.Root().Ref)
		}
	}
	return nil
}

// estimate reckons what the archive is going to take: what is copied is known,
// and the rest is taken to shrink as it did.
func (j *job) estimate() {
	after, blocks, metas := int64(0), int64(0), int64(0)
	for i := range j.frames {
		f := &j.frames[i]
		if f.copied {
			after += int64(f.row.Stored) + int64(f.row.HeadSize)
			blocks += int64(f.there)
		} else {
			after += int64(float64(f.liveLen)/float64(f.row.RawLen)*float64(f.row.Stored)) + 3*int64(f.live)
			blocks += int64(f.live)
		}
	}
	for _, v := range j.kept {
		metas += int64(len(v.meta)) + 2
	}
	after += int64(float64(metas) / float64(max(j.oldMetaBlocks, 1)) * float64(j.oldMeta))
	after += (blocks+metas)*format.HashSize + int64(len(j.kept))*(format.TrailerSize+2*format.IndexHeadSize)
	j.rep.After = after
}
