package threatdragon

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// The lists of ours in the detail of a model: what Threat Dragon has no cells for.
const (
	ownAssets      = "ssf:assets"
	ownMitigations = "ssf:mitigations"
	ownThreats     = "ssf:threats"
)

// statusWords are our states in words of Threat Dragon. It knows mitigated and not
// how far: nothing is mitigated there that no evidence shows to be so today.
// Versions since 2.5 know more words than these, older ones show them as nothing.
var statusWords = map[ssf.State]string{ssf.Verified: "Mitigated", ssf.NotApplicable: "NotApplicable"}

const isOpen = "Open"

func statusWord(s ssf.State) string { return cmp.Or(statusWords[s], isOpen) }

// severityWords are risks in words of Threat Dragon; it has none for no risk.
var severityWords = map[ssf.Level]string{ssf.Unknown: "TBD", ssf.None: "Low", ssf.Low: "Low", ssf.Medium: "Medium", ssf.High: "High", ssf.Critical: "Critical"}

// classWords are classes of STRIDE as Threat Dragon writes them.
var classWords = map[string]string{"spoofing": "Spoofing", "tampering": "Tampering", "repudiation": "Repudiation", "information_disclosure": "Information disclosure", "denial_of_service": "Denial of service", "elevation_of_privilege": "Elevation of privilege"}

// classWord is the only class that Threat Dragon has for a threat, and its scheme.
func classWord(stride []string) (class, scheme string) {
	for _, s := range stride {
		if w := classWords[s]; w != "" {
			return w, "STRIDE"
		}
	}
	return "Generic", "Generic"
}

// placeholders are what Threat Dragon writes into a new threat until somebody
// writes a text of his own; they say nothing. Squeezed, in English.
var placeholders = map[string]bool{
	"provideadescriptionforthisthreat":                             true,
	"provideremediationforthisthreatorareasonifstatusisna":         true,
	"providemitigationorpreventionforthisthreat":                   true,
	"mitigationorpreventionforthethreat":                           true,
	"nocontextspecificthreatdeterminedaddonemanuallyifappropriate": true,
}

// said is the text at a key, unless it is a placeholder.
func said(n *format.Node, key string) string {
	s := n.Text(key)
	if placeholders[format.Squeeze(s)] {
		return ""
	}
	return s
}

// digest tells whether a text is still the one that was written.
func digest(s string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(s)))
	return hex.EncodeToString(sum[:8])
}

// threats reads the threats of a cell, which in the published schema stand beside
// its data.
func (r *reader) threats(c *format.Node, e *format.Element, scheme string) {
	for _, n := range r.objects(data(c), "threats") {
		r.threat(n, e, scheme)
	}
	if data(c) != c {
		for _, n := range r.objects(c, "threats") {
			r.threat(n, e, scheme)
		}
	}
}

// threat reads a threat at an element, or at nil of the whole system. Of one that
// we wrote, what Threat Dragon shows counts where somebody has changed it.
func (r *reader) threat(n *format.Node, e *format.Element, scheme string) {
	for _, key := range []string{"new", "number", "modelType", "severityId", "hasOpenThreats", "ruleId", "$$hashKey", "eopGameId", "cardSuit", "cardNumber"} {
		n.At(key).See()
	}
	t := &format.Threat{Node: n, ID: cmp.Or(n.Text("id"), n.Text("threatId"), n.Text("number")), Name: oneLine(n.Text("title")), Says: said(n, "description")}
	if e != nil {
		t.At = []string{e.Key}
	}
	ours := t.Described(n, assetKey)
	for _, key := range []string{"at", "text", "state", "why", "risk", "treat", "because", "by", "until", "mitigations", "class"} {
		n.Own(key)
	}
	if !ours {
		r.class(n, t, cmp.Or(n.Text("modelType"), scheme))
	} else if class := n.Text("type"); class != n.Own("class") && !t.Derived {
		t.Stride = nil
		r.class(n, t, cmp.Or(n.Text("modelType"), scheme))
	}
	r.severity(n, t, ours)
	if s := n.Text("score"); s != "" && s != "0" {
		t.Says = line(t.Says, "Score in Threat Dragon: "+s+".")
	}
	r.treated(n, t, ours)
	r.d.Threats = append(r.d.Threats, t)
}

