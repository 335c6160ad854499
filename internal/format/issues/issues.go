// Package issues writes what is to be done as one Markdown file an issue, for the
// trackers that teams have: a threat that counts as open or is planned, and a
// verification that fails. A file's name comes from the id of what it is about, so
// the same issue is the same file when the case is exported again; nothing in it
// changes with the time of day or the commit.
package issues

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
	"ssf/internal/markup"
)

// Format is a folder of issues with an index.
var Format = format.Format{
	Name:   "issues",
	Title:  "Markdown files for an issue tracker, one for each open threat",
	Write:  write,
	Folder: true,
	Loses: []string{
		"threats that are claimed, mitigated, verified, accepted, transferred or not applicable, and those that an unknown fact decides",
		"verifications that pass, wait or were never run, and the messages of tests that failed beyond the first 20",
		"the model itself: elements, matrices, requirements, assumptions, deployments, people, facts other than those on which a threat stands",
		"decisions, but for the plans of threats; questions",
		"controls, phases, gates, diagnostics, pins and the comparison with an earlier commit; of the product all but name and version; commit, library and program",
		"what a tracker adds: comments, assignees, closing; files are written anew and never read again",
	},
}

// maxTitle is the length of a title in runes: trackers take 255 at most.
const maxTitle = 200

// maxListed bounds each list in an issue.
const maxListed = 20

// failing are the standings that need somebody to look at the code or the test.
var failing = []ssf.Standing{ssf.Standing(ssf.Failed), ssf.Standing(ssf.Errored), ssf.Standing(ssf.TimedOut), ssf.Standing(ssf.NoTests), ssf.Standing(ssf.AllSkipped), ssf.Standing(ssf.Unreadable), ssf.Standing(ssf.OutputCut), ssf.Disputed}

// An issue is one file on its way.
type issue struct {
	file, title, id string
	labels          []string
	severity        string
	due, owner, key string
	body            strings.Builder
}

// A writer holds the case and what the issues look up in it.
type writer struct {
	*ssf.Case
	elements    map[ssf.ID]*ssf.ElementInfo
	rules       map[ssf.ID]*ssf.RuleInfo
	measures    map[ssf.ID]*ssf.MeasureInfo
	mitigations map[ssf.ID]*ssf.MitigationResult
	questions   map[ssf.ID]*ssf.OpenQuestion
	joined      map[ssf.ID]*ssf.JoinedThreat
	plans       map[ssf.ID]*ssf.DecisionResult
	verifiers   map[ssf.ID][]*ssf.VerificationInfo // by what they verify
}

func index[T any](vs []T, id func(*T) ssf.ID) map[ssf.ID]*T {
	m := make(map[ssf.ID]*T, len(vs))
	for i := range vs {
		m[id(&vs[i])] = &vs[i]
	}
	return m
}

func write(c *ssf.Case) ([]format.File, error) {
	w := &writer{Case: c, plans: map[ssf.ID]*ssf.DecisionResult{}, verifiers: map[ssf.ID][]*ssf.VerificationInfo{}}
	w.elements = index(c.Elements, func(e *ssf.ElementInfo) ssf.ID { return e.ID })
	w.rules = index(c.Rules, func(r *ssf.RuleInfo) ssf.ID { return r.ID })
	w.measures = index(c.Measures, func(m *ssf.MeasureInfo) ssf.ID { return m.ID })
	w.mitigations = index(c.Mitigations, func(m *ssf.MitigationResult) ssf.ID { return m.ID })
	w.questions = index(slices.Concat(c.Later, c.Questions), func(q *ssf.OpenQuestion) ssf.ID { return q.Fact })
	w.joined = index(c.Joined, func(j *ssf.JoinedThreat) ssf.ID { return j.ID })
	for i := range c.Decisions {
		if d := &c.Decisions[i]; d.Due != "" || d.Owner != "" || d.Ticket != "" {
			for _, id := range d.Covers {
				w.plans[id] = d
			}
		}
	}
	for i := range c.Verifications {
		v := &c.Verifications[i]
		for _, id := range v.Verifies {
			w.verifiers[id] = append(w.verifiers[id], v)
		}
	}
	var issues []*issue
	seen := map[string]bool{}
	add := func(x *issue) {
		if !seen[x.file] {
			seen[x.file] = true
			issues = append(issues, x)
		}
	}
	for _, t := range w.threats() {
		add(w.threat(t))
	}
	for i := range c.Verifications {
		if v := &c.Verifications[i]; slices.Contains(failing, v.State) {
			add(w.verification(v))
		}
	}
	files := []format.File{{Name: "index.md", Data: w.contents(issues)}}
	for _, x := range issues {
		files = append(files, format.File{Name: x.file, Data: x.bytes()})
	}
	return files, nil
}

