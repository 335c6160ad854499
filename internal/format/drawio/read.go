// Package drawio reads data flow diagrams that are drawn with draw.io
// (diagrams.net). What its shapes mean is told by what they look like. See
// docs/formats/drawio.md for what becomes of each.
package drawio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of draw.io's files.
var Format = format.Format{
	Name:  "drawio",
	Title: "draw.io / diagrams.net (.drawio)",
	Parse: parse,
	Text:  ours,
	Is:    is,
	Read:  read,
}

// reader reads one file.
type reader struct {
	src   *format.Source
	d     *format.Draft
	noted map[string]int // places in the report of what is said again and again
}

func read(src *format.Source) (*format.Draft, error) {
	r := &reader{src: src, noted: map[string]int{}}
	file, pages := src.Root.At("mxfile"), []*format.Node{src.Root}
	r.d = format.NewDraft(src, strings.TrimSpace("draw.io "+file.Text("@version")))
	r.d.Unnamed = true
	if file != nil {
		pages = file.All("diagram")
		for _, k := range file.Entries() {
			if strings.HasPrefix(k.Key, "@") {
				k.See()
			}
		}
	}
	for i, n := range pages {
		if err := r.page(i, n); err != nil {
			return nil, err
		}
	}
	d := r.d
	if !slices.ContainsFunc(d.Elements, func(e *format.Element) bool { return e.Sort == ssf.SortComponent || e.Sort == ssf.SortActor }) {
		at := src.Root
		if len(at.Entries()) > 0 {
			at = at.Entries()[0]
		}
		return nil, format.Refuse(at, "draw processes as circles, external entities as rectangles and stores as cylinders or between two lines, with arrows between them", "the diagram has no shape that could be a part of a system")
	}
	if len(pages) == 1 && file != nil {
		if name := pages[0].Text("@name"); strings.Trim(strings.TrimPrefix(name, "Page"), "- 0123456789") != "" {
			d.System.Name = name
			d.Report.Guess(pages[0], "the file names no system; the name of its only page, %s, is taken", format.Clip(name))
		}
	}
	d.Report.Counted("pages", len(pages), len(pages))
	return d, nil
}

// again notes what is guessed or dropped of many shapes in the same way, once for
// all of them.
func (r *reader) again(notes *[]format.Note, at *format.Node, why, says string, args ...any) {
	if i, ok := r.noted[why]; ok {
		(*notes)[i].Times++
		return
	}
	r.noted[why] = len(*notes)
	*notes = append(*notes, format.Note{Path: at.Path(), Says: fmt.Sprintf(says, args...), Times: 1, Pos: at.Pos()})
}

func (r *reader) guess(at *format.Node, why, says string, args ...any) {
	r.again(&r.d.Report.Guessed, at, "guess "+why, says, args...)
}

// page is one page while it is read.
type page struct {
	*reader
	number  int
	cells   []*cell
	by      map[string]*cell
	circles bool // its processes are circles, so that its rectangles are not
	made    map[*cell]*format.Element
	of      map[*format.Element]*cell
}

// page reads the shapes of one page.
func (r *reader) page(number int, n *format.Node) error {
	for _, key := range []string{"@id", "@name"} {
		n.At(key).See()
	}
	model := n.At("mxGraphModel")
	root := model.At("root")
	for _, k := range model.Entries() {
		if k != root {
			k.See()
		}
	}
	p := &page{reader: r, number: number, by: map[string]*cell{}, made: map[*cell]*format.Element{}, of: map[*format.Element]*cell{}}
	for _, k := range root.Entries() {
		if strings.HasPrefix(k.Key, "@") {
			continue
		}
		c := readCell(k)
		if c == nil {
			r.d.Report.Omit(k, "an entry that is no shape")
			continue
		}
		k.See()
		if p.cells = append(p.cells, c); len(p.cells) > maxShapes {
			return format.Refuse(n, "split the page", "page %q has more than %d shapes and lines", format.Clip(n.Text("@name")), maxShapes)
		}
		if p.by[c.id] == nil {
			p.by[c.id] = c
		}
	}
	p.join()
	p.settle()
	p.name()
	g := &format.Drawing{Node: n}
	for _, c := range p.cells {
		if !c.edge {
			p.vertex(g, c)
		}
	}
	for _, c := range p.cells {
		if c.edge {
			p.stroke(g, c)
		}
	}
	for i := range g.Parts {
		p.inside(g.Parts[i].Element)
	}
	g.Zone(r.d)
	for i := range g.Boxes {
		p.inside(g.Boxes[i].Zone)
	}
	return nil
}

