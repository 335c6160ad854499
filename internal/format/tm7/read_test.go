package tm7

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
)

// TestGolden reads a small model that has something of everything. SSF_UPDATE=1
// writes what must come out.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/library.tm7")
	if err != nil {
		t.Fatal(err)
	}
	_, r, text := importkit.Must(t, Format, "library.tm7", data)
	report, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"testdata/library.yaml": text, "testdata/library.json": string(report) + "\n"} {
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

// tally counts what a file has, by going through its XML as it stands.
func tally(t *testing.T, data []byte) map[string]int {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(data))
	counts := map[string]int{}
	proposals := map[string]bool{}
	var path []string
	var text strings.Builder
	key := ""
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			text.Reset()
			if len(path) == 3 && path[1] == "ThreatInstances" {
				counts["threats"]++
			}
			if len(path) == 3 && path[2] == "DrawingSurfaceModel" {
				counts["diagrams"]++
			}
		case xml.CharData:
			text.Write(tok)
		case xml.EndElement:
			switch {
			case tok.Name.Local == "GenericTypeId" && slices.Contains(path, "DrawingSurfaceList"):
				counts[map[string]string{"GE.P": "components", "GE.DS": "components", "GE.EI": "actors", "GE.DF": "flows", "GE.TB.B": "zones"}[text.String()]]++
			case len(path) > 3 && path[1] == "ThreatInstances" && tok.Name.Local == "Key":
				key = text.String()
			case len(path) > 3 && path[1] == "ThreatInstances" && tok.Name.Local == "Value" && key == "PossibleMitigations" && text.Len() > 0:
				proposals[text.String()] = true
			}
			path = path[:len(path)-1]
		}
	}
	counts["mitigations"] = len(proposals)
	delete(counts, "")
	return counts
}

func TestCorpus(t *testing.T) {
	for _, name := range importkit.Corpus(t, "tm7") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m, r, text := importkit.Must(t, Format, name, data)
			want := tally(t, data)
			for what, n := range want {
				if got := of(r, what); got.Of != n && n > 0 {
					t.Errorf("%d %s, and the file has %d", got.Of, what, n)
				}
			}
			here := map[string]int{"components": len(m.Components), "actors": len(m.Actors), "flows": len(m.Flows), "threats": len(m.Threats), "mitigations": len(m.Mitigations)}
			for what, n := range here {
				if n != want[what] {
					t.Errorf("the model has %d %s, and the file %d", n, what, want[what])
				}
			}
			if strings.Contains(text, "<a href") || strings.Contains(text, "{source") || strings.Contains(text, "{target") {
				t.Error("a text has marks or places that were not filled")
			}
			for _, n := range r.Dropped {
				if strings.HasPrefix(n.Says, "not part of our language") {
					t.Errorf("%s: nobody looked at it: %s", n.Path, n.Says)
				}
			}
		})
	}
}

// of is a count in a report.
func of(r *format.Report, what string) format.Count {
	for _, c := range r.Carried {
		if c.What == what {
			return c
		}
	}
	return format.Count{What: what}
}

// An el is an element of a made-up model; ge and se are its two types.
type el struct{ id, ge, se, name, props, more string }

// model is a file with some diagrams and threats.
func model(threats string, surfaces ...[]el) []byte {
	var b strings.Builder
	b.WriteString(`<ThreatModel xmlns:i="x" xmlns:a="y"><DrawingSurfaceList>`)
	for i, els := range surfaces {
		fmt.Fprintf(&b, "<DrawingSurfaceModel><Guid>surface-%d</Guid><Borders>", i)
		for _, e := range els {
			fmt.Fprintf(&b, `<a:KV><a:Key>key</a:Key><a:Value><GenericTypeId>%s</GenericTypeId><Guid>%s</Guid><Properties><a:anyType i:type="b:StringDisplayAttribute"><DisplayName>Name</DisplayName><Name/><Value>%s</Value></a:anyType>%s</Properties><TypeId>%s</TypeId>%s</a:Value></a:KV>`, e.ge, e.id, e.name, e.props, e.se, e.more)
		}
		b.WriteString("</Borders></DrawingSurfaceModel>")
	}
	b.WriteString("</DrawingSurfaceList><ThreatInstances>" + threats + "</ThreatInstances></ThreatModel>")
	return []byte(b.String())
}

func choice(name, index string, values ...string) string {
	s := `<a:anyType i:type="b:ListDisplayAttribute"><DisplayName>` + name + `</DisplayName><Name>` + name + `</Name><Value>`
	for _, v := range values {
		s += "<a:string>" + v + "</a:string>"
	}
	return s + "</Value><SelectedIndex>" + index + "</SelectedIndex></a:anyType>"
}

