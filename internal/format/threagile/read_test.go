package threagile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
	"ssf/library"
)

// counts are what a model holds, counted by another YAML decoder than the reader's.
type counts struct {
	zones, external, assets, machines, links, requirements, misuse, threats int
}

func counted(t *testing.T, data []byte) (c counts) {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	section := func(m map[string]any, key string) map[string]any { s, _ := m[key].(map[string]any); return s }
	c.zones, c.assets = len(section(doc, "trust_boundaries")), len(section(doc, "data_assets"))
	c.machines = len(section(doc, "technical_assets")) + len(section(doc, "shared_runtimes"))
	c.requirements, c.misuse = len(section(doc, "security_requirements")), len(section(doc, "abuse_cases"))
	c.links = len(section(doc, "communication_links"))
	for _, a := range section(doc, "technical_assets") {
		c.links += len(section(a.(map[string]any), "communication_links"))
		if a.(map[string]any)["type"] == "external-entity" {
			c.external++
		}
	}
	for _, k := range section(doc, "individual_risk_categories") {
		c.threats += len(section(k.(map[string]any), "risks_identified"))
	}
	for id := range section(doc, "risk_tracking") {
		if _, own := categories[strings.Split(id, "@")[0]]; own {
			c.threats++
		}
	}
	return c
}

func TestCorpus(t *testing.T) {
	for _, name := range importkit.Corpus(t, "threagile") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			hold(t, data)
		})
	}
}

// hold holds the model of a file against what is counted in it.
func hold(t *testing.T, data []byte) *ssf.Model {
	t.Helper()
	m, report, _ := importkit.Must(t, Format, "threagile.yaml", data)
	want := counted(t, data)
	zones := len(m.Zones)
	if i := slices.IndexFunc(m.Zones, func(z ssf.Zone) bool { return z.Title == "Internet" && z.From == "" }); i >= 0 {
		zones-- // ours
	}
	got := counts{zones, want.external, len(m.Assets), len(m.Components) + len(m.Actors), len(m.Flows), len(m.Requirements), len(m.System.Misuse), len(m.Threats)}
	if got != want {
		t.Errorf("the model has %+v, and the file %+v", got, want)
	}
	if len(m.Actors) > want.external {
		t.Errorf("%d actors of %d external entities", len(m.Actors), want.external)
	}
	for _, c := range report.Carried {
		if c.Here < c.Of && c.What != "questions" {
			t.Errorf("%d of %d %s", c.Here, c.Of, c.What)
		}
	}
	return m
}

func TestExample(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := hold(t, data)
	_, report, text := importkit.Must(t, Format, "shop.yaml", data)
	golden := "testdata/shop.golden"
	all := text + "\n--- guessed\n" + notes(report.Guessed) + "--- dropped\n" + notes(report.Dropped)
	if os.Getenv("SSF_UPDATE") == "1" {
		if err := os.WriteFile(golden, []byte(all), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != all {
		t.Errorf("%s differs; SSF_UPDATE=1 writes it anew\n%s", golden, all)
	}
	if len(m.Decisions) != 2 {
		t.Errorf("%d decisions, and two risks are accepted or no risks", len(m.Decisions))
	}
}

func notes(ns []format.Note) string {
	var b strings.Builder
	for _, n := range ns {
		fmt.Fprintf(&b, "%d:%d %s: %s\n", n.Line, n.Col, n.Path, n.Says)
	}
	return b.String()
}

// An asset reads one technical asset with some fields.
func asset(t *testing.T, fields string) (*ssf.Model, *format.Report) {
	t.Helper()
	m, r, _ := importkit.Must(t, Format, "x", []byte("threagile_version: 1.0.0\ntechnical_assets:\n  It:\n    id: it\n"+indent(fields)+"  Other: {id: other, type: process}\n"))
	return m, r
}

func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(s, "\n") + "\n") {
		b.WriteString("    " + line)
	}
	return b.String()
}

