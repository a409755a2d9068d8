package deflate

import (
	"math"
	"slices"
)

// A sample is the start of a part.
type sample struct {
	part  *section
	view  view
	size  int // of the part's content
	costs int // of the part of the stream, in octets
	share int // one part in so many of that may be corrections
}

// Where a trial of a sample was cut short, some of the rest is looked at: pieces, one of
// them at the end, where encoders differ that otherwise do not.
const (
	pieces      = 20
	pieceTokens = 40
	endPiece    = 600 // octets
	pieceSteps  = sampleSteps / 8
)

// worst is the cost above which a trial of n octets is given up.
func (s *sample) worst(n int) int {
	return int(int64(s.costs)*int64(min(n, s.size))/int64(max(s.size, 1)))/s.share + 16
}

// knows says that the state of a model is known at any place where a match has ended.
func (s *sample) knows(m Model) bool {
	return m.Level >= 4 && m.Family != Klauspost && m.Strategy != RLE && m.Strategy != HuffmanOnly && !s.stored()
}

// ends gives the cost of a model for where blocks end, and for what it does at the end of
// the content, as far as that can be said without following it.
func (f *finder) ends(m Model, s *sample) (cost int, err error) {
	if s.stored() {
		return 0, nil
	}
	cost = f.cuts(m, s)
	if at := s.end(); s.knows(m) && s.view.last && at == s.view.end {
		tokens := s.part.tokens
		n := len(tokens)
		for n > 0 && (at > s.end()-endPiece || !tokens[n-1].IsMatch()) {
			n--
			at -= tokens[n].Length()
		}
		if n > 0 {
			more, err := f.piece(m, s, tokens[n:], at, math.MaxInt)
			return cost + more, err
		}
	}
	return cost, nil
}

// spread gives the cost of a model in pieces of a sample. It is zero if nothing can be said.
func (f *finder) spread(m Model, s *sample) (cost int, err error) {
	if !s.knows(m) {
		return 0, nil
	}
	tokens, at := s.part.tokens, s.view.at
	next := at
	for i := range tokens {
		if at >= next && i > 0 && tokens[i-1].IsMatch() {
			n, err := f.piece(m, s, tokens[i:], at, pieceTokens)
			if err != nil {
				return 0, err
			}
			cost += n
			next = at + min(secondTrial, s.size)/pieces
		}
		if at += tokens[i].Length(); at >= s.end() {
			break
		}
	}
	return cost, nil
}

// end is up to where the sample is looked at.
func (s *sample) end() int { return min(s.view.end, s.view.at+secondTrial) }

// piece gives the cost of the first n of some tokens, which are at a place.
func (f *finder) piece(m Model, s *sample, tokens []token, at, n int) (cost int, err error) {
	v := s.view
	first := max(at-History, 0)
	v.content, v.from, v.at, v.end = v.content[first:], v.from+int64(at-v.at), at-first, v.end-first
	pred, err := m.predictor(v)
	if err != nil {
		return 0, err
	}
	defer pred.free()
	pred.newBlock()
	pred.segment(len(v.content))
	for i, right := range tokens[:min(n, len(tokens))] {
		if i%16 == 0 && pred.steps() > pieceSteps || at+right.Length() > s.end() {
			break
		}
		at += right.Length()
		if pred.next() != right {
			cost += flushCost
		}
		pred.accept(right)
	}
	f.left -= trialSteps + pred.steps()
	return cost, nil
}

// cuts gives the cost of the ends of blocks for a model of zlib or the like, which depend
// on nothing but the tokens.
func (f *finder) cuts(m Model, s *sample) (cost int) {
	if m.Family == Go || m.Family == Klauspost {
		return 0
	}
	// What makes a difference.
	key := Model{Family: m.Family, Memory: m.Memory, Strategy: m.Strategy & Rsyncable, Level: max(2, min(m.Level, 4))}
	cost, have := f.cut[key]
	if !have {
		cost = s.cuts(key)
		f.cut[key] = cost
	}
	return cost
}

func (s *sample) cuts(m Model) (cost int) {
	z := &matcher{
		content: s.view.content, pos: s.view.at, end: len(s.view.content), chunkEnd: len(s.view.content),
		family: m.Family, strategy: m.Strategy, slow: m.Level >= 4, chain: levels[m.Level].chain,
		limit: 1<<(m.Memory+6) - 1, rolled: s.view.at,
	}
	if m.Strategy == Rsyncable {
		for _, c := range z.content[max(z.pos-rsyncWindow, 0):z.pos] {
			z.sum += int(c)
		}
	}
	for i := range s.part.blocks {
		z.symbols, z.matches, z.distBits, z.blockStart = 0, 0, 0, z.pos
		tokens := s.part.tokensOf(i)
		for k, t := range tokens {
			if z.pos >= s.end() {
				return cost
			}
			ended := z.accept(t) != goOn
			switch last := k == len(tokens)-1; {
			case !last && ended:
				cost += flushCost
			case !last || ended || i == len(s.part.blocks)-1 || s.part.blocks[i+1].empty: // the end, or a flush
			case m.Family == Pigz && (int(s.view.from)+z.pos-s.view.at)%pigzChunk == 0:
			default:
				cost += flushCost
			}
		}
	}
	return cost
}

// stored says that not all tokens are known.
func (s *sample) stored() bool {
	for i := range s.part.blocks {
		if b := &s.part.blocks[i]; b.kind == typeStored && !b.empty {
			return true
		}
	}
	return false
}

// chunked sorts out the models of pigz: where a chunk of that ends, so does a block.
func (s *sample) chunked(models []Model) []Model {
	if s.size <= pigzChunk {
		return models
	}
	at := false
	for i := range s.part.blocks {
		at = at || s.view.at+int(s.part.blocks[i].end) == pigzChunk
	}
	pigz := func(m Model) bool { return m.Family == Pigz }
	if !at {
		return slices.DeleteFunc(models, pigz)
	}
	slices.SortStableFunc(models, func(a, b Model) int {
		switch {
		case pigz(a) == pigz(b):
			return 0
		case pigz(a):
			return -1
		}
		return 1
	})
	return models
}
