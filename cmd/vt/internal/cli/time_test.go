package cli

import (
	"testing"

	"github.com/vtdarchive/vtd/format"
)

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		text string
		want format.Time
	}{
		{"@0", format.Time{}},
		{"@1700000000.5", format.Time{Sec: 1700000000, Nsec: 500000000}},
		{"@-1", format.Time{Sec: -1}},
		{"@-1.25", format.Time{Sec: -2, Nsec: 750000000}},
		{"@-0.000000001", format.Time{Sec: -1, Nsec: 999999999}},
		{"2001-09-09T01:46:40Z", format.Time{Sec: 1000000000}},
		{"2001-09-09T03:46:40.000000001+02:00", format.Time{Sec: 1000000000, Nsec: 1}},
	} {
		got, err := parseTime(c.text)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"", "@", "@x", "@1.", "@1.x", "@1.0000000001", "@1.-5", "2001", "2001-09-09 01:46:40", "yesterday"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestRFC3339(t *testing.T) {
	for _, c := range []struct {
		t    format.Time
		want string
	}{
		{format.Time{Sec: -62167219200}, "0000-01-01T00:00:00Z"},
		{format.Time{Sec: -62167219201}, ""},
		{format.Time{Sec: 253402300799, Nsec: 999999999}, "9999-12-31T23:59:59.999999999Z"},
		{format.Time{Sec: 253402300800}, ""},
		{format.Time{Sec: -1 << 63}, ""},
		{format.Time{Sec: 1<<63 - 1}, ""},
	} {
		if got := rfc3339(c.t); got != c.want {
			t.Errorf("%+v: %q, want %q", c.t, got, c.want)
		}
	}
}
