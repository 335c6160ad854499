package eval

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/facts"
	"ssf/internal/rule"
)

// answers are what answers each cell: requirements, decisions, assumptions.
func (e *Evaluation) answers() map[ssf.Cell][]ssf.ID {
	out := map[ssf.Cell][]ssf.ID{}
	for _, r := range e.Model.Requirements {
		for _, c := range r.Protects {
			out[c.Cell()] = append(out[c.Cell()], "requirement:"+r.ID)
		}
	}
	for _, a := range e.Assumptions {
		for _, c := range a.Answers {
			if a.Holds == rule.True {
				out[c.Cell()] = append(out[c.Cell()], "assumption:"+a.ID)
			}
		}
	}
	for _, d := range e.Decisions {
		if c := d.Cell.Cell(); c.Element != "" && !d.Lapsed && len(d.Stale) == 0 {
			out[c] = append(out[c], ssf.ID(fmt.Sprintf("decision:%s:%d", d.Pos.File, d.Pos.Line)))
		}
	}
	return out
}

// fillMatrices finds which cells apply and what answers them: for assets by
// property, for functions by duty, for catalogues by control.
func (e *Evaluation) fillMatrices() {
	answers := e.answers()
	assets := ssf.Matrix{Name: "assets", Columns: ssf.AssetProperties, Cells: []ssf.MatrixCell{}}
	functions := ssf.Matrix{Name: "functions", Columns: ssf.FunctionProperties, Cells: []ssf.MatrixCell{}}
	assets.Cells = slices.Grow(assets.Cells, 4*len(e.Model.Assets))
	changed := make([]bool, len(e.Nodes))
	for i := range e.Nodes {
		if n := int32(i); e.Nodes[i].Sort == ssf.SortFunction && e.Get(n, "changes") != facts.No {
			for _, a := range e.World.Many(n, rule.Assets) {
				changed[a] = true
			}
		}
	}
	hurts := e.Get(0, "can_hurt")
	for i := range e.Nodes {
		n := int32(i)
		switch e.Nodes[i].Sort {
		case ssf.SortAsset:
			for _, p := range ssf.AssetProperties {
				applies := true
				switch p {
				case ssf.Authenticity, ssf.Accountability:
					applies = changed[n]
				case ssf.Privacy:
					applies = e.Get(n, "personal") == facts.Yes
				case ssf.Safety:
					applies = hurts == facts.Yes
				}
				if !applies && !stated(e.Nodes[i].Asset, p) {
					continue
				}
				assets.Cells = append(assets.Cells, e.assetCell(n, p, answers))
			}
		case ssf.SortFunction:
			functions.Cells = append(functions.Cells, e.functionCells(n, answers)...)
		}
	}
	e.Case.Matrices = []ssf.Matrix{assets, functions}
	for _, c := range e.Model.Use.Catalogues {
		e.Case.Matrices = append(e.Case.Matrices, e.catalogueMatrix(c.ID))
	}
	for i := range e.Case.Matrices {
		for _, c := range e.Case.Matrices[i].Cells {
			if len(c.AnsweredBy) > 0 {
				e.Case.Matrices[i].Answered++
			}
		}
	}
}

func stated(a *ssf.Asset, p ssf.Property) bool {
	return slices.ContainsFunc(a.Needs, func(n ssf.Need) bool { return n.Property.ID == ssf.ID(p) })
}

// assetCell is answered by a need of none, a need that says for whom only, or
// whatever else answers cells.
func (e *Evaluation) assetCell(n int32, p ssf.Property, answers map[ssf.Cell][]ssf.ID) ssf.MatrixCell {
	cell := ssf.Cell{Element: e.Nodes[n].ID, Property: p}
	out := ssf.MatrixCell{Cell: cell, AnsweredBy: orEmpty(slices.Clone(answers[cell]))}
	for _, need := range e.Nodes[n].Asset.Needs {
		if need.Property.ID == ssf.ID(p) {
			out.Level, _ = ssf.ParseLevel(string(need.Level.ID))
			if out.Level == ssf.None || len(need.Only) > 0 {
				out.AnsweredBy = append(out.AnsweredBy, "need:"+ssf.ID(cell.String()))
			}
		}
	}
	return out
}

// functionCells are the duties that apply to a function: who and may he, if a
// caller comes from another zone or nobody knows; trace and limit, if it
// changes something.
func (e *Evaluation) functionCells(n int32, answers map[ssf.Cell][]ssf.ID) (cells []ssf.MatrixCell) {
	f := e.Nodes[n].Function
	for _, p := range ssf.FunctionProperties {
		access := p == ssf.Authentication || p == ssf.Authorisation
		if access && e.Get(n, "crosses_boundary") == facts.No || !access && e.Get(n, "changes") == facts.No {
			continue
		}
		cell := ssf.Cell{Element: f.ID, Property: p}
		by := orEmpty(slices.Clone(answers[cell]))
		if access && len(f.Allow) > 0 && f.Otherwise.ID == "deny" {
			by = append(by, "allow:"+f.ID)
		}
		cells = append(cells, ssf.MatrixCell{Cell: cell, AnsweredBy: by})
	}
	return cells
}

