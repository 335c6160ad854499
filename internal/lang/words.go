package lang

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// scalarOf makes a reader of one word: read gets the text and its node.
func scalarOf[V any](t Type, read func(d *decoder, n *yaml.Node, s string) V) Reader[V] {
	return Reader[V]{Type: t, read: func(d *decoder, n *yaml.Node) (v V) {
		if s, ok := d.scalar(n, t.What); ok {
			v = read(d, n, s)
		}
		return v
	}}
}

func (d *decoder) ref(n *yaml.Node, s string) ssf.Ref { return ssf.Ref{ID: ssf.ID(s), Pos: d.pos(n)} }

// part is the place of the runes from..to of a text on one line.
func (d *decoder) part(n *yaml.Node, s string, from, to int) ssf.Pos {
	p := d.pos(n)
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		p.Col++
	}
	p.EndCol = p.Col + utf8.RuneCountInString(s[:to])
	p.Col += utf8.RuneCountInString(s[:from])
	return p
}

// prose is text for people. A comment glued to it is likely a part of it that
// YAML has cut off.
var prose = scalarOf(Type{Name: "text", What: "a text"}, func(d *decoder, n *yaml.Node, s string) ssf.Text {
	if c := n.LineComment; n.Style == 0 && len(c) > 1 && c[0] == '#' && c[1] != ' ' && c[1] != '#' {
		d.report("broken-text", d.pos(n), fmt.Sprintf("put the text in quotes: '%s', or write a space after the # of a comment", strings.ReplaceAll(s+" "+c, "'", "''")),
			"the text ends before %q, because ` #` begins a comment", clip(c))
	}
	return ssf.Text{S: s, Pos: d.pos(n)}
})

// plain is prose of which nobody needs the place.
var plain = mapped(prose, func(t ssf.Text) string { return t.S })

func mapped[A, B any](r Reader[A], f func(A) B) Reader[B] {
	return Reader[B]{Type: r.Type, read: func(d *decoder, n *yaml.Node) B { return f(r.read(d, n)) }}
}

// condition is a text in the condition language. Its place is that of its
// first character, so that a column in the text is a column in the file.
var condition = scalarOf(Type{Name: "condition", What: "a condition such as: deployment.network == \"private\""}, func(d *decoder, n *yaml.Node, s string) ssf.Text {
	p := d.pos(n)
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		p.Line++
		line := d.src.line(p.Line)
		p.Col = len(line) - len(strings.TrimLeft(line, " ")) + 1
	case n.Style&yaml.FoldedStyle != 0:
		d.report("wrong-type", p, "begin the text with `|`, or write it on one line", "a condition over several lines begins with `|`, so that its lines keep their places")
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		p.Col++
	}
	p.EndCol = p.Col + 1
	return ssf.Text{S: strings.TrimRight(s, "\n"), Pos: p}
})

// word is free text without spaces of meaning: a glob, a path, a ticket, a key.
func word(what string) Reader[ssf.Ref] {
	return scalarOf(Type{Name: "word", What: what}, func(d *decoder, n *yaml.Node, s string) ssf.Ref { return d.ref(n, s) })
}

// enum is one of some words.
func enum(what string, values ...string) Reader[ssf.Ref] {
	return scalarOf(Type{Name: "enum", What: what, Values: values}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
		return d.oneOf(d.ref(n, s), what, values)
	})
}

// oneOf is ref if it is one of the values, else absent and reported.
func (d *decoder) oneOf(ref ssf.Ref, what string, values []string) ssf.Ref {
	if slices.Contains(values, string(ref.ID)) {
		return ref
	}
	d.report("bad-value", ref.Pos, didYouMean(string(ref.ID), values), "%q is not %s", clip(string(ref.ID)), what)
	d.fix(string(ref.ID), values)
	return ssf.Ref{}
}

func didYouMean(s string, values []string) string {
	if near := Nearest(s, values); near != "" {
		return fmt.Sprintf("did you mean %q? It is one of %s", near, list(values))
	}
	if len(values) == 0 {
		return "there is none yet"
	}
	return "it is one of " + list(values)
}

// fix adds the nearest of values as the mechanical way out of the last report.
func (d *decoder) fix(s string, values []string) {
	last := &d.diags[len(d.diags)-1]
	if near := Nearest(s, values); near != "" && last.EndCol > last.Col {
		last.Fix = []ssf.Edit{{Pos: last.Pos, Text: near}}
	}
}

