package lang

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

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
	Check func(d *decoder, n *yaml.Node, v *T)
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
	f := field(key, r, at, doc)
	f.Required = true
	return f
}

// nest makes a row whose value is a mapping read into the same T.
func nest[T any](key string, o *Object[T], doc string) Field[T] {
	return Field[T]{Key: key, Doc: doc, Type: o.typ(), read: func(d *decoder, n *yaml.Node, v *T) { o.read(d, n, v) }}
}

// many appends to what is there, so that a section may be split over files.
func many[T, V any](key string, r Reader[[]V], at func(*T) *[]V, doc string) Field[T] {
	return Field[T]{Key: key, Doc: doc, Type: r.Type, read: func(d *decoder, n *yaml.Node, v *T) { *at(v) = append(*at(v), r.read(d, n)...) }}
}

// A decoder reads the nodes of one piece of a file.
type decoder struct {
	src    *source
	line0  int // lines before the piece
	prefix string
	words  *Words
	diags  []ssf.Diagnostic
	refs   []pending
	depth  int
	// atoms counts nodes, so that a file of a million brackets is refused.
	atoms int
}

// A pending reference is checked once everything that can be named is known.
type pending struct {
	kinds []Target
	ref   ssf.Ref
}

func (d *decoder) pos(n *yaml.Node) ssf.Pos {
	p := ssf.Pos{File: d.src.path, Line: n.Line + d.line0, Col: n.Column}
	line := d.src.line(p.Line)
	width := utf8.RuneCountInString(line)
	p.EndCol = width + 1
	switch {
	case n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode:
		p.EndCol = p.Col + 1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		p.EndCol = closing(line, p.Col)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		p.EndCol = p.Col + 1
	default:
		p.EndCol = min(p.Col+max(1, utf8.RuneCountInString(n.Value)), width+1)
	}
	return p
}

// closing is the column after the quote that ends the text starting at col.
func closing(line string, col int) int {
	rs := []rune(line)
	if col > len(rs) {
		return col + 1
	}
	q := rs[col-1]
	for i := col; i < len(rs); i++ {
		switch {
		case rs[i] == '\\' && q == '"':
			i++
		case rs[i] == q && q == '\'' && i+1 < len(rs) && rs[i+1] == q:
			i++
		case rs[i] == q:
			return i + 2
		}
	}
	return len(rs) + 1
}

// report adds an error at a place. hint is the way out.
func (d *decoder) report(check string, at ssf.Pos, hint, format string, args ...any) {
	d.reportAs(ssf.Error, check, at, hint, format, args...)
}

func (d *decoder) reportAs(s ssf.Severity, check string, at ssf.Pos, hint, format string, args ...any) {
	d.diags = append(d.diags, ssf.Diagnostic{
		Check: ssf.ID(d.prefix + check), Severity: s, Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint,
		Snippet: d.src.line(at.Line),
	})
}

// wrong reports that n is not of the wanted type.
func (d *decoder) wrong(n *yaml.Node, want string) {
	at := d.pos(n)
	switch {
	case isNull(n):
		d.report("wrong-type", at, "write "+want+", or leave the key out", "there is no value here, want %s", want)
	case n.Kind == yaml.MappingNode:
		hint := "write the value after the key, without keys of its own"
		if len(n.Content) == 2 && isNull(n.Content[1]) && n.Style&yaml.FlowStyle != 0 {
			hint = "braces make a mapping; a text that begins with `{` needs quotes"
		}
		d.report("wrong-type", at, hint, "this is a mapping, want %s", want)
	case n.Kind == yaml.SequenceNode:
		d.report("wrong-type", at, "write one value, without `-` or brackets", "this is a list, want %s", want)
	default:
		d.report("wrong-type", at, "write "+want, "%q is not %s", clip(n.Value), want)
	}
}

func clip(s string) string {
	if rs := []rune(s); len(rs) > 60 {
		return string(rs[:57]) + "..."
	}
	return s
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style == 0 }