func threat(typ, flow, state, title string) string {
	return `<a:KV><a:Key>k</a:Key><a:Value><DrawingSurfaceGuid>surface-0</DrawingSurfaceGuid><FlowGuid>` + flow + `</FlowGuid><Id>1</Id><State>` + state + `</State><TypeId>` + typ + `</TypeId><Title>` + title + `</Title><StateInformation>Because.</StateInformation></a:Value></a:KV>`
}

func between(from, to string) string {
	return "<SourceGuid>" + from + "</SourceGuid><TargetGuid>" + to + "</TargetGuid>"
}

var pair = []el{
	{id: "p", ge: "GE.P", se: "SE.P.TMCore.WebAPI", name: "Orders"},
	{id: "s", ge: "GE.DS", se: "SE.DS.TMCore.AzureSQLDB", name: "Rows"},
	{id: "f", ge: "GE.DF", se: "SE.DF.TMCore.SMB", name: "Query", more: between("p", "s")},
}

func TestTypes(t *testing.T) {
	m, _, _ := importkit.Must(t, Format, "x", model("", pair))
	if c := m.Components[0]; c.Kind.ID != "api" {
		t.Errorf("a Web API is of kind %q", c.Kind.ID)
	}
	if c := m.Components[1]; c.Kind.ID != "database" || len(c.Tech) != 1 || c.Tech[0].ID != "azure_sql" {
		t.Errorf("an Azure SQL Database is %q with %v", c.Kind.ID, c.Tech)
	}
	if f := m.Flows[0]; f.Over.ID != "smb" || f.From.ID != "orders" || f.To.ID != "rows" {
		t.Errorf("the flow is %+v", f)
	}
}

// fact is the value of a declared fact.
func fact(e *ssf.Element, name ssf.ID) ssf.Value {
	for _, f := range e.Facts {
		if f.Fact.ID == name {
			return f.Value
		}
	}
	return ""
}

// TestDefaults holds that what the tool preselects says nothing, and that what
// somebody chose does.
func TestDefaults(t *testing.T) {
	for _, test := range []struct {
		props string
		want  ssf.Value
	}{
		{choice("providesConfidentiality", "0", "No", "Yes"), ""},
		{choice("providesConfidentiality", "1", "No", "Yes"), "yes"},
		{choice("providesConfidentiality", "1", "Yes", "No"), "no"},
		{choice("providesConfidentiality", "1", "x", "Not Selected", "Yes"), ""},
		{choice("providesConfidentiality", "7", "No", "Yes"), ""},
		{choice("providesConfidentiality", "-1", "No", "Yes"), ""},
		{choice("providesConfidentiality", "one", "No", "Yes"), ""},
		{choice("providesConfidentiality", "1"), ""},
	} {
		els := slices.Clone(pair)
		els[2].props, els[2].se = test.props, "GE.DF"
		m, _, _ := importkit.Must(t, Format, "x", model("", els))
		if got := fact(&m.Flows[0].Element, "encrypted"); got != test.want {
			t.Errorf("%s: encrypted is %q, want %q", test.props, got, test.want)
		}
	}
}

func TestStates(t *testing.T) {
	for _, test := range []struct{ state, treat, mitigation string }{
		{"AutoGenerated", "", ""},
		{"NotStarted", "", ""},
		{"Not Started", "", ""},
		{"NeedsInvestigation", "", ""},
		{"needs investigation", "", ""},
		{"NotApplicable", "not_applicable", ""},
		{"Not Applicable", "not_applicable", ""},
		{"Mitigated", "", "implemented"},
		{"MITIGATED", "", "implemented"},
		{"Whatever", "", ""},
		{"", "", ""},
	} {
		m, _, _ := importkit.Must(t, Format, "x", model(threat("X1", "f", test.state, "Trouble"), pair))
		treat, state := "", ""
		for _, d := range m.Decisions {
			treat = string(d.Treat.ID)
		}
		for _, x := range m.Mitigations {
			state = string(x.State.ID)
		}
		if treat != test.treat || state != test.mitigation || len(m.Threats) != 1 || m.Threats[0].At.ID != "query" {
			t.Errorf("%q: treated as %q, mitigation %q, %d threats", test.state, treat, state, len(m.Threats))
		}
	}
}

