package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"ssf/internal/markup"
)

//go:embed html.css
var styles string

// HTML writes a document as one page that needs nothing else: no script, and no
// request to anywhere, which its own policy forbids too.
func HTML(w io.Writer, d *Document) error {
	out := &htmlWriter{w: bufio.NewWriterSize(w, 1<<16)}
	out.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>")
	out.esc(d.Title + ": security report")
	out.raw("</title>\n<style>\n" + styles + "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<header>\n<p class=\"kind\">Security report</p>\n<h1>")
	out.esc(d.Title)
	out.raw("</h1>\n</header>\n<nav aria-label=\"Sections\"><ul>\n")
	for _, s := range d.Sections {
		out.raw("<li><a href=\"#" + s.ID + "\">")
		out.esc(s.Title)
		out.raw("</a></li>\n")
	}
	out.raw("</ul></nav>\n<main id=\"main\">\n<section class=\"lead\" aria-label=\"Verdict\">\n")
	out.blocks(d.Lead, 2)
	out.raw("</section>\n")
	for _, s := range d.Sections {
		out.raw("<section id=\"" + s.ID + "\" aria-labelledby=\"h-" + s.ID + "\">\n<h2 id=\"h-" + s.ID + "\">")
		out.esc(s.Title)
		out.raw("</h2>\n")
		out.blocks(s.Blocks, 3)
		out.raw("</section>\n")
	}
	out.raw("</main>\n</body>\n</html>\n")
	if out.err == nil {
		out.err = out.w.Flush()
	}
	return out.err
}

type htmlWriter struct {
	w   *bufio.Writer
	err error
}

// raw writes markup of our own.
func (out *htmlWriter) raw(s string) {
	if out.err == nil {
		_, out.err = out.w.WriteString(s)
	}
}

// esc writes text: nothing in it is markup, and nothing steers the reader.
func (out *htmlWriter) esc(s string) { out.raw(html.EscapeString(markup.Clean(s))) }

func (out *htmlWriter) text(t Text) {
	for _, s := range t {
		switch s.Kind {
		case Plain:
			out.esc(s.S)
		case Strong:
			out.tag("strong", "", s.S)
		case Aside:
			out.tag("small", "", s.S)
		case Mono:
			out.tag("code", "", s.S)
		case Badge:
			out.tag("b", ` class="`+html.EscapeString(s.Ref)+`"`, s.S)
		case Link:
			out.tag("a", ` href="#`+html.EscapeString(s.Ref)+`"`, s.S)
		case Outside:
			out.tag("a", ` href="`+html.EscapeString(s.Ref)+`" rel="noreferrer"`, s.S)
		}
	}
}

func (out *htmlWriter) tag(name, attributes, s string) {
	out.raw("<" + name + attributes + ">")
	out.esc(s)
	out.raw("</" + name + ">")
}

// id is the attribute of an anchor, if there is one.
func id(s string) string {
	if s == "" {
		return ""
	}
	return ` id="` + html.EscapeString(s) + `"`
}

// blocks writes blocks whose groups have headings of this level.
func (out *htmlWriter) blocks(bs []Block, level int) {
	for _, b := range bs {
		out.block(b, level)
	}
}

func (out *htmlWriter) block(b Block, level int) {
	switch b := b.(type) {
	case Para:
		out.raw("<p>")
		out.text(Text(b))
		out.raw("</p>\n")
	case Notice:
		out.raw(`<p class="notice ` + html.EscapeString(b.Kind) + `">`)
		out.text(b.Text)
		out.raw("</p>\n")
	case List:
		out.list(b)
	case Table:
		out.table(b)
	case Items:
		out.raw("<dl>\n")
		for _, x := range b {
			out.raw("<div><dt>")
			out.esc(x.Term)
			out.raw("</dt><dd>")
			out.text(x.Text)
			out.raw("</dd></div>\n")
		}
		out.raw("</dl>\n")
	case Figure:
		out.raw(`<figure><div class="scroll" role="group" tabindex="0" aria-label="Picture">`)
		out.raw(b.SVG)
		out.raw("</div><figcaption>")
		out.esc(b.Caption)
		out.raw("</figcaption></figure>\n")
	case Group:
		h := strconv.Itoa(min(level, 6))
		out.raw("<article" + id(b.ID) + "><h" + h + ">")
		out.text(b.Title)
		out.raw("</h" + h + ">\n")
		out.blocks(b.Blocks, level+1)
		out.raw("</article>\n")
	case Details:
		out.raw("<details" + id(b.ID) + "><summary>")
		out.text(b.Summary)
		out.raw("</summary>\n")
		out.blocks(b.Blocks, level)
		out.raw("</details>\n")
	case Bars:
		for _, x := range b {
			out.bar(x, level)
		}
	case Code:
		out.raw(`<pre tabindex="0"><code>`)
		for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
			if i > 0 {
				out.raw("\n")
			}
			out.esc(line)
		}
		out.raw("</code></pre>\n")
	}
}

func (out *htmlWriter) list(l List) {
	class := ""
	if l.Inline {
		class = ` class="inline"`
	}
	out.raw("<ul" + class + ">")
	for _, x := range l.Items {
		out.raw("<li>")
		out.text(x)
		if l.Inline {
			out.raw("</li> ")
		} else {
			out.raw("</li>\n")
		}
	}
	out.raw("</ul>\n")
}

// table writes a table in a box that scrolls where it is too wide.
func (out *htmlWriter) table(t Table) {
	class := ""
	if t.Compact {
		class = ` class="compact"`
	} else {
		out.raw(`<div class="scroll" role="group" tabindex="0" aria-label="`)
		out.esc("Table: " + t.Caption)
		out.raw(`">`)
	}
	out.raw("<table" + class + "><caption>")
	out.esc(t.Caption)
	out.raw("</caption>\n<thead><tr>")
	for _, c := range t.Columns {
		out.raw(`<th scope="col">`)
		out.esc(c)
		out.raw("</th>")
	}
	out.raw("</tr></thead>\n<tbody>\n")
	for _, r := range t.Rows {
		out.raw("<tr" + id(r.ID) + ">")
		for i, c := range r.Cells {
			if i == 0 {
				out.raw(`<th scope="row">`)
				out.text(c)
				out.raw("</th>")
				continue
			}
			out.raw("<td>")
			out.text(c)
			out.raw("</td>")
		}
		out.raw("</tr>\n")
	}
	out.raw("</tbody></table>")
	if !t.Compact {
		out.raw("</div>")
	}
	out.raw("\n")
}

// bar is a phase; the share is cut and not rounded, so that only all is full.
func (out *htmlWriter) bar(x Bar, level int) {
	says, share := "nothing to count yet", 0
	if x.Of > 0 {
		says, share = ofN(x.Done, x.Of, x.Counts), 100*x.Done/x.Of
	}
	out.raw("<details class=\"phase\"" + id(x.ID) + "><summary><span class=\"name\">")
	out.esc(x.Name)
	empty := ""
	if x.Of == 0 {
		empty = " none"
	}
	fmt.Fprintf(out.w, "</span><span class=\"track%s\"><i style=\"width:%d%%\"></i></span><span class=\"says\">", empty, share)
	out.esc(says)
	out.raw("</span><span class=\"status\">controls: ")
	out.text(x.Status)
	out.raw("</span></summary>\n")
	out.blocks(x.Blocks, level)
	out.raw("</details>\n")
}
