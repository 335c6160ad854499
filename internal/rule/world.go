package rule

import (
	"fmt"
	"slices"

	"ssf"
)

// A Relation is one way from an element to others in a [World].
type Relation uint8

// The relations. From, To, Zone and At lead to one element at most, the others
// to any number. From and To lead to a component or an actor, Zone to a zone,
// At to a component; Carries, Sends, Returns, Stores, Handles and Assets list
// assets, Incoming and Outgoing flows, Actors actors and Holders components.
const (
	From     Relation = iota // of a flow
	To                       // of a flow
	Zone                     // of a component or an actor
	At                       // of a function
	Carries                  // of a flow, in both directions
	Sends                    // of a flow
	Returns                  // of a flow
	Incoming                 // of a component
	Outgoing                 // of a component
	Stores                   // of a component
	Handles                  // of a component
	Actors                   // of a function
	Assets                   // of a function
	Holders                  // of an asset
)

// relation says where a relation stands and how a World keeps it. An element
// has at most two single relations, so each has its column of two.
type relation struct {
	name   string
	on, to sortMask
	column int8 // of a single relation; -1 for a list
	list   int8 // of a list; -1 for a single relation
}

const numLists = int(Holders-Carries) + 1

var relations = func() [Holders + 1]relation {
	end := maskOf(ssf.SortComponent, ssf.SortActor)
	one := func(name string, on, to sortMask, column int8) relation {
		return relation{name, on, to, column, -1}
	}
	many := func(name string, on, to ssf.Sort) relation {
		return relation{name, maskOf(on), maskOf(to), -1, 0}
	}
	rs := [...]relation{
		From:     one("from", maskOf(ssf.SortFlow), end, 0),
		To:       one("to", maskOf(ssf.SortFlow), end, 1),
		Zone:     one("zone", end, maskOf(ssf.SortZone), 0),
		At:       one("at", maskOf(ssf.SortFunction), maskOf(ssf.SortComponent), 0),
		Carries:  many("carries", ssf.SortFlow, ssf.SortAsset),
		Sends:    many("sends", ssf.SortFlow, ssf.SortAsset),
		Returns:  many("returns", ssf.SortFlow, ssf.SortAsset),
		Incoming: many("incoming", ssf.SortComponent, ssf.SortFlow),
		Outgoing: many("outgoing", ssf.SortComponent, ssf.SortFlow),
		Stores:   many("stores", ssf.SortComponent, ssf.SortAsset),
		Handles:  many("handles", ssf.SortComponent, ssf.SortAsset),
		Actors:   many("actors", ssf.SortFunction, ssf.SortActor),
		Assets:   many("assets", ssf.SortFunction, ssf.SortAsset),
		Holders:  many("holders", ssf.SortAsset, ssf.SortComponent),
	}
	for r := Carries; r <= Holders; r++ {
		rs[r].list = int8(r - Carries)
	}
	return rs
}()

func (r Relation) String() string { return relations[r].name }

// relationOn finds the relation that elements of any of the sorts have under a name.
func relationOn(sorts sortMask, name string) (Relation, bool) {
	for r := range relations {
		if relations[r].on&sorts != 0 && relations[r].name == name {
			return Relation(r), true
		}
	}
	return 0, false
}

// A World is the graph on which conditions are evaluated: nodes with a sort,
// facts in slots, and relations between them. A node is a number from 0 in the
// order of Add; -1 is no node.
//
// Build it with Add, Link and Freeze; then read it. Set is for both times, and
// not while another goroutine evaluates. Reading is safe for concurrent use.
// Building it wrongly (an unknown sort, a second Add of an id, a Link after
// Freeze) is a bug of the caller and panics.
type World struct {
	vocabulary *Vocabulary

	ids   []ssf.ID
	sorts []uint8 // index in nodeSorts
	base  []int32 // of the node's first slot in words
	words []Word
	one   [][2]int32
	lists [numLists]list
	byID  map[ssf.ID]int32

	system, deployment int32
	frozen             bool

	like *World // while it is built: one that begins with the same ids, whose byID stands in
}

// list is one relation to many in compressed rows: node n has
// items[start[n]:start[n+1]]. Until it is frozen, pairs holds the links.
type list struct {
	pairs [][2]int32
	start []int32
	items []int32
	links int // how many pairs there were
}

