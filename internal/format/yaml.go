package format

import (
	"regexp"
	"strings"

	"ssf"
)

// This file writes YAML in the form that `ssf fmt` leaves as it is.

// width is the longest line that stays in flow form, in runes.
const width = 120

type value interface{ flow(b *strings.Builder) }

type (
	scalar string // as it is written
	list   []value
	pair   struct {
		key string
		v   value
	}
	pairs []pair
)

func (s scalar) flow(b *strings.Builder) { b.WriteString(string(s)) }

func (l list) flow(b *strings.Builder) {
	b.WriteByte('[')
	for i, v := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		v.flow(b)
	}
	b.WriteByte(']')
}

func (ps pairs) flow(b *strings.Builder) {
	b.WriteByte('{')
	for i, p := range ps {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.key)
		b.WriteString(": ")
		p.v.flow(b)
	}
	b.WriteByte('}')
}

// word is a value that needs no quotes: an id, a level, a word of the language.
func word[S ~string](s S) scalar { return scalar(s) }

var (
	// plainText is a text that means itself without quotes, in a list too.
	plainText = regexp.MustCompile(`^[\pL(][\pL\pN ()_.;/+'"&%@=-]*(:[\pL\pN()_.;/+'"&%@=-]+[\pL\pN ()_.;/+'"&%@=-]*)*$`)
	notText   = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|null|y|n|\.inf|\.nan)$`)
)

// text is a text for people in YAML: without quotes if that is what it says,
// else in single quotes, and in double quotes where it has several lines.
func text(s string) scalar {
	s = cut(strings.TrimSpace(Clean(s)))
	switch {
	case plainText.MatchString(s) && !notText.MatchString(s) && !strings.HasSuffix(s, " "):
		return scalar(s)
	case !strings.ContainsAny(s, "\n\t"):
		return scalar("'" + strings.ReplaceAll(s, "'", "''") + "'")
	}
	return scalar(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`)
}

func texts(ss []string) list {
	var out list
	for _, s := range ss {
		if strings.TrimSpace(Clean(s)) != "" {
			out = append(out, text(s))
		}
	}
	return out
}

// cut bounds a text.
func cut(s string) string {
	if len(s) <= MaxText {
		return s
	}
	s = strings.ToValidUTF8(s[:MaxText], "")
	return s + " [cut here]"
}

func (ps pairs) text(key, s string) pairs {
	if strings.TrimSpace(Clean(s)) == "" {
		return ps
	}
	return append(ps, pair{key, text(s)})
}

func (ps pairs) word(key string, id ssf.ID) pairs {
	if id == "" {
		return ps
	}
	return append(ps, pair{key, word(id)})
}

// A writer writes the sections of a model.
type writer struct{ strings.Builder }

func (w *writer) line(s string)    { w.WriteString(s + "\n") }
func (w *writer) blank()           { w.WriteByte('\n') }
func (w *writer) comment(s string) { w.line("# " + s) }

// section begins a section with its first entry.
func (w *writer) section(key string) *section { return &section{w: w, key: key} }

type section struct {
	w     *writer
	key   string
	begun bool
}

func (s *section) begin() {
	if !s.begun {
		s.w.blank()
		s.w.line(s.key + ":")
		s.begun = true
	}
}

// entry writes one entry of a section.
func (s *section) entry(key string, ps pairs) {
	s.begin()
	s.w.put("  ", key, ps)
}

// item writes one item of a list.
func (s *section) item(ps pairs) {
	s.begin()
	var b strings.Builder
	ps.flow(&b)
	if 4+runes(b.String()) <= width {
		s.w.line("  - " + b.String())
		return
	}
	for i, p := range ps {
		lead := "    "
		if i == 0 {
			lead = "  - "
		}
		s.w.putAfter(lead, "    ", p.key, p.v)
	}
}

// entry writes a top-level entry, always as a block.
func (w *writer) entry(key string, ps pairs) {
	w.line(key + ":")
	for _, p := range ps {
		w.put("  ", p.key, p.v)
	}
}

// put writes a key with its value: on one line if that is short enough, else as
// a block.
func (w *writer) put(indent, key string, v value) { w.putAfter(indent, indent, key, v) }

func (w *writer) putAfter(lead, indent, key string, v value) {
	var b strings.Builder
	v.flow(&b)
	_, single := v.(scalar)
	if single || runes(lead)+len(key)+2+runes(b.String()) <= width {
		w.line(lead + key + ": " + b.String())
		return
	}
	w.line(lead + key + ":")
	switch v := v.(type) {
	case pairs:
		for _, p := range v {
			w.put(indent+"  ", p.key, p.v)
		}
	case list:
		for _, x := range v {
			var b strings.Builder
			x.flow(&b)
			w.line(indent + "  - " + b.String())
		}
	}
}

func runes(s string) int { return len([]rune(s)) }
