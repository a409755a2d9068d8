package cli

import "github.com/alecthomas/kong"

// version is that of the program.
const version = "1.0"

const description = `Archives of directory trees: deduplicated, compressed, verified on every read.`

// grammar is the command line. Every command is a struct with its flags and
// arguments and a method Run(*Env) error.
type grammar struct {
	Version kong.VersionFlag `help:"Print the version and exit."`
	globals `embed:""`

	Ar       archiveCommands `cmd:"" help:"Make, read and check archives."`
	Mount    mountCommand    `cmd:"" help:"Show an archive as a file system."`
	Fuzz     fuzzCommand     `cmd:"" help:"Change an archive in many ways, and hold all ways of reading it against each other."`
	ShowHelp helpCommand     `cmd:"" name:"help" help:"Show the help of a command."`
	Man      manCommand      `cmd:"" hidden:"" help:"Print the manual page."`
}

// globals are the flags of all commands.
type globals struct {
	Profile  profile `embed:""`
	Download bool    `help:"Of an archive at a URL, fetch the whole file first: for servers that do not serve parts of files."`
}

// mountGrammar is as much of grammar as mounts need. What it does not take,
// questions for help among it, is for grammar to answer: to make a parser of all
// commands takes half as long as to mount.
type mountGrammar struct {
	globals `embed:""`
	Mount   mountCommand `cmd:""`
}

type archiveCommands struct {
	Create  createCommand  `cmd:"" aliases:"c" help:"Make an archive of files and directories."`
	Append  appendCommand  `cmd:"" aliases:"u" help:"Add a snapshot to an archive."`
	Extract extractCommand `cmd:"" aliases:"x" help:"Restore what an archive holds."`
	List    listCommand    `cmd:"" aliases:"t" help:"List what an archive holds."`
	Cat     catCommand     `cmd:"" help:"Write files of an archive to standard output."`
	Info    infoCommand    `cmd:"" help:"Describe an archive."`
	Verify  verifyCommand  `cmd:"" help:"Check an archive for damage, and against what it should be."`
	Repair  repairCommand  `cmd:"" help:"Make a damaged archive what it was, with its recovery data."`
	Parity  parityCommands `cmd:"" help:"Recovery data of an archive."`
	Recover recoverCommand `cmd:"" help:"Make a valid archive of what is left of a damaged one."`
	Blocks  blocksCommand  `cmd:"" help:"Show how files are cut into blocks, and why."`
	Import  importCommand  `cmd:"" help:"Make an archive of what another program has stored."`
	Export  exportCommand  `cmd:"" help:"Write a tar or zip file of what an archive holds."`
	Hash    hashCommand    `cmd:"" help:"Compute the content id of files and directories."`
	Log     logCommand     `cmd:"" help:"List the states of the tree that an archive holds."`
	Diff    diffCommand    `cmd:"" help:"Tell what has changed between two states, two archives, or an archive and a directory."`
	Restore restoreCommand `cmd:"" help:"Restore files as they were at a time."`
	Forget  forgetCommand  `cmd:"" help:"Forget states of the tree, and make the archive smaller by what only they had."`
	Compact compactCommand `cmd:"" help:"Make an archive smaller by what no state needs any more."`
	Repack  repackCommand  `cmd:"" help:"Compress an archive anew."`
	History historyCommand `cmd:"" help:"Tell in which states a path was added, changed or deleted."`
}

// groups are the titles of flags in help.
var groups = kong.Groups{
	"select":  "What goes in:",
	"archive": "What the archive is like:",
}

// Help is what --help shows of the program itself.
func (*grammar) Help() string {
	return `
Examples:

    vt ar create src.vtd src         make an archive of a directory
    vt ar append src.vtd src         add its present state
    vt ar list -l src.vtd            look into it
    vt ar cat src.vtd src/main.go    read a file of it
    vt ar verify src.vtd             check every byte
    vt ar extract src.vtd -C /tmp    restore it below /tmp

Exit status: 0 done; 1 done, but for some inputs or attributes, or there are differences; 2 not done, or a member named is not there; 3 an archive is damaged; 4 it is not an archive, or beyond this program.`
}
