package all_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/format"
	"ssf/internal/format/all"
	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/library"
)

// attack is what a stranger may write into a model or a stored case: markup of
// each form that is written, and what each reader of it acts on.
const attack = "=cmd|' /C calc'!A0 <script>alert(1)</script> \"' ]]> --> `a` **b** [c](javascript:d) | %%{init: {}}%% $$x$$ #lt; @everyone https://evil.example\r\n/close\n---\n## Head\n- item \u202eevil\u2069 \x00\x1b[31m \ufffe\xff \\N \\\" &beta; '; {{f}} ../../etc"

var today = time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC)

// writers are the forms that are written.
func writers() []format.Format {
	return slices.DeleteFunc(slices.Clone(all.Formats), func(f format.Format) bool { return f.Write == nil })
}

// caseIn is the case of the model in a folder of the repository.
func caseIn(t testing.TB, dir string) *ssf.Case {
	t.Helper()
	lib := library.Index()
	fsys := os.DirFS(filepath.Join("../../..", dir))
	snap, err := lang.Load(fsys, lib)
	if err != nil {
		t.Fatal(err)
	}
	lock, _, err := lang.ReadLock(fsys)
	if err != nil {
		t.Fatal(err)
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Lock: lock, Diagnostics: snap.Diagnostics, Library: lib, Now: today, Tool: "ssf test", Line: snap.Line})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sample is a small case with something in each of its lists; h stands in each id
// and each text.
func sample(h string) *ssf.Case {
	at := ssf.Pos{File: "ssf/shop.yaml", Line: 7, Col: 3, EndCol: 6}
	id := func(s string) ssf.ID { return ssf.ID(s + h) }
	ids := func(ss ...string) (out []ssf.ID) {
		for _, s := range ss {
			out = append(out, id(s))
		}
		return out
	}
	trust := []ssf.FactInfo{{Name: "trust", Value: ssf.Value("low" + h), Via: ssf.Declared}}
	return &ssf.Case{
		Schema: ssf.CaseSchema, Tool: "ssf test", Commit: "0123456789abcdef", Now: today,
		System: ssf.SystemInfo{Name: "Shop" + h, Version: "1.0" + h, Supplier: "Shop BV" + h, Purpose: "Sells books." + h, Contact: "security@shop.example" + h, SupportUntil: "2030-01-01"},
		Reach:  ssf.PhaseContext, ReachAsked: ssf.PhaseThreats,
		Phases: []ssf.PhaseResult{{Name: ssf.PhaseContext, Done: 1, Of: 2, Counts: "cells answered" + h}},
		Elements: []ssf.ElementInfo{
			{ID: id("outside"), Sort: ssf.SortZone, Name: "Outside" + h, Facts: trust, Pos: at},
			{ID: id("inside"), Sort: ssf.SortZone, Zone: id("outside"), Pos: at},
			{ID: id("customer"), Sort: ssf.SortActor, Name: "Customer" + h, Zone: id("outside"), Pos: at},
			{ID: id("web"), Sort: ssf.SortComponent, Name: "Web" + h, Kind: "web_app", Zone: id("inside"), Tech: ids("go"), Says: "Serves pages." + h, Was: ids("server"), Pos: at},
			{ID: id("db"), Sort: ssf.SortComponent, Kind: "database", Zone: id("inside"), Stores: ids("orders"), Pos: at, Facts: []ssf.FactInfo{{Name: "personal", Value: ssf.Value("no" + h), Via: ssf.Declared, By: id("cto")}}},
			{ID: id("mail"), Sort: ssf.SortComponent, Name: "Mail" + h, Kind: "mail_service", Pos: at},
			{ID: id("orders"), Sort: ssf.SortAsset, Name: "Orders" + h, Needs: []ssf.NeedInfo{{Property: ssf.Integrity, Level: ssf.High, Only: ids("web")}}, Pos: at},
			{ID: id("browse"), Sort: ssf.SortFlow, From: id("customer"), To: id("web"), Over: id("https"), Sends: ids("orders"), Returns: ids("orders"), Pos: at},
			{ID: id("query"), Sort: ssf.SortFlow, Name: "Query" + h, From: id("web"), To: id("db"), Sends: ids("orders"), Pos: at},
			{ID: id("pay"), Sort: ssf.SortFunction, Name: "Pay" + h, At: id("web"), On: ids("orders"), Does: "update", Pos: at},
		},
		Threats: []ssf.Threat{
			{ID: id("csrf@pay"), Rule: id("csrf"), Element: id("pay"), Title: "Other site sends requests" + h, Origin: ssf.Behaviour, Stride: []string{"tampering"}, State: ssf.Open, Why: "nothing counters it" + h, Risk: ssf.High, Likelihood: ssf.Medium, LikelihoodWhy: "often tried" + h, Impact: ssf.High, ImpactWhy: "orders.integrity" + h, Endangers: []ssf.Cell{{Element: id("orders"), Property: ssf.Integrity}}, EndangersMore: 3, Rests: []ssf.FactRef{{Element: id("db"), Fact: "personal"}}, Measures: ids("csrf-tokens"), Also: ids("own/forged")},
			{ID: id("sql-injection@query"), Rule: id("sql-injection"), Element: id("query"), Title: "Query is changed", Origin: ssf.Implementation, State: ssf.Mitigated, Why: "parametrised-queries", Risk: ssf.Critical, Likelihood: ssf.High, Impact: ssf.High, Mitigations: ids("parametrised-queries")},
			{ID: id("weak-audit@web"), Rule: id("weak-audit"), Element: id("web"), Title: "Nobody sees it" + h, Origin: ssf.Architecture, State: ssf.Planned, Why: "planned until 2027-02-01", Risk: ssf.Medium, Mitigations: ids("audit-log")},
			{ID: id("flooding@db"), Rule: id("flooding"), Element: id("db"), Title: "Flooding", Origin: ssf.Architecture, State: ssf.Undecided, Why: "an unknown fact decides whether it is there", Risk: ssf.Unknown, Needs: []ssf.FactRef{{Element: id("db"), Fact: id("exposure")}}},
			{ID: id("eavesdropping@browse"), Rule: id("eavesdropping"), Element: id("browse"), Title: "Others listen", Origin: ssf.Architecture, State: ssf.Stale, Risk: ssf.Low, Changes: []ssf.Change{{What: "browse.encrypted" + h, Was: "yes" + h, Is: "no"}}},
			{ID: id("own/refund@pay"), Rule: id("own/refund"), Element: id("pay"), Title: "A clerk refunds to himself" + h, Says: "He books it back on his own card." + h, State: ssf.Open, Risk: ssf.Medium, Severity: ssf.High, Weaknesses: []ssf.ID{"CWE-840"}, FromTool: "7" + h},
			{ID: id("tampering@inside"), Rule: id("tampering"), Element: id("inside"), Title: "Somebody walks in", Origin: ssf.Architecture, State: ssf.Unreviewed, Risk: ssf.None},
		},
		Joined:    []ssf.JoinedThreat{{ID: id("own/forged"), Element: id("pay"), Title: "Forged order" + h, Says: "Somebody orders for another." + h, As: ids("csrf@pay"), Attacks: []ssf.ID{"CAPEC-111"}, FromTool: "8" + h}},
		Later:     []ssf.OpenQuestion{{Fact: id("backups"), Elements: ids("db"), Asks: "Are there backups?" + h, Values: []string{"yes", "no"}}},
		Questions: []ssf.OpenQuestion{{Fact: id("exposure"), Elements: ids("db"), Asks: "Who can reach it?" + h, Values: []string{"none", "internal" + h}, Means: []string{"Nobody" + h, "Colleagues" + h}, KnownBy: []string{"operator" + h}, Unlocks: 1, Asked: ids("web")}},
		Mitigations: []ssf.MitigationResult{
			{ID: id("parametrised-queries"), Name: "Parameters" + h, Says: "Values stand beside the text." + h, State: "implemented", Placed: true, Where: ids("db/query.go#Exec"), Counters: ids("sql-injection@query"), Pos: at},
			{ID: id("audit-log"), Says: "Each change is written down." + h, Measure: id("csrf-tokens"), State: "planned", Counters: ids("weak-audit@web"), Pos: at},
		},
		Verifications: []ssf.VerificationInfo{
			{ID: id("injection-tests"), State: ssf.Standing(ssf.Failed), Why: "a test failed" + h, Method: "test", Run: id("unit"), Verifies: ids("parametrised-queries"), Changed: []string{"db/query.go" + h}, Tests: []ssf.TestResult{{Name: "TestInjection" + h, Suite: "shop/db" + h, Outcome: ssf.TestFailed, Message: "a row too many" + h}}, Time: today, Lapses: "2027-04-15", Commit: "abc", Signer: id("ci"), Pos: at},
			{ID: id("later"), State: ssf.NeverRun, Method: "review", Pos: at},
		},
		Decisions: []ssf.DecisionResult{
			{About: "weak-audit@web" + h, Kind: "threat", Treat: "mitigate", Because: "After the move." + h, By: id("cto"), Due: "2027-02-01", Owner: id("cto"), Ticket: "OPS-12" + h, Covers: ids("weak-audit@web"), Pos: at},
			{About: "flooding@*" + h, Kind: "threat", At: "zone: inside" + h, Treat: "accept", Because: "An hour is borne." + h, Until: "2027-12-31", HoldsIf: "at.exposure == \"none\"" + h, To: id("private-network"), Pattern: true, Lapsed: true, Pos: at},
		},
		Rules:    []ssf.RuleInfo{{ID: id("csrf"), Title: "Other site sends requests", Origin: ssf.Behaviour, Weaknesses: []ssf.ID{"CWE-352", id("CWE-1")}, Attacks: []ssf.ID{"CAPEC-62"}, Says: "A page sends a request." + h, Plain: "A page acts in your name." + h, Measures: ids("csrf-tokens")}},
		Measures: []ssf.MeasureInfo{{ID: id("csrf-tokens"), Title: "Secret token" + h, Kind: "prevent", Effort: ssf.Low, Says: "Put a token in." + h, Leaves: "Old pages." + h, Where: "In the form." + h, Verify: []ssf.RecipeInfo{{Method: "test", How: "Leave it out." + h, Expect: "A refusal." + h, Break: "Skip the check." + h}}}},
		Library:  []ssf.LibraryRef{{Name: "ssf/core" + h, Version: "1.0.0"}},
	}
}

