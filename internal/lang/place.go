package lang

import (
	"path"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// placeClasses are what a place may be beside a path.
var placeClasses = []string{"assumption", "supplier", "setting", "configuration", "resource"}

// place is where a mitigation sits: a path with an optional #Symbol, or
// `assumption:id`, or something outside the repository by its class.
var place = scalarOf(Type{Name: "place", What: "a place such as db/query.go#Exec, assumption:ID or setting:NAME"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	if d.comment(n) {
		return ssf.Ref{}
	}
	class, rest, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(class, "/#") {
		return d.path(n, s)
	}
	switch {
	case !slices.Contains(placeClasses, class):
		if len(class) == 1 || strings.ContainsAny(class, ".\\ ") {
			return d.path(n, s)
		}
		d.oneOf(ssf.Ref{ID: ssf.ID(class), Pos: d.part(n, s, 0, len(class))}, "a class of place", placeClasses)
		return ssf.Ref{}
	case strings.TrimSpace(rest) == "":
		d.report("bad-value", d.pos(n), "write what it is after the colon", "%q names nothing", clip(s))
		return ssf.Ref{}
	case class == "assumption":
		d.refs = append(d.refs, pending{[]Target{AnAssumption}, ssf.Ref{ID: ssf.ID(rest), Pos: d.part(n, s, len(class)+1, len(s))}})
	}
	return d.ref(n, s)
})

// glob is a path with `*`, `?` and `**`.
var glob = scalarOf(Type{Name: "glob", What: "a path or glob such as web/**"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	if d.comment(n) {
		return ssf.Ref{}
	}
	if strings.Contains(s, `\`) {
		return d.path(n, s)
	}
	for part := range strings.SplitSeq(s, "/") {
		if _, err := path.Match(part, ""); err != nil {
			d.report("bad-value", d.pos(n), "close the bracket, or write `[[]` for a bracket in a name", "the brackets in %q do not fit together", clip(s))
			return ssf.Ref{}
		}
	}
	return d.path(n, s)
})

// path is a path or glob that stays below the model's folder.
func (d *decoder) path(n *yaml.Node, s string) ssf.Ref {
	refuse := func(hint, format string, args ...any) ssf.Ref {
		d.report("bad-value", d.pos(n), hint, format, args...)
		return ssf.Ref{}
	}
	file, _, _ := strings.Cut(s, "#")
	parts := strings.Split(file, "/")
	switch {
	case strings.Contains(file, `\`) && !strings.Contains(file, `:\`):
		return refuse("write "+clip(strings.ReplaceAll(s, `\`, "/")), "%q has a backslash, and paths are written with `/`", clip(s))
	case strings.HasPrefix(file, "/"), strings.HasPrefix(file, "~"), len(file) > 1 && file[1] == ':':
		return refuse("write the path from the model's folder, such as db/query.go", "%q begins outside the model's folder", clip(s))
	case slices.Contains(parts, ".."):
		return refuse("write the path from the model's folder, without `..`", "%q leaves the model's folder", clip(s))
	case slices.Contains(parts, "."), slices.Contains(parts[:len(parts)-1], ""):
		return refuse("write "+clip(tidy(s)), "%q has a part that says nothing", clip(s))
	case file == "", strings.HasSuffix(s, "#"):
		return refuse("write a file, and after # a name in it: db/query.go#Exec", "%q names nothing", clip(s))
	}
	return d.ref(n, s)
}

// tidy is a path without the parts that say nothing.
func tidy(s string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(s, "/"), func(p string) bool { return p == "." || p == "" }), "/")
}

// command is an argument vector, as a list or as words on one line.
var command = Reader[[]ssf.Ref]{Type: Type{Name: "command", What: "a command such as go test ./..."}, read: func(d *decoder, n *yaml.Node) []ssf.Ref {
	if n.Kind == yaml.SequenceNode {
		return some(listOf(word("an argument"))).read(d, n)
	}
	s, ok := d.scalar(n, "a command such as go test ./...")
	if !ok || d.comment(n) {
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

// shellSign finds what only a shell understands in an argument.
func shellSign(arg string) string {
	for _, sign := range []string{"&&", "||", ">>", "2>&1", "|", ";", ">", "<", "&"} {
		if arg == sign {
			return sign
		}
	}
	for _, sign := range []string{"$(", "${", "`", "&&", "||"} {
		if strings.Contains(arg, sign) {
			return sign
		}
	}
	return ""
}

// breakForms are the ways of a break with the form of their values.
var breakForms = []struct {
	way, doc, what string
	re             *regexp.Regexp // nil: yes or no
}{
	{"skip", "a Go function that returns at once: file.go#Name", "a function such as db/query.go#Exec", regexp.MustCompile(`^[^#]+#[^#\s]+$`)},
	{"replace", "a text in a file that is replaced: file#text", "a file and a text in it, such as db/query.go#text", regexp.MustCompile(`(?s)^[^#]+#.+$`)},
	{"patch", "a patch file to apply", "a path such as breaks/no-check.patch", nil},
	{"env", "an environment variable to set: NAME=value", "a variable such as CHECK=off", regexp.MustCompile(`(?s)^[A-Za-z_][A-Za-z0-9_]*=.*$`)},
	{"config", "a configuration value to set: file#key=value", "a value such as config.yaml#check=off", regexp.MustCompile(`(?s)^[^#]+#[^=]+=.*$`)},
	{"canary", "a bad file that an analyser must find", "a path such as breaks/bad.go", nil},
}

// breakValue reads the value of a way to break.
func breakValue(way int) Reader[ssf.Ref] {
	f := breakForms[way]
	t := Type{Name: "break", What: f.what}
	if f.re != nil {
		t.Pattern = strings.TrimPrefix(f.re.String(), "(?s)")
	}
	return scalarOf(t, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
		switch {
		case d.comment(n):
			return ssf.Ref{}
		case f.re != nil && !f.re.MatchString(s):
			d.report("bad-value", d.pos(n), "write "+f.doc, "%q is not %s", clip(s), f.what)
			return ssf.Ref{}
		case f.way == "env":
			return d.ref(n, s)
		}
		if file, _, _ := strings.Cut(s, "#"); d.path(n, file).ID == "" {
			return ssf.Ref{}
		}
		return d.ref(n, s)
	})
}

// breakWays are the ways of a break, for messages.
func breakWays() (ways []string) {
	for _, f := range breakForms {
		ways = append(ways, f.way)
	}
	return append(ways, "none")
}
