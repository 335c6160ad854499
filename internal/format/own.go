package format

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// This file keeps what our language says and another form has no field for, as
// attributes: names that begin with `ssf:`, with plain texts, which other
// programs carry along unread. What a form has a field for is read from that
// field, so that an edit in another tool counts.

// ownPrefix begins the names of our attributes in other forms.
const ownPrefix = "ssf:"

// Attributes are attributes of ours by name, without the prefix.
type Attributes map[string]string

// Put sets an attribute, unless it says nothing.
func (a Attributes) Put(name, value string) {
	if value != "" {
		a[ownPrefix+name] = value
	}
}

// PutList sets an attribute to ids or other words.
func PutList[T any](a Attributes, name string, ids []T) {
	var words []string
	for _, id := range ids {
		words = append(words, fmt.Sprint(id))
	}
	a.Put(name, strings.Join(words, ", "))
}

// Describe are the attributes of an element: its id here, and everything that the
// model says of it beside its name, its text, its place and its ends.
func Describe(e *ssf.ElementInfo) Attributes {
	a := Attributes{}
	a.Put("id", string(e.ID))
	a.Put("from_tool", e.FromTool)
	a.Put("kind", string(e.Kind))
	PutList(a, "tech", e.Tech)
	a.Put("over", string(e.Over))
	PutList(a, "stores", e.Stores)
	PutList(a, "sends", e.Sends)
	PutList(a, "returns", e.Returns)
	for _, n := range e.Needs {
		a.Put("need:"+string(n.Property), n.Level.String())
	}
	for _, f := range e.Facts {
		if f.Via == ssf.Declared {
			a.Put("fact:"+string(f.Name), string(f.Value))
		}
	}
	return a
}

// Own is the attribute of ours with a name among the attributes at a node; empty if there is none.
func (n *Node) Own(name string) string { return n.Text(ownPrefix + name) }

// OwnIDs are the ids in an attribute of ours.
func (n *Node) OwnIDs(name string) (ids []ssf.ID) {
	for _, id := range strings.FieldsFunc(n.Own(name), func(r rune) bool { return r == ',' || r == ' ' }) {
		ids = append(ids, ssf.ID(id))
	}
	return ids
}

// Described reads back what [Describe] wrote, from the attributes at a node. The
// key of an asset is what makes a key of its id. It reports whether they are of
// an element of ours.
func (e *Element) Described(at *Node, asset func(id ssf.ID) string) bool {
	id := at.Own("id")
	if id == "" {
		return false
	}
	e.Want, e.ID = ssf.ID(id), at.Own("from_tool")
	if kind := at.Own("kind"); kind != "" {
		e.Kind = ssf.ID(kind)
	}
	if over := at.Own("over"); over != "" {
		e.Over = ssf.ID(over)
	}
	e.Tech = append(e.Tech, at.OwnIDs("tech")...)
	for name, to := range map[string]*[]string{"stores": &e.Stores, "sends": &e.Sends, "returns": &e.Returns} {
		for _, id := range at.OwnIDs(name) {
			if k := asset(id); !slices.Contains(*to, k) {
				*to = append(*to, k)
			}
		}
	}
	for _, n := range at.Entries() {
		if name, ok := strings.CutPrefix(n.Key, ownPrefix+"fact:"); ok {
			e.Fact(n, ssf.ID(name), ssf.Value(n.Text()))
		}
		if name, ok := strings.CutPrefix(n.Key, ownPrefix+"need:"); ok && slices.Contains(ssf.AssetProperties, ssf.Property(name)) {
			if level, ok := ssf.ParseLevel(n.Text()); ok {
				e.Need(ssf.Property(name), level)
			}
		}
	}
	return true
}

// Need sets how much of a property an asset needs.
func (e *Element) Need(p ssf.Property, l ssf.Level) {
	if e.Needs == nil {
		e.Needs = map[ssf.Property]ssf.Level{}
	}
	e.Needs[p] = l
}

// DescribeThreat are the attributes of a threat wherever it stands: the rule that it
// comes from, or the id of one of the team's own.
func DescribeThreat(t *ssf.Threat) Attributes {
	a := Attributes{}
	own, ok := strings.CutPrefix(string(t.Rule), "own/")
	if !ok {
		a.Put("rule", string(t.Rule))
		return a
	}
	a.Put("id", own)
	a.Put("from_tool", t.FromTool)
	a.Put("origin", string(t.Origin))
	PutList(a, "stride", t.Stride)
	PutList(a, "weaknesses", t.Weaknesses)
	PutList(a, "attacks", t.Attacks)
	PutList(a, "endangers", t.Endangers)
	if t.Severity != ssf.Unknown {
		a.Put("severity", t.Severity.String())
	}
	if t.Likelihood != ssf.Unknown {
		a.Put("likelihood", t.Likelihood.String())
	}
	return a
}

