// Package hcltm reads threat models in HCL, as threatcl (before: hcltm) has them.
// See docs/formats/hcltm.md for what becomes of each part.
package hcltm

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of the files of threatcl.
var Format = format.Format{
	Name:  "hcltm",
	Title: "threatcl (hcltm)",
	Parse: parse,
	Text: func(data []byte) bool {
		start := bytes.TrimLeft(data, "\xef\xbb\xbf \t\r\n")
		return len(start) > 0 && bytes.IndexByte([]byte("{[<"), start[0]) < 0 && opens(data)
	},
	Is:   func(n *format.Node) bool { return len(n.All("threatmodel")) > 0 },
	Read: read,
}

// opens reports whether a block of threatcl begins in the text. Documents of other
// forms have megabytes, so few of their lines are matched.
func opens(data []byte) bool {
	for line := range bytes.Lines(data) {
		line = bytes.TrimLeft(line, " \t")
		if (bytes.HasPrefix(line, []byte("threatmodel")) || bytes.HasPrefix(line, []byte("component"))) && opening.Match(line) {
			return true
		}
	}
	return false
}

// opening is the line with which a block of threatcl begins.
var opening = regexp.MustCompile(`^(?:threatmodel[ \t]+(?:"[^"\n]*"|[\pL_][\pL\pN_-]*)|component[ \t]+"?[\w-]+"?[ \t]+"[^"\n]*")[ \t]*\{`)

type reader struct {
	src     *format.Source
	d       *format.Draft
	counted map[string]int
}

func read(src *format.Source) (*format.Draft, error) {
	version := src.Root.Text("spec_version")
	r := &reader{src, format.NewDraft(src, "threatcl "+version), map[string]int{}}
	r.d.Unnamed = true
	models := r.blocks(src.Root, "threatmodel")
	if len(models) == 0 {
		return nil, format.Refuse(src.Root, "name the file that has one and imports this", "there is no `threatmodel` block in the file")
	}
	controls := r.file(src.Root, ".", models)
	for i, n := range models {
		r.model(i, n, controls)
	}
	for _, what := range []string{"threat models", "use cases", "exclusions", "diagrams"} {
		r.d.Report.Counted(what, r.counted[what], r.counted[what])
	}
	return r.d, nil
}

// isValue reports whether a node is an attribute and no block.
func isValue(n *format.Node) bool {
	return n.Kind != format.Map || n.Has(reference) || n.Has(expression)
}

// blocks are the blocks of a name in another.
func (r *reader) blocks(n *format.Node, name string) (out []*format.Node) {
	for _, k := range n.All(name) {
		if !isValue(k) {
			out = append(out, k)
		} else if k.Kind == format.Map || k.Holds() {
			r.d.Report.Omit(k, "a block is wanted here, and this is a value")
		}
	}
	return out
}

// A library are the controls that a file can import, by name.
type library map[string]*format.Node

// file reads what stands in a file beside its models, and the controls in files
// that these import.
func (r *reader) file(root *format.Node, dir string, models []*format.Node) library {
	root.At("spec_version")
	for _, v := range root.All("variable") {
		v.See() // where it is named, its value is
	}
	for _, n := range root.All("backend") {
		r.d.Report.Omit(n, "where a service keeps the model")
	}
	for _, n := range root.All("component") {
		r.d.Report.Omit(n, "a control for other models to import")
	}
	lib, opened := library{}, map[string]bool{}
	for _, m := range models {
		for _, n := range m.All("imports") {
			name := path.Join(dir, n.Text())
			if opened[name] {
				continue
			}
			opened[name] = true
			doc := r.open(n, name, "a file of controls")
			for _, c := range doc.All("component") {
				lib[c.Text(label+"2")] = c
			}
			if doc != nil {
				doc.See() // what is imported is read where it is named
			}
		}
	}
	return lib
}

// open reads a file below the folder of the document; nil if it cannot be, which
// is noted.
func (r *reader) open(n *format.Node, name, what string) *format.Node {
	said := r.text(n)
	switch {
	case said == "":
		return nil
	case strings.Contains(said, ":") || strings.Contains(said, "|") || path.IsAbs(said) || name == ".." || strings.HasPrefix(name, "../"):
		r.d.Report.Drop(n, "%s, %s, is not in the folder of this file, and nothing is fetched", what, format.Clip(said))
		return nil
	case r.src.Open == nil:
		r.d.Report.Drop(n, "%s, %s, cannot be read from here", what, format.Clip(said))
		return nil
	}
	doc, err := r.src.Open(name)
	if err != nil {
		r.d.Report.Drop(n, "%s, %s, is not read: %s", what, format.Clip(said), format.Clip(err.Error()))
		return nil
	}
	return doc
}

