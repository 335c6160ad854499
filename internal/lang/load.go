package lang

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"runtime"
	"slices"
	"sync"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// RootFile is the file in which a model begins, and Folder holds the rest.
const (
	RootFile = "ssf.yaml"
	Folder   = "ssf"
)

// A Snapshot is a model as it stands in its files. Diagnostics are in file
// order and complete: one syntax error for each entry, and everything that is
// wrong beside. Model holds what could be read, also when there are errors.
type Snapshot struct {
	Model       *ssf.Model
	Diagnostics []ssf.Diagnostic
	Libraries   *Libraries // the program's, and those of the team that the model uses

	sources map[string]*source
}

// Line is the line of the model's files at a place; empty where there is none.
func (s *Snapshot) Line(p ssf.Pos) string {
	if f := s.sources[p.File]; f != nil {
		return f.snippet(p)
	}
	return ""
}

// Load reads the model in fsys: ssf.yaml at its root and every ssf/**/*.yaml,
// and the libraries that it uses beside lib.
// An error is only what is not the author's doing: a file that cannot be read.
func Load(fsys fs.FS, lib *ssf.Library) (*Snapshot, error) {
	paths, refused, err := find(fsys)
	if err != nil {
		return nil, err
	}
	var sources []*source
	total := 0
	for _, p := range paths {
		src, ds, err := readFile(fsys, p)
		if err != nil {
			return nil, fmt.Errorf("reading the model: %w", err)
		}
		if total += len(src.text); total > MaxSize {
			refused = append(refused, ssf.Diagnostic{Check: "model/limit", Severity: ssf.Error, Pos: ssf.Pos{File: p, Line: 1, Col: 1}, Message: fmt.Sprintf("the files of the model together are larger than the limit of %d MiB", MaxSize>>20), Hint: "split the product into several models"})
			break
		}
		if refused = append(refused, ds...); len(ds) == 0 {
			sources = append(sources, src)
		}
	}
	snap := &Snapshot{sources: map[string]*source{}}
	for _, s := range sources {
		snap.sources[s.path] = s
	}
	libs, err := libraries(fsys, lib, sources)
	if err != nil {
		return nil, err
	}
	snap.read(sources, snap.use(libs), refused)
	snap.addFaults()
	return snap, nil
}

// A result is what one piece gave.
type result struct {
	model  ssf.Model
	diags  []ssf.Diagnostic
	refs   []pending
	keys   []ssf.Ref // the sections in it
	lost   []loss    // what it would have defined, if it could be read
	broken bool      // it does not parse
	root   bool      // it is a mapping
}

// read decodes all sources and checks the whole. Refused are the diagnostics
// of files that are not among the sources.
func (snap *Snapshot) read(sources []*source, words *Words, refused []ssf.Diagnostic) {
	snap.join(readAll(sources, words), words, refused)
}

// join makes the model of what the pieces gave.
func (snap *Snapshot) join(results []result, words *Words, refused []ssf.Diagnostic) {
	m, diags := &ssf.Model{}, refused
	var refs []pending
	var keys []ssf.Ref
	x := newIndex(words, &diags, snap.Line)
	x.blind = len(refused) > 0
	for _, r := range results {
		merge(m, &r.model)
		diags = append(diags, r.diags...)
		refs = append(refs, r.refs...)
		keys = append(keys, r.keys...)
		for _, l := range r.lost {
			x.lose(l)
		}
	}
	x.sections(keys, snap.sources[RootFile])
	expand(m, formerIDs(m))
	x.defineAll(m)
	x.cells(m)
	x.nesting(m.Zones)
	forElements(m, x.former)
	formerCalls(m, x)
	mend(m, x.resolve(refs))
	x.claims(m.Verify)
	snap.Model, snap.Diagnostics = m, limit(diags)
}

