package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ssf"
)

// attack is what a stranger may write into a model or a stored case: markup of
// each form that is written, and what each reader of it acts on.
const attack = "=cmd|' /C calc'!A0 <script>alert(1)</script> <img src=x onerror=y> \"' onload='z' ]]> --> `a` **b** [c](javascript:d) | ~~e~~ @everyone https://evil.example www.evil.example\n::error::owned\r\n## Head\n- item \u202eevil\u2069 \x00\x1b[31m \ufffe\xff </details></style> {{f}} <!-- %0A"

// sample is a small case with something in each of its lists; h stands wherever
// a model or a stored case may have text.
func sample(h string) *ssf.Case {
	at := ssf.Pos{File: "ssf.yaml", Line: 7, Col: 3, EndCol: 6}
	id := func(s string) ssf.ID { return ssf.ID(s + h) }
	open, done := id("csrf@pay"), id("sql-injection@db")
	return &ssf.Case{
		Schema: ssf.CaseSchema, Tool: "ssf 1.0.0", Commit: "0123456789abcdef", Now: time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC),
		System: ssf.SystemInfo{Name: "Shop" + h, Version: "1.0" + h, Supplier: "Shop BV" + h, Purpose: "Sells books." + h, Contact: "security@shop.example" + h, SupportUntil: "2027-03-01", Misuse: []string{"Reselling data." + h}},
		Reach:  ssf.PhaseContext, ReachAsked: ssf.PhaseThreats,
		Phases: []ssf.PhaseResult{
			{Name: ssf.PhaseContext, Done: 1, Of: 2, Counts: "cells answered", Controls: []ssf.ControlResult{{ID: "CX-1", Title: "Description" + h, Status: ssf.Met, Why: "nothing open in 3 looked at" + h, Looked: 3, Judged: []string{"It is true." + h}}}},
			{Name: ssf.PhaseThreats, Done: 1, Of: 2, Counts: "threats treated", Controls: []ssf.ControlResult{{ID: "TH-4", Title: "Library", Status: ssf.Unmet, Why: "1 open", Looked: 2, Open: []ssf.ID{open, id("pay")}}}},
			{Name: ssf.PhaseEvaluation, Controls: []ssf.ControlResult{{ID: "VE-4", Title: "Audit", Status: ssf.NotAssessed, Why: "no check decides it yet"}}},
		},
		Gates:    []ssf.GateResult{{ID: id("no-high"), AtMost: 0, Open: []ssf.ID{open}}},
		Elements: []ssf.ElementInfo{{ID: id("pay"), Sort: ssf.SortFunction, Pos: at}, {ID: id("db"), Sort: ssf.SortComponent, Pos: at, Facts: []ssf.FactInfo{{Name: "personal", Value: ssf.Value("no" + h), Via: ssf.Declared}}}},
		Threats: []ssf.Threat{
			{ID: open, Rule: id("csrf"), Element: id("pay"), Title: "Other site sends requests" + h, Origin: ssf.Behaviour, Stride: []string{"tampering"}, State: ssf.Open, Why: "nothing counters it" + h, Risk: ssf.High, Likelihood: ssf.Medium, LikelihoodWhy: "often tried" + h, Impact: ssf.High, ImpactWhy: "orders.integrity" + h, Needs: []ssf.FactRef{{Element: id("pay"), Fact: "session"}}, Endangers: []ssf.Cell{{Element: id("orders"), Property: ssf.Integrity}}},
			{ID: done, Rule: id("sql-injection"), Element: id("db"), Title: "Query is changed", Origin: ssf.Implementation, State: ssf.Mitigated, Why: "parametrised-queries", Risk: ssf.Critical, Likelihood: ssf.High, LikelihoodWhy: "found by scanners", Impact: ssf.High, ImpactWhy: "orders.integrity", Mitigations: []ssf.ID{"parametrised-queries"}, Also: []ssf.ID{id("own/typed-in")}},
			{ID: id("flooding@db"), Rule: id("flooding"), Element: id("db"), Title: "Flooding", Origin: ssf.Architecture, State: ssf.Undecided, Why: "an unknown fact decides whether it is there", Risk: ssf.Unknown, Needs: []ssf.FactRef{{Element: id("db"), Fact: "exposure"}}},
		},
		Joined:        []ssf.JoinedThreat{{ID: id("own/typed-in"), Element: id("db"), Title: "Typed in" + h, Says: "What is typed in is run." + h, As: []ssf.ID{done}, Weaknesses: []ssf.ID{"CWE-89"}, Attacks: []ssf.ID{id("CAPEC-66")}, Severity: ssf.Low, FromTool: "t-7" + h, Pos: at}},
		Questions:     []ssf.OpenQuestion{{Fact: id("exposure"), Elements: []ssf.ID{id("db")}, Asks: "Who can reach it?" + h, Values: []string{"none", "internal" + h}, Unlocks: 1}},
		Matrices:      []ssf.Matrix{{Name: "assets" + h, Answered: 1, Cells: []ssf.MatrixCell{{Cell: ssf.Cell{Element: id("orders"), Property: ssf.Integrity}, Level: ssf.High}, {Cell: ssf.Cell{Element: id("orders"), Property: ssf.Privacy}, AnsweredBy: []ssf.ID{id("requirement:private")}}}}},
		Requirements:  []ssf.RequirementResult{{ID: id("private"), Says: "Orders stay private." + h, Status: ssf.NotUpheld, Protects: []ssf.Cell{{Element: id("orders"), Property: ssf.Privacy}}, Threats: []ssf.ID{open, done}, Open: []ssf.ID{open}}},
		Assumptions:   []ssf.AssumptionInfo{{ID: id("private-network"), Says: "Nobody else is there." + h, Owner: "customer", When: "setup" + h}},
		Assertions:    []ssf.FactRef{{Element: id("db"), Fact: "personal"}},
		Mitigations:   []ssf.MitigationResult{{ID: id("parametrised-queries"), Name: "Parameters" + h, State: "implemented", Placed: true, Where: []ssf.ID{id("db/query.go#Exec")}, Counters: []ssf.ID{done}}},
		Verifications: []ssf.VerificationInfo{{ID: id("injection-tests"), State: "never_run", Verifies: []ssf.ID{id("parametrised-queries")}}},
		Deployments:   []ssf.DeploymentResult{{ID: id("on-site"), Reach: ssf.PhaseNone, Threats: []ssf.Delta{{ID: done, State: ssf.Open}}}},
		Decisions:     []ssf.DecisionResult{{About: "flooding@web" + h, Kind: "threat", Treat: "accept", Because: "An hour is borne." + h, By: id("cto"), Until: "2027-01-31", Covers: []ssf.ID{id("flooding@web")}}},
		Diagnostics: []ssf.Diagnostic{
			{Check: "threats/open", Subject: id("csrf"), Severity: ssf.Gap, Message: "csrf is open" + h, Pos: at, Snippet: "  pay: {at: web}" + h, Hint: "add a mitigation" + h},
			{Check: "context/no-zone", Subject: id("db"), Severity: ssf.Gap, Message: "db is in no zone" + h, Pos: at, Snippet: "  db:" + h, Hint: "add `zone:`" + h, Fix: []ssf.Edit{{Pos: ssf.Pos{File: "ssf.yaml", Line: 7, Col: 6}, Text: " zone"}}, Related: []ssf.Related{{Message: "also here" + h, Pos: at}}},
			{Check: "context/undeclared-fact", Subject: id("exposure"), Severity: ssf.Question, Message: "exposure is not known" + h, Pos: at},
			{Check: "implementation/sole-cut", Subject: id("db"), Severity: ssf.Hint, Message: "only one stands" + h, Pos: at},
		},
		People:   []ssf.PersonInfo{{ID: id("cto"), Name: "C. Tester" + h}},
		Rules:    []ssf.RuleInfo{{ID: id("csrf"), Title: "Other site sends requests", Origin: ssf.Behaviour, Weaknesses: []ssf.ID{"CWE-352", id("CWE-1")}, Attacks: []ssf.ID{"CAPEC-62"}, Says: "A page sends a request." + h, Plain: "A page acts in your name." + h, Measures: []ssf.ID{"csrf-tokens", id("x")}}},
		Measures: []ssf.MeasureInfo{{ID: "csrf-tokens", Title: "Secret token" + h, Kind: "prevent", Effort: ssf.Low, Says: "Put a token in." + h, Verify: []ssf.RecipeInfo{{Method: "test", How: "Leave it out." + h, Break: "Skip the check." + h}}}},
		Checks:   []ssf.CheckInfo{{ID: "context/no-zone", Severity: ssf.Gap, Control: "CX-1", Title: "Without a zone" + h, Says: "Nobody knows whom it trusts." + h, Fix: "Add `zone:`." + h}, {ID: "threats/open", Severity: ssf.Gap, Control: "TH-4", Title: "Open threat", Says: "Nothing counters it.", Fix: "Counter it."}},
		Library:  []ssf.LibraryRef{{Name: "ssf/core" + h, Version: "1.0.0"}},
	}
}

