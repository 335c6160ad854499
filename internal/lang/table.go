package lang

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// This file is the field table of the language: every key that a model may
// have, with its type and what it means. Decoder, JSON Schema, documentation
// and did-you-mean are made from it, so a key exists here or not at all.

// named makes a top-level mapping of names to entries.
func named[V any](key, what string, o *Object[V], name func(*V) *ssf.Named, at func(*ssf.Model) *[]V, doc string) Field[ssf.Model] {
	r := dict(o, what, func(d *decoder, k *yaml.Node, v *V) bool { return d.name(k, name(v), o.Name) }, false)
	return many(key, r, at, doc)
}

var modelTable = object(Object[ssf.Model]{
	Name: "model",
	Fields: []Field[ssf.Model]{
		field("ssf", version1, func(m *ssf.Model) *ssf.Ref { return &m.Version }, "the version of the language: 1"),
		field("system", systemTable.reader(), func(m *ssf.Model) *ssf.System { return &m.System }, "the product as a whole"),
		field("use", useTable.reader(), func(m *ssf.Model) *ssf.Use { return &m.Use }, "libraries, catalogues, standards and policy that the model builds on"),
		named("people", "persons", personTable, func(p *ssf.Person) *ssf.Named { return &p.Named }, func(m *ssf.Model) *[]ssf.Person { return &m.People }, "who decides, and up to which risk"),
		named("signers", "signers", signerTable, func(s *ssf.Signer) *ssf.Named { return &s.Named }, func(m *ssf.Model) *[]ssf.Signer { return &m.Signers }, "whose evidence is expected"),
		named("zones", "zones", zoneTable, func(z *ssf.Zone) *ssf.Named { return &z.Named }, func(m *ssf.Model) *[]ssf.Zone { return &m.Zones }, "the trust zones"),
		named("actors", "actors", actorTable, func(a *ssf.Actor) *ssf.Named { return &a.Named }, func(m *ssf.Model) *[]ssf.Actor { return &m.Actors }, "people and systems outside the product that take part"),
		named("assets", "assets", assetTable, func(a *ssf.Asset) *ssf.Named { return &a.Named }, func(m *ssf.Model) *[]ssf.Asset { return &m.Assets }, "what is worth protecting"),
		named("components", "components", componentTable, func(c *ssf.Component) *ssf.Named { return &c.Named }, func(m *ssf.Model) *[]ssf.Component { return &m.Components }, "the parts of the product that run, store or are delivered"),
		named("flows", "flows", flowTable, func(f *ssf.Flow) *ssf.Named { return &f.Named }, func(m *ssf.Model) *[]ssf.Flow { return &m.Flows }, "data between actors and components; request and answer are one flow"),
		named("functions", "functions", functionTable, func(f *ssf.Function) *ssf.Named { return &f.Named }, func(m *ssf.Model) *[]ssf.Function { return &m.Functions }, "behaviour: who may do what with what"),
		named("requirements", "requirements", requirementTable, func(r *ssf.Requirement) *ssf.Named { return &r.Named }, func(m *ssf.Model) *[]ssf.Requirement { return &m.Requirements }, "what secure means for this system"),
		named("assumptions", "assumptions", assumptionTable, func(a *ssf.Assumption) *ssf.Named { return &a.Named }, func(m *ssf.Model) *[]ssf.Assumption { return &m.Assumptions }, "contracts about the environment"),
		named("threats", "own threats", ownThreatTable, func(t *ssf.OwnThreat) *ssf.Named { return &t.Named }, func(m *ssf.Model) *[]ssf.OwnThreat { return &m.Threats }, "threats that the team found itself"),
		many("decisions", listOf(decisionTable.reader()), func(m *ssf.Model) *[]ssf.Decision { return &m.Decisions }, "what is done about a threat, a cell or a finding other than mitigating it"),
		named("mitigations", "mitigations", mitigationTable, func(x *ssf.Mitigation) *ssf.Named { return &x.Named }, func(m *ssf.Model) *[]ssf.Mitigation { return &m.Mitigations }, "what counters threats, and where it sits"),
		named("runs", "runs", runTable, func(r *ssf.Run) *ssf.Named { return &r.Named }, func(m *ssf.Model) *[]ssf.Run { return &m.Runs }, "commands and reports that serve verifications"),
		named("verifications", "verifications", verificationTable, func(v *ssf.Verification) *ssf.Named { return &v.Named }, func(m *ssf.Model) *[]ssf.Verification { return &m.Verify }, "what shows that mitigations hold"),
		named("audits", "audits", auditTable, func(a *ssf.Audit) *ssf.Named { return &a.Named }, func(m *ssf.Model) *[]ssf.Audit { return &m.Audits }, "code checked against a standard"),
		named("deployments", "deployments", deploymentTable, func(x *ssf.Deployment) *ssf.Named { return &x.Named }, func(m *ssf.Model) *[]ssf.Deployment { return &m.Deployments }, "ways in which the product runs"),
		field("policy", policyTable.reader(), func(m *ssf.Model) *ssf.Policy { return &m.Policy }, "what this product demands of itself"),
	},
})

