package filter_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/internal/filter"
)

var oracleRuns = flag.Int("oracle-runs", 60, "rule sets to compare with rsync")

// TestAgainstRsync compares random rule sets over random trees with what rsync
// would transfer.
func TestAgainstRsync(t *testing.T) {
	rsync, err := exec.LookPath("rsync")
	if err != nil {
		t.Skip("SKIPPED: NO RSYNC IN PATH: the filter rules were not compared with the original")
	}
	runs := *oracleRuns
	if testing.Short() {
		runs = min(runs, 20)
	}
	rnd := rand.New(rand.NewPCG(1, uint64(runs)))
	var root string
	excluded := 0
	for run := range runs {
		if run%20 == 0 {
			root = t.TempDir()
			plantTree(t, rnd, root, 3)
		}
		args := []string{"-rln8", "--out-format=%n"}
		var rules filter.Rules
		for range 1 + rnd.IntN(4) {
			pattern := randomPattern(rnd)
			switch rnd.IntN(3) {
			case 0:
				args = append(args, "--include="+pattern)
				err = rules.Include(pattern)
			case 1:
				args = append(args, "--exclude="+pattern)
				err = rules.Exclude(pattern)
			default:
				file := filepath.Join(t.TempDir(), "rules")
				text := randomFile(rnd)
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--exclude-from="+file)
				err = rules.ExcludeFrom(strings.NewReader(text), "rules")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(rsync, append(args, root+"/", filepath.Join(t.TempDir(), "nothing"))...)
		cmd.Env = append(os.Environ(), "LC_ALL=C", "RSYNC_OLD_ARGS=")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%q: %v\n%s", cmd.Args, err, &stderr)
		}
		var want []string
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "/")
			if name, _, isLink := strings.Cut(line, " -> "); isLink {
				line = name
			}
			// rsync escapes control characters even when told not to escape.
			line = strings.NewReplacer(`\#001`, "\x01", `\#011`, "\t").Replace(line)
			// The destination does not exist, which rsync remarks upon.
			if line != "." && !strings.HasPrefix(line, "created directory ") {
				want = append(want, line)
			}
		}
		got, all := walk(t, root, &rules)
		slices.Sort(want)
		slices.Sort(got)
		excluded += len(all) - len(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q\n only here:  %q\n only rsync: %q", cmd.Args[3:len(cmd.Args)-2],
				minus(got, want), minus(want, got))
			for _, a := range args {
				if file, ok := strings.CutPrefix(a, "--exclude-from="); ok {
					text, _ := os.ReadFile(file)
					t.Errorf("file: %q", text)
				}
			}
		}
	}
	if excluded < runs {
		t.Errorf("only %d entries excluded in %d runs: the rules drawn test nothing", excluded, runs)
	}
}

// walk returns the paths that the rules include, and all there are.
func walk(t *testing.T, root string, rules *filter.Rules) (included, all []string) {
	pruned := make(map[string]bool)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		rel := strings.TrimPrefix(path, root+"/")
		all = append(all, rel)
		in := rules.Match(rel, d.IsDir())
		if !in || pruned[filepath.Dir(rel)] {
			in = false
			pruned[rel] = d.IsDir()
		}
		if whole := rules.MatchTree(rel, d.IsDir()); whole != in {
			t.Errorf("MatchTree(%q) = %v, the walk says %v", rel, whole, in)
		}
		if in {
			included = append(included, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return included, all
}

func minus(a, b []string) (only []string) {
	for _, s := range a {
		if _, found := slices.BinarySearch(b, s); !found {
			only = append(only, s)
		}
	}
	return only[:min(len(only), 10)]
}

var treeNames = []string{
	"a", "b", "c", "ab", "abc", "aab", "b.c", "a.o", "A", "Z9", "-", "]", "[", "[a]", "a*", "**", "?",
	`\`, `a\b`, `\*`, "!", "^", " ", "a ", "#a", ";", "- a", "+ a", "\xff", "\xe9a", "é", "_", "\x01", "\t",
}

func plantTree(t *testing.T, rnd *rand.Rand, dir string, depth int) {
	t.Helper()
	for _, i := range rnd.Perm(len(treeNames))[:6+rnd.IntN(10)] {
		path := dir + "/" + treeNames[i]
		var err error
		switch kind := rnd.IntN(8); {
		case kind < 3 && depth > 1:
			if err = os.Mkdir(path, 0o700); err == nil {
				plantTree(t, rnd, path, depth-1)
			}
		case kind == 3:
			err = os.Symlink("a", path)
		default:
			err = os.WriteFile(path, nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

var patternParts = []string{
	"a", "a", "b", "b", "c", "ab", ".o", "/", "/", "/", "*", "*", "*", "**", "**", "***", "?", "?",
	`\`, `\*`, `\?`, `\[`, `\\`, `\a`, "[ab]", "[!a]", "[^a-c]", "[a-c]", "[]a]", "[!]a]", "[a", "[", "]",
	"[a-]", "[-a]", "[b-a]", "[a-b-c]", "[/]", "[!/]", "[a/]", "[*]", "[**]", `[\]]`, `[\a-\c]`, `[a-\]`, `[\`,
	"[[:alpha:]]", "[![:alnum:]]", "[[:upper:][:digit:]]", "[[:punct:]]", "[[:space:]]", "[[:cntrl:]]",
	"[[:nope:]]", "[[:alpha:]", "[[:alpha]", "[[:]", "[[::]]", "[[:alpha:]-z]", "[[.a.]]", "[a-[:digit:]]",
	"[[:graph:]]", "[[:print:]]", "[[:blank:]]", "[[:lower:]]", "[[:xdigit:]]", "\xff", "[\x80-\xff]", "é", " ", "!", "-",
}

func randomPattern(rnd *rand.Rand) string {
	if rnd.IntN(30) == 0 {
		return []string{"!", "", "- a", "+ a*", "/", "//", "***", "**", "*", "*/", "/*", "/**", "/***", "."}[rnd.IntN(14)]
	}
	var s strings.Builder
	if rnd.IntN(5) == 0 {
		s.WriteByte('/')
	}
	parts := len(patternParts)
	if rnd.IntN(2) == 0 {
		parts = 20 // the first, without brackets, match more
	}
	for range 1 + rnd.IntN(5) {
		s.WriteString(patternParts[rnd.IntN(parts)])
	}
	if rnd.IntN(5) == 0 {
		s.WriteByte('/')
	}
	return s.String()
}

func randomFile(rnd *rand.Rand) string {
	var s strings.Builder
	for range rnd.IntN(4) {
		fmt.Fprint(&s, []string{"", "- ", "+ ", "#", ";", "!", " "}[rnd.IntN(7)])
		fmt.Fprint(&s, randomPattern(rnd), "x"[:rnd.IntN(2)], []string{"\n", "\r\n", "\n\n", "\r", "\n!\n"}[rnd.IntN(5)])
	}
	isLineEnd := func(r rune) bool { return r == '\n' || r == '\r' }
	for _, line := range strings.FieldsFunc(s.String(), isLineEnd) {
		if line == "- " || line == "+ " {
			return "*.o" // an error, for rsync as for us
		}
	}
	return s.String()
}