var levels = []string{"none", "low", "medium", "high", "critical"}

var level = enum("a level", levels...)

// booleans reads yes and no, and true and false for who is used to them.
var boolean = scalarOf(Type{Name: "enum", What: "yes or no", Values: []string{"yes", "no", "true", "false"}}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	ref := d.ref(n, s)
	switch s {
	case "true":
		ref.ID = "yes"
	case "false":
		ref.ID = "no"
	case "yes", "no":
	default:
		return d.oneOf(ref, "yes or no", []string{"yes", "no"})
	}
	return ref
})

// grammar is a word that a regular expression describes whole; ok, if set, has
// the last say.
func grammar(name, what, pattern string, ok func(s string) bool) Reader[ssf.Ref] {
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	return scalarOf(Type{Name: name, What: what, Pattern: re.String()}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
		if !re.MatchString(s) || ok != nil && !ok(s) {
			d.report("bad-value", d.pos(n), "write "+what, "%q is not %s", clip(s), what)
			return ssf.Ref{}
		}
		return d.ref(n, s)
	})
}

var (
	date = grammar("date", "a date such as 2029-12-31", `\d{4}-\d{2}-\d{2}`, func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	})
	duration = grammar("duration", "a duration such as 12h, 180d, 26w or 2y", `[1-9]\d{0,4}[hdwy]`, nil)
	key      = grammar("key", "a public key such as ed25519: and its base64", `ed25519:\S+`, nil)
	risk     = grammar("risk", "a level, `at_least LEVEL` or `at_most LEVEL`", `(?:at_(?:least|most) )?(?:none|low|medium|high|critical)`, nil)
	version1 = enum("a version of the language", "1")
)

var count = scalarOf(Type{Name: "number", What: "a whole number from 0", Pattern: `^\d{1,9}$`}, func(d *decoder, n *yaml.Node, s string) int {
	i, err := strconv.Atoi(s)
	if err != nil || i < 0 || len(s) > 9 {
		d.report("bad-value", d.pos(n), "write a whole number such as 0", "%q is not a whole number from 0", clip(s))
	}
	return i
})

// ref is a reference to one of the targets, checked at once if the library
// has them, else when the whole model is read.
func ref(targets ...Target) Reader[ssf.Ref] {
	var names []string
	for _, t := range targets {
		names = append(names, string(t))
	}
	what := "the id of a " + strings.Join(names, " or ")
	return scalarOf(Type{Name: "ref", What: what, Targets: targets}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
		r := d.ref(n, s)
		if d.words != nil && len(targets) == 1 && d.words.names[targets[0]] != nil {
			return d.oneOfLibrary(targets[0], r)
		}
		d.refs = append(d.refs, pending{targets, r})
		return r
	})
}

func (d *decoder) oneOfLibrary(t Target, r ssf.Ref) ssf.Ref {
	if d.words.has(t, r.ID) {
		return r
	}
	names := d.words.names[t]
	d.report("unknown-reference", r.Pos, didYouMean(string(r.ID), names), "there is no %s %q in the library", t, clip(string(r.ID)))
	d.fix(string(r.ID), names)
	return ssf.Ref{}
}

// cell is `element.property`.
var cell = scalarOf(Type{Name: "cell", What: "a cell such as payment-card.integrity", Pattern: `^[^.]+\.[^.]+$`}, func(d *decoder, n *yaml.Node, s string) ssf.CellRef {
	e, p, ok := strings.Cut(s, ".")
	if !ok || e == "" || p == "" {
		d.report("bad-value", d.pos(n), "write the id of an asset or function, a dot and a property: payment-card.integrity", "%q is not a cell", clip(s))
		return ssf.CellRef{}
	}
	c := ssf.CellRef{
		Element:  ssf.Ref{ID: ssf.ID(e), Pos: d.part(n, s, 0, len(e))},
		Property: ssf.Ref{ID: ssf.ID(p), Pos: d.part(n, s, len(e)+1, len(s))},
	}
	d.refs = append(d.refs, pending{[]Target{AnAsset, AFunction}, c.Element})
	if c.Property = d.oneOf(c.Property, "a property", properties()); c.Property.ID == "" {
		return ssf.CellRef{}
	}
	return c
})

