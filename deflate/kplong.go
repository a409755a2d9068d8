package deflate

import "encoding/binary"

// The levels 4 to 6 look at what their tables have for four octets and for seven.

// search4 finds the matches of a chunk at level 4.
func (k *klauspost) search4() {
	limit, cur := k.stop-kpMargin, k.cur
	s, done := k.start, k.start
	v := k.octets(s)
	for {
		next, t := s, 0
		for {
			k.count++
			h, e := kpHash4(v), &k.long[kpHash7(v)]
			s = next
			if next = s + 1 + (s-done)>>6; next > limit {
				return
			}
			short := int(k.short[h]) - cur
			t = int(e.last) - cur
			now := k.octets(next)
			k.short[h], e.last = int32(s+cur), int32(s+cur)
			if k.same(s, t, v, kpFar) {
				break
			}
			if t = short; k.same(s, t, v, kpFar) {
				ahead := int(k.long[kpHash7(now)].last) - cur
				if k.same(next, ahead, now, kpFar) && k.aheadIsLonger(s, t, next, ahead) {
					s, t = next, ahead
				}
				break
			}
			v = now
		}
		end, _ := k.take(s, t, done, 4)
		s, done = end, end
		if next >= s {
			s = next + 1
		}
		if s >= limit {
			if s+8 < k.stop {
				x := k.octets(s)
				k.short[kpHash4(x)], k.long[kpHash7(x)].last = int32(s+cur), int32(s+cur)
			}
			return
		}
		for i := next; i < s-1; i += 3 {
			x := k.octets(i)
			k.long[kpHash7(x)].last = int32(i + cur)
			k.long[kpHash7(x>>8)].last = int32(i + 1 + cur)
			k.short[kpHash4(x>>8)] = int32(i + 1 + cur)
		}
		x := k.octets(s - 1)
		k.short[kpHash4(x)], k.long[kpHash7(x)].last = int32(s-1+cur), int32(s-1+cur)
		v = x >> 8
	}
}

// aheadIsLonger says whether the match of next with ahead is taken for longer than that
// of s with t. From version 2 on its encoder compares with another place than ahead: as
// far behind the start of its buffer as the distance is long.
func (k *klauspost) aheadIsLonger(s, t, next, ahead int) bool {
	if k.version > 1 {
		if ahead = k.base + next - ahead; ahead < 0 {
			return false // that is not seen
		}
	}
	return k.longer(next, ahead, s, t)
}

// look enters s in both tables, and gives what was there.
func (k *klauspost) look(s int, v uint64) (short int, long kpPair) {
	k.count++
	h, e := kpHash4(v), &k.long[kpHash7(v)]
	short, long = int(k.short[h])-k.cur, *e
	k.short[h] = int32(s + k.cur)
	e.add(s + k.cur)
	return short, long
}

// longMatch gives the longer of the matches that seven octets lead to, and its length if
// that was needed, or a negative position.
func (k *klauspost) longMatch(s int, v uint64, long kpPair) (t, n int) {
	last, before := int(long.last)-k.cur, int(long.before)-k.cur
	if s-last > kpFar {
		return -1, 0
	}
	first, second := k.same(s, last, v, kpFar), k.same(s, before, v, kpFar)
	switch {
	case first && second:
		n, n1 := k.length(s, last), k.length(s, before)
		if n1 > n {
			return before, n1
		}
		return last, n
	case first:
		return last, 0
	case second:
		return before, 0
	}
	return -1, 0
}

// enter puts p into both tables.
func (k *klauspost) enter(p int, v uint64) {
	k.short[kpHash4(v)] = int32(p + k.cur)
	k.long[kpHash7(v)].add(p + k.cur)
}

