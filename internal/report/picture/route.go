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
		runs, n := tracks(byCol[c])
		if strip > 0 || c < len(z.cols)-1 || n > 0 {
			x += max(strip, headRoom)
		}
		for _, l := range byCol[c] {
			l.turns = nil
		}
		for _, r := range runs {
			at := x + r.strip*trackGap
			r.link.turns = append(r.link.turns, point{at, r.ya - z.ay}, point{at, r.yb - z.ay})
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
	if e.turned || e.heads {
		return headRoom + 2
	}
	return 6
}

// A run is an upright part of a link, from one height to another.
type run struct {
	link   *link
	ya, yb int
	strip  int // its place, counted from the left
	split  bool
}

func (r *run) span() (lo, hi int) { return min(r.ya, r.yb), max(r.ya, r.yb) }

// clear is how far apart two lines have to be.
const clear = 6

func near(y, x int) bool { return y-x < clear && x-y < clear }

func (r *run) meets(o *run) bool {
	a, b := r.span()
	c, d := o.span()
	return a < d+clear && c < b+clear
}

// tracks finds the upright parts of the links of a channel and gives each a
// place, so that none lie on each other and few cross; and returns how many
// places there are.
func tracks(links []*link) ([]*run, int) {
	var rs []*run
	for _, l := range links {
		if l.ya() != l.yb() || l.loops() {
			rs = append(rs, &run{link: l, ya: l.ya(), yb: l.yb()})
		}
	}
	// Flows that fall: the lowest first; then those that rise, the highest first.
	class := func(r *run) int {
		switch {
		case r.link.loops():
			return 0
		case r.ya < r.yb:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(rs, func(a, b *run) int {
		if c := cmp.Compare(class(a), class(b)); c != 0 {
			return c
		}
		if class(a) == 1 {
			return cmp.Compare(b.ya, a.ya)
		}
		return cmp.Compare(a.ya, b.ya)
	})
	rs = sortRuns(rs, links)
	n := 0
	for i, r := range rs {
		for _, o := range rs[:i] {
			if r.meets(o) {
				r.strip = max(r.strip, o.strip+1)
			}
		}
		n = max(n, r.strip+1)
	}
	return rs, n
}

// sortRuns moves a run before those that arrive at the height where it starts,
// so that the two do not lie on each other. Where runs ask for this in a ring,
// one is split in two with a level part at a free height between.
func sortRuns(rs []*run, links []*link) []*run {
	byEnd := slices.Clone(rs)
	slices.SortStableFunc(byEnd, func(a, b *run) int { return cmp.Compare(a.yb, b.yb) })
	wait := map[*run][]*run{} // for these to come first
	for _, a := range rs {
		starts := []int{a.ya}
		if a.link.loops() {
			starts = append(starts, a.yb)
		}
		for _, y := range starts {
			i, _ := slices.BinarySearchFunc(byEnd, y-clear+1, func(r *run, y int) int { return cmp.Compare(r.yb, y) })
			for ; i < len(byEnd) && near(byEnd[i].yb, y); i++ {
				if b := byEnd[i]; a != b && !b.link.loops() {
					wait[b] = append(wait[b], a)
				}
			}
		}
	}
	out := make([]*run, 0, len(rs))
	done := map[*run]bool{}
	waits := func(r *run) bool {
		return slices.ContainsFunc(wait[r], func(a *run) bool { return !done[a] && !a.split })
	}
	var mids []int
	for left := rs; len(left) > 0; {
		if k := slices.IndexFunc(left, func(r *run) bool { return !waits(r) }); k >= 0 {
			out = append(out, left[k])
			done[left[k]] = true
			left = slices.Concat(left[:k], left[k+1:])
			continue
		}
		r := left[0]
		for seen := map[*run]bool{}; !seen[r]; {
			seen[r] = true
			r = wait[r][slices.IndexFunc(wait[r], func(a *run) bool { return !done[a] && !a.split })]
		}
		mid := free(r, links, mids)
		mids = append(mids, mid)
		out = append(out, &run{link: r.link, ya: r.ya, yb: mid})
		r.ya, r.split = mid, true
	}
	return out
}

// free is a height where no link of the channel begins or ends, as near as may
// be to the middle of a run.
func free(r *run, links []*link, mids []int) int {
	taken := slices.Clone(mids)
	for _, l := range links {
		taken = append(taken, l.ya(), l.yb())
	}
	slices.Sort(taken)
	for d := 0; ; d++ {
		for _, y := range []int{(r.ya+r.yb)/2 + d, (r.ya+r.yb)/2 - d} {
			if i, _ := slices.BinarySearch(taken, y-clear+1); i == len(taken) || !near(taken[i], y) {
				return y
			}
		}
	}
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
		for _, p := range k.turns {
			ps = append(ps, point{k.in.ax + p.x, k.in.ay + p.y})
		}
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
