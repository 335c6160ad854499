package oscal_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/format/oscal"
)

type object = map[string]any

// list is the list at the end of a path, each step an object's key; a number
// steps into a list.
func list(t *testing.T, doc any, path ...string) (out []object) {
	t.Helper()
	for _, p := range path {
		if l, ok := doc.([]any); ok {
			doc = l[0]
		}
		doc = doc.(object)[p]
	}
	l, _ := doc.([]any)
	for _, x := range l {
		out = append(out, x.(object))
	}
	return out
}

// props are the values of a property of ours.
func props(o object, name string) (out []string) {
	l, _ := o["props"].([]any)
	for _, x := range l {
		if p := x.(object); p["name"] == name {
			out = append(out, p["value"].(string))
		}
	}
	return out
}

func prop(o object, name string) string { return strings.Join(props(o, name), " ") }

// TestFindings: exactly the controls that are met in all their phases are
// satisfied, and exactly the requirements that are upheld by verified means.
func TestFindings(t *testing.T) {
	satisfied := 0
	for name, c := range cases() {
		met := map[string]bool{}
		for _, p := range c.Phases {
			for _, k := range p.Controls {
				was, ok := met[string(k.ID)+"_obj"]
				met[string(k.ID)+"_obj"] = (was || !ok) && k.Status == ssf.Met
			}
		}
		for _, r := range c.Requirements {
			ok := r.Status == ssf.Upheld
			for _, id := range r.Threats {
				i := slices.IndexFunc(c.Threats, func(t ssf.Threat) bool { return t.ID == id })
				ok = ok && (c.Threats[i].State == ssf.Verified || c.Threats[i].State == ssf.NotApplicable)
			}
			met["req-"+string(r.ID)+"_obj"] = ok
		}
		findings := list(t, written(t, c)["oscal-results"], "assessment-results", "results", "findings")
		for _, f := range findings {
			target := f["target"].(object)
			state := target["status"].(object)["state"]
			want, ok := met[target["target-id"].(string)]
			if !ok || (state == "satisfied") != want {
				t.Errorf("%s: %v is %v, want satisfied %v", name, target["target-id"], state, want)
			}
			if want {
				satisfied++
			}
			delete(met, target["target-id"].(string))
		}
		if len(met) > 0 {
			t.Errorf("%s: there is no finding for %v", name, met)
		}
	}
	if satisfied < 20 {
		t.Errorf("only %d findings are satisfied, so this test sees little", satisfied)
	}
}

