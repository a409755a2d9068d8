package history_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

var zone = time.FixedZone("", 2*3600)

// now is when the tests take place; the states are of the days before.
var now = time.Date(2026, 3, 10, 15, 30, 0, 0, zone)

// five has states of five times; the last two follow the third.
func five(t *testing.T) (*reader.Archive, []history.State) {
	times := []time.Time{
		time.Date(2026, 3, 1, 0, 0, 0, 0, zone),
		time.Date(2026, 3, 8, 14, 0, 0, 0, zone),
		time.Date(2026, 3, 9, 14, 0, 0, 500, zone),
		time.Date(2026, 3, 9, 14, 0, 0, 500, zone),
		time.Date(2026, 3, 10, 9, 0, 0, 0, zone),
	}
	x := &testkit.Archive{}
	for i, at := range times {
		v := testkit.Version{
			Root:     nodes(tree{"a": fmt.Sprint(i / 2), "b": "same"}),
			Snapshot: format.Snapshot{Label: fmt.Sprint("v", i/4, ".", i%4), Time: format.Time{Sec: at.Unix(), Nsec: uint32(at.Nanosecond())}},
		}
		if i == 4 {
			v.Root = nodes(tree{"b": "same"})
		}
		if i > 0 {
			v.After = []int{i - 1}
		}
		x.Segments = append(x.Segments, testkit.Segment{Versions: []testkit.Version{v}})
	}
	a := open(t, x)
	states, err := history.Log(a)
	if err != nil || len(states) != 5 {
		t.Fatal(len(states), err)
	}
	return a, states
}

func TestFind(t *testing.T) {
	a, s := five(t)
	id := s[2].ID.String()
	for name, want := range map[string]int{ // states ago
		"latest": 0, "@{0}": 0, "{0}": 0, "@{4}": 4, "latest~1": 1, "latest~": 1, "latest~1~2": 3, "v0.1~1": 4,
		"v1.0": 0, "v0.0": 4, id: 2, id[:4]: 2, strings.ToUpper(id[:9]): 2, id[:12] + "~1": 3,
		"now": 0, "today": 0, "yesterday": 1, "2026-03-09": 1, "2026-03-08": 3, "2026-03-07": 4,
		"2026-03-08 14:00": 3, "2026-03-08 13:59": 4, "2026-03-08 13:59:59": 4, "2026-03-08T12:00:00Z": 3, "2026-03-08T11:59:59.999999999Z": 4,
		"2026-03-09T14:00:00.000000500+02:00": 1, "2026-03-09T14:00:00.000000499+02:00": 3,
		"yesterday 14:00": 1, "yesterday 13:59": 3, "14:00": 0, "8:59": 1, "today 9:00": 0,
		"2 days ago": 3, "an hour ago": 0, "7 hours ago": 1, "1 week ago": 4, "@1772924400": 4,
	} {
		got, err := history.Find(a, name, now)
		if err != nil || got.ID != s[want].ID {
			t.Errorf("%q: %v, %v; want %v", name, got.ID, err, s[want].ID)
		}
	}
	for _, name := range []string{
		"", "nope", "@{5}", "@{x}", "@{", "latest~5", "latest~x", id[:3], id + "0", "2026-02-28", "ffff", "25:00", "2026-13-01", "x days ago", "~1", "99 years ago", "@x",
	} {
		if got, err := history.Find(a, name, now); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("%q: %v, %v; want %v", name, got.ID, err, history.ErrNotFound)
		}
	}
}

// TestLabels gives states labels that look like other names: they are found
// first. Those that would hide another name, or break a line, are refused.
func TestLabels(t *testing.T) {
	for _, label := range []string{
		"v1", "v1~rc2", "v1~2", "a/b@c/d", "@", "@x", "{", "{2", "2}", "a{2}", "latests", "late", "2026-03-01", "ffff", "yesterday", "zwei Worte", "~1", "\u00e9", `a\b`,
	} {
		x := &testkit.Archive{}
		for i, l := range []string{"v1", label, "v1", "newest"} {
			v := testkit.Version{Root: nodes(tree{"a": fmt.Sprint(i)}), Snapshot: format.Snapshot{Label: l, Time: format.Time{Sec: int64(i)}}}
			if i > 0 {
				v.After = []int{i - 1}
			}
			x.Segments = append(x.Segments, testkit.Segment{Versions: []testkit.Version{v}})
		}
		got, err := history.Find(open(t, x), label, now)
		if err != nil || got.Snapshot().Label != label {
			t.Errorf("%q: %v, %v", label, got.ID, err)
		}
		if err := history.CheckLabel(label); err != nil {
			t.Errorf("%q: %v", label, err)
		}
	}
	for _, label := range []string{
		"latest", "latest~", "latest~1", "{}", "{2}", "@{2}", "@{x}", "a\nb", "a\tb", "\x1b[0m", "a\u0085b", "a\u2028b",
	} {
		if history.CheckLabel(label) == nil {
			t.Errorf("%q may be a label", label)
		}
	}
}

// TestTooShort says of the beginning of an id that is too short what is wrong
// with it.
func TestTooShort(t *testing.T) {
	a, s := five(t)
	for _, name := range []string{s[2].ID.String()[:1], s[2].ID.String()[:3], strings.ToUpper(s[0].ID.String()[:2])} {
		if _, err := history.Find(a, name, now); !errors.Is(err, history.ErrNotFound) || !strings.Contains(err.Error(), "at least 4 digits") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestPath(t *testing.T) {
	a, s := five(t)
	got, err := history.Path(t.Context(), a, "a")
	if err != nil {
		t.Fatal(err)
	}
	want := []history.PathState{{State: s[0], Kind: history.Deleted}, {State: s[2], Kind: history.Modified}, {State: s[4], Kind: history.Added}}
	for i, w := range want {
		if i >= len(got) || got[i].ID != w.ID || got[i].Kind != w.Kind {
			t.Fatalf("%v\nwant %v", got, want)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d states, want %d", len(got), len(want))
	}
	if got, err := history.Path(t.Context(), a, "b"); err != nil || len(got) != 1 {
		t.Error(len(got), err)
	}
	if _, err := history.Path(t.Context(), a, "c"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestLogDamaged: what can be read of a log is.
func TestLogDamaged(t *testing.T) {
	x := &testkit.Archive{}
	for i := range 3 {
		v := testkit.Version{Root: nodes(tree{"a": fmt.Sprint(i)}), Snapshot: format.Snapshot{Time: format.Time{Sec: int64(i)}}}
		if i > 0 {
			v.After = []int{i - 1}
		}
		x.Segments = append(x.Segments, testkit.Segment{Versions: []testkit.Version{v}})
	}
	b := testkit.MustBuild(t, x)
	whole, err := reader.Open(reader.Bytes(b), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	states, err := history.Log(whole)
	if err != nil {
		t.Fatal(err)
	}
	row, err := whole.FrameOf(states[1].SnapshotBlock())
	if err != nil {
		t.Fatal(err)
	}
	b[row.Offset+int64(row.HeadSize)+int64(row.Stored)-1] ^= 1
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	got, err := history.Log(a)
	if !errors.Is(err, format.ErrDamaged) || len(got) != 1 {
		t.Errorf("%d states, %v", len(got), err)
	}
	if s, err := history.Find(a, "latest", now); err != nil || s.ID != states[0].ID {
		t.Error(s.ID, err)
	}
	if _, err := history.Find(a, states[2].ID.String(), now); !errors.Is(err, format.ErrDamaged) {
		t.Error(err)
	}
}
