package lang

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// This file is the field table of a library: the keys of its files, by folder.

// folders are the parts of a library with one kind of entry each, and the
// table of a file in it. In threats and measures an entry is a folder of its own.
var folders = map[string]*Object[ssf.Library]{
	"facts":      libraryTable("facts", "facts", factTable, func(f *ssf.FactDef) *ssf.Named { return &f.Named }, func(l *ssf.Library) *[]ssf.FactDef { return &l.Facts }),
	"kinds":      libraryTable("kinds", "kinds", kindTable, func(k *ssf.KindDef) *ssf.Named { return &k.Named }, func(l *ssf.Library) *[]ssf.KindDef { return &l.Kinds }),
	"tech":       libraryTable("techs", "technologies", kindTable, func(k *ssf.KindDef) *ssf.Named { return &k.Named }, func(l *ssf.Library) *[]ssf.KindDef { return &l.Techs }),
	"protocols":  libraryTable("protocols", "protocols", kindTable, func(k *ssf.KindDef) *ssf.Named { return &k.Named }, func(l *ssf.Library) *[]ssf.KindDef { return &l.Protocols }),
	"controls":   libraryTable("controls", "controls", controlTable, func(c *ssf.Control) *ssf.Named { return &c.Named }, func(l *ssf.Library) *[]ssf.Control { return &l.Controls }),
	"checks":     libraryTable("checks", "checks", diagnosticTable, func(c *ssf.Check) *ssf.Named { return &c.Named }, func(l *ssf.Library) *[]ssf.Check { return &l.Checks }),
	"catalogues": libraryTable("catalogues", "catalogues", catalogueTable, func(c *ssf.Catalogue) *ssf.Named { return &c.Named }, func(l *ssf.Library) *[]ssf.Catalogue { return &l.Catalogues }),
	"lists":      libraryTable("lists", "lists", listTable, func(l *ssf.List) *ssf.Named { return &l.Named }, func(l *ssf.Library) *[]ssf.List { return &l.Lists }),
	"analysers":  libraryTable("analysers", "analysers", analyserTable, func(a *ssf.Analyser) *ssf.Named { return &a.Named }, func(l *ssf.Library) *[]ssf.Analyser { return &l.Analysers }),
	"standards":  libraryTable("standards", "standards", standardTable, func(s *ssf.Standard) *ssf.Named { return &s.Named }, func(l *ssf.Library) *[]ssf.Standard { return &l.Standards }),
	"policies":   libraryTable("policies", "policies", policyDefTable, func(p *ssf.PolicyDef) *ssf.Named { return &p.Named }, func(l *ssf.Library) *[]ssf.PolicyDef { return &l.Policies }),
}

