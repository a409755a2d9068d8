package fuzz

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// FuzzArchive reads anything in every way there is. Seal says how much of the
// bytes is made consistent first (see sealed): without, nearly all that a
// fuzzer thinks of ends at the first CRC.
func FuzzArchive(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s.bytes, uint8(sealNone))
		if s.valid {
			f.Add(s.bytes, uint8(sealTree))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seal uint8) {
		if len(b) > maxInput {
			t.Skip("too long")
		}
		guard(t)
		b = sealed(b, int(seal%sealLevels))
		path := filepath.Join(scratch(t), "archive")
		must(t, os.WriteFile(path, b, 0o600))

		v := bytesView(t, b)
		for _, noMap := range []bool{false, true} {
			o := readerOptions
			if o.NoMap = noMap; noMap {
				o.ReadAhead = -1
			}
			other := viewOf(t, func() (*reader.Archive, error) { return reader.OpenFile(path, o) })
			if !bytes.Equal(v.text.Bytes(), other.text.Bytes()) {
				t.Errorf("in memory:\n%s\nfrom a file (NoMap %v):\n%s", v.text.Bytes(), noMap, other.text.Bytes())
			}
		}
		agree(t, b, v, streamView(t, b))
	})
}

// agree holds random access, the stream and the testkit's reader against each
// other.
func agree(t *testing.T, b []byte, v *view, s *streamed) {
	t.Helper()
	if s.clean && !v.opened {
		t.Errorf("the stream finds no fault, random access cannot open it:\n%s", v.text.Bytes())
	}
	if !s.bad && !s.cut && v.opened && !v.bad && !v.cut {
		if s.top.Root != v.top.Root || s.top.Snapshot != v.top.Snapshot {
			t.Errorf("the stream has root %v, random access %v", s.top.Root, v.top.Root)
		}
		if err := same(s.entries, v.entries); err != nil {
			t.Errorf("stream and random access differ: %v", err)
		}
	}
	if !v.opened || !v.fits() {
		return // the testkit's reader has no bounds
	}
	contents, err := testkit.Check(b)
	if (err == nil) != v.clean {
		t.Errorf("the testkit's reader says %v, verify clean is %v:\n%s", err, v.clean, v.text.Bytes())
	}
	if err != nil || !v.clean {
		return
	}
	if contents.Root != v.top.Root.String() || len(contents.Entries) != len(v.entries) {
		t.Errorf("the testkit's reader has %d entries of root %v, not %d of %v",
			len(contents.Entries), contents.Root, len(v.entries), v.top.Root)
	}
	if s.opened && !s.spool && !s.clean && s.fits() && contents.Tail == 0 {
		t.Errorf("nothing is wrong with it, but the stream says\n%s", s.text.Bytes())
	}
}
