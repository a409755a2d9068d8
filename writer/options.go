package writer

import (
	"fmt"
	"runtime"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
	"github.com/vtdarchive/vtd/scanners"
)

// Input is one path to be archived.
type Input struct {
	Dir  string // directory the path is relative to; empty: the working directory
	Path string // as given by the user; decides the member name
}

// appending is what Append asks for besides the options of Create.
type appending struct {
	merge    bool // keep what the base has and the inputs lack
	checksum bool // read files although they seem to be what they were
}

// Filter decides what goes in. Paths are member names, slash-separated,
// without a leading slash. A directory that is not included is not read.
type Filter interface {
	Match(path string, isDir bool) (included bool)
}

// Options of Create and Hash. The zero value, with Inputs set, is the preset
// "default".
type Options struct {
	Inputs []Input

	// Filter, OneFileSystem and ExcludeCaches select below the inputs.
	Filter        Filter
	OneFileSystem bool // do not descend into other file systems
	ExcludeCaches bool // of directories with a CACHEDIR.TAG keep only that file

	NumericOwner bool // record no user and group names
	Btime        bool // record times of birth

	Params // what the archive is like

	Time    *format.Time // of the snapshot; nil: the newest mtime in the tree
	Label   string
	Message string

	// Threads bounds how many files and frames are worked on at once; 0 means
	// one for each CPU, and more than 64 mean 64. It does not change a byte of the
	// result.
	Threads int
	// KeepBytes is how many bytes of new blocks stay in memory between the
	// phases; the rest is read again. 0 means 512 MiB, less what the
	// frames of many threads or of more than 32 MiB take; negative none.
	KeepBytes int64
	// TempDir holds copies of files that changed between the phases, while the
	// corrected tree is written. Empty: the system's.
	TempDir string

	// Skip names files, by device and inode, that are not to be stored: the
	// archive itself.
	Skip func(dev, ino uint64) bool
	// OnIssue hears, from any goroutine but one at a time, of what could not be
	// stored as it is. Nil: the report alone has them.
	OnIssue func(Issue)
	// OnNotice hears of what is stored in another way than asked for, without
	// loss: a leading slash removed, the archive itself left out.
	OnNotice func(string)
	// OnEntry hears the path of each entry as it is taken up, in walk order.
	OnEntry func(path string, isDir bool)
	// OnScanner hears, one at a time, which scanner was chosen for a file.
	OnScanner func(path, scanner string)
	// OnRecipes hears, one at a time, of which models there are recipes in a file,
	// and how many.
	OnRecipes func(path string, models map[string]int)
	// OnProgress hears of work done: phase, and bytes and files since the last
	// call. Called from any goroutine, at once.
	OnProgress func(p Phase, bytes, files int64)
	// OnPhase hears what is to be done before a phase begins; -1: not known. The
	// phase PhaseRecipes may begin several times, each with something else to do.
	OnPhase func(p Phase, bytes, files int64)

	// OnChange hears, under Append and once it has succeeded, of each entry that is
	// not as it was, in no particular order.
	OnChange func(path string, isDir bool, c Change)

	appending // of Append
}

// Change is what has become of an entry since the snapshot before.
type Change uint8

// Changes, as Append tells of them.
const (
	ChangeNew      Change = iota // there now, or of another kind now
	ChangeContent                // with other content
	ChangeMetadata               // with other metadata only
	ChangeGone                   // and all below it
)

// Phase names a part of the work.
type Phase int

// The phases of Create.
const (
	PhaseRead    Phase = iota // walk, chunk, hash
	PhaseRecipes              // find out how compressed streams were made, and prove it
	PhaseWrite                // compress and write
)

// Issue is an input that could not be stored, or not as it was first seen.
type Issue struct {
	Path   string // member name
	Err    error
	Stored bool // the entry is in the archive, consistently, all the same
}

func (i Issue) Error() string { return i.Path + ": " + i.Err.Error() }

// Params are what decides the bytes of an archive, for a given tree.
type Params struct {
	Preset     string // recorded for people
	Hash       format.HashID
	Chunks     scanners.Params
	Scanner    scanners.Choice
	LiteralMax int   // files up to this many bytes are literals in their entry
	DataFrame  int   // raw bytes of a data frame
	MetaFrame  int   // raw bytes of a metadata frame
	Level      int   // zstd level, 1 to 22
	Long       bool  // long-match stage
	Order      uint8 // format.OrderPath or format.OrderFamilies
	Recipes    Recipes
	RecipeGain int // per cent of a stream that RecipesAuto wants to be saved, at least
}

