package fsmeta

import (
	"iter"

	"golang.org/x/sys/unix"
)

// Extent is a range of a file.
type Extent struct {
	Off, Len int64
}

// DataExtents yields the parts of the first size bytes of a file that hold
// data, in order; what lies between them is holes and reads as zeros. It is
// worth its two calls an extent only where [Info.Sparse]. A file system that
// knows no holes yields one extent.
//
// A file found shorter than size ends the sequence with [ErrShrunk]: the end
// that is missing must not be taken for a hole. The calls move the
// descriptor's offset; read with pread.
func DataExtents(fd int, size int64) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		for off := int64(0); off < size; {
			data, err := unix.Seek(fd, off, unix.SEEK_DATA)
			switch {
			case err == unix.EINVAL:
				// Not a file system that can tell: all of it is data.
				yield(Extent{off, size - off}, nil)
				return
			case err == unix.ENXIO:
				if err := checkSize(fd, size); err != nil {
					yield(Extent{}, err)
				}
				return
			case err != nil:
				yield(Extent{}, pathError("seek", "", err))
				return
			case data < off:
				yield(Extent{}, pathError("seek", "", unix.EIO))
				return
			case data >= size:
				return
			}
			end, err := unix.Seek(fd, data, unix.SEEK_HOLE)
			switch {
			case err == unix.ENXIO:
				// There were data here a moment ago: the file was cut.
				yield(Extent{}, ErrShrunk)
				return
			case err != nil:
				yield(Extent{}, pathError("seek", "", err))
				return
			case end <= data:
				// A hole punched since. Holes read as zeros, so calling the
				// rest data is right, and ends the sequence whatever happens.
				end = size
			}
			end = min(end, size)
			if !yield(Extent{data, end - data}, nil) {
				return
			}
			off = end
		}
		// The end of the file counts as a hole: a file cut in the middle of
		// its last extent shows only in its size.
		if err := checkSize(fd, size); err != nil {
			yield(Extent{}, err)
		}
	}
}

// checkSize tells whether a file still has size bytes.
func checkSize(fd int, size int64) error {
	var st unix.Stat_t
	if err := fstat(fd, &st); err != nil {
		return pathError("fstat", "", err)
	}
	if st.Size < size {
		return ErrShrunk
	}
	return nil
}
