package threagile

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// A risk is one that the team identified itself, with the id that Threagile
// makes for it.
type risk struct {
	threat   *format.Threat
	category string
	parts    []string
	decided  bool
}

// individual reads the categories of risks that the team made. Each risk in them
// is a threat, and what a category says against it is one mitigation.
func (r *reader) individual() {
	for _, n := range slices.Concat(r.entries("individual_risk_categories"), r.entries("custom_risk_categories")) {
		id := cmp.Or(n.Text("id"), n.Key)
		title := name(n)
		risks := n.At("risks_identified")
		if len(risks.Entries()) == 0 {
			r.d.Report.Omit(n, "the category %s has no risks", format.Clip(title))
			continue
		}
		stride := format.Stride(n.Text("stride"))
		if at := n.At("stride"); at.Holds() && stride == "" {
			r.d.Report.Drop(at, "%q is no class of STRIDE", format.Clip(at.Text()))
		}
		var weaknesses []string
		if at := n.At("cwe"); at.Holds() && at.Text() != "0" {
			if weaknesses = weakness(at.Text()); weaknesses == nil {
				r.d.Report.Drop(at, "%q is no number of the CWE", format.Clip(at.Text()))
			}
		}
		against := &format.Mitigation{Node: n, Key: "category:" + n.Path(), Name: cmp.Or(plain(n.Text("action")), "Mitigation of "+title), Says: lines(plain(n.Text("mitigation")), plain(n.Text("check")))}
		if yes, _ := n.Bool("model_failure_possible_reason"); !yes {
			n.At("model_failure_possible_reason").See()
		}
		listed := false
		about := lines(plain(n.Text("description")), plain(n.Text("impact")), kept(n, "asvs", "cheat_sheet", "function"))
		for _, x := range risks.Entries() {
			if x.Kind != format.Map {
				r.d.Report.Omit(x, "a risk is %s, and it should be an object", x.Kind)
				continue
			}
			t := &format.Threat{Node: x, Rule: id, Name: name(x), Says: about, Weaknesses: weaknesses}
			if against.Says != "" {
				if t.Mitigated = []string{against.Key}; !listed {
					r.d.Mitigations, listed = append(r.d.Mitigations, against), true
				}
			}
			if stride != "" {
				t.Stride = []string{stride}
			}
			k := &risk{threat: t, category: id}
			r.spot(x, k)
			t.ID = strings.Join(append([]string{id}, k.parts...), "@")
			r.rate(x, t)
			r.d.Threats, r.risks = append(r.d.Threats, t), append(r.risks, k)
		}
	}
}

// weakness is a number of the CWE as an id.
func weakness(s string) []string {
	s = strings.TrimPrefix(strings.ToUpper(s), "CWE-")
	if n, err := strconv.Atoi(s); err != nil || n <= 0 || n > 99999 {
		return nil
	}
	return []string{"CWE-" + s}
}

// spot finds where a risk stands: at the link, asset, runtime, boundary or data
// that is most relevant, the narrowest first.
func (r *reader) spot(x *format.Node, k *risk) {
	for _, p := range []struct{ key, prefix string }{
		{"most_relevant_technical_asset", ""},
		{"most_relevant_communication_link", "link:"},
		{"most_relevant_trust_boundary", "zone:"},
		{"most_relevant_shared_runtime", "runtime:"},
		{"most_relevant_data_asset", "data:"},
	} {
		at := x.At(p.key)
		if !at.Holds() {
			continue
		}
		k.parts = append(k.parts, at.Text())
		e := r.elements[p.prefix+at.Text()]
		switch {
		case e == nil:
			r.d.Report.Drop(at, "the risk is at %s, which the file does not have", format.Clip(at.Text()))
		case len(k.threat.At) == 0 || p.prefix == "link:":
			k.threat.At = []string{e.Key}
		default:
			r.d.Report.Drop(at, "a threat is at one element, and %s stands in the text too", format.Clip(e.Name))
			k.threat.Says = lines(k.threat.Says, "It has to do with "+e.Name+" too.")
		}
	}
}

