package eval

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/rule"
)

// matchMitigations finds what each mitigation counters and whether it is placed.
// One that is only proposed counters nothing yet.
func (e *Evaluation) matchMitigations() {
	for i := range e.Model.Mitigations {
		m := &e.Model.Mitigations[i]
		r := ssf.MitigationResult{ID: m.ID, Name: m.Title, Says: m.Says, FromTool: m.From, Measure: e.MeasureOf(m), State: string(m.State.ID), Where: []ssf.ID{}, Counters: []ssf.ID{}, Pos: m.Pos}
		r.Placed = len(m.Where) > 0
		for _, w := range m.Where {
			r.Where = append(r.Where, w.ID)
			r.Placed = r.Placed && e.Resolves(w.ID) != ""
		}
		for at, exact := range e.covered(m.Counters) {
			if e.Nodes[e.Instances[at].Node].Mitigation == m { // a way around it is not closed by it
				continue
			}
			if m.State.ID == "proposed" {
				e.proposed[at] = cmp.Or(e.proposed[at], m.ID)
			} else {
				e.counters[at] = append(e.counters[at], cover{i, exact})
			}
			r.Counters = append(r.Counters, e.Instances[at].ID)
		}
		slices.Sort(r.Counters)
		e.Case.Mitigations = append(e.Case.Mitigations, r)
	}
}

// covered are the instances that any of the patterns names, and whether one
// names it exactly.
func (e *Evaluation) covered(ps []ssf.Pattern) map[int]bool {
	out := map[int]bool{}
	for _, p := range ps {
		for _, at := range e.Matching(p, nil) {
			out[at] = out[at] || !wild(p)
		}
	}
	return out
}

const NotLookedUp = "not looked up"

// Resolves says how a place is known to exist: as a file, as a symbol, or as
// what cannot be looked up here; empty if it does not.
func (e *Evaluation) Resolves(place ssf.ID) string {
	class, rest, ok := strings.Cut(string(place), ":")
	if ok && !strings.Contains(class, "/") {
		if class == "assumption" && !slices.ContainsFunc(e.Model.Assumptions, func(a ssf.Assumption) bool { return a.ID == ssf.ID(rest) }) {
			return ""
		}
		return class
	}
	if e.Tree == nil {
		return NotLookedUp
	}
	file, symbol, ok := strings.Cut(string(place), "#")
	if _, found := slices.BinarySearch(e.Tree.Files, file); !found {
		return ""
	}
	if !ok {
		return "file"
	}
	if e.Tree.Symbols != nil {
		if names, known := e.Tree.Symbols(file); known && !slices.Contains(names, symbol) {
			return ""
		}
	}
	return "symbol"
}

// treat finds the state of each instance: what somebody decided, else what an
// assumption takes, else what counters it, else what is claimed. What falls
// short leaves the rest to the next: a plan is overtaken by its mitigation.
func (e *Evaluation) treat() {
	decisions := map[int][]int{}
	for i, d := range e.Decisions {
		if d.Threat.Rule.ID != "" {
			for _, at := range d.Hits {
				decisions[at] = append(decisions[at], i)
			}
		}
	}
	dismissed := map[int][]cover{}
	for i, a := range e.Assumptions {
		for at, exact := range e.covered(a.Dismisses) {
			dismissed[at] = append(dismissed[at], cover{i, exact})
		}
	}
	for i := range e.Instances {
		in := &e.Instances[i]
		decided, assumed, countered := e.pinAll(in, decisions[i], dismissed[i], e.counters[i])
		in.State, in.Why = ssf.Open, "nothing counters it"
		if m := e.proposed[i]; m != "" {
			in.Why = "mitigation " + string(m) + " is only proposed"
		}
		switch {
		case in.doubtful():
			in.State, in.Why = ssf.Undecided, "an unknown fact decides whether it is there"
		case in.Claim == rule.True:
			in.State, in.Why, in.ByClaim = ssf.Claimed, ssf.Join(in.Claims), true
			if against := e.refuted(in.Claims); against != "" {
				in.State, in.Why = ssf.Open, against
			} else if e.shown(in.Claims) {
				in.State = ssf.Verified
			}
		}
		first := true
		settle := func(state ssf.State, why string) (settled bool) {
			settled = state.Treated() && state != ssf.Planned
			if state != "" && (first || settled) {
				in.State, in.Why, in.ByClaim, first = state, why, false, false
			}
			return state != "" && settled
		}
		if !settle(e.byDecision(in, decisions[i], decided)) && !settle(e.byAssumption(in, dismissed[i], assumed)) {
			settle(e.byMitigation(in, e.counters[i], countered))
		}
		if in.State != ssf.Stale {
			in.Changes = nil
		}
	}
}

// pinAll compares all that treats an instance with the lock, whether it comes
// to count or not, so that no pin is lost to another treatment. A mitigation
// that names the threat needs none.
func (e *Evaluation) pinAll(in *Instance, decisions []int, dismissed, counters []cover) (decided, assumed, countered []ssf.Pin) {
	for _, i := range decisions {
		d := &e.Decisions[i]
		decided = append(decided, e.pinThreat(ssf.PinThreat, in, treatment(d.Decision), d.Exact, d.Because.S, d.Pos))
	}
	for _, c := range dismissed {
		a := &e.Assumptions[c.by]
		assumed = append(assumed, e.pinThreat(ssf.PinThreat, in, "assumption:"+string(a.ID), c.exact, a.Says, a.Pos))
	}
	for _, c := range counters {
		m, p := &e.Model.Mitigations[c.by], ssf.Pin{Status: ssf.Confirmed}
		if !c.exact {
			p = e.pinThreat(ssf.PinThreat, in, "mitigation:"+string(m.ID), false, m.Says, m.Pos)
		}
		countered = append(countered, p)
	}
	return decided, assumed, countered
}

