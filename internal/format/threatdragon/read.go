// Package threatdragon reads and writes models of OWASP Threat Dragon: version 1
// and 2 are read, 2 is written. See docs/formats/threat-dragon.md for what becomes
// of each part. Threat Dragon publishes schemas, and writes what they do not say;
// where both differ, this package goes by what it writes.
package threatdragon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of Threat Dragon's files.
var Format = format.Format{
	Name:  "threat-dragon",
	Title: "OWASP Threat Dragon",
	Is:    func(n *format.Node) bool { return n.Has("summary") && n.Has("detail") },
	Near:  near,
	Read:  read,
	Write: write,
	Loses: loses,
}

// near says what of a file of Threat Dragon is missing.
func near(n *format.Node) string {
	detail := n.At("detail")
	switch {
	case n.Has("summary") && !n.Has("detail") && n.Has("version"):
		return "it has no object `detail` with its diagrams"
	case n.Has("detail") && !n.Has("summary") && (n.Has("version") || detail.Has("diagrams") || detail.Has("contributors")):
		return "it has no object `summary` with its title"
	}
	return ""
}

// reader reads one model.
type reader struct {
	src   *format.Source
	d     *format.Draft
	drawn map[string]string          // title of the first diagram with a part of this type and name
	ours  map[ssf.ID]*format.Element // by the id that they had here
}

func read(src *format.Source) (*format.Draft, error) {
	root := src.Root
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
	version := root.Text("version")
	for _, n := range diagrams.Entries() {
		if version == "" && n.Has("diagramJson") {
			version = "1"
		}
	}
	r := &reader{src: src, d: format.NewDraft(src, "Threat Dragon "+version), drawn: map[string]string{}, ours: map[ssf.ID]*format.Element{}}
	r.d.Unnamed = true
	r.summary(root.At("summary"))
	for _, c := range detail.All("contributors") {
		r.d.Report.Omit(c, "%s is a contributor, for whom our language has no place", format.Clip(cmp.Or(c.Text("name"), c.Text(), "somebody")))
	}
	if n := detail.At("reviewer"); n.Holds() {
		r.d.Report.Omit(n, "%s is the reviewer, for whom our language has no place", format.Clip(n.Text()))
	}
	for _, key := range []string{"diagramTop", "threatTop", "$$hashKey"} {
		detail.At(key).See() // what the tool counts
	}
	for _, n := range r.objects(detail, ownAssets) {
		r.asset(n)
	}
	for i, n := range diagrams.Entries() {
		if n.Kind != format.Map {
			r.d.Report.Omit(n, "a diagram is an object, and this is %s", n.Kind)
			continue
		}
		r.diagram(i, n)
	}
	for _, n := range r.objects(detail, ownMitigations) {
		r.mitigation(n)
	}
	for _, n := range r.objects(detail, ownThreats) {
		at := ssf.ID(n.Own("at"))
		if e := r.ours[at]; e != nil || at == ssf.ID(ssf.SortSystem) {
			r.threat(n, e, "")
		} else {
			r.d.Report.Omit(n, "it stands at %s, which the file does not have any more", format.Clip(string(at)))
		}
	}
	r.d.Report.Counted("diagrams", len(diagrams.Entries()), len(diagrams.Entries()))
	return r.d, nil
}

// objects are the objects in a list; anything else in it is no entry.
func (r *reader) objects(n *format.Node, key string) (out []*format.Node) {
	for _, k := range n.All(key) {
		if k.Kind != format.Map {
			r.d.Report.Omit(k, "an entry of %s is an object, and this is %s", key, k.Kind)
			continue
		}
		out = append(out, k)
	}
	return out
}

// summary reads what is said of the whole. The owner is that of the threat model,
// which is somebody else than the supplier of the system.
func (r *reader) summary(n *format.Node) {
	s := &r.d.System
	s.Name, s.Says = oneLine(n.Text("title")), n.Text("description")
	owner := n.Text("owner")
	if n.Own("system") != "" {
		s.Supplier, owner = owner, ""
		s.Version, s.Purpose, s.Contact, s.SupportUntil = n.Own("version"), n.Own("purpose"), n.Own("contact"), n.Own("support_until")
		for line := range strings.SplitSeq(n.Own("misuse"), "\n") {
			if line = strings.TrimSpace(line); line != "" {
				s.Misuse = append(s.Misuse, line)
			}
		}
		facts := &format.Element{Sort: ssf.SortSystem}
		facts.Described(n, assetKey)
		s.Facts = facts.Facts
		for _, key := range []string{"case", "commit"} {
			n.Own(key)
		}
	}
	if owner != "" {
		s.Says = line(s.Says, "Owner of the threat model: "+owner+".")
	}
	if id := n.At("id"); id.Holds() && id.Text() != "0" {
		r.d.Report.Omit(id, "the model's id in the tool: %s", format.Clip(id.Text()))
	}
	n.At("id").See()
}

