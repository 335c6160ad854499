package eval

import (
	"slices"
	"strings"
	"time"

	"ssf"
	"ssf/internal/rule"
)

// A heldAssumption is an assumption with whether its condition is true of the
// deployments.
type heldAssumption struct {
	*ssf.Assumption
	holds rule.Truth
	needs []ssf.FactRef
	cond  *rule.Condition
}

// A heldDecision is a decision with the instances that it is about.
type heldDecision struct {
	*ssf.Decision
	exact  bool // it names one instance; else it is a pattern, to be reviewed
	lapsed bool
	hits   []int
	cond   map[ssf.Sort]*rule.Condition
}

// holdAssumptions finds which assumptions hold. One without a condition holds
// as far as anybody knows: its owner sees to it.
func (e *evaluation) holdAssumptions() {
	for i := range e.Model.Assumptions {
		h := heldAssumption{Assumption: &e.Model.Assumptions[i], holds: rule.True}
		if h.HoldsIf.S != "" {
			if h.cond = e.condition(h.HoldsIf, ssf.SortDeployment, h.ID); h.cond != nil {
				h.holds, h.needs = e.judge(h.cond, -1, false)
			} else {
				h.holds = rule.Unknown
			}
		}
		e.holding = append(e.holding, h)
		info := ssf.AssumptionInfo{ID: h.ID, Says: h.Says, Owner: string(h.Owner.ID), When: string(h.When.ID), Pos: h.Pos}
		switch h.holds {
		case rule.True:
			info.Holds = ssf.Yes
		case rule.False:
			info.Holds = ssf.No
		}
		e.c.Assumptions = append(e.c.Assumptions, info)
	}
}

// condition compiles a condition of the model; its errors are the author's.
func (e *evaluation) condition(t ssf.Text, on ssf.Sort, subject ssf.ID) *rule.Condition {
	c, ds := e.compiler.Compile(t, rule.Place{On: on, Elements: e.sorts, Check: "model/condition", Subject: subject})
	for _, d := range ds {
		d.Snippet = e.line(d.Pos)
		if !slices.ContainsFunc(e.c.Diagnostics, func(o ssf.Diagnostic) bool { return o.Pos == d.Pos && o.Message == d.Message }) {
			e.c.Diagnostics = append(e.c.Diagnostics, d)
		}
	}
	return c
}

// holdDecisions finds what each decision is about. Two exact ones on one
// instance, or on one cell, contradict each other.
func (e *evaluation) holdDecisions() {
	first := map[ssf.ID]*ssf.Decision{}
	doubled := func(d *ssf.Decision, about ssf.ID) {
		if f := first[about]; f != nil {
			e.report("threats/two-decisions", about, d.Pos, "", []ssf.Related{{Message: "the other one", Pos: f.Pos}}, "there are two decisions about %s", about)
			return
		}
		first[about] = d
	}
	for i := range e.Model.Decisions {
		h := heldDecision{Decision: &e.Model.Decisions[i], cond: map[ssf.Sort]*rule.Condition{}}
		h.lapsed = e.past(h.Until) || e.past(h.Due)
		switch {
		case h.Threat.Rule.ID != "":
			h.exact = h.Threat.Element.ID != "" && !strings.Contains(string(h.Threat.ID()), "*")
			h.hits = e.matching(h.Threat, h.At)
			if h.exact {
				doubled(h.Decision, h.Threat.ID())
			}
			for _, at := range h.hits {
				if s := e.nodes[e.instances[at].node].sort; h.HoldsIf.S != "" && h.cond[s] == nil {
					h.cond[s] = e.condition(h.HoldsIf, s, e.instances[at].id)
				}
			}
			if len(h.hits) == 0 && h.HoldsIf.S != "" {
				if n := e.world.Lookup(h.Threat.Element.ID); n >= 0 {
					e.condition(h.HoldsIf, e.nodes[n].sort, h.Threat.ID())
				}
			}
		case h.Rate.Rule.ID != "":
			h.hits = e.matching(h.Rate, nil)
			for _, at := range h.hits {
				e.instances[at].rated = h.Decision
			}
			doubled(h.Decision, "rate "+h.Rate.ID())
		case h.Cell.Element.ID != "":
			doubled(h.Decision, ssf.ID(h.Cell.Cell().String()))
		}
		e.decided = append(e.decided, h)
	}
}