func TestExternalEntities(t *testing.T) {
	for fields, actor := range map[string]bool{
		"type: external-entity\nused_as_client_by_human: true\ntechnology: web-application": true,
		"type: external-entity\ntechnology: browser":                                        true,
		"type: external-entity\ntechnology: web-service-rest":                               true, // nobody calls it
		"type: external-entity\ndata_assets_stored: [d]":                                    false,
		"type: process\nused_as_client_by_human: true\ntechnology: browser":                 false,
		"type: external-entity\ncommunication_links:\n  Self: {target: it}":                 false,
	} {
		m, _ := asset(t, fields)
		if got := len(m.Actors) == 1; got != actor {
			t.Errorf("%q: an actor: %v, want %v", fields, got, actor)
		}
		if len(m.Components) == 2 && strings.Contains(fields, "external") && m.Components[0].Kind.ID != "external_service" {
			t.Errorf("%q is a %s", fields, m.Components[0].Kind.ID)
		}
	}
}

func fact(fs []ssf.DeclaredFact, name ssf.ID) ssf.Value {
	for _, f := range fs {
		if f.Fact.ID == name {
			return f.Value
		}
	}
	return ""
}

// TestSaysNothing holds that what is not said, and what is a default, is unknown.
func TestSaysNothing(t *testing.T) {
	m, r := asset(t, "type: process\ninternet: false\nmulti_tenant: false\nredundant: false\nencryption: none\ndata_formats_accepted: []\ntags:\nowner:\n")
	if c := m.Components[0]; len(c.Facts) > 0 || c.Zone.ID != "" || len(m.Zones) > 0 || c.Kind.ID != "program" {
		t.Errorf("facts %v, zone %q, kind %s", c.Facts, c.Zone.ID, c.Kind.ID)
	}
	if len(m.System.Facts) > 0 || len(r.Dropped) > 0 {
		t.Errorf("system: %v; dropped: %v", m.System.Facts, r.Dropped)
	}
}

func TestFacts(t *testing.T) {
	for fields, want := range map[string]struct {
		fact  ssf.ID
		value ssf.Value
	}{
		"type: datastore\nencryption: none":                                    {"encrypted_at_rest", ssf.No},
		"type: datastore\nencryption: transparent":                             {"encrypted_at_rest", ssf.Yes},
		"type: datastore\nencryption: Data-With-End-User-Individual-Key":       {"encrypted_at_rest", ssf.Yes},
		"type: process\ndata_formats_accepted: [json, xml]":                    {"accepts", ssf.SetOf([]string{"xml"})},
		"type: process\ndata_formats_accepted: [serialization]":                {"accepts", ssf.SetOf([]string{"objects"})},
		"type: process\ndata_formats_accepted: [xml, file]":                    {"accepts", ""},
		"type: process\ntechnology: web-server\ndata_formats_accepted: [json]": {"accepts", ssf.SetOf(nil)},
	} {
		m, _ := asset(t, fields)
		if got := fact(m.Components[0].Facts, want.fact); got != want.value {
			t.Errorf("%q: %s is %q, want %q", fields, want.fact, got, want.value)
		}
	}
}

