package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"ssf"
	"ssf/internal/markup"
)

// TestVerdict: the first sentence is not neutral while something bad is open,
// and names phases so that they are not read as common words.
func TestVerdict(t *testing.T) {
	for name, x := range map[string]struct {
		change     func(c *ssf.Case)
		kind, says string
	}{
		"a policy": {func(*ssf.Case) {}, bad, "Not yet: the phase context is reached, and the policy asks for the phase threats; 1 of 1 gate not met."},
		"no policy": {
			func(c *ssf.Case) { c.ReachAsked, c.Gates = "", nil }, bad,
			"No policy says what must be reached; the phase context is reached. 2 threats are open whose risk is high, critical or unknown.",
		},
		"no policy, low risks": {func(c *ssf.Case) {
			c.ReachAsked, c.Gates = "", nil
			for i := range c.Threats {
				c.Threats[i].Risk = ssf.Low
			}
		}, neutral, "No policy says what must be reached; the phase context is reached."},
		"no policy, all treated": {func(c *ssf.Case) {
			c.ReachAsked, c.Gates, c.Reach = "", nil, ssf.PhaseNone
			for i := range c.Threats {
				c.Threats[i].State = ssf.Accepted
			}
		}, neutral, "No policy says what must be reached; no phase is reached yet."},
	} {
		c := sample("")
		x.change(c)
		if kind, says := verdict(c); kind != x.kind || says != x.says {
			t.Errorf("%s: %s: %s", name, kind, says)
		}
	}
}

// TestOnlyPlanned: wherever threats are counted as treated, it stands beside
// how many are only planned for or claimed.
func TestOnlyPlanned(t *testing.T) {
	c := sample("")
	c.Threats[0].State, c.Threats[1].State = ssf.Planned, ssf.Claimed
	for name, phrases := range map[string][]string{
		"html":         {"2 treated (1 only planned, 1 only claimed)", "1 of 2 threats treated (1 only planned, 1 only claimed)", "1 of 1 threats (1 only planned)", "1 of 1 threats (1 only claimed)"},
		"markdown":     {"2 treated (1 only planned, 1 only claimed)", "1 of 2 threats treated (1 only planned, 1 only claimed)", "1 of 1 threats (1 only planned)", "1 of 1 threats (1 only claimed)"},
		"pull-request": {"1 of 2 threats treated (1 only planned, 1 only claimed)"},
	} {
		out := write(t, name, c)
		for _, p := range phrases {
			if !strings.Contains(out, p) {
				t.Errorf("%s does not say %q", name, p)
			}
		}
		if plain := write(t, name, sample("")); strings.Contains(plain, " only planned") || strings.Contains(plain, " only claimed") {
			t.Errorf("%s speaks of plans and claims where there are none", name)
		}
	}
}

