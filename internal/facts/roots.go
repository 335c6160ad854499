package facts

import (
	"slices"

	"ssf"
	"ssf/internal/rule"
)

// maxRoots bounds how many answers one computed fact asks for at once: at a
// hub of thousands of flows the first few are enough to begin with.
const maxRoots = 10

// Computed reports whether a fact is one that nobody can answer, because it is
// computed from others.
func (g *Graph) Computed(r rule.Ref) bool {
	return r.Slot != rule.SlotZone && g.implied[r.Node].derived[r.Slot]
}

// Roots are the facts that somebody can answer behind an unknown fact: the
// fact itself, or for a computed one what it is computed from.
func (g *Graph) Roots(r rule.Ref) []ssf.FactRef {
	ref := g.World.FactRef(r)
	if !g.Computed(r) {
		return []ssf.FactRef{g.Name(r.Node, ref.Fact)}
	}
	g.mu.Lock()
	known, ok := g.roots[r]
	g.mu.Unlock()
	if ok {
		return known
	}
	var out []ssf.FactRef
	g.computedFrom(r.Node, ref.Fact, func(n int32, fact ssf.ID) {
		if n < 0 || len(out) >= maxRoots {
			return
		}
		if f := g.Vocabulary.Fact(fact); f != nil && DerivedOn(f, g.Nodes[n].Sort) && g.Nodes[n].Sort != ssf.SortAsset && (n != r.Node || fact != ref.Fact) && fact != "does" {
			if slot, ok := f.Slot(g.Nodes[n].Sort); ok && g.World.Get(n, slot) == 0 {
				out = append(out, g.Roots(rule.Ref{Node: n, Slot: int32(slot)})...)
			}
			return
		}
		out = append(out, g.Name(n, fact))
	})
	slices.SortFunc(out, ssf.FactRef.Compare)
	out = slices.Compact(out)
	out = slices.Clip(out[:min(len(out), maxRoots)]) // callers share it
	g.mu.Lock()
	g.roots[r] = out
	g.mu.Unlock()
	return out
}

// Name is a fact of a node in ids.
func (g *Graph) Name(n int32, fact ssf.ID) ssf.FactRef {
	return ssf.FactRef{Element: g.Nodes[n].ID, Fact: fact}
}

// computedFrom calls need for each unknown fact from which derive.go computes
// a fact of node n. The pseudo facts zone, kind, allow and does stand for the
// keys of those names.
func (g *Graph) computedFrom(n int32, fact ssf.ID, need func(int32, ssf.ID)) {
	w := g.World
	unknown := func(m int32, f ssf.ID) {
		if m >= 0 && g.Get(m, f) == 0 {
			need(m, f)
		}
	}
	zone := func(m int32) {
		if m >= 0 && w.One(m, rule.Zone) < 0 {
			need(m, "zone")
		}
	}
	caller := func(m int32) {
		if m < 0 {
			return
		}
		unknown(m, "trust")
		if g.Nodes[m].Sort == ssf.SortActor {
			unknown(m, "hostile")
		}
	}
	var callers []int32 // of a function: actors and components
	if f := g.Nodes[n].Function; f != nil {
		for _, p := range f.Allow {
			callers = append(callers, w.Lookup(p.Actor.ID))
		}
	}
	switch s := g.Nodes[n].Sort; fact {
	case "trust":
		if z := w.One(n, rule.Zone); z >= 0 {
			unknown(z, "trust")
		} else {
			zone(n)
		}
	case "confidentiality", "integrity", "availability", "accountability", "personal":
		list := map[ssf.Sort]rule.Relation{ssf.SortFlow: rule.Carries, ssf.SortComponent: rule.Handles, ssf.SortFunction: rule.Assets}
		if s == ssf.SortAsset {
			need(n, fact)
			return
		}
		for _, a := range w.Many(n, list[s]) {
			unknown(a, fact)
		}
	case "exposure":
		switch s {
		case ssf.SortFlow:
			caller(w.One(n, rule.From))
			zone(w.One(n, rule.To))
			if from := w.One(n, rule.From); from >= 0 && g.Nodes[from].Sort == ssf.SortComponent {
				unknown(from, fact)
			}
		case ssf.SortComponent:
			g.reachedFrom(n, map[int32]bool{}, func(f int32, behind bool) {
				from := w.One(f, rule.From)
				caller(from)
				zone(from)
				zone(w.One(f, rule.To))
				if behind && g.passesOn(from) == rule.Unknown {
					need(from, "kind")
				}
			})
		case ssf.SortFunction:
			at := w.One(n, rule.At)
			unknown(at, fact)
			zone(at)
			for _, a := range callers {
				caller(a)
				zone(a)
			}
			if f := g.Nodes[n].Function; len(f.Allow) == 0 && f.Otherwise.ID == "" {
				need(n, "allow")
			}
		}
	case "from_untrusted":
		caller(w.One(n, rule.From))
		unknown(w.One(n, rule.To), "trust")
	case "crosses_boundary":
		if s == ssf.SortFlow {
			zone(w.One(n, rule.From))
			zone(w.One(n, rule.To))
			return
		}
		zone(w.One(n, rule.At))
		for _, a := range callers {
			zone(a)
		}
		switch g.Nodes[n].Function.Otherwise.ID {
		case "":
			need(n, "allow")
		case "allow":
			unknown(w.One(n, rule.At), "exposure")
		}
	case "authenticated", "scoped", "called_with":
		need(n, "allow")
	case "does", "changes":
		need(n, "does")
	}
}

// reachedFrom calls do for each flow that reaches a component, over the proxies
// before it too, each proxy once. Behind tells that the component that starts
// the flow is itself reached.
func (g *Graph) reachedFrom(n int32, seen map[int32]bool, do func(flow int32, behind bool)) {
	if seen[n] {
		return
	}
	seen[n] = true
	for _, f := range g.World.Many(n, rule.Incoming) {
		from := g.World.One(f, rule.From)
		do(f, g.Get(from, "exposure") != Isolated)
		if g.passesOn(from) != rule.False {
			g.reachedFrom(from, seen, do)
		}
	}
}
