package format

import (
	"strings"
	"testing"
)

// TestXML holds that indented XML is read, and that paths tell elements of one
// name apart.
func TestXML(t *testing.T) {
	root, err := Parse("x", []byte("<a>\n  <b>\n    <c>1</c>\n  </b>\n  <b k=\"v\">\n    <c>2</c> and\n  </b>\n  more\n</a>\n"))
	if err != nil {
		t.Fatal(err)
	}
	bs := root.At("a").All("b")
	if len(bs) != 2 || bs[0].Text("c") != "1" || bs[1].Text("c") != "2" || bs[1].Text() != "and" || root.Text("a") != "more" {
		t.Errorf("the texts are not those of the file")
	}
	for i, want := range []string{"a.b[0].c", "a.b[1].c"} {
		if got := bs[i].At("c").Path(); got != want {
			t.Errorf("the path is %s, want %s", got, want)
		}
	}
	if got := bs[1].At("c").Pattern(); got != "a.b.c" {
		t.Errorf("the pattern is %s", got)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"a<br>b<br/><br/>c":                      "a\nb\nc",
		"<div>a</div><div>b</div>":               "a\nb",
		"a &amp; <b>b</b>&nbsp;&lt;c&gt;":        "a & b <c>",
		"1 < 2 and 3 > 2":                        "1 < 2 and 3 > 2",
		"<style>p{}</style>x<!-- y\n -->":        "x",
		strings.Repeat("<", 1000) + "a":          strings.Repeat("<", 1000) + "a",
		`see <a href="https://e.org">there</a>.`: "see there.",
	} {
		if got := Plain(in); got != want {
			t.Errorf("%.40q became %q, want %q", in, got, want)
		}
	}
}

// TestBend holds that a way through the bend of a line crosses it once.
func TestBend(t *testing.T) {
	line := []Point{{200, 0}, {210, 50}, {200, 100}}
	for _, y := range []float64{20, 50, 80} {
		if n := cross([]Point{{0, y}, {400, y}}, line); n != 1 {
			t.Errorf("at %v the line is crossed %d times", y, n)
		}
	}
	if n := cross([]Point{{0, 150}, {400, 150}}, line); n != 0 {
		t.Errorf("beside it the line is crossed %d times", n)
	}
}
