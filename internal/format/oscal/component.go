package oscal

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// The implementation states that are used of those that OSCAL allows.
const (
	implemented = "implemented"
	partial     = "partial"
	planned     = "planned"
)

// A standing is what a mitigation or a claimed fact is worth.
type standing struct {
	state    string // implemented, partial or planned; empty where nobody plans it
	finer    string // our own word
	verified string // verified, not-verified, or the standing of what keeps it from being so
	says     string // as Markdown
}

// standing judges a mitigation by its state and place, and a claim by its proof
// alone: nobody wrote down where it sits.
func (x *export) standing(id ssf.ID) standing {
	s := standing{verified: "not-verified"}
	var by []string
	worst, broken := "", false
	for _, v := range x.checking[id] {
		by = append(by, fmt.Sprintf("%s (%s)", code(v.ID), spaced(v.State)))
		if v.State != ssf.Stands && worst == "" {
			worst = string(v.State)
		}
		if contradicts(v) {
			worst, broken = string(v.State), true
		}
	}
	switch {
	case len(by) > 0 && worst == "":
		s.verified = "verified"
	case worst != "":
		s.verified = line(worst, "not-verified")
	}
	m := x.mitigations[id]
	switch {
	case m == nil && s.verified == "verified":
		s.state, s.finer, s.says = implemented, "claimed", "claimed as a fact of the model, and verified"
	case m == nil:
		s.state, s.finer, s.says = partial, "claimed", "only claimed as a fact of the model"
	case m.State == "implemented" && broken:
		s.state, s.finer, s.says = partial, "implemented-and-failing", "said to be implemented, but does not work"
	case m.State == "implemented" && m.Placed:
		s.state, s.finer, s.says = implemented, m.State, "implemented at "+codes(m.Where)
	case m.State == "implemented":
		s.state, s.finer, s.says = partial, "implemented-without-place", "said to be implemented, but nothing shows where"
		if len(m.Where) > 0 {
			s.says = "said to be implemented at " + codes(m.Where) + ", which is not all there"
		}
	case m.State == "planned":
		s.state, s.finer, s.says = planned, m.State, "only planned"
	default:
		s.finer, s.says = line(m.State, "unknown"), "only "+text(m.State, "named")+", and nobody plans it"
	}
	switch {
	case len(by) == 0:
		s.says += "; nothing verifies it"
	case s.verified == "verified":
		s.says += "; verified by " + strings.Join(by, ", ")
	default:
		s.says += "; not verified today, by " + strings.Join(by, ", ")
	}
	return s
}

// contradicts reports whether a verification shows that something does not hold,
// other than showing nothing.
func contradicts(v *ssf.VerificationInfo) bool {
	return v.State == ssf.Standing(ssf.Failed) || v.State == ssf.Disputed
}

// together is the state of several: all must be there for the whole to be.
func together(states []string) string {
	all, any := len(states) > 0, false
	for _, s := range states {
		all = all && s == implemented
		any = any || s == implemented || s == partial
	}
	switch {
	case all:
		return implemented
	case any:
		return partial
	}
	return planned
}

// titleOf is what people call a mitigation or a claim.
func (x *export) titleOf(id ssf.ID) string {
	if m := x.mitigations[id]; m != nil {
		if m.Name != "" {
			return m.Name
		}
		if k := x.measures[m.Measure]; k != nil {
			return k.Title
		}
	}
	return string(id)
}

// told is a list of mitigations and claims as Markdown, with a property for each.
func (x *export) told(ids []ssf.ID) (says string, props []prop) {
	var b strings.Builder
	for _, id := range ids {
		s := x.standing(id)
		fmt.Fprintf(&b, "- %s", code(id))
		if t := x.titleOf(id); t != string(id) {
			fmt.Fprintf(&b, " (%s)", text(t, "-"))
		}
		fmt.Fprintf(&b, ": %s.\n", s.says)
		props = append(props, prop{Name: "mitigation", NS: Namespace, Value: line(string(id), "-"), Class: token(s.finer), Remarks: s.verified})
	}
	return strings.TrimSuffix(b.String(), "\n"), props
}

