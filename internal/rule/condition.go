package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"

	"ssf"
)

// A Condition is a compiled condition on elements of one sort. It is immutable
// and safe for concurrent use.
type Condition struct {
	Text ssf.Text // as compiled
	On   ssf.Sort

	vocabulary *Vocabulary
	root       *node
	facts      []ssf.ID
	deployment bool
}

// Facts are the facts that the condition names, sorted, each once.
func (c *Condition) Facts() []ssf.ID { return c.facts }

// ReadsDeployment reports whether the answer may differ between deployments.
func (c *Condition) ReadsDeployment() bool { return c.deployment }

// A Place says where a condition stands, and so what it may read.
type Place struct {
	On ssf.Sort // what `self` is

	// Reads is the class of facts that may be read: ssf.Nature in a `when`,
	// ssf.ControlClass in an `unless`, empty for both.
	Reads ssf.Class

	// Elements are what `element("id")` may name; nil where no model is at
	// hand, as in a library.
	Elements map[ssf.ID]ssf.Sort

	// Former are elements by ids that they had once, which it may name too.
	Former map[ssf.ID]ssf.ID

	Check   ssf.ID // of the diagnostics; `model/condition` if empty
	Subject ssf.ID // of the diagnostics
}

// Compile compiles the condition in text. Either the condition is not nil, or
// there is at least one diagnostic, all of severity error.
//
// It reports all that is wrong with the condition, in the order of the text;
// but while it cannot be parsed, nothing about its meaning. Places are in the
// file: line l and column c of the condition, both from 1, stand at line
// Pos.Line+l-1 and column Pos.Col+c-1, so text must be laid out there as it is
// in S. A diagnostic's Snippet is left to whoever has the file.
func (c *Compiler) Compile(text ssf.Text, at Place) (*Condition, []ssf.Diagnostic) {
	l := &lowering{vocabulary: c.vocabulary, place: at, on: maskOf(at.On), facts: make(map[ssf.ID]bool)}
	l.source = newSource(ssf.Text{Pos: text.Pos})
	switch {
	case len(text.S) > MaxBytes:
		l.report(span{}, fmt.Sprintf("the condition is %d bytes long; the limit is %d", len(text.S), MaxBytes), "split it")
		return nil, l.diags
	case !utf8.ValidString(text.S):
		l.report(span{}, "the condition is not UTF-8 text", "save the file as UTF-8")
		return nil, l.diags
	}
	l.source = newSource(text)
	l.source.cut(l.report)
	if len(l.diags) > 0 {
		return nil, l.diagnostics()
	}
	if len(l.source.tokens) == 0 {
		l.report(l.source.at(0), "the condition is empty", "write `true` if it always holds")
		return nil, l.diagnostics()
	}
	input := common.NewTextSource(text.S)
	parsed, errs := c.parser.Parse(input)
	if es := errs.GetErrors(); len(es) > 0 {
		l.syntax(es[0]) // the others follow from the first
		return nil, l.diagnostics()
	}
	_, errs = checker.Check(parsed, input, c.env(at.On))
	l.info = parsed.SourceInfo()
	root := l.truth(parsed.Expr())
	if es := errs.GetErrors(); len(es) > 0 && len(l.diags) == 0 {
		// The lowering knows every rule that the checker knows, and says more.
		where := l.source.at(l.source.offset(es[0].Location.Line(), es[0].Location.Column()))
		l.report(where, "this does not fit together", "compare facts and join comparisons with &&, || and !")
	}
	if len(l.diags) > 0 {
		return nil, l.diagnostics()
	}
	cond := &Condition{Text: text, On: at.On, vocabulary: c.vocabulary, root: root, deployment: l.deployment}
	for f := range l.facts {
		cond.facts = append(cond.facts, f)
	}
	slices.Sort(cond.facts)
	return cond, nil
}

// syntax reports a parser's error in the words of a newcomer.
func (l *lowering) syntax(e *common.Error) {
	offset := l.source.offset(e.Location.Line(), e.Location.Column())
	message := strings.TrimPrefix(e.Message, "Syntax error: ")
	if strings.HasPrefix(message, "expression recursion limit") {
		l.report(l.source.at(0), fmt.Sprintf("the condition nests deeper than %d", MaxNesting), "split it")
		return
	}
	where := l.source.at(offset)
	word := l.source.slice(where)
	switch {
	case where.start == where.end:
		l.report(where, "the condition ends too early", "a fact or a comparison is expected here")
	case strings.HasPrefix(message, "reserved identifier"), word == "in":
		l.report(where, fmt.Sprintf("`%s` is a reserved word and cannot stand here", word), "leave it out, or use another name")
	case message == "argument must be a simple name":
		l.report(where, "the first part of `exists` and `all` is a new name", "write for example `incoming.exists(x, x.FACT)`")
	case strings.HasPrefix(message, "expected identifier"):
		l.report(where, fmt.Sprintf("`%s` cannot follow a dot", word), "write the name of a fact there")
	case message == "unexpected token":
		l.report(where, fmt.Sprintf("`%s` cannot stand here", word), "a fact or a comparison is expected before it")
	default:
		l.report(where, fmt.Sprintf("`%s` cannot follow here", word), "join comparisons with && or ||, and the values of a list with commas")
	}
}

// report notes an error at a span.
func (l *lowering) report(at span, message, hint string) {
	l.diags = append(l.diags, ssf.Diagnostic{
		Check: cmp.Or(l.place.Check, "model/condition"), Subject: l.place.Subject, Severity: ssf.Error,
		Message: message, Hint: hint, Pos: l.source.pos(at),
	})
}

// diagnostics are those reported, each once, in the order of the text.
func (l *lowering) diagnostics() []ssf.Diagnostic {
	ssf.SortDiagnostics(l.diags)
	return slices.CompactFunc(l.diags, func(a, b ssf.Diagnostic) bool { return a.Pos == b.Pos && a.Message == b.Message })
}