// text is the text of a value, which may be that of an imported control.
func (r *reader) text(n *format.Node, libs ...library) string {
	if n == nil {
		return ""
	}
	if n.Has(expression) {
		r.d.Report.Omit(n, "it would have to be computed: %s", format.Clip(n.Text(expression)))
		return ""
	}
	ref := n.Text(reference)
	if ref == "" {
		if n.Kind == format.List || n.Kind == format.Map && n.Holds() {
			r.d.Report.Omit(n, "a text is wanted here, and this is %s", n.Kind)
		}
		return n.Text()
	}
	if parts := strings.Split(ref, "."); len(parts) == 4 && parts[0] == "import" {
		for _, lib := range libs {
			if c := lib[parts[2]]; c != nil {
				if v := c.At(parts[3]); v == nil || v.Kind != format.Map {
					return v.Text()
				}
			}
		}
	}
	r.d.Report.Omit(n, "it names %s, which is not there", format.Clip(ref))
	return ""
}

// add adds a line to a text, unless it is longer than what a model takes.
func add(says *string, line string, args ...any) {
	if len(*says) > format.MaxText {
		return
	}
	*says = strings.TrimSpace(*says + "\n" + fmt.Sprintf(line, args...))
}

// keep keeps values of a block that our language has no place for as lines of its
// text.
func (r *reader) keep(says *string, n *format.Node, titles ...string) {
	for i := 0; i+1 < len(titles); i += 2 {
		for _, v := range n.All(titles[i]) {
			if s := r.text(v); s != "" {
				add(says, "%s: %s", titles[i+1], s)
			}
		}
	}
}

// A model is one threat model with those that it includes.
type model struct {
	*reader
	key      string          // before the keys of its elements
	have     map[string]bool // what is read already, which what is included does not replace
	assets   *names
	deps     *names
	diagram  map[*format.Element]*format.Node // in which an element was found first
	zones    *names
	controls map[string]*format.Mitigation // by all that is said of them
}

func (r *reader) model(i int, n *format.Node, controls library) {
	r.counted["threat models"]++
	m := &model{r, fmt.Sprintf("%d/", i), map[string]bool{}, newNames(), newNames(), map[*format.Element]*format.Node{}, newNames(), map[string]*format.Mitigation{}}
	s := &r.d.System
	name := n.Text(label)
	if i == 0 {
		s.Name = name
	} else {
		r.d.Report.Guess(n, "one model is of one system, so this threat model, %s, stands in that of %s; import it by itself to part them", format.Clip(name), format.Clip(s.Name))
		add(&s.Says, "Threat model of %s:", name)
	}
	seen, described := map[string]bool{path.Base(r.src.Name): true}, false
	for dir := "."; n != nil; {
		if says := r.text(n.At("description")); says != "" && !described {
			add(&s.Says, "%s", says)
			described = true
		}
		m.read(n, controls)
		at := n.At("including")
		file := path.Join(dir, at.Text())
		if at == nil {
			return
		}
		if seen[file] {
			r.d.Report.Drop(at, "%s includes itself", format.Clip(file))
			return
		}
		seen[file] = true
		doc := r.open(at, file, "a threat model that this one includes")
		if doc == nil {
			return
		}
		models := r.blocks(doc, "threatmodel")
		if len(models) != 1 {
			r.d.Report.Drop(at, "%s has %d threat models, and one is included only from a file that has one", format.Clip(file), len(models))
			doc.See()
			return
		}
		dir, n = path.Dir(file), models[0]
		n.Text(label)
		controls = r.file(doc, dir, models)
	}
}