// TestRisks: there is a risk for each threat, closed only if that is verified or
// does not apply, approved only if it is accepted today, and with its facets.
func TestRisks(t *testing.T) {
	for name, c := range cases() {
		risks := list(t, written(t, c)["oscal-results"], "assessment-results", "results", "risks")
		if len(risks) != len(c.Threats) {
			t.Errorf("%s: %d risks for %d threats", name, len(risks), len(c.Threats))
			continue
		}
		for i, r := range risks {
			th := &c.Threats[i]
			want := "open"
			switch th.State {
			case ssf.Verified, ssf.NotApplicable:
				want = "closed"
			case ssf.Accepted:
				want = "deviation-approved"
			case ssf.Planned, ssf.Mitigated, ssf.Transferred:
				want = "remediating"
			case ssf.Claimed, ssf.Undecided:
				want = "investigating"
			}
			if prop(r, "id") != string(th.ID) || r["status"] != want {
				t.Errorf("%s: %s, %s, has the status %v, want %s", name, th.ID, th.State, r["status"], want)
			}
			var rated []string
			for _, f := range list(t, r["characterizations"], "facets") {
				rated = append(rated, f["value"].(string))
			}
			rating := []string{th.Likelihood.String(), th.Impact.String(), th.Risk.String()}
			if th.Severity != ssf.Unknown {
				rating = append(rating, th.Severity.String())
			}
			if !slices.Equal(rated, rating) {
				t.Errorf("%s: %s is rated %v", name, th.ID, rated)
			}
			for _, a := range list(t, r, "remediations") {
				if a["lifecycle"] == "completed" && (th.State == ssf.Open || th.State == ssf.Planned) && prop(a, "type") != "mitigate" {
					t.Errorf("%s: %s is %s, and %v is completed", name, th.ID, th.State, a["title"])
				}
			}
		}
	}
	shop := map[string]object{}
	for _, r := range list(t, written(t, cases()["shop"])["oscal-results"], "assessment-results", "results", "risks") {
		shop[prop(r, "id")] = r
	}
	if got := shop["own/later@web"]["deadline"]; got != "2027-02-01T23:59:59Z" {
		t.Errorf("the deadline of what is planned is %v", got)
	}
	for id, want := range map[string]string{
		"own/later@web": "planned mitigate due=OPS-12", "own/borne@web": "completed accept until=2027-01-31 by=cto", "own/past@web": "recommendation accept until=2026-01-31 by=cto lapsed=yes",
		"own/theirs@web": "planned transfer by=cto to=guard", "own/never@web": "completed none by=cto", "own/shown@pay": "completed mitigate verification=verified", "own/broken@db": "planned mitigate verification=failed", "own/older@web": "completed mitigate verification=stale",
	} {
		a := list(t, shop[id], "remediations")
		if len(a) != 1 {
			t.Errorf("%s has %d remediations", id, len(a))
			continue
		}
		got := fmt.Sprint(a[0]["lifecycle"], " ", prop(a[0], "type"))
		for _, p := range [][2]string{{"ticket", "due"}, {"until", "until"}, {"by", "by"}, {"assumption", "to"}, {"lapsed", "lapsed"}, {"verification", "verification"}} {
			if v := prop(a[0], p[0]); v != "" {
				got += " " + p[1] + "=" + v
			}
		}
		if got != want {
			t.Errorf("%s is treated %q, want %q", id, got, want)
		}
	}
	for id, want := range map[string]string{"sql-injection@web-to-db": "https://cwe.mitre.org/data/definitions/20.html", "own/rated@web": "https://capec.mitre.org/data/definitions/125.html"} {
		if !slices.ContainsFunc(list(t, shop[id], "threat-ids"), func(o object) bool { return o["id"] == want }) {
			t.Errorf("%s has not the id %s", id, want)
		}
	}
	if s := shop["sql-injection@web-to-db"]; prop(s, "also") != "own/same" || prop(s, "from-tool") != "T-7" || !strings.Contains(s["description"].(string), "Own words: A query is changed.") {
		t.Errorf("what is the same as a threat of the team's own is %v", s)
	}
	if prop(list(t, shop["own/free@web"]["characterizations"], "facets")[0], "state") != "adjusted" || prop(list(t, shop["own/later@web"]["characterizations"], "facets")[0], "state") != "initial" {
		t.Error("the facets do not tell a rating that somebody adjusted from one that nobody did")
	}
}

