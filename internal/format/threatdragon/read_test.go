package threatdragon

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
)

// TestGolden reads a small model of each version that has something of everything.
// SSF_UPDATE=1 writes what must come out.
func TestGolden(t *testing.T) {
	for _, model := range []string{"shed", "parcels"} {
		data, err := os.ReadFile("testdata/" + model + ".json")
		if err != nil {
			t.Fatal(err)
		}
		_, r, text := importkit.Must(t, Format, model+".json", data)
		report, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]string{model + ".yaml": text, model + "-report.json": string(report) + "\n"} {
			name = filepath.Join("testdata", name)
			if os.Getenv("SSF_UPDATE") != "" {
				if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is stale, write it anew with SSF_UPDATE=1 (-there +now):\n%s", name, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")))
			}
		}
	}
}

// tally counts what a file has, by looking for types in its JSON wherever they
// stand.
func tally(t *testing.T, data []byte) map[string]int {
	t.Helper()
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	words := map[string]string{"tm.Actor": "actors", "tm.Process": "components", "tm.Store": "components", "tm.BoundaryBox": "zones", "tm.Flow": "flows"}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if word := words[fmt.Sprint(v["type"])]; word != "" {
				counts[word]++
			}
			list, _ := v["threats"].([]any)
			counts["threats"] += len(list)
			for _, x := range list {
				m, _ := x.(map[string]any)["mitigation"].(string)
				status := strings.ToLower(fmt.Sprint(x.(map[string]any)["status"]))
				if m != "" && (status == "open" || status == "mitigated") {
					counts["mitigations"]++
				}
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(doc)
	return counts
}

// reported are the counts in a report, of what the source has and of what the model has.
func reported(r *format.Report) (of, here map[string]int) {
	of, here = map[string]int{}, map[string]int{}
	for _, c := range r.Carried {
		of[c.What], here[c.What] = c.Of, c.Here
	}
	return of, here
}

// TestCorpus: of models of other people nothing is lost or made up.
func TestCorpus(t *testing.T) {
	for _, file := range slices.Concat(importkit.Corpus(t, "threat-dragon-v1"), importkit.Corpus(t, "threat-dragon-v2")) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, r, _ := importkit.Must(t, Format, filepath.Base(file), data)
		want := tally(t, data)
		of, _ := reported(r)
		got := map[string]int{"threats": len(m.Threats), "actors": len(m.Actors), "components": len(m.Components), "flows": len(m.Flows)}
		for _, k := range []string{"actors", "components", "flows", "threats", "mitigations", "zones"} {
			if want[k] != of[k] {
				t.Errorf("%s has %d %s, and the report says %d", file, want[k], k, of[k])
			}
			if n, ok := got[k]; ok && n != want[k] {
				t.Errorf("%s has %d %s, and the model %d", file, want[k], k, n)
			}
		}
		for _, n := range r.Dropped {
			if strings.Contains(n.Says, "an object with") || strings.HasSuffix(n.Path, ".id") {
				t.Errorf("%s: nobody looked at %s: %s", file, n.Path, n.Says)
			}
		}
	}
}

// model is a file of version 2 with cells in one diagram of a type.
func model(scheme string, cells ...string) string {
	return fmt.Sprintf(`{"version": "2.5.0", "summary": {"title": "M"}, "detail": {"diagrams": [{"id": 0, "title": "D", "diagramType": %q, "cells": [%s]}]}}`, scheme, strings.Join(cells, ","))
}

// cell is a cell of a shape with an id, a place and more in its data.
func cell(shape, id string, x, y, w, h int, data string) string {
	return fmt.Sprintf(`{"shape": %q, "id": %q, "position": {"x": %d, "y": %d}, "size": {"width": %d, "height": %d}, "data": {%s}}`, shape, id, x, y, w, h, data)
}

