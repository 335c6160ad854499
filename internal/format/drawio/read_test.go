package drawio

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
)

// TestGolden reads two pages that have something of everything. SSF_UPDATE=1
// writes what must come out.
func TestGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.drawio")
	if err != nil {
		t.Fatal(err)
	}
	_, r, text := importkit.Must(t, Format, "shop.drawio", data)
	report, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"testdata/shop.yaml": text, "testdata/shop.json": string(report) + "\n"} {
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

// pack is what draw.io makes of a page.
func pack(t testing.TB, page string) string {
	t.Helper()
	var escaped strings.Builder
	for _, c := range []byte(page) {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()", c) >= 0 {
			escaped.WriteByte(c)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", c)
		}
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(escaped.String())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestPacked holds that pages mean the same in each of the ways in which draw.io
// keeps them.
func TestPacked(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.drawio")
	if err != nil {
		t.Fatal(err)
	}
	_, _, want := importkit.Must(t, Format, "shop.drawio", data)
	inner := regexp.MustCompile(`(?s)<mxGraphModel.*?</mxGraphModel>`)
	for name, as := range map[string]func(string) string{
		"compressed": func(s string) string { return pack(t, s) },
		"in lines": func(s string) string {
			return regexp.MustCompile(`.{76}`).ReplaceAllString(pack(t, s), "$0\n    ")
		},
		"escaped": func(s string) string {
			return strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(s)
		},
		"percent": func(s string) string {
			return strings.NewReplacer("%", "%25", "<", "%3C", "&", "%26").Replace(s)
		},
	} {
		if _, _, got := importkit.Must(t, Format, "shop.drawio", inner.ReplaceAllFunc(data, func(b []byte) []byte { return []byte(as(string(b))) })); got != want {
			t.Errorf("%s: another model comes out:\n%s", name, cmp.Diff(want, got))
		}
	}
	only := inner.Find(data)
	m, _, _ := importkit.Must(t, Format, "page.xml", only)
	if len(m.Components) != 2 || len(m.Flows) != 2 {
		t.Errorf("a page alone has %d components and %d flows", len(m.Components), len(m.Flows))
	}
}

// drawing is a file of one page with some cells.
func drawing(cells ...string) []byte {
	return []byte(`<mxfile><diagram name="Page-1"><mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>` + strings.Join(cells, "") + `</root></mxGraphModel></diagram></mxfile>`)
}

// box is a shape; where is `parent x y w h`.
func box(id, label, style, where string) string {
	var parent string
	var x, y, w, h int
	if _, err := fmt.Sscan(where, &parent, &x, &y, &w, &h); err != nil {
		panic(err)
	}
	return fmt.Sprintf(`<mxCell id="%s" value="%s" style="%s" vertex="1" parent="%s"><mxGeometry x="%d" y="%d" width="%d" height="%d" as="geometry"/></mxCell>`, id, label, style, parent, x, y, w, h)
}

func arrow(id, label, style, from, to string) string {
	return fmt.Sprintf(`<mxCell id="%s" value="%s" style="%s" edge="1" parent="1" source="%s" target="%s"><mxGeometry relative="1" as="geometry"/></mxCell>`, id, label, style, from, to)
}

// TestShapes says what each shape becomes.
func TestShapes(t *testing.T) {
	for _, test := range []struct{ style, label, want string }{
		{"ellipse;whiteSpace=wrap;html=1;aspect=fixed;", "Thing", "program"},
		{"ellipse;shape=doubleEllipse;", "Thing", "program"},
		{"shape=ellipse;html=1;dashed=0;", "Thing", "program"},
		{"shape=partialRectangle;whiteSpace=wrap;html=1;left=0;right=0;fillColor=none;", "Thing", "datastore"},
		{"shape=cylinder3;size=15;", "Thing", "datastore"},
		{"shape=datastore;", "Sales database", "database"},
		{"html=1;dashed=0;whitespace=wrap;shape=mxgraph.dfd.dataStoreID;align=left;", "Thing", "datastore"},
		{"rounded=0;whiteSpace=wrap;html=1;", "Thing", "component"},
		{"rounded=1;whiteSpace=wrap;html=1;", "Web app", "web_app"},
		{"rounded=0;", "Shop customers", "actor"},
		{"shape=umlActor;", "Thing", "actor"},
		{"ellipse;shape=cloud;", "Thing", "actor"},
		{"html=1;dashed=0;shape=mxgraph.dfd.externalEntity", "Thing", "actor"},
		{"html=1;fillColor=none;dashed=1;strokeColor=#FF3333;", "Thing", "zone"},
		{"swimlane;", "Thing", "zone"},
		{"points=[];outlineConnect=0;shape=mxgraph.aws4.group;grIcon=mxgraph.aws4.group_vpc;dashed=0;", "Thing", "zone"},
		{"sketch=0;shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.lambda;", "Thing", "serverless_function"},
		{"image;aspect=fixed;image=img/lib/azure2/databases/SQL_Database.svg;", "", "database"},
		{"image;image=img/lib/azure2/identity/Users.svg;", "Thing", "actor"},
		{"text;html=1;", "Thing", ""},
		{"shape=note;", "Thing", ""},
		{"shape=or;whiteSpace=wrap;direction=north;", "AND", ""},
		{"swimlane;childLayout=stackLayout;", "Thing", ""},
		{"shape=table;childLayout=tableLayout;", "Thing", ""},
		{"rhombus;", "Thing", ""},
		{"image;image=data:image/png,iVBORw0KGgo=;", "", ""},
		{"ellipse;", "12", ""},
	} {
		t.Run(test.style+test.label, func(t *testing.T) {
			m, r, _ := importkit.Must(t, Format, "x", drawing(box("other", "Other", "ellipse;", "1 500 500 80 80"), box("it", test.label, strings.ReplaceAll(test.style, "ellipse;shape=doubleEllipse", "shape=doubleEllipse"), "1 0 0 100 100")))
			got := ""
			for _, c := range m.Components {
				if c.From == "it" {
					if got = string(c.Kind.ID); got == "" {
						got = "component"
					}
				}
			}
			for _, a := range m.Actors {
				if a.From == "it" {
					got = "actor"
				}
			}
			for _, z := range m.Zones {
				if z.From == "it" {
					got = "zone"
				}
			}
			want := test.want
			if strings.HasPrefix(test.style, "rounded=0") {
				want = "actor" // beside circles
			}
			if got != want {
				t.Errorf("it became %q, want %q", got, want)
			}
			if got == "" && len(r.Dropped) == 0 {
				t.Error("it was left out and nothing says so")
			}
		})
	}
}

// TestRectangles holds that rectangles are processes where no circles are.
func TestRectangles(t *testing.T) {
	m, _, _ := importkit.Must(t, Format, "x", drawing(box("a", "Buyer", "rounded=0;", "1 0 0 100 60"), box("b", "Web app", "rounded=0;", "1 300 0 100 60"), arrow("f", "Order", "", "a", "b")))
	if len(m.Actors) != 1 || len(m.Components) != 1 || m.Components[0].Kind.ID != "web_app" {
		t.Errorf("%d actors, %d components", len(m.Actors), len(m.Components))
	}
}

func TestFlows(t *testing.T) {
	a, b := box("a", "A part", "ellipse;", "1 0 0 100 100"), box("b", "B part", "ellipse;", "1 300 0 100 100")
	loose := func(style, x1, x2 string) string {
		return `<mxCell id="f" value="F" style="` + style + `" edge="1" parent="1"><mxGeometry relative="1" as="geometry"><mxPoint x="` + x1 + `" y="50" as="sourcePoint"/><mxPoint x="` + x2 + `" y="50" as="targetPoint"/></mxGeometry></mxCell>`
	}
	for _, test := range []struct {
		name, cell, from, to, over string
		notes                      string
	}{
		{"an arrow", arrow("f", "F", "html=1;", "a", "b"), "a-part", "b-part", "", ""},
		{"an arrow back", arrow("f", "F", "startArrow=block;endArrow=none;", "a", "b"), "b-part", "a-part", "", ""},
		{"two arrows", arrow("f", "F", "startArrow=block;endArrow=block;", "a", "b"), "a-part", "b-part", "", "arrows at both ends"},
		{"no arrow", arrow("f", "F", "endArrow=none;", "a", "b"), "a-part", "b-part", "", "no arrow"},
		{"dashed between shapes", arrow("f", "F", "dashed=1;endArrow=none;", "a", "b"), "a-part", "b-part", "", "no arrow"},
		{"to itself", arrow("f", "F", "", "a", "a"), "", "", "", "begins and ends at"},
		{"by its place", loose("", "105", "295"), "a-part", "b-part", "", "not attached"},
		{"a protocol", arrow("f", "Orders (HTTPS)", "", "a", "b"), "a-part", "b-part", "https", "its text says so"},
		{"two protocols", arrow("f", "HTTP or SSH", "", "a", "b"), "a-part", "b-part", "", ""},
		{"to nothing near", loose("", "105", "200"), "", "", "", "attached to nothing"},
		{"to what is gone", arrow("f", "F", "", "a", "gone"), "", "", "", "does not have"},
		{"a boundary", loose("dashed=1;endArrow=none;", "105", "200"), "", "", "", "taken to be a trust boundary"},
		{"a loose line", loose("", "150", "200"), "", "", "", "begins and ends at nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, r, _ := importkit.Must(t, Format, "x", drawing(a, b, test.cell))
			from, to, over := "", "", ""
			for _, f := range m.Flows {
				from, to, over = string(f.From.ID), string(f.To.ID), string(f.Over.ID)
			}
			if from != test.from || to != test.to || over != test.over {
				t.Errorf("%s to %s over %q, want %s to %s over %q", from, to, over, test.from, test.to, test.over)
			}
			if notes := slices.Concat(r.Guessed, r.Dropped); !slices.ContainsFunc(notes, func(n format.Note) bool { return strings.Contains(n.Says, test.notes) }) {
				t.Errorf("no note says %q: %v", test.notes, notes)
			}
		})
	}
}

// TestZones holds the ways in which a shape gets into a zone.
func TestZones(t *testing.T) {
	part := func(parent string) string { return box("p", "Part", "ellipse;", parent+" 20 20 50 50") }
	for name, cells := range map[string][]string{
		"a dashed box behind":      {box("z", "Z", "fillColor=none;dashed=1;", "1 0 0 200 200"), part("1")},
		"a solid box behind":       {box("z", "Z", "rounded=0;", "1 0 0 200 200"), part("1")},
		"a swimlane around":        {box("z", "Z", "swimlane;", "1 0 0 200 200"), part("z")},
		"a container around":       {box("z", "Z", "rounded=0;container=1;", "1 0 0 200 200"), part("z")},
		"a plain shape around":     {box("z", "Z", "rounded=0;", "1 0 0 200 200"), part("z")},
		"a group in it":            {box("z", "Z", "swimlane;", "1 0 0 200 200"), box("g", "", "group", "z 10 10 100 100"), part("g")},
		"a group with a label":     {box("z", "Z", "group", "1 0 0 200 200"), part("z")},
		"a text that names it":     {box("z", "", "swimlane;", "1 0 0 200 200"), box("t", "Z", "text;", "z 0 0 50 20"), part("z")},
		"a property":               {`<object id="z" label="Z" type="Trust Boundary"><mxCell vertex="1" parent="1" style="ellipse;"><mxGeometry width="200" height="200" as="geometry"/></mxCell></object>`, part("1")},
		"one in another, far away": {box("y", "Y", "swimlane;", "1 0 0 500 500"), box("z", "Z", "swimlane;", "y 600 600 200 200"), part("z")},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, _ := importkit.Must(t, Format, "x", drawing(cells...))
			if len(m.Components) != 1 || m.Components[0].Zone.ID != "z" {
				t.Errorf("%d components, the first in zone %q", len(m.Components), m.Components[0].Zone.ID)
			}
		})
	}
	m, _, _ := importkit.Must(t, Format, "x", drawing(box("a", "A", "ellipse;", "1 0 0 100 100"), box("b", "B", "ellipse;", "1 300 0 100 100"), arrow("f", "F", "", "a", "b"), box("l", "", "shape=requiredInterface;html=1;dashed=1;strokeColor=#FF3333;", "1 190 -100 20 330")))
	if a, b := m.Components[0].Zone.ID, m.Components[1].Zone.ID; a == "" || b == "" || a == b {
		t.Errorf("the zones on both sides of a line are %q and %q", a, b)
	}
}

