package scanners

import (
	"path"
	"slices"
	"strings"
)

// Scanner knows a format of content, and where the data's own structure has
// joints.
type Scanner struct {
	Name  string   // as in --scanner
	Title string   // what it knows, in a few words
	Exts  []string // how names end, without the dot, in lower case
	MIME  []string // media types, in lower case

	// sniff tells the format from the first octets of content, at most SniffLen;
	// nil if it has no mark of its own.
	sniff func(head []byte) bool
	// scan reads the content and sets marks.
	scan func(*Source)
	// hintsOnly: it sets no joints. Such a scanner costs the most, as it looks at
	// all of its content, and gives the least.
	hintsOnly bool
	// packs: there may be something packed in it, see Source.Packed.
	packs bool
}

// SniffLen is how much of the start of content Choose wants to see.
const SniffLen = 2 << 10

// String gives the scanner's name, and "none" for no scanner.
func (sc *Scanner) String() string {
	if sc == nil {
		return "none"
	}
	return sc.Name
}

// idle reports whether the scanner cannot matter for content of n octets.
func (sc *Scanner) idle(p Params, n int64) bool {
	if sc.hintsOnly {
		return n <= int64(p.Min)
	}
	return n <= int64(p.jointMin())
}

// All gives the scanners in the order in which they are asked.
func All() []*Scanner { return slices.Clone(all) }

// ByName gives the scanner of a name, or nil.
func ByName(name string) *Scanner {
	for _, sc := range all {
		if sc.Name == name {
			return sc
		}
	}
	return nil
}

// Choose finds the scanner for content by its first octets, or else by its media
// type and the name of the file. mediaType is asked for only then, and may give an
// empty string; it may be nil. Choose gives nil if no scanner fits.
func Choose(head []byte, name string, mediaType func() string) *Scanner {
	head = head[:min(len(head), SniffLen)]
	if len(head) > 0 {
		for _, sc := range all {
			if sc.sniff != nil && sc.sniff(head) {
				return sc
			}
		}
	}
	if mediaType != nil {
		t, _, _ := strings.Cut(mediaType(), ";")
		if sc := byType[strings.ToLower(strings.TrimSpace(t))]; sc != nil {
			return sc
		}
	}
	return byName(name)
}

// byName finds the scanner for content by the name of the file alone.
func byName(name string) *Scanner {
	for _, ext := range extensions(name) {
		if sc := byExt[ext]; sc != nil {
			return sc
		}
	}
	return nil
}

// extensions gives what may be the extension of a file's name, the likeliest
// first: that of report.mbox is mbox, and so is that of report.mbox~,
// report.mbox.1, report.mbox.part and of the .report.mbox.Xy12Ab that rsync
// makes.
func extensions(name string) []string {
	name = strings.TrimRight(path.Base(name), "~")
	var exts []string
	for range 3 {
		dot := strings.LastIndexByte(name, '.')
		if dot <= 0 {
			break
		}
		ext := name[dot+1:]
		exts = append(exts, strings.ToLower(ext))
		if !passing(ext) {
			break
		}
		name = name[:dot]
	}
	return exts
}

// passing reports whether an extension is one that programs append for a while,
// or to older versions of a file.
func passing(ext string) bool {
	switch strings.ToLower(ext) {
	case "tmp", "temp", "part", "partial", "crdownload", "download", "new", "old", "orig", "bak", "swp", "save", "dpkg-new", "dpkg-old", "dpkg-dist", "rpmnew", "rpmsave":
		return true
	}
	letters, digits, capitals := 0, 0, 0
	for _, c := range []byte(ext) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z':
			letters++
		case c >= 'A' && c <= 'Z':
			capitals++
		default:
			return false
		}
	}
	if letters+capitals == 0 {
		return digits > 0 // report.mbox.1
	}
	return len(ext) == 6 // mkstemp
}

var byExt, byType = func() (ext, typ map[string]*Scanner) {
	ext, typ = make(map[string]*Scanner), make(map[string]*Scanner)
	for _, sc := range all {
		for _, e := range sc.Exts {
			ext[e] = sc
		}
		for _, t := range sc.MIME {
			typ[t] = sc
		}
	}
	return ext, typ
}()
