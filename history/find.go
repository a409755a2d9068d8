package history

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/reader"
)

var (
	// ErrNotFound says that no state has a name.
	ErrNotFound = errors.New("no such snapshot")
	// ErrAmbiguous says that several have it.
	ErrAmbiguous = errors.New("several snapshots begin with that")
)

// Latest is the name of the newest state.
const Latest = "latest"

// minID is how many digits of an id are needed at least.
const minID = 4

// Find gives the state that a name means; see the documentation of the package
// for names. now is what "yesterday" and times of day are relative to, and its
// location is that of local times.
func Find(a *reader.Archive, name string, now time.Time) (State, error) {
	s, err := find(a, name, now)
	if err != nil {
		return s, fmt.Errorf("%q: %w", name, err)
	}
	return s, nil
}

func find(a *reader.Archive, name string, now time.Time) (State, error) {
	if i := strings.LastIndexByte(name, '~'); i > 0 {
		if s, ok := labelled(a, name); ok {
			return s, nil
		}
		n, err := strconv.ParseUint(cmp.Or(name[i+1:], "1"), 10, 31)
		if err != nil {
			return State{}, fmt.Errorf("%w: behind ~ stands a number of generations", ErrNotFound)
		}
		s, err := find(a, name[:i], now)
		for ; n > 0 && err == nil; n-- {
			s, err = parent(a, s)
		}
		return s, err
	}
	if name == Latest {
		return newest(a)
	}
	states, err := Log(a)
	switch {
	case len(states) > 0:
	case err != nil: // which states there are is not known
		return State{}, fmt.Errorf("no snapshot can be read: %w", err)
	default:
		return State{}, ErrNotFound
	}
	s, found := pick(states, name, now)
	if found == nil {
		return s, nil
	}
	if err != nil { // it may be among those that cannot be read
		return State{}, fmt.Errorf("%w; %w", found, err)
	}
	return State{}, found
}

// labelled finds a label that has a ~ in it, as versions of software do.
func labelled(a *reader.Archive, name string) (State, bool) {
	if strings.HasPrefix(name, Latest+"~") {
		return State{}, false // which no label is; see CheckLabel
	}
	states, _ := Log(a) // what cannot be read, the rest of the search tells
	for _, s := range states {
		if s.Snapshot().Label == name {
			return s, true
		}
	}
	return State{}, false
}

// CheckLabel gives an error for a label that Find would not take for one, or
// that has no form on a line.
func CheckLabel(label string) error {
	for _, r := range label {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return errors.New("a label is one line, without control characters")
		}
	}
	braces := strings.TrimPrefix(label, "@")
	switch {
	case label == Latest || strings.HasPrefix(label, Latest+"~"):
		return errors.New("this is what the newest state is called, and those before it")
	case strings.HasPrefix(braces, "{") && strings.HasSuffix(braces, "}"):
		return errors.New("this names a state by how many were added since")
	}
	return nil
}

func newest(a *reader.Archive) (State, error) {
	t, err := a.Tree()
	if err != nil {
		return State{}, err
	}
	id, err := a.Hash(t.SnapshotBlock())
	return State{t, id}, err
}

func parent(a *reader.Archive, s State) (State, error) {
	parents := s.Snapshot().Parents
	if len(parents) == 0 {
		return State{}, fmt.Errorf("%w: %v is the first", ErrNotFound, s.ID)
	}
	t, err := a.TreeAt(parents[0].Num)
	if err != nil {
		return State{}, err
	}
	id, err := a.Hash(parents[0].Num)
	return State{t, id}, err
}

// pick finds a name among states, which are the newest first.
func pick(states []State, name string, now time.Time) (State, error) {
	for _, s := range states {
		if label := s.Snapshot().Label; label != "" && label == name {
			return s, nil
		}
	}
	if n, ok := strings.CutPrefix(strings.TrimPrefix(name, "@"), "{"); ok && strings.HasSuffix(n, "}") {
		i, err := strconv.ParseUint(strings.TrimSuffix(n, "}"), 10, 31)
		if err != nil {
			return State{}, fmt.Errorf("%w: in braces stands how many states ago", ErrNotFound)
		}
		if i >= uint64(len(states)) {
			return State{}, fmt.Errorf("%w: there are only %d", ErrNotFound, len(states))
		}
		return states[i], nil
	}
	if s, err := byID(states, name); !errors.Is(err, ErrNotFound) {
		return s, err
	}
	limit, err := parseWhen(name, now)
	if err != nil {
		if isDigits(name) && slices.ContainsFunc(states, func(s State) bool { return strings.HasPrefix(s.ID.String(), strings.ToLower(name)) }) {
			return State{}, fmt.Errorf("%w: an id begins with it, of which at least %d digits are needed", ErrNotFound, minID)
		}
		return State{}, fmt.Errorf("%w: it is no label, no beginning of an id, and no time", ErrNotFound)
	}
	return before(states, limit)
}

// byID finds the state whose id begins with digits.
func byID(states []State, digits string) (State, error) {
	if len(digits) < minID || len(digits) > 2*format.HashSize {
		return State{}, ErrNotFound
	}
	if !isDigits(digits) {
		return State{}, ErrNotFound
	}
	var found []State
	for _, s := range states {
		if strings.HasPrefix(s.ID.String(), strings.ToLower(digits)) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return State{}, ErrNotFound
	case 1:
		return found[0], nil
	}
	return State{}, ErrAmbiguous
}

// isDigits tells whether all of a name are hexadecimal digits.
func isDigits(name string) bool {
	_, err := hex.DecodeString(name + name)
	return err == nil && name != ""
}

// before finds the last state at or before a time, the last that was added
// among several of that time.
func before(states []State, limit time.Time) (State, error) {
	at := format.Time{Sec: limit.Unix(), Nsec: uint32(limit.Nanosecond())}
	var best *State
	for i := range states {
		s := &states[i]
		t := s.Snapshot().Time
		if t.Compare(at) <= 0 && (best == nil || t.Compare(best.Snapshot().Time) > 0) {
			best = s
		}
	}
	if best == nil {
		oldest := states[len(states)-1].Snapshot().Time
		return State{}, fmt.Errorf("%w: the first is of %s", ErrNotFound, time.Unix(oldest.Sec, int64(oldest.Nsec)).In(limit.Location()).Format(time.RFC3339))
	}
	return *best, nil
}
