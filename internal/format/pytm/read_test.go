package pytm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
	"ssf/library"
)

// hold holds the model of a file against what another JSON decoder finds in it.
func hold(t *testing.T, data []byte) (*ssf.Model, *format.Report) {
	t.Helper()
	m, report, _ := importkit.Must(t, Format, "pytm.json", data)
	var doc struct {
		Elements, Flows, Boundaries, Data, Findings, Excluded_findings []map[string]any
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	answers := 0
	for _, f := range doc.Flows {
		if f["responseTo"] != nil {
			answers++
		}
	}
	data_ := len(m.Assets)
	for _, a := range m.Assets {
		if a.Title == "Data" || strings.HasPrefix(a.Title, "Personal data in ") {
			data_--
		}
	}
	got := []int{len(m.Components) + len(m.Actors), len(m.Flows), len(m.Zones), data_, len(m.Threats)}
	want := []int{len(doc.Elements), len(doc.Flows) - answers, len(doc.Boundaries), len(doc.Data), len(doc.Findings) + len(doc.Excluded_findings)}
	if !slices.Equal(got, want) {
		t.Errorf("elements, flows, boundaries, data, findings: the model has %v, and the file %v", got, want)
	}
	return m, report
}

func TestCorpus(t *testing.T) {
	for _, name := range importkit.Corpus(t, "pytm") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m, report := hold(t, data)
			if len(report.Dropped) > 0 {
				t.Errorf("dropped: %v", report.Dropped)
			}
			for _, c := range m.Components { // each attribute has its default
				if len(c.Facts) > 0 || c.Says != "" {
					t.Errorf("%s: facts %v, text %q", c.ID, c.Facts, c.Says)
				}
			}
		})
	}
}

func TestExample(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	m, report := hold(t, data)
	_, _, text := importkit.Must(t, Format, "shop.json", data)
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
	if len(m.Decisions) != 2 || len(m.Assumptions) != 2 {
		t.Errorf("%d decisions, %d assumptions", len(m.Decisions), len(m.Assumptions))
	}
}

func notes(ns []format.Note) string {
	var b strings.Builder
	for _, n := range ns {
		fmt.Fprintf(&b, "%d:%d %s: %s\n", n.Line, n.Col, n.Path, n.Says)
	}
	return b.String()
}

func model(elements, flows, more string) []byte {
	return []byte(`{"name": "x", "onDuplicates": "Action.NO_ACTION", "boundaries": [], "elements": [` + elements + `], "flows": [` + flows + `]` + more + `}`)
}

func fact(fs []ssf.DeclaredFact, name ssf.ID) ssf.Value {
	for _, f := range fs {
		if f.Fact.ID == name {
			return f.Value
		}
	}
	return ""
}

func TestElements(t *testing.T) {
	for element, want := range map[string]struct {
		kind, fact ssf.ID
		value      ssf.Value
	}{
		`"__class__": "Datastore", "isSQL": true`:                                          {"datastore", "query_language", ""}, // the default
		`"__class__": "Datastore", "type": "DatastoreType.SQL"`:                            {"database", "query_language", "sql"},
		`"__class__": "Datastore", "type": "LDAP"`:                                         {"directory", "encrypted_at_rest", ""},
		`"__class__": "Datastore", "storesLogData": true`:                                  {"log_store", "encrypted_at_rest", ""},
		`"__class__": "Datastore", "controls": {"isEncryptedAtRest": true}`:                {"datastore", "encrypted_at_rest", ssf.Yes},
		`"__class__": "Datastore", "isEncryptedAtRest": true`:                              {"datastore", "encrypted_at_rest", ssf.Yes},
		`"__class__": "Datastore", "controls": {"isEncryptedAtRest": false}`:               {"datastore", "encrypted_at_rest", ""},
		`"__class__": "Server", "controls": {"usesParameterizedInput": true}`:              {"program", "builds_queries", "parametrised"},
		`"__class__": "Server", "controls": {"implementsPOLP": true}`:                      {"program", "narrow_rights", ""},
		`"__class__": "Lambda", "onAWS": true`:                                             {"serverless_function", "hardened", ""},
		`"__class__": "Teapot"`:                                                            {"", "hardened", ""},
		`"__class__": ["Server"], "controls": 5, "isHardened": "maybe", "description": {}`: {"", "hardened", ""},
	} {
		m, r, _ := importkit.Must(t, Format, "x", model(`{"name": "It", `+element+`}`, "", ""))
		c := m.Components[0]
		if got := fact(c.Facts, want.fact); c.Kind.ID != want.kind || got != want.value {
			t.Errorf("%s: a %s with %s %q (%v)", element, c.Kind.ID, want.fact, got, r.Dropped)
		}
		if strings.Contains(element, "Lambda") && c.Says != "" {
			t.Errorf("%s: %q", element, c.Says)
		}
	}
}

