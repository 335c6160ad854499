package lang

import (
	"cmp"
	"slices"

	yaml "go.yaml.in/yaml/v4"

	"ssf"
)

// This file is the part of the field table about decisions.

var planTable = object(Object[ssf.Decision]{
	Name: "plan",
	Fields: []Field[ssf.Decision]{
		need("due", date, func(x *ssf.Decision) *ssf.Ref { return &x.Due }, "by when"),
		need("owner", ref(APerson), func(x *ssf.Decision) *ssf.Ref { return &x.Owner }, "who sees to it"),
		field("ticket", word("a ticket"), func(x *ssf.Decision) *ssf.Ref { return &x.Ticket }, "where it is tracked"),
	},
})

var decisionTable = object(Object[ssf.Decision]{
	Name:  "decision",
	Place: func(x *ssf.Decision) *ssf.Pos { return &x.Pos },
	Fields: []Field[ssf.Decision]{
		field("threat", barePattern, func(x *ssf.Decision) *ssf.Pattern { return &x.Threat }, "the threat: `rule@element`, a pattern, or a rule with `at`"),
		{Key: "at", Doc: "attributes of the elements, or the paths of a finding", Type: Type{Name: "selector", What: "attributes such as {zone: cluster}, or a path"}, read: func(d *decoder, n *yaml.Node, x *ssf.Decision) {
			if n.Kind == yaml.ScalarNode {
				x.In = glob.read(d, n)
				return
			}
			x.At = d.selector(n)
		}},
		field("cell", cell, func(x *ssf.Decision) *ssf.CellRef { return &x.Cell }, "the cell of a matrix"),
		field("finding", finding, func(x *ssf.Decision) *ssf.Ref { return &x.Finding }, "an analyser's finding: `tool:rule`"),
		field("rate", pattern, func(x *ssf.Decision) *ssf.Pattern { return &x.Rate }, "the threat whose likelihood is set"),
		field("treat", enum("a treatment", "accept", "transfer", "not_applicable", "mitigate", "waive"), func(x *ssf.Decision) *ssf.Ref { return &x.Treat }, "what is done"),
		field("because", prose, func(x *ssf.Decision) *ssf.Text { return &x.Because }, "the reason"),
		field("by", ref(APerson), func(x *ssf.Decision) *ssf.Ref { return &x.By }, "who decides"),
		field("until", date, func(x *ssf.Decision) *ssf.Ref { return &x.Until }, "the last day on which it holds"),
		field("holds_if", condition, func(x *ssf.Decision) *ssf.Text { return &x.HoldsIf }, "the condition on the element under which it holds"),
		field("to", ref(AnAssumption), func(x *ssf.Decision) *ssf.Ref { return &x.To }, "the assumption that takes a transferred threat"),
		field("likelihood", enum("a likelihood", "low", "medium", "high"), func(x *ssf.Decision) *ssf.Ref { return &x.Level }, "the likelihood that `rate` sets"),
		nest("plan", planTable, "when and by whom a threat is mitigated"),
	},
	Check: checkDecision,
})

// A subject is what a decision can be about, with the treatments that it can
// have.
type subject struct {
	key    string
	at     func(*ssf.Decision) ssf.Pos
	treats []string
}

var subjects = []subject{
	{"threat", func(x *ssf.Decision) ssf.Pos { return x.Threat.Pos }, []string{"accept", "transfer", "not_applicable", "mitigate"}},
	{"cell", func(x *ssf.Decision) ssf.Pos { return x.Cell.Element.Pos }, []string{"not_applicable", "accept"}},
	{"finding", func(x *ssf.Decision) ssf.Pos { return x.Finding.Pos }, []string{"waive"}},
	{"rate", func(x *ssf.Decision) ssf.Pos { return x.Rate.Pos }, nil},
}

// checkDecision refuses a decision whose keys do not fit together.
func checkDecision(d *decoder, _ ssf.Pos, x *ssf.Decision) {
	var about []subject
	var names []string
	for _, s := range subjects {
		if names = append(names, s.key); s.at(x).Known() {
			about = append(about, s)
		}
	}
	switch len(about) {
	case 0:
		d.report("bad-decision", x.Pos, "add one of "+list(names), "the decision does not say what it is about")
		return
	case 1:
	default:
		d.report("bad-decision", about[1].at(x), "keep one of them, and write a decision of its own about the other", "a decision is about one thing, and this one has %s and %s", about[0].key, about[1].key)
		return
	}
	s := about[0]
	what, treat := s.key, string(x.Treat.ID)
	if s.treats != nil && !slices.Contains(s.treats, treat) {
		if treat == "" {
			d.report("bad-decision", x.Pos, "add `treat:` with one of "+list(s.treats), "the decision does not say what is done about the %s", what)
		} else {
			d.report("bad-decision", x.Treat.Pos, "the treatments of a "+what+" are "+list(s.treats), "a %s cannot have the treatment %q", what, treat)
		}
		return
	}
	checkUses(d, x, what, treat)
}

