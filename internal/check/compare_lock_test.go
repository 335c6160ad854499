package check_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/eval"
	"ssf/internal/lang"
	"ssf/library"
)

// lockedCase is the case of a model with a lock file; of one without, if lock is
// empty.
func lockedCase(t *testing.T, lib *ssf.Library, text, lock string) *ssf.Case {
	t.Helper()
	files := fstest.MapFS{lang.RootFile: {Data: []byte(text)}}
	if lock != "" {
		files[lang.LockFile] = &fstest.MapFile{Data: []byte(lock)}
	}
	snap, err := lang.Load(files, lib)
	if err != nil {
		t.Fatal(err)
	}
	l, ds, err := lang.ReadLock(files)
	if err != nil || len(ds) > 0 {
		t.Fatal(err, ds)
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Lock: l, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Line: snap.Line})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lockOf pins the decisions of a case that a word is part of.
func lockOf(c *ssf.Case, words ...string) string {
	return lang.FormatLock(eval.Confirm(nil, c.Pins, func(p *ssf.Pin) bool {
		for _, w := range words {
			if strings.Contains(string(p.ID), w) {
				return true
			}
		}
		return false
	}))
}

// TestComparePins: a pin that is lost is worse, and so is a decision that comes
// without one; to pin one of several, or to begin with a lock, is not.
func TestComparePins(t *testing.T) {
	lib, diags, err := lang.ReadLibrary(library.Core)
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	bare := lockedCase(t, lib, shop, "")
	const all, core, cell, threat = "", "ssf/core", "orders.", "path-traversal"
	needs := strings.Replace(shop, "confidentiality: low", "confidentiality: critical", 1)
	more := strings.Replace(shop, "policy:", "  - {threat: eavesdropping@order, treat: not_applicable, because: It need not.}\npolicy:", 1)
	renamed := strings.NewReplacer("  web:", "  shop: {was: [web],", "web: {kind", "kind").Replace(shop)
	renamed = strings.Replace(renamed, "shop: {was: [web], {", "shop: {was: [web], ", 1)
	for name, x := range map[string]struct {
		before, now         string
		lockBefore, lockNow []string // nil for none
		want                []string
	}{
		"the same":          {shop, shop, []string{all}, []string{all}, nil},
		"first lock":        {shop, shop, nil, []string{core}, nil},
		"one of two":        {shop, shop, []string{core}, []string{core, cell}, nil},
		"the other of two":  {shop, shop, []string{core}, []string{core, threat}, nil},
		"a line lost":       {shop, shop, []string{all}, []string{core, threat}, []string{"orders.confidentiality: was pinned and is not"}},
		"a stale line lost": {needs, needs, []string{all}, []string{core, threat}, []string{"orders.confidentiality: was pinned and is not"}},
		"the lock lost":     {shop, shop, []string{all}, nil, []string{"ssf.lock: was there and is not"}},
		"one more":          {shop, more, []string{core}, []string{core}, []string{"eavesdropping@order: is new and not pinned"}},
		"renamed":           {shop, renamed, []string{core}, []string{core}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			made := func(text string, words []string) *ssf.Case {
				if words == nil {
					return lockedCase(t, lib, text, "")
				}
				return lockedCase(t, lib, text, lockOf(bare, words...))
			}
			base, c := made(x.before, x.lockBefore), made(x.now, x.lockNow)
			check.Compare(c, base, "main", nil)
			var got []string
			for _, w := range c.Base.Worse {
				got = append(got, string(w.Subject)+": "+w.What)
			}
			if d := cmp.Diff(x.want, got); d != "" {
				t.Errorf("worse (-want +got)\n%s", d)
			}
			for _, d := range c.Diagnostics {
				if d.Check == "threats/not-pinned" && d.Known != (len(x.want) == 0) {
					t.Errorf("%s: known is %v", d.Message, d.Known)
				}
			}
		})
	}
}

// TestCompareGates: a gate that is taken away is worse than one that is there.
func TestCompareGates(t *testing.T) {
	lib, diags, err := lang.ReadLibrary(library.Core)
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	base := caseOf(t, lib, shop)
	c := caseOf(t, lib, strings.Replace(shop, "no-critical:", "other:", 1))
	check.Compare(c, base, "main", nil)
	if d := cmp.Diff([]ssf.Worse{{Subject: "gate no-critical", What: "is gone"}}, c.Base.Worse); d != "" {
		t.Errorf("worse (-want +got)\n%s", d)
	}
}

// TestCompareJoined: where two elements became one, what was better of one of
// them is not lost behind the other.
func TestCompareJoined(t *testing.T) {
	lib, diags, err := lang.ReadLibrary(library.Core)
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	const other = "  old: {kind: web_app, zone: hosting, tech: [go], stores: [orders], limits_rate: no}\nflows:\n  to-old: {from: customer, to: old, over: http, sends: [orders]}\n"
	text := strings.Replace(shop, "flows:\n", other, 1)
	now := strings.Replace(shop, "  web: {", "  web: {was: [old], ", 1)
	now = strings.Replace(now, "  - {threat: path-traversal@web, treat: not_applicable, because: It opens no file.}\n", "", 1)
	c := caseOf(t, lib, now)
	check.Compare(c, caseOf(t, lib, text), "main", nil)
	for _, w := range c.Base.Worse {
		if w.Subject == "path-traversal@web" {
			return
		}
	}
	t.Errorf("path-traversal@web was not applicable and is not, and only %v is worse", c.Base.Worse)
}

// TestNothingReviewed: to have pinned the library says nothing about threats where
// none was derived.
func TestNothingReviewed(t *testing.T) {
	lib, diags, err := lang.ReadLibrary(library.Core)
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	const empty = "ssf: 1\nsystem: {name: Shop}\n"
	c := lockedCase(t, lib, empty, lockOf(lockedCase(t, lib, empty, ""), ""))
	for _, p := range c.Phases {
		for _, k := range p.Controls {
			if k.ID == "TH-4" && k.Status != ssf.UnknownYet {
				t.Errorf("without a threat TH-4 is %s", k.Status)
			}
		}
	}
}
