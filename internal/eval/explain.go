package eval

import (
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// shown is how many members of a list an explanation shows.
const shown = 5

// Explain tells why the threat of a rule stands at an element or not. It
// reports false if there is no such rule, or no such element in the model.
func Explain(in ssf.Inputs, verdict *ssf.Case, id ssf.ID) (*ssf.Explanation, bool, error) {
	name, at, ok := strings.Cut(string(id), "@")
	if !ok {
		return nil, false, nil
	}
	e, err := New(in).Evaluate()
	if err != nil {
		return nil, false, err
	}
	out := &ssf.Explanation{ID: id}
	if i := slices.IndexFunc(verdict.Threats, func(t ssf.Threat) bool { return t.ID == id || t.ID == "own/"+id }); i >= 0 {
		out.Threat = &verdict.Threats[i]
	}
	for i := range verdict.Joined {
		j := &verdict.Joined[i]
		if out.Threat != nil && slices.Contains(out.Threat.Also, j.ID) || string(j.Element) == at && strings.TrimPrefix(name, "own/") == strings.TrimPrefix(string(j.ID), "own/") {
			out.Joined = append(out.Joined, *j)
		}
	}
	n := e.World.Lookup(ssf.ID(at))
	i := slices.IndexFunc(e.Rules, func(r Rule) bool { return r.ID == ssf.ID(name) })
	if n < 0 || i >= 0 && e.Rules[i].On == ssf.SortMitigation {
		if m := e.World.Lookup(facts.MitigationID(ssf.ID(at))); m >= 0 {
			n = m
		}
	}
	switch {
	case n < 0:
		return nil, false, nil
	case i < 0 && out.Threat != nil:
		out.Verdict = "the team stated this threat itself"
		return out, true, nil
	case i < 0 && len(out.Joined) > 0:
		out.Verdict = "the team stated this threat itself, and it stands in " + ssf.Join(out.Joined[0].As) + ", which it is the same as"
		return out, true, nil
	case i < 0:
		return nil, false, nil
	}
	r := &e.Rules[i]
	out.Rule = r.Rule
	out.Variants, out.Steps = e.branches(r.Variants, verdict), e.branches(r.Steps, verdict)
	if s := e.Nodes[n].Sort; s != r.On {
		out.Verdict = "the rule stands on " + ssf.Article(string(r.On)) + ", and " + at + " is " + ssf.Article(string(s))
		return out, true, nil
	}
	fits := rule.True
	if r.On == ssf.SortMitigation {
		measure := e.Nodes[n].Kind.ID
		if !ssf.HasRef(r.Of, measure) {
			fits = rule.False
		}
		out.Kind = at + " carries out " + string(measure) + "; the rule is for " + ssf.Join(refIDs(r.Of)) + ": " + fits.String()
	}
	if len(r.Kinds) > 0 {
		fits = rule.False
		if b := e.bearer(n); b >= 0 && e.Nodes[b].Sort == ssf.SortComponent {
			kind := e.Nodes[b].Kind.ID
			fits = e.Kinds.AnyOf(kind, r.Kinds)
			if kind == "" {
				kind = "not stated"
			}
			out.Kind = "the kind of " + string(e.Nodes[b].ID) + " is " + string(kind) + "; the rule is for " + ssf.Join(refIDs(r.Kinds)) + ": " + fits.String()
		} else {
			out.Kind = "the element that counts is no component, so it has no kind; the rule is for " + ssf.Join(refIDs(r.Kinds))
		}
	}
	c := r.conditions()
	if c.err != nil {
		return nil, false, c.err
	}
	if out.When, err = e.trace(c.when, n, true); err != nil {
		return nil, false, err
	}
	if c.unless != nil {
		if out.Unless, err = e.trace(c.unless, n, false); err != nil {
			return nil, false, err
		}
	}
	switch {
	case out.Threat != nil:
		out.Verdict = string(out.Threat.State) + ": " + out.Threat.Why
	case fits == rule.False:
		out.Verdict = "not derived: the rule is not for this kind"
	default:
		out.Verdict = "not derived: its condition is false"
	}
	return out, true, nil
}

// branches are the parts of an attack with the places where each stands.
func (e *Evaluation) branches(parts []ssf.Ref, verdict *ssf.Case) (out []ssf.Branch) {
	for _, p := range parts {
		b := ssf.Branch{Rule: p.ID, At: []ssf.BranchAt{}}
		for i := range e.Rules {
			if e.Rules[i].ID == p.ID {
				b.Title = e.Rules[i].Title
			}
		}
		for i := range verdict.Threats {
			if t := &verdict.Threats[i]; t.Rule == p.ID {
				b.At = append(b.At, ssf.BranchAt{Element: t.Element, State: t.State})
			}
		}
		out = append(out, b)
	}
	return out
}

// trace explains a condition in the deployment that counts: for one that makes
// things worse (any) where its truth is greatest, else where it is least.
func (e *Evaluation) trace(c *rule.Condition, n int32, any bool) (*ssf.Why, error) {
	var out rule.Trace
	for i, w := range e.worldsOf(c) {
		t, err := c.Explain(w, n, shown)
		if err != nil {
			return nil, err
		}
		if i == 0 || t.Truth != out.Truth && (t.Truth > out.Truth) == any {
			out = t
		}
	}
	return e.why(out), nil
}

func refIDs(rs []ssf.Ref) (out []ssf.ID) {
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

// why turns a trace into a plain value, with the source of each fact.
func (e *Evaluation) why(t rule.Trace) *ssf.Why {
	out := &ssf.Why{Text: t.Text, Truth: t.Truth.String(), Member: t.Member, Members: t.Members, Omitted: t.Omitted}
	for _, f := range t.Facts {
		out.Facts = append(out.Facts, e.Source(f))
	}
	for _, p := range t.Parts {
		out.Parts = append(out.Parts, *e.why(p))
	}
	return out
}
