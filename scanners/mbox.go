package scanners

import "bytes"

// mboxScanner knows mailboxes of all kinds in which a line of From begins a
// message: mboxo, mboxrd, mboxcl and mboxcl2, and what git makes of commits.
//
// A joint is where a message begins. The empty line before that belongs to the
// message before, so that messages can be moved and removed like members of an
// archive. Within messages, joints are as in single ones.
var mboxScanner = &Scanner{
	Name: "mbox", Title: "mailboxes: messages, bodies and attachments",
	Exts: []string{"mbox"}, MIME: []string{"application/mbox"},
	sniff: func(head []byte) bool { return fromLine(head) },
	scan:  scanMbox,
}

func scanMbox(s *Source) {
	r := mailReader{Source: s, mbox: true}
	r.read(mailNone)
}

// fromLine reports whether b begins with a line that begins a message: From,
// who sent it, and when. All kinds of senders occur, with blanks in them and
// without, and many orders of a date, with zones and without; but all have a day
// of the week, and then a month, a time and a year.
func fromLine(b []byte) bool {
	line, ok := bytes.CutPrefix(b[:min(len(b), mailLine)], []byte("From "))
	if !ok {
		return false
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	var weekday, month, time, year bool
	for len(line) > 0 {
		var word []byte
		word, line, _ = bytes.Cut(line, []byte(" "))
		for len(word) > 0 && (word[len(word)-1] == ',' || word[len(word)-1] == '\r') {
			word = word[:len(word)-1]
		}
		switch {
		case len(word) < 3: // as most that are none of those
		case oneOfThree(word, "MonTueWedThuFriSatSun"):
			weekday, month, time, year = true, false, false, false
		case oneOfThree(word, "JanFebMarAprMayJunJulAugSepOctNovDec"):
			month = true
		case len(word) == 4 && like(word, "0000"):
			year = word[0] == '1' && word[1] == '9' || word[0] == '2' && word[1] == '0'
		case like(word, "00:00"), like(word, "00:00:00"), like(word, "0:00"), like(word, "0:00:00"):
			time = true
		}
		if weekday && month && time && year {
			return true
		}
	}
	return false
}

// oneOfThree reports whether a word is one of several of three letters.
func oneOfThree(word []byte, words string) bool {
	if len(word) != 3 {
		return false
	}
	for ; len(words) > 0; words = words[3:] {
		if string(word) == words[:3] {
			return true
		}
	}
	return false
}

// like reports whether a word looks like a pattern, in which 0 is any digit.
func like(word []byte, pattern string) bool {
	if len(word) != len(pattern) {
		return false
	}
	for i, c := range word {
		if p := pattern[i]; p == '0' && (c < '0' || c > '9') || p != '0' && c != p {
			return false
		}
	}
	return true
}
