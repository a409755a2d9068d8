package human_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vtdarchive/vtd/internal/human"
)

func TestDuration(t *testing.T) {
	tests := []struct {
		d               time.Duration
		duration, clock string
	}{
		{0, "0ms", "0:00"},
		{1500 * time.Microsecond, "2ms", "0:00"},
		{999 * time.Millisecond, "999ms", "0:01"},
		{999600 * time.Microsecond, "1.0s", "0:01"},
		{12340 * time.Millisecond, "12.3s", "0:12"},
		{59960 * time.Millisecond, "1m 00s", "1:00"},
		{4*time.Minute + 5*time.Second, "4m 05s", "4:05"},
		{time.Hour - time.Millisecond, "1h 00m", "1:00:00"},
		{2*time.Hour + 3*time.Minute + 4*time.Second, "2h 03m", "2:03:04"},
		{24*time.Hour - time.Second, "1d 00h", "23:59:59"},
		{100*time.Hour - time.Millisecond, "4d 04h", "4d 04h"},
		{-time.Second, "-1.0s", "0:00"},
		{math.MinInt64, "-106751d 23h", "0:00"},
	}
	for _, tt := range tests {
		if got := human.Duration(tt.d); got != tt.duration {
			t.Errorf("Duration(%v) = %q, want %q", tt.d, got, tt.duration)
		}
		if got := human.Clock(tt.d); got != tt.clock {
			t.Errorf("Clock(%v) = %q, want %q", tt.d, got, tt.clock)
		}
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2024, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600))
	if got := human.Time(at); got != "2024-02-03 04:05" {
		t.Errorf("Time = %q", got)
	}
}

func TestMode(t *testing.T) {
	for mode, want := range map[uint32]string{
		0o100644: "-rw-r--r--",
		0o040755: "drwxr-xr-x",
		0o120777: "lrwxrwxrwx",
		0o010600: "prw-------",
		0o140000: "s---------",
		0o060660: "brw-rw----",
		0o020666: "crw-rw-rw-",
		0o043755: "drwxr-sr-t",
		0o104755: "-rwsr-xr-x",
		0o107000: "---S--S--T",
		0o107777: "-rwsrwsrwt",
		0o000123: "?--x-w--wx",
		0o170000: "?---------",
	} {
		if got := human.Mode(mode); got != want {
			t.Errorf("Mode(%#o) = %q, want %q", mode, got, want)
		}
	}
}

// TestAgainstLs compares the columns of a listing with those of ls.
func TestAgainstLs(t *testing.T) {
	ls, err := exec.LookPath("ls")
	if err != nil {
		t.Skip("SKIPPED: NO LS IN PATH")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1e9, 0)
	for _, mode := range []uint32{0, 0o644, 0o1755, 0o2711, 0o4755, 0o7000, 0o7777} {
		if err := syscall.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
		var st syscall.Stat_t
		if err := syscall.Stat(file, &st); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(ls, "-ld", "--time-style=long-iso", file)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, err := cmd.Output()
		if err != nil {
			t.Skip("SKIPPED: NOT GNU LS:", err)
		}
		fields := strings.Fields(string(out))
		// Behind the mode may stand a mark for an access control list.
		if got := human.Mode(uint32(st.Mode)); !strings.HasPrefix(fields[0], got) {
			t.Errorf("Mode = %q, ls says %q", got, fields[0])
		}
		if got := human.Time(at); got != fields[5]+" "+fields[6] {
			t.Errorf("Time = %q, ls says %q", got, fields[5:7])
		}
	}
}
