package check_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ssf"
	"ssf/internal/check"
	"ssf/internal/lang"
	"ssf/internal/proof"
	"ssf/library"
)

const verified = `ssf: 1
system: {name: Shop}
zones: {internet: {trust: none}, cluster: {trust: high}}
actors: {customer: {zone: internet, hostile: possible}}
assets: {orders: {needs: {integrity: high}}}
components: {web: {kind: web_service, zone: cluster, tech: [go], stores: [orders]}}
flows: {browse: {from: customer, to: web, over: https, sends: [orders]}}
functions: {pay: {at: web, does: update, on: [orders], allow: {customer: {scope: own, auth: session}}, otherwise: deny}}
threats: {refund: {at: pay, says: It is a test., origin: behaviour, endangers: [orders.integrity], likelihood: high}}
mitigations:
  two-people: {counters: [own/refund@pay], where: ['setting:two'], state: implemented}
runs: {unit: {run: go test -json ./...}}
verifications:
  two-sign: {verifies: [two-people], in: unit, tests: [TestTwo]}
  also-by-review: {verifies: [two-people], in: unit, method: scan}
  sessions: {verifies: [pay.authenticated], in: unit, tests: [TestSession]}
`

var asOf = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// judged is the case of the model above once its verifications gave results, by
// id. A result with a ! is of other inputs.
func judged(t *testing.T, results map[string]string) *ssf.Case {
	t.Helper()
	snap, err := lang.Load(fstest.MapFS{"ssf.yaml": {Data: []byte(verified)}}, library.Index())
	if err != nil || ssf.HasErrors(snap.Diagnostics) {
		t.Fatal(err, snap.Diagnostics)
	}
	in := ssf.Inputs{Model: snap.Model, Library: library.Index(), Now: asOf}
	tracer := proof.NewTracer(snap.Model, nil)
	for i := range snap.Model.Verify {
		v := &snap.Model.Verify[i]
		for n, r := range strings.Fields(results[string(v.ID)]) {
			result, other := strings.CutPrefix(r, "!")
			e := ssf.Evidence{ID: ssf.Digest{byte(i), byte(n)}, Verification: v.ID, Result: ssf.Result(result), Time: asOf, Inputs: tracer.Inputs(v), Key: "ed25519:x"}
			for _, m := range v.Verifies {
				e.Verifies = append(e.Verifies, m.ID)
			}
			if e.Result == ssf.Failed {
				e.Why = "TestIt failed"
			}
			if other {
				e.Inputs[0].Digest = ssf.Digest{1}
			}
			in.Evidence = append(in.Evidence, e)
		}
	}
	c, err := check.Case(in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func stateOf(c *ssf.Case, id ssf.ID) ssf.State {
	for _, t := range c.Threats {
		if t.ID == id {
			return t.State
		}
	}
	return ""
}

// said are the diagnostics of the verification phase but hints and that nothing
// was seen red.
func said(c *ssf.Case) string {
	var out []string
	for _, d := range c.Diagnostics {
		if strings.HasPrefix(string(d.Check), "verification/") && d.Severity != ssf.Hint && d.Check != "verification/never-seen-red" {
			out = append(out, d.Pos.String()+" "+strings.TrimPrefix(string(d.Check), "verification/")+" "+string(d.Subject))
		}
	}
	return strings.Join(out, "; ")
}

// TestStates: what evidence does to the threats and to the diagnostics.
func TestStates(t *testing.T) {
	for name, tt := range map[string]struct {
		results map[string]string
		refund  ssf.State // countered by a mitigation
		missing ssf.State // countered by a claim
		says    string
	}{
		"nothing": {nil, ssf.Mitigated, ssf.Claimed, "ssf.yaml:14:3 never-run two-sign"},
		"all pass": {
			map[string]string{"two-sign": "passed", "also-by-review": "passed", "sessions": "passed"},
			ssf.Verified, ssf.Verified, "",
		},
		"one of two passes": {
			map[string]string{"two-sign": "passed", "sessions": "passed"},
			ssf.Mitigated, ssf.Verified, "ssf.yaml:15:3 never-run also-by-review",
		},
		"one of two fails": {
			map[string]string{"two-sign": "passed", "also-by-review": "failed", "sessions": "passed"},
			ssf.Open, ssf.Verified, "ssf.yaml:11:3 failed two-people",
		},
		"a claim is false": {
			map[string]string{"two-sign": "passed", "also-by-review": "passed", "sessions": "failed"},
			ssf.Verified, ssf.Open, "ssf.yaml:8:13 failed pay.authenticated",
		},
		"of other code": {
			map[string]string{"two-sign": "!passed", "also-by-review": "!failed", "sessions": "!passed"},
			ssf.Mitigated, ssf.Claimed, "ssf.yaml:14:3 stale two-sign",
		},
		"broke off": {
			map[string]string{"two-sign": "errored", "also-by-review": "no_tests timed_out", "sessions": "all_skipped"},
			ssf.Mitigated, ssf.Claimed, "ssf.yaml:14:3 errored two-sign; ssf.yaml:15:3 timed-out also-by-review; ssf.yaml:16:3 skipped sessions",
		},
		"broke off otherwise": {
			map[string]string{"two-sign": "unreadable", "also-by-review": "output_cut", "sessions": "failed passed"},
			ssf.Mitigated, ssf.Open, "ssf.yaml:8:13 disputed pay.authenticated; ssf.yaml:14:3 unreadable two-sign; ssf.yaml:15:3 output-cut also-by-review",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := judged(t, tt.results)
			if got := stateOf(c, "own/refund@pay"); got != tt.refund {
				t.Errorf("own/refund@pay is %s, want %s", got, tt.refund)
			}
			if got := stateOf(c, "missing-authentication@pay"); got != tt.missing {
				t.Errorf("missing-authentication@pay is %s, want %s", got, tt.missing)
			}
			if got := said(c); got != tt.says {
				t.Errorf("the diagnostics are %s\nwant %s", got, tt.says)
			}
		})
	}
}

// TestFailedOpens: a failure is told where the mitigation is, with the test and
// the threats that are open again.
func TestFailedOpens(t *testing.T) {
	c := judged(t, map[string]string{"two-sign": "failed"})
	for _, d := range c.Diagnostics {
		if d.Check != "verification/failed" {
			continue
		}
		if want := "two-people fails its verification two-sign: TestIt failed; open again: own/refund@pay"; d.Message != want || d.Line != 11 {
			t.Errorf("line %d: %q, want line 11: %q", d.Line, d.Message, want)
		}
		return
	}
	t.Error("no diagnostic tells of the failure")
}

// TestLessEvidence: to take evidence away never makes the verdict better, but
// where it speaks against.
func TestLessEvidence(t *testing.T) {
	all := map[string]string{"two-sign": "passed", "also-by-review": "passed", "sessions": "passed"}
	whole := judged(t, all)
	for id := range all {
		less := map[string]string{}
		for k, v := range all {
			if k != id {
				less[k] = v
			}
		}
		c := judged(t, less)
		if c.Phases[3].Done >= whole.Phases[3].Done {
			t.Errorf("without the evidence of %s %d are verified, and with it %d", id, c.Phases[3].Done, whole.Phases[3].Done)
		}
		for _, th := range c.Threats {
			if before := stateOf(whole, th.ID); before != ssf.Verified && th.State == ssf.Verified {
				t.Errorf("without the evidence of %s %s is verified", id, th.ID)
			}
		}
	}
}

// TestSeen: a model whose results rest on other files than it seems is warned.
func TestSeen(t *testing.T) {
	outside := "ssf.yaml:14:3 outside two-sign"
	for name, tt := range map[string]struct {
		files  []string
		covers string
		says   string
	}{
		"beside go.mod":     {[]string{"go.mod", "two_test.go"}, "", ""},
		"below go.mod":      {[]string{"sub/go.mod", "two_test.go"}, "", outside},
		"in another module": {[]string{"sub/go.mod", "sub/two_test.go"}, "", ""},
		"no Go":             {[]string{"two.py"}, "", ""},
		"covers":            {[]string{"src/a.go"}, "src/**", ""},
		"covers nothing":    {[]string{"src/a.go"}, "src/*.go, code/**", "ssf.yaml:14:85 empty-covers two-sign"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(verified, "tests: [TestTwo]", "tests: [TestTwo], covers: ["+tt.covers+"]", 1)
			snap, err := lang.Load(fstest.MapFS{"ssf.yaml": {Data: []byte(text)}}, library.Index())
			if err != nil || ssf.HasErrors(snap.Diagnostics) {
				t.Fatal(err, snap.Diagnostics)
			}
			c, err := check.Case(ssf.Inputs{Model: snap.Model, Library: library.Index(), Now: asOf, Tree: &ssf.Tree{Files: tt.files}})
			if err != nil {
				t.Fatal(err)
			}
			never := "ssf.yaml:14:3 never-run two-sign"
			if got := strings.Trim(strings.Replace(said(c), never, "", 1), "; "); got != tt.says {
				t.Errorf("the diagnostics are %q, want %q", got, tt.says)
			}
		})
	}
}

