package eval_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

// The laws of the design, over generated models with everything that a team may
// leave out (see gen.Wild). The seeds are fixed; SSF_SOAK=1 tries many more.

// seeds are the models that a law is tried on.
func seeds(t *testing.T, n int, do func(t *testing.T, m *gen.Model)) {
	if os.Getenv("SSF_SOAK") != "" {
		n *= 20
	}
	for seed := range uint64(n) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			do(t, gen.Wild(4+int(seed%4), seed))
		})
	}
}

// strange is the library with rules of every sort that read what the rules of
// today do not: negations, `all`, zones, actors, assets and the deployment.
const aroundRule = "strange-13" // it stands on mitigations

var strange = sync.OnceValue(func() *ssf.Library {
	files := map[string]string{}
	for i, r := range []struct{ on, kinds, when, unless string }{
		{"zone", "", `self.trust <= "low"`, ""},
		{"actor", "", `self.hostile >= "possible" && zone.trust != "high"`, ""},
		{"asset", "", `holders.exists(h, h.exposure == "external") && !self.personal`, ""},
		{"system", "", `self.can_hurt || deployment.network == "public"`, ""},
		{"component", "", `!self.takes_input && self.trust > "low"`, "self.limits_rate"},
		{"component", "database, worker", `incoming.all(f, !f.from_untrusted || f.over_network)`, "incoming.all(f, f.encrypted)"},
		{"component", "datastore", `deployment.network == "public" && self.query_language != "none"`, "self.expires_data"},
		{"component", "program", `!self.memory_safe`, ""},
		{"component", "program", `outgoing.exists(f, f.to.trust < f.from.trust) == self.renders_html`, ""},
		{"flow", "", `from.zone.trust < to.zone.trust || !self.crosses_boundary`, "from.output_encoded"},
		{"flow", "object_store", `carries.all(a, a.personal) && deployment.network != "private"`, "to.limits_rate && self.encrypted"},
		{"function", "web_service", `actors.exists(a, a.hostile == "yes") || assets.all(a, a.integrity < "high")`, "self.authenticated"},
		{"function", "", `!self.changes && self.exposure != "external"`, "at.writes_audit_log"},
		{"mitigation", "", `true`, ""},
		{"flow", "", `sends.exists(a, a.confidentiality >= "high") && returns.all(a, !a.personal)`, ""},
		{"function", "", `"none" in self.called_with`, ""},
	} {
		var b strings.Builder
		fmt.Fprintf(&b, "id: strange-%d\nsince: 0.1.0\ntitle: Strange\norigin: architecture\non: %s\n", i, r.on)
		if r.kinds != "" {
			fmt.Fprintf(&b, "kinds: [%s]\n", r.kinds)
		}
		if r.on == "mitigation" {
			b.WriteString("of: [audit-log]\n")
		}
		fmt.Fprintf(&b, "when: '%s'\n", r.when)
		if r.unless != "" {
			fmt.Fprintf(&b, "unless: '%s'\n", r.unless)
		}
		fmt.Fprintf(&b, "endangers: [integrity, privacy]\nstride: [tampering]\nlikelihood: {level: high, because: It is a test.}\nsays: It is a test.\nplain: It is a test.\nmeasures: [rate-limiting]\nquiet_when: It is no test.\n")
		files[fmt.Sprintf("threats/strange-%d/threat.yaml", i)] = b.String()
	}
	return readLibrary(fileSystem(files))
})

func caseOf(t testing.TB, lib *ssf.Library, m *gen.Model) *ssf.Case {
	t.Helper()
	return evaluate(t, inputs(t, lib, m.Files(1)))
}

// byID are the threats of a case.
func byID(c *ssf.Case) map[ssf.ID]*ssf.Threat {
	out := make(map[ssf.ID]*ssf.Threat, len(c.Threats))
	for i := range c.Threats {
		out[c.Threats[i].ID] = &c.Threats[i]
	}
	return out
}

func waits(s ssf.State) bool { return s == ssf.Open || s == ssf.Undecided }

// stillWait reports threats that were open or undecided before a change that
// only hides something, and are not any more.
func stillWait(t *testing.T, what string, before, after *ssf.Case) {
	t.Helper()
	now := byID(after)
	for _, was := range before.Threats {
		if !waits(was.State) {
			continue
		}
		switch is := now[was.ID]; {
		case is == nil:
			t.Errorf("%s: %s was %s and is not derived any more", what, was.ID, was.State)
		case !waits(is.State):
			t.Errorf("%s: %s was %s and is %s: %s", what, was.ID, was.State, is.State, is.Why)
		}
	}
}

// noBetter reports verdicts that a change for the worse made better.
func noBetter(t *testing.T, what string, before, after *ssf.Case) {
	t.Helper()
	if rank(after.Reach) > rank(before.Reach) {
		t.Errorf("%s: reach was %s and is %s", what, before.Reach, after.Reach)
	}
	for i, p := range after.Phases {
		for j, x := range p.Controls {
			if was := before.Phases[i].Controls[j].Status; x.Status == ssf.Met && was != ssf.Met {
				t.Errorf("%s: control %s was %s and is met", what, x.ID, was)
			}
		}
	}
}

