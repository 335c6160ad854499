package check

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// A check looks at the case and reports what is not right; it returns how many
// subjects it looked at. Its diagnostics say which control they bear on.
type check struct {
	control ssf.ID
	run     func(*verdict) (looked int)
}

// checks are all checks, in the order of the controls.
var checks = []check{
	{"CX-1", checkFacts},
	{"CX-1", checkStructure},
	{"CX-1", checkCode},
	{"CX-1", checkQuestions},
	{"CX-2", checkUse},
	{"CX-3", checkCells},
	{"CX-4", checkAssumptions},
	{"CX-5", checkLimits},
	{"TH-1", checkFunctions},
	{"TH-2", checkCrossings},
	{"TH-3", checkTechnologies},
	{"TH-4", checkThreats},
	{"TH-4", checkLock},
	{"TH-4", checkSame},
	{"TH-5", checkTreatments},
	{"IM-1", checkMitigated},
	{"IM-2", checkPlaces},
	{"IM-3", checkStandards},
	{"IM-4", checkAudits},
	{"VE-1", checkVerifications},
	{"VE-2", checkResults},
	{"VE-3", checkKinds},
	{"LC-1", checkDates},
	{"LC-2", checkSupport},
}

// assessed are the controls that today's checks decide. The others have checks
// that can find gaps, and none that could say that all is well: the results of
// analysers and independent evaluations are not looked at yet.
var assessed = map[ssf.ID]bool{
	"CX-1": true, "CX-2": true, "CX-3": true, "CX-4": true, "CX-5": true, "TH-1": true, "TH-2": true, "TH-3": true, "TH-5": true,
	"IM-1": true, "IM-2": true, "IM-3": true, "VE-1": true, "VE-2": true, "LC-1": true, "LC-2": true,
}

// assesses reports whether the checks can decide a control here. Without a lock
// nobody can tell whether what was decided was ever looked at again.
func (e *verdict) assesses(control ssf.ID) bool {
	return assessed[control] || control == "TH-4" && e.Lock != nil
}

// runChecks runs all checks, several at a time, each on a verdict of its own.
// They read what was evaluated and write what they find; that is collected in
// the order of the checks. Each is given room for as many diagnostics as it is
// expected to make.
func (e *verdict) runChecks(expected []int) {
	found := make([]*verdict, len(checks))
	var next atomic.Int32
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(checks)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(checks); i = int(next.Add(1)) - 1 {
				var room []ssf.Diagnostic
				if i < len(expected) {
					room = make([]ssf.Diagnostic, 0, expected[i]+expected[i]/50)
				}
				own := newVerdict(e.Reporter(room))
				own.looked[checks[i].control] = checks[i].run(own)
				found[i] = own
			}
		})
	}
	wg.Wait()
	total := 0
	for _, own := range found {
		e.made = append(e.made, len(own.Case.Diagnostics))
		total += len(own.Case.Diagnostics)
	}
	e.Case.Diagnostics = slices.Grow(e.Case.Diagnostics, total)
	for _, own := range found {
		e.collect(own)
	}
}

// collect takes up what one check found.
func (e *verdict) collect(own *verdict) {
	e.Collect(own.Evaluation)
	for control, n := range own.looked {
		e.looked[control] += n
	}
	for control, subjects := range own.open {
		e.open[control] = append(e.open[control], subjects...)
	}
	maps.Copy(e.unsure, own.unsure)
}