func (x *export) componentDefinition() (*document, error) {
	back, err := x.backMatter()
	if err != nil {
		return nil, err
	}
	out := &componentDefinition{UUID: x.id("component-definition"), Metadata: x.metadata("component definition"), Back: back}
	p := x.productComponent()
	p.Controls = x.ofProduct()
	out.Components = append(out.Components, p)
	for i := range x.c.Elements {
		if e := &x.c.Elements[i]; e.Sort == ssf.SortComponent {
			c := x.component(e)
			c.Controls = x.ofComponent(e.ID)
			out.Components = append(out.Components, c)
		}
	}
	for i := range x.c.Mitigations {
		out.Capabilities = append(out.Capabilities, x.capability(&x.c.Mitigations[i]))
	}
	return &document{Components: out}, nil
}

// productComponent is the system as a whole.
func (x *export) productComponent() definedComponent {
	s := &x.c.System
	name := text(s.Name, "System")
	c := definedComponent{UUID: x.product(), Type: "software", Title: name, Description: text(s.Purpose, name), Props: append(own("supplier", s.Supplier), ownAll("misuse", s.Misuse)...)}
	if s.Purpose != "" {
		c.Purpose = c.Description
	}
	if s.Version != "" {
		c.Props = append(c.Props, oscal("version", line(s.Version, "-")))
	}
	if s.Supplier != "" || s.Contact != "" {
		c.Roles = []responsibleRole{{roleProvider, []string{x.supplier()}}}
	}
	return c
}

// hardware and services are the kinds that are no software of the system's own.
var (
	hardware = []ssf.ID{"device", "host"}
	services = []ssf.ID{
		"web_service", "api", "web_app", "graphql_api", "admin_app", "service", "identity_provider", "reverse_proxy", "api_gateway", "content_delivery_network", "mail_service",
		"external_service", "name_service", "monitoring_service", "remote_access_service", "payment_service", "ai_model", "language_model", "classifier", "cluster", "cloud_account",
		"supply", "source_repository", "pipeline", "package_registry", "container_registry", "signing_service", "update_service",
	}
)

func (x *export) component(e *ssf.ElementInfo) definedComponent {
	kind := "software"
	switch {
	case slices.Contains(hardware, e.Kind):
		kind = "hardware"
	case slices.Contains(services, e.Kind):
		kind = "service"
	}
	c := definedComponent{UUID: x.id("component", e.ID), Type: kind, Title: text(e.Name, string(e.ID))}
	c.Description = text(e.Says, "")
	if c.Description == "" {
		c.Description = "A component of a kind that nobody stated"
		if e.Kind != "" {
			c.Description = upper(ssf.Article(spaced(e.Kind)))
		}
		if e.Zone != "" {
			c.Description += ", in the zone " + code(e.Zone)
		}
		c.Description += "."
	}
	c.Props = slices.Concat(own("id", string(e.ID)), own("kind", string(e.Kind)), own("zone", string(e.Zone)), ownAll("technology", e.Tech), ownAll("stores", e.Stores), ownAll("code", e.Code), own("from-tool", e.FromTool))
	for _, f := range x.calls[e.ID] {
		to := x.elements[f.To]
		if to == nil || to.Sort != ssf.SortComponent || f.To == e.ID {
			continue
		}
		says := "flow " + line(string(f.ID), "-")
		if f.Over != "" {
			says += " over " + line(string(f.Over), "-")
		}
		for _, part := range []struct {
			verb   string
			assets []ssf.ID
		}{{", sends ", f.Sends}, {", returns ", f.Returns}} {
			if len(part.assets) > 0 {
				says += part.verb + ssf.Join(part.assets)
			}
		}
		c.Links = append(c.Links, link{Href: "#" + x.id("component", f.To), Rel: "depends-on", Text: text(says, "-")})
	}
	return c
}

// ofProduct is what the system as a whole has of each source: the framework's
// controls by their states, and requirements and catalogues by how they are met.
func (x *export) ofProduct() (out []implementation) {
	for _, s := range x.sources {
		im := implementation{UUID: x.id("implementation", ssf.ID(s.key), "system"), Source: "#" + x.resource(s), Description: text(s.title, "-") + ", for the product as a whole."}
		if s.key == framework {
			im.Requirements = x.controls(s)
		} else {
			for _, d := range s.controls {
				if reqs := s.byRequirement[d.name]; len(reqs) > 0 {
					im.Requirements = append(im.Requirements, x.met(s, d.name, reqs))
				}
			}
		}
		if len(im.Requirements) > 0 {
			out = append(out, im)
		}
	}
	return out
}

