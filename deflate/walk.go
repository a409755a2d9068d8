package deflate

// A walker is what predicting and rebuilding have in common: where they stand
// in the content, and what the model says about it.
type walker struct {
	content []byte
	model   Model
	pred    predictor
	limits  Limits
	corr    corrections
	pos     int
	tokens  int // in the block
	counts  counts
	header  header
	// markers without content that the model predicts to follow
	markers    int
	markerType uint8
	sinceCheck int
}

func newWalker(content []byte, m Model, limits Limits) (*walker, error) {
	limits = limits.withDefaults()
	if int64(len(content)) > limits.MaxContent {
		return nil, &Error{Class: ErrLimit, Offset: limits.MaxContent, Content: true, Msg: "too much content"}
	}
	pred, err := m.predictor(content)
	if err != nil {
		return nil, err
	}
	return &walker{content: content, model: m, pred: pred, limits: limits}, nil
}

// begin starts a block.
func (w *walker) begin() {
	w.tokens = 0
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
func (w *walker) tooMuch() bool {
	if w.sinceCheck < 1024 {
		return false
	}
	w.sinceCheck = 0
	return w.pred.steps() > freeSteps+w.limits.Effort*int64(w.pos)
}

func (w *walker) effort() error {
	return &Error{Class: ErrEffort, Offset: int64(w.pos), Content: true, Msg: w.model.String()}
}

// predictedEnd says whether the block is predicted to end after a token, not
// being the last one.
func (w *walker) predictedEnd(c cut) bool {
	return c != goOn || w.model.Family == Go && w.pos == len(w.content) && w.tokens > 0
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
	if w.model.Family == Go && w.tokens == 0 && start == len(w.content) {
		return typeStored
	}
	return t
}
