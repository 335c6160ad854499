package eval

import (
	"slices"

	"ssf"
	"ssf/internal/facts"
)

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
