// Package oscal writes a case in the forms of OSCAL 1.1.3, the Open Security
// Controls Assessment Language of NIST: a component definition, an assessment
// plan, assessment results, and a plan of action and milestones. They refer to
// one another by UUIDs that are derived from names, so that each can be written
// by itself, and again later, and still fits the others.
//
// What OSCAL has no word for is a property in the namespace [Namespace]. What is
// only planned, claimed or not verified is never written as more than that.
//
// Begin with [Formats]; docs/formats/oscal.md says what becomes what.
package oscal

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // UUIDs of version 5 are defined over SHA-1
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ssf"
	"ssf/internal/format"
)

// Version is the version of OSCAL that is written.
const Version = "1.1.3"

// Namespace is the namespace of the properties, facets and identifiers that are
// this program's own.
const Namespace = "urn:ssf:oscal"

// The names under which the forms are written, and by which they refer to one
// another.
const (
	componentFile = "component-definition.json"
	planFile      = "assessment-plan.json"
	resultsFile   = "assessment-results.json"
	actionsFile   = "plan-of-action-and-milestones.json"
)

// Formats are the four forms. None of them is read.
var Formats = []format.Format{
	{Name: "oscal-component", Title: "OSCAL component definition", Write: writer(componentFile, (*export).componentDefinition), Loses: loses},
	{Name: "oscal-plan", Title: "OSCAL assessment plan", Write: writer(planFile, (*export).assessmentPlan), Loses: loses},
	{Name: "oscal-results", Title: "OSCAL assessment results", Write: writer(resultsFile, (*export).assessmentResults), Loses: loses},
	{Name: "oscal-poam", Title: "OSCAL plan of action and milestones", Write: writer(actionsFile, (*export).planOfAction), Loses: loses},
}

// loses is what stands in none of the four files.
var loses = []string{
	"Facts of elements are not written, so nobody can evaluate the model again from these files.",
	"Data flows are written as a dependency of the caller, and only between components; zones, functions and assets are written as names only.",
	"Questions, the elicitation matrices and the places and ways out of diagnostics are not written; the controls say how much is open.",
	"What differs between deployments is not written: states are the worst of all deployments.",
	"The lock file's pins, the bases of decisions and the comparison with an earlier commit are not written.",
	"Of the library, what measures leave open and their recipes for verification are not written.",
}

func writer(name string, build func(*export) (*document, error)) func(*ssf.Case) ([]format.File, error) {
	return func(c *ssf.Case) ([]format.File, error) {
		if y := c.Now.UTC().Year(); y < 1970 || y > 2999 {
			return nil, fmt.Errorf("writing %s: the time of the case is %s, and OSCAL needs a date of these centuries; evaluate it with another `--now`", name, c.Now.UTC().Format(time.DateOnly))
		}
		if len(c.Phases) == 0 {
			return nil, fmt.Errorf("writing %s: the case has no controls, so there is nothing to assess; write it again with `ssf check -o`", name)
		}
		d, err := build(newExport(c))
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		b, err := encode(d)
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		return []format.File{{Name: name, Data: b}}, nil
	}
}

func encode(d *document) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(d)
	return b.Bytes(), err
}

var errNothingOpen = errors.New("nothing is open, and OSCAL has no plan of action without an item; there is nothing to plan")

// An export is a case with the ways through it that the four forms share.
type export struct {
	c            *ssf.Case
	elements     map[ssf.ID]*ssf.ElementInfo
	mitigations  map[ssf.ID]*ssf.MitigationResult
	measures     map[ssf.ID]*ssf.MeasureInfo
	rules        map[ssf.ID]*ssf.RuleInfo
	requirements map[ssf.ID]*ssf.RequirementResult
	threats      map[ssf.ID]*ssf.Threat
	people       map[ssf.ID]*ssf.PersonInfo
	checking     map[ssf.ID][]*ssf.VerificationInfo // by what is verified
	decided      map[ssf.ID][]*ssf.DecisionResult   // by threat
	onMitigation map[ssf.ID]bool                    // rules
	calls        map[ssf.ID][]*ssf.ElementInfo      // flows, by where they begin
	countered    map[ssf.ID][]ssf.ID                // threats, by what counters them
	needed       map[ssf.ID][]ssf.ID                // requirements, by threat
	standsAt     map[ssf.ID][]ssf.ID                // components at which a threat stands, by threat
	joined       map[ssf.ID][]*ssf.JoinedThreat     // the team's own threats, by one that they are the same as
	here         map[ssf.ID][]*ssf.Threat           // threats, by component
	protects     map[ssf.ID][]ssf.ID                // components that a mitigation or claim protects
	sources      []*source
}