// TestOpenForControl: what keeps a control open is told by its diagnostics,
// also where a subject is as good as no name.
func TestOpenForControl(t *testing.T) {
	c := sample("")
	c.Phases[0].Controls[0].Open = []ssf.ID{"db", "orders.integrity", "system"}
	c.Diagnostics = append(c.Diagnostics,
		ssf.Diagnostic{Check: "context/no-zone", Subject: "system", Severity: ssf.Gap, Message: "no zone at all"},
		ssf.Diagnostic{Check: "context/no-zone", Subject: "db", Severity: ssf.Hint, Message: "a hint keeps nothing open"},
		ssf.Diagnostic{Check: "threats/open", Subject: "db", Severity: ssf.Gap, Message: "this is of another control"})
	md := write(t, "markdown", c)
	_, part, _ := strings.Cut(md, "Open for <code>CX-1</code>: 3</summary>")
	part, _, _ = strings.Cut(part, "</details>")
	for _, want := range []string{"- Db is in no zone.", "- No zone at all.", "\norders.integrity\n"} {
		if !strings.Contains(part, want) {
			t.Errorf("it does not say %q:\n%s", want, part)
		}
	}
	if regexp.MustCompile(`(?m)system|hint|another|^db`).MatchString(part) {
		t.Errorf("it says more than what keeps the control open:\n%s", part)
	}
	for i := range 30 { // a long list ends in names, and none is lost
		id := ssf.ID("store-" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
		c.Phases[0].Controls[0].Open = append(c.Phases[0].Controls[0].Open, id)
		c.Diagnostics = append(c.Diagnostics, ssf.Diagnostic{Check: "context/no-zone", Subject: id, Severity: ssf.Gap, Message: string(id) + " is in no zone"})
	}
	_, part, _ = strings.Cut(write(t, "markdown", c), "Open for <code>CX-1</code>: 33</summary>")
	part, _, _ = strings.Cut(part, "</details>")
	if n := strings.Count(part, "\n- "); n != 2*maxPlaces {
		t.Errorf("%d messages are told", n)
	}
	for _, id := range c.Phases[0].Controls[0].Open[3:] {
		if !strings.Contains(part, string(id)) {
			t.Errorf("%s is lost:\n%s", id, part)
		}
	}
}

// TestFirst: what to do first is to answer, then the worst threats, then what is
// missing, then low risks; an unknown risk says that it ranks as the worst.
func TestFirst(t *testing.T) {
	c := sample("")
	low, vague := c.Threats[0], c.Threats[0]
	low.ID, low.Rule, low.Title, low.Risk = "tiny@pay", "tiny", "Small harm", ssf.Low
	vague.ID, vague.Rule, vague.Title, vague.Risk = "vague@pay", "vague", "Unclear harm", ssf.Unknown
	vague.Impact, vague.ImpactWhy, vague.Needs = ssf.Unknown, "a need of orders is not stated", nil
	c.Threats = append(c.Threats, low, vague)
	c.Questions = append(c.Questions, ssf.OpenQuestion{Fact: "session", Elements: []ssf.ID{"pay"}, Asks: "Which session?", Unlocks: 1})
	var titles, tasks []string
	for _, bl := range newBuilder(c).first(maxTasks) {
		if g, ok := bl.(Group); ok {
			var b strings.Builder
			for _, x := range g.Blocks {
				if items, ok := x.(Items); ok {
					for _, it := range items {
						b.WriteString(it.Term + ": " + spans(it.Text) + "\n")
					}
				}
			}
			titles, tasks = append(titles, spans(g.Title)), append(tasks, b.String())
		}
	}
	want := []string{
		"1. Answer 2 questions; the first decides 1 threat",
		"2. Unclear harm **open** risk **unknown**, ranks as critical",
		"3. Other site sends requests **open** risk **high**",
		"4. Without a zone **gap**",
		"5. Small harm **open** risk **low**",
		"The mitigations of this list as YAML",
	}
	if !slices.Equal(titles, want) {
		t.Fatalf("the tasks are\n%s", strings.Join(titles, "\n"))
	}
	for i, says := range map[int]string{
		0: "Question 2: Which session? (`session` at 1 element)",
		1: "Risk unknown, ranks as critical: a need of orders is not stated.",
		2: "Nobody has stated `pay.session`: to answer that may already count as a claim.",
	} {
		if !strings.Contains(tasks[i], says) {
			t.Errorf("%s does not say %q:\n%s", titles[i], says, tasks[i])
		}
	}
	if strings.Contains(tasks[1], "Nobody has stated") {
		t.Errorf("nothing is unanswered in\n%s", tasks[1])
	}
}

// TestPlanned: two rules whose first measure is the same give one mitigation
// with all that it would counter; one that the model has is a comment.
func TestPlanned(t *testing.T) {
	b := newBuilder(sample(""))
	at := func(ids ...ssf.ID) (ts []*ssf.Threat) {
		for _, id := range ids {
			ts = append(ts, &ssf.Threat{ID: id})
		}
		return ts
	}
	got, file := b.planned([]plan{{"csrf-tokens", at("csrf@pay")}, {"parametrised-queries", at("sql-injection@db")}, {"csrf-tokens", at("clickjacking@pay", "clickjacking@web")}})
	want := "# once one is built: `state: implemented`, and its place: `where: [FILE#SYMBOL]`\nmitigations:\n  csrf-tokens:\n    state: planned\n    counters:\n" +
		"      - csrf@pay\n      - clickjacking@pay\n      - clickjacking@web\n# to `counters` of parametrised-queries, which is there already:\n#   - sql-injection@db\n"
	if string(got) != want || !file {
		t.Errorf("the YAML is\n%s", got)
	}
	if got, file := b.planned([]plan{{"parametrised-queries", at("sql-injection@db")}}); file || strings.Contains(string(got), "mitigations:") {
		t.Errorf("what is only to be added is offered as a file:\n%s", got)
	}
}

// TestMeasuresNeeded: the text of a measure stands only where a threat that is
// there and open names it or a mitigation is one; else its title, and no link.
func TestMeasuresNeeded(t *testing.T) {
	for name, x := range map[string]struct {
		change func(c *ssf.Case)
		told   bool
	}{
		"open":       {func(*ssf.Case) {}, true},
		"undecided":  {func(c *ssf.Case) { c.Threats[0].State = ssf.Undecided }, false},
		"accepted":   {func(c *ssf.Case) { c.Threats[0].State = ssf.Accepted }, false},
		"stale":      {func(c *ssf.Case) { c.Threats[0].State = ssf.Stale }, true},
		"mitigation": {func(c *ssf.Case) { c.Threats[0].State = ssf.Undecided; c.Mitigations[0].Measure = "csrf-tokens" }, true},
	} {
		c := sample("")
		x.change(c)
		page := write(t, "html", c)
		if strings.Contains(page, "Put a token in.") != x.told || strings.Contains(page, `id="measure.csrf-tokens"`) != x.told {
			t.Errorf("%s: that the measure is told is not %v", name, x.told)
		}
		if !strings.Contains(page, ": Secret token, effort low</li>") {
			t.Errorf("%s: the title of the measure is not told", name)
		}
		wellFormedHTML(t, page)
	}
}

// TestAddress: what has an @ in it is code in Markdown, also beside code.
func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"Write to security@example.org.":  "Write to `security@example.org`.",
		"@everyone, a@b":                  "`@everyone`, `a@b`",
		"x @ y, end@":                     "x @ y, end@",
		"*@me* `@me`":                     "\\*`@me`\\* \\``@me`\\`",
		"(mailto:a.b+c@d-e.example/f@g.)": "(mailto:`a.b+c@d-e.example/f@g`.)",
		"schön@büro":                      "`schön@büro`",
	} {
		if got := markup.Markdown(in); got != want {
			t.Errorf("%q is written %q", in, got)
		}
	}
	if got := spans(text(mono("x"), "a@b", mono("y"), "|")); got != "`x` `a@b` `y`|" {
		t.Errorf("code beside code is written %q", got)
	}
	if got := spansInCell(text(mono("x"), "a@b|")); got != "`x` `a@b`\\|" {
		t.Errorf("code beside code in a cell is written %q", got)
	}
}

// TestGuide: a report ends by telling its words, and the picture where it
// counts the threats of a function.
func TestGuide(t *testing.T) {
	for _, name := range []string{"html", "markdown"} {
		out := write(t, name, sample(""))
		_, guide, ok := strings.Cut(out, "How to read this")
		for _, w := range []string{"Cell", "reach", "Policy", "Claimed", "Planned", "Undecided", "Unreviewed", "Stale", "Lock file, pin", "Basis"} {
			if !ok || !strings.Contains(guide, w) {
				t.Errorf("%s does not explain %s", name, w)
			}
		}
		if !strings.Contains(out, "threats of a function are counted at the component") {
			t.Errorf("%s does not say where the threats of a function are", name)
		}
	}
	if page := write(t, "html", sample("")); !strings.Contains(page, `<span class="status">controls: <b class="good">1 met</b>`) {
		t.Error("a bar does not say what is met")
	}
}