// threats are those to be treated, the worst first, those with a plan last. Those
// that an unknown fact decides are questions and no issues yet.
func (w *writer) threats() (out []*ssf.Threat) {
	for i := range w.Threats {
		if t := &w.Threats[i]; !t.State.Treated() && t.State != ssf.Undecided || t.State == ssf.Planned {
			out = append(out, t)
		}
	}
	planned := func(t *ssf.Threat) int {
		if t.State == ssf.Planned {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b *ssf.Threat) int {
		return cmp.Or(planned(a)-planned(b), int(b.Risk.Worst())-int(a.Risk.Worst()), strings.Compare(string(a.ID), string(b.ID)))
	})
	return out
}

// contents is the list of all issues.
func (w *writer) contents(issues []*issue) []byte {
	var b strings.Builder
	name := cmp.Or(strings.TrimSpace(w.System.Name+" "+w.System.Version), "The system")
	fmt.Fprintf(&b, "# Issues of %s\n\n", markup.Markdown(clip(name)))
	fmt.Fprintf(&b, "As of %s. Each file is one issue: its head has title, labels and severity, the rest is the text. The name of a file stays the same as long as its threat does.\n\n", w.Now.UTC().Format("2006-01-02"))
	if len(issues) == 0 {
		b.WriteString("Nothing is open, planned or failing.\n")
		return []byte(b.String())
	}
	b.WriteString("| severity | issue | due |\n| --- | --- | --- |\n")
	for _, x := range issues {
		fmt.Fprintf(&b, "| %s | [%s](%s) | %s |\n", x.severity, cell(markup.Markdown(x.title)), strings.ReplaceAll(x.file, "~", "%7E"), cell(markup.Markdown(x.due)))
	}
	return []byte(b.String())
}

// cell is Markdown as a table takes it, where a bar would end the cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// bytes are the file: YAML between two lines, then Markdown.
func (x *issue) bytes() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %s\nid: %s\nseverity: %s\nlabels:\n", quoted(x.title), quoted(x.id), x.severity)
	for _, l := range x.labels {
		fmt.Fprintf(&b, "  - %s\n", quoted(l))
	}
	for _, p := range [][2]string{{"due", x.due}, {"owner", x.owner}, {"ticket", x.key}} {
		if p[1] != "" {
			fmt.Fprintf(&b, "%s: %s\n", p[0], quoted(p[1]))
		}
	}
	b.WriteString("---\n\n")
	b.WriteString(x.body.String())
	return []byte(b.String())
}

// quoted is a text in YAML's double quotes, which are those of JSON.
func quoted(s string) string {
	b, _ := json.Marshal(strings.ToValidUTF8(markup.Clean(s), "?")) // of a text there is always one
	return string(b)
}

// threat is the issue of a threat.
func (w *writer) threat(t *ssf.Threat) *issue {
	r := w.rules[t.Rule]
	title := cmp.Or(t.Title, string(t.Rule))
	x := &issue{file: fileName("threats", t.ID), id: string(t.ID), title: clip(title + " at " + w.name(t.Element)), severity: t.Risk.String()}
	x.labels = []string{"security", "threat", "risk:" + t.Risk.String(), "state:" + string(t.State)}
	if t.Origin != "" {
		x.labels = append(x.labels, "origin:"+string(t.Origin))
	}
	for _, s := range t.Stride {
		x.labels = append(x.labels, "stride:"+s)
	}
	x.para("**Risk %s** (likelihood %s, impact %s), state **%s**, at %s.", t.Risk, t.Likelihood, t.Impact, markup.Markdown(words(t.State)), w.place(t.Element))
	if p := w.plans[t.ID]; p != nil {
		x.due, x.owner, x.key = p.Due, string(p.Owner), p.Ticket
		x.para("Planned: %s", join("; ", after("due ", p.Due), after("owner ", string(p.Owner)), after("ticket ", p.Ticket), after("because ", p.Because)))
	}
	x.head("What can happen")
	if r != nil && r.Plain != "" {
		x.para("In short: %s", markup.Markdown(r.Plain))
	}
	says := t.Says
	if r != nil {
		says = cmp.Or(says, r.Says)
	}
	x.para("In full: %s", markup.Markdown(cmp.Or(says, title)))
	refs := slices.Concat(t.Weaknesses, t.Attacks)
	if r != nil {
		refs = slices.Concat(r.Weaknesses, r.Attacks, refs)
	}
	for i, id := range t.Also {
		if i == maxListed {
			x.line("- and %d more", len(t.Also)-i)
			break
		}
		if j := w.joined[id]; j != nil {
			x.line("- The team states it as %s%s%s", markup.Code(string(id)), after(": ", j.Title), after(". ", j.Says))
			refs = slices.Concat(refs, j.Weaknesses, j.Attacks)
		} else {
			x.line("- The team states it as %s", markup.Code(string(id)))
		}
	}
	if len(t.Also) > 0 {
		x.end()
	}
	w.standing(x, t)
	w.unknown(x, t)
	w.counters(x, t, r)
	w.treatment(x, t, r)
	x.links(refs)
	return x
}

