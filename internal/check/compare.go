package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
)

// Compare writes into a case what in it is worse than in an earlier one of the
// same product, made with the same library at the same time, and marks the
// diagnostics that were there before. What an element was called then follows
// its `was`. Worse is: a threat that is open and was not, was at a lower risk or
// better countered; a cell that nothing answers any more; a decision without a
// pin, that is new or had one; another gap or warning; a control that was met; a
// gate that was, or that is gone; a lesser reach. What is still to be done about a
// mitigation that is new is shown, and is not worse.
//
// A diagnostic that stands for several subjects is taken for known, and another
// stands beside it for those that are worse, at the first of them. Line gives
// the lines of the model's files; it may be nil.
func Compare(c, base *ssf.Case, rev string, line func(ssf.Pos) string) {
	m := &comparison{now: c, base: base, line: line, renamed: map[ssf.ID]ssf.ID{}, worse: map[ssf.Worse]bool{}, places: map[ssf.ID]ssf.Pos{}}
	m.around, m.before = c.OnMitigation(), base.OnMitigation()
	for _, x := range c.Mitigations {
		m.places[facts.MitigationID(x.ID)] = x.Pos
	}
	for _, e := range c.Elements {
		m.places[e.ID] = e.Pos
		for _, w := range e.Was {
			m.renamed[w] = e.ID
		}
	}
	m.threats()
	m.cells()
	m.pins()
	m.diagnostics()
	m.verdicts()
	c.Base = ssf.Comparison{Rev: rev, Commit: base.Commit, Worse: make([]ssf.Worse, 0, len(m.worse)), Known: m.known}
	for w := range m.worse {
		c.Base.Worse = append(c.Base.Worse, w)
	}
	slices.SortFunc(c.Base.Worse, func(a, b ssf.Worse) int {
		return cmp.Or(strings.Compare(string(a.Subject), string(b.Subject)), strings.Compare(a.What, b.What))
	})
}

// A comparison is a case beside an earlier one.
type comparison struct {
	now, base *ssf.Case
	renamed   map[ssf.ID]ssf.ID // elements by their former ids
	around    map[ssf.ID]bool   // rules whose threats stand on mitigations
	before    map[ssf.ID]bool   // the same of the earlier case
	worse     map[ssf.Worse]bool
	line      func(ssf.Pos) string
	places    map[ssf.ID]ssf.Pos // of the elements
	threat    []*ssf.Threat      // those that are worse and not treated
	countered map[ssf.ID]bool    // mitigations and claims that there were
	elements  map[ssf.ID]bool    // elements of the cells that are worse
	unpinned  bool               // a decision has no pin, and had one or was not there
	known     int
}

func (m *comparison) add(subject ssf.ID, format string, args ...any) {
	m.worse[ssf.Worse{Subject: subject, What: fmt.Sprintf(format, args...)}] = true
}

// today is an id of the earlier case as it is now: of an element, a threat, a
// cell or a fact.
func (m *comparison) today(id ssf.ID) ssf.ID {
	if now, ok := m.renamed[id]; ok {
		return now
	}
	if rule, at, ok := strings.Cut(string(id), "@"); ok {
		if m.before[ssf.ID(rule)] { // a mitigation has no former ids
			return id
		}
		return ssf.Instance(ssf.ID(rule), m.today(ssf.ID(at)))
	}
	if at, part, ok := strings.Cut(string(id), "."); ok {
		return m.today(ssf.ID(at)) + "." + ssf.ID(part)
	}
	return id
}

// countering are the states of threats that something counters, from the least
// to the best.
var countering = []ssf.State{ssf.Planned, ssf.Claimed, ssf.Mitigated, ssf.Verified}

func (m *comparison) threats() {
	was := make(map[ssf.ID]*ssf.Threat, len(m.base.Threats))
	for i := range m.base.Threats {
		t := &m.base.Threats[i]
		// Where two elements became one, the threat that was treated counts.
		if id := m.today(t.ID); was[id] == nil || t.State.Treated() {
			was[id] = t
		}
	}
	m.countered = map[ssf.ID]bool{}
	for _, t := range m.base.Threats {
		for _, x := range t.Mitigations {
			m.countered[m.today(x)] = true
		}
	}
	for i := range m.now.Threats {
		t := &m.now.Threats[i]
		switch before := was[t.ID]; {
		case t.State.Treated():
			if before != nil && slices.Index(countering, t.State) < slices.Index(countering, before.State) && slices.Contains(countering, t.State) {
				m.add(t.ID, "was %s and is %s", before.State, t.State)
			}
			continue
		case before == nil && m.around[t.Rule] && !m.countered[t.Element]:
			continue // what remains to do about a mitigation that is new is not worse
		case before == nil:
			m.add(t.ID, "is new and %s", t.State)
		case before.State.Treated():
			m.add(t.ID, "was %s and is %s", before.State, t.State)
		case t.Risk.Worst() > before.Risk.Worst():
			m.add(t.ID, "was at risk %s and is at %s", before.Risk, t.Risk)
		default:
			continue
		}
		m.threat = append(m.threat, t)
	}
}

