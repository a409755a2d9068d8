package fsmeta

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestStatEveryKind(t *testing.T) {
	dirfd := openTemp(t)
	want := map[string]uint32{
		"file": unix.S_IFREG, "dir": unix.S_IFDIR, "symlink": unix.S_IFLNK, "fifo": unix.S_IFIFO,
		"socket": unix.S_IFSOCK, "char": unix.S_IFCHR, "block": unix.S_IFBLK,
	}
	for _, name := range kinds(t, dirfd) {
		info := mustStat(t, dirfd, name)
		if info.Kind() != want[name] {
			t.Errorf("%s: kind %o", name, info.Kind())
		}
		if name == "char" || name == "block" {
			if Major(info.Rdev) != maxMajor || Minor(info.Rdev) != maxMinor || Mkdev(maxMajor, maxMinor) != info.Rdev {
				t.Errorf("%s: device %d,%d", name, Major(info.Rdev), Minor(info.Rdev))
			}
		}
		if name == "file" && (info.Size != 7 || info.Nlink != 1 || info.Ino == 0 || info.Dev == 0) {
			t.Errorf("file: %+v", info)
		}
		birth, err := StatBirth(dirfd, name)
		check(t, err)
		if birth.HasBtime && birth.Btime.Compare(birth.Ctime) > 0 {
			t.Errorf("%s: born %v, changed %v", name, birth.Btime, birth.Ctime)
		}
		birth.Btime, birth.HasBtime = Time{}, false
		if birth != info {
			t.Errorf("%s: statx %+v\nstat %+v", name, birth, info)
		}
		fd, err := rawOpenat(dirfd, name, unix.O_PATH, 0)
		check(t, err)
		open, err := FStat(fd)
		check(t, err)
		unix.Close(fd)
		if open != info {
			t.Errorf("%s: fstat %+v\nstat %+v", name, open, info)
		}
	}
}

func TestStatWithoutStatx(t *testing.T) {
	dirfd := openTemp(t)
	write(t, dirfd, "f", "")
	noStatx.Store(true)
	defer noStatx.Store(false)
	info, err := StatBirth(dirfd, "f")
	check(t, err)
	if info.HasBtime || info != mustStat(t, dirfd, "f") {
		t.Errorf("%+v", info)
	}
}

