package ruletest_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/lang"
	"ssf/internal/report"
	"ssf/internal/ruletest"
)

var core = sync.OnceValue(func() *ssf.Library {
	lib, ds, err := lang.ReadLibrary(os.DirFS("../../library"))
	if err != nil || len(ds) > 0 {
		panic(fmt.Sprint(err, ds))
	}
	return lib
})

const (
	pack = "name: acme\nversion: 1\n"
	rule = `id: slow
since: 1.0.0
title: Slow
origin: architecture
on: component
kinds: [worker]
when: self.takes_input
unless: self.limits_rate
endangers: [availability]
likelihood: {level: medium, because: x}
says: x
plain: x
measures: [rate-limiting]
quiet_when: x
`
	model = "ssf: 1\nsystem: {name: x}\nzones: {z: {trust: high}}\nassets: {a: {needs: {availability: high}}}\ncomponents:\n  w: {kind: worker, zone: z, tech: [go], stores: [a]%s}\n"
)

func caseOf(name, expect, facts string) string {
	return fmt.Sprintf("-- %s.yaml --\n# expect: %s\n"+model, name, expect, facts)
}

var (
	fires   = caseOf("fires", "open acme/slow@w", ", takes_input: yes, limits_rate: no")
	prints  = "-- fires.txt --\nssf.yaml:7:3: gap: acme/slow is open at w (risk medium): nothing counters it  [threats/open]\n    7 |   w: {kind: worker, zone: z, tech: [go], stores: [a], takes_input: yes, \n      |   ^\n   add a mitigation with `counters: [acme/slow@w]`, for instance rate-limiting;\n   or a decision; `ssf explain acme/slow@w` says why it is there\nacme/slow@w: open, risk medium: nothing counters it\n"
	quiet   = caseOf("quiet", "none acme/slow@w", ", takes_input: no")
	asks    = caseOf("asks", "undecided acme/slow@w asks w.takes_input", "")
	claimed = caseOf("claimed", "claimed acme/slow@w", ", takes_input: yes, limits_rate: yes")
)

