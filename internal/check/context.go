package check

import (
	"path"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// The checks of the context phase. Each returns how many subjects it looked
// at: a check that looked at nothing proves nothing.

// checkFacts finds declared facts that contradict what kind, technology or
// protocol imply, and those on a kind that has no use for them.
func checkFacts(e *verdict) (looked int) {
	for i := range e.Nodes {
		n := &e.Nodes[i]
		for _, d := range n.Facts {
			def := e.Vocabulary.Fact(d.Fact.ID)
			if def == nil || d.Value == "" {
				continue
			}
			looked++
			if n.Component != nil && len(def.Kinds) > 0 && e.Kinds.AnyOf(n.Kind.ID, def.Kinds) == rule.False {
				if d.Value != def.Elsewhere {
					e.Report("context/contradicting-facts", n.ID, d.Pos, "delete it, or correct the kind", []ssf.Related{{Message: "the kind stands here", Pos: n.Kind.Pos}},
						"%s of %s is %s, but %s has no meaning for %s", def.ID, n.ID, d.Value, def.ID, ssf.Article(string(n.Kind.ID)))
				}
				continue
			}
			vs, _ := e.Implications(n, &def.FactDef)
			if len(vs) == 0 || slices.ContainsFunc(vs, func(v ssf.Implied) bool { return v.Value == d.Value }) {
				continue
			}
			var related []ssf.Related
			var by []ssf.ID
			for _, v := range vs {
				by = append(by, v.By+" ("+ssf.ID(v.Value)+")")
				related = append(related, ssf.Related{Message: string(v.By) + " implies " + string(v.Value), Pos: v.Pos})
			}
			e.Report("context/contradicting-facts", n.ID, d.Pos, "delete one of the two: the fact, or the kind, technology or protocol", related,
				"%s of %s is %s, but follows from %s", def.ID, n.ID, d.Value, ssf.Join(by))
		}
	}
	return looked
}

// checkStructure looks at how the elements hang together.
func checkStructure(e *verdict) (looked int) {
	w := e.World
	counts := map[ssf.Sort]int{}
	stores := map[ssf.ID]bool{} // kinds
	for i := range e.Library.Kinds {
		id := e.Library.Kinds[i].ID
		stores[id] = e.Kinds.Is(id, "datastore") == rule.True
	}
	store := func(n int32) bool {
		return n >= 0 && e.Nodes[n].Sort == ssf.SortComponent && stores[e.Nodes[n].Kind.ID]
	}
	for i := range e.Nodes {
		n, nd := int32(i), &e.Nodes[i]
		counts[nd.Sort]++
		switch nd.Sort {
		case ssf.SortActor:
			looked++
			if nd.Zone.ID == "" {
				e.Report("context/no-zone", nd.ID, nd.Pos, "", nil, "actor %s is in no zone", nd.ID)
			}
		case ssf.SortComponent:
			looked++
			e.checkComponent(n, nd, store(n))
		case ssf.SortFlow:
			looked++
			from, to := w.One(n, rule.From), w.One(n, rule.To)
			switch {
			case from >= 0 && from == to:
				e.Report("context/flow-to-itself", nd.ID, nd.Pos, "", nil, "flow %s begins and ends at %s", nd.ID, nd.Flow.To.ID)
			case store(from) && store(to):
				e.Report("context/store-to-store", nd.ID, nd.Pos, "", nil, "flow %s goes from store to store, and a store moves nothing by itself", nd.ID)
			}
		case ssf.SortAsset:
			looked++
			if len(w.Many(n, rule.Holders)) == 0 {
				e.Report("context/unhandled-asset", nd.ID, nd.Pos, "", nil, "nothing stores, carries or works on asset %s", nd.ID)
			}
		}
	}
	for _, s := range []ssf.Sort{ssf.SortActor, ssf.SortAsset, ssf.SortComponent, ssf.SortFlow} {
		if counts[s] == 0 {
			e.Report("context/nothing-described", "system", e.Model.System.Pos, "", nil, "the model has no %s", s)
		}
	}
	return looked
}

func (e *verdict) checkComponent(n int32, nd *facts.Node, store bool) {
	w, c := e.World, nd.Component
	if nd.Zone.ID == "" {
		e.Report("context/no-zone", nd.ID, nd.Pos, "", nil, "component %s is in no zone", nd.ID)
	}
	def := e.Kinds.Def[nd.Kind.ID]
	switch {
	case def == nil:
		e.Report("context/vague-kind", nd.ID, nd.Pos, "", nil, "component %s has no kind", nd.ID)
	case def.Abstract:
		e.Report("context/vague-kind", nd.ID, nd.Kind.Pos, "name one of "+strings.Join(e.subkinds(nd.Kind.ID), ", "), nil, "kind %s of %s is too wide to know its threats", nd.Kind.ID, nd.ID)
	}
	if len(w.Many(n, rule.Incoming))+len(w.Many(n, rule.Outgoing)) == 0 {
		e.Report("context/unconnected-component", nd.ID, nd.Pos, "", nil, "no flow reaches or leaves component %s", nd.ID)
	} else if store && len(w.Many(n, rule.Incoming)) == 0 {
		e.Report("context/store-never-read", nd.ID, nd.Pos, "", nil, "no flow goes to store %s, so nothing asks it: a store answers, and `from` is who asks", nd.ID)
	}
	if e.runs(nd.Kind.ID) == rule.True && !c.TechAt.Known() {
		e.Report("context/process-without-technology", nd.ID, nd.Pos, "", nil, "component %s runs, and its technology is not stated", nd.ID)
	}
}

// runs is whether a kind, or one above it, is a process of ours; unknown if
// only one below it is.
func (e *verdict) runs(kind ssf.ID) rule.Truth {
	if t, known := e.running[kind]; known {
		return t
	}
	best := rule.False
	for i := range e.Library.Kinds {
		if k := &e.Library.Kinds[i]; k.Runs {
			best = max(best, e.Kinds.Is(kind, k.ID))
		}
	}
	e.running[kind] = best
	return best
}

// subkinds are the kinds that a model may name below one that is too wide.
func (e *verdict) subkinds(kind ssf.ID) (out []string) {
	for _, k := range e.Library.Kinds {
		if !k.Abstract && k.ID != kind && e.Kinds.Is(k.ID, kind) == rule.True {
			out = append(out, string(k.ID))
		}
	}
	return out
}

// codeEndings are the files that count as code that a component should claim.
var codeEndings = []string{".go", ".js", ".mjs", ".ts", ".tsx", ".jsx", ".py", ".java", ".kt", ".scala", ".rb", ".php", ".c", ".h", ".cc", ".cpp", ".hpp", ".rs", ".cs", ".swift", ".m", ".sql", ".tf"}

// isCode reports whether a file counts as code that somebody wrote.
func isCode(file string) bool {
	return slices.Contains(codeEndings, path.Ext(file)) &&
		!slices.ContainsFunc(strings.Split(file, "/"), func(s string) bool { return s == "testdata" || s == "vendor" || s == "node_modules" })
}

// others are the folders below that hold a model of their own, and so another
// product, each with a slash at its end.
func others(files []string) (folders []string) {
	for _, f := range files {
		if dir, ok := strings.CutSuffix(f, "/ssf.yaml"); ok && !strings.Contains("/"+f, "/testdata/") {
			folders = append(folders, dir+"/")
		}
	}
	return folders
}

func inAny(folders []string, file string) bool {
	return slices.ContainsFunc(folders, func(dir string) bool { return strings.HasPrefix(file, dir) })
}

// checkCode compares what components claim with the files that are there.
func checkCode(e *verdict) (looked int) {
	if e.Tree == nil || len(e.Tree.Files) == 0 {
		return 0
	}
	claimed := map[int]bool{}
	globs := 0
	for i := range e.Model.Components {
		for _, g := range e.Model.Components[i].Code {
			globs++
			fit := fitting(e.Tree.Files, g)
			for _, j := range fit {
				claimed[j] = true
			}
			if len(fit) == 0 {
				e.Report("context/empty-glob", e.Model.Components[i].ID, g.Pos, "", nil, "no file fits %q", g.ID)
			}
		}
	}
	var free []string
	others, theirs := others(e.Tree.Files), 0
	for j, f := range e.Tree.Files {
		switch {
		case !isCode(f):
		case inAny(others, f):
			theirs++
		default:
			looked++
			if !claimed[j] {
				free = append(free, f)
			}
		}
	}
	if theirs > 0 {
		e.Report("context/other-product", "system", e.Model.System.Pos, "", nil, "%s of other products, with models of their own: %s", plural(theirs, "code file is", "code files are"), few(others))
	}
	if len(free) > 0 {
		e.Report("context/unclaimed-code", "system", e.Model.System.Pos, "", nil, "no component claims %d of %d code files: %s", len(free), looked, few(free))
	}
	return looked + globs
}

// fitting are the indexes of those of the sorted files that fit any of the
// globs. It looks only at files that begin with the fixed part of a glob.
func fitting(files []string, globs ...ssf.Ref) (out []int) {
	for _, g := range globs {
		fixed, _, _ := strings.Cut(strings.TrimSuffix(string(g.ID), "/"), "*")
		if i := strings.IndexAny(fixed, `?[\`); i >= 0 {
			fixed = fixed[:i]
		}
		from, _ := slices.BinarySearch(files, fixed)
		for i := from; i < len(files) && strings.HasPrefix(files[i], fixed); i++ {
			if ssf.MatchPath(string(g.ID), files[i]) {
				out = append(out, i)
			}
		}
	}
	return out
}

// shown is how many of many are named.
const shown = 5

// few names the first of many.
func few[S ~string](ss []S) string {
	if len(ss) > shown {
		return ssf.Join(ss[:shown]) + ", ..."
	}
	return ssf.Join(ss)
}

// checkUse looks at what the product is for and where it runs.
func checkUse(e *verdict) int {
	s := &e.Model.System
	if s.Purpose.S == "" {
		e.Report("context/no-purpose", "system", s.Pos, "", nil, "the product's purpose is not stated")
	}
	if len(s.Misuse) == 0 {
		e.Report("context/no-misuse", "system", s.Pos, "", nil, "no foreseeable misuse is stated")
	}
	if len(e.Model.Deployments) == 0 {
		e.Report("context/no-deployment", "system", s.Pos, "", nil, "no deployment is described")
	}
	return 3
}

// checkCells reports each cell of the asset and function matrices that nothing
// answers, once for an element.
func checkCells(e *verdict) (looked int) {
	protected := map[ssf.Cell]bool{} // by a requirement, and whether the cell applies
	for i := range e.Model.Requirements {
		for _, c := range e.Model.Requirements[i].Protects {
			protected[c.Cell()] = false
		}
	}
	for _, m := range e.Case.Matrices[:2] {
		looked += len(m.Cells)
		var open []byte // what one element needs; its cells stand together
		var first ssf.Property
		for i := range m.Cells {
			c := &m.Cells[i]
			if len(protected) > 0 {
				if _, asked := protected[c.Cell]; asked {
					protected[c.Cell] = true
				}
			}
			if len(c.AnsweredBy) == 0 {
				if len(open) == 0 {
					first = c.Cell.Property
				} else {
					open = append(open, ", "...)
				}
				open = append(open, c.Cell.Property...)
				if c.Level != ssf.Unknown {
					open = append(append(open, ' '), c.Level.String()...)
				}
			}
			if last := i+1 == len(m.Cells) || m.Cells[i+1].Cell.Element != c.Cell.Element; last && len(open) > 0 {
				e.reportCells(m.Name, c.Cell.Element, first, open)
				open = open[:0]
			}
		}
	}
	for i := range e.Model.Functions {
		f := &e.Model.Functions[i]
		looked++
		if len(f.Allow) == 0 || f.Otherwise.ID == "" {
			e.Report("context/function-without-allow", f.ID, f.Pos, "", nil, "function %s does not say who may use it (`allow`) and what happens to others (`otherwise`)", f.ID)
		}
	}
	for i := range e.Model.Requirements {
		r := &e.Model.Requirements[i]
		looked++
		for _, c := range r.Protects {
			if n := e.World.Lookup(c.Element.ID); n >= 0 && !protected[c.Cell()] {
				e.Report("context/cell-without-need", r.ID, c.Element.Pos, "", nil, "%s needs no %s, so requirement %s adds nothing there", c.Element.ID, c.Property.ID, r.ID)
			}
		}
		if len(r.Protects) == 0 && len(r.Meets) == 0 {
			e.Report("context/requirement-without-subject", r.ID, r.Pos, "", nil, "requirement %s protects nothing and meets nothing", r.ID)
		}
	}
	return looked
}

// reportCells reports the open cells of one element: the property of the first,
// and all with their levels.
func (e *verdict) reportCells(matrix string, id ssf.ID, first ssf.Property, open []byte) {
	n := e.World.Lookup(id)
	or := "]`, or a decision with `cell:`"
	if matrix == "assets" {
		or = "]`, or a decision with `cell:`; a need of `none` answers too"
	}
	hint := "add a requirement with `protects: [" + string(id) + "." + string(first) + or
	e.Tell("context/unanswered-cell", id, e.Nodes[n].Pos, hint, nil, string(e.Nodes[n].Sort)+" "+string(id)+" needs "+string(open)+", and nothing requires it")
}

// assumptionForms show what the keys of an assumption look like.
var assumptionForms = map[string]string{
	"owner": "customer", "check": "{do: What to try., expect: What to see.}", "when": "setup", "effort": "low", "default": "unsafe", "dismisses": "[RULE@ELEMENT]",
}

// takes reports whether a decision transfers a threat to an assumption.
func (e *verdict) takes(assumption ssf.ID) bool {
	return slices.ContainsFunc(e.Model.Decisions, func(d ssf.Decision) bool { return d.To.ID == assumption })
}

// checkAssumptions looks for assumptions that nobody could check, or that are
// about the product itself.
func checkAssumptions(e *verdict) int {
	for i := range e.Assumptions {
		a := &e.Assumptions[i]
		var missing []string
		for _, k := range []struct {
			key  string
			have bool
		}{
			{"owner", a.Owner.ID != ""},
			{"check", a.Do.S != ""},
			{"when", a.When.ID != ""},
			{"effort", a.Effort.ID != ""},
			{"default", a.Default.ID != ""},
			{"dismisses", len(a.Dismisses)+len(a.Answers) > 0 || e.takes(a.ID)},
		} {
			if !k.have {
				missing = append(missing, k.key)
			}
		}
		if len(missing) > 0 {
			for j, key := range missing {
				missing[j] = "`" + key + ": " + assumptionForms[key] + "`"
			}
			e.Report("context/assumption-incomplete", a.ID, a.Pos, "add "+strings.Join(missing, ", "), nil, "assumption %s leaves out %s", a.ID, plural(len(missing), "key", "keys"))
		}
		if a.Cond == nil {
			continue
		}
		facts := a.Cond.Facts()
		switch {
		case len(facts) == 0:
			e.Report("context/assumption-always-true", a.ID, a.HoldsIf.Pos, "", nil, "the condition of assumption %s depends on nothing", a.ID)
		case !a.Cond.ReadsDeployment():
			e.Report("context/assumption-about-product", a.ID, a.HoldsIf.Pos, "", nil, "assumption %s is about the product and not about where it runs", a.ID)
		case a.Holds == rule.False:
			e.Report("context/assumption-false", a.ID, a.HoldsIf.Pos, "", nil, "assumption %s does not hold in a deployment of this model", a.ID)
		case a.Holds == rule.Unknown:
			e.unsure["CX-4"] = true // it may be one that does not hold
		}
	}
	return len(e.Assumptions)
}

// checkLimits looks for who may accept what, and what the product demands.
func checkLimits(e *verdict) int {
	s := &e.Model.System
	if !slices.ContainsFunc(e.Model.People, func(p ssf.Person) bool { return p.AcceptsUpTo.ID != "" }) {
		e.Report("context/no-risk-limit", "system", s.Pos, "", nil, "nobody is named who may accept a risk, and up to which")
	}
	if e.Model.Policy.Reach.ID == "" && e.Model.Use.Policy.ID == "" {
		e.Report("context/no-policy", "system", s.Pos, "", nil, "no policy says what must be reached")
	}
	return 2
}

// checkDates looks at everything that has an end.
func checkDates(e *verdict) (looked int) {
	for i := range e.Decisions {
		d := &e.Decisions[i]
		if d.Until.ID == "" && d.Due.ID == "" {
			continue
		}
		looked++
		if d.Lapsed {
			end, what := d.Until, "the decision ended on "
			if end.ID == "" {
				end, what = d.Due, "the plan was due on "
			}
			e.Report("context/lapsed-decision", about(d.Decision), end.Pos, "", nil, "%s%s", what, end.ID)
		}
	}
	for i := range e.Nodes {
		for _, f := range e.Nodes[i].Facts {
			if f.Until.ID != "" {
				looked++
				if e.Past(f.Until) {
					e.Report("context/overdue-answer", e.Nodes[i].ID, f.Until.Pos, "", nil, "the answer about %s of %s was due on %s", f.Fact.ID, e.Nodes[i].ID, f.Until.ID)
				}
			}
		}
	}
	if s := e.Model.System.SupportUntil; s.ID != "" {
		looked++
		if e.Past(s) {
			e.Report("release/support-ended", "system", s.Pos, "", nil, "security support ended on %s", s.ID)
		}
	}
	return looked
}

// about is what a decision is about, as an id.
func about(d *ssf.Decision) ssf.ID {
	switch {
	case d.Cell.Element.ID != "":
		return ssf.ID(d.Cell.Cell().String())
	case d.Finding.ID != "":
		return d.Finding.ID
	case d.Rate.Rule.ID != "":
		return d.Rate.ID()
	case d.Threat.Element.ID == "":
		return d.Threat.Rule.ID
	}
	return d.Threat.ID()
}

// checkSupport looks at how the product is looked after once it is out.
func checkSupport(e *verdict) int {
	s := &e.Model.System
	if s.Contact.S == "" {
		e.Report("release/no-contact", "system", s.Pos, "", nil, "there is no contact for reports of vulnerabilities")
	}
	if s.SupportUntil.ID == "" {
		e.Report("release/no-support-end", "system", s.Pos, "", nil, "the end of security support is not stated")
	}
	return 2
}

// checkQuestions reports the facts that would decide threats.
func checkQuestions(e *verdict) int {
	for _, q := range e.Case.Questions {
		if len(q.Elements) == 0 {
			continue
		}
		n := e.World.Lookup(q.Elements[0])
		if n < 0 { // a deployment
			n = e.World.Lookup(facts.DeploymentID(q.Elements[0]))
		}
		def, hint := e.Vocabulary.Fact(q.Fact), "write `"+string(q.Fact)+": ...` there"
		if len(q.Values) > 0 {
			hint = "write `" + string(q.Fact) + ":` with one of " + strings.Join(q.Values, ", ")
			if def != nil && def.Domain == ssf.Set {
				hint = "write `" + string(q.Fact) + ": [...]` with any of " + strings.Join(q.Values, ", ") + ", or [] for none"
			}
		}
		switch {
		case q.Fact == "needs":
			hint = "write `needs: {confidentiality: ..., integrity: ..., availability: ...}` with one of " + strings.Join(q.Values, ", ") + " each, and `privacy: ...` if it tells about people"
		case eval.Keys[q.Fact] == "":
			hint += "; or `" + string(q.Fact) + ": {unknown: yes}` for the time being"
		}
		depends := "cells of the matrix depend on it"
		if q.Unlocks > 0 {
			depends = plural(q.Unlocks, "threat depends on it", "threats depend on it")
		}
		e.Report("context/undeclared-fact", q.Fact, e.Nodes[max(n, 0)].Pos, hint, e.places(q.Elements[1:]),
			"%s is not known of %s, and %s: %s", q.Fact, few(q.Elements), depends, q.Asks)
	}
	return len(e.Instances)
}

// places are the positions of some elements, the first few.
func (e *verdict) places(ids []ssf.ID) (out []ssf.Related) {
	for _, id := range ids[:min(len(ids), 10)] {
		if n := e.World.Lookup(id); n >= 0 {
			out = append(out, ssf.Related{Message: "also " + string(id), Pos: e.Nodes[n].Pos})
		}
	}
	return out
}
