// Package eval turns a model, a library and a tree into a [ssf.Case]: it
// derives facts, applies the rules, finds what became of each threat, fills
// the matrices, and says which controls are met and why.
//
// It is pure: the same inputs give the same Case. It reads no files and no
// clock, runs nothing and keeps nothing. Begin with [Evaluate]; the strata are
// in graph.go, facts.go, derive.go and threats.go, in that order.
package eval

import (
	"fmt"
	"slices"
	"time"

	"ssf"
	"ssf/internal/rule"
)

// A compiled rule is a rule of the library with its conditions.
type compiledRule struct {
	*ssf.Rule
	when, unless *rule.Condition
}

// engine is what does not depend on the deployment: the library, compiled.
type engine struct {
	ssf.Inputs
	vocab     *rule.Vocabulary
	compiler  *rule.Compiler
	kinds     family
	techs     family
	protocols family
	rules     []compiledRule
	checks    map[ssf.ID]*ssf.Check
}

// evaluation is one pass over the model, for some of its deployments.
type evaluation struct {
	*engine
	world       *rule.World
	nodes       []node
	deployments []int32 // that count in this pass; the worst of them is the result
	worlds      []*rule.World
	scratch     rule.Scratch

	instances []instance
	index     map[ssf.ID]int       // instances by id
	at        map[int32][]int      // instances by node
	of        map[ssf.ID][]int     // instances by rule
	asked     map[ssf.FactRef]bool // facts of which somebody said that they are not known yet
	roots     map[rule.Ref][]ssf.FactRef
	sorts     map[ssf.ID]ssf.Sort
	stakes    map[stakeKey]*[numProperties]stake
	stored    map[[2]int32]bool // component and asset
	holding   []heldAssumption
	decided   []heldDecision
	counters  map[int][]cover     // mitigations by instance
	looked    map[ssf.ID]int      // subjects that checks looked at, by control
	open      map[ssf.ID][]ssf.ID // subjects that are not right, by control
	unsure    map[ssf.ID]bool     // controls that wait for an answer
	c         *ssf.Case
	err       error
}

// Evaluate makes the case. An error is a rule of the library that cannot be
// compiled or evaluated: the program's fault, never the model's.
func Evaluate(in ssf.Inputs) (*ssf.Case, error) {
	eng, err := newEngine(in)
	if err != nil {
		return nil, err
	}
	e, err := eng.pass(nil)
	if err != nil {
		return nil, err
	}
	if len(in.Model.Deployments) > 1 {
		for _, d := range in.Model.Deployments {
			one, err := eng.pass([]ssf.ID{d.ID})
			if err != nil {
				return nil, err
			}
			e.c.Deployments = append(e.c.Deployments, difference(d.ID, e.c, one.c))
		}
	}
	return e.c, nil
}

func newEngine(in ssf.Inputs) (*engine, error) {
	eng := &engine{
		Inputs: in, vocab: rule.NewVocabulary(in.Library.Facts), checks: map[ssf.ID]*ssf.Check{},
		kinds: newFamily(in.Library.Kinds), techs: newFamily(in.Library.Techs), protocols: newFamily(in.Library.Protocols),
	}
	eng.compiler = rule.NewCompiler(eng.vocab)
	for i := range in.Library.Checks {
		eng.checks[in.Library.Checks[i].ID] = &in.Library.Checks[i]
	}
	for i := range in.Library.Threats {
		r, ds := CompileRule(eng.compiler, &in.Library.Threats[i])
		if len(ds) > 0 {
			return nil, fmt.Errorf("compiling rule %s: %v: %s", ds[0].Subject, ds[0].Pos, ds[0].Message)
		}
		eng.rules = append(eng.rules, r)
	}
	return eng, nil
}

// CompileRule compiles both conditions of a rule. The diagnostics are errors
// in the rule, at their places in its file.
func CompileRule(c *rule.Compiler, r *ssf.Rule) (out compiledRule, ds []ssf.Diagnostic) {
	out.Rule = r
	place := rule.Place{On: r.On, Reads: ssf.Nature, Check: "library/condition", Subject: r.ID}
	out.when, ds = c.Compile(r.When, place)
	if r.Unless.S != "" {
		place.Reads = ssf.ControlClass
		var more []ssf.Diagnostic
		out.unless, more = c.Compile(r.Unless, place)
		ds = append(ds, more...)
	}
	return out, ds
}