// openAt adds a subject to a control's list without a diagnostic of its own.
func (e *verdict) openAt(control, subject ssf.ID) {
	e.open[control] = append(e.open[control], subject)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// considered is whether any threat was derived or stated at a node; unknown if
// it is not decided whether one of them is there.
func (e *verdict) considered(n int32) rule.Truth {
	if n < 0 {
		return rule.False
	}
	best := rule.False
	for _, at := range e.At[n] {
		best = max(best, e.Instances[at].There)
	}
	if e.JoinedAt[n] {
		best = rule.True
	}
	return best
}

func checkFunctions(e *verdict) (looked int) {
	for i := range e.Nodes {
		if f := e.Nodes[i].Function; f != nil {
			looked++
			switch t := e.considered(int32(i)); {
			case t == rule.True || len(f.Misuse) > 0:
			case t == rule.Unknown:
				e.unsure["TH-1"] = true
			default:
				e.Report("threats/unconsidered-function", f.ID, f.Pos, "", nil, "no threat at function %s was considered", f.ID)
			}
		}
	}
	return looked
}

// checkCrossings looks at each flow over a boundary: a threat stands at it, at
// the end that it reaches or at a function of that end.
func checkCrossings(e *verdict) (looked int) {
	w := e.World
	behind := make([]rule.Truth, len(e.Nodes)) // what was considered at the functions of a component
	for i := range behind {
		behind[i] = rule.False
	}
	for i := range e.Nodes {
		if e.Nodes[i].Function == nil {
			continue
		}
		if at := w.One(int32(i), rule.At); at >= 0 {
			behind[at] = max(behind[at], e.considered(int32(i)))
		}
	}
	for i := range e.Nodes {
		f, n := e.Nodes[i].Flow, int32(i)
		if f == nil || e.Get(n, "crosses_boundary") == facts.No {
			continue
		}
		looked++
		to := w.One(n, rule.To)
		there := max(e.considered(n), e.considered(to))
		if to >= 0 {
			there = max(there, behind[to])
		}
		switch there {
		case rule.Unknown:
			e.unsure["TH-2"] = true
		case rule.False:
			e.Report("threats/unconsidered-crossing", f.ID, f.Pos, "", nil, "flow %s crosses a boundary, and no threat at it or behind it was considered", f.ID)
		}
	}
	return looked
}

// checkTechnologies looks at each process: a rule of implementation was tried
// on it, one of its flows or one of its functions.
func checkTechnologies(e *verdict) (looked int) {
	known := map[ssf.ID]rule.Truth{}
	tried := func(kind ssf.ID) rule.Truth {
		if t, ok := known[kind]; ok {
			return t
		}
		best := rule.False
		for i := range e.Rules {
			if r := &e.Rules[i]; r.Origin == ssf.Implementation {
				best = max(best, e.Kinds.AnyOf(kind, r.Kinds))
			}
		}
		known[kind] = best
		return best
	}
	for i := range e.Nodes {
		c := e.Nodes[i].Component
		if c == nil || e.runs(c.Kind.ID) == rule.False {
			continue
		}
		looked++
		switch tried(c.Kind.ID) {
		case rule.Unknown:
			e.unsure["TH-3"] = true
		case rule.False:
			e.Report("threats/unconsidered-technology", c.ID, c.Pos, "", nil, "no rule about implementation is meant for %s such as %s", ssf.Article(string(c.Kind.ID)), c.ID)
		}
	}
	return looked
}

// checkThreats reports what is not treated, a rule once with its places. What
// is undecided is told once, since the questions tell what it waits for.
func checkThreats(e *verdict) int {
	type key struct {
		rule  ssf.ID
		state ssf.State
		why   string
	}
	groups := map[key][]int{}
	var order []key
	undecided, first := 0, []ssf.ID{}
	worstUndecided := ssf.None
	for i := range e.Instances {
		in := &e.Instances[i]
		if in.State.Treated() {
			continue
		}
		if in.State == ssf.Undecided {
			if undecided++; undecided <= shown+1 {
				first = append(first, in.ID)
			}
			worstUndecided = max(worstUndecided, in.Risk.Worst())
			continue
		}
		k := key{in.RuleID(), in.State, in.Why}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], i)
	}
	if undecided > 0 {
		e.Report("threats/undecided", "system", e.Model.System.Pos, "", nil, "%s undecided (risk up to %s): %s", plural(undecided, "threat is", "threats are"), worstUndecided, few(first))
	}
	for _, k := range order {
		first := &e.Instances[groups[k][0]]
		at := make([]ssf.ID, 0, len(groups[k]))
		worst, same := ssf.None, true
		for _, i := range groups[k] {
			at = append(at, e.Nodes[e.Instances[i].Node].ID)
			r := e.Instances[i].Risk
			same = same && r == first.Risk
			worst = max(worst, r.Worst())
		}
		pos := e.Nodes[first.Node].Pos
		hint, related := "", e.places(at[1:])
		if (k.state == ssf.Stale || k.state == ssf.Unreviewed) && first.By != nil {
			related = append([]ssf.Related{{Message: "what covers it", Pos: first.By.Pos}}, related...)
		}
		switch {
		case first.Own != nil:
			pos = first.Own.Pos
		case k.state == ssf.Open && len(first.Rule.Measures) > 0:
			hint = openHint(first.ID, refIDs(first.Rule.Measures))
		}
		risk := "risk " + first.Risk.String()
		switch {
		case !same:
			risk = "risk up to " + worst.String()
		case worst != first.Risk:
			risk += ", which ranks as " + worst.String() + ": " + first.WhyUnknown()
		}
		why := ""
		if k.why != "" {
			why = ": " + k.why
		}
		e.Report(ssf.ID("threats/"+k.state), k.rule, pos, hint, related, "%s is %s at %s (%s)%s", k.rule, k.state, few(at), risk, why)
	}
	return len(e.Instances)
}