// read reads one block. Of what an included one has too, the first is taken.
func (m *model) read(n *format.Node, controls library) {
	rep, s := &m.d.Report, &m.d.System
	before := maps.Clone(m.have)
	again := func(k *format.Node, sort, name string) bool {
		m.have[sort+"/"+name] = true
		if before[sort+"/"+name] {
			rep.Omit(k, "%s stands in the threat model that includes this one, and is taken from there", format.Clip(cmp.Or(name, sort)))
		}
		return before[sort+"/"+name]
	}
	for _, key := range []string{"author", "created_at", "updated_at", "diagram_link"} {
		if v := n.At(key); v.Holds() {
			rep.Omit(v, "about the document, not the system: %s", format.Clip(v.Text()))
		}
	}
	n.At("imports").See()
	for _, x := range [][2]string{{"link", "Link"}, {"repository", "Repository"}} {
		if v := n.At(x[0]); v.Holds() && !again(v, x[0], "") {
			m.keep(&s.Says, n, x[0], x[1])
		}
	}
	for _, a := range m.blocks(n, "attributes") {
		if again(a, "attributes", "") {
			continue
		}
		for _, x := range [][2]string{{"internet_facing", "Faces the internet"}, {"new_initiative", "New initiative"}} {
			if yes, known := a.Bool(x[0]); known {
				add(&s.Says, "%s: %s.", x[1], map[bool]string{true: "yes", false: "no"}[yes])
			} else {
				m.text(a.At(x[0]))
			}
		}
		if size := m.text(a.At("initiative_size")); size != "" && format.Squeeze(size) != "undefined" {
			add(&s.Says, "Size of the initiative: %s.", size)
		}
	}
	for _, a := range m.blocks(n, "additional_attribute") {
		if again(a, "additional_attribute", a.Text(label)) {
			continue
		}
		if v := m.text(a.At("value")); v != "" {
			add(&s.Says, "%s: %s", a.Text(label), v)
		}
	}
	for _, u := range m.blocks(n, "usecase") {
		if says := m.text(u.At("description")); says != "" && !again(u, "usecase", says) {
			m.counted["use cases"]++
			add(&s.Purpose, "%s", says)
		}
	}
	for _, x := range m.blocks(n, "exclusion") {
		if says := m.text(x.At("description")); says != "" && !again(x, "exclusion", says) {
			m.counted["exclusions"]++
			add(&s.Says, "Out of scope: %s", says)
		}
	}
	for _, a := range m.blocks(n, "information_asset") {
		if !again(a, "asset", a.Text(label)) {
			m.asset(a)
		}
	}
	for _, x := range m.blocks(n, "third_party_dependency") {
		if !again(x, "dependency", x.Text(label)) {
			m.dependency(x)
		}
	}
	for _, g := range slices.Concat(m.blocks(n, "data_flow_diagram_v2"), m.blocks(n, "data_flow_diagram")) {
		if !again(g, "diagram", cmp.Or(g.Text(label), "Legacy DFD")) {
			m.counted["diagrams"]++
			m.draw(g)
		}
	}
	for _, g := range m.blocks(n, "mermaid") {
		rep.Omit(g, "a drawing in Mermaid: %s", format.Clip(g.Text(label)))
	}
	for _, t := range m.blocks(n, "threat") {
		if name := cmp.Or(t.Text(label), t.Text("description")); !again(t, "threat", name) {
			m.threat(t, controls)
		}
	}
}

// classifications are what threatcl's own classes of information ask for.
var classifications = map[string]ssf.Level{"restricted": ssf.Critical, "confidential": ssf.High, "public": ssf.None}

func (m *model) asset(n *format.Node) {
	e := &format.Element{Node: n, Sort: ssf.SortAsset, Name: n.Text(label), ID: m.text(n.At("ref")), Says: m.text(n.At("description"))}
	e.Key = m.key + "asset/" + e.Name
	m.keep(&e.Says, n, "source", "Source")
	if class := m.text(n.At("information_classification")); class != "" {
		if level, known := classifications[format.Squeeze(class)]; known {
			m.d.Report.Guess(n.At("information_classification"), "%s information is taken to need confidentiality %s", format.Clip(class), level)
			e.Needs = map[ssf.Property]ssf.Level{ssf.Confidentiality: level}
		} else {
			m.d.Report.Drop(n.At("information_classification"), "class %q is none of threatcl's own; the text keeps it", format.Clip(class))
			add(&e.Says, "Classification: %s.", class)
		}
	}
	m.assets.add("information_asset", e.Name, m.d.Add(e).Key)
}

