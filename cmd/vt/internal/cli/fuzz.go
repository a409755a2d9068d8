package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/internal/mutate"
	"github.com/vtdarchive/vtd/reader"
)

type fuzzCommand struct {
	Archive string `arg:"" help:"The archive: a file or a FIFO; - is standard input."`

	Time    time.Duration `default:"30s" placeholder:"TIME" help:"End after TIME, such as 90s or 8h; 0 for never."`
	Count   uint64        `placeholder:"N" help:"End after N changed archives."`
	Seed    uint64        `default:"1" placeholder:"N" help:"Which changes to make: the same number gives the same changed archives."`
	Only    *uint64       `placeholder:"N" help:"Read the changed archive of that number, and no other; 0 is the archive as it is."`
	Keep    string        `placeholder:"DIR" help:"Save each changed archive for which something does not hold in DIR, which is made."`
	Timeout time.Duration `default:"60s" placeholder:"TIME" help:"How long reading one changed archive in every way may take."`
	Memory  string        `default:"1G" placeholder:"SIZE" help:"How much memory that may take, beside sixteen times the size of the archive."`
	Threads uint          `placeholder:"N" help:"Read N changed archives at once."`
	JSON    bool          `name:"json" help:"Print one JSON object."`
	JUnit   string        `name:"junit" placeholder:"FILE" help:"Write a report for continuous integration in JUnit's XML to FILE."`
	Quiet   bool          `short:"q" help:"Print no progress, and no summary."`
}

func (*fuzzCommand) Help() string {
	return `
Changes the archive, again and again, and reads each changed one in every way that this program has: mapped, by reading, as a stream, as fs.FS, and by verification. Changes are flipped bits, lost pages, cuts, frames exchanged, and lies with right checksums: directories that hold themselves, sizes that do not add up, bombs. Whatever comes of it, no way of reading may crash, hang, take memory without bound, or contradict another, and what has the root hash of the archive has its content. The archive itself stays as it is; it is held in memory, and may have 256 MiB.

Other processes of this program do the reading: one that crashes is a finding. With the same --seed, --count and archive, the same is found. The exit status is 1 if something did not hold; 3 and 4 mean the archive itself, before any change.

Examples:

    vt fuzz --time 5m backup.vtd
    vt fuzz --count 10000 --json --junit fuzz.xml --keep findings backup.vtd
    vt fuzz --seed 1 --only 4711 --keep . backup.vtd

The object of --json:

    ok                          whether everything held
    size, seed                  bytes of the archive; as asked for
    executions, seconds         changed archives that were read, and how long
    outcomes                    how many of them came to what: rejected,
                                damaged, another root, sound
    findings                    execution, check, message, changes, input,
                                detail: of each; input is the file with the
                                changed archive, detail what a crash has printed`
}

// maxFuzzed bounds the archives that are changed in memory.
const maxFuzzed = 256 << 20

// fuzzing is what fuzz finds; fuzz --json prints it.
type fuzzing struct {
	c    *fuzzCommand
	name string

	OK         bool              `json:"ok"`
	Size       int64             `json:"size"`
	Seed       uint64            `json:"seed"`
	Executions uint64            `json:"executions"`
	Seconds    float64           `json:"seconds"`
	Outcomes   map[string]uint64 `json:"outcomes"`
	Findings   []fuzzFinding     `json:"findings"`

	mu   sync.Mutex
	next uint64
	end  uint64
}

type fuzzFinding struct {
	Execution uint64   `json:"execution"`
	Check     string   `json:"check"`
	Message   string   `json:"message"`
	Changes   []string `json:"changes"`
	Input     string   `json:"input,omitempty"`
	Detail    string   `json:"detail,omitempty"`
}

func (c *fuzzCommand) Run(e *Env) error {
	if e.getenv(fuzzVariable) != "" {
		return c.work(e)
	}
	if _, err := human.ParseSize(c.Memory); err != nil {
		return usagef("--memory %s: %w", human.Quote(c.Memory), err)
	}
	done := e.progress(!c.Quiet)
	defer done()
	b, err := c.load(e)
	if err != nil {
		return err
	}
	if c.Keep != "" {
		if err := os.MkdirAll(c.Keep, 0o777); err != nil {
			return err
		}
	}
	f := &fuzzing{c: c, name: shownArchive(c.Archive), Size: int64(len(b)), Seed: c.Seed, Outcomes: map[string]uint64{}, Findings: []fuzzFinding{}, end: c.Count}
	if c.Only != nil {
		f.next, f.end = *c.Only, *c.Only+1
	}
	if err := f.run(e, b); err != nil {
		return err
	}
	done()
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, f.suite()); err != nil {
			return err
		}
	}
	if err := e.output(f.print); err != nil {
		return err
	}
	if len(f.Findings) > 0 {
		return fmt.Errorf("%s: %s%w", f.name, plural(uint64(len(f.Findings)), "finding"), hidden{errPartial})
	}
	return nil
}

