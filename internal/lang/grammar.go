package lang

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// This file reads the small grammars inside scalars. Their EBNF, with examples
// that a test tries, is spec/grammar.md.

// idForm is the form of an id, and maxID the most characters of one.
const (
	idForm = `[a-z0-9]+(?:-[a-z0-9]+)*`
	maxID  = 100
)

var (
	idRE = regexp.MustCompile("^" + idForm + "$")
	anID = &Type{Name: "id", What: "an id such as web-shop", Pattern: idRE.String()}
)

// name reads the name of an entry.
func (d *decoder) name(key *yaml.Node, to *ssf.Named, what string) bool {
	to.ID, to.Pos = ssf.ID(key.Value), d.pos(key)
	switch {
	case !idRE.MatchString(key.Value):
		hint := "write small letters a to z, digits and single hyphens"
		if utf8.RuneCountInString(key.Value) == len(key.Value) {
			hint += ": " + kebab(key.Value)
		}
		d.report("bad-id", to.Pos, hint+"; `name:` takes any text", "%q cannot be the id of %s", clip(key.Value), ssf.Article(what))
		return false
	case len(key.Value) > maxID:
		d.report("bad-id", to.Pos, "shorten it; `name:` has room for more", "an id has at most %d characters, and this one has %d", maxID, len(key.Value))
		return false
	}
	return true
}

// kebab is s as an id might be written.
func kebab(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= maxID {
			break
		}
	}
	if out := strings.Trim(b.String(), "-"); out != "" {
		return out
	}
	return "my-id"
}

// risk is a level, or a level and which side of it counts.
var risk = scalarOf(Type{Name: "risk", What: "a level, `at_least LEVEL` or `at_most LEVEL`", Pattern: `^(?:at_(?:least|most) )?(?:none|low|medium|high|critical)$`}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	from := 0
	if side, _, ok := strings.Cut(s, " "); ok {
		if d.oneOf(ssf.Ref{ID: ssf.ID(side), Pos: d.part(n, s, 0, len(side))}, "at_least or at_most", []string{"at_least", "at_most"}).ID == "" {
			return ssf.Ref{}
		}
		from = len(side) + 1
	}
	if d.oneOf(ssf.Ref{ID: ssf.ID(s[from:]), Pos: d.part(n, s, from, len(s))}, "a level", levels).ID == "" {
		return ssf.Ref{}
	}
	return d.ref(n, s)
})

// cell is `element.property`.
var cell = scalarOf(Type{Name: "cell", What: "a cell such as payment-card.integrity", Pattern: `^[^.]+\.[^.]+$`}, func(d *decoder, n *yaml.Node, s string) ssf.CellRef {
	e, p, ok := strings.Cut(s, ".")
	if !ok || e == "" || p == "" || strings.Contains(p, ".") {
		d.report("bad-value", d.pos(n), "write the id of an asset or function, a dot and a property: payment-card.integrity", "%q is not a cell", clip(s))
		return ssf.CellRef{}
	}
	c := ssf.CellRef{
		Element:  ssf.Ref{ID: ssf.ID(e), Pos: d.part(n, s, 0, len(e))},
		Property: ssf.Ref{ID: ssf.ID(p), Pos: d.part(n, s, len(e)+1, len(s))},
	}
	d.refs = append(d.refs, pending{[]Target{AnAsset, AFunction}, c.Element})
	if c.Property = d.oneOf(c.Property, "a property", properties()); c.Property.ID == "" {
		return ssf.CellRef{}
	}
	return c
})

// cells is a list of cells, each once.
var cells = distinctBy(listOf(cell), func(c ssf.CellRef) ssf.Ref {
	if c.Element.ID == "" {
		return ssf.Ref{}
	}
	return ssf.Ref{ID: ssf.ID(c.Cell().String()), Pos: c.Element.Pos}
})

func properties() []string {
	var ps []string
	for _, p := range slices.Concat(ssf.AssetProperties, ssf.FunctionProperties) {
		if !slices.Contains(ps, string(p)) {
			ps = append(ps, string(p))
		}
	}
	return ps
}

// pattern is `rule@element`, either side with `*`. In bare form it may be the
// rule alone.
var (
	pattern     = patternOf(false, ARule, AnOwnThreat)
	barePattern = patternOf(true, ARule, AnOwnThreat)
	patterns    = patternsOf(pattern)

	derivedPatterns = patternsOf(patternOf(false, ARule)) // of rules of the library only
)

func patternsOf(r Reader[ssf.Pattern]) Reader[[]ssf.Pattern] {
	return distinctBy(listOf(r), func(p ssf.Pattern) ssf.Ref {
		if p.Rule.ID == "" {
			return ssf.Ref{}
		}
		return ssf.Ref{ID: p.ID(), Pos: p.Pos}
	})
}

