package eval

import (
	"fmt"
	"testing"

	"ssf"
)

// TestAskedMakesRoom holds that questions which wait for somebody's answer leave
// the places of those to answer now to others.
func TestAskedMakesRoom(t *testing.T) {
	const asked, others = MaxQuestions + 2, 3
	a := &asking{e: &Evaluation{asked: map[ssf.FactRef]bool{}}, lacks: map[lack]int{}}
	for i := range asked + others {
		g := &group{fact: ssf.ID(fmt.Sprintf("f%02d", i)), number: i, at: []ssf.ID{"web"}, unlocks: 100 - i}
		a.groups = append(a.groups, g)
		var l lack
		l.add(i)
		a.lacks[l] = 100 - i
		if i < asked {
			a.e.asked[ssf.FactRef{Element: "web", Fact: g.fact}] = true
		}
	}
	now, later := a.choose()
	if len(later) != 0 || len(now) != asked+others || now[0].fact != "f14" || now[others].fact != "f00" {
		t.Errorf("%d questions now and %d later, the first %s", len(now), len(later), now[0].fact)
	}
}