// TestRemarks: what rests on nothing, counts from anybody or belongs to another
// product is told.
func TestRemarks(t *testing.T) {
	text := strings.Replace(verified, "verifies: [pay.authenticated]", "verifies: [pay.authenticated, web.output_encoded]", 1)
	snap, err := lang.Load(fstest.MapFS{"ssf.yaml": {Data: []byte(text)}}, library.Index())
	if err != nil || ssf.HasErrors(snap.Diagnostics) {
		t.Fatal(err, snap.Diagnostics)
	}
	in := ssf.Inputs{
		Model: snap.Model, Library: library.Index(), Now: asOf, Evidence: []ssf.Evidence{{Verification: "other", Key: "ed25519:x"}},
		Tree: &ssf.Tree{Files: []string{"examples/shop/main.go", "examples/shop/ssf.yaml", "web.go"}},
	}
	c, err := check.Case(in)
	if err != nil {
		t.Fatal(err)
	}
	got := map[ssf.ID]string{}
	for _, d := range c.Diagnostics {
		got[d.Check] = d.Message
	}
	for id, want := range map[ssf.ID]string{
		"verification/unclaimed": "no threat is said to be countered by web.output_encoded, so sessions shows nothing about one",
		"verification/any-key":   "the model has no `signers:`, so results by any key count",
		"context/other-product":  "1 code file is of other products, with models of their own: examples/shop/",
		"context/unclaimed-code": "no component claims 1 of 1 code files: web.go",
	} {
		if got[id] != want {
			t.Errorf("%s says %q, want %q", id, got[id], want)
		}
	}
}
