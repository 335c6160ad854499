package report

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ssf"
	"ssf/internal/markup"
)

// maxTasks is how many tasks a report tells in full; the rest follows by name.
const maxTasks = 8

// maxPlaces is how many places a task names; the rest is counted.
const maxPlaces = 5

// maxCounters is how many threats the YAML lists for one mitigation.
const maxCounters = 200

// A task is one thing to do first: what is wrong, where, why it matters, and
// the way out in words, as a command and as a mitigation to start from.
type task struct {
	class   int // the order among tasks
	risk    ssf.Level
	what    Text
	where   Text
	about   Items // in place of where, if there is more to say
	why     Text
	how     Text
	plan    plan
	command string
}

// A plan is a mitigation and the threats that it would counter; nothing if the
// mitigation is empty.
type plan struct {
	mitigation ssf.ID
	threats    []*ssf.Threat
}

// The classes of task, in their order.
const (
	taskError = iota
	taskQuestion
	taskThreat
	taskGap
	taskLow // a threat whose risk is low or none
	taskWarning
)

// perThreat are the checks that tell of threats by rule, so that what is told
// of each threat need not be told again.
var perThreat = []ssf.ID{"threats/open", "threats/undecided", "threats/unreviewed", "threats/stale"}

// tasks are all that is to be done, the worst first.
func (b *builder) tasks() []task {
	var out []task
	for _, g := range b.groups {
		states := map[ssf.State]*ruleGroup{}
		for _, t := range g.threats {
			if t.State.Treated() || t.State == ssf.Undecided {
				continue
			}
			if states[t.State] == nil {
				states[t.State] = &ruleGroup{rule: g.rule}
			}
			states[t.State].threats = append(states[t.State].threats, t)
		}
		for _, s := range ssf.States {
			if states[s] != nil {
				out = append(out, b.threatTask(s, *states[s]))
			}
		}
	}
	if t, ok := b.questionTask(); ok {
		out = append(out, t)
	}
	for _, g := range byCheck(b.shown()) {
		d := g[0]
		if slices.Contains(perThreat, d.Check) || d.Check == "context/undeclared-fact" || d.Severity == ssf.Hint || d.Severity == ssf.Question {
			continue
		}
		out = append(out, b.gapTask(g))
	}
	slices.SortStableFunc(out, func(x, y task) int {
		return cmp.Or(x.class-y.class, int(y.risk.Worst())-int(x.risk.Worst()))
	})
	return out
}

// shown are the diagnostics that matter: without those that were there at the
// base of a comparison.
func (b *builder) shown() []ssf.Diagnostic { return news(b.Case) }

// news are the diagnostics to show: all, or in a comparison those that are new.
func news(c *ssf.Case) []ssf.Diagnostic {
	if c.Base.Rev == "" {
		return c.Diagnostics
	}
	return slices.DeleteFunc(slices.Clone(c.Diagnostics), func(d ssf.Diagnostic) bool { return d.Known })
}

// byCheck groups diagnostics by check, in the order of severity and then of the
// first of each.
func byCheck(ds []ssf.Diagnostic) (groups [][]ssf.Diagnostic) {
	at := map[ssf.ID]int{}
	for _, d := range ds {
		n, ok := at[d.Check]
		if !ok {
			n = len(groups)
			at[d.Check] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], d)
	}
	slices.SortStableFunc(groups, func(x, y []ssf.Diagnostic) int { return severityRank(x[0].Severity) - severityRank(y[0].Severity) })
	return groups
}

func severityRank(s ssf.Severity) int {
	return slices.Index([]ssf.Severity{ssf.Error, ssf.Gap, ssf.Question, ssf.Warning, ssf.Hint}, s)
}

// threatTask is what to do about the threats of a rule in one open state.
func (b *builder) threatTask(s ssf.State, g ruleGroup) task {
	worst := g.threats[0]
	t := task{class: taskThreat, risk: worst.Risk, what: text(worst.Title, " "), command: "ssf explain " + shellWord(string(worst.ID))}
	if worst.Risk.Worst() <= ssf.Low {
		t.class = taskLow
	}
	if worst.Title == "" {
		t.what = text(mono(worst.Rule), " ")
	}
	t.what = append(t.what, state(s), Span{Plain, " risk ", ""}, level(worst.Risk))
	if worst.Risk == ssf.Unknown {
		t.what = append(t.what, Span{Plain, ", ranks as " + worst.Risk.Worst().String(), ""})
	}
	for i, x := range g.threats {
		if i == maxPlaces {
			t.where = append(t.where, Span{Plain, " and " + strconv.Itoa(len(g.threats)-i) + " more", ""})
			break
		}
		if i > 0 {
			t.where = append(t.where, Span{Plain, ", ", ""})
		}
		t.where = append(t.where, link(string(x.Element), anchor("t", x.ID)))
		if p := b.placeOf(x); i == 0 && p.Known() {
			t.where = append(t.where, text(" (", place(p), ")")...)
		}
	}
	r := b.rules[g.rule]
	if r != nil && r.Plain != "" {
		t.why = text(r.Plain, " ")
	}
	t.why = append(t.why, prose(sentence(worst.Why))...)
	if worst.Risk == ssf.Unknown {
		why := worst.ImpactWhy
		if worst.Impact != ssf.Unknown || why == "" {
			why = worst.LikelihoodWhy
		}
		if why != "" {
			t.why = append(t.why, text(" Risk unknown, ranks as "+worst.Risk.Worst().String()+": ", prose(strings.TrimRight(why, ".")+"."))...)
		}
	}
	if s == ssf.Open {
		t.how, t.plan = b.counter(g)
		t.how = append(t.how, unanswered(g)...)
		return t
	}
	if s == ssf.Stale {
		for _, c := range worst.Changes {
			t.why = append(t.why, text(" ", sentence(c.String()))...)
		}
	}
	t.how = b.hint(s, worst)
	return t
}