func (m *model) dependency(n *format.Node) {
	e := &format.Element{Node: n, Sort: ssf.SortComponent, Name: n.Text(label), Says: m.text(n.At("description"))}
	e.Key = m.key + "dependency/" + e.Name
	for _, x := range [][2]string{{"saas", ""}, {"paying_customer", "We are a paying customer"}, {"open_source", "Open source"}, {"infrastructure", "Infrastructure"}} {
		switch yes, known := n.Bool(x[0]); {
		case !known:
			m.text(n.At(x[0]))
		case yes && x[0] == "saas":
			e.Kind = "external_service"
		case yes:
			add(&e.Says, "%s.", x[1])
		}
	}
	if s := m.text(n.At("uptime_dependency")); s != "" && format.Squeeze(s) != "none" {
		add(&e.Says, "Uptime dependency: %s.", s)
	}
	m.keep(&e.Says, n, "uptime_notes", "Uptime")
	m.src.Guess(m.d, e)
	m.deps.add("", e.Name, m.d.Add(e).Key)
}

// draw reads a data flow diagram.
func (m *model) draw(n *format.Node) {
	here := newNames() // of the parts in this diagram
	if at := n.At("import"); at.Holds() {
		m.d.Report.Omit(at, "a diagram in another file: %s", format.Clip(at.Text()))
	}
	zones := m.blocks(n, "trust_zone")
	for _, z := range zones {
		m.zone(z, z.Text(label))
	}
	for _, in := range append([]*format.Node{n}, zones...) {
		for _, sort := range []string{"process", "external_element", "data_store"} {
			for _, k := range m.blocks(in, sort) {
				e := m.part(n, k, sort)
				here.add(sort, k.Text(label), e.Key)
				if in != n {
					e.Zone = m.zone(in, in.Text(label))
					m.text(k.At("trust_zone"))
				} else if z := k.At("trust_zone"); z.Holds() {
					if name := m.named(z); name != "" {
						key := m.zone(z, name)
						if e.Zone != "" && e.Zone != key {
							m.d.Report.Drop(z, "%s is in another trust zone before", format.Clip(e.Name))
						} else {
							e.Zone = key
						}
					}
				}
			}
		}
	}
	for i, f := range m.blocks(n, "flow") {
		m.flow(f, fmt.Sprintf("%sflow/%s/%d", m.key, n.Text(label), i), here)
	}
}

// zone is the key of the trust zone of a name, which need have no block.
func (m *model) zone(n *format.Node, name string) string {
	if key := m.zones.find("", name); key != "" {
		return key
	}
	e := m.d.Add(&format.Element{Node: n, Key: m.key + "zone/" + name, Sort: ssf.SortZone, Name: name})
	m.d.GuessTrust(e)
	m.zones.add("trust_zone", name, e.Key)
	return e.Key
}

// kinds are what the shapes of a diagram are here.
var kinds = map[string]ssf.ID{"process": "program", "data_store": "datastore"}

// part reads a process, an external element or a data store. What has the same
// name in another diagram of the model is the same.
func (m *model) part(diagram, n *format.Node, sort string) *format.Element {
	name := n.Text(label)
	key := m.key + sort + "/" + name
	if sort == "external_element" {
		if dep := m.d.Find(m.deps.find("", name)); dep != nil && m.diagram[dep] != diagram {
			m.d.Report.Guess(n, "external element %s is taken to be the third-party dependency of that name", format.Clip(name))
			m.diagram[dep] = diagram
			return dep
		}
	}
	if e := m.d.Find(key); e != nil && m.diagram[e] != diagram {
		m.d.Report.Guess(n, "%s is in another diagram too, and is taken to be the same", format.Clip(name))
		m.diagram[e] = diagram
		m.stores(n, e)
		return e
	}
	e := &format.Element{Node: n, Key: key, Sort: ssf.SortComponent, Name: name, Kind: kinds[sort]}
	if sort == "external_element" {
		e.Sort = ssf.SortActor
	} else {
		m.src.Guess(m.d, e)
	}
	m.diagram[m.d.Add(e)] = diagram
	m.stores(n, e)
	return e
}

// stores reads what a data store is said to hold.
func (m *model) stores(n *format.Node, e *format.Element) {
	for _, a := range n.All("information_asset") {
		name := m.named(a)
		switch key := m.assets.find("", name); {
		case name == "":
		case key == "":
			m.d.Report.Drop(a, "there is no information asset %s", format.Clip(name))
		case e.Sort == ssf.SortComponent && !slices.Contains(e.Stores, key):
			e.Stores = append(e.Stores, key)
		}
	}
}

