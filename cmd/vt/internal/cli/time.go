package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vtdarchive/vtd/format"
)

// timeFlag is a time as a flag.
type timeFlag format.Time

func (t *timeFlag) UnmarshalText(text []byte) error {
	x, err := parseTime(string(text))
	*t = timeFlag(x)
	return err
}

// parseTime reads a time in RFC 3339, or seconds since 1970 behind an @, with
// up to nine digits behind a point.
func parseTime(s string) (format.Time, error) {
	if epoch, ok := strings.CutPrefix(s, "@"); ok {
		whole, part, point := strings.Cut(epoch, ".")
		sec, err := strconv.ParseInt(whole, 10, 64)
		if err == nil && len(part) <= 9 && point == (part != "") {
			var nsec uint64
			if nsec, err = strconv.ParseUint(part+"000000000"[len(part):], 10, 32); err == nil {
				if strings.HasPrefix(whole, "-") && nsec > 0 {
					sec, nsec = sec-1, 1e9-nsec
				}
				return format.Time{Sec: sec, Nsec: uint32(nsec)}, nil
			}
		}
		return format.Time{}, fmt.Errorf("%q is not @ and a number of seconds", s)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return format.Time{}, fmt.Errorf("%q is not a time such as 2024-05-06T07:08:09Z or @1714979289", s)
	}
	return format.Time{Sec: t.Unix(), Nsec: uint32(t.Nanosecond())}, nil
}

// snapshotTime is the time of a snapshot: from the flag, else from
// SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/),
// else nil.
func snapshotTime(flag *timeFlag, epoch string) (*format.Time, error) {
	switch {
	case flag != nil:
		return (*format.Time)(flag), nil
	case epoch == "":
		return nil, nil
	}
	sec, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("SOURCE_DATE_EPOCH is %q, not a number of seconds", epoch)
	}
	return &format.Time{Sec: sec}, nil
}
