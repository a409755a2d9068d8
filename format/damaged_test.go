package format

import (
	"slices"
	"strings"
	"testing"
)

func TestDamagedName(t *testing.T) {
	taken := []string{"a.damaged", "a.damaged.2"}
	is := func(name string) bool { return slices.Contains(taken, name) }
	for name, want := range map[string]string{"a": "a.damaged.3", "b": "b.damaged", strings.Repeat("x", 20): "xxxxxxxxxxxx.damaged"} {
		if got := DamagedName(name, 20, is); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestMissingValue(t *testing.T) {
	if got := MissingValue([][2]int64{{0, 5}, {10, 1 << 40}}); got != "0-5,10-1099511627776" {
		t.Error(got)
	}
	many := make([][2]int64, 10_000)
	for i := range many {
		many[i] = [2]int64{int64(i) * 1000, int64(i)*1000 + 1}
	}
	if got := MissingValue(many); len(got) > MaxXattrValue || len(got) < MaxXattrValue-20 || !strings.HasSuffix(got, ",...") {
		t.Errorf("%d bytes, at the end %q", len(got), got[len(got)-20:])
	}
}
