package rule

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"ssf"
)

// The outcomes of a comparison, as bits: what `<=` accepts is less|equal.
const (
	less uint8 = 1 << iota
	equal
	greater
)

var accepts = map[string]uint8{
	operators.Equals: equal, operators.NotEquals: less | greater,
	operators.Less: less, operators.LessEquals: less | equal,
	operators.Greater: greater, operators.GreaterEquals: greater | equal,
}

// outcome is how a compares with b.
func outcome(a, b Word) uint8 {
	switch {
	case a < b:
		return less
	case a > b:
		return greater
	}
	return equal
}

// mirrored is what accepts the operands the other way round.
func mirrored(accept uint8) uint8 {
	return accept&equal | (accept&less)<<2 | (accept&greater)>>2
}

// maskOfWords is a bit for each word of f's domain that ok accepts.
func maskOfWords(f *Fact, ok func(Word) bool) []uint64 {
	mask := make([]uint64, len(f.words)/64+1)
	for w := Word(1); w <= Word(len(f.words)); w++ {
		if ok(w) {
			mask[w>>6] |= 1 << (w & 63)
		}
	}
	return mask
}

// compare lowers `a == b` and its like.
func (l *lowering) compare(e ast.Expr, at span) value {
	args, accept := e.AsCall().Args(), accepts[e.AsCall().FunctionName()]
	if l.unquoted(args[0], args[1]) || l.unquoted(args[1], args[0]) {
		return value{at: at}
	}
	a, b := l.value(args[0]), l.value(args[1])
	if a.kind == broken || b.kind == broken {
		return value{at: at}
	}
	if a.kind == isText { // the literal stands right from here on
		a, b, accept = b, a, mirrored(accept)
	}
	sign := l.word(e)
	ordering := accept != equal && accept != less|greater
	here, there := l.source.slice(a.at), l.source.slice(b.at)
	switch {
	case ordering && (a.kind == isTruth || a.kind == isScalar && a.ref.fact.Domain != ssf.Ordered):
		l.report(sign, fmt.Sprintf("`%s` has no order, so `%s` cannot compare it", here, l.source.slice(sign)), "use `==`, `!=` or `in`")
	case a.kind == isScalar && b.kind == isText:
		w, ok := l.literal(a.ref.fact, b)
		if !ok {
			break
		}
		return value{kind: isTruth, at: at, node: l.node(at, node{
			op: opIs, a: a.ref,
			mask: maskOfWords(a.ref.fact, func(v Word) bool { return outcome(v, w)&accept != 0 }),
		})}
	case a.kind == isScalar && b.kind == isScalar:
		if a.ref.fact.domain == b.ref.fact.domain {
			return value{kind: isTruth, at: at, node: l.node(at, node{op: opCompare, a: a.ref, b: b.ref, accept: accept})}
		}
		l.report(at, fmt.Sprintf("`%s` and `%s` take different values and cannot be compared", here, there), "compare each with a word of its own")
	case a.kind == isTruth && b.kind == isTruth:
		n := l.node(at, node{op: opSame, kids: []*node{a.node, b.node}})
		if accept != equal {
			n = l.node(at, node{op: opNot, kids: []*node{n}})
		}
		return value{kind: isTruth, at: at, node: n}
	case a.kind == isTruth && b.kind == isText:
		l.report(b.at, fmt.Sprintf("`%s` is true or false, not a word", here), fmt.Sprintf("write `%s` or `!%s`", bracketed(here), bracketed(here)))
	case a.kind == isSet && b.kind == isText:
		l.report(sign, fmt.Sprintf("`%s` is a set; `%s` cannot compare it", here, l.source.slice(sign)), fmt.Sprintf("ask for a member: `%s in %s`", there, here))
	case a.kind == isText && b.kind == isText:
		l.report(at, "two texts are compared, and no fact", "write a fact on one side")
	case a.kind == isElement || b.kind == isElement:
		l.report(at, "elements are not compared, only their facts", "read a fact of each, or compare with a word")
	case a.kind == isList || b.kind == isList:
		l.report(at, "lists are not compared", "ask about their members with `exists` or `all`")
	default:
		l.report(at, fmt.Sprintf("`%s` and `%s` cannot be compared", here, there), "compare a fact with a word of its own")
	}
	return value{at: at}
}

