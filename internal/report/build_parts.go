package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ssf"
)

// questions are the facts that nobody has stated, those that decide most first.
func (b *builder) questions() []Block {
	if len(b.Questions) == 0 {
		return []Block{Para(text("No open questions."))}
	}
	var out []Block
	for _, q := range slices.Concat(b.Questions, b.Later) {
		decides := "decides " + number(q.Unlocks, "threat", "threats")
		if q.Unlocks == 0 {
			decides = "decides which needs there are"
		}
		items := Items{}
		switch {
		case len(q.Means) > 0:
			for i, v := range q.Values {
				items = append(items, Item{v, text(q.Means[i])})
			}
		case len(q.Values) > 0:
			items = append(items, Item{"Answers", monos(q.Values)})
		}
		if len(q.KnownBy) > 0 {
			items = append(items, Item{"Ask", text(knowers(q.KnownBy))})
		}
		blocks := []Block{Para(text(q.Asks))}
		if len(items) > 0 {
			blocks = append(blocks, items)
		}
		if len(q.Elements) > 0 {
			blocks = append(blocks, listing(text("At"), q.Elements))
		}
		if len(q.Asked) > 0 {
			blocks = append(blocks, listing(text("Asked already at"), q.Asked))
		}
		out = append(out, Group{anchor("q", q.Fact), text(mono(q.Fact), " ", aside(decides)), blocks})
	}
	if n := len(b.Later); n > 0 {
		at := len(b.Questions)
		says := text(number(n, "more question", "more questions") + ", as far as the answers to these leave " + them(n) + " open")
		out = append(out[:at:at], Details{Summary: says, Blocks: out[at:]})
	}
	return out
}

// listing is a few ids at once, or many behind their number.
func listing[S ~string](what Text, ids []S) Block {
	if len(ids) <= 2*maxPlaces {
		return Para(text(what, " ", monos(ids)))
	}
	return Details{Summary: text(what, " ", number(len(ids), "element", "elements")), Blocks: []Block{inline(ids)}}
}

