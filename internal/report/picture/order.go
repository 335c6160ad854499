package picture

import (
	"cmp"
	"slices"
)

// sight tells each item and zone of its links.
func (g *graph) sight() {
	for _, z := range append([]*zone{g.root}, g.zones...) {
		z.across = make([][]*ref, len(z.cols))
	}
	for _, e := range g.edges {
		for _, l := range e.links {
			if l.loops() {
				l.a.r = append(l.a.r, &ref{link: l, near: l.a, far: l.a, right: true}, &ref{link: l, near: l.a, far: l.a})
				continue
			}
			a, b := l.a, l.b
			for ; a.in != l.in; a = a.in.item {
				a.in.rights = append(a.in.rights, a.see(l, nil, true))
			}
			for ; b.in != l.in; b = b.in.item {
				b.in.lefts = append(b.in.lefts, b.see(l, nil, false))
			}
			l.in.across[l.col] = append(l.in.across[l.col], a.see(l, b, true))
			b.see(l, a, false)
		}
	}
}

func (it *item) see(l *link, far *item, right bool) *ref {
	r := &ref{l, it, far, right}
	if right {
		it.r = append(it.r, r)
	} else {
		it.l = append(it.l, r)
	}
	return r
}

// offset is where the near end is, from the top of near.
func (r *ref) offset() int {
	if r.right {
		return r.link.ya() - r.near.ay
	}
	return r.link.yb() - r.near.ay
}

// farY is where the far end is, in the contents of the zone of near.
func (r *ref) farY() int {
	y := r.link.ya()
	if r.right {
		y = r.link.yb()
	}
	if r.far == nil {
		return y - r.near.in.ay
	}
	return r.far.y + y - r.far.ay
}

// arrange orders the items in each column of z so that few flows cross: each by
// the mean of its neighbours on one side, to and fro, and then by exchanging
// neighbours in the column. The best order stays.
func (z *zone) arrange(sweeps int) {
	best, fewest := z.snapshot(), z.crossings()
	for s := 0; s < sweeps && fewest > 0; s++ {
		for k := range z.cols {
			c := k
			if s%2 == 1 {
				c = len(z.cols) - 1 - k
			}
			z.sortColumn(c, s%2 == 0)
			z.exchange(c)
			z.align(c, s%2 == 0, s%2 == 1)
		}
		if n := z.crossings(); n < fewest {
			best, fewest = z.snapshot(), n
		}
	}
	for c, col := range best {
		copy(z.cols[c], col)
		z.align(c, true, true)
	}
}

func (z *zone) snapshot() [][]*item {
	s := make([][]*item, len(z.cols))
	for c := range z.cols {
		s[c] = slices.Clone(z.cols[c])
	}
	return s
}

func (z *zone) sortColumn(c int, left bool) {
	const scale = 16
	key := make(map[*item]int, len(z.cols[c]))
	for _, it := range z.cols[c] {
		refs := it.r
		if left {
			refs = it.l
		}
		sum, n := 0, 0
		for _, r := range refs {
			if !r.link.loops() {
				sum += r.farY() - r.offset()
				n++
			}
		}
		key[it] = it.y * scale
		if n > 0 {
			key[it] = sum * scale / n
		}
		key[it] += it.h * scale / 2
	}
	slices.SortStableFunc(z.cols[c], func(a, b *item) int { return cmp.Compare(key[a], key[b]) })
}

// exchange swaps neighbours in a column while fewer of their links cross then.
func (z *zone) exchange(c int) {
	const passes = 4
	col := z.cols[c]
	lefts, rights := make([][]int, len(col)), make([][]int, len(col))
	for i, it := range col {
		lefts[i], rights[i] = farYs(it.l), farYs(it.r)
	}
	for range passes {
		swapped := false
		for i := range len(col) - 1 {
			j := i + 1
			now := above(lefts[j], lefts[i]) + above(rights[j], rights[i])
			then := above(lefts[i], lefts[j]) + above(rights[i], rights[j])
			if then < now {
				col[i], col[j] = col[j], col[i]
				lefts[i], lefts[j] = lefts[j], lefts[i]
				rights[i], rights[j] = rights[j], rights[i]
				swapped = true
			}
		}
		if !swapped {
			return
		}
	}
}

// farYs are the far ends of links, in order.
func farYs(refs []*ref) []int {
	var ys []int
	for _, r := range refs {
		if !r.link.loops() {
			ys = append(ys, r.farY())
		}
	}
	slices.Sort(ys)
	return ys
}

// above counts the pairs of which the first, of as, is above the second, of bs.
func above(as, bs []int) int {
	n, i := 0, 0
	for _, b := range bs {
		for i < len(as) && as[i] < b {
			i++
		}
		n += i
	}
	return n
}

// crossings counts the pairs of links in z and at its sides that must cross.
func (z *zone) crossings() int {
	n := 0
	for _, refs := range z.across {
		n += inversions(refs)
	}
	return n + inversions(z.lefts) + inversions(z.rights)
}

func inversions(refs []*ref) int {
	if len(refs) < 2 {
		return 0
	}
	ps := make([]point, len(refs))
	for i, r := range refs {
		ps[i] = point{r.near.y + r.offset(), r.farY()}
	}
	slices.SortFunc(ps, func(a, b point) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y)) })
	ys := make([]int, len(ps))
	for i, p := range ps {
		ys[i] = p.y
	}
	return countInversions(ys, make([]int, len(ys)))
}

// countInversions sorts ys by merging.
func countInversions(ys, tmp []int) int {
	if len(ys) < 2 {
		return 0
	}
	m := len(ys) / 2
	n := countInversions(ys[:m], tmp) + countInversions(ys[m:], tmp)
	i, j := 0, m
	for k := range ys {
		if j == len(ys) || i < m && ys[i] <= ys[j] {
			tmp[k] = ys[i]
			i++
		} else {
			tmp[k] = ys[j]
			j++
			n += m - i
		}
	}
	copy(ys, tmp[:len(ys)])
	return n
}
