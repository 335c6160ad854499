package ruletest

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/mitre"
	"ssf/internal/report"
	"ssf/internal/rule"
)

// An Item is one entry of a library. Cases are those of a rule; of a measure
// those of the rules that name it, of a fact those of the rules that read it, and
// of a kind, technology or protocol those whose models have it, or else those of
// the rules that are meant for the kind or read what the entry implies.
type Item struct {
	Kind     string    `json:"kind"` // threat, measure, fact, kind, tech, protocol, control, check, catalogue, list, analyser, standard or policy
	ID       ssf.ID    `json:"id"`
	Title    string    `json:"title"`
	Origin   string    `json:"origin,omitempty"`
	On       string    `json:"on,omitempty"`
	Stride   []string  `json:"stride"`
	Linddun  []string  `json:"linddun,omitempty"`
	CWE      []ssf.ID  `json:"cwe"`
	CAPEC    []ssf.ID  `json:"capec"`
	Mappings []Mapping `json:"mappings,omitempty"`
	Measures []ssf.ID  `json:"measures,omitempty"`
	Answers  []ssf.ID  `json:"answers,omitempty"` // ids of catalogues
	Cases    []string  `json:"cases"`             // as `rule/case`
	At       string    `json:"at"`                // file and line in the library
}

// A Mapping ties an entry to something that others publish. By is official if
// its publisher ties it to one of the entry's weaknesses, and else ours.
type Mapping struct {
	To ssf.ID `json:"to"`
	By string `json:"by"`
}

