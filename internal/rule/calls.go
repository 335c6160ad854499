package rule

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"ssf"
)

// call lowers operators and functions.
func (l *lowering) call(e ast.Expr, at span) value {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd, operators.LogicalOr:
		n := node{op: opAll, truth: False}
		if name == operators.LogicalOr {
			n = node{op: opAll, truth: True}
		}
		for _, arg := range args {
			n.kids = append(n.kids, l.truth(arg))
		}
		return value{kind: isTruth, at: at, node: l.node(at, n)}
	case operators.LogicalNot:
		return value{kind: isTruth, at: at, node: l.node(at, node{op: opNot, kids: []*node{l.truth(args[0])}})}
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return l.compare(e, at)
	case operators.In:
		return l.in(e, at)
	case "element":
		if !call.IsMemberFunction() {
			return l.elementByID(e, at)
		}
	}
	return l.noSuchCall(e, at)
}

// elementByID lowers `element("id")`.
func (l *lowering) elementByID(e ast.Expr, at span) value {
	args := e.AsCall().Args()
	id, ok := "", false
	if len(args) == 1 && args[0].Kind() == ast.LiteralKind {
		var s types.String
		s, ok = args[0].AsLiteral().(types.String)
		id = string(s)
	}
	if !ok {
		l.report(l.word(e), "`element` takes one id in quotes", "write for example `element(\"web-to-db\")`")
		return value{at: at}
	}
	where := l.extent(args[0])
	if l.place.Elements == nil {
		l.report(where, "a rule of a library knows no element by its id", "read `self` and what it leads to")
		return value{at: at}
	}
	sort, ok := l.place.Elements[ssf.ID(id)]
	if now, renamed := l.place.Former[ssf.ID(id)]; renamed && !ok {
		id = string(now)
		sort, ok = l.place.Elements[now]
	}
	if !ok || sortIndex(sort) < 0 {
		var ids []string
		for id := range l.place.Elements {
			ids = append(ids, string(id))
		}
		slices.Sort(ids)
		l.report(where, fmt.Sprintf("there is no element `%s`", id), oneOf(id, ids, "the model has"))
		return value{at: at}
	}
	return value{kind: isElement, at: at, ref: ref{base: baseElement, id: ssf.ID(id)}, sorts: maskOf(sort)}
}

// instead is what a condition says in place of functions it does not have.
var instead = map[string]string{
	"has":        "leave it out: a fact that is not known makes the comparison unknown by itself",
	"size":       "`x.exists(y, true)` says that list x is not empty",
	"filter":     "write the filter into `exists` or `all` with &&",
	"map":        "write `exists` or `all`",
	"exists_one": "write `exists` or `all`",
	"existsOne":  "write `exists` or `all`",
	"contains":   "write `\"word\" in` before the set",
	"startsWith": "list the words: `self.FACT in [\"a\", \"b\"]`",
	"endsWith":   "list the words: `self.FACT in [\"a\", \"b\"]`",
	"matches":    "list the words: `self.FACT in [\"a\", \"b\"]`",
}

// noSuchCall reports a call of what a condition does not have.
func (l *lowering) noSuchCall(e ast.Expr, at span) value {
	call := e.AsCall()
	name := call.FunctionName()
	if call.IsMemberFunction() {
		l.value(call.Target())
	}
	switch {
	case (name == operators.Exists || name == operators.All) && call.IsMemberFunction():
		l.report(l.word(e), fmt.Sprintf("`%s` takes a new name and a condition", name), fmt.Sprintf("write for example `.%s(x, x.FACT)`", name))
	case name == operators.Exists || name == operators.All:
		l.report(l.word(e), fmt.Sprintf("`%s` stands after a list", name), fmt.Sprintf("write for example `incoming.%s(x, x.FACT)`", name))
	case name == operators.Index:
		l.report(l.word(e), "a member of a list is not read by its place", "write `exists` or `all`")
	default:
		hint := instead[name]
		if hint == "" {
			hint = oneOf(name, []string{"exists", "all", "element"}, "the only functions are")
		}
		l.report(l.word(e), fmt.Sprintf("`%s` is not part of a condition", name), hint)
	}
	return value{at: at}
}

// quantifier lowers `list.exists(x, condition)` and `list.all(x, condition)`,
// which the parser gives as the folds that the macros expand to.
func (l *lowering) quantifier(e ast.Expr, at span) value {
	fold := e.AsComprehension()
	n := node{op: opEach, truth: True} // exists: any true member decides
	if fold.AccuInit().AsLiteral() == types.True {
		n.truth = False // all: any false member decides
	}
	over := l.value(fold.IterRange())
	bound := variable{fold.IterVar(), value{kind: isElement, ref: ref{base: int8(len(l.scope))}, sorts: over.sorts}}
	switch over.kind {
	case isList:
		n.a, n.list, n.bind = over.ref, relations[over.list].list, uint8(len(l.scope))
	default:
		l.report(over.at, fmt.Sprintf("`%s` is not a list", l.source.slice(over.at)), "only lists such as `incoming` or `carries` have `exists` and `all`")
		fallthrough
	case broken:
		bound.of = value{}
	}
	if _, taken := l.lookup(bound.name); taken {
		name := l.source.index(l.word(e).end) + 1 // after the bracket
		l.report(l.source.tokens[name].span(), fmt.Sprintf("`%s` means something else here already", bound.name), "choose another name")
	}
	l.scope = append(l.scope, bound)
	n.kids = []*node{l.truth(fold.LoopStep().AsCall().Args()[1])}
	l.scope = l.scope[:len(l.scope)-1]
	return value{kind: isTruth, at: at, node: l.node(at, n)}
}
