package human_test

import (
	"encoding"
	"math"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/internal/human"
)

var _ encoding.TextUnmarshaler = (*human.Size)(nil)

func TestBytes(t *testing.T) {
	tests := []struct {
		n    int64
		want string
	}{
		{0, "0 B"},
		{1, "1 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{1<<20 - 1, "1.0 MiB"},
		{1 << 20, "1.0 MiB"},
		{1023 << 10, "1023.0 KiB"},
		{3 << 29, "1.5 GiB"},
		{1 << 40, "1.0 TiB"},
		{1 << 50, "1.0 PiB"},
		{math.MaxInt64, "8.0 EiB"},
		{-1, "-1 B"},
		{-2048, "-2.0 KiB"},
		{math.MinInt64, "-8.0 EiB"},
	}
	for _, tt := range tests {
		if got := human.Bytes(tt.n); got != tt.want {
			t.Errorf("Bytes(%d) = %q, want %q", tt.n, got, tt.want)
		}
	}
	if got := human.Size(4096).String(); got != "4.0 KiB" {
		t.Errorf("Size(4096) is %q", got)
	}
}

func TestRate(t *testing.T) {
	tests := []struct {
		n    int64
		in   time.Duration
		want string
	}{
		{1 << 20, time.Second, "1.0 MiB/s"},
		{1 << 20, 2 * time.Second, "512.0 KiB/s"},
		{10, 500 * time.Millisecond, "20 B/s"},
		{10, 0, ""},
		{math.MaxInt64, 1, "4.0 EiB/s"},
	}
	for _, tt := range tests {
		if got := human.Rate(tt.n, tt.in); got != tt.want {
			t.Errorf("Rate(%d, %v) = %q, want %q", tt.n, tt.in, got, tt.want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 12: "12", 999: "999", 1000: "1,000", 12345678: "12,345,678", 123456: "123,456",
		-1: "-1", -999: "-999", -1000: "-1,000", -123456: "-123,456",
		math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := human.Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "4096": 4096, "7B": 7, "7b": 7, "64K": 64 << 10, "64KiB": 64 << 10, "64kib": 64 << 10,
		"1M": 1 << 20, "512MiB": 512 << 20, "16m": 16 << 20, "10MB": 10e6, "1kB": 1000, "2G": 2 << 30,
		"3T": 3 << 40, "4P": 4 << 50, "7E": 7 << 60, "1EB": 1e18, "1.5GiB": 3 << 29, "0.5K": 512, "1.0001K": 1024,
		"64 KiB": 64 << 10, "9223372036854775807": math.MaxInt64,
	} {
		var got human.Size
		if err := got.UnmarshalText([]byte(s)); err != nil || int64(got) != want {
			t.Errorf("%q = %d, %v; want %d", s, got, err, want)
		}
	}
	for s, want := range map[string]string{
		"":                        "syntax",
		"K":                       "syntax",
		"-1":                      "syntax",
		"+1":                      "syntax",
		"1X":                      "syntax",
		"1Ki":                     "syntax",
		"1iB":                     "syntax",
		"1BB":                     "syntax",
		"1 ":                      "syntax",
		" 1":                      "syntax",
		"1  K":                    "syntax",
		".5K":                     "syntax",
		"1.K":                     "syntax",
		"1.2.3":                   "syntax",
		"1e3":                     "syntax",
		"1é":                      "syntax",
		"8E":                      "range",
		"9223372036854775808":     "range",
		"7.99999999999999999999E": "range",
	} {
		size := human.Size(1)
		err := size.UnmarshalText([]byte(s))
		wantErr := map[string]string{
			"syntax": "not a size; write it like 4096, 64K, 1.5GiB or 10MB", "range": "size out of range",
		}[want]
		if err == nil || err.Error() != `"`+s+`": `+wantErr || size != 1 {
			t.Errorf("%q = %d, error %v", s, size, err)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"1.5GiB", "64K", "8E", "1 kB", "0.9999999999999999999E"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := human.ParseSize(s); n < 0 || err != nil && n != 0 {
			t.Errorf("ParseSize(%q) = %d, %v", s, n, err)
		}
	})
}