// standing says why a threat is here and rated so.
func (w *writer) standing(x *issue, t *ssf.Threat) {
	x.head("Why it stands here")
	x.item("State", t.Why)
	x.item("Likelihood "+t.Likelihood.String(), t.LikelihoodWhy)
	x.item("Impact "+t.Impact.String(), t.ImpactWhy)
	if t.Severity != ssf.Unknown {
		x.item("Its author rates it", t.Severity.String())
	}
	var cells []string
	for _, c := range t.Endangers[:min(maxListed, len(t.Endangers))] {
		cells = append(cells, markup.Code(c.String()))
	}
	if more := len(t.Endangers) - len(cells) + t.EndangersMore; more > 0 {
		cells = append(cells, fmt.Sprintf("and %d more", more))
	}
	x.listed("Endangers", cells)
	for i, f := range t.Rests {
		if i == maxListed {
			x.line("- and %d more facts", len(t.Rests)-i)
			break
		}
		x.line("- Rests on %s%s", markup.Code(f.String()), w.fact(f))
	}
	for i, c := range t.Changes {
		if i == maxListed {
			x.line("- and %d more changes", len(t.Changes)-i)
			break
		}
		x.item("Changed since it was confirmed", c.String())
	}
	x.end()
}

// fact is what a fact is and how it came to be known.
func (w *writer) fact(f ssf.FactRef) string {
	e := w.elements[f.Element]
	if e == nil {
		return ""
	}
	for _, k := range e.Facts {
		if k.Name == f.Fact {
			return ": " + markup.Markdown(string(k.Value)) + " (" + markup.Markdown(strings.TrimSpace(string(k.Via)+" "+string(k.By))) + ")"
		}
	}
	return ""
}

// unknown are the questions whose answers would decide it.
func (w *writer) unknown(x *issue, t *ssf.Threat) {
	if len(t.Needs) == 0 {
		return
	}
	x.head("What nobody has said yet")
	for i, n := range t.Needs {
		if i == maxListed {
			x.line("- and %d more facts", len(t.Needs)-i)
			break
		}
		q := w.questions[n.Fact]
		if q == nil {
			x.line("- %s", markup.Code(n.String()))
			continue
		}
		x.line("- %s: %s%s", markup.Code(n.String()), markup.Markdown(q.Asks), after(" Answers: ", strings.Join(q.Values, ", ")))
	}
	x.end()
}

// counters are what stands against it in the model, and what could.
func (w *writer) counters(x *issue, t *ssf.Threat, r *ssf.RuleInfo) {
	x.head("What counters it")
	for i, id := range t.Mitigations {
		if i == maxListed {
			x.line("- and %d more", len(t.Mitigations)-i)
			break
		}
		m := w.mitigations[id]
		if m == nil {
			x.line("- In the model: %s", markup.Code(string(id)))
			continue
		}
		x.line("- In the model: %s%s, %s%s%s", markup.Code(string(id)), after(" ", m.Name), markup.Markdown(m.State), after(": ", m.Says), places(m.Where))
		for _, v := range w.verifiers[id] {
			x.line("  - verified by %s: %s", markup.Code(string(v.ID)), markup.Markdown(words(v.State)))
		}
	}
	measures := t.Measures
	if r != nil && len(measures) == 0 {
		measures = r.Measures
	}
	for i, id := range measures {
		if i == maxListed {
			x.line("- and %d more measures", len(measures)-i)
			break
		}
		m := w.measures[id]
		if m == nil {
			x.line("- Measure %s", markup.Code(string(id)))
			continue
		}
		x.line("- [ ] **%s** (%s, effort %s): %s%s%s", cmp.Or(markup.Markdown(m.Title), "Measure"), markup.Code(string(id)), m.Effort, markup.Markdown(m.Says), after(" Usually sits: ", m.Where), after(" Leaves open: ", m.Leaves))
		for _, v := range m.Verify {
			x.line("  - verify by %s: %s%s%s", markup.Markdown(words(v.Method)), markup.Markdown(v.How), after(" Shown by: ", v.Expect), after(" To see it fail: ", v.Break))
		}
	}
	if len(t.Mitigations)+len(measures) == 0 {
		x.line("- Nothing in the model and nothing in the library.")
	}
	x.end()
}

