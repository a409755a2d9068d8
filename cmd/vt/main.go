// Command vt makes, reads and checks .vtd archives.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/vtdarchive/vtd/cmd/vt/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	os.Exit(cli.Run(ctx, cli.Args(os.Args), os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
