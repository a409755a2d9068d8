package scanners

import (
	"bytes"
	"slices"
)

// mailScanner knows single messages: the files of a Maildir or an MH folder,
// saved messages, and saved web pages that are messages.
var mailScanner = &Scanner{
	Name: "mail", Title: "single mail messages: bodies and attachments",
	Exts: []string{"eml", "emlx", "mht", "mhtml"}, MIME: []string{"message/rfc822", "message/global", "multipart/related", "application/x-mimearchive"},
	sniff: sniffMail, scan: scanMail,
}

const (
	// mailBody is the least length of a body that is worth joints.
	mailBody = 2 << 10
	// mailEdge is how much lies between an end of an attachment and the joint next
	// to it within. Before an attachment there may be less than the least
	// distance between joints to the start of the message or to the end of the
	// attachment before, and behind it less to the next one. So joints at both ends
	// alone would often not count, but those within do. What is left outside is little
	// to store again.
	mailEdge = 512
	// mailBreaks is how many octets of line breaks at the end of a body are taken
	// for what only separates it from what follows.
	mailBreaks = 64
	// mailLine is how much is looked at of a line that may end a body.
	mailLine = 512
	// mailDepth is how many boundaries are remembered, the latest ones.
	mailDepth = 8
	// emlxMax is the most that the first line of an emlx file may have.
	emlxMax = 32
	// mailValue is how much of a field's value is looked at.
	mailValue = 8 << 10
)

// mailKind is how a body is treated.
type mailKind uint8

const (
	mailNone     mailKind = iota // preamble or epilogue of a multipart: no joints
	mailText                     // text to be read: a joint where it begins
	mailAttached                 // joints where it begins, and within at both ends
)

// mailStop is what ends a body.
type mailStop uint8

const (
	mailGoesOn mailStop = iota
	mailEnd             // the end of the content
	mailFrom            // a From line
	mailPart            // a boundary, before a part
	mailLast            // a boundary, behind the last part
)

// mailReader walks through messages and their parts.
//
// It forgets no boundary when a message begins, except for the oldest when there
// are too many. So it does no harm if what looks like the beginning of a message
// is a line of the one before, as it may be where the length of a message is
// given in its header instead of lines being quoted.
type mailReader struct {
	*Source
	mbox       bool     // lines of From begin messages
	boundaries [][]byte // of the multiparts it is in, the innermost last
	value      []byte   // of headers
}

func scanMail(s *Source) {
	r := mailReader{Source: s}
	r.Skip(int64(emlxLine(r.Peek(emlxMax))))
	r.read(r.headers())
}

// emlxLine gives the length of the first line of an emlx file, which is the
// length of the message in decimal digits, or 0.
func emlxLine(p []byte) int {
	p = p[:min(len(p), emlxMax)]
	rest := bytes.TrimLeft(p, "0123456789")
	if len(rest) == len(p) {
		return 0
	}
	rest = bytes.TrimLeft(rest, " ")
	if n := emptyLine(rest); n > 0 {
		return len(p) - len(rest) + n
	}
	return 0
}

// read goes on with a body of some kind, to the end of the content.
func (r *mailReader) read(kind mailKind) {
	for {
		switch r.body(kind) {
		case mailEnd:
			return
		case mailFrom:
			r.Joint()
			r.Line()
			kind = r.headers()
		case mailPart:
			r.Line()
			kind = r.headers()
		case mailLast:
			r.Line()
			kind = mailNone
		}
	}
}

// body goes to the line behind the body that begins here, says what is there,
// and sets the joints of the body.
func (r *mailReader) body(kind mailKind) mailStop {
	const back = mailEdge + mailBreaks // what remains of a window for the next one
	begin := r.Offset()
	k, inLine := 0, false // a line begins at index k, or the end of one is to be found from there on
	for {
		p := r.Peek(MaxPeek)
		stop := mailGoesOn
		for stop == mailGoesOn {
			if inLine {
				i := bytes.IndexByte(p[k:], '\n')
				if i < 0 {
					k = len(p)
					break
				}
				k, inLine = k+i+1, false
			}
			if k > MaxPeek-mailLine && len(p) == MaxPeek || k == len(p) {
				break
			}
			switch p[k] {
			case '\n': // an empty line; there may be many
				k++
				continue
			case '-', 'F':
				stop = r.stop(p, k)
			}
			inLine = stop == mailGoesOn
		}
		if stop == mailGoesOn && len(p) < MaxPeek {
			stop = mailEnd
		}
		first := r.Offset() == begin
		if stop == mailGoesOn { // and so it is long enough
			if first {
				r.begins(kind)
			}
			r.Skip(int64(k - back))
			k = back
			continue
		}
		end := k
		for end > max(0, k-mailBreaks) && (p[end-1] == '\n' || p[end-1] == '\r') {
			end--
		}
		if first && end >= mailBody {
			r.begins(kind)
		}
		if kind == mailAttached && (!first || end >= mailBody) {
			r.JointAt(r.Offset() + int64(end-mailEdge))
		}
		r.Skip(int64(k))
		return stop
	}
}

