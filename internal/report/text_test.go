package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ssf"
)

// hostile is what a stranger may write into a name: colours, a cursor that
// goes up, a title, a change of direction, a line break, a C1 control.
const hostile = "a\x1b[31m\x1b[1A\x1b]0;owned\x07\u202eb\nc\u009b"

// TestClean: nothing that steers a terminal passes, whichever writer prints it.
func TestClean(t *testing.T) {
	id := ssf.ID("web")
	d := ssf.Diagnostic{
		Check: "context/no-zone", Subject: id, Severity: ssf.Gap, Message: hostile, Hint: hostile, Snippet: hostile,
		Pos: ssf.Pos{File: "ssf.yaml", Line: 1, Col: 3, EndCol: 6}, Related: []ssf.Related{{Message: hostile, Pos: ssf.Pos{File: "ssf.yaml", Line: 2, Col: 1}}},
	}
	c := &ssf.Case{
		System:      ssf.SystemInfo{Name: hostile, Version: hostile},
		Diagnostics: []ssf.Diagnostic{d},
		Threats:     []ssf.Threat{{ID: "x@web", Rule: "x", Element: id, Title: hostile, State: ssf.Open, Why: hostile}},
		Questions:   []ssf.OpenQuestion{{Fact: "f", Elements: []ssf.ID{id}, Asks: hostile, Unlocks: 1}},
	}
	e := ssf.Evidence{
		Verification: hostile, Result: ssf.Failed, Why: hostile, Tool: hostile, Verifies: []ssf.ID{hostile}, Run: ssf.RunResult{ID: hostile, Command: []string{hostile}},
		Inputs: []ssf.Input{{Name: hostile, Text: hostile}}, Tests: []ssf.TestResult{{Name: hostile, Suite: hostile, Outcome: ssf.TestFailed, Message: hostile}},
	}
	m := &ssf.Model{Runs: []ssf.Run{{Named: ssf.Named{ID: hostile}, Command: []ssf.Ref{{ID: hostile}}, Env: []ssf.Ref{{ID: hostile}}}}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"check":     func(b *bytes.Buffer) error { return Check(b, c, Style{}, CheckOptions{}) },
		"threats":   func(b *bytes.Buffer) error { return Threats(b, c, Style{}, func(*ssf.Threat) bool { return true }) },
		"questions": func(b *bytes.Buffer) error { return Questions(b, c, Style{}) },
		"explain": func(b *bytes.Buffer) error {
			return ExplainThreat(b, &ssf.Explanation{ID: "x@web", Verdict: hostile, Kind: hostile, Threat: &c.Threats[0], When: &ssf.Why{Text: hostile, Truth: "true"}}, Style{})
		},
		"verify": func(b *bytes.Buffer) error {
			return Verify(b, c, []Result{{e, hostile}}, hostile, Style{})
		},
		"trust":  func(b *bytes.Buffer) error { return Commands(b, m, Style{}) },
		"record": func(b *bytes.Buffer) error { return EvidenceRecord(b, &e, Style{}) },
		"list":   func(b *bytes.Buffer) error { return EvidenceList(b, []ssf.Evidence{e}, Style{}) },
		"output": func(b *bytes.Buffer) error { return Raw(b, []byte(hostile)) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "a?") {
			t.Errorf("%s does not print the text at all:\n%s", name, b.String())
		}
		for _, r := range b.String() {
			if r < 0x20 && r != '\n' || 0x7f <= r && r < 0xa0 || r == 0x202e {
				t.Errorf("%s prints %U:\n%q", name, r, b.String())
				break
			}
		}
	}
}

// TestCleanSuggestion: no text of a library becomes a line of its own in a file
// that is made to be taken into the model.
func TestCleanSuggestion(t *testing.T) {
	const planted = hostile + "\ndecisions: []\r\ndecisions: []\u2028decisions: []\u0085decisions: []"
	ref := func(id ssf.ID) []ssf.Ref { return []ssf.Ref{{ID: id}} }
	lib := &ssf.Library{
		Threats:   []ssf.Rule{{Named: ssf.Named{ID: "x"}, Title: planted, Measures: ref("m")}},
		Techs:     []ssf.KindDef{{Named: ssf.Named{ID: "t"}, Tests: planted}},
		Analysers: []ssf.Analyser{{Named: ssf.Named{ID: "a:"}, Title: planted}},
		Measures: []ssf.Measure{{Named: ssf.Named{ID: "m"}, Title: planted, Says: planted, Kind: planted, Leaves: planted, Where: planted, Verify: []ssf.Recipe{
			{Method: "test", How: planted, Expect: planted, Break: planted, Rules: ref("a:" + planted)},
		}}},
	}
	c := &ssf.Case{Elements: []ssf.ElementInfo{{ID: "web", Tech: []ssf.ID{"t"}}}}
	var b bytes.Buffer
	if err := Suggest(&b, []ssf.ID{"x@web"}, lib, &ssf.Model{}, c, nil); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for line := range strings.Lines(b.String()) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if r < 0x20 || 0x7f <= r && r < 0xa0 || r == 0x202e || r == 0x2028 {
				t.Errorf("it prints %U:\n%q", r, line)
			}
		}
		if line != "\n" && line[0] != ' ' && line[0] != '#' {
			keys = append(keys, line)
		}
	}
	if want := []string{"mitigations:\n", "runs:\n", "verifications:\n"}; !slices.Equal(keys, want) {
		t.Errorf("it has the keys %q, want %q:\n%s", keys, want, b.String())
	}
}

