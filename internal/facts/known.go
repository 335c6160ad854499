package facts

import (
	"encoding/binary"
	"slices"

	"ssf"
	"ssf/internal/rule"
)

// A Family is the kinds, the technologies or the protocols of the library with
// what each implies, its ancestors' facts included.
type Family struct {
	Def     map[ssf.ID]*ssf.KindDef
	Implies map[ssf.ID]map[ssf.ID]ssf.Implied // by definition, then by fact
	below   map[ssf.ID]map[ssf.ID]bool        // facts on which a descendant differs
}

func newFamily(defs []ssf.KindDef) Family {
	f := Family{Def: map[ssf.ID]*ssf.KindDef{}, Implies: map[ssf.ID]map[ssf.ID]ssf.Implied{}, below: map[ssf.ID]map[ssf.ID]bool{}}
	for i := range defs {
		f.Def[defs[i].ID] = &defs[i]
	}
	for i := range defs {
		own := map[ssf.ID]ssf.Implied{}
		for k := &defs[i]; k != nil; k = f.Def[k.Is.ID] {
			for _, v := range k.Implies {
				if _, nearer := own[v.Fact.ID]; !nearer {
					own[v.Fact.ID] = v
				}
			}
		}
		f.Implies[defs[i].ID] = own
	}
	for i := range defs {
		for up := f.Def[defs[i].Is.ID]; ; up = f.Def[up.Is.ID] {
			id := ssf.ID("") // no kind at all lies above every kind
			if up != nil {
				id = up.ID
			}
			if f.below[id] == nil {
				f.below[id] = map[ssf.ID]bool{}
			}
			for fact, v := range f.Implies[defs[i].ID] {
				if f.Implies[id][fact].Value != v.Value {
					f.below[id][fact] = true
				}
			}
			if up == nil {
				break
			}
		}
	}
	return f
}

// Is tells whether id is ancestor or one of its descendants: unknown if id
// lies above it or is not declared, so that a subkind would decide.
func (f Family) Is(id, ancestor ssf.ID) rule.Truth {
	for k := id; k != ""; k = f.parent(k) {
		if k == ancestor {
			return rule.True
		}
	}
	for k := f.parent(ancestor); ; k = f.parent(k) {
		if k == id {
			return rule.Unknown
		}
		if k == "" {
			return rule.False
		}
	}
}

func (f Family) parent(id ssf.ID) ssf.ID {
	if d := f.Def[id]; d != nil {
		return d.Is.ID
	}
	return ""
}

// AnyOf is whether id is one of the ancestors; true for none of them.
func (f Family) AnyOf(id ssf.ID, ancestors []ssf.Ref) rule.Truth {
	if len(ancestors) == 0 {
		return rule.True
	}
	best := rule.False
	for _, a := range ancestors {
		best = max(best, f.Is(id, a.ID))
	}
	return best
}

// Implications are what kind, technologies or protocol say about a fact of an
// element. A kind says it for all its technologies, so they are heard only
// where it is silent. open means that a kind below the declared one, or a
// technology or protocol that is not declared, could say more.
func (g *Graph) Implications(n *Node, def *ssf.FactDef) (vs []ssf.Implied, open bool) {
	get := func(f Family, id ssf.ID) {
		if v, ok := f.Implies[id][def.ID]; ok {
			vs = append(vs, v)
		}
		open = open || f.below[id][def.ID]
	}
	switch {
	case n.Component != nil:
		if get(g.Kinds, n.Kind.ID); len(vs) > 0 || open {
			return vs, open
		}
		for _, t := range n.Component.Tech {
			get(g.Techs, t.ID)
		}
		if !n.Component.TechAt.Known() && g.Techs.below[""][def.ID] {
			open = true
		}
	case n.Flow != nil:
		get(g.Protocols, n.Flow.Over.ID)
	}
	return vs, open
}

// Value is the fact of an element that is not derived, and how it is known.
func (g *Graph) Value(n *Node, def *ssf.FactDef) (ssf.Value, ssf.FactInfo) {
	if i := slices.IndexFunc(n.Facts, func(f ssf.DeclaredFact) bool { return f.Fact.ID == def.ID }); i >= 0 && n.Facts[i].Value != "" {
		return n.Facts[i].Value, ssf.FactInfo{Name: def.ID, Value: n.Facts[i].Value, Via: ssf.Declared}
	}
	if n.Component != nil && len(def.Kinds) > 0 {
		if g.Kinds.AnyOf(n.Kind.ID, def.Kinds) == rule.False {
			return def.Elsewhere, ssf.FactInfo{Name: def.ID, Value: def.Elsewhere, Via: ssf.NotHere, By: n.Kind.ID}
		}
	}
	vs, open := g.Implications(n, def)
	v := together(def, vs)
	if v == "" || open {
		return "", ssf.FactInfo{}
	}
	return v, ssf.FactInfo{Name: def.ID, Value: v, Via: ssf.ImpliedBy, By: vs[0].By}
}

