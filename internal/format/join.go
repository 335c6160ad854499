package format

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"

	"ssf"
)

// A Derived is a threat that the library derives from the imported model, with
// what tells whether it is the same as one of the source.
type Derived struct {
	ID, Rule, Element ssf.ID
	Title, Says       string
	Stride            []string
	Weaknesses        []ssf.ID
}

// Join finds for threats of the source those of the library that are the same:
// at the same element, by the tool's own rule, by a common weakness or by words
// that both use. What a tool says of a flow, the library may say of the end that
// answers or starts it; there only the tool's own rule counts, or the threat's common
// name if its title names that end. Each takes at most one, and none is taken twice, so that what
// was decided about one never decides about another.
func (p *Plan) Join(derived []Derived) {
	type match struct {
		in    Instance
		of    *Derived
		score float64
	}
	at := map[ssf.ID][]*Derived{}
	counts := map[string]int{} // derived threats whose text has a word, by rule
	rules := map[ssf.ID]map[string]bool{}
	for i := range derived {
		x := &derived[i]
		at[x.Element] = append(at[x.Element], x)
		if rules[x.Rule] == nil {
			rules[x.Rule] = wordsOf(x.Title + " " + x.Says)
			for w := range rules[x.Rule] {
				counts[w]++
			}
		}
	}
	weight := func(w string) float64 { return math.Log(1 + float64(len(rules))/float64(max(counts[w], 1))) }
	ends := p.ends()
	listed := map[ssf.ID]bool{} // the source has these, as what they are
	for _, in := range p.Instances() {
		if in.Derived {
			for _, x := range at[in.Element] {
				listed[x.ID] = listed[x.ID] || slices.Contains(in.Same, x.Rule)
			}
		}
	}
	var matches []match
	for _, in := range p.Instances() {
		if in.Derived { // it is that one, however many others are the same as it
			for _, x := range at[in.Element] {
				if slices.Contains(in.Same, x.Rule) {
					p.joins[in.Own] = x.ID
				}
			}
			continue
		}
		words, named := wordsOf(in.Name+" "+in.Says), told(in.Name+" "+in.Says)
		consider := func(x *Derived, elsewhere string) {
			if in.Want != "" && !slices.Contains(in.Same, x.Rule) {
				return // the team knew of that one, and did not call it the same
			}
			if in.Want == "" && listed[x.ID] {
				return // the source tells the two apart
			}
			s := likeness(in, x, words, rules[x.Rule], weight)
			i := slices.Index(named, x.Rule)
			if i >= 0 && s > 0 {
				s += sameEnough - 0.01*float64(i)
			}
			if elsewhere != "" {
				if !slices.Contains(in.Same, x.Rule) && (i < 0 || !names(in.Name, elsewhere)) {
					return
				}
				s -= 0.01
			}
			if s >= sameEnough {
				matches = append(matches, match{in, x, s})
			}
		}
		for _, x := range at[in.Element] {
			consider(x, "")
		}
		for _, end := range ends[in.Element] {
			for _, x := range at[end] {
				consider(x, string(end))
			}
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(string(a.in.Own), string(b.in.Own)), strings.Compare(string(a.of.ID), string(b.of.ID)))
	})
	taken := map[ssf.ID]bool{}
	for _, m := range matches {
		if p.joins[m.in.Own] != "" || taken[m.of.ID] {
			continue
		}
		p.joins[m.in.Own], taken[m.of.ID] = m.of.ID, true
		p.draft.Report.Joined = append(p.draft.Report.Joined, Join{m.in.Node.Path(), m.in.Own, m.of.ID})
	}
}

// names reports whether a title has all words of an id in a row.
func names(title, id string) bool {
	return strings.Contains("-"+strings.Join(wordList(title), "-")+"-", "-"+id+"-")
}

// sameEnough is the likeness from which two threats count as the same. It was set by
// hand over joins in public models: at less, threats that share a word or two
// are joined.
const sameEnough = 0.34

