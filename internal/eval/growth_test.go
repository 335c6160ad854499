package eval_test

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ssf"
	"ssf/internal/testkit/gen"
)

// growthSizes are numbers of flows; each is twice the one before.
var growthSizes = []int{1000, 2000, 4000}

// TestGrowth counts work and not time: how often each statement of the
// evaluation runs for a model with a hub, by the coverage of a test that does
// nothing else. From size to size no statement may run much more than n log n
// times as often.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("builds this package once more, with counters")
	}
	bin := filepath.Join(t.TempDir(), "eval.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", bin, "-covermode=count", "-coverpkg=ssf,ssf/internal/check,ssf/internal/eval,ssf/internal/facts,ssf/internal/rule", ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building with counters: %v\n%s", err, out)
	}
	for _, shape := range slices.Sorted(maps.Keys(shapes)) {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			var runs []map[string]float64
			for _, n := range growthSizes {
				runs = append(runs, work(t, bin, shape, n))
			}
			seen := 0
			for at, most := range runs[2] {
				first, second := runs[1][at]-runs[0][at], most-runs[1][at]
				if most < 10*float64(growthSizes[2]) {
					continue // too little to tell growth from noise, and too little to matter
				}
				seen++
				// n log n gives 2.2 and 4.8, n² gives 4 and 16. One model in the middle that
				// happens to have little shows in the first alone.
				if second > 3*first && most > 6*runs[0][at] {
					t.Errorf("%s ran %.0f, %.0f and %.0f times for %d flows", at, runs[0][at], runs[1][at], most, growthSizes)
				}
			}
			if seen < 50 {
				t.Errorf("only %d statements ran often, so this test sees little", seen)
			}
		})
	}
}

