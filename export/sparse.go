package export

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"path"
	"strconv"

	"github.com/vtdarchive/vtd/reader"
)

// Sparse files of format 1.0, as GNU tar describes them
// (https://www.gnu.org/software/tar/manual/html_node/PAX-1.html): records give
// name and size, and before the data stands a list of where it belongs, in
// decimal numbers.

const (
	// minHole is the least that is worth an entry of that list.
	minHole = 64 << 10
	block   = 512
)

// holesOf gives where a file has data, if it has holes: nil if not.
func holesOf(f *reader.File) ([]reader.Extent, error) {
	if f.Size() < minHole {
		return nil, nil
	}
	var data []reader.Extent
	found := false
	for x, err := range f.Extents(0) {
		switch {
		case err != nil:
			return nil, err
		case x.Hole && x.Length >= minHole:
			found = true
		case len(data) > 0 && data[len(data)-1].Offset+data[len(data)-1].Length == x.Offset:
			data[len(data)-1].Length += x.Length
		default:
			data = append(data, x)
		}
	}
	if !found {
		return nil, nil
	}
	if data == nil {
		data = []reader.Extent{}
	}
	return data, nil
}

// sparse writes a file with holes. archive/tar reads these and does not write
// them: it leaves out the records. So they are written under names that it
// does not know, of the same lengths, and get their own in what it has written:
// nothing is computed from them.
func (t *tarWriter) sparse(name string, h *tar.Header, c *content, data []reader.Extent) error {
	var list bytes.Buffer
	n := int64(0)
	fmt.Fprintf(&list, "%d\n", len(data)+1)
	for _, x := range data {
		fmt.Fprintf(&list, "%d\n%d\n", x.Offset, x.Length)
		n += x.Length
	}
	fmt.Fprintf(&list, "%d\n0\n", c.f.Size()) // the end, if that is a hole
	list.Write(make([]byte, -list.Len()&(block-1)))

	for key, value := range map[string]string{"major": "1", "minor": "0", "name": h.Name, "realsize": strconv.FormatInt(c.f.Size(), 10)} {
		h.PAXRecords[standIn+key] = value
	}
	dir, base := path.Split(h.Name)
	h.Name = dir + "GNUSparseFile.0/" + base
	h.Size = int64(list.Len()) + n
	var head bytes.Buffer
	w := tar.NewWriter(&head)
	if err := w.WriteHeader(h); err != nil {
		return t.put(h)
	}
	if err := t.w.Flush(); err != nil {
		return err
	}
	b := head.Bytes()
	for _, key := range []string{"major", "minor", "name", "realsize"} {
		b = bytes.Replace(b, []byte(" "+standIn+key+"="), []byte(" GNU.sparse."+key+"="), 1)
	}
	for _, part := range [][]byte{b, list.Bytes()} {
		if _, err := t.out.Write(part); err != nil {
			return err
		}
	}
	for _, x := range data {
		if err := t.body(name, t.out, c, x.Offset, x.Length); err != nil {
			return err
		}
	}
	_, err := io.CopyN(t.out, zeros{}, -h.Size&(block-1))
	return err
}

// standIn is put in the place of "GNU.sparse.".
const standIn = "VTD.sparse."
