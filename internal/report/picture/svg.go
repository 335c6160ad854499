package picture

import (
	"fmt"
	"strconv"
	"strings"

	"ssf"
)

// SVG draws the system of a case, as a picture that stands by itself or inside
// an HTML page. Colours are the custom properties of .pic, so that a page can
// set them; each class begins with pic.
func SVG(c *ssf.Case) string {
	p := collect(c)
	g := layout(p)
	w := writer{}
	w.picture(g, c, len(p.nodes))
	return w.String()
}

// layout finds what to draw and where.
func layout(p parts) *graph {
	if len(p.nodes)+len(p.zones) <= maxNodes && len(p.flows) <= maxFlows {
		if g := build(p); g.layer() {
			return g.finish()
		}
	}
	if g := overview(p, manyGroups); len(g.edges) <= maxFlows && g.layer() {
		return g.finish()
	}
	g := overview(p, maxGroups)
	g.layer()
	return g.finish()
}

// finish finds the places, once each item has its column.
func (g *graph) finish() *graph {
	g.sight()
	g.place()
	g.route()
	return g
}

func digits(n int) string { return strconv.Itoa(n) }

// style is light, and dark where the reader asks for that.
const style = `.pic{--pic-ink:#1f2733;--pic-soft:#5a6675;--pic-paper:#fff;--pic-zone:#f3f5f8;--pic-edge:#9aa5b3;--pic-node:#fff;--pic-line:#44566c;--pic-open:#b3261e;--pic-on-open:#fff;font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
@media (prefers-color-scheme:dark){.pic{--pic-ink:#e6eaf0;--pic-soft:#a3afbd;--pic-paper:#12161c;--pic-zone:#1a2029;--pic-edge:#5d6a7a;--pic-node:#232b36;--pic-line:#a9b8ca;--pic-open:#f2b8b5;--pic-on-open:#3b0c09}}
.pic-paper{fill:var(--pic-paper)}
.pic-zone{fill:var(--pic-zone);fill-opacity:.75;stroke:var(--pic-edge);stroke-width:1.2;stroke-dasharray:6 4}
.pic-title{fill:var(--pic-soft);font-size:13px;font-weight:600}
.pic-node{fill:var(--pic-node);stroke:var(--pic-line);stroke-width:1.4}
.pic-thin{fill:none;stroke:var(--pic-line);stroke-width:1}
.pic-name{fill:var(--pic-ink);font-size:13px;text-anchor:middle}
.pic-kind{fill:var(--pic-soft);font-size:11px;text-anchor:middle}
.pic-flow{fill:none;stroke:var(--pic-line);stroke-width:1.3;stroke-linejoin:round}
.pic-head{fill:var(--pic-line)}
.pic-over{fill:var(--pic-ink);font-size:11px}
.pic-note{fill:var(--pic-soft);font-size:11px}
.pic-mark{fill:var(--pic-open)}
.pic-count{fill:var(--pic-open);font-size:11px;font-weight:600}
.pic-link:hover .pic-flow{stroke-width:2.6}`

type writer struct{ strings.Builder }

func (w *writer) put(format string, args ...any) { fmt.Fprintf(w, format, args...) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

// esc makes a text safe in XML and HTML, as text and between quotes.
func esc(s string) string { return escaper.Replace(clean(s)) }

// tip is esc for a tooltip, which may have lines and has a bounded length.
func tip(s string) string {
	const most = 600
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = esc(lines[i])
	}
	return strings.Join(lines, "\n")
}

func (w *writer) picture(g *graph, c *ssf.Case, elements int) {
	width, height := g.root.w+2*margin, g.root.h+2*margin
	var legend writer
	width, height = legend.legend(g, width, height)
	name := "Data flows"
	if c.System.Name != "" {
		name += " of " + c.System.Name
	}
	w.put(`<svg xmlns="http://www.w3.org/2000/svg" class="pic" role="img" aria-label="%s" width="%d" height="%d" viewBox="0 0 %d %d">`+"\n",
		tip(name), width, height, width, height)
	w.put("<title>%s</title>\n<desc>%s</desc>\n<style>%s</style>\n", tip(name), esc(g.describe(elements)), style)
	w.put(`<rect class="pic-paper" width="%d" height="%d"/>`+"\n", width, height)
	for _, z := range g.zones {
		w.zone(z)
	}
	for _, e := range g.edges {
		w.edge(e)
	}
	for _, n := range g.nodes {
		w.node(n)
	}
	w.WriteString(legend.String())
	w.put("</svg>\n")
}

// describe says in words what the picture shows.
func (g *graph) describe(elements int) string {
	flows, open := 0, 0
	for _, e := range g.edges {
		flows += e.flows
		open += e.open
	}
	for _, n := range g.nodes {
		open += n.open
	}
	for _, z := range g.zones {
		open += z.open
	}
	s := fmt.Sprintf("%s in %s, %s, %s at them.", count(elements, "actor or component"), count(len(g.zones), "zone"), count(flows, "flow"), count(open, "open threat"))
	s = strings.Replace(s, "actor or components", "actors and components", 1)
	if g.note != "" {
		s = g.note + " " + s
	}
	return s
}

