package lang

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestCostly reads models that are made to cost more than their size. Each is
// within the limits; none may take a time that grows with its square.
func TestCostly(t *testing.T) {
	if testing.Short() {
		t.Skip("reads megabytes that are made to be slow; the whole test run has it")
	}
	repeat := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	zones := "zones:\n" + repeat("  zone-%d: {trust: low}\n", 8_000)
	for name, text := range map[string]string{
		"one line":            start + "zones: {" + repeat("z%d: {trust: low}, ", 40_000) + "}\n",
		"one line of faults":  start + "zones: {" + repeat("z%d: {trsut: löw}, ", 40_000) + "}\n",
		"a list of one":       start + "system2: x\nuse: {standards: [" + repeat("s%d, ", 80_000) + "]}\n",
		"a long list":         start + "components:\n  a: {code: [" + repeat("c%d, ", 80_000) + "]}\n",
		"words without value": start + "requirements:\n  a: {says: x" + repeat(", w%d", 200_000) + "}\n",
		"unknown references":  start + zones + "actors:\n" + repeat("  a%d: {zone: zone-%[1]dx}\n", 20_000),
		"patterns":            start + zones + "mitigations:\n" + repeat("  m%d: {counters: ['*@zone-%[1]d*', '*@nope-%[1]d*'], state: planned}\n", 5_000),
		"syntax errors":       start + "zones:\n" + repeat("  z%d: {trust: 'low}\n", 40_000),
		"nested zones":        start + "zones:\n  z0: {}\n" + repeat("  y%d: {in: y%[1]d0}\n", 20_000) + repeat("  x%d: {in: z0}\n", 20_000),
		"chained zones":       start + "zones:\n" + chain(40_000),
		"open brackets":       start + "zones:\n" + repeat("  z%d: {says: 'a [ b { c'}\n", 20_000),
		"quotes":              start + "zones:\n  a:\n    says: '" + strings.Repeat("''", 30_000) + "'\n",
		"columns":             start + "zones: {" + strings.Repeat("  ", 5_000_000) + "}\n",
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			s := load(t, text)
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v for %d bytes", took, len(text))
			} else {
				t.Logf("%v for %d bytes, %d diagnostics", took, len(text), len(s.Diagnostics))
			}
		})
	}
}

// TestCostlyLibrary reads libraries that are made to cost more than their size.
func TestCostlyLibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("reads megabytes that are made to be slow; the whole test run has it")
	}
	const n = 1500
	rules := func(key string, to func(i, j int) string) map[string]string {
		files := map[string]string{}
		for i := range n {
			var all []string
			for j := range 40 {
				if id := to(i, j); !slices.Contains(all, id) {
					all = append(all, id)
				}
			}
			id := fmt.Sprintf("r%d", i)
			files["threats/"+id+"/threat.yaml"] = "id: " + id + "\nsince: 1\ntitle: T\norigin: behaviour\non: asset\nwhen: 'true'\nendangers: [integrity]\nlikelihood: {level: low, because: x}\nsays: x\nplain: x\nmeasures: []\nquiet_when: x\n" + key + ": [" + strings.Join(all, ", ") + "]\n"
		}
		return files
	}
	for name, files := range map[string]map[string]string{
		"steps":            rules("steps", func(i, j int) string { return fmt.Sprintf("r%d", min(i+j+1, n-1)) }),
		"steps in circles": rules("steps", func(i, j int) string { return fmt.Sprintf("r%d", (i+j*37+1)%n) }),
		"unknown entries":  rules("covers", func(i, j int) string { return fmt.Sprintf("top:B%dx", i*40+j) }),
		"a long list":      rules("covers", func(i, j int) string { return fmt.Sprintf("top:A%d", (i*40+j)%50_000) }),
	} {
		t.Run(name, func(t *testing.T) {
			files["library.yaml"], files["lists/l.yaml"] = "name: acme\nversion: 1\n", "lists:\n  top:\n    title: T\n    source: x\n    entries:\n"
			var entries strings.Builder
			for i := range 50_000 {
				fmt.Fprintf(&entries, "      A%d: {}\n", i)
			}
			files["lists/l.yaml"] += entries.String()
			fsys := fstest.MapFS{}
			for p, text := range files {
				fsys[p] = &fstest.MapFile{Data: []byte(text)}
			}
			begin := time.Now()
			_, ds, err := ReadLibrary(fsys)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Logf("%v, %d diagnostics", took, len(ds))
			}
		})
	}
}

// chain is zones each of which lies inside the next.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  z%d: {in: z%d}\n", i, (i+1)%n)
	}
	return b.String()
}
