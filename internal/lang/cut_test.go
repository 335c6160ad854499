package lang

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ssf"
)

// readAs reads a text in pieces of about n lines, or as one if n is 0.
func readAs(t testing.TB, text string, n int) (*Snapshot, cutting) {
	t.Helper()
	defer func(old int) { pieceLines = old }(pieceLines)
	s := newSource(RootFile, text)
	f := &file{source: s}
	snap := &Snapshot{words: coreWords(t), files: map[string]*file{RootFile: f}}
	if pieceLines = n; n == 0 {
		f.results = []result{piece{src: s, from: 1, to: len(s.lines) + 1}.read(snap.words)}
	} else {
		readAll([]*file{f}, nil, snap.words)
	}
	snap.join(f.results, nil)
	return snap, s.pieces()
}

var coreIndex *Words

func coreWords(t testing.TB) *Words {
	if coreIndex == nil {
		coreIndex = NewWords(library(t))
	}
	return coreIndex
}

// sameEitherWay is the law of cutting: a text that is accepted as one is
// accepted in pieces, and the other way round, and reads the same.
func sameEitherWay(t interface {
	testing.TB
}, text string,
) (ok bool) {
	t.Helper()
	whole, cuts := readAs(t, text, 0)
	for _, n := range []int{1, 3, 2000} {
		pieces, _ := readAs(t, text, n)
		if cuts.final {
			if !ssf.HasErrors(pieces.Diagnostics) {
				t.Fatalf("cut at %d lines: no error, but %v", n, cuts.diags)
			}
			continue
		}
		if a, b := ssf.HasErrors(whole.Diagnostics), ssf.HasErrors(pieces.Diagnostics); a != b {
			t.Fatalf("cut at %d lines: errors as one %v, in pieces %v, of\n%s", n, whole.Diagnostics, pieces.Diagnostics, text)
		} else if !a && !reflect.DeepEqual(whole.Model, pieces.Model) {
			t.Fatalf("cut at %d lines: as one %+v\nin pieces %+v\nof\n%s", n, whole.Model, pieces.Model, text)
		}
	}
	return !ssf.HasErrors(whole.Diagnostics)
}

const start = "ssf: 1\nsystem: {name: Shop}\n"

