// Package gen makes models of any size for tests and benchmarks: as a value
// that a property test can change, and as the YAML that a team would write.
// The same options always give the same model. It also makes threat rules.
//
// It knows the language and a part of the vocabulary (see vocabulary.go), and
// imports nothing of the product, so that every package can test with it.
package gen

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// Options say what to generate.
type Options struct {
	Components int  // with twice as many flows and twice as many assets
	Functions  int  // each at a component that offers some
	Hub        bool // all flows end at the first component
	Seed       uint64
}

// A Model is a system: a plain value, to be changed at will.
type Model struct {
	Zones      []Zone
	Actors     []Actor
	Assets     []Asset
	Components []Component
	Flows      []Flow
	Functions  []Function
	Entries    map[string][]string // of other sections, as YAML: `ID: {...}`, or `{...}` in a list
	More       string              // further sections, as YAML
}

// Element is what all parts share. A fact that is not in Facts is unknown.
type Element struct {
	ID    string
	Facts map[string]string
}

// A Zone is a trust zone.
type Zone struct{ Element }

// An Actor takes part from a zone.
type Actor struct {
	Element
	Zone string
}

// An Asset has a need of each property, from none to critical. Here and below
// an empty text leaves its key out.
type Asset struct {
	Element
	Confidentiality, Integrity, Availability string
}

// A Component is a part of the system. Tech is nil if nobody said which, and
// empty if there is none.
type Component struct {
	Element
	Kind, Zone   string
	Tech, Stores []string
}

// A Flow goes from an actor or component to a component.
type Flow struct {
	Element
	From, To, Over string
	Sends, Returns []string
}

// A Function may be used by one actor.
type Function struct {
	Element
	At, Does, Actor, Scope, Auth, Otherwise string
	On                                      []string
}

// Generate makes a model without errors: every reference resolves, nothing
// contradicts what a kind or protocol implies, no flow goes to its own start
// or from store to store. It is not complete: some facts are left unsaid.
func Generate(o Options) *Model {
	g := generator{rand.New(rand.NewPCG(o.Seed, 0)), &Model{}}
	m := g.m
	for _, z := range zones {
		m.Zones = append(m.Zones, Zone{Element{z.id, map[string]string{"trust": z.trust}}})
	}
	for _, a := range actors {
		e := Element{a.id, map[string]string{}}
		if a.hostile != "" {
			e.Facts["hostile"] = a.hostile
		}
		m.Actors = append(m.Actors, Actor{e, a.zone})
	}
	for i := range 2 * o.Components {
		m.Assets = append(m.Assets, g.asset(i))
	}
	for i := range o.Components {
		m.Components = append(m.Components, g.component(i, kinds[i%len(kinds)]))
	}
	g.store()
	for i := range 2 * o.Components {
		m.Flows = append(m.Flows, g.flow(i, o.Hub))
	}
	for i := range o.Functions {
		m.Functions = append(m.Functions, g.function(i))
	}
	return m
}

type generator struct {
	*rand.Rand
	m *Model
}

func pick[T any](g generator, of []T) T { return of[g.IntN(len(of))] }

// element makes an element with some of the facts that are free there.
func (g generator) element(sort, id, of string) Element {
	e := Element{id, map[string]string{}}
	for _, c := range free(sort, of) {
		if g.IntN(100) < c.Percent {
			e.Facts[c.Fact] = pick(g, c.Values)
		}
	}
	return e
}

func (g generator) asset(i int) Asset {
	return Asset{g.element("asset", fmt.Sprintf("asset-%05d", i+1), ""), pick(g, levels), pick(g, levels), pick(g, levels)}
}

func (g generator) component(i int, k kind) Component {
	id := fmt.Sprintf("%s-%05d", strings.ReplaceAll(k.name, "_", "-"), i+1)
	c := Component{Element: g.element("component", id, k.name), Kind: k.name, Zone: pick(g, k.zones)}
	if k.tech != nil && g.IntN(10) > 0 {
		c.Tech = k.tech[:1+g.IntN(len(k.tech))]
	}
	return c
}

// store puts every asset in a store, if there is one.
func (g generator) store() {
	var stores []*Component
	for i := range g.m.Components {
		if c := &g.m.Components[i]; kindOf(c.Kind).stores {
			stores = append(stores, c)
		}
	}
	for i, a := range g.m.Assets {
		if len(stores) > 0 {
			c := stores[i%len(stores)]
			c.Stores = append(c.Stores, a.ID)
		}
	}
}

func (g generator) flow(i int, hub bool) Flow {
	to := g.m.Components[0]
	switch {
	case hub:
	case i < len(g.m.Components):
		to = g.m.Components[i] // so that each has one
	default:
		to = pick(g, g.m.Components)
	}
	from, zone := g.start(to.ID)
	over := pick(g, slices.DeleteFunc(slices.Clone(kindOf(to.Kind).over), func(p string) bool {
		return p == "in_process" && zone != to.Zone
	}))
	f := Flow{From: from, To: to.ID, Over: over, Sends: []string{g.m.Assets[i].ID}}
	f.Element = g.element("flow", fmt.Sprintf("flow-%05d", i+1), over)
	if g.IntN(2) == 0 {
		f.Returns = []string{pick(g, g.m.Assets).ID}
	}
	return f
}

