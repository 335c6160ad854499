package cyclonedx

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"ssf"
)

// productRef is the bom-ref of the product itself, which is the id of its element.
const productRef = "system"

// A writer makes the parts of a bill of materials of a case. Elements have their
// ids as bom-refs; all else has a word and a colon before it, which no id has.
type writer struct {
	c      *ssf.Case
	serial string

	elements map[ssf.ID]*ssf.ElementInfo
	rules    map[ssf.ID]*ssf.RuleInfo
	measures map[ssf.ID]*ssf.MeasureInfo
	threats  map[ssf.ID]*ssf.Threat
	means    map[ssf.ID]*ssf.MitigationResult
	assumed  map[ssf.ID]*ssf.AssumptionInfo
	decided  map[ssf.ID]*ssf.DecisionResult // of a threat
	classes  map[ssf.ID]string              // of an asset
	onMeans  map[ssf.ID]bool                // rules whose threats stand on mitigations
	called   map[ssf.ID][]*ssf.ElementInfo
	calls    map[ssf.ID][]*ssf.ElementInfo
	checks   map[ssf.ID]*ssf.VerificationInfo
	shownBy  map[ssf.ID][]*ssf.VerificationInfo // mitigation or claimed fact
}

// treats are the decisions that give a threat its state.
var treats = map[ssf.State]string{ssf.Accepted: "accept", ssf.Transferred: "transfer", ssf.NotApplicable: "not_applicable", ssf.Planned: "mitigate"}

func newWriter(c *ssf.Case, serial string) *writer {
	w := &writer{
		c: c, serial: serial,
		elements: map[ssf.ID]*ssf.ElementInfo{},
		rules:    map[ssf.ID]*ssf.RuleInfo{},
		measures: map[ssf.ID]*ssf.MeasureInfo{},
		threats:  map[ssf.ID]*ssf.Threat{},
		means:    map[ssf.ID]*ssf.MitigationResult{},
		assumed:  map[ssf.ID]*ssf.AssumptionInfo{},
		decided:  map[ssf.ID]*ssf.DecisionResult{},
		classes:  map[ssf.ID]string{},
		onMeans:  c.OnMitigation(),
		called:   map[ssf.ID][]*ssf.ElementInfo{},
		calls:    map[ssf.ID][]*ssf.ElementInfo{},
		checks:   map[ssf.ID]*ssf.VerificationInfo{},
		shownBy:  map[ssf.ID][]*ssf.VerificationInfo{},
	}
	for i := range c.Elements {
		e := &c.Elements[i]
		w.elements[e.ID] = e
		if e.Sort == ssf.SortFlow {
			w.called[e.To] = append(w.called[e.To], e)
			w.calls[e.From] = append(w.calls[e.From], e)
		}
	}
	for i := range c.Rules {
		w.rules[c.Rules[i].ID] = &c.Rules[i]
	}
	for i := range c.Measures {
		w.measures[c.Measures[i].ID] = &c.Measures[i]
	}
	for i := range c.Threats {
		w.threats[c.Threats[i].ID] = &c.Threats[i]
	}
	for i := range c.Mitigations {
		w.means[c.Mitigations[i].ID] = &c.Mitigations[i]
	}
	for i := range c.Assumptions {
		w.assumed[c.Assumptions[i].ID] = &c.Assumptions[i]
	}
	for i := range c.Decisions {
		for _, id := range c.Decisions[i].Covers {
			if t := w.threats[id]; t != nil && c.Decisions[i].Treat == treats[t.State] {
				w.decided[id] = &c.Decisions[i]
			}
		}
	}
	w.classify()
	for i := range c.Verifications {
		w.checks[c.Verifications[i].ID] = &c.Verifications[i]
		for _, id := range c.Verifications[i].Verifies {
			w.shownBy[id] = append(w.shownBy[id], &c.Verifications[i])
		}
	}
	return w
}