// NewWorld is an empty world over a vocabulary.
func NewWorld(v *Vocabulary) *World {
	return &World{vocabulary: v, byID: make(map[ssf.ID]int32), system: -1, deployment: -1}
}

// NewWorldLike is NewWorld for who expects the ids of another world, which is
// frozen: then the two share what finds them.
func NewWorldLike(other *World) *World {
	w := NewWorld(other.vocabulary)
	w.like = other
	for i := range w.lists {
		w.lists[i].pairs = make([][2]int32, 0, other.lists[i].links+16)
	}
	return w
}

// Vocabulary is the vocabulary that the world's slots follow.
func (w *World) Vocabulary() *Vocabulary { return w.vocabulary }

// Add makes a node whose facts are all unknown and that has no relations. The
// first system is the world's system; the first deployment is its current
// deployment, see [World.In].
func (w *World) Add(id ssf.ID, sort ssf.Sort) int32 {
	n := w.AddNew(id, sort)
	if n < 0 {
		panic(fmt.Sprintf("rule: adding %s: it is there already", id))
	}
	return n
}

// AddNew is Add for an id that may be there: then it is -1, and nothing is added.
func (w *World) AddNew(id ssf.ID, sort ssf.Sort) int32 {
	s := sortIndex(sort)
	if s < 0 {
		panic(fmt.Sprintf("rule: adding %s: a %q carries no facts", id, sort))
	}
	if w.frozen {
		panic(fmt.Sprintf("rule: adding %s: the world is frozen", id))
	}
	n := int32(len(w.ids))
	if w.like != nil && (int(n) >= len(w.like.ids) || w.like.ids[n] != id) {
		w.part()
	}
	if w.like == nil {
		if _, ok := w.byID[id]; ok {
			return -1
		}
		w.byID[id] = n
	}
	w.ids = append(w.ids, id)
	w.sorts = append(w.sorts, uint8(s))
	w.base = append(w.base, int32(len(w.words)))
	w.words = append(w.words, make([]Word, len(w.vocabulary.slots[s]))...)
	w.one = append(w.one, [2]int32{-1, -1})
	switch {
	case sort == ssf.SortSystem && w.system < 0:
		w.system = n
	case sort == ssf.SortDeployment && w.deployment < 0:
		w.deployment = n
	}
	return n
}

// part gives the world its own way to find ids.
func (w *World) part() {
	w.byID = make(map[ssf.ID]int32, len(w.like.ids))
	for n, id := range w.ids {
		w.byID[id] = int32(n)
	}
	w.like = nil
}

// Grow makes room for some more nodes, so many of each sort.
func (w *World) Grow(sorts map[ssf.Sort]int) {
	nodes, words := 0, 0
	for s, n := range sorts {
		nodes, words = nodes+n, words+n*len(w.vocabulary.Slots(s))
	}
	w.words = slices.Grow(w.words, words)
	w.ids, w.sorts, w.base, w.one = slices.Grow(w.ids, nodes), slices.Grow(w.sorts, nodes), slices.Grow(w.base, nodes), slices.Grow(w.one, nodes)
	if len(w.byID) == 0 && w.like == nil {
		w.byID = make(map[ssf.ID]int32, nodes)
	}
}

// Link relates node n to node m. A single relation is replaced; a list grows
// by m and keeps the order of linking.
func (w *World) Link(n int32, r Relation, m int32) {
	if c := relations[r].column; c >= 0 {
		w.one[n][c] = m
		return
	}
	if w.frozen {
		panic("rule: linking in a frozen world")
	}
	l := &w.lists[relations[r].list]
	l.pairs = append(l.pairs, [2]int32{n, m})
}

// Freeze ends building: until then every list reads as empty. Who handles what
// stands in both lists once, however often it was linked.
func (w *World) Freeze() {
	for i := range w.lists {
		w.lists[i].freeze(len(w.ids))
	}
	for _, r := range []Relation{Handles, Holders} {
		w.lists[relations[r].list].compact(len(w.ids))
	}
	w.frozen = true
	if w.like != nil && len(w.like.ids) == len(w.ids) {
		w.byID, w.like = w.like.byID, nil
	} else if w.like != nil {
		w.part()
	}
}

