package eval

import (
	"slices"
	"strings"

	"ssf"
	"ssf/internal/rule"
)

// shown is how many members of a list an explanation shows.
const shown = 5

// Explain tells why the threat of a rule stands at an element or not. It
// reports false if there is no such rule, or no such element in the model.
func Explain(in ssf.Inputs, c *ssf.Case, id ssf.ID) (*ssf.Explanation, bool, error) {
	name, at, ok := strings.Cut(string(id), "@")
	if !ok {
		return nil, false, nil
	}
	eng, err := newEngine(in)
	if err != nil {
		return nil, false, err
	}
	e, err := eng.pass(nil)
	if err != nil {
		return nil, false, err
	}
	out := &ssf.Explanation{ID: id}
	if i := slices.IndexFunc(c.Threats, func(t ssf.Threat) bool { return t.ID == id || t.ID == "own/"+id }); i >= 0 {
		out.Threat = &c.Threats[i]
	}
	n := e.world.Lookup(ssf.ID(at))
	i := slices.IndexFunc(e.rules, func(r compiledRule) bool { return r.ID == ssf.ID(name) })
	switch {
	case n < 0:
		return nil, false, nil
	case i < 0 && out.Threat != nil:
		out.Verdict = "the team stated this threat itself"
		return out, true, nil
	case i < 0:
		return nil, false, nil
	}
	r := &e.rules[i]
	out.Rule = r.Rule
	if s := e.nodes[n].sort; s != r.On {
		out.Verdict = "the rule stands on a " + string(r.On) + ", and " + at + " is a " + string(s)
		return out, true, nil
	}
	fits := rule.True
	if len(r.Kinds) > 0 {
		fits = rule.False
		if b := e.bearer(n); b >= 0 && e.nodes[b].sort == ssf.SortComponent {
			kind := e.nodes[b].kind.ID
			fits = e.kinds.anyOf(kind, r.Kinds)
			if kind == "" {
				kind = "not stated"
			}
			out.Kind = "the kind of " + string(e.nodes[b].ID) + " is " + string(kind) + "; the rule is for " + join(refIDs(r.Kinds)) + ": " + fits.String()
		} else {
			out.Kind = "the element that counts is no component, so it has no kind; the rule is for " + join(refIDs(r.Kinds))
		}
	}
	if out.When, err = e.trace(r.when, n, true); err != nil {
		return nil, false, err
	}
	if r.unless != nil {
		if out.Unless, err = e.trace(r.unless, n, false); err != nil {
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

// trace explains a condition in the deployment that counts: for one that makes
// things worse (any) where its truth is greatest, else where it is least.
func (e *evaluation) trace(c *rule.Condition, n int32, any bool) (*ssf.Why, error) {
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
func (e *evaluation) why(t rule.Trace) *ssf.Why {
	out := &ssf.Why{Text: t.Text, Truth: t.Truth.String(), Member: t.Member, Members: t.Members, Omitted: t.Omitted}
	for _, f := range t.Facts {
		out.Facts = append(out.Facts, e.factAt(f))
	}
	for _, p := range t.Parts {
		out.Parts = append(out.Parts, *e.why(p))
	}
	return out
}

// factAt is a fact with the place in the model that it follows from.
func (e *evaluation) factAt(f rule.FactValue) ssf.FactAt {
	out := ssf.FactAt{Element: f.Fact.Element, FactInfo: ssf.FactInfo{Name: f.Fact.Fact, Value: f.Value}}
	n := e.world.Lookup(f.Fact.Element)
	def := e.vocab.Fact(f.Fact.Fact)
	if n < 0 || def == nil || f.Value == "" {
		return out
	}
	nd := &e.nodes[n]
	out.Element, out.Pos = nd.ID, nd.Pos
	if derivedOn(def, nd.sort) {
		out.Via = ssf.Derived
		return out
	}
	_, info := e.valueOf(nd, &def.FactDef)
	out.Via, out.By = info.Via, info.By
	switch {
	case info.Via == "": // read through the end of a flow that does not carry it
		out.Via = ssf.NotHere
	case info.Via == ssf.Declared:
		i := slices.IndexFunc(nd.Facts, func(d ssf.DeclaredFact) bool { return d.Fact.ID == def.ID })
		out.Pos = nd.Facts[i].Pos
	case info.Via == ssf.ImpliedBy && nd.flow != nil:
		out.Pos = nd.flow.Over.Pos
	case nd.component != nil:
		out.Pos = nd.kind.Pos
		i := slices.IndexFunc(nd.component.Tech, func(t ssf.Ref) bool { return e.techs.implies[t.ID][def.ID].By == info.By })
		if i >= 0 && info.Via == ssf.ImpliedBy {
			out.Pos = nd.component.Tech[i].Pos
		}
	}
	return out
}
