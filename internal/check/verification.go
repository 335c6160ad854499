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
	if len(unseen) > 0 {
		e.Report("verification/never-seen-red", unseen[0].ID, unseen[0].Pos, "", nil, "%s, and nobody has seen that without its mitigation: %s", counted(unseen, "verification passes", "verifications pass"), named(unseen))
	}
	return looked
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
	ssf.Standing(ssf.Errored): "verification/errored", ssf.Standing(ssf.NoTests): "verification/no-tests", ssf.Standing(ssf.AllSkipped): "verification/skipped",
	ssf.Standing(ssf.Unreadable): "verification/unreadable", ssf.Standing(ssf.OutputCut): "verification/output-cut",
	ssf.Disputed: "verification/disputed", ssf.TooOld: "verification/too-old",
}

// checkResults looks at what the verifications gave, and whether that holds for
// the code as it is.
func checkResults(e *verdict) int {
	waiting, stale := map[ssf.ID][]*ssf.VerificationInfo{}, map[string][]*ssf.VerificationInfo{}
	var runs []ssf.ID
	var whys []string
	var foreign []*ssf.VerificationInfo
	for i := range e.Proofs {
		v := &e.Case.Verifications[i]
		if len(e.Proofs[i].Foreign) > 0 {
			foreign = append(foreign, v)
		}
		if v.State == ssf.Stands {
			continue
		}
		e.openAt("VE-2", v.ID)
		switch v.State {
		case ssf.NeverRun:
			if waiting[v.Run] == nil {
				runs = append(runs, v.Run)
			}
			waiting[v.Run] = append(waiting[v.Run], v)
		case ssf.NotToday:
			e.openAt("LC-1", v.ID)
			if stale[v.Why] == nil {
				whys = append(whys, v.Why)
			}
			stale[v.Why] = append(stale[v.Why], v)
		case ssf.Standing(ssf.Failed), ssf.Standing(ssf.TimedOut):
			e.reportFailed(v)
		default:
			e.Report(results[v.State], v.ID, v.Pos, "", nil, "verification %s: %s", v.ID, v.Why)
		}
	}
	for _, run := range runs {
		vs := waiting[run]
		if run == "" {
			e.Report("verification/no-run", vs[0].ID, vs[0].Pos, "", nil, "nothing carries out %s: %s", counted(vs, "verification", "verifications"), named(vs))
			continue
		}
		e.Report("verification/never-run", vs[0].ID, vs[0].Pos, "", nil, "no result of %s is recorded, which %s for: %s", run, counted(vs, "verification waits", "verifications wait"), named(vs))
	}
	for _, why := range whys {
		vs := stale[why]
		e.Report("verification/stale", vs[0].ID, vs[0].Pos, "", nil, "%s, so %s no more for this code: %s", why, counted(vs, "result counts", "results count"), named(vs))
	}
	if len(foreign) > 0 {
		e.Report("verification/foreign-key", foreign[0].ID, foreign[0].Pos, "", nil, "there are results that are signed by a key which the model does not expect, and they do not count: %s", named(foreign))
	}
	return len(e.Proofs)
}

// reportFailed tells that a verification fails at the place of each thing that
// it verifies, with the tests and the threats that are open again.
func (e *verdict) reportFailed(v *ssf.VerificationInfo) {
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
		e.Report("verification/failed", id, at, "", related, "%s fails its verification %s: %s; %s", id, v.ID, v.Why, again)
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
