package results

import (
	"bufio"
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"ssf"
)

// The lines of TAP 13 and 14, https://testanything.org/tap-version-14-specification.html.
var (
	tapVersion = regexp.MustCompile(`^TAP version 1[34]\s*$`)
	tapPlan    = regexp.MustCompile(`^1\.\.([0-9]{1,9})\s*(?:#.*)?$`)
	tapPoint   = regexp.MustCompile(`^(not )?ok\b(?: +([0-9]{1,9})\b)?(?: +-(?: +|$)| +|$)(.*)$`)
	tapBail    = regexp.MustCompile(`^(?i:bail out!) *(.*)$`)
	// tapDirective begins at a # that no backslash escapes. Some writers give the
	// time there, which is no part of a name.
	tapDirective = regexp.MustCompile(`^((?:[^\\#]|\\.|\\$)*?)\s+#\s*(?i:(skip|todo)\S*|time=)(.*)$`)
)

// readTAP reads test points of the outermost level. What is indented, a subtest
// or a YAML block, and comments are what the test says: a subtest before its
// point, the others after it. Other lines mean nothing in TAP.
func readTAP(in *bufio.Reader, c *collector) error {
	plan, yaml, bailed := -1, false, false
	before := &said{}     // of the point to come
	after, last := -1, "" // the point that stands last, and its name in a sentence
	var open *said        // what the last point says
	flush := func() {
		if after >= 0 && c.Tests[after].Outcome != ssf.TestPassed {
			c.Tests[after].Message = open.String()
		}
	}
	err := lines(in, func(_ int, line string) error {
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		switch {
		case bailed, strings.TrimSpace(line) == "":
		case yaml:
			yaml = strings.TrimRight(line, " ") != "  ..."
			fallthrough
		case strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# Subtest"):
			if open != nil {
				open.add(line + "\n")
			}
		case indented && open != nil && strings.TrimRight(line, " ") == "  ---":
			yaml = true
		case indented || line[0] == '#':
			before.add(line + "\n")
		case tapPlan.MatchString(line):
			if plan >= 0 {
				return fmt.Errorf("a second plan")
			}
			plan, _ = strconv.Atoi(tapPlan.FindStringSubmatch(line)[1])
		case tapBail.MatchString(line):
			bailed = true
			why := fit(tapBail.FindStringSubmatch(line)[1])
			c.broke("", "%s", strings.TrimSuffix("the tests bailed out: "+why, ": "))
		case tapPoint.MatchString(line):
			flush()
			m := tapPoint.FindStringSubmatch(line)
			name, directive, why := m[3], "", ""
			if d := tapDirective.FindStringSubmatch(" " + name); d != nil {
				name, directive, why = strings.TrimPrefix(d[1], " "), strings.ToLower(d[2]), strings.TrimSpace(d[3])
			}
			name = strings.TrimSpace(strings.NewReplacer(`\#`, `#`, `\\`, `\`).Replace(name))
			if name == "" {
				name = cmp.Or(m[2], strconv.Itoa(len(c.Tests)+1))
			}
			i, err := c.begin("", name)
			if err != nil {
				return err
			}
			after, last, open, before = i, name, before, &said{}
			if why != "" {
				open.add(why + "\n")
			}
			switch {
			case directive != "": // of a test that is to do, neither outcome says anything
				c.end(i, ssf.TestSkipped, "")
			case m[1] != "":
				c.end(i, ssf.TestFailed, "")
			default:
				c.end(i, ssf.TestPassed, "")
			}
		}
		return nil
	})
	flush()
	switch {
	case err != nil || bailed:
	case plan < 0:
		c.broke("", "the plan is missing, so tests may be too%s", afterwards(last))
	case plan != len(c.Tests):
		c.broke("", "the plan says %d tests, and %d ran%s", plan, len(c.Tests), afterwards(last))
	}
	return err
}

// afterwards names the test with which the output ends.
func afterwards(name string) string {
	if name == "" {
		return ""
	}
	return "; the last is " + name
}