func (m *comparison) cells() {
	open := map[ssf.Cell]bool{}
	for _, x := range m.base.Matrices {
		for _, c := range x.Cells {
			if len(c.AnsweredBy) == 0 {
				open[ssf.Cell{Element: m.today(c.Cell.Element), Property: c.Cell.Property}] = true
			}
		}
	}
	m.elements = map[ssf.ID]bool{}
	for _, x := range m.now.Matrices[:min(2, len(m.now.Matrices))] { // catalogues have no gaps of their own
		for _, c := range x.Cells {
			if len(c.AnsweredBy) == 0 && !open[c.Cell] {
				m.add(ssf.ID(c.Cell.String()), "is not answered")
				m.elements[c.Cell.Element] = true
			}
		}
	}
}

// pins compares what the lock files know. To lose a pin may make what was stale
// count, so it is worse whatever follows from it.
func (m *comparison) pins() {
	if m.base.Locked && !m.now.Locked {
		m.add("ssf.lock", "was there and is not")
		m.unpinned = true
	}
	if !m.now.Locked {
		return
	}
	type key struct {
		kind  ssf.PinKind
		id    ssf.ID
		treat string
	}
	was := map[key]ssf.PinStatus{}
	for _, p := range m.base.Pins {
		was[key{p.Kind, m.today(p.ID), p.Treat}] = p.Status
	}
	for _, p := range m.now.Pins {
		if p.Status != ssf.Added {
			continue
		}
		switch before := was[key{p.Kind, p.ID, p.Treat}]; before {
		case ssf.Added:
			continue
		case "", ssf.Gone, ssf.Unconfirmed:
			m.add(p.ID, "is new and not pinned")
		default:
			m.add(p.ID, "was pinned and is not")
		}
		m.unpinned = true
	}
}

// A told is what a diagnostic is recognised by, where its lines have moved.
type told struct{ check, subject ssf.ID }

// diagnostics marks those that were there before. Of those that stand for
// several subjects the subjects count, which were compared already.
func (m *comparison) diagnostics() {
	was := map[told]int{}
	for _, d := range m.base.Diagnostics {
		was[told{d.Check, m.today(d.Subject)}]++
	}
	focused, open := append(m.threatsAt(), m.questions()...), map[ssf.ID]bool{}
	for _, t := range m.threat {
		open[t.ID] = true
	}
	for i := range m.now.Diagnostics {
		d := &m.now.Diagnostics[i]
		k := told{d.Check, d.Subject}
		group, state, _ := strings.Cut(string(d.Check), "/")
		switch {
		case d.Severity == ssf.Error:
			continue
		case d.Check == "context/unanswered-cell":
			d.Known = !m.elements[d.Subject]
		case d.Check == "threats/not-pinned":
			d.Known = !m.unpinned
		case d.Check == "threats/undecided", d.Check == "context/undeclared-fact", group == "threats" && slices.Contains(ssf.States, ssf.State(state)) && !strings.Contains(string(d.Subject), "@"):
			d.Known = true
		case was[k] > 0:
			was[k]--
			d.Known = true
		case (group == "implementation" || group == "verification") && m.isNew(d.Subject):
		case open[d.Subject]: // told with the threat
		case d.Severity == ssf.Gap || d.Severity == ssf.Warning:
			m.add(d.Subject, "%s", strings.TrimPrefix(d.Message, string(d.Subject)+": "))
		}
		if d.Known && d.Severity != ssf.Hint {
			m.known++
		}
	}
	m.now.Diagnostics = append(m.now.Diagnostics, focused...)
	ssf.SortDiagnostics(m.now.Diagnostics)
}

// at puts a diagnostic at an element.
func (m *comparison) at(d ssf.Diagnostic, element ssf.ID) ssf.Diagnostic {
	if p, ok := m.places[element]; ok && p.Known() {
		d.Pos, d.Snippet = p, ""
		if m.line != nil {
			d.Snippet = m.line(p)
		}
	}
	d.Related = nil
	return d
}

