// Package pytm reads the JSON that models of OWASP pytm write about themselves.
// See docs/formats/pytm.md for what becomes of each part.
package pytm

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of pytm's JSON.
var Format = format.Format{
	Name:  "pytm",
	Title: "OWASP pytm, its --json output",
	Is: func(n *format.Node) bool {
		if !n.Has("flows") || !n.Has("elements") && !n.Has("assets") && !n.Has("actors") {
			return false
		}
		if n.Has("threatsFile") || n.Has("onDuplicates") || n.Has("mergeResponses") {
			return true
		}
		for _, f := range n.At("flows").Entries() {
			return f.Has("source") && f.Has("sink")
		}
		return n.Has("boundaries")
	},
	Read: read,
}

// reader reads one model. pytm refers to things by their names.
type reader struct {
	src *format.Source
	d   *format.Draft

	data    map[string]*format.Element
	zones   map[string]*format.Element
	parts   map[string]*format.Element
	flows   map[string][]*format.Element
	called  map[string]bool // names to which flows lead
	stored  map[string]bool // names of data that its target stores
	newer   bool            // written since pytm has controls, which nobody's default of PUBLIC came before
	found   map[string]*format.Element
	claims  map[string]*format.Mitigation
	premise map[string]*format.Assumption
	private []private
}

// A private store is said to hold personal data.
type private struct {
	store *format.Element
	at    *format.Node
}

func read(src *format.Source) (*format.Draft, error) {
	root := src.Root
	r := &reader{
		src: src, d: format.NewDraft(src, "pytm"),
		data: map[string]*format.Element{}, zones: map[string]*format.Element{}, parts: map[string]*format.Element{}, flows: map[string][]*format.Element{},
		called: map[string]bool{}, stored: map[string]bool{}, found: map[string]*format.Element{}, claims: map[string]*format.Mitigation{}, premise: map[string]*format.Assumption{},
	}
	for _, key := range []string{"elements", "flows", "boundaries"} {
		if n := root.At(key); n != nil && n.Kind != format.List && n.Kind != format.Null {
			return nil, format.Refuse(n, "", "`%s` is %s, and the output of pytm has a list there", key, n.Kind)
		}
	}
	r.d.Unnamed = true // pytm asks nobody which data a flow carries
	s := &r.d.System
	s.Name, s.Says = root.Text("name"), root.Text("description")
	for _, key := range []string{"threatsFile", "isOrdered", "mergeResponses", "onDuplicates", "colormap", "ignoreUnused"} {
		root.At(key).See()
	}
	if n := root.At("threatsExcluded"); n.Holds() {
		r.d.Report.Omit(n, "threats that pytm was told to leave out: %s", format.Clip(list(n)))
	}
	parts := r.objects("elements")
	named := map[string]bool{}
	for _, n := range parts {
		named[n.Text("name")] = true
		r.newer = r.newer || n.Has("controls")
	}
	for _, key := range []string{"actors", "assets"} {
		for _, n := range r.objects(key) {
			if name := n.Text("name"); named[name] {
				n.See() // the same once more
			} else {
				named[name] = true
				parts = append(parts, n)
			}
		}
	}
	flows := r.objects("flows")
	for _, n := range flows {
		r.called[n.Text("sink")] = true
	}
	r.assets()
	r.boundaries()
	for _, n := range parts {
		r.part(n)
	}
	r.connections(flows)
	r.personal()
	for _, n := range root.All("assumptions") {
		r.assumption(n, nil)
	}
	r.findings()
	return r.d, nil
}

// objects are the entries of a list that are objects, as all should be.
func (r *reader) objects(key string) (out []*format.Node) {
	for _, n := range r.src.Root.All(key) {
		if n.Kind == format.Map {
			out = append(out, n)
		} else {
			r.d.Report.Omit(n, "an entry of `%s` is %s, and it should be an object", key, n.Kind)
		}
	}
	return out
}

// word is a word of one of pytm's enumerations, without its name: of
// `Classification.PUBLIC` the second.
func word(n *format.Node, key string) string {
	s := n.Text(key)
	return strings.ToUpper(s[strings.LastIndexByte(s, '.')+1:])
}

// list is a list of words as a text.
func list(n *format.Node) string {
	var ws []string
	for _, k := range n.Entries() {
		ws = append(ws, k.Text())
	}
	if n.Kind != format.List {
		return n.Text()
	}
	return strings.Join(ws, ", ")
}

