//go:build libzstd

package codec

import (
	"slices"

	"github.com/DataDog/zstd"
)

// Backend names the implementation of zstd that compresses.
func Backend() string { return "libzstd" }

// native is the compressor of the C library. Its context is freed by a
// finalizer of the binding.
type native struct {
	ctx   zstd.Ctx
	level int
}

func newBackend(level int) (Compressor, error) {
	return &native{ctx: zstd.NewCtx(), level: level}, nil
}

// Compress implements Compressor. The binding writes to the start of the slice
// it is given, so it is handed the free end of dst.
func (n *native) Compress(dst, src []byte) []byte {
	at := len(dst)
	dst = slices.Grow(dst, zstd.CompressBound(len(src)))
	out, err := n.ctx.CompressLevel(dst[at:cap(dst)], src, n.level)
	if err != nil {
		// The level is valid and the output has room: what remains is memory.
		panic("codec: libzstd: " + err.Error())
	}
	return dst[:at+len(out)]
}
