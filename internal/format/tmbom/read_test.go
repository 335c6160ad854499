package tmbom

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
)

// shop has each field of the form, and what is wrong in some files.
const shop = `{
"$schema": "https://github.com/OWASP/www-project-threat-model-library/blob/v1.0.2/threat-model.schema.json",
"version": "1.3", "frozen": true, "reviewed_at": "2026-01-01", "repo_link": "https://shop.example/repo",
"scope": {"title": "Shop", "description": "Sells.", "business_criticality": "high", "data_sensitivity": ["pii", "pci"], "exposure": "external", "tier": "important"},
"description": "All of it.",
"diagrams": [{"title": "Picture", "type": "mermaid", "source": "graph"}],
"trust_zones": [{"symbolic_name": "same", "title": "Internet", "description": "World."}, {"symbolic_name": "inner", "title": "Inner", "description": ""}],
"trust_boundaries": [{"trust_zone_a": "same", "trust_zone_b": "inner", "access_control_methods": ["rbac"], "authentication_methods": ["sso", "sso"], "access_token_ttl": 60, "can_user_logout": true}, {"trust_zone_a": "same", "trust_zone_b": "gone"}],
"actors": [{"symbolic_name": "same", "title": "Customer", "description": "Buys.", "type": "user", "permissions": "Everything of his own.", "trust_zone": "same"}],
"components": [{"symbolic_name": "web", "title": "Web application", "description": "", "trust_zone": "inner", "repo_link": "https://shop.example/web"}, {"symbolic_name": "same", "title": "Part", "description": "", "parent_component": "web", "trust_zone": "gone"}, {"symbolic_name": "round", "title": "Round", "description": "", "parent_component": "round", "trust_zone": "inner"}],
"data_stores": [
 {"symbolic_name": "db", "title": "Orders", "description": "", "type": "sql", "vendor": "", "product": "PostgreSQL", "trust_zone": "inner"},
 {"symbolic_name": "half", "title": "Half", "description": "", "type": "time_series", "vendor": "Azure", "product": "Azure Monitor", "trust_zone": "inner"},
 {"symbolic_name": "odd", "title": "Odd", "description": "", "type": "paper", "trust_zone": "inner"}],
"data_sets": [
 {"symbolic_name": "cards", "title": "Cards", "description": "", "placements": [{"data_store": "db", "encrypted": true}, {"data_store": "half", "encrypted": true}, {"data_store": "web"}], "data_sensitivity": ["pii"], "access_control_methods": ["acl"], "record_count": 7},
 {"symbolic_name": "news", "title": "News", "description": "", "placements": [{"data_store": "half", "encrypted": false}], "data_sensitivity": ["op"]}],
"data_flows": [
 {"symbolic_name": "visit", "title": "Visit", "description": "", "source": {"type": "#/$defs/actor", "object": "same"}, "destination": {"type": "component", "object": "web"}, "has_sensitive_data": true, "encrypted": true},
 {"symbolic_name": "store", "title": "Store", "description": "", "source": {"type": "component", "object": "web"}, "destination": {"type": "component", "object": "db"}, "has_sensitive_data": false, "encrypted": false},
 {"symbolic_name": "loose", "title": "Loose", "description": "", "source": {"type": "component", "object": "web"}, "destination": {"type": "component", "object": "nobody"}, "has_sensitive_data": false, "encrypted": false},
 {"symbolic_name": "self", "title": "Self", "description": "", "source": {"type": "component", "object": "same"}, "destination": {"type": "component", "object": "same"}, "has_sensitive_data": false, "encrypted": false}],
"assumptions": [{"description": "It is locked.", "topics": ["web"], "validity": "confirmed"}, {"description": "It is not.", "validity": "rejected"}, {"description": "Maybe.", "validity": "unconfirmed"}],
"threat_personas": [{"symbolic_name": "mallory", "title": "Mallory", "description": "Bad.", "is_person": true, "skill_level": "insider", "access_level": "user", "malicious_intent": true, "applicability_to_org": "high"}],
"threats": [
 {"symbolic_name": "inject", "title": "Injection", "description": "Bad.", "components_affected": ["web", "db", "gone"], "threat_persona": "mallory", "event": "A query", "sources": ["adversary"], "attack_mechanisms": [{"capec_id": 66, "capec_title": "SQL Injection"}, {"capec_id": "x"}], "weaknesses": [{"cwe_id": 89}, {"cwe_id": 99999}]},
 {"symbolic_name": "whole", "title": "Whole", "description": "All.", "threat_persona": "nobody", "event": "Whole", "sources": []},
 {"symbolic_name": "inject", "title": "Doubled", "description": "", "threat_persona": "mallory", "event": "", "sources": []}],
"controls": [
 {"symbolic_name": "c1", "title": "Active", "description": "", "threats": ["inject"], "trust_boundary": {"trust_zone_a": "same", "trust_zone_b": "inner"}, "status": "active", "priority": "high"},
 {"symbolic_name": "c2", "title": "Assumed", "description": "", "threats": ["inject", "gone"], "status": "assumed", "priority": "low"},
 {"symbolic_name": "c3", "title": "Suggested", "description": "", "threats": [], "status": "suggested", "priority": "low"},
 {"symbolic_name": "c4", "title": "Reviewed", "description": "", "threats": ["whole"], "status": "under_review", "priority": "low"},
 {"symbolic_name": "c5", "title": "Approved", "description": "", "threats": ["whole"], "status": "approved", "priority": "low"},
 {"symbolic_name": "c6", "title": "Scheduled", "description": "", "threats": ["whole"], "status": "scheduled", "priority": "low"},
 {"symbolic_name": "c7", "title": "Retired", "description": "", "threats": ["whole"], "status": "retired", "priority": "low"},
 {"symbolic_name": "c8", "title": "Refused", "description": "", "threats": ["whole"], "status": "wont_do", "priority": "low"},
 {"symbolic_name": "c9", "title": "Odd", "description": "", "threats": ["whole"], "status": "dreamt", "priority": "low"}],
"risks": [
 {"symbolic_name": "r1", "title": "Loss", "description": "Much.", "threats": ["inject", "gone"], "likelihood": "likely", "impact": "severe", "impact_description": "All is lost.", "score": 20, "level": "very_high"},
 {"symbolic_name": "r2", "title": "Less", "description": "", "threats": ["inject"], "likelihood": "rare", "impact": "minor", "impact_description": "", "score": 2, "level": "low"},
 {"symbolic_name": "r3", "title": "Nothing", "description": "", "threats": [], "likelihood": "rare", "impact": "minor", "impact_description": "", "score": 2, "level": "huge"}],
"extensions": {"shop.example/x": {"y": 1}}
}`

