package writer

import (
	"context"
	"errors"

	"github.com/vtdarchive/vtd/format"
)

// Between reading a file in phase 1 and reading it again in phase 2 it may
// have changed. The blocks that are no longer to be had are absent from their
// frames, and every file that needs one is read anew, this time with a copy
// kept aside, and stored under a corrected tree.

// correct reads anew every file that needs an absent block. It reports files
// whose content is not what the first tree says.
func (c *creation) correct(ctx context.Context, absent []uint32) error {
	for _, id := range absent {
		c.table.at(id).absent = true
	}
	c.meta.forget()
	r := newFileReader(c.scan)
	r.again, r.unpacker = true, nil // what is read anew is stored as it is
	for i := range c.tree.nodes.len() {
		id := uint32(i)
		n := c.tree.node(id)
		if n.state != stateOK || n.kind != format.KindFile || n.link != 0 && c.tree.links[n.link-1].first != id {
			continue
		}
		needs := false
		c.tree.eachBlock(n, func(b uint32) { needs = needs || c.table.at(b).absent })
		if !needs {
			continue
		}
		if err := c.again(ctx, r, id, n); err != nil {
			return err
		}
	}
	if err := c.scan.settleLinks(ctx, r); err != nil {
		return err
	}
	return r.spoolErr
}

func (c *creation) again(ctx context.Context, r *fileReader, id uint32, n *node) error {
	before := c.tree.contentHash(n, c.table, c.o.Hash)
	seen := len(c.scan.issues)
	if err := c.scan.readAgain(ctx, r, id); err != nil {
		return err
	}
	if r.spoolErr != nil {
		return r.spoolErr
	}
	if n.state == stateOK && len(c.scan.issues) == seen && c.tree.contentHash(n, c.table, c.o.Hash) != before {
		c.scan.issue(c.tree.path(id), errChangedOnce, true)
	}
	return nil
}

var errTornAgain = errors.New("blocks of the corrected tree were lost")
