package scanners_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/vtdarchive/vtd/scanners"
)

func ExampleSplit() {
	data := append([]byte("a header"), make([]byte, 10000)...)
	for s := range scanners.Split(scanners.DefaultParams, nil, data) {
		if s.Run {
			fmt.Printf("%d: %d times %#02x\n", s.Offset, s.Length, s.Octet)
		} else {
			fmt.Printf("%d: %q\n", s.Offset, data[s.Offset:][:s.Length])
		}
	}
	// Output:
	// 0: "a header"
	// 8: 10000 times 0x00
}

// A sparse file is fed segment by segment, as SEEK_DATA and SEEK_HOLE tell. The
// Splitter serves for one file after another.
func ExampleSplitter() {
	type segment struct {
		hole int64
		data string
	}
	files := [][]segment{
		{{data: "superblock\x00\x00"}, {hole: 1 << 40}, {data: "\x00\x00the end"}},
		{{hole: 100}, {data: "a hole too short to be a run"}},
	}

	splitter := scanners.NewSplitter(scanners.DefaultParams, func(s scanners.Span, data []byte) error {
		if s.Run {
			fmt.Printf("  run of %d\n", s.Length)
			return nil
		}
		sum := sha256.Sum256(data) // data is the Splitter's own: hash it or copy it here
		fmt.Printf("  chunk of %d, hash %x…\n", s.Length, sum[:4])
		return nil
	})
	for i, file := range files {
		fmt.Println("file", i)
		splitter.Reset(nil)
		for _, seg := range file {
			var err error
			if seg.hole > 0 {
				err = splitter.Hole(seg.hole)
			} else {
				_, err = splitter.ReadFrom(strings.NewReader(seg.data))
			}
			if err != nil {
				fmt.Println(err)
				return
			}
		}
		if err := splitter.Close(); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// file 0
	//   chunk of 10, hash df46d683…
	//   run of 1099511627780
	//   chunk of 7, hash 92eb9cd0…
	// file 1
	//   chunk of 128, hash 03a72d24…
}

func ExampleSketcher() {
	release := strings.Repeat("some text, ", 10) + strings.Join(strings.Fields(manual), "; ")
	var s scanners.Sketcher
	sketch := func(text string) scanners.Sketch {
		s.Reset()
		s.Write([]byte(text))
		sum, ok := s.Sum()
		if !ok {
			fmt.Println("too short for a sketch")
		}
		return sum
	}
	a, b, c := sketch(release), sketch("changed here; "+release), sketch(string(bytes.ToUpper([]byte(release))))
	fmt.Println("next release resembles it:", a.Shared(&b) >= 2)
	fmt.Println("another file resembles it:", a.Shared(&c) >= 2)
	// Output:
	// next release resembles it: true
	// another file resembles it: false
}

const manual = `One file that holds directory trees and their history: content-addressed,
deduplicated across files and versions, compressed in frames, verified on every read,
lossless in metadata, streamable both ways, appendable without rewriting, mountable
straight from the file, recoverable when damaged, and readable over plain range requests.
Each of these exists in some tool; no tool has them together.`
