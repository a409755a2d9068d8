package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// helperName is that of the program which mount(8) calls for the type fuse.vt.
const helperName = "mount.fuse.vt"

// sloppyVariable says that options which are not known are no errors.
const sloppyVariable = "VT_MOUNT_SLOPPY"

// Args gives the arguments of a command line, the first word of which is the
// name of the program. Under the name mount.fuse.vt the rest is what mount(8)
// says to its helpers:
//
//	mount.fuse.vt ARCHIVE DIR [-sfnv] [-N NAMESPACE] [-o OPTIONS] [-t TYPE]
func Args(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	rest := words[1:]
	if filepath.Base(words[0]) != helperName {
		return rest
	}
	// As in other mounts of mount(8), which keeps to itself what it has for usual.
	args := []string{"mount", "-o", "suid,dev"}
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		if len(word) < 2 || word[0] != '-' {
			args = append(args, word)
			continue
		}
		for i := 1; i < len(word); i++ {
			if !strings.ContainsRune("oNt", rune(word[i])) {
				switch word[i] {
				case 's':
					os.Setenv(sloppyVariable, "1")
				case 'f':
					args = append(args, "--fake")
				}
				continue // n and v ask for what is so anyway
			}
			value := word[i+1:]
			if value == "" && len(rest) > 0 {
				value, rest = rest[0], rest[1:]
			}
			if word[i] == 'o' {
				args = append(args, "-o", value)
			}
			break
		}
	}
	return args
}
