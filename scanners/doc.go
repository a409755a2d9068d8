// Package scanners decides where content is cut into the blocks of an archive,
// and which files resemble each other. It is pure: it reads no files, and keeps
// nothing between calls but what the caller holds.
//
// # Use
//
// Split cuts content that is in memory, and a Splitter content that arrives in
// pieces and with holes; both give the same spans. A span is a chunk or a run of
// one octet. Either may be given a Scanner, which knows a format and where its
// joints are; Choose finds one for a file. A Sketcher computes a Sketch of a file, by which files with common
// content find each other.
//
// # The rule
//
// The spans of content are part of the archive format, in so far as two programs
// that cut alike share their blocks. They depend on nothing but the content and
// four parameters, Min, Target, Max and RunMin (see Params.Validate for their
// bounds), and on the scanner. All lengths are in octets.
//
// Sections. A scanner names joints and hints, both offsets into the content. A
// joint counts if it is at least max(64, Min/32) behind the one before it, counting
// or not, and behind the start of the content. The joints that count divide
// the content into sections, and each section is cut as if it were content by
// itself: what stands between two joints is cut like a file with the same
// content. Without a scanner the content is one section.
//
// Runs. A run is a sequence of at least RunMin equal octets that is preceded and
// followed by a different octet or by an end of the content. Every run is a span
// by itself. What lies between two runs, or between a run and an end of the
// content, is a gap. Each gap that is not empty is cut into chunks, without
// regard to what is around it.
//
// Hash. G is a table of 256 numbers of 64 bits: G[i] is the first eight octets,
// read little-endian, of SHA-256("vtd gear table v1" ‖ i), with i as one octet.
// For the octets d[0], d[1], … of a gap and p ≥ 64, the hash before position p is
//
//	H(p) = Σ G[d[p-1-j]] · 2^j   for j = 0 … 63,   modulo 2^64
//
// which a program computes with one step h = 2h + G[d[i]] per octet: an octet
// 64 steps back has left the number.
//
// Masks. M(n) is the number in which the n bits 62, 60, 58, …, 64-2n are one and
// all others zero. With Target = 2^t,
//
//	strict = M(t+2)    lenient = M(t-2)
//
// For a target of 64 KiB these are 0x5555555550000000 and 0x5555555000000000.
//
// Cuts. A gap of n octets is cut where its first chunk ends, and the rest,
// unless it is empty, is then cut as a gap by itself. The first chunk has the
// least length L with L < n for which one of these holds:
//
//   - Min ≤ L < Target, L < Max and H(L) AND strict = 0
//   - Target ≤ L < Max and H(L) AND lenient = 0
//   - Min ≤ L < Max, a hint lies at L, and H(L) AND M(2) = 0
//   - L = Max
//
// and if there is none, the length n. So a chunk is shorter than Min only where
// its gap ends, and the hash is never needed nearer than 64 octets to the start
// of a chunk.
//
// Scanners see content in blocks of 64 KiB that begin at multiples of that. One
// that wants to see more blocks of nothing but zeros than 1024, and 16 for each
// other block it wanted to see, is ended there, as is one that panics; its marks so
// far stand. spec/scanners says
// which joints and hints each scanner names.
//
// Golden cut points stand in spec/chunks.json; the comment at its head says
// how its inputs are made.
//
// # Writing a scanner
//
// A Scanner has a function that reads from a Source, and sets Joint and Hint as
// it goes. A joint is for what is worth blocks of its own, of half a KiB and more:
// a message, the data of a member, a picture within a document. A hint is for
// where a chunk had better end, in content that is long enough to be cut anyway:
// between two definitions, or two records. One hint in four counts, chosen by the
// octets before it. A format with many such places, as text, has to name few of
// them, chosen by content as well; see text.go.
//
// Put it into the list of its kind in all.go, samples into testdata/NAME, where
// TestSuite, FuzzScanners and BenchmarkScan find them, what it names into
// spec/scanners, and a test beside it that says where the joints of small examples
// are. It must be fast: search with Find, FindByte and Line, and Skip whatever
// need not be looked at. What is a file by itself within the content, such as the
// member of an archive, goes to Member, which lets the scanner of that file set its
// marks: only then has it the blocks of the file.
//
// A scanner of a format in which something may be compressed with DEFLATE, or that
// has members, says so with its field packs. FindPacked runs it as well: the same
// function, which calls Packed where that is, and whose marks then count for nothing.
//
// # Rate
//
// Reading and cutting together run at 1 GB/s a core and more on data in memory,
// hashing apart: content without a scanner at 4.4 GB/s, media and archives at 1
// to 30, since most of them is skipped, text at 1.7 to 2.8, and at 1.0 where a
// line has a dozen octets. Content made to be slow, of things of two to four
// octets each, runs at 100 to 450 MB/s. See BenchmarkScan, BenchmarkText and
// BenchmarkHostile.
//
// # Why so
//
// Joints are chosen by their distance from the one before, whether that counts
// or not, because then what is cut does not depend on anything farther away. Hints
// are chosen by content for the same reason.
//
// Every condition on a cut looks at the 64 octets before it only, and what is
// cut leniently late in a chunk includes what is cut strictly early in it. Two
// copies of some content that are in different phases, as after an insertion,
// therefore meet soon and stay together. Runs are taken out first because a
// sparse file or a padded one is worth no blocks at all, and because a hole then
// means the same whether it is known as a hole or read as zeros. A run is found
// by looking at one aligned block in each RunMin/2 octets, hence at hardly any
// cost, but what a run is does not depend on how it is looked for.
//
// # Map
//
//	params.go    Params, their bounds, the masks
//	gear.go      the table G
//	cut.go       the length of one chunk; the fast loop
//	runs.go      repetitions of one octet
//	split.go     Span, Split, and the walk from span to span that both forms share
//	splitter.go  Splitter: the window over content that arrives in pieces
//	scanner.go   Scanner, Choose: by content, media type, name
//	choice.go    Choice: what may be asked for
//	all.go       the list of scanners
//	source.go    Source: what a scanner sees, and what it can say
//	feed.go      a scanner run beside the cutting
//	marks.go     joints and hints on their way
//	packed.go    FindPacked: where content is compressed, as scanners say it
//	member.go    members of archives: scanners within scanners, joints around short headers
//	tar.go, …    one file a format
//	sketch.go    Sketch and Sketcher
package scanners
