// Package threagile reads models of Threagile. See docs/formats/threagile.md for
// what becomes of each part.
package threagile

import (
	"cmp"
	"html"
	"path"
	"regexp"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of Threagile's models.
var Format = format.Format{
	Name:  "threagile",
	Title: "Threagile",
	Is: func(n *format.Node) bool {
		return n.Has("threagile_version") || n.Has("technical_assets") && (n.Has("data_assets") || n.Has("trust_boundaries"))
	},
	Read: read,
}

// reader reads one model, which may be spread over several files.
type reader struct {
	src   *format.Source
	d     *format.Draft
	roots []*format.Node

	machines []*format.Node             // the technical assets
	elements map[string]*format.Element // by id of the tool, with its sort before it but for technical assets: `web`, `data:orders`; of repeated ids the first
	links    []*link
	touching map[string][]*link // by id of a technical asset
	called   map[string]bool    // ids of technical assets to which a link leads
	inside   map[string]string  // id of a technical asset -> key of its zone
	internet *format.Element

	risks []*risk
}

func read(src *format.Source) (*format.Draft, error) {
	r := &reader{
		src: src, d: format.NewDraft(src, "Threagile "+src.Root.Text("threagile_version")),
		elements: map[string]*format.Element{}, touching: map[string][]*link{}, called: map[string]bool{}, inside: map[string]string{},
	}
	if err := r.include(src.Root, "", map[string]bool{path.Clean(path.Base(src.Name)): true}); err != nil {
		return nil, err
	}
	for _, root := range r.roots {
		for _, key := range []string{"data_assets", "technical_assets", "trust_boundaries", "shared_runtimes"} {
			if n := root.At(key); n != nil && n.Kind != format.Map && n.Kind != format.List && n.Kind != format.Null {
				return nil, format.Refuse(n, "", "`%s` is %s, and a model of Threagile has an object there", key, n.Kind)
			}
		}
	}
	r.machines = r.entries("technical_assets")
	r.system()
	r.assets()
	r.boundaries()
	r.technical()
	r.runtimes()
	r.individual()
	r.tracking()
	return r.d, nil
}

// include takes in the files that a file names, each once, in the order in which
// Threagile merges them. Names are relative to the file that has them.
func (r *reader) include(root *format.Node, dir string, seen map[string]bool) error {
	r.roots = append(r.roots, root)
	for _, n := range root.All("includes") {
		name := path.Join(dir, n.Text())
		if n.Text() == "" {
			continue
		}
		if seen[name] {
			r.d.Report.Drop(n, "the file is part of the model already")
			continue
		}
		seen[name] = true
		if r.src.Open == nil {
			return format.Refuse(n, "import the files that it includes by themselves", "the model includes %s, and no other file can be read here", format.Clip(name))
		}
		other, err := r.src.Open(name)
		if err != nil {
			return format.Refuse(n, "put it in the folder of the model", "reading the included file %s: %v", format.Clip(name), err)
		}
		if other.Kind != format.Map {
			return format.Refuse(other, "", "the included file is %s, and a part of a model of Threagile is an object", other.Kind)
		}
		if err := r.include(other, path.Dir(name), seen); err != nil {
			return err
		}
	}
	return nil
}

// entries are the entries of a section in all files. Those of the same name in
// several files are one, to which each file adds, as Threagile has it.
func (r *reader) entries(section string) (out []*format.Node) {
	first := map[string]*format.Node{}
	of := map[*format.Node]*format.Node{}
	for _, root := range r.roots {
		for _, n := range root.All(section) {
			for _, e := range unfold(n) {
				if e.Kind != format.Map {
					if e.Kind != format.Null {
						r.d.Report.Omit(e, "an entry of `%s` is %s, and it should be an object", section, e.Kind)
					}
					continue
				}
				if f := first[e.Key]; f != nil && e.Key != "" && of[f] != root {
					f.Kids = append(f.Kids, e.Kids...)
					e.Kids = nil
					e.See()
					continue
				}
				first[e.Key], of[e] = e, root
				out = append(out, e)
			}
		}
	}
	return out
}

// unfold is what a section holds: its entries, or the one that stands there
// because it was written as a list.
func unfold(n *format.Node) []*format.Node {
	if n.Kind == format.Map && n.Key != "" {
		return n.Entries()
	}
	return []*format.Node{n}
}

// words are the texts that a section maps names to.
func (r *reader) words(section string) (out []*format.Node) {
	for _, root := range r.roots {
		for _, n := range root.All(section) {
			for _, e := range unfold(n) {
				if e.Kind == format.List || e.Kind == format.Map {
					r.d.Report.Omit(e, "an entry of `%s` is %s, and it should be a text", section, e.Kind)
					continue
				}
				if e.Text(); e.Key != "" || e.Holds() {
					out = append(out, e)
				}
			}
		}
	}
	return out
}

// name is what an entry is called: its key, or the title that some models give
// beside that.
func name(n *format.Node) string {
	return plain(cmp.Or(n.Text("title"), n.Key, n.Text("id")))
}

var (
	tag    = regexp.MustCompile(`(?i)</?(?:a|b|br|code|em|hr|i|img|li|ol|p|pre|span|strong|sub|sup|u|ul)(?:\s[^<>]*)?/?>`)
	breaks = regexp.MustCompile(`(?i)<(?:br|hr|li|/?p|/?ul|/?ol)\s*/?>`)
)

// plain is a text without the marks of HTML that Threagile takes in texts.
func plain(s string) string {
	if strings.Contains(s, "<") {
		s = tag.ReplaceAllString(breaks.ReplaceAllString(s, "\n"), "")
	}
	if strings.Contains(s, "&") {
		s = html.UnescapeString(s)
	}
	return strings.TrimSpace(s)
}

// lines joins what there is of some texts.
func lines(ss ...string) string {
	return strings.Join(slices.DeleteFunc(ss, func(s string) bool { return s == "" }), "\n")
}

// kept is what some fields of an entry say, for the text of its element. A box
// that is not ticked says nothing.
func kept(n *format.Node, keys ...string) string {
	var out []string
	for _, key := range keys {
		label := strings.ReplaceAll(key, "_", " ")
		if yes, known := n.Bool(key); known {
			if yes {
				out = append(out, label)
			}
			continue
		}
		var values []string
		for _, v := range n.All(key) {
			if s := plain(v.Text()); s != "" {
				values = append(values, s)
			}
		}
		if len(values) > 0 {
			out = append(out, label+" "+strings.Join(values, ", "))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "In Threagile: " + strings.Join(out, "; ") + "."
}

func (r *reader) system() {
	s, rep := &r.d.System, &r.d.Report
	for _, root := range r.roots {
		s.Name = cmp.Or(s.Name, plain(root.Text("title")), plain(root.Text("model_title")))
		s.Purpose = cmp.Or(s.Purpose, plain(root.Text("business_overview", "description")))
		s.Says = lines(s.Says, plain(root.Text("application_description", "description")), plain(root.Text("description")),
			plain(root.Text("technical_overview", "description")), plain(root.Text("management_summary_comment")), kept(root, "business_criticality"))
		if s.Purpose == s.Name {
			s.Purpose = ""
		}
		for _, n := range slices.Concat([]*format.Node{root.At("author")}, root.All("contributors")) {
			if n.Holds() {
				rep.Omit(n, "who wrote the threat model: %s", format.Clip(cmp.Or(n.Text("name"), n.Text("contact"))))
			}
		}
		if n := root.At("date"); n.Holds() {
			rep.Omit(n, "the day of the threat model: %s", format.Clip(n.Text()))
		}
		if n := root.At("tags_available"); n.Holds() {
			rep.Omit(n, "the list of words that may be tags; those that are used stand in texts")
		}
		for _, n := range root.Kids {
			if strings.HasPrefix(n.Key, "diagram_tweak_") {
				n.See()
			}
		}
	}
	for _, n := range r.words("abuse_cases") {
		s.Misuse = append(s.Misuse, sentence(plain(n.Key), plain(n.Text())))
	}
	reqs := r.words("security_requirements")
	for _, n := range reqs {
		r.d.Requirements = append(r.d.Requirements, &format.Requirement{Node: n, Name: plain(n.Key), Says: plain(n.Text())})
	}
	questions := r.words("questions")
	for _, n := range questions {
		answer := "nobody has answered it"
		if n.Text() != "" {
			answer = "its answer: " + format.Clip(plain(n.Text()))
		}
		rep.Omit(n, "a question to the team, for which the language has no place: %s; %s", format.Clip(plain(n.Key)), answer)
	}
	rep.Counted("abuse cases", len(s.Misuse), len(s.Misuse))
	rep.Counted("questions", len(questions), 0)
}

func sentence(name, says string) string {
	if name == "" || says == "" {
		return name + says
	}
	return strings.TrimRight(name, ".: ") + ": " + says
}

// element makes an element of an entry.
func (r *reader) element(n *format.Node, prefix string, sort ssf.Sort) *format.Element {
	id := n.Text("id")
	key := prefix + cmp.Or(id, n.Key, n.Path())
	e := r.d.Add(&format.Element{Node: n, Key: key, Sort: sort, ID: id, Name: name(n), Says: plain(n.Text("description"))})
	if r.elements[key] == nil {
		r.elements[key] = e
	}
	return e
}

// levels are Threagile's two scales as levels of need.
var levels = map[string]ssf.Level{
	"public": ssf.None, "internal": ssf.Low, "restricted": ssf.Medium, "confidential": ssf.High, "strictlyconfidential": ssf.Critical,
	"archive": ssf.Low, "operational": ssf.Low, "important": ssf.Medium, "critical": ssf.High, "missioncritical": ssf.Critical,
}

func (r *reader) assets() {
	told := false
	for _, n := range r.entries("data_assets") {
		e := r.element(n, "data:", ssf.SortAsset)
		e.Needs = map[ssf.Property]ssf.Level{}
		for _, p := range []ssf.Property{ssf.Confidentiality, ssf.Integrity, ssf.Availability} {
			at := n.At(string(p))
			if !at.Holds() {
				continue
			}
			l, ok := levels[format.Squeeze(at.Text())]
			if !ok {
				r.d.Report.Drop(at, "%q is no rating of Threagile", format.Clip(at.Text()))
				continue
			}
			e.Needs[p] = l
			if !told {
				r.d.Report.Guess(at, "needs are read from Threagile's ratings: public none, internal low, restricted medium, confidential high, strictly-confidential critical; archive and operational low, important medium, critical high, mission-critical critical")
				told = true
			}
		}
		e.Says = lines(e.Says, plain(n.Text("justification_cia_rating")), kept(n, "usage", "quantity", "origin", "owner", "tags"))
	}
}

// boundaries become zones. What lies in two of them is taken to lie in the first.
func (r *reader) boundaries() {
	in := map[string]string{}
	var zones []*format.Element
	nodes := r.entries("trust_boundaries")
	assets, boundaries := idsOf(r.machines), idsOf(nodes)
	for _, n := range nodes {
		z := r.element(n, "zone:", ssf.SortZone)
		zones = append(zones, z)
		r.d.GuessTrust(z)
		z.Says = lines(z.Says, kept(n, "type", "tags"))
		r.put(n, "technical_assets_inside", assets, z, r.inside)
		r.put(n, "trust_boundaries_nested", boundaries, z, in)
	}
	for _, z := range zones {
		z.Zone = in[z.ID]
	}
}

// put notes in which boundary things are.
func (r *reader) put(n *format.Node, key string, known map[string]bool, z *format.Element, in map[string]string) {
	for _, k := range n.All(key) {
		id := k.Text()
		switch other, twice := in[id]; {
		case !known[id]:
			r.d.Report.Drop(k, "the trust boundary holds %s, which the file does not have", format.Clip(id))
		case twice && other != z.Key:
			r.d.Report.Drop(k, "%s lies in another trust boundary too, and the first counts", format.Clip(id))
		default:
			in[id] = z.Key
		}
	}
}

// idsOf are the ids in a section.
func idsOf(nodes []*format.Node) map[string]bool {
	out := map[string]bool{}
	for _, n := range nodes {
		out[n.Text("id")] = true
	}
	return out
}

// A link is a communication link before its ends are known.
type link struct {
	node           *format.Node
	element        *format.Element
	source, target string // ids of technical assets
}

func (r *reader) technical() {
	for _, n := range r.machines {
		for _, section := range n.Kids {
			if section.Key != "communication_links" {
				continue
			}
			for _, l := range section.Entries() {
				r.link(l, n.Text("id"))
			}
		}
	}
	for _, l := range r.entries("communication_links") { // as some models have them, beside the assets
		r.link(l, l.Text("source"))
	}
	for _, n := range r.machines {
		r.asset(n)
	}
	for _, l := range r.links {
		r.flow(l)
	}
}

func (r *reader) link(n *format.Node, source string) {
	if n.Kind != format.Map {
		if n.Kind != format.Null {
			r.d.Report.Omit(n, "a communication link is %s, and it should be an object", n.Kind)
		}
		return
	}
	l := &link{node: n, source: source, target: n.Text("target")}
	r.links = append(r.links, l)
	r.called[l.target] = true
	r.touching[l.source] = append(r.touching[l.source], l)
	if l.target != l.source {
		r.touching[l.target] = append(r.touching[l.target], l)
	}
}

// clients are the technologies of what people sit at.
var clients = map[string]bool{"browser": true, "desktop": true, "mobileapp": true, "clientsystem": true, "devopsclient": true}

// asset reads a technical asset. One of the type external-entity is an actor if a
// person uses it as client, if its technology is a client's, or if it only calls:
// nothing leads to it and it stores nothing. Else it is a component, because it
// is a service that the product calls.
func (r *reader) asset(n *format.Node) {
	id, kind := n.Text("id"), format.Squeeze(n.Text("type"))
	var techs []*format.Node
	for _, t := range slices.Concat(n.All("technology"), n.All("technologies")) {
		if t.Text() != "" {
			techs = append(techs, t)
		}
	}
	human, _ := n.Bool("used_as_client_by_human")
	stored := n.All("data_assets_stored")
	external := kind == "externalentity"
	actor := external && (human || slices.ContainsFunc(techs, func(t *format.Node) bool { return clients[format.Squeeze(t.Text())] }) || !r.called[id] && len(stored) == 0)
	sort := ssf.SortComponent
	if actor {
		sort = ssf.SortActor
	}
	e := r.element(n, "", sort)
	e.Zone = r.inside[id]
	if actor {
		r.d.Report.Guess(n.At("type"), "the external entity %s is taken to be an actor", format.Clip(e.Name))
	} else {
		r.component(n, e, kind, techs)
		e.Stores = r.data(stored, "what is stored")
	}
	if yes, _ := n.Bool("internet"); yes {
		r.online(n.At("internet"), e)
	}
	if out, _ := n.Bool("out_of_scope"); out {
		r.d.Report.Guess(n.At("out_of_scope"), "%s is out of scope in Threagile; here it is part of the model like all else, and its text says so", format.Clip(e.Name))
		e.Says = lines(e.Says, "Out of scope in Threagile: "+cmp.Or(plain(n.Text("justification_out_of_scope")), "no reason is given."))
	} else {
		e.Says = lines(e.Says, plain(n.Text("justification_out_of_scope")))
	}
	e.Says = lines(e.Says, plain(n.Text("justification_cia_rating")), kept(n, "type", "technology", "technologies", "usage", "used_as_client_by_human", "size", "machine", "internet", "encryption", "owner",
		"confidentiality", "integrity", "availability", "multi_tenant", "redundant", "custom_developed_parts", "data_formats_accepted", "tags"))
	if actor {
		for _, s := range stored {
			e.Says = lines(e.Says, "Stores in Threagile: "+format.Clip(r.asData(s))+".")
		}
	}
	r.processed(n, e)
	n.At("diagram_tweak_order").See()
}

// data are the keys of data assets; what is none is dropped.
func (r *reader) data(nodes []*format.Node, what string) (keys []string) {
	for _, n := range nodes {
		if e := r.elements["data:"+n.Text()]; e != nil {
			keys = append(keys, e.Key)
		} else {
			r.d.Report.Drop(n, "%s is %s, which the file does not have", what, format.Clip(n.Text()))
		}
	}
	return keys
}

// asData is the name of a data asset, or what stands in place of it.
func (r *reader) asData(n *format.Node) string {
	if e := r.elements["data:"+n.Text()]; e != nil {
		return e.Name
	}
	return n.Text()
}

// processed says in the text what an asset processes that neither comes and goes
// with its links nor is stored: the language tells processing by these.
func (r *reader) processed(n *format.Node, e *format.Element) {
	nodes := n.All("data_assets_processed")
	if len(nodes) == 0 {
		return
	}
	handled := map[string]bool{}
	for _, k := range e.Stores {
		handled[strings.TrimPrefix(k, "data:")] = true
	}
	mark := func(l *link) {
		for _, key := range []string{"data_assets_sent", "data_assets_received"} {
			for _, d := range l.node.All(key) {
				handled[d.Text()] = true
			}
		}
	}
	for _, l := range r.touching[e.ID] {
		mark(l)
	}
	var rest []string
	for _, d := range nodes {
		switch {
		case handled[d.Text()]:
		case r.elements["data:"+d.Text()] == nil:
			r.d.Report.Drop(d, "what is processed is %s, which the file does not have", format.Clip(d.Text()))
		default:
			rest = append(rest, r.asData(d))
		}
		handled[d.Text()] = true
	}
	if len(rest) > 0 {
		r.d.Report.Drop(n.At("data_assets_processed"), "what is processed is told here by what is stored and sent; the text keeps what is neither")
		e.Says = lines(e.Says, "Processes in Threagile: "+strings.Join(rest, ", ")+".")
	}
}

// online puts an asset that is on the internet in a zone for that, if the file
// gives it none.
func (r *reader) online(at *format.Node, e *format.Element) {
	if e.Zone != "" {
		return // the text says so
	}
	if r.internet == nil {
		r.internet = r.d.Add(&format.Element{Node: at, Key: "zone: internet", Sort: ssf.SortZone, Name: "Internet", Ours: true})
		r.internet.Fact(at, "trust", "none")
		r.d.Report.Guess(at, "a zone of trust none is made for what is on the internet and in no trust boundary")
	}
	e.Zone = r.internet.Key
}

// component reads what a technical asset that is a component is, and what is
// claimed of it.
func (r *reader) component(n *format.Node, e *format.Element, kind string, techs []*format.Node) {
	e.Kind = map[string]ssf.ID{"process": "program", "datastore": "datastore", "externalentity": "external_service"}[kind]
	if e.Kind == "" && kind != "" {
		r.d.Report.Drop(n.At("type"), "%q is no type of Threagile; the text keeps it", format.Clip(n.Text("type")))
	}
	for _, t := range techs {
		k, ok := technologies[format.Squeeze(t.Text())]
		if !ok {
			r.d.Report.Drop(t, "%q is no technology of Threagile; the text keeps it", format.Clip(t.Text()))
		}
		if k.kind == "worker" && format.Squeeze(n.Text("machine")) == "serverless" {
			k.kind = "serverless_function"
		}
		// What others run is no code of ours, whatever it is made as.
		if k.kind == "" || kind == "externalentity" && ours[k.kind] {
			continue
		}
		if k.guess {
			r.d.Report.Guess(t, "%s is taken to be a %s, because its technology is %s", format.Clip(e.Name), k.kind, format.Clip(t.Text()))
		}
		e.Kind = k.kind
		break
	}
	r.src.Guess(r.d, e)
	for _, t := range n.All("tags") {
		for _, id := range r.src.GuessTech(t.Text()) {
			if !slices.Contains(e.Tech, id) {
				r.d.Report.Guess(t, "%s is taken to be made with %s, because a tag says so", format.Clip(e.Name), id)
				e.Tech = append(e.Tech, id)
			}
		}
	}
	if at := n.At("encryption"); at.Holds() {
		switch format.Squeeze(at.Text()) {
		case "none":
			if kind == "datastore" || len(n.All("data_assets_stored")) > 0 {
				e.Fact(at, "encrypted_at_rest", ssf.No)
			}
		case "transparent", "datawithsymmetricsharedkey", "datawithasymmetricsharedkey", "datawithenduserindividualkey":
			e.Fact(at, "encrypted_at_rest", ssf.Yes)
		default:
			r.d.Report.Drop(at, "%q is no encryption of Threagile; the text keeps it", format.Clip(at.Text()))
		}
	}
	if yes, _ := n.Bool("multi_tenant"); yes && kind != "externalentity" && format.Squeeze(n.Text("usage")) != "devops" && len(r.d.System.Facts) == 0 {
		at := n.At("multi_tenant")
		r.d.System.Facts = append(r.d.System.Facts, format.Fact{Name: "tenants", Value: ssf.Yes, Node: at})
		r.d.Report.Guess(at, "the system is taken to serve several customers at once, because %s does", format.Clip(e.Name))
	}
	r.formats(n, e)
}

// formats reads which forms of data an asset accepts, if the list tells all that
// our set can hold: a `file` may be an archive or a document, or neither.
func (r *reader) formats(n *format.Node, e *format.Element) {
	var set []string
	for _, f := range n.All("data_formats_accepted") {
		switch format.Squeeze(f.Text()) {
		case "json", "csv", "yaml":
		case "xml":
			set = append(set, "xml")
		case "serialization":
			set = append(set, "objects")
		case "file":
			r.d.Report.Drop(f, "that %s accepts files does not tell which: archives, documents or others; the text keeps it", format.Clip(e.Name))
			return
		default:
			r.d.Report.Drop(f, "%q is no format of Threagile; the text keeps it", format.Clip(f.Text()))
			return
		}
	}
	at := n.At("data_formats_accepted")
	if at.Holds() {
		r.d.Report.Guess(at, "%s is taken to accept nothing but the listed formats", format.Clip(e.Name))
		e.Fact(at, "accepts", ssf.SetOf(set))
	}
}

// runtimes are platforms on which assets run. Which ones is said in the text,
// because the language has no relation for it.
func (r *reader) runtimes() {
	for _, n := range r.entries("shared_runtimes") {
		e := r.element(n, "runtime:", ssf.SortComponent)
		e.Kind = "platform"
		r.src.Guess(r.d, e)
		var there []string
		for _, k := range n.All("technical_assets_running") {
			if a := r.elements[k.Text()]; a != nil {
				there = append(there, a.Name)
			} else {
				r.d.Report.Drop(k, "the shared runtime runs %s, which the file does not have", format.Clip(k.Text()))
			}
		}
		if len(there) > 0 {
			r.d.Report.Drop(n.At("technical_assets_running"), "the language does not tell what runs on what; the text keeps it")
			e.Says = lines(e.Says, "Runs there: "+strings.Join(there, ", ")+".")
		}
		e.Says = lines(e.Says, kept(n, "tags"))
	}
}

// flow reads a communication link.
func (r *reader) flow(l *link) {
	n := l.node
	id := linkID(l.source, n.Key)
	key := "link:" + id
	e := r.d.Add(&format.Element{Node: n, Key: key, Sort: ssf.SortFlow, ID: id, Name: name(n), Says: plain(n.Text("description"))})
	l.element = e
	if r.elements[key] == nil {
		r.elements[key] = e
	}
	e.From, e.To = l.source, l.target
	e.Sends, e.Returns = r.data(n.All("data_assets_sent"), "what is sent"), r.data(n.All("data_assets_received"), "what is received")
	rest := []string{"authentication", "authorization", "vpn", "ip_filtered", "readonly", "usage", "tags"}
	if at := n.At("protocol"); at.Holds() {
		p, ok := protocols[format.Squeeze(at.Text())]
		if !ok {
			if p.over = r.src.Protocol(at.Text()); p.over == "" {
				r.d.Report.Drop(at, "%q is no protocol of Threagile; the text keeps it", format.Clip(at.Text()))
			}
		}
		e.Over = p.over
		vpn, _ := n.Bool("vpn")
		if p.encrypted == ssf.Yes || p.encrypted == ssf.No && !vpn { // a tunnel around it may cover the whole way or a part
			e.Fact(at, "encrypted", p.encrypted)
		}
		if p.local {
			e.Fact(at, "over_network", ssf.No)
		}
		rest = append([]string{"protocol"}, rest...)
	}
	if at := n.At("authentication"); at.Holds() {
		switch format.Squeeze(at.Text()) {
		case "none":
			e.Fact(at, "authenticated", ssf.No)
		case "credentials", "sessionid", "token", "clientcertificate", "twofactor":
			e.Fact(at, "authenticated", ssf.Yes)
		case "externalized":
			r.d.Report.Drop(at, "authentication by something else does not tell whether the receiving end knows who calls; the text keeps it")
		default:
			r.d.Report.Drop(at, "%q is no authentication of Threagile; the text keeps it", format.Clip(at.Text()))
		}
	}
	if at := n.At("authorization"); at.Holds() {
		switch format.Squeeze(at.Text()) {
		case "enduseridentitypropagation":
			r.d.Report.Guess(at, "each call over %s is taken to tell on whose behalf it is made, because the identity of the end user is passed on", format.Clip(e.Name))
			e.Fact(at, "names_origin", ssf.Yes)
		case "none", "technicaluser":
		default:
			r.d.Report.Drop(at, "%q is no authorization of Threagile; the text keeps it", format.Clip(at.Text()))
		}
	}
	e.Says = lines(e.Says, kept(n, rest...))
	for _, k := range []string{"diagram_tweak_weight", "diagram_tweak_constraint", "id", "source"} {
		n.At(k).See()
	}
}

var notID = regexp.MustCompile(`[^A-Za-z0-9]+`)

// linkID is the id that Threagile makes for a communication link.
func linkID(source, title string) string {
	return source + ">" + strings.Trim(notID.ReplaceAllString(strings.ToLower(title), "-"), "- ")
}
