package lang

import (
	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// This file is the field table of the language: every key that a model may
// have, with its type and what it means. Decoder, JSON Schema, documentation
// and did-you-mean are made from it, so a key exists here or not at all.

// named makes a top-level mapping of names to entries.
func named[V any](key, what string, o *Object[V], name func(*V) *ssf.Named, at func(*ssf.Model) *[]V, doc string) Field[ssf.Model] {
	r := dict(o, what, func(d *decoder, k *yaml.Node, v *V) bool { return d.name(k, name(v), o.Name) }, false)
	r.Type.Key = anID
	return many(key, r, at, doc)
}

var modelTable = object(Object[ssf.Model]{
	Name: "model",
	Fields: []Field[ssf.Model]{
		field("ssf", version, func(m *ssf.Model) *ssf.Ref { return &m.Version }, "the version of the language: 1"),
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
		field("was", distinct(listOf(formerID)), func(v *T) *[]ssf.Ref { return &at(v).Was }, "former ids, so that decisions follow a rename"),
		field("from_tool", plain, func(v *T) *string { return &at(v).From }, "its id in the tool that it was imported from"),
	}
}

var systemTable = object(facts(Object[ssf.System]{
	Name:  "system",
	Place: func(s *ssf.System) *ssf.Pos { return &s.Pos },
	Fields: []Field[ssf.System]{
		need("name", plain, func(s *ssf.System) *string { return &s.Title }, "the product's name"),
		field("version", prose, func(s *ssf.System) *ssf.Text { return &s.Version }, "its version as text; `git` takes it from the commit"),
		field("supplier", prose, func(s *ssf.System) *ssf.Text { return &s.Supplier }, "who supplies it"),
		field("purpose", prose, func(s *ssf.System) *ssf.Text { return &s.Purpose }, "what it is for"),
		field("misuse", distinctBy(listOf(prose), func(t ssf.Text) ssf.Ref { return ssf.Ref{ID: ssf.ID(t.S), Pos: t.Pos} }), func(s *ssf.System) *[]ssf.Text { return &s.Misuse }, "foreseeable misuse"),
		field("contact", prose, func(s *ssf.System) *ssf.Text { return &s.Contact }, "where a vulnerability is reported"),
		field("support_until", date, func(s *ssf.System) *ssf.Ref { return &s.SupportUntil }, "the end of security support"),
		field("says", plain, func(s *ssf.System) *string { return &s.Says }, "what it is, in a sentence or two"),
	},
}, ssf.SortSystem, func(s *ssf.System) *ssf.Element { return &s.Element }))

var useTable = object(Object[ssf.Use]{
	Name: "use",
	Fields: []Field[ssf.Use]{
		field("libraries", distinct(listOf(libraryRef)), func(u *ssf.Use) *[]ssf.Ref { return &u.Libraries }, "threat libraries: ssf/core, which is always in use, and folders such as ./security/library"),
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
		field("needs", needs, func(a *ssf.Asset) *[]ssf.Need { return &a.Needs }, "how much of each property it needs; none is an answer too"),
	),
}, ssf.SortAsset, func(a *ssf.Asset) *ssf.Element { return &a.Element }))

// needs is a level, or more, for each property.
var needs = func() Reader[[]ssf.Need] {
	names := propertyNames(ssf.AssetProperties)
	r := dictOr(needTable, "properties", func(d *decoder, k *yaml.Node, n *ssf.Need) bool {
		n.Property = d.oneOf(d.ref(k, k.Value), "a property of an asset", names)
		return n.Property.ID != ""
	}, true, level.Type, func(d *decoder, n *yaml.Node, v *ssf.Need) { v.Level = level.read(d, n) })
	r.Type.Key = &Type{Name: "enum", Values: names}
	return r
}()

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
		field("code", distinct(listOf(glob)), func(c *ssf.Component) *[]ssf.Ref { return &c.Code }, "its code, as paths and globs"),
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

// flowRows are those of a flow, with its ends where they are not told by where it
// stands.
func flowRows(ends ...Field[ssf.Flow]) []Field[ssf.Flow] {
	return append(append(elementRows(func(f *ssf.Flow) *ssf.Element { return &f.Element }), ends...),
		field("over", ref(AProtocol), func(f *ssf.Flow) *ssf.Ref { return &f.Over }, "the protocol"),
		field("sends", distinct(listOf(ref(AnAsset))), func(f *ssf.Flow) *[]ssf.Ref { return &f.Sends }, "the assets that the caller sends"),
		field("returns", distinct(listOf(ref(AnAsset))), func(f *ssf.Flow) *[]ssf.Ref { return &f.Returns }, "the assets in the answer"),
	)
}

var callTable = object(facts(Object[ssf.Flow]{Name: "call", Fields: flowRows()},
	ssf.SortFlow, func(f *ssf.Flow) *ssf.Element { return &f.Element }))

var flowTable = object(facts(Object[ssf.Flow]{
	Name: "flow",
	Fields: flowRows(
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
