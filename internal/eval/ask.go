package eval

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
)

// MaxQuestions is how many questions are asked at a time.
const MaxQuestions = 7

// A group is one question while it is made: a fact and the elements that lack it.
type group struct {
	fact    ssf.ID
	number  int      // of the group
	at      []ssf.ID // some of them several times
	unlocks int
	counted int // the last instance, from 1
}

// A lack is the questions that decide a threat together, as bits.
type lack [8]uint64

func (l *lack) add(n int)      { l[n/64%len(l)] |= 1 << (n % 64) }
func (l *lack) remove(n int)   { l[n/64%len(l)] &^= 1 << (n % 64) }
func (l *lack) has(n int) bool { return l[n/64%len(l)]&(1<<(n%64)) != 0 }

func (l *lack) size() (n int) {
	for _, w := range l {
		n += bits.OnesCount64(w)
	}
	return n
}

// asking collects what is not known.
type asking struct {
	e      *Evaluation
	groups []*group
	of     map[ssf.ID]*group
	lacks  map[lack]int64 // weight of the threats that lack the same
}

// group is the question about a fact, or about the needs of an asset, which are
// asked together.
func (a *asking) group(r ssf.FactRef) *group {
	fact := r.Fact
	if def := a.e.Vocabulary.Fact(fact); def != nil && facts.DerivedOn(def, ssf.SortAsset) {
		fact = "needs"
	}
	g := a.of[fact]
	if g == nil {
		g = &group{fact: fact, number: len(a.groups), at: make([]ssf.ID, 0, len(a.e.lackedBefore(fact).list))}
		a.of[fact], a.groups = g, append(a.groups, g)
	}
	if len(g.at) == 0 || g.at[len(g.at)-1] != r.Element {
		g.at = append(g.at, r.Element)
	}
	return g
}

// ask groups the unknown facts that threats need, each counted by the threats
// that it helps to decide. Now are those that decide most threats together, the
// likelier ones first, at most [MaxQuestions], and those that somebody was asked
// already; the others come later, as far as the answers leave them open.
func (e *Evaluation) ask() {
	a := &asking{e: e, of: map[ssf.ID]*group{}, lacks: map[lack]int64{}}
	cell := func(r ssf.FactRef) {
		var l lack
		l.add(a.group(r).number)
		a.lacks[l] += 1000
	}
	if len(e.Model.Assets) > 0 && e.Get(0, "can_hurt") == 0 { // facts on which cells of the matrix depend
		cell(e.Name(0, "can_hurt"))
	}
	for i := range e.Nodes {
		for _, f := range e.Nodes[i].Facts {
			if f.Value == "" {
				e.asked[ssf.FactRef{Element: e.Nodes[i].ID, Fact: f.Fact.ID}] = true
			}
		}
		switch n := int32(i); {
		case e.Nodes[i].Sort != ssf.SortAsset:
		case e.Get(n, "personal") == 0:
			cell(e.Name(n, "personal"))
		case e.needOf(n, ssf.Privacy) == ssf.Unknown:
			cell(e.Name(n, "needs"))
		}
	}
	for i := range e.Instances {
		in := &e.Instances[i]
		if in.State.Treated() || len(in.Needs) == 0 {
			continue
		}
		var l lack
		needs := in.Needs
		if i := slices.IndexFunc(needs, func(r ssf.FactRef) bool { return r.Fact == "kind" }); i >= 0 {
			needs = needs[i : i+1] // what it is comes before how it is
		}
		for _, r := range needs {
			g := a.group(r)
			l.add(g.number)
			if g.counted != i+1 {
				g.counted = i + 1
				g.unlocks++
			}
		}
		a.lacks[l] += e.weightOf(in)
	}
	now, later := a.choose()
	e.Case.Questions, e.Case.Later = []ssf.OpenQuestion{}, []ssf.OpenQuestion{}
	for _, g := range now {
		e.Case.Questions = append(e.Case.Questions, e.question(g))
	}
	for _, g := range later {
		e.Case.Later = append(e.Case.Later, e.question(g))
	}
}

