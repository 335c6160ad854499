package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/markup"
)

// section prints a heading and a wrapped text, if there is one.
func (p *page) section(head, text string) {
	if text == "" {
		return
	}
	p.print("%s\n", p.paint(bold, head))
	p.wrap("  ", text)
}

func (p *page) title(id ssf.ID, title, what string) {
	p.print("%s  %s\n", p.paint(bold, string(id)), p.paint(faint, what))
	p.wrap("", title)
	p.print("\n")
}

// ExplainThreat writes why a threat stands at an element or not: its verdict,
// each part of its conditions with the facts it read, and where they come from.
func ExplainThreat(w io.Writer, x *ssf.Explanation, style Style) error {
	p := newPage(w, style)
	title := ""
	if x.Rule != nil {
		title = x.Rule.Title
	} else if x.Threat != nil {
		title = x.Threat.Title
	} else if len(x.Joined) > 0 {
		title = x.Joined[0].Title
	}
	p.title(x.ID, title, "threat")
	p.wrap("", x.Verdict)
	p.print("\n")
	if x.Kind != "" {
		p.section("kind", x.Kind)
	}
	if x.When != nil {
		p.print("%s\n", p.paint(bold, "it is there when"))
		p.why(*x.When, "  ")
	}
	if x.Unless != nil {
		p.print("%s\n", p.paint(bold, "it is claimed to be countered when"))
		p.why(*x.Unless, "  ")
	}
	if t := x.Threat; t != nil {
		p.print("%s\n", p.paint(bold, "risk "+t.Risk.String()))
		p.wrap("  ", fmt.Sprintf("likelihood %s: %s", t.Likelihood, t.LikelihoodWhy))
		p.wrap("  ", fmt.Sprintf("impact %s: %s", t.Impact, t.ImpactWhy))
		var cells []string
		for _, c := range t.Endangers {
			cells = append(cells, c.String())
		}
		if t.EndangersMore > 0 {
			cells = append(cells, fmt.Sprintf("and %d more", t.EndangersMore))
		}
		p.wrap("  ", "endangers: "+strings.Join(cells, ", "))
		if len(t.Mitigations) > 0 {
			p.section("mitigations", join(t.Mitigations))
		}
	}
	if t := x.Threat; t != nil && t.Says != t.Title {
		p.section("what happens", t.Says)
	}
	if t := x.Threat; t != nil {
		p.section("weaknesses and attacks", join(slices.Concat(t.Weaknesses, t.Attacks)))
	}
	for i := range x.Joined {
		p.joined(&x.Joined[i])
	}
	p.branches("any of these is enough for it", x.Variants)
	p.branches("all of these are needed for it", x.Steps)
	if r := x.Rule; r != nil {
		p.section("what happens", r.Says)
		p.section("measures", refs(r.Measures))
		p.section("quiet when", r.QuietWhen)
	}
	return p.err
}

// joined prints a threat of the team's own that a derived one is the same as.
func (p *page) joined(j *ssf.JoinedThreat) {
	p.print("%s\n", p.paint(bold, "the team says of it, as "+string(j.ID)))
	p.wrap("  ", j.Title)
	if j.Says != j.Title {
		p.wrap("  ", j.Says)
	}
	if about := stated(j); about != "" {
		p.wrap("  ", about)
	}
}

// stated is what else the author of a joined threat said of it.
func stated(j *ssf.JoinedThreat) string {
	var parts []string
	if j.Severity != ssf.Unknown {
		parts = append(parts, "rated "+j.Severity.String()+" as a whole, which counts where a factor is unknown")
	}
	if ids := slices.Concat(j.Weaknesses, j.Attacks); len(ids) > 0 {
		parts = append(parts, join(ids))
	}
	if j.FromTool != "" {
		parts = append(parts, "from "+j.FromTool)
	}
	return strings.Join(parts, "; ")
}

