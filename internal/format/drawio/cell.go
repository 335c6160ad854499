package drawio

import (
	"cmp"
	"math"
	"regexp"
	"strings"

	"ssf/internal/format"
)

// A cell is a shape, a line or a layer.
type cell struct {
	node   *format.Node
	id     string
	parent *cell
	kids   []*cell
	style  map[string]string // a name without a value has the value ""
	label  string            // as people see it
	props  []property        // of its own, beside its look

	edge, vertex bool
	hidden       bool
	source       *cell // of an edge
	target       *cell
	sourceID     string
	targetID     string
	attached     bool // an edge begins or ends here

	box      format.Box // on the page
	from, to *format.Point
	points   []format.Point
	placed   bool // box and points are those on the page

	role   role
	looked string   // what it looks like, for people
	text   []string // of texts that belong to it
}

// A property is one that somebody gave to a shape.
type property struct{ name, value string }

// readCell makes a cell of an entry: an mxCell, or anything around one that has
// properties.
func readCell(n *format.Node) *cell {
	c := &cell{node: n}
	body, label := n, "@value"
	if n.Key != "mxCell" {
		body, label = n.At("mxCell"), "@label"
		if body == nil {
			return nil
		}
		for _, a := range n.Entries() {
			switch {
			case a.Key == "@id", a.Key == "@label", a.Key == "@placeholders", a.Key == "@tags", !strings.HasPrefix(a.Key, "@"), a.Text() == "":
			default:
				c.props = append(c.props, property{a.Key[1:], a.Text()})
			}
		}
	}
	c.id = cmp.Or(n.Text("@id"), body.Text("@id"))
	c.style = styleOf(body.Text("@style"))
	c.label = n.Text(label)
	if n.Text("@placeholders") == "1" {
		c.label = c.fill(c.label)
	}
	if c.style["html"] == "1" {
		c.label = format.Plain(c.label)
	}
	c.edge, c.vertex = body.Text("@edge") == "1", body.Text("@vertex") == "1"
	c.hidden = body.Text("@visible") == "0" || n.Text("@visible") == "0"
	c.sourceID, c.targetID = body.Text("@source"), body.Text("@target")
	c.shape(body.At("mxGeometry"))
	return c
}

var placeholder = regexp.MustCompile(`%[^%\s<>]{1,60}%`)

// fill puts properties into the places of a label that are meant for them.
func (c *cell) fill(label string) string {
	return placeholder.ReplaceAllStringFunc(label, func(s string) string {
		for _, p := range c.props {
			if p.name == s[1:len(s)-1] {
				return p.value
			}
		}
		return s
	})
}

// styleOf reads `name;key=value;...`.
func styleOf(s string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		if key, value, _ := strings.Cut(part, "="); key != "" {
			out[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return out
}

// is reports whether a style has one of some names.
func (c *cell) is(names ...string) bool {
	for _, n := range names {
		if v, ok := c.style[n]; ok && v == "" {
			return true
		}
	}
	return false
}

// looks is the shape of the style, as `ellipse` or `mxgraph.aws4.lambda`.
func (c *cell) looks() string {
	if s := c.style["shape"]; s != "" {
		return s
	}
	for _, s := range []string{"ellipse", "swimlane", "text", "line", "image", "icon", "rhombus", "triangle", "hexagon", "cloud", "cylinder", "actor", "label", "group", "doubleEllipse"} {
		if c.is(s) {
			return s
		}
	}
	return ""
}

// shape reads where a cell is.
func (c *cell) shape(g *format.Node) {
	f := func(n *format.Node, key string) float64 { v, _ := n.Number(key); return v }
	c.box = format.Box{X: f(g, "@x"), Y: f(g, "@y"), W: math.Abs(f(g, "@width")), H: math.Abs(f(g, "@height"))}
	if g.Text("@relative") == "1" && !c.edge {
		c.style["relative"] = "1"
	}
	for _, p := range g.All("mxPoint") {
		at := &format.Point{X: f(p, "@x"), Y: f(p, "@y")}
		switch p.Text("@as") {
		case "sourcePoint":
			c.from = at
		case "targetPoint":
			c.to = at
		}
	}
	for _, a := range g.All("Array") {
		if a.Text("@as") != "points" {
			continue
		}
		for _, p := range a.All("mxPoint") {
			if len(c.points) < maxPoints {
				c.points = append(c.points, format.Point{X: f(p, "@x"), Y: f(p, "@y")})
			}
		}
	}
}

// place moves a cell, which is drawn from the corner of the shape around it, to
// its place on the page.
func (c *cell) place(depth int) {
	if c.placed {
		return
	}
	c.placed = true
	p := c.parent
	if p == nil || !p.vertex || depth > maxDepth {
		return
	}
	p.place(depth + 1)
	x, y := p.box.X, p.box.Y
	if c.style["relative"] == "1" {
		c.box.X, c.box.Y = c.box.X*p.box.W, c.box.Y*p.box.H
	}
	c.box.X, c.box.Y = c.box.X+x, c.box.Y+y
	for _, at := range []*format.Point{c.from, c.to} {
		if at != nil {
			at.X, at.Y = at.X+x, at.Y+y
		}
	}
	for i := range c.points {
		c.points[i].X, c.points[i].Y = c.points[i].X+x, c.points[i].Y+y
	}
}

// maxDepth is how many shapes around each other are looked at.
const maxDepth = 100

// within reports whether a cell lies below another of a kind.
func (c *cell) within(fits func(*cell) bool) bool {
	p := c.parent
	for range maxDepth {
		if p == nil {
			return false
		}
		if fits(p) {
			return true
		}
		p = p.parent
	}
	return false
}

// line is the way of a boundary that is drawn as a line, be it an edge or a
// narrow shape.
func (c *cell) line() (out []format.Point) {
	if c.edge {
		if c.from != nil {
			out = append(out, *c.from)
		}
		out = append(out, c.points...)
		if c.to != nil {
			out = append(out, *c.to)
		}
		return out
	}
	b, m := c.box, c.box.Centre()
	if b.W > b.H {
		out = []format.Point{{X: b.X, Y: m.Y}, {X: b.X + b.W, Y: m.Y}}
	} else {
		out = []format.Point{{X: m.X, Y: b.Y}, {X: m.X, Y: b.Y + b.H}}
	}
	var cos, sin float64 = 1, 0
	switch c.style["rotation"] {
	case "90", "-90", "270":
		cos, sin = 0, 1
	case "45", "225", "-135":
		cos, sin = math.Sqrt2/2, math.Sqrt2/2
	case "-45", "135", "315":
		cos, sin = math.Sqrt2/2, -math.Sqrt2/2
	}
	for i, p := range out {
		x, y := p.X-m.X, p.Y-m.Y
		out[i] = format.Point{X: m.X + x*cos - y*sin, Y: m.Y + x*sin + y*cos}
	}
	return out
}

// words are what the name of a picture says, as `sql database` of
// `img/lib/azure2/databases/SQL_Database.svg`.
func (c *cell) words() string {
	s := c.looks()
	for _, key := range []string{"resIcon", "prIcon", "grIcon", "image"} {
		s = cmp.Or(c.style[key], s)
	}
	if strings.HasPrefix(s, "data:") || len(s) > 300 {
		return ""
	}
	if i := strings.LastIndexAny(s, "/"); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, ".svg"), ".png")
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		s = s[i+1:]
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '+' {
			return ' '
		}
		return r
	}, s))
}