func newExport(c *ssf.Case) *export {
	x := &export{
		c:        c,
		elements: byID(c.Elements, func(e *ssf.ElementInfo) ssf.ID { return e.ID }), mitigations: byID(c.Mitigations, func(m *ssf.MitigationResult) ssf.ID { return m.ID }),
		measures: byID(c.Measures, func(m *ssf.MeasureInfo) ssf.ID { return m.ID }), rules: byID(c.Rules, func(r *ssf.RuleInfo) ssf.ID { return r.ID }),
		requirements: byID(c.Requirements, func(r *ssf.RequirementResult) ssf.ID { return r.ID }), threats: byID(c.Threats, func(t *ssf.Threat) ssf.ID { return t.ID }),
		people: byID(c.People, func(p *ssf.PersonInfo) ssf.ID { return p.ID }), onMitigation: c.OnMitigation(),
		checking: map[ssf.ID][]*ssf.VerificationInfo{}, decided: map[ssf.ID][]*ssf.DecisionResult{}, standsAt: map[ssf.ID][]ssf.ID{}, protects: map[ssf.ID][]ssf.ID{},
		calls: map[ssf.ID][]*ssf.ElementInfo{}, countered: map[ssf.ID][]ssf.ID{}, needed: map[ssf.ID][]ssf.ID{}, here: map[ssf.ID][]*ssf.Threat{}, joined: map[ssf.ID][]*ssf.JoinedThreat{},
	}
	for i := range c.Verifications {
		for _, what := range c.Verifications[i].Verifies {
			x.checking[what] = append(x.checking[what], &c.Verifications[i])
		}
	}
	for i := range c.Decisions {
		if d := &c.Decisions[i]; d.Kind == "threat" || d.Kind == "rate" {
			for _, t := range d.Covers {
				x.decided[t] = append(x.decided[t], d)
			}
		}
	}
	for i := range c.Elements {
		if e := &c.Elements[i]; e.Sort == ssf.SortFlow {
			x.calls[e.From] = append(x.calls[e.From], e)
		}
	}
	for i := range c.Requirements {
		for _, t := range c.Requirements[i].Threats {
			x.needed[t] = append(x.needed[t], c.Requirements[i].ID)
		}
	}
	for i := range c.Joined {
		for _, t := range c.Joined[i].As {
			x.joined[t] = append(x.joined[t], &c.Joined[i])
		}
	}
	x.place()
	for i := range c.Threats {
		t := &c.Threats[i]
		for _, m := range t.Mitigations {
			x.countered[m] = append(x.countered[m], t.ID)
		}
		for _, at := range x.standsAt[t.ID] {
			x.here[at] = append(x.here[at], t)
		}
	}
	x.sources = x.findSources()
	return x
}

func byID[T any](all []T, id func(*T) ssf.ID) map[ssf.ID]*T {
	out := make(map[ssf.ID]*T, len(all))
	for i := range all {
		out[id(&all[i])] = &all[i]
	}
	return out
}

// place finds the components at which threats stand, and which of them
// mitigations protect. A threat to a mitigation stands where that protects.
func (x *export) place() {
	for _, onMitigation := range []bool{false, true} {
		for i := range x.c.Threats {
			t := &x.c.Threats[i]
			if x.onMitigation[t.Rule] != onMitigation {
				continue
			}
			at := x.protects[t.Element]
			if !onMitigation {
				at = x.componentsOf(t.Element)
			}
			x.standsAt[t.ID] = slices.Clone(at)
			for _, m := range t.Mitigations {
				x.protects[m] = append(x.protects[m], at...)
			}
		}
		for m, at := range x.protects {
			slices.Sort(at)
			x.protects[m] = slices.Compact(at)
		}
	}
}

// componentsOf is the component that an element belongs to: the one that a flow
// enters, or that a function is at. What belongs to none has none.
func (x *export) componentsOf(id ssf.ID) []ssf.ID {
	e := x.elements[id]
	if e == nil {
		return nil
	}
	for _, id := range []ssf.ID{e.ID, e.To, e.From, e.At} {
		if c := x.elements[id]; c != nil && c.Sort == ssf.SortComponent {
			return []ssf.ID{id}
		}
	}
	return nil
}

// space is the name space of all ids: the UUID of version 5 of [Namespace] as a
// URL.
var space = [16]byte{0x62, 0xb8, 0x98, 0x41, 0xc6, 0x18, 0x50, 0x1d, 0xab, 0xe6, 0x72, 0x00, 0x38, 0xa4, 0xf0, 0x21}

