package results

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ssf"
)

// TestRead shows what is read of each file in testdata; those of go are real
// outputs, without times. SSF_UPDATE=1 rewrites.
func TestRead(t *testing.T) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, name := range names {
		if filepath.Base(name) == "golden.txt" {
			continue
		}
		r, err := readFile(t, name)
		fmt.Fprintf(&got, "== %s: %s\n%s", filepath.Base(name), r.Format, show(r))
		if err != nil {
			fmt.Fprintf(&got, "error %v\n", err)
		}
	}
	golden := "testdata/golden.txt"
	if os.Getenv("SSF_UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("%s is not what is read, which is:\n%s", golden, got.String())
	}
}

func readFile(t *testing.T, name string) (Report, error) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	calls := 0
	r, err := Read(f, Detect, func(n int) {
		if calls++; n != calls {
			t.Errorf("%s: call %d says that %d tests ended", name, calls, n)
		}
	})
	if ended := len(r.Tests) - len(with(r.Tests, ssf.TestBroken)); calls != ended {
		t.Errorf("%s: %d calls for %d tests that ended", name, calls, ended)
	}
	return r, err
}

// show is a report as text.
func show(r Report) string {
	var b strings.Builder
	for _, t := range r.Tests {
		fmt.Fprintf(&b, "%-7s %q of %q", t.Outcome, t.Name, t.Suite)
		for _, k := range slices.Sorted(maps.Keys(t.Attrs)) {
			fmt.Fprintf(&b, " %s=%q", k, t.Attrs[k])
		}
		b.WriteString("\n")
		for line := range strings.Lines(t.Message) {
			fmt.Fprintf(&b, "        | %s\n", strings.TrimRight(line, "\n"))
		}
	}
	for _, x := range r.Breaks {
		fmt.Fprintf(&b, "break   %s: %s\n", cmp.Or(x.Suite, "-"), x.Why)
	}
	return b.String()
}

// TestCorpus reads results that real programs wrote; they are not kept here but
// in the folder that SSF_CORPUS names, or in `shared` beside the module.
func TestCorpus(t *testing.T) {
	corpus := filepath.Join(cmp.Or(os.Getenv("SSF_CORPUS"), "../../../shared"), "corpus/evidence")
	for name, want := range map[string]string{ // passed failed skipped broken, breaks
		"gotest/go-stdlib-run.jsonl":         "735 0 0 0, 0",
		"gotest/tparse-failed.jsonl":         "9 6 0 0, 0",
		"gotest/tparse-panic.jsonl":          "11 1 0 3, 1",
		"junit/bazel.xml":                    "0 1 0 0, 0",
		"junit/edge-unsupported-unicode.xml": "1 4 2 0, 0",
		"junit/edge-xml-entities.xml":        "0 2 2 0, 0",
		"junit/jest-615KB.xml":               "4207 2 30 0, 0",
		"junit/nested-suites.xml":            "5 0 0 0, 0",
		"junit/pytest-fail.xml":              "3 1 1 0, 0",
		"junit/pytest.xml":                   "80 0 17 0, 0",
		"junit/surefire-pulsar.xml":          "793 1 14 0, 0",
	} {
		t.Run(strings.NewReplacer("/", "-", ".", "-").Replace(name), func(t *testing.T) {
			name := filepath.Join(corpus, name)
			if _, err := os.Stat(name); err != nil {
				t.Skipf("%s is not there; SSF_CORPUS names the folder", name)
			}
			r, err := readFile(t, name)
			if err != nil {
				t.Fatal(err)
			}
			n := func(o ssf.Outcome) int { return len(with(r.Tests, o)) }
			got := fmt.Sprintf("%d %d %d %d, %d", n(ssf.TestPassed), n(ssf.TestFailed), n(ssf.TestSkipped), n(ssf.TestBroken), len(r.Breaks))
			if got != want {
				t.Errorf("read %s, want %s; breaks %v", got, want, r.Breaks)
			}
		})
	}
}

// TestLimits goes beyond each limit by one.
func TestLimits(t *testing.T) {
	run := func(name string) string { return `{"Action":"run","Test":"` + name + `"}` + "\n" }
	attrs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `{"Action":"attr","Test":"T","Key":"k%d","Value":"v"}`+"\n", i)
		}
		return run("T") + b.String()
	}
	suites := func(n int) string { return strings.Repeat("<testsuite>", n) + strings.Repeat("</testsuite>", n) }
	for limit, x := range map[string][2]string{
		"maxLine":  {run(strings.Repeat(" ", maxLine)), "{\"Action\":\"start\"}\n" + strings.Repeat(" ", maxLine-1) + "\n"},
		"maxTests": {"1..1\n" + strings.Repeat("ok\n", maxTests+1), "1..1\n" + strings.Repeat("ok\n", maxTests)},
		"maxName":  {run(strings.Repeat("T", maxName+1)), run(strings.Repeat("T", maxName))},
		"maxAttrs": {attrs(maxAttrs + 1), attrs(maxAttrs)},
		"maxDepth": {suites(maxDepth + 1), suites(maxDepth)},
		"maxInput": {strings.Repeat("x", maxInput+1), strings.Repeat("x", maxInput)},
	} {
		if _, err := Read(strings.NewReader(x[0]), Detect, nil); err == nil || !strings.Contains(err.Error(), limit) {
			t.Errorf("beyond %s: error is %v", limit, err)
		}
		if _, err := Read(strings.NewReader(x[1]), Detect, nil); err != nil {
			t.Errorf("at %s: %v", limit, err)
		}
	}
	many := Report{Format: TAP, Tests: make([]ssf.TestResult, maxTests)}
	if _, err := Merge(each(many, Report{Format: TAP, Tests: make([]ssf.TestResult, 1)})); err == nil || !strings.Contains(err.Error(), "maxTests") {
		t.Errorf("merging beyond maxTests: error is %v", err)
	}
}

