package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/compact"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
	"github.com/vtdarchive/vtd/internal/model"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// historySteps is how many things are done to an archive.
const historySteps = 16

// TestHistories does to archives whatever is done to them, in any order:
// create, append, forget, compact, repack, parity. In the midst of any of it an
// operation of the disk may fail, or the power, and then the archive is what it
// was before or what it was to become. Each state that remains is held against a
// plain copy of it, and all of the archive is verified, after each step.
//
// What is done depends on the number of the sequence alone. VTD_TEST_HISTORIES
// says how many sequences there are, or which: as in 5000, or 120-120.
func TestHistories(t *testing.T) {
	from, to := uint64(0), uint64(11)
	if testing.Short() || raceEnabled {
		to = 1
	}
	if asked := os.Getenv("VTD_TEST_HISTORIES"); asked != "" {
		if n, _ := fmt.Sscanf(asked, "%d-%d", &from, &to); n == 1 {
			from, to = 0, from-1
		}
	}
	was := disk.OS
	defer func() { disk.OS = was }()
	var done tally
	for seed := from; seed <= to && !t.Failed(); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runHistory(t, seed, &done) })
	}
	t.Logf("%+v", done)
	if to-from >= 11 && (done.crashes == 0 || done.halfway == 0 || done.faults == 0 || done.forgotten == 0 || done.rewritten == 0 || done.tails == 0 || done.protected == 0 || done.merged == 0) {
		t.Errorf("not everything was met: %+v", done)
	}
}

// tally counts what was met.
type tally struct {
	steps, crashes, faults int
	halfway                int // crashes and faults that an operation did not outlive
	tails                  int // that had to be cut off
	merged, forgotten      int
	rewritten, protected   int
	states                 int // held against their copies
}

// historian is an archive, what it has to hold, and the directory that it is of.
type historian struct {
	testing.TB
	done *tally
	r    *rand.Rand
	disk *simdisk.Disk
	dir  string // what is archived
	temp string
	now  time.Time
	made int // states

	states []*plain   // of the archive, the oldest first
	unsure [][]*plain // what a power failure may bring back, as the error said
	tail   bool       // something that did not finish may have left one
	stray  []string   // hidden files that a power failure has left

	beside *reader.Archive // one that was opened some steps ago,
	shown  []*plain        // and what it has
}

const historyPath = "/dir/a.vtd"

func runHistory(t *testing.T, seed uint64, done *tally) {
	r := rand.New(rand.NewPCG(seed, 77))
	h := &historian{TB: t, done: done, r: r, disk: simdisk.New(), dir: scratch(t), temp: scratch(t), now: time.Unix(1_100_000_000, 0)}
	h.disk.NoUnnamed = r.IntN(3) == 0
	for range 25 {
		must(t, model.Edit(r, h.dir))
	}
	for i := range r.IntN(3) { // so that there are several frames of data
		must(t, os.WriteFile(filepath.Join(h.dir, fmt.Sprintf("large%d", i)), testkit.Noise(r.Uint64(), 90_000), 0o644))
	}
	must(t, model.Settle(h.dir, h.now))
	for step := range historySteps {
		o := h.next()
		what := fmt.Sprintf("step %d, %s", step, o.what)
		h.do(what, o)
		done.steps++
		if t.Failed() {
			return
		}
	}
	h.leave()
}

// next chooses what to do.
func (h *historian) next() one {
	if h.states == nil {
		return h.create()
	}
	switch n := h.r.IntN(40); {
	case n == 0:
		return h.create()
	case n < 20 || len(h.states) == 1 && n < 30:
		return h.append()
	case n < 25:
		return h.forget()
	case n < 29:
		return h.keep()
	case n < 32:
		return h.rewrite("compact", compact.Options{MinLive: []float64{0, 0.3, 0.5, 0.9}[h.r.IntN(4)]}, h.states)
	case n < 36:
		return h.repack()
	}
	return h.protect()
}

// do does something, and has the power or an operation of the disk fail, or
// neither.
func (h *historian) do(what string, o one) {
	h.Helper()
	before := h.disk.Get(historyPath)
	begin := h.disk.Ops()
	at := begin + h.r.IntN(14)
	crash, fault := false, ""
	var met simdisk.Op
	switch h.r.IntN(6) {
	case 0, 1:
		crash = true
		h.disk.Fault = func(op simdisk.Op) error {
			if op.N == at {
				met = op
				return simdisk.ErrStop
			}
			return nil
		}
	case 2:
		kind := h.r.IntN(3)
		stop := at + 1 + h.r.IntN(4)
		crash = kind == 2 && h.r.IntN(2) == 0
		h.disk.Fault = func(op simdisk.Op) error {
			hit := op.N == at || op.N > at && kind == 1
			switch {
			case op.N == stop && crash:
				return simdisk.ErrStop
			case hit && kind == 0:
				met, fault = op, "EIO"
				return unix.EIO
			case hit && op.TakesRoom():
				met, fault = op, "ENOSPC"
				return unix.ENOSPC
			}
			return nil
		}
	}
	disk.OS = h.disk
	err := o.run(false)
	if tail := new(reader.TailError); errors.As(err, &tail) && o.old && h.tail {
		h.done.tails++
		err = o.run(true)
	}
	h.disk.Fault = nil
	what += fmt.Sprintf(", %s %v at operation %d, %s", map[bool]string{true: "crash"}[crash], fault, met.N-begin, met.Kind)
	switch {
	case err != nil && !crash && fault == "":
		h.Fatalf("%s: %v", what, err)
	case err != nil && !crash && !errors.Is(err, unix.EIO) && !errors.Is(err, unix.ENOSPC):
		h.Fatalf("%s: the error is %v", what, err)
	}
	if err != nil {
		h.done.halfway++
	}
	idle := err == nil && bytes.Equal(before, h.disk.Get(historyPath)) // nothing was to do
	if fault != "" {
		h.done.faults++
	}
	if crash {
		h.done.crashes++
		h.leave()
		h.disk = h.disk.After([]simdisk.Left{simdisk.Nothing, simdisk.All, simdisk.Some, simdisk.Some}[h.r.IntN(4)], h.r.Uint64())
		disk.OS = h.disk
	}
	h.look(what, o, err, crash, idle, fault, met, before)
	h.reopen(what)
}
