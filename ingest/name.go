package ingest

import (
	"fmt"
	"strings"

	"github.com/vtdarchive/vtd/writer"
)

// name makes a member name of a name in a file, and tells what it takes off.
func (x *reading) name(name string) string {
	parts, removed := writer.MemberName(name)
	if removed != "" && !x.cut[removed] {
		if x.cut == nil {
			x.cut = map[string]bool{}
		}
		if x.cut[removed] = true; x.o.Notice != nil && len(x.cut) <= maxCut {
			x.o.Notice(fmt.Sprintf("removing leading %q from member names", removed))
		}
	}
	return strings.Join(parts, "/")
}

// maxCut bounds how many different things are said to be taken off names.
const maxCut = 8