// readAll reads the sources piece by piece. A source of which a piece does not
// parse is tried as a whole; if that does not parse either, the broken pieces
// are tried entry by entry.
func readAll(sources []*source, words *Words) (results []result) {
	var ps []piece
	cuts := make([]cutting, len(sources))
	for i, s := range sources {
		cuts[i] = s.pieces()
		ps = append(ps, cuts[i].pieces...)
	}
	parts := make([]result, len(ps))
	parallel(len(ps), func(i int) { parts[i] = ps[i].read(words) })
	for i, s := range sources {
		n := len(cuts[i].pieces)
		mine, its := cuts[i].pieces, parts[:n]
		parts = parts[n:]
		broken := len(cuts[i].diags) > 0 || slices.ContainsFunc(its, func(r result) bool { return r.broken })
		if broken && !cuts[i].final {
			if whole := (piece{src: s, from: 1, to: len(s.lines) + 1}).read(words); !whole.broken && whole.root {
				results = append(results, whole)
				continue
			}
		}
		results = append(results, result{diags: cuts[i].diags, lost: cuts[i].lost})
		for j, r := range its {
			if r.broken && mine[j].entries {
				r = mine[j].readEntries(words, r)
			}
			results = append(results, r)
		}
	}
	return results
}

// read parses and decodes a piece.
func (p piece) read(words *Words) (r result) {
	d := &decoder{src: p.src, prefix: "model/", words: words}
	defer func() { r.diags, r.refs = d.diags, d.refs }()
	if p.sec != nil && p.sec.key != "" {
		r.keys = []ssf.Ref{p.key()}
	}
	if !p.entries {
		n := d.parse(p.from, p.to)
		if n == nil {
			r.broken, r.lost = true, []loss{p.loss("")}
			return r
		}
		r.keys, r.root = nil, n.Kind == yaml.MappingNode
		d.pairs(n, "the sections of a model", true, nil, func(key, value *yaml.Node) {
			r.keys = append(r.keys, d.ref(key, key.Value))
			if i, ok := modelTable.find(key.Value); ok {
				modelTable.Fields[i].read(d, value, &r.model)
			} else {
				modelTable.unknown(d, key)
			}
		})
		return r
	}
	i, ok := modelTable.find(p.sec.key)
	if !ok {
		d.line0 = p.sec.line - 1
		modelTable.unknown(d, &yaml.Node{Kind: yaml.ScalarNode, Value: p.sec.key, Line: 1, Column: 1})
		return r
	}
	if n := d.parse(p.from, p.to); n != nil {
		modelTable.Fields[i].read(d, n, &r.model)
	} else {
		r.broken = true
	}
	return r
}

// key is the section's key with its place.
func (p piece) key() ssf.Ref {
	return ssf.Ref{ID: ssf.ID(p.sec.key), Pos: ssf.Pos{File: p.src.path, Line: p.sec.line, Col: 1, EndCol: len(p.sec.key) + 1}}
}

// A loss is an entry that cannot be read, so that nobody complains about what
// refers to it; without an id it is all of a section, and without a section
// all of a file.
type loss struct {
	section string
	id      ssf.ID
}

func (p piece) loss(id ssf.ID) loss {
	if p.sec == nil {
		return loss{}
	}
	return loss{p.sec.key, id}
}

var entryName = regexp.MustCompile(`^ *["']?([a-z0-9-]+)["']? *:`)

