// Package picture draws the data flows of a system as SVG: zones as boxes in
// boxes, actors and components in them, flows as arrows from whoever starts
// them. It takes a case and nothing else, and the same case gives the same
// bytes. How the places are found is told in docs/design/picture.md.
//
// Read graph.go for what is drawn, then layers.go, order.go, place.go, smooth.go
// and route.go in the order in which they run; svg.go writes it down.
package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// Above these a picture of every element helps nobody; see overview.go.
const (
	maxNodes = 400 // actors, components and zones
	maxFlows = 1500
	maxBends = 8000 // points that flows pass between the columns
)

// Flows of one pair are drawn side by side up to maxLanes, and up to freeFlows
// flows in all; otherwise as one arrow with a count.
const (
	maxLanes  = 3
	freeFlows = 80
)

// summary is the role of a node that stands for many.
const summary ssf.Role = "summary"

// A graph is what is drawn.
type graph struct {
	root  *zone // around all, not drawn
	nodes []*node
	zones []*zone // without root, a zone after the one around it
	edges []*edge
	note  string // what the picture leaves out; empty if nothing

	bends  int  // points between the columns
	square bool // processes have room for a circle
}

type node struct {
	id, name, kind string
	full           string // for the tooltip
	role           ssf.Role
	open           int // threats
	zone           *zone
	item           *item
	lines          []string // of name, as they fit
	box            rect
}

type zone struct {
	id, name string
	full     string
	open     int
	trust    int // from 0, none, to 6, high
	depth    int
	parent   *zone
	zones    []*zone
	nodes    []*node
	item     *item // in parent
	box      rect
	title    label

	items  []*item
	cols   [][]*item
	own    []*edge  // with both ends in here, in no zone inside
	links  []*link  // that change their height in here
	lefts  []*ref   // links that come in from the left
	rights []*ref   // and that leave to the right
	across [][]*ref // links after each column, from its side
	ax, ay int      // of the contents
	w, h   int      // of the contents
}

// An edge is one flow, or several of one pair that are drawn as one.
type edge struct {
	id, name, full string
	from, to       *node
	open, flows    int
	turned         bool // drawn from right to left
	heads          bool // it may have a head at both ends
	links          []*link
	points         []point // from from to to
	label          label
}

type point struct{ x, y int }

type rect struct{ x, y, w, h int }

// A label is a line of text; open is the number in front of it.
type label struct {
	text string
	open int
	box  rect
}

// parts are the elements of a case that a picture can show, each sort by id.
type parts struct {
	zones, nodes, flows []ssf.ElementInfo
	open                map[ssf.ID]int
	each                bool // flows stand by themselves and have their names; see [PlacesOf]
}

func collect(c *ssf.Case) parts {
	p := parts{open: map[ssf.ID]int{}}
	at := map[ssf.ID]ssf.ID{} // component of a function
	seen := map[ssf.ID]bool{}
	ends := map[ssf.ID]bool{}
	for _, e := range c.Elements {
		if e.ID == "" || e.Sort == ssf.SortDeployment || seen[e.ID] { // a deployment may have the id of a zone
			continue
		}
		seen[e.ID] = true
		switch e.Sort {
		case ssf.SortZone:
			p.zones = append(p.zones, e)
		case ssf.SortActor, ssf.SortComponent:
			p.nodes = append(p.nodes, e)
			ends[e.ID] = true
		case ssf.SortFlow:
			p.flows = append(p.flows, e)
		case ssf.SortFunction:
			at[e.ID] = e.At
		}
	}
	p.flows = slices.DeleteFunc(p.flows, func(f ssf.ElementInfo) bool { return !ends[f.From] || !ends[f.To] })
	byID := func(a, b ssf.ElementInfo) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(p.zones, byID)
	slices.SortFunc(p.nodes, byID)
	slices.SortFunc(p.flows, byID)
	around := c.OnMitigation()
	for i := range c.Threats {
		if t := &c.Threats[i]; !t.State.Treated() && !around[t.Rule] {
			p.open[cmp.Or(at[t.Element], t.Element)]++
		}
	}
	return p
}

// build makes the graph of all elements.
func build(p parts) *graph {
	g := &graph{root: &zone{}, square: p.each}
	zones := g.addZones(p)
	nodes := map[ssf.ID]*node{}
	for _, e := range p.nodes {
		n := &node{id: string(e.ID), name: cmp.Or(e.Name, string(e.ID)), kind: plain(e.Kind), open: p.open[e.ID], role: e.Role()}
		if e.Sort == ssf.SortActor {
			n.kind = "actor"
		}
		n.full = sentence(named(e), n.kind, e.Says, stores(e), threats(n.open))
		z := zones[e.Zone]
		if z == nil {
			z = g.noZone(zones)
		}
		g.addNode(n, z)
		nodes[e.ID] = n
	}
	g.addFlows(p, nodes)
	return g
}

func (g *graph) addNode(n *node, z *zone) {
	n.zone = z
	z.nodes = append(z.nodes, n)
	g.nodes = append(g.nodes, n)
}

