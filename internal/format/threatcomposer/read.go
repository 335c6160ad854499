// Package threatcomposer reads workspaces of AWS Threat Composer. See
// docs/formats/threat-composer.md for what becomes of each part.
package threatcomposer

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/format"
)

// Format is the form of Threat Composer's workspaces.
var Format = format.Format{
	Name:  "threat-composer",
	Title: "AWS Threat Composer",
	Is: func(n *format.Node) bool {
		return n.Has("schema") && slices.ContainsFunc([]string{"threats", "mitigations", "assumptions", "applicationInfo", "mitigationLinks", "dataflow"}, n.Has)
	},
	Read: read,
}

type reader struct {
	src         *format.Source
	d           *format.Draft
	threats     map[string]*format.Threat // by id, as all below
	mitigations map[string]*format.Mitigation
	assumptions map[string]*format.Assumption
	assets      map[string]*format.Element // by name
	actors      map[string]*format.Element
}

func read(src *format.Source) (*format.Draft, error) {
	root := src.Root
	r := &reader{src, format.NewDraft(src, "Threat Composer"), map[string]*format.Threat{}, map[string]*format.Mitigation{}, map[string]*format.Assumption{}, map[string]*format.Element{}, map[string]*format.Element{}}
	for _, key := range []string{"threats", "mitigations", "assumptions", "mitigationLinks", "assumptionLinks"} {
		if v := root.At(key); v != nil && v.Kind != format.List && v.Kind != format.Null {
			return nil, format.Refuse(v, "", "`%s` is %s, and a workspace of Threat Composer has a list there", key, v.Kind)
		}
	}
	root.Text("schema")
	r.system(root)
	for _, n := range r.entries(root, "assumptions") {
		a := &format.Assumption{Node: n, ID: n.Text("id"), Says: r.content(n, "assumption")}
		a.Name, _, _ = strings.Cut(n.Text("content"), "\n")
		r.d.Assumptions = append(r.d.Assumptions, a)
		put(r, r.assumptions, a.ID, a, n)
	}
	for _, n := range r.entries(root, "mitigations") {
		r.mitigation(n)
	}
	for _, n := range r.entries(root, "threats") {
		r.threat(n)
	}
	r.links(root)
	return r.d, nil
}

// entries are the objects of a list.
func (r *reader) entries(n *format.Node, key string) (out []*format.Node) {
	for _, k := range n.At(key).Entries() {
		if k.Kind != format.Map {
			r.d.Report.Omit(k, "an object is wanted here, and this is %s", k.Kind)
			continue
		}
		for _, look := range []string{"numericId", "displayOrder", "displayedStatement", "customTemplate"} {
			k.At(look).See()
		}
		out = append(out, k)
	}
	return out
}

// put remembers what has an id. What refers to an id that is used twice means the first.
func put[T any](r *reader, by map[string]T, id string, x T, n *format.Node) {
	if _, ok := by[id]; ok && id != "" {
		r.d.Report.Guess(n.At("id"), "the id %s is used before; what refers to it is taken to mean that one", format.Clip(id))
		return
	}
	by[id] = x
}

// add adds a line to a text, unless it is longer than what a model takes.
func add(says *string, line string, args ...any) {
	if len(*says) > format.MaxText {
		return
	}
	*says = strings.TrimSpace(*says + "\n" + fmt.Sprintf(line, args...))
}

// system reads what is described. Pictures are left behind.
func (r *reader) system(root *format.Node) {
	s := &r.d.System
	info := root.At("applicationInfo")
	s.Name = cmp.Or(info.Text("name"), root.Text("workspace", "name"))
	s.Says = info.Text("description")
	for _, part := range [][2]string{{"architecture", "Architecture"}, {"dataflow", "Data flow"}} {
		n := root.At(part[0])
		if says := n.Text("description"); says != "" {
			add(&s.Says, "%s: %s", part[1], says)
		}
		if image := n.At("image"); image.Holds() {
			text := image.Text()
			kind, data, ok := strings.Cut(text, ";base64,")
			if kind, is := strings.CutPrefix(kind, "data:"); is && ok {
				r.d.Report.Omit(image, "a picture (%s) of %d bytes", format.Clip(kind), len(strings.TrimRight(data, "="))*3/4)
			} else {
				r.d.Report.Omit(image, "a picture elsewhere: %s", format.Clip(text))
			}
		}
	}
	if at := root.At("workspace"); at.Holds() {
		if s.Name == at.Text("name") {
			at.At("name").See()
		}
		for _, k := range at.Entries() {
			if k.Key != "name" && k.Holds() {
				r.d.Report.Omit(k, "about the workspace, not the system")
			}
		}
	}
}

