package diagram

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"ssf"
	"ssf/internal/format"
)

// Mermaid writes a flowchart that GitHub, GitLab and most wikis draw.
var Mermaid = format.Format{
	Name:  "mermaid",
	Title: "Mermaid flowchart of the data flows",
	Write: func(c *ssf.Case) ([]format.File, error) {
		return []format.File{{Name: "diagram.mmd", Data: []byte(mermaid(c))}}, nil
	},
	Loses: loses("more than 450 flows, or what does not fit into 48,000 characters: first flows of a pair are one arrow, then only names are written, at last an outermost zone is one box"),
}

// loses is what no diagram has.
func loses(more string) []string {
	return []string{
		"assets, functions, misuse, requirements, assumptions, decisions, mitigations, verifications, questions, deployments and people",
		"threats, but for how many are open at an element and the worst risk of them; those at assets, the system and mitigations are not counted",
		"facts, but for the trust of zones",
		"descriptions of elements, former ids, ids in the tool that a model was imported from, and where elements stand in the files",
		"of the product all but name and version; the commit, the time, the library and the program by which the case was made",
		"all but the first 80 characters of a name, and all but the first four of a list of assets or technologies",
		more,
	}
}

// Mermaid refuses a text of more than 50,000 characters and a graph of more than
// 500 arrows (its settings maxTextSize and maxEdges), and sites that draw it let
// nobody raise that.
const (
	maxMermaid      = 48_000
	maxMermaidEdges = 450
)

// mermaid is the most detailed flowchart that is small enough.
func mermaid(c *ssf.Case) string {
	try := []detail{{}, {merged: true}, {merged: true, terse: true}}
	for n := 64; n > 0; n /= 2 {
		try = append(try, detail{zones: n})
	}
	for i, d := range try {
		g := build(c, d)
		if len(g.edges) > maxMermaidEdges {
			continue
		}
		if s := g.mermaid(); i == len(try)-1 || len(utf16.Encode([]rune(s))) <= maxMermaid {
			return s
		}
	}
	return "" // the last has two boxes
}

var mermaidShapes = map[ssf.Role][2]string{
	ssf.RoleActor: {"([", "])"}, ssf.RoleProcess: {"(", ")"}, ssf.RoleStore: {"[(", ")]"}, ssf.RoleExternal: {"[[", "]]"},
}

func (g *graph) mermaid() string {
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %s\n---\nflowchart LR\n", yamlQuoted(g.title))
	if g.note != "" {
		fmt.Fprintf(&b, "%%%% %s\n", g.note)
	}
	of := map[ssf.Level][]string{}     // keys
	around := map[ssf.Level][]string{} // of zones
	arrows := map[ssf.Level][]int{}    // by their number, which is how Mermaid names them
	var write func(z *zone, depth int)
	write = func(z *zone, depth int) {
		in := strings.Repeat("  ", min(depth, 8))
		for _, n := range z.nodes {
			s := mermaidShapes[n.role]
			fmt.Fprintf(&b, "%s%s%s%s%s\n", in, n.key, s[0], mermaidQuoted(n.lines), s[1])
			if n.risk.open > 0 {
				of[n.risk.worst] = append(of[n.risk.worst], n.key)
			}
		}
		for _, x := range z.zones {
			out := strings.Repeat("  ", min(depth, 8))
			// A second line of a title would lie on what is in the zone.
			fmt.Fprintf(&b, "%ssubgraph %s [%s]\n", out, x.key, mermaidQuoted([]string{strings.Join(x.lines, ", ")}))
			if x.risk.open > 0 {
				around[x.risk.worst] = append(around[x.risk.worst], x.key)
			}
			if depth < maxDepth {
				write(x, depth+1)
				b.WriteString(out + "end\n")
			} else {
				b.WriteString(out + "end\n")
				write(x, depth)
			}
		}
	}
	write(&g.root, 1)
	for i, e := range g.edges {
		label := ""
		if len(e.lines) > 0 {
			label = "|" + mermaidQuoted(e.lines) + "|"
		}
		fmt.Fprintf(&b, "  %s -->%s %s\n", e.from, label, e.to)
		if e.risk.open > 0 {
			arrows[e.risk.worst] = append(arrows[e.risk.worst], i)
		}
	}
	for _, l := range levels {
		if keys := of[l.level]; len(keys) > 0 {
			fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,color:%s\n  class %s %s\n", l.level, l.fill, l.stroke, l.text, strings.Join(keys, ","), l.level)
		}
		if keys := around[l.level]; len(keys) > 0 {
			fmt.Fprintf(&b, "  classDef %s_zone stroke:%s,stroke-width:3px\n  class %s %s_zone\n", l.level, l.stroke, strings.Join(keys, ","), l.level)
		}
		if ns := arrows[l.level]; len(ns) > 0 {
			fmt.Fprintf(&b, "  linkStyle %s stroke:%s,stroke-width:2px\n", strings.Join(strings.Fields(strings.Trim(fmt.Sprint(ns), "[]")), ","), l.stroke)
		}
	}
	return b.String()
}

// mermaidQuoted is a label. All that means something to Mermaid, to Markdown or to
// HTML stands in it by number. Mermaid reads some of that after it has put the
// characters in their places (a backtick at the start is Markdown, \n a new line,
// fa:fa-car an icon), so a space without width comes between.
func mermaidQuoted(lines []string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, l := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for j, r := range l {
			if r >= 0x80 || r == ' ' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || j > 0 && strings.ContainsRune(",()/-", r) {
				b.WriteRune(r)
			} else {
				if r == '`' {
					b.WriteString("#8203;")
				}
				fmt.Fprintf(&b, "#%d;", r)
				if r == '\\' || r == ':' {
					b.WriteString("#8203;")
				}
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// yamlQuoted is a text in YAML's double quotes, with nothing in it that ends them
// or means something to Mermaid.
func yamlQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range lines(s)[0] {
		if r >= 0x80 || r == ' ' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune(".,()-", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
