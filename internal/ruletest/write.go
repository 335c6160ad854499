package ruletest

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"ssf"
	"ssf/internal/report"
)

// Text writes what is wrong, then notes, then one line of numbers.
func Text(w io.Writer, r *Result) error {
	out := bufio.NewWriter(w)
	say := func(f Failure, name string) {
		head, rest, more := strings.Cut(f.Message, "\n")
		fmt.Fprintf(out, "%s: %s%s\n", report.Line(place(f.Pos)), name, report.Line(head))
		if more {
			fmt.Fprintln(out, rest)
		}
	}
	for _, c := range r.Cases {
		for _, f := range c.Failures {
			say(f, string(c.Rule)+"/"+c.Name+": ")
		}
	}
	for _, f := range r.Lacks {
		say(f, "")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "note: %s\n", report.Line(n))
	}
	failed := r.Failed()
	fmt.Fprintf(out, "%d rules, %d cases, %d passed, %d failed", r.Rules, len(r.Cases), len(r.Cases)-failed, failed)
	if n := len(r.Lacks); n > 0 {
		fmt.Fprintf(out, ", %d missing or out of place", n)
	}
	fmt.Fprintln(out)
	return out.Flush()
}

// place is a file and line, and the column if there is one.
func place(p ssf.Pos) string {
	if p.Col > 0 {
		return p.String()
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// The elements of a JUnit report that we write. There are no times in it, so
// that equal results are equal files.
type (
	junit struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a result as JUnit XML: a suite for each rule, and one for what
// is missing or out of place.
func JUnit(w io.Writer, r *Result) error {
	out := junit{}
	add := func(rule, name string, at ssf.Pos, fs []Failure) {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != rule {
			out.Suites = append(out.Suites, junitSuite{Name: rule})
		}
		c := junitCase{Class: rule, Name: name, File: at.File, Line: at.Line}
		s := &out.Suites[len(out.Suites)-1]
		if len(fs) > 0 {
			var text []string
			for _, f := range fs {
				text = append(text, place(f.Pos)+": "+f.Message)
			}
			c.Failure = &junitFailure{Message: fs[0].Message, Text: strings.Join(text, "\n")}
			s.Failures++
			out.Failures++
		}
		s.Tests++
		out.Tests++
		s.Cases = append(s.Cases, c)
	}
	for _, c := range r.Cases {
		add(string(c.Rule), c.Name, c.Pos, c.Failures)
	}
	for _, f := range r.Lacks {
		add("complete", place(f.Pos), f.Pos, []Failure{f})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
