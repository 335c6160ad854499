package picture

// smooth takes out turns: it moves single nodes, and flows where they pass
// between columns, within the room that their neighbours leave.
func (g *graph) smooth() {
	const passes = 3
	all := append([]*zone{g.root}, g.zones...)
	for _, z := range all {
		for _, col := range z.cols {
			for i, it := range col {
				it.at = i
			}
		}
	}
	for range passes {
		for _, z := range all {
			for c, col := range z.cols {
				for _, it := range col {
					if it.node != nil {
						it.straighten()
						it.grow()
					}
				}
				z.ports(c)
			}
		}
		for _, e := range g.edges {
			e.iron()
		}
	}
}

// room is between which heights the top of an item can be.
func (it *item) room() (lo, hi int) {
	z := it.in
	col := z.cols[it.col]
	lo, hi = 0, z.h-it.h
	if it.edge != nil {
		lo, hi = laneGap, z.h-laneGap
	}
	if it.at > 0 {
		up := col[it.at-1]
		lo = up.y + up.h + apart(up, it)
	}
	if it.at < len(col)-1 {
		down := col[it.at+1]
		hi = down.y - it.h - apart(it, down)
	}
	return lo, hi
}

func (it *item) moveTo(y int) {
	it.ay += y - it.y
	it.y = y
}

// straighten moves a node to where most of its flows are straight.
func (it *item) straighten() {
	lo, hi := it.room()
	straight := map[int]int{}
	best := it.y
	ws := it.wishes(true, true)
	for _, w := range ws {
		straight[w.y]++
	}
	for _, w := range ws {
		if lo <= w.y && w.y <= hi && straight[w.y] > straight[best] {
			best = w.y
		}
	}
	it.moveTo(best)
}

// grow makes a node a little higher where a flow would miss it by so little.
func (it *item) grow() {
	const most = 16
	lo, hi := it.room()
	top, bottom := it.y, it.y+it.h
	highest, lowest := max(lo, top-most), bottom+min(most, hi-it.y)
	reach := func(refs []*ref, first int) {
		for _, r := range refs {
			y := r.farY()
			if y-first >= highest {
				top = min(top, y-first)
			}
			if y+portEnd <= lowest {
				bottom = max(bottom, y+portEnd)
			}
		}
	}
	reach(it.l, portEnd)
	reach(it.r, portTop)
	it.h = bottom - top
	it.moveTo(top)
}

// iron moves what lies between two turns of an edge to the height of one of
// its ends, so that one turn is left.
func (e *edge) iron() {
	for i := 0; i < len(e.links)-1; i++ {
		j := i // bends i to j, each the end of its link, are in one line
		for j+2 < len(e.links) && e.links[j+1].ya() == e.links[j+1].yb() {
			j++
		}
		from, to := e.links[i].ya(), e.links[j+1].yb()
		if y := e.links[i].b.ay; y != from && y != to {
			_ = e.line(i, j, to) || e.line(i, j, from)
		}
		i = j
	}
}

// line moves the bends i to j of e to a height of the picture, if all can.
func (e *edge) line(i, j, ay int) bool {
	for _, l := range e.links[i : j+1] {
		y := ay - l.b.in.ay
		if lo, hi := l.b.room(); y < lo || y > hi {
			return false
		}
	}
	for _, l := range e.links[i : j+1] {
		l.b.moveTo(ay - l.b.in.ay)
	}
	return true
}