// readEntries reads each entry of a broken piece by itself, so that one fault
// hides no other. Where all of them parse, the fault lies between them.
func (p piece) readEntries(words *Words, whole result) (r result) {
	d := &decoder{src: p.src, prefix: "model/", words: words}
	i, _ := modelTable.find(p.sec.key)
	starts := slices.DeleteFunc(slices.Clone(p.sec.entries), func(n int) bool { return n < p.from || n >= p.to })
	for j, from := range starts {
		to := p.to
		if j+1 < len(starts) {
			to = starts[j+1]
		}
		if n := d.parse(from, to); n != nil {
			modelTable.Fields[i].read(d, n, &r.model)
			continue
		}
		r.broken = true
		if name := entryName.FindStringSubmatch(p.src.line(from)); name != nil {
			r.lost = append(r.lost, p.loss(ssf.ID(name[1])))
		} else {
			r.lost = append(r.lost, p.loss(""))
		}
		if d.full() {
			r.lost = append(r.lost, p.loss(""))
			break
		}
	}
	r.diags, r.refs, r.keys = d.diags, d.refs, whole.keys
	if !r.broken {
		r.diags = append(r.diags, whole.diags...)
	}
	return r
}

// sections checks which sections stand where.
func (x *index) sections(keys []ssf.Ref, root *source) {
	first := map[string]ssf.Ref{}
	for _, k := range keys {
		id := string(k.ID)
		where, hint := id, "join the two; this section stands in one file only"
		if !slices.Contains(single, id) {
			where, hint = k.Pos.File+"\x00"+id, "join the two; a section may be continued in another file, not in this one"
		}
		if f, ok := first[where]; ok && f.Pos != k.Pos {
			x.report("duplicate-key", k.Pos, hint, []ssf.Related{{Message: "first here", Pos: f.Pos}}, "section %q stands twice", id)
			continue
		}
		first[where] = k
	}
	meant := func(section string) bool { // somebody misspelt it
		return slices.Contains(x.lostSections, section) || slices.ContainsFunc(keys, func(k ssf.Ref) bool { return ssf.Nearest(string(k.ID), modelTable.keys(nil)) == section })
	}
	if root == nil || x.blind {
		return
	}
	at := ssf.Pos{File: RootFile, Line: 1, Col: 1}
	if _, ok := first[RootFile+"\x00ssf"]; !ok && !meant("ssf") {
		x.report("missing-key", at, "begin the file with `ssf: 1`, the version of the language", nil, "the model does not say in which version of the language it is written")
	}
	if _, ok := first["system"]; !ok && !meant("system") {
		x.report("missing-key", at, "add `system:` with `name: ...` below it", nil, "the model does not say which system it is about")
	}
}

// merge appends what a piece gave.
func merge(m, p *ssf.Model) {
	if m.Version.ID == "" {
		m.Version = p.Version
	}
	if p.System.Pos.Known() {
		m.System = p.System
	}
	m.Use.Libraries = append(m.Use.Libraries, p.Use.Libraries...)
	m.Use.Catalogues = append(m.Use.Catalogues, p.Use.Catalogues...)
	m.Use.Standards = append(m.Use.Standards, p.Use.Standards...)
	m.Use.Policy = cmp.Or(m.Use.Policy, p.Use.Policy)
	if p.Policy.Pos.Known() {
		m.Policy = p.Policy
	}
	m.People = append(m.People, p.People...)
	m.Signers = append(m.Signers, p.Signers...)
	m.Zones = append(m.Zones, p.Zones...)
	m.Actors = append(m.Actors, p.Actors...)
	m.Assets = append(m.Assets, p.Assets...)
	m.Components = append(m.Components, p.Components...)
	m.Flows = append(m.Flows, p.Flows...)
	m.Functions = append(m.Functions, p.Functions...)
	m.Requirements = append(m.Requirements, p.Requirements...)
	m.Assumptions = append(m.Assumptions, p.Assumptions...)
	m.Threats = append(m.Threats, p.Threats...)
	m.Decisions = append(m.Decisions, p.Decisions...)
	m.Mitigations = append(m.Mitigations, p.Mitigations...)
	m.Runs = append(m.Runs, p.Runs...)
	m.Verify = append(m.Verify, p.Verify...)
	m.Audits = append(m.Audits, p.Audits...)
	m.Deployments = append(m.Deployments, p.Deployments...)
}

