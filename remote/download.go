package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Download writes the whole file at a URL to w. Where the server answers with
// ranges, it goes on after an interruption where that was.
func Download(ctx context.Context, rawURL string, o Options, w io.Writer) error {
	c, err := newClient(ctx, rawURL, o)
	if err == nil {
		err = c.download(w)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", Shown(rawURL), err)
	}
	return nil
}

func (c *client) download(w io.Writer) error {
	try := attempts{c: c}
	var pinned *version
	done := int64(0)
	buf := make([]byte, pageSize)
	for {
		before := done
		err := func() error {
			ranges := ""
			if done > 0 {
				ranges = fmt.Sprintf("bytes=%d-", done)
			}
			a, err := c.request(ranges, pinned)
			if err != nil {
				return err
			}
			defer a.close()
			if a.off != done {
				return fmt.Errorf("%w: its answer begins at %d, not %d", ErrNoRanges, a.off, done)
			}
			if pinned == nil {
				pinned = &a.is
			}
			for {
				n := int64(len(buf))
				if pinned.size >= 0 {
					n = min(n, pinned.size-done)
				}
				if n == 0 {
					return nil
				}
				k, err := a.read(buf[:n], c.o.Stall)
				if _, werr := w.Write(buf[:k]); werr != nil {
					return werr
				}
				done += int64(k)
				if err != nil && pinned.size < 0 && errors.Is(err, errEnded) {
					return nil // of an answer whose length nobody told
				}
				if err != nil {
					return err
				}
			}
		}()
		if err == nil {
			return nil
		}
		if err = try.again(err, done > before); err != nil {
			return err
		}
	}
}