func TestLinks(t *testing.T) {
	for fields, want := range map[string]map[ssf.ID]ssf.Value{
		"protocol: https":                                   {"encrypted": "", "authenticated": "", "names_origin": ""},
		"protocol: jdbc":                                    {"encrypted": ssf.No},
		"protocol: jdbc\nvpn: true":                         {"encrypted": ""},
		"protocol: jdbc-encrypted":                          {"encrypted": ssf.Yes},
		"protocol: JDBC_encrypted":                          {"encrypted": ssf.Yes},
		"protocol: mqtt":                                    {"encrypted": ""},
		"protocol: inter-process-communication":             {"over_network": ssf.No},
		"authentication: none":                              {"authenticated": ssf.No},
		"authentication: two-factor":                        {"authenticated": ssf.Yes},
		"authentication: externalized":                      {"authenticated": ""},
		"authorization: technical-user":                     {"names_origin": ""},
		"authorization: enduser-identity-propagation":       {"names_origin": ssf.Yes},
		"authorization: end-user-identity-propagation":      {"names_origin": ssf.Yes},
		"protocol: ssh\nauthentication: none":               {"authenticated": ""}, // contradicts what SSH is
		"protocol: kafka\nauthentication: hope":             {"authenticated": ""},
		"protocol: [x]\nauthentication: {a: b}\nvpn: maybe": {"authenticated": "", "encrypted": ""},
	} {
		m, r := asset(t, "type: process\ncommunication_links:\n  Call:\n    target: other\n"+indent(fields))
		for name, v := range want {
			if got := fact(m.Flows[0].Facts, name); got != v {
				t.Errorf("%q: %s is %q, want %q (%v)", fields, name, got, v, r.Dropped)
			}
		}
	}
	m, _ := asset(t, "type: process\ncommunication_links:\n  Call: {target: other, protocol: kafka}")
	if m.Flows[0].Over.ID != "kafka" {
		t.Errorf("a protocol that we know and Threagile does not is %q", m.Flows[0].Over.ID)
	}
}

// TestTables holds each word of the tables against the library.
func TestTables(t *testing.T) {
	lib := library.Index()
	has := func(ds []ssf.KindDef, id ssf.ID) bool {
		return id == "" || slices.ContainsFunc(ds, func(d ssf.KindDef) bool { return d.ID == id })
	}
	for word, k := range technologies {
		if !has(lib.Kinds, k.kind) || word != format.Squeeze(word) {
			t.Errorf("technology %s: %q", word, k.kind)
		}
	}
	for id := range ours {
		if !has(lib.Kinds, id) {
			t.Errorf("there is no kind %s", id)
		}
	}
	for word, p := range protocols {
		if !has(lib.Protocols, p.over) || word != format.Squeeze(word) {
			t.Errorf("protocol %s: %q", word, p.over)
		}
	}
	if len(categories) != 42 {
		t.Errorf("%d categories, and Threagile has 42", len(categories))
	}
	for id, c := range categories {
		for _, s := range c.same {
			i := slices.IndexFunc(lib.Threats, func(r ssf.Rule) bool { return r.ID == s })
			if i < 0 {
				t.Errorf("%s: there is no rule %s", id, s)
				continue
			}
			if !slices.Contains(lib.Threats[i].Stride, c.stride) && !differs[id] {
				t.Errorf("%s is %s, and %s is none of that", id, c.stride, s)
			}
		}
	}
}

// differs are categories whose class Threagile sees otherwise than our library.
var differs = map[string]bool{"missing-authentication": true, "missing-file-validation": true, "missing-hardening": true, "path-traversal": true, "ldap-injection": true}

