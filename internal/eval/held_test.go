package eval_test

import (
	"strings"
	"testing"

	"ssf"
	"ssf/internal/lang"
)

const held = `ssf: 1
system: {name: Shop}
zones: {internet: {trust: none}, cluster: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}}
people: {cto: {name: C. Tester, accepts_up_to: critical}}
assets: {orders: {needs: {confidentiality: low, integrity: low, availability: low}, personal: no}}
components:
  web: {kind: api, zone: cluster, tech: [go], session: token, opens_paths_from_input: yes, stores: [orders]}
flows:
  order: {from: customer, to: web, over: http, sends: [orders]}
`

// state evaluates the model with more sections, and a lock if there is one.
func stateOf(t *testing.T, id ssf.ID, text, lock string) *ssf.Threat {
	t.Helper()
	files := map[string]string{lang.RootFile: text}
	if lock != "" {
		files[lang.LockFile] = lock
	}
	c := evaluate(t, inputs(t, core(), files))
	for _, d := range c.Diagnostics {
		if d.Severity == ssf.Error {
			t.Fatalf("%v: %s", d.Pos, d.Message)
		}
	}
	x := byID(c)[id]
	if x == nil {
		t.Fatalf("there is no %s", id)
	}
	return x
}

// TestOneAssumptionIsEnough: an assumption that names a threat takes it, whatever
// another one says that nobody confirmed or of which nobody knows whether it holds.
func TestOneAssumptionIsEnough(t *testing.T) {
	const duty = "owner: customer, check: {do: Look., expect: Nobody.}"
	named := "  named: {says: A., " + duty + ", dismisses: [eavesdropping@order]}\n"
	for other, alone := range map[string]ssf.State{
		"  other: {says: B., " + duty + ", dismisses: ['eavesdropping@*']}\n":                                                ssf.Unreviewed,
		"  other: {says: B., " + duty + ", dismisses: [eavesdropping@order], holds_if: deployment.network == \"private\"}\n": ssf.Undecided,
	} {
		for want, texts := range map[ssf.State][]string{ssf.Transferred: {named + other, other + named}, alone: {other}} {
			for _, text := range texts {
				if x := stateOf(t, "eavesdropping@order", held+"assumptions:\n"+text, ""); x.State != want {
					t.Errorf("with\n%sit is %s (%s), want %s", text, x.State, x.Why, want)
				}
			}
		}
	}
}

// TestStaleShowsItsOwn: where a decision is stale, its place and its changes are
// shown, and not those of what treats the threat beside it.
func TestStaleShowsItsOwn(t *testing.T) {
	text := held + `decisions:
  - {threat: eavesdropping@order, treat: accept, because: B., by: cto, until: 2027-01-31}
mitigations:
  tls: {counters: ['eavesdropping@*'], measure: transport-encryption, where: ['setting:x'], state: planned}
`
	files := confirmed(t, core(), map[string]string{lang.RootFile: text})
	text = strings.Replace(text, "confidentiality: low", "confidentiality: high", 1)
	lock := files[lang.LockFile]
	c := evaluate(t, inputs(t, core(), map[string]string{lang.RootFile: text, lang.LockFile: lock}))
	told := 0
	for _, d := range c.Diagnostics {
		if d.Check == "threats/stale" && d.Subject == "eavesdropping" {
			told++
			if len(d.Related) == 0 || d.Related[0].Pos.Line != 12 {
				t.Errorf("what is stale is at %v, want line 12", d.Related)
			}
		}
	}
	if told != 1 {
		t.Errorf("it is told %d times that the decision is stale", told)
	}
	for _, ch := range byID(c)["eavesdropping@order"].Changes {
		if ch.Was == ch.Is {
			t.Errorf("%v is no change", ch)
		}
	}
	if len(byID(c)["eavesdropping@order"].Changes) == 0 {
		t.Error("no change is shown")
	}
}

// TestFormerIDInCondition: a condition of the model finds an element by what it
// was called.
func TestFormerIDInCondition(t *testing.T) {
	text := held + `decisions:
  - {threat: path-traversal@web, treat: not_applicable, because: B., holds_if: 'element("order").over_network && self.session == "token"'}
`
	for _, text := range []string{text, strings.Replace(text, "  order: {", "  buy: {was: [order], ", 1)} {
		if x := stateOf(t, "path-traversal@web", text, ""); x.State != ssf.NotApplicable {
			t.Errorf("it is %s: %s", x.State, x.Why)
		}
	}
}

// TestTransferElsewhere: who confirmed that one assumption takes a threat has not
// confirmed that another one does.
func TestTransferElsewhere(t *testing.T) {
	text := held + `assumptions:
  wires: {says: A., owner: customer, check: {do: Look., expect: Nobody.}}
  hope: {says: B., owner: customer, check: {do: Look., expect: Nobody.}}
decisions:
  - {threat: 'eavesdropping@*', treat: transfer, to: wires, because: B.}
`
	lock := confirmed(t, core(), map[string]string{lang.RootFile: text})[lang.LockFile]
	for to, want := range map[string]ssf.State{"wires": ssf.Transferred, "hope": ssf.Unreviewed} {
		if x := stateOf(t, "eavesdropping@order", strings.Replace(text, "to: wires", "to: "+to, 1), lock); x.State != want {
			t.Errorf("transferred to %s it is %s, want %s", to, x.State, want)
		}
	}
}
