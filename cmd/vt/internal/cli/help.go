package cli

import "fmt"

// helpCommand shows what --help shows, in the way git and go do.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"A command, such as: ar create."`
}

func (c *helpCommand) Run(e *Env) error {
	k, err := e.parser.Parse(append(c.Command, "--help"))
	if err == nil {
		err = fmt.Errorf("no help for %s", k.Command()) // --help does not return
	}
	return usagef("%w", err)
}
