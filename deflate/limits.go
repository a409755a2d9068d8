package deflate

// Limits bound what a stream, or a model with corrections, can make this
// package do. A field that is zero has its default.
type Limits struct {
	// MaxContent is the largest number of octets to inflate; 64 GiB unless
	// given.
	MaxContent int64
	// MaxRatio is the largest content for one octet of the stream, beyond the
	// first MiB of content; 1100 unless given. DEFLATE cannot exceed 1032 by
	// much: this bounds nothing in valid streams unless it is set lower.
	MaxRatio int64
	// MaxBlocks is the largest number of blocks in a part, beyond one for each 32
	// octets that it takes of the stream; 4096 unless given.
	MaxBlocks int
	// Effort is the largest average number of steps of searching for one octet
	// of content, beyond 1 Mi steps for each part; 512 unless given. A step is a
	// candidate looked at, or 16 octets compared, and takes a nanosecond or two; a
	// block counts 2048, and what FarHistory takes nothing.
	Effort int64
	// Search is the largest number of steps that Find takes for all models that it
	// tries, beyond which it tries no other; 16 Mi unless given. A trial counts 16384
	// steps, and one for each octet of content. For little content it is at most 3 Mi
	// and 8 for each octet: some ten milliseconds for 100 KiB that no model comes near.
	Search int64
}

const (
	freeRatio   = 1 << 20
	freeSteps   = 1 << 20
	blockSteps  = 2 << 10
	trialSteps  = 16 << 10
	leastSearch = 3 << 20
	searchOctet = 8
	blockOctets = 32
)

func (l Limits) withDefaults() Limits {
	if l.MaxContent == 0 {
		l.MaxContent = 64 << 30
	}
	if l.MaxRatio == 0 {
		l.MaxRatio = 1100
	}
	if l.MaxBlocks == 0 {
		l.MaxBlocks = 4096
	}
	if l.Effort == 0 {
		l.Effort = 512
	}
	if l.Search == 0 {
		l.Search = 16 << 20
	}
	return l
}