func TestAwkwardNames(t *testing.T) {
	dirfd := openTemp(t)
	for _, name := range awkwardNames {
		write(t, dirfd, name, name)
		if got := mustStat(t, dirfd, name).Size; got != int64(len(name)) {
			t.Errorf("%q: size %d", name, got)
		}
		if _, err := ListXattrs(dirfd, name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	_, err := Stat(dirfd, strings.Repeat("n", 256))
	wantErr(t, err, unix.ENAMETOOLONG)
	for _, name := range []string{"", ".", "..", "a/b", "/", "/etc/passwd", "a/"} {
		_, err := Stat(dirfd, name)
		wantErr(t, err, ErrName)
		_, err = StatBirth(dirfd, name)
		wantErr(t, err, ErrName)
		_, err = OpenFile(dirfd, name)
		wantErr(t, err, ErrName)
		_, err = ReadLink(dirfd, name)
		wantErr(t, err, ErrName)
		_, err = CreateFile(dirfd, name, 0o600)
		wantErr(t, err, ErrName)
		_, err = Xattrs(dirfd, name)
		wantErr(t, err, ErrName)
		_, err = ListXattrs(dirfd, name)
		wantErr(t, err, ErrName)
		_, err = GetXattr(dirfd, name, "user.x")
		wantErr(t, err, ErrName)
		wantErr(t, SetXattr(dirfd, name, "user.x", nil), ErrName)
		wantErr(t, RemoveXattr(dirfd, name, "user.x"), ErrName)
		wantErr(t, Mkdir(dirfd, name, 0o700), ErrName)
		wantErr(t, Symlink("x", dirfd, name), ErrName)
		wantErr(t, Link(dirfd, "a", dirfd, name), ErrName)
		wantErr(t, Rename(dirfd, name, dirfd, "a"), ErrName)
		wantErr(t, Remove(dirfd, name), ErrName)
	}
	_, err = Stat(dirfd, "nul\x00byte")
	wantErr(t, err, unix.EINVAL)
}

func TestSparse(t *testing.T) {
	for _, c := range []struct {
		size, blocks int64
		want         bool
	}{{0, 0, false}, {1, 8, false}, {4096, 8, false}, {4097, 8, true}, {1, 0, true}, {512, 1, false}} {
		if got := (Info{Size: c.size, Blocks: c.blocks}).Sparse(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestTime(t *testing.T) {
	for _, at := range []Time{{0, 0}, {-1, 999_999_999}, {1 << 33, 1}} {
		if TimeOf(at.Std()) != at {
			t.Errorf("%v became %v", at, TimeOf(at.Std()))
		}
	}
	if got := TimeOf(time.Unix(-1_000_000_000, -500_000_000)); got != (Time{-1_000_000_001, 500_000_000}) {
		t.Error(got)
	}
	if (Time{1, 2}).Compare(Time{1, 3}) != -1 || (Time{2, 0}).Compare(Time{1, 9}) != 1 || (Time{1, 1}).Compare(Time{1, 1}) != 0 {
		t.Error("order of times")
	}
}

func TestTempName(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range append(awkwardNames, strings.Repeat("日", 85)) {
		temp := TempName(name)
		if len(temp) > 255 || temp[0] != '.' || temp == name || checkName(temp) != nil || seen[temp] {
			t.Errorf("%q: %q", name, temp)
		}
		if cut := strings.TrimRight(temp[1:len(temp)-tempRandom-1], "."); !strings.HasPrefix(name, cut) {
			t.Errorf("%q: %q", name, temp)
		}
		if strings.ToValidUTF8(name, "") == name && strings.ToValidUTF8(temp, "") != temp {
			t.Errorf("%q cut inside a character: %q", name, temp)
		}
		seen[temp] = true
	}
}

func TestOwners(t *testing.T) {
	var o Owners
	for range 2 {
		if o.UserName(0) != "root" || o.GroupName(0) != "root" {
			t.Logf("NOT TESTED: id 0 is %q, %q here", o.UserName(0), o.GroupName(0))
		} else {
			uid, ok := o.UserID("root")
			gid, gok := o.GroupID("root")
			if uid != 0 || gid != 0 || !ok || !gok {
				t.Errorf("root is %d %v, %d %v", uid, ok, gid, gok)
			}
		}
		if name := o.UserName(3999999999) + o.GroupName(3999999999); name != "" {
			t.Errorf("unknown ids have names %q", name)
		}
		for _, name := range []string{"", "no such name", "root\x00x", "root:x", "root\n"} {
			_, ok := o.UserID(name)
			_, gok := o.GroupID(name)
			if ok || gok {
				t.Errorf("%q has an id", name)
			}
		}
	}
	done := make(chan bool)
	for range 4 {
		go func() {
			for id := range uint32(50) {
				o.UserName(id)
				o.GroupName(id)
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
}

func BenchmarkStat(b *testing.B) {
	dirfd := openTemp(b)
	write(b, dirfd, "file.txt", "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Stat(dirfd, "file.txt"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStatBirth(b *testing.B) {
	dirfd := openTemp(b)
	write(b, dirfd, "file.txt", "")
	for b.Loop() {
		if _, err := StatBirth(dirfd, "file.txt"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCapture is what a walk costs a file without attributes.
func BenchmarkCapture(b *testing.B) {
	dirfd := openTemp(b)
	write(b, dirfd, "file.txt", "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Stat(dirfd, "file.txt"); err != nil {
			b.Fatal(err)
		}
		if attrs, err := Xattrs(dirfd, "file.txt"); err != nil || attrs != nil {
			b.Fatal(attrs, err)
		}
	}
}

func BenchmarkUserName(b *testing.B) {
	var o Owners
	uid := uint32(os.Getuid())
	for b.Loop() {
		o.UserName(uid)
	}
}
