package cyclonedx

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// This file reads what a document says of security: vulnerabilities as threats, and
// what is declared of requirements, claims and their evidence.

// vulnerabilities reads vulnerabilities as threats. Of those that this program wrote,
// the threats of the library are derived again from what is read, so they are taken
// only if something was done about them.
func (r *reader) vulnerabilities(list []*format.Node) {
	again := 0
	var at *format.Node
	for _, n := range list {
		if !r.own {
			r.vulnerability(n)
		} else if !r.ownThreat(n) {
			at, again = cmp.Or(at, n), again+1
		}
	}
	if again > 0 {
		r.drop(at, again, "a threat of the library is derived again, if it is there")
	}
}

// drop notes once that some nodes were left out, the first of which is given.
func (r *reader) drop(at *format.Node, times int, says string) {
	r.d.Report.Omit(at, "%s", says)
	r.d.Report.Dropped[len(r.d.Report.Dropped)-1].Times = times
}

// vulnerability reads one that somebody else wrote.
func (r *reader) vulnerability(n *format.Node) {
	id := n.Text("id")
	t := &format.Threat{Node: n, ID: id, Name: id, Says: cmp.Or(n.Text("description"), n.Text("detail")), Origin: ssf.Implementation}
	if t.Name == "" {
		t.Name = cmp.Or(firstSentence(t.Says), "vulnerability")
	}
	for _, key := range []string{"bom-ref", "detail", "created", "published", "updated", "source"} {
		n.At(key).See()
	}
	for _, c := range n.All("cwes") {
		if w := cwe(c.Text()); w != "" {
			t.Weaknesses = append(t.Weaknesses, w)
		}
	}
	r.rate(t, n.All("ratings"))
	var built []string
	for _, a := range n.All("affects") {
		ref := a.Text("ref")
		switch k := r.find(ref); {
		case k != "":
			t.At = append(t.At, k)
		case ref != "" && ref != r.product:
			p := r.parts[ref]
			built = append(built, cmp.Or(strings.TrimSpace(p.Text("name")+" "+p.Text("version")), unescape(ref)))
		}
	}
	if built != nil && len(t.At) == 0 {
		t.Says = strings.TrimSpace(t.Says + "\n\nIt affects " + strings.Join(built, ", ") + ".")
	}
	r.analyse(t, n.At("analysis"))
	for _, key := range []string{"recommendation", "workaround"} {
		if says := n.Text(key); says != "" {
			m := &format.Mitigation{Node: n.At(key), Key: n.Path() + "." + key, Name: key + " for " + t.Name, Says: says, State: "proposed"}
			r.d.Mitigations = append(r.d.Mitigations, m)
			t.Mitigated = append(t.Mitigated, m.Key)
		}
	}
	r.d.Threats = append(r.d.Threats, t)
}

// rate takes the worst of some ratings.
func (r *reader) rate(t *format.Threat, ratings []*format.Node) {
	var said []ssf.Level
	for _, n := range ratings {
		level, _ := format.ParseSeverity(n.Text("severity"))
		if score, ok := n.Number("score"); ok && level == ssf.Unknown && strings.HasPrefix(n.Text("method"), "CVSS") {
			// The qualitative scale of CVSS 3.1, section 5.
			switch {
			case score >= 9:
				level = ssf.Critical
			case score >= 7:
				level = ssf.High
			case score >= 4:
				level = ssf.Medium
			case score > 0:
				level = ssf.Low
			}
		}
		n.See()
		if !slices.Contains(said, level) {
			said = append(said, level)
		}
		t.Severity = max(t.Severity, level)
	}
	if len(said) > 1 {
		r.d.Report.Guess(ratings[0], "the ratings of %s differ, and the worst of them, %s, is taken", format.Clip(t.Name), t.Severity)
	}
}

// analyse takes the state of a threat from the analysis of a vulnerability.
func (r *reader) analyse(t *format.Threat, n *format.Node) {
	t.Because = n.Text("detail")
	var response []string
	for _, x := range n.All("response") {
		response = append(response, x.Text())
	}
	switch state := n.Text("state"); state {
	case "exploitable":
		if t.Status = format.IsOpen; slices.Contains(response, "will_not_fix") {
			t.Status = format.IsAccepted
		}
	case "in_triage", "":
	default:
		known := false
		if t.Status, known = format.ParseStatus(state); !known {
			r.d.Report.Drop(n, "the state %q is none of VEX", format.Clip(state))
		}
	}
	if why := n.Text("justification"); why != "" {
		t.Because = strings.TrimSpace(strings.ReplaceAll(why, "_", " ") + ". " + t.Because)
	}
	for _, key := range []string{"firstIssued", "lastUpdated"} {
		n.At(key).See()
	}
}