// treatment is how to say in the model what was done.
func (w *writer) treatment(x *issue, t *ssf.Threat, r *ssf.RuleInfo) {
	x.head("How to treat it in the model")
	name := "the-measure"
	if len(t.Measures) > 0 {
		name = string(t.Measures[0])
	} else if r != nil && len(r.Measures) > 0 {
		name = string(r.Measures[0])
	}
	text := fmt.Sprintf("mitigations:\n  %s:\n    counters: [%s]\n    where: [path/to/code]\n    state: implemented\n", word(name), word(string(t.ID)))
	text += "\n# or, if it is not to be countered, a decision:\ndecisions:\n" +
		fmt.Sprintf("  - {threat: %s, treat: accept, because: ..., by: ..., until: ...}\n", word(string(t.ID)))
	fence := markup.Fence(text, 3)
	x.para("When something counters it, write so; with `treat: not_applicable` or `transfer` it is decided otherwise.")
	x.para("%syaml\n%s%s", fence, text, fence)
	if bare.MatchString(string(t.ID)) {
		x.para("`ssf explain %s` tells why it is there fact by fact, `ssf suggest %s` writes mitigations and verifications to take in.", t.ID, t.ID)
	}
}

// verification is the issue of a verification that does not stand.
func (w *writer) verification(v *ssf.VerificationInfo) *issue {
	worst := ssf.None
	var about []*ssf.Threat
	counters := map[ssf.ID]bool{}
	for _, id := range v.Verifies {
		if m := w.mitigations[id]; m != nil {
			for _, t := range m.Counters {
				counters[t] = true
			}
		}
	}
	for i := range w.Threats {
		t := &w.Threats[i]
		named := counters[t.ID] || slices.ContainsFunc(t.Mitigations, func(id ssf.ID) bool { return slices.Contains(v.Verifies, id) })
		if named {
			about = append(about, t)
			if t.Risk.Worst() > worst.Worst() {
				worst = t.Risk
			}
		}
	}
	x := &issue{file: fileName("verifications", v.ID), id: string(v.ID), title: clip("Verification " + string(v.ID) + " " + words(v.State)), severity: worst.String()}
	x.labels = []string{"security", "verification", "risk:" + worst.String(), "state:" + string(v.State)}
	x.para("Verification %s is **%s**%s.%s", markup.Code(string(v.ID)), markup.Markdown(words(v.State)), position(v.Pos), after(" Why: ", v.Why))
	x.head("What it should show")
	for i, id := range v.Verifies {
		if i == maxListed {
			x.line("- and %d more", len(v.Verifies)-i)
			break
		}
		says := ""
		if m := w.mitigations[id]; m != nil {
			says = after(": ", m.Says) + places(m.Where)
		}
		x.line("- %s%s", markup.Code(string(id)), says)
	}
	x.end()
	if len(v.Tests) > 0 {
		x.head("Tests")
		shown, left := 0, 0
		for _, t := range v.Tests {
			switch {
			case t.Outcome == ssf.TestPassed:
			case shown == maxListed:
				left++
			default:
				shown++
				x.line("- %s %s%s", markup.Markdown(string(t.Outcome)), markup.Code(join2(t.Suite, t.Name)), after(": ", t.Message))
			}
		}
		if left > 0 {
			x.line("- and %d more", left)
		}
		if shown == 0 {
			x.line("- each that was recorded passed")
		}
		x.end()
	}
	if len(about) > 0 {
		x.head("Threats that rest on it")
		for i, t := range about {
			if i == maxListed {
				x.line("- and %d more", len(about)-i)
				break
			}
			x.line("- %s, risk %s, %s", markup.Code(string(t.ID)), t.Risk, markup.Markdown(words(t.State)))
		}
		x.end()
	}
	if v.Run != "" {
		x.item("Run", string(v.Run))
	}
	if len(v.Changed) > 0 {
		x.listed("Changed since", codes(v.Changed))
	}
	x.para("`ssf verify` runs it again.")
	return x
}

