package library_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/ruletest"
	"ssf/library"
)

func core(t *testing.T) *ssf.Library {
	t.Helper()
	lib, diags, err := lang.ReadLibrary(library.Core)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diags {
		t.Errorf("%v: %s: %s", d.Pos, d.Check, d.Message)
	}
	return lib
}

// TestRules runs the cases of each rule, and wants every measure used, verified
// and broken. `ssf test library --update` renews what cases are to print.
func TestRules(t *testing.T) {
	dir := lang.LibraryDir{FS: os.DirFS("."), Dir: "."}
	libs, err := lang.ReadLibraries(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ruletest.Run(ruletest.Suite{FS: dir.FS, Own: libs.Whole, Library: libs.Whole}, ruletest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Cases {
		t.Run(string(c.Rule)+"/"+c.Name, func(t *testing.T) {
			for _, f := range c.Failures {
				t.Errorf("%v: %s", f.Pos, f.Message)
			}
		})
	}
	for _, f := range r.Lacks {
		t.Errorf("%v: %s", f.Pos, f.Message)
	}
	for _, n := range r.Notes {
		t.Error(n)
	}
	if r.Rules < 15 || len(r.Cases) < 4*r.Rules {
		t.Errorf("only %d cases of %d rules ran", len(r.Cases), r.Rules)
	}
}

// TestConditions compiles every condition: a check compiles only those of rules
// that can stand in its model.
func TestConditions(t *testing.T) {
	lib := core(t)
	for _, d := range check.Conditions(lib.Facts, lib.Threats, func(ssf.Pos) string { return "" }) {
		t.Errorf("%v: %s", d.Pos, d.Message)
	}
}

// TestComputedFacts holds derive.go against the vocabulary: what it computes
// is defined on those sorts, and what is defined as computed is there.
func TestComputedFacts(t *testing.T) {
	want := map[ssf.ID][]ssf.Sort{
		"trust":            {ssf.SortActor, ssf.SortComponent},
		"confidentiality":  {ssf.SortAsset, ssf.SortComponent, ssf.SortFlow, ssf.SortFunction},
		"integrity":        {ssf.SortAsset, ssf.SortComponent, ssf.SortFlow, ssf.SortFunction},
		"availability":     {ssf.SortAsset, ssf.SortComponent, ssf.SortFlow, ssf.SortFunction},
		"personal":         {ssf.SortComponent, ssf.SortFlow, ssf.SortFunction},
		"exposure":         {ssf.SortComponent, ssf.SortFlow, ssf.SortFunction},
		"crosses_boundary": {ssf.SortFlow, ssf.SortFunction},
		"from_untrusted":   {ssf.SortFlow},
		"does":             {ssf.SortFunction},
		"changes":          {ssf.SortFunction},
		"authenticated":    {ssf.SortFunction},
		"accountability":   {ssf.SortAsset},
		"scoped":           {ssf.SortFunction},
		"called_with":      {ssf.SortFunction},
	}
	defs := map[ssf.ID]ssf.FactDef{}
	for _, f := range core(t).Facts {
		defs[f.ID] = f
		var on []ssf.Sort
		for _, s := range f.DerivedOn {
			on = append(on, ssf.Sort(s.ID))
		}
		slices.Sort(on)
		if !slices.Equal(on, want[f.ID]) {
			t.Errorf("%s is computed on %q by the library and on %q by internal/facts", f.ID, on, want[f.ID])
		}
	}
	computed := map[ssf.ID]bool{}
	literals(t, "../internal/facts/derive.go", func(s string) {
		if _, ok := defs[ssf.ID(s)]; ok {
			computed[ssf.ID(s)] = true
		}
	})
	delete(computed, "hostile")       // it is read there and declared by the team
	computed["accountability"] = true // a need of an asset, which is set by its name
	if got, want := slices.Sorted(maps.Keys(computed)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("derive.go names %q, want %q", got, want)
	}
	// The words as derive.go writes them, by their ranks.
	for fact, words := range map[ssf.ID]string{
		"exposure": "isolated internal external", "trust": "none low medium high", "hostile": "no possible yes",
		"confidentiality": "none low medium high critical", "integrity": "none low medium high critical", "availability": "none low medium high critical",
		"personal": "no yes", "crosses_boundary": "no yes", "can_hurt": "no yes",
	} {
		var got []string
		for _, v := range defs[fact].Values {
			got = append(got, string(v.ID))
		}
		if strings.Join(got, " ") != words {
			t.Errorf("%s has the words %q, want %s", fact, got, words)
		}
	}
}

// TestChecks holds the checks of the library against the code: each check is
// reported somewhere, and what is reported is a check of the library.
func TestChecks(t *testing.T) {
	lib := core(t)
	known := map[string]bool{}
	for _, c := range lib.Checks {
		known[string(c.ID)] = true
		if c.Control.ID != "" && !slices.ContainsFunc(lib.Controls, func(o ssf.Control) bool { return o.ID == c.Control.ID }) {
			t.Errorf("check %s bears on %s, which is no control", c.ID, c.Control.ID)
		}
	}
	reported := map[string]bool{}
	name := regexp.MustCompile(`^(model|context|threats|implementation|verification|release)/[a-z-]+$`)
	for _, dir := range []string{"../internal/eval", "../internal/check", "../internal/rule", "../internal/lang", "../cmd/ssf"} {
		for _, file := range goFiles(t, dir) {
			literals(t, file, func(s string) {
				if name.MatchString(s) {
					reported[s] = true
				} else if known["model/"+s] && strings.HasSuffix(dir, "lang") {
					reported["model/"+s] = true // lang reports them by their last part, see decoder.report
				}
			})
		}
	}
	for _, s := range ssf.States { // checkThreats makes its check from the state
		if !s.Treated() {
			reported["threats/"+string(s)] = true
		}
	}
	for id := range reported {
		if !known[id] {
			t.Errorf("the code reports %s, for which the library has no text", id)
		}
	}
	for id := range known {
		if !reported[id] {
			t.Errorf("nothing reports %s", id)
		}
	}
	if len(reported) < 50 {
		t.Errorf("only %d checks were found in the code, so this test does not see them", len(reported))
	}
}

func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no Go files in %s: %v", dir, err)
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "_test.go") })
}