// controls are the framework's controls. One that is not assessed or unknown is
// no more than planned: OSCAL has no lower state, and says so in the remarks.
func (x *export) controls(s *source) (out []implementedRequirement) {
	for _, d := range s.controls {
		k := x.controlState(d.name)
		state := planned
		switch {
		case k.Status == ssf.Met:
			state = implemented
		case k.Looked > len(k.Open) && k.Status == ssf.Unmet:
			state = partial
		}
		r := x.requirement(s, d.name, "", state, statusSays(k))
		r.Props = append(r.Props, own("control-status", string(k.Status))...)
		r.Props = append(r.Props, ownAll("open", k.Open)...)
		if k.Status == ssf.UnknownYet || k.Status == ssf.NotAssessed {
			r.Remarks = "Nothing shows that this is implemented or planned: the state is the lowest that there is."
		}
		out = append(out, r)
	}
	return out
}

// controlState is the state of a control in all phases: it is met only if it is
// met in each in which it counts.
func (x *export) controlState(name string) ssf.ControlResult {
	var out ssf.ControlResult
	order := []ssf.Status{ssf.Met, ssf.NotAssessed, ssf.UnknownYet, ssf.Unmet}
	for _, p := range x.c.Phases {
		for _, k := range p.Controls {
			if token(string(k.ID)) == name && (out.ID == "" || slices.Index(order, k.Status) > slices.Index(order, out.Status)) {
				out = k
			}
		}
	}
	return out
}

// statusSays tells the state of a control in a sentence.
func statusSays(k ssf.ControlResult) string {
	return fmt.Sprintf("%s (%s) is %s: %s", text(string(k.ID), "-"), text(k.Title, "-"), spaced(k.Status), sentence(text(k.Why, "nothing is said about why")))
}

// requirement is one implemented requirement with its one statement.
func (x *export) requirement(s *source, name string, at ssf.ID, state, says string) implementedRequirement {
	return implementedRequirement{
		UUID: x.id("implemented", ssf.ID(s.key), ssf.ID(name), at), Control: name, Description: says, Props: []prop{oscal("implementation-status", state)},
		Statements: []statement{{ID: s.statement(name), UUID: x.id("statement", ssf.ID(s.key), ssf.ID(name), at), Description: says}},
	}
}

// met tells how the requirements behind a control fare in the whole product.
func (x *export) met(s *source, name string, reqs []ssf.ID) implementedRequirement {
	var says, states []string
	var props []prop
	for _, id := range reqs {
		r := x.requirements[id]
		states = append(states, x.requirementState(r))
		say := fmt.Sprintf("Requirement %s (%s) is %s", code(id), strings.TrimRight(text(r.Says, "-"), "."), spaced(r.Status))
		if len(r.Open) > 0 {
			say += fmt.Sprintf(": of %d threats to it %d are open or only planned for", len(r.Threats), len(r.Open))
		}
		says = append(says, say+".")
		props = append(props, prop{Name: "requirement", NS: Namespace, Value: line(string(id), "-"), Class: token(string(r.Status))})
		props = append(props, protects(r)...)
	}
	out := x.requirement(s, name, "", together(states), strings.Join(says, " "))
	out.Props = append(out.Props, props...)
	return out
}

// protects is what a requirement protects, as one property.
func protects(r *ssf.RequirementResult) []prop {
	var cells []string
	for _, c := range r.Protects {
		cells = append(cells, c.String())
	}
	return own("protects", strings.Join(cells, ", "))
}

// requirementState is how far a requirement is implemented: wholly only if it is
// upheld by the product itself, without anything accepted or left to others.
func (x *export) requirementState(r *ssf.RequirementResult) string {
	var states []string
	for _, id := range r.Threats {
		if t := x.threats[id]; t != nil && t.State != ssf.NotApplicable {
			states = append(states, x.treated(t))
		}
	}
	state := together(states)
	if state == implemented && r.Status != ssf.Upheld {
		state = partial
	}
	return state
}

// treated is how far what counters a threat is there.
func (x *export) treated(t *ssf.Threat) string {
	var states []string
	for _, m := range t.Mitigations {
		states = append(states, x.standing(m).state)
	}
	state := together(states)
	if state == implemented && t.State != ssf.Mitigated && t.State != ssf.Verified && t.State != ssf.Claimed {
		state = partial
	}
	return state
}