// TestWords holds the words of Threagile's schema against the tables: each is known.
func TestWords(t *testing.T) {
	root := os.Getenv("SSF_CORPUS")
	if root == "" {
		root = "../../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(root, "schemas", "threagile.schema.json"))
	if err != nil {
		t.Skipf("%s holds no schemas/threagile.schema.json; SSF_CORPUS names the folder", root)
	}
	n, err := format.Parse("schema", data)
	if err != nil {
		t.Fatal(err)
	}
	a := n.At("properties", "technical_assets", "additionalProperties", "properties")
	l := a.At("communication_links", "additionalProperties", "properties")
	for _, x := range []struct {
		words []*format.Node
		known func(string) bool
		least int
	}{
		{a.At("technology").All("enum"), func(s string) bool { _, ok := technologies[s]; return ok }, 50},
		{l.At("protocol").All("enum"), func(s string) bool { _, ok := protocols[s]; return ok }, 40},
		{a.At("confidentiality").All("enum"), func(s string) bool { _, ok := levels[s]; return ok }, 5},
		{a.At("integrity").All("enum"), func(s string) bool { _, ok := levels[s]; return ok }, 5},
		{n.At("properties", "risk_tracking", "additionalProperties", "properties", "status").All("enum"), func(s string) bool { _, ok := format.ParseStatus(s); return ok }, 6},
	} {
		if len(x.words) < x.least {
			t.Errorf("the schema has %d words where %d are known to be", len(x.words), x.least)
		}
		for _, w := range x.words {
			if !x.known(format.Squeeze(w.Text())) {
				t.Errorf("%q is in the schema and in no table", w.Text())
			}
		}
	}
}

func TestTracking(t *testing.T) {
	const model = `
threagile_version: 1.0.0
technical_assets:
  Web: {id: web, type: process, communication_links: {Query: {target: db}, Other: {target: mail}}}
  DB: {id: db, type: datastore}
  Mail: {id: mail, type: process}
trust_boundaries: {Net: {id: net}}
shared_runtimes: {VM: {id: vm}}
data_assets: {Data: {id: data}}
individual_risk_categories:
  Odd:
    id: odd
    risks_identified:
      First: {severity: high, most_relevant_technical_asset: web}
      Second: {severity: low, most_relevant_technical_asset: db, most_relevant_communication_link: 'web>query'}
risk_tracking:
`
	for id, want := range map[string]string{
		"sql-nosql-injection@web@db@web>query":          "query",
		"sql-nosql-injection@web@db@*":                  "query",
		"sql-nosql-injection@*@db@*":                    "query",
		"sql-nosql-injection@web@*@*":                   "web", // two links begin there
		"sql-nosql-injection@*@*@*":                     "system",
		"unguarded-direct-datastore-access@*@web@db":    "db",
		"unnecessary-data-transfer@data@web@mail":       "web",
		"unnecessary-data-asset@data":                   "data",
		"missing-cloud-hardening@net":                   "net",
		"mixed-targets-on-shared-runtime@vm":            "vm",
		"unencrypted-asset@gone":                        "system",
		"unencrypted-asset":                             "system",
		"unencrypted-asset@":                            "system",
		"of-nobody@web":                                 "web",
		"dos-risky-access-across-trust-boundary@db@*@*": "db",
	} {
		m, _, text := importkit.Must(t, Format, "x", []byte(model+"  "+id+": {status: mitigated, justification: Done.}\n"))
		if got := m.Threats[len(m.Threats)-1]; string(got.At.ID) != want || len(m.Threats) != 3 || got.From != id {
			t.Errorf("%s is at %s, want %s\n%s", id, got.At.ID, want, text)
		}
		if len(m.Mitigations) != 1 || m.Mitigations[0].State.ID != "implemented" {
			t.Errorf("%s: mitigations %v", id, m.Mitigations)
		}
	}
	for id, decided := range map[string]int{"odd@web": 1, "odd@db@web>query": 1, "odd@*": 1, "odd@*@*": 1, "odd@w*": 1, "odd@x*": 0} {
		m, _, _ := importkit.Must(t, Format, "x", []byte(model+"  "+id+": {status: false-positive, justification: No.}\n"))
		if len(m.Decisions) != 1 || len(m.Threats) != 3-decided {
			t.Errorf("%s: %d decisions, %d threats", id, len(m.Decisions), len(m.Threats))
		}
	}
}

func TestStatuses(t *testing.T) {
	for status, want := range map[string]string{
		"unchecked": "", "in-discussion": "", "accepted": "accept", "false-positive": "not_applicable", "False-Positive": "not_applicable", "whatever": "", "": "",
	} {
		m, _, _ := importkit.Must(t, Format, "x", []byte("threagile_version: 1\nrisk_tracking:\n  missing-vault@x: {status: '"+status+"', justification: Why not., checked_by: Jo}\n"))
		got := ""
		if len(m.Decisions) == 1 {
			got = string(m.Decisions[0].Treat.ID)
		}
		if got != want || len(m.Threats) != 1 || len(m.Mitigations) != 0 {
			t.Errorf("%q: decision %q, want %q", status, got, want)
		}
	}
}

// TestBroken holds that a broken entry is dropped with a note and the rest is read.
func TestBroken(t *testing.T) {
	m, r, _ := importkit.Must(t, Format, "x", []byte(`
threagile_version: [1]
title: {a: b}
author: 5
abuse_cases: [one, {two: 2}, 3]
security_requirements: {Ok: yes, Bad: [x]}
data_assets: {A: {id: a, confidentiality: huge}, B: 7, C: [x], "": {id: e}}
technical_assets:
  Same: {id: x, type: process, communication_links: {To itself: {target: x}, Nowhere: {target: gone}, Loose: {}, Bad: 3, Worse: [1]}}
  Again: {id: x, type: datastore}
  Odd: {id: {y: z}, type: teapot, technology: [kettle], encryption: rot13, internet: maybe, data_assets_stored: {q: w}}
  "\u202eevil\u0007": {id: "\u0000"}
  Съдове: {id: ""}
trust_boundaries:
  One: {id: one, technical_assets_inside: [x, gone], trust_boundaries_nested: [two, none]}
  Two: {id: two, technical_assets_inside: [x], trust_boundaries_nested: [one]}
shared_runtimes: {R: {id: r, technical_assets_running: [x, gone]}}
individual_risk_categories: {Empty: {id: e}, Text: hello, Full: {cwe: many, stride: odd, risks_identified: {R1: 5, R2: {severity: dire, exploitation_likelihood: sure, most_relevant_technical_asset: gone}}}}
risk_tracking: {"@@@": {status: [accepted]}, x: 3}
`))
	if len(m.Components) != 6 || len(m.Flows) != 0 || len(m.Zones) != 2 || len(m.Assets) != 2 || len(m.Threats) != 2 {
		t.Errorf("%d components, %d flows, %d zones, %d assets, %d threats", len(m.Components), len(m.Flows), len(m.Zones), len(m.Assets), len(m.Threats))
	}
	for _, want := range []string{"an entry of `data_assets` is a number", "ends at gone", "attached to nothing", "begins and ends at same", `"teapot" is no type`, "holds gone", "another trust boundary", "lies in itself", `"rot13" is no encryption`, "which the file does not have", "a risk is a number"} {
		if !slices.ContainsFunc(r.Dropped, func(n format.Note) bool { return strings.Contains(n.Says, want) }) {
			t.Errorf("nothing says that %s\n%s", want, notes(r.Dropped))
		}
	}
}

func TestRefused(t *testing.T) {
	for data, want := range map[string]string{
		"threagile_version: 1\ntechnical_assets: nothing":     "2:19: at technical_assets: `technical_assets` is a text",
		"threagile_version: 1\nincludes: [other.yaml]":        "2:12: at includes[0]: the model includes other.yaml, and no other file can be read here",
		"threagile_version: 1\ntechnical_assets: {a: [b, c]":  "this is not YAML",
		"threagile_version: 1\ntechnical_assets: &a [*a]":     "nested more than",
		"threagile_version: 1\n---\nthreagile_version: 1":     "a second document follows",
		"threagile_version: 1\ntrust_boundaries: 2026-11-24 ": "2:19: at trust_boundaries: `trust_boundaries` is",
	} {
		_, _, _, err := importkit.Import(t, Format, "m.yaml", []byte(data), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", data, err, want)
		}
	}
}

// A folder opens the files of a map.
func folder(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if s, ok := files[name]; ok {
			return []byte(s), nil
		}
		return nil, errors.New("there is no such file")
	}
}