// flow reads a flow. Its name often is its protocol.
func (m *model) flow(n *format.Node, key string, here *names) {
	e := &format.Element{Node: n, Key: key, Sort: ssf.SortFlow, Name: n.Text(label)}
	for _, end := range []struct {
		key string
		to  *string
	}{{"from", &e.From}, {"to", &e.To}} {
		at := n.At(end.key)
		name := m.named(at)
		sort, _, _ := strings.Cut(at.Text(reference), ".")
		*end.to = cmp.Or(here.find(sort, name), name)
	}
	if p := m.text(n.At("protocol")); p != "" {
		if e.Over = m.src.Protocol(p); e.Over == "" {
			m.d.Report.Drop(n.At("protocol"), "protocol %q is not one that the library knows; the text keeps it", format.Clip(p))
			add(&e.Says, "Protocol: %s.", p)
		}
	} else if e.Over = m.src.Protocol(e.Name); e.Over != "" {
		m.d.Report.Guess(n, "the flow is taken to be over %s, because that is its name", e.Over)
		e.Name = ""
	}
	m.d.Add(e)
}

// named is the name in a value that names something in this file: as a text, or
// as a reference such as `process.web_app`.
func (m *model) named(n *format.Node) string {
	if ref := n.Text(reference); ref != "" {
		if _, name, ok := strings.Cut(ref, "."); ok && !strings.HasPrefix(ref, "var.") && !strings.HasPrefix(ref, "import.") {
			return name
		}
	}
	return m.text(n)
}

// severities are the ratings that threatcl gives where nobody did: by likelihood,
// for impacts from very low to very high.
var severities = map[string][5]string{
	"veryhigh": {"low", "medium", "high", "critical", "critical"},
	"high":     {"low", "medium", "high", "high", "critical"},
	"medium":   {"low", "low", "medium", "high", "high"},
	"low":      {"info", "low", "low", "medium", "high"},
	"verylow":  {"info", "info", "low", "low", "medium"},
}

var impacts = []string{"verylow", "low", "medium", "high", "veryhigh"}

func (m *model) threat(n *format.Node, controls library) {
	rep := &m.d.Report
	t := &format.Threat{Node: n, ID: m.text(n.At("ref")), Name: n.Text(label), Says: m.text(n.At("description"))}
	var endangers []ssf.Property
	var said []string
	known := 0
	for _, v := range n.All("impacts") {
		s := m.text(v)
		if s == "" {
			continue
		}
		said = append(said, s)
		if p := ssf.Property(format.Squeeze(s)); slices.Contains(ssf.AssetProperties, p) {
			known++
			if !slices.Contains(endangers, p) {
				endangers = append(endangers, p)
			}
		}
	}
	about := map[string]bool{}
	for _, v := range n.All("information_asset_refs") {
		name := m.named(v)
		switch key := m.assets.find("", name); {
		case name == "" || about[key]:
		case key == "":
			rep.Drop(v, "there is no information asset %s", format.Clip(name))
		default:
			about[key] = true
			if len(t.At) == 0 {
				t.At = []string{key}
			} else {
				add(&t.Says, "Also about: %s.", m.d.Find(key).Name)
			}
			for _, p := range endangers {
				t.Cells = append(t.Cells, format.Cell{Element: key, Property: p})
			}
		}
	}
	if len(t.At) == 0 && len(said) > 0 || known < len(said) {
		add(&t.Says, "Impacts: %s.", strings.Join(said, ", "))
	}
	for _, v := range n.All("stride") {
		switch s := m.text(v); {
		case s == "":
		case format.Stride(s) != "":
			t.Stride = append(t.Stride, format.Stride(s))
		default:
			rep.Drop(v, "%q is no class of STRIDE; the text keeps it", format.Clip(s))
			add(&t.Says, "STRIDE: %s.", s)
		}
	}
	for _, k := range m.blocks(n, "risk") {
		m.risk(k, t)
	}
	for _, key := range []string{"control", "expanded_control", "proposed_control"} {
		for _, k := range n.All(key) {
			m.control(k, t, controls)
		}
	}
	for _, v := range n.All("control_imports") {
		s := m.text(v)
		name := s[strings.LastIndexByte(s, '.')+1:]
		if c := controls[name]; c != nil {
			m.control(c, t, controls)
		} else if s != "" {
			rep.Drop(v, "it names %s, which is not there", format.Clip(s))
		}
	}
	m.d.Threats = append(m.d.Threats, t)
}