// openHint is the way out for an open threat.
func openHint(id ssf.ID, measures []ssf.ID) string {
	if len(measures) == 0 {
		return ""
	}
	return fmt.Sprintf("add a mitigation with `counters: [%s]`, for instance %s; or a decision; `ssf explain %s` says why it is there", id, measures[0], id)
}

// checkTreatments compares decisions with the limits and with the threats.
func checkTreatments(e *verdict) int {
	for i := range e.Decisions {
		d := &e.Decisions[i]
		p := d.Threat
		if p.Rule.ID == "" {
			p = d.Rate
		}
		if p.Rule.ID == "" {
			continue
		}
		if len(d.Hits) == 0 {
			e.notDerived(p, d.At)
		}
		for _, at := range d.Hits {
			e.checkTreatment(&e.Instances[at], d)
		}
		e.checkTerm(d)
		if len(d.Lowered) > 0 {
			e.openAt("TH-4", p.ID())
			e.Report("threats/unreviewed", p.ID(), p.Pos, "", nil, "a pattern rates %s lower, and nobody has confirmed it: %s", plural(len(d.Lowered), "threat", "threats"), few(d.Lowered))
		}
	}
	for _, a := range e.Assumptions {
		for _, p := range a.Dismisses {
			if len(e.Matching(p, nil)) == 0 {
				e.notDerived(p, nil)
			}
		}
	}
	untreated := false
	for i := range e.Instances {
		in := &e.Instances[i]
		untreated = untreated || !in.State.Treated()
		if in.Risk == ssf.Unknown && in.State.Treated() && in.State != ssf.NotApplicable {
			e.Report("threats/unrated", in.ID, e.Nodes[in.Node].Pos, "", nil, "the risk of %s cannot be rated: %s", in.ID, in.WhyUnknown())
		}
	}
	if untreated {
		e.unsure["TH-5"] = true // how it will be treated is not chosen
	}
	return len(e.Instances)
}

// notDerived reports a decision about a threat that is not there, with what is
// there.
func (e *verdict) notDerived(p ssf.Pattern, at []ssf.Where) {
	id := p.ID()
	if p.Element.ID == "" {
		id = p.Rule.ID
	}
	if as := e.standsIn(p); len(as) > 0 {
		e.Report("threats/not-derived", id, p.Pos, "name "+few(as)+" instead", nil, "threat %s stands in %s, which it is the same as, so this changes nothing", id, few(as))
		return
	}
	e.Report("threats/not-derived", id, p.Pos, e.instead(e.near(p))+"; `ssf explain "+string(id)+"` says why it is not there", nil, "no threat %s is derived, so this changes nothing", id)
}

// near are the threats of the rule or at the element of a pattern.
func (e *verdict) near(p ssf.Pattern) []int {
	near := slices.Clone(e.Of[p.Rule.ID])
	if n := e.World.Lookup(p.Element.ID); n >= 0 {
		near = append(near, e.At[n]...)
	}
	slices.Sort(near)
	return slices.Compact(near)
}

// instead is the way out where a threat is named that is not there.
func (e *verdict) instead(near []int) string {
	if len(near) == 0 {
		return "delete it"
	}
	return "delete it, or name one of these: " + few(e.IDs(near[:min(len(near), 6)]))
}