// single are the sections that may stand in one file only; `ssf` may stand in
// each.
var single = []string{"system", "use", "policy"}

// element rows are common to everything that is drawn.
func elementRows[T any](at func(*T) *ssf.Element) []Field[T] {
	return []Field[T]{
		field("name", plain, func(v *T) *string { return &at(v).Title }, "its name for people"),
		field("says", plain, func(v *T) *string { return &at(v).Says }, "what it is, in a sentence or two"),
		field("was", listOf(formerID), func(v *T) *[]ssf.Ref { return &at(v).Was }, "former ids, so that decisions follow a rename"),
		field("from_tool", plain, func(v *T) *string { return &at(v).From }, "its id in the tool that it was imported from"),
	}
}

var formerID = grammar("id", "a former id", idForm.String()[1:len(idForm.String())-1], nil)

func texts(at string) Reader[[]ssf.Text] {
	r := listOf(prose)
	r.Type.What = at
	return r
}

var systemTable = object(facts(Object[ssf.System]{
	Name:  "system",
	Place: func(s *ssf.System) *ssf.Pos { return &s.Pos },
	Fields: []Field[ssf.System]{
		need("name", plain, func(s *ssf.System) *string { return &s.Title }, "the product's name"),
		field("version", prose, func(s *ssf.System) *ssf.Text { return &s.Version }, "its version as text; `git` takes it from the commit"),
		field("supplier", prose, func(s *ssf.System) *ssf.Text { return &s.Supplier }, "who supplies it"),
		field("purpose", prose, func(s *ssf.System) *ssf.Text { return &s.Purpose }, "what it is for"),
		field("misuse", texts("texts"), func(s *ssf.System) *[]ssf.Text { return &s.Misuse }, "foreseeable misuse"),
		field("contact", prose, func(s *ssf.System) *ssf.Text { return &s.Contact }, "where a vulnerability is reported"),
		field("support_until", date, func(s *ssf.System) *ssf.Ref { return &s.SupportUntil }, "the end of security support"),
		field("says", plain, func(s *ssf.System) *string { return &s.Says }, "what it is, in a sentence or two"),
	},
}, ssf.SortSystem, func(s *ssf.System) *ssf.Element { return &s.Element }))

var useTable = object(Object[ssf.Use]{
	Name: "use",
	Fields: []Field[ssf.Use]{
		field("libraries", distinct(listOf(ref(ALibrary))), func(u *ssf.Use) *[]ssf.Ref { return &u.Libraries }, "threat libraries; default [ssf/core]"),
		field("catalogues", distinct(listOf(catalogue)), func(u *ssf.Use) *[]ssf.Ref { return &u.Catalogues }, "catalogues of controls, with a level"),
		field("standards", distinct(listOf(ref(AStandard))), func(u *ssf.Use) *[]ssf.Ref { return &u.Standards }, "secure coding standards"),
		field("policy", ref(APolicy), func(u *ssf.Use) *ssf.Ref { return &u.Policy }, "the organisation's policy, which this model may tighten"),
	},
})

var personTable = object(Object[ssf.Person]{
	Name: "person",
	Fields: []Field[ssf.Person]{
		need("name", plain, func(p *ssf.Person) *string { return &p.Title }, "the person's name"),
		field("accepts_up_to", level, func(p *ssf.Person) *ssf.Ref { return &p.AcceptsUpTo }, "the highest risk that the person may accept"),
		field("for_at_most", duration, func(p *ssf.Person) *ssf.Ref { return &p.ForAtMost }, "for how long"),
	},
})

var signerTable = object(Object[ssf.Signer]{
	Name: "signer",
	Fields: []Field[ssf.Signer]{
		need("key", key, func(s *ssf.Signer) *ssf.Ref { return &s.Key }, "the public key"),
	},
})

var zoneTable = object(facts(Object[ssf.Zone]{
	Name: "zone",
	Fields: append(elementRows(func(z *ssf.Zone) *ssf.Element { return &z.Element }),
		field("in", ref(AZone), func(z *ssf.Zone) *ssf.Ref { return &z.In }, "the zone around it"),
	),
}, ssf.SortZone, func(z *ssf.Zone) *ssf.Element { return &z.Element }))

var actorTable = object(facts(Object[ssf.Actor]{
	Name: "actor",
	Fields: append(elementRows(func(a *ssf.Actor) *ssf.Element { return &a.Element }),
		field("zone", ref(AZone), func(a *ssf.Actor) *ssf.Ref { return &a.Zone }, "where it is"),
	),
}, ssf.SortActor, func(a *ssf.Actor) *ssf.Element { return &a.Element }))

