package cli

import (
	"bufio"
	"bytes"
	"cmp"
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
	Archive string   `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Members []string `arg:"" optional:"" name:"member" help:"Whose blocks, by path or pattern, with everything below. Default: of all files."`
	atFlag
	Hist    bool            `help:"Show how many blocks there are of each size and why they end there, and what each scanner's files share."`
	JSON    bool            `name:"json" help:"An object for each file, or with --hist or --svg a single one."`
	SVG     string          `name:"svg" placeholder:"FILE" help:"Draw the histogram into FILE; - is standard output."`
	Scanner scanners.Choice `default:"auto" placeholder:"NAME" help:"Find reasons with the one each file chooses (auto), with none, or with the one of that name."`
}

func (*blocksCommand) Help() string {
	return `
Shows how the content of files is cut into blocks, and why. The files are read, and cut again by what the archive records of its parameters.

Each line is a piece of the file: where it begins, how long it is, why it ends there, and its hash. A block that was met before is marked with =; a run has the octet that it repeats. Below a piece that a recipe makes stand, indented, the pieces of the content that it is made from, unless the recipe was met before.

With --hist, what is shared is in blocks that were met before, in this or another of the files shown. Sizes and reasons, with joints, hints, rolling and max of each scanner, are counted of distinct blocks. Those of contents that recipes use are not counted.

Why a piece ends: joint or hint of a scanner; hash, the rolling cut; max, it may not be longer; run, before or behind a run of one octet; recipe, where one makes the piece or the next one; end of the file; literal, kept in metadata; other, by another scanner than this one.

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
                               number and hash, and again, if it was met
                               before; of a run its octet; of a recipe its
                               model, and if it is not there again its input,
                               an object with size, scanner, pieces

With --hist: files, bytes, blocks, distinct, shared bytes, runs and run_bytes, literals and literal_bytes, recipes, recipe_bytes and the recipe_content they are made from; sizes, with from, to, blocks, bytes and reasons of distinct blocks; scanners, with name, files, bytes, blocks, shared, and reasons of distinct blocks. The bytes are those of distinct blocks, shared, of runs, of literals and of what recipes make; what is damaged is not counted.`
}

func (c *blocksCommand) Run(e *Env) error {
	if c.SVG == "-" && (c.Hist || c.JSON) {
		return usagef("--svg -: standard output takes one form only")
	}
	a, err := c.open(e, c.Archive, reader.Options{})
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
	return l.pieces(0, pieces)
}

// inputIndent is by how much the input of a recipe is indented.
const inputIndent = 4

func (l blockList) pieces(depth int, pieces func(do func(blockmap.Piece) error) error) error {
	return pieces(func(p blockmap.Piece) error {
		in, err := inputOf(&p)
		if err != nil {
			return err
		}
		what := ""
		switch p.Ref.Kind {
		case format.RefBlock:
			what = fmt.Sprintf("%.16s", p.Ref.Hash.String())
		case format.RefRun:
			what = fmt.Sprintf("run of %02x", p.Ref.Octet)
		case format.RefRecipe:
			what = fmt.Sprintf("%.16s %s of %s", p.Ref.Hash.String(), p.Model, human.Bytes(int64(p.Recipe.Input.Span)))
			if in != nil {
				what += ", scanner " + in.Scanner
			}
		}
		mark := ' '
		if p.Again {
			mark = '='
		}
		if _, err := fmt.Fprintf(l.w, "%*s%14d %12d %c %-7s %s\n", inputIndent*depth, "", p.Offset, p.Ref.Span, mark, p.Reason, what); err != nil {
			return err
		}
		if in == nil {
			return nil
		}
		return l.pieces(depth+1, in.Pieces)
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
	Model  string       `json:"model,omitempty"`
}

type inputJSON struct {
	Size    uint64 `json:"size"`
	Scanner string `json:"scanner"`
}

func (o blockObjects) show(path string, f *reader.File, scanner string, pieces func(func(blockmap.Piece) error) error) error {
	j := fileBlocksJSON{Size: f.Size(), Scanner: scanner}
	j.Path, j.PathBytes = human.JSONName(path)
	err := o.with(j, pieces)
	_, failed := io.WriteString(o.w, "\n")
	return errors.Join(err, failed)
}

// with writes an object with pieces.
func (o blockObjects) with(head any, pieces func(do func(blockmap.Piece) error) error) error {
	if err := o.open(head); err != nil {
		return err
	}
	fmt.Fprint(o.w, `,"pieces":[`)
	comma := ""
	err := pieces(func(p blockmap.Piece) error {
		in, err := inputOf(&p)
		if err != nil {
			return err
		}
		x := pieceJSON{Offset: p.Offset, Length: p.Ref.Span, Kind: "literal", Reason: p.Reason, Again: p.Again}
		switch ref := p.Ref; ref.Kind {
		case format.RefBlock:
			x.Kind, x.Number, x.Hash = "block", &ref.Num, &ref.Hash
		case format.RefRun:
			x.Kind, x.Octet = "run", &ref.Octet
		case format.RefRecipe:
			x.Kind, x.Number, x.Hash, x.Model = "recipe", &ref.Num, &ref.Hash, p.Model
		}
		fmt.Fprint(o.w, comma)
		comma = ","
		if err := o.open(x); err != nil {
			return err
		}
		if in != nil {
			fmt.Fprint(o.w, `,"input":`)
			err = o.with(inputJSON{p.Recipe.Input.Span, in.Scanner}, in.Pieces)
		}
		fmt.Fprint(o.w, "}")
		return err
	})
	_, failed := io.WriteString(o.w, "]}")
	return errors.Join(err, failed)
}

// open writes an object but for its end.
func (o blockObjects) open(x any) error {
	var b bytes.Buffer
	if err := newJSON(&b).Encode(x); err != nil {
		return err
	}
	_, err := o.w.Write(bytes.TrimSuffix(b.Bytes(), []byte("}\n")))
	return err
}

// inputOf gives what a piece is made from, once for each recipe.
func inputOf(p *blockmap.Piece) (*blockmap.Input, error) {
	if p.Recipe == nil || p.Again {
		return nil, nil
	}
	return p.Input()
}
