package lang

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// This file adds libraries of a team to that of the program. A team's library
// has the form of ssf/core; its rules are known as NAME/RULE, and its other
// words by their own names, so that none may be there twice.

// The limits on a team's library.
const (
	MaxLibraryFiles = 5000 // files of one library
	MaxWords        = 1000 // facts, kinds, technologies, protocols: of each
)

// A LibraryDir is where a library lies: the folder Dir of FS, called Shown in
// diagnostics. At is where a model names it, if one does.
type LibraryDir struct {
	FS    fs.FS
	Dir   string
	Shown string
	At    ssf.Ref
}

// An Added is what one library holds, and where.
type Added struct {
	LibraryDir
	Name    string
	Library ssf.Library

	team bool
	pack pack
	refs []pending
}

// Libraries is the program's library with others added. Whole holds all that
// could be read, each id once; with Diagnostics it is good for compiling
// conditions, and not for evaluating.
type Libraries struct {
	Core        *ssf.Library
	Whole       *ssf.Library
	Added       []Added
	Diagnostics []ssf.Diagnostic

	sources map[string]*source
	asked   []ssf.ID // how models name those that were to be read
	hole    bool     // something could not be read, so that any id may be missing
}

// Usable is the library to evaluate with: the whole, or the program's own alone
// while another one has a fault.
func (l *Libraries) Usable() *ssf.Library {
	if len(l.Diagnostics) > 0 && l.Core != nil {
		return l.Core
	}
	return l.Whole
}

// Line is the line of the libraries' files at a place; empty where there is none.
func (l *Libraries) Line(p ssf.Pos) string {
	if s := l.sources[p.File]; s != nil {
		return s.snippet(p)
	}
	return ""
}

// ReadLibraries reads libraries and adds them to core. Without core, they are
// the program's own. An error is only what is not the authors' doing.
func ReadLibraries(core *ssf.Library, dirs ...LibraryDir) (*Libraries, error) {
	l := &Libraries{Core: core, sources: map[string]*source{}}
	for _, d := range dirs {
		l.asked = append(l.asked, d.At.ID)
		a := Added{LibraryDir: d, team: core != nil}
		if ok, err := l.found(&a); err != nil {
			return nil, fmt.Errorf("reading the library %s: %w", d.Shown, err)
		} else if ok {
			if err := l.readFiles(&a); err != nil {
				return nil, fmt.Errorf("reading the library %s: %w", d.Shown, err)
			}
			l.Added = append(l.Added, a)
		}
	}
	l.hole = len(l.Added) < len(dirs)
	l.join()
	slices.SortStableFunc(l.Diagnostics, compareDiags)
	return l, nil
}

func (l *Libraries) report(check string, at ssf.Pos, snippet, hint, format string, args ...any) {
	l.Diagnostics = append(l.Diagnostics, ssf.Diagnostic{Check: ssf.ID("model/" + check), Severity: ssf.Error, Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint, Snippet: snippet})
}

