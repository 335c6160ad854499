package picture

import "ssf"

// Places says where things are, for writers of drawings that people edit in other
// programs: nothing is left out and nothing drawn as one. Lengths are pixels; a
// process has room for a circle around its name.
type Places struct {
	Zones, Nodes map[ssf.ID]Box
	Flows        map[ssf.ID]Route // none has points if there are too many to be led around things
	W, H         int
}

// A Box is a rectangle.
type Box struct{ X, Y, W, H int }

// A Point is a place.
type Point struct{ X, Y int }

// A Route is the way of a flow from its source to its target, both ends included.
// Label is the middle of its text, on the line.
type Route struct {
	Points []Point
	Label  Point
}

// PlacesOf finds the places of all actors, components, zones and flows of a case.
func PlacesOf(c *ssf.Case) *Places {
	p := collect(c)
	p.each = true
	flows := p.flows
	if len(p.nodes)+len(p.zones) > maxNodes || len(p.flows) > maxFlows {
		p.flows = nil
	}
	g := build(p)
	if !g.layer() {
		p.flows = nil
		g = build(p)
		g.layer()
	}
	g.finish()
	out := &Places{Zones: map[ssf.ID]Box{}, Nodes: map[ssf.ID]Box{}, Flows: map[ssf.ID]Route{}, W: g.root.w + 2*margin, H: g.root.h + 2*margin}
	for _, z := range g.zones {
		if z.id != "" {
			out.Zones[ssf.ID(z.id)] = boxOf(z.box)
		}
	}
	for _, n := range g.nodes {
		out.Nodes[ssf.ID(n.id)] = boxOf(n.box)
	}
	for _, f := range flows {
		out.Flows[f.ID] = Route{}
	}
	for _, e := range g.edges {
		r := Route{}
		for _, p := range e.points {
			r.Points = append(r.Points, Point{p.x, p.y})
		}
		r.Label = Point{e.label.box.x + e.label.box.w/2, e.label.box.y + labelH + 2}
		out.Flows[ssf.ID(e.id)] = r
	}
	return out
}

func boxOf(r rect) Box { return Box{r.x, r.y, r.w, r.h} }
