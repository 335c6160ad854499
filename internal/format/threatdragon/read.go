// Package threatdragon reads models of OWASP Threat Dragon, version 1 and 2. See
// docs/formats/threat-dragon.md for what becomes of each part.
package threatdragon

import (
	"cmp"
	"fmt"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of Threat Dragon's files.
var Format = format.Format{
	Name:  "threat-dragon",
	Title: "OWASP Threat Dragon",
	Is: func(n *format.Node) bool {
		return n.Has("summary") && n.Has("detail")
	},
	Read: read,
}

// reader reads one model.
type reader struct {
	src *format.Source
	d   *format.Draft
	of  map[string]int // what there is, for the report
}

func read(src *format.Source) (*format.Draft, error) {
	root := src.Root
	version := root.Text("version")
	r := &reader{src: src, d: format.NewDraft(src, "Threat Dragon "+version), of: map[string]int{}}
	r.d.Unnamed = true
	s := &r.d.System
	s.Name, s.Says, s.Supplier = root.Text("summary", "title"), root.Text("summary", "description"), root.Text("summary", "owner")
	detail := root.At("detail")
	if detail.Kind != format.Map {
		return nil, format.Refuse(detail, "", "`detail` is %s, and a model of Threat Dragon has an object there", detail.Kind)
	}
	diagrams := detail.At("diagrams")
	if diagrams == nil || diagrams.Kind != format.List {
		at := detail
		if diagrams != nil {
			at = diagrams
		}
		return nil, format.Refuse(at, "", "there is no list of diagrams in `detail`, as each model of Threat Dragon has it")
	}
	for _, c := range detail.All("contributors") {
		r.d.Report.Omit(c, "a contributor: %s", format.Clip(c.Text("name")))
	}
	for _, n := range []*format.Node{detail.At("reviewer"), detail.At("diagramTop"), detail.At("threatTop"), root.At("summary", "id")} {
		if n.Holds() && n.Text() != "0" {
			r.d.Report.Omit(n, "not part of our language: %s", format.Clip(n.Text()))
		}
	}
	for i, n := range diagrams.Entries() {
		if n.Kind != format.Map {
			return nil, format.Refuse(n, "", "a diagram is an object, and this is %s", n.Kind)
		}
		for _, key := range []string{"thumbnail", "placeholder", "version", "id", "size"} {
			n.At(key).See()
		}
		r.diagram(i, n)
	}
	rep := &r.d.Report
	rep.Counted("diagrams", len(diagrams.Entries()), len(diagrams.Entries()))
	return r.d, nil
}

// diagram reads the cells of one diagram. Their ids are unique within it at
// best, so keys have its number before them.
func (r *reader) diagram(number int, n *format.Node) {
	kind := n.Text("diagramType")
	for _, key := range []string{"title", "description"} {
		if says := n.Text(key); says != "" {
			r.d.Report.Drop(n.At(key), "our language has no diagrams, so it has not the %s of this one: %s", key, format.Clip(says))
		}
	}
	cells := n.At("cells") // version 2
	if n.Has("diagramJson") {
		cells = n.At("diagramJson", "cells")
		n.At("diagramJson").At("id").See()
	}
	g := &format.Drawing{Node: n}
	var flows []*format.Node
	for _, c := range cells.Entries() {
		look(c)
		switch sort := sortOf(c); sort {
		case "tm.Flow":
			flows = append(flows, c)
		case "tm.Boundary":
			g.Lines = append(g.Lines, format.Line{Points: line(c), Name: name(c), Node: c})
			for _, says := range []string{name(c), data(c).Text("description")} {
				if says != "" {
					r.d.Report.Drop(data(c), "a boundary that is a line is no part of our language, only what it parts: %s", format.Clip(says))
				}
			}
			data(c).See()
		case "tm.BoundaryBox":
			z := r.element(number, c, ssf.SortZone)
			r.d.GuessTrust(z)
			g.Boxes = append(g.Boxes, format.Boundary{Box: box(c), Zone: z})
		case "tm.Text":
			if text := name(c); text != "" {
				r.d.Report.Omit(data(c), "a note in diagram %q: %s", format.Clip(n.Text("title")), format.Clip(text))
			}
		case "tm.Actor", "tm.Process", "tm.Store":
			e := r.part(number, c, sort)
			g.Parts = append(g.Parts, format.Part{Box: box(c), Element: e})
			r.threats(c, e, kind)
		default:
			r.d.Report.Omit(c, "a cell of the unknown type %q", format.Clip(sort))
		}
	}
	for _, c := range flows {
		e := r.flow(number, c)
		g.Flows = append(g.Flows, format.Path{Via: points(c.At("vertices")), Element: e})
		r.threats(c, e, kind)
	}
	g.Zone(r.d)
}

// data is where version 2 keeps what a cell means; in version 1 it is the cell.
func data(c *format.Node) *format.Node {
	if d := c.At("data"); d != nil {
		return d
	}
	return c
}

// shapes are the shapes of version 2 for cells that do not name their type.
var shapes = map[string]string{"process": "tm.Process", "store": "tm.Store", "actor": "tm.Actor", "flow": "tm.Flow", "trust-boundary-box": "tm.BoundaryBox", "trust-broundary-curve": "tm.Boundary", "trust-boundary-curve": "tm.Boundary", "td-text-block": "tm.Text"}

func sortOf(c *format.Node) string {
	if t := data(c).Text("type"); strings.HasPrefix(t, "tm.") {
		return t
	}
	return cmp.Or(shapes[c.Text("shape")], c.Text("type"), c.Text("shape"))
}

// look marks what a cell only looks like.
func look(c *format.Node) {
	for _, key := range []string{"position", "size", "attrs", "visible", "shape", "zIndex", "z", "angle", "ports", "tools", "connector", "width", "height", "labels", "smooth", "vertices", "interactionModel", "isTrustBoundary", "hasOpenThreats", "router", "markup", "type"} {
		c.At(key).See()
		if d := c.At("data"); d != nil {
			d.At(key).See()
		}
	}
	if d := c.At("data"); d != nil {
		d.At("threatFrequency").See()
	}
}

// name is what a cell is called.
func name(c *format.Node) string {
	return strings.Join(strings.Fields(cmp.Or(data(c).Text("name"), c.Text("attrs", "text", "text"), c.Text("attrs", "label", "text"), label(c))), " ")
}

// label is the text on a flow.
func label(c *format.Node) string {
	for _, l := range c.All("labels") {
		for _, path := range [][]string{{"attrs", "text", "text"}, {"attrs", "label", "text"}, {"attrs", "labelText", "text"}} {
			if s := l.Text(path...); s != "" {
				return s
			}
		}
	}
	return c.Text("labels")
}

func key(diagram int, id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf("%d/%s", diagram, id)
}

// element reads what all cells have.
func (r *reader) element(diagram int, c *format.Node, sort ssf.Sort) *format.Element {
	e := &format.Element{Node: c, Key: key(diagram, c.Text("id")), Sort: sort, ID: c.Text("id"), Name: name(c), Says: data(c).Text("description")}
	if out, _ := data(c).Bool("outOfScope"); out {
		why := data(c).Text("reasonOutOfScope")
		r.d.Report.Guess(data(c).At("outOfScope"), "%s is out of scope in Threat Dragon; here it is part of the model like all else, and its text says so", format.Clip(e.Name))
		e.Says = strings.TrimSpace(e.Says + "\nOut of scope in Threat Dragon: " + cmp.Or(why, "no reason is given."))
	}
	data(c).Text("reasonOutOfScope")
	return r.d.Add(e)
}

// kinds are what the shapes of Threat Dragon are here.
var kinds = map[string]ssf.ID{"tm.Process": "program", "tm.Store": "datastore"}

// part reads an actor, a process or a store. Its boxes that are not ticked are
// defaults of the tool and say nothing.
func (r *reader) part(diagram int, c *format.Node, sort string) *format.Element {
	d := data(c)
	if sort == "tm.Actor" {
		e := r.element(diagram, c, ssf.SortActor)
		r.ticked(d, e, map[string]string{"providesAuthentication": "provides authentication"})
		return e
	}
	e := r.element(diagram, c, ssf.SortComponent)
	if e.Kind = kinds[sort]; sort == "tm.Store" {
		if yes, _ := d.Bool("isALog"); yes {
			e.Kind = "log_store"
		}
		if yes, _ := d.Bool("isEncrypted"); yes {
			e.Fact(d.At("isEncrypted"), "encrypted_at_rest", ssf.Yes)
		}
		r.ticked(d, e, map[string]string{"storesInventory": "stores inventory", "isSigned": "what it holds is signed"})
		if yes, _ := d.Bool("storesCredentials"); yes {
			r.credentials(d.At("storesCredentials"), e)
		}
	} else {
		if yes, _ := d.Bool("isWebApplication"); yes {
			e.Kind = "web_service"
		}
		r.ticked(d, e, map[string]string{"handlesCardPayment": "handles card payments", "handlesGoodsOrServices": "handles goods or services"})
		if level := d.Text("privilegeLevel"); level != "" {
			e.Says = strings.TrimSpace(e.Says + "\nPrivilege level: " + level + ".")
		}
	}
	r.src.Guess(r.d, e)
	return e
}

// ticked keeps what a ticked box says in the text, where our language has no
// fact for it.
func (r *reader) ticked(d *format.Node, e *format.Element, boxes map[string]string) {
	for _, n := range d.Entries() {
		if says, ok := boxes[n.Key]; ok {
			if yes, _ := n.Bool(); yes {
				e.Says = strings.TrimSpace(e.Says + "\nIn Threat Dragon: " + says + ".")
			}
		}
	}
}

// credentials are an asset, because a store is said to hold them.
func (r *reader) credentials(at *format.Node, store *format.Element) {
	name := "Credentials in " + store.Name
	a := r.d.Add(&format.Element{Node: at, Key: store.Key + " credentials", Sort: ssf.SortAsset, Name: name, Ours: true})
	store.Stores = append(store.Stores, a.Key)
	r.d.Report.Guess(at, "%s is written as an asset, because the store is said to hold credentials", format.Clip(name))
}

// flow reads a flow. Its ends are ids of cells; a loose end is a point.
func (r *reader) flow(diagram int, c *format.Node) *format.Element {
	d := data(c)
	e := r.element(diagram, c, ssf.SortFlow)
	end := func(key_ string) string {
		return key(diagram, cmp.Or(c.Text(key_, "cell"), c.Text(key_, "id"), stringEnd(c.At(key_))))
	}
	e.From, e.To = end("source"), end("target")
	for _, k := range []string{"source", "target"} {
		c.At(k).See()
	}
	encrypted, _ := d.Bool("isEncrypted")
	if p := d.Text("protocol"); p != "" {
		e.Over = r.src.Protocol(p)
		if format.Squeeze(p) == "https" && strings.Contains(p, "/") && !encrypted {
			e.Over = "" // `HTTP/S` may be either
		}
		if e.Over == "" {
			r.d.Report.Drop(d.At("protocol"), "protocol %q is not one that the library knows; the text keeps it", format.Clip(p))
			e.Says = strings.TrimSpace(e.Says + "\nProtocol: " + p + ".")
		}
	}
	if encrypted {
		e.Fact(d.At("isEncrypted"), "encrypted", ssf.Yes)
	}
	if yes, _ := d.Bool("isPublicNetwork"); yes {
		e.Fact(d.At("isPublicNetwork"), "over_network", ssf.Yes)
	}
	if yes, _ := d.Bool("isBidirectional"); yes {
		d.At("isBidirectional").See() // request and answer are one flow
	}
	return e
}

// stringEnd is an end that is an id by itself.
func stringEnd(n *format.Node) string {
	if n != nil && n.Kind == format.Text {
		return n.Text()
	}
	return ""
}

// threats reads the threats of a cell. Of each with a mitigation that text is one.
func (r *reader) threats(c *format.Node, e *format.Element, diagram string) {
	rep := &r.d.Report
	for _, n := range data(c).All("threats") {
		for _, key := range []string{"new", "number", "modelType", "severityId", "hasOpenThreats", "threatId", "ruleId"} {
			n.At(key).See()
		}
		t := &format.Threat{Node: n, ID: n.Text("id"), Name: n.Text("title"), Says: n.Text("description"), At: []string{e.Key}}
		if t.ID == "" {
			t.ID = n.Text("threatId")
		}
		r.class(n.At("type"), t, cmp.Or(n.Text("modelType"), diagram))
		known := false
		if t.Status, known = format.ParseStatus(n.Text("status")); !known {
			rep.Guess(n.At("status"), "status %q is taken as open", format.Clip(n.Text("status")))
			t.Status = format.IsOpen
		}
		if t.Severity, known = format.ParseSeverity(n.Text("severity")); !known {
			rep.Drop(n.At("severity"), "severity %q is no level", format.Clip(n.Text("severity")))
		}
		if s := n.Text("score"); s != "" {
			rep.Drop(n.At("score"), "a score without a scale: %s", format.Clip(s))
		}
		if m := n.At("mitigation"); m.Text() != "" {
			if t.Status == format.IsNotRelevant || t.Status == format.IsAccepted || t.Status == format.IsTransferred {
				t.Because = m.Text()
			} else {
				id := m.Path()
				r.d.Mitigations = append(r.d.Mitigations, &format.Mitigation{Node: m, Key: id, Name: first(m.Text()), Says: m.Text()})
				t.Mitigated = []string{id}
			}
		}
		r.d.Threats = append(r.d.Threats, t)
	}
}

// class reads the type of a threat, which is a class of STRIDE, of LINDDUN or of
// another scheme.
func (r *reader) class(n *format.Node, t *format.Threat, scheme string) {
	word := n.Text()
	if word == "" {
		return
	}
	if s := format.Stride(word); s != "" {
		t.Stride = []string{s}
		return
	}
	for _, p := range []ssf.Property{ssf.Confidentiality, ssf.Integrity, ssf.Availability} {
		if format.Squeeze(word) == string(p) {
			t.Endangers = append(t.Endangers, p)
			return
		}
	}
	r.d.Report.Drop(n, "type %q of %s; the text keeps it", format.Clip(word), cmp.Or(scheme, "an unnamed scheme"))
	t.Says = strings.TrimSpace(t.Says + "\n" + cmp.Or(scheme, "Type") + ": " + word + ".")
}

// first is the first sentence of a text, as a name.
func first(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	s, _, _ = strings.Cut(s, ". ")
	return strings.TrimRight(s, ". ")
}

func box(c *format.Node) format.Box {
	f := func(path ...string) float64 { v, _ := c.Number(path...); return v }
	return format.Box{X: f("position", "x"), Y: f("position", "y"), W: f("size", "width"), H: f("size", "height")}
}

func points(n *format.Node) (out []format.Point) {
	for _, p := range n.Entries() {
		x, ok1 := p.Number("x")
		y, ok2 := p.Number("y")
		if ok1 && ok2 {
			out = append(out, format.Point{X: x, Y: y})
		}
	}
	return out
}

// line is the way of a boundary that is a line.
func line(c *format.Node) (out []format.Point) {
	end := func(key string) {
		x, ok1 := c.Number(key, "x")
		y, ok2 := c.Number(key, "y")
		if ok1 && ok2 {
			out = append(out, format.Point{X: x, Y: y})
		}
		c.At(key).See()
	}
	end("source")
	out = append(out, points(c.At("vertices"))...)
	end("target")
	return out
}
