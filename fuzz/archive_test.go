package fuzz

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/internal/mutate"
	"github.com/vtdarchive/vtd/internal/testkit"
)

// FuzzArchive reads anything in every way there is. Seal says how much of the
// bytes is made consistent first (see sealed): without, nearly all that a
// fuzzer thinks of ends at the first CRC.
func FuzzArchive(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s.bytes, uint8(mutate.SealNone))
		if s.valid {
			f.Add(s.bytes, uint8(mutate.SealTree))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seal uint8) {
		if len(b) > maxInput {
			t.Skip("too long")
		}
		guard(t)
		b = mutate.Sealed(b, int(seal%mutate.SealLevels))
		path := filepath.Join(scratch(t), "archive")
		must(t, os.WriteFile(path, b, 0o600))

		v, st := crosscheck.Archive(crosscheck.Test{Failer: t}, b, path, crosscheck.Small)
		checked(t, b, v, st)
	})
}

// agree holds random access, the stream and the testkit's reader against each
// other.
func agree(t *testing.T, b []byte, v *crosscheck.View, s *crosscheck.Streamed) {
	t.Helper()
	crosscheck.Agree(crosscheck.Test{Failer: t}, v, s)
	checked(t, b, v, s)
}

// checked holds them against the testkit's reader.
func checked(t *testing.T, b []byte, v *crosscheck.View, s *crosscheck.Streamed) {
	t.Helper()
	if !v.Opened || !v.Fits() {
		return // the testkit's reader has no bounds
	}
	contents, err := testkit.Check(b)
	if errors.Is(err, testkit.ErrTooMany) {
		return // in an earlier snapshot
	}
	if (err == nil) != v.Clean {
		t.Errorf("the testkit's reader says %v, verify clean is %v:\n%s", err, v.Clean, v.Text.Bytes())
	}
	if err != nil || !v.Clean {
		return
	}
	if contents.Root != v.Top.Root.String() || len(contents.Entries) != len(v.Entries) {
		t.Errorf("the testkit's reader has %d entries of root %v, not %d of %v",
			len(contents.Entries), contents.Root, len(v.Entries), v.Top.Root)
	}
	if s.Opened && !s.Spool && !s.Clean && s.Fits() && contents.Tail == 0 {
		t.Errorf("nothing is wrong with it, but the stream says\n%s", s.Text.Bytes())
	}
}
