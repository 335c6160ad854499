package oscal_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// scopes are the files in which a file may look for what it refers to: itself,
// what it imports, and for statements the component definition.
var scopes = map[string][]string{
	"oscal-component": {"oscal-component"},
	"oscal-plan":      {"oscal-plan", "oscal-component"},
	"oscal-results":   {"oscal-results", "oscal-plan", "oscal-component"},
	"oscal-poam":      {"oscal-poam"},
}

// wants is which list holds what a key refers to.
var wants = map[string][]string{
	"component-uuid": {"components"}, "activity-uuid": {"activities"}, "task-uuid": {"tasks"}, "risk-uuid": {"risks"}, "observation-uuid": {"observations"},
	"finding-uuid": {"findings"}, "party-uuids": {"parties"}, "actor-uuid": {"components", "parties"}, "subject-uuid": {"components"}, "implementation-statement-uuid": {"statements"},
}

// TestReferences: every reference within the four files leads to a thing of the
// right kind, which is there once; roles, controls, statements and objectives
// are defined too.
func TestReferences(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(cases())) {
		docs := written(t, cases()[name])
		if n, problems := broken(t, docs); len(problems) > 0 || n < 100 {
			t.Errorf("%s: of %d references:\n%s", name, n, strings.Join(problems[:min(len(problems), 8)], "\n"))
		}
	}
}

// TestReferencesSee proves that the check can fail.
func TestReferencesSee(t *testing.T) {
	for form, at := range map[string]string{
		"oscal-component": `"component-uuid": "`, "oscal-plan": `"activity-uuid": "`, "oscal-results": `"risk-uuid": "`, "oscal-poam": `"finding-uuid": "`,
	} {
		docs := written(t, cases()["shop"])
		b := string(bytesOf(t, form, cases()["shop"]))
		i := strings.Index(b, at) + len(at)
		var doc map[string]any
		if err := json.Unmarshal([]byte(b[:i]+"00000000"+b[i+8:]), &doc); err != nil {
			t.Fatal(err)
		}
		docs[form] = doc
		if _, problems := broken(t, docs); len(problems) == 0 {
			t.Errorf("%s: a changed %s is not seen", form, at)
		}
	}
	for form, swap := range map[string][2]string{
		"oscal-component": {`"source": "#`, `"source": "#0`}, "oscal-plan": {`"role-id": "provider"`, `"role-id": "nobody"`},
		"oscal-results": {`"target-id": "CX-1_obj"`, `"target-id": "CX-9_obj"`}, "oscal-poam": {`"href": "#`, `"href": "#0`},
	} {
		docs := written(t, cases()["shop"])
		var doc map[string]any
		if err := json.Unmarshal([]byte(strings.Replace(string(bytesOf(t, form, cases()["shop"])), swap[0], swap[1], 1)), &doc); err != nil {
			t.Fatal(err)
		}
		docs[form] = doc
		if _, problems := broken(t, docs); len(problems) == 0 {
			t.Errorf("%s: %s is not seen", form, swap[1])
		}
	}
}

// listOf is the list in which a value stands.
func listOf(path string) string {
	parts := strings.Split(path, "/")
	for i := len(parts) - 1; i > 0; i-- {
		if parts[i] == "*" {
			return parts[i-1]
		}
	}
	return ""
}