// weightOf is how much an answer about a threat is worth: the more likely the
// threat, the more; and the more threats an element has, the less each of them, by
// the root of their number. Else what has few, as actors and flows have, would never
// be asked about beside what has forty.
func (e *Evaluation) weightOf(in *Instance) int64 {
	likelihood := ssf.High
	if in.Own == nil {
		likelihood = max(in.Rule.Likelihood, ssf.Low)
	}
	return int64(1000 * float64(likelihood) / math.Sqrt(float64(max(1, len(e.At[in.Node])))))
}

// parts is a number that the sizes of lacks divide well, so that shares are exact
// enough: one threat counts as much for a question alone as for several together.
const parts = 840

// choose splits the questions: again and again the one that brings most threats
// nearest to be decided, a threat counting for each question that it still lacks
// as its part of them.
func (a *asking) choose() (now, later []*group) {
	type left struct {
		lack
		weight int64
	}
	var rest []left
	for l, w := range a.lacks {
		rest = append(rest, left{l, w})
	}
	later = slices.SortedFunc(slices.Values(a.groups), func(x, y *group) int {
		return cmp.Or(y.unlocks-x.unlocks, strings.Compare(string(x.fact), string(y.fact)))
	})
	var waiting []*group // for whoever was asked; they take no place of others
	later = slices.DeleteFunc(later, func(g *group) bool {
		if !a.waits(g) {
			return false
		}
		waiting = append(waiting, g)
		return true
	})
	for len(now) < MaxQuestions && len(rest) > 0 {
		moves := make([]int64, len(a.groups))
		for _, r := range rest {
			share := r.weight * parts / int64(r.size())
			for _, g := range later {
				if r.has(g.number) {
					moves[g.number] += share
				}
			}
		}
		best := -1
		for i, g := range later {
			if moves[g.number] > 0 && (best < 0 || moves[g.number] > moves[later[best].number]) {
				best = i
			}
		}
		if best < 0 {
			break // what is left waits for answers
		}
		g := later[best]
		now, later = append(now, g), slices.Delete(later, best, best+1)
		for i := range rest {
			rest[i].remove(g.number)
		}
		rest = slices.DeleteFunc(rest, func(r left) bool { return r.lack == lack{} })
	}
	return append(now, waiting...), later
}

// waits reports whether somebody was asked already for all that a question asks.
func (a *asking) waits(g *group) bool {
	return len(a.e.asked) > 0 && !slices.ContainsFunc(g.at, func(at ssf.ID) bool {
		return !a.e.asked[ssf.FactRef{Element: at, Fact: g.fact}]
	})
}

// sortedOnce is a list of elements that lack a fact, sorted, each once. Most often
// it was sorted before.
func (e *Evaluation) sortedOnce(fact ssf.ID, list []ssf.ID) []ssf.ID {
	s := e.lackedBefore(fact)
	if !slices.Equal(s.list, list) {
		s = sorting{list, slices.Clone(list)}
		slices.Sort(s.sorted)
		s.sorted = slices.Compact(s.sorted)
	}
	e.lacking[fact] = s
	return s.sorted
}

// question is a group as the case has it.
func (e *Evaluation) question(g *group) ssf.OpenQuestion {
	q := ssf.OpenQuestion{Fact: g.fact, Elements: e.sortedOnce(g.fact, g.at), Asks: Keys[g.fact], Values: []string{}, Unlocks: g.unlocks}
	if len(e.asked) > 0 {
		all := q.Elements
		q.Elements = []ssf.ID{}
		for _, at := range all {
			if e.asked[ssf.FactRef{Element: at, Fact: g.fact}] {
				q.Asked = append(q.Asked, at)
			} else {
				q.Elements = append(q.Elements, at)
			}
		}
	}
	def := e.Vocabulary.Fact(g.fact)
	if g.fact == "needs" {
		def = e.Vocabulary.Fact("confidentiality")
	}
	if def == nil {
		return q
	}
	for _, v := range def.Values {
		q.Values = append(q.Values, string(v.ID))
	}
	if g.fact != "needs" {
		q.Asks, q.Means = def.Asks, def.Means
	}
	q.KnownBy = def.KnownBy
	return q
}
