package lang

import (
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// factType is the type of an inline fact, for the schema.
var factType = &Type{Name: "fact", What: "a fact's value, or {unknown: yes, asked: PERSON}"}

// facts lets an element of a sort carry facts as inline keys.
func facts[T any](o Object[T], sort ssf.Sort, at func(*T) *ssf.Element) Object[T] {
	o.MoreType = &Type{Name: factType.Name, What: factType.What, Values: []string{string(sort)}}
	o.More = func(d *decoder) []string {
		if d.words == nil {
			return nil
		}
		return d.words.here[sort]
	}
	o.Extra = func(d *decoder, key, value *yaml.Node, v *T) bool {
		if d.words == nil {
			return false
		}
		def := d.words.facts[ssf.ID(key.Value)]
		if def == nil {
			return false
		}
		if !slices.ContainsFunc(def.On, func(r ssf.Ref) bool { return r.ID == ssf.ID(sort) }) {
			d.misplaced(key, def, sort)
			return true
		}
		e := at(v)
		e.Facts = append(e.Facts, d.fact(key, value, def))
		return true
	}
	return o
}

// misplaced reports a fact on a sort that cannot declare it.
func (d *decoder) misplaced(key *yaml.Node, def *ssf.FactDef, sort ssf.Sort) {
	if slices.ContainsFunc(def.DerivedOn, func(r ssf.Ref) bool { return r.ID == ssf.ID(sort) }) {
		d.report("derived-fact", d.pos(key), fmt.Sprintf("delete it; `ssf explain %s` says what it is computed from", def.ID), "%q is computed for %s, so it cannot be declared", key.Value, ssf.Article(string(sort)))
		return
	}
	d.report("unknown-key", d.pos(key), "it belongs on "+ssf.Article(strings.Join(ids(def.On), " or ")), "fact %q does not belong on %s", key.Value, ssf.Article(string(sort)))
}

func ids(rs []ssf.Ref) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = string(r.ID)
	}
	return out
}

// fact reads the value of one inline key.
func (d *decoder) fact(key, n *yaml.Node, def *ssf.FactDef) ssf.DeclaredFact {
	f := ssf.DeclaredFact{Fact: d.ref(key, key.Value), Pos: d.pos(n)}
	if n.Kind == yaml.MappingNode {
		unknownFact.read(d, n, &f)
		return f
	}
	f.Value = d.value(n, def)
	return f
}

// unknownFact is the long form of a fact: that it is not known yet.
var unknownFact = object(Object[ssf.DeclaredFact]{
	Name: "unknown fact",
	Fields: []Field[ssf.DeclaredFact]{
		{Key: "unknown", Required: true, Doc: "yes: the answer is not known yet", Type: Type{Name: "enum", What: "yes", Values: []string{"yes", "true"}}, read: func(d *decoder, n *yaml.Node, _ *ssf.DeclaredFact) {
			if v := boolean.read(d, n); v.ID == "no" {
				d.report("bad-value", v.Pos, "write the fact's value instead", "a fact that is known has a value")
			}
		}},
		field("asked", ref(APerson), func(f *ssf.DeclaredFact) *ssf.Ref { return &f.Asked }, "the person who was asked"),
		field("until", date, func(f *ssf.DeclaredFact) *ssf.Ref { return &f.Until }, "when the answer is due"),
	},
})

// value reads a fact's value by its domain; unknown where it is refused.
func (d *decoder) value(n *yaml.Node, def *ssf.FactDef) ssf.Value {
	what := "a value of " + string(def.ID)
	if n.Kind == yaml.ScalarNode && def.Domain != ssf.FreeText && !ssf.HasRef(def.Values, ssf.ID(n.Value)) {
		switch {
		case n.Value == "unknown":
			d.report("bad-value", d.pos(n), "write {unknown: yes}", "that nobody knows yet is no value of %s", def.ID)
			return ""
		case def.Domain == ssf.Set && (n.Value == "none" || n.Value == "no"):
			d.report("wrong-type", d.pos(n), "write []", "%s is a list, of which none is the empty one", def.ID)
			return ""
		}
	}
	switch def.Domain {
	case ssf.Boolean:
		return ssf.Value(boolean.read(d, n).ID)
	case ssf.FreeText:
		return ssf.Value(prose.read(d, n).S)
	case ssf.Set:
		var in []string
		for _, r := range distinct(listOf(enum(what, ids(def.Values)...))).read(d, n) {
			in = append(in, string(r.ID))
		}
		if n.Kind != yaml.SequenceNode {
			return ""
		}
		return SetValue(def, in)
	}
	return ssf.Value(enum(what, ids(def.Values)...).read(d, n).ID)
}

// SetValue is the canonical value of a set of words of def.
func SetValue(def *ssf.FactDef, words []string) ssf.Value {
	var in []string
	for _, v := range def.Values {
		if slices.Contains(words, string(v.ID)) {
			in = append(in, string(v.ID))
		}
	}
	return ssf.SetOf(in)
}
