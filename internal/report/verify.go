package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ssf"
	"ssf/internal/markup"
)

// How much of what failing tests said is shown.
const (
	maxFailing = 2 // tests of one verification
	maxSaid    = 8 // lines of each
)

// A Result is what one verification gave just now, and the last that its command
// printed.
type Result struct {
	ssf.Evidence
	Tail string
}

// Verify writes what verifications gave just now, what follows from that, and
// how many of those in the case stand. Unrecorded is why nothing was recorded.
func Verify(w io.Writer, c *ssf.Case, ran []Result, unrecorded string, style Style) error {
	p := newPage(w, style)
	type cause struct {
		run    ssf.ID
		result ssf.Result
		why    string
	}
	alike := map[cause][]ssf.ID{} // what shows nothing for one reason is told together
	for i := range ran {
		e := &ran[i]
		c := cause{e.Run.ID, e.Result, e.Why}
		alike[c] = append(alike[c], e.Verification)
	}
	for i := range ran {
		e := &ran[i]
		if i == 0 || ran[i-1].Run.ID != e.Run.ID {
			p.run(&e.Run)
		}
		switch names := alike[cause{e.Run.ID, e.Result, e.Why}]; {
		case e.Result == ssf.Failed, len(names) == 1:
			p.result(e, string(e.Verification))
		case names[0] == e.Verification:
			p.result(e, ssf.Join(names))
		}
	}
	if len(ran) > 0 {
		p.print("\n")
	}
	for _, d := range c.Diagnostics {
		if concerns(c, &d) {
			p.diagnostic(d)
			p.print("\n")
		}
	}
	stand := 0
	for _, v := range c.Verifications {
		if v.State == ssf.Stands {
			stand++
		}
	}
	says := ofN(stand, len(c.Verifications), "verifications pass on this code")
	if len(ran) == 0 {
		says += "; nothing had to run"
		p.answered(c)
	}
	switch {
	case len(ran) == 0:
	case unrecorded != "":
		p.hang(p.paint(yellow, "not recorded:")+" ", "", unrecorded)
	case ran[0].Commit == "":
		p.wrap("", "recorded "+count(len(ran), "result")+" in .ssf/evidence, without a commit: this folder is in no repository")
	default:
		p.wrap("", "recorded "+count(len(ran), "result")+" in .ssf/evidence; keep that in version control, with ssf.lock")
	}
	colour := green
	if stand < len(c.Verifications) {
		colour = red
	}
	p.print("%s\n", p.paint(colour, says))
	return p.err
}

// run is the line of a command.
func (p *page) run(r *ssf.RunResult) {
	what := strings.Join(r.Command, " ")
	if what == "" {
		what = "reports of another job"
	}
	took := ", " + time.Duration(r.Seconds*float64(time.Second)).Round(100*time.Millisecond).String()
	id := markup.Clean(string(r.ID))
	p.print("%s %s%s\n", p.paint(bold, id+":"), cut(markup.Clean(what), p.style.Width-utf8.RuneCountInString(id+took)-3), took)
}

// result is what a verification gave, or several that gave the same.
func (p *page) result(e *Result, names string) {
	if e.Result == ssf.Passed {
		p.outcome(green, string(e.Result), names)
		return
	}
	p.outcome(red, string(e.Result), names+": "+e.Why)
	if !p.failing(e.Tests) && e.Result != ssf.NoTests && e.Result != ssf.AllSkipped {
		p.said("it printed at last", e.Tail)
	}
}

// outcome is one word and what it is about.
func (p *page) outcome(colour, word, says string) {
	p.hang("  "+p.paint(colour, words(word))+strings.Repeat(" ", max(1, 12-len(word))), strings.Repeat(" ", 14), says)
}

// answered are the verifications that have an answer other than yes, which was
// recorded before.
func (p *page) answered(c *ssf.Case) {
	for i := range c.Verifications {
		v := &c.Verifications[i]
		if v.State == ssf.Stands || len(v.Evidence) == 0 {
			continue
		}
		p.outcome(red, string(v.State), string(v.ID)+": "+v.Why+"; `ssf evidence show "+v.Evidence[0].String()[:12]+"`")
		p.failing(v.Tests)
	}
}

// failing is what failing tests said; false if none said anything.
func (p *page) failing(tests []ssf.TestResult) bool {
	failing := 0
	for _, t := range tests {
		if t.Outcome == ssf.TestPassed || t.Outcome == ssf.TestSkipped || t.Message == "" {
			continue
		}
		if failing++; failing > maxFailing {
			break
		}
		p.said(t.Name, t.Message)
	}
	return failing > 0
}

// said is the last of what somebody said, where the reason mostly stands, or
// all of it if that is short.
func (p *page) said(who, text string) {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) == 0 {
		return
	}
	p.print("              %s\n", p.paint(bold, markup.Clean(who)))
	if more := len(lines) - maxSaid; more > 0 {
		p.print("                ... %s before\n", count(more, "line"))
		lines = lines[more:]
	}
	for _, l := range lines {
		p.wrap("                ", cut(markup.Clean(strings.ToValidUTF8(l, "?")), 4*p.style.Width))
	}
}

// cut is text in at most n columns.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n && n > 3 {
		return string(r[:n-3]) + "..."
	}
	return s
}

