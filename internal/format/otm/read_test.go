package otm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yaml "go.yaml.in/yaml/v4"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
)

// shop has what files of other tools have, and what is wrong in some.
const shop = `otmVersion: 0.2.0
project: {name: Shop, id: shop-1, description: Sells., owner: An Owner, ownerContact: owner@shop.example, tags: [a-label], attributes: {cmdb: X1}}
representations: [{name: Picture, id: pic, type: diagram, size: {width: 10, height: 10}}]
assets:
  - {name: Cards, id: same, description: Numbers., risk: {confidentiality: 100, integrity: '50', availability: 0, comment: It is so.}}
  - {name: Never rated, id: zero, risk: {confidentiality: 0, integrity: 0, availability: 0}}
  - {name: Odd, id: odd, risk: {confidentiality: 101, integrity: -1, availability: x}}
trustZones:
  - {name: World, id: same, type: internet, risk: {trustRating: 20}}
  - {name: Nothing, id: nought, risk: {trustRating: 0}}
  - {name: Inner, id: inner, risk: {trustRating: 100}, parent: {trustZone: nought}}
  - {name: In a part, id: odd-zone, risk: {trustRating: 300}, parent: {component: web}}
components:
  - name: Web
    id: web
    type: web-service
    parent: {trustZone: inner}
    tags: [postgres, nonsense]
    assets: {processed: [zero, same], stored: [same, missing]}
    representations: [{representation: pic, id: box, position: {x: 1, y: 1}, size: {width: 1, height: 1}, file: a.go}]
    threats:
      - threat: inject
        state: exposed
        mitigations: [{mitigation: clean, state: implemented}, {mitigation: look, state: recommended}, {mitigation: gone, state: required}, {mitigation: clean, state: rejected}]
      - {threat: unheard, state: sleeping}
  - {name: Class, id: class, type: code-class, parent: {component: web}}
  - {name: Deep, id: deep, type: Cassandra database, parent: {component: class}}
  - {name: Round, id: round, type: unknown, parent: {component: round}}
  - {name: User, id: user, type: generic-client, parent: {trustZone: same}}
  - {name: Box, id: same, type: generic-client, parent: {id: inner, type: trustZone}}
  - {name: Again, id: web, type: nothing-known, parent: {trustZone: nowhere}}
  - a text
dataflows:
  - {name: Visit, id: visit, source: user, destination: web, bidirectional: true, tags: [https], assets: [same, missing]}
  - {name: Loose, id: loose, source: user, destination: nobody}
  - {name: To itself, id: self, source: web, destination: web}
  - name: Read
    id: same
    source: web
    destination: deep
    tags: [http, https]
    threats: [{threat: inject, state: partly-mitigated, mitigations: [{mitigation: clean, state: required}]}, {threat: inject, state: accept}, {threat: inject, state: not-applicable}]
threats:
  - {id: inject, name: Injection, description: Bad., categories: [Tampering, integrity, Odd kind], cwes: [CWE-89, '79', none, CWE-99999], risk: {likelihood: 50, impact: 100, likelihoodComment: Often., impactComment: Much.}, tags: [cwe-20, sql]}
  - {id: alone, name: Alone, risk: {likelihood: null, impact: 10}}
  - {id: blank, name: Blank, risk: {likelihood: 0, impact: 0}}
  - {id: inject, name: Doubled, risk: {likelihood: 200, impact: 1}}
mitigations:
  - {id: clean, name: Clean it, description: Well., riskReduction: 50}
  - {id: look, name: Look, riskReduction: 0}
  - {id: unused, name: Unused, riskReduction: 10}
`

