package eval

import (
	"fmt"
	"slices"
	"strings"

	"ssf"
	"ssf/internal/rule"
)

// answers are what answers each cell: requirements, decisions, assumptions.
func (e *evaluation) answers() map[ssf.Cell][]ssf.ID {
	out := map[ssf.Cell][]ssf.ID{}
	for _, r := range e.Model.Requirements {
		for _, c := range r.Protects {
			out[c.Cell()] = append(out[c.Cell()], "requirement:"+r.ID)
		}
	}
	for _, a := range e.holding {
		for _, c := range a.Answers {
			if a.holds == rule.True {
				out[c.Cell()] = append(out[c.Cell()], "assumption:"+a.ID)
			}
		}
	}
	for _, d := range e.decided {
		if c := d.Cell.Cell(); c.Element != "" && !d.lapsed {
			out[c] = append(out[c], ssf.ID(fmt.Sprintf("decision:%s:%d", d.Pos.File, d.Pos.Line)))
		}
	}
	return out
}

// fillMatrices finds which cells apply and what answers them: for assets by
// property, for functions by duty, for catalogues by control.
func (e *evaluation) fillMatrices() {
	answers := e.answers()
	assets := ssf.Matrix{Name: "assets", Columns: ssf.AssetProperties, Cells: []ssf.MatrixCell{}}
	functions := ssf.Matrix{Name: "functions", Columns: ssf.FunctionProperties, Cells: []ssf.MatrixCell{}}
	changed := map[int32]bool{}
	for i := range e.nodes {
		if n := int32(i); e.nodes[i].sort == ssf.SortFunction && e.get(n, "changes") != no {
			for _, a := range e.world.Many(n, rule.Assets) {
				changed[a] = true
			}
		}
	}
	hurts := e.get(0, "can_hurt")
	for i := range e.nodes {
		n := int32(i)
		switch e.nodes[i].sort {
		case ssf.SortAsset:
			for _, p := range ssf.AssetProperties {
				applies := map[ssf.Property]bool{ssf.Authenticity: changed[n], ssf.Accountability: changed[n], ssf.Privacy: e.get(n, "personal") == yes, ssf.Safety: hurts == yes}
				if want, special := applies[p]; special && !want && !stated(e.nodes[i].asset, p) {
					continue
				}
				assets.Cells = append(assets.Cells, e.assetCell(n, p, answers))
			}
		case ssf.SortFunction:
			functions.Cells = append(functions.Cells, e.functionCells(n, answers)...)
		}
	}
	e.c.Matrices = []ssf.Matrix{assets, functions}
	for _, c := range e.Model.Use.Catalogues {
		e.c.Matrices = append(e.c.Matrices, e.catalogueMatrix(c.ID))
	}
	for i := range e.c.Matrices {
		for _, c := range e.c.Matrices[i].Cells {
			if len(c.AnsweredBy) > 0 {
				e.c.Matrices[i].Answered++
			}
		}
	}
}

func stated(a *ssf.Asset, p ssf.Property) bool {
	return slices.ContainsFunc(a.Needs, func(n ssf.Need) bool { return n.Property.ID == ssf.ID(p) })
}

