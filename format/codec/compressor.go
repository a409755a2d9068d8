package codec

import (
	"fmt"
	"math/bits"

	"github.com/klauspost/compress/zstd"
)

// The range of compression levels, on the scale of the zstd tool.
const (
	MinLevel = 1
	MaxLevel = 22
)

// Compressor turns bytes into one Zstandard frame. A Compressor serves one
// caller at a time. What it writes depends on src and its level only, not on
// what it compressed before.
type Compressor interface {
	// Compress appends one frame with the content of src to dst and returns
	// the extended slice. The frame declares its content size and has neither
	// checksum nor dictionary.
	Compress(dst, src []byte) []byte
}

// NewCompressor returns the compressor of the backend this package was built
// with.
func NewCompressor(level int) (Compressor, error) {
	if level < MinLevel || level > MaxLevel {
		return nil, fmt.Errorf("codec: zstd level %d outside %d..%d", level, MinLevel, MaxLevel)
	}
	return newBackend(level)
}

// minWindow is the smallest window an encoder is made with; smaller ones would
// be replaced too often to save anything.
const minWindow = 1 << 20

// pure is the compressor in Go. Its encoder keeps a copy of the window, so it
// is made with the smallest power of two that holds the input and replaced
// when a larger input arrives. As no input exceeds the window, its size does
// not show in the output.
type pure struct {
	level  zstd.EncoderLevel
	window int
	enc    *zstd.Encoder
}

func newPure(level int) *pure {
	return &pure{level: zstd.EncoderLevelFromZstd(level)}
}

// Compress implements Compressor.
func (p *pure) Compress(dst, src []byte) []byte {
	if p.enc == nil || len(src) > p.window {
		p.grow(len(src))
	}
	return p.enc.EncodeAll(src, dst)
}

func (p *pure) grow(n int) {
	window := max(minWindow, 1<<bits.Len(uint(n-1)))
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(p.level),
		zstd.WithWindowSize(window),
		zstd.WithLowerEncoderMem(true),
		zstd.WithSingleSegment(true),
		zstd.WithEncoderCRC(false),
		zstd.WithZeroFrames(true),
	)
	if err != nil {
		panic("codec: zstd refuses its own options: " + err.Error())
	}
	p.window, p.enc = window, enc
}
