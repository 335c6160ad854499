package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"ssf"
)

// lowering turns a parsed condition into nodes. It resolves every name, so it
// is also where everything about a condition's meaning is reported. It reports
// a mistake once: what is made of a broken part is broken, silently.
type lowering struct {
	vocabulary *Vocabulary
	place      Place
	on         sortMask // of self
	source     *source
	info       *ast.SourceInfo
	scope      []variable // of the exists and all around, outermost first
	diags      []ssf.Diagnostic
	facts      map[ssf.ID]bool
	deployment bool
}

// variable is what exists and all bind.
type variable struct {
	name string
	of   value
}

// value is what a part of a condition stands for.
type value struct {
	kind  valueKind
	at    span     // all of it
	node  *node    // of a truth
	ref   ref      // of an element, a list, a scalar, a set, or a truth that is a fact
	sorts sortMask // of an element, or of the members of a list
	list  Relation // of a list
	text  string   // of a text
}

type valueKind uint8

const (
	broken    valueKind = iota // reported already
	isTruth                    // true or false
	isScalar                   // a word of an enumeration
	isSet                      // words
	isElement                  // one element
	isList                     // elements
	isText                     // a quoted word
)

// truth lowers an expression that must be true or false.
func (l *lowering) truth(e ast.Expr) *node {
	v := l.value(e)
	here := l.source.slice(v.at)
	switch v.kind {
	case broken, isTruth:
		return v.node
	case isScalar:
		l.report(v.at, fmt.Sprintf("`%s` is a word, not true or false", here),
			fmt.Sprintf("compare it: `%s == %s`", here, quoted(first(v.ref.fact))))
	case isSet:
		l.report(v.at, fmt.Sprintf("`%s` is a set, not true or false", here),
			fmt.Sprintf("ask for a member: `%s in %s`", quoted(first(v.ref.fact)), here))
	case isElement:
		l.report(v.at, fmt.Sprintf("`%s` is an element, not true or false", here), fmt.Sprintf("read a fact of it: `%s.FACT`", here))
	case isList:
		l.report(v.at, fmt.Sprintf("`%s` is a list, not true or false", here), fmt.Sprintf("ask about its members: `%s.exists(x, x.FACT)`", here))
	case isText:
		l.report(v.at, fmt.Sprintf("`%s` alone is not a comparison", here), fmt.Sprintf("compare a fact with it: `self.FACT == %s`", here))
	}
	return nil
}

// value lowers any expression.
func (l *lowering) value(e ast.Expr) value {
	at := l.extent(e)
	switch e.Kind() {
	case ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.Bool:
			return value{kind: isTruth, at: at, node: l.node(at, node{op: opConst, truth: truthOf(bool(v))})}
		case types.String:
			return value{kind: isText, at: at, text: string(v)}
		}
		l.report(at, "`null` is not a value", "a fact that is not known makes the comparison unknown by itself")
		return value{at: at}
	case ast.IdentKind:
		return l.name(e.AsIdent(), at)
	case ast.SelectKind:
		return l.field(e, at)
	case ast.CallKind:
		return l.call(e, at)
	case ast.ComprehensionKind:
		return l.quantifier(e, at)
	case ast.ListKind:
		l.report(l.word(e), "a list of values stands only after `in`", "write `self.FACT in [...]`")
	default:
		l.report(at, "this is not part of a condition", "compare facts and join comparisons with &&, || and !")
	}
	return value{at: at}
}

// name lowers a bare name.
func (l *lowering) name(name string, at span) value {
	if v, ok := l.lookup(name); ok {
		v.at = at
		return v
	}
	hint := oneOf(name, l.visible(), "a condition here sees")
	if f := l.vocabulary.Fact(ssf.ID(name)); f != nil && f.carriedOn(l.on) {
		hint = fmt.Sprintf("`%s` is a fact: write `self.%s`", name, name)
	}
	l.report(at, fmt.Sprintf("`%s` is not known here", name), hint)
	return value{at: at}
}

// lookup finds what a name stands for.
func (l *lowering) lookup(name string) (value, bool) {
	for i := len(l.scope) - 1; i >= 0; i-- {
		if l.scope[i].name == name {
			return l.scope[i].of, true
		}
	}
	switch name {
	case "self":
		return value{kind: isElement, ref: ref{base: baseSelf}, sorts: l.on}, true
	case "system":
		return value{kind: isElement, ref: ref{base: baseSystem}, sorts: maskOf(ssf.SortSystem)}, true
	case "deployment":
		l.deployment = true
		return value{kind: isElement, ref: ref{base: baseDeployment}, sorts: maskOf(ssf.SortDeployment)}, true
	}
	if r, ok := relationOn(l.on, name); ok {
		return follow(ref{base: baseSelf}, r), true
	}
	return value{}, false
}

// visible are the names that lookup finds.
func (l *lowering) visible() []string {
	var names []string
	for _, v := range l.scope {
		names = append(names, v.name)
	}
	names = append(names, "self")
	for r := range relations {
		if relations[r].on&l.on != 0 {
			names = append(names, relations[r].name)
		}
	}
	return append(names, "system", "deployment", "element")
}

// follow is what relation r of the element at a leads to.
func follow(a ref, r Relation) value {
	if relations[r].list >= 0 {
		return value{kind: isList, ref: a, list: r, sorts: relations[r].to}
	}
	a.hops[a.n] = hop{column: relations[r].column, zone: r == Zone}
	a.n++
	return value{kind: isElement, ref: a, sorts: relations[r].to}
}

