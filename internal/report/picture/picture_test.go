package picture

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ssf"
	"ssf/internal/testkit/gen"
)

// caseOf makes a case with the elements of a generated model, and an open
// threat at every third.
func caseOf(m *gen.Model) *ssf.Case {
	c := &ssf.Case{System: ssf.SystemInfo{Name: "Generated"}}
	add := func(e ssf.ElementInfo) {
		c.Elements = append(c.Elements, e)
		if len(c.Elements)%3 == 0 {
			c.Threats = append(c.Threats, ssf.Threat{ID: "x@" + e.ID, Element: e.ID, State: ssf.Open})
		}
	}
	for _, z := range m.Zones {
		add(ssf.ElementInfo{ID: ssf.ID(z.ID), Sort: ssf.SortZone, Facts: []ssf.FactInfo{{Name: "trust", Value: ssf.Value(z.Facts["trust"])}}})
	}
	for _, a := range m.Actors {
		add(ssf.ElementInfo{ID: ssf.ID(a.ID), Sort: ssf.SortActor, Zone: ssf.ID(a.Zone)})
	}
	for _, k := range m.Components {
		add(ssf.ElementInfo{ID: ssf.ID(k.ID), Sort: ssf.SortComponent, Kind: ssf.ID(k.Kind), Zone: ssf.ID(k.Zone)})
	}
	for _, f := range m.Flows {
		add(ssf.ElementInfo{ID: ssf.ID(f.ID), Sort: ssf.SortFlow, From: ssf.ID(f.From), To: ssf.ID(f.To), Over: ssf.ID(f.Over)})
	}
	return c
}

var names = []string{
	"", "", "", "db", "A name that nobody would give to anything, and yet somebody did, over and over again", "WWWWWWWWWWWWWWWWWWWWWWWWWWW",
	`<script>alert("x")</script>`, `"/><b>'&amp;`, "a\u202eb\u2066c", "متجر الكتب", "漢字漢字漢字漢字漢字漢字漢字", "👩\u200d💻 🔐", "line\nbreak\x00\x1b[31m", "]]>", "e\u0301\u0301\u0301\u0301\u0301",
}

// wildCase draws what no language would let pass as well: zones in rings and in
// zones that are not there, flows without ends or from and to the same part.
func wildCase(t *rapid.T) *ssf.Case {
	pick := func(what string, n int) int { return rapid.IntRange(0, n).Draw(t, what) }
	c := &ssf.Case{}
	zones, actors, components, flows := pick("zones", 7), pick("actors", 4), pick("components", 25), pick("flows", 70)
	nested := rapid.Bool().Draw(t, "nested")
	zone := func(must bool) ssf.ID {
		if z := pick("zone", zones); must || nested {
			return ssf.ID(fmt.Sprintf("zone-%d", z))
		}
		return ""
	}
	for i := range zones {
		c.Elements = append(c.Elements, ssf.ElementInfo{
			ID: ssf.ID(fmt.Sprintf("zone-%d", i)), Sort: ssf.SortZone, Zone: zone(false), Name: rapid.SampledFrom(names).Draw(t, "name"),
			Facts: []ssf.FactInfo{{Name: "trust", Value: rapid.SampledFrom([]ssf.Value{"", "none", "low", "high"}).Draw(t, "trust")}},
		})
	}
	kinds := []ssf.ID{"", "web_service", "database", "external_service", "a_kind_that_is_not_there"}
	for i := range actors + components {
		e := ssf.ElementInfo{ID: ssf.ID(fmt.Sprintf("part-%d", i)), Sort: ssf.SortActor, Zone: zone(true), Name: rapid.SampledFrom(names).Draw(t, "name")}
		if i >= actors {
			e.Sort, e.Kind = ssf.SortComponent, rapid.SampledFrom(kinds).Draw(t, "kind")
		}
		c.Elements = append(c.Elements, e)
	}
	few := max(1, (actors+components)/(1+pick("hubs", 3)))
	for i := range flows {
		c.Elements = append(c.Elements, ssf.ElementInfo{
			ID: ssf.ID(fmt.Sprintf("flow-%d", i)), Sort: ssf.SortFlow,
			From: ssf.ID(fmt.Sprintf("part-%d", pick("from", actors+components))), To: ssf.ID(fmt.Sprintf("part-%d", pick("to", few))),
			Over: rapid.SampledFrom([]ssf.ID{"", "https", "a_protocol_with_a_name_that_is_really_too_long_to_be_shown"}).Draw(t, "over"),
		})
	}
	for i := range c.Elements {
		for n := range pick("threats", 3) {
			c.Threats = append(c.Threats, ssf.Threat{ID: ssf.ID(fmt.Sprintf("t%d@%s", n, c.Elements[i].ID)), Element: c.Elements[i].ID, State: ssf.Open})
		}
	}
	return c
}

