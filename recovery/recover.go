package recovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Tool is recorded in snapshots whose records are lost.
const Tool = "vtd 1.0, recovered"

// Options say how an archive is recovered.
type Options struct {
	// Archive selects one of several archives in the file by its id; nil is the
	// first.
	Archive *format.ArchiveID
	// From are paths of other archives, whole or damaged, of files and of
	// directories. What is missing is filled from them, by its hash.
	From []string
	// WholeOnly leaves out files of which some is missing.
	WholeOnly bool
	// TempDir is where blocks wait that are in no whole frame: "" is the
	// system's.
	TempDir string
	// Phase, if not nil, is told what begins, and of how many bytes: "scanning",
	// "filling", "checking" or "writing". Progress is told of bytes.
	Phase    func(name string, bytes int64)
	Progress func(bytes int64)
}

func (o *Options) phase(name string, n int64) {
	if o.Phase != nil {
		o.Phase(name, n)
	}
}

func (o *Options) progress(n int64) {
	if o.Progress != nil {
		o.Progress(n)
	}
}

// recovery is one run of Recover.
type recovery struct {
	ctx  context.Context
	opts *Options
	s    *stream
	id   format.HashID
	rep  *Report

	frames *cache[*frame, *decoded]
	nodes  *cache[uint64, *node]
	parts  *cache[partKey, []byte]

	meta    map[uint64][]byte // metadata blocks out of damaged frames
	foreign foreign           // and out of other archives
	filled  int64             // blocks from there that have no number here, and these
	proved  map[uint64]bool   // metadata blocks that have their hash
	sums    map[uint64]format.Hash
	lists   map[uint64]listInfo
	dirs    map[uint64]*dirInfo
	blocks  int64

	prefixes []prefixRow
	same     map[uint64]uint64 // data blocks that are kept under other numbers
	extras   []extra
	extraOf  map[format.Hash]int
	guesses  map[uint64]extra // blocks of damaged frames that nothing proves
	guessed  int64            // bytes of them
	spool    spool
	made     []madeNode
	madeOf   map[format.Hash]int

	records []uint64 // snapshot records, ascending
	adopted map[uint64]bool

	originals map[format.Hash]uint64 // directories of what trees were made from
	rests     map[restKey]*remains
	contents  map[restKey]bool
	lostDirs  map[uint64]*format.Entry
	broken    []uint64 // recipes of whose input some is lost
	isBroken  map[uint64]bool
	plain     *plainFiles
	distrust  bool // nothing proves the trees: contents have to
	failed    error

	deepSum, deepList, deepDir int // nodes around the one that is being looked at
}

const (
	frameCache = 160 << 20
	nodeCache  = 64 << 20
	partCache  = 32 << 20
)

// Recover reads what is left of an archive and writes a valid one with it to w,
// front to back. What is missing is in the report and is no error; an error
// means that w does not hold an archive. It is of class format.ErrNotArchive
// where the source has nothing of one.
func Recover(ctx context.Context, src reader.Source, name string, w io.Writer, opts Options) (*Report, error) {
	r := newRecovery(ctx, &opts, src.Size())
	defer r.spool.close()
	opts.phase("scanning", src.Size())
	m, err := scan(ctx, src, name, opts.progress)
	if err != nil {
		return r.rep, err
	}
	if err := r.pick(m); err != nil {
		return r.rep, err
	}
	f := &filler{recovery: r}
	defer f.close()
	if err := f.open(); err != nil {
		return r.rep, err
	}
	r.s.prove(r.id)
	left := r.s.number()
	if err := r.judge(); err != nil {
		return r.rep, err
	}
	r.sortHashes()
	if err := f.fill(); err != nil {
		return r.rep, err
	}
	r.count(m, left)
	opts.phase("checking", -1)
	if err := r.mark(); err != nil {
		return r.rep, err
	}
	vs, err := r.trees()
	if err != nil {
		return r.rep, err
	}
	if err := errors.Join(r.failed, ctx.Err()); err != nil {
		return r.rep, err
	}
	r.rep.Blocks = r.blocks
	return r.rep, r.write(w, vs)
}

