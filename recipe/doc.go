// Package recipe applies the transforms of recipes (format.Recipe): it makes
// bytes from the content they stand for. It is pure: it reads no files and
// starts nothing. The writer of an archive proves its recipes with it, and its
// readers use nothing else, so that what was proved is what is read.
//
// # Use
//
//	r, err := recipe.Parse(x)       // x: *format.Recipe
//	for i := range r.Parts() {
//		p := r.Part(i)              // made[p.Offset : p.Offset+p.Length]
//		input := …                  // input[p.From:p.To]
//		b, err := r.Make(nil, i, input)
//	}
//
// Parts are made without one another, in any order and at the same time.
//
// # Memory
//
// A parsed recipe is about as large as its parameters. Making a part takes its
// input, less than a MiB for most, and the tables of the encoder that is predicted, at
// most 640 KiB; the limits of package deflate hold.
//
// # Work
//
// A part may take a Mi of steps, and 512 for each octet of its content or 8192 for
// each that it makes, whichever are fewer (PartLimits); the content is at most
// format.MaxRecipeFree octets and format.MaxRecipeRatio for each that is made. So a
// recipe that makes little asks for some milliseconds at most, whatever it says.
//
// # Errors
//
// They are of class format.ErrDamaged where parameters, input or check sums do
// not fit each other, and format.ErrUnsupported for a transform, or a version
// of one, that this program lacks.
//
// # Parameters of transform 1, DEFLATE
//
//	breaks   uvarint count; for each, uvarint octets of the stream since the
//	         one before or the start, at least 1, and a string: the octets that
//	         stand there and are not of the stream
//	stream   string: what package deflate's Recipe has as its encoding
//	sums     u32 for each part: CRC-32C of what it makes
//
// A string is a uvarint length and as many octets. A break lies behind the
// first octet of the stream and before its last, and belongs to the part of the
// octet behind it. There are at most MaxBreaks, none is longer than MaxBreak nor
// empty. What a recipe makes is the stream with its breaks.
//
// # Transform 2, delta
//
// It has one part, for which its input is needed whole: both are at most
// format.MaxDelta octets. Its parameters are in the specification.
//
// # Map
//
//	deflate.go   transform 1: parameters
//	delta.go     transform 2
//	make.go      Recipe, Part: what is made
package recipe
