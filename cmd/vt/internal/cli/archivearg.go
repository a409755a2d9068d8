package cli

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/ingest"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/remote"
)

// argumentsThat gives the values of a command's arguments whose names are asked
// for, in their order.
func argumentsThat(node *kong.Node, is func(name string) bool) []string {
	var out []string
	for _, p := range node.Positional {
		if p.Target.Kind() == reflect.String && is(p.Name) {
			out = append(out, p.Target.String())
		}
	}
	return out
}

// isArchiveName tells whether arguments of that name are archives.
func isArchiveName(name string) bool {
	return name == "damaged" || strings.HasPrefix(name, "archive")
}

// written are the arguments of commands that are written to.
var written = map[string]string{
	"ar create": "archive", "ar import": "archive", "ar append": "archive", "ar parity add": "archive",
	"ar forget": "archive", "ar compact": "archive", "ar repack": "archive", "ar recover": "out",
}

// noForeignURL refuses URLs that cannot be read, or not be written to, before
// they are taken for names of files.
func noForeignURL(node *kong.Node) error {
	to := written[commandName(node)]
	for _, arg := range argumentsThat(node, func(name string) bool { return name == to }) {
		if scheme(arg) != "" {
			return usagef("%s: cannot write to a URL; give a file name", human.Quote(remote.Shown(arg)))
		}
	}
	for _, arg := range argumentsThat(node, isArchiveName) {
		if s := scheme(arg); s != "" && !remote.IsURL(arg) {
			return usagef("%s: URLs are read over http and https only, and %s is neither", human.Quote(remote.Shown(arg)), s)
		}
	}
	return nil
}

// scheme gives the scheme of a URL, and "" for a path, also for one that only
// looks like a URL and is there.
func scheme(arg string) string {
	s, rest, ok := strings.Cut(arg, "://")
	if !ok || s == "" || rest == "" || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+-.") != "" {
		return ""
	}
	if _, err := os.Lstat(arg); err == nil && !remote.IsURL(arg) {
		return ""
	}
	return s
}

// hint names the way on where an error says that an archive is damaged, or that a
// file is no archive which may be a damaged one; it gives "" otherwise.
func hint(err error, node *kong.Node) string {
	if errors.Is(err, errReported) {
		return ""
	}
	if errors.Is(err, format.ErrDamaged) && slices.ContainsFunc(argumentsThat(node, isArchiveName), isRegular) {
		switch commandName(node) {
		case "ar log", "ar list", "ar extract", "ar export", "ar cat", "ar diff", "mount":
			return "vt ar verify tells what is hurt; vt ar repair mends what recovery data can, vt ar recover saves what is left, older states too"
		}
	}
	if !errors.Is(err, format.ErrNotArchive) {
		return ""
	}
	ways := "vt ar repair, vt ar recover"
	switch commandName(node) {
	case "ar recover", "ar import":
		return ""
	case "ar repair":
		ways = "vt ar recover"
	}
	for _, arg := range argumentsThat(node, isArchiveName) {
		switch path, _, _ := splitState(arg); kindOf(path) {
		case beheaded:
			return "if it is a damaged archive: " + ways
		case foreign:
			return "it may be a tar or zip file: vt ar import makes an archive of it"
		}
	}
	return ""
}

// noArchive is what a file may be that does not begin as an archive does.
type noArchive int

const (
	unknown  noArchive = iota
	beheaded           // an archive all the same: it ends in a trailer, or is called like one
	foreign            // what vt ar import takes
)

// isRegular tells whether an archive is a file, which other commands can read again.
func isRegular(arg string) bool {
	path, _, _ := splitState(arg)
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func kindOf(path string) noArchive {
	info, err := os.Stat(path) // opening a FIFO would wait for another writer
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return unknown
	}
	f, err := os.Open(path)
	if err != nil {
		return unknown
	}
	defer f.Close()
	b := make([]byte, ingest.HeadSize)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return unknown
	}
	b = b[:n]
	_, err = format.HeaderSize(b[:min(n, format.HeaderFixedSize)])
	switch {
	case !errors.Is(err, format.ErrNotArchive):
		return unknown
	case strings.HasSuffix(path, ".vtd") || endsInTrailer(f, info.Size()):
		return beheaded // with zeros for a beginning it would look like an empty tar
	case ingest.Known(b):
		return foreign
	}
	return unknown
}

// endsInTrailer tells whether the last bytes of a file are a trailer, wherever
// that says it stands: what was in front of it may be gone.
func endsInTrailer(f io.ReaderAt, size int64) bool {
	t := make([]byte, format.TrailerSize)
	if size < int64(len(t)) {
		return false
	}
	if _, err := f.ReadAt(t, size-int64(len(t))); err != nil {
		return false
	}
	_, err := format.ParseTrailer(t, int64(binary.LittleEndian.Uint64(t[32:])))
	return err == nil
}
