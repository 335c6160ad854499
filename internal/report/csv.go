package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"ssf"
	"ssf/internal/markup"
)

// csvColumns are the columns of the table of threats; see spec/reports.md.
var csvColumns = []string{
	"id", "rule", "element", "title", "origin", "state", "why", "risk", "likelihood", "likelihood_why", "impact", "impact_why",
	"endangers", "mitigations", "measures", "needs", "stride", "weaknesses", "attacks", "file", "line",
}

// byteOrderMark tells a spreadsheet that a file is UTF-8; without it several of
// them read letters beyond ASCII wrongly.
const byteOrderMark = "\ufeff"

// CSV writes the threats as RFC 4180 has it, one a row in the order of the
// case. A cell that a spreadsheet would take for a formula begins with an
// apostrophe.
func CSV(w io.Writer, c *ssf.Case) error {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return err
	}
	b := newBuilder(c)
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(csvColumns); err != nil {
		return err
	}
	for i := range c.Threats {
		t := &c.Threats[i]
		var endangers, needs []string
		for _, x := range t.Endangers {
			endangers = append(endangers, x.String())
		}
		if t.EndangersMore > 0 {
			endangers = append(endangers, "and "+strconv.Itoa(t.EndangersMore)+" more")
		}
		for _, x := range t.Needs {
			needs = append(needs, x.String())
		}
		var weaknesses, attacks []ssf.ID
		if r := b.rules[t.Rule]; r != nil {
			weaknesses, attacks = r.Weaknesses, r.Attacks
		}
		file, line := "", ""
		if p := b.placeOf(t); p.Known() {
			file, line = p.File, strconv.Itoa(p.Line)
		}
		row := []string{
			string(t.ID), string(t.Rule), string(t.Element), t.Title, string(t.Origin), string(t.State), t.Why, t.Risk.String(), t.Likelihood.String(), t.LikelihoodWhy, t.Impact.String(), t.ImpactWhy,
			strings.Join(endangers, "; "), list(t.Mitigations), list(t.Measures), strings.Join(needs, "; "), strings.Join(t.Stride, "; "), list(weaknesses), list(attacks), file, line,
		}
		for i := range row {
			row[i] = defuse(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func list(ids []ssf.ID) string {
	var s []string
	for _, id := range ids {
		s = append(s, string(id))
	}
	return strings.Join(s, "; ")
}

// defuse makes a cell that no spreadsheet calculates: what begins like a
// formula gets an apostrophe before it, and what steers a reader is replaced.
func defuse(s string) string {
	begins := ""
	if s != "" {
		begins = s[:1]
	}
	s = markup.Clean(s)
	if begins != "" && strings.Contains("=+-@\t\r", begins) {
		return "'" + s
	}
	return s
}
