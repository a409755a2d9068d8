package packed_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/vtdarchive/vtd/packed"
)

// A gzip file is walked with compress/flate to inflate its members. That reads
// octet by octet what can do so, and thereby tells how long a stream is.
func ExampleWalk() {
	var file bytes.Buffer
	for range 2 {
		w := gzip.NewWriter(&file)
		for i := range 1000 {
			fmt.Fprintln(w, i)
		}
		w.Close()
	}
	content := bytes.NewReader(file.Bytes())
	err := packed.Walk(content, content.Size(), "numbers.txt.gz", nil, func(s *packed.Stream) (int64, error) {
		var stream bytes.Buffer
		_, _ = io.Copy(&stream, io.NewSectionReader(s.Reader(content), 0, 1<<20))
		n := stream.Len()
		size, err := io.Copy(io.Discard, flate.NewReader(&stream))
		if err != nil {
			return 0, packed.ErrSkip
		}
		fmt.Println(s.Kind, s.Name, size)
		return int64(n - stream.Len()), nil
	})
	fmt.Println(err)
	// Output:
	// gzip numbers.txt 3890
	// gzip numbers.txt 3890
	// <nil>
}
