package fuzz

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/compact"
	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/model"
	"github.com/vtdarchive/vtd/parity"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/scanners"
	"github.com/vtdarchive/vtd/writer"
)

// one is an operation: what it does, what the archive holds then, and what else
// has to be so if it says that it is done.
type one struct {
	what string
	run  func(discard bool) error
	then []*plain
	done func(a *reader.Archive, b []byte)
	old  bool // it can refuse to go on behind a tail
	adds bool // it writes to the archive that is there
}

// state changes the directory, lets some time pass, and takes a copy.
func (h *historian) state(o *writer.Options) *plain {
	for range h.r.IntN(5) {
		must(h, model.Edit(h.r, h.dir))
	}
	h.now = h.now.Add(time.Duration(1+h.r.IntN(7)*h.r.IntN(12)) * time.Hour)
	must(h, model.Settle(h.dir, h.now))
	h.now = h.now.Add(time.Second)
	tree, err := model.Of(h.dir)
	must(h, err)
	h.made++
	p := &plain{label: fmt.Sprintf("s%d", h.made), time: format.Time{Sec: h.now.Unix()}, tree: tree, links: true, content: map[format.HashID]format.Hash{}}
	o.Inputs, o.Label, o.Time, o.Threads = []writer.Input{{Dir: h.dir, Path: "."}}, p.label, &p.time, 1
	for _, id := range []format.HashID{format.HashBLAKE3, format.HashSHA256} {
		x := writer.Options{Inputs: o.Inputs, Params: historyParams(h)}
		x.Hash = id
		rep, err := writer.HashTree(context.Background(), x)
		must(h, err)
		p.content[id] = rep.ContentID
	}
	return p
}

// historyParams give several frames of many blocks for little data.
func historyParams(t testing.TB) writer.Params {
	p, err := writer.Presets("default")
	must(t, err)
	p.Chunks = scanners.Params{Min: 64, Target: 256, Max: 1024, RunMin: 512}
	p.DataFrame, p.MetaFrame, p.Level = writer.MinFrame, writer.MinFrame, 1
	return p
}

func (h *historian) create() one {
	var o writer.Options
	p := h.state(&o)
	o.Params = historyParams(h)
	o.Hash = format.HashID(1 + h.r.IntN(2))
	o.Recipes = []writer.Recipes{writer.RecipesOff, writer.RecipesAlways}[h.r.IntN(2)]
	return one{what: "create", then: []*plain{p}, run: func(bool) error {
		f, err := writer.CreateFile(historyPath)
		if err != nil {
			return err
		}
		if _, err := writer.Create(context.Background(), f, o); err != nil {
			return errors.Join(err, f.Discard())
		}
		return f.Commit()
	}}
}

func (h *historian) append() one {
	o := writer.AppendOptions{Merge: h.r.IntN(3) == 0, Checksum: h.r.IntN(4) == 0}
	p := h.state(&o.Options)
	what := "append"
	if h.r.IntN(3) == 0 {
		o.Recipes = writer.RecipesAlways
	}
	o.Replica = func(writer.State) format.ReplicaID { return format.ReplicaID{byte(h.made), 1} }
	if o.Merge {
		what = "append --merge"
		p.links, p.content = false, map[format.HashID]format.Hash{}
		if top := h.some(); top != "" && h.r.IntN(2) == 0 {
			what += " " + top
			o.Inputs[0].Path = top
			for path := range p.tree {
				if path != top && !strings.HasPrefix(path, top+"/") {
					delete(p.tree, path)
				}
			}
		}
		p.tree = p.tree.Over(h.states[len(h.states)-1].tree)
		h.done.merged++
	}
	var rep *writer.AppendReport
	return one{what: what, old: true, adds: true, then: append(slices.Clone(h.states), p), run: func(discard bool) (err error) {
		o := o
		o.DiscardTail = discard
		rep, err = writer.Append(context.Background(), historyPath, o)
		return err
	}, done: func(a *reader.Archive, b []byte) {
		if rep.Size != int64(len(b)) || rep.Snapshots != a.Trailer().Snapshots || rep.ArchiveID != a.Header().ID {
			h.Errorf("the report says %+v", rep)
		}
		if want, ok := p.content[a.HashID()]; ok && rep.ContentID != want {
			h.Errorf("the report has content id %v, the directory %v", rep.ContentID, want)
		}
	}}
}

// some names something in the directory.
func (h *historian) some() string {
	names, err := os.ReadDir(h.dir)
	must(h, err)
	if len(names) == 0 {
		return ""
	}
	return names[h.r.IntN(len(names))].Name()
}

