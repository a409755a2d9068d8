package blockmap

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

func piece(kind format.RefKind, span uint64, reason string, again bool) Piece {
	p := Piece{Piece: reader.Piece{Ref: format.Ref{Kind: kind, Span: span}}, Reason: reason, Again: again}
	if kind == format.RefRecipe {
		p.Recipe = &format.Recipe{Length: span, Input: format.Ref{Span: 4 * span}}
	}
	return p
}

func sample() *Histogram {
	h := new(Histogram)
	mbox := h.File("mbox")
	h.Add(mbox, piece(format.RefBlock, 600, "joint", false))
	h.Add(mbox, piece(format.RefBlock, 400, "end", true))
	for range 3 {
		none := h.File("none")
		h.Add(none, piece(format.RefBlock, 1023, "hash", false))
		h.Add(none, piece(format.RefRun, 953, "run", false))
		h.Add(none, piece(format.RefLiteral, 24, Literal, false))
	}
	h.Add(h.File("gzip"), piece(format.RefRecipe, 5000, Recipe, false))
	h.Sort()
	return h
}

func TestHistogram(t *testing.T) {
	h := sample()
	if h.Files != 5 || h.Bytes != 12000 || h.Literals != 3 || h.LitBytes != 3*24 || h.Recipes != 1 || h.RecFrom != 20000 || h.Blocks != 5 || h.Distinct != 4 || h.Shared != 400 || h.Runs != 3 || h.RunBytes != 3*953 {
		t.Errorf("%+v", h)
	}
	if h.Bytes != h.Sizes[0].Bytes+h.Shared+h.RunBytes+h.LitBytes+h.RecBytes {
		t.Error("the bytes do not add up")
	}
	if len(h.Sizes) != 1 || h.Sizes[0].From != 512 || h.Sizes[0].To != 1024 || h.Sizes[0].Blocks != 4 || h.Sizes[0].Bytes != 600+3*1023 {
		t.Errorf("sizes: %+v", *h.Sizes[0])
	}
	if len(h.Scanners) != 3 || h.Scanners[0].Name != "none" || h.Scanners[0].Reasons["hash"] != 3 || h.Scanners[2].Shared != 400 {
		t.Errorf("scanners: %+v, %+v", *h.Scanners[0], *h.Scanners[2])
	}
	if got := h.reasons(); !slices.Equal(got, []string{"joint", "hash"}) {
		t.Errorf("reasons %v", got)
	}
}

// Bars have one letter for about each fiftieth of the longest.
func TestText(t *testing.T) {
	var b strings.Builder
	if err := sample().Text(&b); err != nil {
		t.Fatal(err)
	}
	if want := "    512 B          4  " + strings.Repeat("J", 13) + strings.Repeat("#", 37) + "\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
	b.Reset()
	if err := new(Histogram).Text(&b); err != nil || b.Len() == 0 {
		t.Errorf("of nothing: %q, %v", b.String(), err)
	}
}

func TestSVG(t *testing.T) {
	for _, h := range []*Histogram{sample(), new(Histogram)} {
		var b strings.Builder
		if err := h.SVG(&b); err != nil {
			t.Fatal(err)
		}
		bars := 0
		for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v in %s", err, b.String())
			}
			if x, ok := token.(xml.StartElement); ok && x.Name.Local == "rect" {
				bars++
			}
		}
		// The ground, a bar for each reason, and as many in the legend.
		if want := 1 + 2*len(h.reasons()); bars != want {
			t.Errorf("%d rectangles, not %d", bars, want)
		}
	}
}
