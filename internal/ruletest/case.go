package ruletest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/eval"
	"ssf/internal/lang"
	"ssf/internal/report"
)

// expectation is the first line of a case: the state of one instance, and the
// facts that are asked of it.
var expectation = regexp.MustCompile(`^# expect: (open|undecided|claimed|none) (\S+@\S+)(?: asks (\S+(?: \S+)*))?\n`)

// fit are the states that a case may expect, by what it shows.
var fit = map[string][]ssf.State{
	"fires": {ssf.Open}, "quiet": {"none"}, "asks": {ssf.Open, ssf.Undecided}, "claimed": {ssf.Claimed},
}

// today is the time of every case.
var today = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func (t *test) fail(at ssf.Pos, format string, args ...any) {
	t.Failures = append(t.Failures, Failure{Pos: at, Message: fmt.Sprintf(format, args...)})
}

// test carries out one case. An error is a rule that cannot be evaluated.
func (s *Suite) test(t *test, update bool) error {
	first := t.Pos
	first.Line++
	want := expectation.FindStringSubmatch(string(t.text))
	if want == nil {
		t.fail(first, "the first line is no `# expect: STATE %s@ELEMENT [asks ELEMENT.FACT ...]` with open, undecided, claimed or none", t.rule.ID)
		return nil
	}
	state, id, asks := ssf.State(want[1]), ssf.ID(want[2]), strings.Fields(want[3])
	_, at, _ := strings.Cut(string(id), "@")
	if id != ssf.Instance(t.rule.ID, ssf.ID(at)) {
		t.fail(first, "the case is about %s, and not about %s@%s", id, t.rule.ID, at)
	}
	if !slices.Contains(fit[t.what], state) {
		t.fail(first, "a case of %s does not expect %s", t.what, state)
	}
	if (t.what == "asks") != (len(asks) > 0) {
		t.fail(first, "a case of %s expects %d questions", t.what, len(asks))
	}
	in, err := s.inputs(t)
	if err != nil {
		return err
	}
	c, err := check.Case(in)
	if err != nil {
		return err
	}
	for _, d := range c.Diagnostics {
		if d.Severity == ssf.Error {
			at := first
			at.Line += max(d.Line-1, 0)
			at.Col = d.Col
			t.fail(at, "the model has an error: %s", d.Message)
		}
	}
	if ssf.HasErrors(c.Diagnostics) {
		return nil
	}
	if !slices.ContainsFunc(c.Elements, func(e ssf.ElementInfo) bool { return e.ID == ssf.ID(at) }) &&
		!slices.ContainsFunc(c.Mitigations, func(m ssf.MitigationResult) bool { return m.ID == ssf.ID(at) }) {
		t.fail(first, "the model has no element %s", at)
	}
	i := slices.IndexFunc(c.Threats, func(x ssf.Threat) bool { return x.ID == id })
	if i < 0 {
		if state != "none" {
			t.fail(first, "%s is not derived, want %s", id, state)
		}
	} else {
		t.compare(&c.Threats[i], state, asks, first)
	}
	if len(t.Failures) > 0 {
		if err := t.explain(in, c, id); err != nil {
			return err
		}
	}
	t.fires = t.what == "fires" && len(t.Failures) == 0
	return t.prints(c, id, i, update)
}

// inputs reads the model. Rules do not read each other, so the one that is
// tested is enough; one on a mitigation needs what the mitigation counters.
func (s *Suite) inputs(t *test) (ssf.Inputs, error) {
	snap, err := lang.Load(fstest.MapFS{lang.RootFile: {Data: t.text}}, s.Library)
	if err != nil {
		return ssf.Inputs{}, err
	}
	lib := *s.Library
	if t.rule.On != ssf.SortMitigation {
		lib.Threats = []ssf.Rule{*t.rule}
	}
	return ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: &lib, Now: today, Line: snap.Line}, nil
}

