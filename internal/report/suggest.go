package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/markup"
)

// Suggest writes the mitigations and verifications that the library knows
// against threats as a file of the model: an id is `rule@element`, or a rule where
// there is no model, m and its case c being nil. Each must be of a rule of the
// library. Only are the measures that are wanted; without any, all of the rules.
func Suggest(w io.Writer, ids []ssf.ID, lib *ssf.Library, m *ssf.Model, c *ssf.Case, only []ssf.ID) error {
	s := &suggestion{page: newPage(w, Style{}), lib: lib, model: m, c: c, counters: map[ssf.ID][]ssf.ID{}}
	var chosen []*ssf.Measure
	for _, id := range ids {
		name, at, _ := strings.Cut(string(id), "@")
		r := byID(lib.Threats, ssf.ID(name), func(r *ssf.Rule) ssf.ID { return r.ID })
		counters := id
		if at == "" {
			counters += "@*"
		} else if c != nil {
			s.techs = append(s.techs, s.techsOf(ssf.ID(at))...)
		}
		head := string(id) + ": " + r.Title
		if t := s.threat(id); t != nil {
			head += fmt.Sprintf(" (%s, risk %s)", strings.ReplaceAll(string(t.State), "_", " "), t.Risk)
		}
		s.note("", head)
		for _, ref := range r.Measures {
			m := byID(lib.Measures, ref.ID, func(m *ssf.Measure) ssf.ID { return m.ID })
			if m == nil || len(only) > 0 && !slices.Contains(only, m.ID) {
				continue
			}
			if len(s.counters[m.ID]) == 0 {
				chosen = append(chosen, m)
			}
			if !slices.Contains(s.counters[m.ID], counters) {
				s.counters[m.ID] = append(s.counters[m.ID], counters)
			}
		}
	}
	s.note("", "Keep what fits and delete the rest. This is a file of the model: put it below ssf/, or its entries under the keys that you have, before you ask for the next.")
	s.write(chosen)
	return s.err
}

// A suggestion is a file on its way.
type suggestion struct {
	*page
	lib      *ssf.Library
	model    *ssf.Model
	c        *ssf.Case
	counters map[ssf.ID][]ssf.ID // threats by measure
	techs    []ssf.ID            // of the code that the threats are about, with their parents
}

// note is a comment.
func (s *suggestion) note(indent, text string) { s.wrap(indent+"# ", text) }

func (s *suggestion) threat(id ssf.ID) *ssf.Threat {
	if s.c == nil {
		return nil
	}
	return byID(s.c.Threats, id, func(t *ssf.Threat) ssf.ID { return t.ID })
}

// techsOf are the technologies of an element: those of a flow are those of the
// end that starts it, or else of the other one.
func (s *suggestion) techsOf(id ssf.ID) (out []ssf.ID) {
	e := byID(s.c.Elements, id, func(e *ssf.ElementInfo) ssf.ID { return e.ID })
	if e == nil {
		return nil
	}
	all := e.Tech
	for _, at := range []ssf.ID{e.At, e.From, e.To} {
		if at != "" && len(all) == 0 {
			all = s.techsOf(at)
		}
	}
	for _, t := range all {
		for steps := 0; t != "" && steps < 20 && !slices.Contains(out, t); steps++ {
			out = append(out, t)
			def := byID(s.lib.Techs, t, func(k *ssf.KindDef) ssf.ID { return k.ID })
			if def == nil {
				break
			}
			t = def.Is.ID
		}
	}
	return out
}

func (s *suggestion) write(measures []*ssf.Measure) {
	var fresh []*ssf.Measure
	for _, m := range measures {
		if have := s.mitigation(m.ID); have != nil {
			s.print("\n")
			missing := slices.DeleteFunc(slices.Clone(s.counters[m.ID]), func(id ssf.ID) bool { return slices.Contains(have.Counters, id) })
			if len(missing) == 0 {
				s.note("", fmt.Sprintf("Mitigation %s carries out %s and counters it already.", have.ID, m.ID))
			} else {
				s.note("", fmt.Sprintf("Mitigation %s carries out %s already: add %s to its `counters`.", have.ID, m.ID, ssf.Join(missing)))
			}
			continue
		}
		fresh = append(fresh, m)
	}
	if len(fresh) == 0 {
		return
	}
	s.print("\nmitigations:\n")
	for i, m := range fresh {
		if i > 0 {
			s.print("\n")
		}
		s.note("  ", m.Title+" ("+m.Kind+", effort "+m.Effort.String()+"). "+m.Says)
		s.note("  ", "Leaves open: "+m.Leaves)
		if len(m.DependsOn) > 0 {
			s.note("  ", "Needs: "+refs(m.DependsOn)+".")
		}
		var counters []string
		for _, c := range s.counters[m.ID] {
			counters = append(counters, quoted(c))
		}
		s.print("  %s:\n    counters: [%s]\n", s.free(m.ID), strings.Join(counters, ", "))
		if s.free(m.ID) != m.ID {
			s.print("    measure: %s\n", m.ID)
		}
		s.print("    state: planned\n")
		s.note("    ", "Once it is there: `state: implemented`, and `where: [FILE#NAME]`. It usually sits: "+m.Where)
	}
	run := s.run()
	s.print("\nverifications:\n")
	for i, m := range fresh {
		for n, v := range m.Verify {
			if i+n > 0 {
				s.print("\n")
			}
			s.recipe(m, n, v, run)
		}
	}
}

