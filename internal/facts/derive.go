package facts

import (
	"ssf"
	"ssf/internal/rule"
)

// The second stratum: facts that follow from structure and from declared facts
// of what is one hop away. They are computed once, in this order, and read no
// threats, decisions or anything about the model as a whole, so an element
// that is not connected changes nothing elsewhere.

// Words of derived facts, as [rule.Fact.Encode] gives them: a boolean's no and
// yes, and the ranks of an ordered fact from 1. Unknown is 0.
const (
	No  rule.Word = 1
	Yes rule.Word = 2

	Isolated rule.Word = 1
	Internal rule.Word = 2
	External rule.Word = 3
)

// computed are the facts that are computed here or that this reads; nil where
// the library has none. Its own tests prove that each is there.
type computed struct {
	trust, hostile, exposure, crossesBoundary, fromUntrusted *rule.Fact
	confidentiality, integrity, availability, personal       *rule.Fact
	does, changes, authenticated, scoped, calledWith         *rule.Fact
}

func newComputed(v *rule.Vocabulary) computed {
	return computed{
		trust: v.Fact("trust"), hostile: v.Fact("hostile"), exposure: v.Fact("exposure"), crossesBoundary: v.Fact("crosses_boundary"), fromUntrusted: v.Fact("from_untrusted"),
		confidentiality: v.Fact("confidentiality"), integrity: v.Fact("integrity"), availability: v.Fact("availability"), personal: v.Fact("personal"),
		does: v.Fact("does"), changes: v.Fact("changes"), authenticated: v.Fact("authenticated"), scoped: v.Fact("scoped"), calledWith: v.Fact("called_with"),
	}
}

func (g *Graph) set(n int32, f *rule.Fact, w rule.Word) {
	if f != nil {
		g.World.SetFact(n, f, w)
	}
}

func (g *Graph) get(n int32, f *rule.Fact) rule.Word {
	if n < 0 || f == nil {
		return 0
	}
	return g.World.FactOf(n, f)
}

// Get is a fact of a node; unknown where the node or the fact is not there.
func (g *Graph) Get(n int32, fact ssf.ID) rule.Word { return g.get(n, g.Vocabulary.Fact(fact)) }

// most is the greatest of ordered values: unknown if one is unknown and none
// of the others is the top, least if there are none.
type most struct {
	top, best rule.Word
	unknown   bool
}

func (m *most) add(w rule.Word) {
	m.unknown = m.unknown || w == 0
	m.best = max(m.best, w)
}

func (m *most) value() rule.Word {
	if m.unknown && m.best != m.top {
		return 0
	}
	return m.best
}

// derive fills the slots that nobody may declare.
func (g *Graph) derive() {
	w := g.World
	for i := range g.Nodes {
		n := int32(i)
		switch g.Nodes[i].Sort {
		case ssf.SortActor, ssf.SortComponent:
			g.set(n, g.is.trust, g.get(w.One(n, rule.Zone), g.is.trust))
		case ssf.SortAsset:
			for _, need := range g.Nodes[i].Asset.Needs {
				if l, ok := ssf.ParseLevel(string(need.Level.ID)); ok {
					g.set(n, g.Vocabulary.Fact(need.Property.ID), rule.Word(l))
				}
			}
		}
	}
	// Every element one hop from assets, then flows before the components that
	// they reach, and those before their functions.
	for i := range g.Nodes {
		n := int32(i)
		switch g.Nodes[i].Sort {
		case ssf.SortFlow:
			g.oneHop(n, w.Many(n, rule.Carries))
			g.deriveFlow(n)
		case ssf.SortComponent:
			g.oneHop(n, w.Many(n, rule.Handles))
		case ssf.SortFunction:
			g.oneHop(n, w.Many(n, rule.Assets))
		case ssf.SortSystem, ssf.SortZone, ssf.SortActor:
			g.oneHop(n, g.Wide(n))
		}
	}
	for i := range g.Nodes {
		if n := int32(i); g.Nodes[i].Sort == ssf.SortComponent {
			reach := most{top: External, best: Isolated}
			for _, f := range w.Many(n, rule.Incoming) {
				reach.add(g.get(f, g.is.exposure))
			}
			g.set(n, g.is.exposure, reach.value())
		}
	}
	g.passOn()
	for i := range g.Nodes {
		switch n := int32(i); g.Nodes[i].Sort {
		case ssf.SortFlow: // what reaches the component that starts it may pass on through it
			if from := w.One(n, rule.From); from >= 0 && g.Nodes[from].Sort == ssf.SortComponent {
				reach := most{top: External, best: Isolated}
				reach.add(g.get(n, g.is.exposure))
				reach.add(g.get(from, g.is.exposure))
				g.set(n, g.is.exposure, reach.value())
			}
		case ssf.SortFunction:
			g.deriveFunction(n)
		}
	}
}

