package fuzz

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/internal/disk/simdisk"
	"github.com/vtdarchive/vtd/internal/model"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// plain is what a state has to be.
type plain struct {
	label   string
	time    format.Time
	tree    model.Tree
	links   bool // counts of names are known
	content map[format.HashID]format.Hash
	root    format.Hash // as first seen under the hash function
	under   format.HashID
}

// look holds what is there against what should be.
func (h *historian) look(what string, o one, err error, crash, idle bool, fault string, met simdisk.Op, before []byte) {
	h.Helper()
	b := h.disk.Get(historyPath)
	h.leftovers(what, crash)
	if h.Failed() {
		return
	}
	back := func(is func(as []*plain) bool) bool { return crash && slices.ContainsFunc(h.unsure, is) }
	if b == nil {
		if gone := func(as []*plain) bool { return as == nil }; err == nil || !gone(h.states) && !back(gone) {
			h.Errorf("%s: there is no archive", what)
		}
		h.states, h.unsure = nil, nil
		return
	}
	a, e := reader.Open(reader.Bytes(b), reader.Options{})
	if e != nil {
		h.Errorf("%s: %v", what, e)
		return
	}
	defer a.Close()
	end := a.Trailer().Offset + format.TrailerSize
	log, e := history.Log(a)
	must(h, e)
	slices.Reverse(log)
	labelled := func(as []*plain) bool {
		return slices.EqualFunc(log, as, func(s history.State, p *plain) bool { return s.Snapshot().Label == p.label })
	}
	was := h.states
	switch {
	case labelled(o.then):
		h.states = o.then
	case err != nil && labelled(h.states):
	case (err != nil || idle) && back(labelled):
		h.states = h.unsure[slices.IndexFunc(h.unsure, labelled)]
	default:
		var labels []string
		for _, s := range log {
			labels = append(labels, s.Snapshot().Label)
		}
		h.Errorf("%s: %v; the states are %q, neither those of before nor of then", what, err, labels)
		return
	}
	h.tail = int64(len(b)) > end
	switch {
	case crash || err == nil && !idle:
		h.unsure = nil
	case err != nil && !bytes.Equal(b, before) && met.Kind == "syncdir":
		h.unsure = append(h.unsure, was)
	}
	switch {
	case err == nil && !crash:
		if h.tail && !idle {
			h.Errorf("%s: %d bytes behind the last trailer", what, int64(len(b))-end)
		}
		if o.done != nil {
			o.done(a, b)
		}
	case err != nil && !crash && fault == "EIO" && (met.Kind != "syncdir" || o.adds):
		// What did not finish before may have been cut off.
		if was, e := reader.Open(reader.Bytes(before), reader.Options{}); e == nil {
			sound := before[:was.Trailer().Offset+format.TrailerSize]
			was.Close()
			if !bytes.Equal(b, before) && !bytes.Equal(b, sound) {
				h.Errorf("%s: %v; the archive is not what it was, octet for octet", what, err)
			}
		}
	}
	h.sound(what, b[:end])
	h.hold(what, a, log, h.states)
}

// leftovers looks for what should not be there. A power failure may leave a file
// that has a hidden name, and nothing else does.
func (h *historian) leftovers(what string, crash bool) {
	h.Helper()
	var stray []string
	for _, name := range h.disk.Names() {
		switch {
		case name == historyPath:
		case strings.HasPrefix(name, filepath.Dir(historyPath)+"/.a.vtd.") && (crash || slices.Contains(h.stray, name)):
			stray = append(stray, name)
		default:
			h.Errorf("%s: it leaves %s", what, name)
		}
	}
	h.stray = stray
	if left, err := os.ReadDir(h.temp); err != nil || len(left) > 0 {
		h.Errorf("%s: %d temporary files are left, %v", what, len(left), err)
	}
}

// sound verifies an archive, with package reader and without.
func (h *historian) sound(what string, b []byte) {
	h.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{})
	must(h, err)
	defer a.Close()
	rep, err := a.Verify(context.Background(), reader.VerifyOptions{Workers: 1})
	must(h, err)
	if !rep.OK() || len(rep.Warnings) > 0 {
		h.Errorf("%s: verification finds %+v, %q", what, rep.Findings, rep.Warnings)
	}
	if _, err := testkit.Check(b); err != nil {
		h.Errorf("%s: %v", what, err)
	}
}

// hold holds states against their copies.
func (h *historian) hold(what string, a *reader.Archive, log []history.State, want []*plain) {
	h.Helper()
	for i, p := range want {
		h.done.states++
		s := log[i]
		have, err := model.In(a, s.Tree)
		must(h, err)
		if differs := have.Differs(p.tree, p.links); differs != "" {
			h.Errorf("%s: state %s: %s", what, p.label, differs)
		}
		rec := s.Snapshot()
		if rec.Time != p.time {
			h.Errorf("%s: state %s has the time %v", what, p.label, rec.Time)
		}
		if n := len(rec.Parents); n != min(i, 1) || n == 1 && rec.Parents[0].Hash != log[i-1].ID {
			h.Errorf("%s: state %s has %d parents, or others", what, p.label, n)
		}
		if p.content[a.HashID()] == (format.Hash{}) {
			p.content[a.HashID()] = rec.Content
		}
		if p.under != a.HashID() {
			p.under, p.root = a.HashID(), s.Root().Ref.Hash
		}
		if rec.Content != p.content[a.HashID()] || s.Root().Ref.Hash != p.root {
			h.Errorf("%s: state %s has content id %v and root %v, not %v and %v", what, p.label, rec.Content, s.Root().Ref.Hash, p.content[a.HashID()], p.root)
		}
	}
}

// reopen opens the archive as one who goes on reading it, whatever becomes of
// it, and looks at what was opened before.
func (h *historian) reopen(what string) {
	h.Helper()
	if h.beside != nil {
		if h.r.IntN(3) > 0 {
			return
		}
		log, err := history.Log(h.beside)
		must(h, err)
		slices.Reverse(log)
		h.hold(what+", read by one who had opened it before", h.beside, log, h.shown)
		h.leave()
	}
	if h.states == nil {
		return
	}
	f, err := h.disk.OpenFile(historyPath, os.O_RDONLY, 0)
	must(h, err)
	info, err := f.Stat()
	must(h, err)
	a, err := reader.Open(openFile{f, info.Size()}, reader.Options{CacheBytes: 1, NodeCacheBytes: 256 << 10})
	must(h, err)
	h.beside, h.shown = a, nil
	for _, p := range h.states {
		same := *p
		same.under = 0
		h.shown = append(h.shown, &same)
	}
}

func (h *historian) leave() {
	if h.beside != nil {
		h.beside.Close()
		h.beside = nil
	}
}

// openFile is a source that stays with the file that was opened.
type openFile struct {
	disk.File
	size int64
}

func (f openFile) Size() int64 { return f.size }
