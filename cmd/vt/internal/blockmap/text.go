package blockmap

import (
	"fmt"
	"io"
	"strings"

	"github.com/vtdarchive/vtd/internal/human"
)

// letters stand for the reasons in text bars.
var letters = map[string]string{
	"joint": "J", "hint": "H", "hash": "#", "max": "M", "run": "R", Recipe: "P", "end": "-", Other: "?",
}

// titles say what the reasons are.
var titles = map[string]string{
	"joint": "joint of a scanner", "hint": "hint of a scanner", "hash": "rolling cut", "max": "maximum",
	"run": "before a run", Recipe: "before a recipe", "end": "end of file", Other: "other",
}

const barWidth = 50

// Text writes the histogram for people.
func (h *Histogram) Text(w io.Writer) error {
	var b strings.Builder
	mean := int64(0)
	most := int64(1)
	total := int64(0)
	for _, c := range h.Sizes {
		most = max(most, c.Blocks)
		total += c.Bytes
	}
	if h.Distinct > 0 {
		mean = total / h.Distinct
	}
	fmt.Fprintf(&b, "%s in %s: %s, %s distinct of %s on average, %s shared\n", human.Bytes(h.Bytes), count(h.Files, "file"),
		count(h.Blocks, "block"), human.Count(h.Distinct), human.Bytes(mean), human.Bytes(h.Shared))
	if h.Runs > 0 {
		fmt.Fprintf(&b, "%s of %s\n", count(h.Runs, "run"), human.Bytes(h.RunBytes))
	}
	if h.Literals > 0 {
		fmt.Fprintf(&b, "%s of %s, kept in metadata\n", count(h.Literals, "literal"), human.Bytes(h.LitBytes))
	}
	if h.Recipes > 0 {
		fmt.Fprintf(&b, "%s of %s, made from %s\n", count(h.Recipes, "recipe"), human.Bytes(h.RecBytes), human.Bytes(h.RecFrom))
	}
	reasons := h.reasons()
	if len(h.Sizes) > 0 {
		b.WriteString("\nDistinct blocks by size, and why they end:\n\n")
	}
	for _, c := range h.Sizes {
		bar := ""
		done, drawn := int64(0), int64(0)
		for _, r := range reasons {
			done += c.Reasons[r]
			to := (done*barWidth + most/2) / most
			bar += strings.Repeat(letters[r], int(to-drawn))
			drawn = to
		}
		fmt.Fprintf(&b, "%9s  %9s  %s\n", human.Bytes(c.From), human.Count(c.Blocks), bar)
	}
	if len(reasons) > 0 {
		b.WriteByte('\n')
	}
	for _, r := range reasons {
		n := int64(0)
		for _, c := range h.Sizes {
			n += c.Reasons[r]
		}
		fmt.Fprintf(&b, "%9s  %9s  %s\n", letters[r], human.Count(n), titles[r])
	}
	if len(h.Scanners) > 0 {
		fmt.Fprintf(&b, "\n%-12s %9s %11s %9s %11s %8s %8s %8s %8s\n", "scanner", "files", "bytes", "blocks", "shared", "joints", "hints", "rolling", "max")
	}
	for _, s := range h.Scanners {
		fmt.Fprintf(&b, "%-12s %9s %11s %9s %11s %8s %8s %8s %8s\n", s.Name, human.Count(s.Files), human.Bytes(s.Bytes), human.Count(s.Blocks),
			human.Bytes(s.Shared), human.Count(s.Reasons["joint"]), human.Count(s.Reasons["hint"]), human.Count(s.Reasons["hash"]), human.Count(s.Reasons["max"]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func count(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return human.Count(n) + " " + what
}
