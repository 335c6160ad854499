package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"ssf"
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
func Review(w io.Writer, group []*ssf.Pin, style Style) error {
	p := newPage(w, style)
	head := group[0]
	colour := map[ssf.PinStatus]string{ssf.Unconfirmed: red, ssf.Outdated: red, ssf.Added: yellow, ssf.Gone: yellow, ssf.Confirmed: green}[head.Status]
	for _, s := range pinStatuses {
		if s.status == head.Status {
			p.print("%s: %s\n", p.paint(colour, string(s.status)), s.means)
		}
	}
	if head.Status != ssf.Gone {
		p.print("  %s: %s\n", p.paint(bold, clean(head.Pos.String())), clean(deed(head)))
		p.wrap("    ", head.Because)
	}
	wide := 0
	for _, x := range group {
		wide = max(wide, utf8.RuneCountInString(string(x.ID)))
	}
	for _, x := range group {
		if head.Status == ssf.Gone {
			p.print("  %-*s  %s\n", wide, clean(string(x.ID)), p.paint(faint, clean(deed(x))))
			continue
		}
		p.print("  %s\n", p.paint(bold, clean(string(x.ID))))
		if len(x.Changes) == 0 {
			p.hang("    rests on: ", "      ", strings.Join(x.Rests, ", "))
		}
		for _, c := range x.Changes {
			p.wrap("    ", c.String())
		}
	}
	p.print("\n")
	return p.err
}

// deed says what a pin pins.
func deed(p *ssf.Pin) string {
	kind, id, ok := strings.Cut(p.Treat, ":")
	switch {
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

// ReviewSummary ends a review: what there is, what was confirmed now and what is
// left of what was shown.
func ReviewSummary(w io.Writer, c *ssf.Case, said, left int, style Style) error {
	p := newPage(w, style)
	n := map[ssf.PinStatus]int{}
	for _, x := range c.Pins {
		n[x.Status]++
	}
	var parts []string
	for _, s := range pinStatuses {
		if n[s.status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s.status], s.status))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing is decided that needs a pin"}
	}
	line := strings.Join(parts, ", ")
	if said > 0 {
		line += fmt.Sprintf("; %d confirmed now", said)
	}
	p.wrap("", line)
	if left > 0 {
		p.wrap("", fmt.Sprintf("%d left: `ssf review --yes` confirms what it shows, `ssf review PATTERN --yes` a part of it", left))
	}
	return p.err
}