func lines(ss ...string) string {
	return strings.Join(slices.DeleteFunc(ss, func(s string) bool { return s == "" }), "\n")
}

// derived are fields that pytm computes from others, or that only tell how a thing
// is drawn.
var derived = []string{"inputs", "outputs", "findings", "levels", "severity", "order", "uuid", "carriedBy", "processedBy", "is_drawn", "response", "isResponse", "responseTo", "overrides", "assumptions"}

// defaults are what pytm writes where nobody said anything, but for false, nothing
// and what is empty. They differ by class for some attributes.
var defaults = map[string][]string{
	"port": {"-1"}, "srcPort": {"-1"}, "dstPort": {"-1"}, "inScope": {"true"}, "isSQL": {"true"}, "codeType": {"Unmanaged"},
	"maxClassification": {"UNKNOWN"}, "minTLSVersion": {"NONE"}, "tlsVersion": {"NONE"}, "classification": {"UNKNOWN"}, "credentialsLife": {"NONE"}, "type": {"UNKNOWN"},
}

// isDefault reports whether an attribute says nothing.
func isDefault(n *format.Node, class string) bool {
	s := n.Text()
	switch {
	case n.Kind == format.Map || n.Kind == format.List:
		return len(n.Kids) == 0
	case s == "" || s == "false" || class == "Lambda" && n.Key == "onAWS" && s == "true":
		return true
	}
	return slices.ContainsFunc(defaults[n.Key], func(d string) bool { return s == d || strings.HasSuffix(s, "."+d) })
}

// attributes gives a text to each attribute that says something and that nothing
// else was made of; used are those of which something was.
func attributes(n *format.Node, class string, used ...string) string {
	var out []string
	used = append(used, "name", "description", "__class__", "inBoundary", "source", "sink", "inScope")
	for _, set := range []*format.Node{n, n.At("controls")} {
		for _, k := range set.Entries() {
			switch {
			case k.Key == "controls":
			case slices.Contains(derived, k.Key):
				if k.Key != "overrides" && k.Key != "assumptions" {
					k.See()
				}
			case slices.Contains(used, k.Key):
			case isDefault(k, class):
				k.See()
			case k.Kind == format.Map:
			case k.Kind == format.List:
				k.See()
				out = append(out, k.Key+" "+list(k))
			case k.Text() == "true":
				out = append(out, k.Key)
			default:
				out = append(out, k.Key+" "+k.Text())
			}
		}
	}
	if len(out) == 0 {
		return ""
	}
	slices.Sort(out)
	return "In pytm: " + strings.TrimRight(strings.Join(slices.Compact(out), "; "), ". ") + "."
}

// ticked reports whether an attribute is true; pytm has controls beside the other
// attributes, and had them among these.
func ticked(n *format.Node, key string) (at *format.Node, yes bool) {
	for _, set := range []*format.Node{n.At("controls"), n} {
		if yes, _ := set.Bool(key); yes {
			return set.At(key), true
		}
	}
	return nil, false
}

// classifications are pytm's classes of data as levels of need.
var classifications = map[string]ssf.Level{"PUBLIC": ssf.None, "RESTRICTED": ssf.Low, "SENSITIVE": ssf.Medium, "SECRET": ssf.High, "TOP_SECRET": ssf.Critical}

func (r *reader) assets() {
	told := false
	for _, n := range r.objects("data") {
		e := r.d.Add(&format.Element{Node: n, Key: "data:" + n.Text("name"), Sort: ssf.SortAsset, Name: n.Text("name"), Says: n.Text("description")})
		if r.data[e.Name] == nil {
			r.data[e.Name] = e
		}
		at, class := n.At("classification"), word(n, "classification")
		level, known := classifications[class]
		switch {
		case class == "" || class == "UNKNOWN":
		case !known:
			r.d.Report.Drop(at, "%q is no classification of pytm", format.Clip(at.Text()))
		case class == "PUBLIC" && !r.newer:
			r.d.Report.Drop(at, "this version of pytm writes PUBLIC where nobody said anything")
		default:
			e.Needs = map[ssf.Property]ssf.Level{ssf.Confidentiality: level}
			if !told {
				r.d.Report.Guess(at, "needs of confidentiality are read from pytm's classes: PUBLIC none, RESTRICTED low, SENSITIVE medium, SECRET high, TOP_SECRET critical")
				told = true
			}
		}
		if at, yes := ticked(n, "isPII"); yes {
			e.Fact(at, "personal", ssf.Yes)
		}
		if stored, _ := n.Bool("isStored"); stored {
			r.stored[e.Name] = true
		}
		e.Says = lines(e.Says, attributes(n, "Data", "classification", "isPII", "isStored"))
	}
}

