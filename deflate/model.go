package deflate

import "fmt"

// A Family is a kind of encoder.
type Family uint8

// The families. Their numbers are recorded in archives.
const (
	Zlib     Family = 1 // zlib, and what is built on it
	Gzip     Family = 2 // GNU gzip
	Chromium Family = 3 // zlib as in Chromium and Node.js
	Go       Family = 4 // compress/flate of Go
	Pigz     Family = 5 // pigz with several threads
	// Klauspost is flate of github.com/klauspost/compress. Version 1 of its models is of
	// releases 1.15.15 to 1.18.0, at level 4 to 1.17.11, and version 2 of those from 1.18.2.
	Klauspost Family = 6
)

// A Strategy is a variant of an encoder, numbered as zlib does.
type Strategy uint8

// The strategies.
const (
	Default     Strategy = 0
	Filtered    Strategy = 1
	HuffmanOnly Strategy = 2
	RLE         Strategy = 3
	Fixed       Strategy = 4
	Rsyncable   Strategy = 16 // gzip --rsyncable
)

// ModelVersion is the version of models that have only one.
const ModelVersion = 1

// A Model says which encoder is to be predicted. Its fields are its parameters;
// those that a family does not have are zero.
type Model struct {
	Family Family
	// Version is the rule. Of Klauspost the versions are of different releases. Of others there
	// is a second one for levels that neither are lazy nor start anew, as pigz does: it differs
	// in the state in which parts begin, which is that of the encoder nearly always.
	Version  uint8
	Level    uint8 // 1…9
	Window   uint8 // the binary logarithm of the window, 9…15
	Memory   uint8 // memLevel of zlib, 1…9
	Strategy Strategy
}

// ZlibModel gives the model for a level of zlib with its usual parameters.
func ZlibModel(level int) Model {
	return Model{Family: Zlib, Version: ModelVersion, Level: uint8(level), Window: 15, Memory: 8}
}

// GzipModel gives the model for a level of GNU gzip.
func GzipModel(level int) Model {
	return Model{Family: Gzip, Version: ModelVersion, Level: uint8(level), Window: 15, Memory: 9}
}

// ChromiumModel gives the model for a level of Chromium's zlib.
func ChromiumModel(level int) Model {
	return Model{Family: Chromium, Version: ModelVersion, Level: uint8(level), Window: 15, Memory: 8}
}

// PigzModel gives the model for a level of pigz.
func PigzModel(level int) Model {
	return Model{Family: Pigz, Version: ModelVersion, Level: uint8(level), Window: 15, Memory: 8}
}

// GoModel gives the model for a level of Go's compress/flate.
func GoModel(level int) Model {
	return Model{Family: Go, Version: ModelVersion, Level: uint8(level), Window: 15}
}

// KlauspostModel gives the model for a level of github.com/klauspost/compress/flate as it
// is now.
func KlauspostModel(level int) Model {
	return Model{Family: Klauspost, Version: 2, Level: uint8(level), Window: 15}
}

var families = [...]string{Klauspost: "klauspost", Zlib: "zlib", Gzip: "gzip", Chromium: "chromium", Go: "go", Pigz: "pigz"}

var strategies = map[Strategy]string{Default: "", Filtered: " filtered", HuffmanOnly: " huffman-only", RLE: " rle", Fixed: " fixed", Rsyncable: " rsyncable"}

// String gives a short name: the family, the level, and what is unusual.
func (m Model) String() string {
	if m.Family == 0 || int(m.Family) >= len(families) {
		return fmt.Sprintf("family %d", m.Family)
	}
	s := fmt.Sprintf("%s-%d", families[m.Family], m.Level)
	if m.Window != 15 {
		s += fmt.Sprintf(" window %d", m.Window)
	}
	if (m.Family == Zlib || m.Family == Chromium) && m.Memory != 8 {
		s += fmt.Sprintf(" memory %d", m.Memory)
	}
	if m.Version > 1 {
		s += fmt.Sprintf(" version %d", m.Version)
	}
	return s + strategies[m.Strategy]
}

// latest is the last version of a model.
func (m Model) latest() uint8 {
	if m.Family == Klauspost || m.warms() {
		return 2
	}
	return ModelVersion
}

// warms says that what the encoder's tables hold depends on its tokens, so that these are
// predicted for some of the content before a part: for more of it by version 2.
func (m Model) warms() bool {
	switch m.Family {
	case Zlib, Gzip, Chromium:
		return m.Level <= 3 && m.Strategy != RLE && m.Strategy != HuffmanOnly
	case Go:
		return m.Level == 2 || m.Level == 3
	}
	return false
}

