package lang

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
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
//
// A Snapshot never changes, and what is in it must not be changed: snapshots
// made by [Snapshot.Edit] share it.
type Snapshot struct {
	Model       *ssf.Model
	Diagnostics []ssf.Diagnostic
	Libraries   *Libraries // the program's, and those of the team that the model uses

	fsys      fs.FS // of the model and its libraries
	core      *ssf.Library
	named     naming
	libraries *Libraries // as they were read
	words     *Words     // theirs
	seen      listing
	files     map[string]*file // those that were read
	parsed    int
}

// A file is one file as it was read.
type file struct {
	*source
	refused []ssf.Diagnostic // why it has no text
	cut     cutting
	isCut   bool
	parts   []result // of the pieces
	results []result // that count; see [file.judge]
}

// cutUp cuts the file, once.
func (f *file) cutUp() *cutting {
	if !f.isCut {
		f.cut, f.isCut = f.pieces(), true
	}
	return &f.cut
}

// Line is the line of the model's files at a place; empty where there is none.
func (s *Snapshot) Line(p ssf.Pos) string {
	if f := s.files[p.File]; f != nil {
		return f.snippet(p)
	}
	if s.Libraries != nil {
		return s.Libraries.Line(p)
	}
	return ""
}

// Lines is Line for who keeps nothing else of the snapshot.
func (s *Snapshot) Lines() func(ssf.Pos) string {
	files := maps.Clone(s.Libraries.sources)
	if files == nil {
		files = make(map[string]*source, len(s.files))
	}
	for p, f := range s.files {
		files[p] = f.source
	}
	return func(p ssf.Pos) string {
		if f := files[p.File]; f != nil {
			return f.snippet(p)
		}
		return ""
	}
}

// Load reads the model in fsys: ssf.yaml at its root and every ssf/**/*.yaml,
// and the libraries that it uses beside lib.
// An error is only what is not the author's doing: a file that cannot be read.
func Load(fsys fs.FS, lib *ssf.Library) (*Snapshot, error) {
	seen, err := look(fsys)
	if err != nil {
		return nil, err
	}
	snap := &Snapshot{fsys: fsys, core: lib, seen: seen, files: map[string]*file{}}
	paths, _ := seen.files()
	total := 0
	for _, p := range paths {
		src, ds, err := readFile(fsys, p)
		if err != nil {
			return nil, fmt.Errorf("reading the model: %w", err)
		}
		snap.files[p] = &file{source: src, refused: ds}
		if total += len(src.text); total > MaxSize {
			break
		}
	}
	if err := snap.read(nil); err != nil {
		return nil, err
	}
	return snap, nil
}

// A result is what one piece gave. It is never changed.
type result struct {
	model  ssf.Model
	diags  []ssf.Diagnostic
	refs   []pending
	keys   []ssf.Ref // the sections in it
	lost   []loss    // what it would have defined, if it could be read
	broken bool      // it does not parse
	root   bool      // it is a mapping
}

// read decodes the files and checks the whole. Before is the snapshot that was
// edited, if any. An error is a library that cannot be read.
func (snap *Snapshot) read(before *Snapshot) error {
	paths, refused := snap.seen.files()
	var files []*file
	total := 0
	for _, p := range paths {
		f := snap.files[p]
		if f != nil {
			total += len(f.text)
		}
		if f == nil || total > MaxSize { // what was too much when the files were read is not there
			refused = append(refused, ssf.Diagnostic{Check: "model/limit", Severity: ssf.Error, Pos: ssf.Pos{File: p, Line: 1, Col: 1}, Message: fmt.Sprintf("the files of the model together are larger than the limit of %d MiB", MaxSize>>20), Hint: "split the product into several models"})
			break
		}
		if refused = append(refused, f.refused...); len(f.refused) == 0 {
			files = append(files, f)
		}
	}
	if err := snap.use(files, before); err != nil {
		return err
	}
	if before != nil && snap.words != before.words { // other words, so nothing fits any more
		before = nil
		for i, f := range files {
			files[i] = &file{source: f.source}
			snap.files[f.path] = files[i]
		}
	}
	snap.parsed = readAll(files, before, snap.words)
	var results []result
	for _, f := range files {
		results = append(results, f.results...)
	}
	snap.join(results, refused)
	snap.addFaults()
	return nil
}

