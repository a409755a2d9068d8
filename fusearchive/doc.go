// Package fusearchive shows an archive as a read-only file system, through FUSE.
//
//	a, err := reader.OpenFile("photos.vtd", reader.Options{})
//	t, err := a.Tree()
//	files, err := fusearchive.New(a, t, fusearchive.Options{})
//	s, err := fusearchive.Mount(files, "/mnt", fusearchive.MountOptions{})
//	s.Wait()
//
// # What is there
//
// All that package extract restores: every kind of entry, times in nanoseconds,
// owners by number, permissions, extended attributes, hard links, holes. An
// inode has the same number in every mount of an archive, made from the names
// down to it, or from what the names of a file with several have in common.
// Directories have a link count of 1, which says that it tells nothing.
//
// The attribute [BlockRef] names the content of an entry in the archive.
//
// # Messages
//
// The kernel asks as little as it can be made to. What it is told it may
// remember for ever: entries, names that are not there, attributes, targets of
// links, directories, content. Files and directories are not opened, closed or
// flushed: the first attempt is answered with ENOSYS, and it goes on without.
// Directories are read with the attributes of their entries, which most readers
// of directories ask for next, and would one by one. It reads up to 1 MiB at once
// and, where root mounts, 2 MiB ahead.
//
// What is read goes to the kernel from the memory that it was decoded to, in one
// writev, without being copied before unless it is in small parts. Frames and blocks
// that a reader comes to next are decoded and checked meanwhile, see package reader.
// Who reads everything a second time, with tar for instance, sends no message at all.
//
// # What is left out, and why
//
// BenchmarkFloor reads 512 MiB, of which nothing is in the page cache, from servers
// for which there is nothing to decode. On two cores of an AMD EPYC with Linux 6.18
//
//	go test ./fusearchive -run '^$' -bench Floor -benchtime 5x
//
// showed, in seconds, and in seconds of the processor,
//
//	                       all    server   cat
//	writev of 1 MiB        0.21   0.18     0.15
//	writev of 256 KiB      0.23   0.20     0.16
//	writev of 128 KiB      0.23   0.22     0.15
//	parts of 5,000 bytes   0.24   0.22     0.16
//	parts of 20,000 bytes  0.23   0.20     0.15
//	5,000, copied before   0.19   0.16     0.14
//	20,000, copied before  0.21   0.18     0.16
//	splice of 512 KiB      0.21   0.18     0.14
//	passthrough            0.10   0.00     0.10
//
// Splicing moves pages of a file or a pipe. What is given out here has been
// decoded and checked, and lies in memory that others read, too: it would have to
// be copied into a file or pipe first, which costs more than is gained. A message
// and its answer have to fit a pipe, which has 1 MiB unless the administrator
// allows more.
//
// Passing reads through to a file (Linux 6.9) halves them where there is a file
// that holds the content as it is: here all of it would have to be decoded into
// one, and be kept, before the first read. It takes a message for each open. The second
// time content comes from the page cache, without a message, as it is.
//
// Messages by io_uring (Linux 6.14) are off unless the administrator sets the
// parameter enable_uring of the module fuse, and go-fuse does not speak them.
//
// Content that will probably be read next could be put into the page cache
// unasked. A process that is killed while it does that to a page for which
// somebody waits ends only when the connection is aborted by hand; and a message
// to store costs what a message to read does.
//
// # Cost
//
// Mounting reads what leads to the root, whatever the size of the archive. An
// inode that the kernel knows costs some 300 bytes; when the kernel forgets it,
// so does this package. A large file that has been read costs as much again.
// All else is in the caches of package reader, which are bounded. A large file, and a
// tree of several versions, comes from many frames at a time; with room for less than
// what is still to be read of them, they are decoded more than once, a large file about
// once for as much of it as half the cache of frames holds.
// Of eight releases of Kubernetes 261 MiB are distinct, in frames of 32 MiB. On the same
// machine, from
//
//	vt mount --cache SIZE x.vtd dir; time cat dir/large; time tar c dir | cat
//
// their tar, large, and the trees themselves took, in seconds,
//
//	--cache, MiB   512   384   256   128    64
//	large          0.7   1.1   2.2   3.5   5.5
//	trees          6.9   7.0    16    65
//
// since nothing tells which small file is read next.
//
// # Damage
//
// A read that meets damage fails with EIO, and Options.OnFault hears of it once.
// The kernel then asks page by page, so that what is whole can be read up to
// the page. The same goes for an archive that is cut or overwritten while it is
// mounted: every block is held against its hash when it is decoded.
//
// # Files
//
//	fs.go          FS: a tree; faults
//	states.go      States: several trees side by side
//	node.go        inodes that the kernel knows; look-ups
//	attr.go        stat, statx, statfs, targets of links
//	dir.go         directories
//	file.go        content, holes
//	xattr.go       extended attributes
//	readonly.go    what is refused
//	mount.go       Mount, Unmount
//	fusermount.go  the same for those who are not root
package fusearchive
