package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// manyGroups zones are drawn in an overview where few of them talk, else maxGroups.
const (
	manyGroups = 200
	maxGroups  = 38 // so that flows between all of them stay below maxFlows
)

// overview makes the graph of a system that is too large: in each zone one box
// that counts what is in it, and one arrow for each pair of zones. At most limit
// zones are drawn, those outside first; others count for the zone around them,
// or together as one.
func overview(p parts, limit int) *graph {
	full := build(parts{zones: p.zones, open: p.open})
	levels := make([]int, len(full.zones)+2)
	for _, z := range full.zones {
		levels[z.depth]++
	}
	depth := 1
	for n := levels[1]; depth < len(full.zones) && n+levels[depth+1] <= limit; depth++ {
		n += levels[depth+1]
	}
	return group(p, depth, limit)
}

// group draws the zones down to a depth, and of those outside at most limit.
func group(p parts, depth, limit int) *graph {
	g := build(parts{zones: p.zones, open: p.open})
	drawn := map[*zone]*zone{g.root: g.root}
	byID := map[ssf.ID]*zone{}
	for _, z := range g.zones {
		drawn[z] = z
		if z.depth > depth {
			drawn[z] = drawn[z.parent]
		}
		byID[ssf.ID(z.id)] = z
	}
	size := map[*zone]int{}
	of := func(e ssf.ElementInfo) *zone {
		z := byID[e.Zone]
		if z == nil {
			z = g.noZone(byID)
			if drawn[z] == nil {
				drawn[z] = z
			}
		}
		return z
	}
	for _, e := range p.nodes {
		z := of(e)
		for ; z.depth > 1; z = z.parent {
		}
		size[z]++
	}
	if n := len(g.root.zones); n > limit {
		outer := slices.Clone(g.root.zones)
		slices.SortStableFunc(outer, func(a, b *zone) int { return cmp.Compare(size[b], size[a]) })
		rest := &zone{name: count(n-limit+1, "more zone"), full: "zones that are not drawn one by one", trust: unknownTrust, parent: g.root, depth: 1}
		g.zones = append(g.zones, rest)
		small := map[*zone]bool{}
		for _, z := range outer[limit-1:] {
			small[z] = true
			rest.open += z.open
		}
		for _, z := range g.zones {
			top := z
			for ; top.depth > 1; top = top.parent {
			}
			if small[top] {
				drawn[z] = rest
			}
		}
		drawn[rest] = rest
	}
	g.keep(drawn)
	g.bundle(p, func(e ssf.ElementInfo) *zone { return drawn[of(e)] })
	g.note = fmt.Sprintf("Too large to draw in full: %s, %s and %s are shown by zone, with counts.",
		count(len(p.nodes), "element"), count(len(p.zones), "zone"), count(len(p.flows), "flow"))
	return g
}

// keep leaves only the zones that are drawn as themselves.
func (g *graph) keep(drawn map[*zone]*zone) {
	g.zones = slices.DeleteFunc(g.zones, func(z *zone) bool {
		if to := drawn[z]; to != z {
			to.open += z.open
			return true
		}
		return false
	})
	g.root.zones = nil
	for _, z := range g.zones {
		z.zones = nil
	}
	for _, z := range g.zones {
		z.parent.zones = append(z.parent.zones, z)
	}
}

// bundle makes one node of all elements in a zone, and one edge of all flows
// from one to another.
func (g *graph) bundle(p parts, of func(ssf.ElementInfo) *zone) {
	type tally struct{ actors, components, inside, open int }
	tallies := map[*zone]*tally{}
	at := map[ssf.ID]*zone{}
	for _, e := range p.nodes {
		z := of(e)
		t := tallies[z]
		if t == nil {
			t = &tally{}
			tallies[z] = t
		}
		if e.Sort == ssf.SortActor {
			t.actors++
		} else {
			t.components++
		}
		t.open += p.open[e.ID]
		at[e.ID] = z
	}
	type pair struct{ from, to *zone }
	edges := map[pair]*edge{}
	for _, f := range p.flows {
		k := pair{at[f.From], at[f.To]}
		if k.from == k.to {
			tallies[k.from].inside++
			tallies[k.from].open += p.open[f.ID]
			continue
		}
		e := edges[k]
		if e == nil {
			e = &edge{id: string(f.ID)}
			edges[k] = e
			g.edges = append(g.edges, e)
		}
		e.flows++
		e.open += p.open[f.ID]
	}
	nodes := map[*zone]*node{}
	for _, z := range g.zones {
		t := tallies[z]
		if t == nil {
			continue
		}
		n := &node{id: z.id, role: summary, open: t.open}
		for _, k := range []struct {
			n    int
			what string
		}{{t.components, "component"}, {t.actors, "actor"}} {
			if k.n > 0 {
				n.lines = append(n.lines, count(k.n, k.what))
			}
		}
		n.name = strings.Join(n.lines, ", ")
		if t.inside > 0 {
			n.kind = count(t.inside, "flow") + " inside"
		}
		n.full = sentence(z.name, n.name, n.kind, threats(n.open))
		nodes[z] = n
		g.addNode(n, z)
	}
	for k, e := range edges {
		e.from, e.to = nodes[k.from], nodes[k.to]
		e.name = count(e.flows, "flow")
		e.full = sentence(k.from.name+" → "+k.to.name, e.name, threats(e.open))
	}
	slices.SortStableFunc(g.edges, func(a, b *edge) int { return cmp.Compare(a.id, b.id) })
}
