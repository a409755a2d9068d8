package scanners

import (
	"fmt"
	"strings"
)

// Choice says which scanner content is cut with: Auto, Joints, None, or the
// name of the only one to use. An empty one is Auto.
type Choice string

const (
	Auto   Choice = "auto"   // the one that the content chooses, see Choose
	Joints Choice = "joints" // the same, but none that names hints only
	None   Choice = "none"
)

// MediaTypeXattr is the extended attribute in which a file's media type stands.
const MediaTypeXattr = "user.mime_type"

// Validate reports a name that is no scanner's.
func (c Choice) Validate() error {
	switch c {
	case "", Auto, Joints, None:
		return nil
	}
	if ByName(string(c)) == nil {
		return fmt.Errorf("%q is no scanner; %s, %s, %s, and %s are known", string(c), Auto, Joints, None, strings.Join(Names(), ", "))
	}
	return nil
}

// UnmarshalText sets a choice that is valid.
func (c *Choice) UnmarshalText(text []byte) error {
	*c = Choice(text)
	return c.Validate()
}

// Scanner gives the scanner for content, or nil for none. The arguments are
// those of Choose.
func (c Choice) Scanner(head []byte, name string, mediaType func() string) *Scanner {
	switch c {
	case None:
		return nil
	case "", Auto, Joints:
		sc := Choose(head, name, mediaType)
		if c == Joints && sc != nil && sc.hintsOnly {
			return nil
		}
		return sc
	}
	return ByName(string(c))
}

// Names gives the names of all scanners, in the order in which they are asked.
func Names() []string {
	names := make([]string, len(all))
	for i, sc := range all {
		names[i] = sc.Name
	}
	return names
}
