// Package packed finds the DEFLATE streams in content: of gzip files, zip
// archives and all that is one, PNG pictures, PDF documents, packs and loose objects
// of Git, and of all these within tar, ar, cpio and zip archives, and images of disks. It is
// pure, and inflates next to nothing itself.
//
// # Use
//
// Walk goes through content and hands out each Stream it finds. The caller
// inflates it, to learn whether it is one and where it ends; only then is it known
// where the next member of a gzip file, or object of a pack, is.
//
//	err := packed.Walk(content, size, "x.tar.gz", nil, func(s *packed.Stream) (int64, error) {
//		in := io.NewSectionReader(s.Reader(content), 0, math.MaxInt64)
//		survey, err := deflate.Survey(in, out, limits)
//		if err != nil {
//			return 0, err
//		}
//		…
//		return survey.Size, nil
//	})
//
// A stream usually lies in one piece, from Offset on. That of a PNG picture is
// interrupted by the heads of chunks, its Breaks. Reader gives the stream without
// them, and End where it ends in the content.
//
// # What can be relied on
//
// Streams come in the order in which they lie in the content, whatever that says;
// none reaches into the next, nor behind its Limit, and all of that lies within the
// content. What Walk finds depends on the content, the names, and what visit says,
// and not on how the reader reads.
//
// Check sums of containers are not checked: the caller has the octets either
// way. Walk keeps nothing between calls, and several may run at once.
//
// # Bounds
//
// Each octet of content belongs to one range at most that a scanner gives, and a
// stream that is none ends its range, unless that says where the next one is. So
// no visit goes through what another has, and together they take the time of going
// through the content once. Streams that cannot have MinStream octets are not visited, but a
// shorter one may turn out to be: in a gzip file its length is needed. After
// MaxShort of these the rest of that file is left out. Memory is below a MiB, and
// that for the breaks of one picture: MaxBreaks of them with 12 octets each, more
// of them and it is left out.
//
// # Map
//
//	packed.go  Stream, its reader
//	walk.go    Walk, and what it holds to
//	gzip.go, png.go, git.go, zlib.go  one file for each kind of container
package packed
