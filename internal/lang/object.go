package lang

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// A Reader reads one value from YAML: the type of a field. The zero V is
// returned where the value was refused, with a diagnostic.
type Reader[V any] struct {
	Type Type
	read func(d *decoder, n *yaml.Node) V
}

// A Field is one key of a mapping that is read into a T: one row of the field
// table, from which the decoder, the JSON Schema, the documentation and the
// did-you-mean are made.
type Field[T any] struct {
	Key      string
	Doc      string
	Required bool
	Type     Type
	read     func(d *decoder, n *yaml.Node, v *T)
}

// An Object is a mapping with fixed keys. Extra, if set, takes a key that is
// no field; it reports whether the key was its own.
type Object[T any] struct {
	Name   string // what it is called in messages: "component"
	Fields []Field[T]
	// Place, if set, gets the place of the mapping.
	Place func(v *T) *ssf.Pos
	Extra func(d *decoder, key, value *yaml.Node, v *T) bool
	// More lists the keys that Extra takes, for messages.
	More func(d *decoder) []string
	// Check, if set, has a last look at a value that was read without a fault.
	Check func(d *decoder, at ssf.Pos, v *T)
	// MoreType is the type of the keys that Extra takes, for the schema.
	MoreType *Type

	index map[string]int
}

// field makes a row: key is read by r into the place that at gives.
func field[T, V any](key string, r Reader[V], at func(*T) *V, doc string) Field[T] {
	return Field[T]{Key: key, Doc: doc, Type: r.Type, read: func(d *decoder, n *yaml.Node, v *T) { *at(v) = r.read(d, n) }}
}

// need is field for a key that must be there.
func need[T, V any](key string, r Reader[V], at func(*T) *V, doc string) Field[T] {
	return must(field(key, r, at, doc))
}

// nest makes a row whose value is a mapping read into the same T.
func nest[T any](key string, o *Object[T], doc string) Field[T] {
	return Field[T]{Key: key, Doc: doc, Type: o.typ(), read: func(d *decoder, n *yaml.Node, v *T) { o.read(d, n, v) }}
}

// must is a row that has to be there.
func must[T any](f Field[T]) Field[T] {
	f.Required = true
	return f
}

// many appends to what is there, so that a section may be split over files.
func many[T, V any](key string, r Reader[[]V], at func(*T) *[]V, doc string) Field[T] {
	return Field[T]{Key: key, Doc: doc, Type: r.Type, read: func(d *decoder, n *yaml.Node, v *T) { *at(v) = append(*at(v), r.read(d, n)...) }}
}

// read reads a mapping into v.
func (o *Object[T]) read(d *decoder, n *yaml.Node, v *T) {
	at := d.pos(n)
	if d.holder != nil {
		at = d.pos(d.holder)
	}
	if o.Place != nil {
		*o.Place(v) = at
	}
	var got uint64
	before := len(d.diags)
	known := func(key string) bool { return slices.Contains(o.keys(d), key) }
	want := "the keys of " + ssf.Article(o.Name)
	if n.Kind != yaml.MappingNode {
		want += ": " + list(o.keys(d))
	}
	d.pairs(n, want, true, known, func(key, value *yaml.Node) {
		i, ok := o.find(key.Value)
		switch {
		case ok:
			got |= 1 << i
			o.Fields[i].read(d, value, v)
		case o.Extra != nil && o.Extra(d, key, value, v):
		default:
			o.unknown(d, key)
		}
	})
	if n.Kind != yaml.MappingNode || len(d.diags) > before && !wholeEnough(d.diags[before:]) {
		return
	}
	var missing, add []string
	for i, f := range o.Fields {
		if f.Required && got&(1<<i) == 0 {
			missing = append(missing, "`"+f.Key+"`")
			add = append(add, fmt.Sprintf("`%s: ...` (%s)", f.Key, f.Doc))
		}
	}
	if len(missing) > 0 {
		d.report("missing-key", at, "add "+and(add), "this %s has no %s", o.Name, and(missing))
	}
	if o.Check != nil && len(d.diags) == before {
		o.Check(d, at, v)
	}
}

// wholeEnough reports that none of the diagnostics says that a key was
// misread, in which case a missing key would be said twice.
func wholeEnough(ds []ssf.Diagnostic) bool {
	return !slices.ContainsFunc(ds, func(x ssf.Diagnostic) bool {
		_, name, _ := strings.Cut(string(x.Check), "/")
		return name == "unknown-key" || name == "broken-text" || name == "yaml-feature"
	})
}

// and joins words: a, b and c.
func and(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + " and " + words[n]
	}
	return strings.Join(words, "")
}

// find is the row of key.
func (o *Object[T]) find(key string) (int, bool) {
	i, ok := o.index[key]
	return i, ok
}

// keys are the keys that an object takes here, for messages.
func (o *Object[T]) keys(d *decoder) []string {
	var ks []string
	for _, f := range o.Fields {
		ks = append(ks, f.Key)
	}
	if o.More != nil {
		ks = append(ks, o.More(d)...)
	}
	return ks
}

// unknown reports a key that the object does not have.
func (o *Object[T]) unknown(d *decoder, key *yaml.Node) {
	if d.full() {
		d.report("unknown-key", d.pos(key), "", "%s has no key %q", ssf.Article(o.Name), clip(key.Value))
		return
	}
	names := o.keys(d)
	if word, value, ok := strings.Cut(key.Value, ":"); ok && slices.Contains(names, word) {
		if r := firstRune(value); unicode.IsSpace(r) {
			d.report("unknown-key", d.pos(key), "type the space anew: "+word+": "+strings.TrimSpace(clip(value)), "what follows the colon of %q only looks like a space", word)
			return
		}
		d.report("unknown-key", d.pos(key), "write "+word+": "+clip(value), "no space follows the colon, so this is read as one key without a value")
		return
	}
	hint := "the keys are " + list(names)
	var fix []ssf.Edit
	if near := ssf.Nearest(key.Value, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		fix = []ssf.Edit{{Pos: d.pos(key), Text: near}}
	} else if d.words != nil && d.words.partial && o.MoreType != nil {
		return // a library that has a fault may define it as a fact
	}
	d.report("unknown-key", d.pos(key), hint, "%s has no key %q", ssf.Article(o.Name), clip(key.Value))
	d.diags[len(d.diags)-1].Fix = fix
}

