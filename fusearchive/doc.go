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
// and, where root mounts, as far ahead.
//
// Splicing does not pay: what is given out has been decoded and checked, and so
// lies in memory. Nor is there a file that reads could be passed through to.
//
// # Cost
//
// Mounting reads what leads to the root, whatever the size of the archive. An
// inode that the kernel knows costs some 300 bytes; when the kernel forgets it,
// so does this package. A large file that has been read costs as much again.
// All else is in the caches of package reader, which are bounded.
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
//	node.go        inodes that the kernel knows; look-ups
//	attr.go        stat, statx, statfs, targets of links
//	dir.go         directories
//	file.go        content, holes
//	xattr.go       extended attributes
//	readonly.go    what is refused
//	mount.go       Mount, Unmount
//	fusermount.go  the same for those who are not root
package fusearchive
