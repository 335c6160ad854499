package tmbom

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// loses is what does not survive being written in this form and read again.
var loses = []string{
	"Functions, and who may use them.",
	"Deployments, and the threats that stand at a function, a deployment or a mitigation.",
	"Of requirements and assumptions all but their text and who owns them: what an assumption dismisses is open again.",
	"People and what they may accept, signers, libraries, catalogues, standards and the policy in use.",
	"Runs, verifications, audits and evidence: a verified threat is a mitigated one.",
	"Where a mitigation sits, and its measure if it has another id than that.",
	"Former ids, code of components, who alone may see an asset, and questions that were asked.",
	"Of a threat of the team's own that is the same as one of the library: its classes of STRIDE, its likelihood, its origin, what it endangers, and all but the first that it is the same as.",
	"Decisions that do not hold today or are about cells or findings, ratings, plans, and conditions of decisions; a pattern becomes a decision for each threat that it covers, and a transfer has an assumption of its own.",
	"Line breaks in names, an empty list of technologies or stored assets, and that the version is taken from the commit.",
}

// The form of the document; the schema is version 1.0.2 of the form's own.
type (
	document struct {
		Schema      string         `json:"$schema"`
		Version     string         `json:"version"`
		Scope       scope          `json:"scope"`
		Says        string         `json:"description"`
		Frozen      bool           `json:"frozen"`
		Zones       []thing        `json:"trust_zones"`
		Boundaries  []boundary     `json:"trust_boundaries"`
		Actors      []thing        `json:"actors"`
		Components  []thing        `json:"components"`
		Stores      []thing        `json:"data_stores"`
		Sets        []dataSet      `json:"data_sets"`
		Flows       []dataFlow     `json:"data_flows"`
		Assumptions []assumption   `json:"assumptions"`
		Personas    []persona      `json:"threat_personas"`
		Threats     []threat       `json:"threats"`
		Controls    []control      `json:"controls"`
		Risks       []risk         `json:"risks"`
		Extensions  map[string]any `json:"extensions"`
	}
	scope struct {
		Title       string   `json:"title"`
		Says        string   `json:"description"`
		Criticality string   `json:"business_criticality"`
		Data        []string `json:"data_sensitivity"`
		Exposure    string   `json:"exposure"`
		Tier        string   `json:"tier"`
	}
	thing struct {
		Name  string `json:"symbolic_name"`
		Title string `json:"title"`
		Says  string `json:"description"`
		Type  string `json:"type,omitempty"`
		Zone  ssf.ID `json:"trust_zone,omitempty"`
	}
	boundary struct {
		A ssf.ID `json:"trust_zone_a"`
		B ssf.ID `json:"trust_zone_b"`
	}
	dataSet struct {
		thing
		Placements []placement `json:"placements"`
		Data       []string    `json:"data_sensitivity"`
	}
	placement struct {
		Store     ssf.ID `json:"data_store"`
		Encrypted bool   `json:"encrypted,omitempty"`
	}
	dataFlow struct {
		thing
		Source      end  `json:"source"`
		Destination end  `json:"destination"`
		Sensitive   bool `json:"has_sensitive_data"`
		Encrypted   bool `json:"encrypted"`
	}
	end struct {
		Type   string `json:"type"`
		Object ssf.ID `json:"object"`
	}
	assumption struct {
		Says     string   `json:"description"`
		Topics   []ssf.ID `json:"topics"`
		Validity string   `json:"validity"`
	}
	persona struct {
		Name      string `json:"symbolic_name"`
		Title     string `json:"title"`
		Says      string `json:"description"`
		Person    bool   `json:"is_person"`
		Skill     string `json:"skill_level"`
		Access    string `json:"access_level"`
		Malicious bool   `json:"malicious_intent"`
		Applies   string `json:"applicability_to_org"`
	}
	threat struct {
		thing
		Affected   []ssf.ID `json:"components_affected"`
		Persona    string   `json:"threat_persona"`
		Event      string   `json:"event"`
		Sources    []string `json:"sources"`
		Attacks    []capec  `json:"attack_mechanisms,omitempty"`
		Weaknesses []cwe    `json:"weaknesses,omitempty"`
	}
	capec struct {
		ID int `json:"capec_id"`
	}
	cwe struct {
		ID int `json:"cwe_id"`
	}
	control struct {
		thing
		Threats  []string `json:"threats"`
		Status   string   `json:"status"`
		Priority string   `json:"priority"`
	}
	risk struct {
		thing
		Threats    []string `json:"threats"`
		Likelihood string   `json:"likelihood"`
		Impact     string   `json:"impact"`
		ImpactSays string   `json:"impact_description"`
		Score      int      `json:"score"`
		Level      string   `json:"level"`
	}
	// attributes is our extension: what the form has no field for.
	attributes struct {
		Outside      string                       `json:"ssf:outside,omitempty"` // the zone that stands for none
		System       format.Attributes            `json:"system"`
		Elements     map[string]format.Attributes `json:"elements"`
		Threats      map[string]format.Attributes `json:"threats"`
		Controls     map[string]format.Attributes `json:"controls"`
		Assumptions  map[string]format.Attributes `json:"assumptions"`
		Requirements map[string]string            `json:"requirements"`
	}
)

