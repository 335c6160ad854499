package oscal

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"ssf"
)

// A source is a catalogue whose controls the other forms name.
type source struct {
	key, title, description string
	href                    string                    // of the catalogue in OSCAL that its publisher offers, if any
	controls                []controlDef              // for the catalogue that is written here, where there is none
	byRequirement           map[string][]ssf.ID       // requirements that meet a control
	byMeasure               map[ssf.ID][]string       // controls that a measure answers
	name                    func(entry string) string // of a control
	statement               func(name string) string  // id of a control's statement
}

// A controlDef is one control of a catalogue that is written here.
type controlDef struct {
	name, title, prose, phase string
	judged                    []string
}

// published says how others name the entries of a catalogue. OWASP's own form of
// an ASVS entry has the version before it; NIST's files of SP 800-53 have small
// letters, and those of SP 800-218 the ids as printed.
var published = map[string]struct {
	title, prefix, href string
	lower               bool
	statement           func(name string) string
}{
	"asvs-5.0":      {title: "OWASP Application Security Verification Standard 5.0.0", prefix: "v5.0.0-"},
	"masvs-2.1":     {title: "OWASP Mobile Application Security Verification Standard 2.1.0", prefix: "MASVS-"},
	"cra":           {title: "Cyber Resilience Act, Regulation (EU) 2024/2847, Annex I", prefix: "CRA-"},
	"nist-800-53-5": {title: "NIST SP 800-53, revision 5", lower: true, href: "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json"},
	"ssdf-1.1": {
		title:     "NIST SP 800-218, Secure Software Development Framework 1.1",
		href:      "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-218/ver1/json/NIST_SP800-218_ver1_catalog.json",
		statement: func(name string) string { return "statement_" + name },
	},
}

func smt(name string) string { return name + "_smt" }

// objective is the id of a control's assessment objective.
func objective(name string) string { return name + "_obj" }

// The keys of the catalogues that are the program's and the model's own.
const (
	framework = "ssf"
	product   = "product"
)