// plain are the writers that have no reader and no schema of somebody else to be
// held against; the others have tests of their own for what stands in them.
func plain() []format.Format {
	return slices.DeleteFunc(writers(), func(f format.Format) bool {
		return !slices.Contains([]string{"xlsx", "issues", "mermaid", "dot"}, f.Name)
	})
}

func write(t testing.TB, f format.Format, c *ssf.Case) []format.File {
	t.Helper()
	files, err := f.Write(c)
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	if len(files) == 0 || len(files) > 1 && !f.Folder || !f.Folder && strings.Contains(files[0].Name, "/") {
		t.Fatalf("%s: %d files, folder %v", f.Name, len(files), f.Folder)
	}
	seen := map[string]bool{}
	for _, x := range files {
		low := strings.ToLower(x.Name)
		switch {
		case !fs.ValidPath(x.Name) || strings.ContainsAny(x.Name, "\\:*?\"<>|\x00") || strings.HasPrefix(x.Name, ".") || strings.Contains(x.Name, "/."):
			t.Errorf("%s: %q is no name of a file", f.Name, x.Name)
		case seen[low]:
			t.Errorf("%s: two files have the name %q where letters have no case", f.Name, x.Name)
		case len(x.Name) > 200:
			t.Errorf("%s: %q is too long for a name", f.Name, x.Name)
		}
		seen[low] = true
	}
	return files
}

