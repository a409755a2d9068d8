// Package fsmeta captures and applies the metadata of single files: what
// stat tells, extended attributes, link targets, holes, owners' names; and
// makes the objects of every kind a file system has.
//
// # Addressing
//
// Every call names a file as the descriptor of its directory and one path
// component below it, or as the file's own descriptor (functions whose name
// begins with F). No call follows a symbolic link, and none accepts a name
// that holds a slash or is ".", ".." or empty ([ErrName]). So a path may be
// longer than PATH_MAX, a directory renamed underneath does no harm, and
// nobody who can write to the tree can make a call act outside it. Names are
// bytes; UTF-8 is never assumed.
//
// Descriptors are plain ints. Those returned are close-on-exec and belong to
// the caller. A directory descriptor may be an O_PATH one ([OpenDirPath],
// package dirtree) everywhere except in [ReadDir], [ReadDirNames] and the F
// functions, which need one that was really opened.
//
// # Capturing
//
// [Stat], [StatBirth] and [ReadLink] read what lies in the inode, [Xattrs]
// the extended attributes (POSIX ACLs and file capabilities among them, in
// the raw form the kernel hands out, every namespace the caller may read),
// [DataExtents] where a sparse file has data, [Owners] the names behind
// numeric ids. [OpenFile] opens for reading without touching the access time
// where that is allowed, and never blocks on a fifo that took a file's place.
//
// # Applying
//
// [Apply] and [FApply] bring an object to a [Meta], in the only order that
// works:
//
//  1. owner and group, because chown clears set-ID bits and capabilities;
//  2. extended attributes, because an ACL rewrites the group bits;
//  3. permissions, not on symbolic links;
//  4. the modification time.
//
// Calls that would change nothing are not made: a new regular file usually
// costs one fstat and one utimensat. Writing to a file sets its mtime and
// strips capabilities, so apply after the last write; and making an entry
// sets its directory's mtime, so apply directories last, deepest first.
//
// What could not be set comes back as a list of [AttrError], one for each
// attribute; the rest is set all the same. Two things are withheld rather
// than set wrongly, and reported: a set-ID bit whose owner could not be given,
// and group permissions that were an ACL's mask when the ACL is not there.
//
// # Limits
//
// On 32-bit systems the calls used here know times up to 2038 only: later ones
// are seen right by [StatBirth] alone, and setting them is ERANGE. Without
// /proc and before Linux 6.13, extended attributes of objects that cannot be
// opened (links, sockets, fifos, devices) are out of reach: ENOSYS. Before
// Linux 6.6, so are permissions of anything without /proc.
//
// # Map
//
//	stat_linux.go     Info, Stat, FStat, StatBirth, device numbers
//	time.go           Time
//	open_linux.go     OpenFile, OpenDir, OpenDirPath, OpenWrite, ReadLink
//	readdir_linux.go  ReadDir, ReadDirNames
//	holes_linux.go    DataExtents
//	xattr_linux.go    Xattrs, ListXattrs, GetXattr, SetXattr, RemoveXattr
//	xattrat_linux.go  the three ways to reach a named file's attributes
//	create_linux.go   CreateFile, Mkdir, Symlink, Link, Mknod, Rename, Remove
//	apply_linux.go    Apply, FApply, Meta, What, InitialMode
//	setattr_linux.go  chown, chmod, utimensat on a name or a descriptor
//	errors.go         AttrError and the sentinels
//	acl.go            what has to be known of raw POSIX ACLs
//	owners.go         Owners
//	names.go          the check on names, TempName
package fsmeta
