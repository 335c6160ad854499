package eval

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"
	"strings"

	"ssf"
	"ssf/internal/rule"
)

// An instance is one threat while it is worked on.
type instance struct {
	id     ssf.ID
	node   int32
	rule   *compiledRule  // nil for a threat of the team's own
	own    *ssf.OwnThreat // nil for a rule's
	there  rule.Truth     // never False
	claim  rule.Truth     // True: a control fact claims to counter it
	needs  []ssf.FactRef
	rests  []ssf.FactRef
	basis  ssf.Digest
	claims []ssf.ID // control facts that the claim rests on, as `element.fact`
	state  ssf.State
	why    string
	rated  *ssf.Decision // sets the likelihood
}

// deriveThreats applies each rule to each element of its sort, in the order of
// the elements and then of the rules, and adds the team's own threats.
func (e *evaluation) deriveThreats() {
	bySort := map[ssf.Sort][]*compiledRule{}
	for i := range e.rules {
		r := &e.rules[i]
		bySort[r.On] = append(bySort[r.On], r)
	}
	kindFits := map[[2]ssf.ID]rule.Truth{}
	for i := range e.nodes {
		n := int32(i)
		bearer := e.bearer(n)
		for _, r := range bySort[e.nodes[i].sort] {
			fits := rule.True
			if len(r.Kinds) > 0 {
				key := [2]ssf.ID{r.ID, "?"}
				if bearer < 0 || e.nodes[bearer].sort != ssf.SortComponent {
					continue // an actor has no kind, and a dangling end was reported
				}
				key[1] = e.nodes[bearer].kind.ID
				var ok bool
				if fits, ok = kindFits[key]; !ok {
					fits = e.kinds.anyOf(key[1], r.Kinds)
					kindFits[key] = fits
				}
			}
			if fits != rule.False {
				e.apply(r, n, bearer, fits)
			}
		}
	}
	for i := range e.Model.Threats {
		own := &e.Model.Threats[i]
		n := e.world.Lookup(own.At.ID)
		if n < 0 {
			continue
		}
		in := instance{id: ssf.Instance("own/"+own.ID, own.At.ID), node: n, own: own, there: rule.True, claim: rule.False}
		var cells []string
		for _, c := range own.Endangers {
			cells = append(cells, string(c.Property.ID))
		}
		in.basis = e.basisOf(ssf.Digest{}, append(cells, string(own.Origin.ID), string(own.Likelihood.ID)), n)
		e.addInstance(in)
	}
}

func (e *evaluation) addInstance(in instance) {
	if _, ok := e.index[in.id]; ok {
		return // a doubled id was reported when the model was read
	}
	e.index[in.id] = len(e.instances)
	e.at[in.node] = append(e.at[in.node], len(e.instances))
	e.instances = append(e.instances, in)
}

// bearer is the component whose kind counts for a rule at n: n itself, the
// `to` end of a flow, the place of a function.
func (e *evaluation) bearer(n int32) int32 {
	switch e.nodes[n].sort {
	case ssf.SortFlow:
		return e.world.One(n, rule.To)
	case ssf.SortFunction:
		return e.world.One(n, rule.At)
	}
	return n
}

// apply makes the instance of r at n, if there is one.
func (e *evaluation) apply(r *compiledRule, n, bearer int32, fits rule.Truth) {
	there, needs := e.judge(r.when, n, true)
	if there == rule.False {
		return
	}
	in := instance{id: ssf.Instance(r.ID, e.nodes[n].ID), node: n, rule: r, there: min(there, fits), claim: rule.False}
	if fits == rule.Unknown {
		needs = append(needs, ssf.FactRef{Element: e.nodes[bearer].ID, Fact: "kind"})
	}
	var facts []rule.Ref
	_, rests, _ := r.when.Rests(e.worlds[0], n, &e.scratch)
	facts = append(facts, rests...)
	if r.unless != nil {
		var more []ssf.FactRef
		in.claim, more = e.judge(r.unless, n, false)
		if in.there == rule.True {
			needs = append(needs, more...)
		}
		_, rests, _ = r.unless.Rests(e.worlds[0], n, &e.scratch)
		if in.claim == rule.True {
			for _, f := range rests {
				in.claims = append(in.claims, ssf.ID(e.world.FactRef(f).String()))
			}
			slices.Sort(in.claims)
		}
		facts = append(facts, rests...)
	}
	in.needs = sortedRefs(needs)
	var deciding []string
	for _, f := range facts {
		ref := e.world.FactRef(f)
		in.rests = append(in.rests, ref)
		if f.Slot != rule.SlotZone {
			def := e.vocab.Fact(ref.Fact)
			deciding = append(deciding, string(ref.Fact)+"="+string(def.Decode(e.world.Get(f.Node, int(f.Slot)))))
		}
	}
	in.rests = sortedRefs(in.rests)
	in.basis = e.basisOf(r.Digest, deciding, n)
	e.addInstance(in)
}

func sortedRefs(rs []ssf.FactRef) []ssf.FactRef {
	slices.SortFunc(rs, ssf.FactRef.Compare)
	return slices.Compact(rs)
}

// basisOf is the digest of what a decision about a threat rests on: the rule,
// the facts that decided it and what rates it, without ids and prose, so that
// it survives a rename. Its encoding stands in spec/basis.md.
func (e *evaluation) basisOf(rule ssf.Digest, deciding []string, n int32) ssf.Digest {
	sort.Strings(deciding)
	h := sha256.New()
	h.Write(rule[:])
	fmt.Fprintf(h, "%s\n", strings.Join(slices.Compact(deciding), "\n"))
	for _, f := range []ssf.ID{"exposure", "confidentiality", "integrity", "availability", "personal"} {
		if v := e.vocab.Fact(f); v != nil {
			fmt.Fprintf(h, "%s=%s\n", f, v.Decode(e.get(n, f)))
		}
	}
	var d ssf.Digest
	h.Sum(d[:0])
	return d
}

// origin, stride and title are those of the rule or of the own threat.
func (in *instance) origin() ssf.Origin {
	if in.own != nil {
		return ssf.Origin(in.own.Origin.ID)
	}
	return in.rule.Origin
}

func (in *instance) ruleID() ssf.ID {
	if in.own != nil {
		return "own/" + in.own.ID
	}
	return in.rule.ID
}

func (in *instance) title() string {
	if in.own != nil {
		return in.own.Says
	}
	return in.rule.Title
}

// endangers are the properties that the threat endangers.
func (in *instance) endangers() []ssf.Property {
	if in.own == nil {
		return in.rule.Endangers
	}
	var ps []ssf.Property
	for _, c := range in.own.Endangers {
		ps = append(ps, ssf.Property(c.Property.ID))
	}
	return ps
}