func properties() []string {
	var ps []string
	for _, p := range slices.Concat(ssf.AssetProperties, ssf.FunctionProperties) {
		if !slices.Contains(ps, string(p)) {
			ps = append(ps, string(p))
		}
	}
	return ps
}

// pattern is `rule@element`, either side with `*`; without element the whole
// text is the rule, where the reader allows that.
func patternOf(bare bool) Reader[ssf.Pattern] {
	what := "a threat and where it stands, such as sql-injection@web-to-db"
	return scalarOf(Type{Name: "pattern", What: what, Pattern: `^[^@]+(@[^@]+)?$`}, func(d *decoder, n *yaml.Node, s string) ssf.Pattern {
		r, e, ok := strings.Cut(s, "@")
		p := ssf.Pattern{Pos: d.pos(n), Rule: ssf.Ref{ID: ssf.ID(r), Pos: d.part(n, s, 0, len(r))}}
		if ok {
			p.Element = ssf.Ref{ID: ssf.ID(e), Pos: d.part(n, s, len(r)+1, len(s))}
		}
		if r == "" || ok && e == "" || !ok && !bare || strings.Contains(e, "@") {
			d.report("bad-value", d.pos(n), "write the threat's id, @ and the element's id; `*` stands for any on its side", "%q is not %s", clip(s), what)
			return ssf.Pattern{}
		}
		d.refs = append(d.refs, pending{[]Target{ARule, AnOwnThreat}, p.Rule})
		if ok {
			d.refs = append(d.refs, pending{anElement, p.Element})
		}
		return p
	})
}

// place is where a mitigation sits: a path with an optional #Symbol, or
// `assumption:id`, or something outside the repository by its class.
var placeClasses = []string{"assumption", "supplier", "setting", "configuration", "resource"}

var place = scalarOf(Type{Name: "place", What: "a place such as db/query.go#Exec, assumption:ID or setting:NAME"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	if d.comment(n) {
		return ssf.Ref{}
	}
	class, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && slices.Contains(placeClasses, class) && rest == "":
		d.report("bad-value", d.pos(n), "write what it is after the colon", "%q names nothing", clip(s))
	case ok && class == "assumption":
		d.refs = append(d.refs, pending{[]Target{AnAssumption}, ssf.Ref{ID: ssf.ID(rest), Pos: d.part(n, s, len(class)+1, len(s))}})
		return d.ref(n, s)
	case ok && !slices.Contains(placeClasses, class) && !strings.Contains(class, "/"):
		d.report("bad-value", d.part(n, s, 0, len(class)), didYouMean(class, placeClasses), "%q is not a class of place", clip(class))
	case !ok && !localPath(s):
		d.report("bad-value", d.pos(n), "write a path below the model's folder, with `/`", "%q does not stay inside the model's folder", clip(s))
	default:
		return d.ref(n, s)
	}
	return ssf.Ref{}
})

