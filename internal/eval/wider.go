package eval

import (
	"slices"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// widerOf finds the assets of what is more than one element: the system has
// all, a zone those that its components handle, an actor those of the functions
// that allow it and of the flows that it takes part in. Each stands there once.
func widerOf(g *facts.Graph) map[int32][]int32 {
	out, seen := map[int32][]int32{}, map[[2]int32]bool{}
	add := func(n int32, assets ...int32) {
		for _, a := range assets {
			if n >= 0 && !seen[[2]int32{n, a}] {
				seen[[2]int32{n, a}] = true
				out[n] = append(out[n], a)
			}
		}
	}
	system := g.World.Lookup("system")
	for i := range g.Nodes {
		n := int32(i)
		switch g.Nodes[i].Sort {
		case ssf.SortAsset:
			add(system, n)
		case ssf.SortComponent:
			add(g.World.One(n, rule.Zone), g.World.Many(n, rule.Handles)...)
		case ssf.SortFlow:
			for _, end := range []int32{g.World.One(n, rule.From), g.World.One(n, rule.To)} {
				if end >= 0 && g.Nodes[end].Sort == ssf.SortActor {
					add(end, g.World.Many(n, rule.Carries)...)
				}
			}
		case ssf.SortFunction:
			for _, a := range g.World.Many(n, rule.Actors) {
				add(a, g.World.Many(n, rule.Assets)...)
			}
		}
	}
	return out
}

// wholeKinds are the kinds with which the whole product stands or falls: where
// such a component names no assets, all are at stake.
func wholeKinds(lib *ssf.Library) map[ssf.ID]bool {
	defs, out := map[ssf.ID]*ssf.KindDef{}, map[ssf.ID]bool{}
	for i := range lib.Kinds {
		defs[lib.Kinds[i].ID] = &lib.Kinds[i]
	}
	for id := range defs {
		for at, steps := defs[id], 0; at != nil && steps < len(defs); at, steps = defs[at.Is.ID], steps+1 {
			out[id] = out[id] || at.Whole
		}
	}
	return out
}

// evade finds what is at stake where a mitigation is gone around: the assets of
// what it counters, but for threats on other mitigations.
func (e *Evaluation) evade() {
	e.evaded = map[int32][]int32{}
	for i := range e.Case.Mitigations {
		r := &e.Case.Mitigations[i]
		n := e.World.Lookup(facts.MitigationID(r.ID))
		if n < 0 {
			continue
		}
		assets := []int32{}
		for _, id := range r.Counters {
			if at := e.find(id); at >= 0 && e.Nodes[e.Instances[at].Node].Mitigation == nil {
				for _, k := range e.lists(e.Instances[at].Node) {
					assets = append(assets, e.assetsOf(k)...)
				}
			}
		}
		slices.Sort(assets)
		e.evaded[n] = slices.Compact(assets)
	}
}
