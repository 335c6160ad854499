package lang

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// The bounds of fuzzed files, and of the time that reading one may take.
const (
	fuzzBytes = 32 << 10
	fuzzTime  = 10 * time.Second
)

// FuzzLoad reads any text as a model: no panic, no hang, every diagnostic at a
// place that is there, and the same in pieces as in one.
func FuzzLoad(f *testing.F) {
	for _, text := range modelFiles(f) {
		f.Add(text)
	}
	for _, text := range odd {
		f.Add(text)
	}
	names, err := filepath.Glob("../../cmd/ssf/testdata/mistakes/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if _, text, ok := strings.Cut(string(b), "-- ssf.yaml --\n"); ok {
			text, _, _ = strings.Cut(text, "\n-- ")
			f.Add(text + "\n")
		}
	}
	for _, text := range []string{"", "\ufeff", "\x00", "\xff\xfe", "a: &a [*a]", "? ? ?", "- - -", "{", "'", "\"\\", "|", ">\n", "%", "---\n---\n", "zones: !<x> {}", "zones:\n  a: {trust: [", "ssf: 1\n \t\n"} {
		f.Add(text)
	}
	lib := library(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > fuzzBytes {
			return
		}
		begin := time.Now()
		s, err := Load(fstest.MapFS{RootFile: {Data: []byte(text)}}, lib)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > fuzzTime {
			t.Fatalf("took %v", took)
		}
		placed(t, func(file string) (string, bool) { return text, file == RootFile }, s.Diagnostics)
		if _, msg, _ := newSource(RootFile, text).unreadable(); msg == "" {
			sameEitherWay(t, text)
		}
	})
}

// FuzzReadLibrary reads any text as a file of a library, beside the others.
func FuzzReadLibrary(f *testing.F) {
	paths := []string{
		"library.yaml", "facts/asset.yaml", "kinds/kinds.yaml", "tech/tech.yaml", "protocols/protocols.yaml", "controls/controls.yaml", "checks/model.yaml", "catalogues/x.yaml",
		"standards/go.yaml", "policies/baseline.yaml", "threats/csrf/threat.yaml", "measures/csrf-tokens/measure.yaml", "elsewhere/x.yaml",
	}
	all := os.DirFS("../../library")
	for i, p := range paths {
		if b, err := fs.ReadFile(all, p); err == nil {
			f.Add(uint8(i), string(b))
		}
		f.Add(uint8(i), "")
		f.Add(uint8(i), "x: &x [*x]\n")
	}
	for _, text := range []string{
		"facts:\n  a: {title: x, domain: set, values: [b, c], on: [flow], class: nature, asks: x, why: x, kinds: [k], elsewhere: '{}'}\n",
		"kinds:\n  k: {title: x, is: k}\n", "kinds:\n  k: {title: x, implies: {a: [b], c: yes, a: d}}\n", "kinds:\n  K: {title: x}\n  k: {is: l, title: x}\n  l: {is: k, title: x}\n",
	} {
		f.Add(uint8(1), text)
		f.Add(uint8(2), text)
	}
	f.Fuzz(func(t *testing.T, which uint8, text string) {
		if len(text) > fuzzBytes {
			return
		}
		p := paths[int(which)%len(paths)]
		fsys := fstest.MapFS{
			"library.yaml":     {Data: []byte("name: x\nversion: 1\n")},
			"facts/more.yaml":  {Data: []byte("facts:\n  f: {title: x, domain: enum, values: [b, c], on: [flow], class: nature, asks: x, why: x}\n")},
			"kinds/more.yaml":  {Data: []byte("kinds:\n  m: {title: x, implies: {f: b}}\n  n: {title: x, is: m}\n")},
			"tech/more.yaml":   {Data: []byte("techs:\n  t: {title: x}\n")},
			"checks/more.yaml": {Data: []byte("checks:\n  a/b: {severity: gap, title: x, says: x, fix: x}\n")},
		}
		fsys[p] = &fstest.MapFile{Data: []byte(text)}
		begin := time.Now()
		lib, ds, err := ReadLibrary(fsys)
		if err != nil {
			t.Fatal(err)
		}
		placed(t, func(file string) (string, bool) {
			b, err := fs.ReadFile(fsys, file)
			return string(b), err == nil
		}, ds)
		if len(ds) == 0 { // what reads without a fault can be worked with
			NewWords(lib)
			Schema(lib)
			if _, err := Load(fstest.MapFS{RootFile: {Data: []byte(start)}}, lib); err != nil {
				t.Fatal(err)
			}
		}
		team := fstest.MapFS{RootFile: {Data: []byte(start + "use: {libraries: [./lib]}\n")}}
		for p, f := range fsys {
			team["lib/"+p] = f
		}
		snap, err := Load(team, library(t))
		if err != nil {
			t.Fatal(err)
		}
		placed(t, func(file string) (string, bool) {
			b, err := fs.ReadFile(team, file)
			return string(b), err == nil
		}, snap.Diagnostics)
		NewWords(snap.Libraries.Whole)
		if took := time.Since(begin); took > 2*fuzzTime {
			t.Fatalf("took %v", took)
		}
	})
}
