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
	packages map[string][]string // Go, C and assembly files by folder
	modules  map[string][]string // folders by module path, in the order of the files that name them
	read     map[string]goFile
	tests    []string // files that `go test` finds
	homeless bool     // some of these have no go.mod in the tree
	away     []string // folders out of the tree that a go.work uses
}

type goFile struct {
	imports, embeds, tests []string
}

// goCode looks through the tree, once.
func (t *traced) goCode() *goCode {
	if t.code != nil {
		return t.code
	}
	c := &goCode{traced: t, packages: map[string][]string{}, modules: map[string][]string{}, read: map[string]goFile{}}
	t.code = c
	for _, f := range t.tree.Files {
		if isCode(f) {
			c.packages[path.Dir(f)] = append(c.packages[path.Dir(f)], f)
		}
		if strings.HasSuffix(f, "_test.go") && !skipped(path.Dir(f)) {
			c.tests = append(c.tests, f)
			c.homeless = c.homeless || c.moduleOf(path.Dir(f)) == ""
		}
		if name := path.Base(f); name == "go.mod" || name == "go.work" {
			c.addModules(f)
		}
	}
	return c
}

// isCode reports whether a file is one that Go compiles into a package.
func isCode(file string) bool {
	switch path.Ext(file) {
	case ".go", ".s", ".S", ".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".m", ".swig", ".syso":
		return true
	}
	return false
}

// skipped reports whether `./...` of Go leaves out a folder.
func skipped(dir string) bool {
	return slices.ContainsFunc(strings.Split(dir, "/"), func(part string) bool {
		return part == "testdata" || part == "vendor" || part[0] == '_' || part[0] == '.' && part != "."
	})
}

var (
	moduleLine  = regexp.MustCompile(`(?m)^module\s+("[^"\n]+"|\S+)`)
	replaceLine = regexp.MustCompile(`(?m)^\s*(?:replace\s+)?("[^"\n]+"|\S+)(?:\s+v\S+)?\s+=>\s+("[./][^"\n]*"|[./]\S*)`)
	testFunc    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example|Benchmark)\w*)\(`)
	embedLine   = regexp.MustCompile(`(?m)^\s*//go:embed\s+(.+)$`)
	embedWord   = regexp.MustCompile("\"[^\"]*\"|`[^`]*`|\\S+")
	useLine     = regexp.MustCompile(`(?m)^\s*(?:use\s+)?("\.[^"\n]*"|\.\S*)\s*(?://.*)?$`)
)

// addModules notes where the modules are that a go.mod or go.work names: itself,
// and the folders that it puts in the place of others or uses.
func (c *goCode) addModules(file string) {
	dir, src := path.Dir(file), c.source(file)
	if path.Base(file) == "go.mod" && !skipped(dir) {
		c.addModule(src, dir)
	}
	for _, m := range replaceLine.FindAllSubmatch(src, -1) {
		at := strings.Trim(string(m[2]), `"`)
		if !path.IsAbs(at) {
			at = path.Join(dir, at)
		}
		name := strings.Trim(string(m[1]), `"`)
		c.modules[name] = append(c.modules[name], at)
	}
	if path.Base(file) == "go.work" {
		for _, m := range useLine.FindAllSubmatch(src, -1) {
			at := path.Join(dir, strings.Trim(string(m[1]), `"`))
			if c.addModule(c.source(path.Join(at, "go.mod")), at); !inTree(at) {
				c.away = append(c.away, at)
			}
		}
	}
}

func (c *goCode) addModule(src []byte, dir string) {
	if m := moduleLine.FindSubmatch(src); m != nil {
		name := strings.Trim(string(m[1]), `"`)
		c.modules[name] = append(c.modules[name], dir)
	}
}

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
		for _, p := range embedWord.FindAllString(string(m[1]), -1) {
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
	if !testsGo(run) {
		return false
	}
	c := t.goCode()
	patterns := v.Tests
	if len(patterns) == 0 {
		patterns = []ssf.Ref{{ID: "*"}}
	}
	folders, all := map[string]bool{}, true
	for _, p := range patterns {
		name, _, _ := strings.Cut(string(p.ID), "/")
		if !c.find(folders, name) {
			all = false
		}
	}
	for _, at := range c.away {
		files[at] = true // nobody can read it here
	}
	seen := map[string]bool{}
	for _, d := range slices.Sorted(maps.Keys(folders)) {
		c.addPackage(files, seen, d, true)
		for _, f := range t.tree.Files {
			if !OfModel(f) && path.Dir(f) == d && !c.has(path.Join(d, "go.mod")) || strings.HasPrefix(f, path.Join(d, "testdata")+"/") {
				files[f] = true
			}
		}
		c.addBuild(files, d)
	}
	return all
}

// find adds the folders of those test files that declare a test of the name.
func (c *goCode) find(folders map[string]bool, name string) (found bool) {
	for _, f := range c.tests {
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
	for _, f := range c.filesOf(dir) {
		if strings.HasSuffix(f, "_test.go") && !tested {
			continue
		}
		files[f] = true
		g := c.of(f)
		for _, e := range g.embeds {
			c.addGlobs(files, []ssf.Ref{{ID: ssf.ID(path.Join(dir, e))}})
		}
		for _, p := range g.imports {
			for _, at := range c.foldersOf(p) {
				switch {
				case !inTree(at):
					files[at] = true
				case !seen[at]:
					c.addPackage(files, seen, at, false)
				}
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

// filesOf are the files of a package, with those that Git ignores and Go does not.
func (c *goCode) filesOf(dir string) []string {
	files := slices.Clip(c.packages[dir])
	for _, f := range c.ignored(dir) {
		if isCode(f) {
			files = append(files, f)
		}
	}
	return files
}

// addBuild adds what decides how the packages above a folder are built: what
// stands in `vendor` beside a go.mod or go.work, and a go.work.
func (c *goCode) addBuild(files map[string]bool, dir string) {
	for ; ; dir = path.Dir(dir) {
		list, work := path.Join(dir, "vendor", "modules.txt"), path.Join(dir, "go.work")
		if c.has(list) {
			c.addGlobs(files, []ssf.Ref{{ID: ssf.ID(path.Join(dir, "vendor"))}})
		}
		for _, f := range slices.Concat(c.ignored(dir), c.ignored(path.Dir(list))) {
			if f == list || f == work {
				files[f] = true
			}
		}
		if dir == "." {
			return
		}
	}
}

// foldersOf are where a package may stand: in each folder that is taken for a
// module of its path.
func (c *goCode) foldersOf(importPath string) (folders []string) {
	for p := importPath; p != "." && p != "/"; p = path.Dir(p) {
		for _, dir := range c.modules[p] {
			at := path.Join(dir, strings.TrimPrefix(importPath, p))
			if !inTree(at) || len(c.filesOf(at)) > 0 {
				folders = append(folders, at)
			}
		}
	}
	return folders
}

func inTree(dir string) bool {
	return !path.IsAbs(dir) && dir != ".." && !strings.HasPrefix(dir, "../")
}
