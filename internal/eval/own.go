package eval

import (
	"ssf"
	"ssf/internal/rule"
)

// A Joined is a threat of the team's own that stands in derived ones, because it
// is the same.
type Joined struct {
	*ssf.OwnThreat
	As []ssf.ID // the derived ones, in the order of the model; none where this pass is for some deployments
}

// stateOwn adds the team's own threats. While a threat that one of them is the
// same as is derived, it is joined to that and no instance of its own is made. A
// pass for one deployment joins what the whole joins, so that no deployment has
// a threat that the case has not.
func (e *Evaluation) stateOwn() {
	e.Joined, e.JoinedAt = map[ssf.ID]*Joined{}, map[int32]bool{}
	derived := len(e.Instances)
	for i := range e.Model.Threats {
		own := &e.Model.Threats[i]
		id, n := "own/"+own.ID, e.World.Lookup(own.At.ID)
		if n < 0 || e.Joined[id] != nil {
			continue
		}
		if as := e.join(own, derived); len(as) > 0 || e.whole.joined[id] {
			e.Joined[id], e.JoinedAt[n] = &Joined{own, as}, true
			continue
		}
		in := Instance{Derived: &Derived{ID: ssf.Instance(id, own.At.ID), There: rule.True, Claim: rule.False, Basis: decidedBy(ssf.Digest{}, decidingOwn(own))}, Node: n, Own: own}
		if _, ok := e.own[in.ID]; !ok { // a doubled id was reported when the model was read
			e.own[in.ID] = len(e.Instances)
			e.At[n] = append(e.At[n], len(e.Instances))
			e.Of[id] = append(e.Of[id], len(e.Instances))
			e.Instances = append(e.Instances, in)
		}
	}
}

// join notes an own threat at the derived ones that it is the same as.
func (e *Evaluation) join(own *ssf.OwnThreat, derived int) (as []ssf.ID) {
	seen := map[int]bool{}
	for _, p := range own.SameAs {
		for _, at := range e.Matching(p, nil) {
			if in := &e.Instances[at]; at < derived && !seen[at] {
				seen[at] = true
				in.Also, as = append(in.Also, own), append(as, in.ID)
			}
		}
	}
	return as
}

// decidingOwn are the lines of what decided that a threat of the team's own is
// there: what they said of it.
func decidingOwn(t *ssf.OwnThreat) (lines []string) {
	add := func(key string, word ssf.Ref) {
		if word.ID != "" {
			lines = append(lines, key+"="+string(word.ID))
		}
	}
	add("origin", t.Origin)
	add("likelihood", t.Likelihood)
	add("severity", t.Severity)
	return lines
}

// severity is the risk of a threat as its author rated it as a whole, the greatest
// of those that are the same; unknown if nobody did.
func (in *Instance) severity() (most ssf.Level) {
	for _, own := range in.Said() {
		l, _ := ssf.ParseLevel(string(own.Severity.ID))
		most = max(most, l)
	}
	return most
}

// doubtful reports whether nobody knows if a threat is there: facts that decide it
// are unknown, and the team has not stated it.
func (in *Instance) doubtful() bool { return in.There == rule.Unknown && len(in.Also) == 0 }

// Said are the threats of the team's own that an instance stands for.
func (in *Instance) Said() []*ssf.OwnThreat {
	if in.Own != nil {
		return []*ssf.OwnThreat{in.Own}
	}
	return in.Also
}
