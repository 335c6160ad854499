// Package tm7 reads models of the Microsoft Threat Modeling Tool (`.tm7`): XML as
// .NET's data contracts write it, with the template that the model was made by
// inside. See docs/formats/tm7.md for what becomes of each part.
package tm7

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of the tool's files.
var Format = format.Format{
	Name:  "tm7",
	Title: "Microsoft Threat Modeling Tool (.tm7)",
	Is: func(n *format.Node) bool {
		return n.At("ThreatModel").Has("DrawingSurfaceList") || n.At("KnowledgeBase").Has("ThreatTypes")
	},
	Read: read,
}

// nowhere is the id of what is not there.
const nowhere = "00000000-0000-0000-0000-000000000000"

// reader reads one model.
type reader struct {
	src *format.Source
	d   *format.Draft
	kb  knowledge

	surfaces map[string]int    // number of a diagram by its id
	keys     map[string]string // of elements by their id, whatever the diagram
	possible map[string]bool   // keys of mitigations that are there
	noted    map[string]int    // places in the report of what is dropped again and again
}

func read(src *format.Source) (*format.Draft, error) {
	if src.Root.Has("KnowledgeBase") {
		return nil, format.Refuse(src.Root.At("KnowledgeBase"), "name the model that was made with it, a .tm7 file", "this is a template of the tool and no model")
	}
	root := src.Root.At("ThreatModel")
	r := &reader{src: src, d: format.NewDraft(src, "Microsoft Threat Modeling Tool"), surfaces: map[string]int{}, keys: map[string]string{}, possible: map[string]bool{}, noted: map[string]int{}}
	list := root.At("DrawingSurfaceList")
	if !list.Holds() {
		return nil, format.Refuse(cmp.Or(list, root), "draw something in the tool and save it again", "the model has no diagrams")
	}
	r.d.Unnamed = true
	r.kb = template(r.d, root.At("KnowledgeBase"))
	for _, key := range []string{"ThreatGenerationEnabled", "Validations", "Version", "Profile"} {
		root.At(key).See()
	}
	var titles []string
	for i, n := range list.Entries() {
		titles = append(titles, r.surface(i, n))
	}
	r.about(root.At("MetaInformation"))
	if s := &r.d.System; s.Name == "" && len(titles) == 1 && !named(titles[0]) {
		s.Name = titles[0]
		r.d.Report.Guess(list.Entries()[0], "the model has no name; that of its only diagram, %s, is taken", format.Clip(s.Name))
	}
	for _, n := range root.At("ThreatInstances").Entries() {
		if n.Key[0] != '@' {
			r.threat(n)
		}
	}
	for _, n := range root.At("Notes").Entries() {
		r.d.Report.Omit(n, "a note: %s", format.Clip(cmp.Or(n.Text("Message"), n.Text())))
	}
	r.d.Report.Counted("diagrams", len(list.Entries()), len(list.Entries()))
	return r.d, nil
}

// named reports whether a diagram's name is empty or that which the tool gives.
func named(title string) bool {
	return strings.Trim(strings.TrimPrefix(title, "Diagram"), " 0123456789") == ""
}

// about reads what is said of the model as a whole.
func (r *reader) about(n *format.Node) {
	s := &r.d.System
	s.Name, s.Says = n.Text("ThreatModelName"), n.Text("HighLevelSystemDescription")
	if deps := n.Text("ExternalDependencies"); deps != "" {
		s.Says = strings.TrimSpace(s.Says + "\nExternal dependencies: " + deps)
	}
	for _, who := range []struct{ key, is string }{{"Owner", "the owner of the threat model"}, {"Reviewer", "a reviewer"}, {"Contributors", "contributors"}} {
		if at := n.At(who.key); at.Text() != "" {
			r.d.Report.Omit(at, "%s: %s", who.is, format.Clip(at.Text()))
		}
	}
	for line := range strings.Lines(n.Text("Assumptions")) {
		if line = strings.TrimSpace(bullet.ReplaceAllString(strings.TrimSpace(line), "")); line != "" {
			r.d.Assumptions = append(r.d.Assumptions, &format.Assumption{Node: n.At("Assumptions"), Says: line})
		}
	}
	blanks(n)
}

// blanks marks what only says that nothing is there.
func blanks(n *format.Node) {
	for _, k := range n.Entries() {
		if nil_, _ := k.Bool("@nil"); nil_ {
			k.See()
		}
	}
}

