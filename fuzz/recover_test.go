package fuzz

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/crosscheck"
	"github.com/vtdarchive/vtd/internal/mutate"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
	"github.com/vtdarchive/vtd/recovery"
)

// FuzzRecover recovers any bytes. What is written is a sound archive, for the
// reader and for an implementation that shares no code with it, and recovering
// that gives the same again, whole.
func FuzzRecover(f *testing.F) {
	rng := rand.New(rand.NewPCG(21, 22))
	for i, s := range seeds(f) {
		f.Add(s.bytes, byte(i))
		if testing.Short() && i%4 != 0 {
			continue
		}
		b := bytes.Clone(s.bytes)
		switch at := rng.IntN(len(b) + 1); i / 4 % 4 { // and what it is for
		case 0:
			b = b[:at]
		case 1:
			b = b[at:]
		case 2:
			clear(b[at:min(len(b), at+600)])
		case 3:
			b = append(b[:at:at], append(testkit.Noise(uint64(at), 300), b[at:]...)...)
		}
		f.Add(b, byte(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, how byte) {
		if len(b) > maxInput {
			return
		}
		guard(t)
		// Lies that have the right check sums are met behind them.
		if level := int(how) % mutate.SealLevels; level > 0 && len(b) > format.HeaderFixedSize {
			b = mutate.Sealed(b, level)
		}
		out, rep := recoverBytes(t, b, recovery.Options{WholeOnly: how&0x10 != 0})
		if out == nil {
			return
		}
		sound(t, out)
		again, rep2 := recoverBytes(t, out, recovery.Options{})
		if again == nil || !rep2.Whole() {
			t.Errorf("what was recovered is not whole: %+v, from %+v", rep2, rep)
		}
		if !bytes.Equal(out, again) {
			t.Errorf("%d bytes become %d when they are recovered once more", len(out), len(again))
		}
	})
}

func recoverBytes(t *testing.T, b []byte, o recovery.Options) ([]byte, *recovery.Report) {
	t.Helper()
	var out bytes.Buffer
	rep, err := recovery.Recover(context.Background(), reader.Bytes(b), "input", &out, o)
	if err != nil {
		if !errors.Is(err, format.ErrNotArchive) && !errors.Is(err, format.ErrDamaged) {
			t.Errorf("recover: %v", err)
		}
		crosscheck.Classed(crosscheck.Test{Failer: t}, "recover", err)
		return nil, rep
	}
	return out.Bytes(), rep
}

// sound checks an archive that was recovered. A writer's lie about the content
// of a file is no damage, and is kept; reading the whole file tells.
func sound(t *testing.T, b []byte) {
	t.Helper()
	a, err := reader.Open(reader.Bytes(b), reader.Options{ReadAhead: -1})
	if err != nil {
		t.Errorf("what was recovered does not open: %v", err)
		return
	}
	defer a.Close()
	found, err := a.Verify(context.Background(), reader.VerifyOptions{Workers: 1, NoContents: true})
	must(t, err)
	for _, x := range found.Findings {
		t.Errorf("what was recovered is not sound: %+v", x)
	}
	if a.TornTail() != 0 {
		t.Errorf("what was recovered has a tail of %d bytes", a.TornTail())
	}
}