func rank(p ssf.Phase) int { return slices.Index(ssf.Phases, p) }

func TestDeterminism(t *testing.T) {
	seeds(t, 12, func(t *testing.T, m *gen.Model) {
		want := caseJSON(t, caseOf(t, strange(), m))
		for range 4 {
			if got := caseJSON(t, caseOf(t, strange(), m)); !bytes.Equal(got, want) {
				t.Fatal("two evaluations of the same model differ")
			}
		}
	})
}

// TestInvariants holds of every case.
func TestInvariants(t *testing.T) {
	seeds(t, 40, func(t *testing.T, m *gen.Model) {
		files := m.Files(2)
		c := evaluate(t, inputs(t, strange(), files))
		if ssf.HasErrors(c.Diagnostics) {
			for _, d := range c.Diagnostics {
				if d.Severity == ssf.Error {
					t.Errorf("a wild model has errors: %v: %s: %s", d.Pos, d.Check, d.Message)
				}
			}
		}
		elements := map[ssf.ID]bool{"deployment": true}
		for _, e := range c.Elements {
			elements[e.ID] = true
		}
		seen := map[ssf.ID]bool{}
		for _, x := range c.Threats {
			if seen[x.ID] {
				t.Errorf("threat %s stands twice", x.ID)
			}
			seen[x.ID] = true
			if x.State == ssf.Undecided && len(x.Needs) == 0 {
				t.Errorf("%s is undecided, and no answer would help", x.ID)
			}
			for _, r := range slices.Concat(x.Needs, x.Rests) {
				if !elements[r.Element] {
					t.Errorf("%s reads %v, and there is no such element", x.ID, r)
				}
			}
			if x.Why == "" || x.LikelihoodWhy == "" || x.ImpactWhy == "" || x.Basis == (ssf.Digest{}) {
				t.Errorf("%s says nothing about its state, its rating or its basis: %+v", x.ID, x)
			}
			own := strings.HasPrefix(string(x.ID), "own/")
			if x.Likelihood == ssf.Unknown && !own || x.Likelihood == ssf.None ||
				(x.Risk == ssf.Unknown) != ((x.Impact == ssf.Unknown || x.Likelihood == ssf.Unknown) && x.Severity == ssf.Unknown) {
				t.Errorf("%s is rated %v x %v = %v", x.ID, x.Likelihood, x.Impact, x.Risk)
			}
		}
		for _, q := range c.Questions {
			for _, at := range slices.Concat(q.Elements, q.Asked) {
				if !elements[at] {
					t.Errorf("%s is asked of %s, which does not exist", q.Fact, at)
				}
			}
		}
		reach := ssf.PhaseNone
		open := false
		for _, p := range c.Phases {
			if p.Done > p.Of {
				t.Errorf("phase %s has done %d of %d", p.Name, p.Done, p.Of)
			}
			for _, x := range p.Controls {
				open = open || x.Status != ssf.Met
				if x.Status == ssf.Met && (x.Looked == 0 || len(x.Open) > 0) {
					t.Errorf("control %s is met with %d looked at and %q open", x.ID, x.Looked, x.Open)
				}
			}
			if !open {
				reach = p.Name
			}
		}
		if c.Reach != reach {
			t.Errorf("reach is %s, and the controls say %s", c.Reach, reach)
		}
		checkPlaces(t, files, c)
		checkDeployments(t, c)
	})
}

// checkPlaces finds diagnostics without a check or with a place that is not in
// the files.
func checkPlaces(t *testing.T, files map[string]string, c *ssf.Case) {
	t.Helper()
	known := map[ssf.ID]*ssf.Check{}
	for i := range core().Checks {
		known[core().Checks[i].ID] = &core().Checks[i]
	}
	for _, d := range c.Diagnostics {
		switch def := known[d.Check]; {
		case def == nil:
			t.Errorf("%s is no check of the library", d.Check)
		case def.Severity != d.Severity:
			t.Errorf("%s has severity %s", d.Check, d.Severity)
		}
		if d.Message == "" || d.Hint == "" {
			t.Errorf("%v: %s says %q with the hint %q", d.Pos, d.Check, d.Message, d.Hint)
		}
		checkPlace(t, files, d.Check, d.Pos, d.Snippet)
		for _, r := range d.Related {
			if _, err := fs.Stat(library.Core, r.File); err != nil {
				checkPlace(t, files, d.Check, r.Pos, r.Snippet)
			}
		}
	}
}

