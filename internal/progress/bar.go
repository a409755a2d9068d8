package progress

import (
	"io"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vtdarchive/vtd/internal/human"
)

// interval is the shortest time from one drawing of the line to the next.
const interval = time.Second / 10

// settle is how long a phase goes on before its rate is shown: the first blocks
// come from caches, or wait for a disk to wake.
const settle = time.Second

// What moves the cursor and erases. A line that replaces another erases only what
// is left over of it, behind itself: to erase first would flicker.
const (
	lineStart = "\r"
	eraseRest = "\x1b[K"
	eraseLine = lineStart + eraseRest
)

// A Bar shows progress on a terminal. Its methods may be called concurrently;
// what cannot be written is lost without a report. A nil Bar does nothing.
type Bar struct {
	w     io.Writer
	width func() int // nil if no line is shown
	now   func() time.Time
	start time.Time // what times are relative to

	bytes, files atomic.Int64
	due          atomic.Int64 // when the line may be drawn again, since start

	mu      sync.Mutex // the rest, and writing to w
	status  status
	rate    rate
	began   time.Time // the phase
	visible bool
	done    bool
}

// New returns a Bar on w. It shows its line only if enabled and if w is an
// *os.File that is a terminal; messages are written in any case.
func New(w io.Writer, enabled bool) *Bar {
	var width func() int
	if enabled {
		width = terminalWidth(w)
	}
	return newBar(w, width, time.Now)
}

func newBar(w io.Writer, width func() int, now func() time.Time) *Bar {
	return &Bar{w: w, width: width, now: now, start: now()}
}

// Phase begins a new phase of the work, of which the given amounts are known; 0
// is unknown. The counters begin at 0 again.
func (b *Bar) Phase(name string, totalBytes, totalFiles int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.bytes.Store(0)
	b.files.Store(0)
	b.status = status{phase: human.Quote(name), totalBytes: totalBytes, totalFiles: totalFiles}
	b.rate.reset(0, now)
	b.began = now
	// A phase may be one long call that adds nothing before it ends, so its
	// name does not wait for the next drawing.
	b.draw(now)
}

// Add counts work that was done. It is cheap enough to be called for every
// block.
func (b *Bar) Add(bytes, files int64) {
	if b == nil || b.width == nil {
		return
	}
	b.bytes.Add(bytes)
	b.files.Add(files)
	now := b.now()
	if int64(now.Sub(b.start)) < b.due.Load() || !b.mu.TryLock() {
		return // whoever holds the lock draws
	}
	defer b.mu.Unlock()
	b.drawIfDue(now)
}

// Message writes a line of text above the progress. A line feed is added if it
// has none at its end.
func (b *Bar) Message(text string) {
	if b == nil {
		return
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.visible {
		text = eraseLine + text
		b.visible = false
	}
	io.WriteString(b.w, text)
	if b.width != nil {
		b.drawIfDue(b.now())
	}
}

// Done erases the line. After it only messages are shown.
func (b *Bar) Done() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.visible {
		io.WriteString(b.w, eraseLine)
		b.visible = false
	}
	b.done = true
	b.due.Store(math.MaxInt64)
}

// drawIfDue draws the line unless that was done a moment ago.
func (b *Bar) drawIfDue(now time.Time) {
	if int64(now.Sub(b.start)) >= b.due.Load() {
		b.draw(now)
	}
}

// draw draws the line. The caller holds b.mu.
func (b *Bar) draw(now time.Time) {
	if b.width == nil || b.done || b.began.IsZero() {
		return
	}
	b.due.Store(int64(now.Sub(b.start) + interval))
	b.status.bytes, b.status.files = b.bytes.Load(), b.files.Load()
	b.rate.update(b.status.bytes, now)
	if now.Sub(b.began) >= settle {
		b.status.perSecond = b.rate.perSecond()
	}
	// A terminal wraps when its last column is written to.
	line := b.status.line(b.width() - 1)
	io.WriteString(b.w, lineStart+line+eraseRest)
	b.visible = true
}
