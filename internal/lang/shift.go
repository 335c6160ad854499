package lang

import "ssf"

// A shift moves everything in a piece down by some lines. It copies what it
// moves; a test proves that it leaves no place out.
type shift int

func (by shift) pos(p *ssf.Pos) {
	if p.Line > 0 {
		p.Line += int(by)
	}
}

// moved copies a list and moves each of its items.
func moved[T any](vs []T, move func(*T)) []T {
	if vs == nil {
		return nil
	}
	out := make([]T, len(vs))
	copy(out, vs)
	for i := range out {
		move(&out[i])
	}
	return out
}

func (by shift) result(r result) result {
	by.model(&r.model)
	r.diags = moved(r.diags, by.diagnostic)
	r.refs = moved(r.refs, func(p *pending) { by.ref(&p.ref) })
	r.keys = by.refs(r.keys)
	return r
}

func (by shift) diagnostic(d *ssf.Diagnostic) {
	by.pos(&d.Pos)
	d.Related = moved(d.Related, func(r *ssf.Related) { by.pos(&r.Pos) })
	d.Fix = moved(d.Fix, func(e *ssf.Edit) { by.pos(&e.Pos) })
}

func (by shift) ref(r *ssf.Ref)                       { by.pos(&r.Pos) }
func (by shift) text(t *ssf.Text)                     { by.pos(&t.Pos) }
func (by shift) named(n *ssf.Named)                   { by.pos(&n.Pos) }
func (by shift) refs(rs []ssf.Ref) []ssf.Ref          { return moved(rs, by.ref) }
func (by shift) cell(c *ssf.CellRef)                  { by.each(&c.Element, &c.Property) }
func (by shift) cells(cs []ssf.CellRef) []ssf.CellRef { return moved(cs, by.cell) }

func (by shift) each(rs ...*ssf.Ref) {
	for _, r := range rs {
		by.pos(&r.Pos)
	}
}

func (by shift) texts(ts ...*ssf.Text) {
	for _, t := range ts {
		by.pos(&t.Pos)
	}
}

func (by shift) pattern(p *ssf.Pattern) {
	by.pos(&p.Pos)
	by.each(&p.Rule, &p.Element)
}

func (by shift) patterns(ps []ssf.Pattern) []ssf.Pattern { return moved(ps, by.pattern) }

func (by shift) model(m *ssf.Model) {
	by.ref(&m.Version)
	by.system(&m.System)
	m.Use.Libraries, m.Use.Catalogues, m.Use.Standards = by.refs(m.Use.Libraries), by.refs(m.Use.Catalogues), by.refs(m.Use.Standards)
	by.ref(&m.Use.Policy)
	m.People = moved(m.People, func(p *ssf.Person) { by.named(&p.Named); by.each(&p.AcceptsUpTo, &p.ForAtMost) })
	m.Signers = moved(m.Signers, func(s *ssf.Signer) { by.named(&s.Named); by.ref(&s.Key) })
	m.Zones = moved(m.Zones, func(z *ssf.Zone) { by.element(&z.Element); by.ref(&z.In) })
	m.Actors = moved(m.Actors, func(a *ssf.Actor) { by.element(&a.Element); by.ref(&a.Zone) })
	m.Assets = moved(m.Assets, by.asset)
	m.Components = moved(m.Components, by.component)
	m.Flows = moved(m.Flows, by.flow)
	m.Functions = moved(m.Functions, by.function)
	m.Requirements = moved(m.Requirements, func(r *ssf.Requirement) {
		by.named(&r.Named)
		r.Protects, r.Meets = by.cells(r.Protects), by.refs(r.Meets)
	})
	m.Assumptions = moved(m.Assumptions, by.assumption)
	m.Threats = moved(m.Threats, func(t *ssf.OwnThreat) {
		by.named(&t.Named)
		by.each(&t.At, &t.Origin, &t.Likelihood, &t.Severity)
		t.Endangers, t.Stride, t.SameAs = by.cells(t.Endangers), by.refs(t.Stride), by.patterns(t.SameAs)
		t.Weaknesses, t.Attacks = by.refs(t.Weaknesses), by.refs(t.Attacks)
	})
	m.Decisions = moved(m.Decisions, by.decision)
	m.Mitigations = moved(m.Mitigations, func(x *ssf.Mitigation) {
		by.named(&x.Named)
		by.each(&x.Measure, &x.State)
		x.Counters, x.Where = by.patterns(x.Counters), by.refs(x.Where)
	})
	m.Runs = moved(m.Runs, func(r *ssf.Run) {
		by.named(&r.Named)
		by.each(&r.Line, &r.Shell, &r.Read, &r.Signer, &r.Limit)
		r.Command, r.Env = by.refs(r.Command), by.refs(r.Env)
	})
	m.Verify = moved(m.Verify, by.verification)
	m.Audits = moved(m.Audits, func(a *ssf.Audit) {
		by.named(&a.Named)
		by.each(&a.Standard, &a.Read)
		a.Command, a.Covers = by.refs(a.Command), by.refs(a.Covers)
	})
	m.Deployments = moved(m.Deployments, func(d *ssf.Deployment) { by.element(&d.Element) })
	by.pos(&m.Policy.Pos)
	by.ref(&m.Policy.Reach)
	m.Policy.Gates = moved(m.Policy.Gates, func(g *ssf.Gate) {
		by.named(&g.Named)
		by.ref(&g.Risk)
		g.State, g.Origin = by.refs(g.State), by.refs(g.Origin)
	})
}