// hint is what the diagnostic about a threat advises.
func (b *builder) hint(s ssf.State, t *ssf.Threat) Text {
	for _, d := range b.Diagnostics {
		if d.Check == ssf.ID("threats/"+string(s)) && (d.Subject == t.Rule || d.Subject == t.ID) {
			return prose(sentence(d.Hint))
		}
	}
	return text("Look at the decision again.")
}

// unanswered are the control facts of open threats that nobody has stated: what
// is there already need not be built.
func unanswered(g ruleGroup) Text {
	var facts []string
	for _, t := range g.threats {
		for _, f := range t.Needs {
			if !slices.Contains(facts, f.String()) {
				facts = append(facts, f.String())
			}
		}
		if len(facts) > maxPlaces {
			break
		}
	}
	if len(facts) == 0 {
		return nil
	}
	more := ""
	if len(facts) > maxPlaces {
		facts, more = facts[:maxPlaces], " and more"
	}
	return text(" Nobody has stated ", monos(facts), more, ": to answer that may already count as a claim.")
}

// counter says how to counter the open threats of a rule, and by which
// mitigation, where the library knows a measure.
func (b *builder) counter(g ruleGroup) (Text, plan) {
	r := b.rules[g.rule]
	if r == nil || len(r.Measures) == 0 {
		return text("Add a mitigation that counters it, or decide about it."), plan{}
	}
	id := r.Measures[0]
	for _, m := range r.Measures { // one that is not yet in use is a new line of defence
		if !slices.ContainsFunc(b.Mitigations, func(x ssf.MitigationResult) bool { return x.ID == m || x.Measure == m }) {
			id = m
			break
		}
	}
	how := text(mono(id))
	if m := b.measure[id]; m != nil {
		how = text(m.Title, " (effort ", m.Effort.String(), "): ", m.Says)
	}
	if len(r.Measures) > 1 {
		var others []ssf.ID
		for _, m := range r.Measures {
			if m != id {
				others = append(others, m)
			}
		}
		how = append(append(how, Span{Plain, " Or ", ""}), monos(others)...)
		how = append(how, Span{Plain, ".", ""})
	}
	return how, plan{id, g.threats}
}

// planned is the YAML for all plans at once: each mitigation once, with all
// that it would counter. What is for a mitigation that the model has already is
// a comment, for it cannot be there twice; without anything else, it is no file.
func (b *builder) planned(plans []plan) (yaml Code, file bool) {
	var order []ssf.ID
	counters := map[ssf.ID][]ssf.ID{}
	for _, p := range plans {
		if counters[p.mitigation] == nil {
			order = append(order, p.mitigation)
		}
		for _, t := range p.threats {
			counters[p.mitigation] = append(counters[p.mitigation], t.ID)
		}
	}
	var fresh, there strings.Builder
	for _, id := range order {
		w, indent := &fresh, "      "
		if slices.ContainsFunc(b.Mitigations, func(x ssf.MitigationResult) bool { return x.ID == id }) {
			w, indent = &there, "#   "
			w.WriteString("# to `counters` of " + yamlWord(string(id)) + ", which is there already:\n")
		} else {
			w.WriteString("  " + yamlWord(string(id)) + ":\n    state: planned\n    counters:\n")
		}
		for i, t := range counters[id] {
			if i == maxCounters {
				w.WriteString(indent + "# and " + strconv.Itoa(len(counters[id])-i) + " more\n")
				break
			}
			w.WriteString(indent + "- " + yamlWord(string(t)) + "\n")
		}
	}
	if fresh.Len() == 0 {
		return Code(there.String()), false
	}
	return Code("# once one is built: `state: implemented`, and its place: `where: [FILE#SYMBOL]`\nmitigations:\n" + fresh.String() + there.String()), true
}

