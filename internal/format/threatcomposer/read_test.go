package threatcomposer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
)

// A workspace is one as the standard library decodes it.
type workspace struct {
	Threats []struct {
		ID, Status     string
		ImpactedAssets []string
	}
	Mitigations, Assumptions         []struct{ ID, Status string }
	MitigationLinks, AssumptionLinks []struct{ MitigationID, AssumptionID, LinkedID string }
}

// hold holds the model of a file against what another decoder finds in it.
func hold(t *testing.T, name string, data []byte) (*ssf.Model, *format.Report, string) {
	t.Helper()
	m, r, text := importkit.Must(t, Format, name, data)
	var w workspace
	if err := json.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	assets, threats, means, dangling := map[string]bool{}, map[string]bool{}, map[string]bool{}, 0
	for _, x := range w.Threats {
		threats[x.ID] = true
		for _, a := range x.ImpactedAssets {
			assets[strings.ToLower(strings.Join(strings.Fields(a), " "))] = true
		}
	}
	for _, x := range w.Mitigations {
		means[x.ID] = true
	}
	links := map[string]bool{}
	for _, l := range w.MitigationLinks {
		if means[l.MitigationID] && threats[l.LinkedID] {
			links[l.MitigationID+" "+l.LinkedID] = true
		} else {
			dangling++
		}
	}
	counters := 0
	for _, x := range m.Mitigations {
		counters += len(x.Counters)
	}
	got := []int{len(m.Threats), len(m.Mitigations), len(m.Assumptions), len(m.Assets), counters}
	want := []int{len(w.Threats), len(w.Mitigations), len(w.Assumptions), len(assets), len(links)}
	if !slices.Equal(got, want) {
		t.Errorf("threats, mitigations, assumptions, assets, links: %v, and the file has %v", got, want)
	}
	for _, a := range m.Assumptions {
		if len(a.Dismisses) > 0 {
			t.Errorf("%s takes threats away", a.ID)
		}
	}
	return m, r, text
}

func TestCorpus(t *testing.T) {
	for _, name := range importkit.Corpus(t, "threat-composer") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, r, _ := hold(t, name, data)
			for _, d := range r.Dropped {
				if !strings.Contains(d.Path, "Links[") && !strings.HasSuffix(d.Path, ".image") {
					t.Errorf("dropped at %s: %s", d.Path, d.Says)
				}
			}
		})
	}
}

