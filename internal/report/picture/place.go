package picture

import (
	"cmp"
	"slices"

	"ssf"
)

// Distances in pixels.
const (
	nodeGap  = 26 // between boxes of one column
	bendGap  = 14 // between a box and a flow that passes
	laneGap  = 10 // between flows that pass
	portGap  = 18 // between flows at the right side of a box: room for a label
	portTop  = 18 // above the first of them
	entryGap = 12 // between flows at the left side
	portEnd  = 6  // below the last, and above the first at the left
	header   = 30 // of a zone, for its title
	padX     = 16 // in a zone, left and right
	padY     = 16 // and below
	nodeText = 128
	minNode  = 84
	emptyW   = 60
	emptyH   = 10
)

// place finds the order in the columns and the heights of everything. Each
// round knows from the one before where the ends outside of a zone are.
func (g *graph) place() {
	rounds, sweeps := 4, 8
	if g.bends > 2000 {
		rounds, sweeps = 2, 5
	}
	for _, n := range g.nodes {
		n.measure()
		if it := n.item; g.square && (n.role == ssf.RoleProcess || n.role == ssf.RoleExternal) {
			it.w = max(it.w, it.h)
			it.h = it.w
		}
	}
	all := append([]*zone{g.root}, g.zones...)
	g.stack(all)
	for range rounds {
		for _, n := range g.nodes {
			n.item.center()
		}
		for _, z := range all {
			z.arrange(sweeps)
			z.settle(z.ay)
		}
		for _, z := range slices.Backward(all) {
			z.level()
		}
		g.root.settle(0)
	}
	g.smooth()
}

// stack puts everything one below the other, for a start.
func (g *graph) stack(all []*zone) {
	for _, z := range slices.Backward(all) {
		for _, col := range z.cols {
			y := 0
			for _, it := range col {
				it.y = y
				y += it.h + nodeGap
			}
		}
		z.close()
	}
	g.root.settle(0)
}

// measure gives a node its size.
func (n *node) measure() {
	if n.role != summary {
		n.lines = wrap(clean(n.name), nameSize, nodeText)
	}
	w := max(minNode, min(nodeText, width(clean(n.kind), smallSize))+26)
	for _, l := range n.lines {
		w = max(w, width(l, nameSize)+26)
	}
	h := 22 + 16*len(n.lines)
	if n.kind != "" {
		h += 14
	}
	if n.open > 0 {
		h += 6
	}
	if k := len(n.item.r); k > 0 {
		h = max(h, portTop+portEnd+(k-1)*portGap)
	}
	if k := len(n.item.l); k > 0 {
		h = max(h, 2*portEnd+(k-1)*entryGap)
	}
	n.item.w, n.item.h = w, h
}

// center lets all flows of a node end in its middle, until level finds better.
func (it *item) center() {
	for _, r := range it.r {
		r.link.pa = it.h / 2
	}
	for _, r := range it.l {
		r.link.pb = it.h / 2
	}
}

// close ends the heights of z: its contents begin at 0.
func (z *zone) close() {
	top, bottom := 0, emptyH
	for i, it := range z.items {
		top = min(top, it.y)
		if i == 0 {
			top = it.y
		}
	}
	for _, col := range z.cols {
		for _, it := range col {
			if it.edge != nil {
				top = min(top, it.y-laneGap)
			}
		}
	}
	for _, col := range z.cols {
		for _, it := range col {
			it.y -= top
			bottom = max(bottom, it.y+it.h)
			if it.edge != nil {
				bottom = max(bottom, it.y+laneGap)
			}
		}
	}
	z.h = bottom
	if z.item != nil {
		z.item.h = header + bottom + padY
	}
}

// settle tells everything in z where it is, from where the contents of z begin.
func (z *zone) settle(ay int) {
	z.ay = ay
	for _, col := range z.cols {
		for _, it := range col {
			it.ay = ay + it.y
			if it.sub != nil {
				it.sub.settle(it.ay + header)
			}
		}
	}
}

// level finds the heights in z, from those in the zones in it.
func (z *zone) level() {
	const sweeps = 3
	for s := range sweeps {
		for c := range z.cols {
			z.align(c, true, s == sweeps-1)
			z.ports(c)
		}
		for c := len(z.cols) - 1; c >= 0; c-- {
			z.align(c, s == sweeps-1, true)
			z.ports(c)
		}
	}
	for range 2 {
		for c := range z.cols {
			z.align(c, true, true)
			z.ports(c)
		}
	}
	z.squeeze()
	z.close()
	z.settle(z.ay)
}