// odd are legal models that look as if they were cut elsewhere.
var odd = map[string]string{
	"list at column 0":         start + "decisions:\n- cell: a.integrity\n  treat: not_applicable\n  because: x\n- {cell: a.availability, treat: not_applicable, because: x}\nassets:\n  a: {}\n",
	"list with wide dashes":    start + "decisions:\n-   cell: a.integrity\n    treat: not_applicable\n    because: x\nassets:\n  a: {}\n",
	"item below its dash":      start + "decisions:\n-\n  cell: a.integrity\n  treat: not_applicable\n  because: x\nassets: {a: {}}\n",
	"comments between":         start + "# one\nzones:\n# two\n  # three\n  a: # four\n# five\n    trust: low # six\n\n  # seven\n  b:\n    # eight\n    trust: low\n#nine\nassets: # ten\n  c: {}\n",
	"only comments in entry":   start + "zones:\n  a: {}\n  # b: {}\n\n# c:\n",
	"literal like keys":        start + "zones:\n  a:\n    says: |\n      zones:\n        b: {}\n      system:\n    trust: low\n  c:\n    says: |\n     d:\n      e: f\n",
	"folded like keys":         start + "zones:\n  a:\n    says: >\n      zones:\n\n      b: {}\n\n    trust: low\n",
	"literal with indicator":   start + "zones:\n  a:\n    says: |2\n        - x\n       y:\n      z\n    trust: low\n",
	"literal of a list":        start + "decisions:\n- cell: a.integrity\n  treat: not_applicable\n  because: |\n   - cell: b\n   zones:\nassets: {a: {}}\n",
	"literal kept to the end":  start + "zones:\n  a:\n    says: |+\n      text\n\n\n",
	"plain over lines":         start + "zones:\n  a:\n    says: one\n      two\n\n      three\n    trust: low\n",
	"plain with a dash":        start + "zones:\n  a:\n    says: one\n      - two\n    trust: low\n",
	"quoted over lines":        start + "zones:\n  a:\n    says: 'one\n      zones:\n\n      b: {}'\n    trust: low\n  c: {says: \"x\n    y: z\"}\n",
	"quoted at column 0":       start + "zones:\n  a:\n    says: \"one\nzones: {}\nsystem: two\"\n    trust: low\nassets:\n  c: {}\n",
	"quoted at the entries":    start + "zones:\n  a: {says: 'one\n  b: two\n  c: three'}\n  d: {}\n",
	"quoted with dashes":       start + "decisions:\n- cell: a.integrity\n  treat: not_applicable\n  because: 'one\n- two\n- three'\nassets: {a: {}}\n",
	"quoted keys":              "\"ssf\": 1\n'system': {\"name\": Shop}\n\"zones\":\n  \"a\":\n    'trust': low\n  b: {}\n",
	"quoted key in the middle": start + "zones:\n  a: {}\n  'b': {}\n  \"c\":\n    trust: low\n",
	"space before the colon":   "ssf : 1\nsystem : {name : Shop}\nzones :\n  a : {trust : low}\n",
	"flow over lines":          start + "zones: {\n  a: {trust: low},\n  b:\n    {trust: low}\n}\nassets: {c: {needs: {\nintegrity: low\n}}}\n",
	"flow closed at column 0":  start + "use:\n  libraries: [\n    ssf/core\n]\nzones:\n  a: {\n    trust: low\n}\n  b: {trust: low\n}\nassets:\n  c: {}\n",
	"flow at column 0":         start + "zones: {a: {trust: low},\nb: {trust: low}}\nassets: {}\n",
	"flow below its key":       start + "zones:\n  {a: {trust: low}}\nuse:\n  libraries:\n    [ssf/core]\ndecisions:\n  []\n",
	"flow as a whole":          "{ssf: 1, system: {name: Shop},\nzones: {a: {}}}\n",
	"flow after a mark":        "---\n{ssf: 1, system: {name: Shop}}\n",
	"flow in the second line":  "\n  {ssf: 1, system: {name: Shop}}\n",
	"JSON":                     "{\n\t\"ssf\": 1,\n\t\"system\": {\"name\":\"Shop\"},\n\t\"zones\": {\n\t\t\"a\": {\"says\": \"x\\/y \\u00e9\", \"trust\": \"low\"}\n\t}\n}\n",
	"explicit keys":            start + "? zones\n: ? a\n  : {trust: low}\n  ? b\n  : trust: low\nassets:\n  ? c\n  : {}\n  d: {}\n",
	"marked":                   "--- # a model\n" + start + "zones: {}\n",
	"after comments":           "# one\n\n---\n# two\n" + start,
	"indented":                 "  ssf: 1\n  system:\n    name: Shop\n  zones:\n    a: {}\n",
	"indented by one":          " ssf: 1\n system: {name: Shop}\n",
	"blank lines":              "\n\nssf: 1\n\n\nsystem:\n\n  name: Shop\n\nzones:\n\n\n  a:\n\n    trust: low\n\n  b: {}\n\n",
	"spaces in blank lines":    "ssf: 1\n   \nsystem: {name: Shop}\nzones:\n \n  a: {}\n      \n  b: {}\n\t\n",
	"no final line break":      "ssf: 1\nsystem:\n  name: Shop\nzones:\n  a: {trust: low}",
	"trailing spaces":          "ssf: 1  \nsystem:  \n  name: Shop  \nzones:   \n  a:   \n    trust: low   \n",
	"wide indentation":         start + "zones:\n        a:\n                trust: low\n        b: {}\n",
	"uneven indentation":       start + "zones:\n a:\n    trust: low\n b:\n  trust: low\nassets:\n     c: {}\n",
	"empty sections":           start + "zones: {}\nactors: { }\ndecisions: []\nassets:\n  {}\n",
	"hash in a word":           start + "zones:\n  a: {says: x#y}\n  b:\n    says: a#b\n",
	"colons in words":          start + "zones:\n  a:\n    says: see https://example.org:80/x\n",
	"dashes in words":          start + "zones:\n  a:\n    says: -x\n  b:\n    says: --- x\n",
	"mark in a text":           start + "zones:\n  a:\n    says: |\n      ---\n      ...\n      %YAML\n",
	"percent in a text":        start + "zones:\n  a:\n    says: 5\n      % of all\n",
	"wide characters":          start + "zones:\n  a: {says: 日本, name: ñ}\n  b: {says: \"\\U0001F600\"}\n",
	"dash and tab":             start + "use:\n  libraries:\n  -\tssf/core\n",
	"tab before a comment":     start + "zones:\n  a: {}\t# x\n  b:\t{}\n",
	"many entries":             start + "zones:\n" + strings.Repeat("  # x\n", 50) + entries(100),
}

