// Package glob matches names against wildcard patterns in linear time, and
// selects the members of an archive named by a command's arguments.
//
// # Patterns
//
// [Compile] turns a pattern into a [Pattern]: a small automaton run with one
// bit for each position in the pattern. A byte of the name costs a shift and
// two masks for every 64 positions, whatever the pattern; there is no
// backtracking for a hostile pattern such as "a*a*a*a*b" to exploit. A Pattern
// is immutable and safe for concurrent use. Patterns and names are bytes, not
// characters: names in an archive need not be UTF-8.
//
// Two dialects share the automaton. [Path] is that of rsync's filter rules
// (package filter is built on it): "*", "?" and "[...]" stop at a slash and
// "**" does not. [Flat] is that of fnmatch(3) without FNM_PATHNAME: a slash is
// a byte like any other.
//
// # Members
//
// [Matcher] decides which members the arguments of "list", "extract" and
// their like select, the way users of tar expect:
//
//   - An argument names one member, or a directory with everything below it.
//   - It is read as a path from the root of the archive, so a leading "./" or
//     "/", a trailing "/", a doubled "/" and a "." between slashes do not
//     matter, and "." alone is the whole archive. An empty argument names
//     nothing.
//   - An argument that contains "*", "?" or "[" is also a wildcard pattern in
//     the [Flat] dialect: "*.c" finds C files at any depth and "src/*.c" those
//     anywhere below src, as with GNU tar --wildcards and bsdtar. What it
//     matches, it selects with everything below. A backslash takes away the
//     meaning of the character after it.
//   - Such an argument always selects the member of literally that name too.
//     An archive may be a stream, in which it cannot be known beforehand
//     whether "a[1]" exists, so both readings hold at once.
//   - No arguments select everything.
//   - An argument that selected nothing is an error for the caller to report:
//     see [Matcher.Unmatched].
//
// # Files
//
//	pattern.go  compiling a pattern and running it
//	bracket.go  bracket expressions: [a-z], [!x], [[:alpha:]]
//	member.go   Matcher
package glob
