package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

// writeModel writes a model to a new folder.
func writeModel(t testing.TB, yaml string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ssf.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// caseIn is the case of the model in a folder.
func caseIn(t testing.TB, dir string) *ssf.Case {
	t.Helper()
	lib := library.Index()
	snap, err := lang.Load(os.DirFS(dir), lib)
	if err != nil {
		t.Fatal(err)
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: today, Tool: "ssf test", Line: snap.Line})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wildModel is a generated model with decisions, assumptions and mitigations.
func wildModel(seed uint64) string {
	return gen.Wild(8, seed).YAML()
}

// TestReportFromCase: every report that is made from a stored case has the
// bytes of the one made at once.
func TestReportFromCase(t *testing.T) {
	for name, dir := range map[string]string{"own": "../..", "complete": "testdata/complete", "generated": writeModel(t, wildModel(3))} {
		stored := filepath.Join(t.TempDir(), "case.json")
		runIn(t, dir, "check", "--now", "2027-01-01", "-o", stored)
		for _, f := range reportFormats {
			code, direct, errs := runIn(t, dir, "report", "--format", f.name, "--now", "2027-01-01")
			if code != exitYes || len(direct) < 100 {
				t.Errorf("%s as %s: exit %d, %d bytes, %s", name, f.name, code, len(direct), errs)
			}
			if f.name == "html" {
				linksLead(t, name, direct)
			}
			_, again, _ := runIn(t, dir, "report", "--format", f.name, "--from", stored)
			if again != direct {
				t.Errorf("%s as %s: from the case there are %d other bytes than the %d at once", name, f.name, len(again), len(direct))
			}
			file := filepath.Join(t.TempDir(), "report"+f.ending)
			if code, out, errs := runIn(t, dir, "report", "-o", file, "--from", stored); code != exitYes || out != "" || errs != "wrote "+file+"\n" {
				t.Errorf("%s to %s: exit %d, %s%s", name, file, code, out, errs)
			}
			if b, err := os.ReadFile(file); err != nil || string(b) != direct {
				t.Errorf("%s: the file is not what stands on the output (%v)", name, err)
			}
		}
	}
}

// linksLead checks that each link within a page leads to an id that is there once.
func linksLead(t *testing.T, name, page string) {
	t.Helper()
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("%s: the id %q is there twice", name, m[1])
		}
	}
	links := regexp.MustCompile(` href="#([^"]*)"`).FindAllStringSubmatch(page, -1)
	for _, m := range links {
		if ids[m[1]] == 0 {
			t.Errorf("%s: a link leads to %q, which is not there", name, m[1])
		}
	}
	if len(links) < 20 {
		t.Errorf("%s: there are only %d links", name, len(links))
	}
}

