// Package tmbom reads and writes threat models in the form of the OWASP Threat
// Model Library, version 1.0, which is also called TM-BOM. See
// docs/formats/tm-bom.md for what becomes of each part, and the form's own schema
// at https://github.com/OWASP/www-project-threat-model-library.
package tmbom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of the OWASP Threat Model Library.
var Format = format.Format{
	Name:  "tm-bom",
	Title: "OWASP Threat Model Library (TM-BOM)",
	Is: func(n *format.Node) bool {
		return strings.Contains(n.Text("$schema"), "threat-model-library") || n.Has("scope") && n.Has("trust_zones") && n.Has("data_flows")
	},
	Read:  read,
	Write: write,
	Loses: loses,
}

// extension is where this program keeps what the form has no field for. Nobody
// can own a name below .example; see RFC 2606, section 3.
const extension = "ssf.example/tm-bom/1"

// reader reads one model.
type reader struct {
	src      *format.Source
	d        *format.Draft
	own      *format.Node            // our extension; nil in files of others
	said     map[string]*format.Node // in it, by section and name
	threats  map[string]*format.Threat
	personas map[string]string // by name, who that is
	wanted   map[string]string // keys of elements by our ids
	count    struct{ personas, risks, controls, assumptions int }
}

func read(src *format.Source) (*format.Draft, error) {
	root := src.Root
	scope := root.At("scope")
	if scope == nil || scope.Kind != format.Map {
		at := root
		if scope != nil {
			at = scope
		}
		return nil, format.Refuse(at, "", "there is no object `scope`, which each model of the OWASP Threat Model Library has")
	}
	r := &reader{src: src, d: format.NewDraft(src, "OWASP Threat Model Library"), own: root.At("extensions", extension), said: map[string]*format.Node{}, threats: map[string]*format.Threat{}, personas: map[string]string{}, wanted: map[string]string{}}
	for _, section := range []string{"elements", "threats", "controls", "assumptions"} {
		for _, n := range r.own.At(section).Entries() {
			r.said[key(section, n.Key)] = n
		}
	}
	r.system(root, scope)
	for _, n := range r.each("trust_zones") {
		if z := r.element(n, ssf.SortZone, "trust_zone"); r.described(z) == nil && r.own.Own("outside") != z.ID {
			r.d.GuessTrust(z)
		}
	}
	for _, n := range r.each("trust_boundaries") {
		r.boundary(n)
	}
	for _, n := range r.each("actors") {
		r.actor(n)
	}
	components := map[string]*format.Node{}
	var parts []*format.Element
	for _, n := range r.each("components") {
		parts = append(parts, r.component(n))
		components[parts[len(parts)-1].Key] = n
	}
	for _, e := range parts {
		r.parent(e, components)
	}
	for _, n := range r.each("data_stores") {
		r.store(n)
	}
	r.sets()
	for _, n := range r.each("data_flows") {
		r.flow(n)
	}
	r.nest()
	for _, n := range r.each("threat_personas") {
		r.persona(n)
	}
	for _, n := range r.each("threats") {
		r.threat(n)
	}
	for _, n := range r.each("risks") {
		r.risk(n)
	}
	for _, n := range r.each("controls") {
		r.control(n)
	}
	for _, n := range r.each("assumptions") {
		r.assumption(n)
	}
	for _, n := range r.own.At("requirements").Entries() {
		r.d.Requirements = append(r.d.Requirements, &format.Requirement{Node: n, Want: ssf.ID(n.Key), Says: n.Text()})
	}
	rep := &r.d.Report
	rep.Counted("threat personas", r.count.personas, 0)
	rep.Counted("risks", r.count.risks, 0)
	rep.Counted("controls that are not there any more", r.count.controls, 0)
	rep.Counted("assumptions that were rejected", r.count.assumptions, 0)
	return r.d, nil
}

// each are the objects in a list at the top.
func (r *reader) each(key string) (out []*format.Node) {
	for _, n := range r.src.Root.All(key) {
		if n.Kind != format.Map {
			r.d.Report.Omit(n, "an entry of %s is an object, and this is %s", key, n.Kind)
			continue
		}
		out = append(out, n)
	}
	return out
}

