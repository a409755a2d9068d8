package cli

import (
	"errors"
	"fmt"
	"io"
	"log/syslog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vtdarchive/vtd/fusearchive"
)

// A mount in the background is three processes: the one in front, that was
// called and ends when the mount answers, or when the command of --exec has; the
// server; and the guard, that takes the mount away when the server is killed.
// Each is this program with the same arguments, told apart by a variable.
const (
	roleVariable = "VT_MOUNT_ROLE"
	roleServer   = "server"
	roleGuard    = "guard"
)

// Descriptors of the server.
const (
	readyFD = 3 // an octet is written to it when the mount answers
	frontFD = 4 // at its end the process in front has gone
)

// self gives the command that runs this program once more, out of the reach of
// the terminal's signals.
func self(role string) *exec.Cmd {
	cmd := exec.Command(program(), os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// program gives the path of this program: the one that it is known by, unless
// another has taken its place.
func program() string {
	const running = "/proc/self/exe"
	path, err := os.Executable()
	if err != nil {
		return running
	}
	there, err1 := os.Stat(path)
	here, err2 := os.Stat(running)
	if err1 != nil || err2 != nil || !os.SameFile(there, here) {
		return running
	}
	return path
}

// serverProcess is the server as the process in front has it.
type serverProcess struct {
	cmd  *exec.Cmd
	life *os.File // closed by the end of this process at the latest
}

// startServer starts the server and waits until the mount answers. What keeps
// it from that the server says itself.
func (c *mountCommand) startServer(e *Env) (*serverProcess, error) {
	ready, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ready.Close()
	end, life, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, tell.Close())
	}
	cmd := self(roleServer)
	cmd.Stderr = e.stderr
	cmd.ExtraFiles = []*os.File{tell, end}
	err = cmd.Start()
	tell.Close()
	end.Close()
	if err != nil {
		return nil, errors.Join(err, life.Close())
	}
	if n, _ := ready.Read(make([]byte, 1)); n == 1 {
		return &serverProcess{cmd, life}, nil
	}
	life.Close()
	return nil, statusOf(cmd.Wait())
}

// statusOf gives the status of a process that has said what was wrong.
func statusOf(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return err
	}
	status := exit.ExitCode()
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		status = 128 + int(w.Signal()) // as shells have it
	}
	return errors.Join(errReported, statusError(status))
}

// exec runs a command in the mount. It is not the server that does: starting a
// program in a mount means waiting for it.
func (c *mountCommand) exec(e *Env) error {
	path := c.Command[0]
	if !strings.Contains(path, "/") { // or it is relative to the mount
		var err error
		if path, err = exec.LookPath(path); err != nil {
			return err
		}
	}
	s, err := c.startServer(e)
	if err != nil {
		return err
	}
	// The command decides what an interrupt means to it.
	ignored := make(chan os.Signal, 1)
	signal.Notify(ignored, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(ignored)
	cmd := exec.Command(path, c.Command[1:]...)
	cmd.Args[0] = c.Command[0]
	cmd.Dir = c.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.stdin, e.stdout, e.stderr
	err = statusOf(cmd.Run())
	return errors.Join(err, s.life.Close(), s.cmd.Wait())
}

// serverLinks are what a server holds of the process in front.
type serverLinks struct {
	ready *os.File // nil in the foreground
	front <-chan struct{}
}

// inheritedServer takes over what startServer has handed down.
func (c *mountCommand) inheritedServer() *serverLinks {
	os.Unsetenv(roleVariable)
	syscall.CloseOnExec(readyFD)
	syscall.CloseOnExec(frontFD)
	l := &serverLinks{ready: os.NewFile(readyFD, "ready")}
	if c.Exec { // otherwise it goes before its time
		gone := make(chan struct{})
		l.front = gone
		front := os.NewFile(frontFD, "front")
		go func() {
			_, _ = io.Copy(io.Discard, front)
			close(gone)
		}()
	}
	return l
}

// answering tells the process in front, and lets go of the terminal.
func (l *serverLinks) answering() error {
	if l.ready == nil {
		return nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for fd := range 3 {
		if err := syscall.Dup3(int(null.Fd()), fd, 0); err != nil {
			return err
		}
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if _, err := l.ready.Write([]byte{1}); err != nil {
		return err
	}
	return l.ready.Close()
}

// startGuard starts the guard of a directory. release ends it.
func startGuard(dir string) (release func(), err error) {
	in, life, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	cmd := self(roleGuard)
	cmd.Env = append(cmd.Env, guardVariable+"="+dir)
	cmd.Dir = "/"
	cmd.Stdin = in
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, life.Close())
	}
	return func() {
		_, _ = life.Write([]byte{1}) // there is nothing left to be guarded
		life.Close()
		_ = cmd.Wait()
	}, nil
}

// guardVariable names the directory to a guard.
const guardVariable = "VT_MOUNT_DIR"

// guard waits for the end of the server, and takes away a mount that it has
// left behind.
func guard() error {
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	dir := os.Getenv(guardVariable)
	if n, _ := os.Stdin.Read(make([]byte, 1)); n == 1 {
		return nil
	}
	// The descriptors of a process that dies close one after the other.
	for range 100 {
		if fusearchive.Abandoned(dir) {
			return fusearchive.TakeAway(dir)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// openLog gives where faults are told: a file, standard error, or the system's
// log for a process in the background.
func (c *mountCommand) openLog(e *Env, background bool) (func(format string, args ...any), error) {
	var mu sync.Mutex
	to := func(w io.Writer) func(string, ...any) {
		return func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			line := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", `\n`)
			fmt.Fprintf(w, "vt: %s\n", line) // there is nobody to tell that this failed
		}
	}
	switch {
	case c.Log != "":
		f, err := os.OpenFile(c.Log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		return to(f), nil
	case !background:
		return to(e.stderr), nil
	}
	w, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_ERR, "vt")
	if err != nil { // no log is running
		return to(io.Discard), nil
	}
	return to(w), nil
}
