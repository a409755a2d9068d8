// Package history is about the states of a tree that an archive holds: which
// there are, what they are called, and in what they differ.
//
//	t, err := history.Find(a, "yesterday 14:00", time.Now())
//	for c, err := range history.Diff(ctx, a, old, a, t, history.DiffOptions{}) {
//
// # Names of states
//
// [Find] understands, in this order:
//
//	latest             the newest state
//	@{2}               the one that was the newest before two others were added; {2} is the same
//	LABEL              the newest with that label; CheckLabel tells which can be one
//	3fa9c1…            the beginning of an id, four digits or more: the hash of the snapshot record
//	2026-03-01T12:00Z  the newest at or before a time
//	any~3              the third ancestor of what the rest names, by first parents
//
// Times are RFC 3339, or local dates and times of day as people write them
// ("2026-03-01", "2026-03-01 14:00", "14:00", "yesterday", "yesterday 14:00", "today 9:30"), or
// how long ago they are ("3 days ago", "2 hours ago"), or seconds since 1970 ("@1700000000"). A day without a time of
// day is meant whole: its last state counts.
//
// # Differences
//
// [Diff] compares trees by hashes. What is below a directory with the same hash
// is not read, nor are parts of a large directory that both trees have, so that
// it costs what has changed and not what there is. Contents are not read unless
// the archives have different hash functions.
//
// # Files
//
//	log.go     Log: the states, newest first
//	find.go    Find
//	keep.go    Keep: which states to keep
//	when.go    times as people write them
//	change.go  Change, and comparing two entries
//	diff.go    Diff: two trees side by side
//	rename.go  what was deleted here and added there
//	path.go    Path: the states of one path
package history