func (r *reader) boundaries() {
	nodes := r.objects("boundaries")
	for _, n := range nodes {
		z := r.d.Add(&format.Element{Node: n, Key: "boundary:" + n.Text("name"), Sort: ssf.SortZone, Name: n.Text("name"), Says: n.Text("description"), Zone: r.within(n)})
		if r.zones[z.Name] == nil {
			r.zones[z.Name] = z
		}
		r.d.GuessTrust(z)
		r.scope(n, z)
		z.Says = lines(z.Says, attributes(n, "Boundary"))
		r.beside(n, z)
	}
	for _, n := range nodes {
		if in := n.Text("inBoundary"); in != "" && r.zones[in] == nil {
			r.d.Report.Drop(n.At("inBoundary"), "the boundary is %s, which the file does not have", format.Clip(in))
		}
	}
	for _, z := range r.d.Elements {
		if r.d.Find(z.Zone) == nil {
			z.Zone = ""
		}
	}
}

// within is the key of the boundary in which something is.
func (r *reader) within(n *format.Node) string {
	if in := n.Text("inBoundary"); in != "" {
		return "boundary:" + in
	}
	return ""
}

func (r *reader) scope(n *format.Node, e *format.Element) {
	if in, known := n.Bool("inScope"); known && !in {
		r.d.Report.Guess(n.At("inScope"), "%s is out of scope in pytm; here it is part of the model like all else, and its text says so", format.Clip(e.Name))
		e.Says = lines(e.Says, "Out of scope in pytm.")
	}
}

// kinds are pytm's classes of elements as kinds of component.
var kinds = map[string]ssf.ID{
	"Server": "program", "Process": "program", "SetOfProcesses": "program", "Lambda": "serverless_function", "Datastore": "datastore",
	"ExternalEntity": "external_service", "LLM": "language_model", "Agent": "ai_agent", "Asset": "", "Element": "", "": "",
}

// stores are pytm's types of data stores.
var stores = map[string]ssf.ID{"FILE_SYSTEM": "file_store", "SQL": "database", "LDAP": "directory", "AWS_S3": "object_store"}

// claims are the controls of pytm that mean the same as one of the library's
// control facts. All others stay in the text.
var claimed = []struct {
	key   string
	fact  ssf.ID
	value ssf.Value
}{
	{"isEncryptedAtRest", "encrypted_at_rest", ssf.Yes},
	{"isHardened", "hardened", ssf.Yes},
	{"encodesOutput", "output_encoded", ssf.Yes},
	{"implementsCSRFToken", "checks_request_origin", ssf.Yes},
	{"usesParameterizedInput", "builds_queries", "parametrised"},
	{"validatesInput", "checks_values", ssf.Yes},
	{"disablesDTD", "refuses_entities", ssf.Yes},
	{"authenticatesDestination", "checks_certificates", ssf.Yes},
}

// part reads an element. An external entity is an actor if nothing leads to it,
// and else a service that the product calls.
func (r *reader) part(n *format.Node) {
	class, name := n.Text("__class__"), n.Text("name")
	sort := ssf.SortComponent
	if class == "Actor" || class == "ExternalEntity" && !r.called[name] {
		sort = ssf.SortActor
	}
	e := r.d.Add(&format.Element{Node: n, Key: name, Sort: sort, Name: name, Says: n.Text("description"), Zone: r.within(n)})
	if r.parts[name] == nil {
		r.parts[name] = e
	}
	if z := n.Text("inBoundary"); z != "" && r.zones[z] == nil {
		r.d.Report.Drop(n.At("inBoundary"), "the boundary is %s, which the file does not have", format.Clip(z))
		e.Zone = ""
	}
	var used []string
	if sort == ssf.SortActor {
		if class == "ExternalEntity" {
			r.d.Report.Guess(n.At("__class__"), "%s is taken to be an actor, because nothing leads to it", format.Clip(name))
		}
		if at, yes := ticked(n, "isAdmin"); yes {
			e.Says = lines(e.Says, "An administrator.")
			at.See()
			used = append(used, "isAdmin")
		}
	} else {
		used = r.component(n, e, class)
	}
	r.scope(n, e)
	e.Says = lines(e.Says, attributes(n, class, used...))
	r.beside(n, e)
}

