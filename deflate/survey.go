package deflate

import "io"

// A Stream is what Survey finds.
type Stream struct {
	Layout
	Traits Traits
}

// Survey inflates the stream at the start of r, which may go on behind it, writes
// its content, and divides it into parts. Size says where the stream ended; Survey
// may have read further. The memory it takes has a bound, whatever the stream.
// Errors are ErrInvalid and ErrLimit, or come from r and content.
func Survey(r io.Reader, content io.Writer, limits Limits) (*Stream, error) {
	s, err := inflate(r, limits)
	if err != nil {
		return nil, err
	}
	if _, err := content.Write(s.content); err != nil {
		return nil, err
	}
	return &Stream{Layout{s.size, int64(len(s.content)), []Part{{}}}, s.Traits}, nil
}

// PredictPart gives what has to be stored of part i, besides the content and the
// model, to rebuild it: its corrections. They are empty where the model predicts all
// of it. stream and content have at their starts what Survey read and wrote. Separate
// calls may run at once if the readers allow it.
func PredictPart(stream, content io.ReaderAt, s *Stream, i int, m Model, limits Limits) ([]byte, error) {
	old, err := inflate(io.NewSectionReader(stream, 0, s.Size), limits)
	if err != nil {
		return nil, err
	}
	return predict(io.NewSectionReader(stream, 0, s.Size), old, m, limits)
}

// RebuildPart appends part i of the stream to dst: its Octets. content is its
// Window. Whatever the corrections are, it ends, with an error or with as many
// octets as the part has; never are more appended. Separate calls may run at once,
// for one recipe too.
func RebuildPart(dst, content []byte, r *Recipe, i int, limits Limits) ([]byte, error) {
	out := sliceWriter{dst}
	if err := rebuild(&out, content, r.Model, r.Corrections[i], limits); err != nil {
		return nil, err
	}
	return out.b, nil
}

type sliceWriter struct{ b []byte }

func (w *sliceWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

// Find looks for the model that predicts a stream with the least corrections. It tries
// the likely ones first, on the start and, of a long stream, in the middle, and is
// content with the first that is right there. Without any that is worth it, it gives
// ErrNoModel. stream and content are as in PredictPart.
func Find(stream, content io.ReaderAt, s *Stream, h Hints, limits Limits) (Model, error) {
	old, err := inflate(io.NewSectionReader(stream, 0, s.Size), limits)
	if err != nil {
		return Model{}, err
	}
	m, _, err := find(stream, old, h, limits)
	return m, err
}
