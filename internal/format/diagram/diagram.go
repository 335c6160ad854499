// Package diagram writes the data flows of a system as text from which others
// draw: Mermaid's flowcharts and the language of Graphviz. Zones are boxes in
// boxes, actors and components stand in them, flows are arrows from whoever starts
// them, and each has the colour of the worst open threat at it. What stands nowhere
// in a diagram of data flows (assets, functions, decisions) is not drawn.
//
// Read diagram.go for what is drawn, then mermaid.go and dot.go.
package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/markup"
)

// A graph is what is drawn. Its texts are as the model has them; each writer
// quotes them for its language.
type graph struct {
	title string
	root  zone // around all, not drawn
	nodes int
	edges []edge
	note  string // what is left out; empty if nothing
}

type zone struct {
	key   string // unique, of letters, digits and _
	lines []string
	risk  mark
	zones []*zone
	nodes []node
}

type node struct {
	key   string
	role  ssf.Role
	lines []string
	risk  mark
}

type edge struct {
	from, to string // keys
	lines    []string
	risk     mark
}

// A mark is the open threats at something: how many, and the worst risk. Those that
// an unknown fact decides do not count.
type mark struct {
	open  int
	worst ssf.Level
}

func (m *mark) add(n mark) {
	if n.open > 0 && (m.open == 0 || n.worst.Worst() > m.worst.Worst()) {
		m.worst = n.worst
	}
	m.open += n.open
}

// String is a line for people, empty if nothing is open.
func (m mark) String() string {
	if m.open == 0 {
		return ""
	}
	return fmt.Sprintf("%d open, worst %s", m.open, m.worst)
}

// Of one diagram no text is longer than maxText runes, no list longer than
// maxList, and zones are in each other no deeper than maxDepth.
const (
	maxText  = 80
	maxList  = 4
	maxDepth = 40
)

// detail is how much is drawn.
type detail struct {
	merged bool // one arrow for all flows of a pair
	terse  bool // names of boxes only
	zones  int  // if not 0: outermost zones only, each as one box, and at most so many
}

// build makes the graph of a case. Elements keep the order of the case; what has
// no id, or one that was there before, is passed over, and a ring of zones is
// opened at its last.
func build(c *ssf.Case, d detail) *graph {
	g := &graph{title: cmp.Or(strings.TrimSpace(c.System.Name+" "+c.System.Version), "system")}
	risks := openAt(c)
	keys := namer{}
	zones := map[ssf.ID]*zone{}
	parent := map[*zone]*zone{}
	var order []*ssf.ElementInfo
	byID := map[ssf.ID]*ssf.ElementInfo{}
	for i := range c.Elements {
		if e := &c.Elements[i]; e.ID != "" && byID[e.ID] == nil {
			byID[e.ID] = e
			order = append(order, e)
			if e.Sort == ssf.SortZone {
				zones[e.ID] = &zone{key: keys.key("z", e.ID), lines: lines(nameOf(e), trustOf(e), risks[e.ID].String()), risk: risks[e.ID]}
			}
		}
	}
	// above is the outermost zone around one, as far as zones are placed.
	above := map[*zone]*zone{}
	outer := func(z *zone) *zone {
		top := z
		for above[top] != nil {
			top = above[top]
		}
		for z != top {
			z, above[z] = above[z], top
		}
		return top
	}
	for _, e := range order {
		z := zones[e.ID]
		if z == nil {
			continue
		}
		in := zones[e.Zone]
		if in == nil || outer(in) == z {
			in = &g.root
		} else {
			above[z] = in
		}
		parent[z] = in
		in.zones = append(in.zones, z)
	}
	drawn := map[ssf.ID]string{} // the key of the node for an element
	if d.zones > 0 {
		g.summarise(order, zones, outer, risks, drawn, d.zones)
	} else {
		for _, e := range order {
			if role := e.Role(); role != "" {
				in := cmp.Or(zones[e.Zone], &g.root)
				n := node{keys.key("n", e.ID), role, lines(nameOf(e), kindOf(e), listed("stores ", e.Stores), risks[e.ID].String()), risks[e.ID]}
				if d.terse {
					n.lines = n.lines[:1]
				}
				in.nodes = append(in.nodes, n)
				drawn[e.ID] = n.key
				g.nodes++
			}
		}
	}
	g.flows(order, drawn, risks, d.merged || d.zones > 0)
	if d.merged {
		g.note = "flows of a pair are one arrow, because there are too many for a diagram"
	}
	if d.terse {
		g.note = "flows of a pair are one arrow, and only names are written, because the whole is too large for a diagram"
		for i := range g.edges {
			g.edges[i].lines = nil
		}
	}
	return g
}

// summarise puts one box for each of the outermost zones in place of all that is
// in it; what is in no zone, or in one too many, stands together.
func (g *graph) summarise(order []*ssf.ElementInfo, zones map[ssf.ID]*zone, outer func(*zone) *zone, risks map[ssf.ID]mark, drawn map[ssf.ID]string, most int) {
	type total struct {
		parts int
		risk  mark
	}
	all := map[*zone]*total{}
	kept := g.root.zones[:min(most, len(g.root.zones))]
	place := func(z *zone) *zone {
		if z == nil || !slices.Contains(kept, outer(z)) {
			return &g.root
		}
		return outer(z)
	}
	count := func(z *zone) *total {
		if all[z] == nil {
			all[z] = &total{}
		}
		return all[z]
	}
	for _, e := range order {
		switch {
		case e.Sort == ssf.SortZone:
			count(place(zones[e.ID])).risk.add(risks[e.ID])
		case e.Role() != "":
			z := place(zones[e.Zone])
			count(z).risk.add(risks[e.ID])
			count(z).parts++
			drawn[e.ID] = cmp.Or(z.key, "z_other")
		}
	}
	var nodes []node
	for _, z := range kept {
		t := count(z)
		nodes = append(nodes, node{z.key, ssf.RoleProcess, lines(z.lines[0], counted(t.parts, "part"), t.risk.String()), t.risk})
	}
	if t := all[&g.root]; t != nil {
		says := "in no zone"
		if n := len(g.root.zones) - len(kept); n > 0 {
			says = "in " + counted(n, "other zone") + " or in none"
		}
		nodes = append(nodes, node{"z_other", ssf.RoleProcess, lines(says, counted(t.parts, "part"), t.risk.String()), t.risk})
	}
	g.root.nodes, g.root.zones, g.nodes = nodes, nil, len(nodes)
	g.note = "only the outermost zones are drawn, because the whole is too large for a diagram"
}

