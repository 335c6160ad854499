package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"ssf"
	"ssf/internal/report/picture"
)

// Build makes the report of a case. Nothing but the case is read.
func Build(c *ssf.Case) *Document {
	b := newBuilder(c)
	d := &Document{Title: product(c), Lead: b.lead()}
	add := func(id, title string, blocks ...Block) {
		if len(blocks) > 0 {
			d.Sections = append(d.Sections, Section{id, title, blocks})
		}
	}
	add("phases", "Phases", b.phases())
	add("change", "What this change made worse", b.change()...)
	add("first", "What to do first", b.first(maxTasks)...)
	if len(c.Elements) > 0 {
		add("picture", "The system", Figure{picture.SVG(c), pictureCaption})
	}
	add("measures", "In numbers", b.measures()...)
	add("threats", "Threats", b.threats()...)
	add("questions", "Open questions", b.questions()...)
	add("needs", "Security needs", b.matrices()...)
	add("requirements", "Requirements", b.requirements()...)
	add("decisions", "Decisions", b.decisions()...)
	add("duties", "Assumptions and duties", b.duties()...)
	add("mitigations", "Mitigations", b.mitigations()...)
	add("verifications", "Verifications", b.verifications()...)
	add("assertions", "Assertions", b.assertions()...)
	add("deployments", "Deployments", b.deployments()...)
	add("problems", "All problems", b.problems()...)
	add("made", "How this was made", b.made()...)
	return d
}

// pictureCaption says what the picture shows, and where it shows threats that
// have no place of their own in it.
const pictureCaption = "Zones, what runs in them, and what flows between them; the threats of a function are counted at the component that has it"

// A builder holds the case and what its parts look up in it.
type builder struct {
	*ssf.Case
	rules    map[ssf.ID]*ssf.RuleInfo
	measure  map[ssf.ID]*ssf.MeasureInfo
	checks   map[ssf.ID]*ssf.CheckInfo
	people   map[ssf.ID]*ssf.PersonInfo
	elements map[ssf.ID]*ssf.ElementInfo
	ways     map[ssf.ID]*ssf.MitigationResult // mitigations
	around   map[ssf.ID]bool                  // rules whose threats stand on those
	threat   map[ssf.ID]*ssf.Threat
	groups   []ruleGroup
	told     map[aboutControl][]ssf.Diagnostic // gaps and errors that are shown
	detailed map[ssf.ID]bool                   // measures whose text the report has
}

// aboutControl is a control and a subject that is not right for it.
type aboutControl struct{ control, subject ssf.ID }

// A ruleGroup are the threats of one rule, the worst first.
type ruleGroup struct {
	rule    ssf.ID
	threats []*ssf.Threat
}

func newBuilder(c *ssf.Case) *builder {
	b := &builder{Case: c}
	b.rules = index(c.Rules, func(r *ssf.RuleInfo) ssf.ID { return r.ID })
	for i := range c.Threats { // a threat of the team's own says of itself what a rule says of its threats
		if t := &c.Threats[i]; b.rules[t.Rule] == nil && t.Says != "" {
			b.rules[t.Rule] = &ssf.RuleInfo{ID: t.Rule, Title: t.Title, Origin: t.Origin, Stride: t.Stride, Weaknesses: t.Weaknesses, Attacks: t.Attacks, Says: t.Says}
		}
	}
	b.measure = index(c.Measures, func(m *ssf.MeasureInfo) ssf.ID { return m.ID })
	b.checks = index(c.Checks, func(k *ssf.CheckInfo) ssf.ID { return k.ID })
	b.people = index(c.People, func(p *ssf.PersonInfo) ssf.ID { return p.ID })
	b.elements = index(c.Elements, func(e *ssf.ElementInfo) ssf.ID { return e.ID })
	b.ways = index(c.Mitigations, func(m *ssf.MitigationResult) ssf.ID { return m.ID })
	b.around = c.OnMitigation()
	b.threat = index(c.Threats, func(t *ssf.Threat) ssf.ID { return t.ID })
	b.groups = byRule(c, func(*ssf.Threat) bool { return true })
	b.told = map[aboutControl][]ssf.Diagnostic{}
	for _, d := range b.shown() {
		if k := b.checks[d.Check]; k != nil && k.Control != "" && (d.Severity == ssf.Error || d.Severity == ssf.Gap) {
			at := aboutControl{k.Control, d.Subject}
			b.told[at] = append(b.told[at], d)
		}
	}
	b.detailed = b.needed()
	return b
}

