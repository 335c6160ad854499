package lang

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

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
	"standards":  libraryTable("standards", "standards", standardTable, func(s *ssf.Standard) *ssf.Named { return &s.Named }, func(l *ssf.Library) *[]ssf.Standard { return &l.Standards }),
	"policies":   libraryTable("policies", "policies", policyDefTable, func(p *ssf.PolicyDef) *ssf.Named { return &p.Named }, func(l *ssf.Library) *[]ssf.PolicyDef { return &l.Policies }),
}

// libraryTable is the table of a file with one section of named entries.
func libraryTable[V any](key, what string, o *Object[V], named func(*V) *ssf.Named, at func(*ssf.Library) *[]V) *Object[ssf.Library] {
	r := dict(o, what, func(d *decoder, k *yaml.Node, v *V) bool {
		*named(v) = ssf.Named{ID: ssf.ID(k.Value), Pos: d.pos(k)}
		return true
	}, true)
	return object(Object[ssf.Library]{Name: key + " file", Fields: []Field[ssf.Library]{
		{Key: key, Doc: what, Required: true, Type: r.Type, read: func(d *decoder, n *yaml.Node, l *ssf.Library) { *at(l) = append(*at(l), r.read(d, n)...) }},
	}})
}

var packTable = object(Object[ssf.LibraryRef]{Name: "library", Fields: []Field[ssf.LibraryRef]{
	need("name", plain, func(p *ssf.LibraryRef) *string { return &p.Name }, "its name, such as ssf/core"),
	need("version", plain, func(p *ssf.LibraryRef) *string { return &p.Version }, "its version"),
	{Key: "title", Doc: "what it is", Type: plain.Type, read: func(d *decoder, n *yaml.Node, _ *ssf.LibraryRef) { plain.read(d, n) }},
	{Key: "says", Doc: "what it holds", Type: plain.Type, read: func(d *decoder, n *yaml.Node, _ *ssf.LibraryRef) { plain.read(d, n) }},
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
	field("values", distinct(listOf(aWord)), func(f *ssf.FactDef) *[]ssf.Ref { return &f.Values }, "its words; those of an ordered one from least to greatest"),
	need("on", distinct(listOf(aSort)), func(f *ssf.FactDef) *[]ssf.Ref { return &f.On }, "the sorts of element that declare it"),
	field("kinds", distinct(listOf(ref(AKind))), func(f *ssf.FactDef) *[]ssf.Ref { return &f.Kinds }, "the kinds of component it applies to"),
	field("derived_on", distinct(listOf(aSort)), func(f *ssf.FactDef) *[]ssf.Ref { return &f.DerivedOn }, "the sorts on which it is computed"),
	field("elsewhere", text, func(f *ssf.FactDef) *ssf.Value { return &f.Elsewhere }, "its value where it does not apply"),
	need("class", as[ssf.Class](enum("a class", "nature", "control")), func(f *ssf.FactDef) *ssf.Class { return &f.Class }, "nature: what a thing is; control: a protection that is claimed"),
	field("assertion", yes, func(f *ssf.FactDef) *bool { return &f.Assertion }, "yes: it lowers a threat by nature, and is listed with who said so"),
	need("asks", plain, func(f *ssf.FactDef) *string { return &f.Asks }, "the question in plain words"),
	need("why", plain, func(f *ssf.FactDef) *string { return &f.Why }, "what hangs on it"),
	field("example", plain, func(f *ssf.FactDef) *string { return &f.Example }, "an example answer"),
}, Check: checkFact})

// checkFact makes the domain whole: a boolean has its two words.
func checkFact(d *decoder, n *yaml.Node, f *ssf.FactDef) {
	words := f.Domain == ssf.Enum || f.Domain == ssf.Ordered || f.Domain == ssf.Set
	switch {
	case f.Domain == ssf.Boolean:
		f.Values = []ssf.Ref{{ID: "no"}, {ID: "yes"}}
	case words && len(f.Values) < 2:
		d.report("missing-key", d.pos(n), "add `values: [a, b]`", "a fact of domain %s needs two values or more", f.Domain)
	case len(f.Values) > 60:
		d.report("limit", d.pos(n), "split the fact", "a fact has more values than the limit of 60")
	}
	if f.Elsewhere != "" && len(f.Values) > 0 && !slices.ContainsFunc(f.Values, func(v ssf.Ref) bool { return v.ID == ssf.ID(f.Elsewhere) }) {
		d.report("bad-value", d.pos(n), "it is one of "+list(ids(f.Values)), "elsewhere %q is no value of %s", f.Elsewhere, f.ID)
	}
	if f.Elsewhere == "" && len(f.Kinds) > 0 {
		d.report("missing-key", d.pos(n), "add `elsewhere: ...`", "a fact with kinds needs its value elsewhere")
	}
}

