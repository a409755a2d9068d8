package scanners

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
)

// blocks gives the chunks of contents, each cut with the scanner that Choose
// finds for it.
func blocks(contents ...[]byte) map[[32]byte]bool {
	known := make(map[[32]byte]bool)
	for _, c := range contents {
		for s := range Split(DefaultParams, Choose(c, "", nil), c) {
			known[sha256.Sum256(c[s.Offset:s.Offset+s.Length])] = true
		}
	}
	return known
}

// newBeside gives how many octets of content lie in chunks that are not known.
func newBeside(known map[[32]byte]bool, sc *Scanner, content []byte) (n int64) {
	for s := range Split(DefaultParams, sc, content) {
		if !s.Run && !known[sha256.Sum256(content[s.Offset:s.Offset+s.Length])] {
			n += s.Length
		}
	}
	return n
}

// texts gives contents of many lengths around n.
func texts(count, n int) (files [][]byte) {
	for i := range count {
		files = append(files, noise(uint64(i+1), n/2+(i*7919)%n))
	}
	return files
}

// hasJoints checks the joints that a scanner names.
func hasJoints(t *testing.T, sc *Scanner, name string, data []byte, want ...int64) {
	t.Helper()
	if got := jointsOf(t, sc, data); !slices.Equal(got, want) {
		t.Errorf("%s: joints at %v, want %v", name, got, want)
	}
}

// wantNew checks how much of a newer version is new, in thousandths, with a
// scanner and without.
func wantNew(t *testing.T, sc *Scanner, name string, older, newer []byte, most, plain int64) {
	t.Helper()
	n := int64(len(newer))
	with, without := newBytes(t, sc, older, newer)*1000/n, newBytes(t, nil, older, newer)*1000/n
	t.Logf("%s: %d ‰ new, %d ‰ without the scanner", name, with, without)
	if with > most || without < plain {
		t.Errorf("%s: %d ‰ new, want at most %d; without the scanner %d, thought to be at least %d", name, with, most, without, plain)
	}
}

// The content of a member is seen by the scanner that fits it, which sees no more
// than that.
func TestMembers(t *testing.T) {
	file := bytes.Repeat([]byte("some more words J and so on, "), 5000)
	all := slices.Concat([]byte("Jaaaaaaaaa"), file, []byte("bbbbJ"), file[:30000])
	scan := func(s *Source) {
		s.Skip(10)
		s.Member(int64(len(file)), "first")
		if at := s.Offset(); at != int64(10+len(file)) {
			t.Errorf("behind the first member is %d", at)
		}
		s.Skip(5)
		s.Member(1<<62, "second")
		if !s.AtEnd() {
			t.Error("something is behind the last member")
		}
		s.Member(5000, "third")
	}
	defer func(f func([]byte, string, func() string) *Scanner) { chooseScanner = f }(chooseScanner)
	outer := &Scanner{Name: "outer", scan: scan}
	const first, second = 10, 10 + 145000 + 5
	var words []int64
	for at, c := range all[1:] {
		if c == 'J' && at+1 < second-5 || c == 'J' && at+1 >= second {
			words = append(words, int64(at+1))
		}
	}
	for _, c := range []struct {
		inner *Scanner
		want  []int64
	}{
		{everyJ, words},
		// The second member has no end, and is thought to reach there.
		{&Scanner{Name: "beyond", scan: func(s *Source) { s.JointAt(5); s.JointAt(200 << 10); s.Skip(100 << 10); s.Joint() }},
			[]int64{first + 5, first + 100<<10, second + 5, second + 100<<10, second + 200<<10}},
	} {
		chooseScanner = func(head []byte, name string, _ func() string) *Scanner {
			if name != "third" && len(head) != SniffLen {
				t.Errorf("%s is chosen by %d octets", name, len(head))
			}
			return c.inner
		}
		hasJoints(t, outer, c.inner.Name, all, c.want...)
		spans := scanned(DefaultParams, outer, all)
		for seed := range uint64(3) {
			if got := splitInPieces(t, DefaultParams, outer, all, seed); !slices.Equal(got, spans) {
				t.Errorf("%s: in pieces: %d spans, not %d", c.inner.Name, len(got), len(spans))
			}
		}
		for range Split(DefaultParams, outer, all) {
			break
		}
	}
	// One within itself comes to an end.
	deep := 0
	outer.scan = func(s *Source) { deep++; s.Member(1<<20, ""); s.Joint() }
	chooseScanner = func([]byte, string, func() string) *Scanner { return outer }
	if joints := jointsOf(t, outer, all); deep != maxDepth+1 || len(joints) != 1 {
		t.Errorf("%d deep, joints %v", deep, joints)
	}
	// One that panics ends alone.
	chooseScanner = func([]byte, string, func() string) *Scanner {
		return &Scanner{scan: func(s *Source) { s.Joint(); panic("oh") }}
	}
	outer.scan = func(s *Source) { s.Skip(7); s.Member(1000, ""); s.Joint() }
	hasJoints(t, outer, "a member panics", all, 7, 1007)
}

// Whatever the format of a member, it has the marks in an archive that it has as
// a file.
func TestMembersAreFiles(t *testing.T) {
	front := noise(1, 100<<10)
	for _, of := range all {
		for name, b := range samplesOf(t, of.Name) {
			sc := Choose(b, name, nil)
			if sc == nil || len(b) < tarBlock {
				continue
			}
			header := tarRaw('0', fmt.Sprintf("%011o", len(b)), func(h []byte) { copy(h, make([]byte, 100)); copy(h[:100], name) })
			archive := slices.Concat(tarRaw('0', fmt.Sprintf("%011o", len(front)), nil), front, header, b, make([]byte, -len(b)&511), header, b)
			at := int64(2*tarBlock + len(front))
			want, wantHints := marksOf(t, sc, b)
			got, gotHints := marksOf(t, tarScanner, archive)
			within := func(marks []int64) (of []int64) {
				for _, m := range marks {
					if m > at && m < at+int64(len(b)) {
						of = append(of, m-at)
					}
				}
				return of
			}
			inside := func(m int64) bool { return m <= 0 || m >= int64(len(b)) }
			if want, got := slices.DeleteFunc(want, inside), within(got); !slices.Equal(got, want) {
				t.Errorf("%s: joints %v in an archive, %v in the file", name, got, want)
			}
			if want, got := slices.DeleteFunc(wantHints, inside), within(gotHints); !slices.Equal(got, want) {
				t.Errorf("%s: hints %v in an archive, %v in the file", name, got, want)
			}
			if got, want := splitInPieces(t, DefaultParams, tarScanner, archive, 1), scanned(DefaultParams, tarScanner, archive); !slices.Equal(got, want) {
				t.Errorf("%s: %d spans in pieces, %d of the whole", name, len(got), len(want))
			}
		}
	}
}
