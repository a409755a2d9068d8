package human

// The bits of st_mode that Mode reads. They are the same on every Unix, but
// package syscall does not have them everywhere.
const (
	kindMask = 0o170000
	setuid   = 0o4000
	setgid   = 0o2000
	sticky   = 0o1000
)

// Mode formats a Unix mode, the kind of file with its permissions, like
// "ls -l": "drwxr-sr-t". A kind that does not exist is "?".
func Mode(mode uint32) string {
	s := []byte("?rwxrwxrwx")
	switch mode & kindMask {
	case 0o140000:
		s[0] = 's'
	case 0o120000:
		s[0] = 'l'
	case 0o100000:
		s[0] = '-'
	case 0o060000:
		s[0] = 'b'
	case 0o040000:
		s[0] = 'd'
	case 0o020000:
		s[0] = 'c'
	case 0o010000:
		s[0] = 'p'
	}
	for i := range 9 {
		if mode&(0o400>>i) == 0 {
			s[1+i] = '-'
		}
	}
	special := func(bit uint32, at int, with, without byte) {
		if mode&bit == 0 {
			return
		}
		if s[at] == 'x' {
			s[at] = with
		} else {
			s[at] = without
		}
	}
	special(setuid, 3, 's', 'S')
	special(setgid, 6, 's', 'S')
	special(sticky, 9, 't', 'T')
	return string(s)
}