var assetTable = object(facts(Object[ssf.Asset]{
	Name: "asset",
	Fields: append(elementRows(func(a *ssf.Asset) *ssf.Element { return &a.Element }),
		field("needs", dictOr(needTable, "properties", func(d *decoder, k *yaml.Node, n *ssf.Need) bool {
			n.Property = d.oneOf(d.ref(k, k.Value), "a property of an asset", propertyNames(ssf.AssetProperties))
			return n.Property.ID != ""
		}, true, level.Type, func(d *decoder, n *yaml.Node, v *ssf.Need) { v.Level = level.read(d, n) }), func(a *ssf.Asset) *[]ssf.Need { return &a.Needs }, "how much of each property it needs; none is an answer too"),
	),
}, ssf.SortAsset, func(a *ssf.Asset) *ssf.Element { return &a.Element }))

func propertyNames(ps []ssf.Property) []string {
	var out []string
	for _, p := range ps {
		out = append(out, string(p))
	}
	return out
}

var needTable = object(Object[ssf.Need]{
	Name: "need",
	Fields: []Field[ssf.Need]{
		need("level", level, func(n *ssf.Need) *ssf.Ref { return &n.Level }, "how much is needed"),
		field("only", distinct(listOf(ref(AnActor, AComponent))), func(n *ssf.Need) *[]ssf.Ref { return &n.Only }, "the only ones who may"),
	},
})

var componentTable = object(facts(Object[ssf.Component]{
	Name: "component",
	Fields: append(elementRows(func(c *ssf.Component) *ssf.Element { return &c.Element }),
		field("kind", ref(AKind), func(c *ssf.Component) *ssf.Ref { return &c.Kind }, "what kind of thing it is"),
		field("zone", ref(AZone), func(c *ssf.Component) *ssf.Ref { return &c.Zone }, "where it is"),
		Field[ssf.Component]{Key: "tech", Doc: "the technologies it is made with; [] is none, absent is unknown", Type: techs.Type, read: func(d *decoder, n *yaml.Node, c *ssf.Component) {
			c.Tech, c.TechAt = techs.read(d, n), d.pos(n)
		}},
		field("code", listOf(glob), func(c *ssf.Component) *[]ssf.Ref { return &c.Code }, "its code, as paths and globs"),
		field("stores", distinct(listOf(ref(AnAsset))), func(c *ssf.Component) *[]ssf.Ref { return &c.Stores }, "the assets it keeps"),
		field("calls", dict(callTable, "components and actors", func(d *decoder, k *yaml.Node, f *ssf.Flow) bool {
			f.To = d.ref(k, k.Value)
			d.refs = append(d.refs, pending{[]Target{AComponent, AnActor}, f.To})
			f.Pos = f.To.Pos
			return true
		}, true), func(c *ssf.Component) *[]ssf.Flow { return &c.Calls }, "flows that start here, by their other end"),
	),
}, ssf.SortComponent, func(c *ssf.Component) *ssf.Element { return &c.Element }))

var techs = distinct(listOf(ref(ATech)))

func flowRows() []Field[ssf.Flow] {
	return append(elementRows(func(f *ssf.Flow) *ssf.Element { return &f.Element }),
		field("over", ref(AProtocol), func(f *ssf.Flow) *ssf.Ref { return &f.Over }, "the protocol"),
		field("sends", distinct(listOf(ref(AnAsset))), func(f *ssf.Flow) *[]ssf.Ref { return &f.Sends }, "the assets that the caller sends"),
		field("returns", distinct(listOf(ref(AnAsset))), func(f *ssf.Flow) *[]ssf.Ref { return &f.Returns }, "the assets in the answer"),
	)
}

var callTable = object(facts(Object[ssf.Flow]{Name: "call", Fields: flowRows()},
	ssf.SortFlow, func(f *ssf.Flow) *ssf.Element { return &f.Element }))

var flowTable = object(facts(Object[ssf.Flow]{
	Name: "flow",
	Fields: append(flowRows(),
		need("from", ref(AComponent, AnActor), func(f *ssf.Flow) *ssf.Ref { return &f.From }, "who starts it"),
		need("to", ref(AComponent, AnActor), func(f *ssf.Flow) *ssf.Ref { return &f.To }, "who answers"),
	),
}, ssf.SortFlow, func(f *ssf.Flow) *ssf.Element { return &f.Element }))

// does, scopes and auths are the words of functions.
var (
	does   = []string{"read", "create", "update", "delete", "execute", "sign_in", "recover"}
	scopes = []string{"own", "group", "tenant", "all"}
	auths  = []string{"none", "password", "session", "token", "api_key", "certificate", "signature", "sso", "local"}
)

