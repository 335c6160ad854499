package lang

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"ssf"
)

// An index knows every id of a model, by target and place.
type index struct {
	ids      map[Target]map[ssf.ID]*ssf.Pos
	elements map[ssf.ID]Target // which of the ids an element has
	words    *Words
	diags    *[]ssf.Diagnostic
	line     func(ssf.Pos) string
	all      map[string][]string // names by what they are called together

	// What could not be read may hold any id: of these entries, of these
	// targets, or of all.
	lostIDs map[ssf.ID]Target
	lost    map[Target]bool
	blind   bool

	lostSections []string
	unresolved   int // references that name nothing, so far

	renamed map[ssf.ID]ssf.ID // elements by their former ids
}

func newIndex(words *Words, diags *[]ssf.Diagnostic, line func(ssf.Pos) string) *index {
	return &index{ids: map[Target]map[ssf.ID]*ssf.Pos{}, words: words, diags: diags, line: line, all: map[string][]string{}, lostIDs: map[ssf.ID]Target{}, lost: map[Target]bool{}, renamed: map[ssf.ID]ssf.ID{}}
}

// defines are the sections that define what others refer to.
var defines = map[string][]Target{
	"people": {APerson}, "signers": {ASigner}, "zones": {AZone}, "actors": {AnActor}, "assets": {AnAsset}, "components": {AComponent, AFlow}, "flows": {AFlow}, "functions": {AFunction},
	"requirements": {ARequirement}, "assumptions": {AnAssumption}, "threats": {AnOwnThreat}, "mitigations": {AMitigation}, "runs": {ARun},
}

// lose notes what could not be read.
func (x *index) lose(l loss) {
	switch {
	case l.section == "":
		x.blind = true
	case l.id != "":
		x.lostIDs[l.id] = ""
		if ts := defines[l.section]; len(ts) > 0 {
			x.lostIDs[l.id] = ts[0]
		}
	default:
		x.lostSections = append(x.lostSections, l.section)
		for _, t := range defines[l.section] {
			x.lost[t] = true
		}
	}
}

// missed reports whether id may stand in what could not be read. The calls of
// a component that is lost are flows whose ids begin with its own.
func (x *index) missed(targets []Target, id ssf.ID) bool {
	lost := func(id string) bool {
		_, ok := x.lostIDs[ssf.ID(id)]
		return ok
	}
	if x.words.partial && (strings.ContainsAny(string(id), "/*") || slices.Contains(targets, AMeasure)) {
		return true
	}
	if x.blind || lost(string(id)) || slices.ContainsFunc(targets, func(t Target) bool { return x.lost[t] }) {
		return true
	}
	from, _, isCall := strings.Cut(string(id), "-to-")
	return isCall && lost(from) || lost(strings.TrimPrefix(string(id), "own/")) || len(x.lostIDs) > 0 && strings.Contains(string(id), "*")
}

func (x *index) report(check string, at ssf.Pos, hint string, related []ssf.Related, format string, args ...any) {
	for i := range related {
		related[i].Snippet = x.line(related[i].Pos)
	}
	*x.diags = append(*x.diags, ssf.Diagnostic{
		Check: ssf.ID("model/" + check), Severity: ssf.Error, Pos: at, Message: fmt.Sprintf(format, args...), Hint: hint,
		Snippet: x.line(at), Related: related,
	})
}

func (x *index) element(t Target) bool { return slices.Contains(anElement, t) }

// defined reports an id that an s has already.
func (x *index) defined(s Target, t Target, n *ssf.Named) {
	related := []ssf.Related{{Message: "the other one", Pos: *x.ids[s][n.ID]}}
	switch s {
	case TheSystem:
		x.report("duplicate-id", n.Pos, "choose another id", nil, "%q is reserved for the product as a whole", n.ID)
	case t:
		x.report("duplicate-id", n.Pos, "join the two, or choose another id", related, "there are two %ss %q", t, n.ID)
	default:
		x.report("duplicate-id", n.Pos, "choose another id; zones, actors, assets, components, flows and functions share one space", related, "%s %q has the id of %s", t, n.ID, ssf.Article(string(s)))
	}
}

