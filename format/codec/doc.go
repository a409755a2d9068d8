// Package codec turns the raw bytes of one frame into stored bytes and back.
//
// It is pure: no files, no goroutines, nothing but bytes in memory. Frames have
// 0 to MaxRaw raw bytes; 16 MiB is usual.
//
// # Codecs
//
//	Stored    the raw bytes
//	Zstd      one Zstandard frame (RFC 8878)
//	LongZstd  a list of long copies and the literals between them, each as a
//	          Zstandard frame or stored
//
// # Encoding
//
// An Encoder takes a frame through three steps, each of which may end it.
//
// Long matches (Params.Long). The finder looks for repeats of 64 bytes and more
// anywhere earlier in the frame and, when they cover a sixty-fourth of it or
// more, cuts the frame into copies and literals (where the copies are many and
// short, the frame is also compressed whole, and the shorter result taken). That takes away most of what
// zstd would have to do with versions of the same files, at about 1 GB/s
// without repeats and 1.5 GB/s with many. The idea is that of rzip (Tridgell
// 1999) and of zstd's long-distance mode; anchors chosen by a gear hash are from
// Ddelta (Xia et al. 2014). It runs first, because duplicates occur among
// incompressible data, too.
//
// Samples. Where 256 samples spread over the frame all look random, zstd is not
// tried at all. The samples cost about a tenth of a millisecond per frame and find compressible stretches which together make up a few per cent.
//
// zstd. When the result is not smaller than the frame by Params.MinGain per
// cent, the frame is stored.
//
// What an Encoder writes depends on the frame, its Params and the Backend, not
// on the frames before. Backends write different bytes, and any reader reads
// them all.
//
// # Backends
//
// By default zstd compresses with github.com/klauspost/compress, pure Go, which
// maps the levels of the zstd scale to its four speeds: below 3, below 6, below
// 10, and above. With the build tag libzstd, it compresses with the C library
// through github.com/DataDog/zstd, in which each level is its own. Decoding is
// always the pure one.
//
// The pure encoder has a window for the whole of its input. The C library
// chooses the window by the level, from 512 KiB at level 1 to 8 MiB at 19 and
// 128 MiB at 22; the long-match step makes up for it.
//
// # Decoding
//
// Decode decodes a whole frame. A Partial decodes a frame from its start as far
// as is asked for, for the price of about twice the time per byte; it turns to
// Decode when more than half the frame is asked for at first. Both accept the
// same frames and give the same bytes. A Partial that has not been asked for the
// whole frame has not seen damage further on.
//
// Stored bytes are not trusted. The raw length is capped by MaxRaw; the
// outside of every Zstandard frame is checked before anything is allocated for
// it; nothing is written past the declared length. There are no checksums here:
// the frame's head has a hash of the stored bytes.
//
// # Memory
//
// An Encoder keeps, for frames of n bytes, about the following; numbers in
// parentheses are for 16 MiB.
//
//	finder   table     n/8, up to 2n/8 below powers of two   (2 MiB)
//	         anchors   12n/64, at worst 12n/16               (3 MiB)
//	         literals  n at most
//	zstd     window    the next power of two from the largest input, which is
//	                   the literals when there are copies    (16 MiB at most)
//	         tables    0.4 MiB below level 3, 1.4 below 6, 4.3 below
//	                   10 and 34 above
//
// Decode keeps below 1 MiB in a pool between frames and, for LongZstd, a copy
// list of at most 12n/64; the literals are decoded in the place of the result.
// A Partial needs, besides the result, a window as large as what zstd decodes:
// n for Zstd, the literals for LongZstd.
//
// # Map
//
//	id.go               ID, limits, errors
//	encoder.go          Params, Encoder: the steps above
//	sample.go           is it worth trying
//	longfind.go         finds copies; can change without changing the format
//	longlist.go         layout of LongZstd: head and copy list, read and written
//	longdecode.go       LongZstd to raw bytes
//	compressor.go       Compressor and the one in Go
//	backend_*.go        which Compressor a build uses
//	zstdframe.go        checks the outside of a Zstandard frame
//	zstddecode.go       pooled zstd decoders
//	decode.go           Decode
//	partial.go          Partial
package codec
