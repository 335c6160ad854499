package ssf_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"ssf"
)

// TestSortDiagnostics compares with the standard library's sort.
func TestSortDiagnostics(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		ds := make([]ssf.Diagnostic, n)
		for i := range ds {
			ds[i] = ssf.Diagnostic{Check: ssf.ID(fmt.Sprint(r.IntN(2))), Message: fmt.Sprint(r.IntN(2)), Hint: fmt.Sprint(i), Pos: ssf.Pos{File: "f", Line: 1 + r.IntN(5)}}
		}
		want := slices.Clone(ds)
		slices.SortStableFunc(want, func(a, b ssf.Diagnostic) int {
			if c := a.Pos.Compare(b.Pos); c != 0 {
				return c
			}
			if a.Check != b.Check {
				return map[bool]int{true: -1, false: 1}[a.Check < b.Check]
			}
			return map[bool]int{true: -1, false: map[bool]int{true: 1}[a.Message > b.Message]}[a.Message < b.Message]
		})
		if ssf.SortDiagnostics(ds); !reflect.DeepEqual(ds, want) {
			t.Errorf("%d sorted are\n%v, want\n%v", n, ds, want)
		}
	}
}
