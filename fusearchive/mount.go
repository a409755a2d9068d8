package fusearchive

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// FileSystem is what Mount takes: an [FS] or [States].
type FileSystem = fuse.RawFileSystem

// MountOptions say how a file system is mounted. It is always read-only.
type MountOptions struct {
	// FSName is what df and /proc/mounts show as the device.
	FSName string
	// AllowOther lets other users in, not only the one who mounts.
	AllowOther bool
	// Permissions makes the kernel enforce modes, owners and access control
	// lists. Without it whoever is let in reads everything.
	Permissions bool
	// Suid, Dev and NoExec: set-ID bits and file capabilities count, device
	// nodes are devices, programs do not run.
	Suid, Dev, NoExec bool
	// Kernel are further options for the kernel, as mount(8) has them.
	Kernel []string
	// ReadAhead is how far the kernel reads ahead, in bytes, where it lets us
	// say so: 0 means 2 MiB, negative leaves it alone.
	ReadAhead int
	// OnPanic hears of a defect in this package. The request fails.
	OnPanic func(any)
	// Log, if not nil, gets every message to and from the kernel.
	Log *log.Logger
}

// ErrNoFUSE says that the system has no FUSE, or keeps it from us.
var ErrNoFUSE = errors.New("mounting needs /dev/fuse, which this system does not have: load the kernel's module fuse, or give it to the container")

// maxRead is the largest read that the kernel is to ask for. It takes the
// smaller of this and its own bound, which is 1 MiB where nobody has raised it.
const maxRead = 1 << 20

// Server answers for a mounted file system.
type Server struct {
	dir    string
	direct bool
	fuse   *fuse.Server
	done   chan struct{}
}

// Mount mounts a file system on a directory and answers for it until it is
// unmounted. When Mount returns, the mount answers.
//
// A process with the right to mount does so itself; others go through
// fusermount3.
//
// A process must not touch what it has mounted itself: it may wait for itself
// where the runtime does not expect it and, if it is killed then, for ever.
func Mount(f FileSystem, dir string, o MountOptions) (*Server, error) {
	dir, err := mountPoint(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat("/dev/fuse"); errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoFUSE
	}
	s := &Server{dir: dir, direct: os.Geteuid() == 0, done: make(chan struct{})}
	if s.direct {
		s.fuse, err = fuse.NewServer(f, dir, o.forRoot())
	}
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) { // root of a container, say
		s.direct = false
	}
	if !s.direct {
		s.fuse, err = o.unprivileged(f, dir)
	}
	if err != nil {
		err = fmt.Errorf("mounting on %s: %w", dir, trimmed{err})
		if Abandoned(dir) {
			err = errors.Join(err, TakeAway(dir))
		}
		return nil, err
	}
	// The kernel has had its first answer: what it asks from now on waits until it
	// is served. Server.WaitMount of go-fuse would open a file of the mount, for
	// programs that go on to do so. A process that is killed while it holds one waits
	// for an answer of its own when the kernel closes it, which nobody gives, and
	// neither it nor the mount ever ends.
	go func() {
		s.fuse.Serve()
		close(s.done)
	}()
	if o.ReadAhead >= 0 {
		s.setReadAhead(o.ReadAhead)
	}
	return s, nil
}

// trimmed is an error of go-fuse without the line ends that it comes with.
type trimmed struct{ error }

func (t trimmed) Error() string { return strings.TrimSpace(t.error.Error()) }
func (t trimmed) Unwrap() error { return t.error }

// mountPoint gives the path of a directory without symbolic links, as the list
// of mounts has it.
func mountPoint(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err == nil && Abandoned(abs) {
		return "", fmt.Errorf("%s: a mount that nobody answers for is there already; umount -l, or fusermount3 -uz, takes it away", dir)
	}
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(abs)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s: not a directory", dir)
	}
	return abs, err
}

// forServer gives the options for go-fuse that do not depend on who mounts.
func (o *MountOptions) forServer() *fuse.MountOptions {
	return &fuse.MountOptions{
		Name: "vt", FsName: o.FSName, AllowOther: o.AllowOther,
		Options:              o.words(),
		MaxWrite:             maxRead, // of reads, too
		MaxBackground:        64,
		EnableSymlinkCaching: true,
		// Nothing changes behind the kernel's back.
		ExplicitDataCacheControl: true,
		EnableAcl:                o.Permissions,
		// What is read has been checked, and lies in memory: there is no
		// descriptor to splice from.
		DisableSplice: true,
		Logger:        log.New(logWriter{o.Log}, "", 0),
		Debug:         o.Log != nil,
		PanicHandler: func(v any) fuse.Status {
			if o.OnPanic != nil {
				o.OnPanic(v)
			}
			return fuse.EIO
		},
	}
}

