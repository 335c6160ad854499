package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"ssf"
	"ssf/internal/report"
)

// TestMistakes shows what the program says about mistakes: for a newcomer the
// first thing that it says at all. Each file of testdata/mistakes has a title,
// the files of a model with the mistake, and what is wanted: the errors as they
// are printed. SSF_UPDATE=1 writes what the program says now; read it.
//
// Files that cannot be written as text are made by the functions in strange.
func TestMistakes(t *testing.T) {
	names, err := filepath.Glob("testdata/mistakes/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 60 {
		t.Errorf("there are %d mistakes, want 60 or more", len(names))
	}
	used := map[string]bool{}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".txt")
		used[base] = true
		t.Run(base, func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			title, files := splitArchive(string(text))
			want := files["want"]
			delete(files, "want")
			dir := t.TempDir()
			writeFiles(t, dir, files)
			if make := strange()[base]; make != nil {
				make(t, dir)
			} else if len(files) == 0 {
				t.Fatal("there are no files")
			}
			got := mistakes(t, dir)
			if got == want {
				return
			}
			if os.Getenv("SSF_UPDATE") == "" {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", title, got, want)
				return
			}
			i := strings.Index(string(text), "-- want --\n")
			if i < 0 {
				i = len(text)
			}
			if err := os.WriteFile(name, []byte(string(text[:i])+"-- want --\n"+got), 0o666); err != nil {
				t.Fatal(err)
			}
		})
	}
	for name := range strange() {
		if !used[name] {
			t.Errorf("there is no testdata/mistakes/%s.txt", name)
		}
	}
}

// mistakes checks the model in dir and returns the errors that are printed. It
// wants them to be the same each time, and each to help.
func mistakes(t *testing.T, dir string) string {
	t.Helper()
	status, out, errs := run(t, dir, "check", ".")
	if status != exitUsage {
		t.Errorf("exit status %d, want %d", status, exitUsage)
	}
	if errs != "" {
		t.Errorf("standard error has %q, want nothing", errs)
	}
	old := runtime.GOMAXPROCS(1)
	_, stored, _ := run(t, dir, "check", ".", "--format", "json")
	runtime.GOMAXPROCS(old)
	var c ssf.Case
	if err := json.Unmarshal([]byte(stored), &c); err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	if err := report.Check(&again, &c, report.Style{}, report.CheckOptions{}); err != nil {
		t.Fatal(err)
	}
	if again.String() != out {
		t.Errorf("a second run says something else:\n%s\nand before:\n%s", &again, out)
	}
	helpful(t, dir, c.Diagnostics)
	var errors []string
	for block := range strings.SplitSeq(out, "\n\n") {
		if first, _, _ := strings.Cut(block, "\n"); strings.Contains(first, ": error: ") {
			errors = append(errors, strings.TrimSpace(block)+"\n")
		}
	}
	if n := len(errors); n > 50 {
		errors = append(append(errors[:2], fmt.Sprintf("(%d more)\n", n-4)), errors[n-2:]...)
	}
	return strings.Join(errors, "\n")
}

// helpful wants of each error a place that exists, its line, and a way out.
func helpful(t *testing.T, dir string, ds []ssf.Diagnostic) {
	t.Helper()
	if !ssf.HasErrors(ds) {
		t.Error("there is no error")
	}
	for _, d := range ds {
		if d.Severity != ssf.Error {
			continue
		}
		if d.File == "" || d.Line < 1 || d.Col < 1 || d.Hint == "" {
			t.Errorf("%v: %s: want a file, line, column and hint, not %+v", d.Pos, d.Message, d)
		}
		name := filepath.Join(dir, filepath.FromSlash(d.File))
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			continue // it is not there, or a folder or link
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
		if d.Line > len(lines) {
			t.Errorf("%v: %s: the file has %d lines", d.Pos, d.Message, len(lines))
			continue
		}
		line := strings.TrimSuffix(lines[d.Line-1], "\r")
		if n := utf8.RuneCountInString(line); d.Col > n+1 || d.EndCol > n+2 || d.EndCol > 0 && d.EndCol < d.Col {
			t.Errorf("%v to %d: %s: the line has %d characters", d.Pos, d.EndCol, d.Message, n)
		}
		if d.Snippet == "" && strings.TrimSpace(line) != "" && len(line) < 1000 && d.Check != "model/limit" && d.Check != "model/files" && !strings.Contains(line, "\x00\x00") && !strings.HasPrefix(line, "\xff\xfe") && !strings.HasPrefix(line, "s\x00") {
			t.Errorf("%v: %s: the line is not shown", d.Pos, d.Message)
		}
	}
}

