package scanners

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestFromLine(t *testing.T) {
	for line, want := range map[string]bool{
		"From a@example.org Sat Jan  3 01:05:34 1996":                               true,
		"From a@example.org Sat Jan  3 01:05:34 1996\r\n":                           true,
		"From a@example.org Sat Jan 13 1:05 2026\nFrom: a":                          true,
		"From a@example.org Sat Jan  3 01:05:34 CET 1996":                           true,
		"From a@example.org Sat Jan  3 01:05:34 1996 +0100":                         true,
		"From a@example.org Mon Jan 01 00:00:00 +0000 2018":                         true,
		"From a@example.org Sat, 3 Jan 1996 01:05:34 +0100":                         true,
		"From 1234567890@xxx Mon Jan 01 00:00:00 +0000 2018":                        true,
		"From 8f776fd9f7b07842fdb5801af7128808860cbe35 Mon Sep 17 00:00:00 2001":    true,
		"From - Sat Jan 03 01:05:34 1996":                                           true,
		"From MAILER-DAEMON Fri Jul  8 12:08:34 2011":                               true,
		"From a at example.org  Sat Jan  3 01:05:34 1996":                           true,
		"From \"A. Sat\"@example.org Sat Jan  3 01:05:34 1996":                      true,
		"From host!a Sat Jan  3 01:05:34 1996 remote from host":                     true,
		"From  Sat Jan  3 01:05:34 1996":                                            true,
		"From here on nothing is quoted.":                                           false,
		"From a@example.org":                                                        false,
		"From a@example.org Sat Jan  3 1996":                                        false,
		"From a@example.org Jan  3 01:05:34 1996":                                   false,
		"From a@example.org Sat Jan  3 01:05:34 3996":                               false,
		"From: a@example.org Sat Jan  3 01:05:34 1996":                              false,
		">From a@example.org Sat Jan  3 01:05:34 1996":                              false,
		"from a@example.org Sat Jan  3 01:05:34 1996":                               false,
		"From Monday to Friday, January 2026, at 12:00":                             false,
		"From a@example.org\nSat Jan  3 01:05:34 1996":                              false,
		"From " + strings.Repeat("a", mailLine) + "@b.org Sat Jan  3 01:05:34 1996": false,
		"From ": false,
		"":      false,
	} {
		if got := fromLine([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

const (
	fromA = "From a@example.org Sat Jan  3 01:05:34 1996\n"
	fromB = "From b@example.org Sun Jan  4 01:05:34 1996\n"
)

// ordinary is text of n octets in lines.
func ordinary(n int) string {
	return strings.Repeat("Some words that are read by somebody, as many as a line has.\n", n/61+1)[:n-1] + "\n"
}

// encoded is an attachment of n octets, with ¦ where its joints are. Its first and
// last lines are long, so that it is alike there whatever lines end with.
func encoded(n int) string {
	long := strings.Repeat("x", 699)
	b := long + "\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\n", n/77+1)[:n-1400] + "\n" + long
	return "¦" + b[:mailEdge] + "¦" + b[mailEdge:n-mailEdge] + "¦" + b[n-mailEdge:]
}

// checkJoints compares the joints of some content with the places at which ¦
// stands in it, with both kinds of line ends.
func checkJoints(t *testing.T, sc *Scanner, name, content string) {
	t.Helper()
	for _, eol := range []string{"\n", "\r\n"} {
		var data []byte
		want := []int64{}
		for i, piece := range strings.Split(strings.ReplaceAll(content, "\n", eol), "¦") {
			if i > 0 {
				want = append(want, int64(len(data)))
			}
			data = append(data, piece...)
		}
		if got := jointsOf(t, sc, data); !slices.Equal(got, want) {
			t.Errorf("%s, %q: joints at %d, want %d", name, eol, got, want)
		}
	}
}

func TestMboxJoints(t *testing.T) {
	header := "From: a@example.org\nSubject: something\n\n"
	mixed := "From: a@example.org\nContent-Type: multipart/mixed;\n\tboundary=\"=_b\"\n\n"
	octets := "Content-Type: application/octet-stream; name=x\nContent-Transfer-Encoding: base64\n\n"
	for name, content := range map[string]string{
		"two messages":       "¦" + fromA + header + "Hello.\n\n¦" + fromB + header + "Hello again.\n",
		"no final line feed": "¦" + fromA + header + "Hello.\n\n¦" + fromB + header + "Hello again.",
		"long bodies":        "¦" + fromA + header + "¦" + ordinary(mailBody+1) + "\n¦" + fromB + header + "¦" + ordinary(100<<10),
		"quoted, or not behind an empty line": "¦" + fromA + header + "\n>" + fromA + "\n>>" + fromA + "x\n" + fromA +
			"\nFrom what I hear, this is text.\n\n¦" + fromB + header,
		"no body":             "¦" + fromA + header + "¦" + fromB + header + "\n¦" + fromA + "\n",
		"something before":    ordinary(5000) + "\n¦" + fromA + header + "Hello.\n",
		"a long line":         "¦" + fromA + header + "¦" + strings.Repeat("x", 200<<10) + "\n\n¦" + fromB + header + "¦" + strings.Repeat("x", 200<<10),
		"a quoted From first": "¦" + fromA + ">" + fromB + mixed + "--=_b\n" + octets + encoded(5000) + "\n--=_b--\n\n¦" + fromB,
		"an attachment": "¦" + fromA + mixed + "preamble\n--=_b\n\nHello.\n--=_b\n" + octets + encoded(5000) +
			"\n--=_b\n" + octets + encoded(300<<10) + "\n\n--=_b--\n" + ordinary(5000) + "\n¦" + fromB + header,
		"a part without an end": "¦" + fromA + mixed + "--=_b\n" + octets + encoded(5000) + "\n\n¦" + fromB + header,
		// Where lengths are given, nothing is quoted.
		"mboxcl2": "¦" + fromA + "Content-Length: 9999\n" + mixed + "--=_b\n\nHe wrote:\n\n¦" + fromB + header + "Hello.\n--=_b\n" + octets +
			encoded(5000) + "\n--=_b--\n\n¦" + fromA + header,
	} {
		checkJoints(t, mboxScanner, name, content)
	}
}

// Near the end of what a scanner sees at once, nothing is overlooked.
func TestMboxAnywhere(t *testing.T) {
	for n := MaxPeek - 2*mailLine; n < MaxPeek+2*mailLine; n += 7 {
		content := "¦" + fromA + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png\n\n" + encoded(n) +
			"\n--b\n\n¦" + ordinary(n) + "\n--b--\n\n¦" + fromB + "\n¦" + ordinary(n) + "\n¦" + fromA
		checkJoints(t, mboxScanner, fmt.Sprint(n), content)
	}
}

// Of a mailbox in which messages were moved and one was removed hardly
// anything is new.
func TestMboxEdited(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var messages [][]byte
	for i := range 150 {
		text := string(base64Lines(uint64(1000+i), 200+rng.IntN(6000)))
		var attachment []byte
		if i%3 == 0 {
			attachment = base64Lines(uint64(i), 1+rng.IntN(1<<(10+rng.IntN(9))))
		}
		m := mailFile(i, text, attachment)
		messages = append(messages, slices.Concat([]byte(fmt.Sprintf("From sender%d@example.org Sat Jan  3 01:05:34 2026\n", i)), m, []byte("\n")))
	}
	older := slices.Concat(messages...)
	edited := slices.Delete(slices.Clone(messages), 70, 71)
	for range 5 {
		from, to := rng.IntN(len(edited)), rng.IntN(len(edited)-1)
		m := edited[from]
		edited = slices.Insert(slices.Delete(edited, from, from+1), to, m)
	}
	newer := slices.Concat(edited...)
	with, without := newBytes(t, mboxScanner, older, newer), newBytes(t, nil, older, newer)
	t.Logf("of %d octets: %d new, %d without the scanner", len(newer), with, without)
	if with > 10_000 || with*10 > without {
		t.Errorf("of %d octets %d are new, and %d without the scanner", len(newer), with, without)
	}
}
