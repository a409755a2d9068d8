package legacy

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
)

// FuzzLegacy: no data file makes the package fail in another way than by its
// errors, and what Get gives has the hash that was asked for. The text goes
// through the parsers of textual forms.
func FuzzLegacy(f *testing.F) {
	text, err := os.ReadFile("testdata/legacy-sha1.vt")
	if err != nil {
		f.Fatal(err)
	}
	sample, err := os.ReadFile("testdata/legacy-sha1.vtd")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample[:1850], string(text))
	f.Add(sample[89192:], `{"m":1e9,"sg":true,"x":{"user.a":"x"}}`)
	f.Add(sample[89595:], "a:o:rwx-,g:-rwx;m:1.5;u:root")
	var own file
	h := own.add(SHA1, []byte("some octets of a block that is not short"))
	super := own.add(SHA1, append(refOf(h, 40, 0), runOf(0, 1000)...))
	own.add(SHA1, append(append([]byte{0, 2, 1, 'a'}, partOf(refOf(super, 1040, 1), 30, 100)...), append([]byte{1, 2, 1, 'b'}, literalOf("")...)...))
	f.Add(own.b, `F{'a':uuid:U{00112233-4455-6677-8899-aabbccddeeff},block:SubB{block:LB{686920[there]},offset:1,span:2}}`)
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		ctx := context.Background()
		_, _ = LastState([]byte(text))
		_, _, _ = ParseDirent(text)
		_ = ParseMeta(text)
		s, err := Open(ctx, bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if !errors.Is(err, ErrNotLegacy) {
				t.Fatal(err)
			}
			return
		}
		roots, err := s.Roots(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range roots {
			b, err := s.Bytes(ctx, r.Content)
			if err != nil {
				t.Fatalf("a root cannot be read: %v", err)
			}
			entries, err := parseDir(b)
			if err != nil || len(entries) == 0 {
				t.Fatalf("a root is no directory: %d entries, %v", len(entries), err)
			}
			for _, d := range entries {
				_ = ParseMeta(d.Meta)
				if d.Content == nil {
					continue
				}
				var n counter
				if err := s.Content(ctx, *d.Content, &n); err == nil && uint64(n) != d.Content.Span {
					t.Fatalf("%d octets come of a span of %d", n, d.Content.Span)
				} else if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, errEnough) {
					t.Fatal(err)
				}
			}
		}
	})
}

var errEnough = errors.New("enough")

// counter counts content, and ends what is too long for a test.
type counter uint64

func (c *counter) Write(p []byte) (int, error) {
	if *c += counter(len(p)); *c > 1<<26 {
		return 0, errEnough
	}
	return len(p), nil
}

func (c *counter) Hole(n uint64) error {
	*c += counter(n)
	return nil
}
