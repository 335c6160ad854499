package report

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/markup"
)

// mitigation writes what the model says of a mitigation, and what shows that it
// works; below what the library says of the measure.
func (p *page) mitigation(id ssf.ID, c *ssf.Case, below bool) bool {
	m := byID(c.Mitigations, id, func(m *ssf.MitigationResult) ssf.ID { return m.ID })
	if m == nil {
		return false
	}
	if below {
		p.print("\n")
	}
	p.title(m.ID, "", "mitigation, "+m.State+", at "+m.Pos.String())
	p.section("where", join(m.Where))
	p.section("counters", join(m.Counters))
	p.verifiedBy(id, c)
	return true
}

// verifiedBy writes the verifications of a mitigation or claimed fact.
func (p *page) verifiedBy(id ssf.ID, c *ssf.Case) {
	var by []string
	for i := range c.Verifications {
		if v := &c.Verifications[i]; slices.Contains(v.Verifies, id) {
			by = append(by, string(v.ID)+" ("+words(v.State)+")")
		}
	}
	if len(by) == 0 {
		by = []string{"nothing"}
	}
	p.section("verified by", strings.Join(by, ", "))
}

// verification writes what a verification is worth today, and why.
func (p *page) verification(id ssf.ID, c *ssf.Case) bool {
	v := byID(c.Verifications, id, func(v *ssf.VerificationInfo) ssf.ID { return v.ID })
	if v == nil {
		return false
	}
	says := words(v.State)
	if v.Why != "" {
		says += ": " + v.Why
	}
	p.title(v.ID, says, "verification by "+words(v.Method)+" at "+v.Pos.String())
	p.section("verifies", join(v.Verifies))
	p.section("carried out by", string(v.Run))
	if v.Time.IsZero() {
		p.section("result", "none is recorded")
		return true
	}
	made := v.Time.UTC().Format("2006-01-02 15:04") + " UTC"
	if v.Commit != "" {
		made += ", at commit " + v.Commit[:min(12, len(v.Commit))]
	}
	p.section("result of", made)
	by := "a key that the model does not name: " + v.Key
	if v.Signer != "" {
		by = string(v.Signer)
	}
	p.section("signed by", by)
	p.section("lapses", v.Lapses)
	if len(v.Tests) > 0 {
		p.print("%s\n", p.paint(bold, "tests"))
		for _, t := range v.Tests {
			p.print("  %-8s %s\n", t.Outcome, markup.Clean(t.Name))
		}
	}
	p.section("rests on", fmt.Sprintf("%s; `ssf evidence show %s` lists those of then", count(v.Inputs, "input"), v.Evidence[0].String()[:12]))
	p.section("changed since", strings.Join(v.Changed, ", "))
	return true
}