func TestGeometry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := collect(wildCase(t))
		for _, problem := range problems(layout(p), p) {
			t.Error(problem)
		}
	})
}

func TestGeometryOfGenerated(t *testing.T) {
	for _, o := range []gen.Options{{Components: 1}, {Components: 10}, {Components: 30}, {Components: 60, Hub: true}, {Components: 100}} {
		for seed := range uint64(4) {
			o.Seed = seed
			p := collect(caseOf(gen.Generate(o)))
			for i, problem := range problems(layout(p), p) {
				if i < 5 {
					t.Errorf("%+v: %s", o, problem)
				}
			}
		}
	}
}

// problems lists what is wrong with a picture of all elements.
func problems(g *graph, p parts) (bad []string) {
	say := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	everything(g, p, say)
	boxes(g, say)
	lines(g, say)
	apartLines(g, say)
	labels(g, say)
	return bad
}

type sayer func(format string, args ...any)

// everything: each zone, node and flow is drawn once.
func everything(g *graph, p parts, say sayer) {
	zones := map[string]int{}
	for _, z := range g.zones {
		zones[z.id]++
	}
	nodes := map[string]int{}
	for _, n := range g.nodes {
		nodes[n.id]++
	}
	for _, e := range p.zones {
		if zones[string(e.ID)] != 1 {
			say("zone %s is drawn %d times", e.ID, zones[string(e.ID)])
		}
	}
	for _, e := range p.nodes {
		if nodes[string(e.ID)] != 1 {
			say("%s is drawn %d times", e.ID, nodes[string(e.ID)])
		}
	}
	if len(nodes) != len(p.nodes) {
		say("%d nodes are drawn of %d", len(nodes), len(p.nodes))
	}
	pairs := map[[2]string]int{}
	for _, f := range p.flows {
		pairs[[2]string{string(f.From), string(f.To)}]++
	}
	for _, e := range g.edges {
		pairs[[2]string{e.from.id, e.to.id}] -= e.flows
	}
	for pair, n := range pairs {
		if n != 0 {
			say("of the flows %v, %d are not drawn", pair, n)
		}
	}
}

func boxes(g *graph, say sayer) {
	all := rect{0, 0, g.root.w + 2*margin, g.root.h + 2*margin}
	for i, n := range g.nodes {
		if !all.holds(n.box) {
			say("%s is outside of the picture", n.id)
		}
		for _, l := range n.lines {
			if width(l, nameSize)+12 > n.box.w {
				say("%q does not fit in %s", l, n.id)
			}
		}
		for _, m := range g.nodes[:i] {
			if n.box.overlaps(m.box) {
				say("%s overlaps %s", n.id, m.id)
			}
		}
		for _, z := range g.zones {
			if around(z, n.zone) {
				if !z.box.holds(n.box) {
					say("%s is outside of its zone %s", n.id, z.id)
				}
			} else if z.box.overlaps(n.box) {
				say("%s overlaps the foreign zone %s", n.id, z.id)
			}
		}
	}
	for i, z := range g.zones {
		if !all.holds(z.box) {
			say("zone %s is outside of the picture", z.id)
		}
		if !z.box.holds(z.title.box) {
			say("the title of %s is outside of it", z.id)
		}
		for _, y := range g.zones[:i] {
			switch {
			case around(z, y) && !z.box.holds(y.box), around(y, z) && !y.box.holds(z.box):
				say("of the zones %s and %s, one is outside of the other", z.id, y.id)
			case !around(z, y) && !around(y, z) && z.box.overlaps(y.box):
				say("zone %s overlaps zone %s", z.id, y.id)
			}
		}
	}
}

