package fsmeta

import (
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// maxName is NAME_MAX: no Linux file system takes longer components.
const maxName = 255

// checkName keeps every call to one component: anything else could leave the
// directory whatever flags the system call is given.
func checkName(name string) error {
	if name == "" || name == "." || name == ".." || strings.IndexByte(name, '/') >= 0 {
		return ErrName
	}
	return nil
}

// tempRandom is how many random characters TempName appends: enough that a
// collision (which O_EXCL catches) needs billions of files in one directory.
const tempRandom = 10

// TempName returns a hidden name for something that is to be renamed to name
// later: a dot, the name, a dot and random characters, cut to fit where the
// name is long (between characters, for file systems that insist on UTF-8).
func TempName(name string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if limit := maxName - tempRandom - 2; len(name) > limit {
		cut := limit
		for cut > limit-utf8.UTFMax && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut]
	}
	b := make([]byte, 0, len(name)+tempRandom+2)
	b = append(b, '.')
	b = append(b, name...)
	b = append(b, '.')
	for range tempRandom {
		b = append(b, digits[rand.IntN(len(digits))])
	}
	return string(b)
}
