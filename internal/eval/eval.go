// Package eval finds which threats follow from a model and what has become of
// each: it applies the rules to a graph of facts, joins decisions, assumptions
// and mitigations to what they are about, rates, fills the matrices and asks
// what is not known. It judges nothing: what is missing is for package check.
//
// It is pure: the same inputs give the same result. It reads no files and no
// clock, runs nothing and keeps nothing. Begin with [New] and [Engine.Evaluate];
// then threats.go, decide.go, rate.go and matrix.go, in the order of the work.
package eval

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/proof"
	"ssf/internal/rule"
)

// A Rule is a rule of the library. Its conditions are compiled when it is first
// applied: a model has elements for few of the rules.
type Rule struct {
	*ssf.Rule
	number     int // in [Engine.Rules]
	conditions func() conditions
}

type conditions struct {
	when, unless *rule.Condition
	err          error
}

// An Engine is what does not depend on the deployment: the model as a graph of
// facts, and the library, compiled.
type Engine struct {
	ssf.Inputs
	*facts.Graph
	Rules  []Rule
	Checks map[ssf.ID]*ssf.Check
	Only   map[ssf.ID]bool // elements whose threats are wanted; nil: all

	compiler *rule.Compiler
	wholes   map[ssf.ID]bool            // kinds with which the product stands or falls
	sorts    func() map[ssf.ID]ssf.Sort // of the model's ids, for its conditions
	former   func() map[ssf.ID]ssf.ID   // elements by the ids that they had
	tracer   *proof.Tracer

	before *memos // of the engine that was updated, if any
	found  *memos // of this one, if it learns
}

// An Evaluation is one pass over the model, for some of its deployments: the
// worst of them is the result. Case holds what is found so far.
type Evaluation struct {
	*Engine
	Case        *ssf.Case
	Instances   []Instance
	Assumptions []Assumption
	Decisions   []Decision
	At          [][]int                // instances by node
	Of          map[ssf.ID][]int       // instances by rule
	Joined      map[ssf.ID]*Joined     // own threats that stand in derived ones, as `own/ID`
	JoinedAt    map[int32]bool         // nodes at which one of these stands
	Proofs      []proof.Verdict        // of the verifications, in the order of the model
	Shown       map[ssf.ID]proof.Shown // what they show, by mitigation or claimed fact

	worlds   []*rule.World // of the deployments that count
	scratch  rule.Scratch
	own      map[ssf.ID]int       // instances of own threats by id
	asked    map[ssf.FactRef]bool // facts of which somebody said that they are not known yet
	stakes   map[stakeKey]*[numProperties]stake
	counters map[int][]cover   // mitigations by instance
	proposed map[int]ssf.ID    // the first that is only proposed, by instance
	evaded   map[int32][]int32 // assets at stake at a mitigation
	pins     pins
	whole    whole
	err      error

	past      *past // nil if nothing can be used again
	traces    []trace
	lacking   map[ssf.ID]sorting
	sameLists map[stakeKey]bool
	staked    struct { // of [Evaluation.sameStakes]
		node        int32
		same, known bool
	}
	work      Work
	cells     []stakeCell   // room for those of one threat
	needs     []ssf.FactRef // and for what it asks for
	impacts   []impact      // at one node, impactsAt
	impactsAt int32
}

// New makes the graph of the model and takes up the library.
func New(in ssf.Inputs) *Engine {
	terms := facts.NewTerms(in.Library)
	eng := &Engine{Inputs: in, Graph: terms.Build(in.Model), Checks: map[ssf.ID]*ssf.Check{}, compiler: rule.NewCompiler(terms.Vocabulary), wholes: wholeKinds(in.Library), tracer: proof.NewTracer(in.Model, in.Tree)}
	for i := range in.Library.Checks {
		eng.Checks[in.Library.Checks[i].ID] = &in.Library.Checks[i]
	}
	eng.sortNodes()
	compiler := eng.compiler // and not eng, which later engines would keep
	for i := range in.Library.Threats {
		r := &in.Library.Threats[i]
		eng.Rules = append(eng.Rules, Rule{Rule: r, number: i, conditions: sync.OnceValue(func() (c conditions) {
			var ds []ssf.Diagnostic
			if c.when, c.unless, ds = CompileRule(compiler, r); len(ds) > 0 {
				c.err = fmt.Errorf("compiling rule %s: %v: %s", ds[0].Subject, ds[0].Pos, ds[0].Message)
			}
			return c
		})})
	}
	return eng
}

