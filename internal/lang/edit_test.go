package lang

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"ssf"
	"ssf/internal/testkit/gen"
)

// cold reads files anew.
func cold(t testing.TB, files map[string]string) *Snapshot {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := Load(fsys, library(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// same wants a snapshot that was edited to be what Load makes of its files.
func same(t testing.TB, what string, warm, cold *Snapshot) {
	t.Helper()
	if !reflect.DeepEqual(warm.Diagnostics, cold.Diagnostics) {
		t.Fatalf("%s: diagnostics (- cold, + warm):\n%s", what, cmp.Diff(cold.Diagnostics, warm.Diagnostics))
	}
	if !reflect.DeepEqual(warm.Model, cold.Model) {
		t.Fatalf("%s: model (- cold, + warm):\n%s", what, cmp.Diff(cold.Model, warm.Model))
	}
}

// A writer changes the files of a model at random, as people and editors do.
type writer struct {
	*rand.Rand
	files map[string]string
}

func (w writer) path() string {
	return slices.Sorted(maps.Keys(w.files))[w.IntN(len(w.files))]
}

// line is a random line of a text: where it begins, and behind its line break.
func (w writer) line(text string) (from, to int) {
	at := w.IntN(len(text) + 1)
	from = strings.LastIndexByte(text[:at], '\n') + 1
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return from, at + i + 1
	}
	return from, len(text)
}

var (
	newPaths = []string{"ssf/new.yaml", "ssf/a/b.yaml", "ssf/a.yaml", "ssf/a-b.yaml", "ssf.yml", "ssf/old.yml", "ssf/x.txt", "ssf/ssf.yaml", "ssf.yaml", "README.md"}
	newLines = []string{
		"", "# a comment", "  # a comment", "zones:", "  zone-new: {trust: low}", "assets:\n  asset-new: {}", "decisions:", "- x", "  - {cell: a.integrity, treat: accept}", "    says: 'one",
		"  a: {", "'", "---", "components:\n  web-new: {kind: web_service, zone: nowhere, calls: {nobody: {}, web-new: {sends: [nothing]}}}", "  web-new: {kind: web_srevice}", "system: {name: Two}", "\x00", "\t", "  a:",
		"mitigations:\n  m: {counters: ['*@web-new-to-*', 'x@y'], where: ['assumption:none'], state: planned}", "people: {cto: {name: C. Tester}}", "  b: [", "ssf: 2", "xyz: {a: b}", "? a\n: b",
		"components:\n  renamed: {was: [web-old, db], calls: {hub: {}, renamed: {}}}\n  hub: {was: [store], calls: {renamed: {}}}", "verifications:\n  v: {verifies: [web-old.encrypted, db-to-hub.encrypted], tests: [TestIt]}",
		"flows:\n  f: {from: web-old, to: store, over: https}", "decisions:\n  - {threat: flooding@web-old, treat: not_applicable, because: So it is.}",
	}
)

// change makes one change and returns the path, the text and whether there is
// one any more.
func (w writer) change() (path, text string, there bool) {
	path = w.path()
	text = w.files[path]
	from, to := w.line(text)
	switch w.IntN(14) {
	case 0: // a new file with something out of another
		return newPaths[w.IntN(len(newPaths))], "zones: {}\n" + text[from:], true
	case 1:
		return path, "", w.IntN(8) > 0
	case 2: // another line
		text = text[:from] + newLines[w.IntN(len(newLines))] + "\n" + text[from:]
	case 3, 4:
		text = text[:from] + text[to:]
	case 5: // twice
		text = text[:to] + text[from:]
	case 6: // moved
		line := text[from:to]
		text = text[:from] + text[to:]
		at, _ := w.line(text)
		text = text[:at] + line + text[at:]
	case 7: // a byte less
		if at := w.IntN(len(text) + 1); at < len(text) {
			text = text[:at] + text[at+1:]
		}
	case 8: // cut off
		if w.IntN(4) == 0 {
			text = text[:w.IntN(len(text)+1)]
		}
	case 9: // another word
		i := strings.IndexAny(text[from:to], "abcdefghij")
		if i >= 0 {
			text = text[:from+i] + string(rune('a'+w.IntN(26))) + text[from+i+1:]
		}
	case 10: // a part moved to the end
		later, _ := w.line(text)
		a, b := min(from, later), max(from, later)
		text = text[:a] + text[b:] + text[a:b]
	case 11:
		text = text[:from] + "# a comment\n" + text[from:]
	case 12: // mended
		text = "ssf: 1\nsystem: {name: Shop}\n" + gen.Wild(3+w.IntN(4), w.Uint64()).YAML()
	case 13:
		at := w.IntN(len(text) + 1)
		text = text[:at] + string("\n :-#'\"{}[],|>&*!?a\xff"[w.IntN(20)]) + text[at:]
	}
	return path, text, true
}

// TestEditIsLoad proves that a snapshot made by edits is what Load makes of the
// same files, positions and all, and that an edit leaves the one before alone.
func TestEditIsLoad(t *testing.T) {
	defer func(old uint32) { pieceEntries = old }(pieceEntries)
	pieceEntries = 4
	starts := []map[string]string{modelFiles(t)}
	for seed := range uint64(12) {
		starts = append(starts, gen.Wild(4+int(seed), seed).Files(1+int(seed%3)))
	}
	names, err := filepath.Glob("../../cmd/ssf/testdata/mistakes/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range a.Files {
			if len(f.Data) < 20_000 {
				files[f.Name] = string(f.Data)
			}
		}
		if len(files) > 0 {
			starts = append(starts, files)
		}
	}
	steps := 12
	if os.Getenv("SSF_SOAK") != "" {
		steps = 400
	}
	reused := 0
	for i, files := range starts {
		w := writer{rand.New(rand.NewPCG(uint64(i), 1)), maps.Clone(files)}
		snap := cold(t, w.files)
		first, again := snap, cold(t, w.files)
		for step := range steps {
			if len(w.files) == 0 {
				w.files[RootFile] = start
				snap = snap.Edit(RootFile, start)
			}
			path, text, there := w.change()
			if there {
				w.files[path] = text
				snap = snap.Edit(path, text)
			} else {
				delete(w.files, path)
				snap = snap.Remove(path)
			}
			for _, f := range snap.files {
				reused += len(f.parts)
			}
			reused -= snap.Parsed()
			what := fmt.Sprintf("model %d, step %d, %s is\n%s", i, step, path, text)
			same(t, what, snap, cold(t, w.files))
			for p, text := range w.files {
				if strings.HasSuffix(p, ".yaml") && snap.files[p] == nil {
					t.Fatalf("%s: %s was lost: %q", what, p, text)
				}
			}
		}
		same(t, fmt.Sprintf("model %d as it was before all edits", i), first, again)
	}
	if reused < 1000 {
		t.Errorf("only %d pieces were used again, so this test sees little", reused)
	}
}

// TestEditParses counts what an edit parses.
func TestEditParses(t *testing.T) {
	files := gen.Generate(gen.Options{Components: 200}).Files(4)
	s := cold(t, files)
	text := files["ssf/part-2.yaml"]
	i := strings.Index(text, "zone: ")
	for name, edited := range map[string]string{
		"a word":          text[:i] + "zone: nowhere" + text[i+len("zone: "):],
		"a comment":       "# x\n" + text,
		"a new last line": text + "  web-new: {}\n",
	} {
		if got := s.Edit("ssf/part-2.yaml", edited).Parsed(); got > 1 {
			t.Errorf("%s: parsed %d pieces, want 1 at most", name, got)
		}
	}
	if got := s.Edit("ssf/part-2.yaml", text).Parsed(); got != 0 {
		t.Errorf("no change: parsed %d pieces", got)
	}
	if got := s.Edit("README.md", text); got != s {
		t.Error("a file that is no part of the model made another snapshot")
	}
}

// TestShiftMovesAll fills a result with places, and wants each of them moved
// and nothing else, and the one before left as it was.
func TestShiftMovesAll(t *testing.T) {
	var fill func(v reflect.Value, add int)
	fill = func(v reflect.Value, add int) {
		switch v.Kind() {
		case reflect.Struct:
			if p, ok := v.Addr().Interface().(*ssf.Pos); ok {
				*p = ssf.Pos{File: "x", Line: 7 + add, Col: 2, EndCol: 3}
				return
			}
			for i := range v.NumField() {
				if v.Field(i).CanSet() {
					fill(v.Field(i), add)
				}
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			for i := range 2 {
				fill(v.Index(i), add)
			}
		case reflect.String:
			v.SetString("word")
		}
	}
	filled := func(add int) (r result) {
		fill(reflect.ValueOf(&r.model).Elem(), add)
		r.refs = make([]pending, 1)
		fill(reflect.ValueOf(&r.refs[0].ref).Elem(), add)
		for _, v := range []any{&r.diags, &r.keys} {
			fill(reflect.ValueOf(v).Elem(), add)
		}
		return r
	}
	before := filled(0)
	if got, want := shift(5).result(before), filled(5); !reflect.DeepEqual(got, want) {
		t.Errorf("not all places moved: %s", cmp.Diff(want.model, got.model))
	}
	if !reflect.DeepEqual(before, filled(0)) {
		t.Error("moving a result changed it")
	}
}

// TestEditLibraries edits a model that uses a library of the team.
func TestEditLibraries(t *testing.T) {
	files := map[string]string{
		"acme/library.yaml":     "name: acme\nversion: 0.1.0\n",
		"acme/facts/facts.yaml": "facts:\n  odd: {title: Odd, domain: boolean, on: [component], class: nature, asks: Is it odd?, why: It is a test.}\n",
		RootFile:                "",
	}
	const uses = "use: {libraries: [./acme]}\n"
	model := start + uses + "components:\n  web: {kind: web_service, odd: yes, even: no}\n"
	snap := (*Snapshot)(nil)
	for i, text := range []string{
		model, "# a comment\n" + model, model + "  db: {kind: database, odd: perhaps}\n", strings.Replace(model, uses, "", 1), model,
		strings.Replace(model, "./acme", "./none", 1), strings.Replace(model, "./acme", "acme", 1), strings.Replace(model, uses, "use: {libraries: [./acme\n", 1), model,
	} {
		files[RootFile] = text
		if want := cold(t, files); snap == nil {
			snap = want
		} else {
			snap = snap.Edit(RootFile, text)
			same(t, fmt.Sprintf("edit %d: %s", i, text), snap, want)
			if len(snap.Libraries.Added) != len(want.Libraries.Added) || !reflect.DeepEqual(snap.Libraries.Diagnostics, want.Libraries.Diagnostics) {
				t.Errorf("edit %d: other libraries: %v, want %v", i, snap.Libraries.Diagnostics, want.Libraries.Diagnostics)
			}
		}
	}
	if len(snap.Libraries.Added) != 1 || len(snap.Diagnostics) != 1 {
		t.Errorf("the library was not read, or gave more than one unknown key: %v", snap.Diagnostics)
	}
}
