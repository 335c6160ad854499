package format

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"ssf"
	"ssf/internal/mitre"
)

// A Plan is a draft with ids of our language: what will be written.
type Plan struct {
	draft    *Draft
	lib      *lexicon
	ids      map[*Element]ssf.ID
	own      map[*Threat][]ssf.ID // of the threats, one for each element
	means    map[*Mitigation]ssf.ID
	meansIDs *ids
	joins    map[ssf.ID]ssf.ID // own threat id -> threat of the library
	now      time.Time
}

// Build gives ids to everything in the draft, in the order of the source, and
// leaves out what the library's vocabulary has no place for; the report says so.
// Now is the day that stands in for dates that the source does not tell.
func (d *Draft) Build(lib *ssf.Library, now time.Time) *Plan {
	p := &Plan{draft: d, lib: newLexicon(lib), ids: map[*Element]ssf.ID{}, own: map[*Threat][]ssf.ID{}, means: map[*Mitigation]ssf.ID{}, joins: map[ssf.ID]ssf.ID{}, now: now}
	of := p.count(false)
	d.long()
	p.nameData()
	taken := newIDs("system")
	names := map[string]int{}
	for _, e := range d.Elements {
		if taken.want(e.Want) {
			p.ids[e] = e.Want
		}
	}
	for _, e := range d.Elements {
		if e.Sort == ssf.SortFlow {
			names[Slug(e.Name)]++
		} else if p.ids[e] == "" {
			p.ids[e] = taken.take(e.Name, string(e.Sort))
		}
	}
	system := &Element{Sort: ssf.SortSystem, Facts: d.System.Facts}
	p.settleFacts(system, "the system")
	d.System.Facts = system.Facts
	d.Elements = slices.DeleteFunc(d.Elements, p.dangles)
	for _, e := range d.Elements {
		if e.Sort == ssf.SortFlow && p.ids[e] == "" {
			between := string(p.ids[d.keys[e.From]] + "-to-" + p.ids[d.keys[e.To]])
			if s := Slug(e.Name); s == "" || names[s] > 1 {
				p.ids[e] = taken.take(between)
			} else {
				p.ids[e] = taken.take(e.Name)
			}
		}
		p.settle(e)
	}
	p.nameThreats()
	here := p.count(true)
	for i, c := range of {
		d.Report.Counted(c.What, c.Of, here[i].Of)
	}
	return p
}

// long reports the texts that are too long for a model, of which the rest is cut.
func (d *Draft) long() {
	says := func(n *Node, texts ...string) {
		for _, s := range texts {
			if len(s) > MaxText && len(strings.TrimSpace(Clean(s))) > MaxText {
				d.Report.Drop(n, "a text has more than %d bytes, and the rest is cut", MaxText)
			}
		}
	}
	s := &d.System
	says(nil, append([]string{s.Name, s.Says, s.Version, s.Supplier, s.Contact, s.Purpose}, s.Misuse...)...)
	for _, e := range d.Elements {
		says(e.Node, e.Name, e.Says)
	}
	for _, t := range d.Threats {
		says(t.Node, t.Name, t.Says, t.Because)
	}
	for _, m := range d.Mitigations {
		says(m.Node, m.Name, m.Says)
	}
	for _, r := range d.Requirements {
		says(r.Node, sentence(r.Name, r.Says))
	}
	for _, a := range d.Assumptions {
		says(a.Node, sentence(a.Name, a.Says))
	}
}

// nameData makes an asset of the data that a drawing does not name: a flow
// without anything on it would say that nothing flows.
func (p *Plan) nameData() {
	d := p.draft
	if !d.Unnamed {
		return
	}
	a := &Element{Key: "\x00data", Sort: ssf.SortAsset, Name: "Data", Says: "What flows and lies here, which the source does not tell apart. Replace it by what it really is.", Ours: true}
	used := false
	for _, e := range d.Elements {
		switch {
		case e.Want != "", e.told: // we wrote it, and would have named its data, or another file did
		case e.Sort == ssf.SortFlow && len(e.Sends)+len(e.Returns) == 0:
			e.Sends, used = []string{a.Key}, true
			if e.Both {
				e.Returns = []string{a.Key}
			}
		case e.Sort == ssf.SortComponent && p.lib.is(e.Kind, "datastore") && len(e.Stores) == 0:
			e.Stores, used = []string{a.Key}, true
		}
	}
	if used {
		d.Add(a)
		d.Report.Guess(nil, "the data in flows and stores has no name in the source; one asset stands for it, of which nothing is known")
	}
}

