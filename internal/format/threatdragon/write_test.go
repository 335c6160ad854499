package threatdragon

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/testkit/exportkit"
	"ssf/internal/testkit/importkit"
)

const root = "../../../"

func TestSchema(t *testing.T) {
	s := exportkit.Schema(t, root, "threat-dragon-v2.schema.json")
	for name, c := range exportkit.Cases(t, root) {
		data := exportkit.Write(t, Format, c)
		if err := exportkit.Valid(s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if exportkit.Valid(s, []byte(strings.Replace(string(data), `"zIndex": `, `"z": `, 1))) == nil {
			t.Errorf("%s: the schema takes a cell without a plane", name)
		}
	}
}

// TestReturn holds what is read again to what was written, less what is said to
// be lost.
func TestReturn(t *testing.T) {
	for name, c := range exportkit.Cases(t, root) {
		want, got := exportkit.Keep(c), exportkit.Keep(exportkit.Return(t, Format, c))
		for _, k := range []*exportkit.Kept{want, got} {
			k.Requirements, k.Assumptions = nil, nil
			for id, j := range k.Joined {
				j.As = j.As[:1]
				k.Joined[id] = j
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
}

// file is what the tests below see of a file.
type file struct {
	Detail struct {
		Diagrams []struct {
			Cells []struct {
				Shape  string
				Data   map[string]any
				Source struct{ Cell string }
				Target struct{ Cell string }
				ID     string
			}
		}
		Threats []map[string]any `json:"ssf:threats"`
	}
}

func parse(t *testing.T, data []byte) (f file) {
	t.Helper()
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// threatsIn are the threats in a file by the title, with the box that each is in.
func threatsIn(t *testing.T, data []byte) map[string]map[string]any {
	f := parse(t, data)
	out := map[string]map[string]any{}
	for _, c := range f.Detail.Diagrams[0].Cells {
		list, _ := c.Data["threats"].([]any)
		for _, x := range list {
			x := x.(map[string]any)
			out[fmt.Sprint(x["title"], " at ", c.Data["name"])] = x
		}
	}
	for _, x := range f.Detail.Threats {
		out[fmt.Sprint(x["title"], " at ", x["ssf:at"])] = x
	}
	return out
}

// TestHonest: nothing is mitigated there that no evidence shows today, and the text
// says how far it is.
func TestHonest(t *testing.T) {
	c := &ssf.Case{
		System:   ssf.SystemInfo{Name: "Shop"},
		Elements: []ssf.ElementInfo{{ID: "web", Sort: ssf.SortComponent}, {ID: "z", Sort: ssf.SortZone}, {ID: "pay", Sort: ssf.SortFunction, At: "web"}},
		People:   []ssf.PersonInfo{{ID: "cto", Name: "C. Tester"}},
		Measures: []ssf.MeasureInfo{{ID: "locks", Title: "Good locks"}},
	}
	for _, s := range ssf.States {
		id := ssf.ID(s) + "@web"
		c.Threats = append(c.Threats, ssf.Threat{ID: id, Rule: ssf.ID(s), Element: "web", Title: string(s), State: s, Why: "because of " + string(s), Risk: ssf.High, Measures: []ssf.ID{"locks"}})
		c.Mitigations = append(c.Mitigations, ssf.MitigationResult{ID: ssf.ID("m-" + s), Says: "Do it.", State: "implemented", Counters: []ssf.ID{id}})
		if s == ssf.Accepted || s == ssf.Transferred || s == ssf.NotApplicable {
			c.Decisions = append(c.Decisions, ssf.DecisionResult{Kind: "threat", Treat: map[ssf.State]string{ssf.Accepted: "accept", ssf.Transferred: "transfer", ssf.NotApplicable: "not_applicable"}[s], Because: "It is so.", By: "cto", Until: "2027-01-31", Covers: []ssf.ID{id}})
		}
	}
	c.Threats = append(c.Threats, ssf.Threat{ID: "helped@web", Rule: "helped", Element: "web", Title: "helped", State: ssf.Open, Measures: []ssf.ID{"locks"}}, ssf.Threat{ID: "at@z", Rule: "at", Element: "z", Title: "at zone", State: ssf.Open}, ssf.Threat{ID: "at@pay", Rule: "at", Element: "pay", Title: "at function", State: ssf.Open})
	c.Verifications = []ssf.VerificationInfo{{ID: "lock-test", State: ssf.Stands, Verifies: []ssf.ID{"m-verified"}}, {ID: "old-test", State: ssf.NotToday, Verifies: []ssf.ID{"m-mitigated"}}}
	data := exportkit.Write(t, Format, c)
	got := threatsIn(t, data)
	if len(got) != len(c.Threats)-1 {
		t.Errorf("%d threats are written, of %d but that at a function", len(got), len(c.Threats))
	}
	for title, want := range map[string][]string{
		"open at web":           {"Open", "because of open"},
		"undecided at web":      {"Open", "It is not known whether this is there: because of undecided"},
		"stale at web":          {"Open", "What was decided has to be looked at again"},
		"unreviewed at web":     {"Open", "Nobody has confirmed"},
		"planned at web":        {"Open", "Not done yet: because of planned"},
		"claimed at web":        {"Open", "Claimed, and nothing shows it"},
		"mitigated at web":      {"Open", "no evidence shows today that it works", "Implemented: m-mitigated. Do it."},
		"verified at web":       {"Mitigated", "Implemented (verified today by lock-test): m-verified. Do it."},
		"accepted at web":       {"Open", "Accepted by C. Tester until 2027-01-31, so it is still there: It is so."},
		"transferred at web":    {"Open", "so here it is still there: It is so."},
		"not_applicable at web": {"NotApplicable", "It is so."},
		"helped at web":         {"Open", "Would help: Good locks."},
		"at zone at z":          {"Open"},
	} {
		x := got[title]
		if x["status"] != want[0] {
			t.Errorf("%s has the status %v, want %s", title, x["status"], want[0])
		}
		for _, w := range want[1:] {
			if !strings.Contains(fmt.Sprint(x["mitigation"]), w) {
				t.Errorf("%s has no %q in %q", title, w, x["mitigation"])
			}
		}
	}
	for _, cell := range parse(t, data).Detail.Diagrams[0].Cells {
		if cell.Data["name"] == "web" && cell.Data["hasOpenThreats"] != true {
			t.Error("nothing is open at web, as its cell has it")
		}
	}
}

// TestEdited: what somebody changes in Threat Dragon counts, and nothing else of a
// file that this program wrote is changed by that.
func TestEdited(t *testing.T) {
	const text = `ssf: 1
system: {name: Shop}
people: {cto: {name: C. Tester, accepts_up_to: critical}}
zones: {net: {trust: none}}
components:
  web: {kind: web_app, zone: net}
  db: {kind: database, zone: net, encrypted_at_rest: yes}
flows:
  ask: {from: web, to: db, over: https}
threats:
  theft: {name: Theft, at: web, says: It is stolen., severity: high, stride: [spoofing]}
decisions:
  - {threat: own/theft@web, treat: not_applicable, because: Nobody steals.}
mitigations:
  lock: {says: A lock., counters: [own/theft@web], state: planned}
`
	written := string(exportkit.Write(t, Format, exportkit.Text(t, text)))
	again := func(was, is string) *ssf.Model {
		t.Helper()
		if strings.Count(written, was) != 1 {
			t.Fatalf("the file has %q %d times", was, strings.Count(written, was))
		}
		m, _, _ := importkit.Must(t, Format, "m.json", []byte(strings.Replace(written, was, is, 1)))
		return m
	}
	if m := again(`"name": "web",`, `"name": "Web site",`); m.Components[0].ID != "web" || m.Components[0].Title != "Web site" {
		t.Errorf("the component that got a name is %s, %q", m.Components[0].ID, m.Components[0].Title)
	}
	if m := again(`"name": "web",`, `"name": "Database (MySQL)",`); m.Components[0].Kind.ID != "web_app" || len(m.Components[0].Tech) > 0 {
		t.Errorf("a name changed what the model says: %+v", m.Components[0])
	}
	if m := again(`"status": "NotApplicable",
                  "title": "Theft"`, `"status": "Mitigated",
                  "title": "Theft"`); len(m.Decisions) != 0 || len(m.Mitigations) != 1 || m.Mitigations[0].State.ID != "planned" {
		t.Errorf("after the status was changed there are %+v and %+v", m.Decisions, m.Mitigations)
	}
	if m := again("Nobody steals.\\nPlanned: lock. A lock.", "All is chained."); len(m.Decisions) != 1 || m.Decisions[0].Because.S != "All is chained." {
		t.Errorf("after the reason was changed the decisions are %+v", m.Decisions)
	}
	if m := again(`"isEncrypted": true,
              "isSigned"`, `"isEncrypted": false,
              "isSigned"`); len(m.Components[1].Facts) != 0 {
		t.Errorf("after the box was cleared db has %+v", m.Components[1].Facts)
	}
	if m := again(`"protocol": "https"`, `"protocol": "PostgreSQL"`); m.Flows[0].Over.ID != "postgresql" {
		t.Errorf("after the protocol was changed it is %s", m.Flows[0].Over.ID)
	}
	if m := again("\"title\": \"Theft\",\n                  \"type\": \"Spoofing\"", "\"title\": \"Theft\", \"type\": \"Tampering\""); !slices.ContainsFunc(m.Threats, func(x ssf.OwnThreat) bool {
		return x.ID == "theft" && len(x.Stride) == 1 && x.Stride[0].ID == "tampering"
	}) {
		t.Errorf("after the type was changed it is another: %+v", m.Threats)
	}
}