// together joins what several definitions imply: sets unite, and a scalar on
// which they differ is unknown.
func together(def *ssf.FactDef, vs []ssf.Implied) ssf.Value {
	if len(vs) == 0 {
		return ""
	}
	if def.Domain == ssf.Set {
		var words []string
		for _, w := range def.Values {
			if slices.ContainsFunc(vs, func(v ssf.Implied) bool { return slices.Contains(v.Value.Members(), string(w.ID)) }) {
				words = append(words, string(w.ID))
			}
		}
		return ssf.SetOf(words)
	}
	for _, v := range vs[1:] {
		if v.Value != vs[0].Value {
			return ""
		}
	}
	return vs[0].Value
}

// An implication is what follows for an element from its sort, kind,
// technologies or protocol alone, by slot: the word, and how it is known.
type implication struct {
	words    []rule.Word
	infos    []ssf.FactInfo
	derived  []bool     // computed from structure instead
	passesOn rule.Truth // see [Graph.passesOn]
}

// A likeness is what elements share that have the same implication.
type likeness struct {
	sort    ssf.Sort
	word    ssf.ID // kind or protocol
	unknown bool   // the technologies are
	techs   string
}

func likenessOf(n *Node) likeness {
	l := likeness{sort: n.Sort}
	switch {
	case n.Component != nil:
		l.word, l.unknown = n.Kind.ID, !n.Component.TechAt.Known()
		for _, t := range n.Component.Tech {
			l.techs += string(t.ID) + " "
		}
	case n.Flow != nil:
		l.word = n.Flow.Over.ID
	}
	return l
}

// imply finds what an element like n implies.
func (g *Graph) imply(n Node) *implication {
	slots := g.Vocabulary.Slots(n.Sort)
	out := &implication{words: make([]rule.Word, len(slots)), infos: make([]ssf.FactInfo, len(slots)), derived: make([]bool, len(slots)), passesOn: rule.False}
	if n.Component != nil {
		out.passesOn = g.Kinds.Is(n.Kind.ID, "reverse_proxy")
	}
	n.Element = &ssf.Element{}
	for slot, f := range slots {
		if out.derived[slot] = DerivedOn(f, n.Sort); out.derived[slot] {
			continue
		}
		var v ssf.Value
		if v, out.infos[slot] = g.Value(&n, &f.FactDef); v != "" {
			out.words[slot], _ = f.Encode(v)
		}
	}
	return out
}

// alike is whether two elements have the same likeness.
func alike(a, b *Node) bool {
	switch {
	case a.Sort != b.Sort || (a.Component == nil) != (b.Component == nil):
		return false
	case a.Component != nil:
		return a.Kind.ID == b.Kind.ID && a.Component.TechAt.Known() == b.Component.TechAt.Known() &&
			slices.EqualFunc(a.Component.Tech, b.Component.Tech, func(x, y ssf.Ref) bool { return x.ID == y.ID })
	}
	return a.Flow == nil || a.Flow.Over.ID == b.Flow.Over.ID
}

// setFacts fills the slots of every element with what is declared or implied.
// What an element implies that is like the one in its place in an earlier graph
// is taken over; old may be nil.
func (g *Graph) setFacts(old *Graph) {
	known := map[likeness]*implication{}
	g.implied = make([]*implication, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if old != nil && i < len(old.Nodes) && alike(n, &old.Nodes[i]) {
			g.implied[i] = old.implied[i]
		} else {
			like := likenessOf(n)
			if known[like] == nil {
				known[like] = g.imply(*n)
			}
			g.implied[i] = known[like]
		}
		g.World.SetAll(int32(i), g.implied[i].words)
		for _, d := range n.Facts {
			if f := g.Vocabulary.Fact(d.Fact.ID); f != nil && d.Value != "" {
				w, _ := f.Encode(d.Value)
				g.World.SetFact(int32(i), f, w)
			}
		}
	}
}

// DerivedOn reports whether a fact is computed on a sort.
func DerivedOn(f *rule.Fact, s ssf.Sort) bool { return ssf.HasRef(f.DerivedOn, ssf.ID(s)) }

