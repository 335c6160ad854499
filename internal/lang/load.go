package lang

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
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

	sources map[string]*source
}

// Line is the line of the model's files at a place; empty where there is none.
func (s *Snapshot) Line(p ssf.Pos) string {
	if f := s.sources[p.File]; f != nil {
		return f.line(p.Line)
	}
	return ""
}

// Load reads the model in fsys: ssf.yaml at its root and every ssf/**/*.yaml.
// An error is only what is not the author's doing: a file that cannot be read.
func Load(fsys fs.FS, lib *ssf.Library) (*Snapshot, error) {
	paths, diags, err := find(fsys)
	if err != nil {
		return nil, err
	}
	var sources []*source
	total := 0
	for _, p := range paths {
		text, d, err := readFile(fsys, p)
		if err != nil {
			return nil, err
		}
		if total += len(text); total > 4*MaxFileSize {
			d = append(d, ssf.Diagnostic{Check: "model/limit", Severity: ssf.Error, Pos: ssf.Pos{File: p, Line: 1, Col: 1}, Message: fmt.Sprintf("the files of the model together are larger than the limit of %d MiB", 4*MaxFileSize>>20), Hint: "split the product into several models"})
			text = ""
		}
		diags = append(diags, d...)
		if len(d) == 0 {
			sources = append(sources, newSource(p, strings.TrimPrefix(text, "\ufeff")))
		}
	}
	s := &Snapshot{sources: map[string]*source{}}
	for _, src := range sources {
		s.sources[src.path] = src
	}
	s.read(sources, NewWords(lib), len(paths) > 0 && paths[0] == RootFile)
	s.Diagnostics = append(diags, s.Diagnostics...)
	ssf.SortDiagnostics(s.Diagnostics)
	return s, nil
}

