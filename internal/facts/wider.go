package facts

import (
	"ssf"
	"ssf/internal/rule"
)

// maxDepth bounds how deep zones lie in each other; the model may go in a circle.
const maxDepth = 20

// Wide are the assets of a zone, an actor or the system.
func (g *Graph) Wide(n int32) []int32 { return g.wide[n] }

// wider finds the assets of what is more than one element: the system has
// all, a zone those that the components in it handle, or in zones inside it, an actor those of the functions
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
			for z, depth := g.World.One(n, rule.Zone), 0; z >= 0 && g.Nodes[z].Sort == ssf.SortZone && depth < maxDepth; depth++ {
				add(z, g.World.Many(n, rule.Handles)...)
				z = g.World.Lookup(g.Nodes[z].Around.ID) // the zone around it
			}
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
