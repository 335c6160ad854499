package cyclonedx

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"ssf"
)

const assessorRef = "assessor:self"

// declarations say how the product stands to the framework's controls and to its
// own requirements. Claims are what speaks for it, counter claims what is open;
// a score is a fraction that was counted, and is left out where nothing was.
func (w *writer) declarations() (*declarations, *definitions) {
	d := &declarations{
		Assessors: []assessor{{Ref: assessorRef, Organization: w.supplier(false)}},
		Affirmation: affirmation{"Nobody has signed these declarations. " + w.maker() + " derived them from the model of " + w.c.System.Name +
			w.at() + "; they are a self-assessment and say no more than the model and its evidence do."},
	}
	s := &definitions{}
	x := &claims{writer: w, d: d, made: map[string]bool{}}
	d.Attestations = append(d.Attestations, x.controls(s))
	if len(w.c.Requirements) > 0 {
		d.Attestations = append(d.Attestations, x.requirements(s))
	}
	for i := range w.c.Matrices {
		if m := &w.c.Matrices[i]; len(m.Columns) == 1 && m.Columns[0] == "applicability" {
			d.Attestations = append(d.Attestations, x.catalogue(s, m))
		}
	}
	for i := range w.c.Mitigations {
		x.mitigation(&w.c.Mitigations[i])
	}
	for _, v := range w.c.Verifications {
		for _, id := range v.Verifies {
			x.fact(id)
		}
	}
	for i := range w.c.Threats {
		if t := &w.c.Threats[i]; w.threats[t.ID] == t {
			if !t.State.Treated() || t.State == ssf.Planned {
				x.against(t.ID)
			}
			for _, id := range t.Mitigations {
				x.fact(id)
			}
		}
	}
	for i := range w.c.Verifications {
		x.fails(&w.c.Verifications[i])
	}
	var people []entity
	for _, e := range w.of(ssf.SortActor) {
		people = append(people, entity{Ref: string(e.ID), Name: nameOf(e)})
	}
	if people != nil {
		d.Targets = &targets{people}
	}
	return d, s
}

func (w *writer) maker() string {
	if w.c.Tool == "" {
		return "A program"
	}
	return w.c.Tool
}

func (w *writer) at() string {
	if w.c.Commit == "" {
		return ""
	}
	s := " at commit " + w.c.Commit
	if w.c.Dirty {
		s += ", with changes that are not committed"
	}
	return s
}

// claims gathers the claims and the evidence that attestations name, each once.
type claims struct {
	*writer
	d    *declarations
	made map[string]bool
}

// once reports whether a bom-ref is new.
func (x *claims) once(ref string) bool {
	was := x.made[ref]
	x.made[ref] = true
	return !was
}

// controls attests the framework's controls.
func (x *claims) controls(s *definitions) attestation {
	std := standard{
		Ref: "standard:ssf", Name: "Secure Software Framework", Owner: x.maker(),
		Description: "The controls of the framework by its phases. Ids and wording are derived from what is published of the framework; they are not its normative text.",
	}
	a := attestation{Summary: "How the product stands to the controls of the Secure Software Framework: " + string(x.c.Reach) + " is the last phase all of whose controls are met.", Assessor: assessorRef}
	for _, p := range x.c.Phases {
		phase := "phase:" + string(p.Name)
		std.Requirements = append(std.Requirements, requirement{Ref: phase, Identifier: string(p.Name), Text: "All controls of the phase " + string(p.Name) + " are met."})
		for i := range p.Controls {
			k := &p.Controls[i]
			ref := "control:" + string(p.Name) + "/" + string(k.ID)
			std.Requirements = append(std.Requirements, requirement{Ref: ref, Identifier: string(k.ID), Text: k.Title, Descriptions: k.Judged, Parent: phase})
			a.Map = append(a.Map, x.control(ref, k))
		}
	}
	s.Standards = append(s.Standards, std)
	return a
}

