package otm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// threats reads the threats at a component or flow. Each is one, because its
// state and that of its mitigations are told there.
func (r *reader) threats(at *format.Node, e *format.Element) {
	for _, n := range r.each(at, "threats") {
		id := n.Text("threat")
		def := r.defs[id]
		t := &format.Threat{Node: n, ID: id, Name: id}
		if def != nil {
			t = r.defined(def)
			t.Node = n
		} else if id != "" {
			r.d.Report.Guess(n, "threat %s is not among the threats of the file, so nothing but its id is known", format.Clip(id))
		}
		t.At = []string{e.Key}
		r.treated(t, n, n.At("attributes"))
		r.d.Threats = append(r.d.Threats, t)
	}
}

// alone reads a threat that stands at no component and flow: it threatens the
// system, or what this program wrote there.
func (r *reader) alone(n *format.Node) {
	if r.threat[n] != nil {
		return
	}
	t := r.defined(n)
	own := n.At("attributes")
	if at := own.Own("at"); at != "" {
		for _, prefix := range []string{"zone", "asset", "part", "flow"} {
			if k := key(prefix)(ssf.ID(at)); r.d.Find(k) != nil && len(t.At) == 0 {
				t.At = []string{k}
			}
		}
		if len(t.At) == 0 && at != "system" {
			r.d.Report.Omit(n, "it stands at %s, which the format does not carry", format.Clip(at))
			return
		}
	} else if t.Want == "" && !t.Derived {
		r.d.Report.Guess(n, "threat %s stands at no component and no flow; it is taken to threaten the system", format.Clip(t.Name))
	}
	r.treated(t, own, own)
	r.d.Threats = append(r.d.Threats, t)
}

// defined is what is said of a threat wherever it stands; each node is read once.
func (r *reader) defined(n *format.Node) *format.Threat {
	if r.threat[n] == nil {
		r.threat[n] = r.define(n)
	}
	t := *r.threat[n]
	return &t
}

func (r *reader) define(n *format.Node) *format.Threat {
	t := &format.Threat{Node: n, ID: n.Text("id")}
	t.Name, t.Says = oneLine(n.Text("name")), n.Text("description")
	own := n.At("attributes")
	ours := t.Described(own, key("asset"))
	for _, c := range n.All("categories") {
		text := c.Text()
		switch s := format.Stride(text); {
		case ours:
		case s != "":
			if !slices.Contains(t.Stride, s) {
				t.Stride = append(t.Stride, s)
			}
		case slices.Contains(ssf.AssetProperties, ssf.Property(strings.ToLower(text))):
			t.Endangers = append(t.Endangers, ssf.Property(strings.ToLower(text)))
		case text != "":
			t.Says = line(t.Says, "Category: "+text+".")
		}
		c.See()
	}
	for _, c := range n.All("cwes") {
		switch w := weakness(c.Text()); {
		case ours:
		case w != "":
			t.Weaknesses = append(t.Weaknesses, w)
		case c.Holds():
			r.d.Report.Omit(c, "%s is no id of CWE", format.Clip(c.Text()))
		}
		c.See()
	}
	for _, c := range n.All("tags") {
		if w := weakness(c.Text()); w != "" && strings.HasPrefix(strings.ToLower(c.Text()), "cwe") {
			t.Weaknesses = append(t.Weaknesses, w)
			r.d.Report.Guess(c, "the label %s is taken as a weakness", format.Clip(c.Text()))
			c.See()
		} else if c.Holds() {
			r.d.Report.Omit(c, "a label of a threat: %s", format.Clip(c.Text()))
		}
	}
	r.risk(t, n.At("risk"), ours)
	return t
}

// risk reads likelihood and impact. Both as zero is what a tool writes where
// nobody rated.
func (r *reader) risk(t *format.Threat, n *format.Node, ours bool) {
	likely, ok1 := r.percent(n, "likelihood")
	bad, ok2 := r.percent(n, "impact")
	if n.At("likelihoodComment").See(); ours {
		n.At("impactComment").See()
		return
	}
	for _, c := range [][2]string{{"likelihoodComment", "On its likelihood: "}, {"impactComment", "On its impact: "}} {
		if s := n.Text(c[0]); s != "" {
			t.Says = line(t.Says, c[1]+s)
		}
	}
	if ok1 && ok2 && likely == 0 && bad == 0 {
		r.d.Report.Drop(n, "likelihood and impact of %s are 0, which says that nobody rated them", format.Clip(t.Name))
		return
	}
	if ok1 {
		t.Likelihood = three(likely)
		r.d.Report.Guess(n.At("likelihood"), "%v of 100 is taken as the likelihood %s of %s", likely, t.Likelihood, format.Clip(t.Name))
	}
	if ok2 {
		t.Says = line(t.Says, fmt.Sprintf("Impact: %v of 100.", bad))
	}
	if ok1 && ok2 {
		t.Severity = risks[t.Likelihood-ssf.Low][five(bad)-ssf.None]
		r.d.Report.Guess(n, "the severity %s of %s is what its likelihood and impact of %v give by spec/rating.md", t.Severity, format.Clip(t.Name), bad)
	}
}