// inventory is a bill of materials with all that the model has in it, and nothing
// said of it yet.
func (w *writer) inventory() *bom {
	b := &bom{
		Schema:       "http://cyclonedx.org/schema/bom-1.6.schema.json",
		BOMFormat:    "CycloneDX",
		SpecVersion:  version,
		SerialNumber: "urn:uuid:" + w.serial,
		Version:      1,
		Metadata:     w.metadata(),
	}
	var inside []string
	for _, e := range w.of(ssf.SortComponent) {
		if len(w.called[e.ID]) > 0 {
			b.Services = append(b.Services, w.service(e))
		} else {
			b.Components = append(b.Components, component{
				Type: componentType(e.Kind), Ref: string(e.ID), Name: nameOf(e), Description: e.Says,
				Properties: w.properties(e),
			})
		}
		inside = append(inside, string(e.ID))
		var on refs
		for _, f := range w.calls[e.ID] {
			if to := w.elements[f.To]; to != nil && to.Sort == ssf.SortComponent && to != e {
				on.add(string(f.To))
			}
		}
		if len(on.list) > 0 {
			b.Dependencies = append(b.Dependencies, dependency{string(e.ID), on.list})
		}
	}
	for _, e := range w.of(ssf.SortAsset) {
		b.Components = append(b.Components, component{
			Type: "data", Ref: string(e.ID), Name: nameOf(e), Description: e.Says,
			Data:       []content{{Type: "dataset", Name: nameOf(e), Classification: w.classes[e.ID]}},
			Properties: w.properties(e),
		})
	}
	// A model is not the list of all that is built in, and says so.
	if len(inside) > 0 {
		b.Compositions = []composition{{Aggregate: "incomplete", Assemblies: []string{productRef}, Dependencies: inside}}
	}
	return b
}

// of are the elements of a sort. An id that a faulty model gives twice is taken
// where it stands last.
func (w *writer) of(sort ssf.Sort) (out []*ssf.ElementInfo) {
	for i := range w.c.Elements {
		if e := &w.c.Elements[i]; e.Sort == sort && w.elements[e.ID] == e && e.ID != productRef {
			out = append(out, e)
		}
	}
	return out
}

func (w *writer) metadata() metadata {
	s := w.c.System
	name := s.Name
	if name == "" {
		name = productRef
	}
	m := metadata{
		Timestamp: w.c.Now.UTC().Format(time.RFC3339),
		Component: component{Type: "application", Ref: productRef, Supplier: w.supplier(true), Name: name, Version: s.Version, Description: s.Purpose},
	}
	if w.c.Tool != "" {
		name, v, _ := strings.Cut(w.c.Tool, " ")
		m.Tools = &tools{[]component{{Type: "application", Name: name, Version: v}}}
	}
	p := &m.Component.Properties
	for _, text := range s.Misuse {
		add(p, "misuse", text)
	}
	add(p, "support_until", s.SupportUntil)
	add(p, "commit", w.c.Commit)
	if w.c.Dirty {
		add(p, "dirty", "yes")
	}
	add(p, "reach", string(w.c.Reach))
	if e := w.elements[productRef]; e != nil {
		addFacts(p, "", e)
	}
	// These have no object of their own that could carry what is said of them.
	for _, e := range w.of(ssf.SortZone) {
		w.describe(&m.Properties, "zone", e, [][2]string{{"in", string(e.Zone)}})
	}
	for _, e := range w.of(ssf.SortActor) {
		w.describe(&m.Properties, "actor", e, [][2]string{{"zone", string(e.Zone)}})
	}
	for _, e := range w.of(ssf.SortFlow) {
		more := [][2]string{{"from", string(e.From)}, {"to", string(e.To)}, {"over", string(e.Over)}}
		for _, id := range e.Sends {
			more = append(more, [2]string{"sends", string(id)})
		}
		for _, id := range e.Returns {
			more = append(more, [2]string{"returns", string(id)})
		}
		w.describe(&m.Properties, "flow", e, more)
	}
	for _, e := range w.of(ssf.SortFunction) {
		more := [][2]string{{"at", string(e.At)}, {"does", string(e.Does)}}
		for _, id := range e.On {
			more = append(more, [2]string{"on", string(id)})
		}
		w.describe(&m.Properties, "function", e, more)
	}
	for i := range w.c.Mitigations {
		x := &w.c.Mitigations[i]
		if w.means[x.ID] != x {
			continue
		}
		add(&m.Properties, "mitigation", string(x.ID))
		prefix := "mitigation:" + string(x.ID) + ":"
		add(&m.Properties, prefix+"name", x.Name)
		add(&m.Properties, prefix+"says", x.Says)
		add(&m.Properties, prefix+"from_tool", x.FromTool)
		add(&m.Properties, prefix+"state", x.State)
		add(&m.Properties, prefix+"measure", string(x.Measure))
		for _, where := range x.Where {
			add(&m.Properties, prefix+"where", string(where))
		}
		for _, id := range x.Counters {
			add(&m.Properties, prefix+"counters", string(id))
		}
	}
	// A threat of the team's own that is the same as a derived one has no state of its
	// own, so it is not among the vulnerabilities.
	for _, x := range w.c.Joined {
		add(&m.Properties, "threat", string(x.ID))
		prefix := "threat:" + string(x.ID) + ":"
		add(&m.Properties, prefix+"name", x.Title)
		add(&m.Properties, prefix+"says", x.Says)
		add(&m.Properties, prefix+"from_tool", x.FromTool)
		add(&m.Properties, prefix+"at", string(x.Element))
		for _, id := range x.As {
			add(&m.Properties, prefix+"same_as", string(id))
		}
		for _, id := range x.Weaknesses {
			add(&m.Properties, prefix+"weakness", string(id))
		}
		for _, id := range x.Attacks {
			add(&m.Properties, prefix+"attack", string(id))
		}
		if x.Severity != ssf.Unknown {
			add(&m.Properties, prefix+"severity", x.Severity.String())
		}
	}
	return m
}

