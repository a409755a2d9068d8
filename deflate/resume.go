package deflate

// baseAt gives the base of the window of an encoder that has come to a position of
// the content, if nothing else moved it.
func baseAt(pos int64, window int) int64 {
	w := int64(window)
	return max((pos-w-1)/w*w, 0)
}

// resume brings the predictor to where a part begins.
func (z *matcher) resume(v view) {
	before := v.from - int64(v.at) // of the content that is not seen
	base := baseAt(v.from, z.window)
	warm := before // where predicting tokens before the part begins
	if z.family == Pigz {
		chunk := v.from / pigzChunk * pigzChunk
		z.chunkEnd = int(chunk + pigzChunk - before)
		base = max(base, chunk-int64(z.window))
		warm = max(warm, chunk)
	}
	if z.strategy == Rsyncable {
		for _, c := range v.content[max(v.at-rsyncWindow, 0):v.at] {
			z.sum += int(c)
		}
		z.rolled = v.at
	}
	z.whole = before == 0
	z.base = int(base - before)
	z.pos = v.at
	z.ins = max(z.pos-z.window, 0)
	if z.slow || !z.table || v.at == 0 {
		return
	}
	z.base = int(baseAt(warm, z.window) - before) // may be before what is seen
	z.pos = int(warm - before)
	z.ins = max(z.pos-z.window, 0)
	if !v.far {
		z.segment(v.at)
		for z.pos < v.at {
			z.accept(z.next())
		}
	} else {
		z.segment(len(v.content))
		for z.pos < v.at {
			z.accept(v.before(z.next(), z.pos))
		}
		z.end, z.count = 0, 0
	}
	z.base = int(base - before)
}

// before cuts a token at a position off where the part begins.
func (v *view) before(t token, pos int) token {
	n := v.at - pos
	switch {
	case t.Length() <= n:
		return t
	case n < minMatch:
		return literal(v.content[pos])
	}
	return match(n, t.Distance())
}

// resume brings the predictor to where a part begins.
func (g *goFlate) resume(v view) {
	before := v.from - int64(v.at)
	base := int(baseAt(v.from, goWindow) - before)
	if !g.slow && v.at > 0 {
		g.base = int(baseAt(before, goWindow) - before) // may be before what is seen
		if !v.far {
			g.segment(v.at)
			for g.pos < v.at {
				g.accept(g.next())
			}
		} else {
			g.segment(len(v.content))
			for g.pos < v.at {
				g.accept(v.before(g.next(), g.pos))
			}
			g.end, g.count = 0, 0
		}
	}
	g.base, g.pos = base, v.at
	g.ins = max(g.ins, v.at-goWindow, 0)
}

// resume brings the predictor to where a part begins: two blocks before it are
// searched, as far as there are.
func (g *goFast) resume(v view) {
	g.segment(v.at)
	g.pos = v.at - min(v.at/goBlock, 2)*goBlock
	g.start, g.stop, g.floor = g.pos, g.pos, g.pos
	for g.pos < v.at {
		g.nextBlock()
		g.pos = g.stop
	}
}

// resume brings the predictor to where a part begins: two chunks before it are searched,
// as far as there are.
func (k *klauspost) resume(v view) {
	k.segment(v.at)
	k.pos = v.at
	if k.deep != nil {
		k.deep.resume(v)
	}
	if k.kpTables != nil {
		n := min(v.at/kpChunk, 2)
		k.pos -= n * kpChunk
		// The buffer of the encoder takes five chunks, and moves to have what is
		// before a chunk when it is full: then there is room for four.
		before := v.from - int64(v.at)
		if chunk := v.from/kpChunk - int64(n) - 1; chunk >= 5 {
			before -= (chunk-1)/4*4*kpChunk + kpChunk - kpWindow
		}
		k.base = -int(before)
	}
	k.start, k.stop, k.floor = k.pos, k.pos, k.pos
	for k.pos < v.at {
		k.nextChunk()
		k.pos = k.stop
	}
}

// resume brings the search to one window before that in which a part begins.
func (z *kpLazy) resume(v view) {
	before := v.from - int64(v.at)
	z.from = v.at
	base := (v.from+kpAhead-kpWindow-1)/kpWindow*kpWindow - kpWindow
	if base <= kpWindow {
		return // it sees all from the start of the stream
	}
	z.base = int(base - kpWindow - before)
	z.index = int(base - kpAhead - before)
	for p := max(z.index-kpWindow, 0); p < z.index; p++ {
		z.insert(p)
	}
}