// bullet is what begins an item of a list.
var bullet = regexp.MustCompile(`^([-*•·–]|\d{1,3}[.)])\s+`)

// surface reads one diagram, and returns its name.
func (r *reader) surface(number int, n *format.Node) string {
	title := ""
	for _, p := range r.properties(n.At("Properties")) {
		if p.isName() {
			title = p.value
		}
	}
	if id := n.Text("Guid"); id != "" {
		r.surfaces[strings.ToLower(id)] = number
	}
	for _, key := range []string{"@Id", "@type", "GenericTypeId", "TypeId", "Header", "Zoom"} {
		n.At(key).See()
	}
	g := &format.Drawing{Node: n}
	var flows []*format.Node
	for _, group := range []string{"Borders", "Lines"} {
		for _, entry := range n.At(group).Entries() {
			c := entry.At("Value")
			if !c.Has("Guid") && !c.Has("GenericTypeId") {
				if entry.Key[0] != '@' {
					r.d.Report.Omit(entry, "an entry that is no element")
				}
				continue
			}
			entry.At("Key").See()
			look(c)
			switch class := classOf(c); class {
			case "P", "DS", "EI":
				g.Parts = append(g.Parts, format.Part{Box: box(c), Element: r.part(number, c, class)})
			case "TB.B":
				z := r.element(number, c, ssf.SortZone, nil)
				r.d.GuessTrust(z)
				g.Boxes = append(g.Boxes, format.Boundary{Box: box(c), Zone: z})
			case "TB.L":
				name := r.name(c)
				r.d.Report.Guess(c, "boundary %s is a line; which zones there are is told by the flows that cross it", format.Clip(name))
				g.Lines = append(g.Lines, format.Line{Points: line(c), Name: name, Node: c})
			case "DF":
				flows = append(flows, c)
			case "A":
				r.d.Report.Omit(c, "a note in diagram %s: %s", format.Clip(title), format.Clip(r.name(c)))
			default:
				r.d.Report.Omit(c, "an element of the unknown type %q", format.Clip(class))
			}
		}
	}
	for _, c := range flows {
		g.Flows = append(g.Flows, format.Path{Via: via(c), Element: r.flow(number, c)})
	}
	g.Zone(r.d)
	return title
}

// shapes are the classes by the shape, for elements that name none.
var shapes = map[string]string{"StencilEllipse": "P", "StencilParallelLines": "DS", "StencilRectangle": "EI", "BorderBoundary": "TB.B", "LineBoundary": "TB.L", "Connector": "DF"}

// classOf is the class of an element: P(rocess), DS (data store), EI (external
// interactor), DF (data flow), TB.B and TB.L (trust boundaries as box and line)
// or A(nnotation).
func classOf(c *format.Node) string {
	class, ok := strings.CutPrefix(c.Text("GenericTypeId"), "GE.")
	if !ok {
		class = cmp.Or(shapes[local(c.Text("@type"))], c.Text("GenericTypeId"), c.Text("@type"))
	}
	return class
}

// local is a name without the prefix of its namespace.
func local(name string) string { return name[strings.IndexByte(name, ':')+1:] }

// look marks what an element only looks like.
func look(c *format.Node) {
	for _, key := range []string{"@Id", "@type", "Height", "Left", "StrokeDashArray", "StrokeThickness", "Top", "Width", "HandleX", "HandleY", "PortSource", "PortTarget", "SourceX", "SourceY", "TargetX", "TargetY", "GenericTypeId", "TypeId"} {
		c.At(key).See()
	}
	if classOf(c) == "TB.L" { // its ends are points
		c.At("SourceGuid").See()
		c.At("TargetGuid").See()
	}
}

func key(surface int, id string) string {
	if id = strings.ToLower(id); id == "" || id == nowhere {
		return ""
	}
	return fmt.Sprintf("%d/%s", surface, id)
}

// A property is an attribute of an element. Set says that it is something else
// than what the tool itself puts there.
type property struct {
	node        *format.Node
	label, name string
	value       string
	set         bool
}

func (p property) isName() bool {
	return p.name == "" && p.label == "Name"
}

