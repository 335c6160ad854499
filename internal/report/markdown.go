package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Markdown writes a document as GitHub shows it, and so that it can be read as
// it is. Text of the model is never markup: no tag, no link, no mention.
func Markdown(w io.Writer, d *Document) error {
	out := &markdownWriter{w: bufio.NewWriterSize(w, 1<<16)}
	out.line("# " + escape(d.Title+": security report"))
	out.line("")
	out.blocks(d.Lead, 2)
	for _, s := range d.Sections {
		out.line("## " + escape(s.Title))
		out.line("")
		out.blocks(s.Blocks, 3)
	}
	if out.err == nil {
		out.err = out.w.Flush()
	}
	return out.err
}

type markdownWriter struct {
	w   *bufio.Writer
	err error
}

func (out *markdownWriter) line(s string) {
	if out.err == nil {
		_, out.err = out.w.WriteString(strings.TrimRight(s, " ") + "\n")
	}
}

func (out *markdownWriter) blocks(bs []Block, level int) {
	for _, b := range bs {
		out.block(b, level)
	}
}

func (out *markdownWriter) block(b Block, level int) {
	switch b := b.(type) {
	case Para:
		out.line(spans(Text(b)))
	case Notice:
		out.line("> **" + spans(b.Text) + "**")
	case List:
		out.list(b)
	case Table:
		out.table(b)
	case Items:
		for _, x := range b {
			out.line("- **" + escape(x.Term) + "**: " + spans(x.Text))
		}
	case Figure:
		out.line("*" + escape(b.Caption) + ": see the report in HTML.*")
	case Group:
		out.line(strings.Repeat("#", min(level, 6)) + " " + spans(b.Title))
		out.line("")
		out.blocks(b.Blocks, level+1)
		return
	case Details:
		out.line("<details><summary>" + inHTML(b.Summary) + "</summary>")
		out.line("")
		out.blocks(b.Blocks, level)
		out.line("</details>")
	case Bars:
		for _, x := range b {
			says := "nothing to count yet"
			if x.Of > 0 {
				says = ofN(x.Done, x.Of, x.Counts)
			}
			out.line("<details><summary><b>" + htmlText(x.Name) + "</b>: " + htmlText(says) + "; controls: " + inHTML(x.Status) + "</summary>")
			out.line("")
			out.blocks(x.Blocks, level)
			out.line("</details>")
			out.line("")
		}
		return
	case Code:
		lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		fence := fenceFor(string(b), 3)
		out.line(fence + "yaml")
		for _, l := range lines {
			out.line(clean(l))
		}
		out.line(fence)
	}
	out.line("")
}

func (out *markdownWriter) list(l List) {
	if !l.Inline {
		for _, x := range l.Items {
			out.line("- " + spans(x))
		}
		return
	}
	var t Text
	for i, x := range l.Items {
		if i > 0 {
			t = append(t, Span{Plain, ", ", ""})
		}
		t = append(t, x...)
	}
	out.line(spans(t))
}

func (out *markdownWriter) table(t Table) {
	head, rule := "|", "|"
	for _, c := range t.Columns {
		head += " " + escape(c) + " |"
		rule += " --- |"
	}
	out.line(head)
	out.line(rule)
	for _, r := range t.Rows {
		line := "|"
		for _, c := range r.Cells {
			line += " " + spansInCell(c) + " |"
		}
		out.line(line)
	}
}

// spans writes a text. Links within the document are only words here.
func spans(t Text) string {
	var b strings.Builder
	for _, s := range t {
		put(&b, span(s))
	}
	return b.String()
}

func span(s Span) string {
	switch {
	case s.Kind == Plain:
		return escape(s.S)
	case (s.Kind == Strong || s.Kind == Badge) && s.S != "":
		return "**" + escape(s.S) + "**"
	case s.Kind == Aside:
		return "(" + escape(s.S) + ")"
	case s.Kind == Mono || s.Kind == Link:
		return codeSpan(s.S)
	case s.Kind == Outside:
		return "[" + escape(s.S) + "](" + s.Ref + ")"
	}
	return ""
}

