package cli

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/vtdarchive/vtd/parity"
)

// TestJSONDocumented holds the fields of what --json prints against the help
// of the command: what programs read is a promise.
func TestJSONDocumented(t *testing.T) {
	for _, c := range []struct {
		help string
		of   any
	}{
		{new(createCommand).Help(), summaryJSON{}},
		{new(listCommand).Help(), memberJSON{}},
		{new(infoCommand).Help(), archiveJSON{}},
		{new(verifyCommand).Help(), verification{}},
		{new(parityInfoCommand).Help(), struct{ Uncovered []parity.Range }{}},
		{new(parityAddCommand).Help(), parity.Set{}},
		{new(repairCommand).Help(), repair{}},
	} {
		_, help, _ := strings.Cut(c.help, "of --json")
		jsonFields(reflect.TypeOf(c.of), func(name string) {
			// Help says of the exact bytes of names that they stand in _bytes.
			if strings.HasSuffix(name, "_bytes") && c.help == new(listCommand).Help() || name == "path_bytes" {
				return
			}
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(help) {
				t.Errorf("%T: help does not tell of %s", c.of, name)
			}
		})
	}
}

func jsonFields(typ reflect.Type, do func(name string)) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		jsonFields(typ.Elem(), do)
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" && !f.Anonymous || name == "-" {
				continue
			}
			if name != "" {
				do(name)
			}
			jsonFields(f.Type, do)
		}
	}
}