func entries(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("  z" + strings.Repeat("x", i) + ":\n    says: >-\n      a:\n       b\n    trust: low\n")
	}
	return b.String()
}

func TestCutOdd(t *testing.T) {
	for name, text := range odd {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), strings.TrimRight(text, "\n")} {
				if !sameEitherWay(t, text) {
					s := load(t, text)
					t.Errorf("refused: %v", s.Diagnostics[0].Message)
				}
			}
		})
	}
}

// TestCutRandom tries the law on models in random notation.
func TestCutRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := start + drawModel(t)
		if rapid.Bool().Draw(t, "crlf") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		if !sameEitherWay(rapidTB{t: t}, text) {
			s, _ := readAs(rapidTB{t: t}, text, 0)
			t.Fatalf("refused: %v: %s\n%s", s.Diagnostics[0].Pos, s.Diagnostics[0].Message, text)
		}
	})
}

// TestCutBroken tries the law on models with a random fault.
func TestCutBroken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(start + drawModel(t))
		for range rapid.IntRange(1, 3).Draw(t, "faults") {
			i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			c := rapid.SampledFrom([]byte("\n :-#'\"{}[],|>&*!?a\t%")).Draw(t, "byte")
			switch rapid.IntRange(0, 2).Draw(t, "fault") {
			case 0:
				text = append(text[:i], text[i+1:]...)
			case 1:
				text[i] = c
			default:
				text = append(text[:i], append([]byte{c}, text[i:]...)...)
			}
		}
		s := string(text)
		sameEitherWay(rapidTB{t: t}, s)
		snap, _ := readAs(rapidTB{t: t}, s, 3)
		placed(rapidTB{t: t}, func(string) (string, bool) { return s, true }, snap.Diagnostics)
	})
}

// drawModel draws sections of a model.
func drawModel(t *rapid.T) string {
	var b strings.Builder
	for _, sec := range []string{"zones", "assets", "decisions"} {
		if rapid.Bool().Draw(t, "comment") {
			b.WriteString(rapid.SampledFrom([]string{"# zones:\n", "\n", "   \n", "#\n\n  # x\n"}).Draw(t, "between"))
		}
		if sec == "decisions" {
			b.WriteString(drawDecisions(t))
			continue
		}
		key := rapid.SampledFrom([]string{sec, `"` + sec + `"`, "'" + sec + "'", sec + " "}).Draw(t, "key")
		n := rapid.IntRange(1, 4).Draw(t, "entries")
		if rapid.IntRange(0, 3).Draw(t, "flow") == 0 {
			b.WriteString(key + ": {")
			for i := range n {
				b.WriteString(drawBreak(t) + sec[:1] + string(rune('a'+i)) + ": {says: " + drawText(t, true, "  ") + "}")
				if i < n-1 {
					b.WriteString(",")
				}
			}
			b.WriteString(drawBreak(t) + "}\n")
			continue
		}
		indent := strings.Repeat(" ", rapid.IntRange(1, 6).Draw(t, "indent"))
		b.WriteString(key + ":" + rapid.SampledFrom([]string{"", " ", " # x: y"}).Draw(t, "after") + "\n")
		for i := range n {
			id := sec[:1] + string(rune('a'+i))
			b.WriteString(rapid.SampledFrom([]string{"", "", "\n", "# x\n", indent + "# y: z\n", indent + "  # y: z\n"}).Draw(t, "above"))
			b.WriteString(indent + rapid.SampledFrom([]string{id, id, "'" + id + "'", `"` + id + `"`}).Draw(t, "id") + ":")
			if rapid.Bool().Draw(t, "braces") {
				b.WriteString(" {says: " + drawText(t, true, indent+"  ") + drawBreak(t) + "}\n")
			} else {
				b.WriteString("\n" + indent + "  says: " + drawText(t, false, indent+"  ") + "\n")
			}
		}
	}
	return b.String()
}