// diagram reads the cells of one diagram. Their ids are unique within it at
// best, so keys have its number before them.
func (r *reader) diagram(number int, n *format.Node) {
	for _, key := range []string{"thumbnail", "placeholder", "version", "id", "size", "$$hashKey", "diagramType"} {
		n.At(key).See()
	}
	title, scheme := n.Text("title"), n.Text("diagramType")
	if title != "" {
		r.d.Report.Drop(n.At("title"), "our language has no diagrams, so this one keeps its parts and not its title: %s", format.Clip(title))
	}
	if says := n.At("description"); says.Holds() {
		r.d.Report.Omit(says, "what diagram %q says of itself: %s", format.Clip(title), format.Clip(says.Text()))
	}
	cells := n.At("cells") // version 2
	if n.Has("diagramJson") {
		cells = n.At("diagramJson", "cells")
		n.At("diagramJson").At("id").See()
	}
	if cells == nil || cells.Kind != format.List {
		if cells.Holds() {
			r.d.Report.Omit(cells, "cells are a list, and this is %s", cells.Kind)
		}
		return
	}
	g := &format.Drawing{Node: n}
	var flows []*format.Node
	for _, c := range cells.Entries() {
		if c.Kind != format.Map {
			r.d.Report.Omit(c, "a cell is an object, and this is %s", c.Kind)
			continue
		}
		look(c)
		switch sort := sortOf(c); sort {
		case "tm.Flow":
			flows = append(flows, c)
		case "tm.Boundary":
			r.boundary(g, c)
		case "tm.BoundaryBox":
			z := r.element(number, c, ssf.SortZone)
			if z.Want == "" {
				r.d.GuessTrust(z)
			}
			if b, ok := box(c); ok {
				g.Boxes = append(g.Boxes, format.Boundary{Box: b, Zone: z})
			}
			r.threats(c, z, scheme)
		case "tm.Text":
			if data(c).Own("note") == "" && name(c) != "" {
				r.d.Report.Omit(c, "a note in diagram %q: %s", format.Clip(title), format.Clip(name(c)))
			}
			c.See()
		case "tm.Actor", "tm.Process", "tm.Store":
			e := r.part(number, c, sort)
			r.twice(e, sort, title)
			if b, ok := box(c); ok {
				g.Parts = append(g.Parts, format.Part{Box: b, Element: e})
			}
			r.threats(c, e, scheme)
		default:
			r.d.Report.Omit(c, "a cell of the unknown type %q", format.Clip(sort))
		}
	}
	for _, c := range flows {
		e := r.flow(number, c)
		g.Flows = append(g.Flows, format.Path{Via: points(c.At("vertices")), Element: e})
		r.threats(c, e, scheme)
	}
	g.Zone(r.d)
}

// boundary reads a boundary that is a line. Its name is that of no zone: there is
// one on each side of it.
func (r *reader) boundary(g *format.Drawing, c *format.Node) {
	d := data(c)
	if text := strings.TrimSpace(name(c) + " " + d.Text("description")); text != "" && format.Squeeze(text) != "trustboundary" {
		r.d.Report.Drop(d, "a boundary is a line, and what lies on its sides does not bear its name %s", format.Clip(text))
	}
	g.Lines = append(g.Lines, format.Line{Points: way(c), Name: name(c), Node: c})
	r.threats(c, nil, "")
	for _, key := range []string{"id", "name", "description", "isTrustBoundary", "outOfScope", "reasonOutOfScope", "smooth"} {
		c.At(key).See()
		d.At(key).See()
	}
}

// twice notes a part that an earlier diagram shows too, as far as names tell.
func (r *reader) twice(e *format.Element, sort, title string) {
	if e.Name == "" || e.Want != "" {
		return
	}
	k := sort + "\x00" + e.Name
	if first, ok := r.drawn[k]; !ok {
		r.drawn[k] = title
	} else if first != title {
		r.d.Report.Guess(e.Node, "%s stands in diagram %q too; whether it is the same is not said, so here it is one more", format.Clip(e.Name), format.Clip(first))
	}
}

