package lang

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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

func mapped[A, B any](r Reader[A], f func(A) B) Reader[B] {
	return Reader[B]{Type: r.Type, read: func(d *decoder, n *yaml.Node) B { return f(r.read(d, n)) }}
}

func (d *decoder) ref(n *yaml.Node, s string) ssf.Ref { return ssf.Ref{ID: ssf.ID(s), Pos: d.pos(n)} }

// prose is text for people.
var prose = scalarOf(Type{Name: "text", What: "a text"}, func(d *decoder, n *yaml.Node, s string) ssf.Text {
	d.comment(n)
	return ssf.Text{S: s, Pos: d.pos(n)}
})

// plain is prose of which nobody needs the place.
var plain = mapped(prose, func(t ssf.Text) string { return t.S })

// comment refuses a text that a comment has cut, as far as that can be told:
// in `Room #4` YAML reads ` #4` as a comment, and what is glued to its # was
// hardly meant as one. It reports whether it did.
func (d *decoder) comment(n *yaml.Node) bool {
	c := n.LineComment
	if n.Style != 0 || len(c) < 2 || c[0] != '#' || c[1] == ' ' || c[1] == '\t' || c[1] == '#' {
		return false
	}
	hint := "put the text in quotes: " + quote(clip(n.Value+" "+c)) + ", or write a space after the # of a comment"
	if strings.Contains(n.Value, "/") && !strings.Contains(n.Value, " ") {
		hint = "write it without the space: " + clip(n.Value+c) + "; or write a space after the # of a comment"
	}
	d.report("broken-text", d.pos(n), hint, "the text ends before %q, because a # after a space begins a comment", clip(c))
	return true
}

// word is free text without spaces of meaning: a test's name, a ticket, a key.
func word(what string) Reader[ssf.Ref] {
	return scalarOf(Type{Name: "word", What: what}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
		if d.comment(n) {
			return ssf.Ref{}
		}
		return d.ref(n, s)
	})
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
	d.unlike("bad-value", ref, values, "%q is not %s", clip(string(ref.ID)), what)
	return ssf.Ref{}
}

// unlike reports a word that is none of some, with the nearest of them as the
// way out.
func (d *decoder) unlike(check string, ref ssf.Ref, values []string, format string, args ...any) {
	if d.full() {
		d.report(check, ref.Pos, "", format, args...)
		return
	}
	near := ssf.Nearest(string(ref.ID), values)
	d.report(check, ref.Pos, suggest(near, values), format, args...)
	last := &d.diags[len(d.diags)-1]
	if near != "" && last.EndCol > last.Col {
		last.Fix = []ssf.Edit{{Pos: last.Pos, Text: near}}
	}
}

// suggest is the way out where a word is none of some: the one that is near,
// if any, and what else it could be.
func suggest(near string, values []string) string {
	switch {
	case len(values) == 0:
		return "there is none yet"
	case len(values) == 1 && near == "":
		return "the only one is " + values[0]
	case near == "":
		return "it is one of " + list(values)
	case len(values) == 1 || len(values) > maxListed:
		return fmt.Sprintf("did you mean %q?", near)
	}
	return fmt.Sprintf("did you mean %q? It is one of %s", near, list(values))
}

func didYouMean(s string, values []string) string { return suggest(ssf.Nearest(s, values), values) }

var levels = []string{"none", "low", "medium", "high", "critical"}

var level = enum("a level", levels...)

