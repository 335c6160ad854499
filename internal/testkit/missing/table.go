package missing

import (
	"fmt"
	"io"
)

// Table writes the measure of some models as Markdown, those first whose authors
// wrote threats at their elements. Found is by class of STRIDE at the same element,
// or because the threat itself was joined to one of the library.
func Table(w io.Writer, rows []*Row) error {
	var b writer
	b.printf("| model | elements | written | found | by STRIDE per element | derived an element | or asked about | STRIDE per element | questions |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	var all, atElements, atFlows totals
	for _, withThreats := range []bool{true, false} {
		for _, r := range rows {
			if (len(r.Theirs) > 0) != withThreats {
				continue
			}
			t := r.totals()
			b.row(r.Name, t)
			all = all.plus(t)
			switch {
			case r.Interactions:
				atFlows = atFlows.plus(t)
			case withThreats:
				atElements = atElements.plus(t)
			}
		}
	}
	b.row("written at elements", atElements)
	b.row("written with Microsoft's tool", atFlows)
	b.row("all", all)
	_, err := w.Write(b.text)
	return err
}

// totals are the numbers of a row, which sums are made of.
type totals struct{ elements, theirs, found, byTable, sure, ours, plain, questions int }

func (r *Row) totals() totals {
	return totals{r.Elements, len(r.Theirs), len(r.Theirs) - len(r.Missed()), r.Found(r.Plain), len(r.Sure), len(r.Ours), len(r.Plain), r.Questions}
}

// plus adds two; of questions, the greater counts.
func (t totals) plus(o totals) totals {
	return totals{t.elements + o.elements, t.theirs + o.theirs, t.found + o.found, t.byTable + o.byTable, t.sure + o.sure, t.ours + o.ours, t.plain + o.plain, max(t.questions, o.questions)}
}

type writer struct{ text []byte }

func (b *writer) printf(format string, args ...any) {
	b.text = fmt.Appendf(b.text, format, args...)
}

func (b *writer) row(name string, t totals) {
	share := func(n int) string {
		if t.theirs == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f", float64(n)/float64(t.theirs))
	}
	mean := func(n int) float64 { return float64(n) / float64(max(t.elements, 1)) }
	b.printf("| %s | %d | %d | %s | %s | %.2f | %.2f | %.2f | %d |\n", name, t.elements, t.theirs, share(t.found), share(t.byTable), mean(t.sure), mean(t.ours), mean(t.plain), t.questions)
}