// allowed refuses what the language leaves out of YAML at n itself.
func (d *decoder) allowed(n *yaml.Node) bool {
	d.atoms++
	switch {
	case n.Anchor != "":
		d.report("yaml-feature", d.pos(n), "write the value out; if the text begins with `&`, quote it: '&"+n.Anchor+"'", "anchors are not part of the language: &%s", n.Anchor)
	case n.Kind == yaml.AliasNode:
		d.report("yaml-feature", d.pos(n), "write the value out; if the text begins with `*`, quote it: '*"+n.Value+"'", "aliases are not part of the language: *%s", n.Value)
	case n.Style&yaml.TaggedStyle != 0:
		d.report("yaml-feature", d.pos(n), fmt.Sprintf("to write a text that begins with `!`, quote it: '%s'", strings.TrimSpace(n.Tag+" "+n.Value)), "YAML reads %q as a tag, and tags are not part of the language", n.Tag)
	default:
		return true
	}
	return false
}

// scalar is n's text; the author's own words, whatever YAML takes them for.
func (d *decoder) scalar(n *yaml.Node, want string) (string, bool) {
	if !d.allowed(n) {
		return "", false
	}
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrong(n, want)
		return "", false
	}
	if len(n.Value) > MaxText {
		d.report("limit", d.pos(n), "shorten the text", "this text has %d bytes, and the limit on a text is %d", len(n.Value), MaxText)
		return "", false
	}
	if strings.TrimSpace(n.Value) == "" {
		d.report("wrong-type", d.pos(n), "write "+want+", or leave the key out", "this text is empty, want %s", want)
		return "", false
	}
	return n.Value, true
}

// enter guards the depth; the caller leaves with d.depth--.
func (d *decoder) enter(n *yaml.Node) bool {
	d.depth++
	if d.depth > MaxDepth {
		d.report("limit", d.pos(n), "flatten it", "values are nested deeper than the limit of %d", MaxDepth)
		d.depth--
		return false
	}
	return true
}

// pairs walks a mapping in order, refusing merge keys, keys that are no text
// and, unless doubled ids are found elsewhere, keys that stand twice.
func (d *decoder) pairs(n *yaml.Node, want string, dup bool, do func(key, value *yaml.Node)) {
	if !d.allowed(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.wrongMapping(n, want)
		return
	}
	if !d.enter(n) {
		return
	}
	defer func() { d.depth-- }()
	var seen map[string]*yaml.Node
	if dup {
		seen = make(map[string]*yaml.Node, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.report("wrong-type", d.pos(key), "write a plain word before the colon; a text that begins with `{` or `[` needs quotes", "a key must be a word")
			continue
		case !d.allowed(key):
			continue
		case key.Value == "<<" && key.Style == 0:
			d.report("yaml-feature", d.pos(key), "write the keys out", "merge keys (<<) are not part of the language")
			continue
		case key.Value == "":
			d.report("wrong-type", d.pos(key), "write a word before the colon", "the key is empty")
			continue
		}
		if first := seen[key.Value]; first != nil {
			d.report("duplicate-key", d.pos(key), "keep one of them", "key %q stands twice in this %s", key.Value, want)
			last := &d.diags[len(d.diags)-1]
			at := d.pos(first)
			last.Related = []ssf.Related{{Message: "first here", Pos: at, Snippet: d.src.line(at.Line)}}
			continue
		}
		if dup {
			seen[key.Value] = key
		}
		if d.brokenText(n, i) {
			continue
		}
		do(key, value)
	}
}

// wrongMapping reports what stands where a mapping is wanted.
func (d *decoder) wrongMapping(n *yaml.Node, want string) {
	hint := "write its keys below, indented: `key: value`"
	switch {
	case isNull(n):
		d.report("wrong-type", d.pos(n), hint+", or leave the key out", "there is no value here, want a mapping: %s", want)
		return
	case n.Kind == yaml.SequenceNode:
		d.report("wrong-type", d.pos(n), "write `key: value` lines instead of `-` items", "this is a list, want a mapping: %s", want)
		return
	case strings.Contains(n.Value, ":"):
		hint = "write a space after each colon: `key: value`"
	}
	d.report("wrong-type", d.pos(n), hint, "%q is a text, want a mapping: %s", clip(n.Value), want)
}

