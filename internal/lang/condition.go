package lang

import (
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// condition is a text in the condition language. Its place is that of its
// first character, and it is laid out in S as in the file, so that a line and
// column in S are a line and column in the file.
var condition = scalarOf(Type{Name: "condition", What: "a condition such as deployment.network == \"private\""}, func(d *decoder, n *yaml.Node, s string) ssf.Text {
	p := d.pos(n)
	p.EndCol = p.Col + 1
	again := func(hint string) ssf.Text {
		d.report("wrong-type", p, hint, "a condition over several lines begins with `|`, so that its lines keep their places")
		return ssf.Text{}
	}
	switch {
	case n.Style&yaml.FoldedStyle != 0:
		return again("write `|` instead of `>`")
	case n.Style&yaml.LiteralStyle != 0:
		p.Line++
		first := p.Line
		for strings.TrimSpace(d.src.line(first)) == "" && first < len(d.src.lines) {
			first++
		}
		indent := func(l string) int { return len(l) - len(strings.TrimLeft(l, " ")) }
		p.Col = indent(d.src.line(first)) - indent(strings.TrimLeft(s, "\n")) + 1
		p.EndCol = p.Col + 1
		return ssf.Text{S: strings.TrimRight(s, "\n"), Pos: p}
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		end := d.pos(n).EndCol
		raw := d.slice(p.Line, p.Col+1, end-1)
		if raw == "" || end-p.Col < 2 || d.slice(p.Line, end-1, end) != d.slice(p.Line, p.Col, p.Col+1) {
			return again("write `|`, and the condition on the lines below")
		}
		p.Col++
		p.EndCol = p.Col + 1
		return ssf.Text{S: laidOut(raw, s), Pos: p}
	case d.comment(n):
		return ssf.Text{}
	case d.slice(p.Line, p.Col, p.Col+utf8.RuneCountInString(s)) != s:
		return again("write `|`, and the condition on the lines below")
	}
	return ssf.Text{S: s, Pos: p}
})

// laidOut is the condition s with the columns that it has in raw, its text
// between quotes in the file. There a quote of the condition may take two
// columns, \" or ”; a space goes to the outside of the word that it quotes,
// where it has no meaning. Other escapes are left as they are read.
func laidOut(raw, s string) string {
	if raw == s {
		return s
	}
	var b strings.Builder
	open := false
	for i := 0; i < len(raw); i++ {
		two := raw[i:min(i+2, len(raw))]
		if two != `\"` && two != "''" {
			if raw[i] == '\\' {
				return strings.ReplaceAll(s, "\n", " ")
			}
			b.WriteByte(raw[i])
			continue
		}
		if open = !open; open {
			b.WriteString(" " + two[1:])
		} else {
			b.WriteString(two[1:] + " ")
		}
		i++
	}
	return b.String()
}
