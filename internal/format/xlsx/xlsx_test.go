package xlsx

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"ssf"
)

var now = time.Date(2027, 1, 15, 8, 0, 1, 0, time.UTC)

func open(t *testing.T, c *ssf.Case) (*excelize.File, []byte) {
	t.Helper()
	files, err := write(c)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(files[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, files[0].Data
}

// TestSheets: each list of the case is a sheet with a frozen head, a filter, and a
// row for each of its members.
func TestSheets(t *testing.T) {
	c := &ssf.Case{
		Now: now, System: ssf.SystemInfo{Name: "Shop"},
		Threats: []ssf.Threat{
			{ID: "b@x", Element: "x", State: ssf.Mitigated, Risk: ssf.Critical},
			{ID: "a@x", Element: "x", State: ssf.Open, Risk: ssf.Low, Title: "Title"},
			{ID: "c@x", Element: "x", State: ssf.Open, Risk: ssf.Unknown},
		},
		Mitigations:   []ssf.MitigationResult{{ID: "m"}},
		Verifications: []ssf.VerificationInfo{{ID: "v", Verifies: []ssf.ID{"m"}, State: ssf.NeverRun}},
		Questions:     []ssf.OpenQuestion{{Fact: "f", Unlocks: 1234}},
		Elements:      []ssf.ElementInfo{{ID: "x"}},
		Decisions:     []ssf.DecisionResult{{About: "a@x", Covers: []ssf.ID{"a@x"}, Due: "2027-02-01"}},
	}
	f, _ := open(t, c)
	if got := strings.Join(f.GetSheetList(), " "); got != "Summary Threats Mitigations Verifications Questions Elements Decisions" {
		t.Errorf("sheets are %s", got)
	}
	for name, want := range map[string]int{"Threats": 4, "Mitigations": 2, "Verifications": 2, "Questions": 2, "Elements": 2, "Decisions": 2} {
		rows, err := f.GetRows(name)
		if err != nil || len(rows) != want {
			t.Errorf("%s has %d rows, want %d (%v)", name, len(rows), want, err)
		}
		panes, err := f.GetPanes(name)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("the head of %s is not frozen: %+v %v", name, panes, err)
		}
	}
	filters := 0
	for _, n := range f.GetDefinedName() {
		if strings.HasSuffix(n.Name, "_FilterDatabase") {
			filters++
		}
	}
	if filters != 7 {
		t.Errorf("%d sheets have a filter, want 7", filters)
	}
	rows, _ := f.GetRows("Threats")
	if rows[1][22] != "c@x" || rows[2][22] != "a@x" || rows[3][22] != "b@x" {
		t.Errorf("the threats do not begin with the worst that is open: %q", rows)
	}
	if rows[2][15] != "2027-02-01" {
		t.Errorf("a planned threat has no day: %q", rows[2])
	}
	if q, _ := f.GetRows("Questions"); q[1][4] != "1,234" {
		t.Errorf("a number is %q", q[1][4])
	}
	if m, _ := f.GetRows("Mitigations"); m[1][9] != "v (never run)" {
		t.Errorf("a mitigation is verified by %q", m[1][9])
	}
}

// TestTexts: no text is calculated, whatever it begins with, and none is too long
// for a cell.
func TestTexts(t *testing.T) {
	texts := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://x\")", "1234", "2027-01-15", "<b>&\"]]>", "a\x00b\u202e", "_x0041_", "_x0041_x0042_ _x005F_", strings.Repeat("\U0001f600", 40_000), "x\xff"}
	c := &ssf.Case{Now: now}
	for _, s := range texts {
		c.Threats = append(c.Threats, ssf.Threat{ID: "same", Title: s, State: ssf.Open})
	}
	f, _ := open(t, c)
	for i, s := range texts {
		cell, err := excelize.CoordinatesToCellName(3, i+2)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := f.GetCellType("Threats", cell)
		if err != nil || kind != excelize.CellTypeSharedString {
			t.Errorf("%.20q is a cell of type %v (%v)", s, kind, err)
		}
		if formula, err := f.GetCellFormula("Threats", cell); err != nil || formula != "" {
			t.Errorf("%.20q is the formula %q (%v)", s, formula, err)
		}
		want, starts := inCell(s)
		got, err := f.GetCellValue("Threats", cell)
		if err != nil || got != want {
			t.Errorf("%.20q is read as %.40q (%v)", s, got, err)
		}
		if n := len(utf16.Encode([]rune(got))); n > maxCell {
			t.Errorf("%.20q has %d units", s, n)
		}
		id, err := f.GetCellStyle("Threats", cell)
		if err != nil {
			t.Fatal(err)
		}
		quoted := f.Styles.CellXfs.Xf[id].QuotePrefix
		if starts != (quoted != nil && *quoted) || starts != strings.Contains("=+-@\t", s[:1]) {
			t.Errorf("%.20q: it begins like a formula: %v, is kept as text when edited: %v", s, starts, quoted)
		}
	}
}

// TestBytes: the same case gives the same bytes, and the times in them are the case's.
func TestBytes(t *testing.T) {
	c := &ssf.Case{Now: now, Tool: "ssf 1"}
	for i := range 200 {
		c.Threats = append(c.Threats, ssf.Threat{ID: ssf.ID(strings.Repeat("x", i)), Title: strings.Repeat("y", i), State: ssf.Open})
	}
	f, first := open(t, c)
	for range 5 {
		if _, again := open(t, c); !bytes.Equal(first, again) {
			t.Fatal("other bytes the second time")
		}
	}
	z, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range z.File {
		if !e.Modified.Equal(now.Truncate(2 * time.Second)) {
			t.Errorf("%s is of %v", e.Name, e.Modified)
		}
		if i > 1 && z.File[i-1].Name > e.Name {
			t.Errorf("%s stands behind %s", e.Name, z.File[i-1].Name)
		}
	}
	if z.File[0].Name != "[Content_Types].xml" {
		t.Errorf("the first entry is %s", z.File[0].Name)
	}
	p, err := f.GetDocProps()
	if err != nil || p.Created != "2027-01-15T08:00:01Z" || p.Creator != "ssf 1" {
		t.Errorf("properties are %+v (%v)", p, err)
	}
	for year, want := range map[int]int{0: 1980, 1979: 1980, 2027: 2027, 2108: 1980, 9999: 1980} {
		if got := since1980(time.Date(year, 5, 1, 0, 0, 0, 0, time.UTC)).Year(); got != want {
			t.Errorf("the year %d is %d in an archive, want %d", year, got, want)
		}
	}
}

// TestTooMany: what a sheet cannot hold is an error, and not left out.
func TestTooMany(t *testing.T) {
	b := book{File: excelize.NewFile()}
	b.add(0, sheet{name: "Threats", rows: make([][]any, maxRows)})
	if b.err == nil || !strings.Contains(b.err.Error(), "1048576 rows of Threats") {
		t.Errorf("the error is %v", b.err)
	}
}