func link(id, from, to, data string) string {
	return fmt.Sprintf(`{"shape": "flow", "id": %q, "source": {"cell": %q}, "target": {"cell": %q}, "data": {%s}}`, id, from, to, data)
}

// threatAt is a process with one threat.
func threatAt(fields string) string {
	return cell("process", "p", 0, 0, 10, 10, `"name": "P", "threats": [{`+fields+`}]`)
}

// TestWords reads what versions of Threat Dragon write for classes, ratings and
// states of threats.
func TestWords(t *testing.T) {
	type is struct {
		stride, severity, endangers, decision, mitigation, says string
	}
	for fields, want := range map[string]is{
		`"title": "T", "type": "Spoofing", "status": "Open", "severity": "TBD"`:                                                {stride: "spoofing", says: "T"},
		`"title": "T", "type": "Information disclosure", "status": "open", "severity": "TBA"`:                                  {stride: "information_disclosure", says: "T"},
		`"title": "T", "type": "Elevation of privilege", "severity": "Critical"`:                                               {stride: "elevation_of_privilege", severity: "critical", says: "T"},
		`"title": "T", "type": "Non-repudiation", "modelType": "LINDDUN"`:                                                      {says: "LINDDUN: Nonrepudiation."},
		`"title": "T", "type": "Non-repudiation"`:                                                                              {says: "CIA: Nonrepudiation."},
		`"title": "T", "type": "Disclosure of information", "modelType": "LINDDUN"`:                                            {stride: "information_disclosure", says: "T"},
		`"title": "T", "type": "Linkability", "modelType": "LINDDUN"`:                                                          {says: "LINDDUN: Linkability."},
		`"title": "T", "type": "Integrity"`:                                                                                    {endangers: "data.integrity", says: "T"},
		`"title": "T", "type": "Ephemeral", "modelType": "CIADIE"`:                                                             {says: "CIADIE: Ephemeral."},
		`"title": "T", "type": "Ethics & Human Rights", "modelType": "PLOT4ai"`:                                                {says: "PLOT4ai: Ethics & Human Rights."},
		`"title": "T", "type": "Generic", "modelType": "Generic"`:                                                              {says: "T"},
		`"title": "T", "type": null, "modelType": "EOP", "eopGameId": "cornucopia", "cardSuit": "SM", "cardNumber": "7"`:       {says: "Card: cornucopia, SM, 7."},
		`"title": "T", "score": "7.5"`:                                                                                         {says: "Score in Threat Dragon: 7.5."},
		`"title": "T", "status": "NotApplicable", "mitigation": "No door."`:                                                    {decision: "not_applicable No door.", says: "T"},
		`"title": "T", "status": "N/A", "mitigation": "No door."`:                                                              {decision: "not_applicable No door.", says: "T"},
		`"title": "T", "status": "Avoided", "mitigation": "No door."`:                                                          {decision: "not_applicable No door.", says: "T"},
		`"title": "T", "status": "Eliminated", "mitigation": "No door."`:                                                       {decision: "not_applicable No door.", says: "T"},
		`"title": "T", "status": "Accepted", "mitigation": "So be it."`:                                                        {decision: "accept So be it.", says: "T"},
		`"title": "T", "status": "Transferred", "mitigation": "They do."`:                                                      {decision: "transfer They do.", says: "T"},
		`"title": "T", "status": "Mitigated", "mitigation": "Locked. Always."`:                                                 {mitigation: "implemented Locked. Always.", says: "T"},
		`"title": "T", "status": "Open", "mitigation": "Lock it."`:                                                             {mitigation: "proposed Lock it.", says: "T"},
		`"title": "T", "status": "Open", "mitigation": "Provide remediation for this threat or a reason if status is N/A"`:     {says: "T"},
		`"title": "T", "description": "Provide a description for this threat", "mitigation": "", "status": "Sleeping"`:         {says: "T"},
		`"title": "T", "description": "It is told.", "severity": "Extreme", "status": 7, "mitigation": ["x"], "type": {"a":1}`: {says: "It is told."},
	} {
		m, _, _ := importkit.Must(t, Format, "m.json", []byte(model("CIA", threatAt(fields)+","+link("f", "p", "p", `"name": "F"`))))
		if len(m.Threats) != 1 {
			t.Errorf("%s gives %d threats", fields, len(m.Threats))
			continue
		}
		x := m.Threats[0]
		var got is
		for _, s := range x.Stride {
			got.stride += string(s.ID)
		}
		got.severity, got.says = string(x.Severity.ID), x.Says
		for _, e := range x.Endangers {
			got.endangers += e.Cell().String()
		}
		for _, d := range m.Decisions {
			got.decision = string(d.Treat.ID) + " " + d.Because.S
		}
		for _, d := range m.Mitigations {
			got.mitigation = string(d.State.ID) + " " + d.Says
		}
		if want.endangers != "" {
			got.endangers = want.endangers // a process has nothing at stake until somebody says so
		}
		if got != want {
			t.Errorf("%s gives\n%+v, want\n%+v", fields, got, want)
		}
	}
}

