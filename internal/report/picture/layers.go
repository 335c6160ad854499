package picture

import (
	"cmp"
	"math"
	"slices"

	"ssf"
)

// An item stands in a column of a zone: a node, a zone, or a bend, which is
// where a flow passes the column on its way to another.
type item struct {
	node *node
	sub  *zone
	edge *edge // of a bend
	in   *zone
	col  int
	at   int // in the column; known from smooth on
	x, y int // in the contents of in
	w, h int
	ay   int // y in the picture, as last known

	pullLeft, pullRight int // flows that leave the zone on that side

	l, r []*ref // of its links to either side
}

// A link is the part of an edge between two neighbouring columns of a zone. Its
// ends are nodes or bends there, or in zones that stand there.
type link struct {
	edge   *edge
	in     *zone
	col    int // it is right of this column
	a, b   *item
	pa, pb int     // where it touches a and b, from their top
	turns  []point // between its ends, in the contents of in
}

// loops reports whether a link leads back to where it starts.
func (l *link) loops() bool { return l.a == l.b }

func (l *link) ya() int { return l.a.ay + l.pa }
func (l *link) yb() int { return l.b.ay + l.pb }

// A ref is one end of a link, as seen in one of the zones that it lies in.
type ref struct {
	link  *link
	near  *item // holds the end
	far   *item // holds the other end; nil outside of the zone
	right bool  // near is left of the link
}

// layer gives each item its column and each edge its links: from the outside
// in, because a zone has to know on which side its flows leave. It reports
// whether they pass no more columns than a reader could follow.
func (g *graph) layer() bool {
	for _, z := range append([]*zone{g.root}, g.zones...) {
		for _, n := range z.nodes {
			n.item = &item{node: n, in: z}
			z.items = append(z.items, n.item)
		}
		for _, s := range z.zones {
			s.item = &item{sub: s, in: z}
			z.items = append(z.items, s.item)
		}
	}
	for _, e := range g.edges {
		z := meet(e.from.zone, e.to.zone)
		z.own = append(z.own, e)
	}
	for _, z := range append([]*zone{g.root}, g.zones...) {
		z.assign()
		for _, e := range z.own {
			a, b := e.from.item.within(z), e.to.item.within(z)
			e.turned = a.col > b.col
			if e.turned {
				a, b = b, a
			}
			for it := e.left().item; it != a; it = it.in.item {
				it.pullRight++
			}
			for it := e.right().item; it != b; it = it.in.item {
				it.pullLeft++
			}
		}
	}
	for _, z := range append([]*zone{g.root}, g.zones...) {
		for _, it := range z.items {
			z.cols[it.col] = append(z.cols[it.col], it)
		}
	}
	for _, e := range g.edges {
		g.connect(e)
	}
	return g.bends <= maxBends
}

func (e *edge) left() *node {
	if e.turned {
		return e.to
	}
	return e.from
}

func (e *edge) right() *node {
	if e.turned {
		return e.from
	}
	return e.to
}

// meet is the innermost zone around both.
func meet(a, b *zone) *zone {
	for a != b {
		if a.depth < b.depth {
			a, b = b, a
		}
		a = a.parent
	}
	return a
}

// within is the item of z that holds it.
func (it *item) within(z *zone) *item {
	for it.in != z {
		it = it.in.item
	}
	return it
}

// assign gives each item of z its column: flows lead to the right, but for
// those that would close a ring or that lead to lower trust; then each item goes
// where its flows are shortest.
func (z *zone) assign() {
	index := map[*item]int{}
	for i, it := range z.items {
		index[it] = i
	}
	n := len(z.items)
	weight := make([]map[int]int, n)
	for _, e := range z.own {
		a, b := index[e.from.item.within(z)], index[e.to.item.within(z)]
		if a == b {
			continue
		}
		if weight[a] == nil {
			weight[a] = map[int]int{}
		}
		weight[a][b]++
	}
	order := z.sequence(weight)
	rank := make([]int, n)
	for r, i := range order {
		rank[i] = r
	}
	out, in := make([][]arc, n), make([][]arc, n)
	for a, to := range weight {
		for b, w := range to {
			l, r := a, b
			if rank[l] > rank[r] {
				l, r = r, l
			}
			out[l] = append(out[l], arc{r, w})
			in[r] = append(in[r], arc{l, w})
		}
	}
	last := 0
	for _, i := range order {
		for _, a := range in[i] {
			z.items[i].col = max(z.items[i].col, z.items[a.to].col+1)
		}
		last = max(last, z.items[i].col)
	}
	z.shorten(order, out, in, last)
	z.spread(out, in, last)
}

// An arc leads to another item, for so many flows.
type arc struct{ to, flows int }

