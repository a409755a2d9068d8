package cli

type restoreCommand struct {
	Archive   string   `arg:"" help:"The archive: a file, a FIFO, or a URL of http or https; - is standard input."`
	Members   []string `arg:"" name:"member" help:"What to restore, with everything below: paths, and patterns in which * also matches /."`
	At        string   `required:"" placeholder:"SNAPSHOT" help:"As of when: a label, the beginning of an id, @{2} (two states ago), latest~3, or a time such as 2026-03-01, 'yesterday 14:00' or '3 days ago' (the last state before it; a day counts whole)."`
	Directory []string `short:"C" placeholder:"DIR" sep:"none" help:"Restore below this directory; several are entered one after the other. Default: the current one."`
	Keep      bool     `short:"k" help:"Do not replace existing files; name them and go on."`
	Verbose   bool     `short:"v" help:"Print each name."`
	Quiet     bool     `short:"q" help:"Do not show progress."`
}

func (*restoreCommand) Help() string {
	return `
Puts back what a path was at some time, in place of what is there now: what vt ar extract --at does, with the options that are wanted for that.

Examples:

    vt ar history backup.vtd etc/fstab
    vt ar restore backup.vtd etc/fstab --at yesterday -C /
    vt ar restore backup.vtd 'home/ann/*.tex' --at 'yesterday 14:00' -C /tmp/then`
}

func (c *restoreCommand) Run(e *Env) error {
	x := extractCommand{
		Archive: c.Archive, Members: c.Members, atFlag: atFlag{c.At},
		Directory: c.Directory, Keep: c.Keep, Verbose: c.Verbose, Quiet: c.Quiet,
	}
	return x.Run(e)
}