// TestImplementation: nothing is written as more than it is.
func TestImplementation(t *testing.T) {
	seen := map[string]int{}
	for name, c := range cases() {
		stands, fails := map[ssf.ID]bool{}, map[ssf.ID]bool{}
		for _, v := range c.Verifications {
			for _, m := range v.Verifies {
				if was, ok := stands[m]; !ok || was {
					stands[m] = v.State == ssf.Stands
				}
				fails[m] = fails[m] || v.State == "failed" || v.State == ssf.Disputed
			}
		}
		doc := written(t, c)["oscal-component"]
		state := map[string]string{} // of mitigations and claims
		for _, m := range c.Mitigations {
			switch {
			case m.State == "implemented" && m.Placed && !fails[m.ID]:
				state[string(m.ID)] = "implemented"
			case m.State == "implemented":
				state[string(m.ID)] = "partial"
			case m.State == "planned":
				state[string(m.ID)] = "planned"
			}
		}
		capabilities := list(t, doc, "component-definition", "capabilities")
		if len(capabilities) != len(c.Mitigations) {
			t.Errorf("%s: %d capabilities of %d mitigations", name, len(capabilities), len(c.Mitigations))
		}
		for _, k := range capabilities {
			id := prop(k, "id")
			seen[prop(k, "implementation-status")]++
			if got := prop(k, "implementation-status"); got != state[id] {
				t.Errorf("%s: %s is %q, want %q", name, id, got, state[id])
			}
			if got := prop(k, "verification"); (got == "verified") != stands[ssf.ID(id)] {
				t.Errorf("%s: the verification of %s is %s", name, id, got)
			}
			walk(k["control-implementations"], "", func(path string, v any) {
				if strings.HasSuffix(path, "implemented-requirements/*") {
					seen["answered"]++
					if got := prop(v.(object), "implementation-status"); got != state[id] {
						t.Errorf("%s: %s answers a control as %s", name, id, got)
					}
				}
			})
		}
		for _, k := range list(t, doc, "component-definition", "components")[1:] {
			walk(k["control-implementations"], "", func(path string, v any) {
				if !strings.HasSuffix(path, "/implemented-requirements/*") {
					return
				}
				r := v.(object)
				got := prop(r, "implementation-status")
				seen["component "+got]++
				for _, id := range props(r["statements"].([]any)[0].(object), "mitigation") {
					own, ok := state[id]
					if !ok { // a claim
						if own = "partial"; stands[ssf.ID(id)] {
							own = "implemented"
						}
					}
					if got == "implemented" && (own != "implemented" || len(props(r, "open")) > 0) {
						t.Errorf("%s: %v of %v is implemented, and %s is %s", name, r["control-id"], k["title"], id, own)
					}
				}
			})
		}
		controls := list(t, list(t, doc, "component-definition", "components")[0], "control-implementations", "implemented-requirements")
		for _, r := range controls {
			status := prop(r, "control-status")
			if got := prop(r, "implementation-status"); (got == "implemented") != (status == "met") || status == "not_assessed" && (got != "planned" || r["remarks"] == nil) {
				t.Errorf("%s: control %v, which is %s, is written as %s", name, r["control-id"], status, got)
			}
		}
	}
	for _, want := range []string{"implemented", "partial", "planned", "", "answered", "component implemented", "component partial", "component planned"} {
		if seen[want] == 0 {
			t.Errorf("nothing is %q, so this test sees little: %v", want, seen)
		}
	}
}

// TestObservations: what was seen has the time, method, commit, key, tests and
// record of its evidence; what never ran was not seen.
func TestObservations(t *testing.T) {
	c := cases()["shop"]
	got := map[string]object{}
	for _, o := range list(t, written(t, c)["oscal-results"], "assessment-results", "results", "observations") {
		got[o["title"].(string)] = o
	}
	if got["Result of never-run"] != nil {
		t.Error("a verification that never ran was observed")
	}
	for id, want := range map[string]string{
		"is-seen": "TEST passed [control-objective] TestSeen=passed", "is-cracked": "TEST failed [control-objective finding] TestCracked=failed", "was-seen": "EXAMINE stale [control-objective historic]",
	} {
		o := got["Result of "+id]
		if o == nil {
			t.Errorf("%s was not observed", id)
			continue
		}
		line := fmt.Sprint(o["methods"].([]any)[0], " ", prop(o, "standing"), " ", o["types"])
		for _, x := range o["props"].([]any) {
			if p := x.(object); p["name"] == "test" {
				line += " " + strings.TrimPrefix(p["value"].(string), "shop ") + "=" + p["class"].(string)
			}
		}
		if line != want || o["collected"] != "2026-11-24T11:00:00Z" || prop(o, "commit") != "abc" || prop(o, "key") == "" || prop(o, "signer") != "ci" || len(list(t, o, "relevant-evidence")) != 1 {
			t.Errorf("%s was observed as %q, want %q: %v", id, line, want, o)
		}
	}
}