func binary(b []byte) bool { return !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 }

// TestWritten shows each form that is text on the bookshop and on a case that
// strangers wrote. SSF_UPDATE=1 rewrites.
func TestWritten(t *testing.T) {
	for name, c := range map[string]*ssf.Case{"bookshop": caseIn(t, "examples/bookshop"), "hostile": sample(attack)} {
		for _, f := range plain() {
			dir := filepath.Join("testdata", name, f.Name)
			if os.Getenv("SSF_UPDATE") != "" {
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]bool{}
			for _, x := range write(t, f, c) {
				if binary(x.Data) {
					continue // its own package reads it
				}
				file := filepath.Join(dir, strings.ReplaceAll(x.Name, "~", "-")+".golden")
				want[file] = true
				if os.Getenv("SSF_UPDATE") != "" {
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, x.Data, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				golden, err := os.ReadFile(file)
				if err != nil || !bytes.Equal(golden, x.Data) {
					t.Errorf("%s is not %s (%v):\n%s", f.Name, file, err, x.Data)
				}
			}
			_ = filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() && !want[file] {
					t.Errorf("%s is written by nothing", file)
				}
				return nil
			})
		}
	}
}

// TestSame: the same case gives the same bytes, also when it was stored meanwhile.
func TestSame(t *testing.T) {
	for name, c := range map[string]*ssf.Case{"models": caseIn(t, "examples/models/cli"), "sample": sample("")} {
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		stored := new(ssf.Case)
		if err := json.Unmarshal(b, stored); err != nil {
			t.Fatal(err)
		}
		for _, f := range writers() {
			first := write(t, f, c)
			for _, again := range [][]format.File{write(t, f, c), write(t, f, stored)} {
				if !reflect.DeepEqual(first, again) {
					t.Errorf("%s of %s: other bytes the second time", f.Name, name)
				}
			}
		}
		after, err := json.Marshal(c)
		if err != nil || !bytes.Equal(b, after) {
			t.Errorf("a writer changed the case of %s (%v)", name, err)
		}
	}
}