// List is every entry of a library, in the order of the kinds above and then
// of ids.
func List(s Suite) ([]Item, error) {
	l := &lister{Suite: &s, cases: map[ssf.ID][]string{}, words: map[string][]string{}, maps: map[ssf.ID][]ssf.Ref{}}
	for i := range s.Library.Lists {
		for _, e := range s.Library.Lists[i].Entries {
			l.maps[s.Library.Lists[i].ID+":"+e.ID] = e.Weaknesses
		}
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	own := s.Own
	for i := range own.Threats {
		l.threat(&own.Threats[i])
	}
	for i := range own.Measures {
		m := &own.Measures[i]
		l.add(Item{Kind: "measure", Title: m.Title, Answers: ids(m.Answers), Cases: l.of(func(r *ssf.Rule) bool { return ssf.HasRef(r.Measures, m.ID) })}, m.Named)
	}
	for i := range own.Facts {
		f := &own.Facts[i]
		l.add(Item{Kind: "fact", Title: f.Title, Cases: l.of(func(r *ssf.Rule) bool { return reads(r, f.ID) })}, f.Named)
	}
	kinds := facts.NewTerms(s.Library).Kinds
	for _, words := range []struct {
		kind string
		defs []ssf.KindDef
	}{{"kind", own.Kinds}, {"tech", own.Techs}, {"protocol", own.Protocols}} {
		for i := range words.defs {
			k := &words.defs[i]
			cases := l.words[words.kind+" "+string(k.ID)]
			if len(cases) == 0 {
				cases = l.of(func(r *ssf.Rule) bool {
					return words.kind == "kind" && len(r.Kinds) > 0 && kinds.AnyOf(k.ID, r.Kinds) == rule.True ||
						slices.ContainsFunc(k.Implies, func(v ssf.Implied) bool { return reads(r, v.Fact.ID) })
				})
			}
			l.add(Item{Kind: words.kind, Title: k.Title, Cases: cases}, k.Named)
		}
	}
	addAll(l, "control", own.Controls, func(c *ssf.Control) (string, ssf.Named) { return c.Title, c.Named })
	addAll(l, "check", own.Checks, func(c *ssf.Check) (string, ssf.Named) { return c.Title, c.Named })
	addAll(l, "catalogue", own.Catalogues, func(c *ssf.Catalogue) (string, ssf.Named) { return c.Title, c.Named })
	addAll(l, "list", own.Lists, func(x *ssf.List) (string, ssf.Named) { return x.Title, x.Named })
	addAll(l, "analyser", own.Analysers, func(a *ssf.Analyser) (string, ssf.Named) { return a.Title, a.Named })
	addAll(l, "standard", own.Standards, func(x *ssf.Standard) (string, ssf.Named) { return x.Title, x.Named })
	addAll(l, "policy", own.Policies, func(p *ssf.PolicyDef) (string, ssf.Named) { return p.Title, p.Named })
	return l.out, nil
}

type lister struct {
	*Suite
	out   []Item
	cases map[ssf.ID][]string  // by rule
	words map[string][]string  // cases by `kind web_app`, `tech go`, `protocol https`
	maps  map[ssf.ID][]ssf.Ref // weaknesses that publishers map to entries of their lists
}

// said finds the kinds, technologies and protocols in the text of a case.
var said = regexp.MustCompile(`\b(kind|tech|over): (?:([a-z0-9_]+)|\[([a-z0-9_, ]+)\])`)

// open reads the names of the cases, and which words they use.
func (l *lister) open() error {
	sorts := map[string]string{"kind": "kind", "tech": "tech", "over": "protocol"}
	for i := range l.Own.Threats {
		r := &l.Own.Threats[i]
		tests, err := l.Suite.open(r, &Result{})
		if err != nil {
			return err
		}
		for _, t := range tests {
			name := string(r.ID) + "/" + t.stem
			l.cases[r.ID] = append(l.cases[r.ID], name)
			for _, m := range said.FindAllStringSubmatch(string(t.text), -1) {
				for _, w := range strings.Split(m[2]+m[3], ",") {
					key := sorts[m[1]] + " " + strings.TrimSpace(w)
					if all := l.words[key]; len(all) == 0 || all[len(all)-1] != name {
						l.words[key] = append(all, name)
					}
				}
			}
		}
	}
	return nil
}

// of are the cases of the rules that are meant.
func (l *lister) of(meant func(*ssf.Rule) bool) (out []string) {
	for i := range l.Own.Threats {
		if r := &l.Own.Threats[i]; meant(r) {
			out = append(out, l.cases[r.ID]...)
		}
	}
	return out
}

func (l *lister) threat(r *ssf.Rule) {
	x := Item{
		Kind: "threat", Title: r.Title, Origin: string(r.Origin), On: string(r.On), Stride: r.Stride, Linddun: r.Linddun,
		CWE: ids(r.Weaknesses), CAPEC: ids(r.Attacks), Measures: ids(r.Measures), Cases: l.cases[r.ID],
	}
	by := func(official bool) string {
		if official {
			return "official"
		}
		return "ours"
	}
	for _, a := range r.Attacks {
		x.Mappings = append(x.Mappings, Mapping{a.ID, by(slices.ContainsFunc(r.Weaknesses, func(w ssf.Ref) bool { return mitre.Related(w.ID, a.ID) }))})
	}
	for _, c := range r.Covers {
		x.Mappings = append(x.Mappings, Mapping{c.ID, by(slices.ContainsFunc(l.maps[c.ID], func(w ssf.Ref) bool { return ssf.HasRef(r.Weaknesses, w.ID) }))})
	}
	l.add(x, r.Named)
}

// addAll adds entries that have a title and nothing that tests them.
func addAll[V any](l *lister, kind string, entries []V, of func(*V) (string, ssf.Named)) {
	for i := range entries {
		title, named := of(&entries[i])
		l.add(Item{Kind: kind, Title: title}, named)
	}
}

// add completes an entry.
func (l *lister) add(x Item, n ssf.Named) {
	x.ID, x.At = n.ID, place(n.Pos)
	if x.Stride == nil {
		x.Stride = []string{}
	}
	x.CWE, x.CAPEC = orNone(x.CWE), orNone(x.CAPEC)
	if x.Cases == nil {
		x.Cases = []string{}
	}
	l.out = append(l.out, x)
}

func ids(rs []ssf.Ref) (out []ssf.ID) {
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

// ListText writes the entries for people, a line each below their kinds.
func ListText(w io.Writer, items []Item) error {
	out := bufio.NewWriter(w)
	for i, x := range items {
		if i == 0 || items[i-1].Kind != x.Kind {
			n := 0
			for _, o := range items[i:] {
				if o.Kind == x.Kind {
					n++
				}
			}
			if i > 0 {
				fmt.Fprintln(out)
			}
			fmt.Fprintf(out, "%s: %d\n", x.Kind, n)
		}
		fmt.Fprintf(out, "  %-32s %s\n", x.ID, report.Line(x.Title))
	}
	return out.Flush()
}