// Infos are the known facts of each node with where each comes from. Those of
// an earlier graph are taken over where nothing has changed; match may be nil.
// Elements of which the same is known in the same way share a list.
func (g *Graph) Infos(old *Graph, match *Match) [][]ssf.FactInfo {
	type known struct {
		implied *implication
		words   string
	}
	shared := map[known][]ssf.FactInfo{}
	var words []byte
	out := make([][]ssf.FactInfo, len(g.Nodes))
	for i := range g.Nodes {
		if match != nil && old.infoOf != nil && match.Was[i] >= 0 && g.knownAs(int32(i), old, match.Was[i], match) {
			out[i] = old.infoOf[match.Was[i]]
			continue
		}
		words = words[:0]
		for slot := range g.implied[i].infos {
			words = binary.LittleEndian.AppendUint64(words, uint64(g.World.Get(int32(i), slot)))
		}
		for _, d := range g.Nodes[i].Facts {
			words = append(append(append(append(words, d.Fact.ID...), 0), d.Value...), 0)
		}
		list, seen := shared[known{g.implied[i], string(words)}]
		if !seen {
			list = slices.Clip(g.infos([]ssf.FactInfo{}, int32(i)))
			shared[known{g.implied[i], string(words)}] = list
		}
		out[i] = list
	}
	g.infoOf = out
	return out
}

// knownAs reports whether the same is known of node n as was of node o of an
// earlier graph, and in the same way.
func (g *Graph) knownAs(n int32, old *Graph, o int32, match *Match) bool {
	a, b := &g.Nodes[n], &old.Nodes[o]
	return match.Same[o] && alike(a, b) && slices.EqualFunc(a.Facts, b.Facts, func(x, y ssf.DeclaredFact) bool {
		return x.Fact.ID == y.Fact.ID && x.Value == y.Value
	})
}

// infos appends the known facts of one node.
func (g *Graph) infos(out []ssf.FactInfo, i int32) []ssf.FactInfo {
	n, implied := &g.Nodes[i], g.implied[i]
	for slot, f := range g.Vocabulary.Slots(n.Sort) {
		w := g.World.Get(i, slot)
		if w == 0 {
			continue
		}
		info := implied.infos[slot]
		if implied.derived[slot] {
			info = ssf.FactInfo{Name: f.ID, Value: f.Decode(w), Via: ssf.Derived}
		} else if at := slices.IndexFunc(n.Facts, func(d ssf.DeclaredFact) bool { return d.Fact.ID == f.ID }); at >= 0 && n.Facts[at].Value != "" {
			info = ssf.FactInfo{Name: f.ID, Value: n.Facts[at].Value, Via: ssf.Declared}
		}
		if info.Via != ssf.NotHere {
			out = append(out, info)
		}
	}
	return out
}

// Source is a fact with the place in the model that it follows from.
func (g *Graph) Source(f rule.FactValue) ssf.FactAt {
	out := ssf.FactAt{Element: f.Fact.Element, FactInfo: ssf.FactInfo{Name: f.Fact.Fact, Value: f.Value}}
	n := g.World.Lookup(f.Fact.Element)
	def := g.Vocabulary.Fact(f.Fact.Fact)
	if n < 0 || def == nil || f.Value == "" {
		return out
	}
	nd := &g.Nodes[n]
	out.Element, out.Pos = nd.ID, nd.Pos
	if DerivedOn(def, nd.Sort) {
		out.Via = ssf.Derived
		return out
	}
	_, info := g.Value(nd, &def.FactDef)
	out.Via, out.By = info.Via, info.By
	switch {
	case info.Via == "": // read through the end of a flow that does not carry it
		out.Via = ssf.NotHere
	case info.Via == ssf.Declared:
		i := slices.IndexFunc(nd.Facts, func(d ssf.DeclaredFact) bool { return d.Fact.ID == def.ID })
		out.Pos = nd.Facts[i].Pos
	case info.Via == ssf.ImpliedBy && nd.Flow != nil:
		out.Pos = nd.Flow.Over.Pos
	case nd.Component != nil:
		out.Pos = nd.Kind.Pos
		i := slices.IndexFunc(nd.Component.Tech, func(t ssf.Ref) bool { return g.Techs.Implies[t.ID][def.ID].By == info.By })
		if i >= 0 && info.Via == ssf.ImpliedBy {
			out.Pos = nd.Component.Tech[i].Pos
		}
	}
	return out
}
