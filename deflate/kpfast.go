package deflate

// The levels 1 to 3 look for the first match that comes, in steps that grow the longer
// there is none. done is where begins what is not yet part of a match.

// search1 finds the matches of a chunk at level 1.
func (k *klauspost) search1() {
	limit, cur := k.stop-kpMargin, k.cur
	s, done := k.start, k.start
	v := k.octets(s)
	for {
		next, t := s, 0
		for {
			k.count++
			h := kpHash5(v, 15)
			if next = s + 2 + (s-done)>>5; next > limit {
				return
			}
			t = int(k.short[h]) - cur
			now := k.octets(next)
			k.short[h] = int32(s + cur)
			h = kpHash5(now, 15)
			if k.same(s, t, v, kpFar) {
				k.short[h] = int32(next + cur)
				break
			}
			v, s = now, next
			next++
			now >>= 8
			t = int(k.short[h]) - cur
			k.short[h] = int32(s + cur)
			if k.same(s, t, v, kpFar) {
				k.short[h] = int32(next + cur) // one too far, as its encoder has it
				break
			}
			v, s = now, next
		}
		for {
			s, _ = k.take(s, t, done, 4)
			done = s
			if next >= s {
				s = next + 1
			}
			if s >= limit {
				return
			}
			x := k.octets(s - 2)
			k.short[kpHash5(x, 15)] = int32(s - 2 + cur)
			x >>= 16
			h := kpHash5(x, 15)
			t = int(k.short[h]) - cur
			k.short[h] = int32(s + cur)
			if !k.same(s, t, x, kpWindow) {
				v = x >> 8
				s++
				break
			}
		}
	}
}

// search2 finds the matches of a chunk at level 2.
func (k *klauspost) search2() {
	limit, cur := k.stop-kpMargin, k.cur
	s, done := k.start, k.start
	v := k.octets(s)
	for {
		next, t := s, 0
		for {
			k.count++
			h := kpHash5(v, 17)
			s = next
			if next = s + 2 + (s-done)>>5; next > limit {
				return
			}
			t = int(k.short[h]) - cur
			now := k.octets(next)
			k.short[h] = int32(s + cur)
			h = kpHash5(now, 17)
			if k.same(s, t, v, kpFar) {
				k.short[h] = int32(next + cur)
				break
			}
			v, s = now, next
			next++
			now >>= 8
			t = int(k.short[h]) - cur
			k.short[h] = int32(s + cur)
			if k.same(s, t, v, kpFar) {
				break
			}
			v = now
		}
		for {
			end, n := k.take(s, t, done, 4)
			s, done = end, end
			if next >= s {
				s = next + 1
			}
			if s >= limit {
				return
			}
			for i := s - n + 2; i < s-5; i += 7 {
				x := k.octets(i)
				k.short[kpHash5(x, 17)] = int32(i + cur)
				k.short[kpHash5(x>>16, 17)] = int32(i + 2 + cur)
				k.short[kpHash5(x>>32, 17)] = int32(i + 4 + cur)
			}
			x := k.octets(s - 2)
			k.short[kpHash5(x, 17)] = int32(s - 2 + cur)
			k.short[kpHash5(x>>8, 17)] = int32(s - 1 + cur)
			h := kpHash5(x>>16, 17)
			t = int(k.short[h]) - cur
			k.short[h] = int32(s + cur)
			if !k.same(s, t, x>>16, kpWindow) {
				v = x >> 24
				s++
				break
			}
		}
	}
}

// search3 finds the matches of a chunk at level 3, where there are two positions for each
// hash.
func (k *klauspost) search3() {
	const near = kpWindow - 4
	limit, cur := k.stop-kpMargin, k.cur
	s, done := k.start, k.start
	v := k.octets(s)
	for {
		next, t := s, 0
		for {
			k.count++
			e := &k.long[kpHash5(v, 16)]
			s = next
			if next = s + 1 + (s-done)>>7; next > limit {
				return
			}
			found := *e
			now := k.octets(next)
			e.add(s + cur)
			t = int(found.last) - cur
			if s-t > near {
				v = now
				continue
			}
			before := int(found.before) - cur
			if k.same(s, t, v, near) {
				if k.same(s, before, v, near) && k.longer(s, before, s, t) {
					t = before
				}
				break
			}
			if t = before; k.same(s, t, v, near-1) {
				break
			}
			v = now
		}
		for {
			end, n := k.take(s, t, done, 4)
			distance := s - t
			s, done = end, end
			if next >= s {
				s = next + 1
			}
			if s >= limit {
				if t = end - distance; t+8 < k.stop && t > k.floor {
					k.long[kpHash5(k.octets(t), 16)].add(t + cur)
				}
				return
			}
			for i := s - n + 2; i < s-5; i += 6 {
				k.long[kpHash5(k.octets(i), 16)].add(i + cur)
			}
			x := k.octets(s - 2)
			k.long[kpHash5(x, 16)].add(s - 2 + cur)
			k.long[kpHash5(x>>8, 16)].add(s - 1 + cur)
			v = x >> 16
			e := &k.long[kpHash5(v, 16)]
			found := *e
			e.add(s + cur)
			if t = int(found.last) - cur; s-t < near {
				if k.same(s, t, v, near-1) {
					continue
				}
				if t = int(found.before) - cur; k.same(s, t, v, near-1) {
					continue
				}
			}
			v = x >> 24
			s++
			break
		}
	}
}

// longer says whether the match of p with from is longer than that of p1 with from1; of
// both 4 octets are known.
func (k *klauspost) longer(p, from, p1, from1 int) bool {
	n := common(k.content[from+4:], k.content[p+4:k.stop])
	n1 := common(k.content[from1+4:], k.content[p1+4:k.stop])
	k.count += int64((n + n1) / 16)
	return n > n1
}
