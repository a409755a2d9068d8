package reader_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/testkit"
	"github.com/vtdarchive/vtd/reader"
)

// TestBehindParity: a frame behind a parity segment is found without its row.
func TestBehindParity(t *testing.T) {
	version := func(seed uint64, after ...int) testkit.Segment {
		return testkit.Segment{Versions: []testkit.Version{{Root: testkit.Dir("", testkit.File("a", string(testkit.Noise(seed, 3000)))), After: after}}}
	}
	a := &testkit.Archive{Segments: []testkit.Segment{version(1), {Parity: &testkit.Parity{}}, {Parity: &testkit.Parity{}}, version(2, 0)}}
	built := testkit.MustMake(t, a)
	b := built.Bytes
	frames := 0
	for _, f := range built.Frames {
		if f.Segment == 3 {
			frames++
			b[built.Segments[3].Trailer-frames*format.IndexFrameSize] ^= 0xff // where it lies
		}
	}
	r, err := reader.Open(reader.Bytes(b), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.FS().Open("a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); frames < 3 || err != nil || !bytes.Equal(got, testkit.Noise(2, 3000)) {
		t.Errorf("%d frames: %d bytes, %v", frames, len(got), err)
	}
}

// TestParityCutOff: the archive before parity that was cut off is read, and a
// warning says what to do.
func TestParityCutOff(t *testing.T) {
	a := testkit.One(testkit.Dir("", testkit.File("a", string(testkit.Noise(1, 3000)))))
	a.Segments = append(a.Segments, testkit.Segment{Parity: &testkit.Parity{}})
	built := testkit.MustMake(t, a)
	for end := built.Segments[1].Begin; end <= len(built.Bytes); end += 100 {
		r, err := reader.Open(reader.Bytes(built.Bytes[:end]), reader.Options{})
		if err != nil {
			t.Fatal(end, err)
		}
		rep, err := r.Verify(context.Background(), reader.VerifyOptions{})
		if err != nil || !rep.OK() {
			t.Errorf("without the last %d: %v, %+v", len(built.Bytes)-end, err, rep.Findings)
		}
		said := len(rep.Warnings) == 1 && strings.Contains(rep.Warnings[0], "vt ar repair")
		if said != (end >= built.Segments[1].Begin+8) {
			t.Errorf("without the last %d: %q", len(built.Bytes)-end, rep.Warnings)
		}
	}
	r, err := reader.Open(reader.Bytes(built.Bytes), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sets, err := r.Parity()
	if err != nil || len(sets) != 1 || sets[0].End() != int64(built.Segments[1].Begin) || sets[0].SegmentEnd() != int64(len(built.Bytes)) {
		t.Errorf("%+v, %v", sets, err)
	}
}