// freeze sorts the pairs into rows, keeping their order within a row.
func (l *list) freeze(nodes int) {
	l.start = make([]int32, nodes+1)
	for _, p := range l.pairs {
		l.start[p[0]+1]++
	}
	for n := range nodes {
		l.start[n+1] += l.start[n]
	}
	l.items = make([]int32, len(l.pairs))
	for _, p := range l.pairs { // each start moves to the next
		l.items[l.start[p[0]]] = p[1]
		l.start[p[0]]++
	}
	copy(l.start[1:], l.start)
	l.start[0] = 0
	l.pairs, l.links = nil, len(l.pairs)
}

// compact keeps the first of equal items in a row.
func (l *list) compact(nodes int) {
	seen := make([]int32, nodes) // by item: the last row that has it, from 1
	kept := int32(0)
	for n := range int32(nodes) {
		row := l.row(n)
		l.start[n] = kept
		for _, m := range row {
			if seen[m] != n+1 {
				seen[m] = n + 1
				l.items[kept] = m
				kept++
			}
		}
	}
	l.start[nodes] = kept
	l.items = l.items[:kept]
}

func (l *list) row(n int32) []int32 {
	if l.start == nil {
		return nil
	}
	return l.items[l.start[n]:l.start[n+1]]
}

// In is the same world with another current deployment; it shares everything
// else with w.
func (w *World) In(deployment int32) *World {
	in := *w
	in.deployment = deployment
	return &in
}

// Set sets the fact in a slot of node n; see [Fact.Slot] and [Fact.Encode].
func (w *World) Set(n int32, slot int, value Word) { w.words[w.slotIndex(n, slot)] = value }

// Get is the fact in a slot of node n; 0 is unknown.
func (w *World) Get(n int32, slot int) Word { return w.words[w.slotIndex(n, slot)] }

// SetFact is Set for a fact; nothing happens where the node does not carry it.
func (w *World) SetFact(n int32, f *Fact, value Word) {
	if slot := f.slot[w.sorts[n]]; slot >= 0 {
		w.words[w.base[n]+int32(slot)] = value
	}
}

// SetAll sets the facts of node n in the order of their slots.
func (w *World) SetAll(n int32, values []Word) { copy(w.words[w.base[n]:], values) }

// FactOf is Get for a fact; unknown where the node does not carry it.
func (w *World) FactOf(n int32, f *Fact) Word {
	if slot := f.slot[w.sorts[n]]; slot >= 0 {
		return w.words[w.base[n]+int32(slot)]
	}
	return 0
}

func (w *World) slotIndex(n int32, slot int) int {
	if slot < 0 || slot >= len(w.vocabulary.slots[w.sorts[n]]) {
		panic(fmt.Sprintf("rule: %s has no slot %d", w.ids[n], slot))
	}
	return int(w.base[n]) + slot
}

// Len is the number of nodes.
func (w *World) Len() int { return len(w.ids) }

// ID is the id of node n.
func (w *World) ID(n int32) ssf.ID { return w.ids[n] }

// Sort is the sort of node n.
func (w *World) Sort(n int32) ssf.Sort { return nodeSorts[w.sorts[n]] }

// Lookup is the node with an id, or -1.
func (w *World) Lookup(id ssf.ID) int32 {
	if w.like != nil {
		if n, ok := w.like.byID[id]; ok && int(n) < len(w.ids) {
			return n
		}
		return -1
	}
	if n, ok := w.byID[id]; ok {
		return n
	}
	return -1
}

// One is where a single relation of node n leads, or -1.
func (w *World) One(n int32, r Relation) int32 { return w.one[n][relations[r].column] }

// Many is the list of node n. The caller must not change it.
func (w *World) Many(n int32, r Relation) []int32 { return w.lists[relations[r].list].row(n) }

// SlotZone is the slot of the pseudo fact `zone`: what a model says in `zone:`.
// It is asked for where an element without a zone is asked for a fact of it.
const SlotZone = -1

// A Ref is one fact of one node: its slot, or [SlotZone].
type Ref struct{ Node, Slot int32 }

// FactRef is r in ids.
func (w *World) FactRef(r Ref) ssf.FactRef {
	if r.Slot == SlotZone {
		return ssf.FactRef{Element: w.ids[r.Node], Fact: ssf.ID(Zone.String())}
	}
	return ssf.FactRef{Element: w.ids[r.Node], Fact: w.vocabulary.slots[w.sorts[r.Node]][r.Slot].ID}
}