// join finds the cells that parents and ends name, and puts all to their places on
// the page.
func (p *page) join() {
	for _, c := range p.cells {
		body := c.node
		if m := body.At("mxCell"); m != nil {
			body = m
		}
		if up := p.by[body.Text("@parent")]; up != nil && up != c {
			c.parent = up
			up.kids = append(up.kids, c)
		}
		if c.edge {
			c.source, c.target = p.by[c.sourceID], p.by[c.targetID]
			for _, end := range []*cell{c.source, c.target} {
				if end != nil {
					end.attached = true
				}
			}
		}
	}
	for _, c := range p.cells {
		c.place(0)
	}
}

// settle gives each cell its role.
func (p *page) settle() {
	for _, c := range p.cells {
		if c.edge {
			if c.role = c.stroke(); c.parent != nil && c.parent.edge {
				c.role = note
			}
			continue
		}
		if !c.vertex {
			continue
		}
		if c.role, c.looked = c.look(); c.parent != nil && c.parent.edge {
			c.role = note
		}
		if r, _ := c.says(); r != nothing {
			c.role = r
		}
	}
	for _, c := range p.cells {
		c.hidden = c.hidden || c.within(func(up *cell) bool { return up.hidden })
		switch inTable := c.within(func(up *cell) bool { return up.role == table || up.role == row }); {
		case c.edge:
		case inTable:
			c.role = row
		case c.role == process && len([]rune(c.label)) <= 3 && !c.attached && strings.Trim(c.label, "0123456789.") == "":
			c.role = note // the number of a step
		}
	}
	for _, c := range p.cells {
		if c.role == process && !c.hidden {
			p.circles = p.circles || c.looks() == "ellipse" || c.looks() == "doubleEllipse"
		}
	}
	solid := func(c *cell) bool {
		return c.role.element() && (c.label != "" || c.attached) || c.role == zone || c.role == table
	}
	var candidates, middles []*cell
	for _, c := range p.cells {
		if !c.vertex || c.hidden {
			continue
		}
		holds := slices.ContainsFunc(c.kids, func(k *cell) bool { return k.vertex && solid(k) })
		for _, k := range c.kids {
			holds = holds || k.role == through && slices.ContainsFunc(k.kids, func(k *cell) bool { return k.vertex && solid(k) })
		}
		switch {
		case c.role == through && c.label != "" && holds:
			c.role = zone
		case (c.role == rectangle || c.role == other) && (holds || c.style["container"] == "1"):
			c.role, c.looked = zone, "a box around others"
		case c.role == table && c.attached:
			c.role = other
		case c.role == rectangle && !c.attached:
			candidates = append(candidates, c)
		}
		if c.role.element() {
			middles = append(middles, c)
		}
	}
	p.around(candidates, middles)
}

// around makes zones of rectangles that nothing is attached to and that are drawn
// around other shapes.
func (p *page) around(candidates, middles []*cell) {
	slices.SortStableFunc(middles, func(a, b *cell) int { return cmp.Compare(a.box.Centre().X, b.box.Centre().X) })
	for _, c := range candidates {
		i, _ := slices.BinarySearchFunc(middles, c.box.X, func(m *cell, x float64) int { return cmp.Compare(m.box.Centre().X, x) })
		for ; i < len(middles) && middles[i].box.Centre().X <= c.box.X+c.box.W; i++ {
			if m := middles[i]; m != c && m.box.Area() < c.box.Area() && c.box.Y <= m.box.Centre().Y && m.box.Centre().Y <= c.box.Y+c.box.H {
				c.role, c.looked = zone, "a box around others"
				break
			}
		}
	}
}

// name gives texts that stand in a shape or at a line to it.
func (p *page) name() {
	for _, c := range p.cells {
		if c.role != note && c.role != row || c.label == "" || c.hidden || c.edge {
			continue
		}
		up := c.parent
		for n := 0; up != nil && up.role == row && n < maxDepth; n++ {
			up = up.parent
		}
		if up == nil || up == c {
			continue
		}
		switch {
		case up.edge, up.role.element(), up.role == table:
			up.text = append(up.text, c.label)
			c.role = nothing
		case up.role == zone && up.label == "" && len(up.text) == 0 && c.role == note:
			up.text = append(up.text, c.label)
			c.role = nothing
		case up.role == through:
			var only *cell
			n := 0
			for _, k := range up.kids {
				if k.vertex && k.role.element() {
					only, n = k, n+1
				}
			}
			if n == 1 && only.label == "" {
				only.text = append(only.text, c.label)
				c.role = nothing
			}
		}
	}
}

