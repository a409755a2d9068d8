package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
)

type listCommand struct {
	Archive string   `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Members []string `arg:"" optional:"" name:"member" help:"What to list, with everything below: paths, and patterns in which * also matches /. Default: everything."`
	atFlag
	Long         bool `short:"l" help:"Like ls -l: mode, links, owner, group, size, time, name. The size of a directory is that of all files below it."`
	JSON         bool `name:"json" help:"One object a line with every attribute."`
	NumericOwner bool `short:"n" help:"With -l, show users and groups as numbers."`
}

func (*listCommand) Help() string {
	return `
Lists what the newest snapshot holds, in the order of the tree: by the bytes of names, a directory before what is in it. Names are escaped as tar does where they hold what a terminal would obey; --json has the exact bytes.

Examples:

    vt ar list backup.vtd
    vt ar t -l backup.vtd etc '*.conf'
    vt ar t --json backup.vtd | jq -r 'select(.size > 1e6) | .path'
    vt ar t --json backup.vtd | jq 'select(.recipes) | {path, recipes}'
    curl -s https://example.org/backup.vtd | vt ar t -

Each line of --json is an object:

    path           the path; path_bytes has it in base64 if it is not UTF-8,
                   as do the other fields in _bytes
    type           file, directory, symlink, fifo, socket, char, block, whiteout
    mode           permissions in octal, such as "0644"
    uid, gid       owner and group; user, group their names, if recorded
    size           bytes of a file, or of all files below a directory
    entries        of a directory: how many are below it
    mtime          RFC 3339, in years 0 to 9999; mtime_sec, mtime_nsec always
    btime          the same of birth, with btime_sec, btime_nsec, if recorded
    content        hash of a file's content
    stored         how a file's content is held: literal, in the directory;
                   run of one octet; block; recipe; indirect, a list of these
    recipes        of what recipes make of a file, by model: model, streams,
                   as often as they occur in it, their bytes, and bytes of
                   content that they are made from; not those in that content
    target         of a symlink
    major, minor   of a device
    link_id, links names with one link_id are one file, of so many names
    xattrs         name and value of each extended attribute`
}

func (c *listCommand) Run(e *Env) error {
	if c.Long && c.JSON {
		return usagef("-l and --json exclude each other")
	}
	var damage error
	err := e.output(func(w *bufio.Writer) error {
		show := func(m member) error {
			_, err := fmt.Fprintln(w, shownPath(m.path, m.Kind.IsDir()))
			return err
		}
		switch {
		case c.JSON:
			enc := newJSON(w)
			show = func(m member) error {
				j := memberOf(m)
				var err error
				if j.Recipes, err = partsOf(m); archiveFault(err) != nil {
					e.message("%v", err)
					damage = errors.Join(damage, reported(archiveFault(err)))
				} else if err != nil {
					return err
				}
				return enc.Encode(j)
			}
		case c.Long:
			show = (&longList{w: w, numeric: c.NumericOwner}).show
		}
		return eachMember(e, c.Archive, c.atFlag, c.Members, func(m member) error {
			if m.Kind == format.KindImplied {
				return nil // it is there for what is below it only
			}
			return show(m)
		})
	})
	return errors.Join(err, damage)
}

// longList writes entries like ls -l. The widths of columns are known only at
// the end of an archive; like tar's, they grow as it goes.
type longList struct {
	w                           io.Writer
	numeric                     bool
	links, user, group, sizeCol int
}

func (l *longList) show(x member) error {
	links := strconv.FormatUint(max(x.LinkCount, 1), 10)
	user, group := x.Owner.User, x.Owner.Group
	if user == "" || l.numeric {
		user = strconv.FormatUint(uint64(x.Owner.UID), 10)
	}
	if group == "" || l.numeric {
		group = strconv.FormatUint(uint64(x.Owner.GID), 10)
	}
	size := strconv.FormatUint(x.Size, 10)
	switch {
	case x.Kind.IsDevice():
		size = fmt.Sprintf("%d, %d", x.Major, x.Minor)
	case x.Kind == format.KindSymlink:
		size = strconv.Itoa(len(x.Target))
	}
	user, group = human.Quote(user), human.Quote(group)
	l.links = max(l.links, len(links))
	l.user, l.group = max(l.user, len(user)), max(l.group, len(group))
	l.sizeCol = max(l.sizeCol, len(size), 8)
	name := shownPath(x.path, x.Kind.IsDir())
	if x.Kind == format.KindSymlink {
		name += " -> " + human.Quote(x.Target)
	}
	_, err := fmt.Fprintf(l.w, "%s %*s %-*s %-*s %*s %s %s\n", human.Mode(unixMode(x.Entry)), l.links, links,
		l.user, user, l.group, group, l.sizeCol, size, human.Time(time.Unix(x.Mtime.Sec, int64(x.Mtime.Nsec))), name)
	return err
}

// unixMode gives an entry's st_mode.
func unixMode(x *format.Entry) uint32 {
	kinds := map[format.Kind]uint32{
		format.KindFile: 0o100000, format.KindDir: 0o040000, format.KindImplied: 0o040000, format.KindSymlink: 0o120000,
		format.KindFifo: 0o010000, format.KindSocket: 0o140000, format.KindChar: 0o020000, format.KindBlockDev: 0o060000,
	}
	return kinds[x.Kind] | uint32(x.Perm)
}