// TestProperties holds what becomes of properties that people gave to shapes.
func TestProperties(t *testing.T) {
	object := func(props, style string) string {
		return `<UserObject id="o" label="%name%" placeholders="1" name="Mail" ` + props + `><mxCell style="` + style + `" vertex="1" parent="1"><mxGeometry width="100" height="100" as="geometry"/></mxCell></UserObject>`
	}
	m, _, _ := importkit.Must(t, Format, "x", drawing(object(`description="Sends it." tech="Go" owner="Ada" link="https://example.org"`, "ellipse;")))
	c := m.Components[0]
	if c.Title != "Mail" || c.Says != "Sends it.\ntech: Go\nowner: Ada" && c.Says != "Sends it.\nowner: Ada" {
		t.Errorf("%q says %q", c.Title, c.Says)
	}
	m, _, _ = importkit.Must(t, Format, "x", drawing(object(`type="Data Store" technology="MongoDB"`, "rounded=1;")))
	if c := m.Components[0]; c.Kind.ID != "document_store" || len(c.Tech) != 1 || c.Tech[0].ID != "mongodb" {
		t.Errorf("it is a %s with %v", c.Kind.ID, c.Tech)
	}
	m, _, _ = importkit.Must(t, Format, "x", drawing(object(`type="External Entity"`, "ellipse;"), object(`kind="api"`, "ellipse;")))
	if len(m.Actors) != 1 || len(m.Components) != 1 || m.Components[0].Kind.ID != "api" {
		t.Errorf("%d actors, components %+v", len(m.Actors), m.Components)
	}
	flow := `<object id="f" label="Orders" protocol="mqtt" encrypted="yes" authenticated="no" classification="secret"><mxCell edge="1" parent="1" source="a" target="b"><mxGeometry relative="1" as="geometry"/></mxCell></object>`
	m, _, _ = importkit.Must(t, Format, "x", drawing(box("a", "A", "ellipse;", "1 0 0 9 9"), box("b", "B", "ellipse;", "1 50 0 9 9"), flow))
	f := m.Flows[0]
	facts := map[ssf.ID]ssf.Value{}
	for _, x := range f.Facts {
		facts[x.Fact.ID] = x.Value
	}
	if f.Over.ID != "mqtt" || facts["encrypted"] != "yes" || facts["authenticated"] != "" || f.Says != "authenticated: no\nclassification: secret" {
		t.Errorf("over %s with %v says %q", f.Over.ID, facts, f.Says)
	}
}

