package deflate_test

import (
	"bytes"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
)

// surveyed gives what Survey finds in a stream, and its content.
func surveyed(stream []byte, limits deflate.Limits) (*deflate.Stream, []byte, error) {
	var content bytes.Buffer
	s, err := deflate.Survey(bytes.NewReader(stream), &content, limits)
	return s, content.Bytes(), err
}

// predicted predicts all parts of a stream.
func predicted(stream, content []byte, s *deflate.Stream, m deflate.Model, limits deflate.Limits) (*deflate.Recipe, error) {
	r := &deflate.Recipe{Layout: s.Layout, Model: m}
	for i := range s.Parts {
		corr, err := deflate.PredictPart(bytes.NewReader(stream), bytes.NewReader(content), s, i, m, limits)
		if err != nil {
			return nil, err
		}
		r.Corrections = append(r.Corrections, corr)
	}
	return r, nil
}

// rebuilt rebuilds all parts of a stream.
func rebuilt(r *deflate.Recipe, content []byte, limits deflate.Limits) ([]byte, error) {
	var out []byte
	for i := range r.Parts {
		from, to := r.Window(i)
		var err error
		if out, err = deflate.RebuildPart(out, content[from:to], r, i, limits); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// single is a recipe of one part.
func single(m deflate.Model, content []byte, size int, corr []byte) *deflate.Recipe {
	return &deflate.Recipe{Layout: deflate.Layout{Size: int64(size), ContentSize: int64(len(content)), Parts: []deflate.Part{{}}}, Model: m, Corrections: [][]byte{corr}}
}

// correctionsOf counts the octets of all corrections.
func correctionsOf(r *deflate.Recipe) (n int) {
	for _, c := range r.Corrections {
		n += len(c)
	}
	return n
}

// patient allows what content of tests may take that is made to be slow.
var patient = deflate.Limits{Effort: 4096}

// roundTrip predicts a stream, records and reads the recipe, and rebuilds the stream.
func roundTrip(t testing.TB, stream []byte, m deflate.Model) *deflate.Recipe {
	t.Helper()
	return roundTripIn(t, stream, m, deflate.PartContent)
}

// roundTripIn does so in parts of another size.
func roundTripIn(t testing.TB, stream []byte, m deflate.Model, size int64) *deflate.Recipe {
	t.Helper()
	var inflated bytes.Buffer
	s, err := deflate.SurveyIn(bytes.NewReader(stream), &inflated, deflate.Limits{}, size)
	if err != nil {
		t.Fatal(err)
	}
	content := inflated.Bytes()
	r, err := predicted(stream, content, s, m, patient)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := deflate.ParseRecipe(b, s.ContentSize)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.AppendBinary(nil)
	if err != nil || !bytes.Equal(b, again) {
		t.Fatalf("the recipe %.100x comes back as %.100x: %v", b, again, err)
	}
	out, err := rebuilt(back, content, patient)
	if err != nil {
		t.Fatalf("%s, recipe %.100x: %v", m, b, err)
	}
	if !bytes.Equal(out, stream[:s.Size]) {
		t.Fatalf("%s, recipe %.100x: another stream", m, b)
	}
	return r
}