// start is somebody other than to who may start a flow, and the zone of it.
func (g generator) start(to string) (id, zone string) {
	for range 3 {
		if c := pick(g, g.m.Components); c.ID != to && kindOf(c.Kind).starts {
			return c.ID, c.Zone
		}
	}
	a := pick(g, g.m.Actors)
	return a.ID, a.Zone
}

func (g generator) function(i int) Function {
	at := g.m.Components[0]
	for range 20 {
		if c := pick(g, g.m.Components); kindOf(c.Kind).offers {
			at = c
			break
		}
	}
	return Function{
		Element: g.element("function", fmt.Sprintf("function-%05d", i+1), ""),
		At:      at.ID, Does: pick(g, does), Actor: pick(g, g.m.Actors).ID, Scope: pick(g, []string{"own", "all"}), Auth: pick(g, auths), Otherwise: "deny",
		On: []string{pick(g, g.m.Assets).ID},
	}
}

func kindOf(name string) kind {
	return kinds[slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })]
}

// free are the facts that may be said at an element of a sort; of is the kind
// of a component or the protocol of a flow.
func free(sort, of string) (cs []Choice) {
	for _, c := range choices {
		if c.Sort == sort && (c.Of == nil || slices.Contains(c.Of, of)) {
			cs = append(cs, c)
		}
	}
	return cs
}

// each calls do for every element, in order, with what free needs.
func (m *Model) each(do func(e *Element, sort, of string)) {
	for i := range m.Zones {
		do(&m.Zones[i].Element, "zone", "")
	}
	for i := range m.Actors {
		do(&m.Actors[i].Element, "actor", "")
	}
	for i := range m.Assets {
		do(&m.Assets[i].Element, "asset", "")
	}
	for i := range m.Components {
		do(&m.Components[i].Element, "component", m.Components[i].Kind)
	}
	for i := range m.Flows {
		do(&m.Flows[i].Element, "flow", m.Flows[i].Over)
	}
	for i := range m.Functions {
		do(&m.Functions[i].Element, "function", "")
	}
}

// Clone is a copy that shares nothing that the methods of m change.
func (m *Model) Clone() *Model {
	c := *m
	c.Zones, c.Actors, c.Assets = slices.Clone(m.Zones), slices.Clone(m.Actors), slices.Clone(m.Assets)
	c.Components, c.Flows, c.Functions = slices.Clone(m.Components), slices.Clone(m.Flows), slices.Clone(m.Functions)
	c.each(func(e *Element, _, _ string) { e.Facts = maps.Clone(e.Facts) })
	c.Entries = maps.Clone(m.Entries)
	for name, es := range c.Entries {
		c.Entries[name] = slices.Clone(es)
	}
	return &c
}

// Element is the element with an id, or nil. It is a part of m.
func (m *Model) Element(id string) (found *Element) {
	m.each(func(e *Element, _, _ string) {
		if e.ID == id {
			found = e
		}
	})
	return found
}

// A Place is a fact of an element that is, or may be, said.
type Place struct {
	Element string
	Choice
}

// Said lists the facts that the model says and that may be left unsaid, in a
// fixed order; Unsaid those that it does not say and may.
func (m *Model) Said() []Place { return m.places(true) }

// Unsaid lists the facts that the model does not say and may.
func (m *Model) Unsaid() []Place { return m.places(false) }

func (m *Model) places(said bool) (ps []Place) {
	m.each(func(e *Element, sort, of string) {
		for _, c := range free(sort, of) {
			if _, ok := e.Facts[c.Fact]; ok == said {
				ps = append(ps, Place{e.ID, c})
			}
		}
	})
	return ps
}

// Set says a fact of an element. It panics if there is no such element.
func (m *Model) Set(element, fact, value string) { m.Element(element).Facts[fact] = value }

// Drop leaves a fact unsaid. It panics if there is no such element.
func (m *Model) Drop(element, fact string) { delete(m.Element(element).Facts, fact) }

// AddComponent adds a component of a kind that nothing is connected to, and
// returns its id. The kind is one that Generate uses.
func (m *Model) AddComponent(name string) (id string) {
	k := kindOf(name)
	for n := 1; ; n++ {
		id = fmt.Sprintf("lonely-%d", n)
		if m.Element(id) == nil {
			break
		}
	}
	m.Components = append(m.Components, Component{Element: Element{id, map[string]string{}}, Kind: name, Zone: k.zones[0], Tech: k.tech})
	return id
}

// RemoveFlow removes a flow.
func (m *Model) RemoveFlow(id string) {
	m.Flows = slices.DeleteFunc(m.Flows, func(f Flow) bool { return f.ID == id })
}