// squeeze takes out what is empty across all of z.
func (z *zone) squeeze() {
	type band struct{ top, bottom int }
	var bands []band
	for _, col := range z.cols {
		for _, it := range col {
			bands = append(bands, band{it.y, it.y + it.h})
		}
	}
	slices.SortFunc(bands, func(a, b band) int { return cmp.Or(cmp.Compare(a.top, b.top), cmp.Compare(a.bottom, b.bottom)) })
	var tops, moves []int // from this height on, everything moves up so far
	bottom, up := 0, 0
	for i, b := range bands {
		if i == 0 {
			bottom = b.bottom
		}
		if b.top > bottom+nodeGap {
			up += b.top - bottom - nodeGap
			tops, moves = append(tops, b.top), append(moves, up)
		}
		bottom = max(bottom, b.bottom)
	}
	for _, col := range z.cols {
		for _, it := range col {
			if k, found := slices.BinarySearch(tops, it.y); found {
				it.y -= moves[k]
			} else if k > 0 {
				it.y -= moves[k-1]
			}
		}
	}
}

// A wish is a height and how much it matters.
type wish struct{ y, weight int }

// align moves the items of a column to where their links to the given sides
// are straight, as far as their order and distances allow: least absolute
// deviation under a chain of order constraints, by pooling adjacent violators.
func (z *zone) align(c int, left, right bool) {
	col := z.cols[c]
	type pool struct {
		wishes []wish // in order
		first  int    // item
		y      int
	}
	var pools []pool
	at := make([]int, len(col)) // height if all before were as near as may be
	for i := range col {
		if i > 0 {
			at[i] = at[i-1] + col[i-1].h + apart(col[i-1], col[i])
		}
		ws := col[i].wishes(left, right)
		if ws == nil {
			continue
		}
		y := median(ws) - at[i]
		total := 0
		for _, w := range ws {
			total += w.weight
		}
		p := pool{[]wish{{y, total}}, i, y}
		for len(pools) > 0 && pools[len(pools)-1].y > p.y {
			before := pools[len(pools)-1]
			pools = pools[:len(pools)-1]
			p.wishes = merge(before.wishes, p.wishes)
			p.first = before.first
			p.y = median(p.wishes)
		}
		pools = append(pools, p)
	}
	k := 0
	for i, it := range col {
		for k+1 < len(pools) && pools[k+1].first <= i {
			k++
		}
		it.y = at[i]
		if len(pools) > 0 {
			it.y += pools[k].y
		}
	}
}

// apart is the distance that two neighbours of a column keep.
func apart(a, b *item) int {
	switch {
	case a.edge == nil && b.edge == nil:
		return nodeGap
	case a.edge != nil && b.edge != nil:
		return laneGap
	}
	return bendGap
}

// wishes are where an item would be for each of its links to be straight.
func (it *item) wishes(left, right bool) []wish {
	refs := make([]*ref, 0, len(it.l)+len(it.r))
	if left || len(it.r) == 0 {
		refs = append(refs, it.l...)
	}
	if right || len(it.l) == 0 {
		refs = append(refs, it.r...)
	}
	var ws []wish
	for _, r := range refs {
		if r.link.loops() {
			continue
		}
		weight := 1
		for _, end := range []*item{r.link.a, r.link.b} {
			if end.edge != nil {
				weight += 3
			}
		}
		ws = append(ws, wish{r.farY() - r.offset(), weight})
	}
	slices.SortFunc(ws, func(a, b wish) int { return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.weight, b.weight)) })
	return ws
}

// median is the weighted median of wishes in order.
func median(ws []wish) int {
	total := 0
	for _, w := range ws {
		total += w.weight
	}
	sum := 0
	for _, w := range ws {
		if sum += w.weight; 2*sum >= total {
			return w.y
		}
	}
	return 0
}

func merge(a, b []wish) []wish {
	m := make([]wish, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0].y <= b[0].y {
			m, a = append(m, a[0]), a[1:]
		} else {
			m, b = append(m, b[0]), b[1:]
		}
	}
	return append(append(m, a...), b...)
}

// ports spreads the flows along the sides of the nodes of a column, each as
// near to the height of its other end as the others allow.
func (z *zone) ports(c int) {
	for _, it := range z.cols[c] {
		if it.node == nil {
			continue
		}
		it.side(it.l, portEnd, entryGap)
		it.side(it.r, portTop, portGap)
	}
}

func (it *item) side(refs []*ref, top, gap int) {
	type port struct {
		r *ref
		y int
	}
	var loops []*ref
	ports := make([]port, 0, len(refs))
	for _, r := range refs {
		if r.link.loops() {
			loops = append(loops, r)
		} else {
			ports = append(ports, port{r, r.farY() - it.y})
		}
	}
	slices.SortStableFunc(ports, func(a, b port) int { return cmp.Compare(a.y, b.y) })
	n := len(ports)
	for i := range ports {
		p := &ports[i]
		p.y = max(p.y, top+i*gap)
		if i > 0 {
			p.y = max(p.y, ports[i-1].y+gap)
		}
	}
	end := it.h - portEnd - len(loops)*gap
	for i := n - 1; i >= 0; i-- {
		ports[i].y = min(ports[i].y, end-(n-1-i)*gap)
		if ports[i].r.right {
			ports[i].r.link.pa = ports[i].y
		} else {
			ports[i].r.link.pb = ports[i].y
		}
	}
	for i, r := range loops {
		y := end + (i+1)*gap
		if r.right {
			r.link.pa = y
		} else {
			r.link.pb = y
		}
	}
}
