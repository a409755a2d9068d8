package glob

import (
	"slices"
	"strings"
	"sync/atomic"
)

// A Matcher selects the members of an archive that the arguments of a command
// name; the package documentation has the rules. It remembers which arguments
// selected something and is safe for concurrent use.
type Matcher struct {
	args  []string
	names []*name // for each argument

	literals map[string]*name
	sorted   []string // the keys of literals
	globs    []*name
}

// A name is what one or several equal arguments stand for.
type name struct {
	pattern *Pattern // nil if there are no wildcards
	found   atomic.Bool
}

// New returns a Matcher for the arguments of a command. A wildcard argument
// longer than [MaxPattern] is taken literally only.
func New(args []string) *Matcher {
	m := &Matcher{args: args, literals: make(map[string]*name)}
	for _, arg := range args {
		path := cleanPath(arg)
		n := m.literals[path]
		switch {
		case arg == "":
			n = new(name)
		case n == nil:
			n = new(name)
			m.literals[path] = n
			m.sorted = append(m.sorted, path)
			if strings.ContainsAny(path, "*?[") {
				if p, err := Compile(path, Flat); err == nil {
					n.pattern = p
					m.globs = append(m.globs, n)
				}
			}
		}
		m.names = append(m.names, n)
	}
	slices.Sort(m.sorted)
	return m
}

// cleanPath reads an argument as a path from the root of the archive. Unlike
// path.Clean it leaves ".." alone, which no member is called: "a/../b" is not
// to select b.
func cleanPath(arg string) string {
	components := strings.Split(arg, "/")
	components = slices.DeleteFunc(components, func(c string) bool { return c == "" || c == "." })
	return strings.Join(components, "/")
}

// Match reports whether the member at path is selected. The path has no slash
// at its start or end; that of the root is "". It makes no difference whether
// the member is a directory.
func (m *Matcher) Match(path string) bool {
	if len(m.args) == 0 {
		return true
	}
	selected := m.markLiterals(path)
	if path == "" {
		return selected
	}
	for _, n := range m.globs {
		// Once the answer is known, only arguments that have selected nothing
		// so far are of interest.
		if selected && n.found.Load() {
			continue
		}
		if n.pattern.Match(path, Lead) {
			n.mark()
			selected = true
		}
	}
	return selected
}

// markLiterals looks path and the directories above it up among the literal
// arguments.
func (m *Matcher) markLiterals(path string) (selected bool) {
	for n := range m.above(path) {
		n.mark()
		selected = true
	}
	return selected
}

// above yields the literal arguments that name path or a directory above it.
func (m *Matcher) above(path string) func(yield func(*name) bool) {
	return func(yield func(*name) bool) {
		if n := m.literals[""]; n != nil && !yield(n) {
			return
		}
		for i := 1; i <= len(path); i++ {
			if i < len(path) && path[i] != '/' {
				continue
			}
			if n := m.literals[path[:i]]; n != nil && !yield(n) {
				return
			}
		}
	}
}

// mark notes that an argument selected something. Most calls find it noted
// already, and a load keeps the cache line shared.
func (n *name) mark() {
	if !n.found.Load() {
		n.found.Store(true)
	}
}

// CouldMatchBelow reports whether there can be selected members below a
// directory, given like the path of [Matcher.Match]. Where it is false, a
// caller need not look.
func (m *Matcher) CouldMatchBelow(dir string) bool {
	if len(m.args) == 0 {
		return true
	}
	if dir == "" {
		return len(m.literals) > 0
	}
	for range m.above(dir) {
		return true
	}
	below := dir + "/"
	if i, _ := slices.BinarySearch(m.sorted, below); i < len(m.sorted) && strings.HasPrefix(m.sorted[i], below) {
		return true
	}
	for _, n := range m.globs {
		if n.pattern.Match(dir, Lead) || n.pattern.Extends(below) {
			return true
		}
	}
	return false
}

// Unmatched returns the arguments that have selected nothing, as they were
// given and in their order.
func (m *Matcher) Unmatched() []string {
	var args []string
	for i, n := range m.names {
		if !n.found.Load() {
			args = append(args, m.args[i])
		}
	}
	return args
}