// recipe writes one verification.
func (s *suggestion) recipe(m *ssf.Measure, n int, v ssf.Recipe, run ssf.ID) {
	s.note("  ", v.How)
	if rules := s.analysers(v.Rules); rules != "" {
		s.note("  ", "Rules: "+rules+".")
	}
	if v.Expect != "" {
		s.note("  ", "Evidence: "+v.Expect)
	}
	if v.Fresh != "" {
		s.note("  ", "It holds: "+holds(v.Fresh)+".")
	}
	if v.Break != "" {
		s.note("  ", "To see it fail: "+v.Break)
	}
	id := s.free(m.ID) + "-" + ssf.ID(strings.ReplaceAll(v.Method, "_", "-"))
	for _, earlier := range m.Verify[:n] {
		if earlier.Method == v.Method {
			id += ssf.ID(fmt.Sprintf("-%d", n+1))
			break
		}
	}
	for s.c != nil && slices.ContainsFunc(s.c.Verifications, func(v ssf.VerificationInfo) bool { return v.ID == id }) {
		id += "-too"
	}
	s.print("  %s:\n    verifies: [%s]\n", id, s.free(m.ID))
	switch {
	case v.Method != "test":
		s.print("    method: %s\n", v.Method)
	case run != "":
		s.print("    in: %s\n", run)
		s.note("    ", "tests: [the names of the tests]")
	}
}

// mitigation is the one that carries out a measure already, or nil.
func (s *suggestion) mitigation(measure ssf.ID) *ssf.MitigationResult {
	if s.c == nil {
		return nil
	}
	return byID(s.c.Mitigations, measure, func(m *ssf.MitigationResult) ssf.ID { return m.Measure })
}

// free is an id for a mitigation that no other has.
func (s *suggestion) free(id ssf.ID) ssf.ID {
	taken := func(id ssf.ID) bool {
		return s.c != nil && slices.ContainsFunc(s.c.Mitigations, func(m ssf.MitigationResult) bool { return m.ID == id })
	}
	for taken(id) {
		id += "-too"
	}
	return id
}

// run is a run for tests. Where the model has none, one is written if the
// technology says how its tests are run.
func (s *suggestion) run() ssf.ID {
	const own ssf.ID = "unit-tests"
	if s.model != nil {
		for _, v := range s.c.Verifications {
			if v.Run != "" && v.Method == "test" {
				return v.Run
			}
		}
		if slices.ContainsFunc(s.model.Runs, func(r ssf.Run) bool { return r.ID == own }) {
			return own
		}
	}
	for _, t := range s.techs {
		if def := byID(s.lib.Techs, t, func(k *ssf.KindDef) ssf.ID { return k.ID }); def != nil && def.Tests != "" {
			s.print("\nruns:\n  %s: {%s}\n", own, markup.Clean(def.Tests)) // one line, whatever a library says
			return own
		}
	}
	return ""
}

// analysers are the rules that fit the technologies, by analyser.
func (s *suggestion) analysers(rules []ssf.Ref) string {
	var out []string
	for i := range s.lib.Analysers {
		a := &s.lib.Analysers[i]
		if len(s.techs) > 0 && len(a.For) > 0 && !slices.ContainsFunc(a.For, func(t ssf.Ref) bool { return slices.Contains(s.techs, t.ID) }) {
			continue
		}
		var of []string
		for _, r := range rules {
			if strings.HasPrefix(string(r.ID), string(a.ID)) {
				_, rule, _ := strings.Cut(string(r.ID), ":")
				of = append(of, rule)
			}
		}
		if len(of) > 0 {
			out = append(out, a.Title+" "+strings.Join(of, ", "))
		}
	}
	return strings.Join(out, "; ")
}

// quoted is a pattern as YAML takes it.
func quoted(id ssf.ID) string {
	if strings.Contains(string(id), "*") {
		return "'" + string(id) + "'"
	}
	return string(id)
}