// passesOn is whether a component hands on what reaches it as it came, so that
// what stands behind it is reached just as well.
func (g *Graph) passesOn(n int32) rule.Truth {
	if n < 0 || g.Nodes[n].Component == nil {
		return rule.False
	}
	return g.implied[n].passesOn
}

// passOn gives components the exposure of the proxies before them, over any
// number of proxies: first what is external, then what may be, then what is
// internal, so that each component is visited once for each of the three.
func (g *Graph) passOn() {
	w := g.World
	// spread raises what proxies of the one exposure reach to another.
	spread := func(from func(p int32) bool, to func(was rule.Word) (rule.Word, bool)) {
		var queue []int32
		for i := range g.Nodes {
			if n := int32(i); g.passesOn(n) != rule.False && from(n) {
				queue = append(queue, n)
			}
		}
		for len(queue) > 0 {
			p := queue[0]
			queue = queue[1:]
			for _, f := range w.Many(p, rule.Outgoing) {
				c := w.One(f, rule.To)
				if c < 0 || g.Nodes[c].Component == nil {
					continue
				}
				if word, ok := to(g.get(c, g.is.exposure)); ok {
					g.set(c, g.is.exposure, word)
					if g.passesOn(c) != rule.False && from(c) {
						queue = append(queue, c)
					}
				}
			}
		}
	}
	is := func(p int32, e rule.Word) bool { return g.get(p, g.is.exposure) == e }
	surely := func(p int32) bool { return g.passesOn(p) == rule.True }
	spread(func(p int32) bool { return surely(p) && is(p, External) },
		func(was rule.Word) (rule.Word, bool) { return External, was != External })
	spread(func(p int32) bool { return is(p, 0) || !surely(p) && !is(p, Isolated) },
		func(was rule.Word) (rule.Word, bool) { return 0, was == Internal || was == Isolated })
	spread(func(p int32) bool { return surely(p) && is(p, Internal) },
		func(was rule.Word) (rule.Word, bool) { return Internal, was == Isolated })
}

// oneHop sets what an element takes from the assets it deals with.
func (g *Graph) oneHop(n int32, assets []int32) {
	for _, p := range []*rule.Fact{g.is.confidentiality, g.is.integrity, g.is.availability} {
		m := most{top: rule.Word(ssf.Critical), best: rule.Word(ssf.None)}
		for _, a := range assets {
			m.add(g.get(a, p))
		}
		g.set(n, p, m.value())
	}
	personal := most{top: Yes, best: No}
	for _, a := range assets {
		personal.add(g.get(a, g.is.personal))
	}
	g.set(n, g.is.personal, personal.value())
}

// reached is how exposed the receiver of something from one element is, the
// receiver standing in a zone.
func (g *Graph) reached(from, zone int32) rule.Word {
	if from < 0 {
		return 0
	}
	w := g.World
	trust := g.get(from, g.is.trust)
	hostile := rule.Word(1)
	if g.Nodes[from].Sort == ssf.SortActor {
		hostile = g.get(from, g.is.hostile)
	}
	fromZone := w.One(from, rule.Zone)
	switch {
	case trust == 1 || hostile > 1: // trust none; hostile possible or yes
		return External
	case trust == 0 || hostile == 0 || fromZone < 0 || zone < 0:
		return 0
	case fromZone != zone:
		return Internal
	}
	return Isolated
}

