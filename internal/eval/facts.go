package eval

import (
	"slices"

	"ssf"
	"ssf/internal/rule"
)

// A family is the kinds, the technologies or the protocols of the library with
// what each implies, its ancestors' facts included.
type family struct {
	def     map[ssf.ID]*ssf.KindDef
	implies map[ssf.ID]map[ssf.ID]ssf.Implied // by definition, then by fact
	below   map[ssf.ID]map[ssf.ID]bool        // facts on which a descendant differs
}

func newFamily(defs []ssf.KindDef) family {
	f := family{def: map[ssf.ID]*ssf.KindDef{}, implies: map[ssf.ID]map[ssf.ID]ssf.Implied{}, below: map[ssf.ID]map[ssf.ID]bool{}}
	for i := range defs {
		f.def[defs[i].ID] = &defs[i]
	}
	for i := range defs {
		own := map[ssf.ID]ssf.Implied{}
		for k := &defs[i]; k != nil; k = f.def[k.Is.ID] {
			for _, v := range k.Implies {
				if _, nearer := own[v.Fact.ID]; !nearer {
					own[v.Fact.ID] = v
				}
			}
		}
		f.implies[defs[i].ID] = own
	}
	for i := range defs {
		for up := f.def[defs[i].Is.ID]; ; up = f.def[up.Is.ID] {
			id := ssf.ID("") // no kind at all lies above every kind
			if up != nil {
				id = up.ID
			}
			if f.below[id] == nil {
				f.below[id] = map[ssf.ID]bool{}
			}
			for fact, v := range f.implies[defs[i].ID] {
				if f.implies[id][fact].Value != v.Value {
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

// is tells whether id is ancestor or one of its descendants: unknown if id
// lies above it or is not declared, so that a subkind would decide.
func (f family) is(id, ancestor ssf.ID) rule.Truth {
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

func (f family) parent(id ssf.ID) ssf.ID {
	if d := f.def[id]; d != nil {
		return d.Is.ID
	}
	return ""
}

// anyOf is whether id is one of the ancestors; true for none of them.
func (f family) anyOf(id ssf.ID, ancestors []ssf.Ref) rule.Truth {
	if len(ancestors) == 0 {
		return rule.True
	}
	best := rule.False
	for _, a := range ancestors {
		best = max(best, f.is(id, a.ID))
	}
	return best
}

// implications are what kind, technologies or protocol say about a fact of an
// element. A kind says it for all its technologies, so they are heard only
// where it is silent. open means that a kind below the declared one, or a
// technology or protocol that is not declared, could say more.
func (e *evaluation) implications(n *node, def *ssf.FactDef) (vs []ssf.Implied, open bool) {
	get := func(f family, id ssf.ID) {
		if v, ok := f.implies[id][def.ID]; ok {
			vs = append(vs, v)
		}
		open = open || f.below[id][def.ID]
	}
	switch {
	case n.component != nil:
		if get(e.kinds, n.kind.ID); len(vs) > 0 || open {
			return vs, open
		}
		for _, t := range n.component.Tech {
			get(e.techs, t.ID)
		}
		if !n.component.TechAt.Known() && e.techs.below[""][def.ID] {
			open = true
		}
	case n.flow != nil:
		get(e.protocols, n.flow.Over.ID)
	}
	return vs, open
}

// valueOf is the fact of an element that is not derived, and how it is known.
func (e *evaluation) valueOf(n *node, def *ssf.FactDef) (ssf.Value, ssf.FactInfo) {
	if i := slices.IndexFunc(n.Facts, func(f ssf.DeclaredFact) bool { return f.Fact.ID == def.ID }); i >= 0 && n.Facts[i].Value != "" {
		return n.Facts[i].Value, ssf.FactInfo{Name: def.ID, Value: n.Facts[i].Value, Via: ssf.Declared}
	}
	if n.component != nil && len(def.Kinds) > 0 {
		if e.kinds.anyOf(n.kind.ID, def.Kinds) == rule.False {
			return def.Elsewhere, ssf.FactInfo{Name: def.ID, Value: def.Elsewhere, Via: ssf.NotHere, By: n.kind.ID}
		}
	}
	vs, open := e.implications(n, def)
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

// setFacts fills the slots of every element with what is declared or implied.
// Elements with the same kind, technologies and no facts of their own share
// the work.
func (e *evaluation) setFacts() {
	type cached struct {
		slot int
		word rule.Word
	}
	cache := map[string][]cached{}
	for i := range e.nodes {
		n := &e.nodes[i]
		key := string(n.sort)
		switch {
		case n.component != nil:
			key += " " + string(n.kind.ID)
			if !n.component.TechAt.Known() {
				key += " ?"
			}
			for _, t := range n.component.Tech {
				key += " " + string(t.ID)
			}
		case n.flow != nil:
			key += " " + string(n.flow.Over.ID)
		}
		implied, ok := cache[key]
		if !ok {
			bare := *n
			bare.Element = &ssf.Element{}
			for slot, f := range e.vocab.Slots(n.sort) {
				if v, _ := e.valueOf(&bare, &f.FactDef); v != "" && !derivedOn(f, n.sort) {
					if w, ok := f.Encode(v); ok {
						implied = append(implied, cached{slot, w})
					}
				}
			}
			cache[key] = implied
		}
		for _, c := range implied {
			e.world.Set(int32(i), c.slot, c.word)
		}
		for _, d := range n.Facts {
			if f := e.vocab.Fact(d.Fact.ID); f != nil && d.Value != "" {
				if slot, ok := f.Slot(n.sort); ok {
					w, _ := f.Encode(d.Value)
					e.world.Set(int32(i), slot, w)
				}
			}
		}
	}
}

func derivedOn(f *rule.Fact, s ssf.Sort) bool { return hasRef(f.DerivedOn, ssf.ID(s)) }

// infos are the known facts of a node with where each comes from.
func (e *evaluation) infos(i int32) []ssf.FactInfo {
	n := &e.nodes[i]
	out := []ssf.FactInfo{}
	for slot, f := range e.vocab.Slots(n.sort) {
		w := e.world.Get(i, slot)
		if w == 0 {
			continue
		}
		info := ssf.FactInfo{Name: f.ID, Value: f.Decode(w), Via: ssf.Derived}
		if !derivedOn(f, n.sort) {
			_, info = e.valueOf(n, &f.FactDef)
		}
		if info.Via != ssf.NotHere {
			out = append(out, info)
		}
	}
	return out
}
