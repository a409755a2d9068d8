package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vtdarchive/vtd/reader"
)

// Options say how a file is read. The zero value is the default.
type Options struct {
	// CacheBytes bounds what is kept of the file: 64 MiB, unless it is more.
	CacheBytes int64
	// Retries is how often in a row a request that makes no progress is
	// repeated: 0 means 5, negative never.
	Retries int
	// Stall is how long nothing may arrive before a request counts as broken
	// off: 0 means a minute.
	Stall time.Duration
	// UserAgent is what requests say they come from: "vtd" if it is empty.
	UserAgent string
	// Transport makes the requests: nil means one like that of package http.
	Transport http.RoundTripper
}

const (
	pageSize = 64 << 10
	// tailSize is what the first request asks for: the rows of an index for
	// some 25 GiB lie in it.
	tailSize = 4 * pageSize
	// maxConns bounds how many requests are under way.
	maxConns = 8
)

func (o Options) withDefaults() Options {
	o.CacheBytes = max(o.CacheBytes, (2+runsAhead)*maxRun)
	if o.Retries == 0 {
		o.Retries = 5
	}
	if o.Stall == 0 {
		o.Stall = time.Minute
	}
	if o.UserAgent == "" {
		o.UserAgent = "vtd"
	}
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxConnsPerHost = maxConns
		t.MaxIdleConnsPerHost = maxConns
		o.Transport = t
	}
	return o
}

// IsURL says whether a path is a URL that this package reads.
func IsURL(path string) bool {
	scheme, rest, ok := strings.Cut(path, "://")
	return ok && rest != "" && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// Shown is a URL as messages may show it, without its password.
func Shown(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	return u.Redacted()
}

func newClient(ctx context.Context, rawURL string, o Options) (*client, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("it is not a URL") // what url says would show a password
	}
	if !IsURL(rawURL) || u.Host == "" {
		return nil, fmt.Errorf("the URL is not one of http or https")
	}
	u.Fragment = ""
	o = o.withDefaults()
	return &client{ctx: ctx, url: u, http: &http.Client{Transport: o.Transport}, o: o}, nil
}

// Open opens the file at a URL. It makes one request, for the end of the file;
// two where the server does not know those. The context ends everything that
// the file does, and Close does the same. Errors name the URL.
func Open(ctx context.Context, rawURL string, o Options) (*File, error) {
	f, err := open(ctx, rawURL, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Shown(rawURL), err)
	}
	return f, nil
}

func open(ctx context.Context, rawURL string, o Options) (*File, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	c, err := newClient(ctx, rawURL, o)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	f := &File{c: c, cancel: cancel, pages: map[int64]*page{}, bound: int(c.o.CacheBytes / pageSize)}
	if err := f.first(); err != nil {
		cancel(nil)
		return nil, err
	}
	return f, nil
}

// first learns size and version, and keeps what it gets of the file.
func (f *File) first() error {
	try := attempts{c: f.c}
	ranges := fmt.Sprintf("bytes=-%d", tailSize)
	fromEnd := true
	for {
		err := f.tail(ranges)
		if err == nil {
			if !fromEnd {
				f.WillRead([]reader.Range{{Off: f.is.size - tailSize, Len: tailSize}})
			}
			return nil
		}
		var s *StatusError
		if fromEnd && (errors.Is(err, ErrNoRanges) || errors.As(err, &s) && (s.Code == http.StatusRequestedRangeNotSatisfiable ||
			s.Code == http.StatusNotImplemented || s.Code == http.StatusBadRequest)) {
			// Some servers do not know ranges that count from the end.
			ranges, fromEnd = "bytes=0-0", false
			continue
		}
		if noConnection(err) {
			return err
		}
		if err = try.again(err, false); err != nil {
			return err
		}
	}
}

// noConnection says whether there is nobody to talk to: at the beginning, the
// name is likelier to be wrong than the server gone for a moment.
func noConnection(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// tail makes a request and keeps the whole pages that it brings: an answer
// need not begin at one.
func (f *File) tail(ranges string) error {
	a, err := f.c.request(ranges, nil)
	if err != nil {
		return err
	}
	defer a.close()
	f.is = a.is
	end := a.off + min(a.n, tailSize)
	at := (a.off + pageSize - 1) / pageSize * pageSize
	if at >= end {
		return nil
	}
	if _, err := a.read(make([]byte, at-a.off), f.c.o.Stall); err != nil {
		return err
	}
	for ; at < end; at += pageSize {
		n := min(pageSize, end-at)
		if n < pageSize && end < f.is.size {
			break
		}
		b := make([]byte, n)
		if _, err := a.read(b, f.c.o.Stall); err != nil {
			clear(f.pages)
			return err
		}
		p := &page{b: b, done: make(chan struct{})}
		close(p.done)
		f.pages[at/pageSize] = p
	}
	return nil
}