// TestReportRefuses: what cannot be read is refused with the way out.
func TestReportRefuses(t *testing.T) {
	dir := t.TempDir()
	good, err := json.Marshal(caseIn(t, writeModel(t, gen.Generate(gen.Options{Components: 6, Functions: 4}).YAML())))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	swap := func(old, with string) []byte {
		at := regexp.MustCompile(old).FindIndex(good)
		if at == nil {
			t.Fatalf("the case has no %s", old)
		}
		return slices.Concat(good[:at[0]], []byte(with), good[at[1]:])
	}
	for _, x := range []struct {
		name string
		b    []byte
		want string
	}{
		{"newer.json", swap("ssf/case/1", "ssf/case/2"), `version is "ssf/case/2"`},
		{"other.json", swap("ssf/case/1", "sbom/1"), `schema is "sbom/1"`},
		{"none.json", []byte(`{"reach": "context"}`), "no `schema`"},
		{"list.json", []byte(`[1]`), "no case"},
		{"empty.json", nil, "is empty"},
		{"text.json", []byte("ssf: 1\n"), "line 1 is not JSON"},
		{"cut.json", good[:len(good)/2], "cut off"},
		{"twice.json", append(slices.Clone(good), good...), "not JSON"},
		{"key.json", swap(`"reach":`, `"raech":`), `"raech"`},
		{"type.json", swap(`"dirty":false`, `"dirty":"no"`), "dirty"},
		{"state.json", swap(`"state":"open"`, `"state":"fine"`), `state "fine"`},
		{"joined.json", swap(`"questions":`, `"joined":[{"id":"own/x","element":"a","title":"","says":"","as":["gone@a"]}],"questions":`), `"own/x" is the same as`},
		{"status.json", swap(`"status":"unmet"`, `"status":"nice"`), `status "nice"`},
		{"phase.json", swap(`"reach":"[a-z]+"`, `"reach":"all"`), `"all"`},
		{"severity.json", swap(`"severity":"gap"`, `"severity":"nothing"`), `severity "nothing"`},
		{"level.json", swap(`"risk":"[a-z]+"`, `"risk":"tiny"`), "tiny"},
		{"count.json", swap(`"done":[0-9]+`, `"done":99999`), "99999"},
	} {
		write(x.name, x.b)
		code, out, errs := runIn(t, dir, "report", "--format", "html", "--from", x.name)
		if code != exitUsage || out != "" || !strings.Contains(errs, x.want) {
			t.Errorf("%s: exit %d, %q\n%s", x.name, code, out[:min(80, len(out))], errs)
		}
	}
	write("good.json", good)
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"":                  {"report", "--format", "csv", "--from", "good.json"},
		"no such file":      {"report", "--format", "csv", "--from", "missing.json"},
		"is a folder":       {"report", "--format", "csv", "--from", "."},
		"no folder to name": {"report", "--format", "csv", "--from", "good.json", "."},
		"--now has no use":  {"report", "--format", "csv", "--from", "good.json", "--now", "2027-01-01"},
		"ends in none of .html, .md, .json, .sarif or .csv;":                 {"report", "-o", "report.pdf", "--from", "good.json"},
		"sub is a folder; name a file in it":                                 {"report", "-o", "sub", "--format", "html", "--from", "good.json"},
		". is a folder; name a file in it":                                   {"report", "-o", ".", "--from", "good.json"},
		"say where to write":                                                 {"report", "--from", "good.json"},
		"--format is one of html, markdown, json, sarif or csv, not \"xml\"": {"report", "--format", "xml", "--from", "good.json"},
		"takes one folder":                                                   {"report", "a", "b", "--format", "csv"},
		"or --format for the s":                                              {"report", "-o", "-", "--from", "good.json"},
	} {
		code, _, errs := runIn(t, dir, args...)
		if want == "" {
			if code != exitYes {
				t.Errorf("%v: exit %d\n%s", args, code, errs)
			}
		} else if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, want %q\n%s", args, code, want, errs)
		}
	}
	if code, _, errs := runIn(t, dir, "report", "-o", "no/folder/x.html", "--from", "good.json"); code != exitFail || !strings.Contains(errs, "no folder") {
		t.Errorf("exit %d\n%s", code, errs)
	}
}

// TestReportOfErrors: a model with errors is written all the same, and the
// report says first that nothing in it can be relied on.
func TestReportOfErrors(t *testing.T) {
	dir := writeModel(t, "ssf: 1\nsystem: {name: Shop}\nzonse: {}\n")
	for _, f := range []string{"html", "markdown"} {
		code, out, errs := runIn(t, dir, "report", "--format", f)
		says := strings.Index(out, "Nothing here can be relied on")
		if code != exitUsage || says < 0 || says > strings.Index(out, "Phases") && f == "markdown" || !strings.Contains(errs, "relied on") {
			t.Errorf("%s: exit %d, at %d\n%s", f, code, says, errs)
		}
	}
}

