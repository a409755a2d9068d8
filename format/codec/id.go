package codec

import (
	"errors"
	"fmt"
)

// ID names a codec in the head of a frame. 0..127 are assigned by the
// specification, 128..255 are private use and never assigned.
type ID uint8

// The codecs of the format.
const (
	// Stored holds the raw bytes themselves.
	Stored ID = 0
	// Zstd holds exactly one Zstandard frame (RFC 8878).
	Zstd ID = 1
	// LongZstd holds a list of long copies and the literals between them,
	// each as one Zstandard frame or stored.
	LongZstd ID = 2
)

// Private is the first identifier of the private range.
const Private ID = 128

// String returns the name of the codec as the specification spells it.
func (id ID) String() string {
	switch id {
	case Stored:
		return "stored"
	case Zstd:
		return "zstd"
	case LongZstd:
		return "long-zstd"
	}
	if id >= Private {
		return fmt.Sprintf("private-%d", uint8(id))
	}
	return fmt.Sprintf("codec-%d", uint8(id))
}

// MaxRaw is the largest number of raw bytes a frame may declare. It bounds
// what a reader allocates for one frame and keeps every offset inside a frame
// within four varint bytes.
const MaxRaw = 64 << 20

var (
	// ErrCorrupt is wrapped by every error that says stored bytes are not what
	// an encoder can have written.
	ErrCorrupt = errors.New("corrupt frame data")
	// ErrUnknown is wrapped when a codec identifier has no decoder here.
	ErrUnknown = errors.New("unknown codec")
)

// corrupt returns an error that says what is wrong and wraps ErrCorrupt.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("codec: %s: %w", fmt.Sprintf(format, args...), ErrCorrupt)
}

// checkRaw refuses raw lengths outside the limits of the format before
// anything is allocated for them.
func checkRaw(rawLen int) error {
	if rawLen < 0 || rawLen > MaxRaw {
		return corrupt("raw length %d outside 0..%d", rawLen, MaxRaw)
	}
	return nil
}
