package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/vtdarchive/vtd/compact"
	"github.com/vtdarchive/vtd/history"
	"github.com/vtdarchive/vtd/reader"
)

type forgetCommand struct {
	Archive   string   `arg:"" help:"The archive."`
	Snapshots []string `arg:"" optional:"" name:"snapshot" help:"What to forget: labels, beginnings of ids, @{2} (two states ago), latest~3, or times (the last state at or before them)."`

	KeepLast    uint    `placeholder:"N" help:"Forget all but the newest N states and what other options keep."`
	KeepDaily   uint    `placeholder:"N" help:"Keep the newest state of each of the last N days that have one."`
	KeepWeekly  uint    `placeholder:"N" help:"The same of weeks, which begin on Monday."`
	KeepMonthly uint    `placeholder:"N" help:"The same of months."`
	Force       bool    `help:"Forget the newest state, too, if it is named."`
	MinLive     minLive `default:"50%" placeholder:"SHARE" help:"As for vt ar compact."`
	DryRun      bool    `short:"n" help:"Tell what would go and about how large the archive would be, and change nothing."`
	rewriting
}

func (*forgetCommand) Help() string {
	return `
Forgets states of the tree that an archive holds, and makes the archive smaller by what only these had. States are named, or chosen by what is to be kept: of several --keep options, what any of them keeps stays. Days, weeks and months are those of local time, and only such count as have a state. The newest state is not forgotten without --force.

States that remain keep their trees, with root hash and content id. Since a state names those it follows by their ids, the ids of later ones change: they are listed. An archive with the rest takes the place of the old one when it is complete; whoever reads or has mounted the old one goes on with it. Recovery data is not taken over; --parity makes it anew.

Examples:

    vt ar forget backup.vtd before-upgrade '@{12}'
    vt ar forget -n --keep-last 3 --keep-daily 7 --keep-monthly 12 backup.vtd
    vt ar forget --keep-weekly 8 --min-live 80% backup.vtd

` + rewritingHelp
}

func (c *forgetCommand) Run(e *Env) error {
	keep := history.Keep{Last: c.KeepLast, Daily: c.KeepDaily, Weekly: c.KeepWeekly, Monthly: c.KeepMonthly}
	switch {
	case keep.IsZero() && len(c.Snapshots) == 0:
		return usagef("say what to forget: states as vt ar log lists them, or what to keep, as --keep-daily 7")
	case !keep.IsZero() && len(c.Snapshots) > 0:
		return usagef("name the states to forget, or say what to keep: not both")
	case c.DryRun && c.Parity != 0:
		return usagef("--parity does nothing under --dry-run")
	}
	o := compact.Options{MinLive: float64(c.MinLive), DryRun: c.DryRun, OnlyIfForgotten: true}
	o.Forget = func(a *reader.Archive, states []history.State) ([]bool, error) {
		gone := make([]bool, len(states))
		if !keep.IsZero() {
			for i, k := range keep.Select(states, time.Local) {
				gone[i] = !k
			}
			return gone, nil
		}
		for _, name := range c.Snapshots {
			s, err := findState(a, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", shownArchive(c.Archive), err)
			}
			i := slices.IndexFunc(states, func(x history.State) bool { return x.ID == s.ID })
			gone[i] = true
		}
		if len(states) > 0 && gone[0] && !c.Force {
			return nil, usagef("%s is the newest state, which the archive shows; --force forgets it all the same", shortID(states[0].ID))
		}
		return gone, nil
	}
	return c.rewrite(e, c.Archive, o)
}
