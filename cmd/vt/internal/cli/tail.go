package cli

import (
	"fmt"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/remote"
)

// tailWhy says what bytes after the last valid trailer may be.
func tailWhy(asCreated, going bool) string {
	switch {
	case going:
		return "an append is going on"
	case asCreated:
		return "nothing was ever appended, so they are no part of it"
	}
	return "an append that did not finish left them, or the end of the file is damaged"
}

// appendGoesOn tells whether a torn tail is one that some program is writing
// now, as far as this system knows: then the archive is locked.
func appendGoesOn(a *reader.Archive, path string) bool {
	return a.TornTail() > 0 && path != "-" && !remote.IsURL(path) && disk.Locked(path)
}

// asCreated tells whether an archive says that nothing was appended.
func asCreated(a *reader.Archive) bool { return a.Header().Flags&format.FlagAsCreated != 0 }

// warnings are what is unusual about an archive that opens all the same.
func warnings(a *reader.Archive, path string) []string {
	if !appendGoesOn(a, path) {
		return a.Warnings()
	}
	return []string{fmt.Sprintf("%s: what it has written so far, %d bytes from offset %d on, is not yet in the archive", tailWhy(false, true), a.TornTail(), a.Size()-a.TornTail())}
}
