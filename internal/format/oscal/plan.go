package oscal

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
)

// methods are the methods of an assessment (SP 800-53A) by those of a
// verification: what a program or a person does to the product tests it, what
// looks at it examines it, and what somebody says is asked of him.
var methods = map[string]string{"test": "TEST", "pentest": "TEST", "scan": "EXAMINE", "review": "EXAMINE", "config_check": "EXAMINE", "attestation": "INTERVIEW"}

func method(v *ssf.VerificationInfo) string {
	if m := methods[v.Method]; m != "" {
		return m
	}
	return "TEST"
}

func (x *export) assessmentPlan() (*document, error) {
	ssp := resource{
		UUID: x.id("system-description"), Title: "Description of the system", Links: []rlink{{componentFile, "application/oscal.component-definition+json"}},
		Description: "The component definition of the product, which stands for a system security plan: a product is no system in operation, and has none.",
	}
	back, err := x.backMatter(ssp)
	if err != nil {
		return nil, err
	}
	out := &assessmentPlan{
		UUID: x.id("assessment-plan"), Metadata: x.metadata("assessment plan"), Back: back, Reviewed: x.reviewed(), Assets: x.assets(),
		Import:   importing{"#" + ssp.UUID, "There is no system security plan; the component definition describes the product, and the local definitions below name its parts."},
		Subjects: []subject{{Type: "component", All: &struct{}{}}},
	}
	out.Local.Components = x.systemComponents()
	for i := range x.c.Elements {
		if e := &x.c.Elements[i]; e.Sort == ssf.SortActor {
			out.Local.Users = append(out.Local.Users, systemUser{x.id("actor", e.ID), text(e.Name, string(e.ID)), text(e.Says, ""), append(own("id", string(e.ID)), own("zone", string(e.Zone))...)})
		}
	}
	for i := range x.c.Verifications {
		out.Local.Activities = append(out.Local.Activities, x.activity(&x.c.Verifications[i]))
	}
	out.Tasks = x.tasks()
	out.Terms = x.terms()
	return &document{Plan: out}, nil
}

// activity is a verification.
func (x *export) activity(v *ssf.VerificationInfo) activity {
	var countered []ssf.ID
	for _, m := range v.Verifies {
		countered = append(countered, x.countered[m]...)
	}
	slices.Sort(countered)
	countered = slices.Compact(countered)
	says := "Shows that " + codes(v.Verifies) + " works."
	if len(v.Verifies) > 1 {
		says = "Shows that " + codes(v.Verifies) + " work."
	}
	if len(countered) > 0 {
		says += " That counters " + codes(countered) + "."
	}
	out := activity{UUID: x.id("verification", v.ID), Title: text(string(v.ID), "-"), Description: says, Props: []prop{oscal("method", method(v))}}
	out.Props = slices.Concat(out.Props, own("method", v.Method), ownAll("verifies", v.Verifies), own("run", string(v.Run)))
	out.Remarks = "It was not seen to fail with the mitigation taken out."
	if v.Proven {
		out.Remarks = "It was seen to fail with the mitigation taken out."
	}
	for _, name := range []string{"VE-1", "VE-2"} {
		if slices.ContainsFunc(x.sources[0].controls, func(d controlDef) bool { return d.name == name }) {
			if out.Related == nil {
				out.Related = &reviewedControls{Controls: []controlSelection{{}}}
			}
			out.Related.Controls[0].Include = append(out.Related.Controls[0].Include, controlRef{name})
		}
	}
	return out
}

// tasks are the runs, each with what it verifies; what no run does is one of its
// own. Which command a run is, a case does not say.
func (x *export) tasks() (out []task) {
	for i := range x.c.Verifications {
		v := &x.c.Verifications[i]
		id := x.runTask(v)
		at := slices.IndexFunc(out, func(t task) bool { return t.UUID == id })
		if at < 0 {
			t := task{UUID: id, Type: "action", Title: "Run " + code(v.Run), Description: "`ssf verify` carries it out, and signs what each verification gave.", Props: own("run", string(v.Run))}
			if v.Run == "" {
				t.Title, t.Description = "Verify without a run", "What no command of the model carries out: people do it and record the result."
			}
			at, out = len(out), append(out, t)
		}
		out[at].Activities = append(out[at].Activities, associatedActivity{x.id("verification", v.ID), []subject{{Type: "component", Include: x.subjects(x.covered(v.Verifies))}}})
	}
	return out
}

func (x *export) runTask(v *ssf.VerificationInfo) string {
	if v.Run == "" {
		return x.id("without-run")
	}
	return x.id("run", v.Run)
}

// terms are the conditions under which the assessment is worth something: the
// assumptions, and what only people can judge.
func (x *export) terms() *terms {
	var out terms
	if len(x.c.Assumptions) > 0 {
		p := assessmentPart{UUID: x.id("assumptions"), Name: "assumptions", Title: "Assumptions", Prose: "What must hold in the environment of the product. Whoever owns one sees to it."}
		for i := range x.c.Assumptions {
			a := &x.c.Assumptions[i]
			holds := "Whether it holds is not known."
			if a.Holds != "" {
				holds = "The deployments say that it holds: " + text(string(a.Holds), "-") + "."
			}
			if a.Do != "" {
				holds += " To find out: " + sentence(text(a.Do, "-"))
			}
			if a.Expect != "" {
				holds += " If it holds: " + sentence(text(a.Expect, "-"))
			}
			p.Parts = append(p.Parts, assessmentPart{
				UUID: x.id("assumption", a.ID), Name: "assumption", NS: Namespace, Title: text(string(a.ID), "-"), Prose: sentence(text(a.Says, string(a.ID))) + " " + holds,
				Props: slices.Concat(own("owner", a.Owner), own("when", a.When), own("holds", string(a.Holds)), own("effort", a.Effort), own("default", a.Default)),
			})
		}
		out.Parts = append(out.Parts, p)
	}
	var judged []string
	for _, d := range x.sources[0].controls {
		for _, j := range d.judged {
			judged = append(judged, fmt.Sprintf("- %s: %s", code(d.name), text(j, "-")))
		}
	}
	if len(judged) > 0 {
		out.Parts = append(out.Parts, assessmentPart{
			UUID: x.id("judged"), Name: "methodology", Title: "What only a person can judge",
			Prose: "The program checks what can be checked by machine. An assessor judges besides:\n\n" + strings.Join(judged, "\n"),
		})
	}
	if len(out.Parts) == 0 {
		return nil
	}
	return &out
}