// count counts what the draft has, with what only follows from the source or
// without.
func (p *Plan) count(ours bool) (cs []Count) {
	d := p.draft
	by := map[ssf.Sort]int{}
	for _, e := range d.Elements {
		if ours || !e.Ours {
			by[e.Sort]++
		}
	}
	for _, s := range ssf.Sorts {
		cs = append(cs, Count{What: string(s) + "s", Of: by[s]})
	}
	return append(cs, Count{"threats", len(d.Threats), 0}, Count{"mitigations", len(d.Mitigations), 0}, Count{"requirements", len(d.Requirements), 0}, Count{"assumptions", len(d.Assumptions), 0})
}

// dangles reports whether a flow has no two ends, and says so. What threatens it
// then threatens the system, or the one element at which it has both.
func (p *Plan) dangles(e *Element) bool {
	d := p.draft
	if e.Sort != ssf.SortFlow {
		return false
	}
	for _, end := range []string{e.From, e.To} {
		other := d.keys[end]
		switch {
		case end == "":
			d.Report.Drop(e.Node, "flow %s has an end that is attached to nothing", Clip(cmp.Or(e.Name, e.ID, e.Key)))
		case other == nil:
			d.Report.Drop(e.Node, "flow %s ends at %s, which the file does not have", Clip(cmp.Or(e.Name, e.ID, e.Key)), Clip(end))
		case other.Sort != ssf.SortComponent && other.Sort != ssf.SortActor:
			d.Report.Drop(e.Node, "flow %s ends at a %s", Clip(cmp.Or(e.Name, e.ID, e.Key)), other.Sort)
		default:
			continue
		}
		delete(d.keys, e.Key)
		return true
	}
	if e.From == e.To {
		d.Report.Drop(e.Node, "flow %s begins and ends at %s, and what happens inside one part is no flow; what threatens it threatens that", Clip(cmp.Or(e.Name, e.ID, e.Key)), p.ids[d.keys[e.From]])
		d.keys[e.Key] = d.keys[e.From]
		return true
	}
	return false
}

// settle resolves what an element refers to and drops what is not there.
func (p *Plan) settle(e *Element) {
	d := p.draft
	keep := func(what string, keys []string, sort ssf.Sort) []string {
		var out []string
		seen := map[string]bool{}
		for _, k := range keys {
			switch {
			case d.Find(k, sort) == nil:
				d.Report.Drop(e.Node, "%s of %s is %s, which the file does not have", what, p.ids[e], Clip(k))
			case !seen[k]:
				out = append(out, k)
			}
			seen[k] = true
		}
		return out
	}
	one := func(what, key string, sort ssf.Sort) string {
		if key != "" && len(keep(what, []string{key}, sort)) == 0 {
			return ""
		}
		return key
	}
	e.Zone, e.At = one("the zone", e.Zone, ssf.SortZone), one("the component", e.At, ssf.SortComponent)
	if e.Sort == ssf.SortZone {
		for seen, z := map[*Element]bool{}, e; z != nil && z.Zone != ""; z = d.keys[z.Zone] {
			if seen[z] {
				d.Report.Drop(e.Node, "zone %s lies in itself by way of others", p.ids[e])
				e.Zone = ""
				break
			}
			seen[z] = true
		}
	}
	e.Stores, e.Sends = keep("what is stored", e.Stores, ssf.SortAsset), keep("what is sent", e.Sends, ssf.SortAsset)
	e.Returns, e.On = keep("what is returned", e.Returns, ssf.SortAsset), keep("what is worked on", e.On, ssf.SortAsset)
	if e.Kind != "" && p.lib.kinds[e.Kind] == nil {
		d.Report.Drop(e.Node, "there is no kind %s", e.Kind)
		e.Kind = ""
	}
	techs := e.Tech
	e.Tech = nil
	for _, t := range techs {
		if p.lib.techs[t] != nil && !slices.Contains(e.Tech, t) {
			e.Tech = append(e.Tech, t)
		}
	}
	if e.Over != "" && p.lib.protocols[e.Over] == nil {
		e.Over = ""
	}
	p.settleFacts(e, string(p.ids[e]))
}