// risk reads a rating. A severity that nobody wrote is what threatcl shows.
func (m *model) risk(n *format.Node, t *format.Threat) {
	rep := &m.d.Report
	level := func(key string) (ssf.Level, string) {
		s := m.text(n.At(key))
		l, known := format.ParseSeverity(s)
		if !known {
			rep.Drop(n.At(key), "%s %q is no level", key, format.Clip(s))
		}
		return l, format.Squeeze(s)
	}
	var likelihood, impact string
	t.Likelihood, likelihood = level("likelihood")
	_, impact = level("impact")
	t.Severity, _ = level("severity")
	if i := slices.Index(impacts, impact); t.Severity == ssf.Unknown && i >= 0 {
		if row, ok := severities[likelihood]; ok {
			t.Severity, _ = format.ParseSeverity(row[i])
			rep.Guess(n, "severity %s is what threatcl makes of likelihood and impact", row[i])
		}
	}
	m.keep(&t.Says, n, "rationale", "Rationale of the rating")
}

// control reads a countermeasure. Controls of which all the same is said are one,
// because in this form each threat has its own copy.
func (m *model) control(n *format.Node, t *format.Threat, controls library) {
	c := &format.Mitigation{Node: n}
	if isValue(n) {
		c.Says = m.text(n, controls)
	} else {
		if c.Name = n.Text(label); n.Has(label + "2") {
			c.Name = n.Text(label + "2") // of a component, whose first label is its sort
		}
		c.ID = m.text(n.At("ref"), controls)
		c.Says = m.text(n.At("description"), controls)
		switch at := n.At("implemented"); format.Squeeze(m.text(at, controls)) {
		case "true":
			c.State = "implemented"
		case "false":
			c.State = "proposed"
		}
		if s := m.text(n.At("implementation_notes"), controls); s != "" {
			add(&c.Says, "Implementation: %s", s)
		}
		if s := m.text(n.At("risk_reduction"), controls); s != "" && s != "0" {
			add(&c.Says, "Risk reduction: %s %%.", s)
		}
		for _, a := range m.blocks(n, "attribute") {
			add(&c.Says, "%s: %s", a.Text(label), m.text(a.At("value"), controls))
		}
	}
	if c.Name == "" && c.Says == "" {
		if n.Holds() {
			m.d.Report.Omit(n, "a control of which nothing is said")
		}
		return
	}
	key := fmt.Sprintf("%scontrol/%q %q %q %q", m.key, c.Name, c.Says, c.State, c.ID)
	if m.controls[key] == nil {
		m.controls[key], c.Key = c, key
		m.d.Mitigations = append(m.d.Mitigations, c)
	} else {
		m.d.Report.Guess(n, "control %s is the same as one of another threat", format.Clip(cmp.Or(c.Name, c.Says)))
	}
	t.Mitigated = append(t.Mitigated, key)
}

// names find things by their name, or by the form of it that references have:
// lower case, with one underscore for all signs.
type names struct{ exact, slug map[string]string }

func newNames() *names { return &names{map[string]string{}, map[string]string{}} }

// add adds a name of something of one sort. Of a name that is doubled the first counts;
// a slug of two names is none.
func (x *names) add(sort, name, key string) {
	if x.exact[name] == "" {
		x.exact[name] = key
	}
	for _, s := range []string{"/" + slug(name), sort + "/" + slug(name)} {
		if other, ok := x.slug[s]; ok && other != key {
			x.slug[s] = ""
		} else {
			x.slug[s] = key
		}
	}
}

// find is the key of what has a name; empty if nothing has, or more than one.
func (x *names) find(sort, name string) string {
	if name == "" {
		return ""
	}
	if sort != "" {
		if key := x.slug[sort+"/"+slug(name)]; key != "" {
			return key
		}
	}
	return cmp.Or(x.exact[name], x.slug["/"+slug(name)])
}

func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else if t := b.String(); t != "" && t[len(t)-1] != '_' {
			b.WriteByte('_')
		}
	}
	return strings.TrimRight(b.String(), "_")
}
