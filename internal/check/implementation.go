package check

import (
	"slices"
	"strings"
	"unicode/utf8"

	"ssf"
	"ssf/internal/eval"
	"ssf/internal/rule"
)

// The checks of the implementation phase.

// checkMitigated finds threats without a mitigation in place, and mitigations
// without a threat.
func checkMitigated(e *verdict) (looked int) {
	for i := range e.Instances {
		in := &e.Instances[i]
		looked++
		if in.State == ssf.Planned {
			e.Report("implementation/planned", in.ID, e.Nodes[in.Node].Pos, "", nil, "%s is not countered yet: %s", in.ID, in.Why)
		}
		if in.State != ssf.Mitigated || in.Risk.Worst() < ssf.High {
			continue
		}
		if by := e.Treating(i); len(by) == 1 {
			e.Report("implementation/sole-cut", in.ID, e.Nodes[in.Node].Pos, "", nil, "only %s stands between %s and a %s risk", by[0], in.ID, in.Risk)
		}
	}
	var measures []string
	for _, m := range e.Library.Measures {
		measures = append(measures, string(m.ID))
	}
	for i := range e.Model.Mitigations {
		m, linked := &e.Model.Mitigations[i], e.Case.Mitigations[i].Measure
		if near := ssf.Nearest(string(m.ID), measures); linked == "" && near != "" {
			e.Report("implementation/unlinked-measure", m.ID, m.Pos, "did you mean \""+near+"\"? Else write `measure:` with the one that it is", nil, "mitigation %s is almost a measure of the library, and is linked to none", m.ID)
		}
		if len(m.Counters) == 0 {
			e.Report("implementation/counters-nothing", m.ID, m.Pos, "add `counters: [RULE@ELEMENT]`, or delete it", nil, "mitigation %s says of no threat that it counters it", m.ID)
		}
		for _, p := range m.Counters {
			e.checkMeasure(m, linked, p)
			hits := e.Matching(p, nil)
			if len(hits) == 1 && e.Nodes[e.Instances[hits[0]].Node].Mitigation == m {
				e.Report("implementation/counters-itself", m.ID, p.Pos, "", nil, "mitigation %s cannot counter %s, which goes around it", m.ID, e.Instances[hits[0]].ID)
			}
			if as := e.standsIn(p); len(hits) == 0 && len(as) > 0 {
				e.Report("implementation/counters-nothing", m.ID, p.Pos, "name "+few(as)+" instead", nil, "mitigation %s counters %s, which stands in %s, because it is the same", m.ID, p.ID(), few(as))
			} else if len(hits) == 0 {
				e.Report("implementation/counters-nothing", m.ID, p.Pos, "delete it, or see `ssf explain "+string(p.ID())+"`", nil, "mitigation %s counters %s, which is not derived", m.ID, p.ID())
			}
		}
	}
	return looked
}

// checkMeasure wonders about a measure that the library does not know against
// any of the threats that a pattern names.
func (e *verdict) checkMeasure(m *ssf.Mitigation, measure ssf.ID, p ssf.Pattern) {
	if measure == "" {
		return
	}
	for _, i := range e.Matching(p, nil) {
		if in := &e.Instances[i]; in.Rule != nil && !ssf.HasRef(in.Rule.Measures, measure) {
			e.Report("implementation/unusual-measure", m.ID, p.Pos, "it names "+ssf.Join(refIDs(in.Rule.Measures))+"; if this is of your own making, give it an id of its own", nil,
				"the library does not name %s against %s", measure, in.Rule.ID)
			return
		}
	}
}

