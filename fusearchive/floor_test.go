package fusearchive

import (
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// floor is a file system of one file that has nothing to do for it: what reading
// costs where nothing is decoded or checked.
type floor struct {
	fuse.RawFileSystem
	read   func(off int64, n int, room []byte) fuse.ReadResult // nil: the kernel reads the file itself
	file   *os.File                                            // for splice and passthrough
	server *fuse.Server
}

const floorSize = 512 << 20

func (f *floor) attr(id uint64, out *fuse.Attr) {
	*out = fuse.Attr{Ino: id, Nlink: 1, Mode: unix.S_IFDIR | 0o755}
	if id != fuse.FUSE_ROOT_ID {
		out.Mode, out.Size = unix.S_IFREG|0o644, floorSize
	}
}

func (f *floor) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	f.attr(in.NodeId, &out.Attr)
	out.SetTimeout(forever)
	return fuse.OK
}

func (f *floor) Lookup(_ <-chan struct{}, _ *fuse.InHeader, _ string, out *fuse.EntryOut) fuse.Status {
	out.NodeId = fuse.FUSE_ROOT_ID + 1
	out.SetEntryTimeout(forever)
	out.SetAttrTimeout(forever)
	f.attr(out.NodeId, &out.Attr)
	return fuse.OK
}

func (f *floor) Open(_ <-chan struct{}, _ *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if f.read != nil {
		return fuse.ENOSYS
	}
	id, errno := f.server.RegisterBackingFd(&fuse.BackingMap{Fd: int32(f.file.Fd())})
	out.BackingID = id
	out.OpenFlags |= fuse.FOPEN_PASSTHROUGH
	return fuse.Status(errno)
}

func (f *floor) Read(_ <-chan struct{}, in *fuse.ReadIn, room []byte) (fuse.ReadResult, fuse.Status) {
	return f.read(int64(in.Offset), int(min(uint64(len(room)), floorSize-in.Offset)), room), fuse.OK
}

// BenchmarkFloor measures ways to answer reads: a file from its start to its end,
// none of it in the page cache.
func BenchmarkFloor(b *testing.B) {
	needFUSE(b)
	file, err := os.Create(filepath.Join("/dev/shm", fmt.Sprint("vt-floor.", os.Getpid())))
	must(b, err)
	defer os.Remove(file.Name())
	memory := make([]byte, 128<<20)
	for i := range memory {
		memory[i] = byte(i)
	}
	for range floorSize / len(memory) {
		_, err := file.Write(memory)
		must(b, err)
	}
	part := func(off int64, n int) []byte {
		off %= int64(len(memory) - maxRead - oddly)
		return memory[off : off+int64(n)]
	}
	whole := func(off int64, n int, _ []byte) fuse.ReadResult { return fuse.ReadResultData(part(off, n)) }
	for _, way := range []struct {
		name    string
		maxRead int
		read    func(int64, int, []byte) fuse.ReadResult
	}{
		{"writev/1MiB", maxRead, whole},
		{"writev/256KiB", 256 << 10, whole},
		{"writev/128KiB", 128 << 10, whole},
		{"writev/1MiB of 5000 B", maxRead, inParts(part, 5000)},
		{"writev/1MiB of 20000 B", maxRead, inParts(part, 20000)},
		{"copied/1MiB of 5000 B", maxRead, copied(part, 5000)},
		{"copied/1MiB of 20000 B", maxRead, copied(part, 20000)},
		{"splice/512KiB", 512 << 10, func(off int64, n int, _ []byte) fuse.ReadResult { return fuse.ReadResultFd(file.Fd(), off, n) }},
		{"passthrough", maxRead, nil},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(floorSize)
			var server, reader float64
			for b.Loop() {
				b.StopTimer()
				f := &floor{RawFileSystem: fuse.NewDefaultRawFileSystem(), read: way.read, file: file}
				dir := b.TempDir()
				o := (&MountOptions{}).forRoot()
				o.MaxWrite, o.DisableSplice, o.MaxStackDepth = way.maxRead, way.name[:6] != "splice", 2
				o.Logger = log.New(io.Discard, "", 0)
				s, err := fuse.NewServer(f, dir, o)
				must(b, err)
				f.server = s
				go s.Serve()
				(&Server{dir: dir}).setReadAhead(0)
				before, children := processorTime(syscall.RUSAGE_SELF), processorTime(syscall.RUSAGE_CHILDREN)
				b.StartTimer()
				cat := exec.Command("cat", filepath.Join(dir, "file")) // its output goes nowhere
				err = cat.Run()
				b.StopTimer()
				server += processorTime(syscall.RUSAGE_SELF) - before
				reader += processorTime(syscall.RUSAGE_CHILDREN) - children
				must(b, unix.Unmount(dir, unix.MNT_DETACH))
				s.Wait()
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(server/float64(b.N), "server-s/op")
			b.ReportMetric(reader/float64(b.N), "cat-s/op")
		})
	}
}

// oddly is where parts begin, so that no page of theirs is one of the answer's.
const oddly = 100

// inParts answers with parts of a size.
func inParts(part func(int64, int) []byte, size int) func(int64, int, []byte) fuse.ReadResult {
	return func(off int64, n int, _ []byte) fuse.ReadResult {
		return fuse.ReadResultVector(slices.Collect(slices.Chunk(part(off+oddly, n), size)))
	}
}

// copied answers with such parts, copied into one.
func copied(part func(int64, int) []byte, size int) func(int64, int, []byte) fuse.ReadResult {
	return func(off int64, n int, room []byte) fuse.ReadResult {
		at := 0
		for p := range slices.Chunk(part(off+oddly, n), size) {
			at += copy(room[at:], p)
		}
		return fuse.ReadResultData(room[:at])
	}
}

// processorTime gives seconds of user and system time.
func processorTime(who int) float64 {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