// control maps one control. It has no score, because part of what it asks is for a
// person to judge and nobody is recorded to have judged it; the rationale counts
// the rest.
func (x *claims) control(ref string, k *ssf.ControlResult) mapping {
	m := mapping{Requirement: ref}
	why := map[ssf.Status]string{
		ssf.Met:         "Met as far as a program can tell",
		ssf.Unmet:       "Not met",
		ssf.UnknownYet:  "Not known",
		ssf.NotAssessed: "Not assessed",
	}[k.Status] + ": " + sentence(k.Why)
	if n := len(k.Judged); n > 0 {
		why += " " + counted(n, "criterion is", "criteria are") + " for a person to judge; that is not part of this."
	}
	m.Conformance = &measure{Rationale: why}
	subject := strings.TrimPrefix(ref, "control:")
	var against refs
	switch k.Status {
	case ssf.Met:
		c := claim{Ref: "claim:" + ref, Target: productRef, Predicate: "The checks of the control " + subject + " find nothing open.", Reasoning: "Of what they look at: " + sentence(k.Why)}
		x.d.Claims = append(x.d.Claims, c)
		m.Claims = []string{c.Ref}
	case ssf.Unmet:
		c := claim{Ref: "counter:" + ref, Target: productRef, Predicate: "The control " + subject + " is not met.", Reasoning: "Of what they look at: " + sentence(k.Why)}
		if len(k.Open) > 0 {
			c.Reasoning += " Open: " + ssf.Join(k.Open) + "."
		}
		x.d.Claims = append(x.d.Claims, c)
		against.add(c.Ref)
	}
	for _, id := range k.Open {
		against.add(x.against(id))
		if v := x.checks[id]; v != nil {
			against.add(x.fails(v))
		}
	}
	m.CounterClaims = against.list
	return m
}

// requirements attests the product's own requirements.
func (x *claims) requirements(s *definitions) attestation {
	std := standard{
		Ref: "standard:own", Name: "Security requirements of " + x.c.System.Name, Version: x.c.System.Version, Owner: x.c.System.Supplier,
		Description: "What secure means for this product, as its makers say.",
	}
	a := attestation{Summary: "Which of the product's own security requirements are upheld.", Assessor: assessorRef}
	for i := range x.c.Requirements {
		r := &x.c.Requirements[i]
		ref := "requirement:" + string(r.ID)
		if !x.once(ref) {
			continue
		}
		req := requirement{Ref: ref, Identifier: string(r.ID), Text: r.Says}
		for _, cell := range r.Protects {
			add(&req.Properties, "protects", cell.String())
		}
		std.Requirements = append(std.Requirements, req)
		a.Map = append(a.Map, x.requirement(ref, r))
	}
	s.Standards = append(s.Standards, std)
	return a
}

// requirement maps one requirement. Conformance is the part of the threats against
// it that implemented mitigations counter, confidence the part of those for which
// evidence stands today. What is accepted, left to others, planned or only claimed
// counts for neither.
func (x *claims) requirement(ref string, r *ssf.RequirementResult) mapping {
	m := mapping{Requirement: ref}
	var pro, con, plans refs
	states := map[ssf.State]int{}
	tried := false
	for _, id := range r.Threats {
		t := x.threats[id]
		if t == nil {
			continue
		}
		states[t.State]++
		for _, by := range t.Mitigations {
			made := x.supports(by)
			if m := x.means[by]; m != nil && m.State != implemented {
				plans.add(strategyRef(by)) // it supports nothing yet
			} else {
				pro.add(made)
			}
			tried = tried || slices.ContainsFunc(x.shownBy[by], func(v *ssf.VerificationInfo) bool { return v.State != ssf.NeverRun })
		}
	}
	for _, id := range r.Open {
		con.add(x.against(id))
	}
	m.Claims, m.CounterClaims = pro.list, con.list
	total := 0
	var parts []string
	for _, s := range ssf.States {
		if n := states[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(s), "_", " ")))
		}
		if s != ssf.NotApplicable {
			total += states[s]
		}
	}
	countered := states[ssf.Mitigated] + states[ssf.Verified]
	status := strings.ReplaceAll(string(r.Status), "_", " ")
	if total == 0 {
		m.Conformance = &measure{Rationale: "The requirement is " + status + ". Nothing in the model endangers it, so nothing was counted."}
		return m
	}
	m.Conformance = &measure{
		MitigationStrategies: plans.list,

		Score: fraction(countered, total),
		Rationale: fmt.Sprintf("The requirement is %s. Implemented mitigations counter %d of the %s against it that apply (%s).",
			status, countered, counted(total, "threat", "threats"), strings.Join(parts, ", ")),
	}
	switch {
	case countered == 0:
	case !tried:
		m.Confidence = &measure{Rationale: "Not measured: no verification of these mitigations was ever run."}
	default:
		m.Confidence = &measure{
			Score:     fraction(states[ssf.Verified], countered),
			Rationale: fmt.Sprintf("Evidence that stands today shows the mitigations of %d of the %s that are countered.", states[ssf.Verified], counted(countered, "threat", "threats")),
		}
	}
	return m
}

