package markup

import (
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"plain words":            "plain words",
		"a*b*_c_ snake_case":     `a\*b\*\_c\_ snake_case`,
		"[x](y) <b> `c` ~d~ $e$": "\\[x\\](y) \\<b\\> \\`c\\` \\~d\\~ \\$e\\$",
		"1. one":                 `1\. one`,
		"- item":                 `\- item`,
		"# head, a#b":            `\# head, a#b`,
		"@all and a@b.example.":  "`@all` and `a@b.example`.",
		"https://x www.x":        `https\://x www\.x`,
		"two\nlines\x1b\u202e":   "two lines??",
	} {
		if got := Markdown(in); got != want {
			t.Errorf("Markdown(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "`a`", "a`b": "``a`b``", "`a": "`` `a ``", "a``b`c": "```a``b`c```"} {
		if got := Code(in); got != want {
			t.Errorf("Code(%q) is %q, want %q", in, got, want)
		}
	}
	var b strings.Builder
	Append(&b, Code("a"))
	Append(&b, Code("b"))
	if b.String() != "`a` `b`" {
		t.Errorf("two codes are %q", b.String())
	}
}

func TestHTML(t *testing.T) {
	if got := HTML("<b>&'\"*"); strings.ContainsAny(got, "<>'\"*") {
		t.Errorf("HTML leaves %q", got)
	}
}
