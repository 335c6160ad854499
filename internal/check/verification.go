package check

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/rule"
)

// The checks of the verification phase.

// checkVerifications wants a verification for each mitigation and for each
// claim, which was seen to fail without what it verifies.
func checkVerifications(e *verdict) (looked int) {
	for i := range e.Model.Mitigations {
		m := &e.Model.Mitigations[i]
		looked++
		if _, ok := e.Shown[m.ID]; !ok && m.State.ID == "implemented" {
			e.Report("verification/missing", m.ID, m.Pos, "add a verification with `verifies: ["+string(m.ID)+"]`", nil, "nothing verifies mitigation %s", m.ID)
		}
	}
	for c, in := range e.claims() {
		looked++
		if _, ok := e.Shown[c]; !ok {
			e.Tell("implementation/claimed-without-verification", c, e.claimedAt(c, in), "add a verification with `verifies: ["+string(c)+"]`", nil, string(c)+" is claimed to counter "+string(in.ID)+", and nothing verifies it")
		}
	}
	var unseen []*ssf.VerificationInfo
	for i := range e.Case.Verifications {
		if v := &e.Case.Verifications[i]; !v.Proven {
			e.openAt("VE-1", v.ID)
			if v.State == ssf.Stands {
				unseen = append(unseen, v)
			}
		}
	}
	e.checkUnclaimed()
	if len(unseen) > 0 {
		e.Report("verification/never-seen-red", unseen[0].ID, unseen[0].Pos, "", nil, "%s, and nobody has seen that without its mitigation: %s", counted(unseen, "verification passes", "verifications pass"), named(unseen))
	}
	return looked
}

// checkUnclaimed wonders about verifications of facts on which nothing rests.
func (e *verdict) checkUnclaimed() {
	claimed := map[ssf.ID]bool{}
	for i := range e.Instances {
		if in := &e.Instances[i]; len(e.Model.Verify) > 0 && in.Claim == rule.True {
			for _, c := range in.Claims {
				claimed[c] = true
			}
		}
	}
	for i := range e.Model.Verify {
		for _, x := range e.Model.Verify[i].Verifies {
			if strings.Contains(string(x.ID), ".") && !claimed[x.ID] {
				e.Report("verification/unclaimed", x.ID, x.Pos, "", nil, "no threat is said to be countered by %s, so %s shows nothing about one", x.ID, e.Model.Verify[i].ID)
			}
		}
	}
}

// claims are the claimed facts on which threats rest, each with the first of
// these threats, in the order of the threats.
func (e *verdict) claims() func(yield func(ssf.ID, *eval.Instance) bool) {
	return func(yield func(ssf.ID, *eval.Instance) bool) {
		seen := map[ssf.ID]bool{}
		for i := range e.Instances {
			in := &e.Instances[i]
			if in.Claim != rule.True || !in.ByClaim {
				continue
			}
			for _, c := range in.Claims {
				if !seen[c] && !yield(c, in) {
					return
				}
				seen[c] = true
			}
		}
	}
}

// claimedAt is where the element stands that has a claimed fact.
func (e *verdict) claimedAt(claim ssf.ID, in *eval.Instance) ssf.Pos {
	at, _, _ := strings.Cut(string(claim), ".")
	if n := e.World.Lookup(ssf.ID(at)); n >= 0 {
		return e.Nodes[n].Pos
	}
	return e.Nodes[in.Node].Pos
}

// results are the checks of the standings that a run brought about.
var results = map[ssf.Standing]ssf.ID{
	ssf.Standing(ssf.Errored): "verification/errored", ssf.Standing(ssf.TimedOut): "verification/timed-out", ssf.Standing(ssf.NoTests): "verification/no-tests", ssf.Standing(ssf.AllSkipped): "verification/skipped",
	ssf.Standing(ssf.Unreadable): "verification/unreadable", ssf.Standing(ssf.OutputCut): "verification/output-cut",
	ssf.TooOld: "verification/too-old",
}

