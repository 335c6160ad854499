package oscal

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ssf"
)

func (x *export) assessmentResults() (*document, error) {
	r := result{
		UUID: x.id("result", ssf.ID(x.c.Commit), ssf.ID(stamp(x.c.Now))), Title: "State of " + text(x.c.System.Name, "the system"),
		Start: stamp(x.c.Now), End: stamp(x.c.Now), Reviewed: x.reviewed(), Observations: x.observations(), Risks: x.risks(), Findings: x.findings(),
	}
	for i := range x.c.Verifications {
		if v := &x.c.Verifications[i]; !v.Time.IsZero() && v.Time.Before(x.c.Now) {
			r.Start = min(r.Start, stamp(v.Time))
		}
	}
	r.Description = fmt.Sprintf("What the model, the code and the evidence show: the phase that is reached is %s.", text(string(x.c.Reach), "none"))
	if x.c.ReachAsked != "" {
		r.Description = fmt.Sprintf("What the model, the code and the evidence show: the phase that is reached is %s, and the policy asks for %s.", text(string(x.c.Reach), "none"), text(string(x.c.ReachAsked), "none"))
	}
	for _, g := range x.c.Gates {
		state := "not-met"
		if g.Met {
			state = "met"
		}
		r.Props = append(r.Props, prop{Name: "gate", NS: Namespace, Value: line(string(g.ID), "-"), Class: state, Remarks: fmt.Sprintf("%d of at most %d.", len(g.Open), g.AtMost)})
	}
	back, err := x.backMatter(x.knowledge(r.Risks)...)
	if err != nil {
		return nil, err
	}
	out := &assessmentResults{
		UUID: x.id("assessment-results"), Metadata: x.metadata("assessment results"), Results: []result{r}, Back: back,
		Import: importing{planFile, "The plan says what is verified by which run, and names the components and tools."},
	}
	return &document{Results: out}, nil
}

// observations are what was seen: of each control by the checks of this program,
// and of each verification by its evidence. One that never ran was not seen.
func (x *export) observations() (out []observation) {
	for _, d := range x.sources[0].controls {
		k := x.controlState(d.name)
		out = append(out, observation{
			UUID: x.id("control-observed", ssf.ID(d.name)), Title: "State of " + text(string(k.ID), "-"), Description: statusSays(k), Props: append(own("looked-at", strconv.Itoa(k.Looked)), ownAll("open", k.Open)...),
			Methods: []string{"EXAMINE"}, Types: []string{"control-objective"}, Origins: x.byTool(), Subjects: x.subjects(nil), Collected: stamp(x.c.Now),
		})
	}
	for i := range x.c.Verifications {
		if v := &x.c.Verifications[i]; observed(v) {
			out = append(out, x.observation(v))
		}
	}
	return out
}

// worth is what a verification is worth today, and why it does not stand.
func worth(v *ssf.VerificationInfo) string {
	if v.Why == "" {
		return spaced(v.State)
	}
	return spaced(v.State) + " (" + text(v.Why, "-") + ")"
}

func observed(v *ssf.VerificationInfo) bool { return !v.Time.IsZero() && len(v.Evidence) > 0 }

// observationOf is the UUID of what was seen of a verification: other evidence
// is another observation.
func (x *export) observationOf(v *ssf.VerificationInfo) string {
	names := []ssf.ID{v.ID}
	for _, d := range v.Evidence {
		names = append(names, ssf.ID(d.String()))
	}
	return x.id("evidence-observed", names...)
}

