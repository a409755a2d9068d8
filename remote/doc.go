// Package remote reads a file over HTTP as a reader.Source: any server that
// answers requests for ranges will do.
//
//	src, err := remote.Open(ctx, "https://example.org/backup.vtd", remote.Options{})
//	if err != nil { … }
//	a, err := reader.Open(src, reader.Options{Name: url})
//
// # Requests
//
// [Open] asks for the end of the file, where trailer and index of an archive
// are, and learns from the answer how large the file is and which version of it
// the server has. After that, what is read is fetched in pages of 64 KiB, those
// that lie together in one request, and kept, up to Options.CacheBytes. Who
// reads on where the last request ended gets more with each, up to 4 MiB. A
// program that knows what it will read says so with [File.WillRead]: then
// neighbouring ranges become one request of up to 16 MiB, and the next ones are
// under way while one is used. Pages are given out as they arrive.
//
// # One version
//
// Every answer must be of the version that was opened: of its size, its entity
// tag, and, where there is none, its time of modification. Else the read fails
// with [ErrChanged]; there is never a mixture. What is read is not checked
// otherwise: that is the reader's work.
//
// # Failures
//
// A request that fails for a reason that may pass (no connection, an answer
// that breaks off or stands still, status 408, 429, and 500 to 504) is repeated up to Options.Retries
// times, with growing pauses, or the one the server asks for, from where it
// broke off; but not the first, when nobody is there. A server that does not answer with ranges is [ErrNoRanges], also
// when it changes its mind later; [Download] fetches the whole file instead.
// Other answers are a [*StatusError].
//
// Proxies and certificates are those of package net/http. A name and password
// in the URL are sent, and left out of messages.
//
// # Files
//
//	open.go      Open, Options, the first request
//	file.go      File: pages, ReadAt, WillRead
//	plan.go      what is going to be read, as requests
//	fetch.go     a request, its answer, and repeating it
//	download.go  Download
//	errors.go    ErrNoRanges, ErrChanged, StatusError
package remote