// component reads what a component is and what is claimed of it, and tells of which
// attributes something was made.
func (r *reader) component(n *format.Node, e *format.Element, class string) (used []string) {
	kind, known := kinds[class]
	if e.Kind = kind; !known {
		r.d.Report.Drop(n.At("__class__"), "%q is no class of pytm; the text keeps it", format.Clip(class))
		e.Says = lines(e.Says, "Class in pytm: "+class+".")
	}
	if class == "Datastore" {
		used = append(used, "type", "storesLogData", "storesPII")
		t := word(n, "type")
		switch kind, known := stores[t]; {
		case known:
			e.Kind = kind
			if t == "SQL" {
				e.Fact(n.At("type"), "query_language", "sql")
			}
		case t != "" && t != "UNKNOWN":
			r.d.Report.Drop(n.At("type"), "%q is no type of data store in pytm", format.Clip(t))
		}
		if at, yes := ticked(n, "storesLogData"); yes {
			if e.Kind == "datastore" {
				r.d.Report.Guess(at, "%s is taken to be a log_store, because it stores log data", format.Clip(e.Name))
				e.Kind = "log_store"
			} else {
				e.Says = lines(e.Says, "Stores log data.")
			}
		}
		if at, yes := ticked(n, "storesPII"); yes {
			r.private = append(r.private, private{e, at})
		}
		if sql, known := n.Bool("isSQL"); known && !sql && e.Kind != "database" {
			e.Says = lines(e.Says, "It is no SQL database.")
		}
	}
	r.src.Guess(r.d, e)
	for _, c := range claimed {
		if at, yes := ticked(n, c.key); yes {
			e.Fact(at, c.fact, c.value)
			used = append(used, c.key)
		}
	}
	if os := n.Text("OS"); os != "" {
		for _, t := range r.src.GuessTech(os) {
			if !slices.Contains(e.Tech, t) {
				e.Tech = append(e.Tech, t)
			}
		}
	}
	return used
}

// personal makes an asset of the personal data that a store is said to hold, if
// none of those that it stores is personal.
func (r *reader) personal() {
	named := map[string]bool{}
	for _, a := range r.data {
		for _, f := range a.Facts {
			named[a.Key] = named[a.Key] || f.Name == "personal"
		}
	}
	for _, p := range r.private {
		if slices.ContainsFunc(p.store.Stores, func(k string) bool { return named[k] }) {
			continue
		}
		a := r.d.Add(&format.Element{Node: p.at, Key: p.store.Key + " personal data", Sort: ssf.SortAsset, Name: "Personal data in " + p.store.Name, Ours: true})
		a.Fact(p.at, "personal", ssf.Yes)
		p.store.Stores = append(p.store.Stores, a.Key)
		r.d.Report.Guess(p.at, "%s is written as an asset, because the store is said to hold personal data", format.Clip(a.Name))
	}
}

// connections reads the flows. One that answers another is the way back of that.
func (r *reader) connections(nodes []*format.Node) {
	answers := 0
	type ends struct{ from, to string }
	byEnds := map[ends][]*format.Element{}
	var later []*format.Node
	for _, n := range nodes {
		if back, _ := n.Bool("isResponse"); back || n.Text("responseTo") != "" {
			later = append(later, n)
			continue
		}
		e := r.flow(n)
		byEnds[ends{e.From, e.To}] = append(byEnds[ends{e.From, e.To}], e)
	}
	for _, n := range later {
		asks := byEnds[ends{n.Text("sink"), n.Text("source")}]
		to := n.Text("responseTo")
		i := slices.IndexFunc(asks, func(e *format.Element) bool { return e.Name == to })
		if i < 0 && to == "" && len(asks) == 1 {
			i = 0
		}
		if i < 0 {
			r.d.Report.Guess(n, "the flow answers none that the file has, so it stands by itself")
			r.flow(n)
			continue
		}
		answers++
		e := asks[i]
		e.Returns = append(e.Returns, r.carried(n, nil)...)
		r.flows[n.Text("name")] = append(r.flows[n.Text("name")], e)
		says := lines(n.Text("description"), attributes(n, "Dataflow", "data"))
		e.Says = lines(e.Says, "The answer is "+n.Text("name")+".", says)
		for _, k := range n.Kids {
			if k.Key != "overrides" && k.Key != "assumptions" {
				k.See()
			}
		}
		r.beside(n, e)
	}
	r.d.Report.Counted("answers, each the way back of a flow", answers, answers)
}