// field lowers `operand.name`.
func (l *lowering) field(e ast.Expr, at span) value {
	operand, name := l.value(e.AsSelect().Operand()), e.AsSelect().FieldName()
	where, here := l.word(e), l.source.slice(operand.at)
	switch operand.kind {
	case broken:
	case isElement:
		if r, ok := relationOn(operand.sorts, name); ok {
			v := follow(operand.ref, r)
			v.at = at
			return v
		}
		if f := l.vocabulary.Fact(ssf.ID(name)); f != nil {
			return l.fact(operand, f, where, at)
		}
		l.report(where, fmt.Sprintf("%s has no `%s`", l.what(operand.sorts), name), l.oneOfFields(name, operand.sorts))
	case isList:
		l.report(where, fmt.Sprintf("`%s` is a list and has no `%s` of its own", here, name),
			fmt.Sprintf("ask about its members: `%s.exists(x, x.%s)`", here, name))
	default:
		l.report(where, fmt.Sprintf("`%s` is a value and has no `%s`", here, name), "leave the dot and the name out")
	}
	return value{at: at}
}

// fact lowers the reading of fact f of an element.
func (l *lowering) fact(of value, f *Fact, where, at span) value {
	l.facts[f.ID] = true
	class := cmp.Or(f.Class, ssf.Nature)
	switch {
	case !f.carriedOn(of.sorts) && f.Readable():
		var on sortMask
		for s, slot := range f.slot {
			if slot >= 0 {
				on |= 1 << s
			}
		}
		hint := l.oneOfFields(string(f.ID), of.sorts)
		if on != 0 {
			hint = fmt.Sprintf("read it of %s", withArticle(on.names()))
		}
		l.report(where, fmt.Sprintf("`%s` is not a fact of %s", f.ID, l.what(of.sorts)), hint)
		return value{at: at}
	case !f.Readable() && f.Domain == ssf.Set:
		l.report(where, fmt.Sprintf("fact `%s` has more than %d words and cannot be read by a condition", f.ID, MaxSetWords), "read another fact")
		return value{at: at}
	case !f.Readable():
		l.report(where, fmt.Sprintf("fact `%s` is free text and cannot be read by a condition", f.ID), "read another fact")
		return value{at: at}
	case l.place.Reads == ssf.Nature && class != ssf.Nature:
		l.report(where, fmt.Sprintf("fact `%s` is a control fact; a `when` reads nature facts only", f.ID), "move it to `unless`")
	case l.place.Reads == ssf.ControlClass && class != ssf.ControlClass:
		l.report(where, fmt.Sprintf("fact `%s` is a nature fact; an `unless` reads control facts only", f.ID), "move it to `when`")
	}
	v := value{at: at, ref: of.ref}
	v.ref.fact = f
	switch f.Domain {
	case ssf.Boolean:
		v.kind = isTruth
		v.node = l.node(at, node{op: opIs, a: v.ref, mask: maskOfWords(f, func(w Word) bool { return w == wordYes })})
	case ssf.Set:
		v.kind = isSet
	default:
		v.kind = isScalar
	}
	return v
}

// oneOfFields is a hint that lists what elements of the sorts have.
func (l *lowering) oneOfFields(name string, sorts sortMask) string {
	var names []string
	for r := range relations {
		if relations[r].on&sorts != 0 {
			names = append(names, relations[r].name)
		}
	}
	for _, f := range l.vocabulary.facts {
		if f.carriedOn(sorts) {
			names = append(names, string(f.ID))
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "it has no facts at all; read `system` or `deployment`"
	}
	return oneOf(name, names, "it has")
}

// what is an element of the sorts in words; of no sort it is what `self` is.
func (l *lowering) what(sorts sortMask) string {
	return withArticle(cmp.Or(sorts.names(), string(l.place.On)))
}

func withArticle(noun string) string {
	if strings.ContainsAny(noun[:min(1, len(noun))], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}

// node keeps n with the text it was made of.
func (l *lowering) node(at span, n node) *node {
	n.text = l.source.slice(at)
	return &n
}

// word is the token that an expression is named by: its name, operator, field
// or function.
func (l *lowering) word(e ast.Expr) span {
	r, _ := l.info.GetOffsetRange(e.ID())
	i := l.source.index(r.Start)
	switch {
	case e.Kind() == ast.SelectKind:
		i++ // the range is the dot
	case e.Kind() == ast.ComprehensionKind, e.Kind() == ast.CallKind && l.source.slice(l.source.at(r.Start)) == "(":
		i-- // the range is the bracket
	}
	return l.source.tokens[min(max(i, 0), len(l.source.tokens)-1)].span()
}

// extent is all of an expression, with the brackets that belong to it.
func (l *lowering) extent(e ast.Expr) span {
	at := l.word(e)
	grow := func(part ast.Expr) {
		p := l.extent(part)
		at = span{min(at.start, p.start), max(at.end, p.end)}
	}
	switch e.Kind() {
	case ast.SelectKind:
		grow(e.AsSelect().Operand())
	case ast.CallKind:
		if r, _ := l.info.GetOffsetRange(e.ID()); r.Start >= at.end {
			at.end = r.Start + 1 // name and bracket of a function
		}
		if e.AsCall().IsMemberFunction() {
			grow(e.AsCall().Target())
		}
		for _, arg := range e.AsCall().Args() {
			grow(arg)
		}
	case ast.ComprehensionKind:
		r, _ := l.info.GetOffsetRange(e.ID())
		at.end = r.Start + 1
		grow(e.AsComprehension().IterRange())
	}
	return l.source.whole(at)
}