// TestItems: the plan of action has an item for each thing that is open, and for
// nothing else.
func TestItems(t *testing.T) {
	for name, c := range cases() {
		want := map[string]bool{}
		checked := map[ssf.ID]bool{}
		for _, v := range c.Verifications {
			for _, m := range v.Verifies {
				checked[m] = true
			}
			if v.State != "passed" {
				want["verification "+string(v.ID)] = true
			}
		}
		for _, th := range c.Threats {
			switch th.State {
			case ssf.Open, ssf.Undecided, ssf.Stale, ssf.Unreviewed, ssf.Planned, ssf.Accepted:
				want["threat "+string(th.ID)] = true
			case ssf.Claimed, ssf.Mitigated:
				for _, m := range th.Mitigations {
					if !checked[m] {
						want["unverified "+string(m)] = true
					}
				}
			}
		}
		for _, p := range c.Phases {
			for _, k := range p.Controls {
				if k.Status != ssf.Met {
					want["control "+string(k.ID)] = true
				}
			}
		}
		for _, it := range list(t, written(t, c)["oscal-poam"], "plan-of-action-and-milestones", "poam-items") {
			key := prop(it, "kind") + " " + prop(it, "id")
			if !want[key] {
				t.Errorf("%s: there is an item of %s", name, key)
			}
			delete(want, key)
		}
		if len(want) > 0 {
			t.Errorf("%s: there is no item of %v", name, slices.Sorted(maps.Keys(want)))
		}
	}
}

// TestNothingOpen: where nothing is open there is no plan, and the error says so.
func TestNothingOpen(t *testing.T) {
	c := &ssf.Case{Now: asOf, Phases: []ssf.PhaseResult{{Name: ssf.PhaseContext, Controls: []ssf.ControlResult{{ID: "CX-1", Title: "Description", Status: ssf.Met, Looked: 1}}}}}
	for form, want := range map[string]string{"oscal-poam": "nothing is open", "oscal-results": ""} {
		i := slices.IndexFunc(oscal.Formats, func(f format.Format) bool { return f.Name == form })
		if _, err := oscal.Formats[i].Write(c); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", form, err)
		}
	}
	for want, bad := range map[string]*ssf.Case{"OSCAL needs a date": {}, "has no controls": {Now: asOf}} {
		for _, f := range oscal.Formats {
			if _, err := f.Write(bad); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "writing ") {
				t.Errorf("%s: %v, want %q", f.Name, err, want)
			}
		}
	}
}

// copyOf is a case as it is read from its JSON.
func copyOf(t testing.TB, c *ssf.Case) *ssf.Case {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out := new(ssf.Case)
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestStable: the same case has the same bytes; of a later one whatever is still
// there keeps its UUID; and another system shares none.
func TestStable(t *testing.T) {
	c := cases()["shop"]
	later, other := copyOf(t, c), copyOf(t, c)
	later.Now = later.Now.Add(24 * time.Hour)
	later.Threats = append([]ssf.Threat{{ID: "new@web", Rule: "new", Element: "web", State: ssf.Open}}, later.Threats...)
	slices.Reverse(later.Verifications)
	other.System.Name = "Other shop"
	uuids := func(c *ssf.Case, form string) map[string]bool {
		out := map[string]bool{}
		walk(written(t, c)[form], "", func(path string, v any) {
			if strings.HasSuffix(path, "/uuid") {
				out[v.(string)] = true
			}
		})
		return out
	}
	for _, f := range oscal.Formats {
		if !bytes.Equal(bytesOf(t, f.Name, c), bytesOf(t, f.Name, copyOf(t, c))) {
			t.Errorf("%s: the same case gave other bytes", f.Name)
		}
		was, is, others := uuids(c, f.Name), uuids(later, f.Name), uuids(other, f.Name)
		lost := 0
		for u := range was {
			if !is[u] {
				lost++
			}
			if others[u] {
				t.Errorf("%s: two systems share %s", f.Name, u)
			}
		}
		if want := map[string]int{"oscal-results": 1}[f.Name]; lost != want { // a result is of one time
			t.Errorf("%s: %d of %d UUIDs changed, want %d", f.Name, lost, len(was), want)
		}
	}
}

// attack is what a stranger may write into a model or a stored case.
const attack = "=cmd <script>alert(1)</script> \"' ]]> `a` **b** [c](javascript:d) {{ insert: param, x }} \n::error::\r\n# Head\n- item \u202eevil\u2069 \x00\x1b[31m \ufffe\ufeff \xff"

// everywhere appends to each text of a case that is no word of ours.
func everywhere(v reflect.Value, path string, do func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		everywhere(v.Elem(), path, do)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Type().Field(i).Anonymous {
				name = ""
			}
			everywhere(v.Field(i), strings.TrimPrefix(path+"."+name, "."), do)
		}
	case reflect.Slice:
		for i := range v.Len() {
			everywhere(v.Index(i), path, do)
		}
	case reflect.String:
		do(path, v)
	}
}

