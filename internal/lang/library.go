package lang

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
	"ssf/internal/mitre"
)

// ReadLibrary reads the program's own library in fsys: library.yaml and the
// folders beside it. References inside the library are checked here; conditions
// by whoever compiles them. Errors in the files are diagnostics with their places.
func ReadLibrary(fsys fs.FS) (*ssf.Library, []ssf.Diagnostic, error) {
	l, err := ReadLibraries(nil, LibraryDir{FS: fsys, Dir: "."})
	if err != nil {
		return nil, nil, err
	}
	return l.Whole, l.Diagnostics, nil
}

func sortByID[T any](vs []T, id func(*T) ssf.ID) {
	slices.SortStableFunc(vs, func(a, b T) int { return strings.Compare(string(id(&a)), string(id(&b))) })
}

// inLibrary turns the checks of a model into those of a library.
func inLibrary(ds []ssf.Diagnostic) []ssf.Diagnostic {
	for i := range ds {
		ds[i].Check = ssf.ID(strings.Replace(string(ds[i].Check), "model/", "library/", 1))
	}
	return ds
}

// libraryFile reads one file by the folder it lies in; p is its path in the
// library. It reports whether the file could be read at all.
func (d *decoder) libraryFile(p string, a *Added) bool {
	at, lib := ssf.Pos{File: d.src.path, Line: 1, Col: 1}, &a.Library
	if n := d.src.values(); n > MaxValues {
		d.report("limit", at, "split it", "the file has about %d values, and the limit is %d", n, MaxValues)
		return false
	}
	n := d.parse(1, len(d.src.lines)+1)
	if n == nil {
		return false
	}
	folder, rest, _ := strings.Cut(p, "/")
	named := func(v *ssf.Named) {
		v.Pos = at
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "id" {
				v.Pos = d.pos(n.Content[i+1])
			}
		}
		if want := path.Base(path.Dir(p)); string(v.ID) != want && v.ID != "" {
			d.report("bad-id", v.Pos, "rename the folder or the id", "the id is %q, and the folder is %q", v.ID, want)
		}
	}
	switch {
	case p == "library.yaml":
		packTable.read(d, n, &a.pack)
	case folder == "threats" && path.Base(rest) == "threat.yaml":
		var r ssf.Rule
		ruleTable.read(d, n, &r)
		named(&r.Named)
		lib.Threats = append(lib.Threats, r)
	case folder == "measures" && path.Base(rest) == "measure.yaml":
		var m ssf.Measure
		measureTable.read(d, n, &m)
		named(&m.Named)
		lib.Measures = append(lib.Measures, m)
	case a.team && (folder == "controls" || folder == "checks"):
		d.report("files", at, "leave it out; a library of your own adds threats, measures and words", "%s stand in ssf/core only", folder)
	case folders[folder] != nil:
		folders[folder].read(d, n, lib)
	default:
		d.report("files", at, "the folders are threats, measures, facts, kinds, tech, protocols, catalogues, lists, analysers, standards and policies", "a library has no such file")
	}
	return true
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

// published checks the ids of others: weaknesses, attack patterns, entries of
// lists and of catalogues.
func (x *index) published(a *Added, whole *ssf.Library) {
	lists, catalogues := newRoll(AList), newRoll(ACatalogue)
	for i := range whole.Lists {
		l := &whole.Lists[i]
		lists.add(l.ID)
		for _, e := range l.Entries {
			lists.add(l.ID, string(e.ID))
		}
	}
	for i := range whole.Catalogues {
		c := &whole.Catalogues[i]
		catalogues.add(c.ID)
		for _, l := range c.Levels {
			catalogues.add(c.ID, l.IDs...)
		}
	}
	for i := range a.Library.Threats {
		r := &a.Library.Threats[i]
		x.mitre(r.Weaknesses)
		x.mitre(r.Attacks)
		lists.check(x, r.Covers)
	}
	for i := range a.Library.Measures {
		m := &a.Library.Measures[i]
		catalogues.check(x, m.Answers)
		for _, v := range m.Verify {
			for _, r := range v.Rules {
				if !slices.ContainsFunc(whole.Analysers, func(y ssf.Analyser) bool { return strings.HasPrefix(string(r.ID), string(y.ID)) }) {
					x.report("bad-value", r.Pos, "it begins with one of "+list(x.words.names[AnAnalyser]), nil, "%q is the rule of no analyser that the library knows", r.ID)
				}
			}
		}
	}
}

// mitre reports ids that MITRE does not have, or no longer.
func (x *index) mitre(refs []ssf.Ref) {
	for _, r := range refs {
		site := "https://capec.mitre.org"
		if strings.HasPrefix(string(r.ID), "CWE-") {
			site = "https://cwe.mitre.org"
		}
		switch mitre.Of(r.ID) {
		case mitre.Unknown:
			x.report("bad-value", r.Pos, "look it up at "+site+"; categories and views are no weaknesses", nil, "there is no %s", r.ID)
		case mitre.Deprecated:
			x.report("bad-value", r.Pos, "its page at "+site+" names what took its place", nil, "%s is deprecated", r.ID)
		case mitre.Prohibited:
			x.report("bad-value", r.Pos, "name the weakness below it that is meant; its page at "+site+" lists them", nil, "%s is too wide to be the cause of anything", r.ID)
		}
	}
}