func TestLabels(t *testing.T) {
	for _, test := range []struct{ label, name, says string }{
		{"Web&lt;br&gt;shop", "Web shop", ""},
		{"&lt;div&gt;&lt;b&gt;Till&lt;/b&gt;&lt;/div&gt;&lt;div&gt;(Go)&lt;/div&gt;", "Till", "(Go)"},
		{"Till&lt;br&gt;&amp;nbsp;sells &amp;amp; counts&lt;br&gt;3 lines", "Till", "sells & counts\n3 lines"},
		{"&lt;script&gt;alert(1)&lt;/script&gt;Till&lt;!-- no --&gt;", "Till", ""},
		{"a &lt; b", "a < b", ""},
		{"лавка", "лавка", ""},
		{"To&#x202e;olb", "Toolb", ""},
	} {
		m, _, _ := importkit.Must(t, Format, "x", drawing(box("a", test.label, "ellipse;html=1;", "1 0 0 9 9")))
		if c := m.Components[0]; c.Title != test.name || c.Says != test.says {
			t.Errorf("%s became %q and %q", test.label, c.Title, c.Says)
		}
	}
	m, _, _ := importkit.Must(t, Format, "x", drawing(box("a", "x &lt;b&gt; y", "ellipse;", "1 0 0 9 9")))
	if m.Components[0].Title != "x <b> y" {
		t.Errorf("a label that is no HTML became %q", m.Components[0].Title)
	}
}

