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

// A cover is something that treats a threat: a mitigation or an assumption, by
// its index. It is exact if it names the threat and not only a pattern of it.
type cover struct {
	by    int
	exact bool
}

// holdAssumptions finds which assumptions hold. One without a condition holds
// as far as anybody knows: its owner sees to it.
func (e *evaluation) holdAssumptions() {
	for i := range e.Model.Assumptions {
		h := heldAssumption{Assumption: &e.Model.Assumptions[i], holds: rule.True}
		if h.HoldsIf.S != "" {
			if h.cond = e.condition(h.HoldsIf, ssf.SortSystem, h.ID); h.cond != nil {
				h.holds, h.needs = e.judge(h.cond, 0, false)
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

// holdDecisions finds what each decision is about. Two on one instance, or on
// one cell, contradict each other, also where one of them is a pattern.
func (e *evaluation) holdDecisions() {
	first := map[ssf.ID]*ssf.Decision{}
	doubled := func(d *ssf.Decision, prefix ssf.ID, about ...ssf.ID) {
		told := false
		for _, id := range about {
			f := first[prefix+id]
			if f == nil {
				first[prefix+id] = d
			} else if !told {
				told = true
				e.report("threats/two-decisions", id, d.Pos, "", []ssf.Related{{Message: "the other one", Pos: f.Pos}}, "there are two decisions about %s", id)
			}
		}
	}
	for i := range e.Model.Decisions {
		h := heldDecision{Decision: &e.Model.Decisions[i], cond: map[ssf.Sort]*rule.Condition{}}
		h.lapsed = e.past(h.Until) || e.past(h.Due)
		switch {
		case h.Threat.Rule.ID != "":
			h.exact = h.Threat.Element.ID != "" && !strings.Contains(string(h.Threat.ID()), "*")
			h.hits = e.matching(h.Threat, h.At)
			if len(h.hits) == 0 && h.exact {
				doubled(h.Decision, "", h.Threat.ID())
			}
			doubled(h.Decision, "", e.ids(h.hits)...)
			for _, at := range h.hits {
				if s := e.nodes[e.instances[at].node].sort; h.HoldsIf.S != "" && h.cond[s] == nil {
					h.cond[s] = e.condition(h.HoldsIf, s, e.instances[at].id)
				}
			}
			for j := range e.rules { // what is wrong with its condition shows also where it hits nothing
				if r := &e.rules[j]; len(h.hits) == 0 && h.HoldsIf.S != "" && ssf.Match(string(h.Threat.Rule.ID), string(r.ID)) {
					e.condition(h.HoldsIf, r.On, h.Threat.ID())
				}
			}
		case h.Rate.Rule.ID != "":
			h.hits = e.matching(h.Rate, nil)
			doubled(h.Decision, "rate ", e.ids(h.hits)...)
			e.applyRate(&h)
		case h.Cell.Element.ID != "":
			doubled(h.Decision, "cell ", ssf.ID(h.Cell.Cell().String()))
		}
		e.decided = append(e.decided, h)
	}
}

func (e *evaluation) ids(instances []int) (out []ssf.ID) {
	for _, i := range instances {
		out = append(out, e.instances[i].id)
	}
	return out
}

// applyRate sets the likelihood that a decision rates. A pattern may raise it;
// to lower it each threat has to be named, so that none is lowered unseen.
func (e *evaluation) applyRate(h *heldDecision) {
	if h.lapsed {
		return
	}
	level, _ := ssf.ParseLevel(string(h.Level.ID))
	var lower []ssf.ID
	for _, at := range h.hits {
		in := &e.instances[at]
		if l, _ := e.likelihood(in); wild(h.Rate) && level < l {
			lower = append(lower, in.id)
			continue
		}
		in.rated = h.Decision
	}
	if len(lower) > 0 {
		e.openAt("TH-4", h.Rate.ID())
		e.report("threats/unreviewed", h.Rate.ID(), h.Rate.Pos, "", nil, "a pattern rates %s lower, and nobody has confirmed it: %s", plural(len(lower), "threat", "threats"), few(lower))
	}
}

// past reports whether a day is over.
func (e *evaluation) past(day ssf.Ref) bool {
	t, err := time.Parse(time.DateOnly, string(day.ID))
	return err == nil && !e.Now.Before(t.AddDate(0, 0, 1))
}

// wild reports whether a pattern may name more than one instance.
func wild(p ssf.Pattern) bool { return strings.Contains(string(p.ID()), "*") }

// matching are the instances that a pattern names, in order. A pattern that is
// wild on one side only costs no more than the instances on its other side.
func (e *evaluation) matching(p ssf.Pattern, at []ssf.Where) (hits []int) {
	r, el := string(p.Rule.ID), string(p.Element.ID)
	var among []int
	switch n := e.world.Lookup(p.Element.ID); {
	case !wild(p) && len(at) == 0:
		for _, id := range []ssf.ID{p.ID(), "own/" + p.ID()} {
			if i, ok := e.index[id]; ok {
				return []int{i}
			}
		}
		return nil
	case n >= 0:
		among = e.at[n]
	case !strings.Contains(r, "*"):
		among = slices.Concat(e.of[p.Rule.ID], e.of["own/"+p.Rule.ID])
	default:
		among = make([]int, len(e.instances))
		for i := range among {
			among[i] = i
		}
	}
	for _, i := range among {
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