// literals calls do for each string literal of a Go file.
func literals(t *testing.T, name string, do func(string)) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			do(s)
		}
		return true
	})
}

// TestControls has the controls of the design, section 9, with their phases.
func TestControls(t *testing.T) {
	want := map[ssf.ID]ssf.Phase{
		"CX-1": ssf.PhaseContext, "CX-2": ssf.PhaseContext, "CX-3": ssf.PhaseContext, "CX-4": ssf.PhaseContext, "CX-5": ssf.PhaseContext,
		"TH-1": ssf.PhaseThreats, "TH-2": ssf.PhaseThreats, "TH-3": ssf.PhaseThreats, "TH-4": ssf.PhaseThreats, "TH-5": ssf.PhaseThreats,
		"IM-1": ssf.PhaseImplementation, "IM-2": ssf.PhaseImplementation, "IM-3": ssf.PhaseImplementation, "IM-4": ssf.PhaseImplementation,
		"VE-1": ssf.PhaseVerification, "VE-2": ssf.PhaseVerification, "VE-3": ssf.PhaseEvaluation, "VE-4": ssf.PhaseEvaluation,
		"LC-1": "", "LC-2": ssf.PhaseContext,
	}
	got := map[ssf.ID]ssf.Phase{}
	for _, c := range core(t).Controls {
		got[c.ID] = c.Phase
		if c.Action == "" || c.Criterion == "" || c.Basis != "derived" || len(c.Judged) == 0 {
			t.Errorf("control %s lacks its action, its criterion, `basis: derived` or what a person judges", c.ID)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("controls by phase are\n%v, want\n%v", got, want)
	}
}

// TestIndex: the library as Go values is the one in the files, places and digest
// included. `make gen` writes it.
func TestIndex(t *testing.T) {
	if diff := cmp.Diff(core(t), library.Index()); diff != "" || !reflect.DeepEqual(core(t), library.Index()) {
		t.Errorf("index.go is stale; run `make gen`\n%.2000s", diff)
	}
}

func BenchmarkIndex(b *testing.B) {
	for b.Loop() {
		if len(library.Index().Threats) == 0 {
			b.Fatal("no threats")
		}
	}
}

func BenchmarkReadLibrary(b *testing.B) {
	for b.Loop() {
		if _, _, err := lang.ReadLibrary(library.Core); err != nil {
			b.Fatal(err)
		}
	}
}

// TestEmbedded proves that what the program holds is what stands here.
func TestEmbedded(t *testing.T) {
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".yaml" {
			return err
		}
		here, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if inside, err := library.Core.ReadFile(name); err != nil || string(inside) != string(here) {
			t.Errorf("%s is not embedded as it stands: %v", name, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
