package writer

import (
	"context"
	"io"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

// Tool is recorded in snapshots as the program that wrote them.
const Tool = "vtd 1.0"

// Report sums up what Create did.
type Report struct {
	Dirs, Files, Others int64 // entries of the tree by kind; Others neither
	Entries             uint64
	Bytes               uint64 // content of all files, hard links counted each time
	NewBlocks, NewBytes int64
	DupBlocks, DupBytes int64
	Stored              int64 // size of the archive
	DataRaw, DataStored int64 // frames of data, with heads
	MetaRaw, MetaStored int64 // frames of metadata, with heads
	IndexBytes          int64
	MetaBlocks          int64
	ContentID           format.Hash
	RootHash            format.Hash
	ArchiveID           format.ArchiveID
	Recipes             RecipeReport
	Issues              []Issue
	Corrected           bool // files changed between the phases: a corrected tree follows
	Elapsed             time.Duration
}

// creation is one run of Create, or of Append.
type creation struct {
	o      *Options
	base   *base        // Append: what is there
	past   *past        // and what the snapshot says of it
	sync   func() error // and what is done before the trailer is written; else nil
	scan   *scan
	tree   *tree
	table  *blockTable
	meta   *metaTree
	source *blockSource
	frames *frameWriter
	out    *countingWriter
	header format.Header
	runs   []numberedRun
	top    uint64
	topSum format.Hash
	rep    Report

	deltaFiles int64 // files that are deltas of what the base has
}

// numberedRun is a tree version as written: its blocks in the order of their
// numbers.
type numberedRun struct {
	top, snapshot format.Hash
	meta          []uint32
	data          []uint32
}

func (r *numberedRun) blocks() uint64 { return uint64(2 + len(r.meta) + len(r.data)) }

// Create writes an archive of the inputs to w, front to back: it never seeks,
// so w may be a pipe. What could not be stored, or not as first seen, is in
// the report's Issues and is no error; an error means that w does not hold an
// archive.
func Create(ctx context.Context, w io.Writer, opts Options) (*Report, error) {
	begin := time.Now()
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	c := newCreation(&opts, nil)
	defer c.close()
	c.out.w = w
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	if err := c.write(ctx); err != nil {
		return nil, err
	}
	c.report(begin)
	return &c.rep, nil
}

func newCreation(o *Options, base *base) *creation {
	c := &creation{o: o, base: base, tree: newTree(), table: newBlockTable(o.KeepBytes), out: &countingWriter{}}
	c.table.base = base
	c.scan = &scan{o: o, t: c.tree, table: c.table, base: base, spool: &spool{dir: o.TempDir}, streams: newStreamTable()}
	return c
}

func (c *creation) close() {
	c.scan.close()
	c.scan.spool.close()
	c.table.arena.free()
}

// read is phase 1.
func (c *creation) read(ctx context.Context) error {
	c.o.phase(PhaseRead, -1, -1)
	if err := c.scan.run(ctx, false); err != nil {
		return err
	}
	c.source = &blockSource{o: c.o, table: c.table, dirs: c.scan.dirs, spool: c.scan.spool}
	if err := c.recipes(ctx); err != nil {
		return err
	}
	return c.deltas(ctx)
}

// write is phase 2.
func (c *creation) write(ctx context.Context) error {
	c.frames = &frameWriter{o: c.o, w: c.out, table: c.table, src: c.source}
	c.meta = newMetaTree(c.tree, c.table, c.o.Hash)
	next, err := c.version(ctx, c.base.blocks())
	if err != nil {
		return err
	}
	if absent := c.frames.absent; len(absent) > 0 {
		c.frames.absent = nil
		if err := c.correct(ctx, absent); err != nil {
			return err
		}
		if next, err = c.version(ctx, next); err != nil {
			return err
		}
		if len(c.frames.absent) > 0 {
			return errTornAgain
		}
		c.rep.Corrected = true
	}
	return c.finish(next)
}

// version writes the tree as it now stands: top block and snapshot, metadata,
// and the data that is not yet in the file. Numbers go on from next.
func (c *creation) version(ctx context.Context, next uint64) (uint64, error) {
	ids := orderBlocks(c.tree, c.table, c.o.Order)
	denseLast(ids, c.table, c.o.DataFrame)
	c.meta.build()
	var run numberedRun
	c.top = next
	run.meta = c.meta.number(next + 2)
	run.data = ids
	firstData := next + 2 + uint64(len(run.meta))
	total := int64(0)
	for k, id := range ids {
		b := c.table.at(id)
		b.num = firstData + uint64(k)
		total += int64(b.length)
	}
	snap, top := c.snapshot(&run)
	if next == 0 { // an archive of its own
		if err := c.writeHeader(run.top); err != nil {
			return 0, err
		}
	}
	c.o.phase(PhaseWrite, total, -1)
	c.frames.start(ctx)
	err := c.versionFrames(&run, next, snap, top)
	// Whatever stopped the adding of frames, the reason is with the group.
	if e := c.frames.finish(); e != nil {
		err = e
	}
	if err == nil {
		err = ctx.Err()
	}
	c.runs = append(c.runs, run)
	return next + run.blocks(), err
}

func (c *creation) versionFrames(run *numberedRun, next uint64, snap, top []byte) error {
	head := format.FrameHead{Kind: format.FrameMetadata, First: next, Lengths: []uint32{uint32(len(top)), uint32(len(snap))}}
	if err := c.frames.add(&frameJob{head: head, raw: append(top, snap...)}); err != nil {
		return err
	}
	err := c.frames.metadata(len(run.meta), next+2, func(b []byte, i int) []byte { return c.meta.stored(b, run.meta[i]) })
	if err != nil {
		return err
	}
	return c.frames.data(run.data, next+2+uint64(len(run.meta)))
}

// snapshot makes the snapshot record and the top block of the tree, in stored
// form, and their hashes.
func (c *creation) snapshot(run *numberedRun) (snap, top []byte) {
	root := c.meta.entryOf(0, c.tree.node(0))
	root.Name = ""
	c.rep.ContentID = c.contentID()
	c.rep.RootHash = root.Ref.Hash
	c.rep.Entries, c.rep.Bytes = root.Count, root.Size
	s := format.Snapshot{Root: root, Content: c.rep.ContentID, Label: c.o.Label, Message: c.o.Message, Tool: Tool}
	if c.o.Time != nil {
		s.Time = *c.o.Time
	} else {
		s.Time = c.tree.newestTime()
	}
	if c.past != nil {
		s.Parents, s.Replica, s.Vector = c.past.parents, c.past.replica, c.past.vector
	}
	if c.tree.original != 0 {
		s.Original = c.meta.at(c.meta.dirOf(c.tree.original).block).hash
	}
	run.snapshot = c.o.Hash.Sum(s.AppendTo(nil, format.Canonical, 0))
	t := format.Top{Snapshot: run.snapshot, Root: root.Ref.Hash, Content: c.rep.ContentID, Span: root.Size}
	top = t.AppendTo(nil)
	run.top = c.o.Hash.Sum(top)
	c.topSum = run.top
	return s.AppendTo(nil, format.Stored, c.top+1), top
}

// contentID computes the content id, unless the whole tree is as it was.
func (c *creation) contentID() format.Hash {
	if root := c.tree.node(0); len(c.meta.same) > 0 && c.meta.same[0] && c.tree.same(0, root, c.meta.same) {
		return c.base.tree.Snapshot().Content
	}
	return contentID(c.tree, c.table, c.o.Hash)
}

// newestTime gives the newest mtime of the tree: the time of a snapshot that
// is not told another, so that equal trees give equal archives.
func (t *tree) newestTime() format.Time {
	var newest format.Time
	first := true
	t.walk(func(_ uint32, n *node) {
		if n.kind == format.KindImplied {
			return
		}
		if x := (format.Time{Sec: n.sec, Nsec: n.nsec}); first || x.Compare(newest) > 0 {
			newest, first = x, false
		}
	})
	return newest
}

func (c *creation) writeHeader(top format.Hash) error {
	o := c.o
	c.header = format.Header{
		Major: format.VersionMajor, Minor: format.VersionMinor, Flags: format.FlagAsCreated, Hash: o.Hash,
		Chunker: &format.Chunker{
			Algorithm: o.chunker(), Min: uint32(o.Chunks.Min), Target: uint32(o.Chunks.Target),
			Max: uint32(o.Chunks.Max), RunMin: uint32(o.Chunks.RunMin), LiteralMax: uint32(o.LiteralMax),
		},
		Layout: &format.Layout{
			DataFrame: uint32(o.DataFrame), MetaFrame: uint32(o.MetaFrame), Level: uint8(o.Level), Long: o.Long, Order: o.Order,
		},
		Preset: o.Preset,
	}
	// The archive's id follows from what is in it and how it was made: the
	// same command on the same tree gives the same bytes.
	b, err := c.header.AppendTo([]byte("vtd archive id\n"))
	if err != nil {
		return err
	}
	id := o.Hash.Sum(append(b, top[:]...))
	copy(c.header.ID[:], id[:])
	b, err = c.header.AppendTo(nil)
	if err != nil {
		return err
	}
	_, err = c.out.Write(b)
	return err
}

// finish writes the index and the trailer.
func (c *creation) finish(blocks uint64) error {
	first := c.base.blocks()
	merged, rest := c.base.mergedParts(blocks - first)
	x := format.IndexHead{First: first, Frames: uint64(len(c.frames.rows))}
	for i := range merged {
		x.First = min(x.First, merged[i].First)
		x.Frames += merged[i].Frames
	}
	x.Blocks = blocks - x.First
	t := format.Trailer{ID: c.header.ID, Index: c.out.off, Blocks: blocks, Top: c.top, TopHash: c.topSum, Snapshots: 1}
	if err := c.index(x, merged, &t); err != nil {
		return err
	}
	c.rep.IndexBytes = t.IndexLen
	if c.base != nil {
		last := c.base.a.Trailer()
		t.ID, t.Segment, t.Prev, t.Snapshots = last.ID, c.base.end, last.Offset, last.Snapshots+1
		if rest != nil {
			t.Base = rest.Trailer.Offset
		}
	}
	if c.sync != nil {
		if err := c.sync(); err != nil {
			return err
		}
	}
	_, err := c.out.Write(t.AppendTo(nil))
	return err
}

// index writes the index: what those of the base say that go into it, and what
// is new.
func (c *creation) index(head format.IndexHead, merged []reader.IndexPart, t *format.Trailer) error {
	x := format.NewIndexWriter(c.out, c.o.Hash, head)
	for i := range merged {
		p := &merged[i]
		if err := c.base.copy(x, p.Offset+format.IndexHeadSize, int64(p.Blocks)*format.HashSize); err != nil {
			return err
		}
	}
	for i := range c.runs {
		r := &c.runs[i]
		x.Hash(r.top)
		x.Hash(r.snapshot)
		for _, id := range r.meta {
			x.Hash(c.meta.at(id).hash)
		}
		for _, id := range r.data {
			x.Hash(c.table.at(id).hash)
		}
	}
	for i := range merged {
		p := &merged[i]
		if err := c.base.copy(x, p.Offset+int64(p.FramesAt()), int64(p.Frames)*format.IndexFrameSize); err != nil {
			return err
		}
	}
	for _, row := range c.frames.rows {
		x.Frame(row)
	}
	return x.Finish(t)
}

func (c *creation) report(begin time.Time) {
	r := &c.rep
	c.tree.walk(func(i uint32, n *node) {
		switch {
		case n.kind.IsDir():
			r.Dirs++
		case n.kind == format.KindFile:
			r.Files++
		default:
			r.Others++
		}
	})
	c.tree.walkAll(func(i uint32, n *node) {
		if n.link == 0 || c.tree.links[n.link-1].first == i {
			c.tree.eachBlock(n, func(id uint32) {
				r.DupBlocks++
				r.DupBytes += int64(c.table.at(id).length)
			})
		}
	})
	for _, run := range c.runs {
		for _, id := range run.data {
			if b := c.table.at(id); !b.absent {
				r.NewBlocks++
				r.NewBytes += int64(b.length)
			}
		}
		r.MetaBlocks += int64(len(run.meta)) + 2
	}
	// What a file took with it when it changed is new and in no file.
	r.DupBlocks = max(0, r.DupBlocks-r.NewBlocks)
	r.DupBytes = max(0, r.DupBytes-r.NewBytes)
	f := c.frames
	r.DataRaw, r.DataStored, r.MetaRaw, r.MetaStored = f.rawData, f.storedData, f.rawMeta, f.storedMeta
	r.Stored = c.out.off
	r.ArchiveID = c.header.ID
	r.Issues = c.scan.sortedIssues()
	r.Elapsed = time.Since(begin)
}

// HashTree computes the content id that Create with the same options would
// give, without storing anything.
func HashTree(ctx context.Context, opts Options) (*Report, error) {
	begin := time.Now()
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	s := &scan{o: &opts, t: newTree()}
	defer s.close()
	opts.phase(PhaseRead, -1, -1)
	if err := s.run(ctx, false); err != nil {
		return nil, err
	}
	rep := &Report{ContentID: contentID(s.t, nil, opts.Hash), Issues: s.sortedIssues()}
	s.t.walk(func(i uint32, n *node) {
		if i != 0 {
			rep.Entries++
			if n.kind == format.KindFile {
				rep.Bytes += n.size
			}
		}
	})
	rep.Elapsed = time.Since(begin)
	return rep, nil
}

// List walks the inputs without reading files; OnEntry hears what would go in.
func List(ctx context.Context, opts Options) (*Report, error) {
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	s := &scan{o: &opts, t: newTree()}
	defer s.close()
	err := s.run(ctx, true)
	return &Report{Issues: s.sortedIssues()}, err
}
