package report

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// threats are all threats by rule, the worst first. What a rule says stands
// once, and not at each of its threats.
func (b *builder) threats() []Block {
	if len(b.Threats) == 0 {
		return []Block{Para(text("No threat follows from the model yet. That is no proof that there is none."))}
	}
	out := []Block{b.byState()}
	for _, g := range b.groups {
		out = append(out, b.ruleGroup(g))
	}
	return out
}

// byState counts the threats in each state.
func (b *builder) byState() Block {
	n := map[ssf.State]int{}
	for _, t := range b.Threats {
		n[t.State]++
	}
	l := List{Inline: true}
	for _, s := range ssf.States {
		if n[s] > 0 {
			l.Items = append(l.Items, text(strconv.Itoa(n[s])+" ", state(s)))
		}
	}
	return l
}

func (b *builder) ruleGroup(g ruleGroup) Group {
	first := g.threats[0]
	title := first.Title
	r := b.rules[g.rule]
	if title == "" {
		title = string(g.rule)
	}
	open := 0
	for _, t := range g.threats {
		if !t.State.Treated() {
			open++
		}
	}
	out := Group{ID: anchor("rule", g.rule), Title: text(title, " ", aside(number(len(g.threats), "place", "places")+", "+strconv.Itoa(open)+" open"))}
	about := text(mono(g.rule))
	if first.Origin != "" {
		about = append(about, Span{Plain, ", from " + string(first.Origin), ""})
	}
	if len(first.Stride) > 0 {
		about = append(about, Span{Plain, ", " + words(ssf.Join(first.Stride)), ""})
	}
	if r != nil {
		about = append(about, catalogued(slices.Concat(r.Weaknesses, r.Attacks))...)
	}
	if first.Severity != ssf.Unknown {
		about = append(about, Span{Plain, ", rated " + first.Severity.String() + " as a whole", ""})
	}
	if first.FromTool != "" {
		about = append(about, Span{Plain, ", from ", ""}, mono(first.FromTool))
	}
	out.Blocks = append(out.Blocks, Para(about))
	if r != nil {
		says := r.Plain
		if says == "" {
			says = r.Says
		}
		if says != title {
			out.Blocks = append(out.Blocks, Para(text(says)))
		}
	}
	shown := g.threats
	if len(shown) > 3*maxPlaces {
		shown = shown[:2*maxPlaces]
	}
	out.Blocks = append(out.Blocks, b.threatTable(title, shown))
	if more := g.threats[len(shown):]; len(more) > 0 {
		out.Blocks = append(out.Blocks, Details{Summary: text(number(len(more), "more place", "more places")), Blocks: []Block{b.threatTable(title+", more places", more)}})
	}
	out.Blocks = append(out.Blocks, b.behindRule(r, g.threats))
	if said := b.joined(g.threats); len(said) > 0 {
		out.Blocks = append(out.Blocks, said)
	}
	return out
}

// joined are the threats of the team's own that some threats are the same as.
func (b *builder) joined(ts []*ssf.Threat) (items Items) {
	for i := range b.Joined {
		j := &b.Joined[i]
		if !slices.ContainsFunc(ts, func(t *ssf.Threat) bool { return slices.Contains(t.Also, j.ID) }) {
			continue
		}
		says := text(j.Title)
		if j.Says != j.Title {
			says = append(says, Span{Plain, ": " + j.Says, ""})
		}
		about := catalogued(slices.Concat(j.Weaknesses, j.Attacks))
		if j.Severity != ssf.Unknown {
			about = append(about, Span{Plain, ", rated " + j.Severity.String() + " as a whole, which counts where a factor is unknown", ""})
		}
		if j.FromTool != "" {
			about = append(about, Span{Plain, ", from ", ""}, mono(j.FromTool))
		}
		if len(about) > 0 {
			about[0].S = strings.TrimPrefix(about[0].S, ", ")
			says = text(says, " (", about, ")")
		}
		items = append(items, Item{"The team's " + string(j.ID), says})
	}
	return items
}

// catalogued are weaknesses and attack patterns, each after a comma.
func catalogued(ids []ssf.ID) (t Text) {
	for _, id := range ids {
		t = append(t, Span{Plain, ", ", ""}, catalogue(id))
	}
	return t
}

// threatTable is one row for each threat.
func (b *builder) threatTable(caption string, ts []*ssf.Threat) Table {
	t := Table{Caption: caption, Columns: []string{"Where", "State", "Risk", "Why"}, Compact: true}
	for _, x := range ts {
		where := text(mono(x.Element))
		if p := b.placeOf(x); p.Known() {
			where = append(where, Span{Plain, " ", ""}, aside(p.File+":"+strconv.Itoa(p.Line)))
		}
		why := prose(x.Why)
		switch x.State {
		case ssf.Claimed:
			why = append(text("by the claim "), why...)
		case ssf.Mitigated, ssf.Verified:
			why = append(text("by "), why...)
		}
		for _, ch := range x.Changes {
			why = append(why, Span{Plain, "; " + ch.String(), ""})
		}
		if len(x.Needs) > 0 && !x.State.Treated() {
			why = append(why, Span{Plain, "; unknown: ", ""})
			for i, f := range x.Needs {
				if i == maxPlaces {
					why = append(why, Span{Plain, " and " + strconv.Itoa(len(x.Needs)-i) + " more", ""})
					break
				}
				if i > 0 {
					why = append(why, Span{Plain, ", ", ""})
				}
				why = append(why, mono(f.String()))
			}
		}
		if len(x.Also) > 0 {
			why = append(why, Span{Plain, "; the same as ", ""})
			why = append(why, monos(x.Also)...)
		}
		if x.ImpactWhy != "" {
			why = append(why, Span{Plain, ". ", ""}, aside("Likelihood "+x.Likelihood.String()+", impact "+x.Impact.String()+": "+x.ImpactWhy))
		}
		t.Rows = append(t.Rows, Row{anchor("t", x.ID), []Text{where, text(state(x.State)), text(level(x.Risk)), why}})
	}
	return t
}

