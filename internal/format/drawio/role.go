package drawio

import (
	"slices"
	"strings"

	"ssf/internal/format"
)

// A role is what a shape is in a data flow diagram. Shapes have no meaning of
// their own in draw.io, so it is told by what they look like, unless a property
// says it.
type role string

const (
	nothing   role = ""
	note      role = "note"      // a text, or something drawn for its looks
	table     role = "table"     // rows of text
	row       role = "row"       // in a table
	through   role = "group"     // holds shapes together and is not seen
	zone      role = "zone"      // a trust boundary as a box
	border    role = "boundary"  // a trust boundary as a line
	process   role = "process"   // runs
	store     role = "store"     // keeps data
	actor     role = "actor"     // outside
	rectangle role = "rectangle" // an external entity or a process, by the rest of the page
	icon      role = "icon"      // a picture of a product or thing
	other     role = "other"     // a shape that could be anything
	flow      role = "flow"
)

// element reports whether something of this role is an actor or a component.
func (r role) element() bool {
	return r == process || r == store || r == actor || r == rectangle || r == icon || r == other
}

// stated are the words for roles in properties, squeezed.
var stated = map[string]role{
	"process": process, "service": process, "application": process, "container": process, "component": process, "softwaresystem": process, "system": process, "multiprocess": process, "program": process,
	"datastore": store, "store": store, "database": store, "db": store,
	"externalentity": actor, "external": actor, "externalinteractor": actor, "interactor": actor, "actor": actor, "person": actor, "user": actor, "entity": actor, "human": actor, "externalsystem": actor, "externalsoftwaresystem": actor, "externalperson": actor,
	"trustboundary": zone, "trustzone": zone, "boundary": zone, "zone": zone, "securityzone": zone, "systemscopeboundary": zone, "containerscopeboundary": zone,
	"note": note, "comment": note, "legend": note,
}

// says is the role that a property states, with the property's name.
func (c *cell) says() (role, string) {
	for _, p := range c.props {
		switch format.Squeeze(p.name) {
		case "type", "kind", "elementtype", "c4type", "dfdtype", "stencil", "role":
			if r := stated[format.Squeeze(p.value)]; r != nothing {
				return r, p.name
			}
		}
	}
	return nothing, ""
}

var stores = []string{"partialRectangle", "cylinder", "cylinder2", "cylinder3", "datastore", "dataStorage", "internalStorage", "mxgraph.flowchart.database", "mxgraph.flowchart.stored_data", "mxgraph.flowchart.direct_data", "mxgraph.flowchart.sequential_data", "mxgraph.flowchart.internal_storage", "mxgraph.dfd.dataStoreID", "mxgraph.dfd.archive", "mxgraph.eip.message_store"}

// drawn are shapes of the general libraries that are no elements of a system.
var drawn = []string{"note", "note2", "callout", "document", "mxgraph.flowchart.document", "text", "line", "curlyBracket", "or", "xor", "singleArrow", "doubleArrow", "flexArrow", "mxgraph.flowchart.annotation_1", "mxgraph.flowchart.annotation_2", "mxgraph.bootstrap.rect", "waypoint", "sumEllipse", "orEllipse", "crossbar", "link", "corner", "tee", "lineEllipse", "umlFrame", "title"}

// look is the role of a vertex by its style alone, and what it looks like.
func (c *cell) look() (role, string) {
	looks, dashed := c.looks(), c.style["dashed"] == "1" || c.style["dashPattern"] != ""
	hollow := c.style["fillColor"] == "none" || c.style["fillColor"] == ""
	switch {
	case c.is("edgeLabel"), c.is("text"), looks == "text":
		return note, "a text"
	case c.style["part"] == "1":
		return row, "a part of a shape"
	case c.is("group") || looks == "group":
		return through, "a group"
	case looks == "tableRow":
		return row, "a row of a table"
	case looks == "table", strings.HasSuffix(c.style["childLayout"], "ackLayout"), c.style["childLayout"] == "tableLayout":
		return table, "a table"
	case looks == "requiredInterface" && dashed, (looks == "line" || c.is("line")) && dashed:
		return border, "a dashed line"
	case slices.Contains(stores, looks):
		return store, "the sign of a data store"
	case looks == "umlActor", looks == "actor", looks == "mxgraph.c4.person", looks == "mxgraph.c4.person2", looks == "mxgraph.basic.person", looks == "mxgraph.archimate3.actor":
		return actor, "a person"
	case looks == "cloud", looks == "mxgraph.network.cloud":
		return actor, "a cloud"
	case looks == "mxgraph.dfd.externalEntity":
		return actor, "the sign of an external entity"
	case looks == "swimlane", strings.HasSuffix(looks, ".group"), strings.HasSuffix(looks, ".group2"), strings.Contains(looks, "groupCenter"), c.is("group2"):
		return zone, "a container"
	case dashed && (looks == "" || looks == "rectangle" || looks == "ext" || looks == "ellipse" || looks == "cloud") && (hollow && !c.attached || len(c.kids) > 0 || c.style["verticalAlign"] == "top"):
		return zone, "a dashed box"
	case looks == "ellipse", looks == "doubleEllipse", looks == "mxgraph.flowchart.on-page_reference", looks == "mxgraph.dfd.process":
		return process, "a circle"
	case looks == "process", looks == "hexagon", looks == "mxgraph.flowchart.process", looks == "mxgraph.flowchart.predefined_process":
		return process, "the sign of a process"
	case slices.Contains(drawn, looks):
		return note, "a " + looks
	case c.style["image"] != "", strings.HasPrefix(looks, "mxgraph."), looks == "image", looks == "icon":
		if w := " " + strings.ToLower(c.words()) + " "; strings.Contains(w, " user ") || strings.Contains(w, " users ") || strings.Contains(w, " person ") || strings.Contains(w, " people ") {
			return actor, "a person"
		}
		return icon, "a picture"
	case looks == "", looks == "rectangle", looks == "ext", looks == "label", looks == "component", looks == "module":
		return rectangle, "a rectangle"
	}
	return other, "a " + looks
}

// stroke is the role of an edge: a boundary is one that joins nothing and has no
// arrows, and is dashed or curved.
func (c *cell) stroke() role {
	loose := c.sourceID == "" && c.targetID == ""
	plain := c.style["endArrow"] == "none" && (c.style["startArrow"] == "" || c.style["startArrow"] == "none")
	if loose && plain && (c.style["dashed"] == "1" || c.style["curved"] == "1" || c.style["dashPattern"] != "") {
		return border
	}
	return flow
}