// standsIn are the derived threats that an own threat stands in which a pattern
// names.
func (e *verdict) standsIn(p ssf.Pattern) []ssf.ID {
	j := e.Joined["own/"+ssf.ID(strings.TrimPrefix(string(p.Rule.ID), "own/"))]
	if j == nil || p.Element.ID != "" && !ssf.Match(string(p.Element.ID), string(j.At.ID)) {
		return nil
	}
	return j.As
}

// checkSame finds own threats that stand by themselves again, because none of
// those that they are the same as is derived.
func checkSame(e *verdict) (looked int) {
	for i := range e.Model.Threats {
		own := &e.Model.Threats[i]
		if len(own.SameAs) == 0 {
			continue
		}
		if looked++; e.Joined["own/"+own.ID] != nil {
			continue
		}
		for _, p := range own.SameAs {
			near := slices.DeleteFunc(e.near(p), func(i int) bool { return e.Instances[i].Own != nil })
			hint := e.instead(near)
			if !strings.Contains(string(p.ID()), "*") {
				hint += "; `ssf explain " + string(p.ID()) + "` says why it is not there"
			}
			e.Report("threats/not-the-same", "own/"+own.ID, p.Pos, hint, nil, "no threat %s is derived, so own/%s stands by itself", p.ID(), own.ID)
		}
	}
	return looked
}

func (e *verdict) checkTreatment(in *eval.Instance, d *eval.Decision) {
	if d.Lapsed {
		return
	}
	if c := d.Cond[e.Nodes[in.Node].Sort]; c != nil {
		if t, _ := e.Judge(c, in.Node, false); t == rule.False {
			e.Report("threats/contradicted", in.ID, d.HoldsIf.Pos, "", nil, "the decision about %s rests on a condition that is false here", in.ID)
		}
	}
	switch d.Treat.ID {
	case "accept":
		if over, why := e.AboveLimit(in, d.Decision); over {
			e.Report("threats/above-limit", in.ID, d.By.Pos, "", nil, "%s: %s", in.ID, why)
		}
	case "transfer":
		i := slices.IndexFunc(e.Assumptions, func(h eval.Assumption) bool { return h.ID == d.To.ID })
		if i >= 0 && (e.Assumptions[i].Owner.ID == "" || e.Assumptions[i].Do.S == "") {
			e.Report("threats/transfer-without-duty", in.ID, d.To.Pos, "", []ssf.Related{{Message: "the assumption", Pos: e.Assumptions[i].Pos}}, "%s is transferred to %s, which has no owner or no check", in.ID, d.To.ID)
		}
	}
}

// checkTerm compares how long a decision accepts with how long its person may.
func (e *verdict) checkTerm(d *eval.Decision) {
	i := slices.IndexFunc(e.Model.People, func(p ssf.Person) bool { return p.ID == d.By.ID })
	if d.Treat.ID != "accept" || d.Lapsed || i < 0 || len(d.Hits) == 0 {
		return
	}
	until, err := time.Parse(time.DateOnly, string(d.Until.ID))
	if most, ok := lastDay(e.Now, string(e.Model.People[i].ForAtMost.ID)); ok && err == nil && until.After(most) {
		e.Report("threats/too-long", e.Instances[d.Hits[0]].ID, d.Until.Pos, "", nil, "%s may accept for %s at most, which from today is until %s", d.By.ID, e.Model.People[i].ForAtMost.ID, most.Format(time.DateOnly))
	}
}

// lastDay is the day that a duration reaches from now.
func lastDay(now time.Time, d string) (time.Time, bool) {
	if d == "" {
		return time.Time{}, false
	}
	n := 0
	fmt.Sscanf(d, "%d", &n)
	day := now.UTC().Truncate(24 * time.Hour)
	switch d[len(d)-1] {
	case 'h':
		return now.UTC().Add(time.Duration(n) * time.Hour).Truncate(24 * time.Hour), true
	case 'w':
		return day.AddDate(0, 0, 7*n), true
	case 'y':
		return day.AddDate(n, 0, 0), true
	}
	return day.AddDate(0, 0, n), true
}
