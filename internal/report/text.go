// Package report turns a [ssf.Case] into what people read. A writer takes the
// case and nothing else, so an output made at once and one made from a stored
// case.json are the same bytes.
//
// Text is for a terminal of any width and for pipes: no colour unless asked,
// problems first, the summary last.
package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"ssf"
	"ssf/internal/markup"
)

// Style is how text is laid out.
type Style struct {
	Colour bool
	Width  int // of the terminal in columns; 0 means 80
}

// A page collects text; the first error of its writer stays.
type page struct {
	w     io.Writer
	style Style
	err   error
}

func newPage(w io.Writer, s Style) *page {
	if s.Width <= 0 {
		s.Width = 80
	}
	return &page{w: w, style: s}
}

func (p *page) print(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// The colours, by what they say.
const (
	red    = "31"
	yellow = "33"
	green  = "32"
	blue   = "36"
	bold   = "1"
	faint  = "2"
)

func (p *page) paint(colour, s string) string {
	if !p.style.Colour || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// wrap prints text in lines of the page's width, each behind an indent.
func (p *page) wrap(indent, text string) { p.hang(indent, indent, text) }

// hang is wrap with another beginning of the first line.
func (p *page) hang(first, indent, text string) {
	for _, l := range p.lines(first, indent, text) {
		p.print("%s\n", l)
	}
}

// lines is text in lines of the page's width, the first behind first and the others
// behind an indent.
func (p *page) lines(first, indent, text string) (out []string) {
	line, start := first, first
	for _, w := range strings.Fields(markup.Clean(text)) {
		if line != start && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > p.style.Width {
			out = append(out, line)
			line, start = indent, indent
		}
		if line != start {
			line += " "
		}
		line += w
	}
	if line != start {
		out = append(out, line)
	}
	return out
}

func severityColour(s ssf.Severity) string {
	switch s {
	case ssf.Error:
		return red
	case ssf.Gap, ssf.Warning:
		return yellow
	}
	return blue
}

// diagnostic prints one diagnostic with its line, caret and way out.
func (p *page) diagnostic(d ssf.Diagnostic) {
	at := markup.Clean(d.Pos.String())
	if at != "" {
		at = p.paint(bold, at) + ": "
	}
	p.print("%s%s: %s  %s\n", at, p.paint(severityColour(d.Severity), string(d.Severity)), markup.Clean(d.Message), p.paint(faint, "["+string(d.Check)+"]"))
	p.snippet(d.Pos, d.Snippet, severityColour(d.Severity))
	p.wrap("   ", d.Hint)
	for _, r := range d.Related {
		if r.File != "" {
			p.print("   %s: %s\n", markup.Clean(r.Pos.String()), markup.Clean(r.Message))
		}
	}
}

// snippet prints a source line with a caret below, cut to the width.
func (p *page) snippet(at ssf.Pos, line, colour string) {
	if line == "" || at.Col < 1 {
		return
	}
	number := fmt.Sprintf("%5d | ", at.Line)
	runes := []rune(markup.Clean(line))
	from, to := at.Col-1, max(at.EndCol-1, at.Col)
	from, to = min(from, len(runes)), min(max(to, from+1), len(runes)+1)
	if room := p.style.Width - len(number); len(runes) > room && room > 20 {
		start := max(0, min(from-room/3, len(runes)-room))
		runes = runes[start:min(len(runes), start+room)]
		from, to = from-start, min(to-start, len(runes)+1)
		if start > 0 {
			copy(runes, []rune("..."))
		}
	}
	carets := strings.Repeat("^", max(1, to-from))
	p.print("%s%s\n%s| %s%s\n", number, string(runes), strings.Repeat(" ", len(number)-2), strings.Repeat(" ", from), p.paint(colour, carets))
}

// CheckOptions choose what Check shows.
type CheckOptions struct {
	Hints bool // improvements too
	Quiet bool // only errors and the summary
}

// Check writes the verdict: every problem in file order, then the summary.
func Check(w io.Writer, c *ssf.Case, style Style, o CheckOptions) error {
	p := newPage(w, style)
	for _, d := range o.selected(c) {
		p.diagnostic(d)
		p.print("\n")
	}
	hidden := 0
	for _, d := range news(c) {
		if d.Severity == ssf.Hint && !o.Hints && !o.Quiet {
			hidden++
		}
	}
	p.summary(c)
	p.comparison(c)
	if hidden > 0 {
		p.print("%s\n", p.paint(faint, count(hidden, "hint")+" not shown; `ssf check --hints` shows them"))
	}
	return p.err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// summary is the last part of a check: one line a phase, then the reach.
func (p *page) summary(c *ssf.Case) {
	name := c.System.Name
	if c.System.Version != "" {
		name += " " + c.System.Version
	}
	if name == "" {
		name = "A product without a name"
	}
	var facts []string
	if c.Commit != "" {
		commit := "commit " + c.Commit[:min(7, len(c.Commit))]
		if c.Dirty {
			commit += " with changes"
		}
		facts = append(facts, commit)
	}
	for _, l := range c.Library {
		facts = append(facts, "library "+l.Name+" "+l.Version)
	}
	p.wrap("", strings.Join(append([]string{name}, facts...), ", "))
	if ssf.HasErrors(c.Diagnostics) {
		errs, ofEvidence := 0, 0
		for _, d := range c.Diagnostics {
			if d.Severity == ssf.Error {
				errs++
			}
			if d.Check == "verification/evidence" {
				ofEvidence++
			}
		}
		why := "the model contradicts itself or cannot be read"
		if errs == ofEvidence {
			why = "the evidence is not whole"
		}
		p.print("%s\n", p.paint(red, count(errs, "error")+": "+why+", so nothing below can be relied on"))
	}
	for _, ph := range c.Phases {
		p.phase(c, ph)
	}
	p.own(c)
	for _, g := range c.Gates {
		state := p.paint(green, "met")
		if !g.Met {
			state = p.paint(red, "not met")
		}
		p.print("gate %s: %d of at most %d, %s\n", g.ID, len(g.Open), g.AtMost, state)
	}
	reach := "reach: " + p.paint(bold, string(c.Reach))
	switch {
	case c.ReachAsked == "":
		p.print("%s (no policy asks for more)\n", reach)
	case Reached(c):
		p.print("%s (policy asks %s)\n", reach, c.ReachAsked)
	default:
		p.print("%s (policy asks %s)  %s\n", reach, c.ReachAsked, p.paint(red, "not reached"))
	}
}

// comparison says what is worse than at the base.
func (p *page) comparison(c *ssf.Case) {
	b := &c.Base
	if b.Rev == "" {
		return
	}
	at := markup.Clean(b.Rev) + " (" + b.Commit[:min(7, len(b.Commit))] + ")"
	switch {
	case b.Absent:
		p.wrap("", "there was no model at "+at+", so nothing can be worse")
	case len(b.Worse) == 0:
		p.print("%s\n", p.paint(green, "nothing is worse than at "+at))
	default:
		p.print("%s\n", p.paint(red, count(len(b.Worse), "thing")+" worse than at "+at+":"))
		for _, w := range b.Worse {
			p.hang("  "+markup.Clean(string(w.Subject))+": ", "    ", w.What)
		}
	}
	if b.Known > 0 {
		p.print("%s\n", p.paint(faint, count(b.Known, "problem")+" that were there before are not shown"))
	}
}

// phase is one line: what is done, and what is not.
func (p *page) phase(c *ssf.Case, ph ssf.PhaseResult) {
	done := "nothing to count yet"
	if ph.Of > 0 {
		done = fmt.Sprintf("%d of %d %s", ph.Done, ph.Of, ph.Counts)
	}
	byStatus := map[ssf.Status]int{}
	for _, x := range ph.Controls {
		byStatus[x.Status]++
	}
	var parts []string
	for _, s := range []struct {
		status ssf.Status
		says   string
	}{{ssf.Met, "met"}, {ssf.Unmet, "unmet"}, {ssf.UnknownYet, "unknown"}, {ssf.NotAssessed, "not assessed"}} {
		if n := byStatus[s.status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.says))
		}
	}
	asked := 0
	for _, q := range c.Questions {
		if len(q.Elements) > 0 {
			asked++
		}
	}
	if ph.Name == ssf.PhaseContext && asked > 0 {
		parts[len(parts)-1] += "; " + count(asked, "question")
	}
	p.print("  %-15s %-28s controls: %s\n", ph.Name, done, strings.Join(parts, ", "))
}

// Reached reports whether the declared reach and every gate are met. Without
// a policy nothing is asked.
func Reached(c *ssf.Case) bool {
	if slices.ContainsFunc(c.Gates, func(g ssf.GateResult) bool { return !g.Met }) {
		return false
	}
	return c.ReachAsked == "" || slices.Index(ssf.Phases, c.Reach) >= slices.Index(ssf.Phases, c.ReachAsked)
}

// Passes reports whether the answer is yes: beside a base, that nothing is
// worse; else that the policy is met.
func Passes(c *ssf.Case) bool {
	if c.Base.Rev != "" {
		return len(c.Base.Worse) == 0
	}
	return Reached(c)
}

// Threats writes the threats for which keep is true, grouped by rule, the
// worst first.
func Threats(w io.Writer, c *ssf.Case, style Style, keep func(*ssf.Threat) bool) error {
	p := newPage(w, style)
	groups := map[ssf.ID][]*ssf.Threat{}
	var order []ssf.ID
	total, states := 0, map[ssf.State]int{}
	for i := range c.Threats {
		t := &c.Threats[i]
		if !keep(t) {
			continue
		}
		total++
		states[t.State]++
		if groups[t.Rule] == nil {
			order = append(order, t.Rule)
		}
		groups[t.Rule] = append(groups[t.Rule], t)
	}
	if total == 0 {
		p.print("no threats\n")
		return p.err
	}
	for _, ts := range groups {
		slices.SortStableFunc(ts, worse)
	}
	slices.SortStableFunc(order, func(a, b ssf.ID) int {
		return cmp.Or(worse(groups[a][0], groups[b][0]), strings.Compare(string(a), string(b)))
	})
	for _, id := range order {
		ts := groups[id]
		p.print("%s  %s\n", p.paint(bold, string(id)), p.paint(faint, cmp.Or(string(ts[0].Origin), "of no stated origin")))
		if title := markup.Clean(ts[0].Title); title != "" {
			p.wrap("  ", title)
		}
		for len(ts) > 0 {
			n := 1
			for n < len(ts) && alike(ts[0], ts[n]) {
				n++
			}
			p.row(ts[:n])
			ts = ts[n:]
		}
		p.print("\n")
	}
	var each []string
	for _, s := range ssf.States {
		if states[s] > 0 {
			each = append(each, fmt.Sprintf("%d %s", states[s], strings.ReplaceAll(string(s), "_", " ")))
		}
	}
	p.wrap("", count(total, "threat")+": "+strings.Join(each, ", ")+"; `ssf explain ID` says why one is there")
	return p.err
}

// alike reports whether two threats of a rule differ in nothing but where they
// stand.
func alike(a, b *ssf.Threat) bool {
	return a.State == b.State && a.Risk == b.Risk && a.Why == b.Why && len(a.Also)+len(b.Also) == 0 && slices.Equal(waitsFor(a), waitsFor(b))
}

// waitsFor are the facts that would decide an undecided threat, wherever they are
// missing, sorted.
func waitsFor(t *ssf.Threat) (facts []ssf.ID) {
	if t.State == ssf.Undecided {
		for _, r := range t.Needs {
			facts = append(facts, r.Fact)
		}
	}
	slices.Sort(facts)
	return slices.Compact(facts)
}

// row is threats of one rule that are alike: state, risk, where, and why they are in
// that state.
func (p *page) row(ts []*ssf.Threat) {
	t, colour := ts[0], green
	if !t.State.Treated() {
		colour = red
	} else if t.State == ssf.Planned || t.State == ssf.Claimed {
		colour = yellow
	}
	var at []ssf.ID
	for _, t := range ts {
		at = append(at, t.Element)
	}
	lead := fmt.Sprintf("  %-14s %-8s ", t.State, t.Risk)
	lines := p.lines(lead, strings.Repeat(" ", len(lead)), join(at))
	for i, l := range lines {
		if i == 0 {
			l = strings.Replace(l, string(t.State), p.paint(colour, string(t.State)), 1)
		}
		p.print("%s\n", l)
	}
	if facts := waitsFor(t); len(facts) > 0 {
		p.hang("      waits for ", "      ", join(facts))
	} else {
		p.wrap("      ", t.Why)
	}
	if len(t.Also) > 0 {
		p.wrap("      ", "the same as "+join(t.Also))
	}
}

func worse(a, b *ssf.Threat) int {
	treated := func(t *ssf.Threat) int {
		if t.State.Treated() {
			return 1
		}
		return 0
	}
	unsure := func(t *ssf.Threat) int {
		if t.State == ssf.Undecided {
			return 1
		}
		return 0
	}
	return cmp.Or(treated(a)-treated(b), unsure(a)-unsure(b), int(b.Risk.Worst())-int(a.Risk.Worst()), slices.Index(ssf.States, a.State)-slices.Index(ssf.States, b.State), strings.Compare(string(a.ID), string(b.ID)))
}

// knowers are who may know an answer, in words.
func knowers(who []string) string {
	return strings.ReplaceAll(strings.Join(who, ", "), "_", " ")
}

// Questions writes the open questions, those that decide most first.
func Questions(w io.Writer, c *ssf.Case, style Style) error {
	p := newPage(w, style)
	n := 0
	for _, q := range c.Questions {
		if len(q.Elements) == 0 {
			continue
		}
		n++
		decides := "decides " + count(q.Unlocks, "threat")
		if q.Unlocks == 0 {
			decides = "decides which needs there are"
		}
		p.print("%d. %s  %s\n", n, p.paint(bold, string(q.Fact)), p.paint(faint, decides))
		p.wrap("   ", q.Asks)
		switch {
		case q.Fact == "kind":
			p.wrap("   ", "answer: one that `ssf explain kinds` lists; of what has one already, one below it")
		case q.Fact == "needs":
			p.wrap("   ", "answer: {confidentiality: LEVEL, integrity: LEVEL, availability: LEVEL}, and privacy: LEVEL if it tells about people; each "+strings.Join(q.Values, " | "))
		case len(q.Means) > 0:
			for i, v := range q.Values {
				p.hang("   - "+v+": ", "     ", q.Means[i])
			}
		case len(q.Values) > 0:
			p.wrap("   ", "answer: "+strings.Join(q.Values, " | "))
		}
		p.wrap("   ", "at: "+join(q.Elements))
		if slices.Contains(q.Elements, "deployment") && slices.ContainsFunc(c.Elements, func(e ssf.ElementInfo) bool { return e.Sort == ssf.SortDeployment && !e.Known() }) {
			p.wrap("   ", "the model names none yet: `deployments: {main: {"+string(q.Fact)+": ...}}`")
		}
		if len(q.KnownBy) > 0 {
			p.wrap("   ", "ask: "+knowers(q.KnownBy))
		}
		if len(q.Asked) > 0 {
			p.wrap("   ", "asked already at: "+join(q.Asked))
		}
		p.print("\n")
	}
	waiting := len(c.Questions) - n
	switch {
	case n == 0 && waiting == 0:
		p.print("no open questions\n")
	case n == 0:
		p.print("no new questions; %s asked already and not answered\n", count(waiting, "question"))
	default:
		p.wrap("", count(n, "question")+"; write the answer as a key of the element; if nobody knows yet, `FACT: {unknown: yes}`, but leave out `kind` and `needs`")
		if n := len(c.Later); n > 0 {
			p.wrap("", count(n, "more question")+", as far as the answers leave "+them(n)+" open; --all lists "+them(n))
		}
	}
	return p.err
}

// them is a pronoun for n things.
func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func join(ids []ssf.ID) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = string(id)
	}
	return strings.Join(s, ", ")
}
