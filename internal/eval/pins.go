package eval

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/rule"
)

// A pinKey is what the lock file knows a pin by. One id may have several pins,
// one for each thing that treats it.
type pinKey struct {
	kind  ssf.PinKind
	id    ssf.ID
	treat string
}

// Pins are what the model needs in the lock file, compared with what is there.
type pins struct {
	held map[pinKey][]int // of the lock; a merge may leave several of one key
	used []bool
}

// readPins sorts the pins of the lock by their keys.
func (e *Evaluation) readPins() {
	if e.Lock == nil {
		return
	}
	e.Case.Locked = true
	e.pins = pins{held: map[pinKey][]int{}, used: make([]bool, len(e.Lock.Pins))}
	for i, p := range e.Lock.Pins {
		e.pins.held[keyOf(p, p.ID)] = append(e.pins.held[keyOf(p, p.ID)], i)
	}
}

// keyOf is the key of a pin under one of its ids. What a part of the library is
// known by does not change with its version.
func keyOf(p ssf.Pin, id ssf.ID) pinKey {
	k := pinKey{p.Kind, id, p.Treat}
	switch p.Kind {
	case ssf.PinLibrary, ssf.PinCatalogue, ssf.PinStandard, ssf.PinPolicy:
		k.treat = ""
	}
	return k
}

// pin compares one thing that is decided with the lock, and writes both into
// the case. The ids are its own first, then those that it had formerly. Is gives
// the value today of what decided once and decides no more, if that is known.
func (e *Evaluation) pin(p ssf.Pin, exact bool, is func(line string) string, ids ...ssf.ID) ssf.Pin {
	p.ID, p.Was, p.Status = ids[0], ids[1:], ssf.Added
	if !exact {
		p.Status = ssf.Unconfirmed
	}
	if whole, ok := e.whole.pins[keyOf(p, p.ID)]; ok {
		return whole
	}
	for _, id := range ids {
		for _, i := range e.pins.held[keyOf(p, id)] {
			e.pins.used[i] = true
			switch held := &e.Lock.Pins[i]; {
			case held.Digest == p.Digest:
				p.Status, p.Changes = ssf.Confirmed, nil
			case p.Status != ssf.Confirmed:
				p.Status, p.Changes = ssf.Outdated, changes(held.Rests, p.Rests, is)
				if held.Treat != p.Treat {
					p.Changes = []ssf.Change{{What: "version", Was: held.Treat, Is: p.Treat}}
				}
			}
		}
	}
	e.Case.Pins = append(e.Case.Pins, p)
	return p
}

// Part evaluates for one deployment alone. What is confirmed was confirmed for
// all of them, so the pins are those of the whole.
func (eng *Engine) Part(all *ssf.Case, deployment ssf.ID) (*Evaluation, error) {
	known := whole{make(map[pinKey]ssf.Pin, len(all.Pins)), map[ssf.ID]bool{}}
	for _, p := range all.Pins {
		known.pins[keyOf(p, p.ID)] = p
	}
	for _, j := range all.Joined {
		known.joined[j.ID] = true
	}
	return eng.evaluate(known, deployment)
}

// Confirm is what the lock file should hold once somebody has said yes to some of
// the pins of a case: those as they are now, and of the others what it held.
func Confirm(lock *ssf.Lock, pins []ssf.Pin, yes func(*ssf.Pin) bool) (out []ssf.Pin) {
	done := map[pinKey]bool{}
	for i := range pins {
		p := &pins[i]
		if p.Status != ssf.Confirmed && !yes(p) {
			continue
		}
		if p.Status != ssf.Gone {
			out = append(out, *p)
		}
		for _, id := range append([]ssf.ID{p.ID}, p.Was...) {
			done[keyOf(*p, id)] = true
		}
	}
	if lock != nil {
		for _, p := range lock.Pins {
			if !done[keyOf(p, p.ID)] {
				out = append(out, p)
			}
		}
	}
	return out
}