// TestThreatsOrder: open before treated, and an unknown risk ranks as the worst.
func TestThreatsOrder(t *testing.T) {
	c := &ssf.Case{Threats: []ssf.Threat{
		{ID: "low@a", Rule: "low", Element: "a", State: ssf.Open, Risk: ssf.Low},
		{ID: "done@a", Rule: "done", Element: "a", State: ssf.Mitigated, Risk: ssf.Critical},
		{ID: "unknown@a", Rule: "unknown", Element: "a", State: ssf.Open, Risk: ssf.Unknown},
		{ID: "high@a", Rule: "high", Element: "a", State: ssf.Open, Risk: ssf.High},
	}}
	var b bytes.Buffer
	if err := Threats(&b, c, Style{}, func(*ssf.Threat) bool { return true }); err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, id := range []string{"unknown  ", "high  ", "low  ", "done  "} {
		i := strings.Index("\n"+b.String(), "\n"+id)
		if i <= last {
			t.Errorf("%q is not in its place:\n%s", id, b.String())
		}
		last = i
	}
	if !strings.Contains(b.String(), "4 threats: 3 open, 1 mitigated") {
		t.Errorf("counts are wrong:\n%s", b.String())
	}
}

// TestSnippet: the caret stands below what is meant, also where the line is cut.
func TestSnippet(t *testing.T) {
	long := strings.Repeat("x", 100) + "HERE" + strings.Repeat("y", 100)
	for _, at := range []struct {
		line string
		col  int
	}{{"  key: HERE", 8}, {long, 101}, {"é: HERE", 4}, {strings.Repeat("z", 300) + "HERE", 301}} {
		var b bytes.Buffer
		p := newPage(&b, Style{Width: 80})
		p.snippet(ssf.Pos{File: "f", Line: 7, Col: at.col, EndCol: at.col + 4}, at.line, "")
		lines := strings.Split(b.String(), "\n")
		source, carets := []rune(lines[0]), lines[1]
		i := strings.Index(carets, "^^^^")
		if i < 0 || string(source[i:i+4]) != "HERE" || strings.Count(carets, "^") != 4 {
			t.Errorf("the caret is off:\n%s", b.String())
		}
		for _, l := range lines {
			if utf8.RuneCountInString(l) > 80 {
				t.Errorf("wider than 80 columns: %q", l)
			}
		}
	}
}

// TestColour: colour only where it is asked for, and the same text without it.
func TestColour(t *testing.T) {
	c := &ssf.Case{System: ssf.SystemInfo{Name: "Shop"}, Diagnostics: []ssf.Diagnostic{{Check: "model/syntax", Severity: ssf.Error, Message: "m", Pos: ssf.Pos{File: "f", Line: 1, Col: 1, EndCol: 2}, Snippet: "x"}}}
	var plain, coloured bytes.Buffer
	if err := Check(&plain, c, Style{}, CheckOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Check(&coloured, c, Style{Colour: true}, CheckOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b[31m") {
		t.Errorf("plain:\n%q\ncoloured:\n%q", plain.String(), coloured.String())
	}
}

// TestJSON: a case that is written item by item has the bytes of encoding/json.
func TestJSON(t *testing.T) {
	for _, c := range []*ssf.Case{
		{},
		{
			Schema: "<s>", Reach: ssf.PhaseContext, ReachAsked: ssf.PhaseThreats, Elements: []ssf.ElementInfo{}, Library: []ssf.LibraryRef{{Name: "ssf/core"}},
			Threats: []ssf.Threat{{ID: "a@b", Endangers: []ssf.Cell{{Element: "x", Property: ssf.Integrity}}}, {ID: "c@d & <e>"}},
		},
	} {
		var want, got bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(c); err != nil {
			t.Fatal(err)
		}
		if err := JSON(&got, c); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("got\n%s\nwant\n%s", got.String(), want.String())
		}
	}
}
