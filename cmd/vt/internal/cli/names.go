package cli

import (
	"errors"
	"io/fs"

	"github.com/vtdarchive/vtd/internal/human"
)

// shownPath is how a listing shows a member: quoted, a directory with a slash
// at its end, the root as "./", as tar does.
func shownPath(path string, isDir bool) string {
	if path == "" {
		return "./"
	}
	if isDir {
		return human.Quote(path) + "/"
	}
	return human.Quote(path)
}

// cause drops operation and path from an error that is printed behind a path.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// plural counts things whose name takes an s.
func plural(n uint64, thing string) string { return counted(n, thing, thing+"s") }

// counted counts things.
func counted(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return human.Count(int64(n)) + " " + many
}