// data is where version 2 keeps what a cell means; in version 1 it is the cell.
func data(c *format.Node) *format.Node {
	if d := c.At("data"); d != nil && d.Kind == format.Map {
		return d
	}
	return c
}

// shapes are the shapes of version 2 for cells that do not name their type.
var shapes = map[string]string{"process": "tm.Process", "store": "tm.Store", "actor": "tm.Actor", "flow": "tm.Flow", "edge": "tm.Flow", "trust-boundary-box": "tm.BoundaryBox", "trust-broundary-curve": "tm.Boundary", "trust-boundary-curve": "tm.Boundary", "trust-boundary": "tm.Boundary", "td-text-block": "tm.Text"}

// sortOf is the type of a cell.
func sortOf(c *format.Node) string {
	if t := data(c).Text("type"); strings.HasPrefix(t, "tm.") {
		return t
	}
	return cmp.Or(shapes[c.Text("shape")], c.Text("type"), c.Text("shape"))
}

// look marks what a cell only looks like, and what the tool computes of its place.
func look(c *format.Node) {
	for _, n := range []*format.Node{c, data(c)} {
		for _, key := range []string{"position", "size", "attrs", "visible", "shape", "zIndex", "z", "angle", "ports", "tools", "connector", "width", "height", "labels", "smooth", "vertices", "interactionModel", "isTrustBoundary", "hasOpenThreats", "router", "markup", "type", "threatFrequency", "containedElements", "crossingFlows", "trustBoundaryIds", "$$hashKey", "embeds", "parent"} {
			n.At(key).See()
		}
	}
}

