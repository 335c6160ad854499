package report

import (
	"encoding/xml"
	"io"
	"strconv"

	"ssf"
	"ssf/internal/markup"
)

// The parts of JUnit's XML that test reporters read.
type (
	junitAll struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string       `xml:"classname,attr"`
		Name    string       `xml:"name,attr"`
		File    string       `xml:"file,attr,omitempty"`
		Line    string       `xml:"line,attr,omitempty"`
		State   *junitProps  `xml:"properties"`
		Failure *junitDetail `xml:"failure"`
		Error   *junitDetail `xml:"error"`
		Skipped *junitDetail `xml:"skipped"`
	}
	junitProps struct {
		Property []junitProp `xml:"property"`
	}
	junitProp struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitDetail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// JUnit writes a case as test results: a suite for each control of each phase,
// in which the control is a test and so is each of its diagnostics; one for
// what belongs to no control; and one in which each threat is a test.
func JUnit(w io.Writer, c *ssf.Case, o CheckOptions) error {
	b := newBuilder(c)
	all := junitAll{Name: markup.Clean("ssf " + product(c))}
	add := func(s junitSuite) {
		if s.Tests == 0 {
			return
		}
		all.Suites = append(all.Suites, s)
		all.Tests, all.Failures, all.Errors, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors, all.Skipped+s.Skipped
	}
	of := map[ssf.ID][]ssf.Diagnostic{}
	for _, d := range o.selected(c) {
		control := ssf.ID("")
		if k := b.checks[d.Check]; k != nil {
			control = k.Control
		}
		of[control] = append(of[control], d)
	}
	for _, ph := range c.Phases {
		for _, k := range ph.Controls {
			s := junitSuite{Name: markup.Clean(string(ph.Name) + ": " + string(k.ID) + " " + k.Title)}
			class := "ssf." + string(ph.Name)
			s.add(junitControl(c, class, k))
			for _, d := range of[k.ID] {
				s.add(junitDiagnostic(class+"."+markup.Clean(string(k.ID)), d))
			}
			delete(of, k.ID) // a control of every phase tells its diagnostics once
			add(s)
		}
	}
	other := junitSuite{Name: "other"}
	for _, d := range o.selected(c) {
		control := ssf.ID("")
		if k := b.checks[d.Check]; k != nil {
			control = k.Control
		}
		if of[control] != nil {
			other.add(junitDiagnostic("ssf.other", d))
		}
	}
	add(other)
	threats := junitSuite{Name: "threats"}
	for i := range c.Threats {
		if !o.Quiet {
			threats.add(junitThreat(c, &c.Threats[i]))
		}
	}
	add(threats)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// junitControl passes only if the control is met; what is unknown or not
// assessed is skipped, which no reporter shows as passed. So is, in a
// comparison, what was not met before.
func junitControl(c *ssf.Case, class string, k ssf.ControlResult) junitCase {
	t := junitCase{Class: class, Name: markup.Clean(string(k.ID) + " " + k.Title)}
	switch {
	case k.Status == ssf.Met:
	case k.Status == ssf.Unmet && isNews(c, k.ID):
		t.Failure = &junitDetail{Message: markup.Clean(k.Why), Type: string(k.Status), Text: markup.Clean(ssf.Join(k.Open))}
	default:
		t.Skipped = &junitDetail{Message: markup.Clean(words(k.Status) + ": " + k.Why)}
	}
	return t
}

func junitDiagnostic(class string, d ssf.Diagnostic) junitCase {
	t := junitCase{Class: class, Name: markup.Clean(string(d.Check) + " " + string(d.Subject)), File: markup.Clean(d.File)}
	if d.Line > 0 {
		t.Line = strconv.Itoa(d.Line)
	}
	detail := &junitDetail{Message: markup.Clean(d.Message), Type: markup.Clean(string(d.Check)), Text: markup.Clean(d.Pos.String() + ": " + string(d.Severity) + ": " + d.Message + "; " + d.Hint)}
	switch d.Severity {
	case ssf.Error:
		t.Error = detail
	case ssf.Gap:
		t.Failure = detail
	default:
		detail.Type = ""
		t.Skipped = detail
	}
	return t
}

// junitThreat fails if the threat counts as open. In a comparison, one that was
// there before is skipped.
func junitThreat(c *ssf.Case, t *ssf.Threat) junitCase {
	x := junitCase{Class: "ssf.threat." + markup.Clean(string(t.Rule)), Name: markup.Clean(string(t.ID)), State: &junitProps{[]junitProp{{"state", string(t.State)}, {"risk", t.Risk.String()}}}}
	if t.State.Treated() {
		return x
	}
	detail := &junitDetail{Message: markup.Clean(words(t.State) + ", risk " + t.Risk.String() + ": " + t.Why), Type: string(t.State), Text: markup.Clean(t.Title)}
	if isNews(c, t.ID) {
		x.Failure = detail
	} else {
		detail.Type = ""
		x.Skipped = detail
	}
	return x
}
