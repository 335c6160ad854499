package facts

import (
	"testing"

	"ssf"
)

// TestMatch changes one thing of a model at a time. What is the same must be
// told so, or nothing is used again; what is not must never be.
func TestMatch(t *testing.T) {
	ref := func(id ssf.ID) ssf.Ref { return ssf.Ref{ID: id} }
	named := func(id ssf.ID) ssf.Element { return ssf.Element{Named: ssf.Named{ID: id}} }
	terms := NewTerms(&ssf.Library{
		Facts: []ssf.FactDef{{Named: ssf.Named{ID: "personal"}, Domain: ssf.Boolean, On: []ssf.Ref{ref("asset")}}},
		Kinds: []ssf.KindDef{{Named: ssf.Named{ID: "one"}}, {Named: ssf.Named{ID: "two"}}}, // nothing tells them apart but their names
	})
	model := func() *ssf.Model {
		return &ssf.Model{
			Zones:      []ssf.Zone{{Element: named("in")}, {Element: named("out")}},
			Assets:     []ssf.Asset{{Element: named("a"), Needs: []ssf.Need{{Property: ref("privacy"), Level: ref("low")}}}, {Element: named("b")}},
			Components: []ssf.Component{{Element: named("c"), Kind: ref("one"), Zone: ref("in"), Stores: []ssf.Ref{ref("a"), ref("b")}}, {Element: named("d")}},
			Flows:      []ssf.Flow{{Element: named("f"), From: ref("c"), To: ref("d"), Sends: []ssf.Ref{ref("a")}}},
		}
	}
	old := terms.Build(model())
	for name, x := range map[string]struct {
		change func(m *ssf.Model)
		other  []ssf.ID // what is not the same any more
	}{
		"nothing":       {func(*ssf.Model) {}, nil},
		"a need":        {func(m *ssf.Model) { m.Assets[0].Needs[0].Level.ID = "high" }, []ssf.ID{"a"}},
		"a kind":        {func(m *ssf.Model) { m.Components[0].Kind.ID = "two" }, []ssf.ID{"c"}},
		"a fact":        {func(m *ssf.Model) { m.Assets[1].Facts = []ssf.DeclaredFact{{Fact: ref("personal"), Value: ssf.Yes}} }, []ssf.ID{"b"}},
		"a zone":        {func(m *ssf.Model) { m.Components[0].Zone.ID = "out" }, []ssf.ID{"c"}},
		"an end":        {func(m *ssf.Model) { m.Flows[0].To.ID = "c" }, []ssf.ID{"a", "c", "d", "f"}},
		"an order":      {func(m *ssf.Model) { m.Components[0].Stores[0], m.Components[0].Stores[1] = ref("b"), ref("a") }, []ssf.ID{"c"}},
		"a place":       {func(m *ssf.Model) { m.Components[0].Pos = ssf.Pos{File: "x", Line: 7} }, nil},
		"one more":      {func(m *ssf.Model) { m.Zones = append([]ssf.Zone{{Element: named("new")}}, m.Zones...) }, nil},
		"another's id":  {func(m *ssf.Model) { m.Zones[1].ID = "new" }, []ssf.ID{"out"}},
		"one in a list": {func(m *ssf.Model) { m.Assets[1].ID = "new"; m.Components[0].Stores[1].ID = "new" }, []ssf.ID{"b", "c"}},
	} {
		m := model()
		x.change(m)
		match := terms.Build(m).Match(old)
		want := map[ssf.ID]bool{}
		for _, id := range x.other {
			want[id] = true
		}
		for o := range old.Nodes {
			if id := old.Nodes[o].ID; match.Same[o] == want[id] {
				t.Errorf("%s: %s is the same: %v", name, id, match.Same[o])
			}
		}
	}
}