// words are options that the kernel takes as words.
func (o *MountOptions) words() []string {
	words := append([]string(nil), o.Kernel...)
	if o.Permissions {
		words = append(words, "default_permissions")
	}
	return words
}

// forRoot gives the options for a mount by mount(2), which has flags for what
// others have words for.
func (o *MountOptions) forRoot() *fuse.MountOptions {
	m := o.forServer()
	m.DirectMountStrict = true
	m.DirectMountFlags = unix.MS_RDONLY
	for flag, on := range map[uintptr]bool{unix.MS_NOSUID: !o.Suid, unix.MS_NODEV: !o.Dev, unix.MS_NOEXEC: o.NoExec} {
		if on {
			m.DirectMountFlags |= flag
		}
	}
	return m
}

// unprivileged mounts through fusermount3.
func (o *MountOptions) unprivileged(f FileSystem, dir string) (*fuse.Server, error) {
	options := append(o.words(), "ro", "subtype=vt", fmt.Sprintf("max_read=%d", maxRead))
	for _, word := range []struct {
		word string
		on   bool
	}{{"allow_other", o.AllowOther}, {"suid", o.Suid}, {"dev", o.Dev}, {"noexec", o.NoExec}, {"fsname=" + o.FSName, o.FSName != ""}} {
		if word.on {
			options = append(options, word.word)
		}
	}
	fd, err := mountByFusermount(dir, options)
	if err != nil {
		return nil, err
	}
	// The name by which go-fuse takes over what is mounted.
	return fuse.NewServer(f, fmt.Sprintf("/dev/fd/%d", fd), o.forServer())
}

// logWriter passes go-fuse's log on: nothing if nobody wants it.
type logWriter struct{ to *log.Logger }

func (w logWriter) Write(b []byte) (int, error) {
	if w.to != nil {
		w.to.Print(string(bytes.TrimRight(b, "\n")))
	}
	return len(b), nil
}

// readAhead is how far the kernel reads ahead of who reads a file from its start: two
// messages, so that one is being answered while the other is read. It is also what the
// kernel reads around a page of a file that is mapped, so that more would be worse.
const readAhead = 2 * maxRead

// setReadAhead tells the kernel how far to read ahead, for which it needs root:
// by itself it reads 128 KiB, which is many messages.
func (s *Server) setReadAhead(n int) {
	if n == 0 {
		n = readAhead
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if device := deviceAt(string(mounts), s.dir); err == nil && device != "" {
		_ = os.WriteFile("/sys/class/bdi/"+device+"/read_ahead_kb", fmt.Appendf(nil, "%d", n>>10), 0)
	}
}

// deviceAt finds the device of what is mounted on a directory, as "major:minor", in
// a list as /proc/self/mountinfo has it: the last one counts. To ask the mount would
// be to ask ourselves.
func deviceAt(mounts, dir string) (device string) {
	dir = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`).Replace(dir)
	for line := range strings.Lines(mounts) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == dir {
			device = f[2]
		}
	}
	return device
}

// Dir is the directory that is mounted on.
func (s *Server) Dir() string { return s.dir }

// Done is closed when the file system is unmounted, by whomever, and the last
// user has gone.
func (s *Server) Done() <-chan struct{} { return s.done }

// Wait waits until the file system is unmounted.
func (s *Server) Wait() { <-s.done }

// ErrBusy says that a file of the mount is open, or somebody stands in it.
var ErrBusy = errors.New("the mount is in use")

// Unmount takes the mount away, unless it is in use: then that is ErrBusy.
func (s *Server) Unmount() error { return unmount(s.dir, s.direct, false) }

// Detach takes the mount out of sight. Those who use it keep it until they have
// done.
func (s *Server) Detach() error { return unmount(s.dir, s.direct, true) }

func unmount(dir string, direct, lazy bool) error {
	if direct {
		flags := unix.UMOUNT_NOFOLLOW
		if lazy {
			flags |= unix.MNT_DETACH
		}
		err := unix.Unmount(dir, flags)
		switch {
		case err == unix.EINVAL: // no mount, by now
			return nil
		case err == unix.EBUSY:
			err = ErrBusy
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", dir, err)
		}
		return err
	}
	arg := "-u"
	if lazy {
		arg = "-uz"
	}
	err := fusermount(nil, nil, arg, "--", dir)
	if err == nil || err == errNotMounted {
		return nil
	}
	return fmt.Errorf("%s: %w", dir, err)
}

// Abandoned reports whether a directory is a mount of which the process that
// answered for it has gone.
func Abandoned(dir string) bool {
	var st unix.Statfs_t // which the kernel does not remember
	return unix.Statfs(dir, &st) == unix.ENOTCONN
}

// TakeAway detaches an abandoned mount.
func TakeAway(dir string) error { return unmount(dir, os.Geteuid() == 0, true) }