// describe writes an element as properties: `ssf:SORT` with its id, and
// `ssf:SORT:ID:KEY` for all that is said of it.
func (w *writer) describe(p *[]property, sort string, e *ssf.ElementInfo, more [][2]string) {
	add(p, sort, string(e.ID))
	prefix := sort + ":" + string(e.ID) + ":"
	add(p, prefix+"name", e.Name)
	add(p, prefix+"says", e.Says)
	add(p, prefix+"from_tool", e.FromTool)
	for _, x := range more {
		add(p, prefix+x[0], x[1])
	}
	addFacts(p, prefix, e)
}

// supplier is who makes the product; with is with the address for reports.
func (w *writer) supplier(with bool) *entity {
	s := w.c.System
	var e entity
	e.Name = s.Supplier
	if with && s.Contact != "" {
		if user, host, ok := strings.Cut(s.Contact, "@"); ok && user != "" && strings.Contains(host, ".") && !strings.ContainsAny(s.Contact, " :/<>\"(),;[]\\\n") && !strings.Contains(host, "@") {
			e.Contact = []contact{{Email: s.Contact}}
		} else {
			e.Contact = []contact{{Name: s.Contact}}
		}
	}
	if e.Name == "" && e.Contact == nil {
		return nil
	}
	return &e
}

// service is a component that others call. What is said of its flows by the
// standard's own fields stands here.
func (w *writer) service(e *ssf.ElementInfo) service {
	s := service{Ref: string(e.ID), Name: nameOf(e), Description: e.Says, TrustZone: string(e.Zone), Properties: w.properties(e)}
	s.Crosses = allOrAny(w.called[e.ID], func(f *ssf.ElementInfo) ssf.Value { return factOf(f, "crosses_boundary") }, false)
	s.Authenticated = allOrAny(w.called[e.ID], func(f *ssf.ElementInfo) ssf.Value {
		v := factOf(f, "authenticated")
		if v == ssf.Yes && !w.shown(ssf.FactRef{Element: f.ID, Fact: "authenticated"}.String()) {
			return "" // claimed; the declarations say so, a truth value cannot
		}
		return v
	}, true)
	for _, f := range w.called[e.ID] {
		s.Data = append(s.Data, w.data(f, f.Sends, "inbound", f.From, true)...)
		s.Data = append(s.Data, w.data(f, f.Returns, "outbound", f.From, false)...)
	}
	for _, f := range w.calls[e.ID] {
		s.Data = append(s.Data, w.data(f, f.Sends, "outbound", f.To, false)...)
		s.Data = append(s.Data, w.data(f, f.Returns, "inbound", f.To, true)...)
	}
	return s
}

// allOrAny joins what is known of flows: true if all (or any) of them are yes,
// false if one (or all) is no, nil if it hangs on what is not known.
func allOrAny(flows []*ssf.ElementInfo, of func(*ssf.ElementInfo) ssf.Value, all bool) *bool {
	decides := map[bool]ssf.Value{true: ssf.No, false: ssf.Yes}[all]
	unknown := false
	for _, f := range flows {
		switch v := of(f); v {
		case decides:
			out := !all
			return &out
		case ssf.Yes, ssf.No:
		default:
			unknown = true
		}
	}
	if unknown || len(flows) == 0 {
		return nil
	}
	return &all
}