func (r *reader) flow(n *format.Node) *format.Element {
	name := n.Text("name")
	e := r.d.Add(&format.Element{Node: n, Key: "flow:" + name, Sort: ssf.SortFlow, Name: name, Says: n.Text("description"), From: n.Text("source"), To: n.Text("sink")})
	r.flows[name] = append(r.flows[name], e)
	e.Sends = r.carried(n, r.parts[e.To])
	used := []string{"data", "isEncrypted", "tlsVersion", "implementsAuthenticationScheme", "authenticatesSource"}
	if p := n.Text("protocol"); p != "" {
		if e.Over = r.src.Protocol(p); e.Over == "" {
			r.d.Report.Drop(n.At("protocol"), "protocol %q is not one that the library knows; the text keeps it", format.Clip(p))
		} else {
			used = append(used, "protocol")
		}
	}
	if at, yes := ticked(n, "isEncrypted"); yes {
		e.Fact(at, "encrypted", ssf.Yes)
	}
	if v := word(n, "tlsVersion"); v != "" && v != "NONE" {
		if strings.HasPrefix(v, "TLS") {
			e.Fact(n.At("tlsVersion"), "encrypted", ssf.Yes)
		}
		e.Says = lines(e.Says, "TLS version in pytm: "+v+".")
	}
	for _, key := range []string{"implementsAuthenticationScheme", "authenticatesSource"} {
		if at, yes := ticked(n, key); yes {
			e.Fact(at, "authenticated", ssf.Yes)
		}
	}
	r.scope(n, e)
	e.Says = lines(e.Says, attributes(n, "Dataflow", used...))
	if z := n.At("inBoundary"); z.Holds() {
		r.d.Report.Drop(z, "a flow is in no zone; those of its ends tell what it crosses")
	}
	r.beside(n, e)
	return e
}

// carried are the keys of the data on a flow, which its target stores if the data
// says so. Earlier versions have any text there.
func (r *reader) carried(n *format.Node, target *format.Element) (keys []string) {
	for _, d := range n.All("data") {
		name := d.Text()
		a := r.data[name]
		if a == nil {
			if name == "" {
				continue
			}
			a = r.d.Add(&format.Element{Node: d, Key: "data:" + name, Sort: ssf.SortAsset, Name: name, Ours: true})
			r.data[name] = a
			r.d.Report.Guess(d, "%s is written as an asset, because flows carry it", format.Clip(name))
		}
		keys = append(keys, a.Key)
		if r.stored[name] && target != nil && target.Sort == ssf.SortComponent && !slices.Contains(target.Stores, a.Key) {
			target.Stores = append(target.Stores, a.Key)
		}
	}
	return keys
}

// beside reads what else hangs on an element: which findings are its own, its
// assumptions, and overrides.
func (r *reader) beside(n *format.Node, e *format.Element) {
	for _, f := range n.All("findings") {
		if id := f.Text(); id != "" {
			r.found[id] = e
		} else if f.Kind == format.Map {
			r.found[f.Text("id")] = e
			f.See()
		}
	}
	for _, a := range n.All("assumptions") {
		r.assumption(a, e)
	}
}

// assumption reads an assumption, which is a name or an object.
func (r *reader) assumption(n *format.Node, e *format.Element) *format.Assumption {
	name := cmp.Or(n.Text("name"), n.Text())
	says := n.Text("description")
	if ex := n.At("exclude"); ex.Holds() {
		says = lines(says, "It takes out of pytm's findings: "+list(ex)+".")
		ex.See()
	}
	if name == "" && says == "" {
		return nil
	}
	a := r.premise[name]
	if a == nil {
		a = &format.Assumption{Node: n, Name: name, Says: says}
		r.premise[name] = a
		r.d.Assumptions = append(r.d.Assumptions, a)
	}
	if e != nil {
		if says := "It is about " + e.Name + "."; !strings.Contains(a.Says, says) {
			a.Says = lines(a.Says, says)
		}
	}
	return a
}