func TestExample(t *testing.T) {
	const name = "testdata/shop.tc.json"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	// The standard library refuses an entry that is no object, so it is taken out.
	held := regexp.MustCompile(`,\s*7\s*\]`).ReplaceAll(data, []byte("]"))
	hold(t, "shop.tc.json", held)
	m, r, text := importkit.Must(t, Format, "shop.tc.json", data)
	if len(m.Threats) != 5 || len(m.Decisions) != 1 || len(m.Actors) != 1 {
		t.Errorf("%d threats, %d decisions, %d actors", len(m.Threats), len(m.Decisions), len(m.Actors))
	}
	all := text + "\n--- guessed\n" + notes(r.Guessed) + "--- dropped\n" + notes(r.Dropped)
	const golden = "testdata/shop.golden"
	if os.Getenv("SSF_UPDATE") == "1" {
		if err := os.WriteFile(golden, []byte(all), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || string(want) != all {
		t.Errorf("%s differs (%v); SSF_UPDATE=1 writes it anew\n%s", golden, err, all)
	}
}

func notes(ns []format.Note) string {
	var b strings.Builder
	for _, n := range ns {
		fmt.Fprintf(&b, "%d:%d %s: %s\n", n.Line, n.Col, n.Path, n.Says)
	}
	return b.String()
}

// Neither a status nor a link makes more of a threat than the file says.
func TestStates(t *testing.T) {
	for _, x := range []struct{ threat, means, state, treat string }{
		{"", "", "proposed", ""},
		{"threatIdentified", "", "proposed", ""},
		{"threatResolved", "", "implemented", ""},
		{"THREAT_RESOLVED", "", "implemented", ""},
		{"threatResolved", "mitigationIdentified", "proposed", ""},
		{"threatResolved", "mitigationInProgress", "planned", ""},
		{"threatIdentified", "mitigationResolved", "implemented", ""},
		{"threatResolved", "mitigationResolvedWillNotAction", "proposed", ""},
		{"threatResolved", "somethingElse", "proposed", ""},
		{"threatResolvedNotUseful", "", "proposed", "not_applicable"},
		{"somethingElse", "NotSet", "proposed", ""},
	} {
		data := fmt.Sprintf(`{"schema": 1, "threats": [{"id": "t", "statement": "S", "status": %q}], "mitigations": [{"id": "m", "content": "M", "status": %q}], "mitigationLinks": [{"mitigationId": "m", "linkedId": "t"}]}`, x.threat, x.means)
		m, _, _ := importkit.Must(t, Format, "x", []byte(data))
		treat := ""
		for _, d := range m.Decisions {
			treat += string(d.Treat.ID)
		}
		if got := string(m.Mitigations[0].State.ID); got != x.state || treat != x.treat || len(m.Mitigations) != 1 {
			t.Errorf("threat %q, mitigation %q: %s %s, want %s %s", x.threat, x.means, got, treat, x.state, x.treat)
		}
	}
	m, r, text := importkit.Must(t, Format, "x", []byte(`{"schema": 1, "threats": [{"id": "t", "statement": "S", "status": "threatResolved"}]}`))
	if len(m.Mitigations)+len(m.Decisions) > 0 || !strings.Contains(notes(r.Guessed), "whether it was mitigated or accepted is not said") {
		t.Errorf("resolved without a mitigation became\n%s", text)
	}
}

func TestSources(t *testing.T) {
	for source, want := range map[string]string{
		"user": "user", "An administrator": "administrator", "the End User": "End User",
		"threat actor": "", "malicious user": "", "A user of another tenant": "", "": "", "an attacker": "",
	} {
		m, _, _ := importkit.Must(t, Format, "x", fmt.Appendf(nil, `{"schema": 1, "threats": [{"threatSource": %q}, {"threatSource": %q}]}`, source, source))
		got := ""
		for _, a := range m.Actors {
			got += cmp.Or(a.Title, string(a.ID))
		}
		if !strings.EqualFold(got, want) {
			t.Errorf("%q is %q, want %q", source, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for data, want := range map[string]string{
		`{"schema": 1, "threats": {}}`:                  "x:1:26: at threats: `threats` is an object, and a workspace of Threat Composer has a list there",
		"{\"schema\": 1,\n \"mitigationLinks\": \"x\"}": "x:2:21: at mitigationLinks: `mitigationLinks` is a text",
		`{"schema": 1}`:               "this is no file of AWS Threat Composer",
		`{"threats": []}`:             "this is no file of AWS Threat Composer",
		`{"schema": 1, "threats": [}`: "this is not JSON",
	} {
		if _, _, _, err := importkit.Import(t, Format, "x", []byte(data), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", data, err, want)
		}
	}
	for _, data := range []string{`{"schema": 1, "threats": null, "mitigations": []}`, `{"schema": "x", "applicationInfo": 7, "dataflow": []}`} {
		importkit.Must(t, Format, "x", []byte(data))
	}
}

// Whatever one value is, the rest is read.
func TestWrongTypes(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.tc.json")
	if err != nil {
		t.Fatal(err)
	}
	value := regexp.MustCompile(`: ("(?:[^"\\]|\\.)*"|\d+)`)
	for j, bad := range []string{`: []`, `: {"x": 1}`, `: null`, `: -1`, `: [[1], {}]`, `: "\u202e\u0007"`, `: "日本\n\r"`, `: true`} {
		for i := range value.FindAllIndex(data, -1) {
			if (i+j)%7 != 0 && os.Getenv("SSF_SOAK") == "" {
				continue
			}
			n := -1
			src := value.ReplaceAllStringFunc(string(data), func(s string) string {
				if n++; n == i {
					return bad
				}
				return s
			})
			m, _, _ := importkit.Must(t, Format, "x", []byte(src))
			if len(m.Threats) != 5 || len(m.Mitigations) != 5 || len(m.Assumptions) != 2 {
				t.Fatalf("value %d as %s: %d threats, %d mitigations, %d assumptions", i, bad, len(m.Threats), len(m.Mitigations), len(m.Assumptions))
			}
		}
	}
}

func TestLarge(t *testing.T) {
	var threats, links, assets []string
	for i := range 5000 {
		assets = append(assets, fmt.Sprintf(`"asset %d"`, i))
		threats = append(threats, fmt.Sprintf(`{"id": "t%d", "statement": "S %d", "status": "threatResolved"}`, i, i))
		links = append(links, fmt.Sprintf(`{"mitigationId": "m", "linkedId": "t%d"}, {"mitigationId": "none", "linkedId": "t%d"}`, i, i))
	}
	threats = append(threats, fmt.Sprintf(`{"id": "all", "statement": %q, "impactedGoal": ["integrity"], "impactedAssets": [%s]}`, strings.Repeat("long ", 1<<20), strings.Join(assets, ", ")))
	start := time.Now()
	_, r, _ := hold(t, "x", fmt.Appendf(nil, `{"schema": 1, "mitigations": [{"id": "m", "content": "M"}], "threats": [%s], "mitigationLinks": [%s]}`, strings.Join(threats, ","), strings.Join(links, ",")))
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if !strings.Contains(notes(r.Dropped), "threats[5000]: a text has more than 16384 bytes, and the rest is cut") {
		t.Error("the cut is not reported")
	}
}

func FuzzRead(f *testing.F) {
	shop, err := os.ReadFile("testdata/shop.tc.json")
	if err != nil {
		f.Fatal(err)
	}
	importkit.Fuzz(f, Format, string(shop), `{"schema": 1, "threats": [{"impactedAssets": "x", "impactedGoal": "integrity", "tags": "CWE-1"}]}`, `{"schema": 1, "assumptions": [{"content": "\u202e"}], "mitigations": [{}], "threats": [{}]}`)
}
