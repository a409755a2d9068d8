package mutate

import "bytes"

// maxChanges bounds how often an archive is changed: what many changes break,
// few of them break, too.
const maxChanges = 12

// change is one thing that can be done to an archive. It may change the bytes
// it is given, and gives them back where there is nothing to do.
type change struct {
	name string
	do   func(b []byte, s *Script) []byte
}

// changes are the things that can be done to an archive. Scripts name them by
// number: what is new goes to the end.
var changes = func() []change {
	out := []change{
		{"flip a bit", flipBit}, {"set a byte", setByte}, {"cut the end", cutEnd}, {"cut a range", cutRange},
		{"swap ranges", swapRanges}, {"copy a range", copyRange}, {"double a range", doubleRange}, {"insert noise", insertNoise},
		{"lie in a field", lieInField}, {"lie in a field", lieInField}, {"lie in a field", lieInField}, {"lie in a field", lieInField}, // where most is to be found
		{"lie in stored bytes", lieInContent}, {"lie in a hash", lieInHash},
		{"swap frames", swapFrames}, {"double a structure", doubleStructure},
		{"seal CRCs", func(b []byte, _ *Script) []byte { return Sealed(b, SealCRC) }},
		{"seal the tree", func(b []byte, _ *Script) []byte { return Sealed(b, SealTree) }},
		{"zero a page", zeroPage},
	}
	for _, l := range lies {
		out = append(out, change{l.name, l.change})
	}
	return out
}()

// Archive changes an archive as a script says, and names what it did. The
// result has at most limit bytes.
func Archive(b []byte, s *Script, limit int) (changed []byte, names []string) {
	b = bytes.Clone(b)
	for n := 0; n < maxChanges && !s.Done() && len(b) > 0; n++ {
		c := changes[s.Below(len(changes))]
		b = c.do(b, s)
		b = b[:min(len(b), limit)]
		names = append(names, c.name)
	}
	return b, names
}

// Changes is how many changes there are. A script that begins with a number
// below it begins with that change.
func Changes() int { return len(changes) }

// Name gives the name of a change.
func Name(change int) string { return changes[change].name }
