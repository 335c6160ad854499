package report

import (
	"strconv"

	"ssf"
)

// maxListed is how many problems a comment lists; the rest is counted, for
// forges limit the size of a comment.
const maxListed = 60

// PullRequest makes a short report for a comment on a change: the verdict, what
// the change made worse, the phases, the first things to do and the problems.
func PullRequest(c *ssf.Case, o CheckOptions) *Document {
	b := newBuilder(c)
	kind, says := verdict(c)
	d := &Document{Title: product(c), Lead: []Block{Notice{kind, text(says)}}}
	if change := b.change(); len(change) > 0 {
		d.Lead = append(d.Lead, change...)
	}
	t := Table{Caption: "Phases", Columns: []string{"Phase", "Done", "Controls"}}
	for _, bar := range b.phases() {
		says := "nothing to count yet"
		if bar.Of > 0 {
			says = ofN(bar.Done, bar.Of, bar.Counts)
		}
		t.Rows = append(t.Rows, Row{Cells: []Text{text(bar.Name), text(says), bar.Status}})
	}
	d.Lead = append(d.Lead, t)
	if tasks := b.first(3); len(tasks) > 0 && !o.Quiet && c.Base.Rev == "" { // else the change says what to do
		d.Sections = append(d.Sections, Section{"first", "What to do first", tasks})
	}
	shown := o.selected(c)
	if len(shown) == 0 {
		return d
	}
	var l List
	for i, x := range shown {
		if i == maxListed {
			l.Items = append(l.Items, text("and "+strconv.Itoa(len(shown)-i)+" more; `ssf check` shows all"))
			break
		}
		item := text(severityBadge(x.Severity), " ", place(x.Pos), " ")
		l.Items = append(l.Items, append(item, prose(x.Message)...))
	}
	d.Sections = append(d.Sections, Section{"problems", "Problems", []Block{Details{Summary: text(number(len(shown), "problem", "problems")), Blocks: []Block{l}}}})
	return d
}

// selected are the diagnostics that these options show.
func (o CheckOptions) selected(c *ssf.Case) (out []ssf.Diagnostic) {
	for _, d := range news(c) {
		if o.Quiet && d.Severity != ssf.Error || d.Severity == ssf.Hint && !o.Hints {
			continue
		}
		out = append(out, d)
	}
	return out
}