// placeOf is where in the model that stands which a threat is at: an element, or
// a mitigation, which may have the id of an element.
func (b *builder) placeOf(t *ssf.Threat) (p ssf.Pos) {
	if b.around[t.Rule] {
		if m := b.ways[t.Element]; m != nil {
			p = m.Pos
		}
	} else if e := b.elements[t.Element]; e != nil {
		p = e.Pos
	}
	return p
}

func index[T any](vs []T, id func(*T) ssf.ID) map[ssf.ID]*T {
	m := make(map[ssf.ID]*T, len(vs))
	for i := range vs {
		m[id(&vs[i])] = &vs[i]
	}
	return m
}

// byRule are the threats for which keep is true, grouped by rule: the group
// with the worst threat first, and in each the worst first.
func byRule(c *ssf.Case, keep func(*ssf.Threat) bool) (groups []ruleGroup) {
	at := map[ssf.ID]int{}
	for i := range c.Threats {
		t := &c.Threats[i]
		if !keep(t) {
			continue
		}
		n, ok := at[t.Rule]
		if !ok {
			n = len(groups)
			at[t.Rule] = n
			groups = append(groups, ruleGroup{rule: t.Rule})
		}
		groups[n].threats = append(groups[n].threats, t)
	}
	for _, g := range groups {
		slices.SortStableFunc(g.threats, worse)
	}
	slices.SortStableFunc(groups, func(a, b ruleGroup) int {
		return cmp.Or(worse(a.threats[0], b.threats[0]), strings.Compare(string(a.rule), string(b.rule)))
	})
	return groups
}

// product is the name and version of what the case is about.
func product(c *ssf.Case) string {
	name := c.System.Name
	if name == "" {
		name = "A product without a name"
	}
	return strings.TrimSpace(name + " " + c.System.Version)
}

// verdict is the answer in one sentence, and whether it is yes, no, or neither.
func verdict(c *ssf.Case) (string, string) {
	if n := errorCount(c); n > 0 {
		return string(ssf.Error), "Nothing here can be relied on: the model has " + number(n, "error", "errors") + ", so it contradicts itself or could not be read."
	}
	reach := "no phase is reached yet"
	if c.Reach != ssf.PhaseNone && c.Reach != "" {
		reach = phase(c.Reach) + " is reached"
	}
	if c.Base.Rev != "" {
		if n := len(c.Base.Worse); n > 0 {
			return bad, number(n, "thing is", "things are") + " worse than at " + c.Base.Rev + "; " + reach + "."
		}
		return good, "Nothing is worse than at " + c.Base.Rev + "; " + reach + "."
	}
	unmet := 0
	for _, g := range c.Gates {
		if !g.Met {
			unmet++
		}
	}
	switch {
	case c.ReachAsked == "" && len(c.Gates) == 0:
		s := "No policy says what must be reached; " + reach + "."
		if _, n := openCount(c); n > 0 {
			return bad, s + " " + number(n, "threat is", "threats are") + " open whose risk is high, critical or unknown."
		}
		return neutral, s
	case Reached(c):
		s := "Yes: " + reach
		if c.ReachAsked != "" {
			s += ", and the policy asks for " + phase(c.ReachAsked)
		}
		if n := len(c.Gates); n > 0 {
			s += "; " + number(n, "gate is met", "gates are met")
		}
		return good, s + "."
	}
	s := "Not yet: " + reach
	if c.ReachAsked != "" {
		s += ", and the policy asks for " + phase(c.ReachAsked)
	}
	if unmet > 0 {
		s += "; " + strconv.Itoa(unmet) + " of " + number(len(c.Gates), "gate", "gates") + " not met"
	}
	return bad, s + "."
}

// phase names a phase so that its name is not read as a common word.
func phase(p ssf.Phase) string {
	if p == ssf.PhaseNone || p == "" {
		return "no phase"
	}
	return "the phase " + string(p)
}

// openCount is how many threats are open, and how many of them have a risk that
// is high, critical or unknown.
func openCount(c *ssf.Case) (open, worst int) {
	for i := range c.Threats {
		if t := &c.Threats[i]; !t.State.Treated() {
			open++
			if t.Risk.Worst() >= ssf.High {
				worst++
			}
		}
	}
	return open, worst
}

