package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/reader"
)

// server serves one file, and misbehaves as it is told.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	content []byte
	etag    string
	ranges  []string
	// spoil, if not nil, may answer instead; it gives false to leave it be.
	spoil func(n int, w http.ResponseWriter, r *http.Request) bool
}

func serve(t testing.TB, content []byte) *server {
	s := &server{content: content, etag: `"1"`}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		n, spoil, content, etag := len(s.ranges), s.spoil, s.content, s.etag
		s.mu.Unlock()
		if spoil != nil && spoil(n, w, r) {
			return
		}
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *server) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.ranges...)
}

func octets(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func mustOpen(t testing.TB, s *server, o Options) *File {
	t.Helper()
	f, err := Open(t.Context(), s.URL+"/a.vtd", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// readAll reads a file in random pieces and holds it against what it is.
func readAll(t testing.TB, f *File, content []byte) {
	t.Helper()
	if f.Size() != int64(len(content)) {
		t.Fatalf("%d bytes, want %d", f.Size(), len(content))
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 50 {
		off := r.Int64N(int64(len(content)) + 1)
		b := make([]byte, 1+r.IntN(400_000))
		n, err := f.ReadAt(b, off)
		want := content[off:min(off+int64(len(b)), int64(len(content)))]
		if n != len(want) || !bytes.Equal(b[:n], want) || (n < len(b)) != (err == io.EOF) || err != nil && err != io.EOF {
			t.Fatalf("%d bytes at %d: got %d, %v", len(b), off, n, err)
		}
	}
}

func TestRead(t *testing.T) {
	for _, size := range []int{0, 1, pageSize - 1, pageSize, tailSize - 1, tailSize, tailSize + 1, 3_333_333} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			content := octets(size)
			f := mustOpen(t, serve(t, content), Options{})
			readAll(t, f, content)
			if _, err := f.ReadAt(make([]byte, 1), int64(size)+1); err != io.EOF {
				t.Error("beyond the end:", err)
			}
		})
	}
}

// TestServers: what servers do that is no fault of the file.
func TestServers(t *testing.T) {
	content := octets(1_000_000)
	answer := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	broken := func(w http.ResponseWriter) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(content)-1, len(content)))
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(content[:100])
		panic(http.ErrAbortHandler)
	}
	for name, c := range map[string]struct {
		spoil func(n int, w http.ResponseWriter, r *http.Request) bool
		etag  string
	}{
		"every second answer is 503": {spoil: func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n%2 == 1 {
				w.Header().Set("Retry-After", "0")
				answer(503)(w)
			}
			return n%2 == 1
		}},
		"every third answer breaks off": {spoil: func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n%3 != 0 {
				return false
			}
			rec := httptest.NewRecorder()
			rec.Header().Set("ETag", `"1"`)
			http.ServeContent(rec, r, "", time.Time{}, bytes.NewReader(content))
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			w.Write(rec.Body.Bytes()[:rec.Body.Len()*2/3])
			panic(http.ErrAbortHandler)
		}},
		"the first breaks off": {spoil: func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n == 1 {
				broken(w)
			}
			return n == 1
		}},
		"no ranges from the end": {spoil: func(n int, w http.ResponseWriter, r *http.Request) bool {
			suffix := strings.HasPrefix(r.Header.Get("Range"), "bytes=-")
			if suffix {
				answer(416)(w)
			}
			return suffix
		}},
		"a range from the end is answered with everything": {spoil: func(n int, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.Header.Get("Range"), "bytes=-") {
				r.Header.Del("Range")
			}
			return false
		}},
		"no entity tag":   {etag: "-"},
		"weak entity tag": {etag: `W/"1"`},
		"redirected": {spoil: func(n int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/a.vtd" {
				http.Redirect(w, r, "/b.vtd", http.StatusFound)
				return true
			}
			return false
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			s.spoil = c.spoil
			if c.etag != "" {
				s.etag = strings.TrimPrefix(c.etag, "-")
			}
			readAll(t, mustOpen(t, s, Options{}), content)
		})
	}
}