var kindTable = object(Object[ssf.KindDef]{Name: "kind", Fields: []Field[ssf.KindDef]{
	field("is", ref(AKind, ATech, AProtocol), func(k *ssf.KindDef) *ssf.Ref { return &k.Is }, "its parent, whose facts it inherits"),
	need("title", plain, func(k *ssf.KindDef) *string { return &k.Title }, "its name for people"),
	field("says", plain, func(k *ssf.KindDef) *string { return &k.Says }, "what it is"),
	field("abstract", yes, func(k *ssf.KindDef) *bool { return &k.Abstract }, "yes: its subkinds decide what rules read"),
	field("runs", yes, func(k *ssf.KindDef) *bool { return &k.Runs }, "yes: a process of ours, with technology and code"),
	field("implies", implied, func(k *ssf.KindDef) *[]ssf.Implied { return &k.Implies }, "the facts that follow from it"),
}})

// implied reads facts by name; their values are checked when the facts are known.
var implied = Reader[[]ssf.Implied]{Type: Type{Name: "dict", What: "facts", Elem: factType}, read: func(d *decoder, n *yaml.Node) (out []ssf.Implied) {
	d.pairs(n, "mapping of facts", true, func(key, value *yaml.Node) {
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
	need("id", as[ssf.ID](grammar("id", "an id in small letters, digits and hyphens", `[a-z0-9]+(?:-[a-z0-9]+)*`, nil)), func(r *ssf.Rule) *ssf.ID { return &r.ID }, "its id: the name of its folder"),
	need("since", plain, func(r *ssf.Rule) *string { return &r.Since }, "the version of the library that brought it"),
	need("title", plain, func(r *ssf.Rule) *string { return &r.Title }, "its name for people"),
	need("origin", as[ssf.Origin](aOrigin), func(r *ssf.Rule) *ssf.Origin { return &r.Origin }, "from what it follows"),
	need("on", as[ssf.Sort](enum("a sort", sorts(ssf.SortSystem, ssf.SortZone, ssf.SortActor, ssf.SortAsset, ssf.SortComponent, ssf.SortFlow, ssf.SortFunction)...)), func(r *ssf.Rule) *ssf.Sort { return &r.On }, "the sort of element it stands on"),
	field("kinds", distinct(listOf(ref(AKind))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Kinds }, "the kinds of component, of a flow's `to` end or of a function's place"),
	need("when", condition, func(r *ssf.Rule) *ssf.Text { return &r.When }, "the condition over nature facts under which it is there"),
	field("unless", condition, func(r *ssf.Rule) *ssf.Text { return &r.Unless }, "the condition over control facts that claims it is countered"),
	need("endangers", allAs[ssf.Property](distinct(listOf(enum("a property", properties()...)))), func(r *ssf.Rule) *[]ssf.Property { return &r.Endangers }, "the properties that it endangers"),
	field("stride", allAs[string](distinct(listOf(enum("a STRIDE class", stride...)))), func(r *ssf.Rule) *[]string { return &r.Stride }, "its STRIDE classes"),
	field("linddun", allAs[string](distinct(listOf(enum("a LINDDUN type", linddun...)))), func(r *ssf.Rule) *[]string { return &r.Linddun }, "its LINDDUN types"),
	field("weaknesses", distinct(listOf(grammar("cwe", "a CWE id such as CWE-89", `CWE-\d{1,4}`, nil))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Weaknesses }, "CWE ids"),
	field("attacks", distinct(listOf(grammar("capec", "a CAPEC id such as CAPEC-66", `CAPEC-\d{1,3}`, nil))), func(r *ssf.Rule) *[]ssf.Ref { return &r.Attacks }, "CAPEC ids"),
	nest("likelihood", likelihoodTable, "how likely it is, and why"),
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
	field("break", plain, func(r *ssf.Recipe) *string { return &r.Break }, "how to take the measure out, to see the verification fail"),
}})

var measureTable = object(Object[ssf.Measure]{Name: "measure", Fields: []Field[ssf.Measure]{
	need("id", as[ssf.ID](grammar("id", "an id in small letters, digits and hyphens", `[a-z0-9]+(?:-[a-z0-9]+)*`, nil)), func(m *ssf.Measure) *ssf.ID { return &m.ID }, "its id: the name of its folder"),
	need("title", plain, func(m *ssf.Measure) *string { return &m.Title }, "its name for people"),
	need("kind", as[string](enum("a kind of measure", "prevent", "detect", "recover")), func(m *ssf.Measure) *string { return &m.Kind }, "prevent, detect or recover"),
	need("effort", values, func(m *ssf.Measure) *ssf.Level { return &m.Effort }, "how much work it is"),
	need("says", plain, func(m *ssf.Measure) *string { return &m.Says }, "what to do"),
	need("leaves", plain, func(m *ssf.Measure) *string { return &m.Leaves }, "what it leaves open"),
	need("where", plain, func(m *ssf.Measure) *string { return &m.Where }, "where it usually sits"),
	need("verify", listOf(recipeTable.reader()), func(m *ssf.Measure) *[]ssf.Recipe { return &m.Verify }, "how it is shown to work"),
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

// ReadLibrary reads the library in fsys: library.yaml and the folders beside
// it. References inside the library are checked here; conditions by whoever
// compiles them. Errors in the files are diagnostics with their places.
func ReadLibrary(fsys fs.FS) (*ssf.Library, []ssf.Diagnostic, error) {
	lib := &ssf.Library{}
	var diags []ssf.Diagnostic
	var refs []pending
	sources := map[string]*source{}
	sum := sha256.New()
	pack := ssf.LibraryRef{}
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading the library: %w", err)
		}
		if e.IsDir() || path.Ext(p) != ".yaml" {
			return nil
		}
		text, more, err := readFile(fsys, p)
		if err != nil {
			return err
		}
		if diags = append(diags, more...); len(more) > 0 {
			return nil
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%s", p, len(text), text)
		d := &decoder{src: newSource(p, text), prefix: "library/"}
		sources[p] = d.src
		d.libraryFile(p, lib, &pack)
		diags, refs = append(diags, d.diags...), append(refs, d.refs...)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	sum.Sum(pack.Digest[:0])
	lib.Packs = []ssf.LibraryRef{pack}
	sortByID(lib.Facts, func(v *ssf.FactDef) ssf.ID { return v.ID })
	sortByID(lib.Kinds, func(v *ssf.KindDef) ssf.ID { return v.ID })
	sortByID(lib.Techs, func(v *ssf.KindDef) ssf.ID { return v.ID })
	sortByID(lib.Protocols, func(v *ssf.KindDef) ssf.ID { return v.ID })
	sortByID(lib.Threats, func(v *ssf.Rule) ssf.ID { return v.ID })
	sortByID(lib.Measures, func(v *ssf.Measure) ssf.ID { return v.ID })
	sortByID(lib.Checks, func(v *ssf.Check) ssf.ID { return v.ID })
	sortByID(lib.Catalogues, func(v *ssf.Catalogue) ssf.ID { return v.ID })
	sortByID(lib.Standards, func(v *ssf.Standard) ssf.ID { return v.ID })
	sortByID(lib.Policies, func(v *ssf.PolicyDef) ssf.ID { return v.ID })
	diags = append(diags, checkLibrary(lib, refs, sources)...)
	slices.SortStableFunc(diags, compareDiags)
	return lib, diags, nil
}

func sortByID[T any](vs []T, id func(*T) ssf.ID) {
	slices.SortStableFunc(vs, func(a, b T) int { return strings.Compare(string(id(&a)), string(id(&b))) })
}

// libraryFile reads one file by the folder it lies in.
func (d *decoder) libraryFile(p string, lib *ssf.Library, pack *ssf.LibraryRef) {
	n := d.parse(1, len(d.src.lines)+1)
	if n == nil {
		if len(d.diags) == 0 {
			d.report("syntax", ssf.Pos{File: p, Line: 1, Col: 1}, "delete it, or write an entry", "the file is empty")
		}
		return
	}
	folder, rest, _ := strings.Cut(p, "/")
	named := func(v *ssf.Named) {
		v.Pos = ssf.Pos{File: p, Line: 1, Col: 1}
		if want := path.Base(path.Dir(p)); string(v.ID) != want && v.ID != "" {
			d.report("bad-id", v.Pos, "rename the folder or the id", "the id is %q, and the folder is %q", v.ID, want)
		}
	}
	switch {
	case p == "library.yaml":
		packTable.read(d, n, pack)
	case folder == "threats" && path.Base(rest) == "threat.yaml":
		var r ssf.Rule
		ruleTable.read(d, n, &r)
		named(&r.Named)
		r.Digest = r.Decides()
		lib.Threats = append(lib.Threats, r)
	case folder == "measures" && path.Base(rest) == "measure.yaml":
		var m ssf.Measure
		measureTable.read(d, n, &m)
		named(&m.Named)
		lib.Measures = append(lib.Measures, m)
	case folders[folder] != nil:
		folders[folder].read(d, n, lib)
	default:
		d.report("files", ssf.Pos{File: p, Line: 1, Col: 1}, "the folders are threats, measures, facts, kinds, tech, protocols, controls, checks, catalogues, standards and policies", "a library has no such file")
	}
}

// checkLibrary checks what one file cannot know of the others.
func checkLibrary(lib *ssf.Library, refs []pending, sources map[string]*source) (diags []ssf.Diagnostic) {
	x := &index{ids: map[Target]map[ssf.ID]ssf.Pos{}, words: NewWords(lib), diags: &diags, line: func(p ssf.Pos) string {
		if s := sources[p.File]; s != nil {
			return s.line(p.Line)
		}
		return ""
	}}
	each(x, AFact, lib.Facts, func(v *ssf.FactDef) ssf.Named { return v.Named })
	each(x, AKind, lib.Kinds, func(v *ssf.KindDef) ssf.Named { return v.Named })
	each(x, ATech, lib.Techs, func(v *ssf.KindDef) ssf.Named { return v.Named })
	each(x, AProtocol, lib.Protocols, func(v *ssf.KindDef) ssf.Named { return v.Named })
	each(x, ARule, lib.Threats, func(v *ssf.Rule) ssf.Named { return v.Named })
	each(x, AMeasure, lib.Measures, func(v *ssf.Measure) ssf.Named { return v.Named })
	each(x, AControl, lib.Controls, func(v *ssf.Control) ssf.Named { return v.Named })
	each(x, ACheck, lib.Checks, func(v *ssf.Check) ssf.Named { return v.Named })
	x.resolve(refs)
	for i := range lib.Facts {
		if f := &lib.Facts[i]; reserved(string(f.ID)) {
			x.report("bad-id", f.Pos, "choose another name", nil, "%q is a key of the language or a word of conditions, so no fact can have that name", f.ID)
		}
	}
	for _, defs := range [][]ssf.KindDef{lib.Kinds, lib.Techs, lib.Protocols} {
		x.implied(defs)
		x.cycles(defs)
	}
	for i := range diags {
		diags[i].Check = ssf.ID(strings.Replace(string(diags[i].Check), "model/", "library/", 1))
	}
	return diags
}

// implied checks the values that kinds, technologies and protocols imply, and
// puts sets in the order of their domain.
func (x *index) implied(defs []ssf.KindDef) {
	for i := range defs {
		for j := range defs[i].Implies {
			v := &defs[i].Implies[j]
			v.By = defs[i].ID
			def := x.words.facts[v.Fact.ID]
			if def == nil || def.Domain == ssf.FreeText {
				continue
			}
			words := []string{string(v.Value)}
			if def.Domain == ssf.Set {
				words = v.Value.Members()
				if words == nil {
					x.report("wrong-type", v.Pos, "write a list: ["+string(v.Value)+"]", nil, "%s is a set", def.ID)
				}
				v.Value = SetValue(def, words)
			}
			for _, w := range words {
				if !slices.Contains(ids(def.Values), w) {
					x.report("bad-value", v.Pos, didYouMean(w, ids(def.Values)), nil, "%q is no value of %s", clip(w), def.ID)
				}
			}
		}
	}
}

// cycles reports a definition that is its own ancestor.
func (x *index) cycles(defs []ssf.KindDef) {
	parent := map[ssf.ID]ssf.ID{}
	for _, k := range defs {
		parent[k.ID] = k.Is.ID
	}
	for _, k := range defs {
		up := k.ID
		for range len(defs) {
			up = parent[up]
		}
		if up != "" {
			x.report("bad-value", k.Is.Pos, "break the circle", nil, "%q is its own ancestor", k.ID)
		}
		if k.Is.ID != "" && !slices.ContainsFunc(defs, func(o ssf.KindDef) bool { return o.ID == k.Is.ID }) {
			x.report("bad-value", k.Is.Pos, "name one of the same sort", nil, "%q is of another sort than %q", k.Is.ID, k.ID)
		}
	}
}

// reserved reports whether a word has a meaning of its own in the language or
// in conditions.
func reserved(s string) bool {
	switch s {
	case "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
		"self", "system", "deployment", "from", "to", "carries", "zone", "incoming", "outgoing", "stores", "handles", "at", "actors", "assets", "holders", "element", "facts":
		return true
	}
	for _, keys := range [][]string{zoneTable.keys(noWords), actorTable.keys(noWords), assetTable.keys(noWords), componentTable.keys(noWords), flowTable.keys(noWords), deploymentTable.keys(noWords)} {
		if slices.Contains(keys, s) {
			return true
		}
	}
	return slices.Contains(functionTable.keys(noWords), s) && s != "does"
}

// noWords is a decoder without a vocabulary.
var noWords = &decoder{}