// words are types of words of ours, which a stored case cannot have otherwise.
var words = []reflect.Type{reflect.TypeFor[ssf.Sort](), reflect.TypeFor[ssf.State](), reflect.TypeFor[ssf.Status](), reflect.TypeFor[ssf.Standing](), reflect.TypeFor[ssf.Phase](), reflect.TypeFor[ssf.Outcome](), reflect.TypeFor[ssf.Severity](), reflect.TypeFor[ssf.PinKind](), reflect.TypeFor[ssf.PinStatus](), reflect.TypeFor[ssf.Via](), reflect.TypeFor[ssf.RequirementStatus](), reflect.TypeFor[ssf.Origin]()}

// TestHostile: whatever stands in a case, what is written is valid, refers to
// what is there, and has neither markup nor characters that nobody sees.
func TestHostile(t *testing.T) {
	s := schema(t)
	for name, here := range map[string]func(reflect.Value) bool{"everywhere": func(reflect.Value) bool { return true }, "in texts": func(v reflect.Value) bool { return !slices.Contains(words, v.Type()) }} {
		c := copyOf(t, cases()["shop"])
		everywhere(reflect.ValueOf(c), "", func(_ string, v reflect.Value) {
			if v.String() != "" && here(v) {
				v.SetString(v.String() + attack)
			}
		})
		docs := written(t, c)
		if _, problems := broken(t, docs); len(problems) > 0 && name == "in texts" {
			t.Errorf("%s: %s", name, strings.Join(problems[:min(5, len(problems))], "\n"))
		}
		for form, doc := range docs {
			if err := s.Validate(doc); err != nil {
				t.Errorf("%s, %s: %v", name, form, clip(err.Error()))
			}
			found := false
			walk(doc, "", func(path string, v any) {
				text, ok := v.(string)
				found = found || strings.Contains(text, "alert(1)")
				if !ok || !markdown(path) {
					return
				}
				plain := unquoted(text)
				if strings.ContainsAny(plain, "<>[]{}|^~") || strings.Contains(text, "{{") && !strings.Contains(text, `\{\{`) || strings.Contains(text, "\n# ") {
					t.Errorf("%s, %s: %s has markup: %q", name, form, path, text)
				}
			})
			if !found {
				t.Errorf("%s, %s: the text is not written at all", name, form)
			}
			for _, r := range string(bytesOf(t, form, c)) {
				if r < 0x20 && r != '\n' || 0x7f <= r && r < 0xa0 || r == 0x202e || r == 0x2069 || r == 0xfffe || r == 0xfeff {
					t.Errorf("%s, %s writes %U", name, form, r)
					break
				}
			}
		}
	}
}

// markdown reports whether OSCAL reads a text as Markdown.
func markdown(path string) bool {
	return slices.Contains([]string{"title", "description", "remarks", "prose", "statement", "purpose", "text"}, path[strings.LastIndex(path, "/")+1:])
}

