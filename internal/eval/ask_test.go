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
	a := &asking{e: &Evaluation{asked: map[ssf.FactRef]bool{}}, lacks: map[lack]int64{}}
	for i := range asked + others {
		g := &group{fact: ssf.ID(fmt.Sprintf("f%02d", i)), number: i, at: []ssf.ID{"web"}, unlocks: 100 - i}
		a.groups = append(a.groups, g)
		var l lack
		l.add(i)
		a.lacks[l] = int64(100 - i)
		if i < asked {
			a.e.asked[ssf.FactRef{Element: "web", Fact: g.fact}] = true
		}
	}
	now, later := a.choose()
	if len(later) != 0 || len(now) != asked+others || now[0].fact != a.groups[asked].fact || now[others].fact != "f00" {
		t.Errorf("%d questions now and %d later, the first %s", len(now), len(later), now[0].fact)
	}
}

// TestAskedTogether holds that questions that decide a threat only together are
// asked together, before one that is shared by many threats which it leaves open.
func TestAskedTogether(t *testing.T) {
	a := &asking{e: &Evaluation{}, lacks: map[lack]int64{}}
	threat := func(weight int64, facts ...int) {
		var l lack
		for _, n := range facts {
			l.add(n)
		}
		a.lacks[l] += weight
	}
	for i := range MaxQuestions + 3 {
		a.groups = append(a.groups, &group{fact: ssf.ID(fmt.Sprintf("f%02d", i)), number: i})
	}
	threat(3, 0, 1) // the likely one
	for i := 2; i < MaxQuestions+3; i++ {
		threat(1, 2, i) // one a question, and each also lacks the second
	}
	now, _ := a.choose()
	asked := map[ssf.ID]bool{}
	for _, g := range now {
		asked[g.fact] = true
	}
	if len(now) != MaxQuestions || now[0].fact != "f02" || !asked["f00"] || !asked["f01"] {
		t.Errorf("asked are %v", asked)
	}
}

// TestManyQuestions holds that each question counts by itself, however many there are.
func TestManyQuestions(t *testing.T) {
	var l lack
	l.add(0)
	l.add(256)
	if l.remove(0); l.size() != 1 || !l.has(256) || l.has(0) {
		t.Errorf("of questions 0 and 256 without 0, %d are left", l.size())
	}
}
