package disk

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Locked tells whether some process has locked a file, as far as the system says
// so. Trying to lock it would tell, too, but could be in the way of one that
// means to write.
func Locked(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	f, err := os.Open("/proc/locks")
	if err != nil {
		return false
	}
	defer f.Close()
	dev := uint64(st.Dev)
	want := fmt.Sprintf("%02x:%02x:%d", unix.Major(dev), unix.Minor(dev), st.Ino)
	for s := bufio.NewScanner(f); s.Scan(); {
		// 1: FLOCK  ADVISORY  WRITE 17938 fe:00:9978140 0 EOF
		if w := strings.Fields(s.Text()); len(w) > 5 && w[1] == "FLOCK" && w[3] == "WRITE" && w[5] == want {
			return true
		}
	}
	return false
}
