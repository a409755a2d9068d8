// Package filter holds the include and exclude rules of a walk, with the
// semantics of rsync's --include, --exclude and --exclude-from.
//
// # Rules
//
// A [Rules] is an ordered list. Each entry of the tree is held against the
// rules from the first to the last; the first whose pattern matches decides,
// and an entry that none matches is included. A directory that is excluded is
// not descended into, so nothing below it can be included again: to keep only
// *.c files, write "+ */", "+ *.c", "- *".
//
// A rule's text is a pattern. It may begin with "- " or "+ ", which makes it an
// exclude or an include rule whichever option it was given to. "!" alone
// removes all the rules before it.
//
// A file of rules ([Rules.ExcludeFrom]) has one rule a line; rules without a
// prefix exclude. Empty lines are skipped, as are those that begin with "#" or
// ";". A line ends at a line feed, a carriage return, or both. White space is
// part of the pattern.
//
// # Patterns
//
// The path of an entry is taken relative to the root of the transfer and
// written with slashes, without one at the start or the end. The root itself
// is always included.
//
//   - A pattern that begins with "/" is anchored: it must match the whole path.
//   - A pattern that ends in "/" matches only directories.
//   - Other than at the end, a pattern without "/" and "**" is matched against
//     the last component of the path.
//   - A pattern with "/" inside and without "**" is matched against as many
//     components from the end of the path as it has itself: "foo/bar" matches
//     "foo/bar" and "a/foo/bar".
//   - A pattern with "**" is matched against the rest of the path from any
//     component on, or against the whole path after a "/" if it begins with
//     "**": "**/foo" matches "foo" and "a/foo".
//   - A pattern that ends in "***" is matched against a directory as if its
//     path ended in "/": "dir/***" is dir and everything in it.
//
// A pattern that contains "*", "?" or "[" is a wildcard pattern:
//
//   - "*" matches any bytes but a slash, "**" any bytes.
//   - "?" matches one byte other than a slash.
//   - "[...]" matches one byte other than a slash: "[a-z]", "[!a]" or "[^a]",
//     "[[:alpha:]]". A malformed one makes the pattern match nothing.
//   - A backslash quotes the byte after it.
//
// In any other pattern every byte stands for itself, the backslash too.
// Matching is on bytes and takes time linear in the length of the path.
//
// # Differences from rsync
//
// The named classes are those of the C locale. A wildcard pattern longer than
// 4096 bytes is an error; rsync warns and ignores it. There are no merge files, modifiers,
// or rules for the receiving side.
//
// # Files
//
//	rules.go   Rules: the list, parsing, looking up a path
//	rule.go    one rule: how its pattern is to be matched
package filter
