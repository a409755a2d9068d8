package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vtdarchive/vtd/cmd/vt/internal/blockmap"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/glob"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/scanners"
	"github.com/vtdarchive/vtd/writer"
)

type blocksCommand struct {
	Archive string          `arg:"" help:"The archive: a file or a FIFO; - is standard input."`
	Members []string        `arg:"" optional:"" name:"member" help:"Whose blocks, by path or pattern, with everything below. Default: of all files."`
	Hist    bool            `help:"Show how many blocks there are of each size and why they end there, and what each scanner's files share."`
	JSON    bool            `name:"json" help:"An object for each file, or with --hist or --svg a single one."`
	SVG     string          `name:"svg" placeholder:"FILE" help:"Draw the histogram into FILE; - is standard output."`
	Scanner scanners.Choice `default:"auto" placeholder:"NAME" help:"Find reasons with the one each file chooses (auto), with none, or with the one of that name."`
}

func (*blocksCommand) Help() string {
	return `
Shows how the content of files is cut into blocks, and why. The files are read, and cut again by what the archive records of its parameters.

Each line is a piece of the file: where it begins, how long it is, why it ends there, and its hash. A block that was met before is marked with =; a run has the octet that it repeats.

With --hist, what is shared is in blocks that were met before, in this or another of the files shown. Sizes and reasons, with joints, hints, rolling and max of each scanner, are counted of distinct blocks.

Why a piece ends: joint or hint of a scanner; hash, the rolling cut; max, it may not be longer; run, before or behind a run of one octet; end of the file; literal, kept in the directory; other, by another scanner than this one.

Examples:

    vt ar blocks mail.vtd inbox
    vt ar blocks --hist mail.vtd
    vt ar blocks --svg blocks.svg mail.vtd
    vt ar blocks --json mail.vtd inbox | jq '.pieces | map(.length) | add'

Each line of --json is an object:

    path, path_bytes, size     as in vt ar list --json
    scanner                    its name, or none
    pieces                     offset, length, kind (block, run, recipe,
                               literal), and why they end; of a block or recipe
                               number and hash, of a block again, if it was met
                               before; of a run its octet

With --hist: files, bytes, blocks, distinct, shared bytes, runs and run_bytes, literals and literal_bytes, recipes and recipe_bytes; sizes, with from, to, blocks, bytes and reasons of distinct blocks; scanners, with name, files, bytes, blocks, shared, and reasons of distinct blocks. The bytes are those of distinct blocks, shared, of runs, of literals and of what recipes make; what is damaged is not counted.`
}

func (c *blocksCommand) Run(e *Env) error {
	if c.SVG == "-" && (c.Hist || c.JSON) {
		return usagef("--svg -: standard output takes one form only")
	}
	a, err := openArchive(e, c.Archive)
	if err != nil {
		return err
	}
	m, err := blockmap.NewMapper(a, c.Scanner)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", human.Quote(c.Archive), err), a.Close())
	}
	if c.Hist || c.SVG != "" {
		return c.histogram(e, a, m)
	}
	return e.output(func(w *bufio.Writer) error {
		show := blockList{w: w}.show
		if c.JSON {
			show = blockObjects{w}.show
		}
		return c.each(e, a, m, 1, show)
	})
}

// fileBlocks shows one file: begin is called once it is known how it is cut, and
// map gives its pieces.
type fileBlocks func(path string, f *reader.File, scanner string, pieces func(do func(blockmap.Piece) error) error) error

// batchFiles is how many files are put in the order of their blocks where that
// of the tree does not matter: frames are decoded once then, not once for each
// file.
const batchFiles = 1 << 16

// mapped is a file to be shown.
type mapped struct {
	path  string
	file  *reader.File
	first uint64 // number of the first block
}

// firstBlock is what a file's first block has for a number, if one of its first
// pieces is a block.
func firstBlock(f *reader.File) uint64 {
	n := 0
	for p, err := range f.Pieces(0) {
		switch n++; {
		case err != nil || n > 8:
			return 0
		case p.Ref.Kind == format.RefBlock:
			return p.Ref.Num
		}
	}
	return 0
}

// each goes over the files asked for, of which so many at a time may come in
// another order. Damage is reported, and the next file follows. It closes the
// archive.
func (c *blocksCommand) each(e *Env, a *reader.Archive, m *blockmap.Mapper, batch int, show fileBlocks) error {
	defer a.Close()
	match := glob.New(c.Members)
	var damage, missed error
	showOne := func(x mapped) error {
		sc, err := m.Scanner(x.file)
		if err == nil {
			err = show(x.path, x.file, sc.String(), func(do func(blockmap.Piece) error) error { return m.Map(e.ctx, x.file, sc, do) })
		}
		if fault := archiveFault(err); fault != nil {
			e.message("%v", err)
			damage = errors.Join(damage, reported(fault))
			return nil
		}
		return err
	}
	var pending []mapped
	showAll := func() error {
		slices.SortStableFunc(pending, func(x, y mapped) int { return cmp.Compare(x.first, y.first) })
		for _, x := range pending {
			if err := showOne(x); err != nil {
				return err
			}
		}
		pending = pending[:0]
		return nil
	}
	err := eachIn(e, a, match, func(x member) error {
		if err := noFile(x.Entry); err != nil {
			if !x.Kind.IsDir() && slices.Contains(c.Members, x.path) {
				e.message("%s: %v", human.Quote(x.path), err)
				missed = reported(errMissing)
			}
			return nil
		}
		f, err := a.ContentOf(x.Entry, x.path)
		if err != nil {
			return err
		}
		pending = append(pending, mapped{x.path, f, firstBlock(f)})
		if len(pending) < batch {
			return nil
		}
		return showAll()
	})
	if err == nil || archiveFault(err) != nil {
		err = errors.Join(err, showAll())
	}
	if err == nil {
		for _, arg := range match.Unmatched() {
			e.message("%s: not found in the archive", human.Quote(arg))
			err = reported(errMissing)
		}
	}
	return errors.Join(err, damage, missed)
}

