package results

import (
	"strings"
	"testing"

	"ssf"
)

// report builds a report of lines such as `passed web TestA ssf=x`.
func report(f Format, lines ...string) *Report {
	r := &Report{Format: f}
	for _, line := range lines {
		x := strings.Fields(line)
		if x[0] == "cached" {
			r.Cached = append(r.Cached, x[1])
			continue
		}
		if x[0] == "break" {
			suite := strings.TrimPrefix(x[1], "-")
			r.Breaks = append(r.Breaks, Break{Suite: suite, Why: strings.Join(x[2:], " ")})
			continue
		}
		t := ssf.TestResult{Outcome: ssf.Outcome(x[0]), Suite: x[1], Name: x[2]}
		if len(x) > 3 {
			t.Attrs = map[string]string{Attr: strings.TrimPrefix(x[3], "ssf=")}
		}
		r.Tests = append(r.Tests, t)
	}
	r.sort()
	return r
}

// TestJudge is the table of results in spec/evidence.md, with the cases between.
func TestJudge(t *testing.T) {
	p := func(patterns ...string) Selection { return Selection{Patterns: patterns} }
	ids := func(ids ...ssf.ID) Selection { return Selection{IDs: ids} }
	fresh := func(s Selection) Selection { s.Fresh = true; return s }
	for name, x := range map[string]struct {
		report *Report
		s      Selection
		exit   int
		result ssf.Result
		why    string
		tests  string // names of the selected
	}{
		"pattern passes":             {report(GoTest, "passed w TestA", "passed w TestB"), p("TestA"), 0, ssf.Passed, "", "TestA"},
		"anchored":                   {report(GoTest, "passed w TestAB"), p("TestA"), 0, ssf.NoTests, "no test fits TestA; did you mean TestAB?", ""},
		"selected fails":             {report(GoTest, "failed w TestA", "passed w TestB"), p("Test*"), 1, ssf.Failed, "TestA failed", "TestA TestB"},
		"fails with status 0":        {report(GoTest, "failed w TestA"), p("TestA"), 0, ssf.Failed, "TestA failed", "TestA"},
		"three fail":                 {report(GoTest, "failed w TestA", "failed w TestB", "failed w TestC"), p("*"), 1, ssf.Failed, "TestA failed, and 2 others", "TestA TestB TestC"},
		"other fails":                {report(GoTest, "passed w TestA", "failed w TestB"), p("TestA"), 1, ssf.Passed, "", "TestA"},
		"no such test":               {report(GoTest, "passed w TestInjectionIsRefused"), p("TestInjecton*"), 0, ssf.NoTests, "no test fits TestInjecton*; did you mean TestInjectionIsRefused?", ""},
		"no such test, nothing near": {report(GoTest, "passed w TestInjectionIsRefused"), p("Login"), 0, ssf.NoTests, "no test fits Login", ""},
		"one pattern of two":         {report(GoTest, "passed w TestA"), p("TestA", "Login*"), 0, ssf.NoTests, "no test fits Login*", "TestA"},
		"failure before what misses": {report(GoTest, "failed w TestA"), p("Login*", "TestA"), 1, ssf.Failed, "TestA failed", "TestA"},
		"a build failed instead":     {report(GoTest, "passed w TestA", "break x package x did not build"), p("TestX"), 1, ssf.Errored, "package x did not build", ""},
		"all skipped":                {report(GoTest, "skipped w TestA", "skipped w TestAB"), p("TestA*"), 0, ssf.AllSkipped, "each test that fits TestA* was skipped", "TestA TestAB"},
		"one of two patterns skips":  {report(GoTest, "passed w TestA", "skipped w TestB"), p("TestA", "TestB"), 0, ssf.AllSkipped, "each test that fits TestB was skipped", "TestA TestB"},
		"some skipped":               {report(GoTest, "passed w TestA", "skipped w TestAB"), p("TestA*"), 0, ssf.Passed, "", "TestA TestAB"},
		"no subtest without slash":   {report(GoTest, "passed w TestA", "failed w TestA/x"), p("TestA*"), 0, ssf.Passed, "", "TestA"},
		"subtest":                    {report(GoTest, "failed w TestA", "passed w TestA/x"), p("TestA/x"), 1, ssf.Passed, "", "TestA/x"},
		"selected is broken":         {report(GoTest, "broken w TestA", "passed w TestB"), p("Test*"), 2, ssf.Errored, "TestA began and did not end", "TestA TestB"},
		"other is broken":            {report(GoTest, "passed w TestA", "broken x TestX"), p("TestA"), 2, ssf.Errored, "TestX began and did not end", "TestA"},
		"its package broke":          {report(GoTest, "passed w TestA", "break w package w ended before its tests did"), p("TestA"), 2, ssf.Errored, "package w ended before its tests did", "TestA"},
		"other package broke":        {report(GoTest, "passed w TestA", "break x package x did not build"), p("TestA"), 1, ssf.Passed, "", "TestA"},
		"run broke":                  {report(TAP, "passed - a", "break - the tests bailed out"), p("a"), 0, ssf.Errored, "the tests bailed out", "a"},
		"case by name":               {report(JUnit, "passed web.Login refuses"), p("refuses"), 0, ssf.Passed, "", "refuses"},
		"case by class and name":     {report(JUnit, "passed web.Login refuses", "failed web.Other refuses"), p("web.Login.*"), 0, ssf.Passed, "", "refuses"},
		"case with slash":            {report(JUnit, "passed web a/b"), p("a*"), 0, ssf.Passed, "", "a/b"},
		"class is nothing in go":     {report(GoTest, "passed web TestA"), p("web.TestA"), 0, ssf.NoTests, "no test fits web.TestA", ""},
		"attribute":                  {report(GoTest, "passed w TestA ssf=m,n", "passed w TestB"), ids("v", "n"), 0, ssf.Passed, "", "TestA"},
		"attribute in full":          {report(GoTest, "passed w TestA ssf=mm", "passed w TestB"), ids("m"), 0, ssf.Passed, "", "TestA TestB"},
		"attribute of a fact":        {report(GoTest, "failed w TestA ssf=web-to-db.encrypted", "passed w TestB"), ids("web-to-db.encrypted"), 1, ssf.Failed, "TestA failed", "TestA"},
		"attribute, other fails":     {report(GoTest, "passed w TestA ssf=m", "failed w TestB"), ids("m"), 1, ssf.Passed, "", "TestA"},
		"attribute, skipped":         {report(GoTest, "skipped w TestA ssf=m", "passed w TestB"), ids("m"), 0, ssf.AllSkipped, "each test that names it was skipped", "TestA"},
		"attribute of no use":        {report(GoTest, "failed w TestA ssf=m", "passed w TestB"), Selection{Patterns: []string{"TestB"}, IDs: []ssf.ID{"m"}}, 1, ssf.Passed, "", "TestB"},
		"all":                        {report(GoTest, "passed w TestA", "skipped w TestB"), ids("v"), 0, ssf.Passed, "", "TestA TestB"},
		"all skip":                   {report(GoTest, "skipped w TestA"), ids(), 0, ssf.AllSkipped, "each test was skipped", "TestA"},
		"all, status":                {report(GoTest, "passed w TestA"), ids(), 3, ssf.Failed, "the command ended with exit status 3", "TestA"},
		"all, build":                 {report(GoTest, "passed w TestA", "break x package x did not build"), ids(), 1, ssf.Errored, "package x did not build", "TestA"},
		"no test at all":             {report(GoTest), ids(), 0, ssf.NoTests, "no test ran", ""},
		"no test at all, pattern":    {report(GoTest), p("TestA"), 0, ssf.NoTests, "no test fits TestA: the results name no test", ""},
		"nothing but status 0":       {report(Exit), ids("v"), 0, ssf.Passed, "", ""},
		"nothing but status 1":       {report(Exit), ids("v"), 1, ssf.Failed, "the command ended with exit status 1", ""},
		"status and patterns":        {report(Exit), p("TestA"), 0, ssf.NoTests, "no test fits TestA: what was printed is neither go test -json nor JUnit XML nor TAP", ""},
		"status 1 and patterns":      {report(Exit), p("TestA"), 1, ssf.NoTests, "no test fits TestA: what was printed is neither go test -json nor JUnit XML nor TAP, and the exit status is 1", ""},
		"cached, of a test":          {report(GoTest, "passed w TestA", "cached w"), p("TestA"), 0, ssf.Passed, "", "TestA"},
		"cached":                     {report(GoTest, "passed w TestA", "cached w"), fresh(p("TestA")), 0, ssf.Errored, "package w was not run: its result is from the test cache; add -count=1", "TestA"},
		"cached, by attribute":       {report(GoTest, "passed w TestA ssf=m", "cached w"), fresh(ids("m")), 0, ssf.Errored, "package w was not run: its result is from the test cache; add -count=1", "TestA"},
		"cached, all":                {report(GoTest, "passed w TestA", "passed x TestX", "cached x"), fresh(ids("m")), 0, ssf.Errored, "package x was not run: its result is from the test cache; add -count=1", "TestA TestX"},
		"other is cached":            {report(GoTest, "passed w TestA", "passed x TestX", "cached x"), fresh(p("TestA")), 0, ssf.Passed, "", "TestA"},
		"cached, and one failed":     {report(GoTest, "passed w TestA", "failed x TestX", "cached w"), fresh(p("Test*")), 1, ssf.Failed, "TestX failed", "TestA TestX"},
		"cached, by status":          {report(Exit, "cached w"), fresh(ids("v")), 0, ssf.Errored, "package w was not run: its result is from the test cache; add -count=1", ""},
	} {
		t.Run(strings.NewReplacer(" ", "-", ",", "").Replace(name), func(t *testing.T) {
			j := x.report.Judge(x.s, x.exit)
			var names []string
			for _, t := range j.Tests {
				names = append(names, t.Name)
			}
			if j.Result != x.result || j.Why != x.why || strings.Join(names, " ") != x.tests {
				t.Errorf("judged %s because %q over %v\nwant   %s because %q over %s", j.Result, j.Why, names, x.result, x.why, x.tests)
			}
		})
	}
}
