package eval

import (
	"slices"
	"strings"
	"time"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// An Assumption is an assumption with whether its condition is true of the
// deployments.
type Assumption struct {
	*ssf.Assumption
	Holds rule.Truth
	Needs []ssf.FactRef
	Cond  *rule.Condition
}

// A Decision is a decision with the instances that it is about.
type Decision struct {
	*ssf.Decision
	Exact   bool // it names one instance; else it is a pattern, to be reviewed
	Lapsed  bool
	Hits    []int
	Lowered []ssf.ID  // threats that its rating would lower by a pattern
	Stale   []ssf.Pin // of its ratings, or of its answer to a cell
	Cond    map[ssf.Sort]*rule.Condition
}

// A cover is something that treats a threat: a mitigation or an assumption, by
// its index. It is exact if it names the threat and not only a pattern of it.
type cover struct {
	by    int
	exact bool
}

// holdAssumptions finds which assumptions hold. One without a condition holds
// as far as anybody knows: its owner sees to it.
func (e *Evaluation) holdAssumptions() {
	for i := range e.Model.Assumptions {
		h := Assumption{Assumption: &e.Model.Assumptions[i], Holds: rule.True}
		if h.HoldsIf.S != "" {
			if h.Cond = e.condition(h.HoldsIf, ssf.SortSystem, h.ID); h.Cond != nil {
				h.Holds, h.Needs = e.Judge(h.Cond, 0, false)
			} else {
				h.Holds = rule.Unknown
			}
		}
		e.Assumptions = append(e.Assumptions, h)
		info := ssf.AssumptionInfo{ID: h.ID, Says: h.Says, Owner: string(h.Owner.ID), When: string(h.When.ID), Do: h.Do.S, Expect: h.Expect.S, Effort: string(h.Effort.ID), Default: string(h.Default.ID), Pos: h.Pos}
		switch h.Holds {
		case rule.True:
			info.Holds = ssf.Yes
		case rule.False:
			info.Holds = ssf.No
		}
		e.Case.Assumptions = append(e.Case.Assumptions, info)
	}
}

// condition compiles a condition of the model; its errors are the author's.
func (e *Evaluation) condition(t ssf.Text, on ssf.Sort, subject ssf.ID) *rule.Condition {
	c, ds := e.compiler.Compile(t, rule.Place{On: on, Elements: e.sorts(), Former: e.former(), Check: "model/condition", Subject: subject})
	for _, d := range ds {
		d.Snippet = e.line(d.Pos)
		if !slices.ContainsFunc(e.Case.Diagnostics, func(o ssf.Diagnostic) bool { return o.Pos == d.Pos && o.Message == d.Message }) {
			e.Case.Diagnostics = append(e.Case.Diagnostics, d)
		}
	}
	return c
}

// holdDecisions finds what each decision is about. Two on one Instance, or on
// one cell, contradict each other, also where one of them is a pattern.
func (e *Evaluation) holdDecisions() {
	first := map[ssf.ID]*ssf.Decision{}
	doubled := func(d *ssf.Decision, prefix ssf.ID, about ...ssf.ID) {
		told := false
		for _, id := range about {
			f := first[prefix+id]
			if f == nil {
				first[prefix+id] = d
			} else if !told {
				told = true
				e.Report("threats/two-decisions", id, d.Pos, "", []ssf.Related{{Message: "the other one", Pos: f.Pos}}, "there are two decisions about %s", id)
			}
		}
	}
	for i := range e.Model.Decisions {
		h := Decision{Decision: &e.Model.Decisions[i], Cond: map[ssf.Sort]*rule.Condition{}}
		h.Lapsed = e.Past(h.Until) || e.Past(h.Due)
		switch {
		case h.Threat.Rule.ID != "":
			h.Exact = h.Threat.Element.ID != "" && !strings.Contains(string(h.Threat.ID()), "*")
			h.Hits = e.Matching(h.Threat, h.At)
			if len(h.Hits) == 0 && h.Exact {
				doubled(h.Decision, "", h.Threat.ID())
			}
			doubled(h.Decision, "", e.IDs(h.Hits)...)
			for _, at := range h.Hits {
				if s := e.Nodes[e.Instances[at].Node].Sort; h.HoldsIf.S != "" && h.Cond[s] == nil {
					h.Cond[s] = e.condition(h.HoldsIf, s, e.Instances[at].ID)
				}
			}
			for j := range e.Rules { // what is wrong with its condition shows also where it hits nothing
				if r := &e.Rules[j]; len(h.Hits) == 0 && h.HoldsIf.S != "" && ssf.Match(string(h.Threat.Rule.ID), string(r.ID)) {
					e.condition(h.HoldsIf, r.On, h.Threat.ID())
				}
			}
		case h.Rate.Rule.ID != "":
			h.Exact = !wild(h.Rate)
			h.Hits = e.Matching(h.Rate, nil)
			doubled(h.Decision, "rate ", e.IDs(h.Hits)...)
			e.applyRate(&h)
		case h.Cell.Element.ID != "":
			h.Exact = true
			doubled(h.Decision, "cell ", ssf.ID(h.Cell.Cell().String()))
			if p := e.pinCell(h.Decision); p.Status == ssf.Outdated {
				h.Stale = []ssf.Pin{p}
			}
		}
		e.Decisions = append(e.Decisions, h)
	}
}

func (e *Evaluation) IDs(instances []int) (out []ssf.ID) {
	for _, i := range instances {
		out = append(out, e.Instances[i].ID)
	}
	return out
}

// applyRate sets the likelihood that a decision rates. A pattern may raise it;
// to lower it each threat has to be named or confirmed, so that none is lowered
// unseen. A rating that is stale may not lower it either.
func (e *Evaluation) applyRate(h *Decision) {
	level, _ := ssf.ParseLevel(string(h.Level.ID))
	for _, at := range h.Hits {
		in := &e.Instances[at]
		l, _ := e.likelihood(in)
		lowers := level < l.Worst()
		p := ssf.Pin{Status: ssf.Confirmed}
		if h.Exact || lowers {
			p = e.pinThreat(ssf.PinRate, in, level.String(), h.Exact, h.Because.S, h.Pos)
		}
		if h.Lapsed {
			continue
		}
		in.Rating = h.Decision
		switch {
		case p.Status == ssf.Unconfirmed:
			h.Lowered = append(h.Lowered, in.ID)
			continue
		case p.Status == ssf.Outdated:
			h.Stale = append(h.Stale, p)
		}
		if p.Status != ssf.Outdated || !lowers {
			in.Rated = h.Decision
		}
	}
}

// Past reports whether a day is over.
func (e *Evaluation) Past(day ssf.Ref) bool {
	t, err := time.Parse(time.DateOnly, string(day.ID))
	return err == nil && !e.Now.Before(t.AddDate(0, 0, 1))
}

// wild reports whether a pattern may name more than one instance.
func wild(p ssf.Pattern) bool { return strings.Contains(string(p.ID()), "*") }

// Matching are the instances that a pattern names, in order. A pattern that is
// wild on one side only costs no more than the instances on its other side.
func (e *Evaluation) Matching(p ssf.Pattern, at []ssf.Where) (hits []int) {
	r, el := string(p.Rule.ID), string(p.Element.ID)
	var among []int
	n, m := e.World.Lookup(p.Element.ID), e.World.Lookup(facts.MitigationID(p.Element.ID))
	switch {
	case !wild(p) && len(at) == 0:
		for _, id := range []ssf.ID{p.ID(), "own/" + p.ID()} {
			if i := e.find(id); i >= 0 {
				return []int{i}
			}
		}
		return nil
	case n >= 0 && m >= 0: // an element and a mitigation may have one id
		among = slices.Concat(e.At[n], e.At[m])
		slices.Sort(among)
	case n >= 0 || m >= 0:
		among = e.At[max(n, m)]
	case !strings.Contains(r, "*"):
		among = slices.Concat(e.Of[p.Rule.ID], e.Of["own/"+p.Rule.ID])
	default:
		among = make([]int, len(e.Instances))
		for i := range among {
			among[i] = i
		}
	}
	for _, i := range among {
		in := &e.Instances[i]
		id := string(in.RuleID())
		if !ssf.Match(r, id) && !ssf.Match(r, strings.TrimPrefix(id, "own/")) {
			continue
		}
		if (el == "" || e.called(in.Node, el)) && e.has(in.Node, at) {
			hits = append(hits, i)
		}
	}
	return hits
}

// called reports whether a pattern fits the id of node n, or a former one.
func (e *Evaluation) called(n int32, pattern string) bool {
	return ssf.Match(pattern, string(e.Nodes[n].ID)) ||
		slices.ContainsFunc(e.Nodes[n].Was, func(w ssf.Ref) bool { return ssf.Match(pattern, string(w.ID)) })
}

// has reports whether node n has all attributes.
func (e *Evaluation) has(n int32, at []ssf.Where) bool {
	nd := &e.Nodes[n]
	for _, a := range at {
		var ok bool
		switch v := a.Value.ID; a.Key.ID {
		case "zone":
			ok = nd.Zone.ID == v
		case "kind":
			ok = nd.Component != nil && e.Kinds.Is(nd.Kind.ID, v) == rule.True
		case "tech":
			ok = nd.Component != nil && ssf.HasRef(nd.Component.Tech, v)
		case "from":
			ok = nd.Flow != nil && nd.Flow.From.ID == v
		case "to":
			ok = nd.Flow != nil && nd.Flow.To.ID == v
		case "over":
			ok = nd.Flow != nil && nd.Flow.Over.ID == v
		case "at":
			ok = nd.Function != nil && nd.Function.At.ID == v
		default:
			f := e.Vocabulary.Fact(a.Key.ID)
			ok = f != nil && v != "" && f.Decode(e.Get(n, a.Key.ID)) == ssf.Value(v)
		}
		if !ok {
			return false
		}
	}
	return true
}

// AboveLimit reports whether a person may not accept this threat.
func (e *Evaluation) AboveLimit(in *Instance, d *ssf.Decision) (bool, string) {
	i := slices.IndexFunc(e.Model.People, func(p ssf.Person) bool { return p.ID == d.By.ID })
	if i < 0 {
		return true, "nobody is named who may accept it"
	}
	limit, _ := ssf.ParseLevel(string(e.Model.People[i].AcceptsUpTo.ID))
	if limit == ssf.Unknown {
		limit = ssf.None // nobody said that this person may accept anything
	}
	l, _ := e.likelihood(in)
	if r := risk(l, e.impactOf(in).level, in.severity()); r.Worst() > limit {
		return true, string(d.By.ID) + " may accept risk up to " + limit.String() + ", and this is " + r.String()
	}
	return false, ""
}
