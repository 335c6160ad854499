package eval_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/eval"
	"ssf/internal/lang"
	"ssf/library"
)

// now is the time of all tests that say nothing else.
var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// about are the rules of ssf/core that the models here are about. A rule that
// joins the library changes none of these tests.
var about = []ssf.ID{
	"account-recovery", "cross-site-scripting", "csrf", "double-spend", "eavesdropping", "flooding", "guessed-credentials", "lookalike-dependency",
	"missing-authentication", "object-access", "overlong-retention", "path-traversal", "sql-injection", "unreviewed-release", "weak-audit",
}

// core is the library with these rules and more of its own.
var core = sync.OnceValue(func() *ssf.Library { return readLibrary(library.Core) })

func readLibrary(fsys fs.FS) *ssf.Library {
	lib, diags, err := lang.ReadLibrary(fsys)
	if err != nil || len(diags) > 0 {
		panic(fmt.Sprint("reading the library: ", err, diags))
	}
	lib.Threats = slices.DeleteFunc(lib.Threats, func(r ssf.Rule) bool {
		_, err := fs.Stat(library.Core, "threats/"+string(r.ID))
		return err == nil && !slices.Contains(about, r.ID)
	})
	return lib
}

// inputs reads a model from its files.
func inputs(t testing.TB, lib *ssf.Library, files map[string]string) ssf.Inputs {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	snap, err := lang.Load(fsys, lib)
	if err != nil {
		t.Fatal(err)
	}
	lock, more, err := lang.ReadLock(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return ssf.Inputs{Model: snap.Model, Diagnostics: append(snap.Diagnostics, more...), Library: lib, Lock: lock, Now: now, Tool: "ssf test", Line: snap.Line}
}

func evaluate(t testing.TB, in ssf.Inputs) *ssf.Case {
	t.Helper()
	c, err := check.Case(in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func caseJSON(t testing.TB, c *ssf.Case) []byte {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCases runs testdata/cases/*.txtar. Each has a model (ssf.yaml, ssf/...),
// perhaps more of the library (library/...), a list of the files of the tree
// (`tree`, with `file#Symbol`), and `show`: lines that say what of the case is
// compared with `want`. SSF_UPDATE=1 writes `want` anew.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runCase(t, a)
			i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
			if i < 0 {
				t.Fatal("the case has no file `want`")
			}
			if os.Getenv("SSF_UPDATE") != "" {
				if a.Files[i].Data = []byte(got); !bytes.Equal(txtar.Format(a), read(t, file)) {
					if err := os.WriteFile(file, txtar.Format(a), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(a.Files[i].Data), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("the case is not as wanted (-want +got):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func runCase(t *testing.T, a *txtar.Archive) string {
	model, more := map[string]string{}, map[string]string{}
	var show, tree string
	for _, f := range a.Files {
		switch part, _, _ := strings.Cut(f.Name, "/"); {
		case f.Name == "show":
			show = string(f.Data)
		case f.Name == "tree":
			tree = string(f.Data)
		case part == "library":
			more[strings.TrimPrefix(f.Name, "library/")] = string(f.Data)
		case f.Name != "want":
			model[f.Name] = string(f.Data)
		}
	}
	in := inputs(t, libraryWith(t, more), model)
	if tree != "" {
		in.Tree = treeOf(tree)
	}
	var out strings.Builder
	c := evaluate(t, in)
	for _, d := range in.Diagnostics {
		if !strings.Contains(show, string(d.Check)) {
			t.Errorf("%v: %s: %s", d.Pos, d.Check, d.Message)
		}
	}
	for line := range strings.Lines(show) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		fmt.Fprintf(&out, "> %s\n", line)
		if word == "now" {
			at, err := time.Parse(time.DateOnly, rest)
			if err != nil {
				t.Fatal(err)
			}
			in.Now = at
			c = evaluate(t, in)
			continue
		}
		do := shows[word]
		if do == nil {
			t.Fatalf("nothing shows %q", word)
		}
		do(t, &out, in, c, strings.Fields(rest))
	}
	return out.String()
}

// libraryWith is the library with more files, which take the place of those of
// the same name.
func libraryWith(t *testing.T, more map[string]string) *ssf.Library {
	t.Helper()
	if len(more) == 0 {
		return core()
	}
	return readLibrary(fileSystem(more))
}

func treeOf(list string) *ssf.Tree {
	t := &ssf.Tree{Commit: "3f2a1c9d0e8b7a6f5c4d3e2b1a0f9e8d7c6b5a4f"}
	symbols := map[string][]string{}
	for f := range strings.FieldsSeq(list) {
		file, symbol, ok := strings.Cut(f, "#")
		if !slices.Contains(t.Files, file) {
			t.Files = append(t.Files, file)
		}
		if ok {
			symbols[file] = append(symbols[file], symbol)
		}
	}
	slices.Sort(t.Files)
	t.Symbols = func(path string) ([]string, bool) { s, ok := symbols[path]; return s, ok }
	return t
}

// A shower writes a part of a case in a form that reads well.
type shower func(t *testing.T, w io.Writer, in ssf.Inputs, c *ssf.Case, args []string)

var shows = map[string]shower{
	"threats": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, t := range c.Threats {
			if fits(args, string(t.ID)) {
				fmt.Fprintf(w, "%s %s: %s%s\n", strings.ToUpper(string(t.State)), t.ID, t.Why, listed(" asks", t.Needs))
			}
		}
	},
	"ratings": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, t := range c.Threats {
			if fits(args, string(t.ID)) {
				fmt.Fprintf(w, "%s: %v = %v (%s) x %v (%s)%s", t.ID, t.Risk, t.Likelihood, t.LikelihoodWhy, t.Impact, t.ImpactWhy, listed(" endangers", t.Endangers))
				if t.EndangersMore > 0 {
					fmt.Fprintf(w, " and %d more", t.EndangersMore)
				}
				fmt.Fprintln(w)
			}
		}
	},
	"also": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, _ []string) {
		for _, t := range c.Threats {
			if len(t.Also) > 0 {
				fmt.Fprintf(w, "%s%s\n", t.ID, listed(" also", t.Also))
			}
		}
		for _, j := range c.Joined {
			fmt.Fprintf(w, "%s %q %q %v: %s%s%s%s\n", j.ID, j.FromTool, j.Title, j.Severity, j.Says, listed(" as", j.As), listed(" weaknesses", j.Weaknesses), listed(" attacks", j.Attacks))
		}
	},
	"rests": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, t := range c.Threats {
			if fits(args, string(t.ID)) {
				fmt.Fprintf(w, "%s%s%s\n", t.ID, listed(" rests on", t.Rests), listed(", mitigations", t.Mitigations))
			}
		}
	},
	"diagnostics": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, d := range c.Diagnostics {
			if !fits(args, string(d.Check)) {
				continue
			}
			fmt.Fprintf(w, "%v: %s: %s %s: %s\n", d.Pos, d.Severity, d.Check, d.Subject, d.Message)
			for _, r := range d.Related {
				fmt.Fprintf(w, "\t%v: %s\n", r.Pos, r.Message)
			}
		}
	},
	"hints": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, d := range c.Diagnostics {
			if fits(args, string(d.Check)) {
				fmt.Fprintf(w, "%v: %s: %s\n", d.Pos, d.Check, d.Hint)
			}
		}
	},
	"matrix": func(t *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		i := slices.IndexFunc(c.Matrices, func(m ssf.Matrix) bool { return m.Name == args[0] })
		if i < 0 {
			t.Fatalf("no matrix %s", args[0])
		}
		m := &c.Matrices[i]
		fmt.Fprintf(w, "%d of %d\n", m.Answered, len(m.Cells))
		for _, cell := range m.Cells {
			if fits(args[1:], cell.Cell.String()) {
				fmt.Fprintf(w, "%v %v%s\n", cell.Cell, cell.Level, listed(" by", cell.AnsweredBy))
			}
		}
	},
	"requirements": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, r := range c.Requirements {
			fmt.Fprintf(w, "%s %s%s%s\n", r.ID, r.Status, listed(" threats", r.Threats), listed(" open", r.Open))
		}
	},
	"assumptions": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, a := range c.Assumptions {
			fmt.Fprintf(w, "%s holds %q\n", a.ID, a.Holds)
		}
	},
	"mitigations": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, m := range c.Mitigations {
			fmt.Fprintf(w, "%s %s placed %v measure %q%s\n", m.ID, m.State, m.Placed, m.Measure, listed(" counters", m.Counters))
		}
	},
	"questions": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, q := range c.Questions {
			if fits(args, string(q.Fact)) {
				fmt.Fprintf(w, "%s unlocks %d%s%s%s\n", q.Fact, q.Unlocks, listed(" at", q.Elements), listed(" asked", q.Asked), listed(" of", q.Values))
			}
		}
	},
	"controls": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, p := range c.Phases {
			for _, x := range p.Controls {
				if fits(args, string(x.ID)) {
					fmt.Fprintf(w, "%s %s %s: %s%s\n", p.Name, x.ID, x.Status, x.Why, listed(" open", x.Open))
				}
			}
		}
	},
	"phases": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, p := range c.Phases {
			fmt.Fprintf(w, "%s: %d of %d %s\n", p.Name, p.Done, p.Of, p.Counts)
		}
		fmt.Fprintf(w, "reach %s, asked %q\n", c.Reach, c.ReachAsked)
	},
	"gates": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, g := range c.Gates {
			fmt.Fprintf(w, "%s met %v: at most %d%s\n", g.ID, g.Met, g.AtMost, listed(", has", g.Open))
		}
	},
	"deployments": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, d := range c.Deployments {
			fmt.Fprintf(w, "%s reach %s:", d.ID, d.Reach)
			for _, t := range d.Threats {
				fmt.Fprintf(w, " %s %q", t.ID, t.State)
			}
			fmt.Fprintln(w)
		}
	},
	"facts": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		for _, e := range c.Elements {
			for _, f := range e.Facts {
				if name := string(e.ID) + "." + string(f.Name); fits(args, name) {
					fmt.Fprintf(w, "%s = %s, %s %s\n", name, f.Value, f.Via, f.By)
				}
			}
		}
	},
	"assertions": func(_ *testing.T, w io.Writer, _ ssf.Inputs, c *ssf.Case, args []string) {
		fmt.Fprintf(w, "%s\n", listed("assertions", c.Assertions))
	},
	"explain": func(t *testing.T, w io.Writer, in ssf.Inputs, c *ssf.Case, args []string) {
		x, ok, err := eval.Explain(in, c, ssf.ID(args[0]))
		if err != nil || !ok {
			fmt.Fprintf(w, "explained %v, %v\n", ok, err)
			return
		}
		fmt.Fprintf(w, "%s\n", x.Verdict)
		if x.Kind != "" {
			fmt.Fprintf(w, "  %s\n", x.Kind)
		}
		for _, y := range []*ssf.Why{x.When, x.Unless} {
			if y != nil {
				showWhy(w, y, "  ")
			}
		}
		for _, b := range x.Variants {
			fmt.Fprintf(w, "  or %s: %v\n", b.Rule, b.At)
		}
		for _, b := range x.Steps {
			fmt.Fprintf(w, "  and %s: %v\n", b.Rule, b.At)
		}
	},
}

func showWhy(w io.Writer, y *ssf.Why, indent string) {
	fmt.Fprintf(w, "%s%s: %s", indent, y.Text, y.Truth)
	if y.Member != "" {
		fmt.Fprintf(w, " (%s)", y.Member)
	}
	if y.Members > 0 {
		fmt.Fprintf(w, " of %d, %d not shown", y.Members, y.Omitted)
	}
	fmt.Fprintln(w)
	for _, f := range y.Facts {
		fmt.Fprintf(w, "%s  %s.%s = %q, %s %s %v\n", indent, f.Element, f.Name, f.Value, f.Via, f.By, f.Pos)
	}
	for i := range y.Parts {
		showWhy(w, &y.Parts[i], indent+"  ")
	}
}

// fits reports whether s fits any of the patterns; all fit none.
func fits(patterns []string, s string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return ssf.Match(p, s) })
}

// listed is a word with the things that it introduces; nothing for none.
func listed[T any](word string, of []T) string {
	if len(of) == 0 {
		return ""
	}
	return word + " " + strings.Trim(fmt.Sprint(of), "[]")
}