var functionTable = object(facts(Object[ssf.Function]{
	Name: "function",
	Fields: append(elementRows(func(f *ssf.Function) *ssf.Element { return &f.Element }),
		need("at", ref(AComponent), func(f *ssf.Function) *ssf.Ref { return &f.At }, "the component that offers it"),
		field("does", enum("what a function does", does...), func(f *ssf.Function) *ssf.Ref { return &f.Does }, "what it does"),
		field("on", distinct(listOf(ref(AnAsset))), func(f *ssf.Function) *[]ssf.Ref { return &f.On }, "the assets it does it with"),
		field("allow", dict(allowTable, "actors and components", func(d *decoder, k *yaml.Node, a *ssf.Allow) bool {
			a.Actor = d.ref(k, k.Value)
			d.refs = append(d.refs, pending{[]Target{AnActor, AComponent}, a.Actor})
			return true
		}, true), func(f *ssf.Function) *[]ssf.Allow { return &f.Allow }, "who may use it, on what scope, and how they prove who they are"),
		field("otherwise", enum("what happens to others", "deny", "allow"), func(f *ssf.Function) *ssf.Ref { return &f.Otherwise }, "what happens to everybody else"),
		field("misuse", distinct(listOf(ref(ARule, AnOwnThreat))), func(f *ssf.Function) *[]ssf.Ref { return &f.Misuse }, "threats that were considered"),
	),
}, ssf.SortFunction, func(f *ssf.Function) *ssf.Element { return &f.Element }))

var allowTable = object(Object[ssf.Allow]{
	Name: "permission",
	Fields: []Field[ssf.Allow]{
		need("scope", enum("a scope", scopes...), func(a *ssf.Allow) *ssf.Ref { return &a.Scope }, "on which objects"),
		need("auth", enum("a way to prove who one is", auths...), func(a *ssf.Allow) *ssf.Ref { return &a.Auth }, "how the caller proves who it is"),
	},
})

var requirementTable = object(Object[ssf.Requirement]{
	Name: "requirement",
	Fields: []Field[ssf.Requirement]{
		need("says", plain, func(r *ssf.Requirement) *string { return &r.Says }, "the requirement in a sentence"),
		field("protects", listOf(cell), func(r *ssf.Requirement) *[]ssf.CellRef { return &r.Protects }, "the properties that it protects"),
		field("meets", distinct(listOf(catalogueItem)), func(r *ssf.Requirement) *[]ssf.Ref { return &r.Meets }, "the catalogue's controls that it answers"),
	},
})

var checkTable = object(Object[ssf.Assumption]{
	Name: "check",
	Fields: []Field[ssf.Assumption]{
		need("do", prose, func(a *ssf.Assumption) *ssf.Text { return &a.Do }, "what to do"),
		need("expect", prose, func(a *ssf.Assumption) *ssf.Text { return &a.Expect }, "what is seen if it holds"),
	},
})

var assumptionTable = object(Object[ssf.Assumption]{
	Name: "assumption",
	Fields: []Field[ssf.Assumption]{
		need("says", plain, func(a *ssf.Assumption) *string { return &a.Says }, "the assumption in a sentence"),
		field("owner", enum("an owner", "supplier", "customer", "operator", "third_party"), func(a *ssf.Assumption) *ssf.Ref { return &a.Owner }, "who sees to it"),
		field("holds_if", condition, func(a *ssf.Assumption) *ssf.Text { return &a.HoldsIf }, "the condition under which it holds"),
		nest("check", checkTable, "how somebody finds out whether it holds"),
		field("when", enum("a time", "before_use", "setup", "always", "periodic", "on_event", "retirement"), func(a *ssf.Assumption) *ssf.Ref { return &a.When }, "when it must be seen to"),
		field("effort", enum("an effort", "none", "low", "medium", "high"), func(a *ssf.Assumption) *ssf.Ref { return &a.Effort }, "how much work it is"),
		field("default", enum("a default", "safe", "unsafe"), func(a *ssf.Assumption) *ssf.Ref { return &a.Default }, "what holds if nobody does anything"),
		field("dismisses", listOf(patternOf(false)), func(a *ssf.Assumption) *[]ssf.Pattern { return &a.Dismisses }, "the threats that are open again if it is false"),
		field("answers", listOf(cell), func(a *ssf.Assumption) *[]ssf.CellRef { return &a.Answers }, "the cells that it answers"),
	},
})

var stride = []string{"spoofing", "tampering", "repudiation", "information_disclosure", "denial_of_service", "elevation_of_privilege"}

