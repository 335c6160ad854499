package check

import (
	"slices"
	"strings"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/facts"
)

// describe writes into the case what a reader of it needs beside the verdict:
// the elements with their facts, who decided what, and what the rules, measures
// and checks that it names say. So a writer needs the case and nothing else.
func (e *verdict) describe() {
	e.describeThreats()
	e.describeElements()
	e.describeDecisions()
	e.describePeople()
	e.describeLibrary()
}

func (e *verdict) describeThreats() {
	measures := map[*eval.Rule][]ssf.ID{}
	e.Case.Threats = make([]ssf.Threat, len(e.Instances))
	for i := range e.Instances {
		in, t := &e.Instances[i], &e.Case.Threats[i]
		*t = ssf.Threat{
			ID: in.ID, Rule: in.RuleID(), Element: e.Nodes[in.Node].ID, Title: in.Title(), Origin: in.Origin(),
			State: in.State, Why: in.Why, Changes: in.Changes, Needs: orEmpty(in.Needs), Rests: orEmpty(in.Rests),
			Risk: in.Risk, Likelihood: in.Likelihood, LikelihoodWhy: in.LikelihoodWhy, Impact: in.Impact, ImpactWhy: in.ImpactWhy,
			Endangers: in.Endangered, EndangersMore: in.EndangersMore, Basis: in.Assessed, Stride: []string{}, Measures: []ssf.ID{}, Mitigations: e.Treating(i),
		}
		for _, own := range in.Also {
			t.Also = append(t.Also, "own/"+own.ID)
		}
		if own := in.Own; own != nil {
			for _, s := range own.Stride {
				t.Stride = append(t.Stride, string(s.ID))
			}
			t.Says, t.Weaknesses, t.Attacks, t.FromTool = own.Says, refIDs(own.Weaknesses), refIDs(own.Attacks), own.From
			t.Severity, _ = ssf.ParseLevel(string(own.Severity.ID))
			continue
		}
		if measures[in.Rule] == nil {
			measures[in.Rule] = orEmpty(refIDs(in.Rule.Measures))
		}
		t.Stride, t.Measures = orEmpty(in.Rule.Stride), measures[in.Rule]
	}
	for i := range e.Model.Threats {
		own := &e.Model.Threats[i]
		if j := e.Joined["own/"+own.ID]; j != nil && j.OwnThreat == own {
			x := ssf.JoinedThreat{
				ID: "own/" + own.ID, Element: own.At.ID, Title: own.Name(), Says: own.Says, As: orEmpty(j.As),
				Weaknesses: refIDs(own.Weaknesses), Attacks: refIDs(own.Attacks), FromTool: own.From, Pos: own.Pos,
			}
			x.Severity, _ = ssf.ParseLevel(string(own.Severity.ID))
			e.Case.Joined = append(e.Case.Joined, x)
		}
	}
}

func (e *verdict) describeElements() {
	e.Case.Elements = make([]ssf.ElementInfo, 0, len(e.Nodes))
	infos := e.KnownFacts()
	for i := range e.Nodes {
		n := &e.Nodes[i]
		if n.Element == &facts.NoDeployment.Element || n.Mitigation != nil {
			continue
		}
		info := ssf.ElementInfo{ID: n.ID, Sort: n.Sort, Name: n.Title, Says: n.Says, Kind: n.Kind.ID, Zone: n.Zone.ID, Was: refIDs(n.Was), Facts: infos[i], FromTool: n.From, Pos: n.Pos}
		switch {
		case n.Sort == ssf.SortZone:
			info.Zone = n.Around.ID
		case n.Component != nil:
			info.Tech, info.Stores = refIDs(n.Component.Tech), refIDs(n.Component.Stores)
			for _, c := range n.Component.Code {
				info.Code = append(info.Code, string(c.ID))
			}
		case n.Asset != nil:
			for _, x := range n.Asset.Needs {
				l, _ := ssf.ParseLevel(string(x.Level.ID))
				info.Needs = append(info.Needs, ssf.NeedInfo{Property: ssf.Property(x.Property.ID), Level: l, Only: refIDs(x.Only)})
			}
		case n.Flow != nil:
			info.From, info.To, info.Over = n.Flow.From.ID, n.Flow.To.ID, n.Flow.Over.ID
			info.Sends, info.Returns = refIDs(n.Flow.Sends), refIDs(n.Flow.Returns)
		case n.Function != nil:
			info.At, info.On = n.Function.At.ID, refIDs(n.Function.On)
			info.Does, info.Otherwise = n.Function.Does.ID, n.Function.Otherwise.ID
			for _, a := range n.Function.Allow {
				info.Allow = append(info.Allow, ssf.AllowInfo{Actor: a.Actor.ID, Scope: a.Scope.ID, Auth: a.Auth.ID})
			}
		}
		for _, f := range n.Facts {
			if def := e.Vocabulary.Fact(f.Fact.ID); def != nil && def.Assertion && f.Value != "" {
				e.Case.Assertions = append(e.Case.Assertions, ssf.FactRef{Element: n.ID, Fact: f.Fact.ID})
			}
		}
		e.Case.Elements = append(e.Case.Elements, info)
	}
	slices.SortFunc(e.Case.Assertions, ssf.FactRef.Compare)
}

