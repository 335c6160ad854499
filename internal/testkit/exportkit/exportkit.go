// Package exportkit holds writers of other tools' forms to what they owe: what
// they write is valid, the same each time, and when it is read again nothing is
// lost but what they say.
package exportkit

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/format"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

// Now is when all cases are made.
var Now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

// Case is the case of a model, as if each file that it names were there.
func Case(t testing.TB, fsys fs.FS) *ssf.Case {
	t.Helper()
	lib := library.Index()
	snap, err := lang.Load(fsys, lib)
	if err != nil {
		t.Fatal(err)
	}
	lock, _, err := lang.ReadLock(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range snap.Diagnostics {
		if d.Severity == ssf.Error {
			t.Fatalf("the model is wrong at %s: %s\n%s", d.Pos, d.Message, d.Snippet)
		}
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Lock: lock, Now: Now, Tool: "ssf 1.2.3", Line: snap.Line})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Text is the case of a model in one file.
func Text(t testing.TB, text string) *ssf.Case {
	return Case(t, fstest.MapFS{lang.RootFile: {Data: []byte(text)}})
}

// Cases are those over which every writer is tried: the examples, this project's
// own, that of a fresh start, generated ones, and one with all that is rare. Root
// is the folder of the module.
func Cases(t testing.TB, root string) map[string]*ssf.Case {
	t.Helper()
	out := map[string]*ssf.Case{"rare": Text(t, Rare)}
	dirs, err := filepath.Glob(filepath.Join(root, "examples/models/*"))
	if err != nil || len(dirs) < 3 {
		t.Fatalf("there are %d example models: %v", len(dirs), err)
	}
	for _, dir := range append(dirs, filepath.Join(root, "examples/bookshop"), root) {
		out[dir] = Case(t, os.DirFS(dir))
	}
	start, err := os.ReadFile(filepath.Join(root, "cmd/ssf/starter.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	out["starter"] = Text(t, string(start))
	for seed := range uint64(3) {
		fsys := fstest.MapFS{}
		for name, text := range gen.Generate(gen.Options{Seed: seed, Components: 12}).Files(1) {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		out[fmt.Sprintf("generated %d", seed)] = Case(t, fsys)
	}
	return out
}

// Rare is a model with what other models seldom have.
const Rare = `ssf: 1
system: {name: 'A "rare" <shop> & co', version: 2.10.1, supplier: Rare BV, purpose: Sells., misuse: [First, Second], contact: security@rare.example, support_until: 2029-12-31, can_hurt: no, says: "Two\nlines."}
people: {cto: {name: C. Tester, accepts_up_to: critical}}
zones:
  internet: {trust: none}
  inner: {name: Inner zone, in: outer, run_by: supplier}
  outer: {trust: high, says: 'Around it.', from_tool: z-17}
actors:
  visitor: {zone: internet, hostile: possible}
  nobody: {name: Ünïcode 名前, powers: []}
assets:
  cards: {needs: {confidentiality: critical, integrity: none, authenticity: low}, personal: yes}
  unrated: {says: Nobody rated it.}
components:
  web: {kind: web_app, zone: inner, tech: [go], limits_rate: yes, from_tool: '42'}
  db: {kind: database, zone: inner, tech: [postgresql], stores: [cards, unrated], encrypted_at_rest: yes}
  unknown-thing: {}
  pile: {kind: file_store, zone: outer, stores: [unrated]}
flows:
  visit: {from: visitor, to: web, over: https, sends: [cards], returns: [cards, unrated]}
  store: {from: web, to: db, over: postgresql, sends: [cards]}
  drop: {from: unknown-thing, to: pile}
  ask: {from: nobody, to: web, encrypted: no}
assumptions:
  closed: {says: The network is closed., owner: customer, check: {do: Look., expect: Closed.}, when: setup, effort: low, default: unsafe, dismisses: [eavesdropping@store]}
requirements:
  secret: {says: Cards are secret., protects: [cards.confidentiality]}
threats:
  refund: {at: web, says: A clerk refunds to an own card., origin: behaviour, endangers: [cards.integrity], likelihood: low, stride: [tampering], weaknesses: [CWE-841], attacks: [CAPEC-66], from_tool: T-1}
  heavy: {name: Heavy, at: system, says: All is heavy., severity: critical}
  inside: {at: inner, says: Somebody is inside.}
  loud: {name: SQL injection as another tool says it, at: store, says: Injected., same_as: [sql-injection@store], severity: high}
decisions:
  - {threat: own/heavy@system, treat: accept, because: "It is light.\nReally.", by: cto, until: 2027-01-31}
  - {threat: own/inside@inner, treat: not_applicable, because: Nobody gets in.}
  - {threat: own/refund@web, treat: transfer, because: The customer sees to it., to: closed}
mitigations:
  parametrised-queries: {counters: [sql-injection@store], state: implemented, where: ['setting:x']}
  idea: {name: An idea, says: Somebody had it., counters: [own/inside@inner, eavesdropping@ask], state: proposed, from_tool: M-1}
  soon: {counters: [eavesdropping@ask], state: planned}
`

// Return writes a case in a form and reads it again.
func Return(t testing.TB, form format.Format, c *ssf.Case) *ssf.Case {
	t.Helper()
	lib := library.Index()
	d, err := format.Read([]format.Format{form}, "back", form.Name, Write(t, form, c), lib, nil)
	if err != nil {
		t.Fatal(err)
	}
	plan := d.Build(lib, Now)
	plan.Join(plan.Derived(lib, Text(t, plan.Bare()).ThreatIDs()))
	return Text(t, plan.Text())
}

// Write is the one file that a form makes of a case, made twice.
func Write(t testing.TB, form format.Format, c *ssf.Case) []byte {
	t.Helper()
	var data [2][]byte
	for i := range data {
		files, err := form.Write(c)
		if err != nil || len(files) != 1 || strings.Contains(files[0].Name, "/") {
			t.Fatalf("writing %s gives %d files: %v", form.Name, len(files), err)
		}
		data[i] = files[0].Data
	}
	if string(data[0]) != string(data[1]) {
		t.Fatal("the same case became two files")
	}
	return data[0]
}

// A Kept is what can survive in another form.
type Kept struct {
	System       ssf.SystemInfo
	Elements     map[ssf.ID]ssf.ElementInfo
	Own          map[ssf.ID]ssf.Threat
	Joined       map[ssf.ID]ssf.JoinedThreat
	Decisions    map[ssf.ID]Decision
	Mitigations  map[ssf.ID]ssf.MitigationResult
	Requirements map[ssf.ID]string
	Assumptions  map[ssf.ID]string
}

// A Decision is what was decided about a threat.
type Decision struct{ Treat, Because, Until string }

// Keep is what could survive of a case: no places, nothing that is computed, no
// functions and deployments and what stands at them.
func Keep(c *ssf.Case) *Kept {
	k := &Kept{c.System, map[ssf.ID]ssf.ElementInfo{}, map[ssf.ID]ssf.Threat{}, map[ssf.ID]ssf.JoinedThreat{}, map[ssf.ID]Decision{}, map[ssf.ID]ssf.MitigationResult{}, map[ssf.ID]string{}, map[ssf.ID]string{}}
	for _, e := range c.Elements {
		if e.Sort == ssf.SortFunction || e.Sort == ssf.SortDeployment {
			continue
		}
		e.Pos, e.Was, e.Code = ssf.Pos{}, nil, nil
		e.Name = strings.Join(strings.Fields(e.Name), " ")
		e.Facts = slices.DeleteFunc(slices.Clone(e.Facts), func(f ssf.FactInfo) bool { return f.Via != ssf.Declared })
		e.Needs = slices.Clone(e.Needs)
		for i := range e.Needs {
			e.Needs[i].Only = nil
		}
		slices.SortFunc(e.Needs, func(a, b ssf.NeedInfo) int {
			return slices.Index(ssf.AssetProperties, a.Property) - slices.Index(ssf.AssetProperties, b.Property)
		})
		for _, ids := range []*[]ssf.ID{&e.Tech, &e.Stores, &e.Sends, &e.Returns} {
			*ids = slices.Sorted(slices.Values(*ids))
		}
		k.Elements[e.ID] = e
	}
	on := c.OnMitigation()
	carried := map[ssf.ID]bool{}
	for _, t := range c.Threats {
		if _, ok := k.Elements[t.Element]; !ok || on[t.Rule] {
			continue
		}
		carried[t.ID] = true
		if strings.HasPrefix(string(t.Rule), "own/") {
			k.Own[t.ID] = ssf.Threat{Element: t.Element, Title: t.Title, Says: t.Says, Origin: t.Origin, Stride: t.Stride, Weaknesses: t.Weaknesses, Attacks: t.Attacks, Severity: t.Severity, Likelihood: t.Likelihood, Endangers: t.Endangers, FromTool: t.FromTool}
		}
	}
	for _, j := range c.Joined {
		j.Pos = ssf.Pos{}
		k.Joined[j.ID] = j
	}
	for _, d := range c.Decisions {
		for _, id := range d.Covers {
			if carried[id] && d.Kind == "threat" && (d.Treat == "accept" || d.Treat == "transfer" || d.Treat == "not_applicable") {
				k.Decisions[id] = Decision{d.Treat, d.Because, d.Until}
			}
		}
	}
	for _, m := range c.Mitigations {
		m.Pos, m.Where, m.Placed, m.Measure = ssf.Pos{}, nil, false, ""
		m.Counters = slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(m.Counters), func(id ssf.ID) bool { return !carried[id] })))
		k.Mitigations[m.ID] = m
	}
	for _, r := range c.Requirements {
		k.Requirements[r.ID] = r.Says
	}
	for _, a := range c.Assumptions {
		k.Assumptions[a.ID] = a.Says
	}
	return k
}

// Schema compiles a JSON Schema that is not kept here: it is in the folder that
// SSF_CORPUS names, or in `shared` beside the module. Without it the test is skipped.
func Schema(t testing.TB, root, name string) *jsonschema.Schema {
	t.Helper()
	shared := os.Getenv("SSF_CORPUS")
	if shared == "" {
		shared = filepath.Join(root, "../shared")
	}
	f, err := os.Open(filepath.Join(shared, "schemas", name))
	if err != nil {
		t.Skipf("%s/schemas holds no %s; SSF_CORPUS names the folder", shared, name)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	k := jsonschema.NewCompiler()
	k.AssertFormat()
	if err := k.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := k.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Valid holds a document to a schema.
func Valid(s *jsonschema.Schema, data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}
