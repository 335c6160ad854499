package cyclonedx

import (
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// vulnerabilities are the threats of a case. A threat is no flaw that was found:
// its analysis says what became of it, and never more than is shown. See
// docs/formats/cyclonedx.md for the states and why they are these.
func (w *writer) vulnerabilities() (out []vulnerability) {
	for i := range w.c.Threats {
		if t := &w.c.Threats[i]; w.threats[t.ID] == t {
			out = append(out, w.vulnerability(t))
		}
	}
	return out
}

func (w *writer) vulnerability(t *ssf.Threat) vulnerability {
	v := vulnerability{
		Ref:         "threat:" + string(t.ID),
		ID:          string(t.ID),
		Source:      source{w.sourceOf(t)},
		Description: t.Title,
		Ratings: []rating{{
			Source:   source{w.c.Tool},
			Severity: t.Risk.String(),
			Method:   "other",
			Justification: "likelihood " + t.Likelihood.String() + because(t.LikelihoodWhy) + "; impact " + t.Impact.String() +
				because(t.ImpactWhy) + "; risk by the table of both",
		}},
		Analysis: w.analysis(t),
		Affects:  w.affects(t),
	}
	weaknesses, attacks := t.Weaknesses, t.Attacks
	if v.Detail = t.Says; t.Says == t.Title {
		v.Detail = ""
	}
	if r := w.rules[t.Rule]; r != nil {
		v.Detail, weaknesses, attacks = r.Says, r.Weaknesses, r.Attacks
	}
	for _, id := range weaknesses {
		if n, err := strconv.Atoi(strings.TrimPrefix(string(id), "CWE-")); err == nil && n > 0 {
			v.CWEs = append(v.CWEs, n)
		}
	}
	if t.Severity != ssf.Unknown {
		v.Ratings = append(v.Ratings, rating{Source: source{w.authors()}, Severity: t.Severity.String(), Method: "other", Justification: "the risk as a whole, as its author rated it"})
	}
	for _, id := range t.Also {
		v.References = append(v.References, reference{ID: string(id), Source: source{w.authors()}})
	}
	var advice []string
	for _, id := range t.Measures {
		if m := w.measures[id]; m != nil && m.Title != "" {
			advice = append(advice, m.Title)
		}
	}
	v.Recommendation = strings.Join(advice, "; ")
	if a := w.takenBy(t); a != nil {
		v.Workaround = a.Says
	}
	p := &v.Properties
	add(p, "rule", string(t.Rule))
	add(p, "at", string(t.Element))
	add(p, "state", string(t.State))
	add(p, "origin", string(t.Origin))
	for _, s := range t.Stride {
		add(p, "stride", s)
	}
	for _, x := range t.Endangers {
		add(p, "endangers", x.String())
	}
	for _, id := range attacks {
		add(p, "attack", string(id))
	}
	if t.Severity != ssf.Unknown {
		add(p, "severity", t.Severity.String())
	}
	add(p, "from_tool", t.FromTool)
	add(p, "likelihood", t.Likelihood.String())
	for _, id := range t.Mitigations {
		add(p, "mitigation", string(id))
	}
	if treats[t.State] != "" {
		add(p, "because", t.Why)
	}
	if d := w.decided[t.ID]; d != nil {
		add(p, "by", string(d.By))
		add(p, "until", d.Until)
	}
	return v
}

// sourceOf is who says that there is such a threat: the library, or the team.
func (w *writer) sourceOf(t *ssf.Threat) string {
	if strings.HasPrefix(string(t.Rule), "own/") {
		return w.authors()
	}
	var libs []string
	for _, l := range w.c.Library {
		libs = append(libs, l.Name+" "+l.Version)
	}
	if libs == nil {
		return w.authors()
	}
	return strings.Join(libs, ", ")
}

func (w *writer) authors() string {
	switch s := w.c.System; {
	case s.Supplier != "":
		return s.Supplier
	case s.Name != "":
		return "the authors of " + s.Name
	}
	return "the authors of the model"
}

// affects are the components at which a threat stands: both ends of a flow.
func (w *writer) affects(t *ssf.Threat) []affected {
	at := w.standsAt(t)
	ids := []ssf.ID{at}
	if e := w.elements[at]; e != nil && e.Sort == ssf.SortFlow {
		if from := w.elements[e.From]; from != nil && from.Sort == ssf.SortComponent {
			ids = append(ids, e.From)
		}
	}
	var out []affected
	for _, id := range ids {
		if x := (affected{w.place(id)}); !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// analysis is the state of a threat in the words of VEX. A consumer hides what is
// resolved or not_affected, so both need more than a claim: evidence that stands
// today, or a decision with a reason that somebody answers for.
func (w *writer) analysis(t *ssf.Threat) analysis {
	switch d := w.decided[t.ID]; t.State {
	case ssf.Verified:
		return analysis{State: "resolved", Detail: "Verified: evidence that stands today shows the mitigations (" + t.Why + ")."}
	case ssf.Mitigated:
		return analysis{State: "in_triage", Detail: "Mitigated and not verified: no evidence that stands today shows that the mitigations work (" + t.Why + ")."}
	case ssf.Claimed:
		return analysis{State: "in_triage", Detail: "Claimed and not verified: no evidence that stands today shows what is claimed (" + t.Why + ")."}
	case ssf.Planned:
		return analysis{State: "exploitable", Detail: "A mitigation is planned and not there yet: " + sentence(t.Why)}
	case ssf.Accepted:
		return analysis{State: "exploitable", Response: []string{"will_not_fix"}, Detail: "Accepted" + decided(d) + ": " + sentence(t.Why)}
	case ssf.Transferred:
		a := analysis{State: "exploitable", Detail: "Left to others" + decided(d) + ": " + sentence(t.Why)}
		if x := w.takenBy(t); x != nil {
			a.Response = []string{"workaround_available"}
			a.Detail = "Left to others" + decided(d) + ": not exploitable as long as the assumption " + string(x.ID) + " holds, which is up to the " + strings.ReplaceAll(x.Owner, "_", " ") + "."
		}
		return a
	case ssf.NotApplicable:
		a := analysis{State: "not_affected", Detail: "Not applicable" + decided(d) + ": " + sentence(t.Why)}
		// A reason is prose; only a condition on the deployment is one of the
		// standard's justifications.
		if d != nil && strings.Contains(d.HoldsIf, "deployment.") {
			a.Justification = "requires_environment"
			a.Detail += " It holds if " + d.HoldsIf + "."
		}
		return a
	case ssf.Open:
		return analysis{State: "exploitable", Detail: "Open: " + sentence(t.Why)}
	case ssf.Undecided:
		var needs []string
		for _, f := range t.Needs {
			needs = append(needs, f.String())
		}
		if needs == nil {
			return analysis{State: "in_triage", Detail: "Undecided: " + sentence(t.Why)}
		}
		return analysis{State: "in_triage", Detail: "Undecided, because the model does not say " + strings.Join(needs, ", ") + "."}
	}
	return analysis{State: "in_triage", Detail: "Open until somebody looks again (" + string(t.State) + "): " + sentence(t.Why)}
}

// takenBy is the assumption that takes a transferred threat, if the case tells it.
func (w *writer) takenBy(t *ssf.Threat) *ssf.AssumptionInfo {
	if t.State != ssf.Transferred {
		return nil
	}
	if d := w.decided[t.ID]; d != nil && d.To != "" {
		return w.assumed[d.To]
	}
	return w.assumed[ssf.ID(strings.TrimPrefix(t.Why, "assumption "))]
}

// decided is by whom and until when.
func decided(d *ssf.DecisionResult) string {
	s := ""
	if d != nil && d.By != "" {
		s = " by " + string(d.By)
	}
	if d != nil && d.Until != "" {
		s += " until " + d.Until
	}
	return s
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + strings.TrimSuffix(why, ".") + ")"
}

// sentence ends with one full stop.
func sentence(s string) string {
	if s == "" {
		return "no reason is given."
	}
	return strings.TrimRight(s, ".") + "."
}
