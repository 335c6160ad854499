package rule

import (
	"math/rand/v2"

	"ssf"
)

// testFact makes a definition: on and words are space-separated by the caller.
func testFact(id ssf.ID, domain ssf.Domain, class ssf.Class, on []ssf.Sort, words ...string) ssf.FactDef {
	f := ssf.FactDef{Named: ssf.Named{ID: id}, Domain: domain, Class: class}
	for _, s := range on {
		f.On = append(f.On, ssf.Ref{ID: ssf.ID(s)})
	}
	for _, w := range words {
		f.Values = append(f.Values, ssf.Ref{ID: ssf.ID(w)})
	}
	return f
}

// testVocabulary has every domain, facts that share a domain, facts that only
// one end of a flow carries, and one fact on many sorts.
func testVocabulary() *Vocabulary {
	on := func(s ...ssf.Sort) []ssf.Sort { return s }
	runsQueries := testFact("query_language", ssf.Enum, ssf.Nature, on(ssf.SortComponent), "none", "sql", "nosql")
	runsQueries.Elsewhere = "none"
	language := testFact("other_language", ssf.Enum, ssf.Nature, on(ssf.SortComponent), "none", "sql", "nosql")
	reach := testFact("exposed", ssf.Boolean, ssf.Nature, nil)
	reach.DerivedOn = []ssf.Ref{{ID: "component"}, {ID: "flow"}}
	var many []string
	for i := range 70 {
		many = append(many, "w"+string(rune('a'+i/26))+string(rune('a'+i%26)))
	}
	return NewVocabulary([]ssf.FactDef{
		runsQueries, language, reach,
		testFact("hostile", ssf.Boolean, ssf.Nature, on(ssf.SortActor)),
		testFact("skill", ssf.Ordered, ssf.Nature, on(ssf.SortActor, ssf.SortComponent), "low", "medium", "high"),
		testFact("trust", ssf.Ordered, ssf.Nature, on(ssf.SortZone), "none", "low", "medium", "high"),
		testFact("least_trust", ssf.Ordered, ssf.Nature, on(ssf.SortFlow, ssf.SortZone), "none", "low", "medium", "high"),
		testFact("builds_queries", ssf.Enum, ssf.ControlClass, on(ssf.SortComponent), "concatenated", "parametrised"),
		testFact("encrypted", ssf.Boolean, ssf.ControlClass, on(ssf.SortFlow)),
		testFact("checks", ssf.Set, ssf.ControlClass, on(ssf.SortFlow, ssf.SortFunction), "length", "type", "origin"),
		testFact("carries_kinds", ssf.Set, ssf.Nature, on(ssf.SortFlow, ssf.SortAsset), "text", "media", "code"),
		testFact("personal", ssf.Boolean, ssf.Nature, on(ssf.SortAsset)),
		testFact("changes", ssf.Boolean, ssf.Nature, on(ssf.SortFunction)),
		testFact("network", ssf.Enum, ssf.Nature, on(ssf.SortDeployment), "private", "public"),
		testFact("can_hurt", ssf.Boolean, ssf.Nature, on(ssf.SortSystem)),
		testFact("notes", ssf.FreeText, ssf.Nature, on(ssf.SortFlow)),
		testFact("huge_set", ssf.Set, ssf.Nature, on(ssf.SortFlow), many...),
		testFact("country", ssf.Enum, ssf.Nature, on(ssf.SortZone), many...),
	})
}

// testElements is the ids and sorts of randomWorld.
var testElements = map[ssf.ID]ssf.Sort{
	"system": "system", "prod": "deployment", "z0": "zone", "z1": "zone", "a0": "actor", "a1": "actor",
	"s0": "asset", "s1": "asset", "s2": "asset", "c0": "component", "c1": "component", "c2": "component",
	"f0": "flow", "f1": "flow", "f2": "flow", "f3": "flow", "g0": "function", "g1": "function",
}

// randomWorld is a small frozen world; chances are those of an unknown fact and
// of an absent single relation.
func randomWorld(r *rand.Rand, v *Vocabulary, unknown, absent float64) *World {
	w := NewWorld(v)
	bySort := make(map[ssf.Sort][]int32)
	for _, id := range []ssf.ID{"system", "prod", "z0", "z1", "a0", "a1", "s0", "s1", "s2", "c0", "c1", "c2", "f0", "f1", "f2", "f3", "g0", "g1"} {
		sort := testElements[id]
		n := w.Add(id, sort)
		bySort[sort] = append(bySort[sort], n)
		for slot, f := range v.Slots(sort) {
			if r.Float64() >= unknown {
				w.Set(n, slot, randomWord(r, f))
			}
		}
	}
	pick := func(sorts ...ssf.Sort) int32 {
		var all []int32
		for _, s := range sorts {
			all = append(all, bySort[s]...)
		}
		return all[r.IntN(len(all))]
	}
	maybe := func(n int32, rel Relation, sorts ...ssf.Sort) {
		if r.Float64() >= absent {
			w.Link(n, rel, pick(sorts...))
		}
	}
	some := func(n int32, rel Relation, sort ssf.Sort) {
		for range r.IntN(4) {
			w.Link(n, rel, pick(sort))
		}
	}
	for n := range int32(w.Len()) {
		switch w.Sort(n) {
		case ssf.SortFlow:
			maybe(n, From, ssf.SortComponent, ssf.SortActor)
			maybe(n, To, ssf.SortComponent, ssf.SortActor)
			some(n, Carries, ssf.SortAsset)
		case ssf.SortActor:
			maybe(n, Zone, ssf.SortZone)
		case ssf.SortComponent:
			maybe(n, Zone, ssf.SortZone)
			some(n, Incoming, ssf.SortFlow)
			some(n, Outgoing, ssf.SortFlow)
			some(n, Stores, ssf.SortAsset)
			some(n, Handles, ssf.SortAsset)
		case ssf.SortFunction:
			maybe(n, At, ssf.SortComponent)
			some(n, Actors, ssf.SortActor)
			some(n, Assets, ssf.SortAsset)
		case ssf.SortAsset:
			some(n, Holders, ssf.SortComponent)
		}
	}
	w.Freeze()
	return w
}