func TestOddFiles(t *testing.T) {
	for name, test := range map[string]struct {
		data                       []byte
		components, flows, threats int
		says                       string // in the report
	}{
		"an empty diagram":         {model("", nil, pair), 2, 1, 0, ""},
		"two diagrams of the same": {model(threat("X", "f", "", "T"), pair, pair), 4, 2, 1, ""},
		"a repeated id":            {model("", append(slices.Clone(pair), pair[0])), 3, 1, 0, "is used before"},
		"a loose flow":             {model(threat("X", "f", "", "T"), []el{pair[0], {id: "f", ge: "GE.DF", more: between("p", nowhere)}}), 1, 0, 1, "attached to nothing"},
		"a flow to what is gone":   {model("", []el{pair[0], {id: "f", ge: "GE.DF", name: "F", more: between("p", "q")}}), 1, 0, 0, "which the file does not have"},
		"a flow to itself":         {model("", []el{pair[0], {id: "f", ge: "GE.DF", name: "F", more: between("p", "p")}}), 1, 0, 0, "begins and ends at"},
		"a threat of nothing":      {model(threat("X", "gone", "", "T"), pair), 2, 1, 1, "taken to threaten the system"},
		"a broken threat":          {model("<a:KV/><b>text</b>"+threat("X", "f", "", "T"), pair), 2, 1, 1, "an entry without a threat"},
		"a broken element":         {model("", append(slices.Clone(pair), el{id: "z", ge: "GE.Q"})), 2, 1, 0, "unknown type"},
		"no names":                 {model(threat("", "", "", ""), []el{{ge: "GE.P"}, {ge: "GE.P"}}), 2, 0, 1, ""},
		"other letters":            {model(threat("X", "f", "", "Угроза"), []el{{id: "p", ge: "GE.P", name: "Заказы"}, {id: "s", ge: "GE.DS", name: "数据"}, {id: "f", ge: "GE.DF", name: "לשאול\u202e", more: between("p", "s")}}), 2, 1, 1, ""},
		"text for a list":          {[]byte(`<ThreatModel><DrawingSurfaceList><DrawingSurfaceModel>words</DrawingSurfaceModel><DrawingSurfaceModel><Borders>words</Borders><Lines><a/></Lines></DrawingSurfaceModel></DrawingSurfaceList><ThreatInstances>words</ThreatInstances></ThreatModel>`), 0, 0, 0, "no element"},
	} {
		t.Run(name, func(t *testing.T) {
			m, r, _ := importkit.Must(t, Format, "x", test.data)
			if len(m.Components) != test.components || len(m.Flows) != test.flows || len(m.Threats) != test.threats {
				t.Errorf("%d components, %d flows, %d threats; want %d, %d, %d", len(m.Components), len(m.Flows), len(m.Threats), test.components, test.flows, test.threats)
			}
			notes := slices.Concat(r.Guessed, r.Dropped)
			if !slices.ContainsFunc(notes, func(n format.Note) bool { return strings.Contains(n.Says, test.says) }) && test.says != "" {
				t.Errorf("no note says %q: %v", test.says, notes)
			}
		})
	}
}

// TestLine holds that a boundary that is a line puts what it separates into zones.
func TestLine(t *testing.T) {
	at := func(x string) string {
		return "<Left>" + x + "</Left><Top>0</Top><Width>100</Width><Height>100</Height>"
	}
	els := []el{
		{id: "u", ge: "GE.EI", se: "SE.EI.TMCore.User", name: "Reader", more: at("0")},
		{id: "p", ge: "GE.P", name: "Site", more: at("300")},
		{id: "f", ge: "GE.DF", name: "Search", more: between("u", "p")},
		{id: "b", ge: "GE.TB.L", name: "Internet Boundary", more: "<SourceX>200</SourceX><SourceY>-100</SourceY><HandleX>210</HandleX><HandleY>50</HandleY><TargetX>200</TargetX><TargetY>300</TargetY>" + between(nowhere, nowhere)},
	}
	m, _, _ := importkit.Must(t, Format, "x", model("", els))
	if a, c := m.Actors[0].Zone.ID, m.Components[0].Zone.ID; a == "" || c == "" || a == c {
		t.Errorf("the zones on both sides of the line are %q and %q", a, c)
	}
}

func TestRefused(t *testing.T) {
	for _, test := range []struct{ data, why string }{
		{`<KnowledgeBase><ThreatTypes><x/></ThreatTypes></KnowledgeBase>`, "this is a template"},
		{`<ThreatModel><DrawingSurfaceList/></ThreatModel>`, "no diagrams"},
		{`<ThreatModel><DrawingSurfaceList><a></DrawingSurfaceList></ThreatModel>`, "this is not XML"},
		{`<ThreatModel><Other/></ThreatModel>`, "this is no file of"},
		{`<!DOCTYPE x [<!ENTITY e "e">]><ThreatModel><DrawingSurfaceList>&e;</DrawingSurfaceList></ThreatModel>`, "DOCTYPE"},
		{strings.Repeat("<ThreatModel><DrawingSurfaceList>", 60) + strings.Repeat("</DrawingSurfaceList></ThreatModel>", 60), "nested more than"},
	} {
		_, _, _, err := importkit.Import(t, Format, "x.tm7", []byte(test.data), nil)
		if err == nil || !strings.Contains(err.Error(), test.why) || !strings.HasPrefix(err.Error(), "x.tm7:1:") {
			t.Errorf("%.60s: got %v, want %q at x.tm7:1", test.data, err, test.why)
		}
	}
}

