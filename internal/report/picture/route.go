package picture

import (
	"cmp"
	"slices"
)

const (
	trackGap  = 9  // between upright parts of flows
	headRoom  = 14 // for the head of an arrow
	labelSize = smallSize
	labelH    = 13
	labelMost = 120
	badgeW    = 14 // of a mark, beside its number
	margin    = 12 // around the whole
)

// route finds the upright parts of all flows and with them the widths; then
// everything gets its place in the picture.
func (g *graph) route() {
	for _, e := range g.edges {
		e.label = label{text: fit(clean(e.name), labelSize, labelMost), open: e.open}
	}
	for _, z := range slices.Backward(append([]*zone{g.root}, g.zones...)) {
		z.widen()
	}
	g.root.put(margin, margin)
	for _, e := range g.edges {
		e.draw()
	}
}

func (l label) width(size int) int {
	w := width(l.text, size)
	if l.open > 0 {
		w += badgeW + width(digits(l.open), size) + 3
	}
	return w
}

// widen places the columns of z from left to right, and between them room for
// the labels of flows that begin there and for their upright parts.
func (z *zone) widen() {
	byCol := make([][]*link, len(z.cols))
	for _, l := range z.links {
		byCol[l.col] = append(byCol[l.col], l)
	}
	x := padX
	if z.parent == nil {
		x = 0
	}
	for c, col := range z.cols {
		wide, nodes := 0, 0
		for _, it := range col {
			if it.sub != nil {
				wide = max(wide, it.w)
			} else if it.node != nil {
				nodes = max(nodes, it.w)
			}
		}
		wide = max(wide, nodes)
		strip := 0
		for _, it := range col {
			it.x = x
			if it.node == nil {
				continue
			}
			it.w = nodes
			it.x = x + (wide-nodes)/2
			for _, r := range it.r {
				if r.right {
					e := r.link.edge
					strip = max(strip, it.x+it.w+e.labelLeft()+e.label.width(labelSize)+6-x-wide)
				}
			}
		}
		x += wide
		n := tracks(byCol[c])
		if strip > 0 || c < len(z.cols)-1 || n > 0 {
			x += max(strip, headRoom)
		}
		for _, l := range byCol[c] {
			l.x = x + l.strip*trackGap
		}
		if n > 0 {
			x += (n - 1) * trackGap
		}
		if c < len(z.cols)-1 {
			x += headRoom + 4
		}
	}
	z.w = x
	if z.item != nil {
		z.w = max(x, emptyW) + padX
		z.title = label{text: fit(clean(z.name), nameSize, max(170, z.w-60)), open: z.open}
		z.item.w = max(z.w, z.title.width(nameSize)+28)
	}
}

// labelLeft is how far the label of an edge is from the node at its left end.
func (e *edge) labelLeft() int {
	if e.turned {
		return headRoom + 2
	}
	return 6
}