func patternOf(bare bool, rules ...Target) Reader[ssf.Pattern] {
	what, form := "a threat and where it stands, such as sql-injection@web-to-db", `^[^@]+@[^@]+$`
	if bare {
		what, form = "a threat, such as sql-injection@web-to-db or sql-injection", `^[^@]+(@[^@]+)?$`
	}
	return scalarOf(Type{Name: "pattern", What: what, Pattern: form}, func(d *decoder, n *yaml.Node, s string) ssf.Pattern {
		r, e, ok := strings.Cut(s, "@")
		p := ssf.Pattern{Pos: d.pos(n), Rule: ssf.Ref{ID: ssf.ID(r), Pos: d.part(n, s, 0, len(r))}}
		if ok {
			p.Element = ssf.Ref{ID: ssf.ID(e), Pos: d.part(n, s, len(r)+1, len(s))}
		}
		if r == "" || ok && e == "" || !ok && !bare || strings.Contains(e, "@") {
			hint := "write the threat's id, @ and the element's id; `*` stands for any on its side"
			if !ok && r != "" {
				hint = "write " + clip(r) + "@ELEMENT, or " + clip(r) + "@* for every element that has it"
			}
			d.report("bad-value", d.pos(n), hint, "%q is not %s", clip(s), what)
			return ssf.Pattern{}
		}
		if len(rules) == 1 && strings.HasPrefix(r, "own/") {
			d.report("bad-value", p.Rule.Pos, "name a threat of the library; "+explained(ARule), "%q is a threat of your own, and it can be the same as those of the library only", clip(r))
			return ssf.Pattern{}
		}
		d.refs = append(d.refs, pending{rules, p.Rule})
		if ok {
			d.refs = append(d.refs, pending{aBearer, p.Element})
		}
		return p
	})
}

// verified is a mitigation, or a claimed fact as `element.fact`.
var verified = scalarOf(Type{Name: "verified", What: "the id of a mitigation, or a claimed fact such as web-to-db.encrypted"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	e, f, ok := strings.Cut(s, ".")
	if !ok {
		r := d.ref(n, s)
		d.refs = append(d.refs, pending{[]Target{AMitigation}, r})
		return r
	}
	d.refs = append(d.refs, pending{anElement, ssf.Ref{ID: ssf.ID(e), Pos: d.part(n, s, 0, len(e))}})
	fact := ssf.Ref{ID: ssf.ID(f), Pos: d.part(n, s, len(e)+1, len(s))}
	if d.words != nil && d.oneOfLibrary(AFact, fact).ID == "" {
		return ssf.Ref{}
	}
	if d.words != nil && d.words.facts[fact.ID].Class != ssf.ControlClass {
		d.report("bad-value", fact.Pos, "name a protection that is claimed, such as `encrypted`", "%q says what a thing is, and claims no protection to verify", f)
		return ssf.Ref{}
	}
	return d.ref(n, s)
})

// catalogue is `name` or `name@level`.
var catalogue = scalarOf(Type{Name: "catalogue", What: "a catalogue such as asvs-5.0@L2"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	name, lvl, ok := strings.Cut(s, "@")
	c := d.catalogue(n, s, name)
	if c == nil {
		return ssf.Ref{}
	}
	if ok {
		var names []string
		for _, l := range c.Levels {
			names = append(names, l.Name)
		}
		if d.oneOf(ssf.Ref{ID: ssf.ID(lvl), Pos: d.part(n, s, len(name)+1, len(s))}, "a level of "+name, names).ID == "" {
			return ssf.Ref{}
		}
	}
	return d.ref(n, s)
})

// catalogueItem is `catalogue:id`.
var catalogueItem = scalarOf(Type{Name: "catalogue item", What: "a catalogue's control such as asvs-5.0:14.2.1"}, func(d *decoder, n *yaml.Node, s string) ssf.Ref {
	name, id, ok := strings.Cut(s, ":")
	if !ok {
		d.report("bad-value", d.pos(n), "write the catalogue's name, a colon and the control's id", "%q is not a catalogue's control", clip(s))
		return ssf.Ref{}
	}
	c := d.catalogue(n, s, name)
	if c == nil {
		return ssf.Ref{}
	}
	var ids []string
	for _, l := range c.Levels {
		ids = append(ids, l.IDs...)
	}
	if d.oneOf(ssf.Ref{ID: ssf.ID(id), Pos: d.part(n, s, len(name)+1, len(s))}, "a control of "+name, ids).ID == "" {
		return ssf.Ref{}
	}
	return d.ref(n, s)
})

func (d *decoder) catalogue(n *yaml.Node, s, name string) *ssf.Catalogue {
	if d.oneOfLibrary(ACatalogue, ssf.Ref{ID: ssf.ID(name), Pos: d.part(n, s, 0, len(name))}).ID == "" {
		return nil
	}
	i := slices.IndexFunc(d.words.lib.Catalogues, func(c ssf.Catalogue) bool { return c.ID == ssf.ID(name) })
	return &d.words.lib.Catalogues[i]
}
