package results

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ssf"
)

// A junit reads JUnit XML as its many writers write it. No schema rules them
// all; what is read here is what Surefire, pytest, Jest, Bazel, gotestsum and
// GoogleTest agree on.
type junit struct {
	*collector
	path   []string    // names of the open elements
	suites []string    // names of the open suites
	open   int         // the test case that is open, or -1
	result ssf.Outcome // of it, so far
	said   said        // by it
	keep   *said       // where text goes now; nil where it means nothing
	key    string      // of the property that is open
}

// readJUnit reads a document. Characters that XML does not allow become `?`,
// see [tolerant]. A case that passed only when it was repeated failed: the
// attempt that failed did so on the same code.
func readJUnit(in *bufio.Reader, c *collector) error {
	d := xml.NewDecoder(&tolerant{in: in})
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) { // those that have ASCII in its place; what is not ASCII is replaced
		case "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "latin1", "windows-1252":
			return r, nil
		}
		return nil, fmt.Errorf("the encoding is %.40q, want UTF-8", label)
	}
	j := junit{collector: c, open: -1}
	roots := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && roots > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		switch x := token.(type) {
		case xml.StartElement:
			if len(j.path) == 0 {
				roots++
			}
			switch {
			case roots > 1:
				err = errors.New("a second root element")
			case len(j.path) == maxDepth:
				err = fmt.Errorf("elements are nested deeper than maxDepth = %d", maxDepth)
			default:
				err = j.start(x)
			}
		case xml.CharData:
			if j.keep != nil {
				j.keep.add(string(x))
			}
		case xml.EndElement:
			err = j.finish(x.Name.Local)
		}
		if err != nil {
			line, _ := d.InputPos()
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func (j *junit) start(x xml.StartElement) error {
	name, parent := x.Name.Local, ""
	if len(j.path) > 0 {
		parent = j.path[len(j.path)-1]
	}
	j.path = append(j.path, name)
	switch {
	case parent == "" && name != "testsuites" && name != "testsuite":
		return fmt.Errorf("the root is %.40q, want testsuites or testsuite", name)
	case name == "testsuite":
		j.suites = append(j.suites, attribute(x, "name"))
	case name == "testcase" && j.open < 0:
		i, err := j.begin(cmp.Or(attribute(x, "classname"), j.suite()), attribute(x, "name"))
		j.open, j.result, j.said = i, ssf.TestPassed, said{}
		switch attribute(x, "status") {
		case "notrun", "disabled", "skipped":
			j.result = ssf.TestSkipped
		}
		return err
	case parent == "testcase" && j.open >= 0:
		switch name {
		case "failure", "error":
			j.result = ssf.TestFailed
		case "flakyFailure", "flakyError":
			j.result = ssf.TestFailed
			j.said.add("passed only when it was repeated\n")
		case "skipped":
			if j.result == ssf.TestPassed {
				j.result = ssf.TestSkipped
			}
		default:
			return nil
		}
		j.keep = &j.said
		j.keep.add(attribute(x, "message") + "\n")
	case parent == "testsuite" && (name == "failure" || name == "error"):
		why := &said{}
		why.add(attribute(x, "message"))
		j.broke(j.suite(), "%s", strings.TrimSuffix("suite "+j.suite()+" broke: "+why.String(), ": "))
	case name == "property" && j.open >= 0:
		key := attribute(x, "name")
		if v := attribute(x, "value"); v != "" {
			return j.attr(j.open, key, v)
		}
		j.key, j.keep = key, &said{}
	}
	return nil
}

func (j *junit) finish(name string) error {
	j.path = j.path[:len(j.path)-1]
	keep := j.keep
	switch {
	case name == "testsuite":
		j.suites = j.suites[:len(j.suites)-1]
	case name == "testcase" && !slices.Contains(j.path, name):
		j.end(j.open, j.result, j.said.String())
		j.open = -1
	case name == "property" && keep != nil && keep != &j.said:
		j.keep = nil
		return j.attr(j.open, j.key, keep.String())
	}
	if len(j.path) > 0 && j.path[len(j.path)-1] == "testcase" {
		j.keep = nil
	}
	return nil
}

// suite is the name of the innermost suite.
func (j *junit) suite() string {
	if len(j.suites) == 0 {
		return ""
	}
	return j.suites[len(j.suites)-1]
}

func attribute(x xml.StartElement, name string) string {
	for _, a := range x.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// A tolerant reader replaces what XML 1.0, section 2.2, forbids, also as `&#27;`,
// by a question mark: tests print such characters, and writers pass them on.
type tolerant struct {
	in  *bufio.Reader
	out []byte // read, and to be given out
}

func (t *tolerant) Read(p []byte) (int, error) {
	for len(t.out) == 0 {
		r, n, err := t.in.ReadRune()
		switch {
		case err != nil:
			return 0, err
		case r == utf8.RuneError && n == 1:
			t.out = append(t.out, '?')
		case r == '&':
			t.out = append(t.out, t.reference()...)
		case !allowed(r):
			t.out = append(t.out, '?')
		default:
			t.out = utf8.AppendRune(t.out, r)
		}
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// reference returns `&`, or `?` in place of a reference to a forbidden character.
func (t *tolerant) reference() string {
	const longest = len("#x0010FFFF;")
	b, _ := t.in.Peek(longest)
	digits, _, ok := strings.Cut(string(b), ";")
	if !ok || !strings.HasPrefix(digits, "#") {
		return "&"
	}
	base := 10
	text := digits[1:]
	if strings.HasPrefix(text, "x") {
		base, text = 16, text[1:]
	}
	if code, err := strconv.ParseUint(text, base, 32); err != nil || allowed(rune(code)) && code <= utf8.MaxRune {
		return "&"
	}
	_, _ = t.in.Discard(len(digits) + 1) // it was peeked
	return "?"
}

// allowed reports whether a document may hold r.
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || 0x20 <= r && r <= 0xd7ff || 0xe000 <= r && r <= 0xfffd || 0x10000 <= r && r <= 0x10ffff
}