// settleFacts drops the facts that the language would refuse.
func (p *Plan) settleFacts(e *Element, name string) {
	d := p.draft
	facts := e.Facts
	e.Facts = nil
	for _, f := range facts {
		if i := slices.IndexFunc(e.Facts, func(g Fact) bool { return g.Name == f.Name }); i >= 0 {
			if was := e.Facts[i].Value; was != f.Value {
				d.Report.Drop(f.Node, "%s of %s: the source says %s here, and %s before", f.Name, name, Clip(string(f.Value)), Clip(string(was)))
			}
			continue
		}
		if why := p.lib.misfit(e, f); why != "" {
			d.Report.Drop(f.Node, "%s of %s: %s", f.Name, name, why)
			continue
		}
		e.Facts = append(e.Facts, f)
	}
	slices.SortStableFunc(e.Facts, func(a, b Fact) int { return p.lib.order[a.Name] - p.lib.order[b.Name] })
}

// nameThreats gives ids to threats and mitigations. A threat at several elements
// becomes as many threats.
func (p *Plan) nameThreats() {
	d := p.draft
	taken := newIDs(p.lib.rules...)
	wanted := map[*Threat]bool{}
	for _, t := range d.Threats {
		wanted[t] = taken.want(t.Want)
	}
	for _, t := range d.Threats {
		t.Weaknesses, t.Attacks = d.published(t, t.Weaknesses), d.published(t, t.Attacks)
		t.At = slices.DeleteFunc(slices.Compact(t.At), func(k string) bool {
			if d.keys[k] != nil {
				return false
			}
			d.Report.Guess(t.Node, "the threat is at %s, which the model does not have; it is taken to threaten the system", Clip(k))
			return true
		})
		for i := range max(len(t.At), 1) {
			name := cmp.Or(t.Name, t.Rule, t.Says, "threat")
			id := Slug(name)
			if at := p.at(t, i); taken.taken[ssf.ID(id)] && at != "system" {
				id += "-at-" + string(at)
			}
			if i == 0 && wanted[t] {
				p.own[t] = append(p.own[t], t.Want)
				continue
			}
			p.own[t] = append(p.own[t], taken.take(id, "threat"))
		}
	}
	means := newIDs()
	p.meansIDs = means
	for _, m := range d.Mitigations {
		if means.want(m.Want) { // that may be the id of a measure, which it then is
			p.means[m] = m.Want
		}
	}
	for _, id := range p.lib.measures {
		means.taken[id] = true
	}
	for _, m := range d.Mitigations {
		if p.means[m] == "" {
			p.means[m] = means.take(cmp.Or(m.Name, m.Says), "mitigation")
		}
	}
}

// published are the ids of the CWE and CAPEC that stand for a weakness or an
// attack: their lists have headings, views and withdrawn entries too.
func (d *Draft) published(t *Threat, ids []string) (out []string) {
	for _, id := range ids {
		switch use := mitre.Of(ssf.ID(id)); {
		case use == mitre.Unknown || use == mitre.Deprecated || use == mitre.Prohibited:
			d.Report.Drop(t.Node, "%s cannot be the cause of a threat: the list of today does not have it, or as a heading only", Clip(id))
		case !slices.Contains(out, id):
			out = append(out, id)
		}
	}
	return out
}

// at is the id of the element at which a threat's i-th instance stands.
func (p *Plan) at(t *Threat, i int) ssf.ID {
	if i < len(t.At) {
		return p.ids[p.draft.keys[t.At[i]]]
	}
	return "system"
}

