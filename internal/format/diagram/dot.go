package diagram

import (
	"fmt"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// DOT writes a directed graph in the language of Graphviz, zones as clusters:
// `dot -Tsvg` draws it.
var DOT = format.Format{
	Name:  "dot",
	Title: "Graphviz graph of the data flows",
	Write: func(c *ssf.Case) ([]format.File, error) {
		return []format.File{{Name: "diagram.dot", Data: []byte(dot(c))}}, nil
	},
	Loses: loses("more than 400 flows, or more than 400 boxes: first flows of a pair are one arrow and only names are written, then an outermost zone is one box"),
}

// Above these dot takes minutes or gives up, and nobody could follow the arrows.
const (
	maxDotFlows  = 400
	maxDotMerged = 800
	maxDotNodes  = 400
)

// dot is the most detailed graph that Graphviz lays out.
func dot(c *ssf.Case) string {
	g := build(c, detail{})
	if len(g.edges) > maxDotFlows {
		g = build(c, detail{merged: true, terse: true})
	}
	if len(g.edges) > maxDotMerged || g.nodes > maxDotNodes {
		g = build(c, detail{zones: 64})
	}
	return g.dot()
}

var dotShapes = map[ssf.Role]string{
	ssf.RoleActor: `shape=box style="filled,rounded" margin=0.2`, ssf.RoleProcess: `shape=box style="filled,rounded"`, ssf.RoleStore: "shape=cylinder style=filled", ssf.RoleExternal: "shape=box peripheries=2 style=filled",
}

func (g *graph) dot() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", dotQuoted(lines(g.title)))
	fmt.Fprintf(&b, "  graph [label=%s labelloc=t rankdir=LR bgcolor=white fontname=\"sans-serif\" newrank=true]\n", dotQuoted(lines(g.title)))
	if g.note != "" {
		fmt.Fprintf(&b, "  // %s\n", g.note)
	}
	b.WriteString("  node [fontname=\"sans-serif\" fontsize=11 fillcolor=\"#f3f4f6\" color=\"#6b7280\"]\n")
	b.WriteString("  edge [fontname=\"sans-serif\" fontsize=9 color=\"#6b7280\"]\n")
	var write func(z *zone, depth int)
	write = func(z *zone, depth int) {
		in := strings.Repeat("  ", min(depth, 8))
		for _, n := range z.nodes {
			fmt.Fprintf(&b, "%s%s [label=%s %s%s]\n", in, n.key, dotQuoted(wrapped(n.lines)), dotShapes[n.role], dotColours(n.risk, true))
		}
		for _, x := range z.zones {
			fmt.Fprintf(&b, "%ssubgraph cluster_%s {\n%s  label=%s style=rounded%s\n", in, x.key, in, dotQuoted(x.lines), strings.Replace(dotColours(x.risk, false), " color=", " pencolor=", 1))
			// A cluster without a node is not drawn at all.
			if len(x.nodes) == 0 && len(x.zones) == 0 {
				fmt.Fprintf(&b, "%s  %s_empty [style=invis label=\"\"]\n", in, x.key)
			}
			if depth < maxDepth {
				write(x, depth+1)
				b.WriteString(in + "}\n")
			} else {
				b.WriteString(in + "}\n")
				write(x, depth)
			}
		}
	}
	write(&g.root, 1)
	for _, e := range g.edges {
		label := ""
		if len(e.lines) > 0 {
			label = "label=" + dotQuoted(wrapped(e.lines))
		}
		fmt.Fprintf(&b, "  %s -> %s [%s]\n", e.from, e.to, strings.TrimSpace(label+dotColours(e.risk, false)))
	}
	b.WriteString("}\n")
	return b.String()
}

// dotColours are the attributes of a risk, with the fill of a node or without.
func dotColours(m mark, node bool) string {
	for _, l := range levels {
		switch {
		case m.open == 0 || l.level != m.worst:
		case node:
			return fmt.Sprintf(` fillcolor="%s" color="%s" fontcolor="%s" penwidth=2`, l.fill, l.stroke, l.text)
		default:
			return fmt.Sprintf(` color="%s" penwidth=2`, l.stroke)
		}
	}
	return ""
}

// wrapped breaks lines at spaces, since dot breaks none.
func wrapped(ls []string) (out []string) {
	const width = 28
	for _, l := range ls {
		line, n := "", 0
		for _, w := range strings.Fields(l) {
			size := len([]rune(w))
			if line != "" && n+1+size > width {
				out = append(out, line)
				line, n = "", 0
			}
			if line != "" {
				line, n = line+" ", n+1
			}
			line, n = line+w, n+size
		}
		out = append(out, line)
	}
	return out
}

// dotQuoted is a string in double quotes in which dot finds no escape of its own
// and no character by name; lines stay lines.
func dotQuoted(lines []string) string {
	q := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;")
	var b strings.Builder
	b.WriteByte('"')
	for i, l := range lines {
		if i > 0 {
			b.WriteString(`\n`)
		}
		b.WriteString(q.Replace(l))
	}
	b.WriteByte('"')
	return b.String()
}