// explain adds to the last failure why the threat is there or not.
func (t *test) explain(in ssf.Inputs, c *ssf.Case, id ssf.ID) error {
	x, ok, err := eval.Explain(in, c, id)
	if err != nil || !ok {
		return err
	}
	why := []string{x.Verdict}
	if x.Kind != "" && x.Threat == nil {
		why = append(why, x.Kind)
	}
	for _, w := range []*ssf.Why{x.When, x.Unless} {
		if w != nil {
			why = append(why, w.Text+" is "+w.Truth+told(*w))
		}
	}
	last := &t.Failures[len(t.Failures)-1]
	for _, w := range why {
		last.Message += "\n   " + report.Line(w)
	}
	return nil
}

// told are the facts of a condition's answer in words, the first of them.
func told(w ssf.Why) string {
	var all []string
	var walk func(w ssf.Why)
	walk = func(w ssf.Why) {
		for _, f := range w.Facts {
			value := string(f.Value)
			if value == "" {
				value = "unknown"
			}
			if s := string(f.Element) + "." + string(f.Name) + " is " + value; len(all) < 8 && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		for _, p := range w.Parts {
			walk(p)
		}
	}
	walk(w)
	if len(all) == 0 {
		return ""
	}
	return ": " + strings.Join(all, ", ")
}

// compare compares the instance with what is expected.
func (t *test) compare(got *ssf.Threat, state ssf.State, asks []string, at ssf.Pos) {
	if got.State != state {
		t.fail(at, "%s is %s (%s), want %s", got.ID, got.State, got.Why, state)
	}
	var needs []string
	for _, n := range got.Needs {
		needs = append(needs, n.String())
	}
	for _, a := range asks {
		if !slices.Contains(needs, a) {
			t.fail(at, "%s does not ask %s but %q", got.ID, a, needs)
		}
	}
	if t.what == "fires" && len(needs) > 0 {
		t.fail(at, "%s asks %q; a case that fires states all that decides", got.ID, needs)
	}
}

// prints compares what the program prints about the instance with what the
// archive has, or renews that.
func (t *test) prints(c *ssf.Case, id ssf.ID, i int, update bool) error {
	if t.want == nil && !t.must || len(t.Failures) > 0 {
		return nil
	}
	var about []ssf.Diagnostic
	for _, d := range c.Diagnostics {
		if d.Subject == id || d.Subject == t.rule.ID {
			about = append(about, d)
		}
	}
	var out bytes.Buffer
	if err := report.Diagnostics(&out, about, report.Style{Width: 80}); err != nil {
		return err
	}
	if i < 0 {
		fmt.Fprintf(&out, "%s: not derived\n", id)
	} else {
		x := &c.Threats[i]
		fmt.Fprintf(&out, "%s: %s, risk %s: %s\n", id, x.State, x.Risk, report.Line(x.Why))
	}
	got := out.Bytes()
	switch {
	case bytes.Equal(got, t.want):
	case update && txtar.NeedsQuote(got):
		t.fail(t.Pos, "what is printed cannot stand in an archive")
	case update:
		t.rendered = got
	case t.want == nil:
		t.fail(t.Pos, "%s.txt, which is what this case prints, is missing; `ssf test --update` writes it", t.stem)
	default:
		t.fail(t.wantAt, "the output is another than expected (-); `ssf test --update` takes it over\n%s", difference(string(t.want), string(got)))
	}
	return nil
}

// difference shows the lines in which got differs from want, between those
// before and after that are equal.
func difference(want, got string) string {
	a, b := strings.SplitAfter(want, "\n"), strings.SplitAfter(got, "\n")
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out strings.Builder
	show := func(sign string, lines []string) {
		for _, l := range lines {
			if l != "" {
				out.WriteString(strings.TrimRight(sign+report.Line(strings.TrimSuffix(l, "\n")), " ") + "\n")
			}
		}
	}
	show("  ", a[max(0, head-2):head])
	show("- ", a[head:len(a)-tail])
	show("+ ", b[head:len(b)-tail])
	show("  ", a[len(a)-tail:min(len(a), len(a)-tail+2)])
	return strings.TrimSuffix(out.String(), "\n")
}
