package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// firstPause is before the first repetition; each is twice as long.
	firstPause = 250 * time.Millisecond
	// maxPause bounds them, and what a server may ask for.
	maxPause = 30 * time.Second
)

// version is what every answer must agree with.
type version struct {
	size     int64
	etag     string // as it was sent; "" if it was not
	modified string // Last-Modified
}

// client makes requests for one URL.
type client struct {
	ctx      context.Context // until the file is closed
	url      *url.URL
	http     *http.Client
	o        Options
	requests atomic.Int64
}

// answer is a part of the file that is arriving.
type answer struct {
	body  io.ReadCloser
	off   int64 // of what body gives
	n     int64
	is    version
	ctx   context.Context
	stall *time.Timer
	end   context.CancelCauseFunc
}

var (
	errStalled = errors.New("nothing arrived for too long")
	errEnded   = fmt.Errorf("the answer ended early: %w", io.ErrUnexpectedEOF)
)

// request asks for a range as the header Range has it. Errors that may pass
// are a *passing.
func (c *client) request(ranges string, pinned *version) (*answer, error) {
	ctx, end := context.WithCancelCause(c.ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url.String(), nil)
	if err != nil {
		end(nil)
		return nil, err
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	// What is asked for are octets of the file, not of something packed on the way.
	req.Header.Set("Accept-Encoding", "identity")
	if ranges != "" {
		req.Header.Set("Range", ranges)
	}
	if pinned != nil && strongTag(pinned.etag) {
		req.Header.Set("If-Match", pinned.etag)
	}
	c.requests.Add(1)
	a := &answer{ctx: ctx, end: end, stall: time.AfterFunc(c.o.Stall, func() { end(errStalled) })}
	resp, err := c.http.Do(req)
	a.stall.Stop()
	if err != nil {
		err = a.cause(err)
		end(nil)
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the URL, which may have a password
		}
		return nil, &passing{err: err}
	}
	a.body = resp.Body
	if err := a.judge(resp, ranges, pinned); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func strongTag(etag string) bool { return strings.HasPrefix(etag, `"`) }

// judge says whether an answer is what was asked for.
func (a *answer) judge(resp *http.Response, ranges string, pinned *version) error {
	a.is = version{size: -1, etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified")}
	switch code := resp.StatusCode; code {
	case http.StatusPartialContent:
		var last int64
		var ok bool
		if a.off, last, a.is.size, ok = parseContentRange(resp.Header.Get("Content-Range")); !ok || ranges == "" {
			return fmt.Errorf("%w: its answer has the range %q", ErrNoRanges, resp.Header.Get("Content-Range"))
		}
		a.n = last - a.off + 1
	case http.StatusOK:
		if ranges != "" && (pinned != nil || resp.ContentLength != 0) { // an empty file has no parts
			if pinned != nil && !pinned.allows(a.is) {
				return ErrChanged
			}
			return ErrNoRanges
		}
		a.n, a.is.size = resp.ContentLength, resp.ContentLength
	case http.StatusPreconditionFailed:
		return ErrChanged
	case http.StatusRequestedRangeNotSatisfiable:
		if pinned != nil {
			return ErrChanged // what was asked for lay inside the file
		}
		if resp.Header.Get("Content-Range") != "bytes */0" {
			return &StatusError{Code: code}
		}
		a.is.size = 0
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &passing{&StatusError{Code: code}, retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	case http.StatusNotFound, http.StatusGone:
		return &StatusError{code, fs.ErrNotExist}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &StatusError{code, fs.ErrPermission}
	default:
		return &StatusError{Code: code}
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return fmt.Errorf("%w as they are: it packs them with %q", ErrNoRanges, enc)
	}
	if pinned != nil && !pinned.allows(a.is) {
		return ErrChanged
	}
	return nil
}

// allows says whether an answer may be of the version. Proxies drop headers:
// what is missing proves nothing.
func (v *version) allows(is version) bool {
	if is.size >= 0 && v.size >= 0 && is.size != v.size {
		return false
	}
	if v.etag != "" && is.etag != "" {
		return v.etag == is.etag
	}
	return v.modified == "" || is.modified == "" || v.modified == is.modified
}

func (a *answer) close() {
	a.end(nil)
	a.body.Close()
}

// cause is the reason for an error, where that is that nothing arrived.
func (a *answer) cause(err error) error {
	if context.Cause(a.ctx) == errStalled {
		return errStalled
	}
	return err
}

// read fills b, or fails with an error that may pass: errEnded when there is
// no more.
func (a *answer) read(b []byte, stall time.Duration) (n int, err error) {
	a.stall.Reset(stall)
	defer a.stall.Stop()
	for n < len(b) && err == nil {
		var k int
		if k, err = a.body.Read(b[n:]); k > 0 {
			a.stall.Reset(stall)
		}
		n += k
	}
	if n == len(b) {
		return n, nil
	}
	if err == io.EOF {
		err = errEnded
	}
	return n, &passing{err: a.cause(err)}
}

// passing is an error that may be gone at the next attempt.
type passing struct {
	err   error
	after time.Duration // what the server asks for, or 0
}

func (p *passing) Error() string { return p.err.Error() }
func (p *passing) Unwrap() error { return p.err }

// attempts counts failures of one piece of work and waits between them.
type attempts struct {
	c      *client
	failed int
}

// again says whether to try once more after an error, nil for yes, and waits
// as long as is fit. moved says that there was progress since the last one.
func (a *attempts) again(err error, moved bool) error {
	var p *passing
	if a.c.ctx.Err() != nil {
		return a.c.ctx.Err()
	}
	if !errors.As(err, &p) {
		return err
	}
	if moved {
		a.failed = 0
	}
	if a.failed >= a.c.o.Retries {
		return fmt.Errorf("%w (%d attempts)", p.err, a.failed+1)
	}
	pause := min(firstPause<<a.failed, maxPause)
	pause = pause/2 + rand.N(pause) // so that many clients do not come back at once
	if p.after > 0 {
		pause = min(p.after, maxPause)
	}
	a.failed++
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-a.c.ctx.Done():
		return a.c.ctx.Err()
	}
}

// parseContentRange reads "bytes 0-99/1234".
func parseContentRange(s string) (first, last, size int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, total, ok2 := strings.Cut(s, "/")
	from, to, ok3 := strings.Cut(span, "-")
	var errs [3]error
	first, errs[0] = strconv.ParseInt(from, 10, 64)
	last, errs[1] = strconv.ParseInt(to, 10, 64)
	size, errs[2] = strconv.ParseInt(total, 10, 64)
	ok = ok && ok2 && ok3 && errors.Join(errs[:]...) == nil
	return first, last, size, ok && 0 <= first && first <= last && last < size
}

// retryAfter reads seconds or a date.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return time.Duration(min(n, int(maxPause/time.Second))) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}