// TestCounts holds that a generated page gives as many elements as it has.
func TestCounts(t *testing.T) {
	var cells []string
	for i := range 200 {
		cells = append(cells, box(fmt.Sprint("p", i), fmt.Sprint("Part ", i%50), "ellipse;", fmt.Sprint("1 ", i*100, " 0 80 80")))
		if i > 0 {
			cells = append(cells, arrow(fmt.Sprint("f", i), "", "", fmt.Sprint("p", i-1), fmt.Sprint("p", i)))
		}
	}
	cells = append(cells, cells[0]) // an id that is there already
	m, r, _ := importkit.Must(t, Format, "x", drawing(cells...))
	if len(m.Components) != 201 || len(m.Flows) != 199 {
		t.Errorf("%d components and %d flows", len(m.Components), len(m.Flows))
	}
	if !slices.ContainsFunc(r.Guessed, func(n format.Note) bool { return strings.Contains(n.Says, "is used before") }) {
		t.Error("nothing says that an id is doubled")
	}
}

func TestRefused(t *testing.T) {
	bomb := pack(t, "<mxGraphModel>"+strings.Repeat("x", maxUnpacked+1)+"</mxGraphModel>")
	half := pack(t, "<mxGraphModel>"+strings.Repeat("x", maxUnpacked/2)+"</mxGraphModel>")
	diagram := func(s string) string { return "<diagram name=\"P\">" + s + "</diagram>" }
	for _, test := range []struct{ name, data, why string }{
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00", "this is a PNG picture"},
		{"an SVG picture", "<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"x\" \"y\">\n<svg content=\"&lt;mxfile&gt;\"/>", "this is an SVG picture"},
		{"a library", "<mxlibrary>[]</mxlibrary>", "this is a library of shapes"},
		{"texts only", string(drawing(box("a", "Hello", "text;", "1 0 0 9 9"), box("n", "Note", "shape=note;", "1 0 0 9 9"))), "no shape that could be a part of a system"},
		{"no pages", "<mxfile/>", "no shape that could be"},
		{"no base64", "<mxfile>" + diagram("!!!") + "</mxfile>", "it is not base64"},
		{"not deflated", "<mxfile>" + diagram("AAAA") + "</mxfile>", "it is not compressed"},
		{"cut off", "<mxfile>" + diagram(pack(t, string(drawing()))[:40]) + "</mxfile>", "it is not compressed"},
		{"no XML inside", "<mxfile>" + diagram(pack(t, "<a><b></a>")) + "</mxfile>", "is no diagram inside"},
		{"a bomb", "<mxfile>" + diagram(bomb) + "</mxfile>", "when they are unpacked"},
		{"a bomb of many pages", "<mxfile>" + strings.Repeat(diagram(half), 3) + "</mxfile>", "when they are unpacked"},
		{"too many shapes", string(drawing(strings.Repeat(box("a", "A", "ellipse;", "1 0 0 9 9"), maxShapes+1))), "more than 20000 shapes"},
		{"an entity", "<!DOCTYPE mxfile [<!ENTITY e 'x'>]><mxfile/>", "DOCTYPE"},
		{"something else", "<other/>", "this is no file of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, _, err := importkit.Import(t, Format, "x.drawio", []byte(test.data), nil)
			if err == nil || !strings.Contains(err.Error(), test.why) || !strings.HasPrefix(err.Error(), "x.drawio:") {
				t.Errorf("got %v, want %q", err, test.why)
			}
		})
	}
}

