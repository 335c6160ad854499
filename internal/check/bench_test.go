package check_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

// libraryOf is the library of the program with synthetic rules up to a number.
func libraryOf(t testing.TB, rules int) *ssf.Library {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(library.Core, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if strings.HasSuffix(p, "threat.yaml") {
			rules--
		}
		text, err := fs.ReadFile(library.Core, p)
		files[p] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range gen.Rules(max(0, rules)) {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	lib, ds, err := lang.ReadLibrary(files)
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	return lib
}

// An editing is a model in an editor.
type editing struct {
	lib     *ssf.Library
	snap    *lang.Snapshot
	session check.Session
}

func newEditing(t testing.TB, lib *ssf.Library, text string) *editing {
	t.Helper()
	snap, err := lang.Load(fstest.MapFS{lang.RootFile: {Data: []byte(text)}}, lib)
	if err != nil {
		t.Fatal(err)
	}
	e := &editing{lib: lib, snap: snap}
	e.check(t)
	return e
}

// edit is from the bytes of a file to its diagnostics.
func (e *editing) edit(t testing.TB, text string) {
	e.snap = e.snap.Edit(lang.RootFile, text)
	e.check(t)
}

func (e *editing) check(t testing.TB) {
	if _, err := e.session.Diagnostics(inputs(e.snap, e.lib)); err != nil {
		t.Fatal(err)
	}
}

func inputs(snap *lang.Snapshot, lib *ssf.Library) ssf.Inputs {
	return ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Tool: "ssf test", Line: snap.Line}
}

// A oneLine is an edit of one line of a model.
type oneLine struct{ name, text string }

// oneLines are the edits that are measured, each of a line in the middle of its
// section.
func oneLines(text string) []oneLine {
	edit := func(section string, change func(line string) string) string {
		from := strings.Index(text, "\n"+section+":\n") + len(section) + 3
		to := from + strings.Index(text[from:], "\n\n")
		if to < from {
			to = len(text)
		}
		from += strings.LastIndex(text[from:from+(to-from)/2], "\n") + 1
		to = from + strings.Index(text[from:], "\n") + 1
		return text[:from] + change(text[from:to]) + text[to:]
	}
	return []oneLine{
		{"a need", edit("assets", func(line string) string {
			i := strings.Index(line, "integrity: ") + len("integrity: ")
			j := i + strings.IndexAny(line[i:], ",}")
			return line[:i] + map[bool]string{true: "low", false: "high"}[line[i:j] == "high"] + line[j:]
		})},
		{"a comment", edit("components", func(line string) string { return "  # a comment\n" + line })},
		{"a flow less", edit("flows", func(string) string { return "" })},
	}
}

func BenchmarkEdit(b *testing.B) {
	for _, rules := range []int{0, 600} {
		lib := libraryOf(b, rules)
		for _, n := range []int{100, 1000, 5000} {
			b.Run(fmt.Sprintf("%d components, %d rules", n, len(lib.Threats)), func(b *testing.B) {
				text := gen.Generate(gen.Options{Components: n}).YAML()
				e, edits := newEditing(b, lib, text), oneLines(text)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					e.edit(b, edits[i%len(edits)].text)
				}
			})
		}
	}
}

func BenchmarkCold(b *testing.B) {
	for _, rules := range []int{0, 600} {
		lib := libraryOf(b, rules)
		for _, n := range []int{100, 1000, 5000} {
			fsys := fstest.MapFS{lang.RootFile: {Data: []byte(gen.Generate(gen.Options{Components: n}).YAML())}}
			snap, err := lang.Load(fsys, lib)
			if err != nil {
				b.Fatal(err)
			}
			name := fmt.Sprintf("%d components, %d rules", n, len(lib.Threats))
			b.Run("load, "+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := lang.Load(fsys, lib); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("case, "+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := check.Case(inputs(snap, lib)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
