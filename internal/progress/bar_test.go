package progress

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A screen is a terminal that understands what a Bar sends.
type screen struct {
	t      *testing.T
	width  int
	lines  []string // above the cursor's
	line   []rune   // the cursor's
	column int
	writes int
}

func (s *screen) Write(p []byte) (int, error) {
	s.writes++
	for text := string(p); text != ""; {
		if rest, ok := strings.CutPrefix(text, "\x1b[K"); ok {
			s.line = s.line[:s.column]
			text = rest
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		switch {
		case r == '\r':
			s.column = 0
		case r == '\n':
			s.lines = append(s.lines, string(s.line))
			s.line, s.column = nil, 0
		case r < ' ':
			s.t.Errorf("control character %q", r)
		default:
			s.line = append(s.line[:s.column], append([]rune{r}, s.line[min(s.column+1, len(s.line)):]...)...)
			s.column++
			if s.column >= s.width {
				s.t.Errorf("line as wide as the terminal: %q", string(s.line))
			}
		}
	}
	return len(p), nil
}

// A clock stands still between the steps of a test.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func fake(t *testing.T, width int) (*Bar, *screen, *clock) {
	s := &screen{t: t, width: width}
	c := &clock{t: time.Unix(1e9, 0)}
	return newBar(s, func() int { return s.width }, c.now), s, c
}

func (s *screen) want(line string, above ...string) {
	s.t.Helper()
	if got := string(s.line); got != line {
		s.t.Errorf("line is %q, want %q", got, line)
	}
	if !slices.Equal(s.lines, above) {
		s.t.Errorf("above it %q, want %q", s.lines, above)
	}
}

func TestBar(t *testing.T) {
	b, s, c := fake(t, 100)
	b.Add(1, 1) // before any phase
	s.want("")
	b.Phase("writing", 100<<20, 2000)
	s.want("writing  0 B / 100.0 MiB  0%  0 / 2,000 files")
	for range 10 {
		c.advance(200 * time.Millisecond)
		b.Add(1<<20, 100)
	}
	s.want("writing  10.0 MiB / 100.0 MiB  10%  1,000 / 2,000 files  5.0 MiB/s  0:18 left")
	b.Message("warning: a changed")
	s.want("", "warning: a changed") // drawn just now
	c.advance(interval)
	b.Message("warning: b changed\n")
	s.want("writing  10.0 MiB / 100.0 MiB  10%  1,000 / 2,000 files  4.7 MiB/s  0:19 left",
		"warning: a changed", "warning: b changed")
	b.Phase("index", 0, 0)
	s.want("index", "warning: a changed", "warning: b changed")
	c.advance(interval)
	b.Add(0, 1)
	s.want("index  1 files", "warning: a changed", "warning: b changed")
	b.Done()
	s.want("", "warning: a changed", "warning: b changed")
	c.advance(time.Hour)
	b.Add(1, 1)
	b.Phase("late", 0, 0)
	b.Message("last words")
	s.want("", "warning: a changed", "warning: b changed", "last words")
}

func TestDrawsTenTimesASecond(t *testing.T) {
	b, s, c := fake(t, 80)
	b.Phase("writing", 0, 0)
	for range 5000 {
		c.advance(time.Millisecond)
		b.Add(1, 0)
	}
	if s.writes != 51 {
		t.Errorf("%d writes in 5 seconds", s.writes)
	}
	s.writes = 0
	for range 1000 {
		c.advance(time.Millisecond)
		b.Message("m")
	}
	if drawn := s.writes - 1000; drawn > 10 {
		t.Errorf("drawn %d times in a second full of messages", drawn)
	}
}

func TestWindowChanges(t *testing.T) {
	b, s, c := fake(t, 80)
	b.Phase("writing", 100, 0)
	s.want("writing  0 B / 100 B  0%")
	s.width = 20
	s.line, s.column = nil, 0
	c.advance(interval)
	b.Add(10, 0)
	s.want("writing  10%")
}

func TestNoTerminal(t *testing.T) {
	var out bytes.Buffer
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	for _, b := range []*Bar{New(&out, true), New(&out, false), New(write, true)} {
		b.Phase("writing", 10, 10)
		b.Add(1, 1)
		b.Message("warning")
		b.Done()
	}
	write.Close()
	if _, err := out.ReadFrom(read); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "warning\nwarning\nwarning\n" {
		t.Errorf("written: %q", got)
	}
	var none *Bar
	none.Phase("writing", 10, 10)
	none.Add(1, 1)
	none.Message("warning")
	none.Done()
}

func TestHostilePhase(t *testing.T) {
	b, s, _ := fake(t, 80)
	b.Phase("read \x1b[2J", 0, 0)
	s.want(`read \033[2J`)
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	b, s, c := fake(t, 80)
	b.Phase("writing", 4000, 4000)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 1000 {
				c.advance(time.Millisecond)
				b.Add(1, 1)
				if j%100 == 0 {
					b.Message(fmt.Sprint(i))
				}
			}
		})
	}
	wg.Wait()
	c.advance(interval)
	b.Add(0, 0)
	if !strings.HasPrefix(string(s.line), "writing  3.9 KiB / 3.9 KiB  100%  4,000 / 4,000 files") {
		t.Errorf("line is %q", string(s.line))
	}
	if len(s.lines) != 40 {
		t.Errorf("%d messages, want 40", len(s.lines))
	}
	for _, line := range s.lines {
		if len(line) != 1 {
			t.Errorf("message %q", line)
		}
	}
	b.Done()
	if len(s.line) != 0 {
		t.Errorf("left behind: %q", string(s.line))
	}
}

func BenchmarkAdd(b *testing.B) {
	bar := newBar(new(bytes.Buffer), func() int { return 80 }, time.Now)
	bar.Phase("writing", 0, 0)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			bar.Add(1, 0)
		}
	})
}
