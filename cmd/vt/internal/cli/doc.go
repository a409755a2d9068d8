// Package cli is the command line of vt: one struct for each command, with its
// flags, its arguments, its help and a method Run.
//
// [Run] runs a command line with the streams it is given and returns the exit
// status; it never exits. Whatever goes wrong comes back to it as an error,
// which it prints, unless that has been done, and turns into a status by its
// class, in one place (exit.go).
//
// What a terminal sees goes through package human, so that no name in an
// archive can send it commands. Messages begin with "vt: ", are lower case and
// end without a full stop. Results go to standard output; messages, summaries
// and progress to standard error.
//
//	run.go         Run: parsing, running, printing of errors
//	grammar.go     the commands
//	args.go        command lines in tar's order put into kong's
//	env.go         what a command runs in: streams, messages, progress
//	exit.go        classes of errors and exit statuses
//	memory.go      bounds for the collector
//	profile.go     hidden flags for profiles
//	help.go        vt help
//	man.go         vt man: the manual page, from kong's model
//
//	create.go      create      summary.go     what it prints at the end
//	selection.go   flags of create and hash that say what goes in
//	extract.go     extract        extractjson.go  its JSON
//	list.go        list        memberjson.go  its lines of JSON
//	cat.go         cat
//	info.go        info
//	verify.go      verify      ../compare     --against
//	recover.go     recover
//	verifycut.go   what is lost of an archive without its end
//	               junit.go        --junit, also of fuzz
//	hash.go        hash
//	fuzz.go        fuzz            fuzzprocess.go   the processes that read
//	import.go      import          unpack.go   a tree of the old vt, unpacked
//	mount.go       mount           mountoptions.go  what -o says
//	                               mountrun.go      its processes
//	                               mounthelper.go   as mount.fuse.vt
//
//	open.go        archives from files and pipes
//	visit.go       members of an archive, from either
//	names.go       paths as they are shown
//	time.go        times as flags and in JSON
package cli
