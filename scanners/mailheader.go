package scanners

import "bytes"

// headers reads the header of a message or a part, and of the message that
// the part is if it is one, and says what the body is.
func (r *mailReader) headers() mailKind {
	for {
		kind, inner := r.header()
		if !inner {
			return kind
		}
	}
}

// header reads one header: up to and with the empty line, or up to a line that
// belongs to no header. inner says that the header of a message follows.
func (r *mailReader) header() (kind mailKind, inner bool) {
	r.value = r.value[:0]
	ours, fields, attachment, encoded := false, 0, false, false
	for {
		p := r.Peek(mailLine)
		if n := emptyLine(p); n > 0 {
			r.Skip(int64(n))
			break
		}
		if fields > 0 && len(p) > 0 && (p[0] == ' ' || p[0] == '\t') { // the field goes on
			if line := r.lineOf(p); ours && len(r.value)+len(line) <= mailValue {
				r.value = append(r.value, line...)
			}
			continue
		}
		name := fieldName(p)
		if name == nil && !bytes.HasPrefix(p, []byte(">From ")) {
			break
		}
		ours = false
		fields++
		switch {
		case isField(name, "content-type"):
			ours, r.value = true, r.value[:0]
		case isField(name, "content-disposition"):
			attachment = hasFold(fieldValue(p, name), "attachment")
		case isField(name, "content-transfer-encoding"):
			encoded = hasFold(fieldValue(p, name), "base64")
		}
		n := len(name)
		if line := r.lineOf(p); ours {
			r.value = append(r.value, line[n+1:]...)
		}
	}
	mediaType := skipBlanks(r.value)
	switch {
	case hasFold(mediaType, "multipart/"):
		r.push(parameter(mediaType, "boundary"))
		return mailNone, false
	case (hasFold(mediaType, "message/rfc822") || hasFold(mediaType, "message/global")) && !encoded:
		return mailText, fieldName(r.Peek(mailLine)) != nil
	case attachment:
		return mailAttached, false
	case len(mediaType) == 0 || hasFold(mediaType, "text/plain") || hasFold(mediaType, "text/html"):
		return mailText, false
	}
	return mailAttached, false
}

// lineOf is Line where p has been seen.
func (r *mailReader) lineOf(p []byte) []byte {
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		r.Skip(int64(i + 1))
		return p[:i+1]
	}
	return r.Line()
}

// emptyLine gives the length of the empty line at the start of p, or 0.
func emptyLine(p []byte) int {
	switch {
	case len(p) > 0 && p[0] == '\n':
		return 1
	case len(p) > 1 && p[0] == '\r' && p[1] == '\n':
		return 2
	}
	return 0
}

// fieldName gives the name of the field of a header that p begins with, or nil.
func fieldName(p []byte) []byte {
	for i, c := range p {
		switch {
		case c == ':' && i > 0:
			return p[:i]
		case c <= ' ' || c == ':' || c > '~':
			return nil
		}
	}
	return nil
}

// fieldValue gives what stands behind a field's name and its colon.
func fieldValue(p, name []byte) []byte {
	return skipBlanks(p[len(name)+1:])
}

// skipBlanks leaves blanks and ends of lines at the start of p off.
func skipBlanks(p []byte) []byte {
	for len(p) > 0 && (p[0] == ' ' || p[0] == '\t' || p[0] == '\r' || p[0] == '\n') {
		p = p[1:]
	}
	return p
}

// isField reports whether a name of a field is the given one, which is written
// in lower case.
func isField(name []byte, want string) bool { return len(name) == len(want) && hasFold(name, want) }

// hasFold reports whether b begins with a word in lower case, however b is
// written.
func hasFold(b []byte, word string) bool {
	if len(b) < len(word) {
		return false
	}
	for i := range len(word) {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// parameter gives the value of a parameter in the value of a field, without the
// quotes around it.
func parameter(v []byte, name string) []byte {
	quoted := false
	for i, c := range v {
		if c == '"' {
			quoted = !quoted
		}
		if c != ';' || quoted {
			continue
		}
		p := skipBlanks(v[i+1:])
		if !hasFold(p, name) {
			continue
		}
		p, ok := bytes.CutPrefix(skipBlanks(p[len(name):]), []byte("="))
		if !ok {
			continue
		}
		p = skipBlanks(p)
		if p, ok := bytes.CutPrefix(p, []byte(`"`)); ok {
			p, _, _ = bytes.Cut(p, []byte(`"`))
			return bytes.TrimRight(p, " ")
		}
		if end := bytes.IndexAny(p, "; \t\r\n"); end >= 0 {
			p = p[:end]
		}
		return p
	}
	return nil
}
