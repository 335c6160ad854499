package eval_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/lang"
	"ssf/internal/testkit/gen"
)

// confirmed are the files of a model with a lock file that confirms all of it.
func confirmed(t testing.TB, lib *ssf.Library, files map[string]string) map[string]string {
	t.Helper()
	c := evaluate(t, inputs(t, lib, files))
	out := map[string]string{lang.LockFile: lang.FormatLock(eval.Confirm(nil, c.Pins, func(*ssf.Pin) bool { return true }))}
	for name, text := range files {
		out[name] = text
	}
	return out
}

// statuses counts the pins by what the lock knows of them.
func statuses(c *ssf.Case) map[ssf.PinStatus]int {
	n := map[ssf.PinStatus]int{}
	for _, p := range c.Pins {
		n[p.Status]++
	}
	return n
}

// TestConfirming: what somebody confirmed is confirmed; then nothing is
// unreviewed or stale, and every threat that a pattern covers is treated.
func TestConfirming(t *testing.T) {
	covered := 0
	seeds(t, 30, func(t *testing.T, m *gen.Model) {
		before := caseOf(t, strange(), m)
		after := evaluate(t, inputs(t, strange(), confirmed(t, strange(), m.Files(1))))
		for _, p := range after.Pins {
			if p.Status != ssf.Confirmed {
				t.Errorf("%s %s %s is %s: %v", p.Kind, p.ID, p.Treat, p.Status, p.Changes)
			}
		}
		was := byID(before)
		for _, x := range after.Threats {
			if x.State == ssf.Unreviewed || x.State == ssf.Stale {
				t.Errorf("%s is %s: %s", x.ID, x.State, x.Why)
			}
			if was[x.ID].State == ssf.Unreviewed {
				covered++
			} else if was[x.ID].State == ssf.Undecided && x.State == ssf.Transferred {
				covered++ // another assumption that might take it comes first
			} else if was[x.ID].State.Treated() != x.State.Treated() {
				t.Errorf("%s was %s without a lock and is %s with one", x.ID, was[x.ID].State, x.State)
			}
		}
	})
	t.Cleanup(func() {
		if covered < 20 {
			t.Errorf("only %d threats were covered by patterns, so this shows little", covered)
		}
	})
}

// TestHidingConfirmed: with all confirmed too, saying less makes nothing better.
func TestHidingConfirmed(t *testing.T) {
	seeds(t, 2, func(t *testing.T, m *gen.Model) {
		files := confirmed(t, strange(), m.Files(1))
		before := evaluate(t, inputs(t, strange(), files))
		for _, h := range hidings(m) {
			less := m.Clone()
			h.do(less)
			with := less.Files(1)
			with[lang.LockFile] = files[lang.LockFile]
			after := evaluate(t, inputs(t, strange(), with))
			now := byID(after)
			for _, was := range before.Threats {
				if is := now[was.ID]; !was.State.Treated() && (is == nil || is.State.Treated()) {
					t.Errorf("hiding %s: %s was %s and is %v", h.what, was.ID, was.State, is)
				}
			}
			noBetter(t, "hiding "+h.what, before, after)
		}
	})
}

// TestChangedFacts: what rests on a fact counts no more once the fact is
// another, and both values are shown.
func TestChangedFacts(t *testing.T) {
	shown := 0
	seeds(t, 12, func(t *testing.T, m *gen.Model) {
		files := confirmed(t, strange(), m.Files(1))
		before := evaluate(t, inputs(t, strange(), files))
		was := byID(before)
		for _, place := range m.Said() {
			for _, value := range place.Values {
				if m.Element(place.Element).Facts[place.Fact] == value {
					continue
				}
				other := m.Clone()
				other.Set(place.Element, place.Fact, value)
				with := other.Files(1)
				with[lang.LockFile] = files[lang.LockFile]
				after := evaluate(t, inputs(t, strange(), with))
				for _, p := range after.Pins {
					if p.Kind != ssf.PinThreat || p.Status != ssf.Outdated {
						continue
					}
					if x := byID(after)[p.ID]; (x.State == ssf.Accepted || x.State == ssf.NotApplicable) && string(x.State)[:6] == p.Treat[:6] {
						t.Errorf("%s.%s: %s: %s is stale, and the threat is %s", place.Element, place.Fact, value, p.ID, x.State)
					}
					if len(p.Changes) == 0 {
						t.Errorf("%s.%s: %s: %s is stale, and nothing shows why", place.Element, place.Fact, value, p.ID)
					}
					for _, c := range p.Changes {
						if shown++; c.Was == c.Is {
							t.Errorf("%s.%s: %s: %s shows %v", place.Element, place.Fact, value, p.ID, c)
						}
					}
				}
				for i := range after.Threats {
					x := &after.Threats[i]
					rested := x.Element == ssf.ID(place.Element) && was[x.ID] != nil && slices.Contains(was[x.ID].Rests, ssf.FactRef{Element: x.Element, Fact: ssf.ID(place.Fact)})
					if rested && x.Basis == was[x.ID].Basis {
						t.Errorf("%s.%s: %s: the basis of %s is the same", place.Element, place.Fact, value, x.ID)
					}
				}
			}
		}
	})
	t.Cleanup(func() {
		if shown < 20 {
			t.Errorf("only %d changes were shown, so this shows little", shown)
		}
	})
}