// branches prints the parts of an attack, each with where it stands.
func (p *page) branches(head string, parts []ssf.Branch) {
	if len(parts) > 0 {
		p.print("%s\n", p.paint(bold, head))
	}
	for _, b := range parts {
		var at []string
		for _, x := range b.At {
			at = append(at, string(x.Element)+" ("+strings.ReplaceAll(string(x.State), "_", " ")+")")
		}
		where := "nowhere in this model"
		if len(at) > 0 {
			where = strings.Join(at[:min(len(at), 8)], ", ")
			if more := len(at) - 8; more > 0 {
				where += fmt.Sprintf(", and %d more", more)
			}
		}
		p.hang("  "+string(b.Rule)+": ", "    ", where)
	}
}

// why prints a condition as a tree: truth, text, facts.
func (p *page) why(y ssf.Why, indent string) {
	colour := map[string]string{"true": green, "false": faint, "unknown": yellow}[y.Truth]
	head := fmt.Sprintf("%s%s  ", indent, p.paint(colour, fmt.Sprintf("%-7s", y.Truth)))
	if y.Member != "" {
		head += string(y.Member) + ": "
	}
	text := markup.Clean(strings.Join(strings.Fields(y.Text), " "))
	if len(y.Parts) > 1 && y.Members == 0 {
		text = joiner(y)
	}
	p.print("%s%s\n", head, text)
	for _, f := range y.Facts {
		p.wrap(indent+"           ", fact(f))
	}
	if y.Members > 0 {
		p.print("%s           %s", indent, count(y.Members, "member"))
		if y.Omitted > 0 {
			p.print(", %d that matter are not shown", y.Omitted)
		}
		p.print("\n")
	}
	for _, part := range y.Parts {
		p.why(part, indent+"  ")
	}
}

// joiner says in words what joins the parts of a condition: the operator that
// stands between the first two.
func joiner(y ssf.Why) string {
	_, rest, _ := strings.Cut(y.Text, y.Parts[0].Text)
	switch rest = strings.TrimLeft(rest, ") \n\t"); {
	case strings.HasPrefix(rest, "&&"):
		return "all of"
	case strings.HasPrefix(rest, "||"):
		return "any of"
	}
	return strings.Join(strings.Fields(markup.Clean(y.Text)), " ")
}

// fact says what a fact is and where that comes from.
func fact(f ssf.FactAt) string {
	s := string(f.Element) + "." + string(f.Name) + " is "
	if f.Value == "" {
		return s + "unknown: nobody has said so yet"
	}
	s += string(f.Value)
	switch f.Via {
	case ssf.Declared:
		s += ", declared at " + f.Pos.String()
	case ssf.ImpliedBy:
		s += ", implied by " + string(f.By) + " at " + f.Pos.String()
	case ssf.Derived:
		s += ", computed"
	case ssf.NotHere:
		s += ", because it does not apply there"
	}
	return s
}

func refs(rs []ssf.Ref) string {
	var s []string
	for _, r := range rs {
		s = append(s, string(r.ID))
	}
	return strings.Join(s, ", ")
}

// ExplainEntry writes what the library and the case know of an id: a control,
// a check, a rule, a measure, a fact, a kind, technology or protocol, or an
// element, requirement, mitigation or verification of the model. It reports false if nothing has that id.
// A nil case is a library without a model.
func ExplainEntry(w io.Writer, id ssf.ID, lib *ssf.Library, c *ssf.Case, style Style) (bool, error) {
	p := newPage(w, style)
	found := p.control(id, lib, c) || p.check(id, lib, c) || p.rule(id, lib, c) || p.factDef(id, lib) || p.measure(id, lib) ||
		p.kind(id, "kind", lib.Kinds) || p.kind(id, "technology", lib.Techs) || p.kind(id, "protocol", lib.Protocols)
	if !found && c != nil {
		found = p.factAt(id, lib, c) || p.element(id, c) || p.requirement(id, c) || p.verification(id, c)
	}
	if c != nil {
		found = p.mitigation(id, c, found) || found // of the same id as a measure, mostly
	}
	if !found {
		found = p.index(id, lib)
	}
	return found, p.err
}