// work runs TestGrowthWork and returns how often each block of statements ran.
func work(t *testing.T, bin, shape string, n int) map[string]float64 {
	t.Helper()
	profile := filepath.Join(t.TempDir(), "profile")
	cmd := exec.CommandContext(t.Context(), bin, "-test.run=^TestGrowthWork$", "-test.coverprofile="+profile)
	cmd.Env = append(cmd.Environ(), fmt.Sprintf("SSF_GROWTH=%s %d", shape, n))
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "no tests to run") {
		t.Fatalf("running with counters: %v\n%s", err, out)
	}
	f, err := os.Open(profile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	counts := map[string]float64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 {
			if counts[fields[0]], err = strconv.ParseFloat(fields[2], 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	return counts
}

// TestGrowthWork is what TestGrowth counts.
func TestGrowthWork(t *testing.T) {
	var shape string
	var n int
	if _, err := fmt.Sscan(os.Getenv("SSF_GROWTH"), &shape, &n); err != nil {
		t.Skip("runs for TestGrowth only")
	}
	evaluate(t, shapes[shape](t, n))
}

// shapes are models with n flows by how these lie.
var shapes = map[string]func(t *testing.T, n int) ssf.Inputs{
	"service": func(t *testing.T, n int) ssf.Inputs {
		return inputs(t, core(), gen.Generate(gen.Options{Components: n / 2, Functions: n / 2, Hub: true}).Files(1))
	},
	"store": func(t *testing.T, n int) ssf.Inputs { return inputs(t, core(), storeHub(n).Files(1)) },
	"treated": func(t *testing.T, n int) ssf.Inputs {
		return inputs(t, core(), treatedHub(n).Files(1))
	},
	"vague": func(t *testing.T, n int) ssf.Inputs {
		m := gen.Generate(gen.Options{Components: n / 2, Functions: n / 2, Hub: true})
		for i := range m.Zones {
			m.Zones[i].Facts = nil
		}
		for i := range m.Assets {
			m.Assets[i] = gen.Asset{Element: gen.Element{ID: m.Assets[i].ID}}
		}
		for i := range m.Flows {
			m.Flows[i].Over, m.Flows[i].Facts = "", nil
		}
		for i := range m.Functions {
			m.Functions[i].Actor, m.Functions[i].Otherwise, m.Functions[i].Does = "", "", ""
		}
		return inputs(t, core(), m.Files(1))
	},
	"files": func(t *testing.T, n int) ssf.Inputs {
		in := inputs(t, core(), gen.Generate(gen.Options{Components: n}).Files(1))
		in.Model.Use.Standards = []ssf.Ref{{ID: "ssf/go"}}
		in.Model.Audits = []ssf.Audit{{Named: ssf.Named{ID: "gosec"}, Standard: ssf.Ref{ID: "ssf/go"}, Covers: []ssf.Ref{{ID: "part-1*/**"}}}}
		in.Tree = &ssf.Tree{}
		for i := range in.Model.Components {
			part := fmt.Sprintf("part-%05d", i)
			in.Model.Components[i].Code = []ssf.Ref{{ID: ssf.ID(part + "/**/*.go")}, {ID: ssf.ID(part)}}
			in.Tree.Files = append(in.Tree.Files, part+"/a.go", part+"/sub/b.go")
		}
		return in
	},
}

// storeHub lets n flows end at one store of all assets.
func storeHub(n int) *gen.Model {
	m := gen.Generate(gen.Options{Components: n / 2})
	var hub *gen.Component
	for i := range m.Components {
		c := &m.Components[i]
		if c.Stores = nil; hub == nil && c.Kind == "database" {
			hub = c
		}
	}
	for _, a := range m.Assets {
		hub.Stores = append(hub.Stores, a.ID)
	}
	for i := range m.Flows {
		f := &m.Flows[i]
		f.To, f.Over = hub.ID, "postgresql"
		m.Entries = map[string][]string{"requirements": {"one: {says: It stays secret., protects: [" + f.Sends[0] + ".confidentiality]}"}}
	}
	return m
}

// treatedHub has one of everything that a team writes for each flow into a hub.
func treatedHub(n int) *gen.Model {
	m := gen.Generate(gen.Options{Components: n / 2, Functions: n / 2, Hub: true})
	entries := map[string][]string{"people": {"cto: {name: C. Tester, accepts_up_to: critical}"}, "deployments": {"here: {facts: {network: private}}"}}
	add := func(section, format string, args ...any) {
		entries[section] = append(entries[section], fmt.Sprintf(format, args...))
	}
	var dismissed, countered []string
	for i, f := range m.Flows {
		id := f.ID
		switch i % 4 {
		case 0:
			add("decisions", "{threat: eavesdropping@%s, treat: accept, because: So be it., by: cto, until: 2027-01-31}", id)
			add("decisions", "{rate: eavesdropping@%s, likelihood: high, because: So it is.}", id)
		case 1:
			add("mitigations", "m-%d: {counters: ['*@%s'], where: ['setting:x'], state: implemented}", i, id)
		case 2:
			dismissed = append(dismissed, "eavesdropping@"+id)
		case 3:
			countered = append(countered, "eavesdropping@"+id)
		}
		add("decisions", "{threat: sql-injection@%s, treat: not_applicable, because: It is no store.}", id)
		add("threats", "own-%d: {at: %s, says: It goes wrong., origin: behaviour, endangers: [%s.integrity], likelihood: low}", i, id, m.Assets[i].ID)
		add("requirements", "r-%d: {says: It stays whole., protects: [%s.integrity]}", i, m.Assets[i].ID)
		add("verifications", "v-%d: {verifies: [%s.encrypted], tests: [TestIt]}", i, id)
	}
	add("assumptions", "one: {says: It is so., holds_if: 'deployment.network == \"private\"', dismisses: [%s]}", strings.Join(dismissed, ", "))
	add("mitigations", "transport-encryption: {counters: [%s], where: ['setting:x'], state: implemented}", strings.Join(countered, ", "))
	m.Entries = entries
	return m
}
