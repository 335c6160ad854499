// Package check says what is missing: it looks at an evaluation, reports what is
// not right with its place and the way out, and finds which controls of the
// framework are met, which phase is reached and which gates hold.
//
// Every kind of diagnostic has its text in library/checks. A check returns how
// much it looked at, because a check that looked at nothing proves nothing.
// Begin with [Case].
package check

import (
	"ssf"
	"ssf/internal/eval"
	"ssf/internal/rule"
)

// A verdict is an evaluation while it is judged.
type verdict struct {
	*eval.Evaluation
	looked map[ssf.ID]int      // subjects that checks looked at, by control
	open   map[ssf.ID][]ssf.ID // subjects that are not right, by control
	unsure map[ssf.ID]bool     // controls that wait for an answer

	running map[ssf.ID]rule.Truth // kinds, and whether they run; see [verdict.runs]
	made    []int                 // how many diagnostics each check made
}

// Case makes the whole case: the worst over all deployments and, if there are
// several, what differs in each. An error is a rule of the library that cannot
// be compiled or evaluated: the program's fault, never the model's.
func Case(in ssf.Inputs) (*ssf.Case, error) {
	c, _, err := caseOf(eval.New(in))
	return c, err
}

// A Session makes the cases of a model that is being edited. Each is what Case
// makes of the same inputs, and costs what has changed and a look at the rest.
// The zero Session is ready. It serves one goroutine at a time, and nothing in
// inputs and cases may be changed while it is used.
type Session struct {
	eng  *eval.Engine
	work eval.Work
	made []int // how many diagnostics each check made the last time
}

// Case makes the case.
func (s *Session) Case(in ssf.Inputs) (*ssf.Case, error) {
	s.update(in)
	c, work, err := caseOf(s.eng)
	s.eng.Settle()
	s.work = work
	return c, err
}

// Diagnostics makes the diagnostics of the case and nothing else of it: what an
// editor needs after each key.
func (s *Session) Diagnostics(in ssf.Inputs) ([]ssf.Diagnostic, error) {
	s.update(in)
	ev, err := s.eng.Evaluate()
	e, err := judge(ev, err, s.made)
	s.eng.Settle()
	if err != nil {
		return nil, err
	}
	s.work, s.made = e.Work(), e.made
	return e.Case.Diagnostics, nil
}

func (s *Session) update(in ssf.Inputs) {
	if s.eng != nil {
		s.eng = s.eng.Update(in)
	} else {
		s.eng = eval.New(in)
		s.eng.Learn()
	}
}

// Work is what the last Case or Diagnostics did.
func (s *Session) Work() eval.Work { return s.work }

func caseOf(eng *eval.Engine) (*ssf.Case, eval.Work, error) {
	ev, err := eng.Evaluate()
	all, err := judge(ev, err, nil)
	if err != nil {
		return nil, eval.Work{}, err
	}
	c := all.complete()
	if len(eng.Model.Deployments) > 1 {
		for _, d := range eng.Model.Deployments {
			part, err := eng.Part(c, d.ID)
			one, err := judge(part, err, all.made)
			if err != nil {
				return nil, eval.Work{}, err
			}
			c.Deployments = append(c.Deployments, difference(d.ID, c, one.complete()))
		}
	}
	return c, all.Work(), nil
}

func newVerdict(ev *eval.Evaluation) *verdict {
	return &verdict{Evaluation: ev, looked: map[ssf.ID]int{}, open: map[ssf.ID][]ssf.ID{}, unsure: map[ssf.ID]bool{}, running: map[ssf.ID]rule.Truth{}}
}

// judge runs all checks on an evaluation, unless there is none because of err.
// Made is how many diagnostics each check made of one much like it, if known.
func judge(ev *eval.Evaluation, err error, made []int) (*verdict, error) {
	if err != nil {
		return nil, err
	}
	e := newVerdict(ev)
	e.runChecks(made)
	ssf.SortDiagnostics(e.Case.Diagnostics)
	return e, e.Err()
}

// complete makes the rest of the case: what follows from the diagnostics, and
// what its readers need.
func (e *verdict) complete() *ssf.Case {
	e.judgeControls()
	e.describe()
	return e.Case
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