// writer writes one case.
type writer struct {
	*ssf.Case
	doc     document
	own     attributes
	rules   map[ssf.ID]*ssf.RuleInfo
	at      map[ssf.ID]*ssf.ElementInfo
	names   map[ssf.ID]string // of threats
	taken   map[string]bool
	placed  map[ssf.ID][]placement // by asset
	outside ssf.ID
}

func write(c *ssf.Case) ([]format.File, error) {
	w := &writer{Case: c, rules: map[ssf.ID]*ssf.RuleInfo{}, at: map[ssf.ID]*ssf.ElementInfo{}, names: map[ssf.ID]string{}, taken: map[string]bool{}, placed: map[ssf.ID][]placement{}}
	w.own = attributes{System: format.Attributes{}, Elements: map[string]format.Attributes{}, Threats: map[string]format.Attributes{}, Controls: map[string]format.Attributes{}, Assumptions: map[string]format.Attributes{}, Requirements: map[string]string{}}
	for i := range c.Rules {
		w.rules[c.Rules[i].ID] = &c.Rules[i]
	}
	for i := range c.Elements {
		w.at[c.Elements[i].ID] = &c.Elements[i]
	}
	w.doc = document{
		Schema: "https://github.com/OWASP/www-project-threat-model-library/blob/v1.0.2/threat-model.schema.json",
		Zones:  []thing{}, Boundaries: []boundary{}, Actors: []thing{}, Components: []thing{}, Stores: []thing{}, Sets: []dataSet{}, Flows: []dataFlow{},
		Assumptions: []assumption{}, Personas: []persona{}, Threats: []threat{}, Controls: []control{}, Risks: []risk{},
	}
	w.system()
	for i := range c.Elements {
		w.element(&c.Elements[i])
	}
	for i := range c.Elements {
		if e := &c.Elements[i]; e.Sort == ssf.SortAsset {
			w.set(e)
		}
	}
	w.boundaries()
	w.threats()
	w.controls()
	w.assumptions()
	for _, r := range c.Requirements {
		w.own.Requirements[string(r.ID)] = r.Says
	}
	w.own.Outside = string(w.outside)
	w.doc.Extensions = map[string]any{extension: w.own}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(w.doc); err != nil {
		return nil, fmt.Errorf("writing the threat model: %w", err)
	}
	return []format.File{{Name: "threat-model.tm-bom.json", Data: b.Bytes()}}, nil
}

// worst is the greatest of what the assets need; one of which nobody says it
// counts as the worst.
func (w *writer) worst() (l ssf.Level, personal bool) {
	l = ssf.None
	for i := range w.Elements {
		e := &w.Elements[i]
		if e.Sort != ssf.SortAsset {
			continue
		}
		personal = personal || fact(e, "personal") == ssf.Yes
		need := map[ssf.Property]ssf.Level{}
		for _, n := range e.Needs {
			need[n.Property] = n.Level
		}
		for _, p := range []ssf.Property{ssf.Confidentiality, ssf.Integrity, ssf.Availability} {
			l = max(l, need[p].Worst())
		}
	}
	return l, personal
}

