package eval

import (
	"ssf"
	"ssf/internal/rule"
)

// A node is one element of the world with what the model says of it. Exactly
// one of the last pointers is set, by its sort; a deployment has none.
type node struct {
	*ssf.Element
	sort      ssf.Sort
	kind      ssf.Ref
	zone      ssf.Ref
	system    *ssf.System
	asset     *ssf.Asset
	component *ssf.Component
	flow      *ssf.Flow
	function  *ssf.Function
}

// defaultDeployment stands in where a model names none: nothing is known of it.
var defaultDeployment = ssf.Deployment{Element: ssf.Element{Named: ssf.Named{ID: "deployment"}}}

// deploymentID keeps deployments apart from elements, whose ids are theirs.
func deploymentID(id ssf.ID) ssf.ID { return "deployment:" + id }

// buildGraph adds every element and the structure between them. What does not
// resolve was reported when the model was read, and is left out.
func (e *evaluation) buildGraph() {
	m := e.Model
	add := func(n node, id ssf.ID) {
		if e.world.Lookup(id) < 0 {
			e.world.Add(id, n.sort)
			e.nodes = append(e.nodes, n)
		}
	}
	add(node{Element: &m.System.Element, sort: ssf.SortSystem, system: &m.System}, "system")
	deployments := m.Deployments
	if len(deployments) == 0 {
		deployments = []ssf.Deployment{defaultDeployment}
	}
	for i := range deployments {
		d := &deployments[i]
		add(node{Element: &d.Element, sort: ssf.SortDeployment}, deploymentID(d.ID))
	}
	for i := range m.Zones {
		add(node{Element: &m.Zones[i].Element, sort: ssf.SortZone}, m.Zones[i].ID)
	}
	for i := range m.Actors {
		a := &m.Actors[i]
		add(node{Element: &a.Element, sort: ssf.SortActor, zone: a.Zone}, a.ID)
	}
	for i := range m.Assets {
		a := &m.Assets[i]
		add(node{Element: &a.Element, sort: ssf.SortAsset, asset: a}, a.ID)
	}
	for i := range m.Components {
		c := &m.Components[i]
		add(node{Element: &c.Element, sort: ssf.SortComponent, kind: c.Kind, zone: c.Zone, component: c}, c.ID)
	}
	for i := range m.Flows {
		f := &m.Flows[i]
		add(node{Element: &f.Element, sort: ssf.SortFlow, flow: f}, f.ID)
	}
	for i := range m.Functions {
		f := &m.Functions[i]
		add(node{Element: &f.Element, sort: ssf.SortFunction, function: f}, f.ID)
	}
	e.link()
	e.world.Freeze()
}

// link relates the nodes. A component handles what it stores, what its flows
// carry and what its functions work on, each once.
func (e *evaluation) link() {
	w := e.world
	find := func(r ssf.Ref) int32 { return w.Lookup(r.ID) }
	handled := map[[2]int32]bool{}
	handle := func(holder, asset int32) {
		if holder >= 0 && asset >= 0 && e.nodes[holder].sort == ssf.SortComponent && !handled[[2]int32{holder, asset}] {
			handled[[2]int32{holder, asset}] = true
			w.Link(holder, rule.Handles, asset)
			w.Link(asset, rule.Holders, holder)
		}
	}
	for i := range e.nodes {
		n, self := &e.nodes[i], int32(i)
		if z := find(n.zone); z >= 0 {
			w.Link(self, rule.Zone, z)
		}
		switch {
		case n.component != nil:
			for _, s := range n.component.Stores {
				if a := find(s); a >= 0 {
					w.Link(self, rule.Stores, a)
					e.stored[[2]int32{self, a}] = true
					handle(self, a)
				}
			}
		case n.flow != nil:
			from, to := find(n.flow.From), find(n.flow.To)
			w.Link(self, rule.From, from)
			w.Link(self, rule.To, to)
			if from >= 0 && e.nodes[from].sort == ssf.SortComponent {
				w.Link(from, rule.Outgoing, self)
			}
			if to >= 0 && e.nodes[to].sort == ssf.SortComponent {
				w.Link(to, rule.Incoming, self)
			}
			for _, s := range carried(n.flow) {
				if a := find(s); a >= 0 {
					w.Link(self, rule.Carries, a)
					handle(from, a)
					handle(to, a)
				}
			}
		case n.function != nil:
			at := find(n.function.At)
			w.Link(self, rule.At, at)
			for _, s := range n.function.On {
				if a := find(s); a >= 0 {
					w.Link(self, rule.Assets, a)
					handle(at, a)
				}
			}
			for _, p := range n.function.Allow {
				if a := find(p.Actor); a >= 0 && e.nodes[a].sort == ssf.SortActor {
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
		if !hasRef(f.Sends, r.ID) {
			all = append(all[:len(all):len(all)], r)
		}
	}
	return all
}

func hasRef(rs []ssf.Ref, id ssf.ID) bool {
	for _, r := range rs {
		if r.ID == id {
			return true
		}
	}
	return false
}