const mib = 1 << 20

// maxThreads bounds the memory that a number of threads can ask for: each
// holds a frame and its encoder.
const maxThreads = 64

// MinFrame is the least frame size to ask for: below it, heads and the lack of
// context cost more than a random read gains.
const MinFrame = 64 << 10

// Presets gives the parameters of a preset: "fast", "default", "small".
func Presets(name string) (Params, error) {
	p := Params{
		Preset: name, Hash: format.HashBLAKE3, Chunks: scanners.DefaultParams, Scanner: scanners.Auto, LiteralMax: 40,
		MetaFrame: 16 * mib, Long: true, Order: format.OrderFamilies, Recipes: RecipesAuto, RecipeGain: 25,
	}
	switch name {
	case "fast":
		p.DataFrame, p.Level, p.Long, p.Scanner = 16*mib, 3, false, scanners.Joints
		p.Recipes = RecipesOff
	case "", "default":
		p.Preset, p.DataFrame, p.Level = "default", 32*mib, 7
	case "small":
		p.DataFrame, p.Level, p.RecipeGain = 64*mib, 19, 1
	default:
		return p, fmt.Errorf("unknown preset %q: fast, default and small are known", name)
	}
	return p, nil
}

func (o *Options) setDefaults() error {
	if o.Hash == 0 {
		p, err := Presets(o.Preset)
		if err != nil {
			return err
		}
		o.Params = p
	}
	if err := o.Chunks.Validate(); err != nil {
		return err
	}
	if err := o.Scanner.Validate(); err != nil {
		return err
	}
	if err := o.Recipes.Validate(); err != nil {
		return err
	}
	switch {
	case !o.Hash.Known():
		return fmt.Errorf("hash function %d is unknown", o.Hash)
	case min(o.DataFrame, o.MetaFrame) < MinFrame || max(o.DataFrame, o.MetaFrame) > format.MaxFrameRaw:
		return fmt.Errorf("frame sizes of %d for data and %d for metadata are not between %d and %d",
			o.DataFrame, o.MetaFrame, MinFrame, format.MaxFrameRaw)
	case o.LiteralMax < 0 || o.LiteralMax > format.MaxLiteral:
		return fmt.Errorf("literals of %d bytes are not between 0 and %d", o.LiteralMax, format.MaxLiteral)
	case o.Level < codec.MinLevel || o.Level > codec.MaxLevel:
		return fmt.Errorf("level %d is not between %d and %d", o.Level, codec.MinLevel, codec.MaxLevel)
	case o.RecipeGain < 0 || o.RecipeGain > 100:
		return fmt.Errorf("recipes that save %d per cent are not between 0 and 100", o.RecipeGain)
	case o.Order != format.OrderPath && o.Order != format.OrderFamilies:
		return fmt.Errorf("order %d is unknown", o.Order)
	case len(o.Label) > format.MaxText || len(o.Message) > format.MaxText:
		return fmt.Errorf("a label of %d and a message of %d bytes are above %d", len(o.Label), len(o.Message), format.MaxText)
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	o.Threads = min(o.Threads, maxThreads)
	switch {
	case o.KeepBytes == 0:
		// Each thread holds about three frames; two of 32 MiB are reckoned with.
		o.KeepBytes = max(64*mib, 512*mib-3*max(int64(o.Threads)*int64(o.DataFrame)-64*mib, 0))
	case o.KeepBytes < 0:
		o.KeepBytes = 0
	}
	return nil
}

// chunker is how content is cut, as recorded.
func (o *Options) chunker() uint8 {
	switch o.Scanner {
	case scanners.None:
		return format.ChunkerGear
	case scanners.Joints:
		return format.ChunkerJoints
	}
	return format.ChunkerScanners
}

func (o *Options) notice(format string, args ...any) {
	if o.OnNotice != nil {
		o.OnNotice(fmt.Sprintf(format, args...))
	}
}

func (o *Options) progress(p Phase, bytes, files int64) {
	if o.OnProgress != nil {
		o.OnProgress(p, bytes, files)
	}
}

func (o *Options) phase(p Phase, bytes, files int64) {
	if o.OnPhase != nil {
		o.OnPhase(p, bytes, files)
	}
}