// broken counts the references of four files, and tells which lead nowhere.
func broken(t *testing.T, docs map[string]map[string]any) (n int, problems []string) {
	bad := func(what ...string) { problems = append(problems, strings.Join(what, " ")) }
	defined := map[string]map[string]string{} // by file: where a UUID is defined
	for form, doc := range docs {
		defined[form] = map[string]string{}
		walk(doc, "", func(path string, v any) {
			if strings.HasSuffix(path, "/uuid") {
				if was := defined[form][v.(string)]; was != "" {
					bad(form, "defines", v.(string), "at", was, "and", path)
				}
				defined[form][v.(string)] = path
			}
		})
	}
	find := func(form, uuid string) string {
		for _, f := range scopes[form] {
			if at := defined[f][uuid]; at != "" {
				return at
			}
		}
		return ""
	}
	for form, doc := range docs {
		ids, roles := map[string]bool{}, map[string]bool{}
		for _, k := range catalogues(t, doc) {
			walk(k, "", func(path string, v any) {
				if strings.HasSuffix(path, "/id") {
					if ids[v.(string)] {
						bad(form, "has the id", v.(string), "twice in its catalogues")
					}
					ids[v.(string)] = true
				}
			})
		}
		walk(doc, "", func(path string, v any) {
			if strings.Contains(path, "/metadata/roles/*/id") {
				roles[v.(string)] = true
			}
		})
		external := regexp.MustCompile(`^([a-z]{2}-\d+(_smt)?|(statement_)?P[OSW]\.\d\.\d|(statement_)?RV\.\d\.\d)$`) // NIST publishes these itself
		walk(doc, "", func(path string, v any) {
			key := path[strings.LastIndex(strings.TrimSuffix(path, "/*"), "/")+1:]
			key = strings.TrimSuffix(key, "/*")
			s, isText := v.(string)
			if !isText {
				return
			}
			switch {
			case wants[key] != nil:
				n++
				at := find(form, s)
				if form == "oscal-poam" && key == "implementation-statement-uuid" {
					at = find("oscal-component", s)
				}
				if !slices.Contains(wants[key], listOf(at)) {
					bad(form, path, s, "leads to", at)
				}
			case strings.HasSuffix(key, "-uuid") || strings.HasSuffix(key, "-uuids"):
				bad(form, path, "is a reference that this test does not know")
			case (key == "href" || key == "source") && strings.HasPrefix(s, "#"):
				n++
				if at := defined[form][s[1:]]; at == "" {
					bad(form, path, s, "leads nowhere")
				}
			case key == "href" && !strings.Contains(s, ":") && !strings.HasPrefix(s, ".ssf/evidence/"):
				n++
				if s != "component-definition.json" && s != "assessment-plan.json" {
					bad(form, path, s, "is no file of the set")
				}
			case key == "role-id":
				n++
				if !roles[s] {
					bad(form, path, s, "is no role")
				}
			case slices.Contains([]string{"control-id", "statement-id", "objective-id", "target-id"}, key):
				n++
				if !ids[s] && !external.MatchString(s) {
					bad(form, path, s, "is in no catalogue")
				}
			}
		})
	}
	return n, problems
}

// allowed are values that OSCAL's metaschema allows at a place, where its JSON
// schema takes any.
var allowed = []struct {
	at     string
	values string
}{
	{`/activities/\*/props/\*/method$`, "TEST EXAMINE INTERVIEW"},
	{`/observations/\*/methods/\*$`, "TEST EXAMINE INTERVIEW UNKNOWN"},
	{`/observations/\*/types/\*$`, "ssp-statement-issue control-objective mitigation finding historic discovery"},
	{`/risks/\*/status$`, "open investigating remediating deviation-requested deviation-approved closed"},
	{`/remediations/\*/lifecycle$`, "recommendation planned completed"},
	{`/remediations/\*/props/\*/type$`, "avoid mitigate transfer accept share contingency none"},
	{`/facets/\*/name$`, "likelihood impact risk severity"},
	{`/facets/\*/props/\*/state$`, "initial adjusted"},
	{`/tasks/\*/type$`, "milestone action"},
	{`/subjects/\*/type$|/include-subjects/\*/type$|/assessment-subjects/\*/type$`, "component inventory-item location party user"},
	{`/status/reason$`, "pass fail other"},
	{`/target/type$`, "objective-id statement-id"},
	{`/component-definition/components/\*/type$`, "interconnection software hardware service policy physical process-procedure plan guidance standard validation"},
	{`/local-definitions/components/\*/type$`, "this-system system software hardware service"},
	{`/props/\*/implementation-status$`, "implemented partial planned alternative not-applicable"},
	{`/terms-and-conditions/parts/\*/name$`, "rules-of-engagement disclosures assessment-inclusions assessment-exclusions results-delivery assumptions methodology"},
	{`/components/\*/links/\*/rel$`, "depends-on validation proof-of-compliance baseline-template uses-service uses-network"},
	{`/metadata/oscal-version$`, "1.1.3"},
	{`/system-id/identifier-type$`, "https://ietf.org/rfc/rfc4122 http://ietf.org/rfc/rfc4122"},
}

