package reader

import (
	"container/list"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
)

// cache holds values up to a total cost in bytes and drops the least recently
// used first, or one by chance, or makes values lighter. A value that several goroutines ask for is loaded once. Values
// in use are pinned: a pinned value may be dropped from the cache, but discard
// is called for it only when the last user has released it.
type cache[K comparable, V any] struct {
	discard  func(V) // called when nobody uses what has left the cache; may be nil
	dropping func(V) // called when a value leaves it to make room, used or not; may be nil

	mu    sync.Mutex
	max   int64
	used  int64
	items map[K]*cached[K, V]
	order list.List // of *cached, most recently used first

	// chance, if not nil, picks what is dropped, but for the keepRecent used
	// last. Who goes round through more than there is room for, as readers of
	// versions that share frames do, finds nothing in a cache that always drops
	// the oldest: that is what comes next.
	chance *rand.Rand

	// spare, if not nil, tells how many bytes a value holds that it could do
	// without, and lighten makes the value without them and tells its cost. Values
	// are made lighter before any is dropped, by chance, again but for the keepRecent
	// used last. They need chance.
	spare   func(V) int64
	lighten func(V) (V, int64)

	dropped []K // what was dropped last, in a ring; kept only with chance
	at      int // of the ring
	short   int // falls by one with each load to 0, from when something was loaded again
}

const (
	rememberDropped = 64
	shortFor        = 16 // loads
)

// keepRecent is how many values chance does not touch: those that a few
// sequential readers are in, and what has been decoded ahead for them.
const keepRecent = 3

// victims is how many values chance picks for one to be dropped.
const victims = 3

type cached[K comparable, V any] struct {
	key   K
	ready chan struct{} // closed when val and err are set
	val   V
	err   error
	cost  int64
	pins  int
	at    *list.Element // nil while loading and once dropped
	light bool          // is being made lighter
}

func newCache[K comparable, V any](max int64, discard func(V)) *cache[K, V] {
	return &cache[K, V]{discard: discard, max: max, items: make(map[K]*cached[K, V])}
}

var errLoadPanic = errors.New("loading did not finish")

// get returns the value of a key, pinned; load makes it and tells its cost.
// Failures are not kept: the next call tries again.
func (c *cache[K, V]) get(key K, load func() (V, int64, error)) (*cached[K, V], error) {
	c.mu.Lock()
	it, ok := c.items[key]
	if ok {
		it.pins++
		if it.at != nil {
			c.order.MoveToFront(it.at)
		}
		c.mu.Unlock()
		<-it.ready
		return it, it.err
	}
	it = &cached[K, V]{key: key, ready: make(chan struct{}), pins: 1, err: errLoadPanic}
	c.items[key] = it
	if c.short = max(c.short-1, 0); slices.Contains(c.dropped, key) {
		c.short = shortFor
	}
	c.mu.Unlock()

	defer close(it.ready) // last, and also when load panics
	defer func() {
		c.mu.Lock()
		if it.err != nil {
			delete(c.items, key)
			c.mu.Unlock()
			return
		}
		it.at = c.order.PushFront(it)
		c.used += it.cost
		c.shrinkAndUnlock()
	}()
	it.val, it.cost, it.err = load()
	return it, it.err
}

// isShort reports whether there is too little room: of late, what had been dropped
// was loaded again.
func (c *cache[K, V]) isShort() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.short > 0
}

// room is how much more there is room for.
func (c *cache[K, V]) room() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.max - c.used
}

// peek gives what a key holds, if it is there. It is not pinned, nor used.
func (c *cache[K, V]) peek(key K) (val V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if it := c.items[key]; it != nil && it.at != nil {
		return it.val, true
	}
	return val, false
}

// forget takes a pinned value out of the cache and ends its use. The next get loads
// it: something of it is missing that had to make room.
func (c *cache[K, V]) forget(it *cached[K, V]) {
	c.mu.Lock()
	c.short = shortFor
	if it.at != nil {
		c.take(it)
	}
	c.mu.Unlock()
	c.release(it)
}

// has reports whether a key is held or being loaded.
func (c *cache[K, V]) has(key K) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.items[key]
	return ok
}