func TestRead(t *testing.T) {
	m, r, text := importkit.Must(t, Format, "shop.otm", []byte(shop))
	part := func(id ssf.ID) *ssf.Component {
		for i := range m.Components {
			if m.Components[i].ID == id {
				return &m.Components[i]
			}
		}
		t.Fatalf("there is no component %s in\n%s", id, text)
		return nil
	}
	web := part("web")
	if web.Kind.ID != "web_service" || web.Zone.ID != "inner" || !ssf.HasRef(web.Tech, "postgresql") || !ssf.HasRef(web.Stores, "cards") || len(web.Stores) != 1 {
		t.Errorf("web is %+v", web)
	}
	if !strings.Contains(web.Says, "Works with: Never rated.") || strings.Contains(web.Says, "Works with: Cards") {
		t.Errorf("web says %q", web.Says)
	}
	if c := part("class"); c.Kind.ID != "program" || c.Zone.ID != "inner" || !strings.Contains(c.Says, "Part of Web.") {
		t.Errorf("class is %+v", c)
	}
	if c := part("deep"); c.Kind.ID != "database" || !ssf.HasRef(c.Tech, "cassandra") || c.Zone.ID != "inner" {
		t.Errorf("deep is %+v", c)
	}
	if c := part("box"); c.Zone.ID != "inner" || c.Kind.ID != "" {
		t.Errorf("box is %+v", c)
	}
	if len(m.Actors) != 1 || m.Actors[0].Zone.ID != "world" {
		t.Errorf("the actors are %+v", m.Actors)
	}
	trust := map[ssf.ID]ssf.Value{}
	for _, z := range m.Zones {
		for _, f := range z.Facts {
			trust[z.ID] = f.Value
		}
	}
	if diff := cmp.Diff(map[ssf.ID]ssf.Value{"world": "none", "nothing": "none"}, trust); diff != "" {
		t.Errorf("trust (-want +got):\n%s", diff)
	}
	needs := map[ssf.ID]string{}
	for _, a := range m.Assets {
		for _, n := range a.Needs {
			needs[a.ID] += string(n.Property.ID[:1]) + ":" + string(n.Level.ID) + " "
		}
	}
	if diff := cmp.Diff(map[ssf.ID]string{"cards": "c:critical i:medium a:none "}, needs); diff != "" {
		t.Errorf("needs (-want +got):\n%s", diff)
	}
	if len(m.Flows) != 2 || m.Flows[0].Over.ID != "https" || len(m.Flows[0].Sends) != 1 || m.Flows[1].Over.ID != "" || !strings.Contains(m.Flows[1].Says, "Protocols: http, https.") {
		t.Errorf("the flows are %+v", m.Flows)
	}
	if len(m.Threats) != 8 {
		t.Errorf("there are %d threats, want five that stand somewhere and three that do not", len(m.Threats))
	}
	first := m.Threats[0]
	if first.At.ID != "web" || first.Likelihood.ID != "medium" || first.Severity.ID != "critical" || !ssf.HasRef(first.Weaknesses, "CWE-20") || !ssf.HasRef(first.Weaknesses, "CWE-79") || ssf.HasRef(first.Weaknesses, "CWE-99999") {
		t.Errorf("the first threat is %+v", first)
	}
	for _, th := range m.Threats {
		if th.ID == "blank" && (th.Likelihood.ID != "" || th.Severity.ID != "") {
			t.Errorf("a threat that nobody rated is rated: %+v", th)
		}
	}
	states := map[string]int{}
	for _, x := range m.Mitigations {
		states[x.From+" "+string(x.State.ID)]++
	}
	want := map[string]int{"clean implemented": 1, "clean planned": 1, "look proposed": 1, "gone planned": 1, "unused proposed": 1}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("mitigations (-want +got):\n%s", diff)
	}
	if len(m.Decisions) != 2 {
		t.Errorf("there are %d decisions, want one that accepts and one that is not applicable", len(m.Decisions))
	}
	for _, says := range []string{"a-label", "X1", "101", "-1", "300", "an object, and this is a text", "nowhere", "flow Loose ends at nobody", "missing", "none is no id of CWE", "CWE-99999", "clean is rejected", "a.go", "200", "lies in component web", "begins and ends at web"} {
		if !slices.ContainsFunc(r.Dropped, func(n format.Note) bool { return strings.Contains(n.Says, says) && n.Line > 0 }) {
			t.Errorf("nothing says that %q was dropped", says)
		}
	}
	for _, says := range []string{`state "sleeping" is taken as open`, "the id web is used before", "the id inject is used before", "mitigation gone is not among", "threat unheard is not among", "is taken to be an actor"} {
		if !slices.ContainsFunc(r.Guessed, func(n format.Note) bool { return strings.Contains(n.Says, says) && n.Line > 0 }) {
			t.Errorf("nothing says %q", says)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{`{"otmVersion": "0.2.0"}`, `{"otmVersion": "0.2.0", "project": []}`, "otmVersion: 0.1.0\nproject: x\n"} {
		if _, _, _, err := importkit.Import(t, Format, "x", []byte(text), nil); err == nil || !strings.Contains(err.Error(), "`project`") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestCorpus holds the counts of the report to counts that are made another way.
func TestCorpus(t *testing.T) {
	for _, name := range importkit.Corpus(t, "otm") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Assets     []any `yaml:"assets"`
			Zones      []any `yaml:"trustZones"`
			Components []struct {
				Threats []struct {
					Threat      string
					Mitigations []struct{ Mitigation, State string }
				}
			} `yaml:"components"`
			Dataflows []struct {
				Threats []struct {
					Threat      string
					Mitigations []struct{ Mitigation, State string }
				}
			} `yaml:"dataflows"`
			Threats     []struct{ ID string } `yaml:"threats"`
			Mitigations []struct{ ID string } `yaml:"mitigations"`
		}
		if err := yaml.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		used, states := map[string]bool{}, map[string]bool{}
		threats := 0
		for _, c := range append(doc.Components, doc.Dataflows...) {
			for _, x := range c.Threats {
				threats++
				used[x.Threat] = true
				for _, m := range x.Mitigations {
					states[m.Mitigation+" "+m.State] = true
					used[m.Mitigation] = true
				}
			}
		}
		for _, x := range doc.Threats {
			if !used[x.ID] {
				threats++
			}
		}
		mitigations := len(states)
		for _, x := range doc.Mitigations {
			if !used[x.ID] {
				mitigations++
			}
		}
		assets := max(len(doc.Assets), 1) // one stands for what is not named
		m, r, _ := importkit.Must(t, Format, filepath.Base(name), data)
		want := fmt.Sprint(len(doc.Zones), assets, len(doc.Components), len(doc.Dataflows), threats, mitigations)
		if got := fmt.Sprint(len(m.Zones), len(m.Assets), len(m.Components)+len(m.Actors), len(m.Flows), len(m.Threats), len(m.Mitigations)); got != want {
			t.Errorf("%s has %s, want %s", name, got, want)
		}
		for _, c := range r.Carried {
			if c.What != "representations" && c.What != "assets" && c.Of != c.Here {
				t.Errorf("%s: of %d %s %d are here", name, c.Of, c.What, c.Here)
			}
		}
	}
}

// TestEdited sees that an edit in another tool counts against what this program
// wrote beside it.
func TestEdited(t *testing.T) {
	const ours = `{"otmVersion": "0.2.0", "project": {"name": "x", "id": "x", "attributes": {"ssf:system": "yes"}},
"trustZones": [{"id": "z", "name": "z", "risk": {"trustRating": TRUST}, "attributes": {"ssf:id": "z", "ssf:fact:trust": "high"}}],
"assets": [{"id": "a", "name": "a", "risk": {"confidentiality": NEED, "integrity": 100, "availability": 100}, "attributes": {"ssf:id": "a", "ssf:need:confidentiality": "low"}}]}`
	for _, x := range []struct{ trust, need, wantTrust, wantNeed string }{{"75", "25", "high", "low"}, {"10", "25", "", "low"}, {"0", "75", "none", "high"}} {
		m, _, _ := importkit.Must(t, Format, "x", []byte(strings.NewReplacer("TRUST", x.trust, "NEED", x.need).Replace(ours)))
		trust := ""
		for _, f := range m.Zones[0].Facts {
			trust = string(f.Value)
		}
		if trust != x.wantTrust || len(m.Assets[0].Needs) != 1 || string(m.Assets[0].Needs[0].Level.ID) != x.wantNeed {
			t.Errorf("%+v gives trust %q and needs %+v", x, trust, m.Assets[0].Needs)
		}
	}
}

func FuzzRead(f *testing.F) {
	importkit.Fuzz(f, Format, seeds(f)...)
}

func seeds(t testing.TB) []string {
	var doc any
	if err := yaml.Unmarshal([]byte(shop), &doc); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		shop, string(text),
		`{"otmVersion": 1, "project": {"name": "\u202e\u0000x", "id": null}, "trustZones": {"id": "a"}, "components": [{"id": [], "name": {}, "type": 3, "parent": "x", "threats": {"threat": "t"}, "tags": "go", "assets": []}], "threats": [{"id": "t", "cwes": "CWE-1", "risk": []}]}`,
		`{"otmVersion": "0.2.0", "project": {"attributes": {"ssf:system": "yes", "ssf:support_until": "x", "ssf:fact:trust": "high", "ssf:misuse": "a\na"}}, "assets": [{"id": "a", "name": "null", "attributes": {"ssf:id": "null", "ssf:need:safety": "high", "ssf:fact:personal_use": "{joined,joined}"}}], "components": [{"id": "c", "type": "database", "parent": {"trustZone": "z"}, "tags": ["go", "go"], "attributes": {"ssf:id": "a", "ssf:tech": "go", "ssf:returns": "a, a"}, "threats": [{"threat": "t", "state": "x", "attributes": {"ssf:state": "accepted", "ssf:treat": "accepted", "ssf:by": "!", "ssf:until": "never"}}, {"threat": "t", "state": "x", "attributes": {"ssf:state": "accepted", "ssf:treat": "accepted"}}]}], "threats": [{"id": "t", "name": "t", "attributes": {"ssf:rule": "sql-injection", "ssf:id": "sql-injection", "ssf:endangers": "a.x, a.safety", "ssf:stride": "x", "ssf:weaknesses": "y"}}, {"id": "u", "attributes": {"ssf:id": "u", "ssf:at": "nowhere", "ssf:stride": "x", "ssf:weaknesses": "y", "ssf:attacks": "CAPEC-1 CAPEC-1", "ssf:endangers": "a.x, a.safety, a.safety", "ssf:severity": "none", "ssf:likelihood": "critical"}}, {"id": "v", "attributes": {"ssf:id": "u", "ssf:at": "system", "ssf:mitigations": "m, m"}}], "mitigations": [{"id": "m", "attributes": {"ssf:id": "parametrised-queries", "ssf:state": "done"}}, {"id": "m"}]}`,
	}
}

func TestBroken(t *testing.T) {
	for _, seed := range seeds(t)[1:] {
		importkit.Broken(t, Format, seed)
	}
}

// TestWho holds which clients are actors: people, and networks that anybody may be in.
func TestWho(t *testing.T) {
	for name, actor := range map[string]bool{
		"User": true, "Web users": true, "0.0.0.0/0": true, "52.30.97.44/32": true, "::/0": true,
		"Box": false, "": false, "10.0.0.1": false, "dead.beef/1": false, "a.b/12": false, "1.2/3": false, "2001:db8::/32": true, "User service": false,
	} {
		if who(name) != actor {
			t.Errorf("%q is an actor: %v, want %v", name, !actor, actor)
		}
	}
}
