package scanners

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

// cpioOf makes an archive of cpio in one of its formats.
func cpioOf(format string, mtime int, files ...[]byte) []byte {
	var b bytes.Buffer
	align := 1
	pad := func(n int) { b.Write(make([]byte, (align-n%align)%align)) }
	member := func(name string, data []byte) {
		name += "\x00"
		n := len(data)
		switch format {
		case "newc":
			align = 4
			fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s", 1, 0o100644, 0, 0, 1, mtime, n, 0, 0, 0, 0, len(name), 0, name)
			pad(110 + len(name))
		case "odc":
			fmt.Fprintf(&b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s", 0, 1, 0o100644, 0, 0, 1, 0, mtime, len(name), n, name)
		default:
			align = 2
			h := make([]byte, 26)
			var order binary.ByteOrder = binary.LittleEndian
			if format == "big" {
				order = binary.BigEndian
			}
			order.PutUint16(h, 0o70707)
			order.PutUint16(h[20:], uint16(len(name)))
			order.PutUint16(h[22:], uint16(n>>16))
			order.PutUint16(h[24:], uint16(n))
			b.Write(h)
			b.WriteString(name)
			pad(26 + len(name))
		}
		b.Write(data)
		pad(n)
	}
	for i, f := range files {
		member(fmt.Sprintf("file%03d", i), f)
	}
	member("TRAILER!!!", nil)
	pad(b.Len())
	return append(b.Bytes(), make([]byte, -b.Len()&511)...)
}

func TestCpio(t *testing.T) {
	// A name has eight octets.
	two := [][]byte{noise(1, 5001), noise(2, 3000)}
	large := noise(3, 70000)
	for _, c := range []struct {
		name string
		data []byte
		want []int64
	}{
		{"newc", cpioOf("newc", 0, two...), []int64{120 + 512, 120 + 5001, 240 + 5004 + 512, 240 + 5004 + 3000}},
		{"odc", cpioOf("odc", 0, two...), []int64{84 + 512, 84 + 5001, 168 + 5001 + 512, 168 + 5001 + 3000}},
		{"old", cpioOf("little", 0, two...), []int64{34 + 512, 34 + 5001, 68 + 5002 + 512, 68 + 5002 + 3000}},
		{"old, of the other order", cpioOf("big", 0, two...), []int64{34 + 512, 34 + 5001, 68 + 5002 + 512, 68 + 5002 + 3000}},
		{"old, with two words of size", cpioOf("big", 0, large), []int64{34 + 512, 34 + 70000}},
		{"larger in the end", cpioOf("newc", 0, two[1], two[0]), []int64{120 + 512, 120 + 3000 - 512, 240 + 3000, 240 + 3000 + 5001}},
		{"an archive after another, and something compressed", slices.Concat(cpioOf("newc", 0, two[1]), cpioOf("newc", 0, two[1]), noise(9, 1000)), []int64{632, 3120, 3584 + 120, 3584 + 3120, 2 * 3584}},
		{"not digits", append([]byte("070701 "), cpioOf("newc", 0, two...)[7:]...), nil},
		{"size of 4 GiB", append([]byte("070701"+fmt.Sprintf("%048d", 0)+"ffffffff"), cpioOf("newc", 0, two...)[62:]...), []int64{632, 120 + 1<<32 - 1}},
		{"name without an end", bytes.ReplaceAll(cpioOf("newc", 0, two...), []byte("file000\x00"), []byte("file000x")), nil},
	} {
		hasJoints(t, cpioScanner, c.name, c.data, c.want...)
	}
}

// An archive made again of touched files shares their content with the one before,
// and with the files what can be cut exactly.
func TestCpioShares(t *testing.T) {
	files := texts(100, 50<<10)
	for _, format := range []string{"newc", "odc"} {
		b := cpioOf(format, 1, files...)
		wantNew(t, cpioScanner, "touched, "+format, b, cpioOf(format, 2, files...), 80, 900)
		wantNew(t, cpioScanner, "a member in front, "+format, b, cpioOf(format, 1, append([][]byte{noise(99, 3000)}, files...)...), 80, 900)
		with, without := newBeside(blocks(files...), cpioScanner, b)*100/int64(len(b)), newBeside(blocks(files...), nil, b)*100/int64(len(b))
		t.Logf("%d %% new beside the tree, %d %% without the scanner", with, without)
		if with > 75 || without < 90 {
			t.Errorf("%s: %d %% are new beside the tree, %d %% without the scanner", format, with, without)
		}
	}
}
