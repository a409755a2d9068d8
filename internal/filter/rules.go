package filter

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Rules is an ordered list of include and exclude rules. The zero value and
// nil are empty and include everything. Matching may go on concurrently,
// adding rules may not.
type Rules struct {
	n int // rules added, and so the order of the last one

	// Rules whose pattern is a literal name or path are found by lookup, which
	// keeps a list of thousands of names cheap. The rest are tried in order,
	// up to the first that comes after what the lookup found.
	names map[string]verdicts
	paths map[string]verdicts
	rest  []rule
}

// A verdict is what a rule says about the entries it matches. The order of the
// first rule is 1; a verdict with order 0 is none.
type verdict struct {
	order   int
	include bool
}

// verdicts holds what the first literal rules for a name say about it: at 0 if
// it is no directory, at 1 if it is.
type verdicts [2]verdict

// Exclude adds a rule that excludes, as rsync's --exclude does. An empty
// pattern adds nothing.
func (r *Rules) Exclude(pattern string) error { return r.add(pattern, false) }

// Include adds a rule that includes, as rsync's --include does.
func (r *Rules) Include(pattern string) error { return r.add(pattern, true) }

// ExcludeFrom adds the rules of a file, as rsync's --exclude-from does. The
// name is for messages.
func (r *Rules) ExcludeFrom(file io.Reader, name string) error {
	lines := bufio.NewScanner(file)
	lines.Split(splitLine)
	n := 0
	for lines.Scan() {
		n++
		line := lines.Text()
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if err := r.Exclude(line); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", name, n+1, err)
	}
	return nil
}

// splitLine is a bufio.SplitFunc for lines that end in "\n", "\r\n" or "\r".
func splitLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && !atEOF, i >= 0 && data[i] == '\r' && i+1 == len(data) && !atEOF:
		return 0, nil, nil // the end, or whether "\n" follows, is yet to be read
	case i < 0 && len(data) == 0:
		return 0, nil, nil
	case i < 0:
		return len(data), data, nil
	}
	end := i + 1
	if data[i] == '\r' && end < len(data) && data[end] == '\n' {
		end++
	}
	return end, data[:i], nil
}

func (r *Rules) add(text string, include bool) error {
	switch {
	case text == "":
		return nil
	case text == "!":
		*r = Rules{}
		return nil
	case strings.HasPrefix(text, "- "):
		text, include = text[2:], false
	case strings.HasPrefix(text, "+ "):
		text, include = text[2:], true
	}
	if text == "" {
		return errors.New("filter rule without a pattern")
	}
	rule, err := newRule(text)
	if err != nil {
		return err
	}
	r.n++
	rule.verdict = verdict{order: r.n, include: include}
	switch {
	case rule.kind == literal && rule.target == onName:
		put(&r.names, &rule)
	case rule.kind == literal && rule.target == onPath:
		put(&r.paths, &rule)
	default:
		r.rest = append(r.rest, rule)
	}
	return nil
}

// put enters a literal rule into an index, unless an earlier one is there.
func put(index *map[string]verdicts, r *rule) {
	if *index == nil {
		*index = make(map[string]verdicts)
	}
	v := (*index)[r.text]
	if v[1].order == 0 {
		v[1] = r.verdict
	}
	if v[0].order == 0 && !r.dirOnly {
		v[0] = r.verdict
	}
	(*index)[r.text] = v
}

// Match reports whether the rules include an entry. It looks at this entry
// only: that the directories above it are included is for the caller to know,
// who walks from the top and does not descend into what is excluded.
// [Rules.MatchTree] is for callers who do not walk.
func (r *Rules) Match(path string, isDir bool) (included bool) {
	if r == nil || r.n == 0 || path == "" || path == "." {
		return true
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	which := 0
	if isDir {
		which = 1
	}
	first := r.names[name][which]
	if v := r.paths[path][which]; v.order != 0 && (first.order == 0 || v.order < first.order) {
		first = v
	}
	for i := range r.rest {
		rule := &r.rest[i]
		if first.order != 0 && rule.order > first.order {
			break
		}
		if rule.matches(path, name, isDir) {
			return rule.include
		}
	}
	return first.order == 0 || first.include
}

// MatchTree reports whether the rules include an entry and every directory
// above it.
func (r *Rules) MatchTree(path string, isDir bool) (included bool) {
	if r == nil || r.n == 0 {
		return true
	}
	for i := 0; i < len(path); i++ {
		if path[i] == '/' && !r.Match(path[:i], true) {
			return false
		}
	}
	return r.Match(path, isDir)
}