// defineAll goes through the model in its own order.
func (x *index) defineAll(m *ssf.Model) {
	x.ids[TheSystem] = map[ssf.ID]*ssf.Pos{"system": &m.System.Pos}
	x.elements = make(map[ssf.ID]Target, len(m.Zones)+len(m.Actors)+len(m.Assets)+len(m.Components)+len(m.Flows)+len(m.Functions))
	x.elements["system"] = TheSystem
	each(x, AZone, m.Zones, func(v *ssf.Zone) *ssf.Named { return &v.Named })
	each(x, AnActor, m.Actors, func(v *ssf.Actor) *ssf.Named { return &v.Named })
	each(x, AnAsset, m.Assets, func(v *ssf.Asset) *ssf.Named { return &v.Named })
	each(x, AComponent, m.Components, func(v *ssf.Component) *ssf.Named { return &v.Named })
	each(x, AFlow, m.Flows, func(v *ssf.Flow) *ssf.Named { return &v.Named })
	each(x, AFunction, m.Functions, func(v *ssf.Function) *ssf.Named { return &v.Named })
	each(x, APerson, m.People, func(v *ssf.Person) *ssf.Named { return &v.Named })
	each(x, ASigner, m.Signers, func(v *ssf.Signer) *ssf.Named { return &v.Named })
	each(x, ARequirement, m.Requirements, func(v *ssf.Requirement) *ssf.Named { return &v.Named })
	each(x, AnAssumption, m.Assumptions, func(v *ssf.Assumption) *ssf.Named { return &v.Named })
	each(x, AnOwnThreat, m.Threats, func(v *ssf.OwnThreat) *ssf.Named { return &v.Named })
	each(x, AMitigation, m.Mitigations, func(v *ssf.Mitigation) *ssf.Named { return &v.Named })
	each(x, ARun, m.Runs, func(v *ssf.Run) *ssf.Named { return &v.Named })
	each(x, AVerification, m.Verify, func(v *ssf.Verification) *ssf.Named { return &v.Named })
	each(x, AnAudit, m.Audits, func(v *ssf.Audit) *ssf.Named { return &v.Named })
	each(x, ADeployment, m.Deployments, func(v *ssf.Deployment) *ssf.Named { return &v.Named })
}

// each adds the ids of one target; elements share one space.
func each[T any](x *index, t Target, vs []T, named func(*T) *ssf.Named) {
	ids, element := make(map[ssf.ID]*ssf.Pos, len(vs)), x.element(t)
	x.ids[t] = ids
	for i := range vs {
		n := named(&vs[i])
		if s := x.elements[n.ID]; element && s != "" {
			x.defined(s, t, n)
			continue
		}
		if _, ok := ids[n.ID]; ok {
			x.defined(t, t, n)
			continue
		}
		if ids[n.ID] = &n.Pos; element {
			x.elements[n.ID] = t
		}
	}
}

// has reports whether one of the targets has id, or for an id with `*` any
// that fits. An own threat may be written with and without `own/`.
func (x *index) has(targets []Target, id ssf.ID) bool {
	for _, t := range targets {
		key := id
		if t == AnOwnThreat {
			key = ssf.ID(strings.TrimPrefix(string(id), "own/"))
		}
		if _, ok := x.ids[t][key]; ok || x.words.has(t, id) {
			return true
		}
	}
	if !strings.Contains(string(id), "*") {
		return false
	}
	// Names are sorted, so only those with the same beginning need a look.
	names, begin := x.names(targets), string(id[:strings.IndexByte(string(id), '*')])
	first, _ := slices.BinarySearch(names, begin)
	for _, n := range names[first:] {
		if !strings.HasPrefix(n, begin) {
			break
		}
		if strings.HasSuffix(string(id), "*") && len(begin) == len(id)-1 || ssf.Match(string(id), n) {
			return true
		}
	}
	return false
}

// A model with more names than manyNames gets its did-you-mean for the first
// manyHints references that name nothing, because each costs a look at all.
const (
	manyNames = 1000
	manyHints = 100
)

// near is the name that was most likely meant by what names nothing, if any.
func (x *index) near(word string, names []string) string {
	if x.unresolved++; x.unresolved <= manyHints || len(names) <= manyNames && x.unresolved <= MaxErrors {
		return ssf.Nearest(word, names)
	}
	return ""
}

// names are all ids of the targets, sorted; own threats with and without `own/`.
func (x *index) names(targets []Target) (out []string) {
	what := called(targets...)
	if out, ok := x.all[what]; ok {
		return out
	}
	for _, t := range targets {
		for id := range x.ids[t] {
			if t == AnOwnThreat {
				out = append(out, "own/"+string(id))
			}
			out = append(out, string(id))
		}
		out = append(out, x.words.names[t]...)
	}
	for id, t := range x.lostIDs {
		if slices.Contains(targets, t) {
			out = append(out, string(id))
		}
	}
	slices.Sort(out)
	x.all[what] = slices.Compact(out)
	return x.all[what]
}

// called is what the targets are called in a message.
func called(targets ...Target) string {
	switch len(targets) {
	case len(anElement):
		return "element"
	case len(aBearer):
		return "element or mitigation"
	}
	var names []string
	for _, t := range targets {
		if t != AnOwnThreat || len(targets) == 1 {
			names = append(names, string(t))
		}
	}
	return strings.Join(names, " or ")
}

