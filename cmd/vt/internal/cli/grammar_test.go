package cli

import (
	"io"
	"reflect"
	"strings"
	"testing"
)

// TestMountGrammar holds the short way to parse the command line of a mount against
// the long one.
func TestMountGrammar(t *testing.T) {
	e := &Env{stdout: io.Discard, stderr: io.Discard}
	for _, line := range []string{
		"mount a.vtd /mnt", "mount -f a.vtd /mnt -o uid=1,subdir=x --cache 1MiB", "mount --all -f a.vtd /mnt --log /tmp/log",
		"mount --at 2024-01-01 a.vtd /mnt", "mount --exec a.vtd /mnt -- ls -l --help", "mount --download https://x/a.vtd /mnt --cpu-profile p",
		"mount a.vtd /mnt --fake", "mount -fo ro a.vtd /mnt", "mount --debug -- a.vtd /mnt",
	} {
		args := strings.Fields(line)
		k, short := parseMount(e, args)
		if k == nil {
			t.Errorf("%s: not taken", line)
			continue
		}
		var g grammar
		parser, err := newParser(&g, io.Discard, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		arranged, seen := arrange(parser.Model, args)
		if _, err := parser.Parse(arranged); err != nil {
			t.Fatal(line, err)
		}
		got := k.Selected().Target.Interface()
		if !reflect.DeepEqual(got, g.Mount) || *short != g.globals || !reflect.DeepEqual(e.seen, seen) {
			t.Errorf("%s: %+v %+v %v, not %+v %+v %v", line, got, *short, e.seen, g.Mount, g.globals, seen)
		}
	}
	for _, line := range []string{
		"", "--help", "mount --help", "mount -h", "mount --version", "mount", "mount a.vtd", "mount -x a.vtd /mnt", "mount --cache much a.vtd /mnt",
		"mount --at= a.vtd /mnt", "help mount", "ar list a.vtd", "--download mount https://x/a.vtd /mnt",
	} {
		if k, _ := parseMount(e, strings.Fields(line)); k != nil {
			t.Errorf("%s: taken", line)
		}
	}
}
