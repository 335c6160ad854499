package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/repo"
)

// TestMisspelt misspells every word of the complete model that means something
// to the program, one at a time and in several ways, and wants an error at the
// very line and column of the word. The words are found from the YAML itself,
// not from the program's own tables, so a key that the program forgot to check
// cannot be forgotten here too.
func TestMisspelt(t *testing.T) {
	m := newMisspeller(t)
	if ds := m.check(nil); ssf.HasErrors(ds) {
		t.Fatalf("the complete model has errors: %v", errorsOf(ds))
	}
	words := m.words()
	if len(words) < 500 {
		t.Fatalf("found only %d words to misspell", len(words))
	}
	runs, equal := 0, 0
	for i, w := range words {
		for j, way := range slices.Sorted(maps.Keys(misspellings)) {
			bad := misspellings[way](w.text)
			if bad == w.text {
				continue
			}
			runs++
			files := m.with(w, bad)
			if errorAt(m.check(files), w.at) {
				if (i+j)%61 == 0 { // the whole program, for some
					m.runs(t, files, w, bad)
				}
				continue
			}
			if m.known[bad] {
				equal++ // it is another word of the model or the catalogue, and may be right
				continue
			}
			t.Errorf("%v: %s: %q misspelt as %q is not reported there, but: %v", w.at, w.path, w.text, bad, errorsOf(m.check(files)))
		}
	}
	t.Logf("%d words, %d misspellings, %d of them equal to other words", len(words), runs, equal)
	if equal > runs/100 {
		t.Errorf("%d of %d misspellings equal other words, want at most one in a hundred", equal, runs)
	}
}

// misspellings are the ways to get a word wrong.
var misspellings = map[string]func(string) string{
	"drop":   drop,
	"swap":   swap,
	"double": func(s string) string { i := at(s, len(s)/2); return s[:i+1] + s[i:] },
	"case":   changeCase,
	"add":    func(s string) string { return s + "x" },
}

func drop(s string) string {
	if len(s) == 1 {
		return s
	}
	i := at(s, len(s)/2)
	return s[:i] + s[i+1:]
}

// at is a place in s near i that is a letter or digit, so that a misspelt word
// is still one word.
func at(s string, i int) int {
	for d := range len(s) {
		for _, k := range []int{i + d, i - d} {
			if k >= 0 && k < len(s) && unicode.In(rune(s[k]), unicode.Letter, unicode.Digit) {
				return k
			}
		}
	}
	return 0
}

func swap(s string) string {
	b := []byte(s)
	for i := len(b) / 2; i > 0; i-- {
		if b[i] != b[i-1] {
			b[i], b[i-1] = b[i-1], b[i]
			break
		}
	}
	return string(b)
}

func changeCase(s string) string {
	for i, r := range s {
		switch {
		case unicode.IsLower(r):
			return s[:i] + strings.ToUpper(s[i:i+1]) + s[i+1:]
		case unicode.IsUpper(r):
			return s[:i] + strings.ToLower(s[i:i+1]) + s[i+1:]
		}
	}
	return s
}

// excepted are the parts of a model that cannot be misspelt, by path, each
// with the reason. A path ends with a colon for a key; `*` is any one step.
var excepted = map[string]string{
	// Prose.
	"*.*.name": "prose", "*.*.says": "prose", "system.name": "prose", "system.says": "prose", "components.*.calls.*.name": "prose", "components.*.calls.*.says": "prose",
	"system.version": "text", "system.supplier": "prose", "system.purpose": "prose", "system.misuse.*": "prose", "system.contact": "an address",
	"decisions.*.because": "prose", "assumptions.*.check.do": "prose", "assumptions.*.check.expect": "prose", "verifications.*.breaks.*.because": "prose", "verifications.*.breaks.*.with": "text",
	// Names that are defined here; another spelling is another name.
	"people.*:": "id", "signers.*:": "id", "zones.*:": "id", "actors.*:": "id", "assets.*:": "id", "components.*:": "id", "flows.*:": "id", "functions.*:": "id", "requirements.*:": "id",
	"assumptions.*:": "id", "threats.*:": "id", "mitigations.*:": "id", "runs.*:": "id", "verifications.*:": "id", "audits.*:": "id", "deployments.*:": "id", "policy.gates.*:": "id",
	"*.*.was.*": "former id, which nothing has any more", "components.*.calls.*.was.*": "former id", "*.*.from_tool": "id in another tool", "components.*.calls.*.from_tool": "id in another tool",
	// Dates, durations and numbers: other digits are another date.
	"system.support_until": "date", "decisions.*.until": "date", "decisions.*.plan.due": "date", "components.*.calls.*.*.until": "date",
	"people.*.for_at_most": "duration", "runs.*.limit": "duration", "policy.gates.*.at_most": "number",
	// What only another program or a person knows.
	"signers.*.key": "a key", "runs.*.run": "command", "runs.*.run.*": "command", "runs.*.env.*": "looked up by ssf verify", "audits.*.run": "command", "decisions.*.plan.ticket": "ticket",
	"verifications.*.tests.*": "test name", "verifications.*.breaks.*.red.*": "test name", "verifications.*.breaks.*.green.*": "test name",
	"decisions.*.finding": "the name of an analyser and of its rule",
	// Globs: one that fits nothing is a warning, because the file may come.
	"components.*.code.*": "glob", "runs.*.read": "glob", "audits.*.read": "glob", "audits.*.covers.*": "glob", "verifications.*.covers.*": "glob",
	// `at` is a mapping of attributes for a threat and a glob for a finding.
	"decisions.*.at": "glob",
	// Places that are looked up when the break is applied.
	"verifications.*.breaks.*.skip": "looked up by ssf verify", "verifications.*.breaks.*.replace": "looked up by ssf verify", "verifications.*.breaks.*.patch": "looked up by ssf verify",
	"verifications.*.breaks.*.env": "looked up by ssf verify", "verifications.*.breaks.*.config": "looked up by ssf verify", "verifications.*.breaks.*.canary": "looked up by ssf verify",
}

