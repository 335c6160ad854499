package oscal

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// planOfAction has an item for each thing that somebody still has to do or to
// keep in mind: threats that are open, planned for or accepted, verifications
// that do not stand, protections that nothing verifies, and controls that are
// not met. It carries the risks, findings and observations that these rest on.
func (x *export) planOfAction() (*document, error) {
	items := slices.Concat(x.threatItems(), x.verificationItems(), x.unverifiedItems(), x.controlItems())
	if len(items) == 0 {
		return nil, errNothingOpen
	}
	out := &planOfAction{
		UUID: x.id("plan-of-action-and-milestones"), Metadata: x.metadata("plan of action and milestones"), System: systemID{"http://ietf.org/rfc/rfc4122", x.product()},
		Local: actionsLocal{x.systemComponents(), x.assets()}, Items: items,
	}
	wanted := map[string]bool{}
	for _, i := range items {
		for _, r := range i.Findings {
			wanted[r.Finding] = true
		}
		for _, r := range i.Risks {
			wanted[r.Risk] = true
		}
		for _, r := range i.Observations {
			wanted[r.Observation] = true
		}
	}
	for _, f := range x.findings() {
		if wanted[f.UUID] {
			for _, r := range f.Risks {
				wanted[r.Risk] = true
			}
			for _, o := range f.Observations {
				wanted[o.Observation] = true
			}
			out.Findings = append(out.Findings, f)
		}
	}
	for _, r := range x.risks() {
		if wanted[r.UUID] {
			for _, o := range r.Observations {
				wanted[o.Observation] = true
			}
			out.Risks = append(out.Risks, r)
		}
	}
	for _, o := range x.observations() {
		if wanted[o.UUID] {
			o.Origins[0].Tasks = nil // tasks stand in the assessment plan
			out.Observations = append(out.Observations, o)
		}
	}
	var err error
	out.Back, err = x.backMatter(x.knowledge(out.Risks)...)
	return &document{Actions: out}, err
}

func (x *export) item(kind string, id ssf.ID, title, says string, props ...[]prop) poamItem {
	return poamItem{
		UUID: x.id("item", ssf.ID(kind), id), Title: title, Description: says, Origins: []itemOrigin{{x.byTool()[0].Actors}},
		Props: slices.Concat(own("kind", kind), own("id", string(id)), slices.Concat(props...)),
	}
}

// onList are the states of threats that stand in the plan, as its titles say.
var onList = map[ssf.State]string{
	ssf.Open: "Open", ssf.Undecided: "Undecided", ssf.Stale: "To be decided anew", ssf.Unreviewed: "To be reviewed", ssf.Planned: "Planned", ssf.Accepted: "Accepted",
}

func (x *export) threatItems() (out []poamItem) {
	for i := range x.c.Threats {
		t := &x.c.Threats[i]
		head := onList[t.State]
		if head == "" {
			continue
		}
		says := fmt.Sprintf("%s is %s, risk %s: %s", code(t.ID), spaced(t.State), t.Risk, sentence(text(t.Why, "nothing is said about why")))
		props := append(own("state", string(t.State)), own("risk", t.Risk.String())...)
		for _, d := range x.decided[t.ID] {
			if d.Kind != "threat" {
				continue
			}
			if d.Due != "" || d.Owner != "" {
				says += " " + x.plan(d)
				props = slices.Concat(props, own("due", d.Due), own("owner", string(d.Owner)), own("ticket", d.Ticket))
			}
			if d.Treat == "accept" {
				says += " " + x.accepted(t, d)
				props = slices.Concat(props, own("by", string(d.By)), own("until", d.Until))
			}
		}
		if len(t.Needs) > 0 {
			var needs []string
			for _, n := range t.Needs {
				needs = append(needs, n.String())
			}
			says += " Answers are missing: " + codes(needs) + "."
		}
		if len(t.Changes) > 0 {
			var changes []string
			for _, c := range t.Changes {
				changes = append(changes, c.String())
			}
			says += " Since it was confirmed: " + text(strings.Join(changes, "; "), "-") + "."
		}
		it := x.item("threat", t.ID, fmt.Sprintf("%s: %s at %s", head, titleOfThreat(t), text(string(t.Element), "-")), says, props)
		it.Risks = []riskRef{{x.riskOf(t.ID)}}
		out = append(out, it)
	}
	return out
}

// accepted tells who accepted a risk, and until when.
func (x *export) accepted(t *ssf.Threat, d *ssf.DecisionResult) string {
	says, end := "Accepted", ", until "
	if t.State != ssf.Accepted {
		says = "There is an acceptance that does not count today"
	}
	if d.By != "" {
		says += ", by " + x.person(d.By)
	}
	if d.Lapsed {
		end = ", lapsed on "
	}
	if d.Until != "" {
		says += end + text(d.Until, "-")
	}
	return says + ": " + sentence(text(d.Because, "no reason is stated"))
}

func (x *export) verificationItems() (out []poamItem) {
	for i := range x.c.Verifications {
		v := &x.c.Verifications[i]
		if v.State == ssf.Stands {
			continue
		}
		state, title := spaced(v.State), "Verify again"
		if v.State == ssf.NeverRun {
			title = "Verify"
		}
		says := fmt.Sprintf("The verification %s of %s does not stand: %s.", code(v.ID), codes(v.Verifies), worth(v))
		it := x.item("verification", v.ID, fmt.Sprintf("%s: %s (%s)", title, text(string(v.ID), "-"), state), says, own("standing", string(v.State)), own("run", string(v.Run)), ownAll("changed", v.Changed))
		if observed(v) {
			it.Observations = []observationRef{{x.observationOf(v)}}
		}
		out = append(out, it)
	}
	return out
}

// unverifiedItems are the protections that threats count on and that have no
// verification at all.
func (x *export) unverifiedItems() (out []poamItem) {
	at := map[ssf.ID]int{}
	for i := range x.c.Threats {
		t := &x.c.Threats[i]
		if t.State != ssf.Claimed && t.State != ssf.Mitigated {
			continue
		}
		for _, m := range t.Mitigations {
			if len(x.checking[m]) > 0 {
				continue
			}
			n, ok := at[m]
			if !ok {
				n = len(out)
				at[m] = n
				out = append(out, x.item("unverified", m, "Define a verification: "+text(string(m), "-"), "", own("state", x.standing(m).finer)))
			}
			out[n].Risks = append(out[n].Risks, riskRef{x.riskOf(t.ID)})
		}
	}
	for m, n := range at {
		out[n].Description = fmt.Sprintf("Threats that count on %s: %d. It is %s.", code(m), len(out[n].Risks), x.standing(m).says)
	}
	return out
}

func (x *export) controlItems() (out []poamItem) {
	for _, d := range x.sources[0].controls {
		k := x.controlState(d.name)
		if k.Status == ssf.Met {
			continue
		}
		says := statusSays(k)
		it := x.item("control", k.ID, text(string(k.ID), "-")+" is "+spaced(k.Status)+": "+text(k.Title, "-"), says, own("control-status", string(k.Status)), ownAll("open", k.Open))
		it.Findings = []findingRef{{x.id("control-finding", ssf.ID(d.name))}}
		out = append(out, it)
	}
	return out
}
