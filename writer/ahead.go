package writer

import (
	"sync"

	"github.com/vtdarchive/vtd/format"
)

// lead bounds how many entries of the base are read ahead of the walk: what the
// reader's cache has room for several times.
const lead = 1 << 15

// ahead reads directories of the base in the order in which the walk comes to
// them, so that it finds them in the reader's cache. What goes wrong, the walk
// will find. A nil one does nothing.
type ahead struct {
	b  *base
	wg sync.WaitGroup

	mu     sync.Mutex
	moved  sync.Cond
	read   uint64 // entries
	passed uint64 // by the walk
	stop   bool
}

func (b *base) readAhead() *ahead {
	if b == nil {
		return nil
	}
	a := &ahead{b: b}
	a.moved.L = &a.mu
	a.wg.Go(a.run)
	return a
}

func (a *ahead) run() {
	stack := []format.Entry{*a.b.tree.Root()}
	for len(stack) > 0 {
		dir := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		at := len(stack)
		r := a.b.a.OpenDir(&dir)
		for n := uint64(1); ; n++ {
			e, err := r.Next()
			if err != nil || e == nil {
				if a.wait(n); err != nil {
					return
				}
				break
			}
			if n%(lead/4) == 0 {
				a.wait(n)
				n = 0
			}
			if e.Kind.IsDir() {
				stack = append(stack, *e)
			}
		}
		for i, k := at, len(stack)-1; i < k; i, k = i+1, k-1 {
			stack[i], stack[k] = stack[k], stack[i]
		}
		if a.stopped() {
			return
		}
	}
}

// wait counts entries that were read, and waits while they are far ahead.
func (a *ahead) wait(n uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.read += n
	for !a.stop && a.read > a.passed+lead {
		a.moved.Wait()
	}
}

func (a *ahead) stopped() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stop
}

// pass tells that the walk has gone past entries.
func (a *ahead) pass(n uint64) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.passed += n
	a.moved.Signal()
}

// end stops reading ahead.
func (a *ahead) end() {
	if a == nil {
		return
	}
	a.mu.Lock()
	a.stop = true
	a.mu.Unlock()
	a.moved.Signal()
	a.wg.Wait()
}