var ownThreatTable = object(Object[ssf.OwnThreat]{
	Name: "threat",
	Fields: []Field[ssf.OwnThreat]{
		need("at", ref(anElement...), func(t *ssf.OwnThreat) *ssf.Ref { return &t.At }, "the element at which it stands"),
		need("says", plain, func(t *ssf.OwnThreat) *string { return &t.Says }, "the threat in a sentence"),
		need("origin", enum("an origin", "behaviour", "architecture", "implementation"), func(t *ssf.OwnThreat) *ssf.Ref { return &t.Origin }, "from what it follows"),
		field("endangers", listOf(cell), func(t *ssf.OwnThreat) *[]ssf.CellRef { return &t.Endangers }, "what it endangers"),
		field("stride", distinct(listOf(enum("a STRIDE class", stride...))), func(t *ssf.OwnThreat) *[]ssf.Ref { return &t.Stride }, "its STRIDE classes"),
		need("likelihood", enum("a likelihood", "low", "medium", "high"), func(t *ssf.OwnThreat) *ssf.Ref { return &t.Likelihood }, "how likely it is"),
	},
})

var planTable = object(Object[ssf.Decision]{
	Name: "plan",
	Fields: []Field[ssf.Decision]{
		need("due", date, func(x *ssf.Decision) *ssf.Ref { return &x.Due }, "by when"),
		need("owner", ref(APerson), func(x *ssf.Decision) *ssf.Ref { return &x.Owner }, "who sees to it"),
		field("ticket", word("a ticket"), func(x *ssf.Decision) *ssf.Ref { return &x.Ticket }, "where it is tracked"),
	},
})

var decisionTable = object(Object[ssf.Decision]{
	Name:  "decision",
	Place: func(x *ssf.Decision) *ssf.Pos { return &x.Pos },
	Fields: []Field[ssf.Decision]{
		field("threat", patternOf(true), func(x *ssf.Decision) *ssf.Pattern { return &x.Threat }, "the threat: `rule@element`, a pattern, or a rule with `at`"),
		{Key: "at", Doc: "attributes of the elements, or the paths of a finding", Type: Type{Name: "selector", What: "attributes such as {zone: cluster}, or a path"}, read: func(d *decoder, n *yaml.Node, x *ssf.Decision) {
			if n.Kind == yaml.ScalarNode {
				x.In = glob.read(d, n)
				return
			}
			x.At = d.selector(n)
		}},
		field("cell", cell, func(x *ssf.Decision) *ssf.CellRef { return &x.Cell }, "the cell of a matrix"),
		field("finding", grammar("finding", "a finding such as gosec:G404", `[\w.-]+:\S+`, nil), func(x *ssf.Decision) *ssf.Ref { return &x.Finding }, "an analyser's finding: `tool:rule`"),
		field("rate", patternOf(false), func(x *ssf.Decision) *ssf.Pattern { return &x.Rate }, "the threat whose likelihood is set"),
		field("treat", enum("a treatment", "accept", "transfer", "not_applicable", "mitigate", "waive"), func(x *ssf.Decision) *ssf.Ref { return &x.Treat }, "what is done"),
		field("because", prose, func(x *ssf.Decision) *ssf.Text { return &x.Because }, "the reason"),
		field("by", ref(APerson), func(x *ssf.Decision) *ssf.Ref { return &x.By }, "who decides"),
		field("until", date, func(x *ssf.Decision) *ssf.Ref { return &x.Until }, "the last day on which it holds"),
		field("holds_if", condition, func(x *ssf.Decision) *ssf.Text { return &x.HoldsIf }, "the condition on the element under which it holds"),
		field("to", ref(AnAssumption), func(x *ssf.Decision) *ssf.Ref { return &x.To }, "the assumption that takes a transferred threat"),
		field("likelihood", enum("a likelihood", "low", "medium", "high"), func(x *ssf.Decision) *ssf.Ref { return &x.Level }, "the likelihood that `rate` sets"),
		nest("plan", planTable, "when and by whom a threat is mitigated"),
	},
	Check: checkDecision,
})

