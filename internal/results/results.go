// Package results reads what tests leave, and judges it: `go test -json`, JUnit
// XML, TAP 13 and 14, and commands that tell no more than an exit status.
// [Read] reads one output or report, [Report.Judge] says what it is worth to one
// verification. What a result means stands in spec/evidence.md. Running
// commands is internal/runner.
package results

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"ssf"
)

// The limits of one report. What goes beyond is refused by the limit's name.
const (
	maxInput = 64 << 20 // bytes
	maxLine  = 1 << 20  // bytes of a line
	maxTests = 100_000
	maxName  = 16 << 10 // bytes of the name of a test, its suite or an attribute
	maxAttrs = 100      // of a test
	maxDepth = 100      // of elements in XML
	maxHead  = 20       // lines before the first of TAP
)

// A Format is how results are written.
type Format string

// The formats. Exit is output in none of them: all that is known is an exit status.
const (
	Detect Format = ""
	Exit   Format = "exit status"
	GoTest Format = "go test -json"
	JUnit  Format = "JUnit XML"
	TAP    Format = "TAP"
)

// A Report is what tests left. The zero Report has no tests and no format.
type Report struct {
	Format Format
	Tests  []ssf.TestResult // sorted by name, then suite; what has run twice is there twice
	Breaks []Break          // sorted by suite
	Cached []string         // packages of Go whose results are of an earlier run, from the test cache; sorted
}

// A Break is something that ended before its tests did.
type Break struct {
	Suite string // package or class; empty: no more than that the run as a whole broke
	Why   string // "package web did not build"
}

// Merge joins the reports of one run, of which it takes one after the other.
// They are all in one format. It ends at the first error, which it returns.
func Merge(reports iter.Seq2[Report, error]) (Report, error) {
	var all Report
	first := true
	for r, err := range reports {
		if err != nil {
			return Report{}, err
		}
		if first {
			all.Format, first = r.Format, false
		}
		if r.Format != all.Format {
			return all, fmt.Errorf("merging reports: one is %s, another %s", all.Format, r.Format)
		}
		if len(all.Tests)+len(r.Tests) > maxTests {
			return all, fmt.Errorf("merging reports: %w", errTests)
		}
		all.Tests = append(all.Tests, r.Tests...)
		all.Breaks = append(all.Breaks, r.Breaks...)
		all.Cached = append(all.Cached, r.Cached...)
	}
	all.sort()
	return all, nil
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Tests, func(a, b ssf.TestResult) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Suite, b.Suite))
	})
	slices.SortStableFunc(r.Breaks, func(a, b Break) int {
		return cmp.Or(strings.Compare(a.Suite, b.Suite), strings.Compare(a.Why, b.Why))
	})
	slices.Sort(r.Cached)
	r.Cached = slices.Compact(r.Cached)
}

// Read reads one output or report to its end; with [Detect] the content says
// in which format. After each test that ended it calls finished, if that is not
// nil, with how many did. An error says that r cannot be read as results, with
// the line; the report then holds what came before.
func Read(r io.Reader, f Format, finished func(n int)) (Report, error) {
	in := bufio.NewReaderSize(&capped{r: r, left: maxInput}, 64<<10)
	var head bytes.Buffer
	if f == Detect {
		var err error
		if f, err = detect(in, &head); err != nil {
			return Report{}, fmt.Errorf("reading results: %w", err)
		}
	}
	c := &collector{Report: Report{Format: f}, finished: finished}
	in = bufio.NewReaderSize(io.MultiReader(&head, in), 64<<10)
	var err error
	switch f {
	case GoTest:
		err = readGoTest(in, c)
	case JUnit:
		err = readJUnit(in, c)
	case TAP:
		err = readTAP(in, c)
	default:
		err = readExit(in, c)
	}
	c.sort()
	if err != nil {
		return c.Report, fmt.Errorf("reading %s: %w", f, err)
	}
	return c.Report, nil
}