// object is o, ready to be read: its rows are indexed.
func object[T any](o Object[T]) *Object[T] {
	o.index = make(map[string]int, len(o.Fields))
	for i, f := range o.Fields {
		o.index[f.Key] = i
	}
	if len(o.index) != len(o.Fields) || len(o.Fields) > 64 {
		panic("lang: field table of " + o.Name + " has a doubled key or too many")
	}
	return &o
}

// reader reads a mapping as a value.
func (o *Object[T]) reader() Reader[T] {
	return Reader[T]{Type: o.typ(), read: func(d *decoder, n *yaml.Node) (v T) {
		o.read(d, n, &v)
		return v
	}}
}

// listOf reads a list of r.
func listOf[V any](r Reader[V]) Reader[[]V] {
	return Reader[[]V]{Type: Type{Name: "list", What: "a list", Elem: &r.Type}, read: func(d *decoder, n *yaml.Node) []V {
		if !d.allowed(n) || !d.enter(n) {
			return nil
		}
		defer func() { d.depth-- }()
		if n.Kind != yaml.SequenceNode {
			d.wrongList(n, r.Type)
			return nil
		}
		vs := make([]V, 0, len(n.Content))
		for _, c := range n.Content {
			d.holder = nil
			vs = append(vs, r.read(d, c))
		}
		return vs
	}}
}

// wrongList reports what stands where a list is wanted.
func (d *decoder) wrongList(n *yaml.Node, item Type) {
	hint := "write a list: [a, b], or one `- item` a line"
	what := "a mapping"
	switch {
	case isNull(n):
		d.report("wrong-type", d.pos(n), hint+"; [] is the empty list", "there is no value here, want a list; each item is %s", item.What)
		return
	case n.Kind == yaml.MappingNode && item.Name == "object":
		hint = "write one item for each, and begin it with `- `"
	case n.Kind == yaml.ScalarNode:
		what = "a text"
		word := n.Value
		if item.Name == "text" || strings.ContainsAny(word, ":#'\"{}[]&*!|>%@`\n") {
			word = quote(word)
		}
		hint = "put it in brackets: [" + clip(word) + "]"
	}
	d.report("wrong-type", d.pos(n), hint, "this is %s, want a list; each item is %s", what, item.What)
}

// some is a list that may not be empty.
func some[V any](r Reader[[]V]) Reader[[]V] {
	t := r.Type
	t.Some = true
	return Reader[[]V]{Type: t, read: func(d *decoder, n *yaml.Node) []V {
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 && d.allowed(n) {
			d.report("wrong-type", d.pos(n), "write one item or more; each is "+t.Elem.What, "this list is empty")
		}
		return r.read(d, n)
	}}
}

// distinct is a list of words none of which stands twice. Items that were
// refused are left out.
func distinct(r Reader[[]ssf.Ref]) Reader[[]ssf.Ref] {
	return distinctBy(r, func(ref ssf.Ref) ssf.Ref { return ref })
}

// distinctBy is distinct for a list of anything that has a text.
func distinctBy[V any](r Reader[[]V], text func(V) ssf.Ref) Reader[[]V] {
	return Reader[[]V]{Type: r.Type, read: func(d *decoder, n *yaml.Node) []V {
		vs := r.read(d, n)
		if len(vs) == 1 && text(vs[0]).ID != "" {
			return vs
		}
		seen := make(map[ssf.ID]ssf.Pos, len(vs))
		return slices.DeleteFunc(vs, func(v V) bool {
			ref := text(v)
			if first, ok := seen[ref.ID]; ok {
				d.report("duplicate-item", ref.Pos, "keep one of them", "%q stands twice in this list", clip(string(ref.ID)))
				d.diags[len(d.diags)-1].Related = []ssf.Related{{Message: "first here", Pos: first, Snippet: d.src.snippet(first)}}
				return true
			}
			if ref.ID != "" {
				seen[ref.ID] = ref.Pos
			}
			return ref.ID == ""
		})
	}}
}

// dict reads a mapping whose keys are names: key reads the name into the
// value, before the value's own keys.
func dict[V any](o *Object[V], what string, name func(d *decoder, key *yaml.Node, v *V) bool, dup bool) Reader[[]V] {
	return dictOr(o, what, name, dup, Type{}, nil)
}

// dictOr is dict for entries with a short form: a value that is no mapping is
// read by short, of type t.
func dictOr[V any](o *Object[V], what string, name func(d *decoder, key *yaml.Node, v *V) bool, dup bool, t Type, short func(d *decoder, n *yaml.Node, v *V)) Reader[[]V] {
	elem := o.typ()
	if short != nil {
		elem.Or = &t
	}
	return Reader[[]V]{Type: Type{Name: "dict", Elem: &elem, What: what}, read: func(d *decoder, n *yaml.Node) (vs []V) {
		d.pairs(n, "a mapping of "+what, dup, nil, func(key, value *yaml.Node) {
			var v V
			ok := name(d, key, &v)
			if short != nil && value.Kind != yaml.MappingNode {
				short(d, value, &v)
			} else {
				o.read(d, value, &v)
			}
			if ok {
				vs = append(vs, v)
			}
		})
		return vs
	}}
}
