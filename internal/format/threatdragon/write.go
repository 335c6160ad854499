package threatdragon

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/report/picture"
)

// loses is what does not survive being written in this form and read again.
var loses = []string{
	"Functions, and who may use them.",
	"Requirements, deployments, and the threats that stand at a function, a deployment or a mitigation.",
	"Assumptions: what they dismiss is open again.",
	"People and what they may accept, signers, libraries, catalogues, standards and the policy in use.",
	"Runs, verifications, audits and evidence: a verified threat is a mitigated one.",
	"Where a mitigation sits, and its measure if it has another id than that.",
	"Former ids, code of components, who alone may see an asset, and questions that were asked.",
	"Of a threat of the team's own that is the same as one of the library: its classes of STRIDE, its likelihood, its origin, what it endangers, and all but the first that it is the same as.",
	"Decisions that do not hold today or are about cells or findings, ratings, plans, and conditions of decisions; a pattern becomes a decision for each threat that it covers, and a transfer has an assumption of its own.",
	"Line breaks in names, and an empty list of technologies or stored assets.",
	"Boxes that have no fact here (out of scope, public network, credentials, inventory, payments) are not ticked, which looks like a no; what an imported model had ticked stands in the description.",
	"The severity of a threat is its risk here, not what its author wrote, and what is done and not verified is Open.",
	"For who looks at the drawing: Threat Dragon shows neither assets nor mitigations as such, nor threats at zones, assets and the system; the file keeps them in lists that it carries along.",
}

// version is the version of Threat Dragon whose form is written.
const version = "2.4.0"

// Sizes in the drawing: the places are found for text of 10, and Threat Dragon
// writes 14.
const (
	scaleUp, scaleDown = 14, 10
	noteW, noteH       = 560, 90
	labelMost          = 26 // runes on a flow
)

type object = map[string]any

// writer writes one case.
type writer struct {
	*ssf.Case
	places   *picture.Places
	rules    map[ssf.ID]*ssf.RuleInfo
	measures map[ssf.ID]string // titles
	people   map[ssf.ID]string
	decided  map[ssf.ID]*ssf.DecisionResult
	counters map[ssf.ID][]*ssf.MitigationResult
	joined   map[ssf.ID]*ssf.JoinedThreat
	stands   map[ssf.ID][]string // verifications that stand, by what they verify
	boxes    map[ssf.ID]picture.Box
	drawn    map[ssf.ID]bool  // elements with a cell for threats
	other    map[ssf.ID]bool  // and those that threats of ours can stand at beside them
	at       map[ssf.ID][]any // threats by element
	open     map[ssf.ID]bool
	hidden   []any // threats that no cell can show
	number   int
	unseen   int // of the hidden, those that are open
}

func write(c *ssf.Case) ([]format.File, error) {
	w := &writer{
		Case: c, places: picture.PlacesOf(c), rules: map[ssf.ID]*ssf.RuleInfo{}, measures: map[ssf.ID]string{}, people: map[ssf.ID]string{}, decided: format.Decided(c), counters: format.Countered(c),
		joined: map[ssf.ID]*ssf.JoinedThreat{}, stands: map[ssf.ID][]string{}, boxes: map[ssf.ID]picture.Box{}, drawn: map[ssf.ID]bool{}, other: map[ssf.ID]bool{}, at: map[ssf.ID][]any{}, open: map[ssf.ID]bool{}, hidden: []any{},
	}
	for i := range c.Rules {
		w.rules[c.Rules[i].ID] = &c.Rules[i]
	}
	for _, m := range c.Measures {
		w.measures[m.ID] = m.Title
	}
	for _, p := range c.People {
		w.people[p.ID] = p.Name
	}
	for _, v := range c.Verifications {
		for _, id := range v.Verifies {
			if v.State == ssf.Stands {
				w.stands[id] = append(w.stands[id], string(v.ID))
			}
		}
	}
	for i := range c.Elements {
		e := &c.Elements[i]
		if e.Sort == ssf.SortDeployment {
			continue
		}
		b, node := w.places.Nodes[e.ID]
		if node && w.boxes[e.ID].W == 0 {
			w.boxes[e.ID] = drawnAt(e, b)
		}
		_, flow := w.places.Flows[e.ID]
		w.drawn[e.ID] = node || flow
		w.other[e.ID] = e.Sort == ssf.SortZone || e.Sort == ssf.SortAsset || e.Sort == ssf.SortSystem
	}
	w.threats()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(clean(w.model())); err != nil {
		return nil, fmt.Errorf("writing the model of Threat Dragon: %w", err)
	}
	return []format.File{{Name: "threat-dragon.json", Data: b.Bytes()}}, nil
}