// nameRE is the form of the names of checks, standards and the like; wordRE
// that of words which conditions and models use.
var (
	nameRE     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$`)
	analyserRE = regexp.MustCompile(`^[a-z][a-z0-9-]*:([a-z0-9-]+[./])?$`)
	wordRE     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)
)

// libraryTable is the table of a file with one section of named entries.
func libraryTable[V any](key, what string, o *Object[V], named func(*V) *ssf.Named, at func(*ssf.Library) *[]V) *Object[ssf.Library] {
	r := dict(o, what, func(d *decoder, k *yaml.Node, v *V) bool {
		*named(v) = ssf.Named{ID: ssf.ID(k.Value), Pos: d.pos(k)}
		form, says := nameRE, "letters, digits and . _ - /"
		if key == "analysers" {
			form, says = analyserRE, "what the names of its rules begin with, such as gosec: or codeql:go/"
		}
		if slices.Contains([]string{"facts", "kinds", "techs", "protocols"}, key) {
			form, says = wordRE, "small letters, digits and _"
		}
		if !form.MatchString(k.Value) {
			d.report("bad-id", d.pos(k), "write "+says, "%q cannot be the id of %s", clip(k.Value), ssf.Article(o.Name))
			return false
		}
		return true
	}, true)
	return object(Object[ssf.Library]{Name: key + " file", Fields: []Field[ssf.Library]{
		{Key: key, Doc: what, Required: true, Type: r.Type, read: func(d *decoder, n *yaml.Node, l *ssf.Library) { *at(l) = append(*at(l), r.read(d, n)...) }},
	}})
}

// A pack is what library.yaml says.
type pack struct{ name, version ssf.Text }

var packTable = object(Object[pack]{Name: "library", Fields: []Field[pack]{
	need("name", prose, func(p *pack) *ssf.Text { return &p.name }, "its name, such as acme or acme/web"),
	need("version", prose, func(p *pack) *ssf.Text { return &p.version }, "its version"),
	{Key: "title", Doc: "what it is", Type: plain.Type, read: func(d *decoder, n *yaml.Node, _ *pack) { plain.read(d, n) }},
	{Key: "says", Doc: "what it holds", Type: plain.Type, read: func(d *decoder, n *yaml.Node, _ *pack) { plain.read(d, n) }},
}})

// as reads an enumeration into a string type of the vocabulary.
func as[S ~string](r Reader[ssf.Ref]) Reader[S] {
	return mapped(r, func(ref ssf.Ref) S { return S(ref.ID) })
}

func allAs[S ~string](r Reader[[]ssf.Ref]) Reader[[]S] {
	return mapped(r, func(refs []ssf.Ref) (out []S) {
		for _, ref := range refs {
			out = append(out, S(ref.ID))
		}
		return out
	})
}

func sorts(ss ...ssf.Sort) (out []string) {
	for _, s := range ss {
		out = append(out, string(s))
	}
	return out
}

var (
	yes     = mapped(boolean, func(r ssf.Ref) bool { return r.ID == "yes" })
	aSort   = enum("a sort of element", sorts(ssf.Sorts...)...)
	aWord   = grammar("word", "a word in small letters, digits and _", `[a-z][a-z0-9_]*`, nil)
	aOrigin = enum("an origin", "behaviour", "architecture", "implementation")
	text    = mapped(prose, func(t ssf.Text) ssf.Value { return ssf.Value(t.S) })
	values  = mapped(level, func(r ssf.Ref) ssf.Level { l, _ := ssf.ParseLevel(string(r.ID)); return l })
)

var factTable = object(Object[ssf.FactDef]{Name: "fact", Fields: []Field[ssf.FactDef]{
	need("title", plain, func(f *ssf.FactDef) *string { return &f.Title }, "its name for people"),
	need("domain", as[ssf.Domain](enum("a domain", "boolean", "enum", "ordered", "set", "text")), func(f *ssf.FactDef) *ssf.Domain { return &f.Domain }, "the kind of value it takes"),
	{Key: "values", Doc: "its words, or each with what it means; those of an ordered one from least to greatest", Type: factValues.Type, read: func(d *decoder, n *yaml.Node, f *ssf.FactDef) {
		if n.Kind != yaml.MappingNode {
			f.Values = factWords.read(d, n)
			return
		}
		for _, w := range factValues.read(d, n) {
			f.Values, f.Means = append(f.Values, ssf.Ref{ID: w.ID, Pos: w.Pos}), append(f.Means, w.means)
		}
	}},
	need("on", distinct(listOf(aSort)), func(f *ssf.FactDef) *[]ssf.Ref { return &f.On }, "the sorts of element that declare it"),
	field("kinds", distinct(listOf(ref(AKind))), func(f *ssf.FactDef) *[]ssf.Ref { return &f.Kinds }, "the kinds of component it applies to"),
	field("derived_on", distinct(listOf(aSort)), func(f *ssf.FactDef) *[]ssf.Ref { return &f.DerivedOn }, "the sorts on which it is computed"),
	field("elsewhere", text, func(f *ssf.FactDef) *ssf.Value { return &f.Elsewhere }, "its value where it does not apply"),
	need("class", as[ssf.Class](enum("a class", "nature", "control")), func(f *ssf.FactDef) *ssf.Class { return &f.Class }, "nature: what a thing is; control: a protection that is claimed"),
	field("assertion", yes, func(f *ssf.FactDef) *bool { return &f.Assertion }, "yes: it lowers a threat by nature, and is listed with who said so"),
	need("asks", plain, func(f *ssf.FactDef) *string { return &f.Asks }, "the question in plain words"),
	need("why", plain, func(f *ssf.FactDef) *string { return &f.Why }, "what hangs on it"),
	field("example", plain, func(f *ssf.FactDef) *string { return &f.Example }, "an example answer"),
	field("known_by", allAs[string](distinct(listOf(enum("somebody who knows", knowers...)))), func(f *ssf.FactDef) *[]string { return &f.KnownBy }, "who usually knows the answer"),
}, Check: checkFact})

// A meaning is one word of a fact and what it means.
type meaning struct {
	ssf.Named
	means string
}

// knowers are who may know the answer to a question.
var knowers = []string{"developers", "operators", "architects", "product_owner", "security", "privacy", "support", "legal", "supplier"}

var (
	factWords  = distinct(listOf(aWord))
	meanings   = object(Object[meaning]{Name: "value", Fields: []Field[meaning]{need("means", plain, func(m *meaning) *string { return &m.means }, "what it means")}})
	factValues = dictOr(meanings, "values", func(d *decoder, k *yaml.Node, m *meaning) bool {
		m.Named = ssf.Named{ID: ssf.ID(k.Value), Pos: d.pos(k)}
		if !wordRE.MatchString(k.Value) {
			d.report("bad-id", d.pos(k), "write small letters, digits and _", "%q cannot be a word", clip(k.Value))
			return false
		}
		return true
	}, true, plain.Type, func(d *decoder, n *yaml.Node, m *meaning) { m.means = plain.read(d, n) })
)

// checkFact makes the domain whole: a boolean has its two words.
func checkFact(d *decoder, at ssf.Pos, f *ssf.FactDef) {
	words := f.Domain == ssf.Enum || f.Domain == ssf.Ordered || f.Domain == ssf.Set
	switch {
	case f.Domain == ssf.Boolean:
		bothWords(d, at, f)
	case !words && len(f.Values) > 0:
		d.report("bad-value", f.Values[0].Pos, "leave them out, or choose another domain", "a fact of domain %s has no values of its own", f.Domain)
	case words && len(f.Values) < 2:
		d.report("missing-key", at, "add `values: [a, b]`", "a fact of domain %s needs two values or more", f.Domain)
	case len(f.Values) > 60:
		d.report("limit", at, "split the fact", "a fact has more values than the limit of 60")
	}
	if f.Elsewhere != "" && len(f.Values) > 0 && !slices.ContainsFunc(f.Values, func(v ssf.Ref) bool { return v.ID == ssf.ID(f.Elsewhere) }) {
		d.report("bad-value", at, "it is one of "+list(ids(f.Values)), "elsewhere %q is no value of %s", f.Elsewhere, f.ID)
	}
	if f.Elsewhere == "" && len(f.Kinds) > 0 {
		d.report("missing-key", at, "add `elsewhere: ...`", "a fact with kinds needs its value elsewhere")
	}
}

// bothWords gives a boolean its two words, with what they mean if that is said.
func bothWords(d *decoder, at ssf.Pos, f *ssf.FactDef) {
	given, means := f.Values, f.Means
	f.Values, f.Means = []ssf.Ref{{ID: "no"}, {ID: "yes"}}, nil
	if means != nil {
		f.Means = make([]string, len(f.Values))
	}
	for i, v := range given {
		n := slices.IndexFunc(f.Values, func(w ssf.Ref) bool { return w.ID == v.ID })
		switch {
		case n < 0:
			d.report("bad-value", v.Pos, "the values of a boolean are yes and no", "%q is no value of a boolean", clip(string(v.ID)))
		case means != nil:
			f.Means[n] = means[i]
		}
	}
	if slices.Contains(f.Means, "") {
		d.report("missing-key", at, "say it of both, or of none", "what yes and what no means is not said")
	}
}

var kindTable = object(Object[ssf.KindDef]{Name: "kind", Fields: []Field[ssf.KindDef]{
	field("is", ref(AKind, ATech, AProtocol), func(k *ssf.KindDef) *ssf.Ref { return &k.Is }, "its parent, whose facts it inherits"),
	need("title", plain, func(k *ssf.KindDef) *string { return &k.Title }, "its name for people"),
	field("says", plain, func(k *ssf.KindDef) *string { return &k.Says }, "what it is"),
	field("abstract", yes, func(k *ssf.KindDef) *bool { return &k.Abstract }, "yes: its subkinds decide what rules read"),
	field("runs", yes, func(k *ssf.KindDef) *bool { return &k.Runs }, "yes: a process of ours, with technology and code"),
	field("whole", yes, func(k *ssf.KindDef) *bool { return &k.Whole }, "yes: the whole product stands or falls with it, so that all assets are at stake where it names none"),
	field("implies", implied, func(k *ssf.KindDef) *[]ssf.Implied { return &k.Implies }, "the facts that follow from it"),
	field("tests", testRun, func(k *ssf.KindDef) *string { return &k.Tests }, "of a technology: the run of its tests, as `run: COMMAND, read: REPORTS`"),
	field("because", plain, func(k *ssf.KindDef) *string { return &k.Because }, "why they follow"),
}})

// testRun reads the keys of a run, as they stand between braces in a suggestion.
var testRun = Reader[string]{Type: plain.Type, read: func(d *decoder, n *yaml.Node) string {
	s := plain.read(d, n)
	var run map[string]string
	err := yaml.Unmarshal([]byte("{"+s+"}"), &run)
	for key := range run {
		if key != "run" && key != "read" {
			err = errors.New("another key")
		}
	}
	if s != "" && (err != nil || len(run) == 0 || strings.ContainsFunc(s, unicode.IsControl)) {
		d.report("bad-value", d.pos(n), "write `run: COMMAND`, or `run: COMMAND, read: REPORTS`, in one line", "%q is not what a run says between braces", clip(s))
		return ""
	}
	return s
}}

// implied reads facts by name; their values are checked when the facts are known.
var implied = Reader[[]ssf.Implied]{Type: Type{Name: "dict", What: "facts", Elem: factType}, read: func(d *decoder, n *yaml.Node) (out []ssf.Implied) {
	d.pairs(n, "a mapping of facts", true, nil, func(key, value *yaml.Node) {
		i := ssf.Implied{Fact: d.ref(key, key.Value), Pos: d.pos(value)}
		d.refs = append(d.refs, pending{[]Target{AFact}, i.Fact})
		if value.Kind == yaml.SequenceNode {
			i.Value = ssf.SetOf(ids(listOf(aWord).read(d, value)))
		} else {
			i.Value = text.read(d, value)
		}
		switch i.Value {
		case "true":
			i.Value = ssf.Yes
		case "false":
			i.Value = ssf.No
		}
		out = append(out, i)
	})
	return out
}}

var likelihoodTable = object(Object[ssf.Rule]{Name: "likelihood", Fields: []Field[ssf.Rule]{
	need("level", values, func(r *ssf.Rule) *ssf.Level { return &r.Likelihood }, "how likely it is, before exposure is looked at"),
	need("because", plain, func(r *ssf.Rule) *string { return &r.Because }, "the reason"),
	field("anywhere", yes, func(r *ssf.Rule) *bool { return &r.Anywhere }, "yes: it does not depend on who can reach the element"),
}})

var linddun = []string{"linking", "identifying", "non_repudiation", "detecting", "data_disclosure", "unawareness", "non_compliance"}

var ruleTable = object(Object[ssf.Rule]{Name: "threat", Fields: []Field[ssf.Rule]{
	need("id", as[ssf.ID](grammar("id", "an id in small letters, digits and hyphens", idForm, nil)), func(r *ssf.Rule) *ssf.ID { return &r.ID }, "its id: the name of its folder"),
	need("since", plain, func(r *ssf.Rule) *string { return &r.Since }, "the version of the library that brought it"),
	need("title", plain, func(r *ssf.Rule) *string { return &r.Title }, "its name for people"),
	need("origin", as[ssf.Origin](aOrigin), func(r *ssf.Rule) *ssf.Origin { return &r.Origin }, "from what it follows"),
	need("on", as[ssf.Sort](enum("a sort", sorts(ssf.SortSystem, ssf.SortZone, ssf.SortActor, ssf.SortAsset, ssf.SortComponent, ssf.SortFlow, ssf.SortFunction, ssf.SortMitigation)...)), func(r *ssf.Rule) *ssf.Sort { return &r.On }, "the sort of element it stands on"),
	field("kinds", distinct(listOf(ref(AKind))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Kinds }, "the kinds of component, of a flow's `to` end or of a function's place"),
	field("of", distinct(listOf(ref(AMeasure))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Of }, "on a mitigation: the measures that it goes around"),
	need("when", condition, func(r *ssf.Rule) *ssf.Text { return &r.When }, "the condition over nature facts under which it is there"),
	field("unless", condition, func(r *ssf.Rule) *ssf.Text { return &r.Unless }, "the condition over control facts that claims it is countered"),
	need("endangers", allAs[ssf.Property](distinct(listOf(enum("a property", properties()...)))), func(r *ssf.Rule) *[]ssf.Property { return &r.Endangers }, "the properties that it endangers"),
	field("stride", allAs[string](distinct(listOf(enum("a STRIDE class", stride...)))), func(r *ssf.Rule) *[]string { return &r.Stride }, "its STRIDE classes"),
	field("linddun", allAs[string](distinct(listOf(enum("a LINDDUN type", linddun...)))), func(r *ssf.Rule) *[]string { return &r.Linddun }, "its LINDDUN types"),
	field("weaknesses", distinct(listOf(weakness)), func(r *ssf.Rule) *[]ssf.Ref { return &r.Weaknesses }, "CWE ids"),
	field("attacks", distinct(listOf(attack)), func(r *ssf.Rule) *[]ssf.Ref { return &r.Attacks }, "CAPEC ids"),
	field("covers", distinct(listOf(listEntry)), func(r *ssf.Rule) *[]ssf.Ref { return &r.Covers }, "the entries of published lists that it is about"),
	must(nest("likelihood", likelihoodTable, "how likely it is, and why")),
	need("says", plain, func(r *ssf.Rule) *string { return &r.Says }, "source, prerequisite, action, effect, asset in one sentence"),
	need("plain", plain, func(r *ssf.Rule) *string { return &r.Plain }, "one sentence for somebody who buys"),
	need("measures", distinct(listOf(ref(AMeasure))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Measures }, "what counters it"),
	field("variants", distinct(listOf(ref(ARule))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Variants }, "any of these is enough"),
	field("steps", distinct(listOf(ref(ARule))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Steps }, "all of these are needed"),
	need("quiet_when", plain, func(r *ssf.Rule) *string { return &r.QuietWhen }, "where it does not stand"),
}})

var recipeTable = object(Object[ssf.Recipe]{Name: "recipe", Fields: []Field[ssf.Recipe]{
	need("method", as[string](enum("a method", methods...)), func(r *ssf.Recipe) *string { return &r.Method }, "how it is verified"),
	need("how", plain, func(r *ssf.Recipe) *string { return &r.How }, "what is done and expected"),
	field("rules", distinct(listOf(analyserRule)), func(r *ssf.Recipe) *[]ssf.Ref { return &r.Rules }, "the rules of analysers that bear on it"),
	field("expect", plain, func(r *ssf.Recipe) *string { return &r.Expect }, "the evidence that shows it"),
	field("fresh", as[string](freshness), func(r *ssf.Recipe) *string { return &r.Fresh }, "how long the evidence holds: `change` until what it covers changes, or a time"),
	field("break", plain, func(r *ssf.Recipe) *string { return &r.Break }, "how to take the measure out, to see the verification fail"),
}})

var measureTable = object(Object[ssf.Measure]{Name: "measure", Fields: []Field[ssf.Measure]{
	need("id", as[ssf.ID](grammar("id", "an id in small letters, digits and hyphens", idForm, nil)), func(m *ssf.Measure) *ssf.ID { return &m.ID }, "its id: the name of its folder"),
	need("title", plain, func(m *ssf.Measure) *string { return &m.Title }, "its name for people"),
	need("kind", as[string](enum("a kind of measure", "prevent", "detect", "recover")), func(m *ssf.Measure) *string { return &m.Kind }, "prevent, detect or recover"),
	need("effort", values, func(m *ssf.Measure) *ssf.Level { return &m.Effort }, "how much work it is"),
	need("says", plain, func(m *ssf.Measure) *string { return &m.Says }, "what to do"),
	need("leaves", plain, func(m *ssf.Measure) *string { return &m.Leaves }, "what it leaves open"),
	need("where", plain, func(m *ssf.Measure) *string { return &m.Where }, "where it usually sits"),
	need("verify", listOf(recipeTable.reader()), func(m *ssf.Measure) *[]ssf.Recipe { return &m.Verify }, "how it is shown to work"),
	field("depends_on", distinct(listOf(ref(AMeasure))), func(m *ssf.Measure) *[]ssf.Ref { return &m.DependsOn }, "the measures without which it does not hold"),
	field("answers", distinct(listOf(catalogueID)), func(m *ssf.Measure) *[]ssf.Ref { return &m.Answers }, "the ids of catalogues that it answers"),
}})

var (
	listEntry    = grammar("list entry", "an entry of a list, such as owasp-2021:A03", `[a-z0-9][a-z0-9.-]*:[A-Za-z0-9][A-Za-z0-9._-]*`, nil)
	catalogueID  = grammar("catalogue id", "an id of a catalogue, such as asvs-5.0:1.2.4", `[a-z0-9][a-z0-9.-]*:[A-Za-z0-9][A-Za-z0-9().-]*`, nil)
	analyserRule = grammar("analyser rule", "a rule of an analyser, such as gosec:G201", `[a-z][a-z0-9-]*:[A-Za-z0-9@][A-Za-z0-9@_./-]*`, nil)
	freshness    = grammar("freshness", "`change`, or a time such as 90d", `change|[1-9]\d{0,4}[hdwy]`, nil)
	weakness     = grammar("cwe", "a CWE id such as CWE-89", `CWE-\d{1,4}`, nil)
	attack       = grammar("capec", "a CAPEC id such as CAPEC-66", `CAPEC-\d{1,3}`, nil)
)

var analyserTable = object(Object[ssf.Analyser]{Name: "analyser", Fields: []Field[ssf.Analyser]{
	need("title", plain, func(a *ssf.Analyser) *string { return &a.Title }, "its name for people"),
	field("for", distinct(listOf(ref(ATech))), func(a *ssf.Analyser) *[]ssf.Ref { return &a.For }, "the technologies whose code it reads"),
	need("says", plain, func(a *ssf.Analyser) *string { return &a.Says }, "what it looks at"),
}})

var listEntryTable = object(Object[ssf.ListEntry]{Name: "entry", Fields: []Field[ssf.ListEntry]{
	field("weaknesses", distinct(listOf(weakness)), func(e *ssf.ListEntry) *[]ssf.Ref { return &e.Weaknesses }, "the CWE ids that its publisher maps to it"),
	field("hole", plain, func(e *ssf.ListEntry) *string { return &e.Hole }, "why no rule covers it"),
}})

var listTable = object(Object[ssf.List]{Name: "list", Fields: []Field[ssf.List]{
	need("title", plain, func(l *ssf.List) *string { return &l.Title }, "its name for people"),
	need("source", plain, func(l *ssf.List) *string { return &l.Source }, "who publishes it"),
	need("entries", dict(listEntryTable, "entries", func(d *decoder, k *yaml.Node, e *ssf.ListEntry) bool {
		e.Named = ssf.Named{ID: ssf.ID(k.Value), Pos: d.pos(k)}
		if !nameRE.MatchString(k.Value) {
			d.report("bad-id", d.pos(k), "write letters, digits and . _ - /", "%q cannot be the id of an entry", clip(k.Value))
			return false
		}
		return true
	}, true), func(l *ssf.List) *[]ssf.ListEntry { return &l.Entries }, "its entries"),
}})

var sentences = mapped(listOf(prose), func(ts []ssf.Text) (out []string) {
	for _, t := range ts {
		out = append(out, t.S)
	}
	return out
})

var controlTable = object(Object[ssf.Control]{Name: "control", Fields: []Field[ssf.Control]{
	field("phase", as[ssf.Phase](enum("a phase", reaches...)), func(c *ssf.Control) *ssf.Phase { return &c.Phase }, "the phase it belongs to; without one it counts in each"),
	need("title", plain, func(c *ssf.Control) *string { return &c.Title }, "its name for people"),
	need("action", plain, func(c *ssf.Control) *string { return &c.Action }, "what the developer does"),
	need("criterion", plain, func(c *ssf.Control) *string { return &c.Criterion }, "by what an auditor judges"),
	need("basis", plain, func(c *ssf.Control) *string { return &c.Basis }, "where it comes from"),
	field("judged", sentences, func(c *ssf.Control) *[]string { return &c.Judged }, "what only a person can judge"),
}})

var diagnosticTable = object(Object[ssf.Check]{Name: "check", Fields: []Field[ssf.Check]{
	need("severity", as[ssf.Severity](enum("a severity", "error", "gap", "question", "warning", "hint")), func(c *ssf.Check) *ssf.Severity { return &c.Severity }, "how much it matters"),
	field("control", ref(AControl), func(c *ssf.Check) *ssf.Ref { return &c.Control }, "the control that it bears on"),
	need("title", plain, func(c *ssf.Check) *string { return &c.Title }, "its name for people"),
	need("says", plain, func(c *ssf.Check) *string { return &c.Says }, "what it means and why it matters"),
	need("fix", plain, func(c *ssf.Check) *string { return &c.Fix }, "how to mend it"),
}})

var levelTable = object(Object[ssf.CatalogueLevel]{Name: "level", Fields: []Field[ssf.CatalogueLevel]{
	need("name", plain, func(l *ssf.CatalogueLevel) *string { return &l.Name }, "its name"),
	need("ids", sentences, func(l *ssf.CatalogueLevel) *[]string { return &l.IDs }, "the ids that it adds"),
}})

var catalogueTable = object(Object[ssf.Catalogue]{Name: "catalogue", Fields: []Field[ssf.Catalogue]{
	need("title", plain, func(c *ssf.Catalogue) *string { return &c.Title }, "its name for people"),
	need("source", plain, func(c *ssf.Catalogue) *string { return &c.Source }, "who publishes it"),
	need("levels", listOf(levelTable.reader()), func(c *ssf.Catalogue) *[]ssf.CatalogueLevel { return &c.Levels }, "its levels, each with what it adds"),
}})

var standardRuleTable = object(Object[ssf.StandardRule]{Name: "rule", Fields: []Field[ssf.StandardRule]{
	need("says", plain, func(r *ssf.StandardRule) *string { return &r.Says }, "the rule in a sentence"),
	need("checked_by", sentences, func(r *ssf.StandardRule) *[]string { return &r.CheckedBy }, "the analysers' rules that check it"),
}})

var standardTable = object(Object[ssf.Standard]{Name: "standard", Fields: []Field[ssf.Standard]{
	need("title", plain, func(s *ssf.Standard) *string { return &s.Title }, "its name for people"),
	need("for", distinct(listOf(ref(ATech))), func(s *ssf.Standard) *[]ssf.Ref { return &s.For }, "the technologies it is for"),
	need("rules", dict(standardRuleTable, "rules", func(d *decoder, k *yaml.Node, r *ssf.StandardRule) bool { return d.name(k, &r.Named, "rule") }, true), func(s *ssf.Standard) *[]ssf.StandardRule { return &s.Rules }, "its rules"),
}})

var policyDefTable = object(Object[ssf.PolicyDef]{Name: "policy", Fields: []Field[ssf.PolicyDef]{
	need("title", plain, func(p *ssf.PolicyDef) *string { return &p.Title }, "its name for people"),
	{Key: "reach", Doc: policyTable.Fields[0].Doc, Type: policyTable.Fields[0].Type, read: func(d *decoder, n *yaml.Node, p *ssf.PolicyDef) { policyTable.Fields[0].read(d, n, &p.Policy) }},
	{Key: "gates", Doc: policyTable.Fields[1].Doc, Type: policyTable.Fields[1].Type, read: func(d *decoder, n *yaml.Node, p *ssf.PolicyDef) { policyTable.Fields[1].read(d, n, &p.Policy) }},
}})
