package scanners

import "slices"

// reference cuts data by the letter of the rule in the package documentation,
// with none of the shortcuts of Split: it is what a stranger would write first.
func reference(p Params, data []byte) []Span { return referenceMarked(p, data, nil, nil) }

// referenceMarked is reference with the joints and hints of a scanner, in
// ascending order.
func referenceMarked(p Params, data []byte, joints, hints []int64) []Span {
	var spans []Span
	start, before := int64(0), int64(0)
	section := func(end int64, why Cut) {
		if start == end {
			return
		}
		for _, s := range referenceSection(p, data[start:end], func(at int64) bool { return slices.Contains(hints, start+at) }) {
			s.Offset += start
			if s.Offset+s.Length == end {
				s.Cut = why
			}
			spans = append(spans, s)
		}
		start = end
	}
	for _, j := range joints {
		if j-before >= int64(max(64, p.Min/32)) && j < int64(len(data)) {
			section(j, CutJoint)
		}
		before = j
	}
	section(int64(len(data)), CutEnd)
	return spans
}

func referenceSection(p Params, data []byte, hint func(at int64) bool) []Span {
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
			n, why := referenceCut(p, data[start:at], func(l int) bool { return hint(int64(start + l)) })
			spans = append(spans, Span{Offset: int64(start), Length: int64(n), Cut: why})
			start += n
		}
		if at < len(data) {
			spans = append(spans, Span{Offset: int64(at), Length: int64(end - at), Run: true, Octet: data[at], Cut: CutRun})
			at = end
		}
	}
	return spans
}

func referenceCut(p Params, gap []byte, hint func(l int) bool) (int, Cut) {
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
		zero := func(bits int) bool {
			for i := range bits {
				if h>>(62-2*i)&1 != 0 {
					return false
				}
			}
			return true
		}
		if zero(nbits) {
			return l, CutHash
		}
		if hint(l) && zero(2) {
			return l, CutHint
		}
	}
	if len(gap) > p.Max {
		return p.Max, CutMax
	}
	return len(gap), CutRun
}
