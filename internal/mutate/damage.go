package mutate

import "bytes"

func flipBit(b []byte, s *Script) []byte {
	b[s.Number(len(b))] ^= 1 << s.Below(8)
	return b
}

func setByte(b []byte, s *Script) []byte {
	b[s.Number(len(b))] = s.Byte()
	return b
}

func cutEnd(b []byte, s *Script) []byte { return b[:s.Number(len(b))] }

// pageSize is what a disk loses at once.
const pageSize = 4096

func zeroPage(b []byte, s *Script) []byte {
	at := s.Number(len(b)/pageSize+1) * pageSize
	clear(b[at:min(at+pageSize, len(b))])
	return b
}

// span gives a range of the file: mostly a short one.
func span(b []byte, s *Script) (from, to int) {
	from = s.Number(len(b))
	n := 1 + int(s.Byte())
	if n > 200 {
		n = (n - 199) * 64
	}
	return from, min(from+n, len(b))
}

func cutRange(b []byte, s *Script) []byte {
	from, to := span(b, s)
	return append(b[:from], b[to:]...)
}

func swapRanges(b []byte, s *Script) []byte {
	from, to := span(b, s)
	at := s.Number(len(b))
	n := min(to-from, len(b)-at)
	x, y := bytes.Clone(b[from:from+n]), bytes.Clone(b[at:at+n])
	copy(b[from:], y)
	copy(b[at:], x)
	return b
}

func copyRange(b []byte, s *Script) []byte {
	from, to := span(b, s)
	copy(b[s.Number(len(b)):], bytes.Clone(b[from:to]))
	return b
}

func doubleRange(b []byte, s *Script) []byte {
	from, to := span(b, s)
	return insert(b, s.Number(len(b)+1), b[from:to])
}

func insertNoise(b []byte, s *Script) []byte {
	noise := make([]byte, 1+s.Below(64))
	for i := range noise {
		noise[i] = s.Byte()
	}
	return insert(b, s.Number(len(b)+1), noise)
}

func insert(b []byte, at int, what []byte) []byte {
	out := make([]byte, 0, len(b)+len(what))
	return append(append(append(out, b[:at]...), what...), b[at:]...)
}