func TestRead(t *testing.T) {
	m, r, text := importkit.Must(t, Format, "shop.json", []byte(shop))
	if m.System.Title != "Shop" || m.System.Version.S != "" || !strings.Contains(m.System.Says, "Exposure: external.") {
		t.Errorf("the system is %+v", m.System)
	}
	facts := map[string]string{}
	note := func(id ssf.ID, fs []ssf.DeclaredFact) {
		for _, f := range fs {
			facts[string(id)+"."+string(f.Fact.ID)] = string(f.Value)
		}
	}
	kinds := map[ssf.ID]ssf.ID{}
	for _, c := range m.Components {
		kinds[c.ID] = c.Kind.ID
		note(c.ID, c.Facts)
	}
	for _, z := range m.Zones {
		note(z.ID, z.Facts)
	}
	for _, a := range m.Assets {
		note(a.ID, a.Facts)
	}
	for _, f := range m.Flows {
		note(f.ID, f.Facts)
	}
	if got, want := fmt.Sprint(facts), "map[cards.personal:yes internet.trust:none orders.encrypted_at_rest:yes orders.query_language:sql visit.encrypted:yes]"; got != want {
		t.Errorf("facts are %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(kinds), "map[half:database odd:datastore orders:database part: round: web-application:web_app]"; got != want {
		t.Errorf("kinds are %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(len(m.Zones), len(m.Actors), len(m.Components), len(m.Assets), len(m.Flows), len(m.Assumptions)), "2 1 6 2 2 2"; got != want {
		t.Errorf("there are %s, want %s", got, want)
	}
	if !strings.Contains(m.Zones[0].Says, "At the boundary to Inner: access control by rbac; authentication by sso; access token ttl 60; can user logout true.") {
		t.Errorf("the zone says %q", m.Zones[0].Says)
	}
	if len(m.Threats) != 4 || m.Threats[0].Severity.ID != "critical" || !ssf.HasRef(m.Threats[0].Attacks, "CAPEC-66") || m.Threats[0].At.ID != "web-application" || m.Threats[1].At.ID != "orders" || m.Threats[2].At.ID != "system" {
		t.Errorf("the threats are %+v", m.Threats)
	}
	for _, says := range []string{"Event: A query.", "By: Mallory, skill level insider, access level user, applicability to org high.", "Part of the risk: Loss, likelihood likely, impact severe, score 20, level very_high; Much; All is lost."} {
		if !strings.Contains(m.Threats[0].Says, says) {
			t.Errorf("the threat does not say %q: %q", says, m.Threats[0].Says)
		}
	}
	states := ""
	for _, x := range m.Mitigations {
		states += x.From + ":" + string(x.State.ID) + ":" + fmt.Sprint(len(x.Counters)) + " "
	}
	if want := "c1:implemented:2 c2:proposed:2 c3:proposed:0 c4:proposed:1 c5:planned:1 c6:planned:1 c9:proposed:1 "; states != want {
		t.Errorf("mitigations are %s, want %s\n%s", states, want, text)
	}
	for _, says := range []string{"the document", "of which the file does not have both", "a drawing", "a link", "round, which is no other component", "no type paper", "web, which is no data store", "1 of 2 data sets in Half", "flow Loose ends at nobody", "It is not.", "no number of CAPEC", "no number of CWE", "a control that is retired", "a control that is wont do", "no status dreamt", "no level huge", "a risk without any threat", "the control counters gone", "the risk has threat gone", "an object with y"} {
		if !slices.ContainsFunc(r.Dropped, func(n format.Note) bool { return strings.Contains(n.Says, says) && n.Line > 0 }) {
			t.Errorf("nothing says that %q was dropped", says)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, text := range []string{`{"$schema": "https://github.com/OWASP/www-project-threat-model-library/x"}`, `{"scope": [], "trust_zones": [], "data_flows": []}`} {
		if _, _, _, err := importkit.Import(t, Format, "x", []byte(text), nil); err == nil || !strings.Contains(err.Error(), "`scope`") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestCorpus holds the counts of the model to counts that are made another way.
func TestCorpus(t *testing.T) {
	for _, name := range importkit.Corpus(t, "tm-bom") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string][]map[string]any
		var all map[string]json.RawMessage
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(err)
		}
		doc = map[string][]map[string]any{}
		ends := map[string]bool{}
		for k, v := range all {
			var list []map[string]any
			if json.Unmarshal(v, &list) == nil {
				doc[k] = list
			}
		}
		for _, k := range []string{"actors", "components", "data_stores"} {
			for _, x := range doc[k] {
				ends[x["symbolic_name"].(string)] = true
			}
		}
		flows := 0
		for _, f := range doc["data_flows"] {
			if ends[f["source"].(map[string]any)["object"].(string)] && ends[f["destination"].(map[string]any)["object"].(string)] {
				flows++
			}
		}
		threats, controls := 0, 0
		for _, x := range doc["threats"] {
			at, _ := x["components_affected"].([]any)
			threats += max(len(at), 1)
		}
		for _, x := range doc["controls"] {
			if x["status"] != "retired" && x["status"] != "wont_do" {
				controls++
			}
		}
		m, _, _ := importkit.Must(t, Format, filepath.Base(name), data)
		want := fmt.Sprint(len(doc["trust_zones"]), len(doc["actors"]), len(doc["components"])+len(doc["data_stores"]), len(doc["data_sets"]), flows, threats, controls)
		if got := fmt.Sprint(len(m.Zones), len(m.Actors), len(m.Components), len(m.Assets), len(m.Flows), len(m.Threats), len(m.Mitigations)); got != want {
			t.Errorf("%s has %s, want %s", name, got, want)
		}
	}
}

// ours is a file of this program, with what a stranger may have put there.
const ours = `{"scope": {"title": "x"}, "description": "Says.", "trust_zones": [{"symbolic_name": "z", "title": "z"}, {"symbolic_name": "none", "title": "None"}], "actors": [], "components": [{"symbolic_name": "c", "title": "c", "trust_zone": "none"}],
"data_stores": [{"symbolic_name": "d", "title": "d", "type": "sql", "trust_zone": "z"}], "data_sets": [{"symbolic_name": "a", "title": "a", "placements": [{"data_store": "d", "encrypted": true}]}],
"data_flows": [{"symbolic_name": "f", "title": "f", "source": {"type": "component", "object": "c"}, "destination": {"type": "data_store", "object": "d"}, "encrypted": false}],
"threats": [{"symbolic_name": "t", "title": "T", "description": "Says."}, {"symbolic_name": "u", "title": "U", "description": "Own."}], "controls": [{"symbolic_name": "m", "title": "M", "threats": ["t"], "status": "assumed"}], "assumptions": [{"description": "A.", "topics": ["as"], "validity": "unconfirmed"}],
"extensions": {"ssf.example/tm-bom/1": {"ssf:outside": "none", "system": {"ssf:id": "system", "ssf:supplier": "S", "ssf:fact:can_hurt": "yes", "ssf:misuse": "a\nb"},
"elements": {"z": {"ssf:id": "z", "ssf:in": "z", "ssf:fact:trust": "high"}, "c": {"ssf:id": "c", "ssf:kind": "web_app", "ssf:tech": "go, go"}, "d": {"ssf:id": "d", "ssf:kind": "database", "ssf:type": "sql", "ssf:encrypted": "yes", "ssf:fact:encrypted_at_rest": "yes"}, "a": {"ssf:id": "a", "ssf:need:integrity": "high"}, "f": {"ssf:id": "f", "ssf:encrypted": "yes", "ssf:fact:encrypted": "yes", "ssf:sends": "a, a, b"}},
"threats": {"t": {"ssf:rule": "sql-injection", "ssf:at": "f", "ssf:says": "Says.", "ssf:treat": "accepted"}, "u": {"ssf:id": "u", "ssf:at": "d", "ssf:says": "Own.", "ssf:endangers": "a.integrity", "ssf:likelihood": "low"}},
"controls": {"m": {"ssf:id": "parametrised-queries", "ssf:state": "implemented", "ssf:says": ""}}, "assumptions": {"as": {"ssf:id": "as", "ssf:says": "A.", "ssf:owner": "customer"}}, "requirements": {"r": "R."}}}}`

// TestEdited sees that an edit in another tool counts against what this program
// wrote beside it.
func TestEdited(t *testing.T) {
	encrypted := func(text string) string {
		m, _, _ := importkit.Must(t, Format, "x", []byte(text))
		s := ""
		for _, f := range m.Flows[0].Facts {
			s += string(f.Value)
		}
		return s
	}
	if got := encrypted(ours); got != "" {
		t.Errorf("a flow that is encrypted no more has encrypted %q", got)
	}
	if got := encrypted(strings.Replace(ours, `"encrypted": false`, `"encrypted": true`, 1)); got != "yes" {
		t.Errorf("a flow that is encrypted has encrypted %q", got)
	}
}

func TestBroken(t *testing.T) {
	for _, seed := range []string{shop, ours} {
		importkit.Broken(t, Format, seed)
	}
}

func FuzzRead(f *testing.F) {
	importkit.Fuzz(f, Format, shop, ours)
}