// id is the UUID of a thing of this system: version 5 of RFC 4122 over the
// system's name, the kind of thing and its names.
func (x *export) id(kind string, names ...ssf.ID) string {
	h := sha1.New() //nolint:gosec // as above
	h.Write(space[:])
	for _, s := range append([]ssf.ID{ssf.ID(x.c.System.Name), ssf.ID(kind)}, names...) {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// product is the UUID of the system as a component, tool that of this program.
func (x *export) product() string { return x.id("system") }
func (x *export) tool() string    { return x.id("tool") }

// subjects are the components of a list, or the system where it is empty.
func (x *export) subjects(components []ssf.ID) []subjectRef {
	if len(components) == 0 {
		return []subjectRef{{x.product(), "component"}}
	}
	out := make([]subjectRef, len(components))
	for i, c := range components {
		out[i] = subjectRef{x.id("component", c), "component"}
	}
	return out
}

// covered are the components that a list of mitigations and claims protects; of
// a claim that no threat rests on, the one that makes it.
func (x *export) covered(by []ssf.ID) []ssf.ID {
	var out []ssf.ID
	for _, m := range by {
		at := x.protects[m]
		if e, _, claim := strings.Cut(string(m), "."); claim && len(at) == 0 {
			at = x.componentsOf(ssf.ID(e))
		}
		out = append(out, at...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The roles that people and organisations have.
const (
	roleProvider = "provider"
	roleContact  = "contact"
	roleDecider  = "decider"
	roleOwner    = "owner"
)

func (x *export) metadata(what string) metadata {
	s := &x.c.System
	m := metadata{
		Title: text(s.Name, "System") + ": " + what, Modified: stamp(x.c.Now), Version: line(s.Version, line(x.c.Commit, "unversioned")), OSCAL: Version,
		Props: own("tool", x.c.Tool), Roles: []role{{roleProvider, "Supplier of the product"}, {roleContact, "Contact for security"}, {roleDecider, "Decides about a risk"}, {roleOwner, "Sees to a plan"}},
	}
	m.Props = append(m.Props, own("commit", x.c.Commit)...)
	if x.c.Dirty {
		m.Props = append(m.Props, prop{Name: "working-tree", NS: Namespace, Value: "changed", Remarks: "The working tree differs from the commit."})
	}
	for _, l := range x.c.Library {
		m.Props = append(m.Props, prop{Name: "library", NS: Namespace, Value: line(l.Name+" "+l.Version, "-"), Remarks: "sha256:" + l.Digest.String()})
	}
	m.Props = append(m.Props, own("reach", string(x.c.Reach))...)
	m.Props = append(m.Props, own("reach-asked", string(x.c.ReachAsked))...)
	m.Props = append(m.Props, own("support-until", s.SupportUntil)...)
	if s.Supplier != "" || s.Contact != "" {
		p := party{UUID: x.supplier(), Type: "organization", Name: line(s.Supplier, "Supplier of "+line(s.Name, "the system"))}
		if address.MatchString(s.Contact) {
			p.Emails = []string{s.Contact}
		} else if s.Contact != "" {
			p.Props = own("contact", s.Contact)
		}
		m.Parties = append(m.Parties, p)
		m.Responsibles = append(m.Responsibles, responsibleParty{roleProvider, []string{p.UUID}})
		if s.Contact != "" {
			m.Responsibles = append(m.Responsibles, responsibleParty{roleContact, []string{p.UUID}})
		}
	}
	for i := range x.c.People {
		p := &x.c.People[i]
		props := append(own("person", string(p.ID)), own("accepts-up-to", p.AcceptsUpTo.String())...)
		m.Parties = append(m.Parties, party{UUID: x.id("person", p.ID), Type: "person", Name: line(p.Name, string(p.ID)), Props: append(props, own("accepts-for-at-most", p.ForAtMost)...)})
	}
	return m
}

// address is what is taken for an address of electronic mail: less than may be
// one, and nothing that is none.
var address = regexp.MustCompile(`^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9]+(-[A-Za-z0-9]+)*(\.[A-Za-z0-9]+(-[A-Za-z0-9]+)*)+$`)

func (x *export) supplier() string { return x.id("supplier") }

// responsible is a person of the model in a role; one whom nobody declared has
// the role and no name.
func (x *export) responsible(role string, person ssf.ID) []responsibleRole {
	if x.people[person] == nil {
		return []responsibleRole{{Role: role}}
	}
	return []responsibleRole{{role, []string{x.id("person", person)}}}
}

// byTool and byPerson are where a statement comes from.
func (x *export) byTool() []origin {
	return []origin{{Actors: []actor{{Type: "tool", UUID: x.tool()}}}}
}

func (x *export) byPerson(p ssf.ID) []origin {
	if x.people[p] == nil {
		return x.byTool()
	}
	return []origin{{Actors: []actor{{Type: "party", UUID: x.id("person", p), Role: roleDecider}}}}
}

// systemComponents are the product and its components, for forms that have no
// component definition at hand. Whether they are in operation, no model says.
func (x *export) systemComponents() []systemComponent {
	status := componentStatus{"other", "A model says what a product is made of, and not whether it is in operation."}
	p := x.productComponent()
	out := []systemComponent{{p.UUID, "this-system", p.Title, p.Description, p.Purpose, p.Props, p.Links, status, p.Roles}}
	for i := range x.c.Elements {
		if e := &x.c.Elements[i]; e.Sort == ssf.SortComponent {
			c := x.component(e)
			out = append(out, systemComponent{c.UUID, c.Type, c.Title, c.Description, c.Purpose, c.Props, c.Links, status, c.Roles})
		}
	}
	return out
}

// assets are what assesses: this program.
func (x *export) assets() assets {
	return assets{
		Components: []systemComponent{{
			UUID: x.tool(), Type: "software", Title: text(x.c.Tool, "ssf"), Description: "Derives threats from a model of the product, and judges by signed evidence what is verified.",
			Status: componentStatus{State: "operational"},
		}},
		Platforms: []platform{{x.id("platform"), text(x.c.Tool, "ssf"), []usesComponent{{x.tool()}}}},
	}
}

// own is a property of this program's, or none without a value.
func own(name, value string) []prop {
	if value = line(value, ""); value == "" {
		return nil
	}
	return []prop{{Name: name, NS: Namespace, Value: value}}
}

func ownAll[S ~string](name string, values []S) (out []prop) {
	for _, v := range values {
		out = append(out, own(name, string(v))...)
	}
	return out
}

// oscal is a property of OSCAL's own.
func oscal(name, value string) prop { return prop{Name: name, Value: value} }

// stamp is a time as OSCAL has it.
func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }

// dayEnd is the last second of a day, dayStart its first. What is no date is
// nothing.
func dayEnd(date string) string   { return day(date, "T23:59:59Z") }
func dayStart(date string) string { return day(date, "T00:00:00Z") }

func day(date, at string) string {
	if t, err := time.Parse(time.DateOnly, date); err != nil || t.Year() < 1970 || t.Year() > 2999 {
		return ""
	}
	return date + at
}

// line is text that is no markup, without breaks and what no reader shows; other
// where nothing is left.
func line(s, other string) string {
	if s = visible(s); s == "" {
		return visible(other)
	}
	return s
}

func visible(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == 0xfffe, r == 0xffff:
			return -1
		}
		return r
	}, s)), " ")
}

