package report

import (
	"bufio"
	"io"
	"strings"

	"ssf/internal/markup"
)

// Markdown writes a document as GitHub shows it, and so that it can be read as
// it is. Text of the model is never markup: no tag, no link, no mention.
func Markdown(w io.Writer, d *Document) error {
	out := &markdownWriter{w: bufio.NewWriterSize(w, 1<<16)}
	out.line("# " + markup.Markdown(d.Title+": security report"))
	out.line("")
	out.blocks(d.Lead, 2)
	for _, s := range d.Sections {
		out.line("## " + markup.Markdown(s.Title))
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
			out.line("- **" + markup.Markdown(x.Term) + "**: " + spans(x.Text))
		}
	case Figure:
		out.line("*" + markup.Markdown(b.Caption) + ": see the report in HTML.*")
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
			out.line("<details><summary><b>" + markup.HTML(x.Name) + "</b>: " + markup.HTML(says) + "; controls: " + inHTML(x.Status) + "</summary>")
			out.line("")
			out.blocks(x.Blocks, level)
			out.line("</details>")
			out.line("")
		}
		return
	case Code:
		lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		fence := markup.Fence(string(b), 3)
		out.line(fence + "yaml")
		for _, l := range lines {
			out.line(markup.Clean(l))
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
		head += " " + markup.Markdown(c) + " |"
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
		markup.Append(&b, span(s))
	}
	return b.String()
}

func span(s Span) string {
	switch {
	case s.Kind == Plain:
		return markup.Markdown(s.S)
	case (s.Kind == Strong || s.Kind == Badge) && s.S != "":
		return "**" + markup.Markdown(s.S) + "**"
	case s.Kind == Aside:
		return "(" + markup.Markdown(s.S) + ")"
	case s.Kind == Mono || s.Kind == Link:
		return markup.Code(s.S)
	case s.Kind == Outside:
		return "[" + markup.Markdown(s.S) + "](" + s.Ref + ")"
	}
	return ""
}

// spansInCell writes a text in a table, where a bar would end the cell: in
// prose it is escaped, and in code, where nothing can be, it is a number.
func spansInCell(t Text) string {
	var b strings.Builder
	for _, s := range t {
		if (s.Kind == Mono || s.Kind == Link) && strings.Contains(s.S, "|") {
			markup.Append(&b, inHTML(Text{s}))
		} else {
			markup.Append(&b, strings.ReplaceAll(span(s), "|", `\|`))
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
			b.WriteString("<b>" + markup.HTML(s.S) + "</b>")
		case Aside:
			b.WriteString("(" + markup.HTML(s.S) + ")")
		case Mono, Link:
			b.WriteString("<code>" + markup.HTML(s.S) + "</code>")
		default:
			b.WriteString(markup.HTML(s.S))
		}
	}
	return b.String()
}
