package xlsx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"ssf"
	"ssf/internal/markup"
)

// sheets are the tables of a case.
func sheets(c *ssf.Case) []sheet {
	return []sheet{summary(c), threats(c), mitigations(c), verifications(c), questions(c), elements(c), decisions(c)}
}

func summary(c *ssf.Case) sheet {
	s := sheet{name: "Summary", columns: []column{{"What", 34}, {"Value", 60}, {"Note", 60}}}
	row := func(what string, v any, note string) { s.rows = append(s.rows, []any{what, v, note}) }
	row("Product", c.System.Name, c.System.Purpose)
	row("Version", c.System.Version, "")
	row("Supplier", c.System.Supplier, c.System.Contact)
	row("Supported until", c.System.SupportUntil, "")
	commit := ""
	if c.Dirty {
		commit = "files differ from it"
	}
	row("Commit", c.Commit, commit)
	row("As of", c.Now.UTC().Format(time.DateTime), "UTC")
	row("Made by", c.Tool, libraries(c))
	asked := ""
	if c.ReachAsked != "" {
		asked = "the policy asks " + string(c.ReachAsked)
	}
	row("Reach", string(c.Reach), asked)
	for _, p := range c.Phases {
		if p.Of > 0 {
			row("Phase "+string(p.Name), strconv.Itoa(p.Done)+" of "+strconv.Itoa(p.Of), p.Counts)
		}
	}
	states, risks := map[ssf.State]int{}, map[ssf.Level]int{}
	open := 0
	for i := range c.Threats {
		t := &c.Threats[i]
		states[t.State]++
		if !t.State.Treated() {
			risks[t.Risk]++
			open++
		}
	}
	row("Threats", len(c.Threats), "")
	row("Threats that count as open", open, "")
	for _, l := range []ssf.Level{ssf.Critical, ssf.High, ssf.Medium, ssf.Low, ssf.None, ssf.Unknown} {
		if risks[l] > 0 {
			row("Open, risk "+l.String(), risks[l], "")
		}
	}
	for _, st := range ssf.States {
		if states[st] > 0 {
			row("State "+words(st), states[st], "")
		}
	}
	errors := 0
	for i := range c.Diagnostics {
		if c.Diagnostics[i].Severity == ssf.Error {
			errors++
		}
	}
	if errors > 0 {
		row("Errors of the model", errors, "nothing here can be relied on until they are gone")
	}
	return s
}

func libraries(c *ssf.Case) string {
	var s []string
	for _, l := range c.Library {
		s = append(s, l.Name+" "+l.Version)
	}
	return listed(s)
}

