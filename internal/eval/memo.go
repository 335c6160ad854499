package eval

import (
	"slices"
	"sync"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/proof"
	"ssf/internal/rule"
)

// What follows from an element is found again only if something that was read
// to find it has changed. An evaluation that learns notes, for each element,
// which elements were read when the rules were tried on it. If in the next
// graph each of them is the same (see [facts.Match]), the rules would read the
// same again and give the same, so the instances of before are taken over.
// Questions are asked anew, and so is all that depends on decisions.

// memos are what the evaluations of one engine leave to the next engine.
type memos struct {
	mu sync.Mutex
	by map[ssf.ID]*memo // by deployment; empty for all
}

func (m *memos) get(key ssf.ID) *memo {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.by[key]
}

func (m *memos) put(key ssf.ID, x *memo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.by[key] = x
}

// A memo is what one evaluation found.
type memo struct {
	graph       *facts.Graph
	deployments []ssf.ID
	nodes       []trace
	instances   []Instance
	lacking     map[ssf.ID]sorting // elements by the fact that is asked of them
}

// A sorting is a list of ids, and the same sorted, each once.
type sorting struct{ list, sorted []ssf.ID }

// A trace is what the rules gave at one node.
type trace struct {
	read  []int32 // nodes
	found []*Derived
	from  int   // the number of the first instance
	was   int32 // that in the past, from 1; 0 if it was found anew
}

// A past is the memo of an earlier evaluation, beside the graph of this one.
type past struct {
	*memo
	*facts.Match
}

// Work counts what an evaluation did.
type Work struct {
	Conditions int // evaluated
	Derived    int // elements on which the rules were tried
	Rated      int // threats
}

func (w *Work) add(o Work) {
	w.Conditions, w.Derived, w.Rated = w.Conditions+o.Conditions, w.Derived+o.Derived, w.Rated+o.Rated
}

// Learn makes the engine keep what its evaluations find, for [Engine.Update].
// It is called before the first of them.
func (eng *Engine) Learn() { eng.found = &memos{by: map[ssf.ID]*memo{}} }

// Update is the engine of other inputs, most often of the same model after an
// edit. It gives what New would, and uses again what this one found.
func (eng *Engine) Update(in ssf.Inputs) *Engine {
	if in.Library != eng.Library || eng.found == nil {
		out := New(in)
		out.Learn()
		return out
	}
	out := &Engine{Inputs: in, Graph: eng.Rebuild(in.Model), Rules: eng.Rules, Checks: eng.Checks, compiler: eng.compiler, wholes: eng.wholes, before: eng.found, tracer: eng.tracer.Of(in.Model)}
	if in.Tree != eng.Tree {
		out.tracer = proof.NewTracer(in.Model, in.Tree)
	}
	out.sortNodes()
	out.Learn()
	return out
}

// Settle lets go of what the engine before found, once all evaluations are done.
func (eng *Engine) Settle() { eng.before = nil }

// recall finds what an earlier evaluation for the same deployments left.
func (e *Evaluation) recall(key ssf.ID) {
	m := e.before.get(key)
	if m == nil || !slices.Equal(m.deployments, e.deploymentIDs()) {
		return
	}
	e.past = &past{m, e.Graph.Match(m.graph)}
}

// keep leaves what was found to the next engine.
func (e *Evaluation) keep(key ssf.ID) {
	if e.found != nil && e.err == nil {
		e.found.put(key, &memo{e.Graph, e.deploymentIDs(), e.traces, e.Instances, e.lacking})
	}
}

func (e *Evaluation) deploymentIDs() (ids []ssf.ID) {
	for i := range e.Nodes {
		if e.Nodes[i].Sort == ssf.SortDeployment {
			ids = append(ids, e.Nodes[i].ID)
		}
	}
	return ids
}

// again takes over what was derived at node n, if nothing that it follows from
// has changed.
func (e *Evaluation) again(n int32) bool {
	if e.past == nil || e.past.Was[n] < 0 {
		return false
	}
	old := &e.past.nodes[e.past.Was[n]]
	for _, o := range old.read {
		if !e.past.Same[o] {
			return false
		}
	}
	t := &e.traces[n]
	*t = trace{read: old.read, found: old.found, was: int32(old.from) + 1}
	if slices.ContainsFunc(t.read, func(o int32) bool { return e.past.Now[o] != o }) { // nodes have other numbers
		t.read = make([]int32, len(old.read))
		for i, o := range old.read {
			t.read[i] = e.past.Now[o]
		}
		t.found = make([]*Derived, len(old.found))
		for i, d := range old.found {
			t.found[i] = e.past.renumbered(d)
		}
	}
	return true
}

// renumbered is what was derived, with the numbers that nodes have now.
func (p *past) renumbered(d *Derived) *Derived {
	if len(d.asks) == 0 {
		return d
	}
	out := *d
	out.asks = make([]rule.Ref, len(d.asks))
	for i, r := range d.asks {
		out.asks[i] = p.At(r)
	}
	return &out
}

