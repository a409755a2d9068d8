package writer

// paged is a list that grows without moving what it holds: pointers stay
// valid, and memory never doubles for a copy.
type paged[T any] struct {
	pages [][]T
	n     int
}

const pageLen = 4096

func (p *paged[T]) add(v T) (index int, at *T) {
	if p.n%pageLen == 0 {
		p.pages = append(p.pages, make([]T, 0, pageLen))
	}
	last := &p.pages[len(p.pages)-1]
	*last = append(*last, v)
	p.n++
	return p.n - 1, &(*last)[len(*last)-1]
}

func (p *paged[T]) at(i int) *T { return &p.pages[i/pageLen][i%pageLen] }
func (p *paged[T]) len() int    { return p.n }
