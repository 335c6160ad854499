// Package otm reads and writes Open Threat Model files, version 0.1 and 0.2, in
// YAML or JSON. See docs/formats/open-threat-model.md for what becomes of each
// part, and the format's own specification at
// https://github.com/iriusrisk/OpenThreatModel.
package otm

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the Open Threat Model.
var Format = format.Format{
	Name:  "otm",
	Title: "Open Threat Model",
	Is:    func(n *format.Node) bool { return n.Has("otmVersion") },
	Read:  read,
	Write: write,
	Loses: loses,
}

// reader reads one model.
type reader struct {
	src     *format.Source
	d       *format.Draft
	parents map[*format.Element]*format.Node
	defs    map[string]*format.Node         // threats by id
	threat  map[*format.Node]*format.Threat // what was read of them
	stated  map[*format.Node]bool           // mitigations that stand somewhere
	means   map[string]*format.Node         // mitigations by id
	keys    map[inState]string
	carried map[string]map[string]bool // by the key of a component: the assets on its flows
	outside map[string]bool            // ids of zones that stand for none
	zones   map[*format.Element]string // of components, once it is known
}

func read(src *format.Source) (*format.Draft, error) {
	root := src.Root
	project := root.At("project")
	if project == nil || project.Kind != format.Map {
		at := root
		if project != nil {
			at = project
		}
		return nil, format.Refuse(at, "", "there is no object `project`, which each Open Threat Model has")
	}
	r := &reader{
		src: src, d: format.NewDraft(src, "Open Threat Model "+root.Text("otmVersion")),
		parents: map[*format.Element]*format.Node{}, defs: map[string]*format.Node{}, threat: map[*format.Node]*format.Threat{}, stated: map[*format.Node]bool{}, means: map[string]*format.Node{}, keys: map[inState]string{},
		carried: map[string]map[string]bool{}, outside: map[string]bool{}, zones: map[*format.Element]string{},
	}
	r.project(project)
	for _, n := range r.each(root, "assets") {
		r.asset(n)
	}
	r.d.Unnamed = len(r.d.Elements) == 0 // tools that draw from code name no data, and flows carry some all the same
	for _, n := range r.each(root, "trustZones", "trustzones") {
		r.zone(n)
	}
	defs, means := r.each(root, "threats"), r.each(root, "mitigations")
	for _, n := range defs {
		r.index(r.defs, n)
	}
	for _, n := range means {
		r.index(r.means, n)
	}
	components := r.each(root, "components")
	var parts []*format.Element
	for _, n := range components {
		parts = append(parts, r.component(n))
	}
	r.place()
	var flows []*format.Element
	dataflows := r.each(root, "dataflows", "dataFlows")
	for _, n := range dataflows {
		flows = append(flows, r.flow(n))
	}
	for i, n := range components {
		r.processed(n, parts[i])
		r.threats(n, parts[i])
	}
	for i, n := range dataflows {
		r.threats(n, flows[i])
	}
	for _, n := range defs {
		r.alone(n)
	}
	for _, n := range means {
		if !r.stated[n] {
			state, _ := r.state(n.At("attributes", "ssf:state"))
			r.mitigation(n, state)
		}
	}
	pictures := r.each(root, "representations")
	for _, n := range pictures {
		for _, key := range []string{"id", "name", "type", "size"} {
			n.At(key).See()
		}
	}
	r.d.Report.Counted("representations", len(pictures), 0)
	return r.d, nil
}

// each are the objects in the list at the first of some keys that is there.
func (r *reader) each(n *format.Node, keys ...string) (out []*format.Node) {
	for _, key := range keys {
		if !n.At(key).Holds() {
			continue
		}
		for _, k := range n.All(key) {
			if k.Kind != format.Map {
				r.d.Report.Omit(k, "an entry of %s is an object, and this is %s", key, k.Kind)
				continue
			}
			out = append(out, k)
		}
		return out
	}
	return nil
}

