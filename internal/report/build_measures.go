package report

import (
	"slices"
	"strconv"

	"ssf"
)

// A figure is one count: of what, how many of how many, and which.
type figure struct {
	what  string
	says  string
	which []Block
}

// measures are counts with their lists. None is combined with another, and
// what has no denominator is not shown as a share.
func (b *builder) measures() []Block {
	var out []Block
	for _, n := range slices.Concat(b.cellCounts(), b.originCounts(), b.defenceCounts(), b.proofCounts(), b.decisionCounts()) {
		d := Details{Summary: text(n.what+": ", strong(n.says)), Blocks: n.which}
		if len(n.which) == 0 {
			out = append(out, Para(d.Summary))
			continue
		}
		out = append(out, d)
	}
	return out
}

// cellCounts are the security needs that something answers.
func (b *builder) cellCounts() []figure {
	answered, of := 0, 0
	var open []string
	for _, m := range b.Matrices {
		for _, c := range m.Cells {
			of++
			if len(c.AnsweredBy) > 0 {
				answered++
			} else {
				open = append(open, c.Cell.String())
			}
		}
	}
	out := []figure{{"Security needs answered", ofN(answered, of, "cells"), some("Not answered", open)}}
	var facts []string
	for _, q := range slices.Concat(b.Questions, b.Later) {
		facts = append(facts, string(q.Fact))
	}
	return append(out, figure{"Facts that are unknown and would decide something", strconv.Itoa(len(facts)), some("Unknown", facts)})
}

// some lists ids, if there are any.
func some[S ~string](what string, ids []S) []Block {
	if len(ids) == 0 {
		return nil
	}
	return []Block{Para(text(what + ":")), inline(ids)}
}

// originCounts are the threats treated, by origin.
func (b *builder) originCounts() (out []figure) {
	for _, o := range append(slices.Clone(ssf.Origins), "") {
		treated, of := 0, 0
		var open []ssf.ID
		for _, t := range b.Threats {
			if t.Origin != o {
				continue
			}
			of++
			if t.State.Treated() {
				treated++
			} else {
				open = append(open, t.ID)
			}
		}
		what := "Threats from " + string(o) + " treated"
		if o == "" {
			what = "Threats of no stated origin treated"
			if of == 0 {
				continue
			}
		}
		n := figure{what: what, says: ofN(treated, of, "threats"+only(b.Case, func(t *ssf.Threat) bool { return t.Origin == o }))}
		if len(open) > 0 {
			n.which = []Block{Para(text("Open:")), b.subjects(open)}
		}
		out = append(out, n)
	}
	return out
}

// defenceCounts are how many mitigations that are built and placed stand
// against each threat of a high risk. An unknown risk counts as high.
func (b *builder) defenceCounts() []figure {
	ready := map[ssf.ID]bool{}
	for _, m := range b.Mitigations {
		ready[m.ID] = m.State == "implemented" && m.Placed
	}
	by := map[int][]ssf.ID{}
	of, least := 0, -1
	for _, t := range b.Threats {
		if t.Risk.Worst() < ssf.High || t.State == ssf.NotApplicable {
			continue
		}
		n := 0
		for _, m := range t.Mitigations {
			if ready[m] {
				n++
			}
		}
		of++
		by[min(n, 2)] = append(by[min(n, 2)], t.ID)
		if least < 0 || n < least {
			least = n
		}
	}
	c := figure{what: "Fewest mitigations that stand against a threat of high, critical or unknown risk", says: "not shown: there is no such threat"}
	if of > 0 {
		c.says = strconv.Itoa(least) + ", over " + number(of, "threat", "threats")
		for n, says := range []string{"None stands", "One stands", "Two or more stand"} {
			if len(by[n]) > 0 {
				c.which = append(c.which, Para(text(says+" against "+number(len(by[n]), "threat", "threats")+":")), b.subjects(by[n]))
			}
		}
	}
	return []figure{c}
}

// decisionCounts are what people decided and what falls to whom.
func (b *builder) decisionCounts() (out []figure) {
	by := map[ssf.State][]ssf.ID{}
	for _, t := range b.Threats {
		by[t.State] = append(by[t.State], t.ID)
	}
	for _, n := range []struct {
		what  string
		state ssf.State
	}{
		{"Threats whose risk is accepted", ssf.Accepted},
		{"Threats that are transferred", ssf.Transferred},
		{"Threats declared not applicable", ssf.NotApplicable},
		{"Decisions about threats that are stale", ssf.Stale},
	} {
		c := figure{what: n.what, says: ofN(len(by[n.state]), len(b.Threats), "threats")}
		if len(by[n.state]) > 0 {
			c.which = []Block{b.subjects(by[n.state])}
		}
		out = append(out, c)
	}
	owners := map[string][]ssf.ID{}
	var order []string
	for _, a := range b.Assumptions {
		if owners[a.Owner] == nil {
			order = append(order, a.Owner)
		}
		owners[a.Owner] = append(owners[a.Owner], a.ID)
	}
	slices.Sort(order)
	c := figure{what: "Duties of the customer", says: strconv.Itoa(len(owners["customer"]))}
	for _, o := range order {
		l := List{Inline: true}
		for _, id := range owners[o] {
			l.Items = append(l.Items, text(link(string(id), anchor("a", id))))
		}
		who := words(o)
		if who == "" {
			who = "nobody named"
		}
		c.which = append(c.which, Para(text("Assumptions owned by "+who+": "+strconv.Itoa(len(owners[o])))), l)
	}
	out = append(out, c)
	var old []ssf.ID
	of := 0
	for _, p := range b.Pins {
		if p.Kind == ssf.PinLibrary {
			if of++; p.Status == ssf.Outdated {
				old = append(old, p.ID)
			}
		}
	}
	says := ofN(len(old), of, "libraries differ from the pinned ones")
	if !b.Locked {
		says = "not shown: there is no lock file"
	}
	return append(out, figure{"Libraries", says, some("Other than pinned", old)})
}
