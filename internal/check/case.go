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
)

// A verdict is an evaluation while it is judged.
type verdict struct {
	*eval.Evaluation
	looked map[ssf.ID]int      // subjects that checks looked at, by control
	open   map[ssf.ID][]ssf.ID // subjects that are not right, by control
	unsure map[ssf.ID]bool     // controls that wait for an answer
}

// Case makes the whole case: the worst over all deployments and, if there are
// several, what differs in each. An error is a rule of the library that cannot
// be compiled or evaluated: the program's fault, never the model's.
func Case(in ssf.Inputs) (*ssf.Case, error) {
	eng := eval.New(in)
	ev, err := eng.Evaluate()
	if err != nil {
		return nil, err
	}
	c, err := judge(ev)
	if err != nil {
		return nil, err
	}
	if len(in.Model.Deployments) > 1 {
		for _, d := range in.Model.Deployments {
			part, err := eng.Part(c, d.ID)
			if err != nil {
				return nil, err
			}
			one, err := judge(part)
			if err != nil {
				return nil, err
			}
			c.Deployments = append(c.Deployments, difference(d.ID, c, one))
		}
	}
	return c, nil
}

// judge runs all checks on an evaluation.
func judge(ev *eval.Evaluation) (*ssf.Case, error) {
	e := &verdict{ev, map[ssf.ID]int{}, map[ssf.ID][]ssf.ID{}, map[ssf.ID]bool{}}
	e.runChecks()
	e.judgeControls()
	ssf.SortDiagnostics(e.Case.Diagnostics)
	e.describe()
	return e.Case, e.Err()
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
