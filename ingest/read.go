package ingest

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/writer"
)

// Options say how a file is read. The zero value is the default.
type Options struct {
	// TempDir is where a zip file without random access is copied to: "" means
	// the system's directory for that.
	TempDir string
	// Zip says that it is a zip file, whatever it begins with: some begin with a
	// program that unpacks them.
	Zip bool
	// Exact, if not empty, says that the file itself is added as well, under this
	// name, as what the tree is made from ([writer.Member]), so that its very octets
	// can be had again. Of what zstd, bzip2 or xz pack it is the tar: it is as long as
	// the members together, and is stored once with them.
	Exact string
	// Salvage makes what follows a fault in a file an issue of the path "", and
	// what came before it all there is.
	Salvage bool
	// Issue hears of what is not, or not as it was, in what is added.
	Issue func(path string, err error, stored bool)
	// Notice hears of what is no fault: once of each thing that was changed in
	// names, of tars behind one another, of one without a mark at its end.
	Notice func(text string)
}

var (
	// ErrUnknown says that a file is neither tar nor zip.
	ErrUnknown = errors.New("neither a tar nor a zip file")
	// ErrBroken says that a file breaks the rules of its format, or ends early.
	ErrBroken = errors.New("broken")
	// ErrLacking says that a member is of a kind that is not taken.
	ErrLacking = errors.New("not imported")
)

// maxWindow bounds the memory of a zstd stream, as zstd itself does.
const maxWindow = 128 << 20

// Read reads a file and adds its members. Errors of add, but for
// writer.ErrMember, and of the end of the context, end it.
func Read(ctx context.Context, in io.Reader, o Options, add func(*writer.Member) error) error {
	x := &reading{ctx: ctx, o: o, add: add}
	if o.Exact == "" {
		_, err := x.salvage(in)
		return err
	}
	f, done, err := x.again(in)
	if err != nil {
		return err
	}
	broken, err := x.salvage(f)
	if err == nil {
		err = x.original(f, broken)
	}
	return errors.Join(err, done())
}

// salvage reads a file, and makes an issue of what is wrong with it if that is
// asked for.
func (x *reading) salvage(in io.Reader) (broken bool, err error) {
	err = x.read(in)
	if x.o.Salvage && errors.Is(err, ErrBroken) {
		x.issue("", err, false)
		return true, nil
	}
	return false, err
}

type reading struct {
	ctx context.Context
	o   Options
	add func(*writer.Member) error
	cut map[string]bool // what was taken off names
}

func (x *reading) issue(path string, err error, stored bool) {
	if x.o.Issue != nil {
		x.o.Issue(path, err, stored)
	}
}

// member adds a member, and makes an issue of what cannot be stored.
func (x *reading) member(m *writer.Member) error {
	err := x.add(m)
	if errors.Is(err, writer.ErrMember) {
		x.issue(m.Path, err, false)
		return nil
	}
	return err
}

// packing is how a tar may be packed.
type packing struct {
	magic    string
	open     func(io.Reader) (io.Reader, error)
	suffixes []string
}

const zstdMagic = "\x28\xb5\x2f\xfd"

// magics tell compressed files apart. Those with suffixes of their names are
// packed in a way that no recipe makes again.
var magics = []packing{
	{"\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }, nil},
	{zstdMagic, openZstd, []string{".zst", ".zstd", ".tzst"}},
	{"BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }, []string{".bz2", ".tbz2", ".tbz"}},
	{"\xfd7zXZ\x00", func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) }, []string{".xz", ".txz"}},
}

func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(2))
}

// is says whether a file that begins so is packed in this way. A zstd stream may
// begin with a frame that is to be skipped.
func (m *packing) is(head []byte) bool {
	return bytes.HasPrefix(head, []byte(m.magic)) ||
		m.magic == zstdMagic && len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18"))
}

// Known says whether what begins so is a file that Read may read.
func Known(head []byte) bool {
	for i := range magics {
		if magics[i].is(head) {
			return true
		}
	}
	return isZip(head) || isTar(head)
}

// HeadSize is how much of a file Known wants to see.
const HeadSize = 512

// read looks what a file is. The head of a tar is its first member's header.
func (x *reading) read(in io.Reader) error {
	b := bufio.NewReaderSize(in, 1<<20)
	head, err := b.Peek(HeadSize)
	if err != nil && err != io.EOF {
		return err
	}
	if x.o.Zip || isZip(head) {
		return x.zipOf(in, b)
	}
	for i := range magics {
		m := &magics[i]
		if !m.is(head) {
			continue
		}
		r, err := m.open(b)
		if err != nil {
			return broken(err)
		}
		if c, ok := r.(interface{ Close() }); ok {
			defer c.Close()
		}
		inner := bufio.NewReaderSize(unpacking{r}, 1<<20)
		if head, err = inner.Peek(HeadSize); err != nil && err != io.EOF {
			return err
		}
		b = inner
		break
	}
	if !isTar(head) {
		return ErrUnknown
	}
	return x.tars(b)
}

// unpacking gives what a stream was packed from; what is wrong with it is
// wrong with the file.
type unpacking struct{ r io.Reader }

func (u unpacking) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && err != io.EOF {
		err = broken(err)
	}
	return n, err
}

// broken makes an error one of class ErrBroken.
func broken(err error) error {
	if errors.Is(err, ErrBroken) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBroken, err)
}

// zipOf reads a zip file: where it lies, or from a copy.
func (x *reading) zipOf(in io.Reader, b *bufio.Reader) error {
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return x.zip(f, info.Size())
		}
	}
	f, err := disk.Temporary(x.o.TempDir)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(f, b)
	if err != nil {
		return err
	}
	return x.zip(f, n)
}