// TestStrangers: what a stranger wrote is text in every plain form, never what steers a
// terminal or turns the direction of text.
func TestStrangers(t *testing.T) {
	for _, f := range plain() {
		for _, x := range write(t, f, sample(attack)) {
			if binary(x.Data) {
				continue
			}
			for _, r := range string(x.Data) {
				if r < 0x20 && r != '\n' || 0x7f <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069 || r == 0xfffe {
					t.Errorf("%s: %s has %U", f.Name, x.Name, r)
					break
				}
			}
		}
	}
}

// TestBroken: no stored case that is read, however its parts contradict each other,
// makes a writer panic or loop.
func TestBroken(t *testing.T) {
	written := 0
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := sample("")
		var known []ssf.ID
		for _, e := range c.Elements {
			known = append(known, e.ID)
		}
		known = append(known, "", "system", "gone", "sql-injection@query")
		shake(reflect.ValueOf(c).Elem(), r, known)
		c.Schema = ssf.CaseSchema
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = report.ReadCase(bytes.NewReader(b)); err != nil {
			continue
		}
		written++
		for _, f := range writers() {
			try(t, f, c)
		}
	}
	if written < 10 {
		t.Errorf("only %d of the cases are read at all", written)
	}
	for _, f := range writers() {
		try(t, f, new(ssf.Case))
	}
}

// try writes a case that a form may refuse.
func try(t *testing.T, f format.Format, c *ssf.Case) {
	t.Helper()
	if _, err := f.Write(c); err == nil {
		write(t, f, c)
	} else if !strings.HasPrefix(err.Error(), "writing ") {
		t.Errorf("%s: %v", f.Name, err)
	}
}

// shake puts other ids in places of ids, and empties some lists.
func shake(v reflect.Value, r *rand.Rand, known []ssf.ID) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				shake(v.Field(i), r, known)
			}
		}
	case reflect.Slice:
		if r.IntN(12) == 0 {
			v.SetZero()
		}
		for i := range v.Len() {
			shake(v.Index(i), r, known)
		}
	case reflect.String:
		switch {
		case r.IntN(6) > 0:
		case v.Type() == reflect.TypeFor[ssf.ID]():
			v.SetString(string(known[r.IntN(len(known))]))
		case v.Type() == reflect.TypeFor[string]():
			v.SetString([]string{"", " ", attack, strings.Repeat("x", 40_000)}[r.IntN(4)])
		}
	}
}

// TestLost holds what a form says that it loses against what it loses: the fields
// of a case whose text is in no file stand in testdata/lost, each with the forms.
// SSF_UPDATE=1 rewrites; who reads a difference there looks at Loses.
func TestLost(t *testing.T) {
	var table strings.Builder
	for _, f := range plain() {
		if len(f.Loses) == 0 {
			t.Errorf("%s says that it loses nothing", f.Name)
		}
		c := sample("")
		marks := map[string]string{} // path by mark
		mark(reflect.ValueOf(c).Elem(), "", marks)
		var out strings.Builder
		for _, x := range write(t, f, c) {
			out.WriteString(text(t, x.Data))
		}
		lost, kept := map[string]bool{}, map[string]bool{}
		for m, path := range marks {
			if strings.Contains(out.String(), m) {
				kept[path] = true
			} else {
				lost[path] = true
			}
		}
		fmt.Fprintf(&table, "%s\n", f.Name)
		for _, path := range slices.Sorted(maps.Keys(lost)) {
			some := ""
			if kept[path] {
				some = " of some"
			}
			fmt.Fprintf(&table, "\t%s%s\n", path, some)
		}
	}
	file := filepath.Join("testdata", "lost")
	if os.Getenv("SSF_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != table.String() {
		t.Errorf("what is lost is not what %s says (%v):\n%s", file, err, table.String())
	}
}

// mark gives each text that is no id and no word of ours a mark of its own.
func mark(v reflect.Value, path string, marks map[string]string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && v.Field(i).CanSet() && f.Type != reflect.TypeFor[time.Time]() {
				mark(v.Field(i), strings.TrimPrefix(path+"."+f.Name, "."), marks)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			mark(v.Index(i), path, marks)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() || v.Type() == reflect.TypeFor[ssf.Value]() {
			m := fmt.Sprintf("mark%04dend", len(marks))
			marks[m] = path
			v.SetString(m)
		}
	}
}