// splitArchive reads a file in the form of txtar: a title, and then files each
// after a line `-- NAME --`.
func splitArchive(text string) (title string, files map[string]string) {
	files = map[string]string{}
	at := ""
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(name, " --") {
			at = strings.TrimSuffix(name, " --")
			files[at] = ""
		} else if at == "" {
			title += line
		} else {
			files[at] += line
		}
	}
	return title, files
}

const head = "ssf: 1\nsystem: {name: Shop}\n"

// strange makes the files that a text file cannot hold. Some are large, so that
// it is made for the test that needs it, and not where the program starts.
var strange = sync.OnceValue(func() map[string]func(t *testing.T, dir string) {
	return map[string]func(t *testing.T, dir string){
		"tab-indentation":    root(head + "zones:\n\tinternet: {trust: none}\n"),
		"tab-after-spaces":   root(head + "zones:\n  internet:\n  \ttrust: none\n"),
		"binary":             root("\x7fELF\x02\x01\x01\x00\x00\x00"),
		"utf-16":             root("\xff\xfes\x00s\x00f\x00:\x00 \x001\x00"),
		"utf-16-without-bom": root("s\x00s\x00f\x00:\x00 \x001\x00"),
		"invalid-utf-8":      root(head + "people:\n  cto: {name: Ren\xe9}\n"),
		"nul":                root(head + "people:\n  cto: {name: A\x00B}\n"),
		"control-character":  root(head + "people:\n  cto: {name: A\x1b[31mB}\n"),
		"c1-control":         root(head + "people:\n  cto: {name: A\u009b31mB}\n"),
		"bidi":               root(head + "people:\n  cto: {name: \"A\u202eB\"}\n"),
		"carriage-return":    root("ssf: 1\rsystem: {name: Shop}\r"),
		"bom-inside":         root(head + "\ufeffzones: {}\n"),
		"no-break-space":     root(head + "people:\n  cto: {name:\u00a0Ann}\n"),
		"no-break-indent":    root(head + "people:\n\u00a0\u00a0cto: {name: Ann}\n"),
		"crlf-mistake":       root(strings.ReplaceAll(head+"zones:\n  internet: {trust: nome}\n", "\n", "\r\n")),
		"bom-mistake":        root("\ufeffssf: 1\nsytem: {name: Shop}\n"),
		"wide-characters":    root(head + "people: {añu: {name: 日本}, b: {nmae: 日本, accepts_up_to: hihg}}\n"),
		"17-mb":              root(head + strings.Repeat("# a comment of no interest to anyone\n", 17<<20/37+1)),
		"100-mb": func(t *testing.T, dir string) {
			f, err := os.Create(filepath.Join(dir, "ssf.yaml"))
			if err == nil {
				err = f.Truncate(100 << 20)
			}
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
		},
		"million-brackets":      root(head + "zones: " + strings.Repeat("[", 1e6) + "\n"),
		"million-flat-brackets": root(head + "zones: [" + strings.Repeat("[],", 1e6) + "]\n"),
		"300000-entries":        root(head + "zones:\n" + numbered("  z%d: {trust: low}\n", 300_000)),
		"long-text":             root(head + "people:\n  cto: {name: '" + strings.Repeat("a ", 50_000) + "'}\n"),
		"long-id":               root(head + "zones:\n  " + strings.Repeat("a", 101) + ": {trust: low}\n"),
		"long-line":             root(head + "zones: {" + numbered("z%d: {trust: low}, ", 3000) + "q: {trsut: low}}\n"),
		"deep-block":            root(head + "zones:\n" + nested(40)),
		"deep-flow":             root(head + "zones: " + strings.Repeat("{a: ", 40) + strings.Repeat("}", 40) + "\n"),
		"deep-lists":            root(head + "decisions:\n  " + strings.Repeat("- ", 20_000) + "x\n"),
		"alias-bomb":            root(head + "people:\n  a: &a {name: [x, x, x]}\n  b: &b {name: [*a, *a, *a, *a, *a, *a, *a]}\n  c: &c {name: [*b, *b, *b, *b, *b, *b, *b]}\n  d: &d {name: [*c, *c, *c, *c, *c, *c, *c]}\n"),
		"folder": func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "ssf.yaml"), 0o777))
		},
		"missing": func(t *testing.T, dir string) {},
		"link-out": func(t *testing.T, dir string) {
			other := t.TempDir()
			writeFiles(t, other, map[string]string{"real.yaml": head})
			must(t, os.Symlink(filepath.Join(other, "real.yaml"), filepath.Join(dir, "ssf.yaml")))
		},
		"link-in-folder": func(t *testing.T, dir string) {
			writeFiles(t, dir, map[string]string{"ssf.yaml": head, "zones.yaml": "zones: {}\n", "ssf/real.yaml": "zones: {}\n"})
			must(t, os.Symlink("../zones.yaml", filepath.Join(dir, "ssf", "more.yaml")))
			must(t, os.Symlink("..", filepath.Join(dir, "ssf", "up")))
		},
		"linked-folder": func(t *testing.T, dir string) {
			writeFiles(t, dir, map[string]string{"ssf.yaml": head, "model/zones.yaml": "zones: {}\n"})
			must(t, os.Symlink("model", filepath.Join(dir, "ssf")))
		},
		"1001-files": func(t *testing.T, dir string) {
			files := map[string]string{"ssf.yaml": head}
			for i := range 1001 {
				files[fmt.Sprintf("ssf/%04d.yaml", i)] = "zones: {}\n"
			}
			writeFiles(t, dir, files)
		},
		"too-many-mistakes": func(t *testing.T, dir string) {
			root(head+"zones:\n"+strings.Repeat("  Z: {trust: low}\n", 1500))(t, dir)
		},
	}
})

func root(text string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) { writeFiles(t, dir, map[string]string{"ssf.yaml": text}) }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// numbered is a text n times, each with its number.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// nested is a mapping in a mapping, n times.
func nested(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("  ", i+1) + "a:\n")
	}
	return b.String()
}

// TestFive wants five mistakes in one file to give five messages, and mistakes
// in other entries to be found although one entry does not parse.
func TestFive(t *testing.T) {
	text := head + `zones:
  internet: {trust: nome}
  office: {trust: 'low}
  cluster: {trst: high}
actors:
  Customer: {zone: internet}
  clerk: {zone: offize}
  boss: {zone: office}
`
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"ssf.yaml": text})
	_, out, _ := run(t, dir, "check")
	var got []string
	for line := range strings.Lines(out) {
		if strings.Contains(line, ": error: ") {
			got = append(got, strings.Join(strings.SplitN(line, ":", 4)[:3], ":"))
		}
	}
	want := []string{"ssf.yaml:4:21", "ssf.yaml:5:19", "ssf.yaml:6:13", "ssf.yaml:8:3", "ssf.yaml:9:17"}
	if !slices.Equal(got, want) {
		t.Errorf("errors at %v, want %v\n%s", got, want, out)
	}
}
