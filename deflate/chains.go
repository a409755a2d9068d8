package deflate

import "encoding/binary"

// Levels 6 to 9 of zlib and its relatives look at 128 to 4096 candidates for a match.
// One that is longer than the longest so far agrees in all octets of that, and in the
// one behind: so it is found in the chain of any position within, too, and in the
// shortest of these chains there are few others. Which of the candidates the encoder
// would still have looked at follows from where they stand in the chain of its own.

// chainTables say, beside the tables of a matcher, how long chains are. Of each hash it
// counts the positions that were inserted, and of these the ones too far back; order is
// which of its hash a position was.
type chainTables struct {
	count, gone [1 << 16]uint16
	order       [1 << 15]uint16
}

const (
	// fewCandidates are looked at one by one.
	fewCandidates = 12
	// chainsLookedAt is of how many chains the shortest is taken.
	chainsLookedAt = 4
)

// hash3 gives the hash of the string at position i, of three octets before the end of
// the segment.
func (z *matcher) hash3(i int) uint32 {
	s := z.content[i : i+3 : i+3]
	return (uint32(s[0])<<(2*z.shift&31) ^ uint32(s[1])<<(z.shift&31) ^ uint32(s[2])) & z.hmask
}

// inserted counts position i, of which h is the hash.
func (c *chainTables) inserted(i int, h uint32) {
	n := c.count[uint16(h)] + 1
	c.count[uint16(h)] = n
	c.order[uint(i)%uint(len(c.order))] = n
}

// orderOf tells which of its hash a position was.
func (c *chainTables) orderOf(i int) uint16 { return c.order[uint(i)%uint(len(c.order))] }

// near is how many positions of a hash are not too far back.
func (c *chainTables) near(h uint32) int { return int(c.count[uint16(h)] - c.gone[uint16(h)]) }

// forget counts the positions up to limit as too far back.
func (z *matcher) forget(limit int) {
	for ; z.forgotten <= limit; z.forgotten++ {
		z.chains.gone[uint16(z.hash3(z.forgotten))]++
	}
}

// shortest gives the shortest chain of one of the last strings in the first n octets
// from p on: how far behind p that is, and how many positions are in it. It is 0 if none
// has less than most.
func (z *matcher) shortest(p, n, most int) (off, length int) {
	length = most
	for i := max(n-minMatch-chainsLookedAt+1, 1); i <= n-minMatch; i++ {
		if k := z.chains.near(z.hash3(p + i)); k < length {
			off, length = i, k
		}
	}
	return off, length
}

// longestOfMany is longest where no octet behind the segment has a bearing, and no
// position was inserted with any of these.
func (z *matcher) longestOfMany(p, cur, best, chain int) (length, start int) {
	buf, prev := z.content, &z.prev
	limit := max(p-z.maxDist, 0)
	order := z.chains.orderOf(p)
	scan := buf[p : p+maxMatch]
	length = 2
	at, mask, want := mustHave(scan, best)
	// The candidate is cur - off, cur being in the chain of p + off; then that of
	// p + other takes over, which has those at or before p - other only.
	off, other := 0, 0
	left := chain // candidates in the chain of p
	if n := int(order - 1 - z.chains.gone[uint16(z.hash3(p))]); n < left {
		left = n
	}
	all := left
	rest := left // of the chain that is followed
	if best >= minMatch && rest > fewCandidates {
		other, _ = z.shortest(p, best+1, rest)
	}
	seen, compared := 0, 0
	for {
		c := cur - off
		if other > 0 && c <= p-other {
			cur, off = int(z.head[uint16(z.hash3(p+other))]), other
			rest, other = z.chains.near(z.hash3(p+off)), 0
			for cur-off > c {
				cur -= int(prev[uint(cur)%uint(len(prev))])
				seen++
			}
			if c = cur - off; c <= limit {
				break
			}
		}
		seen++
		if binary.LittleEndian.Uint32(buf[c+at:])&mask == want {
			n := common(buf[c:], scan)
			compared += n
			if n > best {
				passed := int(order - z.chains.orderOf(c))
				if passed > chain {
					break
				}
				start, length, best = c, n, n
				if n >= z.nice || n == maxMatch {
					all = passed
					break
				}
				at, mask = n-3, 1<<32-1
				want = binary.LittleEndian.Uint32(scan[at:])
				if rest > fewCandidates {
					other, _ = z.shortest(p, n+1, min(rest, all-passed))
				}
			}
		}
		if rest--; rest <= 0 {
			break
		}
		if cur -= int(prev[uint(cur)%uint(len(prev))]); cur-off <= limit {
			break
		}
	}
	z.count += int64(max(all, seen)) + 1 + int64(compared/16)
	return length, start
}
