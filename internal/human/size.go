package human

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Bytes formats a number of bytes: "0 B", "1023 B", "1.5 GiB".
func Bytes(n int64) string {
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	if u < 1<<10 {
		return sign + strconv.FormatUint(u, 10) + " B"
	}
	const prefixes = "KMGTPE"
	f, i := float64(u)/(1<<10), 0
	// 1023.95 would round to 1024.0; it is 1.0 of the next unit.
	for f >= 1023.95 && i < len(prefixes)-1 {
		f /= 1 << 10
		i++
	}
	return fmt.Sprintf("%s%.1f %ciB", sign, f, prefixes[i])
}

// Rate formats n bytes in a time: "12.3 MiB/s". In no time there is no rate,
// and it returns "".
func Rate(n int64, in time.Duration) string {
	if in <= 0 {
		return ""
	}
	perSecond := float64(n) / in.Seconds()
	return Bytes(int64(min(perSecond, math.MaxInt64/2))) + "/s"
}

// Count formats a number with its digits grouped by thousands: "12,345,678".
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A Size is a number of bytes that is written as [ParseSize] accepts it. As it
// implements [encoding.TextUnmarshaler], it can be the type of a flag.
type Size int64

// UnmarshalText sets the size to what [ParseSize] makes of text.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := ParseSize(string(text))
	if err != nil {
		return err
	}
	*s = Size(n)
	return nil
}

// String formats the size like [Bytes].
func (s Size) String() string { return Bytes(int64(s)) }

var (
	errSizeSyntax = errors.New("not a size; write it like 4096, 64K, 1.5GiB or 10MB")
	errSizeRange  = errors.New("size out of range")
)

// ParseSize reads a size. It is a decimal number, with a fraction or without,
// and a unit: none or "B" for bytes; "K", "M", "G", "T", "P" or "E", also with
// "iB" behind, for powers of 1024; "KB" and so on for powers of 1000. Upper and
// lower case are the same; a space may stand before the unit. A size that is
// not a whole number of bytes is rounded down.
func ParseSize(s string) (int64, error) {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		end = len(s)
	}
	scale, ok := unit(strings.TrimPrefix(s[end:], " "))
	if !ok || s[end:] == " " {
		return 0, sizeError(s, errSizeSyntax)
	}
	whole, fraction, dotted := strings.Cut(s[:end], ".")
	if whole == "" || dotted && fraction == "" || strings.Contains(fraction, ".") {
		return 0, sizeError(s, errSizeSyntax)
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > math.MaxInt64/scale {
		return 0, sizeError(s, errSizeRange)
	}
	n *= scale
	if dotted {
		f, err := strconv.ParseFloat("0."+fraction, 64)
		if err != nil {
			return 0, sizeError(s, errSizeSyntax)
		}
		part := int64(f * float64(scale))
		if part > math.MaxInt64-n {
			return 0, sizeError(s, errSizeRange)
		}
		n += part
	}
	return n, nil
}

func sizeError(s string, err error) error {
	return fmt.Errorf("%q: %w", s, err)
}

// unit returns how many bytes a unit stands for.
func unit(s string) (scale int64, ok bool) {
	if s == "" {
		return 1, true
	}
	s = strings.ToUpper(s)
	if s == "B" {
		return 1, true
	}
	base := int64(1 << 10)
	switch s[1:] {
	case "", "IB":
	case "B":
		base = 1000
	default:
		return 0, false
	}
	power := strings.IndexByte("KMGTPE", s[0])
	if power < 0 {
		return 0, false
	}
	scale = base
	for range power {
		scale *= base
	}
	return scale, true
}
