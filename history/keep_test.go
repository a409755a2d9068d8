package history_test

import (
	"testing"
	"time"

	"github.com/vtdarchive/vtd/history"
)

// The states are, the newest first, of Tuesday, Monday twice, the Sunday before,
// and the Sunday before that: the first of March, which is February in UTC.
func TestKeep(t *testing.T) {
	_, states := five(t)
	for _, c := range []struct {
		keep history.Keep
		loc  *time.Location
		want string
	}{
		{history.Keep{}, zone, "....."},
		{history.Keep{Last: 1}, zone, "x...."},
		{history.Keep{Last: 9}, zone, "xxxxx"},
		{history.Keep{Daily: 1}, zone, "x...."},
		{history.Keep{Daily: 2}, zone, "xx..."},
		{history.Keep{Daily: 3}, zone, "xx.x."},
		{history.Keep{Daily: 9}, zone, "xx.xx"},
		{history.Keep{Weekly: 2}, zone, "x..x."},
		{history.Keep{Weekly: 3}, zone, "x..xx"},
		{history.Keep{Monthly: 2}, zone, "x...."},
		{history.Keep{Monthly: 2}, time.UTC, "x...x"},
		{history.Keep{Last: 3, Weekly: 2}, zone, "xxxx."},
	} {
		got := ""
		for _, k := range c.keep.Select(states, c.loc) {
			if k {
				got += "x"
			} else {
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%+v in %v keeps %s, want %s", c.keep, c.loc, got, c.want)
		}
	}
}
