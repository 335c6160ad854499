package gen_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
)

func library(t *testing.T) *ssf.Library {
	t.Helper()
	lib, diags, err := lang.ReadLibrary(os.DirFS("../../../library"))
	if err != nil || ssf.HasErrors(diags) {
		t.Fatalf("reading the library: %v, %v", err, diags)
	}
	return lib
}

func fileSystem(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func load(t *testing.T, lib *ssf.Library, files map[string]string) *ssf.Model {
	t.Helper()
	snapshot, err := lang.Load(fileSystem(files), lib)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range snapshot.Diagnostics {
		if d.Severity == ssf.Error {
			t.Errorf("%v: %s: %s", d.Pos, d.Check, d.Message)
		}
	}
	return snapshot.Model
}

func TestModelsAreValid(t *testing.T) {
	lib := library(t)
	for _, n := range []int{1, 2, 10, 100} {
		for seed := range uint64(5) {
			for _, hub := range []bool{false, true} {
				o := gen.Options{Components: n, Functions: n / 2, Seed: seed, Hub: hub}
				t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
					m := load(t, lib, gen.Generate(o).Files(1))
					if len(m.Components) != n || len(m.Flows) != 2*n || len(m.Assets) != 2*n || len(m.Functions) != n/2 {
						t.Errorf("%d components, %d flows, %d assets, %d functions", len(m.Components), len(m.Flows), len(m.Assets), len(m.Functions))
					}
					ends := map[ssf.ID]int{}
					for _, f := range m.Flows {
						ends[f.To.ID]++
						if f.From.ID == f.To.ID {
							t.Errorf("flow %s goes to its own start", f.ID)
						}
					}
					if hub && len(ends) != 1 || !hub && len(ends) != n {
						t.Errorf("flows end at %d components", len(ends))
					}
				})
			}
		}
	}
}

// TestWildModelsAreValid also proves that they hold what they are made for.
func TestWildModelsAreValid(t *testing.T) {
	lib := library(t)
	var all ssf.Model
	gaps := map[string]int{}
	for seed := range uint64(20) {
		wild := gen.Wild(8, seed)
		m := load(t, lib, wild.Files(1))
		if again := gen.Wild(8, seed); again.YAML() != wild.YAML() {
			t.Error("the same seed gives different models")
		}
		all.Decisions, all.Mitigations, all.Threats = append(all.Decisions, m.Decisions...), append(all.Mitigations, m.Mitigations...), append(all.Threats, m.Threats...)
		all.Deployments, all.Requirements = append(all.Deployments, m.Deployments...), append(all.Requirements, m.Requirements...)
		count := func(gap string, is bool) {
			if is {
				gaps[gap]++
			}
		}
		for _, c := range m.Components {
			count("kind", c.Kind.ID == "")
			count("zone", c.Zone.ID == "")
			count("tech", !c.TechAt.Known())
			for _, f := range c.Facts {
				count("fact", f.Value == "")
			}
		}
		for _, f := range m.Flows {
			count("over", f.Over.ID == "")
		}
		for _, f := range m.Functions {
			count("allow", len(f.Allow) == 0)
			count("otherwise", f.Otherwise.ID == "")
		}
		for _, a := range m.Assets {
			count("need", len(a.Needs) < 3)
		}
	}
	for _, gap := range []string{"kind", "zone", "tech", "fact", "over", "allow", "otherwise", "need"} {
		if gaps[gap] == 0 {
			t.Errorf("no wild model leaves a %s out", gap)
		}
	}
	treats := map[ssf.ID]bool{}
	for _, d := range all.Decisions {
		treats[d.Treat.ID] = true
	}
	if len(treats) != 5 || len(all.Mitigations) == 0 || len(all.Threats) == 0 || len(all.Deployments) == 0 || len(all.Requirements) == 0 {
		t.Errorf("wild models have decisions to %v, %d mitigations, %d threats, %d deployments, %d requirements", treats, len(all.Mitigations), len(all.Threats), len(all.Deployments), len(all.Requirements))
	}
}

func TestEveryChoiceIsValid(t *testing.T) {
	lib := library(t)
	m := gen.Generate(gen.Options{Components: 20, Functions: 5})
	for _, p := range append(m.Unsaid(), m.Said()...) {
		m.Set(p.Element, p.Fact, p.Values[0])
	}
	if len(m.Unsaid()) != 0 {
		t.Errorf("still unsaid: %v", m.Unsaid())
	}
	load(t, lib, m.Files(1))
	for _, p := range m.Said() {
		def := slices.IndexFunc(lib.Facts, func(f ssf.FactDef) bool { return string(f.ID) == p.Fact })
		if def < 0 {
			t.Fatalf("the library has no fact %s", p.Fact)
		}
		if control := lib.Facts[def].Class == ssf.ControlClass; control != p.Control {
			t.Errorf("fact %s: control is %v here and %v in the library", p.Fact, p.Control, control)
		}
		for _, v := range p.Values {
			if lib.Facts[def].Domain == ssf.Boolean && (v == "yes" || v == "no") {
				continue
			}
			for _, w := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune("[], ", r) }) { // those of a set
				if !ssf.HasRef(lib.Facts[def].Values, ssf.ID(w)) {
					t.Errorf("fact %s has no value %s", p.Fact, w)
				}
			}
		}
	}
}