// TestDrawn reads what a drawing tells by where things are.
func TestDrawn(t *testing.T) {
	m, r, text := importkit.Must(t, Format, "m.json", []byte(model("STRIDE",
		cell("trust-boundary-box", "outer", 0, 0, 1000, 1000, `"name": "Outer"`),
		cell("trust-boundary-box", "inner", 100, 100, 300, 300, `"name": "Inner"`),
		cell("process", "p", 150, 150, 50, 50, `"name": "Deep"`),
		cell("process", "q", 600, 600, 50, 50, `"name": "Shallow"`),
		cell("store", "s", 2000, 600, 50, 50, `"name": "Free"`),
		cell("actor", "p", 2000, 800, 50, 50, `"name": "Same id"`),
		cell("actor", "", 2000, 900, 50, 50, `"name": ""`),
		`{"shape": "actor"}`, `{"shape": "actor", "id": "bare", "attrs": {"label": {"text": "Bare"}}, "data": null}`,
		link("f", "p", "q", `"isBidirectional": true, "name": "F"`), link("f", "q", "s", `"name": "F"`), link("self", "q", "q", `"name": "Self"`),
		link("loose", "q", "gone", `"name": "Loose", "threats": [{"title": "At loose"}]`),
		`{"shape": "flow", "id": "pt", "source": {"x": 1, "y": 2}, "target": {"cell": "q"}, "data": {"name": "Point"}}`,
		`7`, `"text"`, `null`, `[]`, `{}`,
		link("toz", "q", "outer", `"name": "To zone"`),
	)))
	zones := map[ssf.ID]ssf.ID{}
	for _, z := range m.Zones {
		zones[z.ID] = z.In.ID
	}
	for _, c := range m.Components {
		zones[c.ID] = c.Zone.ID
	}
	for _, c := range m.Actors {
		zones[c.ID] = c.Zone.ID
	}
	if d := cmp.Diff(map[ssf.ID]ssf.ID{"outer": "", "inner": "outer", "deep": "inner", "shallow": "outer", "free": "", "same-id": "", "actor": "", "actor-2": "", "bare": ""}, zones); d != "" {
		t.Errorf("zones: %s", d)
	}
	_, here := reported(r)
	if here["flows"] != 2 || len(m.Flows) != 2 { // one inside a part is none
		t.Errorf("%d flows are read, want 2:\n%s", len(m.Flows), text)
	}
	both := 0
	for _, f := range m.Flows {
		both += len(f.Returns)
	}
	if both != 1 {
		t.Errorf("%d flows have an answer, want the one in both directions", both)
	}
	if len(m.Threats) != 1 || m.Threats[0].At.ID != "system" {
		t.Errorf("the threat at a flow that is left out stands at %v", m.Threats)
	}
}

