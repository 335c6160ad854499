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
// what it counters, but for threats on other mitigations. Each list of assets is
// looked at once for a mitigation, however many threats it counters.
func (e *Evaluation) evade() {
	e.evaded = map[int32][]int32{}
	hits := make([][]int, len(e.Case.Mitigations)) // instances that it counters
	for at, covers := range e.counters {
		if e.Nodes[e.Instances[at].Node].Mitigation == nil {
			for _, c := range covers {
				hits[c.by] = append(hits[c.by], at)
			}
		}
	}
	last := make([]int, len(e.Nodes)) // mitigation, from 1, at which an asset is at stake
	for i, hits := range hits {
		n := e.World.Lookup(facts.MitigationID(e.Case.Mitigations[i].ID))
		if n < 0 {
			continue
		}
		lists, assets := map[stakeKey]bool{}, []int32{}
		for _, at := range hits {
			for _, k := range e.lists(e.Instances[at].Node) {
				if lists[k] {
					continue
				}
				lists[k] = true
				for _, a := range e.assetsOf(k) {
					if last[a] != i+1 {
						last[a] = i + 1
						assets = append(assets, a)
					}
				}
			}
		}
		slices.Sort(assets)
		e.evaded[n] = assets
	}
}
