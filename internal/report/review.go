package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"ssf"
	"ssf/internal/markup"
)

// pinStatuses are the states of a pin in the order in which a review shows
// them, each with what it means.
var pinStatuses = []struct {
	status ssf.PinStatus
	means  string
}{
	{ssf.Unconfirmed, "a pattern covers it, and nobody has confirmed it"},
	{ssf.Outdated, "what it rests on has changed since it was confirmed"},
	{ssf.Added, "it names what it is about, and is not pinned yet"},
	{ssf.Gone, "the lock file pins it, and it is not decided or not there any more"},
	{ssf.Confirmed, "the lock file pins it as it is"},
}

// ReviewGroups yields pins that are alike: of one status, made by one entry of
// the model, those that count as open first.
func ReviewGroups(pins []*ssf.Pin) iter.Seq[[]*ssf.Pin] {
	return func(yield func([]*ssf.Pin) bool) {
		for _, s := range pinStatuses {
			var order []ssf.Pos
			groups := map[ssf.Pos][]*ssf.Pin{}
			for _, p := range pins {
				if p.Status != s.status {
					continue
				}
				at := p.Pos
				if s.status == ssf.Gone {
					at = ssf.Pos{} // a line each, and no decision any more
				}
				if groups[at] == nil {
					order = append(order, at)
				}
				groups[at] = append(groups[at], p)
			}
			slices.SortFunc(order, ssf.Pos.Compare)
			for _, at := range order {
				if !yield(groups[at]) {
					return
				}
			}
		}
	}
}

// Review writes one group of pins: what was decided where and why, and for each
// thing that it covers what that rests on, or what of it has changed.
func Review(w io.Writer, c *ssf.Case, group []*ssf.Pin, style Style) error {
	p := newPage(w, style)
	head := group[0]
	colour := map[ssf.PinStatus]string{ssf.Unconfirmed: red, ssf.Outdated: red, ssf.Added: yellow, ssf.Gone: yellow, ssf.Confirmed: green}[head.Status]
	for _, s := range pinStatuses {
		if s.status == head.Status {
			p.print("%s: %s\n", p.paint(colour, string(s.status)), s.means)
		}
	}
	if head.Status != ssf.Gone {
		p.print("  %s: %s\n", p.paint(bold, markup.Clean(head.Pos.String())), markup.Clean(deed(head)))
		p.wrap("    ", head.Because)
	}
	wide := 0
	for _, x := range group {
		wide = max(wide, utf8.RuneCountInString(string(x.ID)))
	}
	for _, x := range group {
		if head.Status == ssf.Gone {
			p.print("  %-*s  %s\n", wide, markup.Clean(string(x.ID)), p.paint(faint, markup.Clean(deed(x))))
			continue
		}
		p.print("  %s%s\n", p.paint(bold, markup.Clean(string(x.ID))), riskOf(c, x))
		p.stillOpen(c, x)
		if len(x.Changes) == 0 {
			p.hang("    rests on: ", "      ", strings.Join(facts(x.Rests), ", "))
		}
		if head.Status == ssf.Outdated && len(x.Changes) == 0 {
			p.wrap("    ", "its content is not what was pinned")
		}
		for _, c := range x.Changes {
			p.wrap("    ", c.String())
		}
	}
	if at := unknown(c, group); head.Status == ssf.Gone && at != "" {
		p.wrap("    ", "if "+string(at)+" has another id now, write `was: ["+string(at)+"]` there, and nothing is lost")
	}
	p.print("\n")
	return p.err
}

// unknown is the first element of pins that the model does not have.
func unknown(c *ssf.Case, group []*ssf.Pin) ssf.ID {
	for _, p := range group {
		_, at, ok := strings.Cut(string(p.ID), "@")
		if ok && !slices.ContainsFunc(c.Elements, func(e ssf.ElementInfo) bool { return e.ID == ssf.ID(at) }) {
			return ssf.ID(at)
		}
	}
	return ""
}

// facts are the lines of a pin that mean something to a reader.
func facts(lines []string) (out []string) {
	for _, l := range lines {
		if !strings.HasPrefix(l, "rule=") && l != "kind=true" {
			out = append(out, l)
		}
	}
	return out
}

// riskOf is the risk of the threat that a pin treats.
func riskOf(c *ssf.Case, p *ssf.Pin) string {
	i := slices.IndexFunc(c.Threats, func(t ssf.Threat) bool { return t.ID == p.ID })
	if i < 0 {
		return ""
	}
	return "  risk " + c.Threats[i].Risk.String()
}

// stillOpen tells why a threat stays open though its treatment is confirmed.
func (p *page) stillOpen(c *ssf.Case, x *ssf.Pin) {
	for _, d := range c.Diagnostics {
		if d.Subject == x.ID && (d.Check == "threats/above-limit" || d.Check == "threats/contradicted" || d.Check == "context/lapsed-decision") {
			p.wrap("    ", "to confirm it does not help: "+d.Message)
		}
	}
}

// deed says what a pin pins.
func deed(p *ssf.Pin) string {
	treat, _, conditional := strings.Cut(p.Treat, "?")
	if conditional {
		plain := *p
		plain.Treat = treat
		return deed(&plain) + ", on a condition"
	}
	kind, id, ok := strings.Cut(p.Treat, ":")
	who, until, dated := strings.Cut(id, ":")
	switch {
	case p.Kind == ssf.PinThreat && kind == "accept" && dated:
		return "accept, by " + who + " until " + until
	case p.Kind == ssf.PinThreat && kind == "transfer":
		return "transfer to assumption " + id
	case p.Kind == ssf.PinRate:
		return "likelihood " + p.Treat
	case p.Kind == ssf.PinThreat && ok:
		return kind + " " + id
	case p.Kind == ssf.PinThreat, p.Kind == ssf.PinCell:
		return strings.ReplaceAll(p.Treat, "_", " ")
	case p.Kind == ssf.PinLibrary:
		return "library, version " + p.Treat
	}
	return string(p.Kind)
}

// ReviewSummary ends a review: what was shown, what was confirmed now and what is
// left of it.
func ReviewSummary(w io.Writer, shown []*ssf.Pin, said, left int, pattern string, style Style) error {
	p := newPage(w, style)
	n := map[ssf.PinStatus]int{}
	for _, x := range shown {
		n[x.Status]++
	}
	var parts []string
	for _, s := range pinStatuses {
		if n[s.status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s.status], s.status))
		}
	}
	line := strings.Join(parts, ", ")
	if len(parts) == 0 {
		line = "nothing is left to confirm"
	}
	if said > 0 {
		line += fmt.Sprintf("; %d confirmed now", said)
	}
	p.wrap("", line)
	if left > 0 {
		command := "ssf review --yes"
		if pattern != "" {
			command = "ssf review '" + pattern + "' --yes"
		}
		p.wrap("", fmt.Sprintf("%d left: `%s` confirms what is shown here, `ssf review PATTERN --yes` a part of it", left, command))
	}
	return p.err
}
