package deflate

// Limits bound what a stream, or a model with corrections, can make this
// package do. A field that is zero has its default.
type Limits struct {
	// MaxContent is the largest number of octets to inflate; 1 GiB unless
	// given, 4 GiB - 1 at most.
	MaxContent int64
	// MaxRatio is the largest content for one octet of the stream, beyond the
	// first MiB of content; 1100 unless given. DEFLATE cannot exceed 1032 by
	// much: this bounds nothing in valid streams unless it is set lower.
	MaxRatio int64
	// MaxBlocks is the largest number of blocks, beyond one for each 32 octets
	// of the stream; 4096 unless given.
	MaxBlocks int
	// Effort is the largest average number of steps of searching for one octet
	// of content, beyond the first 16 Mi steps; 512 unless given. A step is a
	// candidate looked at, or 16 octets compared, and takes a nanosecond or two.
	Effort int64
}

const (
	maxContent  = 1<<32 - 1
	freeRatio   = 1 << 20
	freeSteps   = 16 << 20
	blockOctets = 32
)

func (l Limits) withDefaults() Limits {
	if l.MaxContent == 0 {
		l.MaxContent = 1 << 30
	}
	l.MaxContent = min(l.MaxContent, maxContent)
	if l.MaxRatio == 0 {
		l.MaxRatio = 1100
	}
	if l.MaxBlocks == 0 {
		l.MaxBlocks = 4096
	}
	if l.Effort == 0 {
		l.Effort = 512
	}
	return l
}
