package reader

// MadeContent gives the content of all parts that have been made and are still held.
func (a *Archive) MadeContent() (n int64) {
	a.made.mu.Lock()
	defer a.made.mu.Unlock()
	for key := range a.made.items {
		node, err := a.metaNode(key.num, "recipe")
		if err != nil {
			panic(err)
		}
		n += node.made.Content(key.part)
	}
	return n
}