// A lexicon is the library's words by id.
type lexicon struct {
	kinds, techs, protocols map[ssf.ID]*ssf.KindDef
	facts                   map[ssf.ID]*ssf.FactDef
	order                   map[ssf.ID]int // of the facts
	rules, measures         []ssf.ID
	labels                  map[string]ssf.ID // technologies by id and title; see [Source.Tech]
	titles                  map[string][]int  // places of technologies in the library, by the words of titles that names are searched for
	longest                 int               // of how many words the longest of these is
	spelled                 map[string]ssf.ID // protocols by id and title, squeezed
}

func newLexicon(lib *ssf.Library) *lexicon {
	x := &lexicon{facts: map[ssf.ID]*ssf.FactDef{}, order: map[ssf.ID]int{}}
	by := func(ds []ssf.KindDef) map[ssf.ID]*ssf.KindDef {
		out := map[ssf.ID]*ssf.KindDef{}
		for i := range ds {
			out[ds[i].ID] = &ds[i]
		}
		return out
	}
	x.kinds, x.techs, x.protocols = by(lib.Kinds), by(lib.Techs), by(lib.Protocols)
	for i := range lib.Facts {
		x.facts[lib.Facts[i].ID], x.order[lib.Facts[i].ID] = &lib.Facts[i], i
	}
	x.titles, x.spelled = map[string][]int{}, map[string]ssf.ID{}
	for i := range lib.Techs {
		words := wordList(lib.Techs[i].Title)
		title := strings.Join(words, " ")
		if len(title) < 4 || everyday[title] || lib.Techs[i].Abstract {
			continue
		}
		x.titles[title] = append(x.titles[title], i)
		x.longest = max(x.longest, len(words))
	}
	for i := range lib.Protocols {
		for _, name := range []string{string(lib.Protocols[i].ID), lib.Protocols[i].Title} {
			if q := Squeeze(name); x.spelled[q] == "" {
				x.spelled[q] = lib.Protocols[i].ID
			}
		}
	}
	for i := range lib.Threats {
		x.rules = append(x.rules, lib.Threats[i].ID)
	}
	for i := range lib.Measures {
		x.measures = append(x.measures, lib.Measures[i].ID)
	}
	return x
}

// is reports whether a kind is another or one of its subkinds.
func (x *lexicon) is(kind, ancestor ssf.ID) bool {
	for k := x.kinds[kind]; k != nil; k = x.kinds[k.Is.ID] {
		if k.ID == ancestor {
			return true
		}
	}
	return false
}

// uses reports whether a technology is another or one of its kinds.
func (x *lexicon) uses(tech, ancestor ssf.ID) bool {
	for t := x.techs[tech]; t != nil; t = x.techs[t.Is.ID] {
		if t.ID == ancestor {
			return true
		}
	}
	return false
}

// misfit says why a fact cannot stand at an element; empty if it can.
func (x *lexicon) misfit(e *Element, f Fact) string {
	def := x.facts[f.Name]
	switch {
	case def == nil:
		return "there is no such fact"
	case !ssf.HasRef(def.On, ssf.ID(e.Sort)):
		return fmt.Sprintf("no %s has it", e.Sort)
	case !valid(def, f.Value):
		return fmt.Sprintf("%q is none of its values", Clip(string(f.Value)))
	}
	if e.Sort == ssf.SortComponent && len(def.Kinds) > 0 && e.Kind != "" {
		fits := false
		for _, k := range def.Kinds {
			fits = fits || x.is(e.Kind, k.ID) || x.is(k.ID, e.Kind)
		}
		if !fits && f.Value != def.Elsewhere {
			return fmt.Sprintf("it has no meaning for the kind %s", e.Kind)
		}
	}
	said := x.implied(e, f.Name)
	if len(said) > 0 && !slices.Contains(said, f.Value) {
		return fmt.Sprintf("the source says %s, but %s follows from the kind, technology or protocol", f.Value, said[0])
	}
	return ""
}