// detect reads lines into head until one tells the format: the first that is
// not empty begins `{` or `<`, or is TAP. Of TAP, which its readers look for
// between other lines, the version may come later.
func detect(in *bufio.Reader, head *bytes.Buffer) (Format, error) {
	first := true
	for range maxHead {
		line, err := in.ReadSlice('\n')
		head.Write(line)
		s := strings.TrimSpace(strings.TrimPrefix(string(line), "\ufeff"))
		switch {
		case s == "" || s[0] == '#':
		case first && (s[0] == '{' || s != "FAIL" && ofOldGo.MatchString(s)):
			return GoTest, nil
		case first && s[0] == '<':
			return JUnit, nil
		case tapVersion.MatchString(s), first && (tapPlan.MatchString(s) || tapPoint.MatchString(s) && !strings.HasPrefix(s, "ok  \t")):
			return TAP, nil // `ok`, two spaces and a tab is a package in plain output of go test
		default:
			first = false
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
			return Exit, nil
		case err != nil:
			return "", err
		}
	}
	return Exit, nil
}

// A capped reader returns an error beyond left bytes.
type capped struct {
	r    io.Reader
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		if n, err := c.r.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		return 0, fmt.Errorf("more than maxInput = %d bytes", maxInput)
	}
	n, err := c.r.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// lines calls f with each line of in and its number, without its line ending.
func lines(in *bufio.Reader, f func(n int, line string) error) error {
	var long []byte
	for n := 1; ; n++ {
		long = long[:0]
		var err error
		for {
			var part []byte
			part, err = in.ReadSlice('\n')
			long = append(long, part...)
			if len(long) > maxLine {
				return fmt.Errorf("line %d: longer than maxLine = %d bytes", n, maxLine)
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				break
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if len(long) > 0 {
			text := strings.TrimSuffix(strings.TrimSuffix(string(long), "\n"), "\r")
			if n == 1 {
				text = strings.TrimPrefix(text, "\ufeff")
			}
			if ferr := f(n, text); ferr != nil {
				return fmt.Errorf("line %d: %w", n, ferr)
			}
		}
		if err != nil {
			return nil
		}
	}
}

// A collector takes what a reader finds.
type collector struct {
	Report
	finished func(n int)
	ended    int
}

var (
	errTests = fmt.Errorf("more than maxTests = %d tests", maxTests)
	errName  = fmt.Errorf("a name is longer than maxName = %d bytes", maxName)
	errAttrs = fmt.Errorf("a test has more than maxAttrs = %d attributes", maxAttrs)
)

// begin adds a test of which no end is known, and returns its index.
func (c *collector) begin(suite, name string) (int, error) {
	switch {
	case len(c.Tests) == maxTests:
		return 0, errTests
	case len(suite) > maxName || len(name) > maxName:
		return 0, errName
	}
	c.Tests = append(c.Tests, ssf.TestResult{Name: valid(name), Suite: valid(suite), Outcome: ssf.TestBroken})
	return len(c.Tests) - 1, nil
}

// end says how a test ended and what it said; of one that passed that is not kept.
func (c *collector) end(i int, o ssf.Outcome, said string) {
	t := &c.Tests[i]
	t.Outcome = o
	if o != ssf.TestPassed {
		t.Message = said
	}
	c.ended++
	if c.finished != nil {
		c.finished(c.ended)
	}
}

// attr adds an attribute; what is said twice by one key stands there with a space between.
func (c *collector) attr(i int, key, value string) error {
	t := &c.Tests[i]
	if t.Attrs == nil {
		t.Attrs = map[string]string{}
	}
	old, twice := t.Attrs[key]
	switch {
	case len(key) > maxName || len(value) > maxName || len(old) > maxName:
		return errName
	case !twice && len(t.Attrs) == maxAttrs:
		return errAttrs
	case twice:
		value = old + " " + value
	}
	t.Attrs[valid(key)] = valid(value)
	return nil
}

// broke notes what ended before its tests did.
func (c *collector) broke(suite, why string, args ...any) {
	c.Breaks = append(c.Breaks, Break{Suite: suite, Why: fmt.Sprintf(why, args...)})
}

// valid is s without bytes that are no UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\ufffd") }