// findings reads pytm's findings, and those that assumptions took out.
func (r *reader) findings() {
	listed := map[string]bool{} // rule and element
	for _, n := range r.objects("findings") {
		t := r.finding(n, nil)
		listed[t.Rule+"\x00"+strings.Join(t.At, "")] = true
	}
	for _, n := range r.objects("excluded_findings") {
		t := r.finding(n, nil)
		if a := r.assumption(n.At("assumption"), nil); a != nil {
			a.Threats = append(a.Threats, t)
		} else {
			t.Status = format.IsNotRelevant
		}
	}
	for _, section := range []string{"elements", "flows", "boundaries"} {
		for _, n := range r.src.Root.All(section) {
			for _, o := range n.All("overrides") {
				if o.Kind != format.Map {
					o.See() // the id of a finding, which has what the override says
					continue
				}
				e := r.named(n.Text("name"), section)
				if e != nil && listed[o.Text("threat_id")+"\x00"+e.Key] {
					r.d.Report.Omit(o, "an override; the finding has what it says")
					continue
				}
				r.finding(o, e)
			}
		}
	}
}

// named is what has a name; pytm does not say of what sort.
func (r *reader) named(name, section string) *format.Element {
	flow := func() *format.Element {
		if fs := r.flows[name]; len(fs) > 0 {
			return fs[0]
		}
		return nil
	}
	for _, e := range []*format.Element{map[string]*format.Element{"flows": flow(), "boundaries": r.zones[name]}[section], r.parts[name], flow(), r.zones[name]} {
		if e != nil {
			return e
		}
	}
	return nil
}

var (
	cwe   = regexp.MustCompile(`(?i)(?:CWE-|cwe\.mitre\.org/data/definitions/)([0-9]{1,5})`)
	capec = regexp.MustCompile(`(?i)(?:CAPEC-|capec\.mitre\.org/data/definitions/)([0-9]{1,5})`)
)

// finding reads one finding, at an element or at its target.
func (r *reader) finding(n *format.Node, e *format.Element) *format.Threat {
	t := &format.Threat{Node: n, ID: n.Text("id"), Rule: n.Text("threat_id"), Name: n.Text("description"), Says: n.Text("details")}
	t.Same = same[t.Rule]
	if t.Name == "" {
		t.Name = cmp.Or(t.Rule, "Finding of pytm")
	}
	target := n.Text("target")
	if e == nil {
		e = r.found[t.ID]
	}
	if e == nil || target != "" && e.Name != target {
		if other := r.named(target, ""); other != nil {
			e = other
		}
	}
	if e != nil {
		t.At = []string{e.Key}
	} else {
		r.d.Report.Guess(n, "the finding is at %q, which the file does not have; it is taken to threaten the system", format.Clip(target))
	}
	var known bool
	if t.Severity, known = format.ParseSeverity(word(n, "severity")); !known {
		r.d.Report.Drop(n.At("severity"), "severity %q is no level", format.Clip(n.Text("severity")))
	}
	if t.Likelihood, known = format.ParseSeverity(word(n, "likelihood")); !known {
		r.d.Report.Drop(n.At("likelihood"), "likelihood %q is no level", format.Clip(n.Text("likelihood")))
	}
	refs := n.Text("references")
	var others []string
	for ref := range strings.SplitSeq(refs, ",") {
		ref = strings.TrimSpace(ref)
		switch {
		case cwe.MatchString(ref):
			t.Weaknesses = append(t.Weaknesses, "CWE-"+strings.TrimLeft(cwe.FindStringSubmatch(ref)[1], "0"))
		case capec.MatchString(ref):
			t.Attacks = append(t.Attacks, "CAPEC-"+strings.TrimLeft(capec.FindStringSubmatch(ref)[1], "0"))
		case ref != "":
			others = append(others, ref)
		}
	}
	if len(others) > 0 {
		t.Says = lines(t.Says, "References: "+strings.Join(others, ", ")+".")
	}
	if s := n.Text("cvss"); s != "" {
		t.Says = lines(t.Says, "CVSS in pytm: "+s+".")
	}
	if answer := n.Text("response"); answer != "" {
		if t.Status, known = format.ParseStatus(answer); !known {
			r.d.Report.Guess(n.At("response"), "the response is a text and no status, so the threat is taken as open; its text keeps it")
			t.Status = format.IsOpen
			t.Says = lines(t.Says, "Response: "+answer)
		}
	}
	if says := n.Text("mitigations"); says != "" {
		key := t.Rule + "\x00" + says
		m := r.claims[key]
		if m == nil {
			m = &format.Mitigation{Node: n.At("mitigations"), Key: key, Name: "Against " + strings.TrimSpace(t.Name), Says: says}
			r.claims[key] = m
			r.d.Mitigations = append(r.d.Mitigations, m)
		}
		t.Mitigated = []string{key}
	}
	r.d.Threats = append(r.d.Threats, t)
	return t
}
