package model

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// Edit changes a directory in some way: a file is written, changed, removed,
// renamed, linked or given a time or permissions, a directory comes or goes.
// What cannot be done, since something of a name is there, is not done.
func Edit(r *rand.Rand, dir string) error {
	tree, err := Of(dir)
	if err != nil {
		return err
	}
	var files, dirs []string
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if tree[path].Kind == format.KindDir {
			dirs = append(dirs, filepath.Join(dir, path))
		} else {
			files = append(files, filepath.Join(dir, path))
		}
	}
	if len(files) == 0 {
		files = []string{filepath.Join(dir, "again")}
		if err := os.WriteFile(files[0], []byte("again"), 0o644); err != nil {
			return err
		}
	}
	any := func(of []string) string { return of[r.IntN(len(of))] }
	fresh, file := filepath.Join(any(dirs), fmt.Sprintf("n%d", r.IntN(30))), any(files)
	content := Content(r)
	old := time.Unix(1_000_000_000+r.Int64N(1000), r.Int64N(1e9))
	switch r.IntN(11) {
	case 0, 1:
		os.WriteFile(fresh, content, 0o644)
	case 2: // the same size, other content
		if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
			b[r.IntN(len(b))]++
			os.WriteFile(file, b, 0o644)
		}
	case 3:
		if b, err := os.ReadFile(file); err == nil && len(b) < 1<<16 {
			os.WriteFile(file, append(b, content...), 0o644)
		}
	case 4:
		os.Remove(file)
	case 5:
		os.Mkdir(fresh, 0o755)
	case 6:
		os.Rename(file, fresh)
	case 7:
		os.Chmod(file, fs.FileMode(0o600+r.IntN(64)))
	case 8:
		os.Link(file, fresh)
	case 9:
		os.Symlink(strings.Repeat("x", 1+r.IntN(20)), fresh)
	case 10:
		if d := any(dirs); d != dir && r.IntN(2) == 0 {
			os.RemoveAll(d)
			os.WriteFile(d, []byte("was a directory"), 0o644)
		} else {
			os.Chtimes(file, old, old)
		}
	}
	return nil
}

// Content gives some content: noise mostly, and lines of text, a run, a part
// that others have as well, or what gzip makes of text.
func Content(r *rand.Rand) []byte {
	noise := testkit.Noise(r.Uint64(), r.IntN(3000))
	n := 1 + r.IntN(400)
	switch r.IntN(8) {
	case 0:
		return bytes.Repeat([]byte{byte(r.IntN(2))}, 20*n)
	case 1:
		return append(noise, testkit.Noise(uint64(r.IntN(4)), 2000)...)
	case 2, 3:
		var text, packed bytes.Buffer
		for i := range n {
			fmt.Fprintf(&text, "line %d says %x\n", i, noise[:min(len(noise), 1+i%7)])
		}
		if r.IntN(2) == 0 {
			return text.Bytes()
		}
		w := gzip.NewWriter(&packed)
		w.Write(text.Bytes())
		w.Close()
		return packed.Bytes()
	}
	return noise
}

// Settle gives everything below a directory that was changed a moment ago a time
// of another clock, which is long past.
func Settle(dir string, at time.Time) error {
	hourAgo := time.Now().Add(-time.Hour)
	stamp := unix.NsecToTimeval(at.UnixNano())
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || info.ModTime().Before(hourAgo) {
			return err
		}
		return unix.Lutimes(path, []unix.Timeval{stamp, stamp})
	})
}
