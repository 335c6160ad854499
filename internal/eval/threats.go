package eval

import (
	"crypto/sha256"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// A Derived is what a rule says of one threat, or the team of its own. It
// never changes: evaluations share it.
type Derived struct {
	ID     ssf.ID
	Rule   *Rule      // nil for a threat of the team's own
	There  rule.Truth // never False
	Claim  rule.Truth // True: a control fact claims to counter it
	vague  bool       // the kind is too wide for the rule
	Rests  []ssf.FactRef
	Basis  ssf.Digest // of what decided that it is there
	Claims []ssf.ID   // control facts that the claim rests on, as `element.fact`

	needs []ssf.FactRef // what somebody can answer to decide it, if asks is empty
	asks  []rule.Ref    // unknown facts as the rule read them, if any is a computed one
}

// An Instance is one threat while it is worked on.
type Instance struct {
	*Derived
	*Assessment

	Node   int32
	was    int32            // its number in the past, from 1; 0 if it is new
	Own    *ssf.OwnThreat   // nil for a rule's
	Also   []*ssf.OwnThreat // the team's own that it is the same as
	Needs  []ssf.FactRef
	State  ssf.State
	Why    string
	Rating *ssf.Decision // says what the likelihood is
	Rated  *ssf.Decision // the same, if it counts

	ByClaim bool         // what decides its state is that facts are claimed
	Changes []ssf.Change // why what treats it is stale
	By      *ssf.Pin     // of what treats it and is not confirmed
}

// deriveThreats applies each rule to each element of its sort, in the order of
// the elements and then of the rules, and adds the team's own threats.
func (e *Evaluation) deriveThreats() {
	bySort := map[ssf.Sort][]*Rule{}
	for i := range e.Rules {
		r := &e.Rules[i]
		bySort[r.On] = append(bySort[r.On], r)
	}
	e.traces = make([]trace, len(e.Nodes))
	e.share(len(e.Nodes), func(w *Evaluation, from, to int) { w.deriveAt(from, to, bySort) })
	total := 0
	for i := range e.traces {
		e.traces[i].from = total
		total += len(e.traces[i].found)
	}
	e.own, e.Instances = map[ssf.ID]int{}, make([]Instance, total, total+len(e.Model.Threats))
	e.share(len(e.Nodes), func(w *Evaluation, from, to int) { w.instancesOf(from, to) })
	e.list()
	e.stateOwn()
}

// deriveAt applies the rules to the nodes from..to-1.
func (e *Evaluation) deriveAt(from, to int, bySort map[ssf.Sort][]*Rule) {
	kindFits := map[[2]ssf.ID]rule.Truth{}
	var found []*Derived // at one node
	for i := from; i < to; i++ {
		n := int32(i)
		if e.Only != nil && !e.Only[e.Nodes[i].ID] || e.again(n) {
			continue
		}
		bearer := e.bearer(n)
		found = found[:0]
		e.watch(n)
		for _, r := range bySort[e.Nodes[i].Sort] {
			fits := rule.True
			if r.On == ssf.SortMitigation && !ssf.HasRef(r.Of, e.Nodes[i].Kind.ID) {
				continue
			}
			if len(r.Kinds) > 0 {
				key := [2]ssf.ID{r.ID, "?"}
				if bearer < 0 || e.Nodes[bearer].Sort != ssf.SortComponent {
					continue // an actor has no kind, and a dangling end was reported
				}
				key[1] = e.Nodes[bearer].Kind.ID
				var ok bool
				if fits, ok = kindFits[key]; !ok {
					fits = e.Kinds.AnyOf(key[1], r.Kinds)
					kindFits[key] = fits
				}
			}
			if fits != rule.False {
				if d := e.apply(r, n, fits); d != nil {
					found = append(found, d)
				}
			}
		}
		e.watched(n, found)
	}
}

// instancesOf makes the instances of what was derived at the nodes from..to-1.
func (e *Evaluation) instancesOf(from, to int) {
	for i := from; i < to; i++ {
		t := &e.traces[i]
		for j, d := range t.found {
			in := &e.Instances[t.from+j]
			in.Derived, in.Node = d, int32(i)
			if t.was > 0 {
				in.was = t.was + int32(j)
			}
			in.Needs = e.needsOf(in)
		}
	}
}

// list sorts the instances of rules by node and by rule.
func (e *Evaluation) list() {
	all := make([]int, len(e.Instances)) // one piece for thousands of short lists
	for i := range all {
		all[i] = i
	}
	for i := range e.traces {
		t := &e.traces[i]
		e.At[i] = all[t.from : t.from+len(t.found) : t.from+len(t.found)]
	}
	of, counts := make([][]int, len(e.Rules)), make([]int, len(e.Rules))
	for i := range e.Instances {
		counts[e.Instances[i].Rule.number]++
	}
	room := make([]int, len(e.Instances))
	for r, n := range counts {
		of[r], room = room[:0:n], room[n:]
	}
	for i := range e.Instances {
		at := &of[e.Instances[i].Rule.number]
		*at = append(*at, i)
	}
	for i, is := range of {
		if len(is) > 0 {
			e.Of[e.Rules[i].ID] = is
		}
	}
}

// find is the instance with an id, or -1.
func (e *Evaluation) find(id ssf.ID) int {
	if i, ok := e.own[id]; ok {
		return i
	}
	_, at, _ := strings.Cut(string(id), "@")
	for _, world := range []ssf.ID{ssf.ID(at), facts.MitigationID(ssf.ID(at))} {
		n := e.World.Lookup(world)
		if n < 0 {
			continue
		}
		for _, i := range e.At[n] { // own threats were looked up before
			if e.Instances[i].ID == id {
				return i
			}
		}
	}
	return -1
}

// bearer is the component whose kind counts for a rule at n: n itself, the
// `to` end of a flow, the place of a function.
func (e *Evaluation) bearer(n int32) int32 {
	switch e.Nodes[n].Sort {
	case ssf.SortFlow:
		return e.World.One(n, rule.To)
	case ssf.SortFunction:
		return e.World.One(n, rule.At)
	}
	return n
}

// apply is what r says of n; nil if the threat is not there.
func (e *Evaluation) apply(r *Rule, n int32, fits rule.Truth) *Derived {
	c := r.conditions()
	if c.err != nil {
		e.fail(c.err)
		return nil
	}
	there, asks := e.judge(c.when, n, true)
	if there == rule.False {
		return nil
	}
	in := &Derived{ID: ssf.Instance(r.ID, e.Nodes[n].ID), Rule: r, There: min(there, fits), Claim: rule.False, vague: fits == rule.Unknown}
	facts := e.restsOf(nil, c.when, n)
	if c.unless != nil {
		var more []rule.Ref
		in.Claim, more = e.judge(c.unless, n, false)
		if in.There == rule.True {
			asks = append(asks, more...)
		}
		known := len(facts)
		facts = e.restsOf(facts, c.unless, n)
		if in.Claim == rule.True {
			for _, f := range facts[known:] {
				in.Claims = append(in.Claims, ssf.ID(e.factRef(f).String()))
			}
			slices.Sort(in.Claims)
			in.Claims = slices.Compact(in.Claims)
		}
	}
	in.Rests = make([]ssf.FactRef, len(facts))
	for i, f := range facts {
		in.Rests[i] = e.factRef(f)
	}
	in.Rests = sortedRefs(in.Rests)
	in.Basis = decidedBy(r.Digest, e.deciding(n, fits, facts))
	if slices.ContainsFunc(asks, e.Computed) {
		in.asks = asks
	} else {
		in.needs = slices.Clone(e.rootsOf(in.vague, asks, n))
	}
	return in
}

// deciding are the lines of what decided that a rule's threat is at n.
func (e *Evaluation) deciding(n int32, fits rule.Truth, facts []rule.Ref) []string {
	lines := make([]string, 1, len(facts)+2) // and the rule's, in a pin
	lines[0] = "kind=" + fits.String()
	for _, f := range facts {
		fact := e.factRef(f).Fact
		value := e.Vocabulary.Fact(fact).Decode(e.World.Get(f.Node, int(f.Slot)))
		lines = append(lines, e.role(n, f.Node)+"."+string(fact)+"="+string(value))
	}
	return lines
}

// restsOf appends the known facts that a condition's truth stands on, in any
// of the deployments, each once.
func (e *Evaluation) restsOf(facts []rule.Ref, c *rule.Condition, n int32) []rule.Ref {
	from := len(facts)
	for i, w := range e.worldsOf(c) {
		e.work.Conditions++
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
func (e *Evaluation) factRef(f rule.Ref) ssf.FactRef { return e.Name(f.Node, e.World.FactRef(f).Fact) }

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
func (e *Evaluation) role(n, m int32) string {
	if n == m {
		return "self"
	}
	for _, r := range singles[e.Nodes[n].Sort] {
		one := e.World.One(n, r)
		if one < 0 {
			continue
		}
		if one == m {
			return r.String()
		}
		if e.World.One(one, rule.Zone) == m && r != rule.Zone {
			return r.String() + ".zone"
		}
	}
	return string(e.Nodes[m].Sort)
}

// byRole is the node that a role of one element names at n, or -1.
func (e *Evaluation) byRole(n int32, role string) int32 {
	if role == "self" {
		return n
	}
	name, zone, inZone := strings.Cut(role, ".")
	for _, r := range singles[e.Nodes[n].Sort] {
		if r.String() != name || inZone && zone != "zone" {
			continue
		}
		one := e.World.One(n, r)
		if one >= 0 && inZone {
			one = e.World.One(one, rule.Zone)
		}
		return one
	}
	return -1
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

// Origin, stride and title are those of the rule or of the own threat.
func (in *Instance) Origin() ssf.Origin {
	if in.Own != nil {
		return ssf.Origin(in.Own.Origin.ID)
	}
	return in.Rule.Origin
}

func (in *Instance) RuleID() ssf.ID {
	if in.Own != nil {
		return "own/" + in.Own.ID
	}
	return in.Rule.ID
}

func (in *Instance) Title() string {
	if in.Own != nil {
		return in.Own.Name()
	}
	return in.Rule.Title
}

// Endangers are the properties that the threat endangers.
func (in *Instance) Endangers() []ssf.Property {
	if in.Own == nil {
		return in.Rule.Endangers
	}
	var ps []ssf.Property
	for _, c := range in.Own.Endangers {
		ps = append(ps, ssf.Property(c.Property.ID))
	}
	return ps
}