// index takes in a threat or mitigation by its id.
func (r *reader) index(defs map[string]*format.Node, n *format.Node) {
	id := n.Text("id")
	if first := defs[id]; first != nil {
		r.d.Report.Guess(n, "the id %s is used before, at %s; what refers to it is taken to mean that one", format.Clip(id), first.Path())
		return
	}
	defs[id] = n
}

func (r *reader) project(n *format.Node) {
	s := &r.d.System
	s.Name, s.Says = n.Text("name"), n.Text("description")
	if id := n.Text("id"); id != "" && id != format.Slug(s.Name) {
		r.d.Report.Drop(n.At("id"), "the project's id in the tool: %s", format.Clip(id))
	}
	owner, contact, own := n.Text("owner"), n.Text("ownerContact"), n.At("attributes")
	if own.Own("system") != "" {
		s.Supplier, s.Contact, owner, contact = owner, contact, "", ""
		s.Version, s.Purpose, s.SupportUntil = own.Own("version"), own.Own("purpose"), own.Own("support_until")
		for _, line := range strings.Split(own.Own("misuse"), "\n") {
			if line = strings.TrimSpace(line); line != "" && !slices.Contains(s.Misuse, line) {
				s.Misuse = append(s.Misuse, line)
			}
		}
		facts := &format.Element{Sort: ssf.SortSystem}
		facts.Described(own, key("asset"))
		s.Facts = facts.Facts
	}
	if owner != "" {
		s.Says = line(s.Says, "Owner of the threat model: "+owner+".")
	}
	if contact != "" {
		s.Says = line(s.Says, "How to reach the owner: "+contact+".")
	}
	for _, t := range n.All("tags") {
		r.d.Report.Omit(t, "a label of the project: %s", format.Clip(t.Text()))
	}
}

// key makes the keys of one sort: ids are unique within it at best.
func key(sort string) func(ssf.ID) string {
	return func(id ssf.ID) string { return sort + " " + string(id) }
}

// line is a text with one more line.
func line(text, more string) string { return strings.TrimSpace(text + "\n" + more) }

