package cyclonedx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// readable are the versions that are read; of 2.0 there is only a draft yet, which
// calls the field for the form otherwise.
var readable = []string{"1.4", "1.5", "1.6", "1.7", "2.0"}

// is reports whether a document is CycloneDX, in JSON or in XML.
func is(n *format.Node) bool {
	for _, key := range []string{"bomFormat", "specFormat"} {
		if n.Has(key) && n.Text(key) == "CycloneDX" {
			return true
		}
	}
	return isXML(n)
}

func isXML(n *format.Node) bool {
	if !n.Has("bom") {
		return false
	}
	for _, key := range []string{"metadata", "components", "services", "vulnerabilities"} {
		if n.At("bom").Has(key) {
			return true
		}
	}
	return false
}

// A reader makes a draft of one bill of materials.
type reader struct {
	src    *format.Source
	d      *format.Draft
	serial string // its UUID, by which BOM-Links mean it
	own    bool   // this program wrote it

	product   string                  // bom-ref of what it is about
	parts     map[string]*format.Node // bom-ref -> what is built in and no element
	zones     map[string]string       // name -> key
	assets    map[string]string       // name -> key
	endpoints map[string]string       // URL -> key of its service
	flows     map[[2]string]*format.Element
	patterns  map[string]string // bom-ref of an attack pattern -> CAPEC id
	profiles  map[string]string // bom-ref of a data profile -> key of the asset

	// Of our own file, by the ids of threats of the library.
	counters map[string][]string         // keys of mitigations
	joined   map[string][]*format.Threat // the team's own that are the same
}

func read(src *format.Source) (*format.Draft, error) {
	root := src.Root
	if isXML(root) {
		return nil, format.Refuse(root.At("bom"), "write it as JSON, such as with `cyclonedx convert --output-format json`", "this is CycloneDX in XML, and only its JSON form is read")
	}
	at := root.At("specVersion")
	if !slices.Contains(readable, at.Text()) {
		if at == nil {
			at = root
		}
		return nil, format.Refuse(at, "convert it, such as with `cyclonedx convert --output-version v1_6`", "this is CycloneDX of version %q, and the versions that are read are %s", format.Clip(root.Text("specVersion")), ssf.Join(readable))
	}
	r := &reader{
		src: src, d: format.NewDraft(src, toolOf(root)),
		serial: strings.TrimPrefix(root.Text("serialNumber"), "urn:uuid:"),
		parts:  map[string]*format.Node{}, zones: map[string]string{}, assets: map[string]string{}, endpoints: map[string]string{},
		flows: map[[2]string]*format.Element{}, patterns: map[string]string{}, profiles: map[string]string{}, counters: map[string][]string{}, joined: map[string][]*format.Threat{},
	}
	for _, key := range []string{"$schema", "version"} {
		root.At(key).See()
	}
	root.At("metadata", "timestamp").See()
	r.system(root.At("metadata"))
	blueprints := root.All("blueprints")
	if len(blueprints) > 0 {
		r.index(root.All("components"))
	} else {
		r.components(root.All("components"))
	}
	services := r.services(root.All("services"))
	if r.own {
		r.described(root.At("metadata", "properties"))
	} else {
		for _, s := range services {
			r.data(s)
		}
		r.authenticate()
	}
	for _, b := range blueprints {
		r.blueprint(b)
	}
	r.controls(root.All("controls"))
	r.threats(root.At("threats"))
	r.vulnerabilities(root.All("vulnerabilities"))
	r.declared(root)
	if n := root.At("dependencies"); n.Holds() && !r.own {
		r.d.Report.Omit(n, "that one part depends on another does not say that data flow between them")
	}
	if n := root.Any("signature", "signatures"); n.Holds() {
		r.d.Report.Omit(n, "the signature is of the file, not of what is taken from it")
	}
	if r.own {
		for _, key := range []string{"dependencies", "compositions"} {
			root.At(key).See()
		}
	}
	return r.d, nil
}