// implied are the values that kind, technologies or protocol imply for a fact.
func (x *lexicon) implied(e *Element, fact ssf.ID) (vs []ssf.Value) {
	up := func(defs map[ssf.ID]*ssf.KindDef, id ssf.ID) {
		for d := defs[id]; d != nil; d = defs[d.Is.ID] {
			for _, v := range d.Implies {
				if v.Fact.ID == fact {
					vs = append(vs, v.Value)
					return
				}
			}
		}
	}
	switch e.Sort {
	case ssf.SortComponent:
		if up(x.kinds, e.Kind); len(vs) == 0 {
			for _, t := range e.Tech {
				up(x.techs, t)
			}
		}
	case ssf.SortFlow:
		up(x.protocols, e.Over)
	}
	return vs
}

func valid(def *ssf.FactDef, v ssf.Value) bool {
	words := func(ws []string) bool {
		for i, w := range ws {
			if !ssf.HasRef(def.Values, ssf.ID(w)) || slices.Contains(ws[:i], w) {
				return false
			}
		}
		return true
	}
	switch def.Domain {
	case ssf.FreeText:
		return v != ""
	case ssf.Set:
		return v.Members() != nil && words(v.Members())
	case ssf.Boolean:
		return v == ssf.Yes || v == ssf.No
	}
	return words([]string{string(v)})
}

// Instances are the own threats of the plan as the evaluation knows them, with
// what they are compared by.
func (p *Plan) Instances() []Instance {
	var out []Instance
	for _, t := range p.draft.Threats {
		for i, id := range p.own[t] {
			out = append(out, Instance{id, p.at(t, i), t})
		}
	}
	return out
}

// An Instance is one threat of the source at one element.
type Instance struct {
	Own     ssf.ID // `own/` is not part of it
	Element ssf.ID
	*Threat
}

// Report is what became of everything in the source; it is complete when the
// text was written.
func (p *Plan) Report() *Report {
	r := &p.draft.Report
	r.Sort()
	for _, l := range []*[]Note{&r.Guessed, &r.Dropped} {
		if *l == nil {
			*l = []Note{}
		}
	}
	if r.Carried == nil {
		r.Carried = []Count{}
	}
	if r.Joined == nil {
		r.Joined = []Join{}
	}
	return r
}

// Bare is the model without threats and what was done about them, for the
// threats that the library derives from it.
func (p *Plan) Bare() string { return p.write(&treatment{}, nil) }

// Text is the model as a file, in the form that `ssf fmt` leaves alone.
func (p *Plan) Text() string {
	done := p.treat()
	stakes := p.stakes()
	var threats []named
	for _, t := range p.draft.Threats {
		for i, own := range p.own[t] {
			if t.Derived && p.joins[own] != "" {
				continue
			}
			threats = append(threats, named{own, p.threat(t, own, p.at(t, i), stakes[p.at(t, i)])})
		}
	}
	return p.write(done, threats)
}

func (p *Plan) write(done *treatment, threats []named) string {
	w := &writer{}
	d := p.draft
	all := func(key string, ns []named) {
		sec := w.section(key)
		for _, n := range ns {
			sec.entry(string(n.id), n.ps)
		}
	}
	w.comment("Imported from " + Clip(path.Base(d.Report.File)) + ",")
	w.comment(Clip(cmp.Or(d.Tool, d.Report.Format)) + ". What the source does not say is unknown")
	w.comment("here, and `ssf questions` asks for it.")
	w.line("ssf: 1")
	w.blank()
	w.entry("system", p.system())
	all("people", done.people)
	for _, s := range []struct {
		key  string
		sort ssf.Sort
	}{{"zones", ssf.SortZone}, {"actors", ssf.SortActor}, {"assets", ssf.SortAsset}, {"components", ssf.SortComponent}, {"flows", ssf.SortFlow}, {"functions", ssf.SortFunction}} {
		sec := w.section(s.key)
		for _, e := range d.Elements {
			if e.Sort == s.sort {
				sec.entry(string(p.ids[e]), p.element(e))
			}
		}
	}
	var ns []named
	taken := newIDs()
	for _, r := range d.Requirements {
		id := r.Want
		if !taken.want(id) {
			id = taken.take(cmp.Or(r.Name, r.Says), "requirement")
		}
		ns = append(ns, named{id, pairs{}.text("says", said(sentence(r.Name, r.Says)))})
	}
	all("requirements", ns)
	all("assumptions", done.assumptions)
	all("threats", threats)
	sec := w.section("decisions")
	for _, x := range done.decisions {
		sec.item(x)
	}
	all("mitigations", done.mitigations)
	return w.String()
}