// formerIDs are the elements by what they were called and nothing is called now.
func formerIDs(m *ssf.Model) map[ssf.ID]ssf.ID {
	former := map[ssf.ID]ssf.ID{}
	forElements(m, func(e *ssf.Element) {
		for _, w := range e.Was {
			former[w.ID] = e.ID
		}
	})
	if len(former) > 0 {
		forElements(m, func(e *ssf.Element) { delete(former, e.ID) })
	}
	return former
}

// expand writes the short form of flows out: the call of b at a is `a-to-b`,
// also where it still names b by a former id.
func expand(m *ssf.Model, former map[ssf.ID]ssf.ID) {
	m.System.ID = "system"
	for i := range m.Components {
		c := &m.Components[i]
		for _, f := range c.Calls {
			f.ID = c.ID + "-to-" + cmp.Or(former[f.To.ID], f.To.ID)
			f.From = ssf.Ref{ID: c.ID, Pos: c.Pos} // that of the call is the place of `to`
			m.Flows = append(m.Flows, f)
		}
		c.Calls = nil
	}
}

// formerCalls gives the calls of elements that were renamed their former ids,
// as far as nothing else has them: they are made of the ids of both ends.
func formerCalls(m *ssf.Model, x *index) {
	if len(x.renamed) == 0 {
		return
	}
	was := map[ssf.ID][]ssf.Ref{}
	forElements(m, func(e *ssf.Element) { was[e.ID] = append([]ssf.Ref{{ID: e.ID}}, e.Was...) })
	for i := range m.Flows {
		f := &m.Flows[i]
		called := f.To.ID
		if was[called] == nil {
			called = x.renamed[called]
		}
		if f.ID != f.From.ID+"-to-"+called || len(was[f.From.ID])+len(was[called]) <= 2 {
			continue
		}
		for _, from := range was[f.From.ID] {
			for _, to := range was[called] {
				id := from.ID + "-to-" + to.ID
				if _, taken := x.renamed[id]; id != f.ID && !taken && x.is(id) == "" {
					f.Was = append(f.Was, ssf.Ref{ID: id, Pos: f.From.Pos})
					x.renamed[id] = f.ID
				}
			}
		}
	}
}

// forElements calls do for each element of the model.
func forElements(m *ssf.Model, do func(*ssf.Element)) {
	for i := range m.Zones {
		do(&m.Zones[i].Element)
	}
	for i := range m.Actors {
		do(&m.Actors[i].Element)
	}
	for i := range m.Assets {
		do(&m.Assets[i].Element)
	}
	for i := range m.Components {
		do(&m.Components[i].Element)
	}
	for i := range m.Flows {
		do(&m.Flows[i].Element)
	}
	for i := range m.Functions {
		do(&m.Functions[i].Element)
	}
}

// limit keeps the first MaxErrors diagnostics in file order and counts the rest.
// Hints make room for the others, and those that find none are left out.
func limit(diags []ssf.Diagnostic) []ssf.Diagnostic {
	slices.SortStableFunc(diags, compareDiags)
	if len(diags) <= MaxErrors {
		return diags
	}
	room := MaxErrors
	for _, d := range diags {
		if d.Severity != ssf.Hint {
			room--
		}
	}
	diags = slices.DeleteFunc(diags, func(d ssf.Diagnostic) bool {
		if d.Severity != ssf.Hint {
			return false
		}
		room--
		return room < 0
	})
	if len(diags) <= MaxErrors {
		return diags
	}
	last := diags[MaxErrors-1]
	return append(diags[:MaxErrors-1], ssf.Diagnostic{
		Check: "model/limit", Severity: ssf.Error, Pos: last.Pos, Snippet: last.Snippet,
		Message: fmt.Sprintf("%d more problems from here on are not shown", len(diags)-MaxErrors+1), Hint: "mend those above first",
	})
}

// parallel calls do for 0..n-1 on all processors.
func parallel(n int, do func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