func around(outer, inner *zone) bool {
	for ; inner != nil; inner = inner.parent {
		if inner == outer {
			return true
		}
	}
	return false
}

func lines(g *graph, say sayer) {
	for _, e := range g.edges {
		n := len(e.points)
		if n < 2 || !touches(e.points[0], e.from.box) || !touches(e.points[n-1], e.to.box) {
			say("flow %s does not lead from %s to %s", e.id, e.from.id, e.to.id)
			continue
		}
		for i := range n - 1 {
			a, b := e.points[i], e.points[i+1]
			if a.x != b.x && a.y != b.y || a == b {
				say("flow %s is not upright or level from %v to %v", e.id, a, b)
			}
			if i == 0 || i == n-2 {
				if a.y != b.y || a.x-b.x < 12 && b.x-a.x < 12 {
					say("flow %s has no room for its head from %v to %v", e.id, a, b)
				}
			}
			for _, m := range g.nodes {
				box := m.box
				if (m == e.from && i == 0) || (m == e.to && i == n-2) {
					box = rect{box.x + 1, box.y + 1, box.w - 2, box.h - 2} // it ends at the border
				}
				if segment(a, b).overlaps(box) {
					say("flow %s passes through %s from %v to %v", e.id, m.id, a, b)
				}
			}
		}
	}
}

// apartLines: no two flows lie on each other, or so near that they seem to.
func apartLines(g *graph, say sayer) {
	const least = 3
	type part struct {
		edge *edge
		box  rect
	}
	var level, upright []part
	for _, e := range g.edges {
		for i := range len(e.points) - 1 {
			s := segment(e.points[i], e.points[i+1])
			if s.h == 0 {
				level = append(level, part{e, rect{s.x, s.y, s.w, least}})
			} else {
				upright = append(upright, part{e, rect{s.x, s.y, least, s.h}})
			}
		}
	}
	for _, ps := range [][]part{level, upright} {
		for i, a := range ps {
			for _, b := range ps[:i] {
				if a.edge != b.edge && a.box.overlaps(b.box) {
					say("flow %s at %v lies on flow %s at %v", a.edge.id, a.box, b.edge.id, b.box)
				}
			}
		}
	}
}

func labels(g *graph, say sayer) {
	type named struct {
		box  rect
		what string
		edge *edge
	}
	var ls []named
	for _, z := range g.zones {
		ls = append(ls, named{z.title.box, "the title of " + z.id, nil})
	}
	for _, e := range g.edges {
		ls = append(ls, named{e.label.box, "the label of " + e.id, e})
	}
	for i, l := range ls {
		for _, m := range ls[:i] {
			if l.box.overlaps(m.box) {
				say("%s overlaps %s", l.what, m.what)
			}
		}
		for _, n := range g.nodes {
			if l.box.overlaps(n.box) {
				say("%s overlaps %s", l.what, n.id)
			}
		}
		for _, e := range g.edges {
			for k := range len(e.points) - 1 {
				if segment(e.points[k], e.points[k+1]).overlaps(l.box) {
					say("flow %s from %v to %v crosses %s at %v", e.id, e.points[k], e.points[k+1], l.what, l.box)
				}
			}
		}
	}
}

func segment(a, b point) rect {
	return rect{min(a.x, b.x), min(a.y, b.y), max(a.x, b.x) - min(a.x, b.x), max(a.y, b.y) - min(a.y, b.y)}
}

// overlaps reports whether two boxes, or a line and a box, have a point in common.
func (r rect) overlaps(o rect) bool {
	return r.x <= o.x+o.w && o.x <= r.x+r.w && r.y <= o.y+o.h && o.y <= r.y+r.h
}