func (x *export) observation(v *ssf.VerificationInfo) observation {
	count := map[ssf.Outcome]int{}
	var props []prop
	var messages []string
	for _, t := range v.Tests {
		count[t.Outcome]++
		name := t.Name
		if t.Suite != "" {
			name = t.Suite + " " + name
		}
		props = append(props, prop{Name: "test", NS: Namespace, Value: line(name, "-"), Class: token(string(t.Outcome))})
		if t.Message != "" {
			messages = append(messages, fmt.Sprintf("- %s: %s", code(t.Name), text(t.Message, "-")))
		}
	}
	o := observation{
		UUID: x.observationOf(v), Title: "Result of " + text(string(v.ID), "-"), Methods: []string{method(v)}, Types: []string{"control-objective"},
		Origins: x.byTool(), Subjects: x.subjects(x.covered(v.Verifies)), Collected: stamp(v.Time), Expires: dayStart(v.Lapses),
	}
	o.Origins[0].Tasks = []relatedTask{{x.runTask(v)}}
	o.Description = fmt.Sprintf("What the verification of %s is worth today: %s.", codes(v.Verifies), worth(v))
	if len(v.Tests) > 0 {
		var n []string
		for _, outcome := range []ssf.Outcome{ssf.TestPassed, ssf.TestFailed, ssf.TestSkipped, ssf.TestBroken} {
			if count[outcome] > 0 {
				n = append(n, fmt.Sprintf("%d %s", count[outcome], outcome))
			}
		}
		o.Description += " Of its tests: " + strings.Join(n, ", ") + "."
	}
	if v.State != ssf.Stands { // it tells of earlier code, or of nothing that stands
		o.Types = append(o.Types, "historic")
	}
	if contradicts(v) {
		o.Types = []string{"control-objective", "finding"}
	}
	proven := "no"
	if v.Proven {
		proven = "yes"
	}
	o.Props = slices.Concat(own("standing", string(v.State)), own("commit", v.Commit), own("key", v.Key), own("signer", string(v.Signer)), own("seen-red", proven), ownAll("verifies", v.Verifies), ownAll("changed", v.Changed), props)
	o.Remarks = strings.Join(messages, "\n")
	for _, d := range v.Evidence {
		o.Evidence = append(o.Evidence, evidence{".ssf/evidence/" + d.String() + ".json", "Signed record of a result.", own("digest", "sha256:"+d.String())})
	}
	return o
}

// riskStatus is what OSCAL calls the state of a risk. Only what is verified or
// does not apply is closed: what is mitigated and not shown to work is still
// being remedied, as is what was left to somebody else.
var riskStatus = map[ssf.State]string{
	ssf.Open: "open", ssf.Undecided: "investigating", ssf.Stale: "open", ssf.Unreviewed: "open", ssf.Planned: "remediating", ssf.Claimed: "investigating",
	ssf.Accepted: "deviation-approved", ssf.Transferred: "remediating", ssf.Mitigated: "remediating", ssf.Verified: "closed", ssf.NotApplicable: "closed",
}

func (x *export) risks() (out []risk) {
	for i := range x.c.Threats {
		out = append(out, x.risk(&x.c.Threats[i]))
	}
	return out
}

func (x *export) riskOf(t ssf.ID) string { return x.id("threat", t) }

func (x *export) risk(t *ssf.Threat) risk {
	title := titleOfThreat(t)
	r := risk{
		UUID: x.riskOf(t.ID), Title: title + " at " + text(string(t.Element), "-"), Status: cmp.Or(riskStatus[t.State], "open"), Origins: x.byTool(),
		Description: fmt.Sprintf("%s at %s is %s: %s", title, code(t.Element), spaced(t.State), sentence(text(t.Why, "nothing is said about why"))),
		Statement:   title + ".",
	}
	if t.Says != "" {
		r.Statement = sentence(text(t.Says, title))
	}
	r.Threats = threatIDs(t.Weaknesses, t.Attacks)
	if rule := x.rules[t.Rule]; rule != nil {
		r.Statement = sentence(text(cmp.Or(rule.Plain, rule.Says), title))
		r.Links = []link{{Href: "#" + x.id("rule", rule.ID), Rel: "reference"}}
		r.Threats = threatIDs(rule.Weaknesses, rule.Attacks)
	}
	var endangers []string
	for _, c := range t.Endangers {
		endangers = append(endangers, c.String())
	}
	if t.EndangersMore > 0 {
		endangers = append(endangers, fmt.Sprintf("%d more", t.EndangersMore))
	}
	r.Props = slices.Concat(own("id", string(t.ID)), own("element", string(t.Element)), own("state", string(t.State)), own("origin", string(t.Origin)), own("stride", strings.Join(t.Stride, ", ")), own("endangers", strings.Join(endangers, ", ")), own("from-tool", t.FromTool))
	for _, j := range x.joined[t.ID] { // the team's own that it is the same as
		r.Description += fmt.Sprintf(" It is the same as %s, %s: %s", code(j.ID), text(j.Title, "-"), sentence(text(j.Says, "-")))
		r.Props = slices.Concat(r.Props, own("also", string(j.ID)), own("from-tool", j.FromTool))
		for _, id := range threatIDs(j.Weaknesses, j.Attacks) {
			if !slices.Contains(r.Threats, id) {
				r.Threats = append(r.Threats, id)
			}
		}
	}
	for _, n := range t.Needs {
		r.Props = append(r.Props, own("needs-answer", n.String())...)
	}
	r.Characterization = []characterization{x.rating(t)}
	for _, m := range t.Mitigations {
		s := x.standing(m)
		if x.mitigations[m] == nil {
			r.Factors = append(r.Factors, mitigatingFactor{
				UUID: x.id("factor", t.ID, m), Description: fmt.Sprintf("%s is %s.", code(m), s.says), Props: append(own("state", s.finer), own("verification", s.verified)...), Subjects: x.subjects(x.standsAt[t.ID]),
			})
			continue
		}
		r.Remediations = append(r.Remediations, x.mitigating(t, m, s))
	}
	for _, d := range x.decided[t.ID] {
		if d.Kind == "threat" {
			r.Remediations = append(r.Remediations, x.deciding(t, d))
			if due := dayEnd(d.Due); due != "" && (r.Deadline == "" || due < r.Deadline) {
				r.Deadline = due
			}
		}
	}
	if len(r.Remediations) == 0 && !t.State.Treated() {
		r.Remediations = x.recommending(t)
	}
	for _, v := range x.verifying(t) {
		r.Observations = append(r.Observations, observationRef{x.observationOf(v)})
	}
	return r
}