// join makes the model of what the pieces gave. Refused are the diagnostics of
// files that are not read.
func (snap *Snapshot) join(results []result, refused []ssf.Diagnostic) {
	m, diags := &ssf.Model{}, slices.Clip(refused)
	var keys []ssf.Ref
	x := newIndex(snap.words, &diags, snap.Line)
	x.blind = len(refused) > 0
	size(m, results)
	for i := range results {
		r := &results[i]
		merge(m, &r.model)
		diags = append(diags, r.diags...)
		keys = append(keys, r.keys...)
		for _, l := range r.lost {
			x.lose(l)
		}
	}
	var root *source
	if f := snap.files[RootFile]; f != nil && len(f.refused) == 0 {
		root = f.source
	}
	x.sections(keys, root)
	expand(m, formerIDs(m))
	x.defineAll(m)
	x.cells(m)
	for i := range m.Threats {
		x.mitre(m.Threats[i].Weaknesses)
		x.mitre(m.Threats[i].Attacks)
	}
	x.nesting(m.Zones)
	forElements(m, x.former)
	formerCalls(m, x)
	instead := make([]map[ssf.Pos]ssf.ID, len(results))
	for i := range results {
		instead[i] = x.resolve(results[i].refs)
	}
	mend(m, results, instead)
	x.claims(m.Verify)
	snap.Model, snap.Diagnostics = m, limit(diags)
}

// readAll reads the files that are not read yet, piece by piece, and returns
// how many pieces it parsed. What the same file had before is not parsed again.
func readAll(files []*file, before *Snapshot, words *Words) (parsed int) {
	type job struct {
		piece
		old  *read
		into *result
	}
	var jobs []job
	var fresh []*file
	for _, f := range files {
		if f.results != nil {
			continue
		}
		fresh = append(fresh, f)
		f.cutUp()
		f.parts = make([]result, len(f.cut.pieces))
		known := before.pieces(f.path)
		for i, p := range f.cut.pieces {
			j := job{piece: p, into: &f.parts[i]}
			if old, ok := known[p.identity()]; ok {
				j.old = &old
			} else {
				parsed++
			}
			jobs = append(jobs, j)
		}
	}
	parallel(len(jobs), func(i int) {
		if j := jobs[i]; j.old != nil {
			*j.into = j.old.at(j.piece)
		} else {
			*j.into = j.read(words)
		}
	})
	for _, f := range fresh {
		parsed += f.judge(words)
	}
	return parsed
}

// judge finds which results count. A file of which a piece does not parse is
// tried as a whole; if that does not parse either, the broken pieces are tried
// entry by entry. It returns how many pieces it parsed for that.
func (f *file) judge(words *Words) (parsed int) {
	broken := len(f.cut.diags) > 0 || slices.ContainsFunc(f.parts, func(r result) bool { return r.broken })
	if broken && !f.cut.final {
		parsed++
		if whole := (piece{src: f.source, from: 1, to: len(f.lines) + 1}).read(words); !whole.broken && whole.root {
			f.results = []result{whole}
			return parsed
		}
	}
	f.results = append(make([]result, 0, len(f.parts)+1), result{diags: f.cut.diags, lost: f.cut.lost})
	for j, r := range f.parts {
		if r.broken && f.cut.pieces[j].entries {
			r = f.cut.pieces[j].readEntries(words, r)
			parsed++
		}
		f.results = append(f.results, r)
	}
	return parsed
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

// size makes room for what the pieces gave.
func size(m *ssf.Model, results []result) {
	var flows, assets, components, functions int
	for i := range results {
		r := &results[i].model
		assets, components, functions, flows = assets+len(r.Assets), components+len(r.Components), functions+len(r.Functions), flows+len(r.Flows)
		for j := range r.Components {
			flows += len(r.Components[j].Calls)
		}
	}
	m.Assets, m.Components = slices.Grow(m.Assets, assets), slices.Grow(m.Components, components)
	m.Flows, m.Functions = slices.Grow(m.Flows, flows), slices.Grow(m.Functions, functions)
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
					f.Was = append(slices.Clip(f.Was), ssf.Ref{ID: id, Pos: f.From.Pos}) // the results keep theirs
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
