package deflate_test

import (
	"bytes"
	"compress/flate"
	"fmt"

	"github.com/vtdarchive/vtd/deflate"
)

// A stream by Go's compress/flate is its content and the name of the model.
func Example() {
	var stream bytes.Buffer
	w, _ := flate.NewWriter(&stream, 6)
	for i := range 1000 {
		fmt.Fprintln(w, "line", i)
	}
	w.Close()

	s, err := deflate.InflateBytes(stream.Bytes(), deflate.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, corr, err := deflate.Find(bytes.NewReader(stream.Bytes()), s, deflate.Hints{}, deflate.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var again bytes.Buffer
	err = deflate.Rebuild(&again, s.Content, m, corr, deflate.Limits{})
	fmt.Println(m, len(corr), bytes.Equal(again.Bytes(), stream.Bytes()), err)
	// Output: go-6 0 true <nil>
}