// checkDecision refuses a decision whose keys do not fit together.
func checkDecision(d *decoder, _ *yaml.Node, x *ssf.Decision) {
	var about []string
	for name, p := range map[string]ssf.Pos{"threat": x.Threat.Pos, "cell": x.Cell.Element.Pos, "finding": x.Finding.Pos, "rate": x.Rate.Pos} {
		if p.Known() {
			about = append(about, name)
		}
	}
	slices.Sort(about)
	if len(about) != 1 {
		d.report("bad-decision", x.Pos, "keep one of threat, cell, finding and rate", "a decision is about one thing, and this one has %s", orNone(about))
		return
	}
	fits := map[string][]string{"threat": {"accept", "transfer", "not_applicable", "mitigate"}, "cell": {"not_applicable", "accept"}, "finding": {"waive"}, "rate": nil}[about[0]]
	if treat := string(x.Treat.ID); about[0] != "rate" && !slices.Contains(fits, treat) {
		at := x.Treat.Pos
		if treat == "" {
			at, treat = x.Pos, "no treat"
		}
		d.report("bad-decision", at, "write `treat:` with one of "+list(fits), "a decision about a %s with %s", about[0], treat)
	}
	for _, k := range []struct {
		key  string
		have bool
		need bool
	}{
		{"because", x.Because.S != "", x.Treat.ID != "mitigate"},
		{"by", x.By.ID != "", x.Treat.ID == "accept" || x.Treat.ID == "waive"},
		{"until", x.Until.ID != "", x.Treat.ID == "accept" || x.Treat.ID == "waive"},
		{"to", x.To.ID != "", x.Treat.ID == "transfer"},
		{"plan", x.Due.ID != "", x.Treat.ID == "mitigate"},
		{"likelihood", x.Level.ID != "", about[0] == "rate"},
	} {
		if k.need && !k.have {
			d.report("missing-key", x.Pos, "add `"+k.key+": ...`", "this decision has no %q", k.key)
		}
	}
	for _, k := range []struct {
		at   ssf.Pos
		key  string
		fits bool
	}{
		{x.Treat.Pos, "treat", about[0] != "rate"},
		{x.To.Pos, "to", x.Treat.ID == "transfer"},
		{x.Due.Pos, "plan", x.Treat.ID == "mitigate"},
		{x.Level.Pos, "likelihood", about[0] == "rate"},
		{x.In.Pos, "at", about[0] == "finding"},
		{x.HoldsIf.Pos, "holds_if", about[0] == "threat"},
	} {
		if k.at.Known() && !k.fits {
			d.report("bad-decision", k.at, "delete it", "%q has no meaning in this decision", k.key)
		}
	}
	switch {
	case len(x.At) > 0 && (x.Threat.Rule.ID == "" || x.Threat.Element.ID != ""):
		d.report("bad-decision", x.At[0].Key.Pos, "write the rule alone: `threat: csrf`, or delete `at`", "`at` goes with a threat without `@`")
	case x.Threat.Rule.ID != "" && x.Threat.Element.ID == "" && len(x.At) == 0:
		d.report("bad-decision", x.Threat.Pos, "write `"+string(x.Threat.Rule.ID)+"@ELEMENT`, or add `at: {...}`", "the decision does not say where the threat stands")
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " and ")
}

// selectors are the attributes of an element by which a decision may select,
// beside facts, and what they refer to.
var selectors = map[string][]Target{
	"zone": {AZone}, "kind": {AKind}, "tech": {ATech}, "from": {AComponent, AnActor}, "to": {AComponent, AnActor},
	"over": {AProtocol}, "at": {AComponent},
}

// selector reads the attributes of a decision's `at`.
func (d *decoder) selector(n *yaml.Node) (ws []ssf.Where) {
	d.pairs(n, "selector", true, func(key, value *yaml.Node) {
		w := ssf.Where{Key: d.ref(key, key.Value)}
		targets, ok := selectors[key.Value]
		def := (*ssf.FactDef)(nil)
		if d.words != nil {
			def = d.words.facts[ssf.ID(key.Value)]
		}
		switch {
		case ok:
			w.Value = ref(targets...).read(d, value)
		case key.Value == "does":
			w.Value = enum("what a function does", does...).read(d, value)
		case def != nil:
			w.Value = ssf.Ref{ID: ssf.ID(d.value(value, def)), Pos: d.pos(value)}
		default:
			names := []string{"does"}
			for k := range selectors {
				names = append(names, k)
			}
			slices.Sort(names)
			if d.words != nil {
				names = append(names, d.words.names[AFact]...)
			}
			d.report("unknown-key", w.Key.Pos, didYouMean(key.Value, names), "no element has an attribute or fact %q", clip(key.Value))
			return
		}
		ws = append(ws, w)
	})
	return ws
}

var mitigationTable = object(Object[ssf.Mitigation]{
	Name: "mitigation",
	Fields: []Field[ssf.Mitigation]{
		field("says", plain, func(x *ssf.Mitigation) *string { return &x.Says }, "what it does, where the measure does not say it"),
		field("measure", ref(AMeasure), func(x *ssf.Mitigation) *ssf.Ref { return &x.Measure }, "the library's measure; default the one with the same id"),
		need("counters", listOf(patternOf(false)), func(x *ssf.Mitigation) *[]ssf.Pattern { return &x.Counters }, "the threats that it counters"),
		field("where", listOf(place), func(x *ssf.Mitigation) *[]ssf.Ref { return &x.Where }, "where it sits: code, configuration, an assumption"),
		need("state", enum("a state", "planned", "implemented"), func(x *ssf.Mitigation) *ssf.Ref { return &x.State }, "planned or implemented"),
	},
})

