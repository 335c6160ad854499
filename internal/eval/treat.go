package eval

import (
	"slices"
	"strings"

	"ssf"
	"ssf/internal/rule"
)

// matchMitigations finds what each mitigation counters and whether it is placed.
func (e *evaluation) matchMitigations() {
	for i := range e.Model.Mitigations {
		m := &e.Model.Mitigations[i]
		r := ssf.MitigationResult{ID: m.ID, Measure: m.Measure.ID, State: string(m.State.ID), Where: []ssf.ID{}, Counters: []ssf.ID{}, Pos: m.Pos}
		if r.Measure == "" && slices.ContainsFunc(e.Library.Measures, func(x ssf.Measure) bool { return x.ID == m.ID }) {
			r.Measure = m.ID
		}
		r.Placed = len(m.Where) > 0
		for _, w := range m.Where {
			r.Where = append(r.Where, w.ID)
			r.Placed = r.Placed && e.resolves(w.ID) != ""
		}
		for at, exact := range e.covered(m.Counters) {
			e.counters[at] = append(e.counters[at], cover{i, exact})
			r.Counters = append(r.Counters, e.instances[at].id)
		}
		slices.Sort(r.Counters)
		e.c.Mitigations = append(e.c.Mitigations, r)
	}
}

// covered are the instances that any of the patterns names, and whether one
// names it exactly.
func (e *evaluation) covered(ps []ssf.Pattern) map[int]bool {
	out := map[int]bool{}
	for _, p := range ps {
		for _, at := range e.matching(p, nil) {
			out[at] = out[at] || !wild(p)
		}
	}
	return out
}

const notLookedUp = "not looked up"

// resolves says how a place is known to exist: as a file, as a symbol, or as
// what cannot be looked up here; empty if it does not.
func (e *evaluation) resolves(place ssf.ID) string {
	class, rest, ok := strings.Cut(string(place), ":")
	if ok && !strings.Contains(class, "/") {
		if class == "assumption" && !slices.ContainsFunc(e.Model.Assumptions, func(a ssf.Assumption) bool { return a.ID == ssf.ID(rest) }) {
			return ""
		}
		return class
	}
	if e.Tree == nil {
		return notLookedUp
	}
	file, symbol, ok := strings.Cut(string(place), "#")
	if _, found := slices.BinarySearch(e.Tree.Files, file); !found {
		return ""
	}
	if !ok {
		return "file"
	}
	if e.Tree.Symbols != nil {
		if names, known := e.Tree.Symbols(file); known && !slices.Contains(names, symbol) {
			return ""
		}
	}
	return "symbol"
}

// treat finds the state of each instance: what somebody decided, else what an
// assumption takes, else what counters it, else what is claimed. What falls
// short leaves the rest to the next: a plan is overtaken by its mitigation.
func (e *evaluation) treat() {
	decisions := make([][]int, len(e.instances))
	for i, d := range e.decided {
		if d.Threat.Rule.ID != "" {
			for _, at := range d.hits {
				decisions[at] = append(decisions[at], i)
			}
		}
	}
	dismissed := make([][]cover, len(e.instances))
	for i, a := range e.holding {
		for at, exact := range e.covered(a.Dismisses) {
			dismissed[at] = append(dismissed[at], cover{i, exact})
		}
	}
	for i := range e.instances {
		in := &e.instances[i]
		in.state, in.why = ssf.Open, "nothing counters it"
		switch {
		case in.there == rule.Unknown:
			in.state, in.why = ssf.Undecided, "an unknown fact decides whether it is there"
		case in.claim == rule.True:
			in.state, in.why = ssf.Claimed, join(in.claims)
		}
		first := true
		settle := func(state ssf.State, why string) (settled bool) {
			settled = state.Treated() && state != ssf.Planned
			if state != "" && (first || settled) {
				in.state, in.why, first = state, why, false
			}
			return state != "" && settled
		}
		if !settle(e.byDecision(in, decisions[i])) && !settle(e.byAssumption(in, dismissed[i])) {
			settle(e.byMitigation(in, e.counters[i]))
		}
	}
}