// catalogueMatrix has a cell for each control up to the level in use; a
// requirement that meets it answers it.
func (e *Evaluation) catalogueMatrix(use ssf.ID) ssf.Matrix {
	name, level, _ := strings.Cut(string(use), "@")
	out := ssf.Matrix{Name: string(use), Columns: []ssf.Property{"applicability"}, Cells: []ssf.MatrixCell{}}
	i := slices.IndexFunc(e.Library.Catalogues, func(c ssf.Catalogue) bool { return c.ID == ssf.ID(name) })
	if i < 0 {
		return out
	}
	by := map[ssf.ID][]ssf.ID{}
	for _, r := range e.Model.Requirements {
		for _, m := range r.Meets {
			by[m.ID] = append(by[m.ID], "requirement:"+r.ID)
		}
	}
	for _, l := range e.Library.Catalogues[i].Levels {
		for _, id := range l.IDs {
			ref := ssf.ID(name + ":" + id)
			out.Cells = append(out.Cells, ssf.MatrixCell{Cell: ssf.Cell{Element: ref, Property: "applicability"}, AnsweredBy: orEmpty(by[ref])})
		}
		if l.Name == level {
			break
		}
	}
	return out
}

// judgeRequirements finds for each requirement the threats on what it
// protects, wherever they stand, and whether they are dealt with.
func (e *Evaluation) judgeRequirements() {
	endangered := e.endangered()
	for i := range e.Model.Requirements {
		r := &e.Model.Requirements[i]
		out := ssf.RequirementResult{ID: r.ID, Says: r.Says, Protects: []ssf.Cell{}, Threats: []ssf.ID{}, Open: []ssf.ID{}, Pos: r.Pos}
		seen := map[int]bool{}
		for _, c := range r.Protects {
			out.Protects = append(out.Protects, c.Cell())
			for _, at := range endangered[c.Cell()] {
				seen[at] = true
			}
		}
		worst := map[ssf.State]bool{}
		for at := range seen {
			in := &e.Instances[at]
			worst[in.State] = true
			out.Threats = append(out.Threats, in.ID)
			if !in.State.Treated() || in.State == ssf.Planned {
				out.Open = append(out.Open, in.ID)
			}
		}
		slices.Sort(out.Threats)
		slices.Sort(out.Open)
		switch {
		case len(seen) == 0:
			out.Status = ssf.NotShown
		case len(out.Open) > 0:
			out.Status = ssf.NotUpheld
		case worst[ssf.Accepted]:
			out.Status = ssf.Residual
		case worst[ssf.Transferred]:
			out.Status = ssf.UpheldByAssumption
		default:
			out.Status = ssf.Upheld
		}
		e.Case.Requirements = append(e.Case.Requirements, out)
	}
}

// around finds for each list of assets where threats on them stand: the
// inverse of [evaluation.lists]. What endangers all because it names none is left
// out: each requirement would wait for each such threat, which stands by itself.
func (e *Evaluation) around() map[stakeKey][]int32 {
	out := map[stakeKey][]int32{}
	for i := range e.Nodes {
		for _, k := range e.lists(int32(i)) {
			if e.Nodes[k.node].Sort != ssf.SortSystem || k.node == int32(i) {
				out[k] = append(out[k], int32(i))
			}
		}
	}
	return out
}

// endangered finds for each cell the instances that endanger it: those of the
// team's own that name it, those at a function, and those that stand one hop
// from an asset. Only the cells of requirements are looked at.
func (e *Evaluation) endangered() map[ssf.Cell][]int {
	out := map[ssf.Cell][]int{}
	for i := range e.Model.Requirements {
		for _, c := range e.Model.Requirements[i].Protects {
			out[c.Cell()] = nil
		}
	}
	if len(out) == 0 {
		return out
	}
	add := func(c ssf.Cell, at int) {
		if all, asked := out[c]; asked {
			out[c] = append(all, at)
		}
	}
	for at := range e.Instances {
		in := &e.Instances[at]
		for _, own := range in.Said() {
			for _, c := range own.Endangers {
				add(c.Cell(), at)
			}
		}
		if n := &e.Nodes[in.Node]; n.Function != nil {
			for _, p := range ssf.FunctionProperties {
				add(ssf.Cell{Element: n.ID, Property: p}, at)
			}
		}
	}
	for k, nodes := range e.around() {
		for _, a := range e.assetsOf(k) {
			for _, p := range ssf.AssetProperties {
				c := ssf.Cell{Element: e.Nodes[a].ID, Property: p}
				if _, asked := out[c]; !asked {
					continue
				}
				for _, n := range nodes {
					for _, at := range e.At[n] {
						if in := &e.Instances[at]; in.Own == nil && slices.Contains(in.Rule.Endangers, p) {
							add(c, at)
						}
					}
				}
			}
		}
	}
	return out
}

// Keys are the keys of the language that decide something and are no facts, with
// their questions.
var Keys = map[ssf.ID]string{
	"zone":  "In which trust zone is it?",
	"kind":  "What kind of thing is it exactly?",
	"allow": "Who may use it, on which objects, how do they prove who they are (`allow`), and what happens to everybody else (`otherwise`)?",
	"does":  "What does it do with its assets?",
	"needs": "How much confidentiality, integrity and availability does it need (`needs:` of the asset), and how much privacy if it tells about people?",
}
