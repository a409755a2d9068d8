package deflate

import "math/bits"

func trailingOctets(x uint64) int { return bits.TrailingZeros64(x) >> 3 }

// next predicts the token at pos.
func (z *matcher) next() token {
	if z.pos >= z.chunkEnd {
		z.newChunk()
	}
	switch {
	case z.strategy == HuffmanOnly:
		if z.pos >= z.slideAt {
			z.slide(z.pos)
		}
		z.predicted = z.literal()
	case z.strategy == RLE:
		z.predicted = z.nextRun()
	case z.slow:
		z.predicted = z.nextSlow()
	default:
		z.predicted = z.nextFast()
	}
	return z.predicted
}

func (z *matcher) literal() token { return literal(z.content[z.pos]) }

// nextRun predicts by the octet before pos only.
func (z *matcher) nextRun() token {
	p := z.pos
	if p >= z.slideAt {
		z.slide(p)
	}
	if p > 0 {
		n := common(z.content[p-1:], z.content[p:min(p+maxMatch, z.end)])
		z.count += int64(n / 16)
		if n >= minMatch {
			return match(n, 1)
		}
	}
	return z.literal()
}

// nextFast predicts the first match that is found.
func (z *matcher) nextFast() token {
	p := z.pos
	if p >= z.slideAt {
		z.slide(p)
	}
	if n, start := z.find(p, 2); n >= minMatch {
		return match(n, p-start)
	}
	return z.literal()
}

// nextSlow predicts a match unless there is a longer one at the next position.
func (z *matcher) nextSlow() token {
	p := z.pos
	if !z.avail {
		if p >= z.slideAt {
			z.slide(p)
		}
		z.length, z.start = z.find(p, 2)
	}
	z.length1 = 2
	if p+1 >= z.end {
		return z.literal()
	}
	if p+1 >= z.slideAt {
		z.slide(p + 1)
	}
	z.length1, z.start1 = z.find(p+1, z.length)
	if z.length >= minMatch && z.length1 <= z.length {
		return match(z.length, p-z.start)
	}
	return z.literal()
}

// accept goes on behind t.
func (z *matcher) accept(t token) cut {
	p, n := z.pos, t.Length()
	z.pos += n
	late := false // a literal that was left over at the end of a segment
	if z.slow {
		if t == z.predicted && !t.IsMatch() {
			z.avail = true
			z.length, z.start = z.length1, z.start1
			late = z.pos == z.end
		} else {
			z.avail = false
		}
		late = late || !t.IsMatch() && z.pos == z.end
		if late {
			z.avail = false
		}
		if z.table && t.IsMatch() {
			z.insertTo(z.pos - 1)
		}
	} else if z.table && t.IsMatch() {
		if n <= z.lazy && (z.family == Gzip || z.end-z.pos >= minMatch) {
			z.insertTo(z.pos - 1)
		}
		z.ins = max(z.ins, z.pos)
	}
	z.symbols++
	if t.IsMatch() {
		z.matches++
	}
	c := goOn
	if z.symbols == z.limit {
		c = ends
	}
	if z.family == Gzip {
		c = z.gzipCut(t, p, c)
	}
	if late && z.slow && z.table {
		c = goOn
	}
	if z.pos == z.chunkEnd && z.pos < len(z.content) {
		c = endsPad
	}
	return c
}

// gzipCut adds the two rules of gzip.
func (z *matcher) gzipCut(t token, p int, c cut) cut {
	if t.IsMatch() {
		z.distBits += 5 + int(distExtra[distCode(t.Distance())])
	}
	if z.chain > levels[2].chain && z.symbols&0xfff == 0 {
		seen := p - z.blockStart
		if z.slow {
			seen++
		}
		if z.matches < z.symbols/2 && (8*z.symbols+z.distBits)/8 < seen/2 {
			c = ends
		}
	}
	if z.strategy == Rsyncable {
		for ; z.rolled < z.pos; z.rolled++ {
			z.sum += int(z.content[z.rolled])
			if z.rolled >= rsyncWindow {
				z.sum -= int(z.content[z.rolled-rsyncWindow])
				if z.sum%rsyncWindow == 0 {
					z.hit = true
				}
			}
		}
		if z.hit {
			c = endsPad
			z.hit = false
		}
	}
	return c
}

// newBlock begins to count anew.
func (z *matcher) newBlock() {
	z.symbols, z.matches, z.distBits = 0, 0, 0
	z.blockStart = z.pos
	if z.pos == z.chunkEnd && z.pos < len(z.content) {
		z.newChunk()
	}
}

// plan chooses the shortest type, dynamic codes last among equals.
func (z *matcher) plan(c *counts, h *header, start int) uint8 {
	dynamic, static := z.trees.plan(c, h)
	if z.pos >= z.end && z.pos >= z.slideAt {
		z.slide(z.pos)
	}
	best := (dynamic + 3 + 7) / 8
	staticBest := (static + 3 + 7) / 8
	if staticBest <= best || z.strategy == Fixed {
		best = staticBest
	}
	switch {
	case start >= z.base && z.pos-start+4 <= best:
		return typeStored
	case best == staticBest:
		return typeStatic
	}
	return typeDynamic
}
