package parity

import (
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"strings"

	"github.com/vtdarchive/vtd/format"
)

// Share is how much of a file may be lost, in hundredths of a per cent of the
// protected range together with its parity segment.
type Share int

// The shares that can be asked for.
const (
	MinShare Share = 1
	MaxShare Share = 7500

	whole = 10_000
)

// String gives a share in per cent.
func (s Share) String() string {
	if s%100 == 0 {
		return fmt.Sprintf("%d%%", s/100)
	}
	if s%10 == 0 {
		return fmt.Sprintf("%d.%d%%", s/100, s/10%10)
	}
	return fmt.Sprintf("%d.%02d%%", s/100, s%100)
}

// ShareOf gives the share that a set protects, rounded down.
func ShareOf(s *format.ParitySet) Share {
	hi, lo := bits.Mul64(uint64(s.Reach()), whole)
	share, _ := bits.Div64(hi, lo, uint64(s.SegmentEnd()-s.Begin)) // less than whole
	return Share(share)
}

// ParseShare reads what String gives, as 5% or 0.25%.
func ParseShare(text string) (Share, error) {
	digits, percent := strings.CutSuffix(text, "%")
	n, fraction, _ := strings.Cut(digits, ".")
	v, err := strconv.ParseUint(n+(fraction + "00")[:max(2, len(fraction))], 10, 16)
	if err != nil || !percent || len(fraction) > 2 || digits == "" || strings.Contains(digits, "+") {
		return 0, fmt.Errorf("%q is not a share: write it like 5%% or 0.5%%", text)
	}
	if s := Share(v); s < MinShare || s > MaxShare {
		return 0, fmt.Errorf("%s is not between %v and %v", text, MinShare, MaxShare)
	}
	return Share(v), nil
}

// UnmarshalText is ParseShare.
func (s *Share) UnmarshalText(text []byte) (err error) {
	*s, err = ParseShare(string(text))
	return err
}

// cellMax bounds cells, and with them memory: the cells of a row are at most
// 256 times as much.
const cellMax = 64 << 10

// maxLength is the longest range that can be protected at once.
const maxLength = format.MaxParityRows * 200 * cellMax

// rowCounts are how many rows a short range may have. Many rows lose little at
// the ends of what is lost, few need few heads.
var rowCounts = []int64{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128}

// strongEnough is the count of parity shards beyond which more of them are not
// worth the time they take to make.
const strongEnough = 32

// plan finds how many shards, rows and cells protect a share of a range. Of the
// ways that take about the fewest bytes it takes the one with the most parity
// shards: as many cells of a row may be damaged, wherever they lie. Only Length,
// Data, Parity, Rows and Cell of the result are set.
func plan(length int64, share Share) (best format.ParitySet, err error) {
	if share < MinShare || share > MaxShare {
		return best, fmt.Errorf("a share of %v is not between %v and %v", share, MinShare, MaxShare)
	}
	if length > maxLength {
		return best, fmt.Errorf("%d bytes are more than can be protected at once, %d", length, int64(maxLength))
	}
	least := int64(-1)
	for s := range candidates(length, share) {
		if size := s.IndexAt() - s.End(); least < 0 || size < least {
			least = size
		}
	}
	if least < 0 {
		return best, fmt.Errorf("no code protects %v of %d bytes", share, length)
	}
	most := int64(-1)
	for s := range candidates(length, share) {
		size := s.IndexAt() - s.End()
		if size > least+least/32 {
			continue
		}
		if good := int64(min(s.Parity, strongEnough))<<48 - size; most < 0 || good > most {
			best, most = s, good
		}
	}
	return best, nil
}

// candidates gives every set that does, for each number of data shards and a
// choice of numbers of rows.
func candidates(length int64, share Share) iter.Seq[format.ParitySet] {
	return func(yield func(format.ParitySet) bool) {
		for data := int64(1); data < format.MaxParityShards; data++ {
			needed := divUp(length, data*cellMax)
			for i := range len(rowCounts) + 1 {
				rows := needed
				if i > 0 {
					rows = rowCounts[i-1]
				}
				if rows < needed || rows > format.MaxParityRows {
					continue
				}
				if s, ok := fit(length, data, rows, share); ok && !yield(s) {
					return
				}
			}
		}
	}
}

// fit gives a set of some shards and rows the fewest parity shards that do.
func fit(length, data, rows int64, share Share) (format.ParitySet, bool) {
	cell := max(divUp(length, data*rows), data)
	if round := int64(64); cell > round*16 {
		cell = divUp(cell, round) * round
	}
	if cell > cellMax {
		return format.ParitySet{}, false
	}
	data = divUp(length, rows*cell)
	s := format.ParitySet{Length: length, Data: int(data), Rows: uint32(rows), Cell: uint32(cell)}
	// Of the smallest count m of parity shards with reach ≥ share × all:
	//   m·shard − cell − pad + 1 ≥ share × (length + m·rows·frame + tail)
	shard, pad := s.ShardSize(), data*s.ShardSize()-length
	gain := whole*shard - int64(share)*rows*s.FrameSize()
	if gain <= 0 {
		return s, false
	}
	m := divUp(int64(share)*(length+format.ParityTailSize)+whole*(cell+pad-1), gain)
	s.Parity = int(max(m, 1))
	for s.Parity+s.Data <= format.MaxParityShards && s.Reach() < divUp(int64(share)*(s.SegmentEnd()), whole) {
		s.Parity++ // some frame must be left
	}
	return s, s.Parity+s.Data <= format.MaxParityShards
}

func divUp(a, b int64) int64 { return (a + b - 1) / b }