// writers are all writers that need no terminal.
var writers = map[string]func(io.Writer, *ssf.Case) error{
	"html":         func(w io.Writer, c *ssf.Case) error { return HTML(w, Build(c)) },
	"markdown":     func(w io.Writer, c *ssf.Case) error { return Markdown(w, Build(c)) },
	"pull-request": func(w io.Writer, c *ssf.Case) error { return Markdown(w, PullRequest(c, CheckOptions{Hints: true})) },
	"sarif":        func(w io.Writer, c *ssf.Case) error { return SARIF(w, c, "product", CheckOptions{Hints: true}) },
	"junit":        func(w io.Writer, c *ssf.Case) error { return JUnit(w, c, CheckOptions{Hints: true}) },
	"github":       func(w io.Writer, c *ssf.Case) error { return GitHub(w, c, "product", CheckOptions{Hints: true}) },
	"csv":          CSV,
}

func write(t *testing.T, name string, c *ssf.Case) string {
	t.Helper()
	var b bytes.Buffer
	if err := writers[name](&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden shows each form on a small case. SSF_UPDATE=1 rewrites.
func TestGolden(t *testing.T) {
	for name := range writers {
		got := write(t, name, sample(""))
		if name == "html" {
			got = strings.Replace(got, styles, "", 1)
			got = regexp.MustCompile(`(?s)<svg.*?</svg>`).ReplaceAllString(got, "<svg></svg>")
		}
		file := filepath.Join("testdata", name+".golden")
		if os.Getenv("SSF_UPDATE") != "" {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || got != string(want) {
			t.Errorf("%s is not %s (%v):\n%s", name, file, err, got)
		}
	}
}

// TestHostile: text of a model or of a stored case is text in every form.
func TestHostile(t *testing.T) {
	c := sample(attack)
	for name := range writers {
		out := write(t, name, c)
		if !strings.Contains(out, "alert(1)") {
			t.Errorf("%s does not write the text at all", name)
		}
		for _, r := range out {
			if r < 0x20 && r != '\n' && !(r == '\r' && name == "csv") || 0x7f <= r && r < 0xa0 || r == 0x202e || r == 0x2069 || r == 0xfffe {
				t.Errorf("%s writes %U", name, r)
				break
			}
		}
	}
	wellFormedHTML(t, write(t, "html", c))

	plain := 0
	for line := range strings.Lines(write(t, "github", c)) {
		if !regexp.MustCompile(`^::(error|warning|notice) [^:]*::[^\n]*\n$`).MatchString(line) {
			t.Errorf("github: %q is no single command", line)
		}
		plain++
	}
	if want := len(c.Diagnostics) + 1; plain != want {
		t.Errorf("github: %d lines, want %d", plain, want)
	}
	table, marked := strings.CutPrefix(write(t, "csv", sample("=1+1")), "\ufeff")
	if !marked {
		t.Error("csv: there is no byte order mark")
	}
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) != len(c.Threats)+1 {
		t.Fatalf("csv: %d rows, %v", len(rows), err)
	}
	for start, want := range map[string]string{"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t=1": "' =1", "\r=1": "'?=1", "a=1": "a=1", "": ""} {
		if got := defuse(start); got != want {
			t.Errorf("csv: a cell with %q is written %q, want %q", start, got, want)
		}
	}
	if err := xml.Unmarshal([]byte(write(t, "junit", c)), new(junitAll)); err != nil {
		t.Errorf("junit: %v", err)
	}
	if err := json.Unmarshal([]byte(write(t, "sarif", c)), new(any)); err != nil {
		t.Errorf("sarif: %v", err)
	}
	for _, name := range []string{"markdown", "pull-request"} {
		inertMarkdown(t, name, write(t, name, c))
	}
}

// inertMarkdown looks in Markdown, outside its code, for markup that came from
// the text: a tag, a link, a mention, a heading or a broken table.
func inertMarkdown(t *testing.T, name, md string) {
	t.Helper()
	fenced := regexp.MustCompile("(?ms)^(`{3,})yaml\n.*?^`{3,}$").ReplaceAllString(md, "")
	for _, line := range strings.Split(fenced, "\n") {
		if strings.HasPrefix(line, "<details>") {
			line = regexp.MustCompile(`</?(details|summary|b|code)>`).ReplaceAllString(line, "")
			if strings.ContainsAny(line, "<>`*[]|@") {
				t.Errorf("%s: a line of HTML has markup: %q", name, line)
			}
			continue
		}
		bare := withoutCode(regexp.MustCompile(`<code>[^<>|]*</code>`).ReplaceAllString(line, ""))
		bare = strings.ReplaceAll(bare, "</details>", "")
		bare = regexp.MustCompile(`\[(CWE|CAPEC)-[0-9]+\]\(https://(cwe|capec)\.mitre\.org/data/definitions/[0-9]+\.html\)`).ReplaceAllString(bare, "")
		bare = regexp.MustCompile(`\\[\\!-/:-@\[-`+"`"+`{-~]`).ReplaceAllString(bare, "")
		if regexp.MustCompile(`@[\pL\pN_]`).MatchString(bare) {
			t.Errorf("%s: a name after @ is a mention in %q", name, line)
		}
		for _, bad := range []string{"<", "](", "://", "www.", "`", "~~"} {
			if strings.Contains(bare, bad) {
				t.Errorf("%s: %q is not escaped in %q", name, bad, line)
			}
		}
		if strings.HasPrefix(bare, "|") && strings.Count(bare, "|") > 7 {
			t.Errorf("%s: a cell breaks its row: %q", name, line)
		}
		if regexp.MustCompile(`^#+ Head`).MatchString(line) || strings.HasPrefix(line, "::") {
			t.Errorf("%s: a line begins with text of the model: %q", name, line)
		}
	}
}

// withoutCode takes the code spans out of a line, as CommonMark finds them.
func withoutCode(line string) string {
	var out strings.Builder
	for {
		at := strings.IndexAny(line, "`\\")
		if at < 0 {
			return out.String() + line
		}
		out.WriteString(line[:at])
		line = line[at:]
		if line[0] == '\\' {
			n := min(2, len(line))
			out.WriteString(line[:n])
			line = line[n:]
			continue
		}
		n := len(line) - len(strings.TrimLeft(line, "`"))
		fence, rest := line[:n], line[n:]
		end := -1
		for from := 0; end < 0; {
			i := strings.Index(rest[from:], fence)
			if i < 0 {
				break
			}
			i += from
			run := len(rest[i:]) - len(strings.TrimLeft(rest[i:], "`"))
			if run == n {
				end = i
			}
			from = i + run
		}
		if end < 0 {
			return out.String() + line
		}
		line = rest[end+n:]
	}
}

// allowed are the elements of a report in HTML with their attributes.
var allowed = map[string]string{
	"html": "lang", "head": "", "meta": "charset http-equiv content name", "title": "", "style": "", "body": "", "a": "href class rel", "header": "", "nav": "aria-label",
	"main": "id", "section": "id class aria-label aria-labelledby", "article": "id", "h1": "", "h2": "id", "h3": "", "h4": "", "h5": "", "p": "class", "ul": "class", "li": "",
	"dl": "", "div": "class role tabindex aria-label", "dt": "", "dd": "", "details": "id class", "summary": "", "span": "class", "i": "style", "b": "class", "small": "", "strong": "",
	"code": "", "pre": "tabindex", "table": "class", "caption": "", "thead": "", "tbody": "", "tr": "id", "th": "scope", "td": "", "figure": "", "figcaption": "",
}

// wellFormedHTML checks that a page is closed in itself: only our elements and
// attributes, balanced; each id once and each link to one that is there; headings
// in order; and no address but those of the catalogues.
func wellFormedHTML(t *testing.T, page string) {
	t.Helper()
	page = strings.Replace(page, styles, "", 1)
	page = regexp.MustCompile(`<meta ([^>]*)>`).ReplaceAllString(page, "<meta $1/>")
	d := xml.NewDecoder(strings.NewReader(strings.Replace(page, "<!DOCTYPE html>", "", 1)))
	ids, links := map[string]bool{}, []string{}
	heading, tags, drawn := 0, 0, false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("html: %v", err)
		}
		if end, ok := tok.(xml.EndElement); ok && end.Name.Local == "svg" {
			drawn = false
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		tags++
		if drawn = drawn || e.Name.Local == "svg"; drawn {
			inertSVG(t, e)
			continue
		}
		attributes, known := allowed[e.Name.Local]
		if !known {
			t.Errorf("html: there is an element %s", e.Name.Local)
		}
		for _, a := range e.Attr {
			if !slices.Contains(strings.Fields(attributes), a.Name.Local) && a.Name.Local != "http-equiv" {
				t.Errorf("html: %s has the attribute %s", e.Name.Local, a.Name.Local)
			}
			switch a.Name.Local {
			case "id":
				if ids[a.Value] {
					t.Errorf("html: the id %q is there twice", a.Value)
				}
				ids[a.Value] = true
			case "href":
				links = append(links, a.Value)
			case "style":
				if !regexp.MustCompile(`^width:[0-9]{1,3}%$`).MatchString(a.Value) {
					t.Errorf("html: the style %q", a.Value)
				}
			}
		}
		if n := e.Name.Local; len(n) == 2 && n[0] == 'h' && n[1] <= '6' {
			if at := int(n[1] - '0'); at > heading+1 {
				t.Errorf("html: a heading h%d follows h%d", at, heading)
			} else {
				heading = at
			}
		}
	}
	if tags < 100 || len(links) < 10 {
		t.Errorf("html: only %d elements and %d links", tags, len(links))
	}
	for _, l := range links {
		to, here := strings.CutPrefix(l, "#")
		if here && !ids[to] || !here && !regexp.MustCompile(`^https://(cwe|capec)\.mitre\.org/data/definitions/[0-9]+\.html$`).MatchString(l) {
			t.Errorf("html: a link leads to %q, which is not there", l)
		}
	}
}

// inertSVG checks that an element of a picture does nothing and asks for nothing.
func inertSVG(t *testing.T, e xml.StartElement) {
	t.Helper()
	if slices.Contains([]string{"script", "a", "image", "use", "foreignObject", "animate", "set"}, e.Name.Local) {
		t.Errorf("svg: there is an element %s", e.Name.Local)
	}
	for _, a := range e.Attr {
		if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
			t.Errorf("svg: %s has the attribute %s", e.Name.Local, a.Name.Local)
		}
	}
}