// find lists the files of a model: the root file first, then by path.
func find(fsys fs.FS) (paths []string, diags []ssf.Diagnostic, err error) {
	report := func(file, hint, format string, args ...any) {
		diags = append(diags, ssf.Diagnostic{Check: "model/files", Severity: ssf.Error, Pos: ssf.Pos{File: file, Line: 1, Col: 1}, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if _, err := fs.Stat(fsys, RootFile); err == nil {
		paths = append(paths, RootFile)
	} else {
		hint := "`ssf init` writes one to start from"
		if _, e := fs.Stat(fsys, "ssf.yml"); e == nil {
			hint = "rename ssf.yml to ssf.yaml"
		}
		report(RootFile, hint, "there is no %s", RootFile)
	}
	err = fs.WalkDir(fsys, Folder, func(p string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && p == Folder:
			return fs.SkipDir
		case err != nil:
			return err
		case e.IsDir():
		case path.Ext(p) == ".yaml" && e.Type().IsRegular():
			paths = append(paths, p)
		case path.Ext(p) == ".yaml":
			report(p, "put the file itself here; links are not followed", "not an ordinary file")
		case path.Ext(p) == ".yml":
			report(p, "rename it to "+strings.TrimSuffix(p, ".yml")+".yaml", "a model's files end in .yaml, so this one would not be read")
		}
		if len(paths) > MaxFiles {
			report(p, "put more into each file", "the model has more files than the limit of %d", MaxFiles)
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listing the model's files: %w", err)
	}
	return paths, diags, nil
}

// readFile reads a text file within the limits.
func readFile(fsys fs.FS, p string) (string, []ssf.Diagnostic, error) {
	refuse := func(at ssf.Pos, check ssf.ID, msg, hint string) (string, []ssf.Diagnostic, error) {
		return "", []ssf.Diagnostic{{Check: check, Severity: ssf.Error, Pos: at, Message: msg, Hint: hint}}, nil
	}
	at := ssf.Pos{File: p, Line: 1, Col: 1}
	f, err := fsys.Open(p)
	if err != nil {
		return "", nil, fmt.Errorf("reading the model: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", nil, fmt.Errorf("reading the model: %w", err)
	}
	if !info.Mode().IsRegular() {
		return refuse(at, "model/files", "not an ordinary file", "put the model's text here")
	}
	b, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return "", nil, fmt.Errorf("reading the model: %w", err)
	}
	if len(b) > MaxFileSize {
		return refuse(at, "model/limit", fmt.Sprintf("the file is larger than the limit of %d MiB", MaxFileSize>>20), "split it over files in the folder "+Folder)
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	if at, msg, hint := (&source{path: p, text: text}).unreadable(); msg != "" {
		return refuse(at, "model/encoding", msg, hint)
	}
	return text, nil, nil
}

// A piece is some entries of one section, or a section, or a file: what is
// parsed and decoded at once.
type piece struct {
	src     *source
	sec     *section // nil: the whole file
	from    int      // lines
	to      int
	entries bool // only entries, without the section's key
}

// pieceLines is about how many lines are parsed at once: enough that the
// parser's own costs vanish, and small enough to share out.
const pieceLines = 2000

// pieces cuts a file for parsing.
func (s *source) pieces(report func(at ssf.Pos, hint, msg string)) (ps []piece) {
	at := func(n int) ssf.Pos { return ssf.Pos{File: s.path, Line: n, Col: 1, EndCol: len([]rune(s.line(n))) + 1} }
	secs, orphans := s.sections()
	for _, n := range orphans {
		switch l := s.line(n); {
		case isMark(l):
			report(at(n), "delete this line and join what it separates", "a file is one document, and this mark begins or ends another")
		case l[0] == '%':
			report(at(n), "delete it", "YAML directives are not part of the language")
		case strings.HasPrefix(l, "- "):
			report(at(n), "begin with a section such as `system:`", "a model is a mapping of sections, and this is a list")
		case l[0] == ' ' || l[0] == '\t':
			report(at(n), "delete the spaces before it", "the first key of a file stands at the start of its line")
		default:
			report(at(n), "delete it", "a bracket that closes nothing")
		}
		if !isMark(s.line(n)) {
			return ps
		}
	}
	if len(secs) > 0 && s.line(secs[0].line)[0] == '{' {
		return []piece{{src: s, from: secs[0].line, to: len(s.lines) + 1}}
	}
	for i := range secs {
		sec := &secs[i]
		if len(sec.entries) == 0 || slices.Contains(single, sec.key) {
			ps = append(ps, piece{src: s, sec: sec, from: sec.line, to: sec.end})
			continue
		}
		from := sec.line + 1
		for _, n := range sec.entries[1:] {
			if n-from >= pieceLines {
				ps = append(ps, piece{src: s, sec: sec, from: from, to: n, entries: true})
				from = n
			}
		}
		ps = append(ps, piece{src: s, sec: sec, from: from, to: sec.end, entries: true})
	}
	return ps
}

// A result is what one piece gave.
type result struct {
	model ssf.Model
	diags []ssf.Diagnostic
	refs  []pending
	keys  []ssf.Ref // the sections in it
}

// read decodes all sources and checks the whole.
func (snap *Snapshot) read(sources []*source, words *Words, rooted bool) {
	var diags []ssf.Diagnostic
	var ps []piece
	for _, s := range sources {
		ps = append(ps, s.pieces(func(at ssf.Pos, hint, msg string) {
			diags = append(diags, ssf.Diagnostic{Check: "model/syntax", Severity: ssf.Error, Pos: at, Message: msg, Hint: hint, Snippet: s.line(at.Line)})
		})...)
		if s.empty() {
			diags = append(diags, ssf.Diagnostic{Check: "model/files", Severity: ssf.Error, Pos: ssf.Pos{File: s.path, Line: 1, Col: 1}, Message: "the file is empty", Hint: "delete it, or begin with `ssf: 1` and `system:`; `ssf init` writes a model to start from"})
		}
	}
	results := make([]result, len(ps))
	parallel(len(ps), func(i int) { results[i] = ps[i].read(words) })

	m := &ssf.Model{}
	var refs []pending
	var keys []ssf.Ref
	for i := range results {
		merge(m, &results[i].model)
		diags = append(diags, results[i].diags...)
		refs = append(refs, results[i].refs...)
		keys = append(keys, results[i].keys...)
	}
	x := &index{ids: map[Target]map[ssf.ID]ssf.Pos{}, words: words, diags: &diags, line: snap.Line}
	x.sections(keys, rooted && snap.sources[RootFile] != nil && !snap.sources[RootFile].empty())
	expand(m)
	x.defineAll(m)
	x.resolve(refs)
	x.cells(m)
	forElements(m, x.former)
	snap.Model, snap.Diagnostics = m, limit(diags)
}

// empty reports whether a file has nothing but space and comments.
func (s *source) empty() bool {
	secs, orphans := s.sections()
	return len(secs) == 0 && len(orphans) == 0
}

// limit keeps the first MaxErrors diagnostics in file order and counts the rest.
func limit(diags []ssf.Diagnostic) []ssf.Diagnostic {
	slices.SortStableFunc(diags, compareDiags)
	if len(diags) <= MaxErrors {
		return diags
	}
	last := diags[MaxErrors-1]
	return append(diags[:MaxErrors-1], ssf.Diagnostic{Check: "model/limit", Severity: ssf.Error, Pos: last.Pos, Snippet: last.Snippet,
		Message: fmt.Sprintf("%d more problems from here on are not shown", len(diags)-MaxErrors+1), Hint: "mend those above first"})
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

// read parses and decodes a piece. Where its entries do not parse together,
// each is tried by itself, so that one fault hides no other.
func (p piece) read(words *Words) (r result) {
	d := &decoder{src: p.src, prefix: "model/", words: words}
	defer func() { r.diags, r.refs = d.diags, d.refs }()
	if p.sec != nil {
		width := len([]rune(p.sec.key))
		r.keys = append(r.keys, ssf.Ref{ID: ssf.ID(p.sec.key), Pos: ssf.Pos{File: p.src.path, Line: p.sec.line, Col: 1, EndCol: width + 1}})
	}
	if !p.entries {
		n := d.parse(p.from, p.to)
		if n == nil {
			if len(d.diags) == 0 && p.sec != nil {
				d.report("syntax", ssf.Pos{File: p.src.path, Line: p.from, Col: 1}, "write `key: value`", "nothing that can be read")
			}
			return r
		}
		r.keys = nil
		d.pairs(n, "model", true, func(key, value *yaml.Node) {
			i, ok := modelTable.find(key.Value)
			if !ok {
				modelTable.unknown(d, key)
				return
			}
			r.keys = append(r.keys, d.ref(key, key.Value))
			modelTable.Fields[i].read(d, value, &r.model)
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
		return r
	}
	whole := d.diags
	d.diags = nil
	starts := slices.DeleteFunc(slices.Clone(p.sec.entries), func(n int) bool { return n < p.from || n >= p.to })
	failed := false
	for j, from := range starts {
		to := p.to
		if j+1 < len(starts) {
			to = starts[j+1]
		}
		before := len(d.diags)
		if n := d.parse(from, to); n != nil {
			modelTable.Fields[i].read(d, n, &r.model)
		} else if len(d.diags) > before {
			failed = true
		}
	}
	if !failed {
		r.model, d.diags, d.refs = ssf.Model{}, whole, nil
	}
	return r
}

// sections checks which sections stand where.
func (x *index) sections(keys []ssf.Ref, rooted bool) {
	first := map[string]ssf.Ref{}
	for _, k := range keys {
		id := string(k.ID)
		where := id
		if !slices.Contains(single, id) {
			where = k.Pos.File + "\x00" + id
		}
		if f, ok := first[where]; ok && f.Pos != k.Pos {
			x.report("duplicate-key", k.Pos, "join the two; a section of entries may be continued in another file, not in this one", []ssf.Related{{Message: "first here", Pos: f.Pos}}, "section %q stands twice", id)
			continue
		}
		first[where] = k
	}
	if !rooted {
		return
	}
	at := ssf.Pos{File: RootFile, Line: 1, Col: 1}
	if _, ok := first[RootFile+"\x00ssf"]; !ok {
		x.report("missing-key", at, "begin the file with `ssf: 1`, the version of the language", nil, "the model has no %q", "ssf")
	}
	if _, ok := first["system"]; !ok {
		x.report("missing-key", at, "add `system:` with `name: ...` below it", nil, "the model has no %q", "system")
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

// expand writes the short form of flows out: the call of b at a is `a-to-b`.
func expand(m *ssf.Model) {
	m.System.ID = "system"
	for i := range m.Components {
		c := &m.Components[i]
		for _, f := range c.Calls {
			f.ID = c.ID + "-to-" + f.To.ID
			f.From = ssf.Ref{ID: c.ID, Pos: f.Pos}
			m.Flows = append(m.Flows, f)
		}
		c.Calls = nil
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
