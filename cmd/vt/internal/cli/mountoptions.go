package cli

import (
	"os"
	"strconv"
	"strings"

	"github.com/vtdarchive/vtd/fusearchive"
	"github.com/vtdarchive/vtd/internal/human"
)

// mountOptions is what -o says.
type mountOptions struct {
	fs    fusearchive.Options
	mount fusearchive.MountOptions
}

// forMount are options that mean something to mount(8) and /etc/fstab, or ask
// for what is so anyway. That rw is not meant has been said by making a mount of
// an archive.
var forMount = map[string]bool{
	"ro": true, "rw": true, "defaults": true, "auto": true, "noauto": true, "user": true, "users": true, "nouser": true, "owner": true, "group": true,
	"nofail": true, "_netdev": true, "async": true, "atime": true, "noatime": true, "relatime": true,
	"norelatime": true, "strictatime": true, "nodiratime": true, "diratime": true, "auto_unmount": true,
}

func (c *mountCommand) mountOptions(e *Env) (*mountOptions, error) {
	o := &mountOptions{}
	root := os.Geteuid() == 0
	o.mount.Permissions = root
	o.fs.ImpliedUID, o.fs.ImpliedGID = uint32(os.Geteuid()), uint32(os.Getegid())
	sloppy := e.getenv(sloppyVariable) != ""
	for _, word := range strings.Split(strings.Join(c.Options, ","), ",") {
		name, value, has := strings.Cut(word, "=")
		var err error
		switch {
		case word == "" || forMount[word] || strings.HasPrefix(word, "x-") || name == "comment":
		case name == "uid" && has:
			o.fs.UID, err = ownerNumber(word, value)
		case name == "gid" && has:
			o.fs.GID, err = ownerNumber(word, value)
		case name == "subdir" && has:
			o.fs.Subdir = value
		case word == "allow_other":
			o.mount.AllowOther, o.mount.Permissions = true, true
		case word == "default_permissions":
			o.mount.Permissions = true
		case word == "suid" || word == "nosuid":
			o.mount.Suid = word == "suid"
		case word == "dev" || word == "nodev":
			o.mount.Dev = word == "dev"
		case word == "exec" || word == "noexec":
			o.mount.NoExec = word == "noexec"
		case !sloppy:
			err = usagef("-o %s: not an option of this mount", human.Quote(word))
		}
		if err != nil {
			return nil, err
		}
	}
	return o, nil
}

func ownerNumber(word, value string) (*uint32, error) {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil || n == 1<<32-1 {
		return nil, usagef("-o %s: not the number of a user or group", human.Quote(word))
	}
	id := uint32(n)
	return &id, nil
}