// TestChoicesAreFree proves that no fact is said where it is implied: saying
// something else would contradict the library.
func TestChoicesAreFree(t *testing.T) {
	lib := library(t)
	implied := map[ssf.ID]map[ssf.ID]bool{} // facts by kind or protocol
	for _, defs := range [][]ssf.KindDef{lib.Kinds, lib.Protocols} {
		for _, def := range defs {
			facts := map[ssf.ID]bool{}
			for id := def.ID; id != ""; {
				i := slices.IndexFunc(defs, func(k ssf.KindDef) bool { return k.ID == id })
				for _, f := range defs[i].Implies {
					facts[f.Fact.ID] = true
				}
				id = defs[i].Is.ID
			}
			implied[def.ID] = facts
		}
	}
	m := gen.Generate(gen.Options{Components: 20})
	of := map[string]string{}
	for _, c := range m.Components {
		of[c.ID] = c.Kind
	}
	for _, f := range m.Flows {
		of[f.ID] = f.Over
	}
	for _, p := range append(m.Unsaid(), m.Said()...) {
		if by := ssf.ID(of[p.Element]); implied[by][ssf.ID(p.Fact)] {
			t.Errorf("%s is a choice at %s, where %s implies it", p.Fact, p.Element, by)
		}
	}
	if !implied["https"]["encrypted"] {
		t.Error("https does not imply encrypted, so this test proves nothing")
	}
}

func TestDeterminism(t *testing.T) {
	o := gen.Options{Components: 50, Functions: 10, Seed: 7}
	a, b := gen.Generate(o), gen.Generate(o)
	if diff := cmp.Diff(a, b); diff != "" || a.YAML() != b.YAML() {
		t.Errorf("the same options give different models:\n%s", diff)
	}
	o.Seed++
	if gen.Generate(o).YAML() == a.YAML() {
		t.Error("another seed gives the same model")
	}
}

func TestFiles(t *testing.T) {
	lib := library(t)
	m := gen.Generate(gen.Options{Components: 30, Functions: 3})
	m.More = "people: {cto: {name: C. Tester}}"
	whole := load(t, lib, m.Files(1))
	for _, n := range []int{2, 4, 40} {
		files := m.Files(n)
		if len(files) != n {
			t.Errorf("%d files, want %d", len(files), n)
		}
		split := load(t, lib, files)
		for _, pair := range [][2][]ssf.ID{
			{ids(whole.Components), ids(split.Components)},
			{ids(whole.Assets), ids(split.Assets)},
			{ids(whole.Flows), ids(split.Flows)},
			{ids(whole.Functions), ids(split.Functions)},
			{ids(whole.People), ids(split.People)},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				t.Errorf("%d files do not hold what one holds:\n%s", n, diff)
			}
		}
	}
}

func ids[T any](vs []T) (out []ssf.ID) {
	for _, v := range vs {
		switch v := any(v).(type) {
		case ssf.Component:
			out = append(out, v.ID)
		case ssf.Asset:
			out = append(out, v.ID)
		case ssf.Flow:
			out = append(out, v.ID)
		case ssf.Function:
			out = append(out, v.ID)
		case ssf.Person:
			out = append(out, v.ID)
		}
	}
	slices.Sort(out)
	return out
}

func TestChanges(t *testing.T) {
	lib := library(t)
	m := gen.Generate(gen.Options{Components: 10})
	before := m.YAML()
	c := m.Clone()

	said := c.Said()[0]
	c.Drop(said.Element, said.Fact)
	if len(c.Said()) != len(m.Said())-1 || !slices.ContainsFunc(c.Unsaid(), func(p gen.Place) bool {
		return p.Element == said.Element && p.Fact == said.Fact
	}) {
		t.Errorf("%s.%s is still said", said.Element, said.Fact)
	}
	one, two := c.AddComponent("database"), c.AddComponent("web_service")
	if one == two || c.Element(one) == nil || m.Element(one) != nil {
		t.Errorf("added components %s and %s", one, two)
	}
	c.Set(two, "output_encoded", "yes")
	c.RemoveFlow(c.Flows[0].ID)
	if len(c.Flows) != len(m.Flows)-1 {
		t.Errorf("%d flows", len(c.Flows))
	}
	if m.YAML() != before {
		t.Error("changing a clone changes its original")
	}
	if !strings.Contains(c.YAML(), "    output_encoded: yes\n") {
		t.Error("a fact that was set is not written")
	}
	load(t, lib, c.Files(1))
}

func TestRules(t *testing.T) {
	files := gen.Rules(200)
	if len(files) != 200 {
		t.Errorf("%d rules, want 200", len(files))
	}
	if diff := cmp.Diff(files, gen.Rules(200)); diff != "" {
		t.Errorf("rules differ from run to run:\n%s", diff)
	}
	all := fileSystem(files)
	root := os.DirFS("../../../library")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		all[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lib, diags, err := lang.ReadLibrary(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diags {
		t.Errorf("%v: %s", d.Pos, d.Message)
	}
	if want := len(files) + len(library(t).Threats); len(lib.Threats) != want {
		t.Errorf("%d rules with those of the library, want %d", len(lib.Threats), want)
	}
	first := slices.Sorted(maps.Keys(files))[0]
	if first != "threats/synthetic-001/threat.yaml" {
		t.Errorf("the first rule is at %s", first)
	}
}