// markup is what begins something in the Markdown of OSCAL, inserted parameters
// included.
var markup = regexp.MustCompile("[\\\\`*<>\\[\\]{}^~|&]|(^|[^\\pL\\pN])_|_([^\\pL\\pN]|$)|^([#+=-]|\\d+[.)])")

// text is a model's text as Markdown in which nothing is markup.
func text(s, other string) string {
	s = line(s, other)
	return markup.ReplaceAllStringFunc(s, func(m string) string {
		i := strings.IndexAny(m, "_.)")
		if len(m) == 1 || i < 0 {
			i = 0
		}
		return m[:i] + `\` + m[i:]
	})
}

// code is a name as code in Markdown.
func code[S ~string](s S) string {
	return "`" + strings.NewReplacer("`", "'", "{{", "{ {").Replace(line(string(s), "-")) + "`"
}

func codes[S ~string](names []S) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = code(n)
	}
	return strings.Join(out, ", ")
}

// spaced is a word of ours as a reader has it.
func spaced[S ~string](word S) string {
	return text(strings.ReplaceAll(string(word), "_", " "), "unknown")
}

// sentence puts a stop behind a text that has none.
func sentence(s string) string {
	if s == "" || strings.ContainsRune(".!?:", rune(s[len(s)-1])) {
		return s
	}
	return s + "."
}

// upper begins a sentence.
func upper(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// token is a name as an OSCAL token: letters, digits, points and lines, with a
// letter first.
func token(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '-'
	}, s)
	if r, _ := utf8.DecodeRuneInString(s); unicode.IsLetter(r) || r == '_' {
		return s
	}
	return "_" + s
}
