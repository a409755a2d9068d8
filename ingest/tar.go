package ingest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/posixacl"
	"github.com/vtdarchive/vtd/writer"
)

// isTar says whether a file begins as a tar does: with a header whose sum is
// right, or with the blocks of zeros that end one.
func isTar(head []byte) bool {
	if len(head) < 512 {
		return false
	}
	head = head[:512]
	if len(bytes.Trim(head, "\x00")) == 0 {
		return true
	}
	want, err := strconv.ParseInt(strings.Trim(string(head[148:156]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	unsigned, signed := int64(8*' '), int64(8*' ')
	for i, c := range head {
		if i < 148 || i >= 156 {
			unsigned += int64(c)
			signed += int64(int8(c))
		}
	}
	return want == unsigned || want == signed
}

// tars adds the members of a tar, and of those that follow it, and reads to the
// end: only there is the sum of what it is packed in.
func (x *reading) tars(in *bufio.Reader) error {
	first := true
	for {
		head, err := in.Peek(HeadSize)
		switch {
		case len(head) == 0 && err == io.EOF:
			return nil
		case len(head) == 0 || err != nil && err != io.EOF:
			return err
		case len(bytes.Trim(head, "\x00")) == 0: // the end of a tar, which is filled up
			if _, err := in.Discard(len(head)); err != nil {
				return err
			}
			continue
		case !isTar(head):
			n, err := io.Copy(io.Discard, in)
			if err != nil {
				return err
			}
			x.issue("", fmt.Errorf("%w: %d bytes of something else behind its end", ErrLacking, n), false)
			return nil
		}
		if !first && x.o.Notice != nil {
			x.o.Notice("one more tar follows the first")
		}
		first = false
		behind, err := x.tar(in)
		if err != nil {
			return err
		}
		if behind != nil {
			in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(behind), in), 1<<20)
		}
	}
}

// tar adds the members of one tar. What of the file follows one block of zeros,
// where there should be two, it gives back.
func (x *reading) tar(in io.Reader) (behind []byte, err error) {
	source := &marked{r: in}
	r := tar.NewReader(source)
	next := int64(0) // where a header is due, if that is known
	for {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		h, err := r.Next()
		if err == tar.ErrHeader && source.err == nil && source.n == next+2*HeadSize && source.lone() {
			return bytes.Clone(source.last[HeadSize:]), nil
		}
		if err == io.EOF {
			if source.n%HeadSize != 0 {
				return nil, fmt.Errorf("%w: it ends inside a block: %w", ErrBroken, io.ErrUnexpectedEOF)
			}
			if !source.zeros() && x.o.Notice != nil { // for tar that is no fault, either
				x.o.Notice("the tar has no mark at its end: it may have been cut")
			}
			return nil, nil
		}
		if err != nil && source.err == nil { // nothing is wrong but with what was read
			return nil, broken(err)
		}
		next = -1
		if err == nil && !isSparse(h) {
			next = (source.n + h.Size + HeadSize - 1) / HeadSize * HeadSize
		}
		content := &marked{r: r}
		if err == nil {
			err = x.tarMember(h, content)
		}
		if err != nil && content.err != nil && source.err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, broken(err)
		}
		if err != nil {
			return nil, err
		}
	}
}

// isSparse says whether a member has other bytes in the tar than it has.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return h.Typeflag == tar.TypeGNUSparse
}

var tarKinds = map[byte]format.Kind{
	tar.TypeReg: format.KindFile, '\x00': format.KindFile, tar.TypeCont: format.KindFile, tar.TypeGNUSparse: format.KindFile,
	tar.TypeDir: format.KindDir, dumpDir: format.KindDir, tar.TypeSymlink: format.KindSymlink, tar.TypeFifo: format.KindFifo,
	tar.TypeChar: format.KindChar, tar.TypeBlock: format.KindBlockDev,
}

const nobody = 65534

// dumpDir is a directory of which GNU tar has listed the names, as content.
const dumpDir = 'D'

// volumeLabel is no member, but what GNU tar calls the whole.
const volumeLabel = 'V'

