package diagram

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

	"ssf"
)

// system is a case with n components in zones of that depth, each with a flow to
// the next and one to the first.
func system(n, depth int, name string) *ssf.Case {
	c := &ssf.Case{}
	for i := range depth {
		c.Elements = append(c.Elements, ssf.ElementInfo{ID: ssf.ID(fmt.Sprint("zone-", i)), Sort: ssf.SortZone, Zone: ssf.ID(fmt.Sprint("zone-", i-1)), Name: name})
	}
	part := func(i int) ssf.ID { return ssf.ID(fmt.Sprint("part-", i%n)) }
	for i := range n {
		c.Elements = append(c.Elements, ssf.ElementInfo{ID: part(i), Sort: ssf.SortComponent, Zone: ssf.ID(fmt.Sprint("zone-", i%depth)), Name: name})
	}
	for i := range n {
		for j, to := range []ssf.ID{part(i + 1), part(0)} {
			c.Elements = append(c.Elements, ssf.ElementInfo{ID: ssf.ID(fmt.Sprint("flow-", i, "-", j)), Sort: ssf.SortFlow, From: part(i), To: to, Over: ssf.ID(name), Sends: []ssf.ID{ssf.ID(name)}})
			c.Threats = append(c.Threats, ssf.Threat{ID: ssf.ID(fmt.Sprint("t", i, j)), Element: part(i), State: ssf.Open, Risk: ssf.Level(i % 6)})
		}
	}
	return c
}

var arrow = regexp.MustCompile(`(?m)^  \w+ -->`)

// TestBounds: of however large a system, Mermaid's text stays within what Mermaid
// draws, and is as detailed as that allows.
func TestBounds(t *testing.T) {
	for _, name := range []string{"short", strings.Repeat("\"<>", 60), strings.Repeat("\U0001f600", 90)} {
		for _, n := range []int{3, 60, 150, 1000} {
			for _, depth := range []int{1, 3, 100} {
				s := mermaid(system(n, depth, name))
				if size := len(utf16.Encode([]rune(s))); size > 50_000 || size < 30 {
					t.Errorf("%d parts, %d zones: %d characters", n, depth, size)
				}
				if got := len(arrow.FindAllString(s, -1)); got > 500 {
					t.Errorf("%d parts, %d zones: %d arrows", n, depth, got)
				} else if depth == 3 && name == "short" {
					if want := map[int]int{3: 6, 60: 120, 150: 300, 1000: 0}[n]; got != want {
						t.Errorf("%d parts: %d arrows, want %d", n, got, want)
					}
				}
				if opens, ends := strings.Count(s, "  subgraph "), len(regexp.MustCompile(`(?m)^ *end$`).FindAllString(s, -1)); opens != ends {
					t.Errorf("%d parts, %d zones: %d zones begin and %d end", n, depth, opens, ends)
				}
				d := dot(system(n, depth, name))
				if len(d) > 1<<20 || strings.Count(d, "{\n") != strings.Count(d, "}\n") {
					t.Errorf("%d parts, %d zones: %d bytes for dot, %d and %d braces", n, depth, len(d), strings.Count(d, "{\n"), strings.Count(d, "}\n"))
				}
			}
		}
	}
}

// TestLabels: what stands between the quotes of a label has no character that
// means something to its language.
func TestLabels(t *testing.T) {
	for in, want := range map[string]string{
		"web shop":    `"web shop"`,
		"a\"]-->b":    `"a#34;#93;--#62;b"`,
		"%%{init}":    `"#37;#37;#123;init#125;"`,
		"`code`":      `"#8203;#96;code#8203;#96;"`,
		"a\\nb":       `"a#92;#8203;nb"`,
		"fa:fa-car":   `"fa#58;#8203;fa-car"`,
		"- item":      `"#45; item"`,
		"<b>&amp;#9;": `"#60;b#62;#38;amp#59;#35;9#59;"`,
	} {
		if got := mermaidQuoted([]string{in}); got != want {
			t.Errorf("Mermaid has %q as %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"web shop": `"web shop"`,
		`a"b\`:     `"a\"b\\"`,
		`\N \l`:    `"\\N \\l"`,
		"&beta;":   `"&amp;beta;"`,
	} {
		if got := dotQuoted([]string{in}); got != want {
			t.Errorf("dot has %q as %s, want %s", in, got, want)
		}
	}
	if got := mermaidQuoted(lines("a\nb", "c")); got != `"a b<br/>c"` {
		t.Errorf("two lines are %s", got)
	}
}

// TestStructure: zones that contain themselves, ends that are not there and ids
// that are alike leave a graph of what can be drawn.
func TestStructure(t *testing.T) {
	c := &ssf.Case{Elements: []ssf.ElementInfo{
		{ID: "a", Sort: ssf.SortZone, Zone: "b"},
		{ID: "b", Sort: ssf.SortZone, Zone: "c"},
		{ID: "c", Sort: ssf.SortZone, Zone: "a"},
		{ID: "self", Sort: ssf.SortZone, Zone: "self"},
		{ID: "x.y", Sort: ssf.SortComponent, Zone: "a"},
		{ID: "x-y", Sort: ssf.SortActor, Zone: "gone"},
		{ID: "x-y", Sort: ssf.SortComponent},
		{ID: "f", Sort: ssf.SortFlow, From: "x.y", To: "x-y"},
		{ID: "g", Sort: ssf.SortFlow, From: "x.y", To: "gone"},
		{ID: "h", Sort: ssf.SortFunction, At: "x.y"},
	}, Threats: []ssf.Threat{
		{ID: "t@h", Element: "h", State: ssf.Open, Risk: ssf.Low},
		{ID: "u@x.y", Element: "x.y", State: ssf.Open, Risk: ssf.High},
		{ID: "v@x.y", Element: "x.y", State: ssf.Mitigated, Risk: ssf.Critical},
		{ID: "w@f", Element: "f", State: ssf.Stale, Risk: ssf.Unknown},
	}}
	const want = `---
title: "system"
---
flowchart LR
  n_x_y__2(["x-y"])
  subgraph z_c ["c"]
    subgraph z_b ["b"]
      subgraph z_a ["a"]
        n_x_y("x#46;y<br/>2 open, worst high")
      end
    end
  end
  subgraph z_self ["self"]
  end
  n_x_y -->|"protocol not known<br/>1 open, worst unknown"| n_x_y__2
  classDef high fill:#fecaca,stroke:#dc2626,color:#450a0a
  class n_x_y high
  linkStyle 0 stroke:#9333ea,stroke-width:2px
`
	if got := mermaid(c); got != want {
		t.Errorf("the flowchart is\n%swant\n%s", got, want)
	}
}

// TestGraphviz lets dot, where it is installed, read what is written for it.
func TestGraphviz(t *testing.T) {
	program, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("dot is not installed; the package graphviz has it")
	}
	for _, c := range []*ssf.Case{system(5, 2, "part"), system(40, 50, `"\<&beta;>{|}[x]`+"\n"), {}} {
		cmd := exec.Command(program, "-Tsvg")
		cmd.Stdin = strings.NewReader(dot(c))
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "</svg>") {
			t.Errorf("dot: %v\n%.2000s", err, out)
		}
	}
}
