package legacy

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// State is a line of a text file.
type State struct {
	Sec  int64 // when it was saved
	Nsec uint32
	Root Dirent
	Meta Meta // of Root, whose own Meta is empty

	Number     int  // of this state, from 1 on
	Incomplete bool // a line without an end follows
}

// LastState reads the last complete line of a text file.
func LastState(b []byte) (State, error) {
	var last []byte
	var st State
	for line := range bytes.Lines(b) {
		text := bytes.TrimSpace(line)
		switch {
		case len(text) == 0 || text[0] == '#':
		case line[len(line)-1] != '\n':
			st.Incomplete = true
		default:
			last = text
			st.Number++
		}
	}
	if last == nil && st.Incomplete {
		return st, fmt.Errorf("its only line has no end: it may have been cut short%w", class{ErrDamaged})
	}
	if last == nil {
		return st, fmt.Errorf("no line names a directory%w", class{ErrDamaged})
	}
	if len(last) > MaxText {
		return st, fmt.Errorf("a line of more than %d octets%w", MaxText, class{ErrDamaged})
	}
	// Names may hold blanks; the two times do not.
	fields := bytes.SplitN(last, []byte(" "), 3)
	if len(fields) < 3 {
		return st, fmt.Errorf("the last line is not: time, time, directory%w", class{ErrDamaged})
	}
	var ok bool
	if st.Sec, st.Nsec, ok = seconds(string(fields[1])); !ok {
		return st, fmt.Errorf("line of state %d: %q is no time%w", st.Number, fields[1], class{ErrDamaged})
	}
	t := text{s: string(fields[2])}
	st.Root, st.Meta = t.dirent()
	if t.err == nil && t.s != "" && t.s[0] != ' ' && t.s[0] != '\t' {
		t.fail("something behind the directory")
	}
	if t.err != nil {
		return st, fmt.Errorf("line of state %d: %w%w", st.Number, t.err, class{ErrDamaged})
	}
	return st, nil
}

// ParseDirent reads the textual form of an entry.
func ParseDirent(s string) (Dirent, Meta, error) {
	t := text{s: s}
	d, m := t.dirent()
	if t.err == nil && t.s != "" {
		t.fail("something behind it")
	}
	return d, m, t.err
}

// text reads textual forms from front to back; the first thing wrong stays.
type text struct {
	s   string
	err error
}

func (t *text) fail(format string, args ...any) {
	if t.err == nil {
		t.err = fmt.Errorf("%s, before %.40q", fmt.Sprintf(format, args...), t.s)
	}
	t.s = ""
}

// accept passes over what the text may go on with.
func (t *text) accept(s string) bool {
	rest, ok := strings.CutPrefix(t.s, s)
	if ok {
		t.s = rest
	}
	return ok
}

func (t *text) expect(s string) {
	if t.err == nil && !t.accept(s) {
		t.fail("%q is missing", s)
	}
}

// word reads letters, digits, and what numbers and hashes have besides.
func (t *text) word() string {
	n := 0
	for n < len(t.s) && (t.s[n] == '_' || t.s[n] == '.' || t.s[n] == '-' || t.s[n] == '+' || t.s[n] >= '0' && t.s[n] <= '9' || t.s[n]|32 >= 'a' && t.s[n]|32 <= 'z') {
		n++
	}
	w := t.s[:n]
	t.s = t.s[n:]
	return w
}

func (t *text) number() uint64 {
	w := t.word()
	n, err := strconv.ParseUint(w, 10, 64)
	if err != nil || n > MaxSpan {
		t.fail("%q is no number", w)
	}
	return n
}