func fact(e *ssf.ElementInfo, name ssf.ID) ssf.Value {
	for _, f := range e.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

var numbers = regexp.MustCompile(`^\d+(\.\d+)*$`)

// Words of the form by our levels, from none.
var (
	degrees     = []string{"minimal", "low", "moderate", "high", "maximal"}
	tiers       = []string{"non_critical", "non_critical", "important", "business_critical", "mission_critical"}
	impacts     = []string{"negligible", "minor", "moderate", "major", "severe"}
	priorities  = []string{"none", "low", "medium", "high", "critical"}
	bands       = []string{"very_low", "low", "medium", "high", "critical"}
	likelihoods = map[ssf.Level]string{ssf.Low: "unlikely", ssf.Medium: "possible", ssf.High: "likely", ssf.Unknown: "certain"}
)

// in is the word of a level; an unknown one ranks as the worst.
func in(words []string, l ssf.Level) string { return words[l.Worst()-ssf.None] }

func (w *writer) system() {
	s := w.System
	l, personal := w.worst()
	w.doc.Version = "1"
	if numbers.MatchString(s.Version) {
		w.doc.Version = s.Version
	}
	w.doc.Scope = scope{Title: s.Name, Says: cmp.Or(s.Purpose, s.Name), Criticality: in(degrees, l), Data: []string{}, Exposure: "internal", Tier: in(tiers, l)}
	if personal {
		w.doc.Scope.Data = []string{"pii"}
	}
	for i := range w.Elements {
		switch e := &w.Elements[i]; e.Sort {
		case ssf.SortSystem:
			w.own.System = format.Describe(e)
			w.doc.Says = e.Says
		case ssf.SortComponent:
			if x := fact(e, "exposure"); x == "external" || x == "" {
				w.doc.Scope.Exposure = "external"
			}
		}
	}
	a := w.own.System
	a.Put("id", "system")
	a.Put("version", s.Version)
	a.Put("supplier", s.Supplier)
	a.Put("contact", s.Contact)
	a.Put("purpose", s.Purpose)
	a.Put("support_until", s.SupportUntil)
	a.Put("misuse", strings.Join(s.Misuse, "\n"))
	a.Put("case", w.Tool)
	a.Put("commit", w.Commit)
}

// storeTypes are the types of the form for kinds that are just that. Whatever is
// no such store stands among the components, where the form has no types.
var storeTypes = map[ssf.ID]string{"data_warehouse": "sql", "key_value_store": "key_value", "cache": "key_value", "document_store": "document", "object_store": "object", "graph_store": "graph"}

func storeType(e *ssf.ElementInfo) string {
	if e.Kind == "database" && fact(e, "query_language") == "sql" {
		return "sql"
	}
	return storeTypes[e.Kind]
}

func (w *writer) element(e *ssf.ElementInfo) {
	t := thing{Name: string(e.ID), Title: cmp.Or(e.Name, string(e.ID)), Says: e.Says}
	a := format.Describe(e)
	switch e.Sort {
	case ssf.SortZone:
		a.Put("in", string(e.Zone))
		w.doc.Zones = append(w.doc.Zones, t)
	case ssf.SortActor:
		t.Zone, t.Type = w.zone(e), "user"
		if slices.Contains(fact(e, "powers").Members(), "administer") {
			t.Type = "administrator"
		}
		w.doc.Actors = append(w.doc.Actors, t)
	case ssf.SortComponent:
		t.Zone = w.zone(e)
		if t.Type = storeType(e); t.Type == "" {
			w.doc.Components = append(w.doc.Components, t)
			break
		}
		a.Put("type", t.Type)
		a.Put("encrypted", yesNo(fact(e, "encrypted_at_rest")))
		delete(a, "ssf:stores") // the data sets say where they lie
		for _, id := range e.Stores {
			w.placed[id] = append(w.placed[id], placement{e.ID, fact(e, "encrypted_at_rest") == ssf.Yes})
		}
		w.doc.Stores = append(w.doc.Stores, t)
	case ssf.SortFlow:
		f := dataFlow{thing: t, Source: w.end(e.From), Destination: w.end(e.To), Encrypted: fact(e, "encrypted") == ssf.Yes}
		a.Put("encrypted", yesNo(fact(e, "encrypted")))
		for _, id := range slices.Concat(e.Sends, e.Returns) {
			f.Sensitive = f.Sensitive || w.sensitive(id)
		}
		w.doc.Flows = append(w.doc.Flows, f)
	case ssf.SortAsset:
	default:
		return
	}
	w.own.Elements[string(e.ID)] = a
}

// yesNo is what a field that is yes or no has of a fact that may be unknown too.
func yesNo(v ssf.Value) string {
	if v == ssf.Yes {
		return "yes"
	}
	return "no"
}

// zone is the zone of an element; the form demands one.
func (w *writer) zone(e *ssf.ElementInfo) ssf.ID {
	if e.Zone != "" {
		return e.Zone
	}
	if w.outside == "" {
		for w.outside = "in-no-zone"; w.at[w.outside] != nil; {
			w.outside += "-2"
		}
		w.doc.Zones = append(w.doc.Zones, thing{Name: string(w.outside), Title: "In no zone", Says: "The model does not say in which zone these are, and the form demands one."})
	}
	return w.outside
}

func (w *writer) end(id ssf.ID) end {
	switch e := w.at[id]; {
	case e == nil || e.Sort == ssf.SortActor:
		return end{"actor", id}
	case storeType(e) != "":
		return end{"data_store", id}
	}
	return end{"component", id}
}

// sensitive reports whether an asset may not be read by everybody.
func (w *writer) sensitive(id ssf.ID) bool {
	e := w.at[id]
	if e == nil || fact(e, "personal") == ssf.Yes {
		return e != nil
	}
	for _, n := range e.Needs {
		if n.Property == ssf.Confidentiality {
			return n.Level > ssf.None
		}
	}
	return true
}

func (w *writer) set(e *ssf.ElementInfo) {
	d := dataSet{thing: thing{Name: string(e.ID), Title: cmp.Or(e.Name, string(e.ID)), Says: e.Says}, Placements: []placement{}, Data: []string{}}
	if fact(e, "personal") == ssf.Yes {
		d.Data = []string{"pii"}
	}
	d.Placements = append(d.Placements, w.placed[e.ID]...)
	w.doc.Sets = append(w.doc.Sets, d)
}

// boundaries are the pairs of zones between which something flows.
func (w *writer) boundaries() {
	seen := map[boundary]bool{}
	for i := range w.Elements {
		e := &w.Elements[i]
		if e.Sort != ssf.SortFlow || w.at[e.From] == nil || w.at[e.To] == nil {
			continue
		}
		b := boundary{w.at[e.From].Zone, w.at[e.To].Zone}
		if b.A > b.B {
			b.A, b.B = b.B, b.A
		}
		if b.A != "" && b.A != b.B && !seen[b] {
			seen[b] = true
			w.doc.Boundaries = append(w.doc.Boundaries, b)
		}
	}
}

// name is a symbolic name that is like an id.
func (w *writer) name(id ssf.ID) string {
	base := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ReplaceAll(string(id), "@", "-at-"))
	name := base
	for i := 2; w.taken[name]; i++ {
		name = base + "-" + strconv.Itoa(i)
	}
	w.taken[name] = true
	return name
}