// past reports whether a day is over.
func (e *evaluation) past(day ssf.Ref) bool {
	t, err := time.Parse(time.DateOnly, string(day.ID))
	return err == nil && !e.Now.Before(t.AddDate(0, 0, 1))
}

// matching are the instances that a pattern names, in order.
func (e *evaluation) matching(p ssf.Pattern, at []ssf.Where) (hits []int) {
	r, el := string(p.Rule.ID), string(p.Element.ID)
	if !strings.Contains(r+el, "*") && len(at) == 0 {
		for _, id := range []ssf.ID{p.ID(), "own/" + p.ID()} {
			if i, ok := e.index[id]; ok {
				return []int{i}
			}
		}
		return nil
	}
	for i := range e.instances {
		in := &e.instances[i]
		id := string(in.ruleID())
		if !ssf.Match(r, id) && !ssf.Match(r, strings.TrimPrefix(id, "own/")) {
			continue
		}
		if (el == "" || ssf.Match(el, string(e.nodes[in.node].ID))) && e.has(in.node, at) {
			hits = append(hits, i)
		}
	}
	return hits
}

// has reports whether node n has all attributes.
func (e *evaluation) has(n int32, at []ssf.Where) bool {
	nd := &e.nodes[n]
	for _, a := range at {
		var ok bool
		switch v := a.Value.ID; a.Key.ID {
		case "zone":
			ok = nd.zone.ID == v
		case "kind":
			ok = nd.component != nil && e.kinds.is(nd.kind.ID, v) == rule.True
		case "tech":
			ok = nd.component != nil && hasRef(nd.component.Tech, v)
		case "from":
			ok = nd.flow != nil && nd.flow.From.ID == v
		case "to":
			ok = nd.flow != nil && nd.flow.To.ID == v
		case "over":
			ok = nd.flow != nil && nd.flow.Over.ID == v
		case "at":
			ok = nd.function != nil && nd.function.At.ID == v
		default:
			f := e.vocab.Fact(a.Key.ID)
			ok = f != nil && v != "" && f.Decode(e.get(n, a.Key.ID)) == ssf.Value(v)
		}
		if !ok {
			return false
		}
	}
	return true
}

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
		for _, p := range m.Counters {
			for _, at := range e.matching(p, nil) {
				if !slices.Contains(e.counters[at], i) {
					e.counters[at] = append(e.counters[at], i)
					r.Counters = append(r.Counters, e.instances[at].id)
				}
			}
		}
		slices.Sort(r.Counters)
		e.c.Mitigations = append(e.c.Mitigations, r)
	}
}

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
		return "not looked up"
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