func (w *writer) zone(z *zone) {
	b := z.box
	w.put(`<g class="pic-area"><title>%s</title><rect class="pic-zone" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, tip(z.full), b.x, b.y, b.w, b.h)
	t := z.title.box
	x := w.mark(z.open, t.x, t.y+13)
	w.put(`<text class="pic-title" x="%d" y="%d">%s</text></g>`+"\n", x, t.y+13, esc(z.title.text))
}

// mark writes a triangle and a number, if there is one, and returns where the
// text behind it begins.
func (w *writer) mark(open, x, y int) int {
	if open == 0 {
		return x
	}
	w.put(`<path class="pic-mark" d="M%d %dl5 -9l5 9z"/><text class="pic-count" x="%d" y="%d">%d</text>`, x, y, x+badgeW-2, y, open)
	return x + badgeW + width(digits(open), labelSize) + 3
}

func (w *writer) node(n *node) {
	b := n.box
	w.put(`<g class="pic-part"><title>%s</title>`, tip(n.full))
	w.shape(n.role, b)
	lines := 16 * len(n.lines)
	if n.kind != "" {
		lines += 14
	}
	y := b.y + (b.h-lines)/2 + 12
	if n.open > 0 {
		y += 3
	}
	for _, l := range n.lines {
		w.put(`<text class="pic-name" x="%d" y="%d">%s</text>`, b.x+b.w/2, y, esc(l))
		y += 16
	}
	if n.kind != "" {
		w.put(`<text class="pic-kind" x="%d" y="%d">%s</text>`, b.x+b.w/2, y-1, esc(fit(clean(n.kind), smallSize, b.w-24)))
	}
	w.mark(n.open, b.x+b.w-badgeW-width(digits(n.open), smallSize)-3, b.y+12)
	w.put("</g>\n")
}

// shape draws an actor with a double frame, a process with round corners, a
// store open at its right side, what is made by others with sharp corners.
func (w *writer) shape(s ssf.Role, b rect) {
	switch s {
	case ssf.RoleActor:
		w.put(`<rect class="pic-node" x="%d" y="%d" width="%d" height="%d"/><rect class="pic-thin" x="%d" y="%d" width="%d" height="%d"/>`,
			b.x, b.y, b.w, b.h, b.x+3, b.y+3, b.w-6, b.h-6)
	case ssf.RoleStore:
		w.put(`<rect class="pic-node" x="%d" y="%d" width="%d" height="%d" style="stroke:none"/><path class="pic-thin" style="stroke-width:1.4" d="M%d %dh%dv%dh%dM%d %dv%d"/>`,
			b.x, b.y, b.w, b.h, b.x+b.w, b.y, -b.w, b.h, b.w, b.x+8, b.y, b.h)
	case ssf.RoleExternal:
		w.put(`<rect class="pic-node" x="%d" y="%d" width="%d" height="%d"/>`, b.x, b.y, b.w, b.h)
	default:
		w.put(`<rect class="pic-node" x="%d" y="%d" width="%d" height="%d" rx="14"/>`, b.x, b.y, b.w, b.h)
	}
}

func (w *writer) edge(e *edge) {
	w.put(`<g class="pic-link"><title>%s</title><path class="pic-flow" d="`, tip(e.full))
	last := e.points[len(e.points)-1]
	for i, p := range e.points {
		switch {
		case i == 0:
			w.put("M%d %d", p.x, p.y)
		case p.x == e.points[i-1].x:
			w.put("V%d", p.y)
		default:
			w.put("H%d", p.x)
		}
	}
	d := 9 // the head points right
	if e.points[len(e.points)-2].x > last.x {
		d = -9
	}
	w.put(`"/><path class="pic-head" d="M%d %dl%d -4v8z"/>`, last.x, last.y, -d)
	b := e.label.box
	x := w.mark(e.open, b.x, b.y+10)
	w.put(`<text class="pic-over" x="%d" y="%d">%s</text></g>`+"\n", x, b.y+10, esc(e.label.text))
}

// legend writes the note and what the shapes mean below a picture, and returns
// the size of both.
func (w *writer) legend(g *graph, wide, high int) (int, int) {
	x, y := margin, high+4
	text := func(s string) {
		w.put(`<text class="pic-note" x="%d" y="%d">%s</text>`+"\n", x, y+11, s)
		x += width(s, smallSize) + 22
	}
	room := func(n int) {
		if x > margin && x+n > wide-margin {
			x, y = margin, y+22
		}
	}
	most := wide
	if g.note != "" {
		text(g.note)
		most = max(most, x)
		x, y = margin, y+22
	}
	for _, k := range []struct {
		s    ssf.Role
		says string
	}{{ssf.RoleActor, "actor"}, {ssf.RoleProcess, "process"}, {ssf.RoleStore, "store"}, {ssf.RoleExternal, "made by others"}, {summary, "all in a zone"}} {
		used := false
		for _, n := range g.nodes {
			used = used || n.role == k.s
		}
		if used {
			room(34 + width(k.says, smallSize))
			w.shape(k.s, rect{x, y, 28, 15})
			x += 34
			text(k.says)
			most = max(most, x)
		}
	}
	if len(g.edges) > 0 {
		const says = "flow, from whoever starts it"
		room(34 + width(says, smallSize))
		w.put(`<path class="pic-flow" d="M%d %dh26"/><path class="pic-head" d="M%d %dl-9 -4v8z"/>`, x, y+8, x+28, y+8)
		x += 34
		text(says)
		most = max(most, x)
	}
	const says = "open threats"
	room(34 + width(says, smallSize))
	x = w.mark(1, x, y+12)
	text(says)
	return max(most, x), y + 24
}
