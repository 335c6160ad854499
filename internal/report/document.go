package report

import (
	"regexp"
	"strconv"
	"strings"

	"ssf"
)

// A Document is what people read of a case, made once by [Build] or
// [PullRequest] and written by several writers. It holds plain text as the
// model's authors wrote it: each writer escapes all of it for its own form.
type Document struct {
	Title    string
	Lead     []Block // the verdict, before the first section
	Sections []Section
}

// A Section is one heading and what stands under it.
type Section struct {
	ID     string // an anchor
	Title  string
	Blocks []Block
}

// A Block is a part of a document: Para, Notice, List, Table, Items, Figure,
// Group, Details, Bars or Code.
type Block interface{ block() }

// Para is a paragraph.
type Para Text

// A Notice is a sentence that must not be missed. Its kind is a severity, or
// `good`.
type Notice struct {
	Kind string
	Text Text
}

// List has ids on one line, separated by commas, or one item a line.
type List struct {
	Items  []Text
	Inline bool
}

// A Table has a caption that says what it lists; it may be hidden from the eye.
type Table struct {
	Caption string
	Columns []string
	Rows    []Row
	Compact bool // threats: place, state, risk, why
}

// A Row is one line of a table; its first cell is its head.
type Row struct {
	ID    string // an anchor, or none
	Cells []Text
}

// Items are terms, each with its text.
type Items []Item

// An Item is a term with its text.
type Item struct {
	Term string
	Text Text
}

// A Figure is a picture as an SVG element, which must be safe to embed as it is.
type Figure struct{ SVG, Caption string }

// A Group has a heading below that of its section.
type Group struct {
	ID     string
	Title  Text
	Blocks []Block
}

// Details are closed until a reader opens them.
type Details struct {
	ID      string
	Summary Text
	Blocks  []Block
}

// Bars are phases, each with how far it is and what it opens to.
type Bars []Bar

// A Bar is n of N, or nothing to count where Of is 0.
type Bar struct {
	ID, Name string
	Done, Of int
	Counts   string
	Status   Text // of its controls
	Blocks   []Block
}

// Code is text to be copied.
type Code string

func (Para) block()    {}
func (Notice) block()  {}
func (List) block()    {}
func (Table) block()   {}
func (Items) block()   {}
func (Figure) block()  {}
func (Group) block()   {}
func (Details) block() {}
func (Bars) block()    {}
func (Code) block()    {}

// Text is a line of prose in pieces.
type Text []Span

// A Span is one piece of text. Ref is an anchor of the document (Link) or an
// address (Outside), and the class of a Badge.
type Span struct {
	Kind SpanKind
	S    string
	Ref  string
}

// SpanKind is how a piece of text is meant.
type SpanKind int8

// The kinds of span. A Badge is a word for a state or level: its class colours
// it, and the word itself says all.
const (
	Plain SpanKind = iota
	Strong
	Aside
	Mono
	Badge
	Link
	Outside
)

// text joins spans, texts and strings to one text.
func text(parts ...any) Text {
	var t Text
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			if p != "" {
				t = append(t, Span{Plain, p, ""})
			}
		case Span:
			t = append(t, p)
		case Text:
			t = append(t, p...)
		}
	}
	return t
}

func strong(s string) Span { return Span{Strong, s, ""} }
func aside(s string) Span  { return Span{Aside, s, ""} }

func mono[S ~string](s S) Span { return Span{Mono, string(s), ""} }

func link(s, anchor string) Span { return Span{Link, s, anchor} }

var threatID = regexp.MustCompile(`[a-z0-9][a-z0-9/-]*@[a-z0-9*-]*[a-z0-9*]`)

// prose is a sentence in which `such parts` and ids of threats are code.
func prose(s string) Text {
	var t Text
	pairs := strings.Count(s, "`") / 2 * 2 // a last one alone is itself
	for i, part := range strings.SplitN(s, "`", pairs+1) {
		if i%2 == 1 {
			t = append(t, mono(part))
			continue
		}
		for at := threatID.FindStringIndex(part); at != nil; at = threatID.FindStringIndex(part) {
			t = append(t, text(part[:at[0]], mono(part[at[0]:at[1]]))...)
			part = part[at[1]:]
		}
		t = append(t, text(part)...)
	}
	return t
}

// monos are ids separated by commas.
func monos[S ~string](ids []S) Text {
	var t Text
	for i, id := range ids {
		if i > 0 {
			t = append(t, Span{Plain, ", ", ""})
		}
		t = append(t, mono(id))
	}
	return t
}

// inline is a list of ids on one line.
func inline[S ~string](ids []S) List {
	l := List{Inline: true}
	for _, id := range ids {
		l.Items = append(l.Items, text(string(id)))
	}
	return l
}

// anchor makes an id within a page of a kind and an id of the case: what is not
// a letter, a digit or one of a few marks is written by its number.
func anchor[S ~string](kind string, id S) string {
	var b strings.Builder
	b.WriteString(kind)
	b.WriteByte('.')
	for _, r := range string(id) {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./@", r) {
			b.WriteRune(r)
		} else {
			b.WriteString("~" + strconv.FormatInt(int64(r), 16) + "~")
		}
	}
	return b.String()
}

// words writes an id of the case as a person would: not_applicable is not
// applicable.
func words[S ~string](s S) string { return strings.ReplaceAll(string(s), "_", " ") }

// The classes of badges, by what they say.
const (
	good    = "good"
	bad     = "bad"
	doubt   = "doubt"
	neutral = "neutral"
)

func state(s ssf.State) Span {
	class := good
	switch {
	case s == ssf.Open || s == ssf.Stale:
		class = bad
	case !s.Treated() || s == ssf.Claimed || s == ssf.Planned:
		class = doubt
	case s == ssf.Accepted || s == ssf.Transferred || s == ssf.NotApplicable:
		class = neutral
	}
	return Span{Badge, words(s), class}
}

func level(l ssf.Level) Span {
	class := neutral
	switch l {
	case ssf.Critical, ssf.High:
		class = bad
	case ssf.Unknown, ssf.Medium:
		class = doubt
	}
	return Span{Badge, l.String(), class}
}

func status(s ssf.Status) Span {
	class := map[ssf.Status]string{ssf.Met: good, ssf.Unmet: bad, ssf.UnknownYet: doubt}[s]
	if class == "" {
		class = neutral
	}
	return Span{Badge, words(s), class}
}

// place is a file and line, where something stands.
func place(p ssf.Pos) Span {
	switch {
	case !p.Known():
		return Span{Plain, "", ""}
	case p.Line == 0:
		return mono(p.File)
	}
	return mono(p.File + ":" + strconv.Itoa(p.Line))
}

// ofN is n of N; a denominator of 0 shows nothing, for it would look like all.
func ofN(n, of int, what string) string {
	if of == 0 {
		return "not shown: nothing to count"
	}
	return strconv.Itoa(n) + " of " + strconv.Itoa(of) + " " + what
}

// number is how many there are, with the word in its form.
func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