func byID[T any](vs []T, id ssf.ID, of func(*T) ssf.ID) *T {
	i := slices.IndexFunc(vs, func(v T) bool { return of(&v) == id })
	if i < 0 {
		return nil
	}
	return &vs[i]
}

func (p *page) control(id ssf.ID, lib *ssf.Library, c *ssf.Case) bool {
	x := byID(lib.Controls, id, func(c *ssf.Control) ssf.ID { return c.ID })
	if x == nil {
		return false
	}
	phase := string(x.Phase)
	if phase == "" {
		phase = "every phase"
	}
	p.title(x.ID, x.Title, "control of "+phase)
	p.section("developer action", x.Action)
	p.section("audit criterion", x.Criterion)
	for _, j := range x.Judged {
		p.section("a person judges", j)
	}
	var names []string
	for _, k := range lib.Checks {
		if k.Control.ID == id {
			names = append(names, string(k.ID))
		}
	}
	p.section("checks", strings.Join(names, ", "))
	if c == nil {
		return true
	}
	for _, ph := range c.Phases {
		for _, r := range ph.Controls {
			if r.ID == id {
				p.section("here", string(r.Status)+": "+r.Why)
				p.section("open", join(r.Open))
				return true
			}
		}
	}
	return true
}

func (p *page) check(id ssf.ID, lib *ssf.Library, c *ssf.Case) bool {
	x := byID(lib.Checks, id, func(c *ssf.Check) ssf.ID { return c.ID })
	if x == nil {
		return false
	}
	what := string(x.Severity)
	if x.Control.ID != "" {
		what += " of " + string(x.Control.ID)
	}
	p.title(x.ID, x.Title, what)
	p.wrap("", x.Says)
	p.section("fix", x.Fix)
	if c != nil {
		var at []string
		for _, d := range c.Diagnostics {
			if d.Check == id {
				at = append(at, d.Pos.String()+" "+string(d.Subject))
			}
		}
		p.section("here", strings.Join(at, ", "))
	}
	return true
}

func (p *page) rule(id ssf.ID, lib *ssf.Library, c *ssf.Case) bool {
	r := byID(lib.Threats, id, func(r *ssf.Rule) ssf.ID { return r.ID })
	if r == nil {
		return false
	}
	p.title(r.ID, r.Title, "threat of "+string(r.Origin)+", on "+ssf.Article(string(r.On)))
	p.wrap("", r.Says)
	p.section("in plain words", r.Plain)
	p.section("kinds", refs(r.Kinds))
	p.section("when", r.When.S)
	p.section("unless", r.Unless.S)
	p.section("quiet when", r.QuietWhen)
	p.section("endangers", join(asIDs(r.Endangers)))
	p.section("likelihood "+r.Likelihood.String(), r.Because)
	p.section("STRIDE", strings.Join(r.Stride, ", "))
	p.section("LINDDUN", strings.Join(r.Linddun, ", "))
	p.section("weaknesses and attacks", strings.Trim(refs(r.Weaknesses)+", "+refs(r.Attacks), ", "))
	p.section("in published lists", refs(r.Covers))
	p.section("goes around", refs(r.Of))
	p.section("any of these is enough", refs(r.Variants))
	p.section("all of these are needed", refs(r.Steps))
	p.section("measures", refs(r.Measures))
	if c != nil {
		var at []string
		for _, t := range c.Threats {
			if t.Rule == id {
				at = append(at, string(t.Element)+" ("+string(t.State)+")")
			}
		}
		p.section("here at", strings.Join(at, ", "))
	}
	return true
}

func asIDs[S ~string](ss []S) (out []ssf.ID) {
	for _, s := range ss {
		out = append(out, ssf.ID(s))
	}
	return out
}

