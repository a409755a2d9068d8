package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/writer"
)

// again gives a file that can be read twice: itself, or a copy.
func (x *reading) again(in io.Reader) (f *os.File, done func() error, err error) {
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			if at, err := f.Seek(0, io.SeekCurrent); err == nil && at == 0 {
				return f, func() error { return nil }, nil
			}
		}
	}
	if f, err = disk.Temporary(x.o.TempDir); err != nil {
		return nil, nil, err
	}
	if _, err = io.Copy(f, in); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, f.Close, nil
}

// original adds the file as it is. What is packed in a way that nothing makes
// again would be stored twice over: of that, it is the tar, unless that cannot
// be had.
func (x *reading) original(f *os.File, isBroken bool) error {
	m := &writer.Member{Path: x.o.Exact, Original: true, Content: f, Size: -1}
	head := make([]byte, HeadSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	for _, p := range magics {
		if x.o.Zip || isBroken || p.suffixes == nil || !p.is(head[:n]) {
			continue
		}
		r, err := p.open(bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 1<<20))
		if err != nil {
			return broken(err)
		}
		if c, ok := r.(interface{ Close() }); ok {
			defer c.Close()
		}
		m.Path, m.Content = unpackedName(x.o.Exact, p.suffixes), r
		if x.o.Notice != nil {
			x.o.Notice(fmt.Sprintf("the octets that are kept are those of the tar, %q, not how it is packed", m.Path))
		}
	}
	return x.add(m)
}

// unpackedName is what a file is called when it is unpacked.
func unpackedName(name string, suffixes []string) string {
	for _, s := range suffixes {
		base, ok := strings.CutSuffix(name, s)
		if !ok || base == "" {
			continue
		}
		if slices.Contains(tarSuffixes, s) {
			return base + ".tar"
		}
		return base
	}
	return name + ".tar"
}

// tarSuffixes are those that stand for that of a tar and that of what packs it.
var tarSuffixes = []string{".tzst", ".tbz2", ".tbz", ".txz"}