// clean takes out of all texts what steers a terminal or the direction of text.
func clean(v any) any {
	switch v := v.(type) {
	case string:
		return format.Clean(v)
	case object:
		out := object{}
		for k, x := range v {
			out[format.Clean(k)] = clean(x)
		}
		return out
	case []any:
		for i := range v {
			v[i] = clean(v[i])
		}
	}
	return v
}

// put adds attributes to an object.
func put(o object, a format.Attributes) object {
	for k, v := range a {
		o[k] = v
	}
	return o
}

func (w *writer) model() object {
	cells := w.cells()
	summary := object{"title": w.System.Name, "owner": w.System.Supplier, "description": "", "id": 0}
	a := format.Attributes{}
	for i := range w.Elements {
		if e := &w.Elements[i]; e.Sort == ssf.SortSystem {
			a = format.Describe(e)
			summary["description"] = e.Says
		}
	}
	a.Put("id", "system")
	a.Put("system", "yes")
	a.Put("version", w.System.Version)
	a.Put("purpose", w.System.Purpose)
	a.Put("contact", w.System.Contact)
	a.Put("support_until", w.System.SupportUntil)
	a.Put("misuse", strings.Join(w.System.Misuse, "\n"))
	a.Put("case", w.Tool)
	a.Put("commit", w.Commit)
	assets, mitigations := []any{}, []any{}
	for i := range w.Elements {
		if e := &w.Elements[i]; e.Sort == ssf.SortAsset {
			assets = append(assets, put(object{"name": cmp.Or(e.Name, string(e.ID)), "description": e.Says}, format.Describe(e)))
		}
	}
	for i := range w.Mitigations {
		m := &w.Mitigations[i]
		mitigations = append(mitigations, put(object{"name": cmp.Or(m.Name, string(m.ID)), "description": m.Says}, format.DescribeMitigation(w.Case, m)))
	}
	diagram := object{
		"id": 0, "title": "Data flows", "diagramType": "STRIDE", "placeholder": "New STRIDE diagram description",
		"thumbnail": "./public/content/images/thumbnail.stride.jpg", "version": version, "cells": cells,
	}
	return object{
		"version": version,
		"summary": put(summary, a),
		"detail": object{
			"contributors": []any{}, "reviewer": "", "diagrams": []any{diagram}, "diagramTop": 1, "threatTop": w.number,
			ownAssets: assets, ownMitigations: mitigations, ownThreats: w.hidden,
		},
	}
}