func refIDs(rs []ssf.Ref) (out []ssf.ID) {
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

// checkPlaces looks at where implemented mitigations sit. Without a tree no
// file can be looked up, and nothing is shown.
func checkPlaces(e *verdict) (looked int) {
	for i := range e.Model.Mitigations {
		m := &e.Model.Mitigations[i]
		if m.State.ID != "implemented" {
			continue
		}
		if len(m.Where) == 0 {
			e.Report("implementation/no-place", m.ID, m.Pos, "", nil, "mitigation %s is implemented, and nobody says where", m.ID)
		}
		for _, w := range m.Where {
			switch e.Resolves(w.ID) {
			default:
				looked++
				e.checkSymbol(m, w)
			case eval.NotLookedUp:
			case "":
				e.Report("implementation/place-missing", m.ID, e.missingPart(w), e.nearestFile(string(w.ID)), nil, "%s does not exist", w.ID)
			}
		}
	}
	return looked
}

// missingPart is where the part of `file#Symbol` stands that does not exist.
func (e *verdict) missingPart(w ssf.Ref) ssf.Pos {
	file, symbol, ok := strings.Cut(string(w.ID), "#")
	p, width := w.Pos, utf8.RuneCountInString(string(w.ID))
	switch p.EndCol - p.Col {
	case width + 2: // in quotes
		p.Col, p.EndCol = p.Col+1, p.EndCol-1
	case width:
	default:
		return w.Pos
	}
	if !ok || e.Tree == nil {
		return w.Pos
	}
	if _, found := slices.BinarySearch(e.Tree.Files, file); found {
		p.Col = p.EndCol - utf8.RuneCountInString(symbol)
	} else {
		p.EndCol -= utf8.RuneCountInString(symbol) + 1
	}
	return p
}

// checkSymbol tells when only the file of a place could be looked up.
func (e *verdict) checkSymbol(m *ssf.Mitigation, place ssf.Ref) {
	file, symbol, ok := strings.Cut(string(place.ID), "#")
	if !ok || e.Tree == nil || e.Tree.Symbols == nil || strings.Contains(file, ":") {
		return
	}
	if _, known := e.Tree.Symbols(file); !known {
		e.Report("implementation/unchecked-symbol", m.ID, place.Pos, "", nil, "%s is there, but whether it has %s was not looked up", file, symbol)
	}
}

// nearestFile helps who mistyped a path: files with that name elsewhere, or
// the symbols of the file.
func (e *verdict) nearestFile(place string) string {
	if e.Tree == nil {
		return ""
	}
	file, _, hasSymbol := strings.Cut(place, "#")
	if _, found := slices.BinarySearch(e.Tree.Files, file); found && hasSymbol && e.Tree.Symbols != nil {
		if names, known := e.Tree.Symbols(file); known {
			return "the file has " + few(names)
		}
	}
	var same []string
	base := file[strings.LastIndexByte(file, '/')+1:]
	for _, f := range e.Tree.Files {
		if strings.HasSuffix("/"+f, "/"+base) {
			same = append(same, f)
		}
	}
	if len(same) > 0 {
		return "did you mean " + few(same) + "?"
	}
	return ""
}

// checkStandards wants a coding standard for each technology of code of ours
// for which the library has one.
func checkStandards(e *verdict) (looked int) {
	for i := range e.Model.Components {
		c := &e.Model.Components[i]
		if len(c.Code) == 0 || e.runs(c.Kind.ID) == rule.False {
			continue
		}
		looked++
		covered := false
		var fit []ssf.ID
		for _, s := range e.Library.Standards {
			for _, t := range c.Tech {
				if ssf.HasRef(s.For, t.ID) {
					fit = append(fit, s.ID)
					covered = covered || ssf.HasRef(e.Model.Use.Standards, s.ID)
				}
			}
		}
		if !covered {
			hint := "the library has none for these technologies yet"
			if len(fit) > 0 {
				hint = "add `use: {standards: [" + string(fit[0]) + "]}`"
			}
			e.Report("implementation/no-standard", c.ID, c.Pos, hint, nil, "no coding standard is adopted for the code of %s", c.ID)
		}
	}
	for _, s := range e.Library.Standards {
		if !ssf.HasRef(e.Model.Use.Standards, s.ID) {
			continue
		}
		for _, r := range s.Rules {
			if len(r.CheckedBy) == 0 {
				e.Report("implementation/unchecked-rule", s.ID+"/"+r.ID, e.Model.System.Pos, "", nil, "no analyser checks %s of %s: %s", r.ID, s.ID, r.Says)
			}
		}
	}
	return looked
}

// checkAudits wants each standard in use checked by an audit that covers the
// code it is for.
func checkAudits(e *verdict) int {
	for _, use := range e.Model.Use.Standards {
		var covers []ssf.Ref
		var at ssf.Pos
		for i := range e.Model.Audits {
			if a := &e.Model.Audits[i]; a.Standard.ID == use.ID {
				covers = append(covers, a.Covers...)
				at = a.Pos
			}
		}
		if len(covers) == 0 {
			e.Report("implementation/no-audit", use.ID, use.Pos, "", nil, "no audit checks the code against %s", use.ID)
			continue
		}
		e.checkCoverage(use.ID, covers, at)
	}
	return len(e.Model.Use.Standards)
}

func (e *verdict) checkCoverage(standard ssf.ID, covers []ssf.Ref, at ssf.Pos) {
	if e.Tree == nil {
		return
	}
	i := slices.IndexFunc(e.Library.Standards, func(s ssf.Standard) bool { return s.ID == standard })
	covered := map[int]bool{}
	for _, j := range fitting(e.Tree.Files, covers...) {
		covered[j] = true
	}
	var left []string
	others := others(e.Tree.Files)
	for j := range e.Model.Components {
		c := &e.Model.Components[j]
		if i < 0 || !slices.ContainsFunc(c.Tech, func(t ssf.Ref) bool { return ssf.HasRef(e.Library.Standards[i].For, t.ID) }) {
			continue
		}
		for _, at := range fitting(e.Tree.Files, c.Code...) {
			if f := e.Tree.Files[at]; isCode(f) && !covered[at] && !inAny(others, f) {
				left = append(left, f)
			}
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		left = slices.Compact(left)
		e.Report("implementation/narrow-audit", standard, at, "", nil, "the audit of %s leaves out %s: %s", standard, plural(len(left), "file", "files"), few(left))
	}
}
