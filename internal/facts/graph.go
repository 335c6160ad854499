// Package facts turns a model into a graph of which everything that can be
// known is known: what is declared, what kind, technology or protocol imply, and
// what follows from structure, each with where it comes from. What is not known
// stays unknown, and [Graph.Roots] tells whom to ask.
//
// It derives no threats and judges nothing. The strata are in graph.go (elements
// and structure), known.go (declared and implied facts) and derive.go (computed
// facts), in that order.
package facts

import (
	"slices"
	"sync"

	"ssf"
	"ssf/internal/rule"
)

// Terms are the words of a library, made ready once: its facts, and its kinds,
// technologies and protocols with what they imply. They are immutable.
type Terms struct {
	Vocabulary *rule.Vocabulary
	Kinds      Family
	Techs      Family
	Protocols  Family

	evaded map[ssf.ID]bool // measures that some rule stands on
	own    map[ssf.ID]bool // measures by id
	is     computed
}

// NewTerms makes the words of a library ready.
func NewTerms(lib *ssf.Library) *Terms {
	v := rule.NewVocabulary(lib.Facts)
	t := &Terms{v, newFamily(lib.Kinds), newFamily(lib.Techs), newFamily(lib.Protocols), map[ssf.ID]bool{}, map[ssf.ID]bool{}, newComputed(v)}
	for i := range lib.Threats {
		for _, m := range lib.Threats[i].Of {
			t.evaded[m.ID] = true
		}
	}
	for i := range lib.Measures {
		t.own[lib.Measures[i].ID] = true
	}
	return t
}

// A Graph is the elements of a model, how they hang together and what is known
// of them. Nodes[i] is node i of the World.
type Graph struct {
	*Terms
	World  *rule.World
	Nodes  []Node
	Stored map[[2]int32]bool // component and asset
	wide   map[int32][]int32 // see [Graph.Wide]

	implied []*implication   // by node; nodes of the same kind and so on share one
	infoOf  [][]ssf.FactInfo // by node, once asked for

	mu    sync.Mutex
	roots map[rule.Ref][]ssf.FactRef // guarded by mu
}

// Build makes the graph of a model.
func (t *Terms) Build(m *ssf.Model) *Graph { return t.build(m, rule.NewWorld(t.Vocabulary), nil) }

// Rebuild is Build for a model much like that of g.
func (g *Graph) Rebuild(m *ssf.Model) *Graph { return g.build(m, rule.NewWorldLike(g.World), g) }

func (t *Terms) build(m *ssf.Model, w *rule.World, old *Graph) *Graph {
	stored := 0
	for i := range m.Components {
		stored += len(m.Components[i].Stores)
	}
	g := &Graph{Terms: t, World: w, Stored: make(map[[2]int32]bool, stored), roots: map[rule.Ref][]ssf.FactRef{}}
	g.add(m)
	g.link()
	g.World.Freeze()
	g.wide = g.wider()
	g.setFacts(old)
	g.derive()
	return g
}

// A Node is one element of the world with what the model says of it. Exactly
// one of the last pointers is set, by its sort; a deployment has none. The kind
// of a mitigation is its measure.
type Node struct {
	*ssf.Element
	Sort      ssf.Sort
	Kind      *ssf.Ref
	Zone      *ssf.Ref
	Around    *ssf.Ref // the zone around a zone
	System    *ssf.System
	Asset     *ssf.Asset
	Component *ssf.Component
	Flow      *ssf.Flow
	Function  *ssf.Function

	Mitigation *ssf.Mitigation
}

// noRef stands in where an element has no kind or zone.
var noRef ssf.Ref

// NoDeployment stands in where a model names none: nothing is known of it.
var NoDeployment = ssf.Deployment{Element: ssf.Element{Named: ssf.Named{ID: "deployment"}}}

// DeploymentID keeps deployments apart from elements, whose ids are theirs.
func DeploymentID(id ssf.ID) ssf.ID { return "deployment:" + id }

// MitigationID keeps mitigations apart from elements: their ids are theirs.
func MitigationID(id ssf.ID) ssf.ID { return "mitigation:" + id }

// MeasureOf is the measure that a mitigation carries out; empty for none.
func (t *Terms) MeasureOf(m *ssf.Mitigation) ssf.ID {
	if m.Measure.ID == "" && t.own[m.ID] {
		return m.ID
	}
	return m.Measure.ID
}