// is tells what sort of thing has id, if any has.
func (x *index) is(id ssf.ID) Target {
	for _, t := range allTargets {
		if _, ok := x.ids[t][id]; ok || x.words.has(t, id) {
			return t
		}
	}
	return ""
}

// resolve reports each reference that names nothing, and returns what is to be
// put in the place of such a reference: the id that its element has now, or
// nothing. The map is nil if there is none.
func (x *index) resolve(refs []pending) (instead map[ssf.Pos]ssf.ID) {
	put := func(at ssf.Pos, id ssf.ID) {
		if instead == nil {
			instead = map[ssf.Pos]ssf.ID{}
		}
		instead[at] = id
	}
	for _, p := range refs {
		if x.has(p.kinds, p.ref.ID) {
			continue
		}
		if now := x.now(p); now != "" {
			if put(p.ref.Pos, now); now != p.ref.ID {
				x.hint("former-id", p.ref.Pos, now, "%s is a former id of %s", p.ref.ID, now)
			}
			continue
		}
		if put(p.ref.Pos, ""); x.missed(p.kinds, p.ref.ID) {
			continue
		}
		what, names, id := called(p.kinds...), x.names(p.kinds), clip(string(p.ref.ID))
		near := x.near(string(p.ref.ID), names)
		hint := suggest(near, names)
		switch {
		case len(names) == 0:
			hint = "there is no " + what + " yet"
		case near == "" && len(names) > maxListed && p.kinds[0] == ARule:
			hint = explained(ARule)
		}
		switch other := x.is(p.ref.ID); {
		case strings.Contains(id, "*"):
			if near == "" && p.kinds[0] != ARule && len(names) > 0 {
				hint = "there are " + list(names)
			}
			x.report("unknown-reference", p.ref.Pos, hint, nil, "the pattern %q matches no %s", id, what)
		case other != "":
			x.report("unknown-reference", p.ref.Pos, hint, nil, "%q is %s, and not %s", id, ssf.Article(string(other)), ssf.Article(what))
		default:
			x.report("unknown-reference", p.ref.Pos, hint, nil, "there is no %s %q", what, id)
		}
		if near != "" {
			(*x.diags)[len(*x.diags)-1].Fix = []ssf.Edit{{Pos: p.ref.Pos, Text: near}}
		}
	}
	return instead
}

// now is the id that an element has whose former id a reference names; for a pattern that fits former ids it is the pattern itself.
func (x *index) now(p pending) ssf.ID {
	known := func(id ssf.ID) bool { return x.has(p.kinds, id) }
	if id, ok := x.renamed[p.ref.ID]; ok && known(id) {
		return id
	}
	if strings.Contains(string(p.ref.ID), "*") {
		for was, id := range x.renamed {
			if ssf.Match(string(p.ref.ID), string(was)) && known(id) {
				return p.ref.ID
			}
		}
	}
	return ""
}

// hint reports a word that is understood, and had better be another.
func (x *index) hint(check string, at ssf.Pos, better ssf.ID, format string, args ...any) {
	x.report(check, at, "write "+string(better), nil, format, args...)
	last := &(*x.diags)[len(*x.diags)-1]
	last.Severity, last.Fix = ssf.Hint, []ssf.Edit{{Pos: at, Text: string(better)}}
}

// mend puts other ids in the place of references, or takes them out of a model:
// then a word becomes absent, and what is nothing without it, such as a pattern
// or an item of a list, goes as a whole. So what works on a model need not ask
// whether references exist.
//
// The model was joined from the results, and places are those in each of them.
// A list is copied before it is changed: the results keep theirs.
func mend(m *ssf.Model, results []result, places []map[ssf.Pos]ssf.ID) {
	all := map[ssf.Pos]ssf.ID{}
	for _, ps := range places {
		maps.Copy(all, ps)
	}
	if len(all) == 0 {
		return
	}
	model := reflect.ValueOf(m).Elem()
	for i := range model.NumField() {
		if model.Field(i).Kind() == reflect.Struct {
			mendIn(model.Field(i), all)
		}
	}
	from := make([]int, model.NumField())
	calls := 0 // stand behind all flows
	for i := range results {
		calls += len(results[i].model.Flows)
	}
	for i := range results {
		r := reflect.ValueOf(&results[i].model).Elem()
		for f := range r.NumField() {
			if r.Field(f).Kind() != reflect.Slice {
				continue
			}
			to := from[f] + r.Field(f).Len()
			for ; from[f] < to; from[f]++ {
				if len(places[i]) > 0 {
					mendIn(model.Field(f).Index(from[f]), places[i])
				}
			}
		}
		for j := range results[i].model.Components {
			to := calls + len(results[i].model.Components[j].Calls)
			for ; calls < to; calls++ {
				if len(places[i]) > 0 {
					mendIn(reflect.ValueOf(&m.Flows[calls]).Elem(), places[i])
				}
			}
		}
	}
}

