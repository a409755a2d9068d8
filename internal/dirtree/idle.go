package dirtree

// entry is an open directory. Its fields other than id and fd belong to the
// cache's lock.
type entry struct {
	id   int
	fd   int
	refs int

	newer, older *entry // neighbours in the idle list, while refs is 0
}

// idleList holds the open directories nobody uses, the latest used first. Its
// zero value is empty.
type idleList struct {
	newest, oldest *entry
	n              int
}

func (l *idleList) push(e *entry) {
	e.newer, e.older = nil, l.newest
	if l.newest != nil {
		l.newest.newer = e
	} else {
		l.oldest = e
	}
	l.newest = e
	l.n++
}

func (l *idleList) remove(e *entry) {
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		l.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		l.oldest = e.newer
	}
	e.newer, e.older = nil, nil
	l.n--
}
