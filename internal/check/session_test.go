package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ssf"
	"ssf/internal/testkit/gen"
)

// TestWork compares what an edit of one line costs, in things that are counted
// and not in time, with testdata/work.txt; SSF_UPDATE=1 writes it. The rules are
// synthetic, so that the figures do not change with the library's threats.
func TestWork(t *testing.T) {
	lib := *libraryOf(t, 0)
	own := map[ssf.ID]bool{}
	for _, r := range lib.Threats {
		own[r.ID] = true
	}
	all := libraryOf(t, len(lib.Threats)+40).Threats
	lib.Threats = nil
	for _, r := range all {
		if !own[r.ID] {
			lib.Threats = append(lib.Threats, r)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %10s %8s %10s %11s %8s\n", "edit", "components", "pieces", "elements", "conditions", "threats")
	first := map[string]int{}
	for _, n := range []int{250, 500, 1000} {
		text := gen.Generate(gen.Options{Components: n}).YAML()
		e := newEditing(t, &lib, text)
		show := func(name string) int {
			w := e.session.Work()
			fmt.Fprintf(&b, "%-12s %10d %8d %10d %11d %8d\n", name, n, e.snap.Parsed(), w.Derived, w.Conditions, w.Rated)
			return w.Conditions
		}
		if whole := show("at first"); whole < 10*n {
			t.Errorf("%d components: only %d conditions were evaluated, so this test sees little", n, whole)
		}
		for _, x := range oneLines(text) {
			e.edit(t, x.text)
			got := show(x.name)
			if e.snap.Parsed() > 2 {
				t.Errorf("%s: parsed %d pieces", x.name, e.snap.Parsed())
			}
			e.edit(t, text)
			if n == 250 {
				first[x.name] = got
			}
			if got > 3*first[x.name]+100 {
				t.Errorf("%s: evaluated %d conditions at 250 components and %d at %d", x.name, first[x.name], got, n)
			}
		}
	}
	golden := filepath.Join("testdata", "work.txt")
	if os.Getenv("SSF_UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the work is not that of %s; got\n%s", golden, b.String())
	}
}
