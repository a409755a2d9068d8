package scanners

// reference cuts data by the letter of the rule in the package documentation,
// with none of the shortcuts of Split: it is what a stranger would write first.
func reference(p Params, data []byte) []Span {
	var spans []Span
	for at := 0; at < len(data); {
		start := at // of the gap that ends where a run begins
		end := at
		for at < len(data) {
			end = at
			for end < len(data) && data[end] == data[at] {
				end++
			}
			if end-at >= p.RunMin {
				break
			}
			at = end
		}
		for start < at {
			n := referenceCut(p, data[start:at])
			spans = append(spans, Span{Offset: int64(start), Length: int64(n)})
			start += n
		}
		if at < len(data) {
			spans = append(spans, Span{int64(at), int64(end - at), true, data[at]})
			at = end
		}
	}
	return spans
}

func referenceCut(p Params, gap []byte) int {
	log := 0
	for 1<<log < p.Target {
		log++
	}
	for l := p.Min; l < min(len(gap), p.Max); l++ {
		var h uint64
		for _, b := range gap[l-64 : l] {
			h = h*2 + gear[b]
		}
		nbits := log - 2
		if l < p.Target {
			nbits = log + 2
		}
		zero := true
		for i := range nbits {
			zero = zero && h>>(62-2*i)&1 == 0
		}
		if zero {
			return l
		}
	}
	return min(len(gap), p.Max)
}
