package cyclonedx

import (
	stdcmp "cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/format"
	"ssf/library"
)

// plan reads a document and builds a model of it.
func plan(t testing.TB, name, text string) (*format.Draft, *format.Plan) {
	t.Helper()
	d, err := format.Read([]format.Format{Format}, name, "", []byte(text), library.Index(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d, d.Build(library.Index(), now)
}

// loaded is the case of a model that was built, which has no error.
func loaded(t testing.TB, text string) *ssf.Case {
	t.Helper()
	c := caseOf(t, fstest.MapFS{"ssf.yaml": {Data: []byte(text)}})
	for _, x := range c.Diagnostics {
		if x.Severity == ssf.Error {
			t.Errorf("%s: %s", x.Pos, x.Message)
		}
	}
	return c
}

// parts is what a case says of its elements, in the words of the model, by names.
func parts(c *ssf.Case) map[string]string {
	id := map[ssf.ID]string{}
	for i := range c.Elements {
		e := &c.Elements[i]
		id[e.ID] = string(e.ID)
		if e.Name != "" && e.Sort != ssf.SortSystem {
			id[e.ID] = format.Slug(e.Name)
		}
	}
	names := func(list []ssf.ID) (out []string) {
		for _, x := range list {
			out = append(out, id[x])
		}
		return out
	}
	out := map[string]string{}
	for i := range c.Elements {
		e := &c.Elements[i]
		if e.Sort == ssf.SortDeployment {
			continue
		}
		var facts []string
		for _, f := range e.Facts {
			if f.Via == ssf.Declared {
				facts = append(facts, string(f.Name)+"="+string(f.Value))
			}
		}
		var needs []string
		for _, n := range e.Needs {
			needs = append(needs, string(n.Property)+"="+n.Level.String())
		}
		slices.Sort(needs)
		out[id[e.ID]] = strings.Join([]string{
			string(e.Sort), e.Name, e.Says, string(e.Kind), "in " + id[e.Zone], id[e.From] + " to " + id[e.To] + " over " + string(e.Over),
			"at " + id[e.At], ssf.Join(e.Tech), "stores " + ssf.Join(names(e.Stores)), "sends " + ssf.Join(names(e.Sends)), "returns " + ssf.Join(names(e.Returns)), "on " + ssf.Join(names(e.On)),
			"does " + string(e.Does), strings.Join(needs, ", "), strings.Join(facts, ", "),
		}, "\n")
	}
	s := c.System
	out["the system"] = strings.Join(append([]string{s.Name, s.Version, s.Supplier, s.Purpose, s.Contact}, s.Misuse...), "\n")
	for i, r := range c.Requirements {
		out[fmt.Sprint("requirement ", i)] = r.Says
	}
	for _, m := range c.Mitigations {
		// The measure is lost, and an id that is one of a measure is not given twice.
		out["mitigation "+strings.TrimSuffix(format.Slug(stdcmp.Or(m.Name, string(m.ID))), "-2")] = m.Says + "\n" + m.State
	}
	for _, x := range c.Threats {
		// One of the library at a function is not derived where nobody may use it, and
		// then what was done about it stands by itself.
		if strings.HasPrefix(string(x.Rule), "own/") && !strings.Contains(string(x.Rule), "-at-") {
			at := stdcmp.Or(id[x.Element], string(x.Element))
			out[string(x.Rule)+"@"+at] = fmt.Sprint(x.Title, "|", x.Says, x.Origin, x.Stride, x.Weaknesses, x.Attacks, x.Severity, x.FromTool)
		}
	}
	for _, x := range c.Threats {
		// Of the others what is accepted is open again, and what is mitigated claimed.
		if e := id[x.Element]; e != "" && !c.OnMitigation()[x.Rule] && (x.State == ssf.NotApplicable || x.State == ssf.Transferred) {
			out[string(x.Rule)+"@"+e+" is"] = string(x.State)
		}
	}
	for _, x := range c.Joined {
		if strings.Contains(string(x.ID), "-at-") {
			continue // what was done about a threat of the library
		}
		out[string(x.ID)] = fmt.Sprint(x.Title, "|", x.Says, x.Weaknesses, x.Attacks, x.Severity, x.FromTool, id[x.Element])
	}
	return out
}

// TestRound: a case that is written and read again has the same elements, but for
// what the format says that it loses.
func TestRound(t *testing.T) {
	for model, c := range models(t) {
		if model == "faulty" {
			continue // what is wrong in it is left out
		}
		d, p := plan(t, "bom.json", string(write(t, "cyclonedx", c)))
		// Joining finds likenesses too that the author of a model did not.
		p.Join(slices.DeleteFunc(p.Derived(library.Index(), loaded(t, p.Bare()).ThreatIDs()), func(x format.Derived) bool {
			return !slices.ContainsFunc(d.Threats, func(own *format.Threat) bool { return slices.Contains(own.Same, x.Rule) })
		}))
		again := loaded(t, p.Text())
		if diff := cmp.Diff(parts(c), parts(again)); diff != "" {
			t.Errorf("%s (-was +is):\n%s", model, diff)
		}
		for _, n := range p.Report().Dropped {
			if !strings.Contains(n.Says, "it has no meaning for the kind") && !strings.Contains(n.Says, "is derived again") {
				t.Errorf("%s: of our own file is dropped: %s: %s", model, n.Path, n.Says)
			}
		}
		for _, n := range p.Report().Guessed {
			t.Errorf("%s: of our own file is guessed: %s: %s", model, n.Path, n.Says)
		}
	}
}

// TestLoses: what the format says that it loses is really lost.
func TestLoses(t *testing.T) {
	was := caseOf(t, small)
	_, p := plan(t, "bom.json", string(write(t, "cyclonedx", was)))
	p.Join(p.Derived(library.Index(), loaded(t, p.Bare()).ThreatIDs()))
	is := loaded(t, p.Text())
	of := func(c *ssf.Case, id ssf.ID) *ssf.ElementInfo {
		i := slices.IndexFunc(c.Elements, func(e ssf.ElementInfo) bool { return e.ID == id })
		if i < 0 {
			return nil
		}
		return &c.Elements[i]
	}
	threat := func(c *ssf.Case, id ssf.ID) ssf.Threat {
		i := slices.IndexFunc(c.Threats, func(x ssf.Threat) bool { return x.ID == id })
		if i < 0 {
			return ssf.Threat{}
		}
		return c.Threats[i]
	}
	mitigation := func(c *ssf.Case, id string) ssf.MitigationResult {
		i := slices.IndexFunc(c.Mitigations, func(x ssf.MitigationResult) bool { return strings.HasPrefix(string(x.ID), id) })
		return c.Mitigations[i]
	}
	if s := threat(is, "sql-injection@query").State; s != ssf.NotApplicable {
		t.Errorf("what was decided about a threat of the library is lost: it is %s", s)
	}
	lost := []bool{
		of(was, "web") != nil && of(is, "web") == nil && of(is, "shop") != nil,
		mitigation(was, "rate-limiting").Measure != "" && mitigation(is, "rate-limiting").Measure == "",
		len(of(was, "pay").Allow) > 0 && len(of(is, "pay").Allow) == 0,
		len(was.Requirements[0].Protects) > 0 && len(is.Requirements[0].Protects) == 0,
		len(of(was, "web").Code) > 0 && len(of(is, "shop").Code) == 0,
		was.Assumptions[0].Owner != "" && is.Assumptions[0].Owner == "" && was.System.SupportUntil != is.System.SupportUntil,
		slices.ContainsFunc(was.Decisions, func(d ssf.DecisionResult) bool { return d.HoldsIf != "" }) && !slices.ContainsFunc(is.Decisions, func(d ssf.DecisionResult) bool { return d.HoldsIf != "" }),
		threat(was, "own/refund-fraud@pay").State == ssf.Mitigated && threat(is, "own/refund-fraud@pay").State == ssf.Claimed && len(is.Verifications) == 0,
		threat(was, "own/guess@web").State == ssf.Accepted && threat(is, "own/guess@shop").State == ssf.Open,
	}
	if len(lost) != len(Format.Loses) {
		t.Fatalf("%d losses are stated and %d are looked at", len(Format.Loses), len(lost))
	}
	for i, says := range Format.Loses {
		if !lost[i] {
			t.Errorf("this is not lost: %s", says)
		}
	}
}

// TestDocs: the documentation states the losses in the same words.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile(root + "docs/formats/cyclonedx.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(b), "It loses:\n\n")
	if want := "- " + strings.Join(Format.Loses, "\n- ") + "\n"; list != want {
		t.Errorf("the losses (-stated +documented):\n%s", cmp.Diff(want, list))
	}
}
