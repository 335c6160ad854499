package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ssf"
)

// An event is one line of `go test -json`, see `go doc test2json`; of a build
// that failed, `go help buildjson`.
type event struct {
	Action, Package, Test, Output string
	Key, Value                    string // of Action attr
	FailedBuild                   string // of Action fail
	ImportPath                    string // of Action build-output and build-fail
}

// ofOldGo fits the lines that go, before 1.24, wrote between the events; the
// package is in one of the groups where it broke.
var ofOldGo = regexp.MustCompile(`^(?:FAIL\t(\S+) \[(?:build|setup) failed\]|FAIL|\?   \t\S+\t\[no test files\])$`)

// cachedGo fits the line of a package whose tests did not run: its result is that
// of an earlier run with the same inputs, see `go help test`.
var cachedGo = regexp.MustCompile(`^ok  \t(\S+)\t\(cached\)`)

// A goTests reads the events of all packages of one run.
type goTests struct {
	*collector
	packages map[string]*goPackage
	compiler map[string]string // the first thing that it said of a package
}

// A goPackage is the state of one package.
type goPackage struct {
	open     map[string]*goTest
	complete bool // the test program said PASS or FAIL, so it came to its end
	failed   bool // a test failed
	noBuild  bool
	ended    bool
}

type goTest struct {
	index int
	said  said
}

func readGoTest(in *bufio.Reader, c *collector) error {
	g := goTests{c, map[string]*goPackage{}, map[string]string{}}
	err := lines(in, func(_ int, line string) error {
		if strings.TrimSpace(line) == "" {
			return nil
		}
		if m := ofOldGo.FindStringSubmatch(line); m != nil {
			if m[1] != "" {
				g.unbuilt(m[1], "")
			}
			return nil
		}
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
			return errors.New("no event of go test")
		}
		return g.event(e)
	})
	for _, name := range slices.Sorted(maps.Keys(g.packages)) {
		if p := g.packages[name]; !p.ended {
			g.leave(p, false)
			g.broke(name, "%s never ended", called(name))
		}
	}
	return err
}

// readExit reads what has no form, for the packages that plain `go test` took from
// its cache.
func readExit(in *bufio.Reader, c *collector) error {
	for begins := true; ; {
		line, err := in.ReadSlice('\n')
		if m := cachedGo.FindSubmatch(line); begins && m != nil && len(c.Cached) < maxTests {
			c.Cached = append(c.Cached, valid(string(m[1])))
		}
		begins = !errors.Is(err, bufio.ErrBufferFull)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && begins:
			return err
		}
	}
}

// called names a package in a sentence; a test program alone has none.
func called(pkg string) string {
	if pkg == "" {
		return "the test program"
	}
	return "package " + pkg
}

func (g *goTests) event(e event) error {
	if e.Action == "build-output" {
		_, told := g.compiler[e.ImportPath]
		if says := strings.TrimSpace(e.Output); !told && says != "" && !strings.HasPrefix(says, "# ") && len(g.compiler) < maxTests {
			g.compiler[e.ImportPath] = fit(says[:min(len(says), maxCompiler)])
		}
	}
	if strings.HasPrefix(e.Action, "build-") { // told once more as FailedBuild of each package that needs it
		return nil
	}
	p := g.packages[e.Package]
	if p == nil {
		if len(g.packages) == maxTests {
			return fmt.Errorf("more than maxTests = %d packages", maxTests)
		}
		p = &goPackage{open: map[string]*goTest{}}
		g.packages[e.Package] = p
	}
	if e.Test == "" {
		return g.packageEvent(p, e)
	}
	t := p.open[e.Test]
	if t == nil {
		switch e.Action {
		case "run", "pass", "fail", "skip":
		default:
			return nil // what is said after the end
		}
		i, err := g.begin(e.Package, e.Test)
		if err != nil {
			return err
		}
		t = &goTest{index: i}
		p.open[e.Test], p.ended = t, false
	}
	switch e.Action {
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") && !strings.HasPrefix(strings.TrimLeft(e.Output, " "), "--- ") {
			t.said.add(e.Output)
		}
	case "attr":
		return g.attr(t.index, e.Key, e.Value)
	case "pass", "fail", "skip":
		delete(p.open, e.Test)
		o := ssf.TestPassed
		switch e.Action {
		case "fail":
			o, p.failed = ssf.TestFailed, true
		case "skip":
			o = ssf.TestSkipped
		}
		g.end(t.index, o, t.said.String())
	}
	return nil
}

func (g *goTests) packageEvent(p *goPackage, e event) error {
	switch e.Action {
	case "start":
		p.ended = false
	case "output":
		if cachedGo.MatchString(e.Output) {
			g.Cached = append(g.Cached, valid(e.Package))
		}
		switch e.Output {
		case "PASS\n", "FAIL\n":
			p.complete = true
		case "FAIL\t" + e.Package + " [build failed]\n", "FAIL\t" + e.Package + " [setup failed]\n":
			p.noBuild = true
		}
	case "pass", "skip":
		g.leave(p, true)
	case "fail":
		g.leave(p, p.complete)
		switch {
		case p.noBuild || e.FailedBuild != "":
			g.unbuilt(e.Package, g.compiler[e.FailedBuild])
		case !p.complete:
			g.broke(e.Package, "%s ended before its tests did", called(e.Package))
		case !p.failed:
			g.broke(e.Package, "%s failed though none of its tests did", called(e.Package))
		}
	}
	return nil
}

// leave ends a package. A benchmark has no end of its own; it passed if the
// program came to its end. Another test that is open is broken.
func (g *goTests) leave(p *goPackage, complete bool) {
	for _, name := range slices.Sorted(maps.Keys(p.open)) {
		t := p.open[name]
		if complete && strings.HasPrefix(name, "Benchmark") {
			g.end(t.index, ssf.TestPassed, "")
		} else {
			g.Tests[t.index].Message = t.said.String()
		}
	}
	clear(p.open)
	p.ended = true
}

// maxCompiler bounds what is kept of what the compiler says, in bytes.
const maxCompiler = 300

func (g *goTests) unbuilt(pkg, compiler string) {
	if compiler != "" {
		g.broke(pkg, "%s did not build: %s", called(pkg), compiler)
		return
	}
	g.broke(pkg, "%s did not build", called(pkg))
}