// TestDefaults: what nobody ticked or wrote says nothing.
func TestDefaults(t *testing.T) {
	m, _, text := importkit.Must(t, Format, "m.json", []byte(model("STRIDE",
		cell("store", "s", 0, 0, 9, 9, `"name": "Box", "isALog": false, "isEncrypted": false, "isSigned": false, "storesCredentials": false, "outOfScope": false, "reasonOutOfScope": "", "threats": []`),
		cell("process", "p", 0, 20, 9, 9, `"name": "Round", "isWebApplication": false, "privilegeLevel": "", "handlesCardPayment": false`),
		link("f", "p", "s", `"name": "Arrow", "isBidirectional": false, "isEncrypted": false, "isPublicNetwork": false, "protocol": ""`),
	)))
	for _, c := range m.Components {
		if len(c.Facts) > 0 || c.Says != "" {
			t.Errorf("component %s says %q with facts %v", c.ID, c.Says, c.Facts)
		}
	}
	for _, f := range m.Flows {
		if len(f.Facts) > 0 || f.Over.ID != "" || len(f.Returns) > 0 {
			t.Errorf("flow %s has facts %v\n%s", f.ID, f.Facts, text)
		}
	}
}

// TestRefused: a file that is none is refused at its place, with what it lacks.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"version": "2.1.3", "summary": {"titled": "x"}, "details": {}}`:               "m.json:1:1: this is no file of OWASP Threat Dragon: it has no object `detail` with its diagrams",
		`{"version": "1.6.1", "summarize": {}, "detail": {"contribute": []}}`:           "m.json:1:1: this is no file of OWASP Threat Dragon: it has no object `summary` with its title",
		"{\"summary\": {},\n \"detail\": 7}":                                            "m.json:2:12: at detail: `detail` is a number, and a model of Threat Dragon has an object there",
		"{\"summary\": {},\n \"detail\": null}":                                         "m.json:2:12: at detail: `detail` is nothing, and a model of Threat Dragon has an object there",
		"{\"summary\": {},\n \"detail\": {\"diagrams\": {}}}":                           "m.json:2:25: at detail.diagrams: there is no list of diagrams",
		"{\"summary\": {},\n \"detail\": {\"contributors\": []}}":                       "m.json:2:12: at detail: there is no list of diagrams",
		`{"otmVersion": "0.2.0"}`:                                                       "m.json:1:1: this is no file of OWASP Threat Dragon; leave --from away",
		`{"summary": {}, "detail": {"diagrams": [` + strings.Repeat("[", 200) + `]`:     "values are nested more than 100 deep",
		`{"summary": {}, "detail": {"diagrams": [{"cells": [{"shape": "actor", "id": 1`: "this is not JSON: it ends too early",
	} {
		_, _, _, err := importkit.Import(t, Format, "m.json", []byte(text), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s gives %v, want %s", text, err, want)
		}
	}
	for _, file := range importkit.Corpus(t, "threat-dragon-malformed") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = format.Read([]format.Format{Format}, "m.json", "", data, nil, nil)
		var r *format.Refusal
		if !errors.As(err, &r) || !strings.HasPrefix(r.Why, "this looks like a file of OWASP Threat Dragon, but it has no object `") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestLarge: time is that of the size of the file, whatever is repeated in it.
