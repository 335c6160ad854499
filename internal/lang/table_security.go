package lang

import (
	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// This file is the second half of the field table: what secure means, what
// threatens it, and what is done and shown about that.

var requirementTable = object(Object[ssf.Requirement]{
	Name: "requirement",
	Fields: []Field[ssf.Requirement]{
		need("says", plain, func(r *ssf.Requirement) *string { return &r.Says }, "the requirement in a sentence"),
		field("protects", cells, func(r *ssf.Requirement) *[]ssf.CellRef { return &r.Protects }, "the properties that it protects"),
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
		field("dismisses", patterns, func(a *ssf.Assumption) *[]ssf.Pattern { return &a.Dismisses }, "the threats that are open again if it is false"),
		field("answers", cells, func(a *ssf.Assumption) *[]ssf.CellRef { return &a.Answers }, "the cells that it answers"),
	},
})

var stride = []string{"spoofing", "tampering", "repudiation", "information_disclosure", "denial_of_service", "elevation_of_privilege"}

var ownThreatTable = object(Object[ssf.OwnThreat]{
	Name: "threat",
	Fields: []Field[ssf.OwnThreat]{
		field("name", plain, func(t *ssf.OwnThreat) *string { return &t.Title }, "its name for people; default what it says"),
		need("at", ref(anElement...), func(t *ssf.OwnThreat) *ssf.Ref { return &t.At }, "the element at which it stands"),
		need("says", plain, func(t *ssf.OwnThreat) *string { return &t.Says }, "the threat in a sentence"),
		field("origin", enum("an origin", "behaviour", "architecture", "implementation"), func(t *ssf.OwnThreat) *ssf.Ref { return &t.Origin }, "from what it follows"),
		field("endangers", cells, func(t *ssf.OwnThreat) *[]ssf.CellRef { return &t.Endangers }, "what it endangers"),
		field("stride", distinct(listOf(enum("a STRIDE class", stride...))), func(t *ssf.OwnThreat) *[]ssf.Ref { return &t.Stride }, "its STRIDE classes"),
		field("weaknesses", distinct(listOf(weakness)), func(t *ssf.OwnThreat) *[]ssf.Ref { return &t.Weaknesses }, "CWE ids"),
		field("attacks", distinct(listOf(attack)), func(t *ssf.OwnThreat) *[]ssf.Ref { return &t.Attacks }, "CAPEC ids"),
		field("likelihood", enum("a likelihood", "low", "medium", "high"), func(t *ssf.OwnThreat) *ssf.Ref { return &t.Likelihood }, "how likely it is; absent is unknown"),
		field("severity", enum("a severity", "low", "medium", "high", "critical"), func(t *ssf.OwnThreat) *ssf.Ref { return &t.Severity }, "its risk as a whole, where likelihood or impact is unknown"),
		field("same_as", derivedPatterns, func(t *ssf.OwnThreat) *[]ssf.Pattern { return &t.SameAs }, "threats of the library that it is the same as; while one is there, it stands in that one"),
		field("from_tool", plain, func(t *ssf.OwnThreat) *string { return &t.From }, "its id in the tool that it was imported from"),
	},
})

var mitigationTable = object(Object[ssf.Mitigation]{
	Name: "mitigation",
	Fields: []Field[ssf.Mitigation]{
		field("name", plain, func(x *ssf.Mitigation) *string { return &x.Title }, "its name for people"),
		field("says", plain, func(x *ssf.Mitigation) *string { return &x.Says }, "what it does, where the measure does not say it"),
		field("measure", ref(AMeasure), func(x *ssf.Mitigation) *ssf.Ref { return &x.Measure }, "the library's measure; default the one with the same id"),
		field("counters", some(patterns), func(x *ssf.Mitigation) *[]ssf.Pattern { return &x.Counters }, "the threats that it counters"),
		field("where", distinct(listOf(place)), func(x *ssf.Mitigation) *[]ssf.Ref { return &x.Where }, "where it sits: code, configuration, an assumption"),
		need("state", enum("a state", "proposed", "planned", "implemented"), func(x *ssf.Mitigation) *ssf.Ref { return &x.State }, "proposed counts for nothing yet, planned is decided, implemented is there"),
		field("from_tool", plain, func(x *ssf.Mitigation) *string { return &x.From }, "its id in the tool that it was imported from"),
	},
})

var runTable = object(Object[ssf.Run]{
	Name: "run",
	Fields: []Field[ssf.Run]{
		{Key: "run", Doc: "the command, without a shell", Type: command.Type, read: func(d *decoder, n *yaml.Node, r *ssf.Run) {
			if r.Command = command.read(d, n); n.Kind == yaml.ScalarNode && r.Command != nil {
				r.Line = d.ref(n, n.Value)
			}
		}},
		field("shell", boolean, func(r *ssf.Run) *ssf.Ref { return &r.Shell }, "yes: the command is given to a shell"),
		field("read", glob, func(r *ssf.Run) *ssf.Ref { return &r.Read }, "the reports that the command writes, or that another job left"),
		field("signer", ref(ASigner), func(r *ssf.Run) *ssf.Ref { return &r.Signer }, "whose evidence counts; default that of every signer"),
		field("limit", timeout, func(r *ssf.Run) *ssf.Ref { return &r.Limit }, "how long it may take; default 10m"),
		field("env", distinct(listOf(variable)), func(r *ssf.Run) *[]ssf.Ref { return &r.Env }, "names of further variables of the environment that the command sees"),
	},
	Check: func(d *decoder, at ssf.Pos, r *ssf.Run) {
		if len(r.Command) == 0 && r.Read.ID == "" {
			d.report("missing-key", at, "add `run:` with a command, or `read:` with the reports of another job", "a run has a command, reports to read or both, and this one has neither")
		}
		if r.Shell.ID == "yes" && len(r.Command) > 0 {
			if r.Line.ID == "" {
				d.report("bad-value", r.Command[0].Pos, "write the command as one text, or leave out `shell: yes`", "a shell reads one text, and this is a list of arguments")
				return
			}
			r.Command = []ssf.Ref{r.Line}
		}
		for _, arg := range r.Command {
			if sign := shellSign(string(arg.ID)); sign != "" && r.Shell.ID != "yes" {
				d.report("bad-value", arg.Pos, "write the command without it, or add `shell: yes`", "%q means nothing here, because the command is not given to a shell", sign)
				break
			}
		}
	},
})

var breakTable = object(Object[ssf.Break]{
	Name:  "break",
	Place: func(b *ssf.Break) *ssf.Pos { return &b.Pos },
	Fields: append(breakRows(),
		field("with", prose, func(b *ssf.Break) *ssf.Text { return &b.With }, "what `replace` writes instead"),
		field("red", distinct(listOf(word("a test name"))), func(b *ssf.Break) *[]ssf.Ref { return &b.Red }, "the tests that must fail"),
		field("green", distinct(listOf(word("a test name"))), func(b *ssf.Break) *[]ssf.Ref { return &b.Green }, "the tests that must still pass"),
		field("because", prose, func(b *ssf.Break) *ssf.Text { return &b.Because }, "why it cannot be taken out (none)"),
		field("by", enum("who made the break", "author", "library", "auditor"), func(b *ssf.Break) *ssf.Ref { return &b.By }, "who made it"),
	),
	Check: func(d *decoder, _ ssf.Pos, b *ssf.Break) {
		switch {
		case b.How.ID == "":
			d.report("missing-key", b.Pos, "add one of "+list(breakWays()), "this break does not say how")
		case b.How.ID == "none" && b.Because.S == "":
			d.report("missing-key", b.Pos, "add `because: ...`", "a break of none needs a reason")
		case b.How.ID != "none" && len(b.Red) == 0:
			d.report("missing-key", b.Pos, "add `red: [TestName]`", "this break does not say which tests must go red")
		case b.How.ID == "replace" && b.With.S == "":
			d.report("missing-key", b.Pos, "add `with: ...`", "a replacement needs its new text")
		}
	},
})

func breakRows() (fs []Field[ssf.Break]) {
	way := func(key, doc string, r Reader[ssf.Ref]) {
		fs = append(fs, Field[ssf.Break]{Key: key, Doc: doc, Type: r.Type, read: func(d *decoder, n *yaml.Node, b *ssf.Break) {
			if b.How.ID != "" {
				d.report("bad-value", d.pos(d.holder), "make it two entries of the list", "a break has one way, and this one has %s too", b.How.ID)
				return
			}
			b.How = ssf.Ref{ID: ssf.ID(key), Pos: d.pos(d.holder)}
			b.Value = r.read(d, n)
		}})
	}
	for i, f := range breakForms {
		way(f.way, f.doc, breakValue(i))
	}
	way("none", "yes: it cannot be taken out", boolean)
	return fs
}

var methods = []string{"test", "scan", "review", "pentest", "config_check", "attestation"}

var verificationTable = object(Object[ssf.Verification]{
	Name: "verification",
	Fields: []Field[ssf.Verification]{
		field("says", plain, func(v *ssf.Verification) *string { return &v.Says }, "what it shows"),
		need("verifies", some(distinct(listOf(verified))), func(v *ssf.Verification) *[]ssf.Ref { return &v.Verifies }, "mitigations, or claimed facts as `element.fact`"),
		field("in", ref(ARun), func(v *ssf.Verification) *ssf.Ref { return &v.In }, "the run that carries it out"),
		field("tests", distinct(listOf(word("a test name or pattern"))), func(v *ssf.Verification) *[]ssf.Ref { return &v.Tests }, "the tests in that run"),
		field("covers", distinct(listOf(glob)), func(v *ssf.Verification) *[]ssf.Ref { return &v.Covers }, "code beside the mitigation's own that its result depends on"),
		field("method", enum("a method", methods...), func(v *ssf.Verification) *ssf.Ref { return &v.Method }, "how; default test"),
		field("breaks", listOf(breakTable.reader()), func(v *ssf.Verification) *[]ssf.Break { return &v.Breaks }, "how the mitigation is taken out, to see the tests go red"),
	},
})

var auditTable = object(Object[ssf.Audit]{
	Name: "audit",
	Fields: []Field[ssf.Audit]{
		need("standard", ref(AStandard), func(a *ssf.Audit) *ssf.Ref { return &a.Standard }, "the standard that it checks"),
		field("run", command, func(a *ssf.Audit) *[]ssf.Ref { return &a.Command }, "the analyser's command, without a shell"),
		field("read", glob, func(a *ssf.Audit) *ssf.Ref { return &a.Read }, "the report that another job left"),
		need("covers", some(distinct(listOf(glob))), func(a *ssf.Audit) *[]ssf.Ref { return &a.Covers }, "the code that it looks at"),
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
		field("gates", gates, func(p *ssf.Policy) *[]ssf.Gate { return &p.Gates }, "limits on the number of threats"),
	},
})

var gates = func() Reader[[]ssf.Gate] {
	r := dict(gateTable, "gates", func(d *decoder, k *yaml.Node, g *ssf.Gate) bool { return d.name(k, &g.Named, "gate") }, true)
	r.Type.Key = anID
	return r
}()

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