func TestRefused(t *testing.T) {
	content := octets(500_000)
	status := func(code int) func(int, http.ResponseWriter, *http.Request) bool {
		return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(code)
			return true
		}
	}
	for name, c := range map[string]struct {
		spoil func(n int, w http.ResponseWriter, r *http.Request) bool
		want  error
	}{
		"no ranges":      {func(_ int, _ http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false }, ErrNoRanges},
		"not found":      {status(404), fs.ErrNotExist},
		"forbidden":      {status(403), fs.ErrPermission},
		"always failing": {status(502), nil},
		"a teapot":       {status(418), nil},
		"packed": {func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Encoding", "gzip")
			return false
		}, ErrNoRanges},
		"another range": {func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Range", "bytes 7-3/2")
			w.WriteHeader(206)
			return true
		}, ErrNoRanges},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			s.spoil = c.spoil
			f, err := Open(t.Context(), "http://ann:secret@"+strings.TrimPrefix(s.URL, "http://")+"/a.vtd", Options{Retries: 1})
			if err == nil {
				f.Close()
				t.Fatal("it opened")
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "/a.vtd: ") {
				t.Errorf("the message is %q", err)
			}
		})
	}
	for _, u := range []string{"ftp://example.org/a", "http://", "https:///a", "http://[", "a.vtd", "file:///a"} {
		if f, err := Open(t.Context(), u, Options{}); err == nil {
			f.Close()
			t.Errorf("%s opened", u)
		}
	}
}

// TestChanged: a file that is replaced is an error, whatever tells of it.
func TestChanged(t *testing.T) {
	for name, change := range map[string]func(s *server){
		"other tag":          func(s *server) { s.etag = `"2"` },
		"other weak tag":     func(s *server) { s.etag = `W/"2"` },
		"other size, no tag": func(s *server) { s.etag, s.content = "", s.content[:900_000] },
		"shorter":            func(s *server) { s.etag, s.content = "", s.content[:10] },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, octets(1_000_000))
			f := mustOpen(t, s, Options{})
			if _, err := f.ReadAt(make([]byte, 10), 0); err != nil {
				t.Fatal(err)
			}
			s.set(func() { change(s) })
			if _, err := f.ReadAt(make([]byte, 10), 500_000); !errors.Is(err, ErrChanged) {
				t.Errorf("%v, want %v", err, ErrChanged)
			}
		})
	}
}

// TestLies: bytes are never given out that are not of the range asked for.
func TestLies(t *testing.T) {
	content := octets(1_000_000)
	for name, header := range map[string]string{
		"shifted": "bytes 65537-131072/1000000",
		"long":    "bytes 65536-999999/1000000",
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			f := mustOpen(t, s, Options{Retries: -1})
			s.set(func() {
				s.spoil = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Range", header)
					w.WriteHeader(206)
					w.Write(content)
					return true
				}
			})
			if _, err := f.ReadAt(make([]byte, 10), 70_000); !errors.Is(err, ErrNoRanges) {
				t.Errorf("%v, want %v", err, ErrNoRanges)
			}
		})
	}
}

func TestStalled(t *testing.T) {
	s := serve(t, octets(1_000_000))
	f := mustOpen(t, s, Options{Retries: -1, Stall: 50 * time.Millisecond})
	s.set(func() {
		s.spoil = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		}
	})
	if _, err := f.ReadAt(make([]byte, 10), 0); !errors.Is(err, errStalled) {
		t.Errorf("%v, want %v", err, errStalled)
	}
}

func TestClosed(t *testing.T) {
	s := serve(t, octets(1_000_000))
	f := mustOpen(t, s, Options{})
	asked := make(chan struct{})
	s.set(func() {
		s.spoil = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			close(asked)
			<-r.Context().Done()
			return true
		}
	})
	done := make(chan error)
	go func() {
		_, err := f.ReadAt(make([]byte, 10), 0)
		done <- err
	}()
	<-asked
	f.Close()
	if err := <-done; !errors.Is(err, fs.ErrClosed) {
		t.Errorf("%v, want %v", err, fs.ErrClosed)
	}
}