// each yields reports that were read without an error.
func each(reports ...Report) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		for _, r := range reports {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestMerge(t *testing.T) {
	a := Report{Format: TAP, Tests: []ssf.TestResult{{Name: "b"}}, Breaks: []Break{{Why: "x"}}}
	b := Report{Format: TAP, Tests: []ssf.TestResult{{Name: "a"}, {Name: "c"}}}
	r, err := Merge(each(a, b))
	if err != nil || len(r.Breaks) != 1 || len(r.Tests) != 3 || r.Tests[0].Name != "a" || r.Tests[2].Name != "c" || r.Format != TAP {
		t.Errorf("merged %+v, %v", r, err)
	}
	if _, err := Merge(each(a, Report{Format: JUnit})); err == nil || !strings.Contains(err.Error(), "one is TAP, another JUnit XML") {
		t.Errorf("merging two formats: error is %v", err)
	}
}

func TestSaid(t *testing.T) {
	for _, x := range []struct {
		parts      []string
		head, tail string
	}{
		{[]string{"a\n", "b\n"}, "a", "b"},
		{[]string{strings.Repeat("a", 2*half)}, "a", "a"},
		{[]string{"first ", strings.Repeat("x", 5000), " last"}, "first", "last"},
		{[]string{"first ", strings.Repeat("é", 5000), "ü last"}, "first", "ü last"},
		{slices.Repeat([]string{"z é"}, 3000), "z é", "z é"},
		{[]string{"first", strings.Repeat("\xff", 5000), "last"}, "first?", "?last"},
	} {
		var s said
		total := 0
		for _, p := range x.parts {
			s.add(p)
			total += len(p)
		}
		got := s.String()
		if len(got) > ssf.MaxMessage || !utf8.ValidString(got) || strings.ContainsRune(got, utf8.RuneError) {
			t.Errorf("%.20q...: %d bytes: %q", x.parts[0], len(got), got)
		}
		if !strings.HasPrefix(got, x.head) || !strings.HasSuffix(got, x.tail) || strings.Contains(got, cut) != (total > 2*half) {
			t.Errorf("%.20q...: %d bytes give %q", x.parts[0], total, got)
		}
	}
}

// The fuzz targets read anything: no panic, only the limits, and twice the same.

func FuzzGoTest(f *testing.F) { fuzz(f, GoTest, "go-*") }
func FuzzJUnit(f *testing.F)  { fuzz(f, JUnit, "junit-*") }
func FuzzTAP(f *testing.F)    { fuzz(f, TAP, "tap-*") }
func FuzzDetect(f *testing.F) { fuzz(f, Detect, "*") }

func fuzz(f *testing.F, format Format, glob string) {
	names, err := filepath.Glob(filepath.Join("testdata", glob+".*"))
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 32<<10 {
			return
		}
		r, err := Read(strings.NewReader(string(b)), format, nil)
		again, _ := Read(strings.NewReader(string(b)), format, nil)
		if show(r) != show(again) {
			t.Errorf("read first\n%s\nthen\n%s", show(r), show(again))
		}
		for i, x := range r.Tests {
			if len(x.Message) > ssf.MaxMessage || !utf8.ValidString(x.Message+x.Name+x.Suite) || x.Outcome == "" {
				t.Errorf("bad test %+v", x)
			}
			if i > 0 && x.Name < r.Tests[i-1].Name {
				t.Errorf("%q is after %q", x.Name, r.Tests[i-1].Name)
			}
		}
		j := r.Judge(Selection{Patterns: []string{"*"}}, 0)
		if err == nil && j.Result == ssf.Passed && len(with(j.Tests, ssf.TestPassed)) == 0 {
			t.Error("passed without a test that passed")
		}
		if (j.Why == "") != (j.Result == ssf.Passed) {
			t.Errorf("%s because %q", j.Result, j.Why)
		}
	})
}

// TestCached: what go test took from its cache is known, in both of its forms.
func TestCached(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for name, x := range map[string]struct{ text, want string }{
		"json": {`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"ok  \tp\t(cached)\n"}
{"Action":"pass","Package":"p"}
{"Action":"output","Package":"q","Output":"ok  \tq\t(cached)\tcoverage: 80.0% of statements\n"}
{"Action":"pass","Package":"q"}
{"Action":"output","Package":"r","Output":"ok  \tr\t0.003s\n"}
{"Action":"pass","Package":"r"}
`, "p q"},
		"plain": {"ok  \tr\t0.003s\n" + long + "ok  \tn\t(cached)\nok  \tq\t(cached)\tcoverage: 80.0%\nok  \tp\t(cached)", "p q"},
		"other": {"ok (cached)\nthe line ok  \tp\t(cached)\n", ""},
		"of a test": {`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"ok  \tp\t(cached)\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`, ""},
	} {
		r, err := Read(strings.NewReader(x.text), Detect, nil)
		if got := strings.Join(r.Cached, " "); err != nil || got != x.want {
			t.Errorf("%s: cached are %q, want %q; %v", name, got, x.want, err)
		}
	}
}
