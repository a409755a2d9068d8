// Package dirtree keeps directories of a tree open, so that files anywhere in
// it can be reached in any order by descriptor and name.
//
// The tree is known to the caller as a table: every directory has a small
// number, and a lookup function tells its parent and its name. [Cache.Get]
// turns a number into a descriptor, opening what is not open yet one component
// at a time below the parent's descriptor and never through a symbolic link.
// So paths may be of any length and depth, and nothing that is moved or
// swapped in while the tree is in use leads outside it.
//
// The least recently used descriptors are closed beyond a bound; those in use
// are held by reference counts and come on top of it.
//
//	cache.go  Cache, Handle: look-up, opening, counting
//	idle.go   the list of descriptors that nobody uses at the moment
package dirtree
