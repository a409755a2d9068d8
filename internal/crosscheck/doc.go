// Package crosscheck reads an archive in every way there is and tells where
// they disagree: in memory, mapped and with pread, as a stream from front to
// back, through fs.FS, and by verification. None of them may panic, give an
// error without a class, or find nothing wrong where another fails; those that
// find nothing wrong give the same entries, metadata and contents.
//
// The fuzz targets of package fuzz and vt fuzz share it. What disagrees is told
// to a [Reporter]; [Test] is one for tests.
//
//	crosscheck.go  Archive, checks, Reporter, Limits; classes of errors
//	view.go        an archive as random access sees it
//	files.go       the same through fs.FS
//	stream.go      as the stream sees it
//	work.go        how much is read for how many bytes
//	original.go    what a valid archive holds, for those made of it
package crosscheck