func TestIncludes(t *testing.T) {
	files := map[string]string{
		"parts/assets.yaml": "includes: [more.yaml, ../parts/assets.yaml, ../main.yaml]\ntechnical_assets: {Web: {id: web, type: process, technology: web-application, communication_links: {Query: {target: db}}}}",
		"parts/more.yaml":   "technical_assets: {Web: {communication_links: {Again: {target: db}}, data_assets_stored: [d]}, DB: {id: db, type: datastore}}\ndata_assets: {D: {id: d}}\nnovelty: 1",
	}
	main := []byte("threagile_version: 1\nincludes: [parts/assets.yaml]\ntechnical_assets: {Cron: {id: cron, type: process, technology: cron}}")
	m, r, _, err := importkit.Import(t, Format, "main.yaml", main, folder(files))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Components) != 3 || len(m.Flows) != 2 || len(m.Assets) != 1 {
		t.Errorf("%d components, %d flows, %d assets", len(m.Components), len(m.Flows), len(m.Assets))
	}
	if i := slices.IndexFunc(m.Components, func(c ssf.Component) bool { return c.ID == "web" }); i < 0 || len(m.Components[i].Stores) != 1 || m.Components[i].Kind.ID != "web_app" {
		t.Errorf("the parts of one asset are not joined: %v", m.Components)
	}
	twice := 0
	for _, n := range r.Dropped {
		if strings.Contains(n.Says, "part of the model already") {
			twice++
		}
	}
	if twice != 2 || !slices.ContainsFunc(r.Dropped, func(n format.Note) bool { return n.Path == "novelty" && n.File == "parts/more.yaml" }) {
		t.Errorf("the report says nothing of a circle or of what other files have: %s", notes(r.Dropped))
	}
	for _, name := range []string{"gone.yaml", "../gone.yaml"} {
		_, _, _, err := importkit.Import(t, Format, "main.yaml", []byte("threagile_version: 1\nincludes: ['"+name+"']"), folder(files))
		if err == nil || !strings.Contains(err.Error(), "main.yaml:2:12: at includes[0]: reading the included file "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMergeKeys(t *testing.T) {
	m, r, _ := importkit.Must(t, Format, "x", []byte(`
threagile_version: 1
data_assets:
  One: &one {id: one, description: First, confidentiality: confidential}
  Two: {<<: *one, id: two, confidentiality: public}
technical_assets:
  Web: {id: web, type: process, data_assets_stored: &both [one, two]}
  DB: {id: db, type: datastore, data_assets_stored: *both}
`))
	if two := m.Assets[1]; two.From != "two" || two.Says != "First" || two.Needs[0].Level.ID != "none" {
		t.Errorf("merged: %+v", two)
	}
	if len(m.Components[1].Stores) != 2 || len(r.Dropped) != 0 {
		t.Errorf("stores %v, dropped %s", m.Components[1].Stores, notes(r.Dropped))
	}
}

func FuzzRead(f *testing.F) {
	seeds := []string{
		"threagile_version: 1.0.0\ntechnical_assets: {A: {id: a, type: process, communication_links: {L: {target: a, protocol: https}}}}",
		"threagile_version: 1\nrisk_tracking: {'sql-nosql-injection@*@b@*': {status: accepted, justification: x, checked_by: y}}\ntechnical_assets: {B: {id: b}}",
		"technical_assets: {A: {id: a, type: external-entity, internet: true, data_formats_accepted: [xml], multi_tenant: true}}\ndata_assets: {D: {id: d, integrity: critical}}",
		"threagile_version: 1\nindividual_risk_categories: {C: {id: c, cwe: 79, mitigation: m, risks_identified: {R: {severity: high, most_relevant_technical_asset: z}}}}\nrisk_tracking: {'c@*': {status: in-progress, justification: j}}",
		"threagile_version: 1\ntrust_boundaries: {T: {id: t, trust_boundaries_nested: [t]}, U: &u {id: u}, V: {<<: *u}}\nquestions: {q: a}\nabuse_cases: {'<b>x': '&lt;'}",
		"threagile_version: 1\nincludes: [a, b]",
	}
	if data, err := os.ReadFile("testdata/shop.yaml"); err == nil {
		seeds = append(seeds, string(data))
	}
	importkit.Fuzz(f, Format, seeds...)
}