// TestLoops holds that shapes around each other in a circle end.
func TestLoops(t *testing.T) {
	var deep []string
	for i := range 500 {
		deep = append(deep, box(fmt.Sprint("d", i), "", "swimlane;", fmt.Sprint("d", i+1, " 1 1 50 50")))
	}
	for name, cells := range map[string][]string{
		"around each other": {box("a", "A", "swimlane;", "b 0 0 9 9"), box("b", "B", "swimlane;", "a 0 0 9 9")},
		"around itself":     {box("a", "A", "swimlane;", "a 0 0 9 9")},
		"groups":            {box("a", "", "group", "b 0 0 9 9"), box("b", "", "group", "a 0 0 9 9"), box("t", "T", "text", "a 0 0 9 9")},
		"rows":              {box("a", "x", "shape=tableRow", "b 0 0 9 9"), box("b", "y", "shape=tableRow", "a 0 0 9 9")},
		"lines":             {arrow("e", "E", "", "e", "e"), arrow("g", "G", "", "e", "p")},
		"deep":              deep,
	} {
		t.Run(name, func(t *testing.T) {
			m, _, _ := importkit.Must(t, Format, "x", drawing(append(cells, box("p", "Part", "ellipse;", "a 0 0 9 9"), box("q", "Other", "ellipse;", "1 0 0 9 9"))...))
			if len(m.Components) == 0 {
				t.Errorf("%d components", len(m.Components))
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("testdata/shop.drawio")
	if err != nil {
		f.Fatal(err)
	}
	importkit.Fuzz(f, Format, string(data), string(drawing(box("a", "A", "ellipse;", "1 0 0 9 9"), arrow("f", "F", "", "a", "a"))), "<mxfile><diagram>"+pack(f, string(drawing(box("a", "A", "shape=cylinder3", "1 0 0 9 9"))))+"</diagram></mxfile>", "<mxGraphModel><root><mxCell vertex=\"1\" value=\"x\"/></root></mxGraphModel>")
}
