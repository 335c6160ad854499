package lang

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"ssf"
	"ssf/internal/testkit/gen"
)

// anywhere compares models without their places.
var anywhere = cmp.Comparer(func(a, b ssf.Pos) bool { return a.Known() == b.Known() })

// formed is the form of a text, with all that holds for every text: it is
// refused with places, or its form is its own form and means the same.
func formed(t testing.TB, text string) (out string, ok bool) {
	t.Helper()
	out, ds, err := Format(RootFile, text, library(t))
	if err != nil {
		t.Fatalf("%v, of\n%s", err, text)
	}
	if len(ds) > 0 {
		if placed(t, func(string) (string, bool) { return text, true }, ds); out != text {
			t.Fatalf("refused, and changed:\n%s", text)
		}
		return out, false
	}
	again, ds, err := Format(RootFile, out, library(t))
	if err != nil || len(ds) > 0 {
		t.Fatalf("its form has %v %v:\n%s\nof\n%s", ds, err, out, text)
	}
	if d := cmp.Diff(out, again); d != "" {
		t.Fatalf("its form has another form (-once +twice):\n%s\nof\n%s", d, text)
	}
	before, after := load(t, text), load(t, out)
	if a, b := ssf.HasErrors(before.Diagnostics), ssf.HasErrors(after.Diagnostics); a != b {
		t.Fatalf("errors %v became %v, of\n%s\nas\n%s", before.Diagnostics, after.Diagnostics, text, out)
	} else if d := cmp.Diff(before.Model, after.Model, anywhere); !a && d != "" {
		t.Fatalf("another model (-before +after):\n%s\nof\n%s", d, text)
	}
	return out, true
}

// formCases are the goldens: each archive has a text, and its form unless that
// is the text itself.
func formCases(t testing.TB) map[string][2]string {
	names, err := filepath.Glob("testdata/fmt/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	cases := map[string][2]string{}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		in, out := string(a.Files[0].Data), string(a.Files[0].Data)
		if len(a.Files) > 1 {
			out = string(a.Files[1].Data)
		}
		cases[name] = [2]string{in, out}
	}
	return cases
}

