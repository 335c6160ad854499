// Package importkit holds readers of other tools' forms to what all of them owe:
// whatever a file holds, it is refused with a place, or it becomes a model in
// which nothing is wrong, the same one each time.
package importkit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/format"
	"ssf/internal/lang"
	"ssf/library"
)

var now = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// Import reads a document in one form, which may name files by open, and writes
// and reads the model. An error refuses the document.
func Import(t testing.TB, form format.Format, name string, data []byte, open func(string) ([]byte, error)) (*ssf.Model, *format.Report, string, error) {
	t.Helper()
	lib := library.Index()
	d, err := format.Read([]format.Format{form}, name, form.Name, data, lib, open)
	if err != nil {
		var r *format.Refusal
		if !errors.As(err, &r) || r.At.Line < 1 || r.Why == "" {
			t.Fatalf("refused without a place or a reason: %v", err)
		}
		return nil, nil, "", err
	}
	plan := d.Build(lib, now)
	_, c := evaluate(t, lib, plan.Bare())
	plan.Join(plan.Derived(lib, c.ThreatIDs()))
	text := plan.Text()
	m, _ := evaluate(t, lib, text)
	return m, plan.Report(), text, nil
}

// evaluate reads a model and makes its case, in which nothing is wrong.
func evaluate(t testing.TB, lib *ssf.Library, text string) (*ssf.Model, *ssf.Case) {
	t.Helper()
	snap, err := lang.Load(fstest.MapFS{lang.RootFile: {Data: []byte(text)}}, lib)
	if err != nil {
		t.Fatal(err)
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: now, Tool: "importkit"})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range c.Diagnostics {
		if d.Severity == ssf.Error {
			t.Fatalf("the model is wrong at %s: %s\n%s", d.Pos, d.Message, snap.Line(d.Pos))
		}
	}
	return snap.Model, c
}

// Must is Import of what may not be refused.
func Must(t testing.TB, form format.Format, name string, data []byte) (*ssf.Model, *format.Report, string) {
	t.Helper()
	m, r, text, err := Import(t, form, name, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m, r, text
}

// Fuzz looks for a document that ends the reader, that becomes a model in which
// something is wrong, or that becomes two different ones.
func Fuzz(f *testing.F, form format.Format, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("larger than what is looked for")
		}
		_, _, text, err := Import(t, form, "fuzz", data, nil)
		if err != nil {
			return
		}
		if _, _, again, _ := Import(t, form, "fuzz", data, nil); again != text {
			t.Fatal("the same document became two models")
		}
	})
}

// Corpus is the folder with models of other people, skipping the test where it
// is not: in the folder that SSF_CORPUS names, or in `shared` beside the module.
func Corpus(t testing.TB, folder string) []string {
	t.Helper()
	root := os.Getenv("SSF_CORPUS")
	if root == "" {
		root = "../../../../shared"
	}
	names, _ := filepath.Glob(filepath.Join(root, "corpus", "models", folder, "*"))
	if len(names) == 0 {
		t.Skipf("%s holds no corpus/models/%s; SSF_CORPUS names the folder", root, folder)
	}
	return names
}