// properties are the attributes of an element without headings. The first choice
// of a list is what the tool preselects, and a list that cannot be changed
// belongs to the type.
func (r *reader) properties(n *format.Node) (ps []property) {
	for _, a := range n.Entries() {
		p := property{node: a, label: a.Text("DisplayName"), name: a.Text("Name")}
		v := a.At("Value")
		switch kind := local(a.Text("@type")); kind {
		case "HeaderDisplayAttribute", "StaticListDisplayAttribute":
			a.See()
			continue
		case "ListDisplayAttribute":
			choices := v.All("string")
			i, ok := a.Number("SelectedIndex")
			if !ok || i < 0 || int(i) >= len(choices) {
				if i > 0 {
					r.d.Report.Omit(a, "choice %s of %s, which has %d choices", format.Clip(a.Text("SelectedIndex")), format.Clip(p.label), len(choices))
				}
				a.See()
				continue
			}
			p.value = choices[int(i)].Text()
			p.set = i > 0 && !nothing[format.Squeeze(p.value)]
		case "BooleanDisplayAttribute":
			p.value = v.Text()
			p.set, _ = v.Bool()
		default:
			p.value = v.Text()
			p.set = !nothing[format.Squeeze(p.value)] || p.value != "" && format.Squeeze(p.value) == ""
		}
		a.See()
		ps = append(ps, p)
	}
	return ps
}

// nothing are values that only say that nobody chose.
var nothing = map[string]bool{"": true, "notselected": true, "select": true, "notapplicable": true, "na": true, "unknown": true, "notset": true}

// name is what an element without further meaning is called.
func (r *reader) name(c *format.Node) (name string) {
	for _, p := range r.properties(c.At("Properties")) {
		if p.isName() {
			name = p.value
		} else if p.set {
			r.d.Report.Drop(p.node, "%s: %s", format.Clip(p.label), format.Clip(p.value))
		}
	}
	c.At("Guid").See()
	return strings.Join(strings.Fields(name), " ")
}

// element reads what all elements have. Set is called for each attribute that
// somebody chose, and reports whether it says all of it.
func (r *reader) element(surface int, c *format.Node, sort ssf.Sort, set func(*format.Element, property) bool) *format.Element {
	id := c.Text("Guid")
	e := &format.Element{Node: c, Key: key(surface, id), Sort: sort, ID: id}
	out, why := false, ""
	var chosen []property
	for _, p := range r.properties(c.At("Properties")) {
		switch format.Squeeze(p.label) {
		case "outofscope":
			out = out || p.set
			continue
		case "reasonforoutofscope":
			why = p.value
			continue
		case "datafloworder", "showboundarythreats": // of the drawing, and of the generator of threats
			continue
		}
		switch {
		case p.isName():
			e.Name = strings.Join(strings.Fields(p.value), " ")
		case p.set:
			chosen = append(chosen, p)
		}
	}
	e = r.d.Add(e)
	if k := strings.ToLower(id); r.keys[k] == "" {
		r.keys[k] = e.Key
	}
	for _, p := range chosen {
		if set == nil || !set(e, p) {
			say(e, cmp.Or(p.label, p.name)+": "+p.value)
		}
	}
	switch {
	case out:
		r.d.Report.Guess(c, "%s is out of scope in the tool; here it is part of the model like all else, and its text says so", format.Clip(e.Name))
		e.Says = strings.TrimSpace(e.Says + "\nOut of scope in the Threat Modeling Tool: " + cmp.Or(why, "no reason is given."))
	case why != "":
		r.d.Report.Drop(c, "a reason to be out of scope, of what is in scope: %s", format.Clip(why))
	}
	return e
}

// say adds what the source says and our language has no place for.
func say(e *format.Element, what string) {
	e.Says = strings.TrimSpace(e.Says + "\nIn the Threat Modeling Tool: " + strings.TrimRight(what, ".") + ".")
}

