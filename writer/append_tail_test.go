package writer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// Whatever octet of the end of a finished append is damaged, nothing of it is cut
// off unless that is asked for.
func TestDamagedEndIsKept(t *testing.T) {
	slowUnderRace(t)
	dir := files(t, map[string]string{"f": noise(1, 3000)})
	path := archiveOf(t, small(dir))
	put(t, filepath.Join(dir, "f"), noise(2, 3000))
	grow(t, path, of(dir))
	appended, err := os.ReadFile(path)
	must(t, err)
	_, err = AddParity(context.Background(), path, parityOptions())
	must(t, err)
	protected, err := os.ReadFile(path)
	must(t, err)
	for name, whole := range map[string][]byte{"snapshot": appended, "parity": protected} {
		for at := len(whole) - format.TrailerSize; at < len(whole); at++ {
			b := bytes.Clone(whole)
			b[at] ^= 1
			must(t, os.WriteFile(path, b, 0o666))
			_, err := Append(context.Background(), path, of(dir))
			_, errParity := AddParity(context.Background(), path, parityOptions())
			for _, err := range []error{err, errParity} {
				var tail *reader.TailError
				if !errors.As(err, &tail) || tail.Offset+tail.Size != int64(len(b)) || tail.At < tail.Offset {
					t.Fatalf("%s, octet %d: %v", name, at, err)
				}
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, b) {
				t.Fatalf("%s, octet %d: the archive was changed, %v", name, at, err)
			}
		}
		a, err := reader.OpenFile(path, reader.Options{})
		must(t, err)
		torn := a.TornTail()
		must(t, a.Close())
		o := of(dir)
		o.DiscardTail = true
		var notices []string
		o.OnNotice = func(s string) { notices = append(notices, s) }
		rep, err := Append(context.Background(), path, o)
		if err != nil || rep.Discarded != torn || torn == 0 || len(notices) != 1 {
			t.Errorf("%s, to be discarded: %+v, %q, %v", name, rep, notices, err)
		}
	}
}

// What an append left that did not finish is cut off, also where it has the end of
// another archive in it, which was among the files.
func TestUnfinishedEndIsCutOff(t *testing.T) {
	dir := files(t, map[string]string{"f": noise(1, 30_000)})
	path := archiveOf(t, small(dir))
	put(t, filepath.Join(dir, "f"), noise(2, 30_000))
	grow(t, path, of(dir))
	whole, err := os.ReadFile(path)
	must(t, err)
	other, _ := createWhole(t, small(files(t, map[string]string{"other": "other"})))
	a, err := reader.Open(reader.Bytes(whole), reader.Options{})
	must(t, err)
	defer a.Close()
	for name, tail := range map[string][]byte{
		"frames":          whole[a.Trailer().Segment : a.Trailer().Index-100],
		"some octets":     testkit.Noise(5, 70),
		"zeros":           make([]byte, 3<<20),
		"another archive": append(testkit.Noise(6, 500), other...),
	} {
		must(t, os.WriteFile(path, append(bytes.Clone(whole), tail...), 0o666))
		o := of(dir)
		var notices []string
		o.OnNotice = func(s string) { notices = append(notices, s) }
		rep, err := Append(context.Background(), path, o)
		if err != nil || rep.Discarded != int64(len(tail)) || len(notices) != 1 {
			t.Errorf("%s: %+v, %q, %v", name, rep, notices, err)
		}
	}
	// It is found wherever it lies in a large tail, also across pieces that are read.
	for _, before := range []int{0, 1<<20 - 3, 1 << 20, 3<<20 - 191} {
		tail := append(make([]byte, before), whole[len(whole)-format.TrailerSize:]...)
		tail[before+20] ^= 1
		must(t, os.WriteFile(path, append(bytes.Clone(whole), tail...), 0o666))
		_, err := Append(context.Background(), path, of(dir))
		var found *reader.TailError
		if !errors.As(err, &found) || found.At != int64(len(whole)+before) {
			t.Errorf("a trailer after %d octets: %v", before, err)
		}
	}
}
