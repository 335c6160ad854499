package rule

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
)

func TestCompileAccepts(t *testing.T) {
	compiler := NewCompiler(testVocabulary())
	for _, test := range []struct {
		on         ssf.Sort
		text       string
		facts      []ssf.ID
		deployment bool
	}{
		{ssf.SortFlow, `to.query_language == "sql"`, []ssf.ID{"query_language"}, false},
		{ssf.SortFlow, `"sql" != self.to.query_language`, []ssf.ID{"query_language"}, false},
		{ssf.SortFlow, `from.zone.trust < to.zone.trust && to.zone.trust >= "low"`, []ssf.ID{"trust"}, false},
		{ssf.SortFlow, `self.least_trust == from.zone.trust`, []ssf.ID{"least_trust", "trust"}, false},
		{ssf.SortFlow, `to.other_language == to.query_language`, []ssf.ID{"other_language", "query_language"}, false},
		{ssf.SortFlow, `self.encrypted`, []ssf.ID{"encrypted"}, false},
		{ssf.SortFlow, `!self.encrypted == false`, []ssf.ID{"encrypted"}, false},
		{ssf.SortFlow, `'length' in self.checks`, []ssf.ID{"checks"}, false},
		{ssf.SortFlow, `from.hostile || from.skill in ["medium", "high"]`, []ssf.ID{"hostile", "skill"}, false},
		{ssf.SortFlow, `carries.exists(a, a.personal)`, []ssf.ID{"personal"}, false},
		{ssf.SortFlow, `to.stores.all(a, a.personal)`, []ssf.ID{"personal"}, false},
		{ssf.SortComponent, `incoming.exists(f, f.from.zone.trust == "none")`, []ssf.ID{"trust"}, false},
		{ssf.SortComponent, `outgoing.all(f, f.carries.exists(a, a.personal && f.exposed))`, []ssf.ID{"exposed", "personal"}, false},
		{ssf.SortFunction, `at.exposed && actors.exists(a, a.hostile) && assets.all(a, a.personal)`, []ssf.ID{"exposed", "hostile", "personal"}, false},
		{ssf.SortAsset, `holders.exists(c, c.zone.country == "waa")`, []ssf.ID{"country"}, false},
		{ssf.SortSystem, `self.can_hurt && deployment.network == "private"`, []ssf.ID{"can_hurt", "network"}, true},
		{ssf.SortMitigation, `system.can_hurt`, []ssf.ID{"can_hurt"}, false},
		{ssf.SortZone, `element("f0").from.zone.trust == "none"`, []ssf.ID{"trust"}, false},
		{ssf.SortFlow, "self.encrypted // it is said\n  && true", []ssf.ID{"encrypted"}, false},
		{ssf.SortFlow, `true`, nil, false},
	} {
		c, ds := compiler.Compile(ssf.Text{S: test.text}, Place{On: test.on, Elements: testElements})
		if c == nil {
			t.Errorf("%s: %+v", test.text, ds)
			continue
		}
		if d := cmp.Diff(test.facts, c.Facts()); d != "" || c.ReadsDeployment() != test.deployment {
			t.Errorf("%s reads the deployment: %v, and facts (-want +got)\n%s", test.text, c.ReadsDeployment(), d)
		}
	}
}