func (by shift) element(e *ssf.Element) {
	by.named(&e.Named)
	e.Was = by.refs(e.Was)
	e.Facts = moved(e.Facts, func(f *ssf.DeclaredFact) {
		by.pos(&f.Pos)
		by.each(&f.Fact, &f.Asked, &f.Until)
	})
}

func (by shift) system(s *ssf.System) {
	by.element(&s.Element)
	by.texts(&s.Version, &s.Supplier, &s.Purpose, &s.Contact)
	by.ref(&s.SupportUntil)
	s.Misuse = moved(s.Misuse, by.text)
}

func (by shift) asset(a *ssf.Asset) {
	by.element(&a.Element)
	a.Needs = moved(a.Needs, func(n *ssf.Need) {
		by.each(&n.Property, &n.Level)
		n.Only = by.refs(n.Only)
	})
}

func (by shift) component(c *ssf.Component) {
	by.element(&c.Element)
	by.each(&c.Kind, &c.Zone)
	by.pos(&c.TechAt)
	c.Tech, c.Code, c.Stores = by.refs(c.Tech), by.refs(c.Code), by.refs(c.Stores)
	c.Calls = moved(c.Calls, by.flow)
}

func (by shift) flow(f *ssf.Flow) {
	by.element(&f.Element)
	by.each(&f.From, &f.To, &f.Over)
	f.Sends, f.Returns = by.refs(f.Sends), by.refs(f.Returns)
}

func (by shift) function(f *ssf.Function) {
	by.element(&f.Element)
	by.each(&f.At, &f.Does, &f.Otherwise)
	f.On, f.Misuse = by.refs(f.On), by.refs(f.Misuse)
	f.Allow = moved(f.Allow, func(a *ssf.Allow) { by.each(&a.Actor, &a.Scope, &a.Auth) })
}

func (by shift) assumption(a *ssf.Assumption) {
	by.named(&a.Named)
	by.each(&a.Owner, &a.When, &a.Effort, &a.Default)
	by.texts(&a.HoldsIf, &a.Do, &a.Expect)
	a.Dismisses, a.Answers = by.patterns(a.Dismisses), by.cells(a.Answers)
}

func (by shift) decision(x *ssf.Decision) {
	by.pos(&x.Pos)
	by.pattern(&x.Threat)
	by.pattern(&x.Rate)
	by.cell(&x.Cell)
	by.each(&x.Finding, &x.In, &x.Treat, &x.By, &x.Until, &x.To, &x.Level, &x.Due, &x.Owner, &x.Ticket)
	by.texts(&x.Because, &x.HoldsIf)
	x.At = moved(x.At, func(w *ssf.Where) { by.each(&w.Key, &w.Value) })
}

func (by shift) verification(v *ssf.Verification) {
	by.named(&v.Named)
	by.each(&v.In, &v.Method)
	v.Verifies, v.Tests, v.Covers = by.refs(v.Verifies), by.refs(v.Tests), by.refs(v.Covers)
	v.Breaks = moved(v.Breaks, func(b *ssf.Break) {
		by.pos(&b.Pos)
		by.each(&b.How, &b.Value, &b.By)
		by.texts(&b.With, &b.Because)
		b.Red, b.Green = by.refs(b.Red), by.refs(b.Green)
	})
}
