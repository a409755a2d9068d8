package deflate_test

import (
	"bytes"
	"compress/flate"
	"fmt"

	"github.com/vtdarchive/vtd/deflate"
)

// A stream by Go's compress/flate is its content and a recipe of nine octets.
func Example() {
	var stream bytes.Buffer
	w, _ := flate.NewWriter(&stream, 6)
	for i := range 1000 {
		fmt.Fprintln(w, "line", i)
	}
	w.Close()

	var buf bytes.Buffer
	s, err := deflate.Survey(bytes.NewReader(stream.Bytes()), &buf, deflate.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	octets, content := bytes.NewReader(stream.Bytes()), bytes.NewReader(buf.Bytes())
	m, err := deflate.Find(octets, content, s, deflate.Hints{}, deflate.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := &deflate.Recipe{Layout: s.Layout, Model: m}
	var again []byte
	for i := range s.Parts {
		corr, err := deflate.PredictPart(octets, content, s, i, m, deflate.Limits{})
		if err != nil {
			fmt.Println(err)
			return
		}
		r.Corrections = append(r.Corrections, corr)
		from, to := r.Window(i)
		again, err = deflate.RebuildPart(again, buf.Bytes()[from:to], r, i, deflate.Limits{})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	recipe, err := r.AppendBinary(nil)
	fmt.Println(m, len(recipe), bytes.Equal(again, stream.Bytes()), err)
	// Output: go-6 9 true <nil>
}
