package oscal

import (
	"testing"

	"ssf"
)

// TestText: text of a model is no markup, and ordinary text stays readable.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"Sells books to the public.":    "Sells books to the public.",
		"It's 3 - 2 = 1, (a) b/c":       "It's 3 - 2 = 1, (a) b/c",
		"snake_case stays":              "snake_case stays",
		"_em_ and *em*":                 `\_em\_ and \*em\*`,
		"<script>alert(1)</script>":     `\<script\>alert(1)\</script\>`,
		"[c](javascript:d) ![i](x)":     `\[c\](javascript:d) !\[i\](x)`,
		"{{ insert: param, ac-1_prm }}": `\{\{ insert: param, ac-1_prm \}\}`,
		"a `b` \\ c":                    "a \\`b\\` \\\\ c",
		"# no heading":                  `\# no heading`,
		"- no item":                     `\- no item`,
		"12. no item":                   `12\. no item`,
		"12.5 is a number":              `12\.5 is a number`,
		"a\n\n# b\r\nc\td":              "a # b c d",
		" \u202e\x00\x1b\ufeff ":        "other",
		"&lt;b&gt; a|b x~y H^2":         `\&lt;b\&gt; a\|b x\~y H\^2`,
	} {
		if got := text(in, "other"); got != want {
			t.Errorf("text(%q) is %q, want %q", in, got, want)
		}
	}
	if got := code("a`b\nc"); got != "`a'b c`" {
		t.Errorf("code is %s", got)
	}
}

// TestToken: every name becomes a token.
func TestToken(t *testing.T) {
	for in, want := range map[string]string{"CX-1": "CX-1", "2.2.1": "_2.2.1", "a b/c": "a-b-c", "": "_", "é1": "é1", "-x": "_-x"} {
		if got := token(in); got != want {
			t.Errorf("token(%q) is %q, want %q", in, got, want)
		}
	}
}

// TestID: an id has the form of version 5 and is that of its names, whatever
// they would be when joined.
func TestID(t *testing.T) {
	x := newExport(&ssf.Case{System: ssf.SystemInfo{Name: "Shop"}})
	if got, want := x.id("threat", "a", "b"), x.id("threat", "a", "b"); got != want {
		t.Errorf("%s is not %s", got, want)
	}
	seen := map[string]bool{}
	for _, id := range []string{x.id("threat", "a", "b"), x.id("threat", "ab"), x.id("threat", "a", "", "b"), x.id("risk", "a", "b"), x.id("threat", "1:a"), x.id("threat")} {
		if seen[id] || id[14] != '5' || id[19] < '8' || id[19] > 'b' {
			t.Errorf("the id %s", id)
		}
		seen[id] = true
	}
}

// TestTreated: a threat that is open is not treated, whatever is there against it.
func TestTreated(t *testing.T) {
	x := newExport(&ssf.Case{Mitigations: []ssf.MitigationResult{{ID: "m", State: "implemented", Placed: true}}})
	for state, want := range map[ssf.State]string{ssf.Unreviewed: partial, ssf.Stale: partial, ssf.Open: partial, ssf.Mitigated: implemented, ssf.Verified: implemented} {
		if got := x.treated(&ssf.Threat{State: state, Mitigations: []ssf.ID{"m"}}); got != want {
			t.Errorf("what counters a threat that is %s is %s, want %s", state, got, want)
		}
	}
	if got := upper(""); got != "" {
		t.Errorf("nothing begins with %q", got)
	}
}

// TestAddress: only what is an address is written as one.
func TestAddress(t *testing.T) {
	for in, want := range map[string]bool{"security@shop.example": true, "a.b+c@d-e.example": true, "see CONTRIBUTING.md": false, "a@b": false, "a@b.c\nx": false, "<a@b.c>": false, "https://a@b.c/": false, "a..b@c.d": false} {
		if got := address.MatchString(in); got != want {
			t.Errorf("%q is an address: %v", in, got)
		}
	}
}