// A roll is what lists or catalogues have, by the id of each.
type roll struct {
	what Target
	of   map[ssf.ID][]string
	has  map[ssf.ID]bool // as `list:entry`
}

func newRoll(what Target) roll {
	return roll{what, map[ssf.ID][]string{}, map[ssf.ID]bool{}}
}

func (e *roll) add(id ssf.ID, more ...string) {
	e.of[id] = append(e.of[id], more...)
	for _, m := range more {
		e.has[id+":"+ssf.ID(m)] = true
	}
}

// check reports references to what no list or catalogue has.
func (e *roll) check(x *index, refs []ssf.Ref) {
	for _, r := range refs {
		if e.has[r.ID] {
			continue
		}
		name, entry, _ := strings.Cut(string(r.ID), ":")
		if have, ok := e.of[ssf.ID(name)]; ok {
			x.report("bad-value", r.Pos, suggest(x.near(entry, have), have), nil, "the %s %s has no %q", e.what, name, clip(entry))
			continue
		}
		known := x.words.names[e.what]
		x.report("bad-value", r.Pos, suggest(x.near(name, known), known), nil, "there is no %s %q", e.what, clip(name))
	}
}

// trees checks how rules and measures hang together: a rule has variants or
// steps, of which none leads back to it, and a measure does not depend on itself.
func (x *index) trees(a *Added, whole *ssf.Library) {
	below, needs := map[ssf.ID][]ssf.Ref{}, map[ssf.ID][]ssf.Ref{}
	for i := range whole.Threats {
		r := &whole.Threats[i]
		below[r.ID] = append(slices.Clone(r.Variants), r.Steps...)
	}
	for i := range whole.Measures {
		needs[whole.Measures[i].ID] = whole.Measures[i].DependsOn
	}
	turns := circlesOf(below)
	for i := range a.Library.Threats {
		r := &a.Library.Threats[i]
		if len(r.Variants) > 0 && len(r.Steps) > 0 {
			x.report("bad-value", r.Steps[0].Pos, "keep one of them; make the other a rule of its own", nil, "%s has variants, any of which is enough, and steps, all of which are needed", r.ID)
		}
		switch on := r.On == ssf.SortMitigation; {
		case on && len(r.Of) == 0:
			x.report("missing-key", r.Pos, "add `of: [MEASURE]`", nil, "%s stands on mitigations, and nothing says of which measures", r.ID)
		case on && slices.ContainsFunc(r.Measures, func(m ssf.Ref) bool { return ssf.HasRef(r.Of, m.ID) }):
			i := slices.IndexFunc(r.Measures, func(m ssf.Ref) bool { return ssf.HasRef(r.Of, m.ID) })
			x.report("bad-value", r.Measures[i].Pos, "name what counters it beside that", nil, "%s goes around %s, so that cannot counter it", r.ID, r.Measures[i].ID)
		case !on && r.On != "" && len(r.Of) > 0:
			x.report("bad-value", r.Of[0].Pos, "delete it, or write `on: mitigation`", nil, "`of` is for a rule on mitigations, and %s stands on %s", r.ID, ssf.Article(string(r.On)))
		}
		if len(r.Kinds) > 0 && r.On != "" && !slices.Contains([]ssf.Sort{ssf.SortComponent, ssf.SortFlow, ssf.SortFunction}, r.On) {
			x.report("bad-value", r.Kinds[0].Pos, "delete it", nil, "`kinds` is for a rule on components, flows or functions, and %s stands on %s", r.ID, ssf.Article(string(r.On)))
		}
		turns.report(x, r.ID)
	}
	turns = circlesOf(needs)
	for i := range a.Library.Measures {
		turns.report(x, a.Library.Measures[i].ID)
	}
}

// circles are the ids of a graph, numbered so that two have one number if and
// only if each leads to the other.
type circles struct {
	next map[ssf.ID][]ssf.Ref
	of   map[ssf.ID]int
}

// circlesOf is Tarjan's algorithm for strongly connected components: it looks at
// each reference once.
func circlesOf(next map[ssf.ID][]ssf.Ref) circles {
	c := circles{next, map[ssf.ID]int{}}
	found, low := map[ssf.ID]int{}, map[ssf.ID]int{} // from 1, in the order of finding
	var open []ssf.ID
	var visit func(id ssf.ID)
	visit = func(id ssf.ID) {
		found[id] = len(found) + 1
		low[id] = found[id]
		open = append(open, id)
		for _, n := range next[id] {
			if found[n.ID] == 0 {
				visit(n.ID)
			}
			if c.of[n.ID] == 0 { // still open
				low[id] = min(low[id], low[n.ID])
			}
		}
		for number := found[id]; low[id] == number && c.of[id] == 0; open = open[:len(open)-1] {
			c.of[open[len(open)-1]] = number
		}
	}
	for id := range next {
		if found[id] == 0 {
			visit(id)
		}
	}
	return c
}

// report reports the references of an entry that lead back to it.
func (c circles) report(x *index, id ssf.ID) {
	for _, r := range c.next[id] {
		if c.of[r.ID] == c.of[id] {
			x.report("bad-value", r.Pos, "break the circle", nil, "%s leads back to %s", r.ID, id)
		}
	}
}