// compound are the scalars of several parts, by path, with what parts them.
// The last group of each expression is not a part of its own, if it is prose.
var compound = map[string]*regexp.Regexp{
	"use.catalogues.*":           regexp.MustCompile(`[^@]+`),
	"requirements.*.protects.*":  regexp.MustCompile(`[^.]+`),
	"requirements.*.meets.*":     regexp.MustCompile(`[^:]+`),
	"assumptions.*.answers.*":    regexp.MustCompile(`[^.]+`),
	"assumptions.*.dismisses.*":  regexp.MustCompile(`[^@]+`),
	"assumptions.*.holds_if":     regexp.MustCompile(`[\w-]+`),
	"threats.*.endangers.*":      regexp.MustCompile(`[^.]+`),
	"threats.*.same_as.*":        regexp.MustCompile(`[^@]+`),
	"decisions.*.threat":         regexp.MustCompile(`[^@]+`),
	"decisions.*.rate":           regexp.MustCompile(`[^@]+`),
	"decisions.*.cell":           regexp.MustCompile(`[^.]+`),
	"decisions.*.holds_if":       regexp.MustCompile(`[\w-]+`),
	"mitigations.*.counters.*":   regexp.MustCompile(`[^@]+`),
	"mitigations.*.where.*":      regexp.MustCompile(`^[^:#]+|#(.+)|^assumption:(.+)`),
	"verifications.*.verifies.*": regexp.MustCompile(`[^.]+`),
	"policy.gates.*.risk":        regexp.MustCompile(`\S+`),
}

// A word is a part of a model that means something to the program.
type word struct {
	at     ssf.Pos
	whole  ssf.Pos // of the scalar that it is a part of
	offset int     // in its file, in bytes
	text   string
	path   string
}

type misspeller struct {
	t     testing.TB
	files map[string]string
	lib   *ssf.Library
	tree  *ssf.Tree
	known map[string]bool
}

func newMisspeller(t testing.TB) *misspeller {
	m := &misspeller{t: t, files: readFiles(t, "testdata/complete"), lib: coreLibrary(t), known: map[string]bool{}}
	dir := t.TempDir()
	writeFiles(t, dir, m.files)
	var err error
	if m.tree, err = repo.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for _, c := range m.lib.Catalogues {
		for _, l := range c.Levels {
			m.known[l.Name] = true
			for _, id := range l.IDs {
				m.known[id] = true
			}
		}
	}
	return m
}

// words finds what can be misspelt.
func (m *misspeller) words() (ws []word) {
	for _, file := range slices.Sorted(maps.Keys(m.files)) {
		if !strings.HasSuffix(file, ".yaml") {
			continue
		}
		var doc yaml.Node
		if err := yaml.Load([]byte(m.files[file]), &doc); err != nil {
			m.t.Fatal(err)
		}
		m.walk(file, nil, doc.Content[0], &ws)
	}
	for _, w := range ws {
		m.known[w.text] = true
	}
	return ws
}

func (m *misspeller) walk(file string, path []string, n *yaml.Node, ws *[]word) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := append(path[:len(path):len(path)], n.Content[i].Value)
			m.scalar(file, strings.Join(key, ".")+":", n.Content[i], ws)
			m.walk(file, key, n.Content[i+1], ws)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			m.walk(file, append(path[:len(path):len(path)], fmt.Sprint(i)), c, ws)
		}
	case yaml.ScalarNode:
		m.scalar(file, strings.Join(path, "."), n, ws)
	}
}

