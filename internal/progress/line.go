package progress

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vtdarchive/vtd/internal/human"
)

// maxLeft is the longest time left that is shown: what is so far off is not
// known to the second, or at all.
const maxLeft = 100 * 24 * time.Hour

// A status is what a line shows.
type status struct {
	phase             string
	bytes, totalBytes int64 // a total of 0 is not known
	files, totalFiles int64
	perSecond         float64
}

// A part of a line. Parts with the highest rank go first when it is too long.
type part struct {
	text string
	rank int
}

// line formats a status in no more than width columns.
func (s *status) line(width int) string {
	parts := []part{{s.phase, 0}}
	add := func(rank int, text string) {
		if text != "" {
			parts = append(parts, part{text, rank})
		}
	}
	if s.bytes > 0 || s.totalBytes > 0 {
		add(3, outOf(human.Bytes(s.bytes), human.Bytes(s.totalBytes), s.totalBytes))
	}
	if s.totalBytes > 0 {
		add(1, fmt.Sprintf("%d%%", s.percent()))
	}
	if s.files > 0 || s.totalFiles > 0 {
		add(5, outOf(human.Count(s.files), human.Count(s.totalFiles), s.totalFiles)+" files")
	}
	if s.perSecond >= 1 {
		add(4, human.Rate(int64(s.perSecond), time.Second))
	}
	if left, ok := s.left(); ok {
		add(2, human.Clock(left)+" left")
	}
	for {
		text := join(parts)
		if utf8.RuneCountInString(text) <= width {
			return text
		}
		if len(parts) == 1 {
			return string([]rune(text)[:max(width, 0)])
		}
		worst := 0
		for i, p := range parts {
			if p.rank > parts[worst].rank {
				worst = i
			}
		}
		parts = append(parts[:worst], parts[worst+1:]...)
	}
}

func join(parts []part) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.text
	}
	return strings.Join(texts, "  ")
}

// outOf formats a part of a total, which is shown only if it is known.
func outOf(done, all string, total int64) string {
	if total <= 0 {
		return done
	}
	return done + " / " + all
}

// percent never says 100 before the end. More may be done than was announced,
// when files grow.
func (s *status) percent() int {
	if s.bytes >= s.totalBytes {
		return 100
	}
	return int(float64(s.bytes) / float64(s.totalBytes) * 100)
}

// left returns how long the rest will take, if that can be told.
func (s *status) left() (d time.Duration, ok bool) {
	rest := s.totalBytes - s.bytes
	if rest <= 0 || s.perSecond < 1 {
		return 0, false
	}
	seconds := float64(rest) / s.perSecond
	if seconds > maxLeft.Seconds() {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