func (c *blocksCommand) histogram(e *Env, a *reader.Archive, m *blockmap.Mapper) error {
	h := new(blockmap.Histogram)
	err := c.each(e, a, m, batchFiles, func(_ string, _ *reader.File, scanner string, pieces func(func(blockmap.Piece) error) error) error {
		s := h.File(scanner)
		return pieces(func(p blockmap.Piece) error {
			h.Add(s, p)
			return nil
		})
	})
	if err != nil && archiveFault(err) == nil && !errors.Is(err, errMissing) {
		return err
	}
	h.Sort()
	switch c.SVG {
	case "":
	case "-":
		err = errors.Join(err, e.output(func(w *bufio.Writer) error { return h.SVG(w) }))
	default:
		err = errors.Join(err, writeWhole(c.SVG, h.SVG))
	}
	if c.Hist || c.JSON {
		err = errors.Join(err, e.output(func(w *bufio.Writer) error {
			if c.JSON {
				return newJSON(w).Encode(h)
			}
			return h.Text(w)
		}))
	}
	return err
}

// writeWhole makes a file that is there whole or not at all.
func writeWhole(path string, fill func(io.Writer) error) error {
	f, err := writer.CreateFile(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := fill(f); err != nil {
		return err
	}
	return f.Commit()
}

// blockList writes maps for people.
type blockList struct{ w io.Writer }

func (l blockList) show(path string, f *reader.File, scanner string, pieces func(func(blockmap.Piece) error) error) error {
	if _, err := fmt.Fprintf(l.w, "%s: %s, scanner %s\n", human.Quote(path), human.Bytes(f.Size()), scanner); err != nil {
		return err
	}
	return pieces(func(p blockmap.Piece) error {
		what := ""
		switch p.Ref.Kind {
		case format.RefBlock:
			what = fmt.Sprintf("%.16s", p.Ref.Hash.String())
		case format.RefRun:
			what = fmt.Sprintf("run of %02x", p.Ref.Octet)
		case format.RefRecipe:
			what = fmt.Sprintf("recipe %.16s", p.Ref.Hash.String())
		}
		mark := ' '
		if p.Again {
			mark = '='
		}
		_, err := fmt.Fprintf(l.w, "%14d %12d %c %-7s %s\n", p.Offset, p.Ref.Span, mark, p.Reason, what)
		return err
	})
}

// blockObjects writes maps as JSON, piece by piece: a small archive can hold
// files of very many.
type blockObjects struct{ w io.Writer }

type fileBlocksJSON struct {
	Path      string `json:"path"`
	PathBytes []byte `json:"path_bytes,omitempty"`
	Size      int64  `json:"size"`
	Scanner   string `json:"scanner"`
}

type pieceJSON struct {
	Offset int64        `json:"offset"`
	Length uint64       `json:"length"`
	Kind   string       `json:"kind"`
	Reason string       `json:"reason"`
	Number *uint64      `json:"number,omitempty"`
	Hash   *format.Hash `json:"hash,omitempty"`
	Again  bool         `json:"again,omitempty"`
	Octet  *byte        `json:"octet,omitempty"`
}

func (o blockObjects) show(path string, f *reader.File, scanner string, pieces func(func(blockmap.Piece) error) error) error {
	j := fileBlocksJSON{Size: f.Size(), Scanner: scanner}
	j.Path, j.PathBytes = human.JSONName(path)
	var head bytes.Buffer
	if err := newJSON(&head).Encode(j); err != nil {
		return err
	}
	fmt.Fprintf(o.w, `%s,"pieces":[`, bytes.TrimSuffix(head.Bytes(), []byte("}\n")))
	comma := ""
	err := pieces(func(p blockmap.Piece) error {
		x := pieceJSON{Offset: p.Offset, Length: p.Ref.Span, Kind: "literal", Reason: p.Reason, Again: p.Again}
		switch ref := p.Ref; ref.Kind {
		case format.RefBlock:
			x.Kind, x.Number, x.Hash = "block", &ref.Num, &ref.Hash
		case format.RefRun:
			x.Kind, x.Octet = "run", &ref.Octet
		case format.RefRecipe:
			x.Kind, x.Number, x.Hash = "recipe", &ref.Num, &ref.Hash
		}
		b, err := json.Marshal(x)
		if err == nil {
			_, err = fmt.Fprintf(o.w, "%s%s", comma, b)
		}
		comma = ","
		return err
	})
	_, failed := io.WriteString(o.w, "]}\n")
	return errors.Join(err, failed)
}