// catalogue attests a catalogue of controls that the model uses, by what answers its
// entries. Nothing here measures an entry by itself, so none has a score.
func (x *claims) catalogue(s *definitions, m *ssf.Matrix) attestation {
	key, level, _ := strings.Cut(m.Name, "@")
	std := standard{Ref: "standard:" + key, Name: key, Description: "The entries that the model says it uses, by their ids. The texts are the publisher's."}
	if level != "" {
		std.Description = "The entries up to level " + level + ", by their ids. The texts are the publisher's."
	}
	means := map[string][]ssf.ID{} // entry -> mitigations whose measure answers it
	for i := range x.c.Mitigations {
		if k := x.measures[x.c.Mitigations[i].Measure]; k != nil {
			for _, a := range k.Answers {
				means[string(a)] = append(means[string(a)], x.c.Mitigations[i].ID)
			}
		}
	}
	a := attestation{Summary: "What answers the entries of " + m.Name + " that apply.", Assessor: assessorRef}
	for _, cell := range m.Cells {
		entry := strings.TrimPrefix(string(cell.Cell.Element), key+":")
		ref := "entry:" + key + ":" + entry
		if !x.once(ref) {
			continue
		}
		std.Requirements = append(std.Requirements, requirement{Ref: ref, Identifier: entry})
		a.Map = append(a.Map, x.entry(ref, cell, means[key+":"+entry]))
	}
	s.Standards = append(s.Standards, std)
	return a
}

// entry maps one entry of a catalogue.
func (x *claims) entry(ref string, cell ssf.MatrixCell, means []ssf.ID) mapping {
	var pro, plans refs
	var by []string
	for _, id := range cell.AnsweredBy {
		said := strings.Replace(string(id), ":", " ", 1)
		if i := slices.IndexFunc(x.c.Requirements, func(r ssf.RequirementResult) bool { return "requirement:"+r.ID == id }); i >= 0 {
			said += ", which is " + strings.ReplaceAll(string(x.c.Requirements[i].Status), "_", " ")
		}
		by = append(by, said)
	}
	for _, id := range means {
		if made := x.supports(id); x.means[id].State == implemented {
			pro.add(made)
		} else {
			plans.add(strategyRef(id))
		}
	}
	m := mapping{Requirement: ref, Claims: pro.list, Conformance: &measure{MitigationStrategies: plans.list}}
	if by == nil {
		c := claim{Ref: "counter:" + ref, Target: productRef, Predicate: "Nothing in the model answers " + strings.TrimPrefix(ref, "entry:") + "."}
		x.d.Claims = append(x.d.Claims, c)
		m.CounterClaims = []string{c.Ref}
		m.Conformance.Rationale = "No requirement, decision or assumption answers it."
		return m
	}
	m.Conformance.Rationale = "Answered by " + strings.Join(by, "; ") + ". How far it is met is not measured by itself."
	return m
}

func fraction(n, of int) *float64 {
	f := float64(n) / float64(of)
	return &f
}

// supports is the claim that there is a mitigation or that a fact holds; empty if
// the case has neither.
func (x *claims) supports(id ssf.ID) string {
	if m := x.means[id]; m != nil {
		return x.mitigation(m)
	}
	return x.fact(id)
}

// implemented is the state of a mitigation that is there; the others are not yet.
const implemented = "implemented"

func strategyRef(id ssf.ID) string { return "evidence:mitigation:" + string(id) }