// concerns reports whether a diagnostic is about the results of the case's
// verifications.
func concerns(c *ssf.Case, d *ssf.Diagnostic) bool {
	if !strings.HasPrefix(string(d.Check), "verification/") || d.Severity == ssf.Hint {
		return false
	}
	switch d.Check {
	case "verification/missing", "verification/never-seen-red", "verification/never-run", "verification/stale":
		return false
	}
	return slices.ContainsFunc(c.Verifications, func(v ssf.VerificationInfo) bool {
		return v.State != ssf.Stands && (v.ID == d.Subject || slices.Contains(v.Verifies, d.Subject))
	})
}

// Commands writes what a model would have run.
func Commands(w io.Writer, m *ssf.Model, style Style) error {
	p := newPage(w, style)
	for i := range m.Runs {
		r := &m.Runs[i]
		if len(r.Command) == 0 {
			continue
		}
		how := "without a shell"
		if r.Shell.ID == "yes" {
			how = "by /bin/sh"
		}
		p.print("%s: %s: %s\n", p.paint(bold, markup.Clean(r.Pos.String())), markup.Clean(string(r.ID)), how)
		for _, arg := range r.Command {
			p.print("   %s\n", markup.Clean(string(arg.ID)))
		}
		for _, name := range r.Env {
			p.print("   sees the variable %s\n", markup.Clean(string(name.ID)))
		}
	}
	return p.err
}

// EvidenceList writes one line a record.
func EvidenceList(w io.Writer, records []ssf.Evidence, style Style) error {
	p := newPage(w, style)
	for i := range records {
		e := &records[i]
		colour := red
		if e.Result == ssf.Passed {
			colour = green
		}
		commit := e.Commit[:min(7, len(e.Commit))]
		p.print("%s  %s  %-7s  %s%s  %s\n", e.ID.String()[:12], e.Time.UTC().Format("2006-01-02 15:04"), commit, p.paint(colour, words(e.Result)), strings.Repeat(" ", max(0, 11-len(e.Result))), markup.Clean(string(e.Verification)))
	}
	if len(records) == 0 {
		p.print("no record\n")
	}
	return p.err
}

// EvidenceRecord writes all that a record says.
func EvidenceRecord(w io.Writer, e *ssf.Evidence, style Style) error {
	p := newPage(w, style)
	p.print("%s\n", p.paint(bold, e.ID.String()))
	line := func(name, text string) {
		if text != "" {
			p.hang(fmt.Sprintf("  %-13s", name), strings.Repeat(" ", 15), text)
		}
	}
	line("verification", string(e.Verification))
	line("of", ssf.Join(e.Verifies))
	result := words(e.Result)
	if e.Why != "" {
		result += ": " + e.Why
	}
	line("result", result)
	line("time", e.Time.UTC().Format(time.RFC3339)+", as its producer says")
	line("commit", e.Commit)
	line("key", e.Key)
	line("run", string(e.Run.ID)+": "+strings.Join(e.Run.Command, " "))
	line("exit", fmt.Sprintf("%d, after %.1f s", e.Run.Exit, e.Run.Seconds))
	if e.Run.Output != (ssf.Digest{}) {
		line("output", e.Run.Output.String())
	}
	line("tool", e.Tool)
	for _, d := range e.Prev {
		line("follows", d.String())
	}
	p.print("  %s\n", count(len(e.Tests), "test"))
	for _, t := range e.Tests {
		name := t.Name
		if t.Suite != "" {
			name = t.Suite + "." + name
		}
		p.print("    %-8s %s\n", t.Outcome, markup.Clean(name))
	}
	p.print("  %s\n", count(len(e.Inputs), "input"))
	for _, in := range e.Inputs {
		what := in.Name
		if in.Text != "" {
			what += " " + in.Text
		}
		p.print("    %s  %s\n", in.Digest.String()[:12], markup.Clean(what))
	}
	return p.err
}

// EvidenceState writes what is wrong with evidence, or that nothing is.
func EvidenceState(w io.Writer, problems []ssf.Diagnostic, records, checkpoints int, style Style) error {
	p := newPage(w, style)
	for _, d := range problems {
		p.print("%s: %s: %s\n", p.paint(bold, markup.Clean(d.File)), p.paint(red, "error"), markup.Clean(d.Message))
	}
	if len(problems) > 0 {
		p.print("\n%s\n", p.paint(red, count(len(problems), "problem")+" beside "+count(records, "whole record")+"; restore what was there from version control"))
		return p.err
	}
	p.print("%s\n", p.paint(green, count(records, "record")+", each whole, signed and in its place"))
	if checkpoints == 0 && records > 0 {
		p.wrap("", "no checkpoint says how many there should be: keep ssf.lock in version control")
	} else if records > 0 {
		p.print("%s kept\n", count(checkpoints, "checkpoint"))
	}
	return p.err
}

// Raw writes what a command printed, without what could steer a terminal.
func Raw(w io.Writer, text []byte) error {
	for line := range strings.Lines(string(text)) {
		ended := strings.HasSuffix(line, "\n")
		if _, err := io.WriteString(w, markup.Clean(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
		if ended {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
	}
	return nil
}
