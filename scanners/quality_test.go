package scanners

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"testing"
)

// quality is what cutting makes of a sample.
type quality struct {
	Mean   float64 `json:"mean"`   // octets of a chunk
	AtMax  float64 `json:"at_max"` // part of the content in chunks of the greatest length
	Shared float64 `json:"shared"` // part of a changed copy in chunks that the sample has
}

// qualityParams are small, as the samples are.
var qualityParams = Params{Min: 1 << 10, Target: 4 << 10, Max: 16 << 10, RunMin: 512}

func qualityOf(sc *Scanner, data []byte) quality {
	var q quality
	known := make(map[string]bool)
	chunks := 0
	for s := range Split(qualityParams, sc, data) {
		if s.Run {
			continue
		}
		chunks++
		q.Mean += float64(s.Length)
		if s.Cut == CutMax {
			q.AtMax += float64(s.Length)
		}
		known[string(data[s.Offset:s.Offset+s.Length])] = true
	}
	q.AtMax /= max(q.Mean, 1)
	q.Mean /= max(float64(chunks), 1)
	// A line more after a third, and one less after two thirds.
	a, b := len(data)/3, len(data)*2/3
	changed := slices.Concat(data[:a], []byte("One line more than there was.\n"), data[a:b], data[min(len(data), b+30):])
	for s := range Split(qualityParams, sc, changed) {
		if s.Run || known[string(changed[s.Offset:s.Offset+s.Length])] {
			q.Shared += float64(s.Length)
		}
	}
	q.Shared /= max(float64(len(changed)), 1)
	return q
}

// TestQuality holds how the samples are cut against what was recorded, within
// bands: a change of the rule, or of a scanner, that makes chunks much larger or
// smaller, or lets versions share less, must not go unnoticed.
func TestQuality(t *testing.T) {
	const file = "testdata/quality.json"
	got := make(map[string]quality)
	for _, sc := range all {
		for name, data := range samplesOf(t, sc.Name) {
			got[sc.Name+"/"+name] = qualityOf(sc, data)
			got["rolling cut alone: "+sc.Name+"/"+name] = qualityOf(nil, data)
		}
	}
	if *update {
		for name, q := range got {
			got[name] = quality{math.Round(q.Mean), math.Round(q.AtMax*1e3) / 1e3, math.Round(q.Shared*1e3) / 1e3}
		}
		b, err := json.MarshalIndent(got, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]quality
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for name := range maps.Keys(want) {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is recorded, but there is no such sample", name)
		}
	}
	for name, g := range got {
		w, ok := want[name]
		switch {
		case !ok:
			t.Errorf("%s is not recorded: go test ./scanners -run Quality -update", name)
		case math.Abs(g.Mean-w.Mean) > 0.2*w.Mean || math.Abs(g.AtMax-w.AtMax) > 0.05 || g.Shared < w.Shared-0.05 || g.Shared > w.Shared+0.15:
			t.Errorf("%s: %s; recorded is %s", name, g, w)
		}
	}
}

func (q quality) String() string {
	return fmt.Sprintf("chunks of %.0f octets, %.1f %% of the content in the greatest, %.1f %% shared", q.Mean, 100*q.AtMax, 100*q.Shared)
}
