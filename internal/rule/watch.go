package rule

// A watch notes which nodes evaluations read: of which a fact, a relation or
// the sort was looked at. What an evaluation does is a function of these, so it
// has the same result on another world in which they are the same.
type watch struct {
	nodes []int32
	seen  []int32 // by node: the round in which it was noted
	round int32   // 0: nobody watches
}

// Watch begins to note the nodes that are read in a world, from none.
func (s *Scratch) Watch(w *World) {
	if len(s.watch.seen) < w.Len() {
		s.watch.seen, s.watch.round = make([]int32, w.Len()), 0
	}
	s.watch.round++
	s.watch.nodes = s.watch.nodes[:0]
}

// Read are the nodes that were read since Watch, each once, in the order of
// reading. The slice is valid until s is used again.
func (s *Scratch) Read() []int32 { return s.watch.nodes }

// Touch notes a node that somebody reads beside the evaluations; -1 is none.
func (s *Scratch) Touch(n int32) {
	if s.watch.round > 0 && n >= 0 && s.watch.seen[n] != s.watch.round {
		s.watch.seen[n] = s.watch.round
		s.watch.nodes = append(s.watch.nodes, n)
	}
}

// SameNode reports whether a condition can read nothing of node n of w by
// itself that it could not read of node o of old: sort, facts and relations are
// the same. Was tells which node of old each node of w was, or -1. Both worlds
// have one vocabulary.
func (w *World) SameNode(n int32, old *World, o int32, was []int32) bool {
	if w.sorts[n] != old.sorts[o] {
		return false
	}
	slots := len(w.vocabulary.slots[w.sorts[n]])
	now, then := w.words[w.base[n]:][:slots], old.words[old.base[o]:][:slots]
	for i := range now {
		if now[i] != then[i] {
			return false
		}
	}
	for c, m := range w.one[n] {
		if m >= 0 {
			if m = was[m]; m < 0 {
				return false
			}
		}
		if m != old.one[o][c] {
			return false
		}
	}
	for i := range w.lists {
		now, then := w.lists[i].row(n), old.lists[i].row(o)
		if len(now) != len(then) {
			return false
		}
		for j, m := range now {
			if was[m] != then[j] {
				return false
			}
		}
	}
	return true
}
