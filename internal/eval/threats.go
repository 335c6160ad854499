package eval

import (
	"crypto/sha256"
	"slices"

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
	basis  ssf.Digest // of what decided that it is there
	claims []ssf.ID   // control facts that the claim rests on, as `element.fact`
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
		in.basis = decidedBy(ssf.Digest{}, []string{"origin=" + string(own.Origin.ID), "likelihood=" + string(own.Likelihood.ID)})
		e.addInstance(in)
	}
}

func (e *evaluation) addInstance(in instance) {
	if _, ok := e.index[in.id]; ok {
		return // a doubled id was reported when the model was read
	}
	e.index[in.id] = len(e.instances)
	e.at[in.node] = append(e.at[in.node], len(e.instances))
	e.of[in.ruleID()] = append(e.of[in.ruleID()], len(e.instances))
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
	facts := e.restsOf(nil, r.when, n)
	if r.unless != nil {
		var more []ssf.FactRef
		in.claim, more = e.judge(r.unless, n, false)
		if in.there == rule.True {
			needs = append(needs, more...)
		}
		known := len(facts)
		facts = e.restsOf(facts, r.unless, n)
		if in.claim == rule.True {
			for _, f := range facts[known:] {
				in.claims = append(in.claims, ssf.ID(e.factRef(f).String()))
			}
			slices.Sort(in.claims)
			in.claims = slices.Compact(in.claims)
		}
	}
	in.needs = sortedRefs(needs)
	deciding := []string{"kind=" + fits.String()}
	for _, f := range facts {
		ref := e.factRef(f)
		in.rests = append(in.rests, ref)
		value := e.vocab.Fact(ref.Fact).Decode(e.world.Get(f.Node, int(f.Slot)))
		deciding = append(deciding, e.role(n, f.Node)+"."+string(ref.Fact)+"="+string(value))
	}
	in.rests = sortedRefs(in.rests)
	in.basis = decidedBy(r.Digest, deciding)
	e.addInstance(in)
}

// restsOf appends the known facts that a condition's truth stands on, in any
// of the deployments, each once.
func (e *evaluation) restsOf(facts []rule.Ref, c *rule.Condition, n int32) []rule.Ref {
	from := len(facts)
	for i, w := range e.worldsOf(c) {
		_, rests, _ := c.Rests(w, n, &e.scratch)
		for _, f := range rests {
			if i == 0 || !slices.Contains(facts[from:], f) {
				facts = append(facts, f)
			}
		}
	}
	return facts
}

// factRef is a fact by the id that the model gives its element; in the world a
// deployment has another.
func (e *evaluation) factRef(f rule.Ref) ssf.FactRef { return e.named(f.Node, e.world.FactRef(f).Fact) }

func sortedRefs(rs []ssf.FactRef) []ssf.FactRef {
	slices.SortFunc(rs, ssf.FactRef.Compare)
	return slices.Compact(rs)
}

// singles are the relations to one element by sort.
var singles = map[ssf.Sort][]rule.Relation{
	ssf.SortFlow: {rule.From, rule.To}, ssf.SortFunction: {rule.At}, ssf.SortComponent: {rule.Zone}, ssf.SortActor: {rule.Zone},
}

// role says what node m is to node n, without ids: `self`, `from`, `at.zone`,
// or for a member of a list its sort.
func (e *evaluation) role(n, m int32) string {
	if n == m {
		return "self"
	}
	for _, r := range singles[e.nodes[n].sort] {
		one := e.world.One(n, r)
		if one < 0 {
			continue
		}
		if one == m {
			return r.String()
		}
		if e.world.One(one, rule.Zone) == m && r != rule.Zone {
			return r.String() + ".zone"
		}
	}
	return string(e.nodes[m].sort)
}

// decidedBy is the digest of the rule and of the facts that decided a threat.
// With what rates it, it makes the basis; see [evaluation.basisOf].
func decidedBy(rule ssf.Digest, deciding []string) (d ssf.Digest) {
	slices.Sort(deciding)
	h := sha256.New()
	h.Write(rule[:])
	for _, f := range deciding {
		h.Write([]byte(f + "\n"))
	}
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
