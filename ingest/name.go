package ingest

import (
	"fmt"
	"strings"
)

// name makes a member name of a name in a file, as tar does: a leading slash and
// everything up to the last ".." go, "." components vanish.
func (x *reading) name(name string) string {
	parts := strings.Split(name, "/")
	keep := 0
	for i, p := range parts {
		if p == ".." {
			keep = i + 1
		}
	}
	removed := ""
	if keep > 0 {
		removed = strings.Join(parts[:keep], "/") + "/"
	} else if strings.HasPrefix(name, "/") {
		removed = "/"
	}
	if removed != "" && !x.cut[removed] {
		if x.cut == nil {
			x.cut = map[string]bool{}
		}
		if x.cut[removed] = true; x.o.Notice != nil && len(x.cut) <= maxCut {
			x.o.Notice(fmt.Sprintf("removing leading %q from member names", removed))
		}
	}
	out := parts[:0]
	for _, p := range parts[keep:] {
		if p != "" && p != "." {
			out = append(out, p)
		}
	}
	return strings.Join(out, "/")
}

// maxCut bounds how many different things are said to be taken off names.
const maxCut = 8