// far says that parts see FarHistory.
func (m Model) far() bool { return m.Version == 2 && m.warms() }

// Near gives the version of a model that sees less of the content before a part, and
// so is faster to predict and to rebuild with; it may need a few octets of corrections
// where a part begins. It says false if there is none.
func (m Model) Near() (Model, bool) {
	if !m.far() {
		return m, false
	}
	m.Version = 1
	return m, true
}

// history is how much of the content before it a part sees.
func (m Model) history() int64 {
	if m.far() {
		return FarHistory
	}
	return History
}

// Validate says whether there is such a model.
func (m Model) Validate() error {
	bad := func(what string, v any) error {
		return fmt.Errorf("%w: %s %v", ErrModel, what, v)
	}
	switch {
	case m.Family == 0 || int(m.Family) >= len(families):
		return bad("family", m.Family)
	case m.Version < ModelVersion || m.Version > m.latest():
		return bad("version", m.Version)
	case m.Level < 1 || m.Level > 9:
		return bad("level", m.Level)
	}
	if !m.valid() {
		return fmt.Errorf("%w: parameters %+v", ErrModel, m)
	}
	return nil
}

// valid says whether there is a model with the family, level and parameters.
func (m Model) valid() bool {
	ok := m.Window == 15 && m.Strategy == Default
	switch m.Family {
	case Zlib, Chromium:
		ok = m.Window >= 9 && m.Window <= 15 && m.Memory >= 1 && m.Memory <= 9 && m.Strategy <= Fixed
	case Gzip:
		ok = m.Window == 15 && m.Memory == 9 && (m.Strategy == Default || m.Strategy == Rsyncable)
	case Pigz:
		ok = ok && m.Memory == 8
	case Go:
		ok = m.Window == 15 && m.Memory == 0 && (m.Strategy == Default || m.Strategy == HuffmanOnly && m.Level == 1)
	case Klauspost:
		ok = m.Window == 15 && m.Memory == 0 && (m.Strategy == Default || m.Strategy == HuffmanOnly && m.Level == 1)
	}
	return ok
}

// modelSize is the length of a model as it is recorded.
const modelSize = 6

// AppendBinary appends the model as it is recorded: an octet a field.
func (m Model) AppendBinary(b []byte) ([]byte, error) {
	return append(b, byte(m.Family), m.Version, m.Level, m.Window, m.Memory, byte(m.Strategy)), nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (m *Model) UnmarshalBinary(b []byte) error {
	if len(b) != modelSize {
		return fmt.Errorf("%w: %d octets instead of %d", ErrModel, len(b), modelSize)
	}
	*m = Model{Family(b[0]), b[1], b[2], b[3], b[4], Strategy(b[5])}
	return m.Validate()
}

// A cut is what an encoder does after a token.
type cut uint8

const (
	goOn    cut = iota
	ends        // the block ends
	endsPad     // the block ends, and an empty stored block follows unless the stream is at an octet boundary
)

// A predictor follows an encoder from token to token.
type predictor interface {
	// segment says where the content ends as far as the encoder knows at the
	// current position: at a flush, or at the end.
	segment(end int)
	// next predicts the token at the current position, which is before the
	// segment's end.
	next() token
	// accept goes on behind the token that was really there, and says whether
	// the encoder ends its block.
	accept(token) cut
	// newBlock says that a block begins at the current position. It may be
	// called for several blocks there.
	newBlock()
	// plan says which type the encoder gives the block from start to the current
	// position, and fills h in any case.
	plan(c *counts, h *header, start int) (blockType uint8)
	// steps is how much searching was done.
	steps() int64
	// free gives the tables back.
	free()
}

// predictor gives a predictor at the start of a part.
func (m Model) predictor(v view) (predictor, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	switch {
	case m.Family == Go && m.Level == 1:
		return newGoFast(m, v), nil
	case m.Family == Go:
		return newGoFlate(m, v), nil
	case m.Family == Klauspost:
		return newKlauspost(m, v), nil
	}
	return newMatcher(m, v), nil
}

// endsBlocks says that the encoder ends a block with the content, and that one without
// content follows, which is final; its type is given.
func (m Model) endsBlocks() (blockType uint8, yes bool) {
	switch m.Family {
	case Go:
		return typeStored, true
	case Klauspost:
		return typeStatic, true
	}
	return 0, false
}

// ownMarkers says that the model itself knows where blocks without content
// stand; in others these are flushes.
func (m Model) ownMarkers() bool { return m.Family == Pigz || m.Strategy == Rsyncable }