func (p *page) factDef(id ssf.ID, lib *ssf.Library) bool {
	f := byID(lib.Facts, id, func(f *ssf.FactDef) ssf.ID { return f.ID })
	if f == nil {
		return false
	}
	p.title(f.ID, f.Title, map[ssf.Class]string{ssf.Nature: "nature fact: what a thing is", ssf.ControlClass: "control fact: a protection that is claimed"}[f.Class])
	p.wrap("", f.Asks)
	p.section("why it matters", f.Why)
	if len(f.Means) > 0 {
		p.print("%s\n", p.paint(bold, "values ("+string(f.Domain)+")"))
		for i, v := range f.Values {
			p.hang("  "+string(v.ID)+": ", "    ", f.Means[i])
		}
	} else {
		p.section("values ("+string(f.Domain)+")", refs(f.Values))
	}
	p.section("declared on", refs(f.On))
	p.section("computed on", refs(f.DerivedOn))
	p.section("kinds", refs(f.Kinds))
	p.section("elsewhere", string(f.Elsewhere))
	p.section("example", f.Example)
	p.section("who knows it", knowers(f.KnownBy))
	var users, sources []string
	for _, r := range lib.Threats {
		if Mentions(r.When.S, string(id)) || Mentions(r.Unless.S, string(id)) {
			users = append(users, string(r.ID))
		}
	}
	for _, defs := range [][]ssf.KindDef{lib.Kinds, lib.Techs, lib.Protocols} {
		for _, k := range defs {
			for _, v := range k.Implies {
				if v.Fact.ID == id {
					sources = append(sources, string(k.ID)+" ("+string(v.Value)+")")
				}
			}
		}
	}
	p.section("read by", strings.Join(users, ", "))
	p.section("implied by", strings.Join(sources, ", "))
	return true
}

// Mentions reports whether a condition reads a fact.
func Mentions(condition, fact string) bool {
	for rest := condition; ; {
		i := strings.Index(rest, "."+fact)
		if i < 0 {
			return false
		}
		rest = rest[i+1+len(fact):]
		if rest == "" || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_", rune(rest[0])) {
			return true
		}
	}
}

// holds says how long evidence holds.
func holds(fresh string) string {
	if fresh == "change" {
		return "until what it covers changes"
	}
	return fresh
}

func (p *page) measure(id ssf.ID, lib *ssf.Library) bool {
	m := byID(lib.Measures, id, func(m *ssf.Measure) ssf.ID { return m.ID })
	if m == nil {
		return false
	}
	p.title(m.ID, m.Title, "measure: "+m.Kind+", effort "+m.Effort.String())
	p.wrap("", m.Says)
	p.section("leaves open", m.Leaves)
	p.section("usually sits", m.Where)
	p.section("needs", refs(m.DependsOn))
	for _, r := range m.Verify {
		p.section("verify by "+r.Method, r.How)
		for _, more := range []struct{ head, text string }{{"rules of analysers: ", refs(r.Rules)}, {"evidence: ", r.Expect}, {"holds: ", holds(r.Fresh)}, {"to see it fail: ", r.Break}} {
			if more.text != "" {
				p.wrap("  ", more.head+more.text)
			}
		}
	}
	p.section("answers", refs(m.Answers))
	var around []string
	for i := range lib.Threats {
		if r := &lib.Threats[i]; ssf.HasRef(r.Of, id) {
			around = append(around, string(r.ID))
		}
	}
	p.section("gone around by", strings.Join(around, ", "))
	var rules []string
	for _, r := range lib.Threats {
		if slices.ContainsFunc(r.Measures, func(x ssf.Ref) bool { return x.ID == id }) {
			rules = append(rules, string(r.ID))
		}
	}
	p.section("counters", strings.Join(rules, ", "))
	return true
}

func (p *page) kind(id ssf.ID, what string, defs []ssf.KindDef) bool {
	k := byID(defs, id, func(k *ssf.KindDef) ssf.ID { return k.ID })
	if k == nil {
		return false
	}
	if k.Is.ID != "" {
		what += ", " + ssf.Article(string(k.Is.ID))
	}
	p.title(k.ID, k.Title, what)
	p.wrap("", k.Says)
	for up := k; up != nil; up = byID(defs, up.Is.ID, func(k *ssf.KindDef) ssf.ID { return k.ID }) {
		var s []string
		for _, v := range up.Implies {
			s = append(s, string(v.Fact.ID)+": "+string(v.Value))
		}
		head := "implies"
		if up != k {
			head = "implies, as " + ssf.Article(string(up.ID))
		}
		p.section(head, strings.Join(s, ", "))
		p.section("because", up.Because)
	}
	return true
}