func drawDecisions(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("decisions:\n")
	indent := strings.Repeat(" ", rapid.IntRange(0, 3).Draw(t, "indent"))
	for i := range rapid.IntRange(1, 3).Draw(t, "decisions") {
		cell := "za." // no asset: it is an error, but the same either way
		cell = "aa." + []string{"integrity", "availability", "privacy"}[i]
		if rapid.Bool().Draw(t, "braces") {
			b.WriteString(indent + "- {cell: " + cell + ", treat: not_applicable, because: " + drawText(t, true, indent+"  ") + "}\n")
		} else {
			b.WriteString(indent + "- cell: " + cell + "\n" + indent + "  treat: not_applicable\n" + indent + "  because: " + drawText(t, false, indent+"  ") + "\n")
		}
	}
	return b.String()
}

// drawBreak is a place in braces where a line may end.
func drawBreak(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", " ", "\n", "\n  ", "\n      ", " # x\n"}).Draw(t, "break")
}

// drawText draws prose in some notation. In braces a text ends at a comma.
func drawText(t *rapid.T, braces bool, indent string) string {
	lines := rapid.SliceOfN(rapid.SampledFrom([]string{"one", "zones:", "a: b", "- x", "system: {name: X}", "# no", "---", "x # y", "{", "]", "za: {}", "é 日"}), 1, 4).Draw(t, "lines")
	deeper := "\n" + indent + strings.Repeat(" ", rapid.IntRange(1, 4).Draw(t, "deeper"))
	anywhere := rapid.SampledFrom([]string{deeper, deeper, "\n" + indent, "\n"}).Draw(t, "anywhere")
	for i := range lines { // marks at the start of a line end the document even in quotes
		if anywhere == "\n" && lines[i] == "---" {
			lines[i] = "--"
		}
	}
	switch rapid.IntRange(0, 4).Draw(t, "notation") {
	case 0:
		return "'" + strings.Join(lines, anywhere) + "'"
	case 1:
		return `"` + strings.Join(lines, anywhere) + `"`
	case 2:
		if !braces {
			return "|" + deeper + strings.Join(lines, deeper)
		}
	case 3:
		if !braces {
			return ">-" + deeper + strings.Join(lines, deeper)
		}
	}
	return "one" + deeper + "two"
}

// rapidTB lets a helper for tests serve in a property.
type rapidTB struct {
	testing.TB
	t *rapid.T
}

func (r rapidTB) Helper()                           {}
func (r rapidTB) Fatalf(format string, args ...any) { r.t.Fatalf(format, args...) }
func (r rapidTB) Fatal(args ...any)                 { r.t.Fatal(args...) }

// TestCutRefuses wants what is refused as one to be refused in pieces too.
func TestCutRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"section without colon":   "ssf\n 1\nsystem: {name: Shop}\n",
		"section without space":   "ssf:1\nsystem: {name: Shop}\n",
		"entry between levels":    start + "zones:\n    a: {}\n  b: {}\n",
		"entry deeper":            start + "zones:\n  a: {}\n    b: {}\n",
		"item among entries":      start + "zones:\n  a: {}\n  - b\n",
		"entry among items":       start + "use:\n  libraries:\n  - ssf/core\n  a: b\n",
		"value without a key":     start + "zones:\n  : {}\n",
		"alias over sections":     start + "zones:\n  a: {trust: &t low}\nactors:\n  b: {hostile: *t}\n",
		"open over sections":      start + "zones: {a: {trust: low}\nactors: {}\n",
		"quote over entries":      start + "zones:\n  a: {says: 'x}\n  b: {says: y}\n",
		"second document":         start + "---\n" + start,
		"document end":            start + "...\nzones: {}\n",
		"document end in section": start + "zones:\n...\n  a: {}\n",
		"directive":               "%YAML 1.2\n---\n" + start,
		"merge conflict":          start + "zones:\n<<<<<<< a\n  a: {}\n=======\n>>>>>>> b\n",
		"section twice":           start + "zones: {a: {}}\nzones: {b: {}}\n",
		"section twice, quoted":   start + "zones: {a: {}}\n'zones': {b: {}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			if sameEitherWay(t, text) {
				t.Error("read without an error")
			}
		})
	}
}