func TestLarge(t *testing.T) {
	const n = 20_000
	many := func(cell func(i int) string) string {
		cells := make([]string, n)
		for i := range cells {
			cells[i] = cell(i)
		}
		return model("STRIDE", cells...)
	}
	for name, text := range map[string]string{
		"the same id":   many(func(int) string { return cell("actor", "a", 0, 0, 9, 9, `"name": "A"`) }),
		"unknown cells": many(func(int) string { return `{"shape": "cloud"}` }),
		"boxes in boxes": many(func(i int) string {
			return cell("trust-boundary-box", fmt.Sprint(i), i, i, 2*n-2*i, 2*n-2*i, `"name": "Z"`)
		}),
		"lines": many(func(i int) string {
			return fmt.Sprintf(`{"shape": "trust-boundary-curve", "id": "%d", "source": {"x": 0, "y": %d}, "target": {"x": 9, "y": 9}}, {"shape": "flow", "id": "f%d", "source": {"cell": "a"}, "target": {"cell": "b"}}`, i, i, i)
		}),
	} {
		start := time.Now()
		if _, _, _, err := importkit.Import(t, Format, "m.json", []byte(text), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// TestStrange: texts in other alphabets stay, and what steers a terminal or turns
// the direction of text goes.
func TestStrange(t *testing.T) {
	m, _, text := importkit.Must(t, Format, "m.json", []byte(model("STRIDE",
		cell("actor", "a", 0, 0, 9, 9, `"name": "顧客 Ünïcode"`),
		cell("actor", "b", 0, 0, 9, 9, `"name": "ev\u202eil\u0007 \u001b[31m%s%n", "description": "a\r\nb\u0000"`),
		cell("actor", "c", 0, 0, 9, 9, `"name": "`+strings.Repeat("x", 200_000)+`"`),
	)))
	if m.Actors[0].Title != "顧客 Ünïcode" || len(m.Actors) != 3 {
		t.Errorf("the names are %q", m.Actors[0].Title)
	}
	for _, r := range text {
		if r < 0x20 && r != '\n' || 0x202a <= r && r <= 0x202e {
			t.Fatalf("the model has %U", r)
		}
	}
}

func FuzzRead(f *testing.F) {
	var seeds []string
	for _, name := range []string{"testdata/shed.json", "testdata/parcels.json"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, string(data))
	}
	own := `"ssf:id": "x", "ssf:kind": "web_app", "ssf:ticked": "isEncrypted", "ssf:fact:exposure": "internet", "ssf:sends": "y"`
	seeds = append(seeds,
		model("STRIDE", cell("store", "a", 0, 0, 9, 9, own), cell("store", "a", 0, 0, 9, 9, own), link("f", "a", "a", own)),
		`{"summary": {"title": "", "ssf:system": "yes", "ssf:id": "system"}, "detail": {"diagrams": [], "ssf:assets": [{"ssf:id": "a", "ssf:need:integrity": "high"}, 7], "ssf:mitigations": [{"ssf:id": "m", "ssf:state": "planned"}], "ssf:threats": [{"title": "T", "ssf:id": "t", "ssf:at": "a", "ssf:treat": "accept", "ssf:state": "accepted", "status": "Open", "ssf:mitigations": "m, n", "ssf:endangers": "a.integrity"}]}}`,
		model("x", `{"data": {"threats": 7}, "shape": 7}`, `{"data": {"type": "tm.Flow"}, "source": "a", "target": [1]}`))
	importkit.Fuzz(f, Format, seeds...)
}

// TestDrawingsSay: what diagrams and drawn lines say is in the report.
func TestDrawingsSay(t *testing.T) {
	_, r, text := importkit.Must(t, Format, "x.json", []byte(`{"version": "2.0", "summary": {"title": "x"}, "detail": {"diagrams": [{"id": 0, "title": "Token1", "description": "Token2", "diagramType": "STRIDE", "cells": [
		{"id": "a", "shape": "process", "data": {"type": "tm.Process", "name": "A"}},
		{"id": "l", "shape": "trust-boundary-curve", "data": {"type": "tm.Boundary", "name": "Token3", "description": "Token4"}}]}]}}`))
	all := text
	for _, n := range r.Dropped {
		all += n.Says + "\n"
	}
	for _, token := range []string{"Token1", "Token2", "Token3", "Token4"} {
		if !strings.Contains(all, token) {
			t.Errorf("%s is lost without a note", token)
		}
	}
}
