package hcltm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/testkit/importkit"
)

// blocks counts the lines on which a block of some names begins, which is another
// way than the reader's.
func blocks(data []byte, names string) int {
	return len(regexp.MustCompile(`(?m)^[ \t]*(`+names+`)([ \t]+"[^"\n]*")*[ \t]*\{`).FindAll(data, -1))
}

func TestCorpus(t *testing.T) {
	for _, name := range importkit.Corpus(t, "hcltm") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			m, r, _ := importkit.Must(t, Format, name, data)
			got := []int{len(m.Assets), len(m.Components), len(m.Threats), len(m.Mitigations), count(r, "use cases"), count(r, "threat models")}
			want := []int{blocks(data, "information_asset"), blocks(data, "third_party_dependency"), blocks(data, "threat"), blocks(data, "control|expanded_control|proposed_control"), blocks(data, "usecase"), blocks(data, "threatmodel")}
			if !slices.Equal(got, want) {
				t.Errorf("assets, dependencies, threats, controls, use cases, models: %v, and the file has %v", got, want)
			}
			for _, x := range m.Mitigations {
				if string(x.State.ID) != "implemented" || len(x.Counters) != 1 {
					t.Errorf("%s: state %s, counters %d", x.ID, x.State.ID, len(x.Counters))
				}
			}
			for _, d := range r.Dropped {
				if !strings.HasSuffix(d.Path, ".author") {
					t.Errorf("dropped at %s: %s", d.Path, d.Says)
				}
			}
		})
	}
}

func count(r *format.Report, what string) int {
	for _, c := range r.Carried {
		if c.What == what {
			return c.Here
		}
	}
	return 0
}

func TestExample(t *testing.T) {
	data, err := os.ReadFile("testdata/shop.hcl")
	if err != nil {
		t.Fatal(err)
	}
	open := func(name string) ([]byte, error) { return fs.ReadFile(os.DirFS("testdata"), name) }
	m, r, text, err := importkit.Import(t, Format, "shop.hcl", data, open)
	if err != nil {
		t.Fatal(err)
	}
	// The dependency Stripe is the external element Stripe too; a zone and an asset are ours.
	got := []int{len(m.Components) + len(m.Actors), len(m.Flows), len(m.Zones), len(m.Assets), len(m.Threats)}
	want := []int{blocks(data, "process|external_element|data_store|third_party_dependency") - 1, blocks(data, "flow") - 1, blocks(data, "trust_zone"), blocks(data, "information_asset") + 1, blocks(data, "threat")}
	if !slices.Equal(got, want) {
		t.Errorf("parts, flows, zones, assets, threats: %v, and the file has %v", got, want)
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
		fmt.Fprintf(&b, "%s:%d:%d %s: %s\n", n.File, n.Line, n.Col, n.Path, n.Says)
	}
	return b.String()
}

// shown is a node as the tests of the syntax write it.
func shown(n *format.Node) string {
	var in []string
	for _, k := range n.Entries() {
		if n.Kind == format.List {
			in = append(in, shown(k))
		} else {
			in = append(in, k.Key+"="+shown(k))
		}
	}
	switch n.Kind {
	case format.List:
		return "[" + strings.Join(in, " ") + "]"
	case format.Map:
		return "{" + strings.Join(in, " ") + "}"
	case format.Text:
		return fmt.Sprintf("%q", n.Text())
	case format.Null:
		return "null"
	}
	return n.Text()
}