// content is the text of a mitigation or an assumption, with what people noted.
func (r *reader) content(n *format.Node, what string) string {
	says := n.Text("content")
	if says == "" {
		r.d.Report.Guess(n, "the %s has no text", what)
	}
	for _, m := range r.metadata(n) {
		if m.key == "Comments" {
			add(&says, "Comment: %s", m.text())
		} else {
			add(&says, "%s: %s", m.key, m.text())
		}
	}
	if tags := texts(n, "tags"); len(tags) > 0 {
		add(&says, "Tags: %s.", strings.Join(tags, ", "))
	}
	return says
}

// A note is one entry of the metadata that holds something.
type note struct {
	node   *format.Node
	key    string
	values []string
}

func (n *note) text() string { return strings.Join(n.values, ", ") }

func (r *reader) metadata(n *format.Node) (out []note) {
	for _, m := range r.entries(n, "metadata") {
		if key, values := m.Text("key"), texts(m, "value"); key != "" && len(values) > 0 {
			out = append(out, note{m.At("value"), key, values})
		}
	}
	return out
}

// texts are the texts of a list that hold something.
func texts(n *format.Node, key string) (out []string) {
	for _, v := range n.All(key) {
		if s := v.Text(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// states are what Threat Composer says of mitigations.
var states = map[string]string{"": "", "notset": "", "mitigationidentified": "proposed", "mitigationinprogress": "planned", "mitigationresolved": "implemented"}

func (r *reader) mitigation(n *format.Node) {
	m := &format.Mitigation{Node: n, ID: n.Text("id"), Says: r.content(n, "mitigation")}
	m.Key = "m/" + m.ID
	m.Name = first(cmp.Or(n.Text("content"), m.Says))
	status, known := n.Text("status"), false
	switch m.State, known = states[format.Squeeze(status)]; {
	case format.Squeeze(status) == "mitigationresolvedwillnotaction":
		m.State = "proposed"
		add(&m.Says, "Threat Composer: it was decided that this will not be done.")
		r.d.Report.Guess(n.At("status"), "it was decided not to do this; it stays as a proposal, and its text says so")
	case !known:
		m.State = "proposed"
		r.d.Report.Guess(n.At("status"), "status %q is not known, so this counts as a proposal", format.Clip(status))
	}
	if r.mitigations[m.ID] != nil || m.ID == "" {
		m.Key = "m/" + n.Path()
	}
	r.d.Mitigations = append(r.d.Mitigations, m)
	put(r, r.mitigations, m.ID, m, n)
}

// ids are the names of weaknesses and attacks in tags.
var ids = regexp.MustCompile(`^(?i)(CWE|CAPEC)-([1-9][0-9]{0,4})$`)

// threat reads a statement. Its name is what is done; the statement, and of its
// parts what is not in it, is the text.
func (r *reader) threat(n *format.Node) {
	rep := &r.d.Report
	t := &format.Threat{Node: n, ID: n.Text("id"), Says: n.Text("statement")}
	t.Name = first(cmp.Or(n.Text("threatAction"), t.Says))
	in := squeeze(t.Says[:min(len(t.Says), format.MaxText)])
	holds := func(part string) bool { return strings.Contains(in, squeeze(part)) }
	for _, part := range [][2]string{{"threatSource", "Source"}, {"prerequisites", "Prerequisites"}, {"threatAction", "Action"}, {"threatImpact", "Impact"}} {
		if s := n.Text(part[0]); s != "" && !holds(s) {
			add(&t.Says, "%s: %s", part[1], s)
		}
	}
	for _, v := range n.All("impactedGoal") {
		s := v.Text()
		if p := ssf.Property(format.Squeeze(s)); slices.Contains(ssf.AssetProperties, p) && !slices.Contains(t.Endangers, p) {
			t.Endangers = append(t.Endangers, p)
		}
		if s != "" && !holds(s) {
			add(&t.Says, "Impacted goal: %s", s)
		}
	}
	r.assetsOf(n, t, holds)
	r.source(n.At("threatSource"))
	var comments []string
	for _, m := range r.metadata(n) {
		switch m.key {
		case "STRIDE":
			for _, s := range m.values {
				if class := format.Stride(s); class != "" {
					t.Stride = append(t.Stride, class)
				} else {
					rep.Drop(m.node, "%q is no class of STRIDE", format.Clip(s))
				}
			}
		case "Priority":
			level, known := format.ParseSeverity(m.text())
			if t.Severity = level; !known {
				rep.Drop(m.node, "priority %q is no level", format.Clip(m.text()))
			}
		case "Comments":
			comments = append(comments, m.text())
		default:
			add(&t.Says, "%s: %s", m.key, m.text())
		}
	}
	var tags []string
	for _, tag := range texts(n, "tags") {
		switch id := ids.FindStringSubmatch(tag); {
		case id == nil:
			tags = append(tags, tag)
		case strings.EqualFold(id[1], "CWE"):
			t.Weaknesses = append(t.Weaknesses, "CWE-"+id[2])
		default:
			t.Attacks = append(t.Attacks, "CAPEC-"+id[2])
		}
	}
	if len(tags) > 0 {
		add(&t.Says, "Tags: %s.", strings.Join(tags, ", "))
	}
	for _, c := range comments {
		add(&t.Says, "Comment: %s", c)
	}
	status, known := n.Text("status"), false
	if t.Status, known = format.ParseStatus(status); !known {
		rep.Guess(n.At("status"), "status %q is taken as open", format.Clip(status))
		t.Status = format.IsOpen
	}
	t.Because = strings.Join(comments, "\n")
	r.d.Threats = append(r.d.Threats, t)
	put(r, r.threats, t.ID, t, n)
}

// assetsOf reads what a threat has an effect on. It stands at the first of these
// assets, and endangers all of them.
func (r *reader) assetsOf(n *format.Node, t *format.Threat, holds func(string) bool) {
	goals, named := t.Endangers, map[string]bool{}
	t.Endangers = nil
	for _, v := range n.All("impactedAssets") {
		name := strings.Join(strings.Fields(v.Text()), " ")
		if name == "" {
			continue
		}
		key := strings.ToLower(name)
		if named[key] {
			continue
		}
		named[key] = true
		a := r.assets[key]
		if a == nil {
			a = r.d.Add(&format.Element{Node: v, Key: "asset/" + key, Sort: ssf.SortAsset, Name: name, Ours: true})
			r.assets[key] = a
		}
		if len(t.At) == 0 {
			t.At = []string{a.Key}
		}
		if !holds(name) {
			add(&t.Says, "Impacted asset: %s", name)
		}
		for _, p := range goals {
			t.Cells = append(t.Cells, format.Cell{Element: a.Key, Property: p})
		}
	}
}

// roles are sources of threats that are plain roles: people who use the system.
// Any other source, such as an attacker, is only part of the statement.
var roles = map[string]bool{
	"user": true, "end user": true, "customer": true, "client": true, "employee": true, "administrator": true, "admin": true, "system administrator": true,
	"operator": true, "developer": true, "member": true, "guest": true, "patient": true, "student": true, "teacher": true, "contractor": true, "partner": true, "vendor": true, "auditor": true,
}

func (r *reader) source(n *format.Node) {
	name := strings.Join(strings.Fields(n.Text()), " ")
	for _, article := range []string{"A ", "An ", "The ", "a ", "an ", "the "} {
		name = strings.TrimPrefix(name, article)
	}
	key := strings.ToLower(name)
	if !roles[key] || r.actors[key] != nil {
		return
	}
	r.actors[key] = r.d.Add(&format.Element{Node: n, Key: "actor/" + key, Sort: ssf.SortActor, Name: name, Ours: true})
	r.d.Report.Guess(n, "%s is written as an actor, because it is a role from which a threat comes", format.Clip(name))
}

// links reads what belongs together. A mitigation counters a threat; what an
// assumption is about stands in its text, because it takes no threat away.
func (r *reader) links(root *format.Node) {
	rep := &r.d.Report
	for _, n := range r.entries(root, "mitigationLinks") {
		m, of := r.mitigations[n.Text("mitigationId")], n.Text("linkedId")
		t, a := r.threats[of], r.assumptions[of]
		switch {
		case m == nil || n.Text("mitigationId") == "":
			rep.Omit(n, "the link names mitigation %s, which the file does not have", format.Clip(n.Text("mitigationId")))
		case of != "" && t != nil:
			t.Mitigated = append(t.Mitigated, m.Key)
		case of != "" && a != nil:
			add(&a.Says, "Threat Composer links it to mitigation: %s", m.Name)
		default:
			rep.Omit(n, "the link names threat %s, which the file does not have", format.Clip(of))
		}
	}
	for _, n := range r.entries(root, "assumptionLinks") {
		id, of := n.Text("assumptionId"), n.Text("linkedId")
		a, t, m := r.assumptions[id], r.threats[of], r.mitigations[of]
		n.Text("type")
		switch {
		case a == nil || id == "":
			rep.Omit(n, "the link names assumption %s, which the file does not have", format.Clip(id))
		case of != "" && t != nil:
			add(&a.Says, "Threat Composer links it to threat: %s", first(cmp.Or(t.Name, t.Says)))
		case of != "" && m != nil:
			add(&a.Says, "Threat Composer links it to mitigation: %s", m.Name)
		default:
			rep.Omit(n, "the link names %s, which the file does not have", format.Clip(of))
		}
	}
	for _, t := range r.d.Threats {
		if t.Status == format.IsMitigated && len(t.Mitigated) == 0 {
			rep.Guess(t.Node.At("status"), "it is called resolved, and no mitigation is linked to it; whether it was mitigated or accepted is not said, so it stays open")
			t.Status = format.NoStatus
			add(&t.Says, "Threat Composer: resolved, without a mitigation.")
		}
	}
}

// squeeze is a text in lower case with single spaces.
func squeeze(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// first is the first line of a text, bounded, as a name.
func first(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(s); len(r) > 100 {
		s = string(r[:97]) + "..."
	}
	return strings.TrimRight(s, ". ")
}