// recommending is a response that names the measures of the library.
func (x *export) recommending(t *ssf.Threat) []response {
	r := response{
		UUID: x.id("recommended", t.ID), Lifecycle: "recommendation", Title: "Measures that the library names", Description: "Nobody has chosen one yet. One may be enough, or several be needed.",
		Props: []prop{oscal("type", "mitigate")}, Origins: x.byTool(),
	}
	for _, m := range t.Measures {
		if k := x.measures[m]; k != nil {
			r.Links = append(r.Links, link{Href: "#" + x.id("measure", m), Rel: "reference", Text: text(k.Title, string(m))})
		}
	}
	if len(r.Links) == 0 {
		return nil
	}
	return []response{r}
}

// knowledge is what the library says of the rules and measures to which risks
// lead, each once.
func (x *export) knowledge(risks []risk) (out []resource) {
	wanted := map[string]bool{}
	for _, r := range risks {
		for _, l := range r.Links {
			wanted[l.Href] = true
		}
		for _, a := range r.Remediations {
			for _, l := range a.Links {
				wanted[l.Href] = true
			}
		}
	}
	for i := range x.c.Rules {
		if r := &x.c.Rules[i]; wanted["#"+x.id("rule", r.ID)] {
			out = append(out, resource{UUID: x.id("rule", r.ID), Title: text(r.Title, string(r.ID)), Description: sentence(text(r.Says, r.Title)), Props: own("threat", string(r.ID))})
		}
	}
	for i := range x.c.Measures {
		if m := &x.c.Measures[i]; wanted["#"+x.id("measure", m.ID)] {
			out = append(out, resource{UUID: x.id("measure", m.ID), Title: text(m.Title, string(m.ID)), Description: sentence(text(m.Says, m.Title)), Props: append(own("measure", string(m.ID)), own("effort", m.Effort.String())...)})
		}
	}
	return out
}

// titleOfThreat is the title of a threat without the stop of a sentence.
func titleOfThreat(t *ssf.Threat) string { return strings.TrimRight(text(t.Title, string(t.ID)), ".") }

