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
		name := fieldName(p)
		folded := fields > 0 && len(p) > 0 && (p[0] == ' ' || p[0] == '\t')
		if name == nil && !folded && !bytes.HasPrefix(p, []byte(">From ")) {
			break
		}
		if !folded {
			ours = false
		}
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
		if line := r.Line(); ours && len(r.value)+len(line) <= mailValue {
			if !folded {
				line = line[n+1:]
			}
			r.value = append(r.value, line...)
		}
	}
	mediaType := bytes.TrimLeft(r.value, " \t\r\n")
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
	return bytes.TrimLeft(p[len(name)+1:], " \t\r\n")
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
		p := bytes.TrimLeft(v[i+1:], " \t\r\n")
		if !hasFold(p, name) {
			continue
		}
		p, ok := bytes.CutPrefix(bytes.TrimLeft(p[len(name):], " \t\r\n"), []byte("="))
		if !ok {
			continue
		}
		p = bytes.TrimLeft(p, " \t\r\n")
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