// name is what a cell is called.
func name(c *format.Node) string {
	return oneLine(cmp.Or(data(c).Text("name"), c.Text("attrs", "text", "text"), c.Text("attrs", "label", "text"), c.Text("attrs", "headerText", "text"), label(c), c.Text("label")))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// line is a text with one more line.
func line(text, more string) string { return strings.TrimSpace(text + "\n" + more) }

// label is the text on a flow.
func label(c *format.Node) string {
	for _, l := range c.All("labels") {
		for _, path := range [][]string{{"attrs", "labelText", "text"}, {"attrs", "text", "text"}, {"attrs", "label", "text"}, nil} {
			if s := l.Text(path...); s != "" {
				return s
			}
		}
	}
	return ""
}

func key(diagram int, id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf("%d/%s", diagram, id)
}

// assetKey is the key of an asset that we wrote.
func assetKey(id ssf.ID) string { return "asset/" + string(id) }

// asset reads an asset that we wrote; Threat Dragon has none.
func (r *reader) asset(n *format.Node) {
	e := &format.Element{Node: n, Sort: ssf.SortAsset, Name: oneLine(n.Text("name")), Says: n.Text("description")}
	if id := n.Own("id"); id != "" {
		e.Key = assetKey(ssf.ID(id))
	}
	e.Described(n, assetKey)
	r.own(r.d.Add(e))
}

// own remembers an element that we wrote.
func (r *reader) own(e *format.Element) {
	if e.Want != "" && r.ours[e.Want] == nil {
		r.ours[e.Want] = e
	}
}

// element reads what all cells have.
func (r *reader) element(diagram int, c *format.Node, sort ssf.Sort) *format.Element {
	d := data(c)
	e := &format.Element{Node: c, Key: key(diagram, c.Text("id")), Sort: sort, ID: c.Text("id"), Name: name(c), Says: d.Text("description")}
	e.Described(d, assetKey)
	d.Own("ticked")
	why := d.Text("reasonOutOfScope")
	if out, _ := d.Bool("outOfScope"); out {
		r.d.Report.Guess(d.At("outOfScope"), "%s is out of scope in Threat Dragon; here it is part of the model like all else, and its text says so", format.Clip(e.Name))
		e.Says = line(e.Says, "Out of scope in Threat Dragon: "+cmp.Or(why, "no reason is given."))
	} else if why != "" {
		r.d.Report.Drop(d.At("reasonOutOfScope"), "%s is not out of scope, so the reason for that is left out", format.Clip(e.Name))
	}
	r.d.Add(e)
	r.own(e)
	return e
}

// tick reports whether a box is ticked. One that is not is a default of the tool
// and says nothing, unless we ticked it: then somebody took it back. One that we
// ticked says no more than the attributes.
func (r *reader) tick(d *format.Node, box string, e *format.Element, fact ssf.ID) (ticked, undone bool) {
	now, _ := d.Bool(box)
	was := slices.Contains(d.OwnIDs("ticked"), ssf.ID(box))
	if was && !now {
		r.d.Report.Guess(d.At(box), "%s: somebody has taken back %s since this was written", format.Clip(e.Name), box)
		e.Facts = slices.DeleteFunc(e.Facts, func(f format.Fact) bool { return f.Name == fact })
	}
	return now && !was, was && !now
}

// kinds are what the shapes of Threat Dragon are here.
var kinds = map[string]ssf.ID{"tm.Process": "program", "tm.Store": "datastore"}

// part reads an actor, a process or a store.
func (r *reader) part(diagram int, c *format.Node, sort string) *format.Element {
	d := data(c)
	if sort == "tm.Actor" {
		e := r.element(diagram, c, ssf.SortActor)
		r.ticked(d, e, map[string]string{"providesAuthentication": "provides authentication"})
		return e
	}
	e := r.element(diagram, c, ssf.SortComponent)
	ours := e.Want != ""
	if !ours {
		e.Kind = kinds[sort]
	}
	if sort == "tm.Store" {
		if yes, _ := r.tick(d, "isALog", e, ""); yes {
			e.Kind = "log_store"
		}
		if yes, _ := r.tick(d, "isEncrypted", e, "encrypted_at_rest"); yes {
			e.Fact(d.At("isEncrypted"), "encrypted_at_rest", ssf.Yes)
		}
		r.ticked(d, e, map[string]string{"storesInventory": "stores inventory", "isSigned": "what it holds is signed"})
		if yes, _ := d.Bool("storesCredentials"); yes {
			r.credentials(d.At("storesCredentials"), e)
		}
	} else {
		if yes, _ := r.tick(d, "isWebApplication", e, ""); yes {
			e.Kind = "web_service"
		}
		r.ticked(d, e, map[string]string{"handlesCardPayment": "handles card payments", "handlesGoodsOrServices": "handles goods or services"})
		if level := d.Text("privilegeLevel"); level != "" {
			e.Says = line(e.Says, "Privilege level: "+level+".")
		}
	}
	if !ours {
		r.src.Guess(r.d, e)
	}
	return e
}

// ticked keeps what a ticked box says in the text, where our language has no
// fact for it.
func (r *reader) ticked(d *format.Node, e *format.Element, boxes map[string]string) {
	for _, n := range d.Entries() {
		if says, ok := boxes[n.Key]; ok {
			if yes, _ := n.Bool(); yes {
				e.Says = line(e.Says, "In Threat Dragon: "+says+".")
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
	end := func(side string) string {
		at := c.At(side)
		id := cmp.Or(at.Text("cell"), at.Text("id"))
		if at != nil && at.Kind == format.Text {
			id = at.Text()
		}
		at.See()
		if k := key(diagram, id); r.d.Find(k) != nil || r.d.Find(id) != nil {
			return k
		}
		return id // which is in no diagram, and which the report shows
	}
	e.From, e.To = end("source"), end("target")
	encrypted, _ := r.tick(d, "isEncrypted", e, "encrypted")
	if p := d.Text("protocol"); p != "" {
		e.Over = r.src.Protocol(p)
		if format.Squeeze(p) == "https" && strings.Contains(p, "/") && !encrypted {
			e.Over = "" // `HTTP/S` may be either
		}
		if e.Over == "" {
			r.d.Report.Drop(d.At("protocol"), "protocol %s is not one that the library knows; the text keeps it", format.Clip(p))
			e.Says = line(e.Says, "Protocol: "+p+".")
		}
	}
	if encrypted {
		e.Fact(d.At("isEncrypted"), "encrypted", ssf.Yes)
	}
	if yes, _ := d.Bool("isPublicNetwork"); yes {
		e.Fact(d.At("isPublicNetwork"), "over_network", ssf.Yes)
		e.Says = line(e.Says, "In Threat Dragon: goes over a public network.")
	}
	both, undone := r.tick(d, "isBidirectional", e, "")
	if e.Both = both; undone {
		e.Returns = nil
	}
	return e
}

// box is where a cell is drawn, if the file says so.
func box(c *format.Node) (b format.Box, ok bool) {
	ok = true
	for _, f := range []struct {
		to   *float64
		a, b string
	}{{&b.X, "position", "x"}, {&b.Y, "position", "y"}, {&b.W, "size", "width"}, {&b.H, "size", "height"}} {
		v, there := c.Number(f.a, f.b)
		*f.to, ok = v, ok && there
	}
	return b, ok
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

// way is that of a boundary that is a line.
func way(c *format.Node) (out []format.Point) {
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