// anybody is who attacks: the form demands one persona for each threat, and the
// model names none.
const anybody = "anybody"

// threats writes each threat with its risk. The form has no state of threats, so
// their texts tell it.
func (w *writer) threats() {
	decided := format.Decided(w.Case)
	byID := map[ssf.ID]*ssf.Threat{}
	for i := range w.Threats {
		t := &w.Threats[i]
		byID[t.ID] = t
		a := format.DescribeThreat(t)
		for k, v := range format.DescribeState(t, decided[t.ID]) {
			a[k] = v
		}
		x := threat{thing: thing{Title: t.Title, Says: t.Says}, Event: t.Title}
		weaknesses, attacks := t.Weaknesses, t.Attacks
		if r := w.rules[t.Rule]; r != nil {
			x.Says, x.Event, weaknesses, attacks = r.Says, cmp.Or(r.Plain, r.Says), r.Weaknesses, r.Attacks
		}
		w.threat(x, t, a, weaknesses, attacks)
	}
	for i := range w.Joined {
		j := &w.Joined[i]
		t := *byID[j.As[0]]
		t.ID, t.Element, t.Title, t.Why = ssf.Instance(j.ID, j.Element), j.Element, j.Title, "it is the same as "+ssf.Join(j.As)
		w.threat(threat{thing: thing{Title: j.Title, Says: j.Says}, Event: j.Title}, &t, format.DescribeJoined(j), j.Weaknesses, j.Attacks)
	}
	if len(w.doc.Threats) > 0 {
		w.doc.Personas = append(w.doc.Personas, persona{anybody, "Anybody", "Whoever can reach the place of the threat. The model names nobody; skill, access, intent and applicability are the worst case, because the form demands them.", true, "state_sponsored", "anonymous", true, "maximal"})
	}
}

