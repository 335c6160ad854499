package facts

import (
	"slices"

	"ssf"
	"ssf/internal/rule"
)

// A Match ties a graph to an earlier one of a model that has been edited since.
// Elements are the same if their ids are.
type Match struct {
	Was  []int32 // by node: the node that it was, or -1
	Now  []int32 // by earlier node: the node that it is, or -1
	Same []bool  // by earlier node: nothing that can be read of it has changed
}

// Match compares a graph with an earlier one of the same words. Its terms must
// be those of the earlier one.
func (g *Graph) Match(old *Graph) *Match {
	m := &Match{make([]int32, len(g.Nodes)), make([]int32, len(old.Nodes)), make([]bool, len(old.Nodes))}
	for o := range m.Now {
		m.Now[o] = -1
	}
	for n := range m.Was {
		o := old.World.Lookup(g.World.ID(int32(n)))
		if m.Was[n] = o; o >= 0 {
			m.Now[o] = int32(n)
		}
	}
	for o, n := range m.Now {
		m.Same[o] = n >= 0 && g.World.SameNode(n, old.World, int32(o), m.Was) && sameWords(&g.Nodes[n], &old.Nodes[o])
	}
	return m
}

// sameWords compares what is read of a node itself and not of the world: its
// kind, and the needs of an asset.
func sameWords(a, b *Node) bool {
	if a.Kind.ID != b.Kind.ID || (a.Asset == nil) != (b.Asset == nil) {
		return false
	}
	return a.Asset == nil || slices.EqualFunc(a.Asset.Needs, b.Asset.Needs, func(x, y ssf.Need) bool {
		return x.Property.ID == y.Property.ID && x.Level.ID == y.Level.ID
	})
}

// At is a fact of an earlier graph in this one.
func (m *Match) At(r rule.Ref) rule.Ref {
	r.Node = m.Now[r.Node]
	return r
}
