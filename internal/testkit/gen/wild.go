package gen

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Wild makes a model with all that a team may write and leave out: kinds that
// are missing or too wide, elements in no zone, flows over nothing, functions
// for nobody, facts and needs that are unknown, threats of its own, decisions,
// assumptions, mitigations and deployments. Every reference resolves and nothing
// contradicts itself. The same numbers always give the same model.
func Wild(components int, seed uint64) *Model {
	m := Generate(Options{Components: components, Functions: components, Seed: seed})
	w := wild{generator{rand.New(rand.NewPCG(seed, 1)), m}}
	w.leaveOut()
	w.sayMore()
	w.treat()
	return m
}

type wild struct{ generator }

func (w wild) percent(n int) bool { return w.IntN(100) < n }

// blank empties a text now and then.
func (w wild) blank(s *string, percent int) {
	if w.percent(percent) {
		*s = ""
	}
}

func (w wild) leaveOut() {
	m := w.m
	for i := range m.Zones {
		if w.percent(10) {
			delete(m.Zones[i].Facts, "trust")
		}
	}
	for i := range m.Actors {
		w.blank(&m.Actors[i].Zone, 10)
	}
	for i := range m.Assets {
		a := &m.Assets[i]
		w.blank(&a.Confidentiality, 10)
		w.blank(&a.Integrity, 10)
		w.blank(&a.Availability, 10)
	}
	for i := range m.Components {
		c := &m.Components[i]
		if wide := Parent(c.Kind); wide != "" && w.percent(10) {
			c.Kind = wide
		}
		w.blank(&c.Kind, 8)
		w.blank(&c.Zone, 8)
		if w.percent(10) {
			c.Tech = []string{}
		}
	}
	for i := range m.Flows {
		f := &m.Flows[i]
		if delete(f.Facts, "encrypted"); w.percent(10) {
			f.Over = ""
		} else if f.Over == "postgresql" {
			f.Facts["encrypted"] = pick(w.generator, noYes)
		}
		if w.percent(20) {
			f.Sends = nil
		}
	}
	for i := range m.Functions {
		f := &m.Functions[i]
		w.blank(&f.Does, 10)
		w.blank(&f.Actor, 15)
		w.blank(&f.Otherwise, 10)
		if w.percent(10) {
			f.Otherwise = "allow"
		}
		if w.percent(20) {
			f.On = nil
		}
	}
	for _, p := range m.Said() {
		if p.Sort != "zone" && w.percent(10) {
			m.Set(p.Element, p.Fact, "{unknown: yes}")
		}
	}
}

// more are facts that Generate leaves alone.
var more = []Choice{
	{Sort: "component", Of: []string{"worker", "command_line_tool", "browser_app"}, Fact: "fetches_packages", Values: yesNo, Percent: 50},
	{Sort: "component", Of: []string{"worker", "command_line_tool", "browser_app"}, Fact: "reviews_packages", Values: noYes, Control: true, Percent: 50},
	{Sort: "component", Of: []string{"web_service", "worker"}, Fact: "paths_contained", Values: noYes, Control: true, Percent: 50},
	{Sort: "component", Of: []string{"pipeline"}, Fact: "ships", Values: yesNo, Percent: 80},
	{Sort: "component", Of: []string{"pipeline"}, Fact: "needs_second_person", Values: noYes, Control: true, Percent: 80},
	{Sort: "component", Of: []string{"database", "object_store", "queue"}, Fact: "expires_data", Values: noYes, Control: true, Percent: 50},
	{Sort: "function", Fact: "sign_in_with", Values: []string{"[password]", "[password, passkey]", "[passkey]"}, Percent: 50},
	{Sort: "function", Fact: "recovers_by", Values: []string{"[mail]", "[passkey]"}, Percent: 50},
	{Sort: "function", Fact: "limits_attempts", Values: noYes, Control: true, Percent: 50},
	{Sort: "function", Fact: "second_factor", Values: noYes, Control: true, Percent: 50},
	{Sort: "function", Fact: "atomic", Values: noYes, Control: true, Percent: 50},
}

func (w wild) sayMore() {
	w.m.each(func(e *Element, sort, of string) {
		for _, c := range more {
			if c.Sort == sort && (c.Of == nil || slices.Contains(c.Of, of)) && w.percent(c.Percent) {
				e.Facts[c.Fact] = pick(w.generator, c.Values)
			}
		}
	})
	for i := range w.m.Components {
		if c := &w.m.Components[i]; slices.Contains(c.Tech, "go_modules") { // it says so itself
			delete(c.Facts, "fetches_packages")
		}
	}
	for i := range w.m.Functions {
		if f := &w.m.Functions[i]; w.percent(30) {
			f.Does = pick(w.generator, []string{"execute", "sign_in", "recover"})
		}
	}
}

