package eval

import (
	"slices"
	"sync"

	"ssf"
	"ssf/internal/facts"
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
	threats     []ssf.Threat // of the instances
}

// A trace is what the rules gave at one node.
type trace struct {
	read []int32 // nodes
	n    int     // how many instances there are
	from int     // the first of them
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
	out := &Engine{Inputs: in, Graph: eng.Terms.Build(in.Model), Rules: eng.Rules, Checks: eng.Checks, compiler: eng.compiler, before: eng.found}
	out.sortNodes()
	out.Learn()
	return out
}

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
		e.found.put(key, &memo{e.Graph, e.deploymentIDs(), e.traces, e.Instances, e.Case.Threats})
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

// expect is about how many instances there are at some nodes.
func (e *Evaluation) expect(nodes int) int {
	if e.past == nil || len(e.past.nodes) == 0 {
		return 3 * nodes
	}
	return len(e.past.instances)*nodes/len(e.past.nodes) + 100
}

// again takes over the instances at node n, if nothing that they follow from
// has changed.
func (e *Evaluation) again(n int32) bool {
	if e.past == nil || e.past.Was[n] < 0 {
		return false
	}
	t := &e.past.nodes[e.past.Was[n]]
	for _, o := range t.read {
		if !e.past.Same[o] {
			return false
		}
	}
	from := len(e.Instances)
	e.Instances = slices.Grow(e.Instances, t.n)
	for i := t.from; i < t.from+t.n; i++ {
		old := &e.past.instances[i]
		in := Instance{ID: old.ID, Node: n, Rule: old.Rule, There: old.There, Claim: old.Claim, Rests: old.Rests, Basis: old.Basis, Claims: old.Claims, vague: old.vague, was: i + 1}
		for _, r := range old.asks {
			in.asks = append(in.asks, e.past.At(r))
		}
		in.Needs = e.needsOf(&in)
		e.Instances = append(e.Instances, in)
	}
	read := make([]int32, len(t.read))
	for i, o := range t.read {
		read[i] = e.past.Now[o]
	}
	e.traces = append(e.traces, trace{read: read, n: len(e.Instances) - from})
	return true
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

// watched ends what watch began; the instances at the node are those from from.
func (e *Evaluation) watched(from int) {
	e.work.Derived++
	t := trace{n: len(e.Instances) - from}
	if e.found != nil {
		t.read = slices.Clone(e.scratch.Read())
	}
	e.traces = append(e.traces, t)
}

// needsOf are the facts that somebody can answer behind those that an instance
// asks for.
func (e *Evaluation) needsOf(in *Instance) []ssf.FactRef {
	var needs []ssf.FactRef
	for _, r := range in.asks {
		needs = append(needs, e.Roots(r)...)
	}
	if in.vague {
		needs = append(needs, ssf.FactRef{Element: e.Nodes[e.bearer(in.Node)].ID, Fact: "kind"})
	}
	return slices.Clip(sortedRefs(needs))
}

// ratedBefore is the threat of an instance as it was rated, if it would be
// rated the same now: nobody rates it by hand, and neither the element nor the
// assets that it deals with have changed.
func (e *Evaluation) ratedBefore(in *Instance) *ssf.Threat {
	if in.was == 0 || in.Rating != nil || e.past.instances[in.was-1].Rating != nil || !e.past.Same[e.past.Was[in.Node]] {
		return nil
	}
	for _, k := range e.lists(in.Node) {
		if !e.sameAssets(k) {
			return nil
		}
	}
	return &e.past.threats[in.was-1]
}

// sameAssets reports whether a list has the same assets as before, with the
// same needs. It is found out once for each list.
func (e *Evaluation) sameAssets(k stakeKey) bool {
	if same, known := e.sameLists[k]; known {
		return same
	}
	same := func(n int32) bool { return e.past.Was[n] >= 0 && e.past.Same[e.past.Was[n]] }
	ok := same(k.node)
	if e.Nodes[k.node].Sort != ssf.SortAsset { // what a flow's end stores has a list of its own
		for _, a := range e.World.Many(k.node, k.by) {
			ok = ok && same(a)
		}
	}
	e.sameLists[k] = ok
	return ok
}