func (e *verdict) describeDecisions() {
	for i := range e.Decisions {
		d := &e.Decisions[i]
		r := ssf.DecisionResult{
			About: string(about(d.Decision)), Treat: string(d.Treat.ID), Likelihood: string(d.Level.ID), Because: d.Because.S, By: d.By.ID, Until: string(d.Until.ID),
			HoldsIf: d.HoldsIf.S, To: d.To.ID, Due: string(d.Due.ID), Owner: d.Owner.ID, Ticket: string(d.Ticket.ID), Lapsed: d.Lapsed, Pattern: !d.Exact, Covers: append([]ssf.ID{}, e.IDs(d.Hits)...), Pos: d.Pos,
		}
		var at []string
		for _, w := range d.At {
			at = append(at, string(w.Key.ID)+": "+string(w.Value.ID))
		}
		r.At = strings.Join(at, ", ")
		switch {
		case d.Cell.Element.ID != "":
			r.Kind, r.Pattern, r.Covers = "cell", false, []ssf.ID{about(d.Decision)}
		case d.Finding.ID != "":
			r.Kind, r.At, r.Pattern = "finding", string(d.In.ID), strings.Contains(string(d.In.ID), "*")
		case d.Rate.Rule.ID != "":
			r.Kind = "rate"
		case d.Threat.Rule.ID != "":
			r.Kind = "threat"
		default:
			continue // what it is about does not exist, and was reported
		}
		e.Case.Decisions = append(e.Case.Decisions, r)
	}
}

func (e *verdict) describePeople() {
	e.Case.People = []ssf.PersonInfo{}
	for _, p := range e.Model.People {
		limit, _ := ssf.ParseLevel(string(p.AcceptsUpTo.ID))
		e.Case.People = append(e.Case.People, ssf.PersonInfo{ID: p.ID, Name: p.Title, AcceptsUpTo: limit, ForAtMost: string(p.ForAtMost.ID)})
	}
}

// describeLibrary writes the rules of the threats, the measures that they and
// the mitigations name, and the checks of the diagnostics, each sorted by id.
func (e *verdict) describeLibrary() {
	c := e.Case
	c.Rules, c.Measures, c.Checks = []ssf.RuleInfo{}, []ssf.MeasureInfo{}, []ssf.CheckInfo{}
	measures := map[ssf.ID]bool{}
	for i := range e.Library.Threats {
		r := &e.Library.Threats[i]
		if len(e.Of[r.ID]) == 0 {
			continue
		}
		for _, m := range r.Measures {
			measures[m.ID] = true
		}
		c.Rules = append(c.Rules, ssf.RuleInfo{
			ID: r.ID, Title: r.Title, Origin: r.Origin, On: r.On, Stride: orEmpty(r.Stride), Weaknesses: orEmpty(refIDs(r.Weaknesses)), Attacks: orEmpty(refIDs(r.Attacks)),
			Says: r.Says, Plain: r.Plain, QuietWhen: r.QuietWhen, Measures: orEmpty(refIDs(r.Measures)),
		})
	}
	for _, m := range c.Mitigations {
		measures[m.Measure] = true
	}
	for i := range e.Library.Measures {
		m := &e.Library.Measures[i]
		if !measures[m.ID] {
			continue
		}
		info := ssf.MeasureInfo{ID: m.ID, Title: m.Title, Kind: m.Kind, Effort: m.Effort, Says: m.Says, Leaves: m.Leaves, Where: m.Where, Verify: []ssf.RecipeInfo{}, Answers: refIDs(m.Answers)}
		for _, v := range m.Verify {
			info.Verify = append(info.Verify, ssf.RecipeInfo{Method: v.Method, How: v.How, Rules: refIDs(v.Rules), Expect: v.Expect, Fresh: v.Fresh, Break: v.Break})
		}
		c.Measures = append(c.Measures, info)
	}
	told := map[ssf.ID]bool{}
	for _, d := range c.Diagnostics {
		told[d.Check] = true
	}
	for i := range e.Library.Checks {
		if k := &e.Library.Checks[i]; told[k.ID] {
			c.Checks = append(c.Checks, ssf.CheckInfo{ID: k.ID, Severity: k.Severity, Control: k.Control.ID, Title: k.Title, Says: k.Says, Fix: k.Fix})
		}
	}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