func (x *issue) head(s string) { fmt.Fprintf(&x.body, "## %s\n\n", s) }

func (x *issue) para(form string, args ...any) { fmt.Fprintf(&x.body, form+"\n\n", args...) }

func (x *issue) line(form string, args ...any) { fmt.Fprintf(&x.body, form+"\n", args...) }

func (x *issue) end() { x.body.WriteString("\n") }

func (x *issue) item(what, says string) {
	if says != "" {
		x.line("- %s: %s", markup.Markdown(what), markup.Markdown(says))
	}
}

func (x *issue) listed(what string, items []string) {
	if len(items) > 0 {
		x.line("- %s: %s", what, strings.Join(items, ", "))
	}
}

var numbered = regexp.MustCompile(`^(CWE|CAPEC)-([0-9]{1,6})$`)

// links lead to the entries of weaknesses and attack patterns.
func (x *issue) links(ids []ssf.ID) {
	if len(ids) == 0 {
		return
	}
	x.head("References")
	seen := map[ssf.ID]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		if m := numbered.FindStringSubmatch(string(id)); m != nil {
			x.line("- [%s](https://%s.mitre.org/data/definitions/%s.html)", id, strings.ToLower(m[1]), m[2])
		} else {
			x.line("- %s", markup.Code(string(id)))
		}
	}
}

// safe are the ids that can be a file's name on every system, and bare those that
// are a word in YAML and in a shell.
var (
	safe = regexp.MustCompile(`^[a-z][a-z0-9]*([._@-][a-z0-9]+)*$`)
	bare = regexp.MustCompile(`^[a-z][a-z0-9]*([._@/-][a-z0-9]+)*$`)
)

// reserved are names that Windows keeps for devices, whatever follows a dot.
var reserved = regexp.MustCompile(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// fileName is a name that only this id has: the id where that is a name, else its
// letters and, after a tilde that no id has there, its digest.
func fileName(folder string, id ssf.ID) string {
	s := string(id)
	if len(s) > 120 || !safe.MatchString(s) || reserved.MatchString(s) {
		sum := sha256.Sum256([]byte(s))
		word := strings.Trim(strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '@' || r == '-' {
				return r
			}
			return '-'
		}, s), "-")
		s = word[:min(len(word), 80)] + "~" + hex.EncodeToString(sum[:8])
	}
	return folder + "/" + s + ".md"
}

// word is an id as YAML has it.
func word(s string) string {
	if bare.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(markup.Clean(s), "'", "''") + "'"
}

func (w *writer) name(id ssf.ID) string {
	if e := w.elements[id]; e != nil && e.Name != "" {
		return e.Name
	}
	return string(id)
}

// place is an element with its sort, its name and where it stands.
func (w *writer) place(id ssf.ID) string {
	e := w.elements[id]
	if e == nil {
		return markup.Code(string(id))
	}
	return strings.TrimSpace(markup.Markdown(string(e.Sort))+" "+markup.Code(string(id))) + after(" ", e.Name) + position(e.Pos)
}

func position(p ssf.Pos) string {
	if !p.Known() {
		return ""
	}
	return " (" + markup.Code(fmt.Sprintf("%s:%d", p.File, p.Line)) + ")"
}

func places(where []ssf.ID) string {
	if len(where) == 0 {
		return ""
	}
	return ", in " + strings.Join(codes(where), ", ")
}

func codes[S ~string](ss []S) (out []string) {
	for i, s := range ss {
		if i == maxListed {
			return append(out, fmt.Sprintf("and %d more", len(ss)-i))
		}
		if c := markup.Code(string(s)); c != "" {
			out = append(out, c)
		}
	}
	return out
}

// after is a text of the model behind words of ours, or nothing.
func after(what, s string) string {
	if s == "" {
		return ""
	}
	return what + markup.Markdown(s)
}

func join(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), by)
}

func join2(suite, name string) string { return strings.TrimSpace(suite + " " + name) }

func words[S ~string](s S) string { return strings.ReplaceAll(string(s), "_", " ") }

// clip is a text on one line, as long as a title may be.
func clip(s string) string {
	s = strings.Join(strings.Fields(markup.Clean(s)), " ")
	if rs := []rune(s); len(rs) > maxTitle {
		return string(rs[:maxTitle-1]) + "…"
	}
	return s
}