// TestTables holds that the tables name only what the library has.
func TestTables(t *testing.T) {
	var els []el
	for typ := range stencils {
		class, _, _ := strings.Cut(typ, ".")
		els = append(els, el{id: typ, ge: "GE." + strings.TrimPrefix(class, "G"), se: "SE." + typ, name: "Thing"})
	}
	m, r, _ := importkit.Must(t, Format, "x", model("", els))
	for _, n := range r.Dropped {
		t.Errorf("%s: %s", n.Path, n.Says)
	}
	tech := 0
	for _, c := range m.Components {
		tech += len(c.Tech)
		if c.Kind.ID == "" {
			t.Errorf("%s has no kind", c.From)
		}
	}
	want := 0
	for _, s := range stencils {
		want += len(s.tech)
	}
	if tech != want || len(m.Components) != len(stencils) {
		t.Errorf("%d of %d technologies at %d of %d components", tech, want, len(m.Components), len(stencils))
	}
}

func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("testdata/library.tm7")
	if err != nil {
		f.Fatal(err)
	}
	importkit.Fuzz(f, Format, string(data), string(model(threat("T7", "f", "Mitigated", "{source.Name}"), pair, pair)), string(model("", []el{{}, {ge: "GE.TB.B"}, {ge: "GE.DF"}})))
}

// TestThreatened holds at which end of a flow a threat stands: the one that it
// names first, by its name or stencil, and neither if it is about what flows.
func TestThreatened(t *testing.T) {
	part := func(name, stencil string) *format.Element {
		n, err := format.Parse("part.json", []byte(`{"TypeId": "`+stencil+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		return &format.Element{Node: n, Key: name, Name: name}
	}
	r := &reader{kb: knowledge{elements: map[string]string{"api": "Web API", "p": "Generic Process"}}}
	x := interaction{part("Phone", "phone"), part("Orders", "api"), part("Asks from Phone", "flow")}
	stands := func(x interaction, title, says, class, want string) {
		at := ""
		if end := r.threatened(x, &format.Threat{Name: title, Says: says, Stride: []string{class}}); end != nil {
			at = end.Name
		}
		if at != want {
			t.Errorf("%q, %q stands at %q, want %q", title, says, at, want)
		}
	}
	for _, c := range []struct{ title, says, class, at string }{
		{"Spoofing of Phone", "Orders is asked.", "spoofing", "Phone"},
		{"Somebody takes over the web api", "", "elevation_of_privilege", "Orders"},
		{"Phone deceives Orders", "", "spoofing", "Phone"},
		{"Orders is deceived by Phone", "", "spoofing", "Orders"},
		{"Something else", "It runs in Orders.", "tampering", "Orders"},
		{"Data flow to Orders is interrupted", "", "denial_of_service", ""},
		{"Reordered records", "", "repudiation", "Orders"}, // which is no word of its own in them
		{"Reordered records", "", "tampering", ""},
		{"Generic Process stops", "", "denial_of_service", ""},
		{"Somebody reverses the API", "", "tampering", "Orders"}, // a word of its stencil
		{"Somebody reads the web", "", "tampering", ""},
		{"Phones and Reorders", "", "tampering", ""},
	} {
		stands(x, c.title, c.says, c.class, c.at)
	}
	for _, c := range []struct{ source, target, title, says, at string }{
		{"Web", "Web Server", "Spoofing of Web Server", "It is asked by Web.", "Web Server"},
		{"Web", "Web Server", "Spoofing of Web", "", "Web"},
		{"DB", "Server", "Spoofing of DB", "Server reads it.", "DB"},
		{"IT", "Server", "It stops Server", "", "Server"},
		{"A", "Server", "A process stops", "Server is asked.", ""}, // which A it is, nobody can tell
		{"Browser", "Generic Data Store", "Spoofing of Generic Data Store", "Browser writes to it.", "Generic Data Store"},
		{"Browser", "Azure Traffic Manager", "Somebody spoofs Azure Traffic Manager", "", "Azure Traffic Manager"},
		{"Data", "Server", "Data flow is interrupted", "", ""},
		{"Browser", "Server", "Asks from Phone are read by others", "By Browser.", ""},
		{"Browser", strings.Repeat("Long ", 1<<20), "Spoofing of Browser", "", ""},
	} {
		stands(interaction{part(c.source, "x"), part(c.target, "y"), x.flow}, c.title, c.says, "", c.at)
	}
	if r.threatened(interaction{flow: x.flow, source: x.source}, &format.Threat{Name: "Phone"}) != nil {
		t.Error("a flow with one end has a threat at it")
	}
	if r.threatened(x, &format.Threat{Name: "Phone", Same: []ssf.ID{"eavesdropping"}}) != nil {
		t.Error("what the library has at flows stands at an end")
	}
}
