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
		src, more, err := readFile(fsys, p)
		if err != nil {
			return fmt.Errorf("reading the library: %w", err)
		}
		if len(more) > 0 {
			diags = append(diags, inLibrary(more)...)
			return nil
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%s", p, len(src.text), src.text)
		d := &decoder{src: src, prefix: "library/"}
		sources[p] = src
		d.libraryFile(p, lib, &pack)
		diags, refs = append(diags, d.diags...), append(refs, d.refs...)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if sources["library.yaml"] == nil {
		diags = append(diags, ssf.Diagnostic{Check: "library/files", Severity: ssf.Error, Pos: ssf.Pos{File: "library.yaml", Line: 1, Col: 1}, Message: "there is no library.yaml", Hint: "write one with name and version"})
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

// inLibrary turns the checks of a model into those of a library.
func inLibrary(ds []ssf.Diagnostic) []ssf.Diagnostic {
	for i := range ds {
		ds[i].Check = ssf.ID(strings.Replace(string(ds[i].Check), "model/", "library/", 1))
	}
	return ds
}

// libraryFile reads one file by the folder it lies in.
func (d *decoder) libraryFile(p string, lib *ssf.Library, pack *ssf.LibraryRef) {
	at := ssf.Pos{File: p, Line: 1, Col: 1}
	if n := d.src.values(); n > MaxValues {
		d.report("limit", at, "split it", "the file has about %d values, and the limit is %d", n, MaxValues)
		return
	}
	n := d.parse(1, len(d.src.lines)+1)
	if n == nil {
		return
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
		d.report("files", at, "the folders are threats, measures, facts, kinds, tech, protocols, controls, checks, catalogues, standards and policies", "a library has no such file")
	}
}

// checkLibrary checks what one file cannot know of the others.
func checkLibrary(lib *ssf.Library, refs []pending, sources map[string]*source) (diags []ssf.Diagnostic) {
	x := newIndex(NewWords(lib), &diags, func(p ssf.Pos) string {
		if s := sources[p.File]; s != nil {
			return s.snippet(p)
		}
		return ""
	})
	each(x, AFact, lib.Facts, func(v *ssf.FactDef) ssf.Named { return v.Named })
	each(x, AKind, lib.Kinds, func(v *ssf.KindDef) ssf.Named { return v.Named })
	each(x, ATech, lib.Techs, func(v *ssf.KindDef) ssf.Named { return v.Named })
	each(x, AProtocol, lib.Protocols, func(v *ssf.KindDef) ssf.Named { return v.Named })
	each(x, ARule, lib.Threats, func(v *ssf.Rule) ssf.Named { return v.Named })
	each(x, AMeasure, lib.Measures, func(v *ssf.Measure) ssf.Named { return v.Named })
	each(x, AControl, lib.Controls, func(v *ssf.Control) ssf.Named { return v.Named })
	each(x, ACheck, lib.Checks, func(v *ssf.Check) ssf.Named { return v.Named })
	each(x, ACatalogue, lib.Catalogues, func(v *ssf.Catalogue) ssf.Named { return v.Named })
	each(x, AStandard, lib.Standards, func(v *ssf.Standard) ssf.Named { return v.Named })
	each(x, APolicy, lib.Policies, func(v *ssf.PolicyDef) ssf.Named { return v.Named })
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
	return inLibrary(diags)
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