// sortNodes notes what sort each id has and which had another, once somebody asks.
func (eng *Engine) sortNodes() {
	eng.sorts = sync.OnceValue(func() map[ssf.ID]ssf.Sort {
		sorts := make(map[ssf.ID]ssf.Sort, len(eng.Nodes))
		for i := range eng.Nodes {
			if eng.Nodes[i].Mitigation == nil { // whose ids are their own
				sorts[eng.Nodes[i].ID] = eng.Nodes[i].Sort
			}
		}
		return sorts
	})
	eng.former = sync.OnceValue(func() map[ssf.ID]ssf.ID {
		former := map[ssf.ID]ssf.ID{}
		for i := range eng.Nodes {
			for _, w := range eng.Nodes[i].Was {
				former[w.ID] = eng.Nodes[i].ID
			}
		}
		return former
	})
}

// CompileRule compiles both conditions of a rule. The diagnostics are errors
// in the rule, at their places in its file.
func CompileRule(c *rule.Compiler, r *ssf.Rule) (when, unless *rule.Condition, ds []ssf.Diagnostic) {
	place := rule.Place{On: r.On, Reads: ssf.Nature, Check: "library/condition", Subject: r.ID}
	when, ds = c.Compile(r.When, place)
	if r.Unless.S != "" {
		place.Reads = ssf.ControlClass
		var more []ssf.Diagnostic
		unless, more = c.Compile(r.Unless, place)
		ds = append(ds, more...)
	}
	return when, unless, ds
}

// Evaluate evaluates for all deployments: what is worst in any of them counts.
// An error is a rule that cannot be compiled or evaluated: the program's fault,
// never the model's.
func (eng *Engine) Evaluate() (*Evaluation, error) { return eng.evaluate(whole{}) }

// A whole is what was found for all deployments, for a pass that is for some.
type whole struct {
	pins   map[pinKey]ssf.Pin
	joined map[ssf.ID]bool // own threats that stand in derived ones
}

// evaluate evaluates for the named deployments; for all of them if none is
// named, and then whole is what was found for all.
func (eng *Engine) evaluate(whole whole, only ...ssf.ID) (*Evaluation, error) {
	e := &Evaluation{
		Engine: eng, whole: whole, At: make([][]int, len(eng.Nodes)), Of: map[ssf.ID][]int{}, asked: map[ssf.FactRef]bool{},
		stakes: map[stakeKey]*[numProperties]stake{}, counters: map[int][]cover{}, proposed: map[int]ssf.ID{}, lacking: map[ssf.ID]sorting{},
	}
	in := eng.Inputs
	e.Case = &ssf.Case{
		Schema: ssf.CaseSchema, Tool: in.Tool, Now: in.Now.UTC().Truncate(time.Second), System: systemInfo(in.Model, in.Tree), Library: orEmpty(in.Library.Packs),
		Diagnostics: append([]ssf.Diagnostic{}, in.Diagnostics...), Deployments: []ssf.DeploymentResult{}, Assertions: []ssf.FactRef{},
		Decisions: []ssf.DecisionResult{}, Pins: []ssf.Pin{}, Requirements: []ssf.RequirementResult{}, Assumptions: []ssf.AssumptionInfo{}, Mitigations: []ssf.MitigationResult{}, Verifications: []ssf.VerificationInfo{},
	}
	if in.Tree != nil {
		e.Case.Commit, e.Case.Dirty = in.Tree.Commit, in.Tree.Dirty
	}
	for i := range e.Nodes {
		if e.Nodes[i].Sort == ssf.SortDeployment && (len(only) == 0 || slices.Contains(only, e.Nodes[i].ID)) {
			e.worlds = append(e.worlds, e.World.In(int32(i)))
		}
	}
	var key ssf.ID
	if len(only) > 0 {
		key = only[0]
	}
	e.readPins()
	e.recall(key)
	e.deriveThreats()
	e.holdAssumptions()
	e.holdDecisions()
	e.matchMitigations()
	e.evade()
	e.prove()
	e.treat()
	var wg sync.WaitGroup
	wg.Go(e.ask)
	e.rate()
	e.fillMatrices()
	e.judgeRequirements()
	e.pinLibrary()
	wg.Wait()
	e.keep(key)
	return e, e.err
}

func systemInfo(m *ssf.Model, t *ssf.Tree) ssf.SystemInfo {
	s := &m.System
	v := s.Version.S
	if v == "git" {
		v = ""
		if t != nil && t.Commit != "" {
			v = t.Commit[:min(12, len(t.Commit))]
		}
	}
	misuse := []string{}
	for _, t := range s.Misuse {
		misuse = append(misuse, t.S)
	}
	return ssf.SystemInfo{Misuse: misuse, Name: s.Title, Version: v, Supplier: s.Supplier.S, Purpose: s.Purpose.S, Contact: s.Contact.S, SupportUntil: string(s.SupportUntil.ID)}
}

