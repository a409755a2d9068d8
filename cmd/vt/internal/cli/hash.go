package cli

import (
	"fmt"

	"github.com/vtdarchive/vtd/writer"
)

type hashCommand struct {
	Paths []string `arg:"" name:"path" help:"What to hash, as create would take it in."`
	selection
	hashFlag
	Quiet bool `short:"q" help:"Print no progress and notices."`
}

func (*hashCommand) Help() string {
	return `
Prints the content id that an archive of the same paths has, made with the same selection: whatever its preset, sizes and order. It is computed from names, metadata and contents; nothing is stored.

Examples:

    vt ar hash src
    vt ar verify --expect $(vt ar hash src) src.vtd`
}

func (c *hashCommand) Run(e *Env) error {
	var o writer.Options
	if err := c.apply(e, &o, 0); err != nil {
		return err
	}
	var err error
	if o.Params, err = writer.Presets(""); err != nil {
		return err
	}
	o.Hash = c.id()
	done := e.progress(!c.Quiet)
	watchInputs(e, &o, c.Quiet)
	rep, err := writer.HashTree(e.ctx, o)
	done()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(e.stdout, rep.ContentID); err != nil {
		return err
	}
	if len(rep.Issues) > 0 {
		return reported(errPartial)
	}
	return nil
}