// threatsAt are the threats that are worse, each at its element.
func (m *comparison) threatsAt() (out []ssf.Diagnostic) {
	measures := map[ssf.ID][]ssf.ID{}
	for _, r := range m.now.Rules {
		measures[r.ID] = r.Measures
	}
	groups := map[told]ssf.Diagnostic{}
	for _, d := range m.now.Diagnostics {
		groups[told{d.Check, d.Subject}] = d
	}
	for _, t := range m.threat {
		subject := t.Rule
		if t.State == ssf.Undecided {
			subject = "system"
		}
		if d, ok := groups[told{ssf.ID("threats/" + t.State), subject}]; ok {
			d.Subject = t.ID
			d.Message = fmt.Sprintf("%s is %s at %s (risk %s): %s", t.Rule, t.State, t.Element, t.Risk, t.Why)
			if t.State == ssf.Open {
				d.Hint = openHint(t.ID, measures[t.Rule])
			}
			at := t.Element
			if m.around[t.Rule] {
				at = facts.MitigationID(at)
			}
			out = append(out, m.at(d, at))
		}
	}
	return out
}

// questions are the questions that were not asked before, each at the first
// element of which it is new. A question by itself makes nothing worse: what
// waits for it does.
func (m *comparison) questions() (out []ssf.Diagnostic) {
	was := map[ssf.FactRef]bool{}
	for _, q := range slices.Concat(m.base.Questions, m.base.Later) {
		for _, e := range q.Elements {
			was[ssf.FactRef{Element: m.today(e), Fact: q.Fact}] = true
		}
	}
	said := map[ssf.ID]ssf.Diagnostic{}
	for _, d := range m.now.Diagnostics {
		if d.Check == "context/undeclared-fact" {
			said[d.Subject] = d
		}
	}
	for _, q := range m.now.Questions {
		fresh := slices.DeleteFunc(slices.Clone(q.Elements), func(e ssf.ID) bool { return was[ssf.FactRef{Element: e, Fact: q.Fact}] })
		if d, ok := said[q.Fact]; ok && len(fresh) > 0 {
			d.Message = strings.Replace(d.Message, " is not known of "+few(q.Elements), " is not known of "+few(fresh), 1)
			out = append(out, m.at(d, fresh[0]))
		}
	}
	return out
}

// isNew reports whether a diagnostic is about a threat, of which the state
// tells, or about a mitigation or claim that there was not before.
func (m *comparison) isNew(subject ssf.ID) bool {
	if strings.Contains(string(subject), "@") {
		return true
	}
	named := slices.ContainsFunc(m.now.Mitigations, func(x ssf.MitigationResult) bool { return x.ID == subject }) || strings.Contains(string(subject), ".")
	return named && !m.countered[subject] && !slices.ContainsFunc(m.base.Mitigations, func(x ssf.MitigationResult) bool { return x.ID == subject })
}

// verdicts compares controls, gates and reach.
func (m *comparison) verdicts() {
	met := map[ssf.ID]bool{}
	for _, p := range m.base.Phases {
		for _, c := range p.Controls {
			met[c.ID] = met[c.ID] || c.Status == ssf.Met
		}
	}
	for _, p := range m.now.Phases {
		for _, c := range p.Controls {
			if met[c.ID] && c.Status != ssf.Met {
				m.add(c.ID, "was met and is %s", c.Status)
			}
		}
	}
	gates := map[ssf.ID]*ssf.GateResult{}
	for i := range m.base.Gates {
		gates[m.base.Gates[i].ID] = &m.base.Gates[i]
	}
	for _, g := range m.now.Gates {
		before := gates[g.ID]
		switch {
		case g.Met:
		case before == nil || before.Met:
			m.add("gate "+g.ID, "is not met")
		case len(g.Open) > len(before.Open):
			m.add("gate "+g.ID, "had %d and has %d", len(before.Open), len(g.Open))
		}
	}
	for _, g := range m.base.Gates {
		if !slices.ContainsFunc(m.now.Gates, func(x ssf.GateResult) bool { return x.ID == g.ID }) {
			m.add("gate "+g.ID, "is gone")
		}
	}
	rank := func(p ssf.Phase) int { return slices.Index(ssf.Phases, p) }
	if rank(m.now.ReachAsked) < rank(m.base.ReachAsked) {
		m.add("policy", "asked %s and asks %s", m.base.ReachAsked, cmp.Or(m.now.ReachAsked, "nothing"))
	}
	limits := map[ssf.ID]ssf.Level{}
	for _, p := range m.base.People {
		limits[p.ID] = p.AcceptsUpTo
	}
	for _, p := range m.now.People {
		if before, ok := limits[p.ID]; ok && p.AcceptsUpTo > before {
			m.add(p.ID, "may accept up to %s, and could up to %s", p.AcceptsUpTo, before)
		}
	}
	if rank(m.now.Reach) < rank(m.base.Reach) {
		m.add("reach", "was %s and is %s", m.base.Reach, m.now.Reach)
	}
}