var runTable = object(Object[ssf.Run]{
	Name: "run",
	Fields: []Field[ssf.Run]{
		field("run", command, func(r *ssf.Run) *[]ssf.Ref { return &r.Command }, "the command, without a shell"),
		field("shell", boolean, func(r *ssf.Run) *ssf.Ref { return &r.Shell }, "yes: the command is given to a shell"),
		field("read", glob, func(r *ssf.Run) *ssf.Ref { return &r.Read }, "the reports that another job left"),
		field("signer", ref(ASigner), func(r *ssf.Run) *ssf.Ref { return &r.Signer }, "who signs the reports"),
		field("limit", duration, func(r *ssf.Run) *ssf.Ref { return &r.Limit }, "how long it may take"),
	},
	Check: func(d *decoder, n *yaml.Node, r *ssf.Run) {
		if (len(r.Command) > 0) == (r.Read.ID != "") {
			d.report("missing-key", d.pos(n), "write `run:` with a command, or `read:` with the reports of another job", "a run has either a command or reports to read")
		}
		if i := slices.IndexFunc(r.Command, func(a ssf.Ref) bool {
			return slices.Contains([]string{"|", "&&", "||", ";", ">", "<", ">>", "2>&1"}, string(a.ID))
		}); i >= 0 && r.Shell.ID != "yes" {
			d.report("bad-value", r.Command[i].Pos, "delete it, or add `shell: yes`", "%q is an ordinary argument here, because there is no shell", r.Command[i].ID)
		}
	},
})

var breakWays = []string{"skip", "replace", "patch", "env", "config", "canary", "none"}

var breakTable = object(Object[ssf.Break]{
	Name:  "break",
	Place: func(b *ssf.Break) *ssf.Pos { return &b.Pos },
	Fields: append(breakRows(),
		field("with", prose, func(b *ssf.Break) *ssf.Text { return &b.With }, "what `replace` writes instead"),
		field("red", listOf(word("a test name")), func(b *ssf.Break) *[]ssf.Ref { return &b.Red }, "the tests that must fail"),
		field("green", listOf(word("a test name")), func(b *ssf.Break) *[]ssf.Ref { return &b.Green }, "the tests that must still pass"),
		field("because", prose, func(b *ssf.Break) *ssf.Text { return &b.Because }, "why it cannot be taken out (none)"),
		field("by", enum("who made the break", "author", "library", "auditor"), func(b *ssf.Break) *ssf.Ref { return &b.By }, "who made it"),
	),
	Check: func(d *decoder, n *yaml.Node, b *ssf.Break) {
		switch {
		case b.How.ID == "":
			d.report("missing-key", b.Pos, "add one of "+list(breakWays), "this break does not say how")
		case b.How.ID == "none" && b.Because.S == "":
			d.report("missing-key", b.Pos, "add `because: ...`", "a break of none needs a reason")
		case b.How.ID != "none" && len(b.Red) == 0:
			d.report("missing-key", b.Pos, "add `red: [TestName]`", "this break does not say which tests must go red")
		case b.How.ID == "replace" && b.With.S == "":
			d.report("missing-key", b.Pos, "add `with: ...`", "a replacement needs its new text")
		}
	},
})

func breakRows() []Field[ssf.Break] {
	docs := []string{"a Go function that returns at once: file.go#Name", "a text in a file that is replaced: file#text", "a patch file to apply", "an environment variable to set: NAME=value", "a configuration value to set: file#key=value", "a bad file that an analyser must find", "yes: it cannot be taken out"}
	var fs []Field[ssf.Break]
	for i, way := range breakWays {
		r := word("a place")
		if way == "none" {
			r = boolean
		}
		fs = append(fs, Field[ssf.Break]{Key: way, Doc: docs[i], Type: r.Type, read: func(d *decoder, n *yaml.Node, b *ssf.Break) {
			if b.How.ID != "" {
				d.report("bad-value", d.pos(n), "make it two entries of the list", "a break has one way, and this one has %s too", b.How.ID)
				return
			}
			b.Value, b.How = r.read(d, n), ssf.Ref{ID: ssf.ID(way), Pos: d.pos(n)}
		}})
	}
	return fs
}

var methods = []string{"test", "scan", "review", "pentest", "config_check", "attestation"}

var verificationTable = object(Object[ssf.Verification]{
	Name: "verification",
	Fields: []Field[ssf.Verification]{
		field("says", plain, func(v *ssf.Verification) *string { return &v.Says }, "what it shows"),
		need("verifies", distinct(listOf(verified)), func(v *ssf.Verification) *[]ssf.Ref { return &v.Verifies }, "mitigations, or claimed facts as `element.fact`"),
		field("in", ref(ARun), func(v *ssf.Verification) *ssf.Ref { return &v.In }, "the run that carries it out"),
		field("tests", listOf(word("a test name or pattern")), func(v *ssf.Verification) *[]ssf.Ref { return &v.Tests }, "the tests in that run"),
		field("covers", listOf(glob), func(v *ssf.Verification) *[]ssf.Ref { return &v.Covers }, "code beside the mitigation's own that its result depends on"),
		field("method", enum("a method", methods...), func(v *ssf.Verification) *ssf.Ref { return &v.Method }, "how; default test"),
		field("breaks", listOf(breakTable.reader()), func(v *ssf.Verification) *[]ssf.Break { return &v.Breaks }, "how the mitigation is taken out, to see the tests go red"),
	},
})

