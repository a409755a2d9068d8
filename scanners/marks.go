package scanners

// maxPending is how many marks of a scanner may wait for the content they lie
// in: 32 MiB of them.
const maxPending = 4 << 20

// markHeap holds the marks that a scanner has set and that the content has not
// come to. A mark is its offset, doubled, and 1 more for a hint.
type markHeap struct{ of []int64 }

func (h *markHeap) push(off int64, hint bool) {
	if len(h.of) >= maxPending {
		return
	}
	m := off << 1
	if hint {
		m |= 1
	}
	i := len(h.of)
	h.of = append(h.of, m)
	for i > 0 {
		up := (i - 1) / 2
		if h.of[up] <= m {
			break
		}
		h.of[i] = h.of[up]
		i = up
	}
	h.of[i] = m
}

// pop takes out the nearest mark, if it lies before an offset.
func (h *markHeap) pop(before int64) (off int64, hint, ok bool) {
	if len(h.of) == 0 || h.of[0]>>1 >= before {
		return 0, false, false
	}
	top, n := h.of[0], len(h.of)-1
	m := h.of[n]
	h.of = h.of[:n]
	i := 0
	for {
		low := 2*i + 1
		if low >= n {
			break
		}
		if low+1 < n && h.of[low+1] < h.of[low] {
			low++
		}
		if m <= h.of[low] {
			break
		}
		h.of[i] = h.of[low]
		i = low
	}
	if n > 0 {
		h.of[i] = m
	}
	return top >> 1, top&1 != 0, true
}

// queue is a list that is read at its front and written at its end.
type queue struct {
	of   []int64
	head int
}

func (q *queue) push(v int64) {
	if q.head > 1024 && q.head > len(q.of)/2 {
		q.of = q.of[:copy(q.of, q.of[q.head:])]
		q.head = 0
	}
	q.of = append(q.of, v)
}

// front gives the first value from low on, and drops those before it.
func (q *queue) front(low int64) (v int64, ok bool) {
	for q.head < len(q.of) {
		if v = q.of[q.head]; v >= low {
			return v, true
		}
		q.head++
	}
	return 0, false
}

// next is front, but drops nothing.
func (q *queue) next(low int64) (v int64, ok bool) {
	for _, v := range q.of[q.head:] {
		if v >= low {
			return v, true
		}
	}
	return 0, false
}

func (q *queue) reset() { q.of, q.head = q.of[:0], 0 }
