package check_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/library"
)

const shop = `ssf: 1
system: {name: Shop, purpose: Sells., contact: mail@example.org}
people: {cto: {name: C. Tester, accepts_up_to: high}}
zones: {internet: {trust: none}, hosting: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}}
assets: {orders: {needs: {confidentiality: low, integrity: none, availability: none}, personal: no}}
components:
  web: {kind: web_app, zone: hosting, tech: [go], stores: [orders], limits_rate: no}
flows:
  order: {from: customer, to: web, over: http, sends: [orders]}
decisions:
  - {cell: orders.confidentiality, treat: not_applicable, because: They are printed in the paper.}
  - {threat: path-traversal@web, treat: not_applicable, because: It opens no file.}
policy:
  reach: context
  gates: {no-critical: {risk: critical, state: [open], at_most: 0}}
`

func caseOf(t *testing.T, lib *ssf.Library, text string) *ssf.Case {
	t.Helper()
	snap, err := lang.Load(fstest.MapFS{lang.RootFile: {Data: []byte(text)}}, lib)
	if err != nil {
		t.Fatal(err)
	}
	c, err := check.Case(ssf.Inputs{Model: snap.Model, Diagnostics: snap.Diagnostics, Library: lib, Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Line: snap.Line})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCompare: each change for the worse is named, and nothing else is.
func TestCompare(t *testing.T) {
	lib, diags, err := lang.ReadLibrary(library.Core)
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	base := caseOf(t, lib, shop)
	for name, x := range map[string]struct {
		old, new string
		want     []string // of what is worse; a part of each, in order of their text
	}{
		"nothing":        {"", "", nil},
		"lines moved":    {"people:", "\n# moved\n\npeople:", nil},
		"prose":          {"It opens no file.", "It opens none.", nil},
		"better":         {"over: http,", "over: https,", nil},
		"a purpose less": {"purpose: Sells., ", "", []string{"system: the product's purpose is not stated"}},
		"a decision less": {
			"  - {threat: path-traversal@web, treat: not_applicable, because: It opens no file.}\n", "",
			[]string{"path-traversal@web: was not_applicable and is undecided"},
		},
		"a cell less": {
			"  - {cell: orders.confidentiality, treat: not_applicable, because: They are printed in the paper.}\n", "",
			[]string{"orders.confidentiality: is not answered"},
		},
		"a higher need": {"confidentiality: low", "confidentiality: critical", []string{
			"cross-site-scripting@web: was at risk", "eavesdropping@order: was at risk low and is at critical", "gate no-critical: is not met",
		}},
		"a mitigation":   {"policy:", "mitigations:\n  output-encoding: {counters: [cross-site-scripting@web], where: ['setting:x'], state: implemented}\npolicy:", nil},
		"a higher limit": {"accepts_up_to: high", "accepts_up_to: critical", []string{"cto: may accept up to critical, and could up to high"}},
		"a policy less":  {"  reach: context\n", "", []string{"policy: asked context and asks nothing"}},
		"an answer less": {", limits_rate: no", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := caseOf(t, lib, strings.Replace(shop, x.old, x.new, 1))
			check.Compare(c, base, "main", nil)
			var got []string
			for _, w := range c.Base.Worse {
				got = append(got, string(w.Subject)+": "+w.What)
			}
			for _, want := range x.want {
				found := false
				for _, g := range got {
					found = found || strings.HasPrefix(g, want)
				}
				if !found {
					t.Errorf("%q is not among %q", want, got)
				}
			}
			if (len(x.want) == 0) != (len(got) == 0) {
				t.Errorf("worse is %q", got)
			}
			shown := 0
			for _, d := range c.Diagnostics {
				if !d.Known && (d.Severity == ssf.Gap || d.Severity == ssf.Warning) {
					shown++
				}
			}
			if shown == 0 && len(x.want) > 0 && name != "a higher need" && name != "a higher limit" {
				t.Errorf("%d problems are shown, and %q is worse", shown, got)
			}
		})
	}
	if d := cmp.Diff(ssf.Comparison{}, base.Base); d != "" {
		t.Errorf("the base itself was changed:\n%s", d)
	}
}

// TestCompareSameName: a mitigation that has the id of an element keeps it when
// the element gets another, and what is worse at it is shown there.
func TestCompareSameName(t *testing.T) {
	lib, diags, err := lang.ReadLibrary(library.Core)
	if err != nil || len(diags) > 0 {
		t.Fatal(err, diags)
	}
	with := strings.Replace(shop, "policy:", "mitigations:\n  web: {measure: storage-encryption, counters: [path-traversal@web], where: ['setting:x'], state: implemented}\npolicy:", 1)
	base := caseOf(t, lib, with)
	renamed := caseOf(t, lib, strings.NewReplacer("  web: {kind", "  site: {was: [web], kind", "to: web", "to: site", "path-traversal@web", "path-traversal@site").Replace(with))
	check.Compare(renamed, base, "", nil)
	for _, w := range renamed.Base.Worse {
		if strings.Contains(string(w.Subject), "@") {
			t.Errorf("a new name is worse: %s %s", w.Subject, w.What)
		}
	}

	fresh := caseOf(t, lib, with)
	check.Compare(fresh, caseOf(t, lib, shop), "", nil)
	for _, w := range fresh.Base.Worse {
		if w.Subject == "key-used-in-place@web" {
			t.Errorf("what remains to do about a new mitigation is worse: %s", w.What)
		}
	}

	now := caseOf(t, lib, with)
	decided := strings.Replace(with, "mitigations:", "decisions:\n  - {threat: key-used-in-place@web, treat: not_applicable, because: Nobody signs in there.}\nmitigations:", 1)
	check.Compare(now, caseOf(t, lib, decided), "", nil)
	at := 0
	for _, m := range now.Mitigations {
		at = m.Line
	}
	shown := 0
	for _, d := range now.Diagnostics {
		if d.Subject == "key-used-in-place@web" && !d.Known {
			if shown++; d.Line != at {
				t.Errorf("%s is shown at line %d, and stands at %d", d.Subject, d.Line, at)
			}
		}
	}
	if shown == 0 {
		t.Error("the threat to the mitigation is not shown")
	}
}