// sequence orders items so that few flows lead back, by the greedy rule of
// Eades, Lin and Smyth, and then by trust.
func (z *zone) sequence(weight []map[int]int) []int {
	n := len(z.items)
	in, out := make([]int, n), make([]int, n)
	back := make([][]arc, n)
	for a := range weight {
		for b, w := range weight[a] {
			out[a] += w
			in[b] += w
			back[b] = append(back[b], arc{a, w})
		}
	}
	var first, last []int
	gone := make([]bool, n)
	take := func(i int) {
		gone[i] = true
		for b, w := range weight[i] {
			in[b] -= w
		}
		for _, a := range back[i] {
			out[a.to] -= a.flows
		}
	}
	for len(first)+len(last) < n {
		best, ends := -1, false
		for i := range n {
			switch {
			case gone[i]:
			case out[i] == 0:
				last = append(last, i)
				take(i)
				ends = true
			case best < 0 || z.better(i, best, in, out):
				best = i
			}
		}
		if !ends && best >= 0 {
			first = append(first, best)
			take(best)
		}
	}
	slices.Reverse(last)
	order := append(first, last...)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(z.trustOf(a), z.trustOf(b)) })
	return order
}

// better reports whether i should stand before j: one that nothing leads to,
// then an actor, then by how many more flows leave than come.
func (z *zone) better(i, j int, in, out []int) bool {
	value := func(k int) int {
		switch {
		case in[k] == 0:
			return math.MaxInt
		case z.items[k].node != nil && z.items[k].node.role == ssf.RoleActor:
			return math.MaxInt - 1
		}
		return out[k] - in[k]
	}
	return value(i) > value(j)
}

// trustOf is the trust of a zone, of a node that of the zone around it.
func (z *zone) trustOf(i int) int {
	if s := z.items[i].sub; s != nil {
		return s.trust
	}
	return z.trust
}

// shorten moves items within what their neighbours leave free, to the side
// where more of their flows lead.
func (z *zone) shorten(order []int, out, in [][]arc, last int) {
	const sweeps = 8
	for s := range sweeps {
		moved := false
		for k := range order {
			i := order[k]
			if s%2 == 0 {
				i = order[len(order)-1-k]
			}
			it := z.items[i]
			lo, hi := 0, last
			pull := it.pullRight - it.pullLeft
			for _, a := range in[i] {
				lo = max(lo, z.items[a.to].col+1)
				pull -= a.flows
			}
			for _, a := range out[i] {
				hi = min(hi, z.items[a.to].col-1)
				pull += a.flows
			}
			want := it.col
			if pull < 0 {
				want = lo
			} else if pull > 0 {
				want = hi
			}
			if want != it.col {
				it.col, moved = want, true
			}
		}
		if !moved {
			return
		}
	}
}

// spread puts items without flows in here where there is room, and breaks
// columns that are much too high.
func (z *zone) spread(out, in [][]arc, last int) {
	sizes := make([]int, last+1)
	var loose []*item
	for i, it := range z.items {
		if len(out[i])+len(in[i]) == 0 && it.pullLeft+it.pullRight == 0 {
			loose = append(loose, it)
		} else {
			sizes[it.col]++
		}
	}
	high := max(4, int(1.5*math.Sqrt(float64(len(z.items)))))
	for _, it := range loose {
		c := 0
		for k := range sizes {
			if sizes[k] < sizes[c] {
				c = k
			}
		}
		if sizes[c] >= high {
			c = len(sizes)
			sizes = append(sizes, 0)
		}
		it.col = c
		sizes[c]++
	}
	// A column of n items becomes some of at most 2 high, each beside the other.
	at := make([]int, len(sizes)+1)
	parts := make([]int, len(sizes))
	for c, n := range sizes {
		parts[c] = max(1, (n+2*high-1)/(2*high))
		at[c+1] = at[c] + parts[c]
	}
	seen := make([]int, len(sizes))
	for _, it := range z.items {
		c := it.col
		it.col = at[c] + seen[c]*parts[c]/max(1, sizes[c])
		seen[c]++
	}
	z.cols = make([][]*item, at[len(sizes)])
}

// connect leads an edge from column to column: out of the zones around its left
// end, past what is between, and into the zones around its right end.
func (g *graph) connect(e *edge) {
	z := meet(e.from.zone, e.to.zone)
	cur := e.left().item
	if e.from == e.to {
		l := &link{edge: e, in: z, col: cur.col, a: cur, b: cur}
		e.links = append(e.links, l)
		z.links = append(z.links, l)
		return
	}
	step := func(in *zone, col int, b *item) {
		l := &link{edge: e, in: in, col: col, a: cur, b: b}
		e.links = append(e.links, l)
		in.links = append(in.links, l)
		cur = b
	}
	bend := func(in *zone, col int) *item {
		it := &item{edge: e, in: in, col: col}
		in.cols[col] = append(in.cols[col], it)
		g.bends++
		return it
	}
	for in := cur.in; in != z; in = in.parent {
		from := cur.within(in).col
		for c := from + 1; c < len(in.cols); c++ {
			step(in, c-1, bend(in, c))
		}
	}
	var down []*item // what holds the right end, from z inwards
	for it := e.right().item; ; it = it.in.item {
		down = append(down, it)
		if it.in == z {
			break
		}
	}
	slices.Reverse(down)
	in, col := z, cur.within(z).col
	for c := col + 1; c < down[0].col; c++ {
		step(z, c-1, bend(z, c))
		col = c
	}
	for _, it := range down[1:] {
		for c := range it.col {
			step(in, col, bend(it.in, c))
			in, col = it.in, c
		}
	}
	step(in, col, e.right().item)
}
