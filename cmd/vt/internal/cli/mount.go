package cli

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/vtdarchive/vtd/fusearchive"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/remote"
)

type mountCommand struct {
	Archive string   `arg:"" help:"The archive: a file, or a URL of http or https."`
	Dir     string   `arg:"" help:"The directory to mount on."`
	Command []string `arg:"" optional:"" name:"command" help:"With --exec, the command and its arguments; -- before it keeps its options from being taken for those of vt."`
	atFlag
	All bool `help:"Show all states, each in a directory called after its time, with symbolic links for labels and one called latest. States that are appended while it is mounted appear within about a second. Labels that cannot be names of files are not shown."`

	Foreground bool       `short:"f" help:"Stay in the foreground. Default: go to the background once the mount answers."`
	Exec       bool       `help:"Mount, run the command with the mount as its working directory, unmount, and exit with the status of the command."`
	Options    []string   `short:"o" sep:"none" placeholder:"OPTIONS" help:"Options as of mount(8), with commas between them: allow_other, uid=N, gid=N, subdir=PATH, default_permissions, suid, dev, noexec."`
	Cache      human.Size `default:"512MiB" placeholder:"SIZE" help:"Bound the memory for what has been read and decoded. Large files, and trees of many versions, come from several frames at a time (vt ar info tells their size), and with room for few of them reading is slow."`
	Log        string     `placeholder:"FILE" help:"Append what cannot be read to FILE. Default: standard error, or the system's log once in the background."`
	Fake       bool       `hidden:"" help:"Do all but mounting."`
	Debug      bool       `hidden:"" help:"Log every message to and from the kernel."`
}

func (*mountCommand) Help() string {
	return `
Shows the newest tree of an archive below a directory, read-only. Everything that extract restores is there, hard links, holes, extended attributes and access control lists among it; owners are shown by number. All that is read is checked; what is damaged gives an input/output error where it is, one line in the log, and leaves the rest readable.

Unmount it with umount, or fusermount3 -u where it was not root that mounted. SIGINT and SIGTERM unmount, too; while the mount is in use they are refused, and a second one detaches it. A mount whose process is killed goes away.

Root mounts by itself, others with fusermount3. For root, and with allow_other, the kernel enforces permissions and access control lists as they are in the archive; otherwise only whoever mounts gets in, and may read everything. Set-ID bits and file capabilities count with -o suid, device nodes with -o dev.

getfattr -n x-vt-blockref --only-values FILE tells how the content of a file or directory is named in the archive; for the root also the root hash, snapshot and content id.

Under the name mount.fuse.vt, in the place of a symbolic link /sbin/mount.fuse.vt, the command serves mount(8) and /etc/fstab for the type fuse.vt; there set-ID bits and device nodes count unless nosuid and nodev say otherwise:

    /srv/a.vtd /mnt/a fuse.vt ro,allow_other,nofail 0 0

To read a file the frame that holds it is decoded, as far as it has not been. Reading of many versions side by side, and at random, goes faster from archives with small frames, as --preset fast makes them, or with a larger cache.

Examples:

    vt mount backup.vtd /mnt
    vt mount --at yesterday backup.vtd /mnt
    vt mount --all backup.vtd /mnt; ls /mnt
    vt mount -o subdir=home/ann,uid=1000 backup.vtd /mnt
    vt mount --exec src.vtd /mnt -- make -C sub check`
}

func (c *mountCommand) Run(e *Env) error {
	o, err := c.mountOptions(e)
	if err != nil {
		return err
	}
	switch {
	case c.Exec && len(c.Command) == 0:
		return usagef("--exec needs a command")
	case !c.Exec && len(c.Command) > 0:
		return usagef("unexpected argument %s; a command needs --exec", human.Quote(c.Command[0]))
	case c.All && c.At != "":
		return usagef("--all and --at exclude each other")
	case c.All && o.fs.Subdir != "":
		return usagef("--all shows states as they are, without subdir")
	case c.Exec && c.Foreground:
		return usagef("--exec and --foreground exclude each other")
	}
	// The guard stands elsewhere, where a relative path leads to nothing.
	info, err := os.Stat(c.Archive)
	if err != nil && c.Archive == "-" {
		return err
	}
	if err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice|os.ModeSocket|os.ModeDir) != 0 {
		return fmt.Errorf("%s: not a file; a mount reads its archive in any order", human.Quote(c.Archive))
	}
	if c.Fake {
		return nil
	}
	switch {
	case e.getenv(roleVariable) == roleServer:
		return c.serve(e, o, c.inheritedServer())
	case c.Foreground:
		return c.serve(e, o, &serverLinks{})
	case c.Exec:
		return c.exec(e)
	}
	_, err = c.startServer(e)
	return err
}

