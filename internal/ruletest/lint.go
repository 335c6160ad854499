package ruletest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/mitre"
	"ssf/internal/report"
	"ssf/internal/rule"
)

// A Lint is what is wrong with a library as a whole, and how well it covers the
// published lists. Holes are the entries that it leaves out with a reason.
type Lint struct {
	Findings []Failure  `json:"findings"`
	Coverage []Coverage `json:"coverage"`
}

// Coverage is how a library covers one list.
type Coverage struct {
	List    ssf.ID  `json:"list"`
	Title   string  `json:"title"`
	Entries []Entry `json:"entries"`
}

// An Entry is one entry of a list with the rules that are about it, or the
// reason why there is none.
type Entry struct {
	ID      ssf.ID   `json:"id"`
	Threats []ssf.ID `json:"threats"`
	Hole    string   `json:"hole,omitempty"`
}

// Lists that a rule covers by its own keys and not by `covers`.
const (
	listLinddun = "linddun"
	listStride  = "ssf-stride"
)

// Check looks at a library without trying its cases: what is missing in its
// entries, what nothing uses, and what of the published lists is not covered.
// Lists are those of the library itself: a team's is not judged by ours.
func Check(s Suite) (*Lint, error) {
	out := &Lint{Findings: []Failure{}, Coverage: []Coverage{}}
	var archives Result
	for i := range s.Own.Threats {
		if _, err := s.open(&s.Own.Threats[i], &archives); err != nil {
			return nil, err
		}
	}
	if err := s.strays(&archives); err != nil {
		return nil, err
	}
	out.Findings = append(out.Findings, archives.Lacks...)
	l := &linter{Suite: &s, out: out, kinds: facts.NewTerms(s.Library).Kinds}
	l.rules()
	l.measures()
	l.words()
	for i := range s.Own.Lists {
		l.list(&s.Own.Lists[i])
	}
	slices.SortStableFunc(out.Findings, func(a, b Failure) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col)
	})
	return out, nil
}

// Passed reports whether nothing is wrong.
func (l *Lint) Passed() bool { return len(l.Findings) == 0 }

type linter struct {
	*Suite
	out   *Lint
	kinds facts.Family
	names map[ssf.ID][]int // rules of the library by what they name; see [linter.index]
}

func (l *linter) say(at ssf.Pos, format string, args ...any) {
	l.out.Findings = append(l.out.Findings, Failure{Pos: at, Message: fmt.Sprintf(format, args...)})
}

// rules looks at each rule.
func (l *linter) rules() {
	for i := range l.Own.Threats {
		r := &l.Own.Threats[i]
		if len(r.Stride) == 0 && len(r.Linddun) == 0 {
			l.say(r.Pos, "threat %s has neither a STRIDE class nor a LINDDUN type", r.ID)
		}
		for _, class := range r.Stride {
			if r.On == ssf.SortActor && class != "spoofing" && class != "repudiation" {
				l.say(r.Pos, "threat %s on an actor has the class %s: who acts is impersonated or denies it, and what follows stands at what he acts on", r.ID, class)
			}
		}
		if len(r.Measures) == 0 {
			l.say(r.Pos, "threat %s: no measure counters it", r.ID)
		}
		if len(r.Endangers) == 0 {
			l.say(r.Pos, "threat %s endangers nothing", r.ID)
		}
		for _, w := range r.Weaknesses {
			if mitre.Of(w.ID) == mitre.Discouraged && len(r.Weaknesses) == 1 {
				l.say(w.Pos, "threat %s: MITRE discourages %s, because a narrower one says more; add that", r.ID, w.ID)
			}
		}
	}
}

// measures looks at each measure: a threat names it, and it can be verified and
// seen to fail.
func (l *linter) measures() {
	used := map[ssf.ID]bool{}
	for i := range l.Library.Threats {
		for _, m := range l.Library.Threats[i].Measures {
			used[m.ID] = true
		}
	}
	for i := range l.Own.Measures {
		m := &l.Own.Measures[i]
		if !used[m.ID] {
			l.say(m.Pos, "measure %s: no threat names it", m.ID)
		}
		if len(m.Verify) == 0 {
			l.say(m.Pos, "measure %s: nothing says how it is verified", m.ID)
		} else if !slices.ContainsFunc(m.Verify, func(r ssf.Recipe) bool { return r.Break != "" }) {
			l.say(m.Pos, "measure %s: nothing says how it is broken, to see a verification fail", m.ID)
		}
		for n, v := range m.Verify {
			if v.Expect == "" || v.Fresh == "" {
				l.say(m.Pos, "measure %s, recipe %d: say which evidence is expected and how long it holds", m.ID, n+1)
			}
		}
	}
}

// words looks at facts, kinds, technologies and protocols.
func (l *linter) words() {
	for i := range l.Own.Facts {
		f := &l.Own.Facts[i]
		if len(f.On) > 0 && (len(f.KnownBy) == 0 || f.Example == "") {
			l.say(f.Pos, "fact %s: say who usually knows it, and give an example", f.ID)
		}
		if len(f.DerivedOn) == 0 && !l.read(f.ID) {
			l.say(f.Pos, "fact %s: no rule reads it", f.ID)
		}
	}
	for _, defs := range [][]ssf.KindDef{l.Own.Kinds, l.Own.Techs, l.Own.Protocols} {
		for i := range defs {
			if k := &defs[i]; len(k.Implies) > 0 && k.Because == "" {
				l.say(k.Pos, "%s: say why what it implies follows", k.ID)
			}
		}
	}
	for i := range l.Own.Kinds {
		k := &l.Own.Kinds[i]
		if !k.Abstract && len(l.standing(k.ID, "")) == 0 {
			l.say(k.Pos, "kind %s: no rule can stand at it", k.ID)
		}
	}
}