func (g *Graph) deriveFlow(n int32) {
	w := g.World
	from, to := w.One(n, rule.From), w.One(n, rule.To)
	if from < 0 || to < 0 {
		return
	}
	fz, tz := w.One(from, rule.Zone), w.One(to, rule.Zone)
	g.set(n, g.is.exposure, g.reached(from, tz))
	if fz >= 0 && tz >= 0 {
		g.set(n, g.is.crossesBoundary, boolean(fz != tz))
	}
	ft, tt := g.get(from, g.is.trust), g.get(to, g.is.trust)
	hostile := rule.Word(1)
	if g.Nodes[from].Sort == ssf.SortActor {
		hostile = g.get(from, g.is.hostile)
	}
	switch {
	case hostile > 1, ft != 0 && tt != 0 && ft < tt:
		g.set(n, g.is.fromUntrusted, Yes)
	case hostile == 0, ft == 0 && tt != 1, tt == 0 && ft != 4: // nothing is below none or above high
	default:
		g.set(n, g.is.fromUntrusted, No)
	}
}

func boolean(b bool) rule.Word {
	if b {
		return Yes
	}
	return No
}

func (g *Graph) deriveFunction(n int32) {
	w, f := g.World, g.Nodes[n].Function
	at := w.One(n, rule.At)
	zone := int32(-1)
	if at >= 0 {
		zone = w.One(at, rule.Zone)
	}
	if def := g.is.does; def != nil && f.Does.ID != "" {
		word, _ := def.Encode(ssf.Value(f.Does.ID))
		g.set(n, g.is.does, word)
		g.set(n, g.is.changes, boolean(f.Does.ID == "create" || f.Does.ID == "update" || f.Does.ID == "delete" || f.Does.ID == "execute"))
	}
	reach := most{top: External, best: Isolated}
	reach.add(g.get(at, g.is.exposure))
	crosses := most{top: Yes, best: No}
	switch exposed := g.get(at, g.is.exposure); {
	case f.Otherwise.ID == "": // who else may use it is not said
		crosses.add(0)
		if len(f.Allow) == 0 {
			reach.add(0)
		}
	case f.Otherwise.ID == "allow" && exposed > Isolated:
		crosses.add(Yes)
	case f.Otherwise.ID == "allow" && exposed == 0:
		crosses.add(0)
	}
	for _, p := range f.Allow {
		a := w.Lookup(p.Actor.ID)
		if a < 0 {
			continue
		}
		reach.add(g.reached(a, zone))
		if z := w.One(a, rule.Zone); z >= 0 && zone >= 0 {
			crosses.add(boolean(z != zone))
		} else {
			crosses.add(0)
		}
	}
	g.set(n, g.is.exposure, reach.value())
	g.set(n, g.is.crossesBoundary, crosses.value())
	open, scoped := most{top: Yes, best: No}, most{top: Yes, best: No}
	switch f.Otherwise.ID {
	case "allow":
		open.add(Yes)
	case "":
		open.add(0)
	}
	if len(f.Allow) == 0 && f.Otherwise.ID != "deny" {
		scoped.add(0)
	}
	for _, p := range f.Allow {
		open.add(boolean(p.Auth.ID == "none"))
		scoped.add(boolean(p.Scope.ID != "all"))
	}
	if w := open.value(); w != 0 {
		g.set(n, g.is.authenticated, Yes+No-w)
	}
	g.set(n, g.is.scoped, scoped.value())
	g.deriveCalledWith(n, f)
}

// deriveCalledWith gathers how callers prove who they are; it is unknown while
// nobody says who else may call.
func (g *Graph) deriveCalledWith(n int32, f *ssf.Function) {
	def := g.is.calledWith
	if def == nil || f.Otherwise.ID == "" {
		return
	}
	var words []string
	if f.Otherwise.ID == "allow" {
		words = append(words, "none")
	}
	for _, p := range f.Allow {
		words = append(words, string(p.Auth.ID))
	}
	if w, ok := def.Encode(ssf.SetOf(words)); ok {
		g.set(n, def, w)
	}
}