// refused are conditions on flows, unless they say otherwise, that do not compile.
var refused = []struct {
	on    ssf.Sort
	reads ssf.Class
	text  string
}{
	// names
	{text: `to.query_langauge == "sql"`},
	{text: `too.query_language == "sql"`},
	{text: `to.query_language == "slq"`},
	{text: `to.query_language in ["sql", "mongo", "nsql"]`},
	{text: `query_language == "sql"`},
	{text: `encrypted`},
	{text: `self.hostile`},
	{text: `self.query_language == "sql"`},
	{text: `self.zone.trust == "none"`},
	{text: `carries.exists(a, a.hostile)`},
	{on: ssf.SortZone, text: `incoming.exists(f, f.encrypted)`},
	{on: ssf.SortMitigation, text: `self.encrypted`},
	{on: ssf.SortZone, text: `self.country == "wzz"`},
	{text: `element("web")`},
	{text: `element("f9").encrypted && element("c0").exposed`},
	{text: `element(self)`},
	{text: `to.query_langauge == "slq" && (selv.encrypted || "tipe" in self.checks)`},
	{text: "self.encrypted &&\n  self.encrypte ||\n\tto.expose"},

	// literals
	{text: `to.query_language == sql`},
	{text: `to.query_language in [sql, "none"]`},
	{text: `self.encrypted == yes`},
	{text: `self.encrypted == "yes"`},
	{text: `self.encrypted in ["yes"]`},
	{text: `to.skill > 2`},
	{text: `self.encrypted == null`},
	{text: `to.query_language in []`},
	{text: `to.query_language in ["sql", self.encrypted]`},
	{text: `"sql"`},
	{text: `"sql" == "sql"`},

	// shapes
	{text: `to.query_language`},
	{text: `self.checks`},
	{text: `to && carries`},
	{text: `to.query_language < "sql"`},
	{text: `self.encrypted > false`},
	{text: `to.query_language == to.skill`},
	{text: `self.checks == "length"`},
	{text: `self.checks in ["length"]`},
	{text: `self.checks == ["length"]`},
	{text: `to.query_language in self.checks`},
	{text: `"sql" in to.query_language`},
	{text: `self in carries`},
	{text: `"a" in "b"`},
	{text: `from == to`},
	{text: `carries == to.stores`},
	{text: `self.notes == "x"`},
	{text: `"waa" in self.huge_set`},
	{text: `carries.personal`},
	{text: `self.encrypted.really`},
	{text: `"sql".x`},
	{text: `["sql"]`},

	// functions
	{text: `has(self.encrypted)`},
	{text: `carries.size() == carries`},
	{text: `carries.exist(a, a.personal)`},
	{text: `carries.exists(a.personal)`},
	{text: `carries.exists(a.b, a.personal)`},
	{text: `exists(carries, a)`},
	{text: `to.exists(a, a.exposed)`},
	{text: `carries.exists(to, to.personal)`},
	{text: `carries.exists(a, carries.all(a, a.personal))`},
	{text: `carris.exists(a, a.personal && selv.encrypted)`},
	{text: `to.query_language.startsWith("s")`},
	{text: `carries[self]`},

	// classes
	{reads: ssf.Nature, text: `self.encrypted && to.exposed`},
	{reads: ssf.ControlClass, text: `self.encrypted && to.exposed`},

	// syntax
	{text: ``},
	{text: "  \n "},
	{text: `self.encrypted = true`},
	{text: `self.encrypted and not to.exposed or false`},
	{text: `self.encrypted & to.exposed`},
	{text: `self.encrypted ? true : false`},
	{text: `self.encrypted && "ßß" in self.checks && “length” in self.checks`},
	{text: `to.query_language == "sql`},
	{text: `to.query_language == """sql"""`},
	{text: `to.query_language == r"sql"`},
	{text: `to.query_language == "s\x71l"`},
	{text: `(self.encrypted`},
	{text: `self.encrypted)`},
	{text: `("length" in self.checks]`},
	{text: `self.encrypted && `},
	{text: `&& self.encrypted`},
	{text: `self.encrypted self.encrypted`},
	{text: `to.query_language in ["sql" "none"]`},
	{text: `.self.encrypted`},
	{text: `self..encrypted`},
	{text: `self.in`},
	{text: `import`},
	{text: `self.encrypted + self.encrypted`},
	{text: `flow{}`},
	{text: strings.Repeat("(", 33) + "true" + strings.Repeat(")", 33)},
	{text: "self" + strings.Repeat(".from", 300)},
	{text: strings.Repeat("self.encrypted && ", 300) + "true"},
	{text: "self.encrypted \xff"},
}