// treat finds the state of each instance: first what somebody decided, then
// what counters it, then what is claimed.
func (e *evaluation) treat() {
	decisions := make([][]int, len(e.instances))
	for i, d := range e.decided {
		if d.Threat.Rule.ID != "" {
			for _, at := range d.hits {
				decisions[at] = append(decisions[at], i)
			}
		}
	}
	dismissed := make([][]int, len(e.instances))
	for i, a := range e.holding {
		for _, p := range a.Dismisses {
			for _, at := range e.matching(p, nil) {
				dismissed[at] = append(dismissed[at], i)
			}
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
		for _, step := range []func(int, *instance) bool{
			func(i int, in *instance) bool { return e.byDecision(in, decisions[i]) },
			func(i int, in *instance) bool { return e.byAssumption(in, dismissed[i]) },
			func(i int, in *instance) bool { return e.byMitigation(in, e.counters[i]) },
		} {
			if step(i, in) {
				break
			}
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

// byDecision applies what was decided. A decision that lapsed, whose condition
// is not true or whose risk is above the person's limit leaves the threat as
// it is; the checks say so.
func (e *evaluation) byDecision(in *instance, decisions []int) bool {
	for _, i := range decisions {
		d := &e.decided[i]
		if d.lapsed {
			in.why = "the decision about it has lapsed"
			continue
		}
		if c := d.cond[e.nodes[in.node].sort]; d.HoldsIf.S != "" {
			t := rule.Unknown
			var needs []ssf.FactRef
			if c != nil {
				t, needs = e.judge(c, in.node, false)
			}
			if t != rule.True {
				in.why = "the condition of the decision about it is " + t.String()
				in.needs = sortedRefs(append(in.needs, needs...))
				continue
			}
		}
		if !d.exact {
			in.state, in.why = ssf.Unreviewed, "a pattern covers it, and nobody has confirmed it"
			return true
		}
		in.why = d.Because.S
		switch d.Treat.ID {
		case "accept":
			if over, why := e.aboveLimit(in, d.Decision); over {
				in.why = why
				continue
			}
			in.state = ssf.Accepted
		case "transfer":
			in.state, in.why = e.transferred(in, d.To.ID)
		case "not_applicable":
			in.state = ssf.NotApplicable
		case "mitigate":
			in.state, in.why = ssf.Planned, "planned for "+string(d.Due.ID)
		}
		return true
	}
	return false
}

// transferred is the state of a threat that an assumption takes.
func (e *evaluation) transferred(in *instance, to ssf.ID) (ssf.State, string) {
	i := slices.IndexFunc(e.holding, func(h heldAssumption) bool { return h.ID == to })
	switch {
	case i < 0:
		return ssf.Open, "the assumption that should take it does not exist"
	case e.holding[i].holds == rule.True:
		return ssf.Transferred, "assumption " + string(to)
	case e.holding[i].holds == rule.Unknown:
		in.needs = sortedRefs(append(in.needs, e.holding[i].needs...))
		return ssf.Undecided, "whether assumption " + string(to) + " holds is unknown"
	}
	return ssf.Open, "assumption " + string(to) + " does not hold"
}

func (e *evaluation) byAssumption(in *instance, dismissed []int) bool {
	for _, i := range dismissed {
		a := &e.holding[i]
		exact := slices.ContainsFunc(a.Dismisses, func(p ssf.Pattern) bool { return p.ID() == in.id })
		if !exact && a.holds == rule.True {
			in.state, in.why = ssf.Unreviewed, "a pattern of assumption "+string(a.ID)+" covers it, and nobody has confirmed it"
			return true
		}
		state, why := e.transferred(in, a.ID)
		if state == ssf.Open {
			continue // it falls to what else counters it
		}
		in.state, in.why = state, why
		return true
	}
	return false
}

// byMitigation needs every mitigation that counters the threat to be
// implemented and placed.
func (e *evaluation) byMitigation(in *instance, mitigations []int) bool {
	if len(mitigations) == 0 || in.there == rule.Unknown {
		return false
	}
	var names []ssf.ID
	exact, planned, unplaced := true, false, ssf.ID("")
	for _, i := range mitigations {
		m, r := &e.Model.Mitigations[i], &e.c.Mitigations[i]
		names = append(names, m.ID)
		exact = exact && slices.ContainsFunc(m.Counters, func(p ssf.Pattern) bool { return p.ID() == in.id })
		switch {
		case r.State != "implemented":
			planned = true
		case !r.Placed:
			unplaced = m.ID
		}
	}
	switch {
	case unplaced != "":
		in.state, in.why = ssf.Open, "mitigation "+string(unplaced)+" has no place that exists"
	case !exact:
		in.state, in.why = ssf.Unreviewed, "a pattern of a mitigation covers it, and nobody has confirmed it"
	case planned:
		in.state, in.why = ssf.Planned, join(names)
	default:
		in.state, in.why = ssf.Mitigated, join(names)
	}
	return true
}
