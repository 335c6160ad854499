package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// Attr is the attribute by which a test says what it verifies: the id of a
// verification, a mitigation or a claimed fact, or several with a space or a comma
// between. In Go: t.Attr("ssf", "no-sql-from-input").
const Attr = "ssf"

// A Selection says which tests a verification rests on.
type Selection struct {
	Patterns []string // of names, see [ssf.Match]
	IDs      []ssf.ID // without patterns: of the verification, and of what it verifies
	Fresh    bool     // what Go took from its test cache is no new result
}

// A Judgement is what a report is worth to one verification.
type Judgement struct {
	Result ssf.Result
	Why    string           // a sentence; empty where it passed
	Tests  []ssf.TestResult // that were selected, in the order of the report
}

// Select returns the tests that s selects, in the order of the report: those
// whose name fits a pattern, or without patterns those whose [Attr] has one of
// the ids, and where there is none of these all. Of Go a pattern without / fits no
// subtest; of JUnit it may fit `class.name` too.
func (r *Report) Select(s Selection) []ssf.TestResult {
	if len(s.Patterns) > 0 {
		return filter(r.Tests, func(t ssf.TestResult) bool {
			return slices.ContainsFunc(s.Patterns, func(p string) bool { return r.fits(p, t) })
		})
	}
	if carry := r.carrying(s); len(carry) > 0 {
		return carry
	}
	return slices.Clone(r.Tests)
}

// carrying are the tests whose [Attr] has one of the ids.
func (r *Report) carrying(s Selection) []ssf.TestResult {
	return filter(r.Tests, func(t ssf.TestResult) bool {
		return slices.ContainsFunc(strings.FieldsFunc(t.Attrs[Attr], func(c rune) bool { return c == ' ' || c == ',' }),
			func(id string) bool { return slices.Contains(s.IDs, ssf.ID(id)) })
	})
}

func (r *Report) fits(pattern string, t ssf.TestResult) bool {
	switch {
	case r.Format == GoTest && !strings.Contains(pattern, "/") && strings.Contains(t.Name, "/"):
		return false
	case r.Format == JUnit && ssf.Match(pattern, t.Suite+"."+t.Name):
		return true
	}
	return ssf.Match(pattern, t.Name)
}

// Judge says what the report of a command that ended with status exit is worth;
// 0 where only reports were read. A failed test speaks first, since it is
// evidence against; then what is missing, pattern by pattern. Where neither a
// pattern nor a test says what belongs to it, the command as a whole must have
// succeeded; else other tests may fail, as long as each that began ended. What
// would pass must also be as fresh as is wanted.
func (r *Report) Judge(s Selection, exit int) Judgement {
	tests := r.Select(s)
	result, why := r.judge(s, tests, exit)
	if pkg := r.cached(tests); result == ssf.Passed && s.Fresh && pkg != "" {
		result, why = ssf.Errored, called(pkg)+" was not run: its result is from the test cache; add -count=1"
	}
	return Judgement{result, why, tests}
}

// cached is the first package from the cache that has one of the tests; where
// there are no tests, the first of all.
func (r *Report) cached(tests []ssf.TestResult) string {
	for _, pkg := range r.Cached {
		if len(tests) == 0 || slices.ContainsFunc(tests, func(t ssf.TestResult) bool { return t.Suite == pkg }) {
			return pkg
		}
	}
	return ""
}

func (r *Report) judge(s Selection, tests []ssf.TestResult, exit int) (ssf.Result, string) {
	if failed := with(tests, ssf.TestFailed); len(failed) > 0 {
		return ssf.Failed, failed[0].Name + " failed" + others(len(failed)-1)
	}
	if broken := with(tests, ssf.TestBroken); len(broken) > 0 {
		return ssf.Errored, broken[0].Name + " began and did not end" + others(len(broken)-1)
	}
	switch {
	case len(s.Patterns) > 0:
	case len(r.carrying(s)) == 0:
		return r.judgeAll(tests, exit)
	case len(with(tests, ssf.TestPassed)) == 0:
		return ssf.AllSkipped, "each test that names it was skipped"
	}
	for _, p := range s.Patterns {
		fit := filter(tests, func(t ssf.TestResult) bool { return r.fits(p, t) })
		switch {
		case len(fit) == 0 && len(r.Breaks) > 0: // perhaps it would have been there
			return ssf.Errored, r.Breaks[0].Why
		case len(fit) == 0:
			return ssf.NoTests, "no test fits " + quoted(p) + r.hint(p, exit)
		case len(with(fit, ssf.TestPassed)) == 0:
			return ssf.AllSkipped, "each test that fits " + quoted(p) + " was skipped"
		}
	}
	if broken := with(r.Tests, ssf.TestBroken); len(broken) > 0 {
		return ssf.Errored, broken[0].Name + " began and did not end" + others(len(broken)-1)
	}
	for _, b := range r.Breaks {
		if b.Suite == "" || slices.ContainsFunc(tests, func(t ssf.TestResult) bool { return t.Suite == b.Suite }) {
			return ssf.Errored, b.Why
		}
	}
	return ssf.Passed, ""
}

// judgeAll judges all tests, none of which failed or broke.
func (r *Report) judgeAll(tests []ssf.TestResult, exit int) (ssf.Result, string) {
	status := fmt.Sprintf("the command ended with exit status %d", exit)
	switch {
	case len(r.Breaks) > 0:
		return ssf.Errored, r.Breaks[0].Why
	case exit != 0:
		return ssf.Failed, status
	case len(tests) == 0 && (r.Format == Exit || r.Format == Detect):
		return ssf.Passed, ""
	case len(tests) == 0:
		return ssf.NoTests, "no test ran"
	case len(with(tests, ssf.TestPassed)) == 0:
		return ssf.AllSkipped, "each test was skipped"
	}
	return ssf.Passed, ""
}

// quoted is a name in a sentence.
func quoted(name string) string {
	if strings.ContainsAny(name, " \t") {
		return strconv.Quote(name)
	}
	return name
}

// hint says what may help where no test fits a pattern.
func (r *Report) hint(pattern string, exit int) string {
	if len(r.Tests) == 0 {
		hint := ": the results name no test"
		if r.Format == Exit || r.Format == Detect {
			hint = ": what was printed is neither go test -json nor JUnit XML nor TAP"
		}
		if exit != 0 {
			hint += fmt.Sprintf(", and the exit status is %d", exit)
		}
		return hint
	}
	// Names are compared as far as the fixed beginning of the pattern reaches.
	fixed, _, open := strings.Cut(pattern, "*")
	var names []string
	full := map[string]string{}
	for _, t := range r.Tests {
		for d := -1; d <= 1; d++ {
			name := t.Name
			if n := len(fixed) + d; open && 0 < n && n < len(name) {
				name = name[:n]
			}
			if full[name] == "" {
				full[name] = t.Name
				names = append(names, name)
			}
		}
	}
	if near := full[ssf.Nearest(fixed, names)]; near != "" {
		return "; did you mean " + quoted(near) + "?"
	}
	return ""
}

func others(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", and 1 other"
	}
	return fmt.Sprintf(", and %d others", n)
}

func with(tests []ssf.TestResult, o ssf.Outcome) []ssf.TestResult {
	return filter(tests, func(t ssf.TestResult) bool { return t.Outcome == o })
}

func filter(tests []ssf.TestResult, keep func(ssf.TestResult) bool) (kept []ssf.TestResult) {
	for _, t := range tests {
		if keep(t) {
			kept = append(kept, t)
		}
	}
	return kept
}