// questionTask is to answer the questions that decide most. It comes first, for
// an answer may take away what would else be worked on.
func (b *builder) questionTask() (task, bool) {
	n := len(b.Questions)
	if n == 0 {
		return task{}, false
	}
	t := task{class: taskQuestion, command: "ssf questions"}
	head := "Answer " + number(n, "question", "questions") + "; the first decides "
	if n == 1 {
		head = "Answer 1 question; it decides "
	}
	if q := b.Questions[0]; q.Unlocks > 0 {
		head += number(q.Unlocks, "threat", "threats")
	} else {
		head += "which needs there are"
	}
	t.what = text(head)
	for i, q := range b.Questions {
		if i == 3 {
			t.where = append(t.where, Span{Plain, " and " + strconv.Itoa(n-i) + " more", ""})
			break
		}
		if i > 0 {
			t.where = append(t.where, Span{Plain, "; ", ""})
		}
		at := text(link(string(q.Fact), anchor("q", q.Fact)), " at ", number(len(q.Elements)+len(q.Asked), "element", "elements"))
		t.where = append(t.where, at...)
		t.about = append(t.about, Item{"Question " + strconv.Itoa(i+1), text(q.Asks, " (", at, ")")})
	}
	t.why = text("What nobody has stated is unknown and counts as the worst. An answer may show that a threat is not there, or that it is countered.")
	t.how = text("Write the answer as a key of the element, or ", mono("FACT: {unknown: yes}"), " if nobody knows yet.")
	return t, true
}

// gapTask is what to do about the diagnostics of one check.
func (b *builder) gapTask(g []ssf.Diagnostic) task {
	d := g[0]
	t := task{class: taskWarning, command: "ssf explain " + shellWord(string(d.Check)), how: prose(sentence(d.Hint))}
	title, says := string(d.Check), ""
	if k := b.checks[d.Check]; k != nil {
		title, says = k.Title, k.Says
		if d.Hint == "" {
			t.how = prose(k.Fix)
		}
	}
	switch d.Severity {
	case ssf.Error:
		t.class = taskError
	case ssf.Gap:
		t.class = taskGap
	}
	t.what = text(title, " ", severityBadge(d.Severity))
	if len(g) > 1 {
		t.what = append(t.what, Span{Plain, " " + strconv.Itoa(len(g)) + " times", ""})
	}
	t.where = text(link(d.Pos.String(), anchor("check", d.Check)))
	if !d.Pos.Known() {
		t.where = text(link(string(d.Subject), anchor("check", d.Check)))
	}
	if len(g) > 1 {
		t.where = append(t.where, Span{Plain, " and " + number(len(g)-1, "more place", "more places"), ""})
	}
	t.why = prose(sentence(d.Message))
	if says != "" {
		t.why = append(t.why, text(" ", says)...)
	}
	return t
}

func severityBadge(s ssf.Severity) Span {
	class := map[ssf.Severity]string{ssf.Error: bad, ssf.Gap: bad, ssf.Question: doubt, ssf.Warning: doubt}[s]
	if class == "" {
		class = neutral
	}
	return Span{Badge, string(s), class}
}

// first tells the tasks, at most so many of them in full, then the YAML that
// plans for those.
func (b *builder) first(most int) []Block {
	tasks := b.tasks()
	if len(tasks) == 0 {
		return []Block{Para(text("Nothing is open. That holds for what the model says; what it leaves out is not judged."))}
	}
	var out []Block
	var plans []plan
	for i, t := range tasks {
		if i == most {
			var l List
			for _, t := range tasks[i:] {
				l.Items = append(l.Items, append(slices.Clone(t.what), append(text(": "), t.where...)...))
			}
			out = append(out, Details{Summary: text("Then ", number(len(l.Items), "more thing", "more things")), Blocks: []Block{l}})
			break
		}
		items := t.about
		if items == nil {
			items = Items{{"Where", t.where}}
		}
		items = append(slices.Clone(items), Item{"Why", t.why}, Item{"How to mend it", t.how})
		if t.plan.mitigation != "" {
			plans = append(plans, t.plan)
			items = append(items, Item{"As YAML", text(link(string(t.plan.mitigation), planAnchor), " in the block below this list")})
		}
		out = append(out, Group{Title: append(text(strconv.Itoa(i+1), ". "), t.what...), Blocks: []Block{items, Para(text("More: ", mono(t.command)))}})
	}
	if len(plans) > 0 {
		yaml, file := b.planned(plans)
		says := text("Add these to the mitigations that are there.")
		if file {
			says = text("Put it into a new file in the folder ", mono("ssf"), "; or, where the model has ", mono("mitigations:"), " already, what is below that key under it.")
		}
		out = append(out, Group{planAnchor, text("The mitigations of this list as YAML"), []Block{Para(says), yaml}})
	}
	return out
}

// planAnchor is where the YAML for the first tasks stands.
const planAnchor = "first.yaml"

// sentence begins with a capital and ends with a stop.
func sentence(s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	if c := s[0]; 'a' <= c && c <= 'z' && !strings.ContainsAny(firstWord(s), "@./-_") {
		s = string(c-'a'+'A') + s[1:]
	}
	if !strings.ContainsAny(s[len(s)-1:], ".?!:") {
		s += "."
	}
	return s
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9@./_-]*$`)

// shellWord is a word that a shell takes as it is.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(markup.Clean(s), "'", `'\''`) + "'"
}

// yamlWord is a word that YAML takes as it is.
func yamlWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(markup.Clean(s), "'", "''") + "'"
}
