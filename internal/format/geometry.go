package format

import (
	"fmt"
	"math"
	"slices"

	"ssf"
)

// This file finds zones in drawings whose boundaries are shapes and lines.

// A Point is a place in a drawing.
type Point struct{ X, Y float64 }

// A Box is a rectangle in a drawing.
type Box struct{ X, Y, W, H float64 }

// Centre is the middle of the box.
func (b Box) Centre() Point { return Point{b.X + b.W/2, b.Y + b.H/2} }

// Area is its area.
func (b Box) Area() float64 { return b.W * b.H }

func (b Box) holds(p Point) bool {
	return b.X <= p.X && p.X <= b.X+b.W && b.Y <= p.Y && p.Y <= b.Y+b.H
}

// A Drawing is one diagram whose zones are told by where things are.
type Drawing struct {
	Node  *Node // for what is said about it
	Boxes []Boundary
	Lines []Line
	Parts []Part
	Flows []Path
}

type (
	// A Boundary is a box that is the edge of a zone.
	Boundary struct {
		Box
		Zone *Element
	}
	// A Line is a boundary that is drawn as a line.
	Line struct {
		Points []Point
		Name   string
		Node   *Node
	}
	// A Part is a component or actor with its box.
	Part struct {
		Box
		Element *Element
	}
	// A Path is a flow with the points by which it is drawn between its ends.
	Path struct {
		Via     []Point
		Element *Element
	}
)

// Zone gives the parts of a drawing the zones in which they lie: the smallest
// box around their middle. Where boundaries are lines, what flows join without
// crossing a line is one zone, and what they separate are several, which have no
// name of their own.
func (g *Drawing) Zone(d *Draft) {
	if g.work() > maxWork {
		d.Report.Drop(g.Node, "it has too many boundaries and parts to find out what lies where, so what its boundaries say of zones is left out")
		return
	}
	for i := range g.Boxes {
		b := &g.Boxes[i]
		if z := g.around(b.Centre(), b.Area(), b.Zone); z != nil {
			b.Zone.Zone = z.Key
		}
	}
	for _, p := range g.Parts {
		if z := g.around(p.Centre(), math.Inf(1), nil); z != nil && p.Element.Zone == "" {
			p.Element.Zone = z.Key
		}
	}
	if len(g.Lines) > 0 {
		g.separate(d)
	}
}

// maxWork bounds the comparisons that one drawing costs. What people draw needs
// thousands.
const maxWork = 20_000_000

// work is how many comparisons the drawing costs at most.
func (g *Drawing) work() int {
	way, lines := 0, 0
	for _, f := range g.Flows {
		way += len(f.Via) + 1
	}
	for _, l := range g.Lines {
		lines += len(l.Points) + 1
	}
	return len(g.Boxes)*(len(g.Boxes)+len(g.Parts)) + way*lines
}

// around is the smallest zone that holds a point and is larger than an area.
func (g *Drawing) around(p Point, area float64, not *Element) *Element {
	best := -1
	for i, b := range g.Boxes {
		if b.Zone == not || !b.holds(p) || not != nil && b.Area() <= area {
			continue
		}
		if best < 0 || b.Area() < g.Boxes[best].Area() {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return g.Boxes[best].Zone
}

// separate makes zones of what lines hold apart.
func (g *Drawing) separate(d *Draft) {
	at := map[string]int{}
	group := make([]int, len(g.Parts))
	for i, p := range g.Parts {
		at[p.Element.Key], group[i] = i, i
	}
	find := func(i int) int {
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	crossed := map[*Element]*Line{}
	touched := map[int]bool{}
	for _, f := range g.Flows {
		from, ok1 := at[f.Element.From]
		to, ok2 := at[f.Element.To]
		if !ok1 || !ok2 {
			continue
		}
		points := slices.Concat([]Point{g.Parts[from].Centre()}, f.Via, []Point{g.Parts[to].Centre()})
		for i := range g.Lines {
			if cross(points, g.Lines[i].Points)%2 == 1 {
				crossed[f.Element] = &g.Lines[i]
			}
		}
		if crossed[f.Element] == nil {
			a, b := find(from), find(to)
			group[max(a, b)] = min(a, b)
		} else {
			touched[from], touched[to] = true, true
		}
	}
	apart := map[int]bool{} // groups that a line separates from another
	for _, f := range g.Flows {
		if crossed[f.Element] == nil {
			continue
		}
		from, to := find(at[f.Element.From]), find(at[f.Element.To])
		if from == to {
			d.Report.Drop(crossed[f.Element].Node, "a boundary is drawn across flow %s, whose ends other flows join without crossing it", Clip(f.Element.Name))
			continue
		}
		apart[from], apart[to] = true, true
	}
	zones := map[int]*Element{}
	for i, p := range g.Parts {
		root := find(i)
		if !apart[root] || p.Element.Zone != "" {
			continue
		}
		if zones[root] == nil {
			name := "Zone of " + p.Element.Name
			zones[root] = d.Add(&Element{Node: p.Element.Node, Key: fmt.Sprintf("%s zone", p.Element.Key), Sort: ssf.SortZone, Name: name, Ours: true})
			d.Report.Guess(p.Element.Node, "%s is taken to be a zone by itself, because boundaries are drawn across the flows around it", Clip(name))
		}
		p.Element.Zone = zones[root].Key
	}
}

// cross is how often two lines cross.
func cross(a, b []Point) (n int) {
	for i := 0; i+1 < len(a); i++ {
		for j := 0; j+1 < len(b); j++ {
			if meets(a[i], a[i+1], b[j], b[j+1]) {
				n++
			}
		}
	}
	return n
}

// meets reports whether two lines cross. A point on a line counts as one side of
// it, so that a way through a bend of a line crosses it once.
func meets(a, b, c, d Point) bool {
	left := func(p, q, r Point) bool { return (q.X-p.X)*(r.Y-p.Y)-(q.Y-p.Y)*(r.X-p.X) >= 0 }
	return left(a, b, c) != left(a, b, d) && left(c, d, a) != left(c, d, b)
}
