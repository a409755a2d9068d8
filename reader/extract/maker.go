package extract

// task is work that the planner leaves to the maker.
type task struct {
	dirs  []int32 // to be made; a directory comes after the one it is in
	nodes []*node // to be handed to the workers when these are there
}

// maker makes directories while the planner walks on: making them takes about
// as long as walking does.
//
// It is for extractions that replace what exists: the others need to know as
// they walk whether a directory was there before.
type maker struct {
	*engine
	tasks chan task
	done  chan struct{}
}

func newMaker(e *engine) *maker {
	m := &maker{engine: e, tasks: make(chan task, tasksAhead), done: make(chan struct{})}
	go m.run()
	return m
}

const (
	// taskDirs is how many directories go to the maker at once.
	taskDirs = 64
	// tasksAhead is how many tasks wait for it.
	tasksAhead = 64
)

func (m *maker) run() {
	defer close(m.done)
	for t := range m.tasks {
		for _, id := range t.dirs {
			if m.ctx.Err() == nil && !m.ensureDir(id) {
				// Named already, it or one above it; so that nothing in it is.
				m.dirs.set(id, func(d *dir) { d.state = dirFailed })
			}
		}
		if len(t.nodes) > 0 {
			m.post(job{nodes: t.nodes})
		}
	}
}

// close waits until all tasks are done.
func (m *maker) close() {
	close(m.tasks)
	<-m.done
}