// load reads the archive, which must be in order.
func (c *fuzzCommand) load(e *Env) ([]byte, error) {
	src, name, err := sourceOf(e, c.Archive)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if src.Size() > maxFuzzed {
		return nil, fmt.Errorf("%s: %s are more than the %s that are changed in memory; make a smaller archive in the same way", shownArchive(c.Archive),
			human.Bytes(src.Size()), human.Bytes(maxFuzzed))
	}
	b := make([]byte, src.Size())
	if _, err := src.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, err
	}
	a, err := reader.Open(reader.Bytes(b), reader.Options{Name: name})
	if err != nil {
		return nil, err
	}
	rep, err := a.Verify(e.ctx, reader.VerifyOptions{NoContents: true})
	if err == nil && !rep.OK() {
		err = fmt.Errorf("%s: damaged before any change; vt ar verify tells more%w", shownArchive(c.Archive), hidden{format.ErrDamaged})
	}
	return b, err
}

// run has changed archives read until there is enough.
func (f *fuzzing) run(e *Env, b []byte) error {
	file, err := os.CreateTemp("", "vt-")
	if err != nil {
		return err
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return err
	}
	if _, err := file.Write(b); err != nil {
		return err
	}
	e.bar.Phase("changing", 0, int64(f.end))
	begin := time.Now()
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	if f.c.Time > 0 && f.c.Only == nil {
		ctx, stop = context.WithTimeout(ctx, f.c.Time)
		defer stop()
	}
	threads := int(cmp.Or(f.c.Threads, uint(min(4, runtime.NumCPU()))))
	failed := make(chan error, threads)
	for range threads {
		go func() {
			p := fuzzProcess{e: e, c: f.c, archive: file}
			failed <- errors.Join(f.drive(ctx, &p, b), p.end())
		}()
	}
	for range threads {
		if err := <-failed; err != nil {
			stop()
			return err
		}
	}
	f.Seconds = time.Since(begin).Seconds()
	slices.SortStableFunc(f.Findings, func(a, b fuzzFinding) int {
		return cmp.Or(cmp.Compare(a.Execution, b.Execution), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Message, b.Message))
	})
	f.OK = len(f.Findings) == 0
	return e.ctx.Err()
}

// drive lets one process read one changed archive after another.
func (f *fuzzing) drive(ctx context.Context, p *fuzzProcess, b []byte) error {
	for ctx.Err() == nil {
		f.mu.Lock()
		n := f.next
		f.next++
		f.mu.Unlock()
		if f.end > 0 && n >= f.end {
			break
		}
		a, err := p.ask(ctx, n)
		if err != nil || ctx.Err() != nil && a == nil {
			return err
		}
		if err := f.add(a, b); err != nil {
			return err
		}
		p.e.bar.Add(int64(len(b)), 1)
	}
	return nil
}

// add takes what came of a changed archive.
func (f *fuzzing) add(a *fuzzAnswer, b []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Executions++
	if a.Outcome != "" {
		f.Outcomes[a.Outcome]++
	}
	if len(a.Faults) == 0 {
		return nil
	}
	changed, changes := f.c.changed(b, a.Execution)
	input := ""
	if f.c.Keep != "" {
		input = filepath.Join(f.c.Keep, fmt.Sprintf("fuzz-%d-%d.vtd", f.c.Seed, a.Execution))
		if err := os.WriteFile(input, changed, 0o666); err != nil {
			return err
		}
	}
	for _, x := range a.Faults {
		f.Findings = append(f.Findings, fuzzFinding{a.Execution, x.Check, x.Message, changes, input, a.Detail})
	}
	return nil
}

// changed gives the changed archive of a number. It may be a fourth larger than
// the archive, and some.
func (c *fuzzCommand) changed(b []byte, n uint64) ([]byte, []string) {
	if n == 0 {
		return b, []string{}
	}
	return mutate.Archive(b, mutate.Numbered(c.Seed, n), len(b)+len(b)/4+1<<20)
}

func (f *fuzzing) print(w *bufio.Writer) error {
	if f.c.JSON {
		return newJSON(w).Encode(f)
	}
	for _, x := range f.Findings {
		fmt.Fprintf(w, "execution %d: not so: %s: %s\n", x.Execution, x.Check, human.Quote(x.Message))
		if len(x.Changes) > 0 {
			fmt.Fprintf(w, "  changed: %s\n", strings.Join(x.Changes, ", "))
		}
		if x.Input != "" {
			fmt.Fprintf(w, "  saved: %s\n", human.Quote(x.Input))
		}
	}
	if f.c.Quiet {
		return nil
	}
	var parts []string
	for _, o := range fuzzOutcomes {
		parts = append(parts, fmt.Sprintf("%s %s", human.Count(int64(f.Outcomes[o])), o))
	}
	fmt.Fprintf(w, "%s read in every way: %s; %s\n", plural(f.Executions, "changed archive"), strings.Join(parts, ", "), plural(uint64(len(f.Findings)), "finding"))
	return nil
}

// suite makes a case of each check.
func (f *fuzzing) suite() *junitSuite {
	s := newSuite("vt fuzz", f.name, time.Duration(f.Seconds*float64(time.Second)))
	for _, check := range fuzzChecks {
		var failures []string
		for _, x := range f.Findings {
			if x.Check == string(check) {
				failures = append(failures, fmt.Sprintf("execution %d: %s (seed %d; %s)", x.Execution, x.Message, f.Seed, strings.Join(x.Changes, ", ")))
			}
		}
		s.add(string(check), "finding", failures)
	}
	return s
}
