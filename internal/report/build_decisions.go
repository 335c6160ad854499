package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"ssf"
)

// person is who an id stands for.
func (b *builder) person(id ssf.ID) string {
	if p := b.people[id]; p != nil && p.Name != "" {
		return p.Name
	}
	if id == "" {
		return "nobody named"
	}
	return string(id)
}

// decisions are what people decided other than to mitigate: the risks they
// accept, what lapses, what does not apply, and the rest.
func (b *builder) decisions() []Block {
	var out []Block
	if l := b.lapsing(); len(l) > 0 {
		out = append(out, l...)
	}
	for _, part := range []struct {
		title string
		keep  func(*ssf.DecisionResult) bool
	}{
		{"Accepted risks", func(d *ssf.DecisionResult) bool { return d.Treat == "accept" }},
		{"Transferred", func(d *ssf.DecisionResult) bool { return d.Treat == "transfer" }},
		{"Planned", func(d *ssf.DecisionResult) bool { return d.Treat == "mitigate" }},
		{"Not applicable", func(d *ssf.DecisionResult) bool { return d.Treat == "not_applicable" }},
		{"Likelihoods and findings", func(d *ssf.DecisionResult) bool { return d.Kind == "rate" || d.Treat == "waive" }},
	} {
		if t := b.decisionTable(part.title, part.keep); len(t.Rows) > 0 {
			out = append(out, Group{Title: text(part.title, " ", aside(strconv.Itoa(len(t.Rows)))), Blocks: []Block{t}})
		}
	}
	if len(out) == 0 {
		return []Block{Para(text("Nothing was decided: no risk is accepted, and nothing was declared not applicable."))}
	}
	return out
}

// decisionTable lists decisions by who decided, then by their end.
func (b *builder) decisionTable(caption string, keep func(*ssf.DecisionResult) bool) Table {
	t := Table{Caption: caption, Columns: []string{"About", "Because", "By", "Until", "Covers"}}
	var ds []*ssf.DecisionResult
	for i := range b.Case.Decisions {
		if d := &b.Case.Decisions[i]; keep(d) {
			ds = append(ds, d)
		}
	}
	slices.SortStableFunc(ds, func(x, y *ssf.DecisionResult) int {
		if c := strings.Compare(string(x.By), string(y.By)); c != 0 {
			return c
		}
		return strings.Compare(ending(x), ending(y))
	})
	for _, d := range ds {
		about := text(mono(d.About))
		switch {
		case d.At == "":
		case d.Kind == "finding":
			about = append(about, Span{Plain, " in " + d.At, ""})
		default:
			about = append(about, Span{Plain, " where " + d.At, ""})
		}
		if d.Likelihood != "" {
			about = append(about, Span{Plain, ", likelihood " + d.Likelihood, ""})
		}
		because := text(d.Because)
		if d.HoldsIf != "" {
			because = append(because, Span{Plain, " As long as ", ""}, mono(d.HoldsIf))
		}
		if d.To != "" {
			because = append(because, Span{Plain, " Taken by assumption ", ""}, link(string(d.To), anchor("a", d.To)))
		}
		if d.Ticket != "" {
			because = append(because, Span{Plain, " Ticket " + d.Ticket, ""})
		}
		by := d.By
		if by == "" {
			by = d.Owner
		}
		until := text(ending(d))
		if ending(d) == "" {
			until = text("no end")
		}
		if d.Lapsed {
			until = append(until, Span{Plain, " ", ""}, Span{Badge, "lapsed", bad})
		}
		covers := b.links(d.Covers)
		if len(d.Covers) == 0 {
			covers = text("nothing")
		}
		t.Rows = append(t.Rows, Row{Cells: []Text{about, because, text(b.person(by)), until, covers}})
	}
	return t
}

// ending is the day on which a decision lapses or its plan is due.
func ending(d *ssf.DecisionResult) string {
	if d.Until != "" {
		return d.Until
	}
	return d.Due
}

// days are the days from now to a date; false if it is none.
func (b *builder) days(date string) (int, bool) {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0, false
	}
	now := b.Now.UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	return int(t.Sub(today).Hours() / 24), true
}

// lapsing is what is over, and what ends within 30 and within 90 days.
func (b *builder) lapsing() []Block {
	parts := []struct {
		says  string
		least int // days from now
		most  int
	}{{"Overdue", -1 << 30, -1}, {"Lapses within 30 days", 0, 30}, {"Lapses within 90 days", 31, 90}}
	var out []Block
	for _, p := range parts {
		t := Table{Caption: p.says, Columns: []string{"What", "Day", "Who"}}
		add := func(what Text, day, who string) {
			if n, ok := b.days(day); ok && p.least <= n && n <= p.most {
				t.Rows = append(t.Rows, Row{Cells: []Text{what, text(day), text(who)}})
			}
		}
		for i := range b.Case.Decisions {
			d := &b.Case.Decisions[i]
			by, what := d.By, d.Treat
			if d.Owner != "" {
				by = d.Owner
			}
			if what == "" {
				what = d.Kind
			}
			add(text(words(what)+" ", mono(d.About)), ending(d), b.person(by))
		}
		add(text("security support of the product"), b.System.SupportUntil, b.System.Supplier)
		slices.SortStableFunc(t.Rows, func(x, y Row) int { return strings.Compare(x.Cells[1][0].S, y.Cells[1][0].S) })
		if len(t.Rows) > 0 {
			out = append(out, Group{Title: text(p.says, " ", aside(strconv.Itoa(len(t.Rows)))), Blocks: []Block{t}})
		}
	}
	return out
}