func (w *writer) threat(x threat, t *ssf.Threat, a format.Attributes, weaknesses, attacks []ssf.ID) {
	name := w.name(t.ID)
	w.names[t.ID] = name
	a.Put("at", string(t.Element))
	a.Put("says", x.Says)
	w.own.Threats[name] = a
	x.Name = name
	x.Says = strings.TrimSpace(x.Says + "\n" + stateSays(t))
	x.Persona, x.Sources, x.Affected = anybody, []string{"adversary"}, []ssf.ID{}
	if e := w.at[t.Element]; e != nil {
		for _, id := range []ssf.ID{e.ID, e.From, e.To, e.At} {
			if c := w.at[id]; c != nil && c.Sort == ssf.SortComponent {
				x.Affected = append(x.Affected, id)
			}
		}
	}
	for _, id := range weaknesses {
		if n, err := strconv.Atoi(strings.TrimPrefix(string(id), "CWE-")); err == nil {
			x.Weaknesses = append(x.Weaknesses, cwe{n})
		}
	}
	for _, id := range attacks {
		if n, err := strconv.Atoi(strings.TrimPrefix(string(id), "CAPEC-")); err == nil {
			x.Attacks = append(x.Attacks, capec{n})
		}
	}
	w.doc.Threats = append(w.doc.Threats, x)
	likely, bad := likelihoods[t.Likelihood], in(impacts, t.Impact)
	level := in(bands, t.Risk)
	score := (1 + slices.Index([]string{"rare", "unlikely", "possible", "likely", "certain"}, likely)) * (1 + slices.Index(impacts, bad))
	says := "The risk is " + t.Risk.String() + ", looked up from likelihood " + t.Likelihood.String() + " and impact " + t.Impact.String() + "; what is unknown stands at its worst here."
	w.doc.Risks = append(w.doc.Risks, risk{thing{Name: w.name("risk-of-" + ssf.ID(name)), Title: t.Title, Says: says}, []string{name}, likely, bad, cmp.Or(t.ImpactWhy, "It is not known."), score, level})
}

// stateSays is the state of a threat as a sentence, with why it is in it.
func stateSays(t *ssf.Threat) string {
	s := "State: " + strings.ReplaceAll(string(t.State), "_", " ")
	switch t.State {
	case ssf.Claimed:
		s += ", which nothing shows to be so"
	case ssf.Mitigated:
		s += ", which no evidence shows"
	}
	if t.Why != "" {
		s += ": " + strings.TrimRight(t.Why, ".")
	}
	return s + "."
}

// controls writes mitigations. One that is implemented is active only where
// evidence shows today that it works, and else assumed.
func (w *writer) controls() {
	statuses := map[string]string{"proposed": "suggested", "planned": "scheduled", "implemented": "assumed"}
	risks := map[ssf.ID]ssf.Level{}
	for i := range w.Threats {
		risks[w.Threats[i].ID] = w.Threats[i].Risk.Worst()
	}
	for i := range w.Mitigations {
		m := &w.Mitigations[i]
		a := format.DescribeMitigation(w.Case, m)
		name := string(m.ID)
		a.Put("says", m.Says)
		w.own.Controls[name] = a
		c := control{thing: thing{Name: name, Title: cmp.Or(m.Name, name)}, Threats: []string{}, Status: statuses[m.State]}
		most := ssf.None
		for _, id := range m.Counters {
			if w.names[id] != "" {
				c.Threats = append(c.Threats, w.names[id])
			}
			most = max(most, risks[id])
		}
		c.Priority = in(priorities, most)
		if m.State == "implemented" && w.shown(m.ID) {
			c.Status = "active"
		}
		c.Says = m.Says
		if v := a["ssf:verifications"]; v != "" {
			c.Says = strings.TrimSpace(c.Says + "\nVerifications: " + v + ".")
		}
		w.doc.Controls = append(w.doc.Controls, c)
	}
}

// shown reports whether all verifications of a mitigation stand, and there are some.
func (w *writer) shown(id ssf.ID) bool {
	some := false
	for i := range w.Verifications {
		if v := &w.Verifications[i]; slices.Contains(v.Verifies, id) {
			if v.State != ssf.Stands {
				return false
			}
			some = true
		}
	}
	return some
}

func (w *writer) assumptions() {
	for i := range w.Assumptions {
		x := &w.Assumptions[i]
		a := format.Attributes{}
		a.Put("id", string(x.ID))
		a.Put("says", x.Says)
		a.Put("owner", x.Owner)
		w.own.Assumptions[string(x.ID)] = a
		says, validity := x.Says, "unconfirmed"
		if x.Do != "" {
			says += "\nCheck: " + x.Do + " Expected: " + x.Expect
		}
		if x.Holds == ssf.No {
			validity = "rejected"
		}
		w.doc.Assumptions = append(w.doc.Assumptions, assumption{says, []ssf.ID{x.ID}, validity})
	}
}