// factAt is a fact of one element, as `element.fact`.
func (p *page) factAt(id ssf.ID, lib *ssf.Library, c *ssf.Case) bool {
	at, fact, _ := strings.Cut(string(id), ".")
	e := byID(c.Elements, ssf.ID(at), func(e *ssf.ElementInfo) ssf.ID { return e.ID })
	if e == nil || !p.factDef(ssf.ID(fact), lib) {
		return false
	}
	says := "unknown: nobody has said so yet"
	if f := byID(e.Facts, ssf.ID(fact), func(f *ssf.FactInfo) ssf.ID { return f.Name }); f != nil {
		says = string(f.Value) + ", " + string(f.Via)
		if f.By != "" {
			says += " by " + string(f.By)
		}
	}
	p.section("of "+at, says)
	return true
}

func (p *page) element(id ssf.ID, c *ssf.Case) bool {
	e := byID(c.Elements, id, func(e *ssf.ElementInfo) ssf.ID { return e.ID })
	if e == nil {
		return false
	}
	what := string(e.Sort)
	if e.Kind != "" {
		what += ", " + string(e.Kind)
	}
	p.title(e.ID, e.Name, what+" at "+e.Pos.String())
	for _, f := range e.Facts {
		by := string(f.Via)
		if f.By != "" {
			by += " by " + string(f.By)
		}
		p.print("  %-24s %-12s %s\n", f.Name, f.Value, p.paint(faint, by))
	}
	var at []string
	around := c.OnMitigation()
	for _, t := range c.Threats {
		if t.Element == id && !around[t.Rule] {
			at = append(at, string(t.Rule)+" ("+string(t.State)+")")
		}
	}
	p.section("threats", strings.Join(at, ", "))
	return true
}

func (p *page) requirement(id ssf.ID, c *ssf.Case) bool {
	r := byID(c.Requirements, id, func(r *ssf.RequirementResult) ssf.ID { return r.ID })
	if r == nil {
		return false
	}
	p.title(r.ID, r.Says, "requirement, "+strings.ReplaceAll(string(r.Status), "_", " "))
	p.section("rests on", join(r.Threats))
	p.section("open", join(r.Open))
	return true
}

// index lists the ids of one class: `kinds`, `facts`, `threats`, ...
func (p *page) index(id ssf.ID, lib *ssf.Library) bool {
	row := func(id ssf.ID, title string) { p.print("  %-28s %s\n", id, title) }
	switch id {
	case "kind", "kinds", "technologies", "protocols": // the first as questions name it
		defs := map[ssf.ID][]ssf.KindDef{"kind": lib.Kinds, "kinds": lib.Kinds, "technologies": lib.Techs, "protocols": lib.Protocols}[id]
		for _, k := range defs {
			row(k.ID, k.Title)
		}
	case "facts":
		for _, f := range lib.Facts {
			class := map[ssf.Class]string{ssf.Nature: "nature", ssf.ControlClass: "control"}[f.Class]
			row(f.ID, fmt.Sprintf("%-8s %s: %s", class, refs(append(slices.Clone(f.On), f.DerivedOn...)), f.Title))
		}
	case "threats":
		for _, r := range lib.Threats {
			row(r.ID, r.Title)
		}
	case "measures":
		for _, m := range lib.Measures {
			row(m.ID, m.Title)
		}
	case "controls":
		for _, c := range lib.Controls {
			row(c.ID, c.Title)
		}
	case "checks":
		for _, c := range lib.Checks {
			row(c.ID, c.Title)
		}
	default:
		return false
	}
	return true
}