// rate reads severity and likelihood.
func (r *reader) rate(x *format.Node, t *format.Threat) {
	var known bool
	if t.Severity, known = format.ParseSeverity(x.Text("severity")); !known {
		r.d.Report.Drop(x.At("severity"), "severity %q is no level", format.Clip(x.Text("severity")))
	}
	switch l := format.Squeeze(x.Text("exploitation_likelihood")); l {
	case "":
	case "unlikely":
		t.Likelihood = ssf.Low
	case "likely":
		t.Likelihood = ssf.Medium
	case "verylikely", "frequent":
		t.Likelihood = ssf.High
	default:
		r.d.Report.Drop(x.At("exploitation_likelihood"), "likelihood %q is no level", format.Clip(x.Text("exploitation_likelihood")))
	}
}

// maxMatches bounds how often a wildcard is held against risks, so that the time
// stays in proportion to the file.
const maxMatches = 2_000_000

// tracking reads what was decided about risks. An entry about a risk that stands
// in the file decides about that threat; all others are about risks that Threagile
// finds by its own rules and that the file does not list: each is a threat.
func (r *reader) tracking() {
	by := map[string][]*risk{}
	exact := map[string][]*risk{}
	for _, k := range r.risks {
		by[k.category] = append(by[k.category], k)
		exact[k.threat.ID] = append(exact[k.threat.ID], k)
	}
	matches := 0
	for _, n := range r.entries("risk_tracking") {
		id := strings.TrimSpace(n.Key)
		parts := strings.Split(id, "@")
		about := exact[id]
		if strings.Contains(id, "*") {
			for _, k := range by[parts[0]] {
				if matches++; matches > maxMatches {
					r.d.Report.Drop(n, "there are too many wildcards to be held against each risk")
					break
				}
				if fits(parts[1:], k.parts) {
					about = append(about, k)
				}
			}
		}
		found := false
		for _, k := range about {
			if k.decided {
				r.d.Report.Drop(n, "another entry decides about %s", format.Clip(k.threat.ID))
				found = true
				continue
			}
			k.decided, found = true, true
			r.decided(n, k.threat)
		}
		if !found {
			r.own(n, id, parts)
		}
	}
}

// fits reports whether parts of an id are those of a pattern, in whose parts a
// star stands for any run of characters.
func fits(pattern, parts []string) bool {
	if len(pattern) != len(parts) {
		return false
	}
	for i, p := range pattern {
		if !glob(p, parts[i]) {
			return false
		}
	}
	return true
}

func glob(p, s string) bool {
	words := strings.Split(p, "*")
	if len(words) == 1 {
		return p == s
	}
	if !strings.HasPrefix(s, words[0]) {
		return false
	}
	s = s[len(words[0]):]
	for _, w := range words[1 : len(words)-1] {
		i := strings.Index(s, w)
		if i < 0 {
			return false
		}
		s = s[i+len(w):]
	}
	return strings.HasSuffix(s, words[len(words)-1])
}

// own makes a threat of an entry about a risk that the file does not list.
func (r *reader) own(n *format.Node, id string, parts []string) {
	c, known := categories[parts[0]]
	what := "Threagile tracks the risk " + id + "."
	if strings.Contains(id, "*") {
		what = "Threagile tracks each risk whose id is like " + id + "."
	}
	t := &format.Threat{Node: n, ID: id, Rule: parts[0], Name: titled(parts[0]), Says: what, Same: c.same}
	if known {
		t.Stride, t.Weaknesses = []string{c.stride}, []string{"CWE-" + strconv.Itoa(c.cwe)}
	} else {
		r.d.Report.Guess(n, "%s is no category of Threagile nor of the file", format.Clip(parts[0]))
	}
	t.At = r.place(n, parts[1:], max(c.at, 1))
	r.decided(n, t)
	r.d.Threats = append(r.d.Threats, t)
}

