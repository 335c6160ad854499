package check

import (
	"ssf"
	"ssf/internal/eval"
)

// pinned are the parts of the library that a lock pins, and the check of each.
var pinned = map[ssf.PinKind]ssf.ID{
	ssf.PinLibrary: "threats/library-changed", ssf.PinCatalogue: "context/basis-changed",
	ssf.PinPolicy: "context/basis-changed", ssf.PinStandard: "implementation/standard-changed",
}

// checkLock compares what was decided with what the lock file confirms. What a
// threat's state shows already is told with the threat. It looks at what pins
// decisions: that a library is pinned says nothing about threats.
func checkLock(e *verdict) (looked int) {
	if e.Lock != nil && e.Lock.Conflict.Known() {
		e.Report("threats/lock-conflict", "system", e.Lock.Conflict, "", nil, "git has left both sides of a merge in the lock file")
	}
	var fresh []ssf.Pin
	for _, p := range e.Case.Pins {
		check := pinned[p.Kind]
		if check == "" && p.Status != ssf.Gone {
			looked++
		}
		switch {
		case p.Status == ssf.Added && (check == "" || e.Lock != nil):
			fresh = append(fresh, p)
		case p.Status == ssf.Outdated && check != "":
			e.Report(check, p.ID, p.Pos, "", nil, "%s %s is not what the lock file pins%s", p.Kind, p.ID, but(p.Changes))
		}
	}
	e.reportFresh(fresh)
	for i := range e.Decisions {
		d := &e.Decisions[i]
		for _, p := range d.Stale {
			if p.Kind == ssf.PinCell {
				e.Report("context/stale-answer", p.ID, p.Pos, "", nil, "the decision about %s is stale: %s", p.ID, eval.Says(p.Changes))
				continue
			}
			e.openAt("TH-4", p.ID)
			e.Report("threats/stale", p.ID, p.Pos, "", nil, "the rating of %s is stale: %s", p.ID, eval.Says(p.Changes))
		}
	}
	return looked
}

// reportFresh tells once what the lock file does not know yet.
func (e *verdict) reportFresh(fresh []ssf.Pin) {
	if len(fresh) == 0 {
		return
	}
	var ids []ssf.ID
	var related []ssf.Related
	for i, p := range fresh {
		ids = append(ids, p.ID)
		if i > 0 && i <= 10 && p.Pos != fresh[0].Pos {
			related = append(related, ssf.Related{Message: "also " + string(p.ID), Pos: p.Pos})
		}
	}
	if e.Lock == nil {
		e.Report("threats/no-lock", "system", fresh[0].Pos, "", nil, "there is no lock file, and it would pin %s: %s", plural(len(fresh), "decision", "decisions"), few(ids))
		return
	}
	for _, id := range ids {
		e.openAt("TH-4", id)
	}
	e.Report("threats/not-pinned", ids[0], fresh[0].Pos, "", related, "the lock file does not pin %s", few(ids))
}

func but(cs []ssf.Change) string {
	if len(cs) == 0 {
		return ": its content differs"
	}
	return ": " + eval.Says(cs)
}