// tracks gives each link of a channel that changes its height a place among the
// upright parts, counted from the left, so that none lie on each other and few
// cross; and returns how many places there are.
func tracks(links []*link) int {
	var ls []*link
	for _, l := range links {
		if l.ya() != l.yb() || l.loops() {
			ls = append(ls, l)
		}
	}
	// Flows that fall: the lowest first; then those that rise, the highest first.
	class := func(l *link) int {
		switch {
		case l.loops():
			return 0
		case l.ya() < l.yb():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(ls, func(a, b *link) int {
		if c := cmp.Compare(class(a), class(b)); c != 0 {
			return c
		}
		if class(a) == 1 {
			return cmp.Compare(b.ya(), a.ya())
		}
		return cmp.Compare(a.ya(), b.ya())
	})
	ls = ends(ls)
	n := 0
	for i, l := range ls {
		l.strip = 0
		for _, m := range ls[:i] {
			if l.meets(m) {
				l.strip = max(l.strip, m.strip+1)
			}
		}
		n = max(n, l.strip+1)
	}
	return n
}

// clear is how far apart two lines have to be.
const clear = 6

func (l *link) span() (lo, hi int) { return min(l.ya(), l.yb()), max(l.ya(), l.yb()) }

func (l *link) meets(m *link) bool {
	a, b := l.span()
	c, d := m.span()
	return a < d+clear && c < b+clear
}

// ends moves a link before those that arrive at the height where it starts, so
// that the two do not lie on each other. Of links that ask for this in a ring,
// the first stays first.
func ends(ls []*link) []*link {
	before := func(a, b *link) bool { // a has to end left of b
		near := func(y, x int) bool { return y-x < clear && x-y < clear }
		return a != b && !b.loops() && (near(a.ya(), b.yb()) || a.loops() && near(a.yb(), b.yb()))
	}
	byY := slices.Clone(ls) // by where they arrive
	slices.SortStableFunc(byY, func(a, b *link) int { return cmp.Compare(a.yb(), b.yb()) })
	wait := map[*link]int{}
	frees := map[*link][]*link{}
	for _, a := range ls {
		for _, y := range []int{a.ya(), a.yb()} {
			if y == a.yb() && !a.loops() {
				continue
			}
			i, _ := slices.BinarySearchFunc(byY, y-clear+1, func(l *link, y int) int { return cmp.Compare(l.yb(), y) })
			for ; i < len(byY) && byY[i].yb() < y+clear; i++ {
				if b := byY[i]; before(a, b) {
					wait[b]++
					frees[a] = append(frees[a], b)
				}
			}
		}
	}
	out := make([]*link, 0, len(ls))
	done := map[*link]bool{}
	for len(out) < len(ls) {
		k := slices.IndexFunc(ls, func(l *link) bool { return !done[l] && wait[l] <= 0 })
		if k < 0 {
			k = slices.IndexFunc(ls, func(l *link) bool { return !done[l] })
		}
		done[ls[k]] = true
		out = append(out, ls[k])
		for _, b := range frees[ls[k]] {
			wait[b]--
		}
	}
	return out
}

// put moves the contents of z to their place in the picture.
func (z *zone) put(ax, ay int) {
	z.ax, z.ay = ax, ay
	for _, col := range z.cols {
		for _, it := range col {
			it.ay = ay + it.y
			box := rect{ax + it.x, it.ay, it.w, it.h}
			switch {
			case it.node != nil:
				it.node.box = box
			case it.sub != nil:
				s := it.sub
				s.box = box
				s.title.box = rect{box.x + 12, box.y + 7, s.title.width(nameSize), 16}
				s.put(box.x, box.y+header)
			}
		}
	}
}

// draw makes the line of an edge and places its label: over the line, where it
// leaves the node at its left end.
func (e *edge) draw() {
	l, r := e.left().box, e.right().box
	first, last := e.links[0], e.links[len(e.links)-1]
	ps := []point{{l.x + l.w, first.ya()}}
	for _, k := range e.links {
		x := k.in.ax + k.x
		ps = append(ps, point{x, k.ya()}, point{x, k.yb()})
	}
	if e.from == e.to {
		ps = append(ps, point{l.x + l.w, last.yb()})
	} else {
		ps = append(ps, point{r.x, last.yb()})
	}
	e.label.box = rect{l.x + l.w + e.labelLeft(), first.ya() - 2 - labelH, e.label.width(labelSize), labelH}
	e.points = straighten(ps)
	if e.turned {
		slices.Reverse(e.points)
	}
}

// straighten leaves out points at which a line does not turn.
func straighten(ps []point) []point {
	var out []point
	for _, p := range ps {
		if n := len(out); n > 0 && out[n-1] == p {
			continue
		}
		if n := len(out); n > 1 && (out[n-2].x == out[n-1].x && out[n-1].x == p.x || out[n-2].y == out[n-1].y && out[n-1].y == p.y) {
			out = out[:n-1]
		}
		out = append(out, p)
	}
	return out
}