func checkPlace(t *testing.T, files map[string]string, check ssf.ID, p ssf.Pos, snippet string) {
	t.Helper()
	lines := strings.Split(files[p.File], "\n")
	if files[p.File] == "" || p.Line < 1 || p.Line > len(lines) {
		t.Errorf("%s stands at %v, which is in no file", check, p)
		return
	}
	line := []rune(lines[p.Line-1])
	if p.Col < 1 || p.Col > len(line)+1 || p.EndCol != 0 && (p.EndCol < p.Col || p.EndCol > len(line)+1) {
		t.Errorf("%s stands at %v to %d, and the line has %d columns", check, p, p.EndCol, len(line))
	}
	if snippet != string(line) {
		t.Errorf("%s at %v shows the line %q", check, p, snippet)
	}
}

// checkDeployments holds the case against each deployment: nothing in it is
// better than what any of them says.
func checkDeployments(t *testing.T, c *ssf.Case) {
	t.Helper()
	top := byID(c)
	for _, d := range c.Deployments {
		if rank(c.Reach) > rank(d.Reach) {
			t.Errorf("reach is %s, and %s in %s", c.Reach, d.Reach, d.ID)
		}
		for _, x := range d.Threats {
			worst := top[x.ID]
			if worst == nil {
				t.Errorf("%s stands in %s and not in the case", x.ID, d.ID)
			} else if x.State != "" && x.State.Treated() != worst.State.Treated() && worst.State.Treated() {
				t.Errorf("%s is %s in %s and %s in the case", x.ID, x.State, d.ID, worst.State)
			}
		}
	}
}

// TestHidingFacts proves that leaving something unsaid makes no threat go away
// and no verdict better, whatever it is.
func TestHidingFacts(t *testing.T) {
	seeds(t, 3, func(t *testing.T, m *gen.Model) {
		before := caseOf(t, strange(), m)
		for _, h := range hidings(m) {
			less := m.Clone()
			h.do(less)
			after := caseOf(t, strange(), less)
			stillWait(t, "hiding "+h.what, before, after)
			noBetter(t, "hiding "+h.what, before, after)
		}
	})
}

// A change is one edit of a model.
type change struct {
	what string
	do   func(*gen.Model)
}

// hidings are all ways to say one thing less.
func hidings(m *gen.Model) (hs []change) {
	add := func(what string, do func(*gen.Model)) { hs = append(hs, change{what, do}) }
	facts := func(e gen.Element) {
		for fact := range e.Facts {
			add(e.ID+"."+fact, func(m *gen.Model) { m.Drop(e.ID, fact) })
		}
	}
	key := func(id, name, value string, at func(*gen.Model) *string) {
		if value != "" {
			add(id+"."+name, func(m *gen.Model) { *at(m) = "" })
		}
	}
	for _, z := range m.Zones {
		facts(z.Element)
	}
	for i, a := range m.Actors {
		facts(a.Element)
		key(a.ID, "zone", a.Zone, func(m *gen.Model) *string { return &m.Actors[i].Zone })
	}
	for i, a := range m.Assets {
		facts(a.Element)
		key(a.ID, "confidentiality", a.Confidentiality, func(m *gen.Model) *string { return &m.Assets[i].Confidentiality })
		key(a.ID, "integrity", a.Integrity, func(m *gen.Model) *string { return &m.Assets[i].Integrity })
		key(a.ID, "availability", a.Availability, func(m *gen.Model) *string { return &m.Assets[i].Availability })
	}
	for i, c := range m.Components {
		facts(c.Element)
		key(c.ID, "kind", c.Kind, func(m *gen.Model) *string { return &m.Components[i].Kind })
		key(c.ID, "zone", c.Zone, func(m *gen.Model) *string { return &m.Components[i].Zone })
		if c.Tech != nil {
			add(c.ID+".tech", func(m *gen.Model) { m.Components[i].Tech = nil })
		}
	}
	for i, f := range m.Flows {
		facts(f.Element)
		key(f.ID, "over", f.Over, func(m *gen.Model) *string { return &m.Flows[i].Over })
	}
	for i, f := range m.Functions {
		facts(f.Element)
		key(f.ID, "does", f.Does, func(m *gen.Model) *string { return &m.Functions[i].Does })
		key(f.ID, "otherwise", f.Otherwise, func(m *gen.Model) *string { return &m.Functions[i].Otherwise })
	}
	for i, d := range m.Entries["deployments"] {
		add("facts of "+d, func(m *gen.Model) { m.Entries["deployments"][i] = strings.Split(d, ":")[0] + ": {}" })
	}
	slices.SortFunc(hs, func(a, b change) int { return strings.Compare(a.what, b.what) })
	return hs
}

// TestWideningKinds proves that a kind replaced by its parent leaves every
// threat that waits.
func TestWideningKinds(t *testing.T) {
	seeds(t, 10, func(t *testing.T, m *gen.Model) {
		before := caseOf(t, strange(), m)
		for i, c := range m.Components {
			for wide := gen.Parent(c.Kind); wide != ""; wide = gen.Parent(wide) {
				less := m.Clone()
				less.Components[i].Kind = wide
				after := caseOf(t, strange(), less)
				stillWait(t, fmt.Sprintf("making %s a %s", c.ID, wide), before, after)
				noBetter(t, fmt.Sprintf("making %s a %s", c.ID, wide), before, after)
			}
		}
	})
}