// share does the work on 0..n-1 in as many runs as there are processors. A
// worker may write only what belongs to its run.
func (e *Evaluation) share(n int, do func(w *Evaluation, from, to int)) {
	ws := make([]*Evaluation, max(1, min(runtime.GOMAXPROCS(0), n/500))) // a shorter run is not worth a worker
	var wg sync.WaitGroup
	for i := range ws {
		w := e.worker()
		ws[i] = w
		wg.Go(func() { do(w, n*i/len(ws), n*(i+1)/len(ws)) })
	}
	wg.Wait()
	for _, w := range ws {
		e.add(w)
	}
}

// worker is a copy of e with its own scratch and caches. It shares the rest.
func (e *Evaluation) worker() *Evaluation {
	w := *e
	w.scratch, w.stakes = rule.Scratch{}, map[stakeKey]*[numProperties]stake{}
	w.staked.known = false
	w.sameLists, w.work, w.cells, w.needs, w.impacts = map[stakeKey]bool{}, Work{}, nil, nil, nil
	return &w
}

// add takes up what a worker did, and where it failed.
func (e *Evaluation) add(w *Evaluation) {
	e.fail(w.err)
	e.work.add(w.work)
}

// Reporter is a copy of e that may be used beside it while nobody changes what
// was found, with its own diagnostics: it reports into room, of length 0.
func (e *Evaluation) Reporter(room []ssf.Diagnostic) *Evaluation {
	w, c := e.worker(), *e.Case
	c.Diagnostics, w.Case = room, &c
	return w
}

// Collect takes up what a reporter reported.
func (e *Evaluation) Collect(w *Evaluation) {
	e.add(w)
	e.Case.Diagnostics = append(e.Case.Diagnostics, w.Case.Diagnostics...)
}

// Work is what the evaluation did so far.
func (e *Evaluation) Work() Work { return e.work }

// Err is the first rule that could not be evaluated, or check without a text.
func (e *Evaluation) Err() error { return e.err }

// fail keeps the first error of a rule that could not be evaluated.
func (e *Evaluation) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// Report adds a diagnostic of a check, whose severity and way out stand in the
// library. A hint that knows the case replaces the check's own.
func (e *Evaluation) Report(check, subject ssf.ID, at ssf.Pos, hint string, related []ssf.Related, format string, args ...any) {
	e.Tell(check, subject, at, hint, related, fmt.Sprintf(format, args...))
}

// Tell is Report with a message as it stands.
func (e *Evaluation) Tell(check, subject ssf.ID, at ssf.Pos, hint string, related []ssf.Related, message string) {
	def := e.Checks[check]
	if def == nil {
		e.fail(fmt.Errorf("reporting %s: the library has no text for this check", check))
		return
	}
	if hint == "" {
		hint = def.Fix
	}
	if !at.Known() { // a deployment that nobody described has no place
		if at = e.Model.System.Pos; !at.Known() {
			at = e.Model.Version.Pos
		}
	}
	for i := range related {
		related[i].Snippet = e.line(related[i].Pos)
	}
	e.Case.Diagnostics = append(e.Case.Diagnostics, ssf.Diagnostic{
		Check: check, Subject: subject, Severity: def.Severity,
		Message: message, Pos: at, Snippet: e.line(at), Hint: hint, Related: related,
	})
}

func (e *Evaluation) line(p ssf.Pos) string {
	if e.Line == nil || !p.Known() {
		return ""
	}
	return e.Line(p)
}

// Judge evaluates a condition at a node, over the deployments of this pass
// where it reads them. For a condition that makes things worse (any) the truth
// in one deployment is enough; for one that makes them better all must have it.
func (e *Evaluation) Judge(c *rule.Condition, n int32, any bool) (rule.Truth, []ssf.FactRef) {
	total, asks := e.judge(c, n, any)
	var needs []ssf.FactRef
	for _, r := range asks {
		needs = append(needs, e.Roots(r)...)
	}
	return total, needs
}

// judge is Judge with the unknown facts as they were read.
func (e *Evaluation) judge(c *rule.Condition, n int32, any bool) (total rule.Truth, asks []rule.Ref) {
	for i, w := range e.worldsOf(c) {
		e.work.Conditions++
		t, err := c.Eval(w, n, &e.scratch)
		if err != nil {
			e.fail(err)
		}
		if t == rule.Unknown {
			asks = append(asks, e.scratch.Needs()...)
		}
		switch {
		case i == 0:
			total = t
		case any:
			total = max(total, t)
		default:
			total = min(total, t)
		}
	}
	if total != rule.Unknown {
		asks = nil
	}
	return total, asks
}

// worldsOf are the deployments in which a condition is to be evaluated.
func (e *Evaluation) worldsOf(c *rule.Condition) []*rule.World {
	if c.ReadsDeployment() {
		return e.worlds
	}
	return e.worlds[:1]
}