// spansInCell writes a text in a table, where a bar would end the cell: in
// prose it is escaped, and in code, where nothing can be, it is a number.
func spansInCell(t Text) string {
	var b strings.Builder
	for _, s := range t {
		if (s.Kind == Mono || s.Kind == Link) && strings.Contains(s.S, "|") {
			put(&b, inHTML(Text{s}))
		} else {
			put(&b, strings.ReplaceAll(span(s), "|", `\|`))
		}
	}
	return b.String()
}

// inHTML writes a text within a tag, where Markdown is not read.
func inHTML(t Text) string {
	var b strings.Builder
	for _, s := range t {
		switch s.Kind {
		case Strong, Badge:
			b.WriteString("<b>" + htmlText(s.S) + "</b>")
		case Aside:
			b.WriteString("(" + htmlText(s.S) + ")")
		case Mono, Link:
			b.WriteString("<code>" + htmlText(s.S) + "</code>")
		default:
			b.WriteString(htmlText(s.S))
		}
	}
	return b.String()
}

// htmlText escapes text for a line of HTML within Markdown: by numbers, so that
// neither of them finds markup in it.
func htmlText(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if strings.ContainsRune("<>&\"'`*_[]\\|~@#", r) {
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// codeSpan writes text as code; backticks in it lengthen the fence.
func codeSpan(s string) string {
	if s = clean(s); strings.TrimSpace(s) == "" {
		return ""
	}
	fence := fenceFor(s, 1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenceFor is a run of backticks that is longer than any in s.
func fenceFor(s string, least int) string {
	run, longest := 0, least-1
	for _, r := range s {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}

// escape writes text so that Markdown finds no markup in it. An address does
// not become a link, nor a name after @ a mention: what has an @ in it is code.
func escape(s string) string {
	var b strings.Builder
	rs := []rune(clean(s))
	word := func(i int) bool { return i >= 0 && i < len(rs) && wordRune(rs[i]) }
	for i := 0; i < len(rs); i++ {
		if i == 0 || !addressRune(rs[i-1]) {
			if n := address(rs[i:]); n > 0 {
				b.WriteString(codeSpan(string(rs[i : i+n])))
				i += n - 1
				continue
			}
		}
		switch r := rs[i]; {
		case strings.ContainsRune("\\`*[]<>~&", r):
			b.WriteByte('\\')
		case r == '_' && !(word(i-1) && word(i+1)),
			r == '#' && !word(i-1),
			r == ':' && i+2 < len(rs) && rs[i+1] == '/' && rs[i+2] == '/',
			r == '.' && i >= 3 && strings.EqualFold(string(rs[i-3:i]), "www"):
			b.WriteByte('\\')
		case i == 0 && strings.ContainsRune("-+=>!", r):
			b.WriteByte('\\')
		case r == '.' || r == ')':
			if _, err := strconv.Atoi(string(rs[:i])); err == nil {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(rs[i])
	}
	return b.String()
}

func wordRune(r rune) bool {
	return r >= 0x80 || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func addressRune(r rune) bool { return wordRune(r) || strings.ContainsRune("@.+-/%", r) }

// address is how long the run of characters of an address is with which rs
// begins, without stops at its end; 0 if there is none, or no @ before a word.
func address(rs []rune) int {
	n, at := 0, false
	for n < len(rs) && addressRune(rs[n]) {
		at = at || rs[n] == '@' && n+1 < len(rs) && wordRune(rs[n+1])
		n++
	}
	if !at {
		return 0
	}
	for rs[n-1] == '.' {
		n--
	}
	return n
}

// put adds a piece of a line: two pieces of code side by side would become one
// with other ends.
func put(b *strings.Builder, s string) {
	if strings.HasSuffix(b.String(), "`") && strings.HasPrefix(s, "`") {
		b.WriteByte(' ')
	}
	b.WriteString(s)
}
