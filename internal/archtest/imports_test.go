package archtest

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/vtdarchive/vtd/"

// allowed says which packages of the module, and which modules from outside,
// each package may import, besides the standard library. This is policy: do
// not change it to make a build pass, change the code.
var allowed = map[string]string{
	"spec": "",

	// Bytes and structures: no files, no processes, no network.
	"format/codec": "github.com/klauspost/compress github.com/DataDog/zstd",
	"format":       "format/codec github.com/zeebo/blake3",
	"scanners":     "",
	"packed":       "scanners deflate",
	"deflate":      "",
	"recipe":       "format deflate",
	"legacy":       "github.com/zeebo/blake3",
	"parity":       "format github.com/klauspost/reedsolomon golang.org/x/sync",

	"internal/fsmeta":   "golang.org/x/sys",
	"internal/disk":     "golang.org/x/sys",
	"internal/dirtree":  "internal/fsmeta golang.org/x/sys",
	"internal/glob":     "",
	"internal/filter":   "internal/glob",
	"internal/families": "scanners",
	"internal/human":    "",
	"internal/posixacl": "",
	"internal/progress": "internal/human golang.org/x/term",
	"internal/testkit":  "format format/codec deflate recipe spec",
	"internal/archtest": "",

	// Hostile archives, and whether all ways to read one agree.
	"internal/mutate":     "format format/codec",
	"internal/crosscheck": "format reader reader/stream recipe",

	// Plain copies of trees: for tests.
	"internal/model": "format reader internal/testkit golang.org/x/sys",

	// A disk that fails: for tests.
	"internal/disk/simdisk": "internal/disk golang.org/x/sys",

	// Reader and writer are siblings.
	"reader":         "format format/codec recipe github.com/edsrzf/mmap-go golang.org/x/sync golang.org/x/sys",
	"remote":         "reader net/http",
	"history":        "format reader",
	"ingest":         "format writer internal/disk internal/posixacl github.com/klauspost/compress github.com/ulikunitz/xz",
	"export":         "format reader internal/posixacl github.com/klauspost/compress golang.org/x/sync",
	"reader/stream":  "format format/codec golang.org/x/sync",
	"reader/extract": "format format/codec recipe reader reader/stream internal/disk internal/fsmeta internal/dirtree golang.org/x/sync golang.org/x/sys",
	"writer":         "deflate format format/codec packed parity recipe scanners reader internal/disk internal/families internal/fsmeta internal/dirtree github.com/edsrzf/mmap-go golang.org/x/sync golang.org/x/sys",

	// What is left of an archive: it reads frames without package reader's trust in
	// indexes and writes them again.
	"recovery": "format format/codec recipe scanners reader internal/disk golang.org/x/sync",

	// What is left of a history when some of it is forgotten.
	"compact": "format format/codec history reader scanners internal/disk internal/families golang.org/x/sync",

	// It runs fusermount3, as go-fuse does.
	"fusearchive": "format reader github.com/hanwen/go-fuse/v2 golang.org/x/sys os/exec",

	// Targets are tests; the package itself is their manual.
	"fuzz": "",

	"cmd/vt":                   "cmd/vt/internal/cli",
	"cmd/vt/internal/compare":  "format reader writer internal/fsmeta internal/human golang.org/x/sys",
	"cmd/vt/internal/blockmap": "format reader scanners internal/human",
	"cmd/vt/internal/cli": "cmd/vt/internal/blockmap cmd/vt/internal/compare " +
		"compact " +
		"export " +
		"format format/codec " +
		"fusearchive " +
		"history " +
		"ingest " +
		"legacy " +
		"parity " +
		"reader reader/extract reader/stream " +
		"recipe " +
		"recovery " +
		"remote " +
		"scanners " +
		"writer " +
		"internal/disk internal/fsmeta internal/filter internal/glob " +
		"internal/human internal/progress internal/mutate internal/crosscheck github.com/alecthomas/kong golang.org/x/term golang.org/x/sys " +
		"os/exec", // mount: the processes of a mount, and the command of --exec; fuzz: those that read
}

// keptFrom lists packages of the standard library that only some may import.
var keptFrom = map[string]string{
	"net/http":                   "only remote fetches",
	"github.com/alecthomas/kong": "only the command parses command lines",
	"os/exec":                    "nothing runs other programs",
}

// pure packages import none of these.
var (
	pure   = []string{"format", "format/codec", "scanners", "legacy", "deflate", "packed", "recipe", "parity", "spec"}
	impure = []string{"os", "net", "syscall", "io/ioutil", "os/exec", "log", "net/http"}
)

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-tags", "libzstd", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		may, known := allowed[pkg]
		if !known {
			t.Errorf("%s stands in no rule: decide what it may import", pkg)
			continue
		}
		seen++
		for _, imp := range fields[1:] {
			check(t, pkg, imp, strings.Fields(may))
		}
	}
	if seen != len(allowed) {
		t.Errorf("%d packages were listed, the rules are for %d", seen, len(allowed))
	}
}

func check(t *testing.T, pkg, imp string, may []string) {
	if slices.Contains(pure, pkg) && slices.Contains(impure, imp) {
		t.Errorf("%s imports %s: it turns bytes into structures and nothing else", pkg, imp)
	}
	if why, kept := keptFrom[imp]; kept && !slices.Contains(may, imp) {
		t.Errorf("%s imports %s: %s", pkg, imp, why)
	}
	if !strings.Contains(strings.Split(imp, "/")[0], ".") {
		return // standard library
	}
	name := strings.TrimPrefix(imp, module)
	for _, m := range may {
		if name == m || name == imp && strings.HasPrefix(imp, m+"/") {
			return
		}
	}
	t.Errorf("%s imports %s, which its rule does not allow (%s)", pkg, path.Base(imp), imp)
}