// mitigation makes the claim that there is a mitigation, at most once.
func (x *claims) mitigation(m *ssf.MitigationResult) string {
	ref := "claim:" + string(m.ID)
	if !x.once(ref) {
		return ref
	}
	about := "The mitigation " + string(m.ID)
	k := x.measures[m.Measure]
	if k == nil {
		k = &ssf.MeasureInfo{}
	}
	if title := cmp.Or(m.Name, k.Title); title != "" {
		about += " (" + title + ")"
	}
	c := claim{Ref: ref, Target: x.target(m.Counters)}
	strategy := evidence{Ref: strategyRef(m.ID), Description: about}
	switch {
	case m.State != implemented:
		c.Predicate = about + " is " + m.State + ", and not implemented."
		strategy.Description += " is " + m.State + "."
	case !m.Placed:
		c.Predicate = about + " is said to be implemented, at no place that could be found."
		strategy.Description += " is said to be implemented."
	default:
		c.Predicate = about + " is implemented."
		strategy.Description += " is implemented at " + ssf.Join(m.Where) + "."
	}
	if says := cmp.Or(m.Says, k.Says); says != "" {
		strategy.Description += " " + says
	}
	if k.Leaves != "" {
		strategy.Description += " It leaves: " + k.Leaves
	}
	c.MitigationStrategies = []string{strategy.Ref}
	x.d.Evidence = append(x.d.Evidence, strategy)
	if len(m.Counters) > 0 {
		c.Reasoning = "It counters " + ssf.Join(m.Counters) + ". "
	} else {
		c.Reasoning = "It counters no threat. "
	}
	x.rests(&c, m.ID)
	return ref
}

// fact makes the claim that a protection holds which the model states as a fact,
// at most once; id is `element.fact`, else it makes none.
func (x *claims) fact(id ssf.ID) string {
	element, name, ok := strings.Cut(string(id), ".")
	e := x.elements[ssf.ID(element)]
	if !ok || e == nil {
		return ""
	}
	ref := "claim:" + string(id)
	if !x.once(ref) {
		return ref
	}
	c := claim{Ref: ref, Target: x.target([]ssf.ID{"@" + e.ID})}
	v := factOf(e, ssf.ID(name))
	if v == "" {
		c.Predicate = "The model does not say what " + string(id) + " is."
	} else {
		c.Predicate = string(id) + " is " + string(v) + "."
	}
	for _, f := range e.Facts {
		if string(f.Name) == name && f.Via == ssf.ImpliedBy {
			c.Reasoning = "It follows from the use of " + string(f.By) + ". "
		}
	}
	x.rests(&c, id)
	return ref
}

// rests says on which verifications a claim rests and adds it.
func (x *claims) rests(c *claim, id ssf.ID) {
	var pro, con, none []string
	for _, v := range x.shownBy[id] {
		switch said := string(v.ID) + " (" + v.Method + ")"; v.State {
		case ssf.Stands:
			c.Evidence = append(c.Evidence, x.evidence(v))
			if !v.Proven {
				said += ", which was never seen to fail"
			}
			pro = append(pro, said)
		case ssf.Standing(ssf.Failed), ssf.Disputed:
			c.CounterEvidence = append(c.CounterEvidence, x.evidence(v))
			con = append(con, said+", which "+standing(v.State))
		default:
			none = append(none, said+", which "+standing(v.State))
		}
	}
	switch {
	case len(con) > 0:
		c.Reasoning += "Evidence speaks against it: " + strings.Join(con, "; ") + "."
	case len(pro) > 0:
		c.Reasoning += "Evidence that stands today shows it: " + strings.Join(pro, "; ") + "."
	case x.means[id] != nil && x.means[id].State != implemented:
		c.Reasoning += "It is only " + x.means[id].State + ", so nothing can show it."
	default:
		c.Reasoning += "It is claimed and not verified: no evidence that stands today shows it."
	}
	if len(none) > 0 {
		c.Reasoning += " Nothing is shown by " + strings.Join(none, "; ") + "."
	}
	x.d.Claims = append(x.d.Claims, *c)
}

