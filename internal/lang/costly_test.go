package lang

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCostly reads models that are made to cost more than their size. Each is
// within the limits; none may take a time that grows with its square.
func TestCostly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
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

// chain is zones each of which lies inside the next.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  z%d: {in: z%d}\n", i, (i+1)%n)
	}
	return b.String()
}