// part reads a process, a data store or an external interactor.
func (r *reader) part(surface int, c *format.Node, class string) *format.Element {
	typ := strings.TrimPrefix(c.Text("TypeId"), "SE.")
	if class == "EI" {
		e := r.element(surface, c, ssf.SortActor, nil)
		if t := r.kb.elements[c.Text("TypeId")]; t != "" && !strings.EqualFold(t, e.Name) {
			say(e, "it is drawn as "+t)
		}
		return e
	}
	st, known := stencils[typ]
	kind := cmp.Or(st.kind, map[string]ssf.ID{"P": "program", "DS": "datastore"}[class])
	e := r.element(surface, c, ssf.SortComponent, func(e *format.Element, p property) bool {
		switch s, ok := settings[format.Squeeze(p.name)][format.Squeeze(p.value)]; {
		case ok:
			e.Fact(p.node, s.fact, s.is)
			kind = cmp.Or(s.kind, kind)
			if s.tech != "" {
				st.tech = []ssf.ID{s.tech}
			}
			return !s.keep
		case format.Squeeze(p.label) == "storeslogdata" && yes(p) && (kind == "datastore" || kind == "file_store"):
			kind = "log_store"
			return true
		case format.Squeeze(p.label) == "storescredentials" && yes(p):
			r.credentials(p.node, e)
			return true
		}
		return false
	})
	e.Kind = kind
	e.Tech = append(e.Tech, st.tech...)
	e.Fact(c, st.fact, st.is)
	if t := r.kb.elements[c.Text("TypeId")]; t != "" && !known {
		if guessed, by := r.src.GuessKind(t, e.Kind); guessed != "" && guessed != e.Kind && !plain[typ] {
			r.d.Report.Guess(c, "%s is taken to be a %s, because the name of its type, %s, says %q", format.Clip(e.Name), guessed, format.Clip(t), by)
			e.Kind = guessed
		} else if !strings.EqualFold(t, e.Name) && !strings.HasPrefix(t, "Generic ") {
			say(e, "it is drawn as "+t)
		}
	}
	r.src.Guess(r.d, e)
	return e
}

func yes(p property) bool { return format.Squeeze(p.value) == "yes" }

// credentials are an asset, because a store is said to hold them.
func (r *reader) credentials(at *format.Node, store *format.Element) {
	name := "Credentials in " + store.Name
	a := r.d.Add(&format.Element{Node: at, Key: store.Key + " credentials", Sort: ssf.SortAsset, Name: name, Ours: true})
	store.Stores = append(store.Stores, a.Key)
	r.d.Report.Guess(at, "%s is written as an asset, because the store is said to hold credentials", format.Clip(name))
}

// flow reads a flow. An end at nothing is loose.
func (r *reader) flow(surface int, c *format.Node) *format.Element {
	typ := strings.TrimPrefix(c.Text("TypeId"), "SE.")
	over := protocols[typ]
	e := r.element(surface, c, ssf.SortFlow, func(e *format.Element, p property) bool {
		s, ok := settings[format.Squeeze(p.name)][format.Squeeze(p.value)]
		if !ok || s.fact == "" {
			return false
		}
		e.Fact(p.node, s.fact, s.is)
		return !s.keep
	})
	e.From, e.To, e.Over = key(surface, c.Text("SourceGuid")), key(surface, c.Text("TargetGuid")), over
	switch t := r.kb.elements[c.Text("TypeId")]; {
	case typ == "DF.TMCore.Response":
		r.d.Report.Guess(c, "%s is drawn as an answer; in our language a request and its answer are one flow, and here it is one of its own", format.Clip(e.Name))
	case over == "" && t != "" && typ != "DF.TMCore.Request" && !strings.HasPrefix(t, "Generic "):
		if e.Over = r.src.Protocol(t); e.Over != "" {
			r.d.Report.Guess(c, "%s is taken to use %s, because the name of its type, %s, says so", format.Clip(e.Name), e.Over, format.Clip(t))
		} else if !strings.EqualFold(t, e.Name) {
			say(e, "it is drawn as "+t)
		}
	}
	return e
}

func number(c *format.Node, key string) float64 { v, _ := c.Number(key); return v }

func box(c *format.Node) format.Box {
	return format.Box{X: number(c, "Left"), Y: number(c, "Top"), W: number(c, "Width"), H: number(c, "Height")}
}

// via is where the middle of a line is drawn.
func via(c *format.Node) []format.Point {
	if !c.Has("HandleX") {
		return nil
	}
	return []format.Point{{X: number(c, "HandleX"), Y: number(c, "HandleY")}}
}

// line is the way of a boundary: a bow through its handle.
func line(c *format.Node) (out []format.Point) {
	out = append(out, format.Point{X: number(c, "SourceX"), Y: number(c, "SourceY")})
	out = append(out, via(c)...)
	return append(out, format.Point{X: number(c, "TargetX"), Y: number(c, "TargetY")})
}
