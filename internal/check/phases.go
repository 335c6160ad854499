package check

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/eval"
)

// judgeControls turns diagnostics into the state of each control, controls
// into phases, phases into reach, and evaluates the gates of the policy.
func (e *verdict) judgeControls() {
	if def := e.Checks["context/undeclared-fact"]; def != nil && len(e.Case.Questions) > 0 {
		e.unsure[def.Control.ID] = true // also if somebody was asked, and nothing is reported
	}
	e.openItems()
	for i := range e.Case.Diagnostics {
		d := &e.Case.Diagnostics[i]
		def := e.Checks[d.Check]
		if def == nil || def.Control.ID == "" || itemised[d.Check] {
			continue
		}
		switch def.Severity {
		case ssf.Error, ssf.Gap:
			e.openAt(def.Control.ID, d.Subject)
		case ssf.Question:
			e.unsure[def.Control.ID] = true
		}
	}
	for _, p := range ssf.Phases {
		res := ssf.PhaseResult{Name: p, Controls: []ssf.ControlResult{}}
		for i := range e.Library.Controls {
			if c := &e.Library.Controls[i]; c.Phase == p || c.Phase == "" {
				res.Controls = append(res.Controls, e.judgeControl(c))
			}
		}
		e.count(&res)
		e.Case.Phases = append(e.Case.Phases, res)
	}
	e.Case.Reach = ssf.PhaseNone
	for _, p := range e.Case.Phases {
		if len(p.Controls) == 0 || slices.ContainsFunc(p.Controls, func(c ssf.ControlResult) bool { return c.Status != ssf.Met }) {
			break
		}
		e.Case.Reach = p.Name
	}
	if ssf.HasErrors(e.Case.Diagnostics) {
		e.Case.Reach = ssf.PhaseNone
	}
	e.judgePolicy()
}

// itemised are the checks whose diagnostics stand for several subjects, each of
// which is put on the control's list by itself.
var itemised = map[ssf.ID]bool{"context/unanswered-cell": true, "threats/open": true, "threats/undecided": true, "threats/unreviewed": true, "threats/stale": true, "threats/not-pinned": true}

// openItems puts on the lists of controls what diagnostics tell together: the
// threats that are not treated, and the cells that nothing answers.
func (e *verdict) openItems() {
	untreated := make([]ssf.ID, 0, len(e.Instances))
	for i := range e.Instances {
		if in := &e.Instances[i]; !in.State.Treated() {
			untreated = append(untreated, in.ID)
		}
	}
	slices.Sort(untreated)
	for _, control := range []ssf.ID{"TH-4", "IM-1"} {
		e.open[control] = slices.Concat(e.open[control], untreated)
	}
	for _, m := range e.Case.Matrices[:2] {
		for i := range m.Cells {
			if c := &m.Cells[i]; len(c.AnsweredBy) == 0 {
				e.openAt("CX-3", ssf.ID(c.Cell.String()))
			}
		}
	}
}

// judgeControl is unmet if anything is open, unknown if a question is or its
// checks had nothing to look at.
func (e *verdict) judgeControl(c *ssf.Control) ssf.ControlResult {
	open := slices.Clone(e.open[c.ID]) // a control of every phase is judged for each
	slices.Sort(open)
	r := ssf.ControlResult{ID: c.ID, Title: c.Title, Looked: e.looked[c.ID], Open: orEmpty(slices.Compact(open)), Judged: append([]string{}, c.Judged...)}
	switch {
	case len(r.Open) > 0:
		r.Status, r.Why = ssf.Unmet, fmt.Sprintf("%d open", len(r.Open))
	case !e.assesses(c.ID):
		r.Status, r.Why = ssf.NotAssessed, "no check of this program decides it yet"
	case e.unsure[c.ID]:
		r.Status, r.Why = ssf.UnknownYet, "it waits for answers or treatments"
	case r.Looked == 0:
		r.Status, r.Why = ssf.UnknownYet, "there was nothing to look at"
	default:
		r.Status, r.Why = ssf.Met, fmt.Sprintf("nothing open in %d looked at", r.Looked)
	}
	return r
}

// count fills in what a phase counts. A count of nothing is not shown.
func (e *verdict) count(p *ssf.PhaseResult) {
	switch p.Name {
	case ssf.PhaseContext:
		p.Counts = "cells answered"
		for _, m := range e.Case.Matrices[:2] {
			p.Done, p.Of = p.Done+m.Answered, p.Of+len(m.Cells)
		}
	case ssf.PhaseThreats:
		p.Counts, p.Of = "threats treated", len(e.Instances)
		for i := range e.Instances {
			if e.Instances[i].State.Treated() {
				p.Done++
			}
		}
	case ssf.PhaseImplementation:
		p.Counts = "mitigated"
		for i := range e.Instances {
			switch e.Instances[i].State {
			case ssf.Accepted, ssf.Transferred, ssf.NotApplicable:
				continue
			case ssf.Mitigated, ssf.Verified, ssf.Claimed:
				p.Done++
			}
			p.Of++
		}
	case ssf.PhaseVerification:
		p.Counts = "verified"
		count := func(id ssf.ID) {
			p.Of++
			if e.Shown[id].Holds {
				p.Done++
			}
		}
		for i := range e.Case.Mitigations {
			if m := &e.Case.Mitigations[i]; m.State != "proposed" {
				count(m.ID)
			}
		}
		for claim := range e.claims() {
			count(claim)
		}
	case ssf.PhaseEvaluation:
		p.Counts = "verifications evaluated"
	}
}

// judgePolicy joins the organisation's policy with the product's, which may
// only be stricter: the greater reach and every gate of both count.
func (e *verdict) judgePolicy() {
	own := e.Model.Policy
	reach := ssf.Phase(own.Reach.ID)
	gates := slices.Clone(own.Gates)
	if i := slices.IndexFunc(e.Library.Policies, func(p ssf.PolicyDef) bool { return p.ID == e.Model.Use.Policy.ID }); i >= 0 {
		over := e.Library.Policies[i].Policy
		if slices.Index(ssf.Phases, ssf.Phase(over.Reach.ID)) > slices.Index(ssf.Phases, reach) {
			reach = ssf.Phase(over.Reach.ID)
		}
		gates = append(gates, over.Gates...)
	}
	e.Case.ReachAsked = reach
	e.Case.Gates = []ssf.GateResult{}
	for _, g := range gates {
		r := ssf.GateResult{ID: g.ID, AtMost: g.AtMost, Open: []ssf.ID{}}
		for i := range e.Instances {
			if in := &e.Instances[i]; inGate(&g, in) {
				r.Open = append(r.Open, in.ID)
			}
		}
		r.Met = len(r.Open) <= g.AtMost
		e.Case.Gates = append(e.Case.Gates, r)
	}
}

// inGate reports whether a threat counts against a gate. Unknown risk ranks as
// the worst; without states, those that count as open do.
func inGate(g *ssf.Gate, in *eval.Instance) bool {
	if len(g.State) == 0 && in.State.Treated() || len(g.State) > 0 && !ssf.HasRef(g.State, ssf.ID(in.State)) {
		return false
	}
	if len(g.Origin) > 0 && !ssf.HasRef(g.Origin, ssf.ID(in.Origin())) {
		return false
	}
	word, name, two := strings.Cut(string(g.Risk.ID), " ")
	if !two {
		name, word = word, ""
	}
	l, ok := ssf.ParseLevel(name)
	risk := in.Risk.Worst()
	switch {
	case !ok:
		return true
	case word == "at_least":
		return risk >= l
	case word == "at_most":
		return risk <= l
	}
	return risk == l
}
