package facts

import (
	"ssf"
	"ssf/internal/rule"
)

// Wide are the assets of a zone, an actor or the system.
func (g *Graph) Wide(n int32) []int32 { return g.wide[n] }

// wider finds the assets of what is more than one element: the system has
// all, a zone those that its components handle, an actor those of the functions
// that allow it and of the flows that it takes part in. Each stands there once.
func (g *Graph) wider() map[int32][]int32 {
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