// behindRule is what a rule says in full, how its likelihood was rated, and the
// measures with their recipes.
func (b *builder) behindRule(r *ssf.RuleInfo, ts []*ssf.Threat) Details {
	d := Details{Summary: text("What happens, how likely, and what counters it")}
	var items Items
	if r != nil {
		if r.Plain != "" {
			items = append(items, Item{"What happens", text(r.Says)})
		}
		if r.QuietWhen != "" {
			items = append(items, Item{"Quiet when", text(r.QuietWhen)})
		}
	}
	type reason struct {
		level ssf.Level
		why   string
	}
	var reasons []reason
	n := map[reason]int{}
	for _, t := range ts {
		x := reason{t.Likelihood, t.LikelihoodWhy}
		if n[x]++; n[x] == 1 {
			reasons = append(reasons, x)
		}
	}
	for i, x := range reasons {
		if i == maxTasks {
			items = append(items, Item{"Likelihood", text("and " + number(len(reasons)-i, "other reason", "other reasons"))})
			break
		}
		items = append(items, Item{"Likelihood " + x.level.String(), text(sentence(x.why), " ", aside(number(n[x], "place", "places")))})
	}
	if len(items) > 0 {
		d.Blocks = append(d.Blocks, items)
	}
	if r == nil {
		return d
	}
	var measures List
	for _, id := range r.Measures {
		name := mono(id)
		if b.detailed[id] {
			name = link(string(id), anchor("measure", id))
		}
		item := text("Measure ", name)
		if m := b.measure[id]; m != nil {
			item = append(item, text(": ", m.Title, ", effort ", m.Effort.String())...)
		}
		measures.Items = append(measures.Items, item)
	}
	if len(measures.Items) > 0 {
		d.Blocks = append(d.Blocks, measures)
	}
	return d
}

var numbered = regexp.MustCompile(`^(CWE|CAPEC)-([0-9]{1,6})$`)

// catalogue leads to the entry of a weakness or an attack pattern.
func catalogue(id ssf.ID) Span {
	m := numbered.FindStringSubmatch(string(id))
	switch {
	case m == nil:
		return mono(id)
	case m[1] == "CWE":
		return Span{Outside, string(id), "https://cwe.mitre.org/data/definitions/" + m[2] + ".html"}
	}
	return Span{Outside, string(id), "https://capec.mitre.org/data/definitions/" + m[2] + ".html"}
}

// needed are the measures whose text somebody needs now: a threat that is there
// and open names them, or a mitigation of the model is one. A threat that is
// only undecided may never come to be, so its measures are told by title.
func (b *builder) needed() map[ssf.ID]bool {
	out := map[ssf.ID]bool{}
	need := func(ids ...ssf.ID) {
		for _, id := range ids {
			if b.measure[id] != nil {
				out[id] = true
			}
		}
	}
	for i := range b.Threats {
		t := &b.Threats[i]
		if t.State.Treated() || t.State == ssf.Undecided {
			continue
		}
		need(t.Measures...)
		if r := b.rules[t.Rule]; r != nil {
			need(r.Measures...)
		}
	}
	for _, m := range b.Mitigations {
		need(m.ID, m.Measure)
	}
	return out
}

// measureList tells each measure that is needed once, with the ways to show that it works.
func (b *builder) measureList() Details {
	d := Details{Summary: text("Measures against what is open, or in use: ", strconv.Itoa(len(b.detailed)))}
	for i := range b.Case.Measures {
		m := &b.Case.Measures[i]
		if !b.detailed[m.ID] {
			continue
		}
		items := Items{{"What to do", text(m.Says)}}
		if m.Where != "" {
			items = append(items, Item{"Usually sits", text(m.Where)})
		}
		if m.Leaves != "" {
			items = append(items, Item{"Leaves open", text(m.Leaves)})
		}
		for _, v := range m.Verify {
			how := text(v.How)
			if v.Break != "" {
				how = append(how, Span{Plain, " To see it fail: " + v.Break, ""})
			}
			items = append(items, Item{"Verify by " + words(v.Method), how})
		}
		d.Blocks = append(d.Blocks, Group{anchor("measure", m.ID), text(m.Title, " ", aside(string(m.ID)+", "+m.Kind+", effort "+m.Effort.String())), []Block{items}})
	}
	return d
}