// found reports whether there is a library in the folder. What is wrong with
// the folder stands where the model names it.
func (l *Libraries) found(a *Added) (bool, error) {
	at := a.At.Pos
	if !at.Known() {
		at = ssf.Pos{File: path.Join(a.Shown, "library.yaml"), Line: 1, Col: 1}
	}
	for i := range a.Dir + "/" {
		if i < len(a.Dir) && a.Dir[i] != '/' {
			continue
		}
		info, err := fs.Lstat(a.FS, a.Dir[:i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			l.report("files", at, "", "`ssf new threat NAME` makes a library with a first rule", "there is no folder %s", a.Dir)
			return false, nil
		case err != nil:
			return false, err
		case info.Mode()&fs.ModeSymlink != 0:
			l.report("files", at, "", "put the folder itself there; links are not followed", "%s is a link", a.Dir[:i])
			return false, nil
		case !info.IsDir():
			l.report("files", at, "", "name the folder that holds library.yaml", "%s is no folder", a.Dir[:i])
			return false, nil
		}
	}
	if _, err := fs.Lstat(a.FS, path.Join(a.Dir, "library.yaml")); errors.Is(err, fs.ErrNotExist) {
		l.report("files", at, "", "write one with `name: acme` and `version: 0.1.0`", "the folder %s holds no library.yaml, so it is no library", a.Dir)
		a.checks(l.Diagnostics[len(l.Diagnostics)-1:])
		return false, nil
	}
	return true, nil
}

// readFiles reads every file of a library.
func (l *Libraries) readFiles(a *Added) error {
	sum := sha256.New()
	n, total := 0, 0
	err := fs.WalkDir(a.FS, a.Dir, func(full string, e fs.DirEntry, err error) error {
		p := strings.TrimPrefix(full, a.Dir+"/")
		shown := path.Join(a.Shown, p)
		at := ssf.Pos{File: shown, Line: 1, Col: 1}
		ext := path.Ext(p)
		switch {
		case err != nil:
			return err
		case e.IsDir() && a.team && full != a.Dir && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case e.IsDir():
			return nil
		case a.team && e.Type()&fs.ModeSymlink != 0:
			l.report("files", at, "", "put the file or folder itself here; links are not followed", "%s is a link", shown)
			return nil
		case a.team && ext == ".yml":
			l.report("files", at, "", "rename it to "+strings.TrimSuffix(shown, ext)+".yaml", "a library's files end in .yaml, so this one would not be read")
			return nil
		case ext != ".yaml":
			return nil
		case !e.Type().IsRegular():
			l.report("files", at, "", "put the text into an ordinary file", "%s is not an ordinary file", shown)
			return nil
		}
		if n++; n > MaxLibraryFiles {
			l.hole = true
			l.report("limit", at, "", "split the library", "the library has more files than the limit of %d", MaxLibraryFiles)
			return fs.SkipAll
		}
		src, refused, err := readFile(a.FS, full)
		if err != nil {
			return err
		}
		if total += len(src.text); total > MaxSize {
			l.hole = true
			l.report("limit", at, "", "split the library", "the files of the library together are larger than the limit of %d MiB", MaxSize>>20)
			return fs.SkipAll
		}
		if len(refused) > 0 {
			for i := range refused {
				refused[i].File = shown
			}
			l.Diagnostics, l.hole = append(l.Diagnostics, a.checks(refused)...), true
			return nil
		}
		src.path = shown
		fmt.Fprintf(sum, "%s\x00%d\x00%s", p, len(src.text), src.text)
		l.sources[shown] = src
		d := &decoder{src: src, prefix: "model/"}
		l.hole = !d.libraryFile(p, a) || l.hole
		l.Diagnostics, a.refs = append(l.Diagnostics, a.checks(d.diags)...), append(a.refs, d.refs...)
		return nil
	})
	ref := ssf.LibraryRef{Name: a.pack.name.S, Version: a.pack.version.S}
	sum.Sum(ref.Digest[:0])
	a.Name, a.Library.Packs = ref.Name, []ssf.LibraryRef{ref}
	return err
}

// checks names the checks of diagnostics: those of the program's own library
// are none of its user's.
func (a *Added) checks(ds []ssf.Diagnostic) []ssf.Diagnostic {
	if a.team {
		return ds
	}
	return inLibrary(ds)
}

// ID reports whether s has the form of an id, and how it might be written as one.
func ID(s string) (id string, ok bool) { return kebab(s), idRE.MatchString(s) && len(s) <= maxID }

var libraryName = regexp.MustCompile(`^[a-z0-9-]+(/[a-z0-9-]+)*$`)

// join makes the whole of core and what was added, and checks what one file
// cannot know of the others.
func (l *Libraries) join() {
	m := &union{Libraries: l, homes: map[Target]map[ssf.ID]home{}, packs: map[string]ssf.Pos{}}
	l.Whole = &ssf.Library{}
	if l.Core != nil {
		m.add(&Added{Library: *l.Core, Name: l.Core.Packs[0].Name})
	}
	for i := range l.Added {
		a := &l.Added[i]
		if a.team && !m.named(a) {
			l.hole = true
			continue
		}
		m.bound(a)
		for j := range a.Library.Threats {
			r := &a.Library.Threats[j]
			if a.team && r.ID != "" {
				r.ID = ssf.ID(a.Name) + "/" + r.ID
			}
			r.Digest = r.Decides()
		}
		sortByID(a.Library.Threats, func(v *ssf.Rule) ssf.ID { return v.ID })
		m.add(a)
	}
	m.sort()
	words := NewWords(l.Whole)
	for i := range l.Added {
		a := &l.Added[i]
		var diags []ssf.Diagnostic
		x := newIndex(words, &diags, l.Line)
		x.blind = l.hole
		x.resolve(a.refs)
		x.facts(a)
		x.published(a, l.Whole)
		x.trees(a, l.Whole)
		for _, defs := range [][]ssf.KindDef{a.Library.Kinds, a.Library.Techs, a.Library.Protocols} {
			x.implied(defs)
		}
		if i == 0 {
			for _, defs := range [][]ssf.KindDef{l.Whole.Kinds, l.Whole.Techs, l.Whole.Protocols} {
				x.cycles(defs)
			}
		}
		l.Diagnostics = append(l.Diagnostics, a.checks(diags)...)
	}
}

// facts checks the names of facts, and that a team declares none as computed.
func (x *index) facts(a *Added) {
	for i := range a.Library.Facts {
		f := &a.Library.Facts[i]
		if reserved(string(f.ID)) {
			x.report("bad-id", f.Pos, "choose another name", nil, "%q is a key of the language or a word of conditions, so no fact can have that name", f.ID)
		}
		if a.team && len(f.DerivedOn) > 0 {
			x.report("bad-value", f.DerivedOn[0].Pos, "delete `derived_on`", nil, "only facts of ssf/core are computed")
		}
	}
}

// A union is the whole while libraries are added to it.
type union struct {
	*Libraries
	homes map[Target]map[ssf.ID]home
	packs map[string]ssf.Pos
}

// A home is where an id is defined.
type home struct {
	pack string
	at   ssf.Pos
}

// named checks the name of a team's library, and reports whether its rules can
// be known by it.
func (m *union) named(a *Added) bool {
	at := a.pack.name.Pos
	first, _, _ := strings.Cut(a.Name, "/")
	switch other, twice := m.packs[a.Name]; {
	case a.Name == "": // that it is missing was reported
	case !libraryName.MatchString(a.Name) || len(a.Name) > maxID:
		m.report("bad-id", at, m.Line(at), "write small letters, digits and hyphens, with `/` between parts: acme or acme/web", "%q cannot be the name of a library", clip(a.Name))
	case first == "ssf" || first == "own":
		m.report("bad-id", at, m.Line(at), "choose another name, such as that of your organisation", "names of libraries that begin with %q are reserved", first)
	case twice:
		m.report("duplicate-id", at, m.Line(at), "rename one of them, or use one", "there are two libraries %q", a.Name)
		m.also("the other one", other)
	default:
		if v := a.pack.version; strings.ContainsFunc(v.S, unicode.IsSpace) || len(v.S) > maxID {
			m.report("bad-value", v.Pos, m.Line(v.Pos), "write it without spaces, such as 1.2.0", "%q is no version", clip(v.S))
		}
		m.packs[a.Name] = at
		return true
	}
	return false
}

// also adds a place to the last diagnostic.
func (m *union) also(message string, at ssf.Pos) {
	last := &m.Diagnostics[len(m.Diagnostics)-1]
	last.Related = append(last.Related, ssf.Related{Message: message, Pos: at, Snippet: m.Line(at)})
}

// bound cuts what is over a limit.
func (m *union) bound(a *Added) {
	lib := &a.Library
	cut(m, &lib.Facts, "facts", func(v *ssf.FactDef) ssf.Pos { return v.Pos })
	for _, defs := range []struct {
		what string
		in   *[]ssf.KindDef
	}{{"kinds", &lib.Kinds}, {"technologies", &lib.Techs}, {"protocols", &lib.Protocols}} {
		cut(m, defs.in, defs.what, func(v *ssf.KindDef) ssf.Pos { return v.Pos })
	}
}

func cut[V any](m *union, vs *[]V, what string, at func(*V) ssf.Pos) {
	if len(*vs) > MaxWords {
		p := at(&(*vs)[MaxWords])
		m.report("limit", p, m.Line(p), "split the library", "the library has more %s than the limit of %d", what, MaxWords)
		*vs, m.hole = (*vs)[:MaxWords], true
	}
}

// add adds a library to the whole.
func (m *union) add(a *Added) {
	to, from := m.Whole, &a.Library
	to.Packs = append(to.Packs, from.Packs...)
	unite(m, a, AFact, &to.Facts, from.Facts, func(v *ssf.FactDef) ssf.Named { return v.Named })
	unite(m, a, AKind, &to.Kinds, from.Kinds, func(v *ssf.KindDef) ssf.Named { return v.Named })
	unite(m, a, ATech, &to.Techs, from.Techs, func(v *ssf.KindDef) ssf.Named { return v.Named })
	unite(m, a, AProtocol, &to.Protocols, from.Protocols, func(v *ssf.KindDef) ssf.Named { return v.Named })
	unite(m, a, ARule, &to.Threats, from.Threats, func(v *ssf.Rule) ssf.Named { return v.Named })
	unite(m, a, AMeasure, &to.Measures, from.Measures, func(v *ssf.Measure) ssf.Named { return v.Named })
	unite(m, a, AControl, &to.Controls, from.Controls, func(v *ssf.Control) ssf.Named { return v.Named })
	unite(m, a, ACheck, &to.Checks, from.Checks, func(v *ssf.Check) ssf.Named { return v.Named })
	unite(m, a, ACatalogue, &to.Catalogues, from.Catalogues, func(v *ssf.Catalogue) ssf.Named { return v.Named })
	unite(m, a, AList, &to.Lists, from.Lists, func(v *ssf.List) ssf.Named { return v.Named })
	unite(m, a, AnAnalyser, &to.Analysers, from.Analysers, func(v *ssf.Analyser) ssf.Named { return v.Named })
	unite(m, a, AStandard, &to.Standards, from.Standards, func(v *ssf.Standard) ssf.Named { return v.Named })
	unite(m, a, APolicy, &to.Policies, from.Policies, func(v *ssf.PolicyDef) ssf.Named { return v.Named })
}

// unite appends entries of a library to those of others. Of two with one id
// the first stays.
func unite[V any](m *union, a *Added, t Target, to *[]V, from []V, named func(*V) ssf.Named) {
	if m.homes[t] == nil {
		m.homes[t] = map[ssf.ID]home{}
	}
	*to = slices.Grow(*to, len(from))
	for i := range from {
		n := named(&from[i])
		if n.ID == "" { // which was reported
			continue
		}
		if other, ok := m.homes[t][n.ID]; ok {
			hint, says := "choose another id, or leave it out and use that one", "the library "+other.pack+" has it here"
			if other.pack == a.Name {
				hint, says = "join the two, or choose another id", "the other one"
			}
			before := len(m.Diagnostics)
			m.report("duplicate-id", n.Pos, m.Line(n.Pos), hint, "there are two %ss %q", t, n.ID)
			m.also(says, other.at)
			a.checks(m.Diagnostics[before:])
			continue
		}
		m.homes[t][n.ID] = home{a.Name, n.Pos}
		*to = append(*to, from[i])
	}
}

// sort puts the whole in its order.
func (m *union) sort() {
	lib := m.Whole
	sortByID(lib.Facts, func(v *ssf.FactDef) ssf.ID { return v.ID })
	for _, defs := range [][]ssf.KindDef{lib.Kinds, lib.Techs, lib.Protocols} {
		sortByID(defs, func(v *ssf.KindDef) ssf.ID { return v.ID })
	}
	sortByID(lib.Threats, func(v *ssf.Rule) ssf.ID { return v.ID })
	sortByID(lib.Measures, func(v *ssf.Measure) ssf.ID { return v.ID })
	sortByID(lib.Checks, func(v *ssf.Check) ssf.ID { return v.ID })
	sortByID(lib.Catalogues, func(v *ssf.Catalogue) ssf.ID { return v.ID })
	sortByID(lib.Lists, func(v *ssf.List) ssf.ID { return v.ID })
	sortByID(lib.Analysers, func(v *ssf.Analyser) ssf.ID { return v.ID })
	sortByID(lib.Standards, func(v *ssf.Standard) ssf.ID { return v.ID })
	sortByID(lib.Policies, func(v *ssf.PolicyDef) ssf.ID { return v.ID })
}

// libraryRef is the name of the program's library, or the path of a team's.
var libraryRef = scalarOf(Type{Name: "library", What: "ssf/core, or a folder such as ./security/library", Pattern: `^\./[^#]+$`, Targets: []Target{ALibrary}}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	dir, ok := strings.CutPrefix(s, "./")
	switch {
	case d.comment(n):
		return ssf.Ref{}
	case !ok && d.words != nil && !d.words.has(ALibrary, ssf.ID(s)) && strings.ContainsAny(s, `/\.`) && ssf.Nearest(s, d.words.names[ALibrary]) == "":
		d.report("files", d.pos(n), "a library of your own is a folder below the model's, written from there with `./` before it: ./security/library", "there is no library %q", clip(s))
		return ssf.Ref{}
	case !ok:
		return ref(ALibrary).read(d, n)
	}
	dir = strings.TrimSuffix(dir, "/")
	if dir == "." || !fs.ValidPath(dir) || strings.ContainsAny(dir, `#\`) {
		d.report("files", d.pos(n), "write the path from the model's folder, without `..`, empty parts, `\\` and `#`: ./security/library", "%q is no folder below the model's", clip(s))
		return ssf.Ref{}
	}
	if dir == Folder || strings.HasPrefix(dir, Folder+"/") {
		d.report("files", d.pos(n), "move it beside that folder", "every .yaml file in the folder %s is part of the model, so no library can lie there", Folder)
		return ssf.Ref{}
	}
	return ssf.Ref{ID: ssf.ID("./" + dir), Pos: d.pos(n)}
})