// forget names states by label, id or place.
func (h *historian) forget() one {
	var names []string
	var then []*plain
	for i, p := range h.states {
		if h.r.IntN(3) > 0 || len(names) == len(h.states)-1 {
			then = append(then, p)
			continue
		}
		names = append(names, []string{p.label, fmt.Sprintf("@{%d}", len(h.states)-1-i), fmt.Sprintf("#%d", i)}[h.r.IntN(3)])
	}
	h.done.forgotten += len(names)
	o := compact.Options{MinLive: h.r.Float64(), OnlyIfForgotten: h.r.IntN(2) == 0}
	o.Forget = func(a *reader.Archive, states []history.State) ([]bool, error) {
		gone := make([]bool, len(states))
		for _, name := range names {
			if n := 0; strings.HasPrefix(name, "#") {
				fmt.Sscanf(name, "#%d", &n)
				name = states[len(states)-1-n].ID.String()[:12]
			}
			s, err := history.Find(a, name, h.now)
			if err != nil {
				return nil, err
			}
			gone[slices.IndexFunc(states, func(x history.State) bool { return x.ID == s.ID })] = true
		}
		return gone, nil
	}
	return h.rewrite(fmt.Sprintf("forget %q", names), o, then)
}

// keep forgets by rules.
func (h *historian) keep() one {
	k := history.Keep{Last: uint(h.r.IntN(3)), Daily: uint(h.r.IntN(4)), Weekly: uint(h.r.IntN(3)), Monthly: uint(h.r.IntN(2))}
	if k.IsZero() {
		k.Last = 1
	}
	o := compact.Options{MinLive: h.r.Float64(), OnlyIfForgotten: true}
	o.Forget = func(_ *reader.Archive, states []history.State) ([]bool, error) {
		gone := make([]bool, len(states))
		for i, stays := range k.Select(states, time.UTC) {
			gone[i] = !stays
		}
		return gone, nil
	}
	// A state stays if it is the last of its period, and fewer periods than are
	// wanted have states after it.
	stays := func(i int, n uint, period func(t time.Time) string) bool {
		of := func(p *plain) string { return period(time.Unix(p.time.Sec, 0).UTC()) }
		later := map[string]bool{}
		for _, p := range h.states[i+1:] {
			later[of(p)] = true
		}
		return uint(len(later)) < n && !later[of(h.states[i])]
	}
	var then []*plain
	for i, p := range h.states {
		if uint(len(h.states)-i) <= k.Last || stays(i, k.Daily, func(t time.Time) string { return t.Format("0102 2006") }) ||
			stays(i, k.Weekly, func(t time.Time) string { return fmt.Sprint((t.Unix()/86400 + 3) / 7) }) || // 1970 began on a Thursday
			stays(i, k.Monthly, func(t time.Time) string { return t.Format("2006 Jan") }) {
			then = append(then, p)
		}
	}
	h.done.forgotten += len(h.states) - len(then)
	return h.rewrite(fmt.Sprintf("forget, keep %+v", k), o, then)
}

func (h *historian) repack() one {
	o := compact.Options{MinLive: 1}
	what := "repack"
	if h.r.IntN(2) == 0 {
		o.Layout = &format.Layout{DataFrame: uint32(writer.MinFrame << h.r.IntN(3)), MetaFrame: writer.MinFrame, Level: uint8(h.r.IntN(3)), Long: h.r.IntN(2) == 0, Order: uint8(h.r.IntN(2))}
		what += " otherwise"
	}
	if h.r.IntN(4) == 0 {
		o.Hash = format.HashID(1 + h.r.IntN(2))
		what += " under a hash function"
	}
	return h.rewrite(what, o, h.states)
}

// rewrite is what makes an archive anew.
func (h *historian) rewrite(what string, o compact.Options, then []*plain) one {
	o.Threads, o.TempDir = 1, h.temp
	goes := len(h.states) - len(then)
	var rep *compact.Report
	return one{what: what, old: true, then: then, run: func(discard bool) (err error) {
		o := o
		o.DiscardTail = discard
		rep, err = compact.Compact(context.Background(), historyPath, o)
		return err
	}, done: func(a *reader.Archive, b []byte) {
		h.done.rewritten++
		if rep.After != int64(len(b)) || rep.Archive != a.Header().ID || len(rep.Dropped) != goes {
			h.Errorf("the report says %+v", rep)
		}
		if o.Hash != 0 && a.HashID() != o.Hash {
			h.Errorf("the hash function is %v", a.HashID())
		}
	}}
}

func (h *historian) protect() one {
	o := writer.ParityOptions{Share: parity.Share(100 + h.r.IntN(2000)), All: h.r.IntN(4) == 0, Threads: 1}
	var rep *writer.ParityReport
	return one{what: "parity add", old: true, adds: true, then: h.states, run: func(discard bool) (err error) {
		o := o
		o.DiscardTail = discard
		rep, err = writer.AddParity(context.Background(), historyPath, o)
		return err
	}, done: func(a *reader.Archive, b []byte) {
		h.done.protected++
		sets, err := a.Parity()
		// Where all had parity already, what follows stays as well.
		if err != nil || len(sets) == 0 || rep.Set != nil && rep.Size != int64(len(b)) || sets[len(sets)-1].SegmentEnd() != rep.Size {
			h.Errorf("%d sets of parity, %v; the report says %+v", len(sets), err, rep)
		}
	}}
}