// boolean reads yes and no, and true and false for who is used to them.
var boolean = scalarOf(Type{Name: "enum", What: "yes or no", Values: []string{"yes", "no", "true", "false"}}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	ref := d.ref(n, s)
	switch s {
	case "yes", "no":
	case "true":
		ref.ID = "yes"
	case "false":
		ref.ID = "no"
	case "on", "On", "ON", "off", "Off", "OFF", "y", "n", "Y", "N", "1", "0", "True", "TRUE", "False", "FALSE":
		is := map[bool]ssf.ID{true: "yes", false: "no"}[strings.ContainsAny(s, "yYtT1") || strings.EqualFold(s, "on")]
		d.report("bad-value", ref.Pos, "write "+string(is), "%q is not yes or no", s)
		d.diags[len(d.diags)-1].Fix = []ssf.Edit{{Pos: ref.Pos, Text: string(is)}}
		return ssf.Ref{}
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
		switch {
		case !re.MatchString(s):
			d.report("bad-value", d.pos(n), "write "+what, "%q is not %s", clip(s), what)
			return ssf.Ref{}
		case ok != nil && !ok(s):
			d.report("bad-value", d.pos(n), "write "+what, "there is no such %s: %s", name, clip(s))
			return ssf.Ref{}
		}
		return d.ref(n, s)
	})
}

// The small words that a regular expression describes; spec/grammar.md has the
// same in EBNF.
var (
	date = grammar("date", "a date such as 2029-12-31", `\d{4}-\d{2}-\d{2}`, func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	})
	duration = grammar("duration", "a duration such as 12h, 180d, 26w or 2y", `[1-9]\d{0,4}[hdwy]`, nil)
	timeout  = grammar("time limit", "a time limit such as 90s, 10m or 2h", `[1-9]\d{0,4}[smh]`, nil)
	key      = grammar("key", "a public key as `ssf keys list` shows it: `ed25519:` and 32 bytes in base64", `ed25519:[A-Za-z0-9+/]{43}=`, nil)
	variable = grammar("variable", "the name of a variable such as DATABASE_URL, not beginning with SSF_", `[A-Za-z_][A-Za-z0-9_]*`, func(s string) bool { return !strings.HasPrefix(s, "SSF_") })
	finding  = grammar("finding", "a finding such as gosec:G404", `[\w.-]+:\S+`, nil)
	formerID = grammar("id", "a former id such as web-shop", idForm, nil)
)

// version is the version of the language that a file is written in.
var version = scalarOf(Type{Name: "enum", What: "1, the version of the language", Values: []string{"1"}}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	if s != "1" {
		d.report("bad-value", d.pos(n), "write `ssf: 1`; a newer version of this program may read what is newer", "%q is no version of the language that this program reads", clip(s))
		return ssf.Ref{}
	}
	return d.ref(n, s)
})

var count = scalarOf(Type{Name: "number", What: "a whole number from 0", Pattern: `^\d{1,9}$`}, func(d *decoder, n *yaml.Node, s string) int {
	i, err := strconv.Atoi(s)
	if err != nil || len(s) > 9 || strings.ContainsAny(s, "+-") {
		d.report("bad-value", d.pos(n), "write a whole number such as 0", "%q is not a whole number from 0 to 999999999", clip(s))
		return 0
	}
	return i
})

// ref is a reference to one of the targets, checked at once if the library
// has them, else when the whole model is read.
func ref(targets ...Target) Reader[ssf.Ref] {
	what := "the id of " + ssf.Article(called(targets...))
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
	if d.words.partial && ssf.Nearest(string(r.ID), d.words.names[t]) == "" {
		return ssf.Ref{} // a library that has a fault may define it
	}
	d.unlike("unknown-reference", r, d.words.names[t], "there is no %s %q", t, clip(string(r.ID)))
	if last := &d.diags[len(d.diags)-1]; last.Fix == nil && len(d.words.names[t]) > maxListed {
		last.Hint = explained(t)
	}
	return ssf.Ref{}
}

// explained tells where the many names of a target are listed.
func explained(t Target) string {
	what := map[Target]string{AKind: "kinds", ATech: "technologies", AProtocol: "protocols", AFact: "facts", ARule: "threats", AMeasure: "measures"}[t]
	if what == "" {
		return "it is one of those in the library"
	}
	return "`ssf explain " + what + "` lists them"
}

// maxListed is how many names a message lists.
const maxListed = 12

// list writes names for a message: all of them, or the first few.
func list(names []string) string {
	if len(names) > maxListed {
		return strings.Join(names[:maxListed], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