// likeness is how much a threat of the source is like one of the library: 1 for
// the tool's own rule of the same meaning, else by common weaknesses and words.
// A class of STRIDE that is only on one side speaks against it.
func likeness(in Instance, x *Derived, words, rule map[string]bool, weight func(string) float64) float64 {
	if slices.Contains(in.Same, x.Rule) {
		return 1
	}
	if len(in.Stride) > 0 && !slices.ContainsFunc(in.Stride, func(s string) bool { return slices.Contains(x.Stride, s) }) {
		return 0
	}
	common, mine, theirs := 0.0, 0.0, 0.0
	for w := range words { // sums of the same numbers differ in their last bits by order, so they are rounded below
		mine += weight(w)
		if rule[w] {
			common += weight(w)
		}
	}
	for w := range rule {
		theirs += weight(w)
	}
	score := 0.0
	if mine > 0 && theirs > 0 {
		score = common / math.Sqrt(mine*theirs)
	}
	score += 0.05 // nothing speaks against it
	if slices.ContainsFunc(in.Weaknesses, func(w string) bool { return slices.Contains(x.Weaknesses, ssf.ID(w)) }) {
		score += 0.3
	}
	return math.Round(score*1000) / 1000
}

// wordsOf are the words of a text that tell something, as stems.
func wordsOf(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		if len(w) < 3 || idle[w] {
			continue
		}
		for _, end := range []string{"ations", "ation", "ing", "ers", "ies", "ed", "er", "es", "s"} {
			if strings.HasSuffix(w, end) && len(w)-len(end) >= 4 {
				w = w[:len(w)-len(end)]
				break
			}
		}
		out[w] = true
	}
	return out
}

// idle are words that stand in any threat.
var idle = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields("the and for who with that this from can could may might should would are was were has have had not but its his her their them they into onto over which what when where while then than there all any one use used uses using attacker attackers threat threats access data information system application user users via due also other some such allow allows gain gains") {
		out[w] = true
	}
	return out
}()

// Derived are the library's threats of some ids, `rule@element`, at the elements
// that concern the source's; threats of the team's own are left out.
func (p *Plan) Derived(lib *ssf.Library, ids iter.Seq[ssf.ID]) (out []Derived) {
	rules := map[ssf.ID]*ssf.Rule{}
	for i := range lib.Threats {
		rules[lib.Threats[i].ID] = &lib.Threats[i]
	}
	wanted := p.Concerned()
	for id := range ids {
		rule, element, _ := strings.Cut(string(id), "@")
		r := rules[ssf.ID(rule)]
		if r == nil || r.On == ssf.SortMitigation || !wanted[ssf.ID(element)] {
			continue
		}
		x := Derived{ID: id, Rule: r.ID, Element: ssf.ID(element), Title: r.Title, Says: r.Says, Stride: r.Stride}
		for _, w := range r.Weaknesses {
			x.Weaknesses = append(x.Weaknesses, w.ID)
		}
		out = append(out, x)
	}
	return out
}

// Concerned are the elements at which the source has threats, and the ends of those
// that are flows.
func (p *Plan) Concerned() map[ssf.ID]bool {
	out, ends := map[ssf.ID]bool{}, p.ends()
	for _, in := range p.Instances() {
		out[in.Element] = true
		for _, e := range ends[in.Element] {
			out[e] = true
		}
	}
	return out
}

// ends are the two ends of each flow, first the one that answers.
func (p *Plan) ends() map[ssf.ID][]ssf.ID {
	out := map[ssf.ID][]ssf.ID{}
	for _, e := range p.draft.Elements {
		if e.Sort == ssf.SortFlow {
			out[p.ids[e]] = []ssf.ID{p.ids[p.draft.keys[e.To]], p.ids[p.draft.keys[e.From]]}
		}
	}
	return out
}