// only says how many of the threats for which keep is true are treated by
// nothing but a plan or a claim, or nothing if none is.
func only(c *ssf.Case, keep func(*ssf.Threat) bool) string {
	n := map[ssf.State]int{}
	for i := range c.Threats {
		if t := &c.Threats[i]; keep(t) {
			n[t.State]++
		}
	}
	var parts []string
	for _, s := range []ssf.State{ssf.Planned, ssf.Claimed} {
		if n[s] > 0 {
			parts = append(parts, strconv.Itoa(n[s])+" only "+string(s))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func errorCount(c *ssf.Case) (n int) {
	for _, d := range c.Diagnostics {
		if d.Severity == ssf.Error {
			n++
		}
	}
	return n
}

// lead is the verdict and what it is about.
func (b *builder) lead() []Block {
	kind, says := verdict(b.Case)
	out := []Block{Notice{kind, text(says)}}
	open, worst := openCount(b.Case)
	plain := "No threat follows from the model yet."
	if n := len(b.Threats); n > 0 {
		plain = number(n, "threat follows", "threats follow") + " from what the model says: " + strconv.Itoa(n-open) + " treated"
		plain += only(b.Case, func(*ssf.Threat) bool { return true }) + ", " + strconv.Itoa(open) + " open"
		if worst > 0 {
			plain += " (" + strconv.Itoa(worst) + " with a risk that is high, critical or unknown)"
		}
		plain += "."
	}
	if n := len(b.Questions); n > 0 {
		plain += " " + number(n, "question is", "questions are") + " open."
	}
	out = append(out, Para(text(plain)))
	if b.System.Purpose != "" {
		out = append(out, Para(text(b.System.Purpose)))
	}
	var facts Items
	add := func(term, s string) {
		if s != "" {
			facts = append(facts, Item{term, text(s)})
		}
	}
	add("Supplier", b.System.Supplier)
	if b.Commit != "" {
		commit := text(mono(b.Commit[:min(12, len(b.Commit))]))
		if b.Dirty {
			commit = append(commit, Span{Plain, " with changes that are not committed", ""})
		}
		facts = append(facts, Item{"Commit", commit})
	}
	add("As of", b.Now.UTC().Format(time.DateOnly+" 15:04 UTC"))
	add("Reach", phase(b.Reach))
	if b.ReachAsked != "" {
		add("Policy asks for", phase(b.ReachAsked))
	}
	var libs []string
	for _, l := range b.Library {
		libs = append(libs, l.Name+" "+l.Version)
	}
	add("Library", strings.Join(libs, ", "))
	add("Security support until", b.System.SupportUntil)
	add("Contact for vulnerabilities", b.System.Contact)
	out = append(out, facts)
	if len(b.Gates) > 0 {
		t := Table{Caption: "Gates of the policy", Columns: []string{"Gate", "State", "Threats that match", "At most"}}
		for _, g := range b.Gates {
			s := Span{Badge, "met", good}
			if !g.Met {
				s = Span{Badge, "not met", bad}
			}
			t.Rows = append(t.Rows, Row{Cells: []Text{text(mono(g.ID)), text(s), text(strconv.Itoa(len(g.Open))), text(strconv.Itoa(g.AtMost))}})
		}
		out = append(out, t)
		for _, g := range b.Gates {
			if len(g.Open) > 0 {
				out = append(out, Details{Summary: text("Threats that match ", mono(g.ID), ": ", strconv.Itoa(len(g.Open))), Blocks: []Block{b.subjects(g.Open)}})
			}
		}
	}
	if len(b.System.Misuse) > 0 {
		var l List
		for _, m := range b.System.Misuse {
			l.Items = append(l.Items, text(m))
		}
		out = append(out, Details{Summary: text("Misuse that was foreseen: ", strconv.Itoa(len(l.Items))), Blocks: []Block{l}})
	}
	return out
}

// subjects lists ids: threats by their rule, which leads to them, each with its
// elements; then what else there is.
func (b *builder) subjects(ids []ssf.ID) List {
	var l List
	var rest []ssf.ID
	at := map[ssf.ID][]ssf.ID{}
	var order []ssf.ID
	for _, id := range ids {
		t := b.threat[id]
		if t == nil {
			rest = append(rest, id)
			continue
		}
		if at[t.Rule] == nil {
			order = append(order, t.Rule)
		}
		at[t.Rule] = append(at[t.Rule], t.Element)
	}
	if len(order) == 0 {
		return inline(rest)
	}
	for _, r := range order {
		l.Items = append(l.Items, text(link(string(r), anchor("rule", r)), " at "+ssf.Join(at[r])))
	}
	if len(rest) > 0 {
		l.Items = append(l.Items, text(ssf.Join(rest)))
	}
	return l
}

// to leads to a threat by its id, and shows any other id as it is.
func (b *builder) to(id ssf.ID) Span {
	if b.threat[id] != nil {
		return link(string(id), anchor("t", id))
	}
	return mono(id)
}

// links are ids separated by commas, those of threats leading to them.
func (b *builder) links(ids []ssf.ID) (t Text) {
	for i, id := range ids {
		if i > 0 {
			t = append(t, Span{Plain, ", ", ""})
		}
		t = append(t, b.to(id))
	}
	return t
}

// phases are the five phases with their controls.
func (b *builder) phases() Bars {
	var bars Bars
	for _, ph := range b.Phases {
		bar := Bar{ID: anchor("phase", ph.Name), Name: string(ph.Name), Done: ph.Done, Of: ph.Of, Counts: ph.Counts + b.doubtful(ph.Name)}
		n := map[ssf.Status]int{}
		t := Table{Caption: "Controls of " + phase(ph.Name), Columns: []string{"Control", "State", "Why"}}
		var more []Block
		for _, k := range ph.Controls {
			n[k.Status]++
			t.Rows = append(t.Rows, Row{Cells: []Text{text(mono(k.ID), " "+k.Title), text(status(k.Status)), prose(k.Why)}})
			if len(k.Open) > 0 {
				more = append(more, Details{Summary: text("Open for ", mono(k.ID), ": ", strconv.Itoa(len(k.Open))), Blocks: b.openFor(k)})
			}
		}
		var judged List
		for _, k := range ph.Controls {
			for _, j := range k.Judged {
				judged.Items = append(judged.Items, text(mono(k.ID), " "+j))
			}
		}
		if len(judged.Items) > 0 {
			more = append(more, Details{Summary: text("What only a person can judge: ", strconv.Itoa(len(judged.Items))), Blocks: []Block{judged}})
		}
		for _, s := range []ssf.Status{ssf.Met, ssf.Unmet, ssf.UnknownYet, ssf.NotAssessed} {
			if n[s] > 0 {
				if len(bar.Status) > 0 {
					bar.Status = append(bar.Status, Span{Plain, ", ", ""})
				}
				sp := status(s)
				sp.S = strconv.Itoa(n[s]) + " " + sp.S
				bar.Status = append(bar.Status, sp)
			}
		}
		bar.Blocks = append([]Block{t}, more...)
		bars = append(bars, bar)
	}
	return bars
}

// doubtful says how many threats that a phase counts as done are only planned
// for, or only claimed to be countered.
func (b *builder) doubtful(p ssf.Phase) string {
	switch p {
	case ssf.PhaseThreats:
		return only(b.Case, func(*ssf.Threat) bool { return true })
	case ssf.PhaseImplementation: // a plan does not count there
		return only(b.Case, func(t *ssf.Threat) bool { return t.State == ssf.Claimed })
	}
	return ""
}

// openFor is what keeps a control open: threats by their rule; of anything else
// what its diagnostics say, for a name alone tells nobody what is wrong with it.
// After so many that the list is long, names have to do.
func (b *builder) openFor(k ssf.ControlResult) []Block {
	var threats, bare []ssf.ID
	says := List{}
	for _, id := range k.Open {
		if b.threat[id] != nil {
			threats = append(threats, id)
			continue
		}
		told := false
		for _, d := range b.told[aboutControl{k.ID, id}] {
			if len(says.Items) < 2*maxPlaces {
				says.Items = append(says.Items, text(prose(sentence(d.Message)), " ", link(string(d.Check), anchor("check", d.Check))))
				told = true
			}
		}
		if !told {
			bare = append(bare, id)
		}
	}
	var out []Block
	if len(says.Items) > 0 {
		out = append(out, says)
	}
	if len(threats) > 0 {
		out = append(out, b.subjects(threats))
	}
	if len(bare) > 0 {
		out = append(out, inline(bare))
	}
	return out
}

// change is what got worse since the commit that the case is compared with.
func (b *builder) change() []Block {
	if b.Base.Rev == "" {
		return nil
	}
	since := text("Compared with ", mono(b.Base.Rev))
	if b.Base.Commit != "" {
		since = append(since, text(" (", mono(b.Base.Commit[:min(12, len(b.Base.Commit))]), ")")...)
	}
	switch {
	case b.Base.Absent:
		since = append(since, text(", where there was no model yet.")...)
	case len(b.Base.Worse) == 0:
		since = append(since, text(", nothing is worse. ", number(b.Base.Known, "problem was", "problems were"), " there before.")...)
	default:
		since = append(since, text(", ", number(len(b.Base.Worse), "thing is", "things are"), " worse. ", number(b.Base.Known, "problem was", "problems were"), " there before.")...)
	}
	out := []Block{Para(since)}
	if len(b.Base.Worse) > 0 {
		t := Table{Caption: "Worse than before", Columns: []string{"Subject", "What"}}
		for _, w := range b.Base.Worse {
			t.Rows = append(t.Rows, Row{Cells: []Text{text(b.to(w.Subject)), prose(w.What)}})
		}
		out = append(out, t)
	}
	return out
}
