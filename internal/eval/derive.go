package eval

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
	no  rule.Word = 1
	yes rule.Word = 2

	isolated rule.Word = 1
	internal rule.Word = 2
	external rule.Word = 3
)

// slots finds the slot of a fact on a sort; the library's own tests prove that
// each fact that is computed here is there.
func (e *evaluation) slot(fact ssf.ID, s ssf.Sort) int {
	if f := e.vocab.Fact(fact); f != nil {
		if slot, ok := f.Slot(s); ok {
			return slot
		}
	}
	return -1
}

func (e *evaluation) set(n int32, fact ssf.ID, w rule.Word) {
	if slot := e.slot(fact, e.nodes[n].sort); slot >= 0 {
		e.world.Set(n, slot, w)
	}
}

func (e *evaluation) get(n int32, fact ssf.ID) rule.Word {
	if n < 0 {
		return 0
	}
	if slot := e.slot(fact, e.nodes[n].sort); slot >= 0 {
		return e.world.Get(n, slot)
	}
	return 0
}

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
func (e *evaluation) derive() {
	w := e.world
	for i := range e.nodes {
		n := int32(i)
		switch e.nodes[i].sort {
		case ssf.SortActor, ssf.SortComponent:
			e.set(n, "trust", e.get(w.One(n, rule.Zone), "trust"))
		case ssf.SortAsset:
			for _, need := range e.nodes[i].asset.Needs {
				if l, ok := ssf.ParseLevel(string(need.Level.ID)); ok {
					e.set(n, need.Property.ID, rule.Word(l))
				}
			}
		}
	}
	// Every element one hop from assets, then flows before the components that
	// they reach, and those before their functions.
	for i := range e.nodes {
		n := int32(i)
		switch e.nodes[i].sort {
		case ssf.SortFlow:
			e.oneHop(n, w.Many(n, rule.Carries))
			e.deriveFlow(n)
		case ssf.SortComponent:
			e.oneHop(n, w.Many(n, rule.Handles))
		case ssf.SortFunction:
			e.oneHop(n, w.Many(n, rule.Assets))
		}
	}
	for i := range e.nodes {
		if n := int32(i); e.nodes[i].sort == ssf.SortComponent {
			reach := most{top: external, best: isolated}
			for _, f := range w.Many(n, rule.Incoming) {
				reach.add(e.get(f, "exposure"))
			}
			e.set(n, "exposure", reach.value())
		}
	}
	for i := range e.nodes {
		if e.nodes[i].sort == ssf.SortFunction {
			e.deriveFunction(int32(i))
		}
	}
}

// oneHop sets what an element takes from the assets it deals with.
func (e *evaluation) oneHop(n int32, assets []int32) {
	for _, p := range []ssf.ID{"confidentiality", "integrity", "availability"} {
		m := most{top: rule.Word(ssf.Critical), best: rule.Word(ssf.None)}
		for _, a := range assets {
			m.add(e.get(a, p))
		}
		e.set(n, p, m.value())
	}
	personal := most{top: yes, best: no}
	for _, a := range assets {
		personal.add(e.get(a, "personal"))
	}
	e.set(n, "personal", personal.value())
}

// reached is how exposed the receiver of something from one element is, the
// receiver standing in a zone.
func (e *evaluation) reached(from, zone int32) rule.Word {
	if from < 0 {
		return 0
	}
	w := e.world
	trust := e.get(from, "trust")
	hostile := rule.Word(1)
	if e.nodes[from].sort == ssf.SortActor {
		hostile = e.get(from, "hostile")
	}
	fromZone := w.One(from, rule.Zone)
	switch {
	case trust == 1 || hostile > 1: // trust none; hostile possible or yes
		return external
	case trust == 0 || hostile == 0 || fromZone < 0 || zone < 0:
		return 0
	case fromZone != zone:
		return internal
	}
	return isolated
}

func (e *evaluation) deriveFlow(n int32) {
	w := e.world
	from, to := w.One(n, rule.From), w.One(n, rule.To)
	if from < 0 || to < 0 {
		return
	}
	fz, tz := w.One(from, rule.Zone), w.One(to, rule.Zone)
	e.set(n, "exposure", e.reached(from, tz))
	if fz >= 0 && tz >= 0 {
		e.set(n, "crosses_boundary", boolean(fz != tz))
	}
	ft, tt := e.get(from, "trust"), e.get(to, "trust")
	hostile := rule.Word(1)
	if e.nodes[from].sort == ssf.SortActor {
		hostile = e.get(from, "hostile")
	}
	switch {
	case hostile > 1, ft != 0 && tt != 0 && ft < tt:
		e.set(n, "from_untrusted", yes)
	case hostile == 0, ft == 0 && tt != 1, tt == 0 && ft != 4: // nothing is below none or above high
	default:
		e.set(n, "from_untrusted", no)
	}
}

func boolean(b bool) rule.Word {
	if b {
		return yes
	}
	return no
}

func (e *evaluation) deriveFunction(n int32) {
	w, f := e.world, e.nodes[n].function
	at := w.One(n, rule.At)
	zone := int32(-1)
	if at >= 0 {
		zone = w.One(at, rule.Zone)
	}
	if def := e.vocab.Fact("does"); def != nil && f.Does.ID != "" {
		word, _ := def.Encode(ssf.Value(f.Does.ID))
		e.set(n, "does", word)
		e.set(n, "changes", boolean(f.Does.ID == "create" || f.Does.ID == "update" || f.Does.ID == "delete" || f.Does.ID == "execute"))
	}
	reach := most{top: external, best: isolated}
	reach.add(e.get(at, "exposure"))
	crosses := most{top: yes, best: no}
	switch exposed := e.get(at, "exposure"); {
	case f.Otherwise.ID == "": // who else may use it is not said
		crosses.add(0)
		if len(f.Allow) == 0 {
			reach.add(0)
		}
	case f.Otherwise.ID == "allow" && exposed > isolated:
		crosses.add(yes)
	case f.Otherwise.ID == "allow" && exposed == 0:
		crosses.add(0)
	}
	for _, p := range f.Allow {
		a := w.Lookup(p.Actor.ID)
		if a < 0 {
			continue
		}
		reach.add(e.reached(a, zone))
		if z := w.One(a, rule.Zone); z >= 0 && zone >= 0 {
			crosses.add(boolean(z != zone))
		} else {
			crosses.add(0)
		}
	}
	e.set(n, "exposure", reach.value())
	e.set(n, "crosses_boundary", crosses.value())
	open, scoped := most{top: yes, best: no}, most{top: yes, best: no}
	switch f.Otherwise.ID {
	case "allow":
		open.add(yes)
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
		e.set(n, "authenticated", yes+no-w)
	}
	e.set(n, "scoped", scoped.value())
}
