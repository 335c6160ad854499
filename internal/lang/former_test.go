package lang

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ssf"
)

// TestFormerCalls: a call of what was renamed stays a call of it, and its flow is
// found by all the ids that it had, whichever of both ends was renamed.
func TestFormerCalls(t *testing.T) {
	lib := library(t)
	for name, x := range map[string]struct{ web, pg, calls, want string }{
		"neither":                     {"web", "db", "db", "web-to-db web db []"},
		"the caller":                  {"shop, was: [web]", "db", "db", "shop-to-db shop db [web-to-db]"},
		"the called":                  {"web", "pg, was: [db]", "pg", "web-to-pg web pg [web-to-db]"},
		"the called, as it was named": {"web", "pg, was: [db]", "db", "web-to-pg web pg [web-to-db]"},
		"both":                        {"shop, was: [web]", "pg, was: [db]", "pg", "shop-to-pg shop pg [shop-to-db web-to-pg web-to-db]"},
		"both, as named":              {"shop, was: [web]", "pg, was: [db]", "db", "shop-to-pg shop pg [shop-to-db web-to-pg web-to-db]"},
	} {
		entry := func(s, more string) string {
			id, was, _ := strings.Cut(s, ",")
			if was != "" {
				more += "," + was
			}
			return "  " + id + ": {kind: api, zone: in" + more + "}\n"
		}
		text := "ssf: 1\nsystem: {name: S}\nzones: {in: {trust: high}}\ncomponents:\n" +
			entry(x.web, ", calls: {"+x.calls+": {over: https}}") + entry(x.pg, "")
		if strings.Contains(name, "both") || name == "the caller" {
			text += "decisions:\n  - {threat: eavesdropping@web-to-db, treat: not_applicable, because: B.}\n"
		}
		snap, err := Load(fstest.MapFS{RootFile: {Data: []byte(text)}}, lib)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range snap.Diagnostics {
			if d.Severity == ssf.Error {
				t.Errorf("%s: %v: %s", name, d.Pos, d.Message)
			}
		}
		f := snap.Model.Flows[0]
		var was []string
		for _, w := range f.Was {
			was = append(was, string(w.ID))
		}
		if d := cmp.Diff(x.want, fmt.Sprint(f.ID, " ", f.From.ID, " ", f.To.ID, " ", was)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
		for _, dec := range snap.Model.Decisions {
			if dec.Threat.Element.ID != f.ID {
				t.Errorf("%s: the decision is about %s", name, dec.Threat.Element.ID)
			}
		}
	}
}

// TestManyFormerIDs: however often an element's former id stands in a model, that
// is no error, and no error is hidden by it.
func TestManyFormerIDs(t *testing.T) {
	text := "ssf: 1\nsystem: {name: S}\nzones: {in: {trust: high, was: [old]}}\ncomponents:\n"
	for i := range MaxErrors + 100 {
		text += fmt.Sprintf("  c%d: {kind: api, zone: old}\n", i)
	}
	for more, want := range map[string]int{"": 0, "  last: {kind: api, zone: nowhere}\n": 1} {
		snap, err := Load(fstest.MapFS{RootFile: {Data: []byte(text + more)}}, library(t))
		if err != nil {
			t.Fatal(err)
		}
		errors := 0
		for _, d := range snap.Diagnostics {
			if d.Severity == ssf.Error {
				errors++
			}
		}
		if errors != want || len(snap.Diagnostics) != MaxErrors {
			t.Errorf("with %q there are %d errors among %d problems, want %d among %d", more, errors, len(snap.Diagnostics), want, MaxErrors)
		}
	}
}
