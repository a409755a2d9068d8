package testkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/spec"
)

// Vector is a small archive with one success or one defect, and what a reader
// must make of it. spec/vectors/README.md describes the fields.
type Vector struct {
	Name      string `json:"name"`
	Comment   string `json:"comment"`
	Expect    string `json:"expect"`              // ok, not-archive, unsupported, damaged
	Structure string `json:"structure,omitempty"` // where the fault lies
	Scope     Scope  `json:"scope,omitempty"`     // by which step it must be noticed

	Repaired string `json:"repaired,omitempty"` // the vector that its parity makes of it

	*Contents        // of an ok vector; nil otherwise
	Bytes     []byte `json:"-"` // the archive
}

var classes = map[string]error{
	"not-archive": format.ErrNotArchive, "unsupported": format.ErrUnsupported, "damaged": format.ErrDamaged,
}

// Class gives the error that reading the vector ends in, nil for ok.
func (v *Vector) Class() error { return classes[v.Expect] }

// Matches reports how an error that some reader returned, or nil, differs
// from what the vector expects.
func (v *Vector) Matches(err error) error {
	class := v.Class()
	switch {
	case class == nil && err != nil:
		return fmt.Errorf("%s: %w, but nothing is wrong with it", v.Name, err)
	case class != nil && !errors.Is(err, class):
		return fmt.Errorf("%s: not noticed as %s in the %s: %w", v.Name, v.Expect, v.Structure, orNone(err))
	}
	return nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("no error")
	}
	return err
}

// Vectors reads the vectors of the specification, in order of name. There is
// an error when there are none.
func Vectors() ([]Vector, error) { return vectorsOf("vectors") }

// Compat reads the archives of spec/compat, which every later build reads.
func Compat() ([]Vector, error) { return vectorsOf("compat") }

func vectorsOf(dir string) ([]Vector, error) {
	paths, err := fs.Glob(spec.FS, dir+"/*.json")
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("testkit: no %s: %w", dir, orNone(err))
	}
	out := make([]Vector, len(paths))
	for i, path := range paths {
		text, err := spec.FS.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if out[i].Bytes, err = spec.FS.ReadFile(strings.TrimSuffix(path, ".json") + ".vtd"); err != nil {
			return nil, err
		}
	}
	return out, nil
}