// TestClaimsEraseNothing proves that no value of a control fact adds or removes
// a threat.
func TestClaimsEraseNothing(t *testing.T) {
	seeds(t, 3, func(t *testing.T, m *gen.Model) {
		before := ids(caseOf(t, strange(), m))
		tried := 0
		for _, p := range append(m.Said(), m.Unsaid()...) {
			for _, v := range p.Values {
				if !p.Control {
					continue
				}
				claim := m.Clone()
				claim.Set(p.Element, p.Fact, v)
				tried++
				if after := ids(caseOf(t, strange(), claim)); !slices.Equal(after, before) {
					t.Errorf("%s.%s: %s changes which threats there are:\n%q\n%q", p.Element, p.Fact, v, before, after)
				}
			}
		}
		if tried == 0 {
			t.Error("the model has no control facts")
		}
	})
}

func ids(c *ssf.Case) (out []ssf.ID) {
	for _, x := range c.Threats {
		out = append(out, x.ID)
	}
	return out
}

// TestTreatmentsEraseNothing proves that decisions, assumptions and mitigations
// decide what becomes of threats and not which there are, but for the threats on
// the mitigations themselves.
func TestTreatmentsEraseNothing(t *testing.T) {
	seeds(t, 30, func(t *testing.T, m *gen.Model) {
		with := caseOf(t, strange(), m)
		with.Threats = slices.DeleteFunc(with.Threats, func(x ssf.Threat) bool { return x.Rule == aroundRule })
		bare := m.Clone()
		for _, section := range []string{"decisions", "assumptions", "mitigations"} {
			delete(bare.Entries, section)
		}
		without := caseOf(t, strange(), bare)
		if a, b := ids(with), ids(without); !slices.Equal(a, b) {
			t.Errorf("treatment changes which threats there are:\n%q\n%q", a, b)
		}
		rated := strings.Join(m.Entries["decisions"], "\n")
		now := byID(without)
		for _, x := range with.Threats {
			if strings.Contains(rated, "{rate: "+string(x.ID)+",") {
				continue
			}
			if y := now[x.ID]; x.Risk != y.Risk || x.Basis != y.Basis {
				t.Errorf("treatment changes the risk or the basis of %s", x.ID)
			}
		}
	})
}