// quoted reads a string in quotation marks of either kind.
func (t *text) quoted() string {
	if t.s == "" || t.s[0] != '"' && t.s[0] != '\'' {
		t.fail("a string is missing")
		return ""
	}
	mark := t.s[0]
	var out []byte
	for i := 1; i < len(t.s); i++ {
		c := t.s[i]
		switch {
		case c == mark:
			t.s = t.s[i+1:]
			return string(out)
		case c != '\\':
			out = append(out, c)
			continue
		}
		if i++; i == len(t.s) {
			break
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[t.s[i]]
		switch e := t.s[i]; {
		case digits > 0 && i+digits < len(t.s):
			v, err := strconv.ParseUint(t.s[i+1:i+1+digits], 16, 32)
			if err != nil {
				t.fail("a string with an escape that is not known")
				return ""
			}
			if e == 'x' {
				out = append(out, byte(v))
			} else {
				out = utf8.AppendRune(out, rune(v))
			}
			i += digits
		case strings.IndexByte("ntr0", e) >= 0:
			out = append(out, "\n\t\r\x00"[strings.IndexByte("ntr0", e)])
		case e == '\\' || e == '"' || e == '\'':
			out = append(out, e)
		default:
			t.fail("a string with an escape that is not known")
			return ""
		}
	}
	t.fail("a string does not end")
	return ""
}

// fields reads key:value pairs up to a closing brace.
func (t *text) fields(read func(key string)) {
	seen := make(map[string]bool)
	for t.err == nil && !t.accept("}") {
		var key string
		if strings.HasPrefix(t.s, `"`) || strings.HasPrefix(t.s, "'") {
			key = t.quoted()
		} else {
			key = t.word()
		}
		t.expect(":")
		if seen[key] {
			t.fail("%q is there twice", key)
		}
		if t.err != nil {
			return
		}
		seen[key] = true
		read(key)
		if !strings.HasPrefix(t.s, "}") {
			t.expect(",")
		}
	}
}

var direntWords = map[string]Kind{"F": File, "D": Dir, "SymLink": Symlink, "Symlink": Symlink, "Indirect": HardLink}

func (t *text) dirent() (d Dirent, m Meta) {
	w := t.word()
	kind, ok := direntWords[w]
	if !ok {
		t.fail("%q is no kind of entry", w)
		return d, m
	}
	d.Kind = kind
	t.expect("{")
	if strings.HasPrefix(t.s, `"`) || strings.HasPrefix(t.s, "'") {
		d.Name = t.quoted()
		if !strings.HasPrefix(t.s, "}") {
			t.expect(":")
		}
	}
	t.fields(func(key string) {
		switch key {
		case "meta":
			m = t.meta()
		case "uuid":
			d.HasUUID, d.UUID = true, t.uuid()
		case "block":
			r := t.ref(0)
			d.Content = &r
		case "prev":
			r := t.ref(0)
			d.Prev = &r
		default:
			t.fail("%q is no part of an entry", key)
		}
	})
	return d, m
}

func (t *text) uuid() (u UUID) {
	t.expect("U{")
	w := t.word()
	t.accept("}")
	b, err := hex.DecodeString(strings.ReplaceAll(w, "-", ""))
	if err != nil || len(b) != len(u) {
		t.fail("%q is no UUID", w)
	}
	copy(u[:], b)
	return u
}

func (t *text) meta() Meta {
	values := make(map[string]any)
	t.expect("M{")
	t.fields(func(key string) {
		switch {
		case strings.HasPrefix(t.s, "{"):
			d := json.NewDecoder(strings.NewReader(t.s))
			var v map[string]any
			if err := d.Decode(&v); err != nil {
				t.fail("%v", err)
				return
			}
			values[key] = v
			t.s = t.s[d.InputOffset():]
		case strings.HasPrefix(t.s, `"`) || strings.HasPrefix(t.s, "'"):
			values[key] = t.quoted()
		default:
			values[key] = t.word()
		}
	})
	return metaOf(values)
}

func (t *text) hash() Hash {
	t.expect("H{")
	name := t.word()
	t.expect(":")
	h, err := ParseHash(name + ":" + t.word())
	if err != nil {
		t.fail("%v", err)
	}
	t.expect("}")
	return h
}

// ref reads a reference. Of indirect ones the old program knows three forms,
// of which it writes one that leaves out the span.
func (t *text) ref(depth int) (r Ref) {
	w := t.word()
	t.expect("{")
	if depth > maxParts {
		t.fail("parts of parts beyond their limit")
	}
	switch w {
	case "B", "I":
		if w == "I" {
			r.Kind, r.Span = RefIndirect, NoSpan
			if n := strings.IndexAny(t.s, ":}"); n > 0 && t.s[0] >= '0' && t.s[0] <= '9' {
				r.Span = t.number()
				t.expect(":")
			}
			if t.accept("B{") {
				t.fields(func(key string) {
					switch key {
					case "hash":
						r.Hash = t.hash()
					case "span":
						t.number() // of the block of references
					default:
						t.fail("%q is no part of a reference", key)
					}
				})
				t.expect("}")
				break
			}
		}
		t.fields(func(key string) {
			switch key {
			case "hash":
				r.Hash = t.hash()
			case "span":
				r.Span = t.number()
			default:
				t.fail("%q is no part of a reference", key)
			}
		})
	case "LB":
		r.Kind = RefLiteral
		r.Bytes = t.texthex()
		r.Span = uint64(len(r.Bytes))
	case "RLE":
		r.Kind = RefRun
		t.fields(func(key string) {
			switch key {
			case "span":
				r.Span = t.number()
			case "octet":
				b, err := hex.DecodeString(t.word())
				if err != nil || len(b) != 1 {
					t.fail("an octet that is none")
					return
				}
				r.Octet = b[0]
			default:
				t.fail("%q is no part of a reference", key)
			}
		})
	case "SubB":
		r.Kind = RefPart
		t.fields(func(key string) {
			switch key {
			case "block":
				of := t.ref(depth + 1)
				r.Of = &of
			case "offset":
				r.Offset = t.number()
			case "span":
				r.Span = t.number()
			default:
				t.fail("%q is no part of a reference", key)
			}
		})
		if t.err == nil && (r.Of == nil || r.Of.Span != NoSpan && (r.Offset > r.Of.Span || r.Span > r.Of.Span-r.Offset)) {
			t.fail("a part that is not within its whole")
		}
	default:
		t.fail("%q is no kind of reference", w)
	}
	return r
}

// texthex reads octets up to a closing brace: pairs of hexadecimal digits, and
// characters as they are in brackets.
func (t *text) texthex() (b []byte) {
	for t.err == nil && !t.accept("}") {
		if t.accept("[") {
			plain, rest, ok := strings.Cut(t.s, "]")
			if !ok {
				t.fail("a bracket does not close")
				return nil
			}
			b, t.s = append(b, plain...), rest
			continue
		}
		v, err := hex.DecodeString(t.s[:min(2, len(t.s))])
		if err != nil || len(v) != 1 {
			t.fail("octets that are not in hexadecimal")
			return nil
		}
		b, t.s = append(b, v[0]), t.s[2:]
	}
	return b
}