// flows draws the flows whose ends are drawn; merged, those of one pair as one.
func (g *graph) flows(order []*ssf.ElementInfo, drawn map[ssf.ID]string, risks map[ssf.ID]mark, merged bool) {
	type group struct {
		edge
		flows int
		overs []ssf.ID
	}
	at := map[[2]string]*group{}
	var groups []*group
	for _, e := range order {
		from, to := drawn[e.From], drawn[e.To]
		switch {
		case e.Sort != ssf.SortFlow || from == "" || to == "":
		case !merged:
			what := cmp.Or(plain(e.Over), "protocol not known")
			g.edges = append(g.edges, edge{from, to, lines(what, listed("sends ", e.Sends), listed("returns ", e.Returns), risks[e.ID].String()), risks[e.ID]})
		case from == to && strings.HasPrefix(from, "z_"): // within a box that stands for many
		default:
			k := [2]string{from, to}
			if at[k] == nil {
				at[k] = &group{edge: edge{from: from, to: to}}
				groups = append(groups, at[k])
			}
			x := at[k]
			x.flows++
			x.risk.add(risks[e.ID])
			if over := ssf.ID(cmp.Or(plain(e.Over), "protocol not known")); len(x.overs) <= maxList && !slices.Contains(x.overs, over) {
				x.overs = append(x.overs, over)
			}
		}
	}
	for _, x := range groups {
		many := ""
		if x.flows > 1 {
			many = fmt.Sprintf("%d flows", x.flows)
		}
		x.lines = lines(listed("", x.overs), many, x.risk.String())
		g.edges = append(g.edges, x.edge)
	}
}

// openAt are the open threats at each element; those of a function count at the
// component that has it.
func openAt(c *ssf.Case) map[ssf.ID]mark {
	at := map[ssf.ID]ssf.ID{}
	for i := range c.Elements {
		if e := &c.Elements[i]; e.Sort == ssf.SortFunction {
			at[e.ID] = e.At
		}
	}
	elsewhere := c.OnMitigation()
	out := map[ssf.ID]mark{}
	for i := range c.Threats {
		if t := &c.Threats[i]; !t.State.Treated() && t.State != ssf.Undecided && !elsewhere[t.Rule] {
			id := cmp.Or(at[t.Element], t.Element)
			m := out[id]
			m.add(mark{1, t.Risk})
			out[id] = m
		}
	}
	return out
}

// A namer makes keys of ids, and no key twice.
type namer map[string]bool

func (n namer) key(prefix string, id ssf.ID) string {
	const most = 40
	word := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, string(id))
	base := prefix + "_" + word[:min(most, len(word))]
	key := base
	for i := 2; n[key] || key == "z_other"; i++ {
		key = fmt.Sprintf("%s__%d", base, i)
	}
	n[key] = true
	return key
}

// lines are those that say something, each short enough to be shown.
func lines(ls ...string) (out []string) {
	for _, l := range ls {
		l = strings.Join(strings.Fields(markup.Clean(l)), " ")
		if rs := []rune(l); len(rs) > maxText {
			l = string(rs[:maxText-1]) + "…"
		}
		if l != "" {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		out = []string{"?"}
	}
	return out
}

func nameOf(e *ssf.ElementInfo) string { return cmp.Or(strings.TrimSpace(e.Name), string(e.ID)) }

func kindOf(e *ssf.ElementInfo) string {
	tech := plain(ssf.ID(listed("", e.Tech)))
	if tech != "" && e.Kind != "" {
		return plain(e.Kind) + " (" + tech + ")"
	}
	return cmp.Or(plain(e.Kind), tech)
}

func trustOf(e *ssf.ElementInfo) string {
	for _, f := range e.Facts {
		if f.Name == "trust" {
			return "trust " + string(f.Value)
		}
	}
	return ""
}

func plain(id ssf.ID) string { return strings.ReplaceAll(string(id), "_", " ") }

func listed(verb string, ids []ssf.ID) string {
	if len(ids) == 0 {
		return ""
	}
	s := verb
	for i, id := range ids {
		switch {
		case i == maxList:
			return fmt.Sprintf("%s and %d more", s, len(ids)-i)
		case i > 0:
			s += ", "
		}
		s += string(id)
	}
	return s
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// levels are the classes of risk, the worst first, with colours that are read on
// light and dark ground: fill, line and text.
var levels = []struct {
	level              ssf.Level
	fill, stroke, text string
}{
	{ssf.Critical, "#7f1d1d", "#ef4444", "#ffffff"},
	{ssf.High, "#fecaca", "#dc2626", "#450a0a"},
	{ssf.Medium, "#fed7aa", "#ea580c", "#431407"},
	{ssf.Low, "#fef08a", "#ca8a04", "#422006"},
	{ssf.None, "#e5e7eb", "#6b7280", "#111827"},
	{ssf.Unknown, "#e9d5ff", "#9333ea", "#3b0764"},
}