// TestRequests: how many they are.
func TestRequests(t *testing.T) {
	content := octets(40 << 20)
	s := serve(t, content)
	t.Run("in order", func(t *testing.T) {
		f := mustOpen(t, s, Options{})
		got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil || !bytes.Equal(got, content) {
			t.Fatal("it is not the file:", err)
		}
		if n := f.Requests(); n > 20 {
			t.Errorf("%d requests to read 40 MiB in order", n)
		}
	})
	t.Run("planned", func(t *testing.T) {
		f := mustOpen(t, s, Options{})
		before := len(s.seen())
		var ranges []reader.Range
		for i := range int64(20) {
			ranges = append(ranges, reader.Range{Off: 1<<20 + i*150_000, Len: 60_000}, reader.Range{Off: 30<<20 + i*70_000, Len: 70_000})
		}
		f.WillRead(ranges)
		for _, r := range ranges {
			b := make([]byte, r.Len)
			if _, err := f.ReadAt(b, r.Off); err != nil || !bytes.Equal(b, content[r.Off:r.Off+r.Len]) {
				t.Fatal(r, err)
			}
		}
		if got := s.seen()[before:]; len(got) != 2 {
			t.Errorf("%d requests for two neighbourhoods: %v", len(got), got)
		}
	})
	t.Run("once for all", func(t *testing.T) {
		f := mustOpen(t, s, Options{})
		var wg sync.WaitGroup
		var bad atomic.Int64
		for range 64 {
			wg.Go(func() {
				b := make([]byte, 1000)
				if _, err := f.ReadAt(b, 5<<20); err != nil || !bytes.Equal(b, content[5<<20:5<<20+1000]) {
					bad.Add(1)
				}
			})
		}
		wg.Wait()
		if bad.Load() > 0 || f.Requests() != 2 {
			t.Errorf("%d wrong, %d requests", bad.Load(), f.Requests())
		}
	})
}

// TestMemory: pages that were not used for long are dropped, and fetched again.
func TestMemory(t *testing.T) {
	content := octets(80 << 20)
	f := mustOpen(t, serve(t, content), Options{})
	for off := int64(0); off < f.Size(); off += 1 << 20 {
		b := make([]byte, 1<<20)
		if _, err := f.ReadAt(b, off); err != nil || !bytes.Equal(b, content[off:off+1<<20]) {
			t.Fatal(off, err)
		}
		f.mu.Lock()
		if n := len(f.pages); n > f.bound+maxGrown/pageSize {
			t.Errorf("%d pages are kept, the bound is %d", n, f.bound)
		}
		f.mu.Unlock()
	}
	readAll(t, f, content)
}

func TestDownload(t *testing.T) {
	content := octets(1_000_000)
	for name, spoil := range map[string]func(n int, w http.ResponseWriter, r *http.Request) bool{
		"plain":     nil,
		"no ranges": func(_ int, _ http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false },
		"length unknown": func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			for i := 0; i < len(content); i += 100_000 {
				w.Write(content[i : i+100_000])
				w.(http.Flusher).Flush()
			}
			return true
		},
		"breaks off": func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n > 3 {
				return false
			}
			rec := httptest.NewRecorder()
			rec.Header().Set("ETag", `"1"`)
			http.ServeContent(rec, r, "", time.Time{}, bytes.NewReader(content))
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			w.Write(rec.Body.Bytes()[:100_000])
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, content)
			s.spoil = spoil
			var b bytes.Buffer
			if err := Download(t.Context(), s.URL, Options{}, &b); err != nil || !bytes.Equal(b.Bytes(), content) {
				t.Errorf("%d bytes, %v", b.Len(), err)
			}
		})
	}
	t.Run("replaced", func(t *testing.T) {
		s := serve(t, content)
		s.spoil = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 1 {
				return false
			}
			w.Header().Set("ETag", `"0"`)
			w.Header().Set("Content-Length", "1000000")
			w.Write(content[:1000])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		if err := Download(context.Background(), s.URL, Options{}, io.Discard); !errors.Is(err, ErrChanged) {
			t.Errorf("%v, want %v", err, ErrChanged)
		}
	})
}
