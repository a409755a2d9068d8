package codec

import (
	"sync"

	"github.com/klauspost/compress/zstd"
)

// decoders holds zstd decoders between frames. One decoder serves one frame at
// a time and starts no goroutines.
var decoders = sync.Pool{New: func() any {
	dec, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxRaw),
		zstd.WithDecoderMaxWindow(MaxRaw),
		zstd.WithDecodeAllCapLimit(true),
	)
	if err != nil {
		panic("codec: zstd refuses its own options: " + err.Error())
	}
	return dec
}}

// inflate decodes the one zstd frame in src into dst, which has exactly the
// length of the content.
func inflate(dst, src []byte) error {
	if err := checkZstd(src, len(dst)); err != nil {
		return err
	}
	dec := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(dec)
	out, err := dec.DecodeAll(src, dst[:0:len(dst)])
	if err != nil {
		return corrupt("zstd: %v", err)
	}
	if len(out) != len(dst) {
		return corrupt("zstd frame holds %d bytes, expected %d", len(out), len(dst))
	}
	return nil
}

// checkSection checks the stored length of a section of a LongZstd frame: a
// section stored in as many bytes as it has is stored as it is, in fewer as one
// zstd frame, and never in more.
func checkSection(stored, rawLen int) error {
	if stored > rawLen {
		return corrupt("section of %d bytes stored in %d", rawLen, stored)
	}
	return nil
}

// inflateSection decodes a section into dst, which has its raw length.
func inflateSection(dst, stored []byte) error {
	if err := checkSection(len(stored), len(dst)); err != nil {
		return err
	}
	if len(stored) == len(dst) {
		copy(dst, stored)
		return nil
	}
	return inflate(dst, stored)
}
