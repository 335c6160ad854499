package format

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"ssf"
)

// notNamed is the person who stands for whoever decided in the source and is not
// named there. Nobody may accept anything in this name, so the threat stays
// open until somebody takes it.
const notNamed = "not-named"

// A named is one entry of a section.
type named struct {
	id ssf.ID
	ps pairs
}

// A treatment is what the source has done about its threats, as sections.
type treatment struct {
	people, assumptions, mitigations []named
	decisions                        []pairs
	ids                              *ids // of assumptions
	decided                          map[string]bool
	known                            map[ssf.ID]bool // people
}

// treat turns statuses into decisions, assumptions and mitigations. Nothing
// becomes more certain than it is in the source.
func (p *Plan) treat() *treatment {
	x := &treatment{ids: newIDs(), decided: map[string]bool{}, known: map[ssf.ID]bool{}}
	for _, a := range p.draft.Assumptions {
		ps := pairs{}.text("says", said(sentence(a.Name, a.Says)))
		if slices.Contains([]string{"supplier", "customer", "operator", "third_party"}, a.Owner) {
			ps = ps.word("owner", ssf.ID(a.Owner))
		}
		if about := p.targets(a.Threats); len(about) > 0 {
			ps = append(ps, pair{"dismisses", about})
		}
		id := a.Want
		if !x.ids.want(id) {
			id = x.ids.take(cmp.Or(a.Name, a.Says), "assumption")
		}
		x.assumptions = append(x.assumptions, named{id, ps})
	}
	for _, t := range p.draft.Threats {
		for _, target := range p.targets([]*Threat{t}) {
			p.decide(x, t, string(target.(scalar)))
		}
	}
	p.mitigate(x)
	return x
}

// decide writes what the source decided about one threat.
func (p *Plan) decide(x *treatment, t *Threat, target string) {
	switch t.Status {
	case IsNotRelevant, IsAccepted, IsTransferred:
		if x.decided[target] {
			p.draft.Report.Drop(t.Node, "this decides about %s once more", target)
			return
		}
		x.decided[target] = true
	}
	d := pairs{{"threat", scalar(target)}}
	tool := cmp.Or(p.draft.Tool, "the source")
	because := said(t.Because, "Stated in "+tool+", which gives no reason.")
	switch t.Status {
	case IsNotRelevant:
		x.decisions = append(x.decisions, d.word("treat", "not_applicable").text("because", because))
	case IsAccepted:
		by, until := p.person(x, t.By), t.Until
		if _, err := time.Parse(time.DateOnly, until); err != nil {
			until = p.now.Format(time.DateOnly)
			p.draft.Report.Guess(t.Node, "the source accepts this until no day that it names; here it is accepted until today, so that somebody looks at it again")
		}
		x.decisions = append(x.decisions, d.word("treat", "accept").text("because", because).word("by", by).word("until", ssf.ID(until)))
	case IsTransferred:
		id := x.ids.take("transferred "+cmp.Or(t.Name, t.Says), "assumption")
		x.assumptions = append(x.assumptions, named{id, pairs{}.text("says", said(t.Because, "Somebody else sees to it: "+cmp.Or(t.Name, t.Says)))})
		x.decisions = append(x.decisions, d.word("treat", "transfer").text("because", because).word("to", id))
	}
}

// person is the id of who decided.
func (p *Plan) person(x *treatment, name string) ssf.ID {
	id, ps := ssf.ID(notNamed), pairs{{"name", text("Not named in " + Clip(path.Base(p.draft.Report.File)))}, {"accepts_up_to", word("none")}}
	if s := Slug(name); s != "" && s != "null" { // a null is never a value in the language
		id, ps = ssf.ID(s), pairs{{"name", text(name)}}
	}
	if !x.known[id] {
		x.known[id] = true
		x.people = append(x.people, named{id, ps})
	}
	return id
}

// mitigate writes the mitigations. One that a tool calls done counts as
// implemented, one of an open threat is no more than a proposal. What the tool says
// of a threat comes before what it says of its mitigations.
func (p *Plan) mitigate(x *treatment) {
	by := map[string][]*Threat{} // by key of the mitigation
	for _, t := range p.draft.Threats {
		for _, k := range t.Mitigated {
			by[k] = append(by[k], t)
		}
	}
	states, stated := map[string]string{}, map[string]bool{} // of the mitigations, and whether the source says so
	for _, m := range p.draft.Mitigations {
		stated[m.Key] = m.State != ""
		all := func(s Status) bool {
			return len(by[m.Key]) > 0 && !slices.ContainsFunc(by[m.Key], func(t *Threat) bool { return t.Status != s })
		}
		switch state := m.State; {
		case state != "":
			states[m.Key] = state
		case all(IsMitigated):
			states[m.Key] = "implemented"
		case all(InPlanning):
			states[m.Key] = "planned"
		default:
			states[m.Key] = "proposed"
		}
	}
	has := func(t *Threat, state string) bool {
		return slices.ContainsFunc(t.Mitigated, func(k string) bool { return states[k] == state })
	}
	for _, t := range p.draft.Threats {
		switch {
		case t.Status == InPlanning && !has(t, "planned"):
			p.draft.Report.Guess(t.Node, "the source calls this planned and names no mitigation that is planned; here it is open")
		case t.Status == IsMitigated && !has(t, "implemented") && slices.ContainsFunc(t.Mitigated, func(k string) bool { return stated[k] }):
			p.draft.Report.Guess(t.Node, "the source calls this mitigated, and no mitigation that it names is there; here it stands as they do")
		case t.Status == IsMitigated && !has(t, "implemented"):
			id := "mitigation of " + cmp.Or(t.Name, t.Says)
			m := &Mitigation{Node: t.Node, Key: "\x00" + t.Node.Path(), Name: id, Says: cmp.Or(t.Because, "Mitigated according to "+cmp.Or(p.draft.Tool, "the source")+", which does not say how.")}
			if len(t.Mitigated) == 0 {
				p.draft.Report.Guess(t.Node, "the source calls this mitigated and names no mitigation; one without a text stands for it")
			} else {
				p.draft.Report.Guess(t.Node, "the source calls this mitigated, and not all that its mitigations counter; one without a text stands for it")
			}
			p.means[m] = p.meansIDs.take(m.Name)
			p.counter(x, m, "implemented", []*Threat{t})
		}
	}
	for _, m := range p.draft.Mitigations {
		about := by[m.Key]
		if states[m.Key] == "implemented" {
			about = slices.DeleteFunc(slices.Clone(about), func(t *Threat) bool {
				if t.Status != IsOpen && (t.Status != InPlanning || has(t, "planned")) {
					return false
				}
				word := map[Status]string{IsOpen: "open", InPlanning: "planned"}[t.Status]
				p.draft.Report.Guess(t.Node, "the source calls this %s though a mitigation of it is implemented, so %q is not written as countering it", word, Clip(cmp.Or(m.Name, m.Says)))
				return true
			})
		}
		p.counter(x, m, states[m.Key], about)
	}
}