// titled is the id of a category as a name.
func titled(id string) string {
	words := strings.Fields(strings.ReplaceAll(id, "-", " "))
	for i, w := range words {
		switch w {
		case "xml", "sql", "ldap", "waf":
			words[i] = strings.ToUpper(w)
		case "nosql":
			words[i] = "NoSQL"
		case "dos":
			words[i] = "DoS"
		default:
			if r := []rune(w); i == 0 {
				words[i] = strings.ToUpper(string(r[:1])) + string(r[1:])
			}
		}
	}
	return strings.Join(words, " ")
}

// place is where a risk stands, by the part of its id that says so. Where a
// wildcard stands in its place it is the one link that fits the others, or else
// what another part names, or else the system.
func (r *reader) place(n *format.Node, parts []string, at int) []string {
	var named []*format.Element
	var assets []string
	for i, p := range parts {
		if strings.Contains(p, "*") {
			continue
		}
		e := r.find(p)
		if e == nil {
			if p != "" {
				r.d.Report.Guess(n, "the risk is at %s, which the file does not have", format.Clip(p))
			}
			continue
		}
		if i+1 == at {
			return []string{e.Key}
		}
		if named = append(named, e); r.elements[p] == e {
			assets = append(assets, p)
		}
	}
	switch l := r.only(assets); {
	case l != nil && at <= len(parts) && parts[at-1] == "*":
		r.d.Report.Guess(n, "the risk is taken to be at %s, the only link that its id can mean", format.Clip(l.element.Name))
		return []string{l.element.Key}
	case len(named) > 0:
		r.d.Report.Guess(n, "the risk is taken to be at %s, because its id names no other part", format.Clip(named[0].Name))
		return []string{named[0].Key}
	}
	r.d.Report.Guess(n, "the id of the risk names no element, so it is taken to threaten the system")
	return nil
}

// find is the element of any sort with an id of the tool.
func (r *reader) find(id string) *format.Element {
	for _, prefix := range []string{"link:", "", "data:", "zone:", "runtime:"} {
		if e := r.elements[prefix+id]; e != nil {
			return e
		}
	}
	return nil
}

// only is the one link that touches all of some assets; nil if there is none or
// more than one.
func (r *reader) only(assets []string) (only *link) {
	if len(assets) == 0 {
		return nil
	}
	candidates := r.touching[assets[0]]
	for _, a := range assets[1:] {
		if ls := r.touching[a]; len(ls) < len(candidates) {
			candidates = ls
		}
	}
	for _, l := range candidates {
		if slices.ContainsFunc(assets, func(a string) bool { return a != l.source && a != l.target }) {
			continue
		}
		if only != nil {
			return nil
		}
		only = l
	}
	return only
}

// decided reads what an entry says of its threat. What was done is a mitigation,
// because Threagile tells it only here.
func (r *reader) decided(n *format.Node, t *format.Threat) {
	status := n.At("status")
	var known bool
	if t.Status, known = format.ParseStatus(status.Text()); !known {
		r.d.Report.Guess(status, "status %q is taken as open", format.Clip(status.Text()))
		t.Status = format.IsOpen
	}
	why := plain(n.Text("justification"))
	t.Ticket, t.By = plain(n.Text("ticket")), plain(n.Text("checked_by"))
	date := n.Text("date")
	switch t.Status {
	case format.IsMitigated, format.InPlanning:
		if why != "" {
			key := "tracked:" + n.Path() + t.ID
			r.d.Mitigations = append(r.d.Mitigations, &format.Mitigation{Node: n, Key: key, Name: "Mitigation of " + t.Name, Says: why})
			t.Mitigated = append(t.Mitigated, key)
		}
	case format.IsAccepted, format.IsNotRelevant, format.IsTransferred:
		t.Because = why
	default:
		t.Says = lines(t.Says, why)
	}
	if t.Ticket != "" {
		t.Says = lines(t.Says, "Ticket: "+t.Ticket+".")
	}
	checked := "Checked"
	if t.By != "" {
		checked += " by " + t.By
	}
	if date != "" {
		checked += " on " + date
	}
	if checked != "Checked" {
		t.Says = lines(t.Says, checked+".")
	}
}