// line is a text with one more line, if there is anything to say.
func line(text, label, more string) string {
	if more == "" {
		return text
	}
	return strings.TrimSpace(text + "\n" + label + ": " + strings.TrimRight(more, ".") + ".")
}

// words are the texts of a list, each once.
func words(n *format.Node, key string) (out []string) {
	for _, k := range n.All(key) {
		if s := k.Text(); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
		k.See()
	}
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// key is that of a thing: names are unique within one sort at best.
func key(sort, name string) string { return sort + " " + name }

// system reads what is said of the product. The version, the dates and the links
// are those of the document.
func (r *reader) system(root, scope *format.Node) {
	s := &r.d.System
	s.Name, s.Says = oneLine(scope.Text("title")), scope.Text("description")
	if d := root.Text("description"); d != "" && d != s.Says {
		s.Says = strings.TrimSpace(s.Says + "\n" + d)
	}
	for _, k := range []string{"version", "frozen", "released_at", "product_release_date", "release_docs_link", "reviewed_at", "repo_link"} {
		if n := root.At(k); n.Holds() && r.own == nil {
			r.d.Report.Omit(n, "it is about the document and not about the product: %s", format.Clip(n.Text()))
		} else {
			n.See()
		}
	}
	root.At("$schema").See()
	pictures := r.each("diagrams")
	for _, n := range pictures {
		r.d.Report.Omit(n, "a drawing: %s", format.Clip(n.Text("title")))
	}
	r.d.Report.Counted("diagrams", len(pictures), 0)
	own := r.own.At("system")
	for _, k := range [][2]string{{"business_criticality", "Criticality for the business"}, {"exposure", "Exposure"}, {"tier", "Tier"}} {
		if v := scope.Text(k[0]); own == nil {
			s.Says = line(s.Says, k[1], v)
		}
	}
	if ws := words(scope, "data_sensitivity"); own == nil {
		s.Says = line(s.Says, "Data", strings.Join(ws, ", "))
	}
	if own == nil {
		return
	}
	s.Says = root.Text("description")
	s.Version, s.Supplier, s.Contact, s.Purpose, s.SupportUntil = own.Own("version"), own.Own("supplier"), own.Own("contact"), own.Own("purpose"), own.Own("support_until")
	for _, l := range strings.Split(own.Own("misuse"), "\n") {
		if l = strings.TrimSpace(l); l != "" && !slices.Contains(s.Misuse, l) {
			s.Misuse = append(s.Misuse, l)
		}
	}
	facts := &format.Element{Sort: ssf.SortSystem}
	facts.Described(own, asset)
	s.Facts = facts.Facts
}

func asset(id ssf.ID) string { return key("data_set", string(id)) }

// element reads what all have, and adds it.
func (r *reader) element(n *format.Node, sort ssf.Sort, prefix string) *format.Element {
	id := n.Text("symbolic_name")
	e := &format.Element{Node: n, Sort: sort, ID: id, Name: oneLine(n.Text("title")), Says: n.Text("description")}
	if id != "" {
		e.Key = key(prefix, id)
	}
	return r.d.Add(e)
}

// described reads what this program wrote of an element beside its fields; nil
// where it wrote nothing.
func (r *reader) described(e *format.Element) *format.Node {
	own := r.said[key("elements", e.ID)]
	if !e.Described(own, asset) {
		return nil
	}
	r.wanted[string(e.Want)] = e.Key
	return own
}

// place puts an element into a zone.
func (r *reader) place(n *format.Node, e *format.Element) {
	id := n.Text("trust_zone")
	if id != "" && id == r.own.Own("outside") {
		return
	}
	if k := key("trust_zone", id); r.d.Find(k) != nil {
		e.Zone = k
	} else {
		e.Zone = id
	}
}

// boundary reads what is done between two zones. It says nothing of any one flow
// between them, so the text of the first zone keeps it.
func (r *reader) boundary(n *format.Node) {
	a, b := n.Text("trust_zone_a"), n.Text("trust_zone_b")
	var said []string
	for _, k := range [][2]string{{"access_control_methods", "access control"}, {"authentication_methods", "authentication"}} {
		if ws := words(n, k[0]); len(ws) > 0 {
			said = append(said, k[1]+" by "+strings.Join(ws, ", "))
		}
	}
	for _, k := range []string{"access_token_expires", "access_token_ttl", "has_refresh_token", "refresh_token_expires", "refresh_token_ttl", "can_user_logout", "can_system_logout"} {
		if v := n.Text(k); v != "" {
			said = append(said, strings.ReplaceAll(k, "_", " ")+" "+v)
		}
	}
	zone, other := r.d.Find(key("trust_zone", a)), r.d.Find(key("trust_zone", b))
	switch {
	case zone == nil || other == nil:
		r.d.Report.Omit(n, "a boundary between %s and %s, of which the file does not have both", format.Clip(a), format.Clip(b))
	case len(said) > 0:
		zone.Says = line(zone.Says, "At the boundary to "+cmp.Or(other.Name, b), strings.Join(said, "; "))
	}
}

func (r *reader) actor(n *format.Node) {
	e := r.element(n, ssf.SortActor, "actor")
	own := r.described(e)
	if kind := n.Text("type"); own == nil {
		e.Says = line(e.Says, "Type", kind)
	}
	e.Says = line(e.Says, "May", n.Text("permissions"))
	r.place(n, e)
}

func (r *reader) component(n *format.Node) *format.Element {
	e := r.element(n, ssf.SortComponent, "component")
	own := r.described(e)
	r.place(n, e)
	if own == nil {
		r.src.Guess(r.d, e)
	}
	if l := n.At("repo_link"); l.Holds() {
		r.d.Report.Omit(l, "a link: %s", format.Clip(l.Text()))
	}
	return e
}

// parent keeps in the text that a component is part of another: our language has
// no components inside components.
func (r *reader) parent(e *format.Element, components map[string]*format.Node) {
	name := components[e.Key].Text("parent_component")
	if name == "" {
		return
	}
	if up := r.d.Find(key("component", name), ssf.SortComponent); up != nil && up != e {
		e.Says = line(e.Says, "Part of", cmp.Or(up.Name, name))
		return
	}
	r.d.Report.Drop(components[e.Key].At("parent_component"), "it is part of %s, which is no other component of the file", format.Clip(name))
}

// stores are types of data stores as kinds; what SQL says of queries is a fact.
var stores = map[string]ssf.ID{"sql": "database", "key_value": "key_value_store", "document": "document_store", "object": "object_store", "graph": "graph_store", "time_series": "database"}

func (r *reader) store(n *format.Node) {
	e := r.element(n, ssf.SortComponent, "data_store")
	word := n.Text("type")
	own := r.described(e)
	r.place(n, e)
	if own != nil && own.Own("type") == word {
		return
	}
	kind, known := stores[word]
	if e.Kind = kind; !known && word != "" {
		r.d.Report.Drop(n.At("type"), "the form has no type %s of data stores", format.Clip(word))
	}
	if e.Kind == "" {
		e.Kind = "datastore"
	}
	if word == "sql" {
		e.Fact(n.At("type"), "query_language", "sql")
	}
	if word == "time_series" {
		e.Says = line(e.Says, "Type", "a database of series over time")
	}
	vendor, product := n.Text("vendor"), n.Text("product")
	made := product
	if !strings.HasPrefix(product, vendor) {
		made = strings.TrimSpace(vendor + " " + product)
	}
	e.Says = line(e.Says, "Product", made)
	techs := r.src.GuessTech(made)
	if t := cmp.Or(r.src.Tech(made), r.src.Tech(product)); t != "" {
		techs = []ssf.ID{t}
	}
	for _, t := range techs {
		r.d.Report.Guess(n, "%s is taken to be made with %s, because of its vendor and product", format.Clip(e.Name), t)
		e.Tech = append(e.Tech, t)
	}
	r.src.Guess(r.d, e)
}

// sets reads the data sets. A store encrypts what it holds if that is said of all
// sets in it.
func (r *reader) sets() {
	type held struct{ all, sealed, bare int }
	in := map[*format.Element]*held{}
	var order []*format.Element
	at := map[*format.Element]*format.Node{}
	for _, n := range r.each("data_sets") {
		e := r.element(n, ssf.SortAsset, "data_set")
		own := r.described(e)
		kinds := words(n, "data_sensitivity")
		if own == nil {
			if slices.Contains(kinds, "pii") || slices.Contains(kinds, "phi") {
				e.Fact(n.At("data_sensitivity"), "personal", ssf.Yes)
			}
			e.Says = line(e.Says, "Data", strings.Join(kinds, ", "))
			e.Says = line(e.Says, "Access control", strings.Join(words(n, "access_control_methods"), ", "))
			e.Says = line(e.Says, "Records", n.Text("record_count"))
		}
		for _, p := range n.All("placements") {
			name := p.Text("data_store")
			sealed, told := p.Bool("encrypted")
			p.See()
			store := r.d.Find(key("data_store", name))
			if store == nil {
				r.d.Report.Drop(p, "%s lies in %s, which is no data store of the file", format.Clip(e.Name), format.Clip(name))
				continue
			}
			if in[store] == nil {
				in[store], at[store] = &held{}, p
				order = append(order, store)
			}
			switch in[store].all++; {
			case sealed:
				in[store].sealed++
			case told:
				in[store].bare++
			}
			if !slices.Contains(store.Stores, e.Key) {
				store.Stores = append(store.Stores, e.Key)
			}
		}
	}
	for _, store := range order {
		h := in[store]
		wrote := r.said[key("elements", store.Node.Text("symbolic_name"))].Own("encrypted")
		switch {
		case wrote == "yes" && h.bare == 0, wrote == "no" && h.sealed == 0: // it is as this program wrote it
		case wrote == "yes":
			deny(store, "encrypted_at_rest")
		case h.sealed == h.all:
			store.Fact(at[store].At("encrypted"), "encrypted_at_rest", ssf.Yes)
		case h.sealed > 0:
			r.d.Report.Drop(at[store], "%d of %d data sets in %s are encrypted, so it is not said of the store", h.sealed, h.all, format.Clip(store.Name))
		}
	}
}

// flow reads a data flow. That one is not encrypted is what the form has where
// nobody said anything, because it must say something.
func (r *reader) flow(n *format.Node) {
	e := r.element(n, ssf.SortFlow, "data_flow")
	own := r.described(e)
	e.From, e.To = r.end(n.At("source")), r.end(n.At("destination"))
	switch yes, _ := n.Bool("encrypted"); {
	case own != nil && (own.Own("encrypted") == "yes") == yes: // it is as this program wrote it
	case yes:
		e.Facts = slices.DeleteFunc(e.Facts, func(f format.Fact) bool { return f.Name == "encrypted" })
		e.Fact(n.At("encrypted"), "encrypted", ssf.Yes)
	default:
		deny(e, "encrypted")
	}
	if yes, _ := n.Bool("has_sensitive_data"); yes && own == nil {
		e.Says = line(e.Says, "Data", "it carries sensitive data")
	}
}

// deny takes back a protection that this program wrote, where the form's own field
// does not say it any more.
func deny(e *format.Element, name ssf.ID) {
	e.Facts = slices.DeleteFunc(e.Facts, func(f format.Fact) bool { return f.Name == name && f.Value == ssf.Yes })
}

// end is the key of one end of a flow: a name with the type of what it names.
func (r *reader) end(n *format.Node) string {
	name, kind := n.Text("object"), n.Text("type")
	if name == "" {
		return n.Text()
	}
	kind = strings.ReplaceAll(kind[strings.LastIndexByte(kind, '/')+1:], "-", "_")
	if k := key(kind, name); r.d.Find(k) != nil {
		return k
	}
	for _, other := range []string{"component", "data_store", "actor"} {
		if k := key(other, name); r.d.Find(k) != nil {
			r.d.Report.Guess(n, "there is no %s %s; the %s of that name is taken", format.Clip(kind), format.Clip(name), other)
			return k
		}
	}
	return name
}

// nest puts zones into zones, which this program keeps beside the form's fields,
// and takes out the zone that stands for none.
func (r *reader) nest() {
	for _, e := range r.d.Elements {
		if e.Sort == ssf.SortZone {
			if up := r.said[key("elements", e.Node.Text("symbolic_name"))].Own("in"); up != "" {
				e.Zone = key("trust_zone", up)
			}
		}
	}
	if outside := r.own.Own("outside"); outside != "" {
		r.d.Elements = slices.DeleteFunc(r.d.Elements, func(e *format.Element) bool { return e.Sort == ssf.SortZone && e.ID == outside })
	}
}

// persona keeps who may attack for the texts of threats; no flow begins there.
func (r *reader) persona(n *format.Node) {
	name := n.Text("symbolic_name")
	said := []string{oneLine(n.Text("title"))}
	for _, k := range []string{"skill_level", "access_level", "applicability_to_org"} {
		if v := n.Text(k); v != "" {
			said = append(said, strings.ReplaceAll(k, "_", " ")+" "+v)
		}
	}
	r.personas[name] = strings.Join(said, ", ")
	r.count.personas++
	if r.own == nil {
		r.d.Report.Omit(n, "who may attack is no part of the system; the texts of the threats name it")
	}
	n.See()
}

// id is a number of CWE or CAPEC as an id.
func id(prefix string, n *format.Node, key string) string {
	v, ok := n.Number(key)
	n.See()
	if !ok || v != float64(int(v)) || v < 1 || v > 9999 {
		return ""
	}
	return fmt.Sprintf("%s-%d", prefix, int(v))
}

func (r *reader) threat(n *format.Node) {
	t := &format.Threat{Node: n, ID: n.Text("symbolic_name"), Name: oneLine(n.Text("title")), Says: n.Text("description")}
	if first := r.threats[t.ID]; first != nil {
		r.d.Report.Guess(n, "the name %s is used before, at %s; what refers to it is taken to mean that one", format.Clip(t.ID), first.Node.Path())
	} else if t.ID != "" {
		r.threats[t.ID] = t
	}
	r.d.Threats = append(r.d.Threats, t)
	at := words(n, "components_affected")
	event, persona, sources := n.Text("event"), n.Text("threat_persona"), words(n, "sources")
	for _, w := range n.All("attack_mechanisms") {
		if s := id("CAPEC", w, "capec_id"); s != "" {
			t.Attacks = append(t.Attacks, s)
		} else {
			r.d.Report.Drop(w, "it has no number of CAPEC")
		}
	}
	for _, w := range n.All("weaknesses") {
		if s := id("CWE", w, "cwe_id"); s != "" {
			t.Weaknesses = append(t.Weaknesses, s)
		} else {
			r.d.Report.Drop(w, "it has no number of CWE")
		}
	}
	if own := r.said[key("threats", t.ID)]; own != nil {
		r.ownThreat(t, own)
		return
	}
	for _, name := range at {
		k := ""
		for _, prefix := range []string{"component", "data_store", "actor"} {
			if r.d.Find(key(prefix, name)) != nil && k == "" {
				k = key(prefix, name)
			}
		}
		if k == "" {
			k = name
		}
		t.At = append(t.At, k)
	}
	if len(t.At) == 0 {
		r.d.Report.Guess(n, "threat %s names no component; it is taken to threaten the system", format.Clip(t.Name))
	}
	if event != t.Name {
		t.Says = line(t.Says, "Event", event)
	}
	t.Says = line(t.Says, "By", cmp.Or(r.personas[persona], persona))
	t.Says = line(t.Says, "Sources", strings.Join(sources, ", "))
}

// ownThreat reads back a threat that this program wrote.
func (r *reader) ownThreat(t *format.Threat, own *format.Node) {
	name := t.ID
	if at := own.Own("at"); at != "system" {
		if t.At = []string{r.wanted[at]}; t.At[0] == "" {
			r.d.Report.Omit(t.Node, "it stands at %s, which the format does not carry", format.Clip(at))
			r.d.Threats = r.d.Threats[:len(r.d.Threats)-1]
			delete(r.threats, name)
			return
		}
	}
	t.Says = unmarked(t.Says, own)
	t.Described(own, asset)
	t.Decision(own)
}

// unmarked is a text without what this program wrote after it, if that still
// begins it.
func unmarked(text string, own *format.Node) string {
	if says := own.Own("says"); strings.HasPrefix(text, says) {
		return says
	}
	return text
}

// levels are bands of risks as severities; the form has six.
var levels = map[string]ssf.Level{"very_low": ssf.Low, "low": ssf.Low, "medium": ssf.Medium, "high": ssf.High, "very_high": ssf.Critical, "critical": ssf.Critical}

// risk reads what its threats come to together. Each of them has its level, if no
// other risk has a greater.
func (r *reader) risk(n *format.Node) {
	title := cmp.Or(oneLine(n.Text("title")), n.Text("symbolic_name"))
	level, known := levels[n.Text("level")]
	if word := n.Text("level"); word != "" && !known {
		r.d.Report.Drop(n.At("level"), "the form has no level %s", format.Clip(word))
	}
	r.count.risks++
	names := words(n, "threats")
	if r.own != nil {
		n.See()
		return
	}
	said := title
	for _, k := range []string{"likelihood", "impact", "score", "level"} {
		if v := n.Text(k); v != "" {
			said += ", " + k + " " + v
		}
	}
	for _, k := range []string{"description", "impact_description"} {
		if v := n.Text(k); v != "" {
			said += "; " + strings.TrimRight(v, ". ")
		}
	}
	found := false
	for _, name := range names {
		t := r.threats[name]
		if t == nil {
			r.d.Report.Drop(n, "the risk has threat %s, which the file does not have", format.Clip(name))
			continue
		}
		found = true
		t.Says = line(t.Says, "Part of the risk", said)
		if level > t.Severity {
			t.Severity = level
			r.d.Report.Guess(n.At("level"), "%s is taken as severe as the risk that it is part of: %s", format.Clip(t.Name), level)
		}
	}
	if !found {
		r.d.Report.Omit(n, "a risk without any threat: %s", format.Clip(title))
	}
}

// control reads a control. One that is only assumed is there according to nobody.
func (r *reader) control(n *format.Node) {
	name := n.Text("symbolic_name")
	m := &format.Mitigation{Node: n, Key: fmt.Sprint(len(r.d.Mitigations)), ID: name, Name: oneLine(n.Text("title")), Says: n.Text("description")}
	status, priority, names := n.Text("status"), n.Text("priority"), words(n, "threats")
	a, b := n.Text("trust_boundary", "trust_zone_a"), n.Text("trust_boundary", "trust_zone_b")
	own := r.said[key("controls", name)]
	switch status {
	case "active":
		m.State = "implemented"
	case "approved", "scheduled":
		m.State = "planned"
	case "suggested", "under_review":
		m.State = "proposed"
	case "assumed":
		if m.State = "proposed"; own.Own("state") == "implemented" {
			m.State = "implemented"
		} else {
			r.d.Report.Guess(n.At("status"), "%s is assumed to be there, and nobody says that it is; it is taken as proposed", format.Clip(m.Name))
		}
	case "retired", "wont_do":
		r.d.Report.Omit(n, "a control that is %s: %s", strings.ReplaceAll(status, "_", " "), format.Clip(m.Name))
		r.count.controls++
		return
	case "":
	default:
		r.d.Report.Drop(n.At("status"), "the form has no status %s of controls", format.Clip(status))
	}
	if own.Own("id") != "" {
		m.Want, m.ID, m.Says = ssf.ID(own.Own("id")), own.Own("from_tool"), unmarked(m.Says, own)
	} else {
		m.Says = line(m.Says, "Priority", priority)
		if a != "" || b != "" {
			m.Says = line(m.Says, "At the boundary of", a+" and "+b)
		}
	}
	r.d.Mitigations = append(r.d.Mitigations, m)
	for _, name := range names {
		if t := r.threats[name]; t != nil {
			t.Mitigated = append(t.Mitigated, m.Key)
		} else if r.own == nil {
			r.d.Report.Drop(n.At("threats"), "the control counters %s, which the file does not have", format.Clip(name))
		}
	}
}

func (r *reader) assumption(n *format.Node) {
	says, validity, topics := n.Text("description"), n.Text("validity"), words(n, "topics")
	if validity == "rejected" && r.own == nil {
		r.d.Report.Omit(n, "an assumption that was rejected: %s", format.Clip(says))
		r.count.assumptions++
		return
	}
	a := &format.Assumption{Node: n, Says: says}
	if r.own != nil && len(topics) == 1 {
		own := r.said[key("assumptions", topics[0])]
		if own.Own("id") != "" {
			a.Want, a.Says, a.Owner = ssf.ID(own.Own("id")), unmarked(says, own), own.Own("owner")
			r.d.Assumptions = append(r.d.Assumptions, a)
			return
		}
	}
	if validity == "confirmed" {
		a.Says = line(a.Says, "Validity", "confirmed in the source")
	}
	a.Says = line(a.Says, "About", strings.Join(topics, ", "))
	r.d.Assumptions = append(r.d.Assumptions, a)
}