// counter adds one mitigation.
func (p *Plan) counter(x *treatment, m *Mitigation, state string, about []*Threat) {
	ps := pairs{}
	if string(p.means[m]) != m.Name {
		ps = ps.text("name", m.Name)
	}
	ps = ps.text("says", m.Says)
	if refs := p.targets(about); len(refs) > 0 {
		ps = append(ps, pair{"counters", refs})
	}
	x.mitigations = append(x.mitigations, named{p.means[m], ps.word("state", ssf.ID(state)).text("from_tool", m.ID)})
}

// targets are the ids under which threats can be named: that of the library's
// where one is joined to it.
func (p *Plan) targets(ts []*Threat) (out list) {
	seen := map[ssf.ID]bool{}
	for _, t := range ts {
		for i, own := range p.own[t] {
			id := p.joins[own]
			if id == "" {
				id = ssf.Instance("own/"+own, p.at(t, i))
			}
			if !seen[id] {
				seen[id] = true
				out = append(out, word(id))
			}
		}
	}
	return out
}

// threat is one own threat.
func (p *Plan) threat(t *Threat, own, at ssf.ID, stakes []ssf.ID) pairs {
	ps := pairs{}
	if t.Says != "" && string(own) != t.Name {
		ps = ps.text("name", t.Name)
	}
	ps = append(ps, pair{"at", word(at)}).text("says", said(t.Says, t.Name)).word("origin", ssf.ID(t.Origin))
	words := func(key string, ws []string) {
		var l list
		seen := map[string]bool{"": true}
		for _, w := range ws {
			if !seen[w] {
				seen[w] = true
				l = append(l, word(w))
			}
		}
		if len(l) > 0 {
			ps = append(ps, pair{key, l})
		}
	}
	var cells []string
	for _, c := range t.Cells {
		if e := p.draft.Find(c.Element, ssf.SortAsset); e != nil && slices.Contains(ssf.AssetProperties, c.Property) {
			cells = append(cells, string(p.ids[e])+"."+string(c.Property))
		}
	}
	if at != "system" {
		for _, prop := range t.Endangers {
			for _, a := range stakes {
				cells = append(cells, string(a)+"."+string(prop))
			}
		}
	}
	words("endangers", cells)
	words("stride", t.Stride)
	words("weaknesses", t.Weaknesses)
	words("attacks", t.Attacks)
	if t.Likelihood > ssf.None {
		ps = ps.word("likelihood", ssf.ID(min(t.Likelihood, ssf.High).String()))
	}
	if t.Severity > ssf.None {
		ps = ps.word("severity", ssf.ID(t.Severity.String()))
	}
	if id := p.joins[own]; id != "" {
		ps = append(ps, pair{"same_as", list{word(id)}})
	}
	return ps.text("from_tool", t.ID)
}

// stakes are, by element, the assets that it is or handles by itself.
func (p *Plan) stakes() map[ssf.ID][]ssf.ID {
	out := map[ssf.ID][]ssf.ID{}
	for _, e := range p.draft.Elements {
		id := p.ids[e]
		if e.Sort == ssf.SortAsset {
			out[id] = []ssf.ID{id}
			continue
		}
		seen := map[string]bool{}
		for _, k := range slices.Concat(e.Stores, e.Sends, e.Returns, e.On) {
			if !seen[k] {
				seen[k] = true
				out[id] = append(out[id], p.ids[p.draft.keys[k]])
			}
		}
	}
	return out
}

// said is the first of some texts that says anything as the language takes it.
func said(texts ...string) string {
	for _, s := range texts {
		if strings.TrimSpace(Clean(s)) != "" {
			return s
		}
	}
	return "No text in the source."
}

// sentence is a name and a text as one, without saying a thing twice.
func sentence(name, says string) string {
	switch {
	case says == "" || strings.HasPrefix(says, name):
		return cmp.Or(says, name)
	case name == "":
		return says
	}
	return strings.TrimRight(name, ".: ") + ": " + says
}