// release ends a use that get began without error.
func (c *cache[K, V]) release(it *cached[K, V]) {
	c.mu.Lock()
	it.pins--
	last := it.pins == 0 && it.at == nil
	c.mu.Unlock()
	if last && c.discard != nil {
		c.discard(it.val)
	}
}

// recost tells that a pinned value now holds more, or fewer, bytes.
func (c *cache[K, V]) recost(it *cached[K, V], cost int64) {
	c.mu.Lock()
	if it.at != nil {
		c.used += cost - it.cost
	}
	it.cost = cost
	c.shrinkAndUnlock()
}

// shrinkAndUnlock makes values lighter, or drops them, until the rest fit. The newest stays,
// whatever it costs: without it a value above the limit would be loaded for every
// use. It is called with c.mu locked and unlocks it: making lighter is copying.
func (c *cache[K, V]) shrinkAndUnlock() {
	var light []*cached[K, V]
	for c.used > c.max && c.order.Len() > 1 {
		if it, spare := c.heavy(); it != nil {
			it.light = true
			it.pins++
			it.cost -= spare
			c.used -= spare
			light = append(light, it)
			continue
		}
		c.drop(c.victim())
	}
	c.mu.Unlock()
	for _, it := range light {
		val, cost := c.lighten(it.val)
		c.replace(it, val, cost)
		c.release(it)
	}
}

// looked is how many values, those used last, are looked at for one to be made lighter:
// with thousands of small ones that would take longer than to load one.
const looked = 256

// heavy picks a value that has something to spare, or nil: by chance, as victim does,
// and rather one that has much. Of who goes round, all has been read alike, and to make
// the oldest lighter would take from him what comes next.
func (c *cache[K, V]) heavy() (it *cached[K, V], spare int64) {
	if c.spare == nil {
		return nil, 0
	}
	sum := 0.0
	at := c.order.Front()
	for i := range min(c.order.Len(), looked) {
		x := at.Value.(*cached[K, V])
		if at = at.Next(); i < keepRecent {
			continue
		}
		if n := c.spare(x.val); n > 0 && !x.light {
			w := float64(n) * float64(n)
			if sum += w; c.chance.Float64()*sum < w {
				it, spare = x, n
			}
		}
	}
	return it, spare
}

// replace puts another value in the place of one that is pinned, unless that has
// been dropped.
func (c *cache[K, V]) replace(it *cached[K, V], val V, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if it.at == nil {
		return
	}
	c.used += cost - it.cost
	as := &cached[K, V]{key: it.key, ready: it.ready, val: val, cost: cost, at: it.at}
	as.at.Value, it.at = as, nil
	c.items[it.key] = as
}

// victim picks what to drop: by chance that of some which costs the most, since to
// load it again takes about as long as for the others.
func (c *cache[K, V]) victim() (v *cached[K, V]) {
	n := c.order.Len() - keepRecent
	if c.chance == nil || n < 2 {
		return c.order.Back().Value.(*cached[K, V])
	}
	for range victims {
		at := c.order.Back()
		for range c.chance.IntN(n) {
			at = at.Prev()
		}
		if it := at.Value.(*cached[K, V]); v == nil || it.cost > v.cost {
			v = it
		}
	}
	return v
}

// take takes a value out of the cache.
func (c *cache[K, V]) take(it *cached[K, V]) {
	c.order.Remove(it.at)
	it.at = nil
	delete(c.items, it.key)
	c.used -= it.cost
}

func (c *cache[K, V]) drop(it *cached[K, V]) {
	c.take(it)
	if c.dropping != nil {
		c.dropping(it.val)
	}
	switch {
	case c.chance == nil:
	case len(c.dropped) < rememberDropped:
		c.dropped = append(c.dropped, it.key)
	default:
		c.dropped[c.at%rememberDropped] = it.key
		c.at++
	}
	if it.pins == 0 && c.discard != nil {
		c.discard(it.val)
	}
}

// clear drops everything that is not being loaded.
func (c *cache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.order.Len() > 0 {
		c.drop(c.order.Back().Value.(*cached[K, V]))
	}
}
