package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve serves the directory of a script at $URL, and below $URL/whole the
// same without ranges. Every request adds the range that it asks for to the
// file requests.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: serve")
	}
	files := http.FileServer(http.Dir(ts.MkAbs(".")))
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		log, err := os.OpenFile(ts.MkAbs("requests"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			_, err = log.WriteString(r.Header.Get("Range") + "\n")
			log.Close()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		if rest, ok := strings.CutPrefix(r.URL.Path, "/whole"); ok {
			r.URL.Path = rest
			r.Header.Del("Range")
		}
		files.ServeHTTP(w, r)
	}))
	ts.Defer(s.Close)
	ts.Setenv("URL", s.URL)
}