// noZone is the box of the elements that are in no zone.
func (g *graph) noZone(zones map[ssf.ID]*zone) *zone {
	if zones[""] == nil {
		zones[""] = &zone{name: "no zone", full: "no zone: the model does not say where these are", trust: unknownTrust, parent: g.root, depth: 1}
		g.root.zones = append(g.root.zones, zones[""])
		g.zones = append(g.zones, zones[""])
	}
	return zones[""]
}

const unknownTrust = 3

var trusts = map[ssf.Value]int{"none": 0, "low": 2, "medium": 4, "high": 6}

// addZones puts each zone into the one around it. A ring of zones is opened at
// one of them.
func (g *graph) addZones(p parts) map[ssf.ID]*zone {
	zones := map[ssf.ID]*zone{}
	around := map[ssf.ID]ssf.ID{}
	for _, e := range p.zones {
		z := &zone{id: string(e.ID), name: cmp.Or(e.Name, string(e.ID)), open: p.open[e.ID], trust: unknownTrust}
		trust := ""
		for _, f := range e.Facts {
			if t, ok := trusts[f.Value]; ok && f.Name == "trust" {
				z.trust, trust = t, "trust: "+string(f.Value)
			}
		}
		z.full = sentence(named(e), "zone", trust, e.Says, threats(z.open))
		zones[e.ID] = z
		around[e.ID] = e.Zone
	}
	const inWork, done = 1, 2
	state := map[ssf.ID]int{}
	for _, e := range p.zones {
		var chain []ssf.ID
		id := e.ID
		for zones[id] != nil && state[id] == 0 {
			state[id] = inWork
			chain = append(chain, id)
			id = around[id]
		}
		for i, last := range slices.Backward(chain) {
			z := zones[last]
			z.parent = g.root
			if up := zones[around[last]]; up != nil && (i < len(chain)-1 || state[id] == done) {
				z.parent = up
			}
			z.depth = z.parent.depth + 1
			z.parent.zones = append(z.parent.zones, z)
			g.zones = append(g.zones, z)
			state[last] = done
		}
	}
	return zones
}

// addFlows makes the edges: one for each flow, or for each pair with many.
func (g *graph) addFlows(p parts, nodes map[ssf.ID]*node) {
	type pair struct{ from, to ssf.ID }
	flows := map[pair][]ssf.ElementInfo{}
	var pairs []pair
	for _, f := range p.flows {
		k := pair{f.From, f.To}
		if flows[k] == nil {
			pairs = append(pairs, k)
		}
		flows[k] = append(flows[k], f)
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	for _, k := range pairs {
		fs := flows[k]
		lane := 1
		if !p.each && (len(fs) > maxLanes || len(p.flows) > freeFlows) {
			lane = len(fs)
		}
		for ; len(fs) > 0; fs = fs[lane:] {
			e := newEdge(fs[:lane], nodes[k.from], nodes[k.to], p.open)
			if p.each {
				e.name, e.open, e.heads = cmp.Or(fs[0].Name, e.id), 0, true
			}
			g.edges = append(g.edges, e)
		}
	}
}

func newEdge(fs []ssf.ElementInfo, from, to *node, open map[ssf.ID]int) *edge {
	e := &edge{id: string(fs[0].ID), from: from, to: to, flows: len(fs)}
	var overs, fulls []string
	for i, f := range fs {
		e.open += open[f.ID]
		over := cmp.Or(plain(f.Over), "?")
		if !slices.Contains(overs, over) {
			overs = append(overs, over)
		}
		if i < 20 {
			fulls = append(fulls, sentence(named(f), string(f.From)+" → "+string(f.To), "over "+cmp.Or(plain(f.Over), "an unknown protocol"),
				list("sends", f.Sends), list("returns", f.Returns), threats(open[f.ID])))
		}
	}
	if n := len(fs) - len(fulls); n > 0 {
		fulls = append(fulls, fmt.Sprintf("and %d more flows", n))
	}
	e.name, e.full = strings.Join(overs, ", "), strings.Join(fulls, "\n")
	if len(fs) > 1 {
		e.name = fmt.Sprintf("%d× %s", len(fs), e.name)
	}
	return e
}

func plain(id ssf.ID) string { return strings.ReplaceAll(string(id), "_", " ") }

func named(e ssf.ElementInfo) string {
	if e.Name == "" || e.Name == string(e.ID) {
		return string(e.ID)
	}
	return e.Name + " (" + string(e.ID) + ")"
}

func stores(e ssf.ElementInfo) string { return list("stores", e.Stores) }

func list(verb string, ids []ssf.ID) string {
	const most = 12
	switch {
	case len(ids) == 0:
		return ""
	case len(ids) > most:
		return fmt.Sprintf("%s %s and %d more", verb, ssf.Join(ids[:most]), len(ids)-most)
	}
	return verb + " " + ssf.Join(ids)
}

func threats(open int) string {
	if open == 0 {
		return ""
	}
	return count(open, "open threat")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sentence joins what is not empty.
func sentence(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}