func join[S ~string](ss []S) string {
	var b strings.Builder
	for i, s := range ss {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// short notes why something that should treat a threat falls short of it.
func (in *instance) short(why string) {
	if in.state == ssf.Open {
		in.why = why
	}
}

// byDecision is the state by what was decided; empty for none. A decision that
// lapsed, whose condition is not true or whose risk is above the person's limit
// leaves the threat as it is; the checks say so.
func (e *evaluation) byDecision(in *instance, decisions []int) (ssf.State, string) {
	for _, i := range decisions {
		d := &e.decided[i]
		if d.lapsed {
			in.short("the decision about it has lapsed")
			continue
		}
		if c := d.cond[e.nodes[in.node].sort]; d.HoldsIf.S != "" {
			t := rule.Unknown
			var needs []ssf.FactRef
			if c != nil {
				t, needs = e.judge(c, in.node, false)
			}
			if t != rule.True {
				in.short("the condition of the decision about it is " + t.String())
				in.needs = sortedRefs(append(in.needs, needs...))
				continue
			}
		}
		if !d.exact {
			return ssf.Unreviewed, "a pattern covers it, and nobody has confirmed it"
		}
		switch d.Treat.ID {
		case "accept":
			if over, why := e.aboveLimit(in, d.Decision); over {
				in.short(why)
				continue
			}
			return ssf.Accepted, d.Because.S
		case "transfer":
			if state, why := e.transferred(in, d.To.ID); state != "" {
				return state, why
			}
		case "not_applicable":
			return ssf.NotApplicable, d.Because.S
		case "mitigate":
			return ssf.Planned, "planned for " + string(d.Due.ID)
		}
	}
	return "", ""
}

// transferred is the state of a threat that an assumption takes; empty if it
// does not, because it does not hold.
func (e *evaluation) transferred(in *instance, to ssf.ID) (ssf.State, string) {
	i := slices.IndexFunc(e.holding, func(h heldAssumption) bool { return h.ID == to })
	switch {
	case i < 0:
		in.short("the assumption that should take it does not exist")
	case e.holding[i].holds == rule.True:
		return ssf.Transferred, "assumption " + string(to)
	case e.holding[i].holds == rule.Unknown:
		in.needs = sortedRefs(append(in.needs, e.holding[i].needs...))
		return ssf.Undecided, "whether assumption " + string(to) + " holds is unknown"
	default:
		in.short("assumption " + string(to) + " does not hold")
	}
	return "", ""
}

func (e *evaluation) byAssumption(in *instance, dismissed []cover) (ssf.State, string) {
	for _, c := range dismissed {
		a := &e.holding[c.by]
		if !c.exact && a.holds == rule.True {
			return ssf.Unreviewed, "a pattern of assumption " + string(a.ID) + " covers it, and nobody has confirmed it"
		}
		if state, why := e.transferred(in, a.ID); state != "" {
			return state, why
		}
	}
	return "", ""
}

// byMitigation needs every mitigation that counters the threat to be
// implemented and placed.
func (e *evaluation) byMitigation(in *instance, mitigations []cover) (ssf.State, string) {
	if len(mitigations) == 0 || in.there == rule.Unknown {
		return "", ""
	}
	var names []ssf.ID
	exact, planned, unplaced := true, false, ssf.ID("")
	for _, c := range mitigations {
		r := &e.c.Mitigations[c.by]
		names = append(names, r.ID)
		exact = exact && c.exact
		switch {
		case r.State != "implemented":
			planned = true
		case !r.Placed:
			unplaced = r.ID
		}
	}
	switch {
	case unplaced != "":
		return ssf.Open, "mitigation " + string(unplaced) + " has no place that exists"
	case !exact:
		return ssf.Unreviewed, "a pattern of a mitigation covers it, and nobody has confirmed it"
	case planned:
		return ssf.Planned, join(names)
	}
	return ssf.Mitigated, join(names)
}
