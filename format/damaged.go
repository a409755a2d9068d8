package format

import (
	"fmt"
	"strings"
)

// What is left of a file, of which some is missing, is kept under another name
// and says what is missing; see "Recovery" in the specification.
const (
	DamagedSuffix = ".damaged"
	MissingXattr  = "user.vtd.missing"
)

// DamagedName gives the name for what is left of a file: the suffix behind its
// own, and a number where that is taken. It has at most limit bytes.
func DamagedName(name string, limit int, taken func(string) bool) string {
	for n := 1; ; n++ {
		end := DamagedSuffix
		if n > 1 {
			end = fmt.Sprintf("%s.%d", DamagedSuffix, n)
		}
		if as := name[:min(len(name), limit-len(end))] + end; !taken(as) {
			return as
		}
	}
}

// MissingValue is the value of MissingXattr for ranges of a file, of each of
// which the first byte and the one behind it are given.
func MissingValue(ranges [][2]int64) string {
	var b strings.Builder
	for _, r := range ranges {
		next := fmt.Sprintf("%d-%d", r[0], r[1])
		if b.Len() > 0 {
			next = "," + next
		}
		if b.Len()+len(next)+len(",...") > MaxXattrValue {
			b.WriteString(",...")
			break
		}
		b.WriteString(next)
	}
	return b.String()
}