// ownThreat reads a threat that this program wrote; not if nothing is to be kept of it.
func (r *reader) ownThreat(n *format.Node) bool {
	ps := properties(n)
	id, rule := n.Text("id"), first(ps, "rule")
	name, own := strings.CutPrefix(rule, "own/")
	n.See()
	t := &format.Threat{Node: n, Name: name, Says: n.Text("description"), Origin: ssf.Origin(first(ps, "origin")), Stride: values(ps, "stride")}
	if says := n.Text("detail"); says != "" {
		t.Name, t.Says = t.Says, says
	}
	t.At = r.placed(first(ps, "at"))
	t.ID, t.Attacks = first(ps, "from_tool"), values(ps, "attack")
	for _, c := range n.All("cwes") {
		if w := cwe(c.Text()); w != "" {
			t.Weaknesses = append(t.Weaknesses, w)
		}
	}
	t.Severity, _ = ssf.ParseLevel(first(ps, "severity"))
	for _, cell := range values(ps, "endangers") {
		if i := strings.LastIndexByte(cell, '.'); i >= 0 && !slices.Contains(t.Endangers, ssf.Property(cell[i+1:])) {
			t.Endangers = append(t.Endangers, ssf.Property(cell[i+1:]))
		}
	}
	t.Likelihood, _ = ssf.ParseLevel(first(ps, "likelihood"))
	t.Mitigated = r.counters[id]
	t.Because, t.By, t.Until = first(ps, "because"), first(ps, "by"), first(ps, "until")
	switch ssf.State(first(ps, "state")) {
	case ssf.Accepted:
		t.Status = format.IsAccepted
	case ssf.Transferred:
		t.Status = format.IsTransferred
	case ssf.NotApplicable:
		t.Status = format.IsNotRelevant
	case ssf.Planned:
		t.Status = format.InPlanning
	case ssf.Mitigated, ssf.Verified:
		t.Status = format.IsMitigated
	}
	if !own {
		switch {
		case t.Mitigated == nil && t.Status != format.IsAccepted && t.Status != format.IsTransferred && t.Status != format.IsNotRelevant:
			return false
		case len(r.joined[id]) > 0:
			for _, j := range r.joined[id] {
				j.Mitigated, j.Status, j.Because, j.By, j.Until = t.Mitigated, t.Status, t.Because, t.By, t.Until
			}
			return true
		case t.At == nil && first(ps, "at") != productRef:
			return false
		}
		t.Same, t.Name, t.Says = []ssf.ID{ssf.ID(rule)}, rule, n.Text("description")
	}
	r.d.Threats = append(r.d.Threats, t)
	return true
}

// placed is the key of an element by the id that it has in our own file; nothing for
// the product itself.
func (r *reader) placed(id string) []string {
	for _, k := range []string{id, "zone " + id} {
		if id != productRef && r.d.Find(k) != nil {
			return []string{k}
		}
	}
	return nil
}

// declared reads claims as mitigations, counter claims as threats, and the
// requirements that attestations are about.
func (r *reader) declared(root *format.Node) {
	d, standards := root.At("declarations"), root.At("definitions").All("standards")
	against, mapped := map[string]bool{}, map[string]bool{}
	for _, a := range d.All("attestations") {
		for _, m := range a.All("map") {
			mapped[m.Text("requirement")] = true
			for _, c := range m.All("counterClaims") {
				against[c.Text()] = true
			}
		}
	}
	for _, s := range standards {
		out := 0
		for _, q := range s.All("requirements") {
			switch {
			case r.own && s.Text("bom-ref") == "standard:own":
				r.d.Requirements = append(r.d.Requirements, &format.Requirement{Node: q, Says: q.Text("text")})
				q.See()
			case !r.own && mapped[q.Text("bom-ref")]:
				r.d.Requirements = append(r.d.Requirements, &format.Requirement{Node: q, ID: q.Text("identifier"), Name: s.Text("name") + " " + q.Text("identifier"), Says: cmp.Or(q.Text("text"), q.Text("identifier"))})
			default:
				out++
				q.See()
			}
		}
		if out > 0 && !r.own {
			r.d.Report.Drop(s, "%d requirements of %s are no requirements of this product, because no attestation is about them", out, format.Clip(s.Text("name")))
		}
		if r.own {
			s.See()
		}
	}
	if r.own {
		d.See()
		return
	}
	for _, c := range d.All("claims") {
		says := c.Text("predicate")
		if why := c.Text("reasoning"); why != "" {
			says = strings.TrimSpace(says + "\n\n" + why)
		}
		var at []string
		if k := r.find(c.Text("target")); k != "" {
			at = []string{k}
		}
		name := firstSentence(c.Text("predicate"))
		if against[c.Text("bom-ref")] {
			r.d.Threats = append(r.d.Threats, &format.Threat{Node: c, ID: c.Text("bom-ref"), Name: name, Says: says, At: at, Status: format.IsOpen})
			continue
		}
		r.d.Mitigations = append(r.d.Mitigations, &format.Mitigation{Node: c, Key: key(c), ID: c.Text("bom-ref"), Name: name, Says: says, State: "proposed"})
		r.d.Report.Guess(c, "a claim is taken as a mitigation that is proposed; which threats it counters the file does not say")
	}
	if n := d.At("evidence"); n.Holds() {
		r.d.Report.Omit(n, "evidence is made anew by verifications, which run here")
	}
	for _, a := range d.All("attestations") {
		r.d.Report.Omit(a, "how far a requirement is met follows here from threats and their verifications, not from a score")
	}
}

// firstSentence is the beginning of a text, as a name.
func firstSentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if head, _, ok := strings.Cut(s, ". "); ok {
		s = head
	}
	return format.Clip(strings.TrimSuffix(s, "."))
}

// cwe is the id of a weakness by its number.
func cwe(s string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "CWE-"))
	if err != nil || n <= 0 || n > 9999 {
		return ""
	}
	return fmt.Sprintf("CWE-%d", n)
}
