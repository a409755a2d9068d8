package codec

import "fmt"

// DefaultMinGain is the gain in per cent below which a frame is stored, when
// Params does not say.
const DefaultMinGain = 3

// Params says how an Encoder works. Nothing of it is needed to decode.
type Params struct {
	Level   int  // zstd level, MinLevel..MaxLevel
	Long    bool // look for long repeats before zstd
	MinGain int  // per cent a frame must shrink by, or be stored; 0 is DefaultMinGain
}

// Encoder encodes frames. It is not safe for concurrent use.
type Encoder struct {
	params Params
	zstd   Compressor
	finder finder
	list   []byte
}

// NewEncoder returns an Encoder.
func NewEncoder(p Params) (*Encoder, error) {
	if p.MinGain < 0 || p.MinGain > 99 {
		return nil, fmt.Errorf("codec: minimal gain of %d %%", p.MinGain)
	}
	if p.MinGain == 0 {
		p.MinGain = DefaultMinGain
	}
	z, err := NewCompressor(p.Level)
	if err != nil {
		return nil, err
	}
	return &Encoder{params: p, zstd: z}, nil
}

// Encode appends the stored bytes of a frame with the content raw to dst and
// returns the codec it chose and the extended slice. Equal content and
// parameters give equal bytes. It panics when raw is longer than MaxRaw, which
// no frame can hold.
func (e *Encoder) Encode(dst, raw []byte) (ID, []byte) {
	if len(raw) > MaxRaw {
		panic(fmt.Sprintf("codec: frame of %d bytes", len(raw)))
	}
	at := len(dst)
	limit := len(raw) - (len(raw)*e.params.MinGain+99)/100
	if e.params.Long && len(raw) >= minLong {
		e.finder.find(raw)
		if len(e.finder.lits) <= len(raw)-len(raw)/minLongPart {
			var list int
			dst, list = e.appendLong(dst)
			long := len(dst) - at
			if list > long/maxListPart {
				// Both ways, and the shorter one.
				if dst = e.zstd.Compress(dst, raw); len(dst)-at-long < min(long, limit+1) {
					return Zstd, append(dst[:at], dst[at+long:]...)
				}
				dst = dst[:at+long]
			}
			if long <= limit {
				return LongZstd, dst
			}
			return Stored, append(dst[:at], raw...)
		}
	}
	if compressible(raw) {
		if dst = e.zstd.Compress(dst, raw); len(dst)-at <= limit {
			return Zstd, dst
		}
	}
	return Stored, append(dst[:at], raw...)
}

const (
	// minLong is the shortest frame in which long repeats are looked for: in
	// less, zstd finds them as well.
	minLong = 8 << 10
	// minLongPart is the part of a frame (one in that many bytes) which copies
	// must cover to be worth their list.
	minLongPart = 64

	// Where the list is more than this part of what is stored, as in tables of
	// generated code, copies are many and short, and zstd may do better alone:
	// there a copy of its own costs less than one of the list.
	maxListPart = 5
)

// appendLong appends a LongZstd frame made from what the finder found. It also
// returns the stored size of the list.
func (e *Encoder) appendLong(dst []byte) ([]byte, int) {
	f := &e.finder
	var h longHead
	h.copies, h.literals = len(f.copies), len(f.lits)
	list, runs, lengths := appendList(e.list[:0], f.copies)
	raw := len(list)
	h.columns = [3]int{runs, lengths, raw - runs - lengths}
	list = e.appendSection(list, list[:raw])
	e.list, h.list = list, list[raw:]
	dst = append(h.append(dst), h.list...)
	return e.appendSection(dst, f.lits), len(h.list)
}

// appendSection appends src as one zstd frame if that is shorter, or as it is.
func (e *Encoder) appendSection(dst, src []byte) []byte {
	at := len(dst)
	if compressible(src) {
		if dst = e.zstd.Compress(dst, src); len(dst)-at < len(src) {
			return dst
		}
	}
	return append(dst[:at], src...)
}