// begins sets the joints at the start of a body that is long enough.
func (r *mailReader) begins(kind mailKind) {
	if kind != mailNone {
		r.Joint()
	}
	if kind == mailAttached {
		r.JointAt(r.Offset() + mailEdge)
	}
}

// stop says whether the line at index k of p ends the body that p is of. The
// body begins at index 0, or so far before it that it does not matter.
func (r *mailReader) stop(p []byte, k int) mailStop {
	line := p[k:min(len(p), k+mailLine)]
	if len(line) < 3 {
		return mailGoesOn // too short for either
	}
	if line[0] == 'F' {
		if line[1] == 'r' && r.mbox && afterBlank(p[:k]) && fromLine(line) {
			return mailFrom
		}
		return mailGoesOn
	}
	if line[1] != '-' {
		return mailGoesOn
	}
	rest := line[2:]
	for i := len(r.boundaries) - 1; i >= 0; i-- {
		if rest[0] != r.boundaries[i][0] {
			continue
		}
		rest, ok := bytes.CutPrefix(rest, r.boundaries[i])
		if !ok {
			continue
		}
		rest, last := bytes.CutPrefix(rest, []byte("--"))
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r') {
			rest = rest[1:]
		}
		if len(rest) > 0 && rest[0] != '\n' {
			continue // a longer one
		}
		if last {
			r.boundaries = r.boundaries[:i]
			return mailLast
		}
		r.boundaries = r.boundaries[:i+1]
		return mailPart
	}
	return mailGoesOn
}

// afterBlank reports whether b ends with an empty line, or is empty.
func afterBlank(b []byte) bool {
	b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	return len(b) == 0 || b[len(b)-1] == '\n'
}

// push remembers a boundary.
func (r *mailReader) push(b []byte) {
	if len(b) == 0 || len(b) > mailLine/2 || bytes.ContainsAny(b, "\t\r\n") {
		return
	}
	r.boundaries = slices.DeleteFunc(r.boundaries, func(old []byte) bool { return bytes.Equal(old, b) })
	if len(r.boundaries) == mailDepth {
		r.boundaries = slices.Delete(r.boundaries, 0, 1)
	}
	r.boundaries = append(r.boundaries, bytes.Clone(b))
}

// sniffMail tells a message by its header: nothing but fields, two of which are
// mail's, and one of them such as only what has been sent or is in MIME has.
// Patches, control files and the headers of HTTP have none.
func sniffMail(head []byte) bool {
	head = head[emlxLine(head):]
	known, sent, from, mime := 0, false, false, false
	for fields := 0; len(head) > 0 && emptyLine(head) == 0; fields++ {
		name := fieldName(head)
		end := bytes.IndexByte(head, '\n')
		if name == nil && end < 0 && fields > 0 {
			break // cut off
		}
		if name == nil && (fields == 0 || head[0] != ' ' && head[0] != '\t') {
			return false
		}
		switch {
		case isField(name, "received"), isField(name, "return-path"), isField(name, "delivered-to"), isField(name, "message-id"), isField(name, "x-original-to"), isField(name, "envelope-to"):
			known, sent = known+1, true
		case isField(name, "from"):
			known, from = known+1, true
		case isField(name, "mime-version"):
			known, mime = known+1, true
		case isField(name, "date"), isField(name, "to"), isField(name, "subject"), isField(name, "cc"), isField(name, "reply-to"), isField(name, "content-type"), isField(name, "dkim-signature"), isField(name, "x-received"):
			known++
		}
		if end < 0 {
			break
		}
		head = head[end+1:]
	}
	return known >= 2 && (sent || from && mime)
}