// pinThreat is pin for what treats or rates a threat.
func (e *Evaluation) pinThreat(kind ssf.PinKind, in *Instance, treat string, exact bool, because string, at ssf.Pos) ssf.Pin {
	p := ssf.Pin{Kind: kind, Treat: treat, Digest: e.basisOf(in), Rests: e.rests(in), Because: because, Pos: at}
	ids := []ssf.ID{in.ID}
	for _, w := range e.Nodes[in.Node].Was {
		ids = append(ids, ssf.Instance(in.RuleID(), w.ID))
	}
	return e.pin(p, exact, func(line string) string { return e.valueOf(in.Node, line) }, ids...)
}

// valueOf is what a fact is that decided once and does not now, by the role of
// its element at n; empty if the role is not that of one element.
func (e *Evaluation) valueOf(n int32, line string) string {
	i := strings.LastIndexByte(line, '.')
	if i < 0 {
		return ""
	}
	at, fact := e.byRole(n, line[:i]), e.Vocabulary.Fact(ssf.ID(line[i+1:]))
	if at < 0 || fact == nil {
		return ""
	}
	return cmp.Or(string(fact.Decode(e.Get(at, fact.ID))), "unknown")
}

// treatedBy is the state that a pin leaves a threat in; empty if it holds. The
// first that does not is the one that is shown.
func (in *Instance) treatedBy(p ssf.Pin, what string) (ssf.State, string) {
	if (p.Status == ssf.Unconfirmed || p.Status == ssf.Outdated) && in.By == nil {
		by := p
		in.By, in.Changes = &by, p.Changes
	}
	switch p.Status {
	case ssf.Unconfirmed:
		return ssf.Unreviewed, what + " covers it, and nobody has confirmed it"
	case ssf.Outdated:
		return ssf.Stale, "what it rests on has changed: " + Says(p.Changes)
	}
	return "", ""
}

// Says tells changes in one line.
func Says(cs []ssf.Change) string {
	var out []string
	for _, c := range cs {
		if c.What == ruleLine {
			out = append(out, "the rule itself")
			continue
		}
		out = append(out, c.String())
	}
	if len(out) == 0 {
		return "its pin is of another encoding"
	}
	return strings.Join(out, "; ")
}

// ruleLine is the line of a pin that holds the rule's digest.
const ruleLine = "rule"

// rests are the lines that the basis of a threat is over.
func (e *Evaluation) rests(in *Instance) []string {
	var lines []string
	if in.Own != nil {
		lines = decidingOwn(in.Own)
	} else {
		fits := rule.True
		if len(in.Rule.Kinds) > 0 {
			fits = e.Kinds.AnyOf(e.Nodes[e.bearer(in.Node)].Kind.ID, in.Rule.Kinds)
		}
		c := in.Rule.conditions()
		facts := e.restsOf(nil, c.when, in.Node)
		if c.unless != nil {
			facts = e.restsOf(facts, c.unless, in.Node)
		}
		lines = append(e.deciding(in.Node, fits, facts), ruleLine+"="+hex.EncodeToString(in.Rule.Digest[:6]))
	}
	slices.Sort(lines)
	return append(lines, strings.Fields(string(e.rating(nil, in)))...)
}

// changes are the names whose values differ, in the order in which they stand
// first. A name may stand several times. What only decides no more, and has the
// value that it had, shows where nothing else does.
func changes(was, is []string, today func(string) string) (out []ssf.Change) {
	values := func(lines []string, name string) string {
		var vs []string
		for _, l := range lines {
			if n, v, _ := strings.Cut(l, "="); n == name {
				vs = append(vs, v)
			}
		}
		slices.Sort(vs)
		return strings.Join(slices.Compact(vs), ", ")
	}
	var same []ssf.Change
	seen := map[string]bool{}
	for _, l := range slices.Concat(is, was) {
		name, _, _ := strings.Cut(l, "=")
		if w, i := values(was, name), values(is, name); !seen[name] && w != i {
			c := ssf.Change{What: name, Was: w, Is: i}
			if i == "" && today != nil {
				c.Is = today(name)
			}
			if c.Is == w {
				same = append(same, c)
			} else {
				out = append(out, c)
			}
		}
		seen[name] = true
	}
	if len(out) == 0 {
		return same
	}
	return out
}