// engine are the facts that the program itself reads.
var engine = []ssf.ID{"trust", "hostile", "can_hurt", "network", "personal", "changes", "run_by"}

// read reports whether anything reads a fact.
func (l *linter) read(id ssf.ID) bool {
	for i := range l.Library.Threats {
		if reads(&l.Library.Threats[i], id) {
			return true
		}
	}
	return slices.Contains(engine, id)
}

// reads reports whether a condition of a rule reads a fact.
func reads(r *ssf.Rule, fact ssf.ID) bool {
	return report.Mentions(r.When.S, string(fact)) || report.Mentions(r.Unless.S, string(fact))
}

// standing are the rules that can stand at a component of a kind, at a function
// of it or at a flow to it, with a STRIDE class; all of them if that is empty.
func (l *linter) standing(kind ssf.ID, class string) (out []ssf.ID) {
	for i := range l.Library.Threats {
		r := &l.Library.Threats[i]
		if class != "" && !slices.Contains(r.Stride, class) {
			continue
		}
		switch r.On {
		case ssf.SortComponent, ssf.SortFlow, ssf.SortFunction:
			if len(r.Kinds) > 0 && l.kinds.AnyOf(kind, r.Kinds) == rule.True || len(r.Kinds) == 0 && r.On == ssf.SortComponent {
				out = append(out, r.ID)
			}
		}
	}
	return out
}

// list finds the rules that are about each entry of a list.
func (l *linter) list(list *ssf.List) {
	c := Coverage{List: list.ID, Title: list.Title, Entries: []Entry{}}
	for i := range list.Entries {
		e := &list.Entries[i]
		by := l.about(list.ID, e.ID)
		switch {
		case len(by) == 0 && e.Hole == "":
			l.say(e.Pos, "%s: no rule covers %s, and nothing says why", list.ID, e.ID)
		case len(by) > 0 && e.Hole != "":
			l.say(e.Pos, "%s: %s covers %s, so it is no hole", list.ID, by[0], e.ID)
		}
		c.Entries = append(c.Entries, Entry{e.ID, orNone(by), e.Hole})
	}
	l.out.Coverage = append(l.out.Coverage, c)
}

// about are the rules about an entry: those that name it, or have it as a
// weakness or as their class.
func (l *linter) about(list, entry ssf.ID) (by []ssf.ID) {
	if kind, class, ok := strings.Cut(string(entry), "."); ok && list == listStride {
		if l.kinds.Def[ssf.ID(kind)] != nil {
			return l.standing(ssf.ID(kind), class)
		}
		for i := range l.Library.Threats {
			if r := &l.Library.Threats[i]; string(r.On) == kind && slices.Contains(r.Stride, class) {
				by = append(by, r.ID)
			}
		}
		return by
	}
	if l.names == nil {
		l.index()
	}
	found := slices.Concat(l.names[list+":"+entry], l.names[entry])
	slices.Sort(found)
	for _, i := range slices.Compact(found) {
		by = append(by, l.Library.Threats[i].ID)
	}
	return by
}

// index finds the rules by the entries of lists that they name, their weaknesses
// and, as entries, their LINDDUN types.
func (l *linter) index() {
	l.names = map[ssf.ID][]int{}
	for i := range l.Library.Threats {
		r := &l.Library.Threats[i]
		for _, refs := range [][]ssf.Ref{r.Covers, r.Weaknesses} {
			for _, x := range refs {
				l.names[x.ID] = append(l.names[x.ID], i)
			}
		}
		for _, x := range r.Linddun {
			l.names[listLinddun+":"+ssf.ID(x)] = append(l.names[listLinddun+":"+ssf.ID(x)], i)
		}
	}
}

func orNone(ids []ssf.ID) []ssf.ID {
	if ids == nil {
		return []ssf.ID{}
	}
	return ids
}

// LintText writes the findings, then the lists with what they lack.
func LintText(w io.Writer, l *Lint) error {
	out := bufio.NewWriter(w)
	for _, f := range l.Findings {
		fmt.Fprintf(out, "%s: %s\n", report.Line(place(f.Pos)), report.Line(f.Message))
	}
	for _, c := range l.Coverage {
		covered, holes := 0, 0
		for _, e := range c.Entries {
			if len(e.Threats) > 0 {
				covered++
			} else if e.Hole != "" {
				holes++
			}
		}
		fmt.Fprintf(out, "%-18s %d of %d entries covered", c.List, covered, len(c.Entries))
		if holes > 0 {
			fmt.Fprintf(out, ", %d left out with a reason", holes)
		}
		fmt.Fprintln(out)
	}
	if len(l.Findings) == 1 {
		fmt.Fprintln(out, "1 finding")
		return out.Flush()
	}
	fmt.Fprintf(out, "%d findings\n", len(l.Findings))
	return out.Flush()
}
