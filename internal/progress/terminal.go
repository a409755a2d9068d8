package progress

import (
	"io"
	"os"

	"golang.org/x/term"
)

// defaultWidth is that of a terminal that does not tell its own.
const defaultWidth = 80

// terminalWidth returns a function for the width of the terminal that w is, or
// nil if it is none or one that can do no more than a typewriter.
func terminalWidth(w io.Writer) func() int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(int(f.Fd()))
		if err != nil || width <= 0 {
			return defaultWidth
		}
		return width
	}
}
