package fsmeta

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

var methods = map[string]xattrMethod{"at": viaAt, "proc": viaProc, "open": viaOpen}

// Every way to reach attributes gives the same answers on every kind.
func TestXattrMethods(t *testing.T) {
	needRoot(t)
	top := openTemp(t)
	for place, dirfd := range map[string]int{"top": top, "deep": deep(t, top)} {
		names := kinds(t, dirfd)
		write(t, dirfd, awkwardNames[0], "")
		for method, m := range methods {
			for _, name := range append(names, awkwardNames[0]) {
				t.Run(place+"/"+method+"/"+name[:min(len(name), 8)], func(t *testing.T) {
					testMethod(t, object{dirfd, name}, m)
				})
			}
		}
	}
}

func testMethod(t *testing.T, o object, m xattrMethod) {
	buf := make([]byte, largeXattr)
	n, err := o.listXattrBy(m, buf)
	if kind := mustStat(t, o.fd, o.name).Kind(); m == viaOpen && kind != unix.S_IFREG && kind != unix.S_IFDIR {
		wantErr(t, err, unix.ENOSYS)
		return
	}
	if m == viaAt {
		need64(t)
	}
	if m == viaAt && err == unix.ENOSYS {
		t.Skip("SKIPPED, NOT TESTED: kernel before 6.13")
	}
	check(t, err)
	if n != 0 {
		t.Fatalf("attributes to begin with: %q", buf[:n])
	}
	for _, value := range [][]byte{nil, {0}, []byte("text"), bytes.Repeat([]byte{0, 0xff}, 600)} {
		err = o.setXattrBy(m, "trusted.x", value)
		denied(t, err)
		check(t, err)
		n, err = o.listXattrBy(m, buf)
		check(t, err)
		if string(buf[:n]) != "trusted.x\x00" {
			t.Errorf("list %q", buf[:n])
		}
		n, err = o.getXattrBy(m, "trusted.x", buf)
		check(t, err)
		if !bytes.Equal(buf[:n], value) {
			t.Errorf("value %q, want %q", buf[:n], value)
		}
	}
	_, err = o.getXattrBy(m, "trusted.x", buf[:10])
	wantErr(t, err, unix.ERANGE)
	_, err = o.listXattrBy(m, buf[:5])
	wantErr(t, err, unix.ERANGE)
	check(t, o.removeXattrBy(m, "trusted.x"))
	wantErr(t, o.removeXattrBy(m, "trusted.x"), unix.ENODATA)
	_, err = o.getXattrBy(m, "trusted.x", buf)
	wantErr(t, err, unix.ENODATA)
	_, err = object{o.fd, "absent"}.listXattrBy(m, buf)
	wantErr(t, err, unix.ENOENT)
	wantErr(t, o.setXattrBy(m, "trusted.nul\x00byte", nil), unix.EINVAL)
}

// More names, and longer values, than the first buffer holds; the value of an
// empty attribute is not nil.
func TestXattrsLarge(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	var want []Xattr
	for i := range 40 {
		want = append(want, Xattr{fmt.Sprintf("user.%02d%s", i, strings.Repeat("n", i)), []byte{}})
	}
	want = append(want, Xattr{"user.zz", bytes.Repeat([]byte("v\x00"), 500)})
	for _, x := range slices.Backward(want) {
		check(t, SetXattr(dirfd, "f", x.Name, x.Value))
	}
	got, err := Xattrs(dirfd, "f")
	check(t, err)
	sameXattrs(t, got, want)
	if got[0].Value == nil {
		t.Error("empty value is nil")
	}
	fd, err := OpenFile(dirfd, "f")
	check(t, err)
	defer unix.Close(fd)
	got, err = FXattrs(fd)
	check(t, err)
	sameXattrs(t, got, want)
}

// The largest value Linux has, where there is a file system that takes it.
func TestXattrLargest(t *testing.T) {
	dir, err := unix.Open("/dev/shm", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	defer unix.Close(dir)
	name := TempName("xattr-test")
	write(t, dir, name, "")
	defer Remove(dir, name)
	value := bytes.Repeat([]byte{7}, largeXattr)
	if err := SetXattr(dir, name, "user.large", value); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: %v", err)
	}
	got, err := GetXattr(dir, name, "user.large")
	check(t, err)
	if !bytes.Equal(got, value) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestXattrExported(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	fd, err := OpenWrite(dirfd, "f")
	check(t, err)
	defer unix.Close(fd)
	check(t, SetXattr(dirfd, "f", "user.b", []byte("1")))
	check(t, FSetXattr(fd, "user.a", nil))
	names, err := FListXattrs(fd)
	check(t, err)
	if !slices.Equal(names, []string{"user.a", "user.b"}) {
		t.Error(names)
	}
	v, err := FGetXattr(fd, "user.b")
	check(t, err)
	if string(v) != "1" {
		t.Errorf("%q", v)
	}
	check(t, FRemoveXattr(fd, "user.a"))
	check(t, RemoveXattr(dirfd, "f", "user.b"))
	names, err = ListXattrs(dirfd, "f")
	if names != nil || err != nil {
		t.Error(names, err)
	}
	_, err = GetXattr(dirfd, "f", "user.b")
	wantErr(t, err, unix.ENODATA)
}

// A file system without attributes has none, which is no error.
func TestXattrsUnsupported(t *testing.T) {
	proc, err := unix.Open("/proc/self", unix.O_PATH|unix.O_DIRECTORY, 0)
	check(t, err)
	defer unix.Close(proc)
	attrs, err := Xattrs(proc, "status")
	if attrs != nil || err != nil {
		t.Error(attrs, err)
	}
	errs := Apply(proc, "status", &Meta{Xattrs: []Xattr{{"user.x", nil}}}, SetXattrs)
	if len(errs) != 1 || errs[0].Name != "user.x" || !errs[0].Unsupported() {
		t.Error(errs)
	}
}

// Attributes that come and go while they are read are there or not, and
// nothing else.
func TestXattrRace(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	stop := make(chan struct{})
	done := make(chan error)
	go func() {
		large := bytes.Repeat([]byte("v"), 900)
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			err := errors.Join(SetXattr(dirfd, "f", "user.x", large), SetXattr(dirfd, "f", "user.x", []byte("v")),
				RemoveXattr(dirfd, "f", "user.x"))
			if err != nil {
				<-stop
				done <- err
				return
			}
		}
	}()
	for range 2000 {
		attrs, err := Xattrs(dirfd, "f")
		if err != nil {
			t.Error(err)
			break
		}
		for _, x := range attrs {
			if n := len(x.Value); n != 900 && n != 1 {
				t.Errorf("%d bytes", n)
			}
		}
	}
	close(stop)
	check(t, <-done)
}

func BenchmarkListXattrsNone(b *testing.B) {
	dirfd := openTemp(b)
	write(b, dirfd, "file.txt", "")
	for name, m := range methods {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, smallXattr)
			for b.Loop() {
				if _, err := (object{dirfd, "file.txt"}).listXattrBy(m, buf); err != nil {
					b.Skip(err)
				}
			}
		})
	}
}
