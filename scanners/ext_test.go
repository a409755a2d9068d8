package scanners

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The samples hold the files a.txt (700 octets), b.txt (2499), c.txt (5000),
// e.txt (1500), sub/d.txt (18000) and sub/small (100), in blocks of 1024:
//
//	mke2fs -t ext2 -b 1024 -N 24 -O ^resize_inode -d DIR small.ext2 64
//	mke2fs -t ext4 -b 1024 -N 24 -O ^resize_inode,^has_journal,^flex_bg -d DIR small.ext4 64
func TestExtJoints(t *testing.T) {
	const k = 1 << 10
	both := []int64{
		8 * k,          // a part of the table of inodes
		12 * k,         // lost+found
		24 * k,         // a.txt; its padding is too short for a joint
		25 * k,         // b.txt
		25*k + 2499,    // its padding
		28 * k,         // c.txt
		33 * k,         // e.txt
		33*k + 1500,    // its padding
		35 * k, 36 * k, // sub; sub/d.txt
	}
	for name, more := range map[string][]int64{
		"small.ext2": {48 * k, 49 * k, 55 * k}, // the numbers of its other blocks; these
		"small.ext4": {54 * k},
	} {
		want := slices.Concat(both, more)
		if got := jointsOf(t, extScanner, samplesOf(t, "ext")[name]); !slices.Equal(got, want) {
			t.Errorf("%s:\n%v, want\n%v", name, got, want)
		}
	}
}

// extImage makes a file system of one group, with extents, that holds files one
// behind the other.
func extImage(files ...[]byte) []byte {
	const block, inodes = 4096, 512
	const table, first = 2, 2 + inodes*128/block
	img := make([]byte, first*block)
	le := binary.LittleEndian
	for i, f := range files {
		start, n := len(img)/block, (len(f)+block-1)/block
		img = append(append(img, f...), make([]byte, n*block-len(f))...)
		ino := img[table*block+(11+i)*128:]
		le.PutUint16(ino, 0x81a4)
		le.PutUint32(ino[0x4:], uint32(len(f)))
		le.PutUint16(ino[0x1a:], 1)
		le.PutUint32(ino[0x20:], extInodeExtents)
		le.PutUint16(ino[0x28:], 0xf30a)
		le.PutUint16(ino[0x2a:], 1)
		le.PutUint16(ino[0x38:], uint16(n))
		le.PutUint32(ino[0x3c:], uint32(start))
	}
	sb := img[1024:]
	le.PutUint32(sb, inodes)
	le.PutUint32(sb[0x4:], uint32(len(img)/block))
	le.PutUint32(sb[0x18:], 2)
	le.PutUint32(sb[0x20:], 8*block)
	le.PutUint32(sb[0x28:], inodes)
	le.PutUint16(sb[0x38:], 0xef53)
	le.PutUint32(sb[0x4c:], 1)
	le.PutUint32(sb[0x54:], 11)
	le.PutUint16(sb[0x58:], 128)
	le.PutUint32(sb[0x60:], 0x40)
	le.PutUint32(img[block+8:], table)
	return img
}

// A file that has grown by a block moves all that follow it, and with them what
// the inodes say.
func TestExtShares(t *testing.T) {
	var older, newer [][]byte
	total := int64(0)
	for i := range 300 {
		f := noise(uint64(i), 600+i*251)
		older, newer = append(older, f), append(newer, f)
		total += int64(len(f))
		if i%60 == 7 {
			newer[i] = append(noise(uint64(1000+i), 4000), f...)
		}
	}
	a, b := extImage(older...), extImage(newer...)
	if sc := Choose(a, "", nil); sc != extScanner {
		t.Fatalf("%v is chosen", sc)
	}
	with, without := newBytes(t, extScanner, a, b), newBytes(t, nil, a, b)
	if with*12 > total || with*2 > without {
		t.Errorf("%d new octets of %d, %d without the scanner", with, total, without)
	}
}

