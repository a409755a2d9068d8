package stream

import (
	"container/list"
	"slices"
	"sort"
	"sync"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/format/codec"
)

// nodeCache is how many bytes of decoded metadata are kept. Walks go through
// the frames in order, so that more would only help trees that jump about.
const nodeCache = 32 << 20

// nodes keeps metadata frames as they were stored and gives out their blocks.
// It is safe for concurrent use.
type nodes struct {
	id format.HashID

	mu     sync.Mutex
	frames []nodeFrame // in order of first
	recent list.List   // of indices into frames that are decoded, latest first
	size   int         // of what is decoded
}

type nodeFrame struct {
	first  uint64
	ends   []uint32 // where each block ends in the raw bytes
	codec  codec.ID
	stored []byte
	raw    []byte // nil when not decoded
	at     *list.Element
}

// add takes a frame over with its decoded bytes.
func (n *nodes) add(h *format.FrameHead, stored, raw []byte) error {
	f := nodeFrame{first: h.First, codec: h.Codec, stored: stored, raw: raw, ends: make([]uint32, len(h.Lengths))}
	end := uint32(0)
	for i, l := range h.Lengths {
		if l == 0 {
			return format.Damaged("frame", format.NoOffset, "metadata block %d is empty", h.First+uint64(i))
		}
		end += l
		f.ends[i] = end
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.frames = append(n.frames, f)
	n.keep(len(n.frames) - 1)
	return nil
}

// keep counts a decoded frame and drops the ones used least recently.
func (n *nodes) keep(i int) {
	f := &n.frames[i]
	f.at = n.recent.PushFront(i)
	for n.size += len(f.raw); n.size > nodeCache && n.recent.Len() > 1; {
		last := n.recent.Back()
		old := &n.frames[n.recent.Remove(last).(int)]
		n.size -= len(old.raw)
		old.raw, old.at = nil, nil
	}
}

// Node gives a metadata block in stored form. The bytes are not to be changed;
// they stay valid.
func (n *nodes) Node(num uint64) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := sort.Search(len(n.frames), func(i int) bool { return n.frames[i].first > num }) - 1
	if i < 0 || num-n.frames[i].first >= uint64(len(n.frames[i].ends)) {
		e := format.Damaged("metadata", format.NoOffset, "the block is missing, or not a metadata block")
		e.Block = int64(num)
		return nil, e
	}
	f := &n.frames[i]
	if f.raw == nil {
		raw, err := codec.Decode(nil, f.codec, f.stored, int(f.ends[len(f.ends)-1]))
		if err != nil {
			return nil, format.Damaged("metadata", format.NoOffset, "%v", err)
		}
		f.raw = raw
		n.keep(i)
	} else {
		n.recent.MoveToFront(f.at)
	}
	k := num - f.first
	from := uint32(0)
	if k > 0 {
		from = f.ends[k-1]
	}
	return f.raw[from:f.ends[k]:f.ends[k]], nil
}

// numbers gives the numbers of all blocks, in order.
func (n *nodes) numbers() []uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []uint64
	for i := range n.frames {
		out = slices.Grow(out, len(n.frames[i].ends))
		for k := range n.frames[i].ends {
			out = append(out, n.frames[i].first+uint64(k))
		}
	}
	return out
}
