package scanners

import (
	"bytes"
	"fmt"
	"testing"
)

// arOf makes an archive of ar.
func arOf(mtime int, files ...[]byte) []byte {
	var b bytes.Buffer
	b.WriteString(arMagic)
	for i, f := range files {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", fmt.Sprintf("file%d/", i), mtime, 0, 0, 0o100644, len(f))
		b.Write(f)
		if len(f)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

func TestAr(t *testing.T) {
	bsd := fmt.Sprintf("%s%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", arMagic, "#1/20", 0, 0, 0, 0o644, 20+5000, "a long name.o\x00\x00\x00\x00\x00\x00\x00")
	for _, c := range []struct {
		name string
		data []byte
		want []int64
	}{
		{"larger, smaller", arOf(0, noise(1, 5001), noise(2, 3000)), []int64{580, 5069, 5642}},
		{"smaller, larger", arOf(0, noise(1, 3001), noise(2, 5000)), []int64{580, 2557, 3130}},
		{"of the same size", arOf(0, noise(1, 3000), noise(2, 3000)), []int64{580, 3068, 3640}},
		{"a package", arOf(0, []byte("2.0\n"), noise(1, 3000), noise(2, 9000)), []int64{644, 2620, 3192}},
		{"larger, unforeseen", arOf(0, noise(1, 70000), noise(2, 90000)), []int64{580, 70068, 70640}},
		{"a long name of BSD", append([]byte(bsd), noise(1, 5000)...), []int64{600}},
		{"a size that is too large", append([]byte(arMagic), fmt.Sprintf("%-48s%-10s`\n%s", "x/", "9999999999", noise(1, 3000))...), []int64{580}},
		{"a size that is none", append([]byte(arMagic), fmt.Sprintf("%-48s%-10s`\n%s", "x/", "-1", noise(1, 3000))...), nil},
		{"a name longer than all", append([]byte(arMagic), fmt.Sprintf("%-48s%-10s`\n%s", "#1/9999", "3000", noise(1, 3000))...), nil},
		{"thin", append([]byte("!<thin>\n"), arOf(0, noise(1, 3000))[8:]...), nil},
	} {
		hasJoints(t, arScanner, c.name, c.data, c.want...)
	}
}

// A library shares what has not changed with its former version, and with its
// objects whatever can be cut exactly.
func TestArShares(t *testing.T) {
	files := texts(100, 30<<10)
	b := arOf(0, files...)
	changed := append(append(append([][]byte{noise(77, 2000)}, files[:50]...), noise(78, 10000)), files[51:]...)
	wantNew(t, arScanner, "a symbol table, and a changed member", b, arOf(0, changed...), 50, 60)
	wantNew(t, arScanner, "other times", b, arOf(1700000000, files...), 50, 950)
	with, without := newBeside(blocks(files...), arScanner, b)*100/int64(len(b)), newBeside(blocks(files...), nil, b)*100/int64(len(b))
	t.Logf("%d %% new beside the objects, %d %% without the scanner", with, without)
	if with > 70 || without < 95 {
		t.Errorf("%d %% are new beside the objects, %d %% without the scanner", with, without)
	}
}