func newRecovery(ctx context.Context, opts *Options, size int64) *recovery {
	return &recovery{
		ctx: ctx, opts: opts, rep: &Report{Size: size},
		frames: newCache[*frame, *decoded](frameCache), nodes: newCache[uint64, *node](nodeCache), parts: newCache[partKey, []byte](partCache),
		meta: map[uint64][]byte{}, proved: map[uint64]bool{}, sums: map[uint64]format.Hash{}, lists: map[uint64]listInfo{}, dirs: map[uint64]*dirInfo{},
		same: map[uint64]uint64{}, guesses: map[uint64]extra{}, extraOf: map[format.Hash]int{}, madeOf: map[format.Hash]int{},
		adopted: map[uint64]bool{}, originals: map[format.Hash]uint64{}, rests: map[restKey]*remains{}, contents: map[restKey]bool{}, lostDirs: map[uint64]*format.Entry{}, isBroken: map[uint64]bool{},
		spool: spool{dir: opts.TempDir},
	}
}

// pick chooses the archive to recover.
func (r *recovery) pick(m *image) error {
	all := m.streams()
	r.s = choose(all, r.opts.Archive)
	if r.s == nil {
		if r.opts.Archive != nil {
			return fmt.Errorf("%s: no archive with this id is in it", m.name)
		}
		return &format.Error{Class: format.ErrNotArchive, Structure: "file", Offset: format.NoOffset, Block: -1, Msg: "no part of an archive is left in it"}
	}
	r.id = m.hash
	if r.s.header != nil {
		r.id = r.s.header.Hash
	}
	for _, f := range r.s.frames {
		if f.sound && f.hash != r.id {
			if r.s.header == nil {
				r.id = f.hash
				break
			}
			f.sound, f.fault = false, format.Damaged("frame", f.off, "its hash is of another function than the archive's")
		}
	}
	if r.id == 0 {
		r.id = format.HashBLAKE3
	}
	for _, s := range all {
		if s != r.s && len(s.frames) > 0 {
			r.rep.Foreign = append(r.rep.Foreign, Foreign{ID: s.id, Text: fmt.Sprintf("%x", s.id[:]), Offset: s.off, Frames: int64(len(s.frames))})
		}
	}
	return nil
}

// count sums up what the scan found.
func (r *recovery) count(m *image, left []*frame) {
	r.rep.Header = r.s.header != nil
	r.rep.Damage = m.harm
	next, lost := uint64(0), uint64(0)
	for _, f := range r.s.frames {
		lost += f.head.First - next
		next = f.head.End()
		if f.sound {
			r.rep.Frames++
		} else {
			r.rep.LostFrames++
			r.rep.Damage = append(r.rep.Damage, damageOf(f.fault, f.off, int64(f.head.Size)+int64(f.head.Stored)))
		}
		for i, n := range f.head.Lengths {
			num := f.head.First + uint64(i)
			_, _, data := r.data(num)
			switch {
			case n == 0 || f.head.Kind == format.FrameMetadata && (r.isForeign(num) || f.flags[i]&flagBad == 0 && (f.sound || r.meta[num] != nil)):
			case data:
				r.blocks++
			default:
				lost++
			}
		}
	}
	for _, t := range r.s.trailers {
		if t.Blocks > next {
			lost += t.Blocks - next
			next = t.Blocks
		}
	}
	for num := range r.foreign.at {
		if f, _ := r.s.find(num); f == nil && num < madeData {
			lost -= min(lost, 1)
		}
	}
	r.rep.LostBlocks = int64(min(lost, format.MaxSpan))
	for _, f := range left {
		r.rep.Damage = append(r.rep.Damage, damageOf(format.Damaged("frame", f.off, "its blocks, from %d on, are in another frame as well", f.head.First), f.off, int64(f.head.Size)+int64(f.head.Stored)))
	}
	for _, j := range m.junk {
		r.rep.Damage = append(r.rep.Damage, Damage{"file", j.From, j.Len(), "these bytes belong to nothing"})
	}
	slices.SortStableFunc(r.rep.Damage, func(a, b Damage) int { return cmp.Compare(a.Offset, b.Offset) })
	if !r.rep.Header {
		r.rep.Damage = slices.Insert(r.rep.Damage, 0, Damage{"header", 0, 0, "it is lost: how content was cut is no longer known"})
	}
	if r.s.parity > 0 {
		r.rep.Warnings = append(r.rep.Warnings, "recovery data is about the file as it was and is not carried over")
	}
	if len(r.s.trailers) == 0 {
		r.rep.Damage = append(r.rep.Damage, Damage{"trailer", m.size, 0, "there is none"})
	}
}
