package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"ssf"
	"ssf/internal/ruletest"
	"ssf/library"
)

// TestSuggest takes the suggestion for each rule of ssf/core into a model in
// which its threat is open: the model has no error, and the threat is planned.
func TestSuggest(t *testing.T) {
	lib := library.Index()
	for i := range lib.Threats {
		id := lib.Threats[i].ID
		t.Run(string(id), func(t *testing.T) {
			t.Parallel()
			text, err := library.Core.ReadFile("threats/" + string(id) + "/" + ruletest.File)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, f := range txtar.Parse(text).Files {
				if f.Name == "fires.yaml" {
					write(t, filepath.Join(dir, "ssf.yaml"), f.Data)
					first, _, _ := strings.Cut(string(f.Data), "\n")
					words := strings.Fields(first)
					suggested(t, dir, ssf.ID(words[3]), words[2] == "open")
					return
				}
			}
			t.Fatal("no case fires")
		})
	}
}

// suggested takes the suggestion for a threat into the model in dir.
func suggested(t *testing.T, dir string, id ssf.ID, open bool) {
	t.Helper()
	code, out, errs := runIn(t, dir, "suggest", string(id))
	if code != 0 {
		t.Fatalf("suggest: exit %d: %s", code, errs)
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 80 && strings.Contains(line, " ") && strings.HasPrefix(strings.TrimSpace(line), "#") {
			t.Errorf("a line has %d columns: %s", n, line)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "ssf"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "ssf", "suggested.yaml"), []byte(out))
	code, out, errs = runIn(t, dir, "check", "--format", "json")
	var c ssf.Case
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatalf("check: exit %d: %v: %s", code, err, errs)
	}
	for _, d := range c.Diagnostics {
		if d.Severity == ssf.Error {
			t.Errorf("%v: %s", d.Pos, d.Message)
		}
	}
	for _, x := range c.Threats {
		if x.ID == id && open && x.State != ssf.Planned {
			t.Errorf("%s is %s: %s", id, x.State, x.Why)
		}
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o666); err != nil {
		t.Fatal(err)
	}
}