// uses are the keys of a decision with the treatments that need them, and
// those that alone may have them; `rate` stands for a rating.
var uses = []struct {
	key        string
	at         func(*ssf.Decision) ssf.Pos
	need, only []string
	form       string
}{
	{"because", func(x *ssf.Decision) ssf.Pos { return x.Because.Pos }, []string{"accept", "transfer", "not_applicable", "waive", "rate"}, nil, "..."},
	{"by", func(x *ssf.Decision) ssf.Pos { return x.By.Pos }, []string{"accept", "waive"}, nil, "PERSON"},
	{"until", func(x *ssf.Decision) ssf.Pos { return x.Until.Pos }, []string{"accept", "waive"}, nil, "DATE"},
	{"to", func(x *ssf.Decision) ssf.Pos { return x.To.Pos }, []string{"transfer"}, []string{"transfer"}, "ASSUMPTION"},
	{"plan", func(x *ssf.Decision) ssf.Pos { return x.Due.Pos }, []string{"mitigate"}, []string{"mitigate"}, "{due: DATE, owner: PERSON}"},
	{"likelihood", func(x *ssf.Decision) ssf.Pos { return x.Level.Pos }, []string{"rate"}, []string{"rate"}, "LEVEL"},
}

// checkUses compares the keys of a decision with what it is about and with its
// treatment, and then says whether it is known where a threat stands.
func checkUses(d *decoder, x *ssf.Decision, what, treat string) {
	use := cmp.Or(treat, what)
	if what == "rate" {
		use = what
	}
	var missing, add []string
	misfit := func(at ssf.Pos, key string) {
		d.report("bad-decision", at, "delete it", "`%s` has no meaning in a decision about a %s with `%s`", key, what, use)
	}
	for _, u := range uses {
		switch have := u.at(x).Known(); {
		case !have && slices.Contains(u.need, use):
			missing, add = append(missing, "`"+u.key+"`"), append(add, "`"+u.key+": "+u.form+"`")
		case have && u.only != nil && !slices.Contains(u.only, use):
			misfit(u.at(x), u.key)
		}
	}
	if len(missing) > 0 {
		d.report("missing-key", x.Pos, "add "+and(add), "this decision has no %s", and(missing))
	}
	if what == "rate" && x.Treat.Pos.Known() {
		d.report("bad-decision", x.Treat.Pos, "delete it; write a decision of its own with `threat:` instead of `rate:`", "a rating treats nothing")
	}
	if what != "threat" && x.HoldsIf.Pos.Known() {
		misfit(x.HoldsIf.Pos, "holds_if")
	}
	rule := string(x.Threat.Rule.ID)
	switch {
	case what == "finding" && len(x.At) > 0:
		d.report("bad-decision", x.At[0].Key.Pos, "write a path or glob, such as `at: web/**`", "where a finding stands is told by a path")
	case what == "threat" && x.In.Pos.Known():
		d.report("bad-decision", x.In.Pos, "write attributes of its elements, such as `at: {zone: "+clip(string(x.In.ID))+"}`, or `threat: "+rule+"@"+clip(string(x.In.ID))+"`", "where a threat stands is not told by a path")
	case what != "finding" && x.In.Pos.Known():
		misfit(x.In.Pos, "at")
	case len(x.At) > 0 && what != "threat":
		misfit(x.At[0].Key.Pos, "at")
	case len(x.At) > 0 && x.Threat.Element.ID != "":
		d.report("bad-decision", x.At[0].Key.Pos, "write the threat alone, `threat: "+rule+"`, or delete `at`", "the threat already says where it stands")
	case what == "threat" && x.Threat.Element.ID == "" && len(x.At) == 0:
		d.report("bad-decision", x.Threat.Pos, "write `"+rule+"@ELEMENT`, or add `at:` with attributes such as {zone: ...}", "the decision does not say where the threat stands")
	}
}

// selectors are the attributes of an element by which a decision may select,
// beside facts, and what they refer to.
var selectors = map[string][]Target{
	"zone": {AZone}, "kind": {AKind}, "tech": {ATech}, "from": {AComponent, AnActor}, "to": {AComponent, AnActor},
	"over": {AProtocol}, "at": {AComponent},
}

// selector reads the attributes of a decision's `at`.
func (d *decoder) selector(n *yaml.Node) (ws []ssf.Where) {
	d.pairs(n, "attributes such as {zone: cluster}", true, nil, func(key, value *yaml.Node) {
		w := ssf.Where{Key: d.ref(key, key.Value)}
		targets, ok := selectors[key.Value]
		def := (*ssf.FactDef)(nil)
		if d.words != nil {
			def = d.words.facts[ssf.ID(key.Value)]
		}
		switch {
		case ok:
			w.Value = ref(targets...).read(d, value)
		case key.Value == "does":
			w.Value = enum("what a function does", does...).read(d, value)
		case def != nil:
			w.Value = ssf.Ref{ID: ssf.ID(d.value(value, def)), Pos: d.pos(value)}
		default:
			names := []string{"does"}
			for k := range selectors {
				names = append(names, k)
			}
			slices.Sort(names)
			if d.words != nil {
				names = append(names, d.words.names[AFact]...)
			}
			d.report("unknown-key", w.Key.Pos, didYouMean(key.Value, names), "no element has an attribute or fact %q", clip(key.Value))
			return
		}
		ws = append(ws, w)
	})
	return ws
}
