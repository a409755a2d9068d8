// Package deflate sees inside DEFLATE streams (RFC 1951) and gives back the exact bytes. A
// stream is its content, the encoder that made it, and what that encoder is predicted
// wrongly: the corrections, which are mostly empty. The package is pure: it reads no files,
// starts nothing, and uses integers only.
//
// # Use
//
//	s, err := deflate.Survey(r, w, limits)                 // writes the content; size, parts
//	m, err := deflate.Find(stream, content, s, hints, limits) // a model
//	corr, err := deflate.PredictPart(stream, content, s, i, m, limits) // for each part
//	recipe := &deflate.Recipe{Layout: s.Layout, Model: m, Corrections: …}
//
//	from, to := recipe.Window(i)                            // what of the content it takes
//	out, err = deflate.RebuildPart(out, content[from:to], recipe, i, limits)
//
// A stream is divided into parts of up to 512 KiB of content, which are predicted and rebuilt
// without one another; what they give, one after the other, is the stream. Whatever the
// model and however wrong it is, RebuildPart gives back the part that PredictPart was
// given; a wrong model only makes corrections long. Errors are one of the classes in this
// package under errors.Is, with the place in an *Error. Separate calls are independent and
// may run at once.
//
// Memory is bounded by the largest part, whatever the stream: a part has at most MaxPart of
// content, mostly no more than 512 KiB. Survey holds at most 2 MiB; predicting a part its
// content, and four octets for each of its tokens; rebuilding, besides what it is given,
// four octets for each token of a block; both up to 640 KiB of tables. Limits bound the
// content, its ratio to the stream, the number of blocks, and how much a model may search
// for each octet; they hold for rebuilding too.
//
// The effort of rebuilding is that of predicting, step for step: who rebuilds must allow
// what was allowed then.
//
// # What is exact
//
// Nothing is corrected in the streams of zlib 1–9 at every memLevel, window and strategy,
// GNU gzip 1–9 with --rsyncable and without, Node 1–9, pigz 1–9, Go 1–9 and Huffman-only,
// and klauspost/compress 1–9 and Huffman-only, in two versions, that testdata/streams.txt
// and the tests have. In a stream of several parts this holds for lazy levels: 4 to 9 of
// zlib and the like and Go, 7 and 8 of klauspost/compress. In levels 1 to 3 of zlib and the
// like, 2 and 3 of Go, the state in which a part begins depends on tokens before it. Models of
// version 2 predict these for 512 KiB, where mistakes at their start have died out; only
// content that repeats itself nearly all the time costs some hundred octets a part. Of what
// remains, a part of klauspost/compress costs some ten octets, about 0.02 % of the stream.
// Go's level 1 may cost one per cent, klauspost's level 1 twenty: their encoders skip
// positions, and which ones depends on all before. A flush costs one to three octets.
//
// # What is not modelled
//
// The streams of other encoders are rebuilt like any other, from corrections by the model
// that comes nearest. What share of a stream these are, and for how many of the streams no
// model comes near (from bench/deflate, see bench/DEFLATE.md):
//
//	libdeflate 1 to 9       9 to 15 %   one in five
//	libdeflate 12           22 %        half
//	7-Zip 1                 14 %        one in five
//	7-Zip 5, 9              20 %        half
//	zopfli                  22 %        a third
//
// 7-Zip from level 5, libdeflate from 10 and zopfli choose among all ways to write a block by
// what codes of the round before make it cost; a model of one would be all of the encoder, and
// as slow. So a recipe pays there only where most of the content is stored already. The
// greedy and lazy levels of libdeflate, and zlib-ng, have no model yet. Neither have full
// flushes of zlib, pigz with other sizes of chunks, and pgzip, which begins anew at every MiB
// with the 16 KiB before: by the models of klauspost/compress that costs about two per cent.
//
// # The rule
//
// How models predict, in which state a part begins, and how corrections and
// recipes are recorded, is part of the archive format: spec/deflate.md has it, and
// what is said there of a version of a model is frozen. Golden streams and recipes
// are in testdata.
//
// # Map
//
//	errors.go, limits.go    classes of failure, bounds
//	token.go                token; the tables of RFC 1951; canonical codes
//	bits.go, decode.go      bits in and out; tokens from bits
//	parse.go                parser: blocks and tokens of a stream
//	layout.go, recipe.go    Layout, Part; Recipe and how it is recorded
//	survey.go, inflate.go   Survey
//	section.go              what a part says, in memory
//	model.go                Model, and what a model has to do
//	matcher.go, follow.go   zlib, gzip, Chromium, pigz: search; tokens and blocks
//	chains.go               the same search where there are many candidates
//	trees.go                their codes and headers
//	goflate.go, gotrees.go  Go's
//	gofast.go               Go's level 1
//	klauspost.go            klauspost/compress: chunks
//	kpfast.go, kplong.go    search at levels 1 to 3, 4 to 6
//	kplazy.go               levels 7 to 9
//	kpblocks.go             which chunks make a block, and its type
//	kpestimate.go           singles: how its encoder estimates sizes
//	resume.go               the state in which a part begins
//	walk.go                 what predicting and rebuilding have in common
//	predict.go              PredictPart
//	rebuild.go, write.go    RebuildPart; how a block is written
//	corrections.go          how corrections are recorded
//	candidates.go, find.go  Traits, Hints, Find
//	sample.go               what Find looks at
package deflate
