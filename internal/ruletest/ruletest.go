// Package ruletest tests the rules of a library with the cases that stand
// beside them: each case is a small model, and its first line says which state
// a threat has in it. It writes nothing and runs nothing; what it wants written
// is in the result.
//
// A case is a file NAME.yaml of threats/RULE/test.txtar, and NAME says what it
// shows: fires, quiet, asks or claimed, with anything after a hyphen. A file
// NAME.txt after it is what the program prints about the rule in that case.
// Begin with [Run].
package ruletest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/txtar"

	"ssf"
)

// The limits on what is tested.
const (
	MaxArchive = 1 << 20 // bytes of one test.txtar
	MaxCases   = 200     // cases of one rule
)

// File is the archive of a rule's cases, beside its threat.yaml.
const File = "test.txtar"

// A Suite is a library to test: FS is its folder, called Shown in messages, Own
// what it holds, and Library all that its cases may use.
type Suite struct {
	FS      fs.FS
	Shown   string
	Own     *ssf.Library
	Library *ssf.Library
}

// Options choose what is tested. Run, if set, picks rules by their ids. Update
// renews what cases are expected to print.
type Options struct {
	Run    *regexp.Regexp
	Update bool
}

// A Result is what a test found. Lacks are faults of a rule's tests as a whole,
// such as a missing case; Notes are no faults, but worth a look. Archives are
// the test files that an update changes, by their paths in the library.
type Result struct {
	Rules    int               `json:"rules"`
	Cases    []Case            `json:"cases"`
	Lacks    []Failure         `json:"lacks"`
	Notes    []string          `json:"notes"`
	Archives map[string][]byte `json:"-"`
}

// A Case is one case and what is wrong with it.
type Case struct {
	Rule     ssf.ID    `json:"rule"`
	Name     string    `json:"name"`
	Failures []Failure `json:"failures,omitempty"`
	ssf.Pos
}

// A Failure is one thing that is not as expected.
type Failure struct {
	Message string `json:"message"`
	ssf.Pos
}

// Failed is how many cases failed.
func (r *Result) Failed() (n int) {
	for _, c := range r.Cases {
		if len(c.Failures) > 0 {
			n++
		}
	}
	return n
}

// Passed reports whether nothing is wrong.
func (r *Result) Passed() bool { return r.Failed() == 0 && len(r.Lacks) == 0 }

// Add adds what another library's test found, but for its archives.
func (r *Result) Add(other *Result) {
	r.Rules += other.Rules
	r.Cases, r.Lacks, r.Notes = append(r.Cases, other.Cases...), append(r.Lacks, other.Lacks...), append(r.Notes, other.Notes...)
}

// Run tests the rules of a library, in the order of their ids. An error is a
// file that cannot be read.
func Run(s Suite, o Options) (*Result, error) {
	out := &Result{Cases: []Case{}, Lacks: []Failure{}, Notes: []string{}, Archives: map[string][]byte{}}
	var tests []*test
	for i := range s.Own.Threats {
		r := &s.Own.Threats[i]
		if o.Run != nil && !o.Run.MatchString(string(r.ID)) {
			continue
		}
		out.Rules++
		t, err := s.open(r, out)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t...)
	}
	if err := s.try(tests, o); err != nil {
		return nil, err
	}
	fires := map[ssf.ID]bool{}
	for _, t := range tests {
		out.Cases = append(out.Cases, t.Case)
		fires[t.Rule] = fires[t.Rule] || t.fires
		if t.rendered != nil {
			t.archive.set(t.stem+".txt", t.Name, t.rendered)
			out.Archives[t.archive.path] = txtar.Format(t.archive.Archive)
		}
	}
	if o.Run == nil {
		s.coverage(out, fires)
		if err := s.strays(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A test is a case on its way.
type test struct {
	Case
	rule     *ssf.Rule
	archive  *archive
	what     string // fires, quiet, asks or claimed
	stem     string
	text     []byte
	want     []byte // what is to be printed; nil if that is open
	wantAt   ssf.Pos
	must     bool // it has to say what is to be printed
	fires    bool // the rule fires as it should, whatever it prints
	rendered []byte
}

// An archive is a test.txtar with the lines of its files.
type archive struct {
	*txtar.Archive
	path  string
	lines []int // of the files' markers
}

// set replaces a file's text, or adds the file after another.
func (a *archive) set(name, after string, text []byte) {
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		i = 1 + slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == after })
		a.Files = slices.Insert(a.Files, i, txtar.File{Name: name})
	}
	a.Files[i].Data = text
}

var caseName = regexp.MustCompile(`^((fires|quiet|asks|claimed)(?:-[a-z0-9-]+)?)\.(yaml|txt)$`)