// evidence makes the evidence of a verification that has records, at most once.
func (x *claims) evidence(v *ssf.VerificationInfo) string {
	ref := "evidence:" + string(v.ID)
	if !x.once(ref) {
		return ref
	}
	e := evidence{Ref: ref, Description: "The verification " + string(v.ID) + " by " + ssf.Article(v.Method) + " " + standing(v.State)}
	if v.Commit != "" {
		e.Description += ", at commit " + v.Commit
	}
	if v.Proven {
		e.Description += "; it was seen to fail with what it verifies taken out"
	} else {
		e.Description += "; it was never seen to fail"
	}
	e.Description += "."
	if v.Why != "" {
		e.Description += " " + sentence(v.Why)
	}
	for _, d := range v.Evidence {
		r := record{Name: d.String()}
		r.Contents.URL = ".ssf/evidence/" + d.String() + ".json"
		e.Data = append(e.Data, r)
	}
	if !v.Time.IsZero() {
		e.Created = v.Time.UTC().Format(time.RFC3339)
	}
	if day, err := time.Parse(time.DateOnly, v.Lapses); err == nil {
		e.Expires = day.Format(time.RFC3339)
	}
	switch {
	case v.Signer != "":
		e.Author = &contact{Name: string(v.Signer)}
	case v.Key != "":
		e.Author = &contact{Name: "the holder of the key " + v.Key}
	}
	x.d.Evidence = append(x.d.Evidence, e)
	return ref
}

// against makes the counter claim that a threat is not dealt with, at most once;
// none if id is no threat.
func (x *claims) against(id ssf.ID) string {
	t := x.threats[id]
	if t == nil {
		return ""
	}
	ref := "counter:threat:" + string(id)
	if x.once(ref) {
		x.d.Claims = append(x.d.Claims, claim{
			Ref: ref, Target: x.place(x.standsAt(t)),
			Predicate: sentence(t.Title+" ("+string(id)+") is "+strings.ReplaceAll(string(t.State), "_", " ")) + " Its risk is " + t.Risk.String() + ".",
			Reasoning: sentence(t.Why),
		})
	}
	return ref
}

// fails makes the counter claim that a verification speaks against what it should
// show, at most once; none if it does not.
func (x *claims) fails(v *ssf.VerificationInfo) string {
	if v.State != ssf.Standing(ssf.Failed) && v.State != ssf.Disputed {
		return ""
	}
	ref := "counter:verification:" + string(v.ID)
	if x.once(ref) {
		x.d.Claims = append(x.d.Claims, claim{
			Ref: ref, Target: productRef,
			Predicate: "The verification " + string(v.ID) + " of " + ssf.Join(v.Verifies) + " " + standing(v.State) + ".",
			Reasoning: sentence(v.Why),
			Evidence:  []string{x.evidence(v)},
		})
	}
	return ref
}

// target is the one component at which some threats stand, else the product.
func (x *claims) target(threats []ssf.ID) string {
	ref := ""
	for _, id := range threats {
		_, at, _ := strings.Cut(string(id), "@")
		p := x.place(ssf.ID(at))
		if t := x.threats[id]; t != nil {
			p = x.place(x.standsAt(t))
		}
		if ref != "" && p != ref {
			return productRef
		}
		ref = p
	}
	if ref == "" {
		return productRef
	}
	return ref
}

// standing is what a verification is worth, as what one says of it.
func standing(s ssf.Standing) string {
	if said, ok := standings[s]; ok {
		return said
	}
	return "is " + strings.ReplaceAll(string(s), "_", " ")
}

var standings = map[ssf.Standing]string{
	ssf.Stands:                    "passed",
	ssf.NeverRun:                  "was never run",
	ssf.Standing(ssf.Failed):      "failed",
	ssf.Standing(ssf.Errored):     "ended in an error",
	ssf.Standing(ssf.TimedOut):    "took too long",
	ssf.Standing(ssf.NoTests):     "selected no tests",
	ssf.Standing(ssf.AllSkipped):  "was skipped",
	ssf.Standing(ssf.Unreadable):  "left results that cannot be read",
	ssf.Standing(ssf.OutputCut):   "printed too much",
	ssf.Standing(ssf.Interrupted): "was interrupted",
}

// refs gathers references, each once and none that is empty.
type refs struct {
	list []string
	has  map[string]bool
}

func (r *refs) add(ref string) {
	if ref == "" || r.has[ref] {
		return
	}
	if r.has == nil {
		r.has = map[string]bool{}
	}
	r.list, r.has[ref] = append(r.list, ref), true
}