// toolOf is the tool that wrote a file: the first that it names.
func toolOf(root *format.Node) string {
	tools := root.At("metadata", "tools")
	list := tools.Entries()
	if tools != nil && tools.Kind == format.Map {
		list = append(tools.All("components"), tools.All("services")...)
	}
	for _, t := range list {
		if name := t.Text("name"); name != "" {
			t.At("type").See()
			return name + " " + t.Text("version")
		}
	}
	return "CycloneDX " + root.Text("specVersion")
}

func (r *reader) system(m *format.Node) {
	c := m.At("component")
	r.product = c.Text("bom-ref")
	r.own = r.product == productRef && len(properties(c)["reach"]) > 0
	c.At("type").See()
	s := &r.d.System
	s.Name, s.Version = c.Text("name"), c.Text("version")
	for _, n := range []*format.Node{c.At("supplier"), c.At("manufacturer"), m.At("supplier"), m.At("manufacturer")} {
		s.Supplier = cmp.Or(s.Supplier, n.Text("name"))
		for _, who := range n.All("contact") {
			s.Contact = cmp.Or(s.Contact, who.Text("email"), who.Text("name"))
		}
	}
	if !r.own {
		s.Says = c.Text("description")
		r.components(c.All("components"))
		return
	}
	s.Purpose = c.Text("description")
	ps := properties(c)
	for _, p := range ps["misuse"] {
		s.Misuse = append(s.Misuse, p.Text("value"))
	}
	s.Facts = facts(ps, "")
	c.At("properties").See()
}

// properties are the properties of our namespace that an object has, by their names
// without it.
func properties(n *format.Node) map[string][]*format.Node {
	out := map[string][]*format.Node{}
	for _, p := range n.All("properties") {
		if name, ok := strings.CutPrefix(p.Text("name"), "ssf:"); ok {
			out[name] = append(out[name], p)
		}
	}
	return out
}

// first is the first value of a property.
func first(ps map[string][]*format.Node, name string) string {
	for _, p := range ps[name] {
		return p.Text("value")
	}
	return ""
}

// values are all values of a property.
func values(ps map[string][]*format.Node, name string) (out []string) {
	for _, p := range ps[name] {
		out = append(out, p.Text("value"))
	}
	return out
}

