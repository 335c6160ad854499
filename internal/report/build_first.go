package report

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// maxTasks is how many tasks a report tells in full; the rest follows by name.
const maxTasks = 8

// maxPlaces is how many places a task names; the rest is counted.
const maxPlaces = 5

// A task is one thing to do first: what is wrong, where, why it matters, and
// the way out in words, as a command and as YAML to start from.
type task struct {
	class   int // the order among tasks: errors, open threats, questions, the rest
	risk    ssf.Level
	what    Text
	where   Text
	why     Text
	how     Text
	snippet string
	command string
}

const (
	taskError = iota
	taskThreat
	taskQuestion
	taskGap
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
	if worst.Title == "" {
		t.what = text(mono(worst.Rule), " ")
	}
	t.what = append(t.what, state(s), Span{Plain, " risk ", ""}, level(worst.Risk))
	for i, x := range g.threats {
		if i == maxPlaces {
			t.where = append(t.where, Span{Plain, " and " + strconv.Itoa(len(g.threats)-i) + " more", ""})
			break
		}
		if i > 0 {
			t.where = append(t.where, Span{Plain, ", ", ""})
		}
		t.where = append(t.where, link(string(x.Element), anchor("t", x.ID)))
		if i == 0 && b.elements[x.Element] != nil && b.elements[x.Element].Known() {
			t.where = append(t.where, text(" (", place(b.elements[x.Element].Pos), ")")...)
		}
	}
	r := b.rules[g.rule]
	if r != nil && r.Plain != "" {
		t.why = text(r.Plain, " ")
	}
	t.why = append(t.why, prose(sentence(worst.Why))...)
	if s == ssf.Open {
		t.how, t.snippet = b.counter(g)
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

// counter says how to counter the open threats of a rule, with YAML to start
// from where the library knows a measure.
func (b *builder) counter(g ruleGroup) (Text, string) {
	r := b.rules[g.rule]
	if r == nil || len(r.Measures) == 0 {
		return text("Add a mitigation that counters it, or decide about it."), ""
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
	var lines strings.Builder
	key := yamlWord(string(id))
	if slices.ContainsFunc(b.Mitigations, func(x ssf.MitigationResult) bool { return x.ID == id }) {
		lines.WriteString("# in the mitigation " + key + " that is there:\ncounters:\n")
		b.counters(&lines, "  ", g)
		return how, lines.String()
	}
	lines.WriteString("mitigations:\n  " + key + ":\n    counters:\n")
	b.counters(&lines, "      ", g)
	lines.WriteString("    state: planned\n    # once it is built: state: implemented\n    # and the place:    where: [FILE#SYMBOL]\n")
	return how, lines.String()
}

func (b *builder) counters(w *strings.Builder, indent string, g ruleGroup) {
	for i, t := range g.threats {
		if i == maxPlaces {
			w.WriteString(indent + "# and " + strconv.Itoa(len(g.threats)-i) + " more\n")
			return
		}
		w.WriteString(indent + "- " + yamlWord(string(t.ID)) + "\n")
	}
}

// questionTask is to answer the questions that decide most.
func (b *builder) questionTask() (task, bool) {
	unlocks := 0
	var where Text
	n := 0
	for _, q := range b.Questions {
		unlocks += q.Unlocks
		if n++; n <= 3 {
			if n > 1 {
				where = append(where, Span{Plain, "; ", ""})
			}
			where = append(where, text(link(string(q.Fact), anchor("q", q.Fact)), " at ", number(len(q.Elements)+len(q.Asked), "element", "elements"))...)
		}
	}
	if n == 0 {
		return task{}, false
	}
	if n > 3 {
		where = append(where, Span{Plain, " and " + strconv.Itoa(n-3) + " more", ""})
	}
	return task{
		class: taskQuestion, what: text("Answer "+number(n, "open question", "open questions")+" ", Span{Badge, "unknown", doubt}), where: where,
		why:     text("What nobody has stated is unknown and counts as the worst. Answers decide or claim threats " + number(unlocks, "time", "times") + "."),
		how:     text("Write the answer as a key of the element, or ", mono("FACT: {unknown: yes}"), " if nobody knows yet. Begin with: ", b.Questions[0].Asks),
		command: "ssf questions",
	}, true
}

// gapTask is what to do about the diagnostics of one check.
func (b *builder) gapTask(g []ssf.Diagnostic) task {
	d := g[0]
	t := task{class: taskGap, risk: ssf.None, command: "ssf explain " + shellWord(string(d.Check)), how: prose(sentence(d.Hint))}
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
		t.risk = ssf.Low
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

// first tells the tasks, at most so many of them in full.
func (b *builder) first(most int) []Block {
	tasks := b.tasks()
	if len(tasks) == 0 {
		return []Block{Para(text("Nothing is open. That holds for what the model says; what it leaves out is not judged."))}
	}
	var out []Block
	for i, t := range tasks {
		if i == most {
			var l List
			for _, t := range tasks[i:] {
				l.Items = append(l.Items, append(slices.Clone(t.what), append(text(": "), t.where...)...))
			}
			out = append(out, Details{Summary: text("Then ", number(len(l.Items), "more thing", "more things")), Blocks: []Block{l}})
			break
		}
		items := Items{{"Where", t.where}, {"Why", t.why}, {"How to mend it", t.how}}
		blocks := []Block{items}
		if t.snippet != "" {
			blocks = append(blocks, Code(t.snippet))
		}
		blocks = append(blocks, Para(text("More: ", mono(t.command))))
		out = append(out, Group{Title: append(text(strconv.Itoa(i+1), ". "), t.what...), Blocks: blocks})
	}
	return out
}

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
	return "'" + strings.ReplaceAll(clean(s), "'", `'\''`) + "'"
}

// yamlWord is a word that YAML takes as it is.
func yamlWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(clean(s), "'", "''") + "'"
}
