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
// A stream is divided into parts of about a MiB of content, which are predicted and rebuilt
// without one another; what they give, one after the other, is the stream. Whatever the
// model and however wrong it is, RebuildPart gives back the part that PredictPart was
// given; a wrong model only makes corrections long. Errors are one of the classes in this
// package under errors.Is, with the place in an *Error. Separate calls are independent and
// may run at once.
//
// Memory is bounded by the largest part, whatever the stream: a part has at most MaxPart of
// content, mostly less than a MiB. Survey holds at most 2 MiB; predicting a part its
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
// GNU gzip 1–9 with --rsyncable and without, Node 1–9, pigz 1–9 and Go 1–9 and Huffman-only
// that testdata/streams.txt and the tests have. In a stream of several parts this holds for
// lazy levels, 4 to 9; at levels 1 to 3 a part costs some ten octets, about 0.01 % of the
// stream. A flush costs one to three octets. Not modelled are klauspost/compress,
// libdeflate, zlib-ng, 7-Zip, zopfli, full flushes of zlib and pigz with other sizes of
// chunks; of these the stream is rebuilt like any other, from corrections that may be a
// third of it.
//
// # The rule
//
// What follows, with a version of a model, is frozen: archives depend on it. All positions
// are octets of the content.
//
// A part is a number of whole blocks. It begins at the start of the stream, or at any block
// that has content; Survey's choice of parts is not part of the rule. The content of a part
// begins at From and ends at To. The part sees the content from 128 KiB before From to 512
// octets behind To, as far as there is any; n is the end of what it sees. Nothing else that
// was predicted or written for other parts has a bearing on it.
//
// A token is a literal or a match, of a length 3…258 at a distance. A model has a state; it
// predicts the token at the current position, is told the one that was really there, and
// goes on behind that one, whether it was right or not. After each token it says whether
// the encoder ends its block. When a block has ended it says of which type it is and, from
// how often each symbol occurred, what its header is if it is dynamic.
//
// Blocks. Rebuilding a part begins at From with the start of a block and goes on as
// follows. At the start of a block: if markers are due (below) and the position is the next
// one of bare, they are dropped; otherwise if markers are due the next is written;
// otherwise if the position is the next one of flushes that is used up and an empty stored
// block is written, not final; otherwise if the position is To, the part is not the last,
// and the position is not the next one of ends, the part is over; otherwise a block is
// begun. Before its first token and after each one, the first of these that holds decides:
//
//  1. The model ends the block, and the position is not the next one of skips,
//     which is otherwise used up: it ends.
//  2. It has tokens and the position is the next one of flushes: it ends.
//  3. The position is the next one of ends, which is used up: it ends.
//  4. The position is To: it ends, and in the last part it is final and the part over.
//
// No token goes on behind To. The model sees the content only up to the next of flushes, or
// n: the segment's end. In a stored block the tokens of the model are counted as tokens
// too.
//
// Bits. A part begins at the bit of an octet at which the one before it ended. The lower
// bits of that octet are its carry. So a part gives whole octets: those from the one it
// begins in to the one it ends in, which the next part gives; the last part gives that too.
//
// State. With From = 0 a model begins with nothing. Else the base of its window (below), of
// W octets, is the least multiple of W with From ≤ base + 2·W; Go has W = 32768. In lazy
// levels the W positions before From are inserted, and nothing is known from the step
// before. In the others the model begins with nothing where what the part sees begins, its
// base being what that position in place of From gives; it predicts tokens, each of which
// counts as right and no block as ended, up to From, which is a segment's end; then the base
// is set as said. In zlib and the like the first position that a part sees counts as none,
// as position 0 does. Strategies rle and huffman-only have no state but the base. For
// rsyncable the octets before From count in sums, but end nothing.
//
// # Corrections
//
// No octets if nothing is to be corrected. Else one octet of bits for the parts that
// follow, in the order of the bits from the lowest: flushes, ends, skips, bare, tail,
// headers, tokens. Numbers are unsigned LEB128, in the shortest form.
//
//	flushes, ends, skips, bare   a number of positions from From to To, and for each
//	                             how far it is behind the one before it, or From
//	tail      an octet: the bits that fill the last octet of the stream, if not zero
//	headers   a length in octets, and records
//	tokens    records, to the end
//
// A record of a header is: how many blocks and markers are as predicted before it; an
// octet, 0 for a stored block, 1 for a static one, 2 for a dynamic one with the predicted
// header, 3 for one whose header follows; plus 4 if the padding of a stored block is not
// zero, and follows as an octet; for 3 the number of bits of the header, as in the stream
// from the first count to the last code length, and the bits, the lowest of each octet
// first.
//
// A record of a token is: how many tokens are as predicted before it; 0 for a literal; or
// the length less 2, and the distance less 1. The length 257 less 2 is 255 and that of 258
// is 256; 257 stands for the length 258 coded as symbol 284 with 31 in its extra bits.
//
// What does not fit is an error: positions and records left over, a token that goes on
// behind To, a record that repeats content that is not there, codes that are over-subscribed
// or lack a symbol, a part that is longer or shorter than it should be, or ends in other
// bits than the carry of the next.
//
// # Recipes
//
// A recipe is recorded as follows. Numbers are as in corrections.
//
//	model     six octets: the fields of Model in their order
//	size      the octets of the stream
//	parts     the number of parts less one
//	for each part but the last:
//	content   the octets of its content
//	bits      its bits
//	carry     an octet, if the next part does not begin at an octet boundary: its carry,
//	          the bits above being zero
//	length    the octets of its corrections
//	then the corrections of all parts, those of the last one to the end
//
// A part has content, unless it is the only one, and at most 16 MiB of it; 10 bits to 48
// MiB of the stream; and with the part before it more than 960 KiB of content.
//
// # zlib, gzip, Chromium
//
// Tables. head has, for each hash, the position last inserted, and prev leads from each
// position inserted to the one before it with the same hash. Position 0 counts as none. The
// window is 2^Window octets, no distance is above that less 262. The hash of a position is
// taken from three octets a, b, c:
//
//	(a·2^2s xor b·2^s xor c) modulo 2^h      s = (h + 2) div 3
//
// with h = 15 in gzip and memLevel + 7 otherwise; in Chromium from four, v being their
// number read little-endian:
//
//	((v·66521 + 66521) modulo 2^32) div 2^16 modulo 2^h
//
// Positions less than 3 octets before the end of the segment are not inserted; the last two
// before a flush are once the content goes on. Octets behind the end are zero while the
// base of the window (below) is 0, else the octets of the content a window's length before;
// in gzip the first two are zero always.
//
// Search at position p with a length b to be exceeded. p is inserted; gzip does so up to
// the end, with octets behind it. The candidates are the positions that prev leads to. The
// first may be as far as 2^Window - 262, the others must be nearer than that, and there are
// no more than chain, in lazy matching with b ≥ good a fourth of it. A candidate whose
// match is longer than all before and than b is taken; one of a length of at least nice
// ends the search, as does one of 258. A match goes up to the segment's end and nice is no
// more than that, except in gzip, where the match is compared with the octets behind, and
// cut afterwards; and where nothing is searched for when p is more than 65274 behind the
// base.
//
//	level      1   2   3   4   5   6   7    8    9
//	good       –   –   –   4   8   8   8   32   32
//	lazy       4   5   6   4  16  16  32  128  258
//	nice       8  16  32  16  32 128 128  258  258
//	chain      4   8  32  16  32 128 256 1024 4096
//
// Levels 1 to 3 search with b = 2 and predict the match found, or else a literal. After a
// match of up to lazy octets those inside are inserted, unless fewer than 3 octets are left
// (gzip: always); after a longer one none of them.
//
// Levels 4 to 9 search at p with b = 2, or have the result from the step before. A match of
// 3 at a distance above 4096 counts as none, with the strategy filtered also one of up to
// 5. Then they search at p + 1 with b the length found at p, unless that is lazy or more.
// If there was a match at p and none longer at p + 1, it is predicted; else a literal. If
// that was right, the result at p + 1 is that of the next step; else it is forgotten, as it
// is at a segment's end. All positions are inserted.
//
// Strategy rle predicts the match at distance 1 if there is one of at least 3, huffman-only
// never one.
//
// The base of the window begins at 0. Where a search at s finds fewer than 262 octets (rle
// 259, huffman-only 1) between s and the segment's end or base + 2·window, whichever comes
// first, and s ≥ base + 2·window - 262, the base grows by a window; the same once more at a
// segment's end. gzip stops looking once fewer than 262 are left before n.
//
// A block ends after 2^(memLevel+6) - 1 tokens, in gzip 32767. In levels 4 to 9 the literal
// that ends a segment never ends a block before it. gzip above level 2 also ends one after
// a multiple of 4096 tokens if there were fewer matches than half of them and (8·tokens +
// Σ(5 + extra bits of the distance)) div 8 is less than half of the content of the block
// before the last token's start (in levels 4 to 9, start plus 1). With rsyncable it ends at
// the first token boundary behind an octet i ≥ 4096 where the sum of the 4096 octets up to
// it is a multiple of 4096, and a marker, an empty stored block, is due unless the stream
// is at an octet boundary.
//
// pigz starts anew at every multiple of 128 KiB: the segment and the block end there,
// nothing is known but the 32 KiB before, of which all positions are inserted, and where
// the base is. A part that begins within such a chunk has its base there or further; levels
// that are not lazy begin to predict tokens for their state no sooner than at the start of
// the chunk, with the 32 KiB before it inserted. With k bits in the last octet of the
// stream, an empty stored block is due if k is odd, otherwise if k > 0 as many empty static
// blocks as fill the octet.
//
// Codes. Nodes are ordered by frequency, then by depth, and are kept in a heap, an array
// from 1 with children at 2k and 2k + 1. It is filled in the order of the symbols, with
// symbols 0 and 1 that do not occur added while fewer than two do, and put in order from
// the middle down. Moving a node down takes the right child only if the left is not before
// it or alike, and stops where the node is before the child or alike. The root is taken and
// the last node moved down from the root; the next root is joined with what was taken, and
// their parent moved down in its place; until one is left. Leaves deeper than the limit
// (15; 7 for the code of code lengths) are put to it; as long as too many are, a leaf of
// the deepest length below the limit that has any goes one down with one of them as its
// sibling; then lengths are given out again, the longest first, to leaves in the order in
// which they were taken.
//
// Code lengths are sent in runs, of the two codes apart: zeros by 3…10 and 11…138; others
// by one and then 3…6 of the same, without the one if it is the same as the last of the run
// before. The first run of a length is split after 7, one behind it after 6.
//
// The sizes of the block in octets, rounded up with its 3 bits of type, decide: the smaller
// of dynamic and static; if the content plus 4 is not above it and the block starts at or
// behind the base: stored; if static is not above dynamic, or with the strategy fixed:
// static; else dynamic.
//
// # Go
//
// In levels 2 to 9 the hash is of four octets, read big-endian, times 0x1e35a7bd, the
// highest 17 of 32 bits. Positions less than 4 octets before a segment's end are never
// inserted. No distance is above 32768, and no match begins before the base. A match is at
// least 4 long; there is one table of parameters, that of zlib without good, and lazy
// matching goes as in zlib, with every search starting at a length of 3 and skipped where
// the length found at p is at least what is left. A match of 4 is passed over at distances
// above 4096. Levels 2 and 3 are not lazy, and insert the inside of matches up to 5 and 6.
// The base moves by 32768 where fewer than 262 octets are left to base + 65536 and the
// segment goes on behind that.
//
// A block ends after 16384 tokens. At the end of the last part, a block that has tokens
// ends without being final, and an empty stored block is. Codes come from merging packages,
// with a pair before a leaf that is alike; leaves are ordered by frequency and symbol. With
// two symbols or fewer each has one bit. A block without matches counts one of distance 1.
// Runs go across both codes: a length, then 3…6 of it as long as there are 3. Stored is
// chosen if its size, 5 octets and the content, is smaller than the others, static if not
// larger than dynamic.
//
// Level 1 works in blocks of 65535 octets, from the start of the content, each of which
// ends the block; fewer where the segment ends. The table has for each hash the position
// last entered; the hash is of four octets, read little-endian, times 0x1e35a7bd, the
// highest 14 of 32 bits. Looking up a position p enters it, and gives what was there before
// if that is not more than 32768 before p and its four octets are those at p. The positions
// p of a block are looked up from its start on, the k-th (from 0) followed by p + s, where
// s is (32 + the sum of the s before) div 32, until one gives a match or p + s is more than
// the block's end less 15, in which case p is not looked up and the block has no more
// matches. A match is as long as the block and 258 allow, but 4 if what is repeated,
// without its first 4 octets, begins before the block before this one. If the match ends at
// or behind the block's end less 15, the block has no more. Otherwise the last position in
// it is looked up, to no effect but its entry, and then the one behind it: that is the next
// match, or what comes after it is looked up as from the start of a block. If there are
// more literals and matches than n - n div 16, n being the octets of the block, all are
// literals. A block of less than 128 octets has no matches and enters nothing, and nothing
// is found that was entered before it. These are the tokens that are predicted, whatever
// the actual ones: at a position within a match that is not there, a literal.
//
// The strategy huffman-only, of level 1 only, has the same blocks and no matches. In both a
// block is stored if the size of that, as above, is less than 17/16, rounded down, of that
// of dynamic codes, counted without extra bits and with 3 bits of type, or in level 1 if it
// has no more than 16 octets; else dynamic. The state at From > 0 is that after searching
// the two blocks of 65535 before it, as far as the part sees them.
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
//	trees.go                their codes and headers
//	goflate.go, gotrees.go  Go's
//	gofast.go               Go's level 1
//	resume.go               the state in which a part begins
//	walk.go                 what predicting and rebuilding have in common
//	predict.go              PredictPart
//	rebuild.go, write.go    RebuildPart; how a block is written
//	corrections.go          how corrections are recorded
//	candidates.go, find.go  Traits, Hints, Find
package deflate