// ofComponent is what stands in one component against the threats there: all of
// it under the framework's control that asks for mitigations, and again under
// each requirement and entry that it serves.
func (x *export) ofComponent(at ssf.ID) (out []implementation) {
	needed := map[ssf.ID][]*ssf.Threat{} // by requirement
	for _, t := range x.here[at] {
		for _, r := range x.needed[t.ID] {
			needed[r] = append(needed[r], t)
		}
	}
	for _, s := range x.sources {
		im := implementation{UUID: x.id("implementation", ssf.ID(s.key), at), Source: "#" + x.resource(s), Description: "What the component does for: " + text(s.title, "-") + "."}
		for _, d := range s.controls {
			var threats []*ssf.Threat
			if s.key == framework {
				if d.name != mitigationControl {
					continue
				}
				threats = x.here[at]
			} else {
				seen := map[*ssf.Threat]bool{}
				for _, r := range s.byRequirement[d.name] {
					for _, t := range needed[r] {
						if !seen[t] {
							seen[t] = true
							threats = append(threats, t)
						}
					}
				}
			}
			if r, ok := x.against(s, d.name, at, threats); ok {
				im.Requirements = append(im.Requirements, r)
			}
		}
		if len(im.Requirements) > 0 {
			out = append(out, im)
		}
	}
	return out
}

// mitigationControl is the control that asks for a mitigation for each threat.
const mitigationControl = "IM-1"

// against tells what stands against some threats in a component, if anything does.
func (x *export) against(s *source, name string, at ssf.ID, threats []*ssf.Threat) (implementedRequirement, bool) {
	var by []ssf.ID
	var states []string
	open := []ssf.ID{}
	for _, t := range threats {
		by = append(by, t.Mitigations...)
		if !t.State.Treated() {
			open = append(open, t.ID)
		}
		if t.State != ssf.NotApplicable && t.State != ssf.Transferred {
			states = append(states, x.treated(t))
		}
	}
	if len(by) == 0 {
		return implementedRequirement{}, false
	}
	slices.Sort(by)
	list, props := x.told(slices.Compact(by))
	says := fmt.Sprintf("Against %d threats at %s:\n\n%s", len(threats), code(at), list)
	if len(threats) == 1 {
		says = fmt.Sprintf("Against %s:\n\n%s", code(threats[0].ID), list)
	}
	if len(open) > 0 {
		says += fmt.Sprintf("\n\nOf these threats %d are open.", len(open))
	}
	r := x.requirement(s, name, at, together(states), fmt.Sprintf("What counters threats at %s, and what of it is shown to work.", code(at)))
	r.Statements[0].Description, r.Statements[0].Props = says, props
	r.Props = append(r.Props, ownAll("open", open)...)
	return r, true
}

// capability is a mitigation: what it counters, where, and what it answers of
// the catalogues that the model uses.
func (x *export) capability(m *ssf.MitigationResult) capability {
	s := x.standing(m.ID)
	out := capability{UUID: x.id("mitigation", m.ID), Name: line(x.titleOf(m.ID), "-")}
	if k := x.measures[m.Measure]; k != nil {
		out.Remarks = "The library says of the measure " + code(k.ID) + ": " + sentence(text(k.Says, "-"))
	}
	out.Description = fmt.Sprintf("%s: %s.", code(m.ID), s.says)
	if m.Says != "" {
		out.Description = sentence(text(m.Says, "-")) + " " + out.Description
	}
	if len(m.Counters) > 0 {
		out.Description += " It counters " + codes(m.Counters) + "."
	}
	out.Props = own("id", string(m.ID))
	if s.state != "" {
		out.Props = append(out.Props, oscal("implementation-status", s.state))
	}
	out.Props = slices.Concat(out.Props, own("state", s.finer), own("verification", s.verified), own("measure", string(m.Measure)), ownAll("where", m.Where), own("from-tool", m.FromTool))
	for _, c := range x.protects[m.ID] {
		out.Incorporates = append(out.Incorporates, incorporates{x.id("component", c), "Threats at " + code(c) + " are countered by it."})
	}
	if s.state == "" {
		return out
	}
	for _, src := range x.sources {
		im := implementation{UUID: x.id("implementation", ssf.ID(src.key), "mitigation", m.ID), Source: "#" + x.resource(src), Description: "The entries that this kind of measure answers, as the library says; no requirement need have asked for it."}
		for _, name := range src.byMeasure[m.Measure] {
			r := x.requirement(src, name, "mitigation:"+m.ID, s.state, out.Description)
			r.Props = append(r.Props, own("verification", s.verified)...)
			im.Requirements = append(im.Requirements, r)
		}
		if len(im.Requirements) > 0 {
			out.Controls = append(out.Controls, im)
		}
	}
	return out
}
