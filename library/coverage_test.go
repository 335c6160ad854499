package library_test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/ruletest"
	"ssf/library"
)

// TestLint: nothing is missing in the library, and each entry of the published
// lists is covered or left out with a reason.
func TestLint(t *testing.T) {
	lib := library.Index()
	l, err := ruletest.Check(ruletest.Suite{FS: library.Core, Own: lib, Library: lib})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range l.Findings {
		t.Errorf("%v: %s", f.Pos, f.Message)
	}
	want := map[ssf.ID]int{"cwe-top25-2025": 25, "owasp-2021": 10, "owasp-2025": 10, "owasp-api-2023": 10, "owasp-llm-2025": 10, "owasp-cicd": 10, "slsa-threats": 9, "linddun": 7, "ssf-stride": 300, "ssf-themes": 70}
	for _, c := range l.Coverage {
		if len(c.Entries) < want[c.List] {
			t.Errorf("%s has %d entries, want %d", c.List, len(c.Entries), want[c.List])
		}
		delete(want, c.List)
	}
	for list := range want {
		t.Errorf("there is no list %s", list)
	}
}

// TestStrideOfKinds: the list of STRIDE by kind has each concrete kind and each
// sort of element with each class, so that no hole can be left out.
func TestStrideOfKinds(t *testing.T) {
	lib := library.Index()
	at := slices.IndexFunc(lib.Lists, func(l ssf.List) bool { return l.ID == "ssf-stride" })
	if at < 0 {
		t.Fatal("there is no list ssf-stride")
	}
	var got, want []string
	for _, e := range lib.Lists[at].Entries {
		got = append(got, string(e.ID))
	}
	kinds := []string{"actor", "flow"}
	for _, k := range lib.Kinds {
		if !k.Abstract {
			kinds = append(kinds, string(k.ID))
		}
	}
	for _, k := range kinds {
		for _, class := range []string{"spoofing", "tampering", "repudiation", "information_disclosure", "denial_of_service", "elevation_of_privilege"} {
			want = append(want, k+"."+class)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("ssf-stride has %d entries, want one for each of %d kinds and classes; `KIND.CLASS: {}` adds one", len(got), len(want))
	}
}

// TestSize: the library is as large as it says it is.
func TestSize(t *testing.T) {
	lib := library.Index()
	for what, x := range map[string][2]int{
		"threats": {len(lib.Threats), 200}, "measures": {len(lib.Measures), 140}, "kinds": {len(lib.Kinds), 40},
		"technologies": {len(lib.Techs), 200}, "protocols": {len(lib.Protocols), 50},
	} {
		if x[0] < x[1] {
			t.Errorf("the library has %d %s, want %d", x[0], what, x[1])
		}
	}
	silent := 0
	for _, m := range lib.Measures {
		if len(m.Answers) == 0 {
			silent++
		}
	}
	if silent*20 > len(lib.Measures) {
		t.Errorf("%d of %d measures answer nothing of any catalogue", silent, len(lib.Measures))
	}
}

// TestRows holds the table of what became of the threats that the library began
// from against the library: each row names rules that are there, and each rule
// stands in a row.
func TestRows(t *testing.T) {
	rules := map[string]bool{}
	for _, r := range library.Index().Threats {
		rules[string(r.ID)] = false
	}
	ids := map[string]bool{}
	for n, line := range lines(t, "../docs/threat-rows.tsv") {
		f := strings.Split(line, "\t")
		if n == 0 {
			continue // the head
		}
		if len(f) != 4 {
			t.Fatalf("threat-rows.tsv:%d has %d columns", n+1, len(f))
		}
		if ids[f[0]] && f[0] != "-" {
			t.Errorf("threat-rows.tsv:%d: %s is there twice", n+1, f[0])
		}
		ids[f[0]] = true
		for _, r := range strings.Fields(f[2]) {
			if _, ok := rules[r]; !ok {
				t.Errorf("threat-rows.tsv:%d: there is no rule %s", n+1, r)
			}
			rules[r] = true
		}
		if f[2] == "" || f[0] == "-" && f[3] == "" {
			t.Errorf("threat-rows.tsv:%d names no rule, or a rule beyond the rows without a reason", n+1)
		}
	}
	if len(ids) != 216 { // and `-`
		t.Errorf("the table has %d rows", len(ids)-1)
	}
	for r, named := range rules {
		if !named {
			t.Errorf("no row names the rule %s", r)
		}
	}
}

func lines(t *testing.T, name string) (out []string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		out = append(out, s.Text())
	}
	return out
}

// caseOf is the verdict on a model as it would be before anything is treated.
func caseOf(t *testing.T, dir string) *ssf.Case {
	t.Helper()
	lib := library.Index()
	snap, err := lang.Load(os.DirFS(dir), lib)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range snap.Diagnostics {
		if d.Severity == ssf.Error {
			t.Errorf("%v: %s", d.Pos, d.Message)
		}
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Line: snap.Line})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// most is how many threats an element may have, in the mean of a model.
const most = 6

// TestQuiet: on complete models nothing is undecided, and there are at most six
// threats an element.
func TestQuiet(t *testing.T) {
	dirs, err := filepath.Glob("../examples/models/*")
	if err != nil || len(dirs) < 3 {
		t.Fatalf("there are %d example models: %v", len(dirs), err)
	}
	for _, dir := range append(dirs, "../examples/bookshop", "..") {
		c := caseOf(t, dir)
		mean := float64(len(c.Threats)) / float64(len(c.Elements))
		t.Logf("%s: %d threats at %d elements, %.1f each", dir, len(c.Threats), len(c.Elements), mean)
		if mean > most {
			t.Errorf("%s has %.1f threats an element", dir, mean)
		}
		for _, x := range c.Threats {
			if x.State == ssf.Undecided {
				t.Errorf("%s: %s is undecided: %v", dir, x.ID, x.Needs)
			}
		}
	}
}

// TestEngineer: what a security engineer feared of the example models, written
// before looking, is derived.
func TestEngineer(t *testing.T) {
	files, err := filepath.Glob("../examples/models/*/engineer.tsv")
	if err != nil || len(files) < 3 {
		t.Fatalf("there are %d lists: %v", len(files), err)
	}
	for _, file := range files {
		c := caseOf(t, filepath.Dir(file))
		derived := map[string]bool{}
		for _, x := range c.Threats {
			derived[string(x.ID)] = true
		}
		all := lines(t, file)
		for n, line := range all {
			f := strings.Split(line, "\t")
			if len(f) != 3 || strings.TrimSpace(f[2]) == "" {
				t.Errorf("%s:%d names no threat", file, n+1)
				continue
			}
			for _, id := range strings.Fields(f[2]) {
				if !derived[id] {
					t.Errorf("%s:%d: %s is not derived", file, n+1, id)
				}
			}
		}
		if len(all) < 25 {
			t.Errorf("%s has %d lines", file, len(all))
		}
	}
}