func TestSyntax(t *testing.T) {
	for src, want := range map[string]string{
		"a = 1":                       `{a=1}`,
		"a = -1.5e3 # x\nb = 2 // y":  `{a=-1.5e3 b=2}`,
		"/* x\n*/ a = true":           `{a=true}`,
		"a = null":                    `{a=null}`,
		"a = \"\\u00e9\\\"\\\\\\n.\"": `{a="é\"\\\n."}`,
		`a = "$${b} %%{c} $5 100%"`:   `{a="${b} %{c} $5 100%"}`,
		`a = "${"b"}${1}"`:            `{a="b1"}`,
		`a = "x ${b.c} y"`:            `{a={$expression="x ${b.c} y"}}`,
		"variable \"b\" {\nvalue = \"v\"\n}\na = \"x ${var.b} y ${ var.b }\"\nc = var.b": `{variable={@label="b" value="v"} a="x v y v" c="v"}`,
		"a = var.none": `{a={$reference="var.none"}}`,
		"variable \"b\" {\nvalue = f()\n}\na = var.b": `{variable={@label="b" value={$expression="f()"}} a={$reference="var.b"}}`,
		`a = process["3rd"].x`:                        `{a={$reference="process.3rd.x"}}`,
		`a = b[0]`:                                    `{a={$expression="b[0]"}}`,
		`a = b.*.c`:                                   `{a={$expression="b.*.c"}}`,
		`a = f("}", [1], "${g("}")}")`:                `{a={$expression="f(\"}\", [1], \"${g(\"}\")}\")"}}`,
		"a = b ? c : d\ne = 1":                        `{a={$expression="b ? c : d"} e=1}`,
		"a = (\n1 +\n2)\ne = 1":                       `{a={$expression="(\n1 +\n2)"} e=1}`,
		`a = !true`:                                   `{a={$expression="!true"}}`,
		`a = "${~ b ~}"`:                              `{a={$expression="${~ b ~}\""}}`,
		`a = "%{ if "}" == b }x%{ endif }"`:           `{a={$expression="%{ if \"}\" == b }x%{ endif }\""}}`,
		"a = [1, \"x\",\n # c\n true,]":               `{a=[1 "x" true]}`,
		`a = [for x in y : z]`:                        `{a={$expression="[for x in y : z]"}}`,
		`a = { for x in y : z => w }`:                 `{a={$expression="{ for x in y : z => w }"}}`,
		"a = { b = 1, \"c\" : 2\n d = [] }":           `{a={b=1 c=2 d=[]}}`,
		"a = { (b) = 1 }":                             `{a={$expression="{ (b) = 1 }"}}`,
		"a = <<E\nx ${b}\n y\nE\nc = 1":               `{a={$expression="x ${b}\n y"} c=1}`,
		"a = <<-E\n\t\tx\n\n\t\t  y\n\tE\n":           `{a="x\n\n  y"}`,
		"a = [<<E\nx\nE\n, 2]":                        `{a=["x" 2]}`,
		"a = <<E\nE\n":                                `{a=""}`,
		"a = <<E\n  E x\n E\n":                        `{a="E x"}`,
		"b \"x\" y {\n a = 1\n}\nb {}":                `{b={@label="x" @label2="y" a=1} b={}}`,
		"b { a = 1 }":                                 `{b={a=1}}`,
		"b {\r\n a = 1\r\n}\r\n":                      `{b={a=1}}`,
		"größe = \"大\"":                               `{größe="大"}`,
		"\ufeffa = 1":                                 `{a=1}`,
		"":                                            `{}`,
	} {
		n, err := parse("x.hcl", []byte(src))
		if err != nil {
			t.Errorf("%q: %v", src, err)
		} else if got := shown(n); got != want {
			t.Errorf("%q is %s, want %s", src, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	deep := strings.Repeat("[", 101)
	for src, want := range map[string]string{
		"a":                        "x.hcl:1:2: this is not HCL: `=`, a label or `{` is wanted, and here is the end of the file; mend it there",
		"a =":                      "x.hcl:1:4: this is not HCL: a value is wanted, and here is the end of the file; mend it there",
		"a = \nb = 1":              `x.hcl:1:5: this is not HCL: a value is wanted, and here is ""; mend it there`,
		"a = 1 }":                  "x.hcl:1:7: a bracket closes that nothing opened; delete it",
		"a = 1\n\nb {\n c = ":      "x.hcl:4:6: this is not HCL: a value is wanted, and here is the end of the file; mend it there",
		"b {\n c = 1\n":            "x.hcl:3:1: the block \"b\" of line 1 is not closed; the file may have been cut off",
		"a = \"x\nb = 1":           "x.hcl:1:7: the text of line 1 is not closed; close it",
		"a = \"x":                  "x.hcl:1:7: the text of line 1 is not closed; close it",
		"a = \"\\q\"":              `x.hcl:1:6: this is not HCL: an escape such as \n, \" or \u00e9 is wanted, and here is "\\q\""; mend it there`,
		"a = <<E\nx":               "x.hcl:2:2: the text of line 1 is not closed; close it",
		"a = f(]":                  "x.hcl:1:7: this is not HCL: `)` is wanted",
		"a = f(1":                  "x.hcl:1:8: the value of line 1 has a `)` missing; the file may have been cut off",
		"= 1":                      "x.hcl:1:1: this is not HCL: the name of an attribute or block is wanted",
		"a = 1\x00":                "x.hcl:1:1: the file is not text in UTF-8; save the file as UTF-8",
		"a = \xff":                 "x.hcl:1:1: the file is not text in UTF-8; save the file as UTF-8",
		"a = " + deep:              "x.hcl:1:105: values are nested more than 100 deep",
		strings.Repeat("a {", 102): "blocks are nested more than 100 deep",
	} {
		_, err := parse("x.hcl", []byte(src))
		var r *format.Refusal
		if !errors.As(err, &r) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %s", src, err, want)
		}
	}
}

func hcl(body string) string { return "threatmodel \"M\" {\n" + body + "\n}\n" }

func TestRefused(t *testing.T) {
	for src, want := range map[string]string{
		"component \"control\" \"x\" {\n}\n": "f.hcl:1:1: there is no `threatmodel` block in the file; name the file that has one and imports this",
		"threatmodel = 1\n":                  "there is no `threatmodel` block",
	} {
		if _, _, _, err := importkit.Import(t, Format, "f.hcl", []byte(src), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", src, err, want)
		}
	}
}

func TestRecognised(t *testing.T) {
	for src, want := range map[string]bool{
		"# x\nthreatmodel \"a b\" {\n}": true, "component \"control\" \"x\" {}": true, "  threatmodel x {": true,
		"{\"threatmodel\": {}}": false, "threatmodel: x": false, "<a>threatmodel \"a\" {</a>": false, "": false, "resource \"a\" \"b\" {}": false, "- threatmodel \"a\" {": false,
	} {
		if got := Format.Text([]byte(src)); got != want {
			t.Errorf("%q: %v", src, got)
		}
	}
}

func TestThreats(t *testing.T) {
	for body, want := range map[string]string{
		`description = "d"`:               "[system  unknown unknown]",
		"impacts = [\"Confidentiality\"]": "[system  unknown unknown]",
		"information_asset_refs = [\"A one\"]\nimpacts = [\"integrity\", \"Integrity\"]":                     "[a-one a-one.integrity unknown unknown]",
		"information_asset_refs = [\"a_one\", information_asset.b, \"A one\"]\nimpacts = [\"availability\"]": "[a-one a-one.availability b.availability unknown unknown]",
		"information_asset_refs = [\"nobody\"]":                                                              "[system  unknown unknown]",
		"risk {\nlikelihood = \"Very High\"\nimpact = \"very-low\"\n}":                                       "[system  high low]",
		"risk {\nlikelihood = \"low\"\nimpact = \"very_high\"\n}":                                            "[system  low high]",
		"risk {\nlikelihood = \"low\"\nimpact = \"high\"\nseverity = \"critical\"\n}":                        "[system  low critical]",
		"risk {\nlikelihood = \"often\"\nimpact = 7\n}":                                                      "[system  unknown unknown]",
	} {
		m, _, text := importkit.Must(t, Format, "f.hcl", []byte(hcl("information_asset \"A one\" {}\ninformation_asset \"B\" {}\nthreat \"t\" {\n"+body+"\n}")))
		x := m.Threats[0]
		var cells []string
		for _, c := range x.Endangers {
			cells = append(cells, string(c.Element.ID)+"."+string(c.Property.ID))
		}
		level := func(id ssf.ID) string {
			if id == "" {
				return "unknown"
			}
			return string(id)
		}
		if got := fmt.Sprintf("[%s %s %s %s]", x.At.ID, strings.Join(cells, " "), level(x.Likelihood.ID), level(x.Severity.ID)); got != want {
			t.Errorf("%s: %s, want %s\n%s", body, got, want, text)
		}
	}
}

func TestControls(t *testing.T) {
	for body, want := range map[string][]string{
		`control = "guards"`:                                                             {"proposed"},
		"control \"a\" {\nimplemented = true\n}":                                         {"implemented"},
		"control \"a\" {\nimplemented = \"true\"\n}":                                     {"implemented"},
		"expanded_control \"a\" {\nimplemented = false\n}":                               {"proposed"},
		"control \"a\" {\n}":                                                             {"proposed"},
		"proposed_control {\ndescription = \"x\"\nimplemented = true\n}":                 {"implemented"},
		"proposed_control {\n}":                                                          {},
		"control \"a\" {\nimplemented = 1 > 0\n}":                                        {"proposed"},
		"control \"a\" {}\ncontrol \"a\" {}":                                             {"proposed"},
		"control \"a\" {}\ncontrol \"a\" {\ndescription = \"other\"\n}":                  {"proposed", "proposed"},
		"control_imports = [\"import.control.x\", \"x\"]":                                {},
		"control \"a\" {\ndescription = import.control.none.description\n}\ncontrol = 5": {"proposed", "proposed"},
	} {
		m, _, text := importkit.Must(t, Format, "f.hcl", []byte(hcl("threat \"t\" {\n"+body+"\n}")))
		got := []string{}
		for _, x := range m.Mitigations {
			got = append(got, string(x.State.ID))
			if len(x.Counters) != 1 {
				t.Errorf("%s: counters %d", body, len(x.Counters))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v\n%s", body, got, want, text)
		}
	}
}

func TestDiagrams(t *testing.T) {
	const two = `
data_flow_diagram_v2 "a" {
  process "Web" { trust_zone = "outer" }
  external_element "Web" {}
  data_store "Web" {}
  process "Web" {}
  flow "x" {
    from = "Web"
    to = "Web"
  }
  flow "y" {
    from = external_element["Web"]
    to = data_store.web
  }
}
data_flow_diagram_v2 "b" {
  process "Web" { trust_zone = "other" }
  process "日本" {}
  flow "tcp" {
    from = "日本"
    to = "Web"
  }
  flow "z" { from = "" }
}
data_flow_diagram {
  trust_zone "Outer" {
    process "Old" {}
  }
}
data_flow_diagram_v2 "empty" {}
`
	m, r, text := importkit.Must(t, Format, "f.hcl", []byte(hcl(two)))
	// `Web` is twice in the first diagram, and once more in the second, where it is the same.
	if got := []int{len(m.Components), len(m.Actors), len(m.Zones), len(m.Flows), count(r, "diagrams")}; !slices.Equal(got, []int{5, 1, 2, 2, 4}) {
		t.Errorf("components, actors, zones, flows, diagrams: %v\n%s", got, text)
	}
	if m.Components[0].Zone.ID != "outer" {
		t.Errorf("%s is in zone %q", m.Components[0].ID, m.Components[0].Zone.ID)
	}
	for _, want := range []string{"the id 0/process/Web is used before", "Web is in another diagram too", "Web is in another trust zone before", "flow z has an end that is attached to nothing", "flow x begins and ends"} {
		if !strings.Contains(notes(r.Guessed)+notes(r.Dropped), want) {
			t.Errorf("the report does not say %q:\n%s%s", want, notes(r.Guessed), notes(r.Dropped))
		}
	}
}

// Whatever is wrong in one place, the rest is read.
func TestWrongTypes(t *testing.T) {
	good := hcl(`threat "t" {
    description = "d"
    control "c" { description = "e" }
  }
  information_asset "A" { description = "d" }
  data_flow_diagram_v2 "d" {
    process "P" { trust_zone = "Z" }
    data_store "S" { information_asset = "A" }
    flow "f" {
      from = "P"
      to = "S"
    }
  }`)
	value := regexp.MustCompile(`= "[^"]*"`)
	for _, bad := range []string{`= [1, {}]`, `= { a = 1 }`, `= null`, `= f()`, `= 5`, `= ""`, "= \"\u202e\\u0007\"", `= var.x`, `= import.control.x.description`} {
		for i := range value.FindAllString(good, -1) {
			n := -1
			src := value.ReplaceAllStringFunc(good, func(s string) string {
				if n++; n == i {
					return bad
				}
				return s
			})
			m, r, text := importkit.Must(t, Format, "f.hcl", []byte(src))
			if len(m.Threats) != 1 || len(m.Components) != 2 || len(m.Mitigations) != 1 {
				t.Errorf("value %d as %s: %d threats, %d components, %d mitigations\n%s", i, bad, len(m.Threats), len(m.Components), len(m.Mitigations), text)
			}
			if i > 0 && strings.Contains(bad, "(") && !strings.Contains(notes(r.Dropped), "it would have to be computed: f()") {
				t.Errorf("value %d as %s is not reported:\n%s", i, bad, notes(r.Dropped))
			}
		}
	}
}

func TestInclude(t *testing.T) {
	files := fstest.MapFS{
		"two.hcl":   {Data: []byte(hcl("") + hcl(""))},
		"bad.hcl":   {Data: []byte("threatmodel \"x\" {")},
		"loop.hcl":  {Data: []byte("threatmodel \"L\" {\nincluding = \"loop.hcl\"\nthreat \"x\" {}\n}")},
		"sub/a.hcl": {Data: []byte("threatmodel \"A\" {\nincluding = \"b.hcl\"\nthreat \"x\" {}\nthreat \"t\" {}\n}")},
		"sub/b.hcl": {Data: []byte("threatmodel \"B\" {\nimports = [\"../c.hcl\"]\nthreat \"y\" {\ncontrol_imports = [\"import.control.k\"]\n}\n}")},
		"c.hcl":     {Data: []byte("component \"control\" \"k\" {\ndescription = \"K\"\n}")},
	}
	open := func(name string) ([]byte, error) { return fs.ReadFile(files, name) }
	for file, want := range map[string]string{
		"two.hcl":              "1 two.hcl has 2 threat models",
		"bad.hcl":              "1 a threat model that this one includes, bad.hcl, is not read: bad.hcl:1:18: the block",
		"none.hcl":             "1 a threat model that this one includes, none.hcl, is not read",
		"/etc/passwd":          "1 a threat model that this one includes, /etc/passwd, is not in the folder of this file",
		"../x.hcl":             "1 a threat model that this one includes, ../x.hcl, is not in the folder of this file",
		"sub/../../x.hcl":      "is not in the folder of this file",
		"git::https://x/y.hcl": "is not in the folder of this file",
		"x|../../y.hcl":        "is not in the folder of this file",
		"f.hcl":                "1 f.hcl includes itself",
		"loop.hcl":             "2 loop.hcl includes itself",
		"sub/a.hcl":            "3 t stands in the threat model that includes this one",
	} {
		m, r, _, err := importkit.Import(t, Format, "dir/f.hcl", []byte(hcl("threat \"t\" {}\nincluding = \""+file+"\"")), open)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if got := fmt.Sprint(len(m.Threats), " ", notes(r.Dropped)); !strings.Contains(got, strings.TrimLeft(want, "0123456789 ")) || want[0] <= '9' && want[0] >= '0' && got[0] != want[0] {
			t.Errorf("%s: %s\nwant %s", file, got, want)
		}
		if file == "sub/a.hcl" && (len(m.Mitigations) != 1 || m.Mitigations[0].Says != "K") {
			t.Errorf("the control of a file that an included one imports is not there: %v", m.Mitigations)
		}
	}
}

// What is large or deep takes time in proportion, or is refused.
func TestLarge(t *testing.T) {
	many := func(s string, n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(s, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	nested := "x"
	for range 90 {
		nested = `"${` + nested + ` + 1}"`
	}
	for name, src := range map[string]string{
		"brackets": "a = " + strings.Repeat("[", 1<<22), "braces": "a = " + strings.Repeat("{", 1<<22), "signs": "a = " + strings.Repeat("!", 1<<22), "parentheses": "a = " + strings.Repeat("(", 1<<22),
		"blocks": strings.Repeat("a {\n", 1<<20), "templates": "a = " + strings.Repeat(`"${`, 1<<20), "computed templates": "a = " + nested, "questions": "a = " + strings.Repeat("b?", 1<<21),
		"threats":   hcl(many("threat \"t#\" {\ndescription = \"d#\"\ncontrol \"c#\" {}\n}\n", 2000)),
		"use cases": hcl(many("usecase {\ndescription = \"u#\"\n}\n", 50000)),
		"flows":     hcl("data_flow_diagram_v2 \"d\" {\nprocess \"a\" {}\nprocess \"b\" {}\n" + many("flow \"f#\" {\nfrom = \"a\"\nto = \"b\"\n}\n", 2000) + "}"),
		"variables": "variable \"v\" {\nvalue = \"" + strings.Repeat("x", 1<<20) + "\"\n}\n" + hcl(many("usecase {\ndescription = \"${var.v}${var.v}\"\n}\n", 1000)),
	} {
		start := time.Now()
		_, _, _, err := importkit.Import(t, Format, "f.hcl", []byte(src), nil)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s took %s", name, took)
		}
		if name == "variables" && (err == nil || !strings.Contains(err.Error(), "texts have more than")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	shop, err := os.ReadFile("testdata/shop.hcl")
	if err != nil {
		f.Fatal(err)
	}
	importkit.Fuzz(f, Format, string(shop), hcl(""), hcl("threat {\ndescription = <<-E\n  a ${var.x}\n  E\n control = \"x\"\n}"), "component \"a\" \"b\" {}\n",
		hcl("data_flow_diagram {\nprocess \"\" {}\nflow \"\" {\nfrom = \"\"\nto = process[\"\"]\n}\ntrust_zone \"\" {}\n}"), "variable \"x\" {\nvalue = \"y\"\n}\n"+hcl("author = \"${var.x}%{ if x }\"")+hcl("a = [for x in y : z]"))
}