func TestFlows(t *testing.T) {
	const two = `{"name": "A", "__class__": "Server"}, {"name": "B", "__class__": "Server"}`
	for flow, want := range map[string]map[ssf.ID]ssf.Value{
		`"protocol": "HTTPS"`:                               {"encrypted": "", "authenticated": ""},
		`"controls": {"isEncrypted": true}`:                 {"encrypted": ssf.Yes},
		`"isEncrypted": false`:                              {"encrypted": ""},
		`"tlsVersion": "TLSVersion.TLSv12"`:                 {"encrypted": ssf.Yes},
		`"tlsVersion": "TLSVersion.NONE"`:                   {"encrypted": ""},
		`"tlsVersion": "TLSVersion.SSLv2"`:                  {"encrypted": ""},
		`"controls": {"authenticatesSource": true}`:         {"authenticated": ssf.Yes},
		`"implementsAuthenticationScheme": true`:            {"authenticated": ssf.Yes},
		`"protocol": "HTTP", "controls": {"usesVPN": true}`: {"encrypted": ""},
	} {
		m, _, _ := importkit.Must(t, Format, "x", model(two, `{"name": "f", "source": "A", "sink": "B", `+flow+`}`, ""))
		for name, v := range want {
			if got := fact(m.Flows[0].Facts, name); got != v {
				t.Errorf("%s: %s is %q, want %q", flow, name, got, v)
			}
		}
	}
	for flows, want := range map[string]int{
		`{"name": "q", "source": "A", "sink": "B"}, {"name": "r", "source": "B", "sink": "A", "isResponse": true, "responseTo": "q"}`: 1,
		`{"name": "q", "source": "A", "sink": "B"}, {"name": "r", "source": "B", "sink": "A", "isResponse": true}`:                    1,
		`{"name": "q", "source": "A", "sink": "B"}, {"name": "r", "source": "A", "sink": "B", "responseTo": "q"}`:                     2,
		`{"name": "q", "source": "A", "sink": "B"}, {"name": "r", "source": "B", "sink": "A", "responseTo": "gone"}`:                  2,
		`{"name": "q", "source": "A", "sink": "gone"}, {"name": "q", "source": "A"}, 5, {"name": "q", "source": "A", "sink": "A"}`:    0,
	} {
		if m, _, _ := importkit.Must(t, Format, "x", model(two, flows, "")); len(m.Flows) != want {
			t.Errorf("%s: %d flows, want %d", flows, len(m.Flows), want)
		}
	}
}

func TestData(t *testing.T) {
	const flow = `{"name": "f", "source": "A", "sink": "B", "data": ["d"]}`
	for element, want := range map[string]string{`"controls": {}`: "none", `"isHardened": false`: ""} {
		m, _, _ := importkit.Must(t, Format, "x", model(`{"name": "A", "__class__": "Server", `+element+`}, {"name": "B", "__class__": "Datastore"}`, flow,
			`, "data": [{"name": "d", "classification": "Classification.PUBLIC", "isStored": true, "isPII": true}]`))
		got := ""
		if len(m.Assets[0].Needs) > 0 {
			got = string(m.Assets[0].Needs[0].Level.ID)
		}
		if got != want || fact(m.Assets[0].Facts, "personal") != ssf.Yes || len(m.Components[1].Stores) != 1 {
			t.Errorf("%s: need %q, want %q; stores %v", element, got, want, m.Components[1].Stores)
		}
	}
}