// TestRenaming: an element that is renamed with `was` keeps all that was decided
// about it, though every reference still has the old id.
func TestRenaming(t *testing.T) {
	renamed, pinned := 0, 0
	seeds(t, 12, func(t *testing.T, m *gen.Model) {
		files := confirmed(t, strange(), m.Files(1))
		before := evaluate(t, inputs(t, strange(), files))
		for _, e := range before.Elements {
			if e.Sort == ssf.SortSystem || e.Sort == ssf.SortDeployment {
				continue
			}
			old := regexp.MustCompile(`(?m)^  ` + string(e.ID) + `: \{`)
			text := old.ReplaceAllString(files["ssf.yaml"], fmt.Sprintf("  new-%s: {was: [%s], ", e.ID, e.ID))
			text = strings.ReplaceAll(text, ", }", "}")
			text = strings.Replace(text, fmt.Sprintf("\n  %s:\n", e.ID), fmt.Sprintf("\n  new-%s:\n    was: [%s]\n", e.ID, e.ID), 1)
			if text == files["ssf.yaml"] {
				t.Fatalf("%s was not found", e.ID)
			}
			renamed++
			after := evaluate(t, inputs(t, strange(), map[string]string{"ssf.yaml": text, lang.LockFile: files[lang.LockFile]}))
			back := func(id ssf.ID) ssf.ID {
				if rule, at, ok := strings.Cut(string(id), "@"); ok && at == "new-"+string(e.ID) {
					return ssf.Instance(ssf.ID(rule), e.ID)
				}
				return id
			}
			states := func(c *ssf.Case) map[ssf.ID]string {
				out := map[ssf.ID]string{}
				for _, x := range c.Threats {
					out[back(x.ID)] = fmt.Sprint(x.State, " ", x.Risk, " ", x.Basis)
				}
				return out
			}
			if d := cmp.Diff(states(before), states(after)); d != "" {
				t.Errorf("renaming %s (-was +is)\n%s", e.ID, d)
			}
			if d := cmp.Diff(statuses(before), statuses(after)); d != "" {
				t.Errorf("renaming %s, pins (-was +is)\n%s", e.ID, d)
			}
			pinned += len(after.Pins)
			for _, d := range after.Diagnostics {
				if d.Severity == ssf.Error {
					t.Errorf("renaming %s: %v: %s", e.ID, d.Pos, d.Message)
				}
			}
		}
	})
	t.Cleanup(func() {
		if renamed < 50 || pinned < 200 {
			t.Errorf("%d elements were renamed, with %d pins: too few to show much", renamed, pinned)
		}
	})
}

// TestNewUnderPattern: what a confirmed pattern comes to cover later is not
// confirmed with it.
func TestNewUnderPattern(t *testing.T) {
	model := func(more string) map[string]string {
		return map[string]string{"ssf.yaml": `ssf: 1
system: {name: Shop}
zones: {internet: {trust: none}, cluster: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}}
assets: {orders: {needs: {confidentiality: high, integrity: high, availability: high}, personal: no}}
people: {cto: {name: C. Tester, accepts_up_to: critical}}
components:
  web: {kind: api, zone: cluster, tech: [go], session: cookie, stores: [orders]}
` + more + `flows:
  shop: {from: customer, to: web, over: https, sends: [orders]}
  look: {from: customer, to: web, over: https, sends: [orders]}
decisions:
  - {threat: 'flooding@*', treat: accept, because: So be it., by: cto, until: 2027-01-31}
  - {threat: weak-audit, at: {zone: cluster}, treat: not_applicable, because: It is not.}
`}
	}
	files := confirmed(t, core(), model(""))
	states := func(text string) map[ssf.ID]ssf.State {
		out := map[ssf.ID]ssf.State{}
		for id, x := range byID(evaluate(t, inputs(t, core(), map[string]string{"ssf.yaml": text, lang.LockFile: files[lang.LockFile]}))) {
			if x.Rule == "flooding" || x.Rule == "weak-audit" {
				out[id] = x.State
			}
		}
		return out
	}
	want := map[ssf.ID]ssf.State{"flooding@web": ssf.Accepted, "weak-audit@web": ssf.NotApplicable}
	if d := cmp.Diff(want, states(files["ssf.yaml"])); d != "" {
		t.Errorf("as confirmed (-want +got)\n%s", d)
	}
	more := model("  back: {kind: api, zone: cluster, tech: [go], session: token, stores: [orders]}\n")["ssf.yaml"]
	more = strings.Replace(more, "  look: {from: customer, to: web", "  look: {from: customer, to: back", 1)
	want["flooding@back"], want["weak-audit@back"] = ssf.Unreviewed, ssf.Unreviewed
	if d := cmp.Diff(want, states(more)); d != "" {
		t.Errorf("with another component (-want +got)\n%s", d)
	}
	delete(want, "flooding@back")
	delete(want, "weak-audit@back")
	prose := strings.NewReplacer("So be it.", "That is how it is.", "name: Shop", "name: Other", "{kind: api", "{says: 'New words.', name: Web, kind: api").Replace(files["ssf.yaml"])
	if d := cmp.Diff(want, states(prose)); d != "" {
		t.Errorf("with other prose (-want +got)\n%s", d)
	}
}