// TestLocality proves that what is not connected to the rest changes nothing
// about it.
func TestLocality(t *testing.T) {
	seeds(t, 25, func(t *testing.T, m *gen.Model) {
		before := caseOf(t, strange(), m)
		more := m.Clone()
		more.Zones = append(more.Zones, gen.Zone{Element: gen.Element{ID: "island", Facts: map[string]string{"trust": "none"}}})
		for _, kind := range []string{"web_service", "database"} {
			id := more.AddComponent(kind)
			for i := range more.Components {
				if more.Components[i].ID == id {
					more.Components[i].Zone = "island"
				}
			}
		}
		after := caseOf(t, strange(), more)
		now := byID(after)
		for _, was := range before.Threats {
			is := now[was.ID]
			if is == nil {
				t.Errorf("an island removes %s", was.ID)
			} else if a, b := mustJSON(t, was), mustJSON(t, is); a != b {
				t.Errorf("an island changes %s:\n%s\n%s", was.ID, a, b)
			}
		}
		if len(after.Threats) <= len(before.Threats) {
			t.Error("no threat stands on the island")
		}
		noBetter(t, "an island", before, after)
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSayingLessOfMitigations proves that a mitigation whose place nobody says any
// more, or that is only proposed, makes nothing better.
func TestSayingLessOfMitigations(t *testing.T) {
	var claimed, open atomic.Int64
	seeds(t, 20, func(t *testing.T, m *gen.Model) {
		before := caseOf(t, strange(), m)
		say := func(old, new string) *ssf.Case {
			less := m.Clone()
			less.Entries["mitigations"] = slices.Clone(less.Entries["mitigations"])
			for i, e := range less.Entries["mitigations"] {
				less.Entries["mitigations"][i] = strings.Replace(e, old, new, 1)
			}
			return caseOf(t, strange(), less)
		}
		lost := say("where: ['setting:x'], state: implemented", "state: implemented")
		now := byID(lost)
		for _, was := range before.Threats {
			is := now[was.ID]
			if is == nil || slices.Index(ssf.States, is.State) > slices.Index(ssf.States, was.State) {
				t.Errorf("without places %s was %s and is %+v", was.ID, was.State, is)
			} else if was.State == ssf.Mitigated && is.State == ssf.Claimed {
				claimed.Add(1)
			}
		}
		noBetter(t, "mitigations without places", before, lost)
		for _, state := range []string{"planned", "implemented"} { // a pattern that waits for a review takes that with it
			now := byID(say("state: "+state, "state: proposed"))
			for _, was := range before.Threats {
				switch is := now[was.ID]; {
				case was.Rule == aroundRule:
				case is == nil || is.State.Treated() && !was.State.Treated() && was.State != ssf.Unreviewed:
					t.Errorf("where what was %s is proposed, %s was %s and is %+v", state, was.ID, was.State, is)
				case is.State == ssf.Open && was.State.Treated():
					open.Add(1)
				}
			}
		}
	})
	t.Cleanup(func() {
		if claimed.Load() == 0 || open.Load() == 0 {
			t.Errorf("%d threats became claimed and %d open, so this test sees little", claimed.Load(), open.Load())
		}
	})
}

// TestSameAs proves that a threat of the team's own which is the same as a derived
// one changes nothing but that one, which names it; and that it stands by itself,
// and a diagnostic says so, where the other is not derived.
func TestSameAs(t *testing.T) {
	seeds(t, 12, func(t *testing.T, m *gen.Model) {
		before := caseOf(t, strange(), m)
		joined := 0
		for i := 0; i < len(before.Threats); i += 1 + len(before.Threats)/8 {
			same := before.Threats[i]
			if same.Rule == aroundRule || strings.HasPrefix(string(same.ID), "own/") {
				continue
			}
			more := m.Clone()
			more.Entries["threats"] = append(slices.Clone(more.Entries["threats"]), fmt.Sprintf("further: {at: %s, says: More., severity: critical, same_as: [%s]}", same.Element, same.ID))
			after := caseOf(t, strange(), more)
			joined++
			if got := byID(after)[same.ID]; !slices.Equal(got.Also, []ssf.ID{"own/further"}) {
				t.Errorf("%s is also %q", same.ID, got.Also)
			} else {
				if got.State == ssf.Undecided {
					t.Errorf("%s is stated, and undecided still", same.ID)
				}
				if want := same.Risk; same.Likelihood == ssf.Unknown || same.Impact == ssf.Unknown {
					if want = ssf.Critical; got.Risk != want {
						t.Errorf("the risk of %s is %s, want %s, as it was stated", same.ID, got.Risk, want)
					}
				} else if got.Risk != want {
					t.Errorf("the risk of %s is %s, and was %s", same.ID, got.Risk, want)
				}
				if same.State != ssf.Undecided && got.State != same.State {
					t.Errorf("%s is %s, and was %s", same.ID, got.State, same.State)
				}
				*got = same // what else was said of it is shown
			}
			if a, b := mustJSON(t, before.Threats), mustJSON(t, after.Threats); a != b {
				t.Errorf("a threat that is the same as %s changes others:\n%s", same.ID, cmp.Diff(before.Threats, after.Threats))
			}
			if len(after.Joined) != 1 || len(after.Joined[0].As) != 1 || after.Joined[0].As[0] != same.ID {
				t.Errorf("joined are %+v", after.Joined)
			}
			for _, d := range after.Diagnostics {
				if d.Check == "threats/not-the-same" {
					t.Errorf("%s: %s", d.Subject, d.Message)
				}
			}
		}
		if joined == 0 {
			t.Error("no threat was joined")
		}
		there := byID(before)
		for _, e := range before.Elements {
			id := ssf.Instance("sql-injection", e.ID)
			if there[id] != nil || e.Sort == ssf.SortDeployment {
				continue
			}
			more := m.Clone()
			more.Entries["threats"] = append(slices.Clone(more.Entries["threats"]), fmt.Sprintf("further: {at: %s, says: More., same_as: [%s]}", m.Components[0].ID, id))
			after := caseOf(t, strange(), more)
			own := byID(after)[ssf.Instance("own/further", ssf.ID(m.Components[0].ID))]
			if own == nil || own.State != ssf.Open {
				t.Errorf("the threat that is the same as %s, which is not derived, is %+v", id, own)
			}
			if !slices.ContainsFunc(after.Diagnostics, func(d ssf.Diagnostic) bool { return d.Check == "threats/not-the-same" && d.Subject == "own/further" }) {
				t.Errorf("nothing says that %s is not derived", id)
			}
			break
		}
	})
}

// TestPartJoins proves that an own threat that is the same as one of some
// deployments has an instance in none.
func TestPartJoins(t *testing.T) {
	a, err := txtar.ParseFile("testdata/cases/same-as-deployments.txtar")
	if err != nil {
		t.Fatal(err)
	}
	model, more := map[string]string{}, map[string]string{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "library/"); ok {
			more[name] = string(f.Data)
		} else if f.Name == lang.RootFile {
			model[f.Name] = string(f.Data)
		}
	}
	in := inputs(t, libraryWith(t, more), model)
	c := evaluate(t, in)
	for _, d := range []ssf.ID{"house", "cloud"} {
		part, err := eval.New(in).Part(c, d)
		if err != nil {
			t.Fatal(err)
		}
		if len(part.Joined) != 2 {
			t.Errorf("%s joins %d own threats, want both", d, len(part.Joined))
		}
		for i := range part.Instances {
			if x := &part.Instances[i]; x.Own != nil {
				t.Errorf("%s stands by itself in %s", x.ID, d)
			}
		}
	}
}

// TestAdding proves that a further threat, flow or asset removes none and settles
// none that was open. What was undecided may well become claimed. The rules the library read lists by `exists`; with `all` and negations a flow may
// well remove a threat, so the strange ones are left out.
func TestAdding(t *testing.T) {
	seeds(t, 20, func(t *testing.T, m *gen.Model) {
		before := caseOf(t, core(), m)
		for _, c := range []change{
			{"a threat", func(m *gen.Model) {
				m.Entries["threats"] = append(m.Entries["threats"], "further: {at: "+m.Components[0].ID+", says: More., origin: behaviour, likelihood: high}")
			}},
			{"a flow", func(m *gen.Model) {
				for i, c := range m.Components {
					m.Flows = append(m.Flows, gen.Flow{Element: gen.Element{ID: fmt.Sprint("further-", i)}, From: "stranger", To: c.ID, Over: "https", Sends: []string{m.Assets[0].ID}})
				}
			}},
			{"a vague flow", func(m *gen.Model) {
				for i, c := range m.Components {
					m.Flows = append(m.Flows, gen.Flow{Element: gen.Element{ID: fmt.Sprint("further-", i)}, From: "clerk", To: c.ID})
				}
			}},
			{"an asset", func(m *gen.Model) {
				m.Assets = append(m.Assets, gen.Asset{Element: gen.Element{ID: "further"}, Confidentiality: "none", Integrity: "none", Availability: "none"})
				for i := range m.Components {
					m.Components[i].Stores = append(slices.Clone(m.Components[i].Stores), "further")
				}
				for i := range m.Flows {
					m.Flows[i].Sends = append(slices.Clone(m.Flows[i].Sends), "further")
				}
			}},
			{"a vague asset", func(m *gen.Model) {
				m.Assets = append(m.Assets, gen.Asset{Element: gen.Element{ID: "further"}})
				for i := range m.Functions {
					m.Functions[i].On = append(slices.Clone(m.Functions[i].On), "further")
				}
			}},
		} {
			more := m.Clone()
			c.do(more)
			now := byID(caseOf(t, core(), more))
			for _, was := range before.Threats {
				if is := now[was.ID]; is == nil {
					t.Errorf("adding %s removes %s", c.what, was.ID)
				} else if was.State == ssf.Open && !waits(is.State) {
					t.Errorf("adding %s turns %s from open to %s", c.what, was.ID, is.State)
				}
			}
		}
	})
}

// TestNothingIsNotMet proves that a control is not met by taking away what it
// is about.
func TestNothingIsNotMet(t *testing.T) {
	without := map[ssf.ID]func(*ssf.Model){
		"CX-1": func(m *ssf.Model) { m.Actors, m.Assets, m.Components, m.Flows, m.Functions = nil, nil, nil, nil, nil },
		"CX-2": func(m *ssf.Model) { m.System.Purpose, m.System.Misuse, m.Deployments = ssf.Text{}, nil, nil },
		"CX-3": func(m *ssf.Model) { m.Assets, m.Functions, m.Requirements = nil, nil, nil },
		"CX-4": func(m *ssf.Model) { m.Assumptions = nil },
		"CX-5": func(m *ssf.Model) { m.People, m.Policy = nil, ssf.Policy{} },
		"TH-1": func(m *ssf.Model) { m.Functions = nil },
		"TH-2": func(m *ssf.Model) { m.Flows = nil },
		"TH-3": func(m *ssf.Model) { m.Components = nil },
		"TH-4": func(m *ssf.Model) { m.Components, m.Flows, m.Functions, m.Threats = nil, nil, nil, nil },
		"TH-5": func(m *ssf.Model) {
			m.Zones, m.Actors, m.Assets, m.Components, m.Flows, m.Functions, m.Threats = nil, nil, nil, nil, nil, nil, nil
		},
		"IM-1": func(m *ssf.Model) {
			m.Zones, m.Actors, m.Assets, m.Components, m.Flows, m.Functions, m.Threats = nil, nil, nil, nil, nil, nil, nil
		},
		"IM-2": func(m *ssf.Model) { m.Mitigations = nil },
		"IM-3": func(m *ssf.Model) {
			for i := range m.Components {
				m.Components[i].Code = nil
			}
		},
		"IM-4": func(m *ssf.Model) { m.Use.Standards = nil },
		"VE-1": func(m *ssf.Model) { m.Mitigations, m.Verify = nil, nil },
		"VE-2": func(m *ssf.Model) { m.Verify, m.Runs = nil, nil },
		"VE-3": func(m *ssf.Model) { m.Verify = nil },
		"VE-4": func(m *ssf.Model) { m.Audits = nil },
		"LC-1": func(m *ssf.Model) {
			m.Decisions, m.System.SupportUntil = nil, ssf.Ref{}
		},
		"LC-2": func(m *ssf.Model) { m.System.Contact, m.System.SupportUntil = ssf.Text{}, ssf.Ref{} },
	}
	for _, x := range core().Controls {
		if without[x.ID] == nil {
			t.Errorf("nothing is known about the subjects of %s", x.ID)
		}
	}
	status := func(t *testing.T, c *ssf.Case, id ssf.ID) (s ssf.Status) {
		for _, p := range c.Phases {
			for _, x := range p.Controls {
				if x.ID == id {
					s = x.Status
				}
			}
		}
		if s == "" {
			t.Errorf("control %s stands in no phase", id)
		}
		return s
	}
	met := map[ssf.ID]bool{}
	complete := func() ssf.Inputs {
		in := inputs(t, core(), map[string]string{"ssf.yaml": string(read(t, "testdata/complete.yaml"))})
		in.Tree = treeOf("web/main.go web/query.go#Exec")
		return in
	}
	for _, in := range []func() ssf.Inputs{complete, func() ssf.Inputs { return inputs(t, core(), gen.Wild(6, 1).Files(1)) }} {
		c := evaluate(t, in())
		for id, remove := range without {
			met[id] = met[id] || status(t, c, id) == ssf.Met
			less := in()
			remove(less.Model)
			if s := status(t, evaluate(t, less), id); s == ssf.Met {
				t.Errorf("control %s is met without what it is about", id)
			}
		}
	}
	for _, id := range []ssf.ID{"CX-1", "CX-2", "CX-3", "CX-4", "CX-5", "TH-1", "TH-2", "TH-3", "TH-5", "IM-1", "IM-2", "IM-3", "LC-1", "LC-2"} {
		if !met[id] {
			t.Errorf("no model here meets %s, so its removal proves nothing", id)
		}
	}
	nothing := evaluate(t, inputs(t, core(), map[string]string{"ssf.yaml": "ssf: 1\nsystem: {name: Nothing}\n"}))
	if nothing.Reach != ssf.PhaseNone {
		t.Errorf("a model of nothing reaches %s", nothing.Reach)
	}
	for _, p := range nothing.Phases {
		for _, x := range p.Controls {
			if x.Status == ssf.Met {
				t.Errorf("a model of nothing meets %s", x.ID)
			}
		}
	}
}

// TestBasis proves that a basis changes with what decides, and with nothing else.
func TestBasis(t *testing.T) {
	bases := func(c *ssf.Case) map[ssf.ID]ssf.Digest {
		out := map[ssf.ID]ssf.Digest{}
		for _, x := range c.Threats {
			out[x.ID] = x.Basis
		}
		return out
	}
	id := regexp.MustCompile(`\b(web-service|database|worker|flow|function|asset)-(\d{5})\b`)
	seeds(t, 3, func(t *testing.T, m *gen.Model) {
		c := caseOf(t, strange(), m)
		before := bases(c)
		files := m.Files(1)

		prose := regexp.MustCompile(`(says|because|name|purpose|expect|do): [A-Z][a-z' ]*`)
		changed := prose.ReplaceAllString(files["ssf.yaml"], "$1: Said otherwise")
		if changed == files["ssf.yaml"] {
			t.Error("the model has no prose")
		}
		for id, now := range bases(evaluate(t, inputs(t, strange(), map[string]string{"ssf.yaml": changed}))) {
			if before[id] != now {
				t.Errorf("prose changes the basis of %s", id)
			}
		}

		// flow-0000* is in a pattern, so the new name begins as the old one.
		renamed := id.ReplaceAllString(files["ssf.yaml"], "$1-$2-renamed")
		for now, basis := range bases(evaluate(t, inputs(t, strange(), map[string]string{"ssf.yaml": renamed}))) {
			was := ssf.ID(strings.TrimSuffix(string(now), "-renamed"))
			if old, ok := before[was]; !ok || old != basis {
				t.Errorf("a new name changes the basis of %s", was)
			}
		}

		tried := 0
		for _, p := range m.Said() {
			if m.Element(p.Element).Facts[p.Fact] == "{unknown: yes}" {
				continue
			}
			for _, v := range append(p.Values, "") {
				if v == m.Element(p.Element).Facts[p.Fact] {
					continue
				}
				other := m.Clone()
				if other.Set(p.Element, p.Fact, v); v == "" {
					other.Drop(p.Element, p.Fact)
				}
				// Where another member of a list decides the same way now, the
				// threat stands on the same as before.
				now := byID(caseOf(t, strange(), other))
				ref := ssf.FactRef{Element: ssf.ID(p.Element), Fact: ssf.ID(p.Fact)}
				for _, x := range c.Threats {
					is := now[x.ID]
					further := is != nil && slices.ContainsFunc(is.Rests, func(r ssf.FactRef) bool { return !slices.Contains(x.Rests, r) })
					if is == nil || further || !slices.Contains(x.Rests, ref) {
						continue
					}
					if tried++; is.Basis == x.Basis {
						t.Errorf("%s.%s: %s instead of %s leaves the basis of %s", p.Element, p.Fact, v, m.Element(p.Element).Facts[p.Fact], x.ID)
					}
				}
			}
		}
		if tried == 0 {
			t.Error("no threat rests on a fact that was changed")
		}
	})
}

// TestBasisOfRating proves that a basis covers what rates the threat.
func TestBasisOfRating(t *testing.T) {
	model := `ssf: 1
system: {name: Shop}
zones: {internet: {trust: none}, cluster: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}, clerk: {zone: cluster, hostile: no}}
assets:
  card: {needs: {confidentiality: high, integrity: high, availability: medium}, personal: no}
  kept: {needs: {confidentiality: low, integrity: low, availability: low}, personal: no}
components:
  web: {kind: api, zone: cluster, tech: [go], opens_paths_from_input: yes}
  db: {kind: database, zone: cluster, tech: [postgresql], stores: [kept]}
flows:
  shop: {from: customer, to: web, over: https, sends: [card]}
  read: {from: web, to: db, over: postgresql, returns: [kept]}
threats: {own: {at: web, says: Own., origin: behaviour, endangers: [kept.integrity], likelihood: low}}
`
	at := func(text string) map[ssf.ID]*ssf.Threat {
		return byID(evaluate(t, inputs(t, core(), map[string]string{"ssf.yaml": text})))
	}
	before := at(model)
	for _, c := range []struct{ threat, old, new string }{
		{"path-traversal@web", "from: customer, to: web", "from: clerk, to: web"},                                                 // exposure
		{"path-traversal@web", "confidentiality: high", "confidentiality: critical"},                                              // the greatest need
		{"path-traversal@web", "confidentiality: high, ", ""},                                                                     // a need that is not known
		{"path-traversal@web", "threats:", "decisions:\n  - {rate: path-traversal@web, likelihood: low, because: So.}\nthreats:"}, // a rating
		{"sql-injection@read", "confidentiality: low", "confidentiality: high"},                                                   // what the store holds
		{"own/own@web", "integrity: low", "integrity: high"},
		{"own/own@web", "likelihood: low", "likelihood: high"},
		{"own/own@web", "kept.integrity", "kept.availability"},
	} {
		text := strings.Replace(model, c.old, c.new, 1)
		if c.threat == "own/own@web" && strings.HasPrefix(c.old, "integrity") {
			text = strings.Replace(model, "low, integrity: low", "low, integrity: high", 1)
		}
		was, is := before[ssf.ID(c.threat)], at(text)[ssf.ID(c.threat)]
		if text == model || was == nil || is == nil {
			t.Fatalf("%s: %q makes nothing to compare", c.threat, c.new)
		}
		if was.Basis == is.Basis {
			t.Errorf("%s: %q instead of %q leaves its basis", c.threat, c.new, c.old)
		}
	}
	for _, c := range []struct{ threat, old, new string }{
		{"path-traversal@web", "confidentiality: low", "confidentiality: none"}, // a need that is not endangered there
		{"sql-injection@read", "card: {needs: {confidentiality: high", "card: {needs: {confidentiality: low"},
	} {
		text := strings.Replace(model, c.old, c.new, 1)
		if was, is := before[ssf.ID(c.threat)], at(text)[ssf.ID(c.threat)]; text == model || is == nil || was.Basis != is.Basis {
			t.Errorf("%s: %q instead of %q changes its basis", c.threat, c.new, c.old)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	check := func(t *testing.T, c *ssf.Case) {
		t.Helper()
		want := caseJSON(t, c)
		var back ssf.Case
		d := json.NewDecoder(bytes.NewReader(want))
		d.DisallowUnknownFields()
		if err := d.Decode(&back); err != nil {
			t.Fatal(err)
		}
		if got := caseJSON(t, &back); !bytes.Equal(got, want) {
			t.Errorf("a case read back differs:\n%s\n%s", want, got)
		}
		if regexp.MustCompile(`[:\[,]null`).Match(want) {
			t.Errorf("a case has null in it:\n%s", want)
		}
	}
	seeds(t, 20, func(t *testing.T, m *gen.Model) { check(t, caseOf(t, strange(), m)) })
	check(t, evaluate(t, inputs(t, core(), map[string]string{"ssf.yaml": "ssf: 1\nsystem: {name: Nothing}\n"})))
	check(t, evaluate(t, ssf.Inputs{Model: &ssf.Model{}, Library: core(), Now: now}))
}