// pinCell is pin for the answer that a decision gives a cell.
func (e *Evaluation) pinCell(d *ssf.Decision) ssf.Pin {
	cell, n := d.Cell.Cell(), e.World.Lookup(d.Cell.Element.ID)
	p := ssf.Pin{Kind: ssf.PinCell, Treat: string(d.Treat.ID), Because: d.Because.S, Pos: d.Pos}
	fact := func(name ssf.ID) {
		if f := e.Vocabulary.Fact(name); f != nil {
			p.Rests = append(p.Rests, string(name)+"="+string(f.Decode(e.Get(n, name))))
		}
	}
	ids := []ssf.ID{ssf.ID(cell.String())}
	if n >= 0 {
		if e.Nodes[n].Sort == ssf.SortAsset {
			p.Rests = []string{"need=" + e.needOf(n, cell.Property).String()}
			fact("personal")
		} else {
			fact("does")
			fact("changes")
			fact("crosses_boundary")
		}
		for _, w := range e.Nodes[n].Was {
			ids = append(ids, ssf.ID(ssf.Cell{Element: w.ID, Property: cell.Property}.String()))
		}
	}
	p.Digest = sha256.Sum256([]byte(strings.Join(p.Rests, "\n") + "\n"))
	return e.pin(p, true, nil, ids...)
}

// pinLibrary pins what the model builds on, and finds what the lock holds
// beside all that.
func (e *Evaluation) pinLibrary() {
	use := &e.Model.Use
	for _, l := range e.Library.Packs {
		at := e.Model.System.Pos
		for _, r := range use.Libraries {
			if r.ID == ssf.ID(l.Name) {
				at = r.Pos
			}
		}
		e.pin(ssf.Pin{Kind: ssf.PinLibrary, Treat: l.Version, Digest: l.Digest, Pos: at}, true, nil, ssf.ID(l.Name))
	}
	for _, r := range use.Catalogues {
		name, _, _ := strings.Cut(string(r.ID), "@")
		for i := range e.Library.Catalogues {
			if c := &e.Library.Catalogues[i]; c.ID == ssf.ID(name) {
				e.pin(ssf.Pin{Kind: ssf.PinCatalogue, Treat: "-", Digest: c.Decides(), Pos: r.Pos}, true, nil, r.ID)
			}
		}
	}
	for _, r := range use.Standards {
		for i := range e.Library.Standards {
			if s := &e.Library.Standards[i]; s.ID == r.ID {
				e.pin(ssf.Pin{Kind: ssf.PinStandard, Treat: "-", Digest: s.Decides(), Pos: r.Pos}, true, nil, r.ID)
			}
		}
	}
	for i := range e.Library.Policies {
		if p := &e.Library.Policies[i]; p.ID == use.Policy.ID {
			e.pin(ssf.Pin{Kind: ssf.PinPolicy, Treat: "-", Digest: p.Decides(), Pos: use.Policy.Pos}, true, nil, p.ID)
		}
	}
	for i, used := range e.pins.used {
		if !used && e.Lock.Pins[i].Kind != ssf.PinCheckpoint {
			p := e.Lock.Pins[i]
			p.Status = ssf.Gone
			e.Case.Pins = append(e.Case.Pins, p)
		}
	}
	slices.SortStableFunc(e.Case.Pins, func(a, b ssf.Pin) int {
		return strings.Compare(pinText(a), pinText(b))
	})
}

func pinText(p ssf.Pin) string {
	return string(p.Kind) + " " + string(p.ID) + " " + p.Treat + " " + p.Digest.String()
}
