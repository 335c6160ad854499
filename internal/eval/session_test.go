package eval_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
)

// A desk is a model that is being edited: its text, and what an editor keeps.
type desk struct {
	*rand.Rand
	lib     *ssf.Library
	text    string
	snap    *lang.Snapshot
	session check.Session
}

func newDesk(t testing.TB, lib *ssf.Library, seed uint64, text string) *desk {
	d := &desk{Rand: rand.New(rand.NewPCG(seed, 7)), lib: lib, text: text}
	snap, err := lang.Load(fileSystem(map[string]string{lang.RootFile: text}), lib)
	if err != nil {
		t.Fatal(err)
	}
	d.snap = snap
	return d
}

func (d *desk) inputs() ssf.Inputs {
	return ssf.Inputs{Model: d.snap.Model, Diagnostics: d.snap.Diagnostics, Library: d.lib, Now: now, Tool: "ssf test", Line: d.snap.Line}
}

// edit gives the model another text and returns its case.
func (d *desk) edit(t testing.TB, text string) *ssf.Case {
	t.Helper()
	d.text, d.snap = text, d.snap.Edit(lang.RootFile, text)
	c, err := d.session.Case(d.inputs())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pickOf[T any](d *desk, of []T) *T {
	if len(of) == 0 {
		return nil
	}
	return &of[d.IntN(len(of))]
}

// change makes one change of a model, as a value or as a text.
func (d *desk) change(m *gen.Model) (what, text string) {
	words := []string{"none", "low", "medium", "high", "critical"}
	kinds := []string{"web_service", "database", "worker", "web_app", "datastore", "program", "queue", ""}
	switch what = pickString(d, "fact", "fact", "unsaid", "component", "no component", "flow", "no flow", "asset", "no asset", "no function", "zone", "no zone", "kind", "tech", "end", "carry", "need",
		"decision", "no decision", "mitigation", "own threat", "deployment", "comment", "line", "hub", "other", "swap"); what {
	case "fact":
		if p := pickOf(d, m.Unsaid()); p != nil {
			m.Set(p.Element, p.Fact, p.Values[d.IntN(len(p.Values))])
		}
	case "unsaid":
		if p := pickOf(d, m.Said()); p != nil {
			m.Drop(p.Element, p.Fact)
		}
	case "component":
		id := m.AddComponent("web_service")
		m.Flows = append(m.Flows, gen.Flow{Element: gen.Element{ID: "to-" + id, Facts: map[string]string{}}, From: m.Actors[0].ID, To: id, Over: "https"})
	case "no component":
		if i := d.IntN(len(m.Components) + 1); i < len(m.Components) && len(m.Components) > 1 {
			m.Components = slices.Delete(m.Components, i, i+1) // what refers to it is an error
		}
	case "flow":
		if f := pickOf(d, m.Flows); f != nil {
			other := *f
			other.ID, other.Facts = other.ID+"-b", maps.Clone(f.Facts)
			m.Flows = append(m.Flows, other)
		}
	case "no flow":
		if f := pickOf(d, m.Flows); f != nil {
			m.RemoveFlow(f.ID)
		}
	case "asset":
		m.Assets = append([]gen.Asset{{Element: gen.Element{ID: fmt.Sprintf("new-%d", d.IntN(1000)), Facts: map[string]string{}}, Integrity: "high"}}, m.Assets...)
	case "no asset":
		if i := d.IntN(len(m.Assets) + 1); i < len(m.Assets) {
			m.Assets = slices.Delete(m.Assets, i, i+1)
		}
	case "no function":
		if i := d.IntN(len(m.Functions) + 1); i < len(m.Functions) {
			m.Functions = slices.Delete(m.Functions, i, i+1)
		}
	case "zone":
		m.Zones = append([]gen.Zone{{Element: gen.Element{ID: "moon", Facts: map[string]string{"trust": "low"}}}}, m.Zones...)
		if c := pickOf(d, m.Components); c != nil {
			c.Zone = "moon"
		}
	case "no zone":
		if i := d.IntN(len(m.Zones)); len(m.Zones) > 1 {
			m.Zones = slices.Delete(m.Zones, i, i+1)
		}
	case "kind":
		if c := pickOf(d, m.Components); c != nil {
			c.Kind = pickString(d, kinds...)
		}
	case "tech":
		if c := pickOf(d, m.Components); c != nil {
			c.Tech = [][]string{nil, {}, {"go"}, {"postgresql"}}[d.IntN(4)]
		}
	case "end":
		if f := pickOf(d, m.Flows); f != nil {
			f.To, f.Over = pickOf(d, m.Components).ID, pickString(d, "https", "http", "postgresql", "")
		}
	case "carry":
		if f, a := pickOf(d, m.Flows), pickOf(d, m.Assets); f != nil && a != nil {
			f.Sends = []string{a.ID}
		}
	case "need":
		if a := pickOf(d, m.Assets); a != nil {
			a.Confidentiality, a.Integrity = pickString(d, words...), pickString(d, append(words, "")...)
		}
	case "decision":
		if f := pickOf(d, m.Flows); f != nil {
			m.Entries["decisions"] = append(m.Entries["decisions"], "{threat: eavesdropping@"+pickString(d, f.ID, "*")+", treat: not_applicable, because: So it is.}", "{rate: flooding@"+f.To+", likelihood: "+pickString(d, words[1:4]...)+", because: So it is.}")
		}
	case "no decision":
		for _, s := range []string{"decisions", "mitigations", "assumptions", "threats"} {
			if es := m.Entries[s]; len(es) > 0 {
				m.Entries[s] = es[1:]
			}
		}
	case "mitigation":
		m.Entries["mitigations"] = append(m.Entries["mitigations"], fmt.Sprintf("mit-%d: {%scounters: ['%s'], where: ['setting:x'], state: implemented}", d.IntN(1000), pickString(d, "", "measure: audit-log, "), pickString(d, "*@mit-*", "*@"+m.Flows[0].ID, "flooding@*", "eavesdropping@"+m.Flows[0].ID)))
	case "own threat":
		if f := pickOf(d, m.Flows); f != nil {
			m.Entries["threats"] = append(m.Entries["threats"], fmt.Sprintf("own-%d: {at: %s, says: It goes wrong., severity: %s, same_as: ['%s']}", d.IntN(1000), f.ID, pickString(d, words[1:]...), pickString(d, "eavesdropping@"+f.ID, "eavesdropping@*", "*@"+f.To, "csrf@"+f.ID)))
		}
	case "deployment":
		m.Entries["deployments"] = [][]string{{"here: {facts: {network: private}}"}, {"here: {facts: {network: private}}", "there: {facts: {network: public}}"}, nil}[d.IntN(3)]
	case "hub":
		for i := range m.Flows {
			m.Flows[i].To = m.Components[0].ID
		}
	case "other":
		other := gen.Wild(3+d.IntN(5), d.Uint64())
		*m = *other
	case "swap":
		slices.Reverse(m.Flows)
		slices.Reverse(m.Components)
	}
	text = m.YAML()
	if what == "comment" || what == "line" {
		lines := strings.SplitAfter(text, "\n")
		i := d.IntN(len(lines))
		if what == "comment" {
			lines[i] = "# a comment\n" + lines[i]
		} else {
			lines = slices.Delete(lines, i, i+1)
		}
		text = strings.Join(lines, "")
	}
	return what, text
}

func pickString(d *desk, of ...string) string { return of[d.IntN(len(of))] }

// TestSessionIsCase proves that a case made while a model is edited is the one
// that is made of the same files at once.
func TestSessionIsCase(t *testing.T) {
	var taken, all atomic.Int64 // elements
	seeds(t, 12, func(t *testing.T, m *gen.Model) {
		lib := core()
		if len(m.Components)%2 == 0 {
			lib = strange()
		}
		m = m.Clone()
		if m.Entries = maps.Clone(m.Entries); m.Entries == nil {
			m.Entries = map[string][]string{}
		}
		d := newDesk(t, lib, uint64(len(m.YAML())), m.YAML())
		for step := range 25 {
			what, text := d.change(m)
			if m.Entries == nil {
				m.Entries = map[string][]string{}
			}
			want := evaluate(t, inputs(t, lib, map[string]string{lang.RootFile: text}))
			if step%3 == 2 {
				d.text, d.snap = text, d.snap.Edit(lang.RootFile, text)
				got, err := d.session.Diagnostics(d.inputs())
				if err != nil || !reflect.DeepEqual(got, want.Diagnostics) {
					t.Fatalf("step %d, %s, of\n%s\n%v (- at once, + edited)\n%s", step, what, text, err, cmp.Diff(want.Diagnostics, got))
				}
			} else if got := d.edit(t, text); !reflect.DeepEqual(got, want) {
				t.Fatalf("step %d, %s, of\n%s\n(- at once, + edited)\n%s", step, what, text, cmp.Diff(want, got))
			}
			taken.Add(int64(len(want.Elements) - d.session.Work().Derived))
			all.Add(int64(len(want.Elements)))
		}
	})
	t.Cleanup(func() {
		if taken.Load()*4 < all.Load() {
			t.Errorf("of %d elements %d were taken over, so this test sees little", all.Load(), taken.Load())
		}
	})
}

// TestSessionHub edits models whose flows end at one place.
func TestSessionHub(t *testing.T) {
	for _, shape := range []string{"service", "store", "treated", "vague"} {
		var text string
		for _, f := range hubText(t, shape, 60) {
			text = f
		}
		d := newDesk(t, core(), 1, text)
		d.edit(t, text)
		lines := strings.SplitAfter(text, "\n")
		for i := range 40 {
			at := d.IntN(len(lines))
			edited := slices.Clone(lines)
			switch i % 3 {
			case 0:
				edited = slices.Delete(edited, at, at+1)
			case 1:
				edited[at] = strings.NewReplacer("high", "low", "https", "http", "yes", "no", "external", "internal").Replace(edited[at])
			case 2:
				edited[at] += "# a comment\n"
			}
			text := strings.Join(edited, "")
			got, want := d.edit(t, text), evaluate(t, inputs(t, core(), map[string]string{lang.RootFile: text}))
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s, edit %d at line %d (- at once, + edited)\n%s", shape, i, at+1, cmp.Diff(want, got))
			}
		}
	}
}