// matrices are the cells that a need opens: the gaps first, then the rest.
func (b *builder) matrices() []Block {
	var out []Block
	for _, m := range b.Matrices {
		gaps := Table{Caption: "Needs of " + m.Name + " that nothing answers", Columns: []string{"Element", "Properties that nothing answers"}}
		rest := Table{Caption: "Needs of " + m.Name + " that are answered", Columns: []string{"Need", "Level", "Answered by"}}
		row := map[ssf.ID]int{}
		for _, c := range m.Cells {
			if len(c.AnsweredBy) > 0 {
				l := text(level(c.Level))
				if c.Level == ssf.Unknown {
					l = text("")
				}
				rest.Rows = append(rest.Rows, Row{Cells: []Text{text(mono(c.Cell.String())), l, monos(c.AnsweredBy)}})
				continue
			}
			i, ok := row[c.Cell.Element]
			if !ok {
				i = len(gaps.Rows)
				row[c.Cell.Element] = i
				gaps.Rows = append(gaps.Rows, Row{Cells: []Text{text(mono(c.Cell.Element)), nil}})
			}
			cell := &gaps.Rows[i].Cells[1]
			if *cell != nil {
				*cell = append(*cell, Span{Plain, ", ", ""})
			}
			*cell = append(*cell, Span{Plain, string(c.Cell.Property), ""})
			if c.Level != ssf.Unknown {
				*cell = append(*cell, Span{Plain, " ", ""}, level(c.Level))
			}
		}
		g := Group{Title: text("Needs of ", m.Name, " ", aside(ofN(m.Answered, len(m.Cells), "answered")))}
		if len(m.Columns) == 1 { // a catalogue: each of its controls is one cell
			g.Title[0].S = "Controls of "
			var open []ssf.ID
			for _, c := range m.Cells {
				if len(c.AnsweredBy) == 0 {
					open = append(open, c.Cell.Element)
				}
			}
			if len(open) > 0 {
				g.Blocks = append(g.Blocks, Details{Summary: text("Not answered: ", strconv.Itoa(len(open))), Blocks: []Block{inline(open)}})
			}
		} else if n := len(gaps.Rows); n > 3*maxPlaces {
			head := gaps
			head.Rows = head.Rows[:2*maxPlaces]
			gaps.Caption, gaps.Rows = "More needs of "+m.Name+" that nothing answers", gaps.Rows[2*maxPlaces:]
			g.Blocks = append(g.Blocks, head, Details{Summary: text(number(len(gaps.Rows), "more element has", "more elements have") + " gaps"), Blocks: []Block{gaps}})
		} else if n > 0 {
			g.Blocks = append(g.Blocks, gaps)
		}
		if len(rest.Rows) > 0 {
			g.Blocks = append(g.Blocks, Details{Summary: text("Answered: ", strconv.Itoa(len(rest.Rows))), Blocks: []Block{rest}})
		}
		if len(m.Cells) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func requirementStatus(s ssf.RequirementStatus) Span {
	class := map[ssf.RequirementStatus]string{ssf.Upheld: good, ssf.NotUpheld: bad, ssf.NotShown: doubt, ssf.Residual: doubt}[s]
	if class == "" {
		class = neutral
	}
	return Span{Badge, words(s), class}
}

// requirements are what secure means here, each with what it rests on.
func (b *builder) requirements() []Block {
	if len(b.Requirements) == 0 {
		return nil
	}
	order := []ssf.RequirementStatus{ssf.NotUpheld, ssf.NotShown, ssf.Residual, ssf.UpheldByAssumption, ssf.Upheld}
	rs := slices.Clone(b.Requirements)
	slices.SortStableFunc(rs, func(x, y ssf.RequirementResult) int {
		return slices.Index(order, x.Status) - slices.Index(order, y.Status)
	})
	t := Table{Caption: "Requirements and what they rest on", Columns: []string{"Requirement", "State", "Protects", "Rests on"}}
	for _, r := range rs {
		var cells []string
		for _, c := range r.Protects {
			cells = append(cells, c.String())
		}
		rests := text(number(len(r.Threats), "threat", "threats") + ", " + strconv.Itoa(len(r.Open)) + " open")
		if r.Status == ssf.NotShown {
			rests = text("no threat was derived, so nothing shows it")
		}
		t.Rows = append(t.Rows, Row{anchor("r", r.ID), []Text{text(mono(r.ID), " "+r.Says), text(requirementStatus(r.Status)), monos(cells), rests}})
	}
	out := []Block{t}
	for _, r := range rs {
		if len(r.Threats) > 0 {
			blocks := []Block{b.subjects(r.Threats)}
			if len(r.Open) > 0 {
				blocks = append([]Block{Para(append(text("Open: "), b.links(r.Open)...))}, blocks...)
			}
			out = append(out, Details{Summary: text(mono(r.ID), " rests on ", number(len(r.Threats), "threat", "threats")), Blocks: blocks})
		}
	}
	return out
}

// duties are the assumptions: what others must see to, by owner.
func (b *builder) duties() []Block {
	if len(b.Assumptions) == 0 {
		return nil
	}
	as := slices.Clone(b.Assumptions)
	rank := func(owner string) int {
		if owner == "customer" {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(as, func(x, y ssf.AssumptionInfo) int {
		return cmp.Or(rank(x.Owner)-rank(y.Owner), strings.Compare(x.Owner, y.Owner))
	})
	t := Table{Caption: "Assumptions", Columns: []string{"Who", "What is assumed", "When", "Holds"}}
	customer := 0
	for _, a := range as {
		if a.Owner == "customer" {
			customer++
		}
		holds := Span{Badge, "unknown", doubt}
		switch a.Holds {
		case ssf.Yes:
			holds = Span{Badge, "yes", good}
		case ssf.No:
			holds = Span{Badge, "no", bad}
		}
		owner := a.Owner
		if owner == "" {
			owner = "nobody"
		}
		t.Rows = append(t.Rows, Row{anchor("a", a.ID), []Text{text(words(owner)), text(mono(a.ID), " "+a.Says), text(words(a.When)), text(holds)}})
	}
	return []Block{Para(text("If an assumption is false, the threats that it takes are open again. " + number(customer, "is a duty", "are duties") + " of the customer.")), t}
}

// mitigations are what is done against threats, and where it is.
func (b *builder) mitigations() []Block {
	var out []Block
	if len(b.Mitigations) > 0 {
		t := Table{Caption: "Mitigations", Columns: []string{"Mitigation", "State", "Where", "Counters"}}
		for _, m := range b.Mitigations {
			s := Span{Badge, words(m.State), doubt}
			if m.State == "implemented" {
				s.Ref = good
				if !m.Placed {
					s = Span{Badge, "without a place", bad}
				}
			}
			t.Rows = append(t.Rows, Row{anchor("m", m.ID), []Text{text(mono(m.ID), strings.TrimRight(" "+m.Name, " ")), text(s), monos(m.Where), b.links(m.Counters)}})
		}
		out = append(out, t)
	} else {
		out = append(out, Para(text("No mitigation is described yet.")))
	}
	if claims := b.claims(); len(claims) > 0 {
		out = append(out, Details{ID: "claims", Summary: text("Claimed facts without a verification: ", strconv.Itoa(len(claims))), Blocks: []Block{inline(claims)}})
	}
	if len(b.detailed) > 0 {
		out = append(out, b.measureList())
	}
	return out
}

// claims are the facts that are claimed to counter a threat and that no
// verification is about.
func (b *builder) claims() (out []ssf.ID) {
	for _, d := range b.Diagnostics {
		if d.Check == "implementation/claimed-without-verification" {
			out = append(out, d.Subject)
		}
	}
	return out
}

// assertions are facts that lower threats by what a thing is, on somebody's word.
func (b *builder) assertions() []Block {
	if len(b.Assertions) == 0 {
		return nil
	}
	type kind struct {
		fact  ssf.ID
		value ssf.Value
	}
	var order []kind
	at := map[kind][]ssf.ID{}
	for _, f := range b.Assertions {
		k := kind{f.Fact, ""}
		if e := b.elements[f.Element]; e != nil {
			for _, x := range e.Facts {
				if x.Name == f.Fact {
					k.value = x.Value
				}
			}
		}
		if at[k] == nil {
			order = append(order, k)
		}
		at[k] = append(at[k], f.Element)
	}
	slices.SortStableFunc(order, func(x, y kind) int {
		return cmp.Or(strings.Compare(string(x.fact), string(y.fact)), strings.Compare(string(x.value), string(y.value)))
	})
	out := []Block{Para(text("What a thing is decides whether some threats are there. These facts stand on the word of the model's authors."))}
	for _, k := range order {
		out = append(out, listing(text(mono(string(k.fact)+": "+string(k.value)), " of"), at[k]))
	}
	return out
}

func (b *builder) deployments() []Block {
	if len(b.Deployments) == 0 {
		return nil
	}
	out := []Block{Para(text("All else in this report is the worst over all deployments; here is what is otherwise in each."))}
	for _, d := range b.Deployments {
		g := Group{Title: text(mono(d.ID), " ", aside("reaches "+phase(d.Reach)+", "+number(len(d.Threats), "threat", "threats")+" otherwise"))}
		t := Table{Caption: "Threats that are otherwise in " + string(d.ID), Columns: []string{"Threat", "There", "In this report"}}
		for _, x := range d.Threats {
			there, here := text("not there"), text("")
			if x.State != "" {
				there = text(state(x.State))
			}
			if y := b.threat[x.ID]; y != nil {
				here = text(state(y.State))
			}
			t.Rows = append(t.Rows, Row{Cells: []Text{text(b.to(x.ID)), there, here}})
		}
		if len(t.Rows) > 0 {
			g.Blocks = append(g.Blocks, t)
		} else {
			g.Blocks = append(g.Blocks, Para(text("Nothing is otherwise.")))
		}
		out = append(out, g)
	}
	return out
}

// problems are all diagnostics by check; what a check means stands once.
func (b *builder) problems() []Block {
	var out []Block
	if b.Base.Rev != "" {
		out = append(out, Para(text(number(b.Base.Known, "problem", "problems")+" that were there at ", mono(b.Base.Rev), " are left out.")))
	}
	groups := byCheck(b.shown())
	if len(groups) == 0 {
		return append(out, Para(text("There is nothing to say about the model's files.")))
	}
	for _, g := range groups {
		d := Details{ID: anchor("check", g[0].Check), Summary: text(severityBadge(g[0].Severity), " "+string(g[0].Check)+" ", aside(number(len(g), "time", "times")))}
		if k := b.checks[g[0].Check]; k != nil {
			d.Summary = text(severityBadge(g[0].Severity), " "+k.Title+" ", aside(string(k.ID)+", "+number(len(g), "time", "times")))
			d.Blocks = append(d.Blocks, Para(prose(k.Says+" "+k.Fix)))
		}
		var l List
		for _, x := range g {
			item := text(place(x.Pos))
			if x.Pos.Known() {
				item = append(item, Span{Plain, " ", ""})
			}
			l.Items = append(l.Items, append(item, prose(x.Message)...))
		}
		d.Blocks = append(d.Blocks, l)
		out = append(out, d)
	}
	return out
}

// glossary has the words that a report cannot do without.
var glossary = Items{
	{"Phase, reach", text("There are five phases, one built on the other; the reach is the last one of which all controls are met, with all before it.")},
	{"Policy", text("Which phase somebody demands that the product reach, and how many threats may be open; the verdict compares with it.")},
	{"Cell", text("One property of one element, such as the integrity of orders; a need, requirement or decision answers it.")},
	{"Open", text("A threat that nothing counters and about which nobody has decided; undecided, unreviewed and stale ones are counted as open too.")},
	{"Undecided", text("The model leaves out a fact that decides whether the threat is there; the questions ask for it.")},
	{"Planned", text("The threat counts as treated because a mitigation is intended, but nothing is built yet.")},
	{"Claimed", text("The threat counts as treated because the model says that something counters it; nothing proves that.")},
	{"Unreviewed", text("A decision made by a pattern covers the threat, but nobody has confirmed that it was meant to.")},
	{"Stale", text("What a decision stood on has changed since it was confirmed, so somebody has to decide again.")},
	{"Lock file, pin", text("The lock file has one line, a pin, for each decision that somebody has confirmed, and shows when it is no longer about the same thing.")},
	{"Basis", text("The facts that a decision about a threat stands on, as a digest in its pin; if it differs, the decision is stale.")},
	{"Unknown", text("Nobody has stated it; it counts as the worst, so that a report never looks better for what is left out.")},
}

// made is from what and by what the case was made.
func (b *builder) made() []Block {
	items := Items{{"Tool", text(b.Tool)}, {"Time", text(b.Now.UTC().Format(time.RFC3339))}}
	if b.Commit != "" {
		c := text(mono(b.Commit))
		if b.Dirty {
			c = append(c, Span{Plain, ", with changes that are not committed", ""})
		}
		items = append(items, Item{"Commit", c})
	}
	for _, l := range b.Library {
		items = append(items, Item{"Library", text(mono(l.Name), " "+l.Version+", digest ", mono(l.Digest.String()))})
	}
	lock := "there is none, so patterns are not reviewed"
	if b.Locked {
		lock = "decisions are pinned in it"
	}
	items = append(items, Item{"Lock file", text(lock)})
	return []Block{items, Para(text("Made from the case alone: a report made from a stored case has the same bytes. What is not in the model is not judged here.")), Group{Title: text("How to read this"), Blocks: []Block{glossary}}}
}