// A naming is which libraries the files of a model use.
type naming struct {
	dirs   []LibraryDir
	unsure bool // one may be meant that is not read
}

// same reports whether the same libraries are named at the same places.
func (n naming) same(o naming) bool {
	return n.unsure == o.unsure && slices.EqualFunc(n.dirs, o.dirs, func(a, b LibraryDir) bool { return a.At == b.At })
}

// librariesOf finds the libraries that the files of a model use. It looks at
// the sections that may say so, whatever is wrong elsewhere.
func librariesOf(fsys fs.FS, core *ssf.Library, files []*file) naming {
	var dirs []LibraryDir
	var words *Words
	unsure := false
	for _, f := range files {
		if !strings.Contains(f.text, "libraries") { // most models: nothing to cut
			continue
		}
		for _, p := range f.cutUp().pieces {
			if p.sec != nil && p.sec.key != "use" && p.sec.key != "" {
				continue
			}
			if words == nil {
				words = NewWords(core)
			}
			r := p.read(words)
			if r.broken && !f.cut.final { // it may have been cut where it must not be
				if whole := (piece{src: f.source, from: 1, to: len(f.lines) + 1}).read(words); !whole.broken && whole.root {
					r = whole
				}
			}
			unsure = unsure || r.broken || slices.ContainsFunc(r.diags, func(d ssf.Diagnostic) bool { return d.Check == "model/files" })
			for _, at := range r.model.Use.Libraries {
				dir, ok := strings.CutPrefix(string(at.ID), "./")
				if ok && !slices.ContainsFunc(dirs, func(d LibraryDir) bool { return d.Dir == dir }) {
					dirs = append(dirs, LibraryDir{FS: fsys, Dir: dir, Shown: dir, At: at})
				}
			}
		}
	}
	return naming{dirs, unsure}
}

