package ingest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/ingest"
)

// libarchiveRefusals are the samples of libarchive's tests from which not all is
// taken, and what is said of them; most of them are made to be refused.
var libarchiveRefusals = map[string]string{
	// What follows the end of the stream; all members before it are taken.
	"test_compat_bzip2_2.tbz":             "broken: bzip2 data invalid: bad magic value in continuation file",
	"test_compat_gzip_2.tgz":              "broken: gzip: invalid header",
	"test_compat_plexus_archiver_tar.tar": "not imported: 512 bytes of something else behind its end",
	// Access control lists: those of Solaris, and of users that are not known here.
	"test_compat_solaris_tar_acl.tar":  "not imported: a member of type 'A'",
	"test_compat_star_acl_posix1e.tar": `nobody is known as "user77"`,
	// Headers that contradict themselves.
	"test_read_format_gtar_sparse_1_17_posix10_modified.tar": "broken: archive/tar: invalid tar header",
	"test_read_format_tar_invalid_pax_size.tar":              "broken: archive/tar: invalid tar header",
	// A wrong sum, and directories that lead nowhere.
	"test_read_format_zip.zip":                   "file2: broken: zip: checksum error",
	"test_read_format_zip_bz2_hang.zip":          "broken: zip: not a valid zip file",
	"test_read_format_zip_encryption_header.zip": "broken: zip: not a valid zip file",
	"test_read_format_zip_extra_padding.zip":     "broken: zip: not a valid zip file",
	"test_read_format_zip_lzma_alone_leak.zipx":  "broken: zip: not a valid zip file",
	"test_read_format_zip_malformed1.zip":        "broken: zip: not a valid zip file",
	"test_read_format_zip_ppmd8_crash_1.zipx":    "neither a tar nor a zip file",
	"test_read_format_zip_ppmd8_crash_2.zipx":    "neither a tar nor a zip file",
	// What is not unpacked.
	"test_read_format_zip_ppmd8.zipx":                      "not imported: it is packed by method 98",
	"test_read_format_zip_ppmd8_multi.zipx":                "not imported: it is packed by method 98",
	"test_read_format_zip_encryption_data.zip":             "not imported: it is encrypted",
	"test_read_format_zip_encryption_partially.zip":        "not imported: it is encrypted",
	"test_read_format_zip_traditional_encryption_data.zip": "not imported: it is encrypted",
	"test_read_format_zip_winzip_aes128.zip":               "not imported: it is encrypted",
	"test_read_format_zip_winzip_aes256.zip":               "not imported: it is encrypted",
	"test_read_format_zip_winzip_aes256_large.zip":         "not imported: it is encrypted",
	"test_read_format_zip_winzip_aes256_stored.zip":        "not imported: it is encrypted",
}

// libarchivePacked are ends of names of files that are packed in ways that are
// not known.
var libarchivePacked = []string{".Z", ".grz", ".lrz", ".lz4", ".lzo", ".rar"}

// TestLibarchive imports the tar and zip files of libarchive's own tests, out of
// the directory libarchive/test of its source, which VTD_LIBARCHIVE names: every
// one is taken, and comes back octet for octet, or refused for a reason.
func TestLibarchive(t *testing.T) {
	dir := os.Getenv("VTD_LIBARCHIVE")
	if dir == "" {
		t.Skip("SKIPPED, NOTHING IS TESTED: VTD_LIBARCHIVE names no directory libarchive/test")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.uu"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples: ", err)
	}
	like := regexp.MustCompile(`tar|pax|\.tgz|\.tbz|\.tzst|_zip|\.zip`)
	got, n := map[string]string{}, 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".uu")
		if !like.MatchString(name) {
			continue
		}
		n++
		b := uudecoded(t, file)
		o := ingest.Options{Exact: name, TempDir: t.TempDir()}
		if ok := ingest.Known(b[:min(len(b), ingest.HeadSize)]); !ok {
			o.Zip = ingest.EndsAsZip(bytes.NewReader(b), int64(len(b)))
		}
		r := read(t, bytes.NewReader(b), o)
		switch {
		case r.err != nil:
			got[name] = r.err.Error()
			continue
		case len(r.issues) > 0:
			got[name] = strings.Join(r.issues, "; ")
		}
		if called, original := r.original(t); called == name && !bytes.Equal(original, b) {
			t.Errorf("%s: %d bytes come back as %d others", name, len(b), len(original))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		want, ok := libarchiveRefusals[name]
		if slices.Contains(libarchivePacked, filepath.Ext(name)) {
			want, ok = ingest.ErrUnknown.Error(), true
		}
		if !ok || !strings.Contains(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(libarchiveRefusals)) {
		if _, err := os.Stat(filepath.Join(dir, name+".uu")); err == nil && got[name] == "" {
			t.Errorf("%s was taken; want %q", name, libarchiveRefusals[name])
		}
	}
	t.Logf("%d files, %d of them refused, or in part", n, len(got))
}

// uudecoded gives what a text file encodes.
func uudecoded(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	begun := false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "begin "):
			begun = true
		case line == "end":
			return out.Bytes()
		case begun && line != "":
			if err := uuline(&out, line); err != nil {
				t.Fatal(file, err)
			}
		}
	}
	t.Fatal(file, io.ErrUnexpectedEOF)
	return nil
}

// uuline decodes a line: how many bytes it has, then six bits a character.
func uuline(out *bytes.Buffer, line string) error {
	n := int(line[0]-' ') & 63
	line = line[1:] + "   "
	for ; n > 0; n, line = n-3, line[4:] {
		if len(line) < 4 {
			return fmt.Errorf("a short line")
		}
		v := 0
		for _, c := range []byte(line[:4]) {
			v = v<<6 | int(c-' ')&63
		}
		out.Write([]byte{byte(v >> 16), byte(v >> 8), byte(v)}[:min(n, 3)])
	}
	return nil
}