// Where a file is may be said in blocks ahead of its data, in nodes of a tree of
// extents or in blocks of numbers.
func TestExtTrees(t *testing.T) {
	const block, table, first = 4096, 2, 18
	le := binary.LittleEndian
	// Blocks 18 and 19 say where the data of the second inode is: five blocks
	// from 20 on, and five from 26 on, less 1000 octets.
	image := func() (img, inode []byte) {
		img = extImage(make([]byte, 2*block), noise(1, 5*block), noise(2, block), noise(3, 5*block-1000))
		inode = img[table*block+12*128:]
		clear(img[table*block+11*128 : table*block+12*128])
		clear(img[table*block+13*128 : table*block+15*128])
		clear(inode[0x28:0x64])
		le.PutUint32(inode[0x4:], 10*block-1000)
		return img, inode
	}
	node := func(b []byte, depth uint16, entries ...[3]uint16) {
		le.PutUint16(b, 0xf30a)
		le.PutUint16(b[2:], uint16(len(entries)))
		le.PutUint16(b[6:], depth)
		for i, e := range entries {
			if depth > 0 {
				le.PutUint32(b[12+12*i:], uint32(e[0]))
				le.PutUint32(b[16+12*i:], uint32(e[1]))
			} else {
				le.PutUint32(b[12+12*i:], uint32(e[0]))
				le.PutUint16(b[16+12*i:], e[1])
				le.PutUint32(b[20+12*i:], uint32(e[2]))
			}
		}
	}
	want := []int64{3 * block, 4 * block} // parts of the table, behind the first inodes
	for b := int64(5); b < first; b++ {
		want = append(want, b*block)
	}
	want = append(want, 20*block, 25*block, 26*block, 31*block-1000, 31*block)

	img, inode := image()
	node(inode[0x28:], 2, [3]uint16{0, first})
	node(img[first*block:], 1, [3]uint16{0, first + 1})
	node(img[(first+1)*block:], 0, [3]uint16{0, 5, 20}, [3]uint16{5, 5, 26})
	if got := jointsOf(t, extScanner, img); !slices.Equal(got, want) {
		t.Errorf("extents: %d, want %d", got, want)
	}

	// The same ten blocks at the end of a file with a hole in front.
	img, inode = image()
	le.PutUint32(inode[0x20:], 0)
	le.PutUint32(inode[0x4:], (12+1024+10)*block-1000)
	le.PutUint32(inode[0x28+13*4:], first)
	le.PutUint32(img[first*block:], first+1)
	for i := range uint32(10) {
		le.PutUint32(img[(first+1)*block+4*int(i):], 20+i+i/5)
	}
	if got := jointsOf(t, extScanner, img); !slices.Equal(got, want) {
		t.Errorf("numbers: %d, want %d", got, want)
	}
}

type extTestFile struct {
	name    string
	content []byte
}

// Images that mke2fs makes, of all kinds, hold files in the blocks that they have
// in a tree.
func TestExtOfTools(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes large files")
	}
	mke2fs, err := exec.LookPath("mke2fs")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tree", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	var files []extTestFile
	add := func(name string, content []byte) {
		files = append(files, extTestFile{name, content})
		if err := os.WriteFile(filepath.Join(dir, "tree", name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 120 {
		add(filepath.Join([]string{"", "sub"}[i%2], string(rune('a'+i%26))+strings.Repeat("x", i/26)), noise(uint64(i), 600+i*i*12))
	}
	// What their scanners find in them counts: in one that is known by its name,
	// and in one that is known by its content.
	var source []byte
	for i := range 6000 {
		source = fmt.Appendf(source, "static int f%d(int x)\n{\n\treturn %d * x;\n}\n\n", i, i*i*i)
	}
	add("sub/f.c", source)
	add("packed", samplesOf(t, "tar")["ustar.tar"])
	gz := zipped(noise(1, 5000))
	add("sub/noise.gz", gz)
	for _, c := range []struct {
		args   string
		shared int  // of 100 octets
		whole  bool // the files that have scanners lie in one piece
	}{
		{"-t ext4 -b 4096", 85, true},
		{"-t ext4 -b 1024 -O ^flex_bg", 70, false},
		{"-t ext4 -b 1024 -O ^64bit,meta_bg,^resize_inode", 70, false},
		{"-t ext3 -b 4096", 20, false}, // an indirect block interrupts each file after 12 blocks
		{"-t ext2 -b 1024", 9, false},
		{"-t ext2 -b 1024 -r 0", 9, false},
	} {
		img := filepath.Join(dir, "img")
		args := append(strings.Fields(c.args), "-q", "-F", "-d", filepath.Join(dir, "tree"), img, "16M")
		if out, err := exec.Command(mke2fs, args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", c.args, err, out)
			continue
		}
		b, err := os.ReadFile(img)
		if err != nil {
			t.Fatal(err)
		}
		if sc := Choose(b, "", nil); sc != extScanner {
			t.Errorf("%s: %v is chosen", c.args, sc)
		}
		if found := packedIn("", b); len(found) != 1 || !bytes.HasPrefix(b[found[0].Offset:], gz) || found[0].Size != int64(len(gz)) {
			t.Errorf("%s: %v is packed", c.args, found)
		}
		blocks := make(map[string]bool)
		for s := range Split(DefaultParams, extScanner, b) {
			if !s.Run {
				blocks[string(b[s.Offset:s.Offset+s.Length])] = true
			}
		}
		shared, total := 0, 0
		for _, f := range files {
			sc, missed := Choose(f.content, f.name, nil), 0
			for s := range Split(DefaultParams, sc, f.content) {
				chunk := string(f.content[s.Offset : s.Offset+s.Length])
				if !s.Run && !blocks[chunk] {
					missed += len(chunk)
				}
			}
			total += len(f.content)
			shared += len(f.content) - missed
			if sc != nil && c.whole && missed > 0 {
				t.Errorf("%s: %d of %d octets of %s are not in its blocks", c.args, missed, len(f.content), f.name)
			}
		}
		t.Logf("%s: %d of %d octets", c.args, shared, total)
		if shared*100 < total*c.shared {
			t.Errorf("%s: %d of %d octets are in blocks that the files have", c.args, shared, total)
		}
		os.Remove(img)
	}
}
