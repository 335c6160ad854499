package otm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// loses is what does not survive being written in this form and read again.
var loses = []string{
	"Functions, and who may use them.",
	"Requirements, deployments, and the threats that stand at a function, a deployment or a mitigation.",
	"Assumptions: what they dismiss is open again.",
	"People and what they may accept, signers, libraries, catalogues, standards and the policy in use.",
	"Runs, verifications, audits and evidence: a verified threat is a mitigated one.",
	"Where a mitigation sits, and its measure if it has another id than that.",
	"Former ids, code of components, who alone may see an asset, and questions that were asked.",
	"Of a threat of the team's own that is the same as one of the library: its classes of STRIDE, its likelihood, its origin, what it endangers, and all but the first that it is the same as.",
	"Decisions that do not hold today or are about cells or findings, ratings, plans, and conditions of decisions; a pattern becomes a decision for each threat that it covers, and a transfer has an assumption of its own.",
	"Line breaks in names, an empty list of technologies or stored assets, and that the version is taken from the commit.",
}

// The form of the document; the schema is version 0.2.0 of the format's own.
type (
	document struct {
		Version     string       `json:"otmVersion"`
		Project     project      `json:"project"`
		Assets      []asset      `json:"assets"`
		Zones       []trustZone  `json:"trustZones"`
		Components  []component  `json:"components"`
		Flows       []dataflow   `json:"dataflows"`
		Threats     []threat     `json:"threats"`
		Mitigations []mitigation `json:"mitigations"`
	}
	project struct {
		Name       string            `json:"name"`
		ID         string            `json:"id"`
		Says       string            `json:"description,omitempty"`
		Owner      string            `json:"owner,omitempty"`
		Contact    string            `json:"ownerContact,omitempty"`
		Attributes format.Attributes `json:"attributes"`
	}
	named struct {
		ID         string            `json:"id"`
		Name       string            `json:"name"`
		Says       string            `json:"description,omitempty"`
		Attributes format.Attributes `json:"attributes,omitempty"`
	}
	asset struct {
		named
		Risk struct {
			Confidentiality int    `json:"confidentiality"`
			Integrity       int    `json:"integrity"`
			Availability    int    `json:"availability"`
			Comment         string `json:"comment,omitempty"`
		} `json:"risk"`
	}
	trustZone struct {
		named
		Risk struct {
			Trust int `json:"trustRating"`
		} `json:"risk"`
		Parent *parent `json:"parent,omitempty"`
	}
	parent struct {
		Zone ssf.ID `json:"trustZone"`
	}
	component struct {
		named
		Type   string   `json:"type"`
		Parent parent   `json:"parent"`
		Tags   []ssf.ID `json:"tags,omitempty"`
		Assets struct {
			Processed []ssf.ID `json:"processed,omitempty"`
			Stored    []ssf.ID `json:"stored,omitempty"`
		} `json:"assets"`
		Threats []instance `json:"threats,omitempty"`
	}
	dataflow struct {
		named
		Both        bool       `json:"bidirectional"`
		Source      ssf.ID     `json:"source"`
		Destination ssf.ID     `json:"destination"`
		Tags        []ssf.ID   `json:"tags,omitempty"`
		Assets      []ssf.ID   `json:"assets,omitempty"`
		Threats     []instance `json:"threats,omitempty"`
	}
	threat struct {
		named
		Categories []string `json:"categories,omitempty"`
		Weaknesses []ssf.ID `json:"cwes,omitempty"`
		Risk       struct {
			Likelihood *int   `json:"likelihood"`
			LikelyWhy  string `json:"likelihoodComment,omitempty"`
			Impact     int    `json:"impact"`
			ImpactWhy  string `json:"impactComment"`
		} `json:"risk"`
	}
	instance struct {
		Threat      ssf.ID            `json:"threat"`
		State       string            `json:"state"`
		Mitigations []treatment       `json:"mitigations,omitempty"`
		Attributes  format.Attributes `json:"attributes,omitempty"`
	}
	treatment struct {
		Mitigation ssf.ID `json:"mitigation"`
		State      string `json:"state"`
	}
	mitigation struct {
		named
		Reduces int `json:"riskReduction"`
	}
)

