package rule

import (
	"math/rand/v2"
	"slices"
	"testing"

	"ssf"
)

// TestCompletions holds the evaluator to what unknown means: whatever the
// unknown facts turn out to be, a known result stays.
func TestCompletions(t *testing.T) {
	var s Scratch
	randomConditions(t, 3, 1000, func(r *rand.Rand, c *Condition, _ string) {
		w := randomWorld(r, c.vocabulary, 0.4, 0.1)
		for n := range int32(w.Len()) {
			if w.Sort(n) != c.On {
				continue
			}
			known, err := c.Eval(w, n, &s)
			if err != nil {
				t.Fatal(err)
			}
			if known == Unknown {
				continue
			}
			for range 5 {
				filled := fill(r, w, func(Ref) bool { return true })
				if got, _ := c.Eval(filled, n, &s); got != known {
					t.Fatalf("%s at %s is %v, and %v when more is known", c.Text.S, w.ID(n), known, got)
				}
			}
		}
	})
}

// TestNeedsDecide: the facts that a result needs are those that decide it. With
// everything else known it stays unknown; with them known it is known.
func TestNeedsDecide(t *testing.T) {
	var s Scratch
	undecided := 0
	randomConditions(t, 4, 1500, func(r *rand.Rand, c *Condition, _ string) {
		w := randomWorld(r, c.vocabulary, 0.5, 0)
		for n := range int32(w.Len()) {
			if w.Sort(n) != c.On {
				continue
			}
			got, err := c.Eval(w, n, &s)
			if err != nil {
				t.Fatal(err)
			}
			needs := slices.Clone(s.Needs())
			if got != Unknown {
				if len(needs) > 0 {
					t.Fatalf("%s at %s is %v and needs %v", c.Text.S, w.ID(n), got, needs)
				}
				continue
			}
			others := fill(r, w, func(f Ref) bool { return !slices.Contains(needs, f) })
			if got, _ := c.Eval(others, n, &s); got != Unknown {
				t.Fatalf("%s at %s is %v without what it needs: %v", c.Text.S, w.ID(n), got, refs(w, needs))
			}
			if uncarried(c.root) {
				continue // no fact could help
			}
			undecided++
			these := fill(r, w, func(f Ref) bool { return slices.Contains(needs, f) })
			if got, _ := c.Eval(these, n, &s); got == Unknown {
				t.Fatalf("%s at %s is unknown with all it needs: %v; then %v", c.Text.S, w.ID(n), refs(w, needs), refs(w, s.Needs()))
			}
		}
	})
	if undecided < 1000 {
		t.Errorf("only %d undecided", undecided)
	}
}

// TestRestsSuffice: with everything else unknown, the facts that a result rests
// on give the same result.
func TestRestsSuffice(t *testing.T) {
	var s Scratch
	decided := 0
	randomConditions(t, 5, 1500, func(r *rand.Rand, c *Condition, _ string) {
		w := randomWorld(r, c.vocabulary, 0.2, 0.1)
		for n := range int32(w.Len()) {
			if w.Sort(n) != c.On {
				continue
			}
			got, rests, err := c.Rests(w, n, &s)
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := c.Eval(w, n, new(Scratch)); again != got {
				t.Fatalf("%s at %s is %v, and %v by its rests", c.Text.S, w.ID(n), again, got)
			}
			rests = slices.Clone(rests)
			only := *w
			only.words = make([]Word, len(w.words))
			for _, f := range rests {
				only.Set(f.Node, int(f.Slot), w.Get(f.Node, int(f.Slot)))
			}
			if again, _ := c.Eval(&only, n, &s); got != Unknown && again != got {
				t.Fatalf("%s at %s is %v, and %v by %v alone", c.Text.S, w.ID(n), got, again, refs(w, rests))
			}
			if got != Unknown {
				decided++
			}
		}
	})
	if decided < 1000 {
		t.Errorf("only %d decided", decided)
	}
}

// fill is w with random values for the unknown facts that pick accepts.
func fill(r *rand.Rand, w *World, pick func(Ref) bool) *World {
	filled := *w
	filled.words = slices.Clone(w.words)
	for n := range int32(w.Len()) {
		for slot, f := range w.vocabulary.Slots(w.Sort(n)) {
			if w.Get(n, slot) == 0 && pick(Ref{n, int32(slot)}) {
				filled.Set(n, slot, randomWord(r, f))
			}
		}
	}
	return &filled
}

// uncarried reports whether a part reads a fact that one end of a flow has not.
func uncarried(n *node) bool {
	for _, r := range []ref{n.a, n.b} {
		if r.fact != nil && r.fact.elsewhere == 0 {
			_, component := r.fact.Slot(ssf.SortComponent)
			_, actor := r.fact.Slot(ssf.SortActor)
			if component != actor {
				return true
			}
		}
	}
	return slices.ContainsFunc(n.kids, uncarried)
}

func refs(w *World, rs []Ref) []ssf.FactRef {
	var out []ssf.FactRef
	for _, r := range rs {
		out = append(out, w.FactRef(r))
	}
	return out
}
