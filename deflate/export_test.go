package deflate

import "bytes"

// Encode gives the stream that a model stands for.
func Encode(content []byte, m Model, limits Limits) ([]byte, error) {
	var out bytes.Buffer
	err := rebuild(&out, content, m, nil, limits)
	return out.Bytes(), err
}