// KnownFacts are the known facts of each node with where each comes from.
func (e *Evaluation) KnownFacts() [][]ssf.FactInfo {
	if e.past == nil {
		return e.Infos(nil, nil)
	}
	return e.Infos(e.past.graph, e.past.Match)
}

// watch begins to note what the rules read at a node, beginning with what is
// read there in any case: the kind that counts, and who has which role.
func (e *Evaluation) watch(n int32) {
	if e.found == nil {
		return
	}
	e.scratch.Watch(e.World)
	e.scratch.Touch(n)
	for _, r := range singles[e.Nodes[n].Sort] {
		e.scratch.Touch(e.World.One(n, r))
	}
}

// watched ends what watch began, and notes what was derived at the node.
func (e *Evaluation) watched(n int32, found []*Derived) {
	e.work.Derived++
	t := &e.traces[n]
	t.found = slices.Clone(found)
	if e.found != nil {
		t.read = slices.Clone(e.scratch.Read())
	}
}

// needsOf are the facts that somebody can answer behind those that an instance
// asks for.
func (e *Evaluation) needsOf(in *Instance) []ssf.FactRef {
	switch {
	case len(in.asks) == 0:
		return in.needs
	case len(in.asks) == 1 && !in.vague:
		return e.Roots(in.asks[0])
	}
	needs := e.rootsOf(in.vague, in.asks, in.Node)
	if in.was > 0 {
		if old := e.past.instances[in.was-1].Needs; slices.Equal(old, needs) {
			return old
		}
	}
	return slices.Clone(needs)
}

// rootsOf are the facts that somebody can answer behind unknown ones at node n,
// and its kind if that is vague. It is good until the next call.
func (e *Evaluation) rootsOf(vague bool, asks []rule.Ref, n int32) []ssf.FactRef {
	e.needs = e.needs[:0]
	for _, r := range asks {
		e.needs = append(e.needs, e.Roots(r)...)
	}
	if vague {
		e.needs = append(e.needs, ssf.FactRef{Element: e.Nodes[e.bearer(n)].ID, Fact: "kind"})
	}
	return sortedRefs(e.needs)
}

// lackedBefore are the elements that lacked a fact before.
func (e *Evaluation) lackedBefore(fact ssf.ID) sorting {
	if e.past == nil {
		return sorting{}
	}
	return e.past.lacking[fact]
}

// assessedBefore is how an instance was assessed, if it would be assessed the
// same now: nobody rates it by hand, and neither the element nor the assets that
// it deals with have changed.
func (e *Evaluation) assessedBefore(in *Instance) *Assessment {
	if in.was == 0 || e.Nodes[in.Node].Mitigation != nil || // whose assets its patterns decide
		len(in.Also)+len(e.past.instances[in.was-1].Also) > 0 || // which may come with another severity
		in.Rating != nil || e.past.instances[in.was-1].Rating != nil || !e.sameStakes(in.Node) {
		return nil
	}
	return e.past.instances[in.was-1].Assessment
}

// sameStakes reports whether a node that was there before is the same, and deals
// with the same assets. The threats at a node ask one after the other, so the
// last answer is kept.
func (e *Evaluation) sameStakes(n int32) bool {
	if e.staked.known && e.staked.node == n {
		return e.staked.same
	}
	e.staked.node, e.staked.same, e.staked.known = n, e.past.Same[e.past.Was[n]], true
	if p := e.program(n); p >= 0 { // which may take input now
		e.staked.same = e.staked.same && e.past.Was[p] >= 0 && e.past.Same[e.past.Was[p]]
	}
	for _, k := range e.lists(n) {
		e.staked.same = e.staked.same && e.sameAssets(k, k.node != n)
	}
	return e.staked.same
}

// sameAssets reports whether a list has the same assets as before, with the
// same needs. It is found out once for a list that is shared by many nodes.
func (e *Evaluation) sameAssets(k stakeKey, shared bool) bool {
	if same, known := e.sameLists[k]; shared && known {
		return same
	}
	same := func(n int32) bool { return e.past.Was[n] >= 0 && e.past.Same[e.past.Was[n]] }
	ok := same(k.node)
	switch e.Nodes[k.node].Sort {
	case ssf.SortSystem, ssf.SortZone, ssf.SortActor:
		if ok {
			ok = slices.EqualFunc(e.assetsOf(k), e.past.graph.Wide(e.past.Was[k.node]), func(n, o int32) bool { return e.past.Was[n] == o && e.past.Same[o] })
		}
	}
	if e.Nodes[k.node].Sort != ssf.SortAsset { // what a flow's end stores has a list of its own
		for _, a := range e.World.Many(k.node, k.by) {
			ok = ok && same(a)
		}
	}
	if shared {
		e.sameLists[k] = ok
	}
	return ok
}