func (p *Plan) system() pairs {
	s := &p.draft.System
	ps := pairs{{"name", text(cmp.Or(strings.TrimSpace(Clean(s.Name)), fileTitle(p.draft.Report.File), "Imported model"))}}
	ps = ps.text("version", s.Version).text("supplier", s.Supplier).text("purpose", s.Purpose)
	if misuse := texts(s.Misuse); len(misuse) > 0 {
		ps = append(ps, pair{"misuse", misuse})
	}
	ps = ps.text("contact", s.Contact)
	if _, err := time.Parse(time.DateOnly, s.SupportUntil); err == nil {
		ps = ps.word("support_until", ssf.ID(s.SupportUntil))
	}
	ps = ps.text("says", s.Says)
	return p.facts(ps, &Element{Sort: ssf.SortSystem, Facts: s.Facts})
}

// fileTitle is a file's name as the name of a product.
func fileTitle(file string) string {
	base := path.Base(file)
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	return strings.TrimSpace(Clean(base))
}

func (p *Plan) element(e *Element) (ps pairs) {
	id := p.ids[e]
	if string(id) != e.Name {
		ps = ps.text("name", e.Name)
	}
	ps = ps.text("says", e.Says)
	ps = ps.text("from_tool", e.ID)
	ref := func(key, k string) {
		if other := p.draft.keys[k]; other != nil {
			ps = append(ps, pair{key, word(p.ids[other])})
		}
	}
	refs := func(key string, ks []string) {
		var out list
		for _, k := range ks {
			out = append(out, word(p.ids[p.draft.keys[k]]))
		}
		if len(out) > 0 {
			ps = append(ps, pair{key, out})
		}
	}
	switch e.Sort {
	case ssf.SortZone:
		ref("in", e.Zone)
	case ssf.SortActor:
		ref("zone", e.Zone)
	case ssf.SortAsset:
		var needs pairs
		for _, prop := range ssf.AssetProperties {
			if l, ok := e.Needs[prop]; ok {
				needs = append(needs, pair{string(prop), word(l.String())})
			}
		}
		if len(needs) > 0 {
			ps = append(ps, pair{"needs", needs})
		}
	case ssf.SortComponent:
		ps = ps.word("kind", e.Kind)
		ref("zone", e.Zone)
		var techs list
		for _, t := range e.Tech {
			techs = append(techs, word(t))
		}
		if len(techs) > 0 {
			ps = append(ps, pair{"tech", techs})
		}
		refs("stores", e.Stores)
	case ssf.SortFlow:
		ref("from", e.From)
		ref("to", e.To)
		ps = ps.word("over", e.Over)
		refs("sends", e.Sends)
		refs("returns", e.Returns)
	case ssf.SortFunction:
		ref("at", e.At)
		ps = ps.word("does", ssf.ID(e.Does))
		refs("on", e.On)
	}
	return p.facts(ps, e)
}

func (p *Plan) facts(ps pairs, e *Element) pairs {
	for _, f := range e.Facts {
		var v value = word(f.Value)
		if ms := f.Value.Members(); ms != nil {
			l := list{}
			for _, m := range ms {
				l = append(l, word(m))
			}
			v = l
		} else if def := p.lib.facts[f.Name]; def != nil && def.Domain == ssf.FreeText {
			v = text(string(f.Value))
		}
		ps = append(ps, pair{string(f.Name), v})
	}
	return ps
}
