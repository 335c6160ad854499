package ssf_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestDependencies compares docs/dependencies.md with the direct requirements
// of go.mod and the tools of tools/go.mod: each stands there at its version and
// has its reason, and none is left over.
func TestDependencies(t *testing.T) {
	doc := read(t, "docs/dependencies.md")
	var listed, direct []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (v\\S+) \\| .{20,}").FindAllStringSubmatch(doc, -1) {
		listed = append(listed, m[1]+" "+m[2])
	}
	for _, line := range strings.Split(read(t, "go.mod"), "\n") {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) >= 2 && strings.Contains(f[0], ".") && strings.HasPrefix(f[1], "v") && !strings.Contains(line, "// indirect") {
			direct = append(direct, f[0]+" "+f[1])
		}
	}
	slices.Sort(listed)
	slices.Sort(direct)
	if len(direct) == 0 || !slices.Equal(listed, direct) {
		t.Errorf("docs/dependencies.md lists %v\ngo.mod requires %v", listed, direct)
	}
	for _, line := range strings.Split(read(t, "tools/go.mod"), "\n") {
		if tool, ok := strings.CutPrefix(strings.TrimPrefix(line, "\t"), "tool "); ok {
			mod := strings.Join(strings.SplitN(tool, "/", 4)[:min(3, strings.Count(tool, "/")+1)], "/")
			if !strings.Contains(doc, mod) && !strings.Contains(doc, strings.Join(strings.Split(tool, "/")[:2], "/")) {
				t.Errorf("docs/dependencies.md does not mention the tool %s", tool)
			}
		}
	}
}

// TestNoHiddenText: what a reviewer reads is what the compiler reads. No text holds
// characters that are not seen, or turn the direction of others, and no name in
// code has a letter that looks like another.
func TestNoHiddenText(t *testing.T) {
	n := 0
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "bin" || d.Name() == "testdata"): // tests need such characters
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		n++
		for _, problem := range hidden(name, read(t, name)) {
			t.Error(problem)
		}
		return nil
	})
	if err != nil || n < 100 {
		t.Errorf("%d files were read (%v)", n, err)
	}
	for text, want := range map[string]int{"a := 1 // \u00e9\n": 0, "a\u202e": 1, "a\u200bb": 1, "\x00": 1, "\xff": 1, "\ufeffa": 1, "\u0430dmin := 1": 1, "\U000e0041": 1, "s := \"\u0430\"": 0} {
		if got := hidden("x.go", text); len(got) != want {
			t.Errorf("in %q it finds %q, want %d", text, got, want)
		}
	}
}

// hidden tells what in a file a reader does not see as it is.
func hidden(name, text string) (problems []string) {
	if !utf8.ValidString(text) {
		return []string{name + " is no UTF-8 text"}
	}
	for i, r := range text {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\n' && r != '\t' {
			problems = append(problems, fmt.Sprintf("%s:%d: %U is not seen", name, 1+strings.Count(text[:i], "\n"), r))
		}
	}
	if len(problems) > 0 || !strings.HasSuffix(name, ".go") {
		return problems
	}
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile(name, -1, len(text)), []byte(text), nil, 0)
	for {
		at, tok, word := s.Scan()
		switch {
		case tok == token.EOF:
			return problems
		case tok == token.IDENT && strings.ContainsFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }):
			problems = append(problems, fmt.Sprintf("%s: %q has other letters than those of ASCII", files.Position(at), word))
		}
	}
}

// TestReadmeExample keeps the summary in the README in the form that the
// program prints: its phases and the words of its last line.
func TestReadmeLinks(t *testing.T) {
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"} {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
		for _, m := range regexp.MustCompile("`((?:internal|library|cmd|spec|testdata|docs)/[a-z/._-]*[a-z])`").FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(m[1]); err != nil {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