// lines are what is written at a cell.
func (c *cell) lines() []string {
	var out []string
	for _, s := range append([]string{c.label}, c.text...) {
		for line := range strings.Lines(s) {
			if line = strings.Join(strings.Fields(line), " "); line != "" {
				out = append(out, line)
			}
		}
	}
	return out
}

// longest is how long a name may be that is broken over two lines.
const longest = 40

// title is the name of a cell, and what else is written there. Two short lines are
// one name that was broken to fit into the shape; else the first is the name.
func (c *cell) title() (name string, more []string) {
	lines := c.lines()
	switch {
	case len(lines) == 0:
		return "", nil
	case len(lines) == 2 && !strings.ContainsAny(lines[1][:1], "([<{\"") && len([]rune(lines[0]+lines[1])) < longest:
		return lines[0] + " " + lines[1], nil
	}
	return lines[0], lines[1:]
}

// element makes an element with what all have.
func (p *page) element(c *cell, sort ssf.Sort) *format.Element {
	e := &format.Element{Node: c.node, Key: fmt.Sprintf("%d/%s", p.number, c.id), Sort: sort, ID: c.id}
	name, more := c.title()
	e.Name, e.Says = name, strings.Join(more, "\n")
	for _, q := range c.props {
		p.property(e, c, q)
	}
	if e.Name == "" && c.role == icon {
		if e.Name = c.words(); e.Name != "" {
			p.d.Report.Guess(c.node, "a picture without a text is named after it, %s", format.Clip(e.Name))
		}
	}
	e = p.d.Add(e)
	p.made[c], p.of[e] = e, c
	return e
}

// property reads what somebody wrote down about a shape.
func (p *page) property(e *format.Element, c *cell, q property) {
	value := strings.Join(strings.Fields(q.value), " ")
	if c.style["html"] == "1" {
		value = strings.Join(strings.Fields(format.Plain(q.value)), " ")
	}
	said := false
	switch format.Squeeze(q.name) {
	case "name", "title", "c4name":
		if e.Name == "" || strings.Contains(e.Name, "%") || strings.HasPrefix(format.Squeeze(q.name), "c4") {
			e.Name, said = value, true
		} else {
			said = e.Name == value
		}
	case "description", "says", "c4description", "notes", "comment", "tooltip":
		e.Says, said = strings.TrimSpace(e.Says+"\n"+q.value), true
	case "type", "kind", "elementtype", "c4type", "dfdtype", "stencil", "role":
		if r := stated[format.Squeeze(value)]; r != nothing {
			said = true
		} else if e.Sort == ssf.SortComponent {
			e.Kind, said = p.kind(value)
		}
	case "tech", "technology", "technologies", "c4technology", "platform", "language", "framework":
		switch e.Sort {
		case ssf.SortComponent:
			ts := p.src.GuessTech(value)
			for _, t := range ts {
				if !slices.Contains(e.Tech, t) {
					e.Tech = append(e.Tech, t)
				}
			}
			said = len(ts) > 0 && len(strings.Fields(value)) <= 2
		case ssf.SortFlow:
			if e.Over == "" {
				e.Over = p.protocol(value)
				said = e.Over != ""
			}
		}
	case "protocol", "over":
		if e.Sort == ssf.SortFlow {
			if over := p.src.Protocol(value); over != "" {
				e.Over, said = over, true
			}
		}
	case "encrypted", "authenticated":
		if e.Sort == ssf.SortFlow && (format.Squeeze(value) == "yes" || format.Squeeze(value) == "true") {
			e.Fact(c.node, ssf.ID(format.Squeeze(q.name)), ssf.Yes)
			said = true
		}
	case "link":
		p.d.Report.Drop(c.node, "a link: %s", format.Clip(value))
		said = true
	}
	if !said {
		e.Says = strings.TrimSpace(e.Says + "\n" + q.name + ": " + value)
	}
}

// kind is the kind with a name or title.
func (p *page) kind(word string) (ssf.ID, bool) {
	for i := range p.src.Library.Kinds {
		k := &p.src.Library.Kinds[i]
		if q := format.Squeeze(word); q != "" && (format.Squeeze(string(k.ID)) == q || format.Squeeze(k.Title) == q) {
			return k.ID, true
		}
	}
	return "", false
}

// people are the last words of names of those who use a system.
var people = []string{"user", "users", "customer", "customers", "admin", "admins", "administrator", "administrators", "operator", "operators", "visitor", "visitors", "person", "people", "attacker", "attackers", "employee", "employees", "staff", "developer", "developers", "member", "members", "guest", "guests", "buyer", "buyers", "seller", "sellers", "patient", "patients", "student", "students", "public"}

