package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vtdarchive/vtd/cmd/vt/internal/cli"
)

var update = flag.Bool("update", false, "write the manual page, and what scripts expect")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vt": main, "mount.fuse.vt": main})
}

// TestScripts runs testdata/script, a file or more for each verb. Beside
// testscript's own commands they use:
//
//	status N command…   run it; its exit status must be N
//	json [N] path want  a value in line N (1) of standard output, as compact JSON
//	serve               what lies in the directory is at $URL
//
// $LEGACY is where samples of the old vt lie, $VECTORS where the vectors of
// the specification do. What is mounted is mounted on m.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": status, "json": jsonValue, "serve": serve},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "fuse": // somebody may mount
				_, err := os.Stat("/dev/fuse")
				return err == nil && os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("LC_ALL", "C")
			if cache, err := os.UserCacheDir(); err == nil {
				e.Setenv("GOCACHE", cmp.Or(os.Getenv("GOCACHE"), filepath.Join(cache, "go-build")))
			}
			e.Defer(func() { // what a script that failed has left
				_ = syscall.Unmount(filepath.Join(e.WorkDir, "m"), 2) // MNT_DETACH
			})
			vectors, err := filepath.Abs("../../spec/vectors")
			if err != nil {
				return err
			}
			e.Setenv("VECTORS", vectors)
			legacy, err := filepath.Abs("../../legacy/testdata")
			e.Setenv("LEGACY", legacy)
			return err
		},
	})
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	line := 1
	if len(args) == 3 {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		line, args = n, args[1:]
	}
	if len(args) != 2 {
		ts.Fatalf("usage: json [N] path want")
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n")
	if line > len(lines) {
		ts.Fatalf("standard output has %d lines", len(lines))
	}
	var v any
	d := json.NewDecoder(strings.NewReader(lines[line-1]))
	d.UseNumber()
	ts.Check(d.Decode(&v))
	for _, key := range strings.Split(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if i >= len(x) {
				ts.Fatalf("%s: there are %d", args[0], len(x))
			}
			v = x[i]
		default:
			v = nil
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	ts.Check(enc.Encode(v))
	if got := strings.TrimSpace(b.String()); (got == args[1]) == neg {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

func TestManual(t *testing.T) {
	var out, errs bytes.Buffer
	if code := cli.Run(context.Background(), []string{"man"}, strings.NewReader(""), &out, &errs, os.Getenv); code != 0 {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	if *update {
		if err := os.WriteFile("vt.1", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("vt.1")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, out.Bytes()) {
		t.Fatal("vt.1 is out of date; go test ./cmd/vt -update renews it")
	}
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		return
	}
	if lint, err := exec.Command(mandoc, "-T", "lint", "-W", "warning,stop", "vt.1").CombinedOutput(); err != nil {
		t.Fatalf("mandoc: %v\n%s", err, lint)
	}
}
