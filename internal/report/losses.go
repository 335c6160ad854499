package report

import (
	"fmt"
	"io"
	"strings"

	"ssf/internal/format"
	"ssf/internal/markup"
)

// maxLosses is how many lines a class of losses has in text; the JSON form has all.
const maxLosses = 40

// maxAlso is how many things of which one line says the same are named.
const maxAlso = 20

// Losses writes what became of everything in an imported source.
func Losses(w io.Writer, r *format.Report, style Style) error {
	p := newPage(w, style)
	tool := r.Tool
	if tool == "" {
		tool = r.Format
	}
	p.print("%s (%s)\n", p.paint(bold, markup.Clean(r.File)), markup.Clean(tool))
	for _, c := range r.Carried {
		more := ""
		if c.Here != c.Of {
			more = fmt.Sprintf(", %d in the model", c.Here)
		}
		p.print("  %5d %s%s\n", c.Of, plural(c.What, c.Of), more)
	}
	p.joins(r.Joined)
	p.notes("guessed", r.Guessed)
	p.notes("dropped", r.Dropped)
	return p.err
}

// Loses writes what a form cannot hold.
func Loses(w io.Writer, f *format.Format, style Style) error {
	p := newPage(w, style)
	p.print("%s: %s\n", p.paint(bold, f.Name), f.Title)
	for _, l := range f.Loses {
		p.hang("  - ", "    ", l)
	}
	if len(f.Loses) == 0 {
		p.print("  it holds the whole case\n")
	}
	return p.err
}

// plural is the name of things as their number has it: those of a report are
// plurals.
func plural(what string, n int) string {
	if stem, ok := strings.CutSuffix(what, "ies"); ok && n == 1 {
		return stem + "y"
	}
	if n == 1 {
		return strings.TrimSuffix(what, "s")
	}
	return what
}

// joins lists the threats that are taken to be the same as some of the library's.
func (p *page) joins(js []format.Join) {
	if len(js) == 0 {
		return
	}
	p.print("\n%s\n", p.paint(bold, "taken to be a threat of the library"))
	for i, j := range js {
		if i == maxLosses {
			p.print("  and %d more, which --format json lists\n", len(js)-i)
			break
		}
		p.hang("  ", "    ", string(j.Own)+" = "+string(j.Threat))
	}
}

func (p *page) notes(title string, ns []format.Note) {
	if len(ns) == 0 {
		return
	}
	p.print("\n%s\n", p.paint(bold, title))
	gathered := format.Gather(ns)
	for i, n := range gathered {
		if i == maxLosses {
			p.print("  and %d more, which --format json lists\n", len(gathered)-i)
			break
		}
		path, times := n.Path, ""
		if path == "" {
			path = "as a whole"
		}
		if n.Times > 1 {
			times = fmt.Sprintf(" and %d more like it", n.Times-1)
		}
		p.print("  %s%s\n", markup.Clean(path), times)
		p.wrap("    ", markup.Clean(n.Says))
		if len(n.Also) > 0 {
			p.wrap("    ", "also: "+markup.Clean(strings.Join(n.Also[:min(len(n.Also), maxAlso)], ", ")))
			if more := len(n.Also) - maxAlso; more > 0 {
				p.print("    and %d more\n", more)
			}
		}
	}
}