// risks is the table in spec/rating.md: a row for each likelihood from low, a
// column for each impact from none.
var risks = [3][5]ssf.Level{
	{ssf.None, ssf.Low, ssf.Low, ssf.Medium, ssf.High},
	{ssf.None, ssf.Low, ssf.Medium, ssf.High, ssf.Critical},
	{ssf.None, ssf.Medium, ssf.High, ssf.Critical, ssf.Critical},
}

// states are the words for states of threats that the format's own tools use.
var states = map[string]format.Status{"expose": format.IsOpen, "exposed": format.IsOpen, "mitigate": format.IsMitigated, "partlymitigate": format.InPlanning, "partlymitigated": format.InPlanning, "accept": format.IsAccepted, "hidden": format.NoStatus}

// treated reads what was done about a threat: its state and its mitigations.
func (r *reader) treated(t *format.Threat, n, own *format.Node) {
	if own.Own("state") != "" {
		t.Decision(own)
		n.At("state").See()
	} else if word := n.Text("state"); word != "" {
		status, known := states[format.Squeeze(word)]
		if !known {
			status, known = format.ParseStatus(word)
		}
		if t.Status = status; !known {
			t.Status = format.IsOpen
			r.d.Report.Guess(n.At("state"), "state %q is taken as open", format.Clip(word))
		}
		if format.Squeeze(word) == "hidden" {
			r.d.Report.Drop(n.At("state"), "the threat is hidden in the tool, which does not say why")
		}
	}
	for _, m := range r.each(n, "mitigations") {
		id := m.Text("mitigation")
		state, ok := r.state(m.At("state"))
		if id == "" {
			r.d.Report.Omit(m, "it names no mitigation")
			continue
		}
		if !ok {
			r.d.Report.Omit(m, "mitigation %s is %s here, so it counters nothing", format.Clip(id), format.Clip(m.Text("state")))
			continue
		}
		def := r.means[id]
		if def == nil {
			r.d.Report.Guess(m, "mitigation %s is not among the mitigations of the file, so nothing but its id is known", format.Clip(id))
			def = m
		}
		if k := r.mitigation(def, state); !slices.Contains(t.Mitigated, k) {
			t.Mitigated = append(t.Mitigated, k)
		}
	}
	for _, id := range own.OwnIDs("mitigations") { // at what is neither component nor flow
		if def := r.means[string(id)]; def != nil {
			state, _ := r.state(def.At("attributes", "ssf:state"))
			t.Mitigated = append(t.Mitigated, r.mitigation(def, state))
		}
	}
}

// state is that of a mitigation at a threat; ok is false for one that is refused.
func (r *reader) state(n *format.Node) (state string, ok bool) {
	switch word := n.Text(); format.Squeeze(word) {
	case "implemented", "done", "mitigated", "tested":
		return "implemented", true
	case "required", "planned", "inprogress", "approved":
		return "planned", true
	case "recommended", "suggested", "proposed":
		return "proposed", true
	case "rejected", "notapplicable", "na":
		return "", false
	case "", "new", "open":
		return "", true
	default:
		r.d.Report.Drop(n, "state %q of a mitigation says nothing here", format.Clip(word))
		return "", true
	}
}

// An inState is a mitigation in one state: by its node, or by its id if the file
// does not define it.
type inState struct {
	node      *format.Node
	id, state string
}

// mitigation is the key of a mitigation in a state. In another state it is
// another one: what is there in one place may be missing in the next.
func (r *reader) mitigation(n *format.Node, state string) string {
	r.stated[n] = true
	id := cmp.Or(n.Text("id"), n.Text("mitigation"))
	is := inState{n, "", state}
	if n.Has("mitigation") && !n.Has("id") {
		is = inState{nil, id, state}
	}
	if k, ok := r.keys[is]; ok {
		return k
	}
	k := fmt.Sprintf("%d %s", len(r.keys), id)
	r.keys[is] = k
	m := &format.Mitigation{Node: n, Key: k, ID: id, Name: oneLine(n.Text("name")), Says: n.Text("description"), State: state}
	if m.Name == "" && m.Says == "" {
		m.Name = id
	}
	if own := n.At("attributes"); own.Own("id") != "" {
		m.Want, m.ID = ssf.ID(own.Own("id")), own.Own("from_tool")
		n.At("riskReduction").See()
	} else if v, ok := r.percent(n, "riskReduction"); ok && v > 0 {
		m.Says = line(m.Says, fmt.Sprintf("Reduces the risk by %v of 100, as the source has it.", v))
	}
	r.d.Mitigations = append(r.d.Mitigations, m)
	return k
}