// checkResults looks at what the verifications gave, and whether that holds for
// the code as it is.
func checkResults(e *verdict) int {
	type cause struct {
		state ssf.Standing
		why   string
		run   ssf.ID // of what never ran
	}
	alike := map[cause][]*ssf.VerificationInfo{} // those of one cause are told together
	var causes []cause
	var foreign []*ssf.VerificationInfo
	for i := range e.Proofs {
		v := &e.Case.Verifications[i]
		if v.State == ssf.Stands {
			continue
		}
		if len(e.Proofs[i].Foreign) > 0 {
			foreign = append(foreign, v)
		}
		e.openAt("VE-2", v.ID)
		switch v.State {
		case ssf.Standing(ssf.Failed):
			e.reportAgainst(v, "verification/failed", "fails")
			continue
		case ssf.Disputed:
			e.reportAgainst(v, "verification/disputed", "passes and fails")
			continue
		}
		c := cause{v.State, v.Why, ""}
		if v.State == ssf.NeverRun {
			c.run = v.Run
		}
		if alike[c] == nil {
			causes = append(causes, c)
		}
		alike[c] = append(alike[c], v)
	}
	for _, c := range causes {
		vs := alike[c]
		first := vs[0]
		switch {
		case c.state == ssf.NeverRun && c.run == "":
			e.Report("verification/no-run", first.ID, first.Pos, "", nil, "nothing carries out %s: %s", counted(vs, "verification", "verifications"), named(vs))
		case c.state == ssf.NeverRun:
			e.Report("verification/never-run", first.ID, first.Pos, "", nil, "no result of %s is recorded, and %s for one: %s", c.run, counted(vs, "verification waits", "verifications wait"), named(vs))
		case c.state == ssf.NotToday:
			e.Report("verification/stale", first.ID, first.Pos, "", nil, "%s, so %s no more for this code: %s", c.why, counted(vs, "result counts", "results count"), named(vs))
		default:
			e.Report(results[c.state], first.ID, first.Pos, "", nil, "%s (%s): %s", counted(vs, "verification shows nothing", "verifications show nothing"), named(vs), c.why)
		}
	}
	if len(e.Model.Signers) == 0 && len(e.Evidence) > 0 {
		e.Report("verification/any-key", "system", e.Model.System.Pos, "", nil, "the model has no `signers:`, so results by any key count")
	}
	e.checkSeen()
	if len(foreign) > 0 {
		e.Report("verification/foreign-key", foreign[0].ID, foreign[0].Pos, "", nil, "%s no result that counts, and one by a key that the model does not expect: %s", counted(foreign, "verification has", "verifications have"), named(foreign))
	}
	return len(e.Proofs)
}

// checkSeen warns where a result rests on less, or on more, than the model says.
func (e *verdict) checkSeen() {
	var outside []*ssf.VerificationInfo
	for i := range e.Proofs {
		if e.Proofs[i].Outside {
			outside = append(outside, &e.Case.Verifications[i])
		}
	}
	if len(outside) > 0 {
		e.Report("verification/outside", outside[0].ID, outside[0].Pos, "", nil, "what lies above the model's folder, where go.mod is, is not seen, and Go tests rest on it: %s", named(outside))
	}
	if e.Tree == nil {
		return
	}
	for i := range e.Model.Verify {
		v := &e.Model.Verify[i]
		for _, g := range v.Covers {
			if len(fitting(e.Tree.Files, g)) == 0 {
				e.Report("verification/empty-covers", v.ID, g.Pos, "", nil, "no file fits %s, which %s is to cover", g.ID, v.ID)
			}
		}
	}
}

// reportAgainst tells that a verification speaks against each thing that it
// verifies, at the place of that thing, with the tests and the threats that are
// open again.
func (e *verdict) reportAgainst(v *ssf.VerificationInfo, check ssf.ID, does string) {
	for _, id := range v.Verifies {
		at := v.Pos
		for i := range e.Model.Mitigations {
			if m := &e.Model.Mitigations[i]; m.ID == id {
				at = m.Pos
			}
		}
		if element, _, ok := strings.Cut(string(id), "."); ok {
			if n := e.World.Lookup(ssf.ID(element)); n >= 0 {
				at = e.Nodes[n].Pos
			}
		}
		var open []ssf.ID
		for i := range e.Instances {
			if in := &e.Instances[i]; !in.State.Treated() && slices.Contains(e.Treating(i), id) {
				open = append(open, in.ID)
			}
		}
		again := "no threat is open for it, because something else treats them"
		if len(open) > 0 {
			again = fmt.Sprintf("open again: %s", few(open))
		}
		related := []ssf.Related{{Message: "the verification", Pos: v.Pos}}
		e.Report(check, id, at, "", related, "%s %s its verification %s: %s; %s", id, does, v.ID, v.Why, again)
	}
}

// checkKinds wonders about high risks that one kind of evidence answers.
func checkKinds(e *verdict) (looked int) {
	methods := map[ssf.ID]map[string]bool{}
	for i := range e.Case.Verifications {
		v := &e.Case.Verifications[i]
		for _, id := range v.Verifies {
			if methods[id] == nil {
				methods[id] = map[string]bool{}
			}
			methods[id][v.Method] = true
		}
	}
	var alone []ssf.ID
	at := ssf.Pos{}
	for i := range e.Instances {
		in := &e.Instances[i]
		if in.State != ssf.Verified || in.Risk.Worst() < ssf.High {
			continue
		}
		looked++
		kinds := map[string]bool{}
		for _, id := range e.Treating(i) {
			for m := range methods[id] {
				kinds[m] = true
			}
		}
		if len(kinds) == 1 {
			if len(alone) == 0 {
				at = e.Nodes[in.Node].Pos
			}
			alone = append(alone, in.ID)
		}
	}
	if len(alone) > 0 {
		e.Report("verification/one-kind", alone[0], at, "", nil, "%s on one kind of evidence: %s", plural(len(alone), "high risk rests", "high risks rest"), few(alone))
	}
	return looked
}

func counted(vs []*ssf.VerificationInfo, one, many string) string { return plural(len(vs), one, many) }

func named(vs []*ssf.VerificationInfo) string {
	ids := make([]ssf.ID, len(vs))
	for i, v := range vs {
		ids[i] = v.ID
	}
	return few(ids)
}