func TestFindings(t *testing.T) {
	const element = `{"name": "Web", "__class__": "Server", "findings": ["7"]}`
	for finding, want := range map[string]string{
		`"response": "accepted"`:                "accept",
		`"response": "avoided"`:                 "not_applicable",
		`"response": "transferred"`:             "transfer",
		`"response": "mitigated"`:               "",
		`"response": "We shall see."`:           "",
		`"response": ""`:                        "",
		`"response": {"a": 1}, "severity": [1]`: "",
	} {
		m, _, text := importkit.Must(t, Format, "x", model(element, "", `, "findings": [{"id": "7", "threat_id": "INP39", "target": "Web", "description": "Reflected XSS", "details": "d",
			"severity": "Very High", "likelihood": "Likelihood.HIGH", "mitigations": "Encode.", "references": "https://capec.mitre.org/data/definitions/591.html, CVE-2009-1, http://cwe.mitre.org/data/definitions/79.html", `+finding+`}]`))
		th := m.Threats[0]
		got := ""
		if len(m.Decisions) > 0 {
			got = string(m.Decisions[0].Treat.ID)
		}
		if got != want || th.At.ID != "web" || th.Likelihood.ID != "high" || len(th.Weaknesses) != 1 || len(th.Attacks) != 1 || len(m.Mitigations) != 1 || !strings.Contains(th.Says, "CVE-2009-1") {
			t.Errorf("%s: %q, want %q\n%s", finding, got, want, text)
		}
	}
}

func TestSame(t *testing.T) {
	for id, rules := range same {
		for _, rule := range rules {
			if !slices.ContainsFunc(library.Index().Threats, func(r ssf.Rule) bool { return r.ID == rule }) {
				t.Errorf("%s: there is no rule %s", id, rule)
			}
		}
	}
	lib := library.Index()
	for _, c := range claimed {
		if !slices.ContainsFunc(lib.Facts, func(f ssf.FactDef) bool { return f.ID == c.fact && f.Class == "control" }) {
			t.Errorf("%s: there is no control %s", c.key, c.fact)
		}
	}
	for class, kind := range kinds {
		if kind != "" && !slices.ContainsFunc(lib.Kinds, func(k ssf.KindDef) bool { return k.ID == kind }) {
			t.Errorf("%s: there is no kind %s", class, kind)
		}
	}
}

func TestRefused(t *testing.T) {
	for data, want := range map[string]string{
		`{"name": "x", "flows": {}, "elements": [], "threatsFile": "t"}`: "1:24: at flows: `flows` is an object",
		`{"flows": [`: "it ends too early",
		`[]`:          "this is no file of",
	} {
		if _, _, _, err := importkit.Import(t, Format, "m.json", []byte(data), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", data, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	seeds := []string{
		string(model(`{"name": "A", "__class__": "Actor"}`, `{"name": "f", "source": "A", "sink": "A", "data": ["d", ""]}`, `, "data": [{"name": "d", "isStored": true}]`)),
		string(model(`{"name": "A", "__class__": "Datastore", "storesPII": true, "overrides": [{"threat_id": "INP01", "response": "accepted"}], "assumptions": ["x", {"name": "x", "exclude": ["INP02"]}]}`, "", `, "excluded_findings": [{"id": "1", "target": "A", "assumption": {"name": "x"}, "mitigations": "m"}]`)),
		string(model(`{"name": ""}, {"name": ""}, 3`, `{"name": "q", "source": "", "sink": ""}, {"name": "r", "source": "", "sink": "", "isResponse": true}`, `, "findings": [{}, 1], "assumptions": [1, {}, []], "actors": [{"name": "Z"}]`)),
	}
	if data, err := os.ReadFile("testdata/shop.json"); err == nil {
		seeds = append(seeds, string(data))
	}
	importkit.Fuzz(f, Format, seeds...)
}