// id is the id of a cell or threat: a UUID of version 8 of RFC 9562 over the names
// of the system and of the thing.
func (w *writer) id(names ...string) string {
	h := sha256.New()
	for _, s := range append([]string{w.System.Name}, names...) {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func (w *writer) cellID(id ssf.ID) string { return w.id("element", string(id)) }

// cells draws zones, the outermost first, then what lies in them, then flows.
func (w *writer) cells() []any {
	var zones, nodes, flows []any
	around := map[ssf.ID]ssf.ID{}
	for i := range w.Elements {
		if e := &w.Elements[i]; e.Sort == ssf.SortZone {
			around[e.ID] = e.Zone
		}
	}
	done := map[ssf.ID]bool{}
	for i := range w.Elements {
		e := &w.Elements[i]
		if done[e.ID] || e.Sort == ssf.SortDeployment { // which may have the id of a zone
			continue
		}
		done[e.ID] = true
		if b, ok := w.places.Zones[e.ID]; ok && e.Sort == ssf.SortZone {
			depth := 0
			for z := e.Zone; z != "" && depth < len(around); z = around[z] {
				depth++
			}
			zones = append(zones, w.zone(e, b, depth-100))
		}
		if _, ok := w.boxes[e.ID]; ok && e.Role() != "" {
			nodes = append(nodes, w.node(e))
		}
		if r, ok := w.places.Flows[e.ID]; ok && e.Sort == ssf.SortFlow {
			flows = append(flows, w.flow(e, r))
		}
	}
	slices.SortStableFunc(zones, func(a, b any) int { return a.(object)["zIndex"].(int) - b.(object)["zIndex"].(int) })
	return slices.Concat([]any{}, zones, nodes, flows, w.note())
}

// data is what a cell means.
func (w *writer) data(e *ssf.ElementInfo, kind string, drop ...string) object {
	a := format.Describe(e)
	for _, k := range drop { // they have fields
		delete(a, "ssf:"+k)
	}
	d := put(object{"type": kind, "name": cmp.Or(oneLine(e.Name), string(e.ID)), "description": e.Says, "hasOpenThreats": w.open[e.ID], "isTrustBoundary": e.Sort == ssf.SortZone}, a)
	if e.Sort != ssf.SortZone {
		d["outOfScope"], d["reasonOutOfScope"] = false, ""
		d["threats"] = append([]any{}, w.at[e.ID]...)
	}
	return d
}

// tick sets the boxes of a cell, and remembers which of them we ticked.
func tick(d object, boxes map[string]bool) {
	var on []string
	for _, k := range slices.Sorted(maps.Keys(boxes)) {
		if d[k] = boxes[k]; boxes[k] {
			on = append(on, k)
		}
	}
	a := format.Attributes{}
	format.PutList(a, "ticked", on)
	put(d, a)
}

func scale(v int) int { return v * scaleUp / scaleDown }

func scaled(b picture.Box) picture.Box {
	return picture.Box{X: scale(b.X), Y: scale(b.Y), W: scale(b.W), H: scale(b.H)}
}

func place(c object, b picture.Box) object {
	c["position"], c["size"] = object{"x": b.X, "y": b.Y}, object{"width": b.W, "height": b.H}
	return c
}

func (w *writer) zone(e *ssf.ElementInfo, b picture.Box, z int) object {
	d := w.data(e, "tm.BoundaryBox")
	c := object{"shape": "trust-boundary-box", "id": w.cellID(e.ID), "visible": true, "zIndex": z, "data": d, "attrs": object{"label": object{"text": d["name"]}}}
	return place(c, scaled(b))
}

// stroke is the look of an outline: red where something is open, as Threat Dragon
// has it.
func (w *writer) stroke(e *ssf.ElementInfo) object {
	if w.open[e.ID] {
		return object{"stroke": "red", "strokeWidth": 2.5, "strokeDasharray": ""}
	}
	return object{"stroke": "#333333", "strokeWidth": 1.5, "strokeDasharray": ""}
}

// known reports whether a boolean fact is yes, wherever that comes from.
func known(e *ssf.ElementInfo, fact ssf.ID) bool {
	return slices.ContainsFunc(e.Facts, func(f ssf.FactInfo) bool { return f.Name == fact && f.Value == ssf.Yes })
}

// webKinds are the kinds that Threat Dragon calls web applications.
var webKinds = []ssf.ID{"web_service", "web_app", "admin_app"}

func (w *writer) node(e *ssf.ElementInfo) object {
	c := object{"id": w.cellID(e.ID), "visible": true, "zIndex": 1}
	attrs := object{"text": object{"text": wrap(cmp.Or(oneLine(e.Name), string(e.ID)))}}
	var d object
	switch e.Role() {
	case ssf.RoleActor:
		c["shape"] = "actor"
		d = w.data(e, "tm.Actor")
		tick(d, map[string]bool{"providesAuthentication": false})
		attrs["body"] = w.stroke(e)
	case ssf.RoleStore:
		c["shape"] = "store"
		d = w.data(e, "tm.Store")
		tick(d, map[string]bool{"isALog": e.Kind == "log_store", "isEncrypted": known(e, "encrypted_at_rest"), "isSigned": false, "storesCredentials": false, "storesInventory": false})
		attrs["topLine"], attrs["bottomLine"] = w.stroke(e), w.stroke(e)
	default:
		c["shape"] = "process"
		d = w.data(e, "tm.Process")
		tick(d, map[string]bool{"handlesCardPayment": false, "handlesGoodsOrServices": false, "isWebApplication": slices.Contains(webKinds, e.Kind)})
		d["privilegeLevel"] = ""
		attrs["body"] = w.stroke(e)
	}
	c["data"], c["attrs"] = d, attrs
	return place(c, w.boxes[e.ID])
}

// drawnAt is the box of a node in the drawing: a process is a circle.
func drawnAt(e *ssf.ElementInfo, b picture.Box) picture.Box {
	b = scaled(b)
	if r := e.Role(); r == ssf.RoleActor || r == ssf.RoleStore {
		return b
	}
	side := min(b.W, b.H)
	return picture.Box{X: b.X + (b.W-side)/2, Y: b.Y + (b.H-side)/2, W: side, H: side}
}

// wrap breaks a name in lines of about this many runes.
func wrap(name string) string {
	const most = 18
	var b strings.Builder
	n := 0
	for i, word := range strings.Fields(name) {
		size := len([]rune(word))
		switch {
		case i == 0:
		case n+1+size > most:
			b.WriteByte('\n')
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n += size
	}
	return b.String()
}

func (w *writer) flow(e *ssf.ElementInfo, r picture.Route) object {
	d := w.data(e, "tm.Flow", "over")
	d["protocol"] = string(e.Over)
	tick(d, map[string]bool{"isBidirectional": len(e.Returns) > 0, "isEncrypted": known(e, "encrypted"), "isPublicNetwork": false})
	line := w.stroke(e)
	line["targetMarker"], line["sourceMarker"] = object{"name": "block"}, object{"name": ""}
	if len(e.Returns) > 0 {
		line["sourceMarker"] = object{"name": "block"}
	}
	text := []rune(d["name"].(string))
	if len(text) > labelMost {
		text = append(text[:labelMost-1], '…')
	}
	label := object{
		"markup":   []any{object{"tagName": "ellipse", "selector": "labelBody"}, object{"tagName": "text", "selector": "labelText"}},
		"attrs":    object{"labelText": object{"text": string(text), "textAnchor": "middle", "textVerticalAnchor": "middle"}, "labelBody": object{"ref": "labelText", "refRx": "50%", "refRy": "60%", "fill": "#fff", "strokeWidth": 0}},
		"position": object{"distance": part(r), "args": object{"keepGradient": true, "ensureLegibility": true}},
	}
	c := object{
		"shape": "flow", "id": w.cellID(e.ID), "zIndex": 10, "width": 200, "height": 100, "data": d, "connector": "rounded",
		"attrs": object{"line": line}, "labels": []any{label},
		"source": w.end(e.From, r.Points, 0), "target": w.end(e.To, r.Points, len(r.Points)-1),
	}
	vertices := []any{}
	for _, p := range r.Points[min(1, len(r.Points)):max(len(r.Points)-1, 0)] {
		vertices = append(vertices, object{"x": scale(p.X), "y": scale(p.Y)})
	}
	c["vertices"] = vertices
	return c
}

// end is an end of a flow: a cell, and how high on it.
func (w *writer) end(id ssf.ID, way []picture.Point, i int) object {
	end := object{"cell": w.cellID(id)}
	if b, ok := w.boxes[id]; ok && i >= 0 && i < len(way) {
		if dy := float64(2*(scale(way[i].Y)-b.Y)-b.H) / 2; dy != 0 {
			end["anchor"] = object{"name": "center", "args": object{"dy": dy}}
		}
	}
	return end
}

// part is where the label of a flow stands, as a part of its way.
func part(r picture.Route) float64 {
	whole, upto, found := 0, 0, false
	for i := 1; i < len(r.Points); i++ {
		a, b := r.Points[i-1], r.Points[i]
		x, y := b.X-a.X, b.Y-a.Y
		size := max(x, -x) + max(y, -y)
		if on := y == 0 && a.Y == r.Label.Y && min(a.X, b.X) <= r.Label.X && r.Label.X <= max(a.X, b.X); on && !found {
			upto, found = whole+max(r.Label.X-a.X, a.X-r.Label.X), true
		}
		whole += size
	}
	if !found || whole == 0 {
		return 0.5
	}
	return float64(upto*100/whole) / 100
}

// note tells in the drawing what it does not show.
func (w *writer) note() []any {
	if len(w.hidden) == 0 {
		return nil
	}
	text := fmt.Sprintf("%d more threats stand at zones, assets and the system,\nwhich Threat Dragon does not show; %d of them are open.", len(w.hidden), w.unseen)
	d := object{"type": "tm.Text", "name": text, "hasOpenThreats": false}
	a := format.Attributes{}
	a.Put("note", "yes")
	c := object{"shape": "td-text-block", "id": w.id("note"), "visible": true, "zIndex": 1, "data": put(d, a), "attrs": object{"text": object{"text": text}}}
	return []any{place(c, picture.Box{X: scale(12), Y: scale(w.places.H) + 20, W: noteW, H: noteH})}
}

// threats writes each threat where it stands: at a cell, or in the list beside the
// drawing.
func (w *writer) threats() {
	byID := map[ssf.ID]*ssf.Threat{}
	on := w.OnMitigation()
	for i := range w.Threats {
		t := &w.Threats[i]
		byID[t.ID] = t
		if on[t.Rule] {
			continue
		}
		text := w.treatment(t)
		a := format.DescribeThreat(t)
		maps.Copy(a, format.DescribeState(t, w.decided[t.ID]))
		var ms []ssf.ID
		for _, m := range w.counters[t.ID] {
			ms = append(ms, m.ID)
		}
		format.PutList(a, "mitigations", ms)
		says := t.Says
		if r := w.rules[t.Rule]; r != nil {
			says = r.Says
		}
		w.stand(t, t.Title, says, text, a)
	}
	for i := range w.Joined {
		j := &w.Joined[i]
		w.joined[j.ID] = j
		if len(j.As) == 0 || byID[j.As[0]] == nil {
			continue
		}
		t := *byID[j.As[0]]
		t.ID, t.Rule, t.Element = ssf.Instance(j.ID, j.Element), j.ID, j.Element
		a := format.DescribeJoined(j)
		why := "It is the same as " + ssf.Join(j.As) + "."
		a.Put("state", string(t.State))
		a.Put("why", why)
		a.Put("risk", t.Risk.String())
		w.stand(&t, j.Title, j.Says, why, a)
	}
}

// stand puts a threat where it stands, if that is in the file at all.
func (w *writer) stand(t *ssf.Threat, title, says, text string, a format.Attributes) {
	if !w.drawn[t.Element] && !w.other[t.Element] {
		return
	}
	class, scheme := classWord(t.Stride)
	text = format.Clean(text)
	a.Put("text", digest(text))
	a.Put("class", class)
	status := statusWord(t.State)
	w.number++
	x := put(object{
		"id": w.id("threat", string(t.ID)), "number": w.number, "title": title, "description": says, "type": class, "modelType": scheme,
		"status": status, "severity": severityWords[t.Risk], "mitigation": text, "score": "", "new": false,
	}, a)
	if !w.drawn[t.Element] {
		a := format.Attributes{}
		a.Put("at", string(t.Element))
		w.hidden = append(w.hidden, put(x, a))
		if status == isOpen {
			w.unseen++
		}
		return
	}
	w.at[t.Element] = append(w.at[t.Element], x)
	w.open[t.Element] = w.open[t.Element] || status == isOpen
}

// stateLines are what the only text of a threat begins with where its status
// cannot tell how far it is.
var stateLines = map[ssf.State]string{
	ssf.Undecided: "It is not known whether this is there", ssf.Stale: "What was decided has to be looked at again", ssf.Unreviewed: "Nobody has confirmed what was decided",
	ssf.Planned: "Not done yet", ssf.Claimed: "Claimed, and nothing shows it", ssf.Mitigated: "Done as the team says, and no evidence shows today that it works",
}

var stageWords = map[string]string{"proposed": "Proposed", "planned": "Planned", "implemented": "Implemented"}

// treatment is all that was done about a threat, as a text for people.
func (w *writer) treatment(t *ssf.Threat) string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if d := w.decided[t.ID]; d != nil {
		by := cmp.Or(w.people[d.By], string(d.By), "somebody who is not named")
		switch t.State {
		case ssf.Accepted:
			add("Accepted by %s until %s, so it is still there: %s", by, cmp.Or(d.Until, "no day that is named"), d.Because)
		case ssf.Transferred:
			add("Somebody else sees to it (assumption %s), so here it is still there: %s", cmp.Or(string(d.To), "that is not named"), d.Because)
		default:
			add("%s", d.Because)
		}
	} else if s := stateLines[t.State]; s != "" {
		add("%s: %s.", s, strings.TrimRight(cmp.Or(t.Why, string(t.State)), "."))
	} else if !t.State.Treated() || t.State != ssf.Verified {
		add("%s.", strings.TrimRight(cmp.Or(t.Why, string(t.State)), "."))
	}
	for _, m := range w.counters[t.ID] {
		name := cmp.Or(m.Name, string(m.ID))
		shown := ""
		if vs := w.stands[m.ID]; m.State == "implemented" && len(vs) > 0 {
			shown = " (verified today by " + strings.Join(vs, ", ") + ")"
		}
		add("%s%s: %s", cmp.Or(stageWords[m.State], m.State), shown, strings.TrimSpace(name+". "+m.Says))
	}
	if len(w.counters[t.ID]) == 0 && !t.State.Treated() {
		for _, id := range t.Measures {
			if title := w.measures[id]; title != "" {
				add("Would help: %s.", strings.TrimRight(title, "."))
			}
		}
	}
	return strings.Join(lines, "\n")
}