// pass evaluates for the named deployments; for all of them if none is named.
func (eng *engine) pass(only []ssf.ID) (*evaluation, error) {
	e := &evaluation{
		engine: eng, world: rule.NewWorld(eng.vocab), index: map[ssf.ID]int{}, at: map[int32][]int{}, of: map[ssf.ID][]int{}, asked: map[ssf.FactRef]bool{}, roots: map[rule.Ref][]ssf.FactRef{},
		sorts: map[ssf.ID]ssf.Sort{}, stakes: map[stakeKey]*[numProperties]stake{}, stored: map[[2]int32]bool{}, counters: map[int][]cover{}, looked: map[ssf.ID]int{}, open: map[ssf.ID][]ssf.ID{}, unsure: map[ssf.ID]bool{},
	}
	in := eng.Inputs
	e.c = &ssf.Case{
		Schema: ssf.CaseSchema, Tool: in.Tool, Now: in.Now.UTC().Truncate(time.Second), System: systemInfo(in.Model, in.Tree), Library: orEmpty(in.Library.Packs),
		Diagnostics: append([]ssf.Diagnostic{}, in.Diagnostics...), Deployments: []ssf.DeploymentResult{}, Assertions: []ssf.FactRef{},
		Requirements: []ssf.RequirementResult{}, Assumptions: []ssf.AssumptionInfo{}, Mitigations: []ssf.MitigationResult{}, Verifications: []ssf.VerificationInfo{},
	}
	if in.Tree != nil {
		e.c.Commit, e.c.Dirty = in.Tree.Commit, in.Tree.Dirty
	}
	e.buildGraph()
	for i := range e.nodes {
		e.sorts[e.nodes[i].ID] = e.nodes[i].sort
		if e.nodes[i].sort == ssf.SortDeployment && (only == nil || slices.Contains(only, e.nodes[i].ID)) {
			e.deployments = append(e.deployments, int32(i))
		}
	}
	e.setFacts()
	e.derive()
	for _, d := range e.deployments {
		e.worlds = append(e.worlds, e.world.In(d))
	}
	e.deriveThreats()
	e.holdAssumptions()
	e.holdDecisions()
	e.matchMitigations()
	e.treat()
	e.rate()
	e.describeElements()
	e.fillMatrices()
	e.judgeRequirements()
	e.ask()
	e.runChecks()
	e.judgeControls()
	ssf.SortDiagnostics(e.c.Diagnostics)
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
	return ssf.SystemInfo{Name: s.Title, Version: v, Supplier: s.Supplier.S, Purpose: s.Purpose.S, Contact: s.Contact.S, SupportUntil: string(s.SupportUntil.ID)}
}

// fail keeps the first error of a rule that could not be evaluated.
func (e *evaluation) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// report adds a diagnostic of a check, whose severity and way out stand in the
// library. A hint that knows the case replaces the check's own.
func (e *evaluation) report(check, subject ssf.ID, at ssf.Pos, hint string, related []ssf.Related, format string, args ...any) {
	def := e.checks[check]
	if def == nil {
		e.fail(fmt.Errorf("reporting %s: the library has no text for this check", check))
		return
	}
	if hint == "" {
		hint = def.Fix
	}
	for _, other := range []ssf.Pos{e.Model.System.Pos, e.Model.Version.Pos} {
		if !at.Known() { // a deployment that nobody described has no place
			at = other
		}
	}
	for i := range related {
		related[i].Snippet = e.line(related[i].Pos)
	}
	e.c.Diagnostics = append(e.c.Diagnostics, ssf.Diagnostic{
		Check: check, Subject: subject, Severity: def.Severity,
		Message: fmt.Sprintf(format, args...), Pos: at, Snippet: e.line(at), Hint: hint, Related: related,
	})
}

func (e *evaluation) line(p ssf.Pos) string {
	if e.Line == nil || !p.Known() {
		return ""
	}
	return e.Line(p)
}

// judge evaluates a condition at a node, over the deployments of this pass
// where it reads them. For a condition that makes things worse (any) the truth
// in one deployment is enough; for one that makes them better all must have it.
func (e *evaluation) judge(c *rule.Condition, n int32, any bool) (rule.Truth, []ssf.FactRef) {
	var total rule.Truth
	var needs []ssf.FactRef
	for i, w := range e.worldsOf(c) {
		t, err := c.Eval(w, n, &e.scratch)
		if err != nil {
			e.fail(err)
		}
		if t == rule.Unknown {
			for _, r := range e.scratch.Needs() {
				needs = append(needs, e.rootsOf(r)...)
			}
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
		needs = nil
	}
	return total, needs
}

// worldsOf are the deployments in which a condition is to be evaluated.
func (e *evaluation) worldsOf(c *rule.Condition) []*rule.World {
	if c.ReadsDeployment() {
		return e.worlds
	}
	return e.worlds[:1]
}

// difference is what one deployment has other than the worst of all.
func difference(id ssf.ID, all, one *ssf.Case) ssf.DeploymentResult {
	out := ssf.DeploymentResult{ID: id, Reach: one.Reach, Threats: []ssf.Delta{}}
	state := make(map[ssf.ID]ssf.State, len(one.Threats))
	for _, t := range one.Threats {
		state[t.ID] = t.State
	}
	for _, t := range all.Threats {
		if state[t.ID] != t.State {
			out.Threats = append(out.Threats, ssf.Delta{ID: t.ID, State: state[t.ID]})
		}
	}
	return out
}

// describeElements writes the elements with their facts into the case.
func (e *evaluation) describeElements() {
	e.c.Elements = make([]ssf.ElementInfo, 0, len(e.nodes))
	for i := range e.nodes {
		n := &e.nodes[i]
		if n.Element == &defaultDeployment.Element {
			continue
		}
		info := ssf.ElementInfo{ID: n.ID, Sort: n.sort, Name: n.Title, Kind: n.kind.ID, Zone: n.zone.ID, Facts: e.infos(int32(i)), Pos: n.Pos}
		if n.flow != nil {
			info.From, info.To = n.flow.From.ID, n.flow.To.ID
		}
		for _, f := range n.Facts {
			if def := e.vocab.Fact(f.Fact.ID); def != nil && def.Assertion && f.Value != "" {
				e.c.Assertions = append(e.c.Assertions, ssf.FactRef{Element: n.ID, Fact: f.Fact.ID})
			}
		}
		e.c.Elements = append(e.c.Elements, info)
	}
	slices.SortFunc(e.c.Assertions, ssf.FactRef.Compare)
}