func (x *reading) tarMember(h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil // what it says of others is in their headers
	case volumeLabel:
		if x.o.Notice != nil {
			x.o.Notice(fmt.Sprintf("the tar has the label %q, which is not kept", h.Name))
		}
		return nil
	}
	m := &writer.Member{
		Path: x.name(h.Name), Perm: uint16(h.Mode & 0o7777),
		Mtime: format.Time{Sec: h.ModTime.Unix(), Nsec: uint32(h.ModTime.Nanosecond())}, Size: h.Size,
	}
	m.Owner = x.owner(m.Path, h)
	if h.Typeflag == tar.TypeLink {
		if m.Link = x.name(h.Linkname); m.Link == "" {
			x.issue(m.Path, fmt.Errorf("%w: a hard link to %q", ErrLacking, h.Linkname), false)
			return nil
		}
		if h.Size == 0 {
			return x.member(m)
		}
		// pax allows that a further name brings the content once more.
		_, err := io.Copy(io.Discard, content)
		return errors.Join(err, x.member(m))
	}
	kind, ok := tarKinds[h.Typeflag]
	if !ok {
		x.issue(m.Path, fmt.Errorf("%w: a member of type %q", ErrLacking, h.Typeflag), false)
		return nil
	}
	m.Kind = kind
	switch {
	case kind == format.KindFile:
		m.Content = content
	case kind == format.KindSymlink:
		m.Target = h.Linkname
	case kind.IsDevice():
		m.Major, m.Minor = uint32(h.Devmajor), uint32(h.Devminor)
		if int64(m.Major) != h.Devmajor || int64(m.Minor) != h.Devminor {
			x.issue(m.Path, fmt.Errorf("%w: a device with the number %d, %d", ErrLacking, h.Devmajor, h.Devminor), false)
			return nil
		}
	}
	if kind == format.KindChar && m.Major == 0 && m.Minor == 0 {
		m.Kind = format.KindWhiteout
	}
	x.records(m, h.PAXRecords)
	return x.member(m)
}

// owner gives owner and group. Numbers that there cannot be become those of
// nobody, as the kernel shows them.
func (x *reading) owner(path string, h *tar.Header) format.Owner {
	number := func(n int) uint32 {
		if n < 0 || int64(n) > 1<<32-2 { // the last one means none
			x.issue(path, fmt.Errorf("%w: the owner %d; it becomes %d, nobody", ErrLacking, n, nobody), true)
			return nobody
		}
		return uint32(n)
	}
	return format.Owner{UID: number(h.Uid), GID: number(h.Gid), User: h.Uname, Group: h.Gname}
}

// records takes what stands in the records of pax.
func (x *reading) records(m *writer.Member, records map[string]string) {
	seen := map[string]bool{}
	put := func(name, value string) {
		if !seen[name] {
			seen[name] = true
			m.Xattrs = append(m.Xattrs, format.Xattr{Name: name, Value: value})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(records)) {
		if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
			put(name, records[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(records)) {
		value := records[key]
		if name, ok := strings.CutPrefix(key, "LIBARCHIVE.xattr."); ok {
			name, err := url.PathUnescape(name)
			// libarchive leaves out the padding.
			b, err2 := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "=\n"))
			if err = errors.Join(err, err2); err != nil {
				x.issue(m.Path, fmt.Errorf("%w: record %q: %w", ErrLacking, key, err), true)
				continue
			}
			put(name, string(b))
		}
		switch key {
		case "SCHILY.acl.access", "SCHILY.acl.default":
			name := map[string]string{"SCHILY.acl.access": posixacl.Access, "SCHILY.acl.default": posixacl.Default}[key]
			if seen[name] || strings.TrimSpace(value) == "" { // as GNU tar says that there is none
				break
			}
			raw, err := posixacl.Parse(value, name == posixacl.Access)
			if err != nil {
				x.issue(m.Path, fmt.Errorf("%w: record %q: %w", ErrLacking, key, err), true)
				break
			}
			if raw != "" {
				put(name, raw)
			}
		case "LIBARCHIVE.creationtime":
			if t, err := parseTime(value); err == nil {
				m.Btime = t
			}
		}
	}
}

// parseTime reads seconds as a decimal fraction.
func parseTime(s string) (format.Time, error) {
	whole, part, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return format.Time{}, err
	}
	part = (part + "000000000")[:9]
	nsec, err := strconv.ParseUint(part, 10, 32)
	if err != nil {
		return format.Time{}, err
	}
	if strings.HasPrefix(whole, "-") && nsec > 0 {
		sec, nsec = sec-1, 1e9-nsec
	}
	return format.Time{Sec: sec, Nsec: uint32(nsec)}, nil
}