// ofOSCAL are the properties that are written without a namespace of our own.
var ofOSCAL = []string{"version", "implementation-status", "method", "type", "state"}

// TestAllowedValues: words of OSCAL are those that it allows, and properties
// that are not its own say whose they are. Each row is used by some case.
func TestAllowedValues(t *testing.T) {
	used := map[string]bool{}
	res := map[string]*regexp.Regexp{}
	for _, a := range allowed {
		res[a.at] = regexp.MustCompile(a.at)
	}
	check := func(name, path, value string) {
		for _, a := range allowed {
			if res[a.at].MatchString(path) {
				used[a.at] = true
				if !slices.Contains(strings.Fields(a.values), value) {
					t.Errorf("%s: %s is %q", name, path, value)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cases())) {
		for form, doc := range written(t, cases()[name]) {
			methods := map[string]int{}
			walk(doc, "", func(path string, v any) {
				p, ok := v.(map[string]any)
				if ok && strings.HasSuffix(path, "/props/*") {
					if p["ns"] == "urn:ssf:oscal" {
						return
					}
					if p["ns"] != nil || !slices.Contains(ofOSCAL, p["name"].(string)) {
						t.Errorf("%s, %s: %s has the property %v of %v", name, form, path, p["name"], p["ns"])
					}
					check(name, path+"/"+p["name"].(string), p["value"].(string))
					return
				}
				if ok && strings.HasSuffix(path, "/activities/*") {
					for _, x := range p["props"].([]any) {
						if x := x.(map[string]any); x["name"] == "method" && x["ns"] == nil {
							methods[p["uuid"].(string)]++
						}
					}
					if methods[p["uuid"].(string)] != 1 {
						t.Errorf("%s: activity %v has %d methods", name, p["title"], methods[p["uuid"].(string)])
					}
				}
				if s, ok := v.(string); ok && !strings.Contains(path, "/props/") {
					check(name, path, s)
				}
			})
		}
	}
	for _, a := range allowed {
		if !used[a.at] {
			t.Errorf("nothing is written at %s", a.at)
		}
	}
}

// TestOnce: roles, components and statements that may be named once only are.
func TestOnce(t *testing.T) {
	keys := map[string]string{"responsible-roles": "role-id", "responsible-parties": "role-id", "statements": "statement-id", "incorporates-components": "component-uuid", "implemented-requirements": "control-id", "related-risks": "risk-uuid", "related-observations": "observation-uuid", "include-controls": "control-id"}
	for name, c := range cases() {
		for form, doc := range written(t, c) {
			walk(doc, "", func(path string, v any) {
				list, ok := v.([]any)
				key := keys[path[strings.LastIndex(path, "/")+1:]]
				if !ok || key == "" {
					return
				}
				seen := map[any]bool{}
				for _, x := range list {
					if k := x.(map[string]any)[key]; seen[k] {
						t.Errorf("%s, %s: %s names %v twice", name, form, path, k)
					} else {
						seen[k] = true
					}
				}
			})
			systems := 0
			walk(doc, "", func(_ string, v any) {
				if m, ok := v.(map[string]any); ok && m["type"] == "this-system" {
					systems++
				}
			})
			if want := map[string]int{"oscal-plan": 1, "oscal-poam": 1}[form]; systems != want {
				t.Errorf("%s, %s: %d components are the system", name, form, systems)
			}
		}
	}
}