// vertex makes of a shape what it is.
func (p *page) vertex(g *format.Drawing, c *cell) {
	r := &p.d.Report
	title, _ := c.title()
	name := format.Clip(title)
	if c.hidden {
		if c.role != nothing && c.role != through {
			r.Omit(c.node, "a hidden shape: %s", name)
		}
		return
	}
	looks := c.looked
	said, by := c.says()
	taken := func(as string) {
		switch {
		case said == nothing:
			p.guess(c.node, as+looks, "%s is taken to be %s, because it is drawn as %s", cmp.Or(name, "a shape without a name"), as, looks)
		default:
			p.guess(c.node, as+by, "%s is taken to be %s, because its property %s says so", cmp.Or(name, "a shape without a name"), as, by)
		}
	}
	switch c.role {
	case note, row, table:
		if name != "" {
			r.Omit(c.node, "%s that belongs to no element: %s", looks, format.Clip(strings.Join(c.lines(), " ")))
		}
		return
	case border:
		taken("a trust boundary")
		g.Lines = append(g.Lines, format.Line{Points: c.line(), Name: name, Node: c.node})
		return
	case zone:
		z := p.element(c, ssf.SortZone)
		taken("a trust zone")
		p.d.GuessTrust(z)
		g.Boxes = append(g.Boxes, format.Boundary{Box: c.box, Zone: z})
		return
	}
	if !c.role.element() {
		return
	}
	if c.role == icon && name == "" && !c.attached && c.parent != nil && c.parent.role.element() {
		r.Omit(c.node, "a picture in a shape: %s", c.words())
		return
	}
	bare := name == "" && c.words() == "" && len(c.props) == 0 || c.role == other && name == ""
	if bare && !c.attached || c.role == other && !c.attached && said == nothing {
		r.Omit(c.node, "%s without a flow: %s", looks, cmp.Or(name, "it has no text"))
		return
	}
	var e *format.Element
	switch last := lastWord(title); {
	case c.role == actor, c.role == rectangle && p.circles && c.style["rounded"] != "1":
		e = p.element(c, ssf.SortActor)
		taken("an actor")
	case c.role == rectangle && slices.Contains(people, last):
		e = p.element(c, ssf.SortActor)
		p.guess(c.node, "person", "%s is taken to be an actor, because its name says %q", name, last)
	default:
		e = p.element(c, ssf.SortComponent)
		if e.Kind == "" {
			switch c.role {
			case process:
				e.Kind = "program"
			case store:
				e.Kind = "datastore"
			}
		}
		taken(cmp.Or(map[role]string{process: "a program", store: "a data store"}[c.role], "a component"))
		p.src.Guess(p.d, e)
		p.more(c, e)
		if c.role == icon && e.Kind == "" {
			p.picture(c, e)
		}
	}
	g.Parts = append(g.Parts, format.Part{Box: c.box, Element: e})
}

// more reads what is written at a component beside its name, and which technology
// a property names.
func (p *page) more(c *cell, e *format.Element) {
	for _, q := range c.props {
		switch format.Squeeze(q.name) {
		case "tech", "technology", "technologies", "c4technology":
			if kind, by := p.src.GuessKind(q.value, e.Kind); kind != "" && kind != e.Kind {
				p.d.Report.Guess(c.node, "%s is taken to be a %s, because its property %s says %q", format.Clip(e.Name), kind, q.name, by)
				e.Kind = kind
			}
		}
	}
	_, lines := c.title()
	for _, line := range lines {
		for _, t := range p.src.GuessTech(line) {
			if !slices.Contains(e.Tech, t) {
				p.d.Report.Guess(c.node, "%s is taken to be made with %s, because it is written below its name", format.Clip(e.Name), t)
				e.Tech = append(e.Tech, t)
			}
		}
	}
}

// picture asks the picture of a component what it is.
func (p *page) picture(c *cell, e *format.Element) {
	w := c.words()
	if kind, by := p.src.GuessKind(w, e.Kind); kind != "" {
		p.d.Report.Guess(c.node, "%s is taken to be a %s, because its picture is called %s, which says %q", format.Clip(e.Name), kind, format.Clip(w), by)
		e.Kind = kind
	}
}

// lastWord is the last word of a name, without what stands in brackets.
func lastWord(name string) string {
	name, _, _ = strings.Cut(name, "(")
	ws := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune(" /,;:-_.", r) })
	if len(ws) == 0 {
		return ""
	}
	return ws[len(ws)-1]
}