func (r rect) holds(o rect) bool {
	return r.x <= o.x && r.y <= o.y && o.x+o.w <= r.x+r.w && o.y+o.h <= r.y+r.h
}

func touches(p point, r rect) bool {
	return (p.x == r.x || p.x == r.x+r.w) && r.y < p.y && p.y < r.y+r.h
}

// TestPlaces: each part has a place of its own in its zone, each flow its own way
// between its ends, and what is too large for ways has places all the same.
func TestPlaces(t *testing.T) {
	large := caseOf(gen.Generate(gen.Options{Components: 600, Seed: 3}))
	for name, c := range map[string]*ssf.Case{"shop": shop(), "generated": caseOf(gen.Generate(gen.Options{Components: 40, Seed: 2})), "large": large} {
		p := PlacesOf(c)
		inside := func(in, out Box) bool {
			return out.X <= in.X && out.Y <= in.Y && in.X+in.W <= out.X+out.W && in.Y+in.H <= out.Y+out.H
		}
		whole := Box{0, 0, p.W, p.H}
		var boxes []ssf.ElementInfo
		flows := 0
		for _, e := range c.Elements {
			switch e.Sort {
			case ssf.SortZone:
				around := whole
				if b, ok := p.Zones[e.Zone]; ok {
					around = b
				}
				if b := p.Zones[e.ID]; b.W < 10 || b.H < 10 || !inside(b, around) {
					t.Errorf("%s: zone %s is at %v", name, e.ID, b)
				}
			case ssf.SortActor, ssf.SortComponent:
				b := p.Nodes[e.ID]
				if b.W < 10 || b.H < 10 || e.Role() == ssf.RoleProcess && min(b.W, b.H) < minNode {
					t.Errorf("%s: %s is at %v", name, e.ID, b)
				}
				for id, z := range p.Zones {
					if inside(b, z) != zoneIn(c, e.Zone, id) {
						t.Errorf("%s: %s in zone %s: drawn %v", name, e.ID, id, inside(b, z))
					}
				}
				for _, o := range boxes {
					if a := p.Nodes[o.ID]; a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
						t.Errorf("%s: %s lies on %s", name, e.ID, o.ID)
					}
				}
				boxes = append(boxes, e)
			case ssf.SortFlow:
				flows++
				r, ok := p.Flows[e.ID]
				if !ok || name != "large" && len(r.Points) < 2 {
					t.Errorf("%s: flow %s has no way: %v", name, e.ID, r)
					continue
				}
				for i, end := range []ssf.ID{e.From, e.To} {
					if len(r.Points) > 0 {
						at := r.Points[i*(len(r.Points)-1)]
						if b := p.Nodes[end]; at.X != b.X && at.X != b.X+b.W || at.Y < b.Y || at.Y > b.Y+b.H {
							t.Errorf("%s: flow %s ends at %v, and %s is at %v", name, e.ID, at, end, b)
						}
					}
				}
			}
		}
		if len(p.Flows) != flows || len(p.Nodes) != len(boxes) {
			t.Errorf("%s: %d flows and %d parts have places, of %d and %d", name, len(p.Flows), len(p.Nodes), flows, len(boxes))
		}
	}
}

// zoneIn reports whether a zone is another or lies in it.
func zoneIn(c *ssf.Case, zone, other ssf.ID) bool {
	for zone != "" {
		if zone == other {
			return true
		}
		i := slices.IndexFunc(c.Elements, func(e ssf.ElementInfo) bool { return e.ID == zone })
		zone = c.Elements[i].Zone
	}
	return false
}

// TestDeployments: a deployment that is called like a zone hides it not.
func TestDeployments(t *testing.T) {
	c := &ssf.Case{Elements: []ssf.ElementInfo{{ID: "laptop", Sort: ssf.SortDeployment}, {ID: "laptop", Sort: ssf.SortZone}, {ID: "tool", Sort: ssf.SortComponent, Zone: "laptop"}}}
	if _, ok := PlacesOf(c).Zones["laptop"]; !ok {
		t.Error("the zone has no place")
	}
}