// verified is a mitigation or `element.fact`.
var verified = scalarOf(Type{Name: "ref", What: "the id of a mitigation, or a claimed fact such as web-to-db.encrypted", Targets: []Target{AMitigation}}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	e, f, ok := strings.Cut(s, ".")
	if !ok {
		r := d.ref(n, s)
		d.refs = append(d.refs, pending{[]Target{AMitigation}, r})
		return r
	}
	d.refs = append(d.refs, pending{anElement, ssf.Ref{ID: ssf.ID(e), Pos: d.part(n, s, 0, len(e))}})
	fact := ssf.Ref{ID: ssf.ID(f), Pos: d.part(n, s, len(e)+1, len(s))}
	if d.words != nil && d.oneOfLibrary(AFact, fact).ID == "" {
		return ssf.Ref{}
	}
	if d.words != nil && d.words.facts[fact.ID].Class != ssf.ControlClass {
		d.report("bad-value", fact.Pos, "name a protection that is claimed, such as an `encrypted`", "%q says what a thing is, and claims no protection to verify", f)
		return ssf.Ref{}
	}
	return d.ref(n, s)
})

var auditTable = object(Object[ssf.Audit]{
	Name: "audit",
	Fields: []Field[ssf.Audit]{
		need("standard", ref(AStandard), func(a *ssf.Audit) *ssf.Ref { return &a.Standard }, "the standard that it checks"),
		field("run", command, func(a *ssf.Audit) *[]ssf.Ref { return &a.Command }, "the analyser's command, without a shell"),
		field("read", glob, func(a *ssf.Audit) *ssf.Ref { return &a.Read }, "the report that another job left"),
		need("covers", listOf(glob), func(a *ssf.Audit) *[]ssf.Ref { return &a.Covers }, "the code that it looks at"),
	},
})

// factsTable holds the facts of a deployment under their own key.
var factsTable = object(facts(Object[ssf.Deployment]{Name: "deployment"}, ssf.SortDeployment, func(x *ssf.Deployment) *ssf.Element { return &x.Element }))

var deploymentTable = object(facts(Object[ssf.Deployment]{
	Name: "deployment",
	Fields: []Field[ssf.Deployment]{
		field("name", plain, func(x *ssf.Deployment) *string { return &x.Title }, "its name for people"),
		field("says", plain, func(x *ssf.Deployment) *string { return &x.Says }, "what it is, in a sentence or two"),
		nest("facts", factsTable, "what is true of it"),
	},
}, ssf.SortDeployment, func(x *ssf.Deployment) *ssf.Element { return &x.Element }))

var reaches = []string{"context", "threats", "implementation", "verification", "evaluation"}

var policyTable = object(Object[ssf.Policy]{
	Name:  "policy",
	Place: func(p *ssf.Policy) *ssf.Pos { return &p.Pos },
	Fields: []Field[ssf.Policy]{
		field("reach", enum("a phase", reaches...), func(p *ssf.Policy) *ssf.Ref { return &p.Reach }, "the phase that must be reached"),
		field("gates", dict(gateTable, "gates", func(d *decoder, k *yaml.Node, g *ssf.Gate) bool { return d.name(k, &g.Named, "gate") }, true), func(p *ssf.Policy) *[]ssf.Gate { return &p.Gates }, "limits on the number of threats"),
	},
})

var gateTable = object(Object[ssf.Gate]{
	Name: "gate",
	Fields: []Field[ssf.Gate]{
		field("risk", risk, func(g *ssf.Gate) *ssf.Ref { return &g.Risk }, "of which risk: `high`, `at_least high`, `at_most low`"),
		field("state", distinct(listOf(enum("a state", stateNames()...))), func(g *ssf.Gate) *[]ssf.Ref { return &g.State }, "in which states; default those that count as open"),
		field("origin", distinct(listOf(enum("an origin", "behaviour", "architecture", "implementation"))), func(g *ssf.Gate) *[]ssf.Ref { return &g.Origin }, "of which origins; default all"),
		need("at_most", count, func(g *ssf.Gate) *int { return &g.AtMost }, "how many there may be"),
	},
})

func stateNames() []string {
	var out []string
	for _, s := range ssf.States {
		out = append(out, string(s))
	}
	return out
}