// in lowers `fact in ["a", "b"]` and `"a" in set`.
func (l *lowering) in(e ast.Expr, at span) value {
	args := e.AsCall().Args()
	sign := l.word(e)
	if args[1].Kind() == ast.ListKind {
		return l.inList(args[0], args[1], at)
	}
	if l.unquoted(args[0], args[1]) {
		return value{at: at}
	}
	a, b := l.value(args[0]), l.value(args[1])
	here, there := l.source.slice(a.at), l.source.slice(b.at)
	switch {
	case a.kind == broken || b.kind == broken:
	case a.kind == isText && b.kind == isSet:
		if w, ok := l.literal(b.ref.fact, a); ok {
			return value{kind: isTruth, at: at, node: l.node(at, node{op: opHas, a: b.ref, bit: uint8(w - 1)})}
		}
	case b.kind == isSet:
		l.report(a.at, fmt.Sprintf("`%s` is not a word in quotes", here), fmt.Sprintf("write for example `%s in %s`", quoted(first(b.ref.fact)), there))
	case b.kind == isList:
		l.report(sign, fmt.Sprintf("`%s` lists elements; `in` is for words", there), fmt.Sprintf("ask about its members: `%s.exists(x, x.FACT)`", there))
	case a.kind == isText && b.kind == isScalar:
		l.report(sign, fmt.Sprintf("`%s` is one word, not a set", there), fmt.Sprintf("compare it: `%s == %s`", there, here))
	default:
		l.report(b.at, "after `in` stands a list of words or a set", "write `self.FACT in [\"a\", \"b\"]` or `\"a\" in self.SET`")
	}
	return value{at: at}
}

// inList lowers `fact in ["a", "b"]`.
func (l *lowering) inList(fact, words ast.Expr, at span) value {
	a := l.value(fact)
	here := l.source.slice(a.at)
	switch {
	case a.kind == broken:
		return value{at: at}
	case a.kind == isTruth:
		l.report(a.at, fmt.Sprintf("`%s` is true or false, not a word", here), fmt.Sprintf("write `%s` or `!%s`", bracketed(here), bracketed(here)))
		return value{at: at}
	case a.kind == isSet:
		l.report(a.at, fmt.Sprintf("`%s` is a set, not one word", here), fmt.Sprintf("ask for each member: `%s in %s`", quoted(first(a.ref.fact)), here))
		return value{at: at}
	case a.kind != isScalar:
		l.report(a.at, fmt.Sprintf("`%s` is not a fact", here), "write a fact before `in`")
		return value{at: at}
	}
	f := a.ref.fact
	if len(words.AsList().Elements()) == 0 {
		l.report(l.extent(words), "the list is empty", fmt.Sprintf("name values of %s: %s", f.ID, strings.Join(f.words, ", ")))
		return value{at: at}
	}
	good, accepted := true, make(map[Word]bool)
	for _, e := range words.AsList().Elements() {
		if l.unquoted(e, fact) {
			good = false
			continue
		}
		v := l.value(e)
		switch v.kind {
		case broken:
			good = false
		case isText:
			w, ok := l.literal(f, v)
			accepted[w] = true
			good = good && ok
		default:
			l.report(v.at, fmt.Sprintf("`%s` is not a word in quotes", l.source.slice(v.at)), "a list holds words only; join comparisons with ||")
			good = false
		}
	}
	if !good {
		return value{at: at}
	}
	return value{kind: isTruth, at: at, node: l.node(at, node{
		op: opIs, a: a.ref,
		mask: maskOfWords(f, func(w Word) bool { return accepted[w] }),
	})}
}

// literal is the word of f that a quoted text names, reported if there is none.
func (l *lowering) literal(f *Fact, v value) (Word, bool) {
	if i, ok := f.rank[v.text]; ok {
		return Word(i + 1), true
	}
	l.report(v.at, fmt.Sprintf("%s is not a value of `%s`", l.source.slice(v.at), f.ID), oneOf(v.text, f.words, "its values are"))
	return 0, false
}

// unquoted reports, and says so, a word of the fact in other that lacks its quotes.
func (l *lowering) unquoted(e, other ast.Expr) bool {
	if e.Kind() != ast.IdentKind {
		return false
	}
	name := e.AsIdent()
	if _, known := l.lookup(name); known {
		return false
	}
	before := len(l.diags)
	v := l.value(other)
	if v.ref.fact == nil || !slices.Contains(v.ref.fact.words, name) {
		l.diags = l.diags[:before] // other will be lowered again
		return false
	}
	hint := fmt.Sprintf("put the word in quotes: %s", quoted(name))
	if v.kind == isTruth {
		here := bracketed(l.source.slice(v.at))
		hint = fmt.Sprintf("write `%s` or `!%s`", here, here)
	}
	l.report(l.extent(e), fmt.Sprintf("`%s` is not known here", name), hint)
	return true
}

// first is a word of f's domain, as an example.
func first(f *Fact) string {
	if len(f.words) == 0 {
		return "word"
	}
	return f.words[0]
}

// bracketed is an expression as the operand of `!`.
func bracketed(text string) string {
	if strings.ContainsAny(text, " !=<>&|") {
		return "(" + text + ")"
	}
	return text
}
