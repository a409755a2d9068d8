package writer

import (
	"fmt"

	"github.com/vtdarchive/vtd/scanners"
)

// Recipes says of which DEFLATE streams the contents are stored, with how to
// make the stream of it, instead of the stream. An empty one is RecipesAuto.
type Recipes string

const (
	RecipesAuto   Recipes = "auto"   // those for which it saves Params.RecipeGain
	RecipesAlways Recipes = "always" // all but those that would grow by more than alwaysLoss
	RecipesOff    Recipes = "off"
)

// Validate reports what is no such choice.
func (r Recipes) Validate() error {
	switch r {
	case "", RecipesAuto, RecipesAlways, RecipesOff:
		return nil
	}
	return fmt.Errorf("%q says of no streams; %s, %s and %s are known", string(r), RecipesAuto, RecipesAlways, RecipesOff)
}

// UnmarshalText sets a choice that is valid.
func (r *Recipes) UnmarshalText(text []byte) error {
	*r = Recipes(text)
	return r.Validate()
}

// unpacks reports whether files are looked into at all.
func (o *Options) unpacks() bool {
	switch o.Recipes {
	case RecipesOff:
		return false
	case RecipesAlways:
		return true
	}
	return o.Scanner != scanners.None
}