// localPath reports whether a path or glob stays below the model's folder.
func localPath(s string) bool {
	return !strings.HasPrefix(s, "/") && !strings.Contains(s, `\`) && !slices.Contains(strings.Split(s, "/"), "..")
}

// comment refuses a word that a glued comment has cut: `a#B` is a word, but
// `a #B` is `a` with a comment.
func (d *decoder) comment(n *yaml.Node) bool {
	if c := n.LineComment; n.Style == 0 && len(c) > 1 && c[1] != ' ' && c[1] != '#' {
		d.report("broken-text", d.pos(n), "put it in quotes, or write a space after the # of a comment", "%q ends before %q, because ` #` begins a comment", clip(n.Value), clip(c))
		return true
	}
	return false
}

// glob is a path with `*`, `?` and `**`.
var glob = scalarOf(Type{Name: "glob", What: "a path or glob such as web/**"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	if !localPath(s) {
		d.report("bad-value", d.pos(n), "write a path below the model's folder, with `/`", "%q does not stay inside the model's folder", clip(s))
		return ssf.Ref{}
	}
	return d.ref(n, s)
})

// catalogue is `name` or `name@level`.
var catalogue = scalarOf(Type{Name: "catalogue", What: "a catalogue such as asvs-5.0@L2"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	name, lvl, ok := strings.Cut(s, "@")
	c := d.catalogue(n, s, name)
	if c == nil {
		return ssf.Ref{}
	}
	if ok {
		var names []string
		for _, l := range c.Levels {
			names = append(names, l.Name)
		}
		if d.oneOf(ssf.Ref{ID: ssf.ID(lvl), Pos: d.part(n, s, len(name)+1, len(s))}, "a level of "+name, names).ID == "" {
			return ssf.Ref{}
		}
	}
	return d.ref(n, s)
})

// catalogueItem is `catalogue:id`.
var catalogueItem = scalarOf(Type{Name: "catalogue item", What: "a catalogue's control such as asvs-5.0:14.2.1"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	name, id, ok := strings.Cut(s, ":")
	if !ok {
		d.report("bad-value", d.pos(n), "write the catalogue's name, a colon and the control's id", "%q is not a catalogue's control", clip(s))
		return ssf.Ref{}
	}
	c := d.catalogue(n, s, name)
	if c == nil {
		return ssf.Ref{}
	}
	var ids []string
	for _, l := range c.Levels {
		ids = append(ids, l.IDs...)
	}
	if d.oneOf(ssf.Ref{ID: ssf.ID(id), Pos: d.part(n, s, len(name)+1, len(s))}, "a control of "+name, ids).ID == "" {
		return ssf.Ref{}
	}
	return d.ref(n, s)
})

func (d *decoder) catalogue(n *yaml.Node, s, name string) *ssf.Catalogue {
	if d.oneOfLibrary(ACatalogue, ssf.Ref{ID: ssf.ID(name), Pos: d.part(n, s, 0, len(name))}).ID == "" {
		return nil
	}
	i := slices.IndexFunc(d.words.lib.Catalogues, func(c ssf.Catalogue) bool { return c.ID == ssf.ID(name) })
	return &d.words.lib.Catalogues[i]
}

// command is an argument vector, as a list or as words on one line.
var command = Reader[[]ssf.Ref]{Type: Type{Name: "command", What: "a command such as go test ./..."}, read: func(d *decoder, n *yaml.Node) []ssf.Ref {
	if n.Kind == yaml.SequenceNode {
		return listOf(word("an argument")).read(d, n)
	}
	s, ok := d.scalar(n, "a command such as go test ./...")
	if !ok {
		return nil
	}
	args, err := splitCommand(s)
	if err != "" {
		d.report("bad-value", d.pos(n), "write the arguments as a list: [go, test, ./...]", "%s in the command %q", err, clip(s))
		return nil
	}
	refs := make([]ssf.Ref, len(args))
	for i, a := range args {
		refs[i] = d.ref(n, a)
	}
	return refs
}}

// splitCommand cuts a line into arguments at spaces; quotes of both kinds keep
// spaces, and nothing else has a meaning: there is no shell.
func splitCommand(s string) (args []string, err string) {
	var cur strings.Builder
	var quote rune
	in := false
	for _, r := range s {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			cur.WriteRune(r)
		case r == '\'' || r == '"':
			quote, in = r, true
		case r == ' ' || r == '\n' || r == '\t':
			if in {
				args = append(args, cur.String())
			}
			cur.Reset()
			in = false
		default:
			cur.WriteRune(r)
			in = true
		}
	}
	if quote != 0 {
		return nil, "there is an unclosed quote"
	}
	if in {
		args = append(args, cur.String())
	}
	return args, ""
}

// id reads the name of an entry: kebab-case, and for a few things with a dot
// or slash too.
var idForm = regexp.MustCompile(`^[a-z0-9]+(?:-[a-z0-9]+)*$`)

func (d *decoder) name(key *yaml.Node, to *ssf.Named, what string) bool {
	to.ID, to.Pos = ssf.ID(key.Value), d.pos(key)
	if !idForm.MatchString(key.Value) || len(key.Value) > 100 {
		d.report("bad-id", to.Pos, "write small letters, digits and single hyphens: "+kebab(key.Value), "%q cannot be the id of a %s", clip(key.Value), what)
		return false
	}
	return true
}

// kebab is s as an id might be written.
func kebab(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if out := strings.Trim(b.String(), "-"); out != "" {
		return clip(out)
	}
	return "my-id"
}