func mendIn(v reflect.Value, places map[ssf.Pos]ssf.ID) {
	nothing := func(r ssf.Ref) bool {
		id, ok := places[r.Pos]
		return ok && id == ""
	}
	switch v.Kind() {
	case reflect.Struct:
		switch x := v.Addr().Interface().(type) {
		case *ssf.Ref:
			if id, ok := places[x.Pos]; ok && id == "" {
				v.SetZero()
			} else if ok {
				x.ID = id
			}
			return
		case *ssf.Pattern:
			if nothing(x.Rule) || nothing(x.Element) {
				v.SetZero()
				return
			}
		case *ssf.CellRef:
			if nothing(x.Element) || nothing(x.Property) {
				v.SetZero()
				return
			}
		}
		for i := range v.NumField() {
			mendIn(v.Field(i), places)
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		kept := reflect.MakeSlice(v.Type(), 0, v.Len())
		for i := range v.Len() {
			item := reflect.New(v.Type().Elem()).Elem()
			item.Set(v.Index(i))
			before := item.IsZero()
			if mendIn(item, places); before || !item.IsZero() {
				kept = reflect.Append(kept, item)
			}
		}
		v.Set(kept)
	}
}

// claims puts the ids of today in the place of former ones in claimed facts.
func (x *index) claims(vs []ssf.Verification) {
	if len(x.renamed) == 0 {
		return
	}
	for i := range vs {
		vs[i].Verifies = slices.Clone(vs[i].Verifies) // the results keep theirs
		for j := range vs[i].Verifies {
			r := &vs[i].Verifies[j]
			element, fact, ok := strings.Cut(string(r.ID), ".")
			if id := x.renamed[ssf.ID(element)]; ok && id != "" {
				r.ID = id + "." + ssf.ID(fact)
			}
		}
	}
}

// nesting reports zones that lie inside themselves.
func (x *index) nesting(zones []ssf.Zone) {
	in := map[ssf.ID]ssf.ID{}
	for _, z := range zones {
		in[z.ID] = z.In.ID
	}
	round := map[ssf.ID]bool{} // whether a zone is on a circle, once that is known
	for _, z := range zones {
		at := z.ID
		path := map[ssf.ID]bool{}
		for at != "" && !path[at] {
			if _, known := round[at]; known {
				at = ""
				break
			}
			path[at] = true
			at = in[at]
		}
		for id := range path {
			round[id] = false
		}
		for end := at; at != ""; {
			round[at] = true
			if at = in[at]; at == end {
				break
			}
		}
	}
	for _, z := range zones {
		if round[z.ID] {
			x.report("bad-value", z.In.Pos, "name the zone around it, or delete the key", nil, "zone %s lies inside itself", z.ID)
		}
	}
}

// cells checks that each cell's property is one that its element has.
func (x *index) cells(m *ssf.Model) {
	check := func(cs []ssf.CellRef) {
		for _, c := range cs {
			have, what := ssf.AssetProperties, "an asset"
			if _, ok := x.ids[AFunction][c.Element.ID]; ok {
				have, what = ssf.FunctionProperties, "a function"
			} else if _, ok := x.ids[AnAsset][c.Element.ID]; !ok {
				continue
			}
			if !slices.Contains(have, ssf.Property(c.Property.ID)) {
				x.report("bad-value", c.Property.Pos, didYouMean(string(c.Property.ID), propertyNames(have)), nil, "%s has no %s", what, c.Property.ID)
			}
		}
	}
	for i := range m.Requirements {
		check(m.Requirements[i].Protects)
	}
	for i := range m.Assumptions {
		check(m.Assumptions[i].Answers)
	}
	for i := range m.Threats {
		check(m.Threats[i].Endangers)
	}
	for i := range m.Decisions {
		check([]ssf.CellRef{m.Decisions[i].Cell})
	}
}

// former notes the former ids of an element, and refuses one that something
// has, or that something else had too.
func (x *index) former(e *ssf.Element) {
	for _, w := range e.Was {
		if other, ok := x.renamed[w.ID]; ok && other != e.ID {
			x.report("bad-value", w.Pos, "keep it at one of them", nil, "%q is a former id of %s too", w.ID, other)
		}
		x.renamed[w.ID] = e.ID
		for _, t := range anElement {
			if at, ok := x.ids[t][w.ID]; ok {
				x.report("bad-value", w.Pos, "delete it, or rename the other", []ssf.Related{{Message: "it is here", Pos: *at}}, "%q is no former id: there is a %s with it", w.ID, t)
			}
		}
	}
}