// open reads the cases of a rule, and notes what is missing among them.
func (s *Suite) open(r *ssf.Rule, out *Result) (tests []*test, err error) {
	rel := strings.TrimPrefix(strings.TrimPrefix(r.Pos.File, s.Shown), "/")
	name := path.Join(path.Dir(rel), File)
	at := ssf.Pos{File: path.Join(s.Shown, name), Line: 1}
	lack := func(at ssf.Pos, format string, args ...any) {
		out.Lacks = append(out.Lacks, Failure{Pos: at, Message: string(r.ID) + ": " + fmt.Sprintf(format, args...)})
	}
	text, refused, err := read(s.FS, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		lack(ssf.Pos{File: r.Pos.File, Line: r.Pos.Line}, "there is no %s beside the rule", File)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading %s: %w", at.File, err)
	case refused != "":
		lack(at, "%s", refused)
		return nil, nil
	}
	a := &archive{Archive: txtar.Parse(text), path: name}
	line := bytes.Count(a.Comment, []byte("\n")) + 1
	shown, byName := map[string]int{}, map[string]*test{}
	for i, f := range a.Files {
		at.Line = line
		a.lines = append(a.lines, line)
		line += 1 + bytes.Count(f.Data, []byte("\n"))
		m := caseName.FindStringSubmatch(f.Name)
		switch {
		case i >= 2*MaxCases:
			lack(at, "more cases than the limit of %d", MaxCases)
			return tests, nil
		case m == nil:
			lack(at, "%q is no case; want fires, quiet, asks or claimed, such as quiet-local.yaml, and after it quiet-local.txt", f.Name)
			continue
		case m[3] == "txt":
			t := byName[m[1]+".yaml"]
			if t == nil || t.want != nil {
				lack(at, "%s follows no case of its name, or is there twice", f.Name)
				continue
			}
			t.want, t.wantAt = append([]byte{}, f.Data...), at
			continue
		case byName[f.Name] != nil:
			lack(at, "there are two cases %s", f.Name)
			continue
		}
		t := &test{Case: Case{Rule: r.ID, Name: f.Name, Pos: at}, rule: r, archive: a, what: m[2], stem: m[1], text: f.Data}
		t.must = m[2] == "fires" && shown["fires"] == 0
		shown[m[2]]++
		byName[f.Name] = t
		tests = append(tests, t)
	}
	at.Line = 1
	for _, what := range []string{"fires", "quiet", "asks"} {
		if shown[what] == 0 && (what != "asks" || r.On != ssf.SortMitigation) { // which has no facts
			lack(at, "no case %s.yaml", what)
		}
	}
	switch claims := shown["claimed"]; {
	case claims == 0 && r.Unless.S != "":
		lack(at, "no case claimed.yaml, and the rule has `unless`")
	case claims > 0 && r.Unless.S == "":
		lack(at, "a case of a claim, and the rule has no `unless`")
	}
	return tests, nil
}

// read reads a text file of the library. A file that is refused has a reason.
func read(fsys fs.FS, name string) (text []byte, refused string, err error) {
	info, err := fs.Lstat(fsys, name)
	if err != nil {
		return nil, "", err
	}
	if !info.Mode().IsRegular() {
		return nil, "it is not an ordinary file", nil
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	if text, err = io.ReadAll(io.LimitReader(f, MaxArchive+1)); err != nil {
		return nil, "", err
	}
	if len(text) > MaxArchive {
		return nil, fmt.Sprintf("it is larger than the limit of %d KiB", MaxArchive>>10), nil
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), "", nil
}

// try carries out the tests on all processors.
func (s *Suite) try(tests []*test, o Options) error {
	errs := make([]error, len(tests))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(len(tests), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				errs[i] = s.test(tests[i], o.Update)
			}
		})
	}
	for i := range tests {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs { // the first, whoever was faster
		if err != nil {
			return err
		}
	}
	return nil
}

// coverage notes what no case and no rule reaches.
func (s *Suite) coverage(out *Result, fires map[ssf.ID]bool) {
	note := func(format string, args ...any) { out.Notes = append(out.Notes, fmt.Sprintf(format, args...)) }
	used := map[ssf.ID]bool{}
	for _, r := range s.Library.Threats {
		for _, m := range r.Measures {
			used[m.ID] = true
		}
	}
	for _, r := range s.Own.Threats {
		if !fires[r.ID] {
			note("threat %s: no case fires", r.ID)
		}
	}
	for _, m := range s.Own.Measures {
		if !used[m.ID] {
			note("measure %s: no threat names it", m.ID)
		}
		if len(m.Verify) == 0 {
			note("measure %s: nothing says how it is verified", m.ID)
		} else if !slices.ContainsFunc(m.Verify, func(r ssf.Recipe) bool { return r.Break != "" }) {
			note("measure %s: nothing says how it is broken, to see a verification fail", m.ID)
		}
	}
}

// strays finds test files without a rule.
func (s *Suite) strays(out *Result) error {
	have := map[string]bool{}
	for _, r := range s.Own.Threats {
		have[path.Dir(r.Pos.File)] = true
	}
	err := fs.WalkDir(s.FS, "threats", func(p string, e fs.DirEntry, err error) error {
		if dir := path.Join(s.Shown, path.Dir(p)); err == nil && path.Base(p) == File && !have[dir] {
			out.Lacks = append(out.Lacks, Failure{Pos: ssf.Pos{File: path.Join(s.Shown, p), Line: 1}, Message: "there is no threat.yaml beside it"})
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