// unquoted is text without what is code or taken for itself in it.
func unquoted(s string) string {
	var out strings.Builder
	inside := false
	for i := range len(s) {
		escaped := !inside && i > 0 && s[i-1] == '\\' && (i == 1 || s[i-2] != '\\')
		switch {
		case escaped:
		case s[i] == '`':
			inside = !inside
		case !inside:
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// TestLost lists the texts of a case that stand in none of the four files, in
// testdata/lost.txt; SSF_UPDATE=1 writes it. The sentences of Loses tell it. Ids
// are left out: they are what the forms refer by.
func TestLost(t *testing.T) {
	c := copyOf(t, cases()["shop"])
	var paths []string
	everywhere(reflect.ValueOf(c), "", func(path string, v reflect.Value) {
		if v.String() == "" || v.Type() == reflect.TypeFor[ssf.ID]() || slices.Contains(words, v.Type()) || slices.Contains(decisive, path) {
			return
		}
		i := slices.Index(paths, path)
		if i < 0 {
			i, paths = len(paths), append(paths, path)
		}
		v.SetString(fmt.Sprintf("%szq%03dqz", v.String(), i))
	})
	var all []byte
	for _, f := range oscal.Formats {
		all = append(all, bytesOf(t, f.Name, c)...)
	}
	var lost []string
	for i, path := range paths {
		if !bytes.Contains(all, fmt.Appendf(nil, "zq%03dqz", i)) {
			lost = append(lost, path+"\n")
		}
	}
	if len(paths)-len(lost) < 40 {
		t.Errorf("only %d of %d texts are written", len(paths)-len(lost), len(paths))
	}
	slices.Sort(lost)
	golden(t, "lost.txt", strings.Join(lost, ""))
}

// decisive are words that decide what is written, in fields that are plain text.
var decisive = []string{"Decisions.Kind", "Decisions.Treat", "Mitigations.State", "Verifications.Method", "Matrices.Columns"}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if os.Getenv("SSF_UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || got != string(want) {
		t.Errorf("it is not %s (%v):\n%s", name, err, got)
	}
}

// TestReading shows what an assessor reads of a small case, without what follows
// from the library. SSF_UPDATE=1 rewrites.
func TestReading(t *testing.T) {
	docs := written(t, cases()["shop"])
	var b strings.Builder
	show := func(head string, all []object, keep func(object) bool) {
		fmt.Fprintf(&b, "== %s\n", head)
		for _, o := range all {
			if !keep(o) {
				continue
			}
			fmt.Fprintf(&b, "\n%v\n", cmp.Or(o["title"], o["name"]))
			for _, k := range []string{"status", "description", "statement", "remarks", "deadline"} {
				if o[k] != nil {
					fmt.Fprintf(&b, "  %s: %v\n", k, o[k])
				}
			}
			for _, a := range list(t, o, "remediations") {
				fmt.Fprintf(&b, "  %v: %v: %v\n", a["lifecycle"], a["title"], a["description"])
			}
			for _, a := range list(t, o, "mitigating-factors") {
				fmt.Fprintf(&b, "  factor: %v\n", a["description"])
			}
		}
		b.WriteString("\n")
	}
	own := func(o object) bool { return strings.HasPrefix(prop(o, "id"), "own/") }
	show("capabilities", list(t, docs["oscal-component"], "component-definition", "capabilities"), func(o object) bool { return prop(o, "measure") == "" })
	show("activities", list(t, docs["oscal-plan"], "assessment-plan", "local-definitions", "activities"), func(o object) bool { return !strings.Contains(o["description"].(string), "authenticated") })
	show("tasks", list(t, docs["oscal-plan"], "assessment-plan", "tasks"), func(object) bool { return true })
	show("observations", list(t, docs["oscal-results"], "assessment-results", "results", "observations"), func(o object) bool { return strings.HasPrefix(o["title"].(string), "Result") })
	show("risks", list(t, docs["oscal-results"], "assessment-results", "results", "risks"), own)
	show("items", list(t, docs["oscal-poam"], "plan-of-action-and-milestones", "poam-items"), func(o object) bool { return own(o) || prop(o, "kind") == "verification" })
	golden(t, "reading.golden", b.String())
}

// TestLossesAreTold: the page about these forms has the sentences of Loses.
func TestLossesAreTold(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "oscal.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range oscal.Formats {
		for _, s := range f.Loses {
			if !strings.Contains(string(page), "- "+s+"\n") {
				t.Errorf("%s loses what docs/formats/oscal.md does not tell: %s", f.Name, s)
			}
		}
		if !strings.Contains(string(page), "| `"+f.Name+"` |") {
			t.Errorf("docs/formats/oscal.md does not name %s", f.Name)
		}
	}
}
