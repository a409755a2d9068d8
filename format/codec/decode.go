package codec

import "fmt"

// Decode returns the rawLen raw bytes of a frame. It uses the storage of dst
// when that is large enough, whatever its length and content, and never keeps
// or returns a part of stored. It is safe for concurrent use.
func Decode(dst []byte, id ID, stored []byte, rawLen int) ([]byte, error) {
	if err := check(id, stored, rawLen); err != nil {
		return nil, err
	}
	if cap(dst) < rawLen {
		dst = make([]byte, rawLen)
	}
	dst = dst[:rawLen]
	var err error
	switch id {
	case Stored:
		copy(dst, stored)
	case Zstd:
		err = inflate(dst, stored)
	case LongZstd:
		err = decodeLong(dst, stored)
	}
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// check does the checks that come before anything is allocated for a frame.
func check(id ID, stored []byte, rawLen int) error {
	if err := checkRaw(rawLen); err != nil {
		return err
	}
	switch id {
	case Stored:
		if len(stored) != rawLen {
			return corrupt("%d bytes stored for %d", len(stored), rawLen)
		}
		return nil
	case Zstd:
		return checkZstd(stored, rawLen)
	case LongZstd:
		_, err := parseLong(stored, rawLen)
		return err
	}
	return fmt.Errorf("codec: %v: %w", id, ErrUnknown)
}