func threats(c *ssf.Case) sheet {
	s := sheet{name: "Threats", columns: []column{
		{"Risk", 10},
		{"State", 14},
		{"Title", 44},
		{"Says", 60},
		{"Element", 24},
		{"Element's name", 24},
		{"Why", 44},
		{"Likelihood", 12},
		{"Because", 36},
		{"Impact", 10},
		{"Because of", 36},
		{"Endangers", 36},
		{"Mitigations", 30},
		{"Measures", 36},
		{"Not known", 30},
		{"Due", 12},
		{"Owner", 14},
		{"Ticket", 14},
		{"Origin", 16},
		{"STRIDE", 24},
		{"CWE", 14},
		{"CAPEC", 14},
		{"Id", 40},
		{"The team's own, the same", 36},
		{"File", 24},
		{"Line", 8},
	}}
	names, places := map[ssf.ID]string{}, map[ssf.ID]ssf.Pos{}
	for i := range c.Elements {
		names[c.Elements[i].ID], places[c.Elements[i].ID] = c.Elements[i].Name, c.Elements[i].Pos
	}
	rules := map[ssf.ID]*ssf.RuleInfo{}
	for i := range c.Rules {
		rules[c.Rules[i].ID] = &c.Rules[i]
	}
	joined := map[ssf.ID]string{}
	for i := range c.Joined {
		joined[c.Joined[i].ID] = c.Joined[i].Title
	}
	plans := map[ssf.ID]*ssf.DecisionResult{}
	for i := range c.Decisions {
		for _, id := range c.Decisions[i].Covers {
			if d := &c.Decisions[i]; d.Due != "" || d.Owner != "" || d.Ticket != "" {
				plans[id] = d
			}
		}
	}
	order := make([]*ssf.Threat, len(c.Threats))
	for i := range c.Threats {
		order[i] = &c.Threats[i]
	}
	treated := func(t *ssf.Threat) int {
		if t.State.Treated() {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(order, func(a, b *ssf.Threat) int {
		return cmp.Or(treated(a)-treated(b), int(b.Risk.Worst())-int(a.Risk.Worst()), strings.Compare(string(a.ID), string(b.ID)))
	})
	elsewhere := c.OnMitigation()
	for _, t := range order {
		r := rules[t.Rule]
		if r == nil {
			r = new(ssf.RuleInfo)
		}
		p := plans[t.ID]
		if p == nil {
			p = new(ssf.DecisionResult)
		}
		name, at := names[t.Element], places[t.Element]
		if elsewhere[t.Rule] {
			name, at = "", ssf.Pos{}
		}
		var also []string
		for _, id := range t.Also {
			also = append(also, strings.TrimSpace(string(id)+" "+joined[id]))
		}
		endangers := texts(t.Endangers)
		if t.EndangersMore > 0 {
			endangers = append(endangers, "and "+strconv.Itoa(t.EndangersMore)+" more")
		}
		s.rows = append(s.rows, []any{
			t.Risk, words(t.State), t.Title, cmp.Or(t.Says, r.Says), string(t.Element), name, t.Why, t.Likelihood, t.LikelihoodWhy, t.Impact, t.ImpactWhy,
			listed(endangers), listed(t.Mitigations), listed(t.Measures), listed(texts(t.Needs)), p.Due, string(p.Owner), p.Ticket, string(t.Origin), listed(spaced(t.Stride)), listed(slices.Concat(r.Weaknesses, t.Weaknesses)), listed(slices.Concat(r.Attacks, t.Attacks)), string(t.ID), listed(also), at.File, line(at),
		})
	}
	return s
}

func mitigations(c *ssf.Case) sheet {
	s := sheet{name: "Mitigations", columns: []column{
		{"Id", 32}, {"State", 14}, {"Placed", 8}, {"Name", 30}, {"Says", 50}, {"Measure", 28}, {"Measure's title", 36}, {"Where", 40}, {"Counters", 44}, {"Verified by", 30}, {"File", 24}, {"Line", 8},
	}}
	titles := map[ssf.ID]string{}
	for i := range c.Measures {
		titles[c.Measures[i].ID] = c.Measures[i].Title
	}
	by := map[ssf.ID][]string{}
	for i := range c.Verifications {
		v := &c.Verifications[i]
		for _, id := range v.Verifies {
			by[id] = append(by[id], string(v.ID)+" ("+words(v.State)+")")
		}
	}
	for i := range c.Mitigations {
		m := &c.Mitigations[i]
		measure := cmp.Or(m.Measure, m.ID)
		title := titles[measure]
		if title == "" {
			measure = m.Measure
		}
		s.rows = append(s.rows, []any{string(m.ID), m.State, yes(m.Placed), m.Name, m.Says, string(measure), title, listed(m.Where), listed(m.Counters), listed(by[m.ID]), m.File, line(m.Pos)})
	}
	return s
}

func verifications(c *ssf.Case) sheet {
	s := sheet{name: "Verifications", columns: []column{
		{"Id", 32}, {"State", 14}, {"Why", 44}, {"Method", 12}, {"Run", 16}, {"Verifies", 40}, {"Seen red", 10}, {"Tests passed", 10}, {"Tests not passed", 10}, {"Last result", 20}, {"Too old on", 14}, {"Changed since", 40}, {"Commit", 16}, {"Signer", 16}, {"Records", 10}, {"File", 24}, {"Line", 8},
	}}
	for i := range c.Verifications {
		v := &c.Verifications[i]
		passed := 0
		for _, t := range v.Tests {
			if t.Outcome == ssf.TestPassed {
				passed++
			}
		}
		last := ""
		if !v.Time.IsZero() {
			last = v.Time.UTC().Format(time.DateTime)
		}
		s.rows = append(s.rows, []any{string(v.ID), words(v.State), v.Why, v.Method, string(v.Run), listed(v.Verifies), yes(v.Proven), passed, len(v.Tests) - passed, last, v.Lapses, listed(v.Changed), v.Commit, string(v.Signer), len(v.Evidence), v.File, line(v.Pos)})
	}
	return s
}

func questions(c *ssf.Case) sheet {
	s := sheet{name: "Questions", columns: []column{{"Fact", 28}, {"Ask", 8}, {"Question", 60}, {"Answers", 50}, {"Decides threats", 10}, {"At", 60}, {"Who knows", 24}, {"Asked already at", 30}}}
	all := slices.Concat(c.Questions, c.Later)
	for i := range all {
		q, when := &all[i], "now"
		if i >= len(c.Questions) {
			when = "later"
		}
		answers := slices.Clone(q.Values)
		for j := range min(len(answers), len(q.Means)) {
			answers[j] += " (" + q.Means[j] + ")"
		}
		s.rows = append(s.rows, []any{string(q.Fact), when, q.Asks, listed(answers), q.Unlocks, listed(q.Elements), listed(spaced(q.KnownBy)), listed(q.Asked)})
	}
	return s
}

func elements(c *ssf.Case) sheet {
	s := sheet{name: "Elements", columns: []column{
		{"Id", 28}, {"Sort", 12}, {"Name", 28}, {"Kind", 20}, {"Zone", 18}, {"From", 20}, {"To", 20}, {"Over", 16}, {"At", 18}, {"Technologies", 26}, {"Stores", 30}, {"Sends", 30}, {"Returns", 30}, {"On", 24}, {"Needs", 36}, {"Says", 50}, {"Facts", 60}, {"Former ids", 20}, {"File", 24}, {"Line", 8},
	}}
	for i := range c.Elements {
		e := &c.Elements[i]
		var facts, needs []string
		for _, f := range e.Facts {
			facts = append(facts, string(f.Name)+" "+string(f.Value)+" ("+strings.TrimSpace(string(f.Via)+" "+string(f.By))+")")
		}
		for _, n := range e.Needs {
			need := string(n.Property) + " " + n.Level.String()
			if len(n.Only) > 0 {
				need += " (only " + ssf.Join(n.Only) + ")"
			}
			needs = append(needs, need)
		}
		s.rows = append(s.rows, []any{
			string(e.ID), string(e.Sort), e.Name, string(e.Kind), string(e.Zone), string(e.From), string(e.To), string(e.Over), string(e.At), listed(e.Tech), listed(e.Stores), listed(e.Sends), listed(e.Returns), listed(e.On), listed(needs), e.Says, listed(facts), listed(e.Was), e.File, line(e.Pos),
		})
	}
	return s
}

func decisions(c *ssf.Case) sheet {
	s := sheet{name: "Decisions", columns: []column{
		{"About", 40}, {"At", 24}, {"Sort", 12}, {"Decided", 18}, {"Likelihood", 12}, {"Because", 50}, {"By", 14}, {"Until", 12}, {"Lapsed", 8}, {"Holds if", 30}, {"To", 20}, {"Due", 12}, {"Owner", 14}, {"Ticket", 14}, {"Pattern", 8}, {"Covers", 10}, {"Covered", 60}, {"File", 24}, {"Line", 8},
	}}
	for i := range c.Decisions {
		d := &c.Decisions[i]
		s.rows = append(s.rows, []any{
			d.About, d.At, d.Kind, words(d.Treat), d.Likelihood, d.Because, string(d.By), d.Until, yes(d.Lapsed), d.HoldsIf, string(d.To), d.Due, string(d.Owner), d.Ticket, yes(d.Pattern), len(d.Covers), listed(d.Covers), d.File, line(d.Pos),
		})
	}
	return s
}

// maxCell is how many units of UTF-16 a cell holds.
const maxCell = 32_767

// inCell is a text as a cell holds it, and whether it begins like a formula.
func inCell(s string) (text string, formula bool) {
	formula = s != "" && strings.Contains("=+-@\t\r\n", s[:1])
	s = clean(s)
	if len(s) > maxCell {
		if u := utf16.Encode([]rune(s)); len(u) > maxCell {
			u = u[:maxCell-1]
			if utf16.IsSurrogate(rune(u[len(u)-1])) && u[len(u)-1] < 0xdc00 {
				u = u[:len(u)-1]
			}
			s = string(utf16.Decode(u)) + "…"
		}
	}
	return s, formula
}

func clean(s string) string { return strings.ToValidUTF8(markup.Clean(s), "?") }

// listed are several values in a cell, which a filter finds as words. What is
// beyond the bound of a cell is not joined at all.
func listed[S ~string](ss []S) string {
	var b strings.Builder
	for i, s := range ss {
		if b.Len() > 4*maxCell {
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

func texts[T interface{ String() string }](ts []T) (out []string) {
	for _, t := range ts {
		out = append(out, t.String())
	}
	return out
}

func spaced(ss []string) (out []string) {
	for _, s := range ss {
		out = append(out, words(s))
	}
	return out
}

func words[S ~string](s S) string { return strings.ReplaceAll(string(s), "_", " ") }

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// line is the number of a line, or nothing.
func line(p ssf.Pos) any {
	if p.Line <= 0 {
		return ""
	}
	return p.Line
}
