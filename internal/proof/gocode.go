package proof

import (
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// goCode is the Go code of a tree as far as results depend on it: which tests
// there are, and which packages lead to which. It is read by syntax alone, for
// every platform at once.
type goCode struct {
	*traced
	packages map[string][]string // Go and assembly files by folder
	modules  map[string]string   // folders by module path
	read     map[string]goFile
	tests    map[string][]string // test files by folder of their module
}

type goFile struct {
	imports, embeds, tests []string
}

// goCode looks through the tree, once.
func (t *traced) goCode() *goCode {
	if t.code != nil {
		return t.code
	}
	c := &goCode{traced: t, packages: map[string][]string{}, modules: map[string]string{}, read: map[string]goFile{}, tests: map[string][]string{}}
	t.code = c
	for _, f := range t.tree.Files {
		switch path.Ext(f) {
		case ".go", ".s", ".S", ".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".m", ".swig", ".syso":
			c.packages[path.Dir(f)] = append(c.packages[path.Dir(f)], f)
		case ".mod":
			if path.Base(f) == "go.mod" {
				if m := modulePath.FindSubmatch(c.source(f)); m != nil {
					c.modules[strings.Trim(string(m[1]), `"`)] = path.Dir(f)
				}
			}
		}
	}
	for _, f := range t.tree.Files {
		if strings.HasSuffix(f, "_test.go") {
			at := c.moduleOf(path.Dir(f))
			c.tests[at] = append(c.tests[at], f)
		}
	}
	return c
}

var (
	modulePath = regexp.MustCompile(`(?m)^module\s+(\S+)`)
	testFunc   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example|Benchmark)\w*)\(`)
	embedLine  = regexp.MustCompile(`(?m)^\s*//go:embed\s+(.+)$`)
)

func (c *goCode) source(file string) []byte {
	if c.tree.Read == nil {
		return nil
	}
	src, _ := c.tree.Read(file)
	return src
}

// moduleOf is the folder of the go.mod that a folder belongs to; empty if it
// lies above the tree, or nowhere.
func (c *goCode) moduleOf(dir string) string {
	for {
		if c.has(path.Join(dir, "go.mod")) {
			return dir
		}
		if dir == "." {
			return ""
		}
		dir = path.Dir(dir)
	}
}

// of reads one Go file.
func (c *goCode) of(file string) goFile {
	g, ok := c.read[file]
	if ok || !strings.HasSuffix(file, ".go") {
		return g
	}
	src := c.source(file)
	if f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly); f != nil && (err == nil || len(f.Imports) > 0) {
		for _, spec := range f.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil {
				g.imports = append(g.imports, p)
			}
		}
	}
	for _, m := range embedLine.FindAllSubmatch(src, -1) {
		for _, p := range strings.Fields(string(m[1])) {
			g.embeds = append(g.embeds, strings.TrimPrefix(strings.Trim(p, "\"`"), "all:"))
		}
	}
	if strings.HasSuffix(file, "_test.go") {
		for _, m := range testFunc.FindAllSubmatch(src, -1) {
			g.tests = append(g.tests, string(m[1]))
		}
	}
	c.read[file] = g
	return g
}

// addTests adds the Go tests that a verification selects, with all on which
// their packages depend. It reports whether it found tests for every pattern.
func (t *traced) addTests(files map[string]bool, v *ssf.Verification, run *ssf.Run) (all bool) {
	if path.Base(string(first(run.Command))) != "go" && !strings.Contains(" "+commandLine(run)+" ", " go test ") {
		return false
	}
	c := t.goCode()
	// A module within the module is another program, unless it alone has the tests.
	var inner []string
	for at, fs := range c.tests {
		if at != "." && at != "" {
			inner = append(inner, fs...)
		}
	}
	slices.Sort(inner)
	folders, all := map[string]bool{}, true
	if len(v.Tests) == 0 {
		v = &ssf.Verification{Tests: []ssf.Ref{{ID: "*"}}}
	}
	for _, p := range v.Tests {
		name, _, _ := strings.Cut(string(p.ID), "/")
		if !c.find(folders, name, slices.Concat(c.tests["."], c.tests[""])) && !c.find(folders, name, inner) {
			all = false
		}
	}
	seen := map[string]bool{}
	for _, d := range slices.Sorted(maps.Keys(folders)) {
		c.addPackage(files, seen, d, true)
		for _, f := range t.tree.Files {
			if strings.HasPrefix(f, path.Join(d, "testdata")+"/") {
				files[f] = true
			}
		}
	}
	return all && len(folders) > 0
}

func commandLine(run *ssf.Run) string {
	var words []string
	for _, arg := range run.Command {
		words = append(words, string(arg.ID))
	}
	return strings.Join(words, " ")
}

// find adds the folders of those test files that declare a test of the name.
func (c *goCode) find(folders map[string]bool, name string, tests []string) (found bool) {
	for _, f := range tests {
		if slices.ContainsFunc(c.of(f).tests, func(test string) bool { return ssf.Match(name, test) }) {
			folders[path.Dir(f)] = true
			found = true
		}
	}
	return found
}

// addPackage adds the files of a package and of those that it imports. Tests
// count in the packages that are tested only.
func (c *goCode) addPackage(files, seen map[string]bool, dir string, tested bool) {
	if seen[dir] && !tested {
		return
	}
	seen[dir] = true
	for _, f := range c.packages[dir] {
		if strings.HasSuffix(f, "_test.go") && !tested {
			continue
		}
		files[f] = true
		g := c.of(f)
		for _, e := range g.embeds {
			c.addGlobs(files, []ssf.Ref{{ID: ssf.ID(path.Join(dir, e))}})
		}
		for _, p := range g.imports {
			if at, ok := c.folderOf(p); ok && !seen[at] {
				c.addPackage(files, seen, at, false)
			}
		}
	}
	if c.moduleOf(dir) == "" { // its imports cannot be told from those of others
		for _, fs := range c.packages {
			for _, f := range fs {
				files[f] = true
			}
		}
	}
}

// folderOf is where a package of one of the tree's modules stands.
func (c *goCode) folderOf(importPath string) (string, bool) {
	for p := importPath; p != "." && p != "/"; p = path.Dir(p) {
		if dir, ok := c.modules[p]; ok {
			at := path.Join(dir, strings.TrimPrefix(strings.TrimPrefix(importPath, p), "/"))
			_, there := c.packages[at]
			return at, there
		}
	}
	return "", false
}