// TestFormat compares with the goldens in testdata/fmt. SSF_UPDATE=1 writes what
// the form is now; read it.
func TestFormat(t *testing.T) {
	for name, c := range formCases(t) {
		got, ok := formed(t, c[0])
		if !ok {
			t.Errorf("%s is refused", name)
		}
		if got == c[1] {
			continue
		}
		if os.Getenv("SSF_UPDATE") == "" {
			t.Errorf("%s (-want +got)\n%s", name, cmp.Diff(c[1], got))
			continue
		}
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a.Files = append(a.Files[:1], txtar.File{Name: "after.yaml", Data: []byte(got)})
		if err := os.WriteFile(name, txtar.Format(a), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFormatRefuses: a text that is not in the language is left as it is.
func TestFormatRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "the file is empty",
		"# nothing\n":                    "the file is empty",
		"zones: [\n":                     "",
		"zones:\n  a: {says: 'x}\n":      "the quote that opens here is never closed",
		"- a\n":                          "a model is a mapping of sections, and this is a list",
		"zones: {}\n---\nactors: {}\n":   "a file is one document, and this mark begins or ends another",
		"zones: &a {}\n":                 "anchors are not part of the language: &a",
		"unknown: {x: [{y: !!str z}]}\n": `YAML reads "!!str" as a tag, and tags are not part of the language`,
		"zones:\n  a: {<<: b}\n":         "merge keys (<<) are not part of the language",
		"zones:\n  {a: b}: c\n":          "a key must be a word",
		"zones:\n  ? |\n    a\n  : {}\n": "a key goes over several lines",
		"zones: {a\n b}\n":               "a key goes over several lines",
		"zones: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n": "values are nested deeper than the limit of 24",
		"zones: \x01\n": "control character U+0001",
	} {
		out, ds, err := Format(RootFile, text, library(t))
		if err != nil || len(ds) == 0 || !strings.Contains(ds[0].Message, want) || out != text {
			t.Errorf("%q gave %+v %v, want %q", text, ds, err, want)
		}
	}
	if out, ds, err := Format("ssf/x.yaml", "# nothing\n", library(t)); out != "# nothing\n" || len(ds) > 0 || err != nil {
		t.Errorf("a file of comments gave %q %v %v", out, ds, err)
	}
}

// TestFormatOdd: legal texts of strange looks keep their meaning.
func TestFormatOdd(t *testing.T) {
	for name, text := range odd {
		if _, ok := formed(t, text); !ok {
			t.Errorf("%s is refused", name)
		}
	}
}

// ourModels are the models of this repository by the path of their files.
func ourModels(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	add := func(root string, keep func(string) bool) {
		err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(name) != ".yaml" || !keep(filepath.ToSlash(name)) {
				return err
			}
			b, err := os.ReadFile(name)
			files[filepath.ToSlash(name)] = string(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	isModel := func(name string) bool { return filepath.Base(name) == RootFile || strings.Contains(name, "/ssf/") }
	for _, root := range []string{"../../ssf.yaml", "../../ssf", "../../cmd/ssf/starter.yaml"} {
		add(root, func(string) bool { return true })
	}
	add("../../examples", isModel)
	add(complete, isModel)
	if len(files) < 15 {
		t.Fatalf("found only %d files", len(files))
	}
	return files
}

// TestOurModelsAreFormed holds the models of this repository in their form.
func TestOurModelsAreFormed(t *testing.T) {
	for name, text := range ourModels(t) {
		if out, ok := formed(t, text); !ok || out != text {
			t.Errorf("%s is not in form: run `ssf fmt` (-has +form)\n%s", name, cmp.Diff(text, out))
		}
	}
}

// fixtures are models in archives: of scripts, of rules and of mistakes.
func fixtures(t testing.TB) (texts []string) {
	t.Helper()
	for _, pattern := range []string{"../../cmd/ssf/testdata/*/*.txt", "../../library/threats/*/test.txtar", "../*/testdata/*.txtar", "../*/testdata/*/*.txtar"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Files {
				if strings.HasSuffix(f.Name, ".yaml") && len(f.Data) < 50_000 {
					texts = append(texts, string(f.Data))
				}
			}
		}
	}
	if len(texts) < 200 {
		t.Fatalf("found only %d texts", len(texts))
	}
	return texts
}

func TestFormatFixtures(t *testing.T) {
	n := 0
	for _, text := range fixtures(t) {
		if _, ok := formed(t, text); ok {
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d are put into form", n)
	}
}

// A scribbler writes a model as somebody without an editor's help would.
type scribbler struct {
	*rand.Rand
	comments int
}

// scribble changes space, order and comments of a text, and its lines too.
func (s *scribbler) scribble(text string) string {
	lines := strings.SplitAfter(text, "\n")
	comment := func() string {
		s.comments++
		return fmt.Sprintf("# note %d.", s.comments)
	}
	for range 1 + s.IntN(12) {
		i := s.IntN(len(lines))
		l := strings.TrimSuffix(lines[i], "\n")
		switch s.IntN(11) {
		case 0:
			lines[i] = "\n" + lines[i]
		case 1:
			lines[i] = strings.Repeat(" ", s.IntN(9)) + comment() + "\n" + lines[i]
		case 2, 3:
			lines[i] = l + strings.Repeat(" ", 1+s.IntN(5)) + comment() + "\n"
		case 4:
			lines[i] = l + strings.Repeat(" ", s.IntN(3)) + "\n"
		case 5:
			lines[i] = strings.NewReplacer(", ", ",   ", "{", "{ ", ": ", ":  ").Replace(lines[i])
		case 6:
			lines[i] = strings.Replace(lines[i], ", ", ",\n"+strings.Repeat(" ", 12+s.IntN(4)), 1)
		case 7:
			lines[i] = strings.Replace(lines[i], ", ", ", "+comment()+"\n"+strings.Repeat(" ", 12), 1)
		case 8: // another line in its place
			j := s.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
		case 9: // two neighbours
			if i+1 < len(lines) {
				lines[i], lines[i+1] = lines[i+1], lines[i]
			}
		case 10: // deeper, and all below up to an empty line
			for j := i; j < len(lines) && strings.TrimSpace(lines[j]) != "" && lines[j][0] == ' '; j++ {
				lines[j] = "  " + lines[j]
			}
		}
	}
	if s.IntN(4) == 0 { // sections in another order
		parts := strings.SplitAfter(strings.Join(lines, ""), "\n\n")
		s.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		lines = parts
	}
	if text = strings.Join(lines, ""); s.IntN(5) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// TestFormatKeepsAll: whatever somebody does to a model's looks, its form means
// the same and has each comment once.
func TestFormatKeepsAll(t *testing.T) {
	var texts []string
	for _, text := range ourModels(t) {
		texts = append(texts, text)
	}
	for _, text := range odd {
		texts = append(texts, text)
	}
	for _, c := range formCases(t) {
		texts = append(texts, c[0])
	}
	slices.Sort(texts)
	for seed := range uint64(10) {
		texts = append(texts, gen.Generate(gen.Options{Components: 3, Functions: 2, Seed: seed}).YAML(), gen.Wild(3, seed).YAML())
	}
	rounds := 6
	if os.Getenv("SSF_SOAK") != "" {
		rounds = 400
	}
	done, all := 0, 0
	for i, text := range texts {
		formed(t, text)
		for round := range rounds {
			s := &scribbler{Rand: rand.New(rand.NewPCG(uint64(i), uint64(round)))}
			changed := s.scribble(text)
			out, ok := formed(t, changed)
			if all++; !ok {
				continue
			}
			done++
			for n := range s.comments {
				note := fmt.Sprintf("# note %d.", n+1)
				if a, b := strings.Count(changed, note), strings.Count(out, note); a != b {
					t.Fatalf("%s stood %d times and stands %d times in\n%s\nof\n%s", note, a, b, out, changed)
				}
			}
		}
	}
	if done < all/4 {
		t.Errorf("only %d of %d are put into form", done, all)
	}
}

// FuzzFormat puts any text into form: no panic, no hang, the same meaning, and
// once is enough.
func FuzzFormat(f *testing.F) {
	for _, text := range modelFiles(f) {
		f.Add(text)
	}
	for _, text := range odd {
		f.Add(text)
	}
	for _, c := range formCases(f) {
		f.Add(c[0])
	}
	for _, text := range []string{"a: |2-  # x\n   b\n", "a: [b: c, # d\n {e, f: }]\n", "a:\n- - b\n  # c\n  - d: # e\n", "? a # b\n: c\n", "a: \"b\\\n  c \\ \n d\"\n", "--- # a\nb: c", "a: {  # b\n}\n", "a: >+\n  b\n\n # c\n", "a:\n  b: |+\n     ", "a: >+\n  \n\n # ", "\r\r\n", "{}", "a:\n |+\n b: |+\n   ", "a: |\n  b"} {
		f.Add(text)
	}
	lib := library(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > fuzzBytes {
			return
		}
		begin := time.Now()
		formed(t, text)
		if s, err := Load(fstest.MapFS{RootFile: {Data: []byte(text)}}, lib); err != nil || s == nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > fuzzTime {
			t.Fatalf("took %v", took)
		}
	})
}
