package check_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/eval"
	"ssf/internal/facts"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
	"ssf/library"
)

func withRules(b testing.TB, total int) *ssf.Library {
	b.Helper()
	files := fstest.MapFS{}
	n := 0
	err := fs.WalkDir(library.Core, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if strings.HasSuffix(p, "threat.yaml") {
			n++
		}
		text, err := fs.ReadFile(library.Core, p)
		files[p] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range gen.Rules(max(0, total-n)) {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	lib, ds, err := lang.ReadLibrary(files)
	if err != nil || len(ds) > 0 {
		b.Fatal(err, ds)
	}
	return lib
}

func memFS(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out[name] = &fstest.MapFile{Data: []byte(files[name])}
	}
	return out
}

func BenchmarkStages(b *testing.B) {
	for _, rules := range []int{15, 215} {
		lib := withRules(b, rules)
		for _, n := range []int{100, 1000, 5000} {
			fsys := memFS(gen.Generate(gen.Options{Components: n}).Files(1))
			name := fmt.Sprintf("%d components, %d rules/", n, rules)
			snap, err := lang.Load(fsys, lib)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(name+"load", func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if snap, err = lang.Load(fsys, lib); err != nil {
						b.Fatal(err)
					}
				}
			})
			in := ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Tool: "x", Line: snap.Line}
			b.Run(name+"facts", func(b *testing.B) {
				b.ReportAllocs()
				terms := facts.NewTerms(lib)
				for range b.N {
					terms.Build(snap.Model)
				}
			})
			eng, err := eval.New(in)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(name+"new", func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if eng, err = eval.New(in); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name+"evaluate", func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if _, err = eng.Evaluate(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(name+"case", func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if _, err = check.Case(in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