// scalar adds the words of one scalar.
func (m *misspeller) scalar(file, path string, n *yaml.Node, ws *[]word) {
	if _, ok := lookUp(excepted, path); ok {
		return
	}
	parts := [][]int{{0, len(n.Value)}}
	if re, ok := lookUp(compound, path); ok {
		parts = re.FindAllStringSubmatchIndex(n.Value, -1)
	}
	for _, p := range parts {
		for i := 2; i < len(p); i += 2 {
			if p[i] >= 0 {
				p[0], p[1] = p[i], p[i+1]
			}
		}
		text := n.Value[p[0]:p[1]]
		if strings.Trim(text, "*") == "" {
			continue
		}
		w := m.place(file, path, n, p[0], text)
		w.whole = ssf.Pos{File: file, Line: n.Line, Col: n.Column}
		switch before := m.files[file][w.offset-1]; {
		case text == n.Value: // the whole scalar begins with its quote
			w.at.Col = n.Column
		case before == '"' || before == '\'' && p[0] > 0: // and so does a word in a condition
			w.at.Col--
		}
		*ws = append(*ws, w)
	}
}

// place finds the part of a scalar that begins at byte i of its value.
func (m *misspeller) place(file, path string, n *yaml.Node, i int, text string) word {
	lines := strings.SplitAfter(m.files[file], "\n")
	line, col := n.Line, n.Column+i
	switch {
	case n.Style&yaml.LiteralStyle != 0:
		above := strings.Split(n.Value[:i], "\n")
		line += len(above)
		col = strings.Index(lines[line-1], strings.Split(n.Value, "\n")[len(above)-1]) + 1 + len(above[len(above)-1])
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		col++
	}
	w := word{at: ssf.Pos{File: file, Line: line, Col: col}, offset: len(strings.Join(lines[:line-1], "")) + col - 1, text: text, path: path}
	if got := m.files[file][w.offset:]; !strings.HasPrefix(got, text) {
		m.t.Fatalf("%v: %s: want %q here, but there is %.20q", w.at, path, text, got)
	}
	return w
}

// lookUp finds the entry whose pattern fits a path.
func lookUp[V any](table map[string]V, path string) (v V, ok bool) {
	steps := strings.Split(path, ".")
	for pattern, v := range table {
		want := strings.Split(pattern, ".")
		if len(want) == len(steps) && fits(want, steps) {
			return v, true
		}
	}
	return v, false
}

func fits(want, steps []string) bool {
	for i := range want {
		key := strings.HasSuffix(want[i], ":") == strings.HasSuffix(steps[i], ":")
		if !key || strings.TrimSuffix(want[i], ":") != "*" && want[i] != steps[i] {
			return false
		}
	}
	return true
}

// with is the model with one word misspelt.
func (m *misspeller) with(w word, bad string) map[string]string {
	files := maps.Clone(m.files)
	text := files[w.at.File]
	files[w.at.File] = text[:w.offset] + bad + text[w.offset+len(w.text):]
	return files
}

// check reads and evaluates the files, or the complete model itself.
func (m *misspeller) check(files map[string]string) []ssf.Diagnostic {
	m.t.Helper()
	if files == nil {
		files = m.files
	}
	fsys := fstest.MapFS{}
	for p, text := range files {
		if strings.HasSuffix(p, ".yaml") {
			fsys[p] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	snap, err := lang.Load(fsys, m.lib)
	if err != nil {
		m.t.Fatal(err)
	}
	if ssf.HasErrors(snap.Diagnostics) {
		return snap.Diagnostics
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: m.lib, Tree: m.tree, Now: today, Line: snap.Line})
	if err != nil {
		m.t.Fatal(err)
	}
	return c.Diagnostics
}

// runs wants the same of the program as a whole.
func (m *misspeller) runs(t *testing.T, files map[string]string, w word, bad string) {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, files)
	status, out, _ := run(t, dir, "check")
	if want := w.at.String() + ": error: "; status != exitUsage || !strings.Contains(out, want) {
		t.Errorf("%v: %q misspelt as %q: exit status %d, want %d and a line with %q", w.at, w.text, bad, status, exitUsage, want)
	}
}

func errorAt(ds []ssf.Diagnostic, at ssf.Pos) bool {
	return slices.ContainsFunc(ds, func(d ssf.Diagnostic) bool {
		return d.Severity == ssf.Error && d.File == at.File && d.Line == at.Line && d.Col == at.Col
	})
}

func errorsOf(ds []ssf.Diagnostic) (out []string) {
	for _, d := range ds {
		if d.Severity == ssf.Error {
			out = append(out, fmt.Sprintf("%v: %s", d.Pos, d.Message))
		}
	}
	return out
}