// TestSessionDeployments adds a deployment in which more threats are there.
func TestSessionDeployments(t *testing.T) {
	text := gen.Generate(gen.Options{Components: 4}).YAML()
	d := newDesk(t, strange(), 1, text)
	for _, more := range []string{"  here: {facts: {network: private}}\n", "  here: {facts: {network: private}}\n  there: {facts: {network: public}}\n", "  there: {facts: {network: public}}\n"} {
		text := text + "\ndeployments:\n" + more
		got, want := d.edit(t, text), evaluate(t, inputs(t, strange(), map[string]string{lang.RootFile: text}))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("with deployments\n%s(- at once, + edited)\n%s", more, cmp.Diff(want, got))
		}
	}
}

// hubText is the text of one of the shapes of the growth test.
func hubText(t *testing.T, shape string, n int) map[string]string {
	switch shape {
	case "store":
		return storeHub(n).Files(1)
	case "treated":
		return treatedHub(n).Files(1)
	case "vague":
		m := gen.Generate(gen.Options{Components: n / 2, Functions: n / 2, Hub: true})
		for i := range m.Zones {
			m.Zones[i].Facts = nil
		}
		return m.Files(1)
	}
	return gen.Generate(gen.Options{Components: n / 2, Functions: n / 2, Hub: true}).Files(1)
}
