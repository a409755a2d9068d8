package recovery

import "container/list"

// cache keeps what was used last, up to a number of bytes. It is for one
// goroutine.
type cache[K comparable, V any] struct {
	max, size int64
	order     list.List // the newest first
	rows      map[K]*list.Element
}

type cacheRow[K comparable, V any] struct {
	key  K
	val  V
	cost int64
}

func newCache[K comparable, V any](max int64) *cache[K, V] {
	return &cache[K, V]{max: max, rows: make(map[K]*list.Element)}
}

// get finds a value or makes it. A failure is not kept.
func (c *cache[K, V]) get(key K, make func() (V, int64, error)) (V, error) {
	if e := c.rows[key]; e != nil {
		c.order.MoveToFront(e)
		return e.Value.(*cacheRow[K, V]).val, nil
	}
	val, cost, err := make()
	if err != nil {
		return val, err
	}
	c.rows[key] = c.order.PushFront(&cacheRow[K, V]{key, val, cost})
	for c.size += cost; c.size > c.max && c.order.Len() > 1; {
		e := c.order.Back()
		row := c.order.Remove(e).(*cacheRow[K, V])
		delete(c.rows, row.key)
		c.size -= row.cost
	}
	return val, nil
}
