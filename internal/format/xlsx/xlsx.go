// Package xlsx writes a case as a workbook (Office Open XML, ECMA-376): one sheet
// for each list that people sort and filter. Nothing in it is calculated, and the
// same case gives the same bytes.
package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/xuri/excelize/v2"

	"ssf"
	"ssf/internal/format"
)

// Format is the workbook.
var Format = format.Format{
	Name:  "xlsx",
	Title: "workbook for Excel, LibreOffice and others",
	Write: write,
	Loses: []string{
		"matrices, requirements, assumptions, deployments, people, diagnostics, gates, controls, pins, the comparison with an earlier commit and the files of the library",
		"what measures say, but for their titles, and rules in plain words",
		"of a threat of the team's own that is the same as a derived one all but id and title",
		"what a threat rests on, why it is stale, digests and keys, and each test of a verification beyond their numbers",
		"ids in the tool that a model was imported from",
		"the order of the model in the sheet of threats, which begins with the worst that is open",
		"what a cell cannot hold: text beyond 32,767 characters, and characters that steer or turn text",
	},
}

// maxRows is what a sheet holds, its head among them.
const maxRows = 1 << 20

// maxLines is how many lines of a text are seen at once; the rest is in the cell.
const maxLines = 6

// A sheet is a table with a head. Rows hold texts, whole numbers and levels.
type sheet struct {
	name    string
	columns []column
	rows    [][]any
}

type column struct {
	title string
	width float64 // in characters
}

func write(c *ssf.Case) ([]format.File, error) {
	f := excelize.NewFile()
	defer f.Close()
	// The library takes its entries from maps and puts no time on them.
	f.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return &orderedZip{w: w, time: since1980(c.Now)} })
	b := book{File: f, levels: map[ssf.Level]int{}}
	b.prepare(c)
	for i, s := range sheets(c) {
		b.add(i, s)
	}
	if b.err != nil {
		return nil, fmt.Errorf("writing a workbook: %w", b.err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		return nil, fmt.Errorf("writing a workbook: %w", err)
	}
	return []format.File{{Name: "report.xlsx", Data: out.Bytes()}}, nil
}

// A book is a workbook on its way with the styles of its cells; after an error
// nothing more is done.
type book struct {
	*excelize.File
	err                         error
	head, text, literal, number int
	levels                      map[ssf.Level]int
}

func (b *book) do(step func() error) {
	if b.err == nil {
		b.err = step()
	}
}

func (b *book) style(s *excelize.Style) (id int) {
	s.Alignment = &excelize.Alignment{Vertical: "top", WrapText: true}
	b.do(func() (err error) { id, err = b.NewStyle(s); return err })
	return id
}

// colours are those of the levels, so that the worst is seen first.
var colours = []struct {
	level      ssf.Level
	fill, text string
}{
	{ssf.Critical, "7F1D1D", "FFFFFF"},
	{ssf.High, "FECACA", "450A0A"},
	{ssf.Medium, "FED7AA", "431407"},
	{ssf.Low, "FEF08A", "422006"},
	{ssf.Unknown, "E9D5FF", "3B0764"},
}

func (b *book) prepare(c *ssf.Case) {
	b.head = b.style(&excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Bold: true, Color: "FFFFFF"}, Fill: fill("1F2937")})
	b.text = b.style(&excelize.Style{})
	b.number = b.style(&excelize.Style{NumFmt: 3}) // #,##0
	for _, l := range colours {
		b.levels[l.level] = b.style(&excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Color: l.text}, Fill: fill(l.fill)})
	}
	// A cell that begins like a formula stays text also when somebody edits it.
	b.literal = b.style(&excelize.Style{NumFmt: 49})
	if b.err == nil {
		quoted := true
		b.Styles.CellXfs.Xf[b.literal].QuotePrefix = &quoted
	}
	now := c.Now.UTC().Format(time.RFC3339)
	b.do(func() error {
		return b.SetDocProps(&excelize.DocProperties{Creator: clean(c.Tool), LastModifiedBy: clean(c.Tool), Created: now, Modified: now, Title: clean(c.System.Name)})
	})
}

func fill(colour string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
}