// TestCompileRefuses shows each message below its condition, as a user sees it.
// SSF_UPDATE=1 rewrites testdata/refused.txt.
func TestCompileRefuses(t *testing.T) {
	compiler := NewCompiler(testVocabulary())
	var out strings.Builder
	for _, test := range refused {
		on := test.on
		if on == "" {
			on = ssf.SortFlow
		}
		// A place that is not the start of a file, as in a rule.
		text := ssf.Text{S: test.text, Pos: ssf.Pos{File: "threat.yaml", Line: 7, Col: 7}}
		c, ds := compiler.Compile(text, Place{On: on, Reads: test.reads, Elements: testElements})
		if c != nil || len(ds) == 0 {
			t.Errorf("%s: compiles, with %+v", test.text, ds)
			continue
		}
		fmt.Fprintf(&out, "on %s", on)
		if test.reads != "" {
			fmt.Fprintf(&out, ", %s only", test.reads)
		}
		out.WriteString("\n")
		lines := strings.Split(strings.ToValidUTF8(test.text, "?"), "\n")
		for i, line := range lines {
			shown := strings.ReplaceAll(line, "\t", " ")
			if len(shown) > 100 {
				shown = shown[:100] + "..."
			}
			fmt.Fprintf(&out, "    %s\n", shown)
			for _, d := range ds {
				if d.Line != 7+i {
					continue
				}
				width := 1
				if d.EndCol > 0 {
					width = d.EndCol - d.Col
				}
				fmt.Fprintf(&out, "    %s%s %s\n", strings.Repeat(" ", d.Col-7), strings.Repeat("^", width), d.Message)
				fmt.Fprintf(&out, "    %s%s %s\n", strings.Repeat(" ", d.Col-7), strings.Repeat(" ", width), d.Hint)
				if d.Hint == "" || d.Check != "model/condition" || d.Severity != ssf.Error || d.File != "threat.yaml" {
					t.Errorf("%s: %+v", test.text, d)
				}
			}
		}
		out.WriteString("\n")
	}
	const golden = "testdata/refused.txt"
	if os.Getenv("SSF_UPDATE") == "1" {
		if err := os.WriteFile(golden, []byte(out.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out.String()); d != "" {
		t.Errorf("messages (-want +got)\n%s", d)
	}
}

func TestCompileUsesThePlace(t *testing.T) {
	_, ds := NewCompiler(testVocabulary()).Compile(ssf.Text{S: "nobody", Pos: ssf.Pos{File: "a.yaml", Line: 3, Col: 9, EndCol: 20}},
		Place{On: ssf.SortFlow, Check: "library/rule", Subject: "sql-injection"})
	if len(ds) != 1 || ds[0].Check != "library/rule" || ds[0].Subject != "sql-injection" ||
		ds[0].Pos != (ssf.Pos{File: "a.yaml", Line: 3, Col: 9, EndCol: 15}) {
		t.Errorf("got %+v", ds)
	}
}

func TestLibraryHasNoElements(t *testing.T) {
	_, ds := NewCompiler(testVocabulary()).Compile(ssf.Text{S: `element("f0").encrypted`}, Place{On: ssf.SortFlow})
	if len(ds) != 1 || !strings.Contains(ds[0].Message, "knows no element") {
		t.Errorf("got %+v", ds)
	}
}

func TestCompileConcurrently(t *testing.T) {
	compiler := NewCompiler(testVocabulary())
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			on := ssf.Sorts[i%len(ssf.Sorts)]
			if c, ds := compiler.Compile(ssf.Text{S: `system.can_hurt`}, Place{On: on}); c == nil {
				t.Errorf("on %s: %+v", on, ds)
			}
		})
	}
	all.Wait()
}

func FuzzCompile(f *testing.F) {
	for _, test := range refused {
		f.Add(test.text, uint8(6))
	}
	f.Add(`carries.exists(a, a.personal && from.zone.trust < "low")`, uint8(6))
	f.Add(`incoming.all(f, "length" in f.checks)`, uint8(5))
	compiler := NewCompiler(testVocabulary())
	f.Fuzz(func(t *testing.T, text string, sort uint8) {
		on := ssf.Sorts[int(sort)%len(ssf.Sorts)]
		c, ds := compiler.Compile(ssf.Text{S: text, Pos: ssf.Pos{File: "x", Line: 1, Col: 1}}, Place{On: on, Elements: testElements})
		if (c == nil) != (len(ds) > 0) {
			t.Fatalf("condition %v, diagnostics %v", c, ds)
		}
		lines := strings.Split(text, "\n")
		for _, d := range ds {
			if d.Message == "this does not fit together" {
				t.Errorf("no message of our own for %q", text)
			}
			if d.Message == "" || d.Hint == "" || d.Line < 1 || d.Line > len(lines) || d.Col < 1 || d.Col > len([]rune(lines[d.Line-1]))+1 {
				t.Errorf("%q: %+v", text, d)
			}
		}
		if c != nil {
			w := NewWorld(compiler.vocabulary)
			n := w.Add("x", on)
			w.Freeze()
			if _, err := c.Eval(w, n, &Scratch{Budget: 1000}); err != nil {
				t.Errorf("%q: %v", text, err)
			}
			if _, err := c.Explain(w, n, 3); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
