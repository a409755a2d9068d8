package blockmap

import (
	"fmt"
	"io"
	"strings"

	"github.com/vtdarchive/vtd/internal/human"
)

// colours of the reasons, told apart also by those who see few of them.
var colours = map[string]string{
	"joint": "#0072b2", "hint": "#56b4e9", "hash": "#009e73", "max": "#d55e00",
	"run": "#cc79a7", Recipe: "#e69f00", "end": "#999999", Other: "#000000",
}

// The drawing, in pixels.
const (
	svgLeft, svgTop, svgBottom = 60, 40, 60
	svgBar, svgGap, svgHeight  = 36, 12, 240
	svgLegend                  = 190
)

// SVG draws the histogram: a bar for each size, in parts by reason.
func (h *Histogram) SVG(w io.Writer) error {
	most := int64(1)
	for _, c := range h.Sizes {
		most = max(most, c.Blocks)
	}
	reasons := h.reasons()
	plot := max(len(h.Sizes), 4) * (svgBar + svgGap)
	width, height := svgLeft+plot+svgLegend, svgTop+max(svgHeight, 22*len(reasons))+svgBottom
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<title>%s distinct blocks by size, and why they end</title>`+"\n", human.Count(h.Distinct))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="24" font-size="14">%s in %s, %s distinct</text>`+"\n", svgLeft, human.Bytes(h.Bytes), count(h.Blocks, "block"), human.Count(h.Distinct))
	floor := svgTop + svgHeight
	for i := range 5 {
		y := floor - svgHeight*i/4
		fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#dddddd"/>`+"\n", svgLeft, y, svgLeft+plot, y)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", svgLeft-6, y+4, human.Count(most*int64(i)/4))
	}
	for i, c := range h.Sizes {
		x := svgLeft + svgGap/2 + i*(svgBar+svgGap)
		at := int64(0)
		for _, r := range reasons {
			n := c.Reasons[r]
			if n == 0 {
				continue
			}
			low, high := float64(at)*svgHeight/float64(most), float64(at+n)*svgHeight/float64(most)
			at += n
			fmt.Fprintf(&b, `<rect x="%d" y="%.1f" width="%d" height="%.1f" fill="%s"><title>%s: %s</title></rect>`+"\n",
				x, float64(floor)-high, svgBar, high-low, colours[r], titles[r], human.Count(n))
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" font-size="10">%s</text>`+"\n", x+svgBar/2, floor+16, human.Bytes(c.From))
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">size of a block, from</text>`+"\n", svgLeft, floor+40)
	for i, r := range reasons {
		y := svgTop + 22*i
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="14" height="14" fill="%s"/><text x="%d" y="%d">%s</text>`+"\n",
			svgLeft+plot+16, y, colours[r], svgLeft+plot+38, y+12, titles[r])
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