// try tests a library of one rule with this archive.
func try(t *testing.T, o ruletest.Options, text string, more ...string) (*ruletest.Result, fstest.MapFS) {
	t.Helper()
	fsys := fstest.MapFS{"library.yaml": {Data: []byte(pack)}, "threats/slow/threat.yaml": {Data: []byte(rule)}}
	if text != "" {
		fsys["threats/slow/test.txtar"] = &fstest.MapFile{Data: []byte(text)}
	}
	for i := 0; i < len(more); i += 2 {
		fsys[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	libs, err := lang.ReadLibraries(core(), lang.LibraryDir{FS: fsys, Dir: ".", Shown: "lib"})
	if err != nil || len(libs.Diagnostics) > 0 {
		t.Fatal(err, libs.Diagnostics)
	}
	r, err := ruletest.Run(ruletest.Suite{FS: fsys, Shown: "lib", Own: &libs.Added[0].Library, Library: libs.Whole}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, fsys
}

func TestCases(t *testing.T) {
	const at = "lib/threats/slow/test.txtar"
	for name, x := range map[string]struct {
		text string
		want []string // the beginning of each line of the report but the last
	}{
		"whole":             {fires + prints + quiet + asks + claimed, nil},
		"line ends of DOS":  {strings.ReplaceAll(fires+prints+quiet+asks+claimed, "\n", "\r\n"), nil},
		"no archive":        {"", []string{"lib/threats/slow/threat.yaml:1: acme/slow: there is no test.txtar", "note: threat acme/slow: no case fires"}},
		"nothing in it":     {"A comment.\n", []string{at + ":1: acme/slow: no case fires.yaml", at + ":1: acme/slow: no case quiet.yaml", at + ":1: acme/slow: no case asks.yaml", at + ":1: acme/slow: no case claimed.yaml", "note: threat"}},
		"no claim":          {fires + prints + quiet + asks, []string{at + ":1: acme/slow: no case claimed.yaml"}},
		"wrong state":       {fires + prints + caseOf("quiet", "none acme/slow@w", ", takes_input: yes, limits_rate: no") + asks + claimed, []string{at + ":17: acme/slow/quiet.yaml: acme/slow@w is open (nothing counters it), want none"}},
		"not derived":       {fires + prints + quiet + asks + claimed + caseOf("claimed-2", "claimed acme/slow@w", ", takes_input: no"), []string{at + ":41: acme/slow/claimed-2.yaml: acme/slow@w is not derived, want claimed"}},
		"asks another fact": {fires + prints + quiet + caseOf("asks", "undecided acme/slow@w asks w.session", "") + claimed, []string{at + ":25: acme/slow/asks.yaml: acme/slow@w does not ask w.session but"}},
		"fires and asks":    {caseOf("fires", "open acme/slow@w", ", takes_input: yes") + quiet + asks + claimed, []string{at + ":2: acme/slow/fires.yaml: acme/slow@w asks", "note: threat"}},
		"no expectation":    {fires + prints + quiet + asks + claimed + "-- quiet-2.yaml --\nssf: 1\n", []string{at + ":41: acme/slow/quiet-2.yaml: the first line is no"}},
		"of another rule":   {fires + prints + quiet + asks + claimed + caseOf("quiet-2", "none acme/slo@w", ", takes_input: no"), []string{at + ":41: acme/slow/quiet-2.yaml: the case is about acme/slo@w"}},
		"by its short id":   {fires + prints + quiet + asks + claimed + caseOf("quiet-2", "none slow@w", ", takes_input: no"), []string{at + ":41: acme/slow/quiet-2.yaml: the case is about slow@w, and not about acme/slow@w"}},
		"no element":        {fires + prints + quiet + asks + claimed + caseOf("quiet-2", "none acme/slow@v", ", takes_input: no"), []string{at + ":41: acme/slow/quiet-2.yaml: the model has no element v"}},
		"misfit":            {fires + prints + quiet + asks + claimed + caseOf("quiet-2", "open acme/slow@w", ", takes_input: yes, limits_rate: no"), []string{at + ":41: acme/slow/quiet-2.yaml: a case of quiet does not expect open"}},
		"error in a model":  {fires + prints + quiet + asks + claimed + caseOf("quiet-2", "none acme/slow@w", ", takes_inputs: no"), []string{at + ":47:55: acme/slow/quiet-2.yaml: the model has an error: a component has no key"}},
		"reaches out":       {fires + prints + quiet + asks + claimed + caseOf("quiet-2", "none acme/slow@w", ", takes_input: no") + "use: {libraries: [./lib]}\n", []string{at + ":48:19: acme/slow/quiet-2.yaml: the model has an error: there is no folder lib"}},
		"wrong name":        {fires + prints + quiet + asks + claimed + "-- ../x.yaml --\n", []string{at + `:40: acme/slow: "../x.yaml" is no case`}},
		"twice":             {fires + prints + quiet + asks + claimed + quiet, []string{at + ":40: acme/slow: there are two cases quiet.yaml"}},
		"text of no case":   {fires + prints + quiet + asks + claimed + "-- quiet-2.txt --\n", []string{at + ":40: acme/slow: quiet-2.txt follows no case"}},
		"text before case":  {prints + fires + quiet + asks + claimed, []string{at + ":8: acme/slow/fires.yaml: fires.txt, which is what this case prints, is missing", at + ":1: acme/slow: fires.txt follows no case"}},
		"no text":           {fires + quiet + asks + claimed, []string{at + ":1: acme/slow/fires.yaml: fires.txt, which is what this case prints, is missing"}},
		"other text":        {fires + strings.Replace(prints, "or a decision", "or a \x1b[31mprayer", 1) + quiet + asks + claimed, []string{at + ":9: acme/slow/fires.yaml: the output is another", "        |   ^", "     add a", "-    or a ?[31mprayer;", "+    or a decision;", "  acme/slow@w: open"}},
		"text where quiet":  {fires + prints + quiet + "-- quiet.txt --\nacme/slow@w: not derived\n" + asks + claimed, nil},
		"too large":         {fires + strings.Repeat("#", ruletest.MaxArchive), []string{at + ":1: acme/slow: it is larger than the limit", "note: threat"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := try(t, ruletest.Options{}, x.text)
			var out bytes.Buffer
			if err := ruletest.Text(&out, r); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			last := lines[len(lines)-1]
			lines = slices.DeleteFunc(lines[:len(lines)-1], func(l string) bool { return strings.HasPrefix(l, "   ") && !strings.HasPrefix(l, "     ") }) // the reasons
			if !slices.EqualFunc(lines, x.want, func(got, want string) bool { return strings.HasPrefix(got, want) }) {
				t.Errorf("got\n%s", out.String())
				t.Errorf("want lines that begin\n%s", strings.Join(x.want, "\n"))
			}
			if r.Passed() != (len(x.want) == 0) || !regexp.MustCompile(`^1 rules, \d+ cases, \d+ passed, \d+ failed`).MatchString(last) {
				t.Errorf("passed: %v, and the last line is %q", r.Passed(), last)
			}
		})
	}
}

func TestTooManyCases(t *testing.T) {
	var b strings.Builder
	for i := range 2*ruletest.MaxCases + 1 {
		fmt.Fprintf(&b, "-- quiet-%d.yaml --\n", i)
	}
	r, _ := try(t, ruletest.Options{}, b.String())
	if !slices.ContainsFunc(r.Lacks, func(f ruletest.Failure) bool { return strings.Contains(f.Message, "more cases than the limit") }) {
		t.Errorf("the lacks are %v", r.Lacks)
	}
}

// TestReasons: a case of a threat tells why it is there or not.
func TestReasons(t *testing.T) {
	r, _ := try(t, ruletest.Options{}, caseOf("fires", "open acme/slow@w", ", takes_input: no")+caseOf("fires-2", "open acme/slow@z", ", takes_input: no")+caseOf("quiet", "none acme/slow@w", ", takes_input: yes, limits_rate: no"))
	for i, want := range []string{"self.takes_input is false: w.takes_input is no", "the rule stands on a component, and z is a zone", "self.takes_input is true: w.takes_input is yes\n   self.limits_rate is false: w.limits_rate is no"} {
		if got := r.Cases[i].Failures; len(got) == 0 || !strings.Contains(got[len(got)-1].Message, want) {
			t.Errorf("case %d says %v, want %q", i, got, want)
		}
	}
}

// TestUpdate writes what is missing, renews what is old, keeps the rest, and is
// at rest after that.
func TestUpdate(t *testing.T) {
	old := "A comment,\nof two lines.\n" + fires + "-- quiet.yaml --\n# expect: none acme/slow@w\n# a comment\n" + fmt.Sprintf(model, ", takes_input: no") + "-- quiet.txt --\nold\n" + asks + claimed
	r, _ := try(t, ruletest.Options{Update: true}, old)
	if len(r.Archives) != 1 || !r.Passed() {
		t.Fatalf("%d archives change, and the result is %+v", len(r.Archives), r)
	}
	got := string(r.Archives["threats/slow/test.txtar"])
	want := strings.Replace(strings.Replace(old, "-- quiet.yaml", prints+"-- quiet.yaml", 1), "\nold\n", "\nacme/slow@w: not derived\n", 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again, _ := try(t, ruletest.Options{Update: true}, got); len(again.Archives) != 0 || !again.Passed() {
		t.Errorf("it changes again: %+v", again)
	}
	if broken, _ := try(t, ruletest.Options{Update: true}, strings.Replace(old, "# expect: open", "# expect: claimed", 1)); len(broken.Archives[""])+strings.Count(string(broken.Archives["threats/slow/test.txtar"]), "-- fires.txt --") != 0 {
		t.Error("what a failing case prints was written")
	}
}

func TestNotesAndStrays(t *testing.T) {
	measure := "id: %s\ntitle: x\nkind: prevent\neffort: low\nsays: x\nleaves: x\nwhere: x\nverify: %s\n"
	text := fires + prints + quiet + asks + claimed
	more := []string{
		"measures/none/measure.yaml", fmt.Sprintf(measure, "none", "[]"),
		"measures/whole/measure.yaml", fmt.Sprintf(measure, "whole", "[{method: test, how: x}]"),
		"threats/gone/test.txtar", text,
	}
	r, _ := try(t, ruletest.Options{}, text, more...)
	want := []string{
		"measure none: no threat names it", "measure none: nothing says how it is verified",
		"measure whole: no threat names it", "measure whole: nothing says how it is broken, to see a verification fail",
	}
	if diff := cmp.Diff(want, r.Notes); diff != "" {
		t.Error(diff)
	}
	if len(r.Lacks) != 1 || r.Lacks[0].File != "lib/threats/gone/test.txtar" || r.Failed() != 0 {
		t.Errorf("the result is %+v", r)
	}
	r, _ = try(t, ruletest.Options{Run: regexp.MustCompile("fast")}, text, more...)
	if r.Rules != 0 || len(r.Cases)+len(r.Notes)+len(r.Lacks) != 0 {
		t.Errorf("rules that were not asked for: %+v", r)
	}
}

// TestWriters: both forms for programs say the same as the text.
func TestWriters(t *testing.T) {
	r, _ := try(t, ruletest.Options{}, fires+quiet+asks)
	var x struct {
		Failures int `xml:"failures,attr"`
		Tests    int `xml:"tests,attr"`
		Suites   []struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	var out bytes.Buffer
	if err := ruletest.JUnit(&out, r); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(out.Bytes(), &x); err != nil {
		t.Fatal(err)
	}
	if x.Tests != 4 || x.Failures != 2 || len(x.Suites) != 2 || !strings.Contains(x.Suites[0].Cases[0].Failure, "fires.txt") || !strings.Contains(x.Suites[1].Cases[0].Failure, "claimed.yaml") {
		t.Errorf("JUnit has\n%s", out.String())
	}
	var again bytes.Buffer
	if err := ruletest.JUnit(&again, r); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Errorf("a second report differs (%v)", err)
	}
	var j ruletest.Result
	out.Reset()
	if err := report.JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &j); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Cases, j.Cases); diff != "" || len(j.Lacks) != 1 {
		t.Errorf("JSON has\n%s\n%s", out.String(), diff)
	}
}

// TestCostlyLists: a library of many rules and lists is listed and looked at in a
// time that does not grow with the product of the two.
func TestCostlyLists(t *testing.T) {
	const rules, each = 3000, 20
	lib := &ssf.Library{Lists: []ssf.List{{Named: ssf.Named{ID: "top"}}}}
	for i := range rules {
		r := ssf.Rule{Named: ssf.Named{ID: ssf.ID(fmt.Sprintf("r%d", i)), Pos: ssf.Pos{File: fmt.Sprintf("threats/r%d/threat.yaml", i)}}}
		for j := range each {
			id := ssf.ID(fmt.Sprintf("A%d", i*each+j))
			lib.Lists[0].Entries = append(lib.Lists[0].Entries, ssf.ListEntry{Named: ssf.Named{ID: id}})
			r.Covers = append(r.Covers, ssf.Ref{ID: "top:" + id})
		}
		lib.Threats = append(lib.Threats, r)
	}
	s := ruletest.Suite{FS: fstest.MapFS{}, Own: lib, Library: lib}
	begin := time.Now()
	items, err := ruletest.List(s)
	if err != nil || len(items) != rules+1 || len(items[0].Mappings) != each {
		t.Fatalf("%d entries are listed: %v", len(items), err)
	}
	l, err := ruletest.Check(s)
	if err != nil || len(l.Coverage) != 1 || len(l.Coverage[0].Entries) != rules*each || len(l.Coverage[0].Entries[7].Threats) != 1 {
		t.Fatalf("the coverage is not that of the list: %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
