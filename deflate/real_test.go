package deflate

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestReal looks for models of real streams, says what they predict wrong, and
// rebuilds them: those that come with Go's source, or below the directories in
// DEFLATE_REAL (separated as in PATH):
//
//	DEFLATE_REAL=/usr/share/doc go test -run TestReal -v ./deflate
//
// With DEFLATE_NEAR it takes the versions of models that archives have where they need
// few corrections.
//
// It knows gzip, zlib (as git's loose objects are), zip and PNG, by content. What it
// found goes to the file DEFLATE_JSON, if there is one.
func TestReal(t *testing.T) {
	root := build.Default.GOROOT
	dirs := []string{filepath.Join(root, "src", "image"), filepath.Join(root, "src", "archive"), filepath.Join(root, "src", "compress"), filepath.Join(root, "lib", "time")}
	if asked := os.Getenv("DEFLATE_REAL"); asked != "" {
		dirs = filepath.SplitList(asked)
	}
	rows := map[string]*row{}
	for _, dir := range dirs {
		filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			real(data, func(kind string, stream []byte, h Hints) {
				r := rows[kind]
				if r == nil {
					r = &row{models: map[string]int{}}
					rows[kind] = r
				}
				r.add(t, name, stream, h)
			})
			return nil
		})
	}
	streams := 0
	for kind, r := range rows {
		t.Logf("%s: %s", kind, r)
		streams += r.streams
	}
	if name := os.Getenv("DEFLATE_JSON"); name != "" {
		measures := map[string]measure{}
		for kind, r := range rows {
			measures[kind] = r.measure()
		}
		out, err := json.Marshal(measures)
		if err == nil {
			err = os.WriteFile(name, out, 0o666)
		}
		if err != nil {
			t.Error(err)
		}
	}
	switch {
	case streams > 0:
	case os.Getenv("DEFLATE_REAL") != "":
		t.Errorf("no streams below %s", dirs)
	default:
		t.Skipf("SKIPPED, NOT TESTED: this Go comes without its test data, %s", dirs)
	}
}

// real calls found for the streams in data.
func real(data []byte, found func(string, []byte, Hints)) {
	switch {
	case bytes.HasPrefix(data, []byte("\x1f\x8b\x08")) && len(data) > 18:
		if i := gzipHeader(data); i > 0 {
			found("gzip", data[i:], GzipHints(data[8], data[9]))
		}
	case len(data) > 8 && data[0] == 0x78 && (int(data[0])<<8|int(data[1]))%31 == 0 && data[1]&32 == 0:
		found("zlib", data[2:], ZlibHints(data[0], data[1]))
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, f := range z.File {
			if at, err := f.DataOffset(); err == nil && f.Method == zip.Deflate {
				found("zip", data[at:at+int64(f.CompressedSize64)], Hints{})
			}
		}
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		var idat []byte
		for at := 8; at+8 <= len(data); {
			n := int(binary.BigEndian.Uint32(data[at:]))
			if at+12+n > len(data) {
				return
			}
			if string(data[at+4:at+8]) == "IDAT" {
				idat = append(idat, data[at+8:at+8+n]...)
			}
			at += 12 + n
		}
		if len(idat) > 2 {
			found("png", idat[2:], PNGHints(idat[0], idat[1]))
		}
	}
}

// gzipHeader gives the length of the header of a member.
func gzipHeader(b []byte) int {
	i := 10
	if b[3]&4 != 0 {
		i += 2 + int(binary.LittleEndian.Uint16(b[i:]))
	}
	for _, flag := range []byte{8, 16} {
		if b[3]&flag != 0 && i < len(b) {
			i += bytes.IndexByte(b[i:], 0) + 1
		}
	}
	if b[3]&2 != 0 {
		i += 2
	}
	if i >= len(b) {
		return 0
	}
	return i
}

type row struct {
	streams, parts, exact, plain, invalid int
	size, plainSize, content, corr        int64
	find, worst, predict, rebuild         time.Duration
	worstSmall                            time.Duration // up to secondTrial of content
	finds                                 []time.Duration
	models                                map[string]int
}