// search5 finds the matches of a chunk at level 5.
func (k *klauspost) search5() {
	limit, cur := k.stop-kpMargin, k.cur
	s, done := k.start, k.start
	v := k.octets(s)
	for {
		next, t, n := s, 0, 0
		for {
			s = next
			if next = s + 1 + (s-done)>>6; next > limit {
				return
			}
			now := k.octets(next)
			short, long := k.look(s, v)
			if t, n = k.longMatch(s, v, long); t >= 0 {
				k.enter(next, now)
				break
			}
			if t = short; k.same(s, t, v, kpFar) {
				n = k.length(s, t)
				ahead := k.long[kpHash7(now)]
				k.enter(next, now)
				if last := int(ahead.last) - cur; next-last <= kpFar {
					for _, from := range [2]int{last, int(ahead.before) - cur} {
						if k.same(next, from, now, kpFar) {
							if n1 := k.length(next, from); n1 > n {
								s, t, n = next, from, n1
								break
							}
						}
					}
				}
				break
			}
			v = now
		}
		n = k.whole(s, t, n)
		if at := s + n; n < 30 && at < limit {
			e := k.long[kpHash7(k.octets(at))]
			s, t, n = k.atEnd(s, t, n, int(e.last)-cur)
		}
		end, n := k.take(s, t, done, n)
		s, done = end, end
		if next >= s {
			s = next + 1
		}
		if s >= limit {
			return
		}
		if i := s - n + 1; i < s-1 {
			x := k.octets(i)
			k.enter(i, x)
			k.long[kpHash7(x>>8)].add(i + 1 + cur)
			k.short[kpHash4(x>>16)] = int32(i + 2 + cur)
			for i += 4; i < s-1; i += 3 {
				x := k.octets(i)
				k.long[kpHash7(x)].add(i + cur)
				k.short[kpHash4(x>>8)] = int32(i + 1 + cur)
			}
		}
		x := k.octets(s - 1)
		k.enter(s-1, x)
		v = x >> 8
	}
}

// whole gives the length of a match of which n octets are known, or which was not
// looked at if n is 0. One that ends where looking ended goes on.
func (k *klauspost) whole(s, t, n int) int {
	switch n {
	case 0:
		n = 4
	case maxMatch:
	default:
		return n
	}
	m := common(k.content[t+n:], k.content[s+n:k.stop])
	k.count += int64(m / 16)
	return n + m
}

// atEnd gives the match of n octets that s has with t, or a longer one that one of ends
// leads to, which are positions like that of its end. Two octets at its start need not
// be alike.
func (k *klauspost) atEnd(s, t, n int, ends ...int) (s1, t1, n1 int) {
	p := s + 2
	for i, end := range ends {
		from := end - n + 2
		if p-from > kpFar {
			if i == 0 {
				break
			}
			continue
		}
		if from < k.floor || from >= p {
			continue
		}
		m := common(k.content[from:], k.content[p:k.stop])
		k.count += int64(m/16) + 1
		if m > n {
			s, t, n = p, from, m
		}
	}
	return s, t, n
}

// search6 finds the matches of a chunk at level 6.
func (k *klauspost) search6() {
	limit, cur := k.stop-kpMargin, k.cur
	s, done := k.start, k.start
	v := k.octets(s)
	repeat := 1 // the last distance
	for {
		next, t, n := s, 0, 0
		for {
			s = next
			if next = s + 1 + (s-done)>>7; next > limit {
				return
			}
			now := k.octets(next)
			short, long := k.look(s, v)
			if t, n = k.longMatch(s, v, long); t >= 0 {
				k.enter(next, now)
				break
			}
			if t = short; k.same(s, t, v, kpFar) {
				n = k.length(s, t)
				ahead := k.long[kpHash7(now)]
				k.enter(next, now)
				if from := s + 1 - repeat; binary.LittleEndian.Uint32(k.content[from:]) == uint32(v>>8) {
					if n1 := k.length(s+1, from); n1 > n {
						s, t, n = s+1, from, n1
						break
					}
				}
				if last := int(ahead.last) - cur; next-last <= kpFar {
					for _, from := range [2]int{last, int(ahead.before) - cur} {
						if k.same(next, from, now, kpFar) {
							if n1 := k.length(next, from); n1 > n {
								s, t, n = next, from, n1
							}
						}
					}
				}
				break
			}
			v = now
		}
		n = k.whole(s, t, n)
		if at := s + n; at < limit {
			e := k.long[kpHash7(k.octets(at))]
			s, t, n = k.atEnd(s, t, n, int(e.last)-cur, int(e.before)-cur)
		}
		repeat = s - t
		end, _ := k.take(s, t, done, n)
		s, done = end, end
		if next >= s {
			s = next + 1
		}
		if s >= limit {
			for i := next + 1; i < k.stop-8; i += 2 {
				k.enter(i, k.octets(i))
			}
			return
		}
		for i := next + 1; i < s-1; i += 2 {
			x := k.octets(i)
			k.enter(i, x)
			k.long[kpHash7(x>>8)].add(i + 1 + cur)
		}
		v = k.octets(s)
	}
}