// brokenText finds the text in braces that a comma has cut: `{says: A, b}`
// reads as the keys `says` and `b`, and the second has no value.
func (d *decoder) brokenText(n *yaml.Node, i int) bool {
	key, value := n.Content[i], n.Content[i+1]
	if n.Style&yaml.FlowStyle == 0 || !isNull(value) || i == 0 {
		return false
	}
	for j := i - 2; j >= 0; j -= 2 {
		prev, text := n.Content[j], n.Content[j+1]
		if isNull(text) {
			continue
		}
		if text.Kind != yaml.ScalarNode || text.Style != 0 || j != i-2 && !isNull(n.Content[j+3]) {
			return false
		}
		if j == i-2 { // the first piece after the text tells the whole of it
			whole := text.Value
			for k := i; k+1 < len(n.Content) && isNull(n.Content[k+1]); k += 2 {
				whole += ", " + n.Content[k].Value
			}
			d.report("broken-text", d.pos(key), fmt.Sprintf("put the text in quotes: %s: '%s'", prev.Value, strings.ReplaceAll(whole, "'", "''")),
				"inside { } a comma ends a text, so %q is read as a key of its own", clip(key.Value))
		}
		return true
	}
	return false
}

// read reads a mapping into v.
func (o *Object[T]) read(d *decoder, n *yaml.Node, v *T) {
	if o.Place != nil {
		*o.Place(v) = d.pos(n)
	}
	var got uint64
	before := len(d.diags)
	d.pairs(n, o.Name, true, func(key, value *yaml.Node) {
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
	for i, f := range o.Fields {
		if f.Required && got&(1<<i) == 0 {
			d.report("missing-key", d.pos(n), fmt.Sprintf("add `%s: ...` (%s)", f.Key, f.Doc), "this %s has no %q", o.Name, f.Key)
		}
	}
	if o.Check != nil && len(d.diags) == before {
		o.Check(d, n, v)
	}
}

// wholeEnough reports that none of the diagnostics says that a key was
// misread, in which case a missing key would be said twice.
func wholeEnough(ds []ssf.Diagnostic) bool {
	return !slices.ContainsFunc(ds, func(x ssf.Diagnostic) bool {
		return strings.HasSuffix(string(x.Check), "unknown-key") || strings.HasSuffix(string(x.Check), "broken-text")
	})
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

func (o *Object[T]) unknown(d *decoder, key *yaml.Node) {
	names := o.keys(d)
	hint := "the keys are " + list(names)
	var fix []ssf.Edit
	if near := Nearest(key.Value, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		fix = []ssf.Edit{{Pos: d.pos(key), Text: near}}
	}
	d.report("unknown-key", d.pos(key), hint, "a %s has no key %q", o.Name, clip(key.Value))
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

// listOf reads a list of r, one item or more.
func listOf[V any](r Reader[V]) Reader[[]V] {
	return Reader[[]V]{Type: Type{Name: "list", Elem: &r.Type}, read: func(d *decoder, n *yaml.Node) []V {
		if !d.allowed(n) || !d.enter(n) {
			return nil
		}
		defer func() { d.depth-- }()
		if n.Kind != yaml.SequenceNode {
			hint := fmt.Sprintf("put it in brackets: [%s]", clip(n.Value))
			if n.Kind == yaml.MappingNode || isNull(n) {
				hint = "write a list: [a, b], or one `- item` a line; [] is the empty list"
			}
			d.report("wrong-type", d.pos(n), hint, "want a list of %s", r.Type.plural())
			return nil
		}
		vs := make([]V, 0, len(n.Content))
		for _, c := range n.Content {
			vs = append(vs, r.read(d, c))
		}
		return vs
	}}
}

// distinct refuses an item that stands twice in a list of words.
func distinct(r Reader[[]ssf.Ref]) Reader[[]ssf.Ref] {
	return Reader[[]ssf.Ref]{Type: r.Type, read: func(d *decoder, n *yaml.Node) []ssf.Ref {
		refs := r.read(d, n)
		for i, ref := range refs {
			if j := slices.IndexFunc(refs[:i], func(o ssf.Ref) bool { return o.ID == ref.ID }); j >= 0 && ref.ID != "" {
				d.report("duplicate-item", ref.Pos, "keep one of them", "%q stands twice in this list", ref.ID)
			}
		}
		return slices.DeleteFunc(refs, func(r ssf.Ref) bool { return r.ID == "" })
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
		d.pairs(n, "mapping of "+what, dup, func(key, value *yaml.Node) {
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

// compareDiags puts a piece's diagnostics in file order.
func compareDiags(a, b ssf.Diagnostic) int {
	return cmp.Or(a.Pos.Compare(b.Pos), strings.Compare(string(a.Check), string(b.Check)), strings.Compare(a.Message, b.Message))
}
