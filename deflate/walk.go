package deflate

// A view is what predicting or rebuilding a part sees of the content.
type view struct {
	content []byte // the Window of the part
	at, end int    // the part in it
	from    int64  // octets of the content before the part
	last    bool   // whether it is the last part
	far     bool   // the model's
}

// view gives what part i sees with a model, content being its Window.
func (l *Layout) view(i int, m Model, content []byte) view {
	from, to := l.Content(i)
	first, _ := l.Window(i, m)
	return view{content, int(from - first), int(to - first), from, i == len(l.Parts)-1, m.far()}
}

// A walker is what predicting and rebuilding have in common: where they stand
// in the content, and what the model says about it.
type walker struct {
	view
	model  Model
	pred   predictor
	limits Limits
	corr   corrections
	pos    int // in the view
	tokens int // in the block
	counts counts
	header header
	// markers without content that the model predicts to follow
	markers    int
	markerType uint8
	sinceCheck int
	begun      int64 // blocks
}

func newWalker(v view, m Model, limits Limits) (walker, error) {
	pred, err := m.predictor(v)
	if err != nil {
		return walker{}, err
	}
	return walker{view: v, model: m, pred: pred, limits: limits.withDefaults(), pos: v.at}, nil
}

// begin starts a block.
func (w *walker) begin() {
	w.tokens = 0
	w.begun++
	clear(w.counts.lit[:])
	clear(w.counts.dist[:])
	w.pred.newBlock()
	if end := w.corr.flushes.next(len(w.content)); end > w.pos {
		w.pred.segment(end)
	}
}

// accept goes on behind a token.
func (w *walker) accept(t token) cut {
	w.pos += t.Length()
	w.tokens++
	w.counts.add(t)
	w.sinceCheck++
	return w.pred.accept(t)
}

// tooMuch checks the effort, once in a while.
func (w *walker) tooMuch() bool { return w.sinceCheck >= 1024 && w.tooMuchNow() }

func (w *walker) tooMuchNow() bool {
	w.sinceCheck = 0
	return w.steps() > freeSteps+w.limits.Effort*int64(w.pos-w.at)
}

// steps is the effort so far.
func (w *walker) steps() int64 { return w.pred.steps() + w.begun*blockSteps }

func (w *walker) effort() error {
	return &Error{Class: ErrEffort, Offset: w.from + int64(w.pos-w.at), Content: true, Msg: w.model.String()}
}

// atEnd says whether all of the content has been passed.
func (w *walker) atEnd() bool { return w.last && w.pos == w.end }

// predictedEnd says whether the block is predicted to end after a token, not
// being the last one.
func (w *walker) predictedEnd(c cut) bool {
	if c == goOn && w.atEnd() && w.tokens > 0 {
		_, yes := w.model.endsBlocks()
		return yes
	}
	return c != goOn
}

// expectMarkers sets which markers follow a block that ended at a bit of the
// stream.
func (w *walker) expectMarkers(c cut, bit int64) {
	over := int(bit % 8)
	if w.markers = 0; c != endsPad || over == 0 {
		return
	}
	w.markers, w.markerType = 1, typeStored
	if w.model.Family == Pigz && over%2 == 0 {
		// Two bits are gained by each static block of ten.
		w.markers, w.markerType = (8-over)/2, typeStatic
	}
}

// plan predicts the type of the block that has ended, and its header.
func (w *walker) plan(start int) uint8 {
	t := w.pred.plan(&w.counts, &w.header, start)
	if w.tokens == 0 && w.atEnd() {
		if last, yes := w.model.endsBlocks(); yes {
			return last
		}
	}
	return t
}
