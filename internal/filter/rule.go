package filter

import (
	"strings"

	"github.com/vtdarchive/vtd/internal/glob"
)

// A target says what a pattern is held against.
type target uint8

const (
	onName target = iota // the last component
	onPath               // the whole path
	onTail               // as many components from the end as the pattern has
)

// A rule is one pattern, ready to match.
type rule struct {
	verdict
	dirOnly bool
	target  target
	slashes int // onTail: slashes in the pattern

	// A pattern without wildcards is just text. One with a single "*" that is
	// matched against a name is prefix and suffix: by far the most common kind
	// of wildcard, and worth its own path. Any other is compiled.
	kind           kind
	text           string
	prefix, suffix string
	pattern        *glob.Pattern
	mode           glob.Mode
	dirMode        glob.Mode // the mode for directories
}

type kind uint8

const (
	literal kind = iota
	affix
	wildcard
)

// newRule works out how to match a pattern. The distinctions are rsync's, down
// to their being made on the text of the pattern: a "**" counts even inside
// brackets or behind a backslash.
func newRule(pattern string) (rule, error) {
	var r rule
	if len(pattern) > 1 && strings.HasSuffix(pattern, "/") {
		pattern = pattern[:len(pattern)-1]
		r.dirOnly = true
	}
	r.slashes = strings.Count(pattern, "/")
	doubleStar := strings.Contains(pattern, "**")
	text, anchored := strings.CutPrefix(pattern, "/")
	switch {
	case r.slashes == 0 && !doubleStar:
		r.target = onName
	case anchored || doubleStar:
		r.target = onPath
	default:
		r.target = onTail
	}

	if !strings.ContainsAny(pattern, "*?[") {
		r.kind, r.text = literal, text
		return r, nil
	}
	if r.target == onName && strings.Count(text, "*") == 1 && !strings.ContainsAny(text, `?[\`) {
		r.kind = affix
		r.prefix, r.suffix, _ = strings.Cut(text, "*")
		return r, nil
	}
	r.kind = wildcard
	switch {
	case anchored || !doubleStar:
	case strings.HasPrefix(pattern, "**"):
		r.mode = glob.SlashBefore
	default:
		r.mode = glob.Tail
	}
	r.dirMode = r.mode
	if strings.HasSuffix(pattern, "***") {
		r.dirMode |= glob.SlashAfter
	}
	var err error
	r.pattern, err = glob.Compile(text, glob.Path)
	return r, err
}

// matches reports whether the rule applies to an entry with the given path and
// last component.
func (r *rule) matches(path, name string, isDir bool) bool {
	if r.dirOnly && !isDir {
		return false
	}
	switch r.kind {
	case literal:
		switch r.target {
		case onName:
			return name == r.text
		case onPath:
			return path == r.text
		default:
			rest, ok := strings.CutSuffix(path, r.text)
			return ok && (rest == "" || rest[len(rest)-1] == '/')
		}
	case affix:
		return len(name) >= len(r.prefix)+len(r.suffix) &&
			strings.HasPrefix(name, r.prefix) && strings.HasSuffix(name, r.suffix)
	}
	text := path
	switch r.target {
	case onName:
		text = name
	case onTail:
		var ok bool
		if text, ok = lastComponents(path, r.slashes+1); !ok {
			return false
		}
	}
	if isDir {
		return r.pattern.Match(text, r.dirMode)
	}
	return r.pattern.Match(text, r.mode)
}

// lastComponents returns the last n components of a path, if it has as many.
func lastComponents(path string, n int) (tail string, ok bool) {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			if n--; n == 0 {
				return path[i+1:], true
			}
		}
	}
	return path, n == 1
}