// add puts a sheet behind those that are there.
func (b *book) add(at int, s sheet) {
	if len(s.rows) >= maxRows {
		b.do(func() error { return fmt.Errorf("%d rows of %s are more than a sheet holds", len(s.rows), s.name) })
	}
	b.do(func() error {
		if at == 0 {
			return b.SetSheetName("Sheet1", s.name)
		}
		_, err := b.NewSheet(s.name)
		return err
	})
	for i, c := range s.columns {
		b.do(func() error {
			name, err := excelize.ColumnNumberToName(i + 1)
			if err != nil {
				return err
			}
			return b.SetColWidth(s.name, name, name, c.width)
		})
		b.cell(s.name, i, 0, c.title, b.head)
	}
	for y, row := range s.rows {
		lines := 1
		for x, v := range row {
			b.value(s.name, x, y+1, v)
			if text, ok := v.(string); ok {
				lines = max(lines, 1+int(float64(min(len(text), maxCell))/s.columns[x].width))
			}
		}
		// Programs that find a filter in a sheet leave rows as high as they are.
		b.do(func() error { return b.SetRowHeight(s.name, y+2, float64(15*min(lines, maxLines))) })
	}
	b.do(func() error {
		return b.SetPanes(s.name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	})
	b.do(func() error {
		last, err := excelize.CoordinatesToCellName(len(s.columns), len(s.rows)+1)
		if err != nil {
			return err
		}
		return b.AutoFilter(s.name, "A1:"+last, nil)
	})
	// On paper a sheet is as wide as a page and as long as it needs.
	landscape, yes, width, height := "landscape", true, 1, 0
	b.do(func() error { return b.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: &yes}) })
	b.do(func() error {
		return b.SetPageLayout(s.name, &excelize.PageLayoutOptions{Orientation: &landscape, FitToWidth: &width, FitToHeight: &height})
	})
}

// value puts one value into a cell. An empty text leaves none.
func (b *book) value(sheet string, x, y int, v any) {
	switch v := v.(type) {
	case ssf.Level:
		style, ok := b.levels[v]
		if !ok {
			style = b.text
		}
		b.cell(sheet, x, y, v.String(), style)
	case int:
		b.cell(sheet, x, y, v, b.number)
	case string:
		if v == "" {
			return
		}
		style := b.text
		v, formula := inCell(v)
		if formula {
			style = b.literal
		}
		b.cell(sheet, x, y, v, style)
	default:
		b.do(func() error { return fmt.Errorf("a cell of %T", v) })
	}
}

// escaped is how a workbook writes a character by its number; text that looks so has
// its first underscore written that way (ECMA-376, 22.9.2.19).
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}`)

// cell sets a cell; texts are strings for the library, which makes no formula of them.
func (b *book) cell(sheet string, x, y int, v any, style int) {
	b.do(func() error {
		name, err := excelize.CoordinatesToCellName(x+1, y+1)
		if err != nil {
			return err
		}
		if s, ok := v.(string); ok {
			err = b.SetCellStr(sheet, name, escaped.ReplaceAllString(s, "_x005F$0"))
		} else {
			err = b.SetCellValue(sheet, name, v)
		}
		if err != nil {
			return err
		}
		return b.SetCellStyle(sheet, name, name, style)
	})
}

// since1980 is a time that a zip archive can hold.
func since1980(t time.Time) time.Time {
	first := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	if t = t.UTC().Truncate(2 * time.Second); t.Before(first) || t.Year() > 2107 {
		return first
	}
	return t
}

// An orderedZip writes its entries by name, after the one by which programs
// recognise a workbook.
type orderedZip struct {
	w       io.Writer
	time    time.Time
	entries map[string]*bytes.Buffer
}

// Create begins an entry.
func (z *orderedZip) Create(name string) (io.Writer, error) {
	if z.entries == nil {
		z.entries = map[string]*bytes.Buffer{}
	}
	z.entries[name] = new(bytes.Buffer)
	return z.entries[name], nil
}

// AddFS is part of the library's interface and has no use here.
func (z *orderedZip) AddFS(fs.FS) error { return fmt.Errorf("adding a folder: %w", fs.ErrInvalid) }

// Close writes the archive.
func (z *orderedZip) Close() error {
	const first = "[Content_Types].xml"
	names := slices.Sorted(maps.Keys(z.entries))
	if i := slices.Index(names, first); i > 0 {
		names = append([]string{first}, slices.Delete(names, i, i+1)...)
	}
	out := zip.NewWriter(z.w)
	for _, name := range names {
		w, err := out.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.time})
		if err != nil {
			return err
		}
		if _, err := w.Write(z.entries[name].Bytes()); err != nil {
			return err
		}
	}
	return out.Close()
}