// assetCell is answered by a need of none, a need that says for whom only, or
// whatever else answers cells.
func (e *evaluation) assetCell(n int32, p ssf.Property, answers map[ssf.Cell][]ssf.ID) ssf.MatrixCell {
	cell := ssf.Cell{Element: e.nodes[n].ID, Property: p}
	out := ssf.MatrixCell{Cell: cell, AnsweredBy: orEmpty(slices.Clone(answers[cell]))}
	for _, need := range e.nodes[n].asset.Needs {
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
func (e *evaluation) functionCells(n int32, answers map[ssf.Cell][]ssf.ID) (cells []ssf.MatrixCell) {
	f := e.nodes[n].function
	for _, p := range ssf.FunctionProperties {
		access := p == ssf.Authentication || p == ssf.Authorisation
		if access && e.get(n, "crosses_boundary") == no || !access && e.get(n, "changes") == no {
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
func (e *evaluation) catalogueMatrix(use ssf.ID) ssf.Matrix {
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
func (e *evaluation) judgeRequirements() {
	for i := range e.Model.Requirements {
		r := &e.Model.Requirements[i]
		out := ssf.RequirementResult{ID: r.ID, Says: r.Says, Protects: []ssf.Cell{}, Threats: []ssf.ID{}, Open: []ssf.ID{}, Pos: r.Pos}
		seen := map[int]bool{}
		for _, c := range r.Protects {
			out.Protects = append(out.Protects, c.Cell())
			for _, at := range e.endangering(c.Cell()) {
				seen[at] = true
			}
		}
		worst := map[ssf.State]bool{}
		for at := range seen {
			in := &e.instances[at]
			worst[in.state] = true
			out.Threats = append(out.Threats, in.id)
			if !in.state.Treated() || in.state == ssf.Planned {
				out.Open = append(out.Open, in.id)
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
		e.c.Requirements = append(e.c.Requirements, out)
	}
}

// endangering are the instances that endanger a cell: those at the element
// itself, and at whatever carries, handles or stores it.
func (e *evaluation) endangering(c ssf.Cell) (out []int) {
	a := e.world.Lookup(c.Element)
	if a < 0 {
		return nil
	}
	if e.nodes[a].sort != ssf.SortAsset {
		return e.at[a]
	}
	add := func(n int32) {
		for _, at := range e.at[n] {
			if in := &e.instances[at]; in.own == nil && slices.Contains(in.rule.Endangers, c.Property) {
				out = append(out, at)
			}
		}
	}
	add(a)
	for _, holder := range e.world.Many(a, rule.Holders) {
		add(holder)
		stored := slices.Contains(e.world.Many(holder, rule.Stores), a)
		for _, f := range e.world.Many(holder, rule.Incoming) {
			if stored || slices.Contains(e.world.Many(f, rule.Carries), a) {
				add(f)
			}
		}
		for _, f := range e.world.Many(holder, rule.Outgoing) {
			if slices.Contains(e.world.Many(f, rule.Carries), a) {
				add(f)
			}
		}
	}
	for n := range e.nodes {
		if e.nodes[n].sort == ssf.SortFunction && slices.Contains(e.world.Many(int32(n), rule.Assets), a) {
			add(int32(n))
		}
	}
	for at := range e.instances {
		if in := &e.instances[at]; in.own != nil && slices.ContainsFunc(in.own.Endangers, func(o ssf.CellRef) bool { return o.Cell() == c }) {
			out = append(out, at)
		}
	}
	return out
}

// pseudo are the keys of the language that decide something and are no facts.
var pseudo = map[ssf.ID]string{
	"zone":  "In which trust zone is it?",
	"kind":  "What kind of thing is it exactly?",
	"allow": "Who may use it, on which objects, and how do they prove who they are?",
}

// ask groups the unknown facts that threats need, each counted by the threats
// that it helps to decide.
func (e *evaluation) ask() {
	for i := range e.nodes {
		for _, f := range e.nodes[i].Facts {
			if f.Value == "" {
				e.asked[ssf.FactRef{Element: e.nodes[i].ID, Fact: f.Fact.ID}] = true
			}
		}
	}
	type group struct {
		at      map[ssf.ID]bool
		unlocks int
	}
	groups := map[ssf.ID]*group{}
	for i := range e.instances {
		in := &e.instances[i]
		if in.state.Treated() {
			continue
		}
		counted := map[ssf.ID]bool{}
		for _, r := range in.needs {
			g := groups[r.Fact]
			if g == nil {
				g = &group{at: map[ssf.ID]bool{}}
				groups[r.Fact] = g
			}
			g.at[r.Element] = true
			if !counted[r.Fact] {
				counted[r.Fact] = true
				g.unlocks++
			}
		}
	}
	e.c.Questions = []ssf.OpenQuestion{}
	for fact, g := range groups {
		q := ssf.OpenQuestion{Fact: fact, Elements: []ssf.ID{}, Asks: pseudo[fact], Values: []string{}, Unlocks: g.unlocks}
		for at := range g.at {
			if e.asked[ssf.FactRef{Element: at, Fact: fact}] {
				q.Asked = append(q.Asked, at)
			} else {
				q.Elements = append(q.Elements, at)
			}
		}
		slices.Sort(q.Elements)
		slices.Sort(q.Asked)
		if def := e.vocab.Fact(fact); def != nil {
			q.Asks = def.Asks
			for _, v := range def.Values {
				q.Values = append(q.Values, string(v.ID))
			}
			if derivedOn(def, ssf.SortAsset) { // a need of the asset
				q.Asks = "How much " + strings.ToLower(def.Title) + " does it need (`needs:` of the asset)?"
			}
		}
		e.c.Questions = append(e.c.Questions, q)
	}
	slices.SortFunc(e.c.Questions, func(a, b ssf.OpenQuestion) int {
		if a.Unlocks != b.Unlocks {
			return b.Unlocks - a.Unlocks
		}
		return strings.Compare(string(a.Fact), string(b.Fact))
	})
}