// use reads the libraries that the files of the snapshot name. They are not
// read again if the snapshot before named the same at the same places. Only
// without one there is an error, for a library that cannot be read. While
// one of them has a fault, what it would define may be named anywhere.
func (s *Snapshot) use(files []*file, before *Snapshot) error {
	s.named = librariesOf(s.fsys, s.core, files)
	if before != nil && s.named.same(before.named) {
		s.libraries, s.words = before.libraries, before.words
	} else {
		l := &Libraries{Core: s.core, Whole: s.core}
		if len(s.named.dirs) > 0 {
			var err error
			switch l, err = ReadLibraries(s.core, s.named.dirs...); {
			case err != nil && before == nil:
				return err
			case err != nil: // an edit returns a snapshot in any case
				l = &Libraries{Core: s.core, Whole: s.core, hole: true}
				l.report("files", s.named.dirs[0].At.Pos, "", "see whether the folder can be read", "%v", err)
			}
		}
		l.hole = l.hole || s.named.unsure
		s.libraries, s.words = l, NewWords(l.Whole)
		s.words.partial = l.hole || len(l.Diagnostics) > 0
	}
	own := *s.libraries
	own.Diagnostics = slices.Clone(own.Diagnostics)
	s.Libraries = &own
	for i := range own.Diagnostics {
		if d := &own.Diagnostics[i]; d.Snippet == "" {
			d.Snippet = s.Line(d.Pos)
		}
	}
	return nil
}

// addFaults adds the diagnostics of the libraries. A library that is named where
// it was not looked for is an error, and not left out in silence.
func (s *Snapshot) addFaults() {
	l := s.Libraries
	for _, at := range s.Model.Use.Libraries {
		if strings.HasPrefix(string(at.ID), "./") && !slices.Contains(l.asked, at.ID) {
			l.report("files", at.Pos, s.Line(at.Pos), "begin a line of the file with `use:`, and write `libraries:` plainly below it", "this library was not found in time to be read")
		}
	}
	if len(l.Diagnostics) == 0 {
		return
	}
	s.Diagnostics = limit(append(s.Diagnostics, l.Diagnostics...))
}