// element reads what all have, and adds it.
func (r *reader) element(n *format.Node, prefix string, sort ssf.Sort) (e *format.Element, ours bool) {
	id := n.Text("id")
	e = &format.Element{Node: n, Sort: sort, ID: id, Name: oneLine(n.Text("name")), Says: n.Text("description")}
	if id != "" {
		e.Key = key(prefix)(ssf.ID(id))
	}
	ours = e.Described(n.At("attributes"), key("asset"))
	for _, x := range r.each(n, "representations") {
		for _, key := range []string{"representation", "id", "name", "position", "size"} {
			x.At(key).See()
		}
	}
	return r.d.Add(e), ours
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// percent reads a number from 0 to 100.
func (r *reader) percent(n *format.Node, key string) (v float64, ok bool) {
	at := n.At(key)
	if !at.Holds() {
		return 0, false
	}
	if v, ok = at.Number(); !ok || v < 0 || v > 100 {
		r.d.Report.Omit(at, "%s is a number from 0 to 100, and this is %s", key, format.Clip(cmp.Or(at.Text(), at.Kind.String())))
		return 0, false
	}
	return v, true
}

// five are the levels of a number from 0 to 100, and three those of a likelihood.
func five(v float64) ssf.Level {
	for i, limit := range []float64{0, 25, 50, 75} {
		if v <= limit {
			return ssf.None + ssf.Level(i)
		}
	}
	return ssf.Critical
}

func three(v float64) ssf.Level {
	switch {
	case v <= 100.0/3:
		return ssf.Low
	case v <= 200.0/3:
		return ssf.Medium
	}
	return ssf.High
}

// number is a level as a number from 0 to 100; an unknown one ranks as the worst.
func number(l ssf.Level) int { return 25 * int(l.Worst()-ssf.None) }

var properties = []ssf.Property{ssf.Confidentiality, ssf.Integrity, ssf.Availability}

// asset reads an asset. Zero for all three is what a tool writes where nobody rated.
func (r *reader) asset(n *format.Node) {
	e, ours := r.element(n, "asset", ssf.SortAsset)
	risk, own := n.At("risk"), n.At("attributes")
	if c := risk.Text("comment"); c != "" && !ours {
		e.Says = line(e.Says, "On its risk: "+c)
	}
	rated := map[ssf.Property]float64{}
	zero := true
	for _, p := range properties {
		if v, ok := r.percent(risk, string(p)); ok {
			rated[p], zero = v, zero && v == 0
		}
	}
	if zero && len(rated) > 0 && !ours {
		r.d.Report.Drop(risk, "all risks of %s are 0, which says that nobody rated them", format.Clip(e.Name))
		return
	}
	for _, p := range properties {
		v, ok := rated[p]
		was, _ := ssf.ParseLevel(own.Own("need:" + string(p)))
		if !ok || ours && v == float64(number(was)) {
			continue
		}
		e.Need(p, five(v))
		r.d.Report.Guess(risk.At(string(p)), "%v of 100 is taken as the need %s of %s", v, five(v), format.Clip(e.Name))
	}
}

// zone reads a trust zone. What a rating of trust means is said nowhere, but for
// none at all.
func (r *reader) zone(n *format.Node) {
	if n.At("attributes").Own("outside") != "" {
		n.See()
		r.outside[n.Text("id")] = true
		return
	}
	e, ours := r.element(n, "zone", ssf.SortZone)
	r.parents[e] = n.At("parent")
	kind := n.Text("type")
	v, ok := r.percent(n.At("risk"), "trustRating")
	if own := n.At("attributes"); ours {
		if was, _ := ssf.ParseLevel(own.Own("fact:trust")); ok && int(v) == trust(was) {
			return
		}
		e.Facts = slices.DeleteFunc(e.Facts, func(f format.Fact) bool { return f.Name == "trust" })
	}
	switch {
	case ok && v == 0:
		e.Fact(n.At("risk"), "trust", "none")
		r.d.Report.Guess(n.At("risk"), "a trust rating of 0 is taken as trust none of %s", format.Clip(e.Name))
	case kind == "internet":
		e.Fact(n.At("type"), "trust", "none")
		r.d.Report.Guess(n.At("type"), "zone %s is taken to have trust none, because it is of the type internet", format.Clip(e.Name))
	default:
		r.d.GuessTrust(e)
		if kind != "" {
			e.Says = line(e.Says, "Type: "+kind+".")
		}
	}
	if ok && v != 0 {
		e.Says = line(e.Says, fmt.Sprintf("Trust rating: %v of 100.", v))
	}
}

// component reads a component, or an actor: the format has no sort of its own for those.
func (r *reader) component(n *format.Node) *format.Element {
	word := n.Text("type")
	t, known := types[format.Squeeze(word)]
	sort := ssf.SortComponent
	people := word == "generic-client" && who(n.Text("name"))
	if t.actor || people {
		sort = ssf.SortActor
	}
	e, ours := r.element(n, "part", sort)
	r.parents[e] = n.At("parent")
	if people {
		r.d.Report.Guess(n.At("type"), "%s is taken to be an actor, because it is a client with the name of a person's role or of a network", format.Clip(e.Name))
	}
	if sort == ssf.SortComponent {
		switch {
		case known:
			e.Kind = t.kind
			if t.tech != "" {
				e.Tech = append(e.Tech, t.tech)
			}
		case r.src.IsKind(ssf.ID(word)):
			e.Kind = ssf.ID(word)
		default:
			if kind, by := r.src.GuessKind(word, ""); kind != "" {
				e.Kind = kind
				r.d.Report.Guess(n.At("type"), "%s is taken to be a %s, because its type says %q", format.Clip(e.Name), kind, by)
			} else if word != "" {
				e.Says = line(e.Says, "Type: "+word+".")
			}
			for _, x := range r.src.GuessTech(word) {
				r.d.Report.Guess(n.At("type"), "%s is taken to be made with %s, because its type says so", format.Clip(e.Name), x)
				e.Tech = append(e.Tech, x)
			}
		}
	}
	for _, tag := range n.All("tags") {
		tech := r.src.Tech(tag.Text())
		switch {
		case !tag.Holds():
		case sort != ssf.SortComponent || tech == "":
			r.d.Report.Omit(tag, "a label of %s: %s", ssf.Article(string(sort)), format.Clip(tag.Text()))
		default:
			if tag.See(); !ours {
				r.d.Report.Guess(tag, "%s is taken to be made with %s, because of its tag", format.Clip(e.Name), tech)
			}
			e.Tech = append(e.Tech, tech)
		}
	}
	if sort == ssf.SortComponent && !ours {
		r.src.Guess(r.d, e)
	}
	for _, a := range n.At("assets").All("stored") {
		if id := a.Text(); id != "" && sort == ssf.SortComponent {
			a.See()
			e.Stores = append(e.Stores, r.asKey("asset", id))
		}
	}
	return e
}

// asKey is the key of the thing with an id if there is one, else the id, which
// messages then show.
func (r *reader) asKey(prefix, id string) string {
	if k := key(prefix)(ssf.ID(id)); r.d.Find(k) != nil {
		return k
	}
	return id
}

// place puts everything into its zone. A component inside another stands in that
// one's zone, because our language has no components inside components.
func (r *reader) place() {
	for _, e := range r.d.Elements {
		parent := r.parents[e]
		if parent == nil {
			continue
		}
		zone, part := parentOf(parent)
		switch {
		case zone != "":
			if !r.outside[zone] {
				e.Zone = r.asKey("zone", zone)
			}
		case part != "" && e.Sort == ssf.SortZone:
			r.d.Report.Drop(parent, "zone %s lies in component %s, and a zone lies in zones only", format.Clip(e.Name), format.Clip(part))
		case part != "":
			e.Zone = r.zoneOf(e)
			if up := r.d.Find(key("part")(ssf.ID(part))); up != nil {
				e.Says = line(e.Says, "Part of "+cmp.Or(up.Name, up.ID)+".")
			} else {
				r.d.Report.Drop(parent, "%s is part of %s, which the file does not have", format.Clip(e.Name), format.Clip(part))
			}
		}
	}
}

// parentOf is the zone or component that a parent names; version 0.1 has it as id and type.
func parentOf(n *format.Node) (zone, component string) {
	if id := n.Text("id"); id != "" {
		if format.Squeeze(n.Text("type")) == "component" {
			return "", id
		}
		return id, ""
	}
	return n.Text("trustZone"), n.Text("component")
}

// zoneOf is the key of the zone in which the outermost component around one is.
func (r *reader) zoneOf(e *format.Element) string {
	var inside []*format.Element
	found := ""
	for seen := map[*format.Element]bool{}; e != nil && !seen[e]; {
		if z, ok := r.zones[e]; ok {
			found = z
			break
		}
		seen[e], inside = true, append(inside, e)
		zone, part := parentOf(r.parents[e])
		if zone != "" {
			if !r.outside[zone] {
				found = r.asKey("zone", zone)
			}
			break
		}
		e = r.d.Find(key("part")(ssf.ID(part)))
	}
	for _, x := range inside {
		r.zones[x] = found
	}
	return found
}

// flow reads a data flow. Of one in both directions the format does not say what
// goes which way.
func (r *reader) flow(n *format.Node) *format.Element {
	e, ours := r.element(n, "flow", ssf.SortFlow)
	back := e.Returns
	sent := e.Sends
	e.Sends, e.Returns = nil, nil
	e.From, e.To = r.asKey("part", n.Text("source")), r.asKey("part", cmp.Or(n.Text("destination"), n.Text("target")))
	for _, a := range n.All("assets") {
		id := a.Text()
		if id == "" {
			continue
		}
		a.See()
		k := r.asKey("asset", id)
		returned := slices.Contains(back, k)
		if returned {
			e.Returns = append(e.Returns, k)
		}
		if !returned || slices.Contains(sent, k) {
			e.Sends = append(e.Sends, k)
		}
	}
	for _, end := range []string{e.From, e.To} {
		if r.carried[end] == nil {
			r.carried[end] = map[string]bool{}
		}
		for _, k := range slices.Concat(e.Sends, e.Returns) {
			r.carried[end][k] = true
		}
	}
	both, _ := n.Bool("bidirectional")
	if both && len(e.Sends) > 0 && !ours {
		r.d.Report.Guess(n.At("bidirectional"), "what %s carries is taken to go from its source to its destination", format.Clip(cmp.Or(e.Name, e.ID)))
	}
	var over []ssf.ID
	for _, tag := range n.All("tags") {
		p := r.src.Protocol(tag.Text())
		if !ours && (p == "tcp" || p == "udp") {
			p = "" // there it is what carries the protocol, here one of the team's own making
		}
		if p != "" {
			tag.See()
			over = append(over, p)
		} else if tag.Holds() {
			r.d.Report.Omit(tag, "a label of a flow: %s", format.Clip(tag.Text()))
		}
	}
	switch {
	case len(over) == 1:
		if e.Over = over[0]; !ours {
			r.d.Report.Guess(n.At("tags"), "%s is taken to go over %s, because of its tag", format.Clip(cmp.Or(e.Name, e.ID)), e.Over)
		}
	case len(over) > 1:
		r.d.Report.Drop(n.At("tags"), "several tags are protocols (%s), and a flow has one; the text keeps them", ssf.Join(over))
		e.Says = line(e.Says, "Protocols: "+ssf.Join(over)+".")
	}
	return e
}

// processed reads what a component works with beside what it stores. Our
// language has that from flows and functions.
func (r *reader) processed(n *format.Node, e *format.Element) {
	handled := map[string]bool{}
	for _, k := range e.Stores {
		handled[k] = true
	}
	var names []string
	for _, a := range n.At("assets").All("processed") {
		id := a.Text()
		if id == "" {
			continue
		}
		a.See()
		if k := r.asKey("asset", id); !handled[k] && !r.carried[e.Key][k] {
			name := id
			if x := r.d.Find(k); x != nil {
				name = cmp.Or(x.Name, id)
			}
			names = append(names, name)
		}
	}
	if len(names) > 0 && n.At("attributes").Own("id") == "" {
		r.d.Report.Drop(n.At("assets", "processed"), "%s works with %s, which no flow brings to it; the text keeps that", format.Clip(e.Name), format.Clip(strings.Join(names, ", ")))
		e.Says = line(e.Says, "Works with: "+strings.Join(names, ", ")+".")
	}
}

var cweID = regexp.MustCompile(`^(?i)(?:cwe)?[-_ ]?0*([0-9]{1,4})$`)

// weakness is a CWE id, however it is spelled; empty if it is none.
func weakness(s string) string {
	if m := cweID.FindStringSubmatch(strings.TrimSpace(s)); m != nil {
		return "CWE-" + m[1]
	}
	return ""
}

// who reports whether a client has the name of people or of a network, such as
// 0.0.0.0/0: whoever has an address in it.
func who(name string) bool { return persons.MatchString(name) || network.MatchString(name) }

var network = regexp.MustCompile(`^([0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}|[0-9a-fA-F:]*::[0-9a-fA-F:]*/[0-9]{1,3})$`)

// persons are words for people in the names of clients.
var persons = regexp.MustCompile(`(?i)\b(users?|customers?|visitors?|administrators?|admins?|employees?|people|person|public|attackers?|operators?|developers?)$`)