// states reads a writer's own output back: each threat with its state.
var states = map[string]func(t *testing.T, c *ssf.Case) map[string]string{
	"json": func(t *testing.T, c *ssf.Case) map[string]string {
		var again ssf.Case
		if err := json.Unmarshal(written(t, func(w io.Writer) error { return report.JSON(w, c) }), &again); err != nil {
			t.Fatal(err)
		}
		return statesOf(&again, func(ssf.State) bool { return true })
	},
	"text": func(t *testing.T, c *ssf.Case) map[string]string {
		out := map[string]string{}
		rule := ""
		b := written(t, func(w io.Writer) error {
			return report.Threats(w, c, report.Style{Width: 1 << 20}, func(*ssf.Threat) bool { return true })
		})
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			switch {
			case len(f) == 2 && !strings.HasPrefix(line, " "):
				rule = f[0]
			case len(f) >= 3 && strings.HasPrefix(line, "  ") && line[2] != ' ' && slices.Contains(ssf.States, ssf.State(f[0])):
				for _, at := range f[2:] {
					out[rule+"@"+strings.TrimSuffix(at, ",")] = f[0]
				}
			}
		}
		return out
	},
	"html": func(t *testing.T, c *ssf.Case) map[string]string {
		b := written(t, func(w io.Writer) error { return report.HTML(w, report.Build(c)) })
		return found(string(b), `<tr id="t\.([^"]+)"><th scope="row">.*?</th><td><b class="[a-z]+">([a-z ]+)</b>`)
	},
	"markdown": func(t *testing.T, c *ssf.Case) map[string]string {
		b := written(t, func(w io.Writer) error { return report.Markdown(w, report.Build(c)) })
		_, rest, _ := strings.Cut(string(b), "\n## Threats\n")
		rest, _, _ = strings.Cut(rest, "\n## ")
		out := map[string]string{}
		for _, part := range strings.Split(rest, "\n### ")[1:] {
			rule := regexp.MustCompile("(?m)^`([^`]+)`, from ").FindStringSubmatch(part)
			for el, state := range found(part, "(?m)^\\| `([^`]+)` [^|]*\\| \\*\\*([a-z ]+)\\*\\* \\|") {
				out[rule[1]+"@"+el] = state
			}
		}
		return out
	},
	"csv": func(t *testing.T, c *ssf.Case) map[string]string {
		b, marked := bytes.CutPrefix(written(t, func(w io.Writer) error { return report.CSV(w, c) }), []byte("\ufeff"))
		if !marked {
			t.Error("the table does not begin with a byte order mark")
		}
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, r := range rows[1:] {
			out[r[0]] = r[slices.Index(rows[0], "state")]
		}
		return out
	},
	"junit": func(t *testing.T, c *ssf.Case) map[string]string {
		var all struct {
			Suites []struct {
				Name  string `xml:"name,attr"`
				Cases []struct {
					Name  string `xml:"name,attr"`
					Props []struct {
						Name  string `xml:"name,attr"`
						Value string `xml:"value,attr"`
					} `xml:"properties>property"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(written(t, func(w io.Writer) error { return report.JUnit(w, c, report.CheckOptions{}) }), &all); err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, s := range all.Suites {
			for _, x := range s.Cases {
				if s.Name == "threats" {
					out[x.Name] = x.Props[0].Value
				}
			}
		}
		return out
	},
	"sarif": func(t *testing.T, c *ssf.Case) map[string]string {
		var log struct {
			Runs []struct {
				Results []struct {
					Properties struct{ ID, State string }
				}
			}
		}
		if err := json.Unmarshal(written(t, func(w io.Writer) error { return report.SARIF(w, c, "", report.CheckOptions{}) }), &log); err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, r := range log.Runs[0].Results {
			if r.Properties.ID != "" {
				out[r.Properties.ID] = r.Properties.State
			}
		}
		return out
	},
}

func written(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func found(s, pattern string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(s, -1) {
		out[m[1]] = strings.ReplaceAll(m[2], " ", "_")
	}
	return out
}

func statesOf(c *ssf.Case, keep func(ssf.State) bool) map[string]string {
	out := map[string]string{}
	for _, t := range c.Threats {
		if keep(t.State) {
			out[string(t.ID)] = string(t.State)
		}
	}
	return out
}

// TestDecisionInEveryOutput: decisions that cover some threats change those and
// no other, in every output: each is read back to states and compared with the
// same output of the model without them.
func TestDecisionInEveryOutput(t *testing.T) {
	changed := 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := gen.Generate(gen.Options{Components: 6 + int(seed), Functions: 5, Seed: seed})
		before := caseIn(t, writeModel(t, m.YAML()))
		covered := map[string]bool{}
		m.Entries = map[string][]string{}
		for _, x := range before.Threats {
			if r.IntN(4) > 0 {
				continue
			}
			covered[string(x.ID)] = true
			m.Entries["decisions"] = append(m.Entries["decisions"], fmt.Sprintf("{threat: %s, treat: not_applicable, because: It is not.}", x.ID))
		}
		if seed%2 == 1 { // and a pattern, which covers what it matches
			last := before.Threats[len(before.Threats)-1].Rule
			m.Entries["decisions"] = []string{fmt.Sprintf("{threat: '%s@*', treat: not_applicable, because: It is not.}", last)}
			covered = map[string]bool{}
			for _, x := range before.Threats {
				if x.Rule == last {
					covered[string(x.ID)] = true
				}
			}
		}
		after := caseIn(t, writeModel(t, m.YAML()))
		if ssf.HasErrors(after.Diagnostics) {
			t.Fatalf("seed %d: the decisions are wrong: %v", seed, after.Diagnostics)
		}
		for name, read := range states {
			keep := func(s ssf.State) bool { return name != "sarif" || !s.Treated() }
			was, is := read(t, before), read(t, after)
			if want := statesOf(before, keep); !maps.Equal(was, want) || len(want) == 0 {
				t.Errorf("seed %d, %s without decisions: read back %d threats, want %d", seed, name, len(was), len(want))
			}
			if want := statesOf(after, keep); !maps.Equal(is, want) {
				t.Errorf("seed %d, %s with decisions: read back %d threats, want %d", seed, name, len(is), len(want))
			}
			for id := range union(was, is) {
				if !covered[id] && was[id] != is[id] {
					t.Errorf("seed %d, %s: %s was %q and is %q, and no decision covers it", seed, name, id, was[id], is[id])
				}
				if covered[id] && was[id] == is[id] {
					t.Errorf("seed %d, %s: %s is still %q, and a decision covers it", seed, name, id, is[id])
				}
				if was[id] != is[id] {
					changed++
				}
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d states changed: the test looks at too little", changed)
	}
}

func union(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// TestReportIsSmall: a page takes less than a megabyte for a thousand threats.
func TestReportIsSmall(t *testing.T) {
	c := caseIn(t, writeModel(t, gen.Generate(gen.Options{Components: 90, Functions: 30, Seed: 1}).YAML()))
	page := written(t, func(w io.Writer) error { return report.HTML(w, report.Build(c)) })
	if n := len(c.Threats); n < 1000 || len(page) >= 1000*n {
		t.Errorf("%d threats take %d bytes", n, len(page))
	}
}

// TestSnippets: all YAML that a report offers can be added to the model at once
// as it is, and then each threat that it names is planned for.
func TestSnippets(t *testing.T) {
	dir := writeModel(t, gen.Generate(gen.Options{Components: 20, Functions: 10, Seed: 2}).YAML())
	if err := os.Mkdir(filepath.Join(dir, "ssf"), 0o755); err != nil {
		t.Fatal(err)
	}
	planned, noted := map[string]bool{}, 0
	for _, file := range []string{"more.yaml", "used.yaml"} {
		file = filepath.Join(dir, "ssf", file)
		c, used := caseIn(t, dir), ""
		if filepath.Base(file) == "used.yaml" { // all measures are: then there is only to add to them
			used = "mitigations:\n"
			for _, m := range c.Measures {
				used += fmt.Sprintf("  %s: {state: planned, counters: [%s]}\n", m.ID, c.Threats[0].ID)
			}
			if err := os.WriteFile(file, []byte(used), 0o644); err != nil {
				t.Fatal(err)
			}
			c = caseIn(t, dir)
		}
		var all strings.Builder
		for _, s := range report.Build(c).Sections {
			all.WriteString(codeIn(s.Blocks))
		}
		if err := os.WriteFile(file, []byte(used+all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		c = caseIn(t, dir)
		if ssf.HasErrors(c.Diagnostics) {
			bad := slices.IndexFunc(c.Diagnostics, func(d ssf.Diagnostic) bool { return d.Severity == ssf.Error })
			t.Fatalf("%s\nhas errors: %v", all.String(), c.Diagnostics[bad])
		}
		is := statesOf(c, func(ssf.State) bool { return true })
		for _, m := range regexp.MustCompile(`(?m)^(#?) +- (\S+)$`).FindAllStringSubmatch(all.String(), -1) {
			switch {
			case m[1] != "":
				noted++
			case is[m[2]] != "planned":
				t.Errorf("%s is %q after\n%s", m[2], is[m[2]], all.String())
			default:
				planned[m[2]] = true
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(planned) < 10 || noted < 5 {
		t.Errorf("the report offers YAML for %d threats, and notes %d", len(planned), noted)
	}
}

// codeIn is all code in some blocks.
func codeIn(blocks []report.Block) string {
	var all strings.Builder
	for _, b := range blocks {
		switch b := b.(type) {
		case report.Code:
			all.WriteString(string(b))
		case report.Group:
			all.WriteString(codeIn(b.Blocks))
		case report.Details:
			all.WriteString(codeIn(b.Blocks))
		}
	}
	return all.String()
}