// add makes a node of every element. What does not resolve was reported when
// the model was read, and is left out.
func (g *Graph) add(m *ssf.Model) {
	add := func(n Node, id ssf.ID) {
		if g.World.AddNew(id, n.Sort) < 0 {
			return
		}
		for _, r := range []**ssf.Ref{&n.Kind, &n.Zone, &n.Around} {
			if *r == nil {
				*r = &noRef
			}
		}
		g.Nodes = append(g.Nodes, n)
	}
	g.World.Grow(map[ssf.Sort]int{
		ssf.SortSystem: 1, ssf.SortDeployment: max(1, len(m.Deployments)), ssf.SortZone: len(m.Zones), ssf.SortActor: len(m.Actors),
		ssf.SortAsset: len(m.Assets), ssf.SortComponent: len(m.Components), ssf.SortFlow: len(m.Flows), ssf.SortFunction: len(m.Functions),
	})
	g.Nodes = slices.Grow(g.Nodes, 1+max(1, len(m.Deployments))+len(m.Zones)+len(m.Actors)+len(m.Assets)+len(m.Components)+len(m.Flows)+len(m.Functions))
	add(Node{Element: &m.System.Element, Sort: ssf.SortSystem, System: &m.System}, "system")
	deployments := m.Deployments
	if len(deployments) == 0 {
		deployments = []ssf.Deployment{NoDeployment}
	}
	for i := range deployments {
		d := &deployments[i]
		add(Node{Element: &d.Element, Sort: ssf.SortDeployment}, DeploymentID(d.ID))
	}
	for i := range m.Zones {
		z := &m.Zones[i]
		add(Node{Element: &z.Element, Sort: ssf.SortZone, Around: &z.In}, z.ID)
	}
	for i := range m.Actors {
		a := &m.Actors[i]
		add(Node{Element: &a.Element, Sort: ssf.SortActor, Zone: &a.Zone}, a.ID)
	}
	for i := range m.Assets {
		a := &m.Assets[i]
		add(Node{Element: &a.Element, Sort: ssf.SortAsset, Asset: a}, a.ID)
	}
	for i := range m.Components {
		c := &m.Components[i]
		add(Node{Element: &c.Element, Sort: ssf.SortComponent, Kind: &c.Kind, Zone: &c.Zone, Component: c}, c.ID)
	}
	for i := range m.Flows {
		f := &m.Flows[i]
		add(Node{Element: &f.Element, Sort: ssf.SortFlow, Flow: f}, f.ID)
	}
	for i := range m.Functions {
		f := &m.Functions[i]
		add(Node{Element: &f.Element, Sort: ssf.SortFunction, Function: f}, f.ID)
	}
	for i := range m.Mitigations { // those that something is known to go around
		if m := &m.Mitigations[i]; m.State.ID == "implemented" && g.evaded[g.MeasureOf(m)] {
			add(Node{Element: &ssf.Element{Named: m.Named}, Sort: ssf.SortMitigation, Kind: &ssf.Ref{ID: g.MeasureOf(m), Pos: m.Pos}, Mitigation: m}, MitigationID(m.ID))
		}
	}
}

// link relates the nodes. A component handles what it stores, what its flows
// carry and what its functions work on, each once; see [rule.World.Freeze].
func (g *Graph) link() {
	w := g.World
	find := func(r ssf.Ref) int32 { return w.Lookup(r.ID) }
	// What is of another sort than a reference asks for was reported, and is left out.
	is := func(m int32, sorts ...ssf.Sort) int32 {
		if m >= 0 && slices.Contains(sorts, g.Nodes[m].Sort) {
			return m
		}
		return -1
	}
	handle := func(holder, asset int32) {
		if holder >= 0 && asset >= 0 && g.Nodes[holder].Sort == ssf.SortComponent {
			w.Link(holder, rule.Handles, asset)
			w.Link(asset, rule.Holders, holder)
		}
	}
	for i := range g.Nodes {
		n, self := &g.Nodes[i], int32(i)
		if z := is(find(*n.Zone), ssf.SortZone); z >= 0 {
			w.Link(self, rule.Zone, z)
		}
		switch {
		case n.Component != nil:
			for _, s := range n.Component.Stores {
				if a := is(find(s), ssf.SortAsset); a >= 0 {
					w.Link(self, rule.Stores, a)
					g.Stored[[2]int32{self, a}] = true
					handle(self, a)
				}
			}
		case n.Flow != nil:
			from, to := is(find(n.Flow.From), ssf.SortComponent, ssf.SortActor), is(find(n.Flow.To), ssf.SortComponent, ssf.SortActor)
			w.Link(self, rule.From, from)
			w.Link(self, rule.To, to)
			if from >= 0 && g.Nodes[from].Sort == ssf.SortComponent {
				w.Link(from, rule.Outgoing, self)
			}
			if to >= 0 && g.Nodes[to].Sort == ssf.SortComponent {
				w.Link(to, rule.Incoming, self)
			}
			list := func(by rule.Relation, assets []ssf.Ref) {
				for _, s := range assets {
					if a := is(find(s), ssf.SortAsset); a >= 0 {
						w.Link(self, by, a)
					}
				}
			}
			list(rule.Sends, n.Flow.Sends)
			list(rule.Returns, n.Flow.Returns)
			for _, s := range carried(n.Flow) {
				if a := is(find(s), ssf.SortAsset); a >= 0 {
					w.Link(self, rule.Carries, a)
					handle(from, a)
					handle(to, a)
				}
			}
		case n.Function != nil:
			at := is(find(n.Function.At), ssf.SortComponent)
			w.Link(self, rule.At, at)
			for _, s := range n.Function.On {
				if a := is(find(s), ssf.SortAsset); a >= 0 {
					w.Link(self, rule.Assets, a)
					handle(at, a)
				}
			}
			for _, p := range n.Function.Allow {
				if a := is(find(p.Actor), ssf.SortActor); a >= 0 {
					w.Link(self, rule.Actors, a)
				}
			}
		}
	}
}

// carried are the assets of a flow in both directions, each once.
func carried(f *ssf.Flow) []ssf.Ref {
	all := f.Sends
	for _, r := range f.Returns {
		if !ssf.HasRef(f.Sends, r.ID) {
			all = append(all[:len(all):len(all)], r)
		}
	}
	return all
}