func (r *reader) severity(n *format.Node, t *format.Threat, ours bool) {
	word := n.Text("severity")
	if ours {
		risk, _ := ssf.ParseLevel(n.Own("risk"))
		switch {
		case word == severityWords[risk]:
			return
		case t.Derived:
			r.d.Report.Drop(n.At("severity"), "severity %s: the threat is one of the library, which rates it by what it endangers", format.Clip(word))
			return
		}
	}
	known := false
	if t.Severity, known = format.ParseSeverity(word); !known {
		r.d.Report.Drop(n.At("severity"), "severity %q is no level", format.Clip(word))
	}
}

// treated reads the status and the mitigation, which is one text: what was done,
// what should be, or why nothing.
func (r *reader) treated(n *format.Node, t *format.Threat, ours bool) {
	word, text := n.Text("status"), said(n, "mitigation")
	if ours {
		for _, id := range n.OwnIDs("mitigations") {
			t.Mitigated = append(t.Mitigated, meansKey(id))
		}
		if digest(n.Text("mitigation")) == n.Own("text") {
			text = ""
		}
	}
	if ours && word == statusWord(ssf.State(n.Own("state"))) {
		t.Decision(n)
	} else {
		r.status(n.At("status"), t)
	}
	switch t.Status {
	case format.IsNotRelevant, format.IsAccepted, format.IsTransferred:
		if text != "" {
			t.Because = text
		}
		return
	}
	if text != "" {
		m := n.At("mitigation")
		id := m.Path()
		r.d.Mitigations = append(r.d.Mitigations, &format.Mitigation{Node: m, Key: id, Name: first(text), Says: text})
		t.Mitigated = append(t.Mitigated, id)
	}
}

// status reads the word. Threat Dragon has some that others have not.
func (r *reader) status(n *format.Node, t *format.Threat) {
	known := false
	word := n.Text()
	switch t.Status, known = format.ParseStatus(word); {
	case format.Squeeze(word) == "eliminated":
		t.Status = format.IsNotRelevant
		r.d.Report.Guess(n, "status %s is taken as not applicable: what it threatened is gone", format.Clip(word))
	case !known:
		t.Status = format.IsOpen
		r.d.Report.Guess(n, "status %s is taken as open", format.Clip(word))
	}
}

func meansKey(id ssf.ID) string { return "mitigation/" + string(id) }

// mitigation reads a mitigation that we wrote; Threat Dragon has only texts.
func (r *reader) mitigation(n *format.Node) {
	id := ssf.ID(n.Own("id"))
	m := &format.Mitigation{Node: n, Key: meansKey(id), Want: id, ID: n.Own("from_tool"), Name: oneLine(n.Text("name")), Says: n.Text("description")}
	switch state := n.Own("state"); state {
	case "proposed", "planned", "implemented":
		m.State = state
	}
	for _, key := range []string{"measure", "where", "verifications"} {
		n.Own(key)
	}
	r.d.Mitigations = append(r.d.Mitigations, m)
}

// class reads the type of a threat, which is a class of STRIDE, of LINDDUN or of
// another scheme, or a card of a game.
func (r *reader) class(n *format.Node, t *format.Threat, scheme string) {
	var card []string
	for _, key := range []string{"eopGameId", "cardSuit", "cardNumber"} {
		if s := n.Text(key); s != "" {
			card = append(card, s)
		}
	}
	if len(card) > 0 {
		t.Says = line(t.Says, "Card: "+strings.Join(card, ", ")+".")
	}
	word := n.Text("type")
	switch format.Squeeze(word) {
	case "", "tbd", "generic", "default":
		return
	case "confidentiality", "integrity", "availability":
		t.Endangers = append(t.Endangers, ssf.Property(format.Squeeze(word)))
		return
	case "disclosureofinformation": // LINDDUN has it from STRIDE
		t.Stride = []string{"information_disclosure"}
		return
	}
	if format.Squeeze(word) == "nonrepudiation" {
		word = "Nonrepudiation" // a threat to privacy, and the contrary of STRIDE's; as one word it is not taken for that
	} else if s := format.Stride(word); s != "" {
		t.Stride = []string{s}
		return
	}
	scheme = cmp.Or(scheme, "Type")
	r.d.Report.Drop(n.At("type"), "type %s of %s has no field here; the text keeps it", format.Clip(word), format.Clip(scheme))
	t.Says = line(t.Says, scheme+": "+word+".")
}

// first is the first sentence of a text, as a name.
func first(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	for i := 0; i+2 < len(s); i++ {
		if s[i:i+2] == ". " && 'A' <= s[i+2] && s[i+2] <= 'Z' { // and no `e.g. this`
			s = s[:i]
		}
	}
	return strings.TrimRight(s, ". ")
}
