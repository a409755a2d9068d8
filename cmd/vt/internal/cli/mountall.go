package cli

import (
	"errors"
	"os"
	"sync"

	"github.com/vtdarchive/vtd/fusearchive"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/reader"
)

// growing is an archive to which others may append while it is mounted. What
// was opened stays open: states are read where they were found.
type growing struct {
	path string
	o    reader.Options

	mu       sync.Mutex
	archives []*reader.Archive // as the file was at several times, the newest last
	states   []fusearchive.State
}

// leastCache is the memory for caches of an archive as it was at one time.
const leastCache = 8 << 20

// list gives the states that there are now, the newest first.
func (g *growing) list() ([]fusearchive.State, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.archives[len(g.archives)-1]
	if info, err := os.Stat(g.path); err == nil && info.Size() != a.Size() || g.states == nil {
		if g.states != nil {
			// All together take no more than twice what one may.
			g.o.CacheBytes, g.o.NodeCacheBytes = max(g.o.CacheBytes/2, leastCache), max(g.o.NodeCacheBytes/2, leastCache)
			b, err := reader.OpenFile(g.path, g.o)
			if err != nil || b.Trailer().Blocks <= a.Trailer().Blocks || b.Header().ID != a.Header().ID {
				if err == nil {
					err = b.Close() // somebody is at it
				}
				return g.states, err
			}
			a = b
			g.archives = append(g.archives, b)
		}
		log, err := history.Log(a)
		if len(log) == 0 {
			return nil, err
		}
		old := map[string]fusearchive.State{}
		for _, s := range g.states {
			old[s.ID.String()] = s
		}
		var states []fusearchive.State
		for _, s := range log {
			x, ok := old[s.ID.String()]
			if !ok {
				x = fusearchive.State{ID: s.ID, Archive: a, Tree: s.Tree}
			}
			states = append(states, x)
		}
		g.states = states
	}
	return g.states, nil
}

func (g *growing) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var errs []error
	for _, a := range g.archives {
		errs = append(errs, a.Close())
	}
	return errors.Join(errs...)
}
