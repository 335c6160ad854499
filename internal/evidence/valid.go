package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ssf"
)

// Limits on records. What is over one is refused, and the error names it.
const (
	MaxRecord   = 1 << 20 // bytes in the file of a record
	MaxRecords  = 100_000 // records in a log
	MaxLog      = 1 << 30 // bytes in all files of a log
	MaxInputs   = 10_000
	MaxTests    = 10_000
	MaxVerifies = 10_000
	MaxPrev     = 10_000
)

// ErrLimit is the error for what is over one of the limits.
var ErrLimit = errors.New("over a limit")

func over(name string, limit int, what string) error {
	return fmt.Errorf("%w: more than %s = %d %s", ErrLimit, name, limit, what)
}

// recorded are the results that a record can have.
var recorded = []ssf.Result{ssf.Passed, ssf.Failed, ssf.Errored, ssf.TimedOut, ssf.NoTests, ssf.AllSkipped, ssf.Unreadable, ssf.OutputCut}

var outcomes = []ssf.Outcome{ssf.TestPassed, ssf.TestFailed, ssf.TestSkipped, ssf.TestBroken}

var commitRE = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})?$`) // SHA-1 or SHA-256

// valid says what of e cannot stand in a record, if anything.
func valid(e *ssf.Evidence) error {
	for _, n := range []struct {
		name       string
		max, count int
		what       string
	}{
		{"MaxInputs", MaxInputs, len(e.Inputs), "inputs"},
		{"MaxTests", MaxTests, len(e.Tests), "tests"},
		{"MaxVerifies", MaxVerifies, len(e.Verifies), "ids in verifies"},
		{"MaxPrev", MaxPrev, len(e.Prev), "records in prev"},
	} {
		if n.count > n.max {
			return over(n.name, n.max, n.what)
		}
	}
	for field, text := range texts(e) {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%s is not UTF-8", field)
		}
	}
	switch {
	case !isName(string(e.Verification)):
		return fmt.Errorf("the verification's id is %.100q", e.Verification)
	case !slices.Contains(recorded, e.Result):
		return fmt.Errorf("result is %.100q, not one of %s", e.Result, ssf.Join(recorded))
	case !commitRE.MatchString(e.Commit):
		return fmt.Errorf("commit is %.100q, not 40 or 64 hexadecimal digits in small letters", e.Commit)
	case e.Time.Location() != time.UTC || e.Time.Nanosecond() != 0 || e.Time.Year() < 1970 || e.Time.Year() > 9999:
		return fmt.Errorf("time is %.100q, not in UTC to the second from 1970 to 9999", e.Time)
	case !isName(e.Tool):
		return fmt.Errorf("tool is %.100q", e.Tool)
	case math.IsNaN(e.Run.Seconds) || math.Signbit(e.Run.Seconds) || e.Run.Seconds > 1e9 || math.Round(e.Run.Seconds*1000)/1000 != e.Run.Seconds:
		return fmt.Errorf("seconds of the run are %v, not from 0 to 1e9 with three decimals", e.Run.Seconds)
	case e.Run.Exit < -1:
		return fmt.Errorf("exit of the run is %d, not -1 or more", e.Run.Exit)
	}
	return cmp.Or(validInputs(e.Inputs), validTests(e.Tests), validLists(e), validResult(e))
}

func validInputs(inputs []ssf.Input) error {
	for i, in := range inputs {
		switch {
		case !isName(in.Name):
			return fmt.Errorf("the name of an input is %.100q", in.Name)
		case i > 0 && compareInputs(inputs[i-1], in) >= 0:
			return fmt.Errorf("inputs are not sorted by name, each once: %.100q follows %.100q", in.Name, inputs[i-1].Name)
		case in.Text != "" && in.Digest != sha256.Sum256([]byte(in.Text)):
			return fmt.Errorf("the digest of the input %.100q is not of its text", in.Name)
		}
	}
	return nil
}

func validTests(tests []ssf.TestResult) error {
	for i, t := range tests {
		switch {
		case t.Name == "":
			return errors.New("a test has no name")
		case !slices.Contains(outcomes, t.Outcome):
			return fmt.Errorf("the outcome of the test %.100q is %.100q, not one of %s", t.Name, t.Outcome, ssf.Join(outcomes))
		case len(t.Message) > ssf.MaxMessage:
			return fmt.Errorf("the message of the test %.100q: %w", t.Name, over("MaxMessage", ssf.MaxMessage, "bytes"))
		case i > 0 && compareTests(tests[i-1], t) > 0:
			return fmt.Errorf("tests are not sorted by name and suite: %.100q follows %.100q", t.Name, tests[i-1].Name)
		}
	}
	return nil
}

func validLists(e *ssf.Evidence) error {
	for i, id := range e.Verifies {
		if !isName(string(id)) || i > 0 && e.Verifies[i-1] >= id {
			return fmt.Errorf("verifies is not a sorted list of ids, each once, at %.100q", id)
		}
	}
	for i, id := range e.Prev {
		if i > 0 && compareDigests(e.Prev[i-1], id) >= 0 {
			return fmt.Errorf("prev is not sorted, each once, at %s", id)
		}
	}
	return nil
}

// validResult refuses a record that passed and says itself why it did not.
func validResult(e *ssf.Evidence) error {
	if e.Result != ssf.Passed {
		return nil
	}
	passed := 0
	for _, t := range e.Tests {
		switch t.Outcome {
		case ssf.TestPassed:
			passed++
		case ssf.TestFailed, ssf.TestBroken:
			return fmt.Errorf("result is passed, and the test %.100q %s", t.Name, t.Outcome)
		}
	}
	switch {
	case e.Why != "":
		return fmt.Errorf("result is passed, and why is %.100q", e.Why)
	case len(e.Tests) > 0 && passed == 0:
		return errors.New("result is passed, and every test was skipped")
	case len(e.Tests) == 0 && e.Run.Exit != 0:
		return fmt.Errorf("result is passed, and without tests the exit status %d says otherwise", e.Run.Exit)
	}
	return nil
}

// texts are the texts of a record by the name of their field. Bytes that are
// not UTF-8 would be written as something else.
func texts(e *ssf.Evidence) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if !yield("why", e.Why) || !yield("the id of the run", string(e.Run.ID)) {
			return
		}
		for _, arg := range e.Run.Command {
			if !yield("an argument of the command", arg) {
				return
			}
		}
		for _, in := range e.Inputs {
			if !yield("the text of an input", in.Text) {
				return
			}
		}
		for _, t := range e.Tests {
			for _, s := range []string{t.Name, t.Suite, t.Message} {
				if !yield("a text of a test", s) {
					return
				}
			}
			for k, v := range t.Attrs {
				if !yield("an attribute of a test", k) || !yield("an attribute of a test", v) {
					return
				}
			}
		}
	}
}

// isName reports whether s can name something: UTF-8, and nothing that ends a
// line, steers or is not seen.
func isName(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	})
}

func compareDigests(a, b ssf.Digest) int { return bytes.Compare(a[:], b[:]) }

func compareInputs(a, b ssf.Input) int { return strings.Compare(a.Name, b.Name) }

func compareTests(a, b ssf.TestResult) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Suite, b.Suite))
}
