package writer

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/internal/fsmeta"
)

// input is an Input with its member name worked out and its parent opened.
type input struct {
	member []string // components of the member name; none: the root itself
	fd     int      // O_PATH descriptor of the directory it lies in
	name   string   // its name there, or "."
	info   fsmeta.Info
}

// MemberName turns a path into the components of a member name, as tar does: a
// leading slash and everything up to the last ".." go, which is removed; "."
// components vanish.
func MemberName(path string) (member []string, removed string) {
	parts := strings.Split(path, "/")
	keep := 0
	for i, p := range parts {
		if p == ".." {
			keep = i + 1
		}
	}
	if keep > 0 {
		removed = strings.Join(parts[:keep], "/")
		if keep < len(parts) {
			removed += "/"
		}
	} else if strings.HasPrefix(path, "/") {
		removed = "/"
	}
	for _, p := range parts[keep:] {
		if p != "" && p != "." {
			member = append(member, p)
		}
	}
	return member, removed
}

// openInputs looks at every input. One that cannot be looked at is an issue;
// that none can is an error.
func (s *scan) openInputs() error {
	var ins []input
	var noticed []string
	for _, in := range s.o.Inputs {
		member, removed := MemberName(in.Path)
		if removed != "" && !slices.Contains(noticed, removed) {
			noticed = append(noticed, removed)
			s.o.notice("removing leading %q from member names", removed)
		}
		x, err := openInput(in, s.o.Btime)
		if err != nil {
			s.issue(in.Path, bare(err), false)
			continue
		}
		s.fds = append(s.fds, x.fd)
		x.member = member
		ins = append(ins, x)
	}
	if len(ins) == 0 {
		return errors.New("none of the paths can be read")
	}
	slices.SortStableFunc(ins, func(a, b input) int { return slices.Compare(a.member, b.member) })
	for _, x := range ins {
		if err := s.addInput(x); err != nil {
			return err
		}
	}
	return nil
}

// addInput takes an input that comes after all others by its member name. One
// that another reaches on its way down anyway is part of that one.
func (s *scan) addInput(x input) error {
	for i := len(s.inputs) - 1; i >= 0; i-- {
		last := s.inputs[i]
		if len(last.member) > len(x.member) || !slices.Equal(last.member, x.member[:len(last.member)]) {
			continue
		}
		switch there, err := below(last, x.member[len(last.member):]); {
		case err == nil && there.Dev == x.info.Dev && there.Ino == x.info.Ino:
			return nil
		case err == nil:
			return fmt.Errorf("two different inputs would both be stored as %q", strings.Join(x.member, "/"))
		case last.info.Kind() != unix.S_IFDIR || !errors.Is(err, unix.ENOENT):
			return fmt.Errorf("%q cannot be stored below %q: %w", strings.Join(x.member, "/"), strings.Join(last.member, "/"), bare(err))
		}
		break // nothing of that name: it joins the directory from elsewhere
	}
	s.inputs = append(s.inputs, x)
	return nil
}

// below looks at what lies at a path below an input, through no symbolic link.
func below(in input, path []string) (fsmeta.Info, error) {
	fd, name, opened := in.fd, in.name, -1
	defer func() {
		if opened >= 0 {
			unix.Close(opened)
		}
	}()
	for _, next := range path {
		d, err := openPath(fd, name)
		if opened >= 0 {
			unix.Close(opened)
		}
		opened = d
		if err != nil {
			return fsmeta.Info{}, err
		}
		fd, name = d, next
	}
	return statAt(fd, name, false)
}

// openPath is fsmeta.OpenDirPath for a name that may be ".".
func openPath(fd int, name string) (int, error) {
	if name == "." {
		return unix.Openat(fd, ".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	}
	return fsmeta.OpenDirPath(fd, name)
}

// statAt is fsmeta.Stat, or StatBirth, for a name that may be ".".
func statAt(fd int, name string, birth bool) (fsmeta.Info, error) {
	switch {
	case name == ".":
		return fsmeta.FStat(fd)
	case birth:
		return fsmeta.StatBirth(fd, name)
	}
	return fsmeta.Stat(fd, name)
}

// openInput opens the directory that holds an input. What stands before the
// last component is followed as the shell would; the last one is not, even
// with slashes after it. Nothing is cleaned textually: behind a symbolic link,
// ".." is where the kernel says.
func openInput(in Input, birth bool) (input, error) {
	if in.Path == "" {
		return input{}, unix.ENOENT
	}
	full := in.Path
	if in.Dir != "" && full[0] != '/' {
		full = in.Dir + "/" + full
	}
	full = strings.TrimRight(full, "/")
	at := strings.LastIndexByte(full, '/')
	parent, name := full[:at+1], full[at+1:]
	switch name {
	case "", ".", "..": // "" is what is left of "/"
		parent, name = full+"/", "."
	}
	if parent == "" {
		parent = "."
	}
	fd, err := unix.Open(parent, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return input{}, &os.PathError{Op: "open", Path: parent, Err: err}
	}
	x := input{fd: fd, name: name}
	if x.info, err = statAt(fd, name, birth); err != nil {
		unix.Close(fd)
		return input{}, err
	}
	return x, nil
}

// plan is what the inputs ask of one directory of the tree: it is an input, or
// there are inputs below it, or both.
type plan struct {
	name     string
	input    int // index into inputs; -1: none
	children []*plan
}

func (s *scan) plan() *plan {
	root := &plan{input: -1}
	for i := range s.inputs {
		at := root
		for _, name := range s.inputs[i].member {
			next := at.child(name)
			if next == nil {
				next = &plan{name: name, input: -1}
				k, _ := at.search(name)
				at.children = slices.Insert(at.children, k, next)
			}
			at = next
		}
		at.input = i
	}
	return root
}

func (p *plan) search(name string) (int, bool) {
	return slices.BinarySearchFunc(p.children, name, func(c *plan, n string) int { return cmp.Compare(c.name, n) })
}

// child gives the plan of a name below, or nil; p may be nil.
func (p *plan) child(name string) *plan {
	if p == nil {
		return nil
	}
	if k, ok := p.search(name); ok {
		return p.children[k]
	}
	return nil
}
