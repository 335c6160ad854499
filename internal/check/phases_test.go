package check_test

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/library"
)

// TestEveryPhase holds that a control of every phase has the same open items in
// each, and each once, however much is open at one of them.
func TestEveryPhase(t *testing.T) {
	lib := library.Index()
	snap, err := lang.Load(fstest.MapFS{lang.RootFile: {Data: []byte(`ssf: 1
system: {name: X}
zones: {z: {}}
components:
  web: {kind: web_app, zone: z, renders_html: {unknown: yes, until: 2020-01-01}, session: {unknown: yes, until: 2020-01-02}, builds_queries: {unknown: yes, until: 2020-01-01}}
  app: {kind: web_app, zone: z, session: {unknown: yes, until: 2020-01-02}}
`)}}, lib)
	if err != nil {
		t.Fatal(err)
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Tool: "test"})
	if err != nil {
		t.Fatal(err)
	}
	phases := 0
	for _, ph := range c.Phases {
		for _, x := range ph.Controls {
			if x.ID != "LC-1" {
				continue
			}
			if phases++; !slices.Equal(x.Open, []ssf.ID{"app", "web"}) {
				t.Errorf("in phase %s %q are open", ph.Name, x.Open)
			}
		}
	}
	if phases != 5 {
		t.Errorf("LC-1 is judged in %d phases", phases)
	}
}
