package fusearchive

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNoFusermount says that whoever is not root cannot mount here.
var ErrNoFusermount = errors.New("mounting needs root, or the program fusermount3, which is not there: install the package fuse3")

// fusermountPath finds the program that mounts for those who may not: also where
// the search path is without it.
func fusermountPath() (string, error) {
	for _, name := range []string{"fusermount3", "fusermount"} {
		for _, dir := range []string{"", "/bin/", "/usr/bin/"} {
			if path, err := exec.LookPath(dir + name); err == nil {
				return path, nil
			}
		}
	}
	return "", ErrNoFusermount
}

// fusermount runs the program. What it says is the error.
func fusermount(env []string, with []*os.File, args ...string) error {
	path, err := fusermountPath()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), append(env, "LC_ALL=C")...)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = &text, &text, with
	if err = cmd.Run(); err == nil {
		return nil
	}
	said := strings.ReplaceAll(strings.TrimSpace(text.String()), "\n", "; ")
	switch {
	case strings.Contains(said, "Device or resource busy"):
		return ErrBusy
	case strings.Contains(said, "not found in /etc/mtab"):
		return errNotMounted
	case said == "":
		return fmt.Errorf("%s: %w", path, err)
	}
	return errors.New(said)
}

var errNotMounted = errors.New("not mounted")

// mountByFusermount mounts a file system on a directory and gives the descriptor
// through which the kernel asks.
func mountByFusermount(dir string, options []string) (fd int, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socketpair", err)
	}
	defer unix.Close(pair[0])
	far := os.NewFile(uintptr(pair[1]), "fusermount")
	escape := strings.NewReplacer(`\`, `\\`, ",", `\,`)
	for i, o := range options {
		options[i] = escape.Replace(o)
	}
	err = fusermount([]string{"_FUSE_COMMFD=3"}, []*os.File{far}, "-o", strings.Join(options, ","), "--", dir)
	far.Close() // or nothing would be the end of what comes
	if err != nil {
		return -1, err
	}
	room := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(pair[0], make([]byte, 4), room, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, os.NewSyscallError("recvmsg", err)
	}
	if messages, err := unix.ParseSocketControlMessage(room[:n]); err == nil && len(messages) == 1 {
		if fds, err := unix.ParseUnixRights(&messages[0]); err == nil && len(fds) == 1 {
			return fds[0], nil
		}
	}
	return -1, errors.New("fusermount3 has mounted and given no descriptor")
}
