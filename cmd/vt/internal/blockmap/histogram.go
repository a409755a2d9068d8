package blockmap

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/vtdarchive/vtd/format"
)

// Histogram counts the pieces of files.
type Histogram struct {
	Files    int64        `json:"files"`
	Bytes    int64        `json:"bytes"`    // of the pieces that could be read
	Blocks   int64        `json:"blocks"`   // references to blocks
	Distinct int64        `json:"distinct"` // blocks
	Shared   int64        `json:"shared"`   // bytes in blocks met before
	Runs     int64        `json:"runs"`
	RunBytes int64        `json:"run_bytes"`
	Literals int64        `json:"literals"` // that stand in metadata
	LitBytes int64        `json:"literal_bytes"`
	Recipes  int64        `json:"recipes"` // what recipes make
	RecBytes int64        `json:"recipe_bytes"`
	RecFrom  int64        `json:"recipe_content"` // bytes of what they make them from
	Sizes    []*SizeClass `json:"sizes"`          // of distinct blocks, ascending
	Scanners []*ByScanner `json:"scanners"`       // by bytes, the most first
}

// SizeClass counts distinct blocks of From to To-1 bytes.
type SizeClass struct {
	From    int64            `json:"from"`
	To      int64            `json:"to"`
	Blocks  int64            `json:"blocks"`
	Bytes   int64            `json:"bytes"`
	Reasons map[string]int64 `json:"reasons"` // blocks that end for each
}

// ByScanner counts the files of one scanner.
type ByScanner struct {
	Name    string           `json:"name"`
	Files   int64            `json:"files"`
	Bytes   int64            `json:"bytes"`
	Blocks  int64            `json:"blocks"`
	Shared  int64            `json:"shared"`
	Reasons map[string]int64 `json:"reasons"` // distinct blocks that end for each
}

// File counts a file that a scanner is used for, and gives what its pieces are
// to be counted in.
func (h *Histogram) File(scanner string) *ByScanner {
	h.Files++
	i := slices.IndexFunc(h.Scanners, func(s *ByScanner) bool { return s.Name == scanner })
	if i < 0 {
		i = len(h.Scanners)
		h.Scanners = append(h.Scanners, &ByScanner{Name: scanner, Reasons: make(map[string]int64)})
	}
	s := h.Scanners[i]
	s.Files++
	return s
}

// Add counts a piece of a file.
func (h *Histogram) Add(s *ByScanner, p Piece) {
	n := int64(p.Ref.Span)
	h.Bytes += n
	s.Bytes += n
	switch p.Ref.Kind {
	case format.RefRun:
		h.Runs++
		h.RunBytes += n
		return
	case format.RefLiteral:
		h.Literals++
		h.LitBytes += n
		return
	case format.RefRecipe:
		h.Recipes++
		h.RecBytes += n
		h.RecFrom += int64(p.Recipe.Input.Span)
		return
	case format.RefBlock:
	default:
		return
	}
	h.Blocks++
	s.Blocks++
	if p.Again {
		h.Shared += n
		s.Shared += n
		return
	}
	h.Distinct++
	s.Reasons[p.Reason]++
	c := h.class(n)
	c.Blocks++
	c.Bytes += n
	c.Reasons[p.Reason]++
}

func (h *Histogram) class(n int64) *SizeClass {
	from := int64(1) << (bits.Len64(uint64(n)) - 1)
	i, ok := slices.BinarySearchFunc(h.Sizes, from, func(c *SizeClass, from int64) int { return cmp.Compare(c.From, from) })
	if !ok {
		h.Sizes = slices.Insert(h.Sizes, i, &SizeClass{From: from, To: 2 * from, Reasons: make(map[string]int64)})
	}
	return h.Sizes[i]
}

// Sort puts the scanners in order.
func (h *Histogram) Sort() {
	slices.SortStableFunc(h.Scanners, func(a, b *ByScanner) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
}

// reasons are those that occur, in order.
func (h *Histogram) reasons() []string {
	var rs []string
	for _, r := range Reasons {
		if slices.ContainsFunc(h.Sizes, func(c *SizeClass) bool { return c.Reasons[r] > 0 }) {
			rs = append(rs, r)
		}
	}
	return rs
}
