package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/metrics"
	"strings"
	"syscall"
	"time"

	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/internal/human"
)

// Changed archives are read by other processes: what a goroutine of the reader
// does wrong ends a process, and a process that hangs can be ended. Each is this
// program with the same arguments, told apart by a variable. It reads the
// archive from a descriptor, numbers from its standard input, and answers each
// with a line of JSON.
const (
	fuzzVariable  = "VT_FUZZ_ROLE"
	fuzzArchiveFD = 3
)

// Checks that only a process as a whole can fail.
const (
	checkEnds   crosscheck.Check = "nothing crashes"
	checkTime   crosscheck.Check = "the work is bounded"
	checkMemory crosscheck.Check = "memory is bounded"
)

var fuzzChecks = append([]crosscheck.Check{checkEnds, checkTime, checkMemory}, crosscheck.Checks...)

// fuzzOutcomes are what may come of reading a changed archive.
var fuzzOutcomes = []string{"rejected", "damaged", "another root", "sound"}

// fuzzAnswer is what a process says of a changed archive.
type fuzzAnswer struct {
	Execution uint64      `json:"execution"`
	Outcome   string      `json:"outcome"`
	Faults    []fuzzFault `json:"faults,omitempty"`
	Detail    string      `json:"detail,omitempty"`
}

type fuzzFault struct {
	Check   string `json:"check"`
	Message string `json:"message"`
}

// Fault adds one, as crosscheck.Reporter.
func (a *fuzzAnswer) Fault(c crosscheck.Check, format string, args ...any) {
	const most = 2000 // of a message
	text := fmt.Sprintf(format, args...)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	a.Faults = append(a.Faults, fuzzFault{string(c), text})
}

// fuzzProcess is a process that reads changed archives, as its parent has it.
type fuzzProcess struct {
	e       *Env
	c       *fuzzCommand
	archive *os.File

	cmd     *exec.Cmd // nil where there is none
	in      io.WriteCloser
	answers chan []byte
	stderr  *tailBuffer
}

func (p *fuzzProcess) start() error {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), fuzzVariable+"=reader", "GOTRACEBACK=all")
	cmd.ExtraFiles = []*os.File{p.archive}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // an interrupt is for the parent
	p.stderr = &tailBuffer{}
	cmd.Stderr = p.stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	answers := make(chan []byte)
	go func() {
		defer close(answers)
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			answers <- line
		}
	}()
	p.cmd, p.in, p.answers = cmd, in, answers
	return nil
}

// ask lets the process read a changed archive. A process that has not answered
// when the context ends is ended, and there is no answer.
func (p *fuzzProcess) ask(ctx context.Context, n uint64) (*fuzzAnswer, error) {
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return nil, err
		}
	}
	_, _ = fmt.Fprintln(p.in, n) // one that has died does not answer
	late := time.NewTimer(p.c.Timeout)
	defer late.Stop()
	a := &fuzzAnswer{Execution: n}
	select {
	case line, ok := <-p.answers:
		if ok {
			return a, json.Unmarshal(line, a)
		}
		err := p.wait()
		a.Detail = p.stderr.String()
		switch first, _, _ := strings.Cut(a.Detail, "\n"); {
		case strings.HasPrefix(first, memoryMark):
			a.Fault(checkMemory, "%s", first)
		case strings.HasPrefix(first, "vt: "): // it could not begin
			return nil, fmt.Errorf("a process of this program: %s", strings.TrimPrefix(first, "vt: "))
		default:
			a.Fault(checkEnds, "%s (%v)", first, err)
		}
		return a, nil
	case <-late.C:
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // which prints all stacks
		for range p.answers {
		}
		_ = p.wait()
		a.Detail = p.stderr.String()
		a.Fault(checkTime, "still reading after %v", p.c.Timeout)
		return a, nil
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		for range p.answers {
		}
		_ = p.wait()
		return nil, nil
	}
}

func (p *fuzzProcess) wait() error {
	err := p.cmd.Wait()
	p.cmd = nil
	return err
}

// end ends the process.
func (p *fuzzProcess) end() error {
	if p.cmd == nil {
		return nil
	}
	_ = p.in.Close()
	for range p.answers {
	}
	return p.wait()
}

// tailBuffer keeps the first bytes of what is written.
type tailBuffer struct{ b bytes.Buffer }

func (t *tailBuffer) Write(b []byte) (int, error) {
	const most = 64 << 10
	t.b.Write(b[:min(len(b), most-min(most, t.b.Len()))])
	return len(b), nil
}

func (t *tailBuffer) String() string { return strings.ToValidUTF8(t.b.String(), "\ufffd") }

// work is the process that reads changed archives.
func (c *fuzzCommand) work(e *Env) error {
	b, err := io.ReadAll(io.NewSectionReader(os.NewFile(fuzzArchiveFD, "archive"), 0, maxFuzzed))
	if err != nil {
		return err
	}
	most, err := human.ParseSize(c.Memory)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp("", "vt-")
	if err != nil {
		return err
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	lim := crosscheck.For(int64(len(b)))
	original, err := crosscheck.NewOriginal("the archive", b, lim)
	if err != nil {
		return err
	}
	go guardMemory(uint64(most) + 16*uint64(len(b)))
	numbers := bufio.NewScanner(e.stdin)
	for numbers.Scan() {
		a := fuzzAnswer{}
		if _, err := fmt.Sscan(numbers.Text(), &a.Execution); err != nil {
			return err
		}
		changed, _ := c.changed(b, a.Execution)
		if err := errors.Join(file.Truncate(0), writeAt(file, changed)); err != nil {
			return err
		}
		v, s := crosscheck.Archive(&a, changed, fmt.Sprintf("/proc/self/fd/%d", file.Fd()), lim)
		original.Check(&a, v, s)
		switch {
		case !v.Opened:
			a.Outcome = "rejected"
		case !v.Clean:
			a.Outcome = "damaged"
		case original.Tree(v.Top.Root) == nil:
			a.Outcome = "another root"
		default:
			a.Outcome = "sound"
		}
		if err := newJSON(e.stdout).Encode(&a); err != nil {
			return err
		}
	}
	return numbers.Err()
}

func writeAt(file *os.File, b []byte) error {
	_, err := file.WriteAt(b, 0)
	return err
}

// memoryMark is how the last words of a process begin that took too much
// memory.
const memoryMark = "out of bounds: "

// guardMemory ends the process when it holds more than it may.
func guardMemory(most uint64) {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for range time.Tick(10 * time.Millisecond) {
		metrics.Read(heap)
		if n := heap[0].Value.Uint64(); n > most {
			fmt.Fprintf(os.Stderr, "%s%d bytes of memory, of %d\n", memoryMark, n, most)
			_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
			return
		}
	}
}