// verifying are the verifications of what counters a threat that were observed,
// each once.
func (x *export) verifying(t *ssf.Threat) (out []*ssf.VerificationInfo) {
	for _, m := range t.Mitigations {
		for _, v := range x.checking[m] {
			if observed(v) && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

var number = regexp.MustCompile(`^(CWE|CAPEC)-(\d{1,12})$`)

// threatIDs are weaknesses and attacks by their addresses, each once.
func threatIDs(lists ...[]ssf.ID) (out []threatID) {
	for _, id := range slices.Concat(lists...) {
		if m := number.FindStringSubmatch(string(id)); m != nil {
			site := "https://" + strings.ToLower(m[1]) + ".mitre.org"
			at := site + "/data/definitions/" + m[2] + ".html"
			if id := (threatID{System: site, Href: at, ID: at}); !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// rating is the likelihood, the impact and the risk that follows. It is what the
// risk was before anything was done about it, unless a decision adjusted it.
func (x *export) rating(t *ssf.Threat) characterization {
	state, by := "initial", []prop(nil)
	for _, d := range x.decided[t.ID] {
		if d.Kind == "rate" && !d.Lapsed {
			state, by = "adjusted", slices.Concat(own("rated", d.Likelihood), own("by", string(d.By)), own("until", d.Until))
		}
	}
	one := func(name string, l ssf.Level, why string) facet {
		return facet{Name: name, System: "http://csrc.nist.gov/ns/oscal", Value: l.String(), Props: []prop{oscal("state", state)}, Remarks: sentence(text(why, ""))}
	}
	likelihood := one("likelihood", t.Likelihood, t.LikelihoodWhy)
	likelihood.Props = append(likelihood.Props, by...)
	facets := []facet{likelihood, one("impact", t.Impact, t.ImpactWhy), one("risk", t.Risk, "")}
	if t.Severity != ssf.Unknown {
		facets = append(facets, one("severity", t.Severity, "The risk as its author rated it as a whole"))
	}
	return characterization{x.byTool()[0], facets}
}

// mitigating is a mitigation as a response to a threat: completed once it is
// built and found, whatever is shown of it.
func (x *export) mitigating(t *ssf.Threat, m ssf.ID, s standing) response {
	life := "planned"
	if s.state == implemented {
		life = "completed"
	}
	return response{
		UUID: x.id("response", t.ID, m), Lifecycle: life, Title: text(x.titleOf(m), string(m)), Description: fmt.Sprintf("%s: %s.", code(m), s.says),
		Props: slices.Concat([]prop{oscal("type", "mitigate")}, own("mitigation", string(m)), own("state", s.finer), own("verification", s.verified)),
	}
}

// deciding is a decision as a response to a threat.
func (x *export) deciding(t *ssf.Threat, d *ssf.DecisionResult) response {
	r := response{UUID: x.id("decision", t.ID, ssf.ID(d.About), ssf.ID(d.At), ssf.ID(d.Treat)), Origins: x.byPerson(d.By)}
	kind := "none"
	switch d.Treat {
	case "accept":
		kind, r.Lifecycle, r.Title = "accept", "completed", "Accept the risk"
	case "transfer":
		kind, r.Lifecycle, r.Title = "transfer", "planned", "Leave it to another"
	case "not_applicable":
		r.Lifecycle, r.Title = "completed", "Rule it out as not applicable"
	default:
		kind, r.Lifecycle, r.Title = "mitigate", "planned", "Mitigate it"
	}
	says := []string{sentence(upper(text(d.Because, r.Title)))}
	if d.By != "" {
		says = append(says, "Decided by "+x.person(d.By)+".")
	}
	if d.Until != "" {
		says = append(says, "Until "+text(d.Until, "-")+".")
	}
	if d.To != "" {
		says = append(says, "Left to the assumption "+code(d.To)+".")
	}
	if d.Due != "" || d.Owner != "" {
		says = append(says, x.plan(d))
		t := task{UUID: x.id("milestone", t.ID, ssf.ID(d.About), ssf.ID(d.At)), Type: "milestone", Title: "Mitigated by " + text(cmp.Or(d.Due, "a day that is not stated"), "-")}
		if due := dayEnd(d.Due); due != "" {
			t.Timing = &timing{onDate{due}}
		}
		if d.Owner != "" {
			t.Roles, t.Props = x.responsible(roleOwner, d.Owner), own("owner", string(d.Owner))
		}
		r.Tasks = []task{t}
	}
	switch {
	case d.Lapsed:
		r.Lifecycle = "recommendation"
		says = append(says, "This has lapsed, and counts no more.")
	case !t.State.Treated(): // nobody confirmed it, or the model speaks against it
		r.Lifecycle = "recommendation"
		says = append(says, "This does not count today.")
	}
	r.Description = strings.Join(says, " ")
	lapsed := ""
	if d.Lapsed {
		lapsed = "yes"
	}
	r.Props = slices.Concat([]prop{oscal("type", kind)}, own("treat", d.Treat), own("by", string(d.By)), own("until", d.Until), own("holds-if", d.HoldsIf), own("assumption", string(d.To)), own("ticket", d.Ticket), own("lapsed", lapsed))
	return r
}

// person is somebody as a sentence has him.
func (x *export) person(id ssf.ID) string {
	if p := x.people[id]; p != nil && p.Name != "" {
		return text(p.Name, "-") + " (" + code(id) + ")"
	}
	return code(id)
}

// plan is a decision's plan in a sentence.
func (x *export) plan(d *ssf.DecisionResult) string {
	var says []string
	if d.Due != "" {
		says = append(says, "due "+text(d.Due, "-"))
	}
	if d.Owner != "" {
		says = append(says, "owner "+x.person(d.Owner))
	}
	if d.Ticket != "" {
		says = append(says, "ticket "+text(d.Ticket, "-"))
	}
	return upper(strings.Join(says, ", ")) + "."
}

// findings are one for each control and each requirement. Only a control that is
// met is satisfied; a requirement only if all that endangers it is verified.
func (x *export) findings() (out []finding) {
	var seen []observationRef
	for i := range x.c.Verifications {
		if v := &x.c.Verifications[i]; observed(v) {
			seen = append(seen, observationRef{x.observationOf(v)})
		}
	}
	for _, d := range x.sources[0].controls {
		k := x.controlState(d.name)
		f := x.finding("control-finding", x.sources[0], d.name, text(string(k.ID), "-")+" "+text(k.Title, "-"), statusSays(k), own("control-status", string(k.Status)))
		f.Observations = []observationRef{{x.id("control-observed", ssf.ID(d.name))}}
		if slices.Contains(aboutEvidence, d.name) {
			f.Observations = append(f.Observations, seen...)
		}
		switch k.Status {
		case ssf.Met:
			f.Target.Status.State, f.Target.Status.Reason = "satisfied", "pass"
		case ssf.Unmet:
			f.Target.Status.Reason = "fail"
		}
		f.Target.Status.Remarks = sentence(upper(text(k.Why, "")))
		for _, id := range k.Open {
			if x.threats[id] != nil {
				f.Risks = append(f.Risks, riskRef{x.riskOf(id)})
			}
		}
		if len(k.Judged) > 0 {
			f.Remarks = "Besides, only a person can judge: " + text(strings.Join(k.Judged, " "), "-")
		}
		out = append(out, f)
	}
	for _, s := range x.sources {
		if s.key == product {
			for i := range x.c.Requirements {
				out = append(out, x.requirementFinding(s, &x.c.Requirements[i]))
			}
		}
	}
	return out
}

// aboutEvidence are the controls that the evidence speaks to.
var aboutEvidence = []string{"VE-1", "VE-2", "VE-3"}

// finding is a finding that nothing is satisfied yet.
func (x *export) finding(kind string, s *source, name, title, says string, props []prop) finding {
	return finding{
		UUID: x.id(kind, ssf.ID(name)), Title: title, Description: says, Props: props, Origins: x.byTool(), Implementation: x.id("statement", ssf.ID(s.key), ssf.ID(name), ""),
		Target: target{Type: "objective-id", ID: objective(name), Title: title, Status: objectiveStatus{State: "not-satisfied", Reason: "other"}},
	}
}

func (x *export) requirementFinding(s *source, r *ssf.RequirementResult) finding {
	name := s.name(string(r.ID))
	status := spaced(r.Status)
	f := x.finding("requirement-finding", s, name, "Requirement "+text(string(r.ID), "-"), fmt.Sprintf("%s This is %s.", sentence(text(r.Says, string(r.ID))), status), append(own("requirement-status", string(r.Status)), protects(r)...))
	unproven, seen := []ssf.ID{}, map[string]bool{}
	for _, id := range r.Threats {
		t := x.threats[id]
		if t == nil || t.State == ssf.NotApplicable {
			continue
		}
		if t.State != ssf.Verified {
			unproven = append(unproven, id)
			f.Risks = append(f.Risks, riskRef{x.riskOf(id)})
		}
		for _, v := range x.verifying(t) {
			if id := x.observationOf(v); !seen[id] {
				seen[id] = true
				f.Observations = append(f.Observations, observationRef{id})
			}
		}
	}
	why := &f.Target.Status
	switch {
	case r.Status == ssf.NotUpheld:
		why.Reason, why.Remarks = "fail", fmt.Sprintf("%d of %d threats are open or only planned for.", len(r.Open), len(r.Threats))
	case r.Status == ssf.Upheld && len(unproven) == 0:
		why.State, why.Reason, why.Remarks = "satisfied", "pass", "All that endangers it is verified."
	case r.Status == ssf.NotShown:
		why.Remarks = "Nothing in the model endangers it, so nothing shows that it holds."
	default:
		why.Remarks = fmt.Sprintf("It is %s, and of %d threats %d are treated without being verified.", status, len(r.Threats), len(unproven))
	}
	return f
}
