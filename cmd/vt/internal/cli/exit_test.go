package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
)

func TestExitStatus(t *testing.T) {
	damaged := format.Damaged("frame", 7, "no")
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{reported(errPartial), 1},
		{errors.New("what"), 2},
		{usagef("what"), 2},
		{reported(errMissing), 2},
		{errors.Join(reported(errPartial), reported(errMissing)), 2},
		{errors.Join(reported(errPartial), reported(errNothing)), 2},
		{errors.Join(reported(errMissing), reported(format.ErrDamaged)), 3},
		{context.Canceled, 2},
		{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, 2},
		{damaged, 3},
		{fmt.Errorf("x: %w", damaged), 3},
		{errors.Join(reported(errPartial), damaged), 3},
		{format.ErrNotArchive, 4},
		{format.Unsupported("header", 0, "no"), 4},
		{errors.Join(damaged, format.ErrUnsupported), 4},
	} {
		if got := exitStatus(c.err); got != c.want {
			t.Errorf("%v: exit status %d, want %d", c.err, got, c.want)
		}
	}
}

func TestFailedWords(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.Join(errors.New("one"), errors.New("two")), "vt: one\nvt: two\n"},
		{&fs.PathError{Op: "open", Path: "a\x1b[2Jb", Err: errors.New("what")}, "vt: a\\033[2Jb: what\n"},
		{reported(errPartial), ""},
		{usagef("what"), "vt: what\nvt: see vt --help\n"},
		{fmt.Errorf("x: %w", errors.Join(errors.New("one"))), "vt: x: one\n"},
	} {
		var b bytes.Buffer
		e := &Env{ctx: context.Background(), stderr: &b}
		e.failed(c.err, nil)
		if b.String() != c.want {
			t.Errorf("%v: %q, want %q", c.err, b.String(), c.want)
		}
	}
}

func TestFailedInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var b bytes.Buffer
	e := &Env{ctx: ctx, stderr: &b}
	if status := e.failed(fmt.Errorf("reading x: %w", context.Canceled), nil); status != exitFailed {
		t.Errorf("exit status %d", status)
	}
	if b.String() != "vt: interrupted\n" {
		t.Errorf("%q", b.String())
	}
}

// A command line that is interrupted before it begins does nothing.
func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	status := Run(ctx, []string{"ar", "create", t.TempDir() + "/a.vtd", "."}, strings.NewReader(""), &out, &errs, func(string) string { return "" })
	if status != exitFailed || errs.String() != "vt: interrupted\n" {
		t.Errorf("exit status %d, %q", status, errs.String())
	}
}