// treatment is what is done by a decision, as its pin has it: to accept for
// longer, by another person, to transfer to another assumption or on another
// condition is another.
func treatment(d *ssf.Decision) string {
	word := string(d.Treat.ID)
	switch word {
	case "accept":
		word += ":" + string(d.By.ID) + ":" + string(d.Until.ID)
	case "transfer":
		word += ":" + string(d.To.ID)
	}
	if d.HoldsIf.S != "" {
		sum := sha256.Sum256([]byte(strings.Join(strings.Fields(d.HoldsIf.S), " ")))
		word += "?" + hex.EncodeToString(sum[:6])
	}
	return word
}

// short notes why something that should treat a threat falls short of it.
func (in *Instance) short(why string) {
	if in.State == ssf.Open {
		in.Why = why
	}
}

// byDecision is the state by what was decided; empty for none. A decision that
// lapsed, whose condition is not true or whose risk is above the person's limit
// leaves the threat as it is; the checks say so.
func (e *Evaluation) byDecision(in *Instance, decisions []int, pins []ssf.Pin) (ssf.State, string) {
	for j, i := range decisions {
		d := &e.Decisions[i]
		if d.Lapsed {
			in.short("the decision about it has lapsed")
			continue
		}
		if c := d.Cond[e.Nodes[in.Node].Sort]; d.HoldsIf.S != "" {
			t := rule.Unknown
			var needs []ssf.FactRef
			if c != nil {
				t, needs = e.Judge(c, in.Node, false)
			}
			if t != rule.True {
				in.short("the condition of the decision about it is " + t.String())
				in.Needs = sortedRefs(append(in.Needs, needs...))
				continue
			}
		}
		if state, why := in.treatedBy(pins[j], "a pattern"); state != "" {
			return state, why
		}
		switch d.Treat.ID {
		case "accept":
			if over, why := e.AboveLimit(in, d.Decision); over {
				in.short(why)
				continue
			}
			return ssf.Accepted, d.Because.S
		case "transfer":
			if state, why := e.transferred(in, d.To.ID); state != "" {
				return state, why
			}
		case "not_applicable":
			return ssf.NotApplicable, d.Because.S
		case "mitigate":
			return ssf.Planned, "planned for " + string(d.Due.ID)
		}
	}
	return "", ""
}

// transferred is the state of a threat that an assumption takes; empty if it
// does not, because it does not hold.
func (e *Evaluation) transferred(in *Instance, to ssf.ID) (ssf.State, string) {
	i := slices.IndexFunc(e.Assumptions, func(h Assumption) bool { return h.ID == to })
	switch {
	case i < 0:
		in.short("the assumption that should take it does not exist")
	case e.Assumptions[i].Holds == rule.True:
		return ssf.Transferred, "assumption " + string(to)
	case e.Assumptions[i].Holds == rule.Unknown:
		in.Needs = sortedRefs(append(in.Needs, e.Assumptions[i].Needs...))
		return ssf.Undecided, "whether assumption " + string(to) + " holds is unknown"
	default:
		in.short("assumption " + string(to) + " does not hold")
	}
	return "", ""
}

// byAssumption is the state by the first assumption that takes a threat; if none
// does, what the first of them falls short of.
func (e *Evaluation) byAssumption(in *Instance, dismissed []cover, pins []ssf.Pin) (short ssf.State, why string) {
	for j, c := range dismissed {
		a := &e.Assumptions[c.by]
		var state ssf.State
		var says string
		if a.Holds == rule.True {
			state, says = in.treatedBy(pins[j], "a pattern of assumption "+string(a.ID))
		}
		if state == "" {
			state, says = e.transferred(in, a.ID)
		}
		if state.Treated() {
			return state, says
		}
		if short == "" {
			short, why = state, says
		}
	}
	return short, why
}

// byMitigation needs every mitigation that counters the threat to be
// implemented and placed. One of which nobody says where it is, is a claim; a
// place that does not exist refutes that.
func (e *Evaluation) byMitigation(in *Instance, mitigations []cover, pins []ssf.Pin) (ssf.State, string) {
	if len(mitigations) == 0 || in.doubtful() {
		return "", ""
	}
	var names []ssf.ID
	planned, unplaced, claimed := false, ssf.ID(""), ssf.ID("")
	for _, c := range mitigations {
		r := &e.Case.Mitigations[c.by]
		names = append(names, r.ID)
		switch {
		case r.State != "implemented":
			planned = true
		case len(r.Where) == 0:
			claimed = r.ID
		case !r.Placed:
			unplaced = r.ID
		}
	}
	if unplaced != "" {
		return ssf.Open, "mitigation " + string(unplaced) + " has no place that exists"
	}
	if against := e.refuted(names); against != "" {
		return ssf.Open, "mitigation " + against
	}
	for _, p := range pins {
		if state, why := in.treatedBy(p, "a pattern of a mitigation"); state != "" {
			return state, why
		}
	}
	switch {
	case planned:
		return ssf.Planned, ssf.Join(names)
	case claimed != "": // also if it is shown, since on which code that rests follows from the place
		return ssf.Claimed, string(claimed) + ", which is said to be there, and nobody says where"
	case e.shown(names):
		return ssf.Verified, ssf.Join(names)
	}
	return ssf.Mitigated, ssf.Join(names)
}