// findSources are the framework's controls, the requirements of the model as
// controls, and the catalogues that the model uses, in its order.
func (x *export) findSources() []*source {
	fw := &source{key: framework, title: "Controls of the Secure Software Framework", description: "What a developer does and an assessor judges, by the titles of the controls.", name: token, statement: smt}
	for _, p := range x.c.Phases {
		for _, k := range p.Controls {
			i := slices.IndexFunc(fw.controls, func(d controlDef) bool { return d.name == token(string(k.ID)) })
			if i < 0 { // a control that counts in each phase stands in each
				fw.controls = append(fw.controls, controlDef{name: token(string(k.ID)), title: k.Title, phase: string(p.Name), judged: k.Judged})
			}
		}
	}
	out := []*source{fw}
	reqs := &source{
		key: product, title: "Security requirements of " + line(x.c.System.Name, "the system"), description: "What secure means for this product, as its model says.",
		name: func(id string) string { return token("req-" + id) }, statement: smt, byRequirement: map[string][]ssf.ID{},
	}
	for i := range x.c.Requirements {
		r := &x.c.Requirements[i]
		n := reqs.name(string(r.ID))
		reqs.controls = append(reqs.controls, controlDef{name: n, title: string(r.ID), prose: r.Says})
		reqs.byRequirement[n] = []ssf.ID{r.ID}
	}
	if len(reqs.controls) > 0 {
		out = append(out, reqs)
	}
	for i := range x.c.Matrices {
		if s := x.catalogue(&x.c.Matrices[i]); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// catalogue is a catalogue that the model uses: its matrix has a cell for each
// entry up to the level in use.
func (x *export) catalogue(m *ssf.Matrix) *source {
	if len(m.Columns) != 1 || m.Columns[0] != "applicability" {
		return nil
	}
	key, level, _ := strings.Cut(m.Name, "@")
	pub := published[key]
	s := &source{key: key, title: cmp.Or(pub.title, m.Name), href: pub.href, byRequirement: map[string][]ssf.ID{}, byMeasure: map[ssf.ID][]string{}, statement: pub.statement}
	s.description = "The entries that the model says it uses, by their ids: the texts are the publisher's."
	if level != "" {
		s.description = "The entries up to level " + line(level, "-") + ", by their ids: the texts are the publisher's."
	}
	if s.statement == nil {
		s.statement = smt
	}
	s.name = func(entry string) string {
		if pub.lower {
			entry = strings.ToLower(entry)
		}
		return token(pub.prefix + entry)
	}
	for _, cell := range m.Cells {
		entry := strings.TrimPrefix(string(cell.Cell.Element), key+":")
		n := s.name(entry)
		s.controls = append(s.controls, controlDef{name: n, title: entry})
		for _, by := range cell.AnsweredBy {
			if id, ok := strings.CutPrefix(string(by), "requirement:"); ok && x.requirements[ssf.ID(id)] != nil {
				s.byRequirement[n] = append(s.byRequirement[n], ssf.ID(id))
			}
		}
	}
	for i := range x.c.Measures {
		for _, a := range x.c.Measures[i].Answers {
			entry, ok := strings.CutPrefix(string(a), key+":")
			if n := s.name(entry); ok && slices.ContainsFunc(s.controls, func(d controlDef) bool { return d.name == n }) {
				s.byMeasure[x.c.Measures[i].ID] = append(s.byMeasure[x.c.Measures[i].ID], n)
			}
		}
	}
	return s
}

// resource is the UUID of the resource that leads to a source.
func (x *export) resource(s *source) string { return x.id("catalogue", ssf.ID(s.key)) }

// backMatter leads to the catalogues: to the publisher's, or to one that is in
// it. More are further resources.
func (x *export) backMatter(more ...resource) (backMatter, error) {
	out := backMatter{Resources: more}
	for _, s := range x.sources {
		r := resource{UUID: x.resource(s), Title: text(s.title, "-"), Description: text(s.description, "-")}
		if s.href != "" {
			r.Links = []rlink{{s.href, "application/oscal.catalog+json"}}
		} else {
			b, err := encode(&document{Catalog: x.catalog(s)})
			if err != nil {
				return out, err
			}
			r.Data = &base64{token(s.key + ".catalog.json"), "application/oscal.catalog+json", b}
		}
		out.Resources = append(out.Resources, r)
	}
	return out, nil
}

func (x *export) catalog(s *source) *catalog {
	out := &catalog{UUID: x.id("catalog", ssf.ID(s.key)), Metadata: metadata{Title: text(s.title, "-"), Modified: stamp(x.c.Now), Version: line(x.c.System.Version, line(x.c.Commit, "unversioned")), OSCAL: Version}}
	for _, d := range s.controls {
		k := control{ID: d.name, Title: text(d.title, d.name), Props: own("phase", d.phase)}
		k.Parts = []part{{ID: s.statement(d.name), Name: "statement", Prose: text(d.prose, d.title)}, {ID: objective(d.name), Name: "assessment-objective", Prose: "Determine whether it is met: " + sentence(text(d.prose, d.title))}}
		for i, j := range d.judged {
			k.Parts = append(k.Parts, part{ID: objective(d.name) + "." + strconv.Itoa(i+1), Name: "assessment-objective", Prose: "Only a person can say: " + text(j, "-")})
		}
		out.Controls = append(out.Controls, k)
	}
	return out
}

// reviewed are the controls that are assessed: the framework's and the
// requirements. Catalogues are answered by requirements, and not by themselves.
func (x *export) reviewed() reviewedControls {
	var out reviewedControls
	var aims []objectiveRef
	for _, s := range x.sources {
		if s.key != framework && s.key != product || len(s.controls) == 0 {
			continue
		}
		sel := controlSelection{Description: text(s.title, "-"), Links: []link{{Href: "#" + x.resource(s), Rel: "reference"}}}
		for _, d := range s.controls {
			sel.Include = append(sel.Include, controlRef{d.name})
			aims = append(aims, objectiveRef{objective(d.name)})
		}
		out.Controls = append(out.Controls, sel)
	}
	out.Objectives = []objectiveSelection{{aims}}
	return out
}