// randomWord is a known word of f's domain.
func randomWord(r *rand.Rand, f *Fact) Word {
	if f.Domain == ssf.Set {
		return setKnown | Word(r.Uint64N(1<<len(f.words)))
	}
	return 1 + Word(r.IntN(len(f.words)))
}

// A writer writes random conditions, in our language and, where that differs,
// in standard CEL with ranks for ordered words.
type writer struct {
	*rand.Rand
	v     *Vocabulary
	on    sortMask
	scope []binding
}

type binding struct {
	text  string
	sorts sortMask
}

// both is one condition in the two languages.
type both struct{ ours, cel string }

func same(s string) both { return both{s, s} }

func (b both) plus(s string, c both) both { return both{b.ours + s + c.ours, b.cel + s + c.cel} }
func (b both) in(before, after string) both {
	return both{before + b.ours + after, before + b.cel + after}
}

// element is a random element and its sorts.
func (w *writer) element() binding {
	roots := []binding{{"self", w.on}, {"self", w.on}, {"system", maskOf(ssf.SortSystem)}, {"deployment", maskOf(ssf.SortDeployment)}}
	roots = append(roots, w.scope...)
	roots = append(roots, w.scope...)
	b := roots[w.IntN(len(roots))]
	if w.IntN(12) == 0 {
		id := []ssf.ID{"f0", "c1", "z1", "a0"}[w.IntN(4)]
		b = binding{`element("` + string(id) + `")`, maskOf(testElements[id])}
	}
	for range w.IntN(3) {
		if next := w.related(b, false); len(next) > 0 {
			b = next[w.IntN(len(next))]
		}
	}
	return b
}

// related is what relations lead to from b.
func (w *writer) related(b binding, lists bool) []binding {
	var next []binding
	for r := range relations {
		if relations[r].on&b.sorts != 0 && relations[r].list >= 0 == lists {
			text := b.text + "." + relations[r].name
			if b.text == "self" && w.IntN(2) == 0 {
				text = relations[r].name
			}
			next = append(next, binding{text, relations[r].to})
		}
	}
	return next
}

// fact is a random fact of a random element.
func (w *writer) fact() (string, *Fact) {
	for {
		b := w.element()
		var facts []*Fact
		for _, f := range w.v.facts {
			if f.carriedOn(b.sorts) {
				facts = append(facts, f)
			}
		}
		if len(facts) > 0 {
			f := facts[w.IntN(len(facts))]
			return b.text + "." + string(f.ID), f
		}
	}
}

// word is a random word of f as a literal.
func (w *writer) word(f *Fact) both {
	i := w.IntN(len(f.words))
	if f.Domain == ssf.Ordered {
		return both{quoted(f.words[i]), string(rune('0' + i + 1))}
	}
	return same(quoted(f.words[i]))
}

func (w *writer) leaf() both {
	text, f := w.fact()
	switch f.Domain {
	case ssf.Boolean:
		return same(text + []string{"", "", " == true", " != true", " == false"}[w.IntN(5)])
	case ssf.Set:
		return w.word(f).in("", " in "+text)
	}
	ops := []string{" == ", " != "}
	if f.Domain == ssf.Ordered {
		ops = append(ops, " < ", " <= ", " > ", " >= ")
	}
	op := ops[w.IntN(len(ops))]
	switch w.IntN(5) {
	case 0:
		list := w.word(f)
		for range w.IntN(3) {
			list = list.plus(", ", w.word(f))
		}
		return list.in(text+" in [", "]")
	case 1:
		return w.word(f).plus(op, same(text))
	case 2:
		for range 8 {
			if other, g := w.fact(); g.domain == f.domain {
				return same(text + op + other)
			}
		}
	}
	return same(text).plus(op, w.word(f))
}

// condition is a random condition of at most a depth.
func (w *writer) condition(depth int) both {
	if depth == 0 {
		return w.leaf()
	}
	switch w.IntN(7) {
	case 0, 1:
		return w.operand(depth).plus(" && ", w.operand(depth))
	case 2:
		return w.operand(depth).plus(" || ", w.operand(depth))
	case 3:
		return w.condition(depth-1).in("!(", ")")
	case 4:
		if w.IntN(3) == 0 {
			return w.operand(depth).plus([]string{" == ", " != "}[w.IntN(2)], w.operand(depth))
		}
		return w.leaf()
	}
	over := w.related(w.element(), true)
	for range 4 {
		if len(over) == 0 {
			over = w.related(w.element(), true)
		}
	}
	if len(over) == 0 {
		return w.leaf()
	}
	list := over[w.IntN(len(over))]
	name := string(rune('p' + len(w.scope)))
	w.scope = append(w.scope, binding{name, list.sorts})
	inner := w.condition(depth - 1)
	w.scope = w.scope[:len(w.scope)-1]
	return inner.in(list.text+[]string{".exists(", ".all("}[w.IntN(2)]+name+", ", ")")
}

func (w *writer) operand(depth int) both { return w.condition(depth-1).in("(", ")") }
