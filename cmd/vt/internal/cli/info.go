package cli

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
)

type infoCommand struct {
	Archive string `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	atFlag
	JSON bool `name:"json" help:"Print one JSON object."`
}

func (*infoCommand) Help() string {
	return `
Tells what an archive is: version and features, parameters it was made with, the newest snapshot with its ids, and how much deduplication, compression and recipes gained. It reads the metadata of all snapshots, and no content.

A recipe makes compressed bytes, such as those of a gzip file, of their content, which is stored instead. What recipes saved is about what they make for files, less what is stored for them and nothing else: their inputs, but for blocks that files have anyway, and their metadata. That assumes that what they make would not have shrunk any further.

Examples:

    vt ar info backup.vtd
    vt ar info --json backup.vtd | jq -r .content_id

The object of --json:

    version, archive_id, hash, preset    as in the header
    top_first, one_pass                  whether it can be read from front to
                                         back; whether it was made so
    features                             bits of ignorable and of
                                         read_only_compatible ones, names of
                                         incompatible ones
    chunks                               min, target, max, run_min, literal_max
    layout                               data_frame, metadata_frame, level,
                                         long, order
    snapshot                             time, time_sec, time_nsec, label,
                                         message, tool of the newest; original,
                                         with name (or name_bytes) and bytes, or
                                         damaged, if the file it was made from
                                         is kept (import --exact)
    snapshots                            how many there are
    content_id, root                     of the newest, in hexadecimal
    entries, bytes                       of the newest: below the root, in files
    size, torn_tail, ratio               bytes of the file; of what is ignored
                                         at its end; bytes for each one stored
    blocks, index_bytes                  of the file
    data, metadata                       blocks, raw, stored: with heads
    frames                               kind, codec, frames, blocks, raw,
                                         stored, heads: of each sort
    parity                               recovery data, if there is any: size of
                                         the file; sets, each of begin, end,
                                         segment_end, share, reach, data_shards,
                                         parity_shards, rows, cell; not_covered,
                                         each of offset, length
    recipes                              of all snapshots, if there are any:
                                         streams, each once; bytes they make,
                                         of content, by parameters; saved, in
                                         bytes, negative if they take more;
                                         models, each with model, streams,
                                         bytes, content, parameters; or damaged
                                         blocks of metadata, for which figures
                                         are lacking, and saved is not there`
}

func (c *infoCommand) Run(e *Env) error {
	a, err := c.open(e, c.Archive, reader.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	info, err := a.Info()
	if err != nil {
		return err
	}
	frames, err := a.FrameInfo()
	if err != nil {
		return err
	}
	recipes, err := a.RecipeInfo(e.ctx)
	if err != nil {
		return err
	}
	sets, err := a.Parity()
	if err != nil {
		return err
	}
	d := describe(info, frames, recipes)
	d.Parity = describeParity(sets, info.Size)
	t, err := a.Tree()
	if err != nil {
		return err
	}
	d.Snapshot.Original = originalOf(t)
	d.tail = tailWhy(info.AsCreated, appendGoesOn(a, c.Archive))
	return e.output(func(w *bufio.Writer) error {
		if c.JSON {
			return newJSON(w).Encode(d)
		}
		d.print(w)
		return nil
	})
}

// archiveJSON is what info --json prints.
type archiveJSON struct {
	Version   string       `json:"version"`
	ArchiveID string       `json:"archive_id"`
	Complete  bool         `json:"top_first"`
	OnePass   bool         `json:"one_pass"`
	Features  featuresJSON `json:"features"`
	Hash      string       `json:"hash"`
	Preset    string       `json:"preset,omitempty"`
	Chunks    *chunksJSON  `json:"chunks,omitempty"`
	Layout    *layoutJSON  `json:"layout,omitempty"`
	Snapshot  snapshotJSON `json:"snapshot"`
	Snapshots uint64       `json:"snapshots"`
	ContentID format.Hash  `json:"content_id"`
	Root      format.Hash  `json:"root"`
	Entries   uint64       `json:"entries"`
	Bytes     uint64       `json:"bytes"`
	Size      int64        `json:"size"`
	TornTail  int64        `json:"torn_tail,omitempty"`
	Ratio     float64      `json:"ratio"`
	Blocks    uint64       `json:"blocks"`
	Data      sumJSON      `json:"data"`
	Metadata  sumJSON      `json:"metadata"`
	Index     uint64       `json:"index_bytes"`
	Frames    []frameJSON  `json:"frames"`

	tail string // what a torn tail may be

	Parity  *parityJSON        `json:"parity,omitempty"`
	Recipes *recipeFiguresJSON `json:"recipes,omitempty"`
}

type featuresJSON struct {
	Ignorable    uint64   `json:"ignorable"`
	ReadOnly     uint64   `json:"read_only_compatible"`
	Incompatible []string `json:"incompatible"`
}

type chunksJSON struct {
	Min        uint32 `json:"min"`
	Target     uint32 `json:"target"`
	Max        uint32 `json:"max"`
	RunMin     uint32 `json:"run_min"`
	LiteralMax uint32 `json:"literal_max"`
}

type layoutJSON struct {
	DataFrame uint32 `json:"data_frame"`
	MetaFrame uint32 `json:"metadata_frame"`
	Level     uint8  `json:"level"`
	Long      bool   `json:"long"`
	Order     string `json:"order"`
}

type snapshotJSON struct {
	Time    string `json:"time,omitempty"`
	Sec     int64  `json:"time_sec"`
	Nsec    uint32 `json:"time_nsec"`
	Label   string `json:"label,omitempty"`
	Message string `json:"message,omitempty"`
	Tool    string `json:"tool"`

	Original *originalJSON `json:"original,omitempty"`
}

// sumJSON sums up frames: stored with their heads.
type sumJSON struct {
	Blocks uint64 `json:"blocks"`
	Raw    uint64 `json:"raw"`
	Stored uint64 `json:"stored"`
}

type frameJSON struct {
	Kind   string `json:"kind"`
	Codec  string `json:"codec"`
	Frames uint64 `json:"frames"`
	Blocks uint64 `json:"blocks"`
	Raw    uint64 `json:"raw"`
	Stored uint64 `json:"stored"`
	Heads  uint64 `json:"heads"`
}

// recipeFiguresJSON is about recipes that an archive has.
type recipeFiguresJSON struct {
	Streams uint64            `json:"streams"`
	Bytes   uint64            `json:"bytes"`
	Content uint64            `json:"content"`
	Params  uint64            `json:"parameters"`
	Saved   *int64            `json:"saved,omitempty"` // not of damaged metadata
	Models  []recipeModelJSON `json:"models"`
	Damaged uint64            `json:"damaged,omitempty"`
}

type recipeModelJSON struct {
	Model   string `json:"model"`
	Streams uint64 `json:"streams"`
	Bytes   uint64 `json:"bytes"`
	Content uint64 `json:"content"`
	Params  uint64 `json:"parameters"`
}

// describeRecipes gives nothing where nothing is to be said.
func describeRecipes(f *reader.RecipeFigures) *recipeFiguresJSON {
	if len(f.Models) == 0 && f.Damaged == 0 {
		return nil
	}
	s := f.Sum()
	d := &recipeFiguresJSON{s.Recipes, s.Bytes, s.Content, s.Params, nil, []recipeModelJSON{}, f.Damaged}
	if saved := f.Saved(); f.Damaged == 0 {
		d.Saved = &saved
	}
	for _, m := range f.Models {
		d.Models = append(d.Models, recipeModelJSON{m.Model, m.Recipes, m.Bytes, m.Content, m.Params})
	}
	return d
}

func describe(i *reader.Info, frames []reader.FrameFigures, recipes *reader.RecipeFigures) *archiveJSON {
	s := i.Newest
	d := &archiveJSON{
		Version: fmt.Sprintf("%d.%d", i.Major, i.Minor), ArchiveID: hex.EncodeToString(i.ArchiveID[:]),
		Complete: i.AsCreated && !i.OnePass, OnePass: i.OnePass,
		Features: featuresJSON{i.Ignorable, i.ReadOnly, append([]string{}, i.Features...)},
		Hash:     i.Hash, Preset: i.Preset, Snapshots: i.Snapshots, ContentID: i.Content, Root: i.Root,
		Snapshot: snapshotJSON{Time: rfc3339(s.Time), Sec: s.Time.Sec, Nsec: s.Time.Nsec, Label: s.Label, Message: s.Message, Tool: s.Tool},
		Entries:  i.Entries, Bytes: i.Bytes, Size: i.Size, TornTail: i.TornTail, Ratio: ratio(i.Bytes, i.Size),
		Blocks: i.Blocks, Index: i.IndexBytes, Frames: []frameJSON{}, Recipes: describeRecipes(recipes),
	}
	if k := i.Chunker; k != nil {
		d.Chunks = &chunksJSON{k.Min, k.Target, k.Max, k.RunMin, k.LiteralMax}
	}
	if l := i.Layout; l != nil {
		order := fmt.Sprint(l.Order)
		switch l.Order {
		case format.OrderPath:
			order = "path"
		case format.OrderFamilies:
			order = "families"
		}
		d.Layout = &layoutJSON{l.DataFrame, l.MetaFrame, l.Level, l.Long, order}
	}
	for _, f := range frames {
		kind, sum := "data", &d.Data
		if f.Kind == format.FrameMetadata {
			kind, sum = "metadata", &d.Metadata
		}
		sum.Blocks += f.Blocks
		sum.Raw += f.Raw
		sum.Stored += f.Stored + f.Heads
		d.Frames = append(d.Frames, frameJSON{kind, f.Codec.String(), f.Frames, f.Blocks, f.Raw, f.Stored, f.Heads})
	}
	return d
}

func (d *archiveJSON) print(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-13s%s\n", name, fmt.Sprintf(format, args...))
	}
	size := func(n uint64) string { return human.Bytes(int64(n)) }
	made := "top first, complete"
	switch {
	case d.OnePass:
		made = "in one pass, top last"
	case !d.Complete:
		made = "top first, then appended to"
	}
	line("format", "vtd %s, %s", d.Version, made)
	line("features", "%s", d.featureList())
	line("archive id", "%s", d.ArchiveID)
	line("hash", "%s", d.Hash)
	if d.Preset != "" {
		line("preset", "%s", human.Quote(d.Preset))
	}
	if c := d.Chunks; c != nil {
		line("blocks of", "%s to %s, target %s", size(uint64(c.Min)), size(uint64(c.Max)), size(uint64(c.Target)))
	}
	if l := d.Layout; l != nil {
		long := "no long matches"
		if l.Long {
			long = "long matches"
		}
		line("frames of", "%s, zstd level %d, %s, order %s", size(uint64(l.DataFrame)), l.Level, long, l.Order)
	}
	s := d.Snapshot
	line("snapshots", "%s, the newest of %s", human.Count(int64(d.Snapshots)), snapshotTimeText(s))
	if s.Label != "" {
		line("label", "%s", human.Quote(s.Label))
	}
	if s.Message != "" {
		line("message", "%s", human.Quote(s.Message))
	}
	if s.Original != nil {
		line("made from", "%s", s.Original.text())
	}
	line("written by", "%s", human.Quote(s.Tool))
	line("content id", "%s", d.ContentID)
	line("root hash", "%s", d.Root)
	line("entries", "%s with %s", human.Count(int64(d.Entries)), size(d.Bytes))
	line("data", "%s in %s distinct blocks, stored in %s", size(d.Data.Raw), human.Count(int64(d.Data.Blocks)), size(d.Data.Stored))
	line("metadata", "%s in %s blocks, stored in %s", size(d.Metadata.Raw), human.Count(int64(d.Metadata.Blocks)), size(d.Metadata.Stored))
	if r := d.Recipes; r != nil {
		var saved string
		switch {
		case r.Saved == nil:
			saved = "not all is known: metadata is damaged"
		case *r.Saved < 0:
			saved = "took " + human.Bytes(-*r.Saved) + " more"
		default:
			saved = "saved " + human.Bytes(*r.Saved)
		}
		line("recipes", "%s, %s from %s of content, %s", streamCount(r.Streams), size(r.Bytes), size(r.Content), saved)
	}
	line("index", "%s", size(d.Index))
	if d.Parity != nil {
		for i := range d.Parity.Sets {
			line("parity", "%s", setText(&d.Parity.Sets[i]))
		}
		for _, r := range d.Parity.Uncovered {
			line("", "bytes %d to %d are not protected; vt ar parity add does", r.Offset, r.Offset+r.Length)
		}
	}
	line("file", "%s, ratio %.2f", human.Bytes(d.Size), d.Ratio)
	if d.TornTail > 0 {
		line("torn tail", "%s ignored at the end: %s", human.Bytes(d.TornTail), d.tail)
	}
	fmt.Fprintf(w, "\n%-9s %-10s %8s %10s %12s %12s\n", "frames", "codec", "count", "blocks", "bytes", "stored")
	for _, f := range d.Frames {
		fmt.Fprintf(w, "%-9s %-10s %8d %10d %12s %12s\n", f.Kind, f.Codec, f.Frames, f.Blocks, size(f.Raw), size(f.Stored+f.Heads))
	}
	if d.Recipes == nil || len(d.Recipes.Models) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-20s %8s %10s %12s %12s\n", "recipes of", "count", "bytes", "content", "parameters")
	for _, m := range d.Recipes.Models {
		fmt.Fprintf(w, "%-20s %8d %10s %12s %12s\n", m.Model, m.Streams, size(m.Bytes), size(m.Content), size(m.Params))
	}
}

func streamCount(n uint64) string {
	if n == 1 {
		return "1 stream"
	}
	return human.Count(int64(n)) + " streams"
}

func (d *archiveJSON) featureList() string {
	var all []string
	for _, f := range d.Features.Incompatible {
		all = append(all, human.Quote(f))
	}
	if d.Features.ReadOnly != 0 {
		all = append(all, fmt.Sprintf("read-only-compatible %#x", d.Features.ReadOnly))
	}
	if d.Features.Ignorable != 0 {
		all = append(all, fmt.Sprintf("ignorable %#x", d.Features.Ignorable))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func snapshotTimeText(s snapshotJSON) string {
	if s.Time == "" {
		return fmt.Sprintf("@%d", s.Sec)
	}
	return human.Time(time.Unix(s.Sec, 0))
}