func (r *row) add(t *testing.T, name string, stream []byte, h Hints) {
	limits := Limits{}
	var buf bytes.Buffer
	s, err := Survey(bytes.NewReader(stream), &buf, limits)
	if err != nil {
		r.invalid++
		return
	}
	content := buf.Bytes()
	r.streams++
	r.size += s.Size
	start := cpuTime()
	m, err := Find(bytes.NewReader(stream), bytes.NewReader(content), s, h, limits)
	took := cpuTime() - start
	r.find += took
	r.finds = append(r.finds, took)
	if len(content) <= secondTrial {
		r.worstSmall = max(r.worstSmall, took)
	} else {
		r.worst = max(r.worst, took)
	}
	if err != nil {
		t.Logf("%s: %d octets, %d of content, %+v: %v", name, s.Size, len(content), s.Traits, err)
		r.plain++
		r.plainSize += s.Size
		return
	}
	if os.Getenv("DEFLATE_NEAR") != "" {
		m, _ = m.Near()
	}
	recipe := &Recipe{Layout: s.Layout, Model: m}
	corr := 0
	start = cpuTime()
	for i := range s.Parts {
		c, err := PredictPart(bytes.NewReader(stream), bytes.NewReader(content), s, i, m, limits)
		if errors.Is(err, ErrEffort) {
			t.Logf("%s: %v", name, err)
			r.plain++
			r.plainSize += s.Size
			return
		}
		if err != nil {
			t.Fatal(name, err)
		}
		recipe.Corrections = append(recipe.Corrections, c)
		corr += len(c)
	}
	r.predict += cpuTime() - start
	r.models[m.String()]++
	r.content += s.ContentSize
	r.corr += int64(corr)
	r.parts += len(s.Parts)
	if corr == 0 {
		r.exact++
	} else {
		t.Logf("%s: %d octets, %d of content, %d parts: %s with corrections of %d", name, s.Size, s.ContentSize, len(s.Parts), m, corr)
	}
	var out []byte
	start = cpuTime()
	for i := range s.Parts {
		from, to := recipe.Window(i)
		if out, err = RebuildPart(out, content[from:to], recipe, i, limits); err != nil {
			t.Fatal(name, err)
		}
	}
	r.rebuild += cpuTime() - start
	if !bytes.Equal(out, stream[:s.Size]) {
		t.Errorf("%s: %s does not rebuild it", name, m)
	}
}

// A measure is what programs read of a row; times are seconds.
type measure struct {
	Streams, Exact, Plain                              int
	Size, PlainSize, Content, Corrections              int64
	Predict, Rebuild, FindMedian, FindSmall, FindLarge float64
}

func (r *row) measure() measure {
	m := measure{
		Streams: r.streams, Exact: r.exact, Plain: r.plain,
		Size: r.size, PlainSize: r.plainSize, Content: r.content, Corrections: r.corr,
		Predict: r.predict.Seconds(), Rebuild: r.rebuild.Seconds(),
		FindSmall: r.worstSmall.Seconds(), FindLarge: r.worst.Seconds(),
	}
	if n := len(r.finds); n > 0 {
		slices.Sort(r.finds)
		m.FindMedian = r.finds[n/2].Seconds()
	}
	return m
}

func (r *row) String() string {
	var models []string
	for m, n := range r.models {
		models = append(models, fmt.Sprintf("%6d %s", n, m))
	}
	slices.Sort(models)
	slices.Reverse(models)
	rate := func(d time.Duration) float64 { return float64(r.content) / 1e6 / d.Seconds() }
	return fmt.Sprintf("%d streams in %d parts, %d without corrections, %d without a model, %d invalid\n"+
		"%d octets, %d of content; corrections %d (%.4f %%)\n"+
		"finding %.1f MB/s, worst %v, %v up to 192 KiB; predicting %.1f MB/s, rebuilding %.1f MB/s\n%s",
		r.streams, r.parts, r.exact, r.plain, r.invalid, r.size, r.content, r.corr, 100*float64(r.corr)/float64(max(r.size-r.plainSize, 1)),
		rate(r.find), r.worst, r.worstSmall, rate(r.predict), rate(r.rebuild), strings.Join(models, "\n"))
}