// exact and patterns are rules of ssf/core by the sort that they stand on: some
// are treated one by one and others by patterns, so that no threat has two
// decisions.
var (
	exact = map[string][]string{
		"flow": {"eavesdropping"}, "component": {"flooding", "path-traversal", "lookalike-dependency"}, "function": {"csrf", "missing-authentication", "object-access"},
	}
	patterns = []string{"'sql-injection@flow-0000*'", "weak-audit, at: {zone: cluster}", "'overlong-retention@*'"}
	holdsIf  = map[string][]string{
		"flow":      {"self.crosses_boundary == false", `from.zone.trust >= "medium"`, `deployment.network == "private"`},
		"component": {`self.session == "token"`, `self.exposure == "isolated"`, "!self.takes_input"},
		"function":  {`at.session == "token"`, "!self.changes", `actors.all(a, a.hostile == "no")`},
	}
)

// treat writes decisions and what they lean on.
func (w wild) treat() {
	add := func(section, format string, args ...any) {
		w.m.Entries[section] = append(w.m.Entries[section], fmt.Sprintf(format, args...))
	}
	w.m.Entries = map[string][]string{}
	add("people", "cto: {name: C. Tester, accepts_up_to: %s, for_at_most: 180d}", pick(w.generator, levels))
	for i, network := range []string{"private", "public", "shared"}[:w.IntN(4)] {
		add("deployments", "site-%d: {facts: {network: %s}}", i, network)
	}
	duty := "owner: customer, check: {do: Look., expect: It is so.}, when: setup, effort: low, default: unsafe"
	add("assumptions", "private: {says: Nobody else is there., holds_if: 'deployment.network == \"private\"', %s, dismisses: [eavesdropping@%s]}", duty, pick(w.generator, w.m.Flows).ID)
	add("assumptions", "ours: {says: We run it., holds_if: 'deployment.run_by == \"supplier\"', %s}", duty)
	add("assumptions", "plain: {says: It is so., %s, dismisses: ['flooding@*-00002']}", duty)
	for i := range w.m.Assets {
		if w.percent(30) {
			add("requirements", "secret-%d: {says: It stays secret., protects: [%s.%s]}", i, w.m.Assets[i].ID, pick(w.generator, []string{"confidentiality", "integrity", "availability"}))
		}
	}
	w.m.each(func(e *Element, sort, _ string) {
		for _, r := range exact[sort] {
			t := r + "@" + e.ID
			switch w.IntN(14) {
			case 0:
				add("decisions", "{threat: %s, treat: accept, because: So be it., by: cto, until: %s}", t, pick(w.generator, []string{"2026-10-01", "2027-01-31"}))
			case 1:
				add("decisions", "{threat: %s, treat: not_applicable, because: It is not.}", t)
			case 2, 3:
				add("decisions", "{threat: %s, treat: not_applicable, because: It is not., holds_if: '%s'}", t, pick(w.generator, holdsIf[sort]))
			case 4:
				add("decisions", "{threat: %s, treat: transfer, because: It is theirs., to: %s}", t, pick(w.generator, []string{"private", "ours", "plain"}))
			case 5:
				add("decisions", "{threat: %s, treat: mitigate, plan: {due: 2027-02-01, owner: cto}}", t)
			case 6:
				add("decisions", "{rate: %s, likelihood: %s, because: We know., by: cto}", t, pick(w.generator, levels[1:4]))
			case 7, 8:
				add("mitigations", "m-%d: {counters: ['%s'], where: ['setting:x'], state: %s}", len(w.m.Entries["mitigations"]), t, pick(w.generator, []string{"planned", "implemented", "proposed"}))
			}
		}
		if w.percent(10) && sort != "zone" {
			add("threats", "own-%d: {at: %s, says: It goes wrong., origin: behaviour, endangers: [%s.integrity], likelihood: %s}", len(w.m.Entries["threats"]), e.ID, pick(w.generator, w.m.Assets).ID, pick(w.generator, levels[1:4]))
		}
	})
	for _, p := range patterns {
		if w.percent(40) {
			add("decisions", "{threat: %s, treat: accept, because: So be it., by: cto, until: 2027-01-31}", p)
		}
	}
	if w.percent(50) {
		add("mitigations", "audit-log: {counters: ['weak-audit@*', 'cross-site-scripting@*'], where: ['setting:x'], state: implemented}")
	}
}

// Parent is the kind above one that Generate uses, or above such a parent;
// empty for none.
func Parent(kind string) string {
	switch kind {
	case "web_service", "worker", "browser_app", "command_line_tool":
		return "program"
	case "database", "object_store", "queue":
		return "datastore"
	case "external_service":
		return "service"
	case "pipeline":
		return "supply"
	case "program", "datastore", "service", "supply":
		return "component"
	}
	return ""
}
