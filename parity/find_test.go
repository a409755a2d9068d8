package parity

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// holding makes an archive with one file, stored as it is in one block.
func holding(t fatal, content []byte, id format.ArchiveID) []byte {
	t.Helper()
	a := testkit.One(testkit.Dir("", testkit.File("inner.vtd", string(content))))
	a.Options.ID, a.Options.Chunk = id, 1<<20
	b, err := a.Build()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestArchiveInside: the parity of an archive that the archive holds is not taken
// for its own, even if both have one id, as an archive that holds an older
// state of itself has.
func TestArchiveInside(t *testing.T) {
	for _, id := range []format.ArchiveID{{}, {1: 7}} {
		inner, _ := protect(t, holding(t, testkit.Noise(1, 5000), format.ArchiveID{}), 0, 2000)
		plain := holding(t, inner, id)
		b, s := protect(t, plain, 0, 1000)
		n := int(s.Reach())
		at := bytes.Index(b, inner)
		if at < 0 {
			t.Fatal("it is not stored as it is")
		}
		for _, from := range []int{0, at, at + len(inner) - n, int(s.End()) - n/2, len(b) - n} {
			for _, l := range losses[:3] {
				damaged := l.do(b, from, n)
				mustRepair(t, fmt.Sprintf("%v: %s: %d from %d", id, l.name, n, from), damaged, b)
				if from+n == len(b) {
					mustRepair(t, "the same without the last byte", damaged[:len(b)-1], b)
				}
			}
		}
		// An archive that has none gets no help from the one inside, but for
		// what that protects of itself.
		if got := sets(t, plain); len(got) != 0 {
			t.Errorf("%v: %d sets of an archive that has none", id, len(got))
		}
	}
}

// failingDisk does not give some of a file any more.
type failingDisk struct {
	b        []byte
	from, to int64
}

func (f *failingDisk) ReadAt(p []byte, off int64) (int, error) {
	if off < f.to && f.from < off+int64(len(p)) {
		n := copy(p, f.b[off:max(off, f.from)])
		return n, unix.EIO
	}
	return bytes.NewReader(f.b).ReadAt(p, off)
}

// TestUnreadable: what a disk does not give is damage like any other.
func TestUnreadable(t *testing.T) {
	b, s := protect(t, archive(t, 20_000, 1), 0, 2000)
	n := s.Reach()
	for from := int64(0); from+n <= int64(len(b)); from += n/3 + 1 {
		disk := &failingDisk{b, from, from + n}
		y, err := Look(context.Background(), disk, int64(len(b)), one)
		if err != nil {
			t.Fatal(from, err)
		}
		m := &memory{}
		if err := y.Copy(context.Background(), m, one); err != nil || !bytes.Equal(m.b, b) {
			t.Errorf("%d bytes from %d: %v, %s", n, from, err, difference(m.b, b))
		}
	}
	disk := &failingDisk{b, 4096, 4097}
	if _, err := Write(context.Background(), disk, &memory{}, s, one); err == nil {
		t.Error("parity was made of what cannot be read")
	}
}

// TestTrail: sets are found by trailers without a search, and by search without
// trailers.
func TestTrail(t *testing.T) {
	b, all := grown(t)
	v := &view{bytes.NewReader(b), int64(len(b))}
	byTrailers, ok := v.chain()
	if !ok || len(byTrailers) != len(all) {
		t.Fatalf("%d sets by trailers, %v", len(byTrailers), ok)
	}
	found, err := find(context.Background(), v, true)
	if err != nil || len(found) != len(all) {
		t.Fatalf("%d sets by search, %v", len(found), err)
	}
	for i, s := range found {
		if s.ParitySet != byTrailers[i].ParitySet || len(s.shifts) != 1 {
			t.Errorf("set %d: %+v, %+v", i, s, byTrailers[i])
		}
	}
}
