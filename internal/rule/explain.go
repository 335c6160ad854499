package rule

import "ssf"

// A Trace tells how a condition came to its truth: the condition or a part of
// it, as written, with the facts it reads or the parts it is made of. It is a
// plain value.
type Trace struct {
	Text  string
	Truth Truth

	// Facts are what a comparison read, unknown ones included; what could not
	// be reached is missing.
	Facts []FactValue

	// Parts are what an operator joins, in the order of the text; of `exists`
	// and `all` the members that matter, each with its id in Member.
	Parts  []Trace
	Member ssf.ID

	// Of `exists` and `all`: how many members there are, and how many of those
	// that matter are not among Parts. A member matters if it has the truth of
	// the whole: the true ones where `exists` is true, all of them where it is
	// false.
	Members, Omitted int
}

// FactValue is a fact of an element with its value; empty is unknown.
type FactValue struct {
	Fact  ssf.FactRef
	Value ssf.Value
}

// explainBudget is the budget of an explanation, in budgets of an evaluation: it
// looks at every part, also where the first decides.
const explainBudget = 8

// Explain evaluates the condition at node n and every part of it by itself, and
// of each `exists` and `all` shows at most so many members. The error is a
// [*BudgetError].
func (c *Condition) Explain(w *World, n int32, members int) (Trace, error) {
	e := explainer{c.scratch(w, n, &Scratch{Budget: explainBudget * DefaultBudget}), members}
	t := e.trace(c.root)
	if e.left < 0 {
		return Trace{}, c.overBudget(n, e.Scratch)
	}
	return t, nil
}

type explainer struct {
	*Scratch
	members int
}

// truth is the truth of one part by itself.
func (e *explainer) truth(n *node) Truth {
	e.needs = e.needs[:0]
	return e.eval(n)
}

func (e *explainer) trace(n *node) Trace {
	t := Trace{Text: n.text, Truth: e.truth(n)}
	switch n.op {
	case opIs, opHas:
		t.Facts = e.fact(nil, &n.a)
	case opCompare:
		t.Facts = e.fact(e.fact(nil, &n.a), &n.b)
	case opEach:
		e.traceEach(n, &t)
	default:
		for _, kid := range n.kids {
			t.Parts = append(t.Parts, e.trace(kid))
		}
	}
	return t
}

func (e *explainer) traceEach(n *node, t *Trace) {
	of := e.walk(&n.a)
	if of < 0 {
		return
	}
	row := e.world.lists[n.list].row(of)
	t.Members = len(row)
	for _, member := range row {
		e.vars[n.bind] = member
		switch {
		case e.truth(n.kids[0]) != t.Truth:
		case len(t.Parts) >= e.members:
			t.Omitted++
		default:
			part := e.trace(n.kids[0])
			part.Member = e.world.ids[member]
			t.Parts = append(t.Parts, part)
		}
	}
}

// fact appends the fact that r names, or the zone that is missing on the way.
func (e *explainer) fact(facts []FactValue, r *ref) []FactValue {
	e.needs = e.needs[:0]
	n := e.walk(r)
	switch {
	case n >= 0:
		ref := ssf.FactRef{Element: e.world.ids[n], Fact: r.fact.ID}
		return append(facts, FactValue{ref, r.fact.Decode(e.read(r))})
	case len(e.needs) > 0:
		return append(facts, FactValue{Fact: e.world.FactRef(e.needs[0])})
	}
	return facts
}