// facts are the declared facts among properties, in the order of their places.
func facts(ps map[string][]*format.Node, prefix string) (out []format.Fact) {
	for name, list := range ps {
		if fact, ok := strings.CutPrefix(name, prefix+"fact:"); ok {
			out = append(out, format.Fact{Name: ssf.ID(fact), Value: ssf.Value(list[0].Text("value")), Node: list[0]})
		}
	}
	slices.SortFunc(out, func(a, b format.Fact) int {
		return cmp.Or(a.Node.Pos().Compare(b.Node.Pos()), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// key is by what others refer to an object.
func key(n *format.Node) string { return cmp.Or(n.Text("bom-ref"), n.Path()) }

// element begins an element of an object that has a name and a description.
func (r *reader) element(n *format.Node, sort ssf.Sort) *format.Element {
	e := &format.Element{Node: n, Sort: sort, Key: key(n), Name: n.Text("name"), Says: n.Text("description")}
	if e.ID = n.Text("bom-ref"); r.own {
		e.ID = first(properties(n), "from_tool")
	}
	return e
}

// builtIn are the types of component that a product is built of, and that are no
// parts of its architecture by themselves.
var builtIn = map[string]bool{"library": true, "framework": true, "file": true, "cryptographic-asset": true, "device-driver": true, "operating-system": true}

// typeKinds are the kinds that types of component tell.
var typeKinds = map[string]ssf.ID{"device": "device", "firmware": "firmware", "container": "container", "machine-learning-model": "ai_model"}

// components reads the components that run or keep something. Those that are only
// built in are counted and left out: the place for them is the list itself.
func (r *reader) components(list []*format.Node) {
	out := 0
	var at *format.Node
	for _, n := range list {
		switch t := n.Text("type"); {
		case n.Kind != format.Map:
		case t == "data":
			r.asset(n)
		case builtIn[t] && !r.own:
			r.index([]*format.Node{n})
			at, out = cmp.Or(at, n), out+1
			n.See()
		default:
			e := r.element(n, ssf.SortComponent)
			r.part(e, typeKinds[t])
			r.d.Add(e)
			r.components(n.All("components"))
		}
	}
	if out > 0 {
		r.drop(at, out, "libraries, frameworks and files are what is built in, not parts of the architecture")
	}
}

// part sets what is said of a component or service beside its name.
func (r *reader) part(e *format.Element, kind ssf.ID) {
	e.Kind = kind
	if !r.own {
		return
	}
	ps := properties(e.Node)
	e.Kind = ssf.ID(first(ps, "kind"))
	if zone := first(ps, "zone"); zone != "" {
		e.Zone = r.zone(e.Node, zone)
	}
	for _, t := range values(ps, "tech") {
		e.Tech = append(e.Tech, ssf.ID(t))
	}
	e.Stores = values(ps, "stores")
	e.Facts = facts(ps, "")
}

// index keeps the names of components that are no elements, for what refers to them.
func (r *reader) index(list []*format.Node) {
	for _, n := range list {
		if ref := n.Text("bom-ref"); ref != "" {
			r.parts[ref] = n
		}
		r.index(n.All("components"))
	}
}

// zone is the key of a zone by its name.
func (r *reader) zone(at *format.Node, name string) string {
	k, ok := r.zones[name]
	if !ok {
		k = "zone " + name
		r.zones[name] = k
		e := r.d.Add(&format.Element{Node: at, Key: k, Sort: ssf.SortZone, Name: name})
		if !r.own {
			r.d.GuessTrust(e)
		}
	}
	return k
}

// asset reads a component that is data.
func (r *reader) asset(n *format.Node) {
	e := r.element(n, ssf.SortAsset)
	for _, c := range n.All("data") {
		c.At("type").See()
		c.At("name").See()
		r.classify(e, c.At("classification"))
	}
	if r.own {
		e.Facts = facts(properties(n), "")
	}
	r.d.Add(e)
	if _, ok := r.assets[e.Name]; !ok {
		r.assets[e.Name] = e.Key
	}
}

// classes are words by which data are classified, as needs for confidentiality.
var classes = map[string]ssf.Level{
	"public": ssf.None, "open": ssf.None, "unrestricted": ssf.None, "internal": ssf.Medium, "internaluse": ssf.Medium, "internalonly": ssf.Medium, "private": ssf.High, "sensitive": ssf.High,
	"confidential": ssf.High, "restricted": ssf.Critical, "secret": ssf.Critical, "topsecret": ssf.Critical, "highlyconfidential": ssf.Critical, "strictlyconfidential": ssf.Critical,
}

// personal are words for data about people.
var personal = map[string]bool{"pii": true, "phi": true, "personal": true, "personaldata": true, "personallyidentifiableinformation": true, "gdpr": true}

// classify takes from a classification what an asset needs.
func (r *reader) classify(e *format.Element, at *format.Node) {
	text := at.Text()
	if e.Needs == nil {
		e.Needs = map[ssf.Property]ssf.Level{}
	}
	for _, part := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == ';' || c == '/' }) {
		part = strings.TrimSpace(part)
		word := format.Squeeze(part)
		name, of, _ := strings.Cut(part, " ")
		need, known := ssf.ParseLevel(of)
		level, classed := classes[word]
		rated, rating := format.ParseSeverity(part)
		switch p := ssf.Property(name); {
		case known && slices.Contains(ssf.AssetProperties, p):
			e.Needs[p] = need
		case personal[word]:
			e.Fact(at, "personal", ssf.Yes)
		case !classed && (!rating || rated == ssf.Unknown):
			if word != "" && word != "unknown" {
				r.d.Report.Drop(at, "the classification %q says nothing that an asset can need here", format.Clip(part))
			}
		default:
			if !classed {
				level = rated
			}
			if _, ok := e.Needs[ssf.Confidentiality]; !ok || level > e.Needs[ssf.Confidentiality] {
				e.Needs[ssf.Confidentiality] = level
			}
			r.d.Report.Guess(at, "the classification %q is taken as the need for confidentiality %s", format.Clip(part), level)
		}
	}
}

// services reads services and those behind them.
func (r *reader) services(list []*format.Node) (out []*format.Element) {
	for _, n := range list {
		if n.Kind != format.Map {
			continue
		}
		e := r.element(n, ssf.SortComponent)
		r.part(e, "")
		if zone := n.Text("trustZone"); zone != "" {
			e.Zone = r.zone(n.At("trustZone"), zone)
		}
		if at := n.At("x-trust-boundary"); r.own {
			at.See()
			n.At("data").See()
			n.At("authenticated").See()
		} else if at.Holds() && e.Zone == "" {
			r.d.Report.Drop(at, "that its use crosses a trust boundary follows here from zones, and it is in none")
		}
		r.d.Add(e)
		for _, u := range n.All("endpoints") {
			if _, ok := r.endpoints[u.Text()]; !ok {
				r.endpoints[u.Text()] = e.Key
			}
		}
		out = append(append(out, e), r.services(n.All("services"))...)
	}
	return out
}

// find is the key of what a bom-ref, BOM-Link or URL means; empty if it is nothing
// in this file.
func (r *reader) find(ref string) string {
	if rest, ok := strings.CutPrefix(ref, "urn:cdx:"); ok {
		serial, rest, _ := strings.Cut(rest, "/")
		_, fragment, found := strings.Cut(rest, "#")
		if !found || r.serial == "" || serial != r.serial {
			return ""
		}
		ref = unescape(fragment)
	}
	if r.d.Find(ref) != nil {
		return ref
	}
	return r.endpoints[ref]
}

// unescape is a text without percent-encoding.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// data makes flows and assets of the data of a service. Only what names the other
// end in this file is a flow; both ends may tell of the same one.
func (r *reader) data(e *format.Element) {
	for _, n := range e.Node.All("data") {
		name := cmp.Or(n.Text("name"), n.Text("classification"))
		asset := ""
		if name != "" {
			asset = r.dataNamed(n, name)
		}
		sources, destinations := n.All("source"), n.All("destination")
		direction := n.Text("flow")
		switch {
		case len(sources)+len(destinations) == 0:
			r.d.Report.Omit(n, "data of %s, with no source or destination, are no flow", format.Clip(e.Name))
		case direction == "unknown" || direction == "":
			r.d.Report.Omit(n, "data of %s, whose direction is not known, are no flow", format.Clip(e.Name))
		default:
			for _, at := range sources {
				r.flow(at, at.Text(), e.Key, asset, direction == "bi-directional")
			}
			for _, at := range destinations {
				r.flow(at, e.Key, at.Text(), asset, direction == "bi-directional")
			}
		}
	}
}

// authenticate says of flows what the services say to which they go.
func (r *reader) authenticate() {
	for _, e := range r.d.Elements {
		if e.Sort != ssf.SortFlow {
			continue
		}
		if to := r.d.Find(e.To, ssf.SortComponent); to != nil {
			if yes, known := to.Node.Bool("authenticated"); known {
				e.Fact(to.Node.At("authenticated"), "authenticated", boolean(yes))
			}
		}
	}
}

func boolean(yes bool) ssf.Value {
	if yes {
		return ssf.Yes
	}
	return ssf.No
}

// dataNamed is the key of the asset with a name, which a service's data have.
func (r *reader) dataNamed(n *format.Node, name string) string {
	k, ok := r.assets[name]
	if !ok {
		k = "data " + name
		r.assets[name] = k
		r.d.Add(&format.Element{Node: n, Key: k, Sort: ssf.SortAsset, Name: name, Says: n.Text("description")})
	}
	if e := r.d.Find(k); e != nil {
		r.classify(e, n.At("classification"))
	}
	return k
}

// flow adds what goes from one end to another.
func (r *reader) flow(at *format.Node, from, to, asset string, both bool) {
	a, b := r.find(from), r.find(to)
	if a == "" || b == "" {
		other := from
		if a != "" {
			other = to
		}
		r.d.Report.Drop(at, "%s is no component or service of this file, so there is no flow", format.Clip(other))
		return
	}
	f := r.flows[[2]string{a, b}]
	if f == nil {
		f = &format.Element{Node: at, Key: "flow " + at.Path(), Sort: ssf.SortFlow, From: a, To: b}
		for _, url := range r.d.Find(b).Node.All("endpoints") {
			scheme, _, ok := strings.Cut(url.Text(), "://")
			if p := r.src.Protocol(scheme); ok && p != "" && f.Over == "" {
				r.d.Report.Guess(url, "flows to %s are taken to be over %s, because of its endpoint", format.Clip(r.d.Find(b).Name), p)
				f.Over = p
			}
		}
		r.flows[[2]string{a, b}] = f
		r.d.Add(f)
	}
	if asset != "" {
		f.Sends = append(f.Sends, asset)
		if both {
			f.Returns = append(f.Returns, asset)
		}
	}
}

// described reads zones, actors, flows, functions, mitigations and joined threats as
// this program writes them, as properties of the whole.
func (r *reader) described(list *format.Node) {
	ps := map[string][]*format.Node{}
	for _, p := range list.Entries() {
		if name, ok := strings.CutPrefix(p.Text("name"), "ssf:"); ok {
			ps[name] = append(ps[name], p)
		}
	}
	each := func(sort string, do func(p *format.Node, id string, get func(string) []string, prefix string)) {
		for _, p := range ps[sort] {
			id := p.Text("value")
			prefix := sort + ":" + id + ":"
			do(p, id, func(k string) []string { return values(ps, prefix+k) }, prefix)
		}
	}
	one := func(vs []string) string {
		if len(vs) == 0 {
			return ""
		}
		return vs[0]
	}
	for _, sort := range []ssf.Sort{ssf.SortZone, ssf.SortActor, ssf.SortFlow, ssf.SortFunction} {
		each(string(sort), func(p *format.Node, id string, get func(string) []string, prefix string) {
			e := &format.Element{Node: p, Key: id, Sort: sort, Name: cmp.Or(one(get("name")), id), Says: one(get("says"))}
			if sort == ssf.SortZone {
				if found := r.d.Find(r.zones[id]); found != nil {
					e.Key = found.Key
					*found = *e
					e = found
				} else {
					e.Key = "zone " + id
					r.zones[id] = e.Key
				}
			}
			for _, zone := range append(get("in"), get("zone")...) {
				e.Zone = "zone " + zone
			}
			e.ID = one(get("from_tool"))
			e.From, e.To, e.Over = one(get("from")), one(get("to")), ssf.ID(one(get("over")))
			e.Sends, e.Returns, e.On = get("sends"), get("returns"), get("on")
			e.At, e.Does = one(get("at")), one(get("does"))
			e.Facts = facts(ps, prefix)
			if r.d.Find(e.Key) != e {
				r.d.Add(e)
			}
		})
	}
	each("mitigation", func(p *format.Node, id string, get func(string) []string, _ string) {
		m := &format.Mitigation{Node: p, Key: id, Name: cmp.Or(one(get("name")), id), Says: one(get("says")), State: one(get("state")), ID: one(get("from_tool"))}
		r.d.Mitigations = append(r.d.Mitigations, m)
		for _, threat := range get("counters") {
			r.counters[threat] = append(r.counters[threat], m.Key)
		}
	})
	each("threat", func(p *format.Node, id string, get func(string) []string, _ string) {
		t := &format.Threat{Node: p, Name: one(get("name")), Says: one(get("says")), ID: one(get("from_tool")), Attacks: get("attack"), Weaknesses: get("weakness")}
		if t.Name == t.Says {
			t.Name = strings.TrimPrefix(id, "own/")
		}
		t.At = r.placed(one(get("at")))
		for _, as := range get("same_as") {
			rule, _, _ := strings.Cut(as, "@")
			t.Same = append(t.Same, ssf.ID(rule))
			r.joined[as] = append(r.joined[as], t)
		}
		t.Severity, _ = ssf.ParseLevel(one(get("severity")))
		r.d.Threats = append(r.d.Threats, t)
	})
	list.See()
}
