package lang

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// An index knows every id of a model, by target and place.
type index struct {
	ids   map[Target]map[ssf.ID]ssf.Pos
	words *Words
	diags *[]ssf.Diagnostic
	line  func(ssf.Pos) string
}

func (x *index) report(check string, at ssf.Pos, hint string, related []ssf.Related, format string, args ...any) {
	for i := range related {
		related[i].Snippet = x.line(related[i].Pos)
	}
	*x.diags = append(*x.diags, ssf.Diagnostic{
		Check: ssf.ID("model/" + check), Severity: ssf.Error, Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint,
		Snippet: x.line(at), Related: related,
	})
}

// define adds an id; elements share one space.
func (x *index) define(t Target, n ssf.Named) {
	space := []Target{t}
	if slices.Contains(anElement, t) {
		space = anElement
	}
	for _, s := range space {
		if at, ok := x.ids[s][n.ID]; ok {
			if n.ID == "system" {
				x.report("duplicate-id", n.Pos, "choose another id", nil, "%q is reserved for the product as a whole", n.ID)
			} else {
				x.report("duplicate-id", n.Pos, "choose another id; zones, actors, assets, components, flows and functions share one space", []ssf.Related{{Message: fmt.Sprintf("the %s %s is here", s, n.ID), Pos: at}}, "%s %q has an id that is taken", t, n.ID)
			}
			return
		}
	}
	if x.ids[t] == nil {
		x.ids[t] = map[ssf.ID]ssf.Pos{}
	}
	x.ids[t][n.ID] = n.Pos
}

// defineAll goes through the model in its own order.
func (x *index) defineAll(m *ssf.Model) {
	x.ids[TheSystem] = map[ssf.ID]ssf.Pos{"system": m.System.Pos}
	each(x, AZone, m.Zones, func(v *ssf.Zone) ssf.Named { return v.Named })
	each(x, AnActor, m.Actors, func(v *ssf.Actor) ssf.Named { return v.Named })
	each(x, AnAsset, m.Assets, func(v *ssf.Asset) ssf.Named { return v.Named })
	each(x, AComponent, m.Components, func(v *ssf.Component) ssf.Named { return v.Named })
	each(x, AFlow, m.Flows, func(v *ssf.Flow) ssf.Named { return v.Named })
	each(x, AFunction, m.Functions, func(v *ssf.Function) ssf.Named { return v.Named })
	each(x, APerson, m.People, func(v *ssf.Person) ssf.Named { return v.Named })
	each(x, ASigner, m.Signers, func(v *ssf.Signer) ssf.Named { return v.Named })
	each(x, ARequirement, m.Requirements, func(v *ssf.Requirement) ssf.Named { return v.Named })
	each(x, AnAssumption, m.Assumptions, func(v *ssf.Assumption) ssf.Named { return v.Named })
	each(x, AnOwnThreat, m.Threats, func(v *ssf.OwnThreat) ssf.Named { return v.Named })
	each(x, AMitigation, m.Mitigations, func(v *ssf.Mitigation) ssf.Named { return v.Named })
	each(x, ARun, m.Runs, func(v *ssf.Run) ssf.Named { return v.Named })
	each(x, AVerification, m.Verify, func(v *ssf.Verification) ssf.Named { return v.Named })
	each(x, AnAudit, m.Audits, func(v *ssf.Audit) ssf.Named { return v.Named })
	each(x, ADeployment, m.Deployments, func(v *ssf.Deployment) ssf.Named { return v.Named })
}

func each[T any](x *index, t Target, vs []T, named func(*T) ssf.Named) {
	for i := range vs {
		x.define(t, named(&vs[i]))
	}
}

// has reports whether one of the targets has id, or for an id with `*` any
// that fits. An own threat may be written with and without `own/`.
func (x *index) has(targets []Target, id ssf.ID) bool {
	for _, t := range targets {
		key := id
		if t == AnOwnThreat {
			key = ssf.ID(strings.TrimPrefix(string(id), "own/"))
		}
		if _, ok := x.ids[t][key]; ok || x.words.has(t, id) {
			return true
		}
	}
	if !strings.Contains(string(id), "*") {
		return false
	}
	return slices.ContainsFunc(x.names(targets), func(n string) bool { return ssf.Match(string(id), n) })
}

// names are all ids of the targets, sorted.
func (x *index) names(targets []Target) (out []string) {
	for _, t := range targets {
		for id := range x.ids[t] {
			if t == AnOwnThreat {
				id = "own/" + id
			}
			out = append(out, string(id))
		}
		out = append(out, x.words.names[t]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// resolve reports each reference that names nothing.
func (x *index) resolve(refs []pending) {
	cache := map[string][]string{}
	for _, p := range refs {
		if x.has(p.kinds, p.ref.ID) {
			continue
		}
		what := ""
		for i, t := range p.kinds {
			if i > 0 {
				what += " or "
			}
			what += string(t)
		}
		if len(p.kinds) == len(anElement) {
			what = "element"
		}
		names, ok := cache[what]
		if !ok {
			names = x.names(p.kinds)
			cache[what] = names
		}
		hint := "there is no " + what + " yet"
		if len(names) > 0 {
			hint = didYouMean(string(p.ref.ID), names)
		}
		verb := "there is no"
		if strings.Contains(string(p.ref.ID), "*") {
			verb = "the pattern matches no"
		}
		x.report("unknown-reference", p.ref.Pos, hint, nil, "%s %s %q", verb, what, clip(string(p.ref.ID)))
		if near := Nearest(string(p.ref.ID), names); near != "" {
			(*x.diags)[len(*x.diags)-1].Fix = []ssf.Edit{{Pos: p.ref.Pos, Text: near}}
		}
	}
}

// cells checks that each cell's property is one that its element has.
func (x *index) cells(m *ssf.Model) {
	check := func(cs []ssf.CellRef) {
		for _, c := range cs {
			have, what := ssf.AssetProperties, "an asset"
			if _, ok := x.ids[AFunction][c.Element.ID]; ok {
				have, what = ssf.FunctionProperties, "a function"
			} else if _, ok := x.ids[AnAsset][c.Element.ID]; !ok {
				continue
			}
			if !slices.Contains(have, ssf.Property(c.Property.ID)) {
				x.report("bad-value", c.Property.Pos, didYouMean(string(c.Property.ID), propertyNames(have)), nil, "%s has no %s", what, c.Property.ID)
			}
		}
	}
	for i := range m.Requirements {
		check(m.Requirements[i].Protects)
	}
	for i := range m.Assumptions {
		check(m.Assumptions[i].Answers)
	}
	for i := range m.Threats {
		check(m.Threats[i].Endangers)
	}
	for i := range m.Decisions {
		check([]ssf.CellRef{m.Decisions[i].Cell})
	}
}

// former refuses a former id that something still has.
func (x *index) former(e *ssf.Element) {
	for _, w := range e.Was {
		for _, t := range anElement {
			if at, ok := x.ids[t][w.ID]; ok {
				x.report("bad-value", w.Pos, "delete it, or rename the other", []ssf.Related{{Message: "it is here", Pos: at}}, "%q is no former id: there is a %s with it", w.ID, t)
			}
		}
	}
}