// TestHTML: a page is whole also where there is little, and tells what is open.
func TestHTML(t *testing.T) {
	wellFormedHTML(t, write(t, "html", sample("")))
	page := write(t, "html", &ssf.Case{Reach: ssf.PhaseNone})
	if !strings.Contains(page, "No policy says what must be reached") || strings.Contains(strings.Replace(page, styles, "", 1), "100%") {
		t.Errorf("an empty case reads:\n%s", strings.Replace(page, styles, "", 1))
	}
	if regexp.MustCompile(`(?i)url\([^#]|@import|<script|src=`).MatchString(write(t, "html", sample(""))) {
		t.Error("the page asks for something that is not in it")
	}
}

// TestShare: a share is full only if all is done, and nothing of nothing is no share.
func TestShare(t *testing.T) {
	for _, x := range []struct {
		done, of int
		want     string
	}{{0, 0, "not shown: nothing to count"}, {999, 1000, "999 of 1000 x"}, {2, 2, "2 of 2 x"}} {
		if got := ofN(x.done, x.of, "x"); got != x.want {
			t.Errorf("%d of %d is %q", x.done, x.of, got)
		}
	}
	var b bytes.Buffer
	d := &Document{Lead: []Block{Bars{{Name: "a", Done: 999, Of: 1000}, {Name: "b"}, {Name: "c", Done: 1, Of: 1}}}}
	if err := HTML(&b, d); err != nil {
		t.Fatal(err)
	}
	if got := regexp.MustCompile(`width:(\d+)%`).FindAllStringSubmatch(b.String(), -1); len(got) != 3 || got[0][1] != "99" || got[1][1] != "0" || got[2][1] != "100" {
		t.Errorf("the shares are %v", got)
	}
}

// TestComparison: in a comparison, what was there before is counted and not shown.
func TestComparison(t *testing.T) {
	c := sample("")
	c.Base = ssf.Comparison{Rev: "main", Commit: "fedcba9876543210", Known: 1, Worse: []ssf.Worse{{Subject: "csrf@pay", What: "it is open now"}}}
	c.Diagnostics[1].Known = true
	for name := range writers {
		out := write(t, name, c)
		if name == "csv" {
			continue
		}
		if strings.Contains(out, "db is in no zone") {
			t.Errorf("%s shows what was there before", name)
		}
		if !strings.Contains(out, "csrf") {
			t.Errorf("%s does not show what is new:\n%s", name, out)
		}
	}
	if sarif := write(t, "sarif", c); strings.Contains(sarif, "flooding@db") || !strings.Contains(sarif, `"csrf@pay"`) {
		t.Error("SARIF has a threat that the change did not make worse")
	}
	var b bytes.Buffer
	if err := Check(&b, c, Style{}, CheckOptions{}); err != nil || strings.Contains(b.String(), "no zone") || !strings.Contains(b.String(), "1 problem that were there before") {
		t.Errorf("check reads (%v):\n%s", err, b.String())
	}
}