// data is what a flow carries one way, seen from one of its ends.
func (w *writer) data(f *ssf.ElementInfo, assets []ssf.ID, direction string, other ssf.ID, in bool) (out []flowData) {
	for _, id := range assets {
		a := w.elements[id]
		if a == nil || a.Sort != ssf.SortAsset {
			continue
		}
		d := flowData{Flow: direction, Classification: w.classes[id], Name: nameOf(a), Description: "in the flow " + string(f.ID)}
		if f.Over != "" {
			d.Description += " over " + string(f.Over)
		}
		if link := w.link(other); link != "" {
			if in {
				d.Source = []string{link}
			} else {
				d.Destination = []string{link}
			}
		}
		out = append(out, d)
	}
	return out
}

// link is the BOM-Link to an actor or component; empty for what is not there.
func (w *writer) link(id ssf.ID) string {
	e := w.elements[id]
	if e == nil || e.Sort != ssf.SortActor && e.Sort != ssf.SortComponent {
		return ""
	}
	return "urn:cdx:" + w.serial + "/1#" + string(id)
}

// classify says how much of each property the assets need, as
// `confidentiality high, integrity low`, and which are personal.
func (w *writer) classify() {
	for _, e := range w.of(ssf.SortAsset) {
		var words []string
		for _, n := range e.Needs {
			words = append(words, string(n.Property)+" "+n.Level.String())
		}
		if factOf(e, "personal") == ssf.Yes {
			words = append(words, "personal")
		}
		if w.classes[e.ID] = strings.Join(words, ", "); words == nil {
			w.classes[e.ID] = "unknown"
		}
	}
}

// properties are what CycloneDX has no field for.
func (w *writer) properties(e *ssf.ElementInfo) []property {
	p := &[]property{}
	add(p, "kind", string(e.Kind))
	add(p, "from_tool", e.FromTool)
	if len(w.called[e.ID]) == 0 {
		add(p, "zone", string(e.Zone)) // a service has a field for it
	}
	for _, id := range e.Tech {
		add(p, "tech", string(id))
	}
	for _, id := range e.Stores {
		add(p, "stores", string(id))
	}
	addFacts(p, "", e)
	return *p
}

// addFacts adds the facts that the model declares: the others follow from them
// and from the library.
func addFacts(p *[]property, prefix string, e *ssf.ElementInfo) {
	for _, f := range e.Facts {
		if f.Via == ssf.Declared {
			add(p, prefix+"fact:"+string(f.Name), string(f.Value))
		}
	}
}

// add adds a property of our namespace, if it has a value.
func add(p *[]property, name, value string) {
	if value != "" {
		*p = append(*p, property{"ssf:" + name, value})
	}
}

// componentType is the type of a component that nobody calls, by its kind in
// ssf/core; what it does not tell is an application.
func componentType(kind ssf.ID) string {
	switch kind {
	case "library":
		return "library"
	case "firmware":
		return "firmware"
	case "device":
		return "device"
	case "container":
		return "container"
	case "platform", "host", "cluster", "cloud_account":
		return "platform"
	case "ai_model", "language_model", "classifier":
		return "machine-learning-model"
	case "artifact":
		return "file"
	}
	return "application"
}

// place is the bom-ref of the component or asset at which something stands, or of
// the product where CycloneDX has no object for it.
func (w *writer) place(id ssf.ID) string {
	e := w.elements[id]
	for range 2 {
		switch {
		case e == nil:
			return productRef
		case e.Sort == ssf.SortComponent, e.Sort == ssf.SortAsset:
			return string(e.ID)
		case e.Sort == ssf.SortFlow:
			e = w.elements[e.To]
		case e.Sort == ssf.SortFunction:
			e = w.elements[e.At]
		}
	}
	return productRef
}

// standsAt is where a threat stands; one on a mitigation stands at no element.
func (w *writer) standsAt(t *ssf.Threat) ssf.ID {
	if w.onMeans[t.Rule] {
		return ""
	}
	return t.Element
}

// shown reports whether a verification that stands today shows a mitigation or a
// claimed fact.
func (w *writer) shown(id string) bool {
	return slices.ContainsFunc(w.shownBy[ssf.ID(id)], func(v *ssf.VerificationInfo) bool { return v.State == ssf.Stands })
}

func nameOf(e *ssf.ElementInfo) string {
	if e.Name != "" {
		return e.Name
	}
	return string(e.ID)
}

func factOf(e *ssf.ElementInfo, name ssf.ID) ssf.Value {
	if e != nil {
		for _, f := range e.Facts {
			if f.Name == name {
				return f.Value
			}
		}
	}
	return ""
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
