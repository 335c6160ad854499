package cyclonedx

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ssf"
)

// decoded is a written file as a value.
func decoded(t *testing.T, name string, c *ssf.Case) *bom {
	t.Helper()
	b := &bom{}
	if err := json.Unmarshal(write(t, name, c), b); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestStates: a threat is hidden from consumers, as resolved or not_affected, only by
// evidence or by a decision; nothing else is more than open or in triage.
func TestStates(t *testing.T) {
	want := map[ssf.State]string{
		ssf.Open: "exploitable", ssf.Planned: "exploitable", ssf.Accepted: "exploitable", ssf.Transferred: "exploitable",
		ssf.Undecided: "in_triage", ssf.Stale: "in_triage", ssf.Unreviewed: "in_triage", ssf.Claimed: "in_triage", ssf.Mitigated: "in_triage",
		ssf.Verified: "resolved", ssf.NotApplicable: "not_affected",
	}
	c := caseOf(t, small)
	for _, s := range ssf.States {
		x := c.Threats[0]
		x.ID, x.State, x.Why = ssf.ID("made/"+s+"@web"), s, "of something"
		c.Threats = append(c.Threats, x)
	}
	seen := map[ssf.State]bool{}
	for i, v := range decoded(t, "vex", c).Vulnerabilities {
		x := c.Threats[i]
		seen[x.State] = true
		if v.ID != string(x.ID) || v.Analysis.State != want[x.State] || v.Analysis.Detail == "" {
			t.Errorf("%s, which is %s, is %q: %q", x.ID, x.State, v.Analysis.State, v.Analysis.Detail)
		}
		if hides := v.Analysis.State == "not_affected"; v.Analysis.Justification != "" != (hides && x.ID == "own/dry@db") {
			t.Errorf("%s has the justification %q", x.ID, v.Analysis.Justification)
		}
		if x.State == ssf.Mitigated && !strings.Contains(v.Analysis.Detail, "not verified") {
			t.Errorf("%s says %q", x.ID, v.Analysis.Detail)
		}
		if got := strings.Join(v.Analysis.Response, ","); x.State == ssf.Accepted && got != "will_not_fix" || x.State == ssf.Open && got != "" {
			t.Errorf("%s, which is %s, has the response %q", x.ID, x.State, got)
		}
		if len(v.Affects) == 0 || v.Ratings[0].Severity != x.Risk.String() || v.Ratings[0].Method != "other" {
			t.Errorf("%s affects %v and is rated %+v", x.ID, v.Affects, v.Ratings)
		}
	}
	if len(seen) != len(ssf.States) {
		t.Errorf("of %d states only %v were tried", len(ssf.States), seen)
	}
	for _, v := range decoded(t, "vex", c).Vulnerabilities {
		switch v.ID {
		case "own/elsewhere@db":
			if diff := cmp.Diff([]string{"workaround_available"}, v.Analysis.Response); diff != "" || v.Workaround == "" || !strings.Contains(v.Analysis.Detail, "up to the customer") {
				t.Errorf("what is left to others says %+v and the workaround %q", v.Analysis, v.Workaround)
			}
		case "own/guess@web":
			if v.Analysis.Detail != "Accepted by cto until 2027-01-31: Nobody can guess it." {
				t.Errorf("what is accepted says %q", v.Analysis.Detail)
			}
		case "own/second-copy@query":
			if diff := cmp.Diff([]affected{{"db"}, {"web"}}, v.Affects); diff != "" || v.Source.Name != "Bookshop BV" {
				t.Errorf("a threat of the team at a flow affects %v, by %s", v.Affects, v.Source.Name)
			}
		}
	}
}

// claimed finds a claim.
func claimed(t *testing.T, b *bom, ref string) claim {
	t.Helper()
	for _, c := range b.Declarations.Claims {
		if c.Ref == ref {
			return c
		}
	}
	t.Fatalf("there is no claim %s", ref)
	return claim{}
}

func mapped(b *bom, requirement string) mapping {
	for _, a := range b.Declarations.Attestations {
		for _, m := range a.Map {
			if m.Requirement == requirement {
				return m
			}
		}
	}
	return mapping{}
}

// TestEvidence: a claim has what its verifications are worth, and no more.
func TestEvidence(t *testing.T) {
	record := ssf.Digest{1}
	for _, x := range []struct {
		state        ssf.Standing
		pro, con     int
		says, counts string
	}{
		{ssf.Stands, 1, 0, "Evidence that stands today shows it: refunds-need-two (test), which was never seen to fail.", ""},
		{ssf.Standing(ssf.Failed), 0, 1, "Evidence speaks against it: refunds-need-two (test), which failed.", "counter:verification:refunds-need-two"},
		{ssf.Disputed, 0, 1, "Evidence speaks against it: refunds-need-two (test), which is disputed.", "counter:verification:refunds-need-two"},
		{ssf.NeverRun, 0, 0, "It is claimed and not verified: no evidence that stands today shows it. Nothing is shown by refunds-need-two (test), which was never run.", ""},
		{ssf.NotToday, 0, 0, "It is claimed and not verified: no evidence that stands today shows it. Nothing is shown by refunds-need-two (test), which is stale.", ""},
		{ssf.TooOld, 0, 0, "which is too old.", ""},
		{ssf.Standing(ssf.NoTests), 0, 0, "which selected no tests.", ""},
	} {
		c := caseOf(t, small)
		v := &c.Verifications[0]
		v.State, v.Evidence, v.Time, v.Lapses, v.Key, v.Commit = x.state, []ssf.Digest{record}, now.Add(-time.Hour), "2027-02-01", "ed25519:AAAA", "abc"
		b := decoded(t, "cyclonedx", c)
		k := claimed(t, b, "claim:two-people")
		if len(k.Evidence) != x.pro || len(k.CounterEvidence) != x.con || !strings.Contains(k.Reasoning, x.says) || k.Target != "web" {
			t.Errorf("%s: the claim is %+v", x.state, k)
		}
		found := false
		for _, e := range b.Declarations.Evidence {
			if e.Ref != "evidence:refunds-need-two" {
				continue
			}
			found = true
			if e.Created != "2026-11-30T23:00:00Z" || e.Expires != "2027-02-01T00:00:00Z" || e.Author.Name != "the holder of the key ed25519:AAAA" || e.Data[0].Contents.URL != ".ssf/evidence/"+record.String()+".json" {
				t.Errorf("%s: the evidence is %+v", x.state, e)
			}
		}
		if found != (x.pro+x.con > 0) {
			t.Errorf("%s: evidence is there: %v", x.state, found)
		}
		if x.counts != "" {
			claimed(t, b, x.counts)
		}
		if plan := claimed(t, b, "claim:one-copy"); !strings.Contains(plan.Predicate, "is planned, and not implemented") || !strings.Contains(plan.Reasoning, "only planned") {
			t.Errorf("what is planned says %+v", plan)
		}
	}
}

// TestScores: a score is a fraction that was counted, of the threats against one
// requirement; what was not measured has none.
func TestScores(t *testing.T) {
	c := caseOf(t, small)
	r := &c.Requirements[0]
	r.Threats, r.Open = nil, nil
	state := func(id ssf.ID, s ssf.State, by ...ssf.ID) {
		for i := range c.Threats {
			if c.Threats[i].ID == id {
				c.Threats[i].State, c.Threats[i].Mitigations = s, by
				r.Threats = append(r.Threats, id)
				return
			}
		}
		t.Fatalf("there is no threat %s", id)
	}
	if m := mapped(decoded(t, "cyclonedx", c), "requirement:card-secrecy"); m.Conformance.Score != nil || m.Confidence != nil || !strings.Contains(m.Conformance.Rationale, "nothing was counted") {
		t.Errorf("a requirement that nothing endangers has %+v", m)
	}
	state("own/refund-fraud@pay", ssf.Mitigated, "two-people")
	state("own/second-copy@query", ssf.Open)
	state("own/guess@web", ssf.Accepted)
	state("own/later@web", ssf.Planned, "one-copy")
	state("own/nowhere@db", ssf.NotApplicable)
	r.Open = []ssf.ID{"own/second-copy@query", "own/later@web"}
	m := mapped(decoded(t, "cyclonedx", c), "requirement:card-secrecy")
	if *m.Conformance.Score != 0.25 || m.Confidence.Score != nil || !strings.Contains(m.Confidence.Rationale, "Not measured") {
		t.Errorf("one of four is %v, with the confidence %+v", *m.Conformance.Score, m.Confidence)
	}
	if !strings.Contains(m.Conformance.Rationale, "counter 1 of the 4 threats against it that apply (1 open, 1 planned, 1 accepted, 1 mitigated, 1 not applicable)") {
		t.Errorf("the rationale is %q", m.Conformance.Rationale)
	}
	if diff := cmp.Diff([]string{"claim:two-people"}, m.Claims); diff != "" {
		t.Errorf("claims: %s", diff)
	}
	if diff := cmp.Diff([]string{"evidence:mitigation:one-copy"}, m.Conformance.MitigationStrategies); diff != "" {
		t.Errorf("what is planned: %s", diff)
	}
	if diff := cmp.Diff([]string{"counter:threat:own/second-copy@query", "counter:threat:own/later@web"}, m.CounterClaims); diff != "" {
		t.Errorf("counter claims: %s", diff)
	}
	c.Verifications[0].State = ssf.NotToday
	if m := mapped(decoded(t, "cyclonedx", c), "requirement:card-secrecy"); *m.Confidence.Score != 0 {
		t.Errorf("what is shown no more has the confidence %v", *m.Confidence.Score)
	}
	r.Threats = r.Threats[1:]
	state("own/refund-fraud@pay", ssf.Verified, "two-people")
	c.Verifications[0].State = ssf.Stands
	if m := mapped(decoded(t, "cyclonedx", c), "requirement:card-secrecy"); *m.Confidence.Score != 1 || *m.Conformance.Score != 0.25 {
		t.Errorf("what is shown has the confidence %v and the conformance %v", *m.Confidence.Score, *m.Conformance.Score)
	}
	for _, a := range decoded(t, "cyclonedx", c).Declarations.Attestations[:1] {
		for _, m := range a.Map {
			if m.Conformance.Score != nil || m.Confidence != nil {
				t.Errorf("the control %s has a score, and part of it is for people to judge", m.Requirement)
			}
		}
	}
}

// TestServiceFacts: what a truth value would make more certain than it is stands in no
// truth value.
func TestServiceFacts(t *testing.T) {
	c := caseOf(t, small)
	web := func() service {
		for _, s := range decoded(t, "cyclonedx", c).Services {
			if s.Ref == "web" {
				return s
			}
		}
		t.Fatal("there is no service web")
		return service{}
	}
	set := func(v ssf.Value) {
		for i := range c.Elements {
			if e := &c.Elements[i]; e.To == "web" {
				e.Facts = append([]ssf.FactInfo{{Name: "authenticated", Value: v, Via: ssf.Declared}}, e.Facts...)
			}
		}
	}
	if s := web(); s.Authenticated != nil || s.Crosses == nil || !*s.Crosses || s.TrustZone != "cluster" {
		t.Errorf("web is %+v", s)
	}
	set(ssf.Yes)
	if s := web(); s.Authenticated != nil {
		t.Errorf("a claim nobody verified is authenticated: %v", *s.Authenticated)
	}
	c.Verifications[0].State, c.Verifications[0].Verifies = ssf.Stands, []ssf.ID{"checkout.authenticated", "look.authenticated"}
	if s := web(); s.Authenticated == nil || !*s.Authenticated {
		t.Error("what is verified is not authenticated")
	}
	set(ssf.No)
	if s := web(); s.Authenticated == nil || *s.Authenticated {
		t.Error("what is not authenticated is not said to be so")
	}
}

// TestCatalogue: an entry has the mitigations that answer it, and no score.
func TestCatalogue(t *testing.T) {
	c := caseOf(t, small)
	for i := range c.Measures {
		if c.Measures[i].ID == "rate-limiting" {
			c.Measures[i].Answers = []ssf.ID{"asvs-5.0:14.2.1", "asvs-5.0:1.2.1"}
		}
	}
	b := decoded(t, "cyclonedx", c)
	m := mapped(b, "entry:asvs-5.0:14.2.1")
	if diff := cmp.Diff([]string{"claim:rate-limiting"}, m.Claims); diff != "" || m.CounterClaims != nil || m.Conformance.Score != nil || m.Confidence != nil {
		t.Errorf("an entry that is answered has %+v", m)
	}
	if want := "Answered by requirement card-secrecy, which is not upheld."; !strings.HasPrefix(m.Conformance.Rationale, want) {
		t.Errorf("it says %q, want %q", m.Conformance.Rationale, want)
	}
	m = mapped(b, "entry:asvs-5.0:1.2.1")
	if diff := cmp.Diff([]string{"counter:entry:asvs-5.0:1.2.1"}, m.CounterClaims); diff != "" || len(m.Claims) != 1 {
		t.Errorf("an entry that nothing answers has %+v", m)
	}
	if n := len(b.Definitions.Standards); n != 3 || len(b.Definitions.Standards[2].Requirements) < 60 || b.Definitions.Standards[2].Name != "asvs-5.0" {
		t.Errorf("there are %d standards", n)
	}
	claimed(t, b, "counter:entry:asvs-5.0:1.2.1")
}
