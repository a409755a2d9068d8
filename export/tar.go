package export

import (
	"archive/tar"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/posixacl"
)

// Records of pax that are in common use.
const (
	paxXattr    = "SCHILY.xattr."
	paxACL      = "SCHILY.acl.access"
	paxDefault  = "SCHILY.acl.default"
	paxCreation = "LIBARCHIVE.creationtime"
)

type tarWriter struct {
	x     *exporter
	out   *markWriter
	w     *tar.Writer
	links map[uint64]string // the first name of each group of hard links
}

func newTarWriter(x *exporter, w io.Writer) *tarWriter {
	out := &markWriter{w: w}
	return &tarWriter{x: x, out: out, w: tar.NewWriter(out), links: map[uint64]string{}}
}

func (t *tarWriter) close() error { return t.w.Close() }

func (t *tarWriter) entry(path string, e *format.Entry, content *content) error {
	h := t.header(path, e)
	if e.LinkID != 0 {
		if first, ok := t.links[e.LinkID]; ok {
			h.Typeflag, h.Linkname, h.Size, h.PAXRecords = tar.TypeLink, first, 0, nil
			return t.put(h)
		}
		t.links[e.LinkID] = h.Name
	}
	switch e.Kind {
	case format.KindFile:
		return t.file(path, h, content)
	case format.KindDir:
		h.Typeflag = tar.TypeDir
		h.Name += "/"
	case format.KindSymlink:
		h.Typeflag, h.Linkname = tar.TypeSymlink, e.Target
	case format.KindFifo:
		h.Typeflag = tar.TypeFifo
	case format.KindChar, format.KindWhiteout:
		h.Typeflag, h.Devmajor, h.Devminor = tar.TypeChar, int64(e.Major), int64(e.Minor)
	case format.KindBlockDev:
		h.Typeflag, h.Devmajor, h.Devminor = tar.TypeBlock, int64(e.Major), int64(e.Minor)
	default:
		return fmt.Errorf("a %v %w", e.Kind, ErrLacking)
	}
	return t.put(h)
}

// put writes a header, which may hold what a tar has no room for.
func (t *tarWriter) put(h *tar.Header) error {
	err := t.w.WriteHeader(h)
	if err != nil && t.out.err == nil {
		return fmt.Errorf("%w: %v", ErrLacking, err)
	}
	return err
}

func (t *tarWriter) header(path string, e *format.Entry) *tar.Header {
	h := &tar.Header{
		Format: tar.FormatPAX, Name: t.x.name(path), Mode: int64(e.Perm),
		Uid: int(e.Owner.UID), Gid: int(e.Owner.GID), Uname: e.Owner.User, Gname: e.Owner.Group,
		ModTime: time.Unix(e.Mtime.Sec, int64(e.Mtime.Nsec)), PAXRecords: map[string]string{},
	}
	if e.Btime != (format.Time{}) {
		h.PAXRecords[paxCreation] = paxTime(e.Btime)
	}
	for _, x := range e.Xattrs {
		if strings.ContainsRune(x.Name, '=') {
			t.x.issue(path, fmt.Errorf("extended attribute %q %w", x.Name, ErrLacking))
			continue
		}
		h.PAXRecords[paxXattr+x.Name] = x.Value
		record := map[string]string{posixacl.Access: paxACL, posixacl.Default: paxDefault}[x.Name]
		if text, ok := posixacl.Text(x.Value); ok && record != "" {
			h.PAXRecords[record] = text
		}
	}
	return h
}

// paxTime writes a time as pax has it: a decimal fraction of seconds.
func paxTime(t format.Time) string {
	sec, nsec, sign := t.Sec, t.Nsec, ""
	if sec < 0 && nsec > 0 {
		sec, nsec = sec+1, 1e9-nsec
		if sec == 0 {
			sign = "-"
		}
	}
	s := sign + strconv.FormatInt(sec, 10)
	if nsec > 0 {
		s += strings.TrimRight(fmt.Sprintf(".%09d", nsec), "0")
	}
	return s
}

func (t *tarWriter) file(path string, h *tar.Header, c *content) error {
	h.Typeflag = tar.TypeReg
	holes, err := holesOf(c.f)
	if err != nil {
		return t.x.lose(path, err)
	}
	if holes != nil {
		return t.sparse(path, h, c, holes)
	}
	h.Size = c.f.Size()
	if err := t.put(h); err != nil {
		return err
	}
	return t.body(path, t.w, c, 0, h.Size)
}

// body writes a part of a file behind its header.
func (t *tarWriter) body(path string, w io.Writer, c *content, off, length int64) error {
	n, failed, err := c.writeTo(w, off, length)
	t.x.rep.Bytes += uint64(n)
	if failed == nil {
		return err
	}
	return t.x.fill(path, w, failed, off+n, length-n)
}
