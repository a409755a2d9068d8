package legacy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Meta is what an entry says of itself. Empty strings and false stand for what
// it does not say.
type Meta struct {
	Owner, Group string // name, or number in decimal digits
	Perm         uint32 // with set-ID bits
	HasPerm      bool
	Sec          int64 // of the mtime
	Nsec         uint32
	HasTime      bool
	Target       string // of a symlink
	Xattrs       []Xattr
	Inodes       string // of a root: Dirent, as text, of a directory of entries with UUIDs
	Odd          []string
	// Odd is what was not understood, in words.
}

// Xattr is an extended attribute.
type Xattr struct {
	Name  string
	Value []byte
}

const (
	setUID = 0o4000
	setGID = 0o2000
)

// ParseMeta reads the text of an entry: key:value, with ; between, or an object
// of JSON.
func ParseMeta(text string) Meta {
	values := make(map[string]any)
	var odd []string
	if strings.HasPrefix(text, "{") {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&values); err != nil {
			return Meta{Odd: []string{"metadata that is no JSON"}}
		}
		if strings.Contains(text, `\ud`) && strings.ContainsRune(fmt.Sprint(values), utf8.RuneError) {
			odd = append(odd, "metadata with names that are not UTF-8")
		}
	} else if text != "" {
		for part := range strings.SplitSeq(text, ";") {
			key, value, ok := strings.Cut(part, ":")
			if _, twice := values[key]; !ok || twice {
				odd = append(odd, fmt.Sprintf("metadata %q", part))
				continue
			}
			values[key] = value
		}
	}
	m := metaOf(values)
	m.Odd = append(odd, m.Odd...)
	return m
}

// metaOf gives a meaning to values: strings, json.Number, bool, map[string]any.
func metaOf(values map[string]any) (m Meta) {
	var keys []string
	for k := range values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if !m.set(k, values[k]) {
			m.Odd = append(m.Odd, fmt.Sprintf("metadata %q: %.100q", k, fmt.Sprint(values[k])))
		}
	}
	return m
}

func (m *Meta) set(key string, value any) (ok bool) {
	text := ""
	switch v := value.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	case map[string]any:
		return key == "x" && m.setXattrs(v)
	case nil:
		return false
	}
	switch key {
	case "u", "g":
		if len(text) > MaxName {
			return false
		}
		if key == "u" {
			m.Owner = text
		} else {
			m.Group = text
		}
	case "a":
		return m.setPerm(text)
	case "m":
		m.Sec, m.Nsec, m.HasTime = seconds(text)
		return m.HasTime
	case "su", "sg":
		on, err := strconv.ParseBool(strings.ToLower(text))
		if on {
			m.Perm |= map[string]uint32{"su": setUID, "sg": setGID}[key]
		}
		return err == nil
	case "pathref":
		m.Target = text
	case "fs_inode_dirents":
		m.Inodes = text
	default:
		return false
	}
	return true
}

// setPerm reads who:allowed-denied, with commas between. Empty text says
// nothing.
func (m *Meta) setPerm(text string) (ok bool) {
	if text == "" {
		return true
	}
	perm := uint32(0)
	for part := range strings.SplitSeq(text, ",") {
		who, rights, _ := strings.Cut(part, ":")
		allowed, denied, dash := strings.Cut(rights, "-")
		shift := strings.Index("*go", who) * 3
		if len(who) != 1 || shift < 0 || !dash || strings.Trim(allowed+denied, "rwx") != "" {
			return false
		}
		for i, c := range "xwr" {
			if strings.ContainsRune(allowed, c) {
				perm |= 1 << (shift + i)
			}
		}
	}
	m.Perm |= perm
	m.HasPerm = true
	return true
}

func (m *Meta) setXattrs(values map[string]any) (ok bool) {
	for name, v := range values {
		text, isText := v.(string)
		value, fits := latin1(text)
		if !isText || !fits || name == "" || strings.ContainsRune(name, 0) {
			return false
		}
		m.Xattrs = append(m.Xattrs, Xattr{name, value})
	}
	slices.SortFunc(m.Xattrs, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	return true
}

// latin1 gives the octets that characters below 256 stand for.
func latin1(s string) (b []byte, ok bool) {
	b = make([]byte, 0, len(s))
	for _, r := range s {
		if r > 255 {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// seconds reads a decimal number of seconds, which Python may have written with
// an exponent; digits beyond nanoseconds go.
func seconds(s string) (sec int64, nsec uint32, ok bool) {
	if strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || f < -1<<62 || f > 1<<62 {
			return 0, 0, false
		}
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	whole, part, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.Trim(part, "0123456789") != "" {
		return 0, 0, false
	}
	part = (part + "000000000")[:9]
	n, err := strconv.ParseUint(part, 10, 32)
	if err != nil {
		return 0, 0, false
	}
	if strings.HasPrefix(whole, "-") && n > 0 {
		return sec - 1, uint32(1e9 - n), true
	}
	return sec, uint32(n), true
}