// trust is a level of trust as a rating; an unknown one is the least.
func trust(l ssf.Level) int { return 25 * int(max(l, ssf.None)-ssf.None) }

// writer writes one case.
type writer struct {
	*ssf.Case
	doc      document
	outside  ssf.ID
	rules    map[ssf.ID]*ssf.RuleInfo
	decided  map[ssf.ID]*ssf.DecisionResult // by threat
	counters map[ssf.ID][]*ssf.MitigationResult
	handled  map[ssf.ID][]ssf.ID // by component, beside what it stores
	at       map[ssf.ID][]instance
	joined   map[ssf.ID]*ssf.JoinedThreat
}

func write(c *ssf.Case) ([]format.File, error) {
	w := &writer{Case: c, rules: map[ssf.ID]*ssf.RuleInfo{}, decided: format.Decided(c), counters: format.Countered(c), handled: map[ssf.ID][]ssf.ID{}, at: map[ssf.ID][]instance{}, joined: map[ssf.ID]*ssf.JoinedThreat{}}
	for i := range c.Rules {
		w.rules[c.Rules[i].ID] = &c.Rules[i]
	}
	w.doc = document{Version: "0.2.0", Assets: []asset{}, Zones: []trustZone{}, Components: []component{}, Flows: []dataflow{}, Threats: []threat{}, Mitigations: []mitigation{}}
	w.threats()
	w.project()
	for i := range c.Elements {
		w.handle(&c.Elements[i])
	}
	for i := range c.Elements {
		w.element(&c.Elements[i])
	}
	for i := range c.Mitigations {
		w.mitigation(&c.Mitigations[i])
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(w.doc); err != nil {
		return nil, fmt.Errorf("writing the Open Threat Model: %w", err)
	}
	return []format.File{{Name: "threat-model.otm.json", Data: b.Bytes()}}, nil
}

func (w *writer) project() {
	s := w.System
	a := format.Attributes{}
	for i := range w.Elements {
		if e := &w.Elements[i]; e.Sort == ssf.SortSystem {
			a = format.Describe(e)
			w.doc.Project.Says = e.Says
		}
	}
	delete(a, "ssf:id")
	a.Put("id", "system")
	a.Put("system", "yes")
	a.Put("version", s.Version)
	a.Put("purpose", s.Purpose)
	a.Put("support_until", s.SupportUntil)
	a.Put("misuse", strings.Join(s.Misuse, "\n"))
	a.Put("case", w.Tool)
	a.Put("commit", w.Commit)
	w.doc.Project = project{Name: s.Name, ID: cmp.Or(format.Slug(s.Name), "system"), Says: w.doc.Project.Says, Owner: s.Supplier, Contact: s.Contact, Attributes: a}
}

// handle gathers with what components work.
func (w *writer) handle(e *ssf.ElementInfo) {
	add := func(at ssf.ID, ids []ssf.ID) {
		for _, id := range ids {
			if !slices.Contains(w.handled[at], id) {
				w.handled[at] = append(w.handled[at], id)
			}
		}
	}
	for _, at := range []ssf.ID{e.From, e.To} {
		add(at, e.Sends)
		add(at, e.Returns)
	}
	add(e.At, e.On)
}

func (w *writer) element(e *ssf.ElementInfo) {
	a := format.Describe(e)
	for _, k := range []string{"kind", "tech", "over", "stores"} {
		delete(a, "ssf:"+k) // they have fields
	}
	n := named{string(e.ID), cmp.Or(e.Name, string(e.ID)), e.Says, a}
	switch e.Sort {
	case ssf.SortAsset:
		w.asset(e, n)
	case ssf.SortZone:
		z := trustZone{named: n}
		level, _ := ssf.ParseLevel(a["ssf:fact:trust"])
		if z.Risk.Trust = trust(level); level == ssf.Unknown {
			a.Put("trust", "unknown")
		}
		if e.Zone != "" {
			z.Parent = &parent{e.Zone}
		}
		w.doc.Zones = append(w.doc.Zones, z)
	case ssf.SortActor, ssf.SortComponent:
		c := component{named: n, Type: cmp.Or(string(e.Kind), "unknown"), Parent: parent{e.Zone}, Tags: e.Tech, Threats: w.at[e.ID]}
		if e.Sort == ssf.SortActor {
			c.Type = "actor"
		}
		if e.Zone == "" {
			c.Parent.Zone = w.nowhere()
		}
		c.Assets.Stored = e.Stores
		for _, id := range w.handled[e.ID] {
			if !slices.Contains(e.Stores, id) {
				c.Assets.Processed = append(c.Assets.Processed, id)
			}
		}
		w.doc.Components = append(w.doc.Components, c)
	case ssf.SortFlow:
		f := dataflow{named: n, Both: len(e.Returns) > 0, Source: e.From, Destination: e.To, Assets: slices.Clone(e.Sends), Threats: w.at[e.ID]}
		for _, id := range e.Returns {
			if !slices.Contains(f.Assets, id) {
				f.Assets = append(f.Assets, id)
			}
		}
		if len(e.Returns) == 0 {
			delete(a, "ssf:sends")
		}
		if e.Over != "" {
			f.Tags = []ssf.ID{e.Over}
		}
		w.doc.Flows = append(w.doc.Flows, f)
	}
}

// nowhere is the zone of what is in none: the form demands one.
func (w *writer) nowhere() ssf.ID {
	if w.outside == "" {
		taken := map[ssf.ID]bool{}
		for i := range w.Elements {
			taken[w.Elements[i].ID] = true
		}
		for w.outside = "in-no-zone"; taken[w.outside]; {
			w.outside += "-2"
		}
		z := trustZone{named: named{ID: string(w.outside), Name: "In no zone", Says: "The model does not say in which zone these are; the rating is the least because the form demands one.", Attributes: format.Attributes{}}}
		z.Attributes.Put("outside", "yes")
		w.doc.Zones = append(w.doc.Zones, z)
	}
	return w.outside
}

func (w *writer) asset(e *ssf.ElementInfo, n named) {
	x := asset{named: n}
	need := map[ssf.Property]ssf.Level{}
	for _, n := range e.Needs {
		need[n.Property] = n.Level
	}
	var unknown []ssf.Property
	for _, p := range properties {
		if need[p] == ssf.Unknown {
			unknown = append(unknown, p)
		}
	}
	x.Risk.Confidentiality, x.Risk.Integrity, x.Risk.Availability = number(need[ssf.Confidentiality]), number(need[ssf.Integrity]), number(need[ssf.Availability])
	if len(unknown) > 0 {
		x.Risk.Comment = "Nobody has said how much it needs of " + ssf.Join(unknown) + "; the form demands a number, and 100 is the worst."
	}
	w.doc.Assets = append(w.doc.Assets, x)
}

// threats writes one threat for each rule, which stands at components and flows
// in the state that it has there, and one for each place beside those, which the
// form does not have.
func (w *writer) threats() {
	sorts := map[ssf.ID]ssf.Sort{}
	for i := range w.Elements {
		sorts[w.Elements[i].ID] = w.Elements[i].Sort
	}
	on := w.OnMitigation()
	at := map[ssf.ID]int{} // of a rule, in the document
	taken := map[ssf.ID]bool{}
	for i := range w.Threats {
		taken[w.Threats[i].Rule] = true
	}
	stand := func(t *ssf.Threat, in instance) {
		sort := sorts[t.Element]
		if !on[t.Rule] && (sort == ssf.SortComponent || sort == ssf.SortActor || sort == ssf.SortFlow) {
			k, ok := at[t.Rule]
			if !ok {
				k = len(w.doc.Threats)
				at[t.Rule] = k
				w.doc.Threats = append(w.doc.Threats, w.threat(t, t.Rule))
			} else {
				w.worse(&w.doc.Threats[k], t)
			}
			in.Threat = t.Rule
			w.at[t.Element] = append(w.at[t.Element], in)
			return
		}
		id := t.ID
		for taken[id] {
			id += "-2"
		}
		taken[id] = true
		x := w.threat(t, id)
		maps.Copy(x.Attributes, in.Attributes)
		x.Attributes.Put("at", string(t.Element))
		var ms []ssf.ID
		for _, m := range in.Mitigations {
			ms = append(ms, m.Mitigation)
		}
		format.PutList(x.Attributes, "mitigations", ms)
		w.doc.Threats = append(w.doc.Threats, x)
	}
	byID := map[ssf.ID]*ssf.Threat{}
	for i := range w.Threats {
		t := &w.Threats[i]
		byID[t.ID] = t
		stand(t, w.instance(t))
	}
	for i := range w.Joined {
		j := &w.Joined[i]
		w.joined[j.ID] = j
		as := byID[j.As[0]]
		t := *as
		t.ID, t.Rule, t.Element, t.Title, t.Says, t.Weaknesses = ssf.Instance(j.ID, j.Element), j.ID, j.Element, j.Title, j.Says, j.Weaknesses
		in := instance{State: stateWords[as.State], Attributes: format.Attributes{}}
		in.Attributes.Put("state", "joined")
		in.Attributes.Put("why", "It is the same as "+ssf.Join(j.As)+".")
		stand(&t, in)
	}
}

// threat is what is said of a threat wherever it stands.
func (w *writer) threat(t *ssf.Threat, id ssf.ID) threat {
	x := threat{named: named{string(id), t.Title, "", format.DescribeThreat(t)}}
	if j := w.joined[t.Rule]; j != nil {
		x.Attributes = format.DescribeJoined(j)
	}
	if r := w.rules[t.Rule]; r != nil {
		x.Says, x.Weaknesses = r.Says, r.Weaknesses
	} else {
		x.Says, x.Weaknesses = t.Says, t.Weaknesses
	}
	for _, s := range t.Stride {
		s = strings.ReplaceAll(s, "_", " ")
		x.Categories = append(x.Categories, strings.ToUpper(s[:1])+s[1:])
	}
	w.worse(&x, t)
	return x
}

// worse raises the risk of a threat to that at one more place.
func (w *writer) worse(x *threat, t *ssf.Threat) {
	if v := number(t.Impact); x.Risk.ImpactWhy == "" || v > x.Risk.Impact {
		x.Risk.Impact, x.Risk.ImpactWhy = v, cmp.Or(t.ImpactWhy, "It is not known.")
		if t.Impact == ssf.Unknown {
			x.Risk.ImpactWhy = "It is not known, and 100 is the worst: " + t.ImpactWhy
		}
	}
	if t.Likelihood == ssf.Unknown {
		x.Risk.Likelihood, x.Risk.LikelyWhy = nil, "It is not known."
	} else if v := number(t.Likelihood); x.Risk.LikelyWhy == "" || x.Risk.Likelihood != nil && v > *x.Risk.Likelihood {
		x.Risk.Likelihood, x.Risk.LikelyWhy = &v, cmp.Or(t.LikelihoodWhy, t.Likelihood.String())
	}
}

// stateWords are our states in words of the format: nothing is mitigated there
// that nothing shows to be so. The attributes have the state itself.
var stateWords = map[ssf.State]string{
	ssf.Open: "exposed", ssf.Undecided: "undecided", ssf.Stale: "exposed", ssf.Unreviewed: "exposed", ssf.Planned: "exposed",
	ssf.Claimed: "partly-mitigated", ssf.Mitigated: "partly-mitigated", ssf.Verified: "mitigated",
	ssf.Accepted: "accepted", ssf.Transferred: "transferred", ssf.NotApplicable: "not-applicable",
}

var mitigationWords = map[string]string{"proposed": "recommended", "planned": "required", "implemented": "implemented"}

// instance is a threat where it stands, with what was done about it.
func (w *writer) instance(t *ssf.Threat) instance {
	in := instance{State: stateWords[t.State], Attributes: format.DescribeState(t, w.decided[t.ID])}
	for _, m := range w.counters[t.ID] {
		in.Mitigations = append(in.Mitigations, treatment{m.ID, mitigationWords[m.State]})
	}
	return in
}

func (w *writer) mitigation(m *ssf.MitigationResult) {
	x := mitigation{named: named{string(m.ID), cmp.Or(m.Name, string(m.ID)), m.Says, format.DescribeMitigation(w.Case, m)}}
	w.doc.Mitigations = append(w.doc.Mitigations, x)
}