// DescribeJoined are those of one of the team's own that is the same as some of the
// library's.
func DescribeJoined(t *ssf.JoinedThreat) Attributes {
	a := DescribeThreat(&ssf.Threat{Rule: t.ID, Weaknesses: t.Weaknesses, Attacks: t.Attacks, Severity: t.Severity, FromTool: t.FromTool})
	PutList(a, "same_as", t.As)
	return a
}

// Described reads back what [DescribeThreat] and [DescribeJoined] wrote, from the
// attributes at a node. It reports whether they are of a threat of ours.
func (t *Threat) Described(at *Node, asset func(id ssf.ID) string) bool {
	id, rule := at.Own("id"), at.Own("rule")
	if id == "" && rule == "" {
		return false
	}
	t.Want, t.Rule, t.ID, t.Derived = ssf.ID(id), rule, at.Own("from_tool"), rule != ""
	if t.Derived {
		t.Same = []ssf.ID{ssf.ID(rule)}
		return true
	}
	if t.Name == t.Says {
		t.Name = ""
	}
	for _, o := range []ssf.Origin{ssf.Behaviour, ssf.Architecture, ssf.Implementation} {
		if at.Own("origin") == string(o) {
			t.Origin = o
		}
	}
	t.Likelihood, _ = ssf.ParseLevel(at.Own("likelihood"))
	t.Severity, _ = ssf.ParseLevel(at.Own("severity"))
	t.Stride, t.Weaknesses, t.Attacks = nil, nil, nil
	for _, s := range at.OwnIDs("stride") {
		t.Stride = append(t.Stride, Stride(string(s)))
	}
	for _, w := range at.OwnIDs("weaknesses") {
		t.Weaknesses = append(t.Weaknesses, string(w))
	}
	for _, w := range at.OwnIDs("attacks") {
		t.Attacks = append(t.Attacks, string(w))
	}
	for _, s := range at.OwnIDs("same_as") {
		rule, _, _ := strings.Cut(string(s), "@")
		t.Same = append(t.Same, ssf.ID(rule))
	}
	for _, s := range at.OwnIDs("endangers") {
		if e, p, ok := strings.Cut(string(s), "."); ok {
			t.Cells = append(t.Cells, Cell{asset(ssf.ID(e)), ssf.Property(p)})
		}
	}
	return true
}

// Decision reads back the decision that [DescribeState] wrote.
func (t *Threat) Decision(at *Node) {
	t.Status = NoStatus
	for _, s := range []Status{IsAccepted, IsTransferred, IsNotRelevant} {
		if at.Own("treat") == string(s) {
			t.Status, t.Because, t.By, t.Until = s, at.Own("because"), at.Own("by"), at.Own("until")
		}
	}
}

// DescribeState are the attributes of a threat where it stands: its state, why
// that is so, and who decided it until when.
func DescribeState(t *ssf.Threat, d *ssf.DecisionResult) Attributes {
	a := Attributes{}
	a.Put("state", string(t.State))
	a.Put("why", t.Why)
	a.Put("risk", t.Risk.String())
	if d != nil {
		a.Put("treat", string(t.State))
		a.Put("because", d.Because)
		a.Put("by", string(d.By))
		a.Put("until", d.Until)
	}
	return a
}

// DescribeMitigation are the attributes of a mitigation, with what its
// verifications are worth today.
func DescribeMitigation(c *ssf.Case, m *ssf.MitigationResult) Attributes {
	a := Attributes{}
	a.Put("id", string(m.ID))
	a.Put("from_tool", m.FromTool)
	a.Put("state", m.State)
	a.Put("measure", string(m.Measure))
	PutList(a, "where", m.Where)
	var shown []string
	for i := range c.Verifications {
		if v := &c.Verifications[i]; slices.Contains(v.Verifies, m.ID) {
			shown = append(shown, string(v.ID)+": "+string(v.State))
		}
	}
	a.Put("verifications", strings.Join(shown, ", "))
	return a
}

// Decided are the decisions that give threats their states, by threat.
func Decided(c *ssf.Case) map[ssf.ID]*ssf.DecisionResult {
	states := map[ssf.ID]ssf.State{}
	for i := range c.Threats {
		states[c.Threats[i].ID] = c.Threats[i].State
	}
	treats := map[string]ssf.State{"accept": ssf.Accepted, "transfer": ssf.Transferred, "not_applicable": ssf.NotApplicable}
	out := map[ssf.ID]*ssf.DecisionResult{}
	for i := range c.Decisions {
		d := &c.Decisions[i]
		for _, id := range d.Covers {
			if d.Kind == "threat" && treats[d.Treat] != "" && treats[d.Treat] == states[id] && out[id] == nil {
				out[id] = d
			}
		}
	}
	return out
}

// Countered are the mitigations of threats, those that are only proposed too.
func Countered(c *ssf.Case) map[ssf.ID][]*ssf.MitigationResult {
	out := map[ssf.ID][]*ssf.MitigationResult{}
	for i := range c.Mitigations {
		for _, id := range c.Mitigations[i].Counters {
			out[id] = append(out[id], &c.Mitigations[i])
		}
	}
	return out
}
