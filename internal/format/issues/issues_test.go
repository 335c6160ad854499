package issues

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"ssf"
)

// TestFileNames: two ids never share a file, also where letters have no case, and
// an id that is a name is the name.
func TestFileNames(t *testing.T) {
	for id, want := range map[ssf.ID]string{
		"csrf@pay":                       "threats/csrf@pay.md",
		"weak-audit@web.encrypted":       "threats/weak-audit@web.encrypted.md",
		"acme/weak-login@web":            "threats/acme-weak-login@web~",
		"con":                            "threats/con~",
		"nul.txt":                        "threats/nul-txt~",
		"..":                             "threats/~",
		"":                               "threats/~e3b0c44298fc1c14.md",
		"CSRF@pay":                       "threats/@pay~",
		"../../etc/passwd":               "threats/etc-passwd~",
		ssf.ID(strings.Repeat("a", 200)): "threats/" + strings.Repeat("a", 80) + "~",
	} {
		if got := fileName("threats", id); !strings.HasPrefix(got, want) {
			t.Errorf("the file of %q is %q, want %q", id, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "A", "-", "@", "~", "/", ".", "con", "1a2b", "\u00e9", " "})
		ids := rapid.SliceOfNDistinct(rapid.Map(rapid.SliceOfN(part, 0, 6), func(ps []string) string { return strings.Join(ps, "") }), 2, 2, rapid.ID).Draw(t, "ids")
		a, b := fileName("t", ssf.ID(ids[0])), fileName("t", ssf.ID(ids[1]))
		if strings.EqualFold(a, b) {
			t.Fatalf("%q and %q are both %q", ids[0], ids[1], a)
		}
	})
}

// TestHead: the head of a file is YAML that says what the case says, whatever a
// stranger wrote, and nothing of his begins a line of the text.
func TestHead(t *testing.T) {
	for _, h := range []string{"", "\"\n---\nevil: yes", "/close", "# x", "- [ ] x", "''' \\ \u2028 \x00", "]: http://x", "~label !1"} {
		c := &ssf.Case{
			Threats:   []ssf.Threat{{ID: ssf.ID(h + "a@b"), Rule: "a", Element: ssf.ID(h + "b"), Title: h + "Title", Why: h, State: ssf.Planned, Stride: []string{h}, Risk: ssf.High, LikelihoodWhy: h}},
			Elements:  []ssf.ElementInfo{{ID: ssf.ID(h + "b"), Sort: ssf.SortComponent, Name: h + "name"}},
			Decisions: []ssf.DecisionResult{{Covers: []ssf.ID{ssf.ID(h + "a@b")}, Due: h + "2027-02-01", Owner: ssf.ID(h + "cto"), Ticket: h, Because: h}},
			Rules:     []ssf.RuleInfo{{ID: "a", Says: h, Plain: h, Measures: []ssf.ID{ssf.ID(h)}, Weaknesses: []ssf.ID{ssf.ID(h)}}},
			Measures:  []ssf.MeasureInfo{{ID: ssf.ID(h), Title: h, Says: h, Verify: []ssf.RecipeInfo{{Method: h, How: h}}}},
		}
		files, err := write(c)
		if err != nil || len(files) != 2 {
			t.Fatalf("%q: %d files, %v", h, len(files), err)
		}
		text, ok := strings.CutPrefix(string(files[1].Data), "---\n")
		head, body, ok2 := strings.Cut(text, "\n---\n")
		if !ok || !ok2 {
			t.Fatalf("%q: there is no head:\n%s", h, files[1].Data)
		}
		var got struct {
			Title, ID, Severity, Due, Owner, Ticket string
			Labels                                  []string
		}
		err = yaml.Load([]byte(head), &got)
		if err != nil {
			t.Fatalf("%q: the head is no YAML: %v\n%s", h, err, head)
		}
		if !strings.HasSuffix(got.Title, "Title at "+clip(h+"name")) || got.Severity != "high" || !strings.HasSuffix(got.Due, "2027-02-01") || !strings.HasSuffix(got.ID, "a@b") || len(got.Labels) != 5 {
			t.Errorf("%q: the head says %+v", h, got)
		}
		fence := false
		for line := range strings.Lines(body) {
			if strings.HasPrefix(line, "```") {
				fence = !fence
			}
			if !fence && !regexp.MustCompile("^(\n|## [A-Z]|\\*\\*Risk |Planned: |In (short|full): |- |  - verify by |When something |`ssf |```)").MatchString(line) {
				t.Errorf("%q: a line begins with what is not ours: %q", h, line)
			}
		}
	}
}

// TestWhich: what counts as open, what is planned and what fails is an issue, and
// nothing else.
func TestWhich(t *testing.T) {
	c := &ssf.Case{}
	for _, s := range ssf.States {
		c.Threats = append(c.Threats, ssf.Threat{ID: ssf.ID(strings.ReplaceAll(string(s), "_", "-") + "@x"), State: s})
	}
	for _, s := range []ssf.Standing{ssf.Stands, ssf.NeverRun, ssf.NotToday, ssf.TooOld, ssf.Disputed, ssf.Standing(ssf.Failed), ssf.Standing(ssf.Errored)} {
		c.Verifications = append(c.Verifications, ssf.VerificationInfo{ID: ssf.ID(strings.ReplaceAll(string(s), "_", "-")), State: s})
	}
	files, err := write(c)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	want := "[index.md threats/open@x.md threats/stale@x.md threats/unreviewed@x.md threats/planned@x.md verifications/disputed.md verifications/failed.md verifications/errored.md]"
	if fmt.Sprint(names) != want {
		t.Errorf("files are %v, want %s", names, want)
	}
	none, err := write(&ssf.Case{})
	if err != nil || len(none) != 1 || !strings.Contains(string(none[0].Data), "Nothing is open") {
		t.Errorf("of an empty case: %v %v", none, err)
	}
}