// serve mounts, tells that it has, and stays until the mount is gone.
func (c *mountCommand) serve(e *Env, o *mountOptions, links *serverLinks) error {
	// Before anything is mounted: what comes from here on unmounts.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	logTo, err := c.openLog(e, links.ready != nil)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(c.Dir) // it is going to stand elsewhere
	if err != nil {
		return err
	}
	a, err := c.open(e.lasting(), c.Archive, c.readerOptions())
	if err != nil {
		return err
	}
	path, err := filepath.Abs(c.Archive)
	if err != nil {
		return err
	}
	g := &growing{path: path, o: c.readerOptions(), archives: []*reader.Archive{a}}
	defer g.close()
	o.fs.OnFault = func(err error) { logTo("%v", err) }
	files, err := c.files(a, g, o.fs)
	if err != nil {
		return err
	}
	release, err := startGuard(dir)
	if err != nil {
		return err
	}
	defer release()
	if o.mount.FSName, err = filepath.Abs(c.Archive); err != nil {
		return err
	}
	if remote.IsURL(c.Archive) {
		o.mount.FSName = remote.Shown(c.Archive)
	}
	if c.Debug {
		o.mount.Log = log.New(e.stderr, "", log.Lmicroseconds)
	}
	o.mount.OnPanic = func(v any) { logTo("a defect of vt: %v", v) }
	defer boundHeapBy(int64(c.Cache)+heapSpare, 50, 20)()
	s, err := fusearchive.Mount(files, dir, o.mount)
	if err != nil {
		return err
	}
	if err := links.answering(); err != nil {
		return errors.Join(err, s.Detach())
	}
	return stay(s, signals, links.front, logTo)
}

// files gives what is shown of an archive.
func (c *mountCommand) files(a *reader.Archive, g *growing, o fusearchive.Options) (fusearchive.FileSystem, error) {
	if c.All {
		return fusearchive.NewStates(g.list, o)
	}
	t, err := a.Tree()
	if err != nil {
		return nil, err
	}
	return fusearchive.New(a, t, o)
}

// heapSpare is the memory for all but caches.
const heapSpare = 64 << 20

// readerOptions divides the bound among the caches: for frames, for what
// recipes make, a fourth of that, and for metadata.
func (c *mountCommand) readerOptions() reader.Options {
	n := int64(c.Cache)
	frames := n * 5 / 8
	return reader.Options{
		CacheBytes: max(frames, 1), NodeCacheBytes: max(n-frames-frames/4, 1),
		ReadAhead: runtime.GOMAXPROCS(0), // who reads waits
	}
}

// stay waits until the mount is gone. A signal, or the end of the process in
// front, unmounts; the second one detaches, whoever uses it; the third ends.
func stay(s *fusearchive.Server, signals <-chan os.Signal, front <-chan struct{}, logTo func(string, ...any)) error {
	for asked := 0; ; {
		select {
		case <-s.Done():
			return nil
		case <-front:
			front = nil
			if s.Unmount() == nil {
				continue
			}
			asked = 1 // nobody is there to ask again
		case <-signals:
		}
		switch asked++; {
		case asked == 1:
			err := s.Unmount()
			if err == nil {
				continue
			}
			logTo("%v; interrupt again to detach it", err)
			if !errors.Is(err, fusearchive.ErrBusy) {
				continue
			}
		case asked == 2:
			if err := s.Detach(); err != nil {
				logTo("%v", err)
			}
		default:
			return fmt.Errorf("%s: ended with the mount in use", human.Quote(s.Dir()))
		}
	}
}
