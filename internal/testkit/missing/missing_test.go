package missing

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ssf/internal/eval"
)

// TestCorpus holds what the library finds on models of other people: no question
// too many, and of what they wrote no less than the table of STRIDE per element.
func TestCorpus(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("SSF_CORPUS"), "../../../../shared"), "corpus")
	rows, refused, err := Corpus(os.DirFS(dir))
	if err != nil {
		t.Skipf("%s is not there; SSF_CORPUS names the folder", dir)
	}
	for _, err := range refused {
		if !strings.Contains(err.Error(), "malformed") {
			t.Error(err)
		}
	}
	var table bytes.Buffer
	if err := Table(&table, rows); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	found, plain := 0, 0
	for _, r := range rows {
		if r.Questions > eval.MaxQuestions {
			t.Errorf("%s: %d questions at once", r.Name, r.Questions)
		}
		for _, p := range r.Missed() {
			t.Logf("%s: %s at %s is missed", r.Name, p.Class, p.Element)
		}
		if r.Interactions { // where the table of STRIDE per element has another meaning too
			continue
		}
		found, plain = found+len(r.Theirs)-len(r.Missed()), plain+r.Found(r.Plain)
	}
	if found <= plain {
		t.Errorf("%d pairs found, and STRIDE per element finds %d", found, plain)
	}
}
