package ssf_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A room is what one package may use. Outside its tests a package imports what
// stands here and no more; the standard library is free but for never.
type room struct {
	ours  []string // packages of this module; "." is the root
	never []string // of the standard library, with everything below
	third []string // modules of others, with everything below
	calls []string // functions that are never used
	later bool     // need not exist yet
}

// layout is the import policy: one line a package. A new package is a design
// decision, so one without a line fails.
var layout = map[string]room{
	".":                              {never: []string{"os", "net"}},
	"library":                        {ours: []string{"."}, never: []string{"os", "net"}},
	"spec":                           {never: []string{"os", "net"}},
	"internal/mitre":                 {ours: []string{"."}, never: []string{"os", "net"}},
	"internal/lang":                  {ours: []string{".", "internal/mitre"}, never: []string{"os/exec", "net"}, third: []string{"go.yaml.in/yaml/v4"}},
	"internal/rule":                  {ours: []string{".", "internal/lang"}, never: []string{"os", "net"}, third: []string{"cel.dev/cel-go"}},
	"internal/repo":                  {ours: []string{"."}, never: []string{"net"}},
	"internal/proof":                 {ours: []string{"."}, never: []string{"os", "net", "math/rand"}, calls: clock},
	"internal/facts":                 {ours: []string{".", "internal/rule"}, never: []string{"os", "net", "math/rand"}, calls: clock},
	"internal/eval":                  {ours: []string{".", "internal/rule", "internal/facts", "internal/proof"}, never: []string{"os", "net", "math/rand"}, calls: clock},
	"internal/check":                 {ours: []string{".", "internal/rule", "internal/facts", "internal/eval"}, never: []string{"os", "net", "math/rand"}, calls: clock},
	"internal/evidence":              {ours: []string{"."}, never: []string{"os/exec", "net", "math/rand"}, calls: clock},
	"internal/markup":                {never: []string{"os", "net"}},
	"internal/format":                {ours: []string{".", "internal/mitre"}, never: []string{"os", "net"}, third: []string{"go.yaml.in/yaml/v4", "golang.org/x/text/unicode/norm"}, calls: clock},
	"internal/format/all":            {ours: []string{"internal/format", "internal/format/cyclonedx", "internal/format/diagram", "internal/format/drawio", "internal/format/hcltm", "internal/format/issues", "internal/format/oscal", "internal/format/otm", "internal/format/pytm", "internal/format/threagile", "internal/format/threatcomposer", "internal/format/threatdragon", "internal/format/tm7", "internal/format/tmbom", "internal/format/xlsx"}, never: []string{"os", "net"}},
	"internal/format/cyclonedx":      {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/drawio":         {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/oscal":          {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/diagram":        {ours: []string{".", "internal/format", "internal/markup"}, never: []string{"os", "net", "math/rand"}, calls: clock},
	"internal/format/issues":         {ours: []string{".", "internal/format", "internal/markup"}, never: []string{"os", "net", "math/rand"}, calls: clock},
	"internal/format/xlsx":           {ours: []string{".", "internal/format", "internal/markup"}, never: []string{"os", "net", "math/rand"}, third: []string{"github.com/xuri/excelize/v2"}, calls: clock},
	"internal/format/pytm":           {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/threagile":      {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/threatdragon":   {ours: []string{".", "internal/format", "internal/report/picture"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/tm7":            {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/report":                {ours: []string{".", "internal/format", "internal/markup", "internal/report/picture"}, never: []string{"os/exec", "net"}},
	"internal/format/otm":            {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/tmbom":          {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/report/picture":        {ours: []string{"."}, never: []string{"os", "net"}},
	"internal/ruletest":              {ours: []string{".", "internal/lang", "internal/mitre", "internal/rule", "internal/facts", "internal/eval", "internal/check", "internal/report"}, never: []string{"os", "net"}, third: []string{"github.com/rogpeppe/go-internal/txtar"}, calls: clock},
	"internal/results":               {ours: []string{"."}, never: []string{"os", "net", "math/rand"}, calls: clock},
	"internal/runner":                {ours: []string{".", "internal/results"}, never: []string{"net", "math/rand"}, third: []string{"golang.org/x/sys/unix"}},
	"internal/libgen":                {ours: []string{"internal/lang"}, never: []string{"os/exec", "net"}},
	"internal/testkit":               {third: testTools, later: true},
	"internal/testkit/gen":           {never: []string{"os", "net"}},
	"internal/testkit/importkit":     {ours: []string{".", "library", "internal/check", "internal/format", "internal/lang"}, never: []string{"net"}},
	"internal/testkit/exportkit":     {ours: []string{".", "library", "internal/check", "internal/format", "internal/lang", "internal/testkit/gen"}, never: []string{"net"}, third: append([]string{"github.com/santhosh-tekuri/jsonschema/v6"}, testTools...)},
	"internal/testkit/modelgen":      {ours: []string{"internal/testkit/gen"}, never: []string{"os/exec", "net"}},
	"internal/testkit/missing":       {ours: []string{".", "library", "internal/lang", "internal/check", "internal/format", "internal/format/all"}, never: []string{"os", "net"}, calls: clock},
	"internal/testkit/bench":         {ours: []string{".", "library", "internal/lang", "internal/check", "internal/testkit/gen", "internal/testkit/missing"}, never: []string{"net"}},
	"internal/format/hcltm":          {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"internal/format/threatcomposer": {ours: []string{".", "internal/format"}, never: []string{"os", "net"}, calls: clock},
	"cmd/ssf": {
		ours:  []string{".", "library", "spec", "internal/lang", "internal/rule", "internal/repo", "internal/eval", "internal/check", "internal/report", "internal/ruletest", "internal/proof", "internal/evidence", "internal/results", "internal/runner", "internal/format", "internal/format/all"},
		never: []string{"database/sql"},
		third: []string{"github.com/rogpeppe/go-internal/diff", "github.com/spf13/cobra", "golang.org/x/term"},
	},
}

// clock are the functions that read the time of day.
var clock = []string{"time.Now", "time.Since", "time.Until", "time.After", "time.AfterFunc", "time.NewTimer", "time.NewTicker", "time.Tick"}

var testTools = []string{"github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "pgregory.net/rapid"}

// The evaluator stays small enough to be read in one sitting.
const (
	maxEvalLines     = 2700
	maxEvalFileLines = 400
)

func TestLayout(t *testing.T) {
	folders := packages(t, ".")
	for _, dir := range folders {
		r, ok := layout[dir]
		if !ok {
			t.Errorf("%s has no line in the import table: a new package is a design decision", dir)
			continue
		}
		for _, name := range sources(t, dir) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range r.check(t, name, src) {
				t.Error(problem)
			}
		}
	}
	for dir, r := range layout {
		if !r.later && !slices.Contains(folders, dir) {
			t.Errorf("%s has a line in the import table and does not exist", dir)
		}
		for _, other := range r.ours {
			if _, ok := layout[other]; !ok {
				t.Errorf("%s may import %s, which has no line in the import table", dir, other)
			}
		}
	}
}

// TestLayoutSees proves that the check can fail.
func TestLayoutSees(t *testing.T) {
	r := room{ours: []string{".", "internal/lang"}, never: []string{"os", "net"}, third: []string{"example.org/a"}, calls: []string{"time.Now"}}
	for body, want := range map[string]string{
		`import "ssf"`:                                           "",
		`import "ssf/internal/lang"`:                             "",
		`import "ssf/internal/langs"`:                            "ssf/internal/langs",
		`import "ssf/internal/lang/sub"`:                         "ssf/internal/lang/sub",
		`import "os"`:                                            "os",
		`import "os/exec"`:                                       "os/exec",
		`import "osx"`:                                           "",
		`import n "net/http"`:                                    "net/http",
		`import _ "net/http/pprof"`:                              "net/http/pprof",
		`import "example.org/a"`:                                 "",
		`import "example.org/a/b"`:                               "",
		`import "example.org/ab"`:                                "example.org/ab",
		`import . "strings"`:                                     `"."`,
		`import "C"`:                                             `"C"`,
		`import "time"; var _ = time.Now`:                        "time.Now",
		`import "time"; var _ = time.Time{}`:                     "",
		`import clock "time"; func f() { clock.Now() }`:          "time.Now",
		`import time "strings"; var _ = time.Now`:                "",
		`import "time"; func f() { now := time.Now; _ = now() }`: "time.Now",
	} {
		got := r.check(t, "x.go", []byte("package x\n"+body))
		if want == "" && len(got) > 0 || want != "" && (len(got) != 1 || !strings.Contains(got[0], want)) {
			t.Errorf("%s: problems are %q, want one with %q", body, got, want)
		}
	}
}

func TestEvalIsSmall(t *testing.T) {
	total := 0
	for _, name := range sources(t, "internal/eval") {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		n := codeLines(src)
		if n > maxEvalFileLines {
			t.Errorf("%s has %d lines of code, want at most %d", name, n, maxEvalFileLines)
		}
		total += n
	}
	if total > maxEvalLines {
		t.Errorf("internal/eval has %d lines of code, want at most %d", total, maxEvalLines)
	}
}

func TestCodeLines(t *testing.T) {
	src := "// Package x\npackage x // one\n\n/* a\nb */ import \"y\"\nvar s = `a\n\n// b`\n\nfunc f() {\n\t// no\n}\n"
	if n := codeLines([]byte(src)); n != 7 {
		t.Errorf("counted %d lines of code, want 7", n)
	}
}

// check returns what is wrong with the imports of one file.
func (r room) check(t *testing.T, name string, src []byte) (problems []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	bad := func(what string) { problems = append(problems, name+" "+what) }
	local := map[string]string{} // import path by its name in this file
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		as := path.Base(p)
		if spec.Name != nil {
			as = spec.Name.Name
		}
		local[as] = p
		first, _, _ := strings.Cut(p, "/")
		switch {
		case as == ".":
			bad(`imports as "."`)
		case p == "C":
			bad(`imports "C"`)
		case first == "ssf":
			if !slices.Contains(r.ours, cmp.Or(strings.TrimPrefix(strings.TrimPrefix(p, "ssf"), "/"), ".")) {
				bad("imports " + p)
			}
		case strings.Contains(first, "."):
			if !slices.ContainsFunc(r.third, within(p)) {
				bad("imports " + p)
			}
		case slices.ContainsFunc(r.never, within(p)):
			bad("imports " + p)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(r.calls, local[x.Name]+"."+sel.Sel.Name) {
				bad("uses " + local[x.Name] + "." + sel.Sel.Name)
			}
		}
		return true
	})
	return problems
}

// within returns a test whether p is a path or stands below it.
func within(p string) func(string) bool {
	return func(above string) bool { return p == above || strings.HasPrefix(p, above+"/") }
}

// packages lists the folders below root that hold Go files of this module.
func packages(t *testing.T, root string) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root {
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			if base := d.Name(); err == nil || base == "testdata" || base[0] == '.' || base[0] == '_' {
				return fs.SkipDir
			}
		}
		if strings.HasSuffix(name, ".go") && !d.IsDir() {
			found[filepath.ToSlash(filepath.Dir(name))] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

// sources lists the Go files of a folder that are no tests.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

// codeLines counts the lines of src that hold more than comment and space.
func codeLines(src []byte) int {
	var s scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	s.Init(file, src, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return len(lines)
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		first := file.Line(pos)
		for i := range strings.Count(lit, "\n") + 1 {
			lines[first+i] = true
		}
	}
}