// stroke makes a flow or a boundary of an edge.
func (p *page) stroke(g *format.Drawing, c *cell) {
	r := &p.d.Report
	title, _ := c.title()
	name := format.Clip(title)
	switch {
	case c.hidden:
		r.Omit(c.node, "a hidden line: %s", name)
		return
	case c.role == border:
		p.guess(c.node, "border", "%s is taken to be a trust boundary, because it is a dashed or curved line that joins nothing", cmp.Or(name, "a line"))
		g.Lines = append(g.Lines, format.Line{Points: c.line(), Name: name, Node: c.node})
		return
	case c.role == note:
		r.Omit(c.node, "a line at another line: %s", name)
		return
	}
	from, to := p.end(g, c, c.source, c.sourceID, c.from), p.end(g, c, c.target, c.targetID, c.to)
	if from == "" && to == "" && c.sourceID == "" && c.targetID == "" {
		r.Omit(c.node, "a line that begins and ends at nothing: %s", name)
		return
	}
	e := p.element(c, ssf.SortFlow)
	e.From, e.To = from, to
	start, finish := c.style["startArrow"], c.style["endArrow"]
	begins, ends := start != "" && start != "none", finish != "none"
	via := c.points
	switch {
	case begins && ends:
		p.guess(c.node, "both", "%s has arrows at both ends; it is taken to be started by the shape at which the line begins", cmp.Or(name, "a line"))
	case begins:
		e.From, e.To = e.To, e.From
		via = slices.Clone(via)
		slices.Reverse(via)
	case !ends:
		p.guess(c.node, "none", "%s has no arrow; it is taken to lead from the shape at which the line begins to that at which it ends", cmp.Or(name, "a line"))
	}
	if e.Over == "" {
		if e.Over = p.protocol(strings.Join(c.lines(), " ")); e.Over != "" {
			r.Guess(c.node, "%s is taken to use %s, because its text says so", name, e.Over)
		}
	}
	g.Flows = append(g.Flows, format.Path{Via: via, Element: e})
}

// end is the key of the element at which an edge ends: of the shape that it is
// attached to or that is around it, or of the shape where its end is drawn.
func (p *page) end(g *format.Drawing, c, at *cell, id string, point *format.Point) string {
	for up, n := at, 0; up != nil && n <= maxDepth; up, n = up.parent, n+1 {
		if e := p.made[up]; e != nil && (e.Sort != ssf.SortZone || up == at) {
			return e.Key
		}
	}
	if at == nil && id == "" && point != nil {
		best := -1
		for i, part := range g.Parts {
			if b := part.Box; b.X-near <= point.X && point.X <= b.X+b.W+near && b.Y-near <= point.Y && point.Y <= b.Y+b.H+near && (best < 0 || b.Area() < g.Parts[best].Area()) {
				best = i
			}
		}
		if best >= 0 {
			e := g.Parts[best].Element
			p.guess(c.node, "near", "a line is taken to end at %s, because it is drawn up to it, though not attached", format.Clip(e.Name))
			return e.Key
		}
	}
	if id != "" {
		return fmt.Sprintf("%d/%s", p.number, id)
	}
	return ""
}

// near is how far from a shape an end may be that counts as being at it, in the
// units of the page, of which a shape mostly has 60 to 120.
const near = 10

// spoken are words in the text of a flow that name a protocol and nothing else.
var spoken = []string{"http", "https", "grpc", "mqtt", "mqtts", "amqp", "amqps", "tls", "mtls", "ssh", "sftp", "ftp", "ftps", "smtp", "smtps", "imap", "ldap", "ldaps", "tcp", "udp", "wss", "websocket", "websockets", "smb", "nfs", "rdp", "oidc", "saml", "ipsec", "kafka", "tds"}

// protocol is the one that a text names, if it names one only.
func (p *page) protocol(text string) ssf.ID {
	if id := p.src.Protocol(text); id != "" {
		return id
	}
	var found ssf.ID
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		if !slices.Contains(spoken, w) {
			continue
		}
		id := p.src.Protocol(w)
		if id == "" || found != "" && found != id {
			return ""
		}
		found = id
	}
	return found
}

// inside puts an element into the zone whose shape it is drawn in as a part of.
func (p *page) inside(e *format.Element) {
	for up, n := p.of[e].parent, 0; up != nil && n <= maxDepth; up, n = up.parent, n+1 {
		if z := p.made[up]; z != nil && z != e && z.Sort == ssf.SortZone {
			e.Zone = z.Key
			return
		}
	}
}
